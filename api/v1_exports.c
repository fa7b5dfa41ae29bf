#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "api/export.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/export_approval_store.h"
#include "engine/log.h"

/* Each holds a connection of its own and a snapshot. */
#define EXPORTS_AT_ONCE 2

struct export_stream {
	struct api_stream stream; /* first */
	struct export_job job;
	struct db *db;
	struct arena arena; /* the texts of the job */
	bool finished;
};

static atomic_int exports_open;

static ssize_t
stream_read(struct api_stream *stream, char *to, size_t size)
{
	struct export_stream *s = (struct export_stream *)stream;
	struct stw_err err = {0};
	size_t n;
	enum stw_code rc = export_read(&s->job, to, size, &n, &err);

	/* The client sees the end only of what is on record. */
	if (rc == STW_OK && n == 0) {
		rc = export_finish(&s->job, &err);
		s->finished = true;
	}
	if (rc == STW_OK)
		return (ssize_t)n;
	log_err(LOG_ERROR, "export_broken_off", &err);
	return -1;
}

static void
stream_close(struct api_stream *stream)
{
	struct export_stream *s = (struct export_stream *)stream;
	struct stw_err err = {0};

	if (!s->finished && export_finish(&s->job, &err) != STW_OK)
		log_err(LOG_ERROR, "export_not_recorded", &err);
	db_close(s->db);
	arena_fini(&s->arena);
	free(s);
	atomic_fetch_sub(&exports_open, 1);
}

static const char *
kept(struct export_stream *s, const char *text)
{
	return text != NULL ? arena_printf(&s->arena, "%s", text) : NULL;
}

static bool
read_query(struct api_request *req, struct export_job *job)
{
	const char *format = api_query(req, "format");

	job->kind = export_kind_find(req->match.params[0]);
	if (job->kind == NULL) {
		api_problem(req, 404, "NOT_FOUND", NULL, "there is no export \"%.40s\"",
		    req->match.params[0]);
		return false;
	}
	if (format != NULL && !export_format_parse(format, &job->format)) {
		api_problem(req, 400, "INVALID_REQUEST", NULL,
		    "query parameter format: ndjson or csv is wanted");
		return false;
	}
	return api_query_bool(req, "bom", &job->bom) &&
	       api_query_time(req, "from", STW_USEC_NEVER, &job->filter.from) &&
	       api_query_time(req, "to", STW_USEC_MAX, &job->filter.to);
}

/* Uses up the approval named in the request, in a transaction that stays open: it ends when
 * the rows are open, or it was not used. */
static enum stw_code
approval_take(struct api_request *req, struct export_stream *s, struct stw_err *err)
{
	const char *text = api_query(req, "request");
	struct uuid id;
	enum stw_code rc;

	if (text == NULL)
		return STW_OK;
	if (uuid_parse(str_of(text), &id) != STW_OK)
		return stw_fail(err, STW_INVALID, "request: no id of a request");
	rc = db_begin(req->db, err);
	if (rc == STW_OK)
		rc = export_approval_use(req->db, &id, s->job.kind->name,
		    export_filter_text(&s->job.filter, &s->arena), s->job.actor,
		    req->now, &s->arena, &s->job.purpose, &s->job.approver, err);
	return rc;
}

static enum stw_code
approval_keep(struct api_request *req, enum stw_code rc, struct stw_err *err)
{
	if (rc == STW_OK && db_in_transaction(req->db))
		rc = db_commit(req->db, err);
	db_rollback(req->db);
	return rc;
}

/* Opens what the stream needs; on an error everything is closed again. */
static enum stw_code
open_stream(struct api_request *req, const struct export_job *job,
    struct export_stream **out, struct stw_err *err)
{
	struct export_stream *s = NULL;
	enum stw_code rc;

	if (atomic_fetch_add(&exports_open, 1) >= EXPORTS_AT_ONCE) {
		atomic_fetch_sub(&exports_open, 1);
		return stw_fail(err, STW_TEMPFAIL,
		    "%d exports are under way: wait for one to end", EXPORTS_AT_ONCE);
	}
	s = stw_xalloc(sizeof *s);
	*s = (struct export_stream){
	    .stream = {stream_read, stream_close, NULL}, .job = *job};
	arena_init(&s->arena);
	s->job.actor = kept(s, req->actor.subject);
	s->job.role = role_name(req->actor.role);
	s->job.now = req->now;
	s->job.filter.segment = kept(s, api_query(req, "segment"));
	s->job.filter.stage = kept(s, api_query(req, "stage"));
	buf_init(&s->job.text);
	s->job.rows_alone = setting_int(req->app->settings, SET_EXPORT_ROWS_ALONE);
	rc = approval_take(req, s, err);
	if (rc == STW_OK)
		rc = db_open_like(req->db, &s->db, err);
	s->stream.db = s->db;
	if (rc == STW_OK)
		rc = export_start(&s->job, s->db, err);
	rc = approval_keep(req, rc, err);
	if (rc == STW_OK)
		*out = s;
	else
		stream_close(&s->stream);
	return rc;
}

void
v1_export(struct api_request *req)
{
	struct export_job job = {0};
	struct export_stream *s = NULL;
	struct stw_err err = {0};
	char id[UUID_TEXT];
	enum stw_code rc;

	if (!read_query(req, &job))
		return;
	rc = open_stream(req, &job, &s, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	req->stream = &s->stream;
	req->status = 200;
	req->content_type = job.format == EXPORT_CSV ? "text/csv; charset=utf-8"
						     : "application/x-ndjson";
	req->file_name = arena_printf(&req->arena, "%s.%s", job.kind->name,
	    job.format == EXPORT_CSV ? "csv" : "ndjson");
	req->export_id = arena_printf(&req->arena, "%s", uuid_format(&s->job.id, id));
}

void
v1_export_manifest(struct api_request *req)
{
	struct stw_err err = {0};
	const char *text = NULL;
	struct uuid id;
	json_t *manifest;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id))
		return;
	rc = export_manifest_find(req->db, &id, &req->arena, &text, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	manifest = json_loads(text, 0, NULL);
	STW_ASSERT(manifest != NULL); /* we wrote it */
	api_reply(req, 200, manifest);
}
