/*
 * catalogue_store.h - what campaigns refer to: products, scripts, queues.
 *
 * Purpose    Put (insert or change) and list. Scripts are versioned and need a second
 *            person; changes of scripts and queues are ledger entries ("rule_change").
 *            Each put is its own transaction.
 */
#ifndef STW_CAMPAIGNS_CATALOGUE_STORE_H
#define STW_CAMPAIGNS_CATALOGUE_STORE_H

#include "db/db.h"
#include "db/seal.h"

struct product_row {
	const char *code, *name_zh, *name_en, *product_class;
	int risk;              /* 1-5; 0: not rated */
	const char *regulator; /* country whose regulator watches it; NULL: not said */
	bool has_sale_from, has_sale_to;
	stw_day sale_from, sale_to; /* exclusive end */
};
enum stw_code product_put(struct db *db, const struct product_row *product,
    stw_usec now, struct stw_err *err) STW_MUST_USE;

/* A new version in state draft unless the newest has the same text; *version. */
enum stw_code script_put(struct db *db, const char *code, const char *lang,
    const char *body, const char *author, stw_usec now, int *version,
    struct stw_err *err) STW_MUST_USE;
/* INVALID with line and column: a word banned by a pack in force, a placeholder nobody
 * fills in, or no pack is in force. CONFLICT: not a draft. */
enum stw_code script_approve(struct db *db, const char *code, int version,
    const char *approver, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* CONFLICT: that version is not approved. */
enum stw_code script_retire(struct db *db, const char *code, int version,
    const char *actor, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* The text for an agent's screen; NULL body when there is none. */
enum stw_code script_get(struct db *db, const char *code, int version,
    struct arena *arena, const char **body, struct stw_err *err) STW_MUST_USE;

struct queue_row {
	int64_t queue_id;
	const char *code, *kind, *url, *state;
	bool dedupes;
	int concurrency, timeout_ms;
	const char *secret; /* "whsec_..."; open only where it was asked for */
	int64_t waiting, pushed, unknown; /* task counts (list only) */
};
enum stw_code queue_put(struct db *db, const struct seal_keys *keys,
    const struct queue_row *queue, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* keys NULL: secrets stay closed (secret is NULL). */
enum stw_code queue_list(struct db *db, const struct seal_keys *keys,
    struct arena *arena, struct queue_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;

/* code NULL: all queues. *changed counts them. */
enum stw_code queue_set_url(struct db *db, const char *code, const char *url,
    stw_usec now, int *changed, struct stw_err *err) STW_MUST_USE;

/* Wraps the key of each queue's secret with the newest kek. *done: how many were. */
enum stw_code queue_secrets_rewrap(struct db *db, const struct seal_keys *keys,
    int64_t *done, struct stw_err *err) STW_MUST_USE;

#endif
