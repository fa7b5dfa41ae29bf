#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/page.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/decision_store.h"
#include "segments/book.h"
#include "segments/customer_store.h"
#include "segments/lifecycle_store.h"
#include "segments/segment_store.h"

#define ELDERLY_YEARS 65

/* ---- list --------------------------------------------------------------------------- */
static json_t *
row_json(const struct customer_row *row)
{
	json_t *v = json_object();

	json_put(v, "ref", json_text(row->ref));
	json_put(v, "name_mask", json_text(row->name_mask));
	json_put(v, "province", json_text(row->province));
	json_put(v, "tier", json_text(row->tier));
	json_put(v, "stage", json_text(row->stage));
	json_put(v, "risk_rating", json_positive(row->risk_rating));
	return v;
}

void
v1_customer_list(struct api_request *req)
{
	struct customer_filter filter = {.after_bucket = -1};
	const char *scope, *after;
	struct customer_row *rows;
	struct stw_err err = {0};
	struct page page;
	json_t *items;
	enum stw_code rc;
	int64_t bucket = -1;
	int count, last;

	filter.stage = api_query(req, "stage");
	filter.segment = api_query(req, "segment");
	scope = arena_printf(&req->arena, "customers\n%s\n%s",
	    filter.stage != NULL ? filter.stage : "",
	    filter.segment != NULL ? filter.segment : "");
	if (!page_begin_at(req, scope, &page, &bucket, &after))
		return;
	if (after != NULL && !cursor_number(&after, &filter.after_id)) {
		page_refuse(req);
		return;
	}
	filter.after_bucket = (int)bucket;
	filter.limit = page.limit + 1;
	rc = customer_filter_check(req->db, filter.segment, filter.stage, &err);
	if (rc == STW_OK)
		rc = customer_list(req->db, &filter, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, row_json(&rows[i]));
	last = page_last(&page, count);
	page_reply(req, &page, items,
	    last < 0 ? NULL
		     : arena_printf(&req->arena, "%d %" PRId64, rows[last].bucket,
			   rows[last].customer_id));
}

/* ---- one ----------------------------------------------------------------------------- */
/* An agent sees only customers with an open task in the agent's queue. */
static enum stw_code
may_see(struct api_request *req, const struct customer *c, struct stw_err *err)
{
	const struct db_param params[] = {
	    db_i64(c->bucket), db_i64(c->customer_id), db_text(req->actor.queue)};
	struct db_rows *rows = NULL;
	enum stw_code rc;

	if (req->actor.role != ROLE_AGENT)
		return STW_OK;
	rc = db_query_one(req->db, DB_Q_ACCESS_AGENT_CUSTOMER, params,
	    DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && !db_get_bool(rows, 0, 0))
		rc = stw_fail(err, STW_DENIED,
		    "no task about this customer is open in your queue");
	db_rows_free(rows);
	return rc;
}

bool
v1_customer_load(struct api_request *req, struct customer *out)
{
	struct stw_err err = {0};
	enum stw_code rc;

	rc = customer_find(req->db, str_of(req->match.params[0]),
	    app_today(req->app, req->now), &req->arena, out, &err);
	if (rc == STW_OK)
		rc = may_see(req, out, &err);
	else if (rc == STW_NOT_FOUND && req->actor.role == ROLE_AGENT)
		/* Not even whether a reference exists. */
		rc = stw_fail(&err, STW_DENIED,
		    "no task about this customer is open in your queue");
	if (rc == STW_OK && out->erased_at != STW_USEC_NEVER) {
		api_problem(req, 410, "ERASED", NULL,
		    "this customer's personal data was erased");
		return false;
	}
	if (rc == STW_OK)
		return true;
	api_fail(req, rc, &err);
	return false;
}

json_t *
v1_holdings_json(const struct customer *customer)
{
	json_t *list = json_array();

	for (int i = 0; i < customer->nholdings; i++) {
		const struct customer_holdings *h = &customer->holdings[i];
		json_t *v = json_object();

		json_put(v, "kind", json_text(h->kind));
		json_put(v, "open", json_integer(h->open));
		json_put(v, "amount", json_money(h->amount, h->currency));
		json_put(v, "next_maturity_on", json_day_or_null(h->next_maturity_on));
		json_push(list, v);
	}
	return list;
}

