/* The change stream on a real server: who changed, in every way a row can change; and what
 * is left of it after kills, crashes, lost logs and other people's hands. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <libpq-fe.h>

#include "db/stream_priv.h"
#include "tests/lib/cluster.h"

static struct test_db t;
static struct stw_err err;
static struct db_stream *stream;
static struct db_stream_start start;
static struct db_stream_options options;
static char slot[64];

#define ck_ok(call)                                             \
	do {                                                    \
		enum stw_code ck_rc = (call);                   \
		ck_assert_msg(ck_rc == STW_OK, "%s", err.text); \
	} while (0)

#define ck_code(call, want)                                                     \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == (want), "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

#define ck_says(word) ck_assert_msg(strstr(err.text, (word)) != NULL, "%s", err.text)

static const char fixture[] =
    "INSERT INTO customer (bucket, customer_id, ref, updated_at) "
    "  SELECT 7, n, 'r' || n, now() FROM generate_series(11, 13) AS n;"
    "INSERT INTO customer_stage VALUES (7, 11, 'wealth', 1, 'mature', now());"
    "INSERT INTO holding (bucket, customer_id, holding_ref, kind, amount, currency, "
    "  updated_at) VALUES (7, 11, 'h', 'fund', 1, 'CNY', now());"
    "INSERT INTO txn VALUES (7, 11, 't', now(), 'deposit', 1, 'CNY');"
    "INSERT INTO interaction VALUES (7, 11, 'i', now(), 'login');"
    "INSERT INTO contact_count VALUES (7, '00000000-0000-0000-0000-0000000000a1', 11, "
    "  '\\x01', 'VOICE', 'attempt', now());"
    "INSERT INTO product VALUES ('p', 'x', 'x', 'fund', 1, NULL, NULL, now());";

static void
run(const char *sql)
{
	test_db_tamper(&t, sql);
}

static void
setup(void)
{
	char sql[200];

	test_db_open(&t);
	/* The throwaway cluster lets commits wait for their turn to be written, and the
	 * stream shows what is written. */
	(void)snprintf(
	    sql, sizeof sql, "ALTER DATABASE %s SET synchronous_commit = on", t.name);
	run(sql);
	run(fixture);
	(void)snprintf(slot, sizeof slot, "slot_%.50s", t.name);
	options = (struct db_stream_options){.conninfo = t.conninfo, .slot = slot};
}

static void
setup_stream(void)
{
	setup();
	ck_ok(db_stream_open(&options, &stream, &start, &err));
	ck_assert(start.fresh);
}

static void
teardown(void)
{
	db_stream_close(stream);
	stream = NULL;
	test_db_close(&t);
}

static struct db_stream_stat
stat_now(void)
{
	struct db_stream_stat stat;

	db_stream_stat(stream, &stat);
	return stat;
}

/* The next event; waiting ten seconds in vain fails. */
static struct db_stream_event
next(void)
{
	struct db_stream_event event;

	for (int i = 0; i < 100; i++) {
		ck_ok(db_stream_next(stream, 100, &event, &err));
		if (event.kind != DB_STREAM_NONE)
			return event;
	}
	ck_abort_msg("no event within ten seconds: %s", stat_now().trouble);
}

static void
write_event(const struct db_stream_event *event, struct buf *to)
{
	static const char *const ops[] = {"?", "insert", "update", "delete"};

	switch (event->kind) {
	case DB_STREAM_CHANGE:
		buf_printf(to, "%s %s %d/%" PRId64 ", ", ops[event->op], event->table,
		    event->bucket, event->customer_id);
		break;
	case DB_STREAM_OTHER:
		buf_printf(to, "%s %s, ", ops[event->op], event->table);
		break;
	case DB_STREAM_TRUNCATE:
		buf_printf(to, "truncate %s, ", event->table);
		break;
	case DB_STREAM_RELOAD:
		buf_add_c(to, "reload");
		break;
	case DB_STREAM_COMMIT:
		buf_add_c(to, "commit");
		break;
	case DB_STREAM_SCHEMA:
	case DB_STREAM_NONE:
		break;
	}
}

/* One transaction in words; the descriptions of tables are left out. */
static const char *
transaction(struct db_stream_event *last)
{
	static char text[2000];
	struct buf words;

	buf_init(&words);
	do {
		*last = next();
		write_event(last, &words);
	} while (last->kind != DB_STREAM_COMMIT && last->kind != DB_STREAM_RELOAD);
	(void)snprintf(text, sizeof text, "%.*s", (int)words.len, words.data);
	buf_fini(&words);
	return text;
}

static void
expect(const char *want)
{
	struct db_stream_event last;

	ck_assert_str_eq(transaction(&last), want);
}

