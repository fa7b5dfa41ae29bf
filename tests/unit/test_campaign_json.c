/* Campaign documents: what is wrong is said with its place. */
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <sodium.h>

#include "campaigns/campaign.h"

#define HEAD                                                              \
	"\"code\":\"care\",\"name\":{\"zh\":\"关怀\",\"en\":\"Care\"}," \
	"\"purpose\":\"MARKETING\",\"occurrence\":\"'once'\""
#define HEAD_NO_OCCURRENCE                                                \
	"\"code\":\"care\",\"name\":{\"zh\":\"关怀\",\"en\":\"Care\"}," \
	"\"purpose\":\"MARKETING\""
#define ON(trigger) \
	"{" HEAD_NO_OCCURRENCE "," AUDIENCE "," STEP ",\"trigger\":" trigger "}"
#define STEP                                                                       \
	"\"step\":{\"code\":\"call\",\"channel\":\"VOICE\",\"handler\":\"agent\"," \
	"\"queue\":\"q\",\"number_pool\":\"p\",\"script\":\"s\"}"
#define NEEDING(needs)                                                             \
	"\"step\":{\"code\":\"call\",\"channel\":\"VOICE\",\"handler\":\"agent\"," \
	"\"queue\":\"q\",\"number_pool\":\"p\",\"script\":\"s\",\"needs\":" needs "}"
#define NEEDS                                                                \
	"{\"skills\":[{\"code\":\"fund_sales\",\"level\":2}],\"languages\":" \
	"[\"zh-CN\"],\"licences\":[\"sales\",\"fund\"]}"
#define AUDIENCE "\"audience\":\"customer.age > 30\""

static const struct rule_env *
env_of(struct arena *arena)
{
	const struct rule_field fields[] = {{"age", rule_type_basic(RULE_INT)},
	    {"aum", rule_type_basic(RULE_MONEY)}, {"due", rule_type_basic(RULE_DATE)}};
	struct rule_env *env = rule_env_new(arena);

	(void)rule_env_var(
	    env, "customer", rule_type_object(arena, "Customer", fields, 3));
	return env;
}

/* document, wanted part of the message ("" for none), line, column */
static const struct doc_case {
	const char *name, *text, *message;
	int line, column;
} docs[] = {
    {"complete", "{" HEAD "," AUDIENCE "," STEP "}", "", 0, 0},
    {"not JSON", "{\"code\": }", "not JSON", 1, 0},
    {"a list", "[]", "JSON object", 0, 0},
    {"slip of the pen", "{" HEAD "," AUDIENCE "," STEP ",\"prioritty\":1}",
	"/prioritty: no such field", 0, 0},
    {"no audience", "{" HEAD "," STEP "}", "/audience: is missing", 0, 0},
    {"unknown trait", "{" HEAD ",\"audience\":\"customer.agee > 30\"," STEP "}",
	"/audience: ", 1, 10},
    {"audience is no yes or no", "{" HEAD ",\"audience\":\"customer.age\"," STEP "}",
	"/audience: ", 1, 0},
    {"purpose",
	"{\"code\":\"care\",\"name\":{\"zh\":\"x\",\"en\":\"x\"},"
	"\"purpose\":\"ADS\"}",
	"'ADS' is not one of MARKETING", 0, 0},
    {"hold-out of all", "{" HEAD "," AUDIENCE "," STEP ",\"hold_out_bp\":10000}",
	"/hold_out_bp: must be a whole number 0 to 5000", 0, 0},
    {"needs", "{" HEAD "," AUDIENCE "," NEEDING(NEEDS) "}", "", 0, 0},
    {"a need that is none", "{" HEAD "," AUDIENCE "," NEEDING("{\"skill\":[]}") "}",
	"/step/needs/skill: no such field", 0, 0},
    {"a skill without a code",
	"{" HEAD "," AUDIENCE "," NEEDING("{\"skills\":[{\"level\":2}]}") "}",
	"/step/needs/skills/0: must have a code", 0, 0},
    {"a level above all",
	"{" HEAD "," AUDIENCE
	"," NEEDING("{\"skills\":[{\"code\":\"x\",\"level\":6}]}") "}",
	"/step/needs/skills/level: must be a whole number 1 to 5", 0, 0},
    {"a language with a space",
	"{" HEAD "," AUDIENCE "," NEEDING("{\"languages\":[\"zh CN\"]}") "}",
	"/step/needs/languages/0: must be a word", 0, 0},
    {"licences that are no list",
	"{" HEAD "," AUDIENCE "," NEEDING("{\"licences\":\"fund\"}") "}",
	"/step/needs/licences: must be a list", 0, 0},
    {"kinds of sensitive data",
	"{" HEAD "," AUDIENCE "," STEP ",\"sensitive\":[\"financial_account\"]}", "", 0,
	0},
    {"a kind that is no list",
	"{" HEAD "," AUDIENCE "," STEP ",\"sensitive\":\"health\"}",
	"/sensitive: must be a list", 0, 0},
    {"a kind that is no word",
	"{" HEAD "," AUDIENCE "," STEP ",\"sensitive\":[\"Health\"]}",
	"/sensitive/0: ", 0, 0},
    {"window backwards",
	"{" HEAD "," AUDIENCE
	",\"step\":{\"code\":\"call\",\"channel\":\"VOICE\",\"handler\":\"agent\","
	"\"queue\":\"q\",\"number_pool\":\"p\",\"script\":\"s\","
	"\"window\":{\"from\":\"18:00\",\"to\":\"09:00\"}}}",
	"/step/window: from 18:00 must be before to 09:00", 0, 0},
    {"code", "{\"code\":\"Care!\"}", "/code: 'Care!'", 0, 0},
    {"a date starts it", ON("{\"on\":\"date\",\"trait\":\"due\",\"offset_days\":-7}"),
	"", 0, 0},
    {"neither trigger nor occurrence", "{" HEAD_NO_OCCURRENCE "," AUDIENCE "," STEP "}",
	"/occurrence: is missing", 0, 0},
    {"both",
	"{" HEAD "," AUDIENCE "," STEP
	",\"trigger\":{\"on\":\"date\",\"trait\":\"due\"}}",
	"/occurrence: leave it out", 0, 0},
    {"a trigger of nothing", ON("{}"), "/trigger/on: is missing", 0, 0},
    {"a trigger that is a word", ON("\"date\""), "/trigger: must be an object", 0, 0},
    {"an unknown trigger", ON("{\"on\":\"moon\"}"),
	"/trigger/on: 'moon' is not one of segment_entered, segment_left", 0, 0},
    {"another trigger's member", ON("{\"on\":\"date\",\"segment\":\"x\"}"),
	"/trigger/segment: no such field", 0, 0},
    {"an offset of what has none",
	ON("{\"on\":\"event\",\"kind\":\"x\",\"offset_days\":1}"),
	"/trigger/offset_days: no such field", 0, 0},
    {"no days", ON("{\"on\":\"date\",\"trait\":\"due\",\"within_days\":0}"),
	"/trigger/within_days: must be a whole number 1 to 90", 0, 0},
    {"a trait that is no date", ON("{\"on\":\"date\",\"trait\":\"age\"}"),
	"/trigger/trait: ", 0, 0},
    {"a name that is none", ON("{\"on\":\"date\",\"trait\":\"due || true\"}"),
	"/trigger/trait: lower-case letters", 0, 0},
};

