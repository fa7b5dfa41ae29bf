#include "api/rule_scope.h"

#include <string.h>

#include "segments/book_store.h"

/* Segments and the environment over the book that is there. */
static enum stw_code
open_segments(
    struct db *db, struct arena *arena, struct rule_scope *scope, struct stw_err *err)
{
	enum stw_code rc =
	    segment_store_host(db, scope->book, arena, &scope->host, err);

	if (rc != STW_OK) {
		book_free(scope->book);
		book_view_unref(scope->view);
		memset(scope, 0, sizeof *scope);
		return rc;
	}
	scope->env = book_env(scope->book, arena, segment_known, &scope->host);
	return STW_OK;
}

enum stw_code
rule_scope_open(struct db *db, bool blank, stw_usec now, struct arena *arena,
    struct rule_scope *out, struct stw_err *err)
{
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	rc = blank ? book_load_blank(db, now, &out->book, err)
		   : book_load(db, now, NULL, &out->book, err);
	return rc == STW_OK ? open_segments(db, arena, out, err) : rc;
}

enum stw_code
rule_scope_open_live(struct db *db, struct book_live *live, stw_usec now,
    struct arena *arena, struct rule_scope *out, struct stw_err *err)
{
	struct book_view *view = live == NULL ? NULL : book_live_view(live);
	enum stw_code rc;

	if (view == NULL)
		return rule_scope_open(db, false, now, arena, out, err);
	memset(out, 0, sizeof *out);
	rc = book_live_book(db, view, now, &out->book, err);
	if (rc != STW_OK) {
		book_view_unref(view);
		return rc;
	}
	out->view = view;
	return open_segments(db, arena, out, err);
}

void
rule_scope_fini(struct rule_scope *scope)
{
	if (scope->book == NULL)
		return;
	segment_host_fini(&scope->host);
	book_free(scope->book);
	book_view_unref(scope->view);
	memset(scope, 0, sizeof *scope);
}

enum stw_code
rule_scope_count(const struct rule_scope *scope, const struct rule *rule, stw_usec now,
    struct rule_count *out, struct stw_err *err)
{
	struct rule_columns_ctx ctx = segment_columns_ctx(&scope->host, now);
	struct bitmap matched, undecided;
	enum stw_code rc;

	bitmap_init(&matched, 0);
	bitmap_init(&undecided, 0);
	rc = rule_columns_bool(rule, &ctx, &matched, &undecided, err);
	if (rc == STW_OK) {
		out->customers = (int64_t)scope->book->customers->rows;
		out->matched = (int64_t)bitmap_count(&matched);
		out->undecided = (int64_t)bitmap_count(&undecided);
	}
	bitmap_fini(&matched);
	bitmap_fini(&undecided);
	return rc;
}
