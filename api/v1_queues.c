/* Queues: settings, open and closed, and how they fare. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/push/push_queue.h"
#include "api/resources.h"
#include "campaigns/connector_store.h"
#include "engine/zone.h"

/* ---- answering ------------------------------------------------------------------------ */
static json_t *
clock_text(int minutes)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%02d:%02d", minutes / 60, minutes % 60);
	return json_string(text);
}

static json_t *
hours_json(const struct queue_row *q)
{
	json_t *v;

	if (q->hours_from == q->hours_to)
		return json_null();
	v = json_object();
	json_put(v, "from", clock_text(q->hours_from));
	json_put(v, "to", clock_text(q->hours_to));
	json_put(v, "zone", json_text(q->zone));
	return v;
}

static json_t *
pair_json(int first, const char *first_name, int second, const char *second_name)
{
	json_t *v;

	if (first == 0)
		return json_null();
	v = json_object();
	json_put(v, first_name, json_integer(first));
	json_put(v, second_name, json_integer(second));
	return v;
}

static json_t *
health_json(const struct queue_health *h)
{
	json_t *v = json_object();

	json_put(v, "worker", json_text(h->worker));
	json_put(v, "concurrency", json_integer(h->concurrency));
	json_put(v, "in_flight", json_integer(h->in_flight));
	json_put(v, "dead_until", json_time(h->dead_until));
	json_put(v, "failed_probes", json_integer(h->deaths));
	json_put(v, "last_ok_at", json_time(h->last_ok_at));
	json_put(v, "last_failed_at", json_time(h->last_failed_at));
	json_put(v, "last_status", json_positive(h->last_status));
	json_put(v, "last_error", json_text(h->last_error));
	json_put(v, "seen_at", json_time(h->seen_at));
	return v;
}

/* What a put is checked against. */
static const char *
queue_hash(struct api_request *req, const struct queue_row *q)
{
	return arena_printf(&req->arena, "%lld", (long long)q->updated_at);
}

static json_t *
queue_json(struct api_request *req, const struct queue_row *q,
    const struct queue_health *health, int nhealth)
{
	json_t *v = json_object(), *list = json_array();

	json_put(v, "code", json_text(q->code));
	json_put(v, "kind", json_text(q->kind));
	json_put(v, "url", json_text(q->url));
	json_put(v, "state", json_text(q->state));
	json_put(v, "state_by", json_text(q->state_by));
	json_put(v, "state_why", json_text(q->state_why));
	json_put(v, "connector", json_text(q->connector));
	json_put(v, "settings", json_loads(q->connector_settings, 0, NULL));
	json_put(v, "ca", json_text(q->ca));
	json_put(v, "client_cert", json_text(q->client_cert));
	json_put(v, "dedupes", json_boolean(q->dedupes));
	json_put(v, "concurrency", json_integer(q->concurrency));
	json_put(v, "timeout_ms", json_integer(q->timeout_ms));
	json_put(v, "tries_max", json_integer(q->tries_max));
	json_put(v, "rate", pair_json(q->rate, "tasks", q->rate_sec, "seconds"));
	json_put(
	    v, "batch", pair_json(q->batch, "size", q->batch_pause_ms, "pause_ms"));
	json_put(v, "hours", hours_json(q));
	json_put(v, "waiting", json_integer(q->waiting));
	json_put(v, "pushed", json_integer(q->pushed));
	json_put(v, "unknown", json_integer(q->unknown));
	json_put(v, "dead_letters", json_integer(q->dead));
	json_put(v, "updated_at", json_time(q->updated_at));
	json_put(v, "hash", json_text(queue_hash(req, q)));
	for (int i = 0; i < nhealth; i++)
		if (strcmp(health[i].queue, q->code) == 0)
			json_push(list, health_json(&health[i]));
	json_put(v, "health", list);
	return v;
}

static enum stw_code
queues_read(struct api_request *req, const char *code, struct queue_row **queues,
    int *count, struct queue_health **health, int *nhealth, struct stw_err *err)
{
	enum stw_code rc = queue_list(req->db, code, &req->arena, queues, count, err);

	if (rc == STW_OK)
		rc =
		    queue_health_list(req->db, code, &req->arena, health, nhealth, err);
	if (rc == STW_OK && code != NULL && *count == 0)
		rc = stw_fail(err, STW_NOT_FOUND, "there is no queue %.60s", code);
	return rc;
}

