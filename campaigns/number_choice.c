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

const char *
number_why_not(const struct gate_number *n, const struct number_need *need)
{
	if (!n->has_licence)
		return "NUMBER_NOT_REGISTERED";
	if (strcmp(n->status, "active") != 0)
		return "NUMBER_SUSPENDED";
	if (strcmp(n->holder, n->user_org) != 0 || n->lessee != NULL || n->sublet)
		return "NUMBER_OWNER_MISMATCH";
	if (n->withheld)
		return "CLI_WITHHELD";
	if (n->callback == GATE_STATE_FAILED)
		return "CLI_NOT_CALLABLE";
	if (n->label != NULL &&
	    (strcmp(n->label, "spam") == 0 || strcmp(n->label, "scam") == 0))
		return "NUMBER_LABELED_SPAM";
	if (strcmp(n->direction, "in") == 0)
		return "NUMBER_DIRECTION_FORBIDDEN";
	if (!among(need->channel, n->channels, n->nchannels))
		return "NUMBER_CHANNEL_MISMATCH";
	if (!among(need->purpose, n->purposes, n->npurposes))
		return "NUMBER_PURPOSE_MISMATCH";
	if (n->nregions > 0 &&
	    (need->province == NULL || !among(need->province, n->regions, n->nregions)))
		return "NUMBER_REGION_MISMATCH";
	if (need->robot && !n->robot)
		return "ROBOT_NOT_PERMITTED";
	if (need->now < n->licence_from)
		return "NUMBER_LICENSE_NOT_YET_VALID";
	if (need->now >= n->licence_to)
		return "NUMBER_LICENSE_EXPIRED";
	if (n->daily_cap.known && n->used_today >= n->daily_cap.value)
		return "NUMBER_DAILY_CAP";
	if (n->hourly_cap.known && n->used_hour >= n->hourly_cap.value)
		return "NUMBER_DAILY_CAP";
	return NULL;
}

/* The finaliser of splitmix64 over both ids. */
uint64_t
number_rank(int64_t customer_id, int64_t number_id)
{
	uint64_t x = (uint64_t)customer_id * UINT64_C(0x9e3779b97f4a7c15) +
		     (uint64_t)number_id * UINT64_C(0xd1b54a32d192ed03);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

int
number_choose(
    const struct gate_number *numbers, int count, const struct number_need *need)
{
	int own = -1, best = -1;
	uint64_t own_rank = 0, best_rank = 0;

	for (int i = 0; i < count; i++) {
		uint64_t rank =
		    numbers[i].number_id == need->seen_id
			? UINT64_MAX
			: number_rank(need->customer_id, numbers[i].number_id) >> 1;

		if (own < 0 || rank > own_rank) {
			own = i;
			own_rank = rank;
		}
		if ((best < 0 || rank > best_rank) &&
		    number_why_not(&numbers[i], need) == NULL) {
			best = i;
			best_rank = rank;
		}
	}
	return best >= 0 ? best : own;
}
