/* The operator a Chinese mobile range was given to: engine/phone_carriers.csv, made from
 * libphonenumber's carrier/zh/86.txt (Apache-2.0, see NOTICE). */
#include <pthread.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/embed.h"
#include "engine/phone.h"

#define MAX_CARRIERS 256

/* What the operators call themselves in English. */
static const struct {
	const char *zh, *en;
} operators[] = {
    {"\u4e2d\u56fd\u79fb\u52a8", "China Mobile"},
    {"\u4e2d\u56fd\u8054\u901a", "China Unicom"},
    {"\u4e2d\u56fd\u7535\u4fe1", "China Telecom"},
    {"\u4e2d\u56fd\u5e7f\u7535", "China Broadnet"},
};

static struct carrier {
	const char *prefix, *name;
	size_t len; /* of the prefix */
} carriers[MAX_CARRIERS];
static size_t ncarriers;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
load(void)
{
	const struct embed_file *file = embed_find("engine/phone_carriers.csv");
	char *text, *line, *rest = NULL;

	STW_ASSERT(file != NULL);
	text = stw_xstrdup(file->data);      /* kept: the table points into it */
	(void)strtok_r(text, "\r\n", &rest); /* the header */
	while ((line = strtok_r(NULL, "\r\n", &rest)) != NULL) {
		char *comma = strchr(line, ',');

		STW_ASSERT(comma != NULL && ncarriers < MAX_CARRIERS);
		*comma = '\0';
		carriers[ncarriers++] = (struct carrier){
		    .prefix = line, .name = comma + 1, .len = (size_t)(comma - line)};
	}
}

static const char *
in_english(const char *name)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(operators); i++)
		if (strcmp(operators[i].zh, name) == 0)
			return operators[i].en;
	return name;
}

const char *
phone_carrier(const struct phone *phone, const char *lang)
{
	const struct carrier *best = NULL;

	(void)pthread_once(&once, load);
	if (!phone->valid || phone->country_code != 86 || phone->type != PHONE_MOBILE)
		return NULL;
	for (size_t i = 0; i < ncarriers; i++) {
		const struct carrier *c = &carriers[i];

		if (strncmp(phone->national, c->prefix, c->len) == 0 &&
		    (best == NULL || c->len > best->len))
			best = c;
	}
	if (best == NULL)
		return NULL;
	return strcmp(lang, "en") == 0 ? in_english(best->name) : best->name;
}
