/*
 * seal.h - personal data at rest: sealed columns, blind indexes, masks.
 *
 * Purpose    Phone, name and identity number are stored as
 *            algorithm || key version || nonce || XChaCha20-Poly1305(customer's key,
 *            text, additional data = table, column, customer id).
 *            A customer's key is itself wrapped by a key that is never in the database.
 *            A keyed hash (HMAC-SHA256) finds a number without opening it.
 *            The version of the wrapping key is kept with what it wrapped, so several may
 *            be in the file: the highest wraps, each opens its own.
 * Errors     INVALID: sealed for another customer or column, by another key, or changed;
 *            which of these cannot be told.
 * Ownership  seal_keys_open/close; key memory is locked and left out of core dumps.
 * Threads    A struct seal_keys is read-only after open: any.
 */
#ifndef STW_DB_SEAL_H
#define STW_DB_SEAL_H

#include "engine/buf.h"
#include "engine/err.h"

#define SEAL_KEY_BYTES   32
#define SEAL_INDEX_BYTES 32

struct seal_keys;      /* key-wrapping key, blind-index key, suppression key */
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

/* A new random customer key and its wrapped form (appended to wrapped). Customer 0 is
 * the installation itself: the secrets of its queues. */
void seal_customer_new(const struct seal_keys *keys, int64_t customer_id,
    struct seal_customer *out, struct buf *wrapped);
enum stw_code seal_customer_open(const struct seal_keys *keys, int64_t customer_id,
    struct str wrapped, struct seal_customer *out, struct stw_err *err) STW_MUST_USE;

/* column is the table and column ("contact_point.phone"). Appends to sealed. */
void seal_text(const struct seal_customer *customer, int64_t customer_id,
    const char *column, struct str plain, struct buf *sealed);
enum stw_code seal_open(const struct seal_customer *customer, int64_t customer_id,
    const char *column, struct str sealed, struct buf *plain,
    struct stw_err *err) STW_MUST_USE;

void seal_index(
    const struct seal_keys *keys, struct str e164, unsigned char out[SEAL_INDEX_BYTES]);
/* The same with another key: the list of those who must not be called outlives the
 * erasure of the customer, and must not be joined with anything else. */
void seal_suppression(
    const struct seal_keys *keys, struct str e164, unsigned char out[SEAL_INDEX_BYTES]);
/* "138****5678": at least four characters are hidden, and anything shorter than seven is
 * all stars. Appends. */
void seal_mask_phone(struct str national, struct buf *to);
/* The first character (UTF-8) and "**". Appends. */
void seal_mask_name(struct str name, struct buf *to);

#endif
