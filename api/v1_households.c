#include <string.h>

#include "api/resources.h"
#include "segments/customer_store.h"
#include "segments/household_store.h"

static json_t *
member_json(const struct household_row *row)
{
	json_t *v = json_object();

	json_put(v, "ref", json_text(row->ref));
	json_put(v, "name_mask", json_text(row->name_mask));
	json_put(v, "role", json_text(row->role));
	json_put(v, "source", json_text(row->source));
	json_put(v, "state", json_text(row->state));
	json_put(v, "reason", json_text(row->reason));
	json_put(v, "actor", json_text(row->actor));
	json_put(v, "updated_at", json_time(row->updated_at));
	return v;
}

/* Rows come household by household. */
static json_t *
households_json(const struct household_row *rows, int count)
{
	json_t *list = json_array(), *members = NULL;

	for (int i = 0; i < count; i++) {
		if (i == 0 || strcmp(rows[i].household, rows[i - 1].household) != 0) {
			json_t *v = json_object();

			members = json_array();
			json_put(v, "household", json_text(rows[i].household));
			json_put(v, "state", json_text(rows[i].own_state));
			json_put(v, "members", members);
			json_push(list, v);
		}
		json_push(members, member_json(&rows[i]));
	}
	return list;
}

static void
reply_households(struct api_request *req, const struct customer *c, int status)
{
	struct household_row *rows;
	struct stw_err err = {0};
	json_t *v;
	int count;
	enum stw_code rc = household_of(
	    req->db, c->bucket, c->customer_id, &req->arena, &rows, &count, &err);

	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "items", households_json(rows, count));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, status, v);
}

void
v1_household_list(struct api_request *req)
{
	struct customer c;

	if (v1_customer_load(req, &c))
		reply_households(req, &c, 200);
}

/* Suggestions that nobody has settled; `next` is the last household told. */
void
v1_household_suggestions(struct api_request *req)
{
	const char *after = api_query(req, "after");
	struct household_row *rows;
	struct stw_err err = {0};
	enum stw_code rc;
	int limit, count;
	json_t *v, *list;

	if (!api_limit(req, &limit))
		return;
	rc = household_open(req->db, after, limit, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	list = households_json(rows, count);
	json_put(v, "next",
	    json_array_size(list) < (size_t)limit
		? json_null()
		: json_text(rows[count - 1].household));
	json_put(v, "items", list);
	json_put(v, "as_of", json_time(req->now));
	req->rows = (int64_t)json_array_size(list);
	api_reply(req, 200, v);
}

void
v1_household_record(struct api_request *req)
{
	static const char *const members[] = {"action", "household", "role", NULL};
	struct household_change change = {.actor = req->actor.subject};
	struct customer c;
	struct stw_err err = {0};
	enum stw_code rc;

	if (!v1_customer_load(req, &c) || !api_body_only(req, members) ||
	    !api_body_text(req, "action", 20, true, &change.action) ||
	    !api_body_text(req, "household", 64, true, &change.household) ||
	    !api_body_text(req, "role", 20, false, &change.role))
		return;
	rc =
	    household_record(req->db, c.bucket, c.customer_id, &change, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_households(req, &c, 201);
}
