/* Personal data in clear: one customer, on record, within the quota. */
#include <string.h>

#include "api/audit.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/reveal_store.h"
#include "segments/customer_store.h"

#define REASON_MAX 60

struct purpose {
	const char *name;
	unsigned roles;
};

static const struct purpose purposes[] = {
    {"contact", ROLE_AGENT},
    {"complaint", ROLE_COMPLIANCE},
    {"dispute", ROLE_COMPLIANCE},
    {"audit", ROLE_COMPLIANCE},
    {"legal", ROLE_COMPLIANCE},
    {"subject_request", ROLE_COMPLIANCE},
};

static const struct {
	const char *name;
	enum reveal_field field;
	unsigned roles;
} fields[] = {
    {"name", REVEAL_NAME, ROLE_AGENT | ROLE_COMPLIANCE},
    {"phone", REVEAL_PHONE, ROLE_AGENT | ROLE_COMPLIANCE},
    {"id_number", REVEAL_ID_NUMBER, ROLE_COMPLIANCE},
};

static bool
read_fields(struct api_request *req, unsigned *out)
{
	json_t *list = json_object_get(req->json, "fields"), *one;
	size_t k;

	*out = 0;
	json_array_foreach(list, k, one)
	{
		const char *name = json_string_value(one);
		unsigned found = 0;

		for (size_t i = 0; name != NULL && i < STW_ARRAY_LEN(fields); i++)
			if (strcmp(fields[i].name, name) == 0 &&
			    (fields[i].roles & (unsigned)req->actor.role) != 0)
				found = fields[i].field;
		if (found == 0) {
			api_problem(req, 400, "INVALID_REQUEST", "/fields",
			    "fields: for your role they are %s",
			    req->actor.role == ROLE_AGENT
				? "name and phone"
				: "name, phone and id_number");
			return false;
		}
		*out |= found;
	}
	if (*out != 0)
		return true;
	api_problem(req, 400, "INVALID_REQUEST", "/fields",
	    "fields: a list of name, phone, id_number is wanted");
	return false;
}

static bool
read_purpose(struct api_request *req, const char **out)
{
	if (!api_body_text(req, "purpose", 40, true, out))
		return false;
	for (size_t i = 0; i < STW_ARRAY_LEN(purposes); i++)
		if (strcmp(purposes[i].name, *out) == 0 &&
		    (purposes[i].roles & (unsigned)req->actor.role) != 0)
			return true;
	api_problem(req, 400, "INVALID_REQUEST", "/purpose",
	    "purpose: for your role it is %s",
	    req->actor.role == ROLE_AGENT
		? "contact"
		: "complaint, dispute, audit, legal or subject_request");
	return false;
}

/* The reference of a case, no free text: what is written here goes into the ledger for
 * ever, and a name has no business there. */
bool
v1_case_read(struct api_request *req, const char *name, bool required, const char **out)
{
	char pointer[40];

	if (!api_body_text(req, name, REASON_MAX, required, out))
		return false;
	if (*out == NULL || audit_case(*out))
		return true;
	(void)snprintf(pointer, sizeof pointer, "/%.30s", name);
	api_problem(req, 400, "INVALID_REQUEST", pointer,
	    "%s: the reference of a case is wanted: letters, digits, and - _ . /, and no "
	    "more than nine digits in a row",
	    name);
	return false;
}

static bool
read_task(struct api_request *req, struct uuid *id, const struct uuid **out)
{
	const char *text = NULL;
	bool agent = req->actor.role == ROLE_AGENT;

	*out = NULL;
	if (!api_body_text(req, "task_id", 36, agent, &text))
		return false;
	if (text == NULL)
		return true;
	if (!agent || uuid_parse(str_of(text), id) != STW_OK) {
		api_problem(req, 400, "INVALID_REQUEST", "/task_id",
		    agent ? "task_id: the id of a task is wanted"
			  : "task_id: is for agents");
		return false;
	}
	*out = id;
	return true;
}

static json_t *
result_json(const struct customer *c, const struct reveal_request *r,
    const struct reveal_result *result, stw_usec next_day)
{
	json_t *v = json_object(), *quota = json_object(), *phones = json_array();

	json_put(v, "ref", json_text(c->ref));
	if ((r->fields & REVEAL_NAME) != 0)
		json_put(v, "name", json_text(result->name));
	if ((r->fields & REVEAL_ID_NUMBER) != 0)
		json_put(v, "id_number", json_text(result->id_number));
	for (int i = 0; i < result->nphones; i++) {
		json_t *one = json_object();

		json_put(one, "point_id", json_id(result->phones[i].point_id));
		json_put(one, "kind", json_text(result->phones[i].kind));
		json_put(one, "number", json_text(result->phones[i].number));
		json_push(phones, one);
	}
	if ((r->fields & REVEAL_PHONE) != 0)
		json_put(v, "phones", phones);
	else
		json_decref(phones);
	json_put(quota, "limit", json_integer(r->quota));
	json_put(quota, "used", json_integer(result->used));
	json_put(quota, "until", json_time(next_day));
	json_put(v, "quota", quota);
	json_put(v, "access_id", json_text(result->access_id));
	json_put(v, "as_of", json_time(r->now));
	return v;
}

static void
reply_over_quota(struct api_request *req, int64_t quota, stw_usec next_day)
{
	char text[STW_USEC_TEXT];

	req->retry_after = (next_day - req->now) / STW_USEC_SEC + 1;
	api_problem(req, 429, "REVEAL_QUOTA", NULL,
	    "you have used the %lld reveals of today; again from %s", (long long)quota,
	    stw_usec_format(next_day, text));
}

void
v1_customer_reveal(struct api_request *req)
{
	static const char *const members[] = {
	    "fields", "purpose", "reason", "task_id", NULL};
	struct reveal_request r = {.actor = req->actor.subject,
	    .role = role_name(req->actor.role),
	    .quota = (int)setting_int(req->app->settings, SET_REVEAL_QUOTA),
	    .now = req->now,
	    .day_start = app_day_start(req->app, req->now)};
	stw_usec next_day =
	    zone_instant(req->app->zone, app_today(req->app, req->now) + 1, 0);
	struct reveal_result result;
	struct stw_err err = {0};
	struct customer c;
	struct uuid task;
	enum stw_code rc;

	if (!api_body_only(req, members) || !read_fields(req, &r.fields) ||
	    !read_purpose(req, &r.purpose) || !read_task(req, &task, &r.task) ||
	    !v1_case_read(
		req, "reason", req->actor.role == ROLE_COMPLIANCE, &r.reason) ||
	    !v1_customer_load(req, &c))
		return;
	r.bucket = c.bucket;
	r.customer_id = c.customer_id;
	rc = reveal_run(req->db, req->app->keys, &r, &req->arena, &result, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else if (result.over_quota)
		reply_over_quota(req, r.quota, next_day);
	else
		api_reply(req, 200, result_json(&c, &r, &result, next_day));
}
