/* Signed notes and checkpoints. The first vectors are those of Go's sumdb/note, by
 * another implementation. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/note.h"

#define PETER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define ENOCH "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define QUOTE                                                        \
	"If you think cryptography is the answer to your problem,\n" \
	"then you don't know what your problem is.\n"
#define PETER_SIG                                                                          \
	"— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNX" \
	"gKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
#define ENOCH_SIG                                                                            \
	"— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01" \
	"oOTGwnWLox33WWd1RvMc+QQ=\n"

static struct stw_err err;

static struct note_verifier
verifier(const char *text)
{
	struct note_verifier v;

	ck_assert_msg(
	    note_verifier_parse(str_of(text), &v, &err) == STW_OK, "%s", err.text);
	return v;
}

/* what, note, keys known, wanted */
static const struct note_case {
	const char *what;
	const char *note;
	const char *keys[2];
	enum stw_code want;
} note_cases[] = {
    {"one signature", QUOTE "\n" PETER_SIG, {PETER}, STW_OK},
    {"two signatures", QUOTE "\n" PETER_SIG ENOCH_SIG, {ENOCH, PETER}, STW_OK},
    {"the other key is ignored", QUOTE "\n" PETER_SIG ENOCH_SIG, {ENOCH}, STW_OK},
    {"no known key", QUOTE "\n" PETER_SIG, {ENOCH}, STW_INVALID},
    {"changed text", "x" QUOTE "\n" PETER_SIG, {PETER}, STW_INVALID},
    {"cut text", "If you\n\n" PETER_SIG, {PETER}, STW_INVALID},
    {"text with an empty line", "a\n\n" QUOTE "\n" PETER_SIG, {PETER}, STW_INVALID},
    {"no empty line", QUOTE PETER_SIG, {PETER}, STW_INVALID},
    {"no signature", QUOTE "\n", {PETER}, STW_INVALID},
    {"no text", "\n" PETER_SIG, {PETER}, STW_INVALID},
    {"no last newline", QUOTE "\n— PeterNeumann x08go/ZJ", {PETER}, STW_INVALID},
    {"hyphen for a dash", QUOTE "\n- PeterNeumann x08go/ZJ\n", {PETER}, STW_INVALID},
    {"short signature of a known key", QUOTE "\n— PeterNeumann x08go/ZJkuBS\n", {PETER},
	STW_INVALID},
    {"only a key id", QUOTE "\n— PeterNeumann x08gow==\n" PETER_SIG, {PETER},
	STW_INVALID},
    {"bad base64", QUOTE "\n— PeterNeumann x08g*w==\n" PETER_SIG, {PETER}, STW_INVALID},
    {"unpadded base64", QUOTE "\n— someone x08go/Y\n" PETER_SIG, {PETER}, STW_INVALID},
    {"name with a plus", QUOTE "\n— a+b x08go/ZJ\n" PETER_SIG, {PETER}, STW_INVALID},
    {"control character", QUOTE "\t\n\n" PETER_SIG, {PETER}, STW_INVALID},
    {"carriage return", QUOTE "\r\n" PETER_SIG, {PETER}, STW_INVALID},
    {"not UTF-8", QUOTE "\xff\n\n" PETER_SIG, {PETER}, STW_INVALID},
    {"overlong UTF-8", QUOTE "\xc0\x8a\n\n" PETER_SIG, {PETER}, STW_INVALID},
    {"empty", "", {PETER}, STW_INVALID},
    {"newlines", "\n\n\n", {PETER}, STW_INVALID},
};

START_TEST(notes_open_when_they_should)
{
	const struct note_case *c = &note_cases[_i];
	struct note_verifier verifiers[2];
	enum stw_code rc;
	struct str text;
	size_t n = 0;

	for (; n < 2 && c->keys[n] != NULL; n++)
		verifiers[n] = verifier(c->keys[n]);
	rc = note_open(str_of(c->note), verifiers, n, &text, &err);
	ck_assert_msg(rc == c->want, "%s: %s", c->what, stw_code_name(rc));
	ck_assert(str_eq_c(text, rc == STW_OK ? QUOTE : ""));
}
END_TEST

