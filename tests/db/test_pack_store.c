/* Packs in the database: load, submit, approve, in force; and what cannot be verified. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "api/server_rules.h"
#include "campaigns/catalogue_store.h"
#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/gate_priv.h"
#include "campaigns/compliance/pack_check.h"
#include "campaigns/compliance/pack_store.h"
#include "tests/lib/cluster.h"

#define NOW (INT64_C(1795399200000000)) /* 2026-11-23T02:00:00Z */
#define DAY STW_USEC_DAY

static struct test_db t;
static struct arena arena;
static struct stw_err err;

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)
#define ck_fails(call, code, want)                                               \
	do {                                                                     \
		enum stw_code ck_rc = (call);                                    \
		ck_assert_msg(ck_rc == (code) && strstr(err.text, want) != NULL, \
		    "%s: %s", stw_code_name(ck_rc), err.text);                   \
	} while (0)

static void
setup(void)
{
	test_db_open(&t);
	arena_init(&arena);
	err = (struct stw_err){0};
}

static void
teardown(void)
{
	arena_fini(&arena);
	test_db_close(&t);
}

/* ---- a house pack of one rule -------------------------------------------------------------- */
static const char form[] =
    "{\"pack\": \"house\", \"version\": \"%s\", \"name\": {\"zh\": \"行\", \"en\": "
    "\"house\"}, \"zone\": \"Asia/Shanghai\", \"rules\": [{\"id\": \"%s\", \"kind\": "
    "\"campaign_state\", \"layer\": \"policy\", \"effective\": [null, null], \"applies\": "
    "\"true\", \"params\": {\"check\": \"active\"}, \"gates\": [\"P\", \"D\", \"C\"], "
    "\"reason\": \"CAMPAIGN_NOT_ACTIVE\", \"outcome\": \"BLOCK\", \"text\": {\"zh\": "
    "\"%s\", \"en\": \"text\"}, \"cite\": {\"text\": \"t\", \"source\": \"-\", "
    "\"grade\": \"D\", \"checked\": \"2026-11-23\"}}]}";

static const char good_test[] =
    "{\"name\": \"paused\", \"facts\": {\"campaign\": {\"active\": false}}, \"want\": "
    "{\"outcome\": \"BLOCK\", \"codes\": [\"CAMPAIGN_NOT_ACTIVE\"]}}\n";
static const char bad_test[] =
    "{\"name\": \"running\", \"want\": {\"outcome\": \"BLOCK\", \"codes\": "
    "[\"CAMPAIGN_NOT_ACTIVE\"]}}\n";

static void
house(const char *version, const char *rule, const char *text, const char *tests,
    struct pack_files *out)
{
	*out = (struct pack_files){.id = "house", .version = version};
	ck_ok(pack_files_add(out, "pack.json",
	    str_of(arena_printf(&arena, form, version, rule, text)), &err));
	ck_ok(pack_files_add(out, "tests.jsonl", str_of(tests), &err));
	ck_ok(pack_files_add(out, "SOURCES.md", str_of("# Sources\n"), &err));
	ck_ok(pack_files_finish(out, &err));
}

static void
bring_in(const char *version, stw_usec from, stw_usec now)
{
	struct pack_files files;
	stw_usec since;
	bool added;
	int passed;

	house(version, "HS-02", version, good_test, &files);
	ck_ok(pack_store_load(t.db, &files, "ann", now, &added, &err));
	ck_assert(added);
	ck_ok(
	    pack_store_submit(t.db, "house", version, from, "ann", now, &passed, &err));
	ck_ok(pack_store_approve(t.db, "house", version, "bob", now, &since, &err));
	ck_assert_int_eq(since, from > now ? from : now);
}

static const char *
version_at(const struct ruleset *rules, stw_usec at)
{
	for (int i = 0; i < rules->nitems; i++) {
		if (rules->items[i].from <= at && at < rules->items[i].to)
			return rules->items[i].info->pack_version;
	}
	return "none";
}

