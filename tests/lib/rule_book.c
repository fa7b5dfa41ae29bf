#include "tests/lib/rule_book.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t
chance_next(struct chance *c)
{
	uint64_t z = c->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int
chance_below(struct chance *c, int n)
{
	return (int)(chance_next(c) % (uint64_t)n);
}

/* ---- values ------------------------------------------------------------------------ */
static const char *const words[] = {"", "a", "b", "ab", "A", "Ab", "mature", "R2", "r1",
    "r2", "r10", "\xe6\x9d\x8e", "\xe6\x9d\x8e\xe6\x98\x8e", "e\xcc\x81", "\xc3\xa9",
    "\xf0\x9f\x98\x80",
    "a\xf0\x9f\x98\x80"
    "b",
    "\xef\xbd\x9e", "\xf0\x90\x80\x80",
    "stra\xc3\x9f"
    "e",
    "\xc4\xb0", " a ",
    "\xe3\x80\x80"
    "x",
    "a%b_c\\", "'\"", "$1", "#1", "12", "-7", "true", "aaaa", "abab"};

static int64_t
odd_int(struct chance *c)
{
	static const int64_t odd[] = {0, 1, -1, 2, INT64_MAX, INT64_MIN, INT64_MAX - 1,
	    INT64_MIN + 1, INT64_C(3037000500), INT64_C(4611686018427387904), 1000, 7,
	    INT64_C(9007199254740993), -86400, 100, INT64_C(3652059)};

	if (chance_below(c, 3) != 0)
		return chance_below(c, 24) - 6;
	return odd[chance_below(c, STW_ARRAY_LEN(odd))];
}

static double
odd_double(struct chance *c)
{
	static const double odd[] = {0.0, -0.0, 1, -1, 0.1, -0.1, 0.5, 1.5, 2.5, -2.5,
	    1e308, -1e308, 1.7976931348623157e308, 4.9406564584124654e-324,
	    -4.9406564584124654e-324, 2.2250738585072014e-308, 1e-300, 1e300,
	    9007199254740993.0, 9223372036854775808.0, -9223372036854775808.0,
	    9223372036854774784.0, 0.49999999999999994, 3.0, 7.0, 1e-7, 1e22, 0.7,
	    123456.789};

	switch (chance_below(c, 10)) {
	case 0:
		return (double)NAN;
	case 1:
		return chance_below(c, 2) == 0 ? HUGE_VAL : -HUGE_VAL;
	case 2:
	case 3:
	case 4:
		return (double)(chance_below(c, 80) - 30) / 4;
	default:
		return odd[chance_below(c, STW_ARRAY_LEN(odd))];
	}
}

/* Factors whose products lie on either side of where they become zero, or infinite. */
static double
edge_double(struct chance *c)
{
	static const double edges[] = {0x1.0000000000001p-538, 0x1.fffffffffffffp-538,
	    0x1.ffffffffffffep-538, 0x1p-537, 0x1.0000000000001p512,
	    0x1.fffffffffffffp511, 0x1.ffffffffffffep511, 0x1p-1074};
	double d = edges[chance_below(c, STW_ARRAY_LEN(edges))];

	return chance_below(c, 4) == 0 ? -d : d;
}

static stw_day
odd_day(struct chance *c)
{
	static const struct stw_date odd[] = {{2024, 2, 28}, {2024, 2, 29},
	    {2024, 3, 1}, {2023, 2, 28}, {2023, 3, 1}, {2000, 2, 29}, {1900, 2, 28},
	    {1900, 3, 1}, {2100, 2, 28}, {1, 1, 1}, {9999, 12, 31}, {9999, 11, 30},
	    {1, 1, 31}, {1969, 12, 31}, {1970, 1, 1}, {1996, 2, 29}, {2026, 12, 31},
	    {2026, 1, 31}, {2004, 2, 29}};

	if (chance_below(c, 2) == 0)
		return stw_day_of(odd[chance_below(c, STW_ARRAY_LEN(odd))]);
	return 20700 + chance_below(c, 140);
}

/* Changes of clocks in London, New York and Shanghai; the ends of the range. */
static stw_usec
odd_instant(struct chance *c)
{
	static const char *const odd[] = {"2026-03-29T01:00:00Z",
	    "2026-10-25T01:00:00Z", "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z",
	    "1986-05-03T18:00:00Z", "1986-09-13T15:00:00Z", "1991-09-14T15:00:00Z",
	    "1940-05-31T16:00:00Z", "1940-10-12T15:00:00Z", "1941-03-14T16:00:00Z",
	    "1945-09-01T15:00:00Z", "1949-05-27T15:00:00Z", "1900-12-31T15:54:17Z",
	    "2010-11-07T02:31:00Z", "1968-10-27T00:00:00Z", "1971-10-31T02:00:00Z",
	    "1883-11-18T17:00:00Z", "2024-02-28T16:00:00Z",
	    "2024-02-29T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z",
	    "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
	    "9999-12-31T23:59:59.999999Z", "0001-01-02T05:00:00Z",
	    "2100-06-01T12:00:00Z", "2500-03-28T01:00:00Z"};
	static const int64_t near[] = {0, -1, 1, -1000000, 3600000000, -3600000000};
	stw_usec at = 0;

	if (chance_below(c, 2) == 0)
		return (20600 + chance_below(c, 240)) * STW_USEC_DAY +
		       chance_below(c, 86400) * STW_USEC_SEC + chance_below(c, 3);
	STW_ASSERT(stw_usec_parse(str_of(odd[chance_below(c, STW_ARRAY_LEN(odd))]),
		       &at) == STW_OK);
	at += near[chance_below(c, STW_ARRAY_LEN(near))];
	if (at < TABLE_DAY_MIN * STW_USEC_DAY)
		at = TABLE_DAY_MIN * STW_USEC_DAY;
	if (at >= (TABLE_DAY_MAX + 1) * STW_USEC_DAY)
		at = (TABLE_DAY_MAX + 1) * STW_USEC_DAY - 1;
	return at;
}

/* What the cells of a column are like, drawn anew for each book: loops over columns take
 * other ways for narrow, constant, full and empty ones. */
struct style {
	int missing; /* of 64 */
	enum { WILD, NARROW, WIDER, CONSTANT } values;
	uint64_t reach; /* of WIDER: 2^8 to 2^50, so that codes have every width */
};

static struct style
draw_style(struct chance *c)
{
	static const int missing[] = {0, 0, 10, 10, 10, 10, 40, 63};
	static const int values[] = {
	    WILD, WILD, WILD, WILD, NARROW, NARROW, WIDER, CONSTANT};

	return (struct style){.missing = missing[chance_below(c, 8)],
	    .values = values[chance_below(c, 8)],
	    .reach = UINT64_C(1) << (8 + chance_below(c, 43))};
}

/* Many lie close to the numbers that rules name, where the borders of ranges are. */
static int64_t
wider_int(struct chance *c, struct style style)
{
	if (chance_below(c, 2) == 0)
		return chance_below(c, 40) - 10;
	return (int64_t)(chance_next(c) % style.reach) - 7000;
}

static int64_t
styled_int(struct chance *c, struct style style)
{
	return style.values == WILD     ? odd_int(c)
	       : style.values == NARROW ? chance_below(c, 200) - 50
	       : style.values == WIDER  ? wider_int(c, style)
					: 7;
}

static int64_t
styled_instant(struct chance *c, struct style style)
{
	/* St John's clock goes from 00:01 back to 23:01 then: one day begins twice. */
	static const int64_t back = INT64_C(1289097060000000);

	return style.values == WILD ? odd_instant(c)
	       : style.values == NARROW
		   ? back + (chance_below(c, 480) - 240) * STW_USEC_MIN
	       : style.values == WIDER
		   ? (20600 + chance_below(c, 240)) * STW_USEC_DAY +
			 (int64_t)(chance_next(c) % style.reach) % 86400 * STW_USEC_SEC
		   : back - 1;
}

static void
fill_cell(struct chance *c, struct style style, struct table *t, int col, size_t row)
{
	if (chance_below(c, 64) < style.missing)
		return;
	switch (t->cols[col].type) {
	case COL_BOOL:
		table_set_int(
		    t, col, row, style.values == CONSTANT ? 1 : chance_below(c, 2));
		break;
	case COL_INT:
		table_set_int(t, col, row, styled_int(c, style));
		break;
	case COL_DOUBLE:
		table_set_double(t, col, row,
		    style.values == WILD     ? odd_double(c)
		    : style.values == NARROW ? (double)styled_int(c, style) / 4
					     : edge_double(c));
		break;
	case COL_STRING:
		table_set_string(t, col, row,
		    str_of(words[style.values == CONSTANT ? 1
				 : style.values == NARROW
				     ? chance_below(c, 5)
				     : chance_below(c, STW_ARRAY_LEN(words))]));
		break;
	case COL_DATE:
		table_set_int(t, col, row,
		    style.values == WILD       ? odd_day(c)
		    : style.values == CONSTANT ? 20751
					       : 20700 + chance_below(c, 140));
		break;
	case COL_TIMESTAMP:
		table_set_int(t, col, row, styled_instant(c, style));
		break;
	case COL_MONEY:
		table_set_int(t, col, row,
		    style.values == WILD && chance_below(c, 4) > 0
			? (chance_below(c, 2000) - 200) * INT64_C(25)
			: styled_int(c, style));
		break;
	case COL_NONE:
		break;
	}
}

/* ---- tables ------------------------------------------------------------------------- */
static const struct {
	const char *name;
	enum col_type type;
	const char *currency;
} columns[1 + WORLD_CHILDREN][WORLD_FIELDS] = {
    {{"ref", COL_STRING, NULL}, {"flag", COL_BOOL, NULL}, {"n", COL_INT, NULL},
	{"k", COL_INT, NULL}, {"x", COL_DOUBLE, NULL}, {"y", COL_DOUBLE, NULL},
	{"stage", COL_STRING, NULL}, {"name", COL_STRING, NULL},
	{"born", COL_DATE, NULL}, {"due", COL_DATE, NULL},
	{"seen", COL_TIMESTAMP, NULL}, {"made", COL_TIMESTAMP, NULL},
	{"sum", COL_MONEY, "CNY"}, {"old", COL_MONEY, "CNY"},
	{"usd", COL_MONEY, "USD"}},
    {{"units", COL_INT, NULL}, {"rate", COL_DOUBLE, NULL}, {"kind", COL_STRING, NULL},
	{"due", COL_DATE, NULL}, {"worth", COL_MONEY, "CNY"}, {"live", COL_BOOL, NULL}},
    {{"kind", COL_STRING, NULL}, {"worth", COL_MONEY, "CNY"},
	{"at", COL_TIMESTAMP, NULL}, {"step", COL_INT, NULL}},
};
static const char *const table_names[] = {"rule_row", "rule_item", "rule_move"};
static const char *const child_names[] = {"items", "moves"};
static const char *const type_names[] = {"Row", "Item", "Move"};
static const char *const root_keys[] = {"id"};

static struct table *
table_of(int which)
{
	struct table *t = table_new(type_names[which], 0);

	for (int i = 0; i < WORLD_FIELDS && columns[which][i].name != NULL; i++) {
		int col =
		    table_add_column(t, columns[which][i].name, columns[which][i].type);

		if (columns[which][i].currency != NULL)
			memcpy(t->cols[col].currency, columns[which][i].currency, 4);
	}
	return t;
}

static struct table *
tables_new(void)
{
	struct table *t = table_of(0);

	for (int i = 0; i < WORLD_CHILDREN; i++)
		(void)table_add_child(t, child_names[i], table_of(i + 1));
	return t;
}

static bool
segment_known(void *host, struct str code)
{
	(void)host;
	return str_eq_c(code, "even");
}

/* Every reference is "r" and the row's number. */
static bool
in_segment(void *host, const char *code, const struct rule_value *member, bool *known)
{
	const struct world *w = host;
	char ref[24], given[24];
	size_t row;

	(void)code;
	*known = true;
	if (member->kind != RULE_V_STRING || member->s.len < 2 || member->s.len > 20)
		return false;
	memcpy(given, member->s.ptr, member->s.len);
	given[member->s.len] = '\0';
	row = strtoul(given + 1, NULL, 10);
	(void)snprintf(ref, sizeof ref, "r%zu", row);
	return strcmp(ref, given) == 0 && row < w->table->rows &&
	       bitmap_get(&w->segment, row);
}

static const struct bitmap *
segment_rows(void *host, const char *code)
{
	const struct world *w = host;

	(void)code;
	return &w->segment;
}

/* Those of the row that are values beside it; the others are columns. */
static const struct rule_sql_beside besides[] = {
    {"rule_beside", "field", "y", "real"},
    {"rule_beside", "field", "name", "text"},
    {"rule_beside", "field", "due", "day"},
    {"rule_beside", "field", "made", "at"},
    {"rule_beside", "field", "old", "whole"},
};

static void
put_beside(struct rule_sql_field *field)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(besides); i++)
		if (strcmp(besides[i].name, field->column) == 0) {
			field->beside = &besides[i];
			field->column = NULL;
			return;
		}
}

