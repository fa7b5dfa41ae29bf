#include <stdio.h>
#include <stdlib.h>

#include <check.h>

#include "engine/bitmap.h"
#include "engine/table.h"

START_TEST(a_new_row_is_missing_everywhere)
{
	struct table *t = table_new("t", 0);
	int a = table_add_column(t, "a", COL_INT);
	int s = table_add_column(t, "s", COL_STRING);

	for (int i = 0; i < 200; i++)
		ck_assert_uint_eq(table_append(t), (size_t)i);
	table_set_int(t, a, 130, 7);
	table_set_string(t, s, 130, STR_LIT("x"));
	for (size_t r = 0; r < 200; r++) {
		ck_assert_int_eq(column_has(&t->cols[a], r), r == 130);
		ck_assert_int_eq(column_has(&t->cols[s], r), r == 130);
	}
	table_set_missing(t, a, 130);
	ck_assert(!column_has(&t->cols[a], 130));
	ck_assert_int_eq(table_find_column(t, "s"), s);
	ck_assert_int_eq(table_find_column(t, "b"), -1);
	ck_assert_uint_gt(table_bytes(t), 200 * 12);
	table_free(t);
}
END_TEST

START_TEST(a_column_added_late_is_missing_in_the_rows_before)
{
	struct table *t = table_new("t", 4);
	int d;

	(void)table_append(t);
	d = table_add_column(t, "d", COL_DATE);
	ck_assert(!column_has(&t->cols[d], 0));
	table_set_int(t, d, 0, 20000);
	ck_assert(column_has(&t->cols[d], 0));
	table_set_int(t, d, 0, TABLE_DAY_MAX + 1);
	ck_assert(!column_has(&t->cols[d], 0));
	table_free(t);
}
END_TEST

START_TEST(children_lie_between_the_offsets_of_their_parent)
{
	struct table *p = table_new("p", 0);
	struct table *c = table_new("c", 0);
	int v = table_add_column(c, "v", COL_INT);
	int child = table_add_child(p, "c", c);

	for (size_t r = 0; r < 50; r++) {
		(void)table_append(p);
		for (size_t i = 0; i < r % 3; i++)
			table_set_int(c, v, table_append(c), (int64_t)r);
		p->children[child].offsets[r + 1] = (uint32_t)c->rows;
	}
	for (size_t r = 0; r < 50; r++) {
		const uint32_t *off = p->children[child].offsets;

		ck_assert_uint_eq(off[r + 1] - off[r], r % 3);
		for (uint32_t i = off[r]; i < off[r + 1]; i++)
			ck_assert_int_eq(column_int(&c->cols[v], i), (int64_t)r);
	}
	ck_assert_int_eq(table_find_child(p, "c"), child);
	table_free(p);
}
END_TEST

START_TEST(a_dictionary_gives_one_code_a_string)
{
	struct col_dict *d = col_dict_new();
	char text[16];

	for (uint32_t i = 0; i < 5000; i++) {
		(void)snprintf(text, sizeof text, "s%u", i);
		ck_assert_uint_eq(col_dict_add(d, str_of(text)), i);
	}
	for (uint32_t i = 0; i < 5000; i++) {
		(void)snprintf(text, sizeof text, "s%u", i);
		ck_assert_uint_eq(col_dict_find(d, str_of(text)), i);
		ck_assert_uint_eq(col_dict_add(d, str_of(text)), i);
		ck_assert(str_eq_c(col_dict_get(d, i), text));
	}
	ck_assert_uint_eq(col_dict_find(d, STR_LIT("absent")), UINT32_MAX);
	ck_assert_uint_eq(col_dict_count(d), 5000);
	col_dict_free(d);
}
END_TEST

START_TEST(bitmaps_count_and_walk_what_was_set)
{
	struct bitmap a, b, c;
	size_t at = 0, n = 0;

	bitmap_init(&a, 1000);
	bitmap_init(&b, 1000);
	bitmap_init(&c, 1000);
	for (size_t i = 0; i < 1000; i += 3)
		bitmap_set(&a, i);
	for (size_t i = 0; i < 1000; i += 2)
		bitmap_set(&b, i);
	while ((at = bitmap_next(&a, at)) != SIZE_MAX) {
		ck_assert_uint_eq(at, 3 * n);
		n++;
		at++;
	}
	ck_assert_uint_eq(n, 334);
	ck_assert_uint_eq(bitmap_count(&a), 334);
	bitmap_and(&c, &a, &b);
	ck_assert_uint_eq(bitmap_count(&c), 167);
	bitmap_or(&c, &a, &b);
	ck_assert_uint_eq(bitmap_count(&c), 334 + 500 - 167);
	bitmap_andnot(&c, &a, &b);
	ck_assert_uint_eq(bitmap_count(&c), 167);
	bitmap_copy(&c, &a);
	bitmap_clear_bit(&c, 0);
	ck_assert_uint_eq(bitmap_count(&c), 333);
	bitmap_resize(&c, 10);
	ck_assert_uint_eq(bitmap_count(&c), 0);
	ck_assert_uint_eq(bitmap_next(&c, 0), SIZE_MAX);
	bitmap_fini(&a);
	bitmap_fini(&b);
	bitmap_fini(&c);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("table");
	TCase *tc = tcase_create("table");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_new_row_is_missing_everywhere);
	tcase_add_test(tc, a_column_added_late_is_missing_in_the_rows_before);
	tcase_add_test(tc, children_lie_between_the_offsets_of_their_parent);
	tcase_add_test(tc, a_dictionary_gives_one_code_a_string);
	tcase_add_test(tc, bitmaps_count_and_walk_what_was_set);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
