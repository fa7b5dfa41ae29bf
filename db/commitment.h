/*
 * commitment.h - what the ledger says of a customer, under a key of the customer's.
 *
 * Purpose    An entry stays for ever and is published, so it holds no personal data, nor a
 *            hash that could be tried out, nor a name that two entries share. It holds
 *            HMAC-SHA256 of the value under a key of the entry, which is made of the
 *            customer's key and the entry's id:
 *              customer's   HMAC("steward ledger commitment", customer's key)
 *              entry's      HMAC(entry id, customer's)
 *              commitment   HMAC(field, NUL, value; entry's)
 *            Whoever has the customer's key can show what the entry is about; the entry's
 *            key shows one entry and no other. When the customer is erased the key is
 *            gone, and nobody can any more.
 * Rotation   The customer's key stays the same when what wraps it is exchanged, and so do
 *            these (segments/key_store.h).
 * Errors     INVALID: the connection has no keys (db_keys_set), or not the right ones.
 * Threads    Any.
 */
#ifndef STW_DB_COMMITMENT_H
#define STW_DB_COMMITMENT_H

#include "db/db.h"
#include "db/seal.h"

#define COMMITMENT_BYTES 32
#define COMMITMENT_HEX   65

struct commit_key {
	unsigned char b[SEAL_KEY_BYTES];
	/* The customer is erased: the key is a random one that nobody will know again. */
	bool erased;
};

/* Out of the wrapped key of the customer's row. */
enum stw_code commit_key_open(const struct seal_keys *keys, int64_t customer_id,
    struct str wrapped, struct commit_key *out, struct stw_err *err) STW_MUST_USE;
/* Those of many customers, out[i] that of ids[i] in buckets[i], by one query; who has none
 * gets one, in the caller's transaction. Wipe them after use. */
enum stw_code commit_keys_load(struct db *db, const int64_t *buckets,
    const int64_t *ids, size_t count, struct commit_key *out,
    struct stw_err *err) STW_MUST_USE;

void commit_to(const struct commit_key *key, const char *entry_id, const char *field,
    struct str value, unsigned char out[COMMITMENT_BYTES]);
/* In two steps, for who has the entry's key alone. */
void commit_entry_key(const struct commit_key *key, const char *entry_id,
    unsigned char out[COMMITMENT_BYTES]);
void commit_under(const unsigned char entry_key[COMMITMENT_BYTES], const char *field,
    struct str value, unsigned char out[COMMITMENT_BYTES]);

/* For an entry about one customer: opens the key, commits, wipes it. Fields whose value is
 * NULL get an empty hex. "customer" commits to the internal number, in decimal. */
struct commit_field {
	const char *name;
	const char *value; /* NULL: none */
	char hex[COMMITMENT_HEX];
};
enum stw_code commit_fields(struct db *db, int bucket, int64_t customer_id,
    const char *entry_id, struct commit_field *fields, size_t count,
    struct stw_err *err) STW_MUST_USE;
/* The same for the customer alone, which is what most entries need. */
enum stw_code commit_customer(struct db *db, int bucket, int64_t customer_id,
    const char *entry_id, char hex[COMMITMENT_HEX], struct stw_err *err) STW_MUST_USE;

#endif
