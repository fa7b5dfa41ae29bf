/*
 * rule_graph_priv.h - what the files of the columnar executor share.
 *
 * Purpose    checked trees -> (rule_graph_build*) one graph of nodes, equal ones made
 *            once -> (rule_graph_run) chunk by chunk, each node asked when a user needs
 *            it and at most once a chunk.
 *            A node answers for the rows of its *scope*: the chunk's rows of the table,
 *            or all rows of a child list that belong to them. A bool node gives two
 *            *planes* of bits: `t`, surely true, and `p`, possibly true (not known to
 *            be false); t is within p, and a row between them is undecided. And, or are
 *            then one operation a plane, not swaps them; where nothing is undecided
 *            both are the same memory and worked out once. A value node gives whole
 *            numbers or doubles and the rows whose value is known.
 * Ownership  The graph lives in its arena. Buffers belong to a *lane*, the state of one
 *            thread, are made when a node first needs one and kept from chunk to chunk.
 * Threads    The graph is read by all lanes; a lane belongs to its thread.
 */
#ifndef STW_ENGINE_RULE_GRAPH_PRIV_H
#define STW_ENGINE_RULE_GRAPH_PRIV_H

#include <stdatomic.h>
#include <string.h>

#include "engine/rule_columns.h"
#include "engine/rule_priv.h"

/* ---- scopes ---------------------------------------------------------------------- */
struct gscope {
	struct gscope *parent; /* NULL: rows of the table itself */
	int child;             /* which child list of parent's table */
	const struct table *table;
	const uint32_t *offsets; /* of parent's rows into table */
	int id;
	size_t max_words; /* of any chunk */
	struct gscope *next;
};

/* ---- nodes ----------------------------------------------------------------------- */
enum gop {
	/* bool */
	G_CONST = 0, /* truth */
	G_SET,       /* the column's value is in one of the ranges */
	G_BITS,      /* the column has a bit of the mask */
	G_REAL,      /* double column or value against a constant */
	G_INTS,      /* two values of whole numbers */
	G_REALS,     /* two doubles */
	G_SCALED,    /* column * a against column * b; in[0], in[1]: the columns, in[2]:
		      * the same in steps */
	G_SEGMENT,   /* the row is a member */
	G_AND,
	G_OR,
	G_NOT,
	G_THEN,  /* in[1] where in[0] is true; undecided where in[0] is */
	G_GUARD, /* in[0], but undecided where in[1] holds */
	G_COND,
	G_SAME,   /* bool == bool */
	G_KNOWN,  /* true where the value is known, otherwise undecided */
	G_UNSURE, /* true where in[0] is undecided, otherwise false */
	G_ANY,    /* a row of the child list */
	G_ONE,    /* exactly one row of the child list */
	G_SPREAD, /* the parent's answer for each row of the child list */
	G_ROWS,   /* by the interpreter */
	/* values */
	V_CONST,
	V_COLUMN,
	V_ADD, /* these fail where the result does not fit between a and b */
	V_SUBTRACT,
	V_MULTIPLY,
	V_DIVIDE,
	V_MODULO,
	V_ABSOLUTE,
	V_SCALE, /* money * constant double: digits a, exponent b */
	V_SHARE, /* money / int */
	V_RATIO, /* money / money: a double */
	V_REAL,  /* double(int), double(money): whole numbers / a */
	V_REAL_ADD,
	V_REAL_SUBTRACT,
	V_REAL_MULTIPLY,
	V_REAL_DIVIDE,
	V_REAL_NEGATE,
	V_PICK,    /* in[0] ? in[1] : in[2] */
	V_DEFAULT, /* in[0], in[1] where that has no value */
	V_COUNT,   /* rows of the child list for which in[0] holds */
	V_SUM,     /* of in[1] over them; these fail where in[2] holds */
	V_MIN,
	V_MAX,
	V_MEAN,
	V_SPREAD,
	V_ROWS,
	GOPS,
};

enum truth { FALSE_T = 0, TRUE_T = 1, UNKNOWN_T = 2 };

