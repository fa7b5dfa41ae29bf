#include "segments/csv_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/arena.h"

static bool
is_utf8_name(const char *encoding)
{
	return strcasecmp(encoding, "UTF-8") == 0 ||
	       strcasecmp(encoding, "UTF8") == 0 ||
	       strcasecmp(encoding, "ASCII") == 0 ||
	       strcasecmp(encoding, "US-ASCII") == 0;
}

static bool
recode_from(struct csv_text *text, const char *encoding)
{
	text->cd = iconv_open("UTF-8", encoding);
	text->recode = text->cd != (iconv_t)-1;
	return text->recode;
}

enum stw_code
csv_text_init(struct csv_text *text, struct csv_source *source, const char *encoding,
    struct stw_err *err)
{
	memset(text, 0, sizeof *text);
	buf_init(&text->text);
	text->source = source;
	text->encoding = encoding;
	if (encoding != NULL && !is_utf8_name(encoding) && !recode_from(text, encoding))
		return stw_fail(err, STW_INVALID, "%s: no encoding is called \"%s\"",
		    csv_source_name(source), encoding);
	return STW_OK;
}

void
csv_text_fini(struct csv_text *text)
{
	if (text->recode)
		(void)iconv_close(text->cd);
	csv_source_close(text->source);
	buf_fini(&text->text);
}

enum stw_code
csv_text_rewind(struct csv_text *text, struct stw_err *err)
{
	struct csv_source *source = text->source;
	const char *encoding = text->encoding;

	text->source = NULL;
	csv_text_fini(text);
	if (csv_text_init(text, source, encoding, err) != STW_OK)
		return STW_INVALID; /* cannot be: it went well the first time */
	return csv_source_rewind(source, err);
}

