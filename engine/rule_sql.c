/* A checked rule as SQL: refusals, parameters, templates, and the clause as a whole. */
#include "engine/rule_sql.h"

#include <string.h>

#include "engine/rule_sql_priv.h"

/* ---- refusals ---------------------------------------------------------------------- */
struct sx
sql_refuse(struct sql *q, const struct node *n, const char *what, const char *why)
{
	if (q->rc == STW_OK)
		q->rc = stw_fail_at(q->err, STW_INVALID, n->line, n->column,
		    "SQL cannot say %s: %s", what, why);
	return sql_undecided(RULE_BOOL);
}

struct sx
sql_refuse_call(struct sql *q, const struct node *n, const char *why)
{
	bool word = n->name.len > 0 && ((n->name.ptr[0] | 32) >= 'a') &&
		    ((n->name.ptr[0] | 32) <= 'z') && !str_eq_c(n->name, "in");

	return sql_refuse(q, n,
	    arena_printf(q->arena, "%.*s%s", STR_FMT(n->name), word ? "()" : ""), why);
}

struct sx
sql_refuse_type(struct sql *q, const struct node *n, const struct rule_type *type)
{
	if (type->kind == RULE_DYN)
		return sql_refuse(q, n, "dyn",
		    "the type of a value must be known before the rule runs");
	return sql_refuse(q, n,
	    arena_printf(
		q->arena, "a value of type %s", rule_type_text(type, q->arena)),
	    "it has no column type that means the same");
}

/* ---- constants and parameters -------------------------------------------------------- */
struct sx
sql_constant(enum rule_kind kind, struct rule_value value)
{
	struct sx x = {.kind = kind,
	    .simple = true,
	    .constant = true,
	    .native = kind == RULE_TIMESTAMP,
	    .value = value};

	if (value.kind == RULE_V_MONEY)
		memcpy(x.currency, value.money.currency, 4);
	return x;
}

struct sx
sql_undecided(enum rule_kind kind)
{
	return sql_constant(kind, rule_missing());
}

bool
sql_known(const struct sx *x)
{
	return x->constant && x->value.kind != RULE_V_ERROR;
}

struct sx
sql_param(struct sql *q, enum rule_kind kind, const struct rule_value *value,
    const char *type)
{
	if (q->nparams == q->params_cap) {
		int cap = q->params_cap == 0 ? 16 : q->params_cap * 2;
		struct rule_sql_param *grown =
		    arena_array(q->arena, (size_t)cap, sizeof *grown);

		if (q->nparams > 0)
			memcpy(grown, q->params, (size_t)q->nparams * sizeof *grown);
		q->params = grown;
		q->params_cap = cap;
	}
	q->params[q->nparams++] =
	    (struct rule_sql_param){.value = *value, .type = type};
	return (struct sx){.kind = kind,
	    .simple = true,
	    .native = kind == RULE_TIMESTAMP && strcmp(type, "timestamptz") == 0,
	    .text = arena_printf(q->arena, "$%d::%s", q->nparams, type)};
}

const char *
sql_type(enum rule_kind kind)
{
	static const char *const types[] = {
	    [RULE_BOOL] = "boolean",
	    [RULE_INT] = "bigint",
	    [RULE_DURATION] = "bigint",
	    [RULE_MONEY] = "bigint",
	    [RULE_UINT] = "numeric",
	    [RULE_DOUBLE] = "float8",
	    [RULE_STRING] = "text",
	    [RULE_TIMESTAMP] = "timestamptz",
	    [RULE_DATE] = "date",
	};

	return (size_t)kind < STW_ARRAY_LEN(types) ? types[kind] : NULL;
}

