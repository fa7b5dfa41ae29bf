/*
 * operations_priv.h - what the workers and their keeper share.
 */
#ifndef STW_API_OPERATIONS_PRIV_H
#define STW_API_OPERATIONS_PRIV_H

#include "api/operations.h"

bool operations_closing(struct operations *ops);
/* A connection, or the same one made anew; waits for the database. Closing: what there was. */
struct db *operations_connect(struct operations *ops, struct db *had);

/* The keeper's thread. */
void *operations_keep(void *arg);
/* The slot is free; who waits for what it did is answered. */
void operations_ended(struct operations *ops, struct operation_slot *slot);
void operations_release_all(struct operations *ops);

#endif
