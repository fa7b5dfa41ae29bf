/*
 * test_oidc.c - which tokens of an identity provider are taken, and which never.
 */
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <sodium.h>

#include "api/oidc.h"

#define NOW      INT64_C(1764140000)
#define ISSUER   "https://id.bank.example"
#define AUDIENCE "steward"

static json_t *rsa, *ec, *stranger; /* secret keys */
static json_t *set;                 /* the public ones of the first two */
static struct oidc_rules rules;
static struct arena arena;
static int refused;

/* ---- making tokens ------------------------------------------------------------------ */
static json_t *
make_key(const char *alg, const char *kid)
{
	json_t *key = json_pack("{s:s, s:s}", "alg", alg, "kid", kid);

	ck_assert(jose_jwk_gen(NULL, key));
	return key;
}

static json_t *
public_set(void)
{
	json_t *one = json_deep_copy(rsa), *other = json_deep_copy(ec), *keys;
	struct stw_err err;
	char *text;

	ck_assert(jose_jwk_pub(NULL, one));
	ck_assert(jose_jwk_pub(NULL, other));
	keys = json_pack("{s:[o, o]}", "keys", one, other);
	text = json_dumps(keys, 0);
	json_decref(keys);
	ck_assert_msg(
	    oidc_keys_parse(str_of(text), &keys, &err) == STW_OK, "%s", err.text);
	free(text);
	return keys;
}

static json_t *
claims(void)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}", "iss", ISSUER, "aud",
	    AUDIENCE, "sub", "wang", "iat", (json_int_t)(NOW - 60), "exp",
	    (json_int_t)(NOW + 600), "steward_role", "ops");
}

static json_t *
header(const char *alg, const char *kid)
{
	json_t *v = json_pack("{s:s, s:s}", "alg", alg, "typ", "JWT");

	if (kid != NULL)
		(void)json_object_set_new(v, "kid", json_string(kid));
	return v;
}

static char *
b64(const void *bytes, size_t len)
{
	json_t *v = jose_b64_enc(bytes, len);
	char *text = strdup(json_string_value(v));

	json_decref(v);
	return text;
}

/* Texts as they are, so that they may be faulty JSON. libjose signs under no header that it
 * cannot read: such a token gets the signature of a good one. */
static char *
sign_texts(const char *head, const char *body, const json_t *key)
{
	char *h = b64(head, strlen(head)), *b = b64(body, strlen(body)), *token;
	json_t *jws = json_pack("{s:s}", "payload", b);
	json_t *sig = json_pack("{s:s}", "protected", h);
	size_t size;

	if (!jose_jws_sig(NULL, jws, sig, key)) {
		json_t *fair = json_pack("{s:{s:s}}", "protected", "alg", "RS256");

		ck_assert(jose_jws_sig(NULL, jws, fair, key));
		json_decref(fair);
	}
	size = strlen(h) + strlen(b) + 3 +
	       strlen(json_string_value(json_object_get(jws, "signature")));
	token = malloc(size);
	(void)snprintf(token, size, "%s.%s.%s", h, b,
	    json_string_value(json_object_get(jws, "signature")));
	json_decref(jws);
	json_decref(sig);
	free(h);
	free(b);
	return token;
}

/* Takes both. */
static char *
sign(json_t *head, json_t *body, const json_t *key)
{
	char *h = json_dumps(head, JSON_COMPACT), *b = json_dumps(body, JSON_COMPACT);
	char *token = sign_texts(h, b, key);

	free(h);
	free(b);
	json_decref(head);
	json_decref(body);
	return token;
}

static char *
good_token(void)
{
	return sign(header("RS256", "r1"), claims(), rsa);
}

/* Takes the value; NULL: without the claim. */
static char *
with(const char *name, json_t *value)
{
	json_t *body = claims();

	if (value == NULL)
		(void)json_object_del(body, name);
	else
		(void)json_object_set_new(body, name, value);
	return sign(header("RS256", "r1"), body, rsa);
}

static char *
with_header(const char *name, json_t *value, const json_t *key)
{
	json_t *head = header("RS256", "r1");

	(void)json_object_set_new(head, name, value);
	return sign(head, claims(), key);
}

static void
make_keys(void)
{
	rsa = make_key("RS256", "r1");
	ec = make_key("ES256", "e1");
	stranger = make_key("RS256", "r1");
}

static void
free_keys(void)
{
	json_decref(rsa);
	json_decref(ec);
	json_decref(stranger);
}

