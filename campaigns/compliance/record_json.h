/*
 * record_json.h - facts and decisions as JSON documents.
 *
 * Purpose    The decision record (compliance.md 7.1): canonical JSON (sorted keys, no
 *            spaces, no fractions, null for what is unknown or open) that holds all
 *            inputs, all rule hits and the result, so that the decision can be replayed
 *            byte for byte. It names no person and no number: the customer by reference,
 *            the number by keyed hash and mask; of the person it holds what rules ask
 *            for (date of birth, province, rating, flags), so it is kept beside the
 *            ledger, which holds only its hash. Also the facts document that tests.jsonl
 *            and `steward gate decide --facts` read.
 * Form       {"campaign", "campaign_version", "checkpoint", "codes", "customer_ref",
 *            "decision_id", "facts" (facts_json.h), "format", "hits", "local_times",
 *            "next_allowed_at", "now", "outcome", "phone_mask", "primary",
 *            "ruleset_hash", "segment_why", "task_id", "ttl", "tzdata", "valid_until"}.
 *            hits: one a rule that applied, {"ok": true, "rule"} with "evidence" and
 *            "until" where there are any, or {"ok": false, "rule", "code", "layer",
 *            "outcome", "from"} with "evidence".
 * Ownership  Parsed facts live in the arena.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_RECORD_JSON_H
#define STW_CAMPAIGNS_COMPLIANCE_RECORD_JSON_H

#include "campaigns/compliance/gate.h"
#include "engine/buf.h"

/* What the record says besides facts and decision. */
struct record_context {
	const char *decision_id; /* uuid text */
	enum gate_checkpoint checkpoint;
	stw_usec now, ttl;
	const char *campaign; /* code; NULL: none */
	int campaign_version;
	const char *segment_why;  /* why this customer was chosen; may be NULL */
	const char *task_id;      /* uuid text; NULL: none yet */
	const char *customer_ref; /* pseudonymous */
	const char *phone_mask;
};

/* Appends the canonical record to `to`. */
void record_write(const struct record_context *ctx, const struct gate_facts *facts,
    const struct gate_decision *decision, struct buf *to);

/* Reads the "facts", "checkpoint", "now" and "ttl" of a record (or of a facts document of
 * the same form, where what is left out takes a documented default). */
enum stw_code record_read(struct str json, struct arena *arena,
    struct gate_facts *facts, enum gate_checkpoint *checkpoint, stw_usec *now,
    stw_usec *ttl, struct stw_err *err) STW_MUST_USE;

/* When the hours end that the record's decision was made in: the first of its windows and
 * days to close, as `rules` know them by name. STW_USEC_MAX: no rule about hours was asked. */
enum stw_code record_hours_end(const struct ruleset *rules, struct str record,
    stw_usec *out, struct stw_err *err) STW_MUST_USE;

/* Decides again from the record alone; *same tells whether the bytes are the same. */
enum stw_code record_replay(const struct ruleset *rules, struct str record, bool *same,
    struct buf *again, struct stw_err *err) STW_MUST_USE;

#endif
