/*
 * rule_priv.h - what the files of the rule language share; no other file includes it.
 *
 * Purpose    text -> (rule_lex, rule_parse) tree -> (rule_check) typed tree whose names
 *            are slots, field numbers and overloads -> rule_eval, rule_explain,
 *            rule_columns. The tree is the same throughout; checking fills it in.
 * Ownership  Nodes, types and constants live in the rule's arena.
 * Threads    After rule_compile nothing in the tree changes.
 */
#ifndef STW_ENGINE_RULE_PRIV_H
#define STW_ENGINE_RULE_PRIV_H

#include "engine/money.h"
#include "engine/re.h"
#include "engine/rule.h"
#include "engine/rule_cost.h"

/* ---- limits ------------------------------------------------------------------ */
/* A duration holds no more nanoseconds than fit into 64 bits: 292 years. */
#define NSEC_PER_USEC   1000
#define DURATION_MAX    (INT64_MAX / NSEC_PER_USEC) /* microseconds */
#define RULE_MAX_ARGS   8                           /* of a function call */
#define RULE_MAX_LOCALS 32                 /* macro variables alive at one point */
#define EVAL_STEPS      5000000            /* macro iterations in one evaluation */
#define EVAL_BYTES      ((size_t)64 << 20) /* memory made by one evaluation */
#define EVAL_MAP_MAX    10000              /* entries of a map that a macro makes */
#define EVAL_STR_MAX    ((size_t)1 << 20)  /* longest string a rule makes */

extern const struct rule_limits rule_limits_default;

/* ---- types ------------------------------------------------------------------- */
struct rule_type {
	enum rule_kind kind;
	const struct rule_type *key, *elem;
	const char *name; /* OBJECT; of a type parameter, whose kind is DYN */
	const struct rule_field *fields;
	int nfields;
	const struct rule_type *const *params; /* OBJECT: of an abstract type */
	int nparams;
};

/* The element type of [] and optional.none(): fits every type. Its kind is DYN. */
extern const struct rule_type rule_type_open;

bool rule_type_eq(const struct rule_type *a, const struct rule_type *b);
/* May a value of type `from` stand where `to` is wanted (dyn stands anywhere)? */
bool rule_type_fits(const struct rule_type *from, const struct rule_type *to);
/* The type of "one of the two", NULL when only dyn would do. */
const struct rule_type *rule_type_join(
    struct arena *arena, const struct rule_type *a, const struct rule_type *b);
const struct rule_type *rule_type_optional(
    struct arena *arena, const struct rule_type *elem);
bool rule_type_has_dyn(const struct rule_type *type);
/* The language's word for a basic kind: "int", "timestamp"; "" for the others. */
const char *rule_kind_name(enum rule_kind kind);

/* ---- tokens ------------------------------------------------------------------ */
enum tok {
	TOK_END = 0,
	TOK_IDENT,
	TOK_QUOTED, /* `field name` */
	TOK_INT,
	TOK_UINT,
	TOK_DOUBLE,
	TOK_STRING,
	TOK_BYTES,
	TOK_OP, /* op[] holds it, at most two characters */
};

struct token {
	enum tok kind;
	char op[3];
	uint32_t start, end;
	int line, column;
	struct str text;  /* IDENT, QUOTED; STRING and BYTES after escapes */
	uint64_t integer; /* INT (magnitude), UINT */
	double real;
};

struct lexer {
	struct str src;
	size_t at;
	int line, column;
	struct arena *arena;
};

void lexer_init(struct lexer *lex, struct str src, struct arena *arena);
enum stw_code lexer_next(
    struct lexer *lex, struct token *out, struct stw_err *err) STW_MUST_USE;

/* ---- tree -------------------------------------------------------------------- */
enum node_kind {
	NODE_CONST = 0,
	NODE_IDENT,  /* name; gone after checking */
	NODE_VAR,    /* slot */
	NODE_LOCAL,  /* slot: the macro's variable */
	NODE_SELECT, /* args[0].name; field >= 0: of a typed record */
	NODE_CALL,   /* name(args); method: args[0] stands before the dot */
	NODE_AND,    /* two or more args */
	NODE_OR,
	NODE_COND,
	NODE_LIST, /* args; optional_args bit i: [?x] */
	NODE_MAP,  /* args: key, value, key, value ... */
	NODE_FOLD, /* args[0] range, args[1] condition, args[2] transform; either NULL */
};
/* A CONST may hold an error: what rule_env_unchecked let pass. */

enum select_mode { SELECT_PLAIN = 0, SELECT_HAS, SELECT_OPTIONAL };

