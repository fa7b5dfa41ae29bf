/*
 * seal.h - personal data at rest: sealed columns, blind indexes, masks.
 *
 * Purpose    Phone, name and identity number are stored as
 *            algorithm || key version || nonce || sealed text, under the customer's key,
 *            with table, column and customer id as additional data
 *            (db/seal_algorithm.h has the table of algorithms).
 *            A customer's key is itself wrapped by a key that is never in the database.
 *            A keyed hash (HMAC-SHA256) finds a number without opening it.
 * Versions   The key file holds several versions of each key. The highest kek wraps, each
 *            opens its own. Which index version is in force the database says
 *            (segments/key_store.h), since its rows have to agree.
 * Errors     INVALID: sealed for another customer or column, by another key, or changed:
 *            which of these cannot be told. INVALID as well, and said: an algorithm or a
 *            key version that is not known here.
 * Ownership  seal_keys_open/close; key memory is locked and left out of core dumps.
 * Threads    Any. A struct seal_keys follows its file: a version that is missing makes
 *            it look at the file again, so that a server goes on through a rotation.
 */
#ifndef STW_DB_SEAL_H
#define STW_DB_SEAL_H

#include "engine/buf.h"
#include "engine/err.h"

#define SEAL_KEY_BYTES   32
#define SEAL_INDEX_BYTES 32
#define SEAL_VERSIONS    256 /* 1..255 */

enum seal_key_kind {
	SEAL_KEK = 0,  /* wraps the customers' keys */
	SEAL_INDEX,    /* blind index of telephone numbers */
	SEAL_SUPPRESS, /* those who must not be called, after erasure */
	SEAL_KINDS
};
const char *seal_key_name(enum seal_key_kind kind); /* "kek", "index", "suppress" */

struct seal_keys;
struct seal_customer { /* one customer's open key */
	unsigned char key[SEAL_KEY_BYTES];
};

/* Reads the key file (hex lines "kek:1:...", "index:1:...", "suppress:1:...", mode 0600),
 * or makes it when it does not exist and create is set. A file others may read is
 * INVALID. Without the file, what was sealed is lost: back it up apart from the
 * database. */
enum stw_code seal_keys_open(const char *path, bool create, struct seal_keys **out,
    struct stw_err *err) STW_MUST_USE;
void seal_keys_close(struct seal_keys *keys);

/* Looks into the file again when the version is not known yet. */
bool seal_keys_has(const struct seal_keys *keys, enum seal_key_kind kind, int version);
int seal_keys_newest(const struct seal_keys *keys, enum seal_key_kind kind);
/* A new random key as the next version, at the end of the file. CONFLICT when there are
 * 255. The caller keeps others from doing so at the same time. */
enum stw_code seal_keys_add(const struct seal_keys *keys, enum seal_key_kind kind,
    int *version, struct stw_err *err) STW_MUST_USE;
/* Takes the version's line out of the file; NOT_FOUND when there is none, CONFLICT when
 * it is the newest. The caller has made sure that nothing uses it. */
enum stw_code seal_keys_remove(const struct seal_keys *keys, enum seal_key_kind kind,
    int version, struct stw_err *err) STW_MUST_USE;

/* A new random customer key and its wrapped form (appended to wrapped). Customer 0 is
 * the installation itself: the secrets of its queues. */
void seal_customer_new(const struct seal_keys *keys, int64_t customer_id,
    struct seal_customer *out, struct buf *wrapped);
enum stw_code seal_customer_open(const struct seal_keys *keys, int64_t customer_id,
    struct str wrapped, struct seal_customer *out, struct stw_err *err) STW_MUST_USE;
/* The same key wrapped by the newest kek (appended to `to`). */
enum stw_code seal_customer_rewrap(const struct seal_keys *keys, int64_t customer_id,
    struct str wrapped, struct buf *to, struct stw_err *err) STW_MUST_USE;

/* The key under which the ledger commits to the customer's data (db/commitment.h): made of
 * the customer's key and nothing else, so that it goes when that goes. */
void seal_commit_key(
    const struct seal_customer *customer, unsigned char out[SEAL_KEY_BYTES]);

/* column is the table and column ("contact_point.phone"). Appends to sealed. */
void seal_text(const struct seal_customer *customer, int64_t customer_id,
    const char *column, struct str plain, struct buf *sealed);
/* The same text in the same place of the same customer gives the same bytes, so that a feed
 * that says nothing new can be told from one that does. What it gives away is just that:
 * this customer's value is the one it was. */
void seal_text_steady(const struct seal_customer *customer, int64_t customer_id,
    const char *column, struct str plain, struct buf *sealed);
enum stw_code seal_open(const struct seal_customer *customer, int64_t customer_id,
    const char *column, struct str sealed, struct buf *plain,
    struct stw_err *err) STW_MUST_USE;

/* The version must be one that seal_keys_has. */
void seal_index(const struct seal_keys *keys, int version, struct str e164,
    unsigned char out[SEAL_INDEX_BYTES]);
/* The same with another key: the list of those who must not be called outlives the
 * erasure of the customer, and must not be joined with anything else. */
void seal_suppression(const struct seal_keys *keys, int version, struct str e164,
    unsigned char out[SEAL_INDEX_BYTES]);
/* A third one, the same for all time: what stands for a number in the id of an event that
 * is made of what it says. An id that a bare hash of the number went into would give the
 * number away. */
void seal_event_hash(
    const struct seal_keys *keys, struct str e164, unsigned char out[SEAL_INDEX_BYTES]);
/* "138****5678": at least four characters are hidden, and anything shorter than seven is
 * all stars. Appends. */
void seal_mask_phone(struct str national, struct buf *to);
/* The first character (UTF-8) and "**". Appends. */
void seal_mask_name(struct str name, struct buf *to);

#endif
