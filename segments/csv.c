#include "segments/csv.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <zlib.h>

#include "engine/arena.h"

#define RAW_BYTES      (64 * 1024)
#define MAX_RECORD     ((size_t)1024 * 1024)
#define MAX_COLUMNS    512
#define STOPS_PLAIN    1u
#define STOPS_QUOTED   2u
#define STOPS_ANYWHERE (STOPS_PLAIN | STOPS_QUOTED)

enum csv_state { AT_START, IN_PLAIN, IN_QUOTED, AFTER_QUOTE };

struct csv {
	char *name; /* for messages: the path's last part */
	/* where bytes come from: a file (zlib passes plain files through) or memory */
	gzFile gz;
	const char *memory;
	size_t memory_len, memory_at;
	bool source_ended;
	/* decoding: raw -> text, always valid UTF-8 without NUL */
	char raw[RAW_BYTES];
	size_t raw_len;
	iconv_t cd;
	bool recode;
	bool started;       /* a byte order mark can only come before this */
	const char *broken; /* why decoding stopped; told when the parser gets there */
	enum stw_code broken_code;
	struct buf text;
	size_t at;
	/* the format */
	char delimiter, quote;
	bool quoting, trim;
	unsigned char class_of[256];
	size_t max_record;
	int max_columns;
	int64_t max_rows;
	/* the record */
	struct buf record;
	size_t *ends; /* of each field in record */
	int nfields;
	int64_t line;     /* where the reader stands */
	int64_t begun_at; /* where the record began */
	bool after_cr;    /* a line feed now belongs to the carriage return before it */
	bool lost;        /* no way to find the next record */
	int64_t rows;
	char **names;
	int nnames;
};

/* ---- bytes to text --------------------------------------------------------------- */
/* How many bytes at the front are whole, valid UTF-8 without NUL; *bad when the next one
 * can never be, and not merely cut off. */
static size_t
utf8_prefix(const char *data, size_t len, bool *bad)
{
	size_t i = 0;

	*bad = false;
	while (i < len) {
		unsigned char c = (unsigned char)data[i];
		size_t more;
		uint32_t code;

		if (c != 0 && c < 0x80) {
			i++;
			continue;
		}
		if (c >= 0xc2 && c <= 0xdf) {
			more = 1;
			code = c & 0x1fu;
		} else if (c >= 0xe0 && c <= 0xef) {
			more = 2;
			code = c & 0x0fu;
		} else if (c >= 0xf0 && c <= 0xf4) {
			more = 3;
			code = c & 0x07u;
		} else {
			*bad = true;
			return i;
		}
		for (size_t k = 1; k <= more; k++) {
			if (i + k >= len)
				return i;
			if (((unsigned char)data[i + k] & 0xc0u) != 0x80) {
				*bad = true;
				return i;
			}
			code = code << 6 | ((unsigned char)data[i + k] & 0x3fu);
		}
		if ((more == 2 && code < 0x800) || (more == 3 && code < 0x10000) ||
		    code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
			*bad = true;
			return i;
		}
		i += more + 1;
	}
	return i;
}

static void
source_read(struct csv *csv)
{
	size_t room = sizeof csv->raw - csv->raw_len;

	if (csv->source_ended || room == 0)
		return;
	if (csv->gz != NULL) {
		int n = gzread(csv->gz, csv->raw + csv->raw_len, (unsigned)room);

		if (n < 0) {
			csv->broken =
			    "the file cannot be read on (damaged gzip or disk)";
			csv->broken_code = STW_INVALID;
			csv->source_ended = true;
			return;
		}
		csv->raw_len += (size_t)n;
		/* A gzip stream that was cut gives its bytes, then this. */
		if (n == 0) {
			int code = Z_OK;

			(void)gzerror(csv->gz, &code);
			if (code == Z_BUF_ERROR) {
				csv->broken = "the gzip stream ends too early";
				csv->broken_code = STW_INVALID;
			}
			csv->source_ended = true;
		}
		return;
	}
	if (room > csv->memory_len - csv->memory_at)
		room = csv->memory_len - csv->memory_at;
	if (room > 0)
		memcpy(csv->raw + csv->raw_len, csv->memory + csv->memory_at, room);
	csv->memory_at += room;
	csv->raw_len += room;
	csv->source_ended = csv->memory_at == csv->memory_len;
}

