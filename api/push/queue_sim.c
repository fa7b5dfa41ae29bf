#include "api/push/queue_sim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <microhttpd.h>

#include "api/push/queue_agents.h"
#include "engine/arena.h"
#include "engine/log.h"

#define BODY_MAX    ((size_t)64 * 1024)
#define CONNECTIONS 512

enum sum {
	SUM_REQUESTS,
	SUM_ACCEPTED,
	SUM_DUPLICATE,
	SUM_BAD_SIGNATURE,
	SUM_REJECTED,
	SUM_FAILED,
	SUM_DROPPED,
	SUM_LATE,
	SUM_RECALLS,
	SUMS,
};
static const char *const sum_names[SUMS] = {"requests", "accepted", "duplicate",
    "bad_signature", "rejected", "failed", "dropped", "late", "recalls"};

struct queue_sim {
	const struct queue_sim_options *opt;
	struct queue_journal *journal;
	struct queue_tasks *tasks;
	_Atomic int64_t sums[SUMS];
	_Atomic int64_t last_request; /* stw_monotonic */
	_Atomic int busy;             /* requests being worked on */
	atomic_bool broken;           /* the journal cannot be written */
	pthread_mutex_t seen_lock;
	long seen_offset; /* in the file of checkpoints */
	int64_t seen_size;
};

struct request {
	struct buf body;
	bool too_long;
};

/* What to do with one request besides the ordinary. */
enum mood { MOOD_GOOD, MOOD_FAIL, MOOD_DROP, MOOD_LATE };

void
queue_sim_defaults(struct queue_sim_options *options)
{
	memset(options, 0, sizeof *options);
	options->listen = "127.0.0.1:0";
	options->late_ms = 20000;
	options->seed = 7;
	options->think_ms = 50;
	options->summary = stdout;
}

static void
count(struct queue_sim *sim, enum sum which)
{
	atomic_fetch_add(&sim->sums[which], 1);
}

static void
sleep_ms(int ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

	while (ms > 0 && nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

/* ---- how far the exported checkpoints reach ---------------------------------------- */
/* A signed note is: origin, size, root, an empty line, signatures. Only a note whose
 * signature line is whole counts. */
static void
read_notes(FILE *file, struct queue_sim *sim)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	int n = 0;
	int64_t size = -1;

	while ((len = getline(&line, &cap, file)) > 0 && line[len - 1] == '\n') {
		if (strncmp(line, "\xe2\x80\x94 ", 4) == 0) {
			if (size >= 0)
				sim->seen_size = size;
			sim->seen_offset = ftell(file);
			size = -1;
			n = 0;
			continue;
		}
		if (len == 1)
			continue;
		if (++n == 2)
			size = strtoll(line, NULL, 10);
	}
	free(line);
}

static int64_t
exported_size(struct queue_sim *sim)
{
	int64_t size;
	FILE *file;

	if (sim->opt->checkpoints == NULL)
		return -1;
	(void)pthread_mutex_lock(&sim->seen_lock);
	file = fopen(sim->opt->checkpoints, "re");
	if (file != NULL) {
		if (fseek(file, sim->seen_offset, SEEK_SET) == 0)
			read_notes(file, sim);
		(void)fclose(file);
	}
	size = sim->seen_size;
	(void)pthread_mutex_unlock(&sim->seen_lock);
	return size;
}

/* ---- answers ---------------------------------------------------------------------- */
static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *body)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result rc;

	(void)MHD_add_response_header(response, "Content-Type", "application/json");
	rc = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return rc;
}

static enum MHD_Result
answer_event(struct MHD_Connection *connection, unsigned status, const char *what)
{
	char body[80];

	(void)snprintf(body, sizeof body, "{\"status\":\"%s\"}", what);
	return answer(connection, status, body);
}

