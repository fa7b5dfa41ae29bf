/*
 * kind_conduct.c - kinds about who calls and with what: script_approved, content_terms,
 * disclosure, recording, qualification, automation_gate, ratio_limit, campaign_state, and
 * expression for the rest.
 */
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

/* ---- the script ------------------------------------------------------------------------- */
void
eval_script_approved(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_script *script = &c->facts->script;

	(void)at;
	if (script->code != NULL && script->approved &&
	    (!rule->params.shown ||
		(script->shown_version.known &&
		    script->shown_version.value == script->version)))
		return;
	answer_deny(out, rule, NULL, STW_USEC_MAX);
	if (script->code != NULL)
		answer_note(c, out, "%s version %d", script->code, script->version);
}

/* The first word that must not, or has to, be there; NULL: nothing is wrong. */
static const char *
terms_fault(
    const struct gate_params *p, const struct gate_script *script, struct arena *arena)
{
	struct str text = str_of(script->rendered);
	const struct terms_hit *hits;
	const char *const *missing;

	if (p->check == TERMS_REQUIRED)
		return terms_find_missing(p->terms, text, arena, &missing) > 0
			   ? missing[0]
			   : NULL;
	if (script->term_hits.count > 0)
		return script->term_hits.items[0];
	return terms_find_banned(p->terms, text, arena, &hits) > 0 ? hits[0].term
								   : NULL;
}

/* A text that is not known may say anything. Of a script that is not approved nobody has to
 * look for words: the script is what is wrong. */
void
eval_content_terms(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_script *script = &c->facts->script;
	bool approved = script->code != NULL && script->approved;
	bool tells_apart = rule->ncodes > 1; /* gate_kind_codes_if_named */
	const char *code = NULL, *fault = "the text is not known";

	(void)at;
	if (script->rendered != NULL)
		fault = terms_fault(&rule->params, script, c->arena);
	if (fault == NULL)
		return;
	if (script->rendered == NULL && !approved && tells_apart)
		code = "SCRIPT_NOT_APPROVED";
	answer_deny(out, rule, code, STW_USEC_MAX);
	answer_note(c, out, "%s", fault);
}

static const char *
first_missing(const struct gate_strings *items, const struct gate_texts *have)
{
	for (int i = 0; i < items->count; i++) {
		if (!gate_texts_has(have, items->items[i]))
			return items->items[i];
	}
	return NULL;
}

void
eval_disclosure(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	const struct gate_facts *f = c->facts;
	const char *missing = NULL;

	(void)at;
	switch ((enum disclosure_check)p->check) {
	case DISCLOSURE_AI_LABEL:
		if (!f->script.ai_disclosure)
			missing = "no label";
		else if (p->clip && f->script.clip == NULL)
			missing = "no clip";
		break;
	case DISCLOSURE_CONTAINED:
		missing = first_missing(&p->items, &f->script.disclosures);
		break;
	case DISCLOSURE_MADE:
		missing = first_missing(&p->items, &f->disclosed);
		break;
	}
	if (missing == NULL)
		return;
	answer_deny(out, rule, NULL, STW_USEC_MAX);
	answer_note(c, out, "%s", missing);
}

/* ---- recording --------------------------------------------------------------------------- */
void
eval_recording(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_facts *f = c->facts;
	bool sale = f->stage == NULL || strcmp(f->stage, "INVITE") != 0;

	(void)at;
	if (rule->params.check == RECORDING_UP
		? f->recorder != GATE_STATE_OK
		: f->product.code != NULL && f->product.dual_recording && sale)
		answer_deny(out, rule, NULL, STW_USEC_MAX);
}

/* ---- who calls ---------------------------------------------------------------------------- */
static void
answer_mandate(const struct gate_rule *rule, const struct gate_agent *agent,
    stw_usec at, struct gate_answer *out)
{
	if (agent->outsourcer == NULL)
		return;
	if (at < agent->mandate_from || at >= agent->mandate_until)
		answer_deny(out, rule, NULL, STW_USEC_MAX);
	else
		out->allowed_until = agent->mandate_until;
}

