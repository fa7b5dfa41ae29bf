#include "segments/event_store.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "segments/book.h"

void
event_key(struct str source, struct str id, char to[EVENT_KEY_TEXT])
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof hash + 1];
	crypto_hash_sha256_state state;

	/* Neither holds a NUL, so that no other two give the same bytes. */
	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(
	    &state, (const unsigned char *)source.ptr, source.len);
	(void)crypto_hash_sha256_update(&state, (const unsigned char *)"", 1);
	(void)crypto_hash_sha256_update(&state, (const unsigned char *)id.ptr, id.len);
	(void)crypto_hash_sha256_final(&state, hash);
	(void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	(void)snprintf(to, EVENT_KEY_TEXT, "event:%s", hex);
}

/* The events of one bucket as the arrays that the statement takes. */
struct batch {
	size_t count;
	size_t *from; /* their places in the list */
	struct str *refs, *keys, *ats, *kinds, *channels;
	char (*at_texts)[STW_USEC_TEXT];
};

static void
batch_init(struct batch *batch, struct arena *arena, size_t max)
{
	batch->count = 0;
	batch->from = arena_array(arena, max, sizeof *batch->from);
	batch->refs = arena_array(arena, max, sizeof *batch->refs);
	batch->keys = arena_array(arena, max, sizeof *batch->keys);
	batch->ats = arena_array(arena, max, sizeof *batch->ats);
	batch->kinds = arena_array(arena, max, sizeof *batch->kinds);
	batch->channels = arena_array(arena, max, sizeof *batch->channels);
	batch->at_texts = arena_array(arena, max, sizeof *batch->at_texts);
}

static void
batch_add(struct batch *batch, const struct event *event, size_t from)
{
	size_t n = batch->count++;

	batch->from[n] = from;
	batch->refs[n] = event->ref;
	batch->keys[n] = str_of(event->key);
	batch->ats[n] = str_of(stw_usec_format(event->at, batch->at_texts[n]));
	batch->kinds[n] = str_of(event->kind);
	batch->channels[n] = str_of(event->channel); /* none: empty */
}

static enum stw_code
batch_store(struct db *db, int bucket, const struct batch *batch,
    enum event_fate *fates, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket),
	    db_texts(batch->refs, batch->count), db_texts(batch->keys, batch->count),
	    db_texts(batch->ats, batch->count), db_texts(batch->kinds, batch->count),
	    db_texts(batch->channels, batch->count)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	rc = db_query(db, DB_Q_EVENT_STORE, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	STW_ASSERT((size_t)db_rows_count(rows) == batch->count);
	DB_ROW_FOREACH(rows, r) {
		size_t n = (size_t)db_get_i64(rows, r, 0) - 1;

		STW_ASSERT(n < batch->count);
		fates[batch->from[n]] = (enum event_fate)db_get_i64(rows, r, 1);
	}
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
event_store(struct db *db, const struct event *events, size_t count,
    enum event_fate *fates, struct stw_err *err)
{
	int *buckets = stw_xalloc((count + 1) * sizeof *buckets);
	enum stw_code rc = STW_OK;
	struct arena arena;
	struct batch batch;

	STW_ASSERT(db_in_transaction(db));
	arena_init(&arena);
	batch_init(&batch, &arena, count);
	for (size_t i = 0; i < count; i++)
		buckets[i] = customer_bucket(events[i].ref);
	for (int bucket = 0; bucket < 256 && rc == STW_OK; bucket++) {
		batch.count = 0;
		for (size_t i = 0; i < count; i++)
			if (buckets[i] == bucket)
				batch_add(&batch, &events[i], i);
		if (batch.count > 0)
			rc = batch_store(db, bucket, &batch, fates, err);
	}
	arena_fini(&arena);
	free(buckets);
	return rc;
}