static void
sql_binding(struct world *w)
{
	static const struct rule_sql_members members = {
	    .table = "rule_member", .code = "code", .member = "ref"};

	for (int t = 0; t <= WORLD_CHILDREN; t++) {
		struct rule_sql_field *f = t == 0 ? w->fields : w->child_fields[t - 1];
		int n = 0;

		for (; n < WORLD_FIELDS && columns[t][n].name != NULL; n++) {
			f[n] = (struct rule_sql_field){
			    .column = columns[t][n].name, .bounded = t == 1};
			if (columns[t][n].currency != NULL)
				memcpy(f[n].currency, columns[t][n].currency, 4);
			if (t == 0)
				put_beside(&f[n]);
		}
		w->tables[t] = (struct rule_sql_table){.name = table_names[t],
		    .keys = root_keys,
		    .nkeys = 1,
		    .fields = f,
		    .nfields = n};
	}
	w->slots[0].kind = RULE_SQL_ROW;
	w->slots[1].constant = rule_money(20000, "CNY");
	w->slots[2] = (struct rule_sql_slot){.kind = RULE_SQL_CHILD, .child = 0};
	w->sql = (struct rule_sql_binding){.alias = "r",
	    .row = &w->tables[0],
	    .children = &w->tables[1],
	    .nchildren = WORLD_CHILDREN,
	    .slots = w->slots,
	    .nslots = 3,
	    .members = &members,
	    .now = w->now,
	    .zone = w->zone};
}

