/*
 * test_operations.c - long jobs over HTTP: taken in, waited for, cancelled, outliving a server.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "api/operation_store.h"
#include "tests/lib/api_calls.h"

#define WHATIF  "/v1/packs/cn/versions/1.0.1/whatif"
#define MONTH   "{\"since\":\"2026-10-01T00:00:00Z\"}"
#define REQUEUE "/v1/dead-letters:requeue"
/* Statements that wait for hold_decisions and read decisions' records. */
#define RERUNS_WAIT                                                                     \
	"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND " \
	"wait_event_type = 'Lock' AND query LIKE '%record_hash%'"

/* ---- a lock that keeps a job waiting ----------------------------------------------------- */
static PGconn *
hold(const char *sql)
{
	PGconn *pg = PQconnectdb(world.db.conninfo);
	PGresult *res = PQexec(pg, "BEGIN");

	PQclear(res);
	res = PQexec(pg, sql);
	ck_assert_msg(PQresultStatus(res) == PGRES_COMMAND_OK ||
			  PQresultStatus(res) == PGRES_TUPLES_OK,
	    "%s: %s", sql, PQerrorMessage(pg));
	PQclear(res);
	return pg;
}

/* What decided again has to wait for. */
static PGconn *
hold_decisions(void)
{
	return hold("LOCK TABLE decision IN ACCESS EXCLUSIVE MODE");
}

static bool
soon(const char *sql, int64_t want, int msec)
{
	for (int i = 0; i < msec / 50; i++) {
		if (test_db_number(&world.db, sql) == want)
			return true;
		(void)usleep(50000);
	}
	return false;
}

static bool
state_soon(const char *id, const char *state, int msec)
{
	char sql[200];

	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM operation WHERE operation_id = '%s' AND state = '%s'",
	    id, state);
	return soon(sql, 1, msec);
}

static void
ck_state(const char *id, const char *state)
{
	ck_assert_msg(state_soon(id, state, 20000), "%s is not %s", id, state);
}

static bool
nobody_waits(int msec)
{
	return soon("SELECT count(*) FROM pg_stat_activity WHERE datname = "
		    "current_database() AND wait_event_type = 'Lock'",
	    0, msec);
}

/* ---- asking ---------------------------------------------------------------------------- */
static struct reply
ask_at(const struct world *at, const char *role, const char *path, const char *body,
    const char *key, const char *header)
{
	char *token = token_of(role);
	struct reply r = http(at, (struct request){.method = "POST",
				      .path = path,
				      .token = token,
				      .body = body,
				      .key = key,
				      .header = header});

	free(token);
	return r;
}

static void
take_id(struct reply *r, char id[40])
{
	ck_status(r, 202);
	(void)snprintf(id, 40, "%s", reply_text(r, "id"));
	reply_free(r);
}

static void
whatif_begin(const struct world *at, char id[40])
{
	struct reply r = ask_at(at, "compliance", WHATIF, MONTH, new_key(), NULL);

	take_id(&r, id);
}

static struct reply
look(const char *role, const char *id)
{
	char path[100];

	(void)snprintf(path, sizeof path, "/v1/operations/%.40s", id);
	return get(role, path);
}

static struct reply
cancel(const char *role, const char *id)
{
	char path[100];

	(void)snprintf(path, sizeof path, "/v1/operations/%.40s/cancel", id);
	return post(role, path, NULL);
}

START_TEST(a_long_job_is_taken_in_and_then_there_is_its_result)
{
	struct reply r =
	    post("ops", "/v1/campaigns/maturing_product/simulate", "{\"version\":1}");
	char id[40], location[100];

	(void)snprintf(location, sizeof location, "Location: /v1/operations/%.40s",
	    reply_text(&r, "id"));
	ck_assert_ptr_nonnull(strstr(r.headers, location));
	ck_assert_str_eq(reply_text(&r, "kind"), "campaign.simulate");
	ck_assert(json_is_null(json_at(r.json, "result")));
	take_id(&r, id);
	ck_state(id, "succeeded");
	r = look("ops", id);
	ck_status(&r, 200);
	ck_assert(json_is_true(json_at(r.json, "result/adds_up")));
	ck_assert_str_eq(reply_text(&r, "result/campaign"), "maturing_product");
	ck_assert_int_gt(json_integer_value(json_at(r.json, "result/audience")), 0);
	ck_assert_int_eq(json_integer_value(json_at(r.json, "progress/done")), 256);
	reply_free(&r);
}
END_TEST