static void
decode_iconv(struct csv *csv)
{
	char *in = csv->raw;
	size_t left = csv->raw_len;
	bool bad;

	while (left > 0) {
		size_t room = left * 4 + 16;
		char *to = buf_reserve(&csv->text, room);
		size_t free_bytes = room;
		size_t rc = iconv(csv->cd, &in, &left, &to, &free_bytes);

		csv->text.len += room - free_bytes;
		if (rc != (size_t)-1 || errno == E2BIG)
			continue;
		if (errno == EINVAL && !csv->source_ended)
			break; /* cut in the middle: the rest comes with the next bytes */
		csv->broken = "bytes that are not of the stated encoding";
		csv->broken_code = STW_INVALID;
		left = 0;
	}
	memmove(csv->raw, in, left);
	csv->raw_len = left;
	csv->text.len = utf8_prefix(csv->text.data, csv->text.len, &bad);
	if (bad) {
		csv->broken = "a NUL byte";
		csv->broken_code = STW_INVALID;
	}
}

static void
decode_utf8(struct csv *csv)
{
	bool bad;
	size_t good = utf8_prefix(csv->raw, csv->raw_len, &bad);

	if (good == 0 && !bad && csv->source_ended && csv->raw_len > 0)
		bad = true; /* the file ends inside a character */
	buf_add(&csv->text, csv->raw, good);
	memmove(csv->raw, csv->raw + good, csv->raw_len - good);
	csv->raw_len -= good;
	if (bad) {
		csv->broken =
		    "bytes that are not UTF-8 (name the encoding in the mapping)";
		csv->broken_code = STW_INVALID;
	}
}

/* More text, unless the source has ended or broken. */
static bool
text_fill(struct csv *csv)
{
	buf_clear(&csv->text);
	csv->at = 0;
	while (csv->text.len == 0 && csv->broken == NULL) {
		source_read(csv);
		if (csv->raw_len == 0)
			break;
		if (csv->recode)
			decode_iconv(csv);
		else
			decode_utf8(csv);
	}
	if (!csv->started && csv->text.len > 0) {
		csv->started = true;
		if (csv->text.len >= 3 &&
		    memcmp(csv->text.data, "\xef\xbb\xbf", 3) == 0)
			csv->at = 3;
		if (csv->at == csv->text.len)
			return text_fill(csv);
	}
	return csv->text.len > csv->at;
}

/* ---- text to records --------------------------------------------------------------- */
static enum stw_code
fail(struct csv *csv, bool lost, struct stw_err *err, const char *what)
{
	csv->lost = csv->lost || lost;
	return stw_fail_at(err, STW_INVALID, (int)csv->line, 0, "%s:%lld: %s",
	    csv->name, (long long)csv->line, what);
}

static void
field_end(struct csv *csv)
{
	if (csv->nfields < csv->max_columns)
		csv->ends[csv->nfields] = csv->record.len;
	csv->nfields++;
}

static void
trim_end(struct csv *csv)
{
	size_t begin = csv->nfields == 0 ? 0 : csv->ends[csv->nfields - 1];

	while (csv->trim && csv->record.len > begin &&
	       (csv->record.data[csv->record.len - 1] == ' ' ||
		   csv->record.data[csv->record.len - 1] == '\t'))
		csv->record.len--;
}

/* Copies the run of bytes from here that do not stop this state; false: there are none. */
static bool
copy_run(struct csv *csv, unsigned stops)
{
	const char *from = csv->text.data + csv->at;
	const char *end = csv->text.data + csv->text.len;
	const char *p = from;

	while (p < end && (csv->class_of[(unsigned char)*p] & stops) == 0)
		p++;
	buf_add(&csv->record, from, (size_t)(p - from));
	csv->at += (size_t)(p - from);
	return p != from;
}

static void
line_break(struct csv *csv, char c)
{
	csv->after_cr = c == '\r';
	csv->line++;
}

static void
skip_line(struct csv *csv)
{
	for (;;) {
		char c;

		if (csv->at == csv->text.len && !text_fill(csv))
			return;
		c = csv->text.data[csv->at++];
		if (c == '\n' || c == '\r') {
			line_break(csv, c);
			return;
		}
	}
}

