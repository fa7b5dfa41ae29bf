/* Complaints: taken down, handled, settled, and traced to the contacts they are about. */
#include <inttypes.h>
#include <string.h>

#include "api/complaint_json.h"
#include "api/page.h"
#include "api/resources.h"
#include "api/server.h"
#include "api/trace_json.h"
#include "campaigns/complaint_trace_store.h"
#include "segments/customer_store.h"

/* ---- taking one down --------------------------------------------------------------------- */
static const char *const new_members[] = {"source", "case_ref", "received_at",
    "about_at", "customer", "task_id", "phone", "words", NULL};

static bool
read_task(struct api_request *req, struct uuid *id, const struct uuid **out)
{
	const char *text;

	if (!api_body_text(req, "task_id", UUID_TEXT, false, &text))
		return false;
	*out = NULL;
	if (text == NULL)
		return true;
	if (uuid_parse(str_of(text), id) == STW_OK) {
		*out = id;
		return true;
	}
	api_problem(
	    req, 400, "INVALID_REQUEST", "/task_id", "task_id: no id of a task");
	return false;
}

static bool
read_customer(struct api_request *req, struct complaint_new *c)
{
	struct customer found;
	struct stw_err err = {0};
	const char *ref;
	enum stw_code rc;

	if (!api_body_text(req, "customer", 80, false, &ref))
		return false;
	if (ref == NULL)
		return true;
	rc = customer_find(req->db, str_of(ref), app_today(req->app, req->now),
	    &req->arena, &found, &err);
	if (rc == STW_OK) {
		c->bucket = found.bucket;
		c->customer_id = found.customer_id;
		return true;
	}
	if (rc == STW_NOT_FOUND)
		api_problem(req, 400, "INVALID_REQUEST", "/customer",
		    "customer: there is none with this reference; leave it out when it is not "
		    "known who it was");
	else
		api_fail(req, rc, &err);
	return false;
}

/* Words in clear only to who opens the record: an answer to a change is kept with its
 * Idempotency-Key. */
static void
reply_one(struct api_request *req, const struct uuid *id, int status)
{
	struct complaint_step *steps = NULL;
	struct complaint_row row;
	struct stw_err err = {0};
	const char *phone = NULL, *words = NULL;
	int count = 0;
	json_t *v;
	enum stw_code rc = complaint_get(req->db, id, &req->arena, &row, &err);

	if (rc == STW_OK)
		rc = complaint_steps(req->db, id, &req->arena, &steps, &count, &err);
	if (rc == STW_OK && req->method == METHOD_GET)
		rc = complaint_open(
		    req->db, req->app->keys, &row, &req->arena, &phone, &words, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	complaint_put(v, &row, req->now);
	if (req->method == METHOD_GET)
		json_put(v, "words", json_text(words));
	json_put(v, "steps", complaint_steps_json(steps, count));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, status, v);
}

