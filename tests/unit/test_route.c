#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "api/cursor.h"
#include "api/resources.h"
#include "api/route.h"

/* ---- routes ------------------------------------------------------------------------- */
struct route_case {
	enum api_method method;
	const char *path;
	enum stw_code want;
	const char *pattern; /* OK only */
	const char *first;   /* parameter; NULL: none */
};
static const struct route_case route_cases[] = {
    {METHOD_GET, "/healthz", STW_OK, "/healthz", NULL},
    {METHOD_GET, "/healthz/", STW_NOT_FOUND, NULL, NULL},
    {METHOD_GET, "", STW_NOT_FOUND, NULL, NULL},
    {METHOD_GET, "/", STW_NOT_FOUND, NULL, NULL},
    {METHOD_GET, "/v1/customers", STW_OK, "/v1/customers", NULL},
    {METHOD_GET, "/v1/customers/", STW_NOT_FOUND, NULL, NULL},
    {METHOD_GET, "/v1/customers/C1", STW_OK, "/v1/customers/{ref}", "C1"},
    {METHOD_GET, "/v1/customers/a%2Fb", STW_OK, "/v1/customers/{ref}", "a/b"},
    {METHOD_GET, "/v1/customers/%E5%BC%A0", STW_OK, "/v1/customers/{ref}", "张"},
    {METHOD_GET, "/v1/customers/a/b", STW_NOT_FOUND, NULL, NULL},
    {METHOD_GET, "/v1/customers/%", STW_INVALID, NULL, NULL},
    {METHOD_GET, "/v1/customers/%zz", STW_INVALID, NULL, NULL},
    {METHOD_GET, "/v1/customers/%00", STW_INVALID, NULL, NULL},
    {METHOD_GET, "/v1/customers/%ff", STW_INVALID, NULL, NULL},
    {METHOD_GET, "/v1/customers/%C0%80", STW_INVALID, NULL, NULL},
    {METHOD_GET, "/v1/customers/a%2", STW_INVALID, NULL, NULL},
    {METHOD_POST, "/v1/customers/C1/consents", STW_OK, "/v1/customers/{ref}/consents",
	"C1"},
    {METHOD_POST, "/v1/campaigns:validate", STW_OK, "/v1/campaigns:validate", NULL},
    {METHOD_GET, "/v1/campaigns:validate", STW_DENIED, NULL, NULL},
    {METHOD_PUT, "/v1/campaigns", STW_DENIED, NULL, NULL},
    {METHOD_GET, "/v1/../healthz", STW_NOT_FOUND, NULL, NULL},
    {METHOD_GET, "//healthz", STW_NOT_FOUND, NULL, NULL},
};

START_TEST(a_path_is_exactly_one_route_or_none)
{
	const struct route_case *c = &route_cases[_i];
	struct route_match match;
	struct arena arena;
	enum stw_code rc;

	arena_init(&arena);
	rc = route_find(
	    api_routes, api_route_count, c->method, str_of(c->path), &arena, &match);
	ck_assert_msg(rc == c->want, "%s: %s", c->path, stw_code_name(rc));
	if (rc == STW_OK) {
		ck_assert_str_eq(api_routes[match.index].pattern, c->pattern);
		ck_assert_int_eq(match.nparams > 0, c->first != NULL);
		if (c->first != NULL)
			ck_assert_str_eq(match.params[0], c->first);
	}
	arena_fini(&arena);
}
END_TEST

START_TEST(a_path_with_another_method_says_which_it_has)
{
	struct route_match match;
	struct arena arena;

	arena_init(&arena);
	ck_assert_int_eq(route_find(api_routes, api_route_count, METHOD_PUT,
			     STR_LIT("/v1/segments/x"), &arena, &match),
	    STW_DENIED);
	ck_assert_uint_eq(match.allowed, 1U << METHOD_GET | 1U << METHOD_POST);
	ck_assert(match.head);
	arena_fini(&arena);
}
END_TEST