/* How dear a node is, so that && and || ask the cheap ones first. */
enum gcost { COST_FREE = 0, COST_LOOP, COST_LIST, COST_ROWS };

struct gnode {
	enum gop op;
	enum rule_value_kind kind; /* of a value; BOOL of a bool node */
	enum gcost cost;
	bool text_only; /* G_SET: from a dictionary */
	int id;
	int users;        /* nodes and roots that need it; known after graph_sweep */
	char currency[4]; /* MONEY */
	struct gscope *scope;
	struct gnode **in;
	int nin;
	int col;                     /* SET, BITS, REAL, COLUMN; SEGMENT: ref */
	const struct col_pack *pack; /* of it */
	enum truth truth;            /* CONST; SET: of a row without a value */
	enum simd_compare cmp;       /* REAL, INTS, REALS, SCALED */
	bool left;                   /* REAL: the constant stands left */
	int64_t a, b;
	double d;                  /* REAL, V_CONST of a double */
	struct simd_range *ranges; /* SET: sorted, apart, none touches the next */
	int nranges;
	const uint64_t *bits; /* SET of many ranges: value v is bit v - bits_first */
	int64_t bits_first, bits_last;
	const char *segment;
	const struct node *src; /* where it was first written; ROWS evaluates it */
	const struct rule *rule;
	const int *slots; /* ROWS: the macro variable of each scope, outermost first */
	int nslots;
	uint32_t hash;
	struct gnode *chain;
};

/* ---- graph ----------------------------------------------------------------------- */
/* A column of the table or of a child in packed form; made for the graph where the
 * table's own is flat. */
struct gcolumn {
	const struct table *table;
	int col;
	const struct col_pack *pack;
	struct col_pack *own;
	struct gcolumn *next;
};

struct gwritten;

struct graph {
	struct arena arena;
	const struct rule_columns_ctx *ctx;
	const struct rule_set_options *options;
	struct gscope *scopes; /* newest first */
	struct gscope *root_scope;
	int nscopes;
	struct gnode **nodes; /* by id: inputs before users */
	int nnodes, nodes_cap;
	struct gnode **roots;
	int nroots;
	size_t rows; /* of the table when it was made */
	struct gcolumn *columns;
	struct rule_value *vars; /* one a slot: constants; rows are put in by lanes */
	struct gnode **buckets;  /* by hash */
	struct gwritten **written;
};

struct gnode *graph_build_rule(struct graph *g, const struct rule *rule);
/* The root of a rule that gives a value; NULL: only the interpreter can. */
struct gnode *graph_build_value(struct graph *g, const struct rule *rule);
/* Ends the building: drops nodes that no root needs, and counts the users of the others. A
 * root may be NULL. */
void graph_sweep(struct graph *g, struct gnode *const *roots, int nroots);
void graph_init(struct graph *g, const struct rule_columns_ctx *ctx,
    const struct rule_set_options *options);
void graph_fini(struct graph *g);
/* The column in packed form; makes it when the graph has not seen the column. */
const struct col_pack *graph_pack(struct graph *g, const struct table *table, int col);

/* ---- making nodes (rule_graph.c) --------------------------------------------------- */
/* The node equal to *proto, made when there is none. inputs are copied. */
struct gnode *gnode_make(struct graph *g, const struct gnode *proto);
struct gnode *gnode_const(struct graph *g, struct gscope *scope, enum truth truth);
struct gnode *gnode_not(struct graph *g, struct gnode *of);
struct gnode *gnode_logic(
    struct graph *g, enum gop op, struct gscope *scope, struct gnode **in, int n);
struct gnode *gnode_then(struct graph *g, struct gnode *first, struct gnode *then);
struct gnode *gnode_guard(struct graph *g, struct gnode *of, struct gnode *failed);
struct gnode *gnode_unsure(struct graph *g, struct gnode *of);
/* in[0 .. n) of one scope. */
struct gnode *gnode_of(
    struct graph *g, enum gop op, struct gscope *scope, struct gnode **in, int n);
/* Up to max ranges, sorted and apart; more than a few become bits. */
struct gnode *gnode_set(struct graph *g, struct gscope *scope, int col,
    const struct simd_range *ranges, int n, enum truth missing, bool text_only);
