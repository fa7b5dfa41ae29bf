/* The log: what is appended comes out once, in order, provably; every way of changing it
 * afterwards is found; a crash at any step is made good. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "db/ledger_priv.h"
#include "tests/lib/cluster.h"

#define ORIGIN "bank.example/outreach"
#define NOW    INT64_C(1795413600000000)

static struct test_db t;
static struct stw_err err;
static struct ledger_key *key;
static char dir[64];
static char file[128]; /* of checkpoints */
static char key_file[128];

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

static void
setup(void)
{
	(void)snprintf(dir, sizeof dir, "/tmp/stw-ledger-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(file, sizeof file, "%s/checkpoints", dir);
	(void)snprintf(key_file, sizeof key_file, "%s/ledger.key", dir);
	ck_ok(ledger_key_open(key_file, ORIGIN, true, &key, &err));
	test_db_open(&t);
}

static void
teardown(void)
{
	char command[128];

	ledger_key_close(key);
	test_db_close(&t);
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* ---- helpers ---------------------------------------------------------------------- */
static void
append(struct db *db, int count)
{
	struct ledger_entry entries[50];

	ck_assert_int_le(count, (int)STW_ARRAY_LEN(entries));
	for (int i = 0; i < count; i++)
		entries[i] = (struct ledger_entry){
		    -1, "access", STR_LIT("{\"id\":\"a\",\"kind\":\"access\"}")};
	ck_ok(db_begin(db, &err));
	ck_ok(ledger_append_many(db, entries, (size_t)count, &err));
	ck_ok(db_commit(db, &err));
}

static int64_t
seal(struct db *db)
{
	struct ledger_seal_result result;

	ck_ok(ledger_seal(db, key, file, NOW, &result, &err));
	return result.size;
}

static struct ledger_report
verify(void)
{
	struct ledger_report report;

	ck_ok(ledger_verify(t.db, key, file, NULL, &report, &err));
	return report;
}

static void
expect_clean(int64_t size)
{
	struct ledger_report report = verify();

	ck_assert_msg(report.finding[0] == '\0', "%s", report.finding);
	ck_assert_int_eq(report.first_bad, -1);
	ck_assert_int_eq(report.size, size);
	ck_assert_int_eq(report.waiting, 0);
}

static void
run(const char *command)
{
	char text[600];

	(void)snprintf(text, sizeof text, "cd %s && %s", dir, command);
	ck_assert_msg(system(text) == 0, "%s", text);
}

/* Five accesses, ten decisions, five accesses: checkpoints of size 5, 15 and 20. */
static const char decisions_sql[] =
    "WITH d AS (INSERT INTO decision (bucket, decision_id, gate, decided_at, customer_id, "
    "channel, purpose, outcome, codes, ruleset_hash, record, record_hash) "
    "SELECT i, ('00000000-0000-4000-8000-0000000000' || lpad(i::text, 2, '0'))::uuid, 'P', "
    "now(), i, 'VOICE', 'MARKETING', 'ALLOW', '{}', '', r, sha256(r) "
    "FROM generate_series(0, 9) i, LATERAL (SELECT convert_to('{\"i\":' || i || '}', "
    "'UTF8') r) x RETURNING *) "
    "INSERT INTO ledger_outbox (bucket, kind, entry) SELECT bucket, 'decision', "
    "convert_to(format('{\"at\":\"x\",\"id\":\"%s\",\"kind\":\"decision\","
    "\"record_sha256\":\"%s\"}', decision_id, encode(record_hash, 'hex')), 'UTF8') "
    "FROM d ORDER BY bucket";

static void
fill(void)
{
	append(t.db, 5);
	ck_assert_int_eq(seal(t.db), 5);
	test_db_tamper(&t, decisions_sql);
	ck_assert_int_eq(seal(t.db), 15);
	append(t.db, 5);
	ck_assert_int_eq(seal(t.db), 20);
}

/* ---- what verify finds --------------------------------------------------------------- */
/* Splits the file into its notes 00, 01, 02. */
#define SPLIT "csplit -s -z -f n checkpoints '/^bank.example/' '{*}' && "

/* what, SQL as superuser without triggers, shell command, in the finding, first bad */
static const struct tamper_case {
	const char *what;
	const char *sql;
	const char *command;
	const char *finding;
	int64_t first_bad;
} tamper_cases[] = {
    {"nothing", NULL, NULL, "", -1},
    {"entry altered", "UPDATE ledger_leaf SET entry = entry || 'x' WHERE idx = 7", NULL,
	"entry 7 was altered", 7},
    {"hash altered", "UPDATE ledger_leaf SET hash = sha256('x') WHERE idx = 19", NULL,
	"entry 19 was altered", 19},
    {"hash cut", "UPDATE ledger_leaf SET hash = '' WHERE idx = 0", NULL,
	"entry 0 was altered", 0},
    {"entry and hash altered",
	"UPDATE ledger_leaf SET entry = entry || ' ', hash = sha256('\\x00'::bytea || "
	"entry || ' ') WHERE idx = 7",
	NULL, "from 5 to 14", 5},
    {"the first of all altered with its hash",
	"UPDATE ledger_leaf SET entry = 'x', hash = sha256('\\x00'::bytea || 'x') WHERE "
	"idx = 0",
	NULL, "from 0 to 4", 0},
    {"entry deleted", "DELETE FROM ledger_leaf WHERE idx = 8", NULL,
	"entry 8 is missing", 8},
    {"first entry deleted", "DELETE FROM ledger_leaf WHERE idx = 0", NULL,
	"entry 0 is missing", 0},
    {"entry deleted, the others renumbered",
	"DELETE FROM ledger_leaf WHERE idx = 3; UPDATE ledger_leaf SET idx = -idx WHERE "
	"idx > 3; UPDATE ledger_leaf SET idx = -idx - 1 WHERE idx < 0",
	NULL, "from 0 to 4", 0},
    {"entry inserted, the others renumbered",
	"UPDATE ledger_leaf SET idx = -idx WHERE idx > 8; UPDATE ledger_leaf SET idx = "
	"-idx + 1 WHERE idx < 0; INSERT INTO ledger_leaf VALUES (9, -1, 'access', 'x', "
	"sha256('\\x00'::bytea || 'x'))",
	NULL, "from 5 to 14", 5},
    {"two entries swapped",
	"UPDATE ledger_leaf SET idx = -1 WHERE idx = 6; UPDATE ledger_leaf SET idx = 6 "
	"WHERE idx = 9; UPDATE ledger_leaf SET idx = 9 WHERE idx = -1",
	NULL, "from 5 to 14", 5},
    {"tail of entries cut", "DELETE FROM ledger_leaf WHERE idx >= 15", NULL,
	"ends at 15 entries", 15},
    {"tail cut within a checkpoint", "DELETE FROM ledger_leaf WHERE idx >= 18", NULL,
	"ends at 18 entries", 18},
    {"tail cut with its checkpoint",
	"DELETE FROM ledger_leaf WHERE idx >= 15; DELETE FROM ledger_checkpoint WHERE size "
	"= 20",
	NULL, "size 20 was exported", 15},
    {"everything deleted", "DELETE FROM ledger_leaf; DELETE FROM ledger_checkpoint",
	NULL, "size 5 was exported", 0},
    {"record altered", "UPDATE decision SET record = '{}' WHERE bucket = 3", NULL,
	"decision of entry 8 was altered", 8},
    {"record and its hash altered",
	"UPDATE decision SET record = '{}', record_hash = sha256('{}') WHERE bucket = 3",
	NULL, "decision of entry 8 was altered", 8},
    {"record's hash altered", "UPDATE decision SET record_hash = '' WHERE bucket = 3",
	NULL, "decision of entry 8 was altered", 8},
    {"decision deleted", "DELETE FROM decision WHERE bucket = 9", NULL,
	"entry 14 is about a decision that is not there", 14},
    {"decision added beside the log",
	"INSERT INTO decision SELECT 77, decision_id, gate, decided_at, customer_id, "
	"point_id, campaign_id, version, task_id, number_id, channel, purpose, outcome, "
	"primary_code, codes, next_allowed_at, valid_until, ruleset_hash, record, "
	"record_hash FROM decision WHERE bucket = 3",
	NULL, "1 decisions have no entry", -1},
    {"entry no text any more",
	"UPDATE ledger_leaf SET entry = '\\xff00fe' WHERE idx = 7", NULL,
	"entry 7 was altered", 7},
    {"root of a row altered",
	"UPDATE ledger_checkpoint SET root = sha256('x') WHERE size = 15", NULL,
	"size 15 differs from its signed note", 5},
    {"note of a row altered",
	"UPDATE ledger_checkpoint SET note = replace(note, '15', '16') WHERE size = 15",
	NULL, "signature by " ORIGIN " does not hold", 5},
    {"row deleted", "DELETE FROM ledger_checkpoint WHERE size = 5", NULL,
	"row is not in the database", 0},
    {"file cut", NULL, SPLIT "cat n00 n01 >checkpoints", "not in the exported file",
	15},
    {"file cut inside a note", NULL, "truncate -s -10 checkpoints",
	"not in the exported file", 15},
    {"note removed from the middle", NULL, SPLIT "cat n00 n02 >checkpoints",
	"size 15 is in the database but not in the exported file", 5},
    {"file gone", NULL, "rm checkpoints", "size 5 is in the database", 0},
    {"file emptied", NULL, ": >checkpoints", "size 5 is in the database", 0},
    {"size in the file altered", NULL, "sed -i 's/^15$/14/' checkpoints",
	"exported checkpoint 2: note: the signature", 5},
    {"old note replayed", NULL, SPLIT "cat n00 >>checkpoints",
	"comes after one of size 20", 5},
    {"notes swapped", NULL, SPLIT "cat n01 n00 n02 >checkpoints",
	"size 5 is in the database but not in the exported file", 0},
};

START_TEST(every_change_is_found)
{
	const struct tamper_case *c = &tamper_cases[_i];
	struct ledger_report report;
	char sql[1000];

	fill();
	if (c->sql != NULL) {
		(void)snprintf(sql, sizeof sql,
		    "SET session_replication_role TO replica; %s", c->sql);
		test_db_tamper(&t, sql);
	}
	if (c->command != NULL)
		run(c->command);
	report = verify();
	ck_assert_msg(strstr(report.finding, c->finding) != NULL, "%s: found '%s'",
	    c->what, report.finding);
	ck_assert_msg((c->finding[0] == '\0') == (report.finding[0] == '\0'),
	    "%s: found '%s'", c->what, report.finding);
	ck_assert_msg(report.first_bad == c->first_bad, "%s: first bad %lld, '%s'",
	    c->what, (long long)report.first_bad, report.finding);
}
END_TEST

START_TEST(signing_it_all_anew_with_another_key_is_found)
{
	struct ledger_seal_result result;
	struct ledger_report report;
	struct ledger_key *other;
	char path[160];

	fill();
	test_db_tamper(&t,
	    "SET session_replication_role TO replica; UPDATE ledger_leaf SET "
	    "entry = 'x', hash = sha256('\\x00'::bytea || 'x') WHERE idx = 7; "
	    "UPDATE ledger_leaf SET kind = 'access' WHERE idx = 7; "
	    "DELETE FROM ledger_checkpoint");
	run("rm checkpoints");
	(void)snprintf(path, sizeof path, "%s/other.key", dir);
	ck_ok(ledger_key_open(path, ORIGIN, true, &other, &err));
	ck_ok(ledger_seal(t.db, other, file, NOW, &result, &err));
	report = verify();
	ck_assert_msg(strstr(report.finding, "no signature by a known key") != NULL,
	    "%s", report.finding);
	ck_assert_int_eq(report.first_bad, 0);
	ledger_key_close(other);
}
END_TEST

START_TEST(the_log_is_published_in_a_form_that_others_can_check)
{
	struct note_verifier verifier;
	struct checkpoint checkpoint;
	struct buf text, note;
	bool more = false;
	struct str body;
	FILE *in;

	fill();
	buf_init(&text);
	buf_init(&note);
	ledger_key_verifier(key, &text);
	ck_ok(note_verifier_parse((struct str){text.data, text.len}, &verifier, &err));
	in = fopen(file, "r");
	ck_assert_ptr_nonnull(in);
	for (int i = 0; i < 3; i++) {
		static const uint64_t sizes[] = {5, 15, 20};

		ck_ok(ledger_file_next(in, &note, &more, &err));
		ck_assert(more);
		ck_ok(note_open(
		    (struct str){note.data, note.len}, &verifier, 1, &body, &err));
		ck_ok(checkpoint_parse(body, &checkpoint, &err));
		ck_assert_uint_eq(checkpoint.size, sizes[i]);
		ck_assert(str_eq_c(checkpoint.origin, ORIGIN));
	}
	ck_ok(ledger_file_next(in, &note, &more, &err));
	ck_assert(!more);
	(void)fclose(in);
	buf_fini(&text);
	buf_fini(&note);
}
END_TEST

/* ---- sequencing -------------------------------------------------------------------- */
START_TEST(an_empty_log_is_clean_and_publishes_nothing)
{
	struct ledger_seal_result result;

	expect_clean(0);
	ck_ok(ledger_seal(t.db, key, file, NOW, &result, &err));
	ck_assert_int_eq(result.size, 0);
	ck_assert_int_eq(verify().exported, 0);
}
END_TEST

START_TEST(sealing_again_publishes_nothing_new)
{
	fill();
	ck_assert_int_eq(seal(t.db), 20);
	ck_assert_int_eq(verify().exported, 3);
	ck_assert_int_eq(verify().checkpoints, 3);
}
END_TEST

START_TEST(a_rolled_back_entry_never_appears)
{
	ck_ok(db_begin(t.db, &err));
	ck_ok(ledger_append(t.db, 3, "consent", STR_LIT("{}"), &err));
	ck_ok(db_query(t.db, DB_Q_PING, NULL, 0, NULL, &err)); /* it has been sent */
	db_rollback(t.db);
	ck_assert_int_eq(seal(t.db), 0);
}
END_TEST

START_TEST(an_entry_that_commits_late_is_not_skipped)
{
	struct db *slow = test_db_connect(&t);

	ck_ok(db_begin(slow, &err));
	ck_ok(ledger_append(slow, 3, "consent", STR_LIT("{\"slow\":1}"), &err));
	ck_ok(db_query(slow, DB_Q_PING, NULL, 0, NULL, &err)); /* it has been sent */
	append(t.db, 3);
	ck_assert_int_eq(seal(t.db), 3);
	ck_ok(db_commit(slow, &err));
	/* Its id is the lowest, which is what makes this a test. */
	ck_assert_int_eq(test_db_number(&t, "SELECT min(id) FROM ledger_outbox"), 1);
	ck_assert_int_eq(seal(t.db), 4);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT idx FROM ledger_leaf WHERE kind = 'consent'"),
	    3);
	expect_clean(4);
	db_close(slow);
}
END_TEST

static void *
append_often(void *arg)
{
	struct db *db = arg;

	for (int i = 0; i < 40; i++)
		append(db, 5);
	return NULL;
}

START_TEST(many_writers_and_a_sequencer_lose_and_repeat_nothing)
{
	struct db *writers[4];
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		writers[i] = test_db_connect(&t);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, append_often, writers[i]), 0);
	/* Verifying meanwhile gives no false alarm. */
	while (seal(t.db) < 800) {
		struct ledger_report report = verify();

		ck_assert_msg(report.finding[0] == '\0', "%s", report.finding);
	}
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		db_close(writers[i]);
	}
	expect_clean(800);
}
END_TEST

