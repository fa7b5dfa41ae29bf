/* Whose turn it is at the workers, and what is late. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <check.h>

#include "api/workers.h"

static sem_t may_end, may_be_done, begun, ended;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int order[16], count; /* under the lock */

struct piece {
	struct work work;
	int name;
	bool holds, late;
};

static void
run(struct work *work)
{
	struct piece *piece = (struct piece *)work;

	if (piece->holds) {
		(void)sem_post(&begun);
		(void)sem_wait(&may_end);
	}
	(void)pthread_mutex_lock(&lock);
	order[count++] = piece->name;
	(void)pthread_mutex_unlock(&lock);
}

static void
late(struct work *work)
{
	((struct piece *)work)->late = true;
}

static void
done(struct work *work)
{
	(void)work;
	(void)sem_post(&ended);
}

/* As `done`, which does not return before it may. */
static void
done_late(struct work *work)
{
	(void)work;
	(void)sem_post(&begun);
	(void)sem_wait(&may_be_done);
	(void)sem_post(&ended);
}

static struct piece
piece(int name, uint64_t who, bool holds, bool slow)
{
	return (struct piece){
	    .work = {.run = run, .late = late, .done = done, .who = who, .slow = slow},
	    .name = name,
	    .holds = holds};
}

static void
setup(void)
{
	count = 0;
	(void)sem_init(&may_end, 0, 0);
	(void)sem_init(&may_be_done, 0, 0);
	(void)sem_init(&begun, 0, 0);
	(void)sem_init(&ended, 0, 0);
}

static struct workers *
open_workers(int threads)
{
	struct workers *w = NULL;

	ck_assert_int_eq(workers_open(threads, STW_USEC_SEC, &w, NULL), STW_OK);
	return w;
}

static void
wait_for(sem_t *sem, int times)
{
	while (times-- > 0)
		(void)sem_wait(sem);
}

START_TEST(who_has_fewest_running_is_next)
{
	struct workers *w = open_workers(3);
	struct piece held = piece(1, 7, true, false), second = piece(2, 8, true, false);
	struct piece third = piece(3, 9, true, false), more = piece(4, 7, false, false);
	struct piece last = piece(5, 6, false, false);

	ck_assert(workers_put(w, &held.work));
	ck_assert(workers_put(w, &second.work));
	ck_assert(workers_put(w, &third.work));
	wait_for(&begun, 3);
	/* 7 asked before 6, and has one running. One thread becomes free at last: that of 7,
	 * 8 or 9, whichever; 6 has none in any case. */
	ck_assert(workers_put(w, &more.work));
	ck_assert(workers_put(w, &last.work));
	(void)sem_post(&may_end);
	wait_for(&ended, 3);
	ck_assert_int_eq(count, 3);
	if (order[0] != 1) /* 7 still has one running */
		ck_assert_int_eq(order[1], 5);
	(void)sem_post(&may_end);
	(void)sem_post(&may_end);
	wait_for(&ended, 2);
	workers_close(w);
}
END_TEST

START_TEST(one_sender_never_has_the_last_thread)
{
	struct workers *w = open_workers(2);
	struct piece held = piece(1, 7, true, false), more = piece(2, 7, false, false);
	struct piece other = piece(3, 8, false, false);

	ck_assert(workers_put(w, &held.work));
	wait_for(&begun, 1);
	ck_assert(workers_put(w, &more.work));
	ck_assert(workers_put(w, &other.work));
	wait_for(&ended, 1);
	ck_assert_int_eq(order[0], 3);
	(void)sem_post(&may_end);
	wait_for(&ended, 2);
	workers_close(w);
	ck_assert_int_eq(order[1], 1);
	ck_assert_int_eq(order[2], 2);
}
END_TEST

START_TEST(slow_pieces_have_half_of_the_threads)
{
	struct workers *w = open_workers(2);
	struct piece held = piece(1, 7, true, true), slow = piece(2, 8, false, true);
	struct piece quick = piece(3, 9, false, false);

	ck_assert(workers_put(w, &held.work));
	wait_for(&begun, 1);
	ck_assert(workers_put(w, &slow.work));
	ck_assert(workers_put(w, &quick.work));
	wait_for(&ended, 1);
	ck_assert_int_eq(order[0], 3);
	(void)sem_post(&may_end);
	wait_for(&ended, 2);
	workers_close(w);
	ck_assert_int_eq(order[2], 2);
}
END_TEST

START_TEST(what_waits_too_long_is_late)
{
	struct workers *w = open_workers(1);
	struct piece held = piece(1, 7, true, false), quick = piece(2, 8, false, false);
	struct piece slow = piece(3, 8, false, true);
	stw_usec now;

	ck_assert(workers_put(w, &held.work));
	wait_for(&begun, 1);
	ck_assert(workers_put(w, &quick.work));
	ck_assert(workers_put(w, &slow.work));
	now = stw_monotonic();
	workers_look(w, now - WORKERS_WAIT);
	ck_assert(!quick.late);
	workers_look(w, now + WORKERS_WAIT + 1);
	ck_assert(quick.late && !slow.late);
	workers_look(w, now + WORKERS_WAIT_SLOW + 1);
	ck_assert(slow.late);
	(void)sem_post(&may_end);
	wait_for(&ended, 3);
	ck_assert_int_eq(count, 1);
	workers_close(w);
}
END_TEST

