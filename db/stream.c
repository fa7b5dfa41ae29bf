/* The change stream: one replication connection, and what happens when it breaks. */
#include "db/stream.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "db/db_priv.h"
#include "db/stream_decode.h"
#include "db/stream_priv.h"
#include "engine/log.h"

#define PAUSE_FIRST (100 * (STW_USEC_SEC / 1000))
#define PAUSE_LAST  (10 * STW_USEC_SEC)
/* A connection that has stood this long counts as good: the pauses begin anew. */
#define GOOD_AFTER (10 * STW_USEC_SEC)
/* The server hears of a new position at most this often, unless it asks. */
#define STATUS_EVERY STW_USEC_SEC
/* So many questions within a second and nothing else: only a server that shuts down asks
 * again as soon as it is answered. Otherwise it asks at half of its wal_sender_timeout. */
#define ENDING_ASKS 20

struct db_stream {
	char *conninfo, *slot, *publication;
	struct db_stream_options options; /* of these texts */
	PGconn *pg;                       /* NULL: not connected */
	struct stream_before before;
	struct stream_decoder decoder;
	bool reload_due; /* tell the keeper before anything else */
	stw_lsn applied; /* where a reconnect begins, when that is later than the ack */
	stw_lsn delivered; /* the last COMMIT handed out, or where the slot began */
	stw_lsn told;      /* the acked position that the server has heard of */
	stw_usec status_at, connected_at, retry_at; /* monotonic */
	int tries;
	int asks; /* questions of the server since asked_at, with no data between */
	stw_usec asked_at;
	struct db_stream_stat stat;
};

/* ---- saying how far we are ----------------------------------------------------------- */
/* Queued and sent as far as the socket takes it; what is lost is said again later. */
static void
send_status(struct db_stream *stream)
{
	struct stw_clock clock;
	char status[STREAM_STATUS_BYTES];

	if (stream->pg == NULL)
		return;
	clock_set_real(&clock);
	stream_encode_status(
	    status, stream->stat.seen, stream->stat.acked, clock_now(&clock));
	if (PQputCopyData(stream->pg, status, sizeof status) == 1 &&
	    PQflush(stream->pg) >= 0)
		stream->told = stream->stat.acked;
	stream->status_at = stw_monotonic();
}

static void
send_status_sometimes(struct db_stream *stream)
{
	if (stw_monotonic() - stream->status_at >= STATUS_EVERY)
		send_status(stream);
}

void
db_stream_ack(struct db_stream *stream, stw_lsn lsn)
{
	/* What was not delivered cannot have been applied. */
	if (lsn > stream->stat.seen)
		lsn = stream->stat.seen;
	if (lsn > stream->stat.acked)
		stream->stat.acked = lsn;
	send_status_sometimes(stream);
}

void
db_stream_applied(struct db_stream *stream, stw_lsn lsn)
{
	if (lsn > stream->stat.seen)
		lsn = stream->stat.seen;
	if (lsn > stream->applied)
		stream->applied = lsn;
}

/* ---- connecting ------------------------------------------------------------------------ */
static void
note_trouble(struct db_stream *stream, const char *text)
{
	(void)snprintf(stream->stat.trouble, sizeof stream->stat.trouble, "%.*s",
	    (int)strcspn(text, "\n"), text);
}

/* The pause before the next try: doubled each time, of which a random half. */
static void
plan_retry(struct db_stream *stream)
{
	stw_usec pause = PAUSE_FIRST;

	for (int i = 0; i < stream->tries && pause < PAUSE_LAST; i++)
		pause *= 2;
	if (pause > PAUSE_LAST)
		pause = PAUSE_LAST;
	pause = pause / 2 + (stw_usec)randombytes_uniform((uint32_t)pause / 2);
	stream->tries++;
	stream->retry_at = stw_monotonic() + pause;
}

