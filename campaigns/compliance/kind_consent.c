/*
 * kind_consent.c - consent_required: has the customer agreed to exactly this?
 *
 * An event counts from the instant it is both true in the world and known to the bank.
 * Of a grant and a withdrawal at one instant the withdrawal wins.
 */
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

/* In the order in which one of them is given: the first that fits. */
static const char *const consent_codes[] = {"CONSENT_EXPIRED",
    "CONSENT_NUMBER_MISMATCH", "CONSENT_RECIPIENT_MISMATCH", "CONSENT_PURPOSE_MISMATCH",
    "CONSENT_CHANNEL_MISMATCH", "CONSENT_STALE_VERSION", "CONSENT_INVALID_FORM",
    "CONSENT_EVIDENCE_MISSING"};

enum consent_fault {
	FAULT_EXPIRED = 1u << 0,
	FAULT_NUMBER = 1u << 1,
	FAULT_RECIPIENT = 1u << 2,
	FAULT_PURPOSE = 1u << 3,
	FAULT_CHANNEL = 1u << 4,
	FAULT_VERSION = 1u << 5,
	FAULT_FORM = 1u << 6,
	FAULT_EVIDENCE = 1u << 7,
};
/* Dimensions alone: would this grant, if alive and sound, be the consent asked for? */
#define FAULTS_OF_SCOPE (FAULT_NUMBER | FAULT_RECIPIENT | FAULT_PURPOSE | FAULT_CHANNEL)

/* What the contact asks for. */
struct consent_want {
	const char *purpose, *channel, *product_class, *recipient;
	int64_t point_id;
	const char *separate_kind; /* NULL: the ordinary consent */
	bool written, guardian, names_number;
};

bool
gate_dim_covers(const char *given, const char *wanted)
{
	return given == NULL || strcmp(given, "*") == 0 || strcmp(given, wanted) == 0;
}

/* A contact about no product ("*") needs a consent, but of no particular class. */
static bool
class_covers(const char *given, const char *wanted)
{
	return strcmp(wanted, "*") == 0 || gate_dim_covers(given, wanted);
}

static bool
kind_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* A withdrawal from everything ends separate consents too; one from a separate consent
 * leaves the ordinary one alone. */
static bool
withdrawal_covers(const struct gate_consent *w, const struct consent_want *want)
{
	return gate_dim_covers(w->purpose, want->purpose) &&
	       gate_dim_covers(w->channel, want->channel) &&
	       gate_dim_covers(w->product_class, want->product_class) &&
	       gate_dim_covers(w->recipient, want->recipient) &&
	       (w->point_id == 0 || w->point_id == want->point_id) &&
	       (w->separate_kind == NULL ||
		   kind_same(w->separate_kind, want->separate_kind));
}

/* Its grant is dead, whatever the contact asks for. */
static bool
withdrawal_ends(const struct gate_consent *w, const struct gate_consent *g)
{
	const struct consent_want own = {.purpose = g->purpose,
	    .channel = g->channel,
	    .product_class = g->product_class,
	    .recipient = g->recipient,
	    .point_id = g->point_id,
	    .separate_kind = g->separate_kind};

	return withdrawal_covers(w, &own);
}

/* Taken back for this contact, or altogether. A contact about no product ("*") would use the
 * grant for its own class: a withdrawal from that class takes it. */
static bool
withdrawal_takes(const struct gate_consent *w, const struct gate_consent *g,
    const struct consent_want *want)
{
	struct consent_want use = *want;

	if (strcmp(use.product_class, "*") == 0)
		use.product_class = g->product_class;
	return withdrawal_covers(w, &use) || withdrawal_ends(w, g);
}

static bool
event_known(const struct gate_consent *e, const struct gate_case *c, stw_usec at)
{
	return e->recorded_at <= c->now && e->effective_at <= at;
}

