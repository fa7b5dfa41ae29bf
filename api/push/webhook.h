/*
 * webhook.h - signing what is pushed to a queue, and checking what a queue was sent.
 *
 * Purpose    Standard Webhooks 1.0.0, symmetric scheme: the headers webhook-id (the same
 *            for every try of one effect), webhook-timestamp (of the try) and
 *            webhook-signature ("v1,<base64>", several separated by spaces while a secret
 *            is being changed). Signed are the raw bytes "id.timestamp.body".
 * Units      Timestamps are whole seconds since 1970 on the real clock, never the
 *            business clock: they guard against replay.
 * Ownership  Nothing is kept; struct webhook_secret holds its key by value: wipe it with
 *            webhook_secret_wipe.
 * Errors     A signature that does not hold is a verdict, not an error.
 * Threads    Any.
 */
#ifndef STW_API_PUSH_WEBHOOK_H
#define STW_API_PUSH_WEBHOOK_H

#include <stddef.h>
#include <stdint.h>

#include "engine/buf.h"
#include "engine/err.h"

#define WEBHOOK_KEY_MIN       24 /* bytes; the bounds are those of the standard */
#define WEBHOOK_KEY_MAX       64
#define WEBHOOK_TOLERANCE_SEC 300
#define WEBHOOK_ID_MAX        128

struct webhook_secret {
	unsigned char key[WEBHOOK_KEY_MAX];
	size_t len;
};

/* "whsec_" and the base64 of 24 to 64 bytes. The text of the error does not repeat it. */
enum stw_code webhook_secret_parse(
    struct str text, struct webhook_secret *out, struct stw_err *err) STW_MUST_USE;
/* Appends a new random secret of 32 bytes in its text form. */
void webhook_secret_make(struct buf *to);
void webhook_secret_wipe(struct webhook_secret *secret);

/* Appends the value of webhook-signature: one signature for each secret, in order. */
void webhook_sign(const struct webhook_secret *secrets, size_t nsecrets, struct str id,
    int64_t at_sec, struct str body, struct buf *to);

/* BAD is zero, so that an unset verdict never lets a request in. */
enum webhook_verdict {
	WEBHOOK_BAD = 0, /* no signature of the request belongs to any of the secrets */
	WEBHOOK_OK,
	WEBHOOK_MALFORMED, /* a header is missing, too long or not a number */
	WEBHOOK_STALE,     /* signed well, but more than the tolerance away from now */
};

/* id, timestamp and signature are the headers as received; all comparing is done in
 * constant time. Any one pair of signature and secret is enough. */
enum webhook_verdict webhook_verify(const struct webhook_secret *secrets,
    size_t nsecrets, struct str id, struct str timestamp, struct str signature,
    struct str body, int64_t now_sec);

const char *webhook_verdict_name(enum webhook_verdict verdict);

#endif
