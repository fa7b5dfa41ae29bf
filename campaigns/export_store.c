#include "campaigns/export_store.h"

#include <stdio.h>
#include <string.h>

#include "segments/customer_store.h"

#define PAGE_ROWS 2000

static const struct export_column customers[] = {{"ref", EXPORT_TEXT},
    {"name_mask", EXPORT_TEXT}, {"gender", EXPORT_TEXT}, {"lang", EXPORT_TEXT},
    {"country", EXPORT_TEXT}, {"province", EXPORT_TEXT}, {"city", EXPORT_TEXT},
    {"branch", EXPORT_TEXT}, {"manager", EXPORT_TEXT}, {"tier", EXPORT_TEXT},
    {"opened_on", EXPORT_TEXT}, {"closed_on", EXPORT_TEXT}, {"risk_rating", EXPORT_INT},
    {"risk_assessed_on", EXPORT_TEXT}, {"complaint_open", EXPORT_BOOL},
    {"profiling_opt_out", EXPORT_BOOL}, {"stage", EXPORT_TEXT},
    {"stage_since", EXPORT_INSTANT}, {"phone_mask", EXPORT_TEXT},
    {"phone_state", EXPORT_TEXT}, {"phone_shared_by", EXPORT_INT},
    {"household_size", EXPORT_INT}, {"updated_at", EXPORT_INSTANT}};

static const struct export_column members[] = {{"segment", EXPORT_TEXT},
    {"ref", EXPORT_TEXT}, {"name_mask", EXPORT_TEXT}, {"entered_at", EXPORT_INSTANT},
    {"left_at", EXPORT_INSTANT}};

static const struct export_column tasks[] = {{"task_id", EXPORT_TEXT},
    {"state", EXPORT_TEXT}, {"campaign", EXPORT_TEXT}, {"version", EXPORT_INT},
    {"ref", EXPORT_TEXT}, {"phone_mask", EXPORT_TEXT}, {"queue", EXPORT_TEXT},
    {"agent", EXPORT_TEXT}, {"channel", EXPORT_TEXT}, {"handler", EXPORT_TEXT},
    {"purpose", EXPORT_TEXT}, {"product", EXPORT_TEXT}, {"script", EXPORT_TEXT},
    {"script_version", EXPORT_INT}, {"priority", EXPORT_INT},
    {"not_before", EXPORT_INSTANT}, {"not_after", EXPORT_INSTANT},
    {"callback_at", EXPORT_INSTANT}, {"decision_id", EXPORT_TEXT},
    {"created_at", EXPORT_INSTANT}, {"updated_at", EXPORT_INSTANT}};

static const struct export_column decisions[] = {{"decision_id", EXPORT_TEXT},
    {"gate", EXPORT_TEXT}, {"decided_at", EXPORT_INSTANT}, {"ref", EXPORT_TEXT},
    {"phone_mask", EXPORT_TEXT}, {"campaign", EXPORT_TEXT}, {"version", EXPORT_INT},
    {"task_id", EXPORT_TEXT}, {"number", EXPORT_TEXT}, {"channel", EXPORT_TEXT},
    {"purpose", EXPORT_TEXT}, {"outcome", EXPORT_TEXT}, {"primary_code", EXPORT_TEXT},
    {"codes", EXPORT_TEXT}, {"next_allowed_at", EXPORT_INSTANT},
    {"valid_until", EXPORT_INSTANT}, {"agent", EXPORT_TEXT},
    {"ruleset_hash", EXPORT_TEXT}, {"record_hash", EXPORT_TEXT}};

static const struct export_column consents[] = {{"consent_id", EXPORT_TEXT},
    {"ref", EXPORT_TEXT}, {"action", EXPORT_TEXT}, {"purpose", EXPORT_TEXT},
    {"channel", EXPORT_TEXT}, {"product_class", EXPORT_TEXT},
    {"recipient", EXPORT_TEXT}, {"phone_mask", EXPORT_TEXT}, {"form", EXPORT_TEXT},
    {"notice_version", EXPORT_TEXT}, {"evidence", EXPORT_TEXT}, {"source", EXPORT_TEXT},
    {"actor", EXPORT_TEXT}, {"effective_at", EXPORT_INSTANT},
    {"expires_at", EXPORT_INSTANT}, {"recorded_at", EXPORT_INSTANT}};

static const struct export_column stages[] = {{"ref", EXPORT_TEXT},
    {"model", EXPORT_TEXT}, {"version", EXPORT_INT}, {"from", EXPORT_TEXT},
    {"to", EXPORT_TEXT}, {"reason", EXPORT_TEXT}, {"at", EXPORT_INSTANT}};

static const struct export_column number_use[] = {{"hour", EXPORT_INSTANT},
    {"number", EXPORT_TEXT}, {"kind", EXPORT_TEXT}, {"pool", EXPORT_TEXT},
    {"holder", EXPORT_TEXT}, {"purpose", EXPORT_TEXT}, {"campaign", EXPORT_TEXT},
    {"used", EXPORT_INT}};

