#include <string.h>

#include "api/page.h"
#include "api/resources.h"
#include "campaigns/callback_store.h"

/* Agents see what was promised with them, or with anybody of their queue. */
static bool
read_filter(struct api_request *req, struct callback_filter *f)
{
	static const char *const states[] = {"open", "due", "kept", "missed"};
	bool agent = req->actor.role == ROLE_AGENT;

	*f = (struct callback_filter){
	    .queue = agent ? req->actor.queue : api_query(req, "queue"),
	    .state = api_query(req, "state"),
	    .agent = agent ? req->actor.subject : NULL};
	if (agent && f->queue == NULL) {
		api_problem(
		    req, 400, "INVALID_REQUEST", NULL, "your token names no queue");
		return false;
	}
	for (size_t i = 0; i < STW_ARRAY_LEN(states); i++)
		if (f->state == NULL || strcmp(f->state, states[i]) == 0)
			return true;
	api_problem(req, 400, "INVALID_REQUEST", NULL,
	    "query parameter state: open, due, kept or missed is wanted");
	return false;
}

static json_t *
callback_json(const struct callback *c)
{
	json_t *v = json_object();

	json_put(v, "task_id", json_text(c->task_id));
	json_put(v, "customer", json_text(c->customer_ref));
	json_put(v, "queue", json_text(c->queue));
	json_put(v, "agent", json_text(c->agent));
	json_put(v, "at", json_time(c->at));
	json_put(v, "until", json_time(c->until));
	json_put(v, "task_state", json_text(c->task_state));
	json_put(v, "state", json_text(c->state));
	return v;
}

void
v1_callback_list(struct api_request *req)
{
	struct callback_filter f;
	struct callback *rows;
	struct page page;
	struct stw_err err = {0};
	json_t *items;
	enum stw_code rc;
	int count, last;

	if (!read_filter(req, &f) ||
	    !page_begin_at(req,
		arena_printf(&req->arena, "callbacks %s %s %s",
		    f.queue == NULL ? "" : f.queue, f.agent == NULL ? "" : f.agent,
		    f.state == NULL ? "" : f.state),
		&page, &f.after, &f.after_id))
		return;
	rc = callback_list(
	    req->db, &f, page.limit + 1, req->now, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, callback_json(&rows[i]));
	last = page_last(&page, count);
	page_reply(req, &page, items,
	    last < 0 ? NULL : page_place(req, rows[last].at, rows[last].task_id));
}
