/* Caller numbers in the database: who may change what, the carrier's list, health, places
 * under the caps against a model and under real contention, what was really sent, reports.
 * Scenarios 70, 73, 74, 76, 107, 119, 121 where they need stored numbers. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <sodium.h>

#include "campaigns/call_record_store.h"
#include "campaigns/facts_store.h"
#include "campaigns/incident_store.h"
#include "campaigns/number_change_store.h"
#include "campaigns/number_choice.h"
#include "campaigns/number_health_store.h"
#include "campaigns/number_ledger_store.h"
#include "campaigns/number_report_store.h"
#include "campaigns/number_use_store.h"
#include "campaigns/plan_store.h"
#include "campaigns/setup_store.h"
#include "campaigns/task_store.h"
#include "segments/book_store.h"
#include "segments/tick_store.h"
#include "tests/lib/cluster.h"

/* Monday 2026-11-23, 10:00 in Shanghai. */
#define NOW  INT64_C(1795399200000000)
#define ZONE "Asia/Shanghai"
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct test_db t;
static struct arena arena;
static struct stw_err err;
static struct seal_keys *keys;
static struct ruleset *rules;

/* Customers with a deposit that ends in three days, a mobile and full consent. */
#define PEOPLE "40"
static const char people[] =
    "CREATE FUNCTION b(n int) RETURNS smallint LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT get_byte(sha256(('k' || n)::bytea), 0)::smallint $$;"
    "INSERT INTO customer (bucket, customer_id, ref, name_mask, dob, zone, province, "
    "    risk_rating, risk_assessed_on, opened_on, updated_at) "
    "SELECT b(n), n, 'k' || n, '王**', '1980-05-05', 'Asia/Shanghai', '上海市', 4, "
    "    '2026-06-01', '2020-01-01', '2026-01-01' FROM generate_series(1, " PEOPLE
    ") n;"
    "INSERT INTO customer_permission SELECT b(n), n, 0 FROM generate_series(1, " PEOPLE
    ") n;"
    "INSERT INTO contact_point (bucket, point_id, customer_id, kind, phone_sealed, "
    "    phone_index, phone_mask, region, zones, is_primary, updated_at) "
    "SELECT b(n), n, n, 'mobile', '\\x00', sha256(('p' || n)::bytea), "
    "    '138****000' || n, 'CN', '{Asia/Shanghai}', true, '2026-01-01' "
    "  FROM generate_series(1, " PEOPLE ") n;"
    "INSERT INTO holding (bucket, customer_id, holding_ref, kind, amount, currency, "
    "    maturity_on, updated_at) "
    "SELECT b(n), n, 'h', 'deposit', 50000000, 'CNY', '2026-11-26', '2026-01-01' "
    "  FROM generate_series(1, " PEOPLE ") n;"
    "INSERT INTO consent_event (bucket, consent_id, customer_id, action, purpose, channel, "
    "    form, notice_version, evidence, evidence_hash, source, actor, effective_at, "
    "    recorded_at) "
    "SELECT b(n), gen_random_uuid(), n, 'grant', 'MARKETING', 'VOICE', 'written', 'v3', "
    "    'e', sha256('e'), 'branch', 'x', '2026-05-01', '2026-05-01' "
    "  FROM generate_series(1, " PEOPLE ") n;";

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)
#define ck_code(call, want)                                                     \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == (want), "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

static int64_t
number(const char *sql)
{
	return test_db_number(&t, sql);
}

static void
setup(void)
{
	const struct setup_options options = {.now = NOW,
	    .queue_url = "http://127.0.0.1:9",
	    .queue_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
	struct setup_result result;
	char path[] = "/tmp/stw-keys-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(unlink(path), 0);
	err = (struct stw_err){0};
	arena_init(&arena);
	test_db_open(&t);
	ck_ok(seal_keys_open(path, true, &keys, &err));
	db_keys_set(t.db, keys);
	ck_assert_int_eq(unlink(path), 0);
	ck_ok(setup_demo(t.db, keys, &options, &arena, &result, &err));
	ck_ok(task_rules_load(t.db, &rules, &err));
}

static void
teardown(void)
{
	ruleset_free(rules);
	seal_keys_close(keys);
	test_db_close(&t);
	arena_fini(&arena);
}

/* Straight into the table, past the guards: for caps and dates of a test. */
static void
force(const char *sql)
{
	char text[1000];

	(void)snprintf(text, sizeof text,
	    "SET session_replication_role = replica; %s; "
	    "SET session_replication_role = DEFAULT",
	    sql);
	test_db_tamper(&t, text);
}

static int64_t
id_of(const char *digits)
{
	int64_t id;

	ck_ok(number_find(t.db, digits, &id, &err));
	ck_assert_int_gt(id, 0);
	return id;
}

static struct number_row
row_of(const char *digits, stw_usec now)
{
	struct number_row row;

	ck_ok(number_get(
	    t.db, id_of(digits), now, NOW - 10 * STW_USEC_HOUR, &arena, &row, &err));
	return row;
}

static enum stw_code
propose(const char *action, int64_t id, const char *document, stw_usec effective,
    stw_usec now, struct uuid *out)
{
	const struct number_proposal_draft draft = {.action = action,
	    .number_id = id,
	    .document = str_of(document),
	    .reason = "test",
	    .proposer = "ann",
	    .effective_at = effective};

	return number_propose(t.db, &draft, now, out, &err);
}

static enum stw_code
approve(const struct uuid *id, const char *by, stw_usec now)
{
	bool in_force;

	return number_decide(t.db, id, "approved", by, NULL, now, &in_force, &err);
}

/* A statement that the database has to refuse, naming the constraint. */
static void
ck_refused(const char *sql, const char *constraint)
{
	char text[2000];

	(void)snprintf(text, sizeof text,
	    "DO $do$ DECLARE c text; BEGIN BEGIN %s; SET CONSTRAINTS ALL IMMEDIATE; "
	    "EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS c = CONSTRAINT_NAME; "
	    "IF c = '%s' THEN RETURN; END IF; RAISE; END; "
	    "RAISE EXCEPTION 'was not refused'; END $do$",
	    sql, constraint);
	test_db_tamper(&t, text);
}

/* ---- changes ----------------------------------------------------------------------------- */
START_TEST(the_table_of_moves_is_that_of_the_code)
{
	int moves = 0;

	for (int from = 0; from < NUMBER_STATUSES; from++)
		for (int to = 0; to < NUMBER_STATUSES; to++) {
			enum number_status a = (enum number_status)from,
					   b = (enum number_status)to;
			char sql[400];

			if (number_move_persons(a, b) == 0)
				continue;
			moves++;
			(void)snprintf(sql, sizeof sql,
			    "SELECT count(*) FROM number_move WHERE from_status = '%s' AND "
			    "to_status = '%s' AND persons = %d AND why = "
			    "replace('%s', chr(1), chr(39))",
			    number_status_name(a), number_status_name(b),
			    number_move_persons(a, b),
			    strchr(number_move_why(a, b), '\'') != NULL
				? "at once: a person, its health, the carrier\001s ledger"
				: number_move_why(a, b));
			ck_assert_int_eq(number(sql), 1);
		}
	ck_assert_int_eq(number("SELECT count(*) FROM number_move"), moves);
}
END_TEST

START_TEST(what_takes_two_persons_one_cannot_do)
{
	struct uuid id;
	int64_t n = id_of("02155550100");
	struct number_row row;

	ck_ok(propose("change", n, "{\"daily_cap\":70}", NOW, NOW, &id));
	ck_assert_int_eq(row_of("02155550100", NOW).daily_cap, 6000);
	ck_code(approve(&id, "ann", NOW), STW_DENIED);
	ck_ok(approve(&id, "bob", NOW));
	row = row_of("02155550100", NOW);
	ck_assert_int_eq(row.daily_cap, 70);
	ck_assert_int_eq(row.version, 3);
	ck_code(approve(&id, "bob", NOW), STW_CONFLICT);
	/* Nor at the table. */
	ck_ok(propose("change", n, "{\"daily_cap\":60}", NOW, NOW, &id));
	ck_refused(
	    "INSERT INTO number_verdict SELECT proposal_id, 'approved', proposer, now() "
	    "FROM number_proposal WHERE document LIKE '%\"daily_cap\":60,%'",
	    "number_two_persons");
	ck_refused(
	    "INSERT INTO number_effect SELECT proposal_id, now() FROM number_proposal "
	    "WHERE document LIKE '%\"daily_cap\":60,%'",
	    "number_two_persons");
	ck_refused(
	    "UPDATE caller_number SET daily_cap = 9 WHERE number = '02155550100'",
	    "number_version");
	ck_refused("UPDATE caller_number SET daily_cap = 9, version = version + 1 "
		   "WHERE number = '02155550100'",
	    "number_history");
	ck_refused(
	    "UPDATE caller_number SET daily_cap = 9, version = version + 1 "
	    "WHERE number = '02155550100'; "
	    "INSERT INTO caller_number_change (change_id, number_id, version, at, "
	    "actor, what, approver) SELECT gen_random_uuid(), number_id, version, "
	    "now(), 'ann', 'changed', 'ann' FROM caller_number "
	    "WHERE number = '02155550100'",
	    "caller_number_two_persons");
	ck_refused("UPDATE caller_number SET number = '1' WHERE number = '02155550100'",
	    "number_identity");
	ck_refused("UPDATE caller_number SET status = 'planned', version = version + 1 "
		   "WHERE number = '02155550100'",
	    "number_move");
	/* The ledger has the proposals, the verdict and the change. */
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM ledger_outbox WHERE kind = 'number_change' AND "
		"convert_from(entry, 'UTF8') LIKE '%\"approver\":\"bob\"%'"),
	    1);
}
END_TEST

