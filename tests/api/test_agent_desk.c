/*
 * test_agent_desk.c - what an agent's desk asks for: the next task, presence, handing on,
 * the brief, and what to do with somebody who calls.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/api_calls.h"

static void
presence(const char *who, const char *body)
{
	char path[100];
	struct reply r;

	(void)snprintf(path, sizeof path, "/v1/agents/%s/presence", who);
	r = agent(who, "PUT", path, body, NULL);
	ck_status(&r, 200);
	reply_free(&r);
}

static struct reply
next_of(const char *who)
{
	char path[100];

	(void)snprintf(path, sizeof path, "/v1/agents/%s/next", who);
	return agent(who, "POST", path, NULL, new_key());
}

static struct reply
brief_of(const char *who, const char *id)
{
	char path[100];

	(void)snprintf(path, sizeof path, "/v1/tasks/%s/brief", id);
	return agent(who, NULL, path, NULL, NULL);
}

static void
reserve(const char *who, char id[40])
{
	struct reply r;

	presence(who, "{\"state\":\"available\"}");
	r = next_of(who);
	ck_status(&r, 200);
	(void)snprintf(id, 40, "%s", reply_text(&r, "task/task_id"));
	ck_assert_msg(id[0] != '\0', "%s", r.text);
	reply_free(&r);
}

static void
give_back(const char *who, const char *id)
{
	struct reply r = task_call(who, id, "accept", NULL);

	ck_status(&r, 200);
	reply_free(&r);
	r = task_call(who, id, "release", NULL);
	ck_status(&r, 200);
	reply_free(&r);
}

/* ---- next, presence, handing on ------------------------------------------------------------ */
START_TEST(whoever_is_away_gets_no_task_and_is_told_why)
{
	struct reply r;

	presence(AGENT, "{\"state\":\"away\"}");
	r = next_of(AGENT);
	ck_status(&r, 200);
	ck_assert(json_is_null(json_at(r.json, "task")));
	ck_assert_msg(reply_text(&r, "why/code")[0] != '\0', "%s", r.text);
	ck_assert_str_ne(reply_text(&r, "why/text/zh"), "");
	ck_assert_str_ne(reply_text(&r, "why/text/en"), "");
	reply_free(&r);
}
END_TEST

START_TEST(asked_again_it_is_the_same_task_and_nobody_elses)
{
	char id[40], other[40];
	struct reply r;

	reserve(AGENT, id);
	r = next_of(AGENT);
	ck_assert_str_eq(reply_text(&r, "task/task_id"), id);
	ck_assert_str_ne(reply_text(&r, "reserved_until"), "");
	reply_free(&r);
	reserve(OTHER, other);
	ck_assert_str_ne(id, other);
	r = task_call(OTHER, id, "accept", NULL);
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	give_back(AGENT, id);
	give_back(OTHER, other);
}
END_TEST

START_TEST(nobody_asks_or_speaks_for_another_agent)
{
	struct reply r =
	    agent(AGENT, "POST", "/v1/agents/" OTHER "/next", NULL, new_key());

	ck_problem(&r, 404, "NOT_FOUND");
	reply_free(&r);
	r = agent(AGENT, "PUT", "/v1/agents/" OTHER "/presence",
	    "{\"state\":\"available\"}", NULL);
	ck_assert_int_ge(r.status, 403);
	ck_assert_int_le(r.status, 404);
	reply_free(&r);
}
END_TEST

static const char *const bad_presences[] = {"{}", "{\"state\":\"asleep\"}",
    "{\"state\":\"available\",\"more\":1}", "{\"state\":\"available\",\"at\":\"x\"}"};

START_TEST(a_presence_that_is_none_is_refused)
{
	struct reply r = agent(
	    AGENT, "PUT", "/v1/agents/" AGENT "/presence", bad_presences[_i], NULL);

	ck_problem(&r, 400, "INVALID_REQUEST");
	reply_free(&r);
}
END_TEST

static const struct {
	const char *body;
	long status;
} transfers[] = {{"{\"reason\":\"x\"}", 400}, {"{\"agent\":\"a_02\"}", 400},
    {"{\"agent\":\"a_02\",\"queue\":\"welcome-robot\",\"reason\":\"x\"}", 400},
    {"{\"agent\":\"nobody\",\"reason\":\"x\"}", 409},
    {"{\"queue\":\"nowhere\",\"reason\":\"x\"}", 409}};

