/*
 * notice_store.h - what customers were told when asked for consent, and the proof they gave.
 *
 * Purpose    A notice is a version in one or more languages with the purposes that it
 *            speaks of; its text never changes. A superseded one covers what is done no
 *            more: consents given by it are stale. The blobs of evidence lie elsewhere;
 *            here is what each hashed to whenever somebody looked, and the newest look
 *            counts.
 * Ownership  Lists live in the arena.
 * Rules      CN-02 (informed consent), EU-01, DE-01 (proof of consent).
 */
#ifndef STW_CAMPAIGNS_NOTICE_STORE_H
#define STW_CAMPAIGNS_NOTICE_STORE_H

#include "db/db.h"

#define NOTICE_TEXT_MAX ((size_t)100000)

struct notice {
	const char *version, *lang;
	const char *const *purposes;
	size_t npurposes;
	const char *body;      /* NULL in a list */
	const char *text_hash; /* SHA-256 of body, hexadecimal; made when it is put */
	const char *author;
	stw_usec created_at, superseded_at; /* NEVER: it stands */
	const char *superseded_by;
};
/* In the caller's transaction. The same again is nothing; another text under its version
 * and language is a CONFLICT. */
enum stw_code notice_put(struct db *db, const struct notice *notice, const char *actor,
    stw_usec now, struct stw_err *err) STW_MUST_USE;
/* version NULL: all, newest first, without their texts. */
enum stw_code notice_list(struct db *db, const char *version, struct arena *arena,
    struct notice **out, int *count, struct stw_err *err) STW_MUST_USE;
/* All its languages. In the caller's transaction. NOT_FOUND: there is none that stands. */
enum stw_code notice_supersede(struct db *db, const char *version, const char *actor,
    stw_usec now, struct stw_err *err) STW_MUST_USE;

struct evidence_look {
	const char *evidence; /* reference */
	const char *sha256;   /* found, 64 hexadecimal digits; NULL: it was not there */
	int64_t bytes;        /* -1: not said */
	const char *media;    /* "audio/wav"; NULL: not said */
};
struct evidence_meaning {
	int64_t consents; /* that rest on it with a hash */
	int64_t broken;   /* of these: it is not what they were recorded with */
};
/* In the caller's transaction, with a ledger entry. */
enum stw_code evidence_record(struct db *db, const struct evidence_look *look,
    const char *actor, stw_usec now, struct evidence_meaning *out,
    struct stw_err *err) STW_MUST_USE;

#endif
