/*
 * kind_permission.c - kinds about the customer's will: consent_required, objection_absent.
 *
 * An event counts from the instant it is both true in the world and known to the bank.
 */
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

/* ---- consent_required ----------------------------------------------------------------- */
/* In the order in which one of them is given: the first that fits. */
static const char *const consent_codes[] = {"CONSENT_EXPIRED",
    "CONSENT_NUMBER_MISMATCH", "CONSENT_RECIPIENT_MISMATCH", "CONSENT_PURPOSE_MISMATCH",
    "CONSENT_CHANNEL_MISMATCH", "CONSENT_STALE_VERSION", "CONSENT_INVALID_FORM",
    "CONSENT_EVIDENCE_MISSING"};

/* What the contact asks for. */
struct consent_want {
	const char *purpose, *channel, *product_class, *recipient;
	int64_t point_id;
};

static bool
dim_covers(const char *given, const char *wanted)
{
	return given == NULL || strcmp(given, "*") == 0 || strcmp(given, wanted) == 0;
}

/* A contact about no product ("*") needs a consent, but of no particular class. */
static bool
class_covers(const char *given, const char *wanted)
{
	return strcmp(wanted, "*") == 0 || dim_covers(given, wanted);
}

static bool
withdrawal_covers(const struct gate_consent *w, const struct consent_want *want)
{
	return dim_covers(w->purpose, want->purpose) &&
	       dim_covers(w->channel, want->channel) &&
	       dim_covers(w->product_class, want->product_class) &&
	       dim_covers(w->recipient, want->recipient) &&
	       (w->point_id == 0 || w->point_id == want->point_id);
}

/* Its grant is dead, whatever the contact asks for. */
static bool
withdrawal_ends(const struct gate_consent *w, const struct gate_consent *g)
{
	const struct consent_want own = {
	    g->purpose, g->channel, g->product_class, g->recipient, g->point_id};

	return withdrawal_covers(w, &own);
}

static bool
event_known(const struct gate_consent *e, const struct gate_case *c, stw_usec at)
{
	return e->recorded_at <= c->now && e->effective_at <= at;
}

/* Bit i set: the grant fails for consent_codes[i]. */
static unsigned
grant_faults(const struct gate_consent *g, const struct consent_want *want,
    const struct gate_params *p, stw_usec at)
{
	unsigned faults = 0;

	if (at >= g->expires_at)
		faults |= 1u << 0;
	if (g->point_id != 0 && g->point_id != want->point_id)
		faults |= 1u << 1;
	if (!dim_covers(g->recipient, want->recipient))
		faults |= 1u << 2;
	if (!dim_covers(g->purpose, want->purpose) ||
	    !class_covers(g->product_class, want->product_class))
		faults |= 1u << 3;
	if (!dim_covers(g->channel, want->channel))
		faults |= 1u << 4;
	if (g->notice_version == NULL
		? p->required
		: gate_strings_has(&p->superseded, g->notice_version))
		faults |= 1u << 5;
	if (g->form == NULL || gate_strings_has(&p->invalid_forms, g->form))
		faults |= 1u << 6;
	if (!g->has_evidence)
		faults |= 1u << 7;
	return faults;
}

/* Dimensions alone: would this grant, if alive and sound, be the consent asked for? */
#define FAULTS_OF_SCOPE 0x1eu

struct consent_state {
	const struct gate_consent *best; /* grant with the fewest faults */
	unsigned faults;
	stw_usec until;                        /* best has no fault: how long */
	const struct gate_consent *withdrawal; /* newest that covers the contact */
	stw_usec newest_grant;                 /* in scope; NEVER: none */
};

static bool
grant_ended(const struct gate_facts *f, const struct gate_case *c,
    const struct gate_consent *g, const struct consent_want *want, stw_usec at)
{
	for (int i = 0; i < f->nconsents; i++) {
		const struct gate_consent *w = &f->consents[i];

		/* the same instant: the withdrawal wins */
		if (w->action == GATE_CONSENT_WITHDRAW && event_known(w, c, at) &&
		    w->effective_at >= g->effective_at &&
		    (withdrawal_covers(w, want) || withdrawal_ends(w, g)))
			return true;
	}
	return false;
}

