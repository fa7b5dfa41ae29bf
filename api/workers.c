#include "api/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t put;
	struct work *head, **tail;
	int waiting;
	int owed; /* taken from the line, or never in it: done() has not returned */
	struct work **running; /* one place a thread; NULL: idle */
	pthread_t *threads;
	int nthreads, started, slow_running, slow_most;
	stw_usec longest;
	bool draining, ending;
};

/* ---- whose turn it is ------------------------------------------------------------ */
static int
running_of(const struct workers *w, uint64_t who)
{
	int n = 0;

	for (int i = 0; i < w->nthreads; i++)
		n += w->running[i] != NULL && w->running[i]->who == who;
	return n;
}

static struct work *
unlink_at(struct workers *w, struct work **at)
{
	struct work *work = *at;

	*at = work->next;
	if (*at == NULL)
		w->tail = at;
	work->next = NULL;
	w->waiting--;
	w->owed++;
	return work;
}

/* NULL: nothing that may run now. */
static struct work *
take(struct workers *w)
{
	struct work **best = NULL;
	int fewest = w->nthreads + 1;

	for (struct work **at = &w->head; *at != NULL && fewest > 0;
	     at = &(*at)->next) {
		int n;

		if ((*at)->slow && w->slow_running >= w->slow_most)
			continue;
		n = running_of(w, (*at)->who);
		if (n < fewest && (w->nthreads == 1 || n < w->nthreads - 1)) {
			fewest = n;
			best = at;
		}
	}
	return best == NULL ? NULL : unlink_at(w, best);
}

/* ---- the threads ------------------------------------------------------------------- */
static void
do_one(struct workers *w, struct work *work, int place)
{
	bool slow = work->slow;

	w->running[place] = work;
	w->slow_running += slow;
	work->since = stw_monotonic();
	(void)pthread_mutex_unlock(&w->lock);
	work->run(work);
	(void)pthread_mutex_lock(&w->lock);
	w->running[place] = NULL;
	w->slow_running -= slow;
	(void)pthread_mutex_unlock(&w->lock);
	work->done(work);
	(void)pthread_mutex_lock(&w->lock);
	w->owed--;
}

static void *
worker_main(void *arg)
{
	struct workers *w = arg;
	int place;

	(void)pthread_mutex_lock(&w->lock);
	place = w->started++;
	for (;;) {
		struct work *work = take(w);

		if (work != NULL)
			do_one(w, work, place);
		else if (w->ending && w->head == NULL)
			break;
		else
			(void)pthread_cond_wait(&w->put, &w->lock);
	}
	/* Others sleep before what was not theirs to take, and nobody puts any more. */
	(void)pthread_cond_broadcast(&w->put);
	(void)pthread_mutex_unlock(&w->lock);
	return NULL;
}

enum stw_code
workers_open(int threads, stw_usec longest, struct workers **out, struct stw_err *err)
{
	struct workers *w = stw_xalloc(sizeof *w);

	*w = (struct workers){.longest = longest,
	    .slow_most = threads > 1 ? threads / 2 : 1,
	    .running = stw_xalloc((size_t)threads * sizeof *w->running),
	    .threads = stw_xalloc((size_t)threads * sizeof *w->threads)};
	w->tail = &w->head;
	for (int i = 0; i < threads; i++)
		w->running[i] = NULL;
	STW_ASSERT(pthread_mutex_init(&w->lock, NULL) == 0);
	STW_ASSERT(pthread_cond_init(&w->put, NULL) == 0);
	while (w->nthreads < threads) {
		bool good;

		/* A thread looks at nthreads when it takes its first piece, none before
		 * the lock is free. */
		(void)pthread_mutex_lock(&w->lock);
		good =
		    pthread_create(&w->threads[w->nthreads], NULL, worker_main, w) == 0;
		w->nthreads += good;
		(void)pthread_mutex_unlock(&w->lock);
		if (!good) {
			workers_close(w);
			return stw_fail(err, STW_TEMPFAIL, "a thread does not start");
		}
	}
	*out = w;
	return STW_OK;
}

