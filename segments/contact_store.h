/*
 * contact_store.h - what is known about a customer's contact points.
 *
 * Purpose    The state of a contact point, how it came about, and who else has the number.
 *            A state changes with who, how and on what evidence; the database keeps every
 *            change (contact_point_event), also those of a feed and of which one is
 *            primary, and an entry of the ledger goes with those recorded here.
 * Units      Times are instants of the business clock.
 * Ownership  Everything in the arena.
 * Errors     NOT_FOUND when the point is not the customer's. INVALID for a word that is no
 *            state or no way of finding out.
 * Locks      contact_record locks the contact point, after a task (lock order: task ->
 *            contact point -> outbox); the caller's transaction.
 */
#ifndef STW_SEGMENTS_CONTACT_STORE_H
#define STW_SEGMENTS_CONTACT_STORE_H

#include "db/db.h"

struct contact_change {
	/* unverified; verified; failed: not the customer's, or dead; reassigned: it seems to
	 * be somebody else's by now */
	const char *state;
	const char *how; /* call, sms_code, branch, document, carrier, letter, other */
	const char *actor;    /* who says so */
	const char *evidence; /* a reference, no content; NULL: none */
};
/* *before gets the state until now. Saying the same again is recorded too. */
enum stw_code contact_record(struct db *db, int bucket, int64_t customer_id,
    int64_t point_id, const struct contact_change *change, stw_usec now,
    const char **before, struct stw_err *err) STW_MUST_USE;

struct contact_event {
	const char *from, *to, *how, *actor;
	const char *evidence; /* NULL: none */
	stw_usec at;
	bool of_primary; /* not about the state: whether it is the primary one */
	bool primary;    /* and whether it is since */
};
/* Newest first, at most a thousand. None is no error. */
enum stw_code contact_history(struct db *db, int bucket, int64_t customer_id,
    int64_t point_id, struct arena *arena, struct contact_event **out, int *count,
    struct stw_err *err) STW_MUST_USE;

struct contact_sharer {
	const char *ref, *name_mask; /* NULL: no name */
	const char *state;           /* of the number with them */
	bool same_household;
};
/* The other customers with this number, at most limit; *total how many there are. */
enum stw_code contact_sharers(struct db *db, int bucket, int64_t customer_id,
    int64_t point_id, int limit, struct arena *arena, struct contact_sharer **out,
    int *count, int *total, struct stw_err *err) STW_MUST_USE;

#endif
