/*
 * registry_query_store.h - registries that are asked about one number: how, when, what came.
 *
 * Purpose    What is to be asked before a task's contact, and what was answered. The question
 *            itself goes over HTTP (api/push/registry_ask.h), outside of any transaction; the
 *            gate sees only answers that are stored.
 * Rate       registry_query_take counts over all processes, on the database's clock. A
 *            registry that failed rests.
 * Personal   A question holds the number in clear, in the caller's arena: wipe it
 *            (registry_question_wipe). Answers keep keyed hashes (registry_store.h).
 * Errors     NOT_FOUND: no such registry. INVALID: a value out of range.
 * Rules      US-02, US-10, UK-01, SG-01, CN-20.
 */
#ifndef STW_CAMPAIGNS_REGISTRY_QUERY_STORE_H
#define STW_CAMPAIGNS_REGISTRY_QUERY_STORE_H

#include "campaigns/registry_store.h"
#include "engine/uuid.h"

struct registry_query {
	const char *registry, *url;
	const char *secret;      /* put: NULL keeps what is there; list: always NULL */
	const char *number_form; /* e164, sha256, hmac_sha256 */
	int timeout_ms, per_second;
	bool enabled;
	/* what registry_query_list adds */
	bool has_secret;
	const char *updated_by;
};
/* In the caller's transaction, with an entry of the ledger. */
enum stw_code registry_query_put(struct db *db, const struct seal_keys *keys,
    const struct registry_query *query, const char *actor, stw_usec now,
    struct stw_err *err) STW_MUST_USE;
enum stw_code registry_query_list(struct db *db, struct arena *arena,
    struct registry_query **out, int *count, struct stw_err *err) STW_MUST_USE;

struct registry_question {
	const char *registry, *kind, *url, *number_form;
	const char *secret; /* NULL: none */
	int timeout_ms, per_second;
	char *e164;
	stw_day consent_date; /* REGISTRY_NO_DAY: none */
};
/* What is to be asked before contacts of these tasks; agent: only tasks that agent has, or
 * NULL. At most limit. */
enum stw_code registry_questions(struct db *db, const struct seal_keys *keys,
    const struct uuid *tasks, size_t ntasks, const char *agent, int limit, stw_usec now,
    struct arena *arena, struct registry_question **out, int *count,
    struct stw_err *err) STW_MUST_USE;
void registry_question_wipe(struct registry_question *questions, int count);

enum stw_code registry_query_take(struct db *db, const char *registry, int wanted,
    int *granted, struct stw_err *err) STW_MUST_USE;
/* Stores the answer; the registry's service answers again. A transaction of its own. */
enum stw_code registry_answered(struct db *db, const struct seal_keys *keys,
    const struct registry_answer *answer, stw_usec now,
    struct stw_err *err) STW_MUST_USE;
/* The registry's service does not answer, and is not asked for rest_ms. The same. */
enum stw_code registry_silent(struct db *db, const char *registry, int64_t rest_ms,
    stw_usec now, struct stw_err *err) STW_MUST_USE;

/* Wraps the key of each registry's secret with the newest kek; adds to *done. */
enum stw_code registry_secrets_rewrap(struct db *db, const struct seal_keys *keys,
    int64_t *done, struct stw_err *err) STW_MUST_USE;

#endif
