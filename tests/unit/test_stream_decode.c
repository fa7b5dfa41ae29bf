/* The replication protocol in bytes: those of a PostgreSQL 15, and those of nobody. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <sodium.h>

#include "db/stream_decode.h"

static struct stream_decoder decoder;
static struct stw_err err;

static void
setup(void)
{
	stream_decoder_init(&decoder);
}

static void
teardown(void)
{
	stream_decoder_fini(&decoder);
}

#define ck_ok(call)                                             \
	do {                                                    \
		enum stw_code ck_rc = (call);                   \
		ck_assert_msg(ck_rc == STW_OK, "%s", err.text); \
	} while (0)

/* Bytes exactly as long as the message, so that a sanitizer sees a step past them. */
static enum stw_code
decode(const char *hex)
{
	size_t len, max = strlen(hex) / 2;
	unsigned char *bytes = stw_xalloc(max + 1);
	char *exact;
	enum stw_code rc;

	ck_assert_int_eq(
	    sodium_hex2bin(bytes, max + 1, hex, strlen(hex), " ", &len, NULL), 0);
	exact = stw_xalloc(len == 0 ? 1 : len);
	memcpy(exact, bytes, len);
	rc = stream_decode_message(&decoder, (struct str){exact, len}, &err);
	free(exact);
	free(bytes);
	return rc;
}

static void
give(const char *hex)
{
	ck_ok(decode(hex));
}

static struct db_stream_event
taken(enum db_stream_kind kind)
{
	struct db_stream_event event;

	ck_assert(stream_decoder_take(&decoder, &event));
	ck_assert_int_eq(event.kind, kind);
	return event;
}

static void
taken_change(enum db_stream_op op, const char *table, int bucket, int64_t customer)
{
	struct db_stream_event event = taken(DB_STREAM_CHANGE);

	ck_assert_int_eq(event.op, op);
	ck_assert_str_eq(event.table, table);
	ck_assert_int_eq(event.bucket, bucket);
	ck_assert_int_eq(event.customer_id, customer);
}

static void
taken_all(void)
{
	struct db_stream_event event;

	ck_assert(!stream_decoder_take(&decoder, &event));
}

/* Captured with pg_logical_slot_get_binary_changes. */
#define BEGIN  "42 0000000001befe08 00030420204f2533 000002da"
#define COMMIT "43 00 0000000001befe08 0000000001befe38 00030420204f2533"
#define CUSTOMER                                                                            \
	"52 00004004 7075626c696300 637573746f6d657200 64 0002 01 6275636b657400 00000015 " \
	"ffffffff 01 637573746f6d65725f696400 00000014 ffffffff"
#define PRODUCT \
	"52 000040cf 7075626c696300 70726f6475637400 64 0001 01 636f646500 00000019 ffffffff"
#define WIDE                                                                                 \
	"52 00004219 7075626c696300 7769646500 66 0004 01 6275636b657400 00000015 ffffffff " \
	"01 637573746f6d65725f696400 00000014 ffffffff 00 7600 00000019 ffffffff 00 6e00 "   \
	"000006a4 ffffffff"
#define INSERT_7_11 "49 00004004 4e 0002 74 00000001 37 74 00000002 3131"
#define UPDATE_11_12                                                                     \
	"55 00004004 4b 0002 74 00000001 37 74 00000002 3131 4e 0002 74 00000001 37 74 " \
	"00000002 3132"
#define INSERT_PRODUCT "49 000040cf 4e 0001 74 00000001 70"
#define UPDATE_UNCHANGED \
	"55 00004219 4e 0004 74 00000001 33 74 00000001 35 75 74 00000003 312e35"
#define DELETE_WIDE "44 00004219 4b 0004 74 00000001 33 74 00000001 35 6e 6e"
#define TRUNCATE    "54 00000002 01 00004004 000040cf"
#define MESSAGE     "4d 01 0000000001bf4258 7800 00000005 68656c6c6f"

START_TEST(an_insert_names_its_customer)
{
	struct db_stream_event event;

	give(BEGIN);
	taken_all();
	give(CUSTOMER);
	ck_assert_str_eq(taken(DB_STREAM_SCHEMA).table, "customer");
	give(INSERT_7_11);
	taken_change(DB_STREAM_INSERT, "customer", 7, 11);
	taken_all();
	give(PRODUCT);
	ck_assert_str_eq(taken(DB_STREAM_SCHEMA).table, "product");
	give(INSERT_PRODUCT);
	event = taken(DB_STREAM_OTHER);
	ck_assert_str_eq(event.table, "product");
	ck_assert_int_eq(event.op, DB_STREAM_INSERT);
	give(COMMIT);
	event = taken(DB_STREAM_COMMIT);
	ck_assert_uint_eq(event.lsn, 0x1befe38);
	ck_assert_uint_eq(event.xid, 0x2da);
	/* 2026-11-25, from 2000 on in the bytes */
	ck_assert_int_eq(event.at / STW_USEC_DAY, 20782);
	taken_all();
}
END_TEST

