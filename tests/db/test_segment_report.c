/* Uploaded lists and the reports over members: overlap, days, moves. */
#include <string.h>

#include <check.h>

#include "segments/book_store.h"
#include "segments/segment_list_store.h"
#include "segments/segment_report_store.h"
#include "segments/tick_store.h"
#include "tests/lib/book_world.h"
#include "tests/lib/cluster.h"

static struct test_db t;
static struct arena arena;
static struct stw_err err;

static const char fixture[] =
    "INSERT INTO customer (bucket, customer_id, ref, tier, opened_on, updated_at) "
    "SELECT get_byte(sha256(('k' || n)::bytea), 0), n, 'k' || n, "
    "  CASE WHEN n <= 4 THEN 'gold' ELSE 'plain' END, '2026-01-27', '2026-01-01' "
    "  FROM generate_series(1, 8) AS n;";

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

static void
setup(void)
{
	bool installed;
	const struct segment_def gold = {.code = "gold",
	    .name_zh = "金",
	    .name_en = "gold",
	    .rule = "customer.tier == \"gold\""};
	int version;

	test_db_open(&t);
	test_db_tamper(&t, fixture);
	arena_init(&arena);
	err = (struct stw_err){0};
	ck_ok(lifecycle_store_install(t.db, "setup", WORLD_NOW, &installed, &err));
	ck_ok(segment_store_save(t.db, &gold, "ann", WORLD_NOW, &version, &err));
}

static void
teardown(void)
{
	arena_fini(&arena);
	test_db_close(&t);
}

static void
tick(stw_usec now)
{
	struct segments_tick_result result;
	struct book_parts parts;
	struct book *book;

	ck_ok(book_load(t.db, now, NULL, &book, &err));
	parts = book_parts_of(book);
	ck_ok(segments_tick(t.db, &parts, NULL, now, NULL, &result, &err));
	segments_tick_fini(&result);
	book_free(book);
}

static bool empty_is_meant;

/* refs: one letter a customer, "135" is k1, k3, k5; '?' is nobody. */
static enum stw_code
upload(const char *refs, enum segment_list_mode mode, bool skip,
    struct segment_list_result *out)
{
	size_t n = strlen(refs);
	struct str *list = arena_array(&arena, n + 1, sizeof *list);
	const struct segment_list what = {.code = "vip",
	    .name_zh = "贵宾",
	    .name_en = "VIPs",
	    .mode = mode,
	    .refs = list,
	    .count = n,
	    .skip_unknown = skip,
	    .allow_empty = empty_is_meant};

	for (size_t i = 0; i < n; i++)
		list[i] = str_of(arena_printf(&arena, "k%c", refs[i]));
	return segment_list_put(t.db, &what, "ann", WORLD_NOW, out, &err);
}

static int64_t
members(void)
{
	return test_db_number(&t,
	    "SELECT coalesce(sum(customer_id), 0) FROM segment_member JOIN segment "
	    "USING (segment_id) WHERE code = 'vip' AND left_at IS NULL");
}

START_TEST(a_list_is_replaced_grows_and_shrinks)
{
	struct segment_list_result r;

	ck_ok(upload("135", SEGMENT_LIST_REPLACE, false, &r));
	ck_assert_int_eq(r.version, 1);
	ck_assert_int_eq(r.entries, 3);
	ck_assert_int_eq(members(), 0);
	tick(WORLD_NOW);
	ck_assert_int_eq(members(), 1 + 3 + 5);
	ck_ok(upload("11225", SEGMENT_LIST_REPLACE, false, &r));
	ck_assert_int_eq(r.version, 2);
	ck_assert_int_eq(r.added, 1);
	ck_assert_int_eq(r.removed, 1);
	tick(WORLD_NOW + 1);
	ck_assert_int_eq(members(), 1 + 2 + 5);
	ck_ok(upload("7", SEGMENT_LIST_ADD, false, &r));
	ck_ok(upload("18", SEGMENT_LIST_REMOVE, false, &r));
	ck_assert_int_eq(r.removed, 1);
	ck_assert_int_eq(r.entries, 3);
	tick(WORLD_NOW + 2);
	ck_assert_int_eq(members(), 2 + 5 + 7);
	empty_is_meant = true;
	ck_ok(upload("", SEGMENT_LIST_REPLACE, false, &r));
	empty_is_meant = false;
	tick(WORLD_NOW + 3);
	ck_assert_int_eq(members(), 0);
	ck_assert_int_eq(test_db_number(&t, "SELECT count(*) FROM ledger_outbox WHERE "
					    "entry LIKE '%uploaded%'"),
	    5);
}
END_TEST