static void
setup(void)
{
	struct stw_err err;

	set = public_set();
	arena_init(&arena);
	rules = (struct oidc_rules){.issuer = ISSUER,
	    .audience = AUDIENCE,
	    .subject_claim = "sub",
	    .role_claim = "steward_role",
	    .queue_claim = "steward_queue",
	    .max_age_sec = 3600};
	ck_assert_int_eq(oidc_algorithms_parse(
			     str_of("RS256 PS256, ES256"), &rules.algorithms, &err),
	    STW_OK);
	refused = 0;
}

static void
teardown(void)
{
	json_decref(set);
	arena_fini(&arena);
}

static enum stw_code
verify_text(struct str token, struct oidc_claims *out, struct stw_err *err)
{
	return oidc_verify(&rules, set, token, NOW, &arena, out, err);
}

/* Frees it. */
static void
bad(char *token, const char *what)
{
	struct oidc_claims out;
	struct stw_err err = {0};

	ck_assert_msg(
	    verify_text(str_of(token), &out, &err) == STW_DENIED, "%s was taken", what);
	ck_assert_ptr_null(out.subject);
	ck_assert_int_eq(out.role, ROLE_NONE);
	if (strlen(token) > 40)
		ck_assert_msg(strstr(err.text, token) == NULL, "the token is repeated");
	refused++;
	free(token);
}

static struct oidc_claims
good(char *token)
{
	struct oidc_claims out;
	struct stw_err err = {0};

	ck_assert_msg(verify_text(str_of(token), &out, &err) == STW_OK, "%s", err.text);
	free(token);
	return out;
}

/* ---- what is taken ------------------------------------------------------------------ */
START_TEST(a_good_token_says_who)
{
	struct oidc_claims out = good(good_token());
	json_t *body = claims();

	ck_assert_str_eq(out.subject, "wang");
	ck_assert_int_eq(out.role, ROLE_OPS);
	ck_assert_ptr_null(out.queue);
	ck_assert_int_eq(out.issued_at, NOW - 60);
	ck_assert_int_eq(out.expires_at, NOW + 600);
	(void)good(sign(header("ES256", "e1"), claims(), ec));
	(void)good(sign(header("RS256", NULL), claims(), rsa));
	(void)good(with("aud", json_pack("[s, s]", "other", AUDIENCE)));
	(void)good(with("exp", json_real((double)NOW + 5.5)));
	(void)good(with_header("typ", json_string("at+jwt"), rsa));
	(void)json_object_set_new(
	    body, "steward_role", json_pack("[s, s, i]", "offline_access", "agent", 7));
	(void)json_object_set_new(body, "steward_queue", json_string("wealth"));
	out = good(sign(header("RS256", "r1"), body, rsa));
	ck_assert_int_eq(out.role, ROLE_AGENT);
	ck_assert_str_eq(out.queue, "wealth");
}
END_TEST

START_TEST(a_header_that_points_to_keys_is_passed_over)
{
	json_t *own = json_deep_copy(stranger);

	ck_assert(jose_jwk_pub(NULL, own));
	(void)good(with_header("jku", json_string("https://evil.example/jwks"), rsa));
	bad(with_header("jku", json_string("https://evil.example/jwks"), stranger),
	    "jku");
	bad(with_header("x5u", json_string("https://evil.example/x5u"), stranger),
	    "x5u");
	bad(with_header("jwk", own, stranger), "jwk");
	bad(with_header("x5c", json_pack("[s]", "MIIB"), stranger), "x5c");
}
END_TEST

/* ---- what is not -------------------------------------------------------------------- */
static void
try_times(void)
{
	static const char *const names[] = {"exp", "iat"};

	for (size_t i = 0; i < STW_ARRAY_LEN(names); i++) {
		bad(with(names[i], NULL), names[i]);
		bad(with(names[i], json_null()), names[i]);
		bad(with(names[i], json_string("1764140600")), names[i]);
		bad(with(names[i], json_true()), names[i]);
		bad(with(names[i], json_integer(-1)), names[i]);
		bad(with(names[i], json_real(1e300)), names[i]);
		bad(with(names[i], json_integer(INT64_MAX)), names[i]);
		bad(with(names[i], json_array()), names[i]);
	}
	for (int64_t ago = 0; ago < 20; ago++)
		bad(with("exp", json_integer(NOW - ago * 997)), "expired");
	for (int64_t ago = 3600; ago < 3620; ago++)
		bad(with("iat", json_integer(NOW - ago * 3)), "old");
	for (int64_t ahead = OIDC_LEEWAY + 1; ahead < OIDC_LEEWAY + 20; ahead++) {
		bad(with("iat", json_integer(NOW + ahead)), "from the future");
		bad(with("nbf", json_integer(NOW + ahead)), "not yet");
	}
	bad(with("nbf", json_string("0")), "nbf");
	bad(with("nbf", json_null()), "nbf");
}

