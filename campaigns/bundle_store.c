#include "campaigns/bundle_store.h"

#include <string.h>

#include "engine/phone.h"
#include "segments/customer_store.h"
#include "segments/key_store.h"

#define PAGE_ROWS 500

/* ---- parts ------------------------------------------------------------------------------- */
#define NIL     "00000000-0000-0000-0000-000000000000"
#define BY_TIME "-infinity|" NIL
#define BY_KEY  "-1|" NIL

static const struct bundle_part parts[] = {
    {"decisions", DB_Q_BUNDLE_DECISIONS, 8, BY_TIME, false, NULL},
    {"attempts", DB_Q_BUNDLE_ATTEMPTS, 8, BY_TIME, true, NULL},
    {"outcomes", DB_Q_BUNDLE_OUTCOMES, 8, BY_KEY, true, NULL},
    {"suitability", DB_Q_BUNDLE_SUITABILITY, 8, BY_TIME, false, NULL},
    {"consents", DB_Q_BUNDLE_CONSENTS, 8, BY_KEY, true, "GAP_CONSENTS"},
    {"objections", DB_Q_BUNDLE_OBJECTIONS, 8, BY_KEY, true, NULL},
    {"calls", DB_Q_BUNDLE_CALLS, 8, BY_TIME, true, "GAP_CALL_RECORDS"},
    {"numbers", DB_Q_BUNDLE_NUMBERS, 8, "", true, NULL},
    {"number_changes", DB_Q_BUNDLE_NUMBER_CHANGES, 8, "", true, NULL},
    {"number_days", DB_Q_BUNDLE_NUMBER_DAYS, 8, "", true, NULL},
    {"campaigns", DB_Q_BUNDLE_CAMPAIGNS, 8, "", false, NULL},
    {"scripts", DB_Q_BUNDLE_SCRIPTS, 8, "", true, NULL},
    {"overrides", DB_Q_BUNDLE_OVERRIDES, 8, BY_KEY, true, NULL},
    {"complaints", DB_Q_BUNDLE_COMPLAINTS, 8, BY_TIME, false, NULL},
    {"incidents", DB_Q_BUNDLE_INCIDENTS, 8, BY_TIME, true, NULL},
    {"access", DB_Q_BUNDLE_ACCESS, 7, BY_TIME, true, NULL},
    {"notices", DB_Q_BUNDLE_NOTICES, 4, "", true, "GAP_NOTICES"},
    {"registries", DB_Q_BUNDLE_REGISTRIES, 4, "", true, "GAP_REGISTRIES"},
    {"outsourcers", DB_Q_BUNDLE_OUTSOURCERS, 4, "", true, NULL},
    {"rule_changes", DB_Q_BUNDLE_RULE_CHANGES, 4, "", true, NULL},
    {"rules_in_force", DB_Q_BUNDLE_RULES_IN_FORCE, 4, "", true, "GAP_RULES_IN_FORCE"},
    {"assessments", DB_Q_BUNDLE_ASSESSMENTS, 4, "", true, "GAP_ASSESSMENTS"},
};

const struct bundle_part *
bundle_part_at(int i)
{
	return i >= 0 && i < (int)STW_ARRAY_LEN(parts) ? &parts[i] : NULL;
}

/* ---- a scope ----------------------------------------------------------------------------- */
static void
parties_make(struct bundle_scope *s, size_t count, struct arena *arena)
{
	s->nparties = count;
	s->buckets = arena_array(arena, count + 1, sizeof *s->buckets);
	s->customers = arena_array(arena, count + 1, sizeof *s->customers);
	s->points = arena_array(arena, count + 1, sizeof *s->points);
}

static void
party_set(struct bundle_scope *s, size_t i, int bucket, int64_t customer, int64_t point)
{
	s->buckets[i] = bucket;
	s->customers[i] = customer;
	s->points[i] = point;
}

/* A number that nobody has leaves one party that is nobody: no party would mean everybody. */
static void
parties_of_trace(struct bundle_scope *s, struct arena *arena)
{
	size_t count = (size_t)s->trace.nparties;

	parties_make(s, count > 0 ? count : 1, arena);
	if (count == 0)
		party_set(s, 0, -1, 0, 0);
	for (size_t i = 0; i < count; i++)
		party_set(s, i, s->trace.parties[i].bucket,
		    s->trace.parties[i].customer_id, s->trace.parties[i].point_id);
}