START_TEST(batches_larger_than_one_are_sealed_whole)
{
	test_db_tamper(&t,
	    "INSERT INTO ledger_outbox (bucket, kind, entry) SELECT -1, 'x', "
	    "int8send(i) FROM generate_series(1, 25001) i");
	ck_assert_int_eq(seal(t.db), 25001);
	ck_assert_int_eq(
	    test_db_number(&t,
		"SELECT count(*) FROM ledger_leaf WHERE entry <> int8send(idx + 1)"),
	    0);
	expect_clean(25001);
}
END_TEST

START_TEST(only_one_sequencer_works)
{
	struct db *other = test_db_connect(&t);
	struct ledger_seal_result result;

	append(t.db, 1);
	ck_ok(ledger_lock(other, 0, &err));
	ck_code(ledger_seal(t.db, key, file, NOW, &result, &err), STW_CONFLICT);
	ledger_unlock(other);
	ck_assert_int_eq(seal(t.db), 1);
	db_close(other);
}
END_TEST

/* Whatever the database has been set to: what it covers may leave. */
START_TEST(the_commit_of_leaves_waits_for_the_disk)
{
	char sql[200];

	(void)snprintf(
	    sql, sizeof sql, "ALTER DATABASE %s SET synchronous_commit = off", t.name);
	test_db_tamper(&t, sql);
	ck_ok(db_reset(t.db, &err));
	test_db_tamper(&t,
	    "CREATE TABLE seen_commit (waits text);"
	    "CREATE FUNCTION see_commit() RETURNS trigger LANGUAGE plpgsql SECURITY "
	    "DEFINER AS $$ BEGIN INSERT INTO public.seen_commit VALUES "
	    "(current_setting('synchronous_commit')); RETURN NULL; END $$;"
	    "CREATE CONSTRAINT TRIGGER seen_commit AFTER INSERT ON ledger_leaf "
	    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION see_commit()");
	append(t.db, 3);
	ck_assert_int_eq(seal(t.db), 3);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM seen_commit WHERE waits = 'on'"),
	    3);
}
END_TEST