START_TEST(who_waits_gets_the_result_itself_and_a_fault_as_such)
{
	struct reply r = ask_at(&world, "ops", "/v1/campaigns:simulate", NULL,
	    new_key(), "Prefer: respond-async, wait=20");

	ck_status(&r, 200);
	ck_assert_ptr_null(strstr(r.headers, "Location:"));
	ck_assert_uint_gt(json_array_size(json_at(r.json, "items")), 0);
	reply_free(&r);
	r = post("ops", "/v1/campaigns/maturing_product/simulate", "{\"version\":99}");
	ck_problem(&r, 404, "NOT_FOUND");
	reply_free(&r);
	r = post("compliance", WHATIF, "{}");
	ck_problem(&r, 400, "INVALID_REQUEST");
	reply_free(&r);
	r = ask_at(&world, "ops", "/v1/campaigns:simulate", NULL, NULL, NULL);
	ck_problem(&r, 400, "IDEMPOTENCY_KEY_MISSING");
	reply_free(&r);
}
END_TEST

/* Its request is one that no handler would have let in. */
START_TEST(one_that_fails_holds_the_problem)
{
	static const char id[] = "01930000-0000-7000-8000-0000000000f1";
	struct reply r;

	test_db_tamper(&world.db,
	    "INSERT INTO operation (operation_id, kind, path, params, request, key_id, "
	    "subject, role, zh, created_at) VALUES ('01930000-0000-7000-8000-"
	    "0000000000f1', 'campaign.simulate', '/v1/campaigns/none/simulate', '{none}', "
	    "'{\"version\":7}', 'k', 'nobody', 'ops', true, now())");
	ck_state(id, "failed");
	r = look("compliance", id);
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "problem/code"), "NOT_FOUND");
	ck_assert_int_eq(json_integer_value(json_at(r.json, "problem/status")), 404);
	ck_assert_str_eq(
	    reply_text(&r, "problem/instance"), "/v1/campaigns/none/simulate");
	ck_assert_str_eq(reply_text(&r, "problem/title"), "未找到");
	reply_free(&r);
}
END_TEST

START_TEST(the_same_key_is_the_same_operation)
{
	const char *key = new_key();
	char first[40], second[40];
	struct reply r =
	    ask_at(&world, "ops", "/v1/campaigns:simulate", NULL, key, NULL);

	take_id(&r, first);
	r = ask_at(&world, "ops", "/v1/campaigns:simulate", NULL, key, NULL);
	take_id(&r, second);
	ck_assert_str_eq(first, second);
	/* Asked again to wait for it, it is waited for. */
	r = ask_at(
	    &world, "ops", "/v1/campaigns:simulate", NULL, key, "Prefer: wait=20");
	ck_status(&r, 200);
	reply_free(&r);
}
END_TEST

START_TEST(an_operation_is_seen_by_who_asked_and_by_auditors)
{
	struct reply r = post("ops", "/v1/campaigns:simulate", NULL), list;
	char id[40], *token;

	take_id(&r, id);
	ck_assert_int_eq(world_run(&world, &token,
			     (const char *const[]){"token", "create", "--role", "ops",
				 "--subject", "another", NULL}),
	    0);
	token[strcspn(token, "\n")] = '\0';
	for (int i = 0; i < 2; i++) {
		char path[100];

		(void)snprintf(path, sizeof path, "/v1/operations/%.40s%s", id,
		    i == 0 ? "" : "/cancel");
		r = http(&world, (struct request){.method = i == 0 ? "GET" : "POST",
				     .path = path,
				     .token = token});
		ck_problem(&r, 404, "NOT_FOUND");
		reply_free(&r);
	}
	list = http(&world, (struct request){.path = "/v1/operations", .token = token});
	ck_status(&list, 200);
	ck_assert_uint_eq(json_array_size(json_at(list.json, "items")), 0);
	reply_free(&list);
	r = look("compliance", id);
	ck_status(&r, 200);
	reply_free(&r);
	/* They look on; cancelling is for who asked, and for an administrator. */
	r = cancel("compliance", id);
	ck_problem(&r, 404, "NOT_FOUND");
	reply_free(&r);
	list = get("compliance", "/v1/operations?limit=500");
	ck_status(&list, 200);
	ck_assert_ptr_nonnull(strstr(list.text, id));
	reply_free(&list);
	free(token);
}
END_TEST

/* ---- cancelling ---------------------------------------------------------------------------- */
START_TEST(what_is_cancelled_stops_within_a_second)
{
	PGconn *lock = hold_decisions();
	char id[40];
	struct reply r;
	bool over;

	whatif_begin(&world, id);
	ck_state(id, "running");
	ck_assert(soon(RERUNS_WAIT, 1, 5000));
	r = cancel("compliance", id);
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "state"), "cancelled");
	reply_free(&r);
	over = soon(RERUNS_WAIT, 0, 1000);
	PQfinish(lock);
	ck_assert_msg(over, "a second later it still waits");
	/* Once more is no fault; of what has ended it is. */
	r = cancel("compliance", id);
	ck_status(&r, 200);
	reply_free(&r);
	r = look("compliance", id);
	ck_assert_str_eq(reply_text(&r, "state"), "cancelled");
	ck_assert_str_ne(reply_text(&r, "cancelled_by"), "");
	reply_free(&r);
	r = ask_at(&world, "compliance", WHATIF, MONTH, new_key(), "Prefer: wait=20");
	ck_status(&r, 200);
	ck_assert_int_gt(json_integer_value(json_at(r.json, "decisions")), 0);
	reply_free(&r);
	r = get("compliance", "/v1/operations?state=succeeded&limit=1");
	(void)snprintf(id, sizeof id, "%s", reply_text(&r, "items/0/id"));
	reply_free(&r);
	r = cancel("admin", id);
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
}
END_TEST

