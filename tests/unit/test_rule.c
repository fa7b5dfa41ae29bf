#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/rule_text.h"
#include "tests/lib/rule_world.h"

static struct rule_world world;
static struct arena arena;
static struct buf text;

static void
setup(void)
{
	rule_world_init(&world);
	arena_init(&arena);
	buf_init(&text);
}

static void
teardown(void)
{
	buf_fini(&text);
	arena_fini(&arena);
	rule_world_fini(&world);
}

static struct rule *
compile(const char *source)
{
	struct stw_err err;
	struct rule *rule;

	ck_assert_msg(rule_compile(world.env, str_of(source), NULL, NULL, &arena, &rule,
			  &err) == STW_OK,
	    "%s: %d:%d: %s", source, err.line, err.column, err.text);
	return rule;
}

static const char *
value_of(const char *source)
{
	struct rule_eval_ctx ctx = rule_world_ctx(&world, 0, &arena);
	struct rule_value v = rule_eval(compile(source), &ctx);

	buf_clear(&text);
	rule_value_print(&v, &text);
	return text.data;
}

/* ---- errors ---------------------------------------------------------------------- */
static const struct {
	const char *rule, *printed;
} printed[] = {
    {"1 +\n  customer.amu",
	"  customer.amu\n           ^\n2:12: no field 'amu' in Customer; did "
	"you mean 'aum'?\n"},
    {"\t1 + \"a\"",
	"\t1 + \"a\"\n\t  ^\n1:4: no overload for int + string; write string(1) + "
	"\"a\"\n"},
    {"\"\xe6\x9d\x8e\" + 1",
	"\"\xe6\x9d\x8e\" + 1\n     ^\n1:5: no overload for string + int; "
	"write \"\xe6\x9d\x8e\" + string(1)\n"},
};

START_TEST(the_caret_stands_under_the_fault)
{
	struct stw_err err;
	struct rule *rule;

	ck_assert_int_eq(rule_compile(world.env, str_of(printed[_i].rule), NULL, NULL,
			     &arena, &rule, &err),
	    STW_INVALID);
	ck_assert_ptr_null(rule);
	rule_error_print(str_of(printed[_i].rule), &err, &text);
	ck_assert_str_eq(text.data, printed[_i].printed);
}
END_TEST

START_TEST(limits_hold)
{
	const struct rule_limits small = {
	    .max_text = 20, .max_depth = 5, .max_nodes = 8};
	static const char *const bad[] = {
	    "1 + 1 + 1 + 1 + 1 + 1", "((((((1))))))", "[1,2,3,4,5,6,7,8]"};
	struct stw_err err;
	struct rule *rule;

	for (size_t i = 0; i < STW_ARRAY_LEN(bad); i++) {
		ck_assert_int_eq(rule_compile(world.env, str_of(bad[i]), NULL, &small,
				     &arena, &rule, &err),
		    STW_INVALID);
		ck_assert_int_ge(err.line, 1);
	}
	ck_assert_int_eq(rule_compile(world.env, STR_LIT("1 + 1"), NULL, &small, &arena,
			     &rule, &err),
	    STW_OK);
}
END_TEST

START_TEST(a_long_chain_is_not_deep)
{
	for (int i = 0; i < 400; i++)
		buf_add_c(&text, i == 0 ? "customer.vip" : " && customer.vip");
	ck_assert_ptr_nonnull(compile(text.data));
	buf_clear(&text);
	for (int i = 0; i < 1000; i++)
		buf_add_c(&text, i == 0 ? "1" : " + 1");
	for (int depth = 1; depth >= 0; depth--) {
		struct rule_limits limits = {.max_text = 16384,
		    .max_depth = depth == 1 ? 64 : 200,
		    .max_nodes = 4096};
		struct stw_err err;
		struct rule *rule;
		enum stw_code rc =
		    rule_compile(world.env, (struct str){text.data, text.len}, NULL,
			&limits, &arena, &rule, &err);

		ck_assert_int_eq(rc, depth == 1 ? STW_INVALID : STW_OK);
	}
}
END_TEST

static const struct {
	const char *rule;
	enum rule_kind want;
	const char *error; /* NULL: fine */
} wants[] = {
    {"customer.vip", RULE_BOOL, NULL},
    {"customer.aum", RULE_BOOL, "the rule needs bool; customer.aum is money"},
    {"customer.calls_30d", RULE_BOOL,
	"the rule needs bool; customer.calls_30d is int; write customer.calls_30d != 0"},
    {"customer.aum", RULE_INT, "the rule gives money; int is wanted"},
    {"dyn(customer.aum)", RULE_INT, NULL},
    {"customer.aum", RULE_MONEY, NULL},
};

