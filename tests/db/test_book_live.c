/* The keeper (a pthread of the library): what anybody commits is in the book a moment
 * later, whatever happens. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "api/tick.h"
#include "engine/log.h"
#include "segments/book_file.h"
#include "segments/book_live_store.h"
#include "segments/book_store.h"
#include "tests/lib/book_same.h"
#include "tests/lib/book_world.h"
#include "tests/lib/book_writes.h"
#include "tests/lib/cluster.h"

#define CUSTOMERS 300
#define WAIT_MSEC 20000

static struct test_db t;
static struct stw_err err;
static struct stw_clock business;
static struct book_live *live;
static struct member_image kept; /* from tick to tick, as the server has it */

static const char *file; /* where it is saved; NULL: nowhere */
static int save_sec = 1;
static int periodic_sec = 1;

static void
start(void)
{
	char slot[64];
	struct book_live_options options = {.conninfo = t.superuser,
	    .slot = slot,
	    .clock = &business,
	    .periodic_sec = periodic_sec,
	    .file = file,
	    .save_sec = save_sec,
	    .touched = true};

	/* A slot's name is of the whole cluster. */
	(void)snprintf(slot, sizeof slot, "live_%d", (int)getpid());
	ck_assert_msg(book_live_start(&options, &live, &err) == STW_OK, "%s", err.text);
}

static void
setup(void)
{
	clock_set_base(&business, WORLD_NOW);
	test_db_open(&t);
	book_writes_fill(t.superuser, CUSTOMERS);
	member_image_init(&kept);
	start();
}

static void
teardown(void)
{
	book_live_stop(live);
	member_image_fini(&kept);
	test_db_close(&t);
}

#define ck_ok(call)                                             \
	do {                                                    \
		enum stw_code ck_rc = (call);                   \
		ck_assert_msg(ck_rc == STW_OK, "%s", err.text); \
	} while (0)

/* The version that has all that was committed until now. */
static struct book_view *
settled(void)
{
	struct book_live_stat stat;
	struct book_view *view;
	stw_lsn position;

	ck_ok(book_live_position(t.db, &position, &err));
	view = book_live_view_after(live, position, WAIT_MSEC, NULL);
	book_live_stat(live, &stat);
	ck_assert_msg(view != NULL, "no version: %s %s",
	    book_live_state_name(stat.state), stat.trouble);
	return view;
}

static void
check_same(void)
{
	struct book_view *view = settled();
	struct book *fresh = NULL;
	struct book_parts wanted, got;
	struct buf why;

	buf_init(&why);
	ck_ok(book_load(t.db, WORLD_NOW, NULL, &fresh, &err));
	wanted = book_alone(fresh);
	world_view_parts(view, &got);
	ck_assert_msg(book_same(&wanted, &got, &why), "%s", why.data);
	book_parts_free(&got);
	book_free(fresh);
	book_view_unref(view);
	buf_fini(&why);
}

static int64_t
reloads(void)
{
	struct book_live_stat stat;

	book_live_stat(live, &stat);
	return stat.reloads;
}

static enum book_live_state
state_becomes(enum book_live_state state)
{
	struct book_live_stat stat;

	for (int i = 0; i < WAIT_MSEC / 10; i++) {
		book_live_stat(live, &stat);
		if (stat.state == state)
			break;
		(void)usleep(10000);
	}
	return stat.state;
}

/* ---- changes ------------------------------------------------------------------------- */
START_TEST(whatever_clients_write_is_in_the_book)
{
	struct book_writer *writers[3];
	struct book_live_stat stat;

	check_same();
	for (int i = 0; i < 3; i++)
		writers[i] = book_writer_new(t.superuser, i, 11, true);
	for (int round = 0; round < 4; round++) {
		for (int k = 0; k < 90; k++)
			(void)book_writer_write(writers[k % 3], CUSTOMERS, 12);
		check_same();
	}
	for (int i = 0; i < 3; i++)
		book_writer_free(writers[i]);
	book_live_stat(live, &stat);
	ck_assert_int_eq(stat.state, BOOK_LIVE_STREAMING);
	ck_assert_int_eq(stat.reloads, 1);
	ck_assert_int_gt(stat.reread, 100);
	ck_assert_int_le(stat.view.parts, BOOK_VIEW_PARTS);
}
END_TEST

