/*
 * feed_store.h - what the bank's other systems report, as the gate asks about it.
 *
 * Purpose    Recorders, impact assessments, clips of labels, what a product's sale needs and
 *            how many calls were abandoned are about a campaign, its queue, script and
 *            product, not about a person: one look for a whole plan, one for a task. What
 *            nobody reported, or not lately, stays unknown, and the rules that ask deny.
 * Ownership  Texts and lists live in the arena.
 * Rules      CN-09 (impact assessment), CN-27 (recording, sound and picture), EU-03, CN-32
 *            (label), HS-31, HS-32 (product), HS-50, US-07, UK-05 (abandoned calls).
 */
#ifndef STW_CAMPAIGNS_FEED_STORE_H
#define STW_CAMPAIGNS_FEED_STORE_H

#include "campaigns/compliance/ruleset.h"
#include "db/db.h"

struct feed_about {
	const char *campaign;
	int version; /* of its document */
	int64_t queue_id;
};
/* Fills impact_assessed, recorder, script.clip, stage, subject, what the product's sale needs,
 * and, where the document says how calls are made, dial_mode and autodialled; ratios for the
 * windows of the rules. Handler, product code and script must be filled before. */
enum stw_code feeds_load(struct db *db, const struct ruleset *rules,
    const struct feed_about *about, stw_usec now, struct arena *arena,
    struct gate_facts *facts, struct stw_err *err) STW_MUST_USE;

/* What feeds_load filled, of another contact of the same campaign, version, queue, handler,
 * product and script; lists are shared. */
void feeds_copy(const struct gate_facts *from, struct gate_facts *to);

/* The clip that says that a voice is synthetic, of an approved or other version of a script;
 * NULL: there is none any more. In the caller's transaction. NOT_FOUND: no such version. */
enum stw_code script_clip_put(struct db *db, const char *script, int version,
    const char *clip, const char *sha256, const char *actor, stw_usec now,
    struct stw_err *err) STW_MUST_USE;

#endif
