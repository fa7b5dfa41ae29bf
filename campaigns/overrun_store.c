#include "campaigns/overrun_store.h"

#include "campaigns/compliance/record_json.h"
#include "campaigns/incident_store.h"

static enum stw_code
overrun_open(struct db *db, const struct db_rows *rows, const struct incident *about,
    stw_usec closed_at, stw_usec ended_at, struct uuid *id, bool *opened,
    struct stw_err *err)
{
	char closed[STW_USEC_TEXT], ended[STW_USEC_TEXT];
	struct incident incident = *about;
	struct arena arena;
	enum stw_code rc;

	arena_init(&arena);
	incident.decision_id = db_get_text(rows, 0, 0, &arena);
	incident.task_id = db_get_text(rows, 0, 1, &arena);
	incident.customer_id = db_get_i64(rows, 0, 2);
	incident.campaign_id = db_get_i64(rows, 0, 3);
	incident.number_id = db_get_i64(rows, 0, 4);
	incident.evidence = arena_printf(&arena,
	    "{\"closed_at\":\"%s\",\"ended_at\":\"%s\",\"permit\":\"%s\"}",
	    stw_usec_format(closed_at, closed), stw_usec_format(ended_at, ended),
	    about->subject);
	rc = incident_open(db, &incident, id, opened, err);
	arena_fini(&arena);
	return rc;
}

enum stw_code
overrun_note(struct db *db, const struct ruleset *rules, int bucket,
    const char *permit_id, stw_usec ended_at, stw_usec now, struct uuid *id,
    bool *opened, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(bucket), db_text(permit_id)};
	const struct incident about = {.code = "CALL_RAN_PAST_WINDOW",
	    .bucket = bucket,
	    .subject = permit_id,
	    .detected_at = now};
	struct db_rows *rows = NULL;
	stw_usec closed_at;
	enum stw_code rc;

	*opened = false;
	rc = db_query_one(
	    db, DB_Q_PERMIT_DECISION, params, DB_NPARAMS(params), &rows, err);
	/* Of a customer who was erased meanwhile the record went. */
	if (rc == STW_OK && db_is_null(rows, 0, 5))
		closed_at = STW_USEC_MAX;
	else if (rc == STW_OK)
		rc = record_hours_end(rules, db_get_str(rows, 0, 5), &closed_at, err);
	if (rc == STW_OK && ended_at > closed_at)
		rc = overrun_open(
		    db, rows, &about, closed_at, ended_at, id, opened, err);
	db_rows_free(rows);
	return rc;
}