static int64_t
dead_letters(void)
{
	return test_db_number(
	    &world.db, "SELECT count(*) FROM task WHERE dead_why = 'refused'");
}

static int64_t
make_dead_letters(void)
{
	test_db_tamper(&world.db,
	    "SET session_replication_role = replica; UPDATE task SET state = 'failed', "
	    "dead_why = 'refused' WHERE task_id IN (SELECT task_id FROM task WHERE state "
	    "= 'planned' LIMIT 5); DELETE FROM task_ready r USING task t WHERE r.task_id "
	    "= t.task_id AND t.state = 'failed'");
	return dead_letters();
}

/* Its worker hears of it late: another server took the cancelling in, and the lock that it
 * waits for is free at once. What decides is whose the operation is when it ends. */
START_TEST(what_was_cancelled_behind_its_worker_did_nothing_either)
{
	int64_t dead = make_dead_letters();
	PGconn *lock = hold("SELECT 1 FROM task WHERE dead_why IS NOT NULL FOR UPDATE");
	char body[120], id[40], sql[300];
	struct reply r;

	(void)snprintf(body, sizeof body,
	    "{\"reason\":\"refused\",\"note\":\"it is back\",\"expect\":%lld}",
	    (long long)dead);
	r = post("operator", REQUEUE, body);
	take_id(&r, id);
	ck_state(id, "running");
	ck_assert(soon("SELECT count(*) FROM pg_stat_activity WHERE datname = "
		       "current_database() AND wait_event_type = 'Lock' AND query LIKE "
		       "'%requeued_by%'",
	    1, 5000));
	(void)snprintf(sql, sizeof sql,
	    "UPDATE operation SET state = 'cancelled', cancelled_by = 'x', ended_at = "
	    "now(), worker = NULL, beat_at = NULL, request = NULL WHERE operation_id = "
	    "'%.40s'",
	    id);
	test_db_tamper(&world.db, sql);
	PQfinish(lock);
	ck_assert(nobody_waits(2000));
	(void)usleep(300000);
	ck_assert_int_eq(dead_letters(), dead);
	ck_state(id, "cancelled");
}
END_TEST

START_TEST(what_was_cancelled_did_nothing_and_what_succeeded_did_all)
{
	int64_t dead = make_dead_letters();
	PGconn *lock = hold("SELECT 1 FROM task WHERE dead_why IS NOT NULL FOR UPDATE");
	char body[120], id[40];
	struct reply r;

	ck_assert_int_gt(dead, 0);
	(void)snprintf(body, sizeof body,
	    "{\"reason\":\"refused\",\"note\":\"it is back\",\"expect\":%lld}",
	    (long long)dead);
	r = post("operator", REQUEUE, body);
	take_id(&r, id);
	ck_state(id, "running");
	r = cancel("operator", id);
	ck_status(&r, 200);
	reply_free(&r);
	PQfinish(lock);
	ck_assert(nobody_waits(2000));
	ck_assert_int_eq(dead_letters(), dead);
	r = ask_at(&world, "operator", REQUEUE, body, new_key(), "Prefer: wait=20");
	ck_status(&r, 200);
	ck_assert_int_eq(json_integer_value(json_at(r.json, "requeued")), dead);
	reply_free(&r);
	ck_assert_int_eq(dead_letters(), 0);
}
END_TEST

START_TEST(nobody_has_more_than_a_few_at_a_time)
{
	PGconn *lock = hold_decisions();
	char ids[OPERATIONS_OPEN][40];
	struct reply r;

	for (int i = 0; i < OPERATIONS_OPEN; i++)
		whatif_begin(&world, ids[i]);
	r = post("compliance", WHATIF, MONTH);
	ck_problem(&r, 429, "OPERATIONS_OPEN");
	ck_assert_ptr_nonnull(strstr(r.headers, "Retry-After: 10"));
	reply_free(&r);
	/* One that waits is cancelled like one that runs. */
	for (int i = OPERATIONS_OPEN - 1; i >= 0; i--) {
		r = cancel("compliance", ids[i]);
		ck_status(&r, 200);
		reply_free(&r);
	}
	PQfinish(lock);
}
END_TEST