/* One byte of a field; *ended when the record is complete. */
static enum stw_code
step(struct csv *csv, enum csv_state *state, bool *ended, struct stw_err *err)
{
	char c = csv->text.data[csv->at];
	bool blank = csv->trim && (c == ' ' || c == '\t');

	switch (*state) {
	case AT_START:
		if (csv->quoting && c == csv->quote) {
			csv->at++;
			*state = IN_QUOTED;
			return STW_OK;
		}
		if (blank && c != csv->delimiter) {
			csv->at++;
			return STW_OK;
		}
		*state = IN_PLAIN;
		return STW_OK;
	case IN_QUOTED:
		if (copy_run(csv, STOPS_QUOTED))
			csv->after_cr = false;
		if (csv->at == csv->text.len)
			return STW_OK;
		c = csv->text.data[csv->at++];
		if (c == csv->quote) {
			*state = AFTER_QUOTE;
		} else { /* a line break inside quotes belongs to the value */
			buf_add_char(&csv->record, c);
			if (c == '\r' || !csv->after_cr)
				csv->line++;
			csv->after_cr = c == '\r';
			return STW_OK;
		}
		csv->after_cr = false;
		return STW_OK;
	case AFTER_QUOTE:
		if (c == csv->quote) {
			buf_add_char(&csv->record, c);
			csv->at++;
			*state = IN_QUOTED;
			return STW_OK;
		}
		if (blank && c != csv->delimiter) {
			csv->at++;
			return STW_OK;
		}
		if (c != csv->delimiter && c != '\n' && c != '\r') {
			enum stw_code rc = fail(csv, false, err,
			    "text after the closing quote of a field (a quote inside a "
			    "quoted field is written twice)");

			skip_line(csv);
			return rc;
		}
		break;
	case IN_PLAIN:
	default:
		(void)copy_run(csv, STOPS_PLAIN);
		if (csv->at == csv->text.len)
			return STW_OK;
		trim_end(csv);
		c = csv->text.data[csv->at];
		break;
	}
	field_end(csv);
	csv->at++;
	*state = AT_START;
	if (c != csv->delimiter) {
		line_break(csv, c);
		*ended = true;
	}
	return STW_OK;
}

/* *more false: nothing is left. */
static enum stw_code
read_record(struct csv *csv, bool *more, struct stw_err *err)
{
	enum csv_state state = AT_START;
	bool ended = false, any = false;

	*more = false;
	buf_clear(&csv->record);
	csv->nfields = 0;
	csv->begun_at = csv->line;
	while (!ended) {
		enum stw_code rc;

		if (csv->at == csv->text.len && !text_fill(csv))
			break;
		if (csv->after_cr && csv->text.data[csv->at] == '\n' &&
		    state != IN_QUOTED) {
			csv->at++;
			csv->after_cr = false;
			continue;
		}
		if (state != IN_QUOTED)
			csv->after_cr = false;
		any = true;
		rc = step(csv, &state, &ended, err);
		if (rc != STW_OK)
			return rc;
		if (csv->record.len > csv->max_record ||
		    csv->nfields > csv->max_columns)
			csv->line = csv->begun_at;
		if (csv->record.len > csv->max_record)
			return fail(csv, true, err,
			    "the record is too long (a quote left open?)");
		if (csv->nfields > csv->max_columns)
			return fail(csv, true, err, "too many columns");
	}
	if (csv->broken != NULL && !ended)
		return fail(csv, true, err, csv->broken);
	if (!ended && any) { /* the last line may lack its line break */
		if (state == IN_QUOTED) {
			csv->line = csv->begun_at;
			return fail(csv, true, err,
			    "a quoted field that never ends begins here");
		}
		trim_end(csv);
		field_end(csv);
		ended = true;
		if (csv->nfields > csv->max_columns)
			return fail(csv, true, err, "too many columns");
	}
	*more = ended;
	return STW_OK;
}

static bool
record_blank(const struct csv *csv)
{
	return csv->nfields == 1 && csv->ends[0] == 0;
}

/* ---- names ---------------------------------------------------------------------------- */
static enum stw_code
names_check(struct csv *csv, struct stw_err *err)
{
	for (int i = 0; i < csv->nnames; i++) {
		if (csv->names[i][0] == '\0')
			return stw_fail_at(err, STW_INVALID, 1, 0,
			    "%s: column %d of the header has no name", csv->name,
			    i + 1);
		for (int k = 0; k < i; k++)
			if (strcmp(csv->names[k], csv->names[i]) == 0)
				return stw_fail_at(err, STW_INVALID, 1, 0,
				    "%s: columns %d and %d of the header are both called %s",
				    csv->name, k + 1, i + 1, csv->names[i]);
	}
	return STW_OK;
}

