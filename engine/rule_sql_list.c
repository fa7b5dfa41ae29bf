/*
 * Macros and aggregates over child tables as correlated sub-selects. A list is an error
 * as soon as a filter or a value of one element is undecided, so each element is written
 * as two columns: k, is it kept (NULL: undecided), and v, its value.
 */
#include <string.h>

#include "engine/rule_sql_priv.h"

struct list {
	const struct rule_sql_table *table;
	const char *from;  /* "holding AS c1 WHERE c1.customer_id = r.customer_id" */
	const char *alias; /* "c1" */
	const char *keep;  /* NULL: every element */
	bool mapped;
	struct sx value; /* mapped: the element's value */
};

/* ---- opening a list ----------------------------------------------------------------------- */
static bool
open_children(struct sql *q, const struct node *n, struct list *list)
{
	const struct rule_sql_binding *b = q->binding;
	const struct node *of = n->kind == NODE_SELECT ? n->args[0] : n;
	const struct rule_sql_slot *slot;
	struct buf from;
	int child;

	if (of->kind != NODE_VAR || of->slot >= b->nslots)
		return false;
	slot = &b->slots[of->slot];
	if (n->kind == NODE_SELECT && n->mode == SELECT_PLAIN &&
	    slot->kind == RULE_SQL_ROW)
		child = n->field - b->row->nfields;
	else if (n->kind == NODE_VAR && slot->kind == RULE_SQL_CHILD)
		child = slot->child;
	else
		return false;
	if (child < 0 || child >= b->nchildren)
		return false;
	list->table = &b->children[child];
	list->alias = sql_alias(q, 'c');
	buf_init(&from);
	buf_printf(&from, "%s AS %s", list->table->name, list->alias);
	for (int i = 0; i < list->table->nkeys; i++)
		buf_printf(&from, "%s%s.%s = %s.%s", i == 0 ? " WHERE " : " AND ",
		    list->alias, list->table->keys[i], b->alias, list->table->keys[i]);
	list->from = arena_strndup(q->arena, from.data, from.len);
	buf_fini(&from);
	return true;
}

static void
bind_element(struct sql *q, const struct node *n, const struct list *list)
{
	q->locals[n->slot] = (struct sql_local){
	    .table = list->mapped ? NULL : list->table,
	    .alias = list->alias,
	    .scalar = list->value,
	};
}

/* One more condition: undecided where it or a value before it is. */
static void
keep_if(struct sql *q, struct list *list, const char *condition)
{
	const char *parts[] = {
	    list->keep, condition, list->mapped ? sql_text(q, &list->value) : NULL};

	if (list->mapped)
		parts[1] = sql_fill(q, "(CASE WHEN #3 IS NOT NULL THEN #2 END)", parts);
	if (list->keep != NULL)
		parts[1] = sql_fill(
		    q, "(CASE #1 WHEN TRUE THEN #2 WHEN FALSE THEN FALSE END)", parts);
	list->keep = parts[1];
}

/* False with the refusal made: not a list of children, filtered and mapped. */
static bool
open_list(struct sql *q, const struct node *n, struct list *list)
{
	struct sx x;

	*list = (struct list){0};
	if (open_children(q, n, list))
		return true;
	if (n->kind != NODE_FOLD || (n->fold != FOLD_FILTER && n->fold != FOLD_MAP)) {
		(void)sql_refuse(q, n, "this list",
		    "only the rows of a child table, filtered and mapped, are one");
		return false;
	}
	if (!open_list(q, n->args[0], list))
		return false;
	bind_element(q, n, list);
	if (n->args[1] != NULL) {
		x = sql_condition(q, n->args[1]);
		keep_if(q, list, sql_text(q, &x));
	}
	if (n->fold == FOLD_FILTER || n->args[2] == NULL)
		return q->rc == STW_OK;
	x = sql_expr(q, n->args[2]);
	if (list->mapped)
		keep_if(q, list, "TRUE");
	list->mapped = true;
	list->value = x;
	return q->rc == STW_OK;
}

/* ---- closing it ------------------------------------------------------------------------------ */
/* A sub-select over the elements: `answer` names s.k and s.v as #1.k and #1.v. */
static struct sx
over_list(struct sql *q, const struct list *list, const char *value,
    enum rule_kind kind, const char *answer)
{
	const char *alias = sql_alias(q, 's');
	const char *parts[] = {sql_fill(q, answer, &alias),
	    list->keep == NULL ? "TRUE" : list->keep, value, list->from, alias};
	struct sx out = {.kind = kind};