/* ---- crashes and refusals ---------------------------------------------------------- */
START_TEST(leaves_that_a_crash_left_uncovered_are_published)
{
	const struct db_param params[] = {db_i64(0), db_i64(10), db_i64(20)};

	fill();
	append(t.db, 7);
	ck_ok(db_query(t.db, DB_Q_LEDGER_TAKE, params, 3, NULL, &err));
	ck_assert_int_eq(verify().exported, 3);
	append(t.db, 1);
	ck_assert_int_eq(seal(t.db), 28);
	expect_clean(28);
}
END_TEST

START_TEST(a_checkpoint_that_was_exported_but_not_marked_is_marked)
{
	struct ledger_seal_result result;

	fill();
	test_db_tamper(&t, "SET session_replication_role TO replica; DELETE FROM "
			   "ledger_checkpoint WHERE size = 20");
	expect_clean(20);
	ck_ok(ledger_seal(t.db, key, file, NOW, &result, &err));
	ck_assert_int_eq(result.added, 0);
	ck_assert_int_eq(verify().checkpoints, 3);
	ck_assert_int_eq(verify().exported, 3);
	expect_clean(20);
}
END_TEST

START_TEST(a_torn_end_of_the_file_is_cut_off)
{
	fill();
	run("printf 'bank.example/outreach\\n21\\nq6o' >>checkpoints");
	expect_clean(20);
	append(t.db, 1);
	ck_assert_int_eq(seal(t.db), 21);
	expect_clean(21);
	ck_assert_int_eq(verify().exported, 4);
}
END_TEST