START_TEST(a_transfer_to_nobody_changes_nothing)
{
	char id[40], path[80];
	struct reply r;

	reserve(AGENT, id);
	r = task_call(AGENT, id, "accept", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	r = task_call(AGENT, id, "transfer", transfers[_i].body);
	ck_status(&r, transfers[_i].status);
	reply_free(&r);
	(void)snprintf(path, sizeof path, "/v1/tasks/%s", id);
	r = agent(AGENT, NULL, path, NULL, NULL);
	ck_assert_str_eq(reply_text(&r, "state"), "accepted");
	ck_assert_str_eq(reply_text(&r, "agent"), AGENT);
	reply_free(&r);
	r = task_call(AGENT, id, "release", NULL);
	ck_status(&r, 200);
	reply_free(&r);
}
END_TEST

START_TEST(a_task_that_is_handed_on_is_the_other_agents)
{
	char id[40], path[80];
	struct reply r;

	reserve(AGENT, id);
	r = task_call(AGENT, id, "accept", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	r = task_call(OTHER, id, "transfer", "{\"agent\":\"a_01\",\"reason\":\"x\"}");
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	r = task_call(AGENT, id, "transfer",
	    "{\"agent\":\"" OTHER "\",\"reason\":\"speaks Cantonese\"}");
	ck_status(&r, 200);
	reply_free(&r);
	r = task_call(AGENT, id, "permit", NULL);
	ck_assert_int_ge(r.status, 400);
	reply_free(&r);
	presence(OTHER, "{\"state\":\"available\"}");
	r = next_of(OTHER);
	ck_assert_str_eq(reply_text(&r, "task/task_id"), id);
	reply_free(&r);
	(void)snprintf(path, sizeof path, "/v1/tasks/%s/handling", id);
	r = agent(OTHER, NULL, path, NULL, NULL);
	ck_status(&r, 200);
	ck_assert_ptr_nonnull(strstr(r.text, "\"transferred\""));
	ck_assert_ptr_nonnull(strstr(r.text, "speaks Cantonese"));
	reply_free(&r);
	give_back(OTHER, id);
}
END_TEST

/* ---- the brief ------------------------------------------------------------------------------- */
START_TEST(the_brief_is_for_whoever_has_the_task)
{
	char id[40], path[80];
	struct reply r;

	reserve(AGENT, id);
	r = brief_of(AGENT, id);
	ck_status(&r, 200);
	reply_free(&r);
	r = brief_of(OTHER, id);
	ck_problem(&r, 403, "FORBIDDEN");
	reply_free(&r);
	r = brief_of("bot_01", id);
	ck_problem(&r, 404, "NOT_FOUND");
	reply_free(&r);
	give_back(AGENT, id);
	r = brief_of(AGENT, id);
	ck_problem(&r, 403, "FORBIDDEN");
	reply_free(&r);
	(void)snprintf(path, sizeof path, "/v1/tasks/%s/brief", id);
	r = get("compliance", path);
	ck_status(&r, 200);
	reply_free(&r);
}
END_TEST

static json_t *
item_with(json_t *list, const char *key, const char *value)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *text = json_string_value(json_object_get(one, key));

		if (text != NULL && strcmp(text, value) == 0)
			return one;
	}
	return NULL;
}

