#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rule_priv.h"

/* ---- making values ----------------------------------------------------------- */
struct rule_value
rule_missing(void)
{
	return (struct rule_value){.kind = RULE_V_ERROR, .error = {.missing = true}};
}

struct rule_value
rule_bool(bool b)
{
	return (struct rule_value){.kind = RULE_V_BOOL, .b = b};
}

struct rule_value
rule_int(int64_t i)
{
	return (struct rule_value){.kind = RULE_V_INT, .i = i};
}

struct rule_value
rule_double(double d)
{
	return (struct rule_value){.kind = RULE_V_DOUBLE, .d = d};
}

struct rule_value
rule_string(struct str s)
{
	return (struct rule_value){.kind = RULE_V_STRING, .s = s};
}

struct rule_value
rule_date(stw_day day)
{
	return (struct rule_value){.kind = RULE_V_DATE, .i = day};
}

struct rule_value
rule_timestamp(stw_usec at)
{
	return (struct rule_value){.kind = RULE_V_TIMESTAMP, .i = at};
}

struct rule_value
rule_duration(stw_usec usec)
{
	return (struct rule_value){.kind = RULE_V_DURATION, .i = usec};
}

struct rule_value
rule_money(int64_t minor, const char *currency)
{
	struct rule_value v = {.kind = RULE_V_MONEY, .money = {.minor = minor}};

	STW_ASSERT(strlen(currency) == 3);
	memcpy(v.money.currency, currency, 4);
	return v;
}

struct rule_value
rule_list_of(const struct rule_value *items, size_t count)
{
	return (struct rule_value){
	    .kind = RULE_V_LIST, .list = {.count = count, .items = items}};
}

void
value_fail(struct rule_value *out, const struct node *n, const char *text)
{
	out->kind = RULE_V_ERROR;
	out->error.missing = false;
	out->error.text = text;
	out->error.line = n == NULL ? 0 : n->line;
	out->error.column = n == NULL ? 0 : n->column;
}

void
value_failf(
    struct frame *f, struct rule_value *out, const struct node *n, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	value_fail(out, n, arena_strdup(f->arena, text));
}

void
value_missing(struct rule_value *out, const struct node *n, const char *text)
{
	out->kind = RULE_V_ERROR;
	out->error.missing = true;
	out->error.text = text;
	out->error.line = n->line;
	out->error.column = n->column;
}

/* ---- rows of a table as objects ------------------------------------------------ */
void
column_cell(const struct column *col, int64_t v, struct rule_value *out)
{
	switch (col->type) {
	case COL_BOOL:
		out->kind = RULE_V_BOOL;
		out->b = v != 0;
		return;
	case COL_STRING:
		out->kind = RULE_V_STRING;
		out->s = col_dict_get(col->dict, (uint32_t)v);
		return;
	case COL_MONEY:
		out->kind = RULE_V_MONEY;
		out->money.minor = v;
		memcpy(out->money.currency, col->currency, 4);
		return;
	case COL_INT:
		out->kind = RULE_V_INT;
		break;
	case COL_DATE:
		out->kind = RULE_V_DATE;
		break;
	case COL_TIMESTAMP:
		out->kind = RULE_V_TIMESTAMP;
		break;
	case COL_NONE:
	case COL_DOUBLE:
		STW_ASSERT(col->type != COL_NONE && col->type != COL_DOUBLE);
	}
	out->i = v;
	out->nsec = 0;
}

static void
row_get(
    const void *obj, size_t row, int field, struct arena *arena, struct rule_value *out)
{
	const struct table *table = obj;
	const struct column *col;

	(void)arena;
	if (field >= table->ncols) {
		*out = rule_children(table, field - table->ncols, row);
		return;
	}
	col = &table->cols[field];
	if (!column_has(col, row)) {
		*out = rule_missing();
		return;
	}
	if (col->type == COL_DOUBLE) {
		out->kind = RULE_V_DOUBLE;
		out->d = column_double(col, row);
		return;
	}
	column_cell(col, column_int(col, row), out);
}

static int
row_find(const void *obj, struct str name)
{
	const struct table *table = obj;

	for (int c = 0; c < table->ncols; c++) {
		if (str_eq_c(name, table->cols[c].name))
			return c;
	}
	for (int c = 0; c < table->nchildren; c++) {
		if (str_eq_c(name, table->children[c].name))
			return table->ncols + c;
	}
	return -1;
}

