#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "api/push/queue_journal.h"
#include "api/push/queue_tasks.h"

static char path[] = "/tmp/test_queue-XXXXXX";

static void
make_file(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}

static void
remove_file(void)
{
	(void)unlink(path);
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
}

static enum stw_code
count_line(void *ctx, const json_t *event, struct stw_err *err)
{
	(void)event;
	(void)err;
	++*(int *)ctx;
	return STW_OK;
}

static int
lines_in_journal(enum stw_code want)
{
	struct queue_journal *j = NULL;
	struct stw_err err = {0};
	int n = 0;

	ck_assert_msg(
	    queue_journal_open(path, count_line, &n, &j, &err) == want, "%s", err.text);
	queue_journal_close(j);
	return n;
}

static void
append(const char *text)
{
	FILE *f = fopen(path, "ae");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(what_was_added_is_there_after_a_restart)
{
	struct queue_journal *j = NULL;
	int n = 0;

	ck_assert_int_eq(queue_journal_open(path, count_line, &n, &j, NULL), STW_OK);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(
		    queue_journal_add(
			j, json_pack("{s:s, s:i}", "event", "x", "n", i), NULL),
		    STW_OK);
	queue_journal_close(j);
	ck_assert_int_eq(lines_in_journal(STW_OK), 3);
}
END_TEST

START_TEST(a_line_cut_by_a_crash_is_removed_and_only_that)
{
	append("{\"event\":\"a\"}\n{\"event\":\"b\"}\n{\"eve");
	ck_assert_int_eq(lines_in_journal(STW_OK), 2);
	append("{\"event\":\"c\"}\n");
	ck_assert_int_eq(lines_in_journal(STW_OK), 3);
}
END_TEST

START_TEST(a_bad_line_in_the_middle_is_no_journal)
{
	append("{\"event\":\"a\"}\n{\"eve\n{\"event\":\"c\"}\n");
	(void)lines_in_journal(STW_INVALID);
}
END_TEST

START_TEST(a_journal_has_one_writer)
{
	struct queue_journal *j = NULL;
	int n = 0;

	ck_assert_int_eq(queue_journal_open(path, count_line, &n, &j, NULL), STW_OK);
	(void)lines_in_journal(STW_CONFLICT);
	queue_journal_close(j);
}
END_TEST

/* ---- tasks ------------------------------------------------------------------------ */
static const struct queue_agent_line agents[] = {{"wealth"}, {"wealth"}, {"robots"}};

static void
open_one(struct queue_tasks *tasks, const char *id, const char *queue)
{
	ck_assert(queue_tasks_take(tasks, id, id, queue, 0));
	queue_tasks_settle(tasks, id, true);
}

static void
replay(struct queue_tasks *tasks, const char *text)
{
	json_t *event = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(event);
	ck_assert_int_eq(queue_tasks_replay(tasks, event, NULL), STW_OK);
	json_decref(event);
}

START_TEST(a_task_is_taken_once_and_given_to_an_agent_of_its_queue)
{
	struct queue_tasks *tasks = queue_tasks_new(agents, 3);
	struct queue_counts counts;
	struct queue_task *t;
	int robot = 0, wealth = 0;
	char id[16];

	for (int i = 0; i < 3000; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		open_one(tasks, id, i % 3 == 0 ? "robots" : "wealth");
		ck_assert(!queue_tasks_take(tasks, id, id, "wealth", 0));
	}
	open_one(tasks, "nobody", "elsewhere");
	queue_tasks_count(tasks, &counts);
	ck_assert_int_eq(counts.ids, 3001);
	ck_assert_int_eq(counts.open, 3001);
	ck_assert_int_eq(counts.assigned, 3000);
	while ((t = queue_tasks_next(tasks, 2, 0)) != NULL) {
		ck_assert_str_eq(t->queue, "robots");
		queue_tasks_close(tasks, t);
		robot++;
	}
	for (int a = 0; a < 2; a++)
		while ((t = queue_tasks_next(tasks, a, 0)) != NULL) {
			ck_assert_str_eq(t->queue, "wealth");
			wealth++;
		}
	ck_assert_int_eq(robot, 1000);
	ck_assert_int_eq(wealth, 2000);
	queue_tasks_count(tasks, &counts);
	ck_assert_int_eq(counts.open, 2001);
	queue_tasks_free(tasks);
}
END_TEST

START_TEST(a_parked_task_is_woken_by_a_repeat_of_its_push)
{
	struct queue_tasks *tasks = queue_tasks_new(agents, 1);
	struct queue_counts counts;

	open_one(tasks, "a", "wealth");
	queue_tasks_park(tasks, queue_tasks_next(tasks, 0, 0));
	ck_assert_ptr_null(queue_tasks_next(tasks, 0, 0));
	queue_tasks_count(tasks, &counts);
	ck_assert_int_eq(counts.open, 1);
	ck_assert_int_eq(counts.assigned, 0);
	ck_assert(!queue_tasks_take(tasks, "a", "a", "wealth", 0));
	ck_assert_ptr_nonnull(queue_tasks_next(tasks, 0, 0));
	ck_assert(!queue_tasks_take(tasks, "a", "a", "wealth", 0));
	ck_assert_ptr_null(queue_tasks_next(tasks, 0, 0));
	queue_tasks_free(tasks);
}
END_TEST

START_TEST(a_task_is_passed_on_to_each_agent_of_its_queue_once)
{
	struct queue_tasks *tasks = queue_tasks_new(agents, 3);
	struct queue_task *t;
	int first;

	open_one(tasks, "a", "wealth");
	t = queue_tasks_next(tasks, 0, 0);
	first = t != NULL ? 0 : 1;
	if (t == NULL)
		t = queue_tasks_next(tasks, 1, 0);
	ck_assert_ptr_nonnull(t);
	ck_assert(queue_tasks_pass_on(tasks, t));
	ck_assert_ptr_eq(queue_tasks_next(tasks, 1 - first, 0), t);
	ck_assert(!queue_tasks_pass_on(tasks, t));
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_null(queue_tasks_next(tasks, i, 0));
	queue_tasks_free(tasks);
}
END_TEST

START_TEST(after_a_restart_a_task_is_with_the_agent_it_was_passed_on_to)
{
	struct queue_tasks *before = queue_tasks_new(agents, 2);
	struct queue_tasks *after = queue_tasks_new(agents, 2);
	int first;

	open_one(before, "a", "wealth");
	first = queue_tasks_next(before, 0, 0) != NULL ? 0 : 1;
	replay(after, "{\"event\":\"accepted\",\"id\":\"a\",\"task_id\":\"a\","
		      "\"queue\":\"wealth\"}");
	replay(after, "{\"event\":\"passed_on\",\"id\":\"a\",\"task_id\":\"a\"}");
	queue_tasks_resume(after);
	ck_assert_ptr_null(queue_tasks_next(after, first, 0));
	ck_assert_ptr_nonnull(queue_tasks_next(after, 1 - first, 0));
	queue_tasks_free(before);
	queue_tasks_free(after);
}
END_TEST

START_TEST(a_task_whose_journal_line_failed_was_never_taken)
{
	struct queue_tasks *tasks = queue_tasks_new(agents, 3);

	ck_assert(queue_tasks_take(tasks, "a", "a", "wealth", 0));
	queue_tasks_settle(tasks, "a", false);
	ck_assert(queue_tasks_take(tasks, "a", "a", "wealth", 0));
	queue_tasks_settle(tasks, "a", true);
	ck_assert(!queue_tasks_take(tasks, "a", "a", "wealth", 0));
	queue_tasks_free(tasks);
}
END_TEST

START_TEST(a_restart_goes_on_where_the_journal_ends)
{
	struct queue_tasks *tasks = queue_tasks_new(agents, 1);
	struct queue_counts counts;
	struct queue_task *t;

	replay(tasks, "{\"event\":\"bad_signature\"}");
	replay(tasks, "{\"event\":\"failed\",\"id\":\"a\",\"task_id\":\"a\"}");
	replay(tasks,
	    "{\"event\":\"accepted\",\"id\":\"a\",\"task_id\":\"a\",\"queue\":\"wealth\"}");
	replay(tasks, "{\"event\":\"duplicate\",\"id\":\"a\",\"task_id\":\"a\"}");
	replay(tasks,
	    "{\"event\":\"accepted\",\"id\":\"b\",\"task_id\":\"b\",\"queue\":\"wealth\"}");
	replay(tasks, "{\"event\":\"outcome_ack\",\"id\":\"b\",\"closes\":true}");
	replay(tasks,
	    "{\"event\":\"outcome_sent\",\"id\":\"a\",\"disposition\":\"declined\"}");
	replay(tasks, "{\"event\":\"recalled\",\"id\":\"c.recall\",\"task_id\":\"c\"}");
	queue_tasks_resume(tasks);
	queue_tasks_count(tasks, &counts);
	ck_assert_int_eq(counts.ids, 2);
	ck_assert_int_eq(counts.open, 1);
	ck_assert_int_eq((int)queue_tasks_try(tasks, "a"), 3);
	ck_assert(!queue_tasks_take(tasks, "b", "b", "wealth", 0));
	ck_assert(queue_tasks_recalled(tasks, "c"));
	ck_assert(!queue_tasks_recalled(tasks, "a"));
	t = queue_tasks_next(tasks, 0, 0);
	ck_assert_ptr_nonnull(t);
	ck_assert_str_eq(t->id, "a");
	ck_assert(t->outcome_sent);
	ck_assert_str_eq(t->disposition, "declined");
	ck_assert_ptr_null(queue_tasks_next(tasks, 0, 0));
	queue_tasks_free(tasks);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("queue");
	TCase *journal = tcase_create("journal");
	TCase *tasks = tcase_create("tasks");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(journal, make_file, remove_file);
	tcase_add_test(journal, what_was_added_is_there_after_a_restart);
	tcase_add_test(journal, a_line_cut_by_a_crash_is_removed_and_only_that);
	tcase_add_test(journal, a_bad_line_in_the_middle_is_no_journal);
	tcase_add_test(journal, a_journal_has_one_writer);
	suite_add_tcase(suite, journal);
	tcase_add_test(tasks, a_task_is_taken_once_and_given_to_an_agent_of_its_queue);
	tcase_add_test(tasks, a_parked_task_is_woken_by_a_repeat_of_its_push);
	tcase_add_test(tasks, a_task_is_passed_on_to_each_agent_of_its_queue_once);
	tcase_add_test(
	    tasks, after_a_restart_a_task_is_with_the_agent_it_was_passed_on_to);
	tcase_add_test(tasks, a_task_whose_journal_line_failed_was_never_taken);
	tcase_add_test(tasks, a_restart_goes_on_where_the_journal_ends);
	suite_add_tcase(suite, tasks);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