START_TEST(an_unknown_customer_refuses_the_upload_or_is_skipped)
{
	struct segment_list_result r;

	ck_ok(upload("12", SEGMENT_LIST_REPLACE, false, &r));
	ck_assert_int_eq(upload("3?4!", SEGMENT_LIST_REPLACE, false, &r), STW_INVALID);
	ck_assert_msg(strstr(err.text, "2 of 4 references") != NULL &&
			  strstr(err.text, "line 2, 4;") != NULL,
	    "%s", err.text);
	ck_assert_int_eq(err.line, 2);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT sum(customer_id) FROM segment_list_entry"), 3);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT version FROM segment WHERE code = 'vip'"), 1);
	ck_ok(upload("3?4!", SEGMENT_LIST_REPLACE, true, &r));
	ck_assert_int_eq(r.unknown, 2);
	ck_assert_int_eq(r.entries, 2);
}
END_TEST

START_TEST(who_was_erased_is_unknown)
{
	struct segment_list_result r;

	ck_ok(upload("12", SEGMENT_LIST_REPLACE, false, &r));
	test_db_tamper(
	    &t, "UPDATE customer SET erased_at = '2026-11-23' WHERE ref = 'k3'");
	ck_assert_int_eq(upload("3", SEGMENT_LIST_REPLACE, false, &r), STW_INVALID);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT sum(customer_id) FROM segment_list_entry"), 3);
	ck_ok(upload("23", SEGMENT_LIST_ADD, true, &r));
	ck_assert_int_eq(r.unknown, 1);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT sum(customer_id) FROM segment_list_entry"), 3);
}
END_TEST

/* An export that went wrong must not empty a segment. */
START_TEST(an_upload_of_nobody_has_to_be_meant)
{
	struct segment_list_result r;

	ck_ok(upload("12", SEGMENT_LIST_REPLACE, false, &r));
	ck_assert_int_eq(upload("", SEGMENT_LIST_REPLACE, false, &r), STW_INVALID);
	ck_assert_int_eq(upload("?!", SEGMENT_LIST_REPLACE, true, &r), STW_INVALID);
	ck_assert_msg(
	    strstr(err.text, "none of the 2 references") != NULL, "%s", err.text);
	ck_assert_int_eq(
	    test_db_number(&t, "SELECT sum(customer_id) FROM segment_list_entry"), 3);
	empty_is_meant = true;
	ck_ok(upload("?!", SEGMENT_LIST_REPLACE, true, &r));
	empty_is_meant = false;
	ck_assert_int_eq(r.removed, 2);
	ck_assert_int_eq(r.unknown, 2);
}
END_TEST

START_TEST(lines_that_were_passed_over_count)
{
	static const size_t lines[] = {3, 7, 9};
	const struct str refs[] = {STR_LIT("k1"), STR_LIT("nobody"), STR_LIT("k2")};
	const struct segment_list list = {.code = "vip",
	    .name_zh = "x",
	    .name_en = "x",
	    .refs = refs,
	    .lines = lines,
	    .count = STW_ARRAY_LEN(refs)};
	struct segment_list_result r;

	ck_assert_int_eq(
	    segment_list_put(t.db, &list, "ann", WORLD_NOW, &r, &err), STW_INVALID);
	ck_assert_int_eq(err.line, 7);
	ck_assert_msg(strstr(err.text, "line 7;") != NULL, "%s", err.text);
}
END_TEST

START_TEST(a_list_is_no_rule_and_a_rule_no_list)
{
	const struct segment_def rule = {
	    .code = "vip", .name_zh = "x", .name_en = "x", .rule = "true"};
	struct segment_list list = {
	    .code = "gold", .name_zh = "x", .name_en = "x", .allow_empty = true};
	struct segment_list_result r;
	int version;

	ck_assert_int_eq(upload("1", SEGMENT_LIST_ADD, false, &r), STW_NOT_FOUND);
	ck_assert_int_eq(
	    segment_list_put(t.db, &list, "ann", WORLD_NOW, &r, &err), STW_CONFLICT);
	ck_ok(upload("1", SEGMENT_LIST_REPLACE, false, &r));
	ck_assert_int_eq(
	    segment_store_save(t.db, &rule, "ann", WORLD_NOW, &version, &err),
	    STW_CONFLICT);
	ck_ok(segment_store_retire(t.db, "vip", "ann", WORLD_NOW, &err));
	ck_assert_int_eq(upload("1", SEGMENT_LIST_REPLACE, false, &r), STW_CONFLICT);
}
END_TEST

