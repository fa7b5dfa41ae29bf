/* Fed traits: their values in the database, in a book, and what is expected of them. */
#include <string.h>

#include <check.h>

#include "segments/book_store.h"
#include "segments/segment_store.h"
#include "segments/trait_quality_store.h"
#include "segments/trait_value_store.h"
#include "tests/lib/book_world.h"
#include "tests/lib/cluster.h"

static struct test_db t;
static struct arena arena;
static struct stw_err err;

static const char fixture[] =
    "INSERT INTO customer (bucket, customer_id, ref, opened_on, updated_at) "
    "SELECT get_byte(sha256(('k' || n)::bytea), 0), n, 'k' || n, '2026-01-27', "
    "  '2026-01-01' FROM generate_series(1, 20) AS n;"
    "INSERT INTO customer (bucket, customer_id, ref, updated_at, erased_at) "
    "VALUES (get_byte(sha256('gone'::bytea), 0), 99, 'gone', '2026-01-01', "
    "  '2026-02-01');";

static void
setup(void)
{
	test_db_open(&t);
	test_db_tamper(&t, fixture);
	arena_init(&arena);
	err = (struct stw_err){0};
}

static void
teardown(void)
{
	arena_fini(&arena);
	test_db_close(&t);
}

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

static enum stw_code
try_save(const char *name, enum col_type type, const char *rule)
{
	const struct trait trait = {.of = "customer",
	    .name = name,
	    .type = type,
	    .source = rule == NULL ? "feed" : "derived",
	    .sensitivity = TRAIT_ORDINARY,
	    .zh = "自有",
	    .en = "own",
	    .rule = rule,
	    .own = true};
	int version;

	return trait_store_save(t.db, &trait, "ann", WORLD_NOW, &version, &err);
}

static int64_t
add(const char *name, enum col_type type)
{
	struct trait_info info;

	ck_ok(try_save(name, type, NULL));
	ck_ok(trait_store_get(t.db, name, &arena, &info, &err));
	ck_assert(trait_is_fed(&info.trait));
	ck_assert_int_eq(info.trait.fed_at, STW_USEC_NEVER);
	return info.trait_id;
}

static void
put_at(const struct trait_value *values, size_t count, stw_usec now,
    enum trait_value_fate *fates)
{
	ck_ok(db_begin(t.db, &err));
	ck_ok(trait_values_put(t.db, values, count, "test", now, fates, &err));
	ck_ok(db_commit(t.db, &err));
}

static enum trait_value_fate
put(const char *ref, int64_t trait_id, const char *text)
{
	const struct trait_value value = {str_of(ref), trait_id, str_of(text)};
	enum trait_value_fate fate;

	put_at(&value, 1, WORLD_NOW, &fate);
	return fate;
}

/* ---- values ---------------------------------------------------------------------------- */
/* type, as it is put, as it comes back, as the book has it */
static const struct {
	enum col_type type;
	const char *put, *held, *cell;
} forms[] = {
    {COL_BOOL, "true", "true", "true"},
    {COL_BOOL, "false", "false", "false"},
    {COL_INT, "-9223372036854775808", "-9223372036854775808", "-9223372036854775808"},
    {COL_DOUBLE, "0.10000000000000001", "0.10000000000000001", "0.10000000000000001"},
    {COL_STRING, "高", "高", "高"},
    {COL_DATE, "2028-02-29", "2028-02-29", "2028-02-29"},
    {COL_TIMESTAMP, "2026-11-23T02:00:00.000001Z", "2026-11-23T02:00:00.000001Z",
	"1795399200000001"},
    {COL_MONEY, "123456", "123456", "123456"},
};

START_TEST(a_value_comes_back_as_it_was_put_and_is_in_the_book)
{
	int64_t id = add("fed", forms[_i].type);
	struct trait_held *held;
	struct book *book;
	size_t row;
	int n;

	ck_assert_int_eq(put("k7", id, forms[_i].put), TRAIT_VALUE_STORED);
	ck_assert_int_eq(put("k7", id, forms[_i].put), TRAIT_VALUE_SAME);
	ck_ok(trait_values_get(
	    t.db, customer_bucket(STR_LIT("k7")), 7, &arena, &held, &n, &err));
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(held[0].name, "fed");
	ck_assert_str_eq(held[0].text, forms[_i].held);
	ck_ok(book_load(t.db, WORLD_NOW, NULL, &book, &err));
	row = book_find_ref(book, STR_LIT("k7"));
	ck_assert_str_eq(world_cell(book, "fed", row), forms[_i].cell);
	ck_assert_str_eq(
	    world_cell(book, "fed", book_find_ref(book, STR_LIT("k8"))), "-");
	book_free(book);
	ck_assert_int_eq(put("k7", id, ""), TRAIT_VALUE_REMOVED);
	ck_assert_int_eq(put("k7", id, ""), TRAIT_VALUE_SAME);
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM trait_value"), 0);
}
END_TEST

