/* What the ledger says of customers: committed to under their keys, found when altered, not
 * to be opened any more after an erasure, which leaves every entry and every proof. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/erase_store.h"
#include "campaigns/replay_store.h"
#include "campaigns/retention_store.h"
#include "db/commitment.h"
#include "db/ledger.h"
#include "segments/key_store.h"
#include "tests/lib/task_world.h"

#define ORIGIN "bank.example/outreach"
#define ALONE \
	"SET session_replication_role = replica; " /* no trigger stands in the way */

/* An erasure of customer 3 that somebody asked for, in a transaction of its own. */
#define ASKED                                                                           \
	"INSERT INTO erasure SELECT bucket, customer_id, 'subject_request', 'E', 'a', " \
	"now() FROM customer WHERE customer_id = 3; SELECT set_config("                 \
	"'steward.erasure', b(3) || '/3', false); "
#define BLOCKED                                                                    \
	ASKED "UPDATE decision SET blocked = true, entry_key = sha256('x') WHERE " \
	      "customer_id = 3; "

static char dir[64], file[128], key_file[128];
static struct ledger_key *key;

static void
setup(void)
{
	task_world_setup();
	(void)snprintf(dir, sizeof dir, "/tmp/stw-commitment-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(file, sizeof file, "%s/checkpoints", dir);
	(void)snprintf(key_file, sizeof key_file, "%s/ledger.key", dir);
	ck_ok(ledger_key_open(key_file, ORIGIN, true, &key, &tw_err));
	ck_assert_int_eq(task_world_plan(), 8);
}

static void
teardown(void)
{
	char command[128];

	ledger_key_close(key);
	task_world_teardown();
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* ---- helpers ---------------------------------------------------------------------------- */
static void
seal(void)
{
	struct ledger_seal_result result;

	ck_ok(ledger_seal(tw.db, key, file, NOW, &result, &tw_err));
}

static struct ledger_report
verify(void)
{
	struct ledger_report report;

	ck_ok(ledger_verify(tw.db, key, file, NULL, &report, &tw_err));
	return report;
}

static void
expect_whole(int64_t erased)
{
	struct ledger_report report = verify();

	ck_assert_str_eq(report.finding, "");
	ck_assert_int_eq(report.erased, erased);
}

static void
expect_bad(const char *what)
{
	struct ledger_report report = verify();

	ck_assert_msg(strstr(report.finding, what) != NULL, "found: '%s', not '%s'",
	    report.finding, what);
}

static enum stw_code
count_why(void *arg, const struct replay_row *row, struct stw_err *err)
{
	(void)err;
	if (strstr(row->why, "was erased") != NULL)
		++*(int *)arg;
	return STW_OK;
}

static struct replay_total
replay(int *told)
{
	const struct replay_request req = {.since = STW_USEC_NEVER,
	    .until = STW_USEC_MAX,
	    .rules = tw_rules,
	    .row = count_why,
	    .arg = told};
	struct replay_total total;

	*told = 0;
	ck_ok(replay_run(tw.db, &req, &total, &tw_err));
	ck_assert_int_eq(total.all, 8);
	return total;
}

static int
bucket_of(int64_t customer)
{
	char sql[80];

	(void)snprintf(sql, sizeof sql, "SELECT b(%d)", (int)customer);
	return (int)task_world_number(sql);
}

/* When no rule keeps what the world has decided any longer. */
#define LATER (NOW + 11 * INT64_C(366) * STW_USEC_DAY)

static struct erase_result
erase_at(int64_t customer, const struct ruleset *rules, stw_usec now)
{
	struct erase_request req = {.bucket = bucket_of(customer),
	    .customer_id = customer,
	    .reason = "subject_request",
	    .case_ref = "E-1",
	    .actor = "ann",
	    .now = now,
	    .today = stw_day_of((struct stw_date){2026, 11, 23}),
	    .rules = rules};
	struct erase_result result;

	for (int i = 0; i < 2; i++) {
		ck_ok(db_begin(tw.db, &tw_err));
		ck_ok(
		    erase_customer(tw.db, tw_keys, &req, &tw_arena, &result, &tw_err));
		ck_ok(db_commit(tw.db, &tw_err));
		req.actor = "bob";
	}
	ck_assert(result.erased);
	return result;
}

static struct erase_result
erase(int64_t customer)
{
	return erase_at(customer, tw_rules, LATER);
}

/* Every entry there is has a proof that opens. */
static void
expect_proofs(void)
{
	int64_t size = task_world_number("SELECT count(*) FROM ledger_leaf");
	struct buf proof;

	buf_init(&proof);
	ck_assert_int_ge(size, 8);
	for (int64_t i = 0; i < size; i++) {
		buf_clear(&proof);
		ck_ok(ledger_prove(tw.db, (uint64_t)i, &proof, &tw_err));
	}
	buf_fini(&proof);
}

/* ---- decisions ----------------------------------------------------------------------------- */
START_TEST(entries_hold_no_bare_hash_and_no_customer)
{
	int told;

	seal();
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM ledger_leaf WHERE kind = "
			      "'decision' AND encode(entry, 'escape') ~ "
			      "'\"record_hmac\":\"[0-9a-f]{64}\"'"),
	    8);
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM ledger_leaf WHERE "
					   "encode(entry, 'escape') ~ 'record_sha256|"
					   "\"customer\"'"),
	    0);
	expect_whole(0);
	ck_assert_int_eq(replay(&told).of[REPLAY_SAME], 8);
}
END_TEST

