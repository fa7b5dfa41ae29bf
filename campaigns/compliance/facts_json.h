/*
 * facts_json.h - the facts of one contact as a document, and back.
 *
 * Purpose    One table of fields per record serves both directions, so that what is
 *            written can be read again without loss.
 *            Written: canonical JSON, every field there, null for what is unknown.
 *            Read: what is left out keeps its default, a lawful contact:
 *              customer 1 in Shanghai, born 1980-05-05, rating C3 of 2026-06-01, zone
 *              Asia/Shanghai; consent to MARKETING by VOICE for wealth products, notice
 *              v3, of 2026-05-01; a verified number shared with nobody; product P3 (R3,
 *              class wealth); caller number of kind landline for MARKETING by VOICE and
 *              robots, licence 2026-01-01 to 2027-01-01 +08:00; an approved script with
 *              a label for synthetic voice; an approved, active campaign; a qualified
 *              agent; no objection, nothing counted, no earlier decision.
 *            An object in a document is laid over its default; `null` for product,
 *            number, agent or prior means that there is none. Items of consents,
 *            objections and counts start from: that consent; do_not_call by the
 *            customer on all channels; an attempt by VOICE on this number to this person.
 * Errors     INVALID names the key; an unknown key is refused.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_FACTS_JSON_H
#define STW_CAMPAIGNS_COMPLIANCE_FACTS_JSON_H

#include "campaigns/compliance/gate.h"
#include "engine/buf.h"

/* 2026-11-23T10:00:00+08:00, the instant of the defaults; and two minutes. */
#define FACTS_DEFAULT_NOW INT64_C(1795399200000000)
#define FACTS_DEFAULT_TTL (2 * STW_USEC_MIN)

#define FACTS_MAX_DOCUMENT (4u * 1024 * 1024)

/* "facts", "checkpoint", "now" and "ttl" of a document; each may be left out: the default
 * contact, C, FACTS_DEFAULT_NOW, FACTS_DEFAULT_TTL. Other keys are the caller's. */
enum stw_code facts_document_read(struct str text, struct arena *arena,
    struct gate_facts *facts, enum gate_checkpoint *checkpoint, stw_usec *now,
    stw_usec *ttl, struct stw_err *err) STW_MUST_USE;
void facts_to_json(const struct gate_facts *facts, struct buf *to);

/* A JSON string with its quotes; null for NULL. */
void json_put_text(const char *s, struct buf *to);
/* RFC 3339 in quotes; null for `open`, "never" / "always" for the other extreme. */
void json_put_instant(stw_usec at, stw_usec open, struct buf *to);

#endif
