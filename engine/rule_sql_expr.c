/* A checked rule as SQL: leaves, fields, optionals, logic, choice and calls. */
#include <string.h>

#include "engine/rule_sql_priv.h"

#define DERIVED_MAX 16 /* traits that speak of traits */

/* ---- what the rows have no part in ------------------------------------------------------ */
static bool
is_fixed(const struct sql *q, const struct node *n)
{
	switch (n->kind) {
	case NODE_CONST:
		return true;
	case NODE_VAR:
		return n->slot < q->binding->nslots &&
		       q->binding->slots[n->slot].kind == RULE_SQL_CONSTANT;
	case NODE_CALL:
		if (n->fn == NULL || n->fn->host != NULL ||
		    n->fn->fn == rule_fn_in_segment)
			return false;
		break;
	case NODE_LOCAL:
	case NODE_IDENT:
		return false;
	case NODE_SELECT:
	case NODE_AND:
	case NODE_OR:
	case NODE_COND:
	case NODE_LIST:
	case NODE_MAP:
	case NODE_FOLD:
	default:
		break;
	}
	for (int i = 0; i < n->nargs; i++) {
		if (n->args[i] != NULL && !is_fixed(q, n->args[i]))
			return false;
	}
	return true;
}

static enum rule_kind
kind_of_value(const struct rule_value *v, const struct rule_type *type)
{
	for (int kind = RULE_BOOL; kind <= RULE_OPTIONAL; kind++) {
		if (value_kind_of((enum rule_kind)kind) == v->kind)
			return (enum rule_kind)kind;
	}
	return type->kind;
}

bool
sql_sayable(struct sql *q, const struct node *n, const struct rule_value *v)
{
	bool text = v->kind == RULE_V_STRING && v->s.len > 0;

	if (text && memchr(v->s.ptr, 0, v->s.len) != NULL)
		(void)sql_refuse(q, n, "a string with a NUL character",
		    "PostgreSQL's text has none");
	else if (text && !utf8_valid(v->s))
		(void)sql_refuse(
		    q, n, "a string that is not UTF-8", "PostgreSQL's text always is");
	else if ((v->kind == RULE_V_TIMESTAMP || v->kind == RULE_V_DURATION) &&
		 v->nsec != 0)
		(void)sql_refuse(q, n, "nanoseconds", "PostgreSQL counts microseconds");
	return q->rc == STW_OK;
}

/* now, today and what is computed from them: by the interpreter, once. */
static struct sx
fixed_value(struct sql *q, const struct node *n)
{
	struct rule_value locals[RULE_MAX_LOCALS] = {0};
	struct rule_value *vars =
	    arena_array(q->arena, (size_t)q->binding->nslots + 1, sizeof *vars);
	struct rule_eval_ctx ctx = {.vars = vars,
	    .now = q->binding->now,
	    .zone = q->binding->zone,
	    .arena = q->arena};
	struct rule_value v = {0};
	struct frame f;

	for (int i = 0; i < q->binding->nslots; i++)
		vars[i] = q->binding->slots[i].kind == RULE_SQL_CONSTANT
			      ? q->binding->slots[i].constant
			      : rule_missing();
	frame_init(&f, q->rule, &ctx, locals);
	node_eval(&f, n, &v);
	if (!sql_sayable(q, n, &v))
		return sql_undecided(n->type->kind);
	return sql_constant(kind_of_value(&v, n->type), v);
}

/* ---- fields -------------------------------------------------------------------------------- */
/* The value of a row beside the row, or NULL: there is at most one. */
static const char *
beside_text(struct sql *q, const struct rule_sql_beside *beside)
{
	const struct rule_sql_binding *b = q->binding;
	const struct rule_value name = rule_string(str_of(beside->name));
	const char *alias = sql_alias(q, 'b'), *made;
	struct buf text;

	buf_init(&text);
	buf_printf(&text, "(SELECT %s.%s FROM %s AS %s WHERE ", alias, beside->column,
	    beside->table, alias);
	for (int i = 0; i < b->row->nkeys; i++)
		buf_printf(&text, "%s.%s = %s.%s AND ", alias, b->row->keys[i],
		    b->alias, b->row->keys[i]);
	buf_printf(&text, "%s.%s = %s)", alias, beside->name_column,
	    sql_param(q, RULE_STRING, &name, "text").text);
	made = arena_strndup(q->arena, text.data, text.len);
	buf_fini(&text);
	return made;
}

