/*
 * cursor.h - where a page of a list ends, as text that only we can make.
 *
 * Purpose    A cursor holds the place of the last row, signed together with the filter of
 *            the list, so that it can neither be made up nor used with another filter.
 * Errors     INVALID for a cursor that is not ours or belongs to another list.
 */
#ifndef STW_API_CURSOR_H
#define STW_API_CURSOR_H

#include "api/auth.h"

#define CURSOR_PLACE_MAX 200 /* bytes */

/* Returns the cursor, in the arena. */
const char *cursor_write(const struct auth_keys *keys, const char *filter,
    const char *place, struct arena *arena) __attribute__((returns_nonnull));
enum stw_code cursor_read(const struct auth_keys *keys, const char *filter,
    const char *cursor, struct arena *arena, const char **place,
    struct stw_err *err) STW_MUST_USE;
/* The next number of a place, and past the space behind it. */
bool cursor_number(const char **place, int64_t *out);

#endif