START_TEST(a_number_is_registered_planned_used_suspended_and_given_back)
{
	static const char document[] =
	    "{\"number\":\"02155559999\",\"kind\":\"landline\",\"pool\":\"wealth-out\","
	    "\"holder\":\"bank\",\"user_org\":\"bank\",\"direction\":\"out\","
	    "\"channels\":[\"VOICE\"],\"purposes\":[\"SERVICE\"],\"licence_no\":\"L\"}";
	struct number_suspension stop = {.by = "person",
	    .reason = "looks odd",
	    .actor = "ann",
	    .cooldown_until = STW_USEC_NEVER};
	struct number_history *history;
	struct uuid id;
	int64_t n;
	int count;

	ck_ok(propose("register", 0, document, NOW, NOW, &id));
	ck_ok(number_find(t.db, "02155559999", &n, &err));
	ck_assert_int_eq(n, 0);
	ck_ok(approve(&id, "bob", NOW));
	ck_assert_str_eq(row_of("02155559999", NOW).status, "planned");
	ck_code(propose("register", 0, document, NOW, NOW, &id), STW_CONFLICT);
	n = id_of("02155559999");
	stop.number_id = n;
	ck_code(number_suspend(t.db, &stop, NOW, &err), STW_CONFLICT);
	ck_ok(propose("status", n, "{\"status\":\"active\"}", NOW, NOW, &id));
	ck_ok(approve(&id, "bob", NOW));
	/* One person is enough to stop it, two let it back. */
	ck_ok(number_suspend(t.db, &stop, NOW, &err));
	ck_assert_str_eq(row_of("02155559999", NOW).suspended_by, "person");
	ck_ok(propose("status", n, "{\"status\":\"active\"}", NOW, NOW, &id));
	ck_code(approve(&id, "ann", NOW), STW_DENIED);
	ck_ok(approve(&id, "bob", NOW));
	ck_assert_str_eq(row_of("02155559999", NOW).status, "active");
	ck_refused(
	    "UPDATE caller_number SET status = 'suspended', suspended_by = 'person', "
	    "version = version + 1 WHERE number = '02155559999'; "
	    "INSERT INTO caller_number_change (change_id, number_id, version, at, "
	    "actor, what) SELECT gen_random_uuid(), number_id, version, now(), 'x', "
	    "'suspended' FROM caller_number WHERE number = '02155559999'; "
	    "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; "
	    "UPDATE caller_number SET status = 'active', suspended_by = NULL, "
	    "version = version + 1 WHERE number = '02155559999'; "
	    "INSERT INTO caller_number_change (change_id, number_id, version, at, "
	    "actor, what) SELECT gen_random_uuid(), number_id, version, now(), 'x', "
	    "'returned' FROM caller_number WHERE number = '02155559999'",
	    "number_two_persons");
	ck_ok(propose("status", n, "{\"status\":\"recalled\"}", NOW, NOW, &id));
	ck_ok(approve(&id, "bob", NOW));
	ck_code(propose("status", n, "{\"status\":\"active\"}", NOW, NOW, &id),
	    STW_CONFLICT);
	ck_ok(number_history(t.db, n, 50, &arena, &history, &count, &err));
	ck_assert_int_eq(count, 5);
	ck_assert_str_eq(history[4].what, "registered");
	ck_assert_str_eq(history[4].approver, "bob");
	ck_assert_str_eq(history[2].what, "suspended");
	ck_assert_ptr_null(history[2].approver);
	ck_assert_ptr_nonnull(strstr(history[0].document, "02155559999"));
}
END_TEST

START_TEST(a_change_takes_effect_on_its_day_or_says_why_not)
{
	stw_usec day = NOW + STW_USEC_DAY;
	struct number_proposal p;
	struct uuid later, now_, bad;
	int64_t n = id_of("02155550100");
	int applied, failed;

	ck_ok(propose("change", n, "{\"hourly_cap\":10}", day, NOW, &later));
	ck_ok(approve(&later, "bob", NOW));
	ck_ok(number_apply_due(t.db, day - 1, &applied, &failed, &err));
	ck_assert_int_eq(applied + failed, 0);
	ck_assert_int_eq(row_of("02155550100", NOW).hourly_cap, 900);
	ck_ok(number_apply_due(t.db, day, &applied, &failed, &err));
	ck_assert_int_eq(applied, 1);
	ck_assert_int_eq(row_of("02155550100", day).hourly_cap, 10);
	/* Two proposals of one version: the second was approved over something else. */
	ck_ok(propose("change", n, "{\"hourly_cap\":20}", day + 2, day, &later));
	ck_ok(approve(&later, "bob", day));
	ck_ok(propose("change", n, "{\"hourly_cap\":30}", day, day, &now_));
	ck_ok(propose("change", n, "{\"hourly_cap\":40}", day, day, &bad));
	ck_ok(approve(&now_, "bob", day));
	ck_code(approve(&bad, "bob", day), STW_CONFLICT);
	ck_ok(number_apply_due(t.db, day + 2, &applied, &failed, &err));
	ck_assert_int_eq(failed, 1);
	ck_ok(number_proposal_get(t.db, &later, &arena, &p, &err));
	ck_assert_str_eq(p.state, "failed");
	ck_assert_ptr_nonnull(strstr(p.failure, "propose anew"));
	ck_assert_int_eq(row_of("02155550100", day).hourly_cap, 30);
	ck_ok(number_apply_due(t.db, day + 3, &applied, &failed, &err));
	ck_assert_int_eq(applied + failed, 0);
}
END_TEST

