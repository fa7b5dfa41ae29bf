/* Impact assessments and audits: who stands for them, and until when they hold. */
#include "api/resources.h"
#include "campaigns/assessment_store.h"

static json_t *
assessment_json(const struct assessment *a)
{
	json_t *v = json_object();

	json_put(v, "assessment", json_text(a->code));
	json_put(v, "kind", json_text(a->kind));
	json_put(v, "title", json_text(a->title));
	json_put(v, "document", json_text(a->document));
	json_put(v, "sha256", json_text(a->sha256));
	json_put(v, "campaigns", json_texts(a->campaigns, a->ncampaigns));
	json_put(v, "valid_from", json_time(a->valid_from));
	json_put(v, "valid_to", json_time(a->valid_to));
	json_put(v, "in_force", json_boolean(a->in_force));
	json_put(v, "author", json_text(a->author));
	json_put(v, "created_at", json_time(a->created_at));
	json_put(v, "approved_by", json_text(a->approved_by));
	json_put(v, "approved_at", json_time(a->approved_at));
	json_put(v, "withdrawn_by", json_text(a->withdrawn_by));
	json_put(v, "withdrawn_at", json_time(a->withdrawn_at));
	json_put(v, "withdrawn_why", json_text(a->withdrawn_why));
	return v;
}

void
v1_assessment_list(struct api_request *req)
{
	struct assessment *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	rc = assessment_list(req->db, NULL, api_query(req, "kind"), req->now,
	    &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, assessment_json(&rows[i]));
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

static void
reply_one(struct api_request *req, int status, const char *code)
{
	struct assessment *rows;
	struct stw_err err = {0};
	enum stw_code rc;
	int count;

	rc = assessment_list(
	    req->db, code, NULL, req->now, &req->arena, &rows, &count, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, status, assessment_json(&rows[0]));
}

void
v1_assessment_add(struct api_request *req)
{
	static const char *const members[] = {"assessment", "kind", "title", "document",
	    "sha256", "campaigns", "valid_from", "valid_to", NULL};
	struct assessment a = {0};
	struct stw_err err = {0};
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "assessment", 60, true, &a.code) ||
	    !api_body_text(req, "kind", 20, true, &a.kind) ||
	    !api_body_text(req, "title", 200, true, &a.title) ||
	    !api_body_text(req, "document", 200, true, &a.document) ||
	    !api_body_text(req, "sha256", 64, true, &a.sha256) ||
	    !api_body_texts(req, "campaigns", ASSESSMENT_CAMPAIGNS_MAX, 63,
		&a.campaigns, &a.ncampaigns) ||
	    !api_body_time(req, "valid_from", req->now, &a.valid_from) ||
	    !api_body_time(req, "valid_to", STW_USEC_NEVER, &a.valid_to))
		return;
	rc = assessment_add(req->db, &a, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_one(req, 201, a.code);
}

void
v1_assessment_approve(struct api_request *req)
{
	const char *code = req->match.params[0];
	struct stw_err err = {0};
	enum stw_code rc;

	rc = assessment_approve(req->db, code, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_one(req, 200, code);
}

void
v1_assessment_withdraw(struct api_request *req)
{
	static const char *const members[] = {"why", NULL};
	const char *code = req->match.params[0], *why;
	struct stw_err err = {0};
	enum stw_code rc;

	if (!api_body_only(req, members) || !api_body_text(req, "why", 200, true, &why))
		return;
	rc =
	    assessment_withdraw(req->db, code, why, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_one(req, 200, code);
}
