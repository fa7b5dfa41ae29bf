/* What passed between a made-up customer and the bank, and what was permitted. */
#include <string.h>

#include "segments/sample_priv.h"

static int
second_of_day(struct sample_rng *rng)
{
	return (int)sample_range(rng, 8 * 3600, 21 * 3600 - 1);
}

/* ---- interactions ----------------------------------------------------------------------- */
static void
interaction_add(struct sample_rng *rng, struct sample_events *e, stw_day day,
    const char *kind, const char *channel)
{
	if (e->ninteractions < SAMPLE_MAX_EVENTS)
		e->interactions[e->ninteractions++] =
		    (struct sample_interaction){day, second_of_day(rng), kind, channel};
}

static void
interactions_make(const struct sample_clock *clock, struct sample_rng *rng,
    const struct sample_person *p, struct sample_events *e)
{
	static const char *const kinds[] = {
	    "login", "inbound_call", "branch_visit", "message", "complaint"};
	static const char *const channels[] = {
	    "APP", "VOICE", "BRANCH", "WECHAT", "VOICE"};
	static const int weights[] = {620, 120, 120, 125, 15};
	stw_day first = clock->today - 365, last = clock->today - 1;
	int64_t n = p->dormant ? sample_range(rng, 0, 1) : sample_range(rng, 0, 5);

	if (p->opened_on != SAMPLE_NO_DAY && p->opened_on > first)
		first = p->opened_on;
	if (p->dormant)
		last = clock->today - 190;
	if (first > last)
		return;
	for (int64_t k = 0; k < n; k++) {
		int kind = sample_weighted(rng, weights, 5);

		interaction_add(rng, e,
		    first + (stw_day)sample_range(rng, 0, last - first), kinds[kind],
		    channels[kind]);
	}
	if (p->complaint_open)
		interaction_add(rng, e,
		    clock->today - (stw_day)sample_range(rng, 1, 25), "complaint",
		    "VOICE");
}

/* ---- consents ------------------------------------------------------------------------------ */
static struct sample_consent *
consent_add(struct sample_rng *rng, struct sample_events *e, const char *action,
    const char *channel, stw_day day)
{
	struct sample_consent *c = &e->consents[e->nconsents++];

	*c = (struct sample_consent){.action = action,
	    .purpose = "MARKETING",
	    .channel = channel,
	    .product_class = "*",
	    .recipient = "bank",
	    .form = "written",
	    .notice = "v3",
	    .has_evidence = true,
	    .day = day,
	    .second = second_of_day(rng),
	    .expires_on = SAMPLE_NO_DAY};
	return c;
}

static void
grant_add(const struct sample_clock *clock, struct sample_rng *rng,
    struct sample_events *e, const char *channel, stw_day day)
{
	static const char *const forms[] = {
	    "written", "app", "recorded_call", "branch", "pre_ticked"};
	static const int form_weights[] = {400, 350, 150, 90, 10};
	static const char *const notices[] = {"v3", "v2", "v1", ""};
	static const int notice_weights[] = {780, 160, 50, 10};
	static const char *const classes[] = {"*", "wealth", "insurance"};
	static const int class_weights[] = {800, 170, 30};
	struct sample_consent *c = consent_add(rng, e, "grant", channel, day);

	c->form = forms[sample_weighted(rng, form_weights, 5)];
	c->notice = notices[sample_weighted(rng, notice_weights, 4)];
	c->product_class = classes[sample_weighted(rng, class_weights, 3)];
	c->recipient = sample_chance(rng, 10) ? "partner" : "bank";
	c->has_evidence = !sample_chance(rng, 15);
	c->own_number = sample_chance(rng, 50);
	if (sample_chance(rng, 500))
		c->expires_on = day + 1095;
	if (c->expires_on != SAMPLE_NO_DAY && c->expires_on <= clock->today)
		e->expired = true;
}

static void
withdraw_add(const struct sample_clock *clock, struct sample_rng *rng,
    struct sample_events *e, const char *channel, stw_day granted)
{
	stw_day day =
	    granted + (stw_day)sample_range(rng, 1, clock->today - granted - 1);
	struct sample_consent *c = consent_add(
	    rng, e, "withdraw", sample_chance(rng, 250) ? "*" : channel, day);

