/* Objections: recorded, listed, lifted. */
#include <string.h>

#include "api/resources.h"
#include "campaigns/objection_store.h"
#include "segments/customer_store.h"

static json_t *
objection_json(const struct objection_row *o)
{
	json_t *v = json_object();

	json_put(v, "id", json_text(o->id));
	json_put(v, "kind", json_text(o->kind));
	json_put(v, "channel", json_text(o->channel));
	json_put(v, "scope", json_text(o->scope));
	json_put(v, "own", json_boolean(o->own));
	json_put(v, "phone_mask", json_text(o->phone_mask));
	json_put(v, "household", json_text(o->household));
	json_put(v, "cause", json_text(o->cause));
	json_put(v, "source", json_text(o->source));
	json_put(v, "actor", json_text(o->actor));
	json_put(v, "effective_at", json_time(o->effective_at));
	json_put(v, "recorded_at", json_time(o->recorded_at));
	json_put(v, "lifted_at", json_time(o->lifted_at));
	json_put(v, "lifted_by", json_text(o->lifted_by));
	json_put(v, "lift_evidence", json_text(o->lift_evidence));
	return v;
}

void
v1_objection_list(struct api_request *req)
{
	struct objection_row *rows;
	struct customer c;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	if (!v1_customer_load(req, &c))
		return;
	rc = objection_list(
	    req->db, c.bucket, c.customer_id, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, objection_json(&rows[i]));
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

static bool
read_objection(
    struct api_request *req, const struct customer *c, struct objection_event *e)
{
	static const char *const members[] = {"kind", "channel", "point_id",
	    "household", "cause", "source", "effective_at", NULL};

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "kind", 40, true, &e->kind) ||
	    !api_body_text(req, "channel", 40, false, &e->channel) ||
	    !v1_point_read(req, c, &e->point_id) ||
	    !api_body_bool(req, "household", false, &e->household) ||
	    !api_body_text(req, "cause", 40, false, &e->cause) ||
	    !api_body_text(req, "source", 40, false, &e->source) ||
	    !api_body_time(req, "effective_at", req->now, &e->effective_at))
		return false;
	if (strcmp(e->kind, "do_not_call") != 0 &&
	    strcmp(e->kind, "channel_opt_out") != 0 &&
	    strcmp(e->kind, "carrier_reject") != 0) {
		api_problem(req, 400, "INVALID_REQUEST", "/kind",
		    "kind: do_not_call, channel_opt_out or carrier_reject is wanted");
		return false;
	}
	if (strcmp(e->kind, "carrier_reject") == 0 && e->point_id == 0) {
		api_problem(req, 400, "INVALID_REQUEST", "/point_id",
		    "point_id: a carrier's list is about a number");
		return false;
	}
	if (e->effective_at > req->now) {
		api_problem(req, 400, "INVALID_REQUEST", "/effective_at",
		    "effective_at: lies in the future");
		return false;
	}
	return true;
}

void
v1_objection_record(struct api_request *req)
{
	struct objection_event e = {0};
	struct consent_effect effect;
	struct customer c;
	struct stw_err err = {0};
	enum stw_code rc;

	if (!v1_customer_load(req, &c) || !read_objection(req, &c, &e))
		return;
	e.id = uuid_new(req->now);
	uuid_set_bucket(&e.id, c.bucket);
	if (e.channel == NULL)
		e.channel = "*";
	if (e.source == NULL)
		e.source = "api";
	e.actor = req->actor.subject;
	rc = objection_record(
	    req->db, c.bucket, c.customer_id, &e, req->now, &effect, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		v1_effect_reply(req, &e.id, &effect);
}

void
v1_objection_lift(struct api_request *req)
{
	static const char *const members[] = {"evidence", NULL};
	const char *evidence;
	struct customer c;
	struct uuid id;
	struct stw_err err = {0};
	json_t *v;
	enum stw_code rc;

	if (!v1_customer_load(req, &c) || !api_path_uuid(req, 1, &id) ||
	    !api_body_only(req, members) ||
	    !api_body_text(req, "evidence", 200, true, &evidence))
		return;
	rc = objection_lift(req->db, c.bucket, c.customer_id, &id, evidence,
	    req->actor.subject, req->now, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "id", json_uuid(&id));
	json_put(v, "lifted_at", json_time(req->now));
	api_reply(req, 200, v);
}