/* The rows were read before the transaction wrote again, or after: never in between. */
START_TEST(a_version_shows_whole_transactions)
{
	struct db *db = test_db_connect(&t);
	struct book_view *view;

	book_view_unref(settled());
	for (int n = 1; n <= 30; n++) {
		char sql[200];

		(void)snprintf(sql, sizeof sql,
		    "UPDATE customer SET tier = 'n%d' WHERE customer_id IN (1, 2, 3)",
		    n);
		ck_ok(db_script(db, sql, &err));
		view = book_live_view(live);
		for (int k = 0; k < 5; k++) {
			char seen[3][16];
			int found = 0;

			for (int p = 0; p < view->nparts; p++) {
				const struct book *book = view->parts[p]->patch.book;
				const struct column *tier =
				    &book->customers->cols[BOOK_TIER];

				for (size_t r = 0; r < book->customers->rows; r++) {
					if (book->customer_id[r] > 3 ||
					    (view->dead[p].bits != 0 &&
						bitmap_get(&view->dead[p], r)))
						continue;
					(void)snprintf(seen[found++], sizeof seen[0],
					    "%.*s",
					    STR_FMT(col_dict_get(
						tier->dict, column_code(tier, r))));
				}
			}
			ck_assert_int_eq(found, 3);
			if (n > 1 && seen[0][0] == 'n') {
				ck_assert_str_eq(seen[0], seen[1]);
				ck_assert_str_eq(seen[0], seen[2]);
			}
			book_view_unref(view);
			view = book_live_view(live);
		}
		book_view_unref(view);
	}
	check_same();
	db_close(db);
}
END_TEST

/* ---- what no patch mends ---------------------------------------------------------------- */
static const struct {
	const char *sql;
	bool reload;
} upheavals[] = {
    {"TRUNCATE txn", true},
    {"UPDATE product SET risk = 4, class = 'bond'", true},
    {"INSERT INTO setting VALUES ('lifecycle_model', 'other')", true},
    {"UPDATE product SET name_en = 'renamed'", false},
    {"INSERT INTO setting VALUES ('colour', 'red')", false},
    {"DELETE FROM customer WHERE customer_id % 2 = 0", false},
};

START_TEST(upheavals_are_in_the_book_too)
{
	book_view_unref(settled());
	ck_assert_int_eq(reloads(), 1);
	test_db_tamper(&t, upheavals[_i].sql);
	check_same();
	ck_assert_int_eq(reloads(), upheavals[_i].reload ? 2 : 1);
	test_db_tamper(&t, "UPDATE customer SET tier = 'after'");
	check_same();
}
END_TEST

START_TEST(killed_connections_lose_nothing)
{
	struct book_writer *writer = book_writer_new(t.superuser, 1, 5, true);

	book_view_unref(settled());
	for (int round = 0; round < 3; round++) {
		for (int k = 0; k < 20; k++)
			(void)book_writer_write(writer, CUSTOMERS, 12);
		test_db_tamper(&t,
		    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
		    "datname = current_database() AND pid <> pg_backend_pid() AND "
		    "(backend_type = 'walsender' OR application_name = 'steward') AND "
		    "query !~ 'setseed'");
		ck_ok(db_reset(t.db, &err));
		for (int k = 0; k < 20; k++)
			(void)book_writer_write(writer, CUSTOMERS, 12);
		ck_assert_int_eq(
		    state_becomes(BOOK_LIVE_STREAMING), BOOK_LIVE_STREAMING);
		check_same();
	}
	ck_assert_int_eq(reloads(), 1);
	book_writer_free(writer);
}
END_TEST

/* An amount that no book can hold stops the book where it is, visibly, and no further. */
START_TEST(what_cannot_be_read_is_told_and_mended)
{
	struct book_live_stat stat;
	struct book_view *before = settled(), *view;

	test_db_tamper(&t, "INSERT INTO holding VALUES (w_bucket(5), 5, 'usd', NULL, "
			   "'fund', 5, 'USD', NULL, NULL, 'open', '2026-01-01')");
	ck_assert_int_eq(state_becomes(BOOK_LIVE_TROUBLE), BOOK_LIVE_TROUBLE);
	book_live_stat(live, &stat);
	ck_assert_ptr_nonnull(strstr(stat.trouble, "holding of customer_id 5"));
	view = book_live_view(live);
	ck_assert_ptr_eq(view, before);
	book_view_unref(view);
	book_view_unref(before);
	test_db_tamper(&t, "DELETE FROM holding WHERE holding_ref = 'usd'");
	ck_assert_int_eq(state_becomes(BOOK_LIVE_STREAMING), BOOK_LIVE_STREAMING);
	check_same();
}
END_TEST

