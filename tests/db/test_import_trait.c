/* Files of fed traits: values of every type, put and removed; what is not there is named. */
#include <string.h>

#include "segments/book_store.h"
#include "segments/trait_store.h"
#include "tests/lib/import_world.h"

#define TRAITS(rest, columns)                                                 \
	HEAD("scores")                                                        \
	"{\"file\": \"s.csv\", \"target\": \"trait\", " rest "\"columns\": {" \
	"\"customer\": \"row.id\", " columns "}}]}"
#define ALL                                                                 \
	"\"flag\": \"row.f\", \"score\": \"row.s\", \"share\": \"row.d\", " \
	"\"band\": \"row.b\", \"review\": \"row.r\", \"seen\": \"row.t\", " \
	"\"limit_fen\": \"row.m\""

static void
add_trait(const char *name, enum col_type type)
{
	const struct trait trait = {.of = "customer",
	    .name = name,
	    .type = type,
	    .source = "feed",
	    .sensitivity = TRAIT_ORDINARY,
	    .zh = "自有",
	    .en = "own",
	    .own = true};
	int version;

	ck_assert_msg(
	    trait_store_save(t.db, &trait, "ann", AS_OF, &version, &err) == STW_OK,
	    "%s", err.text);
}

static void
add_all(void)
{
	static const struct {
		const char *name;
		enum col_type type;
	} traits[] = {{"flag", COL_BOOL}, {"score", COL_INT}, {"share", COL_DOUBLE},
	    {"band", COL_STRING}, {"review", COL_DATE}, {"seen", COL_TIMESTAMP},
	    {"limit_fen", COL_MONEY}};

	put_customers();
	for (size_t i = 0; i < STW_ARRAY_LEN(traits); i++)
		add_trait(traits[i].name, traits[i].type);
	put("mapping.json", TRAITS("", ALL));
}

static void
ck_run(void)
{
	ck_assert_msg(run(0, NULL) == STW_OK, "%s", err.text);
}

/* Counted as N new, changed, as they were. */
static void
ck_counts(int64_t inserted, int64_t updated, int64_t same)
{
	ck_assert_int_eq(result.inserted, inserted);
	ck_assert_int_eq(result.updated, updated);
	ck_assert_int_eq(result.same, same);
}

START_TEST(values_of_every_type_arrive)
{
	add_all();
	put("s.csv", "id,f,s,d,b,r,t,m\n"
		     "C1,true,7,0.25,高,2026-12-01,2026-11-01T00:00:00Z,12.34\n"
		     "C2,,,1e-3,,,,\nC3,,,,,,,\n");
	ck_run();
	ck_counts(2, 0, 1);
	ck_assert_int_eq(number("SELECT count(*) FROM trait_value"), 8);
	ck_assert_int_eq(number("SELECT sum(whole) FROM trait_value"), 1 + 7 + 1234);
	ck_assert_int_eq(
	    number("SELECT (sum(real) * 1000)::bigint FROM trait_value"), 251);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM trait_value WHERE text = '高' OR day = "
		   "'2026-12-01' OR at = '2026-11-01T00:00:00Z'"),
	    3);
	ck_assert_int_eq(number("SELECT count(*) FROM trait_feed WHERE source = "
				"'import:scores' AND fed_at = "
				"'2026-11-23T02:00:00Z'"),
	    7);
}
END_TEST

START_TEST(a_second_file_writes_only_what_is_another_value)
{
	int64_t kept;

	add_all();
	put("s.csv", "id,f,s,d,b,r,t,m\nC1,true,7,0.25,a,,,\nC2,,8,,,,,\nC3,,9,,,,,\n");
	ck_run();
	kept = number(
	    "SELECT sum(v.xmin::text::bigint) FROM trait_value v JOIN customer c "
	    "USING (bucket, customer_id) WHERE c.ref <> 'C3'");
	/* C1 says the same in another form, C2 too; C3 has another score. */
	put("s.csv",
	    "id,f,s,d,b,r,t,m\nC1,yes,7,2.5e-1,a,,,\nC2,,8,,,,,\nC3,,10,,,,,\n");
	ck_run();
	ck_counts(0, 1, 2);
	ck_assert_int_eq(
	    number(
		"SELECT sum(v.xmin::text::bigint) FROM trait_value v JOIN customer c "
		"USING (bucket, customer_id) WHERE c.ref <> 'C3'"),
	    kept);
	/* A cell without a value removes it; the later of two rows counts. */
	put("s.csv", "id,f,s,d,b,r,t,m\nC3,,1,,,,,\nC3,,11,,,,,\nC1,,7,0.25,a,,,\n");
	ck_run();
	ck_assert_int_eq(number("SELECT count(*) FROM trait_value"), 5);
	ck_assert_int_eq(number("SELECT max(whole) FROM trait_value"), 11);
	ck_counts(0, 2, 1);
}
END_TEST