START_TEST(a_looser_matrix_names_the_document_that_allows_it)
{
	struct number_policies policies;
	struct uuid id;

	ck_code(propose("matrix", 0,
		    "{\"kind\":\"mobile\",\"subject\":\"SERVICE\",\"verdict\":\"yes\"}",
		    NOW, NOW, &id),
	    STW_INVALID);
	ck_ok(propose("matrix", 0,
	    "{\"kind\":\"mobile\",\"subject\":\"SERVICE\",\"verdict\":\"yes\",\"approval\":"
	    "\"" HASH "\"}",
	    NOW, NOW, &id));
	ck_ok(approve(&id, "bob", NOW));
	ck_ok(propose("register", 0,
	    "{\"number\":\"13800000000\",\"kind\":\"mobile\",\"pool\":\"p\",\"holder\":"
	    "\"bank\",\"user_org\":\"bank\",\"direction\":\"out\",\"channels\":[\"VOICE\"],"
	    "\"purposes\":[\"SERVICE\"]}",
	    NOW, NOW, &id));
	ck_ok(approve(&id, "bob", NOW));
	/* Tighter needs none, and what no longer fits is refused from then on. */
	ck_ok(propose("matrix", 0,
	    "{\"kind\":\"landline\",\"subject\":\"MARKETING\",\"verdict\":\"no\"}", NOW,
	    NOW, &id));
	ck_ok(approve(&id, "bob", NOW));
	ck_code(
	    propose("change", id_of("02155550100"), "{\"daily_cap\":5}", NOW, NOW, &id),
	    STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "not for MARKETING"));
	ck_ok(propose(
	    "policy", 0, "{\"name\":\"answer.min\",\"value\":30}", NOW, NOW, &id));
	ck_ok(approve(&id, "bob", NOW));
	ck_ok(number_policies_load(t.db, &policies, &err));
	ck_assert_int_eq(policies.health[HEALTH_ANSWER].min, 30);
	ck_ok(propose(
	    "policy", 0, "{\"name\":\"answer.max\",\"value\":3}", NOW, NOW, &id));
	ck_code(approve(&id, "bob", NOW), STW_INVALID);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM ledger_outbox WHERE kind = 'rule_change' AND "
		   "convert_from(entry, 'UTF8') LIKE '%caller numbers%'"),
	    3);
}
END_TEST

/* ---- the carrier's list --------------------------------------------------------------------- */
static enum stw_code
take_list(
    const char *csv, stw_day as_of, stw_usec now, struct number_ledger_result *out)
{
	static const char *const names[] = {"示范银行", "bank"};
	const struct number_ledger_file file = {.text = str_of(csv),
	    .carrier = "demo",
	    .as_of = as_of,
	    .names = names,
	    .nnames = 1,
	    .zone = ZONE,
	    .by = "op"};

	return number_ledger_import(t.db, &file, now, out, &err);
}

#define HEAD "号码,持有单位,许可证号,有效期止,用途,状态\n"
#define REST                                                        \
	"02155550101,示范银行,DEMO-LL-0101,2026-12-31,,\n"      \
	"01055550110,示范银行,DEMO-LL-0110,,MARKETING,在用\n" \
	"02155550111,示范银行,DEMO-LL-0111,,MARKETING,在用\n" \
	"02055550112,示范银行,DEMO-LL-0112,,MARKETING,在用\n"

START_TEST(a_carriers_list_is_held_against_the_registry)
{
	stw_day monday = (stw_day)(NOW / STW_USEC_DAY);
	struct number_ledger_result r;
	struct number_difference *d;
	struct number_ledger_change *changes;
	struct uuid id;
	int count;

	/* 0100 is somebody else's, 95500 is gone, 0199 is new; licences end as ours do. */
	ck_ok(take_list(HEAD "02155550100,另一家公司,DEMO-LL-0100,2026-12-31,,\n" REST
			     "02155550199,示范银行,X,,,\n",
	    monday, NOW, &r));
	ck_assert_int_eq(r.lines, 6);
	ck_ok(number_differences(t.db, true, NULL, 50, &arena, &d, &count, &err));
	ck_assert_int_eq(count, 3);
	ck_assert_int_eq(r.differences, 3);
	ck_assert_int_eq(r.suspended, 2);
	ck_assert_str_eq(row_of("02155550100", NOW).suspended_by, "ledger");
	ck_assert_str_eq(row_of("95500", NOW).status, "suspended");
	ck_assert_str_eq(row_of("02155550101", NOW).status, "active");
	ck_assert_int_eq(row_of("02155550101", NOW).ledger_synced_at, NOW);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM number_difference WHERE kind = 'new' "
		   "AND number = '02155550199' AND NOT suspended"),
	    1);
	/* The same again, older, broken, empty: nothing of it is kept. */
	ck_code(take_list(HEAD "02155550100,另一家公司,DEMO-LL-0100,2026-12-31,,\n" REST
			       "02155550199,示范银行,X,,,\n",
		    monday, NOW, &r),
	    STW_CONFLICT);
	ck_code(take_list(HEAD REST, monday - 1, NOW, &r), STW_CONFLICT);
	ck_code(take_list(HEAD REST "0215555x,示范银行,,,,\n", monday + 1, NOW, &r),
	    STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "body:6: column number"));
	ck_code(take_list(HEAD "1,示范银行,,2026-13-31,,\n", monday + 1, NOW, &r),
	    STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "column licence_to"));
	ck_code(take_list(HEAD, monday + 1, NOW, &r), STW_INVALID);
	ck_code(take_list("号码\n1\n", monday + 1, NOW, &r), STW_INVALID);
	/* Four of six are missing: a cut file. */
	ck_code(take_list(HEAD "02155550100,示范银行,DEMO-LL-0100,,,\n"
			       "02155550101,示范银行,DEMO-LL-0101,,,\n",
		    monday + 1, NOW, &r),
	    STW_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "was the file cut?"));
	ck_code(take_list(HEAD REST "02155550101,示范银行,,,,\n", monday + 1, NOW, &r),
	    STW_INVALID);
	ck_assert_int_eq(number("SELECT count(*) FROM number_snapshot"), 1);
	/* The next day: what is open is not found again; a licence that ends earlier is. */
	ck_ok(
	    take_list(HEAD "02155550100,另一家公司,DEMO-LL-0100,2026-12-31,,\n"
			   "02155550101,示范银行,DEMO-LL-0101,2026-11-30,,\n"
			   "01055550110,示范银行,DEMO-LL-0110,,MARKETING,停用\n"
			   "02155550111,示范银行,DEMO-LL-0111,,SERVICE;MARKETING,在用\n"
			   "02055550112,示范银行,DEMO-LL-0112,,MARKETING,在用\n"
			   "02155550199,示范银行,X,,,\n",
		monday + 1, NOW + STW_USEC_DAY, &r));
	ck_assert_int_eq(r.differences, 3);
	ck_assert_int_eq(r.suspended, 2); /* licence and status; a purpose only shows */
	ck_ok(number_ledger_changes(t.db, "demo", &arena, &changes, &count, &err));
	ck_assert_int_eq(count, 3);
	ck_assert_str_eq(changes[0].field, "status");
	ck_assert_str_eq(changes[0].was, "active");
	ck_assert_str_eq(changes[0].is_now, "suspended");
	/* Settled: not found again while the carrier goes on saying so; found again once it
	 * has said something else in between. */
	ck_ok(number_differences(t.db, true, NULL, 50, &arena, &d, &count, &err));
	ck_assert_int_eq(count, 6);
	for (int i = 0; i < count; i++) {
		ck_assert_int_eq(uuid_parse(str_of(d[i].id), &id), STW_OK);
		ck_ok(number_difference_settle(t.db, &id, "bob", "seen", NOW, &err));
		ck_code(number_difference_settle(t.db, &id, "bob", "seen", NOW, &err),
		    STW_CONFLICT);
	}
	ck_ok(take_list(HEAD "02155550100,另一家公司,DEMO-LL-0100,2026-12-31,,\n" REST
			     "02155550199,示范银行,X,,,\n",
	    monday + 2, NOW + 2 * STW_USEC_DAY, &r));
	ck_assert_int_eq(r.differences, 0);
	ck_ok(take_list(HEAD "02155550100,示范银行,DEMO-LL-0100,2026-12-31,,\n" REST
			     "02155550199,示范银行,X,,,\n",
	    monday + 3, NOW + 3 * STW_USEC_DAY, &r));
	ck_assert_int_eq(r.differences, 0);
	ck_ok(take_list(HEAD "02155550100,另一家公司,DEMO-LL-0100,2026-12-31,,\n" REST
			     "02155550199,示范银行,X,,,\n",
	    monday + 4, NOW + 4 * STW_USEC_DAY, &r));
	ck_assert_int_eq(r.differences, 1);
}
END_TEST