static void
within_transaction(void)
{
	give(BEGIN);
	give(CUSTOMER);
	(void)taken(DB_STREAM_SCHEMA);
	give(WIDE);
	(void)taken(DB_STREAM_SCHEMA);
	give(PRODUCT);
	(void)taken(DB_STREAM_SCHEMA);
}

START_TEST(a_row_that_changes_hands_names_both)
{
	within_transaction();
	give(UPDATE_11_12);
	taken_change(DB_STREAM_UPDATE, "customer", 7, 11);
	taken_change(DB_STREAM_UPDATE, "customer", 7, 12);
	taken_all();
}
END_TEST

START_TEST(an_old_row_of_the_same_customer_is_no_second_change)
{
	within_transaction();
	give(
	    "55 00004004 4f 0002 74 00000001 37 74 00000002 3131 4e 0002 74 00000001 37 "
	    "74 00000002 3131");
	taken_change(DB_STREAM_UPDATE, "customer", 7, 11);
	taken_all();
}
END_TEST

START_TEST(a_value_that_did_not_change_and_a_null_are_passed)
{
	within_transaction();
	give(UPDATE_UNCHANGED);
	taken_change(DB_STREAM_UPDATE, "wide", 3, 5);
	give(DELETE_WIDE);
	taken_change(DB_STREAM_DELETE, "wide", 3, 5);
	taken_all();
}
END_TEST

START_TEST(a_truncate_names_each_table)
{
	within_transaction();
	give(TRUNCATE);
	ck_assert_str_eq(taken(DB_STREAM_TRUNCATE).table, "customer");
	ck_assert_str_eq(taken(DB_STREAM_TRUNCATE).table, "product");
	taken_all();
}
END_TEST

START_TEST(a_row_without_its_customer_counts_as_a_truncate)
{
	within_transaction();
	give("44 00004219 4b 0004 74 00000001 33 6e 6e 6e");
	ck_assert_str_eq(taken(DB_STREAM_TRUNCATE).table, "wide");
	taken_all();
}
END_TEST

START_TEST(what_does_not_concern_a_book_is_passed)
{
	give(BEGIN);
	give(MESSAGE);
	give("4f 0000000000000001 78 00");
	give("59 00004219 7000 7400");
	taken_all();
}
END_TEST

START_TEST(a_table_described_again_has_its_new_columns)
{
	within_transaction();
	give(
	    "52 00004004 7075626c696300 6f7468657200 64 0003 01 7800 00000019 ffffffff "
	    "01 637573746f6d65725f696400 00000014 ffffffff 01 6275636b657400 00000015 "
	    "ffffffff");
	ck_assert_str_eq(taken(DB_STREAM_SCHEMA).table, "other");
	give("49 00004004 4e 0003 6e 74 00000002 3133 74 00000003 323535");
	taken_change(DB_STREAM_INSERT, "other", 255, 13);
	/* As many columns as before no longer fit. */
	ck_assert_int_eq(decode(INSERT_7_11), STW_BUG);
}
END_TEST

START_TEST(customer_ids_reach_as_far_as_theirs)
{
	within_transaction();
	give("49 00004004 4e 0002 74 00000001 30 74 00000013 "
	     "39323233333732303336383534373735383037");
	taken_change(DB_STREAM_INSERT, "customer", 0, INT64_MAX);
	give("49 00004004 4e 0002 74 00000001 30 74 00000014 "
	     "2d39323233333732303336383534373735383038");
	taken_change(DB_STREAM_INSERT, "customer", 0, INT64_MIN);
}
END_TEST

START_TEST(a_new_connection_starts_between_transactions_and_knows_nothing)
{
	within_transaction();
	stream_decoder_reset(&decoder);
	give(BEGIN);
	ck_assert_int_eq(decode(INSERT_7_11), STW_BUG);
}
END_TEST

