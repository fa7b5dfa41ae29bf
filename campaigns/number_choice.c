#include "campaigns/number_choice.h"

#include <string.h>

static bool
among(const char *word, const char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* A first look that saves asking the gate about each number; the gate has the last word. */
static bool
looks_lawful(const struct gate_number *n, const struct number_need *need)
{
	if (strcmp(n->status, "active") != 0 || strcmp(n->direction, "in") == 0)
		return false;
	if (!among(need->channel, n->channels, n->nchannels) ||
	    !among(need->purpose, n->purposes, n->npurposes))
		return false;
	if (n->nregions > 0 &&
	    (need->province == NULL || !among(need->province, n->regions, n->nregions)))
		return false;
	if (need->robot && !n->robot)
		return false;
	if (!n->has_licence || need->now < n->licence_from ||
	    need->now >= n->licence_to)
		return false;
	if (n->daily_cap.known && n->used_today >= n->daily_cap.value)
		return false;
	return !n->hourly_cap.known || n->used_hour < n->hourly_cap.value;
}

int
number_choose(
    const struct gate_number *numbers, int count, const struct number_need *need)
{
	int own;

	if (count == 0)
		return -1;
	own = (int)((uint64_t)need->customer_id % (uint64_t)count);
	for (int i = 0; i < count; i++) {
		int at = (own + i) % count;

		if (looks_lawful(&numbers[at], need))
			return at;
	}
	return own;
}
