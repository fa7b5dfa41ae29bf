/*
 * test_personal.c - personal data through the real binary: who sees it in clear and how it
 * is recorded, the quota, erasure and what it leaves.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <check.h>
#include <curl/curl.h>

#include "tests/lib/server_world.h"

#define CUSTOMERS 500
#define AGENT     "a_01"
#define OTHER     "a_02"
#define QUOTA     50 /* the default of reveal-quota */
#define REVEALS \
	"SELECT count(*) FROM access_event WHERE what = 'reveal' AND verdict = 'allowed'"

static struct world world;
static char second[128]; /* token of a second person of compliance */
static char auditor[128];

static const char *
new_key(void)
{
	static _Thread_local char key[64];
	static atomic_int n;

	(void)snprintf(key, sizeof key, "personal-%d", atomic_fetch_add(&n, 1));
	return key;
}

static struct reply
call(const char *token, const char *method, const char *path, const char *body)
{
	return http(&world, (struct request){.method = method,
				.path = path,
				.token = token,
				.body = body,
				.key = new_key()});
}

static char *
token_of(const char *role, const char *who)
{
	const char *token = world_token(&world, role, who);

	ck_assert_msg(token != NULL, "no token for %s", role);
	return strdup(token);
}

static void
token_make(const char *subject, char to[128])
{
	const char *const argv[] = {
	    "token", "create", "--role", "compliance", "--subject", subject, NULL};
	char *out;

	/* Not in a test yet: libcheck's assertions do not work here. */
	if (world_run(&world, &out, argv) != 0) {
		(void)fprintf(stderr, "token create: %s\n", out);
		exit(EXIT_FAILURE);
	}
	out[strcspn(out, "\n")] = '\0';
	(void)snprintf(to, 128, "%s", out);
	free(out);
}

static int64_t
number(const char *sql)
{
	return test_db_number(&world.db, sql);
}

static void
ck_status(const struct reply *r, long status)
{
	ck_assert_msg(r->status == status, "status %ld, wanted %ld: %.400s", r->status,
	    status, r->text);
}

static void
reveal_path(char to[160], const char *ref)
{
	(void)snprintf(to, 160, "/v1/customers/%s/reveal", ref);
}

/* A task that nobody has yet, taken by the agent: id and customer. */
static void
accept_task(const char *token, char id[40], char customer[80])
{
	struct reply r = call(token, "GET", "/v1/tasks?state=queued&limit=1", NULL);
	char path[120];

	ck_status(&r, 200);
	ck_assert_uint_eq(json_array_size(json_at(r.json, "items")), 1);
	(void)snprintf(id, 40, "%s", reply_text(&r, "items/0/task_id"));
	(void)snprintf(customer, 80, "%s", reply_text(&r, "items/0/customer/ref"));
	reply_free(&r);
	(void)snprintf(path, sizeof path, "/v1/tasks/%s/accept", id);
	r = call(token, "POST", path, NULL);
	ck_status(&r, 200);
	reply_free(&r);
}

/* ---- an agent ------------------------------------------------------------------------ */
static struct reply
agent_asks(
    const char *token, const char *customer, const char *fields, const char *task)
{
	char path[160], body[300];

	reveal_path(path, customer);
	(void)snprintf(body, sizeof body,
	    "{\"fields\":[%s],\"purpose\":\"contact\",\"task_id\":\"%s\"}", fields,
	    task);
	return call(token, "POST", path, body);
}

static bool
permit(const char *token, const char *task)
{
	char path[120];
	struct reply r;
	bool granted;

	(void)snprintf(path, sizeof path, "/v1/tasks/%s/permit", task);
	r = call(token, "POST", path, NULL);
	ck_status(&r, 200);
	granted = json_is_true(json_at(r.json, "granted"));
	reply_free(&r);
	return granted;
}