static const struct rule_object_ops rule_row_ops = {.get = row_get, .find = row_find};

struct rule_value
rule_row(const struct table *table, size_t row)
{
	return (struct rule_value){.kind = RULE_V_OBJECT,
	    .object = {.ops = &rule_row_ops, .obj = table, .row = row}};
}

struct rule_value
rule_children(const struct table *table, int child, size_t row)
{
	const struct table_child *c = &table->children[child];
	size_t from = c->offsets[row];

	return (struct rule_value){.kind = RULE_V_LIST,
	    .list = {.count = c->offsets[row + 1] - from,
		.ops = &rule_row_ops,
		.obj = c->table,
		.first = from}};
}

/* ---- reading containers -------------------------------------------------------- */
void
list_get(const struct rule_list *list, size_t i, struct rule_value *out)
{
	if (list->ops == NULL) {
		*out = list->items[i];
		return;
	}
	out->kind = RULE_V_OBJECT;
	out->object.ops = list->ops;
	out->object.obj = list->obj;
	out->object.row = list->first + i;
}

const struct rule_value *
map_find(const struct rule_map *map, const struct rule_value *key)
{
	for (size_t i = 0; i < map->count; i++) {
		if (value_equal(&map->entries[i].key, key) == 1)
			return &map->entries[i].value;
	}
	return NULL;
}

