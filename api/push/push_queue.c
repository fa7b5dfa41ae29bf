#include "api/push/push_queue.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "campaigns/queue_store.h"
#include "engine/log.h"

static void
tls_drop(struct push_queue *q)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(q->tls_text); i++) {
		if (q->tls_text[i] != NULL)
			sodium_memzero(q->tls_text[i], strlen(q->tls_text[i]));
		free(q->tls_text[i]);
		q->tls_text[i] = NULL;
	}
	q->tls = (struct http_tls){.ca = {NULL, 0}};
}

/* Copied by curl for each request, so that it may change at any time. */
static void
tls_set(struct push_queue *q, const struct queue_row *row)
{
	const char *const texts[] = {row->ca, row->client_cert, row->client_key};
	struct str *const to[] = {&q->tls.ca, &q->tls.cert, &q->tls.key};

	tls_drop(q);
	for (size_t i = 0; i < STW_ARRAY_LEN(texts); i++)
		if (texts[i] != NULL) {
			q->tls_text[i] = stw_xstrdup(texts[i]);
			*to[i] = str_of(q->tls_text[i]);
		}
}

static void
queue_free(struct push_queue *q)
{
	for (size_t i = 0; i < q->nsecrets; i++)
		webhook_secret_wipe(&q->secrets[i]);
	free(q->code);
	free(q->url);
	free(q->recall_url);
	tls_drop(q);
	push_target_release(q->target);
	free(q);
}

struct push_queue *
push_queue_find(struct push_queue *queues, int64_t id)
{
	while (queues != NULL && queues->id != id)
		queues = queues->next;
	return queues;
}

/* One secret, or two separated by a space while the receiver changes over. */
static enum stw_code
secrets_read(struct push_queue *q, const char *text, struct stw_err *err)
{
	q->nsecrets = 0;
	while (text != NULL && *text != '\0' && q->nsecrets < PUSH_SECRETS_MAX) {
		size_t len = strcspn(text, " ");
		enum stw_code rc = webhook_secret_parse(
		    (struct str){text, len}, &q->secrets[q->nsecrets], err);

		if (rc != STW_OK)
			return rc;
		q->nsecrets++;
		text += len + strspn(text + len, " ");
	}
	return q->nsecrets > 0
		   ? STW_OK
		   : stw_fail(err, STW_INVALID, "queue %s: no signing secret", q->code);
}

static void
text_set(char **to, const char *text)
{
	if (*to != NULL && strcmp(*to, text) == 0)
		return;
	free(*to);
	*to = stw_xstrdup(text);
}

/* A request of a batch connector holds as many tasks as either allows, and the pause is
 * the longer one. */
static void
batch_limits(struct push_queue *q)
{
	const struct connector *c;
	int pause_ms;

	STW_ASSERT(q->target != NULL);
	c = &q->target->connector;
	pause_ms = (int)(c->batch_pause / 1000);
	if (pause_ms == 0)
		return;
	if (q->limits.batch == 0 || q->limits.batch > c->batch_size)
		q->limits.batch = c->batch_size;
	if (q->limits.batch_pause_ms < pause_ms)
		q->limits.batch_pause_ms = pause_ms;
}

/* The target of before stays while it is still what the row says. */
static enum stw_code
target_read(struct push_queue *q, const struct queue_row *row, struct stw_err *err)
{
	struct push_target *target;
	enum stw_code rc;

	q->nsecrets = 0;
	if (!push_target_is_of(q->target, row)) {
		rc = push_target_load(row, &target, err);
		push_target_release(q->target);
		q->target = target;
		if (rc != STW_OK)
			return rc;
	}
	batch_limits(q);
	return STW_OK;
}

static enum stw_code
way_read(struct push_queue *q, const struct queue_row *row, struct stw_err *err)
{
	if (row->connector != NULL)
		return target_read(q, row, err);
	push_target_release(q->target);
	q->target = NULL;
	return secrets_read(q, row->secret, err);
}

static enum stw_code
tls_check(const struct queue_row *row, struct stw_err *err)
{
	static const char begin[] = "-----BEGIN ";
	const struct {
		const char *name, *text;
	} texts[] = {{"ca", row->ca}, {"client_cert", row->client_cert},
	    {"client_key", row->client_key}};

	for (size_t i = 0; i < STW_ARRAY_LEN(texts); i++)
		if (texts[i].text != NULL && strstr(texts[i].text, begin) == NULL)
			return stw_fail(err, STW_INVALID,
			    "%s: PEM is wanted, with its line \"-----BEGIN ...\"",
			    texts[i].name);
	if ((row->client_cert == NULL) !=
	    (row->client_key == NULL && !row->has_client_key))
		return stw_fail(err, STW_INVALID,
		    "client_cert and client_key: one goes with the other");
	return STW_OK;
}

