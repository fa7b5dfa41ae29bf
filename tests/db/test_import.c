/* Imports into a database of their own: what arrives, what is refused and how it is told,
 * what a second run does. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>
#include <zlib.h>

#include "db/seal.h"
#include "segments/import.h"
#include "segments/sample.h"
#include "tests/lib/cluster.h"

#define S(text) text, sizeof(text) - 1
#define AS_OF   (INT64_C(1795399200) * STW_USEC_SEC) /* 2026-11-23T02:00:00Z */

static struct test_db t;
static struct stw_err err;
static struct seal_keys *keys;
static char dir[64];
static struct import_result result;

static void
setup(void)
{
	char path[128];

	test_db_open(&t);
	(void)snprintf(dir, sizeof dir, "/tmp/stw_test_import_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/keys", dir);
	ck_assert_msg(
	    seal_keys_open(path, true, &keys, &err) == STW_OK, "%s", err.text);
}

static void
teardown(void)
{
	char command[128];

	seal_keys_close(keys);
	test_db_close(&t);
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void
put(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void
put_bytes(const char *name, const void *data, size_t len)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert(fwrite(data, 1, len, file) == len);
	ck_assert_int_eq(fclose(file), 0);
}

/* The bytes of a file below dir, NUL behind them; freed by the caller. */
static char *
get(const char *name)
{
	char path[200], *text = calloc(1, 65536);
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s is not there", path);
	ck_assert_ptr_nonnull(text);
	ck_assert(fread(text, 1, 65535, file) < 65535);
	(void)fclose(file);
	return text;
}

static enum stw_code
run_with(struct import_opts opts)
{
	opts.dir = dir;
	opts.as_of = AS_OF;
	opts.actor = "tester";
	memset(&err, 0, sizeof err);
	return import_run(t.db, keys, &opts, &result, &err);
}

static enum stw_code
run(int64_t max_errors, FILE *messages)
{
	const struct import_opts opts = {.dir = dir,
	    .as_of = AS_OF,
	    .max_errors = max_errors,
	    .actor = "tester",
	    .messages = messages};

	memset(&err, 0, sizeof err);
	return import_run(t.db, keys, &opts, &result, &err);
}

static int64_t
number(const char *sql)
{
	return test_db_number(&t, sql);
}

static const char mapping[] =
    "{\"name\": \"small\", \"currency\": \"CNY\", \"zone\": \"Asia/Shanghai\","
    " \"region\": \"CN\", \"files\": ["
    "  {\"file\": \"customers.csv\", \"target\": \"customer\", \"columns\": {"
    "    \"ref\": \"row.id\", \"name\": \"row.name\", \"dob\": \"row.born\","
    "    \"risk_rating\": \"row.rating\", \"phone\": \"row.phone\"}},"
    "  {\"file\": \"holdings.csv\", \"target\": \"holding\", \"columns\": {"
    "    \"customer\": \"row.owner\", \"holding_ref\": \"row.ref\", \"kind\": \"row.kind\","
    "    \"amount\": \"row.amount\", \"maturity_on\": \"row.ends\"}},"
    "  {\"file\": \"consents.csv\", \"target\": \"consent\", \"columns\": {"
    "    \"customer\": \"row.owner\", \"action\": \"row.action\","
    "    \"purpose\": \"'MARKETING'\", \"channel\": \"row.channel\","
    "    \"form\": \"'written'\", \"evidence\": \"row.evidence\","
    "    \"phone\": \"row.phone\", \"effective_at\": \"row.at\"}}]}";

static void
put_small(void)
{
	put("mapping.json", mapping);
	put("customers.csv", "id,name,born,rating,phone\n"
			     "C1,张伟,1980-05-05,3,13491000001\n"
			     "C2,李娜,,,13491000001\n"
			     "C3,\"王\n芳\",1950-01-01,5,\n");
	put("holdings.csv", "owner,ref,kind,amount,ends\n"
			    "C1,H1,wealth,100000.50,2026-11-30\n"
			    "C3,H2,account,7,\n");
	put("consents.csv", "owner,action,channel,evidence,phone,at\n"
			    "C1,grant,VOICE,E-1,13491000001,2026-01-01T09:00:00+08:00\n"
			    "C1,withdraw,*,E-2,,2026-02-01\n");
}

START_TEST(households_come_with_the_feed_and_a_customer_has_one)
{
	put("mapping.json",
	    "{\"name\": \"small\", \"currency\": \"CNY\", \"zone\": \"Asia/Shanghai\","
	    " \"region\": \"CN\", \"files\": ["
	    "  {\"file\": \"c.csv\", \"target\": \"customer\", \"columns\": "
	    "    {\"ref\": \"row.id\"}},"
	    "  {\"file\": \"h.csv\", \"target\": \"household\", \"columns\": {"
	    "    \"customer\": \"row.id\", \"household\": \"row.h\", \"role\": "
	    "\"row.role\"}}]}");
	put("c.csv", "id\nC1\nC2\nC3\n");
	/* C3 is named twice: the later row counts. */
	put("h.csv", "id,h,role\nC1,H1,head\nC2,H1,spouse\nC3,H1,\nC3,H2,head\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(
	    number("SELECT sum(household_size * 100) FROM customer"), 200 + 200 + 100);
	/* C2 moves, C1 says the same again. */
	put("h.csv", "id,h,role\nC1,H1,head\nC2,H2,spouse\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(number("SELECT count(*) FROM household_member WHERE state = "
				"'member' AND household_ref = 'H2'"),
	    2);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM household_member WHERE state = 'left'"), 1);
	ck_assert_int_eq(
	    number("SELECT sum(household_size * 100) FROM customer"), 100 + 200 + 200);
	put("h.csv", "id,h,role\nC1,H1,butler\n");
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
}
END_TEST

