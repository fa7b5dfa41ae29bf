#include "api/whatif.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKS_MAX 200

enum stw_code
whatif_rules(struct db *db, const struct pack_files *files, struct arena *arena,
    struct ruleset **out, struct stw_err *err)
{
	struct pack_files *others = arena_array(arena, PACKS_MAX, sizeof *others);
	struct pack_source *sources = arena_array(arena, PACKS_MAX, sizeof *sources);
	struct pack_activation_row *rows = NULL;
	int count = 0, n = 0;
	enum stw_code rc = pack_store_activations(db, arena, &rows, &count, err);

	if (rc != STW_OK)
		return rc;
	sources[n++] = (struct pack_source){
	    {files->id, files->version, STW_USEC_NEVER, STW_USEC_MAX}, files, NULL};
	for (int i = 0; rc == STW_OK && i < count; i++) {
		if (strcmp(rows[i].pack, files->id) == 0)
			continue;
		if (n == PACKS_MAX)
			return stw_fail(err, STW_INVALID,
			    "more than %d activations of packs", PACKS_MAX);
		rc = pack_store_files(
		    db, rows[i].pack, rows[i].version, arena, &others[n], err);
		sources[n] = (struct pack_source){
		    {rows[i].pack, rows[i].version, rows[i].from, rows[i].to},
		    &others[n], rows[i].hash_hex};
		n++;
	}
	if (rc == STW_OK)
		rc = ruleset_load_sources(sources, n, out, err);
	return rc;
}

static void
fate(const char *outcome, const char *primary, char to[80])
{
	(void)snprintf(
	    to, 80, "%s%s%s", outcome, primary[0] != '\0' ? " " : "", primary);
}

void
whatif_count(struct whatif *whatif, const struct replay_row *row)
{
	struct whatif_change c = {.count = 1};

	(void)snprintf(c.campaign, sizeof c.campaign, "%s", row->campaign);
	fate(row->outcome, row->primary, c.from);
	fate(row->would, row->would_primary, c.to);
	for (int i = 0; i < whatif->nchanges; i++) {
		struct whatif_change *have = &whatif->changes[i];

		if (strcmp(have->campaign, c.campaign) == 0 &&
		    strcmp(have->from, c.from) == 0 && strcmp(have->to, c.to) == 0) {
			have->count++;
			return;
		}
	}
	if (whatif->nchanges < WHATIF_LINES)
		whatif->changes[whatif->nchanges++] = c;
	else
		whatif->more++;
}

static int
by_count(const void *a, const void *b)
{
	const struct whatif_change *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

void
whatif_sort(struct whatif *whatif)
{
	qsort(whatif->changes, (size_t)whatif->nchanges, sizeof whatif->changes[0],
	    by_count);
}
