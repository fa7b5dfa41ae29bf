/* Bad rows: how they are told, and how they come in after they were corrected. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/import_world.h"

#define S(text) text, sizeof(text) - 1

/* file, its text, the message */
static const struct {
	const char *name, *file, *text, *want;
} bad[] = {
    {"a date that is none", "customers.csv",
	"id,name,born,rating,phone\nC1,张伟,1980-05-05,3,\nC2,李娜,1980-13-05,3,\n",
	"customers.csv:3: column dob: wants a date, or a string such as 2026-11-23; nothing "
	"of this file was loaded (1 bad row, 0 allowed)"},
    {"after a field of two lines the line is right", "customers.csv",
	"id,name,born,rating,phone\nC1,\"张\n伟\",,3,\nC2,李娜,,9,\n",
	"customers.csv:2: column name: has a control character in it; nothing of this file "
	"was loaded (2 bad rows, 0 allowed)"},
    {"a rating out of range", "customers.csv",
	"id,name,born,rating,phone\n\nC2,李娜,,9,\n",
	"customers.csv:3: column risk_rating: must lie from 1 to 5; nothing of this file was "
	"loaded (1 bad row, 0 allowed)"},
    {"a phone that cannot be", "customers.csv",
	"id,name,born,rating,phone\nC1,张伟,,3,12345678901\n",
	"customers.csv:2: column phone: no such phone number can exist; nothing of this file "
	"was loaded (1 bad row, 0 allowed)"},
    {"a missing key", "customers.csv", "id,name,born,rating,phone\n,张伟,,3,\n",
	"customers.csv:2: column ref: has no value; nothing of this file was loaded (1 bad "
	"row, 0 allowed)"},
    {"too few fields", "customers.csv", "id,name,born,rating,phone\nC1,张伟\n",
	"customers.csv:2: 2 fields where there are 5 columns; the last one read is name; "
	"nothing of this file was loaded (1 bad row, 0 allowed)"},
    {"a customer nobody knows", "holdings.csv",
	"owner,ref,kind,amount,ends\nC1,H1,wealth,1,\nC9,H2,wealth,1,\n",
	"holdings.csv:3: column customer: no customer has this reference; nothing of this "
	"file was loaded (1 bad row, 0 allowed)"},
    {"money with too many digits", "holdings.csv",
	"owner,ref,kind,amount,ends\nC1,H1,wealth,1.005,\n",
	"holdings.csv:2: column amount: wants money, or a string such as 1234.56; nothing of "
	"this file was loaded (1 bad row, 0 allowed)"},
    {"a grant for everything", "consents.csv",
	"owner,action,channel,evidence,phone,at\nC1,grant,*,E,,2026-01-01\n",
	"consents.csv:2: column purpose: a grant names its purpose and channel; * is for "
	"withdrawals; nothing of this file was loaded (1 bad row, 0 allowed)"},
    {"a consent on somebody else's number", "consents.csv",
	"owner,action,channel,evidence,phone,at\nC1,grant,VOICE,E,13491000009,2026-01-01\n",
	"consents.csv:2: column phone: the customer has no such contact point (1 consents)"},
    {"a column that is not there", "holdings.csv", "owner,ref,kin,amount,ends\n",
	"files[1].columns.kind: 1:5: no field 'kind' in row; did you mean 'kin'?"},
    {"another delimiter", "holdings.csv",
	"owner;ref;kind;amount;ends\nC1;H1;wealth;1;\n",
	"files[1].columns.customer: 1:5: no field 'owner' in row; the header is read as one "
	"column: is the delimiter ';'?"},
    {"a byte that is not UTF-8", "holdings.csv",
	"owner,ref,kind,amount,ends\nC1,\xb1\xb1,wealth,1,\n",
	"holdings.csv:2: column 4: byte 0xb1 is not UTF-8 (name the encoding in the "
	"mapping, as \"encoding\": \"GB18030\")"},
    {"an over-long field", "holdings.csv",
	"owner,ref,kind,amount,ends\n"
	"C1,12345678901234567890123456789012345678901234567890123456789012345,wealth,1,\n",
	"holdings.csv:2: column holding_ref: is longer than 64 bytes"},
    {"a file without anything", "holdings.csv", "",
	"holdings.csv: the file is empty, not even a header"},
    {"gzip that is cut", "holdings.csv", "\x1f\x8b\x08",
	"holdings.csv:1: the gzip stream ends too early"},
};

START_TEST(a_bad_row_names_file_line_and_column_and_nothing_of_the_file_stays)
{
	put_small();
	put("customers.csv",
	    "id,name,born,rating,phone\nC1,张伟,,3,13491000001\nC3,王芳,,,\n");
	put(bad[_i].file, bad[_i].text);
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert_msg(strstr(err.text, bad[_i].want) == err.text,
	    "%s:\n got %s\nwant %s", bad[_i].name, err.text, bad[_i].want);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM import_run WHERE state = 'failed' AND "
		   "failure IS NOT NULL"),
	    1);
	if (strcmp(bad[_i].file, "customers.csv") == 0)
		ck_assert_int_eq(number("SELECT count(*) FROM customer"), 0);
	if (strcmp(bad[_i].file, "holdings.csv") == 0)
		ck_assert_int_eq(number("SELECT count(*) FROM holding"), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM consent_event"), 0);
}
END_TEST