#define NIL      "00000000-0000-0000-0000-000000000000"
#define OF(kind) kind, (int)STW_ARRAY_LEN(kind)

static const struct export_kind kinds[] = {
    {"customers", OF(customers), DB_Q_EXPORT_CUSTOMERS, "-1|0", true, true, false},
    {"members", OF(members), DB_Q_EXPORT_MEMBERS, "-1|0|-infinity", true, false, false},
    {"tasks", OF(tasks), DB_Q_EXPORT_TASKS, "-1|" NIL, false, false, true},
    {"decisions", OF(decisions), DB_Q_EXPORT_DECISIONS, "-infinity|" NIL, false, false,
	true},
    {"consents", OF(consents), DB_Q_EXPORT_CONSENTS, "-1|" NIL, false, false, true},
    {"stages", OF(stages), DB_Q_EXPORT_STAGES, "-1|0||-infinity", false, false, true},
    {"number_use", OF(number_use), DB_Q_EXPORT_NUMBER_USE, "-infinity|0||0", false,
	false, true},
};

const struct export_kind *
export_kind_at(int i)
{
	return i >= 0 && i < (int)STW_ARRAY_LEN(kinds) ? &kinds[i] : NULL;
}

const struct export_kind *
export_kind_find(const char *name)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

enum stw_code
export_rows_check(struct db *db, const struct export_kind *kind,
    const struct export_filter *f, struct stw_err *err)
{
	if (f->segment != NULL && !kind->by_segment)
		return stw_fail(
		    err, STW_INVALID, "segment: no filter of %s", kind->name);
	if (f->stage != NULL && !kind->by_stage)
		return stw_fail(err, STW_INVALID, "stage: no filter of %s", kind->name);
	if ((f->from != STW_USEC_NEVER || f->to != STW_USEC_MAX) && !kind->by_time)
		return stw_fail(
		    err, STW_INVALID, "from, to: no filter of %s", kind->name);
	if (kind->query == DB_Q_EXPORT_MEMBERS && f->segment == NULL)
		return stw_fail(err, STW_INVALID, "segment: members of which segment?");
	return customer_filter_check(db, f->segment, f->stage, err);
}

static enum stw_code
next_page(struct export_rows *rows, struct stw_err *err)
{
	const struct export_filter *f = &rows->filter;
	struct db_param params[4] = {db_text(rows->key), db_i64(PAGE_ROWS)};
	struct db_rows *page = NULL;
	struct str key;
	size_t n = 2;
	enum stw_code rc;

	if (rows->kind->by_segment)
		params[n++] = db_text(f->segment);
	if (rows->kind->by_stage)
		params[n++] = db_text(f->stage);
	if (rows->kind->by_time) {
		params[n++] = db_usec(f->from);
		params[n++] = db_usec(f->to);
	}
	rc = db_query(rows->db, rows->kind->query, params, n, &page, err);
	if (rc != STW_OK)
		return rc;
	db_rows_free(rows->page);
	rows->page = page;
	rows->row = 0;
	rows->count = db_rows_count(page);
	if (rows->count == 0)
		return STW_OK;
	key = db_get_str(page, rows->count - 1, 0);
	STW_ASSERT(key.len < sizeof rows->key);
	memcpy(rows->key, key.ptr, key.len);
	rows->key[key.len] = '\0';
	return STW_OK;
}

enum stw_code
export_rows_begin(struct db *db, const struct export_kind *kind,
    const struct export_filter *filter, struct export_rows *rows, struct stw_err *err)
{
	enum stw_code rc;

	*rows = (struct export_rows){.kind = kind, .filter = *filter};
	rc = db_begin_snapshot(db, err);
	if (rc != STW_OK)
		return rc;
	rows->db = db;
	(void)snprintf(rows->key, sizeof rows->key, "%s", kind->first);
	rc = next_page(rows, err);
	rows->row = -1; /* before its first row */
	return rc;
}

enum stw_code
export_rows_next(struct export_rows *rows, bool *more, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	*more = true;
	if (++rows->row < rows->count)
		return STW_OK;
	/* A page that was not full was the last. */
	if (rows->count == PAGE_ROWS)
		rc = next_page(rows, err);
	*more = rc == STW_OK && rows->row < rows->count;
	return rc;
}

bool
export_cell_null(const struct export_rows *rows, int column)
{
	return db_is_null(rows->page, rows->row, column + 1);
}

struct str
export_cell(const struct export_rows *rows, int column)
{
	return db_get_str(rows->page, rows->row, column + 1);
}

stw_usec
export_cell_instant(const struct export_rows *rows, int column)
{
	return db_get_usec(rows->page, rows->row, column + 1);
}

void
export_rows_end(struct export_rows *rows)
{
	db_rows_free(rows->page);
	rows->page = NULL;
	if (rows->db != NULL)
		db_rollback(rows->db);
	rows->db = NULL;
}