static void
try_names(void)
{
	static const char *const issuers[] = {"", "https://id.bank.example/",
	    "https://ID.bank.example", "http://id.bank.example",
	    "https://id.bank.example.evil.example", "https://id.bank",
	    "id.bank.example", " https://id.bank.example", "https://id.bank.example\n"};
	static const char *const audiences[] = {"", "Steward", "STEWARD", "steward2",
	    "stewar", " steward", "steward ", "*", "steward,other"};
	static const char *const roles[] = {
	    "", "OPS", "ops ", "root", "ops,admin", "agent", "administrator", "none"};

	for (size_t i = 0; i < STW_ARRAY_LEN(issuers); i++)
		bad(with("iss", json_string(issuers[i])), issuers[i]);
	bad(with("iss", NULL), "iss");
	bad(with("iss", json_pack("[s]", ISSUER)), "iss");
	bad(with("iss", json_integer(1)), "iss");
	for (size_t i = 0; i < STW_ARRAY_LEN(audiences); i++) {
		bad(with("aud", json_string(audiences[i])), audiences[i]);
		bad(with("aud", json_pack("[s, i]", audiences[i], 1)), audiences[i]);
	}
	bad(with("aud", NULL), "aud");
	bad(with("aud", json_array()), "aud");
	bad(with("aud", json_pack("{s:s}", AUDIENCE, AUDIENCE)), "aud");
	for (size_t i = 0; i < STW_ARRAY_LEN(roles); i++) {
		bad(with("steward_role", json_string(roles[i])), roles[i]);
		bad(with("steward_role", json_pack("[s]", roles[i])), roles[i]);
	}
	bad(with("steward_role", NULL), "role");
	bad(with("steward_role", json_integer(16)), "role");
	bad(with("steward_role", json_pack("[s, s]", "ops", "admin")), "two roles");
	bad(with("steward_queue", json_string("wealth")), "a queue without its role");
	bad(with("sub", NULL), "sub");
	bad(with("sub", json_string("")), "sub");
	bad(with("sub", json_integer(12)), "sub");
	bad(with("sub", json_string("0123456789012345678901234567890123456789"
				    "01234567890123456789012345678901234567890")),
	    "a long sub");
}

static char *
claims_text(void)
{
	json_t *v = claims();
	char *text = json_dumps(v, JSON_COMPACT);

	json_decref(v);
	return text;
}

/* Signed with what everybody knows, or not at all. */
static void
try_algorithms(void)
{
	static const char *const nothing[] = {
	    "none", "None", "NONE", "nOnE", "", "RS256 ", "rs256", "RS1", "RS128"};
	static const char *const shared[] = {"HS256", "HS384", "HS512"};
	const char *known[] = {json_string_value(json_object_get(rsa, "n")),
	    json_string_value(json_object_get(ec, "x")), "r1", "secret", ""};
	char *body = claims_text(), *text, *token;

	for (size_t i = 0; i < STW_ARRAY_LEN(nothing); i++)
		for (int with_sig = 0; with_sig < 3; with_sig++) {
			char head[80], *h, *b = b64(body, strlen(body));
			size_t size;

			(void)snprintf(head, sizeof head,
			    "{\"alg\":\"%s\",\"typ\":\"JWT\"}", nothing[i]);
			h = b64(head, strlen(head));
			size = strlen(h) + strlen(b) + 20;
			token = malloc(size);
			(void)snprintf(token, size, "%s.%s.%s", h, b,
			    with_sig == 0   ? ""
			    : with_sig == 1 ? "AA"
					    : "AAAAAAAA");
			bad(token, nothing[i]);
			free(h);
			free(b);
		}
	for (size_t i = 0; i < STW_ARRAY_LEN(shared); i++)
		for (size_t k = 0; k < STW_ARRAY_LEN(known); k++) {
			unsigned char mac[crypto_auth_hmacsha512_BYTES];
			char head[80], *h, *b = b64(body, strlen(body)), *s, *input;
			size_t size;

			(void)snprintf(head, sizeof head,
			    "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"r1\"}",
			    shared[i]);
			h = b64(head, strlen(head));
			size = strlen(h) + strlen(b) + 100;
			input = malloc(size);
			(void)snprintf(input, size, "%s.%s", h, b);
			{
				crypto_auth_hmacsha256_state st;

				(void)crypto_auth_hmacsha256_init(&st,
				    (const unsigned char *)known[k], strlen(known[k]));
				(void)crypto_auth_hmacsha256_update(
				    &st, (const unsigned char *)input, strlen(input));
				(void)crypto_auth_hmacsha256_final(&st, mac);
			}
			s = b64(mac, crypto_auth_hmacsha256_BYTES);
			token = malloc(size + strlen(s));
			(void)snprintf(token, size + strlen(s), "%s.%s", input, s);
			bad(token, shared[i]);
			free(h);
			free(b);
			free(s);
			free(input);
		}
	/* Rightly signed, by an algorithm that the configuration does not name. */
	{
		json_t *other = make_key("RS512", "r5");

		bad(sign(header("RS512", "r5"), claims(), other), "RS512");
		json_decref(other);
	}
	bad(sign(header("RS256", "r1"), claims(), stranger), "another's key");
	text = claims_text();
	bad(sign_texts("{\"alg\":\"RS256\",\"alg\":\"RS256\"}", text, rsa), "two algs");
	free(text);
	free(body);
}

