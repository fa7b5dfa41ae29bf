/* Consent and objections in the database: what an event may say, whom it binds, which tasks
 * it ends, and the two times of a withdrawal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/facts_store.h"
#include "campaigns/notice_store.h"
#include "campaigns/objection_store.h"
#include "campaigns/revocation_store.h"
#include "campaigns/withdrawal_store.h"
#include "tests/lib/cluster.h"

/* Monday 2026-11-23, 10:00 in Shanghai. */
#define NOW INT64_C(1795399200000000)

static struct test_db t;
static struct arena arena;
static struct stw_err err;

/* Customers 1 to 6 with a number each; 5 and 6 share one; 1, 2 and 3 are a household. Each
 * has a wealth task of an agent that waits. */
static const char world[] =
    "CREATE FUNCTION b(n int) RETURNS smallint LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT get_byte(sha256(('k' || n)::bytea), 0)::smallint $$;"
    "CREATE FUNCTION task_of(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT ('00000000-0000-0000-0000-0000000' || lpad(n::text, 3, '0') "
    "   || lpad(to_hex(b(n)::int), 2, '0'))::uuid $$;"
    "INSERT INTO customer (bucket, customer_id, ref, updated_at) "
    "SELECT b(n), n, 'k' || n, '2026-01-01' FROM generate_series(1, 6) AS n;"
    "INSERT INTO customer_permission SELECT b(n), n, 0 FROM generate_series(1, 6) AS n;"
    "INSERT INTO contact_point (bucket, point_id, customer_id, kind, phone_sealed, "
    "    phone_index, phone_mask, updated_at) "
    "SELECT b(n), n, n, 'mobile', '\\x01', sha256(('p' || least(n, 5))::bytea), '138', "
    "    '2026-01-01' FROM generate_series(1, 6) AS n;"
    "INSERT INTO household_member (bucket, customer_id, household_ref, source, state, "
    "    actor, updated_at) SELECT b(n), n, 'h', 'declared', 'member', 'x', '2026-01-01' "
    "  FROM generate_series(1, 3) AS n;"
    "INSERT INTO product VALUES ('w', 'w', 'w', 'wealth', 2, NULL, NULL, '2026-01-01'), "
    "    ('i', 'i', 'i', 'insurance', 2, NULL, NULL, '2026-01-01');"
    "INSERT INTO queue (code, kind, url, secret_sealed, dedupes, timeout_ms, updated_at) "
    "VALUES ('q', 'agent', 'http://127.0.0.1:9/tasks', '\\x01', true, 2000, now());"
    "INSERT INTO campaign (code, state, updated_at) VALUES ('c', 'draft', now());"
    "INSERT INTO campaign_version (campaign_id, version, document, content_hash, author, "
    "    created_at) SELECT campaign_id, 1, '{\"uses_profile\": true}', '\\x01', 'x', now() "
    "  FROM campaign;"
    "SET session_replication_role = replica;"
    "INSERT INTO caller_number (number, kind, pool, holder, user_org, direction, channels, "
    "    purposes, status, updated_at) VALUES ('02110000', 'landline', 'p', 'bank', "
    "    'bank', 'out', '{VOICE}', '{MARKETING}', 'active', now());"
    "SET session_replication_role = DEFAULT;"
    "INSERT INTO task (bucket, task_id, campaign_id, version, customer_id, step, "
    "    occurrence, point_id, queue_id, channel, handler, purpose, product, script, "
    "    script_version, state, not_before, not_after, decision_id, created_at, "
    "    updated_at) "
    "SELECT b(n), task_of(n), campaign_id, 1, n, 's', '1', n, queue_id, 'VOICE', 'agent', "
    "    'MARKETING', 'w', 'x', 1, 'planned', '2026-11-23', '2026-11-30', "
    "    gen_random_uuid(), now(), now() "
    "  FROM generate_series(1, 6) AS n, campaign, queue;";

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
	err = (struct stw_err){0};
	arena_init(&arena);
	test_db_open(&t);
	test_db_tamper(&t, world);
}

static void
teardown(void)
{
	test_db_close(&t);
	arena_fini(&arena);
}