START_TEST(a_snapshot_takes_the_values_of_those_it_does_not_have)
{
	add_all();
	put("s.csv", "id,f,s,d,b,r,t,m\nC1,,1,,x,,,\nC2,,2,,,,,\nC3,,3,,,,,\n");
	ck_run();
	put("mapping.json", TRAITS("\"mode\": \"snapshot\", ", "\"score\": \"row.s\""));
	put("s.csv", "id,s\nC2,2\n");
	/* Two of three is more than the limit of 10 %. */
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "2 of 3 open rows"));
	ck_assert_int_eq(number("SELECT count(*) FROM trait_value"), 4);
	ck_assert_int_eq(run_with((struct import_opts){.close_all = true}), STW_OK);
	ck_assert_int_eq(result.closed, 2);
	/* Of its own traits only: C1 keeps the band. */
	ck_assert_int_eq(number("SELECT count(*) FROM trait_value"), 2);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM trait_value WHERE text = 'x'"), 1);
}
END_TEST

/* The feed is what gets old, not the values: the same file again is a feed. */
START_TEST(the_same_file_again_is_a_feed)
{
	static const char fed[] =
	    "SELECT extract(epoch FROM max(fed_at))::bigint FROM trait_feed";
	struct import_opts later = {.dir = dir, .as_of = AS_OF + 3 * STW_USEC_HOUR};

	add_all();
	put("s.csv", "id,f,s,d,b,r,t,m\nC1,,1,,,,,\n");
	ck_run();
	ck_assert_int_eq(number(fed), AS_OF / STW_USEC_SEC);
	later.dry_run = true;
	ck_assert_int_eq(import_run(t.db, keys, &later, &result, &err), STW_OK);
	ck_assert_int_eq(number(fed), AS_OF / STW_USEC_SEC);
	later.dry_run = false;
	ck_assert_int_eq(import_run(t.db, keys, &later, &result, &err), STW_OK);
	ck_assert(result.unchanged);
	ck_assert_int_eq(number(fed), AS_OF / STW_USEC_SEC + 3 * 3600);
}
END_TEST

/* mapping, text, message */
static const struct {
	const char *mapping, *text, *want;
} wrong[] = {
    {TRAITS("", "\"scoer\": \"row.s\""), "id,s\nC1,1\n",
	"files[0].columns.scoer: the bank has no fed trait 'scoer'"},
    {TRAITS("", "\"aum\": \"row.s\""), "id,s\nC1,1\n",
	"files[0].columns.aum: the bank has no fed trait 'aum'"},
    {TRAITS("", "\"Score\": \"row.s\""), "id,s\nC1,1\n",
	"files[0].columns: 'Score' is no name of a trait"},
    {TRAITS("\"mode\": \"delete\", ", "\"score\": \"row.s\""), "id,s\nC1,1\n",
	"files[0].mode: trait has no delete"},
    {HEAD("s") "{\"file\": \"s.csv\", \"target\": \"trait\", \"columns\": {"
	       "\"customer\": \"row.id\"}}]}",
	"id,s\nC1,1\n", "files[0].columns: trait needs a column for a fed trait"},
    {HEAD("s") "{\"file\": \"s.csv\", \"target\": \"trait\", \"columns\": {"
	       "\"score\": \"row.s\"}}]}",
	"id,s\nC1,1\n", "files[0].columns: trait needs the column 'customer'"},
    {TRAITS("", "\"score\": \"row.s\""), "id,s\nC1,1.5\n",
	"s.csv:2: column score: wants an int"},
    {TRAITS("", "\"share\": \"row.s\""), "id,s\nC1,nan\n",
	"s.csv:2: column share: wants a double"},
    {TRAITS("", "\"share\": \"row.s\""), "id,s\nC1,1e999\n",
	"s.csv:2: column share: wants a double"},
    {TRAITS("", "\"score\": \"row.s == 'a'\""), "id,s\nC1,a\n",
	"files[0].columns.score: 1:1: the expression gives bool, the column wants an int"},
    {TRAITS("", "\"score\": \"row.s\""), "id,s\nC9,1\n",
	"s.csv:2: column customer: no customer has this reference"},
};

START_TEST(what_is_wrong_is_named_and_nothing_stays)
{
	add_all();
	put("mapping.json", wrong[_i].mapping);
	put("s.csv", wrong[_i].text);
	ck_assert_int_eq(run(0, NULL), STW_INVALID);
	ck_assert_msg(strstr(err.text, wrong[_i].want) == err.text, " got %s\nwant %s",
	    err.text, wrong[_i].want);
	ck_assert_int_eq(number("SELECT count(*) FROM trait_value"), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM trait_feed"), 0);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, values_of_every_type_arrive);
	tcase_add_test(tc, a_second_file_writes_only_what_is_another_value);
	tcase_add_test(tc, a_snapshot_takes_the_values_of_those_it_does_not_have);
	tcase_add_test(tc, the_same_file_again_is_a_feed);
	tcase_add_loop_test(
	    tc, what_is_wrong_is_named_and_nothing_stays, 0, (int)STW_ARRAY_LEN(wrong));
}

int
main(void)
{
	return import_test_main("import_trait", add);
}