START_TEST(an_agent_sees_the_number_of_a_task_with_a_permit_and_no_other)
{
	char *token = token_of("agent", AGENT), *other = token_of("agent", OTHER);
	char task[40], customer[80];
	struct reply r;
	int64_t before = number(REVEALS);

	for (;;) {
		accept_task(token, task, customer);
		r = agent_asks(token, customer, "\"name\"", task);
		ck_status(&r, 200);
		ck_assert_str_ne(reply_text(&r, "name"), "");
		ck_assert_ptr_null(json_object_get(r.json, "phones"));
		reply_free(&r);
		before++;
		/* Before the gate has said yes to a call, there is no number. */
		r = agent_asks(token, customer, "\"phone\"", task);
		ck_status(&r, 403);
		reply_free(&r);
		if (permit(token, task))
			break;
	}
	r = agent_asks(token, customer, "\"name\",\"phone\"", task);
	ck_status(&r, 200);
	ck_assert_uint_eq(json_array_size(json_at(r.json, "phones")), 1);
	ck_assert_int_eq(strncmp(reply_text(&r, "phones/0/number"), "+", 1), 0);
	ck_assert_ptr_nonnull(strstr(r.headers, "Cache-Control: no-store"));
	reply_free(&r);
	ck_assert_int_eq(number(REVEALS), before + 1);

	r = agent_asks(token, customer, "\"id_number\"", task);
	ck_status(&r, 400);
	reply_free(&r);
	r = agent_asks(other, customer, "\"name\"", task);
	ck_status(&r, 403);
	reply_free(&r);
	r = agent_asks(
	    token, customer, "\"name\"", "00000000-0000-7000-8000-000000000000");
	ck_status(&r, 403);
	reply_free(&r);
	ck_assert_int_eq(number(REVEALS), before + 1);
	free(token);
	free(other);
}
END_TEST

/* ---- compliance ------------------------------------------------------------------------- */
static void
any_customer(int n, char ref[80])
{
	struct reply r;
	char path[64];
	char *token = token_of("compliance", NULL);

	(void)snprintf(path, sizeof path, "/v1/customers?limit=%d", n + 1);
	r = call(token, "GET", path, NULL);
	ck_status(&r, 200);
	(void)snprintf(path, sizeof path, "items/%d/ref", n);
	(void)snprintf(ref, 80, "%s", reply_text(&r, path));
	reply_free(&r);
	free(token);
}

static const struct bad {
	const char *body;
	const char *pointer;
} bad_bodies[] = {
    {"{\"purpose\":\"audit\",\"reason\":\"K-1\"}", "/fields"},
    {"{\"fields\":[],\"purpose\":\"audit\",\"reason\":\"K-1\"}", "/fields"},
    {"{\"fields\":[\"dob\"],\"purpose\":\"audit\",\"reason\":\"K-1\"}", "/fields"},
    {"{\"fields\":[1],\"purpose\":\"audit\",\"reason\":\"K-1\"}", "/fields"},
    {"{\"fields\":[\"name\"],\"reason\":\"K-1\"}", "/purpose"},
    {"{\"fields\":[\"name\"],\"purpose\":\"contact\",\"reason\":\"K-1\"}", "/purpose"},
    {"{\"fields\":[\"name\"],\"purpose\":\"audit\"}", "/reason"},
    {"{\"fields\":[\"name\"],\"purpose\":\"audit\",\"reason\":\"\xe5\xbc\xa0\"}",
	"/reason"},
    {"{\"fields\":[\"name\"],\"purpose\":\"audit\",\"reason\":\"K-1\",\"task_id\":\"x\"}",
	"/task_id"},
    {"{\"fields\":[\"name\"],\"purpose\":\"audit\",\"reason\":\"K-1\",\"all\":true}",
	"/all"},
};

START_TEST(a_reveal_that_does_not_say_what_for_is_refused)
{
	char *token = token_of("compliance", NULL), ref[80], path[160];
	int64_t before = number(REVEALS);
	struct reply r;

	any_customer(0, ref);
	reveal_path(path, ref);
	r = call(token, "POST", path, bad_bodies[_i].body);
	ck_status(&r, 400);
	ck_assert_str_eq(reply_text(&r, "errors/0/pointer"), bad_bodies[_i].pointer);
	reply_free(&r);
	ck_assert_int_eq(number(REVEALS), before);
	free(token);
}
END_TEST