static int
bucket_of(int n)
{
	char sql[40];

	(void)snprintf(sql, sizeof sql, "SELECT b(%d)", n);
	return (int)number(sql);
}

static int64_t
state_count(const char *state)
{
	char sql[80];

	(void)snprintf(
	    sql, sizeof sql, "SELECT count(*) FROM task WHERE state = '%s'", state);
	return number(sql);
}

/* What most events are; a test changes what it is about. */
static struct consent_event
event(const char *action, const char *ref)
{
	return (struct consent_event){.id = consent_id("k1", ref, bucket_of(1)),
	    .action = action,
	    .purpose = "MARKETING",
	    .channel = "VOICE",
	    .product_class = "*",
	    .recipient = "bank",
	    .form = "written",
	    .source = "test",
	    .actor = "a",
	    .effective_at = NOW,
	    .expires_at = STW_USEC_MAX};
}

static enum stw_code
record(const struct consent_event *e, struct consent_effect *effect)
{
	enum stw_code rc;

	err = (struct stw_err){0};
	ck_ok(db_begin(t.db, &err));
	rc = consent_record(t.db, bucket_of(1), 1, e, NOW, effect, &err);
	if (rc == STW_OK)
		ck_ok(db_commit(t.db, &err));
	else
		db_rollback(t.db);
	return rc;
}

static enum stw_code
object(int who, struct objection_event *e, struct consent_effect *effect)
{
	enum stw_code rc;

	e->id = uuid_new(NOW);
	uuid_set_bucket(&e->id, bucket_of(who));
	if (e->channel == NULL)
		e->channel = "*";
	e->source = "test";
	e->actor = "a";
	e->effective_at = NOW;
	err = (struct stw_err){0};
	ck_ok(db_begin(t.db, &err));
	rc = objection_record(t.db, bucket_of(who), who, e, NOW, effect, &err);
	if (rc == STW_OK)
		ck_ok(db_commit(t.db, &err));
	else
		db_rollback(t.db);
	return rc;
}

/* ---- what an event may say ------------------------------------------------------------ */
static const struct bad {
	const char *what;
	struct consent_event change; /* members that are set replace those of a grant */
	const char *words;
} bad[] = {
    {"no such action", {.action = "allow"}, "write grant, withdraw, expire or refuse"},
    {"no such subject", {.subject = "robots"}, "write contact or profiling"},
    {"a grant of everything", {.purpose = "*"}, "names its purpose"},
    {"a grant of tomorrow", {.effective_at = NOW + 1}, "cannot take effect later"},
    {"over before it begins", {.expires_at = NOW}, "ends before it begins"},
    {"a withdrawal that ends", {.action = "withdraw", .expires_at = NOW + 9},
	"only a grant"},
    {"a hash of nothing", {.evidence_sha256 = "00"}, "needs the reference"},
    {"half a hash", {.evidence = "e", .evidence_sha256 = "00"}, "64 hexadecimal"},
    {"profiling is not refused", {.action = "refuse", .subject = "profiling"},
	"granted or withdrawn"},
};

#define TAKE(member)          \
	if (b->change.member) \
	e.member = b->change.member

START_TEST(what_cannot_be_is_refused_with_the_reason)
{
	const struct bad *b = &bad[_i];
	struct consent_event e = event("grant", "bad");
	struct consent_effect effect;

	TAKE(action);
	TAKE(subject);
	TAKE(purpose);
	TAKE(effective_at);
	TAKE(expires_at);
	TAKE(evidence);
	TAKE(evidence_sha256);
	ck_assert_int_eq(record(&e, &effect), STW_INVALID);
	ck_assert_msg(strstr(err.text, b->words) != NULL, "%s: %s", b->what, err.text);
	ck_assert_int_eq(number("SELECT count(*) FROM consent_event"), 0);
}
END_TEST

