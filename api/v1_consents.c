#include <string.h>

#include "api/resources.h"
#include "campaigns/consent_store.h"
#include "segments/customer_store.h"

static json_t *
event_json(const struct consent_event *e)
{
	json_t *v = json_object();

	json_put(v, "id", json_uuid(&e->id));
	json_put(v, "action", json_text(e->action));
	json_put(v, "purpose", json_text(e->purpose));
	json_put(v, "channel", json_text(e->channel));
	json_put(v, "product_class", json_text(e->product_class));
	json_put(v, "recipient", json_text(e->recipient));
	json_put(v, "point_id", e->point_id > 0 ? json_id(e->point_id) : json_null());
	json_put(v, "form", json_text(e->form));
	json_put(v, "notice_version", json_text(e->notice_version));
	json_put(v, "evidence", json_text(e->evidence));
	json_put(v, "source", json_text(e->source));
	json_put(v, "actor", json_text(e->actor));
	json_put(v, "effective_at", json_time(e->effective_at));
	json_put(v, "recorded_at", json_time(e->recorded_at));
	json_put(v, "expires_at", json_time(e->expires_at));
	return v;
}

void
v1_consent_history(struct api_request *req)
{
	struct consent_event *events;
	struct customer c;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	if (!v1_customer_load(req, &c))
		return;
	rc = consent_history(
	    req->db, c.bucket, c.customer_id, &req->arena, &events, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, event_json(&events[i]));
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

/* point_id of the body: one of the customer's own. */
static bool
read_point(struct api_request *req, const struct customer *c, int64_t *out)
{
	const char *text;

	*out = 0;
	if (!api_body_text(req, "point_id", 20, false, &text))
		return false;
	if (text == NULL)
		return true;
	for (int i = 0; i < c->npoints; i++) {
		const char *id =
		    arena_printf(&req->arena, "%lld", (long long)c->points[i].point_id);

		if (strcmp(id, text) == 0) {
			*out = c->points[i].point_id;
			return true;
		}
	}
	api_problem(req, 400, "INVALID_REQUEST", "/point_id",
	    "point_id: the customer has no such contact point");
	return false;
}

static void
reply_effect(
    struct api_request *req, const struct uuid *id, const struct consent_effect *effect)
{
	json_t *v = json_object();

	json_put(v, "id", json_uuid(id));
	json_put(v, "epoch", json_integer(effect->epoch));
	json_put(v, "cancelled", json_integer(effect->cancelled));
	json_put(v, "recalled", json_integer(effect->recalled));
	json_put(v, "recorded_at", json_time(effect->committed_at));
	api_reply(req, 201, v);
}

/* Purposes and channels are words in capitals; "*" only where all are meant. */
static bool
read_word(struct api_request *req, const char *name, bool star, const char **out)
{
	char pointer[40] = "/";

	if (!api_body_text(req, name, 40, true, out))
		return false;
	if ((star && strcmp(*out, "*") == 0) ||
	    strspn(*out, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == strlen(*out))
		return true;
	(void)strncat(pointer, name, sizeof pointer - 2);
	api_problem(req, 400, "INVALID_REQUEST", pointer,
	    "%s: a word in capitals is wanted%s", name,
	    star ? ", or *" : "; * stands for all in a withdrawal only");
	return false;
}

static bool
read_consent(struct api_request *req, const struct customer *c, struct consent_event *e)
{
	static const char *const members[] = {"action", "purpose", "channel",
	    "product_class", "recipient", "point_id", "form", "notice_version",
	    "evidence", "source", "effective_at", "expires_at", NULL};
	bool withdraw;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "action", 20, true, &e->action))
		return false;
	withdraw = strcmp(e->action, "withdraw") == 0;
	if (!withdraw && strcmp(e->action, "grant") != 0) {
		api_problem(req, 400, "INVALID_REQUEST", "/action",
		    "action: grant or withdraw is wanted");
		return false;
	}
	if (!read_word(req, "purpose", withdraw, &e->purpose) ||
	    !read_word(req, "channel", withdraw, &e->channel) ||
	    !api_body_text(req, "product_class", 40, false, &e->product_class) ||
	    !api_body_text(req, "recipient", 60, false, &e->recipient) ||
	    !read_point(req, c, &e->point_id) ||
	    !api_body_text(req, "form", 40, true, &e->form) ||
	    !api_body_text(req, "notice_version", 60, false, &e->notice_version) ||
	    !api_body_text(req, "evidence", 200, false, &e->evidence) ||
	    !api_body_text(req, "source", 40, false, &e->source) ||
	    !api_body_time(req, "effective_at", req->now, &e->effective_at) ||
	    !api_body_time(req, "expires_at", STW_USEC_MAX, &e->expires_at))
		return false;
	if (e->effective_at > req->now) {
		api_problem(req, 400, "INVALID_REQUEST", "/effective_at",
		    "effective_at: lies in the future");
		return false;
	}
	if (e->expires_at <= e->effective_at ||
	    (withdraw && e->expires_at != STW_USEC_MAX)) {
		api_problem(req, 400, "INVALID_REQUEST", "/expires_at",
		    withdraw ? "expires_at: a withdrawal does not expire"
			     : "expires_at: lies before effective_at");
		return false;
	}
	return true;
}

void
v1_consent_record(struct api_request *req)
{
	struct consent_event e = {0};
	struct consent_effect effect;
	struct customer c;
	struct stw_err err = {0};
	enum stw_code rc;

	if (!v1_customer_load(req, &c) || !read_consent(req, &c, &e))
		return;
	e.id = uuid_new(req->now);
	if (e.product_class == NULL)
		e.product_class = "*";
	if (e.recipient == NULL)
		e.recipient = "bank";
	if (e.source == NULL)
		e.source = "api";
	e.actor = req->actor.subject;
	e.recorded_at = req->now;
	rc = consent_record(
	    req->db, c.bucket, c.customer_id, &e, req->now, &effect, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_effect(req, &e.id, &effect);
}

void
v1_objection_record(struct api_request *req)
{
	static const char *const members[] = {
	    "kind", "channel", "point_id", "source", "effective_at", NULL};
	struct objection_event e = {0};
	struct consent_effect effect;
	struct customer c;
	struct stw_err err = {0};
	enum stw_code rc;

	if (!v1_customer_load(req, &c) || !api_body_only(req, members) ||
	    !api_body_text(req, "kind", 40, true, &e.kind) ||
	    !api_body_text(req, "channel", 40, false, &e.channel) ||
	    !read_point(req, &c, &e.point_id) ||
	    !api_body_text(req, "source", 40, false, &e.source) ||
	    !api_body_time(req, "effective_at", req->now, &e.effective_at))
		return;
	if (strcmp(e.kind, "do_not_call") != 0 &&
	    strcmp(e.kind, "channel_opt_out") != 0 &&
	    strcmp(e.kind, "carrier_reject") != 0) {
		api_problem(req, 400, "INVALID_REQUEST", "/kind",
		    "kind: do_not_call, channel_opt_out or carrier_reject is wanted");
		return;
	}
	if (e.effective_at > req->now) {
		api_problem(req, 400, "INVALID_REQUEST", "/effective_at",
		    "effective_at: lies in the future");
		return;
	}
	e.id = uuid_new(req->now);
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
		reply_effect(req, &e.id, &effect);
}
