/*
 * test_ticks.c - the schedule of `serve`: what changes is seen while a planning runs, and
 * nobody is moved over a book that an import has not brought whole.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/db.h"
#include "tests/lib/api_calls.h"

#define TRIES 600 /* of 50 ms */

static struct world ticking; /* the same world by another server */
static struct db *other;
static struct stw_err err;
static char slot[64], port[200];

static void
names(void)
{
	(void)snprintf(slot, sizeof slot, "ticks_%.50s", world.db.name);
	(void)snprintf(port, sizeof port, "%s/ticks.port", world.dir);
}

static void
start_ticking(const char *log)
{
	char text[32] = "";

	(void)unlink(port);
	ticking = world;
	ticking.server = world_spawn(&world, log,
	    (const char *const[]){"serve", "--listen", "127.0.0.1:0", "--port-file",
		port, "--dispatch", "false", "--log-level", "info", "--book-slot", slot,
		"--tick-seconds", "1", NULL});
	for (int i = 0; i < TRIES && text[0] == '\0'; i++) {
		FILE *f = fopen(port, "r");

		if (f != NULL) {
			if (fgets(text, sizeof text, f) == NULL)
				text[0] = '\0';
			(void)fclose(f);
		}
		if (text[0] == '\0')
			(void)usleep(50000);
	}
	ck_assert_msg(text[0] != '\0', "%s does not start", log);
	(void)snprintf(ticking.api, sizeof ticking.api, "http://127.0.0.1:%ld",
	    strtol(text, NULL, 10));
	other = test_db_connect(&world.db);
}

static void
end_ticking(void)
{
	db_close(other);
	other = NULL;
	ck_assert_int_eq(world_end(ticking.server), 0);
}

static int64_t
number(const char *sql)
{
	return test_db_number(&world.db, sql);
}

static void
ck_becomes(const char *sql, int64_t want)
{
	int64_t is = -1;

	for (int i = 0; i < TRIES && is != want; i++) {
		is = number(sql);
		if (is != want)
			(void)usleep(50000);
	}
	ck_assert_msg(is == want, "%s: %lld", sql, (long long)is);
}

#define SEGMENT                                                                             \
	"(SELECT min(segment_id) FROM segment WHERE state = 'active' AND kind = 'rule' "    \
	"AND NOT EXISTS (SELECT FROM segment u WHERE u.rule LIKE '%''' || segment.code || " \
	"'''%'))"
#define MEMBERS                                                                       \
	"SELECT count(*) FROM segment_member WHERE left_at IS NULL AND segment_id = " \
	"(SELECT segment_id FROM segment WHERE rule LIKE '%fresh%')"

/* A segment of those whose tier is fresh, as it should be. */
static void
have_segment(void)
{
	test_db_tamper(&world.db,
	    "UPDATE segment SET rule = 'has(customer.tier) && customer.tier == ''fresh''' "
	    "WHERE segment_id = " SEGMENT
	    " AND NOT EXISTS (SELECT FROM segment WHERE rule LIKE '%fresh%')");
	ck_becomes(
	    MEMBERS, number("SELECT count(*) FROM customer WHERE tier = 'fresh'"));
}

/* One more customer is fresh. */
static void
freshen(void)
{
	test_db_tamper(&world.db,
	    "UPDATE customer SET tier = 'fresh' WHERE (bucket, customer_id) = "
	    "(SELECT bucket, customer_id FROM customer WHERE tier IS DISTINCT FROM 'fresh' "
	    "ORDER BY 2 LIMIT 1)");
}

static bool
metrics_say(const char *line)
{
	char *token = token_of("operator");
	struct reply r =
	    http(&ticking, (struct request){.path = "/metrics", .token = token});
	bool found = r.text != NULL && strstr(r.text, line) != NULL;

	reply_free(&r);
	free(token);
	return found;
}

static void
ck_metrics_say(const char *line)
{
	for (int i = 0; i < TRIES && !metrics_say(line); i++)
		(void)usleep(50000);
	ck_assert_msg(metrics_say(line), "%s", line);
}

/* Since when a planning waits for the table that is locked; 0: none does. */
static int64_t
waits_since(void)
{
	return number(
	    "SELECT coalesce(max(extract(epoch FROM a.query_start) * 1000000)::bigint, 0) "
	    "FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND "
	    "l.relation = 'campaign_run'::regclass AND a.datname = current_database()");
}

/* True: while one and the same planning waited. Its wait may end meanwhile, by a timeout. */
static bool
seen_while_it_waits(void)
{
	int64_t since = 0, members = number(MEMBERS);

	for (int i = 0; i < TRIES && since == 0; i++) {
		since = waits_since();
		if (since == 0)
			(void)usleep(50000);
	}
	ck_assert_int_ne(since, 0);
	freshen();
	ck_becomes(MEMBERS, members + 1);
	return waits_since() == since;
}

