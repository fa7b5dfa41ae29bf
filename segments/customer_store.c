#include "segments/customer_store.h"

#include <string.h>

#include "segments/book.h"
#include "segments/lifecycle_model_store.h"
#include "segments/segment_store.h"
#include "segments/suggest.h"

static stw_day
day_or_none(const struct db_rows *rows, int row, int col)
{
	return db_is_null(rows, row, col) ? CUSTOMER_NO_DAY
					  : db_get_day(rows, row, col);
}

/* The columns of customer_get.sql. */
static void
customer_read(const struct db_rows *rows, struct arena *arena, struct customer *out)
{
	*out = (struct customer){
	    .bucket = (int)db_get_i64(rows, 0, 0),
	    .customer_id = db_get_i64(rows, 0, 1),
	    .ref = db_get_text(rows, 0, 2, arena),
	    .name_mask = db_get_text(rows, 0, 3, arena),
	    .gender = db_get_text(rows, 0, 5, arena),
	    .dob = day_or_none(rows, 0, 6),
	    .lang = db_get_text(rows, 0, 7, arena),
	    .country = db_get_text(rows, 0, 8, arena),
	    .province = db_get_text(rows, 0, 9, arena),
	    .city = db_get_text(rows, 0, 10, arena),
	    .zone = db_get_text(rows, 0, 11, arena),
	    .zone_verified = db_get_bool(rows, 0, 12),
	    .branch = db_get_text(rows, 0, 13, arena),
	    .manager = db_get_text(rows, 0, 14, arena),
	    .tier = db_get_text(rows, 0, 15, arena),
	    .opened_on = day_or_none(rows, 0, 16),
	    .closed_on = day_or_none(rows, 0, 17),
	    .risk_rating = (int)db_get_i64(rows, 0, 18),
	    .risk_assessed_on = day_or_none(rows, 0, 19),
	    .risk_valid = db_get_bool(rows, 0, 20),
	    .deceased = db_get_bool(rows, 0, 21),
	    .incapacity = db_get_bool(rows, 0, 22),
	    .fraud_hold = db_get_bool(rows, 0, 23),
	    .legal_hold = db_get_bool(rows, 0, 24),
	    .complaint_open = db_get_bool(rows, 0, 25),
	    .profiling_opt_out = db_get_bool(rows, 0, 26),
	    .updated_at = db_get_usec(rows, 0, 27),
	    .stage = db_get_text(rows, 0, 28, arena),
	    .stage_since =
		db_is_null(rows, 0, 29) ? STW_USEC_NEVER : db_get_usec(rows, 0, 29),
	    .erased_at =
		db_is_null(rows, 0, 30) ? STW_USEC_NEVER : db_get_usec(rows, 0, 30),
	};
	if (!db_is_null(rows, 0, 4))
		out->name_sealed = db_get_bytes(rows, 0, 4, arena);
}

static void
read_points(const struct db_rows *rows, struct arena *arena, struct customer *customer)
{
	struct customer_point *points;

	points = arena_array(arena, (size_t)db_rows_count(rows), sizeof *points);
	DB_ROW_FOREACH(rows, r) {
		struct customer_point *p = &points[r];
		struct str index = db_get_bytes(rows, r, 4, arena);

		*p = (struct customer_point){
		    .point_id = db_get_i64(rows, r, 0),
		    .kind = db_get_text(rows, r, 1, arena),
		    .phone_mask = db_get_text(rows, r, 2, arena),
		    .phone_sealed = db_get_bytes(rows, r, 3, arena),
		    .region = db_get_text(rows, r, 5, arena),
		    .verified = db_get_bool(rows, r, 7),
		    .is_primary = db_get_bool(rows, r, 8),
		    .sharers = (int)db_get_i64(rows, r, 9),
		    .state = db_get_text(rows, r, 10, arena),
		    .state_at = db_is_null(rows, r, 11) ? STW_USEC_NEVER
							: db_get_usec(rows, r, 11),
		    .state_how = db_get_text(rows, r, 12, arena),
		    .state_by = db_get_text(rows, r, 13, arena),
		};
		memcpy(p->phone_index, index.ptr,
		    index.len < sizeof p->phone_index ? index.len
						      : sizeof p->phone_index);
		p->zones = db_get_texts(rows, r, 6, &p->nzones, arena);
	}
	customer->points = points;
	customer->npoints = db_rows_count(rows);
}

static void
read_holdings(
    const struct db_rows *rows, struct arena *arena, struct customer *customer)
{
	struct customer_holdings *holdings;

	holdings = arena_array(arena, (size_t)db_rows_count(rows), sizeof *holdings);
	DB_ROW_FOREACH(rows, r)
		holdings[r] = (struct customer_holdings){
		    .kind = db_get_text(rows, r, 0, arena),
		    .currency = db_get_text(rows, r, 1, arena),
		    .open = (int)db_get_i64(rows, r, 2),
		    .amount = db_get_i64(rows, r, 3),
		    .next_maturity_on = day_or_none(rows, r, 4),
		};
	customer->holdings = holdings;
	customer->nholdings = db_rows_count(rows);
}