static unsigned
grant_faults(const struct gate_consent *g, const struct consent_want *want,
    const struct gate_params *p, stw_usec at)
{
	unsigned faults = 0;

	if (at >= g->expires_at)
		faults |= FAULT_EXPIRED;
	if (g->point_id != 0 ? g->point_id != want->point_id : want->names_number)
		faults |= FAULT_NUMBER;
	if (!gate_dim_covers(g->recipient, want->recipient))
		faults |= FAULT_RECIPIENT;
	if (!gate_dim_covers(g->purpose, want->purpose) ||
	    !class_covers(g->product_class, want->product_class))
		faults |= FAULT_PURPOSE;
	if (!gate_dim_covers(g->channel, want->channel))
		faults |= FAULT_CHANNEL;
	if (g->notice_version == NULL
		? p->required
		: gate_strings_has(&p->superseded, g->notice_version))
		faults |= FAULT_VERSION;
	if (g->form == NULL || gate_strings_has(&p->invalid_forms, g->form) ||
	    (want->written && !g->written) || (want->guardian && !g->guardian))
		faults |= FAULT_FORM;
	if (!g->has_evidence || !g->evidence_match)
		faults |= FAULT_EVIDENCE;
	return faults;
}

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
		    w->effective_at >= g->effective_at && withdrawal_takes(w, g, want))
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
		    withdrawal_takes(w, g, want))
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

/* Fewer faults; of two without any the one that lasts longer. */
static void
grant_weigh(struct consent_state *s, const struct gate_consent *g, unsigned faults,
    stw_usec until)
{
	bool better =
	    s->best == NULL ||
	    (faults == 0 ? s->faults != 0 || until > s->until
			 : s->faults != 0 && grant_is_better(faults, s->faults));

	if (!better)
		return;
	s->best = g;
	s->faults = faults;
	s->until = until;
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
		if (!kind_same(e->separate_kind, want->separate_kind))
			continue;
		faults = grant_faults(e, want, p, at);
		if ((faults & FAULTS_OF_SCOPE) == 0 && e->effective_at > s.newest_grant)
			s.newest_grant = e->effective_at;
		if (!grant_ended(f, c, e, want, at))
			grant_weigh(&s, e, faults,
			    faults == 0 ? grant_until(f, c, e, want, at) : 0);
	}
	return s;
}

static struct consent_want
want_of(const struct gate_case *c, const struct gate_params *p)
{
	const struct gate_facts *f = c->facts;

	return (struct consent_want){.purpose = c->purpose,
	    .channel = f->channel,
	    .product_class = f->product.product_class,
	    .recipient = f->caller_org,
	    .point_id = f->point.point_id,
	    .written = p->check == CONSENT_WRITTEN,
	    .guardian = p->check == CONSENT_GUARDIAN,
	    .names_number = p->names_number};
}

bool
gate_consent_holds(
    const struct gate_params *params, struct gate_case *c, stw_usec at, stw_usec *until)
{
	struct consent_want want = want_of(c, params);
	struct consent_state s;

	/* what takes the place of another rule's demand is an ordinary consent */
	want.written = want.guardian = want.names_number = false;
	s = consent_look(params, c, &want, at);
	*until = s.until;
	return s.best != NULL && s.faults == 0;
}

bool
gate_consent_covers_day(
    const struct gate_params *params, struct gate_case *c, stw_usec at, stw_day day)
{
	const struct gate_facts *f = c->facts;
	struct consent_want want = want_of(c, params);
	bool any = false;

	want.written = want.guardian = want.names_number = false;
	for (int i = 0; i < f->nconsents; i++) {
		const struct gate_consent *g = &f->consents[i];

		if (g->action != GATE_CONSENT_GRANT || g->separate_kind != NULL ||
		    !event_known(g, c, at) || grant_faults(g, &want, params, at) != 0 ||
		    grant_ended(f, c, g, &want, at))
			continue;
		any = true;
		if (g->effective_at != STW_USEC_NEVER &&
		    day <= zone_local(params->zone, g->effective_at).day)
			return true;
	}
	return !any;
}

/* ---- the checks --------------------------------------------------------------------------- */
static bool
withdrawn(const struct consent_state *s)
{
	return s->withdrawal != NULL && s->withdrawal->effective_at >= s->newest_grant;
}