/* ---- health ------------------------------------------------------------------------------------ */
START_TEST(an_unfit_number_is_suspended_and_returns_when_it_has_cooled_down)
{
	int64_t n = id_of("02155550100"), m = id_of("02155550101");
	struct number_observation label = {.number_id = m,
	    .kind = "label",
	    .value = "spam",
	    .vendor = "a",
	    .score = 90,
	    .at = NOW,
	    .actor = "feed"};
	char sql[300];
	struct number_tick tick;
	stw_usec later;

	(void)snprintf(sql, sizeof sql,
	    "INSERT INTO number_tally VALUES (%lld, '2026-11-23T01:00Z', 100, 4, 0)",
	    (long long)n);
	test_db_tamper(&t, sql);
	ck_ok(number_observe(t.db, &label, NOW, &err));
	ck_assert_str_eq(row_of("02155550101", NOW).label, "spam");
	ck_ok(number_tick(t.db, NOW, &tick, &err));
	ck_assert_int_eq(tick.suspended, 1);
	ck_assert_str_eq(row_of("02155550100", NOW).suspended_by, "health");
	ck_assert_str_eq(row_of("02155550100", NOW).status_reason,
	    "answer rate 4.00 %, limit 5.00 %");
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM ledger_outbox WHERE kind = 'number_change' AND "
		"convert_from(entry, 'UTF8') LIKE '%\\\\\"rate_bp\\\\\":400%'"),
	    1);
	/* Not before its cool-down, nor while the bad hour is in the window. */
	ck_ok(number_tick(t.db, NOW + 20 * STW_USEC_HOUR, &tick, &err));
	ck_assert_int_eq(tick.suspended + tick.returned, 0);
	later = NOW + 24 * STW_USEC_HOUR;
	ck_ok(number_tick(t.db, later, &tick, &err));
	ck_assert_int_eq(tick.returned, 1);
	ck_assert_str_eq(row_of("02155550100", later).status, "active");
	ck_assert_int_eq(row_of("02155550100", later).health_from, later);
	ck_ok(number_tick(t.db, later, &tick, &err));
	ck_assert_int_eq(tick.suspended + tick.returned, 0);
	/* Two vendors agree: suspended, and two persons let it back. */
	label.vendor = "b";
	label.at = later;
	ck_ok(number_observe(t.db, &label, later, &err));
	ck_ok(number_tick(t.db, later, &tick, &err));
	ck_assert_int_eq(tick.suspended, 1);
	label.value = "none";
	label.at = later + 1;
	ck_ok(number_observe(t.db, &label, later + 1, &err));
	ck_assert_str_eq(row_of("02155550101", later).label, "spam"); /* a's */
	ck_ok(number_tick(t.db, later + 30 * STW_USEC_DAY, &tick, &err));
	ck_assert_int_eq(tick.returned, 0);
	ck_assert_str_eq(row_of("02155550101", later).status, "suspended");
	/* Complaints by the regulator count as those of agents do. */
	label.kind = label.value = "complaint";
	label.number_id = n;
	label.at = later;
	(void)snprintf(sql, sizeof sql,
	    "INSERT INTO number_tally VALUES (%lld, '2026-11-24T04:00Z', 100, 90, 1)",
	    (long long)n);
	test_db_tamper(&t, sql);
	ck_ok(number_observe(t.db, &label, later + STW_USEC_DAY, &err));
	ck_ok(number_tick(t.db, later + STW_USEC_DAY, &tick, &err));
	ck_assert_int_eq(tick.suspended, 1);
}
END_TEST

START_TEST(the_gates_facts_are_those_of_the_registry)
{
	struct number_observation seen = {.number_id = id_of("02155550100"),
	    .kind = "attestation",
	    .value = "B",
	    .score = -1,
	    .at = NOW,
	    .actor = "feed"};
	struct number_row row;
	struct gate_number n;

	ck_ok(number_observe(t.db, &seen, NOW, &err));
	row = row_of("02155550100", NOW);
	facts_number(&row, &arena, &n);
	ck_assert_str_eq(n.attestation, "B");
	ck_assert_str_eq(n.country, "CN");
	ck_assert_int_eq(n.callback, GATE_STATE_OK);
	ck_assert_int_eq(n.callback_ok_at, NOW);
	ck_assert_int_eq(n.identity, GATE_STATE_UNKNOWN); /* nobody has looked */
	ck_assert_ptr_null(n.label);
	ck_assert(!n.withheld && !n.sublet && !n.has_undertaking);
	seen.kind = "callback";
	seen.value = "failed";
	seen.at = NOW + 1;
	ck_ok(number_observe(t.db, &seen, NOW + 1, &err));
	seen.kind = "label";
	seen.value = "none";
	seen.vendor = "v";
	ck_ok(number_observe(t.db, &seen, NOW + 1, &err));
	row = row_of("02155550100", NOW);
	facts_number(&row, &arena, &n);
	ck_assert_int_eq(n.callback, GATE_STATE_FAILED);
	ck_assert_ptr_null(n.label);
	force(
	    "UPDATE caller_number SET lessor = 'x', sub_let = true, withheld = true, "
	    "undertaking_hash = sha256('u'), label = 'scam' WHERE number = '02155550100'");
	row = row_of("02155550100", NOW);
	facts_number(&row, &arena, &n);
	ck_assert(n.withheld && n.sublet && n.has_undertaking);
	ck_assert_str_eq(n.lessee, "x");
	ck_assert_str_eq(n.label, "scam");
}
END_TEST

/* ---- places under the caps: model and database -------------------------------------------------- */
enum { M_NUMBERS = 3, M_TASKS = 12, M_USES = 4000, M_DAILY = 6, M_HOURLY = 2 };

struct model {
	stw_usec now, day_start;
	int64_t ids[M_NUMBERS];
	struct {
		int number; /* -1: none */
		stw_usec expires;
	} held[M_TASKS];
	struct {
		int number;
		stw_usec at;
	} uses[M_USES];
	int nuses;
	int seen[M_TASKS]; /* task i is of customer i */
};

static void
model_counts(const struct model *m, int n, int except, int *day, int *hour, int *held)
{
	*day = *hour = *held = 0;
	for (int i = 0; i < m->nuses; i++) {
		if (m->uses[i].number != n)
			continue;
		*day += m->uses[i].at - m->uses[i].at % STW_USEC_HOUR >= m->day_start;
		*hour += m->uses[i].at / STW_USEC_HOUR == m->now / STW_USEC_HOUR;
	}
	for (int i = 0; i < M_TASKS; i++)
		*held += i != except && m->held[i].number == n &&
			 m->held[i].expires > m->now;
}

static bool
model_room(const struct model *m, int n, int task)
{
	int day, hour, held;

	model_counts(m, n, task, &day, &hour, &held);
	return day + held < M_DAILY && hour < M_HOURLY;
}

static int
model_choose(const struct model *m, int task)
{
	int best = -1;
	uint64_t best_rank = 0;

	for (int n = 0; n < M_NUMBERS; n++) {
		uint64_t rank = m->seen[task] == n
				    ? UINT64_MAX
				    : number_rank(task + 1, m->ids[n]) >> 1;

		if (model_room(m, n, task) && (best < 0 || rank > best_rank)) {
			best = n;
			best_rank = rank;
		}
	}
	return best;
}

static struct uuid
task_uuid(int task)
{
	struct uuid id = {{0}};

	id.b[0] = 0x11;
	id.b[14] = (unsigned char)(task + 1);
	return id;
}

/* As dispatch and dial do: lock, count, choose, keep or use. chosen: the number's place
 * in the model, -1 when none had room; commit: only the number that is held already. */
