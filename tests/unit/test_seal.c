/* Sealed columns open only where, for whom and with what they were sealed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "db/seal.h"

#define PHONE "+8613800005678"

static char dir[64];
static char path[96];
static struct stw_err err;
static struct seal_keys *keys;

static void
setup(void)
{
	(void)snprintf(dir, sizeof dir, "/tmp/stw-seal-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/keys", dir);
	ck_assert_msg(
	    seal_keys_open(path, true, &keys, &err) == STW_OK, "%s", err.text);
}

static void
teardown(void)
{
	seal_keys_close(keys);
	(void)unlink(path);
	(void)rmdir(dir);
}

static void
write_file(const char *text)
{
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_int_ge(fputs(text, out), 0);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

static struct str
all_of(const struct buf *buf)
{
	return (struct str){buf->data, buf->len};
}

START_TEST(what_is_sealed_opens_again_and_hides_its_text)
{
	struct seal_customer customer, again;
	struct buf wrapped, sealed, plain;

	buf_init(&wrapped);
	buf_init(&sealed);
	buf_init(&plain);
	seal_customer_new(keys, 42, &customer, &wrapped);
	seal_text(&customer, 42, "contact_point.phone", STR_LIT(PHONE), &sealed);
	ck_assert_ptr_null(memmem(sealed.data, sealed.len, "138", 3));
	ck_assert_ptr_null(memmem(wrapped.data, wrapped.len, customer.key, 8));

	seal_keys_close(keys);
	ck_assert(seal_keys_open(path, false, &keys, &err) == STW_OK);
	ck_assert(
	    seal_customer_open(keys, 42, all_of(&wrapped), &again, &err) == STW_OK);
	ck_assert(seal_open(&again, 42, "contact_point.phone", all_of(&sealed), &plain,
		      &err) == STW_OK);
	ck_assert_str_eq(plain.data, PHONE);
	buf_fini(&wrapped);
	buf_fini(&sealed);
	buf_fini(&plain);
}
END_TEST

START_TEST(one_text_sealed_twice_looks_different)
{
	struct seal_customer customer;
	struct buf wrapped, a, b, plain;

	buf_init(&wrapped);
	buf_init(&a);
	buf_init(&b);
	buf_init(&plain);
	seal_customer_new(keys, 1, &customer, &wrapped);
	seal_text(&customer, 1, "customer.name", STR_LIT(""), &a);
	seal_text(&customer, 1, "customer.name", STR_LIT(""), &b);
	ck_assert(!str_eq(all_of(&a), all_of(&b)));
	ck_assert(seal_open(&customer, 1, "customer.name", all_of(&a), &plain, &err) ==
		  STW_OK);
	ck_assert_uint_eq(plain.len, 0);
	buf_fini(&wrapped);
	buf_fini(&a);
	buf_fini(&b);
	buf_fini(&plain);
}
END_TEST

/* The text, its place and the customer make the bytes, and nothing else does. */
START_TEST(a_steady_seal_is_the_same_for_the_same_alone)
{
	static const struct {
		const char *column, *text;
		int customer; /* whose key */
		int64_t id;
		bool same;
	} cases[] = {
	    {"customer.name", "张伟", 0, 1, true},
	    {"customer.name", "张伟 ", 0, 1, false},
	    {"customer.name", "", 0, 1, false},
	    {"customer.id", "张伟", 0, 1, false},
	    {"customer.name", "张伟", 0, 2, false},
	    {"customer.name", "张伟", 1, 1, false},
	};
	struct seal_customer customers[2];
	struct buf wrapped, first, again, plain;

	buf_init(&wrapped);
	buf_init(&first);
	buf_init(&plain);
	for (int i = 0; i < 2; i++)
		seal_customer_new(keys, i + 1, &customers[i], &wrapped);
	seal_text_steady(&customers[0], 1, "customer.name", STR_LIT("张伟"), &first);
	for (size_t i = 0; i < STW_ARRAY_LEN(cases); i++) {
		buf_init(&again);
		seal_text_steady(&customers[cases[i].customer], cases[i].id,
		    cases[i].column, str_of(cases[i].text), &again);
		ck_assert_msg(
		    str_eq(all_of(&first), all_of(&again)) == cases[i].same, "%zu", i);
		/* Not even the nonce is shared. */
		if (!cases[i].same)
			ck_assert_mem_ne(first.data + 2, again.data + 2, 24);
		buf_fini(&again);
	}
	ck_assert_int_eq(
	    seal_open(&customers[0], 1, "customer.name", all_of(&first), &plain, &err),
	    STW_OK);
	ck_assert(str_eq_c(all_of(&plain), "张伟"));
	buf_fini(&wrapped);
	buf_fini(&first);
	buf_fini(&plain);
}
END_TEST