enum stw_code
push_queue_check(const struct queue_row *row, struct stw_err *err)
{
	struct push_queue *q;
	struct stw_err native;
	enum stw_code rc = tls_check(row, err);

	if (rc != STW_OK)
		return rc;
	q = stw_xalloc(sizeof *q);
	text_set(&q->code, row->code);
	if (row->connector != NULL)
		rc = target_read(q, row, err);
	else if (secrets_read(q, row->secret, &native) != STW_OK)
		rc = stw_fail(err, STW_INVALID,
		    "secret: whsec_ and the base64 of 24 to 64 bytes is wanted, several "
		    "separated by a space");
	queue_free(q);
	return rc;
}

/* Would a credential that is kept go somewhere else? A signature proves nothing to another. */
static bool
goes_elsewhere(const struct queue_row *q, const struct queue_row *known)
{
	json_t *is, *was;
	bool other;

	if (q->connector == NULL)
		return false;
	if (known->connector == NULL || strcmp(q->connector, known->connector) != 0 ||
	    strcmp(q->url, known->url) != 0)
		return true;
	is = json_loads(q->connector_settings, 0, NULL);
	was = json_loads(
	    known->connector_settings == NULL ? "{}" : known->connector_settings, 0,
	    NULL);
	other = json_equal(is, was) == 0;
	json_decref(is);
	json_decref(was);
	return other;
}

enum stw_code
push_queue_secret_stays(
    const struct queue_row *row, const struct queue_row *known, struct stw_err *err)
{
	if (known->secret == NULL || !goes_elsewhere(row, known))
		return STW_OK;
	return stw_fail(err, STW_INVALID,
	    "secret: with another url, connector or settings what is kept would go "
	    "somewhere else: give the secret again");
}

bool
push_queue_is_ready(const struct push_queue *q)
{
	return q->target == NULL ? q->nsecrets > 0
				 : push_target_is_ready(q->target, stw_monotonic());
}

bool
push_queue_is_shut(const struct push_queue *q)
{
	return q->target != NULL && push_target_wants_token(q->target) &&
	       q->target->token.text == NULL && q->target->token.failures > 0;
}

static void
queue_update(
    struct push_queue **queues, const struct queue_row *row, struct arena *arena)
{
	struct push_queue *q = push_queue_find(*queues, row->queue_id);
	struct stw_err err;
	enum stw_code rc;

	if (q == NULL) {
		q = stw_xalloc(sizeof *q);
		q->id = row->queue_id;
		q->next = *queues;
		*queues = q;
	}
	text_set(&q->code, row->code);
	text_set(&q->url, row->url);
	text_set(&q->recall_url, arena_printf(arena, "%s/recall", row->url));
	q->open = strcmp(row->state, "open") == 0 && !q->gone;
	q->dedupes = row->dedupes;
	q->timeout_ms = row->timeout_ms;
	q->limits = (struct schedule_limits){.concurrency = row->concurrency,
	    .rate = row->rate,
	    .rate_sec = row->rate_sec,
	    .batch = row->batch,
	    .batch_pause_ms = row->batch_pause_ms,
	    .hours_from = row->hours_from,
	    .hours_to = row->hours_to};
	q->seen = true;
	tls_set(q, row);
	rc = way_read(q, row, &err);
	if (rc == STW_OK && row->hours_from != row->hours_to)
		rc = zone_find(row->zone, &q->limits.zone, &err);
	if (rc != STW_OK) {
		q->open = false;
		log_event(LOG_ERROR, "dispatch_queue", "queue=%s text=\"%s\"", q->code,
		    err.text);
	}
}

enum stw_code
push_queues_reload(struct push_queue **queues, struct db *db,
    const struct seal_keys *keys, struct arena *arena, struct stw_err *err)
{
	struct queue_row *rows;
	enum stw_code rc;
	int count;

	rc = queue_targets(db, keys, NULL, arena, &rows, &count, err);
	if (rc != STW_OK)
		return rc;
	for (struct push_queue *q = *queues; q != NULL; q = q->next)
		q->seen = false;
	for (int i = 0; i < count; i++)
		queue_update(queues, &rows[i], arena);
	for (struct push_queue **at = queues; *at != NULL;) {
		struct push_queue *q = *at;

		if (q->seen || q->in_flight + q->recalls > 0) {
			at = &q->next;
			continue;
		}
		*at = q->next;
		queue_free(q);
	}
	return STW_OK;
}

void
push_queues_free(struct push_queue **queues)
{
	while (*queues != NULL) {
		struct push_queue *next = (*queues)->next;

		queue_free(*queues);
		*queues = next;
	}
}
