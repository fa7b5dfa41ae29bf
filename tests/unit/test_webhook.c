#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <sodium.h>

#include "api/push/webhook.h"

/* Published with the reference libraries of Standard Webhooks. */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID     "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define AT     "1614265330"
#define AT_SEC INT64_C(1614265330)
#define BODY   "{\"test\": 2432232314}"
#define GOOD   "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

#define OTHER_SECRET "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

static struct webhook_secret
secret_of(const char *text)
{
	struct webhook_secret s;
	struct stw_err err;

	ck_assert_msg(
	    webhook_secret_parse(str_of(text), &s, &err) == STW_OK, "%s", err.text);
	return s;
}

struct verify_case {
	const char *name, *id, *timestamp, *signature, *body;
	int64_t now_sec;
	enum webhook_verdict want;
};

static const struct verify_case cases[] = {
    {"the published vector", ID, AT, GOOD, BODY, AT_SEC, WEBHOOK_OK},
    {"last second of the tolerance", ID, AT, GOOD, BODY, AT_SEC + 300, WEBHOOK_OK},
    {"just too old", ID, AT, GOOD, BODY, AT_SEC + 301, WEBHOOK_STALE},
    {"just too far ahead", ID, AT, GOOD, BODY, AT_SEC - 301, WEBHOOK_STALE},
    {"another body", ID, AT, GOOD, BODY " ", AT_SEC, WEBHOOK_BAD},
    {"another id", ID "x", AT, GOOD, BODY, AT_SEC, WEBHOOK_BAD},
    {"another time", ID, "1614265331", GOOD, BODY, AT_SEC, WEBHOOK_BAD},
    {"an old and bad one is bad, not stale", ID, AT, GOOD, "x", AT_SEC + 900,
	WEBHOOK_BAD},
    {"second of several", ID, AT, "v1,AAAA " GOOD, BODY, AT_SEC, WEBHOOK_OK},
    {"first of several", ID, AT, GOOD " v1a,abc", BODY, AT_SEC, WEBHOOK_OK},
    {"another version with our bytes", ID, AT,
	"v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", BODY, AT_SEC, WEBHOOK_BAD},
    {"cut short", ID, AT, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE", BODY,
	AT_SEC, WEBHOOK_BAD},
    {"not base64", ID, AT, "v1,############################################", BODY,
	AT_SEC, WEBHOOK_BAD},
    {"no signature", ID, AT, "", BODY, AT_SEC, WEBHOOK_MALFORMED},
    {"no id", "", AT, GOOD, BODY, AT_SEC, WEBHOOK_MALFORMED},
    {"no time", ID, "", GOOD, BODY, AT_SEC, WEBHOOK_MALFORMED},
    {"time with a sign", ID, "-161426533", GOOD, BODY, AT_SEC, WEBHOOK_MALFORMED},
    {"time without end", ID, "99999999999999999999", GOOD, BODY, AT_SEC,
	WEBHOOK_MALFORMED},
};

START_TEST(a_signature_is_verified)
{
	const struct verify_case *c = &cases[_i];
	struct webhook_secret s = secret_of(SECRET);
	enum webhook_verdict got = webhook_verify(&s, 1, str_of(c->id),
	    str_of(c->timestamp), str_of(c->signature), str_of(c->body), c->now_sec);

	ck_assert_msg(got == c->want, "%s: %s", c->name, webhook_verdict_name(got));
}
END_TEST

START_TEST(signing_gives_the_published_signature)
{
	struct webhook_secret s = secret_of(SECRET);
	struct buf out;

	buf_init(&out);
	webhook_sign(&s, 1, str_of(ID), AT_SEC, str_of(BODY), &out);
	ck_assert_str_eq(out.data, GOOD);
	buf_fini(&out);
}
END_TEST

START_TEST(a_secret_is_changed_without_one_failed_verification)
{
	struct webhook_secret both[2] = {secret_of(OTHER_SECRET), secret_of(SECRET)};
	struct buf out;

	buf_init(&out);
	webhook_sign(both, 2, str_of(ID), AT_SEC, str_of(BODY), &out);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(
		    webhook_verify(&both[i], 1, str_of(ID), str_of(AT),
			(struct str){out.data, out.len}, str_of(BODY), AT_SEC),
		    WEBHOOK_OK);
	ck_assert_int_eq(webhook_verify(both, 2, str_of(ID), str_of(AT), str_of(GOOD),
			     str_of(BODY), AT_SEC),
	    WEBHOOK_OK);
	ck_assert_int_eq(webhook_verify(both, 1, str_of(ID), str_of(AT), str_of(GOOD),
			     str_of(BODY), AT_SEC),
	    WEBHOOK_BAD);
	ck_assert_int_eq(webhook_verify(both, 0, str_of(ID), str_of(AT), str_of(GOOD),
			     str_of(BODY), AT_SEC),
	    WEBHOOK_BAD);
	buf_fini(&out);
}
END_TEST

/* 24 bytes are the least; 64 the most. */
#define A43 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
static const struct {
	const char *text;
	bool ok;
} secrets[] = {
    {SECRET, true}, /* 24 bytes */
    {"whsec_"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	false},                     /* 23 */
    {"whsec_" A43 A43 "==", true},  /* 64 */
    {"whsec_" A43 A43 "A=", false}, /* 65 */
    {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false},
    {"whsec_", false},
    {"", false},
    {"whsec_not base64 at all, not base64", false},
};

START_TEST(a_secret_has_a_form_and_is_not_repeated_in_the_error)
{
	struct webhook_secret s;
	struct stw_err err = {0};
	enum stw_code rc = webhook_secret_parse(str_of(secrets[_i].text), &s, &err);

	ck_assert_msg((rc == STW_OK) == secrets[_i].ok, "%s", secrets[_i].text);
	if (rc != STW_OK && strlen(secrets[_i].text) > 10)
		ck_assert_ptr_null(strstr(err.text, secrets[_i].text + 6));
}
END_TEST

START_TEST(a_new_secret_can_be_used)
{
	struct buf a, b;
	struct webhook_secret s;

	buf_init(&a);
	buf_init(&b);
	webhook_secret_make(&a);
	webhook_secret_make(&b);
	ck_assert_str_ne(a.data, b.data);
	s = secret_of(a.data);
	ck_assert_uint_eq(s.len, 32);
	buf_fini(&a);
	buf_fini(&b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("webhook");
	TCase *tc = tcase_create("webhook");
	SRunner *runner;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_add_loop_test(tc, a_signature_is_verified, 0, STW_ARRAY_LEN(cases));
	tcase_add_test(tc, signing_gives_the_published_signature);
	tcase_add_test(tc, a_secret_is_changed_without_one_failed_verification);
	tcase_add_loop_test(tc, a_secret_has_a_form_and_is_not_repeated_in_the_error, 0,
	    STW_ARRAY_LEN(secrets));
	tcase_add_test(tc, a_new_secret_can_be_used);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