START_TEST(compliance_sees_all_and_it_is_on_record_without_a_value)
{
	char *token = token_of("compliance", NULL), ref[80], path[160], sql[400];
	struct reply r;

	any_customer(1, ref);
	reveal_path(path, ref);
	r = call(token, "POST", path,
	    "{\"fields\":[\"name\",\"phone\",\"id_number\"],\"purpose\":\"dispute\","
	    "\"reason\":\"CASE-2026/7\"}");
	ck_status(&r, 200);
	ck_assert_str_ne(reply_text(&r, "name"), "");
	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM access_event WHERE access_id = '%s' AND detail LIKE "
	    "'customer=%% fields=name phone id_number purpose=dispute reason=CASE-2026/7 "
	    "task=-' AND position('%s' IN detail) = 0",
	    reply_text(&r, "access_id"), reply_text(&r, "name"));
	ck_assert_int_eq(number(sql), 1);
	(void)snprintf(sql, sizeof sql,
	    "SELECT (SELECT count(*) FROM ledger_outbox WHERE kind = 'reveal' AND "
	    "position('%s'::bytea IN entry) > 0) + (SELECT count(*) FROM ledger_leaf WHERE "
	    "kind = 'reveal' AND position('%s'::bytea IN entry) > 0)",
	    reply_text(&r, "access_id"), reply_text(&r, "access_id"));
	ck_assert_int_eq(number(sql), 1);
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM idempotency_key WHERE position('access_id'::bytea "
		"IN body) > 0"),
	    0);
	reply_free(&r);
	free(token);
}
END_TEST

START_TEST(no_other_role_may_ask)
{
	static const char *const roles[] = {"ops", "operator", "admin"};
	char *token = token_of(roles[_i], NULL), ref[80], path[160];
	struct reply r;

	any_customer(0, ref);
	reveal_path(path, ref);
	r = call(token, "POST", path,
	    "{\"fields\":[\"name\"],\"purpose\":\"audit\",\"reason\":\"K-1\"}");
	ck_status(&r, 403);
	reply_free(&r);
	free(token);
}
END_TEST

/* ---- the quota ------------------------------------------------------------------------- */
struct asker {
	char path[160];
	int good, over, other;
};

static void *
asker_main(void *arg)
{
	struct asker *a = arg;

	for (int i = 0; i < QUOTA / 3; i++) {
		struct reply r = call(auditor, "POST", a->path,
		    "{\"fields\":[\"name\"],\"purpose\":\"audit\",\"reason\":\"Q\"}");

		a->good += r.status == 200;
		a->over += r.status == 429;
		a->other += r.status != 200 && r.status != 429;
		reply_free(&r);
	}
	return NULL;
}

START_TEST(nobody_passes_the_quota_of_the_day_not_even_four_at_once)
{
	struct asker askers[4] = {0};
	pthread_t threads[4];
	struct reply r;
	char ref[80];
	int good = 0, other = 0;

	any_customer(2, ref);
	for (int i = 0; i < 4; i++) {
		reveal_path(askers[i].path, ref);
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, asker_main, &askers[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		good += askers[i].good;
		other += askers[i].other;
	}
	ck_assert_int_eq(other, 0);
	ck_assert_int_eq(good, QUOTA);
	r = call(auditor, "POST", askers[0].path,
	    "{\"fields\":[\"name\"],\"purpose\":\"audit\",\"reason\":\"Q\"}");
	ck_status(&r, 429);
	ck_assert_str_eq(reply_text(&r, "code"), "REVEAL_QUOTA");
	/* Midnight where the bank is, not of UTC. */
	ck_assert_ptr_nonnull(strstr(reply_text(&r, "detail"), "T16:00:00Z"));
	ck_assert_ptr_nonnull(strstr(r.headers, "Retry-After: "));
	reply_free(&r);
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM access_event WHERE actor = 'auditor' AND what = "
		"'reveal' AND verdict = 'allowed'"),
	    QUOTA);
	ck_assert_int_gt(
	    number("SELECT count(*) FROM access_event WHERE actor = 'auditor' "
		   "AND verdict = 'denied'"),
	    0);
}
END_TEST

/* ---- erasure ---------------------------------------------------------------------------- */
static struct reply
erase(const char *token, const char *ref)
{
	char path[160];

	(void)snprintf(path, sizeof path, "/v1/customers/%s/erasure", ref);
	return call(
	    token, "POST", path, "{\"reason\":\"subject_request\",\"case\":\"E-1\"}");
}