static void
expect_nothing(void)
{
	struct db_stream_event event;

	ck_ok(db_stream_next(stream, 200, &event, &err));
	ck_assert_int_eq(event.kind, DB_STREAM_NONE);
}

/* ---- every change of every table --------------------------------------------------- */
static const struct change_case {
	const char *sql;
	const char *want;
} change_cases[] = {
    {"INSERT INTO customer (bucket, customer_id, ref, updated_at) "
     "VALUES (255, 9000000000000, 'n', now())",
	"insert customer 255/9000000000000, commit"},
    {"UPDATE customer SET tier = 'gold' WHERE customer_id = 12",
	"update customer 7/12, commit"},
    {"UPDATE customer SET customer_id = 99 WHERE customer_id = 12",
	"update customer 7/12, update customer 7/99, commit"},
    {"UPDATE customer SET bucket = 8, ref = 'x' WHERE customer_id = 12",
	"update customer 7/12, update customer 8/12, commit"},
    {"DELETE FROM customer WHERE customer_id = 13", "delete customer 7/13, commit"},
    {"INSERT INTO customer_stage VALUES (7, 12, 'wealth', 1, 'lost', now())",
	"insert customer_stage 7/12, commit"},
    {"UPDATE customer_stage SET stage = 'lost'", "update customer_stage 7/11, commit"},
    {"DELETE FROM customer_stage", "delete customer_stage 7/11, commit"},
    {"INSERT INTO holding (bucket, customer_id, holding_ref, kind, amount, currency, "
     "updated_at) VALUES (7, 12, 'h', 'fund', 1, 'CNY', now())",
	"insert holding 7/12, commit"},
    {"UPDATE holding SET amount = 2", "update holding 7/11, commit"},
    {"UPDATE holding SET customer_id = 13",
	"update holding 7/11, update holding 7/13, commit"},
    {"UPDATE holding SET holding_ref = 'other'", "update holding 7/11, commit"},
    {"DELETE FROM holding", "delete holding 7/11, commit"},
    {"INSERT INTO txn VALUES (7, 12, 't', now(), 'deposit', 1, 'CNY')",
	"insert txn 7/12, commit"},
    {"UPDATE txn SET amount = 2", "update txn 7/11, commit"},
    {"DELETE FROM txn", "delete txn 7/11, commit"},
    {"INSERT INTO interaction VALUES (7, 12, 'i', now(), 'login')",
	"insert interaction 7/12, commit"},
    {"UPDATE interaction SET kind = 'complaint'", "update interaction 7/11, commit"},
    {"DELETE FROM interaction", "delete interaction 7/11, commit"},
    {"INSERT INTO contact_count VALUES (7, gen_random_uuid(), 12, '\\x01', 'VOICE', "
     "'attempt', now())",
	"insert contact_count 7/12, commit"},
    {"UPDATE contact_count SET kind = 'conversation'",
	"update contact_count 7/11, commit"},
    {"UPDATE contact_count SET at = now() - interval '1 day'",
	"update contact_count 7/11, commit"},
    {"UPDATE contact_count SET customer_id = 13",
	"update contact_count 7/11, update contact_count 7/13, commit"},
    {"DELETE FROM contact_count", "delete contact_count 7/11, commit"},
    {"INSERT INTO outcome (bucket, outcome_id, task_id, disposition, reached, agent, "
     "recorded_at, customer_id) VALUES (7, gen_random_uuid(), gen_random_uuid(), 'other', "
     "false, 'a', now(), 13)",
	"insert outcome 7/13, commit"},
    {"INSERT INTO product VALUES ('q', 'x', 'x', 'fund', 1, NULL, NULL, now())",
	"insert product, commit"},
    {"UPDATE product SET risk = 2", "update product, commit"},
    {"UPDATE product SET code = 'z'", "update product, commit"},
    {"DELETE FROM product", "delete product, commit"},
    {"INSERT INTO setting VALUES ('zone', 'Asia/Urumqi')", "insert setting, commit"},
    {"INSERT INTO lifecycle_model VALUES ('m', 1, '{}', '\\x00', 'draft', 'a', now())",
	"insert lifecycle_model, commit"},
    {"INSERT INTO segment (code, name_zh, name_en, rule, content_hash, state, author, "
     "updated_at) VALUES ('s', 'x', 'x', 'true', '\\x00', 'active', 'a', now())",
	"insert segment, commit"},
    {"TRUNCATE holding, txn, product",
	"truncate holding, truncate txn, truncate product, commit"},
    /* A value that lives outside its row, changed and unchanged, does not travel. */
    {"UPDATE customer SET name_sealed = decode(repeat(md5(random()::text), 20000), 'hex') "
     "WHERE customer_id = 11",
	"update customer 7/11, commit"},
    /* What a book does not read is not published. */
    {"INSERT INTO customer_permission VALUES (7, 11, 1); INSERT INTO txn VALUES (7, 13, "
     "'t', now(), 'deposit', 1, 'CNY')",
	"insert txn 7/13, commit"},
};

