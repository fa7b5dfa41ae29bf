/*
 * query_names.h - which query parameters a route takes, as api/openapi.json has them.
 *
 * Purpose    A parameter that a route does not know is a filter that somebody believes in:
 *            passed over, the answer would be another one than was asked for. The document is
 *            the only list, so that what is told and what is taken cannot differ.
 * Ownership  query_names_open/query_names_close.
 * Errors     BUG: the document cannot be read, or lacks a route of the table.
 * Threads    Read-only after it is open.
 */
#ifndef STW_API_QUERY_NAMES_H
#define STW_API_QUERY_NAMES_H

#include "api/request.h"

struct query_names {
	struct arena arena;
	const char *const **of; /* by route: names, NULL at the end */
};

enum stw_code query_names_open(struct query_names *names, const struct route *routes,
    int count, struct stw_err *err) STW_MUST_USE;
void query_names_close(struct query_names *names);

/* Answers 400 for a parameter that the route does not take, that is there twice or that has
 * no value; false then. */
bool query_names_check(const struct query_names *names, struct api_request *req);

#endif
