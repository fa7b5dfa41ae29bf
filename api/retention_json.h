/*
 * retention_json.h - retention as the API and `steward retention --json` show it.
 *
 * Ownership  The values are the caller's.
 */
#ifndef STW_API_RETENTION_JSON_H
#define STW_API_RETENTION_JSON_H

#include <jansson.h>

struct retention_due;
struct retention_run_row;

/* due: RETENTION_CLASSES of them. */
json_t *retention_due_json(const struct retention_due *due);
/* One object a run, with what went by class. */
json_t *retention_runs_json(const struct retention_run_row *rows, int count);

#endif