START_TEST(every_change_names_its_customer)
{
	struct db_stream_event last;

	for (size_t i = 0; i < STW_ARRAY_LEN(change_cases); i++) {
		const struct change_case *c = &change_cases[i];
		const char *got;

		run(c->sql);
		got = transaction(&last);
		ck_assert_msg(strcmp(got, c->want) == 0, "%s: %s", c->sql, got);
		run("DELETE FROM customer; DELETE FROM customer_stage; DELETE FROM holding; "
		    "DELETE FROM txn; DELETE FROM interaction; DELETE FROM contact_count; "
		    "DELETE FROM product");
		run(fixture);
		(void)transaction(&last);
		(void)transaction(&last);
	}
}
END_TEST

START_TEST(a_value_outside_its_row_that_did_not_change_is_no_trouble)
{
	run("UPDATE customer SET name_sealed = decode(repeat(md5('x'), 20000), 'hex'), "
	    "ref = repeat('r', 60) WHERE customer_id = 11");
	expect("update customer 7/11, commit");
	run("UPDATE customer SET tier = 'gold' WHERE customer_id = 11");
	expect("update customer 7/11, commit");
}
END_TEST

START_TEST(a_commit_says_when_and_which)
{
	struct db_stream_event event;
	struct stw_clock clock;
	int64_t xid;

	clock_set_real(&clock);
	xid = test_db_number(&t,
	    "INSERT INTO setting VALUES ('a', 'b') RETURNING pg_current_xact_id()::text");
	(void)transaction(&event);
	ck_assert_uint_eq(event.xid, (uint32_t)xid);
	ck_assert(llabs(event.at - clock_now(&clock)) < 60 * STW_USEC_SEC);
	ck_assert_uint_gt(event.lsn, start.lsn);
	ck_assert_int_eq(stat_now().last_at, event.at);
}
END_TEST

START_TEST(what_is_rolled_back_was_never_there)
{
	run("BEGIN; DELETE FROM holding; ROLLBACK");
	run("BEGIN; DELETE FROM txn; SAVEPOINT s; DELETE FROM holding; "
	    "ROLLBACK TO s; COMMIT");
	expect("delete txn 7/11, commit");
	expect_nothing();
}
END_TEST

START_TEST(transactions_come_whole_and_in_the_order_of_their_commits)
{
	PGconn *other = PQconnectdb(t.superuser);

	PQclear(PQexec(other, "BEGIN; UPDATE holding SET amount = 5"));
	run("UPDATE customer SET tier = 'a' WHERE customer_id = 12");
	PQclear(PQexec(other, "UPDATE txn SET amount = 5; COMMIT"));
	PQfinish(other);
	expect("update customer 7/12, commit");
	expect("update holding 7/11, update txn 7/11, commit");
}
END_TEST