START_TEST(a_good_book_arrives_typed_and_sealed)
{
	put_small();
	put("customers.csv",
	    "id,name,born,rating,phone\nC1,张伟,1980-05-05,3,13491000001\n"
	    "C2,李娜,,,13491000001\nC3,王芳,1950-01-01,5,\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.files, 3);
	ck_assert_int_eq(result.rows_loaded, 7);
	ck_assert_int_eq(result.loaded[IMPORT_CUSTOMER], 3);
	ck_assert_str_eq(result.currency, "CNY");
	ck_assert_int_eq(
	    number("SELECT count(*) FROM customer WHERE name_mask = '张**' AND "
		   "risk_rating = 3 AND dob = '1980-05-05' AND ref = 'C1' AND bucket = "
		   "get_byte(sha256('C1'), 0)"),
	    1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM customer WHERE dob IS NULL AND risk_rating IS "
		   "NULL AND ref = 'C2'"),
	    1);
	ck_assert_int_eq(number("SELECT count(*) FROM customer_key"), 3);
	ck_assert_int_eq(number("SELECT count(*) FROM customer_permission"), 3);
	/* One number, two people: two points, one index. */
	ck_assert_int_eq(number("SELECT count(*) FROM contact_point"), 2);
	ck_assert_int_eq(
	    number("SELECT count(DISTINCT phone_index) FROM contact_point"), 1);
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM contact_point WHERE kind = 'mobile' AND region = "
		"'CN' AND zones = '{Asia/Shanghai}' AND is_primary AND verified"),
	    2);
	/* Nothing that reaches a person lies open. */
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM contact_point WHERE position('491000001' IN "
		"phone_mask) > 0 OR position('13491000001'::bytea IN phone_sealed) > 0"),
	    0);
	ck_assert_int_eq(
	    number("SELECT amount FROM holding WHERE holding_ref = 'H1'"), 10000050);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM holding WHERE maturity_on = '2026-11-30'"), 1);
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM consent_event WHERE action = 'grant' AND point_id "
		"IS NOT NULL AND effective_at = '2026-01-01T01:00:00Z' AND evidence_hash "
		"= sha256('E-1') AND actor = 'tester'"),
	    1);
	/* A day is its first instant in the mapping's zone. */
	ck_assert_int_eq(
	    number("SELECT count(*) FROM consent_event WHERE action = 'withdraw' AND "
		   "effective_at = '2026-01-31T16:00:00Z'"),
	    1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM ledger_outbox WHERE kind = 'import'"), 3);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM setting WHERE name = 'currency' AND value = "
		   "'CNY'"),
	    1);
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM import_run WHERE state = 'done' AND rows_loaded = "
		"7 AND rows_rejected = 0"),
	    1);
}
END_TEST

