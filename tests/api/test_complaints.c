/*
 * test_complaints.c - complaints over HTTP: taken down, traced to every contact they can be
 * about, handled by somebody else, and every look on record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/api_calls.h"

#define COMPLAINTS "/v1/compliance/complaints"
#define WORDS      "She was called three times on a Sunday"

static int64_t
number(const char *sql)
{
	return test_db_number(&world.db, sql);
}

static struct reply
on(const char *id, const char *verb, const char *body)
{
	char path[160];

	(void)snprintf(path, sizeof path, COMPLAINTS "/%s%s%s", id,
	    verb[0] != '\0' ? "/" : "", verb);
	return body == NULL ? get("compliance", path) : post("compliance", path, body);
}

static void
record(const char *body, char id[40])
{
	struct reply r = post("compliance", COMPLAINTS, body);

	ck_status(&r, 201);
	(void)snprintf(id, 40, "%s", reply_text(&r, "complaint_id"));
	reply_free(&r);
}

/* A call from accept to an outcome: the task and its customer. */
static void
call_made(const char *outcome, char task[40], char customer[80])
{
	struct reply r;

	queued_task(task, customer);
	r = task_call(AGENT, task, "accept", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	r = task_call(AGENT, task, "permit", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	if (outcome == NULL)
		return;
	r = task_call(AGENT, task, "outcome", outcome);
	ck_status(&r, 201);
	reply_free(&r);
}

static bool
has_gap(const struct reply *r, const char *name)
{
	json_t *gap;
	size_t i;

	json_array_foreach(json_at(r->json, "parties/0/contacts/0/gaps"), i, gap)
	{
		if (strcmp(json_string_value(gap), name) == 0)
			return true;
	}
	return false;
}

/* ---- out of a call --------------------------------------------------------------------- */
START_TEST(a_complaint_in_a_call_is_traced_to_that_call)
{
	static const char said[] =
	    "{\"disposition\":\"complaint\",\"note\":\"" WORDS "\","
	    "\"started_at\":\"2026-11-23T01:50:00Z\","
	    "\"ended_at\":\"2026-11-23T01:55:00Z\"}";
	char task[40], customer[80], path[200], id[40];
	struct reply r;
	json_t *contact;

	call_made(said, task, customer);
	(void)snprintf(
	    path, sizeof path, COMPLAINTS "?state=open&customer=%s", customer);
	r = get("compliance", path);
	ck_status(&r, 200);
	ck_assert_uint_eq(json_array_size(json_at(r.json, "items")), 1);
	ck_assert_str_eq(reply_text(&r, "items/0/source"), "outcome");
	ck_assert_str_eq(reply_text(&r, "items/0/task_id"), task);
	ck_assert_int_eq(
	    strncmp(reply_text(&r, "items/0/due_at"), "2026-12-08T02:", 14), 0);
	ck_assert_ptr_null(strstr(r.text, WORDS));
	(void)snprintf(id, sizeof id, "%s", reply_text(&r, "items/0/complaint_id"));
	reply_free(&r);
	r = on(id, "", NULL);
	ck_assert_str_eq(reply_text(&r, "words"), WORDS);
	reply_free(&r);
	r = on(id, "trace", NULL);
	ck_status(&r, 200);
	contact = json_at(r.json, "parties/0/contacts/0");
	ck_assert_str_eq(reply_text(&r, "parties/0/contacts/0/kind"), "call");
	ck_assert_str_eq(reply_text(&r, "parties/0/contacts/0/task_id"), task);
	ck_assert_str_eq(reply_text(&r, "parties/0/contacts/0/agent"), AGENT);
	ck_assert_str_eq(
	    reply_text(&r, "parties/0/contacts/0/outcome/disposition"), "complaint");
	/* Planned, dispatched, dialled: each was decided. */
	ck_assert_uint_ge(json_array_size(json_object_get(contact, "decisions")), 3);
	ck_assert(!has_gap(&r, "GAP_PLAN_DECISION"));
	ck_assert(!has_gap(&r, "GAP_DISPATCH_DECISION"));
	ck_assert(!has_gap(&r, "GAP_DIAL_DECISION"));
	ck_assert(!has_gap(&r, "GAP_OUTCOME"));
	ck_assert(!has_gap(&r, "GAP_CALL_TIMES"));
	ck_assert_ptr_null(json_at(r.json, "statement"));
	reply_free(&r);
}
END_TEST

START_TEST(what_is_missing_of_a_call_is_named)
{
	char task[40], customer[80], body[200], id[40], sql[300];
	struct reply r;

	call_made(NULL, task, customer);
	(void)snprintf(
	    body, sizeof body, "{\"source\":\"letter\",\"customer\":\"%s\"}", customer);
	record(body, id);
	r = on(id, "trace", NULL);
	ck_assert(has_gap(&r, "GAP_OUTCOME"));
	ck_assert(!has_gap(&r, "GAP_NUMBER_LICENCE"));
	ck_assert(!has_gap(&r, "GAP_CONSENT"));
	reply_free(&r);
	/* What somebody takes away behind our back shows as well. */
	(void)snprintf(sql, sizeof sql,
	    "SET session_replication_role = replica; UPDATE caller_number SET licence_no = "
	    "NULL, licence_from = NULL, licence_to = NULL WHERE number_id = (SELECT "
	    "number_id FROM task WHERE task_id = '%s'); SET session_replication_role = "
	    "DEFAULT",
	    task);
	test_db_tamper(&world.db, sql);
	(void)snprintf(sql, sizeof sql,
	    "ALTER TABLE decision DISABLE TRIGGER append_only; DELETE FROM decision WHERE "
	    "task_id = '%s' AND gate = 'D'; ALTER TABLE decision ENABLE TRIGGER append_only",
	    task);
	test_db_tamper(&world.db, sql);
	r = on(id, "trace", NULL);
	ck_assert(has_gap(&r, "GAP_NUMBER_LICENCE"));
	ck_assert(has_gap(&r, "GAP_DISPATCH_DECISION"));
	ck_assert(!has_gap(&r, "GAP_PLAN_DECISION"));
	reply_free(&r);
}
END_TEST

/* ---- by number ----------------------------------------------------------------------------- */
START_TEST(an_unknown_number_gets_a_statement_that_is_in_the_ledger)
{
	char id[40], sql[300];
	struct reply r;

	record(
	    "{\"source\":\"regulator\",\"case_ref\":\"R-2026/7\",\"phone\":\"+86 139 "
	    "9999 0000\",\"about_at\":\"2026-11-22T07:00:00Z\",\"words\":\"" WORDS
	    "\"}",
	    id);
	r = on(id, "", NULL);
	ck_assert_str_eq(reply_text(&r, "phone_mask"), "139****0000");
	ck_assert_str_eq(reply_text(&r, "words"), WORDS);
	reply_free(&r);
	r = on(id, "trace", NULL);
	ck_status(&r, 200);
	ck_assert_int_eq(json_integer_value(json_at(r.json, "contacts")), 0);
	ck_assert_str_eq(reply_text(&r, "from"), "2026-11-20T07:00:00Z");
	ck_assert_str_eq(reply_text(&r, "to"), "2026-11-24T07:00:00Z");
	(void)snprintf(sql, sizeof sql,
	    "SELECT (SELECT count(*) FROM ledger_outbox WHERE kind = 'statement' AND "
	    "convert_from(entry, 'UTF8') LIKE '%%%s%%') + (SELECT count(*) FROM ledger_leaf "
	    "WHERE kind = 'statement' AND convert_from(entry, 'UTF8') LIKE '%%%s%%')",
	    reply_text(&r, "statement/entry_id"), reply_text(&r, "statement/entry_id"));
	ck_assert_int_eq(number(sql), 1);
	reply_free(&r);
}
END_TEST

/* The number alone leads to every party that has it. */
START_TEST(a_number_leads_to_everybody_who_has_it)
{
	static const char shared[] =
	    "UPDATE contact_point SET phone_index = (SELECT phone_index FROM contact_point p "
	    "WHERE (p.bucket, p.point_id) = (SELECT bucket, point_id FROM task WHERE task_id "
	    "= '%s')), phone_mask = 'x' WHERE (bucket, point_id) = (SELECT bucket, point_id "
	    "FROM contact_point WHERE customer_id <> (SELECT customer_id FROM task WHERE "
	    "task_id = '%s') ORDER BY customer_id DESC LIMIT 1)";
	char task[40], customer[80], path[200], body[200], id[40], sql[800];
	char *token = token_of("compliance");
	struct reply r;

	call_made("{\"disposition\":\"no_answer\"}", task, customer);
	(void)snprintf(path, sizeof path, "/v1/customers/%s/reveal", customer);
	r = http(
	    &world, (struct request){.method = "POST",
			.path = path,
			.token = token,
			.body = "{\"fields\":[\"phone\"],\"purpose\":\"complaint\","
				"\"reason\":\"K-9\"}"});
	ck_status(&r, 200);
	(void)snprintf(body, sizeof body, "{\"source\":\"call\",\"phone\":\"%s\"}",
	    reply_text(&r, "phones/0/number"));
	reply_free(&r);
	(void)snprintf(sql, sizeof sql, shared, task, task);
	test_db_tamper(&world.db, sql);
	record(body, id);
	r = on(id, "trace", NULL);
	ck_status(&r, 200);
	ck_assert_uint_ge(json_array_size(json_at(r.json, "parties")), 2);
	ck_assert_int_ge(json_integer_value(json_at(r.json, "contacts")), 1);
	ck_assert_ptr_nonnull(strstr(r.text, task));
	reply_free(&r);
	free(token);
}
END_TEST

/* ---- handling ------------------------------------------------------------------------------- */
START_TEST(whoever_called_does_not_judge)
{
	char task[40], customer[80], body[200], id[40], second[40], sql[200];
	struct reply r;

	call_made("{\"disposition\":\"other\"}", task, customer);
	(void)snprintf(body, sizeof body,
	    "{\"source\":\"branch\",\"customer\":\"%s\",\"words\":\"x\"}", customer);
	record(body, id);
	record(body, second);
	r = on(id, "settle", "{\"finding\":\"rejected\"}");
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	r = on(id, "assign", "{\"handler\":\"" AGENT "\"}");
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	r = on(id, "assign", "{\"handler\":\"b_wang\"}");
	ck_status(&r, 200);
	reply_free(&r);
	r = on(id, "extend", "{\"why\":\"complex\"}");
	ck_assert_int_eq(strncmp(reply_text(&r, "due_at"), "2026-12-23T02:", 14), 0);
	reply_free(&r);
	r = on(id, "note", "{\"detail\":\"recording asked for, R-7\"}");
	ck_status(&r, 200);
	reply_free(&r);
	r = on(id, "settle", "{\"finding\":\"upheld\",\"detail\":\"K-3\"}");
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "state"), "settled");
	ck_assert_uint_eq(json_array_size(json_at(r.json, "steps")), 5);
	ck_assert_str_eq(reply_text(&r, "steps/4/what"), "settled");
	ck_assert_ptr_null(json_at(r.json, "words"));
	reply_free(&r);
	r = on(id, "note", "{\"detail\":\"late\"}");
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	/* One is open still: contacts wait. */
	(void)snprintf(sql, sizeof sql,
	    "SELECT complaint_open::int FROM customer WHERE ref = '%s'", customer);
	ck_assert_int_eq(number(sql), 1);
	r = on(second, "assign", "{\"handler\":\"b_wang\"}");
	reply_free(&r);
	r = on(second, "settle", "{\"finding\":\"withdrawn\"}");
	ck_status(&r, 200);
	reply_free(&r);
	ck_assert_int_eq(number(sql), 0);
}
END_TEST