static struct str
header(struct MHD_Connection *connection, const char *name)
{
	return str_of(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

/* Journals; when that fails the request must not be answered with a promise. */
static bool
note(struct queue_sim *sim, json_t *event)
{
	struct stw_err err;

	if (queue_journal_add(sim->journal, event, &err) == STW_OK)
		return true;
	if (!atomic_exchange(&sim->broken, true))
		log_err(LOG_ERROR, "queue_journal", &err);
	return false;
}

/* ---- one task -------------------------------------------------------------------- */
/* Drawn from seed, id and the number of the try, so that a run can be repeated. */
static enum mood
mood_of(const struct queue_sim *sim, const char *id, uint64_t try)
{
	const struct queue_sim_options *opt = sim->opt;
	double u = (double)(queue_hash(id, opt->seed + 2 + try * 31) >> 11) * 0x1p-53;

	if (u < opt->fail_rate)
		return MOOD_FAIL;
	if (u < opt->fail_rate + opt->drop_rate)
		return MOOD_DROP;
	if (u < opt->fail_rate + opt->drop_rate + opt->late_rate)
		return MOOD_LATE;
	return MOOD_GOOD;
}

static const char *
field(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static json_t *
event_of(const char *what, const char *id, const json_t *body)
{
	const json_t *data = json_object_get(body, "data");
	const json_t *decision = json_object_get(data, "decision");
	json_t *event = json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:I, s:I}", "event",
	    what, "id", id, "task_id", field(data, "task_id"), "decision_id",
	    field(decision, "id"), "sha256", field(decision, "sha256"), "offer",
	    json_integer_value(json_object_get(data, "offer")), "fence",
	    json_integer_value(
		json_object_get(json_object_get(data, "lease"), "fence")));

	STW_ASSERT(event != NULL);
	return event;
}

/* "/queues/wealth" -> "wealth" */
static const char *
queue_of(const json_t *body)
{
	const char *source = field(body, "source");
	const char *slash = source == NULL ? NULL : strrchr(source, '/');

	return slash == NULL || strlen(slash + 1) >= QUEUE_NAME_MAX ? "" : slash + 1;
}

static enum MHD_Result
take_task(struct queue_sim *sim, struct MHD_Connection *connection, const char *id,
    const json_t *body)
{
	const char *task_id = field(json_object_get(body, "data"), "task_id");
	enum mood mood = mood_of(sim, id, queue_tasks_try(sim->tasks, id));
	struct queue_counts counts;
	json_t *event;
	bool first;

	if (sim->opt->gone)
		return answer_event(connection, 410, "gone");
	if (mood == MOOD_FAIL) {
		count(sim, SUM_FAILED);
		(void)note(sim, event_of("failed", id, body));
		return answer_event(connection, 500, "failed");
	}
	if (queue_tasks_recalled(sim->tasks, id)) {
		(void)note(sim, event_of("after_recall", id, body));
		return answer_event(connection, 409, "recalled");
	}
	queue_tasks_count(sim->tasks, &counts);
	if (counts.open >= QUEUE_SIM_OPEN_MAX)
		return answer_event(connection, 503, "full");
	first = queue_tasks_take(sim->tasks, id, task_id, queue_of(body),
	    (int)json_integer_value(
		json_object_get(json_object_get(body, "data"), "offer")));
	event = event_of(first ? "accepted" : "duplicate", id, body);
	(void)json_object_set_new(event, "queue", json_string(queue_of(body)));
	(void)json_object_set_new(event, "exported", json_integer(exported_size(sim)));
	(void)json_object_set_new(event, "answer",
	    json_string(mood == MOOD_DROP   ? "dropped"
			: mood == MOOD_LATE ? "late"
					    : "202"));
	if (!note(sim, event)) {
		if (first)
			queue_tasks_settle(sim->tasks, id, false);
		return answer_event(connection, 503, "no journal");
	}
	if (first)
		queue_tasks_settle(sim->tasks, id, true);
	count(sim, first ? SUM_ACCEPTED : SUM_DUPLICATE);
	if (mood == MOOD_DROP) {
		count(sim, SUM_DROPPED);
		return MHD_NO;
	}
	if (mood == MOOD_LATE) {
		count(sim, SUM_LATE);
		sleep_ms(sim->opt->late_ms);
	}
	return answer_event(connection, 202, first ? "accepted" : "duplicate");
}

static enum MHD_Result
take_recall(struct queue_sim *sim, struct MHD_Connection *connection, const char *id,
    const json_t *body)
{
	if (!note(sim, event_of("recalled", id, body)))
		return answer_event(connection, 503, "no journal");
	queue_tasks_recall(sim->tasks, id);
	count(sim, SUM_RECALLS);
	return answer_event(connection, 202, "recalled");
}

static bool
is_recall_id(const char *id)
{
	const char *end = strstr(id, ".recall");

	return end != NULL && end[7] == '\0';
}

/* The webhook-id of an offer begins with the task's id; that of its recall goes on with
 * ".recall". */
static bool
is_well_formed(const json_t *body, const char *id, bool recall)
{
	const char *type = field(body, "type");
	const char *body_id = field(body, "id");
	const char *task_id = field(json_object_get(body, "data"), "task_id");
	size_t len = task_id == NULL ? 0 : strlen(task_id);

	if (type == NULL || body_id == NULL || len == 0 || len > 36)
		return false;
	if (strcmp(body_id, id) != 0 || strncmp(id, task_id, len) != 0)
		return false;
	if (recall)
		return strcmp(type, "cn.steward.task.recalled.v1") == 0 &&
		       is_recall_id(id);
	return strcmp(type, "cn.steward.task.offered.v1") == 0 && !is_recall_id(id);
}

static enum MHD_Result
take(struct queue_sim *sim, struct MHD_Connection *connection,
    const struct request *request, bool recall)
{
	char id[WEBHOOK_ID_MAX + 1];
	struct str id_header = header(connection, "webhook-id");
	struct str raw = {request->body.data, request->body.len};
	enum webhook_verdict verdict;
	enum MHD_Result rc;
	json_t *body;

	sleep_ms(sim->opt->slow_ms);
	verdict = webhook_verify(sim->opt->secrets, sim->opt->nsecrets, id_header,
	    header(connection, "webhook-timestamp"),
	    header(connection, "webhook-signature"), raw, (int64_t)time(NULL));
	if (verdict != WEBHOOK_OK) {
		count(sim, SUM_BAD_SIGNATURE);
		(void)note(
		    sim, json_pack("{s:s}", "event", webhook_verdict_name(verdict)));
		return answer_event(connection, 401, webhook_verdict_name(verdict));
	}
	(void)snprintf(id, sizeof id, "%.*s", STR_FMT(id_header));
	body = json_loadb(
	    raw.ptr == NULL ? "" : raw.ptr, raw.len, JSON_REJECT_DUPLICATES, NULL);
	if (!is_well_formed(body, id, recall)) {
		count(sim, SUM_REJECTED);
		(void)note(sim, json_pack("{s:s}", "event", "rejected"));
		rc = answer_event(connection, 422, "not a task");
	} else if (recall) {
		rc = take_recall(sim, connection, id, body);
	} else {
		rc = take_task(sim, connection, id, body);
	}
	json_decref(body);
	return rc;
}

/* ---- the server ------------------------------------------------------------------- */
static bool
path_ends(const char *url, const char *end)
{
	size_t n = strlen(url), m = strlen(end);
	const char *rest;

	if (n < m || strcmp(url + n - m, end) != 0)
		return false;
	rest = n == m ? url + n : strchr(url + 1, '/');
	return n == m || rest == url + n - m;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *len,
    void **state)
{
	struct queue_sim *sim = arg;
	struct request *request = *state;
	bool recall = path_ends(url, "/tasks/recall");
	enum MHD_Result rc;

	(void)version;
	if (request == NULL) {
		request = stw_xalloc(sizeof *request);
		buf_init(&request->body);
		*state = request;
		return MHD_YES;
	}
	if (*len > 0) {
		if (request->body.len + *len > BODY_MAX)
			request->too_long = true;
		else
			buf_add(&request->body, data, *len);
		*len = 0;
		return MHD_YES;
	}
	if (strcmp(method, "GET") == 0 && strcmp(url, "/healthz") == 0)
		return answer_event(connection, 200, "ok");
	if (!recall && !path_ends(url, "/tasks"))
		return answer_event(connection, 404, "no such path");
	if (strcmp(method, "POST") != 0)
		return answer_event(connection, 405, "POST only");
	if (request->too_long)
		return answer_event(connection, 413, "too long");
	atomic_fetch_add(&sim->busy, 1);
	atomic_store(&sim->last_request, stw_monotonic());
	count(sim, SUM_REQUESTS);
	rc = take(sim, connection, request, recall);
	atomic_store(&sim->last_request, stw_monotonic());
	atomic_fetch_sub(&sim->busy, 1);
	return rc;
}

static void
on_end(void *arg, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode code)
{
	struct request *request = *state;

	(void)arg;
	(void)connection;
	(void)code;
	if (request != NULL) {
		buf_fini(&request->body);
		free(request);
	}
}

static enum stw_code
listen_address(const char *text, struct sockaddr_in *out, struct stw_err *err)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	char *end;
	long port;

	memset(out, 0, sizeof *out);
	out->sin_family = AF_INET;
	if (colon == NULL || (size_t)(colon - text) >= sizeof host)
		return stw_fail(
		    err, STW_INVALID, "--listen %s: want ADDRESS:PORT", text);
	(void)snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
	port = strtol(colon + 1, &end, 10);
	if (colon[1] == '\0' || *end != '\0' || port < 0 || port > 65535 ||
	    inet_pton(AF_INET, host, &out->sin_addr) != 1)
		return stw_fail(err, STW_INVALID,
		    "--listen %s: want an IPv4 address and a port", text);
	out->sin_port = htons((uint16_t)port);
	return STW_OK;
}

