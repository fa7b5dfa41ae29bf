/*
 * lifecycle_state.h - the states of a version of a lifecycle model and the moves
 * between them.
 *
 * Purpose    One table; the CHECK of lifecycle_model.state lists the same words (a test
 *            compares the two). Only segments/lifecycle_model_store.c moves a version.
 */
#ifndef STW_SEGMENTS_LIFECYCLE_STATE_H
#define STW_SEGMENTS_LIFECYCLE_STATE_H

#include <stdbool.h>

#include "engine/buf.h"

enum lifecycle_state {
	LIFECYCLE_NONE = 0,
	LIFECYCLE_DRAFT,
	LIFECYCLE_SUBMITTED, /* validated over the book, waits for a second person */
	LIFECYCLE_APPROVED,
	LIFECYCLE_ACTIVE, /* one a model */
	LIFECYCLE_RETIRED,
	LIFECYCLE_STATES /* how many */
};

const char *lifecycle_state_name(enum lifecycle_state state);
enum lifecycle_state lifecycle_state_parse(struct str text); /* NONE: no such state */
bool lifecycle_state_may_move(enum lifecycle_state from, enum lifecycle_state to);

#endif
