/* The ledger as others see it: a directory in the published form, one entry's proof, keys
 * that are exchanged, and a sequencer that the database refuses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "db/ledger_dir.h"
#include "db/ledger_priv.h"
#include "tests/lib/cluster.h"

#define ORIGIN "bank.example/outreach"
#define NOW    INT64_C(1795413600000000)

static struct test_db t;
static struct stw_err err;
static struct ledger_key *key;
static char dir[64], file[96], key_file[96], out[96];

#define ck_ok(call)                                             \
	do {                                                    \
		enum stw_code ck_rc = (call);                   \
		ck_assert_msg(ck_rc == STW_OK, "%s", err.text); \
	} while (0)

#define ck_code(call, want, word)                                               \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == (want), "%s: %s", stw_code_name(ck_rc), err.text); \
		ck_assert_msg(strstr(err.text, word) != NULL, "%s", err.text);  \
	} while (0)

static void
setup(void)
{
	(void)snprintf(dir, sizeof dir, "/tmp/stw-ledger-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(file, sizeof file, "%s/checkpoints", dir);
	(void)snprintf(key_file, sizeof key_file, "%s/ledger.key", dir);
	(void)snprintf(out, sizeof out, "%s/log", dir);
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

/* ---- helpers ---------------------------------------------------------------------------- */
/* Entries of many lengths, each different. */
static void
append(int count)
{
	char sql[300];

	(void)snprintf(sql, sizeof sql,
	    "INSERT INTO ledger_outbox (bucket, kind, entry) SELECT -1, 'access', "
	    "convert_to('{\"id\":\"' || gen_random_uuid() || '\",\"x\":\"' || "
	    "repeat('y', i * 7 %% 300) || '\"}', 'UTF8') FROM generate_series(1, %d) i",
	    count);
	test_db_tamper(&t, sql);
}

static void
seal(void)
{
	struct ledger_seal_result result;

	ck_ok(ledger_seal(t.db, key, file, NOW, &result, &err));
}

static struct ledger_export_result export(void)
{
	struct ledger_export_result result;

	ck_ok(ledger_export(t.db, key, out, &result, &err));
	return result;
}

static struct tlog_report
audit(bool kept)
{
	const struct tlog_source source = ledger_dir_source(out);
	struct tlog_trust trust = {.log = key->known, .nlog = key->nknown};
	struct tlog_known *known = NULL;
	struct tlog_report report;

	if (kept)
		ck_ok(ledger_dir_known(file, &trust, &known, &trust.nknown, &err));
	trust.known = known;
	ck_ok(tlog_audit(&source, &trust, NULL, &report, &err));
	free(known);
	return report;
}

static void
expect_whole(uint64_t size)
{
	struct tlog_report report = audit(true);

	ck_assert_msg(report.finding[0] == '\0', "%s", report.finding);
	ck_assert_int_eq(report.first_bad, -1);
	ck_assert_uint_eq(report.size, size);
	ck_assert_uint_gt(report.known, 0);
}

static bool
exists(const char *path)
{
	char full[160];

	(void)snprintf(full, sizeof full, "%s/%s", out, path);
	return access(full, F_OK) == 0;
}

static void
run(const char *command)
{
	char text[400];

	(void)snprintf(text, sizeof text, "cd %s && %s", dir, command);
	ck_assert_msg(system(text) == 0, "%s", text);
}

/* ---- the directory --------------------------------------------------------------------------- */
START_TEST(an_export_has_the_published_form)
{
	append(600);
	seal();
	ck_assert_uint_eq(export().size, 600);
	ck_assert(exists("checkpoint"));
	ck_assert(exists("tile/0/000") && exists("tile/0/001"));
	ck_assert(exists("tile/0/002.p/88") && exists("tile/1/000.p/2"));
	ck_assert(exists("tile/entries/001") && exists("tile/entries/002.p/88"));
	ck_assert(!exists("tile/2/000.p/1") && !exists(".new"));
	expect_whole(600);
}
END_TEST