static void
world_bind(struct world *w)
{
	const struct table *t = w->table;

	w->env = rule_env_new(&w->arena);
	(void)rule_env_var(w->env, "r", rule_type_of_table(&w->arena, t, "Row"));
	(void)rule_env_var(w->env, "limit", rule_type_basic(RULE_MONEY));
	(void)rule_env_var(w->env, "list",
	    rule_type_list(&w->arena,
		rule_type_of_table(&w->arena, t->children[0].table, "Item")));
	rule_env_segments(w->env, segment_known, NULL);
	w->bindings[0] = (struct rule_binding){.slot = 0, .self = true, .child = -1};
	w->bindings[1] = (struct rule_binding){
	    .slot = 1, .child = -1, .constant = rule_money(20000, "CNY")};
	w->bindings[2] = (struct rule_binding){.slot = 2, .child = 0};
	sql_binding(w);
}

static void
fill_row(struct chance *c, const struct style *styles, struct table *t)
{
	size_t row = table_append(t);

	for (int col = 0; col < t->ncols; col++)
		fill_cell(c, styles[col], t, col, row);
}

void
world_init(struct world *w, struct chance *c, size_t rows)
{
	static const char *const zones[] = {NULL, "Asia/Shanghai", "Europe/London",
	    "America/New_York", "America/St_Johns"};
	const char *zone = zones[chance_below(c, STW_ARRAY_LEN(zones))];
	struct style styles[1 + WORLD_CHILDREN][WORLD_FIELDS];
	char ref[24];

	memset(w, 0, sizeof *w);
	arena_init(&w->arena);
	w->table = tables_new();
	w->now = chance_below(c, 3) == 0 ? odd_instant(c)
					 : 20780 * STW_USEC_DAY + 5 * STW_USEC_HOUR;
	if (zone != NULL)
		STW_ASSERT(zone_find(zone, &w->zone, NULL) == STW_OK);
	bitmap_init(&w->segment, rows);
	for (int t = 0; t <= WORLD_CHILDREN; t++) {
		for (int col = 0; col < WORLD_FIELDS; col++)
			styles[t][col] = draw_style(c);
	}
	for (size_t r = 0; r < rows; r++) {
		fill_row(c, styles[0], w->table);
		(void)snprintf(ref, sizeof ref, "r%zu", r);
		table_set_string(w->table, 0, r, str_of(ref));
		if (chance_below(c, 2) == 0)
			bitmap_set(&w->segment, r);
		for (int i = 0; i < WORLD_CHILDREN; i++) {
			struct table_child *child = &w->table->children[i];

			for (int k = chance_below(c, 5) - 1; k > 0; k--)
				fill_row(c, styles[i + 1], child->table);
			child->offsets[r + 1] = (uint32_t)child->table->rows;
		}
	}
	w->options = (struct rule_set_options){.threads = 1 + chance_below(c, 2),
	    .simd = (enum simd_level)chance_below(c, SIMD_AVX512 + 1),
	    .unshared = chance_below(c, 4) == 0};
	if (chance_below(c, 2) == 0)
		table_pack(w->table);
	world_bind(w);
}

