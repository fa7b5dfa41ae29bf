/*
 * revocation_store.h - requests to revoke in free words, and the people who read them.
 *
 * Purpose    "Please don't bother me any more", by SMS: nobody knows yet what exactly is
 *            meant, so the withdrawal of all marketing is recorded at once, and a person
 *            reads the words by a deadline: confirmed, or not meant (a new grant, with
 *            evidence, is then that person's business). A request that is open at its
 *            deadline is an incident (REVOCATION_SLA_BREACH), once.
 * Units      The deadline is the end of the n-th working day after the day of receipt, in
 *            the institution's zone. Working days are Monday to Friday less the holidays
 *            given; a holiday that is missing makes the deadline earlier, never later.
 * Personal   The words are sealed with the customer's key.
 * Locks      customer_permission FOR UPDATE -> task -> outbox, as a withdrawal.
 * Rules      US-04, US-05.
 */
#ifndef STW_CAMPAIGNS_REVOCATION_STORE_H
#define STW_CAMPAIGNS_REVOCATION_STORE_H

#include "campaigns/consent_store.h"
#include "db/seal.h"
#include "engine/zone.h"

#define REVOCATION_WORDS_MAX 4000

struct revocation_new {
	const char *received_by; /* sms, email, call, letter, branch, app, other */
	const char *words;       /* NULL: none on record */
	stw_usec received_at;
	const char *actor;
	const struct zone *zone; /* the institution's */
	int working_days;
	const stw_day *holidays; /* in any order */
	size_t nholidays;
};
/* "2026-11-26 2026-12-25": in the arena. */
enum stw_code revocation_holidays(const char *text, struct arena *arena,
    const stw_day **out, size_t *count, struct stw_err *err) STW_MUST_USE;
stw_usec revocation_deadline(const struct revocation_new *q);

/* In the caller's transaction. *id is also the withdrawal's. */
enum stw_code revocation_open(struct db *db, const struct seal_keys *keys, int bucket,
    int64_t customer_id, const struct revocation_new *q, stw_usec now, struct uuid *id,
    struct consent_effect *effect, struct stw_err *err) STW_MUST_USE;

struct revocation {
	const char *id, *customer_ref, *received_by, *rule, *state;
	const char *settled_by, *note; /* or NULL */
	const char *words;             /* revocation_get only; NULL: none, or erased */
	int64_t customer_id;           /* the same */
	stw_usec received_at, deadline;
	stw_usec settled_at, breached_at; /* NEVER */
};
/* state NULL: all. The most urgent first. */
enum stw_code revocation_list(struct db *db, const char *state, int limit,
    struct arena *arena, struct revocation **out, int *count,
    struct stw_err *err) STW_MUST_USE;
enum stw_code revocation_get(struct db *db, const struct seal_keys *keys,
    const struct uuid *id, struct arena *arena, struct revocation *out,
    struct stw_err *err) STW_MUST_USE;
/* state: confirmed, not_meant. CONFLICT: settled before. In the caller's transaction. */
enum stw_code revocation_settle(struct db *db, const struct uuid *id, const char *state,
    const char *note, const char *actor, stw_usec now,
    struct stw_err *err) STW_MUST_USE;
/* Opens the incidents of deadlines that have passed. A transaction of its own. */
enum stw_code revocation_sweep(
    struct db *db, stw_usec now, int64_t *breached, struct stw_err *err) STW_MUST_USE;

#endif
