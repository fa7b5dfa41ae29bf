/* A fixed number of connections shared by threads. */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "db/db_priv.h"
#include "engine/log.h"

struct db_pool {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	char *conninfo;
	const struct seal_keys *keys;
	int size;   /* most connections there may be */
	int opened; /* in use, idle, or being opened now */
	int idle_count;
	struct db **idle; /* newest on top, so that spare ones stay spare */
};

enum stw_code
db_pool_open(const char *conninfo, int size, struct db_pool **out, struct stw_err *err)
{
	pthread_condattr_t attr;
	struct db_pool *pool;
	struct db *first;
	enum stw_code rc;

	*out = NULL;
	STW_ASSERT(size > 0);
	/* The others open on demand; the first proves that the settings are right. */
	rc = db_open(conninfo, &first, err);
	if (rc != STW_OK)
		return rc;
	pool = stw_xalloc(sizeof *pool);
	pool->conninfo = stw_xstrdup(conninfo);
	pool->size = size;
	pool->idle = stw_xalloc((size_t)size * sizeof(struct db *));
	pool->idle[0] = first;
	pool->idle_count = pool->opened = 1;
	STW_ASSERT(pthread_condattr_init(&attr) == 0);
	STW_ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	STW_ASSERT(pthread_cond_init(&pool->freed, &attr) == 0);
	STW_ASSERT(pthread_mutex_init(&pool->lock, NULL) == 0);
	(void)pthread_condattr_destroy(&attr);
	*out = pool;
	return STW_OK;
}

void
db_pool_close(struct db_pool *pool)
{
	if (pool == NULL)
		return;
	STW_ASSERT(pool->idle_count == pool->opened); /* else one is still in use */
	for (int i = 0; i < pool->idle_count; i++)
		db_close(pool->idle[i]);
	(void)pthread_cond_destroy(&pool->freed);
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool->idle);
	free(pool->conninfo);
	free(pool);
}

void
db_pool_keys(struct db_pool *pool, const struct seal_keys *keys)
{
	pool->keys = keys;
}

static struct timespec
deadline(int wait_msec)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += wait_msec / 1000;
	at.tv_nsec += (long)(wait_msec % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	return at;
}

/* What a server says unasked is nearly always goodbye, and the end of the stream can
 * follow later; a connection that has anything to read is made anew. */
static bool
is_alive(struct db *db)
{
	struct pollfd fd = {.fd = PQsocket(db->pg), .events = POLLIN};

	return PQstatus(db->pg) == CONNECTION_OK && poll(&fd, 1, 0) == 0;
}

/* Gives the place back to whoever waits next. */
static void
forfeit(struct db_pool *pool)
{
	(void)pthread_mutex_lock(&pool->lock);
	pool->opened--;
	(void)pthread_cond_signal(&pool->freed);
	(void)pthread_mutex_unlock(&pool->lock);
}

/* An idle connection or, in *out = NULL, the right to open one. */
static bool
take_place(struct db_pool *pool, int wait_msec, struct db **out)
{
	struct timespec until = deadline(wait_msec);
	bool got = true;

	*out = NULL;
	(void)pthread_mutex_lock(&pool->lock);
	while (pool->idle_count == 0 && pool->opened == pool->size && got)
		got = pthread_cond_timedwait(&pool->freed, &pool->lock, &until) == 0;
	if (pool->idle_count > 0) {
		*out = pool->idle[--pool->idle_count];
		got = true;
	} else if (pool->opened < pool->size) {
		pool->opened++;
		got = true;
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return got;
}

enum stw_code
db_pool_acquire(
    struct db_pool *pool, int wait_msec, struct db **out, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	struct db *db;

	*out = NULL;
	if (!take_place(pool, wait_msec, &db))
		return stw_fail(err, STW_TEMPFAIL,
		    "all %d database connections were busy for %d ms", pool->size,
		    wait_msec);
	if (db == NULL)
		rc = db_open(pool->conninfo, &db, err);
	else if (!is_alive(db))
		rc = db_reset(db, err);
	if (rc != STW_OK) {
		db_close(db);
		forfeit(pool);
		return rc;
	}
	db_keys_set(db, pool->keys);
	*out = db;
	return STW_OK;
}

void
db_pool_release(struct db_pool *pool, struct db *db)
{
	if (db == NULL)
		return;
	if (db_in_transaction(db)) {
		log_event(LOG_WARN, "db_release_in_transaction", "rolled_back=1");
		db_rollback(db);
	}
	if (PQstatus(db->pg) != CONNECTION_OK) {
		db_close(db);
		forfeit(pool);
		return;
	}
	(void)pthread_mutex_lock(&pool->lock);
	pool->idle[pool->idle_count++] = db;
	(void)pthread_cond_signal(&pool->freed);
	(void)pthread_mutex_unlock(&pool->lock);
}
