/*
 * rule.h - the rule language (CEL) as the other rooms use it.
 *
 * Purpose    Declare what a rule may speak of (rule_env), turn text into a checked
 *            rule once (rule_compile), evaluate it for one case (rule_eval), explain
 *            it (rule_explain) or run it over a whole table (engine/rule_columns.h).
 * Missing    A field without a value makes the sub-expression an *unknown of kind
 *            missing*: absorbed by && and || where the other side decides, otherwise
 *            the rule's result is RULE_V_ERROR with missing set: undecided, which is
 *            not a match. Real errors (overflow, bad conversion, currency mismatch)
 *            travel the same way with missing clear and a message.
 * Units      int/uint 64 bit; timestamp and duration microseconds and, where a literal
 *            or a host says so, nanoseconds beyond them; date stw_day; money int64 minor
 *            units and an ISO 4217 code. See docs/rules.md.
 * Ownership  A rule and its env belong to the arena they were made in. Values borrow
 *            from the activation, from the rule's arena or from the eval arena.
 * Errors     STW_INVALID with line and column and a text that says how to mend it.
 * Threads    A compiled rule is immutable; any number of threads may evaluate it, each
 *            with its own arena.
 */
#ifndef STW_ENGINE_RULE_H
#define STW_ENGINE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/table.h"
#include "engine/time.h"
#include "engine/zone.h"

/* ---- types ---------------------------------------------------------------- */
enum rule_kind {
	RULE_ERROR_T = 0, /* no type: the safe zero */
	RULE_DYN,
	RULE_BOOL,
	RULE_INT,
	RULE_UINT,
	RULE_DOUBLE,
	RULE_STRING,
	RULE_BYTES,
	RULE_NULL,
	RULE_TIMESTAMP,
	RULE_DURATION,
	RULE_DATE,
	RULE_MONEY,
	RULE_TYPE,
	RULE_LIST,     /* of elem */
	RULE_MAP,      /* of key, elem */
	RULE_OBJECT,   /* named record with typed fields, or an abstract type */
	RULE_SET,      /* what segment("x") gives: only `in` works on it */
	RULE_OPTIONAL, /* of elem */
};

struct rule_type; /* immutable; compare with rule_type_eq */

struct rule_field {
	const char *name;
	const struct rule_type *type;
};

const struct rule_type *rule_type_basic(enum rule_kind kind); /* static */
const struct rule_type *rule_type_list(
    struct arena *arena, const struct rule_type *elem);
const struct rule_type *rule_type_map(
    struct arena *arena, const struct rule_type *key, const struct rule_type *elem);
/* Fields are copied; a field's index is its place here. */
const struct rule_type *rule_type_object(struct arena *arena, const char *name,
    const struct rule_field *fields, int nfields);
enum rule_kind rule_type_kind(const struct rule_type *type);
int rule_type_field(const struct rule_type *type, const char *name); /* -1: none */
/* The reverse of rule_type_text for all but records: "map(string, list(int))". A single
 * capital is a type parameter (of rule_env_function), any other unknown word an abstract
 * type, which may have parameters: "tuple(A, B)". */
enum stw_code rule_type_parse(struct str text, struct arena *arena,
    const struct rule_type **out, struct stw_err *err) STW_MUST_USE;
/* "list(Holding)" */
const char *rule_type_text(const struct rule_type *type, struct arena *arena);

/* ---- values --------------------------------------------------------------- */
enum rule_value_kind {
	RULE_V_ERROR = 0, /* missing or failed: undecided, never a match */
	RULE_V_BOOL,
	RULE_V_INT,
	RULE_V_UINT,
	RULE_V_DOUBLE,
	RULE_V_STRING,
	RULE_V_BYTES,
	RULE_V_NULL,
	RULE_V_TIMESTAMP,
	RULE_V_DURATION,
	RULE_V_DATE,
	RULE_V_MONEY,
	RULE_V_TYPE,
	RULE_V_LIST,
	RULE_V_MAP,
	RULE_V_OBJECT,
	RULE_V_SET,
	RULE_V_OPTIONAL,
};

struct rule_value;
struct rule_eval_ctx;

/* How the engine reads a record it does not own (a row, a struct, a CSV line). */
struct rule_object_ops {
	/* Sets *out; a field without a value is rule_missing(). */
	void (*get)(const void *obj, size_t row, int field, struct arena *arena,
	    struct rule_value *out);
	/* The number of a field by name, -1: none; for records in a dyn. May be NULL. */
	int (*find)(const void *obj, struct str name);
};

/* A list that is read in place (child rows); NULL ops: items[] holds the values. */
struct rule_list {
	size_t count;
	const struct rule_value *items;
	const struct rule_object_ops *ops; /* elements are objects (obj, first + i) */
	const void *obj;
	size_t first;
};

struct rule_map_entry; /* key, value */
struct rule_map {
	size_t count;
	const struct rule_map_entry *entries;
};

struct rule_value {
	enum rule_value_kind kind;
	/* TIMESTAMP, DURATION: 0-999 beyond i, always set; columns have none. */
	int32_t nsec;
	union {
		bool b;
		int64_t
		    i; /* INT, TIMESTAMP and DURATION (usec, rounded down), DATE (day) */
		uint64_t u;
		double d;
		struct str s; /* STRING, BYTES; TYPE: its name */
		struct {
			int64_t minor;
			char currency[4];
		} money;
		struct rule_list list;
		struct rule_map map;
		struct {
			const struct rule_object_ops *ops;
			const void *obj;
			size_t row;
		} object;
		struct {
			const char *name; /* SET: the segment's code */
		} set;
		const struct rule_value *opt; /* OPTIONAL; NULL: none */
		struct {
			bool missing;     /* a trait without a value, not a failure */
			const char *text; /* e.g. "customer.dob has no value" */
			int line, column;
		} error;
	};
};