/* A withdrawal already known for a later instant bounds the permission. */
static stw_usec
grant_until(const struct gate_facts *f, const struct gate_case *c,
    const struct gate_consent *g, const struct consent_want *want, stw_usec at)
{
	stw_usec until = g->expires_at;

	for (int i = 0; i < f->nconsents; i++) {
		const struct gate_consent *w = &f->consents[i];

		if (w->action == GATE_CONSENT_WITHDRAW && w->recorded_at <= c->now &&
		    w->effective_at > at && w->effective_at < until &&
		    (withdrawal_covers(w, want) || withdrawal_ends(w, g)))
			until = w->effective_at;
	}
	return until;
}

static bool
grant_is_better(unsigned a, unsigned b)
{
	int na = __builtin_popcount(a);
	int nb = __builtin_popcount(b);

	return na != nb ? na < nb
			: __builtin_ctz(a | 1u << 31) < __builtin_ctz(b | 1u << 31);
}

static struct consent_state
consent_look(const struct gate_params *p, struct gate_case *c,
    const struct consent_want *want, stw_usec at)
{
	const struct gate_facts *f = c->facts;
	struct consent_state s = {.until = 0, .newest_grant = STW_USEC_NEVER};

	for (int i = 0; i < f->nconsents; i++) {
		const struct gate_consent *e = &f->consents[i];
		unsigned faults;

		if (!event_known(e, c, at))
			continue;
		if (e->action == GATE_CONSENT_WITHDRAW) {
			if (withdrawal_covers(e, want) &&
			    (s.withdrawal == NULL ||
				e->effective_at > s.withdrawal->effective_at))
				s.withdrawal = e;
			continue;
		}
		faults = grant_faults(e, want, p, at);
		if ((faults & FAULTS_OF_SCOPE) == 0 && e->effective_at > s.newest_grant)
			s.newest_grant = e->effective_at;
		if (grant_ended(f, c, e, want, at))
			continue;
		if (faults == 0) {
			stw_usec until = grant_until(f, c, e, want, at);

			if (s.best == NULL || s.faults != 0 || until > s.until) {
				s.best = e;
				s.until = until;
			}
			s.faults = 0;
		} else if (s.best == NULL ||
			   (s.faults != 0 && grant_is_better(faults, s.faults))) {
			s.best = e;
			s.faults = faults;
		}
	}
	return s;
}

void
eval_consent_required(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_facts *f = c->facts;
	const struct consent_want want = {c->purpose, f->channel,
	    f->product.product_class, f->caller_org, f->point.point_id};
	struct consent_state s = consent_look(&rule->params, c, &want, at);

	if (s.best != NULL && s.faults == 0) {
		out->allowed_until = s.until;
		answer_note(c, out, "consent %s", s.best->id);
	} else if (s.withdrawal != NULL &&
		   s.withdrawal->effective_at >= s.newest_grant) {
		answer_deny(out, rule, "CONSENT_WITHDRAWN", STW_USEC_MAX);
		answer_note(c, out, "withdrawal %s", s.withdrawal->id);
	} else if (s.best != NULL) {
		answer_deny(
		    out, rule, consent_codes[__builtin_ctz(s.faults)], STW_USEC_MAX);
		answer_note(c, out, "nearest consent %s", s.best->id);
	} else {
		answer_deny(out, rule, "CONSENT_MISSING", STW_USEC_MAX);
	}
}

/* ---- objection_absent ------------------------------------------------------------------ */
static bool
objection_bites(enum objection_check check, const struct gate_params *p,
    const struct gate_objection *o, const char *channel)
{
	bool dnc = strcmp(o->kind, "do_not_call") == 0;
	bool opt_out = strcmp(o->kind, "channel_opt_out") == 0;
	bool here = dim_covers(o->channel, channel);

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
