/* Who looked at what. */
#include <inttypes.h>

#include "api/page.h"
#include "api/resources.h"
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

void
v1_access_list(struct api_request *req)
{
	struct access_filter f = {.actor = api_query(req, "actor"),
	    .what = api_query(req, "what"),
	    .after_at = STW_USEC_MAX};
	struct access_row *rows;
	struct stw_err err = {0};
	const char *scope, *after;
	struct page page;
	json_t *items;
	int count, last;
	enum stw_code rc;

	if (!api_query_time(req, "from", STW_USEC_NEVER, &f.from) ||
	    !api_query_time(req, "to", STW_USEC_MAX, &f.to))
		return;
	scope = arena_printf(&req->arena, "access\n%s\n%s\n%" PRId64 "\n%" PRId64,
	    f.actor != NULL ? f.actor : "", f.what != NULL ? f.what : "", f.from, f.to);
	if (!page_begin_at(req, scope, &page, &f.after_at, &after))
		return;
	f.after_id = after;
	rc = access_list(req->db, &f, page.limit + 1, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, row_json(&rows[i]));
	last = page_last(&page, count);
	page_reply(req, &page, items,
	    last < 0 ? NULL : page_place(req, rows[last].at, rows[last].id));
}
