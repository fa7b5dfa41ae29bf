/* What persons allowed, in the database: from the plan that puts a customer up for review to
 * the call, and what ends it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "campaigns/facts_store.h"
#include "campaigns/override_store.h"
#include "campaigns/plan_store.h"
#include "campaigns/review_store.h"
#include "campaigns/setup_store.h"
#include "campaigns/task_store.h"
#include "campaigns/withdrawal_store.h"
#include "segments/book_store.h"
#include "segments/tick_store.h"
#include "tests/lib/cluster.h"

/* Monday 2026-11-23, 10:00 in Shanghai. */
#define NOW  INT64_C(1795399200000000)
#define WHY  "the branch knows the customer"
#define DAYS 30

static struct test_db t;
static struct arena arena;
static struct stw_err err;
static struct seal_keys *keys;
static struct ruleset *rules;
static stw_usec now;

/* Two customers with a deposit that ends in three days, a mobile and full consent. Of the
 * first nobody knows the date of birth. */
static const char people[] =
    "INSERT INTO customer (bucket, customer_id, ref, name_mask, dob, zone, province, "
    "    risk_rating, risk_assessed_on, opened_on, updated_at) "
    "SELECT n, n, 'k' || n, '王**', CASE n WHEN 2 THEN '1980-05-05'::date END, "
    "    'Asia/Shanghai', '上海市', 4, '2026-06-01', '2020-01-01', '2026-01-01' "
    "  FROM generate_series(1, 2) AS n;"
    "INSERT INTO customer_permission SELECT n, n, 0 FROM generate_series(1, 2) AS n;"
    "INSERT INTO contact_point (bucket, point_id, customer_id, kind, phone_sealed, "
    "    phone_index, phone_mask, region, zones, is_primary, verified, updated_at) "
    "SELECT n, n, n, 'mobile', '\\x00', sha256(('p' || n)::bytea), '138****000' || n, "
    "    'CN', '{Asia/Shanghai}', true, true, '2026-01-01' "
    "  FROM generate_series(1, 2) AS n;"
    "INSERT INTO holding (bucket, customer_id, holding_ref, kind, amount, currency, "
    "    maturity_on, updated_at) "
    "SELECT n, n, 'h', 'deposit', 50000000, 'CNY', '2026-11-26', '2026-01-01' "
    "  FROM generate_series(1, 2) AS n;"
    "INSERT INTO consent_event (bucket, consent_id, customer_id, action, purpose, channel, "
    "    form, notice_version, evidence, evidence_hash, source, actor, effective_at, "
    "    recorded_at) "
    "SELECT n, gen_random_uuid(), n, 'grant', 'MARKETING', 'VOICE', 'written', 'v3', 'e', "
    "    sha256('e'), 'branch', 'x', '2026-05-01', '2026-05-01' "
    "  FROM generate_series(1, 2) AS n;";

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
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
	now = NOW;
	arena_init(&arena);
	test_db_open(&t);
	ck_ok(seal_keys_open(path, true, &keys, &err));
	db_keys_set(t.db, keys);
	ck_assert_int_eq(unlink(path), 0);
	ck_ok(setup_demo(t.db, keys, &options, &arena, &result, &err));
	test_db_tamper(&t, people);
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

/* ---- the three gates ---------------------------------------------------------------------- */
static void
plan(void)
{
	struct segments_tick_result tick;
	struct plan_result result;
	struct book_parts parts;
	struct book *book;

	ck_ok(book_load(t.db, now, NULL, &book, &err));
	parts = book_parts_of(book);
	ck_ok(segments_tick(t.db, &parts, NULL, now, NULL, &tick, &err));
	const struct plan_options options = {.now = now, .segments = &tick.hosts};
	ck_ok(plan_run(t.db, &parts, rules, &options, &arena, &result, &err));
	segments_tick_fini(&tick);
	book_free(book);
}

/* Tasks of the first customer, in a state; NULL: in any. */
static int64_t
tasks(const char *state)
{
	char sql[120];

	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM task WHERE customer_id = 1 AND state LIKE '%s'",
	    state == NULL ? "%" : state);
	return number(sql);
}

