/* A dry run of planning: what it says is what a run then does, and it writes nothing. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <sodium.h>

#include "campaigns/campaign_store.h"
#include "campaigns/plan_store.h"
#include "campaigns/setup_store.h"
#include "campaigns/task_store.h"
#include "segments/book_store.h"
#include "segments/segment_store.h"
#include "segments/tick_store.h"
#include "segments/trait_quality_store.h"
#include "tests/lib/cluster.h"

/* Monday 2026-11-23, 10:00 in Shanghai. */
#define NOW INT64_C(1795399200000000)

static struct test_db t;
static struct arena arena;
static struct stw_err err;
static struct seal_keys *keys;
static struct ruleset *rules;

/* 600 customers, of whom some have no number, no consent, one that has ended, a number that
 * strangers share, a complaint, a death: so that there are many fates. */
static const char people[] =
    "CREATE FUNCTION b(n int) RETURNS smallint LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT get_byte(sha256(('k' || n)::bytea), 0)::smallint $$;"
    "INSERT INTO customer (bucket, customer_id, ref, name_mask, dob, zone, province, "
    "    risk_rating, risk_assessed_on, opened_on, deceased, complaint_open, updated_at) "
    "SELECT b(n), n, 'k' || n, '王**', date '1950-05-05' + n * 37, 'Asia/Shanghai', "
    "    '上海市', 1 + n % 5, '2026-06-01', '2020-01-01', n % 41 = 0, n % 17 = 0, "
    "    '2026-01-01' FROM generate_series(1, 600) AS n;"
    "INSERT INTO customer_permission SELECT b(n), n, 0 FROM generate_series(1, 600) AS n;"
    "INSERT INTO contact_point (bucket, point_id, customer_id, kind, phone_sealed, "
    "    phone_index, phone_mask, region, zones, is_primary, updated_at) "
    "SELECT b(n), n, n, 'mobile', '\\x00', "
    "    sha256(('p' || CASE WHEN n % 29 = 0 THEN 0 ELSE n END)::bytea), "
    "    '138****' || lpad(n::text, 4, '0'), 'CN', '{Asia/Shanghai}', true, '2026-01-01' "
    "  FROM generate_series(1, 600) AS n WHERE n % 13 > 0;"
    "INSERT INTO holding (bucket, customer_id, holding_ref, kind, amount, currency, "
    "    maturity_on, updated_at) "
    "SELECT b(n), n, 'h', 'deposit', 20000000 + n * 100000, 'CNY', "
    "    date '2026-11-24' + n % 12, '2026-01-01' FROM generate_series(1, 600) AS n;"
    "INSERT INTO consent_event (bucket, consent_id, customer_id, action, purpose, channel, "
    "    form, notice_version, evidence, evidence_hash, source, actor, effective_at, "
    "    recorded_at, expires_at) "
    "SELECT b(n), gen_random_uuid(), n, 'grant', 'MARKETING', 'VOICE', 'written', 'v3', "
    "    'e', sha256('e'), 'branch', 'x', '2026-05-01', '2026-05-01', "
    "    CASE WHEN n % 19 = 0 THEN timestamptz '2026-10-01' END "
    "  FROM generate_series(1, 600) AS n WHERE n % 7 > 0;";

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

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

/* ---- what is written ------------------------------------------------------------------ */
/* Of every table how many rows and which transactions made them: any row that is new or
 * changed shows. */
static int64_t
everything(void)
{
	return test_db_number(&t,
	    "SELECT ('x' || left(md5(string_agg(name || ' ' || (xpath('/row/s/text()', "
	    "    query_to_xml(format('SELECT count(*) || '' '' || coalesce(sum("
	    "        xmin::text::bigint), 0) AS s FROM public.%I', name), false, true, "
	    "        '')))[1]::text, '; ' ORDER BY name)), 15))::bit(60)::bigint "
	    "  FROM (SELECT relname AS name FROM pg_class c JOIN pg_namespace n ON "
	    "          n.oid = relnamespace WHERE nspname = 'public' AND relkind = 'r') AS x");
}

