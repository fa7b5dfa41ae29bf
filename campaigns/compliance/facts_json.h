/*
 * facts_json.h - the facts of one contact as a document, and back.
 *
 * Purpose    One table of fields (facts_table.c) serves both directions, so that what is
 *            written can be read again without loss. docs/gate-facts.schema.json
 *            describes every field; a test keeps the two alike.
 *            Written: canonical JSON, every field there, null for what is unknown.
 *            Read over one of two bases:
 *            CLOSED   what is left out has the value that denies; what has no such value
 *                     (an objection not named would be an objection overlooked) has to be
 *                     there. For everything that decides about a person.
 *            FIXTURE  what is left out is that of a lawful contact, for tests: customer 1
 *                     in Shanghai, born 1980-05-05, rating C3 of 2026-06-01, zone
 *                     Asia/Shanghai; consent to MARKETING by VOICE for wealth products,
 *                     notice v3, of 2026-05-01; a verified number shared with nobody;
 *                     product P3 (R3, class wealth); caller number of kind landline for
 *                     MARKETING by VOICE and robots, licence 2026-01-01 to 2027-01-01
 *                     +08:00; an approved script; an approved, active campaign; a
 *                     qualified agent; no objection, nothing counted, no earlier decision.
 *                     Items of lists start from: that consent; do_not_call by the customer
 *                     on all channels; an attempt by VOICE; a refusal; a register where
 *                     the number is not listed.
 *            An object in a document is laid over its base; `null` for product, number,
 *            agent or prior means that there is none.
 * Errors     INVALID names the key and its line and column; an unknown key is refused.
 */
#ifndef STW_CAMPAIGNS_COMPLIANCE_FACTS_JSON_H
#define STW_CAMPAIGNS_COMPLIANCE_FACTS_JSON_H

#include "campaigns/compliance/gate.h"
#include "engine/buf.h"

/* 2026-11-23T10:00:00+08:00, the fixture's instant; and two minutes. */
#define FACTS_DEFAULT_NOW INT64_C(1795399200000000)
#define FACTS_DEFAULT_TTL (2 * STW_USEC_MIN)

#define FACTS_MAX_DOCUMENT (4u * 1024 * 1024)

enum facts_base { FACTS_CLOSED = 0, FACTS_FIXTURE };

/* "facts", "checkpoint", "now" (or "at"), "ttl" and "base" (closed, fixture) of a
 * document; without them the facts of the base, C, FACTS_DEFAULT_NOW, FACTS_DEFAULT_TTL
 * and the base named here. Other keys are the caller's. */
enum stw_code facts_document_read(struct str text, enum facts_base base,
    struct arena *arena, struct gate_facts *facts, enum gate_checkpoint *checkpoint,
    stw_usec *now, stw_usec *ttl, struct stw_err *err) STW_MUST_USE;
void facts_to_json(const struct gate_facts *facts, struct buf *to);

/* A JSON string with its quotes; null for NULL. */
void json_put_text(const char *s, struct buf *to);
/* RFC 3339 in quotes; null for `open`, "never" / "always" for the other extreme. */
void json_put_instant(stw_usec at, stw_usec open, struct buf *to);

#endif
