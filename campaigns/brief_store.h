/*
 * brief_store.h - what an agent has to know before a call: one task, and what may be said.
 *
 * Purpose    Why the customer was chosen, the script with its placeholders filled in and
 *            looked through again, what must not be said and what has to be, and which
 *            products may be offered. Made of what is on record by rules alone. Nothing is
 *            locked and no decision is recorded: whether the call may be made is the permit's
 *            answer.
 * Ownership  Everything lives in the arena and in the ruleset.
 * Errors     NOT_FOUND: no such task.
 */
#ifndef STW_CAMPAIGNS_BRIEF_STORE_H
#define STW_CAMPAIGNS_BRIEF_STORE_H

#include "campaigns/compliance/script_check.h"
#include "campaigns/offer_store.h"
#include "engine/uuid.h"

/* A script as it would be said. */
struct brief_script {
	const char *code, *lang;
	int version;
	bool approved;
	const char *text; /* NULL: not approved, or it has a word that is banned now */
	const struct script_hit *hits;
	int nhits;
};

struct brief {
	/* why */
	const char *description;  /* of the campaign; NULL: none */
	const char *occurrence;   /* what makes this contact differ from the next */
	const char *trigger_on;   /* what started it; NULL: its audience alone */
	const char *trigger_what; /* segment, stage, trait or kind */
	stw_usec selected_at;     /* when the task was planned */
	const char *reserved_by;  /* NULL: nobody */
	stw_usec reserved_until;  /* NEVER: not reserved */
	/* what is said */
	struct brief_script script;
	struct brief_script *translations; /* approved ones of other languages */
	int ntranslations;
	const struct conduct_rule *conduct;
	int nconduct;
	struct conduct_answer talk; /* of the contact itself */
	struct offer_product *products;
	int nproducts;
};

/* today: the institution's day. */
enum stw_code brief_load(struct db *db, const struct ruleset *rules,
    const struct uuid *task_id, stw_usec now, stw_day today, struct arena *arena,
    struct brief *out, struct stw_err *err) STW_MUST_USE;

#endif
