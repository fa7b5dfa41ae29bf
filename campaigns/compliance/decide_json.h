/*
 * decide_json.h - one decision for a person to read: `steward gate decide --facts FILE`.
 *
 * Purpose    Reads a facts document (facts_json.h says what may be left out), asks the
 *            gate and writes the answer with the sentences of its reasons and the text
 *            and source of every rule that had a say, as indented JSON.
 * Errors     INVALID: the document; names the key or the place.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_DECIDE_JSON_H
#define STW_CAMPAIGNS_COMPLIANCE_DECIDE_JSON_H

#include "campaigns/compliance/gate.h"
#include "engine/buf.h"

/* Appends to `out`, with a newline at the end. *allowed (may be NULL): the verdict. */
enum stw_code decide_json(const struct ruleset *rules, struct str document,
    struct buf *out, bool *allowed, struct stw_err *err) STW_MUST_USE;

#endif