/* ---- runs --------------------------------------------------------------------------------- */
static void
tick(stw_usec now, bool plan, struct plan_result *planned)
{
	struct segments_tick_result result;
	struct book_parts parts;
	struct book *book;

	ck_ok(book_load(t.db, now, NULL, &book, &err));
	parts = book_parts_of(book);
	ck_ok(segments_tick(t.db, &parts, NULL, now, NULL, &result, &err));
	const struct plan_options options = {.now = now, .segments = &result.hosts};
	if (plan)
		ck_ok(plan_run(t.db, &parts, rules, &options, &arena, planned, &err));
	segments_tick_fini(&result);
	book_free(book);
}

static enum stw_code
simulate(stw_usec now, const char *code, int version, struct plan_result *out)
{
	struct segment_hosts hosts;
	struct book_parts parts;
	struct book *book;
	enum stw_code rc;

	ck_ok(book_load(t.db, now, NULL, &book, &err));
	parts = book_parts_of(book);
	ck_ok(segment_store_hosts(t.db, &parts, NULL, &arena, &hosts, &err));
	const struct plan_options options = {.now = now, .segments = &hosts};
	rc = plan_simulate(
	    t.db, &parts, rules, &options, code, version, &arena, out, &err);
	segment_hosts_fini(&hosts);
	book_free(book);
	return rc;
}

static int64_t
count_of(const struct run_row *run, const char *fate, const char *code)
{
	for (int i = 0; i < run->nreasons; i++)
		if (strcmp(run->reasons[i].fate, fate) == 0 &&
		    strcmp(run->reasons[i].code, code) == 0)
			return run->reasons[i].count;
	return 0;
}

/* The same numbers in each line, and the lines add up. */
static void
check_same(const struct run_row *dry, const struct run_row *real)
{
	int64_t sum = 0;

	ck_assert_ptr_null(dry->run_id);
	ck_assert_str_eq(dry->campaign, real->campaign);
	ck_assert_int_eq(dry->version, real->version);
	ck_assert_int_eq(dry->scope, real->scope);
	ck_assert_int_eq(dry->audience, real->audience);
	ck_assert_int_eq(dry->undecided, real->undecided);
	ck_assert_int_eq(dry->nreasons, real->nreasons);
	for (int i = 0; i < dry->nreasons; i++) {
		const struct run_reason *r = &dry->reasons[i];

		ck_assert_msg(count_of(real, r->fate, r->code) == r->count,
		    "%s %s %s: %lld and %lld", dry->campaign, r->fate, r->code,
		    (long long)r->count, (long long)count_of(real, r->fate, r->code));
		sum += r->count;
	}
	ck_assert_int_eq(sum, dry->audience);
}

static const struct run_row *
find_run(const struct plan_result *in, const char *campaign)
{
	for (int i = 0; i < in->nruns; i++)
		if (strcmp(in->runs[i].campaign, campaign) == 0)
			return &in->runs[i];
	ck_abort_msg("no run of %s", campaign);
	return NULL;
}

START_TEST(it_says_what_a_run_then_does)
{
	stw_usec now = NOW + _i * STW_USEC_DAY;
	struct plan_result dry, real;
	int64_t before;
	int64_t lines = 0;

	tick(now, false, NULL);
	before = everything();
	ck_ok(simulate(now, NULL, 0, &dry));
	ck_assert_int_eq(everything(), before);
	tick(now, true, &real);
	ck_assert_int_ne(everything(), before); /* the look would have seen it */
	ck_assert_int_eq(dry.nruns, real.nruns);
	ck_assert_int_eq(dry.tasks, real.tasks);
	for (int i = 0; i < dry.nruns; i++) {
		check_same(&dry.runs[i], find_run(&real, dry.runs[i].campaign));
		lines += dry.runs[i].nreasons;
	}
	ck_assert_int_ge(dry.nruns, 3);
	ck_assert_int_ge(lines, 8); /* the people are of many kinds */
	/* Afterwards nobody is planned twice. */
	ck_ok(simulate(now, NULL, 0, &dry));
	ck_assert_int_eq(dry.tasks, 0);
}
END_TEST