static enum stw_code
port_file_write(const char *path, unsigned port, struct stw_err *err)
{
	char next[4096];
	FILE *file;
	bool ok;

	if (path == NULL)
		return STW_OK;
	if (snprintf(next, sizeof next, "%s.new", path) >= (int)sizeof next)
		return stw_fail(err, STW_INVALID, "--port-file: path too long");
	file = fopen(next, "we");
	ok = file != NULL && fprintf(file, "%u\n", port) > 0;
	if (file != NULL && fclose(file) != 0)
		ok = false;
	if (!ok || rename(next, path) != 0)
		return stw_fail(err, STW_TEMPFAIL, "%s: %s", path, strerror(errno));
	return STW_OK;
}

static enum stw_code
server_start(struct queue_sim *sim, struct MHD_Daemon **out, struct stw_err *err)
{
	const union MHD_DaemonInfo *info;
	struct sockaddr_in addr;
	enum stw_code rc;

	rc = listen_address(sim->opt->listen, &addr, err);
	if (rc != STW_OK)
		return rc;
	*out = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD |
				    MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL,
	    0, NULL, NULL, on_request, sim, MHD_OPTION_SOCK_ADDR, &addr,
	    MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, 120U,
	    MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
	if (*out == NULL)
		return stw_fail(err, STW_TEMPFAIL, "cannot listen on %s: %s",
		    sim->opt->listen, strerror(errno));
	info = MHD_get_daemon_info(*out, MHD_DAEMON_INFO_BIND_PORT);
	return port_file_write(
	    sim->opt->port_file, info == NULL ? 0U : info->port, err);
}