static int64_t
ledger_changes(const char *change)
{
	return test_db_number(
	    &t, arena_printf(&arena,
		    "SELECT count(*) FROM ledger_outbox WHERE kind = 'rule_change' AND "
		    "convert_from(entry, 'UTF8') LIKE '%%\"change\":\"%s\"%%'",
		    change));
}

/* ---- tests ------------------------------------------------------------------------------------- */
START_TEST(a_pack_comes_into_force_by_two_people)
{
	struct pack_version_row *rows;
	struct ruleset *rules;
	struct pack_files files;
	stw_usec since;
	bool added;
	int passed, n;

	house("1.9.0", "HS-02", "文", good_test, &files);
	ck_fails(pack_store_submit(
		     t.db, "house", "1.9.0", STW_USEC_NEVER, "ann", NOW, &passed, &err),
	    STW_NOT_FOUND, "does not have it");
	ck_ok(pack_store_load(t.db, &files, "ann", NOW, &added, &err));
	ck_assert(added);
	ck_ok(pack_store_load(t.db, &files, "zoe", NOW, &added, &err));
	ck_assert(!added);
	ck_fails(pack_store_approve(t.db, "house", "1.9.0", "bob", NOW, &since, &err),
	    STW_CONFLICT, "it is loaded, not submitted");
	ck_ok(pack_store_submit(
	    t.db, "house", "1.9.0", STW_USEC_NEVER, "cyd", NOW, &passed, &err));
	ck_assert_int_eq(passed, 1);
	/* neither who submitted nor who wrote it */
	ck_fails(pack_store_approve(t.db, "house", "1.9.0", "cyd", NOW, &since, &err),
	    STW_CONFLICT, "somebody other than cyd");
	ck_fails(pack_store_approve(t.db, "house", "1.9.0", "ann", NOW, &since, &err),
	    STW_CONFLICT, "somebody other than ann");
	ck_fails(
	    pack_rules_load(t.db, &rules, &err), STW_INVALID, "no compliance pack");
	ck_ok(pack_store_approve(t.db, "house", "1.9.0", "bob", NOW + 5, &since, &err));
	ck_assert_int_eq(since, NOW + 5);
	ck_ok(pack_rules_load(t.db, &rules, &err));
	ck_assert_str_eq(version_at(rules, NOW + 4), "none");
	ck_assert_str_eq(version_at(rules, NOW + 5), "1.9.0");
	ruleset_free(rules);

	ck_ok(pack_store_versions(t.db, "house", &arena, &rows, &n, &err));
	ck_assert_int_ge(n, 2); /* that of the binary too */
	ck_assert_str_eq(rows[n - 1].version, "1.9.0");
	ck_assert_str_eq(rows[n - 1].state, "approved");
	ck_assert_str_eq(rows[n - 1].approved_by, "bob");
	ck_assert_str_eq(rows[0].state, "embedded");
	ck_assert_int_eq(ledger_changes("loaded"), 1);
	ck_assert_int_eq(ledger_changes("submitted"), 1);
	ck_assert_int_eq(ledger_changes("activated"), 1);
	ck_fails(pack_store_approve(t.db, "house", "1.9.0", "bob", NOW, &since, &err),
	    STW_CONFLICT, "it is approved");
}
END_TEST

START_TEST(a_pack_whose_tests_fail_is_not_submitted)
{
	struct pack_files files;
	bool added;
	int passed;

	house("1.9.1", "HS-02", "文", bad_test, &files);
	ck_ok(pack_store_load(t.db, &files, "ann", NOW, &added, &err));
	ck_fails(pack_store_submit(
		     t.db, "house", "1.9.1", STW_USEC_NEVER, "ann", NOW, &passed, &err),
	    STW_INVALID, "test \"running\"");
	/* and its number is taken */
	house("1.9.1", "HS-02", "文", good_test, &files);
	ck_fails(pack_store_load(t.db, &files, "ann", NOW, &added, &err), STW_CONFLICT,
	    "other files");
	ck_assert_int_eq(ledger_changes("submitted"), 0);
}
END_TEST

