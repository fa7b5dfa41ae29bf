#include <string.h>

#include "api/resources.h"
#include "segments/contact_store.h"
#include "segments/customer_store.h"

#define SHARERS_SHOWN 100

json_t *
v1_contact_json(const struct customer_point *p)
{
	json_t *v = json_object();

	json_put(v, "point_id", json_id(p->point_id));
	json_put(v, "kind", json_text(p->kind));
	json_put(v, "mask", json_text(p->phone_mask));
	json_put(v, "verified", json_boolean(p->verified));
	json_put(v, "state", json_text(p->state));
	json_put(v, "state_at", json_time(p->state_at));
	json_put(v, "state_how", json_text(p->state_how));
	json_put(v, "state_by", json_text(p->state_by));
	json_put(v, "primary", json_boolean(p->is_primary));
	json_put(v, "shared_by", json_integer(p->sharers));
	return v;
}

/* The contact point of the path, one of the customer's; 404 otherwise. */
static const struct customer_point *
load_point(struct api_request *req, struct customer *c)
{
	int64_t id;

	if (!v1_customer_load(req, c) || !api_path_i64(req, 1, &id))
		return NULL;
	for (int i = 0; i < c->npoints; i++)
		if (c->points[i].point_id == id)
			return &c->points[i];
	api_problem(req, 404, "NOT_FOUND", NULL,
	    "the customer has no contact point %lld", (long long)id);
	return NULL;
}

void
v1_contact_list(struct api_request *req)
{
	struct customer c;
	json_t *v, *items;

	if (!v1_customer_load(req, &c))
		return;
	v = json_object();
	items = json_array();
	for (int i = 0; i < c.npoints; i++)
		json_push(items, v1_contact_json(&c.points[i]));
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

/* ---- one, with its history -------------------------------------------------------------- */
static json_t *
event_json(const struct contact_event *e)
{
	json_t *v = json_object();

	json_put(v, "from", json_text(e->from));
	json_put(v, "to", json_text(e->to));
	json_put(v, "how", json_text(e->how));
	json_put(v, "actor", json_text(e->actor));
	json_put(v, "evidence", json_text(e->evidence));
	json_put(v, "at", json_time(e->at));
	json_put(v, "primary", e->of_primary ? json_boolean(e->primary) : json_null());
	return v;
}

static void
reply_point(struct api_request *req, const struct customer *c,
    const struct customer_point *p, int status)
{
	struct contact_event *events;
	struct stw_err err = {0};
	json_t *v, *history;
	int count;
	enum stw_code rc = contact_history(req->db, c->bucket, c->customer_id,
	    p->point_id, &req->arena, &events, &count, &err);

	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	history = json_array();
	for (int i = 0; i < count; i++)
		json_push(history, event_json(&events[i]));
	json_put(v, "contact", v1_contact_json(p));
	json_put(v, "history", history);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, status, v);
}

void
v1_contact(struct api_request *req)
{
	struct customer c;
	const struct customer_point *p = load_point(req, &c);

	if (p != NULL)
		reply_point(req, &c, p, 200);
}

/* ---- its state ---------------------------------------------------------------------------- */
static bool
read_change(struct api_request *req, struct contact_change *change)
{
	static const char *const members[] = {"state", "how", "evidence", NULL};

	return api_body_only(req, members) &&
	       api_body_text(req, "state", 20, true, &change->state) &&
	       api_body_text(req, "how", 20, true, &change->how) &&
	       api_body_text(req, "evidence", 200, false, &change->evidence);
}

/* An agent reports what a call showed; what is in doubt is settled by somebody else. */
static bool
may_change(struct api_request *req, const struct customer_point *p,
    const struct contact_change *change)
{
	bool doubted =
	    strcmp(p->state, "failed") == 0 || strcmp(p->state, "reassigned") == 0;

	if (req->actor.role != ROLE_AGENT)
		return true;
	if (strcmp(change->how, "call") == 0 &&
	    (!doubted || strcmp(change->state, "failed") == 0 ||
		strcmp(change->state, "reassigned") == 0))
		return true;
	api_problem(req, 403, "FORBIDDEN", NULL,
	    doubted ? "the contact point is in doubt: an agent cannot lift that"
		    : "an agent reports what a call showed: how is \"call\"");
	return false;
}

void
v1_contact_state(struct api_request *req)
{
	struct contact_change change = {.actor = req->actor.subject};
	const struct customer_point *p;
	struct stw_err err = {0};
	const char *before;
	struct customer c;
	enum stw_code rc;

	p = load_point(req, &c);
	if (p == NULL || !read_change(req, &change) || !may_change(req, p, &change))
		return;
	rc = contact_record(req->db, c.bucket, c.customer_id, p->point_id, &change,
	    req->now, &before, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	p = load_point(req, &c);
	if (p != NULL)
		reply_point(req, &c, p, 201);
}

/* ---- who else has it ------------------------------------------------------------------------ */
void
v1_contact_sharers(struct api_request *req)
{
	struct contact_sharer *sharers;
	const struct customer_point *p;
	struct stw_err err = {0};
	struct customer c;
	json_t *v, *items;
	enum stw_code rc;
	int count, total;

	p = load_point(req, &c);
	if (p == NULL)
		return;
	rc = contact_sharers(req->db, c.bucket, c.customer_id, p->point_id,
	    SHARERS_SHOWN, &req->arena, &sharers, &count, &total, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		json_put(one, "ref", json_text(sharers[i].ref));
		json_put(one, "name_mask", json_text(sharers[i].name_mask));
		json_put(one, "state", json_text(sharers[i].state));
		json_put(
		    one, "same_household", json_boolean(sharers[i].same_household));
		json_push(items, one);
	}
	json_put(v, "items", items);
	json_put(v, "total", json_integer(total));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}