static void
try_headers(void)
{
	static const char *const kids[] = {"", "r2", "R1", "../../../dev/null",
	    "/etc/passwd", "r1' OR '1'='1", "r1\n", "https://evil.example/key",
	    "e1" /* of the other kind of key */, "$(id)", "%72%31"};

	for (size_t i = 0; i < STW_ARRAY_LEN(kids); i++) {
		bad(with_header("kid", json_string(kids[i]), rsa), kids[i]);
		bad(with_header("kid", json_string(kids[i]), stranger), kids[i]);
	}
	bad(with_header("kid", json_integer(1), rsa), "kid");
	bad(with_header("kid", json_null(), rsa), "kid");
	bad(with_header("kid", json_pack("[s]", "r1"), rsa), "kid");
	bad(with_header("crit", json_pack("[s]", "exp"), rsa), "crit");
	bad(with_header("crit", json_array(), rsa), "crit");
	bad(with_header("typ", json_string("JWE"), rsa), "typ");
	bad(with_header("typ", json_integer(1), rsa), "typ");
	bad(with_header("typ", json_null(), rsa), "typ");
	bad(with_header("alg", json_null(), rsa), "alg");
	bad(with_header("alg", json_pack("[s]", "RS256"), rsa), "alg");
}

static void
try_twice(void)
{
	static const char *const names[] = {
	    "iss", "aud", "sub", "iat", "exp", "steward_role"};

	for (size_t i = 0; i < STW_ARRAY_LEN(names); i++) {
		json_t *v = claims();
		char *text = json_dumps(v, JSON_COMPACT), body[1000];
		char *value = json_dumps(
		    json_object_get(v, names[i]), JSON_ENCODE_ANY | JSON_COMPACT);

		(void)snprintf(
		    body, sizeof body, "{\"%s\":%s,%s", names[i], value, text + 1);
		bad(sign_texts("{\"alg\":\"RS256\",\"kid\":\"r1\"}", body, rsa),
		    names[i]);
		free(text);
		free(value);
		json_decref(v);
	}
	bad(sign_texts("{\"alg\":\"RS256\",\"kid\":\"r1\"}", "[]", rsa), "no object");
	bad(sign_texts("{\"alg\":\"RS256\",\"kid\":\"r1\"}", "\"x\"", rsa), "a text");
	bad(sign_texts("{\"alg\":\"RS256\",\"kid\":\"r1\"}", "{", rsa), "half");
	bad(sign_texts("[\"RS256\"]", "{}", rsa), "a list for a header");
}

/* Every beginning of a token, and every one with one character changed. */
static void
try_pieces(void)
{
	char *token = good_token(), *copy;
	size_t len = strlen(token);

	for (size_t n = 0; n < len; n++)
		bad(strndup(token, n), "a beginning");
	/* The last character holds bits that are no part of the signature. */
	for (size_t n = 0; n + 1 < len; n++) {
		copy = strdup(token);
		copy[n] = copy[n] == 'A' ? 'B' : 'A';
		if (copy[n] != token[n])
			bad(copy, "a changed one");
	}
	{
		static const char *const around[] = {" %s", "%s ", "%s.", ".%s",
		    "%s.AA", "%s=", "%s==", "%s\n", "\"%s\"", "%s%%00", "%s+", "%s/"};

		for (size_t i = 0; i < STW_ARRAY_LEN(around); i++) {
			const char *mark = strstr(around[i], "%s");

			copy = malloc(len + 10);
			(void)snprintf(copy, len + 10, "%.*s%s%s",
			    (int)(mark - around[i]), around[i], token, mark + 2);
			bad(copy, around[i]);
		}
	}
	copy = malloc(OIDC_TOKEN_MAX + 10);
	memset(copy, 'A', OIDC_TOKEN_MAX + 9);
	copy[10] = copy[20] = '.';
	copy[OIDC_TOKEN_MAX + 9] = '\0';
	bad(copy, "a long one");
	free(token);
}