/* ---- a server that dies -------------------------------------------------------------------- */
/* Another one on the same database. */
static pid_t
second_server(struct world *second)
{
	char port_file[200];
	pid_t pid;
	FILE *file;
	int port = 0;

	*second = world;
	(void)snprintf(port_file, sizeof port_file, "%s/port2", world.dir);
	pid = world_spawn(&world, "serve2",
	    (const char *const[]){"serve", "--listen", "127.0.0.1:0", "--port-file",
		port_file, "--dispatch", "false", NULL});
	for (int i = 0; i < 400 && port == 0; i++) {
		file = fopen(port_file, "re");
		if (file != NULL) {
			if (fscanf(file, "%d", &port) != 1)
				port = 0;
			(void)fclose(file);
		}
		(void)usleep(50000);
	}
	(void)unlink(port_file);
	(void)snprintf(second->api, sizeof second->api, "http://127.0.0.1:%d", port);
	return pid;
}

static int64_t
count_of(char ids[5][40], const char *state)
{
	char sql[400];

	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM operation WHERE state = '%s' AND operation_id IN ('%s', "
	    "'%s', '%s', '%s', '%s')",
	    state, ids[0], ids[1], ids[2], ids[3], ids[4]);
	return test_db_number(&world.db, sql);
}

static bool
count_soon(char ids[5][40], const char *state, int64_t want, int msec)
{
	for (int i = 0; i < msec / 50; i++) {
		if (count_of(ids, state) == want)
			return true;
		(void)usleep(50000);
	}
	return false;
}

/* SIGKILL and SIGTERM: what ran is interrupted, what waited is carried out by another. Two
 * servers with two workers each have four of five to do. */
static const int ends[] = {SIGKILL, SIGTERM};

START_TEST(a_server_that_ends_leaves_operations_that_say_so)
{
	struct world second;
	pid_t pid = second_server(&second);
	PGconn *lock = hold_decisions();
	char ids[5][40];
	struct reply r;
	bool ran, gone;

	for (int i = 0; i < 5; i++)
		whatif_begin(&second, ids[i]);
	ran = count_soon(ids, "running", 4, 5000);
	(void)kill(pid, ends[_i]);
	(void)waitpid(pid, NULL, 0);
	/* Who is told to end says so itself; who is killed is missed. */
	gone = ends[_i] == SIGKILL || count_soon(ids, "interrupted", 2, 1000);
	PQfinish(lock);
	ck_assert(ran);
	ck_assert(gone);
	ck_assert(count_soon(ids, "interrupted", 2, 20000));
	ck_assert(count_soon(ids, "succeeded", 3, 20000));
	for (int i = 0; i < 5; i++) {
		r = look("compliance", ids[i]);
		ck_status(&r, 200);
		if (strcmp(reply_text(&r, "state"), "interrupted") == 0) {
			ck_assert_str_eq(reply_text(&r, "problem/code"), "INTERRUPTED");
			ck_assert(json_is_true(json_at(r.json, "problem/retryable")));
			ck_assert(json_is_null(json_at(r.json, "result")));
		}
		reply_free(&r);
	}
}
END_TEST

static Suite *
operations_suite(void)
{
	Suite *suite = suite_create("operations");
	TCase *asking = tcase_create("asking"),
	      *cancelling = tcase_create("cancelling");
	TCase *ending = tcase_create("ending");

	tcase_set_timeout(asking, 120);
	tcase_set_timeout(cancelling, 120);
	tcase_set_timeout(ending, 120);
	tcase_add_test(asking, a_long_job_is_taken_in_and_then_there_is_its_result);
	tcase_add_test(asking, who_waits_gets_the_result_itself_and_a_fault_as_such);
	tcase_add_test(asking, one_that_fails_holds_the_problem);
	tcase_add_test(asking, the_same_key_is_the_same_operation);
	tcase_add_test(asking, an_operation_is_seen_by_who_asked_and_by_auditors);
	tcase_add_test(cancelling, what_is_cancelled_stops_within_a_second);
	tcase_add_test(
	    cancelling, what_was_cancelled_behind_its_worker_did_nothing_either);
	tcase_add_test(
	    cancelling, what_was_cancelled_did_nothing_and_what_succeeded_did_all);
	tcase_add_test(cancelling, nobody_has_more_than_a_few_at_a_time);
	tcase_add_loop_test(ending, a_server_that_ends_leaves_operations_that_say_so, 0,
	    (int)STW_ARRAY_LEN(ends));
	suite_add_tcase(suite, asking);
	suite_add_tcase(suite, cancelling);
	suite_add_tcase(suite, ending);
	return suite;
}

int
main(void)
{
	return api_test_main(operations_suite());
}
