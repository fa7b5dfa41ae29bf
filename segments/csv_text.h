/*
 * csv_text.h - the bytes of a source as text: always valid UTF-8 without NUL.
 *
 * Purpose    Any encoding iconv knows. Without one stated it is UTF-8, checked, or what a
 *            byte order mark says (UTF-8, UTF-16); the mark itself is no text.
 * Errors     What cannot be decoded stops the text after the last good character.
 *            csv_text_why then says what is wrong, with the column and the byte: the
 *            parser asks when it gets there, and adds the line.
 * Ownership  csv_text_init takes the source over, also when it fails.
 */
#ifndef STW_SEGMENTS_CSV_TEXT_H
#define STW_SEGMENTS_CSV_TEXT_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "segments/csv_source.h"

#define CSV_RAW_BYTES (64 * 1024)

enum csv_broken {
	CSV_FINE = 0,
	CSV_BAD_SOURCE, /* source_err says it */
	CSV_NOT_UTF8,
	CSV_NOT_ENCODING,
	CSV_IS_UTF8, /* another encoding was stated */
	CSV_NUL,
};

struct csv_text {
	struct csv_source *source;
	char raw[CSV_RAW_BYTES];
	size_t raw_len;
	bool source_ended;
	const char *encoding; /* as stated, borrowed; NULL: none was */
	iconv_t cd;
	bool recode;
	bool started; /* a byte order mark can only come before this */
	enum csv_broken broken;
	unsigned char bad_byte;
	struct stw_err source_err;
	struct buf text;
	size_t at;      /* the reader's place in text */
	int64_t before; /* characters of the reader's line that came before text */
};

enum stw_code csv_text_init(struct csv_text *text, struct csv_source *source,
    const char *encoding, struct stw_err *err) STW_MUST_USE;
void csv_text_fini(struct csv_text *text);
enum stw_code csv_text_rewind(struct csv_text *text, struct stw_err *err) STW_MUST_USE;

/* The reader has used text up: more of it, or false at the end or where it is broken. */
bool csv_text_fill(struct csv_text *text);
/* After false: what is wrong, appended to why; its column. CSV_FINE: nothing. */
enum csv_broken csv_text_why(const struct csv_text *text, struct buf *why, int *column);

#endif