START_TEST(the_same_content_again_is_left_alone_and_new_content_is_merged)
{
	char first[37];

	put_small();
	put("customers.csv",
	    "id,name,born,rating,phone\nC1,张伟,1980-05-05,3,13491000001\n"
	    "C3,王芳,1950-01-01,5,\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	memcpy(first, result.run_id, sizeof first);
	ck_assert(!result.unchanged);
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert(result.unchanged);
	ck_assert_str_eq(result.run_id, first);
	ck_assert_int_eq(result.rows_read, 0);
	ck_assert_int_eq(number("SELECT count(*) FROM import_run"), 1);

	put("customers.csv",
	    "id,name,born,rating,phone\nC1,张伟,1980-05-06,4,13491000001\n"
	    "C3,王芳,1950-01-01,5,\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert(!result.unchanged);
	ck_assert_int_eq(number("SELECT count(*) FROM customer"), 2);
	ck_assert_int_eq(number("SELECT count(*) FROM contact_point"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM consent_event"), 2);
	ck_assert_int_eq(number("SELECT count(*) FROM holding"), 2);
	ck_assert_int_eq(
	    number("SELECT risk_rating FROM customer WHERE dob = '1980-05-06'"), 4);
	/* The epoch tells the gate that permissions may have changed. */
	ck_assert_int_ge(number("SELECT max(epoch) FROM customer_permission"), 1);
}
END_TEST

START_TEST(columns_a_mapping_does_not_give_stay_as_they_are)
{
	put_small();
	put("customers.csv",
	    "id,name,born,rating,phone\nC1,张伟,1980-05-05,3,13491000001\n"
	    "C3,王芳,1950-01-01,5,\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	put("mapping.json",
	    "{\"name\": \"tiers\", \"currency\": \"CNY\", \"zone\": \"Asia/Shanghai\","
	    " \"files\": [{\"file\": \"tiers.csv\", \"target\": \"customer\", \"columns\": "
	    "{\"ref\": \"row.id\", \"tier\": \"row.tier\", \"dob\": \"row.born\"}}]}");
	put("tiers.csv", "id,tier,born\nC1,gold,\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM customer WHERE ref = 'C1' AND tier = 'gold' AND "
		"risk_rating = 3 AND name_mask = '张**' AND dob IS NULL"),
	    1);
}
END_TEST

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
	"holdings.csv:2: column 4: byte 0xb1 is not UTF-8 (name the encoding in the mapping)"},
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

START_TEST(bad_phones_can_be_skipped_and_are_counted)
{
	put("mapping.json",
	    "{\"name\": \"p\", \"currency\": \"CNY\", \"zone\": \"Asia/Shanghai\", "
	    "\"region\": \"CN\", \"on_bad_phone\": \"skip\", \"files\": ["
	    "{\"file\": \"c.csv\", \"target\": \"customer\", \"columns\": {\"ref\": "
	    "\"row.id\", \"phone\": \"row.p\"}}]}");
	put("c.csv", "id,p\nC1,13491000001\nC2,n/a\nC3,12345678901\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.phones_skipped, 2);
	ck_assert_int_eq(number("SELECT count(*) FROM customer"), 3);
	ck_assert_int_eq(number("SELECT count(*) FROM contact_point"), 1);
}
END_TEST

START_TEST(an_imported_withdrawal_ends_open_tasks_in_its_transaction)
{
	put_small();
	put("customers.csv", "id,name,born,rating,phone\nC1,张伟,,3,13491000001\n"
			     "C3,王芳,,,13491000003\n");
	put("consents.csv",
	    "owner,action,channel,evidence,phone,at\n"
	    "C1,grant,VOICE,E-1,,2026-01-01\nC3,grant,VOICE,E-3,,2026-01-01\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	test_db_tamper(&t,
	    "INSERT INTO queue (code, kind, url, secret_sealed, dedupes, updated_at) VALUES "
	    "('q', 'agent', 'http://x', '', true, now());"
	    "INSERT INTO task (bucket, task_id, campaign_id, version, customer_id, step, "
	    "occurrence, point_id, queue_id, channel, handler, purpose, script, "
	    "script_version, state, not_before, not_after, decision_id, created_at, "
	    "updated_at) SELECT c.bucket, gen_random_uuid(), 1, 1, c.customer_id, 's', 'o', "
	    "p.point_id, 1, 'VOICE', 'agent', 'MARKETING', 's', 1, 'ready', now(), now() + "
	    "interval '1 day', gen_random_uuid(), now(), now() FROM customer c JOIN "
	    "contact_point p USING (bucket, customer_id)");
	put("consents.csv",
	    "owner,action,channel,evidence,phone,at\n"
	    "C1,grant,VOICE,E-1,,2026-01-01\nC3,grant,VOICE,E-3,,2026-01-01\n"
	    "C1,withdraw,*,E-9,,2026-11-22\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM task WHERE state = 'cancelled'"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM task WHERE state = 'ready'"), 1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM ledger_outbox WHERE kind = 'task_ended'"), 1);
}
END_TEST

START_TEST(a_book_has_one_currency)
{
	put_small();
	put("customers.csv",
	    "id,name,born,rating,phone\nC1,张伟,,3,13491000001\nC3,王芳,,,\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	put("mapping.json",
	    "{\"name\": \"p\", \"currency\": \"CZK\", \"zone\": \"Europe/Prague\", \"files\": "
	    "[{\"file\": \"customers.csv\", \"target\": \"customer\", \"columns\": {\"ref\": "
	    "\"row.id\"}}]}");
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert_str_eq(err.text,
	    "the book's currency is CNY, this mapping's is CZK: one book has one");
}
END_TEST

START_TEST(only_one_import_runs_at_a_time)
{
	struct db *other = test_db_connect(&t);
	struct db_rows *rows = NULL;

	put_small();
	ck_assert_int_eq(
	    db_query_one(other, DB_Q_IMPORT_LOCK, NULL, 0, &rows, &err), STW_OK);
	db_rows_free(rows);
	ck_assert_int_eq(run(0, NULL), STW_CONFLICT);
	db_close(other);
}
END_TEST

/* ---- what rows do ------------------------------------------------------------------- */
#define HEAD(name)                                                 \
	"{\"name\": \"" name                                       \
	"\", \"currency\": \"CNY\", \"zone\": \"Asia/Shanghai\", " \
	"\"region\": \"CN\", \"files\": ["
#define HOLDINGS(rest)                                                          \
	"{\"file\": \"h.csv\", \"target\": \"holding\", " rest "\"columns\": {" \
	"\"customer\": \"row.owner\", \"holding_ref\": \"row.ref\", "           \
	"\"kind\": \"row.kind\", \"amount\": \"row.amount\"}}"
#define KEYS(file, target, columns)                             \
	"{\"file\": \"" file "\", \"target\": \"" target "\", " \
	"\"mode\": \"delete\", \"columns\": {" columns "}}"

static void
put_customers(void)
{
	put_small();
	put("customers.csv", "id,name,born,rating,phone\nC1,张伟,,3,13491000001\n"
			     "C2,李娜,,,13491000002\nC3,王芳,,,\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
}

START_TEST(a_dry_run_says_everything_and_changes_nothing)
{
	static const char all[] =
	    "SELECT (SELECT count(*) FROM customer) + (SELECT count(*) FROM holding) + "
	    "(SELECT count(*) FROM consent_event) + (SELECT count(*) FROM import_run) + "
	    "(SELECT count(*) FROM import_file) + (SELECT count(*) FROM import_reject) + "
	    "(SELECT count(*) FROM ledger_outbox) + (SELECT count(*) FROM contact_point) + "
	    "(SELECT count(*) FROM setting WHERE name = 'currency')";

	put_small();
	put("customers.csv",
	    "id,name,born,rating,phone\nC1,张伟,1980-05-05,3,13491000001\n"
	    "C2,李娜,,9,\nC3,王芳,,,\n");
	ck_assert_msg(
	    run_with((struct import_opts){.dry_run = true, .max_errors = 1}) == STW_OK,
	    "%s", err.text);
	ck_assert_int_eq(result.inserted, 6);
	ck_assert_int_eq(result.rows_rejected, 1);
	ck_assert_int_eq(number(all), 0);
	/* It fails where the run itself would, too. */
	ck_assert_int_eq(run_with((struct import_opts){.dry_run = true}), STW_INVALID);
	ck_assert_int_eq(number(all), 0);
	ck_assert_msg(run(1, NULL) == STW_OK, "%s", err.text);
	ck_assert(!result.resumed);
	ck_assert_int_eq(result.inserted, 6);

	put("holdings.csv", "owner,ref,kind,amount,ends\nC1,H1,wealth,5,2026-11-30\n"
			    "C3,H2,account,7,\nC3,H3,account,8,\n");
	ck_assert_msg(
	    run_with((struct import_opts){.dry_run = true, .max_errors = 1}) == STW_OK,
	    "%s", err.text);
	/* Customers with a name are sealed anew; of the rest only what differs is written. */
	ck_assert_int_eq(result.inserted, 1);
	ck_assert_int_eq(result.updated, 3);
	ck_assert_int_eq(result.same, 3);
	ck_assert_int_eq(number("SELECT count(*) FROM holding"), 2);
	ck_assert_int_eq(
	    number("SELECT amount FROM holding WHERE holding_ref = 'H1'"), 10000050);
}
END_TEST

START_TEST(what_a_delete_file_names_goes_or_closes)
{
	put_customers();
	test_db_tamper(&t,
	    "INSERT INTO product (code, name_zh, name_en, class, updated_at) VALUES "
	    "('P1', 'p', 'p', 'wealth', now()), ('P2', 'p', 'p', 'wealth', now());"
	    "INSERT INTO txn SELECT bucket, customer_id, r, now(), 'deposit', 1, 'CNY' FROM "
	    "customer, unnest(ARRAY['T1', 'T2']) r WHERE ref = 'C1';"
	    "INSERT INTO interaction SELECT bucket, customer_id, r, now(), 'login' FROM "
	    "customer, unnest(ARRAY['I1', 'I2']) r WHERE ref = 'C1'");
	put("mapping.json",
	    HEAD("gone") KEYS("c.csv", "customer", "\"ref\": \"row.c\"") "," KEYS(
		"p.csv", "product", "\"code\": \"row.p\"") "," KEYS("h.csv", "holding",
		"\"customer\": \"row.c\", \"holding_ref\": \"row.h\"") "," KEYS("t.csv",
		"txn",
		"\"customer\": \"row.c\", \"txn_ref\": \"row.t\"") "," KEYS("i.csv",
		"interaction",
		"\"customer\": \"row.c\", \"interaction_ref\": \"row.i\"") "," KEYS("n.csv",
		"contact_point", "\"customer\": \"row.c\", \"phone\": \"row.n\"") "]}");
	put("c.csv", "c\nC2\nC9\n");
	put("p.csv", "p\nP1\nP9\n");
	put("h.csv", "c,h\nC1,H1\nC1,H9\nC9,H1\n");
	put("t.csv", "c,t\nC1,T1\nC3,T1\n");
	put("i.csv", "c,i\nC1,I1\n");
	/* A consent is about the number of C1; nothing is about that of C2. */
	put("n.csv", "c,n\nC1,13491000001\nC2,13491000002\nC3,13491000002\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.rows_rejected, 0);
	ck_assert_int_eq(result.closed, 7);
	ck_assert_int_eq(number("SELECT count(*) FROM customer"), 3);
	ck_assert_int_eq(number("SELECT count(*) FROM customer WHERE ref = 'C2' AND "
				"closed_on = '2026-11-23'"),
	    1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM customer WHERE closed_on IS NULL"), 2);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM product WHERE on_sale_to = '2026-11-23'"), 1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM holding WHERE holding_ref = 'H1' AND "
		   "status = 'closed'"),
	    1);
	ck_assert_int_eq(number("SELECT count(*) FROM txn"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM interaction"), 1);
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM contact_point WHERE NOT verified AND NOT is_primary"),
	    1);
	ck_assert_int_eq(number("SELECT count(*) FROM contact_point"), 1);
}
END_TEST

START_TEST(a_snapshot_closes_what_it_does_not_have_within_scope_and_limit)
{
	struct buf rows;

	put_customers();
	put("mapping.json",
	    HEAD("daily")
		HOLDINGS("\"mode\": \"snapshot\", \"scope\": [\"fund\"], ") "]}");
	buf_init(&rows);
	buf_add_c(&rows, "owner,ref,kind,amount\n");
	for (int i = 0; i < 20; i++)
		buf_printf(&rows, "C1,F%d,fund,%d\n", i, i);
	put("h.csv", rows.data);
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.closed, 0);

	/* Two of twenty are ten percent: the limit. What is no fund stays. */
	buf_clear(&rows);
	buf_add_c(&rows, "owner,ref,kind,amount\n");
	for (int i = 2; i < 20; i++)
		buf_printf(&rows, "C1,F%d,fund,%d\n", i, i);
	put("h.csv", rows.data);
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.closed, 2);
	ck_assert_int_eq(result.same, 18);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM holding WHERE status = 'closed' AND "
		   "holding_ref IN ('F0', 'F1')"),
	    2);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM holding WHERE status = 'closed'"), 2);

	/* More than that is refused, unless somebody confirms it. Being there opens again. */
	put("h.csv", "owner,ref,kind,amount\nC1,F0,fund,1\nC1,F2,fund,2\n");
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert_str_eq(err.text,
	    "h.csv: 17 of 19 open rows are not in this snapshot and would close; the limit "
	    "is 10 %; nothing of this file was loaded (--close-all confirms that they "
	    "shall)");
	ck_assert_int_eq(
	    number("SELECT count(*) FROM holding WHERE status = 'closed'"), 2);
	ck_assert_msg(run_with((struct import_opts){.close_all = true}) == STW_OK, "%s",
	    err.text);
	ck_assert_int_eq(result.closed, 17);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM holding WHERE status = 'open' AND "
		   "holding_ref IN ('F0', 'F2')"),
	    2);

	/* With a bad row nobody knows what is missing; a row outside the scope is bad. */
	put("h.csv", "owner,ref,kind,amount\nC1,F0,fund,1\nC1,F2,wealth,2\n");
	ck_assert_int_eq(run(5, NULL), STW_INVALID);
	ck_assert_str_eq(err.text,
	    "h.csv: a snapshot with bad rows (1) cannot say what is missing; nothing of this "
	    "file was loaded");
	ck_assert_int_eq(
	    number("SELECT count(*) FROM import_reject WHERE reason = 'lies "
		   "outside the scope of this snapshot'"),
	    1);
	buf_fini(&rows);
}
END_TEST

