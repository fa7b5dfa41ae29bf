/*
 * customer_key_store.h - the key that seals what is about one customer, or about nobody yet.
 *
 * Purpose    Loads and opens a customer's key; bucket 0 and customer 0 are the installation,
 *            whose key is made when it is first wanted: for what came without a known
 *            customer (a number somebody wrote to us about).
 * Ownership  The caller wipes *out.
 * Errors     NOT_FOUND: the customer was erased.
 */
#ifndef STW_SEGMENTS_CUSTOMER_KEY_STORE_H
#define STW_SEGMENTS_CUSTOMER_KEY_STORE_H

#include "db/db.h"
#include "db/seal.h"

enum stw_code customer_key_load(struct db *db, const struct seal_keys *keys, int bucket,
    int64_t customer_id, struct seal_customer *out, struct stw_err *err) STW_MUST_USE;

#endif