/* Each comes inside a transaction with the three tables known. */
static const struct hostile_case {
	const char *what;
	const char *hex;
	const char *says;
} hostile_cases[] = {
    {"nothing", "", "it is empty"},
    {"an unknown message", "7a 00", "no such message"},
    {"streaming, which we did not ask for", "53 00000001 01", "no such message"},
    {"begin in a transaction", BEGIN, "within another"},
    {"a cut commit", "43 00 0000000001befe08", "cut short"},
    {"a commit that goes on", COMMIT "00", "past its end"},
    {"an unknown table", "49 00000001 4e 0000", "not described"},
    {"a cut table id", "49 0000", "cut short"},
    {"no row", "49 00004004", "no row"},
    {"a key where the row was due", "49 00004004 4b 0002", "no row"},
    {"a row where the key was due", "44 00004004 4e 0002", "no row"},
    {"a cut row", "49 00004004 4e 00", "cut short"},
    {"fewer columns", "49 00004004 4e 0001 74 00000001 37", "other columns"},
    {"65535 columns", "49 00004004 4e ffff", "other columns"},
    {"a column that is not there", "49 00004004 4e 0002 74 00000001 37", "cut short"},
    {"a column of no kind", "49 00004004 4e 0002 7a", "no such kind"},
    {"binary, which we did not ask for", "49 00004004 4e 0002 62 00000002 0007",
	"no such kind"},
    {"a value longer than its row", "49 00004004 4e 0002 74 00000002 37", "longer"},
    {"a value of 4 GiB", "49 00004004 4e 0002 74 ffffffff 37", "longer"},
    {"a length cut short", "49 00004004 4e 0002 74 0000", "longer"},
    {"bucket 256", "49 00004004 4e 0002 74 00000003 323536 74 00000001 31", "number"},
    {"bucket -1", "49 00004004 4e 0002 74 00000002 2d31 74 00000001 31", "number"},
    {"an empty number", "49 00004004 4e 0002 74 00000000 74 00000001 31", "number"},
    {"only a sign", "49 00004004 4e 0002 74 00000001 2d 74 00000001 31", "number"},
    {"letters", "49 00004004 4e 0002 74 00000001 37 74 00000002 3161", "number"},
    {"one more than an int64",
	"49 00004004 4e 0002 74 00000001 30 74 00000013 "
	"39323233333732303336383534373735383038",
	"number"},
    {"an old row alone", "55 00004004 4b 0002 74 00000001 37 74 00000001 31",
	"cut short"},
    {"an old row twice",
	"55 00004004 4b 0002 74 00000001 37 74 00000001 31 4b 0002 74 00000001 37 74 "
	"00000001 31",
	"no row"},
    {"a table name without an end", "52 00004004 7075626c696300 6375", "cut short"},
    {"more columns announced than sent", "52 00004004 00 00 64 ffff 01 7800",
	"cut short"},
    {"a truncate of 4 billion tables", "54 ffffffff 00 00004004", "cut short"},
    {"a truncate of an unknown one", "54 00000001 00 00000001", "not described"},
};

START_TEST(what_is_not_in_the_protocol_is_refused)
{
	const struct hostile_case *c = &hostile_cases[_i];

	within_transaction();
	ck_assert_msg(decode(c->hex) == STW_BUG, "%s", c->what);
	ck_assert_msg(strstr(err.text, c->says) != NULL, "%s: %s", c->what, err.text);
	taken_all();
}
END_TEST

START_TEST(changes_need_a_transaction)
{
	within_transaction();
	give(COMMIT);
	(void)taken(DB_STREAM_COMMIT);
	ck_assert_int_eq(decode(INSERT_7_11), STW_BUG);
	ck_assert_int_eq(decode(UPDATE_11_12), STW_BUG);
	ck_assert_int_eq(decode(TRUNCATE), STW_BUG);
	ck_assert_int_eq(decode(COMMIT), STW_BUG);
}
END_TEST

/* Cut anywhere, a message is refused; nothing past its end is read. */
START_TEST(a_message_cut_anywhere_is_refused)
{
	static const char *const whole[] = {
	    INSERT_7_11, UPDATE_11_12, UPDATE_UNCHANGED, DELETE_WIDE, TRUNCATE, WIDE};

	within_transaction();
	for (size_t i = 0; i < STW_ARRAY_LEN(whole); i++) {
		char hex[400];
		size_t len = 0;

		for (const char *at = whole[i]; *at != '\0'; at++)
			if (*at != ' ')
				hex[len++] = *at;
		for (size_t cut = len - 2; cut > 0; cut -= 2) {
			hex[cut] = '\0';
			ck_assert_msg(decode(hex) == STW_BUG, "%s", hex);
		}
	}
}
END_TEST