void
eval_qualification(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_agent *agent = &c->facts->agent;

	if (!agent->present) {
		answer_deny(out, rule, NULL, STW_USEC_MAX);
		answer_note(c, out, "no agent named");
	} else if (rule->params.check == QUALIFIED_MANDATE) {
		answer_mandate(rule, agent, at, out);
	} else if (at >= agent->qualified_until) {
		answer_deny(out, rule, NULL, STW_USEC_MAX);
	} else {
		out->allowed_until = agent->qualified_until;
	}
}

void
eval_automation_gate(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	const struct gate_facts *f = c->facts;
	bool robot = f->handler == GATE_HANDLER_ROBOT, ok = true;

	(void)at;
	switch ((enum automation_check)p->check) {
	case AUTOMATION_NUMBER_ROBOT:
		ok = !robot || !f->number.present || f->number.robot;
		break;
	case AUTOMATION_NO_ROBOT:
		ok = !robot;
		break;
	case AUTOMATION_NO_SYNTHETIC:
		ok = !robot && !f->synthetic_voice;
		break;
	case AUTOMATION_NO_AUTODIAL:
		ok = !f->autodialled;
		break;
	case AUTOMATION_POINT_CLASS:
		ok = f->point.point_class != NULL &&
		     !gate_strings_has(&p->kinds, f->point.point_class);
		if (!ok)
			answer_note(c, out, "class %s",
			    f->point.point_class != NULL ? f->point.point_class
							 : "unknown");
		break;
	}
	if (!ok)
		answer_deny(out, rule, NULL, STW_USEC_MAX);
}

/* ---- ratio_limit --------------------------------------------------------------------------- */
static const char *const dial_words[] = {
    "predictive", "manual", "preview", "progressive", "predictive"};

/* abandoned / answered > basis points / 10000; no calls, no ratio. */
static bool
ratio_exceeded(const struct gate_ratio *r, int64_t basis_points)
{
	__extension__ typedef __int128 wide;

	return (wide)r->abandoned * 10000 > (wide)r->answered * basis_points;
}

static bool
asks_in_mode(const struct gate_params *p, enum gate_dial_mode mode)
{
	const char *word = dial_words[mode];

	return p->modes.count > 0 ? gate_strings_has(&p->modes, word)
				  : strcmp(word, "predictive") == 0;
}

size_t
ruleset_ratio_hours(
    const struct ruleset *rules, enum gate_dial_mode mode, int64_t *hours, size_t max)
{
	size_t n = 0;

	for (int i = 0; i < rules->nitems; i++) {
		const struct gate_rule *rule = &rules->items[i];
		size_t at = 0;

		if (rule->kind->eval != eval_ratio_limit ||
		    !asks_in_mode(&rule->params, mode))
			continue;
		while (at < n && hours[at] != rule->params.hours)
			at++;
		if (at == n && n < max)
			hours[n++] = rule->params.hours;
	}
	return n;
}

void
eval_ratio_limit(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	const struct gate_facts *f = c->facts;
	const struct gate_ratio *r = NULL;

	if (!asks_in_mode(p, f->dial_mode))
		return;
	for (int i = 0; i < f->nratios; i++) {
		if (f->ratios[i].hours == p->hours)
			r = &f->ratios[i];
	}
	if (r == NULL || ratio_exceeded(r, p->basis_points))
		answer_deny_for_now(out, rule, c, at);
	if (r == NULL)
		answer_note(c, out, "not counted");
	else
		answer_note(c, out, "%lld of %lld abandoned", (long long)r->abandoned,
		    (long long)r->answered);
}

/* ---- the campaign, and the rest -------------------------------------------------------------- */
void
eval_campaign_state(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_facts *f = c->facts;

	(void)at;
	if (rule->params.check == CAMPAIGN_APPROVED ? !f->campaign_approved
						    : !f->campaign_active)
		answer_deny(out, rule, NULL, STW_USEC_MAX);
}

void
eval_expression(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	if (!gate_expression_true(rule->expression, c, at))
		answer_deny(out, rule, NULL, STW_USEC_MAX);
}
