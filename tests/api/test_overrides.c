/*
 * test_overrides.c - what persons allow, over HTTP: who waits, one person for a review, two
 * for house policy, nobody for the law.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/time.h"
#include "tests/lib/api_calls.h"

#define WHY "agreed with the branch"
/* One plants it, each test another: 30 hexadecimal digits of an id. */
#define ID "01930000-0000-7000-8000-00000000"

static char second[128]; /* another person of compliance */
static char until[STW_USEC_TEXT];

static struct reply
as(const char *token, const char *path, const char *body, const char *key)
{
	return http(&world, (struct request){.method = "POST",
				.path = path,
				.token = token,
				.body = body,
				.key = key});
}

static void
setup(void)
{
	const char *const argv[] = {"token", "create", "--role", "compliance",
	    "--subject", "someone_else", NULL};
	struct reply r = get("ops", "/v1/numbers");
	stw_usec now = 0;
	char *out;

	ck_assert_int_eq(stw_usec_parse(str_of(reply_text(&r, "as_of")), &now), STW_OK);
	(void)stw_usec_format(now + STW_USEC_DAY, until);
	reply_free(&r);
	ck_assert_int_eq(world_run(&world, &out, argv), 0);
	out[strcspn(out, "\n")] = '\0';
	(void)snprintf(second, sizeof second, "%s", out);
	free(out);
}

/* A decision about somebody in bucket `bucket`, of one rule. */
static void
plant(const char *nn, const char *rule, const char *code, const char *layer,
    const char *outcome, char id[40])
{
	char sql[900];
	int64_t bucket = test_db_number(
	    &world.db, "SELECT bucket FROM customer ORDER BY ref LIMIT 1");

	(void)snprintf(id, 40, ID "%s%02x", nn, (unsigned)bucket);
	(void)snprintf(sql, sizeof sql,
	    "INSERT INTO decision (bucket, decision_id, gate, decided_at, customer_id, "
	    "campaign_id, channel, purpose, outcome, primary_code, codes, ruleset_hash, "
	    "record, record_hash) SELECT bucket, '%s', 'P', '%s'::timestamptz - interval '25 "
	    "hours', customer_id, (SELECT campaign_id FROM campaign WHERE state = 'active' "
	    "AND campaign_id NOT IN (SELECT campaign_id FROM decision d WHERE d.customer_id = "
	    "c.customer_id) LIMIT 1), 'VOICE', 'MARKETING', '%s', '%s', '{%s}', sha256('x'), "
	    "convert_to('{\"hits\":[{\"ok\":false,\"rule\":\"%s\",\"code\":\"%s\","
	    "\"layer\":\"%s\",\"outcome\":\"%s\"}]}', 'UTF8'), sha256('x') FROM customer c "
	    "ORDER BY ref LIMIT 1",
	    id, until, outcome, code, code, rule, code, layer, outcome);
	test_db_tamper(&world.db, sql);
}

static const char *
asking(const char *decision, const char *code)
{
	static char body[400];

	(void)snprintf(body, sizeof body,
	    "{\"decision_id\":\"%s\",\"code\":\"%s\",\"reason\":\"" WHY
	    "\",\"expires_at\":\"%s\"}",
	    decision, code, until);
	return body;
}

START_TEST(one_person_approves_a_review_and_it_is_answered)
{
	char decision[40], path[100], id[40], key[40];
	struct reply r, again;
	json_t *item, *mine = NULL;
	size_t i;

	plant("10", "CN-26", "DATA_MISSING_DOB", "law", "REVIEW", decision);
	for (int round = 0; round < 2; round++) {
		r = get("ops", "/v1/gate-reviews?code=DATA_MISSING_DOB&limit=500");
		ck_status(&r, 200);
		mine = NULL;
		json_array_foreach(json_at(r.json, "items"), i, item)
		{
			if (strcmp(
				json_string_value(json_object_get(item, "decision_id")),
				decision) == 0)
				mine = item;
		}
		ck_assert_ptr_nonnull(mine);
		ck_assert_str_eq(json_string_value(json_at(mine, "reasons/0/text/zh")),
		    "缺少客户出生日期");
		ck_assert(
		    json_is_true(json_at(mine, "reasons/0/answered")) == (round == 1));
		reply_free(&r);
		if (round == 1)
			break;
		(void)snprintf(key, sizeof key, "%s", new_key());
		r = as(
		    second, "/v1/overrides", asking(decision, "DATA_MISSING_DOB"), key);
		ck_status(&r, 201);
		ck_assert_str_eq(reply_text(&r, "state"), "approved");
		ck_assert_str_eq(reply_text(&r, "approved_by"), "someone_else");
		(void)snprintf(id, sizeof id, "%s", reply_text(&r, "override_id"));
		again = as(
		    second, "/v1/overrides", asking(decision, "DATA_MISSING_DOB"), key);
		ck_assert_str_eq(reply_text(&again, "override_id"), id);
		reply_free(&again);
		reply_free(&r);
	}
	(void)snprintf(path, sizeof path, "/v1/overrides/%s/withdraw", id);
	r = as(second, path, "{\"reason\":\"" WHY "\"}", new_key());
	ck_status(&r, 201);
	reply_free(&r);
	(void)snprintf(path, sizeof path, "/v1/withdrawals/%s", id);
	r = get("compliance", path);
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "kind"), "override");
	reply_free(&r);
}
END_TEST

