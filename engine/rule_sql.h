/*
 * rule_sql.h - one checked rule as a clause for PostgreSQL 15 and later.
 *
 * Purpose    The third executor. rule_sql writes a boolean SQL expression that is true,
 *            false or NULL for a row exactly where rule_eval says true, false or
 *            undecided for it. Text only: nothing here knows a connection.
 * Exactness  Every part of the clause is total: what PostgreSQL would raise an error
 *            for (overflow, division by zero, a date out of range) is NULL there, so
 *            that it may evaluate the parts in any order. What SQL cannot say exactly
 *            is refused by name. Limits on the steps and the memory of one evaluation
 *            are the interpreter's own.
 * Text       Only SQL's own words, identifiers of the binding and $1, $2 ... get into
 *            the text; a value of the rule, the clock or the zone never does.
 * Clock      What depends on now and today alone is worked out when the text is made
 *            and travels as a parameter: make the text for each evaluation.
 * Schema     UTF8 database; columns of text have one deterministic collation, whichever
 *            (they do unless somebody says otherwise); extra_float_digits is 1 or more.
 * Ownership  Everything made lives in the arena; the binding is borrowed for the call.
 * Errors     INVALID with line and column: "SQL cannot say matches(): ...".
 * Threads    Any.
 */
#ifndef STW_ENGINE_RULE_SQL_H
#define STW_ENGINE_RULE_SQL_H

#include "engine/rule.h"

/* A value that stands in a row of its own beside the row: of the row's keys, and with a
 * name in one of its columns. */
struct rule_sql_beside {
	const char *table, *name_column;
	const char *name;   /* travels as a parameter */
	const char *column; /* the value, typed as any column */
};

/* Where a field of a record stands; one of column, beside, derived and refused is set. */
struct rule_sql_field {
	const char *column;
	const struct rule_sql_beside *beside; /* of the row only, not of children */
	/* A rule of the same env, of whatever type the field has; undecided: missing. */
	const struct rule *derived;
	const char *refused; /* why SQL does not have it, e.g. "it is sealed" */
	/* DATE: the table keeps it within the years 1 to 9999. Otherwise other days are
	 * missing, as in an engine table, which costs the use of an index. */
	bool bounded;
	char currency[4]; /* MONEY: of the whole column, which holds minor units */
};

/* Types in SQL: bool boolean, int any integer, double float8, string text, date date,
 * timestamp timestamptz, money any integer. */
struct rule_sql_table {
	const char *name;
	const char *const
	    *keys; /* child: columns equal to the row's of the same names */
	int nkeys;
	const struct rule_sql_field *fields; /* in the order of the record's fields */
	int nfields;
};

enum rule_sql_slot_kind {
	RULE_SQL_CONSTANT = 0,
	RULE_SQL_ROW,   /* the row; fields past nfields are the child tables in order */
	RULE_SQL_CHILD, /* the row's list of children */
};

struct rule_sql_slot {
	enum rule_sql_slot_kind kind;
	int child;
	struct rule_value constant;
};

/* `x in segment("code")`: a row with that code and that member. Of a segment that is not
 * known(host, code) every member is undecided; known NULL: all are. */
struct rule_sql_members {
	const char *table, *code, *member;
	bool (*known)(void *host, const char *code);
	void *host;
};

struct rule_sql_binding {
	const char *alias; /* of the row's table in the statement around the clause */
	const struct rule_sql_table *row;
	const struct rule_sql_table *children;
	int nchildren;
	const struct rule_sql_slot *slots; /* one a slot of the env */
	int nslots;
	const struct rule_sql_members *members; /* NULL: segments are refused */
	stw_usec now;
	const struct zone *zone; /* NULL: UTC */
};

/* value: BOOL, INT, DOUBLE, STRING, DATE, TIMESTAMP or a LIST of INT. type is what the
 * text casts it to; a STRING with type "numeric" is a number's digits. */
struct rule_sql_param {
	struct rule_value value;
	const char *type;
};

struct rule_sql {
	const char *text;
	const struct rule_sql_param *params; /* params[0] is $first_param */
	int nparams;
};

/* first_param: 1 unless the statement has parameters before the clause's. */
enum stw_code rule_sql(const struct rule *rule, const struct rule_sql_binding *binding,
    int first_param, struct arena *arena, struct rule_sql *out,
    struct stw_err *err) STW_MUST_USE;

#endif
