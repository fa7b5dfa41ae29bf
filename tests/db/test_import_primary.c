/* A customer has one primary contact point: the one that was named last. */
#include <stdlib.h>

#include "tests/lib/import_world.h"

#define POINTS(rest)                                                                 \
	"{\"file\": \"p.csv\", \"target\": \"contact_point\", " rest "\"columns\": " \
	"{\"customer\": \"row.c\", \"phone\": \"row.n\", \"is_primary\": \"row.p\"}}"

/* Points of C1 whose mask ends so and are primary. */
#define PRIMARY_IS(end)                                                             \
	"SELECT count(*) FROM contact_point p JOIN customer c USING (bucket, "      \
	"customer_id) WHERE c.ref = 'C1' AND p.is_primary AND p.phone_mask LIKE '%" \
	"" end "'"
#define PRIMARIES "SELECT count(*) FROM contact_point WHERE is_primary"
/* How often a point became, or stopped to be, the primary one. */
#define MADE   "SELECT count(*) FROM contact_point_event WHERE primary_now"
#define UNMADE "SELECT count(*) FROM contact_point_event WHERE NOT primary_now"

/* Two customers have primary numbers already: C1 ...0001 and C2 ...0002. */
static void
put_points(const char *rest, const char *rows)
{
	char mapping[600], csv[600];

	(void)snprintf(mapping, sizeof mapping, HEAD("points") "%s]}", rest);
	put("mapping.json", mapping);
	(void)snprintf(csv, sizeof csv, "c,n,p\n%s", rows);
	put("p.csv", csv);
}

static void
one_primary(const char *sql, int64_t made, int64_t unmade)
{
	ck_assert_int_eq(number(sql), 1);
	ck_assert_int_eq(number(PRIMARIES), 2);
	ck_assert_int_eq(number(MADE), made);
	ck_assert_int_eq(number(UNMADE), unmade);
}