static const struct {
	const char *name, *body, *says;
} refused[] = {
    {"about nothing", "{\"source\":\"call\"}", "give phone, customer or words"},
    {"no such source", "{\"source\":\"rumour\",\"words\":\"x\"}",
	"source: call, outcome"},
    {"no such customer", "{\"source\":\"call\",\"customer\":\"nobody\"}",
	"customer: there is none with this reference"},
    {"no number", "{\"source\":\"call\",\"phone\":\"hello\"}", "phone"},
    {"tomorrow",
	"{\"source\":\"call\",\"words\":\"x\",\"received_at\":\"2026-11-25T00:00:00Z\"}",
	"not in the future"},
    {"a member nobody knows", "{\"source\":\"call\",\"word\":\"x\"}", "word"},
    {"a case that is a sentence",
	"{\"source\":\"call\",\"words\":\"x\",\"case_ref\":\"Mrs. Wang\"}", "case_ref"},
};

START_TEST(a_complaint_with_a_fault_is_refused)
{
	struct reply r = post("compliance", COMPLAINTS, refused[_i].body);

	ck_assert_msg(r.status == 400, "%s: %ld", refused[_i].name, r.status);
	ck_assert_msg(strstr(r.text, refused[_i].says) != NULL, "%s: %s",
	    refused[_i].name, r.text);
	reply_free(&r);
}
END_TEST

