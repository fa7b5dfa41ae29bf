/*
 * log.h - operational log: one line an event, to stderr.
 *
 * Purpose    For operators. The outreach log is a table, not this. Ids only: no name,
 *            phone or identity number ever goes through here.
 * Line       "2026-11-26T09:41:07.052Z level event key=value ...": the machine's clock in
 *            UTC, also where business runs on a stated one. Where stderr is the journal of
 *            systemd (JOURNAL_STREAM names it) the line begins with the level, as the
 *            journal stamps each line itself.
 * Threads    Any; a line is written with one write().
 */
#ifndef STW_ENGINE_LOG_H
#define STW_ENGINE_LOG_H

#include "engine/err.h"

enum log_level { LOG_DEBUG = 0, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level level);
/* "debug", "info", "warn", "error"; INVALID for anything else. */
enum stw_code log_level_parse(const char *text, enum log_level *out) STW_MUST_USE;

/* event is a word ("dispatch_failed"); fmt gives the key=value pairs. */
void log_event(enum log_level level, const char *event, const char *fmt, ...)
    STW_PRINTF(3, 4);
/* Logs err as key=value: code, text, place. */
void log_err(enum log_level level, const char *event, const struct stw_err *err);

#endif