/* Whoever has the database alone can make hash and record fit, but not the commitment. */
START_TEST(a_record_altered_with_its_hash_is_found)
{
	int told;

	seal();
	test_db_tamper(&tw,
	    ALONE "UPDATE decision SET record = '{}', record_hash = sha256('{}') "
		  "WHERE customer_id = 3");
	expect_bad("was altered");
	ck_assert_int_eq(replay(&told).of[REPLAY_ALTERED], 1);
}
END_TEST

START_TEST(a_commitment_altered_or_a_key_exchanged_is_found)
{
	seal();
	test_db_tamper(&tw,
	    ALONE "UPDATE decision SET commitment = sha256('x') WHERE customer_id = 3");
	expect_bad("was altered");
	test_db_tamper(&tw, ALONE
	    "UPDATE decision d SET commitment = decode(substring(encode(l.entry, "
	    "'escape') FROM '\"record_hmac\":\"([0-9a-f]{64})'), 'hex') FROM "
	    "ledger_leaf l WHERE position(d.decision_id::text::bytea IN l.entry) > 0");
	expect_whole(0);
	test_db_tamper(&tw, "DELETE FROM customer_key WHERE customer_id = 3");
	expect_bad("is not there, but the record is");
}
END_TEST

START_TEST(a_record_taken_away_without_an_erasure_is_found)
{
	seal();
	test_db_tamper(&tw,
	    ALONE "UPDATE decision SET record = NULL, record_hash = NULL WHERE "
		  "customer_id = 3");
	expect_bad("was altered");
	test_db_tamper(&tw,
	    "INSERT INTO erasure SELECT bucket, customer_id, 'subject_request', 'E', 'a', "
	    "now(), 'b', now() FROM customer WHERE customer_id = 3");
	expect_bad("no entry of an erasure accounts for");
}
END_TEST

START_TEST(without_the_key_file_the_ledger_is_not_called_whole)
{
	struct ledger_report report;

	seal();
	db_keys_set(tw.db, NULL);
	ck_assert_int_eq(
	    ledger_verify(tw.db, key, file, NULL, &report, &tw_err), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(tw_err.text, "setting keys"));
}
END_TEST

/* ---- erasure ------------------------------------------------------------------------------- */
START_TEST(an_erasure_leaves_every_entry_and_proof)
{
	struct replay_total total;
	int told;

	seal();
	ck_assert_int_eq(erase(3).records, 1);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM decision WHERE customer_id = 3 AND "
			      "record IS NULL AND record_hash IS NULL"),
	    1);
	expect_whole(1);
	seal();
	expect_whole(1);
	expect_proofs();
	total = replay(&told);
	ck_assert_int_eq(total.of[REPLAY_SAME], 7);
	ck_assert_int_eq(total.of[REPLAY_ERASED], 1);
	ck_assert_int_eq(told, 1);
}
END_TEST

