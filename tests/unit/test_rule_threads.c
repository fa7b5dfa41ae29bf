/* A compiled rule is shared by threads, each with an arena of its own. */
#include <pthread.h>
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

int
main(void)
{
	Suite *suite = suite_create("rule_threads");
	TCase *tc = tcase_create("threads");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, threads_share_a_rule);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
