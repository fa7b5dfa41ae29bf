/*
 * test_attempts.c - dial attempts over HTTP: found by each thing they are searched for, with
 * what agent and carrier said of them, page by page, and every search on record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/api_calls.h"

#define ATTEMPTS "/v1/attempts"
#define SHA      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A call with everything there is to know of it: its task, customer and permit. */
static char task[40], customer[80], permit[40], decision[40], number[40];

static void
call_made(void)
{
	char body[700];
	struct reply r;

	queued_task(task, customer);
	r = task_call(AGENT, task, "accept", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	r = task_call(AGENT, task, "permit", NULL);
	ck_status(&r, 200);
	(void)snprintf(permit, sizeof permit, "%s", reply_text(&r, "permit_id"));
	(void)snprintf(decision, sizeof decision, "%s", reply_text(&r, "decision_id"));
	(void)snprintf(number, sizeof number, "%s", reply_text(&r, "number"));
	reply_free(&r);
	r = task_call(AGENT, task, "outcome",
	    "{\"disposition\":\"do_not_call\",\"note\":\"SECRET-WORDS\",\"disclosures\":"
	    "[\"identity\",\"recording\"],\"product\":\"W-R1-30\"}");
	ck_status(&r, 201);
	reply_free(&r);
	(void)snprintf(body, sizeof body,
	    "{\"source\":\"pbx\",\"reference\":\"%s\",\"number_sent\":\"%s\",\"permit_id\":"
	    "\"%s\",\"started_at\":\"2026-11-23T02:00:05Z\",\"duration_sec\":61,"
	    "\"ring_sec\":11,\"talk_sec\":50,\"answered_by\":\"human\",\"abandoned\":false,"
	    "\"recording\":\"REC-7\",\"recording_sha256\":\"" SHA
	    "\",\"retention_class\":\"dual_recording\"}",
	    permit, number, permit);
	r = post("operator", "/v1/call-records", body);
	ck_status(&r, 201);
	reply_free(&r);
}

/* One search, by POST: how many it finds, and whether this call is the first of them. */
static size_t
found(const char *body, bool *first)
{
	struct reply r =
	    http(&world, (struct request){.method = "POST",
			     .path = ATTEMPTS "?limit=500",
			     .token = world_token(&world, "compliance", NULL),
			     .body = body});
	size_t n;

	ck_status(&r, 200);
	n = json_array_size(json_at(r.json, "items"));
	*first = n > 0 && strcmp(reply_text(&r, "items/0/attempt_id"), decision) == 0;
	reply_free(&r);
	return n;
}

START_TEST(an_attempt_says_what_is_known_of_it)
{
	char path[120];
	struct reply r;

	call_made();
	(void)snprintf(path, sizeof path, ATTEMPTS "/%s", decision);
	r = get("compliance", path);
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "customer_ref"), customer);
	ck_assert_str_eq(reply_text(&r, "task_id"), task);
	ck_assert_str_eq(reply_text(&r, "agent"), AGENT);
	ck_assert_str_eq(reply_text(&r, "outcome"), "ALLOW");
	ck_assert_str_eq(reply_text(&r, "permit_id"), permit);
	ck_assert_str_eq(reply_text(&r, "report/disposition"), "do_not_call");
	ck_assert_str_eq(reply_text(&r, "report/disclosures/1"), "recording");
	ck_assert_str_eq(reply_text(&r, "report/product"), "W-R1-30");
	ck_assert(json_is_true(json_at(r.json, "report/opt_out_requested")));
	ck_assert(json_is_true(json_at(r.json, "report/wrapped_up")));
	ck_assert_ptr_null(strstr(r.text, "SECRET-WORDS"));
	ck_assert_int_eq(json_integer_value(json_at(r.json, "call/ring_sec")), 11);
	ck_assert_int_eq(json_integer_value(json_at(r.json, "call/talk_sec")), 50);
	ck_assert_str_eq(reply_text(&r, "call/answered_by"), "human");
	ck_assert(json_is_false(json_at(r.json, "call/abandoned")));
	ck_assert_str_eq(reply_text(&r, "call/number_approved"), number);
	ck_assert_str_eq(reply_text(&r, "call/number_sent"), number);
	ck_assert_str_eq(reply_text(&r, "call/fate"), "matched");
	ck_assert_str_eq(reply_text(&r, "call/recording/recording"), "REC-7");
	ck_assert_str_eq(reply_text(&r, "call/recording/sha256"), SHA);
	ck_assert_str_eq(
	    reply_text(&r, "call/recording/retention_class"), "dual_recording");
	reply_free(&r);
}
END_TEST

