#include <string.h>

#include "api/resources.h"
#include "api/server.h"
#include "campaigns/agent_store.h"
#include "campaigns/catalogue_store.h"
#include "campaigns/disposition_store.h"
#include "campaigns/task_store.h"
#include "segments/customer_store.h"

#define DISCLOSURES_MAX 16

/* ---- JSON ------------------------------------------------------------------------------ */
void
v1_put_task(struct api_request *req, json_t *v, const struct task_view *t)
{
	json_t *campaign = json_object(), *customer = json_object();
	json_t *script = json_object();

	json_put(campaign, "code", json_text(t->campaign));
	json_put(campaign, "version", json_integer(t->campaign_version));
	json_put(
	    campaign, "name", json_names(t->campaign_name_zh, t->campaign_name_en));
	json_put(customer, "ref", json_text(t->customer_ref));
	json_put(customer, "name_mask", json_text(t->name_mask));
	json_put(customer, "phone_mask", json_text(t->phone_mask));
	json_put(customer, "stage", json_text(t->stage));
	json_put(customer, "risk_rating", json_positive(t->risk_rating));
	json_put(customer, "elderly", json_boolean(t->elderly));
	json_put(script, "code", json_text(t->script));
	json_put(script, "version", json_integer(t->script_version));
	json_put(v, "task_id", json_uuid(&t->task_id));
	json_put(v, "state", json_text(task_state_name(t->state)));
	json_put(v, "campaign", campaign);
	json_put(v, "customer", customer);
	json_put(v, "queue", json_text(t->queue));
	json_put(v, "agent", json_text(t->agent));
	json_put(v, "mine",
	    json_boolean(
		t->agent != NULL && strcmp(t->agent, req->actor.subject) == 0));
	json_put(v, "channel", json_text(t->channel));
	json_put(v, "handler", json_text(t->handler));
	json_put(v, "purpose", json_text(t->purpose));
	json_put(v, "product", json_text(t->product));
	json_put(v, "number", json_text(t->number));
	json_put(v, "script", script);
	json_put(v, "priority", json_integer(t->priority));
	json_put(v, "not_before", json_time(t->not_before));
	json_put(v, "not_after", json_time(t->not_after));
	json_put(v, "callback_at", json_time(t->callback_at));
	json_put(v, "decision_id", json_text(t->decision_id));
	json_put(v, "fence", json_integer(t->fence));
	json_put(v, "updated_at", json_time(t->updated_at));
}

/* What the actor can do with the task now. */
static json_t *
may_json(struct api_request *req, const struct task_view *t)
{
	bool agent = req->actor.role == ROLE_AGENT;
	bool mine =
	    agent && t->agent != NULL && strcmp(t->agent, req->actor.subject) == 0;
	json_t *may = json_array();

	if (agent && t->state == TASK_QUEUED)
		json_push(may, json_string("accept"));
	if (mine && (t->state == TASK_ACCEPTED || t->state == TASK_IN_PROGRESS)) {
		json_push(may, json_string("permit"));
		json_push(may, json_string("outcome"));
	}
	if (mine && t->state == TASK_ACCEPTED)
		json_push(may, json_string("release"));
	return may;
}

static enum stw_code
detail_json(struct api_request *req, const struct task_view *t, json_t **out,
    struct stw_err *err)
{
	struct customer c;
	const char *body = NULL;
	enum stw_code rc;
	json_t *v;

	rc = script_get(req->db, t->script, t->script_version, &req->arena, &body, err);
	if (rc == STW_NOT_FOUND)
		rc = STW_OK;
	if (rc == STW_OK)
		rc = customer_find_id(req->db, t->bucket, t->customer_id,
		    app_today(req->app, req->now), &req->arena, &c, err);
	if (rc != STW_OK)
		return rc;
	v = json_object();
	v1_put_task(req, v, t);
	json_put(v, "script_body", json_text(body));
	json_put(v, "may", may_json(req, t));
	json_put(v, "holdings", v1_holdings_json(&c));
	json_put(v, "as_of", json_time(req->now));
	*out = v;
	return STW_OK;
}

/* ---- whose task ------------------------------------------------------------------------- */
/* The task in the path. Agents see only tasks of their own queues; for them, others do not
 * exist. */
bool
v1_task_load(struct api_request *req, struct task_view *out)
{
	struct stw_err err = {0};
	struct uuid id;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id))
		return false;
	rc = task_get(req->db, &id, req->now, &req->arena, out, &err);
	if (rc == STW_OK && req->actor.role == ROLE_AGENT &&
	    (req->actor.queue == NULL || strcmp(out->queue, req->actor.queue) != 0) &&
	    !agent_works_queue(req->db, req->actor.subject, out->queue))
		rc = stw_fail(
		    &err, STW_NOT_FOUND, "there is no such task in your queue");
	if (rc == STW_OK)
		return true;
	api_fail(req, rc, &err);
	return false;
}

