#include "api/push/queue_tasks.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/arena.h"

struct line {
	struct queue_agent_line who;
	struct queue_task *head, *tail;
	pthread_cond_t more;
};

struct queue_tasks {
	pthread_mutex_t lock;
	pthread_cond_t settled;
	struct queue_task **bins;
	size_t nbins, ntasks;
	struct line *lines;
	int nlines;
	struct queue_counts counts;
};

/* FNV-1a with a final mix: the low bits choose bins, agents and dispositions. */
uint64_t
queue_hash(const char *text, uint64_t seed)
{
	uint64_t h =
	    UINT64_C(0xcbf29ce484222325) ^ (seed * UINT64_C(0x9e3779b97f4a7c15));

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	h = (h ^ (h >> 32)) * UINT64_C(0xd6e8feb86659fd93);
	return h ^ (h >> 32);
}

struct queue_tasks *
queue_tasks_new(const struct queue_agent_line *agents, int nagents)
{
	struct queue_tasks *tasks = stw_xalloc(sizeof *tasks);
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&tasks->lock, NULL);
	(void)pthread_cond_init(&tasks->settled, NULL);
	tasks->nbins = 1024;
	tasks->bins = stw_xalloc(tasks->nbins * sizeof(struct queue_task *));
	tasks->nlines = nagents;
	tasks->lines = stw_xalloc((size_t)nagents * sizeof *tasks->lines);
	for (int i = 0; i < nagents; i++) {
		tasks->lines[i].who = agents[i];
		(void)pthread_cond_init(&tasks->lines[i].more, &attr);
	}
	(void)pthread_condattr_destroy(&attr);
	return tasks;
}

void
queue_tasks_free(struct queue_tasks *tasks)
{
	if (tasks == NULL)
		return;
	for (size_t b = 0; b < tasks->nbins; b++) {
		struct queue_task *next;

		for (struct queue_task *t = tasks->bins[b]; t != NULL; t = next) {
			next = t->next_in_bin;
			free(t);
		}
	}
	for (int i = 0; i < tasks->nlines; i++)
		(void)pthread_cond_destroy(&tasks->lines[i].more);
	(void)pthread_mutex_destroy(&tasks->lock);
	(void)pthread_cond_destroy(&tasks->settled);
	free(tasks->lines);
	free(tasks->bins);
	free(tasks);
}

/* ---- the table; the lock is held ------------------------------------------------ */
static struct queue_task *
find(const struct queue_tasks *tasks, const char *id)
{
	struct queue_task *t = tasks->bins[queue_hash(id, 0) % tasks->nbins];

	while (t != NULL && strcmp(t->id, id) != 0)
		t = t->next_in_bin;
	return t;
}

static void
grow(struct queue_tasks *tasks)
{
	size_t nbins = tasks->nbins * 4;
	struct queue_task **bins = stw_xalloc(nbins * sizeof(struct queue_task *));

	for (size_t b = 0; b < tasks->nbins; b++) {
		struct queue_task *next;

		for (struct queue_task *t = tasks->bins[b]; t != NULL; t = next) {
			size_t to = queue_hash(t->id, 0) % nbins;

			next = t->next_in_bin;
			t->next_in_bin = bins[to];
			bins[to] = t;
		}
	}
	free(tasks->bins);
	tasks->bins = bins;
	tasks->nbins = nbins;
}

static struct queue_task *
find_or_add(struct queue_tasks *tasks, const char *id)
{
	struct queue_task *t = find(tasks, id);
	size_t bin;

	if (t != NULL)
		return t;
	if (tasks->ntasks >= tasks->nbins)
		grow(tasks);
	t = stw_xalloc(sizeof *t);
	(void)snprintf(t->id, sizeof t->id, "%s", id);
	STW_ASSERT(tasks->nbins > 0);
	bin = queue_hash(id, 0) % tasks->nbins;
	t->next_in_bin = tasks->bins[bin];
	tasks->bins[bin] = t;
	tasks->ntasks++;
	return t;
}

static void
describe(struct queue_task *t, const char *task_id, const char *queue, int offer)
{
	(void)snprintf(t->task_id, sizeof t->task_id, "%s", task_id);
	(void)snprintf(t->queue, sizeof t->queue, "%s", queue);
	t->offer = offer;
}

