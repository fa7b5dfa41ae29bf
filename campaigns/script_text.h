/*
 * script_text.h - the text of a script as it will be said or sent.
 *
 * Purpose    Fills in {{placeholders}} of a script, and checks that a script has none that
 *            nobody could fill. What is filled in is checked as well: a banned word can be
 *            made of a script's half and a product name's half. Pure.
 * Ownership  The text lives in the arena.
 * Errors     INVALID names the placeholder and its line and column.
 * Threads    Any.
 */
#ifndef STW_CAMPAIGNS_SCRIPT_TEXT_H
#define STW_CAMPAIGNS_SCRIPT_TEXT_H

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"

/* What placeholders stand for; NULL: nothing, the placeholder becomes an empty text. */
struct script_vars {
	const char *product_code;
	const char *product_name; /* in the script's language */
};

/* {{product_code}} and {{product_name}} are known. */
enum stw_code script_text_check(const char *body, struct stw_err *err) STW_MUST_USE;
/* NULL body: NULL. What is no known placeholder stays as it is. */
const char *script_text_render(
    const char *body, const struct script_vars *vars, struct arena *arena);

#endif
