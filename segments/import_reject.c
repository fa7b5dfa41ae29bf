/* Rows that fell out, as a file to correct and import again: the bytes of each as they are
 * in the source, after what was wrong with it. Delimited text gets three columns in front
 * (CSV_NOTES), JSON three members; the reader passes over both. */
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "segments/csv_source.h"
#include "segments/import_priv.h"

#define RAW_BYTES ((size_t)64 * 1024)

/* The source, line by line as bytes. A unit is the width of the encoding's line break. */
struct lines {
	struct csv_source *source;
	char raw[RAW_BYTES];
	size_t at, len;
	bool started, after_cr, ended;
	bool json;  /* only a line feed ends a line */
	bool notes; /* it is a file of rejected rows itself: they get new ones */
	size_t unit;
	bool big_endian;
	char mark[4]; /* byte order mark */
	size_t mark_len;
	int64_t line; /* of the bytes in text */
	struct buf text;
};

struct writer {
	const struct import_source *from;
	struct lines *lines;
	FILE *to;
	iconv_t cd; /* UTF-8 to the file's encoding; (iconv_t)-1: it is UTF-8 */
	struct stw_err *err;
};

static bool
begins(const char *encoding, const char *with)
{
	return encoding != NULL && strncasecmp(encoding, with, strlen(with)) == 0;
}

/* ---- lines as bytes ------------------------------------------------------------------ */
static enum stw_code
raw_fill(struct lines *l, struct stw_err *err)
{
	size_t got = 0;
	enum stw_code rc;

	if (l->at > 0) {
		memmove(l->raw, l->raw + l->at, l->len - l->at);
		l->len -= l->at;
		l->at = 0;
	}
	rc = csv_source_read(l->source, l->raw + l->len, RAW_BYTES - l->len, &got, err);
	l->len += got;
	l->ended = rc == STW_OK && got == 0;
	return rc;
}

static void
mark_take(struct lines *l, const char *mark, size_t len)
{
	memcpy(l->mark, mark, len);
	l->mark_len = len;
	l->at += len;
}

/* The width of a character, and what the file begins with. */
static void
lines_begin(struct lines *l, const char *encoding)
{
	const char *raw = l->raw;

	l->unit = begins(encoding, "UTF-32") || begins(encoding, "UCS-4")   ? 4
		  : begins(encoding, "UTF-16") || begins(encoding, "UCS-2") ? 2
									    : 1;
	l->big_endian = encoding != NULL && strlen(encoding) > 2 &&
			strcasecmp(encoding + strlen(encoding) - 2, "BE") == 0;
	if (l->len >= 3 && memcmp(raw, "\xef\xbb\xbf", 3) == 0 && l->unit == 1) {
		mark_take(l, raw, 3);
	} else if (l->len >= 2 && (l->unit == 2 || encoding == NULL) &&
		   (memcmp(raw, "\xff\xfe", 2) == 0 ||
		       memcmp(raw, "\xfe\xff", 2) == 0)) {
		l->unit = 2;
		l->big_endian = raw[0] == '\xfe';
		mark_take(l, raw, 2);
	}
}

static char
unit_char(const struct lines *l, const char *at)
{
	size_t low = l->big_endian ? l->unit - 1 : 0;

	for (size_t i = 0; i < l->unit; i++)
		if (i != low && at[i] != 0)
			return '\1'; /* not ASCII */
	return at[low];
}

/* The next line with its break into text; *more false at the end. A line feed after a
 * carriage return is of the same line. */
static enum stw_code
line_next(struct lines *l, bool *more, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	bool cr = false;

	buf_clear(&l->text);
	while (rc == STW_OK) {
		char c;

		if (l->len - l->at < l->unit && !l->ended) {
			rc = raw_fill(l, err);
			continue;
		}
		if (l->len - l->at < l->unit) { /* the end, perhaps in mid-character */
			buf_add(&l->text, l->raw + l->at, l->len - l->at);
			l->at = l->len;
			break;
		}
		c = unit_char(l, l->raw + l->at);
		if (cr && c != '\n')
			break;
		buf_add(&l->text, l->raw + l->at, l->unit);
		l->at += l->unit;
		if (c == '\n')
			break;
		cr = c == '\r' && !l->json;
	}
	*more = rc == STW_OK && l->text.len > 0;
	l->line += *more;
	return rc;
}