/* ---- large transactions ------------------------------------------------------------------ */
static long
memory_kib(void)
{
	FILE *in = fopen("/proc/self/statm", "re");
	long pages, resident;

	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(fscanf(in, "%ld %ld", &pages, &resident), 2);
	(void)fclose(in);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* The address sanitizer keeps what was freed for a while. */
#ifdef __SANITIZE_ADDRESS__
#	define GROWTH_KIB (256 * 1024)
#else
#	define GROWTH_KIB 2048
#endif

START_TEST(a_large_transaction_takes_no_memory)
{
	struct db_stream_event event;
	long before = memory_kib();
	int rows = 0;

	run("INSERT INTO interaction SELECT 7, n, 'big', now(), 'login' "
	    "FROM generate_series(1, 100000) AS n");
	do {
		event = next();
		if (event.kind == DB_STREAM_CHANGE)
			ck_assert_int_eq(event.customer_id, ++rows);
	} while (event.kind != DB_STREAM_COMMIT);
	ck_assert_int_eq(rows, 100000);
	ck_assert_msg(memory_kib() - before < GROWTH_KIB, "grew by %ld KiB",
	    memory_kib() - before);
}
END_TEST

/* ---- schema ------------------------------------------------------------------------------- */
static int64_t
shape_now(void)
{
	int64_t shape;

	ck_ok(db_stream_shape(t.db, DB_STREAM_PUBLICATION, &shape, &err));
	return shape;
}

static const struct schema_case {
	const char *sql;
	bool another_shape;
} schema_cases[] = {
    {"ALTER TABLE holding ADD COLUMN colour text DEFAULT 'red'", true},
    {"ALTER TABLE holding DROP COLUMN opened_on", true},
    {"ALTER TABLE holding ALTER COLUMN amount TYPE numeric USING amount * 2", true},
    {"ALTER TABLE holding RENAME COLUMN kind TO sort", true},
    {"ALTER TABLE holding ALTER COLUMN status SET DEFAULT 'closed'", false},
    {"CREATE INDEX holding_status_idx ON holding (status)", false},
};

START_TEST(a_table_that_is_altered_is_described_again)
{
	struct db_stream_event event;

	run("UPDATE holding SET status = 'closed'");
	expect("update holding 7/11, commit");
	for (size_t i = 0; i < STW_ARRAY_LEN(schema_cases); i++) {
		const struct schema_case *c = &schema_cases[i];
		int64_t shape = shape_now();

		run(c->sql);
		run("UPDATE holding SET status = 'open'");
		event = next();
		ck_assert_msg(event.kind == DB_STREAM_SCHEMA, "%s", c->sql);
		ck_assert_str_eq(event.table, "holding");
		ck_assert_msg((shape_now() != shape) == c->another_shape, "%s", c->sql);
		expect("update holding 7/11, commit");
	}
}
END_TEST

START_TEST(a_table_joins_by_joining_the_publication)
{
	int64_t shape = shape_now();

	run("CREATE TABLE extra (bucket smallint, customer_id bigint, v text, "
	    "PRIMARY KEY (bucket, customer_id)); "
	    "ALTER PUBLICATION steward_book ADD TABLE extra (bucket, customer_id)");
	ck_assert_int_ne(shape_now(), shape);
	run("INSERT INTO extra VALUES (3, 5, 'x')");
	expect("insert extra 3/5, commit");
	run("DELETE FROM extra");
	expect("delete extra 3/5, commit");
}
END_TEST

START_TEST(a_row_that_goes_without_saying_whose_it_was_is_not_passed_over)
{
	run("CREATE TABLE extra (id int PRIMARY KEY, bucket smallint, customer_id bigint); "
	    "ALTER PUBLICATION steward_book ADD TABLE extra");
	run("INSERT INTO extra VALUES (1, 3, 5)");
	expect("insert extra 3/5, commit");
	run("DELETE FROM extra");
	expect("truncate extra, commit");
}
END_TEST

/* ---- breaks -------------------------------------------------------------------------------- */
/* The server's process of the stream, which it ends when asked to. */
#define KILL_WALSENDER                                                                        \
	"SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = " \
	"current_database() AND active"

static const char tier_11[] = "UPDATE customer SET tier = 'x' WHERE customer_id = 11";
static const char tier_12[] = "UPDATE customer SET tier = 'x' WHERE customer_id = 12";
static const char tier_13[] = "UPDATE customer SET tier = 'x' WHERE customer_id = 13";

START_TEST(after_a_kill_all_that_was_not_acked_comes_again)
{
	struct db_stream_event event;

	run(tier_11);
	ck_assert_str_eq(transaction(&event), "update customer 7/11, commit");
	db_stream_ack(stream, event.lsn);
	run(tier_12);
	expect("update customer 7/12, commit");
	run(KILL_WALSENDER);
	run(tier_13);
	expect("update customer 7/12, commit");
	expect("update customer 7/13, commit");
	ck_assert_int_eq(stat_now().reconnects, 1);
	expect_nothing();
}
END_TEST

START_TEST(a_transaction_that_was_cut_short_comes_again_from_its_beginning)
{
	struct db_stream_event event;
	int rows = 0;

	run("INSERT INTO interaction SELECT 7, n, 'big', now(), 'login' "
	    "FROM generate_series(1, 50000) AS n");
	while (rows < 10)
		rows += next().kind == DB_STREAM_CHANGE;
	run(KILL_WALSENDER);
	/* What was on its way still arrives; then the first row again. */
	do
		event = next();
	while (event.kind != DB_STREAM_SCHEMA);
	ck_assert_int_eq(stat_now().reconnects, 1);
	for (rows = 0; (event = next()).kind == DB_STREAM_CHANGE;)
		ck_assert_int_eq(event.customer_id, ++rows);
	ck_assert_int_eq(event.kind, DB_STREAM_COMMIT);
	ck_assert_int_eq(rows, 50000);
}
END_TEST

/* The first 25 are acked, 25 more read, the rest not: after the crash 26 to 100 come. */
START_TEST(after_a_crash_of_the_server_nothing_is_missing)
{
	struct db_stream_event event;
	char sql[100];

	for (int i = 1; i <= 100; i++) {
		(void)snprintf(sql, sizeof sql,
		    "INSERT INTO interaction VALUES (7, %d, 'c', now(), 'login')", i);
		run(sql);
		if (i > 50)
			continue;
		(void)transaction(&event);
		if (i <= 25)
			db_stream_ack(stream, event.lsn);
	}
	test_cluster_restart(true);
	do /* what was on its way already comes first */
		ck_assert_int_lt(stat_now().reconnects, 2);
	while (strcmp(transaction(&event), "insert interaction 7/26, commit") != 0);
	for (int i = 27; i <= 100; i++) {
		(void)snprintf(sql, sizeof sql, "insert interaction 7/%d, commit", i);
		expect(sql);
	}
	ck_assert_int_eq(stat_now().reconnects, 1);
	expect_nothing();
	ck_ok(db_reset(t.db, &err));
}
END_TEST

START_TEST(what_was_acked_is_known_after_a_new_start)
{
	struct db_stream_event event;

	run(tier_11);
	(void)transaction(&event);
	db_stream_ack(stream, event.lsn);
	run(tier_12);
	expect("update customer 7/12, commit");
	db_stream_close(stream);
	ck_ok(db_stream_open(&options, &stream, &start, &err));
	ck_assert(!start.fresh);
	ck_assert_uint_eq(start.lsn, event.lsn); /* open waits for the one that goes */
	expect("update customer 7/12, commit");
}
END_TEST

/* The server hangs up on who is silent for longer than this. */
START_TEST(a_busy_keeper_lives_by_its_acks_and_loses_nothing_without)
{
	struct db_stream_event event;

	db_stream_close(stream);
	run("ALTER ROLE steward SET wal_sender_timeout = '1500ms'");
	ck_ok(db_stream_open(&options, &stream, &start, &err));
	run(tier_11);
	ck_assert_str_eq(transaction(&event), "update customer 7/11, commit");
	for (int i = 0; i < 25; i++) {
		db_stream_ack(stream, event.lsn);
		(void)usleep(100000);
	}
	run(tier_12);
	expect("update customer 7/12, commit");
	ck_assert_int_eq(stat_now().reconnects, 0);
	(void)usleep(2000000);
	run(tier_13);
	expect("update customer 7/12, commit");
	expect("update customer 7/13, commit");
	ck_assert_int_eq(stat_now().reconnects, 1);
	run("ALTER ROLE steward RESET wal_sender_timeout");
}
END_TEST

/* ---- the slot -------------------------------------------------------------------------------- */
START_TEST(one_reader_a_slot)
{
	struct db_stream *second = NULL;
	struct db_stream_start ignored;

	ck_code(db_stream_open(&options, &second, &ignored, &err), STW_CONFLICT);
	ck_says("one reader");
	ck_assert_ptr_null(second);
	ck_code(db_slot_drop(t.db, slot, &err), STW_CONFLICT);
	run(tier_11);
	expect("update customer 7/11, commit");
	ck_assert_int_eq(stat_now().reconnects, 0);
}
END_TEST

START_TEST(slots_are_listed_by_name)
{
	struct arena arena;
	const char **names;
	size_t count;

	arena_init(&arena);
	ck_ok(db_slot_names(t.db, &arena, &names, &count, &err));
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(names[0], slot);
	arena_fini(&arena);
}
END_TEST

START_TEST(our_own_reader_of_before_is_ended)
{
	struct stream_before before = {0};
	struct db_stream_start again;
	struct db_slot state;

	ck_ok(db_slot_get(t.db, slot, &state, &err));
	ck_assert(state.active);
	options.publication = DB_STREAM_PUBLICATION;
	ck_code(stream_slot_prepare(&options, &before, &again, &err), STW_CONFLICT);
	before.pid = state.pid;
	ck_ok(stream_slot_prepare(&options, &before, &again, &err));
	ck_assert(!again.fresh);
	ck_ok(db_slot_get(t.db, slot, &state, &err));
	ck_assert(!state.active);
}
END_TEST

#define DROP_SLOT                                                                         \
	"DO $$ BEGIN PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots " \
	"WHERE database = current_database() AND active; "                                \
	"WHILE EXISTS (SELECT FROM pg_replication_slots WHERE database = "                \
	"current_database() AND active) LOOP PERFORM pg_sleep(0.01); END LOOP; END $$"

START_TEST(a_slot_that_was_dropped_means_load_again)
{
	struct db_stream_event event;

	run(DROP_SLOT);
	ck_ok(db_slot_drop(t.db, slot, &err));
	run(tier_11);
	event = next();
	ck_assert_int_eq(event.kind, DB_STREAM_RELOAD);
	ck_assert_uint_gt(event.lsn, start.lsn);
	run(tier_12);
	expect("update customer 7/12, commit");
	ck_assert_int_eq(stat_now().reloads, 1);
	db_stream_close(stream);
	stream = NULL;
	ck_ok(db_slot_drop(t.db, slot, &err));
	ck_code(db_slot_drop(t.db, slot, &err), STW_NOT_FOUND);
}
END_TEST

START_TEST(a_slot_that_somebody_moved_on_means_load_again)
{
	char sql[200];

	run(DROP_SLOT);
	run(tier_11);
	(void)snprintf(sql, sizeof sql,
	    "SELECT pg_replication_slot_advance('%s', pg_current_wal_lsn())", slot);
	run(sql);
	ck_assert_int_eq(next().kind, DB_STREAM_RELOAD);
	run(tier_12);
	expect("update customer 7/12, commit");
}
END_TEST

/* More log than the server keeps for a slot. */
static void
lose_log(void)
{
	run("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
	run("SELECT pg_reload_conf()");
	for (int i = 0; i < 3; i++) {
		run(tier_11);
		run("SELECT pg_switch_wal()");
	}
	run("CHECKPOINT");
	run("ALTER SYSTEM RESET max_slot_wal_keep_size");
	run("SELECT pg_reload_conf()");
}

START_TEST(a_slot_whose_log_is_gone_means_load_again)
{
	struct db_slot state;

	db_stream_close(stream);
	stream = NULL;
	lose_log();
	ck_ok(db_slot_get(t.db, slot, &state, &err));
	ck_assert(state.lost);
	ck_assert_str_eq(state.wal_status, "lost");
	ck_ok(db_stream_open(&options, &stream, &start, &err));
	ck_assert(start.fresh);
	ck_ok(db_slot_get(t.db, slot, &state, &err));
	ck_assert(!state.lost);
	run(tier_12);
	expect("update customer 7/12, commit");
}
END_TEST

START_TEST(a_log_that_goes_while_we_are_connected_means_load_again)
{
	struct db_stream_event event;

	lose_log();
	do /* what was on its way already may come first */
		event = next();
	while (event.kind != DB_STREAM_RELOAD);
	run(tier_12);
	expect("update customer 7/12, commit");
}
END_TEST

START_TEST(a_foreign_slot_is_left_alone)
{
	char sql[200];

	(void)snprintf(
	    sql, sizeof sql, "SELECT pg_create_physical_replication_slot('%s')", slot);
	run(sql);
	ck_code(db_stream_open(&options, &stream, &start, &err), STW_INVALID);
	ck_says("not one of this database");
	(void)snprintf(sql, sizeof sql, "SELECT pg_drop_replication_slot('%s')", slot);
	run(sql);
}
END_TEST

static const char *const bad_names[] = {"", "Slot", "a-b", "a\" LOGICAL", "a b",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

START_TEST(a_name_that_could_be_more_than_a_name_is_refused)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(bad_names); i++) {
		options.slot = bad_names[i];
		options.publication = NULL;
		ck_code(db_stream_open(&options, &stream, &start, &err), STW_INVALID);
		ck_says("for a slot");
		options.slot = slot;
		options.publication = bad_names[i];
		ck_code(db_stream_open(&options, &stream, &start, &err), STW_INVALID);
		ck_says("for a publication");
	}
}
END_TEST

/* ---- positions --------------------------------------------------------------------------------- */
/* Writes what is not published, and waits for the server to tell of it. */
static void
write_elsewhere(void)
{
	struct db_stream_event event;
	stw_lsn before = stat_now().seen;

	run("CREATE TABLE elsewhere AS SELECT n FROM generate_series(1, 10000) AS n");
	for (int i = 0; i < 100 && stat_now().seen < before + 100000; i++) {
		ck_ok(db_stream_next(stream, 50, &event, &err));
		ck_assert_int_eq(event.kind, DB_STREAM_NONE);
	}
	ck_assert_uint_ge(stat_now().seen, before + 100000);
}

START_TEST(an_idle_book_does_not_keep_the_log)
{
	struct db_slot state;

	write_elsewhere();
	ck_assert_uint_eq(stat_now().acked, stat_now().seen);
	db_stream_close(stream);
	stream = NULL;
	do /* its last words are on their way */
		ck_ok(db_slot_get(t.db, slot, &state, &err));
	while (state.active);
	ck_assert_uint_ge(state.confirmed, start.lsn + 100000);
}
END_TEST

START_TEST(what_is_delivered_and_not_acked_keeps_the_log)
{
	struct db_stream_event event;

	run(tier_11);
	(void)transaction(&event);
	write_elsewhere();
	ck_assert_uint_eq(stat_now().acked, start.lsn);
	ck_assert_int_ge(stat_now().behind, 100000);
	db_stream_ack(stream, event.lsn);
	ck_assert_uint_eq(stat_now().acked, event.lsn);
	/* Nobody can have applied what was not delivered. */
	db_stream_ack(stream, UINT64_MAX);
	ck_assert_uint_eq(stat_now().acked, stat_now().seen);
}
END_TEST

START_TEST(with_only_ack_nothing_else_moves_the_position)
{
	db_stream_close(stream);
	options.only_ack = true;
	ck_ok(db_stream_open(&options, &stream, &start, &err));
	write_elsewhere();
	ck_assert_uint_eq(stat_now().acked, start.lsn);
	db_stream_ack(stream, stat_now().seen);
	ck_assert_uint_ge(stat_now().acked, start.lsn + 100000);
}
END_TEST

/* ---- ahead of what is visible -------------------------------------------------------------------- */
static bool
is_visible(uint32_t xid)
{
	bool visible;

	ck_ok(db_begin_snapshot(t.db, &err));
	ck_ok(db_stream_visible(t.db, &xid, 1, &visible, &err));
	ck_ok(db_commit(t.db, &err));
	return visible;
}

/* A commit that waits for a standby is in the log and in the stream, and nobody sees it. */
START_TEST(the_stream_can_be_ahead_of_a_snapshot_and_can_tell)
{
	PGconn *writer = PQconnectdb(t.superuser);
	struct db_stream_event event;

	run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
	run("SELECT pg_reload_conf()");
	(void)usleep(200000); /* the checkpointer tells the backends */
	ck_assert_int_eq(PQsendQuery(writer, tier_12), 1);
	ck_assert_str_eq(transaction(&event), "update customer 7/12, commit");
	ck_assert(!is_visible(event.xid));
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM customer WHERE tier = 'x'"), 0);
	run("ALTER SYSTEM RESET synchronous_standby_names");
	run("SELECT pg_reload_conf()");
	while (PQconsumeInput(writer) == 1 && PQisBusy(writer) == 1)
		(void)usleep(10000);
	PQclear(PQgetResult(writer));
	PQfinish(writer);
	ck_assert(is_visible(event.xid));
}
END_TEST

START_TEST(no_commits_are_all_visible)
{
	bool visible;

	ck_ok(db_begin_snapshot(t.db, &err));
	ck_ok(db_stream_visible(t.db, NULL, 0, &visible, &err));
	ck_ok(db_commit(t.db, &err));
	ck_assert(visible);
}
END_TEST

/* ---- what is published ------------------------------------------------------------------------------- */
/* Read for a book and never changed in what it reads, see the migration. */
static bool
is_constant(const char *table)
{
	return strcmp(table, "task") == 0 || strcmp(table, "permit") == 0 ||
	       strcmp(table, "campaign") == 0;
}

static bool
is_published(const char *table)
{
	char sql[400];

	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM pg_publication_tables WHERE pubname = 'steward_book' AND "
	    "tablename = '%s' OR NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = "
	    "'public' AND tablename = '%s')",
	    table, table);
	return test_db_number(&t, sql) > 0;
}