/* ---- looks ---------------------------------------------------------------------------------- */
START_TEST(a_look_is_on_record_and_in_the_ledger)
{
	static const char entries[] =
	    "SELECT (SELECT count(*) FROM ledger_outbox WHERE kind = 'access') + (SELECT "
	    "count(*) FROM ledger_leaf WHERE kind = 'access')";
	char *token = token_of("compliance");
	int64_t before = number(entries);
	struct reply r = get("compliance", "/v1/decisions?limit=1");

	reply_free(&r);
	r = http(&world, (struct request){.path = "/v1/decisions?limit=3&outcome=BLOCK",
			     .token = token,
			     .header = "Steward-Case: K-77"});
	ck_status(&r, 200);
	reply_free(&r);
	ck_assert_int_eq(number(entries), before + 2);
	r = get("compliance", "/v1/compliance/access?what=GET%20/v1/decisions&limit=1");
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "items/0/what"), "GET /v1/decisions");
	ck_assert_ptr_nonnull(
	    strstr(reply_text(&r, "items/0/detail"), "case=K-77 rows=3"));
	ck_assert_ptr_nonnull(
	    strstr(reply_text(&r, "items/0/detail"), "outcome=BLOCK"));
	ck_assert_str_ne(reply_text(&r, "next_cursor"), "");
	reply_free(&r);
	free(token);
}
END_TEST

