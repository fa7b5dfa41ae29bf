/* A bank's own traits in the database, limits of data, and looks at a loaded book. */
#include <string.h>

#include <check.h>

#include "segments/book_store.h"
#include "segments/lifecycle_store.h"
#include "segments/segment_store.h"
#include "segments/trait_quality_store.h"
#include "segments/trait_store.h"
#include "tests/lib/book_world.h"
#include "tests/lib/cluster.h"

static struct test_db t;
static struct arena arena;
static struct stw_err err;

/* A hundred customers; every tenth without a tier. */
static const char fixture[] =
    "INSERT INTO customer (bucket, customer_id, ref, tier, opened_on, updated_at) "
    "SELECT get_byte(sha256(('k' || n)::bytea), 0), n, 'k' || n, "
    "  CASE WHEN n % 10 <> 0 THEN 'gold' END, '2026-01-27', '2026-01-01' "
    "  FROM generate_series(1, 100) AS n;";

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

static struct trait
own(const char *name, enum col_type type, const char *rule)
{
	return (struct trait){.of = "customer",
	    .name = name,
	    .type = type,
	    .source = "derived",
	    .sensitivity = TRAIT_ORDINARY,
	    .zh = "自有",
	    .en = "own",
	    .rule = rule,
	    .own = true};
}

static enum stw_code
try_save(const char *name, enum col_type type, const char *rule, int *version)
{
	struct trait trait = own(name, type, rule);

	return trait_store_save(t.db, &trait, "ann", WORLD_NOW, version, &err);
}

static int
save(const char *name, enum col_type type, const char *rule)
{
	int version = 0;

	ck_ok(try_save(name, type, rule, &version));
	return version;
}

/* ---- traits ------------------------------------------------------------------------------ */
START_TEST(an_own_trait_is_in_every_book_from_then_on)
{
	struct book *book;

	ck_assert_int_eq(save("days", COL_INT, "customer.tenure_days + 1"), 1);
	ck_assert_int_eq(save("days", COL_INT, "customer.tenure_days + 1"), 1);
	ck_assert_int_eq(save("days", COL_INT, "customer.tenure_days + 2"), 2);
	ck_ok(book_load(t.db, WORLD_NOW, NULL, &book, &err));
	ck_assert_str_eq(world_cell(book, "days", 0), "302");
	book_free(book);
	ck_ok(book_load_blank(t.db, WORLD_NOW, &book, &err));
	ck_assert_int_ge(table_find_column(book->customers, "days"), 0);
	book_free(book);
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM ledger_outbox "
					    "WHERE kind = 'rule_change'"),
	    2);
}
END_TEST

START_TEST(what_others_stand_on_stays)
{
	const struct segment_def def = {.code = "long_here",
	    .name_zh = "x",
	    .name_en = "x",
	    .rule = "customer.days > 5"};
	int version;

	(void)save("days", COL_INT, "customer.tenure_days + 1");
	ck_ok(segment_store_save(t.db, &def, "ann", WORLD_NOW, &version, &err));
	ck_assert_int_eq(
	    trait_store_retire(t.db, "days", "ann", WORLD_NOW, &err), STW_CONFLICT);
	ck_assert_msg(strstr(err.text, "segment long_here") != NULL, "%s", err.text);
	/* Nor may it become something else under them. */
	ck_assert_int_eq(
	    try_save("days", COL_STRING, "customer.tier", &version), STW_CONFLICT);
	ck_ok(segment_store_retire(t.db, "long_here", "ann", WORLD_NOW, &err));
	ck_ok(trait_store_retire(t.db, "days", "ann", WORLD_NOW, &err));
	ck_ok(trait_store_retire(t.db, "days", "ann", WORLD_NOW, &err));
	ck_assert_int_eq(
	    try_save("days", COL_INT, "customer.tenure_days", &version), STW_CONFLICT);
	ck_assert_int_eq(
	    trait_store_retire(t.db, "none", "ann", WORLD_NOW, &err), STW_NOT_FOUND);
}
END_TEST

static const struct {
	const char *name, *rule;
	enum col_type type;
	const char *want;
} refused[] = {
    {"aum", "customer.idle_cash", COL_MONEY, "built-in"},
    {"x", "customer.nix", COL_INT, "no field 'nix'"},
    {"x", "customer.tier", COL_INT, "int"},
    {"x", "customer.x + 1", COL_INT, "x -> x"},
    {"x", "1 +", COL_INT, "trait customer.x"},
};

START_TEST(what_cannot_be_a_trait_is_refused)
{
	int version;

	ck_assert_int_eq(
	    try_save(refused[_i].name, refused[_i].type, refused[_i].rule, &version),
	    STW_INVALID);
	ck_assert_msg(strstr(err.text, refused[_i].want) != NULL, "%s", err.text);
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM trait"), 0);
}
END_TEST