/* What is given once is not used up by a look at its headers. */
static const char *const once[] = {"/v1/bundles/1", "/v1/exports/customers"};

START_TEST(what_a_get_uses_up_has_no_head)
{
	struct route_match match;
	struct arena arena;

	arena_init(&arena);
	ck_assert_int_eq(route_find(api_routes, api_route_count, METHOD_GET,
			     str_of(once[_i]), &arena, &match),
	    STW_OK);
	ck_assert(!match.head);
	arena_fini(&arena);
}
END_TEST

START_TEST(no_route_is_open_to_nobody_or_public_and_changing)
{
	for (int i = 0; i < api_route_count; i++) {
		const struct route *r = &api_routes[i];
		bool public = (r->flags & ROUTE_PUBLIC) != 0;

		ck_assert_msg(public == (r->roles == 0), "%s", r->pattern);
		ck_assert_msg(!public || r->method == METHOD_GET, "%s", r->pattern);
	}
}
END_TEST

START_TEST(every_role_has_its_word)
{
	static const enum api_role roles[] = {
	    ROLE_OPS, ROLE_AGENT, ROLE_COMPLIANCE, ROLE_OPERATOR, ROLE_ADMIN};
	unsigned all = 0;

	for (size_t i = 0; i < STW_ARRAY_LEN(roles); i++) {
		ck_assert_int_eq(role_parse(str_of(role_name(roles[i]))), roles[i]);
		all |= (unsigned)roles[i];
	}
	ck_assert_uint_eq(all, ROLES_ALL);
	ck_assert_int_eq(role_parse(STR_LIT("root")), ROLE_NONE);
	ck_assert_int_eq(role_parse(STR_LIT("")), ROLE_NONE);
}
END_TEST

/* ---- cursors --------------------------------------------------------------------------- */
static const struct auth_keys one = {.cursor = {1}}, other = {.cursor = {2}};

START_TEST(a_cursor_gives_back_its_place)
{
	struct arena arena;
	struct stw_err err;
	const char *place;

	arena_init(&arena);
	ck_assert_int_eq(
	    cursor_read(&one, "list a", cursor_write(&one, "list a", "12 34", &arena),
		&arena, &place, &err),
	    STW_OK);
	ck_assert_str_eq(place, "12 34");
	arena_fini(&arena);
}
END_TEST

START_TEST(a_cursor_is_refused_with_another_filter_key_or_byte)
{
	struct arena arena;
	struct stw_err err;
	const char *place, *good;
	char *bad;

	arena_init(&arena);
	good = cursor_write(&one, "list a", "12 34", &arena);
	ck_assert_int_eq(
	    cursor_read(&one, "list b", good, &arena, &place, &err), STW_INVALID);
	ck_assert_int_eq(
	    cursor_read(&other, "list a", good, &arena, &place, &err), STW_INVALID);
	for (size_t i = 0; i < strlen(good); i++) {
		bad = arena_strdup(&arena, good);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		ck_assert_int_eq(cursor_read(&one, "list a", bad, &arena, &place, &err),
		    STW_INVALID);
	}
	ck_assert_int_eq(
	    cursor_read(&one, "list a", "", &arena, &place, &err), STW_INVALID);
	ck_assert_int_eq(
	    cursor_read(&one, "list a", "no base64!", &arena, &place, &err),
	    STW_INVALID);
	arena_fini(&arena);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("route");
	TCase *tc = tcase_create("route");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, a_path_is_exactly_one_route_or_none, 0,
	    (int)STW_ARRAY_LEN(route_cases));
	tcase_add_test(tc, a_path_with_another_method_says_which_it_has);
	tcase_add_loop_test(
	    tc, what_a_get_uses_up_has_no_head, 0, (int)STW_ARRAY_LEN(once));
	tcase_add_test(tc, no_route_is_open_to_nobody_or_public_and_changing);
	tcase_add_test(tc, every_role_has_its_word);
	tcase_add_test(tc, a_cursor_gives_back_its_place);
	tcase_add_test(tc, a_cursor_is_refused_with_another_filter_key_or_byte);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
