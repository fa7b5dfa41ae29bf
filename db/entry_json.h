/*
 * entry_json.h - the canonical bytes of a ledger entry.
 *
 * Purpose    {"at":"2026-11-23T02:00:00Z","id":"...","kind":"decision", ...}: keys sorted,
 *            no spaces, integers and strings only, no personal data.
 */
#ifndef STW_DB_ENTRY_JSON_H
#define STW_DB_ENTRY_JSON_H

#include <stdbool.h>

#include "engine/buf.h"
#include "engine/time.h"

struct entry_field {
	const char *key;
	bool is_int;
	int64_t num;
	const char *text; /* NULL with is_int clear: the field is left out */
};

#define ENTRY_TEXT(k, v) ((struct entry_field){.key = (k), .text = (v)})
#define ENTRY_INT(k, v)  ((struct entry_field){.key = (k), .is_int = true, .num = (v)})

/* What an entry says of a text that may be somebody's data, or guessed: HMAC-SHA256 of it
 * in hexadecimal, under a random key that only the row beside it has. Without the row
 * nobody can try guesses, and with it anybody can show what the entry is about. */
#define ENTRY_SALT_BYTES 32
#define ENTRY_COMMITMENT 65
void entry_salt(unsigned char salt[ENTRY_SALT_BYTES]);
void entry_commit(const unsigned char salt[ENTRY_SALT_BYTES], struct str text,
    char out[ENTRY_COMMITMENT]);

/* Appends the entry to `to`. */
void entry_write(const char *kind, const char *id, stw_usec at,
    const struct entry_field *fields, int nfields, struct buf *to);

#endif