/* ---- what follows from a change ---------------------------------------------------------- */
static void
save_segment(const char *code, const char *rule)
{
	const struct segment_def def = {
	    .code = code, .name_zh = code, .name_en = code, .rule = rule};
	int version;

	ck_ok(segment_store_save(t.db, &def, "ann", WORLD_NOW, &version, &err));
}

static void
prepare_segments(void)
{
	bool installed;

	ck_ok(lifecycle_store_install(t.db, "setup", WORLD_NOW, &installed, &err));
	save_segment("vip", "customer.tier == \"vip\"");
	save_segment("rich", "customer.aum > money(\"500000\")");
	save_segment("rich_vip",
	    "customer in segment(\"vip\") || customer in segment(\"rich\")");
	save_segment(
	    "loud", "customer.complaints_90d > 0 && !(customer in segment(\"rich\"))");
}

static int64_t imports; /* the mark of the last tick over everybody */

/* Over everybody; how many entered and left. */
static int64_t
tick_all(int64_t *stage_changes)
{
	const struct tick_options options = {
	    .now = clock_now(&business), .live = live, .members = &kept};
	struct tick_result result;
	int64_t moves = 0;

	ck_ok(tick_run(t.db, NULL, &options, &result, &err));
	for (int i = 0; i < result.segments.nsegments; i++) {
		const struct tick_segment *segment = &result.segments.segments[i];

		ck_assert_msg(segment->failure == NULL, "%s", segment->failure);
		/* Who overstays a promise depends on the stage, which moves by the tick. */
		if (strncmp(segment->code, "overdue", 7) != 0)
			moves += segment->entered + segment->left;
	}
	*stage_changes = result.segments.stage_changes;
	imports = result.imports;
	tick_fini(&result);
	return moves;
}

/* Until nothing is left to look at; how many customers were. */
static int64_t
tick_touched(void)
{
	struct tick_touched touched;
	stw_lsn written = 0;
	struct book_keys keys;
	struct book_view *view;
	int64_t customers = 0;

	book_view_unref(settled());
	while ((view = book_live_touched(live, 0, &keys)) != NULL) {
		ck_ok(tick_touched_run(t.db, live, &kept, &keys, imports,
		    clock_now(&business), &written, &touched, &err));
		customers += touched.held ? 0 : touched.customers;
		book_view_unref(view);
		free(keys.items);
		book_view_unref(settled());
	}
	return customers;
}

/* Members, and in the thousands what the segment says of itself. */
static int64_t
members(const char *code)
{
	char sql[300];

	(void)snprintf(sql, sizeof sql,
	    "SELECT matched * 1000 + (SELECT count(*) FROM segment_member AS m WHERE "
	    "m.segment_id = s.segment_id AND left_at IS NULL) FROM segment AS s "
	    "WHERE code = '%s'",
	    code);
	return test_db_number(&t, sql);
}

START_TEST(whoever_changes_enters_and_leaves_at_once)
{
	int64_t stages;

	prepare_segments();
	(void)tick_all(&stages);
	ck_assert_int_gt(stages, 0);
	ck_assert_int_eq(tick_touched(), 0); /* a tick's own stages are no reason */
	test_db_tamper(
	    &t, "UPDATE customer SET tier = 'vip' WHERE customer_id IN (3, 4, 5)");
	ck_assert_int_eq(tick_touched(), 3);
	ck_assert_int_eq(members("vip"), 3003);
	test_db_tamper(&t, "DELETE FROM customer WHERE customer_id = 4;"
			   "UPDATE customer SET tier = NULL WHERE customer_id = 5");
	ck_assert_int_eq(tick_touched(), 2);
	ck_assert_int_eq(members("vip"), 1001);
	ck_assert_int_eq(tick_all(&stages), 0);
	ck_assert_int_eq(members("vip"), 1001);
}
END_TEST

/* An import that has begun and ended, as far as anybody can see by its row. */
#define IMPORTED                                                                    \
	"INSERT INTO import_run (run_id, mapping, source_hash, state, started_at) " \
	"VALUES (gen_random_uuid(), 'daily', 'x', 'done', now())"

