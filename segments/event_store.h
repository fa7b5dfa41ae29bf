/*
 * event_store.h - events of the bank's systems, kept as interactions of its customers.
 *
 * Purpose    Stores what happened to customers, each event once however often it is sent:
 *            an event is known by its source and id, and the key made of them is the
 *            interaction's. What is stored reaches rules through the change stream.
 * Ownership  Everything is borrowed for the call.
 * Errors     TEMPFAIL and the like of db.h; what is wrong with one event is its fate.
 * Locks      One statement a bucket, buckets and keys in order.
 */
#ifndef STW_SEGMENTS_EVENT_STORE_H
#define STW_SEGMENTS_EVENT_STORE_H

#include "db/db.h"

#define EVENT_KEY_TEXT 80

struct event {
	struct str ref; /* the customer's */
	char key[EVENT_KEY_TEXT];
	stw_usec at;
	const char *kind, *channel; /* channel NULL: none */
};

/* Of source and id: the same two give the same key, others another. */
void event_key(struct str source, struct str id, char to[EVENT_KEY_TEXT]);

enum event_fate {
	EVENT_UNKNOWN_CUSTOMER = 0, /* not stored */
	EVENT_STORED,
	EVENT_DUPLICATE, /* it was stored before, or stands earlier in the list */
	EVENT_CONFLICT,  /* as before, with another time, kind or channel: not stored */
};

/* Inside the caller's transaction; fates[i] is that of events[i]. */
enum stw_code event_store(struct db *db, const struct event *events, size_t count,
    enum event_fate *fates, struct stw_err *err) STW_MUST_USE;

#endif
