/* A compiled rule is shared by threads, each with an arena of its own. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <check.h>

#include "engine/rule_columns.h"
#include "tests/lib/rule_world.h"

#define THREADS 4
#define ROUNDS  2000

struct job {
	pthread_t thread;
	const struct rule *rule;
	const struct rule_columns_ctx *columns;
	struct rule_value vars[3];
	stw_usec now;
	const struct zone *zone;
	int hits;
};

static void *
run(void *arg)
{
	struct job *job = arg;
	struct rule_eval_ctx ctx = {.vars = job->vars,
	    .now = job->now,
	    .zone = job->zone,
	    .in_segment = rule_world_in_segment};
	struct bitmap matched = {0};
	struct arena arena;

	arena_init(&arena);
	ctx.arena = &arena;
	for (int i = 0; i < ROUNDS; i++) {
		job->hits += rule_eval_bool(job->rule, &ctx, NULL);
		arena_reset(&arena);
	}
	for (int i = 0; i < ROUNDS / 20; i++) {
		if (rule_columns_bool(job->rule, job->columns, &matched, NULL, NULL) ==
		    STW_OK)
			job->hits += (int)bitmap_count(&matched);
	}
	bitmap_fini(&matched);
	arena_fini(&arena);
	return NULL;
}

START_TEST(threads_share_a_rule)
{
	struct rule_world world;
	struct rule_binding bindings[] = {
	    {.slot = WORLD_CUSTOMER, .self = true, .child = -1},
	    {.slot = WORLD_LIMIT, .child = -1},
	    {.slot = WORLD_TAGS, .child = -1},
	};
	struct rule_columns_ctx columns = {
	    .bindings = bindings, .nbindings = 3, .in_segment = rule_world_in_segment};
	struct job jobs[THREADS] = {0};
	struct stw_err err;
	struct rule *rule;

	rule_world_init(&world);
	bindings[1].constant = world.vars[WORLD_LIMIT];
	bindings[2].constant = world.vars[WORLD_TAGS];
	columns.table = world.customers;
	columns.now = world.now;
	columns.zone = world.zone;
	ck_assert_int_eq(
	    rule_compile(world.env,
		STR_LIT(
		    "customer.email.matches(\"^hua@\") && \"x\".matches(customer.stage + "
		    "\"|x\") && customer.transactions.filter(t, t.amount > limit).size() == "
		    "1 && days_since(customer.last_seen) == 0"),
		rule_type_basic(RULE_BOOL), NULL, &world.arena, &rule, &err),
	    STW_OK);
	for (int i = 0; i < THREADS; i++) {
		jobs[i].rule = rule;
		jobs[i].columns = &columns;
		jobs[i].vars[WORLD_CUSTOMER] = rule_row(world.customers, 0);
		jobs[i].vars[WORLD_LIMIT] = world.vars[WORLD_LIMIT];
		jobs[i].vars[WORLD_TAGS] = world.vars[WORLD_TAGS];
		jobs[i].now = world.now;
		jobs[i].zone = world.zone;
		ck_assert_int_eq(
		    pthread_create(&jobs[i].thread, NULL, run, &jobs[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(jobs[i].thread, NULL), 0);
		ck_assert_int_eq(jobs[i].hits, ROUNDS + ROUNDS / 20);
	}
	rule_world_fini(&world);
}
END_TEST

/* Enough chunks that every thread gets some; rules of all kinds: columns, lists, text by
 * the dictionary, the interpreter row by row, a segment that is asked for each row. */
#define ROWS (12 * TABLE_CHUNK + 77)

