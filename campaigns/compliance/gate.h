/*
 * gate.h - may the bank make exactly this contact, now?
 *
 * Purpose    One pure function from the facts about one contact (customer, contact
 *            point, channel, purpose, caller number, product, handler, instant) and a
 *            ruleset (campaigns/compliance/ruleset.h) to a decision with all reasons.
 *            Asked three times: when planned (P), when dispatched (D), when an agent
 *            asks to dial (C).
 * Units      Instants stw_usec UTC; intervals half-open; local time only inside the
 *            evaluators.
 * Ownership  Facts are borrowed for the call. The decision's arrays live in the arena.
 * Errors     None: "no" is a verdict, and a fact that is missing is a "no" (or a review)
 *            with a code of its own. The gate fails closed.
 * Rules      compliance.md; every rule's text, source and layer are in its pack.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_GATE_H
#define STW_CAMPAIGNS_COMPLIANCE_GATE_H

#include "engine/arena.h"
#include "engine/time.h"
#include "engine/zone.h"

enum gate_checkpoint { GATE_PLAN = 0, GATE_DISPATCH, GATE_DIAL }; /* P, D, C */

/* What follows; the order is that of severity. */
enum gate_outcome {
	GATE_UNSET = 0, /* never leaves the gate; treated as BLOCK by whoever sees it */
	GATE_INFO,
	GATE_WARN,
	GATE_REQUIRE,
	GATE_REVIEW,
	GATE_DEFER,
	GATE_BLOCK,
};

enum gate_handler { GATE_HANDLER_AGENT = 0, GATE_HANDLER_ROBOT };

struct gate_optional_day {
	bool known;
	stw_day day;
};
struct gate_optional_int {
	bool known;
	int64_t value;
};

/* The person called. */
struct gate_party {
	int64_t customer_id;
	int bucket;
	const char *country;  /* ISO 3166, "CN" */
	const char *province; /* NULL: unknown */
	struct gate_optional_day dob;
	bool deceased, incapacity, fraud_hold, legal_hold, complaint_open;
	bool profiling_opt_out;
	struct gate_optional_int
	    risk_rating; /* 1-5 (C1-C5); joint holders: the lowest */
	struct gate_optional_day risk_assessed_on;
	bool risk_valid; /* self-completed, not in doubt */
	/* All zones the person may be in; the contact must be allowed in every one. */
	const struct zone *const *zones;
	int nzones;
};

struct gate_contact_point {
	int64_t point_id;
	unsigned char phone_index[32]; /* keyed hash, never the number */
	bool verified;
	int sharers; /* customers with this number, this one included */
};

struct gate_product {
	const char *code;              /* NULL: the contact is about no product */
	const char *product_class;     /* wealth, insurance, ...; "*" when no product */
	struct gate_optional_int risk; /* 1-5 (R1-R5) */
	struct gate_optional_day on_sale_from, on_sale_to;
};

struct gate_number {
	bool present; /* false: none was found that is lawful */
	int64_t number_id;
	const char *kind; /* "95", "landline", ... */
	const char *holder, *user_org;
	const char *const *regions; /* provinces; none: whole country */
	int nregions;
	const char *direction; /* in, out, both */
	const char *const *channels;
	int nchannels;
	const char *const *purposes;
	int npurposes;
	bool robot;
	bool has_approval;
	stw_usec licence_from,
	    licence_to; /* STW_USEC_NEVER/MAX when open; see has_licence */
	bool has_licence;
	const char *status; /* planned, active, suspended, recalled */
	struct gate_optional_int daily_cap, hourly_cap;
	int64_t used_today, used_hour; /* attempts and live reservations */
};

enum gate_consent_action { GATE_CONSENT_WITHDRAW = 0, GATE_CONSENT_GRANT };

struct gate_consent {
	const char *id; /* uuid text */
	enum gate_consent_action action;
	const char *purpose, *channel; /* "*" in a withdrawal: all */
	const char *product_class;     /* "*": any */
	const char *recipient;
	int64_t point_id; /* 0: any */
	const char *form;
	const char *notice_version; /* NULL: none */
	bool has_evidence;
	stw_usec effective_at, recorded_at;
	stw_usec expires_at; /* STW_USEC_MAX: never */
};

