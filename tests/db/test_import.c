/* Imports into a database of their own: what arrives, what is refused and how it is told,
 * what a second run does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "db/seal.h"
#include "segments/import.h"
#include "segments/sample.h"
#include "tests/lib/cluster.h"

#define AS_OF (INT64_C(1795399200) * STW_USEC_SEC) /* 2026-11-23T02:00:00Z */

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
    {"a column that is not there", "holdings.csv", "owner,ref,sort,amount,ends\n",
	"files[1].columns.kind: 1:5: no field 'kind' in row"},
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
	tcase_add_test(tc, the_sample_book_arrives_whole);
	tcase_add_test(tc, berka_arrives_whole);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
