#include "api/push/offer_json.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

void
offer_key(const struct task_push *push, char to[WEBHOOK_ID_MAX + 1])
{
	if (push->offer == 0)
		(void)snprintf(to, WEBHOOK_ID_MAX + 1, "%s", push->task_id);
	else
		(void)snprintf(
		    to, WEBHOOK_ID_MAX + 1, "%s.%d", push->task_id, push->offer);
}

void
recall_key(const struct task_recall *recall, char to[WEBHOOK_ID_MAX + 1])
{
	char id[UUID_TEXT];

	(void)uuid_format(&recall->task_id, id);
	if (recall->offer == 0)
		(void)snprintf(to, WEBHOOK_ID_MAX + 1, "%s.recall", id);
	else
		(void)snprintf(
		    to, WEBHOOK_ID_MAX + 1, "%s.%d.recall", id, recall->offer);
}

static json_t *
instant(stw_usec at)
{
	char text[STW_USEC_TEXT];

	return at == STW_USEC_MAX || at == STW_USEC_NEVER
		   ? json_null()
		   : json_string(stw_usec_format(at, text));
}

/* Takes data. */
static void
envelope_write(const char *type, const char *key, const char *queue,
    const char *subject, stw_usec now, stw_usec expiry, json_t *data, struct buf *to)
{
	char source[160];
	json_t *event;
	char *text;

	(void)snprintf(source, sizeof source, "/queues/%s", queue);
	event = json_pack("{s:s, s:s, s:s, s:s, s:s*, s:o, s:s, s:o}", "specversion",
	    "1.0", "id", key, "type", type, "source", source, "subject", subject,
	    "time", instant(now), "datacontenttype", "application/json", "data", data);
	STW_ASSERT(event != NULL);
	if (expiry != STW_USEC_MAX)
		(void)json_object_set_new(event, "expirytime", instant(expiry));
	text = json_dumps(event, JSON_COMPACT);
	STW_ASSERT(text != NULL);
	buf_add_c(to, text);
	free(text);
	json_decref(event);
}

void
offer_write(
    const struct task_push *push, const char *queue, stw_usec now, struct buf *to)
{
	char key[WEBHOOK_ID_MAX + 1];
	char brief[80];
	json_t *data;

	offer_key(push, key);
	(void)snprintf(brief, sizeof brief, "/v1/tasks/%s", push->task_id);
	data = json_pack(
	    "{s:s, s:i, s:{s:s, s:i, s:s, s:s}, s:s, s:s, s:s, s:s?, s:i, s:o, s:o, "
	    "s:{s:I, s:s}, s:{s:s?}, s:{s:s, s:i}, s:s, s:{s:s, s:s, s:o}, s:{s:I}}",
	    "task_id", push->task_id, "offer", push->offer, "campaign", "code",
	    push->campaign, "version", push->campaign_version, "step", push->step,
	    "occurrence", push->occurrence, "purpose", push->purpose, "channel",
	    push->channel, "handler", push->handler, "product", push->product,
	    "priority", push->priority, "not_before", instant(push->not_before),
	    "not_after", instant(push->not_after), "caller", "number_id",
	    (json_int_t)push->number_id, "number", push->number, "callee", "mask",
	    push->phone_mask, "script", "code", push->script, "version",
	    push->script_version, "brief_url", brief, "decision", "id",
	    push->decision_id, "sha256", push->record_hash_hex, "valid_until",
	    instant(push->valid_until), "lease", "fence",
	    (json_int_t)push->claim.epoch);
	STW_ASSERT(data != NULL);
	envelope_write("cn.steward.task.offered.v1", key, queue, push->customer_ref,
	    now, push->not_after, data, to);
}

void
recall_write(
    const struct task_recall *recall, const char *queue, stw_usec now, struct buf *to)
{
	char key[WEBHOOK_ID_MAX + 1], id[UUID_TEXT];
	json_t *data;

	recall_key(recall, key);
	data =
	    json_pack("{s:s, s:i, s:s}", "task_id", uuid_format(&recall->task_id, id),
		"offer", recall->offer, "reason", recall->reason);
	STW_ASSERT(data != NULL);
	envelope_write("cn.steward.task.recalled.v1", key, queue, NULL, now,
	    STW_USEC_MAX, data, to);
}
