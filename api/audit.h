/*
 * audit.h - a look at somebody's record is on record itself.
 *
 * Purpose    For routes with ROUTE_AUDIT: after the answer is made and before it is sent,
 *            who asked what and what was answered goes into access_event and the ledger
 *            (campaigns/access_store.h), in a transaction of its own.
 * Personal   Of the path, the query and the body's members words and references are kept; of anything that could
 *            be a name or a number, its length.
 * Header     Steward-Case: why, the reference of a case (letters, digits, - _ . /).
 * Errors     A look that cannot be put on record is not granted: the answer becomes an error.
 */
#ifndef STW_API_AUDIT_H
#define STW_API_AUDIT_H

#include "api/request.h"

void audit_look(struct api_request *req);

/* May this be kept for ever as the reference of a case? Letters, digits and - _ . /, at most
 * 60, and no more than nine digits in a row: those could be somebody's number. */
bool audit_case(const char *text);

#endif
