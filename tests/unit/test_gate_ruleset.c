/*
 * Rules in memory: packs that are joined, files that are not those approved, rules that cannot
 * be read, what a rule means that its kind names; and the class of each reason code, typed
 * from the catalogue.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/facts_priv.h"
#include "campaigns/compliance/gate_priv.h"

#define NOW FACTS_DEFAULT_NOW

static struct arena arena;
static struct stw_err err;

static void
setup(void)
{
	arena_init(&arena);
}

static void
teardown(void)
{
	arena_fini(&arena);
}

/* A pack of one rule: id, kind, layer, effective, applies, params, reason, outcome. */
struct one_rule {
	const char *id, *effective, *applies, *kind, *params, *reason, *outcome;
};

static const struct one_rule sound = {.id = "T-1",
    .effective = "[null,null]",
    .applies = "true",
    .kind = "campaign_state",
    .params = "\"check\":\"active\"",
    .reason = "\"CAMPAIGN_NOT_ACTIVE\"",
    .outcome = "BLOCK"};

static struct pack_files *
files_of(const char *pack, const struct one_rule *r)
{
	struct pack_files *files = arena_alloc(&arena, sizeof *files);
	const char *text = arena_printf(&arena,
	    "{\"pack\":\"%s\",\"version\":\"1.0.0\",\"name\":{\"zh\":\"x\",\"en\":\"x\"},"
	    "\"zone\":\"Asia/Shanghai\",\"rules\":[{\"id\":\"%s\",\"kind\":\"%s\","
	    "\"layer\":\"policy\",\"effective\":%s,\"applies\":\"%s\",\"params\":{%s},"
	    "\"gates\":[\"P\",\"D\",\"C\"],\"reason\":[%s],\"outcome\":\"%s\","
	    "\"text\":{\"zh\":\"x\",\"en\":\"x\"},\"cite\":{\"text\":\"x\",\"source\":"
	    "\"x\",\"grade\":\"D\",\"checked\":\"2026-11-23\"}}]}",
	    pack, r->id, r->kind, r->effective, r->applies, r->params, r->reason,
	    r->outcome);

	*files = (struct pack_files){.id = pack, .version = "1.0.0"};
	ck_assert_int_eq(
	    pack_files_add(files, "pack.json", str_of(text), &err), STW_OK);
	ck_assert_int_eq(
	    pack_files_add(files, "tests.jsonl", STR_LIT("\n"), &err), STW_OK);
	ck_assert_int_eq(
	    pack_files_add(files, "SOURCES.md", STR_LIT("x\n"), &err), STW_OK);
	ck_assert_int_eq(pack_files_finish(files, &err), STW_OK);
	return files;
}

static struct pack_source
source_of(const char *pack, const struct one_rule *r, stw_usec from, stw_usec to)
{
	return (struct pack_source){{pack, "1.0.0", from, to}, files_of(pack, r), NULL};
}

static struct ruleset *
load(const struct pack_source *sources, int n)
{
	struct ruleset *rules = NULL;

	ck_assert_msg(
	    ruleset_load_sources(sources, n, &rules, &err) == STW_OK, "%s", err.text);
	return rules;
}

static const struct gate_hit *
asked(const struct ruleset *rules, stw_usec at, const char *id)
{
	struct gate_decision d;
	struct gate_facts facts;

	facts_fixture(&arena, &facts);
	facts.campaign_active = false;
	gate_decide(rules, &facts, GATE_DIAL, at, STW_USEC_HOUR, &arena, &d);
	for (int i = 0; i < d.nhits; i++)
		if (strcmp(d.hits[i].rule_id, id) == 0)
			return &d.hits[i];
	return NULL;
}

