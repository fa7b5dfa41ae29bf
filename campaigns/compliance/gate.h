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
struct gate_texts {
	const char *const *items;
	int count;
};

/* Two marks stand for "it did not happen" (STW_USEC_NEVER) and, where a thing that
 * happened denies, "nobody knows" (GATE_WHEN_UNKNOWN): the rules that ask deny then. */
#define GATE_WHEN_UNKNOWN STW_USEC_MAX

/* How a zone was learnt, the surest last. */
enum gate_zone_source {
	GATE_ZONE_NUMBER_PLAN = 0,
	GATE_ZONE_ADDRESS,
	GATE_ZONE_DECLARED,
	GATE_ZONE_VERIFIED,
};

/* When the customer asked to be contacted: [start, end) of the local day, minutes. */
struct gate_preference {
	int start, end;
	unsigned weekdays; /* bit 0 Monday */
};

/* The person called. */
struct gate_party {
	int64_t customer_id;
	int bucket;
	const char *kind;     /* consumer, business; NULL: unknown, taken as consumer */
	const char *country;  /* ISO 3166, "CN" */
	const char *province; /* NULL: unknown */
	const char *state;    /* ISO 3166-2 without the country: "FL" */
	struct gate_texts places; /* all places the person may be in: "US-FL" */
	struct gate_optional_day dob;
	bool deceased, incapacity, fraud_hold, legal_hold, complaint_open;
	bool profiling_opt_out;
	bool elder_approval;     /* the extra approval for older customers is given */
	bool qualified_investor; /* proven */
	struct gate_optional_int means_fen; /* declared means */
	struct gate_optional_int
	    risk_rating; /* 1-5 (C1-C5); joint holders: the lowest */
	/* Of further holders of the account; 0: that holder has none. */
	const int64_t *joint_ratings;
	int njoint_ratings;
	struct gate_optional_day risk_assessed_on;
	bool risk_valid;           /* not in doubt */
	bool risk_self_completed;  /* by the customer */
	bool risk_employee_device; /* on a device of the bank's staff */
	struct gate_optional_int risk_count_day, risk_count_year; /* assessments made */
	const char *risk_questionnaire; /* its version; NULL: unknown */
	/* All zones the person may be in; the contact must be allowed in every one, or,
	 * where some are verified, in every one of those. */
	const struct zone *const *zones;
	int nzones;
	const enum gate_zone_source *zone_sources; /* NULL: none is verified */
	int nzone_sources;                         /* 0 or nzones */
	const struct gate_preference *preferences; /* none: at any hour */
	int npreferences;
};

enum gate_reassigned {
	GATE_REASSIGNED_NOT_ASKED = 0,
	GATE_REASSIGNED_NO,
	GATE_REASSIGNED_YES,
	GATE_REASSIGNED_NO_DATA,
};

struct gate_contact_point {
	int64_t point_id;
	unsigned char phone_index[32]; /* keyed hash, never the number */
	const char *country;           /* of the number */
	const char
	    *point_class; /* mobile, landline, emergency, hospital, ...; NULL: unknown
				  */
	bool verified;
	stw_usec unverified_change_at; /* last change through an unverified channel */
	int sharers;    /* customers with this number, this one included */
	bool household; /* all of them are of one household */
	enum gate_reassigned reassigned;
	stw_usec reassigned_asked_at;
	struct gate_optional_day reassigned_since; /* the consent date asked about */
};

struct gate_product {
	const char *code;              /* NULL: the contact is about no product */
	const char *product_class;     /* wealth, insurance, ...; "*" when no product */
	const char *regulator;         /* of the product, "CN"; NULL: unknown */
	struct gate_optional_int risk; /* 1-5 (R1-R5) */
	struct gate_optional_day on_sale_from, on_sale_to;
	struct gate_optional_int amount_fen; /* offered */
	bool dual_recording;                 /* its sale needs sound and picture */
	bool qualified_only;                 /* for qualified investors */
};

/* UNKNOWN denies wherever one of the others would. */
enum gate_state { GATE_STATE_UNKNOWN = 0, GATE_STATE_OK, GATE_STATE_FAILED };

