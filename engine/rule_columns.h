/*
 * rule_columns.h - one checked rule over all rows of a table.
 *
 * Purpose    The columnar executor. Same meaning as rule_eval on every row, undecided
 *            included. What has no kernel runs through the interpreter row by row,
 *            inside the same call; rule_columns_vectorised tells which.
 * Ownership  The caller owns the result's memory (bitmap_init/fini).
 * Threads    Calls on one table may run at the same time.
 */
#ifndef STW_ENGINE_RULE_COLUMNS_H
#define STW_ENGINE_RULE_COLUMNS_H

#include "engine/bitmap.h"
#include "engine/rule.h"

/* How a rule's variables map to the table it runs over. slot: a variable of the env.
 * self: the whole row as object; child >= 0: that child list of the row; otherwise the
 * same constant value for every row. The type of a `self` variable is that of
 * rule_type_of_table for this very table: fields are found by their number. */
struct rule_binding {
	int slot;
	bool self;
	int child; /* -1: none */
	struct rule_value constant;
};

struct rule_columns_ctx {
	const struct table *table;
	const struct rule_binding *bindings; /* one a slot */
	int nbindings;
	stw_usec now;
	const struct zone *zone;
	void *host;
	bool (*in_segment)(
	    void *host, const char *code, const struct rule_value *member, bool *known);
	/* The segment as rows of this table, or NULL when it is not known so: in_segment is
	 * then asked row by row. Used for `row in segment(...)` and `row.ref in segment(...)`
	 * of the table's own rows; a row that is not set is known not to be a member, so
	 * in_segment must say the same. */
	const struct bitmap *(*segment_rows)(void *host, const char *code);
};

/* Result type bool: matched gets the known-true rows, undecided the rows without an
 * answer (undecided may be NULL). Both are resized to the table's rows. */
enum stw_code rule_columns_bool(const struct rule *rule,
    const struct rule_columns_ctx *ctx, struct bitmap *matched,
    struct bitmap *undecided, struct stw_err *err) STW_MUST_USE;

/* Any scalar result type: writes into column col of out (same number of rows, a column
 * type that fits). Rows without an answer become missing; *failed (may be NULL) counts
 * those whose result was an error and not a missing value. */
enum stw_code rule_columns_value(const struct rule *rule,
    const struct rule_columns_ctx *ctx, struct table *out, int col, size_t *failed,
    struct stw_err *err) STW_MUST_USE;

/* False when the whole rule, or a part, goes row by row. */
bool rule_columns_vectorised(
    const struct rule *rule, const struct rule_columns_ctx *ctx);

#endif