START_TEST(none_of_the_corpus_is_taken)
{
	try_times();
	try_names();
	try_algorithms();
	try_headers();
	try_twice();
	try_pieces();
	ck_assert_int_ge(refused, 500);
	(void)good(good_token());
}
END_TEST

/* A claim with a NUL in it would be another text in C. */
START_TEST(a_nul_in_a_claim_is_refused)
{
	json_t *v = claims();
	char *text, body[1000];

	(void)json_object_del(v, "sub");
	text = json_dumps(v, JSON_COMPACT);
	(void)snprintf(body, sizeof body, "{\"sub\":\"wang\\u0000x\",%s", text + 1);
	bad(sign_texts("{\"alg\":\"RS256\",\"kid\":\"r1\"}", body, rsa), "NUL");
	free(text);
	json_decref(v);
}
END_TEST

START_TEST(two_keys_of_one_kind_need_a_kid)
{
	json_t *second = make_key("RS256", "r2"), *shown = json_deep_copy(second);

	ck_assert(jose_jwk_pub(NULL, shown));
	ck_assert_int_eq(json_array_append_new(set, shown), 0);
	(void)good(sign(header("RS256", "r2"), claims(), second));
	(void)good(good_token());
	bad(sign(header("RS256", NULL), claims(), rsa), "no kid");
	bad(sign(header("RS256", "r1"), claims(), second), "the other's kid");
	json_decref(second);
}
END_TEST

/* ---- configuration -------------------------------------------------------------------- */
static void
bad_keys(const char *text, const char *says)
{
	struct stw_err err = {0};
	json_t *keys;

	ck_assert_int_eq(oidc_keys_parse(str_of(text), &keys, &err), STW_INVALID);
	ck_assert_ptr_null(keys);
	ck_assert_msg(strstr(err.text, says) != NULL, "%s", err.text);
}

START_TEST(a_set_of_keys_is_public_and_for_signatures)
{
	json_t *v = json_pack("{s:[O]}", "keys", rsa), *keys, *enc;
	struct stw_err err = {0};
	char *text = json_dumps(v, 0);

	bad_keys(text, "/keys/0 is a secret key");
	free(text);
	json_decref(v);
	bad_keys("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}", "secret");
	bad_keys("{\"keys\":[]}", "no public RSA or EC key");
	bad_keys("{\"keys\":{}}", "a JWK set is wanted");
	bad_keys("[]", "a JWK set is wanted");
	bad_keys("", "line");
	bad_keys("{\"keys\":[],\"keys\":[]}", "line");
	enc = json_deep_copy(rsa);
	ck_assert(jose_jwk_pub(NULL, enc));
	(void)json_object_set_new(enc, "use", json_string("enc"));
	v = json_pack("{s:[O, o]}", "keys", json_array_get(set, 1), enc);
	text = json_dumps(v, 0);
	ck_assert_int_eq(oidc_keys_parse(str_of(text), &keys, &err), STW_OK);
	ck_assert_uint_eq(json_array_size(keys), 1);
	json_decref(keys);
	json_decref(v);
	free(text);
}
END_TEST

START_TEST(only_names_of_private_key_algorithms_are_taken)
{
	static const char *const wrong[] = {"", " , ", "none", "HS256", "RS256 HS256",
	    "rs256", "RS256;ES256", "ES256K"};
	struct stw_err err;
	unsigned bits;

	for (size_t i = 0; i < STW_ARRAY_LEN(wrong); i++)
		ck_assert_int_eq(
		    oidc_algorithms_parse(str_of(wrong[i]), &bits, &err), STW_INVALID);
	ck_assert_int_eq(oidc_algorithms_parse(str_of(",ES384"), &bits, &err), STW_OK);
	ck_assert_uint_ne(bits, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("oidc");
	TCase *tc = tcase_create("oidc");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_unchecked_fixture(tc, make_keys, free_keys);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_good_token_says_who);
	tcase_add_test(tc, a_header_that_points_to_keys_is_passed_over);
	tcase_add_test(tc, none_of_the_corpus_is_taken);
	tcase_add_test(tc, a_nul_in_a_claim_is_refused);
	tcase_add_test(tc, two_keys_of_one_kind_need_a_kid);
	tcase_add_test(tc, a_set_of_keys_is_public_and_for_signatures);
	tcase_add_test(tc, only_names_of_private_key_algorithms_are_taken);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
