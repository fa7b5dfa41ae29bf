/*
 * test_rights.c - who may do what, over HTTP: tokens, roles, other people's tasks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/auth_cache.h"
#include "api/resources.h"
#include "tests/lib/api_calls.h"

/* ---- who may what ------------------------------------------------------------------------- */
/* The pattern with 1 for every parameter. */
static char *
concrete(const char *pattern)
{
	char *path = calloc(1, strlen(pattern) + 1);
	size_t n = 0;

	for (; *pattern != '\0'; pattern++) {
		path[n++] = *pattern == '{' ? '1' : *pattern;
		if (*pattern == '{')
			pattern += strcspn(pattern, "}");
	}
	return path;
}

START_TEST(without_a_token_only_public_routes_answer)
{
	const struct route *r = &api_routes[_i];
	char *path = concrete(r->pattern);
	struct reply reply = http(
	    &world, (struct request){.method = method_name(r->method), .path = path});

	if ((r->flags & ROUTE_PUBLIC) != 0) {
		ck_status(&reply, 200);
	} else {
		ck_problem(&reply, 401, "UNAUTHENTICATED");
		ck_assert_ptr_nonnull(
		    strstr(reply.headers, "WWW-Authenticate: Bearer"));
	}
	reply_free(&reply);
	free(path);
}
END_TEST

START_TEST(a_role_that_is_not_listed_is_refused_and_it_is_on_record)
{
	static const char *const roles[] = {
	    "ops", "agent", "compliance", "operator", "admin"};
	const struct route *r = &api_routes[_i];
	char *path = concrete(r->pattern), sql[200];

	for (size_t i = 0; i < STW_ARRAY_LEN(roles) && r->roles != 0; i++) {
		char *token;
		struct reply reply;
		int64_t before;

		if ((r->roles & (unsigned)role_parse(str_of(roles[i]))) != 0)
			continue;
		(void)snprintf(sql, sizeof sql,
		    "SELECT count(*) FROM access_event a WHERE verdict = 'denied' AND role = "
		    "'%s' AND what = '%s %s'",
		    roles[i], method_name(r->method), r->pattern);
		before = test_db_number(&world.db, sql);
		token = token_of(roles[i]);
		reply = http(&world, (struct request){.method = method_name(r->method),
					 .path = path,
					 .token = token,
					 .body = "{}",
					 .key = new_key()});
		ck_problem(&reply, 403, "FORBIDDEN");
		ck_assert_int_eq(test_db_number(&world.db, sql), before + 1);
		reply_free(&reply);
		free(token);
	}
	free(path);
}
END_TEST

/* Passed over, it would be a filter that somebody believes in. */
START_TEST(a_parameter_that_a_route_does_not_know_is_refused_by_name)
{
	const struct route *r = &api_routes[_i];
	char *path = concrete(r->pattern), url[300], *token = NULL;
	unsigned role = r->roles & (~r->roles + 1); /* the first of them */
	struct reply reply;

	if (role == ROLE_AGENT)
		token = strdup(world_token(&world, "agent", AGENT));
	else if (role != 0)
		token = token_of(role_name((enum api_role)role));
	(void)snprintf(url, sizeof url, "%s?segmnet=x", path);
	reply = http(&world, (struct request){.method = method_name(r->method),
				 .path = url,
				 .token = token,
				 .body = (r->flags & ROUTE_BODY) != 0 ? "{}" : NULL,
				 .key = new_key()});
	ck_problem(&reply, 400, "UNKNOWN_PARAMETER");
	ck_assert_ptr_nonnull(strstr(reply_text(&reply, "detail"), "segmnet"));
	ck_assert_ptr_nonnull(strstr(reply_text(&reply, "detail_zh"), "segmnet"));
	reply_free(&reply);
	free(token);
	free(path);
}
END_TEST

START_TEST(a_parameter_twice_or_without_a_value_is_refused)
{
	static const char *const paths[] = {"/v1/customers?stage=mature&stage=growing",
	    "/v1/traits?retired", "/v1/customers?limit=5&limit=5"};

	for (size_t i = 0; i < STW_ARRAY_LEN(paths); i++) {
		struct reply r = get("ops", paths[i]);

		ck_problem(&r, 400, "INVALID_REQUEST");
		reply_free(&r);
	}
}
END_TEST

START_TEST(a_refusal_is_an_entry_of_the_ledger)
{
	static const char sql[] =
	    "SELECT (SELECT count(*) FROM ledger_outbox WHERE kind = 'access') + "
	    "(SELECT count(*) FROM ledger_leaf WHERE kind = 'access')";
	int64_t before = test_db_number(&world.db, sql);
	struct reply r = get("operator", "/v1/decisions");

	ck_problem(&r, 403, "FORBIDDEN");
	ck_assert_int_eq(test_db_number(&world.db, sql), before + 1);
	reply_free(&r);
}
END_TEST

