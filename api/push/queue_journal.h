/*
 * queue_journal.h - what the simulated queue has seen, on disk before it is answered.
 *
 * Purpose    An append-only file of JSON lines. It is the queue's only memory (read back at
 *            a restart) and the tests' witness: it is written by the receiver, so it
 *            shows what really arrived, whatever the sender's database says.
 * Errors     A last line that was cut by a crash was never answered; it is removed on
 *            open. A bad line before that is INVALID. CONFLICT: another process has it.
 * Threads    queue_journal_add from any: several waiting lines share one fsync.
 */
#ifndef STW_API_PUSH_QUEUE_JOURNAL_H
#define STW_API_PUSH_QUEUE_JOURNAL_H

#include <jansson.h>

#include "engine/err.h"

struct queue_journal;

/* Calls line for each line that is there, in order; INVALID from it ends the open. */
enum stw_code queue_journal_open(const char *path,
    enum stw_code (*line)(void *ctx, const json_t *event, struct stw_err *err),
    void *ctx, struct queue_journal **out, struct stw_err *err) STW_MUST_USE;
void queue_journal_close(struct queue_journal *journal);

/* Adds "at" (real clock) to event, appends it, and returns when it is on disk. Takes the
 * reference to event. */
enum stw_code queue_journal_add(
    struct queue_journal *journal, json_t *event, struct stw_err *err) STW_MUST_USE;

#endif