/* ---- what goes in front ---------------------------------------------------------------- */
static bool
put(struct writer *w, const void *data, size_t len)
{
	return len == 0 || fwrite(data, 1, len, w->to) == len;
}

/* UTF-8 in the encoding of the file; what it does not know becomes a question mark. */
static bool
put_text(struct writer *w, struct str text)
{
	char *in = (char *)(uintptr_t)text.ptr; /* iconv does not write through it */
	size_t left = text.len;

	if (w->cd == (iconv_t)-1)
		return put(w, text.ptr, text.len);
	while (left > 0) {
		char room[256], *to = room, mark[] = "?", *in_mark = mark;
		size_t free_bytes = sizeof room, mark_left = 1;
		size_t rc = iconv(w->cd, &in, &left, &to, &free_bytes);

		if (rc == (size_t)-1 && errno != E2BIG) {
			do {
				in++;
				left--;
			} while (left > 0 && ((unsigned char)*in & 0xc0) == 0x80);
			(void)iconv(w->cd, &in_mark, &mark_left, &to, &free_bytes);
		}
		if (!put(w, room, sizeof room - free_bytes))
			return false;
	}
	return true;
}

static void
add_field(const struct writer *w, struct buf *to, const char *text)
{
	const struct csv_format *f = &w->from->format;
	char delimiter = f->delimiter != 0 ? f->delimiter : ',';
	char quote = f->quote != 0 ? f->quote : '"';

	if (quote != '\n' &&
	    (strchr(text, delimiter) != NULL || strchr(text, quote) != NULL)) {
		buf_add_char(to, quote);
		for (; *text != '\0'; text++) {
			if (*text == quote)
				buf_add_char(to, quote);
			buf_add_char(to, *text);
		}
		buf_add_char(to, quote);
	} else {
		for (; *text != '\0'; text++)
			buf_add_char(to, *text == delimiter ? ' ' : *text);
	}
	buf_add_char(to, delimiter);
}

static void
add_json(struct buf *to, const char *text)
{
	buf_add_char(to, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_char(to, '\\');
		if ((unsigned char)*text < 0x20)
			buf_printf(to, "\\u%04x", (unsigned)*text);
		else
			buf_add_char(to, *text);
	}
	buf_add_char(to, '"');
}

/* How much of a line the notes of an earlier time are. */
static size_t
old_notes(const struct writer *w)
{
	static const char *const names[] = {CSV_NOTES};
	const struct csv_format *f = &w->from->format;
	const struct lines *l = w->lines;
	char delimiter = f->delimiter != 0 ? f->delimiter : ',';
	char quote = f->quote != 0 ? f->quote : '"';
	size_t left = STW_ARRAY_LEN(names);
	bool quoted = false;

	if (!l->notes)
		return 0;
	for (size_t i = 0; i + l->unit <= l->text.len; i += l->unit) {
		char c = unit_char(l, l->text.data + i);

		quoted = quoted != (c == quote && quote != '\n');
		if (c == delimiter && !quoted && --left == 0)
			return i + l->unit;
	}
	return 0;
}

/* {"reject_line":7,...,"reject_reason":"...", is what a line of JSON had in front. */
static size_t
old_members(const struct lines *l)
{
	static const char first[] = "{\"reject_line\":",
			  last[] = "\"reject_reason\":\"";
	const char *at;

	if (l->text.len < sizeof first ||
	    memcmp(l->text.data, first, sizeof first - 1) != 0)
		return 0;
	at = strstr(l->text.data, last);
	if (at == NULL)
		return 0;
	for (at += sizeof last - 1; *at != '\0' && *at != '"'; at++)
		at += *at == '\\' && at[1] != '\0';
	return strncmp(at, "\",", 2) == 0    ? (size_t)(at + 2 - l->text.data)
	       : strncmp(at, "\"} ", 3) == 0 ? (size_t)(at + 3 - l->text.data)
					     : 0;
}