void
v1_queue_list(struct api_request *req)
{
	struct queue_health *health;
	struct stw_err err = {0};
	struct queue_row *queues;
	int count, nhealth;
	json_t *v, *items;
	enum stw_code rc =
	    queues_read(req, NULL, &queues, &count, &health, &nhealth, &err);

	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = json_object();
	items = json_array();
	for (int i = 0; i < count; i++)
		json_push(items, queue_json(req, &queues[i], health, nhealth));
	json_put(v, "items", items);
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}

static void
reply_queue(struct api_request *req, const char *code)
{
	struct queue_health *health;
	struct stw_err err = {0};
	struct queue_row *queues;
	int count, nhealth;
	enum stw_code rc =
	    queues_read(req, code, &queues, &count, &health, &nhealth, &err);

	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		api_reply(req, 200, queue_json(req, &queues[0], health, nhealth));
}

void
v1_queue(struct api_request *req)
{
	reply_queue(req, req->match.params[0]);
}

/* ---- settings -------------------------------------------------------------------------- */
/* A member of `from` (NULL: the body is asked for nothing), or fallback when it is not
 * there; false after answering 400. */
static bool
read_int(struct api_request *req, const json_t *from, const char *name, int least,
    int most, int fallback, int *out)
{
	json_t *v = json_object_get(from, name);
	json_int_t n = json_integer_value(v);

	*out = fallback;
	if (v == NULL && fallback >= least)
		return true;
	if (!json_is_integer(v) || n < least || n > most) {
		api_problem(req, 400, "INVALID_REQUEST",
		    arena_printf(&req->arena, "/%s", name),
		    "%s: a whole number from %d to %d is wanted", name, least, most);
		return false;
	}
	*out = (int)n;
	return true;
}

/* An object, or null or nothing (*out NULL). */
static bool
read_object(struct api_request *req, const char *name, json_t **out)
{
	json_t *v = json_object_get(req->json, name);

	*out = NULL;
	if (v == NULL || json_is_null(v))
		return true;
	if (!json_is_object(v)) {
		api_problem(req, 400, "INVALID_REQUEST",
		    arena_printf(&req->arena, "/%s", name),
		    "%s: an object or null is wanted", name);
		return false;
	}
	*out = v;
	return true;
}

static bool
two_digits(const char *text, int *out)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return false;
	*out = (text[0] - '0') * 10 + text[1] - '0';
	return true;
}

static bool
read_clock(struct api_request *req, const json_t *from, const char *name, int most,
    int *minutes)
{
	const char *text = json_string_value(json_object_get(from, name));
	int hour, minute;

	if (text != NULL && strlen(text) == 5 && text[2] == ':' &&
	    two_digits(text, &hour) && two_digits(text + 3, &minute) && minute < 60 &&
	    hour * 60 + minute <= most) {
		*minutes = hour * 60 + minute;
		return true;
	}
	api_problem(req, 400, "INVALID_REQUEST",
	    arena_printf(&req->arena, "/hours/%s", name),
	    "hours.%s: a time of day is wanted, as 09:00", name);
	return false;
}

static bool
read_hours(struct api_request *req, struct queue_row *q)
{
	const struct zone *zone;
	json_t *hours;

	if (!read_object(req, "hours", &hours))
		return false;
	if (hours == NULL)
		return true;
	if (!read_clock(req, hours, "from", 1439, &q->hours_from) ||
	    !read_clock(req, hours, "to", 1440, &q->hours_to))
		return false;
	q->zone = json_string_value(json_object_get(hours, "zone"));
	if (q->hours_from == q->hours_to) {
		api_problem(req, 400, "INVALID_REQUEST", "/hours",
		    "hours: from and to are the same; leave hours out for always");
		return false;
	}
	if (q->zone != NULL && zone_find(q->zone, &zone, NULL) != STW_OK) {
		api_problem(req, 400, "INVALID_REQUEST", "/hours/zone",
		    "hours.zone: no such time zone");
		return false;
	}
	return true;
}

