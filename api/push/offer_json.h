/*
 * offer_json.h - the bodies that are pushed: a task offered, a task recalled.
 *
 * Purpose    CloudEvents 1.0, structured mode, as api/openapi.json (webhooks) describes
 *            them. No personal data but the masked number; what an agent needs beyond
 *            that is fetched from brief_url, where it is logged who looked.
 */
#ifndef STW_API_PUSH_OFFER_JSON_H
#define STW_API_PUSH_OFFER_JSON_H

#include "api/push/webhook.h"
#include "campaigns/task_store.h"

/* The key of one effect: the task's id for its first offer, "<id>.<n>" for one that
 * follows when an agent gave it back or a dead letter was requeued; the recall of an offer
 * has its key and ".recall". The same for every try. */
void offer_key(const struct task_push *push, char to[WEBHOOK_ID_MAX + 1]);
void recall_key(const struct task_recall *recall, char to[WEBHOOK_ID_MAX + 1]);

/* Appended to `to`. */
void offer_write(
    const struct task_push *push, const char *queue, stw_usec now, struct buf *to);
void recall_write(
    const struct task_recall *recall, const char *queue, stw_usec now, struct buf *to);

#endif
