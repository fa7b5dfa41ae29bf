/*
 * test_kept_book.c - `serve` with a slot: what anybody writes is counted at once, and a server
 * that was killed goes on with the file of its book.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/api_calls.h"

#define TRIES 600 /* of 50 ms */

static struct world kept; /* the same world by another server */
static char slot[64], port[200], file[200], saved[220];

/* Each test is a process of its own. */
static void
names(void)
{
	(void)snprintf(slot, sizeof slot, "kept_%.50s", world.db.name);
	(void)snprintf(port, sizeof port, "%s/kept.port", world.dir);
	(void)snprintf(file, sizeof file, "%s/kept.book", world.dir);
	(void)snprintf(saved, sizeof saved, "%s.live", file);
}

static void
start_kept(const char *log)
{
	char text[32] = "";
	FILE *f = NULL;

	(void)unlink(port);
	kept = world;
	kept.server = world_spawn(&world, log,
	    (const char *const[]){"serve", "--listen", "127.0.0.1:0", "--port-file",
		port, "--dispatch", "false", "--log-level", "info", "--book-slot", slot,
		"--book-file", file, "--book-save-seconds", "10", NULL});
	for (int i = 0; i < TRIES && text[0] == '\0'; i++) {
		f = fopen(port, "r");
		if (f != NULL) {
			if (fgets(text, sizeof text, f) == NULL)
				text[0] = '\0';
			(void)fclose(f);
		}
		if (text[0] == '\0')
			(void)usleep(50000);
	}
	ck_assert_msg(text[0] != '\0', "%s does not start", log);
	(void)snprintf(
	    kept.api, sizeof kept.api, "http://127.0.0.1:%ld", strtol(text, NULL, 10));
	for (int i = 0; i < TRIES; i++) {
		struct reply r = http(&kept, (struct request){.path = "/readyz"});
		bool streams = strcmp(reply_text(&r, "book"), "streaming") == 0;

		reply_free(&r);
		if (streams)
			return;
		(void)usleep(50000);
	}
	ck_abort_msg("%s does not follow the change stream", log);
}

static int64_t
counted(void)
{
	char *token = token_of("ops");
	struct reply r = http(&kept,
	    (struct request){.method = "POST",
		.path = "/v1/rules:check",
		.token = token,
		.key = new_key(),
		.body = "{\"rule\": \"has(customer.tier) && customer.tier == 'kept'\", "
			"\"count\": true}"});
	json_t *n;
	int64_t is;

	ck_status(&r, 200);
	n = json_at(r.json, "matched");
	ck_assert_msg(json_is_integer(n), "%s", r.text);
	is = json_integer_value(n);
	reply_free(&r);
	free(token);
	return is;
}

/* Until the server counts what the database has. */
static void
ck_counted(int64_t want)
{
	int64_t is = -1;

	for (int i = 0; i < TRIES && is != want; i++) {
		is = counted();
		if (is != want)
			(void)usleep(50000);
	}
	ck_assert_int_eq(is, want);
}

static void
mark(const char *where)
{
	char sql[200];

	(void)snprintf(
	    sql, sizeof sql, "UPDATE customer SET tier = 'kept' WHERE %s", where);
	test_db_tamper(&world.db, sql);
}

static int64_t
marked(void)
{
	return test_db_number(
	    &world.db, "SELECT count(*) FROM customer WHERE tier = 'kept'");
}

static bool
metric_is(const char *line)
{
	char *token = token_of("operator");
	struct reply r =
	    http(&kept, (struct request){.path = "/metrics", .token = token});
	bool found = r.text != NULL && strstr(r.text, line) != NULL;

	reply_free(&r);
	free(token);
	return found;
}

/* What a customer who calls is told of does not depend on where the book lies. */
static void
ck_same_actions(void)
{
	char *token = token_of("compliance");
	struct reply list = get("compliance", "/v1/customers?limit=8");
	json_t *one;
	size_t i;

	json_array_foreach(json_at(list.json, "items"), i, one)
	{
		struct reply loaded, streamed;
		char path[160];

		(void)snprintf(path, sizeof path, "/v1/customers/%s/next-actions",
		    json_string_value(json_object_get(one, "ref")));
		loaded = get("compliance", path);
		ck_status(&loaded, 200);
		streamed = http(&kept, (struct request){.path = path, .token = token});
		ck_status(&streamed, 200);
		ck_assert_msg(json_equal(json_at(loaded.json, "items"),
				  json_at(streamed.json, "items")),
		    "%s\n%s", loaded.text, streamed.text);
		reply_free(&loaded);
		reply_free(&streamed);
	}
	reply_free(&list);
	free(token);
}

START_TEST(a_server_that_is_killed_goes_on_with_its_file)
{
	start_kept("kept-1");
	ck_same_actions();
	ck_assert(metric_is("steward_book_opened 0\n"));
	mark("customer_id % 5 = 0");
	ck_assert_int_gt(marked(), 10);
	ck_counted(marked());
	for (int i = 0; i < TRIES && access(saved, F_OK) != 0; i++)
		(void)usleep(50000);
	ck_assert_int_eq(access(saved, F_OK), 0);
	ck_assert_int_eq(kill(kept.server, SIGKILL), 0);
	(void)waitpid(kept.server, NULL, 0);
	mark("customer_id % 5 = 1"); /* while nobody looks */
	test_db_tamper(
	    &world.db, "UPDATE customer SET tier = NULL WHERE customer_id % 10 = 0");

	start_kept("kept-2");
	ck_assert(metric_is("steward_book_opened 1\n"));
	ck_assert(metric_is("steward_book_loads_total 0\n"));
	ck_counted(marked());
	/* In order, too. */
	ck_assert_int_eq(world_end(kept.server), 0);
	mark("customer_id % 5 = 2");
	start_kept("kept-3");
	ck_assert(metric_is("steward_book_opened 1\n"));
	ck_counted(marked());
	ck_assert_int_eq(world_end(kept.server), 0);
}
END_TEST

START_TEST(a_damaged_file_is_refused_and_the_book_loaded)
{
	FILE *f = fopen(saved, "r+b");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, 4096, SEEK_SET), 0);
	ck_assert_int_eq((int)fwrite("damage", 1, 6, f), 6);
	ck_assert_int_eq(fclose(f), 0);
	start_kept("kept-4");
	ck_assert(metric_is("steward_book_opened 0\n"));
	ck_assert(metric_is("steward_book_loads_total 1\n"));
	ck_counted(marked());
	ck_assert_int_eq(world_end(kept.server), 0);
}
END_TEST

static Suite *
kept_suite(void)
{
	Suite *suite = suite_create("kept_book");
	TCase *tc = tcase_create("kept_book");

	tcase_add_checked_fixture(tc, names, NULL);
	tcase_set_timeout(tc, 240);
	tcase_add_test(tc, a_server_that_is_killed_goes_on_with_its_file);
	tcase_add_test(tc, a_damaged_file_is_refused_and_the_book_loaded);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return api_test_main(kept_suite());
}
