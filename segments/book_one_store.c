#include "segments/book_one_store.h"

#include "segments/book_patch_store.h"
#include "segments/trait_store.h"

static enum stw_code
read_one(struct db *db, const struct book_key *key, stw_usec now,
    struct book_patch *patch, struct stw_err *err)
{
	struct book_fill *fill = NULL;
	enum stw_code rc = book_fill_open(db, &fill, err);

	if (rc == STW_OK)
		rc = book_patch_read(db, fill, key, 1, now, patch, err);
	book_fill_close(fill);
	return rc;
}

enum stw_code
book_load_one(struct db *db, int bucket, int64_t customer_id, stw_usec now,
    struct book **out, struct stw_err *err)
{
	const struct book_key key = {.bucket = bucket, .customer_id = customer_id};
	struct book_patch patch = {0};
	enum stw_code rc = db_begin_snapshot(db, err);

	*out = NULL;
	if (rc != STW_OK)
		return rc;
	rc = read_one(db, &key, now, &patch, err);
	if (rc == STW_OK)
		rc = db_commit(db, err);
	else
		db_rollback(db);
	if (rc == STW_OK && patch.ngone > 0)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no such customer any more");
	if (rc == STW_OK) {
		/* A trait that fails for one customer is no fault of the trait. */
		patch.book->patch = true;
		rc = trait_store_derive(db, patch.book, now, NULL, err);
	}
	if (rc == STW_OK) {
		*out = patch.book;
		patch.book = NULL;
	}
	book_patch_fini(&patch);
	return rc;
}
