/* Tables put together from parts: the same as filled in one go. */
#include <stdio.h>
#include <stdlib.h>

#include <check.h>

#include "engine/table_join.h"

static const enum col_type types[] = {COL_BOOL, COL_INT, COL_DOUBLE, COL_STRING,
    COL_DATE, COL_TIMESTAMP, COL_MONEY, COL_STRING};

static struct table *
shape(void)
{
	struct table *t = table_new("t", 0);

	for (size_t c = 0; c < STW_ARRAY_LEN(types); c++)
		(void)table_add_column(t, "c", types[c]);
	return t;
}

/* Cell values follow from the row alone; some are missing, some columns never. */
static void
put(struct table *t, size_t n)
{
	size_t row = table_append(t);
	char text[24];

	for (int c = 0; c < t->ncols; c++) {
		int64_t v = (int64_t)(n * 7919 % (size_t)(10 + c * 5000)) - c * 100;

		if (c < 6 && (n + (size_t)c) % 7 == 0)
			continue;
		(void)snprintf(text, sizeof text, "s%lld",
		    (long long)(c == 7 ? (int64_t)n : v % 50));
		if (types[c] == COL_STRING)
			table_set_string(t, c, row, str_of(text));
		else if (types[c] == COL_DOUBLE)
			table_set_double(t, c, row, (double)v / 7);
		else
			table_set_int(t, c, row, v);
	}
}

static bool
same_cell(const struct column *a, const struct column *b, size_t r)
{
	if (!column_has(a, r) || !column_has(b, r))
		return column_has(a, r) == column_has(b, r);
	if (a->type == COL_DOUBLE)
		return column_double(a, r) == column_double(b, r);
	return column_int(a, r) == column_int(b, r);
}

static void
same(const struct column *a, const struct column *b, size_t rows)
{
	size_t differ = 0;

	ck_assert_uint_eq(a->pack->bytes, b->pack->bytes);
	ck_assert_uint_eq(a->pack->missing, b->pack->missing);
	ck_assert_int_eq(a->valid == NULL, b->valid == NULL);
	for (size_t r = 0; r < rows; r++)
		differ += !same_cell(a, b, r);
	ck_assert_uint_eq(differ, 0);
	if (a->dict == NULL)
		return;
	ck_assert_uint_eq(col_dict_count(a->dict), col_dict_count(b->dict));
	for (uint32_t i = 0; i < col_dict_count(a->dict); i++)
		ck_assert(str_eq(col_dict_get(a->dict, i), col_dict_get(b->dict, i)));
}

/* Rows of each part, cut every so many. */
static const struct {
	size_t parts[5], every;
} cuts[] = {
    {{20000, 0, 0, 0, 0}, 20000},
    {{1, 2, 3, 4, 5}, 1},
    {{0, 0, 0, 0, 0}, 1},
    {{63, 64, 65, 0, 129}, 64},
    {{8191, 8193, 0, 1, 3000}, 5000},
    {{100, 9000, 8192, 7, 20000}, 8192},
};

START_TEST(parts_join_to_what_one_table_would_be)
{
	struct table *one = shape(), *joined = shape();
	struct table_part *parts[5];
	size_t n = 0;

	for (int p = 0; p < 5; p++) {
		parts[p] = table_part_new(shape());
		for (size_t i = 0; i < cuts[_i].parts[p]; i++, n++) {
			put(one, n);
			put(table_part_table(parts[p]), n);
			if ((i + 1) % cuts[_i].every == 0)
				table_part_cut(parts[p]);
		}
		table_part_cut(parts[p]);
		table_part_cut(parts[p]); /* nothing is left: nothing happens */
		ck_assert_uint_eq(table_part_rows(parts[p]), cuts[_i].parts[p]);
	}
	table_pack(one);
	table_join_begin(joined, parts, 5);
	ck_assert_uint_eq(joined->rows, n);
	for (int c = joined->ncols; c-- > 0;)
		table_join_column(joined, c, parts, 5, c);
	for (int c = 0; c < one->ncols; c++)
		same(&one->cols[c], &joined->cols[c], n);
	/* It goes on like any other. */
	put(joined, n);
	put(one, n);
	table_pack(joined);
	table_pack(one);
	for (int c = 0; c < one->ncols; c++)
		same(&one->cols[c], &joined->cols[c], n + 1);
	for (int p = 0; p < 5; p++)
		table_part_free(parts[p]);
	table_free(one);
	table_free(joined);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("table_join");
	TCase *tc = tcase_create("table_join");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, parts_join_to_what_one_table_would_be, 0, (int)STW_ARRAY_LEN(cuts));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