/* ---- running ----------------------------------------------------------------------- */
static enum stw_code
replay_line(void *ctx, const json_t *event, struct stw_err *err)
{
	return queue_tasks_replay(ctx, event, err);
}

static bool
is_idle(struct queue_sim *sim)
{
	stw_usec quiet = stw_monotonic() - atomic_load(&sim->last_request);
	struct queue_counts counts;

	if (sim->opt->until_idle_sec == 0 || atomic_load(&sim->busy) > 0 ||
	    quiet < sim->opt->until_idle_sec * STW_USEC_SEC)
		return false;
	queue_tasks_count(sim->tasks, &counts);
	return counts.assigned == 0;
}

static void
print_summary(struct queue_sim *sim, const struct queue_agents_sums *agents)
{
	struct queue_counts counts;

	if (sim->opt->summary == NULL)
		return;
	queue_tasks_count(sim->tasks, &counts);
	(void)fprintf(sim->opt->summary, "queue-sim");
	for (int i = 0; i < SUMS; i++)
		(void)fprintf(sim->opt->summary, " %s=%lld", sum_names[i],
		    (long long)atomic_load(&sim->sums[i]));
	(void)fprintf(sim->opt->summary,
	    " outcomes=%lld permits_refused=%lld gone=%lld open=%lld effects=%lld\n",
	    (long long)agents->outcomes, (long long)agents->permits_refused,
	    (long long)agents->gone, (long long)counts.open, (long long)counts.ids);
	(void)fflush(sim->opt->summary);
}