void
v1_complaint_record(struct api_request *req)
{
	struct complaint_new c = {.region = "CN",
	    .actor = req->actor.subject,
	    .days = (int)setting_int(req->app->settings, SET_COMPLAINT_DAYS)};
	struct stw_err err = {0};
	struct uuid id, task;
	enum stw_code rc;

	if (!api_body_only(req, new_members) ||
	    !api_body_text(req, "source", 20, true, &c.source) ||
	    !v1_case_read(req, "case_ref", false, &c.case_ref) ||
	    !api_body_time(req, "received_at", req->now, &c.received_at) ||
	    !api_body_time(req, "about_at", STW_USEC_NEVER, &c.about_at) ||
	    !api_body_text(req, "phone", 40, false, &c.phone) ||
	    !api_body_text(req, "words", COMPLAINT_WORDS_MAX, false, &c.words) ||
	    !read_customer(req, &c) || !read_task(req, &task, &c.task))
		return;
	rc = complaint_record(req->db, req->app->keys, &c, req->now, &id, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_one(req, &id, 201);
}

/* ---- reading ------------------------------------------------------------------------------- */
static void
reply_page(struct api_request *req, const struct page *page,
    const struct complaint_row *rows, int count)
{
	json_t *items = json_array();
	int last = page_last(page, count);
	char id[UUID_TEXT];

	for (int i = 0; i < page_rows(page, count); i++) {
		json_t *one = json_object();

		complaint_put(one, &rows[i], req->now);
		json_push(items, one);
	}
	page_reply(req, page, items,
	    last < 0 ? NULL
		     : page_place(req, rows[last].received_at,
			   uuid_format(&rows[last].id, id)));
}

void
v1_complaint_list(struct api_request *req)
{
	struct complaint_filter f = {
	    .due_before = STW_USEC_MAX, .after_received = STW_USEC_MAX};
	struct complaint_row *rows;
	struct stw_err err = {0};
	const char *scope;
	bool overdue = false;
	struct page page;
	enum stw_code rc;
	int count;

	f.state = api_query(req, "state");
	f.customer_ref = api_query(req, "customer");
	f.handler = api_query(req, "handler");
	if (!api_query_bool(req, "overdue", &overdue))
		return;
	if (overdue)
		f.due_before = req->now;
	scope = arena_printf(&req->arena, "complaints\n%s\n%s\n%s\n%d",
	    f.state != NULL ? f.state : "",
	    f.customer_ref != NULL ? f.customer_ref : "",
	    f.handler != NULL ? f.handler : "", overdue);
	if (!page_begin_uuid(req, scope, &page, &f.after_received, &f.after_id))
		return;
	rc = complaint_list(
	    req->db, &f, page.limit + 1, &req->arena, &rows, &count, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_page(req, &page, rows, count);
}

void
v1_complaint(struct api_request *req)
{
	struct uuid id;

	if (api_path_uuid(req, 0, &id))
		reply_one(req, &id, 200);
}

/* ---- handling ------------------------------------------------------------------------------ */
static void
act(struct api_request *req, struct complaint_act *a)
{
	struct stw_err err = {0};
	struct uuid id;
	enum stw_code rc;

	a->actor = req->actor.subject;
	if (!api_path_uuid(req, 0, &id) ||
	    !api_body_text(req, "detail", 500, false, &a->detail))
		return;
	rc = complaint_act(req->db, &id, a, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_one(req, &id, 200);
}

void
v1_complaint_assign(struct api_request *req)
{
	static const char *const members[] = {"handler", "detail", NULL};
	struct complaint_act a = {0};

	if (api_body_only(req, members) &&
	    api_body_text(req, "handler", 80, true, &a.assign))
		act(req, &a);
}

void
v1_complaint_extend(struct api_request *req)
{
	static const char *const members[] = {"why", "detail", NULL};
	const struct settings *s = req->app->settings;
	struct complaint_act a = {0};
	const char *why;

	if (!api_body_only(req, members) || !api_body_text(req, "why", 20, true, &why))
		return;
	if (strcmp(why, "complex") == 0) {
		a.extend_days = (int)setting_int(s, SET_COMPLAINT_DAYS_COMPLEX);
	} else if (strcmp(why, "exceptional") == 0) {
		a.extend_days = (int)setting_int(s, SET_COMPLAINT_DAYS_EXCEPTIONAL);
	} else {
		api_problem(req, 400, "INVALID_REQUEST", "/why",
		    "why: complex or exceptional is wanted");
		return;
	}
	act(req, &a);
}

void
v1_complaint_note(struct api_request *req)
{
	static const char *const members[] = {"detail", NULL};
	struct complaint_act a = {0};
	const char *detail;

	if (api_body_only(req, members) &&
	    api_body_text(req, "detail", 500, true, &detail))
		act(req, &a);
}

void
v1_complaint_settle(struct api_request *req)
{
	static const char *const members[] = {"finding", "detail", NULL};
	struct complaint_act a = {0};

	if (api_body_only(req, members) &&
	    api_body_text(req, "finding", 20, true, &a.finding))
		act(req, &a);
}

/* ---- the trace ------------------------------------------------------------------------------- */
/* That nothing was found is said once and for all: an entry of the ledger, so that its proof
 * can be handed over. */
static bool
put_statement(struct api_request *req, json_t *v, const struct complaint_row *c,
    const struct trace *trace)
{
	struct stw_err err = {0};
	struct uuid entry;
	json_t *s;
	enum stw_code rc = complaint_nothing_found(req->db, &c->id, trace->from,
	    trace->to, req->actor.subject, req->now, &entry, &err);

	if (rc != STW_OK) {
		json_decref(v);
		api_fail(req, rc, &err);
		return false;
	}
	s = json_object();
	json_put(s, "entry_id", json_uuid(&entry));
	json_put(s, "text",
	    json_names("在所述时间段内，本行记录中没有与该号码或客户的任何联系",
		"No contact with this number or customer is on record in the stated time."));
	json_put(v, "statement", s);
	return true;
}

void
v1_complaint_trace(struct api_request *req)
{
	const struct ruleset *rules = NULL;
	struct complaint_row c;
	struct stw_err err = {0};
	struct trace trace;
	struct uuid id;
	stw_usec from, to;
	json_t *v;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id))
		return;
	rc = complaint_get(req->db, &id, &req->arena, &c, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	complaint_stretch(&c, &from, &to);
	if (!api_query_time(req, "from", from, &from) ||
	    !api_query_time(req, "to", to, &to))
		return;
	rc = db_begin(req->db, &err);
	if (rc == STW_OK)
		rc = complaint_trace(
		    req->db, req->app->keys, &c, from, to, &req->arena, &trace, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	db_rollback(req->db);
	/* Without packs the trace still shows what was recorded. */
	if (server_rules(req->server, req->db, &rules, &err) != STW_OK)
		rules = NULL;
	v = trace_json(&trace, rules);
	if (trace.ncontacts == 0 && !put_statement(req, v, &c, &trace))
		return;
	json_put(v, "complaint_id", json_uuid(&c.id));
	json_put(v, "phone_mask", json_text(c.phone_mask));
	json_put(v, "customer_ref", json_text(c.customer_ref));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}
