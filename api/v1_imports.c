#include <inttypes.h>

#include "api/page.h"
#include "api/resources.h"
#include "api/server.h"
#include "segments/import_history_store.h"

static json_t *
run_json(const struct import_run_info *r)
{
	json_t *v = json_object();

	json_put(v, "run_id", json_text(r->run_id));
	json_put(v, "mapping", json_text(r->mapping));
	json_put(v, "source_hash", json_text(r->source_hash));
	json_put(v, "state", json_text(r->state));
	json_put(v, "started_at", json_time(r->started_at));
	json_put(v, "finished_at", json_time(r->finished_at));
	json_put(v, "took_ms", json_integer(r->took / 1000));
	json_put(v, "rows_read", json_integer(r->rows_read));
	json_put(v, "rows_loaded", json_integer(r->rows_loaded));
	json_put(v, "rows_rejected", json_integer(r->rows_rejected));
	json_put(v, "failure", json_text(r->failure));
	json_put(v, "actor", json_text(r->actor));
	json_put(v, "starts", json_integer(r->starts));
	json_put(v, "redo", json_boolean(r->redo));
	return v;
}

void
v1_import_list(struct api_request *req)
{
	struct import_run_info *runs;
	struct stw_err err = {0};
	const char *rest;
	struct page page;
	json_t *items;
	enum stw_code rc;
	int64_t before = INT64_MAX;
	int count, last;

	if (!page_begin_at(req, "imports", &page, &before, &rest))
		return;
	rc = import_history_runs(
	    req->db, before, page.limit + 1, &req->arena, &runs, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, run_json(&runs[i]));
	last = page_last(&page, count);
	page_reply(
	    req, &page, items, last < 0 ? NULL : page_place(req, runs[last].seq, ""));
}

/* ---- one import ------------------------------------------------------------------------- */
static json_t *
files_json(const struct import_file_info *files, int count)
{
	json_t *items = json_array();

	for (int i = 0; i < count; i++) {
		const struct import_file_info *f = &files[i];
		json_t *v = json_object();

		json_put(v, "file", json_text(f->file));
		json_put(v, "target", json_text(f->target));
		json_put(v, "mode", json_text(f->mode));
		json_put(v, "done", json_boolean(f->done));
		json_put(v, "rows_read", json_integer(f->read));
		json_put(v, "line", json_integer(f->line));
		json_put(v, "rows_loaded", json_integer(f->loaded));
		json_put(v, "inserted", json_integer(f->inserted));
		json_put(v, "updated", json_integer(f->updated));
		json_put(v, "closed", json_integer(f->closed));
		json_put(v, "unchanged", json_integer(f->unchanged));
		json_put(v, "skipped", json_integer(f->skipped));
		json_put(v, "rejected", json_integer(f->rejected));
		json_put(v, "phones_skipped", json_integer(f->phones_skipped));
		json_put(v, "commits", json_integer(f->commits));
		json_push(items, v);
	}
	return items;
}

static json_t *
rejects_json(const struct import_reject_info *rejects, int count)
{
	json_t *items = json_array();

	for (int i = 0; i < count; i++) {
		const struct import_reject *r = &rejects[i].reject;
		json_t *v = json_object();

		json_put(v, "file", json_text(rejects[i].file));
		json_put(v, "line", json_integer(r->line));
		json_put(v, "last_line", json_integer(r->last));
		json_put(v, "column", json_text(r->column));
		json_put(v, "reason", json_text(r->reason));
		json_push(items, v);
	}
	return items;
}

/* The last row of the page before: "file line column". False after answering. */
static bool
read_after(struct api_request *req, const char *scope, struct page *page,
    struct import_reject *after)
{
	const char *rest;
	int64_t file_no = -1;

	*after = (struct import_reject){.line = -1, .column = ""};
	if (!page_begin_at(req, scope, page, &file_no, &rest))
		return false;
	after->file_no = (int)file_no;
	if (rest == NULL)
		return true;
	if (!cursor_number(&rest, &after->line)) {
		page_refuse(req);
		return false;
	}
	after->column = rest;
	return true;
}

void
v1_import(struct api_request *req)
{
	const char *id = req->match.params[0];
	const char *scope = arena_printf(&req->arena, "import %s", id);
	struct import_reject_info *rejects;
	struct import_file_info *files;
	struct import_reject after;
	struct import_run_info run;
	struct stw_err err = {0};
	struct uuid parsed;
	struct page page;
	enum stw_code rc;
	int nfiles, nrejects, last;
	json_t *v;

	if (!read_after(req, scope, &page, &after))
		return;
	rc = uuid_parse(str_of(id), &parsed) == STW_OK
		 ? STW_OK
		 : stw_fail(&err, STW_NOT_FOUND, "there is no such import");
	if (rc == STW_OK)
		rc = import_history_run(req->db, id, &req->arena, &run, &err);
	if (rc == STW_OK)
		rc = import_history_files(
		    req->db, id, &req->arena, &files, &nfiles, &err);
	if (rc == STW_OK)
		rc = import_history_rejects(req->db, id, &after, page.limit + 1,
		    &req->arena, &rejects, &nrejects, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = run_json(&run);
	json_put(v, "files", files_json(files, nfiles));
	json_put(v, "rejects", rejects_json(rejects, page_rows(&page, nrejects)));
	last = page_last(&page, nrejects);
	json_put(v, "next_cursor",
	    page_next(req, &page,
		last < 0 ? NULL
			 : arena_printf(&req->arena, "%d %" PRId64 " %s",
			       rejects[last].reject.file_no, rejects[last].reject.line,
			       rejects[last].reject.column)));
	api_reply(req, 200, v);
}
