#include "segments/rule_fault.h"

static size_t
count_living(const struct book *book, const struct bitmap *map)
{
	struct bitmap living;
	size_t n;

	if (book->dead == NULL)
		return bitmap_count(map);
	bitmap_init(&living, map->bits);
	bitmap_andnot(&living, map, book->dead);
	n = bitmap_count(&living);
	bitmap_fini(&living);
	return n;
}

bool
rule_fails(const struct rule *rule, const struct book *book, size_t row,
    const struct rule_eval_ctx *like, struct stw_err *err)
{
	struct rule_eval_ctx ctx = *like;
	struct rule_value value;
	struct arena arena;
	bool failed;

	arena_init(&arena);
	ctx.arena = &arena;
	ctx.vars = book_vars(book, row, &arena);
	value = rule_eval(rule, &ctx);
	failed = value.kind == RULE_V_ERROR && !value.error.missing;
	if (failed)
		(void)stw_fail_at(err, STW_INVALID, value.error.line,
		    value.error.column, "%s", value.error.text);
	arena_fini(&arena);
	return failed;
}

enum rule_fault
rule_fault_find(const struct rule *rule, const struct book *book,
    const struct bitmap *matched, const struct bitmap *undecided,
    const struct rule_eval_ctx *like, struct stw_err *err)
{
	size_t rows = book->customers->rows, step = 1 + rows / RULE_FAULT_LOOKED;
	size_t living = book_customers(book);
	struct stw_err why = {0};

	if (living == 0)
		return RULE_FAULT_NOBODY;
	if (count_living(book, undecided) < living || count_living(book, matched) > 0)
		return RULE_FAULT_NONE;
	for (size_t row = bitmap_next(undecided, 0); row != SIZE_MAX;
	     row = row + step < rows ? bitmap_next(undecided, row + step) : SIZE_MAX) {
		if (!book_is_dead(book, row) && rule_fails(rule, book, row, like, &why))
			break;
	}
	if (why.code == STW_OK)
		return RULE_FAULT_MISSING;
	if (err != NULL)
		*err = why;
	return RULE_FAULT_ALL;
}
