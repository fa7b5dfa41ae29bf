#include "api/push/queue_agents.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>
#include <jansson.h>

#include "engine/arena.h"
#include "engine/log.h"

#define ANSWER_MAX   ((size_t)256 * 1024)
#define TIMEOUT_MS   20000L
#define BACKOFF_MIN  50 /* ms */
#define BACKOFF_MAX  2000
#define SETTLE_TRIES 400 /* how often to look whether a push has been settled */
#define CALLBACK_SEC 7200

struct worker {
	struct queue_agents *all;
	const struct queue_agent *who;
	int index;
	pthread_t thread;
	CURL *easy;
	struct buf answer;
	uint64_t asked; /* requests, for keys that must differ */
};

struct queue_agents {
	struct queue_agents_options opt;
	struct queue_tasks *tasks;
	struct queue_journal *journal;
	struct worker *workers;
	int count;
	uint64_t born; /* tells keys of this process from those of one before */
	atomic_bool stop;
	_Atomic int64_t outcomes, refused, gone;
};

/* What a call turns out to be, in shares of 100. */
static const struct {
	const char *disposition;
	int share;
} shares[] = {
    {"interested", 24},
    {"declined", 30},
    {"no_answer", 26},
    {"call_back", 8},
    {"wrong_number", 4},
    {"do_not_call", 5},
    {"complaint", 3},
};

/* ---- who ------------------------------------------------------------------------------ */
enum stw_code
queue_agents_read(const char *path, int limit, struct queue_agent **out, int *count,
    struct stw_err *err)
{
	FILE *file = fopen(path, "re");
	struct queue_agent *list = NULL;
	enum stw_code rc = STW_OK;
	char line[512];
	int n = 0, number = 0;

	*out = NULL;
	*count = 0;
	if (file == NULL)
		return stw_fail(err, STW_NOT_FOUND, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof line, file) != NULL && (limit == 0 || n < limit)) {
		struct queue_agent a = {0};
		int fields;

		number++;
		fields = sscanf(line, "%63s %255s %63s", a.code, a.token, a.line.queue);
		if (fields <= 0 || a.code[0] == '#')
			continue;
		if (fields < 2) {
			rc = stw_fail_at(err, STW_INVALID, number, 1,
			    "%s: want \"agent token [queue]\"", path);
			break;
		}
		list = stw_xrealloc(list, (size_t)(n + 1) * sizeof *list);
		list[n++] = a;
	}
	(void)fclose(file);
	if (rc != STW_OK) {
		free(list);
		return rc;
	}
	*out = list;
	*count = n;
	return STW_OK;
}

/* ---- asking the API -------------------------------------------------------------------- */
static size_t
on_answer(char *data, size_t size, size_t n, void *arg)
{
	struct worker *w = arg;

	if (w->answer.len + size * n > ANSWER_MAX)
		return 0;
	buf_add(&w->answer, data, size * n);
	return size * n;
}

static bool
stopped(const struct worker *w)
{
	return atomic_load(&w->all->stop);
}

static void
pause_ms(const struct worker *w, int ms)
{
	while (ms > 0 && !stopped(w)) {
		int part = ms < 50 ? ms : 50;
		struct timespec t = {0, (long)part * 1000000};

		(void)nanosleep(&t, NULL);
		ms -= part;
	}
}