static bool
read_pace(struct api_request *req, struct queue_row *q)
{
	json_t *rate, *batch;

	if (!read_object(req, "rate", &rate) || !read_object(req, "batch", &batch))
		return false;
	if (rate != NULL &&
	    (!read_int(req, rate, "tasks", 1, 100000, 0, &q->rate) ||
		!read_int(req, rate, "seconds", 1, 60, 1, &q->rate_sec)))
		return false;
	if (rate != NULL && q->rate_sec != 1 && q->rate_sec != 60) {
		api_problem(req, 400, "INVALID_REQUEST", "/rate/seconds",
		    "rate.seconds: 1 or 60 is wanted");
		return false;
	}
	return batch == NULL || (read_int(req, batch, "size", 1, 10000, 0, &q->batch) &&
				    read_int(req, batch, "pause_ms", 0, 3600000, -1,
					&q->batch_pause_ms));
}

/* The texts of secrets are in no answer, log or ledger. What they have to be, a connector
 * says: see way_complete. */
static bool
read_way(struct api_request *req, struct queue_row *q)
{
	json_t *settings;
	char *text;

	if (!api_body_text(req, "connector", 60, false, &q->connector) ||
	    !api_body_text(req, "secret", 16000, false, &q->secret) ||
	    !api_body_text(req, "ca", 65536, false, &q->ca) ||
	    !api_body_text(req, "client_cert", 65536, false, &q->client_cert) ||
	    !api_body_text(req, "client_key", 65536, false, &q->client_key) ||
	    !read_object(req, "settings", &settings))
		return false;
	text = settings == NULL ? NULL : json_dumps(settings, JSON_COMPACT);
	q->connector_settings = text == NULL ? "{}" : arena_strdup(&req->arena, text);
	free(text);
	return true;
}

/* The document in force of its connector, and secrets that stay as they were. */
static enum stw_code
way_complete(struct api_request *req, struct queue_row *q,
    const struct queue_row *known, struct stw_err *err)
{
	struct queue_row whole = *q;
	struct connector_row *rows;
	struct connector parsed;
	enum stw_code rc = STW_OK;
	int count = 0;

	if (known != NULL && whole.secret == NULL)
		rc = push_queue_secret_stays(q, known, err);
	if (rc != STW_OK)
		return rc;
	if (known != NULL && whole.secret == NULL)
		whole.secret = known->secret;
	if (known != NULL && whole.client_cert != NULL && whole.client_key == NULL)
		whole.client_key = known->client_key;
	if (q->connector != NULL)
		rc = connector_rows(
		    req->db, q->connector, 0, &req->arena, &rows, &count, err);
	for (int i = 0; rc == STW_OK && i < count; i++)
		if (strcmp(rows[i].state, "active") == 0)
			whole.document = rows[i].document;
	if (rc == STW_OK)
		rc = push_queue_check(&whole, err);
	if (rc == STW_OK && q->connector != NULL &&
	    json_object_get(req->json, "dedupes") == NULL) {
		rc = connector_parse(
		    str_of(whole.document), &req->arena, &parsed, NULL, err);
		q->dedupes = rc == STW_OK && parsed.dedupes;
	}
	return rc;
}

static bool
read_where(struct api_request *req, struct queue_row *q)
{
	if (!api_body_text(req, "kind", 20, true, &q->kind) ||
	    !api_body_text(req, "url", 500, true, &q->url) ||
	    !api_body_bool(req, "dedupes", false, &q->dedupes))
		return false;
	if (strcmp(q->kind, "agent") != 0 && strcmp(q->kind, "robot") != 0 &&
	    strcmp(q->kind, "branch") != 0) {
		api_problem(req, 400, "INVALID_REQUEST", "/kind",
		    "kind: agent, robot or branch is wanted");
		return false;
	}
	if ((strncmp(q->url, "https://", 8) != 0 &&
		strncmp(q->url, "http://", 7) != 0) ||
	    strpbrk(q->url, " @#?") != NULL) {
		api_problem(req, 400, "INVALID_REQUEST", "/url",
		    "url: http:// or https:// without user, query or fragment is wanted");
		return false;
	}
	return true;
}