/* text: the column, or what stands for it. */
static struct sx
column_of(struct sql *q, const struct node *n, const struct rule_sql_field *field,
    const char *text)
{
	const char *parts[] = {text};
	struct sx x = {.kind = n->type->kind, .simple = field->beside == NULL};

	if (x.kind == RULE_OPTIONAL && n->mode == SELECT_OPTIONAL)
		x.kind = n->type->elem->kind;
	/* A field has a type of a column: those that have one here but these. */
	if (sql_type(x.kind) == NULL || x.kind == RULE_UINT || x.kind == RULE_DURATION)
		return sql_refuse_type(q, n, n->type);
	memcpy(x.currency, field->currency, 4);
	x.native = x.kind == RULE_TIMESTAMP;
	if (x.kind == RULE_INT || x.kind == RULE_MONEY)
		x.text = sql_fill(q, "#1::bigint", parts);
	else if (x.kind == RULE_DATE && !field->bounded)
		x.text = sql_fill(q,
		    "(CASE WHEN #1 BETWEEN DATE '0001-01-01' AND "
		    "DATE '9999-12-31' THEN #1 END)",
		    parts);
	else
		x.text = sql_fill(q, "#1", parts);
	return x;
}

/* The trait's rule, written in place. Its macros count their variables from 0. */
static struct sx
derived_of(struct sql *q, const struct node *n, const struct rule *derived)
{
	struct sql_local saved[RULE_MAX_LOCALS];
	const struct rule *outer = q->rule;
	struct sx x;

	if (q->derived == DERIVED_MAX)
		return sql_refuse(q, n, "this trait", "its rule speaks of itself");
	memcpy(saved, q->locals, sizeof saved);
	q->derived++;
	q->rule = derived;
	x = sql_expr(q, derived->root);
	q->rule = outer;
	q->derived--;
	memcpy(q->locals, saved, sizeof saved);
	x.simple = false;
	return x;
}

static struct sx
field_of(struct sql *q, const struct node *n, const struct rule_sql_table *table,
    const char *alias)
{
	const struct rule_sql_field *field;

	if (n->field < 0 || n->field >= table->nfields)
		return sql_refuse_type(q, n, n->type);
	field = &table->fields[n->field];
	if (field->derived != NULL)
		return derived_of(q, n, field->derived);
	if (field->column != NULL)
		return column_of(
		    q, n, field, arena_printf(q->arena, "%s.%s", alias, field->column));
	if (field->beside != NULL && table == q->binding->row)
		return column_of(q, n, field, beside_text(q, field->beside));
	return sql_refuse(q, n, arena_printf(q->arena, "field %.*s", STR_FMT(n->name)),
	    field->refused != NULL ? field->refused : "it has no column");
}

static struct sx
select_plain(struct sql *q, const struct node *n)
{
	const struct node *of = n->args[0];

	if (of->kind == NODE_VAR && of->slot < q->binding->nslots &&
	    q->binding->slots[of->slot].kind == RULE_SQL_ROW)
		return field_of(q, n, q->binding->row, q->binding->alias);
	if (of->kind == NODE_LOCAL && q->locals[of->slot].table != NULL)
		return field_of(
		    q, n, q->locals[of->slot].table, q->locals[of->slot].alias);
	if (of->kind == NODE_CALL)
		(void)sql_expr(q, of); /* names what cannot be said: [], first() */
	return sql_refuse_type(q, n, of->type);
}

/* A list of children is always there. */
static bool
is_children(const struct sql *q, const struct node *n)
{
	const struct node *of = n->args[0];

	return of->kind == NODE_VAR && of->slot < q->binding->nslots &&
	       q->binding->slots[of->slot].kind == RULE_SQL_ROW &&
	       n->field >= q->binding->row->nfields;
}

static struct sx
select_field(struct sql *q, const struct node *n)
{
	if (n->mode == SELECT_OPTIONAL)
		return sql_refuse(q, n, "an optional by itself",
		    "finish it with orValue(), value() or hasValue()");
	if (n->mode == SELECT_PLAIN)
		return select_plain(q, n);
	if (is_children(q, n))
		return sql_constant(RULE_BOOL, rule_bool(true));
	{
		struct node plain = *n;
		int field = n->field;

		/* has() has the type bool; the field has its own. */
		if (n->args[0]->type->kind != RULE_OBJECT || field < 0)
			return sql_refuse_type(q, n, n->args[0]->type);
		plain.type = n->args[0]->type->fields[field].type;
		return sql_make1(
		    q, RULE_BOOL, "(#1 IS NOT NULL)", select_plain(q, &plain));
	}
}