START_TEST(it_opens_nowhere_else)
{
	struct seal_customer customer, stranger;
	struct buf wrapped, other, sealed, plain;

	buf_init(&wrapped);
	buf_init(&other);
	buf_init(&sealed);
	buf_init(&plain);
	seal_customer_new(keys, 42, &customer, &wrapped);
	seal_customer_new(keys, 43, &stranger, &other);
	seal_text(&customer, 42, "contact_point.phone", STR_LIT(PHONE), &sealed);
	ck_assert(seal_open(&customer, 43, "contact_point.phone", all_of(&sealed),
		      &plain, &err) == STW_INVALID);
	ck_assert(seal_open(&customer, 42, "customer.name", all_of(&sealed), &plain,
		      &err) == STW_INVALID);
	ck_assert(seal_open(&stranger, 42, "contact_point.phone", all_of(&sealed),
		      &plain, &err) == STW_INVALID);
	ck_assert(seal_customer_open(keys, 43, all_of(&wrapped), &stranger, &err) ==
		  STW_INVALID);
	ck_assert_uint_eq(plain.len, 0);
	buf_fini(&wrapped);
	buf_fini(&other);
	buf_fini(&sealed);
	buf_fini(&plain);
}
END_TEST

START_TEST(any_changed_or_missing_byte_is_noticed)
{
	struct seal_customer customer, again;
	struct buf wrapped, sealed, plain;

	buf_init(&wrapped);
	buf_init(&sealed);
	buf_init(&plain);
	seal_customer_new(keys, 42, &customer, &wrapped);
	seal_text(&customer, 42, "c", STR_LIT(PHONE), &sealed);
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.data[i] = (char)(sealed.data[i] ^ 1);
		ck_assert_msg(seal_open(&customer, 42, "c", all_of(&sealed), &plain,
				  &err) == STW_INVALID,
		    "byte %zu", i);
		sealed.data[i] = (char)(sealed.data[i] ^ 1);
		ck_assert_msg(
		    seal_open(&customer, 42, "c", (struct str){sealed.data, i}, &plain,
			&err) == STW_INVALID,
		    "length %zu", i);
	}
	for (size_t i = 0; i < wrapped.len; i++) {
		wrapped.data[i] = (char)(wrapped.data[i] ^ 1);
		ck_assert(seal_customer_open(
			      keys, 42, all_of(&wrapped), &again, &err) == STW_INVALID);
		wrapped.data[i] = (char)(wrapped.data[i] ^ 1);
		ck_assert(seal_customer_open(keys, 42, (struct str){wrapped.data, i},
			      &again, &err) == STW_INVALID);
	}
	ck_assert(
	    seal_open(&customer, 42, "c", all_of(&sealed), &plain, &err) == STW_OK);
	buf_fini(&wrapped);
	buf_fini(&sealed);
	buf_fini(&plain);
}
END_TEST

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"
#define REST  "index:1:" HEX_A "suppress:1:" HEX_B

START_TEST(an_exchanged_wrapping_key_opens_what_the_old_one_wrapped)
{
	struct seal_customer before, after;
	struct buf old, new;

	buf_init(&old);
	buf_init(&new);
	seal_keys_close(keys);
	write_file("kek:1:" HEX_A REST);
	ck_assert(seal_keys_open(path, false, &keys, &err) == STW_OK);
	seal_customer_new(keys, 7, &before, &old);
	seal_keys_close(keys);
	write_file("# rotated\nkek:2:" HEX_B "kek:1:" HEX_A REST);
	ck_assert(seal_keys_open(path, false, &keys, &err) == STW_OK);
	ck_assert(seal_customer_open(keys, 7, all_of(&old), &after, &err) == STW_OK);
	ck_assert_mem_eq(before.key, after.key, sizeof after.key);
	seal_customer_new(keys, 7, &after, &new);
	ck_assert_int_eq(new.data[1], 2);
	seal_keys_close(keys);
	write_file("kek:2:" HEX_B REST);
	ck_assert(seal_keys_open(path, false, &keys, &err) == STW_OK);
	ck_assert(
	    seal_customer_open(keys, 7, all_of(&old), &after, &err) == STW_INVALID);
	ck_assert_msg(strstr(err.text, "version 1") != NULL, "%s", err.text);
	buf_fini(&old);
	buf_fini(&new);
}
END_TEST

static const char *const bad_files[] = {
    "",
    "kek:1:" HEX_A,
    "kek:1:abc\n" REST,
    "kek:0:" HEX_A REST,
    "kek:256:" HEX_A REST,
    "kek:1:" HEX_A "kek:1:" HEX_B REST,
    "kek:1:" HEX_A REST "index:1:" HEX_A,
    "kek:1:" HEX_A REST "else:1:" HEX_A,
    "kek1" HEX_A REST,
};

