/* The witness: every answer that tlog-witness prescribes, what it remembers, and the
 * sequencer with a quorum of it. No HTTP here: tests/api/test_witness.sh does that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>
#include <sodium.h>

#include "db/ledger_dir.h"
#include "db/ledger_priv.h"
#include "db/witness.h"
#include "tests/lib/cluster.h"

#define ORIGIN "bank.example/outreach"
#define NAME   "witness.example/w1"
#define NOW    INT64_C(1795413600)

static struct stw_err err;
static char dir[64], key_file[96], state[96];
static struct note_signer logs[2], other;
static struct note_verifier verifiers[2];
static struct witness *witness;
static struct buf reply, body;

#define ck_ok(call)                                             \
	do {                                                    \
		enum stw_code ck_rc = (call);                   \
		ck_assert_msg(ck_rc == STW_OK, "%s", err.text); \
	} while (0)

static void
open_witness(void)
{
	ck_ok(witness_open(key_file, NAME, state, verifiers, 2, &witness, &err));
}

static void
setup(void)
{
	unsigned char seed[NOTE_SEED_BYTES] = {7};

	(void)snprintf(dir, sizeof dir, "/tmp/stw-witness-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(key_file, sizeof key_file, "%s/key", dir);
	(void)snprintf(state, sizeof state, "%s/state", dir);
	ck_assert_int_eq(mkdir(state, 0700), 0);
	for (int i = 0; i < 2; i++) { /* one log, two keys */
		seed[1] = (unsigned char)i;
		ck_ok(note_signer_init(
		    &logs[i], NOTE_ED25519, STR_LIT(ORIGIN), seed, &err));
		verifiers[i] = logs[i].verifier;
	}
	seed[1] = 9;
	ck_ok(note_signer_init(&other, NOTE_ED25519, STR_LIT(ORIGIN), seed, &err));
	buf_init(&reply);
	buf_init(&body);
	open_witness();
}