/* ---- what comes in --------------------------------------------------------------------- */
/* It is among those owed. */
static void
tell_late(struct workers *w, struct work *work)
{
	work->late(work);
	work->done(work);
	(void)pthread_mutex_lock(&w->lock);
	w->owed--;
	(void)pthread_mutex_unlock(&w->lock);
}

bool
workers_put(struct workers *w, struct work *work)
{
	bool taken, room;

	(void)pthread_mutex_lock(&w->lock);
	taken = !w->draining || work->last;
	room = work->late == NULL || w->waiting < WORKERS_WAITING;
	w->owed += taken && !room;
	if (taken && room) {
		work->next = NULL;
		work->db = NULL;
		work->cut = false;
		work->since = stw_monotonic();
		*w->tail = work;
		w->tail = &work->next;
		w->waiting++;
		(void)pthread_cond_signal(&w->put);
	}
	(void)pthread_mutex_unlock(&w->lock);
	if (taken && !room)
		tell_late(w, work);
	return taken;
}

void
workers_db(struct workers *w, struct work *work, struct db *db)
{
	(void)pthread_mutex_lock(&w->lock);
	work->db = db;
	(void)pthread_mutex_unlock(&w->lock);
}

int
workers_waiting(struct workers *w)
{
	int n;

	(void)pthread_mutex_lock(&w->lock);
	n = w->waiting;
	(void)pthread_mutex_unlock(&w->lock);
	return n;
}

/* ---- what takes too long --------------------------------------------------------------- */
/* Those that have waited for too long, as a list. */
static struct work *
take_late(struct workers *w, stw_usec now)
{
	struct work *late = NULL, **at = &w->head;

	while (*at != NULL) {
		stw_usec wait = (*at)->slow ? WORKERS_WAIT_SLOW : WORKERS_WAIT;

		if ((*at)->late != NULL && now - (*at)->since > wait) {
			struct work *work = unlink_at(w, at);

			work->next = late;
			late = work;
		} else {
			at = &(*at)->next;
		}
	}
	return late;
}

static void
cut_running(struct workers *w, stw_usec now, bool all)
{
	for (int i = 0; i < w->nthreads; i++) {
		struct work *work = w->running[i];

		if (work == NULL || work->db == NULL || work->cut ||
		    (!all && (work->slow || now - work->since <= w->longest)))
			continue;
		db_cut(work->db);
		work->cut = true;
	}
}

void
workers_look(struct workers *w, stw_usec now)
{
	struct work *late;

	(void)pthread_mutex_lock(&w->lock);
	late = take_late(w, now);
	cut_running(w, now, false);
	(void)pthread_mutex_unlock(&w->lock);
	while (late != NULL) {
		struct work *next = late->next;

		tell_late(w, late);
		late = next;
	}
}

static bool
is_busy(struct workers *w, stw_usec now, bool cut)
{
	bool busy;

	(void)pthread_mutex_lock(&w->lock);
	busy = w->head != NULL || w->owed > 0;
	if (cut)
		cut_running(w, now, true);
	(void)pthread_mutex_unlock(&w->lock);
	return busy;
}

void
workers_drain(struct workers *w, stw_usec patience)
{
	stw_usec until = stw_monotonic() + patience;

	(void)pthread_mutex_lock(&w->lock);
	w->draining = true;
	(void)pthread_mutex_unlock(&w->lock);
	while (is_busy(w, stw_monotonic(), stw_monotonic() > until)) {
		workers_look(w, stw_monotonic());
		(void)usleep(10000);
	}
}

void
workers_close(struct workers *w)
{
	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->ending = true;
	(void)pthread_cond_broadcast(&w->put);
	(void)pthread_mutex_unlock(&w->lock);
	for (int i = 0; i < w->nthreads; i++)
		(void)pthread_join(w->threads[i], NULL);
	(void)pthread_cond_destroy(&w->put);
	(void)pthread_mutex_destroy(&w->lock);
	free(w->running);
	free(w->threads);
	free(w);
}