static int
database_step(struct model *m, int task, bool commit, int only)
{
	struct uuid id = task_uuid(task);
	const struct number_filter filter = {.pool = "wealth-out", .except = &id};
	struct number_contact contact = {.task_id = id,
	    .purpose = "MARKETING",
	    .pool = "wealth-out",
	    .bucket = 1,
	    .customer_id = task + 1};
	struct number_need need = {.customer_id = task + 1,
	    .channel = "VOICE",
	    .purpose = "MARKETING",
	    .now = m->now};
	struct gate_number gate[M_NUMBERS];
	struct number_row *rows;
	int count, at = -1, chosen = -1;

	ck_ok(db_begin(t.db, &err));
	ck_ok(number_lock(t.db, "wealth-out", &err));
	ck_ok(number_select(
	    t.db, &filter, m->now, m->day_start, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, M_NUMBERS);
	ck_ok(number_seen(
	    t.db, 1, "wealth-out", &need.customer_id, 1, &need.seen_id, &err));
	for (int i = 0; i < count; i++)
		facts_number(&rows[i], &arena, &gate[i]);
	if (only < 0)
		at = number_choose(gate, count, &need);
	for (int i = 0; i < count && only >= 0; i++)
		if (rows[i].number_id == m->ids[only])
			at = i;
	if (at >= 0 && number_why_not(&gate[at], &need) == NULL) {
		contact.number_id = rows[at].number_id;
		for (int i = 0; i < M_NUMBERS; i++)
			if (m->ids[i] == contact.number_id)
				chosen = i;
		ck_ok(commit ? number_commit(t.db, &contact, m->now, &err)
			     : number_reserve(t.db, &contact, m->now,
				   m->now + 2 * STW_USEC_HOUR, &err));
	}
	ck_ok(db_commit(t.db, &err));
	return chosen;
}

static void
ck_caps(const struct model *m)
{
	char sql[600];

	for (int n = 0; n < M_NUMBERS; n++) {
		int day, hour, held;

		model_counts(m, n, -1, &day, &hour, &held);
		ck_assert_int_le(day + held, M_DAILY);
		ck_assert_int_le(hour, M_HOURLY);
	}
	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM number_use WHERE used > %d", M_HOURLY);
	ck_assert_int_eq(number(sql), 0);
}

static uint64_t seed;

static int
below(int n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int)((seed >> 33) % (uint64_t)n);
}

static void
model_step(struct model *m)
{
	int task = below(M_TASKS), want, got;
	struct uuid id = task_uuid(task);
	bool live = m->held[task].number >= 0;

	switch (below(10)) {
	case 0: /* time goes by */
		m->now += (stw_usec)(1 + below(50)) * STW_USEC_MIN;
		while (m->now - m->day_start >= STW_USEC_DAY)
			m->day_start += STW_USEC_DAY;
		return;
	case 1: /* the task goes no further */
		ck_ok(db_begin(t.db, &err));
		ck_ok(number_release(t.db, &id, &err));
		ck_ok(db_commit(t.db, &err));
		m->held[task].number = -1;
		return;
	case 2:
	case 3:
	case 4: /* dial what was dispatched, also after its time */
		if (!live)
			return;
		want = model_room(m, m->held[task].number, task) ? m->held[task].number
								 : -1;
		got = database_step(m, task, true, m->held[task].number);
		ck_assert_int_eq(got, want);
		if (got >= 0) {
			ck_assert_int_lt(m->nuses, M_USES);
			m->uses[m->nuses].number = got;
			m->uses[m->nuses++].at = m->now;
			m->seen[task] = got;
			m->held[task].number = -1;
		}
		return;
	default: /* dispatch, or dispatch again */
		want = model_choose(m, task);
		got = database_step(m, task, false, -1);
		ck_assert_int_eq(got, want);
		if (got >= 0) {
			m->held[task].number = got;
			m->held[task].expires = m->now + 2 * STW_USEC_HOUR;
		}
		return;
	}
}

START_TEST(reserve_commit_release_do_as_the_model_says)
{
	static struct model m;
	int64_t swept;
	char sql[200];

	seed = (uint64_t)_i * 7919 + 1;
	m = (struct model){.now = NOW, .day_start = NOW - 10 * STW_USEC_HOUR};
	force("UPDATE caller_number SET pool = 'wealth-out', regions = '{}', "
	      "purposes = '{MARKETING}', daily_cap = 6, hourly_cap = 2, "
	      "licence_to = 'infinity' WHERE number IN "
	      "('02155550100', '02155550101', '02155550111')");
	m.ids[0] = id_of("02155550100");
	m.ids[1] = id_of("02155550101");
	m.ids[2] = id_of("02155550111");
	for (int i = 0; i < M_TASKS; i++)
		m.held[i].number = m.seen[i] = -1;
	for (int step = 0; step < 500; step++) {
		model_step(&m);
		if (step % 25 == 0)
			ck_caps(&m);
	}
	ck_caps(&m);
	ck_assert_int_gt(m.nuses, 20);
	(void)snprintf(sql, sizeof sql, "SELECT sum(used) FROM number_use");
	ck_assert_int_eq(number(sql), m.nuses);
	ck_ok(number_sweep(t.db, m.now, &swept, &err));
	int live = 0;
	for (int i = 0; i < M_TASKS; i++)
		live += m.held[i].number >= 0 && m.held[i].expires > m.now;
	ck_assert_int_eq(number("SELECT count(*) FROM number_hold"), live);
}
END_TEST

/* ---- a race for one number and one person ---------------------------------------------------------- */
enum { RACERS = 16, RACE_CAP = 4, COPIES = 12 };

static void
plan(void)
{
	struct segments_tick_result tick;
	struct plan_result result;
	struct book_parts parts;
	struct book *book;

	test_db_tamper(&t, people);
	ck_ok(book_load(t.db, NOW, NULL, &book, &err));
	parts = book_parts_of(book);
	ck_ok(segments_tick(t.db, &parts, NULL, NOW, NULL, &tick, &err));
	const struct plan_options options = {.now = NOW, .segments = &tick.hosts};
	ck_ok(plan_run(t.db, &parts, rules, &options, &arena, &result, &err));
	ck_assert_int_ge(result.tasks, 30);
	segments_tick_fini(&tick);
	book_free(book);
}

struct racer {
	pthread_t thread;
	pthread_barrier_t *start;
	int64_t queue;
	const struct uuid *tasks; /* to dial; NULL: dispatch */
	int ntasks;
	atomic_int *next;
	int granted;
	char fault[200];
};

static bool
race_fault(struct racer *r, enum stw_code rc, const struct stw_err *e)
{
	/* A lock that took too long, a deadlock: the dispatcher tries again, too. */
	if (rc == STW_OK || rc == STW_TEMPFAIL || rc == STW_CONFLICT)
		return false;
	(void)snprintf(r->fault, sizeof r->fault, "%.180s", e->text);
	return true;
}

/* Claimed, through the gate, and with an agent. */
static bool
race_dispatch(struct racer *r, struct db *db, const struct task_claim *claim)
{
	struct arena work;
	struct stw_err e = {0};
	enum task_gate_result result = TASK_GATE_GONE;
	struct task_push push;
	struct task_ending ending = {
	    .result = TASK_PUSH_ACCEPTED, .http_status = 202, .left = true};
	enum stw_code rc;

	arena_init(&work);
	rc = task_gate_dispatch(db, rules, claim, NOW, &work, &result, &push, &e);
	if (rc == STW_OK && result == TASK_GATE_SEND) {
		ending.claim = push.claim;
		rc = task_finish_pushes(db, &ending, 1, NOW, &work, &e);
		if (rc == STW_OK)
			rc = db_begin(db, &e);
		if (rc == STW_OK)
			rc = task_accept(db, &claim->task_id, "a_01", NOW, &e);
		if (rc == STW_OK)
			rc = db_commit(db, &e);
		if (rc != STW_OK)
			db_rollback(db);
		r->granted += rc == STW_OK;
	}
	arena_fini(&work);
	return !race_fault(r, rc, &e);
}

static bool
race_dispatch_some(struct racer *r, struct db *db)
{
	struct task_claim *claims;
	struct arena work;
	struct stw_err e = {0};
	int count = 0;
	bool good = true;

	arena_init(&work);
	good = !race_fault(r,
	    task_claim(db, r->queue, TASK_LANE_NEW, "race", 1, 300, NOW, &work, &claims,
		&count, &e),
	    &e);
	for (int i = 0; i < count && good; i++)
		good = race_dispatch(r, db, &claims[i]);
	arena_fini(&work);
	return good && count > 0;
}