static void
teardown(void)
{
	char command[128];

	witness_close(witness);
	buf_fini(&reply);
	buf_fini(&body);
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* ---- a log ----------------------------------------------------------------------------------- */
/* fork: entries from there on are others. */
static struct merkle_hash
leaf_of(uint64_t i, uint64_t fork)
{
	uint64_t data[2] = {i, i >= fork};
	struct merkle_hash hash;

	merkle_leaf((struct str){(const char *)data, sizeof data}, &hash);
	return hash;
}

static enum stw_code
read_tree(void *arg, int level, uint64_t index, struct merkle_hash *out,
    struct stw_err *ignored)
{
	const uint64_t *fork = arg;
	struct merkle_edge edge = {0};

	(void)ignored;
	for (uint64_t i = index << level; i < (index + 1) << level; i++) {
		struct merkle_hash leaf = leaf_of(i, *fork);

		merkle_edge_add(&edge, &leaf);
	}
	merkle_edge_root(&edge, out);
	return STW_OK;
}

static void
checkpoint(
    const struct note_signer *signer, uint64_t size, uint64_t fork, struct buf *to)
{
	struct merkle_edge edge = {0};
	struct merkle_hash root;
	struct buf text;

	for (uint64_t i = 0; i < size; i++) {
		struct merkle_hash leaf = leaf_of(i, fork);

		merkle_edge_add(&edge, &leaf);
	}
	merkle_edge_root(&edge, &root);
	buf_init(&text);
	checkpoint_format(STR_LIT(ORIGIN), size, &root, &text);
	note_sign(signer, (struct str){text.data, text.len}, to);
	buf_fini(&text);
}

/* The request of a log that forks at `fork`, signed by signer. */
static void
request(const struct note_signer *signer, uint64_t from, uint64_t to, uint64_t fork)
{
	const struct merkle_reader tree = {read_tree, &fork};
	struct buf note;

	buf_init(&note);
	buf_clear(&body);
	checkpoint(signer, to, fork, &note);
	ck_ok(witness_request(
	    &tree, from, to, (struct str){note.data, note.len}, &body, &err));
	buf_fini(&note);
}

static int
add(void)
{
	buf_clear(&reply);
	return witness_add(witness, (struct str){body.data, body.len}, NOW, &reply);
}

static int
submit(uint64_t from, uint64_t to)
{
	request(&logs[0], from, to, UINT64_MAX);
	return add();
}

/* Is the reply one line that the witness's key has signed under the request's note? */
static void
expect_cosigned(void)
{
	const char *note = strstr(body.data, "\n\n") + 2;
	struct note_verifier v = *witness_verifier(witness);
	struct str text;
	struct buf both;

	ck_assert(note_is_lines((struct str){reply.data, reply.len}));
	buf_init(&both);
	buf_add_c(&both, note);
	buf_add(&both, reply.data, reply.len);
	ck_ok(note_open((struct str){both.data, both.len}, &v, 1, &text, &err));
	buf_fini(&both);
}

/* ---- what it says --------------------------------------------------------------------------------- */
START_TEST(growth_is_cosigned)
{
	static const uint64_t sizes[] = {0, 1, 2, 5, 8, 64, 65, 127, 130};

	for (size_t i = 1; i < STW_ARRAY_LEN(sizes); i++) {
		ck_assert_int_eq(submit(sizes[i - 1], sizes[i]), 200);
		expect_cosigned();
	}
	/* The same again is a fresh look at the same. */
	ck_assert_int_eq(submit(130, 130), 200);
	expect_cosigned();
}
END_TEST

START_TEST(another_size_than_ours_is_a_conflict_that_tells_ours)
{
	ck_assert_int_eq(submit(0, 5), 200);
	ck_assert_int_eq(submit(0, 9), 409);
	ck_assert_str_eq(reply.data, "5\n");
	ck_assert_int_eq(submit(4, 9), 409);
	ck_assert_str_eq(reply.data, "5\n");
	/* An older copy of the log. */
	ck_assert_int_eq(submit(3, 4), 409);
	ck_assert_str_eq(reply.data, "5\n");
	ck_assert_int_eq(submit(5, 9), 200);
}
END_TEST

START_TEST(another_history_is_refused)
{
	ck_assert_int_eq(submit(0, 50), 200);
	for (uint64_t fork = 0; fork < 50; fork += 7) {
		request(&logs[0], 50, 60, fork);
		ck_assert_int_eq(add(), 422);
		request(&logs[0], 50, 50, fork);
		ck_assert_int_eq(add(), 422);
	}
	request(&logs[0], 50, 60, 50); /* what comes later may be anything */
	ck_assert_int_eq(add(), 200);
	/* From nothing everything follows, but we have seen something. */
	request(&logs[0], 0, 70, 3);
	ck_assert_int_eq(add(), 409);
}
END_TEST

START_TEST(a_log_that_shrinks_is_refused)
{
	ck_assert_int_eq(submit(0, 50), 200);
	request(&logs[0], 40, 40, UINT64_MAX);
	memcpy(body.data, "old 50", 6);
	ck_assert_int_eq(add(), 400);
}
END_TEST

START_TEST(an_unneeded_proof_is_refused)
{
	const char *at;
	struct buf longer;

	buf_init(&longer);
	request(&logs[0], 0, 5, UINT64_MAX);
	at = strchr(body.data, '\n') + 1;
	buf_add(&longer, body.data, (size_t)(at - body.data));
	buf_add_c(&longer, "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
	buf_add_c(&longer, at);
	buf_clear(&reply);
	ck_assert_int_eq(
	    witness_add(witness, (struct str){longer.data, longer.len}, NOW, &reply),
	    422);
	buf_fini(&longer);
}
END_TEST

START_TEST(an_empty_log_has_one_root)
{
	static const char wrong[] =
	    ORIGIN "\n0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

	buf_add_c(&body, "old 0\n\n");
	note_sign(&logs[0], str_of(wrong), &body);
	ck_assert_int_eq(add(), 422);
	ck_assert_int_eq(submit(0, 0), 200);
	ck_assert_int_eq(submit(0, 3), 200);
}
END_TEST

START_TEST(only_the_log_itself_is_listened_to)
{
	struct note_signer stranger;
	unsigned char seed[NOTE_SEED_BYTES] = {8};
	struct buf text;

	request(&other, 0, 5, UINT64_MAX);
	ck_assert_int_eq(add(), 403);
	request(&logs[0], 0, 5, UINT64_MAX);
	body.data[body.len - 20] ^= 1;
	ck_assert(add() == 403 || add() == 400);
	ck_ok(note_signer_init(
	    &stranger, NOTE_ED25519, STR_LIT("else.example"), seed, &err));
	buf_init(&text);
	buf_clear(&body);
	buf_add_c(&body, "old 0\n\n");
	buf_add_c(
	    &text, "else.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
	note_sign(&stranger, (struct str){text.data, text.len}, &body);
	ck_assert_int_eq(add(), 404);
	buf_fini(&text);
	/* Either of the log's keys will do. */
	request(&logs[1], 0, 5, UINT64_MAX);
	ck_assert_int_eq(add(), 200);
}
END_TEST

static const char *const malformed[] = {"", "old", "old \n\n", "old 5\n", "old 05\n\nx",
    "old -1\n\nx", "old 0\n\n", "old 0\nAAAA\n\n" ORIGIN "\n0\n", "new 0\n\nx\n",
    "old 99999999999999999999\n\nx\n", "old 0\n\nx\n\n\xe2\x80\x94 x AAAAAAAA\n"};

START_TEST(what_is_no_request_is_refused)
{
	buf_add_c(&body, malformed[_i]);
	ck_assert_int_eq(add(), 400);
}
END_TEST

/* ---- what it remembers ------------------------------------------------------------------------------- */
START_TEST(it_remembers_over_a_restart)
{
	ck_assert_int_eq(submit(0, 20), 200);
	witness_close(witness);
	open_witness();
	request(&logs[0], 20, 30, 10);
	ck_assert_int_eq(add(), 422);
	ck_assert_int_eq(submit(0, 30), 409);
	ck_assert_int_eq(submit(20, 30), 200);
}
END_TEST

static void
run(const char *command)
{
	char text[300];

	(void)snprintf(text, sizeof text, "cd %s && %s", dir, command);
	ck_assert_msg(system(text) == 0, "%s", text);
}

START_TEST(without_its_memory_it_says_nothing)
{
	ck_assert_int_eq(submit(0, 20), 200);
	run("cp -r state keep; sed -i s/^20$/19/ state/*");
	ck_assert_int_eq(submit(20, 30), 500);
	run(": >state/$(ls state)");
	ck_assert_int_eq(submit(0, 30), 500);
	run("rm -r state/* && cp keep/* state/ && chmod 600 state/*");
	ck_assert_int_eq(submit(20, 30), 200);
}
END_TEST

START_TEST(what_cannot_be_kept_is_not_cosigned)
{
	ck_assert_int_eq(submit(0, 20), 200);
	run("mv state moved");
	ck_assert_int_eq(submit(20, 30), 409); /* no memory: it has seen nothing */
	ck_assert_int_eq(submit(0, 30), 500);
	ck_assert_ptr_null(strstr(reply.data, "\xe2\x80\x94"));
	run("mv moved state");
	ck_assert_int_eq(submit(20, 30), 200);
}
END_TEST

START_TEST(two_witnesses_do_not_share_a_memory)
{
	struct witness *second;

	ck_assert_int_eq(
	    witness_open(key_file, NAME, state, verifiers, 2, &second, &err),
	    STW_CONFLICT);
}
END_TEST

START_TEST(anybody_may_see_what_was_cosigned)
{
	static const char hash[] = "0b1a9d03";
	struct note_verifier both[2] = {*witness_verifier(witness), verifiers[0]};
	unsigned char raw[32];
	bool held[2] = {false, false};
	struct str text;
	char hex[65];

	(void)crypto_hash_sha256(raw, (const unsigned char *)ORIGIN, sizeof ORIGIN - 1);
	(void)sodium_bin2hex(hex, sizeof hex, raw, sizeof raw);
	ck_assert_int_eq(witness_get(witness, str_of(hex), &reply), 404);
	ck_assert_int_eq(submit(0, 20), 200);
	ck_assert_int_eq(witness_get(witness, str_of(hex), &reply), 200);
	ck_ok(note_open_held(
	    (struct str){reply.data, reply.len}, both, 2, &text, held, &err));
	ck_assert(held[0] && held[1]);
	ck_assert_int_eq(witness_get(witness, str_of(hash), &reply), 404);
	ck_assert_int_eq(witness_get(witness, STR_LIT("../key"), &reply), 404);
}
END_TEST

START_TEST(a_key_of_a_log_is_no_witness)
{
	struct ledger_key *key;
	struct witness *wrong;
	char path[120];

	(void)snprintf(path, sizeof path, "%s/log.key", dir);
	ck_ok(ledger_key_open(path, ORIGIN, true, &key, &err));
	ledger_key_close(key);
	ck_assert_int_eq(
	    witness_open(path, NULL, dir, verifiers, 2, &wrong, &err), STW_INVALID);
	ck_assert_int_eq(
	    witness_open(key_file, "w2", dir, verifiers, 2, &wrong, &err), STW_INVALID);
}
END_TEST

/* ---- the sequencer with a witness ------------------------------------------------------------------------- */
static struct test_db t;
static struct ledger_key *key;
static char file[96], log_dir[96];
static struct witness *asked; /* NULL: it does not answer */
static struct note_verifier asked_key;
static uint64_t asked_size;

static enum stw_code
ask(void *arg, const struct merkle_reader *tree, uint64_t size, struct str note,
    struct buf *lines, struct stw_err *why)
{
	struct buf text, answer;

	(void)arg;
	if (asked == NULL)
		return STW_OK;
	buf_init(&text);
	buf_init(&answer);
	ck_ok(witness_request(tree, asked_size, size, note, &text, why));
	if (witness_add(asked, (struct str){text.data, text.len}, NOW, &answer) ==
	    200) {
		asked_size = size;
		buf_add(lines, answer.data, answer.len);
	}
	buf_fini(&text);
	buf_fini(&answer);
	return STW_OK;
}

static void
open_log(size_t quorum)
{
	struct ledger_witnesses witnesses = {ask, NULL, &asked_key, 1, quorum};
	char path[120];

	test_db_open(&t);
	(void)snprintf(path, sizeof path, "%s/log.key", dir);
	(void)snprintf(file, sizeof file, "%s/checkpoints", dir);
	(void)snprintf(log_dir, sizeof log_dir, "%s/log", dir);
	ck_ok(ledger_key_open(path, ORIGIN, true, &key, &err));
	witness_close(witness);
	witness = NULL;
	ck_ok(witness_open(key_file, NAME, state, key->known, 1, &witness, &err));
	asked = witness;
	asked_key = *witness_verifier(witness);
	asked_size = 0;
	ledger_key_witnesses(key, &witnesses);
}

static void
close_log(void)
{
	ledger_key_close(key);
	test_db_close(&t);
}

static enum stw_code
seal(int entries)
{
	struct ledger_seal_result result;
	char sql[200];

	(void)snprintf(sql, sizeof sql,
	    "INSERT INTO ledger_outbox (bucket, kind, entry) SELECT -1, 'x', int8send(i) "
	    "FROM generate_series(1, %d) i",
	    entries);
	test_db_tamper(&t, sql);
	return ledger_seal(t.db, key, file, NOW * STW_USEC_SEC, &result, &err);
}

START_TEST(cosignatures_travel_with_the_checkpoint)
{
	struct tlog_trust trust = {
	    .nlog = 1, .witnesses = &asked_key, .nwitnesses = 1, .quorum = 1};
	struct ledger_export_result done;
	struct tlog_source source;
	struct tlog_report report;

	open_log(1);
	trust.log = key->known;
	ck_ok(seal(300));
	ck_ok(seal(7));
	ck_ok(ledger_export(t.db, key, log_dir, &done, &err));
	source = ledger_dir_source(log_dir);
	ck_ok(tlog_audit(&source, &trust, NULL, &report, &err));
	ck_assert_msg(report.finding[0] == '\0', "%s", report.finding);
	ck_assert_uint_eq(report.cosigned, 1);
	close_log();
}
END_TEST

START_TEST(without_the_quorum_nothing_is_covered)
{
	open_log(1);
	ck_ok(seal(10));
	asked = NULL;
	ck_assert_int_eq(seal(10), STW_TEMPFAIL);
	ck_assert_msg(strstr(err.text, "0 of the witnesses") != NULL, "%s", err.text);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT max(size) FROM ledger_checkpoint"), 10);
	/* It was exported, and the next seal asks again. */
	asked = witness;
	ck_ok(seal(5));
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT max(size) FROM ledger_checkpoint"), 25);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT count(*) FROM ledger_cosignature"), 3);
	close_log();
}
END_TEST

START_TEST(without_a_quorum_a_silent_witness_holds_nothing_up)
{
	open_log(0);
	asked = NULL;
	ck_ok(seal(10));
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT max(size) FROM ledger_checkpoint"), 10);
	close_log();
}
END_TEST

/* Database, file and key are the operator's; the memory is not. */
START_TEST(a_history_written_anew_finds_no_witness)
{
	open_log(1);
	ck_ok(seal(40));
	test_db_tamper(&t,
	    "SET session_replication_role TO replica; TRUNCATE ledger_leaf, "
	    "ledger_checkpoint, ledger_node, ledger_cosignature");
	ck_assert_int_eq(unlink(file), 0);
	test_db_tamper(&t,
	    "INSERT INTO ledger_outbox (bucket, kind, entry) VALUES (-1, "
	    "'x', 'never happened')");
	ck_assert_int_eq(seal(50), STW_TEMPFAIL);
	asked_size = 0;
	ck_assert_int_eq(seal(1), STW_TEMPFAIL);
	close_log();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("witness");
	TCase *tc = tcase_create("witness");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, growth_is_cosigned);
	tcase_add_test(tc, another_size_than_ours_is_a_conflict_that_tells_ours);
	tcase_add_test(tc, another_history_is_refused);
	tcase_add_test(tc, a_log_that_shrinks_is_refused);
	tcase_add_test(tc, an_unneeded_proof_is_refused);
	tcase_add_test(tc, an_empty_log_has_one_root);
	tcase_add_test(tc, only_the_log_itself_is_listened_to);
	tcase_add_loop_test(
	    tc, what_is_no_request_is_refused, 0, (int)STW_ARRAY_LEN(malformed));
	tcase_add_test(tc, it_remembers_over_a_restart);
	tcase_add_test(tc, without_its_memory_it_says_nothing);
	tcase_add_test(tc, what_cannot_be_kept_is_not_cosigned);
	tcase_add_test(tc, two_witnesses_do_not_share_a_memory);
	tcase_add_test(tc, anybody_may_see_what_was_cosigned);
	tcase_add_test(tc, a_key_of_a_log_is_no_witness);
	tcase_add_test(tc, cosignatures_travel_with_the_checkpoint);
	tcase_add_test(tc, without_the_quorum_nothing_is_covered);
	tcase_add_test(tc, without_a_quorum_a_silent_witness_holds_nothing_up);
	tcase_add_test(tc, a_history_written_anew_finds_no_witness);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
