#include "segments/contact_hours.h"

#include <stdio.h>
#include <string.h>

const char *const contact_day_words[8] = {
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

static int
day_find(struct str word)
{
	for (int d = 0; contact_day_words[d] != NULL; d++)
		if (str_eq_c(word, contact_day_words[d]))
			return d;
	return -1;
}

/* One day or a run of days; one that ends before it starts goes over the weekend. */
static bool
days_add(struct str part, unsigned *days)
{
	const char *dash = memchr(part.ptr, '-', part.len);
	size_t len = dash == NULL ? part.len : (size_t)(dash - part.ptr);
	int first = day_find((struct str){part.ptr, len}), last = first;

	if (dash != NULL)
		last = day_find((struct str){dash + 1, part.len - len - 1});
	if (first < 0 || last < 0)
		return false;
	for (int d = first;; d = (d + 1) % 7) {
		*days |= 1u << d;
		if (d == last)
			return true;
	}
}

bool
contact_days_parse(struct str text, unsigned *days)
{
	size_t at = 0;

	*days = 0;
	if (str_eq_c(text, "*")) {
		*days = CONTACT_DAYS_ALL;
		return true;
	}
	while (at < text.len) {
		size_t end = at;

		while (end < text.len && text.ptr[end] != ',' && text.ptr[end] != ' ')
			end++;
		if (end > at && !days_add((struct str){text.ptr + at, end - at}, days))
			return false;
		at = end + 1;
	}
	return *days != 0;
}

bool
contact_minute_parse(struct str t, int *minute)
{
	if (t.len != 5 || t.ptr[2] != ':')
		return false;
	for (size_t i = 0; i < 5; i++)
		if (i != 2 && (t.ptr[i] < '0' || t.ptr[i] > '9'))
			return false;
	*minute = ((t.ptr[0] - '0') * 10 + (t.ptr[1] - '0')) * 60 +
		  (t.ptr[3] - '0') * 10 + (t.ptr[4] - '0');
	return t.ptr[3] < '6' && *minute <= 24 * 60;
}

const char *
contact_minute_format(int minute, char text[CONTACT_MINUTE_TEXT])
{
	(void)snprintf(text, CONTACT_MINUTE_TEXT, "%02u:%02u",
	    (unsigned)minute / 60 % 100, (unsigned)minute % 60);
	return text;
}
