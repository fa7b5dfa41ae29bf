/* Next best action: what to do with a customer who called. */
#include "api/brief_json.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/next_action_store.h"
#include "segments/book_live_store.h"
#include "segments/book_one_store.h"
#include "segments/customer_store.h"
#include "segments/trait_store.h"

/* ---- the customer as rules see them --------------------------------------------------------- */
/* Out of the kept book where there is one, else read from the database. */
static enum stw_code
book_of(struct api_request *req, const struct customer *c, struct book **out,
    struct stw_err *err)
{
	const struct book_key key = {
	    .bucket = c->bucket, .customer_id = c->customer_id};
	struct book_live *live = req->app->live;
	struct book_view *view = live == NULL ? NULL : book_live_view(live);
	struct book_patch patch;
	enum stw_code rc = STW_OK;

	*out = NULL;
	if (view == NULL)
		return book_load_one(
		    req->db, c->bucket, c->customer_id, req->now, out, err);
	patch = book_view_pick(view, &key, 1);
	book_view_unref(view);
	/* So new that the book does not have the customer yet. */
	if (patch.ngone > 0 || patch.book == NULL || patch.book->customers->rows == 0)
		rc = book_load_one(
		    req->db, c->bucket, c->customer_id, req->now, out, err);
	else
		rc = trait_store_derive(req->db, patch.book, req->now, NULL, err);
	if (rc == STW_OK && *out == NULL) {
		*out = patch.book;
		patch.book = NULL;
	}
	book_patch_fini(&patch);
	return rc;
}

/* ---- JSON ------------------------------------------------------------------------------------ */
static json_t *
action_json(const struct next_action *a)
{
	json_t *v = json_object(), *task = json_null();

	if (a->task_id != NULL) {
		task = json_object();
		json_put(task, "task_id", json_text(a->task_id));
		json_put(task, "state", json_text(a->state));
		json_put(task, "queue", json_text(a->queue));
		json_put(task, "agent", json_text(a->agent));
		json_put(task, "promised_with", json_text(a->with));
		json_put(task, "not_after", json_time(a->until));
	}
	json_put(v, "kind", json_text(next_kind_name(a->kind)));
	json_put(v, "code", json_text(a->code));
	json_put(v, "version", json_positive(a->version));
	json_put(v, "name", json_names(a->name_zh, a->name_en));
	json_put(v, "why", json_text(a->why));
	json_put(v, "purpose", json_text(a->purpose));
	json_put(v, "product", json_text(a->product));
	json_put(v, "at", json_time(a->at));
	json_put(v, "overdue", json_boolean(a->overdue));
	json_put(v, "task", task);
	brief_put_answer(v, &a->answer);
	return v;
}

static json_t *
person_json(const struct customer *c)
{
	json_t *v = json_object();

	json_put(v, "ref", json_text(c->ref));
	json_put(v, "name_mask", json_text(c->name_mask));
	json_put(v, "lang", json_text(c->lang));
	json_put(v, "tier", json_text(c->tier));
	json_put(v, "manager", json_text(c->manager));
	json_put(v, "stage", json_text(c->stage));
	json_put(v, "risk_rating", json_positive(c->risk_rating));
	return v;
}

static void
reply_actions(struct api_request *req, const struct customer *c,
    const struct next_actions *actions, json_t *record)
{
	json_t *v = json_object(), *items = json_array();

	for (int i = 0; i < actions->count; i++)
		json_push(items, action_json(&actions->items[i]));
	json_put(v, "customer", person_json(c));
	json_put(v, "items", items);
	json_put(v, "must_not_say",
	    brief_conduct_json(actions->conduct, actions->nconduct, CONDUCT_BANNED));
	json_put(v, "must_say",
	    brief_conduct_json(actions->conduct, actions->nconduct, CONDUCT_REQUIRED));
	json_put(v, "must_disclose",
	    brief_conduct_json(
		actions->conduct, actions->nconduct, CONDUCT_DISCLOSURE));
	json_put(v, "record", record);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

void
v1_next_actions(struct api_request *req)
{
	struct next_actions actions;
	struct next_request want;
	struct book *book = NULL;
	struct customer c;
	struct stw_err err = {0};
	json_t *record = NULL;
	enum stw_code rc;

	if (!v1_customer_load(req, &c))
		return;
	want = (struct next_request){.bucket = c.bucket,
	    .customer_id = c.customer_id,
	    .ref = c.ref,
	    .now = req->now};
	rc = server_rules_or_none(req->server, req->db, &want.rules, &err);
	if (rc == STW_OK)
		rc = book_of(req, &c, &book, &err);
	want.book = book;
	if (rc == STW_OK)
		rc = next_actions_load(req->db, &want, &req->arena, &actions, &err);
	if (rc == STW_OK)
		rc = brief_record_json(req, &c, &record, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_actions(req, &c, &actions, record);
	book_free(book);
}
