#include "segments/trait.h"

#include <stdlib.h>
#include <string.h>

#include "engine/log.h"

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

static int
add_column(struct book *book, const struct trait *trait)
{
	int col = table_add_column(book->customers, trait->name, trait->type);

	if (trait->type == COL_MONEY)
		memcpy(book->customers->cols[col].currency, book->currency, 4);
	return col;
}

static enum stw_code
compile(const struct book *book, const struct trait *trait, struct arena *arena,
    struct rule **out, struct stw_err *err)
{
	enum stw_code rc;

	rc = rule_compile(book_env(book, arena, NULL, NULL), str_of(trait->rule),
	    rule_type_basic(rule_kind_of(trait->type)), NULL, arena, out, err);
	return rc == STW_OK ? rc
			    : stw_err_prefix(err, rc, "trait customer.%s", trait->name);
}

/* ---- order -------------------------------------------------------------------------- */
enum visit { VISIT_NEW = 0, VISIT_OPEN, VISIT_DONE };

struct sort {
	const struct trait_catalogue *catalogue;
	struct book *all; /* without rows, with a column for every trait */
	bool strict;      /* a rule that does not compile is an error, own or not */
	enum visit *visits;
	int *path, depth;
	int *order, count; /* derived traits, each after those it uses */
	struct arena arena;
};

static enum stw_code
fail_circle(const struct sort *sort, int at, struct stw_err *err)
{
	const struct trait *traits = sort->catalogue->traits;
	enum stw_code rc;
	struct buf text;
	int from = 0;

	while (sort->path[from] != at)
		from++;
	buf_init(&text);
	for (int i = from; i < sort->depth; i++)
		buf_printf(&text, "%s -> ", traits[sort->path[i]].name);
	buf_add_c(&text, traits[at].name);
	rc = stw_fail(
	    err, STW_INVALID, "traits use each other in a circle: %s", text.data);
	buf_fini(&text);
	return rc;
}

/* Depth first, so that what a trait uses is in the order before it. */
static enum stw_code
place(struct sort *sort, int at, struct stw_err *err)
{
	const struct trait *trait = &sort->catalogue->traits[at];
	const struct rule_field_use *uses;
	struct rule *rule = NULL;
	enum stw_code rc;
	int n = 0;

	if (sort->visits[at] == VISIT_DONE)
		return STW_OK;
	if (sort->visits[at] == VISIT_OPEN)
		return trait->own && !sort->strict ? STW_OK
						   : fail_circle(sort, at, err);
	sort->visits[at] = VISIT_OPEN;
	sort->path[sort->depth++] = at;
	rc = compile(sort->all, trait, &sort->arena, &rule, err);
	if (rc == STW_OK)
		n = rule_fields(rule, &sort->arena, &uses);
	else if (trait->own && !sort->strict)
		rc = STW_OK; /* it will say so when it is derived */
	for (int i = 0; i < n && rc == STW_OK; i++) {
		const struct trait *used =
		    strcmp(uses[i].record, "Customer") != 0
			? NULL
			: trait_find(sort->catalogue, "customer", uses[i].field);

		if (used != NULL && used->rule != NULL)
			rc = place(sort, (int)(used - sort->catalogue->traits), err);
	}
	sort->depth--;
	sort->visits[at] = VISIT_DONE;
	sort->order[sort->count++] = at;
	return rc;
}

static void
sort_fini(struct sort *sort)
{
	book_free(sort->all);
	free(sort->visits);
	free(sort->path);
	free(sort->order);
	arena_fini(&sort->arena);
}

/* sort_fini in any case. */
static enum stw_code
sort_traits(struct sort *sort, const struct trait_catalogue *catalogue,
    const struct book *like, bool strict, struct stw_err *err)
{
	size_t n = (size_t)catalogue->count + 1;
	enum stw_code rc = STW_OK;

	*sort = (struct sort){
	    .catalogue = catalogue,
	    .all = book_new(0, like->currency, like->zone, like->as_of),
	    .strict = strict,
	    .visits = stw_xalloc(n * sizeof *sort->visits),
	    .path = stw_xalloc(n * sizeof *sort->path),
	    .order = stw_xalloc(n * sizeof *sort->order),
	};
	arena_init(&sort->arena);
	for (int i = 0; i < catalogue->count; i++) {
		const struct trait *trait = &catalogue->traits[i];

		if (strcmp(trait->of, "customer") == 0 &&
		    table_find_column(sort->all->customers, trait->name) < 0)
			(void)add_column(sort->all, trait);
	}
	for (int i = 0; i < catalogue->count && rc == STW_OK; i++) {
		if (catalogue->traits[i].rule != NULL)
			rc = place(sort, i, err);
	}
	return rc;
}