START_TEST(what_we_sign_opens_and_any_changed_byte_does_not)
{
	const unsigned char seed[NOTE_SEED_BYTES] = {7};
	struct note_verifier again;
	struct note_signer signer;
	struct buf note, key;
	struct str text;

	buf_init(&note);
	buf_init(&key);
	ck_assert(note_signer_init(&signer, NOTE_ED25519, STR_LIT("bank.example/外呼"),
		      seed, &err) == STW_OK);
	note_verifier_format(&signer.verifier, &key);
	ck_assert(note_verifier_parse((struct str){key.data, key.len}, &again, &err) ==
		  STW_OK);
	ck_assert_mem_eq(&again, &signer.verifier, sizeof again);
	note_sign(&signer, STR_LIT("one\n\ntwo\n"), &note);
	ck_assert(note_open((struct str){note.data, note.len}, &again, 1, &text,
		      &err) == STW_OK);
	ck_assert(str_eq_c(text, "one\n\ntwo\n"));
	for (size_t i = 0; i < note.len; i++) {
		note.data[i] = (char)(note.data[i] ^ 0x01);
		ck_assert_msg(note_open((struct str){note.data, note.len}, &again, 1,
				  &text, &err) != STW_OK,
		    "byte %zu", i);
		note.data[i] = (char)(note.data[i] ^ 0x01);
	}
	for (size_t len = 0; len < note.len; len++)
		ck_assert_msg(note_open((struct str){note.data, len}, &again, 1, &text,
				  &err) != STW_OK,
		    "length %zu", len);
	buf_fini(&note);
	buf_fini(&key);
}
END_TEST

/* tlog-cosignature: the type is in the key id, the instant in the signature. */
START_TEST(a_witness_signs_when_it_saw_the_text)
{
	static const char body[] = "bank.example/log\n0\n"
				   "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
	const unsigned char seeds[2][NOTE_SEED_BYTES] = {{1}, {2}};
	struct note_signer log, witness;
	struct note_verifier both[2];
	bool held[2] = {false, false};
	struct buf note, key;
	struct str text;
	size_t plain;

	buf_init(&note);
	buf_init(&key);
	ck_assert(note_signer_init(&log, NOTE_ED25519, STR_LIT("bank.example/log"),
		      seeds[0], &err) == STW_OK);
	ck_assert(note_signer_init(&witness, NOTE_COSIGNATURE, STR_LIT("w.example"),
		      seeds[1], &err) == STW_OK);
	note_verifier_format(&witness.verifier, &key);
	both[0] = log.verifier;
	ck_assert(note_verifier_parse(
		      (struct str){key.data, key.len}, &both[1], &err) == STW_OK);
	ck_assert_int_eq(both[1].type, NOTE_COSIGNATURE);
	note_sign(&log, str_of(body), &note);
	plain = note.len;
	note_sign_line(&witness, str_of(body), 1679315147, &note);
	ck_assert(note_is_lines((struct str){note.data + plain, note.len - plain}));
	ck_assert(
	    str_eq_c(note_line_name((struct str){note.data + plain, note.len - plain}),
		"w.example"));
	ck_assert(note_open_held((struct str){note.data, note.len}, both, 2, &text,
		      held, &err) == STW_OK);
	ck_assert(held[0] && held[1]);
	/* Every byte of the line counts, the instant's too. */
	for (size_t i = plain; i < note.len; i++) {
		note.data[i] = (char)(note.data[i] ^ 0x01);
		ck_assert_msg(note_open((struct str){note.data, note.len}, &both[1], 1,
				  &text, &err) != STW_OK,
		    "byte %zu", i);
		note.data[i] = (char)(note.data[i] ^ 0x01);
	}
	/* The same key as one of a log's is another key. */
	both[1].type = NOTE_ED25519;
	ck_assert(note_open((struct str){note.data, note.len}, &both[1], 1, &text,
		      &err) != STW_OK);
	buf_fini(&note);
	buf_fini(&key);
}
END_TEST

/* ML-DSA-44's has 2,420 bytes and an instant. */
START_TEST(long_signatures_of_others_are_ignored)
{
	const unsigned char seed[NOTE_SEED_BYTES] = {1};
	struct note_signer signer;
	struct buf note;
	struct str text;

	buf_init(&note);
	ck_assert(note_signer_init(&signer, NOTE_ED25519, STR_LIT("log"), seed, &err) ==
		  STW_OK);
	note_sign(&signer, STR_LIT("text\n"), &note);
	buf_add_c(&note, "\xe2\x80\x94 pq.example ");
	for (int i = 0; i < 2432 / 3; i++)
		buf_add_c(&note, "AbCd");
	buf_add_c(&note, "\n");
	ck_assert_msg(note_open((struct str){note.data, note.len}, &signer.verifier, 1,
			  &text, &err) == STW_OK,
	    "%s", err.text);
	ck_assert(str_eq_c(text, "text\n"));
	buf_fini(&note);
}
END_TEST