/* The record is known to somebody, who kept a copy, and so is all of the database. */
START_TEST(what_was_committed_cannot_be_shown_after_an_erasure)
{
	struct commit_key before, after;
	int64_t who = 3, where = bucket_of(3);

	ck_ok(commit_keys_load(tw.db, &where, &who, 1, &before, &tw_err));
	ck_assert(!before.erased);
	(void)erase(3);
	ck_ok(commit_keys_load(tw.db, &where, &who, 1, &after, &tw_err));
	ck_assert(after.erased);
	ck_assert_mem_ne(before.b, after.b, sizeof before.b);
	ck_assert_int_eq(task_world_number(
			     "SELECT count(*) FROM customer_key WHERE customer_id = 3"),
	    0);
}
END_TEST

START_TEST(nothing_but_an_erasure_takes_a_record)
{
	static const char *const tries[] = {
	    "UPDATE decision SET record = NULL, record_hash = NULL WHERE customer_id = 3",
	    "SELECT set_config('steward.erasure', b(3) || '/3', false); UPDATE decision SET "
	    "record = NULL, record_hash = NULL WHERE customer_id = 3",
	    "INSERT INTO erasure SELECT bucket, customer_id, 'subject_request', 'E', 'a', "
	    "now() FROM customer WHERE customer_id = 3; SELECT set_config("
	    "'steward.erasure', b(3) || '/3', false); UPDATE decision SET outcome = "
	    "'ALLOW', record = NULL, record_hash = NULL, channel = 'SMS' WHERE "
	    "customer_id = 3",
	    "INSERT INTO erasure SELECT bucket, customer_id, 'subject_request', 'E', 'a', "
	    "now() FROM customer WHERE customer_id = 3; SELECT set_config("
	    "'steward.erasure', b(3) || '/3', false); UPDATE decision SET "
	    "record = NULL, record_hash = NULL WHERE customer_id = 4",
	    /* nor blocks one */
	    "UPDATE decision SET blocked = true, entry_key = sha256('x') WHERE customer_id "
	    "= 3",
	    ASKED
	    "UPDATE decision SET blocked = true, entry_key = sha256('x'), channel = "
	    "'SMS' WHERE customer_id = 3",
	    ASKED
	    "UPDATE decision SET blocked = true, entry_key = sha256('x'), record = "
	    "'{}' WHERE customer_id = 3",
	    ASKED "UPDATE decision SET blocked = true, entry_key = sha256('x'), "
		  "record_hash = sha256('{}') WHERE customer_id = 3",
	    /* nor takes one that is blocked, or frees it */
	    BLOCKED "UPDATE decision SET record = NULL, record_hash = NULL, blocked = "
		    "false, entry_key = NULL WHERE customer_id = 3",
	    BLOCKED "UPDATE decision SET blocked = false, entry_key = NULL WHERE "
		    "customer_id = 3"};
	char sql[700];

	/* What is refused leaves nothing behind, so one world serves all. */
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		(void)snprintf(sql, sizeof sql,
		    "DO $do$ BEGIN EXECUTE $q$%s$q$; EXCEPTION WHEN "
		    "insufficient_privilege THEN RETURN; END $do$",
		    tries[i]);
		test_db_tamper(&tw, sql);
		ck_assert_msg(task_world_number(
				  "SELECT count(*) FROM decision WHERE record IS "
				  "NULL OR channel = 'SMS' OR blocked OR record_hash "
				  "<> sha256(record)") == 0,
		    "%s", tries[i]);
	}
}
END_TEST

/* ---- what a rule keeps longer ---------------------------------------------------------------- */
START_TEST(what_a_rule_keeps_outlives_an_erasure_blocked)
{
	struct erase_result gone;
	int told;

	seal();
	gone = erase_at(3, tw_rules, NOW);
	ck_assert_int_eq(gone.records, 0);
	ck_assert_int_eq(gone.blocked, 1);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM decision WHERE customer_id = 3 AND "
			      "blocked AND record_hash = sha256(record) AND "
			      "octet_length(entry_key) = 32"),
	    1);
	/* The customer's key is gone all the same. */
	ck_assert_int_eq(task_world_number(
			     "SELECT count(*) FROM customer_key WHERE customer_id = 3"),
	    0);
	seal();
	expect_whole(0);
	expect_proofs();
	/* Out of use: nobody decides with it again. */
	ck_assert_int_eq(replay(&told).of[REPLAY_ERASED], 1);
}
END_TEST

