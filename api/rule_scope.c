#include "api/rule_scope.h"

#include <string.h>

#include "segments/book_store.h"

/* Segments and the environment over the book that is there. */
static enum stw_code
open_segments(
    struct db *db, struct arena *arena, struct rule_scope *scope, struct stw_err *err)
{
	struct member_image image;
	enum stw_code rc;

	member_image_init(&image);
	rc = segment_store_hosts(db, &scope->parts, scope->bare != NULL ? NULL : &image,
	    arena, &scope->hosts, err);
	member_image_fini(&image);
	if (rc != STW_OK) {
		book_parts_free(&scope->parts);
		book_view_unref(scope->view);
		memset(scope, 0, sizeof *scope);
		return rc;
	}
	scope->book = scope->parts.books[0];
	scope->host = &scope->hosts.items[0];
	scope->env = book_env(scope->book, arena, segment_known, scope->host);
	return STW_OK;
}

static enum stw_code
open_loaded(struct db *db, bool blank, stw_usec now, struct arena *arena,
    struct rule_scope *out, struct stw_err *err)
{
	struct book *book;
	enum stw_code rc = blank ? book_load_blank(db, now, &book, err)
				 : book_load(db, now, NULL, &book, err);

	if (rc != STW_OK)
		return rc;
	out->parts = book_parts_of(book);
	return open_segments(db, arena, out, err);
}

enum stw_code
rule_scope_open(struct db *db, bool blank, stw_usec now, struct arena *arena,
    struct rule_scope *out, struct stw_err *err)
{
	memset(out, 0, sizeof *out);
	/* Where there is nobody there is no member either. */
	out->bare = blank ? db : NULL;
	return open_loaded(db, blank, now, arena, out, err);
}

enum stw_code
rule_scope_open_parts(struct db *db, struct book_live *live, stw_usec now,
    struct arena *arena, struct rule_scope *out, struct stw_err *err)
{
	struct book_view *view = live == NULL ? NULL : book_live_view(live);
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	out->bare = db;
	if (view == NULL)
		return open_loaded(db, false, now, arena, out, err);
	rc = book_live_parts(db, view, now, &out->parts, err);
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
	segment_hosts_fini(&scope->hosts);
	book_parts_free(&scope->parts);
	book_view_unref(scope->view);
	memset(scope, 0, sizeof *scope);
}

/* Over one part; dead rows are not counted. */
static enum stw_code
count_part(const struct segment_host *host, const struct rule *rule, stw_usec now,
    struct rule_count *out, struct stw_err *err)
{
	struct rule_columns_ctx ctx = segment_columns_ctx(host, now);
	const struct bitmap *dead = host->book->dead;
	struct bitmap matched, undecided;
	enum stw_code rc;

	bitmap_init(&matched, 0);
	bitmap_init(&undecided, 0);
	rc = rule_columns_bool(rule, &ctx, &matched, &undecided, err);
	if (rc == STW_OK && dead != NULL) {
		bitmap_andnot(&matched, &matched, dead);
		bitmap_andnot(&undecided, &undecided, dead);
	}
	if (rc == STW_OK) {
		out->customers += (int64_t)book_customers(host->book);
		out->matched += (int64_t)bitmap_count(&matched);
		out->undecided += (int64_t)bitmap_count(&undecided);
	}
	bitmap_fini(&matched);
	bitmap_fini(&undecided);
	return rc;
}

enum stw_code
rule_scope_count(struct rule_scope *scope, const struct rule *rule, stw_usec now,
    struct rule_count *out, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	*out = (struct rule_count){0};
	if (scope->bare != NULL)
		rc = segment_store_use(scope->bare, &scope->hosts, rule, err);
	for (int p = 0; p < scope->hosts.count && rc == STW_OK; p++)
		rc = count_part(&scope->hosts.items[p], rule, now, out, err);
	return rc;
}