START_TEST(it_is_found_by_each_thing_it_is_searched_for)
{
	char body[300], phone[40], campaign[80];
	struct reply r;
	size_t n;
	bool first;

	call_made();
	(void)snprintf(body, sizeof body, "/v1/customers/%s/reveal", customer);
	r = post("compliance", body,
	    "{\"fields\":[\"phone\"],\"purpose\":\"complaint\",\"reason\":\"K-1\"}");
	ck_status(&r, 200);
	(void)snprintf(phone, sizeof phone, "%s", reply_text(&r, "phones/0/number"));
	reply_free(&r);
	(void)snprintf(body, sizeof body, ATTEMPTS "/%s", decision);
	r = get("compliance", body);
	(void)snprintf(campaign, sizeof campaign, "%s", reply_text(&r, "campaign"));
	reply_free(&r);
	const struct {
		const char *member, *value, *none;
	} by[] = {{"customer", customer, NULL}, {"phone", phone, "13800138111"},
	    {"agent", AGENT, "nobody"}, {"number", number, "95000"},
	    {"campaign", campaign, "nothing"},
	    {"agent\":\"" AGENT "\",\"disposition", "do_not_call", "wrong_number"},
	    {"agent\":\"" AGENT "\",\"outcome", "ALLOW", "REVIEW"}};

	for (size_t i = 0; i < STW_ARRAY_LEN(by); i++) {
		(void)snprintf(
		    body, sizeof body, "{\"%s\":\"%s\"}", by[i].member, by[i].value);
		n = found(body, &first);
		ck_assert_msg(n > 0 && first, "%s: %zu", body, n);
		(void)snprintf(body, sizeof body, "{\"%s\":\"%s\"}", by[i].member,
		    by[i].none != NULL ? by[i].none : "");
		if (by[i].none != NULL)
			ck_assert_uint_eq(found(body, &first), 0);
	}
	ck_assert_uint_eq(found("{\"to\":\"2026-11-23T01:59:00Z\"}", &first), 0);
}
END_TEST

START_TEST(pages_hold_each_attempt_once)
{
	char path[600], seen[3][40];
	struct reply r;
	int pages = 0;

	for (int i = 0; i < 3; i++)
		call_made();
	(void)snprintf(path, sizeof path, ATTEMPTS "?limit=1&agent=" AGENT);
	while (pages < 3) {
		r = get("compliance", path);
		ck_status(&r, 200);
		ck_assert_uint_eq(json_array_size(json_at(r.json, "items")), 1);
		(void)snprintf(
		    seen[pages], 40, "%s", reply_text(&r, "items/0/attempt_id"));
		for (int i = 0; i < pages; i++)
			ck_assert_str_ne(seen[i], seen[pages]);
		(void)snprintf(path, sizeof path,
		    ATTEMPTS "?limit=1&agent=" AGENT "&cursor=%s",
		    pages < 2 ? reply_text(&r, "next_cursor") : "");
		reply_free(&r);
		pages++;
	}
	/* A cursor is of one search. */
	r = get("compliance", ATTEMPTS "?limit=1&agent=" AGENT);
	(void)snprintf(path, sizeof path, ATTEMPTS "?limit=1&agent=" OTHER "&cursor=%s",
	    reply_text(&r, "next_cursor"));
	reply_free(&r);
	r = get("compliance", path);
	ck_problem(&r, 400, "INVALID_REQUEST");
	reply_free(&r);
}
END_TEST

START_TEST(each_search_is_on_record_without_the_number)
{
	static const char sql[] =
	    "SELECT count(*) FROM access_event WHERE what = 'POST /v1/attempts' AND detail "
	    "LIKE '%phone=(11 bytes)%agent=" AGENT "%'";
	int64_t before = test_db_number(&world.db, sql);
	int64_t entries = test_db_number(&world.db,
	    "SELECT (SELECT count(*) FROM ledger_leaf WHERE kind = 'access') + (SELECT "
	    "count(*) FROM ledger_outbox WHERE kind = 'access')");
	bool first;

	(void)found("{\"phone\":\"13812349876\",\"agent\":\"" AGENT "\"}", &first);
	ck_assert_int_eq(test_db_number(&world.db, sql), before + 1);
	ck_assert_int_gt(
	    test_db_number(&world.db,
		"SELECT (SELECT count(*) FROM ledger_leaf WHERE kind = 'access') "
		"+ (SELECT count(*) FROM ledger_outbox WHERE kind = 'access')"),
	    entries);
	ck_assert_int_eq(test_db_number(&world.db,
			     "SELECT count(*) FROM access_event WHERE detail LIKE "
			     "'%13812349876%'"),
	    0);
}
END_TEST