START_TEST(a_blocked_record_altered_or_taken_is_found)
{
	static const char *const changes[][2] = {
	    {"record = '{}', record_hash = sha256('{}')", "was altered"},
	    {"entry_key = sha256('x')", "was altered"},
	    {"blocked = false, entry_key = NULL", "is not there, but the record is"},
	    {"blocked = false, entry_key = NULL, record = NULL, record_hash = NULL",
		"records are away that no entry of an erasure accounts for"}};
	char sql[300];

	seal();
	(void)erase_at(3, tw_rules, NOW);
	seal();
	expect_whole(0);
	test_db_tamper(&tw, "CREATE TABLE kept AS SELECT * FROM decision");
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		(void)snprintf(sql, sizeof sql,
		    ALONE "UPDATE decision SET %s WHERE customer_id = 3",
		    changes[i][0]);
		test_db_tamper(&tw, sql);
		expect_bad(changes[i][1]);
		test_db_tamper(&tw,
		    ALONE "UPDATE decision d SET record = k.record, record_hash = "
			  "k.record_hash, blocked = k.blocked, entry_key = k.entry_key "
			  "FROM kept k WHERE k.decision_id = d.decision_id");
		expect_whole(0);
	}
}
END_TEST

/* To the microsecond: one made at the cutoff is kept still. */
START_TEST(an_erasure_takes_what_is_over_and_no_more)
{
	static const char *const names[] = {"decision", NULL};
	const struct rule_info *by;
	stw_usec cutoff = ruleset_keep_cutoff(tw_rules, names, NOW, &by);
	struct erase_result over, kept;
	char sql[300], at[STW_USEC_TEXT];

	ck_assert_ptr_nonnull(by);
	for (int customer = 3; customer <= 4; customer++) {
		(void)stw_usec_format(cutoff - (customer == 3), at);
		(void)snprintf(sql, sizeof sql,
		    ALONE
		    "UPDATE decision SET decided_at = '%s' WHERE customer_id = %d",
		    at, customer);
		test_db_tamper(&tw, sql);
	}
	over = erase_at(3, tw_rules, NOW);
	kept = erase_at(4, tw_rules, NOW);
	ck_assert_int_eq(over.records, 1);
	ck_assert_int_eq(over.blocked, 0);
	ck_assert_int_eq(kept.records, 0);
	ck_assert_int_eq(kept.blocked, 1);
}
END_TEST

START_TEST(what_no_rule_names_an_erasure_takes)
{
	const struct pack_use us[] = {{"us", "1.0.0", STW_USEC_NEVER, STW_USEC_MAX}};
	struct ruleset *only;

	ck_ok(ruleset_load(us, 1, &only, &tw_err));
	ck_assert_int_eq(erase_at(3, only, NOW).records, 1);
	ruleset_free(only);
}
END_TEST

/* Then it goes as any, and nothing that could be tried out is left of it. */
START_TEST(a_blocked_record_goes_when_its_time_is_over)
{
	struct retention_done done;

	seal();
	(void)erase_at(3, tw_rules, NOW);
	test_db_tamper(&tw,
	    ALONE "DELETE FROM gate_override; UPDATE customer SET legal_hold = false");
	ck_ok(retention_run(tw.db, tw_rules, "test", 100, NULL, NOW, &done, &tw_err));
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM decision WHERE blocked"), 1);
	ck_ok(retention_run(tw.db, tw_rules, "test", 100, NULL, LATER, &done, &tw_err));
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM decision WHERE blocked"), 0);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM decision_gone WHERE "
			      "record_hash IS NULL AND commitment IS NOT NULL"),
	    1);
	seal();
	ck_assert_str_eq(verify().finding, "");
}
END_TEST

/* ---- entries from before -------------------------------------------------------------------- */
START_TEST(entries_from_before_verify_replay_and_outlive_an_erasure)
{
	int told;

	test_db_tamper(&tw, ALONE
	    "UPDATE ledger_outbox o SET entry = convert_to(regexp_replace("
	    "encode(o.entry, 'escape'), '\"record_hmac\":\"[0-9a-f]{64}\"', "
	    "'\"record_sha256\":\"' || encode(d.record_hash, 'hex') || '\"'), 'UTF8') "
	    "FROM decision d WHERE o.kind = 'decision' AND d.customer_id < 5 AND "
	    "position(d.decision_id::text::bytea IN o.entry) > 0; "
	    "UPDATE decision SET commitment = NULL WHERE customer_id < 5");
	seal();
	expect_whole(0);
	ck_assert_int_eq(replay(&told).of[REPLAY_SAME], 8);
	(void)erase(3);
	(void)erase(6);
	seal();
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM decision WHERE record IS NULL AND "
			      "(record_hash IS NULL) = (customer_id = 6)"),
	    2);
	expect_whole(1);
	expect_proofs();
	ck_assert_int_eq(replay(&told).of[REPLAY_ERASED], 2);
	test_db_tamper(&tw,
	    ALONE "UPDATE decision SET record = '{}', record_hash = sha256('{}') "
		  "WHERE customer_id = 4");
	expect_bad("was altered");
}
END_TEST

