/* Records go when the longest rule is over and not before, nobody on hold loses any, and what
 * the ledger proves it still proves afterwards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/retention_store.h"
#include "db/ledger.h"
#include "tests/lib/cluster.h"

#define T0      INT64_C(1795399200000000) /* 2026-11-23T02:00:00Z */
#define T0_TEXT "2026-11-23T02:00:00Z"

enum {
	CALL_RECORDINGS,
	DUAL_RECORDINGS,
	ATTEMPTS,
	CALLS,
	CONSENTS,
	COMPLAINTS,
	DECISIONS
};

static struct test_db t;
static struct stw_err err;
static struct ruleset *rules;
static struct ledger_key *key;
static char dir[64], file[128];

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

static void
setup(void)
{
	const struct pack_use uses[] = {{"cn", "1.0.1", STW_USEC_NEVER, STW_USEC_MAX},
	    {"house", "1.0.0", STW_USEC_NEVER, STW_USEC_MAX}};
	char path[128];

	(void)snprintf(dir, sizeof dir, "/tmp/stw-retention-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(file, sizeof file, "%s/checkpoints", dir);
	(void)snprintf(path, sizeof path, "%s/ledger.key", dir);
	ck_ok(ledger_key_open(path, "bank.example/outreach", true, &key, &err));
	ck_ok(ruleset_load(uses, 2, &rules, &err));
	test_db_open(&t);
	test_db_tamper(&t,
	    "INSERT INTO customer (bucket, customer_id, ref, updated_at) "
	    "SELECT 3, i, 'k' || i, '2020-01-01' FROM generate_series(1, 9) i");
}

static void
teardown(void)
{
	char command[128];

	ruleset_free(rules);
	ledger_key_close(key);
	test_db_close(&t);
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* ---- records --------------------------------------------------------------------------- */
/* A decision about customer n at T0 and n microseconds, for each of 1 to count, with its
 * entry. */
static void
decide(int count)
{
	char sql[1200];

	(void)snprintf(sql, sizeof sql,
	    "WITH d AS (INSERT INTO decision (bucket, decision_id, gate, decided_at, "
	    "customer_id, channel, purpose, outcome, codes, ruleset_hash, record, "
	    "record_hash) SELECT 3, ('00000000-0000-4000-8000-0000000000' || lpad(i::text, "
	    "2, '0'))::uuid, 'P', timestamptz '" T0_TEXT
	    "' + i * interval '1 microsecond', i, 'VOICE', 'MARKETING', 'ALLOW', '{}', '', "
	    "r, sha256(r) FROM generate_series(1, %d) i, LATERAL (SELECT "
	    "convert_to('{\"i\":' || i || '}', 'UTF8') r) x RETURNING *) "
	    "INSERT INTO ledger_outbox (bucket, kind, entry) SELECT bucket, 'decision', "
	    "convert_to(format('{\"at\":\"x\",\"id\":\"%%s\",\"kind\":\"decision\","
	    "\"record_sha256\":\"%%s\"}', decision_id, encode(record_hash, 'hex')), 'UTF8') "
	    "FROM d ORDER BY decision_id",
	    count);
	test_db_tamper(&t, sql);
}

#define TASK "00000000-0000-4000-8000-0000000000a1"

/* A task of customer 1 that ended at T0, with a call. recording: of that class, or NULL. */
static void
contact(const char *recording)
{
	char sql[3000];

	(void)snprintf(sql, sizeof sql,
	    "SET session_replication_role = replica; "
	    "INSERT INTO task (bucket, task_id, campaign_id, version, customer_id, step, "
	    "occurrence, point_id, queue_id, number_id, channel, handler, purpose, script, "
	    "script_version, state, not_before, not_after, decision_id, created_at, "
	    "updated_at) VALUES (3, '" TASK "', 1, 1, 1, 's', 'o', 1, 1, 1, 'VOICE', "
	    "'agent', 'MARKETING', 'x', 1, 'done', '2026-11-01', '2026-12-01', '" TASK
	    "', '" T0_TEXT "', '" T0_TEXT "'); "
	    "INSERT INTO permit VALUES (3, '" TASK "', '" TASK "', '" TASK
	    "', 'a', '" T0_TEXT "', '" T0_TEXT "'); "
	    "INSERT INTO outcome (bucket, outcome_id, task_id, permit_id, disposition, "
	    "reached, agent, recorded_at, customer_id) VALUES (3, '" TASK "', '" TASK
	    "', '" TASK "', 'declined', true, 'a', '" T0_TEXT "', 1); "
	    "INSERT INTO contact_count (bucket, count_id, customer_id, phone_index, channel, "
	    "kind, at) VALUES (3, '" TASK "', 1, '\\x01', 'VOICE', 'attempt', '" T0_TEXT
	    "'); "
	    "INSERT INTO attempt (bucket, task_id, kind, lease_epoch, decision_id, "
	    "started_at) VALUES (3, '" TASK "', 'push', 1, '" TASK "', '" T0_TEXT "'); "
	    "INSERT INTO recall (bucket, task_id, queue_id, reason, asked_at) VALUES (3, '" TASK
	    "', 1, 'x', '" T0_TEXT "'); "
	    "INSERT INTO call_record (record_id, source, reference, number_sent, started_at, "
	    "duration_sec, bucket, task_id, permit_id, number_id, fate, recorded_at, recording, "
	    "recording_sha256, retention_class) VALUES ('" TASK
	    "', 'c', '1', '1', '" T0_TEXT "', 9, 3, '" TASK "', '" TASK
	    "', 1, 'matched', '" T0_TEXT "', %s, sha256('r'), %s)",
	    recording != NULL ? "'REC-1'" : "NULL",
	    recording != NULL ? recording : "NULL");
	test_db_tamper(&t, sql);
}

static struct retention_due
due_of(int class, stw_usec now)
{
	struct retention_due due[RETENTION_CLASSES];

	ck_ok(retention_report(t.db, rules, now, due, &err));
	return due[class];
}

static struct retention_done
run(int batch, stw_usec now)
{
	struct retention_done done;

	ck_ok(retention_run(t.db, rules, "test", batch, NULL, now, &done, &err));
	return done;
}

static const char *
finding(void)
{
	static struct ledger_report report;
	struct ledger_seal_result sealed;

	ck_ok(ledger_seal(t.db, key, file, T0, &sealed, &err));
	ck_ok(ledger_verify(t.db, key, file, NULL, &report, &err));
	return report.finding;
}

static stw_usec
years(int n)
{
	return T0 + n * INT64_C(366) * STW_USEC_DAY;
}

/* ---- when ------------------------------------------------------------------------------- */
START_TEST(a_record_is_due_when_its_time_is_over_and_not_before)
{
	const struct rule_info *by;
	stw_usec until = ruleset_keep_until(rules, "decision", T0 + 1, T0, &by);
	stw_day day = (stw_day)((T0 + 8 * STW_USEC_HOUR) / STW_USEC_DAY);
	stw_usec whole =
	    (stw_day_add_months(day, 120) + 1) * STW_USEC_DAY - 8 * STW_USEC_HOUR;

	ck_assert_int_eq(
	    until, whole); /* the tenth year's day, in Shanghai, is kept whole */
	decide(1);
	ck_assert_int_eq(due_of(DECISIONS, until - 1).due, 0);
	ck_assert_int_eq(run(10, until - 1).rows[DECISIONS], 0);
	ck_assert_int_eq(due_of(DECISIONS, until).due, 1);
	ck_assert_int_eq(due_of(DECISIONS, until).next, until);
	ck_assert_int_eq(run(10, until).rows[DECISIONS], 1);
	ck_assert_int_eq(due_of(DECISIONS, until).oldest, STW_USEC_NEVER);
}
END_TEST

START_TEST(a_record_made_at_the_cutoff_is_kept)
{
	stw_usec cutoff = due_of(DECISIONS, years(11)).cutoff;
	char text[STW_USEC_TEXT], sql[400];

	decide(2);
	(void)snprintf(sql, sizeof sql,
	    "SET session_replication_role = replica; UPDATE decision SET decided_at = "
	    "timestamptz '%s' - (customer_id - 1) * interval '1 microsecond'",
	    stw_usec_format(cutoff, text));
	test_db_tamper(&t, sql);
	ck_assert_int_eq(due_of(DECISIONS, years(11)).due, 1);
	ck_assert_int_eq(run(5, years(11)).rows[DECISIONS], 1);
	ck_assert_int_eq(test_db_number(&t, "SELECT customer_id FROM decision"), 1);
}
END_TEST

/* The cutoff is the first instant that is still kept, whatever the day and the rule. */
START_TEST(a_cutoff_parts_what_is_over_from_what_is_kept)
{
	static const char *const names[] = {"decision", "call_recording", NULL};

	for (int i = 0; i < 400; i++) {
		stw_usec now = years(12) + i * INT64_C(26) * STW_USEC_HOUR + i;
		const struct rule_info *by, *kept;
		stw_usec cutoff = ruleset_keep_cutoff(rules, names, now, &by);

		ck_assert_int_le(
		    ruleset_keep_longest(rules, names, cutoff - 1, now, &kept), now);
		ck_assert_int_gt(
		    ruleset_keep_longest(rules, names, cutoff, now, &kept), now);
		ck_assert_str_eq(by->id, "HS-R1");
	}
}
END_TEST

START_TEST(the_longest_rule_wins)
{
	static const struct {
		int class;
		const char *rule;
	} want[] = {{CALL_RECORDINGS, "HS-R2"}, {DUAL_RECORDINGS, "CN-R4"},
	    {ATTEMPTS, "HS-R2"}, {CALLS, "HS-R2"}, {CONSENTS, "HS-R3"},
	    {COMPLAINTS, "CN-R5"}, {DECISIONS, "HS-R1"}};

	for (size_t i = 0; i < STW_ARRAY_LEN(want); i++)
		ck_assert_str_eq(
		    due_of(want[i].class, years(30)).rule->id, want[i].rule);
}
END_TEST

START_TEST(what_no_rule_names_is_kept_for_ever)
{
	const struct pack_use us[] = {{"us", "1.0.0", STW_USEC_NEVER, STW_USEC_MAX}};
	struct retention_done done;
	struct retention_due due[RETENTION_CLASSES];
	struct ruleset *only;

	decide(2);
	ck_ok(ruleset_load(us, 1, &only, &err));
	ck_ok(retention_report(t.db, only, years(90), due, &err));
	ck_assert_ptr_null(due[DECISIONS].rule);
	ck_assert_int_eq(due[DECISIONS].due, 0);
	ck_ok(retention_run(t.db, only, "test", 10, NULL, years(90), &done, &err));
	ck_assert_int_eq(done.rows[DECISIONS], 0);
	ruleset_free(only);
}
END_TEST

/* ---- who -------------------------------------------------------------------------------- */
START_TEST(a_hold_keeps_everything)
{
	decide(4);
	test_db_tamper(&t,
	    "UPDATE customer SET legal_hold = true WHERE customer_id = 1; "
	    "INSERT INTO complaint (complaint_id, source, received_at, bucket, customer_id, "
	    "due_at, recorded_at, recorded_by) VALUES (gen_random_uuid(), 'letter', "
	    "'2026-11-23', 3, 2, '2026-12-01', '2026-11-23', 'x'); "
	    "INSERT INTO incident (incident_id, code, bucket, customer_id, detected_at, "
	    "evidence) VALUES (gen_random_uuid(), 'X', 3, 3, '2026-11-23', '{}')");
	ck_assert_int_eq(due_of(DECISIONS, years(11)).held, 3);
	ck_assert_int_eq(due_of(DECISIONS, years(11)).due, 1);
	ck_assert_int_eq(run(2, years(11)).rows[DECISIONS], 1);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT sum(customer_id) FROM decision"), 1 + 2 + 3);
	test_db_tamper(&t,
	    "UPDATE customer SET legal_hold = false; "
	    "UPDATE incident SET state = 'closed', closed_by = 'x', closed_at = now(), "
	    "note = 'x'");
	ck_assert_int_eq(run(2, years(11)).rows[DECISIONS], 2);
	ck_assert_int_eq(test_db_number(&t, "SELECT customer_id FROM decision"), 2);
}
END_TEST

START_TEST(a_decision_that_an_override_answers_stays)
{
	decide(3);
	test_db_tamper(&t,
	    "SET session_replication_role = replica; "
	    "INSERT INTO gate_override (bucket, override_id, customer_id, decision_id, kind, "
	    "code, layer, outcome, reason, requested_by, requested_at, expires_at, state) "
	    "VALUES (3, '00000000-0000-4000-8000-000000000003', 2, "
	    "'00000000-0000-4000-8000-000000000002', 'review_approval', 'X', 'policy', "
	    "'REVIEW', 'because it was so', 'a', '2026-11-23', '2026-11-24', 'requested')");
	ck_assert_int_eq(due_of(DECISIONS, years(11)).held, 1);
	ck_assert_int_eq(run(5, years(11)).rows[DECISIONS], 2);
	ck_assert_int_eq(test_db_number(&t, "SELECT customer_id FROM decision"), 2);
	ck_assert_str_eq(finding(), "");
}
END_TEST

/* ---- proof ------------------------------------------------------------------------------- */
START_TEST(the_ledger_is_whole_when_decisions_are_gone)
{
	struct retention_done done;

	decide(7);
	ck_assert_str_eq(finding(), "");
	done = run(3, years(11));
	ck_assert_int_eq(done.rows[DECISIONS], 7);
	ck_assert_int_eq(done.batches, 3);
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM decision"), 0);
	ck_assert_str_eq(finding(), "");
	ck_assert_int_eq(
	    test_db_number(&t,
		"SELECT count(*) FROM ledger_leaf WHERE kind = 'retention' AND "
		"convert_from(entry, 'UTF8') ~ "
		"'\"class\":\"decisions\".*\"rows\":[13],\"rule\":\"HS-R1\"'"),
	    3);
	/* Each batch names the ids that went. */
	ck_assert_int_eq(
	    test_db_number(&t,
		"SELECT count(*) FROM retention_batch b JOIN (SELECT batch_id, "
		"sha256(convert_to(string_agg(decision_id::text || E'\\n', '' "
		"ORDER BY decision_id), 'UTF8')) AS h FROM decision_gone GROUP "
		"BY 1) g USING (batch_id) WHERE b.ids_hash = g.h"),
	    3);
}
END_TEST

START_TEST(what_went_beside_retention_is_found)
{
	decide(3);
	ck_assert_int_eq(run(3, years(1)).rows[DECISIONS], 0);
	ck_assert_str_eq(finding(), "");
	/* Somebody takes a decision and leaves its hash, as a run would. */
	test_db_tamper(&t,
	    "SET session_replication_role = replica; "
	    "WITH g AS (DELETE FROM decision WHERE customer_id = 2 RETURNING *) "
	    "INSERT INTO decision_gone SELECT bucket, decision_id, record_hash, "
	    "gen_random_uuid() FROM g");
	ck_assert_ptr_nonnull(strstr(finding(), "no entry of retention accounts for"));
	test_db_tamper(
	    &t, "SET session_replication_role = replica; DELETE FROM decision_gone");
	ck_assert_ptr_nonnull(strstr(finding(), "not there any more"));
}
END_TEST

START_TEST(another_hash_in_place_of_a_decision_is_found)
{
	decide(3);
	ck_assert_int_eq(run(3, years(11)).rows[DECISIONS], 3);
	test_db_tamper(&t,
	    "SET session_replication_role = replica; "
	    "UPDATE decision_gone SET record_hash = sha256('x') WHERE decision_id = "
	    "'00000000-0000-4000-8000-000000000002'");
	ck_assert_ptr_nonnull(strstr(finding(), "was altered"));
}
END_TEST

static enum stw_code
delete_all(const char *first)
{
	char sql[300];

	(void)snprintf(
	    sql, sizeof sql, "BEGIN; %s; DELETE FROM decision; ROLLBACK", first);
	return db_script(t.db, sql, &err);
}

START_TEST(history_goes_only_in_the_name_of_a_run)
{
	struct retention_done done;
	char text[UUID_TEXT], use[200];

	decide(1);
	ck_assert_int_ne(delete_all("SELECT 1"), STW_OK);
	db_rollback(t.db);
	done = run(1, years(1));
	(void)snprintf(use, sizeof use,
	    "SELECT set_config('steward.retention_run', '%s', true)",
	    uuid_format(&done.run, text));
	ck_assert_int_ne(delete_all(use), STW_OK); /* it has ended */
	db_rollback(t.db);
	test_db_tamper(&t, "UPDATE retention_run SET finished_at = NULL");
	ck_ok(delete_all(use));
}
END_TEST

/* ---- what ---------------------------------------------------------------------------------- */
START_TEST(a_contact_goes_with_all_that_came_of_it)
{
	contact(NULL);
	ck_assert_int_eq(due_of(ATTEMPTS, years(9)).due, 0);
	ck_assert_int_eq(due_of(ATTEMPTS, years(11)).due, 1);
	ck_assert_int_eq(run(5, years(11)).rows[ATTEMPTS], 1);
	ck_assert_int_eq(
	    test_db_number(&t,
		"SELECT (SELECT count(*) FROM task) + (SELECT count(*) FROM "
		"permit) + (SELECT count(*) FROM outcome) + (SELECT count(*) FROM "
		"call_record) + (SELECT count(*) FROM contact_count) + (SELECT count(*) "
		"FROM attempt) + (SELECT count(*) FROM recall)"),
	    0);
}
END_TEST

/* Each of what came of it, when it alone is later; and a task that has not ended. Nor do the
 * call's records go without their contact. */
static const char *const later[] = {
    "UPDATE permit SET granted_at = '2030-01-01'",
    "UPDATE task SET updated_at = '2030-01-01'",
    "UPDATE call_record SET started_at = '2030-01-01'",
    "UPDATE task SET state = 'queued'",
};

START_TEST(a_contact_that_is_not_over_stays)
{
	char sql[200];
	struct retention_done done;

	contact(NULL);
	(void)snprintf(
	    sql, sizeof sql, "SET session_replication_role = replica; %s", later[_i]);
	test_db_tamper(&t, sql);
	done = run(5, years(11));
	ck_assert_int_eq(done.rows[ATTEMPTS], 0);
	ck_assert_int_eq(done.rows[CALLS], 0);
	ck_assert_int_eq(due_of(ATTEMPTS, years(11)).due, 0);
}
END_TEST

/* What is held of a customer is held in every class: a legal hold stands for the three. */
START_TEST(a_hold_keeps_each_class)
{
	struct retention_done done;

	contact(_i == 0 ? NULL : _i == 1 ? "'call_recording'" : "'dual_recording'");
	test_db_tamper(&t,
	    "UPDATE customer SET legal_hold = true WHERE customer_id = 1; "
	    "INSERT INTO complaint (complaint_id, source, received_at, bucket, customer_id, "
	    "due_at, recorded_at, recorded_by, state, handler, finding, settled_at, "
	    "settled_by) VALUES (gen_random_uuid(), 'letter', '" T0_TEXT
	    "', 3, 1, '" T0_TEXT "', '" T0_TEXT
	    "', 'x', 'settled', 'h', 'upheld', '" T0_TEXT "', 's')");
	ck_assert_int_eq(due_of(COMPLAINTS, years(30)).held, 1);
	ck_assert_int_eq(due_of(_i == 0   ? ATTEMPTS
				: _i == 1 ? CALL_RECORDINGS
					  : DUAL_RECORDINGS,
			     years(30))
			     .held,
	    1);
	done = run(5, years(30));
	ck_assert_int_eq(done.batches, 0);
	test_db_tamper(&t, "UPDATE customer SET legal_hold = false");
	done = run(5, years(30));
	ck_assert_int_eq(done.rows[ATTEMPTS], 1);
	ck_assert_int_eq(done.rows[COMPLAINTS], 1);
	ck_assert_int_eq(done.rows[CALL_RECORDINGS], _i == 1);
	ck_assert_int_eq(done.rows[DUAL_RECORDINGS], _i == 2);
}
END_TEST

/* A record of a call that nobody of ours had allowed has no contact to go with. */
START_TEST(a_call_that_nobody_allowed_goes_by_itself)
{
	contact(NULL);
	test_db_tamper(&t,
	    "SET session_replication_role = replica; UPDATE call_record SET task_id = NULL, "
	    "permit_id = NULL, bucket = NULL, fate = 'unmatched'; DELETE FROM task");
	ck_assert_int_eq(run(5, years(9)).batches, 0);
	ck_assert_int_eq(due_of(CALLS, years(9)).due, 0);
	ck_assert_int_eq(run(5, years(11)).rows[CALLS], 1);
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM call_record"), 0);
}
END_TEST

START_TEST(a_call_waits_for_its_recording)
{
	contact("'dual_recording'");
	test_db_tamper(&t,
	    "SET session_replication_role = replica; UPDATE call_record SET task_id = NULL, "
	    "permit_id = NULL, bucket = NULL, fate = 'unmatched'; DELETE FROM task");
	ck_assert_int_eq(run(5, years(11)).batches, 0);
	ck_assert_int_eq(run(5, years(21)).rows[CALLS], 1);
}
END_TEST

START_TEST(a_contact_waits_for_its_recording)
{
	contact("'dual_recording'");
	ck_assert_int_eq(due_of(ATTEMPTS, years(11)).due, 0);
	ck_assert_int_eq(run(5, years(11)).batches, 0);
	/* 20 years: the reference first, then the contact; the recording's hash went with it. */
	struct retention_done done = run(5, years(21));
	ck_assert_int_eq(done.rows[DUAL_RECORDINGS], 1);
	ck_assert_int_eq(done.rows[ATTEMPTS], 1);
}
END_TEST

START_TEST(of_a_recording_the_hash_stays)
{
	contact("'call_recording'");
	test_db_tamper(&t,
	    "SET session_replication_role = replica; UPDATE task SET state = 'queued'");
	ck_assert_int_eq(run(5, years(9)).rows[CALL_RECORDINGS], 0);
	ck_assert_int_eq(run(5, years(11)).rows[CALL_RECORDINGS], 1);
	ck_assert_int_eq(
	    test_db_number(&t,
		"SELECT count(*) FROM call_record WHERE recording IS NULL AND "
		"recording_sha256 = sha256('r')"),
	    1);
}
END_TEST

START_TEST(consents_go_when_the_customer_left_and_nobody_used_them)
{
	test_db_tamper(&t,
	    "INSERT INTO consent_event (bucket, consent_id, customer_id, action, purpose, "
	    "channel, form, source, actor, effective_at, recorded_at) SELECT 3, "
	    "gen_random_uuid(), c, a, 'MARKETING', 'VOICE', 'app', 'x', 'x', '" T0_TEXT
	    "', '" T0_TEXT "' FROM generate_series(1, 5) c, unnest(ARRAY['grant', "
	    "'withdraw']) a; "
	    "INSERT INTO consent_event (bucket, consent_id, customer_id, action, purpose, "
	    "channel, form, source, actor, effective_at, recorded_at) VALUES (3, "
	    "gen_random_uuid(), 5, 'withdraw', 'SURVEY', 'VOICE', 'app', 'x', 'x', '" T0_TEXT
	    "', '2030-01-01'); "
	    "UPDATE customer SET closed_on = '2026-12-01' WHERE customer_id IN (1, 2, 3, 5); "
	    "UPDATE customer SET legal_hold = true WHERE customer_id = 3; "
	    "INSERT INTO decision (bucket, decision_id, gate, decided_at, customer_id, "
	    "channel, purpose, outcome, codes, ruleset_hash, record, record_hash) VALUES (3, "
	    "gen_random_uuid(), 'P', '2030-01-01', 2, 'VOICE', 'MARKETING', 'ALLOW', '{}', "
	    "'', '', sha256(''))");
	ck_assert_int_eq(due_of(CONSENTS, years(11)).held, 1);
	ck_assert_int_eq(run(5, years(11)).rows[CONSENTS], 2);
	ck_assert_int_eq(
	    test_db_number(&t,
		"SELECT count(DISTINCT customer_id) FROM consent_event WHERE "
		"customer_id <> 1"),
	    4);
}
END_TEST

START_TEST(complaints_go_with_their_steps_and_suppression_stays)
{
	test_db_tamper(&t,
	    "INSERT INTO suppression VALUES (sha256('n'), 1, 'do_not_call', '*', "
	    "'2000-01-01'); "
	    "INSERT INTO objection (bucket, objection_id, customer_id, kind, source, actor, "
	    "effective_at, recorded_at) VALUES (3, gen_random_uuid(), 1, 'do_not_call', 'x', "
	    "'x', '2000-01-01', '2000-01-01'); "
	    "INSERT INTO complaint (complaint_id, source, received_at, due_at, recorded_at, "
	    "recorded_by, state, handler, finding, settled_at, settled_by) VALUES "
	    "('" TASK "', 'letter', '" T0_TEXT "', '" T0_TEXT "', '" T0_TEXT
	    "', 'x', 'settled', 'h', 'upheld', '" T0_TEXT "', 's'); "
	    "INSERT INTO complaint_step (complaint_id, step, at, actor, what) VALUES "
	    "('" TASK "', 1, now(), 'x', 'received')");
	ck_assert_int_eq(run(5, years(2)).rows[COMPLAINTS], 0);
	ck_assert_int_eq(run(5, years(4)).rows[COMPLAINTS], 1);
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM complaint_step"), 0);
	ck_assert_int_eq(run(5, years(90)).rows[COMPLAINTS], 0);
	ck_assert_int_eq(
	    test_db_number(&t,
		"SELECT (SELECT count(*) FROM suppression) + (SELECT count(*) FROM "
		"objection)"),
	    2);
}
END_TEST

START_TEST(a_run_that_is_stopped_ends_between_batches_and_is_on_record)
{
	const atomic_bool stop = true;
	struct retention_run_row *rows;
	struct retention_done done;
	struct arena arena;
	stw_usec newest;
	int count;

	arena_init(&arena);
	decide(4);
	ck_ok(retention_run(t.db, rules, "test", 1, &stop, years(11), &done, &err));
	ck_assert_int_eq(done.batches, 0);
	(void)run(2, years(12));
	ck_ok(retention_newest(t.db, &newest, &err));
	ck_assert_int_eq(newest, years(12));
	ck_ok(retention_runs(t.db, 5, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 2);
	ck_assert_str_eq(rows[0].kind, "decisions");
	ck_assert_int_eq(rows[0].rows, 4);
	ck_assert_ptr_null(rows[1].kind);
	arena_fini(&arena);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("retention");
	TCase *tc = tcase_create("retention");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_record_is_due_when_its_time_is_over_and_not_before);
	tcase_add_test(tc, a_record_made_at_the_cutoff_is_kept);
	tcase_add_test(tc, a_cutoff_parts_what_is_over_from_what_is_kept);
	tcase_add_test(tc, the_longest_rule_wins);
	tcase_add_test(tc, what_no_rule_names_is_kept_for_ever);
	tcase_add_test(tc, a_hold_keeps_everything);
	tcase_add_test(tc, a_decision_that_an_override_answers_stays);
	tcase_add_test(tc, the_ledger_is_whole_when_decisions_are_gone);
	tcase_add_test(tc, what_went_beside_retention_is_found);
	tcase_add_test(tc, another_hash_in_place_of_a_decision_is_found);
	tcase_add_test(tc, history_goes_only_in_the_name_of_a_run);
	tcase_add_test(tc, a_contact_goes_with_all_that_came_of_it);
	tcase_add_loop_test(tc, a_contact_that_is_not_over_stays, 0,
	    (int)(sizeof later / sizeof *later));
	tcase_add_loop_test(tc, a_hold_keeps_each_class, 0, 3);
	tcase_add_test(tc, a_call_that_nobody_allowed_goes_by_itself);
	tcase_add_test(tc, a_call_waits_for_its_recording);
	tcase_add_test(tc, a_contact_waits_for_its_recording);
	tcase_add_test(tc, of_a_recording_the_hash_stays);
	tcase_add_test(tc, consents_go_when_the_customer_left_and_nobody_used_them);
	tcase_add_test(tc, complaints_go_with_their_steps_and_suppression_stays);
	tcase_add_test(tc, a_run_that_is_stopped_ends_between_batches_and_is_on_record);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
