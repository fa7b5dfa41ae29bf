/*
 * kind_permission.c - kinds about the customer's will against contacts and about what
 * stands in for consent: objection_absent, registry_scrub, relationship,
 * reassigned_check.
 *
 * An event counts from the instant it is both true in the world and known to the bank.
 */
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

/* ---- objection_absent ------------------------------------------------------------------ */
/* An objection of a kind that nobody knows is taken as the one that forbids most. */
static bool
is_do_not_call(const struct gate_objection *o)
{
	return strcmp(o->kind, "channel_opt_out") != 0 &&
	       strcmp(o->kind, "carrier_reject") != 0;
}

static bool
objection_bites(enum objection_check check, const struct gate_params *p,
    const struct gate_objection *o, const char *channel)
{
	bool dnc = is_do_not_call(o);
	bool opt_out = strcmp(o->kind, "channel_opt_out") == 0;
	bool here = gate_dim_covers(o->channel, channel);

	switch (check) {
	case OBJECTION_DO_NOT_CALL:
		return o->own && dnc && here;
	case OBJECTION_CHANNEL_SAME:
		return o->own && opt_out && here;
	case OBJECTION_CHANNEL_ANY:
		return o->own && opt_out && gate_strings_has(&p->channels, channel) &&
		       (strcmp(o->channel, "*") == 0 ||
			   gate_strings_has(&p->channels, o->channel));
	case OBJECTION_CARRIER:
		return strcmp(o->kind, "carrier_reject") == 0 && here;
	case OBJECTION_HOUSEHOLD:
		return !o->own && (dnc || opt_out) && here;
	}
	return true;
}

void
eval_objection_absent(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	const struct gate_facts *f = c->facts;

	for (int i = 0; i < f->nobjections; i++) {
		const struct gate_objection *o = &f->objections[i];

		if (o->recorded_at > c->now || at >= o->lifted_at ||
		    (p->same_number && o->point_id != 0 &&
			o->point_id != f->point.point_id) ||
		    !objection_bites((enum objection_check)p->check, p, o, f->channel))
			continue;
		if (o->effective_at > at) {
			if (o->effective_at < out->allowed_until)
				out->allowed_until = o->effective_at;
			continue;
		}
		answer_deny(out, rule, NULL, STW_USEC_MAX);
		answer_note(c, out, "objection %s", o->id);
		return;
	}
}

/* ---- relationship ------------------------------------------------------------------------ */
/* A permission of n months ends at the midnight that starts its anniversary, in the zone
 * where that comes first. */
static void
relation_extend(struct gate_case *c, const struct zone *zone,
    const struct gate_optional_day *since, int64_t months, stw_usec at, stw_usec *end)
{
	stw_usec until;

	if (!since->known || months == 0 ||
	    gate_day_starts_first(c, zone, since->day) > at)
		return;
	until =
	    gate_day_starts_first(c, zone, stw_day_add_months(since->day, (int)months));
	if (until > *end)
		*end = until;
}

/* The customer's own request not to be called ends the relationship as a ground. */
static stw_usec
relation_killed(const struct gate_case *c)
{
	const struct gate_facts *f = c->facts;
	stw_usec killed = f->relationship.terminated_at;

	if (killed == GATE_WHEN_UNKNOWN)
		return STW_USEC_NEVER; /* not known: as if long ago */
	if (killed == STW_USEC_NEVER)
		killed = STW_USEC_MAX;
	for (int i = 0; i < f->nobjections; i++) {
		const struct gate_objection *o = &f->objections[i];

		if (o->own && is_do_not_call(o) && o->recorded_at <= c->now &&
		    o->effective_at < killed)
			killed = o->effective_at;
	}
	return killed;
}

bool
gate_relationship_holds(const struct gate_params *params, struct gate_case *c,
    stw_usec at, stw_usec *until, bool *had)
{
	const struct gate_relationship *r = &c->facts->relationship;
	stw_usec killed = relation_killed(c), end = STW_USEC_NEVER;

	*had = r->last_transaction_on.known || r->last_inquiry_on.known;
	relation_extend(c, params->zone, &r->last_transaction_on,
	    params->transaction_months, at, &end);
	relation_extend(
	    c, params->zone, &r->last_inquiry_on, params->inquiry_months, at, &end);
	*until = end < killed ? end : killed;
	return at < *until;
}

bool
gate_relieved(
    const struct gate_params *params, struct gate_case *c, stw_usec at, stw_usec *until)
{
	const struct gate_facts *f = c->facts;
	stw_usec end = STW_USEC_NEVER, one;
	bool had;

	if ((params->unless & 1u << UNLESS_CONSENT) != 0 &&
	    gate_consent_holds(params, c, at, &one))
		end = one;
	if ((params->unless & 1u << UNLESS_RELATIONSHIP) != 0 &&
	    gate_relationship_holds(params, c, at, &one, &had) && one > end)
		end = one;
	if ((params->unless & 1u << UNLESS_CONTRACT) != 0 && f->relationship.contract &&
	    at < relation_killed(c) && relation_killed(c) > end)
		end = relation_killed(c);
	if ((params->unless & 1u << UNLESS_WARM) != 0 && f->warm_call != NULL)
		end = STW_USEC_MAX;
	*until = end;
	return at < end;
}