static void
add_members(const struct writer *w, const struct import_reject *row, struct buf *to,
    size_t *skip)
{
	static const char *const names[] = {CSV_NOTES};
	const struct lines *l = w->lines;
	size_t old = old_members(l);

	buf_printf(
	    to, "{\"%s\":%lld,\"%s\":", names[0], (long long)row->line, names[1]);
	add_json(to, row->column);
	buf_printf(to, ",\"%s\":", names[2]);
	add_json(to, row->reason);
	*skip = old;
	/* {"a":1} becomes {"reject_line":7,...,"a":1}; anything else stays behind. */
	if (old == 0 && l->unit == 1 && l->text.len > 2 && l->text.data[0] == '{' &&
	    l->text.data[1] != '}')
		*skip = 1;
	buf_add_c(to, *skip > 0 && l->text.data[*skip - 1] != ' ' ? "," : "} ");
}

/* In front of a line of text, or inside the object that a line of JSON begins with;
 * *skip: bytes of the line that are not to be copied. */
static bool
put_notes(struct writer *w, const struct import_reject *row, size_t *skip)
{
	struct buf notes;
	bool ok;

	*skip = old_notes(w);
	buf_init(&notes);
	if (w->lines->json) {
		add_members(w, row, &notes, skip);
	} else {
		buf_printf(&notes, "%lld%c", (long long)row->line,
		    w->from->format.delimiter != 0 ? w->from->format.delimiter : ',');
		add_field(w, &notes, row->column);
		add_field(w, &notes, row->reason);
	}
	ok = put_text(w, (struct str){notes.data, notes.len});
	buf_fini(&notes);
	return ok;
}

static bool
put_header_notes(struct writer *w, size_t *skip)
{
	static const char *const names[] = {CSV_NOTES};
	struct buf notes;
	bool ok;

	*skip = old_notes(w);
	buf_init(&notes);
	for (size_t i = 0; i < STW_ARRAY_LEN(names); i++)
		add_field(w, &notes, names[i]);
	/* Without a header of its own the file gets one for the notes. */
	if (w->from->format.no_header)
		notes.data[notes.len - 1] = '\n';
	ok = put_text(w, (struct str){notes.data, notes.len});
	buf_fini(&notes);
	return ok;
}

/* ---- the file ------------------------------------------------------------------------------ */
static enum stw_code
cannot_write(const struct writer *w)
{
	return stw_fail(w->err, STW_TEMPFAIL, "rejects of %s: cannot be written: %s",
	    w->from->file, strerror(errno));
}

/* The last line of the source may have no break; in the copy others follow it. */
static bool
put_break(struct writer *w)
{
	const struct lines *l = w->lines;
	const char *last = l->text.data + l->text.len - l->unit;
	char c = l->text.len >= l->unit ? unit_char(l, last) : '\1';

	return c == '\n' || c == '\r' || put_text(w, STR_LIT("\n"));
}

/* Copies lines from..to of the source, after notes in front of the first. */
static enum stw_code
copy_lines(struct writer *w, int64_t from, int64_t to, const struct import_reject *row)
{
	struct lines *l = w->lines;
	enum stw_code rc = STW_OK;
	bool more = true, ok = true;

	while (rc == STW_OK && more && l->line < from - 1)
		rc = line_next(l, &more, w->err);
	while (rc == STW_OK && more && ok && l->line < to) {
		size_t skip = 0;

		rc = line_next(l, &more, w->err);
		if (rc != STW_OK || !more)
			break;
		if (l->line == from)
			ok = row != NULL ? put_notes(w, row, &skip)
					 : put_header_notes(w, &skip);
		ok = ok && put(w, l->text.data + skip, l->text.len - skip) &&
		     put_break(w);
	}
	return rc == STW_OK && !ok ? cannot_write(w) : rc;
}

static enum stw_code
copy_all(struct writer *w, int64_t header_from, int64_t header_to,
    const struct import_reject *rows, size_t count)
{
	int64_t written = 0;
	enum stw_code rc = STW_OK;
	size_t none;

	w->lines->text.len = 0;
	if (!put(w, w->lines->mark, w->lines->mark_len))
		return cannot_write(w);
	if (header_to > 0)
		rc = copy_lines(w, header_from, header_to, NULL);
	else if (!w->lines->json && !put_header_notes(w, &none))
		rc = cannot_write(w);
	for (size_t i = 0; i < count && rc == STW_OK; i++) {
		if (rows[i].line <= written)
			continue; /* bad for two targets */
		written = rows[i].last;
		rc = copy_lines(w, rows[i].line, rows[i].last, &rows[i]);
	}
	return rc;
}