size_t gnode_width(const struct gnode *n);
struct gscope *gscope_child(struct graph *g, struct gscope *parent, int child);
/* Rows of the scope's table that belong to a chunk of the root. */
void gscope_rows(const struct gscope *scope, size_t chunk, size_t *first, size_t *n);
/* What a text of the root scope was built into before; NULL: nothing. */
struct gnode *graph_written(struct graph *g, struct str text);
void graph_remember(struct graph *g, struct str text, struct gnode *node);

/* ---- building (rule_graph_build.c and its sisters) ---------------------------------- */
/* What a macro's variable stands for. */
struct glocal {
	struct gscope *scope;
	struct gnode *value; /* NULL: the row itself */
};

struct builder {
	struct graph *g;
	const struct rule *rule;
	struct glocal locals[RULE_MAX_LOCALS];
	int nlocals; /* locals[0 .. nlocals) may be set: slots count from 0 */
	struct gscope *scope;
	struct frame frame; /* for constants and thresholds */
	struct rule_eval_ctx eval;
	struct rule_value frame_locals[RULE_MAX_LOCALS];
};

struct gnode *build_bool(struct builder *b, const struct node *n);
/* NULL: no value node can hold it. */
struct gnode *build_value(struct builder *b, const struct node *n);
/* The same for what is the same in all rows, and for a tree in its own scope. */
struct gnode *build_value_const(struct builder *b, const struct node *n);
struct gnode *build_value_kind(struct builder *b, const struct node *n);
struct gnode *build_compare(struct builder *b, const struct node *n);
struct gnode *build_fold(struct builder *b, const struct node *n);
struct gnode *build_aggregate(struct builder *b, const struct node *n);
/* A condition on one column and nothing else; NULL: it is none. */
struct gnode *build_one_column(struct builder *b, const struct node *n);
struct gnode *build_rows(struct builder *b, const struct node *n, enum gop op);

/* A column read in a tree, and by which variable. */
struct leaf {
	struct gscope *scope;
	int col;
	const struct node *name; /* the VAR or LOCAL node */
};
struct leaves {
	struct leaf one; /* when count > 0 */
	int count;       /* distinct columns; 2 stands for more */
	bool other; /* lists, whole rows, mapped values, host functions, segments */
};
void find_leaves(const struct builder *b, const struct node *n, struct leaves *out);
bool is_uniform(const struct builder *b, const struct node *n);
struct rule_value eval_uniform(struct builder *b, const struct node *n);
/* The scope's column that the node reads, and -1 when it is no such node. */
int column_of(const struct builder *b, const struct node *n, struct gscope **scope);
int child_of(const struct builder *b, const struct node *n, struct gscope **scope);
/* The node's value where the one column it reads has that value (NULL: none). */
struct rule_value eval_with(struct builder *b, const struct node *n,
    const struct leaf *leaf, const struct rule_value *cell);
/* A call of the standard function with that name and signature. */
bool is_call(const struct node *n, const char *name, const char *sig);

/* ---- lanes ----------------------------------------------------------------------- */
enum plane { PLANE_FALSE = 0, PLANE_TRUE, PLANE_UNKNOWN, PLANE_BITS };

struct gstate {
	uint32_t epoch; /* of the chunk it was worked out for */
	enum plane plane;
	const uint64_t *t, *p; /* BITS; equal when nothing is undecided */
	/* values */
	bool none;             /* unknown in all rows */
	const uint64_t *known; /* NULL: all rows */
	const int64_t *i;
	const double *d;
	int64_t lo, hi; /* of the known ones */
	/* kept */
	uint64_t *buf_t, *buf_p, *buf_done;
	const uint64_t *mask; /* ROWS, SET: the rows asked for; NULL: all */
	bool complete;        /* ROWS: all rows are worked out */
	void *buf_v;
	int64_t *buf_sums; /* SUM, MEAN */
	uint32_t *buf_before, *buf_ranks;
	size_t rows, skipped;
	uint64_t ns;
};

