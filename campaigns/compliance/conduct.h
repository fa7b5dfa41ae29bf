/*
 * conduct.h - what a contact must not say, what it has to, and what it may offer.
 *
 * Purpose    For whoever talks to the customer: the words and disclosures of the rules that
 *            are asked about this contact, and what speaks against saying one thing in it. Pure.
 * Ownership  Results live in the arena and in the ruleset.
 * Errors     None.
 * Threads    Any.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_CONDUCT_H
#define STW_CAMPAIGNS_COMPLIANCE_CONDUCT_H

#include "campaigns/compliance/gate.h"
#include "campaigns/compliance/ruleset.h"

enum conduct_kind {
	CONDUCT_BANNED = 0, /* words that must not be said */
	CONDUCT_REQUIRED,   /* one of "a|b" has to be said, of each */
	CONDUCT_DISCLOSURE, /* has to be told: "identity", "recording", ... */
};
struct conduct_rule {
	const struct rule_info *rule;
	enum conduct_kind kind;
	const char *const *items;
	int count;
};
/* Of the rules that are asked at the checkpoint, in the ruleset's order. */
int conduct_rules(const struct ruleset *rules, const struct gate_facts *facts,
    enum gate_checkpoint checkpoint, stw_usec now, struct arena *arena,
    const struct conduct_rule **out);

/* What of a decision counts for something said in a conversation that there is, whoever
 * called: rules about making a call - from which number, at which hour, how often, to which
 * number - are not asked (decision 0045). What is not known to be about that counts.
 * against: REVIEW or worse; needed: REQUIRE; each code once, in the ruleset's order. Allowed:
 * nothing is against it. */
struct conduct_answer {
	bool allowed;
	const char *const *against;
	int nagainst;
	const char *const *needed;
	int nneeded;
};
void conduct_talk(const struct ruleset *rules, const struct gate_decision *decision,
    struct arena *arena, struct conduct_answer *out);

#endif
