/*
 * gate_many.h - one gate, many contacts: the decisions of a plan.
 *
 * Purpose    gate_decide (gate.h) for millions of candidates of one step: the same codes,
 *            the same times, without the evidence. What all contacts have in common
 *            (campaign, product, script, caller number, the hour in the zones of a
 *            place) is decided once for each class of contacts and remembered; per contact
 *            only the rules are asked that look at the person, the number called or what
 *            happened before. Both call the same evaluators; tests/property/gate_same.c
 *            holds the two to one answer.
 * Contract   At GATE_PLAN. All facts given to one struct gate_many agree in everything but
 *            party, point, number, relationship, consents, objections, events, counts,
 *            registries and overrides; and two with the same number_id have the same number.
 * Ownership  gate_many_new/gate_many_free; the ruleset is borrowed for its life, facts for
 *            the call.
 * Errors     None, as the gate.
 * Threads    One struct gate_many a thread.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_GATE_MANY_H
#define STW_CAMPAIGNS_COMPLIANCE_GATE_MANY_H

#include "campaigns/compliance/gate.h"

#define GATE_CODE_WORDS 3 /* 192 codes: more than the registry has */

struct gate_many;

struct gate_many_answer {
	bool allowed;
	enum gate_outcome outcome;
	/* The reasons, by index into gate_many_code: in the decision's order, so that the
	 * first is the primary one. */
	uint64_t codes[GATE_CODE_WORDS];
	stw_usec next_allowed_at, valid_until; /* as in struct gate_decision */
};

struct gate_many *gate_many_new(
    const struct ruleset *rules, stw_usec now, stw_usec ttl);
void gate_many_free(struct gate_many *many);

void gate_many_decide(struct gate_many *many, const struct gate_facts *facts,
    struct gate_many_answer *out);

/* Static text; i from 0 up to gate_many_codes. */
const char *gate_many_code(const struct gate_many *many, int i);
int gate_many_codes(const struct gate_many *many);
/* The answer's reasons into an array of at least gate_many_codes texts; how many. */
int gate_many_list(const struct gate_many *many, const struct gate_many_answer *answer,
    const char **out);
/* The answer as a decision without hits; its arrays are in the arena. */
void gate_many_decision(const struct gate_many *many,
    const struct gate_many_answer *answer, struct arena *arena,
    struct gate_decision *out);
/* Outcome, reasons and times alike: what gate_decide says with its evidence. */
bool gate_many_agrees(const struct gate_decision *a, const struct gate_decision *b);
/* How many classes of contacts there have been, and how many went the long way (an
 * exemption or an override). */
void gate_many_stat(const struct gate_many *many, int *classes, int64_t *scalar);

#endif