	c->purpose = sample_chance(rng, 200) ? "*" : "MARKETING";
	c->form = sample_chance(rng, 500) ? "recorded_call" : "app";
	e->withdrawn = true;
	if (clock->today - day > 40 && sample_chance(rng, 250)) {
		e->withdrawn = false;
		grant_add(clock, rng, e, channel, day + 30);
	}
}

static void
consents_make(const struct sample_clock *clock, const struct sample_person *p,
    struct sample_events *e)
{
	struct sample_rng rng = sample_rng(clock->seed, (uint64_t)p->i, SAMPLE_CONSENT);
	stw_day first = clock->today - 1400, voice;
	int64_t span;

	if (p->phone[0][0] == '\0' || p->opened_on == SAMPLE_NO_DAY ||
	    sample_chance(&rng, 90))
		return;
	if (p->opened_on > first)
		first = p->opened_on;
	span = clock->today - 1 - first;
	if (span < 0)
		return;
	voice = first + (stw_day)sample_range(&rng, 0, span);
	/* Most were asked lately: the later of two draws. */
	for (int k = 0; k < 2; k++) {
		stw_day again = first + (stw_day)sample_range(&rng, 0, span);

		voice = again > voice ? again : voice;
	}
	if (sample_chance(&rng, 900))
		grant_add(clock, &rng, e, "VOICE", voice);
	if (sample_chance(&rng, 600))
		grant_add(clock, &rng, e, "SMS", voice);
	if (sample_chance(&rng, 250))
		grant_add(clock, &rng, e, "WECHAT", voice);
	if (e->nconsents > 0 && clock->today - voice > 2 && sample_chance(&rng, 80))
		withdraw_add(clock, &rng, e, "VOICE", voice);
}

/* ---- objections and attempts ----------------------------------------------------------------- */
static void
objections_make(const struct sample_clock *clock, struct sample_rng *rng,
    const struct sample_person *p, struct sample_events *e)
{
	static const char *const kinds[] = {
	    "do_not_call", "channel_opt_out", "channel_opt_out", "carrier_reject"};
	static const char *const channels[] = {"*", "VOICE", "SMS", "VOICE"};
	static const int weights[] = {350, 300, 200, 150};
	struct sample_objection *o;
	int kind;

	if (p->phone[0][0] == '\0' || !sample_chance(rng, 35))
		return;
	o = &e->objections[e->nobjections++];
	kind = sample_weighted(rng, weights, 4);
	*o = (struct sample_objection){.kind = kinds[kind],
	    .channel = channels[kind],
	    .on_number = p->shares ? sample_chance(rng, 600) : sample_chance(rng, 300),
	    .day = clock->today - (stw_day)sample_range(rng, 1, 400),
	    .second = second_of_day(rng),
	    .lifted_on = SAMPLE_NO_DAY};
	if (clock->today - o->day > 10 && sample_chance(rng, 100))
		o->lifted_on =
		    o->day + (stw_day)sample_range(rng, 1, clock->today - o->day - 1);
}

static void
attempts_make(const struct sample_clock *clock, struct sample_rng *rng,
    const struct sample_person *p, struct sample_events *e)
{
	static const int weights[] = {910, 45, 20, 15, 10};
	int n = sample_weighted(rng, weights, 5);

	if (p->phone[0][0] == '\0' || p->opened_on == SAMPLE_NO_DAY)
		return;
	for (int k = 0; k < n; k++)
		e->attempts[e->nattempts++] = (struct sample_attempt){"VOICE",
		    sample_chance(rng, 300) ? "conversation" : "attempt",
		    clock->today - (stw_day)(1 + 2 * k) -
			(n == 1 ? (stw_day)sample_range(rng, 0, 20) : 0),
		    second_of_day(rng)};
	/* Somebody was called half an hour ago, or spoken to this morning. */
	if (n == 1 && clock->minute > 9 * 60 + 30 && sample_chance(rng, 100)) {
		e->attempts[0].day = clock->today;
		e->attempts[0].second =
		    (clock->minute - (int)sample_range(rng, 5, 25)) * 60;
	}
}

void
sample_events_make(const struct sample_clock *clock, const struct sample_person *p,
    struct sample_events *e)
{
	struct sample_rng rng = sample_rng(clock->seed, (uint64_t)p->i, SAMPLE_EVENTS);

	memset(e, 0, sizeof *e);
	interactions_make(clock, &rng, p, e);
	objections_make(clock, &rng, p, e);
	attempts_make(clock, &rng, p, e);
	consents_make(clock, p, e);
}