START_TEST(later_exports_add_what_is_new)
{
	static const int steps[] = {1, 254, 1, 1, 255, 300, 0, 1000, 24};
	uint64_t size = 0;

	for (size_t i = 0; i < STW_ARRAY_LEN(steps); i++) {
		struct ledger_export_result result;

		if (steps[i] > 0)
			append(steps[i]);
		seal();
		size += (uint64_t)steps[i];
		result = export();
		ck_assert_uint_eq(result.size, size);
		ck_assert_uint_eq(result.added, (uint64_t)steps[i]);
		ck_assert(steps[i] > 0 || result.files == 0);
		expect_whole(size);
	}
	/* Partial tiles that were filled since are gone, the newest is there. */
	ck_assert(!exists("tile/0/000.p") && !exists("tile/entries/001.p"));
	ck_assert(exists("tile/entries/007.p/44"));
}
END_TEST

START_TEST(it_is_the_same_at_once_and_in_steps)
{
	append(500);
	seal();
	(void)export();
	append(700);
	seal();
	(void)export();
	run("mv log steps");
	(void)export();
	/* Partial tiles of a checkpoint that was published stay until they are filled. */
	run("! diff -r log steps | grep -v '^Only in steps/.*[.]p: '");
	run("test -e steps/tile/1/000.p/1");
	expect_whole(1200);
}
END_TEST

START_TEST(what_an_interrupted_export_left_is_written_again)
{
	append(300);
	seal();
	(void)export();
	append(300);
	seal();
	/* Half of the next export, without its checkpoint. */
	run("cp log/checkpoint old && echo torn >log/tile/0/001 && echo >log/.new");
	(void)export();
	expect_whole(600);
	/* And one that wrote everything but the checkpoint: it has the full tiles. */
	run("mv old log/checkpoint && mkdir -p log/tile/0/001.p log/tile/1/000.p");
	run("head -c 1408 log/tile/0/001 >log/tile/0/001.p/44");
	run("head -c 32 log/tile/1/000.p/2 >log/tile/1/000.p/1");
	(void)export();
	expect_whole(600);
}
END_TEST

START_TEST(a_directory_that_is_ahead_or_another_is_not_touched)
{
	struct ledger_export_result result;

	append(300);
	seal();
	(void)export();
	run("cp -r log before");
	test_db_tamper(&t, "SET session_replication_role TO replica; DELETE FROM "
			   "ledger_checkpoint; DELETE FROM ledger_leaf; DELETE FROM "
			   "ledger_node");
	run("rm checkpoints");
	append(200);
	seal();
	ck_code(
	    ledger_export(t.db, key, out, &result, &err), STW_INVALID, "older copy");
	append(200);
	seal();
	ck_code(ledger_export(t.db, key, out, &result, &err), STW_INVALID,
	    "does not lead to");
	run("diff log/checkpoint before/checkpoint");
}
END_TEST

START_TEST(an_empty_ledger_is_not_exported)
{
	struct ledger_export_result result;

	ck_code(ledger_export(t.db, key, out, &result, &err), STW_NOT_FOUND,
	    "no checkpoint yet");
}
END_TEST

static const struct dir_case {
	const char *command;
	const char *finding;
	int64_t first_bad;
} dir_cases[] = {
    {"true", "", -1},
    {"printf x | dd of=log/tile/entries/001 bs=1 seek=30 conv=notrunc 2>/dev/null",
	"entry 256 is the first", 256},
    {"printf xx | dd of=log/tile/0/001 bs=1 seek=320 conv=notrunc 2>/dev/null",
	"tile/0/001 is not what", 266},
    {"rm log/tile/entries/001", "tile/entries/001 is missing", 256},
    {"rm log/tile/entries/002.p/88", "tile/entries/002.p/88 is missing", 512},
    {"rm log/tile/1/000.p/2", "tile/1/000.p/2 is missing", 0},
    {"rm log/checkpoint", "there is none", 600},
    {"echo x >>log/tile/entries/000", "has more than its entries", 256},
    {"sed -i s/600/599/ log/checkpoint", "does not hold", -1},
};

START_TEST(changes_of_the_files_are_found)
{
	const struct dir_case *c = &dir_cases[_i];
	struct tlog_report report;

	append(600);
	seal();
	(void)export();
	run(c->command);
	report = audit(true);
	ck_assert_msg(strstr(report.finding, c->finding) != NULL &&
			  (c->finding[0] == '\0') == (report.finding[0] == '\0'),
	    "%s: '%s'", c->command, report.finding);
	if (strstr(report.finding, "there is none") == NULL)
		ck_assert_msg(report.first_bad == c->first_bad, "%s: %lld", c->command,
		    (long long)report.first_bad);
}
END_TEST