/* What hangs on a customer, in one round trip. */
static enum stw_code
read_rest(struct db *db, struct customer *customer, stw_day today, struct arena *arena,
    struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(customer->bucket), db_i64(customer->customer_id), db_day(today)};
	struct db_rows *points, *holdings;
	struct db_asks asks;
	enum stw_code rc;

	db_asks_init(&asks, arena);
	db_asks_add(&asks, DB_Q_CUSTOMER_POINTS, params, 2, &points);
	db_asks_add(&asks, DB_Q_CUSTOMER_HOLDINGS, params, 3, &holdings);
	rc = db_ask_all(db, &asks, err);
	if (rc != STW_OK)
		return rc;
	read_points(points, arena, customer);
	read_holdings(holdings, arena, customer);
	db_rows_free(points);
	db_rows_free(holdings);
	return STW_OK;
}

static enum stw_code
customer_load(struct db *db, const struct db_param params[3], stw_day today,
    struct arena *arena, struct customer *out, struct stw_err *err)
{
	struct customer customer = {0};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_CUSTOMER_GET, params, 3, &rows, err);

	*out = customer;
	if (rc != STW_OK)
		return rc;
	if (db_rows_count(rows) == 1)
		customer_read(rows, arena, &customer);
	else
		rc = STW_NOT_FOUND;
	db_rows_free(rows);
	if (rc != STW_OK)
		return rc;
	rc = read_rest(db, &customer, today, arena, err);
	if (rc == STW_OK)
		*out = customer;
	return rc;
}

enum stw_code
customer_find(struct db *db, struct str ref, stw_day today, struct arena *arena,
    struct customer *out, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(customer_bucket(ref)), db_str(ref), db_null()};
	enum stw_code rc = customer_load(db, params, today, arena, out, err);

	if (rc == STW_NOT_FOUND)
		return stw_fail(err, rc, "no customer with this reference");
	return rc;
}

enum stw_code
customer_find_id(struct db *db, int bucket, int64_t customer_id, stw_day today,
    struct arena *arena, struct customer *out, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(bucket), db_null(), db_i64(customer_id)};
	enum stw_code rc = customer_load(db, params, today, arena, out, err);

	if (rc == STW_NOT_FOUND)
		return stw_fail(err, rc,
		    "no customer with customer_id %lld in bucket %d",
		    (long long)customer_id, bucket);
	return rc;
}

enum stw_code
customer_list(struct db *db, const struct customer_filter *filter, struct arena *arena,
    struct customer_row **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_i64(filter->after_bucket),
	    db_i64(filter->after_id), db_text(filter->stage), db_text(filter->segment),
	    db_i64(filter->limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	*count = 0;
	if (filter->limit < 1 || filter->limit > 1000)
		return stw_fail(err, STW_INVALID, "limit is between 1 and 1000");
	if (filter->after_bucket < -1 || filter->after_bucket >= BOOK_BUCKETS)
		return stw_fail(err, STW_INVALID, "no bucket %d", filter->after_bucket);
	rc = db_query(db, DB_Q_CUSTOMER_LIST, params, DB_NPARAMS(params), &rows, err);
	if (rc != STW_OK)
		return rc;
	*out = arena_array(arena, (size_t)db_rows_count(rows), sizeof **out);
	DB_ROW_FOREACH(rows, r)
		(*out)[(*count)++] = (struct customer_row){
		    .bucket = (int)db_get_i64(rows, r, 0),
		    .customer_id = db_get_i64(rows, r, 1),
		    .ref = db_get_text(rows, r, 2, arena),
		    .name_mask = db_get_text(rows, r, 3, arena),
		    .province = db_get_text(rows, r, 4, arena),
		    .tier = db_get_text(rows, r, 5, arena),
		    .stage = db_get_text(rows, r, 6, arena),
		    .risk_rating = (int)db_get_i64(rows, r, 7),
		};
	db_rows_free(rows);
	return STW_OK;
}

static enum stw_code
no_stage(const struct lifecycle_model *model, const char *stage, struct stw_err *err)
{
	const char *names[LIFECYCLE_MAX_STAGES], *near;

	for (int i = 0; i < model->nstages; i++)
		names[i] = model->stages[i].code;
	near = name_suggest(str_of(stage), names, model->nstages);
	return stw_fail(err, STW_NOT_FOUND,
	    "no stage \"%.80s\" in the lifecycle model %s, version %d%s%s%s", stage,
	    model->code, model->version, near != NULL ? "; did you mean '" : "",
	    near != NULL ? near : "", near != NULL ? "'?" : "");
}

enum stw_code
customer_filter_check(
    struct db *db, const char *segment, const char *stage, struct stw_err *err)
{
	struct lifecycle_model model;
	struct segment_info info;
	struct arena arena;
	enum stw_code rc = STW_OK;

	arena_init(&arena);
	if (segment != NULL)
		rc = segment_store_get(db, segment, &arena, &info, err);
	if (rc == STW_OK && stage != NULL)
		rc = lifecycle_store_active(db, &arena, &model, err);
	if (rc == STW_OK && stage != NULL &&
	    lifecycle_stage_find(&model, str_of(stage)) < 0)
		rc = no_stage(&model, stage, err);
	arena_fini(&arena);
	return rc;
}