	out.text = sql_fill(q,
	    "(SELECT #1 FROM (SELECT #2 AS k, #3 AS v FROM #4 OFFSET 0) AS #5)", parts);
	return out;
}

/* Every filter is decided; and every value of what is kept. */
#define DECIDED "count(*) = count(#1.k)"
#define VALUES  "count(*) FILTER (WHERE #1.k) = count(#1.v) FILTER (WHERE #1.k)"

static const char *
element_text(struct sql *q, const struct list *list)
{
	return list->mapped ? sql_text(q, &list->value) : "TRUE";
}

/* ---- exists, all, exists_one -------------------------------------------------------------------- */
/* Without filters: the greatest of true 2, undecided 1, false 0; no row is false. The test
 * stands in a sub-select, because an aggregate of nothing but outer columns would be one
 * of the outer query. */
static struct sx
plain_exists(struct sql *q, const struct list *list, const char *test, bool all)
{
	const char *parts[] = {test, list->from, sql_alias(q, 's')};
	struct sx out = {.kind = RULE_BOOL};

	out.text = sql_fill(q,
	    all ? "(CASE (SELECT min(#3.v) FROM (SELECT CASE #1 WHEN TRUE THEN 2 WHEN "
		  "FALSE THEN 0 ELSE 1 END AS v FROM #2) AS #3) WHEN 0 THEN FALSE WHEN 1 "
		  "THEN NULL ELSE TRUE END)"
		: "(CASE (SELECT max(#3.v) FROM (SELECT CASE #1 WHEN TRUE THEN 2 WHEN "
		  "FALSE THEN 0 ELSE 1 END AS v FROM #2) AS #3) WHEN 2 THEN TRUE WHEN 1 "
		  "THEN NULL ELSE FALSE END)",
	    parts);
	return out;
}

/* cel.bind(): the value stands wherever the variable is named. */
static struct sx
bound(struct sql *q, const struct node *n)
{
	struct sx value = sql_expr(q, n->args[0]);

	q->locals[n->slot] = (struct sql_local){.scalar = value};
	return sql_expr(q, n->args[2]);
}

struct sx
sql_fold(struct sql *q, const struct node *n)
{
	struct list list;
	const char *text;
	struct sx test;

	if (n->fold == FOLD_BIND)
		return bound(q, n);
	if (n->fold != FOLD_EXISTS && n->fold != FOLD_ALL && n->fold != FOLD_EXISTS_ONE)
		return sql_refuse(q, n, "this macro",
		    "only exists, all and exists_one of one variable are clauses");
	if (!open_list(q, n->args[0], &list))
		return sql_undecided(RULE_BOOL);
	bind_element(q, n, &list);
	test = sql_condition(q, n->args[1]);
	text = sql_text(q, &test);
	if (n->fold == FOLD_EXISTS_ONE) {
		keep_if(q, &list, "TRUE");
		return over_list(q, &list, text, RULE_BOOL,
		    "CASE WHEN " DECIDED " AND " VALUES
		    " THEN count(*) FILTER (WHERE #1.k AND #1.v) = 1 END");
	}
	if (list.keep == NULL && !list.mapped)
		return plain_exists(q, &list, text, n->fold == FOLD_ALL);
	/* A value of the list that is undecided makes the list so. */
	keep_if(q, &list, "TRUE");
	return over_list(q, &list, text, RULE_BOOL,
	    n->fold == FOLD_ALL ? "CASE WHEN " DECIDED
				  " THEN CASE WHEN bool_or(NOT #1.v) FILTER (WHERE "
				  "#1.k) THEN FALSE WHEN " VALUES " THEN TRUE END END"
				: "CASE WHEN " DECIDED
				  " THEN CASE WHEN bool_or(#1.v) FILTER (WHERE "
				  "#1.k) THEN TRUE WHEN " VALUES " THEN FALSE END END");
}

/* ---- aggregates -------------------------------------------------------------------------------------- */
static struct sx
size_of(struct sql *q, struct list *list)
{
	struct sx out = {.kind = RULE_INT};
	const char *parts[] = {list->from};

	if (list->keep == NULL && !list->mapped) {
		out.text = sql_fill(q, "(SELECT count(*) FROM #1)", parts);
		return out;
	}
	return over_list(q, list, element_text(q, list), RULE_INT,
	    "CASE WHEN " DECIDED " AND " VALUES
	    " THEN count(*) FILTER (WHERE #1.k) END");
}

static bool
is_added(enum rule_kind kind)
{
	return kind == RULE_INT || kind == RULE_MONEY || kind == RULE_DURATION;
}

#define SUM "COALESCE(sum(#1.v) FILTER (WHERE #1.k), 0)"