START_TEST(each_value_of_a_list_has_its_fate)
{
	int64_t score = add("score", COL_INT), band = add("band", COL_STRING);
	const struct trait_value values[] = {{STR_LIT("k1"), score, STR_LIT("1")},
	    {STR_LIT("nobody"), score, STR_LIT("1")},
	    {STR_LIT("gone"), score, STR_LIT("1")}, {STR_LIT("k2"), band, STR_LIT("a")},
	    {STR_LIT("k1"), score, STR_LIT("2")}, {STR_LIT("k3"), band, STR_LIT("")}};
	static const enum trait_value_fate want[] = {TRAIT_VALUE_SAME,
	    TRAIT_VALUE_UNKNOWN, TRAIT_VALUE_UNKNOWN, TRAIT_VALUE_STORED,
	    TRAIT_VALUE_STORED, TRAIT_VALUE_SAME};
	enum trait_value_fate fates[STW_ARRAY_LEN(values)];

	put_at(values, STW_ARRAY_LEN(values), WORLD_NOW, fates);
	for (size_t i = 0; i < STW_ARRAY_LEN(want); i++)
		ck_assert_msg(fates[i] == want[i], "%zu: %d", i, (int)fates[i]);
	ck_assert_int_eq(test_db_number(&t, "SELECT whole FROM trait_value "
					    "WHERE customer_id = 1"),
	    2);
}
END_TEST

/* A feed that brings the same again leaves no dead row and sends no change. */
START_TEST(the_same_again_writes_nothing)
{
	int64_t id = add("score", COL_INT);
	int64_t before;

	ck_assert_int_eq(put("k1", id, "5"), TRAIT_VALUE_STORED);
	before = test_db_number(&t, "SELECT xmin::text::bigint FROM trait_value");
	ck_assert_int_eq(put("k1", id, "5"), TRAIT_VALUE_SAME);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT xmin::text::bigint FROM trait_value"), before);
}
END_TEST

/* ---- the catalogue --------------------------------------------------------------------- */
START_TEST(a_fed_trait_stays_what_it_is)
{
	(void)add("score", COL_INT);
	ck_assert_int_eq(try_save("score", COL_DOUBLE, NULL), STW_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "fed with values of type int"));
	ck_assert_int_eq(try_save("score", COL_INT, "1"), STW_CONFLICT);
	ck_ok(try_save("ruled", COL_INT, "1"));
	ck_assert_int_eq(try_save("ruled", COL_INT, NULL), STW_CONFLICT);
	ck_assert_int_eq(try_save("aum", COL_MONEY, NULL), STW_INVALID);
}
END_TEST

START_TEST(rules_may_use_it_before_the_first_feed)
{
	const struct segment_def def = {.code = "high",
	    .name_zh = "x",
	    .name_en = "x",
	    .rule = "customer.score > 5 && customer.twice > 10"};
	int version;

	(void)add("score", COL_INT);
	ck_ok(try_save("twice", COL_INT, "customer.score * 2"));
	ck_ok(segment_store_save(t.db, &def, "ann", WORLD_NOW, &version, &err));
	ck_assert_int_eq(
	    trait_store_retire(t.db, "score", "ann", WORLD_NOW, &err), STW_CONFLICT);
}
END_TEST

START_TEST(the_values_of_a_retired_trait_go)
{
	int64_t score = add("score", COL_INT), other = add("other", COL_INT);

	ck_assert_int_eq(put("k1", score, "5"), TRAIT_VALUE_STORED);
	ck_assert_int_eq(put("k1", other, "6"), TRAIT_VALUE_STORED);
	ck_ok(trait_store_retire(t.db, "score", "ann", WORLD_NOW, &err));
	ck_assert_int_eq(test_db_number(&t, "SELECT sum(whole) FROM trait_value"), 6);
	ck_assert_int_eq(put("k1", score, "5"), TRAIT_VALUE_UNKNOWN);
}
END_TEST

