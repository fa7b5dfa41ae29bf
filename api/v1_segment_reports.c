/* Uploaded lists, and reports over the members of segments. */
#include <inttypes.h>
#include <string.h>

#include "api/page.h"
#include "api/resources.h"
#include "api/server.h"
#include "segments/segment_list_store.h"
#include "segments/segment_report_store.h"
#include "segments/suggest.h"

#define DAYS_DEFAULT 30
#define DAYS_MAX     3660

/* ---- lists -------------------------------------------------------------------------- */
/* False after answering. */
static bool
read_refs(struct api_request *req, struct segment_list *list)
{
	json_t *items = json_object_get(req->json, "customers"), *item;
	struct str *refs;
	size_t i;

	if (!json_is_array(items)) {
		api_problem(req, 400, "INVALID_REQUEST", "/customers",
		    "customers: an array of references is wanted");
		return false;
	}
	refs = arena_array(&req->arena, json_array_size(items) + 1, sizeof *refs);
	json_array_foreach(items, i, item)
	{
		size_t len = json_string_length(item);

		if (!json_is_string(item) || len == 0 || len > 64 ||
		    memchr(json_string_value(item), '\0', len) != NULL) {
			api_problem(req, 400, "INVALID_REQUEST",
			    arena_printf(&req->arena, "/customers/%zu", i),
			    "a customer's reference has 1 to 64 bytes");
			return false;
		}
		refs[i] = (struct str){json_string_value(item), len};
	}
	list->refs = refs;
	list->count = json_array_size(items);
	return true;
}

static bool
read_names(struct api_request *req, struct segment_list *list)
{
	json_t *name = json_object_get(req->json, "name");

	list->name_zh = json_string_value(json_object_get(name, "zh"));
	list->name_en = json_string_value(json_object_get(name, "en"));
	if (list->name_zh != NULL && list->name_en != NULL &&
	    list->name_zh[0] != '\0' && list->name_en[0] != '\0' &&
	    strlen(list->name_zh) <= 200 && strlen(list->name_en) <= 200)
		return true;
	api_problem(req, 400, "INVALID_REQUEST", "/name",
	    "name: {\"zh\": ..., \"en\": ...} is wanted, each of 1 to 200 bytes");
	return false;
}

static bool
read_mode(struct api_request *req, struct segment_list *list)
{
	const char *mode = NULL;

	if (!api_body_text(req, "mode", 20, false, &mode))
		return false;
	if (mode == NULL || segment_list_mode_parse(mode, &list->mode))
		return true;
	api_problem(
	    req, 400, "INVALID_REQUEST", "/mode", "mode is replace, add or remove");
	return false;
}

/* The "line" of a reference is its place in the array, from 1. */
static void
refuse_list(struct api_request *req, const struct stw_err *err)
{
	api_problem(req, 400, "INVALID_REQUEST",
	    err->line > 0 ? arena_printf(&req->arena, "/customers/%d", err->line - 1)
			  : "/customers",
	    "%s", err->text);
}

void
v1_segment_upload(struct api_request *req)
{
	static const char *const members[] = {
	    "name", "mode", "customers", "skip_unknown", "allow_empty", NULL};
	struct segment_list list = {.code = req->match.params[0]};
	struct segment_list_result result;
	struct stw_err err = {0};
	enum stw_code rc;
	json_t *v;

	if (!api_body_only(req, members) || !read_names(req, &list) ||
	    !read_mode(req, &list) || !read_refs(req, &list) ||
	    !api_body_bool(req, "skip_unknown", false, &list.skip_unknown) ||
	    !api_body_bool(req, "allow_empty", false, &list.allow_empty))
		return;
	if (!code_valid(str_of(list.code))) {
		api_problem(req, 400, "INVALID_REQUEST", NULL,
		    "a code begins with a small letter; letters, digits and _ follow");
		return;
	}
	rc = segment_list_put(
	    req->db, &list, req->actor.subject, req->now, &result, &err);
	if (rc == STW_INVALID) {
		refuse_list(req, &err);
		return;
	}
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	json_put(v, "code", json_text(list.code));
	json_put(v, "version", json_integer(result.version));
	json_put(v, "entries", json_integer(result.entries));
	json_put(v, "added", json_integer(result.added));
	json_put(v, "removed", json_integer(result.removed));
	json_put(v, "unknown", json_integer(result.unknown));
	api_reply(req, 201, v);
}

