#include "api/rule_scope.h"

#include <string.h>

enum stw_code
rule_scope_open(struct db *db, bool blank, stw_usec now, struct arena *arena,
    struct rule_scope *out, struct stw_err *err)
{
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	rc = blank ? book_load_blank(db, now, &out->book, err)
		   : book_load(db, now, NULL, &out->book, err);
	if (rc != STW_OK)
		return rc;
	rc = segment_store_host(db, out->book, arena, &out->host, err);
	if (rc != STW_OK) {
		book_free(out->book);
		memset(out, 0, sizeof *out);
		return rc;
	}
	out->env = book_env(out->book, arena, segment_known, &out->host);
	return STW_OK;
}

void
rule_scope_fini(struct rule_scope *scope)
{
	if (scope->book == NULL)
		return;
	segment_host_fini(&scope->host);
	book_free(scope->book);
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