START_TEST(a_rejected_version_stays_rejected)
{
	struct pack_files files;
	stw_usec since;
	bool added;
	int passed;

	house("1.9.2", "HS-02", "文", good_test, &files);
	ck_ok(pack_store_load(t.db, &files, "ann", NOW, &added, &err));
	ck_ok(pack_store_submit(
	    t.db, "house", "1.9.2", STW_USEC_NEVER, "ann", NOW, &passed, &err));
	ck_ok(pack_store_reject(
	    t.db, "house", "1.9.2", "bob", "hours are wrong", NOW, &err));
	ck_fails(pack_store_approve(t.db, "house", "1.9.2", "bob", NOW, &since, &err),
	    STW_CONFLICT, "it is rejected");
	ck_fails(pack_store_submit(
		     t.db, "house", "1.9.2", STW_USEC_NEVER, "ann", NOW, &passed, &err),
	    STW_CONFLICT, "number of its own");
	ck_assert_int_eq(ledger_changes("rejected"), 1);
}
END_TEST

/* A later version may be loaded early; whatever the order, one is in force at a time. */
START_TEST(versions_follow_one_another_by_their_instants)
{
	struct ruleset *rules;

	bring_in("2.0.0", NOW + 10 * DAY, NOW);
	bring_in("2.1.0", STW_USEC_NEVER, NOW + DAY);
	bring_in("2.2.0", NOW + 5 * DAY, NOW + 2 * DAY);
	ck_ok(pack_rules_load(t.db, &rules, &err));
	ck_assert_str_eq(version_at(rules, NOW), "none");
	ck_assert_str_eq(version_at(rules, NOW + DAY), "2.1.0");
	ck_assert_str_eq(version_at(rules, NOW + 5 * DAY - 1), "2.1.0");
	ck_assert_str_eq(version_at(rules, NOW + 5 * DAY), "2.2.0");
	ck_assert_str_eq(version_at(rules, NOW + 10 * DAY - 1), "2.2.0");
	ck_assert_str_eq(version_at(rules, NOW + 10 * DAY), "2.0.0");
	ck_assert_str_ne(
	    ruleset_hash(rules, NOW + DAY), ruleset_hash(rules, NOW + 5 * DAY));
	ruleset_free(rules);

	/* one that begins when another was to begin takes its place */
	bring_in("2.3.0", NOW + 10 * DAY, NOW + 3 * DAY);
	ck_ok(pack_rules_load(t.db, &rules, &err));
	ck_assert_str_eq(version_at(rules, NOW + 10 * DAY), "2.3.0");
	ruleset_free(rules);
}
END_TEST

/* What would not go with the packs in force is refused when it is submitted. */
START_TEST(a_version_has_to_go_with_the_others)
{
	struct pack_files files;
	bool added;
	int passed;

	ck_ok(pack_activate(
	    t.db, "cn", "1.0.1", NOW - DAY, "ann", "bob", NOW, &added, &err));
	ck_assert(added);
	ck_ok(pack_activate(
	    t.db, "cn", "1.0.1", NOW - DAY, "ann", "bob", NOW, &added, &err));
	ck_assert(!added);
	house("3.0.0", "CN-10", "文", good_test, &files); /* a rule of the law's pack */
	ck_ok(pack_store_load(t.db, &files, "ann", NOW, &added, &err));
	ck_fails(pack_store_submit(
		     t.db, "house", "3.0.0", STW_USEC_NEVER, "ann", NOW, &passed, &err),
	    STW_INVALID, "CN-10 is in force twice");
}
END_TEST

/* Scenario 95: other files than those approved are refused, and the rules in use stay;
 * where there are none yet, everything is blocked. */