START_TEST(the_number_named_last_is_the_primary_one_and_the_older_one_was)
{
	put_customers();
	put_points(POINTS(""), "C1,13491000003,true\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.inserted, 1);
	one_primary(PRIMARY_IS("0003"), 0, 1);
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM contact_point_event e JOIN contact_point p USING "
		"(bucket, point_id) WHERE p.phone_mask LIKE '%0001' AND NOT primary_now "
		"AND from_state = 'verified' AND to_state = 'verified' AND how = 'feed' "
		"AND actor <> '' AND at = '2026-11-23T02:00:00Z'"),
	    1);
	/* and back again, by a file that speaks of both */
	put_points(POINTS(""), "C1,13491000001,true\nC1,13491000003,false\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.updated, 2);
	one_primary(PRIMARY_IS("0001"), 1, 2);
	/* the same in another document is nothing new */
	put_points(
	    POINTS("\"trim\": true, "), "C1,13491000001,true\nC1,13491000003,false\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	ck_assert_int_eq(result.same, 2);
	one_primary(PRIMARY_IS("0001"), 1, 2);
}
END_TEST

START_TEST(of_two_primary_numbers_in_one_file_the_later_row_wins)
{
	put_customers();
	put_points(POINTS(""),
	    "C1,13491000003,true\nC1,13491000004,true\nC1,13491000003,true\n"
	    "C1,13491000005,false\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	one_primary(PRIMARY_IS("0003"), 0, 1);
	/* A number that is said to be no primary one after all makes nobody give way. */
	put_points(POINTS(""), "C1,13491000004,true\nC1,13491000004,false\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	one_primary(PRIMARY_IS("0003"), 0, 1);
}
END_TEST

START_TEST(parts_of_a_file_agree_on_one_primary_number)
{
	put_customers();
	put_points(POINTS("\"commit_every\": 1, "),
	    "C1,13491000003,true\nC1,13491000004,true\nC1,13491000005,false\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	one_primary(PRIMARY_IS("0004"), 0, 2);
	put_points(POINTS("\"mode\": \"snapshot\", \"close_limit\": 100, "),
	    "C1,13491000005,true\nC1,13491000004,true\nC2,13491000002,true\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	one_primary(PRIMARY_IS("0004"), 0, 2);
}
END_TEST

START_TEST(a_customer_row_with_another_number_moves_the_primary_one)
{
	put_customers();
	put_small();
	put("customers.csv",
	    "id,name,born,rating,phone\nC1,张伟,,3,13491000007\n"
	    "C2,李娜,,,13491000002\nC3,王芳,,,\nC1,张伟,,3,13491000008\n");
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
	one_primary(PRIMARY_IS("0008"), 0, 1);
}
END_TEST

START_TEST(the_database_refuses_a_second_one_whoever_writes)
{
	put_customers();
	ck_assert_int_eq(
	    db_script(t.db,
		"INSERT INTO contact_point (bucket, customer_id, kind, phone_sealed, "
		"phone_index, phone_mask, is_primary, updated_at) SELECT bucket, "
		"customer_id, 'mobile', 'x', 'x', 'x', true, now() FROM customer WHERE "
		"ref = 'C1'",
		&err),
	    STW_CONFLICT);
	ck_assert_int_eq(number(PRIMARIES), 2);
}
END_TEST

/* What 0043_one_primary made, taken away again. */
#define BEFORE_0043                                                                  \
	"DROP VIEW import_run_now; DROP FUNCTION import_session_lives; ALTER TABLE " \
	"import_run DROP COLUMN backend_pid; DROP INDEX contact_point_primary_idx; " \
	"DROP TRIGGER contact_point_primary ON contact_point; DROP FUNCTION "        \
	"contact_point_primary; ALTER TABLE contact_point_event DROP COLUMN "        \
	"primary_now;"

/* A file of the source tree, from whose top tests run. */
static char *
source_text(const char *path)
{
	enum { MOST = 65536 };
	char *text = calloc(1, MOST);
	FILE *file = fopen(path, "re");

	ck_assert_ptr_nonnull(text);
	ck_assert_msg(file != NULL, "%s is not there", path);
	ck_assert(fread(text, 1, MOST - 1, file) < MOST - 1);
	ck_assert_int_eq(fclose(file), 0);
	return text;
}

START_TEST(a_database_that_holds_two_is_healed_and_the_newest_wins)
{
	char *migration = source_text("db/migrations/0043_one_primary.sql");

	put_customers();
	test_db_tamper(&t, BEFORE_0043
	    "INSERT INTO contact_point (bucket, customer_id, kind, phone_sealed, "
	    "phone_index, phone_mask, is_primary, updated_at) SELECT bucket, "
	    "customer_id, 'mobile', 'x', sha256(n::text::bytea), '134****000' || n, true, "
	    "timestamptz '2026-11-20' + n % 5 * interval '1 day' FROM customer, "
	    "generate_series(3, 5) n WHERE ref = 'C1'");
	ck_assert_int_eq(number(PRIMARIES), 5);
	test_db_tamper(&t, migration);
	free(migration);
	/* of the 20th, 23rd and 24th of November, and one of the import's 23rd */
	one_primary(PRIMARY_IS("0004"), 0, 3);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(
	    tc, the_number_named_last_is_the_primary_one_and_the_older_one_was);
	tcase_add_test(tc, of_two_primary_numbers_in_one_file_the_later_row_wins);
	tcase_add_test(tc, parts_of_a_file_agree_on_one_primary_number);
	tcase_add_test(tc, a_customer_row_with_another_number_moves_the_primary_one);
	tcase_add_test(tc, the_database_refuses_a_second_one_whoever_writes);
	tcase_add_test(tc, a_database_that_holds_two_is_healed_and_the_newest_wins);
}

int
main(void)
{
	return import_test_main("import_primary", add);
}
