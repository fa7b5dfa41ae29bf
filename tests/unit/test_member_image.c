/* Who is in which segment, in memory: against a plain list of the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "segments/member_image.h"

#define CUSTOMERS 3000
#define SEGMENTS  5

static const struct zone *zone;

/* The bucket follows from the number, so that buckets are of all sizes. */
static int
bucket_of(int64_t id)
{
	return (int)(id * 2654435761u % 1000 < 300 ? 7 : id * 40503u % BOOK_BUCKETS);
}

static int
key_cmp(const void *a, const void *b)
{
	const struct book_key *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return (x->customer_id > y->customer_id) - (x->customer_id < y->customer_id);
}

/* Those customers of 1 to CUSTOMERS that are not in the every-th place. */
static struct book *
book_without(int every)
{
	struct book_key *keys = stw_xalloc(CUSTOMERS * sizeof *keys);
	struct book *book = book_new(CUSTOMERS, "CNY", zone, 0);
	size_t n = 0;

	for (int64_t id = 1; id <= CUSTOMERS; id++)
		if (every == 0 || id % every != 0)
			keys[n++] = (struct book_key){bucket_of(id), id};
	qsort(keys, n, sizeof *keys, key_cmp);
	for (size_t i = 0; i < n; i++)
		(void)book_append(book, keys[i].bucket, keys[i].customer_id);
	free(keys);
	return book;
}

static bool
is_member(int64_t id, int segment)
{
	return id * (segment + 3) * 7919 % 10 < 3;
}

static void
put_all(struct member_image *image)
{
	for (int64_t id = 1; id <= CUSTOMERS; id++) {
		for (int s = 0; s < SEGMENTS; s++) {
			if (is_member(id, s))
				bitmap_set(&image->segments[s].members,
				    member_image_row(image, bucket_of(id), id));
		}
	}
}

/* Everybody is in what they were put in, but for those of the cleared bucket. */
static void
check_all(const struct member_image *image, int cleared)
{
	for (int64_t id = 1; id <= CUSTOMERS; id++) {
		size_t row = member_image_find(image, bucket_of(id), id);

		for (int s = 0; s < SEGMENTS; s++) {
			bool is = row != SIZE_MAX &&
				  bitmap_get(&image->segments[s].members, row);

			ck_assert_msg(
			    is == (is_member(id, s) && bucket_of(id) != cleared),
			    "customer %lld, segment %d", (long long)id, s);
		}
		if (row != SIZE_MAX) {
			struct book_key key = member_image_key(image, row);

			ck_assert_int_eq(key.bucket, bucket_of(id));
			ck_assert_int_eq(key.customer_id, id);
		}
	}
}

static void
start(struct member_image *image)
{
	static const int64_t ids[SEGMENTS] = {11, 12, 13, 14, 15};

	member_image_init(image);
	ck_assert(member_image_segments(image, ids, SEGMENTS));
}

START_TEST(another_book_moves_the_rows_and_not_the_members)
{
	static const int without[] = {0, 3, 2, 17, 1, 0, 5};
	struct member_image image;

	start(&image);
	put_all(&image); /* before there is a book */
	check_all(&image, -1);
	for (size_t i = 0; i < STW_ARRAY_LEN(without); i++) {
		struct book *book = book_without(without[i]);

		member_image_base(&image, book);
		ck_assert(member_image_is_base(&image, book));
		ck_assert_uint_eq(image.rows, book->customers->rows);
		check_all(&image, -1);
		book_free(book);
	}
	member_image_fini(&image);
}
END_TEST

START_TEST(a_bucket_is_cleared_alone)
{
	struct book *book = book_without(4);
	struct member_image image;

	start(&image);
	member_image_base(&image, book);
	put_all(&image);
	for (int b = 0; b < BOOK_BUCKETS; b += 7) {
		member_image_clear(&image, b);
		check_all(&image, b);
		put_all(&image);
	}
	member_image_fini(&image);
	book_free(book);
}
END_TEST

START_TEST(whoever_is_in_nothing_is_forgotten_with_the_book)
{
	struct book *all = book_without(0), *none = book_without(1);
	struct member_image image;
	size_t in = 0;

	for (int64_t id = 1; id <= CUSTOMERS; id++) {
		bool any = false;

		for (int s = 0; s < SEGMENTS; s++)
			any = any || is_member(id, s);
		in += any;
	}
	start(&image);
	member_image_base(&image, all);
	put_all(&image);
	member_image_base(&image, none);
	ck_assert_uint_eq(member_image_rows(&image), in);
	member_image_fini(&image);
	book_free(all);
	book_free(none);
}
END_TEST

START_TEST(segments_come_and_go)
{
	static const int64_t fewer[] = {14, 12}, more[] = {12, 99, 14};
	struct member_image image;

	start(&image);
	put_all(&image);
	image.version[3] = 5;
	ck_assert(!member_image_segments(&image, fewer, 2));
	ck_assert_int_eq(image.version[3], 5);
	ck_assert_int_eq(member_image_find_segment(&image, 11), -1);
	ck_assert_int_eq(member_image_find_segment(&image, 14), 1);
	for (int64_t id = 1; id <= CUSTOMERS; id++) {
		size_t row = member_image_find(&image, bucket_of(id), id);

		ck_assert(row != SIZE_MAX || !(is_member(id, 3) || is_member(id, 1)));
		if (row != SIZE_MAX)
			ck_assert(bitmap_get(&image.segments[1].members, row) ==
				  is_member(id, 3));
	}
	/* Of a new one nothing is known, so that everything is read again. */
	ck_assert(member_image_segments(&image, more, 3));
	ck_assert_int_eq(image.version[3], 0);
	member_image_fini(&image);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("member_image");
	TCase *tc = tcase_create("member_image");
	SRunner *runner;
	int failed;

	if (zone_find("Asia/Shanghai", &zone, NULL) != STW_OK)
		return 1;
	tcase_add_test(tc, another_book_moves_the_rows_and_not_the_members);
	tcase_add_test(tc, a_bucket_is_cleared_alone);
	tcase_add_test(tc, whoever_is_in_nothing_is_forgotten_with_the_book);
	tcase_add_test(tc, segments_come_and_go);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