struct rule_map_entry {
	struct rule_value key, value;
};

struct rule_value rule_missing(void);
struct rule_value rule_bool(bool b);
struct rule_value rule_int(int64_t i);
struct rule_value rule_double(double d);
struct rule_value rule_string(struct str s);
struct rule_value rule_date(stw_day day);
struct rule_value rule_timestamp(stw_usec at);
struct rule_value rule_duration(stw_usec usec);
struct rule_value rule_money(int64_t minor, const char *currency);
struct rule_value rule_list_of(const struct rule_value *items, size_t count);
/* Row `row` of a table as an object whose fields are its columns, then its children. */
struct rule_value rule_row(const struct table *table, size_t row);
/* Child rows [offsets[row], offsets[row+1]) of table->children[child] as a list. */
struct rule_value rule_children(const struct table *table, int child, size_t row);
/* Printed as the language would write it; strings past 200 bytes are cut, lists past
 * ten elements. */
void rule_value_print(const struct rule_value *v, struct buf *to);
/* The canonical literal type of a table: columns and children become fields. */
const struct rule_type *rule_type_of_table(
    struct arena *arena, const struct table *table, const char *name);

/* ---- what a rule may speak of ---------------------------------------------- */
struct rule_env;

struct rule_env *rule_env_new(struct arena *arena);
/* Slot numbers count from 0 in the order of declaration. `now` (timestamp) and `today`
 * (date) are always there and are not slots. */
int rule_env_var(struct rule_env *env, const char *name, const struct rule_type *type);
/* A function of the host, beside the standard ones: lookup("owner", key) and the like.
 * args may hold RULE_DYN and type parameters. fn gets checked, known arguments; it sets
 * *out, an error with its text in the arena. NULL: calling it fails. */
typedef void (*rule_host_fn)(void *host, const struct rule_value *args, int nargs,
    struct arena *arena, struct rule_value *out);
void rule_env_function(struct rule_env *env, const char *name,
    const struct rule_type *const *args, int nargs, const struct rule_type *result,
    rule_host_fn fn);
/* segment("x") is accepted only when known(host, "x") says so. */
void rule_env_segments(
    struct rule_env *env, bool (*known)(void *host, struct str code), void *host);
/* How many elements a list usually has, a variable or a field of this name: for the
 * estimate of what a rule costs (engine/rule_cost.h). */
void rule_env_length(struct rule_env *env, const char *name, uint64_t length);
/* The currency of money("100") and of the sum of no amounts; "CNY" unless set. */
void rule_env_currency(struct rule_env *env, const char *currency);
/* Names are looked for inside this namespace first: with "a.b", x is a.b.x, a.x or x. */
void rule_env_container(struct rule_env *env, const char *container);
/* What the checker would refuse becomes an error of the evaluation, as CEL has it for
 * expressions that nobody checked. Syntax is checked all the same. */
void rule_env_unchecked(struct rule_env *env);

/* ---- compile --------------------------------------------------------------- */
struct rule; /* parsed, checked, with its text */

struct rule_limits {
	size_t max_text; /* bytes, default 16 KiB */
	int max_depth;   /* nesting, default 64 */
	int max_nodes;   /* default 4096 */
	int max_regexes; /* 0: the default, 64 */
	/* Steps a row by the estimate of engine/rule_cost.h; 0: the default, 100 million. */
	uint64_t max_cost;
};

/* want: the result type asked for, or NULL for any. limits may be NULL. */
enum stw_code rule_compile(const struct rule_env *env, struct str text,
    const struct rule_type *want, const struct rule_limits *limits, struct arena *arena,
    struct rule **out, struct stw_err *err) STW_MUST_USE;
const struct rule_type *rule_result_type(const struct rule *rule);
struct str rule_text(const struct rule *rule);
/* Codes named by segment("..."), each once, for ordering; returns how many. */
int rule_segments(const struct rule *rule, const char *const **codes);
/* The fields of typed records that the rule reads, each once, in the order of the text;
 * the array is in the arena, the names belong to the types. Returns how many. */
struct rule_field_use {
	const char *record; /* "Customer" */
	const char *field;
};
int rule_fields(
    const struct rule *rule, struct arena *arena, const struct rule_field_use **out);

/* Three lines: the line, a caret under the column, the message. For terminals. */
void rule_error_print(struct str text, const struct stw_err *err, struct buf *to);

/* ---- evaluate one case ------------------------------------------------------ */
struct rule_eval_ctx {
	const struct rule_value *vars; /* one a slot */
	stw_usec now;
	const struct zone *zone; /* for today and calendar functions */
	struct arena *arena;     /* for lists and strings the rule makes */
	void *host;              /* handed to host functions */
	/* ref in segment(code)? NULL: no segments here. */
	bool (*in_segment)(
	    void *host, const char *code, const struct rule_value *member, bool *known);
};

struct rule_value rule_eval(const struct rule *rule, const struct rule_eval_ctx *ctx);
/* True only for a known true. *undecided (may be NULL): the result was an error. */
bool rule_eval_bool(
    const struct rule *rule, const struct rule_eval_ctx *ctx, bool *undecided);

/* ---- explain ---------------------------------------------------------------- */
/* Every sub-expression that was evaluated, in the order of the text, depth first. */
struct rule_explain_node {
	int depth;
	int line, column;
	struct str text;         /* the sub-expression as written */
	struct rule_value value; /* also errors and missing */
};

struct rule_explanation {
	struct rule_value result;
	struct rule_explain_node *nodes;
	int count;
};

void rule_explain(const struct rule *rule, const struct rule_eval_ctx *ctx,
    struct rule_explanation *out);

#endif