/* The first customer's only. */
static struct task_claim
claim(void)
{
	struct task_claim *claims;
	int count;

	test_db_tamper(&t, "DELETE FROM task_ready WHERE bucket <> 1");
	ck_ok(task_claim(t.db,
	    number("SELECT queue_id FROM queue WHERE code = 'wealth-remote'"),
	    TASK_LANE_NEW, "test", 1, 30, now, &arena, &claims, &count, &err));
	ck_assert_int_eq(count, 1);
	return claims[0];
}

static enum task_gate_result
gate(struct task_claim *c)
{
	enum task_gate_result result;
	struct task_push push;

	ck_ok(task_gate_dispatch(t.db, rules, c, now, &arena, &result, &push, &err));
	if (result == TASK_GATE_SEND)
		*c = push.claim;
	return result;
}

static void
accepted(const struct task_claim *c)
{
	struct task_ending ending = {.claim = *c,
	    .result = TASK_PUSH_ACCEPTED,
	    .http_status = 202,
	    .left = true};

	ck_ok(task_finish_pushes(t.db, &ending, 1, now, &arena, &err));
	ck_ok(db_begin(t.db, &err));
	ck_ok(task_accept(t.db, &c->task_id, "a_01", now, &err));
	ck_ok(db_commit(t.db, &err));
}

static struct task_permit
permit(const struct uuid *task)
{
	struct task_permit p;

	ck_ok(db_begin(t.db, &err));
	ck_ok(task_permit(t.db, rules, task, "a_01", now, &arena, &p, &err));
	ck_ok(db_commit(t.db, &err));
	return p;
}

/* ---- persons ------------------------------------------------------------------------------- */
static struct override_waiting *
waiting(int want)
{
	const struct override_waiting_filter any = {0};
	struct override_waiting *rows;
	int count;

	ck_ok(override_waiting(t.db, &any, 50, now, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, want);
	return rows;
}

static enum stw_code
done(struct db *db, enum stw_code rc)
{
	if (rc == STW_OK)
		ck_ok(db_commit(db, &err));
	else
		db_rollback(db);
	return rc;
}

static enum stw_code
request(struct override_new o, struct uuid *id)
{
	o.reason = o.reason != NULL ? o.reason : WHY;
	o.expires_at = o.expires_at != 0 ? o.expires_at : now + 7 * STW_USEC_DAY;
	o.max_days = DAYS;
	o.actor = o.actor != NULL ? o.actor : "chen";
	ck_ok(db_begin(t.db, &err));
	return done(t.db, override_request(t.db, &o, now, id, &err));
}

/* The review of the first customer's date of birth, allowed by one person. */
static struct uuid
approved_review(void)
{
	struct override_waiting *w = waiting(1);
	const struct override_new o = {
	    .decision_id = w->decision_id, .code = "DATA_MISSING_DOB"};
	struct uuid id;

	ck_ok(request(o, &id));
	return id;
}

static enum stw_code
approve(const struct uuid *id, const char *who)
{
	ck_ok(db_begin(t.db, &err));
	return done(t.db, override_approve(t.db, id, who, now, &err));
}

static enum stw_code
withdraw(struct db *db, const struct uuid *id, struct consent_effect *effect)
{
	ck_ok(db_begin(db, &err));
	return done(db, override_withdraw(db, id, WHY, "li", now, effect, &err));
}

static struct override_row
row_of(const struct uuid *id)
{
	const struct override_filter filter = {.id = id};
	struct override_row *rows;
	int count;

	ck_ok(override_list(t.db, &filter, 5, now, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 1);
	return rows[0];
}

/* ---- a review -------------------------------------------------------------------------------- */
START_TEST(a_review_waits_for_a_person_and_goes_on)
{
	struct override_waiting *w;
	struct task_claim c;
	struct override_row row;
	struct uuid id;

	plan();
	ck_assert_int_eq(tasks(NULL), 0);
	w = waiting(1);
	ck_assert_str_eq(w->customer_ref, "k1");
	ck_assert_str_eq(w->codes[0], "DATA_MISSING_DOB");
	ck_assert_str_eq(w->outcome, "REVIEW");
	ck_assert_int_eq(w->since, now);
	ck_assert_int_eq((int)w->nanswered, 0);
	id = approved_review();
	w = waiting(1);
	ck_assert_str_eq(w->answered[0], "DATA_MISSING_DOB");

	now += STW_USEC_MIN;
	plan();
	ck_assert_int_eq(tasks("planned"), 1);
	(void)waiting(0);
	c = claim();
	ck_assert_int_eq(gate(&c), TASK_GATE_SEND);
	accepted(&c);
	ck_assert(permit(&c.task_id).granted);
	/* In each of the three decisions, and in their records. */
	ck_assert_int_eq(
	    number("SELECT count(*) FROM decision WHERE customer_id = 1 AND "
		   "codes = '{OVERRIDE_APPLIED}' AND outcome = 'ALLOW'"),
	    3);
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM decision d JOIN gate_override_use u USING "
		"(bucket, decision_id) JOIN gate_override o USING (bucket, override_id), "
		"jsonb_path_query(convert_from(d.record, 'UTF8')::jsonb, "
		"'$.facts.overrides[*]') f WHERE f ->> 'id' = o.override_id::text AND "
		"f ->> 'by1' = 'chen' AND f -> 'by2' = 'null' AND f ->> 'reason' = '" WHY
		"' AND f ->> 'expires_at' IS NOT NULL"),
	    3);
	row = row_of(&id);
	ck_assert_int_eq(row.uses, 3);
	ck_assert_str_eq(row.kind, "review_approval");
	ck_assert_str_eq(row.approved_by, "chen");
	ck_assert_str_eq(row.campaign, "maturing_product");
	ck_assert_int_eq(row.point_id, 1);
}
END_TEST