/* ---- the data ------------------------------------------------------------------------------ */
static struct trait_quality
refresh(stw_usec now, const char *name)
{
	struct trait_catalogue catalogue;
	struct trait_quality *items;
	struct book_parts parts;
	struct book *book;
	int n;

	ck_ok(book_load(t.db, now, NULL, &book, &err));
	parts = book_parts_of(book);
	ck_ok(trait_store_catalogue(t.db, &arena, &catalogue, &err));
	ck_ok(trait_quality_refresh(
	    t.db, &parts, &catalogue, now, true, &arena, &items, &n, &err));
	book_free(book);
	ck_ok(trait_quality_list(t.db, &arena, &items, &n, &err));
	for (int i = 0; i < n; i++)
		if (strcmp(items[i].name, name) == 0)
			return items[i];
	ck_abort_msg("%s was not looked at", name);
	return (struct trait_quality){0};
}

static void
limit_tier(int max_missing_bp, int max_rise_bp, int max_drift)
{
	const struct trait_limits limits = {
	    max_missing_bp, max_rise_bp, max_drift, TRAIT_NO_LIMIT};

	ck_ok(trait_limits_change(
	    t.db, "customer", "tier", &limits, "comp", WORLD_NOW, &err));
}

START_TEST(a_breach_begins_goes_on_and_ends)
{
	struct trait_quality q;

	limit_tier(2000, TRAIT_NO_LIMIT, TRAIT_NO_LIMIT);
	q = refresh(WORLD_NOW, "tier");
	ck_assert_int_eq(q.finding.breach, TRAIT_GOOD);
	ck_assert_int_eq(q.look.total, 100);
	ck_assert_int_eq(q.look.missing, 10);
	test_db_tamper(&t, "UPDATE customer SET tier = NULL WHERE customer_id <= 50");
	q = refresh(WORLD_NOW + 1, "tier");
	ck_assert_int_eq(q.finding.breach, TRAIT_MISSING);
	ck_assert_int_eq(q.finding.measured, 5500);
	ck_assert_int_eq(q.since, WORLD_NOW + 1);
	q = refresh(WORLD_NOW + 2, "tier");
	ck_assert_int_eq(q.since, WORLD_NOW + 1);
	test_db_tamper(&t, "UPDATE customer SET tier = 'gold'");
	q = refresh(WORLD_NOW + 3, "tier");
	ck_assert_int_eq(q.finding.breach, TRAIT_GOOD);
	ck_assert_int_eq(q.since, STW_USEC_NEVER);
}
END_TEST

START_TEST(a_sudden_change_is_held_against_the_baseline)
{
	struct trait_quality q;

	limit_tier(TRAIT_NO_LIMIT, 1000, 250);
	(void)refresh(WORLD_NOW, "tier");
	test_db_tamper(&t, "UPDATE customer SET tier = NULL WHERE customer_id <= 15");
	q = refresh(WORLD_NOW + 1, "tier");
	ck_assert_int_eq(q.finding.breach, TRAIT_RISE);
	test_db_tamper(&t, "UPDATE customer SET tier = 'silver'");
	q = refresh(WORLD_NOW + 2, "tier");
	ck_assert_int_eq(q.finding.breach, TRAIT_DRIFT);
	ck_assert_int_eq(q.base_at, WORLD_NOW);
	/* Somebody says that this is how it should be. */
	ck_ok(trait_quality_accept(t.db, "customer", "tier", "comp", WORLD_NOW, &err));
	q = refresh(WORLD_NOW + 3, "tier");
	ck_assert_int_eq(q.finding.breach, TRAIT_GOOD);
	ck_assert_int_eq(q.base_at, WORLD_NOW + 3);
	/* A good baseline is renewed after a week, not before. */
	q = refresh(WORLD_NOW + 6 * STW_USEC_DAY, "tier");
	ck_assert_int_eq(q.base_at, WORLD_NOW + 3);
	q = refresh(WORLD_NOW + 8 * STW_USEC_DAY, "tier");
	ck_assert_int_eq(q.base_at, WORLD_NOW + 8 * STW_USEC_DAY);
}
END_TEST

static struct trait_limits
keep(void)
{
	return (struct trait_limits){
	    TRAIT_KEEP_LIMIT, TRAIT_KEEP_LIMIT, TRAIT_KEEP_LIMIT, TRAIT_KEEP_LIMIT};
}

static void
ck_limits(int max_missing_bp, int max_rise_bp, int max_drift)
{
	struct trait_quality q;

	ck_ok(trait_quality_get(t.db, "customer", "tier", &arena, &q, &err));
	ck_assert_int_eq(q.limits.max_missing_bp, max_missing_bp);
	ck_assert_int_eq(q.limits.max_rise_bp, max_rise_bp);
	ck_assert_int_eq(q.limits.max_drift, max_drift);
	ck_assert_int_eq(q.limits.max_age_hours, TRAIT_NO_LIMIT);
}