/* A customer with a number that another one shares, as the sample has them. */
static int64_t
sharing_customer(char ref[80])
{
	int64_t id = number(
	    "SELECT min(p.customer_id) FROM contact_point p JOIN contact_point o ON "
	    "o.phone_index = p.phone_index AND o.customer_id <> p.customer_id JOIN customer "
	    "c ON c.customer_id = p.customer_id WHERE NOT c.legal_hold AND c.erased_at IS "
	    "NULL AND EXISTS (SELECT 1 FROM task t WHERE t.customer_id = p.customer_id)");
	char sql[200];

	(void)snprintf(sql, sizeof sql,
	    "SELECT substr(ref, 2)::bigint FROM customer WHERE customer_id = %lld",
	    (long long)id);
	(void)snprintf(ref, 80, "C%08lld", (long long)number(sql));
	return id;
}

static void
number_of(const char *ref, char to[40])
{
	char path[160];
	struct reply r;

	reveal_path(path, ref);
	r = call(second, "POST", path,
	    "{\"fields\":[\"phone\"],\"purpose\":\"audit\",\"reason\":\"E\"}");
	ck_status(&r, 200);
	(void)snprintf(to, 40, "%s", reply_text(&r, "phones/0/number"));
	reply_free(&r);
}

static void
object_on_number(const char *token, const char *ref)
{
	char path[160], body[160];
	struct reply r;

	(void)snprintf(path, sizeof path, "/v1/customers/%s", ref);
	r = call(token, "GET", path, NULL);
	ck_status(&r, 200);
	(void)snprintf(body, sizeof body,
	    "{\"kind\":\"do_not_call\",\"point_id\":\"%s\"}",
	    reply_text(&r, "contacts/0/point_id"));
	reply_free(&r);
	(void)snprintf(path, sizeof path, "/v1/customers/%s/objections", ref);
	r = call(token, "POST", path, body);
	ck_status(&r, 201);
	reply_free(&r);
}

/* The number again, under another reference, in a later feed. */
static void
import_again(const char *phone)
{
	char path[200];
	const char *argv[] = {"import", path, NULL};
	char *out;
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/again", world.dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/again/customers.csv", world.dir);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	(void)fprintf(file, "ref,name,phone\nAGAIN1,Once More,%s\n", phone);
	ck_assert_int_eq(fclose(file), 0);
	(void)snprintf(path, sizeof path, "%s/again/mapping.json", world.dir);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	(void)fputs(
	    "{\"name\": \"again\", \"currency\": \"CNY\", \"zone\": "
	    "\"Asia/Shanghai\", \"region\": \"CN\", \"files\": [{\"file\": "
	    "\"customers.csv\", \"target\": \"customer\", \"columns\": {\"ref\": "
	    "\"row.ref\", \"name\": \"row.name\", \"phone\": \"row.phone\"}}]}",
	    file);
	ck_assert_int_eq(fclose(file), 0);
	(void)snprintf(path, sizeof path, "%s/again", world.dir);
	ck_assert_msg(world_run(&world, &out, argv) == 0, "%s", out);
	free(out);
}

/* What must not be there of an erased customer, each after "SELECT count(*) FROM". */
static const char *const gone[] = {
    "customer_key x WHERE true",
    "customer x WHERE (name_sealed IS NOT NULL OR name_mask IS NOT NULL OR id_sealed IS "
    "NOT NULL OR dob IS NOT NULL OR means IS NOT NULL OR city IS NOT NULL OR manager IS NOT NULL)",
    "contact_point x WHERE (phone_sealed <> '' OR phone_mask <> '***')",
    "decision x WHERE NOT blocked AND (record IS NOT NULL OR record_hash IS NOT NULL)",
    "objection x WHERE (phone_index IS NOT NULL OR phone_sealed IS NOT NULL)",
    "holding x WHERE true",
    "txn x WHERE true",
    "interaction x WHERE true",
    "segment_member x WHERE true",
    "trait_value x WHERE true",
    "segment_list_entry x WHERE true",
    "number_seen x WHERE true",
    "customer_agent x WHERE true",
    "risk_assessment x WHERE true",
    "joint_holder x WHERE true",
    "contact_time x WHERE true",
    "customer_stage x WHERE true",
    "household_member x WHERE true",
    "task x JOIN task_state USING (state) WHERE NOT terminal",
};

static void
ck_nothing_left(int64_t id)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(gone); i++) {
		char sql[400];

		(void)snprintf(sql, sizeof sql,
		    "SELECT count(*) FROM %s AND x.customer_id = %lld", gone[i],
		    (long long)id);
		ck_assert_msg(number(sql) == 0, "%s", sql);
	}
}