/* Of what an import has brought a version may have a part: the tick over everybody looks. */
START_TEST(who_changed_by_an_import_waits_for_the_tick_over_everybody)
{
	int64_t stages;

	prepare_segments();
	(void)tick_all(&stages);
	test_db_tamper(
	    &t, IMPORTED "; UPDATE customer SET tier = 'vip' WHERE customer_id = 3");
	ck_assert_int_eq(tick_touched(), 0);
	ck_assert_int_eq(members("vip") % 1000, 0);
	ck_assert_int_eq(tick_all(&stages), 1);
	ck_assert_int_eq(members("vip"), 1001);
	test_db_tamper(&t, "UPDATE customer SET tier = 'vip' WHERE customer_id = 4");
	ck_assert_int_eq(tick_touched(), 1);
	ck_assert_int_eq(members("vip"), 2002);
}
END_TEST

static enum stw_code
try_tick(void)
{
	const struct tick_options options = {
	    .now = clock_now(&business), .live = live, .members = &kept};
	struct tick_result result;
	enum stw_code rc = tick_run(t.db, NULL, &options, &result, &err);

	if (rc == STW_OK)
		tick_fini(&result);
	return rc;
}

/* The keeper cannot read what has changed: the old version is nothing to move anybody by. */
START_TEST(over_a_book_that_is_behind_nobody_is_ticked)
{
	struct db *other = test_db_connect(&t);
	enum stw_code rc;

	prepare_segments();
	book_view_unref(settled());
	ck_ok(try_tick());
	ck_ok(db_begin(other, &err));
	ck_ok(
	    db_script(other, "LOCK TABLE interaction IN ACCESS EXCLUSIVE MODE", &err));
	test_db_tamper(&t, "UPDATE customer SET tier = 'vip' WHERE customer_id = 3");
	rc = try_tick();
	db_rollback(other);
	db_close(other);
	ck_assert_int_eq(rc, STW_TEMPFAIL);
	ck_assert_msg(strstr(err.text, "behind the database") != NULL, "%s", err.text);
	book_view_unref(settled());
	ck_ok(try_tick());
}
END_TEST

/* After any changes, a tick over everybody finds nobody who came or went. */
START_TEST(small_ticks_do_what_a_tick_over_everybody_does)
{
	struct book_writer *writer = book_writer_new(t.superuser, 1, 3, false);
	int64_t stages;

	prepare_segments();
	(void)tick_all(&stages);
	for (int round = 0; round < 4; round++) {
		for (int k = 0; k < 15; k++)
			(void)book_writer_write(writer, CUSTOMERS, 12);
		ck_assert_int_gt(tick_touched(), 10);
		ck_assert_int_eq(tick_all(&stages), 0);
	}
	book_writer_free(writer);
}
END_TEST

/* ---- the file ----------------------------------------------------------------------------- */
static char path[64];

static void
with_file(void)
{
	book_live_stop(live);
	(void)snprintf(path, sizeof path, "build/book_live_%d", (int)getpid());
	(void)unlink(path);
	file = path;
	start();
	book_view_unref(settled());
}

static void
without_file(void)
{
	book_live_stop(live);
	live = NULL;
	(void)unlink(path);
	file = NULL;
}

/* At least so many savings. */
static void
wait_saved(int64_t saves)
{
	struct book_live_stat stat = {0};

	for (int i = 0; i < WAIT_MSEC / 10 && stat.saves < saves; i++) {
		book_live_stat(live, &stat);
		(void)usleep(10000);
	}
	ck_assert_int_ge(stat.saves, saves);
}

static void
write_some(int seed, int n)
{
	struct book_writer *writer =
	    book_writer_new(t.superuser, 1, (unsigned)seed, true);

	for (int k = 0; k < n; k++)
		(void)book_writer_write(writer, CUSTOMERS, 12);
	book_writer_free(writer);
}

/* It began with the file, read again only who has changed, and has everything. */
static void
check_opened(void)
{
	struct book_live_stat stat;

	check_same();
	book_live_stat(live, &stat);
	ck_assert_msg(stat.opened, "%s", stat.refused);
	ck_assert_int_eq(stat.reloads, 0);
}

START_TEST(a_keeper_goes_on_where_the_file_ends)
{
	with_file();
	wait_saved(1);
	for (int round = 0; round < 3; round++) {
		write_some(round, 30);
		book_view_unref(settled());
		book_live_stop(live);
		write_some(round + 10, 30); /* while nobody looks */
		start();
		check_opened();
	}
	without_file();
}
END_TEST

