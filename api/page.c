#include "api/page.h"

#include <inttypes.h>

bool
page_begin(struct api_request *req, const char *scope, struct page *out)
{
	const char *cursor = api_query(req, "cursor");
	struct stw_err err = {0};
	enum stw_code rc;

	*out = (struct page){.scope = scope};
	if (!api_limit(req, &out->limit))
		return false;
	if (cursor == NULL)
		return true;
	rc = cursor_read(
	    &req->server->auth, scope, cursor, &req->arena, &out->place, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	return rc == STW_OK;
}

void
page_refuse(struct api_request *req)
{
	struct stw_err err;

	api_fail(
	    req, stw_fail(&err, STW_INVALID, "cursor: not one of this list"), &err);
}

bool
page_begin_at(struct api_request *req, const char *scope, struct page *out,
    int64_t *number, const char **word)
{
	const char *rest;

	*word = NULL;
	if (!page_begin(req, scope, out))
		return false;
	if (out->place == NULL)
		return true;
	rest = out->place;
	if (!cursor_number(&rest, number)) {
		page_refuse(req);
		return false;
	}
	*word = rest;
	return true;
}

bool
page_begin_uuid(struct api_request *req, const char *scope, struct page *out,
    int64_t *number, struct uuid *id)
{
	const char *word;

	if (!page_begin_at(req, scope, out, number, &word))
		return false;
	if (word == NULL || uuid_parse(str_of(word), id) == STW_OK)
		return true;
	page_refuse(req);
	return false;
}

const char *
page_place(struct api_request *req, int64_t number, const char *word)
{
	return arena_printf(&req->arena, "%" PRId64 " %s", number, word);
}

int
page_rows(const struct page *page, int count)
{
	return count < page->limit ? count : page->limit;
}

int
page_last(const struct page *page, int count)
{
	return count > page->limit ? page->limit - 1 : -1;
}

json_t *
page_next(struct api_request *req, const struct page *page, const char *next)
{
	return next == NULL ? json_null()
			    : json_text(cursor_write(
				  &req->server->auth, page->scope, next, &req->arena));
}

json_t *
page_json(
    struct api_request *req, const struct page *page, json_t *items, const char *next)
{
	json_t *v = json_object();

	json_put(v, "items", items);
	json_put(v, "next_cursor", page_next(req, page, next));
	json_put(v, "as_of", json_time(req->now));
	return v;
}

void
page_reply(
    struct api_request *req, const struct page *page, json_t *items, const char *next)
{
	api_reply(req, 200, page_json(req, page, items, next));
}
