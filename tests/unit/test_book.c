/* The book in memory, its rule environment, and the derived traits. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "segments/trait.h"
#include "tests/lib/book_world.h"

static struct book *book;
static struct arena arena;
static struct stw_err err;

static void
setup(void)
{
	book = world_new();
	arena_init(&arena);
}

static void
teardown(void)
{
	book_free(book);
	arena_fini(&arena);
}

START_TEST(rows_are_found_by_bucket_and_id_and_by_reference)
{
	struct book *b = book_new(0, "CNY", zone_utc(), 0);
	static const struct {
		int bucket;
		int64_t id;
	} rows[] = {{0, 5}, {0, 9}, {3, 2}, {3, 4}, {255, 1}};
	char ref[8] = "r0";

	for (size_t i = 0; i < STW_ARRAY_LEN(rows); i++) {
		ck_assert_uint_eq(book_append(b, rows[i].bucket, rows[i].id), i);
		ref[1] = (char)('0' + i);
		table_set_string(b->customers, BOOK_REF, i, str_of(ref));
	}
	for (size_t i = 0; i < STW_ARRAY_LEN(rows); i++) {
		ck_assert_uint_eq(book_find(b, rows[i].bucket, rows[i].id), i);
		ck_assert_int_eq(book_bucket_of(b, i), rows[i].bucket);
		ref[1] = (char)('0' + i);
		ck_assert_uint_eq(book_find_ref(b, str_of(ref)), i);
	}
	ck_assert_uint_eq(book_find(b, 0, 6), SIZE_MAX);
	ck_assert_uint_eq(book_find(b, 1, 5), SIZE_MAX);
	ck_assert_uint_eq(book_find(b, 256, 5), SIZE_MAX);
	ck_assert_uint_eq(book_find(b, -1, 5), SIZE_MAX);
	ck_assert_uint_eq(book_find_ref(b, STR_LIT("r9")), SIZE_MAX);
	ck_assert_uint_eq(b->first[1], 2);
	ck_assert_uint_eq(b->first[4], 4);
	ck_assert_uint_eq(b->first[256], 5);
	book_free(b);
}
END_TEST

START_TEST(a_bucket_is_the_first_byte_of_the_sha_256)
{
	/* printf abc | sha256sum; printf "" | sha256sum */
	ck_assert_int_eq(customer_bucket(STR_LIT("abc")), 0xba);
	ck_assert_int_eq(customer_bucket(STR_LIT("")), 0xe3);
}
END_TEST

/* What each column of the book is, the catalogue says, and nothing else. */
START_TEST(the_catalogue_names_every_column_with_its_type)
{
	struct trait_catalogue catalogue;
	int columns = 0;

	ck_assert_int_eq(trait_catalogue_builtin(&arena, &catalogue, &err), STW_OK);
	world_derive(book);
	for (int c = -1; c < BOOK_CHILDREN; c++) {
		const struct table *t =
		    c < 0 ? book->customers : book->customers->children[c].table;
		const char *of = c < 0 ? "customer" : book->customers->children[c].name;

		for (int i = 0; i < t->ncols; i++) {
			const struct trait *trait =
			    trait_find(&catalogue, of, t->cols[i].name);

			ck_assert_msg(trait != NULL, "%s.%s is not in the catalogue",
			    of, t->cols[i].name);
			ck_assert_msg(trait->type == t->cols[i].type, "%s.%s is a %s",
			    of, t->cols[i].name, trait_type_name(t->cols[i].type));
			columns++;
		}
	}
	ck_assert_int_eq(columns, catalogue.count);
}
END_TEST

/* One customer: 10,000.00 on account, a deposit of 50,000.00 that matures in 10 days, one
 * of 20,000.00 in 40 days, one that matured yesterday, a loan. */
static const struct {
	const char *trait, *want;
} rich[] = {
    {"tenure_days", "400"},
    {"age", "-"},
    {"products_held", "4"},
    {"aum", "8100000"},
    {"debt", "30000000"},
    {"idle_cash", "1000000"},
    {"net_flow_30d", "-500000"},
    {"net_flow_90d", "-2500000"},
    {"aum_90d_ago", "10600000"},
    {"next_maturity_on", "2026-12-03"},
    {"next_maturity_amount", "5000000"},
    {"last_txn_at", "1795226400000000"},
    {"last_active_at", "1795226400000000"},
    {"last_contact_at", "1795312800000000"},
    {"calls_30d", "2"},
    {"refusals_90d", "1"},
    {"complaints_90d", "0"},
};

/* One without anything. */
static const struct {
	const char *trait, *want;
} empty[] = {
    {"tenure_days", "-"},
    {"products_held", "0"},
    {"aum", "0"},
    {"aum_90d_ago", "0"},
    {"next_maturity_on", "-"},
    {"last_txn_at", "-"},
    {"last_active_at", "-"},
    {"last_contact_at", "-"},
    {"calls_30d", "0"},
};

static void
fill(void)
{
	(void)world_add(book, "rich", 400);
	world_hold(book, "account", 1000000, WORLD_NO_MATURITY);
	world_hold(book, "deposit", 5000000, 10);
	world_hold(book, "deposit", 2000000, 40);
	world_hold(book, "deposit", 100000, -1);
	world_hold(book, "loan", 30000000, 365);
	world_move(book, "withdrawal", -9999999, 120);
	world_move(book, "withdrawal", -2000000, 60);
	world_move(book, "withdrawal", -500000, 10);
	world_move(book, "purchase", -5000000, 2);
	world_contact(book, "attempt", "no_answer", 40);
	world_contact(book, "attempt", "declined", 20);
	world_contact(book, "conversation", NULL, 1);
	(void)world_add(book, "empty", -1);
}