static bool
read_queue(struct api_request *req, struct queue_row *q)
{
	static const char *const members[] = {"kind", "url", "dedupes", "concurrency",
	    "timeout_ms", "tries_max", "rate", "batch", "hours", "secret", "connector",
	    "settings", "ca", "client_cert", "client_key", NULL};

	*q = (struct queue_row){.code = req->match.params[0]};
	return api_body_only(req, members) && read_where(req, q) &&
	       read_int(req, req->json, "concurrency", 1, 256, 8, &q->concurrency) &&
	       read_int(
		   req, req->json, "timeout_ms", 100, 60000, 15000, &q->timeout_ms) &&
	       read_int(req, req->json, "tries_max", 1, 1000, QUEUE_TRIES_MAX,
		   &q->tries_max) &&
	       read_pace(req, q) && read_hours(req, q) && read_way(req, q);
}

/* Who changes a queue has read it; who makes one gives its secret. */
static bool
put_allowed(
    struct api_request *req, const struct queue_row *q, const struct queue_row *known)
{
	const char *expect = api_header(req, "If-Match");

	if (known == NULL && q->secret == NULL) {
		api_problem(req, 400, "INVALID_REQUEST", "/secret",
		    "secret: a new queue needs one to sign with");
		return false;
	}
	if (known == NULL)
		return true;
	if (expect == NULL) {
		api_problem(req, 428, "PRECONDITION_REQUIRED", NULL,
		    "If-Match: the ETag of the queue you read is wanted");
		return false;
	}
	if (strcmp(expect,
		arena_printf(&req->arena, "\"%s\"", queue_hash(req, known))) != 0) {
		api_problem(req, 412, "PRECONDITION_FAILED", NULL,
		    "the queue was changed after you read it; read it again");
		return false;
	}
	return true;
}

static bool
is_code(const char *code)
{
	size_t len = strlen(code);

	return len > 0 && len <= 60 &&
	       strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

void
v1_queue_put(struct api_request *req)
{
	struct queue_row q, *known;
	struct stw_err err = {0};
	enum stw_code rc;
	int count;

	if (!read_queue(req, &q))
		return;
	if (!is_code(q.code)) {
		api_problem(req, 400, "INVALID_REQUEST", NULL,
		    "the code of a queue is 1 to 60 small letters, digits, - and _");
		return;
	}
	rc = queue_targets(
	    req->db, req->app->keys, q.code, &req->arena, &known, &count, &err);
	if (rc == STW_OK && !put_allowed(req, &q, count == 0 ? NULL : &known[0]))
		return;
	if (rc == STW_OK)
		rc = way_complete(req, &q, count == 0 ? NULL : &known[0], &err);
	if (rc == STW_OK)
		rc = queue_put(
		    req->db, req->app->keys, &q, req->actor.subject, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_queue(req, q.code);
}

/* ---- open and closed -------------------------------------------------------------------- */
static void
set_state(struct api_request *req, const char *state)
{
	static const char *const members[] = {"reason", NULL};
	const char *code = req->match.params[0], *why;
	struct stw_err err = {0};
	struct queue_row *queues;
	enum stw_code rc;
	int count;

	if (!api_body_only(req, members) ||
	    !api_body_text(req, "reason", 400, true, &why))
		return;
	rc = queue_targets(req->db, NULL, code, &req->arena, &queues, &count, &err);
	if (rc == STW_OK && count == 0)
		rc = stw_fail(&err, STW_NOT_FOUND, "there is no queue %.60s", code);
	if (rc == STW_OK)
		rc = queue_set_state(req->db, queues[0].queue_id, state,
		    req->actor.subject, why, req->now, &err);
	if (rc != STW_OK)
		api_fail(req, rc, &err);
	else
		reply_queue(req, code);
}

void
v1_queue_enable(struct api_request *req)
{
	set_state(req, "open");
}

void
v1_queue_disable(struct api_request *req)
{
	set_state(req, "disabled");
}