/* Last: the words are nowhere in clear. */
START_TEST(what_was_said_is_sealed)
{
	static const char everywhere[] =
	    "SELECT count(*) FROM complaint c, complaint_step s, access_event a WHERE "
	    "c::text || s::text || a::text LIKE '%three times on a Sunday%'";

	ck_assert_int_eq(number(everywhere), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM idempotency_key WHERE "
				"convert_from(body, 'UTF8') LIKE '%on a Sunday%'"),
	    0);
	ck_assert_int_gt(
	    number("SELECT count(*) FROM complaint WHERE words_sealed IS NOT NULL"), 0);
}
END_TEST

/* ---- on one page -------------------------------------------------------------------------- */
START_TEST(the_summary_counts_what_happened)
{
	static const char path[] = "/v1/compliance/summary?from=2026-01-01T00:00:00Z";
	char task[40], customer[80];
	struct reply r = get("ops", path);
	int64_t attempts, complaints;
	json_t *one;
	bool labelled = false;
	size_t i;

	ck_status(&r, 200);
	attempts = json_integer_value(json_at(r.json, "attempts"));
	complaints = json_integer_value(json_at(r.json, "complaints"));
	ck_assert_uint_gt(json_object_size(json_at(r.json, "number_labels")), 0);
	reply_free(&r);
	call_made("{\"disposition\":\"complaint\"}", task, customer);
	test_db_tamper(&world.db,
	    "INSERT INTO incident (incident_id, code, detected_at, evidence) VALUES "
	    "(gen_random_uuid(), 'LATE_WITHDRAWAL_CONTACT', '2026-11-22', '{}'); "
	    "INSERT INTO call_record (record_id, source, reference, number_sent, started_at, "
	    "duration_sec, fate, recorded_at, abandoned) VALUES (gen_random_uuid(), 's', 'r', "
	    "'1', '2026-11-22', 1, 'unmatched', '2026-11-22', true)");
	r = get("ops", path);
	ck_assert_int_eq(json_integer_value(json_at(r.json, "attempts")), attempts + 1);
	ck_assert_int_eq(
	    json_integer_value(json_at(r.json, "complaints")), complaints + 1);
	ck_assert_int_eq(
	    json_integer_value(json_at(r.json, "late_withdrawal_contacts")), 1);
	ck_assert_int_eq(
	    json_integer_value(json_at(r.json, "abandon_rate/per_10k_answered")),
	    10000);
	json_array_foreach(json_at(r.json, "violations"), i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "code")),
			"LATE_WITHDRAWAL_CONTACT") != 0)
			continue;
		labelled = true;
		ck_assert_int_eq(
		    json_integer_value(json_object_get(one, "per_10k_attempts")),
		    10000 / (attempts + 1));
	}
	ck_assert(labelled);
	ck_assert_uint_gt(
	    json_array_size(json_at(r.json, "complaints_by_campaign")), 0);
	reply_free(&r);
	/* Half-open, and of nothing there is no rate. */
	r = get("ops", "/v1/compliance/summary?from=2026-11-21T00:00:00Z&to="
		       "2026-11-22T00:00:00Z");
	ck_assert_uint_eq(json_array_size(json_at(r.json, "violations")), 0);
	ck_assert(json_is_null(json_at(r.json, "abandon_rate/per_10k_answered")));
	reply_free(&r);
}
END_TEST