/* ---- two values that may stand in one place --------------------------------------------------- */
static bool
unify(struct sql *q, const struct node *n, struct sx *a, struct sx *b)
{
	bool open = (a->constant && !sql_known(a)) || (b->constant && !sql_known(b));

	if (a->constant && !sql_known(a))
		*a = sql_undecided(b->kind);
	if (b->constant && !sql_known(b))
		*b = sql_undecided(a->kind);
	if (a->kind != b->kind || sql_type(a->kind) == NULL) {
		(void)sql_refuse_type(q, n, n->type);
		return false;
	}
	if (a->kind == RULE_TIMESTAMP && (!a->native || !b->native)) {
		*a = sql_usec(q, *a);
		*b = sql_usec(q, *b);
	}
	if (a->kind == RULE_MONEY && !open &&
	    memcmp(a->currency, b->currency, 4) != 0) {
		(void)sql_refuse(q, n, "an amount whose currency depends on the row",
		    "a column of money has one currency");
		return false;
	}
	return true;
}

static struct sx
like(struct sx made, const struct sx *a, const struct sx *b)
{
	made.native = a->native && b->native;
	memcpy(made.currency, a->currency[0] != '\0' ? a->currency : b->currency, 4);
	return made;
}

/* ---- optionals --------------------------------------------------------------------------------- */
/* row.?field, row.?a.or(row.?b): the value, NULL for none. False: not of that form. */
static bool
optional_value(struct sql *q, const struct node *n, struct sx *out)
{
	struct sx a, b;

	*out = sql_undecided(n->type->kind);
	if (n->kind == NODE_SELECT && n->mode == SELECT_OPTIONAL &&
	    n->args[0]->type->kind == RULE_OBJECT) {
		*out = select_plain(q, n);
		return true;
	}
	if (n->kind != NODE_CALL || !sql_is(n, "or", 2) ||
	    !optional_value(q, n->args[0], &a) || !optional_value(q, n->args[1], &b))
		return false;
	if (unify(q, n, &a, &b))
		*out = like(sql_make2(q, a.kind, "COALESCE(#1, #2)", a, b), &a, &b);
	return true;
}

static bool
optional_call(struct sql *q, const struct node *n, struct sx *out)
{
	struct sx a, b;

	if (n->nargs == 0 || n->args[0]->type->kind != RULE_OPTIONAL)
		return false;
	if (!optional_value(q, n->args[0], &a)) {
		*out = sql_refuse_call(q, n,
		    "only optionals of a field (row.?field) are columns that may be "
		    "empty");
		return true;
	}
	if (sql_is(n, "hasValue", 1)) {
		*out = sql_make1(q, RULE_BOOL, "(#1 IS NOT NULL)", a);
	} else if (sql_is(n, "value", 1)) {
		*out = a;
	} else if (sql_is(n, "orValue", 2)) {
		b = sql_expr(q, n->args[1]);
		if (unify(q, n, &a, &b))
			*out = like(
			    sql_make2(q, a.kind, "COALESCE(#1, #2)", a, b), &a, &b);
	} else {
		*out = sql_refuse_call(q, n, "a column has no optionals of its own");
	}
	return true;
}

/* ---- logic ---------------------------------------------------------------------------------------- */
struct sx
sql_condition(struct sql *q, const struct node *n)
{
	struct sx x = sql_expr(q, n);

	if (x.kind != RULE_BOOL && q->rc == STW_OK && (!x.constant || sql_known(&x)))
		return sql_refuse_type(q, n, n->type);
	return x.constant && !sql_known(&x) ? sql_undecided(RULE_BOOL) : x;
}

/* SQL's AND and OR are the language's: an unknown side counts only when nothing
 * decides. */
static struct sx
logic(struct sql *q, const struct node *n)
{
	const char *word = n->kind == NODE_AND ? " AND " : " OR ";
	struct sx out = {.kind = RULE_BOOL};
	const char *text;
	struct buf to;

	buf_init(&to);
	buf_add_char(&to, '(');
	for (int i = 0; i < n->nargs; i++) {
		struct sx x = sql_condition(q, n->args[i]);

		buf_add_c(&to, i > 0 ? word : "");
		buf_add_c(&to, sql_text(q, &x));
	}
	buf_add_char(&to, ')');
	text = to.data;
	out.text = sql_fill(q, "#1", &text);
	buf_fini(&to);
	return out;
}