START_TEST(files_that_were_changed_are_refused)
{
	const struct ruleset *first, *then, *none;
	struct gate_decision d;
	struct gate_facts f;
	struct server_rules held, fresh;
	enum gate_checkpoint checkpoint;
	stw_usec now, ttl;

	server_rules_init(&held);
	server_rules_init(&fresh);
	bring_in("4.0.0", STW_USEC_NEVER, NOW);
	ck_ok(server_rules_get(&held, t.db, NOW, &first, &err));
	ck_assert_str_eq(version_at(first, NOW), "4.0.0");
	ck_ok(server_rules_get(&held, t.db, NOW, &then, &err));
	ck_assert_ptr_eq(first, then); /* not loaded twice */

	bring_in("4.1.0", STW_USEC_NEVER, NOW + 1);
	ck_ok(server_rules_get(&held, t.db, NOW, &then, &err));
	ck_assert_ptr_ne(first, then); /* without a restart */
	ck_assert_str_eq(version_at(then, NOW + 1), "4.1.0");
	ck_assert_str_eq(
	    version_at(first, NOW + 1), "4.0.0"); /* who has it may go on */

	bring_in("4.2.0", STW_USEC_NEVER, NOW + 2);
	test_db_tamper(&t,
	    "UPDATE pack_file SET content = convert_to(replace(convert_from(content, "
	    "'UTF8'), 'BLOCK', 'BLOCK '), 'UTF8') WHERE version = '4.2.0' AND name = "
	    "'tests.jsonl'");
	ck_ok(server_rules_get(&held, t.db, NOW, &first, &err));
	ck_assert_ptr_eq(first, then); /* the old one stays */
	ck_fails(server_rules_get(&fresh, t.db, NOW, &first, &err), STW_INVALID,
	    "not those that were approved");

	none = server_rules_none(&fresh);
	ck_ok(facts_document_read(
	    STR_LIT("{}"), FACTS_FIXTURE, &arena, &f, &checkpoint, &now, &ttl, &err));
	gate_decide(none, &f, GATE_DIAL, now, ttl, &arena, &d);
	ck_assert_int_eq(d.outcome, GATE_BLOCK);
	ck_assert_int_eq(d.ncodes, 1);
	ck_assert_str_eq(d.codes[0], "PACK_UNVERIFIED");
	server_rules_fini(&held);
	server_rules_fini(&fresh);
}
END_TEST

/* ---- many who ask ------------------------------------------------------------------------ */
#define ASKERS 4

struct asker {
	struct server_rules *rules;
	struct db *db;
	atomic_bool *stop;
	int64_t asked, wrong;
	enum stw_code rc;
};

/* As a server's thread does: it gets rules and works with them, whoever loads others. */
static void *
ask_often(void *arg)
{
	struct asker *a = arg;
	const struct ruleset *rules;
	struct stw_err why;

	do {
		a->rc = server_rules_get(a->rules, a->db, NOW, &rules, &why);
		if (a->rc != STW_OK)
			break;
		a->wrong += strcmp(version_at(rules, NOW + DAY), "none") == 0 ||
			    server_rules_none(a->rules) == rules;
		a->asked++;
	} while (!atomic_load(a->stop));
	return NULL;
}

START_TEST(many_threads_get_rules_while_others_come_into_force)
{
	struct asker askers[ASKERS];
	pthread_t threads[ASKERS];
	const struct ruleset *last;
	struct server_rules rules;
	atomic_bool stop = false;
	char version[16];

	server_rules_init(&rules);
	bring_in("6.0.0", STW_USEC_NEVER, NOW);
	for (int i = 0; i < ASKERS; i++) {
		askers[i] = (struct asker){
		    .rules = &rules, .db = test_db_connect(&t), .stop = &stop};
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, ask_often, &askers[i]), 0);
	}
	for (int n = 1; n <= 4; n++) {
		(void)snprintf(version, sizeof version, "6.%d.0", n);
		bring_in(version, STW_USEC_NEVER, NOW + n);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < ASKERS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_int_eq(askers[i].rc, STW_OK);
		ck_assert_int_eq(askers[i].wrong, 0);
		ck_assert_int_gt(askers[i].asked, 0);
		db_close(askers[i].db);
	}
	ck_ok(server_rules_get(&rules, t.db, NOW, &last, &err));
	ck_assert_str_eq(version_at(last, NOW + DAY), "6.4.0");
	server_rules_fini(&rules);
}
END_TEST