struct lane_scope {
	uint32_t epoch;
	size_t first, n; /* rows of the scope's table */
	size_t base;     /* the row of bit 0: first, rounded down to a word */
	size_t words;
};

struct lane {
	struct graph *g;
	const struct simd_ops *simd;
	uint32_t epoch;
	size_t chunk;
	struct gstate *states;
	struct lane_scope *scopes;
	struct arena arena;     /* buffers */
	struct arena row_arena; /* what the interpreter makes */
	const uint64_t **in_t, **in_p;
	struct rule_value *vars;
	struct rule_eval_ctx eval;
	struct rule_value locals[RULE_MAX_LOCALS];
	uint64_t inner_ns; /* spent in inputs of the node being measured */
};

void lane_init(struct lane *x, struct graph *g);
void lane_fini(struct lane *x);
void lane_begin(struct lane *x, size_t chunk);
const struct lane_scope *lane_scope(struct lane *x, const struct gscope *scope);
/* Works the node out for the lane's chunk, unless that is done. */
const struct gstate *lane_ask(struct lane *x, const struct gnode *n);
/* The same where only the rows of the mask matter (NULL: all). */
const struct gstate *lane_ask_rows(
    struct lane *x, const struct gnode *n, const uint64_t *mask);
/* Planes in memory, also of a node whose answer is the same for all rows. */
void lane_planes(struct lane *x, const struct gnode *n, const struct gstate *s,
    const uint64_t **t, const uint64_t **p);

/* Memory kept for the lane's life, zeroed. Aligned, so that the loops read whole cache
 * lines. */
void *lane_room(struct lane *x, size_t bytes);
uint64_t *lane_bits(struct lane *x, const struct gnode *n, uint64_t **buf);
int64_t *lane_ints(struct lane *x, const struct gnode *n, struct gstate *s);
double *lane_reals(struct lane *x, const struct gnode *n, struct gstate *s);
/* A column of the node's scope as a value: into *to, with memory of the node's own. */
void read_column(struct lane *x, const struct gnode *n, int col, struct gstate *to,
    struct gstate *own);

typedef void (*gop_fn)(struct lane *x, const struct gnode *n, struct gstate *s);
/* By op; in rule_graph_bits.c, rule_graph_logic.c, rule_graph_maths.c,
 * rule_graph_reduce.c and rule_graph_rows.c. */
void run_const(struct lane *x, const struct gnode *n, struct gstate *s);
void run_set(struct lane *x, const struct gnode *n, struct gstate *s);
/* The same for the rows of s->mask alone. */
void run_set_open(struct lane *x, const struct gnode *n, struct gstate *s);
void run_bits(struct lane *x, const struct gnode *n, struct gstate *s);
void run_real(struct lane *x, const struct gnode *n, struct gstate *s);
void run_ints(struct lane *x, const struct gnode *n, struct gstate *s);
void run_reals(struct lane *x, const struct gnode *n, struct gstate *s);
void run_scaled(struct lane *x, const struct gnode *n, struct gstate *s);
void run_segment(struct lane *x, const struct gnode *n, struct gstate *s);
void run_and(struct lane *x, const struct gnode *n, struct gstate *s);
void run_or(struct lane *x, const struct gnode *n, struct gstate *s);
void run_not(struct lane *x, const struct gnode *n, struct gstate *s);
void run_then(struct lane *x, const struct gnode *n, struct gstate *s);
void run_guard(struct lane *x, const struct gnode *n, struct gstate *s);
void run_cond(struct lane *x, const struct gnode *n, struct gstate *s);
void run_same(struct lane *x, const struct gnode *n, struct gstate *s);
void run_known(struct lane *x, const struct gnode *n, struct gstate *s);
void run_unsure(struct lane *x, const struct gnode *n, struct gstate *s);
void run_any(struct lane *x, const struct gnode *n, struct gstate *s);
void run_one(struct lane *x, const struct gnode *n, struct gstate *s);
void run_spread(struct lane *x, const struct gnode *n, struct gstate *s);
void run_rows(struct lane *x, const struct gnode *n, struct gstate *s);
void run_value_const(struct lane *x, const struct gnode *n, struct gstate *s);
void run_column(struct lane *x, const struct gnode *n, struct gstate *s);
void run_whole(struct lane *x, const struct gnode *n, struct gstate *s);
void run_divide(struct lane *x, const struct gnode *n, struct gstate *s);
void run_scale(struct lane *x, const struct gnode *n, struct gstate *s);
void run_to_real(struct lane *x, const struct gnode *n, struct gstate *s);
void run_real_arithmetic(struct lane *x, const struct gnode *n, struct gstate *s);
void run_pick(struct lane *x, const struct gnode *n, struct gstate *s);
void run_default(struct lane *x, const struct gnode *n, struct gstate *s);
void run_count(struct lane *x, const struct gnode *n, struct gstate *s);
void run_aggregate(struct lane *x, const struct gnode *n, struct gstate *s);
void run_value_spread(struct lane *x, const struct gnode *n, struct gstate *s);
void run_value_rows(struct lane *x, const struct gnode *n, struct gstate *s);

