/*
 * import_write_store.h - a batch of rows: who they are about, and into the database.
 *
 * Purpose    import_store.c fills a batch; import_batch_resolve finds or makes the
 *            customers; import_batch_write seals, copies and merges it. Both inside the
 *            caller's transaction.
 * Ownership  import_batch_init/fini; import_batch_clear begins the next one.
 */
#ifndef STW_SEGMENTS_IMPORT_WRITE_STORE_H
#define STW_SEGMENTS_IMPORT_WRITE_STORE_H

#include "db/db.h"
#include "db/seal.h"
#include "segments/import_priv.h"
#include "segments/key_store.h"

#define IMPORT_BATCH_ROWS 16384

struct import_who {
	int64_t id; /* 0: unknown */
	int bucket;
	bool erased;        /* there, but the key is gone */
	bool fresh;         /* made by this batch */
	struct str wrapped; /* of a fresh one */
	struct seal_customer key;
};

struct import_batch_row {
	int64_t line;
	uint32_t who;
	bool dropped;
	struct import_cell *cells;
};

struct import_batch {
	struct arena arena;
	struct import_batch_row *rows;
	size_t count;
	struct strmap refs; /* entry k is who[k] */
	struct import_who *who;
};

void import_batch_init(struct import_batch *batch);
void import_batch_fini(struct import_batch *batch);
void import_batch_clear(struct import_batch *batch);

/* What import_batch_write needs to know besides the rows. */
struct import_write {
	struct db *db;
	const struct seal_keys *keys;
	const struct import_mapping *mapping;
	const struct import_file *file;
	struct index_key index; /* held by the file's transaction */
	stw_usec as_of;
	const char *actor;
};

/* Calls drop for each row about a customer that is not there or was erased, and marks
 * it. */
enum stw_code import_batch_resolve(const struct import_write *write,
    struct import_batch *batch,
    void (*drop)(void *user, int64_t line, const char *column, const char *reason),
    void *user, struct stw_err *err) STW_MUST_USE;
/* The numbers of the batch, before it is put: see import_index_store.c. */
enum stw_code import_batch_numbers(const struct import_write *write,
    struct import_batch *batch, struct stw_err *err) STW_MUST_USE;
enum stw_code import_batch_write(const struct import_write *write,
    struct import_batch *batch, struct stw_err *err) STW_MUST_USE;

#endif
