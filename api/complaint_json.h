/*
 * complaint_json.h - a complaint as the API and the command line show it.
 *
 * Ownership  The values are the caller's.
 */
#ifndef STW_API_COMPLAINT_JSON_H
#define STW_API_COMPLAINT_JSON_H

#include <jansson.h>

#include "campaigns/complaint_store.h"

/* Puts the members of a row of the list into v; now: is it overdue? */
void complaint_put(json_t *v, const struct complaint_row *c, stw_usec now);
json_t *complaint_steps_json(const struct complaint_step *steps, int count);

#endif
