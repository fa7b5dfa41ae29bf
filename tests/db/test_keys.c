/* Keys are exchanged while everything runs: what an old key wrapped or hashed is found all
 * the time, an import finds its customers' numbers, and at the end nothing has the old
 * key. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "campaigns/compliance/gate.h"
#include "campaigns/facts_store.h"
#include "db/seal.h"
#include "segments/book.h"
#include "segments/import.h"
#include "segments/key_store.h"
#include "tests/lib/cluster.h"

#define NOW       (INT64_C(1795399200) * STW_USEC_SEC) /* 2026-11-23T02:00:00Z */
#define CUSTOMERS 240 /* customer 2n has the number of customer 2n - 1 */
#define WAIT      (20 * STW_USEC_SEC)

static struct test_db t;
static struct stw_err err;
static struct seal_keys *keys;
static char dir[64];

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

static const char mapping[] =
    "{\"name\": \"keys\", \"currency\": \"CNY\", \"zone\": \"Asia/Shanghai\","
    " \"region\": \"CN\", \"files\": ["
    "  {\"file\": \"customers.csv\", \"target\": \"customer\", \"columns\": {"
    "    \"ref\": \"row.ref\", \"name\": \"row.name\", \"phone\": \"row.phone\"}},"
    "  {\"file\": \"objections.csv\", \"target\": \"objection\", \"columns\": {"
    "    \"customer\": \"row.owner\", \"kind\": \"'do_not_call'\","
    "    \"phone\": \"row.phone\", \"source\": \"'branch'\","
    "    \"effective_at\": \"row.at\"}},"
    "  {\"file\": \"attempts.csv\", \"target\": \"attempt\", \"columns\": {"
    "    \"customer\": \"row.owner\", \"phone\": \"row.phone\","
    "    \"channel\": \"'VOICE'\", \"kind\": \"'attempt'\", \"at\": \"row.at\"}}]}";

static FILE *
file_of(const char *name)
{
	char path[160];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	return file;
}

/* Round n of the feed: names differ, so that it is no repetition. The odd customer of each
 * pair has objected and been called; the even one shares the number. */
static void
feed_write(int round)
{
	FILE *customers = file_of("customers.csv"),
	     *objections = file_of("objections.csv");
	FILE *attempts = file_of("attempts.csv"), *map = file_of("mapping.json");

	(void)fputs(mapping, map);
	(void)fputs("ref,name,phone\n", customers);
	(void)fputs("owner,phone,at\n", objections);
	(void)fputs("owner,phone,at\n", attempts);
	for (int i = 1; i <= CUSTOMERS; i++) {
		int number = (i + 1) / 2;

		(void)fprintf(
		    customers, "C%d,N%d of %d,1349100%04d\n", i, i, round, number);
		if (i % 2 == 0)
			continue;
		(void)fprintf(objections, "C%d,1349100%04d,2026-11-01\n", i, number);
		(void)fprintf(
		    attempts, "C%d,1349100%04d,2026-11-20T10:00:00+08:00\n", i, number);
	}
	ck_assert_int_eq(
	    fclose(customers) + fclose(objections) + fclose(attempts) + fclose(map), 0);
}

static enum stw_code
feed(struct db *db, struct stw_err *e)
{
	const struct import_opts opts = {.dir = dir, .as_of = NOW, .actor = "tester"};
	struct import_result result;

	return import_run(db, keys, &opts, &result, e);
}

static void
setup(void)
{
	char path[128];

	test_db_open(&t);
	(void)snprintf(dir, sizeof dir, "/tmp/stw_test_keys_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/keys", dir);
	ck_ok(seal_keys_open(path, true, &keys, &err));
	db_keys_set(t.db, keys);
	feed_write(0);
	ck_ok(feed(t.db, &err));
}