static const char *const bad_tokens[] = {"", "x", "0123456789ab.",
    "0123456789ab.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "0123456789ab'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};

START_TEST(a_wrong_token_is_401_whatever_is_wrong_with_it)
{
	struct reply r =
	    http(&world, (struct request){.path = "/v1/me", .token = bad_tokens[_i]});

	ck_problem(&r, 401, "UNAUTHENTICATED");
	reply_free(&r);
}
END_TEST

START_TEST(one_wrong_letter_in_the_secret_is_401)
{
	char *token = token_of("ops");
	size_t last = strlen(token) - 10;
	struct reply r;

	token[last] = token[last] == 'x' ? 'y' : 'x';
	r = http(&world, (struct request){.path = "/v1/me", .token = token});
	ck_problem(&r, 401, "UNAUTHENTICATED");
	reply_free(&r);
	free(token);
}
END_TEST

/* The server remembers for half a second who was good; every try of it that comes after
 * that is refused, and none renews it. */
static void
ck_refused_soon(const char *token)
{
	struct reply r;

	(void)usleep(AUTH_CACHE_USEC);
	r = http(&world, (struct request){.path = "/v1/me", .token = token});
	ck_problem(&r, 401, "UNAUTHENTICATED");
	reply_free(&r);
}

START_TEST(a_revoked_token_is_refused_within_a_second)
{
	char *token, key_id[13];
	struct reply r;

	ck_assert_int_eq(world_run(&world, &token,
			     (const char *const[]){"token", "create", "--role", "ops",
				 "--subject", "someone", NULL}),
	    0);
	token[strcspn(token, "\n")] = '\0';
	r = http(&world, (struct request){.path = "/v1/me", .token = token});
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "subject"), "someone");
	reply_free(&r);
	(void)snprintf(key_id, sizeof key_id, "%.12s", token);
	ck_assert_int_eq(world_run(&world, NULL,
			     (const char *const[]){"token", "revoke", key_id, NULL}),
	    0);
	ck_refused_soon(token);
	free(token);
}
END_TEST

START_TEST(a_token_that_has_run_out_is_refused)
{
	char *token = token_of("operator"), sql[160];
	struct reply r;

	(void)snprintf(sql, sizeof sql,
	    "UPDATE api_key SET expires_at = now() WHERE key_id = '%.12s'", token);
	test_db_tamper(&world.db, sql);
	ck_refused_soon(token);
	(void)snprintf(sql, sizeof sql,
	    "UPDATE api_key SET expires_at = now() + interval '1 hour' WHERE key_id = "
	    "'%.12s'",
	    token);
	test_db_tamper(&world.db, sql);
	r = http(&world, (struct request){.path = "/v1/me", .token = token});
	ck_status(&r, 200);
	reply_free(&r);
	(void)snprintf(sql, sizeof sql,
	    "UPDATE api_key SET expires_at = NULL WHERE key_id = '%.12s'", token);
	test_db_tamper(&world.db, sql);
	free(token);
}
END_TEST

START_TEST(an_agent_sees_no_customer_without_an_open_task)
{
	struct reply list = get("ops", "/v1/customers?limit=500"), r;
	json_t *row;
	size_t i;
	int refused = 0;

	json_array_foreach(json_at(list.json, "items"), i, row)
	{
		char path[120];

		(void)snprintf(path, sizeof path, "/v1/customers/%s",
		    json_string_value(json_object_get(row, "ref")));
		r = agent(AGENT, NULL, path, NULL, NULL);
		ck_assert_msg(r.status == 200 || r.status == 403, "%ld", r.status);
		refused += r.status == 403;
		reply_free(&r);
		if (i == 30)
			break;
	}
	ck_assert_int_gt(refused, 0);
	r = agent(AGENT, NULL, "/v1/customers/nobody", NULL, NULL);
	ck_problem(&r, 403, "FORBIDDEN");
	reply_free(&r);
	reply_free(&list);
}
END_TEST

START_TEST(tasks_of_another_queue_do_not_exist_for_an_agent)
{
	char id[40], customer[80], path[80];
	struct reply r;

	queued_task(id, customer);
	(void)snprintf(path, sizeof path, "/v1/tasks/%s", id);
	r = agent("bot_01", NULL, path, NULL, NULL);
	ck_problem(&r, 404, "NOT_FOUND");
	reply_free(&r);
	r = task_call("bot_01", id, "accept", NULL);
	ck_problem(&r, 404, "NOT_FOUND");
	reply_free(&r);
	r = agent("bot_01", NULL, "/v1/tasks?queue=wealth-remote", NULL, NULL);
	ck_status(&r, 200);
	for (size_t i = 0; i < json_array_size(json_at(r.json, "items")); i++)
		ck_assert_str_eq(
		    json_string_value(
			json_at(json_array_get(json_at(r.json, "items"), i), "queue")),
		    "welcome-robot");
	reply_free(&r);
}
END_TEST

static Suite *
rights_suite(void)
{
	Suite *suite = suite_create("rights");
	TCase *tc = tcase_create("rights");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
	    tc, without_a_token_only_public_routes_answer, 0, api_route_count);
	tcase_add_loop_test(tc,
	    a_role_that_is_not_listed_is_refused_and_it_is_on_record, 0,
	    api_route_count);
	tcase_add_loop_test(tc,
	    a_parameter_that_a_route_does_not_know_is_refused_by_name, 0,
	    api_route_count);
	tcase_add_test(tc, a_parameter_twice_or_without_a_value_is_refused);
	tcase_add_test(tc, a_refusal_is_an_entry_of_the_ledger);
	tcase_add_loop_test(tc, a_wrong_token_is_401_whatever_is_wrong_with_it, 0,
	    (int)STW_ARRAY_LEN(bad_tokens));
	tcase_add_test(tc, one_wrong_letter_in_the_secret_is_401);
	tcase_add_test(tc, a_revoked_token_is_refused_within_a_second);
	tcase_add_test(tc, a_token_that_has_run_out_is_refused);
	tcase_add_test(tc, an_agent_sees_no_customer_without_an_open_task);
	tcase_add_test(tc, tasks_of_another_queue_do_not_exist_for_an_agent);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return api_test_main(rights_suite());
}
