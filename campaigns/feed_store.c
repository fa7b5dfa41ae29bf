#include "campaigns/feed_store.h"

#include <string.h>

#include "campaigns/number.h"
#include "db/entry_json.h"
#include "db/ledger.h"

static enum gate_state
recorder_state(const struct db_rows *rows)
{
	if (db_is_null(rows, 0, 1))
		return GATE_STATE_UNKNOWN;
	return str_eq_c(db_get_str(rows, 0, 1), "ok") ? GATE_STATE_OK
						      : GATE_STATE_FAILED;
}

enum stw_code
feeds_load(struct db *db, const char *campaign, int64_t queue_id, stw_usec now,
    struct arena *arena, struct gate_facts *facts, struct stw_err *err)
{
	const struct db_param params[] = {db_text(campaign), db_i64(queue_id),
	    db_text(facts->script.code), db_i64(facts->script.version), db_usec(now)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query_one(db, DB_Q_FACTS_FEEDS, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK) {
		facts->impact_assessed = db_get_bool(rows, 0, 0);
		facts->recorder = recorder_state(rows);
		facts->script.clip = db_get_text(rows, 0, 2, arena);
	}
	db_rows_free(rows);
	return rc;
}

enum stw_code
script_clip_put(struct db *db, const char *script, int version, const char *clip,
    const char *sha256, const char *actor, stw_usec now, struct stw_err *err)
{
	const struct db_param params[] = {db_text(script), db_i64(version),
	    db_text(clip), db_text(sha256), db_usec(now), db_text(actor)};
	const struct entry_field fields[] = {ENTRY_TEXT("what", "script_clip"),
	    ENTRY_INT("version", version), ENTRY_TEXT("clip", clip),
	    ENTRY_TEXT("sha256", sha256), ENTRY_TEXT("actor", actor)};
	struct buf entry;
	enum stw_code rc;

	if ((clip == NULL) != (sha256 == NULL))
		return stw_fail(err, STW_INVALID,
		    "a clip comes with the SHA-256 of its sound, and neither without the "
		    "other");
	if (sha256 != NULL && !number_hash_valid(sha256))
		return stw_fail(
		    err, STW_INVALID, "sha256: 64 hexadecimal digits are wanted");
	rc = db_query_one(
	    db, DB_Q_SCRIPT_CLIP_INSERT, params, DB_NPARAMS(params), NULL, err);
	if (rc == STW_NOT_FOUND)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no script %s version %d",
		    script, version);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write(
	    "rule_change", script, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "rule_change", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}
