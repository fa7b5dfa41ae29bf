/*
 * uuid.h - ids for tasks, decisions, events.
 *
 * Purpose    Random ids sort by time (version 7); derived ids (version 8) are a hash of
 *            what they stand for, so that doing the same work again after a crash gives
 *            the same id, and with it the same idempotency key.
 * Threads    Any.
 */
#ifndef STW_ENGINE_UUID_H
#define STW_ENGINE_UUID_H

#include "engine/buf.h"
#include "engine/time.h"

#define UUID_TEXT 37

struct uuid {
	unsigned char b[16];
};

/* Version 7: at in milliseconds, the rest random (libsodium). */
struct uuid uuid_new(stw_usec at);
/* Version 8: the first bits of SHA-256 over the parts, each with its length. */
struct uuid uuid_derive(const struct str *parts, int nparts);
/* Ids of things that belong to a customer carry the bucket in their last byte, so that a
 * lookup by id alone names one bucket. */
void uuid_set_bucket(struct uuid *id, int bucket);
int uuid_bucket(const struct uuid *id);
char *uuid_format(const struct uuid *id, char to[UUID_TEXT]); /* returns to */
/* The canonical 36 characters, any case; anything else is INVALID. */
enum stw_code uuid_parse(struct str text, struct uuid *out) STW_MUST_USE;

#endif