static const char *
constant_text(struct sql *q, const struct sx *x)
{
	struct rule_value v = x->value;
	const char *type = sql_type(x->kind);

	if (x->kind == RULE_TIMESTAMP && !x->native) {
		type = "bigint";
		v.kind = v.kind == RULE_V_ERROR ? v.kind : RULE_V_INT;
	}
	if (type == NULL || v.kind == RULE_V_ERROR)
		return arena_printf(
		    q->arena, "NULL::%s", type == NULL ? "boolean" : type);
	if (v.kind == RULE_V_BOOL)
		return v.b ? "TRUE" : "FALSE";
	if (v.kind == RULE_V_MONEY)
		v = rule_int(v.money.minor);
	if (v.kind == RULE_V_DURATION)
		v.kind = RULE_V_INT;
	if (v.kind == RULE_V_UINT)
		v = rule_string(
		    str_of(arena_printf(q->arena, "%llu", (unsigned long long)v.u)));
	return sql_param(q, x->kind, &v, type).text;
}

const char *
sql_text(struct sql *q, const struct sx *x)
{
	return x->text != NULL ? x->text : constant_text(q, x);
}

/* ---- templates ------------------------------------------------------------------------ */
const char *
sql_fill(struct sql *q, const char *template, const char *const *texts)
{
	struct buf to;
	const char *made;

	if (q->rc != STW_OK)
		return "NULL";
	buf_init(&to);
	for (const char *p = template; *p != '\0'; p++) {
		if (*p == '#')
			buf_add_c(&to, texts[*++p - '1']);
		else
			buf_add_char(&to, *p);
	}
	q->written += to.len;
	if (q->written > SQL_MAX_TEXT || q->nparams > SQL_MAX_PARAMS)
		(void)sql_refuse(q, q->rule->root, "this rule",
		    "its clause would be too long for a statement");
	made = q->rc == STW_OK ? arena_strndup(q->arena, to.data, to.len) : "NULL";
	buf_fini(&to);
	return made;
}

static int
mentions(const char *template, int arg)
{
	int n = 0;

	for (const char *p = template; *p != '\0'; p++)
		n += p[0] == '#' && p[1] == '1' + arg;
	return n;
}

/* OFFSET 0 keeps the planner from writing the parts out again wherever they are named. */
struct sx
sql_make(struct sql *q, enum rule_kind kind, const char *template,
    const struct sx *args, int nargs)
{
	const char *texts[9] = {0};
	const char *alias = NULL;
	struct buf inner;
	struct sx out = {.kind = kind};

	buf_init(&inner);
	for (int i = 0; i < nargs; i++) {
		texts[i] = sql_text(q, &args[i]);
		if ((args[i].simple && strlen(texts[i]) < 160) ||
		    mentions(template, i) < 2)
			continue;
		if (alias == NULL)
			alias = sql_alias(q, 'v');
		buf_printf(
		    &inner, "%s%s AS a%d", inner.len > 0 ? ", " : "", texts[i], i + 1);
		texts[i] = arena_printf(q->arena, "%s.a%d", alias, i + 1);
	}
	out.text = sql_fill(q, template, texts);
	if (alias != NULL) {
		const char *parts[] = {out.text, inner.data, alias};

		out.text =
		    sql_fill(q, "(SELECT #1 FROM (SELECT #2 OFFSET 0) AS #3)", parts);
	}
	buf_fini(&inner);
	return out;
}

struct sx
sql_make1(struct sql *q, enum rule_kind kind, const char *template, struct sx a)
{
	return sql_make(q, kind, template, &a, 1);
}

struct sx
sql_make2(
    struct sql *q, enum rule_kind kind, const char *template, struct sx a, struct sx b)
{
	struct sx args[] = {a, b};

	return sql_make(q, kind, template, args, 2);
}

const char *
sql_alias(struct sql *q, char letter)
{
	return arena_printf(q->arena, "%c%d", letter, ++q->aliases);
}

