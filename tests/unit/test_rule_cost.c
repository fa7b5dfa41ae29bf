/*
 * What a rule may cost, and the limits that refuse a rule before it runs.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/rule_cost.h"
#include "tests/lib/rule_world.h"

static struct rule_world world;
static struct arena arena;
static struct buf text;

static void
setup(void)
{
	arena_init(&arena);
	buf_init(&text);
	rule_world_init(&world);
	rule_env_length(world.env, "holdings", 10);
}

static void
teardown(void)
{
	rule_world_fini(&world);
	buf_fini(&text);
	arena_fini(&arena);
}

static enum stw_code
compile(const char *rule, const struct rule_limits *limits, struct rule **out,
    struct stw_err *err)
{
	*err = (struct stw_err){0};
	return rule_compile(world.env, str_of(rule), NULL, limits, &arena, out, err);
}

static const struct rule_cost *
cost(const char *rule)
{
	struct stw_err err;
	struct rule *compiled;

	ck_assert_msg(compile(rule, NULL, &compiled, &err) == STW_OK, "%s: %d:%d %s",
	    rule, err.line, err.column, err.text);
	return rule_cost_of(compiled);
}

/* ---- estimates ------------------------------------------------------------------- */
static const struct {
	const char *what, *rule;
	uint64_t min, max;
} costs[] = {
    {"constants are free", "1 + 2 == 3", 0, 0},
    {"a field and a comparison", "customer.aum > money(\"1\")", 3, 3},
    {"&& may end early", "customer.vip && customer.aum > money(\"1\")", 2, 5},
    {"one side of a condition", "customer.vip ? customer.calls_30d : 7", 2, 4},
    {"a declared list", "customer.holdings.exists(h, h.product == \"fund\")", 3, 42},
    {"a list nobody declared",
	"customer.transactions.exists(t, t.kind == \"redemption\")", 3, 402},
    {"a list inside a list multiplies",
	"customer.holdings.exists(h, customer.transactions.exists(t, t.kind == h.product))",
	3, 6032},
    {"a literal list has its length", "[1, 2, 3].exists(x, x == customer.calls_30d)", 1,
	15},
    {"what a filter leaves may be all",
	"customer.holdings.filter(h, h.product == \"a\").exists(h, h.product == \"b\")",
	4, 82},
    {"aggregates walk", "customer.holdings.map(h, h.amount).sum()", 4, 43},
    {"optionals are no lists", "customer.?email.optMap(e, e).orValue(\"\")", 4, 5},
    {"a regular expression", "customer.name.matches(\"^a+$\")", 3, 54},
    {"a literal text has its length", "\"abcdefgh\".contains(customer.name)", 3, 4},
};

START_TEST(a_rule_costs)
{
	const struct rule_cost *is = cost(costs[_i].rule);

	ck_assert_msg(is->min == costs[_i].min && is->max == costs[_i].max,
	    "%s: %s: %llu to %llu", costs[_i].what, costs[_i].rule,
	    (unsigned long long)is->min, (unsigned long long)is->max);
}
END_TEST

START_TEST(the_dearest_parts_come_first)
{
	rule_cost_print(
	    cost("customer.vip && (customer.holdings.exists(h, h.product == \"fund\")\n"
		 "  || customer.transactions.exists(t, t.kind == \"redemption\"))\n"
		 "  && customer.name.matches(\"^a\") && customer.calls_30d > 1"),
	    &text);
	ck_assert_str_eq(text.data,
	    "2 to 503 steps a row\n"
	    "           402  2:28  customer.transactions.exists(t, t.kind == "
	    "\"redemption\")\n"
	    "            54  3:20  customer.name.matches(\"^a\")\n"
	    "            42  1:36  customer.holdings.exists(h, h.product == \"fund\")\n");
}
END_TEST

START_TEST(one_macro_shows_what_is_inside)
{
	const struct rule_cost *is =
	    cost("customer.holdings.exists(h, h.product == \"fund\" "
		 "&& h.amount > money(\"1\"))");

	ck_assert_int_eq(is->nparts, 3);
	ck_assert_uint_eq(is->parts[0].max, is->max);
	ck_assert_int_eq(strncmp(is->parts[1].text.ptr, "h.product", 6), 0);
	ck_assert_uint_eq(is->parts[1].max, 30);
}
END_TEST

START_TEST(sums_end_at_the_top)
{
	static const struct rule_limits any = {.max_text = 16384,
	    .max_depth = 64,
	    .max_nodes = 4096,
	    .max_cost = UINT64_MAX};
	struct stw_err err;
	struct rule *rule;

	for (int i = 0; i < 14; i++)
		buf_printf(&text, "customer.transactions.exists(v%d, ", i);
	buf_add_c(&text, "customer.vip");
	for (int i = 0; i < 14; i++)
		buf_add_c(&text, ")");
	ck_assert_int_eq(compile(text.data, &any, &rule, &err), STW_OK);
	ck_assert_uint_eq(rule_cost_of(rule)->max, UINT64_MAX);
}
END_TEST

/* ---- limits ---------------------------------------------------------------------- */
static const struct {
	const char *what, *rule; /* the rule: %d times open, the middle, close */
	const char *open, *middle, *close;
	int times;
	int line, column;
	const char *text;
} limits_of[] = {
    {"text", NULL, "        ", "1", "", 2500, 1, 1,
	"the rule is 20001 bytes long; 16384 are allowed"},
    {"brackets", NULL, "(", "1", ")", 70, 1, 65, "the rule is nested too deeply"},
    {"signs", NULL, "!", "true", "", 70, 1, 64, "the rule is nested too deeply"},
    {"parts", NULL, "1,", "1]", "", 5000, 1, 8194, "the rule has more than 4096 parts"},
    {"macros", NULL, "tags.all(t, ", "true", ")", 40, 1, 390,
	"too many macros inside each other"},
    {"arguments", "lookup(1, 2, 3, 4, 5, 6, 7, 8, 9)", "", "", "", 0, 1, 1,
	"too many arguments"},
};

