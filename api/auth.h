/*
 * auth.h - who is asking: bearer tokens.
 *
 * Purpose    A token is "key_id.secret": twelve hexadecimal digits and 256 random bits.
 *            The database keeps an HMAC of both under a key it does not have, so a copy
 *            of the table lets nobody in. Revocation and expiry (on the database's clock)
 *            are looked at here on each call; the server remembers for half a second who
 *            was good (api/auth_cache.h).
 * Ownership  auth_keys is the caller's; wipe it with auth_keys_close. An actor's texts
 *            live in the arena.
 * Errors     DENIED for a token that is unknown, wrong, expired or revoked: the caller
 *            does not learn which.
 * Threads    auth_keys is read-only after open: any.
 */
#ifndef STW_API_AUTH_H
#define STW_API_AUTH_H

#include "api/route.h"
#include "db/db.h"

#define AUTH_KEY_BYTES 32

struct auth_keys {
	unsigned char token[AUTH_KEY_BYTES];  /* for secrets of tokens */
	unsigned char cursor[AUTH_KEY_BYTES]; /* for page cursors */
};

/* The file holds 64 hexadecimal digits, mode 0600; made when it does not exist and create
 * is set. A file that others may read is INVALID. */
enum stw_code auth_keys_open(const char *path, bool create, struct auth_keys *out,
    struct stw_err *err) STW_MUST_USE;
void auth_keys_close(struct auth_keys *keys);

struct actor {
	const char *key_id;
	const char *subject; /* agent code, or a name */
	enum api_role role;
	const char *queue;   /* agents: their queue's code; NULL: none */
	stw_usec expires_at; /* STW_USEC_MAX: never */
};

/* header: the value of Authorization; NULL: none was sent. */
enum stw_code auth_check(struct db *db, const struct auth_keys *keys,
    const char *header, struct arena *arena, struct actor *out,
    struct stw_err *err) STW_MUST_USE;

/* A new token; its text is appended to `token` and is nowhere else. With its ledger
 * entry, in its own transaction. expires_at MAX: never. */
enum stw_code auth_token_create(struct db *db, const struct auth_keys *keys,
    const char *subject, enum api_role role, const char *queue, stw_usec expires_at,
    stw_usec now, struct buf *token, struct stw_err *err) STW_MUST_USE;
/* NOT_FOUND for an unknown or already revoked key_id. Own transaction. */
enum stw_code auth_token_revoke(
    struct db *db, const char *key_id, stw_usec now, struct stw_err *err) STW_MUST_USE;
/* All tokens of a subject: *revoked of ours, and those that the identity provider has
 * issued until now. Own transaction. */
enum stw_code auth_subject_revoke(struct db *db, const char *subject, stw_usec now,
    int64_t *revoked, struct stw_err *err) STW_MUST_USE;

/* A refused request, as access_event and ledger entry. Own transaction. */
enum stw_code auth_note_denied(struct db *db, const struct actor *actor,
    const char *method, const char *pattern, stw_usec now,
    struct stw_err *err) STW_MUST_USE;

#endif
