/*
 * rule_columns.h - checked rules over all rows of a table at once.
 *
 * Purpose    The columnar executor: any number of rules become one graph in which equal
 *            sub-expressions are one node; the graph runs chunk by chunk, on all cores,
 *            and gives for each rule the rows that match and the rows without an answer.
 *            Same meaning as rule_eval on every row, undecided included. What has no
 *            loop over columns runs through the interpreter inside the graph: once for
 *            each string that occurs, or row by row; rule_set_plan tells which.
 * Ownership  A rule set borrows its rules. The caller owns results (rule_result_fini)
 *            and bitmaps (bitmap_init/fini).
 * Errors     STW_INVALID with a text for a rule whose result is of the wrong type.
 * Threads    A set belongs to one caller at a time; it starts threads of its own, which
 *            are gone when rule_set_run returns. Host callbacks are then called from
 *            several threads. Sets over one table may run at the same time as long as
 *            nobody writes to it.
 */
#ifndef STW_ENGINE_RULE_COLUMNS_H
#define STW_ENGINE_RULE_COLUMNS_H

#include "engine/bitmap.h"
#include "engine/rule.h"
#include "engine/simd.h"

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

/* ---- many rules ------------------------------------------------------------------ */
struct rule_set;

struct rule_set_options {
	int threads;          /* 0: one a core; never more than there are chunks */
	enum simd_level simd; /* no higher than this; AUTO: the best there is */
	bool unshared;        /* equal sub-expressions are not shared: to measure what
			       * sharing is worth */
	bool profile;         /* measure each node, for rule_set_plan */
};

struct rule_result {
	struct bitmap matched, undecided;
	size_t nmatched, nundecided;
};

/* All rules give bool and come from one env. options may be NULL. The layout of the
 * table in ctx is compiled in; the graph itself is made anew by a run whose table,
 * clock or bindings differ from the last one's. */
enum stw_code rule_set_new(const struct rule *const *rules, int nrules,
    const struct rule_columns_ctx *ctx, const struct rule_set_options *options,
    struct rule_set **out, struct stw_err *err) STW_MUST_USE;
void rule_set_free(struct rule_set *set);

/* One result a rule, in the order given to rule_set_new. Results start zeroed and may
 * be used again: memory is kept when the table has as many rows as before. */
enum stw_code rule_set_run(struct rule_set *set, const struct rule_columns_ctx *ctx,
    struct rule_result *results, struct stw_err *err) STW_MUST_USE;
void rule_result_fini(struct rule_result *result);

/* What changed between two results over the same rows: entered are matched now and not
 * before, left the other way round. Either bitmap may be NULL. */
struct rule_difference {
	size_t entered, left;
};
struct rule_difference rule_result_diff(const struct rule_result *before,
    const struct rule_result *after, struct bitmap *entered, struct bitmap *left);

/* ---- what runs how --------------------------------------------------------------- */
enum rule_plan_how {
	RULE_PLAN_CONSTANT = 0, /* the same for all rows */
	RULE_PLAN_COLUMN,       /* one loop over one column */
	RULE_PLAN_LOOP,         /* a loop over columns or earlier results */
	RULE_PLAN_DICTIONARY,   /* once for each string that occurs, then one loop */
	RULE_PLAN_ROWS,         /* the interpreter, row by row */
};

struct rule_plan_node {
	int id;
	const char *name; /* "and", "range", "sum" ...: static */
	enum rule_plan_how how;
	const char *list;  /* the child list it walks, or NULL */
	struct str text;   /* where it was first written, as written; may be empty */
	const int *inputs; /* ids, all smaller than this one's */
	int ninputs;
	int users; /* places that need it, in all rules */
	/* With profile: */
	size_t rows;    /* gone through */
	size_t skipped; /* of chunks that were decided without looking at rows */
	double ns;      /* in all, over all threads, without its inputs */
};

struct rule_plan {
	struct rule_plan_node *nodes;
	int nnodes;
	const int *roots;     /* one a rule: the node that is its answer */
	size_t columns_bytes; /* of the columns that are read */
	const char *simd;     /* "avx512" ... */
	int threads;
};

/* Of the last run (or of the compilation); valid until the next. Lives in arena. */
void rule_set_plan(
    const struct rule_set *set, struct arena *arena, struct rule_plan *out);

/* ---- one rule -------------------------------------------------------------------- */
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
