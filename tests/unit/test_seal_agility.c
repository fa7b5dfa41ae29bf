/* A second algorithm is one row of the table: this program brings a table of its own, with
 * one that was made up for it as the current one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <sodium.h>

#include "db/seal.h"
#include "db/seal_algorithm.h"

#define OLD     0x01
#define MADE_UP 0x7e
#define COLUMN  "contact_point.phone"
#define TEXT    "+8613800005678"

static void
old_seal(const unsigned char *key, const unsigned char *nonce, struct str additional,
    struct str plain, unsigned char *out)
{
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL,
	    (const unsigned char *)plain.ptr, plain.len,
	    (const unsigned char *)additional.ptr, additional.len, NULL, nonce, key);
}

static bool
old_open(const unsigned char *key, const unsigned char *nonce, struct str additional,
    struct str sealed, unsigned char *out)
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL,
		   (const unsigned char *)sealed.ptr, sealed.len,
		   (const unsigned char *)additional.ptr, additional.len, nonce,
		   key) == 0;
}

/* Sound, and unlike the first in everything that could be assumed: another cipher,
 * another nonce, a tag of twice the length, two keys derived from the one. */
static void
halves(const unsigned char *key, struct str additional, unsigned char out[64])
{
	(void)crypto_generichash(out, 64, (const unsigned char *)additional.ptr,
	    additional.len, key, SEAL_KEY_BYTES);
}

static void
made_up_seal(const unsigned char *key, const unsigned char *nonce,
    struct str additional, struct str plain, unsigned char *out)
{
	unsigned char two[64];

	halves(key, additional, two);
	(void)crypto_stream_chacha20_ietf_xor(
	    out, (const unsigned char *)plain.ptr, plain.len, nonce, two);
	(void)crypto_auth_hmacsha256(out + plain.len, out, plain.len, two + 32);
}

static bool
made_up_open(const unsigned char *key, const unsigned char *nonce,
    struct str additional, struct str sealed, unsigned char *out)
{
	const unsigned char *from = (const unsigned char *)sealed.ptr;
	size_t len = sealed.len - crypto_auth_hmacsha256_BYTES;
	unsigned char two[64];

	halves(key, additional, two);
	if (crypto_auth_hmacsha256_verify(from + len, from, len, two + 32) != 0)
		return false;
	(void)crypto_stream_chacha20_ietf_xor(out, from, len, nonce, two);
	return true;
}

static const struct seal_algorithm table[] = {
    {OLD, "old", crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	crypto_aead_xchacha20poly1305_ietf_ABYTES, old_seal, old_open},
    {MADE_UP, "made up", crypto_stream_chacha20_ietf_NONCEBYTES,
	crypto_auth_hmacsha256_BYTES, made_up_seal, made_up_open},
};
static size_t known, current;

/* In the place of db/seal_algorithm.c: objects are linked before the archive. */
const struct seal_algorithm *
seal_algorithm_find(unsigned char id)
{
	for (size_t i = 0; i < known; i++)
		if (table[i].id == id)
			return &table[i];
	return NULL;
}

const struct seal_algorithm *
seal_algorithm_current(void)
{
	return &table[current];
}

static char path[64];
static struct stw_err err;
static struct seal_keys *keys;
static struct seal_customer customer, again;
static struct buf wrapped, sealed, plain;

static void
setup(void)
{
	char dir[] = "/tmp/stw-agility-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/keys", dir);
	ck_assert_msg(
	    seal_keys_open(path, true, &keys, &err) == STW_OK, "%s", err.text);
	buf_init(&wrapped);
	buf_init(&sealed);
	buf_init(&plain);
	known = 1;
	current = 0;
	seal_customer_new(keys, 42, &customer, &wrapped);
	seal_text(&customer, 42, COLUMN, STR_LIT(TEXT), &sealed);
}

static void
teardown(void)
{
	seal_keys_close(keys);
	buf_fini(&wrapped);
	buf_fini(&sealed);
	buf_fini(&plain);
	(void)unlink(path);
	*strrchr(path, '/') = '\0';
	(void)rmdir(path);
}

