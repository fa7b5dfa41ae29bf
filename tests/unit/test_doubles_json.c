/*
 * test_doubles_json.c - doubles in JSON with as few digits as read back the same.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "api/json_brief.h"
#include "engine/doubles_json.h"
#include "engine/err.h"

static const struct {
	const char *in, *out;
} texts[] = {
    {"0.94999999999999996", "0.95"},
    {"[0.10000000000000001,-0.69999999999999996]", "[0.1,-0.7]"},
    {"{\"a\":1.0,\"b\":100000.0}", "{\"a\":1.0,\"b\":100000.0}"},
    {"{\"a\": 0.29999999999999999 }", "{\"a\": 0.3 }"},
    {"0.30000000000000004", "0.30000000000000004"},
    {"1.0000000000000001e-05", "1e-05"},
    {"1.7976931348623157e308", "1.7976931348623157e308"},
    {"-0.0", "-0.0"},
    /* whole numbers, texts */
    {"9223372036854775807", "9223372036854775807"},
    {"\"0.94999999999999996\"", "\"0.94999999999999996\""},
    {"{\"0.94999999999999996\":\"\\\"0.94999999999999996\"}",
	"{\"0.94999999999999996\":\"\\\"0.94999999999999996\"}"},
    {"[\"\\\\\",0.94999999999999996]", "[\"\\\\\",0.95]"},
    {"", ""},
    {"[true,null,{}]", "[true,null,{}]"},
};

START_TEST(doubles_are_short_and_nothing_else_is_touched)
{
	char *text = strdup(texts[_i].in);
	size_t len = json_doubles_shorten(text, strlen(text));

	ck_assert_uint_eq(len, strlen(texts[_i].out));
	ck_assert_msg(memcmp(text, texts[_i].out, len) == 0, "%.*s", (int)len, text);
	free(text);
}
END_TEST

/* Any double comes back as it was, and as a double. */
START_TEST(what_is_short_reads_back_the_same)
{
	uint64_t state = 7;

	for (int i = 0; i < 20000; i++) {
		json_t *value, *back;
		char *text;
		double d;

		state = state * 6364136223846793005U + 1442695040888963407U;
		memcpy(&d, &state, sizeof d);
		if (i % 2 == 0)
			d = (double)(state >> 40) / 1000;
		if (!isfinite(d))
			continue;
		value = json_real(d);
		text = json_dumps_brief(value, JSON_ENCODE_ANY);
		back = json_loads(text, JSON_DECODE_ANY, NULL);
		ck_assert_msg(json_is_real(back), "%s", text);
		ck_assert_msg(json_real_value(back) == d, "%s is not %.17g", text, d);
		free(text);
		json_decref(back);
		json_decref(value);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("doubles_json");
	TCase *tc = tcase_create("doubles_json");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, doubles_are_short_and_nothing_else_is_touched, 0,
	    (int)STW_ARRAY_LEN(texts));
	tcase_add_test(tc, what_is_short_reads_back_the_same);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
