/*
 * json_place.h - where in a JSON text a value stands.
 *
 * Purpose    A JSON parser forgets places; whoever checks the parsed document can ask for
 *            the place of what it found wrong. The text has parsed before.
 * Units      Lines and columns count from 1; a column is a character (code point).
 * Errors     None: a member that is not there gives the place of what would hold it.
 * Threads    Any.
 */
#ifndef STW_ENGINE_JSON_PLACE_H
#define STW_ENGINE_JSON_PLACE_H

#include "engine/buf.h"

struct json_step {
	const char *key; /* of an object; NULL: an element of a list */
	size_t index;    /* of a list */
};

/* The place of a member is that of its key, the place of an element that of its value. */
void json_place(
    struct str text, const struct json_step *path, int steps, int *line, int *column);

#endif