static struct str
all_of(const struct buf *buf)
{
	return (struct str){buf->data, buf->len};
}

START_TEST(what_the_old_one_sealed_opens_under_the_new_one)
{
	known = 2;
	current = 1;
	ck_assert(
	    seal_customer_open(keys, 42, all_of(&wrapped), &again, &err) == STW_OK);
	ck_assert(
	    seal_open(&again, 42, COLUMN, all_of(&sealed), &plain, &err) == STW_OK);
	ck_assert_str_eq(plain.data, TEXT);
}
END_TEST

START_TEST(what_is_sealed_now_names_the_new_one_and_opens)
{
	known = 2;
	current = 1;
	buf_clear(&wrapped);
	buf_clear(&sealed);
	seal_customer_new(keys, 42, &customer, &wrapped);
	seal_text(&customer, 42, COLUMN, STR_LIT(TEXT), &sealed);
	ck_assert_int_eq((unsigned char)wrapped.data[0], MADE_UP);
	ck_assert_int_eq((unsigned char)sealed.data[0], MADE_UP);
	ck_assert_uint_eq(sealed.len, 2 + 12 + strlen(TEXT) + 32);
	ck_assert_ptr_null(memmem(sealed.data, sealed.len, "138", 3));
	ck_assert(
	    seal_customer_open(keys, 42, all_of(&wrapped), &again, &err) == STW_OK);
	ck_assert(
	    seal_open(&again, 42, COLUMN, all_of(&sealed), &plain, &err) == STW_OK);
	ck_assert_str_eq(plain.data, TEXT);
	sealed.data[20] ^= 1;
	ck_assert(seal_open(&again, 42, COLUMN, all_of(&sealed), &plain, &err) ==
		  STW_INVALID);
}
END_TEST

START_TEST(an_algorithm_that_is_not_known_is_named)
{
	known = 2;
	current = 1;
	buf_clear(&sealed);
	seal_text(&customer, 42, COLUMN, STR_LIT(TEXT), &sealed);
	known = 1;
	ck_assert(seal_open(&customer, 42, COLUMN, all_of(&sealed), &plain, &err) ==
		  STW_INVALID);
	ck_assert_msg(strstr(err.text, "algorithm 126") != NULL, "%s", err.text);
	ck_assert_uint_eq(plain.len, 0);
	wrapped.data[0] = 0x02;
	ck_assert(seal_customer_open(keys, 42, all_of(&wrapped), &again, &err) ==
		  STW_INVALID);
	ck_assert_msg(strstr(err.text, "algorithm 2") != NULL, "%s", err.text);
}
END_TEST

/* The algorithm is part of what is authenticated: it cannot be exchanged for another. */
START_TEST(the_algorithm_cannot_be_relabelled)
{
	known = 2;
	sealed.data[0] = MADE_UP;
	ck_assert(seal_open(&customer, 42, COLUMN, all_of(&sealed), &plain, &err) ==
		  STW_INVALID);
}
END_TEST

START_TEST(rewrapping_brings_a_key_to_the_new_one)
{
	struct buf new;

	known = 2;
	current = 1;
	buf_init(&new);
	ck_assert(
	    seal_customer_rewrap(keys, 42, all_of(&wrapped), &new, &err) == STW_OK);
	ck_assert_int_eq((unsigned char)new.data[0], MADE_UP);
	ck_assert(seal_customer_open(keys, 42, all_of(&new), &again, &err) == STW_OK);
	ck_assert_mem_eq(customer.key, again.key, sizeof again.key);
	buf_fini(&new);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("seal_agility");
	TCase *tc = tcase_create("agility");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_the_old_one_sealed_opens_under_the_new_one);
	tcase_add_test(tc, what_is_sealed_now_names_the_new_one_and_opens);
	tcase_add_test(tc, an_algorithm_that_is_not_known_is_named);
	tcase_add_test(tc, the_algorithm_cannot_be_relabelled);
	tcase_add_test(tc, rewrapping_brings_a_key_to_the_new_one);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