START_TEST(a_key_that_comes_twice_counts_last_or_is_refused)
{
	put_customers();
	put("mapping.json", HEAD("twice") HOLDINGS("") "]}");
	put("h.csv",
	    "owner,ref,kind,amount\nC1,X1,fund,1\nC1,X2,fund,2\nC1,X1,fund,3\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(
	    number("SELECT amount FROM holding WHERE holding_ref = 'X1'"), 300);
	ck_assert_int_eq(result.inserted, 2);
	put("mapping.json", HEAD("once") HOLDINGS("\"duplicates\": \"reject\", ") "]}");
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert_str_eq(err.text,
	    "h.csv:4: column holding_ref: line 2 has this key already; nothing of this file "
	    "was loaded (1 bad row, 0 allowed)");
}
END_TEST

START_TEST(new_rows_among_known_ones_are_merged)
{
	struct buf rows;

	put_customers();
	put("mapping.json", HEAD("grow") HOLDINGS("") "]}");
	buf_init(&rows);
	buf_add_c(&rows, "owner,ref,kind,amount\n");
	/* Two batches go straight, the second has a key of the first: both must be there. */
	for (int i = 0; i < 40000; i++)
		buf_printf(&rows, "C1,G%d,fund,%d\n", i == 30000 ? 7 : i, i);
	put("h.csv", rows.data);
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.inserted, 39999);
	ck_assert_int_eq(result.updated, 1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM holding WHERE holding_ref LIKE 'G%'"), 39999);
	ck_assert_int_eq(
	    number("SELECT amount FROM holding WHERE holding_ref = 'G7'"), 3000000);
	buf_fini(&rows);
}
END_TEST

