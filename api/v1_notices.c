/* Notices and what evidence hashed to. */
#include <string.h>

#include "api/resources.h"
#include "campaigns/notice_store.h"

static json_t *
notice_json(const struct notice *n)
{
	json_t *v = json_object();

	json_put(v, "version", json_text(n->version));
	json_put(v, "lang", json_text(n->lang));
	json_put(v, "purposes", json_texts(n->purposes, n->npurposes));
	json_put(v, "text_sha256", json_text(n->text_hash));
	json_put(v, "text", json_text(n->body));
	json_put(v, "author", json_text(n->author));
	json_put(v, "created_at", json_time(n->created_at));
	json_put(v, "superseded_at", json_time(n->superseded_at));
	json_put(v, "superseded_by", json_text(n->superseded_by));
	return v;
}

static void
reply_notices(struct api_request *req, int status, const char *version)
{
	struct notice *rows;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	rc = notice_list(req->db, version, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	if (version != NULL && count == 0) {
		api_problem(
		    req, 404, "NOT_FOUND", NULL, "there is no notice %.60s", version);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, notice_json(&rows[i]));
	json_put(v, "items", items);
	api_reply(req, status, v);
}

void
v1_notice_list(struct api_request *req)
{
	reply_notices(req, 200, NULL);
}

void
v1_notice(struct api_request *req)
{
	reply_notices(req, 200, req->match.params[0]);
}

void
v1_notice_save(struct api_request *req)
{
	static const char *const members[] = {
	    "version", "lang", "purposes", "text", NULL};
	struct notice n = {0};
	struct stw_err err = {0};
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "version", 60, true, &n.version) ||
	    !api_body_text(req, "lang", 35, true, &n.lang) ||
	    !api_body_texts(req, "purposes", 16, 40, &n.purposes, &n.npurposes) ||
	    !api_body_text(req, "text", NOTICE_TEXT_MAX, true, &n.body))
		return;
	rc = notice_put(req->db, &n, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_notices(req, 201, n.version);
}

void
v1_notice_supersede(struct api_request *req)
{
	const char *version = req->match.params[0];
	struct stw_err err = {0};
	enum stw_code rc;

	rc = notice_supersede(req->db, version, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_notices(req, 200, version);
}

void
v1_evidence_check(struct api_request *req)
{
	static const char *const members[] = {
	    "evidence", "sha256", "bytes", "media", NULL};
	struct evidence_look look = {.bytes = -1};
	struct evidence_meaning meaning;
	struct stw_err err = {0};
	json_t *v, *bytes = json_object_get(req->json, "bytes");
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "evidence", 200, true, &look.evidence) ||
	    !api_body_text(req, "sha256", 64, false, &look.sha256) ||
	    !api_body_text(req, "media", 100, false, &look.media))
		return;
	if (bytes != NULL &&
	    (!json_is_integer(bytes) || json_integer_value(bytes) < 0)) {
		api_problem(req, 400, "INVALID_REQUEST", "/bytes",
		    "bytes: a number, 0 or more, is wanted");
		return;
	}
	if (bytes != NULL)
		look.bytes = json_integer_value(bytes);
	rc = evidence_record(
	    req->db, &look, req->actor.subject, req->now, &meaning, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "evidence", json_text(look.evidence));
	json_put(v, "sha256", json_text(look.sha256));
	json_put(v, "consents", json_integer(meaning.consents));
	json_put(v, "broken", json_integer(meaning.broken));
	json_put(v, "checked_at", json_time(req->now));
	api_reply(req, 201, v);
}
