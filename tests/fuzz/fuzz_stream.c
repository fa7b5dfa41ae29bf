/* A connection's worth of frames, each after its length in two bytes. Whatever they are, an
 * event of a customer has a bucket and a table, a transaction ends once, and an error leaves
 * no event behind. The frames of the corpus were sent by a PostgreSQL 15. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "db/stream_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_event(const struct db_stream_event *event)
{
	STW_ASSERT(event->kind != DB_STREAM_NONE && event->kind != DB_STREAM_RELOAD);
	STW_ASSERT((event->kind == DB_STREAM_COMMIT) == (event->table == NULL));
	if (event->kind == DB_STREAM_CHANGE)
		STW_ASSERT(event->bucket >= 0 && event->bucket <= 255 &&
			   event->op >= DB_STREAM_INSERT &&
			   event->op <= DB_STREAM_DELETE &&
			   strlen(event->table) < 65536);
}

static void
try_frame(struct stream_decoder *decoder, struct str bytes)
{
	bool was_in_transaction = decoder->in_transaction;
	struct db_stream_event event;
	struct stream_frame frame;
	struct stw_err err = {0};
	int commits = 0;
	enum stw_code rc;

	if (stream_decode_frame(bytes, &frame, &err) != STW_OK ||
	    frame.kind != STREAM_FRAME_DATA)
		return;
	rc = stream_decode_message(decoder, frame.message, &err);
	while (stream_decoder_take(decoder, &event)) {
		STW_ASSERT(rc == STW_OK);
		check_event(&event);
		commits += event.kind == DB_STREAM_COMMIT;
	}
	STW_ASSERT(commits == 0 || (was_in_transaction && !decoder->in_transaction));
	STW_ASSERT((rc == STW_OK) == (err.text[0] == '\0'));
	if (rc != STW_OK)
		stream_decoder_reset(decoder);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream_decoder decoder;

	stream_decoder_init(&decoder);
	while (size >= 2) {
		size_t len = (size_t)(data[0] << 8 | data[1]);
		char *exact;

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		exact = stw_xalloc(len == 0 ? 1 : len);
		memcpy(exact, data, len);
		try_frame(&decoder, (struct str){exact, len});
		free(exact);
		data += len;
		size -= len;
	}
	stream_decoder_fini(&decoder);
	return 0;
}