START_TEST(house_policy_takes_a_second_person)
{
	char decision[40], path[100];
	struct reply r;

	plant("11", "HS-07", "CHANNEL_OPT_OUT", "policy", "BLOCK", decision);
	r = as(second, "/v1/overrides", asking(decision, "CHANNEL_OPT_OUT"), new_key());
	ck_status(&r, 201);
	ck_assert_str_eq(reply_text(&r, "state"), "requested");
	(void)snprintf(path, sizeof path, "/v1/overrides/%s/approve",
	    reply_text(&r, "override_id"));
	reply_free(&r);
	r = as(second, path, NULL, new_key());
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	r = post("compliance", path, NULL);
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "state"), "approved");
	ck_assert_str_eq(reply_text(&r, "requested_by"), "someone_else");
	ck_assert_str_eq(reply_text(&r, "steps/1/what"), "approved");
	reply_free(&r);
	/* A look at it is on record. */
	ck_assert_int_gt(test_db_number(&world.db,
			     "SELECT count(*) FROM access_event WHERE what LIKE "
			     "'%/v1/gate-reviews%' OR what LIKE '%/v1/overrides%'"),
	    0);
}
END_TEST

START_TEST(nobody_overrides_the_law)
{
	char decision[40];
	struct reply r;

	plant("12", "CN-01", "CONSENT_MISSING", "law", "BLOCK", decision);
	r = as(second, "/v1/overrides", asking(decision, "CONSENT_MISSING"), new_key());
	ck_problem(&r, 409, "CONFLICT");
	ck_assert_ptr_nonnull(strstr(r.text, "CN-01 is of layer law"));
	reply_free(&r);
	r = as(second, "/v1/overrides", asking(decision, "QUIET_HOURS"), new_key());
	ck_problem(&r, 400, "INVALID_REQUEST");
	reply_free(&r);
}
END_TEST

/* What follows the decision's id. */
static const char *const refused[] = {
    "\",\"code\":\"CHANNEL_OPT_OUT\",\"reason\":\"" WHY "\"}",
    "\",\"code\":\"CHANNEL_OPT_OUT\",\"reason\":\"short\",\"expires_at\":"
    "\"2026-11-24T00:00:00Z\"}",
    "\",\"code\":\"CHANNEL_OPT_OUT\",\"reason\":\"he called from 138 0013 8000\","
    "\"expires_at\":\"2026-11-24T00:00:00Z\"}",
    "\",\"code\":\"CHANNEL_OPT_OUT\",\"reason\":\"" WHY
    "\",\"expires_at\":\"2036-01-01T00:00:00Z\"}",
    "x\",\"code\":\"CHANNEL_OPT_OUT\",\"reason\":\"" WHY
    "\",\"expires_at\":\"2026-11-24T00:00:00Z\"}",
};

START_TEST(what_is_missing_or_too_much_is_refused)
{
	char decision[40], body[400];
	struct reply r;

	plant("20", "HS-07", "CHANNEL_OPT_OUT", "policy", "BLOCK", decision);
	for (size_t i = 0; i < STW_ARRAY_LEN(refused); i++) {
		(void)snprintf(
		    body, sizeof body, "{\"decision_id\":\"%s%s", decision, refused[i]);
		r = as(second, "/v1/overrides", body, new_key());
		ck_problem(&r, 400, "INVALID_REQUEST");
		reply_free(&r);
	}
}
END_TEST

/* The command line says the same. */
START_TEST(the_command_line_lists_and_rejects)
{
	char decision[40], id[40];
	const char *argv[] = {
	    "override", "reject", id, "--why", WHY, "--by", "li", NULL};
	const char *again[] = {"override", "approve", id, "--by", "li", NULL};
	const char *waiting[] = {"override", "waiting", NULL};
	struct reply r;
	char *out;

	plant("30", "HS-07", "CHANNEL_OPT_OUT", "policy", "BLOCK", decision);
	r = as(second, "/v1/overrides", asking(decision, "CHANNEL_OPT_OUT"), new_key());
	ck_status(&r, 201);
	(void)snprintf(id, sizeof id, "%s", reply_text(&r, "override_id"));
	reply_free(&r);
	ck_assert_int_eq(world_run(&world, &out, argv), 0);
	ck_assert_ptr_nonnull(strstr(out, "rejected"));
	free(out);
	ck_assert_int_ne(world_run(&world, NULL, again), 0);
	ck_assert_int_eq(world_run(&world, &out, waiting), 0);
	free(out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("overrides_http");
	TCase *tc = tcase_create("overrides");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, one_person_approves_a_review_and_it_is_answered);
	tcase_add_test(tc, house_policy_takes_a_second_person);
	tcase_add_test(tc, nobody_overrides_the_law);
	tcase_add_test(tc, what_is_missing_or_too_much_is_refused);
	tcase_add_test(tc, the_command_line_lists_and_rejects);
	suite_add_tcase(suite, tc);
	return api_test_main(suite);
}