struct gate_number {
	bool present; /* false: none was found that is lawful */
	int64_t number_id;
	const char *kind; /* "95", "landline", ... */
	const char *holder, *user_org;
	const char *lessee; /* NULL: not leased out */
	bool sublet;
	const char *country;
	const char *const *regions; /* provinces; none: whole country */
	int nregions;
	const char *direction; /* in, out, both */
	const char *const *channels;
	int nchannels;
	const char *const *purposes;
	int npurposes;
	bool robot;
	bool has_approval, has_undertaking; /* the document is on file */
	stw_usec licence_from,
	    licence_to; /* STW_USEC_NEVER/MAX when open; see has_licence */
	bool has_licence;
	const char *licence_no; /* NULL: unknown */
	const char *status;     /* planned, active, suspended, recalled */
	struct gate_optional_int daily_cap, hourly_cap;
	int64_t used_today, used_hour; /* attempts and live reservations */
	const char *attestation;       /* STIR/SHAKEN: A, B, C; NULL: none */
	const char *label; /* by an analytics vendor: spam, scam, ...; NULL: none */
	stw_usec label_at;
	bool withheld;            /* the called party would not see it */
	enum gate_state identity; /* what is dialled with is what the ledger says */
	enum gate_state callback; /* last test of the route for calling back */
	stw_usec callback_ok_at;  /* last test that passed */
};

enum gate_consent_action { GATE_CONSENT_WITHDRAW = 0, GATE_CONSENT_GRANT };

struct gate_consent {
	const char *id; /* uuid text */
	enum gate_consent_action action;
	const char *purpose, *channel; /* "*" in a withdrawal: all */
	const char *product_class;     /* "*": any */
	const char *controller;        /* to whom it was given; NULL: unknown */
	const char *recipient;         /* who may use it */
	int64_t point_id;              /* 0: any */
	const char *separate_kind; /* sensitive kind it is the separate consent for */
	const char *form;
	bool written;               /* signed agreement, on paper or electronic */
	bool guardian;              /* given by the guardian */
	const char *notice_version; /* NULL: none */
	const char *notice_hash;    /* hex of the text as shown; NULL: none */
	bool has_evidence;
	bool evidence_match; /* the evidence kept is the evidence recorded */
	stw_usec effective_at, recorded_at;
	stw_usec expires_at; /* STW_USEC_MAX: never */
};

struct gate_objection {
	const char *id;
	const char *kind;    /* do_not_call, channel_opt_out, carrier_reject */
	const char *channel; /* "*": all */
	bool own;            /* by this customer; else by a sharer of the number */
	int64_t point_id;    /* about this number only; 0: about all */
	stw_usec effective_at, recorded_at;
	stw_usec lifted_at; /* STW_USEC_MAX: stands */
};

/* What the customer did that starts a time of quiet; contacts are in the counts. */
struct gate_event {
	const char *id;
	const char *kind; /* refusal, consent_refusal, abandoned */
	const char *channel;
	const char *purpose; /* of the contact; NULL: unknown, counts for all */
	bool this_number, this_person;
	stw_usec at, recorded_at;
};

/* One per call: a reservation becomes an attempt, an attempt that was answered a connect,
 * one that reached the person a conversation (which still counts as an attempt). The
 * reservation of the very contact that is being decided is left out by whoever gathers
 * the facts. */
enum gate_count_kind {
	GATE_RESERVED = 0,
	GATE_ATTEMPT,
	GATE_CONVERSATION,
	GATE_MESSAGE,
	GATE_CONNECT,
};

struct gate_count {
	enum gate_count_kind kind;
	stw_usec at;
	const char *channel;
	const char *purpose; /* NULL: unknown, counts for all */
	bool this_number;    /* on this contact point's number */
	bool this_person;    /* to this customer */
	bool this_household; /* to somebody of the household */
	bool this_subject;   /* about the same subject, or the same debt */
	bool this_caller;    /* from the same caller number */
	bool this_org;       /* by the same organisation's seats */
	bool warm;           /* with a proof that the customer expected it */
	stw_usec expires_at; /* reservations; else STW_USEC_MAX */
};

