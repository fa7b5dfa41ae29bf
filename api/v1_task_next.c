#include <string.h>

#include "api/resources.h"
#include "campaigns/task_next_store.h"
#include "campaigns/task_store.h"

static json_t *
answer_json(enum match_answer answer)
{
	json_t *v = json_object();

	json_put(v, "code", json_text(match_answer_name(answer)));
	json_put(v, "text",
	    json_names(
		match_answer_text(answer, true), match_answer_text(answer, false)));
	return v;
}

/* ---- next -------------------------------------------------------------------------------- */
void
v1_agent_next(struct api_request *req)
{
	const char *code = req->match.params[0];
	struct task_view task;
	struct task_next next;
	struct stw_err err = {0};
	json_t *v, *one;
	enum stw_code rc;

	if (strcmp(req->actor.subject, code) != 0) {
		api_problem(
		    req, 404, "NOT_FOUND", NULL, "there is no agent %.40s", code);
		return;
	}
	rc = task_next(req->db, code, req->now, &req->arena, &next, &err);
	if (rc == STW_OK && next.found)
		rc = task_get(
		    req->db, &next.task_id, req->now, &req->arena, &task, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	one = next.found ? json_object() : json_null();
	if (next.found)
		v1_put_task(req, one, &task);
	json_put(v, "task", one);
	json_put(v, "reserved_until",
	    next.found ? json_time(next.reserved_until) : json_null());
	json_put(v, "why",
	    next.found || next.why == MATCH_YES ? json_null() : answer_json(next.why));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

/* ---- transfer ------------------------------------------------------------------------------ */
void
v1_task_transfer(struct api_request *req)
{
	static const char *const members[] = {"agent", "queue", "reason", NULL};
	struct task_transfer to = {0};
	struct task_view task;
	struct stw_err err = {0};
	enum stw_code rc;

	if (!v1_task_load(req, &task) || !api_body_only(req, members) ||
	    !api_body_text(req, "agent", 40, false, &to.agent) ||
	    !api_body_text(req, "queue", 128, false, &to.queue) ||
	    !api_body_text(req, "reason", 200, true, &to.reason))
		return;
	if ((to.agent == NULL) == (to.queue == NULL)) {
		api_problem(req, 400, "INVALID_REQUEST", NULL,
		    "agent or queue, one of them, is wanted: who gets the task");
		return;
	}
	rc = task_transfer(
	    req->db, &task.task_id, req->actor.subject, &to, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		v1_reply_task(req, &task.task_id);
}

/* ---- who may have it ------------------------------------------------------------------------- */
void
v1_task_agents(struct api_request *req)
{
	struct task_candidate *list;
	struct task_view task;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	if (!v1_task_load(req, &task))
		return;
	rc = task_candidates(req->db, &task.task_id, task.queue, req->now, &req->arena,
	    &list, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		json_put(one, "agent", json_text(list[i].agent->code));
		json_put(one, "may", json_boolean(list[i].answer == MATCH_YES));
		json_put(one, "answer", answer_json(list[i].answer));
		json_put(one, "in_hand", json_integer(list[i].agent->busy));
		json_put(one, "idle_since", json_time(list[i].agent->idle_since));
		json_push(items, one);
	}
	v = json_object();
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_task_handling(struct api_request *req)
{
	struct task_handling *list;
	struct task_view task;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int count;

	if (!v1_task_load(req, &task))
		return;
	rc = task_handling_list(
	    req->db, &task.task_id, &req->arena, &list, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		json_put(one, "at", json_time(list[i].at));
		json_put(one, "what", json_text(list[i].what));
		json_put(one, "agent", json_text(list[i].agent));
		json_put(one, "to_agent", json_text(list[i].to_agent));
		json_put(one, "to_queue", json_text(list[i].to_queue));
		json_put(one, "reason", json_text(list[i].reason));
		json_push(items, one);
	}
	v = json_object();
	json_put(v, "items", items);
	api_reply(req, 200, v);
}