static enum stw_code
complaint_named(struct db *db, const char *text, struct arena *arena,
    struct complaint_row *out, struct stw_err *err)
{
	struct uuid id;

	if (uuid_parse(str_of(text), &id) != STW_OK)
		return stw_fail(
		    err, STW_INVALID, "\"%.40s\" is no id of a complaint", text);
	return complaint_get(db, &id, arena, out, err);
}

static enum stw_code
find_complaint(struct db *db, const struct seal_keys *keys, struct bundle_scope *s,
    struct arena *arena, struct stw_err *err)
{
	struct complaint_row c;
	stw_usec from, to;
	enum stw_code rc = complaint_named(db, s->ask.complaint, arena, &c, err);

	if (rc != STW_OK)
		return rc;
	complaint_stretch(&c, &from, &to);
	if (s->ask.from == STW_USEC_NEVER)
		s->ask.from = from;
	if (s->ask.to == STW_USEC_MAX)
		s->ask.to = to;
	rc = complaint_trace(
	    db, keys, &c, s->ask.from, s->ask.to, arena, &s->trace, err);
	if (rc != STW_OK)
		return rc;
	if (c.phone_sealed.len > 0 || c.customer_id == 0) {
		parties_of_trace(s, arena);
		return STW_OK;
	}
	parties_make(s, 1, arena);
	party_set(s, 0, c.bucket, c.customer_id, 0);
	return STW_OK;
}

static enum stw_code
find_customer(struct db *db, struct bundle_scope *s, stw_usec sealed, stw_day today,
    struct arena *arena, struct stw_err *err)
{
	struct trace_subject subject = {0};
	struct customer c = {0};
	enum stw_code rc =
	    customer_find(db, str_of(s->ask.customer), today, arena, &c, err);

	if (rc != STW_OK)
		return rc;
	subject.bucket = c.bucket;
	subject.customer_id = c.customer_id;
	parties_make(s, 1, arena);
	party_set(s, 0, c.bucket, c.customer_id, 0);
	return trace_find(
	    db, &subject, s->ask.from, s->ask.to, sealed, arena, &s->trace, err);
}

static enum stw_code
find_number(struct db *db, const struct seal_keys *keys, struct bundle_scope *s,
    stw_usec sealed, struct arena *arena, struct stw_err *err)
{
	unsigned char now[SEAL_INDEX_BYTES], before[SEAL_INDEX_BYTES];
	struct trace_subject subject = {.index = now};
	struct index_key key = {0};
	struct phone phone;
	enum stw_code rc = phone_parse(str_of(s->ask.phone), "CN", &phone, err);

	if (rc == STW_OK)
		rc = index_key_hold(db, keys, &key, err);
	if (rc != STW_OK)
		return rc;
	seal_index(keys, key.now, str_of(phone.e164), now);
	if (key.before != 0) {
		seal_index(keys, key.before, str_of(phone.e164), before);
		subject.index_before = before;
	}
	rc = trace_find(
	    db, &subject, s->ask.from, s->ask.to, sealed, arena, &s->trace, err);
	if (rc == STW_OK)
		parties_of_trace(s, arena);
	return rc;
}