/* Killed at any moment, also while it saves. */
START_TEST(a_keeper_that_is_killed_goes_on_where_the_file_ends)
{
	with_file();
	wait_saved(1);
	book_live_stop(live);
	for (int round = 0; round < 4; round++) {
		pid_t child = fork();

		ck_assert_int_ge(child, 0);
		if (child == 0) {
			start();
			for (;;)
				(void)pause();
		}
		write_some(round + 20, 40);
		(void)usleep(300000u + (unsigned)round * 350000u);
		write_some(round + 30, 10);
		ck_assert_int_eq(kill(child, SIGKILL), 0);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
		write_some(round + 40, 20);
		start();
		check_opened();
		book_live_stop(live);
	}
	start();
	without_file();
}
END_TEST

/* More log than the server keeps for the slot, and nobody reads it meanwhile. */
static void
lose_log(void)
{
	test_db_tamper(&t, "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
	test_db_tamper(&t, "SELECT pg_reload_conf()");
	for (int i = 0; i < 3; i++) {
		test_db_tamper(&t, "UPDATE customer SET tier = 'lost'");
		test_db_tamper(&t, "SELECT pg_switch_wal()");
	}
	test_db_tamper(&t, "CHECKPOINT");
	test_db_tamper(&t, "ALTER SYSTEM RESET max_slot_wal_keep_size");
	test_db_tamper(&t, "SELECT pg_reload_conf()");
}

static int64_t
slots_of(const char *status)
{
	char sql[200];

	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'live_%d' AND "
	    "wal_status = '%s'",
	    (int)getpid(), status);
	return test_db_number(&t, sql);
}

/* A keeper that is at work goes on: with a new slot and a book that was loaded afresh. */
START_TEST(a_slot_that_is_lost_while_it_is_read_is_made_anew_and_the_book_loaded)
{
	struct book_live_stat stat;
	bool kept_in_file = _i == 1;

	if (kept_in_file)
		with_file();
	book_view_unref(settled());
	ck_assert_int_eq(reloads(), 1);
	for (int64_t round = 2; round < 4; round++) {
		lose_log();
		for (int i = 0; i < WAIT_MSEC / 10 && reloads() < round; i++)
			(void)usleep(10000);
		ck_assert_int_eq(reloads(), round);
		ck_assert_int_eq(
		    state_becomes(BOOK_LIVE_STREAMING), BOOK_LIVE_STREAMING);
		ck_assert_int_eq(slots_of("lost"), 0);
		ck_assert_int_eq(slots_of("reserved"), 1);
		test_db_tamper(&t, "UPDATE customer SET tier = 'after'");
		check_same();
	}
	book_live_stat(live, &stat);
	ck_assert_str_eq(stat.trouble, "");
	ck_assert_int_eq(stat.slots_lost, 2);
	if (kept_in_file)
		without_file();
}
END_TEST

/* A new slot waits for whoever writes just then; meanwhile the book is known to be old. */
START_TEST(while_a_new_slot_is_waited_for_the_book_is_in_trouble)
{
	struct book_live_stat stat;
	struct db *writer = test_db_connect(&t);

	book_view_unref(settled());
	ck_ok(db_begin(writer, &err));
	ck_ok(db_script(writer, "SELECT pg_current_xact_id()", &err));
	lose_log();
	ck_assert_int_eq(state_becomes(BOOK_LIVE_TROUBLE), BOOK_LIVE_TROUBLE);
	book_live_stat(live, &stat);
	ck_assert_msg(strstr(stat.trouble, "change stream is broken") != NULL, "%s",
	    stat.trouble);
	ck_assert_int_eq(reloads(), 1);
	ck_ok(db_commit(writer, &err));
	db_close(writer);
	ck_assert_int_eq(state_becomes(BOOK_LIVE_STREAMING), BOOK_LIVE_STREAMING);
	check_same();
	ck_assert_int_eq(reloads(), 2);
}
END_TEST

