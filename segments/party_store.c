#include "segments/party_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/commitment.h"
#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/uuid.h"
#include "segments/contact_hours.h"

#define REF_MAX 64

static enum stw_code
log_change(struct db *db, const struct party_of *of, const char *fact, int count,
    stw_usec now, struct stw_err *err)
{
	char id[UUID_TEXT], customer[24];
	struct commit_field commit[] = {{.name = "customer", .value = customer}};
	const struct entry_field fields[] = {ENTRY_TEXT("actor", of->actor),
	    ENTRY_INT("count", count), ENTRY_TEXT("customer_hmac", commit[0].hex),
	    ENTRY_TEXT("fact", fact)};
	struct uuid own = uuid_new(now);
	struct buf entry;
	enum stw_code rc;

	(void)snprintf(customer, sizeof customer, "%" PRId64, of->customer_id);
	rc = commit_fields(db, of->bucket, of->customer_id, uuid_format(&own, id),
	    commit, STW_ARRAY_LEN(commit), err);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write(
	    "customer_fact", id, now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, of->bucket, "customer_fact", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

/* Holds the customer, replaces the list and says so where that changed anything. */
static enum stw_code
replace(struct db *db, const struct party_of *of, enum db_query_id query,
    const struct db_param *params, size_t nparams, const char *fact, int count,
    stw_usec now, struct stw_err *err)
{
	const struct db_param who[] = {db_i64(of->bucket), db_i64(of->customer_id)};
	struct db_rows *rows = NULL;
	bool changed = false;
	enum stw_code rc =
	    db_query_one(db, DB_Q_PARTY_LOCK, who, DB_NPARAMS(who), &rows, err);

	db_rows_free(rows);
	rows = NULL;
	if (rc == STW_NOT_FOUND)
		return stw_fail(
		    err, STW_NOT_FOUND, "there is no such customer any more");
	if (rc == STW_OK)
		rc = db_query_one(db, query, params, nparams, &rows, err);
	if (rc == STW_OK)
		changed = db_get_i64(rows, 0, 0) > 0;
	db_rows_free(rows);
	return changed ? log_change(db, of, fact, count, now, err) : rc;
}

static enum stw_code
fits(int count, const char *what, struct stw_err *err)
{
	return count <= PARTY_LIST_MAX
		   ? STW_OK
		   : stw_fail(err, STW_INVALID, "at most %d %s are kept, not %d",
			 PARTY_LIST_MAX, what, count);
}

/* ---- hours asked for -------------------------------------------------------------------- */
static enum stw_code
time_check(const struct contact_time *t, int place, struct stw_err *err)
{
	if (t->weekdays == 0 || t->weekdays > CONTACT_DAYS_ALL)
		return stw_fail(
		    err, STW_INVALID, "window %d: names no day of the week", place + 1);
	if (t->from < 0 || t->until > STW_USEC_DAY / STW_USEC_MIN ||
	    t->from >= t->until)
		return stw_fail(err, STW_INVALID,
		    "window %d: ends before it starts; hours past midnight are two windows",
		    place + 1);
	return STW_OK;
}

enum stw_code
contact_time_list(struct db *db, const struct party_of *of, struct arena *arena,
    struct contact_time **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(of->bucket), db_i64(of->customer_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_CONTACT_TIME_LIST, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct contact_time *t = &(*out)[r];

		t->weekdays = (unsigned)db_get_i64(rows, r, 0);
		t->from = (int)db_get_i64(rows, r, 1);
		t->until = (int)db_get_i64(rows, r, 2);
		t->updated_at = db_get_usec(rows, r, 3);
	}
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
contact_time_replace(struct db *db, const struct party_of *of,
    const struct contact_time *times, int count, stw_usec now, struct stw_err *err)
{
	int64_t days[PARTY_LIST_MAX], from[PARTY_LIST_MAX], until[PARTY_LIST_MAX];
	enum stw_code rc = fits(count, "windows", err);

	for (int i = 0; rc == STW_OK && i < count; i++) {
		rc = time_check(&times[i], i, err);
		days[i] = times[i].weekdays;
		from[i] = times[i].from;
		until[i] = times[i].until;
	}
	if (rc != STW_OK)
		return rc;
	const struct db_param params[] = {db_i64(of->bucket), db_i64(of->customer_id),
	    db_i64s(days, (size_t)count), db_i64s(from, (size_t)count),
	    db_i64s(until, (size_t)count), db_usec(now)};
	return replace(db, of, DB_Q_CONTACT_TIME_REPLACE, params, DB_NPARAMS(params),
	    "contact_times", count, now, err);
}

/* ---- further holders -------------------------------------------------------------------- */
static enum stw_code
holder_check(const struct joint_holder *all, int place, struct stw_err *err)
{
	const struct joint_holder *h = &all[place];
	size_t len = strlen(h->ref);

	if (len == 0 || len > REF_MAX)
		return stw_fail(err, STW_INVALID,
		    "holder %d: a reference of 1 to %d characters is wanted", place + 1,
		    REF_MAX);
	if (h->rating < 0 || h->rating > 5)
		return stw_fail(err, STW_INVALID,
		    "holder %s: a rating is 1 to 5, or left out where there is none",
		    h->ref);
	for (int i = 0; i < place; i++)
		if (strcmp(all[i].ref, h->ref) == 0)
			return stw_fail(
			    err, STW_INVALID, "holder %s: named twice", h->ref);
	return STW_OK;
}

enum stw_code
joint_holder_list(struct db *db, const struct party_of *of, struct arena *arena,
    struct joint_holder **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(of->bucket), db_i64(of->customer_id)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_JOINT_HOLDER_LIST, params, DB_NPARAMS(params), &rows, err);

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	*count = db_rows_count(rows);
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	DB_ROW_FOREACH(rows, r) {
		struct joint_holder *h = &(*out)[r];

		h->ref = db_get_text(rows, r, 0, arena);
		h->rating = db_is_null(rows, r, 1) ? 0 : (int)db_get_i64(rows, r, 1);
		h->updated_at = db_get_usec(rows, r, 2);
	}
	db_rows_free(rows);
	return STW_OK;
}

enum stw_code
joint_holder_replace(struct db *db, const struct party_of *of,
    const struct joint_holder *holders, int count, stw_usec now, struct stw_err *err)
{
	struct str refs[PARTY_LIST_MAX];
	int64_t ratings[PARTY_LIST_MAX];
	enum stw_code rc = fits(count, "holders", err);

	for (int i = 0; rc == STW_OK && i < count; i++) {
		rc = holder_check(holders, i, err);
		refs[i] = str_of(holders[i].ref);
		ratings[i] = holders[i].rating;
	}
	if (rc != STW_OK)
		return rc;
	const struct db_param params[] = {db_i64(of->bucket), db_i64(of->customer_id),
	    db_texts(refs, (size_t)count), db_i64s(ratings, (size_t)count),
	    db_usec(now)};
	return replace(db, of, DB_Q_JOINT_HOLDER_REPLACE, params, DB_NPARAMS(params),
	    "joint_holders", count, now, err);
}
