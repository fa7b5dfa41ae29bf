/* The book in a file: the same when it is opened, and refused when anything is wrong. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "engine/crc32c.h"
#include "engine/table_file.h"
#include "segments/book_file.h"
#include "tests/lib/book_same.h"
#include "tests/lib/book_world.h"
#include "tests/lib/table_walk.h"

static char dir[64], path[96];
static struct stw_err err;
static const struct book_file_want any = {.max_age = -1};

static void
setup(void)
{
	(void)snprintf(dir, sizeof dir, "build/book_file_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/book", dir);
}

static void
teardown(void)
{
	(void)unlink(path);
	(void)rmdir(dir); /* fails when something else was left in it */
	ck_assert_int_ne(access(dir, F_OK), 0);
}

#define ck_ok(call)                                             \
	do {                                                    \
		enum stw_code ck_rc = (call);                   \
		ck_assert_msg(ck_rc == STW_OK, "%s", err.text); \
	} while (0)

/* Customers with every kind of child rows, cells missing here and there. */
static struct book *
some_book(int customers)
{
	struct book *book = world_new();
	char ref[16];

	for (int i = 0; i < customers; i++) {
		size_t row;

		(void)snprintf(ref, sizeof ref, "c%d", i);
		if (i < 200)
			row = world_add(book, ref, i % 3 == 0 ? -1 : i);
		else {
			row = book_append(book, 250, i);
			table_set_string(book->customers, BOOK_REF, row, str_of(ref));
		}
		if (i % 4 > 0)
			table_set_string(book->customers, BOOK_CITY, row,
			    i % 2 == 0 ? STR_LIT("上海") : STR_LIT("北京"));
		for (int k = 0; k < i % 3; k++) {
			world_hold(book, k == 0 ? "deposit" : "fund", 1000 * i + k, 7);
			world_move(book, "purchase", -7 * i, k);
		}
		if (i % 5 == 0)
			world_contact(book, "attempt", NULL, 3);
	}
	book->position = 0x123456789;
	table_pack(book->customers);
	return book;
}

static void
ck_same(struct book *a, struct book *b)
{
	const struct book_parts x = book_alone(a), y = book_alone(b);
	struct buf why;

	buf_init(&why);
	ck_assert_msg(book_same(&x, &y, &why), "%s", why.data);
	buf_fini(&why);
}

static void
save(const struct book *book)
{
	uint64_t bytes;
	struct stat st;

	ck_ok(book_file_save(book, "here:1", "wealth", path, &bytes, &err));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq((uint64_t)st.st_size, bytes);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
}

static const int sizes[] = {0, 1, 64, 200, 9000};

START_TEST(a_book_opens_as_it_was_saved)
{
	struct book *book = some_book(sizes[_i]), *again;
	struct book_file_info info;

	save(book);
	ck_ok(book_file_open(path, &any, &again, &info, &err));
	ck_assert_str_eq(info.source, "here:1");
	ck_assert_str_eq(info.model, "wealth");
	ck_assert_str_eq(info.zone, "Asia/Shanghai");
	ck_assert_str_eq(info.currency, "CNY");
	ck_assert_uint_eq(info.customers, book->customers->rows);
	ck_assert_int_eq(again->as_of, book->as_of);
	ck_assert_uint_eq(again->position, 0x123456789);
	ck_assert_mem_eq(again->first, book->first, sizeof book->first);
	ck_same(book, again);
	ck_assert_uint_ge(book_bytes(again), book->customers->rows * 8);
	/* It stands when the file has another name or none, and takes changes. */
	ck_assert_int_eq(unlink(path), 0);
	world_derive(again);
	world_derive(book);
	ck_same(book, again);
	if (sizes[_i] > 0) {
		book_set_stage(again, 0, STR_LIT("quite new"), WORLD_NOW);
		ck_assert_str_eq(world_cell(again, "stage", 0), "quite new");
		table_pack(again->customers);
		ck_assert_str_eq(world_cell(again, "stage", 0), "quite new");
		ck_assert_uint_eq(book_find_ref(again, STR_LIT("c0")), 0);
	}
	book_free(book);
	book_free(again);
}
END_TEST

START_TEST(derived_traits_are_not_in_the_file)
{
	struct book *book = some_book(50), *again;

	world_derive(book);
	save(book);
	ck_ok(book_file_open(path, &any, &again, NULL, &err));
	ck_assert_int_eq(again->customers->ncols, BOOK_CUSTOMER_COLS);
	book_free(book);
	book_free(again);
}
END_TEST