static void
disconnect(struct db_stream *stream, const char *why)
{
	PQfinish(stream->pg);
	stream->pg = NULL;
	stream->stat.connected = false;
	stream_decoder_reset(&stream->decoder);
	if (stw_monotonic() - stream->connected_at >= GOOD_AFTER)
		stream->tries = 0;
	note_trouble(stream, why);
	plan_retry(stream);
	log_event(LOG_WARN, "stream_lost", "slot=%s reason=\"%s\"",
	    stream->options.slot, stream->stat.trouble);
}

/* Between the look at the slot and now it may have changed hands or been lost: then the
 * next look says so. */
static enum stw_code
fail_start(
    struct db_stream *stream, PGconn *pg, const PGresult *res, struct stw_err *err)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	if (text == NULL)
		text = PQerrorMessage(pg);
	return stw_fail(err,
	    state != NULL && strcmp(state, "55006") == 0 ? STW_CONFLICT : STW_TEMPFAIL,
	    "change stream from slot %s does not start: %.*s", stream->options.slot,
	    (int)strcspn(text, "\n"), text);
}

static enum stw_code
start_replication(struct db_stream *stream, PGconn *pg, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	stw_lsn from =
	    stream->applied > stream->stat.acked ? stream->applied : stream->stat.acked;
	char command[300];
	PGresult *res;

	(void)snprintf(command, sizeof command,
	    "START_REPLICATION SLOT \"%s\" LOGICAL %" PRIX32 "/%" PRIX32
	    " (proto_version '1', publication_names '\"%s\"')",
	    stream->options.slot, (uint32_t)(from >> 32), (uint32_t)from,
	    stream->options.publication);
	res = PQexec(pg, command);
	if (PQresultStatus(res) != PGRES_COPY_BOTH)
		rc = fail_start(stream, pg, res, err);
	else if (PQsetnonblocking(pg, 1) != 0)
		rc = stw_fail(
		    err, STW_TEMPFAIL, "change stream: %s", PQerrorMessage(pg));
	PQclear(res);
	return rc;
}

/* Where the slot is, against where we are. */
static void
take_start(struct db_stream *stream, const struct db_stream_start *start, bool first)
{
	/* A slot further than we ever acked was read by somebody else meanwhile. */
	bool reload = !first && (start->fresh || start->lsn > stream->stat.acked);

	if (first || reload) {
		stream->stat.acked = stream->stat.seen = stream->delivered = start->lsn;
		stream->applied = 0;
	}
	stream->reload_due = stream->reload_due || reload;
	stream->told = 0;
}

static enum stw_code
connect_stream(struct db_stream *stream, struct db_stream_start *start, bool first,
    struct stw_err *err)
{
	enum stw_code rc;
	PGconn *pg;

	rc = stream_slot_prepare(&stream->options, &stream->before, start, err);
	if (rc != STW_OK)
		return rc;
	stream->before.spoilt = false;
	take_start(stream, start, first);
	pg = db_connect(stream->options.conninfo, true);
	rc = PQstatus(pg) == CONNECTION_OK ? start_replication(stream, pg, err)
					   : db_fail_open(pg, err);
	if (rc != STW_OK) {
		PQfinish(pg);
		return rc;
	}
	stream->pg = pg;
	stream->asks = 0;
	stream->before.pid = PQbackendPID(pg);
	stream->connected_at = stw_monotonic();
	stream->stat.connected = true;
	stream->stat.trouble[0] = '\0';
	send_status(stream);
	return STW_OK;
}

static enum stw_code
reconnect(struct db_stream *stream, struct stw_err *err)
{
	struct db_stream_start start;
	struct stw_err why;
	enum stw_code rc;

	rc = connect_stream(stream, &start, false, &why);
	if (rc == STW_OK) {
		stream->stat.reconnects++;
		log_event(LOG_INFO, "stream_reconnected", "slot=%s fresh=%d",
		    stream->options.slot, start.fresh);
		return STW_OK;
	}
	note_trouble(stream, why.text);
	plan_retry(stream);
	return rc == STW_TEMPFAIL ? STW_OK : stw_fail(err, rc, "%s", why.text);
}

