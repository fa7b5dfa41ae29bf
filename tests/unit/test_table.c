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

/* Values of every width, some missing, read the same from both forms. */
START_TEST(packing_keeps_every_value)
{
	static const int64_t spans[] = {
	    1, 2, 200, 60000, INT64_C(1) << 30, INT64_C(1) << 40, INT64_MAX};
	struct table *t = table_new("t", 0), *u = table_new("u", 0);
	int64_t from = _i % 2 == 0 ? 0 : -(int64_t)_i * 1000;

	for (int type = COL_BOOL; type <= COL_MONEY; type++) {
		(void)table_add_column(t, "c", (enum col_type)type);
		(void)table_add_column(u, "c", (enum col_type)type);
	}
	for (size_t r = 0; r < 2 * TABLE_CHUNK + 100; r++) {
		int64_t v = from + (int64_t)(r * 7919) % spans[_i];

		(void)table_append(t);
		(void)table_append(u);
		for (int c = 0; c < t->ncols; c++) {
			char text[24];

			if ((r + (size_t)c) % 5 == 0 && r < TABLE_CHUNK)
				continue;
			(void)snprintf(text, sizeof text, "%lld", (long long)v);
			for (struct table *to = t; to != NULL;
			     to = to == t ? u : NULL) {
				if (to->cols[c].type == COL_DOUBLE)
					table_set_double(to, c, r, (double)v / 3);
				else if (to->cols[c].type == COL_STRING)
					table_set_string(to, c, r, str_of(text));
				else
					table_set_int(to, c, r, v);
			}
		}
	}
	table_pack(t);
	for (int turn = 0; turn < 2; turn++) {
		for (int c = 0; c < t->ncols; c++) {
			const struct column *a = &t->cols[c], *b = &u->cols[c];

			for (size_t r = 0; r < t->rows; r++) {
				ck_assert_int_eq(column_has(a, r), column_has(b, r));
				if (!column_has(b, r))
					continue;
				if (b->type == COL_DOUBLE)
					ck_assert_double_eq(
					    column_double(a, r), column_double(b, r));
				else
					ck_assert_int_eq(
					    column_int(a, r), column_int(b, r));
			}
			if (turn == 0)
				column_unpack(t, c);
		}
		(void)table_append(t); /* of the flat form: missing everywhere */
		(void)table_append(u);
	}
	table_free(t);
	table_free(u);
}
END_TEST

START_TEST(packed_chunks_are_narrow)
{
	struct table *t = table_new("t", 0);
	int c = table_add_column(t, "c", COL_INT);
	const struct col_chunk *chunks;

	for (size_t r = 0; r < 3 * TABLE_CHUNK; r++) {
		(void)table_append(t);
		table_set_int(t, c, r,
		    r < TABLE_CHUNK       ? 7
		    : r < 2 * TABLE_CHUNK ? 1000000 + (int64_t)(r % 100)
					  : (int64_t)r * 1000000000 + (int64_t)(r % 7));
	}
	table_pack(t);
	chunks = t->cols[c].pack->chunks;
	ck_assert_int_eq(chunks[0].width, 0);
	ck_assert_int_eq(chunks[1].width, 1);
	ck_assert_int_eq(chunks[1].min, 1000000);
	ck_assert_int_eq(chunks[1].max, 1000099);
	ck_assert_int_eq(chunks[2].width, 6);
	ck_assert_uint_lt(table_bytes(t), 2 * TABLE_CHUNK * 8);
	table_free(t);
}
END_TEST

/* Codes of every width, with rows on either side of the border of their parts; a last chunk
 * that is not full. */
START_TEST(codes_come_apart_and_together_again)
{
	static const struct {
		int width, from, upto;
	} widths[] = {
	    {1, 1, 8}, {2, 9, 16}, {3, 17, 24}, {4, 25, 32}, {6, 33, 48}, {8, 49, 64}};

	for (size_t k = 0; k < STW_ARRAY_LEN(widths); k++) {
		/* The least, one between, the most. */
		for (int third = 0; third < 3; third++) {
			const int span = widths[k].upto - widths[k].from;
			const int bits = widths[k].from + span * third / 2;
			struct table *t = table_new("t", TABLE_CHUNK + 64);
			int c = table_add_column(t, "c", COL_INT);
			uint64_t most = UINT64_MAX >> (64 - bits);
			size_t rows = TABLE_CHUNK + (size_t)bits;
			const struct col_chunk *chunk;
			int64_t v[200];

			for (size_t r = 0; r < rows; r++) {
				uint64_t code = r % 3 == 0   ? most - r % 100
						: r % 3 == 1 ? r % 200
							     : r * 0x9e3779b97f4a7c15u;

				(void)table_append(t);
				v[r % 200] =
				    (int64_t)(((uint64_t)INT64_MIN >> (bits < 60)) +
					      (code & most));
				table_set_int(t, c, r, v[r % 200]);
			}
			table_pack(t);
			chunk = t->cols[c].pack->chunks;
			ck_assert_int_eq(chunk[0].width, widths[k].width);
			ck_assert_uint_eq(chunk[0].low == NULL,
			    chunk_low_bytes(chunk[0].width, TABLE_CHUNK) == 0);
			ck_assert_uint_eq(
			    chunk_data_bytes(COL_INT, chunk[0].width, TABLE_CHUNK) +
				chunk_low_bytes(chunk[0].width, TABLE_CHUNK),
			    TABLE_CHUNK * chunk[0].width);
			for (size_t r = rows - 200; r < rows; r++)
				ck_assert_int_eq(
				    column_int(&t->cols[c], r), v[r % 200]);
			table_free(t);
		}
	}
}
END_TEST

/* Instants at whole minutes need three bytes, not eight. */
START_TEST(a_step_saves_width)
{
	struct table *t = table_new("t", 0);
	int c = table_add_column(t, "c", COL_TIMESTAMP);
	const struct col_chunk *chunk;

	for (size_t r = 0; r < TABLE_CHUNK + 10; r++) {
		(void)table_append(t);
		if (r % 3 != 0)
			table_set_int(t, c, r,
			    (int64_t)(r * 7919 % 500000) * 60 * STW_USEC_SEC + 17);
	}
	table_set_int(t, c, TABLE_CHUNK + 9, 18); /* fits into no step */
	table_pack(t);
	chunk = t->cols[c].pack->chunks;
	ck_assert_int_eq(chunk[0].width, 3);
	ck_assert_uint_eq(chunk[0].step % (60 * STW_USEC_SEC), 0);
	ck_assert_int_eq(chunk[1].width, 6);
	ck_assert_uint_eq(chunk[1].step, 1);
	for (size_t r = 0; r < TABLE_CHUNK + 9; r++) {
		if (r % 3 != 0)
			ck_assert_int_eq(column_int(&t->cols[c], r),
			    (int64_t)(r * 7919 % 500000) * 60 * STW_USEC_SEC + 17);
	}
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
	tcase_add_loop_test(tc, packing_keeps_every_value, 0, 7);
	tcase_add_test(tc, packed_chunks_are_narrow);
	tcase_add_test(tc, codes_come_apart_and_together_again);
	tcase_add_test(tc, a_step_saves_width);
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