/* ---- what is refused ----------------------------------------------------------------------- */
START_TEST(files_are_those_that_were_approved)
{
	struct pack_source source =
	    source_of("a", &sound, STW_USEC_NEVER, STW_USEC_MAX);
	struct ruleset *rules = NULL;
	char hash[65];

	pack_files_hash(source.files, hash);
	source.hash_hex = hash;
	ruleset_free(load(&source, 1));
	hash[0] = hash[0] == '0' ? '1' : '0';
	ck_assert_int_eq(ruleset_load_sources(&source, 1, &rules, &err), STW_INVALID);
	ck_assert_ptr_null(rules);
	ck_assert_ptr_nonnull(strstr(err.text, "not those that were approved"));
}
END_TEST

static const struct {
	struct one_rule rule;
	const char *want;
} unread[] = {
    {{"T-1", "[null,null]", "no_such_thing == 1", "campaign_state",
	 "\"check\":\"active\"", "\"CAMPAIGN_NOT_ACTIVE\"", "BLOCK"},
	"rule T-1: applies"},
    {{"T-1", "[null,null]", "true", "expression", "\"allow\":\"no_such_thing == 1\"",
	 "\"CAMPAIGN_NOT_ACTIVE\"", "BLOCK"},
	"rule T-1: allow"},
};

START_TEST(a_rule_that_cannot_be_compiled_is_named)
{
	const struct pack_source source =
	    source_of("a", &unread[_i].rule, STW_USEC_NEVER, STW_USEC_MAX);
	struct ruleset *rules = NULL;

	ck_assert_int_eq(ruleset_load_sources(&source, 1, &rules, &err), STW_INVALID);
	ck_assert_ptr_null(rules);
	ck_assert_msg(strstr(err.text, unread[_i].want) != NULL, "%s", err.text);
}
END_TEST

/* pack a until, pack b from and until; does the one id mean two rules at a time? */
static const struct {
	stw_usec a_from, a_to, b_from, b_to;
	bool twice;
} twins[] = {
    {0, 100, 100, 200, false},
    {0, 100, 99, 200, true},
    {100, 200, 0, 100, false},
    {100, 200, 0, 101, true},
    {0, 100, 0, 100, true},
};

START_TEST(a_rule_id_means_one_rule_at_a_time)
{
	const struct pack_source sources[] = {
	    source_of("a", &sound, twins[_i].a_from, twins[_i].a_to),
	    source_of("b", &sound, twins[_i].b_from, twins[_i].b_to)};
	struct ruleset *rules = NULL;
	enum stw_code rc = ruleset_load_sources(sources, 2, &rules, &err);

	ck_assert_int_eq(rc, twins[_i].twice ? STW_INVALID : STW_OK);
	if (twins[_i].twice)
		ck_assert_ptr_nonnull(strstr(err.text, "in force twice"));
	ruleset_free(rules);
}
END_TEST

/* ---- when a rule is in force ----------------------------------------------------------------- */
/* The rule's days and those of its pack's use: both have to hold. */
START_TEST(a_rule_is_asked_while_it_and_its_pack_are_in_force)
{
	const stw_usec day = STW_USEC_DAY, from = NOW - 2 * STW_USEC_HOUR;
	struct one_rule r = sound;
	struct pack_source source;
	struct ruleset *rules;

	/* The rule of one day, the pack of more. */
	r.effective = "[\"2026-11-23\",\"2026-11-24\"]";
	source = source_of("a", &r, NOW - 3 * day, NOW + 3 * day);
	rules = load(&source, 1);
	ck_assert_ptr_null(asked(rules, NOW - 10 * STW_USEC_HOUR - 1, "T-1"));
	ck_assert_ptr_nonnull(asked(rules, NOW - 10 * STW_USEC_HOUR, "T-1"));
	ck_assert_ptr_nonnull(asked(rules, NOW + 14 * STW_USEC_HOUR - 1, "T-1"));
	ck_assert_ptr_null(asked(rules, NOW + 14 * STW_USEC_HOUR, "T-1"));
	ck_assert_int_eq(ruleset_next_change(rules, NOW - 10 * STW_USEC_HOUR),
	    NOW + 14 * STW_USEC_HOUR);
	ck_assert_int_eq(ruleset_next_change(rules, NOW - 10 * STW_USEC_HOUR - 1),
	    NOW - 10 * STW_USEC_HOUR);
	ck_assert_int_eq(ruleset_next_change(rules, NOW + 3 * day), STW_USEC_MAX);
	ruleset_free(rules);
	/* The pack of some hours, the rule of that day. */
	source = source_of("a", &r, from, NOW + STW_USEC_HOUR);
	rules = load(&source, 1);
	ck_assert_ptr_null(asked(rules, from - 1, "T-1"));
	ck_assert_ptr_nonnull(asked(rules, from, "T-1"));
	ck_assert_ptr_nonnull(asked(rules, NOW + STW_USEC_HOUR - 1, "T-1"));
	ck_assert_ptr_null(asked(rules, NOW + STW_USEC_HOUR, "T-1"));
	ruleset_free(rules);
}
END_TEST