/* The server is told of what the file has, and not of what was read since. */
START_TEST(the_slot_is_never_ahead_of_the_file)
{
	static const char confirmed[] =
	    "SELECT (confirmed_flush_lsn - '0/0')::bigint FROM pg_replication_slots WHERE "
	    "slot_name = 'live_%d'";
	struct book_file_want any = {.max_age = -1};
	struct book_file_info info;
	struct book *book;
	char sql[200];

	save_sec = 3600;
	with_file();
	wait_saved(1);
	for (int round = 0; round < 8; round++) {
		write_some(round, 10);
		book_view_unref(settled());
		(void)usleep(400000); /* longer than between two words to the server */
	}
	ck_ok(book_file_open(path, &any, &book, &info, &err));
	book_free(book);
	(void)snprintf(sql, sizeof sql, confirmed, (int)getpid());
	ck_assert_int_le(test_db_number(&t, sql), (int64_t)info.position);
	without_file();
	save_sec = 1;
}
END_TEST

/* What was read is in no file for an hour; the server stops all the same. */
START_TEST(a_server_that_shuts_down_need_not_wait_for_the_file)
{
	stw_usec began;

	save_sec = 3600;
	with_file();
	wait_saved(1);
	for (int round = 0; round < 2; round++) {
		write_some(round, 30);
		book_view_unref(settled());
		began = stw_monotonic();
		test_cluster_restart(false);
		ck_assert_int_lt(stw_monotonic() - began, 20 * STW_USEC_SEC);
		ck_ok(db_reset(t.db, &err));
		write_some(round + 10, 30);
		check_same();
	}
	without_file();
	save_sec = 1;
}
END_TEST

/* What happens while it is stopped; a word of why it loads. */
static const struct {
	const char *sql; /* run by the superuser, with the slot's name for $ */
	int damage;      /* at which byte of the file; -1: none, -2: it goes */
	const char *why;
} refusals[] = {
    {"SELECT 1", 5000, "checksum"},
    {"SELECT 1", 3, "no file of this program"},
    {"SELECT 1", -2, "No such file"},
    {"UPDATE product SET risk = 4, class = 'bond'", -1,
	"products, settings or columns"},
    {"ALTER TABLE holding ADD COLUMN more integer; "
     "ALTER PUBLICATION steward_book SET TABLE customer (bucket, customer_id), "
     "holding (bucket, customer_id, holding_ref)",
	-1, "products, settings or columns"},
    {"SELECT pg_drop_replication_slot('$')", -1, "is new, or has lost its log"},
    {"SELECT pg_replication_slot_advance('$', pg_current_wal_lsn())", -1, "too old"},
    {"INSERT INTO setting VALUES ('lifecycle_model', 'other')", -1, "lifecycle model"},
};