START_TEST(bad_rows_that_are_allowed_fall_out_are_printed_and_kept)
{
	char *text = NULL;
	size_t len = 0;
	FILE *messages = open_memstream(&text, &len);

	put_small();
	put("customers.csv",
	    "id,name,born,rating,phone\nC1,张伟,,3,13491000001\nC2,李娜,1980-02-30,3,\n"
	    "C3,王芳,,,\nC4,x\nC5,y,,,123\n");
	ck_assert_msg(run(3, messages) == STW_OK, "%s", err.text);
	(void)fclose(messages);
	ck_assert_str_eq(text,
	    "customers.csv:3: column dob: wants a date, or a string such as 2026-11-23\n"
	    "customers.csv:5: 2 fields where there are 5 columns; the last one read is name\n"
	    "customers.csv:6: column phone: a short number, which is no customer's\n");
	free(text);
	ck_assert_int_eq(result.rows_rejected, 3);
	ck_assert_int_eq(number("SELECT count(*) FROM customer"), 2);
	ck_assert_int_eq(number("SELECT count(*) FROM import_reject"), 3);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM import_reject WHERE line = 3 AND col = "
		   "'dob' AND file = 'customers.csv'"),
	    1);
	/* One more is one too many. */
	put("holdings.csv",
	    "owner,ref,kind,amount,ends\nC1,H1,wealth,x,\nC3,H2,account,7,\n");
	ck_assert_int_eq(run(3, NULL), STW_INVALID);
	ck_assert_int_eq(number("SELECT count(*) FROM holding WHERE amount = 700"), 1);
}
END_TEST

static void
redo_dir(char to[128])
{
	(void)snprintf(to, 128, "%s/bad", dir);
}

START_TEST(rejected_rows_are_copied_corrected_and_come_in)
{
	static const char source[] =
	    "owner;ref;kind;amount\r\nC1;R1;fund;1\r\nC1;\xb1\xb1;fund;x\r\n"
	    "C9;\"R\n3\";fund;3\r\nC3;R4\r\nC3;R5;fund;5";
	static const char want[] =
	    "reject_line;reject_column;reject_reason;owner;ref;kind;amount\r\n"
	    "3;amount;wants money, or a string such as 1234.56;C1;\xb1\xb1;fund;x\r\n"
	    "4;holding_ref;has a control character in it;C9;\"R\n3\";fund;3\r\n"
	    "6;;\"2 fields where there are 4 columns; the last one read is ref\";C3;R4\r\n";
	char bad_dir[128], *text;
	struct stat st;

	redo_dir(bad_dir);
	put_customers();
	put("mapping.json",
	    HEAD("rej")
		HOLDINGS("\"delimiter\": \";\", \"encoding\": \"GB18030\", ") "]}");
	put_bytes("h.csv", source, sizeof source - 1);
	/* The corrected copy is asked for by a run that fails just as by one that does not. */
	ck_assert_int_eq(
	    run_with((struct import_opts){.rejects = bad_dir}), STW_INVALID);
	ck_assert_int_eq(result.reject_files, 1);
	ck_assert_msg(run_with((struct import_opts){
			  .rejects = bad_dir, .max_errors = 5}) == STW_OK,
	    "%s", err.text);
	ck_assert_int_eq(result.rows_rejected, 3);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM holding WHERE holding_ref LIKE 'R%'"), 2);
	text = file_text("bad/h.csv");
	ck_assert_str_eq(text, want);
	free(text);
	(void)snprintf(bad_dir, sizeof bad_dir, "%s/bad/h.csv", dir);
	ck_assert_int_eq(stat(bad_dir, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	/* The database keeps no values of rows. */
	ck_assert_int_eq(
	    number("SELECT count(*) FROM import_reject WHERE reason LIKE '%北%'"), 0);

	redo_dir(bad_dir);
	put_bytes("bad/h.csv",
	    S("reject_line;reject_column;reject_reason;owner;ref;kind;amount\r\n"
	      "3;amount;wants money;C1;\xb1\xb1;fund;2\r\n"
	      "4;holding_ref;;C3;R3;fund;3\r\n6;;;C3;R4;;4\r\n"));
	ck_assert_msg(
	    run_with((struct import_opts){.redo = bad_dir, .max_errors = 1}) == STW_OK,
	    "%s", err.text);
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM holding WHERE holding_ref IN ('R1', '北', 'R3', 'R5')"),
	    4);
	/* The whole file is still what was loaded last. */
	ck_assert_msg(run(5, NULL) == STW_OK, "%s", err.text);
	ck_assert(result.unchanged);
	ck_assert_int_eq(
	    run_with((struct import_opts){.redo = bad_dir, .rejects = bad_dir}),
	    STW_INVALID);
}
END_TEST

START_TEST(rejected_lines_of_json_read_as_they_did)
{
	char bad_dir[128], *text;

	redo_dir(bad_dir);
	put_customers();
	put("mapping.json",
	    HEAD(
		"rejson") "{\"file\": \"h.json\", \"kind\": \"ndjson\", \"target\": "
			  "\"holding\", \"names\": [\"c\", \"r\", \"a\"], \"columns\": "
			  "{\"customer\": \"row.c\", \"holding_ref\": \"row.r\", "
			  "\"kind\": \"'fund'\", \"amount\": \"row.a\"}}]}");
	put("h.json",
	    "{\"c\":\"C1\",\"r\":\"K1\",\"a\":1}\n{\"c\":\"C1\",\"r\":\"K2\"}\n"
	    "{\"c\":\"C1\",\n");
	ck_assert_msg(run_with((struct import_opts){
			  .rejects = bad_dir, .max_errors = 5}) == STW_OK,
	    "%s", err.text);
	text = file_text("bad/h.json");
	ck_assert_str_eq(text,
	    "{\"reject_line\":2,\"reject_column\":\"amount\",\"reject_reason\":\"has no "
	    "value\",\"c\":\"C1\",\"r\":\"K2\"}\n"
	    "{\"reject_line\":3,\"reject_column\":\"\",\"reject_reason\":\"column 11: a "
	    "name in quotes is wanted here\",\"c\":\"C1\",\n");
	free(text);
	put("bad/h.json", "{\"reject_line\":2,\"reject_column\":\"\",\"reject_reason\":"
			  "\"\",\"c\":\"C1\",\"r\":\"K2\",\"a\":2}\n");
	ck_assert_msg(
	    run_with((struct import_opts){.redo = bad_dir}) == STW_OK, "%s", err.text);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM holding WHERE holding_ref IN ('K1', 'K2')"),
	    2);
}
END_TEST

