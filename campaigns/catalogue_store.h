/*
 * catalogue_store.h - what campaigns refer to: products, scripts.
 *
 * Purpose    Put (insert or change) and list. Scripts are versioned and need a second
 *            person; changes of scripts are ledger entries ("rule_change").
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

/* A ledger entry ("rule_change"), in the caller's transaction. */
enum stw_code catalogue_note(struct db *db, const char *what, const char *code,
    int64_t version, const char *hash, const char *actor, const char *verb,
    stw_usec now, struct stw_err *err) STW_MUST_USE;

#endif