START_TEST(a_bad_key_file_is_refused)
{
	struct seal_keys *bad;

	write_file(bad_files[_i]);
	ck_assert(seal_keys_open(path, true, &bad, &err) == STW_INVALID);
	ck_assert_ptr_null(bad);
	ck_assert_ptr_null(strstr(err.text, "aaaa"));
}
END_TEST

START_TEST(a_key_file_that_others_may_read_is_refused)
{
	struct seal_keys *bad;
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(chmod(path, 0604), 0);
	ck_assert(seal_keys_open(path, true, &bad, &err) == STW_INVALID);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(seal_keys_open(path, false, &bad, &err) == STW_NOT_FOUND);
}
END_TEST

START_TEST(an_index_is_keyed_and_stable)
{
	unsigned char a[SEAL_INDEX_BYTES], b[SEAL_INDEX_BYTES];

	seal_index(keys, 1, STR_LIT(PHONE), a);
	seal_index(keys, 1, STR_LIT(PHONE), b);
	ck_assert_mem_eq(a, b, sizeof a);
	seal_index(keys, 1, STR_LIT(PHONE "1"), b);
	ck_assert_mem_ne(a, b, sizeof a);
	seal_suppression(keys, 1, STR_LIT(PHONE), b);
	ck_assert_mem_ne(a, b, sizeof a);
	seal_event_hash(keys, STR_LIT(PHONE), a);
	ck_assert_mem_ne(a, b, sizeof a);
	seal_index(keys, 1, STR_LIT(PHONE), b);
	ck_assert_mem_ne(a, b, sizeof a);
	seal_index(keys, 1, STR_LIT(PHONE), a);
	seal_keys_close(keys);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(seal_keys_open(path, true, &keys, &err) == STW_OK);
	seal_index(keys, 1, STR_LIT(PHONE), b);
	ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

START_TEST(a_new_version_is_seen_by_whoever_has_the_file_open)
{
	struct seal_customer before, after;
	struct seal_keys *other;
	struct buf old, new;
	int version;

	buf_init(&old);
	buf_init(&new);
	ck_assert(seal_keys_open(path, false, &other, &err) == STW_OK);
	seal_customer_new(keys, 7, &before, &old);
	ck_assert(seal_keys_add(keys, SEAL_KEK, &version, &err) == STW_OK);
	ck_assert_int_eq(version, 2);
	ck_assert_int_eq(seal_keys_newest(other, SEAL_KEK), 1);
	ck_assert(seal_customer_rewrap(keys, 7, all_of(&old), &new, &err) == STW_OK);
	ck_assert_int_eq(new.data[1], 2);
	ck_assert_msg(
	    seal_customer_open(other, 7, all_of(&new), &after, &err) == STW_OK, "%s",
	    err.text);
	ck_assert_mem_eq(before.key, after.key, sizeof after.key);
	ck_assert_int_eq(seal_keys_newest(other, SEAL_KEK), 2);
	ck_assert(seal_keys_has(other, SEAL_KEK, 1));
	ck_assert(!seal_keys_has(other, SEAL_KEK, 3));
	seal_keys_close(other);
	buf_fini(&old);
	buf_fini(&new);
}
END_TEST

START_TEST(a_version_is_removed_but_never_the_newest)
{
	struct stat st;
	int version;

	ck_assert(seal_keys_remove(keys, SEAL_INDEX, 1, &err) == STW_CONFLICT);
	ck_assert(seal_keys_remove(keys, SEAL_INDEX, 2, &err) == STW_NOT_FOUND);
	ck_assert(seal_keys_add(keys, SEAL_INDEX, &version, &err) == STW_OK);
	ck_assert(seal_keys_remove(keys, SEAL_INDEX, 1, &err) == STW_OK);
	ck_assert(!seal_keys_has(keys, SEAL_INDEX, 1));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	seal_keys_close(keys);
	ck_assert(seal_keys_open(path, false, &keys, &err) == STW_OK);
	ck_assert_int_eq(seal_keys_newest(keys, SEAL_INDEX), 2);
	ck_assert_int_eq(seal_keys_newest(keys, SEAL_KEK), 1);
}
END_TEST

/* ---- where keys are in memory --------------------------------------------------------- */
#ifndef __SANITIZE_ADDRESS__ /* whose own memory has no end */
/* The kek in the file, each byte turned over so that this copy is not found itself. */
static void
kek_turned(unsigned char out[SEAL_KEY_BYTES])
{
	FILE *in = fopen(path, "r");
	char line[128];

	ck_assert_ptr_nonnull(in);
	ck_assert_ptr_nonnull(fgets(line, sizeof line, in));
	ck_assert_int_eq(fclose(in), 0);
	ck_assert_int_eq(strncmp(line, "kek:1:", 6), 0);
	for (int i = 0; i < SEAL_KEY_BYTES; i++) {
		unsigned v;

		ck_assert_int_eq(sscanf(line + 6 + 2 * i, "%2x", &v), 1);
		out[i] = (unsigned char)~v;
	}
}

static bool
holds(const unsigned char *from, const unsigned char *to,
    const unsigned char turned[SEAL_KEY_BYTES])
{
	for (; to - from >= SEAL_KEY_BYTES; from++) {
		int i = 0;

		while (i < SEAL_KEY_BYTES && (from[i] ^ turned[i]) == 0xff)
			i++;
		if (i == SEAL_KEY_BYTES)
			return true;
	}
	return false;
}

/* Looks through all memory of this process: where the key is, the kernel has been told to
 * keep it off the disk and out of a core dump. */
START_TEST(keys_are_locked_and_left_out_of_core_dumps)
{
	unsigned char turned[SEAL_KEY_BYTES];
	FILE *maps = fopen("/proc/self/smaps", "r");
	bool here = false;
	char line[512];
	int found = 0;

	ck_assert_ptr_nonnull(maps);
	kek_turned(turned);
	while (fgets(line, sizeof line, maps) != NULL) {
		unsigned long from, to;
		char mode[8], name[256] = "";

		if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s", &from, &to, mode,
			name) >= 3) {
			here = mode[0] == 'r' && strncmp(name, "[v", 2) != 0 &&
			       to - from < 64UL << 20 &&
			       holds((const unsigned char *)from,
				   (const unsigned char *)to, turned);
			found += here;
		} else if (here && strncmp(line, "VmFlags:", 8) == 0) {
			ck_assert_msg(strstr(line, " dd") != NULL, "dumped: %s", line);
			ck_assert_msg(
			    strstr(line, " lo") != NULL, "not locked: %s", line);
		}
	}
	ck_assert_int_eq(fclose(maps), 0);
	ck_assert_int_eq(found, 1);
}
END_TEST
#endif

