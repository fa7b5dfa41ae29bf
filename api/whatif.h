/*
 * whatif.h - what another pack would have changed, counted.
 *
 * Purpose    The rules of then with one pack in the place of another (or of its own older
 *            versions), and the decisions that would have come out otherwise, by campaign,
 *            by how they came out and how they would have: one account for the command and
 *            the API.
 * Ownership  The ruleset is the caller's (ruleset_free); a struct whatif holds no memory.
 * Errors     Those of the packs (campaigns/compliance/pack_store.h).
 */
#ifndef STW_API_WHATIF_H
#define STW_API_WHATIF_H

#include "campaigns/compliance/pack_store.h"
#include "campaigns/replay_store.h"

#define WHATIF_LINES 2000

struct whatif_change {
	char campaign[64], from[80], to[80]; /* "BLOCK CODE", "ALLOW" */
	int64_t count;
};

struct whatif {
	struct whatif_change changes[WHATIF_LINES];
	int nchanges;
	int64_t more; /* changes that found no room */
};

/* The packs that were and are in force, with `files` in the place of their pack at all
 * times. files stays where it is for the call. */
enum stw_code whatif_rules(struct db *db, const struct pack_files *files,
    struct arena *arena, struct ruleset **out, struct stw_err *err) STW_MUST_USE;

/* A row that REPLAY_DIFFERS. */
void whatif_count(struct whatif *whatif, const struct replay_row *row);
/* Most first. */
void whatif_sort(struct whatif *whatif);

#endif
