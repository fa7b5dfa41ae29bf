/* Who looked at what. */
#include <inttypes.h>

#include "api/cursor.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/access_store.h"

static json_t *
row_json(const struct access_row *r)
{
	json_t *v = json_object();

	json_put(v, "access_id", json_text(r->id));
	json_put(v, "at", json_time(r->at));
	json_put(v, "actor", json_text(r->actor));
	json_put(v, "role", json_text(r->role));
	json_put(v, "what", json_text(r->what));
	json_put(v, "verdict", json_text(r->verdict));
	json_put(v, "detail", json_text(r->detail));
	return v;
}

static enum stw_code
read_place(struct api_request *req, const char *scope, struct access_filter *f,
    struct stw_err *err)
{
	const char *cursor = api_query(req, "cursor"), *place;
	struct uuid id;
	enum stw_code rc;

	f->after_at = STW_USEC_MAX;
	if (cursor == NULL)
		return STW_OK;
	rc = cursor_read(&req->server->auth, scope, cursor, &req->arena, &place, err);
	if (rc != STW_OK)
		return rc;
	if (!cursor_number(&place, &f->after_at) ||
	    uuid_parse(str_of(place), &id) != STW_OK)
		return stw_fail(err, STW_INVALID, "cursor: not one of ours");
	f->after_id = place;
	return STW_OK;
}

void
v1_access_list(struct api_request *req)
{
	struct access_filter f = {
	    .actor = api_query(req, "actor"), .what = api_query(req, "what")};
	struct access_row *rows;
	struct stw_err err = {0};
	const char *scope;
	json_t *v, *items;
	int limit, count;
	enum stw_code rc;

	if (!api_limit(req, &limit) ||
	    !api_query_time(req, "from", STW_USEC_NEVER, &f.from) ||
	    !api_query_time(req, "to", STW_USEC_MAX, &f.to))
		return;
	scope = arena_printf(&req->arena, "access\n%s\n%s\n%" PRId64 "\n%" PRId64,
	    f.actor != NULL ? f.actor : "", f.what != NULL ? f.what : "", f.from, f.to);
	rc = read_place(req, scope, &f, &err);
	if (rc == STW_OK)
		rc = access_list(
		    req->db, &f, limit + 1, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count && i < limit; i++)
		json_push(items, row_json(&rows[i]));
	json_put(v, "items", items);
	json_put(v, "next_cursor",
	    count > limit ? json_text(cursor_write(&req->server->auth, scope,
				arena_printf(&req->arena, "%" PRId64 " %s",
				    rows[limit - 1].at, rows[limit - 1].id),
				&req->arena))
			  : json_null());
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}
