/*
 * queue_turn_store.h - whose turn it is to push to a queue that has a pace.
 *
 * Purpose    A rate or a pause between batches is the queue's, however many dispatchers there
 *            are (decision 0053): one of them has the turn, on the database's clock. It may
 *            push until `hold` after it asked, and another no earlier than the pace after that.
 * Units      Microseconds.
 * Errors     Of the database. Nobody who holds a turn is ever surprised by losing it: it counts
 *            `hold` from before it asked.
 */
#ifndef STW_CAMPAIGNS_QUEUE_TURN_STORE_H
#define STW_CAMPAIGNS_QUEUE_TURN_STORE_H

#include "db/db.h"

struct queue_turn {
	bool taken;
	stw_usec wait; /* not taken: until it is free, as it looks now */
	bool held;     /* not taken: a dispatcher has it, and may keep it */
};
/* Taken, or kept by the one that has it. */
enum stw_code queue_turn_take(struct db *db, int64_t queue_id, const char *holder,
    stw_usec hold, stw_usec pace, struct queue_turn *out,
    struct stw_err *err) STW_MUST_USE;
/* Given back; pace: what is left of it. Nothing where it is another's by now. */
enum stw_code queue_turn_give(struct db *db, int64_t queue_id, const char *holder,
    stw_usec pace, struct stw_err *err) STW_MUST_USE;

#endif
