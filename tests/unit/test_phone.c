/* The agreement with the shared phone files is test_phone_data.c's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/phone.h"

static const struct {
	const char *text, *region;
	bool valid;
	const char *e164, *country, *kind, *zone;
} numbers[] = {
    {"138 0013 8000", "CN", true, "+8613800138000", "CN", "mobile", "Asia/Shanghai"},
    {"+86 (0)10 6552 9988", "", true, "+861065529988", "CN", "landline",
	"Asia/Shanghai"},
    {"010-65529988", "CN", true, "+861065529988", "CN", "landline", "Asia/Shanghai"},
    /* the block of the sample book: valid, and nobody's */
    {"13491000000", "CN", true, "+8613491000000", "CN", "mobile", "Asia/Shanghai"},
    /* the block of the Berka demonstration: as above, in the Czech plan */
    {"796000001", "CZ", true, "+420796000001", "CZ", "mobile", "Europe/Prague"},
    {"+1 212 555 0123", "CN", true, "+12125550123", "US", "mobile", "America/New_York"},
    {"4008000000", "CN", true, "+864008000000", "CN", "other", "Asia/Shanghai"},
    {"1380013800", "CN", false, "+861380013800", "", "other", NULL},
    {"15412345678", "CN", false, "+8615412345678", "", "other", NULL},
};

START_TEST(numbers_are_normalised_and_placed)
{
	struct phone phone;
	struct stw_err err = {0};
	const char *zones[4] = {0};

	ck_assert_msg(phone_parse(str_of(numbers[_i].text), numbers[_i].region, &phone,
			  &err) == STW_OK,
	    "%s: %s", numbers[_i].text, err.text);
	ck_assert_str_eq(phone.e164, numbers[_i].e164);
	ck_assert_int_eq(phone.valid, numbers[_i].valid);
	if (!numbers[_i].valid)
		return;
	ck_assert_str_eq(phone.region, numbers[_i].country);
	ck_assert_str_eq(phone_kind(&phone), numbers[_i].kind);
	ck_assert_int_eq(phone_zones(&phone, zones, 4), 1);
	ck_assert_str_eq(zones[0], numbers[_i].zone);
}
END_TEST

static const struct {
	const char *text, *region;
} nonsense[] = {{"", "CN"}, {"abc", "CN"}, {"1", "CN"}, {"13800138000", ""},
    {"+9991234567", "CN"}, {"1380013800013800138000", "CN"}};

START_TEST(what_is_no_number_is_refused_without_repeating_it)
{
	struct phone phone;
	struct stw_err err = {0};

	ck_assert_int_eq(
	    phone_parse(str_of(nonsense[_i].text), nonsense[_i].region, &phone, &err),
	    STW_INVALID);
	ck_assert_str_ne(err.text, "");
	if (strlen(nonsense[_i].text) > 1)
		ck_assert_ptr_null(strstr(err.text, nonsense[_i].text));
}
END_TEST

/* What libphonenumber says is what counts: the short way for Chinese mobile numbers gives
 * the same for each prefix there is, asked first and asked again. */
static bool
same(const char *text, const char *region)
{
	struct phone whole, quick;
	struct stw_err want = {0}, got = {0};
	enum stw_code rc = phone_parse_whole(str_of(text), region, &whole, &want);

	for (int again = 0; again < 2; again++)
		if (phone_parse(str_of(text), region, &quick, &got) != rc ||
		    strcmp(want.text, got.text) != 0 ||
		    (rc == STW_OK &&
			(strcmp(whole.e164, quick.e164) != 0 ||
			    strcmp(whole.national, quick.national) != 0 ||
			    strcmp(whole.extension, quick.extension) != 0 ||
			    strcmp(whole.region, quick.region) != 0 ||
			    whole.country_code != quick.country_code ||
			    whole.type != quick.type ||
			    whole.geographic != quick.geographic ||
			    whole.possible != quick.possible ||
			    whole.valid != quick.valid)))
			return false;
	return true;
}

START_TEST(the_short_way_answers_as_the_library_does)
{
	uint32_t x = 2463534242;
	char text[32];

	for (unsigned prefix = 0; prefix < 10000; prefix++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		(void)snprintf(text, sizeof text, "1%04u%06u", prefix, x % 1000000);
		ck_assert_msg(same(text, "CN"), "%s", text);
		(void)snprintf(
		    text, sizeof text, "+861%04u%06u", prefix, x / 1000 % 1000000);
		ck_assert_msg(same(text, "US"), "%s", text);
	}
}
END_TEST

/* Close to the common form, and not it. */
static const struct {
	const char *text, *region;
} near[] = {{"13800138000", "US"}, {"13800138000", ""}, {"13800138000", NULL},
    {"1380013800", "CN"}, {"138001380000", "CN"}, {"+8613800138000", NULL},
    {"+86 13800138000", "CN"}, {"+861380013800", "CN"}, {"+86013800138000", "CN"},
    {"013800138000", "CN"}, {"1380013800x", "CN"},
    {"\xef\xbc\x91"
     "3800138000",
	"CN"},
    {"1795113800138", "CN"}, {"13800138000 ext. 5", "CN"}, {"", "CN"}, {"+86", "CN"},
    {"17400138000", "CN"}, {"17460138000", "CN"}, {"85212345678", "CN"}};

