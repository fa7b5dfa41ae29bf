/*
 * import_write_store.h - a batch of rows: who they are about, and into the database.
 *
 * Purpose    import_batch_resolve finds or makes the customers of a batch that was read;
 *            import_batch_write puts it into the tables: straight where its rows are taken
 *            to be new, else by way of a stage table. import_missing_close ends a snapshot.
 *            All inside the caller's transaction.
 * Rules      Straight means COPY into the target itself, behind a savepoint. One key that
 *            is there already makes the server refuse the batch; it and the rest of the
 *            file then go by the stage, which merges.
 */
#ifndef STW_SEGMENTS_IMPORT_WRITE_STORE_H
#define STW_SEGMENTS_IMPORT_WRITE_STORE_H

#include "db/db.h"
#include "db/seal.h"
#include "segments/import_priv.h"
#include "segments/key_store.h"

struct import_who {
	int64_t id; /* 0: unknown */
	int bucket;
	bool erased;        /* there, but the key is gone */
	bool fresh;         /* made by this batch */
	struct str wrapped; /* of a fresh one */
	struct seal_customer key;
};

/* Forgets who the rows are about: before the batch goes back to the reader. */
void import_batch_clear(struct import_batch *batch);

/* Customers that are there and not erased. An erasure anywhere empties it. */
struct import_ids {
	struct strmap map;
	int64_t erasures; /* as many as there were */
};

/* Of a mapping's files of fed traits: looks their traits up and gives their columns types.
 * INVALID for one that the bank does not have, or in another currency. */
enum stw_code import_traits_bind(struct db *db, struct import_mapping *mapping,
    struct arena *arena, struct stw_err *err) STW_MUST_USE;
/* The file's traits were fed: in the transaction that commits rows of it, or says that it
 * has none that are new. */
enum stw_code import_traits_note(struct db *db, const struct import_mapping *mapping,
    const struct import_file *file, stw_usec as_of, struct stw_err *err) STW_MUST_USE;

/* What import_batch_write needs to know besides the rows. */
struct import_write {
	struct db *db;
	const struct seal_keys *keys;
	const struct import_mapping *mapping;
	const struct import_file *file;
	struct index_key index; /* held by the transaction */
	stw_usec as_of;
	const char *actor;
	struct import_ids *ids; /* customers by reference, kept from batch to batch */
	struct strmap *seen;    /* keys of a file that may not have one twice */
	bool straight;          /* the rows are taken to be new; written here */
};

struct import_counts {
	int64_t inserted, updated, closed;
};

/* A row that falls out. */
typedef void (*import_drop_fn)(void *user, const struct import_batch_row *row,
    const char *column, const char *reason);

/* Calls drop for each row about a customer that is not there or was erased, and marks
 * it; the same for a key that comes twice where that is not allowed. */
enum stw_code import_batch_resolve(const struct import_write *write,
    struct import_batch *batch, import_drop_fn drop, void *user,
    struct stw_err *err) STW_MUST_USE;
/* Before the first batch of a file of about so many rows: learns the customers it is
 * likely to be about. After a batch of customers went in: remembers them. */
enum stw_code import_customers_know(
    const struct import_write *write, int64_t rows, struct stw_err *err) STW_MUST_USE;
void import_customers_keep(
    const struct import_write *write, const struct import_batch *batch);
/* The numbers of the batch, before it is put: see import_index_store.c. */
enum stw_code import_batch_numbers(const struct import_write *write,
    struct import_batch *batch, struct stw_err *err) STW_MUST_USE;
/* Adds to *counts. */
enum stw_code import_batch_write(struct import_write *write, struct import_batch *batch,
    struct import_counts *counts, struct stw_err *err) STW_MUST_USE;

/* Of a snapshot: before its first batch, and after its last: closes what it does not
 * have. INVALID, unless confirmed, when that were more than the file's limit, and when the
 * file has no row at all (rows 0). */
enum stw_code import_missing_begin(
    const struct import_write *write, struct stw_err *err) STW_MUST_USE;
enum stw_code import_missing_close(const struct import_write *write, int64_t rows,
    bool confirmed, struct import_counts *counts, struct stw_err *err) STW_MUST_USE;

/* ---- between import_write_store.c and import_merge_store.c ------------------------- */
enum import_copy {
	IMPORT_COPY_ROWS = 0,
	IMPORT_COPY_PHONES, /* of customers, as contact points */
	IMPORT_COPY_KEYS,
	IMPORT_COPY_PERMISSIONS,
	IMPORT_COPY_VALUES, /* of fed traits, a row each */
};
/* id is a COPY statement: of a stage table, or straight of the table itself. */
enum stw_code import_batch_copy(const struct import_write *write,
    const struct import_batch *batch, enum db_query_id id, enum import_copy what,
    bool straight, struct stw_err *err) STW_MUST_USE;

#endif
