#include "api/trace_json.h"

#include "api/resources.h"
#include "campaigns/compliance/ruleset.h"
#include "campaigns/trace_store.h"

/* The rules that said no, with their text and source as they stand in the packs. */
static json_t *
rules_json(const char *record, const struct ruleset *rules)
{
	/* The record of an erased customer is not there any more. */
	json_t *doc = record == NULL ? NULL : json_loads(record, 0, NULL);
	json_t *list = json_array(), *hit;
	size_t i;

	json_array_foreach(json_object_get(doc, "hits"), i, hit)
	{
		const char *id = json_string_value(json_object_get(hit, "rule"));
		const struct rule_info *info =
		    rules != NULL && id != NULL ? ruleset_find(rules, id) : NULL;
		json_t *v;

		if (json_is_true(json_object_get(hit, "ok")))
			continue;
		v = json_object();
		json_put(v, "rule_id", json_text(id));
		json_put(v, "code",
		    json_text(json_string_value(json_object_get(hit, "code"))));
		json_put(v, "evidence",
		    json_text(json_string_value(json_object_get(hit, "evidence"))));
		json_put(v, "text",
		    info != NULL ? json_names(info->text_zh, info->text_en)
				 : json_null());
		json_put(v, "source", json_text(info != NULL ? info->source : NULL));
		json_push(list, v);
	}
	json_decref(doc);
	return list;
}

static json_t *
decision_json(const struct trace_decision *d, const struct ruleset *rules)
{
	json_t *v = json_object();

	json_put(v, "decision_id", json_text(d->id));
	json_put(v, "gate", json_text(d->gate));
	json_put(v, "decided_at", json_time(d->decided_at));
	json_put(v, "valid_until", json_time(d->valid_until));
	json_put(v, "outcome", json_text(d->outcome));
	json_put(v, "codes", json_texts(d->codes, d->ncodes));
	json_put(v, "rules", rules_json(d->record, rules));
	json_put(v, "ruleset_hash", json_text(d->ruleset_hash));
	json_put(v, "record_hash", json_text(d->record_hash));
	return v;
}

static json_t *
number_json(const struct trace_contact *c)
{
	json_t *v = json_object();

	json_put(v, "number", json_text(c->number));
	json_put(v, "status", json_text(c->number_status));
	json_put(v, "licence_no", json_text(c->licence_no));
	json_put(v, "licence_from", json_time(c->licence_from));
	json_put(v, "licence_to", json_time(c->licence_to));
	return v;
}

static json_t *
script_json(const struct trace_contact *c)
{
	json_t *v = json_object();

	json_put(v, "code", json_text(c->script));
	json_put(v, "version", json_integer(c->script_version));
	json_put(v, "approved_by", json_text(c->script_approved_by));
	json_put(v, "approved_at", json_time(c->script_approved_at));
	return v;
}

static json_t *
outcome_json(const struct trace_contact *c)
{
	json_t *v;

	if (c->disposition == NULL)
		return json_null();
	v = json_object();
	json_put(v, "disposition", json_text(c->disposition));
	json_put(v, "reached", json_boolean(c->reached));
	json_put(v, "started_at", json_time(c->started_at));
	json_put(v, "ended_at", json_time(c->ended_at));
	json_put(v, "recorded_at", json_time(c->outcome_at));
	return v;
}

static json_t *
contact_json(const struct trace_contact *c, const struct ruleset *rules)
{
	json_t *v = json_object(), *decisions = json_array(), *gaps = json_array();

	json_put(v, "kind", json_text(c->kind));
	json_put(v, "at", json_time(c->at));
	json_put(v, "until", json_time(c->until));
	json_put(v, "task_id", json_text(c->task_id));
	json_put(v, "campaign", json_text(c->campaign));
	json_put(v, "campaign_version", json_integer(c->version));
	json_put(v, "step", json_text(c->step));
	json_put(v, "channel", json_text(c->channel));
	json_put(v, "purpose", json_text(c->purpose));
	json_put(v, "product", json_text(c->product));
	json_put(v, "handler", json_text(c->handler));
	json_put(v, "agent", json_text(c->agent));
	json_put(v, "number", number_json(c));
	json_put(v, "script", script_json(c));
	json_put(v, "outcome", outcome_json(c));
	for (int i = 0; i < c->ndecisions; i++)
		json_push(decisions, decision_json(&c->decisions[i], rules));
	json_put(v, "decisions", decisions);
	for (int i = 0; i < TRACE_GAPS; i++)
		if ((c->gaps & 1U << i) != 0)
			json_push(gaps, json_text(trace_gap_name(i)));
	json_put(v, "gaps", gaps);
	return v;
}

static json_t *
consent_json(const struct consent_event *e)
{
	char id[UUID_TEXT];
	json_t *v = json_object();

	json_put(v, "consent_id", json_text(uuid_format(&e->id, id)));
	json_put(v, "action", json_text(e->action));
	json_put(v, "purpose", json_text(e->purpose));
	json_put(v, "channel", json_text(e->channel));
	json_put(v, "product_class", json_text(e->product_class));
	json_put(v, "recipient", json_text(e->recipient));
	json_put(v, "form", json_text(e->form));
	json_put(v, "notice_version", json_text(e->notice_version));
	json_put(v, "evidence", json_text(e->evidence));
	json_put(v, "source", json_text(e->source));
	json_put(v, "actor", json_text(e->actor));
	json_put(v, "effective_at", json_time(e->effective_at));
	json_put(v, "expires_at", json_time(e->expires_at));
	json_put(v, "recorded_at", json_time(e->recorded_at));
	return v;
}

static json_t *
objection_json(const struct trace_objection *o)
{
	json_t *v = json_object();

	json_put(v, "objection_id", json_text(o->id));
	json_put(v, "kind", json_text(o->kind));
	json_put(v, "channel", json_text(o->channel));
	json_put(v, "own", json_boolean(o->own));
	json_put(v, "source", json_text(o->source));
	json_put(v, "actor", json_text(o->actor));
	json_put(v, "effective_at", json_time(o->effective_at));
	json_put(v, "recorded_at", json_time(o->recorded_at));
	json_put(v, "lifted_at", json_time(o->lifted_at));
	return v;
}

static json_t *
party_json(const struct trace_party *p, const struct ruleset *rules)
{
	json_t *v = json_object(), *consents = json_array(), *objections = json_array(),
	       *contacts = json_array();

	json_put(v, "customer_ref", json_text(p->ref));
	json_put(v, "point_id", json_id(p->point_id));
	json_put(v, "phone_mask", json_text(p->phone_mask));
	json_put(v, "point_state", json_text(p->state));
	for (int i = 0; i < p->nconsents; i++)
		json_push(consents, consent_json(&p->consents[i]));
	for (int i = 0; i < p->nobjections; i++)
		json_push(objections, objection_json(&p->objections[i]));
	for (int i = 0; i < p->ncontacts; i++)
		json_push(contacts, contact_json(&p->contacts[i], rules));
	json_put(v, "consents", consents);
	json_put(v, "objections", objections);
	json_put(v, "contacts", contacts);
	return v;
}

json_t *
trace_json(const struct trace *trace, const struct ruleset *rules)
{
	json_t *v = json_object(), *parties = json_array();

	json_put(v, "from", json_time(trace->from));
	json_put(v, "to", json_time(trace->to));
	json_put(v, "contacts", json_integer(trace->ncontacts));
	for (int i = 0; i < trace->nparties; i++)
		json_push(parties, party_json(&trace->parties[i], rules));
	json_put(v, "parties", parties);
	return v;
}