START_TEST(a_draft_is_looked_at_as_if_it_were_in_force)
{
	const char *code = "maturing_product";
	struct plan_result dry, real;

	test_db_tamper(
	    &t, "UPDATE campaign SET state = 'draft', active_version = NULL");
	tick(NOW, false, NULL);
	ck_ok(simulate(NOW, NULL, 0, &dry));
	ck_assert_int_eq(dry.nruns, 0);
	ck_ok(simulate(NOW, code, 1, &dry));
	ck_assert_int_eq(dry.nruns, 1);
	ck_assert_int_gt(dry.tasks, 0);
	ck_ok(campaign_activate(t.db, code, "ann", NOW, &err));
	tick(NOW, true, &real);
	ck_assert_int_eq(real.nruns, 1);
	check_same(&dry.runs[0], &real.runs[0]);
	ck_assert_int_eq(simulate(NOW, code, 7, &dry), STW_NOT_FOUND);
	ck_assert_int_eq(simulate(NOW, "nobody", 1, &dry), STW_NOT_FOUND);
}
END_TEST

START_TEST(one_whose_data_is_bad_is_held_back)
{
	const struct trait_limits limits = {.max_missing_bp = 0,
	    .max_rise_bp = TRAIT_NO_LIMIT,
	    .max_drift = TRAIT_NO_LIMIT,
	    .max_age_hours = TRAIT_NO_LIMIT};
	struct plan_result dry, real;
	const struct run_row *run;
	int64_t before;

	ck_ok(trait_limits_change(
	    t.db, "holdings", "maturity_on", &limits, "comp1", NOW, &err));
	test_db_tamper(
	    &t, "UPDATE holding SET maturity_on = NULL WHERE customer_id = 5");
	tick(NOW, false, NULL);
	before = everything();
	ck_ok(simulate(NOW, "maturing_product", 1, &dry));
	ck_assert_int_eq(everything(), before);
	ck_assert_ptr_nonnull(dry.runs[0].held_trait);
	tick(NOW, true, &real);
	run = find_run(&real, "maturing_product");
	ck_assert_str_eq(dry.runs[0].held_trait, run->held_trait);
	ck_assert_int_eq(dry.runs[0].held.breach, run->held.breach);
	ck_assert_int_eq(dry.runs[0].held.measured, run->held.measured);
}
END_TEST

/* The last of them lacks the value: that does not make the rule a good one. */
START_TEST(one_whose_audience_fails_for_everybody_is_held_back)
{
	const char *code = "maturing_product";
	struct plan_result dry, real;
	const struct run_row *run;
	struct run_row *held;
	int n;

	test_db_tamper(&t,
	    "UPDATE campaign_version SET document = jsonb_set(document, '{audience}', "
	    "    '\"10 / (customer.age - customer.age) > 1\"') WHERE campaign_id = "
	    "    (SELECT campaign_id FROM campaign WHERE code = 'maturing_product');"
	    "UPDATE customer SET dob = NULL WHERE customer_id % 50 = 0");
	tick(NOW, false, NULL);
	ck_ok(simulate(NOW, code, 1, &dry));
	ck_assert_ptr_nonnull(dry.runs[0].held_rule);
	ck_assert_ptr_null(dry.runs[0].held_trait);
	ck_assert_ptr_nonnull(strstr(dry.runs[0].held_rule, "division by zero"));
	ck_ok(campaign_held(t.db, &arena, &held, &n, &err));
	ck_assert_int_eq(n, 0);
	for (int i = 0; i < 2; i++) {
		tick(NOW + i * STW_USEC_HOUR, true, &real);
		run = find_run(&real, code);
		ck_assert_str_eq(run->held_rule, dry.runs[0].held_rule);
		ck_assert_int_ne(run->finished_at, STW_USEC_NEVER);
	}
	ck_ok(campaign_held(t.db, &arena, &held, &n, &err));
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(held[0].campaign, code);
	ck_assert_int_eq(held[0].as_of, NOW);
	ck_assert_str_eq(held[0].held_rule, dry.runs[0].held_rule);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("plan_simulate");
	TCase *tc = tcase_create("dry runs");
	SRunner *runner;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	test_cluster_start();
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, it_says_what_a_run_then_does, 0, 2);
	tcase_add_test(tc, a_draft_is_looked_at_as_if_it_were_in_force);
	tcase_add_test(tc, one_whose_data_is_bad_is_held_back);
	tcase_add_test(tc, one_whose_audience_fails_for_everybody_is_held_back);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