static void
names_set(struct csv *csv, const struct csv_format *format)
{
	csv->nnames = format->names != NULL ? format->nnames : csv->nfields;
	csv->names = stw_xalloc((size_t)(csv->nnames + 1) * sizeof *csv->names);
	for (int i = 0; i < csv->nnames; i++) {
		struct str s = format->names != NULL ? str_of(format->names[i])
						     : csv_field(csv, i);
		size_t from = 0, len = s.len;

		while (from < len && s.ptr[from] == ' ')
			from++;
		while (len > from && s.ptr[len - 1] == ' ')
			len--;
		csv->names[i] = stw_xalloc(len - from + 1);
		memcpy(csv->names[i], s.ptr + from, len - from);
		csv->names[i][len - from] = '\0';
	}
}

static enum stw_code
header_read(struct csv *csv, const struct csv_format *format, struct stw_err *err)
{
	enum stw_code rc;
	bool more = true;

	if (!format->no_header) {
		do {
			rc = read_record(csv, &more, err);
			if (rc != STW_OK)
				return rc;
		} while (more && record_blank(csv));
		if (!more)
			return stw_fail(err, STW_INVALID,
			    "%s: the file is empty, not even a header", csv->name);
		if (format->names != NULL && format->nnames != csv->nfields)
			return stw_fail_at(err, STW_INVALID, (int)csv->begun_at, 0,
			    "%s: the header has %d columns, %d names are given",
			    csv->name, csv->nfields, format->nnames);
	} else if (format->names == NULL) {
		return stw_fail(err, STW_INVALID,
		    "%s: a file without a header needs names for its columns",
		    csv->name);
	}
	names_set(csv, format);
	return names_check(csv, err);
}

/* ---- the interface -------------------------------------------------------------------- */
static bool
is_utf8_name(const char *encoding)
{
	return encoding == NULL || strcasecmp(encoding, "UTF-8") == 0 ||
	       strcasecmp(encoding, "UTF8") == 0 ||
	       strcasecmp(encoding, "ASCII") == 0 ||
	       strcasecmp(encoding, "US-ASCII") == 0;
}

static enum stw_code
format_set(struct csv *csv, const struct csv_format *format, struct stw_err *err)
{
	csv->delimiter = format->delimiter != 0 ? format->delimiter : ',';
	csv->quoting = format->quote != '\n';
	csv->quote = format->quote != 0 ? format->quote : '"';
	csv->trim = format->trim;
	csv->max_record = format->max_record != 0 ? format->max_record : MAX_RECORD;
	csv->max_columns = format->max_columns != 0 ? format->max_columns : MAX_COLUMNS;
	csv->max_rows = format->max_rows;
	csv->ends = stw_xalloc((size_t)csv->max_columns * sizeof *csv->ends);
	if (csv->delimiter == '\n' || csv->delimiter == '\r' ||
	    (unsigned char)csv->delimiter >= 0x80 || csv->delimiter == csv->quote)
		return stw_fail(err, STW_INVALID,
		    "%s: the delimiter must be one ASCII character other than the quote",
		    csv->name);
	csv->class_of[(unsigned char)csv->delimiter] |= STOPS_PLAIN;
	csv->class_of['\n'] |= STOPS_ANYWHERE;
	csv->class_of['\r'] |= STOPS_ANYWHERE;
	if (csv->quoting)
		csv->class_of[(unsigned char)csv->quote] |= STOPS_QUOTED;
	if (!is_utf8_name(format->encoding)) {
		csv->cd = iconv_open("UTF-8", format->encoding);
		if (csv->cd == (iconv_t)-1)
			return stw_fail(err, STW_INVALID,
			    "%s: no encoding is called \"%s\"", csv->name,
			    format->encoding);
		csv->recode = true;
	}
	return STW_OK;
}