/* A table that is about customers and new is either emptied by an erasure (gone, above,
 * and db/queries/erase_rows.sql) or stays for a reason that docs/personal-data.md gives. */
START_TEST(every_table_about_customers_has_its_place_in_an_erasure)
{
	static const char *const stays[] = {"customer", "contact_point",
	    "contact_point_event", "customer_permission", "consent_event", "objection",
	    "contact_count", "stage_history", "enrolment", "task", "decision",
	    "outcome", "erasure", "complaint", "withdrawal", "revocation_request",
	    "incident", "gate_override"};
	char sql[2000];
	size_t n;

	n = (size_t)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM information_schema.columns c JOIN "
	    "information_schema.tables t USING (table_schema, table_name) WHERE column_name "
	    "= 'customer_id' AND table_type = 'BASE TABLE' AND table_name NOT IN (''");
	for (size_t i = 0; i < STW_ARRAY_LEN(stays); i++)
		n += (size_t)snprintf(sql + n, sizeof sql - n, ", '%s'", stays[i]);
	for (size_t i = 0; i < STW_ARRAY_LEN(gone); i++)
		n += (size_t)snprintf(sql + n, sizeof sql - n, ", '%.*s'",
		    (int)strcspn(gone[i], " "), gone[i]);
	(void)snprintf(sql + n, sizeof sql - n, ")");
	ck_assert_msg(number(sql) == 0, "%s", sql);
}
END_TEST

static void
ck_gone(const char *token, long status, const char *ref)
{
	char path[160];
	struct reply r;

	(void)snprintf(path, sizeof path, "/v1/customers/%s", ref);
	r = call(token, "GET", path, NULL);
	ck_status(&r, status);
	reply_free(&r);
}

/* What a rule keeps of an erased customer's decisions is there and shown to nobody. */
static void
ck_blocked(
    const char *token, int64_t customer, json_int_t blocked, const char *decision)
{
	char sql[200], path[100];
	struct reply r;

	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM decision WHERE customer_id = %lld AND blocked",
	    (long long)customer);
	ck_assert_int_gt(blocked, 0);
	ck_assert_int_eq(number(sql), blocked);
	(void)snprintf(path, sizeof path, "/v1/decisions/%s", decision);
	r = call(token, "GET", path, NULL);
	ck_status(&r, 200);
	ck_assert(json_is_true(json_at(r.json, "erased")));
	ck_assert_uint_eq(json_object_size(json_at(r.json, "record")), 0);
	ck_assert_uint_eq(json_array_size(json_at(r.json, "hits")), 0);
	ck_assert_ptr_null(strstr(r.text, "contact_point"));
	reply_free(&r);
}

START_TEST(two_people_erase_a_customer_and_the_number_stays_uncalled)
{
	const char *const verify[] = {"ledger", "verify", NULL};
	char *token = token_of("compliance", NULL), *agent = token_of("agent", AGENT);
	char ref[80], phone[40], sql[300], decision[40], *out;
	int64_t id = sharing_customer(ref), sharers;
	struct reply r;

	number_of(ref, phone);
	(void)snprintf(sql, sizeof sql, "/v1/decisions?limit=1&customer=%s", ref);
	r = call(token, "GET", sql, NULL);
	(void)snprintf(
	    decision, sizeof decision, "%s", reply_text(&r, "items/0/decision_id"));
	ck_assert_str_ne(decision, "");
	reply_free(&r);
	object_on_number(token, ref);
	(void)snprintf(sql, sizeof sql,
	    "SELECT count(DISTINCT o.customer_id) FROM contact_point p JOIN contact_point o "
	    "USING (phone_index) WHERE p.customer_id = %lld AND o.customer_id <> %lld",
	    (long long)id, (long long)id);
	sharers = number(sql);
	r = erase(token, ref);
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "state"), "requested");
	reply_free(&r);
	r = erase(token, ref);
	ck_status(&r, 409);
	reply_free(&r);
	ck_gone(token, 200, ref);
	r = erase(second, ref);
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "state"), "erased");
	ck_assert_int_ge(json_integer_value(json_at(r.json, "suppressed")), 1);
	ck_assert_int_eq(json_integer_value(json_at(r.json, "records")), 0);
	ck_blocked(token, id, json_integer_value(json_at(r.json, "blocked")), decision);
	reply_free(&r);

	ck_nothing_left(id);
	ck_gone(token, 410, ref);
	ck_gone(agent, 403, ref);
	r = erase(second, ref);
	ck_status(&r, 410);
	reply_free(&r);
	/* Those who share the number are still bitten by the objection. */
	ck_assert_int_ge(
	    number(
		"SELECT count(DISTINCT customer_id) FROM objection WHERE source = 'shared "
		"number'"),
	    sharers);
	import_again(phone);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM objection o JOIN customer c USING (bucket, "
		   "customer_id) WHERE c.ref = 'AGAIN1' AND o.kind = 'do_not_call' AND "
		   "o.source = 'suppression'"),
	    1);
	ck_assert_msg(world_run(&world, &out, verify) == 0, "%s", out);
	ck_assert_ptr_nonnull(strstr(out, "whole"));
	free(out);
	free(token);
	free(agent);
}
END_TEST