void
world_fini(struct world *w)
{
	bitmap_fini(&w->segment);
	table_free(w->table);
	arena_fini(&w->arena);
}

/* ---- one row of it ------------------------------------------------------------------- */
static void
copy_cell(
    struct table *to, size_t to_row, const struct table *from, size_t row, int col)
{
	const struct column *f = &from->cols[col];
	struct rule_value v = {0}, rec = rule_row(from, row);

	if (!column_has(f, row))
		return;
	rec.object.ops->get(rec.object.obj, row, col, NULL, &v);
	if (f->type == COL_DOUBLE)
		table_set_double(to, col, to_row, v.d);
	else if (f->type == COL_STRING)
		table_set_string(to, col, to_row, v.s);
	else
		table_set_int(to, col, to_row,
		    v.kind == RULE_V_BOOL    ? v.b
		    : v.kind == RULE_V_MONEY ? v.money.minor
					     : v.i);
}

void
world_one(struct world *w, const struct world *from, size_t row,
    bool (*keep_cell)(void *arg, int table, size_t child_row, int col), void *arg)
{
	memset(w, 0, sizeof *w);
	arena_init(&w->arena);
	w->table = tables_new();
	w->now = from->now;
	w->zone = from->zone;
	w->options = from->options;
	bitmap_init(&w->segment, 1);
	(void)table_append(w->table);
	for (int col = 0; col < w->table->ncols; col++) {
		if (keep_cell == NULL || keep_cell(arg, 0, 0, col))
			copy_cell(w->table, 0, from->table, row, col);
	}
	/* The one row is row 0 for the segment as well. */
	table_set_string(w->table, 0, 0, STR_LIT("r0"));
	if (bitmap_get(&from->segment, row))
		bitmap_set(&w->segment, 0);
	for (int i = 0; i < WORLD_CHILDREN; i++) {
		const struct table_child *f = &from->table->children[i];
		struct table *to = w->table->children[i].table;

		for (size_t k = f->offsets[row]; k < f->offsets[row + 1]; k++) {
			size_t at = k - f->offsets[row], made;

			if (keep_cell != NULL && !keep_cell(arg, i + 1, at, -1))
				continue;
			made = table_append(to);
			for (int col = 0; col < to->ncols; col++) {
				if (keep_cell == NULL || keep_cell(arg, i + 1, at, col))
					copy_cell(to, made, f->table, k, col);
			}
		}
		w->table->children[i].offsets[1] = (uint32_t)to->rows;
	}
	world_bind(w);
}