START_TEST(a_rule_is_found_by_its_id)
{
	const struct pack_source source =
	    source_of("a", &sound, STW_USEC_NEVER, STW_USEC_MAX);
	struct ruleset *rules = load(&source, 1);

	ck_assert_str_eq(ruleset_find(rules, "T-1")->kind, "campaign_state");
	ck_assert_str_eq(ruleset_find(rules, "SYS-05")->code, "CLOCK_UNTRUSTED");
	ck_assert_ptr_null(ruleset_find(rules, "T-2"));
	ruleset_free(rules);
}
END_TEST

/* Which windows of abandoned calls have to be counted before the gate can be asked: each once,
 * only those of the way calls are placed, and no more than there is room for. */
START_TEST(the_windows_of_abandoned_calls_are_told_by_the_rules)
{
	static const char *const params[] = {"\"basis_points\":300,\"hours\":720",
	    "\"basis_points\":500,\"hours\":24,\"modes\":[\"predictive\",\"preview\"]",
	    "\"basis_points\":200,\"hours\":720", "\"check\":\"active\""};
	struct pack_source sources[STW_ARRAY_LEN(params)];
	struct ruleset *rules;
	int64_t hours[2] = {0, 0};

	for (int i = 0; i < (int)STW_ARRAY_LEN(params); i++) {
		struct one_rule r = sound;

		r.id = arena_printf(&arena, "T-%d", i);
		r.params = params[i];
		r.kind = i < 3 ? "ratio_limit" : "campaign_state";
		sources[i] = source_of(
		    arena_printf(&arena, "p%d", i), &r, STW_USEC_NEVER, STW_USEC_MAX);
	}
	rules = load(sources, (int)STW_ARRAY_LEN(sources));
	ck_assert_uint_eq(
	    ruleset_ratio_hours(rules, GATE_DIAL_PREDICTIVE, hours, 2), 2);
	ck_assert_int_eq(hours[0] + hours[1], 720 + 24);
	ck_assert_uint_eq(ruleset_ratio_hours(rules, GATE_DIAL_PREVIEW, hours, 2), 1);
	ck_assert_int_eq(hours[0], 24);
	ck_assert_uint_eq(ruleset_ratio_hours(rules, GATE_DIAL_MANUAL, hours, 2), 0);
	hours[1] = -1;
	ck_assert_uint_eq(
	    ruleset_ratio_hours(rules, GATE_DIAL_PREDICTIVE, hours, 1), 1);
	ck_assert_int_eq(hours[1], -1);
	ruleset_free(rules);
}
END_TEST

/* Days of an expression are those of the contact's own zone. */
START_TEST(a_scope_sees_the_day_where_the_contact_is)
{
	struct one_rule r = sound;
	struct pack_source source;
	struct ruleset *rules;

	r.applies = "today == date(\\\"2026-11-24\\\")";
	source = source_of("a", &r, STW_USEC_NEVER, STW_USEC_MAX);
	rules = load(&source, 1);
	ck_assert_ptr_null(asked(rules, NOW + 14 * STW_USEC_HOUR - 1, "T-1"));
	ck_assert_ptr_nonnull(asked(rules, NOW + 14 * STW_USEC_HOUR, "T-1"));
	ruleset_free(rules);
}
END_TEST

