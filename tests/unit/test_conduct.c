/* What may be said in a conversation: which rules count there, and their words. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/compliance/conduct.h"
#include "campaigns/compliance/facts_json.h"

static struct arena arena;
static struct ruleset *rules;

static void
setup(void)
{
	struct stw_err err = {0};

	arena_init(&arena);
	ck_assert_msg(ruleset_load_embedded(&rules, &err) == STW_OK, "%s", err.text);
}

static void
teardown(void)
{
	ruleset_free(rules);
	arena_fini(&arena);
}

static struct gate_facts
facts_of(const char *document, stw_usec *now)
{
	struct gate_facts facts;
	enum gate_checkpoint checkpoint;
	struct stw_err err = {0};
	stw_usec ttl;

	ck_assert_msg(facts_document_read(str_of(document), FACTS_FIXTURE, &arena,
			  &facts, &checkpoint, now, &ttl, &err) == STW_OK,
	    "%s: %s", document, err.text);
	return facts;
}

/* name, facts; the gate's first code for the call; what is against it in a conversation. */
static const struct {
	const char *name, *document, *gate, *talk;
} cases[] = {
    {"nothing is against it", "{}", NULL, NULL},
    {"no caller number", "{\"facts\":{\"number\":null}}", "NUMBER_NOT_REGISTERED",
	NULL},
    {"at night", "{\"now\":\"2026-11-23T23:00:00+08:00\"}", "QUIET_HOURS", NULL},
    {"half an hour after a call",
	"{\"facts\":{\"counts\":[{\"at\":\"2026-11-23T09:45:00+08:00\"}]}}",
	"MIN_INTERVAL", NULL},
    {"a number nobody verified", "{\"facts\":{\"point\":{\"verified\":false}}}",
	"CONTACT_POINT_UNVERIFIED", NULL},
    {"consent withdrawn",
	"{\"facts\":{\"consents\":[{},{\"action\":\"withdraw\",\"effective_at\":"
	"\"2026-11-01T00:00:00Z\",\"recorded_at\":\"2026-11-01T00:00:00Z\"}]}}",
	"CONSENT_WITHDRAWN", "CONSENT_WITHDRAWN"},
    {"asked not to be called", "{\"facts\":{\"objections\":[{}]}}", "DNC_INTERNAL",
	"DNC_INTERNAL"},
    {"riskier than the rating", "{\"facts\":{\"product\":{\"risk\":5}}}",
	"SUITABILITY_EXCEEDED", "SUITABILITY_EXCEEDED"},
    {"a complaint is open", "{\"facts\":{\"party\":{\"complaint_open\":true}}}",
	"COMPLAINT_OPEN_HOLD", "COMPLAINT_OPEN_HOLD"},
    {"withdrew lately, and would be asked again",
	"{\"facts\":{\"purpose\":\"CONSENT_REQUEST\",\"consents\":[{},{\"action\":"
	"\"withdraw\",\"effective_at\":\"2026-11-01T00:00:00Z\",\"recorded_at\":"
	"\"2026-11-01T00:00:00Z\"}]}}",
	"CONSENT_REASK_COOLDOWN", "CONSENT_REASK_COOLDOWN"},
};

static bool
has(const char *const *list, int n, const char *code)
{
	for (int i = 0; i < n; i++)
		if (strcmp(list[i], code) == 0)
			return true;
	return false;
}

START_TEST(rules_about_making_a_call_do_not_count_in_one_that_there_is)
{
	stw_usec now;
	struct gate_facts facts = facts_of(cases[_i].document, &now);
	struct gate_decision d;
	struct conduct_answer answer;

	gate_decide(rules, &facts, GATE_DISPATCH, now, 0, &arena, &d);
	conduct_talk(rules, &d, &arena, &answer);
	if (cases[_i].gate == NULL)
		ck_assert_msg(d.allowed, "%s: %s", cases[_i].name, d.primary);
	else
		ck_assert_msg(has(d.codes, d.ncodes, cases[_i].gate), "%s: %s",
		    cases[_i].name, d.primary != NULL ? d.primary : "allowed");
	ck_assert_msg(answer.allowed == (cases[_i].talk == NULL), "%s: %s",
	    cases[_i].name, answer.nagainst > 0 ? answer.against[0] : "allowed");
	if (cases[_i].talk != NULL)
		ck_assert_msg(has(answer.against, answer.nagainst, cases[_i].talk),
		    "%s: %s", cases[_i].name, answer.against[0]);
}
END_TEST

START_TEST(without_packs_nothing_may_be_said)
{
	struct ruleset *none;
	struct stw_err err = {0};
	stw_usec now;
	struct gate_facts facts = facts_of("{}", &now);
	struct gate_decision d;
	struct conduct_answer answer;

	ck_assert_int_eq(ruleset_load(NULL, 0, &none, &err), STW_OK);
	gate_decide(none, &facts, GATE_DISPATCH, now, 0, &arena, &d);
	conduct_talk(none, &d, &arena, &answer);
	ck_assert(!answer.allowed);
	ck_assert_str_eq(answer.against[0], "PACK_UNVERIFIED");
	ruleset_free(none);
}
END_TEST

static const struct conduct_rule *
rule_find(const struct conduct_rule *list, int n, enum conduct_kind kind)
{
	for (int i = 0; i < n; i++)
		if (list[i].kind == kind)
			return &list[i];
	return NULL;
}

START_TEST(the_words_are_those_of_the_rules_that_are_asked)
{
	const struct conduct_rule *list, *banned;
	stw_usec now;
	struct gate_facts facts = facts_of("{}", &now);
	int n = conduct_rules(rules, &facts, GATE_DIAL, now, &arena, &list);

	banned = rule_find(list, n, CONDUCT_BANNED);
	ck_assert_ptr_nonnull(banned);
	ck_assert_str_eq(banned->rule->id, "CN-28");
	ck_assert(has(banned->items, banned->count, "保本"));
	ck_assert_ptr_null(rule_find(list, n, CONDUCT_DISCLOSURE));
	/* Marketing by text says how to opt out; a service call has no banned claims. */
	facts = facts_of("{\"facts\":{\"channel\":\"SMS\"}}", &now);
	n = conduct_rules(rules, &facts, GATE_DIAL, now, &arena, &list);
	ck_assert_str_eq(rule_find(list, n, CONDUCT_DISCLOSURE)->items[0], "opt_out");
	facts = facts_of("{\"facts\":{\"purpose\":\"SERVICE\"}}", &now);
	n = conduct_rules(rules, &facts, GATE_DIAL, now, &arena, &list);
	ck_assert_ptr_null(rule_find(list, n, CONDUCT_BANNED));
}
END_TEST

static Suite *
conduct_suite(void)
{
	Suite *suite = suite_create("conduct");
	TCase *tc = tcase_create("conduct");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc,
	    rules_about_making_a_call_do_not_count_in_one_that_there_is, 0,
	    (int)STW_ARRAY_LEN(cases));
	tcase_add_test(tc, without_packs_nothing_may_be_said);
	tcase_add_test(tc, the_words_are_those_of_the_rules_that_are_asked);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(conduct_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
