/*
 * oidc.h - is this text a token of the bank's identity provider, and for whom?
 *
 * Purpose    Checks an OpenID Connect access token (a signed JWT, RFC 7519 and 9068)
 *            against keys and rules from the configuration. Nothing the token says of
 *            itself chooses a key or an algorithm that the configuration did not allow:
 *            jku, x5u, jwk and x5c are passed over, `crit` is refused, and `kid` only
 *            picks among the configured keys (RFC 8725).
 * Rules      The algorithms are asymmetric ones only. iss and aud are compared whole; exp,
 *            iat and sub have to be there; a claim that is there twice is a fault.
 *            A token older than max_age_sec is refused however late its exp is.
 * Units      Seconds since 1970 on the real clock, never the business clock.
 * Ownership  Claims live in the arena. Keys are a jansson value: json_decref.
 * Errors     DENIED with the fault for the log; whoever sent it is not told. INVALID for
 *            a faulty configuration.
 * Threads    Any; keys are only read.
 */
#ifndef STW_API_OIDC_H
#define STW_API_OIDC_H

#include <jansson.h>

#include "api/route.h"

#define OIDC_TOKEN_MAX 8192 /* bytes */
#define OIDC_LEEWAY    30   /* seconds by which the provider's clock may differ */

struct oidc_rules {
	const char *issuer, *audience;
	const char *subject_claim, *role_claim, *queue_claim;
	unsigned algorithms; /* of oidc_algorithms_parse */
	int64_t max_age_sec;
};

struct oidc_claims {
	const char *subject;
	enum api_role role;
	const char *queue; /* agents: of their queue; NULL: none */
	int64_t issued_at, expires_at;
};

/* "RS256, ES256": names of RFC 7518 that sign with a private key. */
enum stw_code oidc_algorithms_parse(
    struct str text, unsigned *out, struct stw_err *err) STW_MUST_USE;

/* A JWK set (RFC 7517). A set with a private or symmetric key in it is refused: it should
 * never have come here. Keys that are not for signatures are left out. */
enum stw_code oidc_keys_parse(
    struct str text, json_t **out, struct stw_err *err) STW_MUST_USE;

enum stw_code oidc_verify(const struct oidc_rules *rules, const json_t *keys,
    struct str token, int64_t now_sec, struct arena *arena, struct oidc_claims *out,
    struct stw_err *err) STW_MUST_USE;

#endif