static void
damage_file(int at)
{
	FILE *f;
	int byte;

	if (at == -2)
		ck_assert_int_eq(unlink(path), 0);
	if (at < 0)
		return;
	f = fopen(path, "r+b");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	byte = fgetc(f);
	ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	ck_assert_int_ne(fputc(byte ^ 0x55, f), EOF);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(a_file_that_does_not_fit_is_refused_and_the_book_loaded)
{
	const char *sql = refusals[_i].sql, *slot = strchr(sql, '$');
	struct book_live_stat stat;
	char text[600];

	with_file();
	wait_saved(1);
	book_live_stop(live);
	write_some(1, 10);
	if (slot == NULL)
		(void)snprintf(text, sizeof text, "%s", sql);
	else
		(void)snprintf(text, sizeof text, "%.*slive_%d%s", (int)(slot - sql),
		    sql, (int)getpid(), slot + 1);
	test_db_tamper(&t, text);
	damage_file(refusals[_i].damage);
	start();
	check_same();
	book_live_stat(live, &stat);
	ck_assert(!stat.opened);
	ck_assert_int_eq(stat.reloads, 1);
	ck_assert_msg(
	    strstr(stat.refused, refusals[_i].why) != NULL, "%s", stat.refused);
	/* And the next start has a file again. */
	wait_saved(1);
	book_live_stop(live);
	start();
	check_opened();
	without_file();
}
END_TEST

START_TEST(without_a_publication_the_book_is_loaded_at_intervals)
{
	struct book_live_stat stat;
	struct book_view *view = settled();

	book_view_unref(view);
	book_live_stop(live);
	test_db_tamper(&t, "DROP PUBLICATION steward_book");
	start();
	ck_assert_int_eq(state_becomes(BOOK_LIVE_PERIODIC), BOOK_LIVE_PERIODIC);
	book_live_stat(live, &stat);
	ck_assert_ptr_nonnull(strstr(stat.trouble, "publication"));
	ck_assert_int_eq(stat.view.customers, CUSTOMERS);
	test_db_tamper(&t, "DELETE FROM customer WHERE customer_id = 1");
	for (int i = 0; i < WAIT_MSEC / 10; i++) {
		book_live_stat(live, &stat);
		if (stat.view.customers == CUSTOMERS - 1)
			break;
		(void)usleep(10000);
	}
	ck_assert_int_eq(stat.view.customers, CUSTOMERS - 1);
}
END_TEST

/* It is loaded when somebody asks, and not only when the interval is over. */
START_TEST(a_load_from_before_an_import_is_not_ticked_over)
{
	struct db *other = test_db_connect(&t);
	int64_t before;

	prepare_segments();
	book_view_unref(settled());
	book_live_stop(live);
	test_db_tamper(&t, "DROP PUBLICATION steward_book");
	periodic_sec = 3600;
	start();
	ck_assert_int_eq(state_becomes(BOOK_LIVE_PERIODIC), BOOK_LIVE_PERIODIC);
	ck_ok(try_tick());
	test_db_tamper(&t, IMPORTED);
	ck_assert_int_eq(try_tick(), STW_TEMPFAIL);
	ck_assert_msg(strstr(err.text, "loaded again") != NULL, "%s", err.text);
	for (int i = 0; i < WAIT_MSEC / 10 && try_tick() != STW_OK; i++)
		(void)usleep(10000);
	ck_ok(try_tick());
	/* Loaded while one is under way. */
	before = reloads();
	ck_ok(db_query(other, DB_Q_IMPORT_LOCK, NULL, 0, NULL, &err));
	book_live_load_again(live);
	for (int i = 0; i < WAIT_MSEC / 10 && reloads() == before; i++)
		(void)usleep(10000);
	ck_assert_int_eq(reloads(), before + 1);
	ck_ok(db_query(other, DB_Q_IMPORT_UNLOCK, NULL, 0, NULL, &err));
	ck_assert_int_eq(try_tick(), STW_TEMPFAIL);
	db_close(other);
}
END_TEST

START_TEST(a_keeper_that_stops_leaves_no_slot)
{
	char slot[100];

	book_view_unref(settled());
	(void)snprintf(slot, sizeof slot,
	    "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'live_%d'",
	    (int)getpid());
	ck_assert_int_eq(test_db_number(&t, slot), 1);
	book_live_stop(live);
	live = NULL;
	ck_assert_int_eq(test_db_number(&t, slot), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("book_live");
	TCase *tc = tcase_create("keeper");
	SRunner *runner;
	int failed;

	test_cluster_start_own(); /* it is stopped and started */
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, whatever_clients_write_is_in_the_book);
	tcase_add_test(tc, a_version_shows_whole_transactions);
	tcase_add_loop_test(
	    tc, upheavals_are_in_the_book_too, 0, (int)STW_ARRAY_LEN(upheavals));
	tcase_add_test(tc, killed_connections_lose_nothing);
	tcase_add_loop_test(tc,
	    a_slot_that_is_lost_while_it_is_read_is_made_anew_and_the_book_loaded, 0,
	    2);
	tcase_add_test(tc, while_a_new_slot_is_waited_for_the_book_is_in_trouble);
	tcase_add_test(tc, what_cannot_be_read_is_told_and_mended);
	tcase_add_test(tc, whoever_changes_enters_and_leaves_at_once);
	tcase_add_test(tc, small_ticks_do_what_a_tick_over_everybody_does);
	tcase_add_test(tc, a_keeper_goes_on_where_the_file_ends);
	tcase_add_test(tc, a_keeper_that_is_killed_goes_on_where_the_file_ends);
	tcase_add_test(tc, the_slot_is_never_ahead_of_the_file);
	tcase_add_test(tc, a_server_that_shuts_down_need_not_wait_for_the_file);
	tcase_add_loop_test(tc, a_file_that_does_not_fit_is_refused_and_the_book_loaded,
	    0, (int)STW_ARRAY_LEN(refusals));
	tcase_add_test(tc, without_a_publication_the_book_is_loaded_at_intervals);
	tcase_add_test(tc, who_changed_by_an_import_waits_for_the_tick_over_everybody);
	tcase_add_test(tc, over_a_book_that_is_behind_nobody_is_ticked);
	tcase_add_test(tc, a_load_from_before_an_import_is_not_ticked_over);
	tcase_add_test(tc, a_keeper_that_stops_leaves_no_slot);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
