/*
 * rule_messages.h - the messages of the rule language in Chinese.
 *
 * Purpose    Messages are made in English, where the fault is found. Here stands each
 *            one's Chinese text, with {} for what was put in. A finished message is
 *            found again by its shape, so that errors of the compiler, of an evaluation
 *            and of an explanation, also stored ones, can be shown in both languages
 *            without carrying two texts around. tests/unit/test_rule_messages.c goes
 *            through the sources and fails for a message that is not in the table.
 * Ownership  Appends to the caller's buffer; borrows the text for the call.
 * Threads    Any.
 */
#ifndef STW_ENGINE_RULE_MESSAGES_H
#define STW_ENGINE_RULE_MESSAGES_H

#include <stdbool.h>

#include "engine/buf.h"

/* Appends the Chinese text and returns true. False: no message of the rule language; the
 * text is appended as it is. What stands before a message ("/rule: ", "segment x: ")
 * stays as it is. */
bool rule_message_zh(struct str text, struct buf *to);

/* The same for the messages of somebody else, who has them in a table of his own. {} stands
 * for any text, in Chinese in the same order unless {1}, {2} say otherwise. */
struct message_text {
	const char *en, *zh;
};
bool message_zh(
    const struct message_text *table, size_t count, struct str text, struct buf *to);

/* Does this setting of LC_ALL, LC_MESSAGES or LANG ("zh_CN.UTF-8") ask for Chinese? */
bool rule_message_wants_zh(const char *locale);

#endif
