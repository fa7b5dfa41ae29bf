/* The replication protocol, read with care: every length is checked before it is used. */
#include "db/stream_decode.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "db/db_priv.h"

/* ---- a cursor over bytes ------------------------------------------------------------- */
struct cursor {
	const char *at, *end;
	char type; /* of the message, for errors */
	size_t size;
};

static struct cursor
cursor_of(struct str bytes)
{
	return (struct cursor){.at = bytes.ptr,
	    .end = bytes.ptr + bytes.len,
	    .type = '?',
	    .size = bytes.len};
}

static size_t
left(const struct cursor *in)
{
	return (size_t)(in->end - in->at);
}

static enum stw_code
fail(const struct cursor *in, const char *what, struct stw_err *err)
{
	bool printable = in->type >= ' ' && in->type <= '~';

	return stw_fail(err, STW_BUG,
	    "change stream: message '%c' of %zu bytes, at byte %zu: %s",
	    printable ? in->type : '?', in->size, in->size - left(in), what);
}

static bool
take(struct cursor *in, void *to, size_t size)
{
	if (left(in) < size)
		return false;
	memcpy(to, in->at, size);
	in->at += size;
	return true;
}

static bool
take_u8(struct cursor *in, uint8_t *v)
{
	return take(in, v, 1);
}

static bool
take_u16(struct cursor *in, uint16_t *v)
{
	if (!take(in, v, sizeof *v))
		return false;
	*v = be16toh(*v);
	return true;
}

static bool
take_u32(struct cursor *in, uint32_t *v)
{
	if (!take(in, v, sizeof *v))
		return false;
	*v = be32toh(*v);
	return true;
}

static bool
take_u64(struct cursor *in, uint64_t *v)
{
	if (!take(in, v, sizeof *v))
		return false;
	*v = be64toh(*v);
	return true;
}

/* A text that ends with a NUL inside the message. */
static bool
take_text(struct cursor *in, const char **text)
{
	const char *nul = memchr(in->at, '\0', left(in));

	if (nul == NULL)
		return false;
	*text = in->at;
	in->at = nul + 1;
	return true;
}

/* The server counts from 2000; what no clock shows becomes "never". */
static bool
take_usec(struct cursor *in, stw_usec *at)
{
	uint64_t wire;

	if (!take_u64(in, &wire))
		return false;
	if (__builtin_add_overflow((int64_t)wire, PG_EPOCH_USEC, at))
		*at = STW_USEC_NEVER;
	return true;
}

/* ---- frames --------------------------------------------------------------------------- */
enum stw_code
stream_decode_frame(struct str bytes, struct stream_frame *out, struct stw_err *err)
{
	struct cursor in = cursor_of(bytes);
	uint8_t type, reply = 0;
	uint64_t start;
	stw_usec sent;

	memset(out, 0, sizeof *out);
	if (!take_u8(&in, &type))
		return fail(&in, "it is empty", err);
	in.type = (char)type;
	switch (type) {
	case 'w':
		out->kind = STREAM_FRAME_DATA;
		if (!take_u64(&in, &start) || !take_u64(&in, &out->end) ||
		    !take_usec(&in, &sent))
			return fail(&in, "a frame is cut short", err);
		out->message = (struct str){in.at, left(&in)};
		return STW_OK;
	case 'k':
		out->kind = STREAM_FRAME_KEEPALIVE;
		if (!take_u64(&in, &out->end) || !take_usec(&in, &sent) ||
		    !take_u8(&in, &reply))
			return fail(&in, "a keepalive is cut short", err);
		out->wants_reply = reply != 0;
		return STW_OK;
	default:
		return fail(&in, "no such frame", err);
	}
}

static char *
put_u64(char *to, uint64_t v)
{
	uint64_t wire = htobe64(v);

	memcpy(to, &wire, sizeof wire);
	return to + sizeof wire;
}

void
stream_encode_status(
    char to[STREAM_STATUS_BYTES], stw_lsn seen, stw_lsn acked, stw_usec now)
{
	*to++ = 'r';
	to = put_u64(to, seen);
	to = put_u64(to, acked); /* flushed */
	to = put_u64(to, acked); /* applied */
	to = put_u64(to, (uint64_t)(now - PG_EPOCH_USEC));
	*to = 0; /* no answer wanted */
}

/* ---- relations --------------------------------------------------------------------------- */
void
stream_decoder_init(struct stream_decoder *decoder)
{
	memset(decoder, 0, sizeof *decoder);
}