/* An older version may come back; the binary need not have it any more. */
START_TEST(an_activation_keeps_the_files)
{
	struct pack_files files;
	bool added;

	ck_ok(pack_activate(
	    t.db, "house", "1.0.0", NOW - DAY, "ann", "bob", NOW, &added, &err));
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM pack_file WHERE pack = 'house'"),
	    3);
	ck_ok(pack_store_files(t.db, "house", "1.0.0", &arena, &files, &err));
	ck_assert_int_eq(files.count, 3);
}
END_TEST

START_TEST(a_difference_is_told_by_rules_and_members)
{
	struct pack_files a, b;
	struct buf out;

	house("5.0.0", "HS-02", "文", good_test, &a);
	house("5.1.0", "HS-02", "字", good_test, &b);
	buf_init(&out);
	ck_ok(pack_diff(&a, &b, &out, &err));
	ck_assert_str_eq(out.data,
	    "{\"added\":[],\"changed\":[{\"id\":\"HS-02\",\"effective\":[null,null],"
	    "\"members\":[\"text\"]}],\"files\":[],\"removed\":[]}");
	buf_clear(&out);
	house("5.2.0", "HS-03", "字", bad_test, &b);
	ck_ok(pack_diff(&a, &b, &out, &err));
	ck_assert_str_eq(out.data,
	    "{\"added\":[{\"id\":\"HS-03\",\"effective\":[null,null]}],\"changed\":[],"
	    "\"files\":[\"tests.jsonl\"],\"removed\":[{\"id\":\"HS-02\",\"effective\":["
	    "null,null]}]}");
	buf_fini(&out);
}
END_TEST

/* Scenario 85 at approval: refused, with the place; a negation passes. */
START_TEST(a_script_with_a_banned_claim_is_not_approved)
{
	static const struct {
		const char *body, *want; /* NULL: approved */
		int line, column;
	} rows[] = {{"您好，\n本产品保\xe2\x80\x8b本，收益可观。",
			"SCRIPT_BANNED_TERM (CN-28): 保本", 2, 4},
	    {"穩賺不賠", "SCRIPT_BANNED_TERM", 1, 1},
	    {"本产品不保本，投资须谨慎。", NULL, 0, 0},
	    {"您好 {{customer}}", "nobody fills in {{customer}}", 1, 4},
	    {"您好，{{product_name}}到期了", NULL, 0, 0}};
	bool added;

	ck_ok(pack_activate(
	    t.db, "cn", "1.0.1", NOW - DAY, "ann", "bob", NOW, &added, &err));
	for (size_t i = 0; i < STW_ARRAY_LEN(rows); i++) {
		const char *code = arena_printf(&arena, "script_%zu", i);
		int version;

		ck_ok(script_put(
		    t.db, code, "zh-CN", rows[i].body, "ann", NOW, &version, &err));
		err = (struct stw_err){0};
		if (rows[i].want == NULL) {
			ck_ok(script_approve(t.db, code, version, "bob", NOW, &err));
			continue;
		}
		ck_fails(script_approve(t.db, code, version, "bob", NOW, &err),
		    STW_INVALID, rows[i].want);
		ck_assert_msg(err.line == rows[i].line && err.column == rows[i].column,
		    "%s: %d:%d", err.text, err.line, err.column);
	}
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM script WHERE state = 'approved'"),
	    2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pack_store");
	TCase *tc = tcase_create("pack_store");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_pack_comes_into_force_by_two_people);
	tcase_add_test(tc, a_pack_whose_tests_fail_is_not_submitted);
	tcase_add_test(tc, a_rejected_version_stays_rejected);
	tcase_add_test(tc, versions_follow_one_another_by_their_instants);
	tcase_add_test(tc, a_version_has_to_go_with_the_others);
	tcase_add_test(tc, files_that_were_changed_are_refused);
	tcase_add_test(tc, many_threads_get_rules_while_others_come_into_force);
	tcase_add_test(tc, an_activation_keeps_the_files);
	tcase_add_test(tc, a_difference_is_told_by_rules_and_members);
	tcase_add_test(tc, a_script_with_a_banned_claim_is_not_approved);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