/* ---- order and equality -------------------------------------------------------- */
static int
sign(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/* A whole number is rounded to the nearest double first, as CEL's suite has it; and
 * PostgreSQL compares a bigint and a double precision so. */
static int
order_doubles(double a, double b)
{
	if (isnan(a) || isnan(b))
		return -2;
	return a < b ? -1 : a > b;
}

static int
order_number(const struct rule_value *a, const struct rule_value *b)
{
	int order;

	if (a->kind == RULE_V_DOUBLE && b->kind == RULE_V_DOUBLE)
		return order_doubles(a->d, b->d);
	if (a->kind == RULE_V_DOUBLE) {
		order = order_number(b, a);
		return order == -2 ? -2 : -order;
	}
	if (b->kind == RULE_V_DOUBLE)
		return order_doubles(
		    a->kind == RULE_V_INT ? (double)a->i : (double)a->u, b->d);
	if (a->kind == b->kind)
		return a->kind == RULE_V_INT ? sign(a->i, b->i)
					     : (a->u < b->u ? -1 : a->u > b->u);
	if (a->kind == RULE_V_INT)
		return a->i < 0 ? -1
				: ((uint64_t)a->i < b->u ? -1 : (uint64_t)a->i > b->u);
	return b->i < 0 ? 1 : (a->u < (uint64_t)b->i ? -1 : a->u > (uint64_t)b->i);
}

static bool
is_number(const struct rule_value *v)
{
	return v->kind == RULE_V_INT || v->kind == RULE_V_UINT ||
	       v->kind == RULE_V_DOUBLE;
}

bool
value_order(const struct rule_value *a, const struct rule_value *b, int *order)
{
	if (is_number(a) && is_number(b)) {
		*order = order_number(a, b);
		return true;
	}
	if (a->kind != b->kind)
		return false;
	if (a->kind == RULE_V_STRING || a->kind == RULE_V_BYTES) {
		*order = str_cmp(a->s, b->s);
		*order = *order < 0 ? -1 : *order > 0;
		return true;
	}
	if (a->kind == RULE_V_TIMESTAMP || a->kind == RULE_V_DURATION ||
	    a->kind == RULE_V_DATE) {
		*order = sign(a->i, b->i);
		if (*order == 0 && a->kind != RULE_V_DATE)
			*order = sign(a->nsec, b->nsec);
		return true;
	}
	if (a->kind == RULE_V_BOOL) {
		*order = (int)a->b - (int)b->b;
		return true;
	}
	if (a->kind == RULE_V_MONEY) {
		*order = sign(a->money.minor, b->money.minor);
		return memcmp(a->money.currency, b->money.currency, 4) == 0;
	}
	return false;
}

static int
list_equal(const struct rule_list *a, const struct rule_list *b)
{
	int result = 1;

	if (a->count != b->count)
		return 0;
	for (size_t i = 0; i < a->count; i++) {
		struct rule_value x, y;
		int same;

		list_get(a, i, &x);
		list_get(b, i, &y);
		same = value_equal(&x, &y);
		if (same == 0)
			return 0;
		if (same < 0)
			result = -1;
	}
	return result;
}

static int
map_equal(const struct rule_map *a, const struct rule_map *b)
{
	int result = 1;

	if (a->count != b->count)
		return 0;
	for (size_t i = 0; i < a->count; i++) {
		const struct rule_value *other = map_find(b, &a->entries[i].key);
		int same = other == NULL ? 0 : value_equal(&a->entries[i].value, other);

		if (same == 0)
			return 0;
		if (same < 0)
			result = -1;
	}
	return result;
}

int
value_equal(const struct rule_value *a, const struct rule_value *b)
{
	int order;

	if (value_order(a, b, &order))
		return order == 0;
	if (a->kind != b->kind)
		return 0;
	switch (a->kind) {
	case RULE_V_NULL:
		return 1;
	case RULE_V_TYPE:
		return str_eq(a->s, b->s);
	case RULE_V_LIST:
		return list_equal(&a->list, &b->list);
	case RULE_V_MAP:
		return map_equal(&a->map, &b->map);
	case RULE_V_OBJECT:
		return a->object.obj == b->object.obj && a->object.row == b->object.row;
	case RULE_V_OPTIONAL:
		if (a->opt == NULL || b->opt == NULL)
			return a->opt == b->opt;
		return value_equal(a->opt, b->opt);
	case RULE_V_SET:
		return strcmp(a->set.name, b->set.name) == 0;
	case RULE_V_ERROR:
	case RULE_V_MONEY: /* of two currencies */
	case RULE_V_BOOL:
	case RULE_V_INT:
	case RULE_V_UINT:
	case RULE_V_DOUBLE:
	case RULE_V_STRING:
	case RULE_V_BYTES:
	case RULE_V_TIMESTAMP:
	case RULE_V_DURATION:
	case RULE_V_DATE:
		break;
	}
	return -1;
}

/* ---- types of values ----------------------------------------------------------- */
enum rule_value_kind
value_kind_of(enum rule_kind kind)
{
	static const enum rule_value_kind kinds[] = {
	    [RULE_BOOL] = RULE_V_BOOL,
	    [RULE_INT] = RULE_V_INT,
	    [RULE_UINT] = RULE_V_UINT,
	    [RULE_DOUBLE] = RULE_V_DOUBLE,
	    [RULE_STRING] = RULE_V_STRING,
	    [RULE_BYTES] = RULE_V_BYTES,
	    [RULE_NULL] = RULE_V_NULL,
	    [RULE_TIMESTAMP] = RULE_V_TIMESTAMP,
	    [RULE_DURATION] = RULE_V_DURATION,
	    [RULE_DATE] = RULE_V_DATE,
	    [RULE_MONEY] = RULE_V_MONEY,
	    [RULE_TYPE] = RULE_V_TYPE,
	    [RULE_LIST] = RULE_V_LIST,
	    [RULE_MAP] = RULE_V_MAP,
	    [RULE_OBJECT] = RULE_V_OBJECT,
	    [RULE_SET] = RULE_V_SET,
	    [RULE_OPTIONAL] = RULE_V_OPTIONAL,
	};

	return kinds[kind];
}

const char *
value_type_name(const struct rule_value *v)
{
	for (int kind = RULE_BOOL; kind <= RULE_OPTIONAL; kind++) {
		if (value_kind_of((enum rule_kind)kind) == v->kind)
			return rule_kind_name((enum rule_kind)kind);
	}
	return "error";
}

bool
value_fits_type(const struct rule_value *v, const struct rule_type *type)
{
	struct rule_value first;

	if (type->kind == RULE_DYN)
		return true;
	if (v->kind != value_kind_of(type->kind))
		return false;
	if (v->kind == RULE_V_OPTIONAL)
		return v->opt == NULL || value_fits_type(v->opt, type->elem);
	if (v->kind != RULE_V_LIST || v->list.count == 0)
		return true;
	list_get(&v->list, 0, &first);
	return value_fits_type(&first, type->elem);
}