START_TEST(it_is_about_its_campaign_and_number_alone)
{
	struct uuid id;

	plan();
	id = approved_review();
	test_db_tamper(&t,
	    "ALTER TABLE gate_override DISABLE TRIGGER gate_override_guard;"
	    "UPDATE gate_override SET point_id = 2");
	now += STW_USEC_MIN;
	plan();
	ck_assert_int_eq(tasks(NULL), 0);
	test_db_tamper(&t,
	    "UPDATE gate_override SET point_id = NULL, campaign_id = (SELECT campaign_id "
	    "FROM campaign WHERE code <> 'maturing_product' LIMIT 1)");
	plan();
	ck_assert_int_eq(tasks(NULL), 0);
	test_db_tamper(&t, "UPDATE gate_override SET campaign_id = NULL");
	plan();
	ck_assert_int_eq(tasks("planned"), 1);
	ck_assert_int_eq(row_of(&id).uses, 1);
}
END_TEST

/* Half-open: at the instant it expires it counts no more. */
START_TEST(one_that_expires_allows_nothing_from_then_on)
{
	struct override_new o = {.code = "DATA_MISSING_DOB"};
	struct task_claim c;
	struct uuid id;

	plan();
	o.decision_id = waiting(1)->decision_id;
	o.expires_at = now + STW_USEC_HOUR;
	ck_ok(request(o, &id));
	plan();
	ck_assert_int_eq(tasks("planned"), 1);
	c = claim();
	now = o.expires_at;
	ck_assert_str_eq(row_of(&id).state, "expired");
	ck_assert_int_eq(gate(&c), TASK_GATE_DEFERRED);
	ck_assert_int_eq(tasks("planned"), 1);
	/* The task waits for the next one. */
	ck_assert_ptr_nonnull(waiting(1)->task_id);
	now += STW_USEC_MIN;
	ck_ok(request((struct override_new){.decision_id = waiting(1)->decision_id,
			  .code = "DATA_MISSING_DOB"},
	    &id));
	c = claim();
	ck_assert_int_eq(gate(&c), TASK_GATE_SEND);
}
END_TEST