START_TEST(an_erasure_takes_the_values_along)
{
	int64_t score = add("score", COL_INT);
	const struct db_param who[] = {
	    db_i64(customer_bucket(STR_LIT("k1"))), db_i64(1)};

	ck_assert_int_eq(put("k1", score, "5"), TRAIT_VALUE_STORED);
	ck_assert_int_eq(put("k2", score, "6"), TRAIT_VALUE_STORED);
	ck_ok(db_exec(t.db, DB_Q_ERASE_ROWS, who, DB_NPARAMS(who), NULL, &err));
	ck_assert_int_eq(test_db_number(&t, "SELECT sum(whole) FROM trait_value"), 6);
}
END_TEST

/* A book of another currency than the values: refused, not read wrong. */
START_TEST(money_in_another_currency_than_the_book_is_named)
{
	struct book *book = NULL;

	(void)add("limit", COL_MONEY);
	test_db_tamper(&t, "INSERT INTO setting VALUES ('currency', 'EUR')");
	ck_assert_int_eq(book_load(t.db, WORLD_NOW, NULL, &book, &err), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "customer.limit is fed in CNY"));
}
END_TEST

/* ---- is it good enough? ---------------------------------------------------------------- */
static struct trait_quality
look(stw_usec now)
{
	struct trait_catalogue catalogue;
	struct trait_quality *looks;
	struct book_parts parts;
	struct book *book;
	int n;

	ck_ok(trait_store_catalogue(t.db, &arena, &catalogue, &err));
	ck_ok(book_load(t.db, now, NULL, &book, &err));
	parts = book_parts_of(book);
	ck_ok(trait_quality_refresh(
	    t.db, &parts, &catalogue, now, true, &arena, &looks, &n, &err));
	book_free(book);
	for (int i = 0; i < n; i++)
		if (strcmp(looks[i].name, "score") == 0)
			return looks[i];
	ck_abort_msg("nobody looked");
}

START_TEST(a_feed_that_does_not_come_any_more_is_stale)
{
	const struct trait_limits limits = {
	    TRAIT_NO_LIMIT, TRAIT_NO_LIMIT, TRAIT_NO_LIMIT, 24};
	const struct trait_limits all_may_lack = {
	    10000, TRAIT_NO_LIMIT, TRAIT_NO_LIMIT, 24};
	int64_t id = add("score", COL_INT);
	const struct trait_value value = {STR_LIT("k1"), id, STR_LIT("5")};
	enum trait_value_fate fate;

	ck_ok(trait_limits_change(
	    t.db, "customer", "score", &all_may_lack, "ann", WORLD_NOW, &err));
	ck_assert_int_eq(look(WORLD_NOW).finding.breach, TRAIT_EMPTY);
	ck_ok(trait_limits_change(
	    t.db, "customer", "score", &limits, "ann", WORLD_NOW, &err));
	put_at(&value, 1, WORLD_NOW, &fate);
	ck_assert_int_eq(
	    look(WORLD_NOW + 24 * STW_USEC_HOUR).finding.breach, TRAIT_GOOD);
	ck_assert_int_eq(
	    look(WORLD_NOW + 25 * STW_USEC_HOUR).finding.breach, TRAIT_STALE);
	/* The same value again: nothing is written, and the feed is fresh. */
	put_at(&value, 1, WORLD_NOW + 25 * STW_USEC_HOUR, &fate);
	ck_assert_int_eq(fate, TRAIT_VALUE_SAME);
	ck_assert_int_eq(
	    look(WORLD_NOW + 25 * STW_USEC_HOUR).finding.breach, TRAIT_GOOD);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trait_value");
	TCase *tc = tcase_create("values");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_value_comes_back_as_it_was_put_and_is_in_the_book, 0,
	    (int)STW_ARRAY_LEN(forms));
	tcase_add_test(tc, each_value_of_a_list_has_its_fate);
	tcase_add_test(tc, the_same_again_writes_nothing);
	tcase_add_test(tc, a_fed_trait_stays_what_it_is);
	tcase_add_test(tc, rules_may_use_it_before_the_first_feed);
	tcase_add_test(tc, the_values_of_a_retired_trait_go);
	tcase_add_test(tc, an_erasure_takes_the_values_along);
	tcase_add_test(tc, money_in_another_currency_than_the_book_is_named);
	tcase_add_test(tc, a_feed_that_does_not_come_any_more_is_stale);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
