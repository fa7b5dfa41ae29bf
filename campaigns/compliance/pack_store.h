/*
 * pack_store.h - versions of packs in the database, and which are in force when.
 *
 * Purpose    load -> submit (its tests pass) -> approve (a second person) -> in force from
 *            an instant on. A version's files are kept and never change; each step is a
 *            ledger entry ("rule_change") in the same transaction. Rules never begin in
 *            the past: an instant that is over by the approval becomes the approval's.
 * Ownership  What is read lives in the arena.
 * Errors     INVALID: the pack cannot be read, a test of its own fails, it does not go with
 *            the packs it would join, or its files are not those with the recorded hash.
 *            NOT_FOUND: no such version. CONFLICT: other files under that number, a step
 *            that is not due, or somebody who approves their own work.
 * Threads    One connection, one thread.
 * Locks      pack_lock, taken by approve and activate only.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_PACK_STORE_H
#define STW_CAMPAIGNS_COMPLIANCE_PACK_STORE_H

#include "campaigns/compliance/pack_files.h"
#include "campaigns/compliance/ruleset.h"
#include "db/db.h"

struct pack_version_row {
	const char *pack, *version, *hash_hex;
	int rules;
	const char
	    *state;    /* embedded (in the binary only), loaded, submitted, approved,
			      rejected */
	bool embedded; /* the binary has it too */
	const char *loaded_by, *submitted_by, *approved_by, *rejected_by, *rejected_why;
	stw_usec loaded_at, submitted_at, approved_at, rejected_at; /* NEVER: not yet */
	stw_usec wanted_from; /* NEVER: from the approval on */
	int tests_passed;
};

struct pack_activation_row {
	const char *pack, *version, *hash_hex;
	stw_usec from, to; /* STW_USEC_MAX: open */
	const char *submitted_by, *approved_by;
	stw_usec activated_at;
};

/* Own transaction each. *added false: the same files were loaded before. */
enum stw_code pack_store_load(struct db *db, const struct pack_files *files,
    const char *by, stw_usec now, bool *added, struct stw_err *err) STW_MUST_USE;
/* from: STW_USEC_NEVER for "from the approval on". */
enum stw_code pack_store_submit(struct db *db, const char *pack, const char *version,
    stw_usec from, const char *by, stw_usec now, int *tests_passed,
    struct stw_err *err) STW_MUST_USE;
/* *from: since when it is in force. */
enum stw_code pack_store_approve(struct db *db, const char *pack, const char *version,
    const char *by, stw_usec now, stw_usec *from, struct stw_err *err) STW_MUST_USE;
enum stw_code pack_store_reject(struct db *db, const char *pack, const char *version,
    const char *by, const char *why, stw_usec now, struct stw_err *err) STW_MUST_USE;

/* pack NULL: of all. Those of the binary that nobody loaded come too, newest version of
 * each pack. By pack, then by number. */
enum stw_code pack_store_versions(struct db *db, const char *pack, struct arena *arena,
    struct pack_version_row **out, int *count, struct stw_err *err) STW_MUST_USE;
/* All activations ever, by pack and time. */
enum stw_code pack_store_activations(struct db *db, struct arena *arena,
    struct pack_activation_row **out, int *count, struct stw_err *err) STW_MUST_USE;
/* Those that were loaded, else those of the binary. */
enum stw_code pack_store_files(struct db *db, const char *pack, const char *version,
    struct arena *arena, struct pack_files *out, struct stw_err *err) STW_MUST_USE;

/* All three steps at once for packs of the binary, as setup does with two made-up people.
 * *added false: it was in force already. Own transaction. */
enum stw_code pack_activate(struct db *db, const char *pack, const char *version,
    stw_usec from, const char *activated_by, const char *approved_by, stw_usec now,
    bool *added, struct stw_err *err) STW_MUST_USE;

/* The packs in force, now and at other times, compiled. INVALID when there is none, or one
 * of them cannot be verified: then none is used. */
enum stw_code pack_rules_load(
    struct db *db, struct ruleset **out, struct stw_err *err) STW_MUST_USE;
/* A number that changes with what pack_rules_load would give. */
enum stw_code pack_rules_stamp(
    struct db *db, int64_t *out, struct stw_err *err) STW_MUST_USE;

#endif
