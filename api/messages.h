/*
 * messages.h - what the API says, in Chinese.
 *
 * Purpose    Texts of problems are made in English, where the fault is found, which may be
 *            a lower room. Here stands the Chinese text of those that persons see at work;
 *            of rules: engine/rule_messages.h.
 */
#ifndef STW_API_MESSAGES_H
#define STW_API_MESSAGES_H

#include "engine/buf.h"

/* As rule_message_zh, for messages of rules and those here. */
bool api_message_zh(struct str text, struct buf *to);

#endif
