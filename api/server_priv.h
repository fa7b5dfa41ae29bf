/*
 * server_priv.h - a request between its first line and its last byte, for the files of the
 * server.
 *
 * Threads    A call belongs to libmicrohttpd's thread of its connection; from
 *            MHD_suspend_connection until MHD_resume_connection to the workers.
 */
#ifndef STW_API_SERVER_PRIV_H
#define STW_API_SERVER_PRIV_H

#include <microhttpd.h>

#include "api/server.h"

struct call {
	struct work work; /* first */
	struct api_request req;
	struct server *server;
	struct connection *wire;
	struct buf body;
	stw_usec began;
	size_t swallowed; /* bytes of a body that nobody keeps */
	bool started, too_large, refused, bad_method, answered;
	bool waited; /* for its operation */
	bool head;
	char allow[32];
};

/* ---- server_call.c: from the headers to the answer -------------------------------- */
/* Headers are here, the body is not. */
void call_start(struct call *call, const char *method);
/* What costs nothing: route, sender's rate. True: the request has its answer. */
bool call_route(struct call *call);
/* The handler; waits for the database. */
void call_run(struct work *work);
/* Prefer: wait=N (RFC 7240) in seconds; 0 without it. */
int call_wait_sec(struct call *call);
/* After that wait. */
void call_await(struct work *work);
/* 503, for what could not be begun. */
void call_late(struct work *work);

/* ---- server_answer.c: answers on the wire ------------------------------------------- */
enum MHD_Result call_answer(struct call *call, struct MHD_Connection *connection);
enum MHD_Result call_redirect(struct MHD_Connection *connection, const char *to);
enum MHD_Result call_asset(struct call *call, struct MHD_Connection *connection);

#endif