START_TEST(a_legal_hold_keeps_everything)
{
	char ref[80], sql[200];
	struct reply r;

	any_customer(5, ref);
	(void)snprintf(sql, sizeof sql,
	    "UPDATE customer SET legal_hold = true WHERE ref = '%s'", ref);
	test_db_tamper(&world.db, sql);
	r = erase(second, ref);
	ck_status(&r, 409);
	ck_assert_ptr_nonnull(strstr(reply_text(&r, "detail"), "legal hold"));
	reply_free(&r);
}
END_TEST

START_TEST(the_command_line_wants_two_people_too)
{
	char ref[80], *out;
	const char *one[] = {"erase", ref, "--reason", "retention_over", "--case",
	    "E-2", "--by", "li", "--confirmed-by", "li", NULL};
	const char *two[] = {"erase", ref, "--reason", "retention_over", "--case",
	    "E-2", "--by", "li", "--confirmed-by", "wang", NULL};

	any_customer(7, ref);
	ck_assert_int_eq(world_run(&world, &out, one), 2);
	free(out);
	ck_assert_msg(world_run(&world, &out, two) == 0, "%s", out);
	ck_assert_ptr_nonnull(strstr(out, "erased; "));
	free(out);
	ck_gone(second, 410, ref);
}
END_TEST

/* ---- memory -------------------------------------------------------------------------- */
START_TEST(a_server_that_crashes_leaves_no_core)
{
	char path[64], line[200];
	bool found = false;
	FILE *limits;

	(void)snprintf(path, sizeof path, "/proc/%d/limits", (int)world.server);
	limits = fopen(path, "r");
	ck_assert_ptr_nonnull(limits);
	while (fgets(line, sizeof line, limits) != NULL) {
		long soft = -1, hard = -1;

		if (sscanf(line, "Max core file size %ld %ld", &soft, &hard) == 2) {
			found = true;
			ck_assert_int_eq(soft, 0);
			ck_assert_int_eq(hard, 0);
		}
	}
	ck_assert_int_eq(fclose(limits), 0);
	ck_assert(found);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("personal");
	TCase *tc = tcase_create("personal");
	SRunner *runner;
	int failed;

	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	test_cluster_start();
	world_start(&world, CUSTOMERS);
	token_make("second", second);
	token_make("auditor", auditor);
	tcase_set_timeout(tc, 60);
	tcase_add_test(
	    tc, an_agent_sees_the_number_of_a_task_with_a_permit_and_no_other);
	tcase_add_loop_test(tc, a_reveal_that_does_not_say_what_for_is_refused, 0,
	    (int)STW_ARRAY_LEN(bad_bodies));
	tcase_add_test(tc, compliance_sees_all_and_it_is_on_record_without_a_value);
	tcase_add_loop_test(tc, no_other_role_may_ask, 0, 3);
	tcase_add_test(tc, nobody_passes_the_quota_of_the_day_not_even_four_at_once);
	tcase_add_test(tc, two_people_erase_a_customer_and_the_number_stays_uncalled);
	tcase_add_test(tc, every_table_about_customers_has_its_place_in_an_erasure);
	tcase_add_test(tc, a_legal_hold_keeps_everything);
	tcase_add_test(tc, the_command_line_wants_two_people_too);
	tcase_add_test(tc, a_server_that_crashes_leaves_no_core);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	world_stop(&world);
	curl_global_cleanup();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
