/*
 * kind_conduct.c - kinds about who calls and with what: script_approved, disclosure,
 * qualification, automation_gate, campaign_state, and expression for the rest.
 */
#include "campaigns/compliance/gate_priv.h"

void
eval_script_approved(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_script *script = &c->facts->script;

	(void)at;
	if (script->code != NULL && script->approved)
		return;
	answer_deny(out, rule, NULL, STW_USEC_MAX);
	if (script->code != NULL)
		answer_note(c, out, "%s version %d", script->code, script->version);
}

void
eval_disclosure(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	(void)at;
	if (!c->facts->script.ai_disclosure)
		answer_deny(out, rule, NULL, STW_USEC_MAX);
}

void
eval_qualification(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_agent *agent = &c->facts->agent;

	if (!agent->present || at >= agent->qualified_until) {
		answer_deny(out, rule, NULL, STW_USEC_MAX);
		if (!agent->present)
			answer_note(c, out, "no agent named");
		return;
	}
	out->allowed_until = agent->qualified_until;
}

void
eval_automation_gate(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_number *number = &c->facts->number;

	(void)at;
	if (c->facts->handler == GATE_HANDLER_ROBOT && number->present &&
	    !number->robot)
		answer_deny(out, rule, NULL, STW_USEC_MAX);
}

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
