/* Events are stored once, whoever sends them how often, and only for known customers. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "segments/book.h"
#include "segments/event_store.h"
#include "tests/lib/cluster.h"

#define AT INT64_C(1795413600123456)

static struct test_db t;
static struct stw_err err;

#define ck_ok(call)                                             \
	do {                                                    \
		enum stw_code ck_rc = (call);                   \
		ck_assert_msg(ck_rc == STW_OK, "%s", err.text); \
	} while (0)

static void
setup(void)
{
	char sql[300];

	test_db_open(&t);
	for (int i = 1; i <= 9; i++) {
		char ref[16];

		(void)snprintf(ref, sizeof ref, "K%d", i);
		(void)snprintf(sql, sizeof sql,
		    "INSERT INTO customer (bucket, customer_id, ref, updated_at) VALUES "
		    "(%d, %d, '%s', now())",
		    customer_bucket(str_of(ref)), i, ref);
		test_db_tamper(&t, sql);
	}
}

static void
teardown(void)
{
	test_db_close(&t);
}

static struct event
event_of(const char *ref, const char *id, stw_usec at, const char *channel)
{
	struct event event = {
	    .ref = str_of(ref), .at = at, .kind = "login", .channel = channel};

	event_key(STR_LIT("/core"), str_of(id), event.key);
	return event;
}

static void
store(const struct event *events, size_t count, enum event_fate *fates)
{
	ck_ok(db_begin(t.db, &err));
	ck_ok(event_store(t.db, events, count, fates, &err));
	ck_ok(db_commit(t.db, &err));
}

START_TEST(each_event_has_its_fate)
{
	const struct event events[] = {event_of("K1", "1", AT, NULL),
	    event_of("K2", "2", AT, "app"), event_of("nobody", "3", AT, NULL),
	    event_of("K1", "1", AT, NULL), event_of("K1", "1", AT + 1, NULL),
	    event_of("K3", "1", AT, NULL)};
	enum event_fate fates[6];

	store(events, 6, fates);
	ck_assert_int_eq(fates[0], EVENT_STORED);
	ck_assert_int_eq(fates[1], EVENT_STORED);
	ck_assert_int_eq(fates[2], EVENT_UNKNOWN_CUSTOMER);
	ck_assert_int_eq(fates[3], EVENT_DUPLICATE);
	ck_assert_int_eq(fates[4], EVENT_CONFLICT);
	ck_assert_int_eq(fates[5], EVENT_STORED); /* of somebody else */
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM interaction"), 3);
	/* What is stored is what was sent, to the microsecond. */
	ck_assert_int_eq(
	    test_db_number(&t,
		"SELECT count(*) FROM interaction WHERE customer_id = 2 AND "
		"channel = 'app' AND kind = 'login' AND at = "
		"'2026-11-23 06:00:00.123456+00'"),
	    1);
}
END_TEST

START_TEST(what_was_stored_before_is_recognised)
{
	struct event events[] = {event_of("K1", "1", AT, "app"),
	    event_of("K1", "2", AT, NULL), event_of("K1", "3", AT, NULL)};
	enum event_fate fates[3];

	store(events, 3, fates);
	events[1].channel = "app";
	events[2].kind = "logout";
	store(events, 3, fates);
	ck_assert_int_eq(fates[0], EVENT_DUPLICATE);
	ck_assert_int_eq(fates[1], EVENT_CONFLICT);
	ck_assert_int_eq(fates[2], EVENT_CONFLICT);
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM interaction"), 3);
}
END_TEST

START_TEST(no_events_are_no_trouble)
{
	enum event_fate fate;

	store(NULL, 0, &fate);
}
END_TEST

START_TEST(keys_differ_where_source_and_id_do)
{
	char a[EVENT_KEY_TEXT], b[EVENT_KEY_TEXT];

	event_key(STR_LIT("/a"), STR_LIT("b"), a);
	event_key(STR_LIT("/a"), STR_LIT("b"), b);
	ck_assert_str_eq(a, b);
	event_key(STR_LIT("/"), STR_LIT("ab"), b);
	ck_assert_str_ne(a, b);
}
END_TEST

/* ---- many senders of the same --------------------------------------------------------- */
#define SENDERS 4
#define ROUNDS  10
#define EVENTS  90

struct sender {
	struct db *db;
	int stride; /* has nothing in common with EVENTS */
};

static void *
send_all(void *arg)
{
	const struct sender *sender = arg;
	struct db *db = sender->db;
	struct event events[EVENTS];
	enum event_fate fates[EVENTS];
	struct stw_err failed;
	int *stored = stw_xalloc(sizeof *stored);

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < EVENTS; i++) {
			/* Each sender in an order of its own. */
			int n = (i * sender->stride) % EVENTS;
			char ref[16], id[32];

			(void)snprintf(ref, sizeof ref, "K%d", n % 9 + 1);
			(void)snprintf(id, sizeof id, "%d-%d", round, n);
			events[i] = event_of("", id, AT, NULL);
			events[i].ref = (struct str){strdup(ref), strlen(ref)};
		}
		STW_ASSERT(db_begin(db, &failed) == STW_OK);
		STW_ASSERT(event_store(db, events, EVENTS, fates, &failed) == STW_OK);
		STW_ASSERT(db_commit(db, &failed) == STW_OK);
		for (int i = 0; i < EVENTS; i++) {
			*stored += fates[i] == EVENT_STORED;
			STW_ASSERT(
			    fates[i] == EVENT_STORED || fates[i] == EVENT_DUPLICATE);
			free((char *)(uintptr_t)events[i].ref.ptr);
		}
	}
	return stored;
}

START_TEST(many_senders_of_the_same_store_it_once_and_do_not_lock_each_other_out)
{
	pthread_t threads[SENDERS];
	struct sender senders[SENDERS] = {
	    {.stride = 1}, {.stride = 7}, {.stride = 83}, {.stride = 89}};
	int total = 0;

	for (int i = 0; i < SENDERS; i++) {
		senders[i].db = test_db_connect(&t);
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
	}
	for (int i = 0; i < SENDERS; i++) {
		void *stored;

		(void)pthread_join(threads[i], &stored);
		total += *(int *)stored;
		free(stored);
		db_close(senders[i].db);
	}
	ck_assert_int_eq(total, ROUNDS * EVENTS);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM interaction"), ROUNDS * EVENTS);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("event_store");
	TCase *tc = tcase_create("event_store");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_event_has_its_fate);
	tcase_add_test(tc, what_was_stored_before_is_recognised);
	tcase_add_test(tc, no_events_are_no_trouble);
	tcase_add_test(tc, keys_differ_where_source_and_id_do);
	tcase_add_test(
	    tc, many_senders_of_the_same_store_it_once_and_do_not_lock_each_other_out);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