static void
teardown(void)
{
	char command[128];

	seal_keys_close(keys);
	test_db_close(&t);
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static int64_t
number(const char *sql)
{
	return test_db_number(&t, sql);
}

/* ---- what has to hold all the time ------------------------------------------------------ */
struct watch {
	struct db *db;
	atomic_bool stop;
	int64_t looks, failures;
	char first[500];
};

/* Everybody on a shared number is bitten by its objection and its calls, whoever made
 * them. True: so it is for all of a bucket. */
static bool
bucket_holds(struct watch *w, int bucket, struct arena *arena)
{
	struct customer_page {
		int64_t ids[CUSTOMERS];
		size_t count;
	} page = {{0}, 0};
	struct facts_set set;
	struct stw_err e = {0};

	for (int i = 1; i <= CUSTOMERS; i++) {
		char ref[16];

		(void)snprintf(ref, sizeof ref, "C%d", i);
		if (customer_bucket(str_of(ref)) == bucket)
			page.ids[page.count++] = i;
	}
	if (page.count == 0)
		return true;
	if (facts_load(w->db, bucket, page.ids, page.count, NOW, NULL, arena, &set,
		&e) != STW_OK) {
		(void)snprintf(w->first, sizeof w->first, "%s", e.text);
		return false;
	}
	for (size_t i = 0; i < page.count; i++) {
		const struct facts_customer *c = facts_find(&set, page.ids[i]);
		struct gate_facts facts = {0};

		if (c == NULL || c->npoints != 1 || c->points[0].point.sharers != 2) {
			(void)snprintf(w->first, sizeof w->first,
			    "customer %lld: %d points, %d share",
			    (long long)page.ids[i], c == NULL ? -1 : c->npoints,
			    c == NULL || c->npoints < 1 ? -1
							: c->points[0].point.sharers);
			return false;
		}
		facts_fill(c, &c->points[0], 0, arena, &facts);
		w->looks++;
		if (facts.nobjections != 1 || facts.ncounts != 1 ||
		    !facts.counts[0].this_number) {
			(void)snprintf(w->first, sizeof w->first,
			    "customer %lld: %d objections, %d counted contacts",
			    (long long)page.ids[i], facts.nobjections, facts.ncounts);
			return false;
		}
	}
	return true;
}

static void
look_once(struct watch *w)
{
	struct arena arena;

	arena_init(&arena);
	for (int bucket = 0; bucket < BOOK_BUCKETS && !w->stop; bucket++) {
		arena_reset(&arena);
		w->failures += !bucket_holds(w, bucket, &arena);
	}
	arena_fini(&arena);
}

static void *
watch_main(void *arg)
{
	struct watch *w = arg;

	while (!w->stop)
		look_once(w);
	return NULL;
}

struct feeder {
	struct db *db;
	atomic_bool stop;
	int rounds, failures;
	char first[500];
};

static void *
feeder_main(void *arg)
{
	struct feeder *f = arg;
	struct stw_err e;

	while (!f->stop) {
		feed_write(++f->rounds);
		if (feed(f->db, &e) != STW_OK) {
			f->failures++;
			(void)snprintf(f->first, sizeof f->first, "%s", e.text);
		}
	}
	return NULL;
}

/* One exchange of the index key with lookups and imports going on. */
static void
exchange(struct watch *w, struct feeder *f)
{
	pthread_t watcher, feeder;
	struct index_left left;
	struct db *db = test_db_connect(&t);
	int64_t moved;
	int version;

	w->db = test_db_connect(&t);
	f->db = test_db_connect(&t);
	ck_assert_int_eq(pthread_create(&watcher, NULL, watch_main, w), 0);
	ck_assert_int_eq(pthread_create(&feeder, NULL, feeder_main, f), 0);
	(void)usleep(200000);
	ck_ok(seal_keys_add(keys, SEAL_INDEX, &version, &err));
	ck_ok(index_move_begin(db, keys, WAIT, &err));
	ck_ok(index_move_run(db, keys, NOW, WAIT, NULL, &moved, &left, &err));
	(void)usleep(200000);
	f->stop = true;
	ck_assert_int_eq(pthread_join(feeder, NULL), 0);
	w->stop = true;
	ck_assert_int_eq(pthread_join(watcher, NULL), 0);
	w->stop = false;
	look_once(w);
	ck_assert_int_ge(moved, 0);
	ck_assert_int_eq(left.points + left.objections + left.counts, 0);
	db_close(w->db);
	db_close(f->db);
	db_close(db);
}

static void
ck_all_have(int version)
{
	unsigned char hash[SEAL_INDEX_BYTES];
	char sql[400], phone[32], hex[65];

	ck_assert_int_eq(number("SELECT count(*) FROM contact_point"), CUSTOMERS);
	ck_assert_int_eq(number("SELECT count(*) FROM phone_index_move"), 0);
	ck_assert_int_eq(number("SELECT version FROM index_key"), version);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM index_key WHERE previous IS NULL"), 1);
	for (int i = 1; i <= CUSTOMERS / 2; i += 37) {
		(void)snprintf(phone, sizeof phone, "+861349100%04d", i);
		seal_index(keys, version, str_of(phone), hash);
		for (size_t k = 0; k < sizeof hash; k++)
			(void)snprintf(hex + 2 * k, 3, "%02x", hash[k]);
		(void)snprintf(sql, sizeof sql,
		    "SELECT (SELECT count(*) FROM contact_point WHERE phone_index = '\\x%s')"
		    " * 100 + (SELECT count(*) FROM objection WHERE phone_index = '\\x%s')"
		    " * 10 + (SELECT count(*) FROM contact_count WHERE phone_index = "
		    "'\\x%s')",
		    hex, hex, hex);
		ck_assert_int_eq(number(sql), 211);
	}
}

START_TEST(the_index_key_is_exchanged_while_lookups_and_imports_go_on)
{
	struct watch w = {0};
	struct feeder f = {0};

	exchange(&w, &f);
	ck_assert_msg(w.failures == 0, "%lld failed lookups of %lld: %s",
	    (long long)w.failures, (long long)w.looks, w.first);
	ck_assert_msg(f.failures == 0, "%d failed imports of %d: %s", f.failures,
	    f.rounds, f.first);
	ck_assert_int_gt(w.looks, CUSTOMERS);
	ck_assert_int_gt(f.rounds, 0);
	ck_all_have(2);
}
END_TEST

/* The same with the pairs hidden from the statements that compare numbers: it shows. */
START_TEST(without_the_pairs_lookups_would_fail)
{
	struct watch w = {0};
	struct feeder f = {0};

	test_db_tamper(&t,
	    "CREATE OR REPLACE VIEW phone_alias (own, other) AS SELECT old_index, new_index "
	    "FROM phone_index_move WHERE false");
	exchange(&w, &f);
	ck_assert_int_gt(w.failures, 0);
}
END_TEST

START_TEST(an_exchange_that_was_broken_off_goes_on)
{
	struct index_left left;
	struct watch w = {.db = t.db};
	struct index_key key;
	int64_t moved;
	int version;

	ck_ok(seal_keys_add(keys, SEAL_INDEX, &version, &err));
	ck_ok(index_move_begin(t.db, keys, WAIT, &err));
	/* As if it had ended in the middle of a bucket. */
	ck_ok(index_move_run(t.db, keys, NOW, WAIT, NULL, &moved, &left, &err));
	test_db_tamper(&t,
	    "INSERT INTO phone_index_move SELECT sha256(phone_index), phone_index FROM "
	    "contact_point ON CONFLICT DO NOTHING; DELETE FROM phone_index_move; "
	    "UPDATE index_key SET previous = 1");
	ck_ok(index_left_count(t.db, &left, &err));
	ck_assert_int_eq(left.points, CUSTOMERS);
	ck_assert(index_move_begin(t.db, keys, WAIT, &err) == STW_CONFLICT);
	ck_ok(index_move_run(t.db, keys, NOW, WAIT, NULL, &moved, &left, &err));
	ck_assert_int_eq(left.points + left.objections + left.counts, 0);
	look_once(&w);
	ck_assert_msg(w.failures == 0, "%s", w.first);
	ck_all_have(2);
	ck_ok(db_begin(t.db, &err));
	ck_ok(index_key_hold(t.db, keys, &key, &err));
	ck_ok(db_commit(t.db, &err));
	ck_assert_int_eq(key.now * 10 + key.before, 20);
}
END_TEST

/* A number that only an objection or a count has: the objection's is sealed with it, the
 * count is kept until no cap looks at it. */
START_TEST(numbers_that_nobody_has_any_more_keep_the_old_key_as_long_as_they_count)
{
	struct index_left left;
	int64_t moved;
	int version;

	test_db_tamper(&t, "DELETE FROM contact_point WHERE customer_id <= 2");
	ck_ok(seal_keys_add(keys, SEAL_INDEX, &version, &err));
	ck_ok(index_move_begin(t.db, keys, WAIT, &err));
	ck_ok(index_move_run(t.db, keys, NOW, WAIT, NULL, &moved, &left, &err));
	ck_assert_int_eq(left.points + left.objections + left.counts, 0);
	/* And one whose number is not on record at all. */
	test_db_tamper(&t,
	    "INSERT INTO contact_count (bucket, count_id, customer_id, phone_index, channel, "
	    "kind, at) VALUES (0, gen_random_uuid(), 1, sha256('x'), 'VOICE', 'attempt', "
	    "'2026-11-20')");
	ck_ok(seal_keys_add(keys, SEAL_INDEX, &version, &err));
	ck_ok(index_move_begin(t.db, keys, WAIT, &err));
	ck_ok(index_move_run(t.db, keys, NOW, WAIT, NULL, &moved, &left, &err));
	ck_assert_int_eq(left.counts, 1);
	ck_assert_int_eq(number("SELECT previous FROM index_key"), 2);
	ck_ok(index_move_run(
	    t.db, keys, NOW + 40 * STW_USEC_DAY, WAIT, NULL, &moved, &left, &err));
	ck_assert_int_eq(left.counts, 0);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM contact_count WHERE phone_index IS NULL"), 1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM index_key WHERE previous IS NULL"), 1);
}
END_TEST

