#include "api/oidc.h"

#include <jose/b64.h>
#include <jose/jws.h>
#include <string.h>
#include <strings.h>

#define KEYS_MAX    32
#define SUBJECT_MAX 80

static const struct {
	const char *name, *kty;
} algorithms[] = {
    {"RS256", "RSA"},
    {"RS384", "RSA"},
    {"RS512", "RSA"},
    {"PS256", "RSA"},
    {"PS384", "RSA"},
    {"PS512", "RSA"},
    {"ES256", "EC"},
    {"ES384", "EC"},
    {"ES512", "EC"},
};
#define ALGORITHMS ((int)STW_ARRAY_LEN(algorithms))

static int
algorithm_find(const char *name, size_t len)
{
	for (int i = 0; i < ALGORITHMS; i++)
		if (strlen(algorithms[i].name) == len &&
		    memcmp(algorithms[i].name, name, len) == 0)
			return i;
	return -1;
}

enum stw_code
oidc_algorithms_parse(struct str text, unsigned *out, struct stw_err *err)
{
	size_t at = 0;

	*out = 0;
	while (at < text.len) {
		size_t from = at;
		int i;

		while (at < text.len && text.ptr[at] != ' ' && text.ptr[at] != ',')
			at++;
		if (at == from) {
			at++;
			continue;
		}
		i = algorithm_find(text.ptr + from, at - from);
		if (i < 0)
			return stw_fail(err, STW_INVALID,
			    "\"%.*s\" is no algorithm that a token may be signed with: "
			    "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and "
			    "ES512 are",
			    (int)(at - from < 20 ? at - from : 20), text.ptr + from);
		*out |= 1U << i;
	}
	return *out == 0 ? stw_fail(err, STW_INVALID, "no algorithm is named") : STW_OK;
}

/* ---- keys ------------------------------------------------------------------------- */
static const char *
member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool
signs(const json_t *key)
{
	const char *use = member(key, "use"), *kty = member(key, "kty");

	return kty != NULL && (strcmp(kty, "RSA") == 0 || strcmp(kty, "EC") == 0) &&
	       (use == NULL || strcmp(use, "sig") == 0);
}

enum stw_code
oidc_keys_parse(struct str text, json_t **out, struct stw_err *err)
{
	json_error_t error;
	json_t *set = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
	json_t *keys = json_object_get(set, "keys"), *key, *kept = json_array();
	enum stw_code rc = STW_OK;
	size_t i;

	*out = NULL;
	if (set == NULL)
		rc = stw_fail(err, STW_INVALID, "line %d: %s", error.line, error.text);
	else if (!json_is_array(keys) || json_array_size(keys) > KEYS_MAX)
		rc = stw_fail(err, STW_INVALID,
		    "a JWK set is wanted: {\"keys\": [...]}, of at most %d", KEYS_MAX);
	json_array_foreach(keys, i, key)
	{
		if (rc != STW_OK)
			break;
		if (json_object_get(key, "d") != NULL ||
		    json_object_get(key, "k") != NULL)
			rc = stw_fail(err, STW_INVALID,
			    "/keys/%zu is a secret key; only public ones belong here",
			    i);
		else if (signs(key) && json_array_append(kept, key) != 0)
			rc = stw_fail(err, STW_BUG, "no memory for a key");
	}
	if (rc == STW_OK && json_array_size(kept) == 0)
		rc = stw_fail(err, STW_INVALID,
		    "there is no public RSA or EC key for signatures in it");
	json_decref(set);
	if (rc == STW_OK)
		*out = kept;
	else
		json_decref(kept);
	return rc;
}

/* Does the key say that it is for something else? */
static bool
key_fits(const json_t *key, int algorithm, const char *kid)
{
	const char *alg = member(key, "alg"), *own = member(key, "kid");

	return strcmp(member(key, "kty"), algorithms[algorithm].kty) == 0 &&
	       (alg == NULL || strcmp(alg, algorithms[algorithm].name) == 0) &&
	       (kid == NULL || (own != NULL && strcmp(own, kid) == 0));
}

