/* The first byte picks: a token against two public keys whose secret halves nobody has, which
 * must never be taken; or a set of keys, which must hold no secret ones when it is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/oidc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEYS                                                                             \
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e1\","                   \
	"\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","                         \
	"\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"},"                        \
	"{\"kty\":\"RSA\",\"kid\":\"r1\",\"e\":\"AQAB\",\"n\":"                          \
	"\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxu" \
	"hDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w" \
	"6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajr" \
	"n1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0L" \
	"s1jF44-csFCur-kEgU8awapJzKnqDKgw\"}]}"

static void
try_token(struct str input)
{
	static json_t *keys;
	struct oidc_rules rules = {.issuer = "https://id.bank.example",
	    .audience = "steward",
	    .subject_claim = "sub",
	    .role_claim = "steward_role",
	    .queue_claim = "steward_queue",
	    .max_age_sec = 3600};
	struct oidc_claims claims;
	struct arena arena;
	struct stw_err err;

	if (keys == NULL)
		STW_ASSERT(oidc_keys_parse(str_of(KEYS), &keys, &err) == STW_OK);
	STW_ASSERT(oidc_algorithms_parse(
		       str_of("RS256 PS256 ES256"), &rules.algorithms, &err) == STW_OK);
	arena_init(&arena);
	STW_ASSERT(oidc_verify(&rules, keys, input, INT64_C(1764140000), &arena,
		       &claims, &err) == STW_DENIED);
	STW_ASSERT(claims.role == ROLE_NONE && err.text[0] != '\0');
	arena_fini(&arena);
}

static void
try_keys(struct str input)
{
	struct stw_err err;
	json_t *keys, *key;
	size_t i;

	if (oidc_keys_parse(input, &keys, &err) != STW_OK) {
		STW_ASSERT(keys == NULL);
		return;
	}
	STW_ASSERT(json_array_size(keys) > 0);
	json_array_foreach(keys, i, key)
	{
		STW_ASSERT(json_object_get(key, "d") == NULL);
		STW_ASSERT(json_object_get(key, "k") == NULL);
	}
	json_decref(keys);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input;

	if (size == 0)
		return 0;
	input = (struct str){(const char *)data + 1, size - 1};
	if ((data[0] & 1) == 0)
		try_token(input);
	else
		try_keys(input);
	return 0;
}
