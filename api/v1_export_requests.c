/* Requests for exports that need a second person. */
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/export_approval_store.h"

static void
put_row(json_t *v, const struct export_request_row *r)
{
	json_put(v, "request_id", json_uuid(&r->id));
	json_put(v, "what", json_text(r->what));
	json_put(v, "filter", json_text(r->filter));
	json_put(v, "purpose", json_text(r->purpose));
	json_put(v, "requested_by", json_text(r->requested_by));
	json_put(v, "requested_at", json_time(r->requested_at));
	json_put(v, "approved_by", json_text(r->approved_by));
	json_put(v, "approved_at", json_time(r->approved_at));
	json_put(v, "used_at", json_time(r->used_at));
}

void
v1_export_request_reply(struct api_request *req, const struct uuid *id, int status)
{
	struct export_request_row *rows;
	struct stw_err err = {0};
	int count;
	json_t *v;
	enum stw_code rc =
	    export_requests(req->db, id, 1, &req->arena, &rows, &count, &err);

	if (rc == STW_OK && count == 0)
		rc = stw_fail(&err, STW_NOT_FOUND, "there is no such request");
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	put_row(v, &rows[0]);
	api_reply(req, status, v);
}

void
v1_export_request(struct api_request *req)
{
	static const char *const members[] = {
	    "what", "segment", "stage", "from", "to", "purpose", NULL};
	struct export_filter filter = {0};
	const struct export_kind *kind;
	const char *what, *purpose;
	struct stw_err err = {0};
	struct uuid id;
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "what", 40, true, &what) ||
	    !api_body_text(req, "segment", 80, false, &filter.segment) ||
	    !api_body_text(req, "stage", 80, false, &filter.stage) ||
	    !api_body_time(req, "from", STW_USEC_NEVER, &filter.from) ||
	    !api_body_time(req, "to", STW_USEC_MAX, &filter.to) ||
	    !v1_case_read(req, "purpose", true, &purpose))
		return;
	kind = export_kind_find(what);
	if (kind == NULL) {
		api_problem(req, 400, "INVALID_REQUEST", "/what",
		    "what: there is no export \"%.40s\"", what);
		return;
	}
	rc = export_request(req->db, kind, &filter, purpose, req->actor.subject,
	    req->now, &req->arena, &id, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		v1_export_request_reply(req, &id, 201);
}

void
v1_export_approve(struct api_request *req)
{
	struct stw_err err = {0};
	struct uuid id;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id))
		return;
	rc = export_approve(req->db, &id, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		v1_export_request_reply(req, &id, 200);
}

void
v1_export_request_list(struct api_request *req)
{
	struct export_request_row *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	int limit, count;
	enum stw_code rc;

	if (!api_limit(req, &limit))
		return;
	rc = export_requests(req->db, NULL, limit, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		put_row(one, &rows[i]);
		json_push(items, one);
	}
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}
