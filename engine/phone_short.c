/* Short numbers of regions whose ranges we have as a table: engine/phone_short.csv, made
 * from libphonenumber's metadata/86/shortcodes.csv (Apache-2.0, see NOTICE). The library's
 * compiled form knows only a few of them. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/embed.h"
#include "engine/phone.h"

#define MAX_RANGES 256

static struct range {
	const char *region;
	const char *prefix;  /* digits and sets of them: "121[02-9]" */
	const char *lengths; /* "5 6" */
	bool emergency;
	enum phone_cost cost;
} ranges[MAX_RANGES];
static size_t nranges;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static enum phone_cost
cost_of(const char *name)
{
	if (strcmp(name, "TOLL_FREE") == 0)
		return PHONE_COST_TOLL_FREE;
	if (strcmp(name, "PREMIUM_RATE") == 0)
		return PHONE_COST_PREMIUM;
	STW_ASSERT(strcmp(name, "STANDARD_RATE") == 0);
	return PHONE_COST_STANDARD;
}

static void
load(void)
{
	const struct embed_file *file = embed_find("engine/phone_short.csv");
	char *text, *line, *rest = NULL;

	STW_ASSERT(file != NULL);
	text = stw_xstrdup(file->data);    /* kept: the table points into it */
	(void)strtok_r(text, "\n", &rest); /* the header */
	while ((line = strtok_r(NULL, "\n", &rest)) != NULL) {
		char *cell[5], *more = NULL;

		for (int i = 0; i < 5; i++) {
			cell[i] = strtok_r(i == 0 ? line : NULL, ",", &more);
			STW_ASSERT(cell[i] != NULL);
		}
		STW_ASSERT(nranges < MAX_RANGES);
		ranges[nranges++] = (struct range){.region = cell[0],
		    .prefix = cell[1],
		    .lengths = cell[2],
		    .emergency = strcmp(cell[3], "EMERGENCY") == 0,
		    .cost = cost_of(cell[4])};
	}
}

static bool
length_in(size_t len, const char *lengths)
{
	char *end;

	for (; *lengths != '\0'; lengths = end)
		if (strtoul(lengths, &end, 10) == len)
			return true;
	return false;
}

/* The set after its bracket; *end behind its closing one. */
static bool
set_has(const char *set, char c, const char **end)
{
	bool has = false;

	for (; *set != ']'; set++) {
		STW_ASSERT(*set != '\0');
		if (set[1] == '-') {
			has = has || (c >= set[0] && c <= set[2]);
			set += 2;
		} else {
			has = has || c == *set;
		}
	}
	*end = set + 1;
	return has;
}

static bool
begins(struct str digits, const char *prefix)
{
	for (size_t i = 0; *prefix != '\0'; i++) {
		if (i == digits.len)
			return false;
		if (*prefix == '[') {
			if (!set_has(prefix + 1, digits.ptr[i], &prefix))
				return false;
		} else if (*prefix++ != digits.ptr[i]) {
			return false;
		}
	}
	return true;
}

static bool
all_digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	return true;
}

struct phone_short
phone_short_find(struct str digits, const char *region)
{
	struct phone_short out = {0};
	bool ours = false;

	(void)pthread_once(&once, load);
	if (region == NULL || digits.len == 0 || !all_digits(digits))
		return out;
	for (size_t i = 0; i < nranges; i++) {
		const struct range *r = &ranges[i];

		if (strcmp(r->region, region) != 0)
			continue;
		ours = true;
		if (!length_in(digits.len, r->lengths) || !begins(digits, r->prefix))
			continue;
		return (struct phone_short){
		    .valid = true, .emergency = r->emergency, .cost = r->cost};
	}
	return ours ? out : phone_short_library(digits, region);
}

const char *
phone_fault(struct str text, const char *region)
{
	return phone_short_find(text, region).valid
		   ? "a short number, which is no customer's"
		   : "no such phone number can exist";
}