START_TEST(corrected_lines_of_json_need_not_have_every_member)
{
	char bad_dir[128];

	put_customers();
	redo_dir(bad_dir);
	put("mapping.json",
	    HEAD("rare") "{\"file\": \"h.json\", \"kind\": \"ndjson\", \"target\": "
			 "\"holding\", \"columns\": {\"customer\": \"row.c\", "
			 "\"holding_ref\": \"row.r\", \"kind\": \"'fund'\", "
			 "\"amount\": \"row.v.a\", \"maturity_on\": \"row.end\"}}]}");
	put("h.json",
	    "{\"c\":\"C1\",\"r\":\"K1\",\"v\":{\"a\":1},\"end\":\"2027-01-01\"}\n"
	    "{\"c\":\"C1\",\"r\":\"K2\",\"v\":{\"a\":\"x\"}}\n");
	ck_assert_msg(run_with((struct import_opts){
			  .rejects = bad_dir, .max_errors = 5}) == STW_OK,
	    "%s", err.text);
	put("bad/h.json",
	    "{\"reject_line\":2,\"reject_column\":\"amount\",\"reject_reason\":\"\","
	    "\"c\":\"C1\",\"r\":\"K2\",\"v\":{\"a\":2},\"new\":1}\n");
	ck_assert_msg(
	    run_with((struct import_opts){.redo = bad_dir}) == STW_OK, "%s", err.text);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM holding WHERE holding_ref IN ('K1', 'K2')"),
	    2);
	/* Without the file there is nobody to ask: the error says what to do. */
	put("h.json", "{\"c\":\"C1\",\"r\":\"K1\",\"v\":{\"a\":1}}\n");
	put("bad/h.json", "{\"c\":\"C1\",\"r\":\"K2\",\"v\":{\"a\":3}}\n");
	ck_assert_int_eq(run_with((struct import_opts){.redo = bad_dir}), STW_INVALID);
	ck_assert_msg(
	    strstr(
		err.text, "files[0].columns.maturity_on: 1:5: no field 'end' in row") ==
		    err.text &&
		strstr(err.text,
		    "none of the first 1,000 lines has it: list the columns in "
		    "\"names\"") != NULL,
	    "%s", err.text);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc,
	    a_bad_row_names_file_line_and_column_and_nothing_of_the_file_stays, 0,
	    (int)STW_ARRAY_LEN(bad));
	tcase_add_test(tc, bad_rows_that_are_allowed_fall_out_are_printed_and_kept);
	tcase_add_test(tc, rejected_rows_are_copied_corrected_and_come_in);
	tcase_add_test(tc, rejected_lines_of_json_read_as_they_did);
	tcase_add_test(tc, corrected_lines_of_json_need_not_have_every_member);
}

int
main(void)
{
	return import_test_main("import_rejects", add);
}