static void
open_task(struct queue_tasks *tasks, struct queue_task *t)
{
	t->state = QUEUE_TASK_OPEN;
	tasks->counts.open++;
	tasks->counts.ids++;
}

/* The agent who works it: -1 when none of them works that queue, or all have passed it
 * on. */
static int
agent_of(const struct queue_tasks *tasks, const struct queue_task *t)
{
	int fit = 0, want;

	for (int i = 0; i < tasks->nlines; i++)
		if (tasks->lines[i].who.queue[0] == '\0' ||
		    strcmp(tasks->lines[i].who.queue, t->queue) == 0)
			fit++;
	if (fit == 0 || t->passed >= fit)
		return -1;
	want = (int)((queue_hash(t->task_id, 1) + (uint64_t)t->passed) % (uint64_t)fit);
	for (int i = 0; i < tasks->nlines; i++)
		if ((tasks->lines[i].who.queue[0] == '\0' ||
			strcmp(tasks->lines[i].who.queue, t->queue) == 0) &&
		    want-- == 0)
			return i;
	return -1;
}

static void
line_add(struct line *line, struct queue_task *t)
{
	t->next_in_line = NULL;
	if (line->tail == NULL)
		line->head = t;
	else
		line->tail->next_in_line = t;
	line->tail = t;
}

static void
assign(struct queue_tasks *tasks, struct queue_task *t)
{
	int agent = agent_of(tasks, t);

	if (agent < 0)
		return;
	line_add(&tasks->lines[agent], t);
	tasks->counts.assigned++;
	(void)pthread_cond_signal(&tasks->lines[agent].more);
}

/* ---- from the journal ------------------------------------------------------------ */
static const char *
text_of(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text == NULL ? "" : text;
}

enum stw_code
queue_tasks_replay(struct queue_tasks *tasks, const json_t *event, struct stw_err *err)
{
	const char *what = text_of(event, "event");
	const char *id = text_of(event, "id");
	struct queue_task *t;

	if (id[0] == '\0')
		return STW_OK; /* about no task: a bad signature, a start */
	if (strlen(id) > WEBHOOK_ID_MAX)
		return stw_fail(err, STW_INVALID, "queue journal: an id is too long");
	t = find_or_add(tasks, id);
	if (strcmp(what, "accepted") == 0) {
		t->tries++;
		if (t->state != QUEUE_TASK_NEW)
			return STW_OK;
		describe(t, text_of(event, "task_id"), text_of(event, "queue"),
		    (int)json_integer_value(json_object_get(event, "offer")));
		open_task(tasks, t);
	} else if (strcmp(what, "failed") == 0 || strcmp(what, "duplicate") == 0) {
		t->tries++;
	} else if (strcmp(what, "recalled") == 0) {
		t->state = QUEUE_TASK_CLOSED;
	} else if (strcmp(what, "passed_on") == 0) {
		t->passed++;
	} else if (strcmp(what, "outcome_sent") == 0) {
		t->outcome_sent = true;
		(void)snprintf(t->disposition, sizeof t->disposition, "%s",
		    text_of(event, "disposition"));
		(void)snprintf(t->callback_at, sizeof t->callback_at, "%s",
		    text_of(event, "callback_at"));
	} else if (json_is_true(json_object_get(event, "closes")) &&
		   t->state == QUEUE_TASK_OPEN) {
		t->state = QUEUE_TASK_CLOSED;
		tasks->counts.open--;
	}
	return STW_OK;
}

void
queue_tasks_resume(struct queue_tasks *tasks)
{
	(void)pthread_mutex_lock(&tasks->lock);
	for (size_t b = 0; b < tasks->nbins; b++)
		for (struct queue_task *t = tasks->bins[b]; t != NULL;
		     t = t->next_in_bin)
			if (t->state == QUEUE_TASK_OPEN)
				assign(tasks, t);
	(void)pthread_mutex_unlock(&tasks->lock);
}

/* ---- requests ------------------------------------------------------------------- */
uint64_t
queue_tasks_try(struct queue_tasks *tasks, const char *id)
{
	uint64_t before;

	(void)pthread_mutex_lock(&tasks->lock);
	before = find_or_add(tasks, id)->tries++;
	(void)pthread_mutex_unlock(&tasks->lock);
	return before;
}

