/*
 * trace_store.h - from a complaint back to every contact it can be about, in one go.
 *
 * Purpose    All contacts with a number, or with a customer, in a stretch of time: whoever
 *            has or had the number, each call permitted and each push, with the three
 *            decisions about it, the caller number and its licence, script and its approval,
 *            what came of it, and what each party had consented to. What should be there and
 *            is not is named as a gap, never left out.
 * Ownership  Everything in the arena.
 * Errors     As db.h. That nothing is found is an answer.
 * Locks      None; the caller gives it one snapshot.
 * Rules      compliance.md 7.6.
 */
#ifndef STW_CAMPAIGNS_TRACE_STORE_H
#define STW_CAMPAIGNS_TRACE_STORE_H

#include "campaigns/consent_store.h"
#include "db/db.h"
#include "db/seal.h"

struct trace_decision {
	const char *id, *gate, *outcome;
	stw_usec decided_at;
	stw_usec valid_until; /* STW_USEC_NEVER: not an allowing one */
	const char **codes;
	size_t ncodes;
	const char *ruleset_hash;
	const char *record_hash; /* NULL, as the record: the customer was erased */
	const char *record;      /* canonical JSON */
};

/* What is missing of one contact. */
enum trace_gap {
	GAP_PLAN_DECISION = 1 << 0,     /* no decision when it was planned */
	GAP_DISPATCH_DECISION = 1 << 1, /* none when it was handed over */
	GAP_DIAL_DECISION = 1 << 2,     /* none when the call was permitted */
	GAP_OUTCOME = 1 << 3,           /* nobody said what came of it */
	GAP_CALL_TIMES = 1 << 4,        /* an outcome without the call's times */
	GAP_SCRIPT_APPROVAL = 1 << 5,
	GAP_NUMBER_LICENCE = 1 << 6,   /* the caller number has no licence on file */
	GAP_CONSENT = 1 << 7,          /* marketing, and no grant on record */
	GAP_CONSENT_EVIDENCE = 1 << 8, /* a grant without a reference to its proof */
	GAP_LEDGER = 1 << 9, /* decided after the last checkpoint: not provable yet */
};
#define TRACE_GAPS 10
/* "GAP_PLAN_DECISION", ...; bit i of the set. */
const char *trace_gap_name(int bit);

struct trace_contact {
	const char *kind; /* call: permitted; push: handed to a queue without a call */
	stw_usec at, until;
	const char *task_id, *campaign, *step, *channel, *purpose, *product, *handler,
	    *agent;
	int version;
	const char *number, *number_status, *licence_no;
	stw_usec licence_from, licence_to;
	const char *script;
	int script_version;
	const char *script_approved_by;
	stw_usec script_approved_at;
	const char *disposition; /* NULL: none is on record */
	bool reached;
	stw_usec started_at, ended_at, outcome_at;
	const struct trace_decision *decisions;
	int ndecisions;
	unsigned gaps; /* enum trace_gap bits */
};

struct trace_objection {
	const char *id, *kind, *channel, *source, *actor;
	bool own; /* false: another's, about this number */
	stw_usec effective_at, recorded_at,
	    lifted_at; /* lifted STW_USEC_MAX: in force */
};

struct trace_party {
	int bucket;
	int64_t customer_id, point_id;
	const char *ref, *state, *phone_mask;
	const struct consent_event *consents; /* newest first */
	int nconsents;
	const struct trace_objection *objections;
	int nobjections;
	const struct trace_contact *contacts; /* by time */
	int ncontacts;
};

struct trace {
	stw_usec from, to;
	const struct trace_party *parties;
	int nparties, ncontacts;
};

/* Either a number (hash, and the one before or NULL) or, with index NULL, a customer. */
struct trace_subject {
	const unsigned char *index, *index_before;
	int bucket;
	int64_t customer_id;
};
/* [from, to); sealed_until: the time of the ledger's last checkpoint. */
enum stw_code trace_find(struct db *db, const struct trace_subject *subject,
    stw_usec from, stw_usec to, stw_usec sealed_until, struct arena *arena,
    struct trace *out, struct stw_err *err) STW_MUST_USE;

/* When the newest checkpoint was signed; STW_USEC_NEVER: there is none. */
enum stw_code trace_sealed_until(
    struct db *db, stw_usec *out, struct stw_err *err) STW_MUST_USE;

#endif