static struct csv *
csv_new(const char *name)
{
	struct csv *csv = stw_xalloc(sizeof *csv);
	const char *slash = strrchr(name, '/');

	memset(csv, 0, sizeof *csv);
	csv->name = stw_xstrdup(slash != NULL ? slash + 1 : name);
	csv->line = 1;
	csv->begun_at = 1;
	buf_init(&csv->text);
	buf_init(&csv->record);
	return csv;
}

static enum stw_code
csv_begin(struct csv *csv, const struct csv_format *format, struct csv **out,
    struct stw_err *err)
{
	enum stw_code rc = format_set(csv, format, err);

	if (rc == STW_OK)
		rc = header_read(csv, format, err);
	if (rc != STW_OK)
		csv_close(csv);
	else
		*out = csv;
	return rc;
}

enum stw_code
csv_open(const char *path, const struct csv_format *format, struct csv **out,
    struct stw_err *err)
{
	struct csv *csv = csv_new(path);

	*out = NULL;
	errno = 0;
	csv->gz = gzopen(path, "rbe");
	if (csv->gz == NULL) {
		enum stw_code code = errno == ENOENT ? STW_NOT_FOUND : STW_TEMPFAIL;

		(void)stw_fail(err, code, "%s: %s", csv->name,
		    errno != 0 ? strerror(errno) : "cannot be opened");
		csv_close(csv);
		return code;
	}
	(void)gzbuffer(csv->gz, 128 * 1024);
	return csv_begin(csv, format, out, err);
}

enum stw_code
csv_open_memory(const char *name, const void *data, size_t len,
    const struct csv_format *format, struct csv **out, struct stw_err *err)
{
	struct csv *csv = csv_new(name);

	*out = NULL;
	csv->memory = data;
	csv->memory_len = len;
	return csv_begin(csv, format, out, err);
}

void
csv_close(struct csv *csv)
{
	if (csv == NULL)
		return;
	if (csv->gz != NULL)
		(void)gzclose(csv->gz);
	if (csv->recode)
		(void)iconv_close(csv->cd);
	for (int i = 0; i < csv->nnames; i++)
		free(csv->names[i]);
	free(csv->names);
	free(csv->ends);
	buf_fini(&csv->text);
	buf_fini(&csv->record);
	free(csv->name);
	free(csv);
}

int
csv_columns(const struct csv *csv)
{
	return csv->nnames;
}

const char *
csv_column_name(const struct csv *csv, int column)
{
	return csv->names[column];
}

int
csv_find_column(const struct csv *csv, const char *name)
{
	for (int i = 0; i < csv->nnames; i++)
		if (strcmp(csv->names[i], name) == 0)
			return i;
	return -1;
}

enum stw_code
csv_next(struct csv *csv, bool *more, struct stw_err *err)
{
	enum stw_code rc;

	*more = false;
	if (csv->lost)
		return fail(
		    csv, true, err, "reading cannot go on after the error before");
	do {
		rc = read_record(csv, more, err);
		if (rc != STW_OK || !*more)
			return rc;
	} while (record_blank(csv));
	csv->rows++;
	if (csv->max_rows > 0 && csv->rows > csv->max_rows)
		return fail(csv, true, err, "more rows than the limit allows");
	if (csv->nfields != csv->nnames) {
		int n = csv->nfields;

		return stw_fail_at(err, STW_INVALID, (int)csv->begun_at, 0,
		    "%s:%lld: %d field%s where there are %d columns; the last one read is %s",
		    csv->name, (long long)csv->begun_at, n, n == 1 ? "" : "s",
		    csv->nnames, csv->names[n < csv->nnames ? n - 1 : csv->nnames - 1]);
	}
	return STW_OK;
}

bool
csv_can_continue(const struct csv *csv)
{
	return !csv->lost;
}

struct str
csv_field(const struct csv *csv, int column)
{
	size_t begin = column == 0 ? 0 : csv->ends[column - 1];

	if (column < 0 || column >= csv->nfields)
		return (struct str){"", 0};
	return (struct str){csv->record.data + begin, csv->ends[column] - begin};
}

int64_t
csv_line(const struct csv *csv)
{
	return csv->begun_at;
}

int64_t
csv_rows(const struct csv *csv)
{
	return csv->rows;
}

int64_t
csv_bytes_read(const struct csv *csv)
{
	return csv->gz != NULL ? (int64_t)gzoffset(csv->gz) : (int64_t)csv->memory_at;
}