/* Which lines the header has; 0 and 0: none. And are there notes in front already? */
static enum stw_code
header_lines(const struct import_source *source, const char *path, int64_t *from,
    int64_t *to, bool *notes, struct stw_err *err)
{
	struct csv *csv;
	enum stw_code rc;

	*from = 0;
	*to = 0;
	if (source->format.json)
		return STW_OK;
	rc = csv_open(path, &source->format, &csv, err);
	if (rc != STW_OK)
		return rc;
	*notes = csv_notes(csv) > 0;
	if (!source->format.no_header) {
		*from = csv_line(csv);
		*to = csv_last_line(csv);
	}
	csv_close(csv);
	return STW_OK;
}

static iconv_t
encoder(const struct import_source *source, const struct lines *l)
{
	const char *encoding = source->format.encoding;

	/* With the mark written, iconv must not write another. */
	if (l->unit == 2)
		encoding = l->big_endian ? "UTF-16BE" : "UTF-16LE";
	if (l->unit == 4)
		encoding = l->big_endian ? "UTF-32BE" : "UTF-32LE";
	return encoding != NULL ? iconv_open(encoding, "UTF-8") : (iconv_t)-1;
}

static enum stw_code
write_to(const struct import_source *source, const char *path, FILE *to,
    const struct import_reject *rows, size_t count, struct stw_err *err)
{
	struct lines *l = stw_xalloc(sizeof *l);
	struct writer w = {.from = source, .lines = l, .to = to, .err = err};
	int64_t from, last;
	enum stw_code rc;

	memset(l, 0, sizeof *l);
	buf_init(&l->text);
	l->json = source->format.json;
	rc = header_lines(source, path, &from, &last, &l->notes, err);
	if (rc == STW_OK)
		rc = csv_source_open(path, &l->source, err);
	if (rc == STW_OK)
		rc = raw_fill(l, err);
	if (rc == STW_OK) {
		lines_begin(l, source->format.encoding);
		w.cd = encoder(source, l);
		rc = copy_all(&w, from, last, rows, count);
		if (w.cd != (iconv_t)-1)
			(void)iconv_close(w.cd);
	}
	csv_source_close(l->source);
	buf_fini(&l->text);
	free(l);
	return rc;
}

/* "rejects/a/b.csv" needs the directory rejects/a. */
static void
dirs_make(char *path, size_t from)
{
	for (char *c = path + from; *c != '\0'; c++)
		if (*c == '/') {
			*c = '\0';
			(void)mkdir(path, 0700); /* opening tells what is wrong */
			*c = '/';
		}
}

enum stw_code
import_rejects_write(const struct import_source *source, const char *dir,
    const char *to, const struct import_reject *rows, size_t count, struct stw_err *err)
{
	char from[1100], path[1100], part[1120];
	enum stw_code rc;
	FILE *file = NULL;
	int fd;

	if (snprintf(from, sizeof from, "%s/%s", dir, source->file) >=
		(int)sizeof from ||
	    snprintf(path, sizeof path, "%s/%s", to, source->file) >= (int)sizeof path)
		return stw_fail(
		    err, STW_INVALID, "%s: the path is too long", source->file);
	/* It is not packed, whatever the source's name says. */
	if (strlen(path) > 3 && strcmp(path + strlen(path) - 3, ".gz") == 0)
		path[strlen(path) - 3] = '\0';
	dirs_make(path, strlen(to) + 1);
	(void)snprintf(part, sizeof part, "%s.part", path);
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (file == NULL) {
		int why = errno;

		if (fd >= 0)
			(void)close(fd);
		return stw_fail(
		    err, STW_INVALID, "%s: cannot be written: %s", part, strerror(why));
	}
	rc = write_to(source, from, file, rows, count, err);
	if (fclose(file) != 0 && rc == STW_OK)
		rc = stw_fail(err, STW_TEMPFAIL, "%s: cannot be written: %s", part,
		    strerror(errno));
	if (rc == STW_OK && rename(part, path) != 0)
		rc = stw_fail(err, STW_TEMPFAIL, "%s: cannot be written: %s", path,
		    strerror(errno));
	if (rc != STW_OK)
		(void)unlink(part);
	return rc;
}