/* ---- reasons --------------------------------------------------------------------------------- */
/* Section 3 of the catalogue: what follows from each code; of those that are only incidents,
 * nothing. All others block. */
static const struct {
	enum gate_outcome outcome;
	const char *codes;
} classes[] = {
    {GATE_UNSET, "LATE_WITHDRAWAL_CONTACT REVOCATION_SLA_BREACH CONTACT_WITHOUT_TASK "
		 "TASK_WITHOUT_CONTACT QUEUE_GONE"},
    {GATE_INFO, "RULESET_CHANGED OVERRIDE_APPLIED PURPOSE_MIXED"},
    {GATE_WARN, "CALL_RAN_PAST_WINDOW NUMBER_ATTESTATION_LOW"},
    {GATE_REQUIRE, "DISCLOSURE_MISSING DUAL_RECORDING_REQUIRED"},
    {GATE_REVIEW,
	"TZ_UNKNOWN CALENDAR_NOT_COVERED REASSIGNED_NO_DATA CONTACT_POINT_UNVERIFIED "
	"SHARED_NUMBER_REVIEW ELDER_EXTRA_APPROVAL DATA_MISSING_DOB"},
    {GATE_DEFER,
	"CONSENT_REASK_COOLDOWN DNC_SCRUB_STALE REGISTRY_UNAVAILABLE REFUSAL_COOLDOWN "
	"QUIET_HOURS BLACKOUT_DAY CUSTOMER_TIME_PREFERENCE FREQ_CAP_24H FREQ_CAP_DAY "
	"FREQ_CAP_7D FREQ_CAP_WEEK FREQ_CAP_30D MIN_INTERVAL POST_CONVERSATION_COOLDOWN "
	"CROSS_CHANNEL_CAP NUMBER_LICENSE_NOT_YET_VALID NUMBER_DAILY_CAP "
	"NUMBER_LABELED_SPAM COMPLAINT_OPEN_HOLD ABANDON_RATE_EXCEEDED ABANDONED_72H "
	"DECISION_EXPIRED"},
};

static bool
names(const char *list, const char *code)
{
	size_t len = strlen(code);

	for (const char *at = strstr(list, code); at != NULL; at = strstr(at + 1, code))
		if ((at == list || at[-1] == ' ') &&
		    (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

START_TEST(a_code_means_what_the_catalogue_says)
{
	const struct reason *all;
	int n = reason_all(&all);

	for (int i = 0; i < n; i++) {
		enum gate_outcome want = GATE_BLOCK;

		for (size_t k = 0; k < STW_ARRAY_LEN(classes); k++)
			if (names(classes[k].codes, all[i].code))
				want = classes[k].outcome;
		ck_assert_msg(all[i].outcome == want, "%s means %s", all[i].code,
		    gate_outcome_name(all[i].outcome));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gate_ruleset");
	TCase *tc = tcase_create("gate_ruleset");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, files_are_those_that_were_approved);
	tcase_add_loop_test(
	    tc, a_rule_that_cannot_be_compiled_is_named, 0, (int)STW_ARRAY_LEN(unread));
	tcase_add_loop_test(
	    tc, a_rule_id_means_one_rule_at_a_time, 0, (int)STW_ARRAY_LEN(twins));
	tcase_add_test(tc, a_rule_is_asked_while_it_and_its_pack_are_in_force);
	tcase_add_test(tc, a_rule_is_found_by_its_id);
	tcase_add_test(tc, the_windows_of_abandoned_calls_are_told_by_the_rules);
	tcase_add_test(tc, a_scope_sees_the_day_where_the_contact_is);
	tcase_add_test(tc, a_code_means_what_the_catalogue_says);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
