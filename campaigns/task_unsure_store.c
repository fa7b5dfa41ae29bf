#include "campaigns/task_unsure_store.h"

#include <string.h>

static const struct task_claim *
claim_of(const struct task_claim *claims, int count, const struct uuid *id)
{
	for (int i = 0; i < count; i++)
		if (memcmp(&claims[i].task_id, id, sizeof *id) == 0)
			return &claims[i];
	STW_ASSERT(!"a task that was not asked for");
	return NULL;
}

static void
push_from(const struct db_rows *rows, int r, const struct task_claim *claims, int count,
    struct arena *arena, struct task_unsure *out)
{
	struct task_push *p = &out->push;
	struct uuid id;

	STW_ASSERT(uuid_parse(db_get_str(rows, r, 0), &id) == STW_OK);
	*p = (struct task_push){.claim = *claim_of(claims, count, &id),
	    .task_id = db_get_text(rows, r, 0, arena),
	    .offer = (int)db_get_i64(rows, r, 2),
	    .campaign = db_get_text(rows, r, 3, arena),
	    .campaign_version = (int)db_get_i64(rows, r, 4),
	    .step = db_get_text(rows, r, 5, arena),
	    .occurrence = db_get_text(rows, r, 6, arena),
	    .customer_ref = db_get_text(rows, r, 7, arena),
	    .phone_mask = db_get_text(rows, r, 8, arena),
	    .channel = db_get_text(rows, r, 9, arena),
	    .handler = db_get_text(rows, r, 10, arena),
	    .purpose = db_get_text(rows, r, 11, arena),
	    .product = db_get_text(rows, r, 12, arena),
	    .script = db_get_text(rows, r, 13, arena),
	    .script_version = (int)db_get_i64(rows, r, 14),
	    .number = db_get_text(rows, r, 15, arena),
	    .number_id = db_get_i64(rows, r, 16),
	    .priority = (int)db_get_i64(rows, r, 17),
	    .value = db_get_i64(rows, r, 18),
	    .not_before = db_get_usec(rows, r, 19),
	    .not_after = db_get_usec(rows, r, 20),
	    .decision_id = db_get_text(rows, r, 21, arena),
	    .record_hash_hex = db_get_text(rows, r, 22, arena),
	    .valid_until = db_get_usec(rows, r, 23)};
	STW_ASSERT(db_get_i64(rows, r, 1) == p->claim.epoch);
	STW_ASSERT(
	    uuid_parse(db_get_str(rows, r, 21), &p->claim.decision_id) == STW_OK);
	out->age = db_get_i64(rows, r, 24);
}

enum stw_code
task_unsure(struct db *db, const struct task_claim *claims, int count, stw_usec now,
    struct arena *arena, struct task_unsure **out, int *found, struct stw_err *err)
{
	size_t n = (size_t)count;
	int64_t *buckets = arena_array(arena, n, sizeof *buckets);
	int64_t *epochs = arena_array(arena, n, sizeof *epochs);
	struct str *ids = arena_array(arena, n, sizeof *ids);
	struct str *claim_ids = arena_array(arena, n, sizeof *claim_ids);
	struct db_rows *rows = NULL;
	enum stw_code rc;

	for (size_t i = 0; i < n; i++) {
		char *id = arena_alloc(arena, UUID_TEXT);
		char *claim_id = arena_alloc(arena, UUID_TEXT);

		buckets[i] = claims[i].bucket;
		epochs[i] = claims[i].epoch;
		ids[i] = str_of(uuid_format(&claims[i].task_id, id));
		claim_ids[i] = str_of(uuid_format(&claims[i].claim_id, claim_id));
	}
	const struct db_param params[] = {db_i64s(buckets, n), db_texts(ids, n),
	    db_i64s(epochs, n), db_usec(now), db_texts(claim_ids, n)};

	*found = 0;
	rc = db_query(db, DB_Q_TASK_UNSURE, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, n, sizeof **out);
	DB_ROW_FOREACH(rows, r)
		push_from(rows, r, claims, count, arena, &(*out)[(*found)++]);
	db_rows_free(rows);
	return STW_OK;
}
