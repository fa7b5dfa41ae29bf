#include "api/connections.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/arena.h"
#include "engine/err.h"

void
connections_init(struct connections *list, int limit, stw_usec idle)
{
	memset(list, 0, sizeof *list);
	list->limit = limit;
	list->idle = idle;
	STW_ASSERT(pthread_mutex_init(&list->lock, NULL) == 0);
}

void
connections_fini(struct connections *list)
{
	STW_ASSERT(list->head == NULL);
	(void)pthread_mutex_destroy(&list->lock);
}

struct connection *
connection_open(struct connections *list, int fd)
{
	struct connection *c = stw_xalloc(sizeof *c);

	memset(c, 0, sizeof *c);
	c->fd = fd;
	connection_enter(c, CONNECTION_IDLE);
	(void)pthread_mutex_lock(&list->lock);
	c->spare = ++list->count > list->limit;
	c->next = list->head;
	if (c->next != NULL)
		c->next->prev = c;
	list->head = c;
	(void)pthread_mutex_unlock(&list->lock);
	return c;
}

void
connection_close(struct connections *list, struct connection *c)
{
	(void)pthread_mutex_lock(&list->lock);
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		list->head = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	list->count--;
	(void)pthread_mutex_unlock(&list->lock);
	free(c);
}

void
connection_enter(struct connection *c, enum connection_state state)
{
	atomic_store_explicit(&c->since, stw_monotonic(), memory_order_relaxed);
	atomic_store_explicit(&c->bytes, 0, memory_order_relaxed);
	atomic_store_explicit(&c->state, (int)state, memory_order_release);
}

void
connection_moved(struct connection *c, int64_t bytes)
{
	atomic_fetch_add_explicit(&c->bytes, bytes, memory_order_relaxed);
}

static bool
is_over(const struct connections *list, struct connection *c, stw_usec now)
{
	int state = atomic_load_explicit(&c->state, memory_order_acquire);
	stw_usec since = atomic_load_explicit(&c->since, memory_order_relaxed);
	int64_t bytes = atomic_load_explicit(&c->bytes, memory_order_relaxed);
	stw_usec may = list->idle;

	if (state == CONNECTION_WORKING)
		return false;
	if ((c->spare || list->count > list->limit - list->limit / 4) &&
	    may > CONNECTION_PRESSED)
		may = CONNECTION_PRESSED;
	return now - since > may + bytes / CONNECTION_RATE * STW_USEC_SEC;
}

void
connections_look(struct connections *list, stw_usec now)
{
	(void)pthread_mutex_lock(&list->lock);
	for (struct connection *c = list->head; c != NULL; c = c->next) {
		if (c->fd < 0 || !is_over(list, c, now))
			continue;
		/* libmicrohttpd sees the end of the stream, and closes. */
		(void)shutdown(c->fd, SHUT_RDWR);
		c->fd = -1;
		atomic_fetch_add(&list->cut, 1);
	}
	(void)pthread_mutex_unlock(&list->lock);
}

int
connections_count(struct connections *list)
{
	int n;

	(void)pthread_mutex_lock(&list->lock);
	n = list->count;
	(void)pthread_mutex_unlock(&list->lock);
	return n;
}