/* ---- asking ------------------------------------------------------------------------------ */
struct rule_columns_ctx
world_columns(struct world *w)
{
	return (struct rule_columns_ctx){.table = w->table,
	    .bindings = w->bindings,
	    .nbindings = 3,
	    .now = w->now,
	    .zone = w->zone,
	    .host = w,
	    .in_segment = in_segment,
	    .segment_rows = segment_rows};
}

struct rule_value
world_eval(struct world *w, const struct rule *rule, size_t row, struct arena *arena)
{
	struct rule_value vars[3] = {rule_row(w->table, row), rule_money(20000, "CNY"),
	    rule_children(w->table, 0, row)};
	struct rule_eval_ctx ctx = {.vars = vars,
	    .now = w->now,
	    .zone = w->zone,
	    .arena = arena,
	    .host = w,
	    .in_segment = in_segment};

	return rule_eval(rule, &ctx);
}

static void
print_row(const struct table *t, size_t row, const char *name, struct buf *to)
{
	struct rule_value rec = rule_row(t, row);

	for (int col = 0; col < t->ncols; col++) {
		struct rule_value v = {0};

		if (!column_has(&t->cols[col], row))
			continue;
		rec.object.ops->get(rec.object.obj, row, col, NULL, &v);
		buf_printf(to, "  %s.%s = ", name, t->cols[col].name);
		rule_value_print(&v, to);
		buf_add_char(to, '\n');
	}
}

void
world_print(const struct world *w, size_t row, struct buf *to)
{
	char name[40], at[STW_USEC_TEXT];

	buf_printf(to, "  now = %s in %s\n", stw_usec_format(w->now, at),
	    w->zone == NULL ? "UTC" : zone_name(w->zone));
	print_row(w->table, row, "r", to);
	for (int i = 0; i < WORLD_CHILDREN; i++) {
		const struct table_child *c = &w->table->children[i];

		buf_printf(to, "  r.%s has %u\n", c->name,
		    c->offsets[row + 1] - c->offsets[row]);
		for (size_t k = c->offsets[row]; k < c->offsets[row + 1]; k++) {
			(void)snprintf(name, sizeof name, "r.%s[%zu]", c->name,
			    k - c->offsets[row]);
			print_row(c->table, k, name, to);
		}
	}
}