/* One answer of a register of people who do not want to be called. */
struct gate_registry {
	const char *name; /* "US-DNC", "GB-TPS" */
	bool listed;
	stw_usec listed_at;   /* NEVER: since ever, or not listed */
	stw_usec obtained_at; /* of the answer or the file; NEVER: never */
	const char *version;  /* NULL: unknown */
	bool service_up;
};

/* The business relationship. */
struct gate_relationship {
	struct gate_optional_day last_transaction_on, last_inquiry_on;
	bool contract; /* one runs, and the offer is related to it */
	const char *contract_id;
	stw_usec terminated_at; /* NEVER: was not */
};

struct gate_script {
	const char *code;
	int version;
	bool approved;
	bool ai_disclosure; /* has the audible label for synthetic voice */
	struct gate_optional_int shown_version; /* on the agent's screen */
	const char *clip;                       /* id of the spoken label; NULL: none */
	const char *rendered;          /* as it will be said or sent; NULL: not known */
	struct gate_texts disclosures; /* the text contains */
	struct gate_texts term_hits;   /* banned terms found in it elsewhere (ASR) */
};

struct gate_agent {
	bool present; /* C only */
	const char *code;
	stw_usec qualified_until; /* STW_USEC_NEVER: no licence on file */
	const char *outsourcer;   /* whose staff; NULL: the bank's own */
	stw_usec mandate_from,
	    mandate_until; /* of the outsourcer; NEVER: none on file */
};

/* How calls are made; an unknown mode counts as the strictest. */
enum gate_dial_mode {
	GATE_DIAL_UNKNOWN = 0,
	GATE_DIAL_MANUAL,
	GATE_DIAL_PREVIEW,
	GATE_DIAL_PROGRESSIVE,
	GATE_DIAL_PREDICTIVE,
};

/* Of the campaign's calls in a window of the last `hours`. */
struct gate_ratio {
	int64_t hours, answered, abandoned;
};

/* What persons allowed. */
struct gate_override {
	const char *id;   /* of its record; NULL: none */
	const char *code; /* the reason it answers */
	const char *rule; /* only of this rule; NULL: of any */
	const char *by1, *by2;
	const char *reason;
	stw_usec at, expires_at;
};

struct gate_facts {
	struct gate_party party;
	struct gate_contact_point point;
	const char *channel;    /* VOICE, SMS, ... */
	const char *purpose;    /* MARKETING, SERVICE, ...; others count as MARKETING */
	const char *caller_org; /* who calls: "bank" */
	const char *institution_country; /* home of the institution; NULL: unknown */
	enum gate_handler handler;
	bool synthetic_voice, autodialled;
	enum gate_dial_mode dial_mode;
	bool campaign_approved, campaign_active, uses_profile;
	bool impact_assessed; /* its impact assessment is approved */
	struct gate_texts
	    sensitive;     /* kinds of sensitive data segment and script use */
	const char *stage; /* INVITE, SALE; NULL: unknown, taken as SALE */
	const char *subject, *debt;
	const struct gate_ratio *ratios;
	int nratios;
	bool promotional;            /* any promotional content: counts as MARKETING */
	const char *warm_call;       /* proof that the call is expected; NULL: none */
	struct gate_texts disclosed; /* said so far, as the agent ticked */
	enum gate_state recorder;    /* OK: it records */
	bool clock_trusted;
	struct gate_product product;
	struct gate_number number;
	struct gate_script script;
	struct gate_agent agent;
	struct gate_relationship relationship;
	const struct gate_consent *consents; /* all events known, any order */
	int nconsents;
	const struct gate_objection *objections;
	int nobjections;
	const struct gate_event *events;
	int nevents;
	const struct gate_count *counts; /* of the last 31 days */
	int ncounts;
	const struct gate_registry *registries;
	int nregistries;
	const struct gate_override *overrides;
	int noverrides;
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
	/* The code that persons overrode, or the id of the exemption that applied; the
	 * rule then counts as ok. NULL: neither. */
	const char *waived;
	const struct gate_override
	    *override; /* of the facts, that waived it; or NULL */
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
/* The same for a whole decision: "REQUIRE" is allowed with obligations; what is allowed
 * with nothing but warnings and remarks is "ALLOW". */
const char *gate_decision_name(const struct gate_decision *decision);
char gate_checkpoint_letter(enum gate_checkpoint checkpoint); /* P, D, C */

#endif