START_TEST(what_cannot_be_searched_for_is_said)
{
	static const char *const bodies[] = {"{\"phone\":\"12\"}",
	    "{\"phone\":\"13800138000\",\"customer\":\"x\"}",
	    "{\"disposition\":\"complaint\"}", "{\"outcome\":\"BLOCK\"}",
	    "{\"disposition\":\"complaint\",\"from\":\"2026-01-01T00:00:00Z\",\"to\":"
	    "\"2026-03-01T00:00:00Z\"}",
	    "{\"name\":\"x\"}"};

	for (size_t i = 0; i < STW_ARRAY_LEN(bodies); i++) {
		struct reply r = post("compliance", ATTEMPTS, bodies[i]);

		ck_problem(&r, 400, "INVALID_REQUEST");
		reply_free(&r);
	}
}
END_TEST

START_TEST(a_record_of_a_call_is_taken_whole_or_not)
{
	static const char *const tails[] = {"\"answered_by\":\"dog\"",
	    "\"ring_sec\":-1", "\"abandoned\":1", "\"recording\":\"R\"",
	    "\"recording_sha256\":\"" SHA "\"",
	    "\"recording\":\"R\",\"recording_sha256\":\"xx" SHA "\"",
	    "\"recording\":\"R\",\"recording_sha256\":\"" SHA
	    "\",\"retention_class\":\"mine\""};
	char body[500];

	for (size_t i = 0; i < STW_ARRAY_LEN(tails); i++) {
		struct reply r;

		(void)snprintf(body, sizeof body,
		    "{\"source\":\"bad\",\"reference\":\"%zu\",\"number_sent\":\"95500\","
		    "\"started_at\":\"2020-01-01T00:00:00Z\",\"duration_sec\":3,%s}",
		    i, tails[i]);
		r = post("operator", "/v1/call-records", body);
		ck_problem(&r, 400, "INVALID_REQUEST");
		reply_free(&r);
	}
	ck_assert_int_eq(test_db_number(&world.db,
			     "SELECT count(*) FROM call_record WHERE source = 'bad'"),
	    0);
}
END_TEST

START_TEST(the_command_finds_what_the_api_finds_and_is_on_record)
{
	static const char looks[] =
	    "SELECT count(*) FROM access_event WHERE what = 'attempt search' AND actor = "
	    "'b_li' AND detail LIKE 'case=K-77 rows=1 %' AND detail LIKE '%agent=" AGENT
	    "'";
	const char *const text[] = {"attempt", "search", "--by", "b_li", "--case",
	    "K-77", "--agent", AGENT, "--limit", "1", NULL};
	const char *const json[] = {"attempt", "search", "--by", "b_li", "--json",
	    "--customer", customer, NULL};
	const char *const nobody[] = {"attempt", "search", "--agent", AGENT, NULL};
	const char *const number_as_case[] = {
	    "attempt", "search", "--by", "b_li", "--case", "13812345678", NULL};
	char *out, want[200];

	call_made();
	ck_assert_msg(world_run(&world, &out, text) == 0, "%s", out);
	(void)snprintf(want, sizeof want, "%s  2026-11-23 10:00:", decision);
	ck_assert_msg(strstr(out, want) != NULL, "%s", out);
	(void)snprintf(want, sizeof want, " %s ", customer);
	ck_assert_msg(strstr(out, want) != NULL, "%s", out);
	(void)snprintf(want, sizeof want, "sent %s (matched) REC-7", number);
	ck_assert_msg(strstr(out, want) != NULL, "%s", out);
	ck_assert_msg(strstr(out, "1 attempts, perhaps more") != NULL, "%s", out);
	free(out);
	ck_assert_int_eq(test_db_number(&world.db, looks), 1);
	ck_assert_msg(world_run(&world, &out, json) == 0, "%s", out);
	(void)snprintf(want, sizeof want, "\"attempt_id\": \"%s\"", decision);
	ck_assert_msg(strstr(out, want) != NULL, "%s", out);
	ck_assert_msg(strstr(out, "\"sha256\": \"" SHA "\"") != NULL, "%s", out);
	free(out);
	ck_assert_int_eq(world_run(&world, &out, nobody), 2);
	ck_assert_msg(strstr(out, "--by WHO is needed") != NULL, "%s", out);
	free(out);
	ck_assert_int_eq(world_run(&world, &out, number_as_case), 2);
	free(out);
	ck_assert_int_eq(
	    test_db_number(&world.db,
		"SELECT count(*) FROM access_event WHERE what = 'attempt search'"),
	    2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("attempts");
	TCase *tc = tcase_create("attempts");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_attempt_says_what_is_known_of_it);
	tcase_add_test(tc, it_is_found_by_each_thing_it_is_searched_for);
	tcase_add_test(tc, pages_hold_each_attempt_once);
	tcase_add_test(tc, each_search_is_on_record_without_the_number);
	tcase_add_test(tc, what_cannot_be_searched_for_is_said);
	tcase_add_test(tc, a_record_of_a_call_is_taken_whole_or_not);
	tcase_add_test(tc, the_command_finds_what_the_api_finds_and_is_on_record);
	suite_add_tcase(suite, tc);
	return api_test_main(suite);
}
