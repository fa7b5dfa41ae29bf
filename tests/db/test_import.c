/* Imports into a database of their own: what arrives, and what a second run does. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "campaigns/consent_store.h"
#include "segments/sample.h"
#include "tests/lib/import_world.h"

#define S(text) text, sizeof(text) - 1

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

/* A feed of what is known already: no row is another one, so nothing goes through the
 * change stream. */
START_TEST(a_feed_that_says_nothing_new_writes_no_customer)
{
	static const char rows[] = "SELECT sum(xmin::text::bigint) FROM customer";
	static const char points[] =
	    "SELECT sum(xmin::text::bigint) FROM contact_point";
	int64_t customers_were, points_were;

	put("mapping.json",
	    HEAD("people") "{\"file\": \"c.csv\", \"target\": \"customer\", "
			   "\"columns\": {\"ref\": \"row.id\", \"name\": \"row.name\", "
			   "\"id_number\": \"row.no\", \"tier\": \"row.tier\", "
			   "\"phone\": \"row.p\"}}]}");
	put("c.csv", "id,name,no,tier,p\nC1,张伟,11010519491231002X,a,13491000001\n"
		     "C2,李娜,,b,\nC3,,440524188001010014,,13491000003\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	customers_were = number(rows);
	points_were = number(points);
	/* Another file, the same customers. */
	put("c.csv", "id,name,no,tier,p\nC3,,440524188001010014,,13491000003\n"
		     "C2,李娜,,b,\nC1,张伟,11010519491231002X,a,13491000001\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert(!result.unchanged);
	ck_assert_int_eq(result.same, 3);
	ck_assert_int_eq(number(rows), customers_were);
	ck_assert_int_eq(number(points), points_were);
	/* One other name, one that is gone. */
	put("c.csv", "id,name,no,tier,p\nC1,张维,11010519491231002X,a,13491000001\n"
		     "C2,,,b,\nC3,,440524188001010014,,13491000003\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.updated, 2);
	ck_assert_int_eq(result.same, 1);
	ck_assert_int_eq(number("SELECT count(*) FROM customer WHERE ref = 'C2' AND "
				"name_sealed IS NULL AND name_mask IS NULL"),
	    1);
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
	    "updated_at) SELECT c.bucket, "
	    "(substr(gen_random_uuid()::text, 1, 34) || lpad(to_hex(c.bucket::int), 2, '0'))::uuid, 1, 1, "
	    "c.customer_id, 's', 'o', "
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
	/* With a record of its own, which says what it ended and when; grants have none. */
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM withdrawal w JOIN withdrawal_task x USING "
		"(bucket, withdrawal_id) JOIN task t ON t.bucket = x.task_bucket AND "
		"t.task_id = x.task_id JOIN consent_event e ON e.bucket = w.bucket AND "
		"e.consent_id = w.withdrawal_id WHERE w.kind = 'consent' AND x.ended = "
		"'cancelled' AND t.state = 'cancelled' AND e.action = 'withdraw' AND "
		"w.committed_at = e.recorded_at AND get_byte(uuid_send(withdrawal_id), "
		"15) = w.bucket"),
	    1);
	/* The same file again is the same event. */
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(number("SELECT count(*) FROM withdrawal"), 1);
}
END_TEST

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

START_TEST(consents_come_with_all_that_an_event_may_say)
{
	static const char head[] = "owner,ref,action,subject,hash,written,separate\n";
	struct uuid id;
	char sql[300], text[UUID_TEXT];

	put("mapping.json",
	    "{\"name\": \"p\", \"currency\": \"CNY\", \"zone\": \"Asia/Shanghai\", "
	    "\"region\": \"CN\", \"files\": [{\"file\": \"c.csv\", \"target\": "
	    "\"customer\", \"columns\": {\"ref\": \"row.id\"}}, {\"file\": \"e.csv\", "
	    "\"target\": \"consent\", \"columns\": {\"customer\": \"row.owner\", \"ref\": "
	    "\"row.ref\", \"action\": \"row.action\", \"subject\": \"row.subject\", "
	    "\"purpose\": \"'MARKETING'\", \"channel\": \"'VOICE'\", \"form\": "
	    "\"'written'\", \"evidence\": \"'E'\", \"evidence_sha256\": \"row.hash\", "
	    "\"written\": \"row.written\", \"separate_kind\": \"row.separate\", "
	    "\"effective_at\": \"'2026-01-01'\"}}]}");
	put("c.csv", "id\nC1\n");
	(void)snprintf(
	    sql, sizeof sql, "%sC1,R-1,grant,,%s,true,biometric\n", head, HASH);
	put("e.csv", sql);
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	/* The same reference is the same event over HTTP. */
	id = consent_id("C1", "R-1", (int)number("SELECT bucket FROM customer"));
	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM consent_event WHERE consent_id = '%s' AND written AND "
	    "separate_kind = 'biometric' AND encode(evidence_sha256, 'hex') = '" HASH
	    "'",
	    uuid_format(&id, text));
	ck_assert_int_eq(number(sql), 1);

	(void)snprintf(sql, sizeof sql, "%sC1,R-2,withdraw,profiling,,,\n", head);
	put("e.csv", sql);
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM customer WHERE profiling_opt_out"), 1);

	(void)snprintf(sql, sizeof sql, "%sC1,R-3,grant,,%.60s,,\n", head, HASH);
	put("e.csv", sql);
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert_ptr_nonnull(
	    strstr(err.text, "e.csv:2: column evidence_sha256: wants 64 hexadecimal"));
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
	ck_assert_int_eq(run(0, NULL), STW_TEMPFAIL);
	db_close(other);
}
END_TEST

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
	ck_assert_str_eq(err.text,
	    "files[0].columns.kind: 1:13: no field 'kind' in "
	    "row.product; did you mean 'kin'?; none of the first 1,000 lines has it: list the "
	    "columns in \"names\", where a member is rare");
}
END_TEST

START_TEST(the_sample_book_arrives_whole)
{
	const struct sample_opts opts = {
	    .customers = 1000, .seed = 7, .as_of = AS_OF, .dir = dir};
	struct sample_counts counts;

	ck_assert_msg(sample_write(&opts, &counts, &err) == STW_OK, "%s", err.text);
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.rows_rejected, 0);
	ck_assert_int_eq(result.inserted, result.rows_loaded);
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

static void
add(TCase *tc)
{
	tcase_add_test(tc, a_good_book_arrives_typed_and_sealed);
	tcase_add_test(tc, households_come_with_the_feed_and_a_customer_has_one);
	tcase_add_test(
	    tc, the_same_content_again_is_left_alone_and_new_content_is_merged);
	tcase_add_test(tc, a_feed_that_says_nothing_new_writes_no_customer);
	tcase_add_test(tc, columns_a_mapping_does_not_give_stay_as_they_are);
	tcase_add_test(tc, bad_phones_can_be_skipped_and_are_counted);
	tcase_add_test(tc, an_imported_withdrawal_ends_open_tasks_in_its_transaction);
	tcase_add_test(tc, consents_come_with_all_that_an_event_may_say);
	tcase_add_test(tc, a_book_has_one_currency);
	tcase_add_test(tc, only_one_import_runs_at_a_time);
	tcase_add_test(tc, packed_or_plain_the_same_content_is_the_same);
	tcase_add_test(tc, lines_of_json_go_by_the_same_expressions);
	tcase_add_test(tc, the_sample_book_arrives_whole);
	tcase_add_test(tc, berka_arrives_whole);
}

int
main(void)
{
	return import_test_main("import", add);
}
