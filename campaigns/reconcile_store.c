#include "campaigns/reconcile_store.h"

#include <stdio.h>
#include <string.h>

#include "campaigns/incident_store.h"

#define CONTACT "CONTACT_WITHOUT_TASK"
#define TASK    "TASK_WITHOUT_CONTACT"

/* No number in it: an open incident of a number takes it out of service, and here nobody
 * says that the number was at fault. */
static enum stw_code
contact_open(
    struct db *db, const struct db_rows *rows, int r, stw_usec now, struct stw_err *err)
{
	char started[STW_USEC_TEXT], evidence[200];
	const struct incident incident = {.code = CONTACT,
	    .bucket = -1,
	    .subject = db_get_str(rows, r, 0).ptr,
	    .evidence = evidence,
	    .detected_at = now};
	struct uuid id;
	bool opened;

	(void)snprintf(evidence, sizeof evidence,
	    "{\"record\":\"%s\",\"started_at\":\"%s\"}", db_get_str(rows, r, 0).ptr,
	    stw_usec_format(db_get_usec(rows, r, 2), started));
	return incident_open(db, &incident, &id, &opened, err);
}

static enum stw_code
task_open(
    struct db *db, const struct db_rows *rows, int r, stw_usec now, struct stw_err *err)
{
	char granted[STW_USEC_TEXT], evidence[200];
	const struct incident incident = {.code = TASK,
	    .bucket = (int)db_get_i64(rows, r, 0),
	    .customer_id = db_get_i64(rows, r, 4),
	    .campaign_id = db_get_i64(rows, r, 5),
	    .task_id = db_get_str(rows, r, 2).ptr,
	    .decision_id = db_get_str(rows, r, 3).ptr,
	    .subject = db_get_str(rows, r, 1).ptr,
	    .evidence = evidence,
	    .detected_at = now};
	struct uuid id;
	bool opened;

	(void)snprintf(evidence, sizeof evidence,
	    "{\"granted_at\":\"%s\",\"permit\":\"%s\"}",
	    stw_usec_format(db_get_usec(rows, r, 6), granted),
	    db_get_str(rows, r, 1).ptr);
	return incident_open(db, &incident, &id, &opened, err);
}

typedef enum stw_code (*open_fn)(struct db *db, const struct db_rows *rows, int r,
    stw_usec now, struct stw_err *err);

static enum stw_code
sweep_one(struct db *db, enum db_query_id query, const char *code, open_fn open,
    stw_usec now, int64_t *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code), db_usec(now - RECONCILE_PAST),
	    db_usec(now - RECONCILE_GRACE), db_i64(RECONCILE_MAX)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, query, params, DB_NPARAMS(params), &rows, err);

	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++)
		rc = open(db, rows, r, now, err);
	if (rc == STW_OK)
		*count = db_rows_count(rows);
	db_rows_free(rows);
	return rc;
}

enum stw_code
reconcile_sweep(
    struct db *db, stw_usec now, struct reconciled *out, struct stw_err *err)
{
	enum stw_code rc = db_begin(db, err);

	memset(out, 0, sizeof *out);
	if (rc != STW_OK)
		return rc;
	rc = sweep_one(db, DB_Q_RECONCILE_CONTACT, CONTACT, contact_open, now,
	    &out->contacts, err);
	if (rc == STW_OK)
		rc = sweep_one(
		    db, DB_Q_RECONCILE_TASK, TASK, task_open, now, &out->tasks, err);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	memset(out, 0, sizeof *out);
	return rc;
}
