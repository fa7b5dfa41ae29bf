/*
 * access_store.h - who looked at what.
 *
 * Purpose    A look (a search, a record opened, a trace) is a row of access_event and an
 *            entry of the ledger. The row has the filter; the entry, which stays for ever,
 *            has only commitments to what was asked and answered: HMAC-SHA256 under a
 *            random key that the row has ("salt=" in its detail, in hexadecimal).
 * Errors     As db.h. Whoever cannot put a look on record does not show.
 * Locks      Outbox; the caller's transaction.
 * Rules      compliance.md 7.4.
 */
#ifndef STW_CAMPAIGNS_ACCESS_STORE_H
#define STW_CAMPAIGNS_ACCESS_STORE_H

#include "db/db.h"

struct access_look {
	const char *actor, *role;
	const char *what;     /* "GET /v1/decisions" */
	const char *filter;   /* what was asked, without anybody's data */
	const char *case_ref; /* why, when it was said; NULL */
	int64_t rows;         /* of a list; -1: not a list */
	struct str answer;
};
enum stw_code access_note(struct db *db, const struct access_look *look, stw_usec now,
    struct stw_err *err) STW_MUST_USE;

struct access_row {
	const char *id, *actor, *role, *what, *verdict;
	const char *detail; /* NULL: none */
	stw_usec at;
};
struct access_filter {
	const char *actor, *what; /* NULL: any; what: the beginning of it */
	stw_usec from, to;        /* [from, to) */
	stw_usec after_at;        /* STW_USEC_MAX: from the start */
	const char *after_id;
};
/* Newest first. */
enum stw_code access_list(struct db *db, const struct access_filter *filter, int limit,
    struct arena *arena, struct access_row **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