enum fold_kind {
	FOLD_NONE = 0,
	FOLD_ALL,
	FOLD_EXISTS,
	FOLD_EXISTS_ONE,
	FOLD_FILTER,
	FOLD_MAP,
	FOLD_OPT_MAP,      /* args[2] over the value of an optional */
	FOLD_OPT_FLAT_MAP, /* the same, transform gives an optional */
	/* With two variables: slot holds the index or key, slot2 the element or value. */
	FOLD_ALL2,
	FOLD_EXISTS2,
	FOLD_EXISTS_ONE2,
	FOLD_MAP2,            /* transformList */
	FOLD_TRANSFORM_MAP,   /* args[2] is the new value */
	FOLD_TRANSFORM_ENTRY, /* args[2] is a map whose entries are taken over */
	FOLD_BIND,            /* args[2] with args[0], even an error, as the variable */
};

struct node;
struct frame;
typedef void (*node_fn)(struct frame *f, const struct node *n, struct rule_value *out);
/* args are known values; *out starts unset. */
typedef void (*rule_fn)(struct frame *f, const struct node *n,
    const struct rule_value *args, struct rule_value *out);

struct rule_overload {
	const char *name;
	const char *sig; /* see rule_overload.c */
	rule_fn fn;
	unsigned flags;
	const struct host_fn *host; /* a function of the env; sig is NULL then */
};

#define FN_CONTEXT 1u /* depends on now or zone: never folded */
#define FN_DYN     2u /* only where an argument is dyn */
#define FN_LITERAL 4u /* a failure over constants is an error of the rule */

struct host_fn {
	const struct rule_type *const *args;
	int nargs;
	const struct rule_type *result;
	rule_host_fn fn;
};

struct node {
	enum node_kind kind;
	node_fn eval;
	const struct rule_type *type;
	struct node **args;
	int nargs;
	int height;          /* of the tree below, for the depth limit */
	uint32_t start, end; /* in the rule's text */
	int line, column;    /* where messages point: the operator or the name */
	struct str name;     /* IDENT, SELECT, CALL; FOLD: the variable */
	struct str name2;    /* FOLD: the second variable */
	int slot, slot2;     /* VAR, LOCAL, FOLD; slot2 -1 without a second variable */
	int field;           /* SELECT on a record; otherwise -1 */
	enum select_mode mode;
	enum fold_kind fold;
	bool method, folded; /* CALL; CONST made out of a larger expression */
	bool absolute;       /* IDENT, CALL: written .x, from the root */
	uint64_t optional_args;
	struct rule_value value;        /* CONST */
	const char *missing_text;       /* SELECT, VAR: "customer.dob has no value" */
	const struct rule_overload *fn; /* CALL: the one, or NULL: cands */
	const struct rule_overload **cands; /* CALL on dyn: chosen by the values */
	int ncands;
	const struct re *re; /* matches() with a constant pattern */
	enum rule_value_kind
	    wanted;           /* VAR, LOCAL, SELECT: what the type says; 0: any */
	uint32_t free_locals; /* bit s: reads local s of a macro further out */
};

struct rule {
	struct node *root;
	struct str text;
	const char *currency; /* default for money */
	const char **segments;
	int nsegments;
	int nodes;
	struct rule_cost cost;
};

enum stw_code rule_parse(struct str text, const struct rule_limits *limits,
    struct arena *arena, struct node **out, int *nodes,
    struct stw_err *err) STW_MUST_USE;

/* ---- env --------------------------------------------------------------------- */
struct env_var {
	const char *name;
	const struct rule_type *type;
};

struct env_length {
	const char *name;
	uint64_t length;
};

struct rule_env {
	struct arena *arena;
	struct env_length *lengths;
	int nlengths;
	struct env_var *vars;
	int nvars, vars_cap;
	struct rule_overload *fns;
	int nfns, fns_cap;
	const char *currency;
	const char *container; /* "" */
	bool unchecked;
	bool dotted; /* a variable has a dot in its name, or there is a container */
	bool dotted_functions; /* one of the host's has a dot in its name */
	bool (*segment_known)(void *host, struct str code);
	void *segment_host;
};

/* ---- overloads --------------------------------------------------------------- */
extern const struct rule_overload rule_fns_compare[];
extern const struct rule_overload rule_fns_number[];
extern const struct rule_overload rule_fns_string[];
extern const struct rule_overload rule_fns_convert[];
extern const struct rule_overload rule_fns_time[];
extern const struct rule_overload rule_fns_money[];
extern const struct rule_overload rule_fns_list[];
extern const struct rule_overload rule_fns_optional[];
extern const struct rule_overload rule_fns_math[];
extern const struct rule_overload rule_fns_format[];
#define RULE_FN(name)                                                                \
	void name(struct frame *f, const struct node *n, const struct rule_value *a, \
	    struct rule_value *out)
