/* Which packs concern a contact. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/compliance/gate_priv.h"

struct who {
	const char *country, *province, *state, *place, *number, *home, *product;
};

/* pack's list, its one entry, the contact, wanted */
static const struct {
	const char *what;
	char list; /* p party, n number, h home, r product's regulator */
	const char *entry;
	struct who who;
	bool want;
} cases[] = {
    {"the country", 'p', "US", {.country = "US"}, true},
    {"another country", 'p', "US", {.country = "CN"}, false},
    {"nobody knows where", 'p', "US", {0}, false},
    {"nobody knows where, but the number is of there", 'p', "US-FL", {.number = "US"},
	true},
    {"a candidate place", 'p', "US", {.country = "CN", .place = "US"}, true},
    {"a candidate state", 'p', "US", {.country = "CN", .place = "US-FL"}, true},
    {"the state", 'p', "US-FL", {.country = "US", .state = "FL"}, true},
    {"another state", 'p', "US-FL", {.country = "US", .state = "NY"}, false},
    {"a state of that name elsewhere", 'p', "US-WA", {.country = "AU", .state = "WA"},
	false},
    {"somewhere in the country", 'p', "US-FL", {.country = "US"}, true},
    {"somewhere, by a candidate", 'p', "US-FL", {.country = "CN", .place = "US"}, true},
    {"a candidate state beside the state", 'p', "US-FL",
	{.country = "US", .state = "NY", .place = "US-FL"}, true},
    {"a candidate state instead of a state", 'p', "US-NY",
	{.country = "US", .place = "US-FL"}, false},
    {"a province by its name", 'p', "CN-NX", {.country = "CN", .province = "宁夏"},
	true},
    {"a province by its long name", 'p', "CN-NX",
	{.country = "CN", .province = "宁夏回族自治区"}, true},
    {"another province", 'p', "CN-NX", {.country = "CN", .province = "上海"}, false},
    {"a province nobody has heard of", 'p', "CN-NX", {.country = "CN", .province = "x"},
	true},
    {"no province", 'p', "CN-NX", {.country = "CN"}, true},
    {"the number's country", 'n', "CN", {.country = "GB", .number = "CN"}, true},
    {"another number's", 'n', "CN", {.country = "CN", .number = "GB"}, false},
    {"the institution's home", 'h', "CN", {.country = "GB", .home = "CN"}, true},
    {"another home", 'h', "CN", {.country = "CN", .home = "GB"}, false},
    {"nobody knows the home", 'h', "CN", {.country = "CN"}, true},
    {"the product's regulator", 'r', "HK", {.country = "CN", .product = "HK"}, true},
    {"a product of nobody knows which regulator is one of the home's", 'r', "HK",
	{.country = "CN", .home = "HK"}, true},
    {"a product of another regulator", 'r', "HK", {.country = "HK", .product = "CN"},
	false},
    {"somewhere, beside a candidate elsewhere", 'p', "US-FL",
	{.country = "US", .place = "CN-SH"}, true},
    {"and of no other", 'r', "HK", {.country = "HK", .home = "CN"}, false},
};

START_TEST(a_pack_is_for_those_it_names)
{
	const struct who *w = &cases[_i].who;
	const char *const entries[] = {cases[_i].entry};
	const struct gate_strings one = {entries, 1};
	struct pack_selects selects = {.any = true};
	struct gate_facts f = {.institution_country = w->home};

	f.party.country = w->country;
	f.party.province = w->province;
	f.party.state = w->state;
	f.party.places = (struct gate_texts){&w->place, w->place != NULL ? 1 : 0};
	f.point.country = w->number;
	f.product.regulator = w->product;
	f.product.code = "P1";
	*(cases[_i].list == 'p'     ? &selects.party
	    : cases[_i].list == 'n' ? &selects.number
	    : cases[_i].list == 'h' ? &selects.home
				    : &selects.product) = one;
	ck_assert_msg(
	    pack_selected(&selects, &f) == cases[_i].want, "%s", cases[_i].what);
}
END_TEST

START_TEST(no_product_has_no_regulator)
{
	const char *const entries[] = {"HK"};
	const struct pack_selects selects = {.any = true, .product = {entries, 1}};
	struct gate_facts f = {.institution_country = "HK"};

	ck_assert(!pack_selected(&selects, &f));
	f.product.code = "P1";
	ck_assert(pack_selected(&selects, &f));
}
END_TEST

START_TEST(a_pack_that_names_nobody_is_for_all)
{
	const struct pack_selects selects = {.any = false};
	const struct gate_facts f = {.channel = "VOICE"};

	ck_assert(pack_selected(&selects, &f));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pack_select");
	TCase *tc = tcase_create("pack_select");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, a_pack_is_for_those_it_names, 0, (int)STW_ARRAY_LEN(cases));
	tcase_add_test(tc, no_product_has_no_regulator);
	tcase_add_test(tc, a_pack_that_names_nobody_is_for_all);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