static void
reply_view(struct api_request *req, const struct task_view *task)
{
	struct stw_err err = {0};
	json_t *v = NULL;
	enum stw_code rc = detail_json(req, task, &v, &err);

	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, v);
}

void
v1_reply_task(struct api_request *req, const struct uuid *id)
{
	struct task_view task;
	struct stw_err err = {0};
	enum stw_code rc;

	rc = task_get(req->db, id, req->now, &req->arena, &task, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_view(req, &task);
}

void
v1_task(struct api_request *req)
{
	struct task_view task;

	if (v1_task_load(req, &task))
		reply_view(req, &task);
}

/* ---- list ----------------------------------------------------------------------------------- */
static bool
list_filter(
    struct api_request *req, const char **queue, const char **agent, const char **state)
{
	bool mine;

	*queue =
	    req->actor.role == ROLE_AGENT ? req->actor.queue : api_query(req, "queue");
	*state = api_query(req, "state");
	if (!api_query_bool(req, "mine", &mine))
		return false;
	*agent = req->actor.role == ROLE_AGENT ? req->actor.subject : NULL;
	if (*queue == NULL) {
		api_problem(req, 400, "INVALID_REQUEST", NULL,
		    req->actor.role == ROLE_AGENT
			? "your token names no queue"
			: "query parameter queue: the code of a queue is wanted");
		return false;
	}
	if (*state != NULL && strcmp(*state, "queued") != 0 &&
	    strcmp(*state, "accepted") != 0 && strcmp(*state, "in_progress") != 0) {
		api_problem(req, 400, "INVALID_REQUEST", NULL,
		    "query parameter state: queued, accepted or in_progress is wanted");
		return false;
	}
	return true;
}

void
v1_task_list(struct api_request *req)
{
	const char *queue, *agent, *state, *mine = api_query(req, "mine");
	struct task_view *tasks;
	struct stw_err err = {0};
	json_t *v, *items;
	enum stw_code rc;
	int limit, count;

	if (!api_limit(req, &limit) || !list_filter(req, &queue, &agent, &state))
		return;
	rc = task_list(req->db, queue, agent, state, limit, req->now, &req->arena,
	    &tasks, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++) {
		json_t *one;

		if (mine != NULL && strcmp(mine, "true") == 0 &&
		    (tasks[i].agent == NULL ||
			strcmp(tasks[i].agent, req->actor.subject) != 0))
			continue;
		one = json_object();
		v1_put_task(req, one, &tasks[i]);
		json_push(items, one);
	}
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

/* ---- what agents do ----------------------------------------------------------------------- */
void
v1_task_accept(struct api_request *req)
{
	struct task_view task;
	struct stw_err err = {0};
	enum stw_code rc;

	if (!v1_task_load(req, &task))
		return;
	rc = task_accept(req->db, &task.task_id, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		v1_reply_task(req, &task.task_id);
}

/* A word, so that nothing personal stands in a URL. */
static bool
read_reason(struct api_request *req, const char **out)
{
	*out = api_query(req, "reason");
	if (*out == NULL ||
	    (strlen(*out) >= 1 && strlen(*out) <= 40 &&
		strspn(*out, "abcdefghijklmnopqrstuvwxyz_") == strlen(*out)))
		return true;
	api_problem(req, 400, "INVALID_REQUEST", NULL,
	    "query parameter reason: a lower-case word is wanted");
	return false;
}

void
v1_task_release(struct api_request *req)
{
	const char *reason;
	struct task_view task;
	struct stw_err err = {0};
	enum stw_code rc;

	if (!v1_task_load(req, &task) || !read_reason(req, &reason))
		return;
	rc = task_release(
	    req->db, &task.task_id, req->actor.subject, reason, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		v1_reply_task(req, &task.task_id);
}

static json_t *
permit_json(const struct task_permit *p, stw_usec now)
{
	json_t *v = json_object(), *reasons = json_array();

	for (int i = 0; i < p->decision.ncodes; i++) {
		json_t *one = json_object();

		json_put(one, "code", json_text(p->decision.codes[i]));
		json_put(one, "text", v1_reason_text(p->decision.codes[i]));
		json_push(reasons, one);
	}
	json_put(v, "granted", json_boolean(p->granted));
	json_put(v, "permit_id", p->granted ? json_uuid(&p->permit_id) : json_null());
	json_put(v, "decision_id", json_uuid(&p->decision_id));
	json_put(v, "number", p->granted ? json_text(p->number) : json_null());
	json_put(v, "phone_mask", json_text(p->phone_mask));
	json_put(
	    v, "valid_until", p->granted ? json_time(p->valid_until) : json_null());
	json_put(v, "valid_seconds",
	    p->granted ? json_integer((p->valid_until - now) / STW_USEC_SEC)
		       : json_null());
	json_put(v, "state", json_text(task_state_name(p->state)));
	json_put(v, "reasons", reasons);
	json_put(v, "next_allowed_at",
	    p->granted ? json_null() : json_time(p->decision.next_allowed_at));
	return v;
}

static bool
read_desk(struct api_request *req, struct task_desk *out)
{
	static const char *const members[] = {
	    "script_version", "number", "disclosed", NULL};

	*out = (struct task_desk){.agent = req->actor.subject};
	return api_body_only(req, members) &&
	       api_body_int(
		   req, "script_version", 1, INT32_MAX, 0, &out->script_version) &&
	       api_body_text(req, "number", 32, false, &out->number) &&
	       api_body_texts(
		   req, "disclosed", 32, 40, &out->disclosed, &out->ndisclosed);
}

void
v1_task_permit(struct api_request *req)
{
	const struct ruleset *rules;
	struct task_permit permit;
	struct task_desk desk;
	struct task_view task;
	struct stw_err err = {0};
	enum stw_code rc;

	if (!v1_task_load(req, &task) || !read_desk(req, &desk))
		return;
	rc = server_rules_or_none(req->server, req->db, &rules, &err);
	if (rc == STW_OK)
		rc = task_permit_desk(req->db, rules, &task.task_id, &desk, req->now,
		    &req->arena, &permit, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, permit_json(&permit, req->now));
}

/* A word in capitals, or * for all. */
static const char *
consent_word(json_t *from, const char *name)
{
	const char *word = json_string_value(json_object_get(from, name));

	if (word == NULL || word[0] == '\0' || strlen(word) > 40 ||
	    (strcmp(word, "*") != 0 &&
		strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != strlen(word)))
		return NULL;
	return word;
}

static bool
read_consent_changes(struct api_request *req, struct task_outcome *out)
{
	json_t *list = json_object_get(req->json, "consent_changes"), *one;
	struct task_consent *changes;
	size_t i;

	if (list == NULL)
		return true;
	if (!json_is_array(list) || json_array_size(list) > 20) {
		api_problem(req, 400, "INVALID_REQUEST", "/consent_changes",
		    "consent_changes: a list of at most 20 is wanted");
		return false;
	}
	changes = arena_array(&req->arena, json_array_size(list), sizeof *changes);
	json_array_foreach(list, i, one)
	{
		const char *action = json_string_value(json_object_get(one, "action"));

		changes[i] = (struct task_consent){
		    action, consent_word(one, "purpose"), consent_word(one, "channel")};
		if (action == NULL || changes[i].purpose == NULL ||
		    changes[i].channel == NULL || json_object_size(one) != 3 ||
		    (strcmp(action, "withdraw") != 0 &&
			strcmp(action, "refuse") != 0)) {
			api_problem(req, 400, "INVALID_REQUEST",
			    arena_printf(&req->arena, "/consent_changes/%zu", i),
			    "consent_changes: action withdraw or refuse, with purpose and "
			    "channel, is wanted; consent that is given is recorded with "
			    "its notice");
			return false;
		}
	}
	out->consents = changes;
	out->nconsents = json_array_size(list);
	return true;
}

static bool
read_fence(struct api_request *req, int64_t *out)
{
	json_t *fence = json_object_get(req->json, "fence");

	*out = 0;
	if (fence == NULL)
		return true;
	if (json_is_integer(fence) && json_integer_value(fence) > 0) {
		*out = json_integer_value(fence);
		return true;
	}
	api_problem(req, 400, "INVALID_REQUEST", "/fence",
	    "fence: the task's fence, a positive integer, is wanted");
	return false;
}

/* The words are the bank's; what has to come with one follows from its flags. */
static bool
check_disposition(struct api_request *req, const struct task_outcome *o)
{
	struct disposition d;
	struct stw_err err = {0};
	enum stw_code rc =
	    disposition_find(req->db, o->disposition, &req->arena, &d, &err);

	if (rc == STW_INVALID) {
		api_problem(
		    req, 400, "INVALID_REQUEST", "/disposition", "%s", err.text);
		return false;
	}
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return false;
	}
	if (((d.flags & DISPOSITION_CALLBACK) != 0) !=
	    (o->callback_at != STW_USEC_NEVER)) {
		api_problem(req, 400, "INVALID_REQUEST", "/callback_at",
		    "callback_at: wanted with a disposition whose flag is callback, and "
		    "only then");
		return false;
	}
	if (o->callback_at != STW_USEC_NEVER && o->callback_at <= req->now) {
		api_problem(req, 400, "INVALID_REQUEST", "/callback_at",
		    "callback_at: lies in the past");
		return false;
	}
	return true;
}

/* Words, not sentences: what was said is told by its name. */
static bool
read_disclosures(struct api_request *req, struct task_outcome *out)
{
	json_t *list = json_object_get(req->json, "disclosures"), *item;
	struct str *words;
	size_t i;

	if (list == NULL || json_is_null(list))
		return true;
	words = arena_array(&req->arena, DISCLOSURES_MAX, sizeof *words);
	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);

		if (i >= DISCLOSURES_MAX || text == NULL || text[0] == '\0' ||
		    strlen(text) > 40 ||
		    text[strspn(text, "abcdefghijklmnopqrstuvwxyz_")] != '\0')
			break;
		words[i] = str_of(text);
	}
	if (!json_is_array(list) || i < json_array_size(list)) {
		api_problem(req, 400, "INVALID_REQUEST", "/disclosures",
		    "disclosures: a list of at most %d words like \"recording\" is wanted",
		    DISCLOSURES_MAX);
		return false;
	}
	out->disclosures = words;
	out->ndisclosures = i;
	return true;
}

static bool
read_owner(struct api_request *req, bool *same)
{
	const char *owner;

	if (!api_body_text(req, "callback_owner", 20, false, &owner))
		return false;
	*same = owner != NULL && strcmp(owner, "same_agent") == 0;
	if (owner == NULL || *same || strcmp(owner, "any") == 0)
		return true;
	api_problem(req, 400, "INVALID_REQUEST", "/callback_owner",
	    "callback_owner: same_agent or any is wanted");
	return false;
}

static bool
read_outcome(struct api_request *req, struct task_outcome *out)
{
	static const char *const members[] = {"disposition", "note", "started_at",
	    "ended_at", "callback_at", "carrier_cause", "recording_ref",
	    "recording_sha256", "fence", "consent_changes", "disclosures", "product",
	    NULL};

	return api_body_only(req, members) &&
	       api_body_text(req, "disposition", 40, true, &out->disposition) &&
	       api_body_text(req, "note", 2000, false, &out->note) &&
	       api_body_text(req, "carrier_cause", 40, false, &out->carrier_cause) &&
	       api_body_text(req, "product", 60, false, &out->product) &&
	       read_disclosures(req, out) &&
	       api_body_text(req, "recording_ref", 200, false, &out->recording_ref) &&
	       api_body_text(
		   req, "recording_sha256", 64, false, &out->recording_sha256) &&
	       api_body_time(req, "started_at", STW_USEC_NEVER, &out->started_at) &&
	       api_body_time(req, "ended_at", STW_USEC_NEVER, &out->ended_at) &&
	       api_body_time(req, "callback_at", STW_USEC_NEVER, &out->callback_at) &&
	       read_owner(req, &out->callback_same) && read_fence(req, &out->fence) &&
	       read_consent_changes(req, out) && check_disposition(req, out);
}

void
v1_task_outcome(struct api_request *req)
{
	struct task_outcome outcome = {
	    .complaint_days = (int)setting_int(req->app->settings, SET_COMPLAINT_DAYS)};
	struct task_outcome_effect effect;
	const struct ruleset *rules;
	struct task_view task;
	struct stw_err err = {0};
	json_t *v, *after;
	enum stw_code rc;

	if (!v1_task_load(req, &task) || !read_outcome(req, &outcome))
		return;
	rc = server_rules_or_none(req->server, req->db, &rules, &err);
	if (rc == STW_OK)
		rc = task_outcome(req->db, req->app->keys, rules, &task.task_id,
		    req->actor.subject, &outcome, req->now, &effect, &err);
	if (rc == STW_OK)
		rc = task_get(
		    req->db, &task.task_id, req->now, &req->arena, &task, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	after = json_object();
	v1_put_task(req, after, &task);
	json_put(v, "outcome_id", json_uuid(&effect.outcome_id));
	json_put(v, "task", after);
	json_put(v, "objection_recorded", json_boolean(effect.objection_recorded));
	json_put(v, "cancelled", json_integer(effect.cancelled));
	json_put(v, "recalled", json_integer(effect.recalled));
	json_put(v, "ran_past_hours", json_boolean(effect.ran_past));
	api_reply(req, 201, v);
}