START_TEST(one_reference_is_one_event_and_never_another)
{
	struct consent_event e = event("withdraw", "twice");
	struct consent_effect first, again;

	ck_ok(record(&e, &first));
	ck_assert(first.added);
	ck_assert_int_eq(first.cancelled, 1);
	ck_ok(record(&e, &again));
	ck_assert(!again.added);
	ck_assert_int_eq(again.cancelled, 1);
	ck_assert_int_eq(again.committed_at, first.committed_at);
	ck_assert_int_eq(number("SELECT count(*) FROM consent_event"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM withdrawal"), 1);
	e.channel = "SMS";
	ck_assert_int_eq(record(&e, &again), STW_CONFLICT);
}
END_TEST

START_TEST(a_notice_gives_consent_only_for_what_it_speaks_of)
{
	struct consent_event e = event("grant", "notice");
	struct consent_effect effect;

	test_db_tamper(&t,
	    "INSERT INTO notice VALUES ('v1', 'zh-CN', '{SERVICE}', 'x', "
	    "sha256('x'), 'a', now()), ('v1', 'en', '{SERVICE}', 'y', "
	    "sha256('y'), 'a', now())");
	e.notice_version = "v1";
	ck_assert_int_eq(record(&e, &effect), STW_INVALID);
	ck_assert_msg(
	    strstr(err.text, "does not speak of MARKETING") != NULL, "%s", err.text);
	e.purpose = "SERVICE";
	ck_ok(record(&e, &effect));
	e = event("grant", "old");
	e.notice_version = "v0"; /* from before the register */
	ck_ok(record(&e, &effect));
}
END_TEST

/* ---- which tasks end -------------------------------------------------------------------- */
START_TEST(a_withdrawal_ends_what_it_covers_and_no_more)
{
	struct consent_event e = event("withdraw", "class");
	struct consent_effect effect;

	e.product_class = "insurance";
	ck_ok(record(&e, &effect));
	ck_assert_int_eq(effect.cancelled, 0);
	e = event("withdraw", "channel");
	e.channel = "SMS";
	ck_ok(record(&e, &effect));
	e = event("withdraw", "agreement");
	e.written = true; /* to automated calls */
	ck_ok(record(&e, &effect));
	e = event("withdraw", "subsidiary");
	e.recipient = "wealth-subsidiary";
	ck_ok(record(&e, &effect));
	ck_assert_int_eq(state_count("planned"), 6);
	e = event("withdraw", "all");
	e.purpose = e.channel = "*";
	ck_ok(record(&e, &effect));
	ck_assert_int_eq(effect.cancelled, 1);
	ck_assert_int_eq(state_count("planned"), 5);
}
END_TEST

START_TEST(who_refuses_profiling_is_out_of_what_is_chosen_by_profile)
{
	static const char opted[] =
	    "SELECT count(*) FROM customer WHERE profiling_opt_out";
	struct consent_event e = event("withdraw", "out");
	struct consent_effect effect;

	e.subject = "profiling";
	e.purpose = e.channel = "*";
	ck_ok(record(&e, &effect));
	ck_assert_int_eq(effect.cancelled, 1);
	ck_assert_int_eq(number(opted), 1);
	e = event("grant", "in");
	e.subject = "profiling";
	e.purpose = e.channel = "*";
	ck_ok(record(&e, &effect));
	ck_assert_int_eq(number(opted), 0);
}
END_TEST

/* ---- whom an objection binds ---------------------------------------------------------------- */
START_TEST(an_objection_on_a_number_binds_all_who_share_it)
{
	struct objection_event e = {.kind = "do_not_call", .point_id = 6};
	struct consent_effect effect;
	struct objection_row *rows;
	int count;

	ck_ok(object(6, &e, &effect));
	ck_assert_int_eq(effect.cancelled, 2);
	ck_ok(objection_list(t.db, bucket_of(5), 5, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_assert(!rows[0].own);
	ck_assert_str_eq(rows[0].scope, "number");
	ck_assert_ptr_null(rows[0].actor);
}
END_TEST

START_TEST(an_objection_of_a_household_binds_its_members_until_lifted)
{
	struct objection_event e = {.kind = "do_not_call", .household = true};
	int64_t ids[] = {2};
	struct consent_effect effect;
	struct facts_set facts;

	ck_ok(object(1, &e, &effect));
	ck_assert_int_eq(effect.cancelled, 3);
	ck_assert_int_eq(state_count("planned"), 3);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM customer_permission WHERE epoch > 0"), 3);
	ck_ok(facts_load(t.db, bucket_of(2), ids, 1, NOW, NULL, &arena, &facts, &err));
	ck_assert_int_eq(facts.customers[0].nobjections, 1);
	ck_assert(!facts.customers[0].objections[0].objection.own);
	ck_assert_int_eq(facts.customers[0].objections[0].point_id, 0);

	ck_ok(db_begin(t.db, &err));
	ck_ok(objection_lift(t.db, bucket_of(1), 1, &e.id, "letter", "b", NOW, &err));
	ck_ok(db_commit(t.db, &err));
	ck_ok(facts_load(t.db, bucket_of(2), ids, 1, NOW, NULL, &arena, &facts, &err));
	ck_assert_int_eq(facts.customers[0].objections[0].objection.lifted_at, NOW);
	ck_ok(db_begin(t.db, &err));
	ck_assert_int_eq(
	    objection_lift(t.db, bucket_of(1), 1, &e.id, "x", "b", NOW, &err),
	    STW_CONFLICT);
	db_rollback(t.db);
	ck_ok(db_begin(t.db, &err));
	ck_assert_int_eq(
	    objection_lift(t.db, bucket_of(2), 2, &e.id, "x", "b", NOW, &err),
	    STW_NOT_FOUND);
	db_rollback(t.db);
}
END_TEST

START_TEST(without_a_household_there_is_nobody_to_bind)
{
	struct objection_event e = {.kind = "do_not_call", .household = true};
	struct consent_effect effect;

	ck_assert_int_eq(object(4, &e, &effect), STW_NOT_FOUND);
	e.point_id = 1;
	ck_assert_int_eq(object(1, &e, &effect), STW_INVALID);
	ck_assert_int_eq(number("SELECT count(*) FROM objection"), 0);
}
END_TEST

START_TEST(a_carriers_list_is_about_a_number_and_not_the_person)
{
	struct objection_event e = {
	    .kind = "carrier_reject", .point_id = 1, .cause = "sip-608"};
	struct consent_effect effect;
	enum carrier_effect means;

	test_db_tamper(&t,
	    "INSERT INTO contact_point (bucket, point_id, customer_id, kind, "
	    "phone_sealed, phone_index, phone_mask, updated_at) VALUES (b(1), 10, 1, "
	    "'mobile', '\\x01', sha256('other'), '139', now());"
	    "UPDATE task SET point_id = 10 WHERE customer_id = 1;");
	ck_ok(object(1, &e, &effect));
	ck_assert_int_eq(effect.cancelled, 0);
	ck_ok(carrier_cause_find(t.db, "sip-608", &means, &err));
	ck_assert_int_eq(means, CARRIER_REJECT_LIST);
	ck_ok(carrier_cause_find(t.db, "sip-603", &means, &err));
	ck_assert_int_eq(means, CARRIER_REFUSAL);
	ck_assert_int_eq(
	    carrier_cause_find(t.db, "sip-699", &means, &err), STW_INVALID);
}
END_TEST

/* ---- the two times ---------------------------------------------------------------------------- */
#define ON_THE_WIRE                                                              \
	"UPDATE task SET state = 'ready' WHERE customer_id = 1;"                 \
	"UPDATE task SET state = 'sending', number_id = (SELECT number_id FROM " \
	"caller_number) WHERE customer_id = 1;"                                  \
	"INSERT INTO attempt (bucket, task_id, kind, lease_epoch, decision_id, " \
	"started_at, sent_real) VALUES (b(1), task_of(1), 'push', 0, "           \
	"gen_random_uuid(), now(), clock_timestamp())"

static struct withdrawal
withdrawal(const struct uuid *id)
{
	struct withdrawal w;

	ck_ok(withdrawal_find(t.db, id, &arena, &w, &err));
	return w;
}

START_TEST(with_nothing_on_the_wire_the_two_times_are_one)
{
	struct consent_event e = event("withdraw", "idle");
	struct consent_effect effect;
	struct withdrawal w;

	ck_ok(record(&e, &effect));
	ck_assert_int_eq(effect.committed_at, NOW);
	ck_assert_int_eq(effect.effective_at, NOW);
	w = withdrawal(&e.id);
	ck_assert_int_eq(w.effective_at, NOW);
	ck_assert_int_eq(w.recalled_at, NOW);
	ck_assert_int_eq(w.cancelled, 1);
}
END_TEST

START_TEST(a_push_on_the_wire_is_waited_for_and_recalled)
{
	struct consent_event e = event("withdraw", "wire");
	struct withdrawal_task *tasks;
	struct consent_effect effect;
	struct withdrawal_lags lags;
	struct withdrawal w;
	int count;

	test_db_tamper(&t, ON_THE_WIRE);
	ck_ok(record(&e, &effect));
	ck_assert_int_eq(effect.recalled, 1);
	ck_assert_int_eq(effect.effective_at, STW_USEC_MAX);
	w = withdrawal(&e.id);
	ck_assert_int_eq(w.on_wire, 1);
	ck_assert_int_eq(w.effective_at, STW_USEC_MAX);
	ck_ok(withdrawal_lags(t.db, &lags, &err));
	ck_assert_int_eq(lags.pending, 1);
	ck_assert_int_eq(lags.recalls_open, 1);

	test_db_tamper(&t,
	    "UPDATE attempt SET finished_at = now(), finished_real = clock_timestamp(), "
	    "result = 'accepted'");
	w = withdrawal(&e.id);
	ck_assert_int_eq(w.on_wire, 0);
	ck_assert_int_gt(w.effective_at, NOW);
	ck_assert_int_lt(w.effective_at, NOW + 60 * STW_USEC_SEC);
	ck_assert_int_eq(w.recalls_open, 1);
	ck_assert_int_eq(w.recalled_at, STW_USEC_MAX);

	test_db_tamper(
	    &t, "UPDATE recall SET done_at = now(), done_real = clock_timestamp()");
	w = withdrawal(&e.id);
	ck_assert_int_ge(w.recalled_at, w.effective_at);
	ck_assert_int_lt(w.recalled_at, NOW + 60 * STW_USEC_SEC);
	ck_ok(withdrawal_tasks(t.db, &e.id, &arena, &tasks, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_assert_str_eq(tasks[0].ended, "recalled");
	ck_assert(tasks[0].recall_answered && !tasks[0].on_wire);
	ck_ok(withdrawal_lags(t.db, &lags, &err));
	ck_assert_int_eq(lags.pending, 0);
	ck_assert_int_gt(lags.most, 0);
}
END_TEST

START_TEST(a_dispatcher_that_died_keeps_a_push_on_the_wire_for_its_lease_only)
{
	struct consent_event e = event("withdraw", "dead");
	struct consent_effect effect;
	struct withdrawal w;

	test_db_tamper(&t, ON_THE_WIRE);
	ck_ok(record(&e, &effect));
	/* 2 s of time-out and 22 s of lease after it. */
	test_db_tamper(&t,
	    "UPDATE attempt SET begun_real = begun_real - interval '23 s', "
	    "sent_real = sent_real - interval '23 s'");
	ck_assert_int_eq(withdrawal(&e.id).on_wire, 1);
	test_db_tamper(
	    &t, "UPDATE attempt SET begun_real = begun_real - interval '2 s'");
	w = withdrawal(&e.id);
	ck_assert_int_eq(w.on_wire, 0);
	ck_assert_int_ge(w.effective_at, NOW);
}
END_TEST

/* ---- withdrawals that arrive late -------------------------------------------------------------- */
START_TEST(a_late_withdrawal_reports_the_contacts_since_and_rewrites_none)
{
	static const char permit[] =
	    "INSERT INTO permit (bucket, permit_id, task_id, decision_id, agent, "
	    "granted_at, valid_until) VALUES (b(1), gen_random_uuid(), task_of(1), "
	    "'00000000-0000-0000-0000-000000000001', 'a', "
	    "'2026-11-23 09:55+08', '2026-11-23 09:57+08')";
	static const char open[] =
	    "SELECT count(*) FROM incident WHERE code = 'LATE_WITHDRAWAL_CONTACT' AND "
	    "customer_id = 1 AND evidence #>> '{contacts,0,kind}' = 'permit'";
	struct consent_event e = event("withdraw", "before");
	struct consent_effect effect;

	test_db_tamper(&t, permit);
	e.effective_at = NOW - STW_USEC_MIN; /* the call was before */
	ck_ok(record(&e, &effect));
	ck_assert_int_eq(number("SELECT count(*) FROM incident"), 0);
	e = event("withdraw", "late");
	e.effective_at = NOW - 10 * STW_USEC_MIN;
	ck_ok(record(&e, &effect));
	ck_assert_int_eq(number(open), 1);
	ck_ok(record(&e, &effect));
	ck_assert_int_eq(number(open), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM permit"), 1);
	e = event("withdraw", "other channel");
	e.channel = "SMS";
	e.effective_at = NOW - 10 * STW_USEC_MIN;
	ck_ok(record(&e, &effect));
	ck_assert_int_eq(number("SELECT count(*) FROM incident"), 1);
}
END_TEST

/* Whether it left was not written down, nor how it ended: it may have reached the customer. */
START_TEST(a_late_withdrawal_reports_a_push_of_which_no_end_is_known)
{
	static const char lost[] =
	    "SET session_replication_role = replica;"
	    "UPDATE task SET handler = 'robot', state = 'unknown' WHERE customer_id = 1;"
	    "INSERT INTO attempt (bucket, task_id, kind, lease_epoch, decision_id, "
	    "started_at, finished_at, result) VALUES "
	    "(b(1), task_of(1), 'push', 1, gen_random_uuid(), '2026-11-23 09:54+08', "
	    "'2026-11-23 09:54+08', 'retry'), "
	    "(b(1), task_of(1), 'push', 2, gen_random_uuid(), '2026-11-23 09:55+08', "
	    "NULL, NULL)";
	struct consent_event e = event("withdraw", "late");
	struct consent_effect effect;

	test_db_tamper(&t, lost);
	e.effective_at = NOW - 10 * STW_USEC_MIN;
	ck_ok(record(&e, &effect));
	ck_assert_int_eq(
	    number("SELECT count(*) FROM incident WHERE code = "
		   "'LATE_WITHDRAWAL_CONTACT' AND evidence #>> '{contacts,0,kind}' = "
		   "'push' AND jsonb_array_length(evidence -> 'contacts') = 1"),
	    1);
}
END_TEST

/* ---- notices and evidence ---------------------------------------------------------------------- */
static struct gate_consent
first_consent(void)
{
	int64_t id = 1;
	struct facts_set set;

	ck_ok(facts_load(t.db, bucket_of(1), &id, 1, NOW, NULL, &arena, &set, &err));
	ck_assert_int_eq(set.customers[0].nconsents, 1);
	return set.customers[0].consents[0];
}

START_TEST(a_notice_is_never_another_and_once_superseded)
{
	static const char *const purposes[] = {"MARKETING"};
	struct notice n = {.version = "v4",
	    .lang = "zh-CN",
	    .purposes = purposes,
	    .npurposes = 1,
	    .body = "x"};
	struct consent_event e = event("grant", "by notice");
	struct consent_effect effect;
	struct notice *rows;
	int count;

	ck_ok(db_begin(t.db, &err));
	ck_ok(notice_put(t.db, &n, "a", NOW, &err));
	ck_ok(notice_put(t.db, &n, "a", NOW, &err));
	n.body = "y";
	ck_assert_int_eq(notice_put(t.db, &n, "a", NOW, &err), STW_CONFLICT);
	ck_ok(db_commit(t.db, &err));
	ck_ok(notice_list(t.db, "v4", &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_assert_str_eq(rows[0].body, "x");
	ck_assert_int_eq(rows[0].superseded_at, STW_USEC_NEVER);

	e.notice_version = "v4";
	ck_ok(record(&e, &effect));
	ck_assert_str_eq(first_consent().notice_version, "v4");
	ck_assert_str_eq(first_consent().notice_hash, rows[0].text_hash);
	ck_ok(db_begin(t.db, &err));
	ck_ok(notice_supersede(t.db, "v4", "b", NOW, &err));
	ck_assert_int_eq(notice_supersede(t.db, "v4", "b", NOW, &err), STW_NOT_FOUND);
	ck_ok(db_commit(t.db, &err));
	ck_assert_ptr_null(first_consent().notice_version);
	ck_assert_str_eq(first_consent().notice_hash, rows[0].text_hash);
}
END_TEST

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct evidence_meaning
look_at(const char *hash)
{
	const struct evidence_look look = {
	    .evidence = "rec-1", .sha256 = hash, .bytes = 7, .media = "audio/wav"};
	struct evidence_meaning meaning;

	ck_ok(db_begin(t.db, &err));
	ck_ok(evidence_record(t.db, &look, "a", NOW, &meaning, &err));
	ck_ok(db_commit(t.db, &err));
	return meaning;
}

START_TEST(evidence_counts_while_the_newest_look_found_what_was_recorded)
{
	struct consent_event e = event("grant", "recorded");
	struct consent_effect effect;

	e.evidence = "rec-1";
	e.evidence_sha256 = HASH_A;
	ck_ok(record(&e, &effect));
	ck_assert(first_consent().has_evidence);
	ck_assert(!first_consent().evidence_match); /* nobody has looked yet */
	ck_assert_int_eq(look_at(HASH_A).consents, 1);
	ck_assert(first_consent().evidence_match);
	ck_assert_int_eq(look_at(HASH_B).broken, 1);
	ck_assert(!first_consent().evidence_match);
	ck_assert_int_eq(look_at(HASH_A).broken, 0);
	ck_assert(first_consent().evidence_match);
	ck_assert_int_eq(look_at(NULL).broken, 1); /* it is not there */
	ck_assert(!first_consent().evidence_match);
}
END_TEST

START_TEST(a_consent_that_ended_early_is_a_shorter_one)
{
	struct consent_event e = event("grant", "short");
	struct consent_effect effect;

	e.effective_at = NOW - STW_USEC_DAY;
	ck_ok(record(&e, &effect));
	ck_assert_int_eq(first_consent().expires_at, STW_USEC_MAX);
	e = event("expire", "end");
	ck_ok(record(&e, &effect));
	ck_assert_int_eq(first_consent().expires_at, NOW);
}
END_TEST

/* ---- requests to revoke in free words ------------------------------------------------------------ */
static const struct due {
	const char *what, *received, *holidays;
	int days;
	const char *deadline;
} dues[] = {
    {"the fourth Thursday of November is none", "2026-11-23T10:00:00-05:00",
	"2026-11-26", 10, "2026-12-09T00:00:00-05:00"},
    {"a holiday nobody named makes it sooner", "2026-11-23T10:00:00-05:00", "", 10,
	"2026-12-08T00:00:00-05:00"},
    {"from Friday on", "2026-11-27T23:59:00-05:00", "", 1, "2026-12-01T00:00:00-05:00"},
    {"from Saturday on", "2026-11-28T10:00:00-05:00", "", 1,
	"2026-12-01T00:00:00-05:00"},
    {"the day of receipt is the zone's", "2026-11-24T03:00:00Z", "", 1,
	"2026-11-25T00:00:00-05:00"},
};

START_TEST(a_deadline_is_the_end_of_the_last_working_day)
{
	const struct due *d = &dues[_i];
	struct revocation_new q = {.working_days = d->days};
	stw_usec wanted;

	ck_ok(zone_find("America/New_York", &q.zone, &err));
	ck_assert_int_eq(stw_usec_parse(str_of(d->received), &q.received_at), STW_OK);
	ck_assert_int_eq(stw_usec_parse(str_of(d->deadline), &wanted), STW_OK);
	ck_ok(
	    revocation_holidays(d->holidays, &arena, &q.holidays, &q.nholidays, &err));
	ck_assert_msg(revocation_deadline(&q) == wanted, "%s", d->what);
}
END_TEST

START_TEST(holidays_that_are_no_days_are_refused)
{
	const stw_day *days;
	size_t count;

	ck_assert_int_eq(
	    revocation_holidays("2026-11-26 soon", &arena, &days, &count, &err),
	    STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "'soon'"));
}
END_TEST

START_TEST(free_words_withdraw_at_once_and_are_read_in_time)
{
	static const char breaches[] =
	    "SELECT count(*) FROM incident WHERE code = 'REVOCATION_SLA_BREACH'";
	struct revocation_new q = {
	    .received_by = "sms", .received_at = NOW, .actor = "a", .working_days = 2};
	struct consent_effect effect;
	struct revocation *rows;
	struct uuid id;
	int64_t breached;
	int count;

	ck_ok(zone_find("Asia/Shanghai", &q.zone, &err));
	ck_ok(db_begin(t.db, &err));
	ck_ok(
	    revocation_open(t.db, NULL, bucket_of(1), 1, &q, NOW, &id, &effect, &err));
	ck_ok(db_commit(t.db, &err));
	ck_assert_int_eq(effect.cancelled, 1);
	ck_ok(revocation_list(t.db, "open", 10, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_assert_str_eq(rows[0].customer_ref, "k1");

	ck_ok(revocation_sweep(t.db, rows[0].deadline - 1, &breached, &err));
	ck_assert_int_eq(breached, 0);
	ck_ok(revocation_sweep(t.db, rows[0].deadline, &breached, &err));
	ck_assert_int_eq(breached, 1);
	ck_ok(revocation_sweep(t.db, rows[0].deadline + 1, &breached, &err));
	ck_assert_int_eq(breached, 0);
	ck_assert_int_eq(number(breaches), 1);

	ck_ok(db_begin(t.db, &err));
	ck_assert_int_eq(
	    revocation_settle(t.db, &id, "perhaps", NULL, "b", NOW, &err), STW_INVALID);
	ck_ok(revocation_settle(t.db, &id, "confirmed", "read", "b", NOW, &err));
	ck_assert_int_eq(
	    revocation_settle(t.db, &id, "confirmed", NULL, "b", NOW, &err),
	    STW_CONFLICT);
	ck_ok(db_commit(t.db, &err));
	ck_ok(revocation_list(t.db, "open", 10, &arena, &rows, &count, &err));
	ck_assert_int_eq(count, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("consent");
	TCase *tc = tcase_create("consent");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, what_cannot_be_is_refused_with_the_reason, 0, (int)STW_ARRAY_LEN(bad));
	tcase_add_test(tc, one_reference_is_one_event_and_never_another);
	tcase_add_test(tc, a_notice_gives_consent_only_for_what_it_speaks_of);
	tcase_add_test(tc, a_withdrawal_ends_what_it_covers_and_no_more);
	tcase_add_test(tc, who_refuses_profiling_is_out_of_what_is_chosen_by_profile);
	tcase_add_test(tc, an_objection_on_a_number_binds_all_who_share_it);
	tcase_add_test(tc, an_objection_of_a_household_binds_its_members_until_lifted);
	tcase_add_test(tc, without_a_household_there_is_nobody_to_bind);
	tcase_add_test(tc, a_carriers_list_is_about_a_number_and_not_the_person);
	tcase_add_test(tc, with_nothing_on_the_wire_the_two_times_are_one);
	tcase_add_test(tc, a_push_on_the_wire_is_waited_for_and_recalled);
	tcase_add_test(
	    tc, a_dispatcher_that_died_keeps_a_push_on_the_wire_for_its_lease_only);
	tcase_add_test(
	    tc, a_late_withdrawal_reports_the_contacts_since_and_rewrites_none);
	tcase_add_test(tc, a_late_withdrawal_reports_a_push_of_which_no_end_is_known);
	tcase_add_test(tc, a_notice_is_never_another_and_once_superseded);
	tcase_add_test(
	    tc, evidence_counts_while_the_newest_look_found_what_was_recorded);
	tcase_add_test(tc, a_consent_that_ended_early_is_a_shorter_one);
	tcase_add_loop_test(tc, a_deadline_is_the_end_of_the_last_working_day, 0,
	    (int)STW_ARRAY_LEN(dues));
	tcase_add_test(tc, holidays_that_are_no_days_are_refused);
	tcase_add_test(tc, free_words_withdraw_at_once_and_are_read_in_time);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