static void
ck_tables(const char *query, const char *text)
{
	static const char *const words[] = {"FROM ", "JOIN "};

	for (size_t w = 0; w < STW_ARRAY_LEN(words); w++)
		for (const char *at = strstr(text, words[w]); at != NULL;
		     at = strstr(at, words[w])) {
			char table[64];

			at += strlen(words[w]);
			(void)snprintf(table, sizeof table, "%.*s",
			    (int)strspn(at, "abcdefghijklmnopqrstuvwxyz_"), at);
			ck_assert_msg(is_constant(table) || is_published(table),
			    "%s reads %s, and the stream is silent about it: add it to the "
			    "publication",
			    query, table);
		}
}

START_TEST(a_book_reads_no_table_that_the_stream_is_silent_about)
{
	for (int id = 0; id < DB_Q_COUNT; id++)
		if (strncmp(db_query_names[id], "book_", 5) == 0 &&
		    id != DB_Q_BOOK_COUNT)
			ck_tables(db_query_names[id], db_query_texts[id]);
}
END_TEST

/* ---- where there is no stream -------------------------------------------------------------------- */
START_TEST(without_the_role_or_the_publication_it_says_so)
{
	ck_ok(db_stream_check(t.db, DB_STREAM_PUBLICATION, &err));
	run("DROP PUBLICATION steward_book");
	ck_code(db_stream_check(t.db, DB_STREAM_PUBLICATION, &err), STW_NOT_FOUND);
	ck_says("steward_book");
	ck_code(db_stream_open(&options, &stream, &start, &err), STW_NOT_FOUND);
	run("ALTER ROLE steward NOREPLICATION");
	ck_code(db_stream_check(t.db, DB_STREAM_PUBLICATION, &err), STW_DENIED);
	ck_says("REPLICATION");
	run("ALTER ROLE steward REPLICATION");
}
END_TEST

