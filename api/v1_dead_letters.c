/* Dead letters: tasks that ended without having been taken, and sending them round again. */
#include <string.h>

#include "api/operations.h"
#include "api/page.h"
#include "api/resources.h"
#include "campaigns/dead_letter_store.h"

static json_t *
letter_json(const struct dead_letter *d)
{
	json_t *v = json_object();

	json_put(v, "task_id", json_text(d->task_id));
	json_put(v, "queue", json_text(d->queue));
	json_put(v, "campaign", json_text(d->campaign));
	json_put(v, "state", json_text(d->state));
	json_put(v, "reason", json_text(d->reason));
	json_put(v, "tries", json_integer(d->tries));
	json_put(v, "offer", json_integer(d->offer));
	json_put(v, "last_status", json_positive(d->last_status));
	json_put(v, "last_detail", json_text(d->last_detail));
	json_put(v, "ended_at", json_time(d->ended_at));
	json_put(v, "not_after", json_time(d->not_after));
	json_put(v, "recall_open", json_boolean(d->recall_open));
	return v;
}

static bool
reason_known(struct api_request *req, const char *reason, const char *pointer)
{
	if (reason == NULL || strcmp(reason, "refused") == 0 ||
	    strcmp(reason, "tries") == 0 || strcmp(reason, "window") == 0)
		return true;
	api_problem(req, 400, "INVALID_REQUEST", pointer,
	    "reason: refused, tries or window is wanted");
	return false;
}

void
v1_dead_letter_list(struct api_request *req)
{
	const struct dead_letter_filter filter = {.queue = api_query(req, "queue"),
	    .campaign = api_query(req, "campaign"),
	    .reason = api_query(req, "reason")};
	struct dead_letter before = {0}, *rows;
	struct stw_err err = {0};
	const char *scope;
	struct page page;
	json_t *items;
	enum stw_code rc;
	int count, last;

	if (!reason_known(req, filter.reason, NULL))
		return;
	scope = arena_printf(&req->arena, "dead-letters\n%s\n%s\n%s",
	    filter.queue == NULL ? "" : filter.queue,
	    filter.campaign == NULL ? "" : filter.campaign,
	    filter.reason == NULL ? "" : filter.reason);
	if (!page_begin_at(req, scope, &page, &before.ended_at, &before.task_id))
		return;
	rc = dead_letter_list(req->db, &filter, NULL,
	    before.task_id == NULL ? NULL : &before, page.limit + 1, &req->arena, &rows,
	    &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, letter_json(&rows[i]));
	last = page_last(&page, count);
	page_reply(req, &page, items,
	    last < 0 ? NULL : page_place(req, rows[last].ended_at, rows[last].task_id));
}

void
v1_dead_letter_requeue(struct api_request *req)
{
	static const char *const members[] = {"note", "not_held", NULL};
	struct stw_err err = {0};
	const char *note;
	bool not_held;
	struct uuid id;
	enum stw_code rc;
	json_t *v;

	if (!api_path_uuid(req, 0, &id) || !api_body_only(req, members) ||
	    !api_body_text(req, "note", 400, true, &note) ||
	    !api_body_bool(req, "not_held", false, &not_held))
		return;
	rc = dead_letter_requeue(
	    req->db, &id, not_held, req->actor.subject, note, req->now, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "task_id", json_uuid(&id));
	json_put(v, "state", json_text("planned"));
	api_reply(req, 200, v);
}

/* expect: how many it was said to be; -1: nothing is done, only counted. */
static bool
read_bulk(struct api_request *req, struct dead_letter_filter *filter, const char **note,
    int64_t *expect)
{
	static const char *const members[] = {
	    "queue", "campaign", "reason", "note", "expect", "not_held", NULL};
	json_t *v = json_object_get(req->json, "expect");

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "queue", 60, false, &filter->queue) ||
	    !api_body_text(req, "campaign", 100, false, &filter->campaign) ||
	    !api_body_text(req, "reason", 20, false, &filter->reason) ||
	    !reason_known(req, filter->reason, "/reason") ||
	    !api_body_text(req, "note", 400, v != NULL, note) ||
	    !api_body_bool(req, "not_held", false, &filter->not_held))
		return false;
	*expect = v == NULL ? -1 : json_integer_value(v);
	if (v != NULL && (!json_is_integer(v) || *expect < 0)) {
		api_problem(req, 400, "INVALID_REQUEST", "/expect",
		    "expect: the number that the same request without it gave");
		return false;
	}
	return true;
}

/* False after answering: it cannot be counted, or it is not as many as it was said to be. */
static bool
count_bulk(struct api_request *req, const struct dead_letter_filter *filter,
    int64_t expect, int64_t *all, int64_t *ready)
{
	struct stw_err err = {0};
	enum stw_code rc =
	    dead_letter_count(req->db, filter, req->now, all, ready, &err);

	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else if (expect >= 0 && expect != *ready)
		api_problem(req, 409, "CONFLICT", "/expect",
		    "%lld dead letters can be requeued now, not %lld; look again",
		    (long long)*ready, (long long)expect);
	return req->status == 0;
}

static void
reply_bulk(struct api_request *req, int64_t all, int64_t ready, int64_t done)
{
	json_t *v = json_object();

	json_put(v, "dead_letters", json_integer(all));
	json_put(v, "can_be_requeued", json_integer(ready));
	json_put(v, "requeued", json_integer(done));
	api_reply(req, 200, v);
}

void
v1_dead_letters_requeue(struct api_request *req)
{
	struct dead_letter_filter filter = {0};
	int64_t expect, all = 0, ready = 0;
	const char *note;

	if (!read_bulk(req, &filter, &note, &expect) ||
	    !count_bulk(req, &filter, expect, &all, &ready))
		return;
	if (expect < 0)
		reply_bulk(req, all, ready, 0);
	else
		operation_ask(req, "dead_letters.requeue");
}

void
v1_dead_letters_requeue_run(struct api_request *req)
{
	struct dead_letter_filter filter = {0};
	int64_t expect, all = 0, ready = 0, done = 0;
	struct stw_err err = {0};
	const char *note;
	enum stw_code rc;

	if (!read_bulk(req, &filter, &note, &expect) ||
	    !count_bulk(req, &filter, expect, &all, &ready))
		return;
	progress_tell(req->progress, "dead letters", 0, ready);
	rc = dead_letter_requeue_all(
	    req->db, &filter, req->actor.subject, note, req->now, &done, &err);
	progress_tell(req->progress, "dead letters", done, ready);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_bulk(req, all, ready, done);
}