static struct sx
sum_of(struct sql *q, const struct node *n, struct list *list)
{
	struct sx *v = &list->value;
	struct sx out;

	if (v->kind == RULE_DOUBLE)
		return sql_refuse_call(q, n,
		    "a sum of doubles depends on the order, which a child table has "
		    "not");
	if (!is_added(v->kind))
		return sql_refuse_call(
		    q, n, "only ints, durations and money are added");
	if (v->kind == RULE_MONEY && strcmp(v->currency, q->rule->currency) != 0)
		return sql_refuse_call(q, n,
		    arena_printf(q->arena,
			"the sum of nothing is in %s, that of the column in %s",
			q->rule->currency, v->currency));
	out = over_list(q, list, sql_text(q, v), v->kind,
	    v->kind == RULE_DURATION
		? "CASE WHEN " DECIDED " AND " VALUES " THEN " SQL_SPAN(SUM) " END"
		: "CASE WHEN " DECIDED " AND " VALUES " THEN " SQL_INT(SUM) " END");
	memcpy(out.currency, v->currency, 4);
	return out;
}

static struct sx
avg_of(struct sql *q, const struct node *n, struct list *list)
{
	struct sx *v = &list->value;
	struct sx wide[2], out;

	if (v->kind == RULE_INT)
		return over_list(q, list, sql_text(q, v), RULE_DOUBLE,
		    "CASE WHEN " DECIDED " AND " VALUES " THEN " SUM
		    "::float8 / NULLIF(count(*) FILTER (WHERE #1.k), 0)::float8 END");
	if (!is_added(v->kind))
		return sql_refuse_call(q, n,
		    v->kind == RULE_DOUBLE ? "a sum of doubles depends on the order, "
					     "which a child table has not"
					   : "only numbers and money have a mean");
	wide[0] = over_list(q, list, sql_text(q, v), RULE_UINT,
	    "CASE WHEN " DECIDED " AND " VALUES " THEN " SUM "::numeric END");
	wide[1] = over_list(q, list, "TRUE", RULE_UINT,
	    "NULLIF(count(*) FILTER (WHERE #1.k), 0)::numeric");
	out = sql_divide_half_even(q, v->kind, wide);
	memcpy(out.currency, v->currency, 4);
	return out;
}

static struct sx
extreme_of(struct sql *q, const struct node *n, struct list *list)
{
	bool least = str_eq_c(n->name, "min");
	struct sx *v = &list->value;
	struct sx out;

	if (v->kind == RULE_DOUBLE || v->kind == RULE_BOOL)
		return sql_refuse_call(q, n,
		    v->kind == RULE_BOOL ? "truth values have no least"
					 : "NaN has no place in the order of doubles");
	out = over_list(q, list, sql_text(q, v), v->kind,
	    v->kind == RULE_STRING
		? least ? "CASE WHEN " DECIDED " AND " VALUES
			  " THEN min(#1.v COLLATE \"C\") FILTER (WHERE #1.k) END"
			: "CASE WHEN " DECIDED " AND " VALUES
			  " THEN max(#1.v COLLATE \"C\") FILTER (WHERE #1.k) END"
	    : least ? "CASE WHEN " DECIDED " AND " VALUES
		      " THEN min(#1.v) FILTER (WHERE #1.k) END"
		    : "CASE WHEN " DECIDED " AND " VALUES
		      " THEN max(#1.v) FILTER (WHERE #1.k) END");
	out.native = v->native;
	memcpy(out.currency, v->currency, 4);
	return out;
}

/* ---- in ---------------------------------------------------------------------------------------------------- */
/* x in [a, b]: an undecided item makes the list so; a constant one has none. */
static struct sx
in_items(struct sql *q, const struct node *n, const struct sx *x,
    const struct sx *items, size_t count)
{
	struct buf any, known;
	const char *parts[3];
	struct sx out = {.kind = RULE_BOOL};
	bool open = false, foreign = false, hopeless = false;

	buf_init(&any);
	buf_init(&known);
	for (size_t i = 0; i < count; i++) {
		struct sx same = sql_compare(q, n, "==", x, &items[i]);

		hopeless |= items[i].constant && !sql_known(&items[i]);
		open |= !items[i].constant;
		foreign |= same.constant;
		if (!items[i].constant)
			buf_printf(&known, "%s%s IS NOT NULL",
			    known.len > 0 ? " AND " : "", sql_text(q, &items[i]));
		if (!same.constant)
			buf_printf(&any, "%s%s", any.len > 0 ? " OR " : "",
			    sql_text(q, &same));
	}
	parts[0] = any.len > 0 ? any.data : "FALSE";
	parts[1] = known.data;
	parts[2] = sql_text(q, x);
	if (foreign) /* equal to one, or an error: amounts in two currencies */
		parts[0] = sql_fill(q, "CASE WHEN #1 THEN TRUE END", parts);
	else if (any.len == 0)
		parts[0] =
		    sql_fill(q, "CASE WHEN #3 IS NOT NULL THEN FALSE END", parts);
	out.text = sql_fill(q, open ? "(CASE WHEN #2 THEN (#1) END)" : "(#1)", parts);
	buf_fini(&any);
	buf_fini(&known);
	return hopeless ? sql_undecided(RULE_BOOL) : out;
}

