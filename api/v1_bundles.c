/* Bundles for auditors and regulators: asked for, approved by somebody else as any export
 * (v1_export_requests.c), taken once. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/bundle.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/bundle_request_store.h"
#include "engine/log.h"

/* It is made before the first byte leaves, on one of the server's threads. */
#define BUNDLES_AT_ONCE 1
#define MAX_TIME        (5 * 60 * STW_USEC_SEC)

/* ---- asked for ----------------------------------------------------------------------------- */
void
v1_bundle_request(struct api_request *req)
{
	static const char *const members[] = {"complaint", "customer", "phone",
	    "campaign", "from", "to", "purpose", NULL};
	struct bundle_ask ask = {0};
	struct stw_err err = {0};
	const char *purpose;
	struct uuid id;
	enum stw_code rc;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "complaint", UUID_TEXT, false, &ask.complaint) ||
	    !api_body_text(req, "customer", 80, false, &ask.customer) ||
	    !api_body_text(req, "phone", 40, false, &ask.phone) ||
	    !api_body_text(req, "campaign", 80, false, &ask.campaign) ||
	    !api_body_time(req, "from", STW_USEC_NEVER, &ask.from) ||
	    !api_body_time(req, "to", STW_USEC_MAX, &ask.to) ||
	    !v1_case_read(req, "purpose", true, &purpose))
		return;
	rc = bundle_request(req->db, req->app->keys, &ask, purpose, req->actor.subject,
	    app_today(req->app, req->now), req->now, &req->arena, &id, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		v1_export_request_reply(req, &id, 201);
}

/* ---- taken --------------------------------------------------------------------------------- */
struct bundle_stream {
	struct api_stream stream; /* first */
	FILE *file;
};

static atomic_int bundles_open;

static ssize_t
stream_read(struct api_stream *stream, char *to, size_t size)
{
	FILE *file = ((struct bundle_stream *)stream)->file;
	size_t n = fread(to, 1, size, file);

	if (n > 0 || ferror(file) == 0)
		return (ssize_t)n;
	log_event(LOG_ERROR, "bundle_broken_off", "error=%s", strerror(errno));
	return -1;
}

static void
stream_close(struct api_stream *stream)
{
	(void)fclose(((struct bundle_stream *)stream)->file);
	free(stream);
	atomic_fetch_sub(&bundles_open, 1);
}

/* On a connection of its own: the request's holds the approval until the bundle is whole. */
static enum stw_code
make(struct api_request *req, const struct bundle_ask *ask,
    const struct bundle_job *given, struct bundle_result *out, struct stw_err *err)
{
	struct bundle_job job = *given;
	struct bundle_scope scope;
	struct db *db = NULL;
	enum stw_code rc = server_rules(req->server, req->db, &job.rules, err);

	if (rc == STW_OK)
		rc = db_open_like(req->db, &db, err);
	if (rc == STW_OK)
		rc = bundle_scope_find(db, req->app->keys, ask,
		    app_today(req->app, req->now), &req->arena, &scope, err);
	job.scope = &scope;
	if (rc == STW_OK)
		rc = bundle_make(db, &job, NULL, out, err);
	db_close(db);
	return rc;
}

/* What could not be made has used no approval up. */
static enum stw_code
take(struct api_request *req, const struct uuid *id, struct bundle_result *out,
    struct stw_err *err)
{
	struct bundle_job job = {.key = req->app->ledger_key,
	    .actor = req->actor.subject,
	    .role = role_name(req->actor.role),
	    .max_time = MAX_TIME,
	    .now = req->now};
	struct bundle_ask ask;
	enum stw_code rc = db_begin(req->db, err);

	if (rc == STW_OK)
		rc = bundle_request_take(req->db, req->app->keys, id, job.actor,
		    req->now, &req->arena, &ask, &job.purpose, &job.approver, err);
	if (rc == STW_OK)
		rc = make(req, &ask, &job, out, err);
	if (rc == STW_OK)
		rc = db_commit(req->db, err);
	db_rollback(req->db);
	return rc;
}

void
v1_bundle(struct api_request *req)
{
	struct bundle_result result = {0};
	struct bundle_stream *s;
	struct stw_err err = {0};
	char text[UUID_TEXT];
	struct uuid id;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id))
		return;
	if (atomic_fetch_add(&bundles_open, 1) >= BUNDLES_AT_ONCE)
		rc = stw_fail(&err, STW_TEMPFAIL,
		    "another bundle is under way: wait for it to end");
	else
		rc = take(req, &id, &result, &err);
	if (rc != STW_OK) {
		if (result.file != NULL)
			(void)fclose(result.file);
		atomic_fetch_sub(&bundles_open, 1);
		api_fail(req, rc, &err);
		return;
	}
	s = stw_xalloc(sizeof *s);
	*s = (struct bundle_stream){{stream_read, stream_close, NULL}, result.file};
	req->stream = &s->stream;
	req->status = 200;
	req->content_type = "application/x-tar";
	req->export_id = arena_printf(&req->arena, "%s", uuid_format(&result.id, text));
	req->file_name = arena_printf(&req->arena, "bundle-%s.tar", req->export_id);
}
