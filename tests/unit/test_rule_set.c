/* Sets of rules: many at once say what each says alone, equal parts are worked out once,
 * and the plan tells what runs how. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/lib/rule_gen.h"

#define SET_RULES 40
#define NOW       (20780 * STW_USEC_DAY + 5 * STW_USEC_HOUR)

static struct rule *
compiled(struct world *w, struct arena *arena, const char *text)
{
	struct stw_err err;
	struct rule *rule = NULL;

	ck_assert_msg(rule_compile(w->env, str_of(text), NULL, NULL, arena, &rule,
			  &err) == STW_OK,
	    "%s: %s", text, err.text);
	return rule;
}

/* ---- many rules at once ------------------------------------------------------------ */
struct rules {
	struct arena arena;
	struct buf texts[SET_RULES];
	const struct rule *rules[SET_RULES];
	struct rule_result wanted[SET_RULES];
	int count;
};

/* Random rules and, one by one, their answers. */
static void
rules_init(struct rules *r, struct world *w, struct chance *chance)
{
	struct rule_columns_ctx ctx = world_columns(w);
	struct stw_err err;
	struct rule *rule;

	memset(r, 0, sizeof *r);
	arena_init(&r->arena);
	while (r->count < SET_RULES) {
		struct buf *text = &r->texts[r->count];

		buf_init(text);
		gen_print(
		    gen_rule(chance, BOOL, 2 + chance_below(chance, 3), &r->arena),
		    text);
		if (rule_compile(w->env, (struct str){text->data, text->len}, NULL,
			NULL, &r->arena, &rule, &err) != STW_OK) {
			buf_fini(text);
			continue;
		}
		ck_assert_int_eq(
		    rule_columns_bool(rule, &ctx, &r->wanted[r->count].matched,
			&r->wanted[r->count].undecided, &err),
		    STW_OK);
		r->rules[r->count++] = rule;
	}
}

static void
rules_fini(struct rules *r)
{
	for (int i = 0; i < r->count; i++) {
		buf_fini(&r->texts[i]);
		rule_result_fini(&r->wanted[i]);
	}
	arena_fini(&r->arena);
}

static void
check_set(struct rules *r, struct world *w, const struct rule_set_options *options)
{
	struct rule_columns_ctx ctx = world_columns(w);
	struct rule_result results[SET_RULES] = {0};
	struct rule_set *set;
	struct stw_err err;

	ck_assert_int_eq(
	    rule_set_new(r->rules, r->count, &ctx, options, &set, &err), STW_OK);
	for (int turn = 0; turn < 2; turn++)
		ck_assert_int_eq(rule_set_run(set, &ctx, results, &err), STW_OK);
	for (int i = 0; i < r->count; i++) {
		struct rule_result *is = &results[i], *want = &r->wanted[i];
		struct rule_difference d = rule_result_diff(want, is, NULL, NULL);
		size_t bytes = bitmap_words(want->undecided.bits) * sizeof(uint64_t);

		ck_assert_msg(d.entered == 0 && d.left == 0, "%s", r->texts[i].data);
		ck_assert_msg(
		    memcmp(is->undecided.words, want->undecided.words, bytes) == 0,
		    "undecided of %s", r->texts[i].data);
		ck_assert_uint_eq(is->nmatched, bitmap_count(&want->matched));
		ck_assert_uint_eq(is->nundecided, bitmap_count(&want->undecided));
		rule_result_fini(is);
	}
	rule_set_free(set);
}

static const struct rule_set_options ways[] = {
    {.threads = 1},
    {.threads = 3},
    {.threads = 1, .unshared = true},
    {.threads = 2, .simd = SIMD_PORTABLE},
    {.threads = 2, .simd = SIMD_AVX2},
    {.threads = 1, .profile = true},
};

START_TEST(a_set_says_what_its_rules_say)
{
	struct chance chance = {.state = 40 + (uint64_t)_i};
	struct rules rules;
	struct world w;

	world_init(&w, &chance, 9001);
	if (_i % 2 == 0)
		table_pack(w.table);
	rules_init(&rules, &w, &chance);
	check_set(&rules, &w, NULL);
	check_set(&rules, &w, &ways[_i]);
	rules_fini(&rules);
	world_fini(&w);
}
END_TEST