static const struct mask_case {
	const char *plain, *want;
} phone_cases[] =
    {
	{"13800005678", "138****5678"},
	{"138000056789", "138*****6789"},
	{"1380000567", "138****567"},
	{"8000567", "80****7"},
	{"800056", "******"},
	{"", ""},
},
  name_cases[] = {
      {"张三丰", "张**"},
      {"Anna", "A**"},
      {"𠮷野家", "𠮷**"},
      {"", "**"},
};

START_TEST(phones_are_masked)
{
	struct buf to;

	buf_init(&to);
	seal_mask_phone(str_of(phone_cases[_i].plain), &to);
	ck_assert(str_eq_c(all_of(&to), phone_cases[_i].want));
	buf_fini(&to);
}
END_TEST

START_TEST(names_are_masked)
{
	struct buf to;

	buf_init(&to);
	seal_mask_name(str_of(name_cases[_i].plain), &to);
	ck_assert_str_eq(to.data, name_cases[_i].want);
	buf_fini(&to);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("seal");
	TCase *tc = tcase_create("seal");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_sealed_opens_again_and_hides_its_text);
	tcase_add_test(tc, one_text_sealed_twice_looks_different);
	tcase_add_test(tc, a_steady_seal_is_the_same_for_the_same_alone);
	tcase_add_test(tc, it_opens_nowhere_else);
	tcase_add_test(tc, any_changed_or_missing_byte_is_noticed);
	tcase_add_test(tc, an_exchanged_wrapping_key_opens_what_the_old_one_wrapped);
	tcase_add_loop_test(
	    tc, a_bad_key_file_is_refused, 0, (int)STW_ARRAY_LEN(bad_files));
	tcase_add_test(tc, a_key_file_that_others_may_read_is_refused);
	tcase_add_test(tc, a_new_version_is_seen_by_whoever_has_the_file_open);
	tcase_add_test(tc, a_version_is_removed_but_never_the_newest);
#ifndef __SANITIZE_ADDRESS__
	tcase_add_test(tc, keys_are_locked_and_left_out_of_core_dumps);
#endif
	tcase_add_test(tc, an_index_is_keyed_and_stable);
	tcase_add_loop_test(tc, phones_are_masked, 0, (int)STW_ARRAY_LEN(phone_cases));
	tcase_add_loop_test(tc, names_are_masked, 0, (int)STW_ARRAY_LEN(name_cases));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