enum stw_code
db_stream_open(const struct db_stream_options *options, struct db_stream **out,
    struct db_stream_start *start, struct stw_err *err)
{
	const char *publication =
	    options->publication == NULL ? DB_STREAM_PUBLICATION : options->publication;
	struct db_stream *stream;
	enum stw_code rc;

	*out = NULL;
	rc = stream_name_check("slot", options->slot, err);
	if (rc == STW_OK)
		rc = stream_name_check("publication", publication, err);
	if (rc != STW_OK)
		return rc;
	stream = stw_xalloc(sizeof *stream);
	stream->conninfo = stw_xstrdup(options->conninfo);
	stream->slot = stw_xstrdup(options->slot);
	stream->publication = stw_xstrdup(publication);
	stream->options = (struct db_stream_options){.conninfo = stream->conninfo,
	    .slot = stream->slot,
	    .publication = stream->publication,
	    .only_ack = options->only_ack};
	stream->stat.last_at = STW_USEC_NEVER;
	stream_decoder_init(&stream->decoder);
	rc = connect_stream(stream, start, true, err);
	if (rc != STW_OK) {
		db_stream_close(stream);
		return rc;
	}
	*out = stream;
	return STW_OK;
}

void
db_stream_close(struct db_stream *stream)
{
	if (stream == NULL)
		return;
	send_status(stream);
	PQfinish(stream->pg);
	stream_decoder_fini(&stream->decoder);
	free(stream->conninfo);
	free(stream->slot);
	free(stream->publication);
	free(stream);
}

/* ---- reading ----------------------------------------------------------------------------- */
/* A server that shuts down waits until all that it sent is acked, which may be as far away
 * as the next file of the book: it would not end before. */
static bool
server_is_ending(struct db_stream *stream)
{
	stw_usec now = stw_monotonic();

	if (stream->asks == 0 || now - stream->asked_at > STW_USEC_SEC) {
		stream->asks = 0;
		stream->asked_at = now;
	}
	return ++stream->asks >= ENDING_ASKS;
}

static void
take_keepalive(struct db_stream *stream, const struct stream_frame *frame)
{
	struct db_stream_stat *stat = &stream->stat;

	/* Decoding has passed frame->end: what committed before it was sent before it. */
	if (!stream->decoder.in_transaction && frame->end > stat->seen)
		stat->seen = frame->end;
	/* Nothing that the keeper has not applied lies before it. */
	if (!stream->options.only_ack && !stream->decoder.in_transaction &&
	    stat->acked >= stream->delivered && stat->seen > stat->acked)
		stat->acked = stat->seen;
	if (frame->wants_reply && stat->acked < frame->end && server_is_ending(stream))
		disconnect(stream, "the server is shutting down");
	else if (frame->wants_reply)
		send_status(stream);
	else if (stat->acked != stream->told)
		send_status_sometimes(stream);
}

static enum stw_code
take_frame(struct db_stream *stream, struct str bytes, struct stw_err *err)
{
	struct stream_frame frame;
	enum stw_code rc;

	rc = stream_decode_frame(bytes, &frame, err);
	if (rc != STW_OK)
		return rc;
	if (frame.end > stream->stat.server)
		stream->stat.server = frame.end;
	if (frame.kind == STREAM_FRAME_DATA) {
		stream->asks = 0;
		return stream_decode_message(&stream->decoder, frame.message, err);
	}
	take_keepalive(stream, &frame);
	return STW_OK;
}

/* The server ended the stream, or the line broke. */
static void
take_end(struct db_stream *stream, int got)
{
	PGresult *res = got == -1 ? PQgetResult(stream->pg) : NULL;
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	char why[200];

	/* Undefined object: the publication was not there when these changes were made, and
	 * will never have been, even if somebody makes it again. */
	if (state != NULL && strcmp(state, "42704") == 0)
		stream->before.spoilt = true;
	if (text == NULL)
		text = PQerrorMessage(stream->pg);
	(void)snprintf(
	    why, sizeof why, "%s", text[0] == '\0' ? "the server ended it" : text);
	PQclear(res);
	disconnect(stream, why);
}

