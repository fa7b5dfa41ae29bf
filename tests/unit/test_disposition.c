/* What a disposition's flags mean, and which exclude one another. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/disposition.h"

#define H  DISPOSITION_HUMAN_ANSWERED
#define HR (H | DISPOSITION_RIGHT_PARTY)

static const struct {
	const char *name;
	unsigned flags;
	const char *fault; /* a part of the text; NULL: none */
	enum task_state end;
} cases[] = {
    {"nobody answered", 0, NULL, TASK_NO_CONTACT},
    {"a dead number", DISPOSITION_UNWORKABLE, NULL, TASK_NO_CONTACT},
    {"somebody answered", H, NULL, TASK_DONE},
    {"sold", HR | DISPOSITION_SOLD | DISPOSITION_INTERESTED, NULL, TASK_DONE},
    {"a call-back", HR | DISPOSITION_CALLBACK, NULL, TASK_PLANNED},
    {"a stranger wants no calls",
	H | DISPOSITION_WRONG_NUMBER | DISPOSITION_DO_NOT_CALL, NULL, TASK_NO_CONTACT},
    {"a complaint", H | DISPOSITION_COMPLAINT, NULL, TASK_DONE},
    {"fraud that nobody spoke of", DISPOSITION_SUSPECTED_FRAUD, NULL, TASK_NO_CONTACT},
    {"said by nobody", DISPOSITION_DO_NOT_CALL, "do_not_call needs human_answered",
	TASK_NONE},
    {"bought by nobody known", H | DISPOSITION_SOLD, "sold needs right_party",
	TASK_NONE},
    {"the right stranger", HR | DISPOSITION_WRONG_NUMBER,
	"wrong_number and right_party", TASK_NONE},
    {"a stranger's interest", H | DISPOSITION_WRONG_NUMBER | DISPOSITION_INTERESTED,
	"wrong_number and interested", TASK_NONE},
    {"bought and refused", HR | DISPOSITION_SOLD | DISPOSITION_REFUSED,
	"refused and sold", TASK_NONE},
    {"over and to come", HR | DISPOSITION_CALLBACK | DISPOSITION_COMPLETED,
	"callback and completed", TASK_NONE},
    {"call back, do not call", HR | DISPOSITION_CALLBACK | DISPOSITION_DO_NOT_CALL,
	"callback and do_not_call", TASK_NONE},
    {"hopeless and interested", HR | DISPOSITION_UNWORKABLE | DISPOSITION_INTERESTED,
	"unworkable and interested", TASK_NONE},
    {"sold to a victim", HR | DISPOSITION_SUSPECTED_FRAUD | DISPOSITION_SOLD,
	"suspected_fraud and sold", TASK_NONE},
};

START_TEST(flags_that_contradict_one_another_are_named)
{
	struct stw_err err = {0};
	enum stw_code rc = disposition_check(cases[_i].flags, &err);

	if (cases[_i].fault == NULL) {
		ck_assert_msg(rc == STW_OK, "%s: %s", cases[_i].name, err.text);
		ck_assert_int_eq(disposition_end(cases[_i].flags), cases[_i].end);
		return;
	}
	ck_assert_int_eq(rc, STW_INVALID);
	ck_assert_msg(strstr(err.text, cases[_i].fault) != NULL, "%s: %s",
	    cases[_i].name, err.text);
}
END_TEST

START_TEST(every_flag_has_its_own_name)
{
	for (int i = 0; i < DISPOSITION_FLAGS; i++)
		ck_assert_uint_eq(
		    disposition_flag_parse(str_of(disposition_flag_name(i))), 1U << i);
	ck_assert_uint_eq(disposition_flag_parse(str_of("sale")), 0);
	ck_assert_uint_eq(disposition_flag_parse(str_of("")), 0);
}
END_TEST

START_TEST(a_code_is_a_lower_case_word)
{
	ck_assert(disposition_code_ok("call_back2"));
	ck_assert(!disposition_code_ok(""));
	ck_assert(!disposition_code_ok("2nd"));
	ck_assert(!disposition_code_ok("Sold"));
	ck_assert(!disposition_code_ok("a-b"));
	ck_assert(disposition_code_ok("a234567890123456789012345678901234567890"));
	ck_assert(!disposition_code_ok("a2345678901234567890123456789012345678901"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("disposition");
	TCase *tc = tcase_create("flags");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, flags_that_contradict_one_another_are_named, 0,
	    (int)STW_ARRAY_LEN(cases));
	tcase_add_test(tc, every_flag_has_its_own_name);
	tcase_add_test(tc, a_code_is_a_lower_case_word);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