START_TEST(the_result_type_is_checked)
{
	struct stw_err err;
	struct rule *rule;
	enum stw_code rc = rule_compile(world.env, str_of(wants[_i].rule),
	    rule_type_basic(wants[_i].want), NULL, &arena, &rule, &err);

	if (wants[_i].error == NULL) {
		ck_assert_int_eq(rc, STW_OK);
		return;
	}
	ck_assert_int_eq(rc, STW_INVALID);
	ck_assert_str_eq(err.text, wants[_i].error);
}
END_TEST

/* ---- env ------------------------------------------------------------------------- */
START_TEST(the_default_currency_is_the_envs)
{
	ck_assert_str_eq(value_of("money(\"1\")"), "money(\"1.00\", \"CNY\")");
	rule_env_currency(world.env, "JPY");
	ck_assert_str_eq(value_of("money(\"1\")"), "money(\"1\", \"JPY\")");
	ck_assert_str_eq(
	    value_of("customer.notes.map(n, n.amount).sum()"), "money(\"0\", \"JPY\")");
}
END_TEST

START_TEST(segments_are_listed_once)
{
	const struct rule *rule =
	    compile("customer in segment(\"vip\") || \"a\" in "
		    "segment(\"unknown_yet\") || !(customer.ref in "
		    "segment(\"vip\"))");
	const char *const *codes;

	ck_assert_int_eq(rule_segments(rule, &codes), 2);
	ck_assert_str_eq(codes[0], "vip");
	ck_assert_str_eq(codes[1], "unknown_yet");
	ck_assert_int_eq(rule_segments(compile("true"), &codes), 0);
}
END_TEST

START_TEST(a_value_of_another_type_than_declared_is_an_error)
{
	struct rule *rule = compile("limit > money(\"1\") || tags.size() > 1");
	struct rule_eval_ctx ctx = rule_world_ctx(&world, 0, &arena);
	bool undecided;

	world.vars[WORLD_LIMIT] = rule_int(5);
	ck_assert(rule_eval_bool(rule, &ctx, &undecided));
	ck_assert(!undecided);
	world.vars[WORLD_TAGS] = rule_string(STR_LIT("x"));
	ck_assert(!rule_eval_bool(rule, &ctx, &undecided));
	ck_assert(undecided);
	world.vars[WORLD_LIMIT] = rule_missing();
	ck_assert(!rule_eval_bool(rule, &ctx, &undecided));
	ck_assert(undecided);
}
END_TEST

START_TEST(records_in_a_dyn_are_asked_by_name)
{
	struct rule_value vars[1] = {rule_row(world.customers, 0)};
	struct rule_eval_ctx ctx = {.vars = vars, .now = world.now, .arena = &arena};
	struct rule_env *env = rule_env_new(&arena);
	struct stw_err err;
	struct rule *rule;
	struct rule_value v;

	(void)rule_env_var(env, "row", rule_type_basic(RULE_DYN));
	ck_assert_int_eq(
	    rule_compile(env,
		STR_LIT(
		    "row.calls_30d > 3 && row.holdings.exists(h, h.units == 150) && "
		    "!has(row.income) && row.?email.orValue(\"\") != \"\" && "
		    "row.aum * 2 > money(\"1\")"),
		rule_type_basic(RULE_BOOL), NULL, &arena, &rule, &err),
	    STW_OK);
	v = rule_eval(rule, &ctx);
	rule_value_print(&v, &text);
	ck_assert_str_eq(text.data, "true");
	ck_assert_int_eq(
	    rule_compile(env, STR_LIT("row.nothing"), NULL, NULL, &arena, &rule, &err),
	    STW_OK);
	v = rule_eval(rule, &ctx);
	ck_assert_int_eq(v.kind, RULE_V_ERROR);
	ck_assert(!v.error.missing);
}
END_TEST

/* ---- explain --------------------------------------------------------------------- */
static const char *
explained(const char *source, size_t row)
{
	struct rule_eval_ctx ctx = rule_world_ctx(&world, row, &arena);
	struct rule_explanation explanation;

	rule_explain(compile(source), &ctx, &explanation);
	buf_clear(&text);
	rule_explanation_print(&explanation, 100, &text);
	return text.data;
}

START_TEST(an_explanation_shows_each_part_with_its_value)
{
	ck_assert_str_eq(
	    explained("customer.stage == \"mature\"\n   && (customer.aum < 0.7 * "
		      "customer.aum_90d_ago)",
		0),
	    "customer.stage == \"mature\" && (customer.aum < 0.7 * customer.aum_90d_ago) = "
	    "true\n"
	    "  customer.stage == \"mature\" = true\n"
	    "    customer.stage = \"mature\"\n"
	    "  customer.aum < 0.7 * customer.aum_90d_ago = true\n"
	    "    customer.aum = money(\"350000.00\", \"CNY\")\n"
	    "    0.7 * customer.aum_90d_ago = money(\"420000.00\", \"CNY\")\n"
	    "      customer.aum_90d_ago = money(\"600000.00\", \"CNY\")\n");
}
END_TEST