/* ---- formats --------------------------------------------------------------------------- */
START_TEST(packed_or_plain_the_same_content_is_the_same)
{
	char path[128];
	gzFile gz;
	static const char text[] = "owner,ref,kind,amount\nC1,Z1,fund,1\n";

	put_customers();
	put("mapping.json", HEAD("packed") HOLDINGS("") "]}");
	put("h.csv", text);
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	(void)snprintf(path, sizeof path, "%s/h.csv", dir);
	ck_assert_int_eq(unlink(path), 0);
	(void)snprintf(path, sizeof path, "%s/h.csv.gz", dir);
	gz = gzopen(path, "wb");
	ck_assert_int_eq(gzwrite(gz, text, sizeof text - 1), (int)sizeof text - 1);
	ck_assert_int_eq(gzclose(gz), Z_OK);
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert(result.unchanged);
}
END_TEST

START_TEST(lines_of_json_go_by_the_same_expressions)
{
	put_customers();
	put("mapping.json",
	    HEAD(
		"json") "{\"file\": \"h.json\", \"kind\": \"ndjson\", \"target\": "
			"\"holding\", \"columns\": {\"customer\": \"row.owner.ref\", "
			"\"holding_ref\": \"row.ref\", \"kind\": \"row.product.kind\", "
			"\"amount\": \"has(row.value.amount) ? row.value.amount : '0'\"}}]}");
	put("h.json",
	    "{\"owner\": {\"ref\": \"C1\"}, \"ref\": \"J1\", \"product\": {\"kind\": "
	    "\"fund\"}, \"value\": {\"amount\": 1234567890123.45}}\n"
	    "{\"ref\": 2, \"product\": {\"kind\": \"fund\", \"tags\": [1]}, \"owner\": "
	    "{\"ref\": \"C3\"}}\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	/* Numbers are taken as they are written; no double is between. */
	ck_assert_int_eq(number("SELECT amount FROM holding WHERE holding_ref = 'J1'"),
	    INT64_C(123456789012345));
	ck_assert_int_eq(
	    number("SELECT amount FROM holding WHERE holding_ref = '2'"), 0);
	put("h.json", "{\"owner\": {\"ref\": \"C1\"}, \"ref\": \"J1\", \"product\": "
		      "{\"kin\": \"fund\"}, \"value\": {\"amount\": 1}}\n");
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert_str_eq(err.text, "files[0].columns.kind: 1:13: no field 'kind' in "
				   "row.product; did you mean 'kin'?");
}
END_TEST

/* ---- rows that fell out ---------------------------------------------------------------- */
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
	text = get("bad/h.csv");
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
	text = get("bad/h.json");
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

/* ---- going on after an end ------------------------------------------------------------ */
static void
put_many(int rows, const char *every)
{
	char text[1200];
	struct buf all;

	(void)snprintf(text, sizeof text,
	    HEAD(
		"many") "%s, {\"file\": \"t.csv\", \"target\": \"txn\", %s \"columns\": "
			"{\"customer\": \"row.c\", \"txn_ref\": \"row.t\", \"at\": "
			"\"'2026-11-01'\", \"kind\": \"'deposit'\", \"amount\": "
			"\"row.a\"}}]}",
	    HOLDINGS(""), every);
	put("mapping.json", text);
	put("h.csv", "owner,ref,kind,amount\nC1,M1,fund,1\n");
	buf_init(&all);
	buf_add_c(&all, "c,t,a\n");
	for (int i = 0; i < rows; i++)
		buf_printf(&all, "C%d,T%d,%d\n", 1 + i % 3, i, i);
	put("t.csv", all.data);
	buf_fini(&all);
}

/* Every row that was committed is in one entry of the ledger. */
#define LOGGED                                                                            \
	"SELECT sum((convert_from(entry, 'UTF8')::jsonb ->> 'rows')::bigint) FROM "       \
	"ledger_outbox WHERE kind = 'import' AND convert_from(entry, 'UTF8')::jsonb ->> " \
	"'file' = 't.csv'"

START_TEST(a_killed_import_goes_on_and_loads_no_row_twice)
{
	enum { ROWS = 30000, KILLS = 4 };
	int64_t before = 0;

	put_customers();
	put_many(ROWS, "\"commit_every\": 500,");
	for (int k = 0; k < KILLS; k++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			struct import_opts opts = {.dir = dir, .as_of = AS_OF};
			struct db *db = test_db_connect(&t);

			_exit(import_run(db, keys, &opts, &result, &err) == STW_OK ? 0
										   : 1);
		}
		while (
		    number(
			"SELECT coalesce(max(rows_read), 0) FROM import_file WHERE file = "
			"'t.csv' AND state = 'partly'") < before + 1000 &&
		    waitpid(child, &status, WNOHANG) == 0)
			(void)usleep(1000);
		(void)kill(child, SIGKILL);
		(void)waitpid(child, &status, 0);
		before = number(
		    "SELECT coalesce(max(rows_read), 0) FROM import_file WHERE file "
		    "= 't.csv'");
		ck_assert_int_ge(before, 500);
		ck_assert_int_eq(number("SELECT count(*) FROM txn"), before);
	}
	/* The server may take a moment to see that a client is gone, and holds its lock. */
	for (int i = 0; i < 200 && run(0, NULL) == STW_CONFLICT; i++)
		(void)usleep(20000);
	ck_assert_msg(err.text[0] == '\0', "%s", err.text);
	ck_assert(result.resumed);
	ck_assert_int_eq(result.rows_loaded, ROWS + 1);
	ck_assert_int_eq(result.inserted, ROWS + 1);
	ck_assert_int_eq(number("SELECT count(*) FROM txn"), ROWS);
	ck_assert_int_eq(number(LOGGED), ROWS);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM import_run WHERE mapping = 'many' AND "
		   "state = 'done' AND starts > 1"),
	    1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM import_file WHERE state = 'done' AND "
		   "file = 't.csv' AND rows_read = 30000"),
	    1);
	/* Now it is as if it had gone through at once. */
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert(result.unchanged);
}
END_TEST