/* One request; the HTTP status, or 0 when there was none. */
static int
ask_once(struct worker *w, const char *url, const char *key, const char *body)
{
	struct curl_slist *headers = NULL;
	char text[600];
	long status = 0;

	buf_clear(&w->answer);
	curl_easy_reset(w->easy);
	(void)snprintf(text, sizeof text, "Authorization: Bearer %s", w->who->token);
	headers = curl_slist_append(headers, text);
	if (key != NULL) {
		(void)snprintf(text, sizeof text, "Idempotency-Key: %s", key);
		headers = curl_slist_append(headers, text);
		headers = curl_slist_append(headers, "Content-Type: application/json");
		(void)curl_easy_setopt(w->easy, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(w->easy, CURLOPT_POSTFIELDS, body);
	}
	(void)curl_easy_setopt(w->easy, CURLOPT_URL, url);
	(void)curl_easy_setopt(w->easy, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(w->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(w->easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(w->easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(w->easy, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	(void)curl_easy_setopt(w->easy, CURLOPT_WRITEFUNCTION, on_answer);
	(void)curl_easy_setopt(w->easy, CURLOPT_WRITEDATA, w);
	if (curl_easy_perform(w->easy) == CURLE_OK)
		(void)curl_easy_getinfo(w->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	return (int)status;
}

/* Asks until there is an answer that another try would not change; 0 when stopped. The
 * same key goes with every try, so the effect happens once. */
static int
ask(struct worker *w, const struct queue_task *task, const char *verb, const char *key,
    const char *body, json_t **answer)
{
	char url[600];
	int wait = BACKOFF_MIN;
	int status = 0;

	*answer = NULL;
	(void)snprintf(
	    url, sizeof url, "%s/v1/tasks/%s%s", w->all->opt.api, task->task_id, verb);
	while (!stopped(w)) {
		status = ask_once(w, url, key, body);
		if (status != 0 && status != 429 && status < 500)
			break;
		status = 0;
		pause_ms(w, wait);
		wait = wait * 2 > BACKOFF_MAX ? BACKOFF_MAX : wait * 2;
	}
	if (status != 0)
		*answer = json_loadb(w->answer.data == NULL ? "" : w->answer.data,
		    w->answer.len, 0, NULL);
	return status;
}

/* A key no other request has. */
static void
key_new(struct worker *w, const struct queue_task *task, const char *what, char to[120])
{
	(void)snprintf(to, 120, "%s-%s-%llx-%llu", what, task->task_id,
	    (unsigned long long)w->all->born, (unsigned long long)w->asked++);
}

/* ---- the journal ------------------------------------------------------------------------ */
/* Takes the reference. A journal that cannot be written stops the agents: what they do
 * from then on would have no witness. */
static bool
note(struct worker *w, json_t *event)
{
	struct stw_err err;

	STW_ASSERT(event != NULL);
	(void)json_object_set_new(event, "agent", json_string(w->who->code));
	if (queue_journal_add(w->all->journal, event, &err) == STW_OK)
		return true;
	if (!atomic_exchange(&w->all->stop, true))
		log_err(LOG_ERROR, "queue_journal", &err);
	return false;
}

static void
close_task(struct worker *w, struct queue_task *task, const char *event,
    const char *why, _Atomic int64_t *sum)
{
	if (!note(w, json_pack("{s:s, s:s, s:s, s:s*, s:b}", "event", event, "id",
			 task->id, "task_id", task->task_id, "why", why, "closes", 1)))
		return;
	queue_tasks_close(w->all->tasks, task);
	if (sum != NULL)
		atomic_fetch_add(sum, 1);
}

/* ---- one task, step by step --------------------------------------------------------------
 * A step returns true when the next one may begin. */
static bool
state_is(const json_t *task, const char *state)
{
	const char *text = json_string_value(json_object_get(task, "state"));

	return text != NULL && strcmp(text, state) == 0;
}

/* The queue may know of a task before the pusher has settled its answer: such a task goes
 * to the end of the line, so that it holds up no other. */
static bool
is_unsettled(const json_t *task)
{
	return state_is(task, "planned") || state_is(task, "sending") ||
	       state_is(task, "ready") || state_is(task, "queued") ||
	       state_is(task, "unknown");
}

static bool
step_accept(struct worker *w, struct queue_task *task)
{
	char key[120];
	json_t *answer = NULL;
	bool mine = false, unsettled = false;
	int status;

	key_new(w, task, "accept", key);
	status = ask(w, task, "/accept", key, "{}", &answer);
	if (status == 409) {
		json_decref(answer);
		status = ask(w, task, "", NULL, NULL, &answer);
		mine =
		    status == 200 && json_is_true(json_object_get(answer, "mine")) &&
		    (state_is(answer, "accepted") || state_is(answer, "in_progress"));
		unsettled = status == 200 && !mine && is_unsettled(answer);
	} else {
		mine = status == 200;
	}
	json_decref(answer);
	if (status == 0 || mine)
		return mine;
	if (!unsettled) {
		close_task(w, task, "gone", "not ours any more", &w->all->gone);
	} else if (task->waits++ < SETTLE_TRIES) {
		queue_tasks_again(w->all->tasks, w->index, task);
		pause_ms(w, 20);
	} else {
		queue_tasks_park(w->all->tasks, task);
	}
	return false;
}

/* The reasons' codes, one after the other. */
static void
reasons_text(const json_t *answer, char *to, size_t size)
{
	const json_t *list = json_object_get(answer, "reasons");
	size_t at = 0;

	to[0] = '\0';
	for (size_t i = 0; i < json_array_size(list) && at + 1 < size; i++) {
		const char *code =
		    json_string_value(json_object_get(json_array_get(list, i), "code"));
		int n = snprintf(
		    to + at, size - at, "%s%s", i == 0 ? "" : " ", code ? code : "?");

		at += n > 0 ? (size_t)n : 0;
	}
}

/* The business clock's now is not ours to know: a call-back is asked for from the end of
 * the permit. */
static void
callback_from(const json_t *permit, char to[STW_USEC_TEXT])
{
	const char *text = json_string_value(json_object_get(permit, "valid_until"));
	stw_usec at;

	to[0] = '\0';
	if (text != NULL && stw_usec_parse(str_of(text), &at) == STW_OK)
		(void)stw_usec_format(at + CALLBACK_SEC * STW_USEC_SEC, to);
}

/* Refused because of the agent, the task is with the queue again: somebody else's. */
static void
permit_refused(struct worker *w, struct queue_task *task, bool queued, const char *why)
{
	if (!queued) {
		close_task(w, task, "permit_refused", why, &w->all->refused);
	} else if (note(w, json_pack("{s:s, s:s, s:s, s:s}", "event", "passed_on", "id",
			       task->id, "task_id", task->task_id, "why", why))) {
		atomic_fetch_add(&w->all->refused, 1);
		(void)queue_tasks_pass_on(w->all->tasks, task);
	}
}

static bool
step_permit(struct worker *w, struct queue_task *task)
{
	char key[120], why[240];
	json_t *answer;
	bool granted;
	int status;

	key_new(w, task, "permit", key);
	status = ask(w, task, "/permit", key, "{}", &answer);
	if (status == 0) {
		json_decref(answer);
		return false;
	}
	granted = status == 200 && json_is_true(json_object_get(answer, "granted"));
	if (granted) {
		callback_from(answer, task->callback_at);
	} else if (status == 200) {
		reasons_text(answer, why, sizeof why);
		permit_refused(w, task, state_is(answer, "queued"), why);
	} else {
		(void)snprintf(why, sizeof why, "permit: HTTP %d", status);
		close_task(w, task, "gone", why, &w->all->gone);
	}
	json_decref(answer);
	return granted;
}

static const char *
disposition_of(const struct worker *w, const struct queue_task *task)
{
	int at = (int)(queue_hash(task->id, w->all->opt.seed + 3) % 100);

	for (size_t i = 0; i < STW_ARRAY_LEN(shares); i++) {
		if (at < shares[i].share)
			return shares[i].disposition;
		at -= shares[i].share;
	}
	return "declined";
}

static bool
step_talk(struct worker *w, struct queue_task *task)
{
	pause_ms(w, w->all->opt.think_ms);
	if (stopped(w))
		return false;
	if (queue_tasks_recalled(w->all->tasks, task->id)) {
		close_task(w, task, "recall_obeyed", NULL, &w->all->gone);
		return false;
	}
	(void)snprintf(
	    task->disposition, sizeof task->disposition, "%s", disposition_of(w, task));
	if (strcmp(task->disposition, "call_back") != 0)
		task->callback_at[0] = '\0';
	task->outcome_sent =
	    note(w, json_pack("{s:s, s:s, s:s, s:s, s:s}", "event", "outcome_sent",
			"id", task->id, "task_id", task->task_id, "disposition",
			task->disposition, "callback_at", task->callback_at));
	return task->outcome_sent;
}

/* Deterministic key: whatever happens to us or to the API, this outcome counts once. */
static void
step_outcome(struct worker *w, struct queue_task *task)
{
	const char *callback = task->callback_at[0] == '\0' ? NULL : task->callback_at;
	json_t *body = json_pack(
	    "{s:s, s:s*}", "disposition", task->disposition, "callback_at", callback);
	char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	char key[WEBHOOK_ID_MAX + 16];
	json_t *answer;
	int status;

	(void)snprintf(key, sizeof key, "outcome-%s", task->id);
	status = ask(w, task, "/outcome", key, text, &answer);
	free(text);
	json_decref(body);
	if (status == 200 || status == 201) {
		const char *id =
		    json_string_value(json_object_get(answer, "outcome_id"));
		const char *state = json_string_value(
		    json_object_get(json_object_get(answer, "task"), "state"));

		if (note(w, json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s*, s:b}", "event",
				"outcome_ack", "id", task->id, "task_id", task->task_id,
				"disposition", task->disposition, "outcome_id", id,
				"state", state, "closes", 1))) {
			queue_tasks_close(w->all->tasks, task);
			atomic_fetch_add(&w->all->outcomes, 1);
		}
	} else if (status != 0) {
		char why[40];

		(void)snprintf(why, sizeof why, "outcome: HTTP %d", status);
		close_task(w, task, "outcome_refused", why, &w->all->gone);
	}
	json_decref(answer);
}

static void
work(struct worker *w, struct queue_task *task)
{
	if (!task->outcome_sent) {
		if (queue_tasks_recalled(w->all->tasks, task->id)) {
			close_task(w, task, "recall_obeyed", NULL, &w->all->gone);
			return;
		}
		if (!step_accept(w, task) || !step_permit(w, task) ||
		    !step_talk(w, task))
			return;
	}
	step_outcome(w, task);
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;

	while (!stopped(w)) {
		struct queue_task *task =
		    queue_tasks_next(w->all->tasks, w->index, 100);

		if (task != NULL)
			work(w, task);
	}
	return NULL;
}

struct queue_agents *
queue_agents_start(const struct queue_agents_options *options,
    const struct queue_agent *agents, int count, struct queue_tasks *tasks,
    struct queue_journal *journal)
{
	struct queue_agents *all = stw_xalloc(sizeof *all);
	struct stw_clock clock;

	clock_set_real(&clock);
	all->opt = *options;
	all->tasks = tasks;
	all->journal = journal;
	all->born = (uint64_t)clock_now(&clock);
	all->workers = stw_xalloc((size_t)count * sizeof *all->workers);
	for (int i = 0; i < count; i++) {
		struct worker *w = &all->workers[i];

		w->all = all;
		w->who = &agents[i];
		w->index = i;
		w->easy = curl_easy_init();
		buf_init(&w->answer);
		if (w->easy == NULL ||
		    pthread_create(&w->thread, NULL, worker_main, w) != 0) {
			log_event(LOG_ERROR, "queue_agent",
			    "agent=%s reason=\"no thread\"", agents[i].code);
			curl_easy_cleanup(w->easy);
			buf_fini(&w->answer);
			break;
		}
		all->count++;
	}
	return all;
}

void
queue_agents_stop(struct queue_agents *all, struct queue_agents_sums *sums)
{
	atomic_store(&all->stop, true);
	for (int i = 0; i < all->count; i++) {
		struct worker *w = &all->workers[i];

		(void)pthread_join(w->thread, NULL);
		curl_easy_cleanup(w->easy);
		buf_fini(&w->answer);
	}
	sums->outcomes = atomic_load(&all->outcomes);
	sums->permits_refused = atomic_load(&all->refused);
	sums->gone = atomic_load(&all->gone);
	free(all->workers);
	free(all);
}