static struct sx
choice(struct sql *q, const struct node *n)
{
	struct sx args[] = {sql_condition(q, n->args[0]), sql_expr(q, n->args[1]),
	    sql_expr(q, n->args[2])};

	if (q->rc != STW_OK || !unify(q, n, &args[1], &args[2]))
		return sql_undecided(n->type->kind);
	return like(sql_make(q, args[1].kind,
			"(CASE #1 WHEN TRUE THEN #2 WHEN FALSE THEN #3 END)", args, 3),
	    &args[1], &args[2]);
}

/* ---- segments ----------------------------------------------------------------------------------------- */
static struct sx
segment(struct sql *q, const struct node *n)
{
	const struct rule_sql_members *m = q->binding->members;
	const struct node *set = n->args[1];
	struct rule_value code;
	struct sx args[2], made;
	const char *parts[7];

	if (m == NULL || set->kind != NODE_CONST || set->value.kind != RULE_V_SET)
		return sql_refuse(
		    q, n, "segment()", "there is no table of members here");
	if (m->known != NULL && !m->known(m->host, set->value.set.name))
		return sql_undecided(RULE_BOOL);
	args[0] = sql_expr(q, n->args[0]);
	if (args[0].kind != RULE_STRING)
		return sql_refuse(q, n, "segment()", "members are known by text");
	code = rule_string(str_of(set->value.set.name));
	args[1] = sql_param(q, RULE_STRING, &code, "text");
	parts[0] = m->table;
	parts[1] = sql_alias(q, 'm');
	parts[2] = m->code;
	parts[3] = m->member;
	parts[4] = "#1";
	parts[5] = "#2";
	parts[6] = args[0].simple ? "" : " COLLATE \"C\"";
	made = sql_make(q, RULE_BOOL,
	    sql_fill(q,
		"(CASE WHEN #5 IS NOT NULL THEN EXISTS (SELECT 1 FROM #1 AS #2 WHERE "
		"#2.#3 = #6 AND #2.#4 = #5#7) END)",
		parts),
	    args, 2);
	return made;
}

/* ---- calls ------------------------------------------------------------------------------------------------ */
static struct sx
call(struct sql *q, const struct node *n)
{
	struct sx args[RULE_MAX_ARGS];
	struct sx out = sql_undecided(n->type->kind);

	if (n->fn == NULL)
		return sql_refuse_call(
		    q, n, "the types of its arguments show only when the rule runs");
	if (n->fn->host != NULL)
		return sql_refuse_call(
		    q, n, "it is a function of the program around the rule");
	if (n->fn->fn == rule_fn_in_segment)
		return segment(q, n);
	if (optional_call(q, n, &out) || sql_list_call(q, n, &out))
		return out;
	for (int i = 0; i < n->nargs; i++)
		args[i] = sql_expr(q, n->args[i]);
	if (q->rc != STW_OK)
		return out;
	if (sql_number_call(q, n, args, &out) || sql_time_call(q, n, args, &out) ||
	    sql_text_call(q, n, args, &out) || sql_money_call(q, n, args, &out))
		return out;
	if (str_eq_c(n->name, "matches"))
		return sql_refuse_call(
		    q, n, "PostgreSQL's regular expressions differ from RE2");
	return sql_refuse_call(q, n, "PostgreSQL has nothing that means the same");
}

struct sx
sql_expr(struct sql *q, const struct node *n)
{
	if (q->rc != STW_OK)
		return sql_undecided(RULE_BOOL);
	if (is_fixed(q, n))
		return fixed_value(q, n);
	switch (n->kind) {
	case NODE_SELECT:
		return select_field(q, n);
	case NODE_CALL:
		return call(q, n);
	case NODE_AND:
	case NODE_OR:
		return logic(q, n);
	case NODE_COND:
		return choice(q, n);
	case NODE_FOLD:
		return sql_fold(q, n);
	case NODE_LOCAL:
		if (q->locals[n->slot].table == NULL)
			return q->locals[n->slot].scalar;
		break;
	case NODE_CONST:
	case NODE_IDENT:
	case NODE_VAR:
	case NODE_LIST:
	case NODE_MAP:
	default:
		break;
	}
	return sql_refuse_type(q, n, n->type);
}