START_TEST(an_explanation_names_what_is_missing)
{
	ck_assert_str_eq(explained("has(customer.email) || customer.income > limit", 2),
	    "has(customer.email) || customer.income > limit = missing: customer.income has no "
	    "value\n"
	    "  has(customer.email) = false\n"
	    "  customer.income > limit = missing: customer.income has no value\n"
	    "    customer.income = missing: customer.income has no value\n");
}
END_TEST

START_TEST(an_explanation_shows_the_element_that_decides)
{
	ck_assert_str_eq(explained("[1, 2, 3, 4, 5, 6, 7, 8, 9].exists(x, x == 9)", 0),
	    "[1, 2, 3, 4, 5, 6, 7, 8, 9].exists(x, x == 9) = true\n"
	    "  x == 9 = false\n    x = 1\n"
	    "  x == 9 = false\n    x = 2\n"
	    "  x == 9 = false\n    x = 3\n"
	    "  x == 9 = false\n    x = 4\n"
	    "  x == 9 = false\n    x = 5\n"
	    "  x == 9 = true\n    x = 9\n");
}
END_TEST

START_TEST(explain_and_eval_agree_and_places_are_right)
{
	struct rule_eval_ctx ctx = rule_world_ctx(&world, 0, &arena);
	struct rule_explanation explanation;
	const struct rule *rule = compile("true &&\n  customer.vip");

	rule_explain(rule, &ctx, &explanation);
	ck_assert_int_eq(explanation.result.kind, RULE_V_BOOL);
	ck_assert(explanation.result.b);
	ck_assert_int_eq(explanation.count, 2);
	ck_assert_int_eq(explanation.nodes[1].line, 2);
	ck_assert_int_eq(explanation.nodes[1].column, 3);
	ck_assert_int_eq(explanation.nodes[1].depth, 1);
}
END_TEST

/* ---- values as text -------------------------------------------------------------- */
static const struct {
	const char *rule, *plain;
} plain[] = {
    {"customer.aum", "350000.00 CNY"},
    {"customer.income", ""},
    {"customer.stage", "mature"},
    {"customer.dob", "1960-02-29"},
    {"customer.?dob", "1960-02-29"},
    {"customer.last_seen", "2026-11-22T17:30:00Z"},
    {"[customer.vip]", "[true]"},
    {"3u", "3"},
    {"0.5", "0.5"},
    {"-duration(\"1.5s\")", "-1.5s"},
    {"1 / customer.zero", "error: division by zero"},
};

START_TEST(values_are_shown_plainly)
{
	struct rule_eval_ctx ctx = rule_world_ctx(&world, 0, &arena);
	struct rule_value v = rule_eval(compile(plain[_i].rule), &ctx);

	rule_value_text(&v, &text);
	ck_assert_str_eq(text.data == NULL ? "" : text.data, plain[_i].plain);
}
END_TEST

START_TEST(types_have_names)
{
	ck_assert_str_eq(
	    rule_type_text(rule_result_type(compile("customer.holdings")), &arena),
	    "list(Holding)");
	ck_assert_str_eq(
	    rule_type_text(
		rule_result_type(compile("{\"a\": [customer.?aum]}")), &arena),
	    "map(string, list(optional(money)))");
}
END_TEST

/* The numbers are part of the language: a sample once drawn must stay drawn. */
START_TEST(buckets_never_change)
{
	ck_assert_str_eq(value_of("bucket(\"c1\", \"salt\", 100)"), "20");
	ck_assert_str_eq(value_of("bucket(42, \"holdout-2026\", 1000)"),
	    value_of("bucket(\"42\", \"holdout-2026\", 1000)"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rule");
	TCase *tc = tcase_create("rule");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, the_caret_stands_under_the_fault, 0, (int)STW_ARRAY_LEN(printed));
	tcase_add_test(tc, limits_hold);
	tcase_add_test(tc, a_long_chain_is_not_deep);
	tcase_add_loop_test(
	    tc, the_result_type_is_checked, 0, (int)STW_ARRAY_LEN(wants));
	tcase_add_test(tc, the_default_currency_is_the_envs);
	tcase_add_test(tc, segments_are_listed_once);
	tcase_add_test(tc, a_value_of_another_type_than_declared_is_an_error);
	tcase_add_test(tc, records_in_a_dyn_are_asked_by_name);
	tcase_add_test(tc, an_explanation_shows_each_part_with_its_value);
	tcase_add_test(tc, an_explanation_names_what_is_missing);
	tcase_add_test(tc, an_explanation_shows_the_element_that_decides);
	tcase_add_test(tc, explain_and_eval_agree_and_places_are_right);
	tcase_add_loop_test(tc, values_are_shown_plainly, 0, (int)STW_ARRAY_LEN(plain));
	tcase_add_test(tc, types_have_names);
	tcase_add_test(tc, buckets_never_change);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
