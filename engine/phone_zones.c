/* The zones of a number by its longest known prefix: engine/phone_zones.csv, made from
 * libphonenumber's timezones/map_data.txt (Apache-2.0, see NOTICE). */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/embed.h"
#include "engine/phone.h"

#define LONGEST_PREFIX 9

struct zone_prefix {
	uint32_t digits;
	int first, count; /* in names[] */
};

static struct zone_prefix *prefixes; /* by digits */
static size_t nprefixes;
static const char **names; /* of all prefixes, one after the other */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int
prefix_order(const void *a, const void *b)
{
	const struct zone_prefix *x = a, *y = b;

	return (x->digits > y->digits) - (x->digits < y->digits);
}

static const char *
name_add(char *name, int at)
{
	/* One copy of each name: the file repeats a few hundred of them. */
	for (int i = at - 1; i >= 0 && i > at - 64; i--)
		if (strcmp(names[i], name) == 0)
			return names[i];
	return name;
}

static void
load(void)
{
	const struct embed_file *file = embed_find("engine/phone_zones.csv");
	char *text, *line, *rest = NULL;
	size_t lines = 0, words = 0;
	int used = 0;

	STW_ASSERT(file != NULL);
	text = stw_xstrdup(file->data);
	for (const char *p = text; *p != '\0'; p++) {
		lines += *p == '\n';
		words += *p == ' ' || *p == '\n';
	}
	prefixes = stw_xalloc((lines + 1) * sizeof *prefixes);
	names = stw_xalloc((words + 1) * sizeof *names);
	(void)strtok_r(text, "\n", &rest); /* the header */
	while ((line = strtok_r(NULL, "\n", &rest)) != NULL) {
		struct zone_prefix *p = &prefixes[nprefixes++];
		char *comma = strchr(line, ','), *word, *more = NULL;

		STW_ASSERT(comma != NULL);
		*comma = '\0';
		p->digits = (uint32_t)strtoul(line, NULL, 10);
		p->first = used;
		for (word = strtok_r(comma + 1, " \r", &more); word != NULL;
		     word = strtok_r(NULL, " \r", &more)) {
			names[used] = name_add(word, used);
			used++;
		}
		p->count = used - p->first;
	}
	qsort(prefixes, nprefixes, sizeof *prefixes, prefix_order);
}

static const struct zone_prefix *
prefix_find(uint32_t digits)
{
	const struct zone_prefix want = {.digits = digits};

	return bsearch(&want, prefixes, nprefixes, sizeof *prefixes, prefix_order);
}

int
phone_zones(const struct phone *phone, const char **out, int max)
{
	const struct zone_prefix *found = NULL;
	char digits[LONGEST_PREFIX + 1];

	(void)pthread_once(&once, load);
	if (!phone->valid)
		return 0;
	if (phone->geographic) {
		size_t len = strlen(phone->e164 + 1);

		for (size_t n = len < LONGEST_PREFIX ? len : LONGEST_PREFIX;
		     n > 0 && found == NULL; n--) {
			(void)snprintf(
			    digits, sizeof digits, "%.*s", (int)n, phone->e164 + 1);
			found = prefix_find((uint32_t)strtoul(digits, NULL, 10));
		}
	} else {
		found = prefix_find((uint32_t)phone->country_code);
	}
	if (found == NULL)
		return 0;
	for (int i = 0; i < found->count && i < max; i++)
		out[i] = names[found->first + i];
	return found->count;
}