enum stw_code
queue_sim_run(const struct queue_sim_options *options, const atomic_bool *stop,
    struct stw_err *err)
{
	struct queue_agents_sums sums = {0};
	struct queue_agent_line *lines = NULL;
	struct queue_agents *agents = NULL;
	struct queue_agent *list = NULL;
	struct MHD_Daemon *daemon = NULL;
	struct queue_sim sim = {.opt = options};
	enum stw_code rc = STW_OK;
	int nagents = 0;

	(void)pthread_mutex_init(&sim.seen_lock, NULL);
	if (options->nsecrets == 0) {
		rc = stw_fail(
		    err, STW_INVALID, "a signing secret is required: --secret-file");
		goto done;
	}
	if (options->api != NULL && options->token_file != NULL)
		rc = queue_agents_read(
		    options->token_file, options->agents, &list, &nagents, err);
	if (rc != STW_OK)
		goto done;
	lines = stw_xalloc((size_t)nagents * sizeof *lines);
	for (int i = 0; i < nagents; i++)
		lines[i] = list[i].line;
	sim.tasks = queue_tasks_new(lines, nagents);
	rc = queue_journal_open(
	    options->journal, replay_line, sim.tasks, &sim.journal, err);
	if (rc != STW_OK)
		goto done;
	queue_tasks_resume(sim.tasks);
	atomic_store(&sim.last_request, stw_monotonic());
	rc = server_start(&sim, &daemon, err);
	if (rc != STW_OK)
		goto done;
	if (nagents > 0) {
		const struct queue_agents_options how = {
		    options->api, options->seed, options->think_ms};

		agents =
		    queue_agents_start(&how, list, nagents, sim.tasks, sim.journal);
	}
	while (!atomic_load(stop) && !is_idle(&sim) && !atomic_load(&sim.broken))
		sleep_ms(50);
	if (atomic_load(&sim.broken))
		rc = stw_fail(
		    err, STW_TEMPFAIL, "%s: cannot be written", options->journal);
done:
	/* Agents first: they still journal what the API acknowledges. */
	if (agents != NULL)
		queue_agents_stop(agents, &sums);
	if (daemon != NULL)
		MHD_stop_daemon(daemon);
	if (sim.journal != NULL)
		print_summary(&sim, &sums);
	queue_journal_close(sim.journal);
	queue_tasks_free(sim.tasks);
	(void)pthread_mutex_destroy(&sim.seen_lock);
	free(lines);
	free(list);
	return rc;
}