START_TEST(the_brief_says_why_what_not_and_what_may_be_offered)
{
	char id[40], sql[300];
	struct reply r;
	json_t *one;
	int64_t rating, looks;
	int allowed = 0, refused = 0;
	size_t i;

	reserve(AGENT, id);
	looks = test_db_number(&world.db,
	    "SELECT count(*) FROM access_event WHERE what = 'GET /v1/tasks/{id}/brief'");
	r = brief_of(AGENT, id);
	ck_status(&r, 200);
	ck_assert_int_eq(
	    test_db_number(&world.db, "SELECT count(*) FROM access_event WHERE what = "
				      "'GET /v1/tasks/{id}/brief'"),
	    looks + 1);
	ck_assert_str_ne(reply_text(&r, "reason/campaign/name/zh"), "");
	ck_assert_str_ne(reply_text(&r, "reason/campaign/description"), "");
	ck_assert_str_ne(reply_text(&r, "script/text"), "");
	ck_assert_ptr_null(strstr(reply_text(&r, "script/text"), "{{"));
	ck_assert_ptr_nonnull(
	    item_with(json_at(r.json, "talk/must_not_say"), "rule", "CN-28"));
	ck_assert(json_is_true(json_at(r.json, "talk/allowed")));
	ck_assert_ptr_nonnull(strstr(reply_text(&r, "customer/phone_mask"), "*"));
	/* The campaign's own may be offered, and nothing above the customer's rating. */
	rating = json_integer_value(json_at(r.json, "customer/risk/rating"));
	json_array_foreach(json_at(r.json, "products"), i, one)
	{
		bool above = json_integer_value(json_object_get(one, "risk")) > rating;

		ck_assert_msg(!above || item_with(json_object_get(one, "reasons"),
					    "code", "SUITABILITY_EXCEEDED") != NULL,
		    "%s", r.text);
		allowed += json_is_true(json_object_get(one, "allowed"));
		refused += above;
	}
	ck_assert_int_gt(allowed, 0);
	ck_assert_int_gt(refused, 0);
	reply_free(&r);
	/* An assessment that is no longer valid: nothing may be offered. */
	(void)snprintf(sql, sizeof sql,
	    "UPDATE customer c SET risk_valid = false FROM task t WHERE t.task_id = "
	    "'%s' AND t.bucket = c.bucket AND t.customer_id = c.customer_id",
	    id);
	test_db_tamper(&world.db, sql);
	r = brief_of(AGENT, id);
	ck_assert(json_is_false(json_at(r.json, "talk/allowed")));
	json_array_foreach(json_at(r.json, "products"), i, one)
	{
		ck_assert_msg(
		    json_is_false(json_object_get(one, "allowed")) ||
			strcmp(json_string_value(json_object_get(one, "class")),
			    "wealth") != 0,
		    "%s", r.text);
	}
	reply_free(&r);
	(void)snprintf(sql, sizeof sql,
	    "UPDATE customer c SET risk_valid = true FROM task t WHERE t.task_id = "
	    "'%s' AND t.bucket = c.bucket AND t.customer_id = c.customer_id",
	    id);
	test_db_tamper(&world.db, sql);
	give_back(AGENT, id);
}
END_TEST

START_TEST(a_script_with_a_word_that_is_banned_now_is_not_shown)
{
	char id[40], sql[300];
	struct reply r;

	reserve(AGENT, id);
	r = brief_of(AGENT, id);
	(void)snprintf(sql, sizeof sql,
	    "SET session_replication_role = replica; UPDATE script SET body = '这款 保本' || "
	    "body WHERE code = '%.60s'",
	    reply_text(&r, "script/code"));
	reply_free(&r);
	test_db_tamper(&world.db, sql);
	r = brief_of(AGENT, id);
	ck_status(&r, 200);
	ck_assert(json_is_null(json_at(r.json, "script/text")));
	ck_assert_str_eq(reply_text(&r, "script/banned/0/rule"), "CN-28");
	ck_assert_int_eq(
	    json_integer_value(json_at(r.json, "script/banned/0/line")), 1);
	(void)snprintf(sql, sizeof sql,
	    "SET session_replication_role = replica; UPDATE script SET body = "
	    "substr(body, 6) WHERE code = '%.60s'",
	    reply_text(&r, "script/code"));
	reply_free(&r);
	test_db_tamper(&world.db, sql);
	r = brief_of(AGENT, id);
	ck_assert_ptr_nonnull(strstr(reply_text(&r, "script/text"), "您好"));
	reply_free(&r);
	give_back(AGENT, id);
}
END_TEST

/* ---- somebody calls --------------------------------------------------------------------------- */
static struct reply
next_actions(const char *customer)
{
	char path[160];

	(void)snprintf(path, sizeof path, "/v1/customers/%s/next-actions", customer);
	return get("compliance", path);
}

/* The reference that a statement gives. */
static void
customer_by(const char *condition, char to[80])
{
	char sql[600], path[200];
	struct reply r;
	int64_t at;

	(void)snprintf(sql, sizeof sql,
	    "SELECT coalesce((SELECT substr(c.ref, 2)::bigint FROM customer c WHERE %s "
	    "ORDER BY c.ref LIMIT 1), 0)",
	    condition);
	at = test_db_number(&world.db, sql);
	ck_assert_msg(at > 0, "nobody: %s", condition);
	(void)snprintf(to, 80, "C%08lld", (long long)at);
	(void)snprintf(path, sizeof path, "/v1/customers/%s", to);
	r = get("compliance", path);
	ck_status(&r, 200);
	reply_free(&r);
}