/* Their second argument is evaluated only when it is needed. */
RULE_FN(rule_fn_or_value);
RULE_FN(rule_fn_or);
/* Its pattern is compiled with the rule when it is constant. */
RULE_FN(rule_fn_matches);
/* The columnar executor has kernels for these. */
RULE_FN(rule_fn_list_size);
RULE_FN(rule_fn_list_sum);
RULE_FN(rule_fn_list_avg);
RULE_FN(rule_fn_list_min);
RULE_FN(rule_fn_list_max);
RULE_FN(rule_fn_has_value);
RULE_FN(rule_fn_days_since_date);
RULE_FN(rule_fn_days_until_date);
RULE_FN(rule_fn_in_segment);

struct overload_match {
	const struct rule_overload *fn;     /* NULL: dynamic */
	const struct rule_overload **cands; /* dynamic */
	int ncands;
	const struct rule_type *result;
};

/* The standard functions of one name, found by hash. */
struct overload_name {
	struct str name;
	const struct rule_overload *const *fns;
	int count;
	bool method, global; /* the styles there are */
};
const struct overload_name *overload_named(struct str name); /* NULL: none */

/* False: nothing fits. */
bool overload_find(const struct rule_env *env, struct arena *arena, struct str name,
    bool method, const struct rule_type *const *args, int nargs,
    struct overload_match *out);
/* Do these values fit? For dynamic calls. */
bool overload_fits(
    const struct rule_overload *fn, const struct rule_value *args, int nargs);
/* Calls visit(name, method) for each function, standard ones and the env's. */
void overload_each(const struct rule_env *env,
    void (*visit)(void *arg, const char *name, bool method), void *arg);

/* Checks types, resolves names, folds constants, sets node->eval. */
enum stw_code rule_check(const struct rule_env *env, struct rule *rule,
    const struct rule_type *want, struct arena *arena,
    struct stw_err *err) STW_MUST_USE;
/* Estimates the cost of a checked rule; too much is an error of the rule. */
enum stw_code rule_cost_check(const struct rule_env *env, struct rule *rule,
    const struct rule_limits *limits, struct stw_err *err) STW_MUST_USE;
/* "; write double(x) * y" to follow the message that nothing fits n's arguments, or "". */
const char *rule_hint(struct arena *arena, struct str text, const struct node *n);
/* The function that makes a `to` out of a `from`, NULL when there is none that helps. */
const char *rule_conversion(enum rule_kind from, enum rule_kind to);
/* Slips from other languages and keyboards (rule_slip.c): hints that begin with "; ". */
/* What to write for a character that looks like another one; NULL: not known. */
const char *slip_character(uint32_t cp, char plain[4]);
/* For the character at `at`, which no token begins with: = & | ; # and 50 wan. */
const char *slip_at(struct arena *arena, struct str text, size_t at);
/* For a letter behind a number: 30d, 5k. */
const char *slip_suffix(struct arena *arena, struct str text, size_t at);
/* For a token where something else was expected: and, is null, <>, 5%. */
const char *slip_token(struct arena *arena, struct str text, size_t start, size_t end);
/* For a name that is not known: NULL, None. */
const char *slip_name(struct str name);
/* For functions of other languages: len(x), isnull(x). */
const char *slip_function(struct str name);
/* For an amount in Chinese units: "50 wan" in money(). */
const char *slip_amount(struct arena *arena, struct str text);
/* The part of the rule's text that the node was written as. */
struct str node_text(struct str text, const struct node *n);
/* The nearest of the names offered, within a typing error or two. */
struct nearest {
	struct str wanted;
	const char *best;
	size_t distance;
};
void nearest_offer(struct nearest *nearest, const char *name);

/* ---- evaluation -------------------------------------------------------------- */
struct frame {
	const struct rule_eval_ctx *ctx;
	const struct rule *rule;
	struct arena *arena;
	struct rule_value *locals;
	struct explain *explain; /* NULL unless explaining */
	long steps;              /* left */
	size_t bytes;            /* left */
	bool today_known;
	stw_day today;
};

struct explain {
	struct rule_explain_node *nodes;
	int count, cap, depth;
};

void explain_eval(struct frame *f, const struct node *n, struct rule_value *out);

static inline void
node_eval(struct frame *f, const struct node *n, struct rule_value *out)
{
	if (__builtin_expect(f->explain != NULL, 0))
		explain_eval(f, n, out);
	else
		n->eval(f, n, out);
}

