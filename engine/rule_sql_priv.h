/*
 * rule_sql_priv.h - what the files of the SQL executor share.
 *
 * Purpose    A node of the checked tree becomes a struct sx: SQL text that is NULL where
 *            the node is undecided and never raises. The writers are in rule_sql_expr.c
 *            (leaves, logic, choice), rule_sql_number.c (comparison, int, uint, double,
 *            conversions), rule_sql_time.c, rule_sql_text.c (strings, money, bucket) and
 *            rule_sql_list.c (macros and aggregates over child tables).
 * Errors     The first refusal sticks in the writer; what is written after it is never
 *            seen, so the writers need not look.
 */
#ifndef STW_ENGINE_RULE_SQL_PRIV_H
#define STW_ENGINE_RULE_SQL_PRIV_H

#include "engine/rule_priv.h"
#include "engine/rule_sql.h"

#define SQL_MAX_TEXT   ((size_t)1 << 20) /* of all parts together */
#define SQL_MAX_PARAMS 20000

/* A written expression. */
struct sx {
	const char *text; /* NULL: a constant that was not written yet */
	enum rule_kind kind;
	char currency[4];
	bool simple;   /* a column or a parameter: may be written twice */
	bool native;   /* TIMESTAMP as timestamptz; otherwise bigint microseconds */
	bool constant; /* value is what it is; RULE_V_ERROR: undecided */
	struct rule_value value;
};

/* What a macro's variable stands for. */
struct sql_local {
	const struct rule_sql_table *table; /* NULL: a scalar */
	const char *alias;
	struct sx scalar;
};

struct sql {
	const struct rule
	    *rule; /* the one being written; a derived trait's within it */
	const struct rule_sql_binding *binding;
	struct arena *arena;
	struct stw_err *err;
	enum stw_code rc; /* not OK: refused */
	struct rule_sql_param *params;
	int nparams, params_cap;
	int aliases; /* handed out */
	int derived; /* traits within traits */
	size_t written;
	struct sql_local locals[RULE_MAX_LOCALS];
};

/* ---- rule_sql_expr.c ----------------------------------------------------------- */
struct sx sql_expr(struct sql *q, const struct node *n);
/* The same of what must be bool. */
struct sx sql_condition(struct sql *q, const struct node *n);
/* Refuses, and then is false, a constant that PostgreSQL has no value for. */
bool sql_sayable(struct sql *q, const struct node *n, const struct rule_value *v);

/* ---- rule_sql.c ---------------------------------------------------------------- */
/* "SQL cannot say WHAT: WHY", at the node. */
struct sx sql_refuse(
    struct sql *q, const struct node *n, const char *what, const char *why);
/* The same for the function of a call. */
struct sx sql_refuse_call(struct sql *q, const struct node *n, const char *why);
struct sx sql_refuse_type(
    struct sql *q, const struct node *n, const struct rule_type *type);
/* The SQL type of values of a kind; NULL: none. */
const char *sql_type(enum rule_kind kind);
/* The template with #1 ... #9 replaced by the texts. */
const char *sql_fill(struct sql *q, const char *template, const char *const *texts);
/* A new expression from a template over the arguments, each of which it may name more
 * than once: those that are not simple are worked out once, in a sub-select. */
struct sx sql_make(struct sql *q, enum rule_kind kind, const char *template,
    const struct sx *args, int nargs);
struct sx sql_make1(
    struct sql *q, enum rule_kind kind, const char *template, struct sx a);
struct sx sql_make2(
    struct sql *q, enum rule_kind kind, const char *template, struct sx a, struct sx b);
/* The text of an expression; a constant becomes a parameter of its SQL type. */
const char *sql_text(struct sql *q, const struct sx *x);
/* A parameter: "$3::bigint". */
struct sx sql_param(struct sql *q, enum rule_kind kind, const struct rule_value *value,
    const char *type);
struct sx sql_constant(enum rule_kind kind, struct rule_value value);
/* Undecided for every row. */
struct sx sql_undecided(enum rule_kind kind);
bool sql_known(const struct sx *x); /* a constant that is not undecided */
const char *sql_alias(struct sql *q, char letter);

/* Within its range or NULL; x is numeric and is written once. */
#define SQL_WITHIN(x, below, above)                                              \
	"NULLIF(NULLIF(LEAST(GREATEST(" x ", " below "), " above "), " below ")" \
	", " above ")"
#define SQL_INT(x) \
	SQL_WITHIN(x, "-9223372036854775809", "9223372036854775808") "::bigint"

/* A duration: what fits into 64 bits of nanoseconds, in microseconds. */
#define SQL_SPAN(x) SQL_WITHIN(x, "-9223372036854776", "9223372036854776") "::bigint"

/* ---- the others: false when the function is not theirs ---------------------------- */
bool sql_number_call(
    struct sql *q, const struct node *n, const struct sx *args, struct sx *out);
bool sql_time_call(
    struct sql *q, const struct node *n, const struct sx *args, struct sx *out);
bool sql_text_call(
    struct sql *q, const struct node *n, const struct sx *args, struct sx *out);
bool sql_money_call(
    struct sql *q, const struct node *n, const struct sx *args, struct sx *out);
struct sx sql_compare(struct sql *q, const struct node *n, const char *op,
    const struct sx *a, const struct sx *b);
/* A timestamp as bigint microseconds. */
struct sx sql_usec(struct sql *q, struct sx t);
/* wide[0] / wide[1], both numeric (the divisor never 0), halves to the even one. */
struct sx sql_divide_half_even(
    struct sql *q, enum rule_kind kind, const struct sx wide[2]);
/* exists, all, exists_one. */
struct sx sql_fold(struct sql *q, const struct node *n);
/* size, sum, min ... of a list; `in` a list. */
bool sql_list_call(struct sql *q, const struct node *n, struct sx *out);

static inline bool
sql_is(const struct node *n, const char *name, int nargs)
{
	return n->nargs == nargs && str_eq_c(n->name, name);
}

#endif