START_TEST(what_is_too_much_is_late_at_once)
{
	struct workers *w = open_workers(1);
	struct piece held = piece(1, 7, true, false), over = piece(2, 8, false, false);
	struct piece last = piece(3, 8, false, false);
	struct piece *many = calloc(WORKERS_WAITING, sizeof *many);

	ck_assert(workers_put(w, &held.work));
	wait_for(&begun, 1);
	for (int i = 0; i < WORKERS_WAITING; i++) {
		many[i] = piece(0, 8, false, false);
		many[i].work.run = late;
		ck_assert(workers_put(w, &many[i].work));
	}
	ck_assert_int_eq(workers_waiting(w), WORKERS_WAITING);
	ck_assert(workers_put(w, &over.work));
	ck_assert(over.late);
	(void)sem_post(&may_end);
	workers_drain(w, STW_USEC_SEC);
	ck_assert(!workers_put(w, &over.work));
	last.work.last = true;
	ck_assert(workers_put(w, &last.work));
	workers_close(w);
	ck_assert_int_eq(order[1], 3);
	free(many);
}
END_TEST

/* ---- the end ------------------------------------------------------------------------- */
static atomic_bool over;

static void *
drain(void *arg)
{
	workers_drain(arg, 60 * STW_USEC_SEC);
	atomic_store(&over, true);
	return NULL;
}

static void *
look(void *arg)
{
	workers_look(arg, stw_monotonic() + WORKERS_WAIT + 1);
	return NULL;
}

static void *
end(void *arg)
{
	workers_close(arg);
	(void)sem_post(&ended);
	return NULL;
}

/* What is drained may go away: whoever has done() to tell would find nothing. */
static void
ck_not_over(pthread_t *draining, struct workers *w)
{
	atomic_store(&over, false);
	ck_assert_int_eq(pthread_create(draining, NULL, drain, w), 0);
	(void)usleep(100000);
	ck_assert(!atomic_load(&over));
}

START_TEST(a_drain_waits_for_what_is_being_done)
{
	struct workers *w = open_workers(1);
	struct piece one = piece(1, 7, false, false);
	pthread_t draining;

	one.work.done = done_late;
	ck_assert(workers_put(w, &one.work));
	wait_for(&begun, 1);
	ck_not_over(&draining, w);
	(void)sem_post(&may_be_done);
	(void)pthread_join(draining, NULL);
	wait_for(&ended, 1);
	workers_close(w);
}
END_TEST

START_TEST(a_drain_waits_for_who_is_told_to_be_late)
{
	struct workers *w = open_workers(1);
	struct piece held = piece(1, 7, true, false), first = piece(2, 8, false, false);
	struct piece second = piece(3, 8, false, false);
	pthread_t looking, draining;

	ck_assert(workers_put(w, &held.work));
	wait_for(&begun, 1);
	first.work.done = second.work.done = done_late;
	ck_assert(workers_put(w, &first.work));
	ck_assert(workers_put(w, &second.work));
	ck_assert_int_eq(pthread_create(&looking, NULL, look, w), 0);
	wait_for(&begun, 1);
	/* The line is empty, and its thread has nothing to do; who looks holds both. */
	(void)sem_post(&may_end);
	wait_for(&ended, 1);
	ck_not_over(&draining, w);
	(void)sem_post(&may_be_done);
	(void)sem_post(&may_be_done);
	(void)pthread_join(draining, NULL);
	(void)pthread_join(looking, NULL);
	wait_for(&ended, 2);
	ck_assert(first.late && second.late);
	workers_close(w);
}
END_TEST

/* All pieces of nobody in particular count as one sender's. */
START_TEST(a_close_ends_with_a_piece_that_had_to_wait)
{
	struct workers *w = open_workers(2);
	struct piece held = piece(1, 0, true, false), more = piece(2, 0, false, false);
	pthread_t ending;

	ck_assert(workers_put(w, &held.work));
	wait_for(&begun, 1);
	ck_assert(workers_put(w, &more.work));
	ck_assert_int_eq(pthread_create(&ending, NULL, end, w), 0);
	(void)usleep(100000); /* the other thread has looked, and sleeps again */
	(void)sem_post(&may_end);
	wait_for(&ended, 3);
	(void)pthread_join(ending, NULL);
	ck_assert_int_eq(count, 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("workers");
	TCase *tc = tcase_create("turns");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, who_has_fewest_running_is_next);
	tcase_add_test(tc, one_sender_never_has_the_last_thread);
	tcase_add_test(tc, slow_pieces_have_half_of_the_threads);
	tcase_add_test(tc, what_waits_too_long_is_late);
	tcase_add_test(tc, what_is_too_much_is_late_at_once);
	tcase_add_test(tc, a_drain_waits_for_what_is_being_done);
	tcase_add_test(tc, a_drain_waits_for_who_is_told_to_be_late);
	tcase_add_test(tc, a_close_ends_with_a_piece_that_had_to_wait);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