START_TEST(documents_are_checked)
{
	const struct doc_case *c = &docs[_i];
	struct stw_err err = {0};
	struct campaign campaign;
	struct arena arena;
	struct buf canonical;
	enum stw_code rc;

	arena_init(&arena);
	buf_init(&canonical);
	rc = campaign_parse(
	    str_of(c->text), env_of(&arena), &arena, &campaign, &canonical, &err);
	if (c->message[0] == '\0') {
		ck_assert_msg(rc == STW_OK, "%s: %s", c->name, err.text);
		ck_assert_str_eq(campaign.step.queue, "q");
		ck_assert_int_eq(campaign.step.window_to, 1440);
		ck_assert_uint_eq(strlen(campaign.hash_hex), 64);
	} else {
		ck_assert_msg(rc == STW_INVALID, "%s: accepted", c->name);
		ck_assert_msg(
		    strstr(err.text, c->message) != NULL, "%s: %s", c->name, err.text);
		ck_assert_msg(c->line == 0 || err.line == c->line, "%s: line %d",
		    c->name, err.line);
		ck_assert_msg(c->column == 0 || err.column == c->column,
		    "%s: column %d", c->name, err.column);
	}
	buf_fini(&canonical);
	arena_fini(&arena);
}
END_TEST

START_TEST(the_same_content_has_the_same_hash_whatever_its_layout)
{
	struct campaign a, b;
	struct arena arena;

	arena_init(&arena);
	ck_assert_int_eq(campaign_parse(str_of("{" HEAD "," AUDIENCE "," STEP "}"),
			     env_of(&arena), &arena, &a, NULL, NULL),
	    STW_OK);
	ck_assert_int_eq(campaign_parse(str_of("{ " STEP " ,\n" AUDIENCE "," HEAD "}"),
			     env_of(&arena), &arena, &b, NULL, NULL),
	    STW_OK);
	ck_assert_str_eq(a.hash_hex, b.hash_hex);
	arena_fini(&arena);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("campaign_json");
	TCase *tc = tcase_create("documents");
	SRunner *runner;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_add_loop_test(tc, documents_are_checked, 0, (int)STW_ARRAY_LEN(docs));
	tcase_add_test(tc, the_same_content_has_the_same_hash_whatever_its_layout);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