/* ---- sets (rule_columns.c) -------------------------------------------------------- */
struct rule_set {
	const struct rule *const *rules;
	int nrules;
	struct rule_set_options options;
	struct rule_columns_ctx ctx; /* what the graph was made for */
	struct graph graph;
	bool made;
	uint64_t *serials; /* of the packed columns that the graph reads */
	struct lane *lanes;
	int nlanes;
};

enum stw_code rule_columns_check(
    const struct rule_columns_ctx *ctx, struct stw_err *err) STW_MUST_USE;
/* Row `row` of the scope's table, and the rows it belongs to, into the interpreter's
 * variables. slots as in a ROWS node. */
void lane_set_row(struct lane *x, const struct gscope *scope, const int *slots,
    int nslots, size_t row);

/* ---- small helpers ------------------------------------------------------------------ */
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

static inline void
bits_fill(uint64_t *bits, enum plane plane, size_t words)
{
	memset(bits, plane == PLANE_TRUE ? 0xff : 0, words * sizeof *bits);
}

/* Held by a value node as a whole number. */
static inline bool
kind_is_whole(enum rule_value_kind kind)
{
	return kind == RULE_V_INT || kind == RULE_V_TIMESTAMP ||
	       kind == RULE_V_DURATION || kind == RULE_V_DATE || kind == RULE_V_MONEY;
}

/* The codes of a chunk from a row on, a multiple of 64; not of BOOL and width 0. */
static inline enum simd_form
chunk_form(const struct col_chunk *c)
{
	static const enum simd_form by_width[] = {SIMD_U8, SIMD_U8, SIMD_U16,
	    SIMD_U8_U16, SIMD_U16_U16, SIMD_U32_U16, SIMD_U32_U16, SIMD_I64, SIMD_I64};

	return by_width[c->width];
}

static inline struct simd_codes
chunk_codes(const struct col_chunk *c, size_t row)
{
	size_t high = chunk_high_size(c->width);
	const char *low = c->low;

	return (struct simd_codes){.high = (const char *)c->data + row * high,
	    .low = low == NULL ? NULL : low + row * (c->width - high),
	    .low_bits = c->low_bits};
}

/* Asks for the rows of a word of 64 from `row` on before they are needed. As a function
 * of its own it would have no effect that gcc 12 sees, and be left out. */
static inline __attribute__((always_inline)) void
chunk_prefetch(const struct col_chunk *c, size_t row, uint64_t mask)
{
	struct simd_codes x = chunk_codes(c, row);
	size_t high = chunk_high_size(c->width), low = c->width - high;

	for (; mask != 0; mask &= mask - 1) {
		size_t i = (size_t)__builtin_ctzll(mask);

		__builtin_prefetch((const char *)x.high + i * high);
		if (low != 0)
			__builtin_prefetch((const char *)x.low + i * low);
	}
}

static inline void
say_plane(struct gstate *s, enum plane plane)
{
	s->plane = plane;
	s->t = s->p = NULL;
}

static inline void
say_bits(struct gstate *s, const uint64_t *t, const uint64_t *p)
{
	s->plane = PLANE_BITS;
	s->t = t;
	s->p = p;
}

#endif
