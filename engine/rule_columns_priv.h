/*
 * rule_columns_priv.h - what the files of the columnar executor share.
 *
 * Purpose    A checked tree is evaluated node by node over a *scope*: a run of rows of
 *            one table, a chunk of customers or all child rows of that chunk. Each node
 *            gives a *vec*: one typed value a row and a bit that says whether it is
 *            known. What a node has no kernel for runs through the interpreter, row by
 *            row; what cannot be a vec at all (records, mixed currencies) makes its
 *            parent do so.
 * Ownership  Everything made for a chunk lives in vexec.arena until the next chunk.
 */
#ifndef STW_ENGINE_RULE_COLUMNS_PRIV_H
#define STW_ENGINE_RULE_COLUMNS_PRIV_H

#include "engine/rule_columns.h"
#include "engine/rule_priv.h"

#define CHUNK_ROWS    ((size_t)4096) /* a multiple of 64 */
#define ROW_ARENA_MAX ((size_t)256 * 1024)

/* One value a row. Bits of truth and known past n are zero; truth only where known. */
struct vec {
	enum rule_value_kind kind;
	size_t n;
	bool constant;           /* the same value in all rows: only `value` counts */
	struct rule_value value; /* of any kind; an error: unknown in all rows */
	const uint64_t *known;
	const uint64_t *truth; /* BOOL */
	const int64_t *i;      /* INT TIMESTAMP DURATION DATE MONEY, UINT as bits */
	const double *d;       /* DOUBLE */
	const uint32_t *code;  /* STRING of a column */
	const struct col_dict *dict;
	const struct str *s; /* STRING made on the way; code is NULL */
	char currency[4];    /* MONEY */
};

/* The child rows of the rows of a scope. */
struct vchild {
	struct vchild *next;
	int child;
	const struct table *table;
	size_t first, n;
	uint32_t *owner; /* child row -> row of the parent scope */
	uint32_t
	    *start; /* parent row -> its first child row here; one more at the end */
};

struct scope {
	const struct scope *parent; /* NULL: the chunk itself */
	const struct table *table;
	size_t first, n;
	const uint32_t *owner;
	int slot;                 /* the macro variable that walks it; -1: the chunk */
	const struct vec *values; /* the variable is a value and not a row */
	struct vchild **children; /* made so far; shared by scopes over the same rows */
};

struct vexec {
	const struct rule *rule;
	const struct rule_columns_ctx *ctx;
	struct arena arena;     /* of the chunk */
	struct arena row_arena; /* what the interpreter makes on the way */
	struct rule_value *vars;
	struct rule_eval_ctx eval;
	struct frame frame; /* for the interpreter and for functions */
	struct rule_value locals[RULE_MAX_LOCALS];
	size_t by_row; /* nodes that went through the interpreter */
};

/* False: no vec can hold this node's values. */
bool vec_eval(
    struct vexec *x, const struct node *n, const struct scope *s, struct vec *out);
/* Logic, comparison, arithmetic, any other function of values. False: no kernel. */
bool vec_call(
    struct vexec *x, const struct node *n, const struct scope *s, struct vec *out);
bool vec_logic(
    struct vexec *x, const struct node *n, const struct scope *s, struct vec *out);
bool vec_cond(
    struct vexec *x, const struct node *n, const struct scope *s, struct vec *out);
/* Macros over child lists, and aggregates of them. False: no kernel. */
bool vec_fold(
    struct vexec *x, const struct node *n, const struct scope *s, struct vec *out);
bool vec_aggregate(
    struct vexec *x, const struct node *n, const struct scope *s, struct vec *out);

/* The column that `name.field` reads in this scope, and the scope's variable; -1: none. */
int scope_column(const struct vexec *x, const struct node *n, const struct scope *s);
int scope_child(const struct vexec *x, const struct node *n, const struct scope *s);
struct vchild *scope_children(struct vexec *x, const struct scope *s, int child);
void vec_column(
    struct vexec *x, const struct column *col, const struct scope *s, struct vec *out);
/* Points the interpreter's variables at row i of the scope. */
void scope_set_row(struct vexec *x, const struct scope *s, size_t i);

/* ---- vecs ------------------------------------------------------------------------ */
bool vec_is_scalar(enum rule_value_kind kind);
void vec_constant(const struct rule_value *v, size_t n, struct vec *out);
/* Row i as a value; missing where it is not known. */
void vec_get(const struct vec *v, size_t i, struct rule_value *out);
bool vec_knows(const struct vec *v, size_t i);
/* The known bits of a vec, also of a constant one. */
const uint64_t *vec_known(struct vexec *x, const struct vec *v);
const uint64_t *vec_truth(struct vexec *x, const struct vec *v);

/* Collects values row by row; put is false when the value does not fit the others. */
struct vec_maker {
	struct vec v;
	uint64_t *known, *truth;
	int64_t *i;
	double *d;
	struct str *s;
	bool any;
};
void vec_make(
    struct vexec *x, enum rule_value_kind kind, size_t n, struct vec_maker *m);
bool vec_put(struct vec_maker *m, size_t i, const struct rule_value *v);

uint64_t *bits_new(struct vexec *x, size_t n);
uint64_t *bits_full(struct vexec *x, size_t n); /* n bits set, the rest clear */

static inline bool
bit_get(const uint64_t *bits, size_t i)
{
	return ((bits[i >> 6] >> (i & 63)) & 1) != 0;
}

static inline void
bit_set(uint64_t *bits, size_t i)
{
	bits[i >> 6] |= UINT64_C(1) << (i & 63);
}

#endif
