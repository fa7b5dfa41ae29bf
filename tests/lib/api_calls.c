/*
 * api_calls.c - calls by role, checks of replies, and the program around a suite.
 */
#include "tests/lib/api_calls.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "engine/err.h"

struct world world;

int
api_test_main(Suite *suite)
{
	SRunner *runner;
	int failed;

	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	test_cluster_start();
	world_start(&world, WORLD_CUSTOMERS);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	world_stop(&world);
	curl_global_cleanup();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

char *
token_of(const char *role)
{
	const char *token = world_token(&world, role, NULL);

	ck_assert_msg(token != NULL, "no token for %s", role);
	return strdup(token);
}

const char *
new_key(void)
{
	static char key[64];
	static int n;

	(void)snprintf(key, sizeof key, "test-%d-%d", (int)getpid(), n++);
	return key;
}

struct reply
get(const char *role, const char *path)
{
	char *token = token_of(role);
	struct reply reply =
	    http(&world, (struct request){.path = path, .token = token});

	free(token);
	return reply;
}

struct reply
post(const char *role, const char *path, const char *body)
{
	char *token = token_of(role);
	struct reply reply = http(&world, (struct request){.method = "POST",
					      .path = path,
					      .token = token,
					      .body = body,
					      .key = new_key()});

	free(token);
	return reply;
}

void
ck_status(const struct reply *reply, long status)
{
	ck_assert_msg(reply->status == status, "status %ld, wanted %ld: %.400s",
	    reply->status, status, reply->text);
}

void
ck_problem(const struct reply *reply, long status, const char *code)
{
	ck_status(reply, status);
	ck_assert_ptr_nonnull(strstr(reply->headers, "application/problem+json"));
	ck_assert_str_eq(reply_text(reply, "code"), code);
	ck_assert_uint_eq(strlen(reply_text(reply, "trace_id")), 32);
	ck_assert_str_ne(reply_text(reply, "title"), "");
	ck_assert_str_ne(reply_text(reply, "detail"), "");
}

struct reply
agent(const char *who, const char *method, const char *path, const char *body,
    const char *key)
{
	char *token = strdup(world_token(&world, "agent", who));
	struct reply reply = http(&world, (struct request){.method = method,
					      .path = path,
					      .token = token,
					      .body = body,
					      .key = key});

	free(token);
	return reply;
}

/* Says where they all are. */
static void
no_task_left(void)
{
	static const char *const states[] = {"planned", "ready", "sending", "queued",
	    "accepted", "in_progress", "done", "no_contact", "recalled", "blocked",
	    "cancelled", "expired", "failed", "unknown"};
	char text[400];
	size_t n = 0;

	for (size_t i = 0; i < STW_ARRAY_LEN(states); i++) {
		char sql[200];

		(void)snprintf(sql, sizeof sql,
		    "SELECT count(*) FROM task JOIN queue USING (queue_id) WHERE code = "
		    "'wealth-remote' AND task.state = '%s'",
		    states[i]);
		n += (size_t)snprintf(text + n, sizeof text - n, " %s %lld", states[i],
		    (long long)test_db_number(&world.db, sql));
	}
	ck_abort_msg("no queued task is left:%s", text);
}

void
queued_task(char id[40], char customer[80])
{
	struct reply r =
	    agent(AGENT, NULL, "/v1/tasks?state=queued&limit=1", NULL, NULL);

	ck_status(&r, 200);
	if (json_array_size(json_at(r.json, "items")) != 1)
		no_task_left();
	(void)snprintf(id, 40, "%s", reply_text(&r, "items/0/task_id"));
	(void)snprintf(customer, 80, "%s", reply_text(&r, "items/0/customer/ref"));
	reply_free(&r);
}

struct reply
task_call(const char *who, const char *id, const char *verb, const char *body)
{
	char path[120];

	(void)snprintf(path, sizeof path, "/v1/tasks/%s/%s", id, verb);
	return agent(who, "POST", path, body, new_key());
}

char *
other_model(const char *amount)
{
	struct reply r = get("ops", "/v1/lifecycle/models/wealth/versions/1");
	json_t *moves = json_at(r.json, "document/transitions"), *one;
	char when[120], *text;
	size_t i;

	(void)snprintf(when, sizeof when,
	    "customer.tenure_days >= 730 && customer.aum >= money(\"%s\")", amount);
	json_array_foreach(moves, i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "reason")),
			"settled") == 0)
			(void)json_object_set_new(one, "when", json_string(when));
	}
	text = json_dumps(json_at(r.json, "document"), 0);
	reply_free(&r);
	return text;
}

END_TEST

static void *
race(void *arg)
{
	struct racer *r = arg;

	r->reply = http(&world, r->request);
	return NULL;
}

void
race_all(struct racer racers[AT_ONCE])
{
	pthread_t threads[AT_ONCE];

	for (int i = 0; i < AT_ONCE; i++)
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	for (int i = 0; i < AT_ONCE; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
