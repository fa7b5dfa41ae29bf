/*
 * rule_value_json.h - rules from outside: one request as JSON in, one answer out.
 *
 * Purpose    What `steward rule eval --ndjson` does with a line, so that any suite can
 *            drive the language without a database. docs/rules.md has the protocol.
 * Errors     None: whatever is wrong with the request or the rule is the answer.
 * Threads    Any.
 */
#ifndef STW_ENGINE_RULE_VALUE_JSON_H
#define STW_ENGINE_RULE_VALUE_JSON_H

#include <stdbool.h>

#include "engine/buf.h"
#include "engine/time.h"

/* Appends the answer, one line of JSON without the newline. now: for requests that do not
 * say; zh: messages are in Chinese. */
void rule_answer_json(struct str request, stw_usec now, bool zh, struct buf *answer);
/* The answer to what could not be read as a request. */
void rule_answer_fault(const char *message, bool zh, struct buf *answer);

#endif