/* The one key that may have signed it; NULL when there is none, or a choice. */
static const json_t *
key_for(const json_t *keys, int algorithm, const char *kid)
{
	const json_t *found = NULL;

	for (size_t i = 0; i < json_array_size(keys); i++) {
		const json_t *key = json_array_get(keys, i);

		if (!key_fits(key, algorithm, kid))
			continue;
		if (found != NULL)
			return NULL;
		found = key;
	}
	return found;
}

/* ---- a token ---------------------------------------------------------------------- */
static enum stw_code
refuse(struct stw_err *err, const char *why)
{
	return stw_fail(err, STW_DENIED, "%s", why);
}

/* The object that is base64url text; NULL when it is none. */
static json_t *
decode(struct str part)
{
	unsigned char bytes[OIDC_TOKEN_MAX];
	size_t len = jose_b64_dec_buf(part.ptr, part.len, NULL, 0);
	json_t *v;

	if (len == SIZE_MAX || len == 0 || len > sizeof bytes ||
	    jose_b64_dec_buf(part.ptr, part.len, bytes, sizeof bytes) != len)
		return NULL;
	v = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(v))
		return v;
	json_decref(v);
	return NULL;
}

static bool
split(struct str token, struct str parts[3])
{
	size_t from = 0;
	int n = 0;

	for (size_t i = 0; i <= token.len; i++) {
		if (i < token.len && token.ptr[i] != '.')
			continue;
		if (n == 3 || i == from)
			return false;
		parts[n++] = (struct str){token.ptr + from, i - from};
		from = i + 1;
	}
	return n == 3;
}

static json_t *
text_of(struct str part)
{
	return json_stringn(part.ptr, part.len);
}

static bool
is_signed(const struct str parts[3], const json_t *key)
{
	json_t *jws = json_object();
	bool good = json_object_set_new(jws, "protected", text_of(parts[0])) == 0 &&
		    json_object_set_new(jws, "payload", text_of(parts[1])) == 0 &&
		    json_object_set_new(jws, "signature", text_of(parts[2])) == 0 &&
		    jose_jws_ver(NULL, jws, NULL, key, true);

	json_decref(jws);
	return good;
}

static enum stw_code
check_signature(const struct oidc_rules *rules, const json_t *keys,
    const struct str parts[3], struct stw_err *err)
{
	json_t *header = decode(parts[0]);
	const char *alg = member(header, "alg"), *typ = member(header, "typ");
	int algorithm = alg == NULL ? -1 : algorithm_find(alg, strlen(alg));
	const json_t *kid = json_object_get(header, "kid"), *key = NULL;
	enum stw_code rc = STW_OK;

	if (header == NULL)
		rc = refuse(err, "the token's header is no JSON object");
	else if (algorithm < 0 || (rules->algorithms & 1U << algorithm) == 0)
		rc = refuse(err, "the token's algorithm is not allowed");
	else if (json_object_get(header, "crit") != NULL)
		rc = refuse(err, "the token wants extensions that are not known here");
	else if (json_object_get(header, "typ") != NULL &&
		 (typ == NULL ||
		     (strcasecmp(typ, "JWT") != 0 && strcasecmp(typ, "at+jwt") != 0)))
		rc = refuse(err, "the token is of another type");
	else if (kid != NULL && !json_is_string(kid))
		rc = refuse(err, "the token's kid is no text");
	else if ((key = key_for(keys, algorithm, json_string_value(kid))) == NULL)
		rc = refuse(err, "no key, or more than one, is for this token");
	else if (!is_signed(parts, key))
		rc = refuse(err, "the token's signature does not hold");
	json_decref(header);
	return rc;
}

/* ---- claims ----------------------------------------------------------------------- */
static bool
has_text(const json_t *claim, const char *wanted)
{
	size_t i;
	json_t *one;

	if (json_is_string(claim))
		return strcmp(json_string_value(claim), wanted) == 0;
	json_array_foreach(claim, i, one)
	{
		if (json_is_string(one) && strcmp(json_string_value(one), wanted) == 0)
			return true;
	}
	return false;
}