/* What may be spoken of stands before what may not. */
static void
ck_ranked(const struct reply *r)
{
	bool refused = false;
	json_t *one;
	size_t i;

	json_array_foreach(json_at(r->json, "items"), i, one)
	{
		bool allowed = json_is_true(json_object_get(one, "allowed"));

		ck_assert_msg(!(refused && allowed), "%s", r->text);
		ck_assert(
		    allowed == (json_array_size(json_object_get(one, "reasons")) == 0));
		refused = refused || !allowed;
	}
}

START_TEST(an_open_task_is_named_and_its_campaign_not_twice)
{
	char id[40], customer[80];
	struct reply r;
	json_t *task;

	queued_task(id, customer);
	r = next_actions(customer);
	ck_status(&r, 200);
	ck_ranked(&r);
	task = item_with(json_at(r.json, "items"), "kind", "task");
	ck_assert_msg(task != NULL, "%s", r.text);
	ck_assert_str_eq(json_string_value(json_at(task, "task/task_id")), id);
	ck_assert(json_is_true(json_object_get(task, "allowed")));
	ck_assert_msg(
	    item_with(json_at(r.json, "items"), "kind", "campaign") == NULL ||
		strcmp(json_string_value(json_object_get(
			   item_with(json_at(r.json, "items"), "kind", "campaign"),
			   "code")),
		    json_string_value(json_object_get(task, "code"))) != 0,
	    "%s", r.text);
	ck_assert_ptr_nonnull(
	    item_with(json_at(r.json, "must_not_say"), "rule", "CN-28"));
	reply_free(&r);
}
END_TEST

/* Whom the plan would have taken up but for what the gate said. */
static const struct {
	const char *code;
} not_planned[] = {{"CONSENT_MISSING"}, {"SUITABILITY_EXCEEDED"}};

START_TEST(whoever_may_not_be_called_for_it_may_not_be_told_either)
{
	char customer[80], condition[400];
	struct reply r;
	json_t *campaign;

	(void)snprintf(condition, sizeof condition,
	    "EXISTS (SELECT 1 FROM decision d JOIN campaign k USING (campaign_id) WHERE "
	    "d.bucket = c.bucket AND d.customer_id = c.customer_id AND d.gate = 'P' AND "
	    "k.code = 'maturing_product' AND d.codes @> ARRAY['%s'])",
	    not_planned[_i].code);
	customer_by(condition, customer);
	r = next_actions(customer);
	ck_status(&r, 200);
	ck_ranked(&r);
	campaign = item_with(json_at(r.json, "items"), "code", "maturing_product");
	ck_assert_msg(campaign != NULL, "%s", r.text);
	ck_assert_str_eq(
	    json_string_value(json_object_get(campaign, "kind")), "campaign");
	ck_assert_str_ne(json_string_value(json_object_get(campaign, "why")), "");
	ck_assert_ptr_nonnull(item_with(
	    json_object_get(campaign, "reasons"), "code", not_planned[_i].code));
	reply_free(&r);
}
END_TEST

START_TEST(whoever_was_only_called_too_often_may_be_told_when_calling)
{
	char customer[80], sql[900];
	struct reply r;
	json_t *campaign;

	/* Somebody whom the plan took up, as if it had not, with three attempts today. */
	customer_by("EXISTS (SELECT 1 FROM task t JOIN campaign k USING (campaign_id) "
		    "WHERE t.bucket = c.bucket AND t.customer_id = c.customer_id AND "
		    "k.code = 'falling_balance' AND t.state IN ('queued', 'planned', "
		    "'ready')) AND NOT c.complaint_open",
	    customer);
	(void)snprintf(sql, sizeof sql,
	    "SET session_replication_role = replica; DELETE FROM enrolment e USING "
	    "customer c WHERE c.ref = '%s' AND e.bucket = c.bucket AND e.customer_id = "
	    "c.customer_id; INSERT INTO contact_count (bucket, count_id, customer_id, "
	    "phone_index, kind, at, channel) SELECT c.bucket, gen_random_uuid(), "
	    "c.customer_id, p.phone_index, 'attempt', '2026-11-23T01:30:00Z', 'VOICE' "
	    "FROM customer c JOIN contact_point p USING (bucket, customer_id), "
	    "generate_series(1, 3) WHERE c.ref = '%s'",
	    customer, customer);
	test_db_tamper(&world.db, sql);
	r = next_actions(customer);
	ck_status(&r, 200);
	campaign = item_with(json_at(r.json, "items"), "kind", "campaign");
	ck_assert_msg(campaign != NULL, "%s", r.text);
	ck_assert_msg(json_is_true(json_object_get(campaign, "allowed")), "%s", r.text);
	reply_free(&r);
}
END_TEST

