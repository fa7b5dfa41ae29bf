/*
 * doubles_json.h - doubles in JSON text as people wrote them.
 *
 * Purpose    A JSON library prints a double with 17 digits, so that it reads back the same:
 *            0.95 becomes 0.94999999999999996. Here each is written with as few digits as
 *            read back the same. Money is no double and is not touched; neither are whole
 *            numbers and what stands inside texts.
 * Rules      What was a double stays one for whoever reads it: 1.0 keeps its point.
 * Threads    Pure.
 */
#ifndef STW_ENGINE_DOUBLES_JSON_H
#define STW_ENGINE_DOUBLES_JSON_H

#include <stddef.h>

/* Rewrites valid JSON in place; the new length, which is never larger. No NUL is needed at
 * the end, and none is written. */
size_t json_doubles_shorten(char *text, size_t len);

#endif