/* ---- registers ----------------------------------------------------------------------------- */
/* The newest answer of the register; what several of one instant say against the number
 * counts, whatever their order. False: there is none. */
static bool
registry_find(const struct gate_facts *f, const char *name, struct gate_registry *out)
{
	bool found = false;

	for (int i = 0; i < f->nregistries; i++) {
		const struct gate_registry *r = &f->registries[i];

		if (strcmp(r->name, name) != 0 ||
		    (found && r->obtained_at < out->obtained_at))
			continue;
		if (!found || r->obtained_at > out->obtained_at) {
			*out = *r;
		} else {
			if (r->listed &&
			    (!out->listed || r->listed_at < out->listed_at))
				out->listed_at = r->listed_at;
			out->listed |= r->listed;
			out->service_up &= r->service_up;
		}
		found = true;
	}
	return found;
}

/* Whether the number is listed as of `at`; a listing may bite some days late. *from: when
 * a listing that does not bite yet will. */
static bool
registry_lists(const struct gate_params *p, struct gate_case *c,
    const struct gate_registry *r, stw_usec at, stw_usec *from)
{
	*from = STW_USEC_MAX;
	if (r == NULL || !r->listed)
		return false;
	if (p->grace_days == 0 || r->listed_at == STW_USEC_NEVER ||
	    r->listed_at > c->now)
		return true;
	*from = gate_day_starts_first(
	    c, p->zone, zone_local(p->zone, r->listed_at).day + (stw_day)p->grace_days);
	return at >= *from;
}

/* First instant at which the answer is too old. */
static stw_usec
registry_stale_at(
    const struct gate_params *p, struct gate_case *c, const struct gate_registry *r)
{
	if (r == NULL || r->obtained_at == STW_USEC_NEVER || r->obtained_at > c->now)
		return STW_USEC_NEVER;
	if (p->measure == MEASURE_ELAPSED)
		return r->obtained_at + p->days * STW_USEC_DAY;
	return gate_day_starts_first(
	    c, p->zone, zone_local(p->zone, r->obtained_at).day + (stw_day)p->days + 1);
}

void
eval_registry_scrub(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	struct gate_registry newest;
	const struct gate_registry *r =
	    registry_find(c->facts, p->name, &newest) ? &newest : NULL;
	stw_usec edge;

	if (gate_relieved(p, c, at, &edge)) {
		out->allowed_until = edge;
		answer_note(c, out, "another ground holds");
		return;
	}
	if (p->check == REGISTRY_LISTED) {
		if (registry_lists(p, c, r, at, &edge))
			answer_deny(out, rule, NULL, STW_USEC_MAX);
		else
			out->allowed_until = edge;
	} else {
		edge = registry_stale_at(p, c, r);
		if (at < edge)
			out->allowed_until = edge;
		else if (p->check == REGISTRY_FRESH || r == NULL || !r->service_up)
			answer_deny_for_now(out, rule, c, at);
	}
	if (r != NULL)
		answer_note(c, out, "%s version %s", p->name,
		    r->version != NULL ? r->version : "unknown");
	else
		answer_note(c, out, "%s was not asked", p->name);
}

/* NEED_DETAIL adds that a relationship there was has ended, beside the listing; a number
 * that is listed and never had one is the register's business alone. */
void
eval_relationship(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	struct gate_registry newest;
	stw_usec until;
	bool had;

	if (p->name != NULL &&
	    (!registry_find(c->facts, p->name, &newest) || !newest.listed))
		return;
	if (gate_relationship_holds(p, c, at, &until, &had) ||
	    gate_relieved(p, c, at, &until)) {
		out->allowed_until = until;
		return;
	}
	if (had || p->need == NEED_REQUIRED)
		answer_deny(out, rule, NULL, STW_USEC_MAX);
}

/* ---- reassigned numbers --------------------------------------------------------------------- */
void
eval_reassigned_check(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	const struct gate_contact_point *point = &c->facts->point;
	stw_usec stale = STW_USEC_MAX;

	if (point->reassigned == GATE_REASSIGNED_YES) {
		answer_deny(out, rule, "NUMBER_REASSIGNED", STW_USEC_MAX);
		return;
	}
	if (p->days > 0)
		stale = point->reassigned_asked_at == STW_USEC_NEVER ||
				point->reassigned_asked_at > c->now
			    ? STW_USEC_NEVER
			    : point->reassigned_asked_at + p->days * STW_USEC_DAY;
	/* An answer says whether the number changed hands since the date asked about; one
	 * about a date after the consent relied on says nothing about the time before. */
	if (point->reassigned == GATE_REASSIGNED_NO && at < stale &&
	    point->reassigned_since.known &&
	    gate_consent_covers_day(p, c, at, point->reassigned_since.day))
		out->allowed_until = stale;
	else
		answer_deny(out, rule, "REASSIGNED_NO_DATA", STW_USEC_MAX);
}
