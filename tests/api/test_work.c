/*
 * test_work.c - the work of agents, approvals and lifecycle models, over HTTP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/api_calls.h"
#include "tests/lib/registry_stub.h"

/* ---- work -------------------------------------------------------------------------------------- */
START_TEST(a_task_belongs_to_the_first_agent_who_takes_it)
{
	char id[40], customer[80];
	struct reply r;

	queued_task(id, customer);
	r = task_call(AGENT, id, "accept", NULL);
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "agent"), AGENT);
	ck_assert(json_is_true(json_at(r.json, "mine")));
	reply_free(&r);
	r = task_call(OTHER, id, "accept", NULL);
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	r = task_call(OTHER, id, "permit", NULL);
	ck_assert_int_ge(r.status, 400);
	reply_free(&r);
	r = task_call(AGENT, id, "release", NULL);
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "state"), "queued");
	reply_free(&r);
}
END_TEST

START_TEST(of_many_who_reach_for_a_task_one_gets_it)
{
	char id[40], customer[80], path[120], keys[AT_ONCE][40];
	char *tokens[2] = {strdup(world_token(&world, "agent", AGENT)), NULL};
	struct racer racers[AT_ONCE] = {0};
	struct reply task;
	int got = 0;

	tokens[1] = strdup(world_token(&world, "agent", OTHER));
	queued_task(id, customer);
	(void)snprintf(path, sizeof path, "/v1/tasks/%s/accept", id);
	for (int i = 0; i < AT_ONCE; i++) {
		(void)snprintf(keys[i], sizeof keys[i], "race-%d", i);
		racers[i].request = (struct request){.method = "POST",
		    .path = path,
		    .token = tokens[i % 2],
		    .key = keys[i]};
	}
	race_all(racers);
	for (int i = 0; i < AT_ONCE; i++) {
		got += racers[i].reply.status == 200;
		if (racers[i].reply.status != 200)
			ck_problem(&racers[i].reply, 409, "CONFLICT");
	}
	ck_assert_int_eq(got, 1);
	(void)snprintf(path, sizeof path, "/v1/tasks/%s", id);
	task = agent(AGENT, NULL, path, NULL, NULL);
	for (int i = 0; i < AT_ONCE; i++) {
		if (racers[i].reply.status == 200)
			ck_assert_str_eq(reply_text(&racers[i].reply, "agent"),
			    reply_text(&task, "agent"));
		reply_free(&racers[i].reply);
	}
	reply_free(&task);
	free(tokens[0]);
	free(tokens[1]);
}
END_TEST

START_TEST(a_call_goes_from_accept_over_permit_to_outcome)
{
	char id[40], customer[80];
	struct reply r;

	queued_task(id, customer);
	r = task_call(AGENT, id, "accept", NULL);
	ck_status(&r, 200);
	ck_assert_str_ne(reply_text(&r, "script_body"), "");
	reply_free(&r);
	r = task_call(AGENT, id, "permit", NULL);
	ck_status(&r, 200);
	ck_assert_msg(json_is_true(json_at(r.json, "granted")), "%s", r.text);
	ck_assert_str_ne(reply_text(&r, "number"), "");
	ck_assert_int_gt(json_integer_value(json_at(r.json, "valid_seconds")), 0);
	reply_free(&r);
	r = task_call(AGENT, id, "outcome", "{\"disposition\":\"call_back\"}");
	ck_problem(&r, 400, "INVALID_REQUEST");
	ck_assert_str_eq(reply_text(&r, "errors/0/pointer"), "/callback_at");
	reply_free(&r);
	r = task_call(AGENT, id, "outcome", "{\"disposition\":\"interested\"}");
	ck_status(&r, 201);
	ck_assert_str_eq(reply_text(&r, "task/state"), "done");
	reply_free(&r);
	r = task_call(AGENT, id, "outcome", "{\"disposition\":\"declined\"}");
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
}
END_TEST

