/*
 * kind_number.c - kinds about the caller number: number_licence, number_health.
 */
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

static bool
list_has(const char *const *items, int count, const char *s)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(items[i], s) == 0)
			return true;
	}
	return false;
}

static bool
same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

static void
answer_registered(const struct gate_rule *rule, struct gate_case *c,
    const struct gate_number *n, struct gate_answer *out)
{
	if (n->present && n->has_licence)
		return;
	answer_deny(out, rule, NULL, STW_USEC_MAX);
	answer_note(
	    c, out, "%s", n->present ? "no licence on file" : "no caller number");
}

/* Without a number only NUMBER_REGISTERED speaks: one cause, one reason. */
void
eval_number_licence(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	const struct gate_facts *f = c->facts;
	const struct gate_number *n = &f->number;
	bool ok = true;

	if (!n->present && p->check != NUMBER_REGISTERED)
		return;
	switch ((enum number_check)p->check) {
	case NUMBER_REGISTERED:
		answer_registered(rule, c, n, out);
		break;
	case NUMBER_OWNER:
		ok = same(n->holder, f->caller_org) && same(n->user_org, f->caller_org);
		break;
	case NUMBER_PURPOSE:
		ok = list_has(n->purposes, n->npurposes, c->purpose);
		break;
	case NUMBER_CHANNEL:
		ok = list_has(n->channels, n->nchannels, f->channel);
		break;
	case NUMBER_DIRECTION:
		ok = same(n->direction, "out") || same(n->direction, "both");
		break;
	case NUMBER_REGION:
		ok = n->nregions == 0 ||
		     (f->party.province != NULL &&
			 list_has(n->regions, n->nregions, f->party.province));
		break;
	case NUMBER_VALIDITY:
		if (!n->has_licence)
			return;
		if (at < n->licence_from) {
			answer_deny(
			    out, rule, "NUMBER_LICENSE_NOT_YET_VALID", n->licence_from);
		} else if (at >= n->licence_to) {
			answer_deny(out, rule, "NUMBER_LICENSE_EXPIRED", STW_USEC_MAX);
		} else {
			out->allowed_until = n->licence_to;
		}
		return;
	case NUMBER_STATUS:
		ok = same(n->status, "active");
		if (!ok)
			answer_note(c, out, "status %s", n->status);
		break;
	case NUMBER_KIND:
		ok = n->kind != NULL && (!gate_strings_has(&p->kinds, n->kind) ||
					    (p->unless_approval && n->has_approval));
		if (!ok)
			answer_note(
			    c, out, "kind %s", n->kind != NULL ? n->kind : "unknown");
		break;
	case NUMBER_LEASE:
		ok = n->lessee == NULL && !n->sublet;
		break;
	case NUMBER_UNDERTAKING:
		ok = n->has_undertaking;
		break;
	case NUMBER_IDENTITY:
		ok = n->identity == GATE_STATE_OK;
		break;
	case NUMBER_SHOWN:
		ok = !n->withheld;
		break;
	}
	if (!ok)
		answer_deny(out, rule, NULL, STW_USEC_MAX);
}

/* ---- number_health ---------------------------------------------------------------------- */
/* Counters are those of now: they start anew with the next local day or hour. A number
 * without a cap of its own has the rule's. */
static void
answer_cap(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	const struct gate_number *n = &c->facts->number;
	bool daily = p->check == HEALTH_DAILY_CAP;
	struct gate_optional_int cap = daily ? n->daily_cap : n->hourly_cap;
	int64_t used = daily ? n->used_today : n->used_hour;
	struct zone_local then, now;
	stw_usec next;

	if (!cap.known && p->limit > 0)
		cap = (struct gate_optional_int){true, p->limit};
	if (!cap.known)
		return;
	then = zone_local(p->zone, at);
	now = zone_local(p->zone, c->now);
	if (then.day != now.day || (!daily && then.minute / 60 != now.minute / 60))
		return;
	if (used >= cap.value) {
		next = daily ? zone_instant(p->zone, then.day + 1, 0)
			     : zone_instant(p->zone, then.day,
				   (then.minute / 60 + 1) * STW_USEC_HOUR);
		answer_deny(out, rule, NULL, next);
	}
	answer_note(c, out, "used %lld of %lld", (long long)used, (long long)cap.value);
}

/* A look at the label or a test of the route that is older than the rule's days says
 * nothing any more; one of the future says nothing yet. */
static bool
look_is_fresh(const struct gate_params *p, const struct gate_case *c, stw_usec looked,
    stw_usec at, struct gate_answer *out)
{
	stw_usec until;

	if (p->days == 0)
		return true;
	if (looked == STW_USEC_NEVER || looked > c->now)
		return false;
	until = looked + p->days * STW_USEC_DAY;
	if (at < until)
		out->allowed_until = until;
	return at < until;
}

void
eval_number_health(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	const struct gate_number *n = &c->facts->number;
	bool ok = true;

	if (!n->present)
		return;
	switch ((enum health_check)p->check) {
	case HEALTH_DAILY_CAP:
	case HEALTH_HOURLY_CAP:
		answer_cap(rule, c, at, out);
		return;
	case HEALTH_LABEL:
		ok = (n->label == NULL || (!gate_strings_has(&p->labels, n->label) &&
					      strcmp(n->label, "unknown") != 0)) &&
		     look_is_fresh(p, c, n->label_at, at, out);
		break;
	case HEALTH_ATTESTATION:
		ok = n->attestation != NULL &&
		     gate_strings_has(&p->items, n->attestation);
		break;
	case HEALTH_CALLBACK:
		ok = (n->callback == GATE_STATE_OK &&
			 look_is_fresh(p, c, n->callback_ok_at, at, out)) ||
		     (p->allow_untested && n->callback == GATE_STATE_UNKNOWN);
		break;
	}
	if (ok)
		return;
	answer_deny_for_now(out, rule, c, at);
	if (p->check == HEALTH_LABEL)
		answer_note(
		    c, out, "label %s", n->label != NULL ? n->label : "not known");
	else if (p->check == HEALTH_ATTESTATION)
		answer_note(c, out, "attestation %s",
		    n->attestation != NULL ? n->attestation : "none");
}
