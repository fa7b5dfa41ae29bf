/*
 * One rule, one meaning: random rules over a random book give the same answer row by
 * row and in columns, undecided included. SEED=n runs another book and other rules.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/rule_columns.h"

/* ---- chance ---------------------------------------------------------------------- */
static uint64_t state;

static uint64_t
next_random(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int
below(int n)
{
	return (int)(next_random() % (uint64_t)n);
}

/* ---- book ------------------------------------------------------------------------ */
static const char *const words[] = {
    "", "a", "b", "ab", "mature", "onboarding", "\xe6\x9d\x8e", "R2", "redemption"};

static int64_t
random_int(void)
{
	static const int64_t odd[] = {0, 1, -1, INT64_MAX, INT64_MIN, 1000, 7};

	return below(3) == 0 ? odd[below(7)] : below(20) - 5;
}

static void
random_cell(struct table *t, int col, size_t row)
{
	if (below(6) == 0)
		return; /* missing */
	switch (t->cols[col].type) {
	case COL_BOOL:
		table_set_int(t, col, row, below(2));
		break;
	case COL_INT:
		table_set_int(t, col, row, random_int());
		break;
	case COL_DOUBLE:
		table_set_double(t, col, row, (double)below(40) / 4 - 3);
		break;
	case COL_STRING:
		table_set_string(
		    t, col, row, str_of(words[below(STW_ARRAY_LEN(words))]));
		break;
	case COL_DATE:
		table_set_int(t, col, row, 20700 + below(100));
		break;
	case COL_TIMESTAMP:
		table_set_int(t, col, row,
		    (20700 + below(100)) * STW_USEC_DAY + below(86400) * STW_USEC_SEC);
		break;
	case COL_MONEY:
		table_set_int(t, col, row,
		    below(20) == 0 ? INT64_MAX - below(3)
				   : (below(2000) - 200) * INT64_C(50));
		break;
	case COL_NONE:
		break;
	}
}

static void
random_row(struct table *t)
{
	size_t row = table_append(t);

	for (int col = 0; col < t->ncols; col++)
		random_cell(t, col, row);
}

struct book {
	struct arena arena;
	struct table *table;
	struct rule_env *env;
	struct rule_binding bindings[3];
	struct bitmap segment;
};

static void
add(struct table *t, const char *name, enum col_type type)
{
	(void)table_add_column(t, name, type);
}

static bool
segment_known(void *host, struct str code)
{
	(void)host;
	return str_eq_c(code, "even");
}

static const struct bitmap *
segment_rows(void *host, const char *code)
{
	const struct book *book = host;

	(void)code;
	return &book->segment;
}

/* "r12" is in the segment when 12 is even. */
static bool
in_segment(void *host, const char *code, const struct rule_value *member, bool *known)
{
	(void)host, (void)code;
	*known = member->kind == RULE_V_STRING && member->s.len > 1;
	return *known && (member->s.ptr[member->s.len - 1] - '0') % 2 == 0;
}

static void
host_half(void *host, const struct rule_value *args, int nargs, struct arena *arena,
    struct rule_value *out)
{
	(void)host, (void)nargs, (void)arena;
	if (args[0].i % 2 == 0)
		*out = rule_int(args[0].i / 2);
}

static void
book_init(struct book *book, size_t rows)
{
	const struct rule_type *half_args[] = {rule_type_basic(RULE_INT)};
	struct table *items = table_new("Item", 0), *moves = table_new("Move", 0);
	struct table *t = table_new("Row", 0);
	char ref[24];
	int ref_col;

	memset(book, 0, sizeof *book);
	arena_init(&book->arena);
	book->table = t;
	ref_col = table_add_column(t, "ref", COL_STRING);
	add(t, "flag", COL_BOOL);
	add(t, "n", COL_INT);
	add(t, "k", COL_INT);
	add(t, "x", COL_DOUBLE);
	add(t, "y", COL_DOUBLE);
	add(t, "stage", COL_STRING);
	add(t, "name", COL_STRING);
	add(t, "born", COL_DATE);
	add(t, "seen", COL_TIMESTAMP);
	add(t, "sum", COL_MONEY);
	add(t, "old", COL_MONEY);
	add(t, "usd", COL_MONEY);
	memcpy(t->cols[table_find_column(t, "usd")].currency, "USD", 4);
	add(items, "units", COL_INT);
	add(items, "rate", COL_DOUBLE);
	add(items, "kind", COL_STRING);
	add(items, "due", COL_DATE);
	add(items, "worth", COL_MONEY);
	add(items, "live", COL_BOOL);
	add(moves, "kind", COL_STRING);
	add(moves, "worth", COL_MONEY);
	add(moves, "at", COL_TIMESTAMP);
	(void)table_add_child(t, "items", items);
	(void)table_add_child(t, "moves", moves);
	bitmap_init(&book->segment, rows);
	for (size_t r = 0; r < rows; r++) {
		random_row(t);
		(void)snprintf(ref, sizeof ref, "r%zu", r);
		table_set_string(t, ref_col, r, str_of(ref));
		if (r % 2 == 0)
			bitmap_set(&book->segment, r);
		for (int i = below(4); i > 0; i--)
			random_row(items);
		for (int i = below(3); i > 0; i--)
			random_row(moves);
		t->children[0].offsets[r + 1] = (uint32_t)items->rows;
		t->children[1].offsets[r + 1] = (uint32_t)moves->rows;
	}
	book->env = rule_env_new(&book->arena);
	(void)rule_env_var(book->env, "r", rule_type_of_table(&book->arena, t, "Row"));
	(void)rule_env_var(book->env, "limit", rule_type_basic(RULE_MONEY));
	(void)rule_env_var(book->env, "list",
	    rule_type_list(
		&book->arena, rule_type_of_table(&book->arena, items, "Item")));
	rule_env_function(
	    book->env, "half", half_args, 1, rule_type_basic(RULE_INT), host_half);
	rule_env_segments(book->env, segment_known, NULL);
	book->bindings[0] = (struct rule_binding){.slot = 0, .self = true, .child = -1};
	book->bindings[1] = (struct rule_binding){
	    .slot = 1, .child = -1, .constant = rule_money(20000, "CNY")};
	book->bindings[2] = (struct rule_binding){.slot = 2, .child = 0};
}

static void
book_fini(struct book *book)
{
	bitmap_fini(&book->segment);
	table_free(book->table);
	arena_fini(&book->arena);
}

static struct rule_columns_ctx
columns_ctx(struct book *book)
{
	return (struct rule_columns_ctx){.table = book->table,
	    .bindings = book->bindings,
	    .nbindings = 3,
	    .now = 20780 * STW_USEC_DAY + 5 * STW_USEC_HOUR,
	    .host = book,
	    .in_segment = in_segment,
	    .segment_rows = segment_rows};
}

static struct rule_value
eval_row(struct book *book, const struct rule *rule, size_t row, struct arena *arena)
{
	struct rule_value vars[3] = {rule_row(book->table, row),
	    rule_money(20000, "CNY"), rule_children(book->table, 0, row)};
	struct rule_eval_ctx ctx = {.vars = vars,
	    .now = 20780 * STW_USEC_DAY + 5 * STW_USEC_HOUR,
	    .arena = arena,
	    .host = book,
	    .in_segment = in_segment};

	return rule_eval(rule, &ctx);
}

/* ---- rules ----------------------------------------------------------------------- */
/* Macro variables in reach: 'i' walks items, 'm' moves; each is named i0, m1 ... */
struct reach {
	char kind[8];
	int n;
};

enum want { BOOL, INT, DOUBLE, STRING, DATE, TIME, MONEY, SPAN, WANTS };

static void gen(struct buf *to, enum want want, int depth, struct reach *reach);

/* "%b" a bool, "%i" an int ... "%I" a list of items with its own macro, see macro(). */
static void
gen_format(struct buf *to, const char *format, int depth, struct reach *reach)
{
	static const char letters[] = "bidsatmr";

	for (const char *p = format; *p != '\0'; p++) {
		if (*p != '%') {
			buf_add_char(to, *p);
			continue;
		}
		p++;
		if (*p == '%') {
			buf_add_char(to, '%');
			continue;
		}
		gen(to, (enum want)(strchr(letters, *p) - letters), depth - 1, reach);
	}
}

static const char *const fields[WANTS][6] = {
    [BOOL] = {"r.flag"},
    [INT] = {"r.n", "r.k"},
    [DOUBLE] = {"r.x", "r.y"},
    [STRING] = {"r.stage", "r.name", "r.ref"},
    [DATE] = {"r.born", "today"},
    [TIME] = {"r.seen", "now"},
    [MONEY] = {"r.sum", "r.old", "r.usd", "limit"},
    [SPAN] = {"days(3)"},
};

static const char *const literals[WANTS][5] = {
    [BOOL] = {"true", "false"},
    [INT] = {"0", "3", "-1", "9223372036854775807"},
    [DOUBLE] = {"0.5", "-1.25", "0.7", "1e300"},
    [STRING] = {"\"mature\"", "\"a\"", "\"\"", "\"absent\""},
    [DATE] = {"date(\"2026-11-20\")", "date(\"2026-10-01\")"},
    [TIME] = {"timestamp(\"2026-10-20T12:00:00Z\")"},
    [MONEY] = {"money(\"150\")", "money(\"0.05\")", "money(\"3\", \"USD\")"},
    [SPAN] = {"days(30)", "hours(5)", "duration(\"90s\")"},
};

/* Fields of a macro variable by what is wanted; '0' stands for its number. */
static const char *const item_fields[WANTS][2] = {[BOOL] = {"live"},
    [INT] = {"units"},
    [DOUBLE] = {"rate"},
    [STRING] = {"kind"},
    [DATE] = {"due"},
    [MONEY] = {"worth"}};
static const char *const move_fields[WANTS][2] = {
    [STRING] = {"kind"}, [TIME] = {"at"}, [MONEY] = {"worth"}};

static const char *const forms[WANTS][26] = {
    [BOOL] = {"(%b && %b)", "(%b || %b)", "!(%b)", "(%b ? %b : %b)", "(%i < %i)",
	"(%i >= %i)", "(%d <= %d)", "(%i < %d)", "(%i == %i)", "(%s == %s)",
	"(%s != %s)", "(%s < %s)", "(%a < %a)", "(%t > %t)", "(%m < %m)", "(%m == %m)",
	"(%r > %r)", "(%s in [\"a\", \"mature\", \"R2\"])", "(%i in [1, 2, 3, 7])",
	"%s.startsWith(%s)", "%s.matches(\"^[a-m]\")", "has(r.stage)",
	"(%b && %b && %b)", "(r.ref in segment(\"even\"))", "%s.contains(\"a\")"},
    [INT] = {"(%i + %i)", "(%i - %i)", "(%i * %i)", "(%i / %i)", "(%i %% %i)", "-(%i)",
	"(%b ? %i : %i)", "%s.size()", "days_since(%a)", "days_until(%t)",
	"days_until(%a)", "age(%a)", "half(%i)", "(%a - %a)", "%a.year()",
	"%t.getHours()", "int(%d)", "r.?n.orValue(%i)", "bucket(%s, \"x\", 5)",
	"r.items.size()"},
    [DOUBLE] = {"(%d + %d)", "(%d * %d)", "(%d / %d)", "double(%i)", "(%m / %m)",
	"(%b ? %d : %d)", "r.?x.orValue(%d)", "-(%d)"},
    [STRING] = {"(%s + %s)", "%s.upperAscii()", "(%b ? %s : %s)", "string(%i)",
	"r.?stage.orValue(%s)", "string(%a)"},
    [DATE] = {"(%a + %i)", "add_months(%a, 1)", "date(%t)", "(%b ? %a : %a)",
	"(%a - days(2))"},
    [TIME] = {"(%t + %r)", "(%t - %r)", "(%b ? %t : %t)"},
    [MONEY] = {"(%m + %m)", "(%m - %m)", "(%m * %i)", "(%m * %d)", "(0.7 * %m)",
	"(%m / %i)", "-(%m)", "(%b ? %m : %m)", "r.?sum.orValue(%m)"},
    [SPAN] = {"(%r + %r)", "(%t - %t)", "(%r * %i)", "-(%r)"},
};

static int
count_of(const char *const *list, int max)
{
	int n = 0;

	while (n < max && list[n] != NULL)
		n++;
	return n;
}

static bool
gen_variable(struct buf *to, enum want want, const struct reach *reach)
{
	const char *const *names;
	int v;

	if (reach->n == 0)
		return false;
	v = below(reach->n);
	names = reach->kind[v] == 'i' ? item_fields[want] : move_fields[want];
	if (names[0] == NULL)
		return false;
	buf_printf(to, "%c%d.%s", reach->kind[v], v, names[0]);
	return true;
}

static void
gen_leaf(struct buf *to, enum want want, struct reach *reach)
{
	if (below(2) == 0 && gen_variable(to, want, reach))
		return;
	if (below(3) == 0)
		buf_add_c(to, literals[want][below(count_of(literals[want], 5))]);
	else
		buf_add_c(to, fields[want][below(count_of(fields[want], 6))]);
}

/* A list of rows, filtered perhaps, and its variable for what follows. */
static void
gen_list(struct buf *to, char kind, int depth, struct reach *reach)
{
	buf_add_c(to, kind == 'm' ? "r.moves" : below(3) == 0 ? "list" : "r.items");
	if (below(2) == 0)
		return;
	reach->kind[reach->n++] = kind;
	buf_printf(to, ".filter(%c%d, ", kind, reach->n - 1);
	gen(to, BOOL, depth - 2, reach);
	buf_add_char(to, ')');
	reach->n--;
}

static void
gen_macro(
    struct buf *to, const char *macro, enum want body, int depth, struct reach *reach)
{
	char kind = below(2) == 0 ? 'i' : 'm';

	gen_list(to, kind, depth, reach);
	reach->kind[reach->n++] = kind;
	buf_printf(to, ".%s(%c%d, ", macro, kind, reach->n - 1);
	gen(to, body, depth - 1, reach);
	buf_add_char(to, ')');
	reach->n--;
}

static void
gen_over_children(struct buf *to, enum want want, int depth, struct reach *reach)
{
	static const char *const tests[] = {"exists", "all", "exists_one"};
	static const char *const totals[] = {".sum()", ".min()", ".max()", ".avg()"};

	if (want == BOOL) {
		gen_macro(to, tests[below(3)], BOOL, depth, reach);
	} else if (want == INT && below(2) == 0) {
		gen_list(to, 'i', depth, reach);
		buf_add_c(to, below(2) == 0 ? ".count()" : ".size()");
	} else if (want == STRING || want == DATE || want == TIME) {
		gen_macro(to, "map", want, depth, reach);
		buf_add_c(to, totals[1 + below(2)]);
	} else if (want == INT) {
		gen_macro(to, "map", want, depth, reach);
		buf_add_c(to, totals[below(3)]);
	} else if (want == DOUBLE && below(3) == 0) {
		gen_macro(to, "map", INT, depth, reach);
		buf_add_c(to, ".avg()");
	} else {
		gen_macro(to, "map", want, depth, reach);
		buf_add_c(to, totals[below(4)]);
	}
}

static void
gen(struct buf *to, enum want want, int depth, struct reach *reach)
{
	if (depth <= 0 || below(6) == 0)
		gen_leaf(to, want, reach);
	else if (below(4) == 0 && reach->n < 3)
		gen_over_children(to, want, depth, reach);
	else
		gen_format(
		    to, forms[want][below(count_of(forms[want], 26))], depth, reach);
}

/* ---- the comparison -------------------------------------------------------------- */
static size_t checks, vectorised, compiled_rules;

static bool
same(const struct rule_value *a, const struct rule_value *b)
{
	struct buf x, y;
	bool equal;

	buf_init(&x);
	buf_init(&y);
	rule_value_print(a, &x);
	rule_value_print(b, &y);
	equal = strcmp(x.data, y.data) == 0;
	buf_fini(&x);
	buf_fini(&y);
	return equal;
}

static void
fail_row(const char *rule, size_t row, const struct rule_value *want,
    const struct rule_value *got)
{
	struct buf x, y;

	buf_init(&x);
	buf_init(&y);
	rule_value_print(want, &x);
	rule_value_print(got, &y);
	ck_abort_msg("row %zu of %s\n  interpreter %s\n  columns     %s", row, rule,
	    x.data, y.data);
}

static void
compare_bool(struct book *book, const struct rule *rule, const char *text)
{
	struct rule_columns_ctx ctx = columns_ctx(book);
	struct bitmap matched = {0}, undecided = {0};
	struct stw_err err;
	struct arena arena;

	arena_init(&arena);
	ck_assert_int_eq(
	    rule_columns_bool(rule, &ctx, &matched, &undecided, &err), STW_OK);
	for (size_t row = 0; row < book->table->rows; row++) {
		struct rule_value want = eval_row(book, rule, row, &arena);
		struct rule_value got = bitmap_get(&undecided, row)
					    ? rule_missing()
					    : rule_bool(bitmap_get(&matched, row));

		if (want.kind == RULE_V_ERROR ? got.kind != RULE_V_ERROR
					      : !same(&want, &got))
			fail_row(text, row, &want, &got);
		ck_assert(!bitmap_get(&undecided, row) || !bitmap_get(&matched, row));
		checks++;
		if (row % 64 == 0)
			arena_reset(&arena);
	}
	bitmap_fini(&matched);
	bitmap_fini(&undecided);
	arena_fini(&arena);
}

/* The column as a value, durations as they were. */
static struct rule_value
stored(const struct table *out, size_t row, enum want want)
{
	struct rule_value rv = rule_row(out, row), v = {0};

	rv.object.ops->get(rv.object.obj, row, 0, NULL, &v);
	if (want == SPAN && v.kind == RULE_V_INT)
		v.kind = RULE_V_DURATION;
	return v;
}

/* Where nobody wants to know how many rows failed, whole chunks are put: the same. */
static void
same_uncounted(const struct rule *rule, const struct rule_columns_ctx *ctx,
    struct table *counted, enum want want, const char *text)
{
	struct table *out = table_new("out", counted->rows);
	struct stw_err err;

	(void)table_add_column(out, "v", counted->cols[0].type);
	for (size_t row = 0; row < counted->rows; row++)
		(void)table_append(out);
	ck_assert_int_eq(rule_columns_value(rule, ctx, out, 0, NULL, &err), STW_OK);
	for (size_t row = 0; row < counted->rows; row++) {
		struct rule_value a = stored(counted, row, want),
				  b = stored(out, row, want);

		if (a.kind == RULE_V_ERROR ? b.kind != RULE_V_ERROR : !same(&a, &b))
			fail_row(text, row, &a, &b);
	}
	table_free(out);
}

static void
compare_value(
    struct book *book, const struct rule *rule, const char *text, enum want want)
{
	static const enum col_type types[WANTS] = {COL_BOOL, COL_INT, COL_DOUBLE,
	    COL_STRING, COL_DATE, COL_TIMESTAMP, COL_MONEY, COL_INT};
	struct rule_columns_ctx ctx = columns_ctx(book);
	struct table *out = table_new("out", book->table->rows);
	size_t failed = 0, errors = 0;
	struct stw_err err;
	struct arena arena;

	arena_init(&arena);
	(void)table_add_column(out, "v", types[want]);
	for (size_t row = 0; row < book->table->rows; row++)
		(void)table_append(out);
	ck_assert_int_eq(rule_columns_value(rule, &ctx, out, 0, &failed, &err), STW_OK);
	for (size_t row = 0; row < book->table->rows; row++) {
		struct rule_value is = eval_row(book, rule, row, &arena);
		struct rule_value got = stored(out, row, want);
		bool foreign =
		    is.kind == RULE_V_MONEY && strcmp(is.money.currency, "CNY") != 0;

		errors += foreign || (is.kind == RULE_V_ERROR && !is.error.missing);
		if (is.kind == RULE_V_ERROR || foreign ? got.kind != RULE_V_ERROR
						       : !same(&is, &got))
			fail_row(text, row, &is, &got);
		checks++;
	}
	ck_assert_msg(errors == failed, "%s: %zu rows failed, %zu were counted", text,
	    errors, failed);
	same_uncounted(rule, &ctx, out, want, text);
	table_free(out);
	arena_fini(&arena);
}

static void
one_rule(struct book *book, enum want want, int depth)
{
	struct reach reach = {0};
	struct rule_columns_ctx ctx = columns_ctx(book);
	struct stw_err err;
	struct arena arena;
	struct rule *rule;
	struct buf text;

	arena_init(&arena);
	buf_init(&text);
	gen(&text, want, depth, &reach);
	if (rule_compile(book->env, (struct str){text.data, text.len}, NULL, NULL,
		&arena, &rule, &err) == STW_OK) {
		compiled_rules++;
		vectorised += rule_columns_vectorised(rule, &ctx);
		if (want == BOOL)
			compare_bool(book, rule, text.data);
		else
			compare_value(book, rule, text.data, want);
	} else if (strstr(err.text, "is not") == NULL) {
		ck_abort_msg(
		    "%s: %d:%d: %s", text.data, err.line, err.column, err.text);
	}
	buf_fini(&text);
	arena_fini(&arena);
}

static void
seed(uint64_t mix)
{
	const char *asked = getenv("SEED");

	state = (asked == NULL ? 1 : strtoull(asked, NULL, 10)) * 1000003 + mix;
	checks = vectorised = compiled_rules = 0;
}

START_TEST(columns_and_interpreter_agree)
{
	struct book book;

	seed((uint64_t)_i);
	book_init(&book, 130);
	for (int i = 0; i < 300; i++)
		one_rule(&book, below(2) == 0 ? BOOL : (enum want)below(WANTS),
		    1 + below(5));
	ck_assert_uint_ge(checks, 30000);
	ck_assert_uint_gt(vectorised * 2, compiled_rules);
	book_fini(&book);
}
END_TEST

START_TEST(columns_and_interpreter_agree_across_chunks)
{
	struct book book;

	seed(77);
	book_init(&book, 9001);
	for (int i = 0; i < 12; i++)
		one_rule(&book, BOOL, 2 + below(3));
	book_fini(&book);
}
END_TEST

START_TEST(packed_columns_mean_what_flat_ones_do)
{
	struct book book;
	size_t row;

	seed(20 + (uint64_t)_i);
	book_init(&book, 300);
	table_pack(book.table);
	ck_assert_ptr_nonnull(book.table->cols[0].pack);
	for (int i = 0; i < 150; i++)
		one_rule(&book, below(2) == 0 ? BOOL : (enum want)below(WANTS),
		    1 + below(5));
	/* Written to again: some are flat now and some packed. */
	for (int i = 0; i < 200; i++) {
		row = (size_t)below(300);
		random_cell(book.table, 1 + below(book.table->ncols - 1), row);
	}
	for (int i = 0; i < 50; i++)
		one_rule(&book, BOOL, 1 + below(5));
	book_fini(&book);
}
END_TEST

/* ---- edges ------------------------------------------------------------------------- */
START_TEST(an_empty_table_has_no_answers)
{
	struct book book;

	seed(5);
	book_init(&book, 0);
	for (int i = 0; i < 100; i++)
		one_rule(&book, BOOL, 4);
	book_fini(&book);
}
END_TEST

/* Asking for each value of a column has to stop at the last int there is. */
START_TEST(the_greatest_int_is_the_last_value)
{
	struct book book;
	struct stw_err err;
	struct rule *rule;
	int n;

	seed(9);
	book_init(&book, 130);
	n = table_find_column(book.table, "n");
	for (size_t row = 0; row < 130; row++)
		table_set_int(book.table, n, row, INT64_MAX - (int64_t)(row % 2));
	ck_assert_int_eq(rule_compile(book.env, STR_LIT("r.n in [3, r.n]"), NULL, NULL,
			     &book.arena, &rule, &err),
	    STW_OK);
	compare_bool(&book, rule, "r.n in [3, r.n]");
	ck_assert_uint_eq(checks, 130);
	book_fini(&book);
}
END_TEST

/* What must not silently fall back to the interpreter. */
static const char *const vector_rules[] = {
    "r.n > 3 && r.x < 0.5",
    "r.stage == \"mature\" || r.name in [\"a\", \"b\"]",
    "r.sum < 0.7 * r.old && !r.flag",
    "days_since(r.born) > 30 && age(r.born) >= 0",
    "r.items.exists(i, i.units > 3 && i.due < today + 30)",
    "r.moves.exists(m, m.kind == \"redemption\" && m.worth > limit && m.at > now - days(30))",
    "r.items.filter(i, i.live).map(i, i.worth).sum() > money(\"10\")",
    "r.items.map(i, i.units).max() > r.n && r.items.size() > 1",
    "list.all(i, i.worth > r.sum)",
    "r.?x.orValue(0.0) > 0.5 && has(r.stage)",
    "r.ref in segment(\"even\") && r.name.startsWith(\"a\")",
    "bucket(r, \"salt\", 10) < 3",
    "r.flag ? r.n > 1 : r.k > 2",
};

START_TEST(these_run_in_columns)
{
	struct rule_columns_ctx ctx;
	struct stw_err err;
	struct arena arena;
	struct book book;
	struct rule *rule;

	seed(9);
	book_init(&book, 200);
	arena_init(&arena);
	ctx = columns_ctx(&book);
	ck_assert_msg(rule_compile(book.env, str_of(vector_rules[_i]), NULL, NULL,
			  &arena, &rule, &err) == STW_OK,
	    "%s: %s", vector_rules[_i], err.text);
	ck_assert_msg(rule_columns_vectorised(rule, &ctx), "%s", vector_rules[_i]);
	compare_bool(&book, rule, vector_rules[_i]);
	arena_fini(&arena);
	book_fini(&book);
}
END_TEST

START_TEST(wrong_result_types_are_refused)
{
	struct rule_columns_ctx ctx;
	struct bitmap matched = {0};
	struct stw_err err;
	struct arena arena;
	struct book book;
	struct rule *rule;

	seed(3);
	book_init(&book, 3);
	arena_init(&arena);
	ctx = columns_ctx(&book);
	ck_assert_int_eq(
	    rule_compile(book.env, STR_LIT("r.n"), NULL, NULL, &arena, &rule, &err),
	    STW_OK);
	ck_assert_int_eq(
	    rule_columns_bool(rule, &ctx, &matched, NULL, &err), STW_INVALID);
	ck_assert_str_eq(err.text, "the rule gives int, not bool");
	ck_assert_int_eq(rule_columns_value(rule, &ctx, book.table,
			     table_find_column(book.table, "x"), NULL, &err),
	    STW_INVALID);
	ck_assert_str_eq(err.text, "the rule gives int; column x cannot hold it");
	bitmap_fini(&matched);
	arena_fini(&arena);
	book_fini(&book);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rule_columns");
	TCase *tc = tcase_create("columns");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, columns_and_interpreter_agree, 0, 8);
	tcase_add_test(tc, columns_and_interpreter_agree_across_chunks);
	tcase_add_loop_test(tc, packed_columns_mean_what_flat_ones_do, 0, 3);
	tcase_add_test(tc, an_empty_table_has_no_answers);
	tcase_add_test(tc, the_greatest_int_is_the_last_value);
	tcase_add_loop_test(
	    tc, these_run_in_columns, 0, (int)STW_ARRAY_LEN(vector_rules));
	tcase_add_test(tc, wrong_result_types_are_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