static void
put_query(const char *url, bool enabled)
{
	char body[300], *token = token_of("compliance");
	struct reply r;

	(void)snprintf(body, sizeof body,
	    "{\"url\":\"%s\",\"secret\":\"s3cret\",\"number_form\":\"sha256\",\"enabled\":"
	    "%s}",
	    url, enabled ? "true" : "false");
	r = http(&world, (struct request){.method = "PUT",
			     .path = "/v1/registries/CN-DNC/query",
			     .token = token,
			     .body = body,
			     .key = new_key()});
	ck_status(&r, 200);
	ck_assert(json_is_true(json_at(r.json, "query/has_secret")));
	ck_assert_ptr_null(strstr(r.text, "s3cret"));
	reply_free(&r);
	free(token);
}

START_TEST(a_registry_is_asked_before_a_permit_and_its_word_counts)
{
	char id[40], customer[80], body[300], sql[300];
	const char *url;
	struct reply r;
	bool china;

	registry_stub_start(&url);
	registry_stub_set(200, "", "{\"answer\":\"listed\",\"version\":\"7\"}");
	queued_task(id, customer);
	r = task_call(AGENT, id, "accept", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM task t JOIN customer c USING (bucket, customer_id) WHERE "
	    "t.task_id = '%s' AND c.country = 'CN'",
	    id);
	china = test_db_number(&world.db, sql) == 1;
	(void)snprintf(body, sizeof body,
	    "{\"kind\":\"do_not_call\",\"country\":\"%s\",\"name_zh\":\"x\",\"name_en\":"
	    "\"x\",\"freshness_days\":1}",
	    china ? "CN" : "CZ");
	r = post("compliance", "/v1/registries/CN-DNC", body);
	ck_status(&r, 200);
	reply_free(&r);
	put_query(url, true);
	r = task_call(AGENT, id, "permit", "{\"script_version\":0}");
	ck_problem(&r, 400, "INVALID_REQUEST");
	reply_free(&r);
	r = task_call(AGENT, id, "permit", "{\"script_version\":1}");
	ck_status(&r, 200);
	ck_assert_msg(json_is_false(json_at(r.json, "granted")), "%s", r.text);
	ck_assert_ptr_nonnull(strstr(r.text, "DNC_REGISTRY"));
	ck_assert_int_eq(registry_stub_asked(), 1);
	reply_free(&r);
	put_query(url, false);
	registry_stub_stop();
}
END_TEST

