#include "api/push/push_queue.h"

#include <stdlib.h>
#include <string.h>

#include "campaigns/queue_store.h"
#include "engine/log.h"

static void
queue_free(struct push_queue *q)
{
	for (size_t i = 0; i < q->nsecrets; i++)
		webhook_secret_wipe(&q->secrets[i]);
	free(q->code);
	free(q->url);
	free(q->recall_url);
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
	rc = secrets_read(q, row->secret, &err);
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
