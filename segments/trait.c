#include <stdlib.h>
#include <string.h>

#include "segments/trait_priv.h"

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

int
trait_add_column(
    struct table *table, const struct book *book, const struct trait *trait)
{
	int col = table_add_column(table, trait->name, trait->type);

	if (trait->type == COL_MONEY)
		memcpy(table->cols[col].currency, book->currency, 4);
	return col;
}

enum stw_code
trait_compile(const struct book *book, const struct trait *trait, struct arena *arena,
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
	int *levels; /* a trait: above those it uses, from 1; 0: not placed yet */
	struct trait_order *order;
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
	sort->levels[at] = 1;
	sort->path[sort->depth++] = at;
	rc = trait_compile(sort->all, trait, &sort->arena, &rule, err);
	if (rc == STW_OK)
		n = rule_fields(rule, &sort->arena, &uses);
	else if (trait->own && !sort->strict)
		rc = STW_OK; /* it will say so when it is derived */
	for (int i = 0; i < n && rc == STW_OK; i++) {
		const struct trait *used =
		    strcmp(uses[i].record, "Customer") != 0
			? NULL
			: trait_find(sort->catalogue, "customer", uses[i].field);

		if (used != NULL && used->rule != NULL) {
			int under = (int)(used - sort->catalogue->traits);

			rc = place(sort, under, err);
			if (sort->levels[at] <= sort->levels[under])
				sort->levels[at] = sort->levels[under] + 1;
		}
	}
	sort->depth--;
	sort->visits[at] = VISIT_DONE;
	return rc;
}

/* By level; within one as the catalogue has them. */
static void
list_levels(struct sort *sort)
{
	int count = sort->catalogue->count;

	for (int level = 1, before = -1; before < sort->order->count; level++) {
		before = sort->order->count;
		for (int i = 0; i < count; i++) {
			if (sort->levels[i] != level)
				continue;
			sort->order->items[sort->order->count] = i;
			sort->order->levels[sort->order->count++] = level;
		}
	}
}

static void
sort_fini(struct sort *sort)
{
	book_free(sort->all);
	free(sort->visits);
	free(sort->path);
	free(sort->levels);
	arena_fini(&sort->arena);
}

enum stw_code
trait_order_find(struct trait_order *order, const struct trait_catalogue *catalogue,
    const struct book *like, bool strict, struct stw_err *err)
{
	size_t n = (size_t)catalogue->count + 1;
	enum stw_code rc = STW_OK;
	struct sort sort = {
	    .catalogue = catalogue,
	    .all = book_new(0, like->currency, like->zone, like->as_of),
	    .strict = strict,
	    .visits = stw_xalloc(n * sizeof *sort.visits),
	    .path = stw_xalloc(n * sizeof *sort.path),
	    .levels = stw_xalloc(n * sizeof *sort.levels),
	    .order = order,
	};

	*order = (struct trait_order){.items = stw_xalloc(n * sizeof *order->items),
	    .levels = stw_xalloc(n * sizeof *order->levels)};
	arena_init(&sort.arena);
	for (int i = 0; i < catalogue->count; i++) {
		const struct trait *trait = &catalogue->traits[i];

		if (strcmp(trait->of, "customer") == 0 &&
		    table_find_column(sort.all->customers, trait->name) < 0)
			(void)trait_add_column(sort.all->customers, sort.all, trait);
	}
	for (int i = 0; i < catalogue->count && rc == STW_OK; i++) {
		if (catalogue->traits[i].rule != NULL)
			rc = place(&sort, i, err);
	}
	list_levels(&sort);
	sort_fini(&sort);
	return rc;
}

void
trait_order_fini(struct trait_order *order)
{
	free(order->items);
	free(order->levels);
	*order = (struct trait_order){0};
}

enum stw_code
traits_check(const struct trait_catalogue *catalogue, const struct book *blank,
    struct stw_err *err)
{
	struct trait_order order;
	enum stw_code rc = trait_order_find(&order, catalogue, blank, true, err);

	trait_order_fini(&order);
	return rc;
}