static enum stw_code
find_campaign(struct db *db, const char *code, struct stw_err *err)
{
	const struct db_param params[] = {db_text(code)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(
	    db, DB_Q_BUNDLE_CAMPAIGN, params, DB_NPARAMS(params), &rows, err);

	if (rc == STW_OK && !db_get_bool(rows, 0, 0))
		rc = stw_fail(
		    err, STW_NOT_FOUND, "there is no campaign \"%.64s\"", code);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
find(struct db *db, const struct seal_keys *keys, stw_day today, struct arena *arena,
    struct bundle_scope *s, struct stw_err *err)
{
	stw_usec sealed = STW_USEC_NEVER;
	enum stw_code rc = trace_sealed_until(db, &sealed, err);

	if (rc != STW_OK)
		return rc;
	s->has_trace = s->ask.campaign == NULL;
	if (s->ask.complaint != NULL)
		return find_complaint(db, keys, s, arena, err);
	if (s->ask.customer != NULL)
		return find_customer(db, s, sealed, today, arena, err);
	if (s->ask.phone != NULL)
		return find_number(db, keys, s, sealed, arena, err);
	s->has_trace = false;
	parties_make(s, 0, arena);
	return s->ask.campaign != NULL ? find_campaign(db, s->ask.campaign, err)
				       : STW_OK;
}

static enum stw_code
ask_shape(const struct bundle_ask *ask, struct stw_err *err)
{
	int named = (ask->complaint != NULL) + (ask->customer != NULL) +
		    (ask->phone != NULL) + (ask->campaign != NULL);

	if (named > 1)
		return stw_fail(err, STW_INVALID,
		    "one of complaint, customer, number and campaign, not several");
	if (ask->complaint == NULL &&
	    (ask->from == STW_USEC_NEVER || ask->to == STW_USEC_MAX ||
		ask->from >= ask->to))
		return stw_fail(err, STW_INVALID,
		    "from and to are needed, and from lies before to");
	return STW_OK;
}

enum stw_code
bundle_ask_check(struct db *db, const struct bundle_ask *ask, stw_day today,
    struct arena *arena, struct stw_err *err)
{
	struct complaint_row complaint;
	struct customer customer;
	struct phone phone;
	enum stw_code rc = ask_shape(ask, err);

	if (rc == STW_OK && ask->complaint != NULL)
		rc = complaint_named(db, ask->complaint, arena, &complaint, err);
	if (rc == STW_OK && ask->customer != NULL)
		rc = customer_find(
		    db, str_of(ask->customer), today, arena, &customer, err);
	if (rc == STW_OK && ask->phone != NULL)
		rc = phone_parse(str_of(ask->phone), "CN", &phone, err);
	if (rc == STW_OK && ask->campaign != NULL)
		rc = find_campaign(db, ask->campaign, err);
	return rc;
}

enum stw_code
bundle_scope_find(struct db *db, const struct seal_keys *keys,
    const struct bundle_ask *ask, stw_day today, struct arena *arena,
    struct bundle_scope *out, struct stw_err *err)
{
	struct bundle_scope s = {.ask = *ask};
	enum stw_code rc = ask_shape(ask, err);

	*out = (struct bundle_scope){0};
	if (rc != STW_OK)
		return rc;
	rc = db_begin(db, err);
	if (rc == STW_OK)
		rc = find(db, keys, today, arena, &s, err);
	db_rollback(db);
	if (rc == STW_OK)
		*out = s;
	return rc;
}

/* ---- rows -------------------------------------------------------------------------------- */
static enum stw_code
next_page(struct bundle_rows *rows, struct stw_err *err)
{
	const struct bundle_scope *s = rows->scope;
	const struct db_param params[] = {db_text(rows->key), db_i64(PAGE_ROWS),
	    db_usec(s->ask.from), db_usec(s->ask.to), db_i64s(s->buckets, s->nparties),
	    db_i64s(s->customers, s->nparties), db_i64s(s->points, s->nparties),
	    db_text(s->ask.campaign)};
	struct db_rows *page = NULL;
	struct str key;
	enum stw_code rc = db_query(rows->db, rows->part->query, params,
	    (size_t)rows->part->nparams, &page, err);

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
bundle_rows_begin(struct db *db, const struct bundle_part *part,
    const struct bundle_scope *scope, struct bundle_rows *rows, struct stw_err *err)
{
	enum stw_code rc;

	*rows = (struct bundle_rows){.db = db, .part = part, .scope = scope};
	STW_ASSERT(strlen(part->first) < sizeof rows->key);
	memcpy(rows->key, part->first, strlen(part->first) + 1);
	rc = next_page(rows, err);
	rows->row = -1; /* before its first row */
	return rc;
}

enum stw_code
bundle_rows_next(
    struct bundle_rows *rows, struct bundle_row *out, bool *more, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	int r;

	if (++rows->row >= rows->count && rows->count == PAGE_ROWS)
		rc = next_page(rows, err);
	*more = rc == STW_OK && rows->row < rows->count;
	if (!*more)
		return rc;
	r = rows->row;
	out->gap =
	    db_is_null(rows->page, r, 1) ? NULL : db_get_str(rows->page, r, 1).ptr;
	out->id = db_get_str(rows->page, r, 2).ptr;
	out->entry = db_is_null(rows->page, r, 3) ? -1 : db_get_i64(rows->page, r, 3);
	out->json = db_get_str(rows->page, r, 4);
	return STW_OK;
}

void
bundle_rows_end(struct bundle_rows *rows)
{
	db_rows_free(rows->page);
	rows->page = NULL;
}