START_TEST(only_the_limits_that_are_named_change)
{
	static const char entries[] =
	    "SELECT count(*) FROM ledger_outbox WHERE kind = 'rule_change'";
	struct trait_limits change = keep();
	int64_t before;

	limit_tier(500, 200, TRAIT_NO_LIMIT);
	change.max_drift = 250;
	ck_ok(trait_limits_change(
	    t.db, "customer", "tier", &change, "c", WORLD_NOW, &err));
	ck_limits(500, 200, 250);
	change = keep();
	change.max_missing_bp = TRAIT_NO_LIMIT;
	ck_ok(trait_limits_change(
	    t.db, "customer", "tier", &change, "c", WORLD_NOW, &err));
	ck_limits(TRAIT_NO_LIMIT, 200, 250);
	before = test_db_number(&t, entries);
	change = keep();
	ck_ok(trait_limits_change(
	    t.db, "customer", "tier", &change, "c", WORLD_NOW, &err));
	ck_limits(TRAIT_NO_LIMIT, 200, 250);
	ck_assert_int_eq(test_db_number(&t, entries), before);
	/* The first change of a trait: what is not named is no limit. */
	change.max_age_hours = 36;
	ck_ok(trait_limits_change(
	    t.db, "transactions", "at", &change, "c", WORLD_NOW, &err));
}
END_TEST

START_TEST(what_has_no_age_gets_no_limit_on_it)
{
	struct trait_limits change = keep();

	change.max_age_hours = 36;
	ck_assert_int_eq(trait_limits_change(
			     t.db, "customer", "tier", &change, "c", WORLD_NOW, &err),
	    STW_INVALID);
	ck_assert_str_eq(err.text, "max_age_hours: customer.tier has no age; dates, "
				   "timestamps and fed traits have one");
	ck_ok(trait_limits_change(
	    t.db, "customer", "opened_on", &change, "c", WORLD_NOW, &err));
	change.max_age_hours = TRAIT_NO_LIMIT;
	ck_ok(trait_limits_change(
	    t.db, "customer", "tier", &change, "c", WORLD_NOW, &err));
}
END_TEST

START_TEST(limits_are_of_traits_that_exist_and_can_be)
{
	struct trait_limits limits = {
	    TRAIT_NO_LIMIT, TRAIT_NO_LIMIT, TRAIT_NO_LIMIT, TRAIT_NO_LIMIT};
	struct trait_quality q;

	ck_assert_int_eq(
	    trait_limits_change(t.db, "customer", "nix", &limits, "c", WORLD_NOW, &err),
	    STW_NOT_FOUND);
	limits.max_missing_bp = 10001;
	ck_assert_int_eq(trait_limits_change(
			     t.db, "customer", "tier", &limits, "c", WORLD_NOW, &err),
	    STW_INVALID);
	ck_assert_int_eq(
	    trait_quality_accept(t.db, "customer", "tier", "c", WORLD_NOW, &err),
	    STW_NOT_FOUND);
	ck_ok(trait_quality_get(t.db, "holdings", "amount", &arena, &q, &err));
	ck_assert_int_eq(q.checked_at, STW_USEC_NEVER);
	ck_assert_int_eq(trait_quality_get(t.db, "holdings", "nix", &arena, &q, &err),
	    STW_NOT_FOUND);
}
END_TEST

START_TEST(an_own_trait_that_nobody_has_is_a_breach)
{
	struct trait_quality q;

	(void)save("late", COL_DATE, "customer.closed_on");
	q = refresh(WORLD_NOW, "late");
	ck_assert_int_eq(q.finding.breach, TRAIT_EMPTY);
	test_db_tamper(
	    &t, "UPDATE customer SET closed_on = '2026-11-01' WHERE customer_id = 7");
	q = refresh(WORLD_NOW + 1, "late");
	ck_assert_int_eq(q.finding.breach, TRAIT_GOOD);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trait_store");
	TCase *tc = tcase_create("trait_store");
	SRunner *r;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_own_trait_is_in_every_book_from_then_on);
	tcase_add_test(tc, what_others_stand_on_stays);
	tcase_add_loop_test(
	    tc, what_cannot_be_a_trait_is_refused, 0, (int)STW_ARRAY_LEN(refused));
	tcase_add_test(tc, a_breach_begins_goes_on_and_ends);
	tcase_add_test(tc, a_sudden_change_is_held_against_the_baseline);
	tcase_add_test(tc, only_the_limits_that_are_named_change);
	tcase_add_test(tc, what_has_no_age_gets_no_limit_on_it);
	tcase_add_test(tc, limits_are_of_traits_that_exist_and_can_be);
	tcase_add_test(tc, an_own_trait_that_nobody_has_is_a_breach);
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