static void
answer_full(const struct gate_rule *rule, struct gate_case *c,
    const struct consent_state *s, struct gate_answer *out)
{
	if (s->best != NULL && s->faults == 0) {
		out->allowed_until = s->until;
		answer_note(c, out, "consent %s", s->best->id);
	} else if (withdrawn(s)) {
		answer_deny(out, rule, "CONSENT_WITHDRAWN", STW_USEC_MAX);
		answer_note(c, out, "withdrawal %s", s->withdrawal->id);
	} else if (s->best != NULL) {
		answer_deny(
		    out, rule, consent_codes[__builtin_ctz(s->faults)], STW_USEC_MAX);
		answer_note(c, out, "nearest consent %s", s->best->id);
	} else {
		answer_deny(out, rule, "CONSENT_MISSING", STW_USEC_MAX);
	}
}

/* No consent is asked for, but one that was taken back is respected. */
static void
answer_not_withdrawn(const struct gate_rule *rule, struct gate_case *c,
    const struct consent_want *want, const struct consent_state *s, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_facts *f = c->facts;

	if (s->best != NULL && s->faults == 0) {
		out->allowed_until =
		    s->until == s->best->expires_at ? STW_USEC_MAX : s->until;
		return;
	}
	if (withdrawn(s)) {
		answer_deny(out, rule, "CONSENT_WITHDRAWN", STW_USEC_MAX);
		answer_note(c, out, "withdrawal %s", s->withdrawal->id);
		return;
	}
	for (int i = 0; i < f->nconsents; i++) {
		const struct gate_consent *w = &f->consents[i];

		if (w->action == GATE_CONSENT_WITHDRAW && w->recorded_at <= c->now &&
		    w->effective_at > at && w->effective_at < out->allowed_until &&
		    withdrawal_covers(w, want))
			out->allowed_until = w->effective_at;
	}
}

/* Each kind of sensitive data that is used, and that the rule names, has its own. */
static void
answer_separate(const struct gate_rule *rule, struct gate_case *c,
    struct consent_want *want, stw_usec at, struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	const struct gate_texts *used = &c->facts->sensitive;

	for (int i = 0; i < used->count; i++) {
		struct consent_state s;

		if (!gate_strings_has(&p->kinds, used->items[i]) &&
		    !gate_strings_has(&p->kinds, "*"))
			continue;
		want->separate_kind = used->items[i];
		s = consent_look(p, c, want, at);
		if (s.best == NULL || s.faults != 0) {
			answer_deny(out, rule, NULL, STW_USEC_MAX);
			answer_note(c, out, "none for %s", used->items[i]);
			return;
		}
		if (s.until < out->allowed_until)
			out->allowed_until = s.until;
	}
}

static void
answer_single(const struct gate_rule *rule, struct gate_case *c,
    const struct consent_state *s, struct gate_answer *out)
{
	if (s->best != NULL && s->faults == 0) {
		out->allowed_until = s->until;
		answer_note(c, out, "consent %s", s->best->id);
		return;
	}
	answer_deny(out, rule, NULL, STW_USEC_MAX);
	if (s->best != NULL)
		answer_note(c, out, "nearest consent %s", s->best->id);
}

/* Of full age in every zone; unknown: not. */
static bool
past_age(const struct gate_params *p, struct gate_case *c, stw_usec at)
{
	const struct gate_optional_day *dob = &c->facts->party.dob;
	stw_day due;

	if (!dob->known)
		return false;
	due = stw_day_add_months(dob->day, (int)p->age * 12);
	if (stw_date_of(due).day != stw_date_of(dob->day).day)
		due++; /* 29 February: a protection ends on 1 March */
	return at >= gate_day_starts_last(c, p->zone, due);
}

void
eval_consent_required(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	struct consent_want want = want_of(c, p);
	struct consent_state s;
	stw_usec until = STW_USEC_MAX;

	if (p->check == CONSENT_GUARDIAN && past_age(p, c, at))
		return;
	if (gate_relieved(p, c, at, &until)) {
		out->allowed_until = until;
		answer_note(c, out, "another ground holds");
		return;
	}
	if (p->check == CONSENT_SEPARATE) {
		answer_separate(rule, c, &want, at, out);
		return;
	}
	s = consent_look(p, c, &want, at);
	if (p->check == CONSENT_FULL)
		answer_full(rule, c, &s, out);
	else if (p->check == CONSENT_NOT_WITHDRAWN)
		answer_not_withdrawn(rule, c, &want, &s, at, out);
	else
		answer_single(rule, c, &s, out);
}