/* ---- what the graph is ---------------------------------------------------------------- */
static int
nodes_of(const struct rule *const *rules, int n, struct world *w, bool unshared)
{
	struct rule_columns_ctx ctx = world_columns(w);
	struct rule_set_options options = {.unshared = unshared};
	struct rule_plan plan;
	struct rule_set *set;
	struct arena arena;
	int count;

	arena_init(&arena);
	ck_assert_int_eq(rule_set_new(rules, n, &ctx, &options, &set, NULL), STW_OK);
	rule_set_plan(set, &arena, &plan);
	for (int i = 0; i < plan.nnodes; i++)
		ck_assert_int_gt(plan.nodes[i].users, 0);
	count = plan.nnodes;
	rule_set_free(set);
	arena_fini(&arena);
	return count;
}

START_TEST(equal_parts_are_one_node)
{
	struct chance chance = {.state = 3};
	const struct rule *rules[3];
	struct arena arena;
	struct world w;

	world_init(&w, &chance, 10);
	w.now = NOW;
	arena_init(&arena);
	for (size_t r = 0; r < 10; r++) /* on both sides of the border */
		table_set_int(w.table, table_find_column(w.table, "born"), r,
		    20700 + 20 * (int64_t)r);
	/* Said differently, the same days. */
	rules[0] = compiled(&w, &arena, "r.n > 3 && days_since(r.born) > 5");
	rules[1] = compiled(&w, &arena, "r.n >= 4 && days_since(r.born) >= 6");
	rules[2] = compiled(&w, &arena, "r.born < today - 5 && !(r.n <= 3)");
	ck_assert_int_eq(nodes_of(rules, 3, &w, false), 3);
	ck_assert_int_gt(nodes_of(rules, 3, &w, true), 3);
	arena_fini(&arena);
	world_fini(&w);
}
END_TEST

/* Two conditions that become one, and what was tried in vain: only what is needed is
 * there. */
START_TEST(nodes_that_nobody_needs_are_dropped)
{
	struct chance chance = {.state = 3};
	const struct rule *rule;
	struct arena arena;
	struct world w;

	world_init(&w, &chance, 10);
	arena_init(&arena);
	rule = compiled(&w, &arena, "r.n > 3 && r.n < 90 && r.n != 7");
	ck_assert_int_eq(nodes_of(&rule, 1, &w, false), 1);
	arena_fini(&arena);
	world_fini(&w);
}
END_TEST

/* rule, how the node at its root runs, and what it is called */
static const struct {
	const char *rule;
	enum rule_plan_how how;
	const char *name;
} planned[] = {
    {"r.n in [1, 2, 9] || !has(r.n)", RULE_PLAN_COLUMN, "range"},
    {"age(r.born) >= 60", RULE_PLAN_COLUMN, "range"},
    {"r.stage.matches(\"^m\")", RULE_PLAN_DICTIONARY, "range"},
    {"math.bitAnd(r.n, 5) != 0", RULE_PLAN_COLUMN, "bits"},
    {"r.sum * 10 < r.old * 7", RULE_PLAN_LOOP, "ratio"},
    {"r.sum < 0.7 * r.old", RULE_PLAN_LOOP, "compare"},
    {"r.items.exists(i, i.live)", RULE_PLAN_LOOP, "any"},
    {"r.n / 2 > 1", RULE_PLAN_LOOP, "compare"},
    {"r.stage + r.name == \"ab\"", RULE_PLAN_ROWS, "interpreter"},
    {"today == today", RULE_PLAN_CONSTANT, "constant"},
};

/* Plain values: what a drawn column holds could make a condition constant. */
static void
plain_columns(struct world *w)
{
	for (int col = 1; col < w->table->ncols; col++) {
		enum col_type type = w->table->cols[col].type;

		for (size_t r = 0; r < w->table->rows; r++) {
			if (type == COL_STRING)
				table_set_string(w->table, col, r,
				    r % 2 == 0 ? STR_LIT("mature") : STR_LIT("a"));
			else if (type == COL_DATE)
				table_set_int(
				    w->table, col, r, 20700 - 50 * (int64_t)r);
			else if (type != COL_DOUBLE)
				table_set_int(w->table, col, r, (int64_t)r);
		}
	}
}

