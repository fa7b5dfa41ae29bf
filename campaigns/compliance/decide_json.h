/*
 * decide_json.h - a facts document in, a decision out: `steward gate decide`.
 *
 * Purpose    Reads a facts document (facts_json.h says what may be left out), asks the
 *            gate and writes the answer: for a person, with the sentences of its reasons
 *            and the text and source of every rule that had a say, as indented JSON; or
 *            for a program that asks about many, as one line.
 * Form       The line: {"codes", "next_allowed_at", "outcome", "passed", "primary",
 *            "refused", "ruleset_hash", "valid_until"}; refused is a list of [rule, code],
 *            passed the rules that applied and had nothing against it.
 * Errors     INVALID: the document; names the key or the place.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_DECIDE_JSON_H
#define STW_CAMPAIGNS_COMPLIANCE_DECIDE_JSON_H

#include "campaigns/compliance/gate.h"
#include "engine/buf.h"
#include "engine/err.h"

/* What takes the place of the document's own words; NULL: nothing. */
struct decide_options {
	stw_usec at;     /* STW_USEC_NEVER: the document's */
	char checkpoint; /* P, D, C; 0: the document's */
};

/* The facts and the decision live in the arena. */
enum stw_code decide_document(const struct ruleset *rules, struct str document,
    const struct decide_options *options, struct arena *arena, struct gate_facts *facts,
    struct gate_decision *out, struct stw_err *err) STW_MUST_USE;

/* Appends to `out`, with a newline at the end. *allowed (may be NULL): the verdict. */
enum stw_code decide_json(const struct ruleset *rules, struct str document,
    const struct decide_options *options, struct buf *out, bool *allowed,
    struct stw_err *err) STW_MUST_USE;

/* Appends one line, without its end. */
enum stw_code decide_line(const struct ruleset *rules, struct str document,
    const struct decide_options *options, struct buf *out,
    struct stw_err *err) STW_MUST_USE;

#endif