START_TEST(rules_may_ask_for_a_list)
{
	const struct segment_def both = {.code = "gold_vip",
	    .name_zh = "x",
	    .name_en = "x",
	    .rule = "customer.ref in segment(\"vip\") && customer.ref in "
		    "segment(\"gold\")"};
	struct segment_list_result r;
	struct segment_overlap o;
	int version, gold = -1, vip = -1;

	ck_ok(upload("2467", SEGMENT_LIST_REPLACE, false, &r));
	ck_ok(segment_store_save(t.db, &both, "ann", WORLD_NOW, &version, &err));
	tick(WORLD_NOW);
	ck_ok(segment_overlap(t.db, &arena, &o, &err));
	for (int i = 0; i < o.count; i++) {
		if (strcmp(o.segments[i].def.code, "gold") == 0)
			gold = i;
		if (strcmp(o.segments[i].def.code, "vip") == 0)
			vip = i;
		if (strcmp(o.segments[i].def.code, "gold_vip") == 0)
			ck_assert_int_eq(o.customers[i * o.count + i], 2);
	}
	ck_assert_int_eq(o.customers[gold * o.count + gold], 4);
	ck_assert_int_eq(o.customers[vip * o.count + vip], 4);
	ck_assert_int_eq(o.customers[gold * o.count + vip], 2);
	ck_assert_int_eq(o.customers[vip * o.count + gold], 2);
}
END_TEST

START_TEST(days_add_up_moves_and_end_with_the_last_look)
{
	struct segment_list_result r;
	struct segment_day *days;
	int n;

	ck_ok(upload("123", SEGMENT_LIST_REPLACE, false, &r));
	tick(WORLD_NOW);
	ck_ok(upload("34", SEGMENT_LIST_REPLACE, false, &r));
	tick(WORLD_NOW + STW_USEC_HOUR);
	tick(WORLD_NOW + 2 * STW_USEC_HOUR);
	ck_ok(upload("3", SEGMENT_LIST_REPLACE, false, &r));
	tick(WORLD_NOW + STW_USEC_DAY);
	ck_ok(segment_days(t.db, "vip", 10, &arena, &days, &n, &err));
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(days[0].day, WORLD_TODAY + 1);
	ck_assert_int_eq(days[0].matched, 1);
	ck_assert_int_eq(days[0].left, 1);
	ck_assert_int_eq(days[1].matched, 2);
	ck_assert_int_eq(days[1].entered, 4);
	ck_assert_int_eq(days[1].left, 2);
	ck_assert_int_eq(days[1].as_of, WORLD_NOW + 2 * STW_USEC_HOUR);
	ck_ok(segment_days(t.db, "vip", 1, &arena, &days, &n, &err));
	ck_assert_int_eq(n, 1);
}
END_TEST

/* Pages of one and of many tell the same moves, each once. */
START_TEST(moves_come_in_pages_newest_first)
{
	struct segment_list_result r;
	struct segment_move_filter filter = {.code = "vip",
	    .from = STW_USEC_NEVER,
	    .before = STW_USEC_MAX,
	    .limit = 100};
	struct segment_move *all, *page;
	int n, one;

	ck_ok(upload("1234", SEGMENT_LIST_REPLACE, false, &r));
	tick(WORLD_NOW);
	ck_ok(upload("345", SEGMENT_LIST_REPLACE, false, &r));
	tick(WORLD_NOW + 1);
	ck_ok(segment_moves_list(t.db, &filter, &arena, &all, &n, &err));
	ck_assert_int_eq(n, 4 + 3);
	for (int i = 1; i < n; i++)
		ck_assert_int_le(all[i].at, all[i - 1].at);
	filter.limit = 1;
	for (int i = 0; i < n; i++) {
		ck_ok(segment_moves_list(t.db, &filter, &arena, &page, &one, &err));
		ck_assert_int_eq(one, 1);
		ck_assert_str_eq(page[0].ref, all[i].ref);
		ck_assert_int_eq(page[0].entered, all[i].entered);
		filter.after = page;
	}
	ck_ok(segment_moves_list(t.db, &filter, &arena, &page, &one, &err));
	ck_assert_int_eq(one, 0);
	filter = (struct segment_move_filter){
	    .code = "vip", .from = WORLD_NOW + 1, .before = STW_USEC_MAX, .limit = 100};
	ck_ok(segment_moves_list(t.db, &filter, &arena, &all, &n, &err));
	ck_assert_int_eq(n, 3);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("segment_report");
	TCase *tc = tcase_create("segment_report");
	SRunner *r;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_list_is_replaced_grows_and_shrinks);
	tcase_add_test(tc, who_was_erased_is_unknown);
	tcase_add_test(tc, an_upload_of_nobody_has_to_be_meant);
	tcase_add_test(tc, lines_that_were_passed_over_count);
	tcase_add_test(tc, an_unknown_customer_refuses_the_upload_or_is_skipped);
	tcase_add_test(tc, a_list_is_no_rule_and_a_rule_no_list);
	tcase_add_test(tc, rules_may_ask_for_a_list);
	tcase_add_test(tc, days_add_up_moves_and_end_with_the_last_look);
	tcase_add_test(tc, moves_come_in_pages_newest_first);
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
