#include "api/brief_json.h"

#include <string.h>

#include "api/resources.h"
#include "campaigns/complaint_store.h"
#include "campaigns/objection_store.h"

#define OUTCOMES_SHOWN   5
#define COMPLAINTS_SHOWN 5

json_t *
brief_reasons_json(const char *const *codes, int count)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		json_put(one, "code", json_text(codes[i]));
		json_put(one, "text", v1_reason_text(codes[i]));
		json_push(list, one);
	}
	return list;
}

void
brief_put_answer(json_t *to, const struct conduct_answer *a)
{
	json_put(to, "allowed", json_boolean(a->allowed));
	json_put(to, "reasons", brief_reasons_json(a->against, a->nagainst));
	json_put(to, "needs", brief_reasons_json(a->needed, a->nneeded));
}

json_t *
brief_products_json(const struct offer_product *products, int count)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++) {
		const struct offer_product *p = &products[i];
		json_t *one = json_object();

		json_put(one, "code", json_text(p->code));
		json_put(one, "name", json_names(p->name_zh, p->name_en));
		json_put(one, "class", json_text(p->product_class));
		json_put(one, "risk", json_positive(p->risk));
		brief_put_answer(one, &p->answer);
		json_push(list, one);
	}
	return list;
}

json_t *
brief_conduct_json(const struct conduct_rule *rules, int count, enum conduct_kind kind)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++) {
		const struct conduct_rule *r = &rules[i];
		json_t *one;

		if (r->kind != kind)
			continue;
		one = json_object();
		json_put(one, "rule", json_text(r->rule->id));
		json_put(one, "text", json_names(r->rule->text_zh, r->rule->text_en));
		json_put(one, "words", json_texts(r->items, (size_t)r->count));
		json_push(list, one);
	}
	return list;
}

json_t *
brief_outcomes_json(const struct offer_outcome *outcomes, int count)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++) {
		const struct offer_outcome *o = &outcomes[i];
		json_t *one = json_object(), *campaign = json_object();
		json_t *disposition = json_object();

		json_put(campaign, "code", json_text(o->campaign));
		json_put(campaign, "name", json_names(o->campaign_zh, o->campaign_en));
		json_put(disposition, "code", json_text(o->disposition));
		json_put(disposition, "name",
		    json_names(o->disposition_zh, o->disposition_en));
		json_put(one, "at", json_time(o->at));
		json_put(one, "campaign", campaign);
		json_put(one, "channel", json_text(o->channel));
		json_put(one, "purpose", json_text(o->purpose));
		json_put(one, "disposition", disposition);
		json_put(one, "reached", json_boolean(o->reached));
		json_put(one, "agent", json_text(o->agent));
		json_put(one, "callback_at", json_time(o->callback_at));
		json_push(list, one);
	}
	return list;
}

/* ---- on record ---------------------------------------------------------------------------- */
static enum stw_code
complaints_json(
    struct api_request *req, const struct customer *c, json_t *to, struct stw_err *err)
{
	const struct complaint_filter filter = {.customer_ref = c->ref,
	    .due_before = STW_USEC_MAX,
	    .after_received = STW_USEC_MAX};
	struct complaint_row *rows;
	json_t *list;
	int count;
	enum stw_code rc = complaint_list(
	    req->db, &filter, COMPLAINTS_SHOWN, &req->arena, &rows, &count, err);

	if (rc != STW_OK)
		return rc;
	list = json_array();
	for (int i = 0; i < count; i++) {
		json_t *one = json_object();

		json_put(one, "received_at", json_time(rows[i].received_at));
		json_put(one, "source", json_text(rows[i].source));
		json_put(one, "state", json_text(rows[i].state));
		json_put(one, "due_at", json_time(rows[i].due_at));
		json_put(one, "finding", json_text(rows[i].finding));
		json_push(list, one);
	}
	json_put(to, "complaints", list);
	return STW_OK;
}

/* Same purpose, channel and class: the newer event speaks. */
static bool
spoken_for(const struct consent_event *events, int i)
{
	for (int k = 0; k < i; k++)
		if ((events[k].subject == NULL) == (events[i].subject == NULL) &&
		    strcmp(events[k].purpose, events[i].purpose) == 0 &&
		    strcmp(events[k].channel, events[i].channel) == 0 &&
		    strcmp(events[k].product_class, events[i].product_class) == 0)
			return true;
	return false;
}

static enum stw_code
consents_json(
    struct api_request *req, const struct customer *c, json_t *to, struct stw_err *err)
{
	struct consent_event *events;
	json_t *list;
	int count;
	enum stw_code rc = consent_history(
	    req->db, c->bucket, c->customer_id, &req->arena, &events, &count, err);

	if (rc != STW_OK)
		return rc;
	list = json_array();
	for (int i = 0; i < count && json_array_size(list) < PAGE_DEFAULT; i++) {
		json_t *one;

		if (spoken_for(events, i))
			continue;
		one = json_object();
		json_put(one, "action", json_text(events[i].action));
		json_put(one, "purpose", json_text(events[i].purpose));
		json_put(one, "channel", json_text(events[i].channel));
		json_put(one, "product_class", json_text(events[i].product_class));
		json_put(one, "effective_at", json_time(events[i].effective_at));
		json_put(one, "expires_at", json_time(events[i].expires_at));
		json_push(list, one);
	}
	json_put(to, "consents", list);
	return STW_OK;
}

static enum stw_code
objections_json(
    struct api_request *req, const struct customer *c, json_t *to, struct stw_err *err)
{
	struct objection_row *rows;
	json_t *list;
	int count;
	enum stw_code rc = objection_list(
	    req->db, c->bucket, c->customer_id, &req->arena, &rows, &count, err);

	if (rc != STW_OK)
		return rc;
	list = json_array();
	for (int i = 0; i < count; i++) {
		json_t *one;

		if (rows[i].lifted_at != STW_USEC_MAX)
			continue;
		one = json_object();
		json_put(one, "kind", json_text(rows[i].kind));
		json_put(one, "channel", json_text(rows[i].channel));
		json_put(one, "scope", json_text(rows[i].scope));
		json_put(one, "own", json_boolean(rows[i].own));
		json_put(one, "effective_at", json_time(rows[i].effective_at));
		json_push(list, one);
	}
	json_put(to, "objections", list);
	return STW_OK;
}

enum stw_code
brief_record_json(struct api_request *req, const struct customer *c, json_t **out,
    struct stw_err *err)
{
	json_t *v = json_object();
	struct offer_outcome *outcomes;
	int count;
	enum stw_code rc = customer_outcomes(req->db, c->bucket, c->customer_id,
	    OUTCOMES_SHOWN, &req->arena, &outcomes, &count, err);

	if (rc == STW_OK) {
		json_put(v, "outcomes", brief_outcomes_json(outcomes, count));
		rc = complaints_json(req, c, v, err);
	}
	if (rc == STW_OK)
		rc = consents_json(req, c, v, err);
	if (rc == STW_OK)
		rc = objections_json(req, c, v, err);
	if (rc == STW_OK)
		*out = v;
	else
		json_decref(v);
	return rc;
}