START_TEST(traits_of_a_customer_with_everything)
{
	fill();
	world_derive(book);
	ck_assert_msg(strcmp(world_cell(book, rich[_i].trait, 0), rich[_i].want) == 0,
	    "%s is %s", rich[_i].trait, world_cell(book, rich[_i].trait, 0));
}
END_TEST

START_TEST(traits_of_a_customer_with_nothing)
{
	fill();
	world_derive(book);
	ck_assert_msg(strcmp(world_cell(book, empty[_i].trait, 1), empty[_i].want) == 0,
	    "%s is %s", empty[_i].trait, world_cell(book, empty[_i].trait, 1));
}
END_TEST

static const struct {
	const char *name, *rule, *type, *want;
} bad_traits[] = {
    {"own name", "customer.x", "int", "in a circle: x -> x"},
    {"wrong type", "customer.ref", "int", "int"},
    {"every row fails", "int(customer.ref)", "int", "fails for every customer"},
    {"taken", "1", "int", NULL},
};

START_TEST(a_trait_that_cannot_be_is_an_error)
{
	struct trait_catalogue catalogue;
	char *json = arena_printf(&arena,
	    "{\"traits\": [{\"of\": \"customer\", \"name\": \"%s\", \"type\": \"%s\", "
	    "\"source\": \"derived\", \"sensitivity\": \"ordinary\", \"zh\": \"x\", "
	    "\"en\": \"x\", \"rule\": \"%s\"}]}",
	    strcmp(bad_traits[_i].name, "taken") == 0 ? "ref" : "x",
	    bad_traits[_i].type, bad_traits[_i].rule);

	fill();
	ck_assert_msg(
	    trait_catalogue_parse(str_of(json), &arena, &catalogue, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_int_eq(
	    traits_derive(book, &catalogue, WORLD_NOW, NULL, &err), STW_INVALID);
	if (bad_traits[_i].want != NULL)
		ck_assert_msg(strstr(err.text, bad_traits[_i].want) != NULL, "%s: %s",
		    bad_traits[_i].name, err.text);
}
END_TEST

/* Bits of validity move with their rows, also across a word of 64. */
START_TEST(child_rows_come_into_the_order_of_time)
{
	const struct table *txns = book->customers->children[BOOK_TRANSACTIONS].table;
	static const int days[] = {5, 9, 5, 1, 9, 7};
	static const int want[] = {1, 4, 5, 0, 2, 3}; /* equal days as they came */

	(void)world_add(book, "filler", 1);
	for (int i = 0; i < 61; i++)
		world_move(book, "filler", i, 1);
	(void)world_add(book, "x", 1);
	for (int i = 0; i < 6; i++) {
		struct table *t = book->customers->children[BOOK_TRANSACTIONS].table;
		size_t row = table_append(t);

		table_set_int(t, TXN_AT, row, WORLD_NOW - days[i] * STW_USEC_DAY);
		table_set_int(t, TXN_AMOUNT, row, i);
		if (i % 2 == 0)
			table_set_int(t, TXN_BALANCE, row, i);
	}
	book_end_children(book, BOOK_TRANSACTIONS, 1);
	for (size_t i = 0; i < 6; i++) {
		const struct column *balance = &txns->cols[TXN_BALANCE];

		ck_assert_int_eq(column_int(&txns->cols[TXN_AMOUNT], 61 + i), want[i]);
		ck_assert_int_eq(column_has(balance, 61 + i), want[i] % 2 == 0);
		if (want[i] % 2 == 0)
			ck_assert_int_eq(column_int(balance, 61 + i), want[i]);
	}
}
END_TEST

START_TEST(a_rule_reads_customers_and_their_lists)
{
	struct rule_eval_ctx ctx = {
	    .now = WORLD_NOW, .zone = book->zone, .arena = &arena};
	const char *text = "customer.tenure_days == 400 && "
			   "holdings.exists(h, h.kind == 'deposit' && "
			   "h.amount == money('50000')) && transactions.count() == 4";
	struct rule *rule;

	fill();
	world_derive(book);
	ck_assert_msg(
	    rule_compile(book_env(book, &arena, NULL, NULL), str_of(text),
		rule_type_basic(RULE_BOOL), NULL, &arena, &rule, &err) == STW_OK,
	    "%s", err.text);
	ctx.vars = book_vars(book, 0, &arena);
	ck_assert(rule_eval_bool(rule, &ctx, NULL));
	ctx.vars = book_vars(book, 1, &arena);
	ck_assert(!rule_eval_bool(rule, &ctx, NULL));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("book");
	TCase *tc = tcase_create("book");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rows_are_found_by_bucket_and_id_and_by_reference);
	tcase_add_test(tc, a_bucket_is_the_first_byte_of_the_sha_256);
	tcase_add_test(tc, the_catalogue_names_every_column_with_its_type);
	tcase_add_loop_test(
	    tc, traits_of_a_customer_with_everything, 0, (int)STW_ARRAY_LEN(rich));
	tcase_add_loop_test(
	    tc, traits_of_a_customer_with_nothing, 0, (int)STW_ARRAY_LEN(empty));
	tcase_add_loop_test(
	    tc, a_trait_that_cannot_be_is_an_error, 0, (int)STW_ARRAY_LEN(bad_traits));
	tcase_add_test(tc, child_rows_come_into_the_order_of_time);
	tcase_add_test(tc, a_rule_reads_customers_and_their_lists);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