static json_t *
contacts_json(const struct customer *c)
{
	json_t *list = json_array();

	for (int i = 0; i < c->npoints; i++)
		json_push(list, v1_contact_json(&c->points[i]));
	return list;
}

static json_t *
flags_json(const struct customer *c)
{
	const struct {
		const char *name;
		bool set;
	} flags[] = {
	    {"deceased", c->deceased},
	    {"incapacity", c->incapacity},
	    {"fraud_hold", c->fraud_hold},
	    {"legal_hold", c->legal_hold},
	    {"complaint_open", c->complaint_open},
	    {"profiling_opt_out", c->profiling_opt_out},
	};
	json_t *list = json_array();

	for (size_t i = 0; i < STW_ARRAY_LEN(flags); i++)
		if (flags[i].set)
			json_push(list, json_string(flags[i].name));
	return list;
}

static void
person_json(json_t *v, const struct customer *c, stw_day today)
{
	int age = c->dob == CUSTOMER_NO_DAY ? -1 : stw_age(c->dob, today);

	json_put(v, "ref", json_text(c->ref));
	json_put(v, "name_mask", json_text(c->name_mask));
	json_put(v, "gender", json_text(c->gender));
	json_put(v, "age", age < 0 ? json_null() : json_integer(age));
	json_put(v, "elderly", json_boolean(age >= ELDERLY_YEARS));
	json_put(v, "lang", json_text(c->lang));
	json_put(v, "country", json_text(c->country));
	json_put(v, "province", json_text(c->province));
	json_put(v, "city", json_text(c->city));
	json_put(v, "zone", json_text(c->zone));
	json_put(v, "tier", json_text(c->tier));
	json_put(v, "branch", json_text(c->branch));
	json_put(v, "manager", json_text(c->manager));
	json_put(v, "opened_on", json_day_or_null(c->opened_on));
	json_put(v, "closed_on", json_day_or_null(c->closed_on));
	json_put(v, "stage", json_text(c->stage));
	json_put(v, "stage_since", json_time(c->stage_since));
	json_put(v, "risk_rating", json_positive(c->risk_rating));
	json_put(v, "risk_assessed_on", json_day_or_null(c->risk_assessed_on));
	json_put(v, "risk_valid", json_boolean(c->risk_valid));
	json_put(v, "flags", flags_json(c));
}

static enum stw_code
history_json(
    struct api_request *req, const struct customer *c, json_t *v, struct stw_err *err)
{
	struct segment_membership *in;
	struct lifecycle_event *moves;
	json_t *list;
	enum stw_code rc;
	int count;

	rc = segment_store_memberships(
	    req->db, c->bucket, c->customer_id, &req->arena, &in, &count, err);
	if (rc != STW_OK)
		return rc;
	list = json_array();
	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		json_put(one, "code", json_text(in[i].code));
		json_put(one, "entered_at", json_time(in[i].entered_at));
		json_put(one, "left_at", json_time(in[i].left_at));
		json_push(list, one);
	}
	json_put(v, "segments", list);
	rc = lifecycle_store_history(
	    req->db, c->bucket, c->customer_id, &req->arena, &moves, &count, err);
	if (rc != STW_OK)
		return rc;
	json_put(v, "stages", v1_stage_history(moves, count));
	return STW_OK;
}

void
v1_customer(struct api_request *req)
{
	struct customer c;
	struct stw_err err = {0};
	json_t *v;
	enum stw_code rc;

	if (!v1_customer_load(req, &c))
		return;
	v = json_object();
	person_json(v, &c, app_today(req->app, req->now));
	json_put(v, "contacts", contacts_json(&c));
	json_put(v, "holdings", v1_holdings_json(&c));
	json_put(v, "updated_at", json_time(c.updated_at));
	json_put(v, "as_of", json_time(req->now));
	rc = history_json(req, &c, v, &err);
	if (rc != STW_OK) {
		json_decref(v);
		api_fail(req, rc, &err);
		return;
	}
	api_reply(req, 200, v);
}

void
v1_customer_decisions(struct api_request *req)
{
	struct decision_filter filter = {.from = STW_USEC_NEVER, .to = STW_USEC_MAX};
	struct customer c;

	if (!v1_customer_load(req, &c))
		return;
	filter.customer_ref = c.ref;
	v1_decision_page(
	    req, &filter, arena_printf(&req->arena, "customer decisions\n%s", c.ref));
}
