/* The trait catalogue: a bank's own traits, what rules rest on, and the state of the data. */
#include <string.h>

#include <check.h>

#include "segments/trait_quality.h"
#include "segments/trait_use.h"
#include "tests/lib/book_world.h"

static struct arena arena;
static struct book *book;
static struct stw_err err;

static void
setup(void)
{
	arena_init(&arena);
	book = world_new();
	err = (struct stw_err){0};
}

static void
teardown(void)
{
	book_free(book);
	arena_fini(&arena);
}

static struct trait
own(const char *name, enum col_type type, const char *rule)
{
	return (struct trait){.of = "customer",
	    .name = name,
	    .type = type,
	    .source = "derived",
	    .sensitivity = TRAIT_ORDINARY,
	    .zh = name,
	    .en = name,
	    .rule = rule,
	    .own = true};
}

/* The built-in traits and these. */
static struct trait_catalogue
with(const struct trait *traits, int n)
{
	struct trait_catalogue builtin;
	struct trait *all;

	ck_assert_msg(
	    trait_catalogue_builtin(&arena, &builtin, &err) == STW_OK, "%s", err.text);
	all = arena_array(&arena, (size_t)(builtin.count + n), sizeof *all);
	memcpy(all, builtin.traits, (size_t)builtin.count * sizeof *all);
	for (int i = 0; i < n; i++)
		all[builtin.count + i] = traits[i];
	return (struct trait_catalogue){all, builtin.count + n};
}

/* ---- documents ------------------------------------------------------------------------ */
static const struct {
	const char *name, *json, *want; /* NULL: it is fine */
} documents[] = {
    {"ok",
	"{\"type\":\"int\",\"sensitivity\":\"ordinary\",\"zh\":\"a\",\"en\":\"b\","
	"\"rule\":\"1\"}",
	NULL},
    {"Upper",
	"{\"type\":\"int\",\"sensitivity\":\"ordinary\",\"zh\":\"a\",\"en\":\"b\","
	"\"rule\":\"1\"}",
	"small letters"},
    {"x", "[1]", "trait x"},
    {"x", "{", "near end of file"},
    {"x", "{\"type\":\"int\",\"sensitivity\":\"ordinary\",\"zh\":\"a\",\"en\":\"b\"}",
	"rule"},
    {"x",
	"{\"type\":\"text\",\"sensitivity\":\"ordinary\",\"zh\":\"a\",\"en\":\"b\","
	"\"rule\":\"1\"}",
	"no type \"text\""},
    {"x",
	"{\"type\":\"int\",\"sensitivity\":\"secret\",\"zh\":\"a\",\"en\":\"b\","
	"\"rule\":\"1\"}",
	"sensitivity is"},
    {"x",
	"{\"type\":\"int\",\"sensitivity\":\"ordinary\",\"zh\":\"\",\"en\":\"b\","
	"\"rule\":\"1\"}",
	"1 to 200 bytes"},
    {"x",
	"{\"type\":\"int\",\"sensitivity\":\"ordinary\",\"zh\":\"a\",\"en\":\"b\","
	"\"rule\":\"1\",\"colour\":\"red\"}",
	"colour"},
};

START_TEST(a_document_says_what_a_trait_is)
{
	struct trait trait;
	enum stw_code rc = trait_document_parse(
	    str_of(documents[_i].json), documents[_i].name, &arena, &trait, &err);

	if (documents[_i].want == NULL) {
		ck_assert_msg(rc == STW_OK, "%s", err.text);
		ck_assert(trait.own);
		ck_assert_int_eq(trait.type, COL_INT);
		ck_assert_str_eq(trait.rule, "1");
	} else {
		ck_assert_int_eq(rc, STW_INVALID);
		ck_assert_msg(
		    strstr(err.text, documents[_i].want) != NULL, "%s", err.text);
	}
}
END_TEST

