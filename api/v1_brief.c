/* The brief: what whoever is about to call has to know. */
#include <string.h>

#include "api/brief_json.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/brief_store.h"
#include "campaigns/task_store.h"
#include "segments/customer_store.h"

/* ---- who may see it ----------------------------------------------------------------------- */
/* Who has the task in hand, or has it reserved and has to decide. */
static bool
is_holder(
    const struct api_request *req, const struct task_view *t, const struct brief *b)
{
	const char *who = req->actor.subject;

	if (t->agent != NULL && strcmp(t->agent, who) == 0 &&
	    (t->state == TASK_ACCEPTED || t->state == TASK_IN_PROGRESS))
		return true;
	return t->state == TASK_QUEUED && b->reserved_by != NULL &&
	       strcmp(b->reserved_by, who) == 0 && b->reserved_until > req->now;
}

/* ---- JSON ------------------------------------------------------------------------------------ */
static json_t *
reason_json(const struct task_view *t, const struct brief *b)
{
	json_t *v = json_object(), *campaign = json_object(), *trigger = json_null();

	json_put(campaign, "code", json_text(t->campaign));
	json_put(campaign, "version", json_integer(t->campaign_version));
	json_put(
	    campaign, "name", json_names(t->campaign_name_zh, t->campaign_name_en));
	json_put(campaign, "description", json_text(b->description));
	if (b->trigger_on != NULL) {
		trigger = json_object();
		json_put(trigger, "on", json_text(b->trigger_on));
		json_put(trigger, "what", json_text(b->trigger_what));
	}
	json_put(v, "campaign", campaign);
	json_put(v, "purpose", json_text(t->purpose));
	json_put(v, "trigger", trigger);
	json_put(v, "occurrence", json_text(b->occurrence));
	json_put(v, "stage", json_text(t->stage));
	json_put(v, "selected_at", json_time(b->selected_at));
	json_put(v, "decision_id", json_text(t->decision_id));
	json_put(v, "callback_at", json_time(t->callback_at));
	return v;
}

/* What is needed for the conversation, and no more of the book. */
static json_t *
facts_json(const struct task_view *t, const struct customer *c)
{
	json_t *v = json_object(), *risk = json_object();

	json_put(risk, "rating", json_positive(c->risk_rating));
	json_put(risk, "assessed_on", json_day_or_null(c->risk_assessed_on));
	json_put(risk, "valid", json_boolean(c->risk_valid));
	json_put(v, "ref", json_text(c->ref));
	json_put(v, "name_mask", json_text(c->name_mask));
	json_put(v, "phone_mask", json_text(t->phone_mask));
	json_put(v, "gender", json_text(c->gender));
	json_put(v, "elderly", json_boolean(t->elderly));
	json_put(v, "lang", json_text(c->lang));
	json_put(v, "tier", json_text(c->tier));
	json_put(v, "manager", json_text(c->manager));
	json_put(v, "stage", json_text(c->stage));
	json_put(v, "stage_since", json_time(c->stage_since));
	json_put(v, "risk", risk);
	json_put(v, "holdings", v1_holdings_json(c));
	return v;
}

static json_t *
script_json(const struct brief_script *s)
{
	json_t *v = json_object(), *hits = json_array();

	for (int i = 0; i < s->nhits; i++) {
		json_t *one = json_object();

		json_put(one, "rule", json_text(s->hits[i].rule));
		json_put(one, "term", json_text(s->hits[i].term));
		json_put(one, "line", json_integer(s->hits[i].line));
		json_put(one, "column", json_integer(s->hits[i].column));
		json_push(hits, one);
	}
	json_put(v, "code", json_text(s->code));
	json_put(v, "version", json_integer(s->version));
	json_put(v, "lang", json_text(s->lang));
	json_put(v, "approved", json_boolean(s->approved));
	json_put(v, "text", json_text(s->text));
	json_put(v, "banned", hits);
	return v;
}

static json_t *
talk_json(const struct brief *b)
{
	json_t *v = json_object();

	brief_put_answer(v, &b->talk);
	json_put(v, "must_not_say",
	    brief_conduct_json(b->conduct, b->nconduct, CONDUCT_BANNED));
	json_put(v, "must_say",
	    brief_conduct_json(b->conduct, b->nconduct, CONDUCT_REQUIRED));
	json_put(v, "must_disclose",
	    brief_conduct_json(b->conduct, b->nconduct, CONDUCT_DISCLOSURE));
	return v;
}

static enum stw_code
brief_json(struct api_request *req, const struct task_view *t, const struct brief *b,
    const struct customer *c, json_t **out, struct stw_err *err)
{
	json_t *record, *translations = json_array(), *v = json_object();
	enum stw_code rc = brief_record_json(req, c, &record, err);

	if (rc != STW_OK) {
		json_decref(translations);
		json_decref(v);
		return rc;
	}
	for (int i = 0; i < b->ntranslations; i++)
		json_push(translations, script_json(&b->translations[i]));
	json_put(v, "task_id", json_uuid(&t->task_id));
	json_put(v, "state", json_text(task_state_name(t->state)));
	json_put(v, "channel", json_text(t->channel));
	json_put(v, "number", json_text(t->number));
	json_put(v, "not_after", json_time(t->not_after));
	json_put(v, "fence", json_integer(t->fence));
	json_put(v, "reason", reason_json(t, b));
	json_put(v, "customer", facts_json(t, c));
	json_put(v, "record", record);
	json_put(v, "talk", talk_json(b));
	json_put(v, "products", brief_products_json(b->products, b->nproducts));
	json_put(v, "script", script_json(&b->script));
	json_put(v, "translations", translations);
	json_put(v, "as_of", json_time(req->now));
	*out = v;
	return STW_OK;
}

void
v1_task_brief(struct api_request *req)
{
	stw_day today = app_today(req->app, req->now);
	const struct ruleset *rules;
	struct task_view task;
	struct customer c;
	struct brief brief;
	struct stw_err err = {0};
	json_t *v = NULL;
	enum stw_code rc;

	if (!v1_task_load(req, &task))
		return;
	rc = server_rules_or_none(req->server, req->db, &rules, &err);
	if (rc == STW_OK)
		rc = brief_load(req->db, rules, &task.task_id, req->now, today,
		    &req->arena, &brief, &err);
	if (rc == STW_OK && req->actor.role == ROLE_AGENT &&
	    !is_holder(req, &task, &brief))
		rc = stw_fail(&err, STW_DENIED,
		    "the brief is for whoever has the task in hand: reserve or accept "
		    "it first");
	if (rc == STW_OK)
		rc = customer_find_id(req->db, task.bucket, task.customer_id, today,
		    &req->arena, &c, &err);
	if (rc == STW_OK && c.erased_at != STW_USEC_NEVER) {
		api_problem(req, 410, "ERASED", NULL,
		    "this customer's personal data was erased");
		return;
	}
	if (rc == STW_OK)
		rc = brief_json(req, &task, &brief, &c, &v, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, v);
}
