/* What may be allowed of what a decision says, and with which words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/compliance/reason.h"
#include "campaigns/override.h"
#include "engine/buf.h"

static const struct override_answer said[] = {
    {"CN-26b", "ELDER_EXTRA_APPROVAL", "law", "REVIEW"},
    {"HS-31", "ELDER_EXTRA_APPROVAL", "policy", "REVIEW"},
    {"CN-01", "CONSENT_MISSING", "law", "BLOCK"},
    {"HS-23", "NUMBER_PURPOSE_MISMATCH", "policy", "BLOCK"},
    {"CN-13", "NUMBER_PURPOSE_MISMATCH", "regulator", "BLOCK"},
    {"HS-07", "CHANNEL_OPT_OUT", "policy", "BLOCK"},
    {"SYS-05", "CLOCK_UNTRUSTED", "policy", "BLOCK"},
    {"CN-18", "QUIET_HOURS", "policy", "DEFER"},
};

static const struct choice_case {
	const char *name, *code, *rule;
	enum stw_code want;
	enum override_kind kind;
	const char *bound; /* rule of the choice; NULL: none */
	const char *text;  /* of the error */
} choices[] = {
    {"a review binds no rule", "ELDER_EXTRA_APPROVAL", NULL, STW_OK, OVERRIDE_REVIEW,
	NULL, NULL},
    {"a review of one rule", "ELDER_EXTRA_APPROVAL", "HS-31", STW_OK, OVERRIDE_REVIEW,
	"HS-31", NULL},
    {"the law's block is nobody's", "CONSENT_MISSING", NULL, STW_CONFLICT, 0, NULL,
	"layer law"},
    {"nor is it when named", "CONSENT_MISSING", "CN-01", STW_CONFLICT, 0, NULL,
	"layer law"},
    {"the regulator's neither", "NUMBER_PURPOSE_MISMATCH", "CN-13", STW_CONFLICT, 0,
	NULL, "layer regulator"},
    {"of several rules one is named", "NUMBER_PURPOSE_MISMATCH", NULL, STW_INVALID, 0,
	NULL, "several rules"},
    {"the house's, named", "NUMBER_PURPOSE_MISMATCH", "HS-23", STW_OK, OVERRIDE_POLICY,
	"HS-23", NULL},
    {"the house's, the only one", "CHANNEL_OPT_OUT", NULL, STW_OK, OVERRIDE_POLICY,
	"HS-07", NULL},
    {"the engine's own", "CLOCK_UNTRUSTED", NULL, STW_CONFLICT, 0, NULL,
	"engine's own"},
    {"a deferral comes by itself", "QUIET_HOURS", NULL, STW_CONFLICT, 0, NULL, "DEFER"},
    {"what was not said", "DNC_INTERNAL", NULL, STW_INVALID, 0, NULL, "does not say"},
    {"not by that rule", "CHANNEL_OPT_OUT", "HS-31", STW_INVALID, 0, NULL, "by rule"},
};

START_TEST(only_reviews_and_policy_are_for_persons)
{
	const struct choice_case *c = &choices[_i];
	struct override_choice got;
	struct stw_err err = {0};
	enum stw_code rc = override_choose(
	    said, (int)STW_ARRAY_LEN(said), c->code, c->rule, &got, &err);

	ck_assert_msg(rc == c->want, "%s: %s", c->name, err.text);
	if (rc != STW_OK) {
		ck_assert_msg(
		    strstr(err.text, c->text) != NULL, "%s: %s", c->name, err.text);
		return;
	}
	ck_assert_msg(got.kind == c->kind, "%s", c->name);
	ck_assert_pstr_eq(got.rule, c->bound);
	ck_assert_str_eq(got.answer->code, c->code);
}
END_TEST

static const struct reason_case {
	const char *text;
	bool good;
} reasons[] = {
    {"asked by the customer in writing", true},
    {"客户书面申请，支行长已面谈核实", true},
    {"case C-77/2026 of 2026-11-23", true},
    {"too short", false},
    {"太短了不行", false},
    {"             ", false},
    {"he called from 138 0013 8000 himself", false},
    {"his id is 110101199003070000", false},
    {"wrote from wang@example.com twice", false},
};

START_TEST(a_reason_says_why_and_not_who)
{
	struct stw_err err = {0};
	enum stw_code rc = override_reason_check(reasons[_i].text, &err);

	ck_assert_msg(
	    (rc == STW_OK) == reasons[_i].good, "%s: %s", reasons[_i].text, err.text);
}
END_TEST

START_TEST(a_reason_has_at_most_400_characters)
{
	struct stw_err err = {0};
	struct buf text;

	buf_init(&text);
	for (int i = 0; i < OVERRIDE_REASON_MAX; i++)
		buf_add_c(&text, "字");
	ck_assert_int_eq(override_reason_check(text.data, &err), STW_OK);
	buf_add_c(&text, "字");
	ck_assert_int_eq(override_reason_check(text.data, &err), STW_INVALID);
	buf_fini(&text);
}
END_TEST

#define NOW INT64_C(1795399200000000)
static const struct {
	stw_usec after;
	int days;
	enum stw_code want;
} expiries[] = {
    {0, 30, STW_INVALID},
    {-1, 30, STW_INVALID},
    {1, 30, STW_OK},
    {30 * STW_USEC_DAY, 30, STW_OK},
    {30 * STW_USEC_DAY + 1, 30, STW_INVALID},
    /* The setting cannot say more than the database keeps. */
    {90 * STW_USEC_DAY, 365, STW_OK},
    {90 * STW_USEC_DAY + 1, 365, STW_INVALID},
};

START_TEST(it_ends_within_the_setting)
{
	struct stw_err err = {0};

	ck_assert_int_eq(override_expiry_check(
			     NOW, NOW + expiries[_i].after, expiries[_i].days, &err),
	    expiries[_i].want);
}
END_TEST

/* The worklist's index and query name the codes; the registry decides which they are. */
START_TEST(the_worklist_knows_every_code_of_a_review)
{
	static const char *const files[] = {
	    "db/migrations/0021_override.sql", "db/queries/override_waiting.sql"};
	const struct reason *all;
	int n = reason_all(&all);

	for (size_t f = 0; f < STW_ARRAY_LEN(files); f++) {
		struct buf text;
		char block[4096];
		FILE *file = fopen(files[f], "re");
		size_t got;

		ck_assert_ptr_nonnull(file);
		buf_init(&text);
		while ((got = fread(block, 1, sizeof block, file)) > 0)
			buf_add(&text, block, got);
		(void)fclose(file);
		for (int i = 0; i < n; i++) {
			struct buf quoted;

			buf_init(&quoted);
			buf_printf(&quoted, "'%s'", all[i].code);
			ck_assert_msg((strstr(text.data, quoted.data) != NULL) ==
					  (all[i].outcome == GATE_REVIEW),
			    "%s: %s", files[f], all[i].code);
			buf_fini(&quoted);
		}
		buf_fini(&text);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("override");
	TCase *tc = tcase_create("pure");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, only_reviews_and_policy_are_for_persons, 0,
	    (int)STW_ARRAY_LEN(choices));
	tcase_add_loop_test(
	    tc, a_reason_says_why_and_not_who, 0, (int)STW_ARRAY_LEN(reasons));
	tcase_add_test(tc, a_reason_has_at_most_400_characters);
	tcase_add_loop_test(
	    tc, it_ends_within_the_setting, 0, (int)STW_ARRAY_LEN(expiries));
	tcase_add_test(tc, the_worklist_knows_every_code_of_a_review);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
