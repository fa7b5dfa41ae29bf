/* Outsourcers, their mandates and their agents. */
#include <string.h>

#include "api/resources.h"
#include "campaigns/outsourcer_store.h"

static json_t *
outsourcer_json(const struct outsourcer *o)
{
	json_t *v = json_object();

	json_put(v, "outsourcer", json_text(o->code));
	json_put(v, "name", json_text(o->name));
	json_put(v, "mandate", json_text(o->mandate));
	json_put(v, "sha256", json_text(o->sha256));
	json_put(v, "mandate_from", json_time(o->mandate_from));
	json_put(v, "mandate_until", json_time(o->mandate_until));
	json_put(v, "in_force", json_boolean(o->in_force));
	json_put(v, "agents", json_texts(o->agents, o->nagents));
	json_put(v, "updated_by", json_text(o->updated_by));
	return v;
}

/* One, or with code NULL all. */
static void
reply_outsourcers(struct api_request *req, const char *code)
{
	struct outsourcer *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	rc = outsourcer_list(req->db, req->now, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < count; i++)
		if (code == NULL || strcmp(rows[i].code, code) == 0)
			json_push(items, outsourcer_json(&rows[i]));
	if (code != NULL) {
		api_reply(req, 200, json_incref(json_array_get(items, 0)));
		json_decref(items);
		return;
	}
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_outsourcer_list(struct api_request *req)
{
	reply_outsourcers(req, NULL);
}

void
v1_outsourcer_save(struct api_request *req)
{
	static const char *const members[] = {"name", "mandate", "sha256",
	    "mandate_from", "mandate_until", "agents", NULL};
	struct outsourcer o = {.code = req->match.params[0]};
	struct stw_err err = {0};
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "name", 200, true, &o.name) ||
	    !api_body_text(req, "mandate", 200, false, &o.mandate) ||
	    !api_body_text(req, "sha256", 64, false, &o.sha256) ||
	    !api_body_texts(
		req, "agents", OUTSOURCER_AGENTS_MAX, 64, &o.agents, &o.nagents) ||
	    !api_body_time(req, "mandate_from", STW_USEC_NEVER, &o.mandate_from) ||
	    !api_body_time(req, "mandate_until", STW_USEC_NEVER, &o.mandate_until))
		return;
	rc = outsourcer_put(req->db, &o, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_outsourcers(req, o.code);
}