START_TEST(what_changes_is_seen_while_a_planning_runs)
{
	bool seen = false;

	start_ticking("ticks-1");
	have_segment();
	ck_metrics_say("steward_tick_last_seconds{part=\"planning\"} ");
	ck_assert_int_eq(db_begin(other, &err), STW_OK);
	ck_assert_int_eq(
	    db_script(
		other, "LOCK TABLE campaign_run IN SHARE ROW EXCLUSIVE MODE", &err),
	    STW_OK);
	for (int i = 0; i < 5 && !seen; i++)
		seen = seen_while_it_waits();
	ck_assert(seen);
	/* The ticks over everybody, too: stages that are gone come back. */
	test_db_tamper(&world.db, "DELETE FROM customer_stage");
	ck_becomes("SELECT count(*) FROM customer WHERE NOT EXISTS (SELECT FROM "
		   "customer_stage s WHERE s.customer_id = customer.customer_id)",
	    0);
	db_rollback(other);
	ck_metrics_say("steward_tick_seconds_bucket{part=\"segments\",le=\"+Inf\"} ");
	ck_metrics_say("steward_book_apply_seconds_count ");
	ck_assert(!metrics_say("steward_tick_seconds_count{part=\"stages\"} 0\n"));
	ck_assert(!metrics_say("steward_tick_seconds_count{part=\"changes\"} 0\n"));
	end_ticking();
}
END_TEST

/* ---- imports --------------------------------------------------------------------------- */
static void
import_begins(void)
{
	ck_assert_int_eq(
	    db_query(other, DB_Q_IMPORT_LOCK, NULL, 0, NULL, &err), STW_OK);
}

static void
import_ends(void)
{
	ck_assert_int_eq(
	    db_query(other, DB_Q_IMPORT_UNLOCK, NULL, 0, NULL, &err), STW_OK);
}

static void
question_fails(void)
{
	test_db_tamper(&world.db, "ALTER TABLE import_file RENAME TO away");
}

static void
question_is_answered(void)
{
	test_db_tamper(&world.db, "ALTER TABLE away RENAME TO import_file");
}

static void
import_is_cut_short(void)
{
	test_db_tamper(&world.db,
	    "INSERT INTO import_run (run_id, mapping, source_hash, state, started_at, "
	    "backend_pid) VALUES ('5b3c1a52-0000-4000-8000-000000000001', 'daily', 'x', "
	    "'running', now(), 1); "
	    "INSERT INTO import_file VALUES ('5b3c1a52-0000-4000-8000-000000000001', 0, "
	    "'c.csv', 'customer', 'upsert', 'done', 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1)");
}

static void
import_has_failed(void)
{
	test_db_tamper(&world.db,
	    "DELETE FROM import_file WHERE run_id::text LIKE '5b3c1a52-%'; "
	    "DELETE FROM import_run WHERE run_id::text LIKE '5b3c1a52-%'");
	import_is_cut_short();
	test_db_tamper(&world.db,
	    "UPDATE import_run SET state = 'failed', failure = 'a bad row' "
	    "WHERE run_id::text LIKE '5b3c1a52-%'");
}

static void
import_is_given_up(void)
{
	char *out = NULL;

	ck_assert_int_eq(
	    world_run(&world, &out, (const char *const[]){"imports", NULL}), 0);
	ck_assert_msg(strstr(out, "give-up 5b3c1a52-") != NULL, "%s", out);
	free(out);
	out = NULL;

	ck_assert_msg(
	    world_run(&world, &out,
		(const char *const[]){"imports", "give-up",
		    "5b3c1a52-0000-4000-8000-000000000001", "--by", "ann", NULL}) == 0,
	    "%s", out);
	free(out);
}

static const struct {
	const char *name;
	void (*begin)(void), (*end)(void);
	int status;       /* of a command that would tick */
	const char *says; /* it */
} holds[] = {
    {"running", import_begins, import_ends, 75, "is running"},
    {"unknown", question_fails, question_is_answered, 0, NULL},
    {"half", import_is_cut_short, import_is_given_up, 4, "give-up 5b3c1a52-"},
    {"failed", import_has_failed, import_is_given_up, 4,
	"failed with files before it in"},
};

#define OVERDUE "SELECT count(*) FROM revocation_request WHERE breached_at IS NULL"

static void
ck_command(int status, const char *says)
{
	char *out = NULL;

	ck_assert_int_eq(
	    world_run(&world, &out, (const char *const[]){"segments", NULL}), status);
	ck_assert_msg(strstr(out, says) != NULL, "%s", out);
	free(out);
}

/* Nobody moves; what is due by the clock goes on; and when it is over all is as it should. */
START_TEST(over_a_book_that_is_not_whole_nobody_moves)
{
	int64_t members;

	start_ticking(holds[_i].name);
	have_segment();
	members = number(MEMBERS);
	holds[_i].begin();
	(void)usleep(300000); /* what has begun ends */
	test_db_tamper(&world.db,
	    "INSERT INTO revocation_request SELECT bucket, gen_random_uuid(), customer_id, "
	    "'2026-01-01', 'web', NULL, '2026-02-01', 'r' FROM customer ORDER BY 3 LIMIT 1");
	freshen();
	ck_becomes(OVERDUE, 0);
	(void)usleep(1500000); /* more than a tick */
	ck_assert_int_eq(number(MEMBERS), members);
	if (holds[_i].says != NULL)
		ck_command(holds[_i].status, holds[_i].says);
	holds[_i].end();
	ck_becomes(MEMBERS, members + 1);
	ck_command(0, "members");
	end_ticking();
}
END_TEST

static Suite *
ticks_suite(void)
{
	Suite *suite = suite_create("ticks");
	TCase *tc = tcase_create("ticks");

	tcase_add_checked_fixture(tc, names, NULL);
	tcase_set_timeout(tc, 240);
	tcase_add_test(tc, what_changes_is_seen_while_a_planning_runs);
	tcase_add_loop_test(tc, over_a_book_that_is_not_whole_nobody_moves, 0,
	    (int)STW_ARRAY_LEN(holds));
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return api_test_main(ticks_suite());
}