/* Takes one frame when one is there; *got says so. */
static enum stw_code
read_frame(struct db_stream *stream, bool *got, struct stw_err *err)
{
	enum stw_code rc;
	char *data = NULL;
	int len;

	*got = false;
	len = PQgetCopyData(stream->pg, &data, 1);
	if (len == 0) {
		if (PQconsumeInput(stream->pg) == 1)
			len = PQgetCopyData(stream->pg, &data, 1);
		else
			len = -2;
	}
	if (len == 0)
		return STW_OK;
	if (len < 0) {
		take_end(stream, len);
		return STW_OK;
	}
	*got = true;
	rc = take_frame(stream, (struct str){data, (size_t)len}, err);
	PQfreemem(data);
	if (rc != STW_OK)
		disconnect(stream, err == NULL ? "not in the protocol" : err->text);
	return rc;
}

static void
deliver(struct db_stream *stream, const struct db_stream_event *event)
{
	struct db_stream_stat *stat = &stream->stat;

	if (event->kind == DB_STREAM_CHANGE)
		stat->changes++;
	if (event->kind != DB_STREAM_COMMIT)
		return;
	stat->commits++;
	stat->last_at = event->at;
	stream->delivered = event->lsn;
	if (event->lsn > stat->seen)
		stat->seen = event->lsn;
}

/* An event that needs no reading. */
static bool
take_ready(struct db_stream *stream, struct db_stream_event *event)
{
	if (stream->reload_due) {
		stream->reload_due = false;
		stream->stat.reloads++;
		*event = (struct db_stream_event){
		    .kind = DB_STREAM_RELOAD, .lsn = stream->delivered};
		return true;
	}
	if (!stream_decoder_take(&stream->decoder, event))
		return false;
	deliver(stream, event);
	return true;
}

/* Sleeps until the socket has something, the status is due, or until. */
static void
wait_input(struct db_stream *stream, stw_usec until)
{
	struct pollfd fd = {.fd = -1, .events = POLLIN};
	stw_usec at = until, now = stw_monotonic();

	if (stream->pg == NULL && stream->retry_at < at)
		at = stream->retry_at;
	if (stream->pg != NULL) {
		fd.fd = PQsocket(stream->pg);
		if (PQflush(stream->pg) == 1)
			fd.events |= POLLOUT;
		if (stream->told != stream->stat.acked &&
		    stream->status_at + STATUS_EVERY < at)
			at = stream->status_at + STATUS_EVERY;
	}
	if (at > now)
		(void)poll(&fd, 1, (int)((at - now + 999) / 1000));
	if (stream->pg != NULL && stream->told != stream->stat.acked)
		send_status_sometimes(stream);
}

enum stw_code
db_stream_next(struct db_stream *stream, int wait_msec, struct db_stream_event *event,
    struct stw_err *err)
{
	stw_usec until = stw_monotonic() + (stw_usec)wait_msec * 1000;
	const stw_lsn seen = stream->stat.seen;
	enum stw_code rc = STW_OK;

	memset(event, 0, sizeof *event);
	while (!take_ready(stream, event)) {
		bool got = false;

		if (stream->pg != NULL) {
			rc = read_frame(stream, &got, err);
			/* The next call may be long about it. */
			if (rc == STW_OK && stream->pg == NULL && !stream->reload_due)
				return STW_OK;
		} else if (stw_monotonic() >= stream->retry_at)
			rc = reconnect(stream, err);
		if (rc != STW_OK)
			return rc;
		if (got && stream->stat.seen == seen)
			continue;
		/* Somebody may wait for the stream to have come this far. */
		if (got) {
			(void)take_ready(stream, event);
			return STW_OK;
		}
		if (stw_monotonic() >= until && !stream->reload_due)
			return STW_OK;
		if (!stream->reload_due)
			wait_input(stream, until);
	}
	return STW_OK;
}

void
db_stream_stat(const struct db_stream *stream, struct db_stream_stat *out)
{
	*out = stream->stat;
	out->behind =
	    out->server > out->acked ? (int64_t)(out->server - out->acked) : 0;
}
