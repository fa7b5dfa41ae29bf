/*
 * route.h - which request is which operation, and for whom.
 *
 * Purpose    One table of routes; a request that no row names is denied (404, or 405 when
 *            the path exists with other methods).
 * Rules      Patterns are absolute paths; {name} stands for exactly one segment, which is
 *            percent-decoded after matching, so that an encoded slash stays inside it.
 */
#ifndef STW_API_ROUTE_H
#define STW_API_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"

enum api_role {
	ROLE_NONE = 0,
	ROLE_OPS = 1,
	ROLE_AGENT = 2,
	ROLE_COMPLIANCE = 4,
	ROLE_OPERATOR = 8,
	ROLE_ADMIN = 16,
};
#define ROLES_ALL   (ROLE_OPS | ROLE_AGENT | ROLE_COMPLIANCE | ROLE_OPERATOR | ROLE_ADMIN)
#define ROLES_STAFF (ROLE_OPS | ROLE_COMPLIANCE | ROLE_OPERATOR | ROLE_ADMIN)
#define ROLES_BOOK  (ROLE_OPS | ROLE_COMPLIANCE | ROLE_ADMIN)

/* ROLE_NONE for a word that is no role. */
enum api_role role_parse(struct str text);
const char *role_name(enum api_role role);

enum api_method { METHOD_GET = 0, METHOD_POST, METHOD_PUT, METHODS };
const char *method_name(enum api_method method);

enum route_flag {
	ROUTE_PUBLIC = 1, /* no token */
	ROUTE_IDEMPOTENT =
	    2,          /* needs Idempotency-Key; the answer is kept with the effect */
	ROUTE_BODY = 4, /* has a JSON body */
	ROUTE_RAW = 8,  /* answers by itself, not with JSON */
	ROUTE_NO_DB = 16, /* needs no connection, so works without a database */
	ROUTE_ETAG = 32,  /* the member "hash" of the answer is its ETag */
	ROUTE_LIST = 64,  /* with BODY: an array will do as well as an object */
	ROUTE_LINES =
	    128, /* with BODY: JSON objects, one a line; the handler reads them */
	ROUTE_MAYBE = 512, /* with BODY: may be left out; then it is an empty object */
	ROUTE_ASKS = 1024, /* registries are asked about the task {id} before it */
	ROUTE_HERE =
	    2048, /* waits for nothing, so the connection's own thread does it */
	ROUTE_SLOW = 4096, /* evaluates many customers: takes as long as it takes */
	ROUTE_OPERATION =
	    8192,           /* may answer 202: carried out later (api/operations.h) */
	ROUTE_AUDIT = 256,  /* a look at somebody's record: put on record itself */
	ROUTE_ONCE = 16384, /* a GET that uses something up: there is no HEAD of it */
};

struct api_request;

struct route {
	enum api_method method;
	const char *pattern;
	unsigned roles; /* api_role bits; none needed when PUBLIC */
	unsigned flags;
	void (*handler)(struct api_request *req);
};

#define ROUTE_PARAMS 3

struct route_match {
	int index;                        /* into the table */
	const char *params[ROUTE_PARAMS]; /* decoded, in the arena */
	int nparams;
	unsigned allowed; /* bits 1 << api_method that the path has */
	bool head;        /* and HEAD: its GET changes nothing */
};

/* NOT_FOUND: no such path. DENIED: the path has other methods (out->allowed). INVALID: a
 * segment is not valid percent-encoded UTF-8, is empty or holds a NUL. path is what the
 * client sent, without the query. */
enum stw_code route_find(const struct route *table, int count, enum api_method method,
    struct str path, struct arena *arena, struct route_match *out) STW_MUST_USE;

/* Percent-decodes into the arena; NULL when it is not valid UTF-8 or holds a NUL. */
const char *percent_decode(struct str text, struct arena *arena);

#endif