START_TEST(an_import_with_another_key_file_is_refused)
{
	struct seal_keys *mine = keys, *other;
	char path[128];

	(void)snprintf(path, sizeof path, "%s/other", dir);
	ck_ok(seal_keys_open(path, true, &other, &err));
	test_db_tamper(&t, "UPDATE index_key SET version = 2");
	keys = other;
	feed_write(1);
	ck_assert(feed(t.db, &err) == STW_INVALID);
	ck_assert_msg(strstr(err.text, "index key 2") != NULL, "%s", err.text);
	keys = mine;
	seal_keys_close(other);
}
END_TEST

/* ---- the wrapping key -------------------------------------------------------------------- */
START_TEST(every_customer_key_is_wrapped_anew_and_opens)
{
	struct kek_use *uses;
	struct arena arena;
	int64_t done;
	int count, version;

	arena_init(&arena);
	ck_ok(seal_keys_add(keys, SEAL_KEK, &version, &err));
	/* A few were done before it was broken off. */
	ck_ok(kek_rewrap(t.db, keys, NULL, &done, &err));
	ck_assert_int_eq(done, CUSTOMERS);
	ck_ok(seal_keys_add(keys, SEAL_KEK, &version, &err));
	test_db_tamper(&t, "DELETE FROM customer_key WHERE customer_id = 5");
	ck_ok(kek_rewrap(t.db, keys, NULL, &done, &err));
	ck_assert_int_eq(done, CUSTOMERS - 1);
	ck_ok(kek_rewrap(t.db, keys, NULL, &done, &err));
	ck_assert_int_eq(done, 0);
	ck_ok(kek_used(t.db, &arena, &uses, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(uses[0].version, 3);
	ck_assert_int_eq(uses[0].customers, CUSTOMERS - 1);
	ck_ok(seal_keys_remove(keys, SEAL_KEK, 1, &err));
	ck_ok(seal_keys_remove(keys, SEAL_KEK, 2, &err));
	/* Erased stays erased; everybody else is as before. */
	ck_assert_int_eq(
	    number("SELECT count(*) FROM customer_key WHERE customer_id = 5"), 0);
	feed_write(1);
	ck_assert(feed(t.db, &err) == STW_INVALID);
	ck_assert_msg(strstr(err.text, "erased") != NULL, "%s", err.text);
	arena_fini(&arena);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keys");
	TCase *tc = tcase_create("keys");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_index_key_is_exchanged_while_lookups_and_imports_go_on);
	tcase_add_test(tc, without_the_pairs_lookups_would_fail);
	tcase_add_test(tc, an_exchange_that_was_broken_off_goes_on);
	tcase_add_test(tc,
	    numbers_that_nobody_has_any_more_keep_the_old_key_as_long_as_they_count);
	tcase_add_test(tc, an_import_with_another_key_file_is_refused);
	tcase_add_test(tc, every_customer_key_is_wrapped_anew_and_opens);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
