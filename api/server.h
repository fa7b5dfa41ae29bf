/*
 * server.h - HTTP: connections, limits, and the way of a request to its handler.
 *
 * Purpose    libmicrohttpd with epoll and two threads that only read and write; workers do
 *            what is asked for. A request passes: limits, route, rate, token, role, body,
 *            idempotency key, handler, answer. What is not in the table of routes is
 *            refused.
 * Limits     Body, headers (32 KiB), connections, times and rate by the settings. Each has
 *            its status: 413, 431, 429, 503 with Retry-After, closed connection
 *            (docs/api.md).
 * Long work  A ROUTE_OPERATION is answered before it is done; its workers are started by
 *            whoever serves (operations_start), and stopped before the server.
 * Ownership  server_open/server_close. The app is borrowed.
 * Errors     INVALID for a listen address that is none; TEMPFAIL when the port is taken,
 *            with its number.
 * Threads    Handlers run on the workers' threads (api/workers.h); server_stop may be called from any one.
 */
#ifndef STW_API_SERVER_H
#define STW_API_SERVER_H

#include <pthread.h>

#include "api/app.h"
#include "api/assets.h"
#include "api/auth_cache.h"
#include "api/connections.h"
#include "api/metrics.h"
#include "api/oidc_actor.h"
#include "api/operations.h"
#include "api/query_names.h"
#include "api/rate.h"
#include "api/request.h"
#include "api/route.h"
#include "api/server_rules.h"
#include "api/workers.h"

struct MHD_Daemon;

struct server {
	struct app *app;
	struct db_pool *pool;
	struct auth_keys auth;
	struct auth_cache tokens;
	struct oidc oidc;
	struct rate rate;
	struct assets assets;
	struct metrics metrics;
	const struct route *routes;
	int nroutes;
	struct query_names query_names;
	struct server_rules rules;
	struct operations operations;
	_Atomic int64_t
	    sealed_at; /* stw_monotonic of the last good look at the ledger */
	struct connections connections;
	struct workers *workers;
	pthread_t watch; /* looks at both */
	_Atomic bool watching;
	_Atomic int64_t bodies; /* bytes of bodies that are kept now */
	struct MHD_Daemon *daemon;
	int port;
};

/* Opens the pool and the token key, loads the packs, listens; server->port is the port. */
enum stw_code server_open(struct server *server, struct app *app,
    const struct route *routes, int nroutes, struct stw_err *err) STW_MUST_USE;
/* Takes no more connections, waits up to 10 seconds for requests under way, stops. */
void server_stop(struct server *server);
/* Stops it when it runs, and frees the rest. */
void server_close(struct server *server);

/* server_rules_get of its packs. */
enum stw_code server_rules(struct server *server, struct db *db,
    const struct ruleset **out, struct stw_err *err) STW_MUST_USE;
/* The same; without a pack, or with one that cannot be verified, rules that block everything. */
enum stw_code server_rules_or_none(struct server *server, struct db *db,
    const struct ruleset **out, struct stw_err *err) STW_MUST_USE;

/* "127.0.0.1:8080" or "[::1]:8080": a bound, listening socket and its port. */
enum stw_code listen_open(
    const char *address, int *fd, int *port, struct stw_err *err) STW_MUST_USE;

#endif