struct gate_objection {
	const char *id;
	const char *kind;    /* do_not_call, channel_opt_out, carrier_reject */
	const char *channel; /* "*": all */
	bool own;            /* by this customer; else by a sharer of the number */
	stw_usec effective_at, recorded_at;
	stw_usec lifted_at; /* STW_USEC_MAX: stands */
};

/* One per call: a reservation becomes an attempt, an attempt that reached the person a
 * conversation (which still counts as an attempt). The reservation of the very contact
 * that is being decided is left out by whoever gathers the facts. */
enum gate_count_kind {
	GATE_RESERVED = 0,
	GATE_ATTEMPT,
	GATE_CONVERSATION,
	GATE_MESSAGE
};

struct gate_count {
	enum gate_count_kind kind;
	stw_usec at;
	const char *channel;
	bool this_number;    /* on this contact point's number */
	bool this_person;    /* to this customer */
	stw_usec expires_at; /* reservations; else STW_USEC_MAX */
};

struct gate_script {
	const char *code;
	int version;
	bool approved;
	bool ai_disclosure; /* has the audible label for synthetic voice */
};

struct gate_agent {
	bool present; /* C only */
	const char *code;
	stw_usec qualified_until; /* STW_USEC_NEVER: no licence on file */
};

struct gate_facts {
	struct gate_party party;
	struct gate_contact_point point;
	const char *channel;    /* VOICE, SMS, ... */
	const char *purpose;    /* MARKETING, SERVICE, ... */
	const char *caller_org; /* who calls: "bank" */
	enum gate_handler handler;
	bool campaign_approved, campaign_active, uses_profile;
	bool promotional; /* any promotional content: counts as MARKETING */
	struct gate_product product;
	struct gate_number number;
	struct gate_script script;
	struct gate_agent agent;
	const struct gate_consent *consents; /* all events known, any order */
	int nconsents;
	const struct gate_objection *objections;
	int nobjections;
	const struct gate_count *counts; /* of the last 31 days */
	int ncounts;
	/* The allowing decision made earlier about the same task (0 and NULL: none). */
	stw_usec prior_valid_until;
	const char *prior_ruleset_hash; /* hex */
};

/* One rule's answer; every rule that applies has one, allowed or not. */
struct gate_hit {
	const char *rule_id; /* "CN-18" */
	const char *layer;   /* law, regulator, industry, policy */
	bool ok;
	const char *code;          /* reason code; NULL when ok */
	enum gate_outcome outcome; /* what the code means; GATE_UNSET when ok */
	stw_usec
	    allowed_from; /* first instant at or after now at which this rule says yes;
	                           STW_USEC_MAX: not by waiting */
	stw_usec allowed_until; /* when ok: until when it stays so; else STW_USEC_MAX */
	const char *evidence;   /* what it looked at: "attempts 3 of 3 since ..." */
};

struct gate_decision {
	bool allowed;              /* neither BLOCK nor DEFER nor REVIEW */
	enum gate_outcome outcome; /* most severe, GATE_UNSET when every rule is ok */
	const char *primary;       /* its code, first in order; NULL when none */
	const char *const *codes;  /* all, each once, by severity then text */
	int ncodes;
	const struct gate_hit *hits; /* in the ruleset's order */
	int nhits;
	stw_usec
	    next_allowed_at;  /* DEFER: fixpoint over all rules; else STW_USEC_MAX */
	stw_usec valid_until; /* allowed: min of the rules' and now + token ttl */
	const char *ruleset_hash; /* hex */
};

struct ruleset;

/* ttl: how long an answer may be acted on, in microseconds (dial: 120 s). */
void gate_decide(const struct ruleset *rules, const struct gate_facts *facts,
    enum gate_checkpoint checkpoint, stw_usec now, stw_usec ttl, struct arena *arena,
    struct gate_decision *out);

/* "BLOCK", "DEFER", "REVIEW", "REQUIRE", "WARN", "INFO"; UNSET, the outcome of a decision
 * without a reason, is "ALLOW". */
const char *gate_outcome_name(enum gate_outcome outcome);
char gate_checkpoint_letter(enum gate_checkpoint checkpoint); /* P, D, C */

#endif