static const struct book_fed some_feds[] = {
    {3, "score", COL_DOUBLE}, {4, "limit", COL_MONEY}, {9, "band", COL_STRING}};

START_TEST(fed_traits_are_in_the_file)
{
	const struct book_feds feds = {some_feds, (int)STW_ARRAY_LEN(some_feds)};
	const struct book_file_want want = {
	    .feds = "score:double,limit:money,band:string", .max_age = -1};
	struct book *book = world_new(), *again;

	book_add_feds(book, &feds);
	(void)world_add(book, "c0", 40);
	(void)world_add(book, "c1", 50);
	table_set_double(book->customers, BOOK_CUSTOMER_COLS, 0, 0.25);
	table_set_int(book->customers, BOOK_CUSTOMER_COLS + 1, 1, 4711);
	table_set_string(book->customers, BOOK_CUSTOMER_COLS + 2, 1, STR_LIT("高"));
	table_pack(book->customers);
	world_derive(book);
	save(book);
	ck_ok(book_file_open(path, &want, &again, NULL, &err));
	ck_assert_int_eq(again->nfed, 3);
	ck_assert(book_has_feds(again, &feds));
	for (int i = 0; i < 3; i++) {
		struct book_fed others[3];

		memcpy(others, some_feds, sizeof others);
		others[i].name = "x";
		ck_assert(!book_has_feds(again, &(struct book_feds){others, 3}));
		others[i] = (struct book_fed){1, some_feds[i].name, COL_BOOL};
		ck_assert(!book_has_feds(again, &(struct book_feds){others, 3}));
		ck_assert(!book_has_feds(again, &(struct book_feds){some_feds, i}));
	}
	world_derive(again);
	ck_same(book, again);
	ck_assert_str_eq(world_cell(again, "band", 1), "高");
	book_free(book);
	book_free(again);
}
END_TEST

START_TEST(a_book_from_a_file_saves_the_same_file)
{
	struct book *book = some_book(300), *again;
	struct str first, second;

	save(book);
	first.ptr = malloc(1 << 22);
	second.ptr = malloc(1 << 22);
	for (int i = 0; i < 2; i++) {
		struct str *s = i == 0 ? &first : &second;
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		s->len = (size_t)read(fd, (void *)(uintptr_t)s->ptr, 1 << 22);
		(void)close(fd);
		if (i == 1)
			break;
		ck_ok(book_file_open(path, &any, &again, NULL, &err));
		save(again); /* over the file that it lies in */
		ck_same(book, again);
		book_free(again);
	}
	ck_assert(str_eq(first, second));
	free((void *)(uintptr_t)first.ptr);
	free((void *)(uintptr_t)second.ptr);
	book_free(book);
}
END_TEST

/* ---- what is refused --------------------------------------------------------------- */
static const struct {
	struct book_file_want want;
	const char *why; /* NULL: usable */
} wants[] = {
    {{.max_age = -1}, NULL},
    {{"here:1", "wealth", "CNY", "Asia/Shanghai", "", WORLD_NOW, 0}, NULL},
    {{.now = WORLD_NOW + 60 * STW_USEC_SEC, .max_age = 60 * STW_USEC_SEC}, NULL},
    {{.now = WORLD_NOW + 61 * STW_USEC_SEC, .max_age = 60 * STW_USEC_SEC},
	"is 61 s old, and 60 s are allowed"},
    {{.now = WORLD_NOW - 1, .max_age = 60 * STW_USEC_SEC}, "later than the clock"},
    {{.source = "here:2", .max_age = -1}, "another database"},
    {{.model = "other", .max_age = -1}, "lifecycle model wealth, and now it is other"},
    {{.currency = "EUR", .max_age = -1}, "currency CNY, and now it is EUR"},
    {{.zone = "UTC", .max_age = -1}, "zone Asia/Shanghai"},
    {{.feds = "score:double", .max_age = -1}, "the bank's fed traits are others now"},
};

START_TEST(a_file_of_something_else_is_refused_with_the_reason)
{
	struct book *book = some_book(5), *again = NULL;
	enum stw_code rc;

	save(book);
	rc = book_file_open(path, &wants[_i].want, &again, NULL, &err);
	if (wants[_i].why == NULL) {
		ck_assert_msg(rc == STW_OK, "%s", err.text);
	} else {
		ck_assert_int_eq(rc, STW_INVALID);
		ck_assert_ptr_null(again);
		ck_assert_msg(strstr(err.text, wants[_i].why) != NULL, "%s", err.text);
	}
	book_free(book);
	book_free(again);
}
END_TEST

