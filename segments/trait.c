#include "segments/trait.h"

#include <string.h>

const struct trait *
trait_find(const struct trait_catalogue *catalogue, const char *of, const char *name)
{
	for (int i = 0; i < catalogue->count; i++) {
		const struct trait *trait = &catalogue->traits[i];

		if (strcmp(trait->of, of) == 0 && strcmp(trait->name, name) == 0)
			return trait;
	}
	return NULL;
}

static enum rule_kind
rule_kind_of(enum col_type type)
{
	switch (type) {
	case COL_BOOL:
		return RULE_BOOL;
	case COL_INT:
		return RULE_INT;
	case COL_DOUBLE:
		return RULE_DOUBLE;
	case COL_STRING:
		return RULE_STRING;
	case COL_DATE:
		return RULE_DATE;
	case COL_TIMESTAMP:
		return RULE_TIMESTAMP;
	case COL_MONEY:
		return RULE_MONEY;
	case COL_NONE:
		break;
	}
	STW_ASSERT(!"a trait has a type");
	return RULE_ERROR_T;
}

/* Why the rule fails, told by the first row that does. */
static enum stw_code
fail_everywhere(const struct book *book, const struct trait *trait,
    const struct rule *rule, stw_usec now, struct arena *arena, struct stw_err *err)
{
	struct rule_eval_ctx ctx = {
	    .vars = book_vars(book, 0, arena),
	    .now = now,
	    .zone = book->zone,
	    .arena = arena,
	};
	struct rule_value v = rule_eval(rule, &ctx);

	return stw_fail_at(err, STW_INVALID, v.error.line, v.error.column,
	    "trait customer.%s fails for every customer: %s", trait->name,
	    v.kind == RULE_V_ERROR && v.error.text != NULL ? v.error.text
							   : "no reason given");
}

static enum stw_code
trait_derive(struct book *book, const struct trait *trait, stw_usec now,
    struct arena *arena, struct stw_err *err)
{
	struct rule_columns_ctx ctx = {
	    .table = book->customers,
	    .now = now,
	    .zone = book->zone,
	};
	struct rule *rule;
	size_t failed = 0;
	enum stw_code rc;
	int col;

	if (table_find_column(book->customers, trait->name) >= 0)
		return stw_fail(err, STW_INVALID, "trait customer.%s is there already",
		    trait->name);
	/* The env is made before the column: a trait cannot speak of itself or of a later
	 * one. */
	rc = rule_compile(book_env(book, arena, NULL, NULL), str_of(trait->rule),
	    rule_type_basic(rule_kind_of(trait->type)), NULL, arena, &rule, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "trait customer.%s", trait->name);
	col = table_add_column(book->customers, trait->name, trait->type);
	if (trait->type == COL_MONEY)
		memcpy(book->customers->cols[col].currency, book->currency, 4);
	ctx.bindings = book_bindings(book, &ctx.nbindings);
	rc = rule_columns_value(rule, &ctx, book->customers, col, &failed, err);
	if (rc != STW_OK)
		return stw_err_prefix(err, rc, "trait customer.%s", trait->name);
	if (failed > 0 && failed == book->customers->rows && !book->patch)
		return fail_everywhere(book, trait, rule, now, arena, err);
	table_pack(book->customers); /* the new column: later traits may read it */
	return STW_OK;
}

enum stw_code
traits_derive(struct book *book, const struct trait_catalogue *catalogue, stw_usec now,
    const struct progress *progress, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	struct arena arena;
	int done = 0, total = 0;

	for (int i = 0; i < catalogue->count; i++)
		total += catalogue->traits[i].rule != NULL;
	arena_init(&arena);
	for (int i = 0; i < catalogue->count && rc == STW_OK; i++) {
		if (catalogue->traits[i].rule == NULL)
			continue;
		rc = trait_derive(book, &catalogue->traits[i], now, &arena, err);
		arena_reset(&arena);
		progress_tell(progress, "traits", ++done, total);
	}
	arena_fini(&arena);
	return rc;
}

enum stw_code
traits_derive_builtin(struct book *book, stw_usec now, const struct progress *progress,
    struct stw_err *err)
{
	struct trait_catalogue catalogue;
	struct arena arena;
	enum stw_code rc;

	arena_init(&arena);
	rc = trait_catalogue_builtin(&arena, &catalogue, err);
	if (rc == STW_OK)
		rc = traits_derive(book, &catalogue, now, progress, err);
	arena_fini(&arena);
	return rc;
}