/* Every file that the API serves is the one of the directory. */
START_TEST(files_out_of_the_database_are_those_of_the_directory)
{
	static const char *const paths[] = {"checkpoint", "tile/0/000",
	    "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/000",
	    "tile/entries/002.p/88"};
	static const char *const none[] = {"tile/0/003", "tile/0/002",
	    "tile/0/002.p/89", "tile/2/000.p/1", "tile/entries/003.p/1", "tile/0/1",
	    "x", ""};
	const struct tlog_source source = ledger_dir_source(out);
	struct buf a, b;
	bool found;

	append(600);
	seal();
	(void)export();
	append(10); /* not covered: not served */
	buf_init(&a);
	buf_init(&b);
	for (size_t i = 0; i < STW_ARRAY_LEN(paths); i++) {
		buf_clear(&a);
		ck_ok(ledger_file_get(t.db, str_of(paths[i]), &a, &err));
		ck_ok(source.get(source.arg, paths[i], &b, &found, &err));
		ck_assert_msg(
		    found && a.len == b.len && memcmp(a.data, b.data, a.len) == 0, "%s",
		    paths[i]);
	}
	for (size_t i = 0; i < STW_ARRAY_LEN(none); i++)
		ck_assert_msg(
		    ledger_file_get(t.db, str_of(none[i]), &a, &err) == STW_NOT_FOUND,
		    "%s", none[i]);
	buf_fini(&a);
	buf_fini(&b);
}
END_TEST

/* ---- proofs ------------------------------------------------------------------------------------- */
START_TEST(every_entry_is_proved_alone)
{
	const struct tlog_trust trust = {.log = key->known, .nlog = key->nknown};
	struct checkpoint checkpoint;
	struct tlog_proof proof;
	struct buf text, entry;
	size_t cosigned;

	append(700);
	seal();
	append(30);
	seal();
	buf_init(&text);
	buf_init(&entry);
	for (uint64_t i = 0; i < 730; i += i < 10 || i > 720 ? 1 : 83) {
		buf_clear(&text);
		buf_clear(&entry);
		ck_ok(ledger_prove(t.db, i, &text, &err));
		ck_ok(
		    tlog_proof_parse((struct str){text.data, text.len}, &proof, &err));
		tlog_proof_extra(&proof, &entry);
		ck_ok(tlog_proof_check(&proof, (struct str){entry.data, entry.len},
		    &trust, &checkpoint, &cosigned, &err));
		ck_assert_uint_eq(proof.index, i);
		entry.data[3] ^= 1;
		ck_code(tlog_proof_check(&proof, (struct str){entry.data, entry.len},
			    &trust, &checkpoint, &cosigned, &err),
		    STW_INVALID, "does not show");
	}
	ck_code(ledger_prove(t.db, 730, &text, &err), STW_NOT_FOUND, "no entry");
	append(1);
	ck_code(ledger_prove(t.db, 730, &text, &err), STW_NOT_FOUND, "no entry");
	buf_fini(&text);
	buf_fini(&entry);
}
END_TEST

START_TEST(a_changed_entry_is_not_proved)
{
	struct buf text;

	append(300);
	seal();
	test_db_tamper(&t,
	    "SET session_replication_role TO replica; UPDATE ledger_leaf SET "
	    "entry = 'x', hash = sha256('\\x00'::bytea || 'x') WHERE idx = 7");
	buf_init(&text);
	ck_code(ledger_prove(t.db, 7, &text, &err), STW_CONFLICT, "is not what");
	ck_assert_uint_eq(text.len, 0);
	buf_fini(&text);
}
END_TEST

START_TEST(an_entry_is_found_by_the_id_it_names)
{
	uint64_t index = 0;

	test_db_tamper(&t,
	    "INSERT INTO ledger_outbox (bucket, kind, entry) VALUES (-1, 'a', "
	    "'{\"id\":\"one\"}'), (-1, 'b', '{\"id\":\"two\"}'), (-1, 'c', "
	    "'{\"id\":\"two\"}')");
	seal();
	ck_ok(ledger_find_id(t.db, "one", &index, &err));
	ck_assert_uint_eq(index, 0);
	ck_code(
	    ledger_find_id(t.db, "two", &index, &err), STW_CONFLICT, "1 (b), 2 (c)");
	ck_code(ledger_find_id(t.db, "three", &index, &err), STW_NOT_FOUND, "three");
}
END_TEST

