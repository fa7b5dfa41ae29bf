#include <string.h>

#include "api/resources.h"
#include "campaigns/consent_store.h"
#include "campaigns/withdrawal_store.h"
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
	json_put(v, "subject", json_text(e->subject));
	json_put(v, "controller", json_text(e->controller));
	json_put(v, "separate_kind", json_text(e->separate_kind));
	json_put(v, "written", json_boolean(e->written));
	json_put(v, "guardian", json_text(e->guardian));
	json_put(v, "evidence_sha256", json_text(e->evidence_sha256));
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
bool
v1_point_read(struct api_request *req, const struct customer *c, int64_t *out)
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

void
v1_effect_reply(
    struct api_request *req, const struct uuid *id, const struct consent_effect *effect)
{
	json_t *v = json_object();

	json_put(v, "id", json_uuid(id));
	json_put(v, "epoch", json_integer(effect->epoch));
	json_put(v, "cancelled", json_integer(effect->cancelled));
	json_put(v, "recalled", json_integer(effect->recalled));
	json_put(v, "recorded_at", json_time(effect->committed_at));
	json_put(v, "committed_at", json_time(effect->committed_at));
	json_put(v, "effective_at", json_time(effect->effective_at));
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
one_of(const char *text, const char *const *words)
{
	while (*words != NULL && strcmp(*words, text) != 0)
		words++;
	return *words != NULL;
}

/* action and subject, and what an event of any kind may have. */
static bool
read_what(struct api_request *req, struct consent_event *e)
{
	static const char *const members[] = {"ref", "action", "subject", "purpose",
	    "channel", "product_class", "controller", "recipient", "point_id", "form",
	    "notice_version", "evidence", "evidence_sha256", "separate_kind", "written",
	    "guardian", "source", "effective_at", "expires_at", NULL};
	static const char *const actions[] = {
	    "grant", "withdraw", "expire", "refuse", NULL};
	static const char *const subjects[] = {"contact", "profiling", NULL};

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "action", 20, true, &e->action) ||
	    !api_body_text(req, "subject", 20, false, &e->subject) ||
	    !api_body_text(req, "controller", 60, false, &e->controller) ||
	    !api_body_text(req, "evidence_sha256", 64, false, &e->evidence_sha256) ||
	    !api_body_text(req, "separate_kind", 60, false, &e->separate_kind) ||
	    !api_body_text(req, "guardian", 64, false, &e->guardian) ||
	    !api_body_bool(req, "written", false, &e->written))
		return false;
	if (e->subject == NULL)
		e->subject = "contact";
	if (!one_of(e->action, actions)) {
		api_problem(req, 400, "INVALID_REQUEST", "/action",
		    "action: grant, withdraw, expire or refuse is wanted");
		return false;
	}
	if (!one_of(e->subject, subjects)) {
		api_problem(req, 400, "INVALID_REQUEST", "/subject",
		    "subject: contact or profiling is wanted");
		return false;
	}
	return true;
}

static bool
read_consent(struct api_request *req, const struct customer *c, struct consent_event *e)
{
	bool grant, star;

	if (!read_what(req, e))
		return false;
	grant = strcmp(e->action, "grant") == 0;
	star = !grant || strcmp(e->subject, "profiling") == 0;
	if (!read_word(req, "purpose", star, &e->purpose) ||
	    !read_word(req, "channel", star, &e->channel) ||
	    !api_body_text(req, "product_class", 40, false, &e->product_class) ||
	    !api_body_text(req, "recipient", 60, false, &e->recipient) ||
	    !v1_point_read(req, c, &e->point_id) ||
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
	    (!grant && e->expires_at != STW_USEC_MAX)) {
		api_problem(req, 400, "INVALID_REQUEST", "/expires_at",
		    grant ? "expires_at: lies before effective_at"
			  : "expires_at: only a grant expires");
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
	const char *ref;
	struct stw_err err = {0};
	enum stw_code rc;

	if (!v1_customer_load(req, &c) || !read_consent(req, &c, &e) ||
	    !api_body_text(req, "ref", 200, false, &ref))
		return;
	if (ref != NULL) {
		e.id = consent_id(c.ref, ref, c.bucket);
	} else {
		e.id = uuid_new(req->now);
		uuid_set_bucket(&e.id, c.bucket);
	}
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
		v1_effect_reply(req, &e.id, &effect);
}

void
v1_withdrawal(struct api_request *req)
{
	struct withdrawal_task *tasks;
	struct withdrawal w;
	struct uuid id;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	if (!api_path_uuid(req, 0, &id))
		return;
	rc = withdrawal_find(req->db, &id, &req->arena, &w, &err);
	if (rc == STW_OK)
		rc = withdrawal_tasks(req->db, &id, &req->arena, &tasks, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < count; i++) {
		const struct withdrawal_task *t = &tasks[i];
		json_t *one = json_object();

		json_put(one, "task_id", json_text(t->task_id));
		json_put(one, "queue", json_text(t->queue));
		json_put(one, "ended", json_text(t->ended));
		json_put(one, "state", json_text(t->state));
		json_put(one, "on_wire", json_boolean(t->on_wire));
		json_put(one, "recall_tries",
		    t->recall_tries < 0 ? json_null() : json_integer(t->recall_tries));
		json_put(one, "recall_answered", json_boolean(t->recall_answered));
		json_push(items, one);
	}
	v = json_object();
	json_put(v, "id", json_uuid(&id));
	json_put(v, "kind", json_text(w.kind));
	json_put(v, "committed_at", json_time(w.committed_at));
	json_put(v, "effective_at", json_time(w.effective_at));
	json_put(v, "recalled_at", json_time(w.recalled_at));
	json_put(v, "cancelled", json_integer(w.cancelled));
	json_put(v, "recalled", json_integer(w.recalled));
	json_put(v, "on_wire", json_integer(w.on_wire));
	json_put(v, "recalls_open", json_integer(w.recalls_open));
	json_put(v, "tasks", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}
