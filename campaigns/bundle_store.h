/*
 * bundle_store.h - the records that a bundle for auditors and regulators holds, part by part.
 *
 * Purpose    A scope is a complaint, a customer, a number, a campaign or a time alone. Each
 *            part is one kind of record, read page by page, each row as a JSON object with
 *            names and numbers masked, what it lacks (a GAP_ word) and where its entry of
 *            the ledger stands.
 * Ownership  bundle_rows_begin/bundle_rows_end; a row is borrowed until the next one.
 * Errors     NOT_FOUND: no such complaint, customer or campaign. CONFLICT: a complaint that
 *            names neither number nor customer.
 * Locks      bundle_scope_find: the index key's hold, in a transaction of its own. Rows:
 *            none; the caller's snapshot.
 * Rules      compliance.md 7.7.
 */
#ifndef STW_CAMPAIGNS_BUNDLE_STORE_H
#define STW_CAMPAIGNS_BUNDLE_STORE_H

#include "campaigns/complaint_trace_store.h"
#include "db/db.h"

struct bundle_ask {
	/* Exactly one, or none: the time alone. */
	const char *complaint, *customer, *phone, *campaign;
	stw_usec from, to; /* [from, to); a complaint without them: about its contact */
};

/* Whether it can be made, before anybody is asked to approve it: what it names is there. In
 * the caller's transaction. */
enum stw_code bundle_ask_check(struct db *db, const struct bundle_ask *ask,
    stw_day today, struct arena *arena, struct stw_err *err) STW_MUST_USE;

struct bundle_scope {
	struct bundle_ask ask; /* times filled in */
	bool has_trace;        /* of a complaint, a customer, a number */
	struct trace trace;
	int64_t *buckets, *customers, *points; /* points 0: all; with has_trace */
	size_t nparties;
};
/* What is asked for, found: everything in the arena. today: the institution's day. */
enum stw_code bundle_scope_find(struct db *db, const struct seal_keys *keys,
    const struct bundle_ask *ask, stw_day today, struct arena *arena,
    struct bundle_scope *out, struct stw_err *err) STW_MUST_USE;

struct bundle_part {
	const char *name; /* "decisions" */
	enum db_query_id query;
	int nparams;       /* of those in bundle_rows_begin's order */
	const char *first; /* the key before the first row */
	bool flat;         /* no row has an object or a list of objects: fit for CSV */
	const char *empty; /* the gap when there is no row at all; NULL: none */
};
/* By number; NULL past the last. */
const struct bundle_part *bundle_part_at(int i);

struct bundle_row {
	struct str json;
	const char *gap; /* NULL: nothing is missing; like id until the next row */
	const char *id;
	int64_t entry; /* index in the ledger; -1: none */
};
struct bundle_rows {
	struct db *db;
	const struct bundle_part *part;
	const struct bundle_scope *scope;
	struct db_rows *page;
	char key[400];
	int row, count;
};
enum stw_code bundle_rows_begin(struct db *db, const struct bundle_part *part,
    const struct bundle_scope *scope, struct bundle_rows *rows,
    struct stw_err *err) STW_MUST_USE;
/* *more false at the end. */
enum stw_code bundle_rows_next(struct bundle_rows *rows, struct bundle_row *out,
    bool *more, struct stw_err *err) STW_MUST_USE;
void bundle_rows_end(struct bundle_rows *rows);

#endif