/* ---- bytes to characters ------------------------------------------------------------- */
/* How many of the bytes at the front are plain ASCII, eight at a time. */
static size_t
ascii_prefix(const char *data, size_t len)
{
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t w;

		memcpy(&w, data + i, sizeof w);
		/* A high bit anywhere, or a zero byte. */
		if (((w | (w - UINT64_C(0x0101010101010101))) &
			UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	return i;
}

/* Length of the character that begins with c, and its bits of the code; 0: none does. */
static size_t
utf8_length(unsigned char c, uint32_t *code)
{
	if (c >= 0xc2 && c <= 0xdf) {
		*code = c & 0x1fu;
		return 2;
	}
	if (c >= 0xe0 && c <= 0xef) {
		*code = c & 0x0fu;
		return 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		*code = c & 0x07u;
		return 4;
	}
	return 0;
}

/* How many bytes at the front are whole, valid UTF-8 without NUL; *bad when the next one
 * can never be, and not merely cut off. */
static size_t
utf8_prefix(const char *data, size_t len, bool *bad)
{
	size_t i = 0;

	*bad = false;
	while (i < len) {
		unsigned char c = (unsigned char)data[i];
		uint32_t code = 0;
		size_t n;

		if (c != 0 && c < 0x80) {
			i += 1 + ascii_prefix(data + i + 1, len - i - 1);
			continue;
		}
		n = utf8_length(c, &code);
		for (size_t k = 1; k < n; k++) {
			if (i + k >= len)
				return i;
			if (((unsigned char)data[i + k] & 0xc0u) != 0x80)
				n = 0;
			code = code << 6 | ((unsigned char)data[i + k] & 0x3fu);
		}
		if (n == 0 || (n == 3 && code < 0x800) || (n == 4 && code < 0x10000) ||
		    code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
			*bad = true;
			return i;
		}
		i += n;
	}
	return i;
}

static void
source_read(struct csv_text *text)
{
	size_t room = sizeof text->raw - text->raw_len, got = 0;

	if (text->source_ended || room == 0)
		return;
	if (csv_source_read(text->source, text->raw + text->raw_len, room, &got,
		&text->source_err) != STW_OK) {
		text->broken = CSV_BAD_SOURCE;
		text->source_ended = true;
	}
	text->raw_len += got;
	text->source_ended = text->source_ended || got == 0;
}

static void
decode_iconv(struct csv_text *text)
{
	char *in = text->raw;
	size_t left = text->raw_len;
	bool bad;

	while (left > 0) {
		size_t room = left * 4 + 16;
		char *to = buf_reserve(&text->text, room);
		size_t free_bytes = room;
		size_t rc = iconv(text->cd, &in, &left, &to, &free_bytes);

		text->text.len += room - free_bytes;
		if (rc != (size_t)-1 || errno == E2BIG)
			continue;
		if (errno == EINVAL && !text->source_ended)
			break; /* cut in the middle: the rest comes with the next bytes */
		text->broken = CSV_NOT_ENCODING;
		text->bad_byte = (unsigned char)*in;
		left = 0;
	}
	memmove(text->raw, in, left);
	text->raw_len = left;
	text->text.len = utf8_prefix(text->text.data, text->text.len, &bad);
	if (bad)
		text->broken = CSV_NUL;
}

static void
decode_utf8(struct csv_text *text)
{
	bool bad;
	size_t good = utf8_prefix(text->raw, text->raw_len, &bad);

	if (good == 0 && !bad && text->source_ended && text->raw_len > 0)
		bad = true; /* the file ends inside a character */
	buf_add(&text->text, text->raw, good);
	memmove(text->raw, text->raw + good, text->raw_len - good);
	text->raw_len -= good;
	if (bad) {
		text->bad_byte = (unsigned char)text->raw[0];
		text->broken = text->bad_byte == 0 ? CSV_NUL : CSV_NOT_UTF8;
	}
}

/* A mark of UTF-16 in a file whose encoding nobody stated. */
static void
mark_look(struct csv_text *text)
{
	while (text->raw_len < 2 && !text->source_ended)
		source_read(text);
	if (text->encoding == NULL && text->raw_len >= 2 &&
	    (memcmp(text->raw, "\xff\xfe", 2) == 0 ||
		memcmp(text->raw, "\xfe\xff", 2) == 0))
		(void)recode_from(text, "UTF-16");
}

/* Text of UTF-8 decodes as GB18030 or Latin too, into nonsense that nobody notices. Valid
 * UTF-8 with a mark in front or two Han characters in it is hardly ever anything else. */
static bool
seems_utf8(const struct csv_text *text)
{
	bool bad, wide = strncasecmp(text->encoding, "UTF", 3) == 0 ||
			 strncasecmp(text->encoding, "UCS", 3) == 0;
	size_t good = utf8_prefix(text->raw, text->raw_len, &bad), han = 0;

	for (size_t i = 0; i < good; i++)
		han += (unsigned char)text->raw[i] >= 0xe4 &&
		       (unsigned char)text->raw[i] <= 0xe9;
	return !wide && !bad &&
	       (han >= 2 || (good >= 3 && memcmp(text->raw, "\xef\xbb\xbf", 3) == 0));
}

/* ---- for the reader -------------------------------------------------------------------- */
/* Text is about to go: how far into its line has the reader come? */
static void
count_before(struct csv_text *text)
{
	const char *data = text->text.data;
	size_t i = text->at;

	while (i > 0 && data[i - 1] != '\n' && data[i - 1] != '\r')
		i--;
	if (i > 0)
		text->before = 0;
	for (; i < text->at; i++)
		text->before += ((unsigned char)data[i] & 0xc0) != 0x80;
}

bool
csv_text_fill(struct csv_text *text)
{
	count_before(text);
	buf_clear(&text->text);
	text->at = 0;
	if (!text->started && text->raw_len == 0)
		mark_look(text);
	while (text->text.len == 0 && text->broken == CSV_FINE) {
		source_read(text);
		if (text->raw_len == 0)
			break;
		if (!text->started && text->recode && text->encoding != NULL &&
		    seems_utf8(text))
			text->broken = CSV_IS_UTF8;
		else if (text->recode)
			decode_iconv(text);
		else
			decode_utf8(text);
	}
	if (!text->started && text->text.len > 0) {
		text->started = true;
		if (text->text.len >= 3 &&
		    memcmp(text->text.data, "\xef\xbb\xbf", 3) == 0)
			text->at = 3;
		if (text->at == text->text.len) {
			buf_clear(&text->text);
			text->at = 0;
			return csv_text_fill(text);
		}
	}
	return text->text.len > text->at;
}

enum csv_broken
csv_text_why(const struct csv_text *text, struct buf *why, int *column)
{
	*column = (int)text->before + 1;
	switch (text->broken) {
	case CSV_FINE:
		break;
	case CSV_BAD_SOURCE:
		*column = 0;
		buf_add_c(why, text->source_err.text);
		break;
	case CSV_NOT_UTF8:
		buf_printf(why,
		    "column %d: byte 0x%02x is not UTF-8 (name the encoding in the mapping, "
		    "as \"encoding\": \"GB18030\")",
		    *column, text->bad_byte);
		break;
	case CSV_NOT_ENCODING:
		buf_printf(why, "column %d: byte 0x%02x is not of the encoding %s",
		    *column, text->bad_byte,
		    text->encoding != NULL ? text->encoding : "UTF-16");
		break;
	case CSV_IS_UTF8:
		*column = 0;
		buf_printf(why,
		    "the text is UTF-8 and not %s, as which it would come in garbled: leave "
		    "the encoding out of the mapping",
		    text->encoding);
		break;
	case CSV_NUL:
		buf_printf(why, "column %d: a NUL byte", *column);
		break;
	}
	return text->broken;
}