START_TEST(there_is_an_end_to_the_tables)
{
	enum stw_code rc = STW_OK;
	char hex[80];
	int n;

	give(BEGIN);
	for (n = 0; n <= STREAM_RELATIONS && rc == STW_OK; n++) {
		struct db_stream_event event;

		(void)snprintf(hex, sizeof hex, "52 %08x 00 7800 64 0000",
		    (unsigned)(n * 7919) % 65536);
		rc = decode(hex);
		while (stream_decoder_take(&decoder, &event))
			ck_assert_int_eq(event.kind, DB_STREAM_SCHEMA);
	}
	ck_assert_int_eq(rc, STW_BUG);
	ck_assert_int_eq(n, STREAM_RELATIONS + 1);
	ck_assert_msg(strstr(err.text, "too many") != NULL, "%s", err.text);
}
END_TEST

/* ---- frames --------------------------------------------------------------------------- */
static const char data_frame[] = "w"
				 "\0\0\0\0\0\0\0\1"
				 "\0\0\0\0\0\0\1\2"
				 "\0\3\4\40\40\117\45\63"
				 "Bxy";
static const char keepalive[] = "k"
				"\0\0\0\1\0\0\0\2"
				"\0\3\4\40\40\117\45\63"
				"\1";

START_TEST(frames_are_told_apart)
{
	struct stream_frame frame;

	ck_ok(stream_decode_frame(
	    (struct str){data_frame, sizeof data_frame - 1}, &frame, &err));
	ck_assert_int_eq(frame.kind, STREAM_FRAME_DATA);
	ck_assert_uint_eq(frame.end, 0x102);
	ck_assert(str_eq_c(frame.message, "Bxy"));
	ck_ok(stream_decode_frame(
	    (struct str){keepalive, sizeof keepalive - 1}, &frame, &err));
	ck_assert_int_eq(frame.kind, STREAM_FRAME_KEEPALIVE);
	ck_assert_uint_eq(frame.end, UINT64_C(0x100000002));
	ck_assert(frame.wants_reply);
}
END_TEST

START_TEST(frames_cut_short_and_unknown_ones_are_refused)
{
	struct stream_frame frame;

	for (size_t len = 0; len < 25; len++)
		ck_assert_int_eq(
		    stream_decode_frame((struct str){data_frame, len}, &frame, &err),
		    STW_BUG);
	for (size_t len = 0; len < sizeof keepalive - 1; len++)
		ck_assert_int_eq(
		    stream_decode_frame((struct str){keepalive, len}, &frame, &err),
		    STW_BUG);
	ck_assert_int_eq(
	    stream_decode_frame(STR_LIT("x12345678"), &frame, &err), STW_BUG);
}
END_TEST

START_TEST(a_status_says_how_far_we_are)
{
	static const char want[STREAM_STATUS_BYTES] = "r"
						      "\0\0\0\0\0\0\0\2"
						      "\0\0\0\0\0\0\0\1"
						      "\0\0\0\0\0\0\0\1"
						      "\0\0\0\0\0\0\0\5";
	char status[STREAM_STATUS_BYTES];

	stream_encode_status(status, 2, 1, INT64_C(946684800000005));
	ck_assert_mem_eq(status, want, sizeof want);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("stream_decode");
	TCase *tc = tcase_create("stream_decode");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_insert_names_its_customer);
	tcase_add_test(tc, a_row_that_changes_hands_names_both);
	tcase_add_test(tc, an_old_row_of_the_same_customer_is_no_second_change);
	tcase_add_test(tc, a_value_that_did_not_change_and_a_null_are_passed);
	tcase_add_test(tc, a_truncate_names_each_table);
	tcase_add_test(tc, a_row_without_its_customer_counts_as_a_truncate);
	tcase_add_test(tc, what_does_not_concern_a_book_is_passed);
	tcase_add_test(tc, a_table_described_again_has_its_new_columns);
	tcase_add_test(tc, customer_ids_reach_as_far_as_theirs);
	tcase_add_test(
	    tc, a_new_connection_starts_between_transactions_and_knows_nothing);
	tcase_add_loop_test(tc, what_is_not_in_the_protocol_is_refused, 0,
	    (int)STW_ARRAY_LEN(hostile_cases));
	tcase_add_test(tc, changes_need_a_transaction);
	tcase_add_test(tc, a_message_cut_anywhere_is_refused);
	tcase_add_test(tc, there_is_an_end_to_the_tables);
	tcase_add_test(tc, frames_are_told_apart);
	tcase_add_test(tc, frames_cut_short_and_unknown_ones_are_refused);
	tcase_add_test(tc, a_status_says_how_far_we_are);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