START_TEST(after_a_withdrawal_no_permit_is_granted)
{
	char id[40], customer[80], path[160];
	struct reply r;

	queued_task(id, customer);
	r = task_call(AGENT, id, "accept", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	(void)snprintf(path, sizeof path, "/v1/customers/%s/consents", customer);
	r = agent(AGENT, "POST", path,
	    "{\"action\":\"withdraw\",\"purpose\":\"MARKETING\",\"channel\":\"VOICE\","
	    "\"form\":\"recorded_call\"}",
	    new_key());
	ck_status(&r, 201);
	ck_assert_int_ge(json_integer_value(json_at(r.json, "recalled")), 1);
	reply_free(&r);
	r = task_call(AGENT, id, "permit", NULL);
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	(void)snprintf(path, sizeof path, "/v1/tasks/%s", id);
	r = agent(AGENT, NULL, path, NULL, NULL);
	ck_assert_str_eq(reply_text(&r, "state"), "recalled");
	reply_free(&r);
}
END_TEST

START_TEST(a_suspended_number_grants_no_permit)
{
	char id[40], customer[80], path[80];
	struct reply numbers = get("operator", "/v1/numbers"), r;
	json_t *number;
	size_t i;

	queued_task(id, customer);
	r = task_call(AGENT, id, "accept", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	json_array_foreach(json_at(numbers.json, "items"), i, number)
	{
		(void)snprintf(path, sizeof path, "/v1/numbers/%s/suspend",
		    json_string_value(json_object_get(number, "number_id")));
		r = post("compliance", path, "{\"reason\":\"too many complaints\"}");
		ck_status(&r, 200);
		ck_assert_str_eq(reply_text(&r, "status"), "suspended");
		reply_free(&r);
	}
	r = task_call(AGENT, id, "permit", NULL);
	ck_status(&r, 200);
	ck_assert(json_is_false(json_at(r.json, "granted")));
	ck_assert_ptr_nonnull(strstr(r.text, "NUMBER_SUSPENDED"));
	reply_free(&r);
	json_array_foreach(json_at(numbers.json, "items"), i, number)
	{
		/* One proposes that it is used again, another approves. */
		(void)snprintf(path, sizeof path, "/v1/numbers/%s/resume",
		    json_string_value(json_object_get(number, "number_id")));
		r = post("compliance", path, "{\"reason\":\"looked into\"}");
		ck_status(&r, 202);
		ck_assert_str_eq(reply_text(&r, "state"), "open");
		(void)snprintf(path, sizeof path, "/v1/number-proposals/%s/approve",
		    reply_text(&r, "proposal_id"));
		reply_free(&r);
		r = post("compliance", path, "{}");
		ck_problem(&r, 403, "FORBIDDEN");
		reply_free(&r);
		r = post("admin", path, "{}");
		ck_status(&r, 200);
		ck_assert_str_eq(reply_text(&r, "state"), "in_force");
		reply_free(&r);
	}
	reply_free(&numbers);
}
END_TEST

START_TEST(an_author_cannot_approve_the_own_campaign)
{
	struct reply r = get("ops", "/v1/campaigns/maturing_product");
	json_t *doc = json_at(r.json, "document");
	char *text;

	(void)json_object_set_new(doc, "code", json_string("own_work"));
	text = json_dumps(doc, 0);
	reply_free(&r);
	r = post("ops", "/v1/campaigns", text);
	ck_status(&r, 201);
	ck_assert_ptr_nonnull(strstr(r.headers, reply_text(&r, "hash")));
	reply_free(&r);
	r = post("ops", "/v1/campaigns/own_work/approve", "{\"version\":1}");
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	r = post("ops", "/v1/campaigns/own_work/activate", NULL);
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	free(text);
}
END_TEST

/* Draft, submitted, approved by another person, in force: none can be left out. */
START_TEST(a_lifecycle_model_needs_a_second_person)
{
	char *text = other_model("350000"), path[120];
	struct reply r = post("ops", "/v1/lifecycle/models", text);
	int version;

	ck_status(&r, 201);
	version = (int)json_integer_value(json_at(r.json, "version"));
	ck_assert_str_eq(reply_text(&r, "state"), "draft");
	reply_free(&r);
#define MOVE(role, verb, status)                                               \
	do {                                                                   \
		(void)snprintf(path, sizeof path,                              \
		    "/v1/lifecycle/models/wealth/versions/%d/" verb, version); \
		r = post(role, path, NULL);                                    \
		ck_status(&r, status);                                         \
	} while (0)
	MOVE("ops", "activate", 409);
	reply_free(&r);
	MOVE("compliance", "approve", 409);
	reply_free(&r);
	MOVE("ops", "submit", 200);
	reply_free(&r);
	MOVE("ops", "approve", 409); /* who wrote it */
	ck_assert_ptr_nonnull(strstr(reply_text(&r, "detail"), "somebody else"));
	reply_free(&r);
	MOVE("ops", "activate", 409);
	reply_free(&r);
	MOVE("compliance", "approve", 200);
	ck_assert_str_eq(reply_text(&r, "state"), "approved");
	ck_assert_int_eq(
	    json_integer_value(json_at(r.json, "preview/customers")), WORLD_CUSTOMERS);
	reply_free(&r);
	MOVE("compliance", "approve", 200); /* whoever did not hear the answer */
	reply_free(&r);
	MOVE("ops", "activate", 200);
	ck_assert_str_eq(reply_text(&r, "state"), "active");
	reply_free(&r);
#undef MOVE
	free(text);
}
END_TEST

static const struct {
	const char *body, *path, *says;
	int line;
} bad_models[] = {
    {"{\"code\": \"wealth\"}", "model", "name", 0},
    {"{\"code\":\"m\",\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"stages\":[{\"code\":\"a\","
     "\"name\":{\"zh\":\"x\",\"en\":\"x\"}}],\"initial\":[{\"stage\":\"b\",\"reason\":"
     "\"r\"}],\"transitions\":[]}",
	"initial[0]", "no stage \"b\"; did you mean \"a\"?", 0},
    {"{\"code\":\"m\",\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"stages\":[{\"code\":\"a\","
     "\"name\":{\"zh\":\"x\",\"en\":\"x\"}}],\"initial\":[{\"stage\":\"a\",\"when\":"
     "\"customer.agee > 3\",\"reason\":\"r\"},{\"stage\":\"a\",\"reason\":\"r\"}],"
     "\"transitions\":[]}",
	"initial[0].when", "age", 1},
};

START_TEST(a_fault_in_a_model_has_its_place)
{
	char *token = token_of("ops");
	struct reply r = http(&world, (struct request){.method = "POST",
					  .path = "/v1/lifecycle/models:validate",
					  .token = token,
					  .body = bad_models[_i].body,
					  .key = new_key(),
					  .header = "Prefer: wait=30"});

	free(token);

	ck_status(&r, 200);
	ck_assert(json_is_false(json_at(r.json, "ok")));
	ck_assert_str_eq(reply_text(&r, "error/path"), bad_models[_i].path);
	ck_assert_int_eq(
	    json_integer_value(json_at(r.json, "error/line")), bad_models[_i].line);
	ck_assert_msg(
	    strstr(reply_text(&r, "error/detail"), bad_models[_i].says) != NULL, "%s",
	    r.text);
	reply_free(&r);
	/* Kept it is not. */
	r = post("ops", "/v1/lifecycle/models", bad_models[_i].body);
	ck_status(&r, 400);
	reply_free(&r);
}
END_TEST

/* The command line shows the same, in the terminal's language. */
START_TEST(the_command_line_shows_a_model_and_a_customer)
{
	char file[200], ref[80], *out, *text = other_model("250000");
	const char *validate[] = {"lifecycle", "validate", file, NULL};
	const char *preview[] = {"lifecycle", "preview", file, NULL};
	const char *why[] = {"stage", "why", ref, NULL};
	const char *promises[] = {"lifecycle", "promises", NULL};
	struct reply r = get("compliance", "/v1/customers?stage=mature&limit=1");
	FILE *to;

	(void)snprintf(ref, sizeof ref, "%s", reply_text(&r, "items/0/ref"));
	reply_free(&r);
	(void)snprintf(file, sizeof file, "%s/model.json", world.dir);
	to = fopen(file, "we");
	ck_assert_ptr_nonnull(to);
	ck_assert_int_gt(fputs(text, to), 0);
	ck_assert_int_eq(fclose(to), 0);
	free(text);
	ck_assert_int_eq(world_run(&world, &out, validate), 0);
	ck_assert_msg(strstr(out, "model wealth: 0 errors") != NULL, "%s", out);
	ck_assert_msg(strstr(out, "growing") != NULL, "%s", out);
	free(out);
	ck_assert_int_eq(world_run(&world, &out, preview), 0);
	ck_assert_msg(strstr(out, "would be in another stage") != NULL, "%s", out);
	free(out);
	ck_assert_int_eq(world_run(&world, &out, why), 0);
	ck_assert_msg(
	    strstr(out, "mature -> growing  below_mature") != NULL, "%s", out);
	ck_assert_msg(strstr(out, "customer.aum = money(") != NULL, "%s", out);
	free(out);
	ck_assert_int_eq(world_run(&world, &out, promises), 0);
	ck_assert_msg(strstr(out, "mature_contact_private") != NULL, "%s", out);
	free(out);
}
END_TEST

static Suite *
work_suite(void)
{
	Suite *suite = suite_create("work");
	TCase *tc = tcase_create("work");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_task_belongs_to_the_first_agent_who_takes_it);
	tcase_add_test(tc, of_many_who_reach_for_a_task_one_gets_it);
	tcase_add_test(tc, a_call_goes_from_accept_over_permit_to_outcome);
	tcase_add_test(tc, a_registry_is_asked_before_a_permit_and_its_word_counts);
	tcase_add_test(tc, after_a_withdrawal_no_permit_is_granted);
	tcase_add_test(tc, a_suspended_number_grants_no_permit);
	tcase_add_test(tc, an_author_cannot_approve_the_own_campaign);
	tcase_add_test(tc, a_lifecycle_model_needs_a_second_person);
	tcase_add_loop_test(
	    tc, a_fault_in_a_model_has_its_place, 0, (int)STW_ARRAY_LEN(bad_models));
	tcase_add_test(tc, the_command_line_shows_a_model_and_a_customer);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return api_test_main(work_suite());
}
