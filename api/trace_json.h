/*
 * trace_json.h - a trace as the API shows it.
 *
 * Purpose    campaigns/trace_store.h's structures as JSON, each decision with its reasons and
 *            the text and source of the rules that spoke. rules may be NULL: then without
 *            those.
 * Ownership  The value is the caller's.
 */
#ifndef STW_API_TRACE_JSON_H
#define STW_API_TRACE_JSON_H

#include <jansson.h>

struct ruleset;
struct trace;

json_t *trace_json(const struct trace *trace, const struct ruleset *rules);

#endif