START_TEST(the_last_instant_of_one_counts)
{
	struct override_new o = {.code = "DATA_MISSING_DOB"};
	struct task_claim c;
	struct uuid id;

	plan();
	o.decision_id = waiting(1)->decision_id;
	o.expires_at = now + STW_USEC_HOUR;
	ck_ok(request(o, &id));
	plan();
	c = claim();
	now = o.expires_at - 1;
	ck_assert_int_eq(gate(&c), TASK_GATE_SEND);
}
END_TEST

/* ---- reviewed ------------------------------------------------------------------------------- */
/* All of it, also when the approval was needed by an earlier gate only. */
START_TEST(every_call_that_a_person_let_pass_is_drawn)
{
	struct review_ask ask = {.from = NOW,
	    .to = NOW + STW_USEC_DAY,
	    .plan = review_plan_usual,
	    .plan_json = "{}",
	    .actor = "li"};
	const struct review_filter all = {0};
	struct review_item_row *items;
	struct task_claim c;
	struct uuid id;
	int count;

	plan();
	(void)approved_review();
	plan();
	c = claim();
	if (_i == 1)
		test_db_tamper(&t, "UPDATE customer SET dob = '1980-05-05'");
	ck_assert_int_eq(gate(&c), TASK_GATE_SEND);
	accepted(&c);
	ck_assert(permit(&c.task_id).granted);
	ck_assert_int_eq(number("SELECT count(*) FROM decision WHERE gate = 'C' AND "
				"'OVERRIDE_APPLIED' = ANY (codes)"),
	    _i == 1 ? 0 : 1);
	/* Nothing else draws it. */
	test_db_tamper(&t,
	    "INSERT INTO permit (bucket, permit_id, task_id, decision_id, agent, "
	    "granted_at, valid_until) SELECT bucket, gen_random_uuid(), task_id, "
	    "decision_id, agent, granted_at - interval '1 year', valid_until - interval "
	    "'1 year' FROM permit, generate_series(1, 20)");
	ck_ok(db_begin(t.db, &err));
	ck_ok(done(t.db,
	    review_draw_record(t.db, &ask, now + STW_USEC_DAY, &arena, &id, &err)));
	ck_ok(review_items(t.db, &id, &all, 10, &arena, &items, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq((int)items[0].nstrata, 1);
	ck_assert_str_eq(items[0].strata[0], "approved");
}
END_TEST

/* ---- withdrawn ---------------------------------------------------------------------------------- */
START_TEST(a_withdrawal_recalls_what_left_on_its_strength)
{
	struct consent_effect effect;
	struct withdrawal w;
	struct task_claim c;
	struct uuid id;

	plan();
	id = approved_review();
	plan();
	c = claim();
	ck_assert_int_eq(gate(&c), TASK_GATE_SEND);
	accepted(&c);
	now += STW_USEC_MIN;
	ck_ok(withdraw(t.db, &id, &effect));
	ck_assert_int_eq(effect.recalled, 1);
	ck_assert_int_eq(tasks("recalled"), 1);
	ck_ok(withdrawal_find(t.db, &id, &arena, &w, &err));
	ck_assert_str_eq(w.kind, "override");
	ck_assert_int_eq(w.recalled, 1);
	ck_assert_str_eq(row_of(&id).state, "withdrawn");
	ck_assert_int_eq(withdraw(t.db, &id, &effect), STW_CONFLICT);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM ledger_outbox WHERE kind = 'override'"), 3);
}
END_TEST

START_TEST(what_has_not_left_is_asked_about_again)
{
	struct consent_effect effect;
	struct task_claim c;
	struct uuid id;

	plan();
	id = approved_review();
	plan();
	ck_ok(withdraw(t.db, &id, &effect));
	ck_assert_int_eq(effect.recalled + effect.cancelled, 0);
	now += STW_USEC_SEC; /* which decision is the newest, its instant says */
	c = claim();
	ck_assert_int_eq(gate(&c), TASK_GATE_DEFERRED);
	ck_assert_int_eq(tasks("planned"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM attempt"), 0);
	(void)waiting(1);
}
END_TEST

/* One thread withdraws while the other asks the gate: sent means that it was recalled, and
 * what came after the withdrawal was not sent. */
struct race {
	struct db *db;
	struct uuid id;
	pthread_barrier_t start;
	struct consent_effect effect;
};

static void *
race_withdraw(void *arg)
{
	struct race *race = arg;

	(void)pthread_barrier_wait(&race->start);
	ck_ok(withdraw(race->db, &race->id, &race->effect));
	return NULL;
}

START_TEST(dispatch_and_withdrawal_never_pass_each_other)
{
	struct race race = {.db = test_db_connect(&t)};
	enum task_gate_result result;
	struct task_claim c;
	pthread_t thread;

	plan();
	race.id = approved_review();
	plan();
	c = claim();
	(void)pthread_barrier_init(&race.start, NULL, 2);
	ck_assert_int_eq(pthread_create(&thread, NULL, race_withdraw, &race), 0);
	(void)pthread_barrier_wait(&race.start);
	(void)usleep((useconds_t)_i * 1000);
	result = gate(&c);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	(void)pthread_barrier_destroy(&race.start);
	ck_assert_int_eq(race.effect.recalled, result == TASK_GATE_SEND ? 1 : 0);
	ck_assert_int_eq(tasks("sending"), 0);
	db_close(race.db);
}
END_TEST

/* A gate that counts on the override is in the middle of its transaction: a withdrawal waits
 * for it. */
START_TEST(a_withdrawal_waits_for_the_gate_that_counts_on_it)
{
	struct race race = {.db = test_db_connect(&t)};
	const struct db_param who[] = {db_i64(1), db_i64(1)};
	pthread_t thread;

	plan();
	race.id = approved_review();
	(void)pthread_barrier_init(&race.start, NULL, 2);
	ck_ok(db_begin(t.db, &err));
	ck_ok(db_query_one(t.db, DB_Q_CONSENT_SHARE, who, 2, NULL, &err));
	ck_assert_int_eq(pthread_create(&thread, NULL, race_withdraw, &race), 0);
	(void)pthread_barrier_wait(&race.start);
	while (number("SELECT count(*) FROM pg_stat_activity WHERE datname = "
		      "current_database() AND wait_event_type = 'Lock'") == 0)
		(void)usleep(1000);
	ck_assert_str_eq(row_of(&race.id).state, "approved");
	ck_ok(db_commit(t.db, &err));
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_str_eq(row_of(&race.id).state, "withdrawn");
	(void)pthread_barrier_destroy(&race.start);
	db_close(race.db);
}
END_TEST

/* The newest decision about the first customer. */
static struct uuid
decision(void)
{
	struct uuid id;

	for (size_t i = 0; i < sizeof id.b; i++) {
		char sql[200];

		(void)snprintf(sql, sizeof sql,
		    "SELECT get_byte(uuid_send(decision_id), %zu) FROM decision WHERE "
		    "customer_id = 1 ORDER BY decided_at DESC LIMIT 1",
		    i);
		id.b[i] = (unsigned char)number(sql);
	}
	return id;
}

/* ---- a policy's block ---------------------------------------------------------------------------- */
/* House policy does not call from staff mobiles (HS-23). */
static struct uuid
blocked_by_policy(void)
{
	test_db_tamper(&t, "UPDATE customer SET dob = '1980-05-05';"
			   "ALTER TABLE caller_number DISABLE TRIGGER USER;"
			   "UPDATE caller_number SET kind = 'mobile'");
	plan();
	ck_assert_int_eq(
	    number("SELECT count(*) FROM decision WHERE customer_id = 1 AND outcome = "
		   "'BLOCK' AND codes = '{NUMBER_PURPOSE_MISMATCH}'"),
	    1);
	return decision();
}

START_TEST(house_policy_takes_two_persons)
{
	struct override_new o = {
	    .decision_id = blocked_by_policy(), .code = "NUMBER_PURPOSE_MISMATCH"};
	struct task_claim c;
	struct uuid id;

	ck_ok(request(o, &id));
	ck_assert_str_eq(row_of(&id).state, "requested");
	ck_assert_str_eq(row_of(&id).rule, "HS-23");
	plan();
	ck_assert_int_eq(tasks(NULL), 0);
	ck_assert_int_eq(approve(&id, "chen"), STW_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "second person"));
	ck_ok(approve(&id, "li"));
	ck_assert_int_eq(approve(&id, "wu"), STW_CONFLICT);
	plan();
	ck_assert_int_eq(tasks("planned"), 1);
	c = claim();
	ck_assert_int_eq(gate(&c), TASK_GATE_SEND);
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM decision d, "
		"jsonb_path_query(convert_from(d.record, 'UTF8')::jsonb, "
		"'$.facts.overrides[*]') f WHERE d.outcome = 'ALLOW' AND f ->> 'by1' = "
		"'chen' AND f ->> 'by2' = 'li' AND f ->> 'rule' = 'HS-23'"),
	    2);
}
END_TEST

START_TEST(one_that_is_rejected_or_over_is_not_approved)
{
	struct override_new o = {
	    .decision_id = blocked_by_policy(), .code = "NUMBER_PURPOSE_MISMATCH"};
	struct override_step *steps;
	struct uuid id, late;
	int count;

	ck_ok(request(o, &id));
	ck_ok(db_begin(t.db, &err));
	ck_ok(done(t.db, override_reject(t.db, &id, WHY, "li", now, &err)));
	ck_assert_int_eq(approve(&id, "li"), STW_CONFLICT);
	ck_ok(override_steps(t.db, &id, &arena, &steps, &count, &err));
	ck_assert_int_eq(count, 2);
	ck_assert_str_eq(steps[1].what, "rejected");
	ck_assert_str_eq(steps[1].actor, "li");
	ck_assert_str_eq(steps[1].why, WHY);
	o.expires_at = now + STW_USEC_MIN;
	ck_ok(request(o, &late));
	now += STW_USEC_MIN;
	ck_assert_int_eq(approve(&late, "li"), STW_CONFLICT);
	plan();
	ck_assert_int_eq(tasks(NULL), 0);
}
END_TEST

START_TEST(what_the_law_forbids_is_asked_for_in_vain)
{
	struct override_new o = {.code = "CONSENT_MISSING"};
	struct uuid id;

	test_db_tamper(&t, "ALTER TABLE consent_event DISABLE TRIGGER append_only;"
			   "DELETE FROM consent_event WHERE customer_id = 1");
	plan();
	o.decision_id = decision();
	ck_assert_int_eq(request(o, &id), STW_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "layer law"));
	ck_assert_int_eq(number("SELECT count(*) FROM gate_override"), 0);
}
END_TEST