START_TEST(no_file_and_a_file_that_others_may_read)
{
	struct book *book = some_book(5), *again;

	ck_assert_int_eq(book_file_open(path, &any, &again, NULL, &err), STW_NOT_FOUND);
	save(book);
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_int_eq(book_file_open(path, &any, &again, NULL, &err), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "chmod 600"));
	ck_assert_int_eq(
	    book_file_open("build", &any, &again, NULL, &err), STW_INVALID);
	ck_assert_int_eq(
	    book_file_save(book, "x", "m", "/nowhere/book", NULL, &err), STW_INVALID);
	book_free(book);
}
END_TEST

/* The bytes of a small book's file, aligned. */
struct image {
	unsigned char *data, *copy;
	size_t size;
};

static struct image
image_of(int customers)
{
	struct book *book = some_book(customers);
	struct image image;
	struct stat st;
	int fd;

	save(book);
	book_free(book);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fstat(fd, &st), 0);
	image.size = (size_t)st.st_size;
	image.data = aligned_alloc(64, (image.size + 63) / 64 * 64);
	image.copy = aligned_alloc(64, (image.size + 63) / 64 * 64);
	ck_assert_int_eq(read(fd, image.data, image.size), (ssize_t)image.size);
	(void)close(fd);
	return image;
}

START_TEST(a_file_cut_short_anywhere_is_refused)
{
	struct image image = image_of(12);
	struct book *book;

	for (size_t size = 0; size < image.size;
	     size += size < 300 || size + 300 > image.size ? 1 : 97) {
		enum stw_code rc =
		    book_file_open_memory(image.data, size, &any, &book, &err);

		ck_assert_msg(rc == STW_INVALID, "%zu of %zu", size, image.size);
		ck_assert_ptr_nonnull(strstr(err.text, "not usable"));
	}
	ck_assert_int_eq(truncate(path, (off_t)image.size / 2), 0);
	ck_assert_int_eq(book_file_open(path, &any, &book, NULL, &err), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "cut short"));
	free(image.data);
	free(image.copy);
}
END_TEST

START_TEST(a_byte_changed_anywhere_is_found)
{
	struct image image = image_of(12);
	struct book *book;

	for (size_t at = 0; at < image.size; at++) {
		enum stw_code rc;

		memcpy(image.copy, image.data, image.size);
		image.copy[at] ^= (unsigned char)(1 << at % 8);
		rc = book_file_open_memory(image.copy, image.size, &any, &book, &err);
		ck_assert_msg(rc == STW_INVALID, "byte %zu", at);
	}
	free(image.data);
	free(image.copy);
}
END_TEST

/* Changed by a hand that makes the checksums right: refused, or a book that holds. */
START_TEST(a_byte_changed_and_sealed_does_no_harm)
{
	struct image image = image_of(40);
	size_t refused = 0, opened = 0;
	struct book *book;

	for (size_t at = 0; at < image.size; at++) {
		memcpy(image.copy, image.data, image.size);
		image.copy[at] ^= (unsigned char)(at % 3 == 0 ? 0xff : 1 << at % 8);
		table_file_seal(image.copy, image.size);
		if (book_file_open_memory(image.copy, image.size, &any, &book, &err) ==
		    STW_OK) {
			opened++;
			(void)table_walk(book->customers);
			book_free(book);
		} else {
			refused++;
			ck_assert_int_eq(err.code, STW_INVALID);
		}
	}
	ck_assert_uint_gt(refused, 1000);
	ck_assert_uint_gt(opened, 100);
	free(image.data);
	free(image.copy);
}
END_TEST

static const struct {
	size_t at;
	unsigned char byte;
	const char *why;
} heads[] = {
    {0, 'X', "no file of this program's"},
    {8, 1, "another byte order"},
    {12, 99, "it is of version 99, and this program reads 1"},
    {16, 'X', "something else is in it"},
    {64 + BOOK_FILE_SOURCE, 0, "another catalogue of traits"},
};

START_TEST(another_version_or_machine_is_named)
{
	struct image image = image_of(3);
	struct book *book;

	memcpy(image.copy, image.data, image.size);
	image.copy[heads[_i].at] = heads[_i].byte;
	table_file_seal(image.copy, image.size);
	ck_assert_int_eq(
	    book_file_open_memory(image.copy, image.size, &any, &book, &err),
	    STW_INVALID);
	ck_assert_msg(strstr(err.text, heads[_i].why) != NULL, "%s", err.text);
	free(image.data);
	free(image.copy);
}
END_TEST