START_TEST(each_limit_has_its_place_and_its_words)
{
	struct stw_err err;
	struct rule *rule;

	if (limits_of[_i].rule != NULL)
		buf_add_c(&text, limits_of[_i].rule);
	if (strchr(limits_of[_i].middle, ']') != NULL)
		buf_add_c(&text, "[");
	for (int i = 0; i < limits_of[_i].times; i++)
		buf_add_c(&text, limits_of[_i].open);
	buf_add_c(&text, limits_of[_i].middle);
	for (int i = 0; i < limits_of[_i].times; i++)
		buf_add_c(&text, limits_of[_i].close);
	ck_assert_int_eq(compile(text.data, NULL, &rule, &err), STW_INVALID);
	ck_assert_str_eq(err.text, limits_of[_i].text);
	ck_assert_msg(
	    err.line == limits_of[_i].line && err.column == limits_of[_i].column,
	    "%s: %d:%d", limits_of[_i].what, err.line, err.column);
}
END_TEST

START_TEST(lists_inside_lists_are_refused)
{
	struct stw_err err;
	struct rule *rule;

	ck_assert_int_eq(
	    compile("customer.vip && customer.transactions.exists(a, "
		    "customer.transactions.exists(b, customer.transactions.exists(c, "
		    "customer.transactions.exists(d, a.kind == d.kind))))",
		NULL, &rule, &err),
	    STW_INVALID);
	ck_assert_ptr_null(rule);
	ck_assert_int_eq(err.line, 1);
	ck_assert_int_eq(err.column, 39);
	ck_assert_str_eq(err.text,
	    "the rule may take 603,030,304 steps a row; 100,000,000 are allowed: walk fewer "
	    "lists inside each other, or filter() the outer one first");
}
END_TEST

START_TEST(a_limit_can_be_set)
{
	struct rule_limits limits = {
	    .max_text = 1000, .max_depth = 10, .max_nodes = 100, .max_cost = 5};
	struct stw_err err;
	struct rule *rule;

	ck_assert_int_eq(
	    compile("customer.calls_30d == customer.calls_30d", &limits, &rule, &err),
	    STW_OK);
	ck_assert_int_eq(compile("customer.calls_30d == customer.calls_30d + 1",
			     &limits, &rule, &err),
	    STW_INVALID);
	ck_assert_ptr_nonnull(
	    strstr(err.text, "may take 6 steps a row; 5 are allowed"));
}
END_TEST

START_TEST(regular_expressions_are_counted)
{
	struct rule_limits limits = {
	    .max_text = 1000, .max_depth = 10, .max_nodes = 100, .max_regexes = 2};
	struct stw_err err;
	struct rule *rule;

	ck_assert_int_eq(
	    compile("customer.name.matches(\"a\") || customer.name.matches(\"b\")",
		&limits, &rule, &err),
	    STW_OK);
	ck_assert_int_eq(
	    compile("customer.name.matches(\"a\") || customer.name.matches(\"b\")\n"
		    " || customer.name.matches(\"c\")",
		&limits, &rule, &err),
	    STW_INVALID);
	ck_assert_int_eq(err.line, 2);
	ck_assert_str_eq(err.text,
	    "the rule has more than 2 regular expressions; join some with '|'");
}
END_TEST

START_TEST(a_regular_expression_that_explodes_is_refused)
{
	struct stw_err err;
	struct rule *rule;

	ck_assert_int_eq(compile("customer.name.matches(\"((a{100}){100}){100}\")",
			     NULL, &rule, &err),
	    STW_INVALID);
	ck_assert_msg(
	    strstr(err.text, "not a regular expression: ") != NULL, "%s", err.text);
}
END_TEST

/* "aa...".replace("a", "aa...") twelve times over would be 10^24 bytes. */
START_TEST(constants_that_explode_are_left_for_the_evaluation)
{
	struct rule_eval_ctx ctx;
	struct stw_err err;
	struct rule_value v;
	struct rule *rule;
	size_t before;

	buf_add_c(&text, "\"a\"");
	for (int i = 0; i < 12; i++)
		buf_printf(&text, ".replace(\"a\", \"%s\")",
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	before = arena.total;
	ck_assert_msg(compile(text.data, NULL, &rule, &err) == STW_OK, "%s", err.text);
	ck_assert_uint_lt(arena.total - before, (size_t)4 << 20);
	ctx = rule_world_ctx(&world, 0, &arena);
	v = rule_eval(rule, &ctx);
	ck_assert_int_eq(v.kind, RULE_V_ERROR);
	ck_assert(!v.error.missing);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rule_cost");
	TCase *tc = tcase_create("cost");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_rule_costs, 0, (int)STW_ARRAY_LEN(costs));
	tcase_add_test(tc, the_dearest_parts_come_first);
	tcase_add_test(tc, one_macro_shows_what_is_inside);
	tcase_add_test(tc, sums_end_at_the_top);
	tcase_add_loop_test(tc, each_limit_has_its_place_and_its_words, 0,
	    (int)STW_ARRAY_LEN(limits_of));
	tcase_add_test(tc, lists_inside_lists_are_refused);
	tcase_add_test(tc, a_limit_can_be_set);
	tcase_add_test(tc, regular_expressions_are_counted);
	tcase_add_test(tc, a_regular_expression_that_explodes_is_refused);
	tcase_add_test(tc, constants_that_explode_are_left_for_the_evaluation);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