static const char *const bad_names[] = {"", "a b", "a+b", "a\nb", "a\tb",
    "a\xe3\x80\x80"
    "b",
    "a\xe2\x80\x89"
    "b",
    "\xff"};

START_TEST(bad_names_are_refused)
{
	const unsigned char seed[NOTE_SEED_BYTES] = {0};
	struct note_signer signer;

	ck_assert(note_signer_init(&signer, NOTE_ED25519, str_of(bad_names[_i]), seed,
		      &err) == STW_INVALID);
}
END_TEST

static const char *const bad_keys[] = {
    "",
    "PeterNeumann",
    "PeterNeumann+c74f20a3",
    "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
    "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
};

START_TEST(bad_verifier_keys_are_refused)
{
	struct note_verifier v;

	ck_assert(note_verifier_parse(str_of(bad_keys[_i]), &v, &err) == STW_INVALID);
}
END_TEST

#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static const struct checkpoint_case {
	const char *text;
	enum stw_code want;
	uint64_t size;
} checkpoint_cases[] = {
    {"bank.example/log\n0\n" ROOT "\n", STW_OK, 0},
    {"bank.example/log\n9223372036854775807\n" ROOT "\n", STW_OK, INT64_MAX},
    {"bank.example/log\n12\n" ROOT "\nmore\nlines\n", STW_OK, 12},
    {"bank.example/log\n12\n" ROOT "\n\nlines\n", STW_INVALID, 0},
    {"bank.example/log\n12\n" ROOT "\nmore", STW_INVALID, 0},
    {"bank.example/log\n9223372036854775808\n" ROOT "\n", STW_INVALID, 0},
    {"bank.example/log\n99999999999999999999\n" ROOT "\n", STW_INVALID, 0},
    {"bank.example/log\n012\n" ROOT "\n", STW_INVALID, 0},
    {"bank.example/log\n-1\n" ROOT "\n", STW_INVALID, 0},
    {"bank.example/log\n+1\n" ROOT "\n", STW_INVALID, 0},
    {"bank.example/log\n\n" ROOT "\n", STW_INVALID, 0},
    {"\n1\n" ROOT "\n", STW_INVALID, 0},
    {"bank.example/log\n1\nAAAA\n", STW_INVALID, 0},
    {"bank.example/log\n1\n" ROOT, STW_INVALID, 0},
    /* libsodium reads the byte 0xf5 as a letter */
    {"bank.example/log\n1\n47\xf5"
     "Qpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
	STW_INVALID, 0},
    {"bank.example/log\n1\n", STW_INVALID, 0},
    {"", STW_INVALID, 0},
};

START_TEST(checkpoints_parse_strictly)
{
	const struct checkpoint_case *c = &checkpoint_cases[_i];
	struct checkpoint got;
	struct buf again;

	ck_assert_msg(
	    checkpoint_parse(str_of(c->text), &got, &err) == c->want, "%s", c->text);
	if (c->want != STW_OK)
		return;
	ck_assert_uint_eq(got.size, c->size);
	buf_init(&again);
	checkpoint_format(got.origin, got.size, &got.root, &again);
	buf_add_str(&again, got.extensions);
	ck_assert_str_eq(again.data, c->text);
	buf_fini(&again);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("note");
	TCase *tc = tcase_create("note");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, notes_open_when_they_should, 0, (int)STW_ARRAY_LEN(note_cases));
	tcase_add_test(tc, a_witness_signs_when_it_saw_the_text);
	tcase_add_test(tc, long_signatures_of_others_are_ignored);
	tcase_add_test(tc, what_we_sign_opens_and_any_changed_byte_does_not);
	tcase_add_loop_test(
	    tc, bad_names_are_refused, 0, (int)STW_ARRAY_LEN(bad_names));
	tcase_add_loop_test(
	    tc, bad_verifier_keys_are_refused, 0, (int)STW_ARRAY_LEN(bad_keys));
	tcase_add_loop_test(
	    tc, checkpoints_parse_strictly, 0, (int)STW_ARRAY_LEN(checkpoint_cases));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