/* ---- the command line -------------------------------------------------------------------- */
static char *
command(int status, const char *verb, const char *id, const char *option)
{
	const char *argv[] = {"complaint", verb, "--by", "b_li", "--case", "K-78",
	    id != NULL ? id : option, id != NULL ? option : NULL, NULL};
	char *out;
	int got = world_run(&world, &out, argv);

	ck_assert_msg(got == status, "%s: %d: %s", verb, got, out);
	return out;
}

START_TEST(the_command_shows_and_traces_and_is_on_record)
{
	static const char looks[] =
	    "SELECT count(*) FROM access_event WHERE what LIKE 'complaint %' AND actor = "
	    "'b_li' AND detail LIKE 'case=K-78 %'";
	char task[40], customer[80], id[40], body[200], want[200], *out;
	int64_t before = number(looks);

	call_made("{\"disposition\":\"no_answer\"}", task, customer);
	(void)snprintf(body, sizeof body,
	    "{\"source\":\"letter\",\"customer\":\"%s\",\"words\":\"" WORDS "\"}",
	    customer);
	record(body, id);
	out = command(0, "list", NULL, "--overdue");
	ck_assert_msg(strstr(out, id) == NULL, "%s", out);
	free(out);
	out = command(0, "list", NULL, NULL);
	(void)snprintf(want, sizeof want, "%s  2026-11-23 10:00:", id);
	ck_assert_msg(strstr(out, want) != NULL, "%s", out);
	free(out);
	out = command(0, "show", id, NULL);
	(void)snprintf(
	    want, sizeof want, "open, letter, case -, customer %s", customer);
	ck_assert_msg(strstr(out, want) != NULL, "%s", out);
	ck_assert_msg(strstr(out, " received ") != NULL, "%s", out);
	ck_assert_ptr_null(strstr(out, WORDS));
	free(out);
	out = command(0, "trace", id, NULL);
	ck_assert_msg(strstr(out, "agent " AGENT ", from ") != NULL, "%s", out);
	ck_assert_msg(strstr(out, ": no_answer\n") != NULL, "%s", out);
	ck_assert_msg(strstr(out, "        C ") != NULL, "%s", out);
	free(out);
	out = command(0, "trace", id, "--json");
	(void)snprintf(want, sizeof want, "\"task_id\": \"%s\"", task);
	ck_assert_msg(strstr(out, want) != NULL, "%s", out);
	free(out);
	ck_assert_int_eq(number(looks), before + 5);
	out = command(2, "show", "x", NULL);
	ck_assert_msg(strstr(out, "is no id of a complaint") != NULL, "%s", out);
	free(out);
}
END_TEST

static Suite *
complaints_suite(void)
{
	Suite *suite = suite_create("complaints");
	TCase *tc = tcase_create("complaints");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_complaint_in_a_call_is_traced_to_that_call);
	tcase_add_test(tc, what_is_missing_of_a_call_is_named);
	tcase_add_test(tc, an_unknown_number_gets_a_statement_that_is_in_the_ledger);
	tcase_add_test(tc, a_number_leads_to_everybody_who_has_it);
	tcase_add_test(tc, whoever_called_does_not_judge);
	tcase_add_loop_test(
	    tc, a_complaint_with_a_fault_is_refused, 0, (int)STW_ARRAY_LEN(refused));
	tcase_add_test(tc, a_look_is_on_record_and_in_the_ledger);
	tcase_add_test(tc, what_was_said_is_sealed);
	tcase_add_test(tc, the_summary_counts_what_happened);
	tcase_add_test(tc, the_command_shows_and_traces_and_is_on_record);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return api_test_main(complaints_suite());
}
