/*
 * stream_decode.h - the bytes of a replication connection, made into events.
 *
 * Purpose    Pure: no connection, no clock. Frames (XLogData, keepalive), the messages of
 *            pgoutput protocol 1 in them, and what they mean for customers. Everything is
 *            checked against its bounds, so bytes of any origin may come.
 * Ownership  init/fini. Messages are borrowed for the call; events name tables by text of
 *            the decoder, until the next stream_decode_message.
 * Errors     BUG: not in the protocol; the text names message and place, never a value.
 */
#ifndef STW_DB_STREAM_DECODE_H
#define STW_DB_STREAM_DECODE_H

#include "db/stream.h"

/* ---- frames -------------------------------------------------------------------------- */
enum stream_frame_kind { STREAM_FRAME_DATA = 1, STREAM_FRAME_KEEPALIVE };

struct stream_frame {
	enum stream_frame_kind kind;
	stw_lsn end;        /* of the server's log */
	bool wants_reply;   /* KEEPALIVE: the server hangs up when it gets none */
	struct str message; /* DATA */
};

enum stw_code stream_decode_frame(
    struct str bytes, struct stream_frame *out, struct stw_err *err) STW_MUST_USE;

/* A standby status update: all before seen was received, all before acked is safe. */
#define STREAM_STATUS_BYTES 34
void stream_encode_status(
    char to[STREAM_STATUS_BYTES], stw_lsn seen, stw_lsn acked, stw_usec now);

/* ---- messages ------------------------------------------------------------------------- */
/* Tables that one connection may describe. */
#define STREAM_RELATIONS 1000

struct stream_relation {
	uint32_t id;
	char *table;
	int columns;
	int bucket, customer; /* their columns; -1: not a customer's table */
};

struct stream_decoder {
	struct stream_relation *relations; /* by id */
	size_t nrelations, relations_cap;
	struct db_stream_event *events; /* of the newest message */
	size_t nevents, events_cap, taken;
	bool in_transaction;
	uint32_t xid; /* of that transaction */
};

void stream_decoder_init(struct stream_decoder *decoder);
void stream_decoder_fini(struct stream_decoder *decoder);
/* For a new connection: it describes its tables again, and starts between transactions. */
void stream_decoder_reset(struct stream_decoder *decoder);

/* All events of the message before have to be taken. Most messages give one event, some
 * none. After an error the decoder has none and wants a reset. */
enum stw_code stream_decode_message(struct stream_decoder *decoder, struct str message,
    struct stw_err *err) STW_MUST_USE;
/* The next event of the message; false when there is none left. */
bool stream_decoder_take(struct stream_decoder *decoder, struct db_stream_event *out);

#endif