START_TEST(the_plan_tells_what_runs_how)
{
	struct chance chance = {.state = 3};
	struct rule_columns_ctx ctx;
	const struct rule *rule;
	struct rule_plan plan;
	struct rule_set *set;
	struct arena arena;
	struct world w;

	world_init(&w, &chance, 500);
	w.now = NOW;
	plain_columns(&w);
	arena_init(&arena);
	ctx = world_columns(&w);
	rule = compiled(&w, &arena, planned[_i].rule);
	ck_assert_int_eq(rule_set_new(&rule, 1, &ctx, NULL, &set, NULL), STW_OK);
	rule_set_plan(set, &arena, &plan);
	ck_assert_int_eq(plan.nodes[plan.roots[0]].how, planned[_i].how);
	ck_assert_str_eq(plan.nodes[plan.roots[0]].name, planned[_i].name);
	for (int i = 0; i < plan.nnodes; i++) {
		for (int k = 0; k < plan.nodes[i].ninputs; k++)
			ck_assert_int_lt(plan.nodes[i].inputs[k], i);
	}
	rule_set_free(set);
	arena_fini(&arena);
	world_fini(&w);
}
END_TEST

START_TEST(a_set_follows_the_clock_and_the_table)
{
	struct rule_result was = {0}, is = {0};
	struct rule_columns_ctx ctx;
	struct bitmap entered = {0}, left = {0};
	struct rule_difference d;
	const struct rule *rule;
	struct rule_set *set;
	struct arena arena;
	struct chance chance = {.state = 4};
	struct world w;
	int born;

	world_init(&w, &chance, 5000);
	w.now = NOW;
	w.zone = NULL;
	arena_init(&arena);
	ctx = world_columns(&w);
	ctx.nbindings = 1; /* what is constant may change at any time */
	born = table_find_column(w.table, "born");
	for (size_t r = 0; r < 5000; r++)
		table_set_int(w.table, born, r, 20780 - (int64_t)r);
	table_pack(w.table);
	rule = compiled(&w, &arena, "days_since(r.born) >= 1000");
	ck_assert_int_eq(rule_set_new(&rule, 1, &ctx, NULL, &set, NULL), STW_OK);
	ck_assert_int_eq(rule_set_run(set, &ctx, &was, NULL), STW_OK);
	ck_assert_uint_eq(was.nmatched, 4000);
	ctx.now += 7 * STW_USEC_DAY;
	ck_assert_int_eq(rule_set_run(set, &ctx, &is, NULL), STW_OK);
	d = rule_result_diff(&was, &is, &entered, &left);
	ck_assert_uint_eq(d.entered, 7);
	ck_assert_uint_eq(d.left, 0);
	ck_assert(bitmap_get(&entered, 993) && bitmap_get(&entered, 999));
	ck_assert_uint_eq(bitmap_count(&left), 0);
	table_set_int(w.table, born, 4999, 20780);
	table_set_missing(w.table, born, 4998);
	ck_assert_int_eq(rule_set_run(set, &ctx, &was, NULL), STW_OK);
	d = rule_result_diff(&is, &was, NULL, &left);
	ck_assert_uint_eq(d.entered, 0);
	ck_assert_uint_eq(d.left, 2);
	ck_assert(bitmap_get(&left, 4999) && bitmap_get(&was.undecided, 4998));
	table_pack(w.table);
	ck_assert_int_eq(rule_set_run(set, &ctx, &is, NULL), STW_OK);
	ck_assert_uint_eq(is.nmatched, was.nmatched);
	rule_set_free(set);
	rule_result_fini(&was);
	rule_result_fini(&is);
	bitmap_fini(&entered);
	bitmap_fini(&left);
	arena_fini(&arena);
	world_fini(&w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rule_set");
	TCase *tc = tcase_create("sets");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(
	    tc, a_set_says_what_its_rules_say, 0, (int)STW_ARRAY_LEN(ways));
	tcase_add_test(tc, equal_parts_are_one_node);
	tcase_add_test(tc, nodes_that_nobody_needs_are_dropped);
	tcase_add_loop_test(
	    tc, the_plan_tells_what_runs_how, 0, (int)STW_ARRAY_LEN(planned));
	tcase_add_test(tc, a_set_follows_the_clock_and_the_table);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
