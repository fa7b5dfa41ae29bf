/* Versions of connectors: what was read is what is approved. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/connector_store.h"
#include "tests/lib/task_world.h"

static const char *
document_of(int version)
{
	struct connector_row *rows;
	int count;

	ck_ok(
	    connector_rows(tw.db, "desk", version, &tw_arena, &rows, &count, &tw_err));
	ck_assert_int_eq(count, 1);
	return rows[0].document;
}

START_TEST(a_draft_is_not_written_over_between_reading_and_approval)
{
	struct connector_row *rows;
	int count;

	ck_ok(connector_put(tw.db, "desk", 1, "{\"a\":1}", "ann", NOW, &tw_err));
	/* The same once more is nothing new, and still ann's. */
	ck_ok(connector_put(tw.db, "desk", 1, "{\"a\":1}", "eve", NOW, &tw_err));
	ck_ok(connector_rows(tw.db, "desk", 1, &tw_arena, &rows, &count, &tw_err));
	ck_assert_str_eq(rows[0].written_by, "ann");
	ck_assert_int_eq(
	    connector_put(tw.db, "desk", 1, "{\"a\":2}", "eve", NOW, &tw_err),
	    STW_CONFLICT);
	ck_assert_str_eq(document_of(1), "{\"a\":1}");
	ck_ok(connector_activate(tw.db, "desk", 1, "bob", NOW, &tw_err));
	ck_assert_int_eq(
	    connector_put(tw.db, "desk", 1, "{\"a\":2}", "ann", NOW, &tw_err),
	    STW_CONFLICT);
	ck_assert_str_eq(document_of(1), "{\"a\":1}");
}
END_TEST

START_TEST(whoever_wrote_one_does_not_put_it_in_force)
{
	ck_ok(connector_put(tw.db, "desk", 1, "{}", "ann", NOW, &tw_err));
	ck_ok(connector_put(tw.db, "desk", 2, "{}", "ann", NOW, &tw_err));
	ck_assert_int_eq(
	    connector_activate(tw.db, "desk", 1, "ann", NOW, &tw_err), STW_CONFLICT);
	ck_ok(connector_activate(tw.db, "desk", 1, "bob", NOW, &tw_err));
	ck_ok(connector_activate(tw.db, "desk", 2, "bob", NOW, &tw_err));
	ck_assert_int_eq(
	    task_world_number("SELECT version FROM connector WHERE state = 'active'"),
	    2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("connector_store");
	TCase *tc = tcase_create("connectors");
	SRunner *runner;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	test_cluster_start();
	tcase_add_checked_fixture(tc, task_world_setup, task_world_teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_draft_is_not_written_over_between_reading_and_approval);
	tcase_add_test(tc, whoever_wrote_one_does_not_put_it_in_force);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
