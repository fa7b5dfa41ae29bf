/* Placeholders of scripts; a banned word made of two parts is found once they are one. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/compliance/script_check.h"
#include "campaigns/script_text.h"

static const struct {
	const char *body, *name, *want;
} renders[] = {
    {"您好，{{product_name}}到期", "稳健一号", "您好，稳健一号到期"},
    {"{{ product_name }}{{product_code}}", "A", "AP1"},
    {"保{{product_name}}", "本", "保本"},
    {"{{product_name}}", NULL, ""},
    {"{{unknown}} {{", "A", "{{unknown}} {{"},
    {"{{product_name}}", "{{product_code}}", "{{product_code}}"}, /* filled in once */
    {"", "A", ""},
};

START_TEST(placeholders_are_filled_in)
{
	const struct script_vars vars = {"P1", renders[_i].name};
	struct arena arena;

	arena_init(&arena);
	ck_assert_str_eq(
	    script_text_render(renders[_i].body, &vars, &arena), renders[_i].want);
	ck_assert_ptr_null(script_text_render(NULL, &vars, &arena));
	arena_fini(&arena);
}
END_TEST

START_TEST(a_placeholder_that_nobody_fills_in_is_refused)
{
	struct stw_err err = {0};

	ck_assert_int_eq(
	    script_text_check("{{product_name}} {{ product_code }} }}", &err), STW_OK);
	ck_assert_int_eq(script_text_check("甲\n乙{{name}}", &err), STW_INVALID);
	ck_assert_int_eq(err.line, 2);
	ck_assert_int_eq(err.column, 2);
	ck_assert_int_eq(script_text_check("{{product_name}", &err), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "}} is missing"));
}
END_TEST

/* Scenario 85: "保{{x}}" is no claim yet, with 本 it is one. */
START_TEST(a_term_of_two_parts_is_found_when_they_meet)
{
	const struct script_vars vars = {NULL, "本"};
	const char *const body = "保{{product_name}}";
	const struct script_hit *hits;
	struct ruleset *rules = NULL;
	struct stw_err err = {0};
	struct arena arena;

	arena_init(&arena);
	ck_assert_msg(ruleset_load_embedded(&rules, &err) == STW_OK, "%s", err.text);
	ck_assert_int_eq(script_check_banned(rules, str_of(body), 0, &arena, &hits), 0);
	ck_assert_int_eq(
	    script_check_banned(rules, str_of(script_text_render(body, &vars, &arena)),
		0, &arena, &hits),
	    1);
	ck_assert_str_eq(hits[0].rule, "CN-28");
	ck_assert_int_eq(hits[0].length, 2);
	ruleset_free(rules);
	arena_fini(&arena);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("script_text");
	TCase *tc = tcase_create("script_text");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, placeholders_are_filled_in, 0, (int)STW_ARRAY_LEN(renders));
	tcase_add_test(tc, a_placeholder_that_nobody_fills_in_is_refused);
	tcase_add_test(tc, a_term_of_two_parts_is_found_when_they_meet);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