/* ---- the whole --------------------------------------------------------------------------------------------- */
/* Only parameters that the text mentions travel, numbered as they are met. */
static void
renumber(struct sql *q, const char *text, int first, struct rule_sql *out)
{
	int *number = arena_array(q->arena, (size_t)q->nparams + 1, sizeof *number);
	struct rule_sql_param *params =
	    arena_array(q->arena, (size_t)q->nparams + 1, sizeof *params);
	struct buf to;

	buf_init(&to);
	for (const char *p = text; *p != '\0'; p++) {
		int k = 0;

		buf_add_char(&to, *p);
		if (*p != '$')
			continue;
		for (; p[1] >= '0' && p[1] <= '9'; p++)
			k = k * 10 + (p[1] - '0');
		STW_ASSERT(q->params != NULL && k >= 1 && k <= q->nparams);
		if (number[k] == 0) {
			params[out->nparams++] = q->params[k - 1];
			number[k] = out->nparams;
		}
		buf_printf(&to, "%d", first + number[k] - 1);
	}
	out->text = arena_strndup(q->arena, to.data, to.len);
	out->params = params;
	buf_fini(&to);
}

/* Letters, digits and _ only, so that no quoting is needed and none can be forgotten. */
static bool
is_identifier(const char *name)
{
	if (name == NULL || !((*name >= 'a' && *name <= 'z') || *name == '_'))
		return false;
	for (const char *p = name; *p != '\0'; p++) {
		if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
			*p == '_'))
			return false;
	}
	return true;
}

static bool
beside_is_plain(const struct rule_sql_beside *beside)
{
	return beside == NULL ||
	       (is_identifier(beside->table) && is_identifier(beside->name_column) &&
		   is_identifier(beside->column));
}

static bool
table_is_plain(const struct rule_sql_table *table)
{
	bool plain = is_identifier(table->name);

	for (int i = 0; i < table->nkeys; i++)
		plain &= is_identifier(table->keys[i]);
	for (int i = 0; i < table->nfields; i++)
		plain &= (table->fields[i].column == NULL ||
			     is_identifier(table->fields[i].column)) &&
			 beside_is_plain(table->fields[i].beside);
	return plain;
}

static bool
binding_is_plain(const struct rule_sql_binding *b)
{
	bool plain = is_identifier(b->alias) && table_is_plain(b->row);

	for (int i = 0; i < b->nchildren; i++)
		plain &= table_is_plain(&b->children[i]);
	if (b->members != NULL)
		plain &= is_identifier(b->members->table) &&
			 is_identifier(b->members->code) &&
			 is_identifier(b->members->member);
	return plain;
}

static bool
clock_is_dated(const struct rule_sql_binding *b)
{
	stw_day day = zone_local(b->zone == NULL ? zone_utc() : b->zone, b->now).day;

	return b->now >= TIMESTAMP_MIN && b->now <= TIMESTAMP_MAX &&
	       day >= TABLE_DAY_MIN && day <= TABLE_DAY_MAX;
}

enum stw_code
rule_sql(const struct rule *rule, const struct rule_sql_binding *binding,
    int first_param, struct arena *arena, struct rule_sql *out, struct stw_err *err)
{
	struct sql q = {.rule = rule, .binding = binding, .arena = arena, .err = err};
	const char *text;
	struct sx x;

	*out = (struct rule_sql){0};
	if (!binding_is_plain(binding))
		return stw_fail(err, STW_BUG,
		    "rule_sql: a name in the binding is not a plain identifier");
	if (rule_type_kind(rule_result_type(rule)) != RULE_BOOL)
		return stw_fail_at(err, STW_INVALID, 1, 1,
		    "a clause is true or false; the rule gives %s",
		    rule_type_text(rule_result_type(rule), arena));
	if (!clock_is_dated(binding))
		return stw_fail_at(err, STW_INVALID, 1, 1,
		    "SQL cannot say today: the clock stands outside the years 1 to 9999");
	x = sql_condition(&q, rule->root);
	text = sql_text(&q, &x);
	if (q.rc == STW_OK)
		renumber(&q, text, first_param, out);
	return q.rc;
}