static bool
race_dial(struct racer *r, struct db *db)
{
	int i = atomic_fetch_add(r->next, 1);
	struct task_permit p = {0};
	struct stw_err e = {0};
	struct arena work;
	enum stw_code rc = STW_TEMPFAIL;

	if (i >= r->ntasks)
		return false;
	for (int tries = 0; tries < 5 && rc == STW_TEMPFAIL; tries++) {
		arena_init(&work);
		rc = db_begin(db, &e);
		if (rc == STW_OK)
			rc = task_permit(
			    db, rules, &r->tasks[i], "a_01", NOW, &work, &p, &e);
		if (rc == STW_OK)
			rc = db_commit(db, &e);
		if (rc != STW_OK)
			db_rollback(db);
		arena_fini(&work);
	}
	r->granted += rc == STW_OK && p.granted;
	return !race_fault(r, rc, &e);
}

static void *
race(void *arg)
{
	struct racer *r = arg;
	struct db *db = test_db_connect(&t);

	(void)pthread_barrier_wait(r->start);
	while (r->tasks != NULL ? race_dial(r, db) : race_dispatch_some(r, db))
		;
	db_close(db);
	return NULL;
}

/* Sixteen connections at once; how much was granted. */
static int
race_run(const struct uuid *tasks, int ntasks)
{
	struct racer racers[RACERS];
	pthread_barrier_t start;
	atomic_int next = 0;
	int granted = 0;
	int64_t queue =
	    number("SELECT queue_id FROM queue WHERE code = 'wealth-remote'");

	ck_assert_int_eq(pthread_barrier_init(&start, NULL, RACERS), 0);
	for (int i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){.start = &start,
		    .queue = queue,
		    .tasks = tasks,
		    .ntasks = ntasks,
		    .next = &next};
		ck_assert_int_eq(
		    pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < RACERS; i++) {
		ck_assert_int_eq(pthread_join(racers[i].thread, NULL), 0);
		ck_assert_msg(racers[i].fault[0] == '\0', "%s", racers[i].fault);
		granted += racers[i].granted;
	}
	(void)pthread_barrier_destroy(&start);
	return granted;
}

/* One number of its pool is left; one person has thirteen tasks, half of them of a twin
 * campaign whose numbers are another pool's, so that the pool's lock does not keep them
 * apart. */
static void
race_world(int cap)
{
	char sql[600];

	plan();
	(void)snprintf(sql, sizeof sql,
	    "UPDATE caller_number SET status = 'recalled' WHERE pool = 'wealth-out' AND "
	    "number <> '02155550100'; UPDATE caller_number SET daily_cap = %d, "
	    "hourly_cap = NULL WHERE number = '02155550100'",
	    cap);
	force(sql);
	force(
	    "INSERT INTO campaign (code, state, active_version, updated_at) SELECT 'twin', "
	    "state, active_version, updated_at FROM campaign WHERE campaign_id = (SELECT "
	    "campaign_id FROM task WHERE customer_id = 1 LIMIT 1)");
	force(
	    "INSERT INTO campaign_version SELECT w.campaign_id, v.version, "
	    "jsonb_set(v.document, '{step,number_pool}', '\"province-out\"'), "
	    "v.content_hash, v.author, v.created_at, v.approved_by, v.approved_at "
	    "FROM campaign_version v, campaign w WHERE w.code = 'twin' AND v.campaign_id = "
	    "(SELECT campaign_id FROM task WHERE customer_id = 1 LIMIT 1)");
	(void)snprintf(sql, sizeof sql,
	    "INSERT INTO task SELECT (jsonb_populate_record(x, jsonb_build_object('task_id', "
	    "overlay(x.task_id::text placing lpad(to_hex(c), 3, '0') from 1 for 3), "
	    "'occurrence', x.occurrence || c, 'priority', 900, 'campaign_id', CASE WHEN "
	    "c %% 2 = 0 THEN x.campaign_id ELSE w.campaign_id END))).* "
	    "FROM task x, generate_series(1, %d) c, campaign w WHERE x.customer_id = 1 "
	    "AND w.code = 'twin'",
	    COPIES);
	force(sql);
	force(
	    "INSERT INTO task_ready (bucket, task_id, queue_id, due_at, priority) "
	    "SELECT bucket, task_id, queue_id, not_before, priority FROM task x "
	    "WHERE NOT EXISTS (SELECT 1 FROM task_ready r WHERE r.bucket = x.bucket AND "
	    "r.task_id = x.task_id)");
	ck_assert_int_eq(
	    number("SELECT count(*) FROM task_ready r JOIN task USING (bucket, "
		   "task_id) WHERE customer_id = 1"),
	    1 + COPIES);
}

#define OF_0100 " JOIN caller_number USING (number_id) WHERE number = '02155550100'"

/* Places: dispatched at once by sixteen, a number keeps no more than its cap, and a person
 * no more than one. */
START_TEST(sixteen_dispatchers_pass_no_cap)
{
	race_world(RACE_CAP);
	(void)race_run(NULL, 0);
	ck_assert_int_eq(number("SELECT count(*) FROM number_hold" OF_0100), RACE_CAP);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM contact_count WHERE customer_id = 1"), 1);
}
END_TEST

/* Uses: twenty tasks whose places have run out, dialled at once by sixteen. */
START_TEST(sixteen_agents_pass_no_cap)
{
	struct uuid ids[100];
	struct task_view *tasks;
	int count, n = 0;

	race_world(20);
	(void)race_run(NULL, 0);
	force(
	    "DELETE FROM number_hold; DELETE FROM contact_count; UPDATE caller_number SET "
	    "daily_cap = 4 WHERE number = '02155550100'");
	ck_ok(task_list(t.db, "wealth-remote", "a_01", "accepted", 100, NOW, &arena,
	    &tasks, &count, &err));
	for (int i = 0; i < count; i++)
		if (tasks[i].number != NULL &&
		    strcmp(tasks[i].number, "02155550100") == 0)
			ids[n++] = tasks[i].task_id;
	ck_assert_int_eq(n, 20);
	ck_assert_int_eq(race_run(ids, n), RACE_CAP);
	ck_assert_int_eq(number("SELECT sum(used) FROM number_use" OF_0100), RACE_CAP);
	ck_assert_int_eq(number("SELECT count(*) FROM permit"), RACE_CAP);
}
END_TEST

/* ---- what was really sent ----------------------------------------------------------------------------- */
static const char *dialled; /* the number that the last permit named */