/* ---- roots of tiles --------------------------------------------------------------------------------- */
START_TEST(roots_of_tiles_are_made_again_and_checked)
{
	struct ledger_report report;

	append(70000);
	seal();
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM ledger_node"), 274);
	test_db_tamper(&t, "DELETE FROM ledger_node");
	append(1);
	seal();
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM ledger_node"), 274);
	ck_ok(ledger_verify(t.db, key, file, NULL, &report, &err));
	ck_assert_msg(report.finding[0] == '\0', "%s", report.finding);
	test_db_tamper(&t,
	    "UPDATE ledger_node SET hash = sha256('x') WHERE level = 1 AND n "
	    "= 3");
	ck_ok(ledger_verify(t.db, key, file, NULL, &report, &err));
	ck_assert_msg(strstr(report.finding, "stored hash 3 of tile level 1") != NULL,
	    "%s", report.finding);
	ck_assert_int_eq(report.first_bad, 768);
	test_db_tamper(&t, "DELETE FROM ledger_node WHERE level = 1 AND n = 2");
	ck_ok(ledger_verify(t.db, key, file, NULL, &report, &err));
	ck_assert_msg(
	    strstr(report.finding, "stored hash 2 of tile level 1 is missing") != NULL,
	    "%s", report.finding);
	ck_assert_int_eq(report.first_bad, 512);
	(void)export();
	expect_whole(70001);
	ck_assert(exists("tile/2/000.p/1") && exists("tile/entries/x000") == false);
}
END_TEST

/* ---- the fence ----------------------------------------------------------------------------------------- */
START_TEST(a_sequencer_that_has_lost_its_epoch_is_refused)
{
	const struct db_param params[] = {db_i64(0), db_i64(10), db_i64(5)};
	const struct db_param row[] = {db_i64(5), db_bytes("x", 1), db_text("note"),
	    db_bytes("", 0), db_usec(NOW)};
	struct db *other = test_db_connect(&t);
	struct ledger_seal_result result;

	append(5);
	seal();
	/* Somebody else takes over, as after a pause that outlived our lock. */
	ck_ok(ledger_seal(other, key, file, NOW, &result, &err));
	append(3);
	ck_code(db_query(t.db, DB_Q_LEDGER_TAKE, params, 3, NULL, &err), STW_TEMPFAIL,
	    "another sequencer has taken over");
	ck_code(db_query(t.db, DB_Q_LEDGER_CHECKPOINT_PUT, row, 5, NULL, &err),
	    STW_TEMPFAIL, "another sequencer has taken over");
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM ledger_leaf"), 5);
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM ledger_outbox"), 3);
	ck_ok(ledger_seal(other, key, file, NOW, &result, &err));
	ck_assert_int_eq(result.size, 8);
	/* It may come back: with a new epoch. */
	append(1);
	seal();
	ck_assert_int_eq(test_db_number(&t, "SELECT epoch FROM ledger_lease"), 4);
	db_close(other);
}
END_TEST

START_TEST(whoever_is_no_sequencer_adds_nothing)
{
	struct db *other = test_db_connect(&t);
	const struct db_param params[] = {db_i64(0), db_i64(10), db_i64(0)};

	append(1);
	ck_code(db_query(other, DB_Q_LEDGER_TAKE, params, 3, NULL, &err), STW_TEMPFAIL,
	    "another sequencer");
	db_close(other);
}
END_TEST

/* ---- entries ---------------------------------------------------------------------------------------------- */
START_TEST(an_entry_that_no_bundle_takes_is_refused)
{
	char *big = calloc(1, LEDGER_ENTRY_MAX + 1);
	struct ledger_entry many[] = {
	    {-1, "x", STR_LIT("{}")}, {-1, "x", {big, LEDGER_ENTRY_MAX + 1}}};

	ck_ok(db_begin(t.db, &err));
	ck_code(
	    ledger_append(t.db, -1, "x", (struct str){big, LEDGER_ENTRY_MAX + 1}, &err),
	    STW_INVALID, "65536 bytes");
	ck_code(ledger_append_many(t.db, many, 2, &err), STW_INVALID, "65536 bytes");
	memset(big, 'x', LEDGER_ENTRY_MAX);
	ck_ok(ledger_append(t.db, -1, "x", (struct str){big, LEDGER_ENTRY_MAX}, &err));
	ck_ok(db_commit(t.db, &err));
	seal();
	(void)export();
	expect_whole(1);
	free(big);
}
END_TEST

