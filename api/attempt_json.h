/*
 * attempt_json.h - a dial attempt as the API and the command line show it.
 *
 * Ownership  The value is the caller's.
 */
#ifndef STW_API_ATTEMPT_JSON_H
#define STW_API_ATTEMPT_JSON_H

#include <jansson.h>

struct attempt;

json_t *attempt_json(const struct attempt *attempt);

#endif