/* The disk is full in the middle of a note. */
START_TEST(what_was_not_exported_is_not_covered)
{
	struct ledger_seal_result result;
	struct rlimit before, full;
	struct stat st;

	fill();
	append(t.db, 1);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	full = before;
	full.rlim_cur = (rlim_t)st.st_size + 10;
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
	ck_code(ledger_seal(t.db, key, file, NOW, &result, &err), STW_TEMPFAIL);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(test_db_number(&t,
			     "SELECT count(*) FROM ledger_checkpoint WHERE size > 20"),
	    0);
	ck_assert_int_eq(seal(t.db), 21);
	expect_clean(21);
}
END_TEST

START_TEST(the_very_first_note_may_be_torn)
{
	run("printf 'bank.example/outreach\\n1\\nq6o' >checkpoints");
	append(t.db, 1);
	ck_assert_int_eq(seal(t.db), 1);
	expect_clean(1);
}
END_TEST

/* what, SQL, shell command, in the message */
static const struct refusal_case {
	const char *what;
	const char *sql;
	const char *command;
	const char *text;
} refusal_cases[] = {
    {"the database is an older copy",
	"DELETE FROM ledger_leaf WHERE idx >= 15; DELETE FROM ledger_checkpoint WHERE size "
	"> 15",
	NULL, "it is an older copy"},
    {"uncovered leaves contradict the file",
	"DELETE FROM ledger_checkpoint WHERE size = 20; UPDATE ledger_leaf SET hash = "
	"sha256('x') WHERE idx = 17",
	NULL, "are not those that were published"},
    {"a leaf is missing",
	"DELETE FROM ledger_checkpoint WHERE size = 20; DELETE FROM ledger_leaf WHERE idx "
	"= 17",
	NULL, "entry 17 is missing"},
    {"the file is gone", NULL, "rm checkpoints", "bring the file back"},
    {"the file is cut", NULL, SPLIT "cat n00 n01 >checkpoints", "bring the whole file"},
    {"the file is another's", NULL, "sed -i s/bank/bonk/ checkpoints",
	"no signature by a known key"},
    {"the edge was changed", "UPDATE ledger_checkpoint SET edge = '' WHERE size = 20",
	NULL, "has no right edge"},
    {"the edge was exchanged",
	"UPDATE ledger_checkpoint SET edge = sha256('a') || sha256('b') WHERE size = 20",
	NULL, "is not what was signed"},
};

