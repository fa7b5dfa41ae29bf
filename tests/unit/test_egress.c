#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "api/push/egress.h"

static bool
allows(const struct egress *egress, const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return egress_allows(egress, (struct sockaddr *)&in, sizeof in);
	ck_assert_msg(inet_pton(AF_INET6, text, &in6.sin6_addr) == 1, "%s", text);
	return egress_allows(egress, (struct sockaddr *)&in6, sizeof in6);
}

static const struct {
	const char *list, *addr;
	bool want;
} cases[] = {
    {"", "10.0.0.1", false},
    {"", "127.0.0.1", false},
    {"127.0.0.0/8", "127.0.0.1", true},
    {"127.0.0.0/8", "::ffff:127.9.9.9", true},
    {"127.0.0.0/8", "::1", false},
    {"::1", "::1", true},
    {"10.0.0.0/8", "127.0.0.1", false},
    {"10.20.0.0/15", "10.21.255.255", true},
    {"10.20.0.0/15", "10.22.0.0", false},
    {"10.20.30.40", "10.20.30.40", true},
    {"10.20.30.40", "10.20.30.41", false},
    {"10.0.0.0/8, 192.168.0.0/16", "192.168.3.4", true},
    {"10.0.0.0/8 192.168.0.0/16", "192.168.3.4", true},
    {"10.0.0.0/8", "64:ff9b::a01:203", true},
    {"10.0.0.0/8", "2002:a01:203::1", true},
    {"fd12::/16", "fd12::5", true},
    {"fd12::/16", "fd13::5", false},
    /* Whatever the list says. */
    {"0.0.0.0/0, ::/0", "8.8.8.8", true},
    {"0.0.0.0/0, ::/0", "2001:db8::1", true},
    {"0.0.0.0/0, ::/0", "169.254.169.254", false},
    {"169.254.0.0/16", "169.254.169.254", false},
    {"0.0.0.0/0, ::/0", "::ffff:169.254.169.254", false},
    {"0.0.0.0/0, ::/0", "64:ff9b::a9fe:a9fe", false},
    {"0.0.0.0/0, ::/0", "2002:a9fe:a9fe::1", false},
    {"0.0.0.0/0, ::/0", "::169.254.169.254", false},
    {"0.0.0.0/0, ::/0", "100.100.100.200", false},
    {"0.0.0.0/0, ::/0", "0.0.0.0", false},
    {"0.0.0.0/0, ::/0", "0.1.2.3", false},
    {"0.0.0.0/0, ::/0", "224.0.0.1", false},
    {"0.0.0.0/0, ::/0", "255.255.255.255", false},
    {"0.0.0.0/0, ::/0", "fe80::1", false},
    {"0.0.0.0/0, ::/0", "febf::1", false},
    {"0.0.0.0/0, ::/0", "ff02::1", false},
    {"0.0.0.0/0, ::/0", "fd00:ec2::254", false},
    {"0.0.0.0/0, ::/0", "::", false},
};

START_TEST(an_address_is_allowed_only_by_the_list)
{
	struct egress egress;
	struct stw_err err;

	ck_assert_msg(egress_parse(str_of(cases[_i].list), &egress, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_msg(allows(&egress, cases[_i].addr) == cases[_i].want,
	    "list \"%s\", address %s", cases[_i].list, cases[_i].addr);
}
END_TEST

static const char *const bad[] = {"10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/",
    "10.0.0.0/-1", "queue.example", "10.0.0.0/8x", "/8", "10.0.0.0/ 8"};

START_TEST(a_range_that_is_none_is_named)
{
	struct egress egress;
	struct stw_err err = {0};

	ck_assert_int_eq(egress_parse(str_of(bad[_i]), &egress, &err), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "egress"));
}
END_TEST

START_TEST(other_address_families_are_refused)
{
	struct sockaddr_storage any = {.ss_family = AF_UNIX};
	struct egress egress;

	ck_assert_int_eq(
	    egress_parse(STR_LIT("0.0.0.0/0, ::/0"), &egress, NULL), STW_OK);
	ck_assert(!egress_allows(&egress, (struct sockaddr *)&any, sizeof any));
	any.ss_family = AF_INET;
	ck_assert(!egress_allows(&egress, (struct sockaddr *)&any, 4));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("egress");
	TCase *tc = tcase_create("egress");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, an_address_is_allowed_only_by_the_list, 0, STW_ARRAY_LEN(cases));
	tcase_add_loop_test(tc, a_range_that_is_none_is_named, 0, STW_ARRAY_LEN(bad));
	tcase_add_test(tc, other_address_families_are_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