static struct table *
many_rows(void)
{
	struct table *moves = table_new("Move", 0), *t = table_new("Row", 0);
	int n = table_add_column(t, "n", COL_INT);
	int ref = table_add_column(t, "ref", COL_STRING);
	int stage = table_add_column(t, "stage", COL_STRING);
	int units = table_add_column(moves, "units", COL_INT);
	char text[24];

	(void)table_add_child(t, "moves", moves);
	for (size_t r = 0; r < ROWS; r++) {
		(void)table_append(t);
		if (r % 7 != 0)
			table_set_int(t, n, r, (int64_t)(r % 100));
		(void)snprintf(text, sizeof text, "r%zu", r);
		table_set_string(t, ref, r, str_of(text));
		table_set_string(
		    t, stage, r, r % 3 == 0 ? STR_LIT("mature") : STR_LIT("new"));
		for (size_t m = 0; m < r % 3; m++)
			table_set_int(
			    moves, units, table_append(moves), (int64_t)(r % 11));
		t->children[0].offsets[r + 1] = (uint32_t)moves->rows;
	}
	return t;
}

static bool
known_segment(void *host, struct str code)
{
	(void)host, (void)code;
	return true;
}

static bool
ends_even(void *host, const char *code, const struct rule_value *member, bool *known)
{
	(void)host, (void)code;
	*known = member->kind == RULE_V_STRING && member->s.len > 1;
	return *known && (member->s.ptr[member->s.len - 1] - '0') % 2 == 0;
}

START_TEST(a_set_on_many_threads_says_what_one_does)
{
	static const char *const texts[] = {"r.n > 50 && r.stage == \"mature\"",
	    "r.moves.exists(m, m.units > 5) || r.n < 3",
	    "r.moves.map(m, m.units * 2).sum() > 20",
	    "r.stage.matches(\"^m\") && r.n % 9 == 1",
	    "(r.stage + r.ref).size() > 10 && r.n > 90",
	    "r in segment(\"even\") && r.n > 10"};
	enum { N = sizeof texts / sizeof texts[0] };
	const struct rule *rules[N];
	const struct rule_set_options one = {.threads = 1}, many = {.threads = THREADS};
	struct rule_result alone[N] = {0}, together[N] = {0};
	struct rule_binding self = {.slot = 0, .self = true, .child = -1};
	struct rule_columns_ctx ctx = {
	    .bindings = &self, .nbindings = 1, .in_segment = ends_even};
	struct table *table = many_rows();
	struct rule_set *set;
	struct rule_env *env;
	struct stw_err err;
	struct arena arena;

	arena_init(&arena);
	ctx.table = table;
	env = rule_env_new(&arena);
	(void)rule_env_var(env, "r", rule_type_of_table(&arena, table, "Row"));
	rule_env_segments(env, known_segment, NULL);
	for (int i = 0; i < N; i++) {
		struct rule *rule;

		ck_assert_msg(rule_compile(env, str_of(texts[i]), NULL, NULL, &arena,
				  &rule, &err) == STW_OK,
		    "%s", err.text);
		rules[i] = rule;
	}
	ck_assert_int_eq(rule_set_new(rules, N, &ctx, &one, &set, &err), STW_OK);
	ck_assert_int_eq(rule_set_run(set, &ctx, alone, &err), STW_OK);
	rule_set_free(set);
	ck_assert_int_eq(rule_set_new(rules, N, &ctx, &many, &set, &err), STW_OK);
	for (int turn = 0; turn < 3; turn++)
		ck_assert_int_eq(rule_set_run(set, &ctx, together, &err), STW_OK);
	rule_set_free(set);
	for (int i = 0; i < N; i++) {
		struct rule_difference d =
		    rule_result_diff(&alone[i], &together[i], NULL, NULL);

		ck_assert_msg(d.entered + d.left == 0, "%s", texts[i]);
		ck_assert_uint_gt(alone[i].nmatched, 0);
		ck_assert_uint_eq(alone[i].nmatched, together[i].nmatched);
		ck_assert_uint_eq(alone[i].nundecided, together[i].nundecided);
		rule_result_fini(&alone[i]);
		rule_result_fini(&together[i]);
	}
	table_free(table);
	arena_fini(&arena);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rule_threads");
	TCase *tc = tcase_create("threads");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, threads_share_a_rule);
	tcase_add_test(tc, a_set_on_many_threads_says_what_one_does);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
