/* A line says when; under the journal, which says so itself, it does not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "engine/log.h"
#include "engine/time.h"

static char line[1400];
static int saved, ends[2];

/* stderr into a pipe, which nothing else reads. */
static void
setup(void)
{
	saved = dup(STDERR_FILENO);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
	(void)unsetenv("JOURNAL_STREAM");
}

static void
teardown(void)
{
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)unsetenv("JOURNAL_STREAM");
}

static const char *
logged(void)
{
	ssize_t n;

	log_event(LOG_WARN, "tick_failed", "text=\"%s\"", "a\nb");
	n = read(ends[0], line, sizeof line - 1);
	ck_assert_int_gt((int)n, 0);
	line[n] = '\0';
	return line;
}

static stw_usec
real_now(void)
{
	struct stw_clock clock;

	clock_set_real(&clock);
	return clock_now(&clock);
}

static void
journal_is(unsigned long long device, unsigned long long inode)
{
	char text[64];

	(void)snprintf(text, sizeof text, "%llu:%llu", device, inode);
	ck_assert_int_eq(setenv("JOURNAL_STREAM", text, 1), 0);
}

START_TEST(a_line_begins_with_its_instant_in_milliseconds)
{
	stw_usec before = real_now() / 1000 * 1000, at, after;
	char stamp[32];

	ck_assert_str_eq(logged() + 24, " warn tick_failed text=\"a b\"\n");
	after = real_now();
	ck_assert_int_eq(line[19], '.');
	ck_assert_int_eq(line[23], 'Z');
	(void)snprintf(stamp, sizeof stamp, "%.24s", line);
	ck_assert_int_eq(stw_usec_parse(str_of(stamp), &at), STW_OK);
	ck_assert_int_ge(at, before);
	ck_assert_int_le(at, after);
}
END_TEST

START_TEST(the_journal_stamps_lines_itself)
{
	struct stat st;

	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	journal_is(st.st_dev, st.st_ino);
	ck_assert_str_eq(logged(), "warn tick_failed text=\"a b\"\n");
}
END_TEST

START_TEST(a_stderr_that_was_sent_elsewhere_is_not_the_journal)
{
	struct stat st;

	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	journal_is(st.st_dev, st.st_ino + 1);
	ck_assert_str_eq(logged() + 24, " warn tick_failed text=\"a b\"\n");
}
END_TEST

START_TEST(what_is_below_the_level_is_not_written)
{
	log_set_level(LOG_WARN);
	log_event(LOG_INFO, "tick", "customers=1");
	ck_assert_str_eq(logged() + 24, " warn tick_failed text=\"a b\"\n");
	log_set_level(LOG_INFO);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("log");
	TCase *tc = tcase_create("log");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_line_begins_with_its_instant_in_milliseconds);
	tcase_add_test(tc, the_journal_stamps_lines_itself);
	tcase_add_test(tc, a_stderr_that_was_sent_elsewhere_is_not_the_journal);
	tcase_add_test(tc, what_is_below_the_level_is_not_written);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