static enum rule_kind
kind_of(enum rule_value_kind kind)
{
	for (int k = RULE_BOOL; k <= RULE_OPTIONAL; k++) {
		if (value_kind_of((enum rule_kind)k) == kind)
			return (enum rule_kind)k;
	}
	return RULE_ERROR_T;
}

static struct sx
in_constant(struct sql *q, const struct node *n, const struct sx *x,
    const struct rule_list *list)
{
	struct sx *items = arena_array(q->arena, list->count + 1, sizeof *items);

	for (size_t i = 0; i < list->count; i++) {
		struct rule_value v;

		list_get(list, i, &v);
		if (!sql_sayable(q, n, &v))
			return sql_undecided(RULE_BOOL);
		items[i] = sql_constant(kind_of(v.kind), v);
	}
	return in_items(q, n, x, items, list->count);
}

static struct sx
in_rows(struct sql *q, const struct node *n, const struct sx *x, const struct node *of)
{
	struct list list;
	struct sx same, out;

	if (!open_list(q, of, &list))
		return sql_undecided(RULE_BOOL);
	if (!list.mapped)
		return sql_refuse_call(q, n, "rows are not compared with each other");
	same = sql_compare(q, n, "==", x, &list.value);
	if (same.constant)
		return sql_refuse_call(q, n, "the amounts are in different currencies");
	keep_if(q, &list, "TRUE");
	out = over_list(q, &list, sql_text(q, &same), RULE_BOOL,
	    "CASE WHEN " DECIDED " THEN COALESCE(bool_or(#1.v) FILTER (WHERE #1.k), "
	    "FALSE) END");
	return sql_make2(
	    q, RULE_BOOL, "(CASE WHEN #1 IS NOT NULL THEN #2 END)", *x, out);
}

static struct sx
in_list(struct sql *q, const struct node *n)
{
	const struct node *of = n->args[1];
	struct sx x = sql_expr(q, n->args[0]);
	struct sx items[64];
	struct sx set;

	if (of->kind == NODE_LIST && of->optional_args == 0 &&
	    (size_t)of->nargs <= STW_ARRAY_LEN(items)) {
		for (int i = 0; i < of->nargs; i++)
			items[i] = sql_expr(q, of->args[i]);
		return in_items(q, n, &x, items, (size_t)of->nargs);
	}
	if (of->kind == NODE_FOLD || of->kind == NODE_SELECT)
		return in_rows(q, n, &x, of);
	set = sql_expr(q, of);
	if (sql_known(&set) && set.value.kind == RULE_V_LIST)
		return in_constant(q, n, &x, &set.value.list);
	return sql_refuse_call(q, n, "the list must be constant or child rows");
}

bool
sql_list_call(struct sql *q, const struct node *n, struct sx *out)
{
	static const char *const names[] = {
	    "size", "count", "sum", "avg", "min", "max"};
	struct list list;

	if (sql_is(n, "in", 2) && n->args[1]->type->kind == RULE_LIST) {
		*out = in_list(q, n);
		return true;
	}
	if (n->nargs < 1 || n->args[0]->type->kind != RULE_LIST)
		return false;
	for (size_t i = 0; i < STW_ARRAY_LEN(names); i++) {
		if (!sql_is(n, names[i], 1))
			continue;
		*out = sql_undecided(n->type->kind);
		if (!open_list(q, n->args[0], &list))
			return true;
		if (i < 2)
			*out = size_of(q, &list);
		else if (!list.mapped)
			*out = sql_refuse_call(q, n, "rows have no order and no sum");
		else if (i == 2)
			*out = sum_of(q, n, &list);
		else if (i == 3)
			*out = avg_of(q, n, &list);
		else
			*out = extreme_of(q, n, &list);
		return true;
	}
	*out = sql_refuse_call(q, n, "a child table has no order of its own in SQL");
	return true;
}