START_TEST(whoever_is_held_out_of_a_campaign_stays_without_it)
{
	char customer[80], sql[300];
	struct reply r;

	customer_by("EXISTS (SELECT 1 FROM enrolment e JOIN campaign k USING "
		    "(campaign_id) WHERE e.bucket = c.bucket AND e.customer_id = "
		    "c.customer_id AND e.arm = 'held_out' AND k.code = "
		    "'maturing_product')",
	    customer);
	/* It is the campaign's hash that keeps them out, not what was written down. */
	(void)snprintf(sql, sizeof sql,
	    "SET session_replication_role = replica; DELETE FROM enrolment e USING "
	    "customer c WHERE c.ref = '%s' AND e.bucket = c.bucket AND e.customer_id = "
	    "c.customer_id",
	    customer);
	test_db_tamper(&world.db, sql);
	r = next_actions(customer);
	ck_status(&r, 200);
	ck_assert_msg(
	    item_with(json_at(r.json, "items"), "code", "maturing_product") == NULL,
	    "%s", r.text);
	reply_free(&r);
}
END_TEST

START_TEST(a_call_back_that_was_promised_comes_first)
{
	char id[40], customer[80], sql[300];
	struct reply r;

	queued_task(id, customer);
	(void)snprintf(sql, sizeof sql,
	    "SET session_replication_role = replica; UPDATE task SET callback_at = "
	    "'2026-11-23T01:00:00Z', callback_agent = '" AGENT "' WHERE task_id = '%s'",
	    id);
	test_db_tamper(&world.db, sql);
	r = next_actions(customer);
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "items/0/kind"), "callback");
	ck_assert_str_eq(reply_text(&r, "items/0/task/promised_with"), AGENT);
	ck_assert(json_is_true(json_at(r.json, "items/0/overdue")));
	reply_free(&r);
}
END_TEST

static Suite *
desk_suite(void)
{
	Suite *suite = suite_create("agent desk");
	TCase *tc = tcase_create("work"), *brief = tcase_create("brief");
	TCase *caller = tcase_create("caller");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, whoever_is_away_gets_no_task_and_is_told_why);
	tcase_add_test(tc, asked_again_it_is_the_same_task_and_nobody_elses);
	tcase_add_test(tc, nobody_asks_or_speaks_for_another_agent);
	tcase_add_loop_test(tc, a_presence_that_is_none_is_refused, 0,
	    (int)STW_ARRAY_LEN(bad_presences));
	tcase_add_loop_test(
	    tc, a_transfer_to_nobody_changes_nothing, 0, (int)STW_ARRAY_LEN(transfers));
	tcase_add_test(tc, a_task_that_is_handed_on_is_the_other_agents);
	suite_add_tcase(suite, tc);
	tcase_set_timeout(brief, 30);
	tcase_add_test(brief, the_brief_is_for_whoever_has_the_task);
	tcase_add_test(brief, the_brief_says_why_what_not_and_what_may_be_offered);
	tcase_add_test(brief, a_script_with_a_word_that_is_banned_now_is_not_shown);
	suite_add_tcase(suite, brief);
	tcase_set_timeout(caller, 30);
	tcase_add_test(caller, an_open_task_is_named_and_its_campaign_not_twice);
	tcase_add_loop_test(caller,
	    whoever_may_not_be_called_for_it_may_not_be_told_either, 0,
	    (int)STW_ARRAY_LEN(not_planned));
	tcase_add_test(
	    caller, whoever_was_only_called_too_often_may_be_told_when_calling);
	tcase_add_test(caller, whoever_is_held_out_of_a_campaign_stays_without_it);
	tcase_add_test(caller, a_call_back_that_was_promised_comes_first);
	suite_add_tcase(suite, caller);
	return suite;
}

int
main(void)
{
	return api_test_main(desk_suite());
}
