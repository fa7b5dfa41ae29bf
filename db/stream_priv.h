/*
 * stream_priv.h - what db/stream.c and db/stream_slot.c share.
 */
#ifndef STW_DB_STREAM_PRIV_H
#define STW_DB_STREAM_PRIV_H

#include "db/stream.h"

/* Names of slots and publications travel inside a replication command, which takes no
 * parameters: only a-z, 0-9 and _, up to 63. */
enum stw_code stream_name_check(
    const char *what, const char *name, struct stw_err *err) STW_MUST_USE;

/* What a reconnect knows of the connection before it. */
struct stream_before {
	/* The server's process of it, 0: none. When that one still holds the slot, because
	 * the server has not noticed that the line is cut, it is ended. */
	int pid;
	/* The slot's log cannot be decoded: it is to be made anew. */
	bool spoilt;
};

/* On a connection of its own: can we stream, and does the slot stand ready? Makes it when
 * it is missing, spoilt or has lost its log (start->fresh). Errors as db_stream_open. */
enum stw_code stream_slot_prepare(const struct db_stream_options *options,
    const struct stream_before *before, struct db_stream_start *start,
    struct stw_err *err) STW_MUST_USE;

#endif