/* The stream meets the missing publication when it decodes. Making it again does not help
 * what was written meanwhile, so the slot is made again too. */
START_TEST(a_publication_that_goes_away_and_comes_back_means_load_again)
{
	struct db_stream_event event;
	enum stw_code rc = STW_OK;

	run("DROP PUBLICATION steward_book");
	run(tier_11);
	for (int i = 0; i < 100 && rc == STW_OK; i++)
		rc = db_stream_next(stream, 100, &event, &err);
	ck_code(rc, STW_NOT_FOUND);
	ck_assert(!stat_now().connected);
	ck_says("steward_book");
	run("CREATE PUBLICATION steward_book FOR TABLE customer (bucket, customer_id)");
	ck_assert_int_eq(next().kind, DB_STREAM_RELOAD);
	run(tier_12);
	expect("update customer 7/12, commit");
}
END_TEST

START_TEST(without_logical_decoding_it_says_what_to_do)
{
	struct db_stream *none = NULL;

	/* A server with slots does not start so; a test that failed leaves one. */
	run("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
	run("ALTER SYSTEM SET wal_level = 'replica'");
	test_cluster_restart(false);
	ck_ok(db_reset(t.db, &err));
	ck_code(db_stream_check(t.db, DB_STREAM_PUBLICATION, &err), STW_INVALID);
	ck_says("wal_level is replica");
	ck_code(db_stream_open(&options, &none, &start, &err), STW_INVALID);
	run("ALTER SYSTEM RESET wal_level");
	test_cluster_restart(false);
	ck_ok(db_reset(t.db, &err));
	ck_ok(db_stream_check(t.db, DB_STREAM_PUBLICATION, &err));
}
END_TEST

static TCase *
streaming_tests(void)
{
	TCase *tc = tcase_create("streaming");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup_stream, teardown);
	tcase_add_test(tc, every_change_names_its_customer);
	tcase_add_test(tc, a_value_outside_its_row_that_did_not_change_is_no_trouble);
	tcase_add_test(tc, a_commit_says_when_and_which);
	tcase_add_test(tc, what_is_rolled_back_was_never_there);
	tcase_add_test(tc, transactions_come_whole_and_in_the_order_of_their_commits);
	tcase_add_test(tc, a_large_transaction_takes_no_memory);
	tcase_add_test(tc, a_table_that_is_altered_is_described_again);
	tcase_add_test(tc, a_table_joins_by_joining_the_publication);
	tcase_add_test(
	    tc, a_row_that_goes_without_saying_whose_it_was_is_not_passed_over);
	tcase_add_test(tc, after_a_kill_all_that_was_not_acked_comes_again);
	tcase_add_test(
	    tc, a_transaction_that_was_cut_short_comes_again_from_its_beginning);
	tcase_add_test(tc, after_a_crash_of_the_server_nothing_is_missing);
	tcase_add_test(tc, what_was_acked_is_known_after_a_new_start);
	tcase_add_test(tc, a_busy_keeper_lives_by_its_acks_and_loses_nothing_without);
	tcase_add_test(tc, one_reader_a_slot);
	tcase_add_test(tc, slots_are_listed_by_name);
	tcase_add_test(tc, our_own_reader_of_before_is_ended);
	tcase_add_test(tc, a_slot_that_was_dropped_means_load_again);
	tcase_add_test(tc, a_slot_that_somebody_moved_on_means_load_again);
	tcase_add_test(tc, a_slot_whose_log_is_gone_means_load_again);
	tcase_add_test(tc, a_log_that_goes_while_we_are_connected_means_load_again);
	tcase_add_test(tc, an_idle_book_does_not_keep_the_log);
	tcase_add_test(tc, what_is_delivered_and_not_acked_keeps_the_log);
	tcase_add_test(tc, with_only_ack_nothing_else_moves_the_position);
	tcase_add_test(tc, the_stream_can_be_ahead_of_a_snapshot_and_can_tell);
	tcase_add_test(
	    tc, a_publication_that_goes_away_and_comes_back_means_load_again);
	return tc;
}

static TCase *
closed_tests(void)
{
	TCase *tc = tcase_create("closed");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_foreign_slot_is_left_alone);
	tcase_add_test(tc, a_name_that_could_be_more_than_a_name_is_refused);
	tcase_add_test(tc, no_commits_are_all_visible);
	tcase_add_test(tc, a_book_reads_no_table_that_the_stream_is_silent_about);
	tcase_add_test(tc, without_the_role_or_the_publication_it_says_so);
	tcase_add_test(tc, without_logical_decoding_it_says_what_to_do);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("stream");
	SRunner *runner;
	int failed;

	/* It crashes the server and changes its settings. */
	test_cluster_start_own();
	suite_add_tcase(suite, streaming_tests());
	suite_add_tcase(suite, closed_tests());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
