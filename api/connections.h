/*
 * connections.h - HTTP connections, and how long each may take.
 *
 * Purpose    libmicrohttpd closes a connection on which nothing moves. One that moves a byte
 *            now and then would stay for ever, so every state has its time here.
 * Rules      A request has to be whole, and an answer taken, `idle` after its beginning, and
 *            a second later for each CONNECTION_RATE bytes. Between two requests a
 *            connection lives for `idle`. When more than three quarters of the places are
 *            taken, each of these is CONNECTION_PRESSED at most. While the server works, time
 *            is not the client's.
 *            Beyond the limit a connection is a spare one: it is told so, and then closed.
 * Ownership  The list owns its connections; a file descriptor stays libmicrohttpd's.
 * Threads    Any; a connection's state is set by whoever serves it.
 */
#ifndef STW_API_CONNECTIONS_H
#define STW_API_CONNECTIONS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "engine/time.h"

#define CONNECTION_RATE    ((int64_t)16 * 1024)
#define CONNECTION_PRESSED (2 * STW_USEC_SEC)

enum connection_state {
	CONNECTION_IDLE = 0,
	CONNECTION_RECEIVING,
	CONNECTION_WORKING,
	CONNECTION_SENDING,
};

struct connection {
	struct connection *prev, *next;
	int fd;
	bool spare;
	_Atomic int state;
	_Atomic int64_t since; /* stw_monotonic of the state */
	_Atomic int64_t bytes; /* moved, or to be moved, in it */
};

struct connections {
	pthread_mutex_t lock;
	struct connection *head;
	int count, limit;
	stw_usec idle;
	_Atomic uint64_t refused, cut;
};

void connections_init(struct connections *list, int limit, stw_usec idle);
void connections_fini(struct connections *list);
struct connection *connection_open(struct connections *list, int fd);
/* Before the descriptor is closed. */
void connection_close(struct connections *list, struct connection *connection);
void connection_enter(struct connection *connection, enum connection_state state);
void connection_moved(struct connection *connection, int64_t bytes);
/* Cuts off whose time is over. */
void connections_look(struct connections *list, stw_usec now);
int connections_count(struct connections *list);

#endif