START_TEST(parts_before_a_bad_row_stay_and_are_not_read_again)
{
	put_customers();
	put_many(5000, "\"commit_every\": 1000,");
	put("t.csv", "c,t,a\n");
	{
		char path[128];
		FILE *file;

		(void)snprintf(path, sizeof path, "%s/t.csv", dir);
		file = fopen(path, "a");
		ck_assert_ptr_nonnull(file);
		for (int i = 0; i < 5000; i++)
			(void)fprintf(
			    file, "C1,T%d,%s\n", i, i == 100 || i == 3500 ? "x" : "1");
		(void)fclose(file);
	}
	ck_assert_int_eq(run(1, NULL), STW_INVALID);
	ck_assert_str_eq(err.text,
	    "t.csv:3502: column amount: wants money, or a string such as 1234.56; the parts "
	    "before stay, and a next import goes on after them (1 bad row, 1 allowed)");
	ck_assert_int_eq(number("SELECT count(*) FROM txn"), 3000);
	ck_assert_msg(run(2, NULL) == STW_OK, "%s", err.text);
	ck_assert(result.resumed);
	ck_assert_int_eq(result.rows_rejected, 2);
	ck_assert_int_eq(number("SELECT count(*) FROM txn"), 4998);
	ck_assert_int_eq(number(LOGGED), 4998);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM import_reject r JOIN import_run USING "
		   "(run_id) WHERE mapping = 'many'"),
	    2);
}
END_TEST