/* A writer that ends in the middle leaves the file as it was. */
START_TEST(a_file_is_replaced_as_a_whole_or_not_at_all)
{
	struct book *book = some_book(20), *again;
	struct table_file_out *out;
	char text[128];

	save(book);
	ck_ok(table_file_create(path, 1, &out, &err));
	table_file_put(out, 1, "x", 1);
	ck_ok(book_file_open(path, &any, &again, NULL, &err));
	book_free(again);
	table_file_abort(out);
	/* What a crash has left of one is no obstacle. */
	(void)snprintf(text, sizeof text, "%s.new", path);
	(void)close(open(text, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	save(book);
	ck_ok(book_file_open(path, &any, &again, NULL, &err));
	book_free(again);
	book_free(book);
}
END_TEST

/* Tables as such: spans for each width that codes have, all types, values missing. */
START_TEST(columns_of_every_width_come_back)
{
	struct table *t = table_new("t", 0), *again;
	struct table_file_out *out;
	struct table_file *file;
	bool seen[9] = {false};
	char text[24];

	for (int bits = 0; bits < 64; bits += 3)
		(void)table_add_column(
		    t, (snprintf(text, sizeof text, "i%d", bits), text), COL_INT);
	(void)table_add_column(t, "d", COL_DOUBLE);
	(void)table_add_column(t, "s", COL_STRING);
	for (size_t r = 0; r < 2 * TABLE_CHUNK + 77; r++) {
		uint64_t n = r * UINT64_C(0x9e3779b97f4a7c15);

		(void)table_append(t);
		for (int c = 0; c < t->ncols - 2; c++)
			if ((r + (size_t)c) % 11 != 0)
				table_set_int(
				    t, c, r, (int64_t)(n >> (63 - 3 * c)) - 9);
		if (r % 3 != 0)
			table_set_double(t, t->ncols - 2, r, (double)n);
		(void)snprintf(text, sizeof text, "%zu", r);
		table_set_string(t, t->ncols - 1, r, str_of(text));
	}
	table_pack(t);
	ck_ok(table_file_create(path, 1, &out, &err));
	table_file_put_table(out, t, t->ncols);
	ck_ok(table_file_commit(out, NULL, &err));
	ck_ok(table_file_open(path, 1, &file, &err));
	ck_ok(table_file_table(file, &again, &err));
	table_file_close(file);
	ck_assert_uint_eq(table_walk(t), table_walk(again));
	for (int c = 0; c < t->ncols; c++)
		for (size_t k = 0; k < t->cols[c].pack->nchunks; k++)
			seen[t->cols[c].pack->chunks[k].width] = true;
	for (int w = 1; w < 9; w++)
		ck_assert_int_eq(seen[w], w != 5 && w != 7);
	table_free(t);
	table_free(again);
}
END_TEST

START_TEST(both_ways_to_a_checksum_agree)
{
	unsigned char data[1000];

	ck_assert_uint_eq(crc32c(0, "123456789", 9), 0xe3069283); /* RFC 3720 */
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)(i * 7919 >> 3);
	for (size_t len = 0; len < sizeof data; len += 7) {
		ck_assert_uint_eq(crc32c(0, data, len), crc32c_portable(0, data, len));
		ck_assert_uint_eq(
		    crc32c(crc32c(0, data, len / 3), data + len / 3, len - len / 3),
		    crc32c(0, data, len));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("book_file");
	TCase *tc = tcase_create("book_file");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, a_book_opens_as_it_was_saved, 0, (int)STW_ARRAY_LEN(sizes));
	tcase_add_test(tc, derived_traits_are_not_in_the_file);
	tcase_add_test(tc, fed_traits_are_in_the_file);
	tcase_add_test(tc, a_book_from_a_file_saves_the_same_file);
	tcase_add_loop_test(tc, a_file_of_something_else_is_refused_with_the_reason, 0,
	    (int)STW_ARRAY_LEN(wants));
	tcase_add_test(tc, no_file_and_a_file_that_others_may_read);
	tcase_add_test(tc, a_file_cut_short_anywhere_is_refused);
	tcase_add_test(tc, a_byte_changed_anywhere_is_found);
	tcase_add_test(tc, a_byte_changed_and_sealed_does_no_harm);
	tcase_add_loop_test(
	    tc, another_version_or_machine_is_named, 0, (int)STW_ARRAY_LEN(heads));
	tcase_add_test(tc, a_file_is_replaced_as_a_whole_or_not_at_all);
	tcase_add_test(tc, columns_of_every_width_come_back);
	tcase_add_test(tc, both_ways_to_a_checksum_agree);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