/* ---- what the database itself refuses -------------------------------------------------------------- */
#define INSERT_AS(kind, code, rule, layer, outcome, by, until)                             \
	"INSERT INTO gate_override (bucket, override_id, customer_id, decision_id, kind, " \
	"code, rule, layer, outcome, reason, requested_by, requested_at, expires_at, "     \
	"state) SELECT 1, '01930000-0000-7000-8000-000000000001', 1, decision_id, '" kind  \
	"', '" code "', " rule ", '" layer "', '" outcome "', '" WHY "', '" by             \
	"', '2026-11-23 02:00Z', '2026-11-23 02:00Z'::timestamptz + interval '" until      \
	"', 'requested' FROM decision WHERE customer_id = 1;"
#define APPROVE_AS(by)                                                    \
	"UPDATE gate_override SET state = 'approved', approved_by = '" by \
	"', approved_at = '2026-11-23 02:00Z';"

static const struct wrong {
	const char *name, *sql;
	bool fits; /* the base that the others differ from in one thing */
} wrongs[] = {
    {"as it should be",
	INSERT_AS("policy_override", "NUMBER_PURPOSE_MISMATCH", "'HS-23'", "policy",
	    "BLOCK", "chen", "90 days") APPROVE_AS("li"),
	true},
    {"the law's",
	INSERT_AS("policy_override", "NUMBER_PURPOSE_MISMATCH", "'HS-23'", "law",
	    "BLOCK", "chen", "7 days"),
	false},
    {"the law's, said to be policy's",
	INSERT_AS("policy_override", "CONSENT_MISSING", "'CN-01'", "policy", "BLOCK",
	    "chen", "7 days"),
	false},
    {"no review",
	INSERT_AS("review_approval", "NUMBER_PURPOSE_MISMATCH", "'HS-23'", "policy",
	    "REVIEW", "chen", "7 days"),
	false},
    {"a block as a review",
	INSERT_AS("review_approval", "NUMBER_PURPOSE_MISMATCH", "'HS-23'", "policy",
	    "BLOCK", "chen", "7 days"),
	false},
    {"of no rule",
	INSERT_AS("policy_override", "NUMBER_PURPOSE_MISMATCH", "NULL", "policy",
	    "BLOCK", "chen", "7 days"),
	false},
    {"for longer than a quarter",
	INSERT_AS("policy_override", "NUMBER_PURPOSE_MISMATCH", "'HS-23'", "policy",
	    "BLOCK", "chen", "91 days"),
	false},
    {"over before it begins",
	INSERT_AS("policy_override", "NUMBER_PURPOSE_MISMATCH", "'HS-23'", "policy",
	    "BLOCK", "chen", "0 days"),
	false},
    {"approved by who asked",
	INSERT_AS("policy_override", "NUMBER_PURPOSE_MISMATCH", "'HS-23'", "policy",
	    "BLOCK", "chen", "7 days") APPROVE_AS("chen"),
	false},
    {"withdrawn, and approved again",
	INSERT_AS("policy_override", "NUMBER_PURPOSE_MISMATCH", "'HS-23'", "policy",
	    "BLOCK", "chen", "7 days")
	    APPROVE_AS(
		"li") "UPDATE gate_override SET state = 'withdrawn', closed_by = 'li', closed_at = "
		      "'2026-11-23 03:00Z'; UPDATE gate_override SET state = 'approved', closed_by = "
		      "NULL, closed_at = NULL;",
	false},
    {"longer afterwards",
	INSERT_AS("policy_override", "NUMBER_PURPOSE_MISMATCH", "'HS-23'", "policy",
	    "BLOCK", "chen",
	    "7 days") "UPDATE gate_override SET expires_at = expires_at + interval '1 day';",
	false},
    {"gone",
	INSERT_AS("policy_override", "NUMBER_PURPOSE_MISMATCH", "'HS-23'", "policy",
	    "BLOCK", "chen", "7 days") "DELETE FROM gate_override;",
	false},
};