/* ---- the sample book and Berka ------------------------------------------------------ */
START_TEST(the_sample_book_arrives_whole)
{
	const struct sample_opts opts = {
	    .customers = 1000, .seed = 7, .as_of = AS_OF, .dir = dir};
	struct sample_counts counts;

	ck_assert_msg(sample_write(&opts, &counts, &err) == STW_OK, "%s", err.text);
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.rows_rejected, 0);
	ck_assert_int_eq(number("SELECT count(*) FROM customer"), 1000);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM contact_point"), counts.contact_points);
	ck_assert_int_eq(number("SELECT count(*) FROM holding"), counts.holdings);
	ck_assert_int_eq(number("SELECT count(*) FROM txn"), counts.transactions);
	ck_assert_int_eq(number("SELECT count(*) FROM consent_event"), counts.consents);
	ck_assert_int_eq(number("SELECT count(*) FROM objection"), counts.objections);
	ck_assert_int_eq(number("SELECT count(*) FROM contact_count"), counts.attempts);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM contact_point WHERE kind <> 'mobile'"), 0);
}
END_TEST

START_TEST(berka_arrives_whole)
{
	const char *shared = getenv("STEWARD_SHARED");
	char path[512];
	struct import_opts opts = {.dir = path, .as_of = AS_OF, .messages = stderr};

	(void)snprintf(
	    path, sizeof path, "%s/data/berka", shared != NULL ? shared : "../shared");
	if (access(path, R_OK) != 0) {
		(void)printf("skipped: no %s (set STEWARD_SHARED)\n", path);
		return;
	}
	ck_assert_msg(
	    import_run(t.db, keys, &opts, &result, &err) == STW_OK, "%s", err.text);
	ck_assert_str_eq(result.mapping, "berka");
	ck_assert_int_eq(number("SELECT count(*) FROM customer"), 5369);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM holding WHERE kind = 'account'"), 1420);
	/* Of 682 loans 121 were granted after what is known of their account ends. */
	ck_assert_int_eq(
	    number("SELECT count(*) FROM holding WHERE kind = 'loan'"), 561);
	ck_assert_int_eq(number("SELECT count(*) FROM txn"), 52816 + 13983);
	/* Loan 5314: 96,396 for 12 months from 1993-07-05. */
	ck_assert_int_eq(
	    number("SELECT amount FROM holding WHERE holding_ref = 'loan-5314'"),
	    9639600);
	ck_assert_int_eq(
	    number("SELECT (maturity_on - opened_on) FROM holding WHERE holding_ref = "
		   "'loan-5314'"),
	    365);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM txn WHERE amount < 0 AND kind = 'deposit'"),
	    0);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM txn WHERE at > '2026-11-23T02:00:00Z'"), 0);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM contact_point WHERE region <> 'CZ'"), 0);
	/* Client 1: born 1970-12-13, a woman, of district 18. */
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM customer WHERE ref = '1' AND gender = 'female' AND "
		"city = 'Pisek' AND province = 'south Bohemia'"),
	    1);
	/* Somebody for each campaign: maturing, falling by 30% in 90 days, new. */
	ck_assert_int_gt(
	    number("SELECT count(*) FROM holding WHERE kind <> 'loan' AND maturity_on "
		   "BETWEEN '2026-11-23' AND '2026-11-30'"),
	    100);
	ck_assert_int_gt(
	    number(
		"WITH now_held AS (SELECT customer_id, sum(amount) FILTER (WHERE kind IN "
		"('account', 'wealth')) AS aum FROM holding GROUP BY 1), flow AS (SELECT "
		"customer_id, sum(amount) AS net FROM txn WHERE at > "
		"'2026-08-25T02:00:00Z' GROUP BY 1) SELECT count(*) FROM now_held JOIN "
		"flow USING (customer_id) WHERE aum - net > 5000000 AND aum < 0.7 * (aum "
		"- net)"),
	    10);
	ck_assert_int_gt(
	    number("SELECT count(*) FROM customer WHERE opened_on > '2026-10-24'"), 20);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("import");
	TCase *tc = tcase_create("import");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_good_book_arrives_typed_and_sealed);
	tcase_add_test(tc, households_come_with_the_feed_and_a_customer_has_one);
	tcase_add_test(
	    tc, the_same_content_again_is_left_alone_and_new_content_is_merged);
	tcase_add_test(tc, columns_a_mapping_does_not_give_stay_as_they_are);
	tcase_add_loop_test(tc,
	    a_bad_row_names_file_line_and_column_and_nothing_of_the_file_stays, 0,
	    (int)STW_ARRAY_LEN(bad));
	tcase_add_test(tc, bad_rows_that_are_allowed_fall_out_are_printed_and_kept);
	tcase_add_test(tc, bad_phones_can_be_skipped_and_are_counted);
	tcase_add_test(tc, an_imported_withdrawal_ends_open_tasks_in_its_transaction);
	tcase_add_test(tc, a_book_has_one_currency);
	tcase_add_test(tc, only_one_import_runs_at_a_time);
	tcase_add_test(tc, a_dry_run_says_everything_and_changes_nothing);
	tcase_add_test(tc, what_a_delete_file_names_goes_or_closes);
	tcase_add_test(
	    tc, a_snapshot_closes_what_it_does_not_have_within_scope_and_limit);
	tcase_add_test(tc, a_key_that_comes_twice_counts_last_or_is_refused);
	tcase_add_test(tc, new_rows_among_known_ones_are_merged);
	tcase_add_test(tc, packed_or_plain_the_same_content_is_the_same);
	tcase_add_test(tc, lines_of_json_go_by_the_same_expressions);
	tcase_add_test(tc, rejected_rows_are_copied_corrected_and_come_in);
	tcase_add_test(tc, rejected_lines_of_json_read_as_they_did);
	tcase_add_test(tc, a_killed_import_goes_on_and_loads_no_row_twice);
	tcase_add_test(tc, parts_before_a_bad_row_stay_and_are_not_read_again);
	tcase_add_test(tc, the_sample_book_arrives_whole);
	tcase_add_test(tc, berka_arrives_whole);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