START_TEST(how_long_an_entry_waited_is_told)
{
	struct ledger_seal_result result;

	append(2);
	(void)usleep(300000);
	append(2);
	ck_ok(ledger_seal(t.db, key, file, NOW, &result, &err));
	ck_assert_int_ge(result.oldest, 300000);
	ck_assert_int_lt(result.oldest, 20000000);
	ck_ok(ledger_seal(t.db, key, file, NOW, &result, &err));
	ck_assert_int_eq(result.oldest, 0);
}
END_TEST

/* ---- keys ------------------------------------------------------------------------------------------------- */
static void
reopen(void)
{
	ledger_key_close(key);
	ck_ok(ledger_key_open(key_file, ORIGIN, false, &key, &err));
}

/* Does the verifier alone open the directory's checkpoint? */
static bool
opens(const struct note_verifier *verifier)
{
	const struct tlog_source source = ledger_dir_source(out);
	struct stw_err why;
	struct buf note;
	struct str text;
	bool found, good;

	buf_init(&note);
	ck_ok(source.get(source.arg, "checkpoint", &note, &found, &err));
	good = note_open((struct str){note.data, note.len}, verifier, 1, &text, &why) ==
	       STW_OK;
	buf_fini(&note);
	return good;
}

START_TEST(keys_are_exchanged_without_a_gap)
{
	struct note_verifier first = key->known[0], second;

	append(10);
	seal();
	ck_code(
	    ledger_key_retire(key_file, ORIGIN, &err), STW_CONFLICT, "only one key");
	ck_ok(ledger_key_rotate(key_file, ORIGIN, &err));
	ck_code(
	    ledger_key_rotate(key_file, ORIGIN, &err), STW_CONFLICT, "two keys sign");
	append(10);
	seal(); /* a process that has not been restarted */
	reopen();
	second = key->known[0];
	ck_assert_uint_eq(key->nsigners, 2);
	ck_assert(memcmp(first.key, second.key, sizeof first.key) != 0);
	append(10);
	seal();
	(void)export();
	ck_assert(opens(&first) && opens(&second));
	ck_ok(ledger_key_retire(key_file, ORIGIN, &err));
	reopen();
	ck_assert_uint_eq(key->nsigners, 1);
	ck_assert_uint_eq(key->nknown, 2);
	append(10);
	seal();
	(void)export();
	ck_assert(!opens(&first) && opens(&second));
	/* The checkpoints of before are still checked, by the verifier key that stays. */
	expect_whole(40);
	{
		struct ledger_report report;

		ck_ok(ledger_verify(t.db, key, file, NULL, &report, &err));
		ck_assert_msg(report.finding[0] == '\0', "%s", report.finding);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ledger_dir");
	TCase *tc = tcase_create("ledger_dir");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_export_has_the_published_form);
	tcase_add_test(tc, later_exports_add_what_is_new);
	tcase_add_test(tc, it_is_the_same_at_once_and_in_steps);
	tcase_add_test(tc, what_an_interrupted_export_left_is_written_again);
	tcase_add_test(tc, a_directory_that_is_ahead_or_another_is_not_touched);
	tcase_add_test(tc, an_empty_ledger_is_not_exported);
	tcase_add_loop_test(
	    tc, changes_of_the_files_are_found, 0, (int)STW_ARRAY_LEN(dir_cases));
	tcase_add_test(tc, files_out_of_the_database_are_those_of_the_directory);
	tcase_add_test(tc, every_entry_is_proved_alone);
	tcase_add_test(tc, a_changed_entry_is_not_proved);
	tcase_add_test(tc, an_entry_is_found_by_the_id_it_names);
	tcase_add_test(tc, roots_of_tiles_are_made_again_and_checked);
	tcase_add_test(tc, a_sequencer_that_has_lost_its_epoch_is_refused);
	tcase_add_test(tc, whoever_is_no_sequencer_adds_nothing);
	tcase_add_test(tc, an_entry_that_no_bundle_takes_is_refused);
	tcase_add_test(tc, how_long_an_entry_waited_is_told);
	tcase_add_test(tc, keys_are_exchanged_without_a_gap);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
