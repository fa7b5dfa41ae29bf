/* What the rows of a file do to those that are there: put, delete, snapshot, dry runs. */
#include <string.h>

#include "tests/lib/import_world.h"

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
	/* Only what differs is written: a name that is sealed as it was is the same. */
	ck_assert_int_eq(result.inserted, 1);
	ck_assert_int_eq(result.updated, 1);
	ck_assert_int_eq(result.same, 5);
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

#define FACTS(mode)                                                               \
	HEAD("facts")                                                             \
	"{\"file\": \"j.csv\", \"target\": \"joint_holder\", " mode               \
	" \"columns\": {\"customer\": \"row.c\", "                                \
	"\"holder\": \"row.h\", \"rating\": \"row.r\"}},"                         \
	"{\"file\": \"t.csv\", \"target\": \"contact_time\", " mode               \
	" \"columns\": {\"customer\": \"row.c\", \"days\": \"row.d\", "           \
	"\"from\": \"row.f\", \"until\": \"row.u\"}},"                            \
	"{\"file\": \"p.csv\", \"target\": \"product\", \"columns\": {"           \
	"\"code\": \"row.p\", \"name_zh\": \"row.p\", \"name_en\": \"row.p\", "   \
	"\"class\": \"'wealth'\", \"regulator\": \"row.g\", \"dual_recording\": " \
	"\"row.v\", \"qualified_only\": \"row.q\", \"min_amount\": \"row.m\"}},"  \
	"{\"file\": \"c.csv\", \"target\": \"customer\", \"columns\": {"          \
	"\"ref\": \"row.c\", \"kind\": \"row.k\", \"state\": \"row.s\", "         \
	"\"means\": \"row.m\", \"qualified_until\": \"row.q\"}}]}"

/* What the gate asks of holders, hours, products and people, and what no such row is. */
START_TEST(facts_of_the_gate_come_with_files)
{
	put_customers();
	put("mapping.json", FACTS(""));
	put("j.csv", "c,h,r\nC1,H1,2\nC1,H2,\nC9,H1,1\nC2,H1,9\n");
	put("t.csv", "c,d,f,u\nC1,mon-fri,18:00,20:00\nC1,\"sat,sun\",09:00,24:00\n"
		     "C2,weekdays,09:00,10:00\nC2,*,10:00,10:00\nC2,*,24:01,24:30\n");
	put("p.csv", "p,g,v,q,m\nP1,CN,yes,no,10000.00\nP2,cn,no,no,\nP3,,no,no,-1\n");
	put("c.csv", "c,k,s,m,q\nC1,business,FL,250000.50,2027-01-01\nC2,charity,,,\n"
		     "C2,,fl,,\nC2,,,-5,\n");
	ck_assert_msg(run(10, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.rows_rejected, 10);
	ck_assert_int_eq(
	    number("SELECT count(*) * 10 + sum(coalesce(rating, 0)) FROM "
		   "joint_holder JOIN customer USING (bucket, customer_id) "
		   "WHERE ref = 'C1'"),
	    22);
	ck_assert_int_eq(
	    number(
		"SELECT sum(weekdays::int * (until_min - from_min)) FROM contact_time"),
	    31 * 120 + 96 * 900);
	ck_assert_int_eq(number("SELECT count(*) FROM product WHERE code = 'P1' AND "
				"regulator = 'CN' AND dual_recording AND NOT "
				"qualified_only AND min_amount = 1000000"),
	    1);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM customer WHERE kind = 'business' AND "
		   "state = 'FL' AND means = 25000050 AND qualified_until = "
		   "'2027-01-01' AND name_mask IS NOT NULL"),
	    1);
	/* The same again is nothing new; a snapshot without a row removes it. */
	put("mapping.json", FACTS("\"mode\": \"snapshot\", \"close_limit\": 100,"));
	put("j.csv", "c,h,r\nC1,H1,2\n");
	put("t.csv", "c,d,f,u\nC1,mon-fri,18:00,20:00\n");
	put("p.csv", "p,g,v,q,m\nP1,CN,yes,no,10000.00\n");
	put("c.csv", "c,k,s,m,q\nC1,business,FL,250000.50,2027-01-01\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.inserted + result.updated, 0);
	ck_assert_int_eq(result.closed, 2);
	put("j.csv", "c,h,r\nC1,H1,3\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.updated, 1);
}
END_TEST

START_TEST(a_snapshot_of_nothing_has_to_be_meant)
{
	static const char open[] =
	    "SELECT count(*) FROM holding WHERE status <> 'closed'";

	put_customers();
	ck_assert_int_eq(number(open), 2);
	put("mapping.json",
	    HEAD("daily") HOLDINGS("\"mode\": \"snapshot\", \"close_limit\": 100, "
				   "\"where\": \"row.kind == 'fund'\", ") "]}");
	/* a header alone, and a file all of whose rows are left out */
	put("h.csv", "owner,ref,kind,amount\n");
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert_str_eq(err.text,
	    "h.csv: there is no row in this snapshot, and all 2 open rows would close; "
	    "nothing of this file was loaded (--close-all confirms that they shall)");
	put("h.csv", "owner,ref,kind,amount\nC1,H1,account,1\n");
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert_int_eq(number(open), 2);
	ck_assert_msg(run_with((struct import_opts){.close_all = true}) == STW_OK, "%s",
	    err.text);
	ck_assert_int_eq(number(open), 0);
	/* Where nothing is open nothing is lost. */
	put("h.csv", "owner,ref,kind,amount\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
}
END_TEST

/* Which of them is today's nobody can know. */
START_TEST(a_file_that_is_there_packed_and_unpacked_is_refused)
{
	put_small();
	put("holdings.csv.gz", "owner,ref,kind,amount,ends\n");
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(
	    err.text, "/holdings.csv: there is a packed one and one that is not"));
	ck_assert_int_eq(number("SELECT count(*) FROM customer"), 0);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, facts_of_the_gate_come_with_files);
	tcase_add_test(tc, a_dry_run_says_everything_and_changes_nothing);
	tcase_add_test(tc, what_a_delete_file_names_goes_or_closes);
	tcase_add_test(
	    tc, a_snapshot_closes_what_it_does_not_have_within_scope_and_limit);
	tcase_add_test(tc, a_snapshot_of_nothing_has_to_be_meant);
	tcase_add_test(tc, a_file_that_is_there_packed_and_unpacked_is_refused);
	tcase_add_test(tc, a_key_that_comes_twice_counts_last_or_is_refused);
	tcase_add_test(tc, new_rows_among_known_ones_are_merged);
}

int
main(void)
{
	return import_test_main("import_modes", add);
}