START_TEST(the_database_refuses_it_too)
{
	(void)blocked_by_policy();
	for (size_t i = 0; i < STW_ARRAY_LEN(wrongs); i++) {
		enum stw_code rc;

		ck_ok(db_begin(t.db, &err));
		rc = db_script(t.db, wrongs[i].sql, &err);
		ck_assert_msg((rc == STW_OK) == wrongs[i].fits, "%s: %s",
		    wrongs[i].name, rc == STW_OK ? "went through" : err.text);
		db_rollback(t.db);
	}
}
END_TEST

/* ---- what rules ask for ----------------------------------------------------------------------------- */
/* At planning and at dispatch. */
START_TEST(sensitive_data_that_a_campaign_uses_needs_its_own_consent)
{
	static const char uses[] = "UPDATE campaign_version SET document = document || "
				   "'{\"sensitive\": [\"financial_account\"]}'";
	struct task_claim c;

	test_db_tamper(&t, "UPDATE customer SET dob = '1980-05-05'");
	if (_i == 0)
		test_db_tamper(&t, uses);
	plan();
	ck_assert_int_eq(tasks("planned"), _i);
	if (_i == 1) {
		c = claim();
		test_db_tamper(&t, uses);
		ck_assert_int_eq(gate(&c), TASK_GATE_BLOCKED);
	}
	ck_assert_int_eq(
	    number("SELECT count(*) FROM decision WHERE customer_id = 1 AND outcome = "
		   "'BLOCK' AND 'SEPARATE_CONSENT_MISSING' = ANY (codes)"),
	    1);
}
END_TEST