bool
queue_tasks_recalled(struct queue_tasks *tasks, const char *offer)
{
	char id[WEBHOOK_ID_MAX + 8];
	const struct queue_task *t;
	bool yes;

	(void)snprintf(id, sizeof id, "%s.recall", offer);
	(void)pthread_mutex_lock(&tasks->lock);
	t = find(tasks, id);
	yes = t != NULL && t->state == QUEUE_TASK_CLOSED;
	(void)pthread_mutex_unlock(&tasks->lock);
	return yes;
}

void
queue_tasks_recall(struct queue_tasks *tasks, const char *id)
{
	(void)pthread_mutex_lock(&tasks->lock);
	find_or_add(tasks, id)->state = QUEUE_TASK_CLOSED;
	(void)pthread_mutex_unlock(&tasks->lock);
}

bool
queue_tasks_take(struct queue_tasks *tasks, const char *id, const char *task_id,
    const char *queue, int offer)
{
	struct queue_task *t;
	bool first;

	(void)pthread_mutex_lock(&tasks->lock);
	t = find_or_add(tasks, id);
	while (t->state == QUEUE_TASK_TAKING)
		(void)pthread_cond_wait(&tasks->settled, &tasks->lock);
	first = t->state == QUEUE_TASK_NEW;
	if (t->state == QUEUE_TASK_PARKED) {
		t->state = QUEUE_TASK_OPEN;
		t->waits = 0;
		t->passed = 0;
		assign(tasks, t);
	}
	if (first) {
		describe(t, task_id, queue, offer);
		t->state = QUEUE_TASK_TAKING;
	}
	(void)pthread_mutex_unlock(&tasks->lock);
	return first;
}

void
queue_tasks_settle(struct queue_tasks *tasks, const char *id, bool opened)
{
	struct queue_task *t;

	(void)pthread_mutex_lock(&tasks->lock);
	t = find(tasks, id);
	STW_ASSERT(t != NULL && t->state == QUEUE_TASK_TAKING);
	t->state = QUEUE_TASK_NEW;
	if (opened) {
		open_task(tasks, t);
		assign(tasks, t);
	}
	(void)pthread_cond_broadcast(&tasks->settled);
	(void)pthread_mutex_unlock(&tasks->lock);
}

/* ---- agents ----------------------------------------------------------------------- */
struct queue_task *
queue_tasks_next(struct queue_tasks *tasks, int agent, int wait_ms)
{
	struct line *line = &tasks->lines[agent];
	struct queue_task *t;
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	(void)pthread_mutex_lock(&tasks->lock);
	while (line->head == NULL)
		if (pthread_cond_timedwait(&line->more, &tasks->lock, &until) != 0)
			break;
	t = line->head;
	if (t != NULL) {
		line->head = t->next_in_line;
		if (line->head == NULL)
			line->tail = NULL;
	}
	(void)pthread_mutex_unlock(&tasks->lock);
	return t;
}

void
queue_tasks_again(struct queue_tasks *tasks, int agent, struct queue_task *task)
{
	(void)pthread_mutex_lock(&tasks->lock);
	line_add(&tasks->lines[agent], task);
	(void)pthread_mutex_unlock(&tasks->lock);
}

bool
queue_tasks_pass_on(struct queue_tasks *tasks, struct queue_task *task)
{
	bool found;

	(void)pthread_mutex_lock(&tasks->lock);
	task->passed++;
	tasks->counts.assigned--;
	found = agent_of(tasks, task) >= 0;
	if (found)
		assign(tasks, task);
	else
		task->state = QUEUE_TASK_PARKED;
	(void)pthread_mutex_unlock(&tasks->lock);
	return found;
}

void
queue_tasks_park(struct queue_tasks *tasks, struct queue_task *task)
{
	(void)pthread_mutex_lock(&tasks->lock);
	task->state = QUEUE_TASK_PARKED;
	tasks->counts.assigned--;
	(void)pthread_mutex_unlock(&tasks->lock);
}

void
queue_tasks_close(struct queue_tasks *tasks, struct queue_task *task)
{
	(void)pthread_mutex_lock(&tasks->lock);
	task->state = QUEUE_TASK_CLOSED;
	tasks->counts.open--;
	tasks->counts.assigned--;
	(void)pthread_mutex_unlock(&tasks->lock);
}

void
queue_tasks_count(struct queue_tasks *tasks, struct queue_counts *out)
{
	(void)pthread_mutex_lock(&tasks->lock);
	*out = tasks->counts;
	(void)pthread_mutex_unlock(&tasks->lock);
}