/* ---- exchange of the wrapping key ------------------------------------------------------------ */
START_TEST(commitments_open_after_the_kek_is_exchanged)
{
	const struct progress quiet = {0};
	struct commit_key before, after;
	struct seal_keys *keys;
	int64_t done, who = 5, where = bucket_of(5);
	char path[128];
	int version;

	/* The world's key file is not on the disk any more: one that can be added to. */
	(void)snprintf(path, sizeof path, "%s/keys", dir);
	ck_ok(seal_keys_open(path, true, &keys, &tw_err));
	db_keys_set(tw.db, keys);
	test_db_tamper(&tw, "DELETE FROM customer_key");
	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(commit_keys_load(tw.db, &where, &who, 1, &before, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
	ck_ok(seal_keys_add(keys, SEAL_KEK, &version, &tw_err));
	ck_ok(kek_rewrap(tw.db, keys, &quiet, &done, &tw_err));
	ck_assert_int_eq(done, 1);
	ck_ok(seal_keys_remove(keys, SEAL_KEK, 1, &tw_err));
	ck_ok(commit_keys_load(tw.db, &where, &who, 1, &after, &tw_err));
	ck_assert(!before.erased && !after.erased);
	ck_assert_mem_eq(before.b, after.b, sizeof before.b);
	db_keys_set(tw.db, tw_keys);
	seal_keys_close(keys);
}
END_TEST

/* ---- entries about customers ----------------------------------------------------------------- */
START_TEST(entries_about_one_customer_share_nothing)
{
	char one[COMMITMENT_HEX], two[COMMITMENT_HEX], again[COMMITMENT_HEX];
	char other[COMMITMENT_HEX];

	ck_ok(commit_customer(tw.db, bucket_of(1), 1, "entry-1", one, &tw_err));
	ck_ok(commit_customer(tw.db, bucket_of(1), 1, "entry-2", two, &tw_err));
	ck_ok(commit_customer(tw.db, bucket_of(2), 2, "entry-1", other, &tw_err));
	ck_ok(commit_customer(tw.db, bucket_of(1), 1, "entry-1", again, &tw_err));
	ck_assert_str_eq(one, again);
	ck_assert_str_ne(one, two);
	ck_assert_str_ne(one, other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("commitment");
	TCase *tc = tcase_create("commitment");
	SRunner *runner = srunner_create(suite);
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, entries_hold_no_bare_hash_and_no_customer);
	tcase_add_test(tc, a_record_altered_with_its_hash_is_found);
	tcase_add_test(tc, a_commitment_altered_or_a_key_exchanged_is_found);
	tcase_add_test(tc, a_record_taken_away_without_an_erasure_is_found);
	tcase_add_test(tc, without_the_key_file_the_ledger_is_not_called_whole);
	tcase_add_test(tc, an_erasure_leaves_every_entry_and_proof);
	tcase_add_test(tc, what_was_committed_cannot_be_shown_after_an_erasure);
	tcase_add_test(tc, nothing_but_an_erasure_takes_a_record);
	tcase_add_test(tc, what_a_rule_keeps_outlives_an_erasure_blocked);
	tcase_add_test(tc, a_blocked_record_altered_or_taken_is_found);
	tcase_add_test(tc, an_erasure_takes_what_is_over_and_no_more);
	tcase_add_test(tc, what_no_rule_names_an_erasure_takes);
	tcase_add_test(tc, a_blocked_record_goes_when_its_time_is_over);
	tcase_add_test(tc, entries_from_before_verify_replay_and_outlive_an_erasure);
	tcase_add_test(tc, commitments_open_after_the_kek_is_exchanged);
	tcase_add_test(tc, entries_about_one_customer_share_nothing);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