/* A task of wealth-out that an agent was allowed to dial. */
static struct uuid
dial_one(struct uuid *permit_id)
{
	struct task_claim *claims;
	struct task_push push;
	enum task_gate_result result;
	struct task_permit p;
	int count;

	ck_ok(task_claim(t.db,
	    number("SELECT queue_id FROM queue WHERE code = 'wealth-remote'"),
	    TASK_LANE_NEW, "test", 1, 30, NOW, &arena, &claims, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_ok(task_gate_dispatch(
	    t.db, rules, &claims[0], NOW, &arena, &result, &push, &err));
	ck_assert_int_eq(result, TASK_GATE_SEND);
	struct task_ending ending = {.claim = push.claim,
	    .result = TASK_PUSH_ACCEPTED,
	    .http_status = 202,
	    .left = true};
	ck_ok(task_finish_pushes(t.db, &ending, 1, NOW, &arena, &err));
	ck_ok(db_begin(t.db, &err));
	ck_ok(task_accept(t.db, &claims[0].task_id, "a_01", NOW, &err));
	ck_ok(task_permit(
	    t.db, rules, &claims[0].task_id, "a_01", NOW, &arena, &p, &err));
	ck_assert_msg(p.granted, "%s", p.decision.primary);
	ck_ok(db_commit(t.db, &err));
	*permit_id = p.permit_id;
	dialled = p.number;
	return claims[0].task_id;
}

START_TEST(another_number_than_the_approved_one_stops_the_campaign)
{
	struct uuid permit, task, id;
	struct call_record r = {CALL_RECORD_NOTHING, .source = "pbx",
	    .reference = "c-1", .region = "CN", .started_at = NOW + 5 * STW_USEC_SEC,
	    .duration_sec = 60};
	struct incident *incidents;
	struct call_fate f;
	struct number_row row;
	const char *approved;
	char plus[30];
	int count;

	plan();
	task = dial_one(&permit);
	r.has_task = true;
	r.task_id = task;
	r.number_sent = "95588";
	/* Scenario 74. */
	ck_ok(call_record_put(
	    t.db, keys, rules, &r, NOW + STW_USEC_MIN, &arena, &f, &err));
	ck_assert_str_eq(f.fate, "mismatch");
	ck_assert_ptr_nonnull(f.incident_id);
	ck_assert_ptr_nonnull(f.paused);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM campaign WHERE state = 'paused'"), 1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM task WHERE state IN ('planned', 'ready',"
		   " 'queued') AND campaign_id = (SELECT campaign_id FROM "
		   "campaign WHERE state = 'paused')"),
	    0);
	ck_ok(call_record_put(
	    t.db, keys, rules, &r, NOW + STW_USEC_MIN, &arena, &f, &err));
	ck_assert(f.known);
	ck_assert_ptr_null(f.incident_id);
	ck_ok(incident_list(
	    t.db, "open", NULL, NULL, 10, &arena, &incidents, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_assert_str_eq(incidents[0].code, "NUMBER_NOT_REGISTERED");
	ck_assert_ptr_nonnull(strstr(incidents[0].evidence, "95588"));
	approved = incidents[0].number;
	row = row_of(approved, NOW);
	ck_assert(row.mismatch);
	/* The right one, written otherwise; withheld; and a call nobody asked for. */
	(void)snprintf(plus, sizeof plus, "+86 %s", approved + 1);
	r.reference = "c-2";
	r.number_sent = plus;
	ck_ok(call_record_put(
	    t.db, keys, rules, &r, NOW + STW_USEC_MIN, &arena, &f, &err));
	ck_assert_str_eq(f.fate, "matched");
	r.reference = "c-3";
	r.number_sent = "";
	r.has_task = false;
	r.has_permit = true;
	r.permit_id = permit;
	ck_ok(call_record_put(
	    t.db, keys, rules, &r, NOW + STW_USEC_MIN, &arena, &f, &err));
	ck_assert_str_eq(f.fate, "mismatch");
	ck_assert_ptr_null(f.paused); /* it was already */
	ck_assert_int_eq(
	    number("SELECT count(*) FROM incident WHERE code = 'CLI_WITHHELD'"), 1);
	r.reference = "c-4";
	r.number_sent = approved;
	r.has_permit = false;
	r.called = "13811112222";
	ck_ok(call_record_put(
	    t.db, keys, rules, &r, NOW + STW_USEC_MIN, &arena, &f, &err));
	ck_assert_str_eq(f.fate, "unmatched");
	r.reference = "c-5";
	r.number_sent = "'; DROP";
	ck_code(call_record_put(
		    t.db, keys, rules, &r, NOW + STW_USEC_MIN, &arena, &f, &err),
	    STW_INVALID);
	/* Closed once, by a person who says what was done. */
	ck_assert_int_eq(uuid_parse(str_of(incidents[0].id), &id), STW_OK);
	ck_code(incident_close(t.db, &id, "bob", "", NOW, &err), STW_INVALID);
	ck_ok(incident_close(t.db, &id, "bob", "trunk corrected", NOW, &err));
	ck_code(incident_close(t.db, &id, "bob", "again", NOW, &err), STW_CONFLICT);
}
END_TEST

START_TEST(a_call_is_found_by_the_number_that_was_called)
{
	struct uuid permit, task;
	struct call_record r = {CALL_RECORD_NOTHING, .source = "cdr",
	    .reference = "n-1", .region = "CN", .number_sent = "95588",
	    .called = "138 1234 5678", .started_at = NOW + 30 * STW_USEC_SEC};
	unsigned char index[SEAL_INDEX_BYTES];
	char hex[SEAL_INDEX_BYTES * 2 + 1], sql[400];
	struct call_fate f;

	plan();
	task = dial_one(&permit);
	seal_index(keys, 1, STR_LIT("+8613812345678"), index);
	(void)snprintf(sql, sizeof sql,
	    "UPDATE contact_point SET phone_index = '\\x%s' WHERE customer_id = (SELECT "
	    "customer_id FROM permit JOIN task USING (bucket, task_id))",
	    sodium_bin2hex(hex, sizeof hex, index, sizeof index));
	force(sql);
	ck_ok(call_record_put(
	    t.db, keys, rules, &r, NOW + STW_USEC_MIN, &arena, &f, &err));
	ck_assert_str_eq(f.fate, "mismatch");
	ck_assert_ptr_nonnull(f.task_id);
	(void)task;
	r.reference = "n-2";
	r.started_at = NOW + 11 * STW_USEC_MIN;
	ck_ok(call_record_put(
	    t.db, keys, rules, &r, NOW + 20 * STW_USEC_MIN, &arena, &f, &err));
	ck_assert_str_eq(f.fate, "unmatched");
}
END_TEST

/* ---- reports ---------------------------------------------------------------------------------------------- */
/* Ten in the morning; hours end at nine in the evening. */
#define HOURS_END (NOW + 11 * STW_USEC_HOUR)
#define OVERRUNS  "SELECT count(*) FROM incident WHERE code = 'CALL_RAN_PAST_WINDOW'"

static bool
call_ran_past(const struct uuid *permit, const char *reference, stw_usec ended)
{
	const stw_usec started = HOURS_END - STW_USEC_HOUR;
	const struct call_record r = {.source = "pbx",
	    .reference = reference,
	    .number_sent = dialled,
	    .region = "CN",
	    .has_permit = true,
	    .permit_id = *permit,
	    .started_at = started,
	    .duration_sec = (int)((ended - started) / STW_USEC_SEC)};
	struct call_fate f;

	ck_ok(call_record_put(
	    t.db, keys, rules, &r, HOURS_END + STW_USEC_HOUR, &arena, &f, &err));
	ck_assert_str_eq(f.fate, "matched");
	ck_assert_ptr_null(f.incident_id);
	ck_assert_ptr_null(f.paused);
	return f.ran_past;
}

START_TEST(a_call_that_ran_past_its_hours_is_noted_once)
{
	struct task_outcome o = {
	    .disposition = "interested", .started_at = NOW, .ended_at = HOURS_END + 1};
	struct task_outcome_effect effect;
	struct uuid permits[3], tasks[3];
	struct incident *incidents;
	const char *numbers[3];
	char permit[UUID_TEXT];
	int count;

	plan();
	for (int i = 0; i < 3; i++) {
		tasks[i] = dial_one(&permits[i]);
		numbers[i] = dialled;
	}
	/* Talked to the end of the hours, and not a second longer; then one that was. */
	dialled = numbers[0];
	ck_assert(!call_ran_past(&permits[0], "h-1", HOURS_END));
	ck_assert_int_eq(number(OVERRUNS), 0);
	ck_assert(call_ran_past(&permits[0], "h-2", HOURS_END + STW_USEC_SEC));
	ck_assert(!call_ran_past(&permits[0], "h-3", HOURS_END + STW_USEC_MIN));
	ck_assert_int_eq(number(OVERRUNS), 1);
	ck_ok(incident_list(
	    t.db, "open", NULL, NULL, 10, &arena, &incidents, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_assert_str_eq(incidents[0].subject, uuid_format(&permits[0], permit));
	ck_assert_str_eq(incidents[0].task_id, uuid_format(&tasks[0], permit));
	ck_assert_str_eq(incidents[0].number, numbers[0]);
	ck_assert_ptr_nonnull(
	    strstr(incidents[0].evidence, "\"2026-11-23T13:00:01Z\""));
	/* The agent says so; the record of the same call adds nothing. */
	ck_ok(db_begin(t.db, &err));
	ck_ok(
	    task_outcome(t.db, keys, rules, &tasks[1], "a_01", &o, NOW, &effect, &err));
	ck_ok(db_commit(t.db, &err));
	ck_assert(effect.ran_past);
	dialled = numbers[1];
	ck_assert(!call_ran_past(&permits[1], "h-4", HOURS_END + STW_USEC_SEC));
	ck_assert_int_eq(number(OVERRUNS), 2);
	o.ended_at = HOURS_END;
	ck_ok(db_begin(t.db, &err));
	ck_ok(
	    task_outcome(t.db, keys, rules, &tasks[2], "a_01", &o, NOW, &effect, &err));
	ck_ok(db_commit(t.db, &err));
	ck_assert(!effect.ran_past);
	ck_assert_int_eq(number(OVERRUNS), 2);
	/* It stops nothing: no number is in doubt, no campaign is paused. */
	ck_assert_int_eq(
	    number("SELECT count(*) FROM campaign WHERE state = 'paused'"), 0);
	ck_assert(!row_of(numbers[0], NOW).mismatch);
}
END_TEST

START_TEST(uses_outside_the_purpose_are_none_and_a_planted_one_is_seen)
{
	struct number_outside *rows;
	struct uuid permit;
	int64_t checked, found;
	int count;

	plan();
	(void)dial_one(&permit);
	(void)dial_one(&permit);
	ck_ok(number_outside(t.db, STW_USEC_NEVER, STW_USEC_MAX, 10, &arena, &rows,
	    &count, &checked, &found, &err));
	ck_assert_int_eq(checked, 2);
	ck_assert_int_eq(found, 0);
	ck_assert_int_eq(count, 0);
	/* A permit for a purpose that the number never had. */
	force(
	    "INSERT INTO decision SELECT (jsonb_populate_record(d, jsonb_build_object("
	    "'decision_id', gen_random_uuid(), 'purpose', 'COLLECTION'))).* "
	    "FROM decision d WHERE gate = 'C' LIMIT 1");
	ck_ok(number_outside(t.db, STW_USEC_NEVER, STW_USEC_MAX, 10, &arena, &rows,
	    &count, &checked, &found, &err));
	ck_assert_int_eq(found, 1);
	ck_assert_int_eq(count, 1);
	ck_assert_str_eq(rows[0].purpose, "COLLECTION");
	ck_assert_ptr_nonnull(strstr(rows[0].registered, "MARKETING"));
	/* And one that only the history speaks against: the record was made to fit. */
	force(
	    "UPDATE caller_number_change SET document = replace(document, '\"MARKETING\"', "
	    "'\"SURVEY\"')");
	ck_ok(number_outside(t.db, STW_USEC_NEVER, STW_USEC_MAX, 10, &arena, &rows,
	    &count, &checked, &found, &err));
	ck_assert_int_eq(found, 3);
}
END_TEST

START_TEST(use_is_told_by_day_number_purpose_and_campaign)
{
	struct number_usage *usage;
	struct number_forecast *forecast;
	struct uuid permit;
	int count, planned = 0;
	stw_day today = (stw_day)((NOW + 8 * STW_USEC_HOUR) / STW_USEC_DAY);

	plan();
	(void)dial_one(&permit);
	ck_ok(number_usage(
	    t.db, 0, today, today + 1, ZONE, &arena, &usage, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(usage[0].used, 1);
	ck_assert_int_eq(usage[0].day, today);
	ck_assert_str_eq(usage[0].purpose, "MARKETING");
	ck_assert_ptr_nonnull(usage[0].campaign);
	ck_ok(number_usage(
	    t.db, 0, today - 3, today, ZONE, &arena, &usage, &count, &err));
	ck_assert_int_eq(count, 0);
	/* Enough today, not with a cap of three; from 2027 on no licence covers the day. */
	ck_ok(number_forecast(t.db, 60, ZONE, NOW, &arena, &forecast, &count, &err));
	for (int i = 0; i < count; i++) {
		ck_assert(!forecast[i].is_short);
		if (strcmp(forecast[i].pool, "wealth-out") == 0 &&
		    strcmp(forecast[i].purpose, "MARKETING") == 0) {
			if (forecast[i].day == today)
				planned = (int)forecast[i].planned;
			ck_assert_int_eq(
			    forecast[i].numbers, forecast[i].day <= today + 38 ? 2 : 0);
		}
	}
	ck_assert_int_ge(planned, 20);
	force("UPDATE caller_number SET daily_cap = 3 WHERE pool = 'wealth-out'");
	ck_ok(number_forecast(t.db, 2, ZONE, NOW, &arena, &forecast, &count, &err));
	bool seen = false;
	for (int i = 0; i < count; i++)
		if (strcmp(forecast[i].pool, "wealth-out") == 0 &&
		    forecast[i].day == today) {
			ck_assert(forecast[i].is_short);
			ck_assert_int_eq(forecast[i].budget, 5);
			seen = true;
		}
	ck_assert(seen);
}
END_TEST

START_TEST(an_outcome_counts_and_a_task_that_ends_gives_its_place_back)
{
	const struct task_outcome o = {.disposition = "complaint",
	    .started_at = STW_USEC_NEVER,
	    .ended_at = STW_USEC_NEVER};
	struct task_outcome_effect effect;
	struct task_claim *claims;
	struct task_push push;
	enum task_gate_result result;
	struct uuid permit, task;
	int count;

	plan();
	task = dial_one(&permit);
	ck_assert_int_eq(number("SELECT count(*) FROM number_hold"), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM number_seen"), 1);
	ck_ok(db_begin(t.db, &err));
	ck_ok(task_outcome(t.db, keys, rules, &task, "a_01", &o, NOW, &effect, &err));
	ck_ok(db_commit(t.db, &err));
	ck_assert_int_eq(
	    number("SELECT calls * 100 + answered * 10 + complaints FROM number_tally"),
	    111);
	ck_ok(task_claim(t.db,
	    number("SELECT queue_id FROM queue WHERE code = 'wealth-remote'"),
	    TASK_LANE_NEW, "test", 1, 30, NOW, &arena, &claims, &count, &err));
	ck_ok(task_gate_dispatch(
	    t.db, rules, &claims[0], NOW, &arena, &result, &push, &err));
	ck_assert_int_eq(number("SELECT count(*) FROM number_hold"), 1);
	test_db_tamper(&t, "UPDATE task SET state = 'queued' WHERE state = 'sending'; "
			   "UPDATE task SET state = 'recalled' WHERE state = 'queued'");
	ck_assert_int_eq(number("SELECT count(*) FROM number_hold"), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("number_store");
	TCase *tc = tcase_create("numbers"), *races = tcase_create("races");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_table_of_moves_is_that_of_the_code);
	tcase_add_test(tc, what_takes_two_persons_one_cannot_do);
	tcase_add_test(
	    tc, a_number_is_registered_planned_used_suspended_and_given_back);
	tcase_add_test(tc, a_change_takes_effect_on_its_day_or_says_why_not);
	tcase_add_test(tc, a_looser_matrix_names_the_document_that_allows_it);
	tcase_add_test(tc, a_carriers_list_is_held_against_the_registry);
	tcase_add_test(
	    tc, an_unfit_number_is_suspended_and_returns_when_it_has_cooled_down);
	tcase_add_test(tc, the_gates_facts_are_those_of_the_registry);
	tcase_add_loop_test(tc, reserve_commit_release_do_as_the_model_says, 0, 4);
	tcase_set_timeout(races, 120);
	tcase_add_checked_fixture(races, setup, teardown);
	tcase_add_test(races, sixteen_dispatchers_pass_no_cap);
	tcase_add_test(races, sixteen_agents_pass_no_cap);
	tcase_add_test(tc, another_number_than_the_approved_one_stops_the_campaign);
	tcase_add_test(tc, a_call_is_found_by_the_number_that_was_called);
	tcase_add_test(tc, a_call_that_ran_past_its_hours_is_noted_once);
	tcase_add_test(tc, uses_outside_the_purpose_are_none_and_a_planted_one_is_seen);
	tcase_add_test(tc, use_is_told_by_day_number_purpose_and_campaign);
	tcase_add_test(tc, an_outcome_counts_and_a_task_that_ends_gives_its_place_back);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, races);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
