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

/* A person looks at the task and dials, a robot takes one task a line, unless the campaign's
 * document says otherwise. */
static void
dialling_from(struct str word, struct gate_facts *facts)
{
	static const struct {
		const char *word;
		enum gate_dial_mode mode;
	} modes[] = {{"manual", GATE_DIAL_MANUAL}, {"preview", GATE_DIAL_PREVIEW},
	    {"progressive", GATE_DIAL_PROGRESSIVE},
	    {"predictive", GATE_DIAL_PREDICTIVE}};

	for (size_t i = 0; i < STW_ARRAY_LEN(modes); i++)
		if (str_eq_c(word, modes[i].word))
			facts->dial_mode = modes[i].mode;
	facts->autodialled = facts->dial_mode != GATE_DIAL_MANUAL &&
			     facts->dial_mode != GATE_DIAL_PREVIEW;
}

#define RATIOS_MAX 16

static enum stw_code
ratios_load(struct db *db, const struct ruleset *rules, const char *campaign,
    stw_usec now, struct arena *arena, struct gate_facts *facts, struct stw_err *err)
{
	int64_t hours[RATIOS_MAX];
	size_t n = ruleset_ratio_hours(rules, facts->dial_mode, hours, RATIOS_MAX);
	const struct db_param params[] = {
	    db_text(campaign), db_usec(now), db_i64s(hours, n)};
	struct gate_ratio *ratios = arena_array(arena, n, sizeof *ratios);
	struct db_rows *rows = NULL;
	enum stw_code rc;

	facts->nratios = 0;
	facts->ratios = ratios;
	if (n == 0)
		return STW_OK;
	rc = db_query(db, DB_Q_CAMPAIGN_RATIOS, params, DB_NPARAMS(params), &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++)
		ratios[facts->nratios++] = (struct gate_ratio){db_get_i64(rows, r, 0),
		    db_get_i64(rows, r, 1), db_get_i64(rows, r, 2)};
	db_rows_free(rows);
	return rc;
}

enum stw_code
feeds_load(struct db *db, const struct ruleset *rules, const struct feed_about *about,
    stw_usec now, struct arena *arena, struct gate_facts *facts, struct stw_err *err)
{
	const struct db_param params[] = {db_text(about->campaign),
	    db_i64(about->queue_id), db_text(facts->script.code),
	    db_i64(facts->script.version), db_usec(now), db_i64(about->version),
	    db_text(facts->product.code)};
	struct db_rows *rows = NULL;
	enum stw_code rc =
	    db_query_one(db, DB_Q_FACTS_FEEDS, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK) {
		facts->impact_assessed = db_get_bool(rows, 0, 0);
		facts->recorder = recorder_state(rows);
		facts->script.clip = db_get_text(rows, 0, 2, arena);
		facts->stage = db_get_text(rows, 0, 3, arena);
		facts->subject = db_get_text(rows, 0, 4, arena);
		dialling_from(db_get_str(rows, 0, 5), facts);
		facts->product.dual_recording = db_get_bool(rows, 0, 6);
		facts->product.qualified_only = db_get_bool(rows, 0, 7);
		facts->product.amount_fen.known = !db_is_null(rows, 0, 8);
		facts->product.amount_fen.value = db_get_i64(rows, 0, 8);
	}
	db_rows_free(rows);
	return rc == STW_OK
		   ? ratios_load(db, rules, about->campaign, now, arena, facts, err)
		   : rc;
}

void
feeds_copy(const struct gate_facts *from, struct gate_facts *to)
{
	to->impact_assessed = from->impact_assessed;
	to->recorder = from->recorder;
	to->script.clip = from->script.clip;
	to->stage = from->stage;
	to->subject = from->subject;
	to->dial_mode = from->dial_mode;
	to->autodialled = from->autodialled;
	to->product.dual_recording = from->product.dual_recording;
	to->product.qualified_only = from->product.qualified_only;
	to->product.amount_fen = from->product.amount_fen;
	to->ratios = from->ratios;
	to->nratios = from->nratios;
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