START_TEST(what_only_looks_like_it_goes_to_the_library)
{
	ck_assert_msg(same(near[_i].text, near[_i].region), "%s", near[_i].text);
}
END_TEST

static const struct {
	const char *digits, *region;
	bool valid, emergency;
	enum phone_cost cost;
} short_numbers[] = {
    {"95588", "CN", true, false, PHONE_COST_STANDARD},
    {"110", "CN", true, true, PHONE_COST_TOLL_FREE},
    {"12110", "CN", true, false, PHONE_COST_TOLL_FREE},
    {"911", "US", true, true, PHONE_COST_TOLL_FREE},
    {"911", "CN", false, false, PHONE_COST_UNKNOWN},
    {"13800138000", "CN", false, false, PHONE_COST_UNKNOWN},
    {"abc", "CN", false, false, PHONE_COST_UNKNOWN},
    {"", "CN", false, false, PHONE_COST_UNKNOWN},
    {"110", "", false, false, PHONE_COST_UNKNOWN},
};

START_TEST(short_numbers_are_known_by_region)
{
	struct phone_short s = phone_short_find(
	    str_of(short_numbers[_i].digits), short_numbers[_i].region);

	ck_assert_int_eq(s.valid, short_numbers[_i].valid);
	ck_assert_int_eq(s.emergency, short_numbers[_i].emergency);
	ck_assert_int_eq(s.cost, short_numbers[_i].cost);
}
END_TEST

START_TEST(a_short_number_is_told_from_one_that_cannot_exist)
{
	ck_assert_str_eq(phone_fault(STR_LIT("95588"), "CN"),
	    "a short number, which is no customer's");
	ck_assert_str_eq(phone_fault(STR_LIT("15412345678"), "CN"),
	    "no such phone number can exist");
}
END_TEST

static const struct {
	const char *text, *lang, *place, *carrier;
} places[] = {
    {"13800138000", "zh", "\u5317\u4eac\u5e02", "\u4e2d\u56fd\u79fb\u52a8"},
    {"13800138000", "en", "Beijing", "China Mobile"},
    {"19200000000", "en", "", "China Broadnet"},
    {"0755 8657 0000", "zh", "\u5e7f\u4e1c\u7701\u6df1\u5733\u5e02", NULL},
    {"19900000000", "zh", "", "\u4e2d\u56fd\u7535\u4fe1"},
    {"1380013800", "zh", "", NULL}, /* none there can be */
    {"4008000000", "zh", "", NULL},
};

START_TEST(a_number_says_where_it_was_given_out_and_by_whom)
{
	struct phone phone;
	char place[64];
	const char *carrier;

	ck_assert_int_eq(
	    phone_parse(str_of(places[_i].text), "CN", &phone, NULL), STW_OK);
	phone_place(&phone, places[_i].lang, place, sizeof place);
	ck_assert_str_eq(place, places[_i].place);
	carrier = phone_carrier(&phone, places[_i].lang);
	ck_assert_str_eq(carrier != NULL ? carrier : "",
	    places[_i].carrier != NULL ? places[_i].carrier : "");
}
END_TEST

START_TEST(regions_are_those_of_numbering_plans)
{
	ck_assert(phone_region_known("CN"));
	ck_assert(phone_region_known("US"));
	ck_assert(!phone_region_known("XX"));
	ck_assert(!phone_region_known("cn"));
	ck_assert(!phone_region_known("ZZ"));
	ck_assert(!phone_region_known(""));
}
END_TEST

START_TEST(a_place_is_cut_between_characters)
{
	struct phone phone;
	char place[8];

	ck_assert_int_eq(phone_parse(STR_LIT("075586570000"), "CN", &phone, NULL), 0);
	phone_place(&phone, "zh", place, sizeof place);
	ck_assert_str_eq(place, "\u5e7f\u4e1c");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("phone");
	TCase *tc = tcase_create("phone");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(
	    tc, numbers_are_normalised_and_placed, 0, (int)STW_ARRAY_LEN(numbers));
	tcase_add_loop_test(tc, what_is_no_number_is_refused_without_repeating_it, 0,
	    (int)STW_ARRAY_LEN(nonsense));
	tcase_add_test(tc, the_short_way_answers_as_the_library_does);
	tcase_add_loop_test(tc, what_only_looks_like_it_goes_to_the_library, 0,
	    (int)STW_ARRAY_LEN(near));
	tcase_add_loop_test(tc, short_numbers_are_known_by_region, 0,
	    (int)STW_ARRAY_LEN(short_numbers));
	tcase_add_test(tc, a_short_number_is_told_from_one_that_cannot_exist);
	tcase_add_loop_test(tc, a_number_says_where_it_was_given_out_and_by_whom, 0,
	    (int)STW_ARRAY_LEN(places));
	tcase_add_test(tc, regions_are_those_of_numbering_plans);
	tcase_add_test(tc, a_place_is_cut_between_characters);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
