/*
 * trust.h - whose word is taken: verifier keys from the command line.
 *
 * Purpose    A verifier key is given as itself (name+id+key) or as a file of them, one a
 *            line; empty lines and lines that begin with # are skipped.
 * Ownership  struct trust holds the keys; tlog borrows from it, so it must not be copied.
 */
#ifndef STW_API_CLI_TRUST_H
#define STW_API_CLI_TRUST_H

#include "engine/tlog_audit.h"

#define TRUST_KEYS 32

struct trust {
	struct note_verifier log[TRUST_KEYS], witnesses[TRUST_KEYS];
	struct tlog_trust tlog;
};

/* key and witness may be NULL; quorum -1: all witnesses given. INVALID names the key or
 * file and line. Without a key of the log nothing can be checked: INVALID. */
enum stw_code trust_load(struct trust *trust, const char *key, const char *witness,
    int64_t quorum, struct stw_err *err) STW_MUST_USE;
/* The keys of one text or file into at most max; *count of them. */
enum stw_code trust_keys(const char *text, enum note_type type,
    struct note_verifier *out, size_t max, size_t *count,
    struct stw_err *err) STW_MUST_USE;

#endif