void
stream_decoder_reset(struct stream_decoder *decoder)
{
	for (size_t i = 0; i < decoder->nrelations; i++)
		free(decoder->relations[i].table);
	decoder->nrelations = 0;
	decoder->nevents = decoder->taken = 0;
	decoder->in_transaction = false;
	decoder->xid = 0;
}

void
stream_decoder_fini(struct stream_decoder *decoder)
{
	stream_decoder_reset(decoder);
	free(decoder->relations);
	free(decoder->events);
	memset(decoder, 0, sizeof *decoder);
}

/* Where the relation is, or belongs. */
static size_t
relation_place(const struct stream_decoder *decoder, uint32_t id)
{
	size_t low = 0, high = decoder->nrelations;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (decoder->relations[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct stream_relation *
relation_find(const struct stream_decoder *decoder, uint32_t id)
{
	size_t at = relation_place(decoder, id);

	if (at == decoder->nrelations || decoder->relations[at].id != id)
		return NULL;
	return &decoder->relations[at];
}

/* NULL when there are too many. */
static struct stream_relation *
relation_add(struct stream_decoder *decoder, uint32_t id)
{
	size_t at = relation_place(decoder, id);
	struct stream_relation *place;

	if (decoder->nrelations == STREAM_RELATIONS)
		return NULL;
	if (decoder->nrelations == decoder->relations_cap) {
		decoder->relations_cap = decoder->relations_cap * 2 + 16;
		decoder->relations = stw_xrealloc(decoder->relations,
		    decoder->relations_cap * sizeof *decoder->relations);
	}
	place = &decoder->relations[at];
	memmove(place + 1, place, (decoder->nrelations - at) * sizeof *place);
	decoder->nrelations++;
	*place = (struct stream_relation){.id = id};
	return place;
}

/* ---- events -------------------------------------------------------------------------------- */
static struct db_stream_event *
event_add(struct stream_decoder *decoder, enum db_stream_kind kind)
{
	struct db_stream_event *event;

	if (decoder->nevents == decoder->events_cap) {
		decoder->events_cap = decoder->events_cap * 2 + 4;
		decoder->events = stw_xrealloc(
		    decoder->events, decoder->events_cap * sizeof *decoder->events);
	}
	event = &decoder->events[decoder->nevents++];
	*event = (struct db_stream_event){.kind = kind};
	return event;
}

bool
stream_decoder_take(struct stream_decoder *decoder, struct db_stream_event *out)
{
	if (decoder->taken == decoder->nevents)
		return false;
	*out = decoder->events[decoder->taken++];
	return true;
}

/* ---- tuples ------------------------------------------------------------------------------------ */
struct tuple_key {
	struct str bucket, customer; /* ptr NULL: null, or not sent */
};

/* Walks a tuple and keeps the two columns that matter. */
static enum stw_code
take_tuple(struct cursor *in, const struct stream_relation *relation,
    struct tuple_key *key, struct stw_err *err)
{
	uint16_t columns;

	memset(key, 0, sizeof *key);
	if (!take_u16(in, &columns))
		return fail(in, "a row is cut short", err);
	if (columns != relation->columns)
		return fail(in, "a row has other columns than its table", err);
	for (int i = 0; i < columns; i++) {
		struct str value = {NULL, 0};
		uint32_t len;
		uint8_t kind;

		if (!take_u8(in, &kind))
			return fail(in, "a row is cut short", err);
		if (kind != 'n' && kind != 'u' && kind != 't')
			return fail(in, "no such kind of column", err);
		if (kind == 't') {
			if (!take_u32(in, &len) || len > left(in))
				return fail(in, "a value is longer than its row", err);
			value = (struct str){in->at, len};
			in->at += len;
		}
		if (i == relation->bucket)
			key->bucket = value;
		if (i == relation->customer)
			key->customer = value;
	}
	return STW_OK;
}

/* Digits with a sign, as the server writes whole numbers. Counted downwards, which reaches
 * one further. */
static bool
parse_i64(struct str text, int64_t *out)
{
	bool negative = text.len > 0 && text.ptr[0] == '-';
	size_t i = negative ? 1 : 0;
	int64_t v = 0;

	if (i == text.len)
		return false;
	for (; i < text.len; i++) {
		int digit = text.ptr[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, digit, &v))
			return false;
	}
	if (!negative)
		return !__builtin_sub_overflow(0, v, out);
	*out = v;
	return true;
}

static enum stw_code
add_row(struct stream_decoder *decoder, struct cursor *in,
    const struct stream_relation *relation, enum db_stream_op op,
    const struct tuple_key *key, struct stw_err *err)
{
	struct db_stream_event *event;
	int64_t bucket, customer;

	if (relation->customer < 0) {
		event = event_add(decoder, DB_STREAM_OTHER);
		event->table = relation->table;
		event->op = op;
		return STW_OK;
	}
	/* A replica identity without customer_id: the delete says not whose row it was.
	 * An error would come again for ever. */
	if (key->bucket.ptr == NULL || key->customer.ptr == NULL) {
		event_add(decoder, DB_STREAM_TRUNCATE)->table = relation->table;
		return STW_OK;
	}
	if (!parse_i64(key->bucket, &bucket) || !parse_i64(key->customer, &customer) ||
	    bucket < 0 || bucket > 255)
		return fail(in, "bucket or customer_id is no such number", err);
	event = event_add(decoder, DB_STREAM_CHANGE);
	event->table = relation->table;
	event->op = op;
	event->bucket = (int)bucket;
	event->customer_id = customer;
	return STW_OK;
}

/* ---- messages ------------------------------------------------------------------------------------ */
static enum stw_code
take_begin(struct stream_decoder *decoder, struct cursor *in, struct stw_err *err)
{
	stw_usec at;
	uint64_t lsn;

	if (decoder->in_transaction)
		return fail(in, "a transaction within another", err);
	if (!take_u64(in, &lsn) || !take_usec(in, &at) || !take_u32(in, &decoder->xid))
		return fail(in, "it is cut short", err);
	decoder->in_transaction = true;
	return STW_OK;
}

static enum stw_code
take_commit(struct stream_decoder *decoder, struct cursor *in, struct stw_err *err)
{
	struct db_stream_event *event;
	uint64_t commit, end;
	uint8_t flags;
	stw_usec at;

	if (!decoder->in_transaction)
		return fail(in, "a commit without its transaction", err);
	if (!take_u8(in, &flags) || !take_u64(in, &commit) || !take_u64(in, &end) ||
	    !take_usec(in, &at))
		return fail(in, "it is cut short", err);
	decoder->in_transaction = false;
	event = event_add(decoder, DB_STREAM_COMMIT);
	event->lsn = end;
	event->at = at;
	event->xid = decoder->xid;
	return STW_OK;
}

/* The columns of a relation; which of them are the customer's. */
static bool
take_columns(struct cursor *in, struct stream_relation *out)
{
	uint32_t type, modifier;
	const char *name;
	uint16_t count;
	uint8_t flags;

	out->bucket = out->customer = -1;
	if (!take_u16(in, &count))
		return false;
	for (int i = 0; i < count; i++) {
		if (!take_u8(in, &flags) || !take_text(in, &name) ||
		    !take_u32(in, &type) || !take_u32(in, &modifier))
			return false;
		if (strcmp(name, "bucket") == 0)
			out->bucket = i;
		if (strcmp(name, "customer_id") == 0)
			out->customer = i;
	}
	out->columns = count;
	if (out->bucket < 0 || out->customer < 0)
		out->bucket = out->customer = -1;
	return true;
}

static enum stw_code
take_relation(struct stream_decoder *decoder, struct cursor *in, struct stw_err *err)
{
	struct stream_relation *relation, described;
	const char *schema, *table;
	uint8_t identity;

	if (!take_u32(in, &described.id) || !take_text(in, &schema) ||
	    !take_text(in, &table) || !take_u8(in, &identity) ||
	    !take_columns(in, &described))
		return fail(in, "it is cut short", err);
	relation = relation_find(decoder, described.id);
	if (relation == NULL)
		relation = relation_add(decoder, described.id);
	if (relation == NULL)
		return fail(in, "too many tables are published", err);
	free(relation->table);
	*relation = described;
	relation->table = stw_xstrdup(table);
	event_add(decoder, DB_STREAM_SCHEMA)->table = relation->table;
	return STW_OK;
}

/* The table of a change; NULL when that fails. */
static const struct stream_relation *
take_known(struct stream_decoder *decoder, struct cursor *in, struct stw_err *err)
{
	const struct stream_relation *relation = NULL;
	uint32_t id;

	if (!decoder->in_transaction)
		(void)fail(in, "a change outside a transaction", err);
	else if (!take_u32(in, &id))
		(void)fail(in, "it is cut short", err);
	else if ((relation = relation_find(decoder, id)) == NULL)
		(void)fail(in, "a table that was not described", err);
	return relation;
}

/* An insert or a delete: one row, announced by 'N' or by 'K' (key) or 'O' (whole row). */
static enum stw_code
take_row(struct stream_decoder *decoder, struct cursor *in, enum db_stream_op op,
    struct stw_err *err)
{
	const struct stream_relation *relation;
	struct tuple_key key;
	enum stw_code rc;
	uint8_t which;

	relation = take_known(decoder, in, err);
	if (relation == NULL)
		return STW_BUG;
	if (!take_u8(in, &which) ||
	    (op == DB_STREAM_INSERT ? which != 'N' : which != 'K' && which != 'O'))
		return fail(in, "no row where one was due", err);
	rc = take_tuple(in, relation, &key, err);
	return rc != STW_OK ? rc : add_row(decoder, in, relation, op, &key, err);
}

static bool
same_text(struct str a, struct str b)
{
	return (a.ptr == NULL) == (b.ptr == NULL) && str_eq(a, b);
}

/* The old row comes first, when its key has changed or the identity is the whole row. */
static enum stw_code
take_update(struct stream_decoder *decoder, struct cursor *in, struct stw_err *err)
{
	struct tuple_key before, after;
	const struct stream_relation *relation;
	enum stw_code rc;
	uint8_t which;
	bool had_old;

	relation = take_known(decoder, in, err);
	if (relation == NULL)
		return STW_BUG;
	if (!take_u8(in, &which))
		return fail(in, "it is cut short", err);
	had_old = which == 'K' || which == 'O';
	if (had_old) {
		rc = take_tuple(in, relation, &before, err);
		if (rc != STW_OK)
			return rc;
		if (!take_u8(in, &which))
			return fail(in, "it is cut short", err);
	}
	if (which != 'N')
		return fail(in, "no row where one was due", err);
	rc = take_tuple(in, relation, &after, err);
	if (rc != STW_OK)
		return rc;
	if (had_old && relation->customer >= 0 &&
	    !(same_text(before.bucket, after.bucket) &&
		same_text(before.customer, after.customer)))
		rc = add_row(decoder, in, relation, DB_STREAM_UPDATE, &before, err);
	if (rc == STW_OK)
		rc = add_row(decoder, in, relation, DB_STREAM_UPDATE, &after, err);
	return rc;
}

static enum stw_code
take_truncate(struct stream_decoder *decoder, struct cursor *in, struct stw_err *err)
{
	uint32_t count, id;
	uint8_t options;

	if (!decoder->in_transaction)
		return fail(in, "a change outside a transaction", err);
	if (!take_u32(in, &count) || !take_u8(in, &options))
		return fail(in, "it is cut short", err);
	for (uint32_t i = 0; i < count; i++) {
		const struct stream_relation *relation;

		if (!take_u32(in, &id))
			return fail(in, "it is cut short", err);
		relation = relation_find(decoder, id);
		if (relation == NULL)
			return fail(in, "a table that was not described", err);
		event_add(decoder, DB_STREAM_TRUNCATE)->table = relation->table;
	}
	return STW_OK;
}

static enum stw_code
take_body(struct stream_decoder *decoder, struct cursor *in, struct stw_err *err)
{
	switch (in->type) {
	case 'B':
		return take_begin(decoder, in, err);
	case 'C':
		return take_commit(decoder, in, err);
	case 'R':
		return take_relation(decoder, in, err);
	case 'I':
		return take_row(decoder, in, DB_STREAM_INSERT, err);
	case 'U':
		return take_update(decoder, in, err);
	case 'D':
		return take_row(decoder, in, DB_STREAM_DELETE, err);
	case 'T':
		return take_truncate(decoder, in, err);
	case 'O': /* where it was first written */
	case 'Y': /* a type of the bank's own */
	case 'M': /* pg_logical_emit_message */
		in->at = in->end;
		return STW_OK;
	default:
		return fail(in, "no such message in protocol 1", err);
	}
}

static enum stw_code
take_message(struct stream_decoder *decoder, struct cursor *in, struct stw_err *err)
{
	enum stw_code rc;
	uint8_t type;

	if (!take_u8(in, &type))
		return fail(in, "it is empty", err);
	in->type = (char)type;
	rc = take_body(decoder, in, err);
	if (rc == STW_OK && left(in) > 0)
		rc = fail(in, "it goes on past its end", err);
	return rc;
}

enum stw_code
stream_decode_message(
    struct stream_decoder *decoder, struct str message, struct stw_err *err)
{
	struct cursor in = cursor_of(message);
	enum stw_code rc;

	STW_ASSERT(decoder->taken == decoder->nevents);
	decoder->nevents = decoder->taken = 0;
	rc = take_message(decoder, &in, err);
	if (rc != STW_OK)
		decoder->nevents = 0;
	return rc;
}