enum stw_code
traits_check(const struct trait_catalogue *catalogue, const struct book *blank,
    struct stw_err *err)
{
	struct sort sort;
	enum stw_code rc = sort_traits(&sort, catalogue, blank, true, err);

	sort_fini(&sort);
	return rc;
}

/* ---- deriving ------------------------------------------------------------------------ */
/* No row has a value: because the rule fails in each of them? One that only lacks something
 * says no. */
static bool
fails_everywhere(const struct book *book, const struct rule *rule, stw_usec now)
{
	bool fails = book->customers->rows > 0;
	struct arena arena;

	arena_init(&arena);
	for (size_t row = 0; row < book->customers->rows && fails; row++) {
		struct rule_eval_ctx ctx = {.vars = book_vars(book, row, &arena),
		    .now = now,
		    .zone = book->zone,
		    .arena = &arena};
		struct rule_value v = rule_eval(rule, &ctx);

		fails = v.kind != RULE_V_ERROR || !v.error.missing;
		arena_reset(&arena);
	}
	arena_fini(&arena);
	return fails;
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
	enum stw_code rc;
	int col;

	if (table_find_column(book->customers, trait->name) >= 0)
		return stw_fail(err, STW_INVALID, "trait customer.%s is there already",
		    trait->name);
	/* Compiled before the column is there: a trait cannot speak of itself. */
	rc = compile(book, trait, arena, &rule, err);
	col = add_column(book, trait);
	if (rc == STW_OK) {
		ctx.bindings = book_bindings(book, &ctx.nbindings);
		rc = rule_columns_value(rule, &ctx, book->customers, col, NULL, err);
		if (rc != STW_OK)
			rc = stw_err_prefix(err, rc, "trait customer.%s", trait->name);
	}
	table_pack(book->customers); /* the new column: later traits may read it */
	if (rc == STW_OK && !book->patch &&
	    book->customers->cols[col].pack->missing == book->customers->rows &&
	    fails_everywhere(book, rule, now))
		rc = fail_everywhere(book, trait, rule, now, arena, err);
	return rc;
}

/* Fed traits that were added after the book was loaded: without values, so that rules that
 * speak of them stand. */
static void
add_missing_feds(struct book *book, const struct trait_catalogue *catalogue)
{
	for (int i = 0; i < catalogue->count; i++) {
		const struct trait *trait = &catalogue->traits[i];

		if (trait_is_fed(trait) &&
		    table_find_column(book->customers, trait->name) < 0)
			(void)add_column(book, trait);
	}
	table_pack(book->customers);
}

enum stw_code
traits_derive(struct book *book, const struct trait_catalogue *catalogue, stw_usec now,
    const struct progress *progress, struct stw_err *err)
{
	struct stw_err fault = {0};
	struct arena arena;
	struct sort sort;
	enum stw_code rc = sort_traits(&sort, catalogue, book, false, err);

	arena_init(&arena);
	if (rc == STW_OK)
		add_missing_feds(book, catalogue);
	for (int i = 0; i < sort.count && rc == STW_OK; i++) {
		const struct trait *trait = &catalogue->traits[sort.order[i]];

		rc = trait_derive(book, trait, now, &arena, &fault);
		if (rc == STW_INVALID && trait->own) {
			log_err(LOG_WARN, "trait_without_values", &fault);
			rc = STW_OK;
		} else if (rc != STW_OK && err != NULL) {
			*err = fault;
		}
		arena_reset(&arena);
		progress_tell(progress, "traits", i + 1, sort.count);
	}
	arena_fini(&arena);
	sort_fini(&sort);
	return rc;
}