/* The evaluator of macros (rule_fold.c). */
void node_eval_fold(struct frame *f, const struct node *n, struct rule_value *out);
/* Calls the function of a CALL node; args are known values. */
void node_apply(struct frame *f, const struct node *n, const struct rule_value *args,
    struct rule_value *out);
/* The evaluator for a checked node. */
node_fn node_evaluator(const struct node *n);
void frame_init(struct frame *f, const struct rule *rule,
    const struct rule_eval_ctx *ctx, struct rule_value locals[RULE_MAX_LOCALS]);
/* NULL with *out an error when the evaluation may not have that much. */
void *frame_alloc(struct frame *f, const struct node *n, size_t count, size_t size,
    struct rule_value *out);
stw_day frame_today(struct frame *f);
stw_day frame_day(const struct frame *f, stw_usec at); /* local day */
struct zone_local frame_local(const struct frame *f, stw_usec at);

void value_fail(struct rule_value *out, const struct node *n, const char *text);
void value_failf(struct frame *f, struct rule_value *out, const struct node *n,
    const char *fmt, ...) STW_PRINTF(4, 5);
void value_missing(struct rule_value *out, const struct node *n, const char *text);
/* optional.of(*v), or none for NULL. */
void value_optional(struct frame *f, const struct node *n, const struct rule_value *v,
    struct rule_value *out);

static inline bool
value_is_error(const struct rule_value *v)
{
	return v->kind == RULE_V_ERROR;
}

/* 1 equal, 0 not, -1 cannot be compared (currencies). */
int value_equal(const struct rule_value *a, const struct rule_value *b);
/* False when there is no order between them; *order is -2 for NaN. */
bool value_order(const struct rule_value *a, const struct rule_value *b, int *order);
void list_get(const struct rule_list *list, size_t i, struct rule_value *out);
/* NULL: not there. */
const struct rule_value *map_find(
    const struct rule_map *map, const struct rule_value *key);
enum rule_value_kind value_kind_of(enum rule_kind kind); /* of a basic type */
/* The kind of a column's values, and its value for a whole number: of STRING the code's
 * string; not of DOUBLE. */
enum rule_kind column_kind(enum col_type type);
void column_cell(const struct column *col, int64_t v, struct rule_value *out);
const char *value_type_name(const struct rule_value *v);
bool value_fits_type(const struct rule_value *v, const struct rule_type *type);

/* ---- helpers of several files ------------------------------------------------ */
/* minor * factor, factor taken as its shortest decimal, halves to even. */
struct decimal {
	int64_t digits;
	int exp10;
};
bool decimal_of(double d, struct decimal *out); /* false: not finite */
bool money_scale(int64_t minor, struct decimal by, int64_t *out);
bool money_divide(int64_t minor, int64_t by, int64_t *out); /* by != 0 */
/* Wide enough for a product of two int64 and for the sum of any list. */
__extension__ typedef __int128 stw_wide;
bool wide_fits(stw_wide v, int64_t *out);
stw_wide divide_half_even(stw_wide n, stw_wide d);

/* The shortest text that reads back as d: "0.7", "1e+300". */
void double_format(double d, struct buf *to);
/* Set out->kind, i and nsec; false: no such text, or out of range. */
bool duration_parse(struct str text, struct rule_value *out);
bool timestamp_parse(struct str text, struct rule_value *out);
void duration_format(const struct rule_value *v, struct buf *to);
void timestamp_format(const struct rule_value *v, struct buf *to);

/* A timestamp or duration out of nanoseconds, rounded down to microseconds and a rest. */
static inline void
value_set_nsec(struct rule_value *v, stw_wide nsec)
{
	stw_wide usec = nsec / NSEC_PER_USEC;

	if (nsec % NSEC_PER_USEC < 0)
		usec--;
	v->i = (int64_t)usec;
	v->nsec = (int32_t)(nsec - usec * NSEC_PER_USEC);
}

static inline stw_wide
value_nsec(const struct rule_value *v)
{
	return (stw_wide)v->i * NSEC_PER_USEC + v->nsec;
}

/* UTF-8: the code point at *at, which moves on; a bad byte counts as one U+FFFD. */
uint32_t utf8_next(struct str s, size_t *at);
size_t utf8_put(uint32_t cp, char to[4]);
size_t utf8_count(struct str s);
int utf8_cells(struct str s); /* columns of a terminal */

/* bucket(): first 8 bytes of SHA-256(salt, NUL, key) as a big-endian number, mod n. */
int64_t bucket_of(struct str key, struct str salt, int64_t n);

#define TIMESTAMP_MIN (TABLE_DAY_MIN * STW_USEC_DAY)
#define TIMESTAMP_MAX ((TABLE_DAY_MAX + 1) * STW_USEC_DAY - 1)

#endif
