/*
 * callback_store.h - call-backs that were promised to customers.
 *
 * Purpose    A call-back is a task that comes back at the time the customer asked for,
 *            through the gate, whatever became of the campaign's window. Here is what came of
 *            the promises: open, due, kept (a permit was granted from that time on), missed.
 * Ownership  What is read lives in the arena.
 */
#ifndef STW_CAMPAIGNS_CALLBACK_STORE_H
#define STW_CAMPAIGNS_CALLBACK_STORE_H

#include "db/db.h"

struct callback {
	const char *task_id, *customer_ref, *queue;
	const char *agent; /* promised with; NULL: anybody */
	stw_usec at, until;
	const char *task_state;
	const char *state; /* open, due, kept, missed */
};

struct callback_filter {
	const char *queue, *state; /* NULL: any */
	const char *agent;    /* promised with this one or with anybody; NULL: any */
	const char *after_id; /* the last row seen; NULL: from the start */
	stw_usec after;
};

/* By time. */
enum stw_code callback_list(struct db *db, const struct callback_filter *filter,
    int limit, stw_usec now, struct arena *arena, struct callback **out, int *count,
    struct stw_err *err) STW_MUST_USE;

#endif