/* ---- order ------------------------------------------------------------------------------ */
START_TEST(own_traits_may_use_each_other_in_any_order)
{
	const struct trait traits[] = {
	    own("a", COL_INT, "customer.b + 1"),
	    own("b", COL_INT, "customer.tenure_days * 2"),
	};
	struct trait_catalogue catalogue = with(traits, 2);

	(void)world_add(book, "k1", 30);
	table_pack(book->customers);
	ck_assert_msg(traits_check(&catalogue, book, &err) == STW_OK, "%s", err.text);
	ck_assert_msg(traits_derive(book, &catalogue, WORLD_NOW, NULL, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_str_eq(world_cell(book, "b", 0), "60");
	ck_assert_str_eq(world_cell(book, "a", 0), "61");
}
END_TEST

START_TEST(a_circle_is_named)
{
	const struct trait traits[] = {
	    own("a", COL_INT, "customer.b + 1"),
	    own("b", COL_INT, "customer.c + 1"),
	    own("c", COL_INT, "customer.b + 1"),
	};
	struct trait_catalogue catalogue = with(traits, 3);

	ck_assert_int_eq(traits_check(&catalogue, book, &err), STW_INVALID);
	ck_assert_msg(strstr(err.text, "b -> c -> b") != NULL, "%s", err.text);
}
END_TEST

/* A fault of one bank's trait must not take the book away from everybody. */
START_TEST(an_own_trait_with_a_fault_has_no_values)
{
	const struct trait traits[] = {
	    own("bad", COL_INT, "customer.nothing + 1"),
	    own("fails", COL_INT, "int(customer.ref)"),
	    own("after", COL_BOOL, "has(customer.fails)"),
	};
	struct trait_catalogue catalogue = with(traits, 3);

	(void)world_add(book, "k1", 30);
	table_pack(book->customers);
	ck_assert_int_eq(traits_check(&catalogue, book, &err), STW_INVALID);
	ck_assert_msg(traits_derive(book, &catalogue, WORLD_NOW, NULL, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_str_eq(world_cell(book, "bad", 0), "-");
	ck_assert_str_eq(world_cell(book, "fails", 0), "-");
	ck_assert_str_eq(world_cell(book, "after", 0), "false");
}
END_TEST

/* ---- what a rule rests on --------------------------------------------------------------- */
static const struct {
	const char *rule, *rests_on, *not_on;
} uses[] = {
    {"customer.tier == \"gold\"", "customer.tier", "customer.aum"},
    {"customer.aum > money(\"1\")", "holdings.amount", "transactions.at"},
    {"customer.aum_90d_ago > money(\"1\")", "transactions.kind", "interactions.at"},
    {"transactions.exists(t, t.balance > money(\"1\"))", "transactions.balance",
	"transactions.kind"},
    {"customer.ref in segment(\"rich\")", "holdings.maturity_on", "outreach.at"},
    {"customer.ref in segment(\"richer\")", "holdings.maturity_on", "outreach.at"},
    {"customer.?dob.hasValue()", "customer.dob", "customer.age"},
};

static bool
rests_on(const struct trait_use *use, const struct trait_catalogue *catalogue,
    const char *text)
{
	const char *dot = strchr(text, '.');
	const char *of = arena_strndup(&arena, text, (size_t)(dot - text));
	const struct trait *trait = trait_find(catalogue, of, dot + 1);

	ck_assert_msg(trait != NULL, "no trait %s", text);
	return trait_use_has(use, (int)(trait - catalogue->traits));
}

START_TEST(a_rule_rests_on_all_that_its_answer_depends_on)
{
	static const struct segment_def defs[] = {
	    {.code = "rich", .rule = "customer.next_maturity_amount > money(\"1\")"},
	    {.code = "richer", .rule = "customer.ref in segment(\"rich\")"},
	};
	struct trait_catalogue catalogue = with(NULL, 0);
	struct segment_host host;
	struct trait_use *use;
	struct rule *rule;

	world_derive(book);
	segment_host_init(&host, book, defs, 2);
	ck_assert_msg(
	    rule_compile(book_env(book, &arena, segment_known, &host),
		str_of(uses[_i].rule), NULL, NULL, &arena, &rule, &err) == STW_OK,
	    "%s", err.text);
	use = trait_use_new(&catalogue, &host);
	trait_use_add(use, rule);
	ck_assert_msg(rests_on(use, &catalogue, uses[_i].rests_on), "%s rests on %s",
	    uses[_i].rule, uses[_i].rests_on);
	ck_assert_msg(!rests_on(use, &catalogue, uses[_i].not_on), "%s, %s",
	    uses[_i].rule, uses[_i].not_on);
	trait_use_free(use);
	segment_host_fini(&host);
}
END_TEST

/* ---- the data ---------------------------------------------------------------------------- */
static const struct trait_limits no_limits = {
    TRAIT_NO_LIMIT, TRAIT_NO_LIMIT, TRAIT_NO_LIMIT, TRAIT_NO_LIMIT};

static struct table *
numbers(int n, int from, int every)
{
	struct table *table = table_new("t", (size_t)n);
	int col = table_add_column(table, "x", COL_INT);

	for (int i = 0; i < n; i++) {
		(void)table_append(table);
		if (i % every != 0)
			table_set_int(table, col, (size_t)i, from + i);
	}
	table_pack(table);
	return table;
}

static struct trait_look
look(const struct table *table, const struct trait_spread *base)
{
	const struct trait_rows rows = {.tables = {table}, .count = 1};
	struct trait_look out;

	trait_look_at(&rows, 0, book->zone, true, base, &out);
	return out;
}

START_TEST(missing_values_and_their_rise_are_found)
{
	struct table *before = numbers(1000, 0, 100), *after = numbers(1000, 0, 4);
	struct trait trait = own("x", COL_INT, "1");
	struct trait_look base = look(before, NULL), now = look(after, &base.spread);
	struct trait_limits limits = no_limits;
	struct trait_finding f;

	ck_assert_int_eq(base.missing, 10);
	ck_assert_int_eq(now.missing, 250);
	limits.max_missing_bp = 2500;
	f = trait_judge(&trait, &limits, &now, &base, WORLD_NOW);
	ck_assert_int_eq(f.breach, TRAIT_GOOD);
	limits.max_missing_bp = 2499;
	f = trait_judge(&trait, &limits, &now, &base, WORLD_NOW);
	ck_assert_int_eq(f.breach, TRAIT_MISSING);
	ck_assert_int_eq(f.measured, 2500);
	limits = no_limits;
	limits.max_rise_bp = 2399;
	f = trait_judge(&trait, &limits, &now, &base, WORLD_NOW);
	ck_assert_int_eq(f.breach, TRAIT_RISE);
	ck_assert_int_eq(f.measured, 2400);
	/* Without a baseline nothing has risen. */
	f = trait_judge(&trait, &limits, &now, NULL, WORLD_NOW);
	ck_assert_int_eq(f.breach, TRAIT_GOOD);
	table_free(before);
	table_free(after);
}
END_TEST

START_TEST(another_spread_is_drift)
{
	struct table *before = numbers(4000, 0, 7), *same = numbers(4000, 3, 9),
		     *moved = numbers(4000, 1000, 7);
	struct trait trait = own("x", COL_INT, "1");
	struct trait_limits limits = no_limits;
	struct trait_look base = look(before, NULL), now;

	ck_assert_int_eq(base.spread.nbins, TRAIT_BINS);
	limits.max_drift = 100;
	now = look(same, &base.spread);
	ck_assert_int_eq(
	    trait_judge(&trait, &limits, &now, &base, WORLD_NOW).breach, TRAIT_GOOD);
	now = look(moved, &base.spread);
	ck_assert_int_eq(
	    trait_judge(&trait, &limits, &now, &base, WORLD_NOW).breach, TRAIT_DRIFT);
	table_free(before);
	table_free(same);
	table_free(moved);
}
END_TEST

START_TEST(words_and_truths_drift_as_well)
{
	struct table *before = table_new("t", 300), *after = table_new("t", 300);
	struct trait_look base, now;

	for (int i = 0; i < 2; i++) {
		struct table *t = i == 0 ? before : after;

		(void)table_add_column(t, "word", COL_STRING);
		(void)table_add_column(t, "truth", COL_BOOL);
		for (size_t r = 0; r < 300; r++) {
			(void)table_append(t);
			table_set_string(
			    t, 0, r, str_of(r % 3 == 0 || i == 1 ? "gold" : "plain"));
			table_set_int(t, 1, r, r % 10 == 0 || i == 1);
		}
		table_pack(t);
	}
	for (int col = 0; col < 2; col++) {
		const struct trait_rows was = {.tables = {before}, .count = 1};
		const struct trait_rows is = {.tables = {after}, .count = 1};

		trait_look_at(&was, col, book->zone, true, NULL, &base);
		trait_look_at(&was, col, book->zone, true, &base.spread, &now);
		ck_assert_int_eq(trait_drift(&base.spread, &now.spread), 0);
		trait_look_at(&is, col, book->zone, true, &base.spread, &now);
		ck_assert_int_gt(trait_drift(&base.spread, &now.spread), 1000);
	}
	table_free(before);
	table_free(after);
}
END_TEST

/* Each value has a bin of its own, and so has what lies between and beside them. */
START_TEST(few_values_make_few_bins)
{
	struct table *t = table_new("t", 300);
	struct trait_look base;

	(void)table_add_column(t, "x", COL_DOUBLE);
	for (size_t r = 0; r < 300; r++) {
		(void)table_append(t);
		table_set_double(t, 0, r, r % 3 == 0 ? -1.5 : r % 3 == 1 ? 0.0 : 2.5);
	}
	table_pack(t);
	base = look(t, NULL);
	ck_assert_int_eq(base.spread.nbins, base.spread.ncuts + 1);
	ck_assert_int_eq(base.spread.ncuts, 6);
	for (int i = 0; i < base.spread.nbins; i++)
		ck_assert_int_eq(base.spread.bins[i], i % 2 == 1 ? 100 : 0);
	table_free(t);
}
END_TEST

/* n rows, of which the first many are a, the others b. */
static struct table *
two_values(int many, double a, double b)
{
	struct table *t = table_new("t", 300);

	(void)table_add_column(t, "x", COL_DOUBLE);
	for (int r = 0; r < 300; r++) {
		(void)table_append(t);
		table_set_double(t, 0, (size_t)r, r < many ? a : b);
	}
	table_pack(t);
	return t;
}

static const struct {
	int many; /* of 300 */
	double a, b;
	double to; /* what all become */
} masses[] = {
    {300, 0.95, 0, 0.01}, /* below a constant */
    {300, 0.95, 0, 0.99}, /* above it */
    {300, 1, 0, 0},
    {300, 0, 0, 1},
    {270, 1, 0, 0}, /* to the rarer value of a flag */
    {30, 1, 0, 1},
    {295, 1, 0, 0},
    {5, 1, 0, 1},
    {150, 0, 1, 0.5}, /* between */
    {150, 0, 1, -1},
    {150, 0, 1, 2},
};

START_TEST(what_leaves_a_value_that_many_have_is_drift)
{
	struct table *before = two_values(masses[_i].many, masses[_i].a, masses[_i].b);
	struct table *after = two_values(300, masses[_i].to, 0);
	struct trait_look base = look(before, NULL), now = look(before, &base.spread);

	ck_assert_int_eq(trait_drift(&base.spread, &now.spread), 0);
	now = look(after, &base.spread);
	ck_assert_int_gt(trait_drift(&base.spread, &now.spread), 1000);
	table_free(before);
	table_free(after);
}
END_TEST

/* As baselines were kept before: one cut a value. They count as they did. */
START_TEST(a_baseline_with_one_cut_a_value_is_counted_by_it)
{
	struct table *t = two_values(150, 0, 1);
	struct trait_spread base = {.ncuts = 1, .bins = {150, 150}, .nbins = 2};
	struct trait_look now = look(t, &base);

	ck_assert_int_eq(now.spread.ncuts, 1);
	ck_assert_int_eq(now.spread.bins[0], 150);
	ck_assert_int_eq(trait_drift(&base, &now.spread), 0);
	table_free(t);
}
END_TEST

START_TEST(old_values_are_stale_and_empty_own_traits_are_empty)
{
	struct trait trait = own("x", COL_INT, "1"), builtin = trait;
	struct trait_limits limits = no_limits;
	struct trait_look now = {
	    .total = 10, .missing = 1, .newest = WORLD_NOW - 25 * STW_USEC_HOUR};
	struct trait_finding f;
	struct buf text;

	builtin.own = false;
	limits.max_age_hours = 25;
	ck_assert_int_eq(
	    trait_judge(&trait, &limits, &now, NULL, WORLD_NOW).breach, TRAIT_GOOD);
	limits.max_age_hours = 24;
	f = trait_judge(&trait, &limits, &now, NULL, WORLD_NOW);
	ck_assert_int_eq(f.breach, TRAIT_STALE);
	buf_init(&text);
	trait_finding_print(&f, false, &text);
	ck_assert_str_eq(
	    text.data, "the newest value is 25 hours old, at most 24 are allowed");
	buf_fini(&text);
	now.missing = 10;
	ck_assert_int_eq(
	    trait_judge(&trait, &no_limits, &now, NULL, WORLD_NOW).breach, TRAIT_EMPTY);
	ck_assert_int_eq(
	    trait_judge(&builtin, &no_limits, &now, NULL, WORLD_NOW).breach,
	    TRAIT_GOOD);
	/* Whoever says that all may be missing means it. */
	limits = no_limits;
	limits.max_missing_bp = 10000;
	ck_assert_int_eq(
	    trait_judge(&trait, &limits, &now, NULL, WORLD_NOW).breach, TRAIT_GOOD);
	now.total = now.missing = 0;
	ck_assert_int_eq(
	    trait_judge(&trait, &no_limits, &now, NULL, WORLD_NOW).breach, TRAIT_GOOD);
}
END_TEST

START_TEST(every_breach_has_a_name_and_words)
{
	for (int i = TRAIT_EMPTY; i < TRAIT_BREACHES; i++) {
		struct trait_finding f = {(enum trait_breach)i, 1234, 500};
		enum trait_breach back;

		ck_assert(
		    trait_breach_parse(str_of(trait_breach_name(f.breach)), &back));
		ck_assert_int_eq(back, i);
		for (int zh = 0; zh < 2; zh++) {
			struct buf text;

			buf_init(&text);
			trait_finding_print(&f, zh == 1, &text);
			ck_assert_uint_gt(text.len, 5);
			buf_fini(&text);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trait");
	TCase *tc = tcase_create("trait");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, a_document_says_what_a_trait_is, 0, (int)STW_ARRAY_LEN(documents));
	tcase_add_test(tc, own_traits_may_use_each_other_in_any_order);
	tcase_add_test(tc, a_circle_is_named);
	tcase_add_test(tc, an_own_trait_with_a_fault_has_no_values);
	tcase_add_loop_test(tc, a_rule_rests_on_all_that_its_answer_depends_on, 0,
	    (int)STW_ARRAY_LEN(uses));
	tcase_add_test(tc, missing_values_and_their_rise_are_found);
	tcase_add_test(tc, another_spread_is_drift);
	tcase_add_test(tc, words_and_truths_drift_as_well);
	tcase_add_test(tc, few_values_make_few_bins);
	tcase_add_loop_test(tc, what_leaves_a_value_that_many_have_is_drift, 0,
	    (int)STW_ARRAY_LEN(masses));
	tcase_add_test(tc, a_baseline_with_one_cut_a_value_is_counted_by_it);
	tcase_add_test(tc, old_values_are_stale_and_empty_own_traits_are_empty);
	tcase_add_test(tc, every_breach_has_a_name_and_words);
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