START_TEST(nothing_is_signed_that_contradicts_what_was_published)
{
	const struct refusal_case *c = &refusal_cases[_i];
	struct ledger_seal_result result;
	char sql[600];

	fill();
	append(t.db, 6);
	if (c->sql != NULL) {
		(void)snprintf(sql, sizeof sql,
		    "SET session_replication_role TO replica; %s", c->sql);
		test_db_tamper(&t, sql);
	}
	if (c->command != NULL)
		run(c->command);
	run("test ! -e checkpoints || cp checkpoints checkpoints.before");
	ck_code(ledger_seal(t.db, key, file, NOW, &result, &err), STW_INVALID);
	ck_assert_msg(strstr(err.text, c->text) != NULL, "%s: %s", c->what, err.text);
	if (access(file, F_OK) == 0)
		run("test ! -s checkpoints || cmp checkpoints checkpoints.before");
	ck_assert(!db_in_transaction(t.db));
}
END_TEST

/* A process that appends and seals, killed at an arbitrary instant. */
static void
crash_once(unsigned usec)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct db *db = test_db_connect(&t);

		for (;;) {
			append(db, 3);
			(void)seal(db);
		}
	}
	(void)usleep(usec);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

START_TEST(a_killed_sequencer_leaves_a_log_that_goes_on)
{
	struct ledger_seal_result result;
	enum stw_code rc;
	int64_t size = 0;

	for (unsigned round = 0; round < 12; round++) {
		crash_once(15000 + round * 7919 % 40000);
		/* Its backend may hold the lock until it notices. */
		do
			rc = ledger_seal(t.db, key, file, NOW, &result, &err);
		while (rc == STW_CONFLICT);
		ck_ok(rc);
		ck_assert_int_ge(result.size, size);
		ck_assert_int_eq(result.size % 3, 0);
		size = result.size;
		expect_clean(size);
	}
	ck_assert_int_gt(size, 0);
}
END_TEST