START_TEST(the_products_regulator_is_among_the_facts_of_each_gate)
{
	struct task_claim c;

	test_db_tamper(&t, "UPDATE customer SET dob = '1980-05-05'");
	plan();
	c = claim();
	ck_assert_int_eq(gate(&c), TASK_GATE_SEND);
	accepted(&c);
	ck_assert(permit(&c.task_id).granted);
	ck_assert_int_eq(
	    number(
		"SELECT count(DISTINCT gate) FROM decision WHERE customer_id = 1 AND "
		"convert_from(record, 'UTF8')::jsonb #>> "
		"'{facts,product,regulator}' = 'CN'"),
	    3);
}
END_TEST

/* The called party declined (sip-603), and said nothing to anybody. */
START_TEST(a_call_that_the_party_declined_is_a_refusal)
{
	struct task_outcome o = {.disposition = "no_answer",
	    .started_at = STW_USEC_NEVER,
	    .ended_at = STW_USEC_NEVER,
	    .carrier_cause = _i == 0 ? "sip-603" : "sip-486"};
	const int64_t who = 1;
	struct task_outcome_effect effect;
	struct facts_set facts;
	struct task_claim c;

	test_db_tamper(&t, "UPDATE customer SET dob = '1980-05-05'");
	plan();
	c = claim();
	ck_assert_int_eq(gate(&c), TASK_GATE_SEND);
	accepted(&c);
	ck_assert(permit(&c.task_id).granted);
	ck_ok(db_begin(t.db, &err));
	ck_ok(done(t.db, task_outcome(t.db, keys, rules, &c.task_id, "a_01", &o, now,
			     &effect, &err)));
	ck_ok(facts_load(t.db, 1, &who, 1, now, NULL, &arena, &facts, &err));
	/* Busy is none. */
	ck_assert_int_eq(facts.customers[0].nevents, _i == 0 ? 1 : 0);
	if (_i == 0) {
		const struct facts_event *e = &facts.customers[0].events[0];

		ck_assert_str_eq(e->event.kind, "refusal");
		ck_assert_str_eq(e->event.channel, "VOICE");
		ck_assert_int_eq(e->event.at, now);
		ck_assert_int_eq(e->point_id, 1);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("override_store");
	TCase *tc = tcase_create("overrides");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_review_waits_for_a_person_and_goes_on);
	tcase_add_test(tc, it_is_about_its_campaign_and_number_alone);
	tcase_add_test(tc, one_that_expires_allows_nothing_from_then_on);
	tcase_add_test(tc, the_last_instant_of_one_counts);
	tcase_add_loop_test(tc, every_call_that_a_person_let_pass_is_drawn, 0, 2);
	tcase_add_test(tc, a_withdrawal_recalls_what_left_on_its_strength);
	tcase_add_test(tc, what_has_not_left_is_asked_about_again);
	tcase_add_loop_test(tc, dispatch_and_withdrawal_never_pass_each_other, 0, 4);
	tcase_add_test(tc, a_withdrawal_waits_for_the_gate_that_counts_on_it);
	tcase_add_test(tc, house_policy_takes_two_persons);
	tcase_add_test(tc, one_that_is_rejected_or_over_is_not_approved);
	tcase_add_test(tc, what_the_law_forbids_is_asked_for_in_vain);
	tcase_add_test(tc, the_database_refuses_it_too);
	suite_add_tcase(suite, tc);
	tc = tcase_create("facts");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
	    tc, sensitive_data_that_a_campaign_uses_needs_its_own_consent, 0, 2);
	tcase_add_test(tc, the_products_regulator_is_among_the_facts_of_each_gate);
	tcase_add_loop_test(tc, a_call_that_the_party_declined_is_a_refusal, 0, 2);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