/* ---- reports ------------------------------------------------------------------------ */
void
v1_segment_overlap(struct api_request *req)
{
	struct segment_overlap o;
	struct stw_err err = {0};
	json_t *v, *codes, *rows;
	enum stw_code rc = segment_overlap(req->db, &req->arena, &o, &err);

	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	codes = json_array();
	rows = json_array();
	for (int i = 0; i < o.count; i++) {
		json_t *row = json_array();

		json_push(codes, json_text(o.segments[i].def.code));
		for (int j = 0; j < o.count; j++)
			json_push(row, json_integer(o.customers[i * o.count + j]));
		json_push(rows, row);
	}
	v = json_object();
	json_put(v, "codes", codes);
	json_put(v, "customers", rows);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_segment_days(struct api_request *req)
{
	struct segment_day *items;
	struct stw_err err = {0};
	json_t *v, *list;
	enum stw_code rc;
	int64_t days;
	int n;

	if (!api_query_i64(req, "days", DAYS_DEFAULT, &days))
		return;
	if (days < 1 || days > DAYS_MAX) {
		api_problem(req, 400, "INVALID_REQUEST", NULL,
		    "days: 1 to %d is wanted", DAYS_MAX);
		return;
	}
	rc = segment_days(
	    req->db, req->match.params[0], (int)days, &req->arena, &items, &n, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	list = json_array();
	for (int i = 0; i < n; i++) {
		json_t *one = json_object();

		json_put(one, "day", json_day_or_null(items[i].day));
		json_put(one, "version", json_integer(items[i].version));
		json_put(one, "as_of", json_time(items[i].as_of));
		json_put(one, "matched", json_integer(items[i].matched));
		json_put(one, "undecided", json_integer(items[i].undecided));
		json_put(one, "entered", json_integer(items[i].entered));
		json_put(one, "left", json_integer(items[i].left));
		json_push(list, one);
	}
	v = json_object();
	json_put(v, "items", list);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

/* The last move of the page before. False: the cursor is none of ours. */
static bool
place_read(const char *place, struct segment_move *out)
{
	int64_t bucket, entered;

	if (!cursor_number(&place, &out->at) || !cursor_number(&place, &bucket) ||
	    !cursor_number(&place, &out->customer_id) ||
	    !cursor_number(&place, &entered))
		return false;
	out->bucket = (int)bucket;
	out->entered = entered != 0;
	return true;
}

static const char *
place_write(struct api_request *req, const struct segment_move *last)
{
	return arena_printf(&req->arena, "%" PRId64 " %d %" PRId64 " %d", last->at,
	    last->bucket, last->customer_id, last->entered);
}

static json_t *
moves_json(const struct segment_move *moves, int n)
{
	json_t *items = json_array();

	for (int i = 0; i < n; i++) {
		json_t *one = json_object();

		json_put(one, "at", json_time(moves[i].at));
		json_put(one, "customer", json_text(moves[i].ref));
		json_put(one, "what", json_text(moves[i].entered ? "entered" : "left"));
		json_push(items, one);
	}
	return items;
}

void
v1_segment_moves(struct api_request *req)
{
	struct segment_move_filter filter = {.code = req->match.params[0]};
	const char *scope;
	struct segment_move *moves, after;
	struct stw_err err = {0};
	struct page page;
	enum stw_code rc;
	int last, n = 0;

	if (!api_query_time(req, "from", STW_USEC_NEVER, &filter.from) ||
	    !api_query_time(req, "before", STW_USEC_MAX, &filter.before))
		return;
	scope = arena_printf(&req->arena, "moves\n%s\n%" PRId64 "\n%" PRId64,
	    filter.code, filter.from, filter.before);
	if (!page_begin(req, scope, &page))
		return;
	if (page.place != NULL) {
		if (!place_read(page.place, &after)) {
			page_refuse(req);
			return;
		}
		filter.after = &after;
	}
	filter.limit = page.limit + 1;
	rc = segment_moves_list(req->db, &filter, &req->arena, &moves, &n, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	last = page_last(&page, n);
	page_reply(req, &page, moves_json(moves, page_rows(&page, n)),
	    last < 0 ? NULL : place_write(req, &moves[last]));
}