/* ---- the key ------------------------------------------------------------------------ */
START_TEST(the_key_is_kept_and_guarded)
{
	struct ledger_key *again;
	struct buf a, b;
	struct stat st;

	buf_init(&a);
	buf_init(&b);
	ck_ok(ledger_key_open(key_file, ORIGIN, false, &again, &err));
	ledger_key_verifier(key, &a);
	ledger_key_verifier(again, &b);
	ck_assert_str_eq(a.data, b.data);
	ledger_key_close(again);
	ck_assert_int_eq(stat(key_file, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_code(ledger_key_open(key_file, "else.example", false, &again, &err),
	    STW_INVALID);
	ck_assert_int_eq(chmod(key_file, 0640), 0);
	ck_code(ledger_key_open(key_file, ORIGIN, false, &again, &err), STW_INVALID);
	ck_assert_msg(strstr(err.text, "chmod 600") != NULL, "%s", err.text);
	run("rm ledger.key");
	ck_code(ledger_key_open(key_file, ORIGIN, false, &again, &err), STW_NOT_FOUND);
	run("(umask 077; echo nonsense >ledger.key)");
	ck_code(ledger_key_open(key_file, ORIGIN, true, &again, &err), STW_INVALID);
	buf_fini(&a);
	buf_fini(&b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ledger");
	TCase *tc = tcase_create("ledger");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, every_change_is_found, 0, (int)STW_ARRAY_LEN(tamper_cases));
	tcase_add_test(tc, signing_it_all_anew_with_another_key_is_found);
	tcase_add_test(tc, the_log_is_published_in_a_form_that_others_can_check);
	tcase_add_test(tc, an_empty_log_is_clean_and_publishes_nothing);
	tcase_add_test(tc, sealing_again_publishes_nothing_new);
	tcase_add_test(tc, a_rolled_back_entry_never_appears);
	tcase_add_test(tc, an_entry_that_commits_late_is_not_skipped);
	tcase_add_test(tc, many_writers_and_a_sequencer_lose_and_repeat_nothing);
	tcase_add_test(tc, batches_larger_than_one_are_sealed_whole);
	tcase_add_test(tc, only_one_sequencer_works);
	tcase_add_test(tc, the_commit_of_leaves_waits_for_the_disk);
	tcase_add_test(tc, leaves_that_a_crash_left_uncovered_are_published);
	tcase_add_test(tc, a_checkpoint_that_was_exported_but_not_marked_is_marked);
	tcase_add_test(tc, a_torn_end_of_the_file_is_cut_off);
	tcase_add_test(tc, what_was_not_exported_is_not_covered);
	tcase_add_test(tc, the_very_first_note_may_be_torn);
	tcase_add_loop_test(tc, nothing_is_signed_that_contradicts_what_was_published,
	    0, (int)STW_ARRAY_LEN(refusal_cases));
	tcase_add_test(tc, a_killed_sequencer_leaves_a_log_that_goes_on);
	tcase_add_test(tc, the_key_is_kept_and_guarded);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