/* A number of seconds; providers may send fractions. */
static bool
seconds(const json_t *claims, const char *name, int64_t *out)
{
	const json_t *v = json_object_get(claims, name);
	double d;

	if (json_is_integer(v)) {
		*out = json_integer_value(v);
		return *out >= 0 && *out < INT64_C(1) << 40;
	}
	d = json_real_value(v);
	if (!json_is_real(v) || !(d >= 0) || d >= 1e12)
		return false;
	*out = (int64_t)d;
	return true;
}

static enum stw_code
check_times(const struct oidc_rules *rules, const json_t *claims, int64_t now,
    struct oidc_claims *out, struct stw_err *err)
{
	int64_t not_before;

	if (!seconds(claims, "exp", &out->expires_at) ||
	    !seconds(claims, "iat", &out->issued_at))
		return refuse(err, "the token has no exp or no iat");
	if (out->issued_at > now + OIDC_LEEWAY)
		return refuse(err, "the token is from the future");
	if (now - out->issued_at >= rules->max_age_sec)
		return refuse(err, "the token is older than oidc-max-age");
	if (now >= out->expires_at)
		return refuse(err, "the token has expired");
	if (json_object_get(claims, "nbf") != NULL &&
	    (!seconds(claims, "nbf", &not_before) || not_before > now + OIDC_LEEWAY))
		return refuse(err, "the token is not valid yet");
	return STW_OK;
}

/* Of a text or a list, the one word that is a role here; words that are none are others'
 * business, two roles are a fault of the provider's configuration. */
static enum api_role
role_of(const json_t *claim)
{
	enum api_role role = ROLE_NONE, one;
	size_t i;
	json_t *v;

	if (json_is_string(claim))
		return role_parse(str_of(json_string_value(claim)));
	json_array_foreach(claim, i, v)
	{
		one = json_is_string(v) ? role_parse(str_of(json_string_value(v)))
					: ROLE_NONE;
		if (one == ROLE_NONE || one == role)
			continue;
		if (role != ROLE_NONE)
			return ROLE_NONE;
		role = one;
	}
	return role;
}

static enum stw_code
check_claims(const struct oidc_rules *rules, const json_t *claims, int64_t now,
    struct arena *arena, struct oidc_claims *out, struct stw_err *err)
{
	const json_t *iss = json_object_get(claims, "iss");
	const char *subject = member(claims, rules->subject_claim);
	const char *queue = member(claims, rules->queue_claim);

	if (!json_is_string(iss) || !has_text(iss, rules->issuer))
		return refuse(err, "the token is another issuer's");
	if (!has_text(json_object_get(claims, "aud"), rules->audience))
		return refuse(err, "the token is for another audience");
	if (subject == NULL || subject[0] == '\0' || strlen(subject) > SUBJECT_MAX)
		return refuse(err, "the token names no subject of up to 80 bytes");
	out->subject = arena_strdup(arena, subject);
	out->role = role_of(json_object_get(claims, rules->role_claim));
	if (out->role == ROLE_NONE)
		return refuse(err, "the token gives no role, or more than one");
	if ((out->role == ROLE_AGENT) != (queue != NULL && queue[0] != '\0'))
		return refuse(err, "a queue goes with the role agent, and only then");
	out->queue = queue == NULL ? NULL : arena_strdup(arena, queue);
	return check_times(rules, claims, now, out, err);
}

enum stw_code
oidc_verify(const struct oidc_rules *rules, const json_t *keys, struct str token,
    int64_t now_sec, struct arena *arena, struct oidc_claims *out, struct stw_err *err)
{
	struct str parts[3];
	json_t *claims;
	enum stw_code rc;

	*out = (struct oidc_claims){0};
	if (token.len > OIDC_TOKEN_MAX || !split(token, parts))
		return refuse(err, "the token is no signed JWT");
	rc = check_signature(rules, keys, parts, err);
	if (rc != STW_OK)
		return rc;
	claims = decode(parts[1]);
	rc = claims == NULL ? refuse(err, "the token's claims are no JSON object")
			    : check_claims(rules, claims, now_sec, arena, out, err);
	json_decref(claims);
	if (rc != STW_OK)
		*out = (struct oidc_claims){0};
	return rc;
}
