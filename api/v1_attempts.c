/* Dial attempts: searched, and one of them. */
#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "api/app.h"
#include "api/attempt_json.h"
#include "api/page.h"
#include "api/resources.h"
#include "campaigns/attempt_store.h"
#include "engine/phone.h"
#include "segments/customer_store.h"
#include "segments/key_store.h"

/* ---- what is asked ------------------------------------------------------------------- */
struct asked {
	struct attempt_filter filter;
	const char *customer;
	unsigned char index[SEAL_INDEX_BYTES], before[SEAL_INDEX_BYTES];
};

static bool
find_customer(struct api_request *req, struct asked *a)
{
	struct customer c = {0};
	struct stw_err err = {0};
	enum stw_code rc;

	if (a->customer == NULL)
		return true;
	rc = customer_find(req->db, str_of(a->customer), app_today(req->app, req->now),
	    &req->arena, &c, &err);
	a->filter.bucket = c.bucket;
	a->filter.customer_id = c.customer_id;
	if (rc == STW_OK)
		return true;
	api_fail(req, rc, &err);
	return false;
}

/* The number is in the body, never in a URL; what is bound to a cursor is its hash. */
static bool
find_phone(struct api_request *req, const char *text, struct asked *a)
{
	struct index_key key = {0};
	struct stw_err err = {0};
	struct phone phone;
	enum stw_code rc;

	if (text == NULL)
		return true;
	rc = phone_parse(str_of(text), "CN", &phone, &err);
	if (rc == STW_OK && !phone.possible)
		rc = stw_fail(&err, STW_INVALID, "this is no phone number");
	if (rc != STW_OK) {
		api_problem(
		    req, 400, "INVALID_REQUEST", "/phone", "phone: %s", err.text);
		return false;
	}
	rc = db_begin(req->db, &err);
	if (rc == STW_OK)
		rc = index_key_hold(req->db, req->app->keys, &key, &err);
	db_rollback(req->db);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return false;
	}
	seal_index(req->app->keys, key.now, str_of(phone.e164), a->index);
	a->filter.index = a->index;
	if (key.before != 0) {
		seal_index(req->app->keys, key.before, str_of(phone.e164), a->before);
		a->filter.index_before = a->before;
	}
	return true;
}

static const char *
part(const char *text)
{
	return text != NULL ? text : "";
}

static const char *
scope_of(struct api_request *req, const struct asked *a)
{
	const struct attempt_filter *f = &a->filter;
	char hex[2 * SEAL_INDEX_BYTES + 1] = "";

	if (f->index != NULL)
		(void)sodium_bin2hex(hex, sizeof hex, f->index, SEAL_INDEX_BYTES);
	return arena_printf(&req->arena,
	    "attempts\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%" PRId64 "\n%" PRId64,
	    part(a->customer), hex, part(f->agent), part(f->campaign), part(f->number),
	    part(f->code), part(f->outcome), part(f->disposition), f->from, f->to);
}

static void
answer(struct api_request *req, struct asked *a)
{
	struct attempt *rows;
	struct stw_err err = {0};
	struct page page;
	json_t *items;
	const char *next = NULL;
	char id[UUID_TEXT];
	enum stw_code rc;
	int count, last;

	a->filter.after_at = STW_USEC_MAX;
	if (!page_begin_uuid(
		req, scope_of(req, a), &page, &a->filter.after_at, &a->filter.after_id))
		return;
	rc = attempt_list(
	    req->db, &a->filter, page.limit + 1, &req->arena, &rows, &count, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	items = json_array();
	for (int i = 0; i < page_rows(&page, count); i++)
		json_push(items, attempt_json(&rows[i]));
	last = page_last(&page, count);
	if (last >= 0)
		next = page_place(
		    req, rows[last].asked_at, uuid_format(&rows[last].id, id));
	page_reply(req, &page, items, next);
}

void
v1_attempt_list(struct api_request *req)
{
	struct asked a = {.customer = api_query(req, "customer"),
	    .filter = {.agent = api_query(req, "agent"),
		.campaign = api_query(req, "campaign"),
		.number = api_query(req, "number"),
		.code = api_query(req, "code"),
		.outcome = api_query(req, "outcome"),
		.disposition = api_query(req, "disposition")}};

	if (api_query_time(req, "from", STW_USEC_NEVER, &a.filter.from) &&
	    api_query_time(req, "to", STW_USEC_MAX, &a.filter.to) &&
	    find_customer(req, &a))
		answer(req, &a);
}

void
v1_attempt_search(struct api_request *req)
{
	static const char *const members[] = {"customer", "phone", "agent", "campaign",
	    "number", "code", "outcome", "disposition", "from", "to", NULL};
	struct asked a = {0};
	const char *phone;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "customer", 64, false, &a.customer) ||
	    !api_body_text(req, "phone", 40, false, &phone) ||
	    !api_body_text(req, "agent", 60, false, &a.filter.agent) ||
	    !api_body_text(req, "campaign", 63, false, &a.filter.campaign) ||
	    !api_body_text(req, "number", 32, false, &a.filter.number) ||
	    !api_body_text(req, "code", 60, false, &a.filter.code) ||
	    !api_body_text(req, "outcome", 10, false, &a.filter.outcome) ||
	    !api_body_text(req, "disposition", 20, false, &a.filter.disposition) ||
	    !api_body_time(req, "from", STW_USEC_NEVER, &a.filter.from) ||
	    !api_body_time(req, "to", STW_USEC_MAX, &a.filter.to))
		return;
	if (phone != NULL && a.customer != NULL) {
		api_problem(req, 400, "INVALID_REQUEST", "/phone",
		    "phone: a number or a customer, not both");
		return;
	}
	if (find_customer(req, &a) && find_phone(req, phone, &a))
		answer(req, &a);
}

void
v1_attempt(struct api_request *req)
{
	struct attempt a;
	struct stw_err err = {0};
	struct uuid id;
	json_t *v;
	enum stw_code rc;

	if (!api_path_uuid(req, 0, &id))
		return;
	rc = attempt_get(req->db, &id, &req->arena, &a, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = attempt_json(&a);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}
