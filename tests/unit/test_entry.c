/* The bytes of a ledger entry, and commitments in it. */
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <sodium.h>

#include "db/entry_json.h"
#include "engine/err.h"

START_TEST(keys_are_sorted_and_nothing_is_between)
{
	const struct entry_field fields[] = {ENTRY_TEXT("z", "\"quoted\""),
	    ENTRY_INT("b", -3), ENTRY_TEXT("left_out", NULL)};
	struct buf entry;

	buf_init(&entry);
	entry_write("test", "id-1", INT64_C(1795399200000000), fields, 3, &entry);
	ck_assert_str_eq(entry.data,
	    "{\"at\":\"2026-11-23T02:00:00Z\",\"b\":-3,\"id\":\"id-1\",\"kind\":\"test\","
	    "\"z\":\"\\\"quoted\\\"\"}");
	buf_fini(&entry);
}
END_TEST

/* RFC 4231, test case 1: its key of 20 bytes is ours with zeros behind it. */
START_TEST(a_commitment_is_an_hmac)
{
	unsigned char salt[ENTRY_SALT_BYTES] = {0};
	char out[ENTRY_COMMITMENT];

	memset(salt, 0x0b, 20);
	entry_commit(salt, STR_LIT("Hi There"), out);
	ck_assert_str_eq(
	    out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}
END_TEST

START_TEST(the_same_text_is_never_committed_to_alike)
{
	unsigned char salt[ENTRY_SALT_BYTES];
	char a[ENTRY_COMMITMENT], b[ENTRY_COMMITMENT];

	entry_salt(salt);
	entry_commit(salt, STR_LIT("13800138000"), a);
	entry_salt(salt);
	entry_commit(salt, STR_LIT("13800138000"), b);
	ck_assert_str_ne(a, b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("entry");
	TCase *tc = tcase_create("entry");
	SRunner *runner;
	int failed;

	STW_ASSERT(sodium_init() >= 0);
	tcase_add_test(tc, keys_are_sorted_and_nothing_is_between);
	tcase_add_test(tc, a_commitment_is_an_hmac);
	tcase_add_test(tc, the_same_text_is_never_committed_to_alike);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
