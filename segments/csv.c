#include "segments/csv.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "segments/csv_json.h"
#include "segments/csv_text.h"
#include "segments/strmap.h"

#define MAX_RECORD     ((size_t)1024 * 1024)
#define MAX_COLUMNS    512
#define SAMPLE_ROWS    1000 /* of a file of JSON lines, to learn its columns from */
#define STOPS_PLAIN    1u
#define STOPS_QUOTED   2u
#define STOPS_ANYWHERE (STOPS_PLAIN | STOPS_QUOTED)

enum csv_state { AT_START, IN_PLAIN, IN_QUOTED, AFTER_QUOTE };

struct span {
	size_t at, len;
};

struct csv {
	struct csv_text text;
	/* the format */
	char delimiter, quote;
	bool quoting, trim, json;
	unsigned char class_of[256];
	size_t max_record;
	int max_columns;
	int64_t max_rows;
	/* the record */
	struct buf record;
	struct span *fields; /* in record */
	int nfields;
	int64_t line;     /* where the reader stands */
	int64_t begun_at; /* where the record began */
	bool after_cr;    /* a line feed now belongs to the carriage return before it */
	bool ended_line;  /* a line break ended the record */
	bool lost;        /* no way to find the next record */
	bool pending;     /* the record is read already, and not given out yet */
	int64_t rows;
	char **names;
	int nnames;
	int notes; /* columns in front that a file of rejected rows has */
	/* of JSON lines: path -> column, and what is read of the line */
	struct strmap paths;
	struct buf json_line;
	bool sampling;
};

/* ---- text to records --------------------------------------------------------------- */
static const char *
name_of(const struct csv *csv)
{
	return csv_source_name(csv->text.source);
}

static enum stw_code
fail(struct csv *csv, bool lost, struct stw_err *err, const char *what)
{
	csv->lost = csv->lost || lost;
	return stw_fail_at(err, STW_INVALID, (int)csv->line, 0, "%s:%lld: %s",
	    name_of(csv), (long long)csv->line, what);
}

/* The text stops here because its bytes cannot be read or decoded. */
static enum stw_code
fail_broken(struct csv *csv, struct stw_err *err)
{
	enum stw_code rc = STW_INVALID;
	struct buf why;
	int column;

	csv->lost = true;
	buf_init(&why);
	if (csv_text_why(&csv->text, &why, &column) == CSV_BAD_SOURCE)
		rc = csv->text.source_err.code;
	rc = stw_fail_at(err, rc, (int)csv->line, column, "%s:%lld: %s", name_of(csv),
	    (long long)csv->line, why.data);
	buf_fini(&why);
	return rc;
}

/* Where the field at hand begins. */
static size_t
field_begin(const struct csv *csv)
{
	const struct span *last;

	if (csv->nfields == 0)
		return 0;
	last = &csv->fields[csv->nfields - 1];
	return last->at + last->len;
}

static void
field_end(struct csv *csv)
{
	if (csv->nfields < csv->max_columns) {
		size_t begin = field_begin(csv);

		csv->fields[csv->nfields] =
		    (struct span){begin, csv->record.len - begin};
	}
	csv->nfields++;
}

static void
trim_end(struct csv *csv)
{
	size_t begin = field_begin(csv);

	while (csv->trim && csv->record.len > begin &&
	       (csv->record.data[csv->record.len - 1] == ' ' ||
		   csv->record.data[csv->record.len - 1] == '\t'))
		csv->record.len--;
}

/* Copies the run of bytes from here that do not stop this state; false: there are none. */
static bool
copy_run(struct csv *csv, unsigned stops)
{
	const char *from = csv->text.text.data + csv->text.at;
	const char *end = csv->text.text.data + csv->text.text.len;
	const char *p = from;

	while (p < end && (csv->class_of[(unsigned char)*p] & stops) == 0)
		p++;
	buf_add(&csv->record, from, (size_t)(p - from));
	csv->text.at += (size_t)(p - from);
	return p != from;
}

static void
line_break(struct csv *csv, char c)
{
	csv->after_cr = c == '\r';
	csv->ended_line = true;
	csv->line++;
}

static void
skip_line(struct csv *csv)
{
	for (;;) {
		char c;

		if (csv->text.at == csv->text.text.len && !csv_text_fill(&csv->text))
			return;
		c = csv->text.text.data[csv->text.at++];
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
	char c = csv->text.text.data[csv->text.at];
	bool blank = csv->trim && (c == ' ' || c == '\t');

	switch (*state) {
	case AT_START:
		if (csv->quoting && c == csv->quote) {
			csv->text.at++;
			*state = IN_QUOTED;
			return STW_OK;
		}
		if (blank && c != csv->delimiter) {
			csv->text.at++;
			return STW_OK;
		}
		*state = IN_PLAIN;
		return STW_OK;
	case IN_QUOTED:
		if (copy_run(csv, STOPS_QUOTED))
			csv->after_cr = false;
		if (csv->text.at == csv->text.text.len)
			return STW_OK;
		c = csv->text.text.data[csv->text.at++];
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
			csv->text.at++;
			*state = IN_QUOTED;
			return STW_OK;
		}
		if (blank && c != csv->delimiter) {
			csv->text.at++;
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
		if (csv->text.at == csv->text.text.len)
			return STW_OK;
		trim_end(csv);
		c = csv->text.text.data[csv->text.at];
		break;
	}
	field_end(csv);
	csv->text.at++;
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
	csv->ended_line = false;
	csv->begun_at = csv->line;
	while (!ended) {
		enum stw_code rc;

		if (csv->text.at == csv->text.text.len && !csv_text_fill(&csv->text))
			break;
		if (csv->after_cr && csv->text.text.data[csv->text.at] == '\n' &&
		    state != IN_QUOTED) {
			csv->text.at++;
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
	if (csv->text.broken != CSV_FINE && !ended)
		return fail_broken(csv, err);
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
	return csv->nfields == 1 && csv->fields[0].len == 0;
}

/* ---- lines of JSON --------------------------------------------------------------------- */
/* One line into json_line; false at the end. */
static enum stw_code
read_line(struct csv *csv, bool *more, struct stw_err *err)
{
	buf_clear(&csv->json_line);
	csv->begun_at = csv->line;
	csv->ended_line = false;
	*more = false;
	while (!csv->ended_line) {
		const char *from, *end;
		size_t len;

		if (csv->text.at == csv->text.text.len && !csv_text_fill(&csv->text))
			break;
		*more = true;
		from = csv->text.text.data + csv->text.at;
		len = csv->text.text.len - csv->text.at;
		end = memchr(from, '\n', len);
		csv->ended_line = end != NULL;
		len = end != NULL ? (size_t)(end - from) : len;
		csv->text.at += len + (end != NULL);
		if (csv->json_line.len + len > csv->max_record)
			return fail(csv, true, err, "the line is too long");
		buf_add(&csv->json_line, from, len);
	}
	if (!csv->ended_line && csv->text.broken != CSV_FINE)
		return fail_broken(csv, err);
	csv->line += csv->ended_line;
	return STW_OK;
}

static enum stw_code
sample_leaf(void *user, struct str path, size_t at, struct stw_err *err)
{
	struct csv *csv = user;
	bool added;

	csv->record.len = at;
	if (strmap_find(&csv->paths, path) != NULL)
		return STW_OK;
	if ((int)csv->paths.count == csv->max_columns)
		return stw_fail(err, STW_INVALID, "too many columns");
	(void)strmap_add(&csv->paths, path, &added);
	return STW_OK;
}

static enum stw_code
record_leaf(void *user, struct str path, size_t at, struct stw_err *err)
{
	struct csv *csv = user;
	const struct strmap_entry *e = strmap_find(&csv->paths, path);
	struct span *field;

	if (e == NULL) {
		csv->record.len = at;
		return STW_OK;
	}
	field = &csv->fields[e - csv->paths.entries];
	/* A field that is set is never at the very beginning with no length: see below. */
	if (field->at != SIZE_MAX)
		return stw_fail(err, STW_INVALID, "the value of %s is there twice",
		    csv->names[e - csv->paths.entries]);
	*field = (struct span){at, csv->record.len - at};
	return STW_OK;
}

/* The fields of json_line, or the paths in it. */
static enum stw_code
parse_line(struct csv *csv, struct stw_err *err)
{
	struct str line = {csv->json_line.data, csv->json_line.len};
	struct stw_err why = {0};
	enum stw_code rc;

	buf_clear(&csv->record);
	csv->nfields = csv->nnames;
	for (int i = 0; i < csv->nfields; i++)
		csv->fields[i].at = SIZE_MAX; /* not seen */
	rc = csv_json_walk(
	    line, &csv->record, csv->sampling ? sample_leaf : record_leaf, csv, &why);
	for (int i = 0; i < csv->nfields; i++)
		if (csv->fields[i].at == SIZE_MAX)
			csv->fields[i] = (struct span){0, 0};
	if (rc == STW_OK)
		return rc;
	return stw_fail_at(err, rc, (int)csv->begun_at, why.column, "%s:%lld: %s",
	    name_of(csv), (long long)csv->begun_at, why.text);
}

static bool
line_blank(const struct csv *csv)
{
	for (size_t i = 0; i < csv->json_line.len; i++)
		if (strchr(" \t\r", csv->json_line.data[i]) == NULL)
			return false;
	return true;
}

/* The next line that is not blank. */
static enum stw_code
json_next(struct csv *csv, bool *more, struct stw_err *err)
{
	enum stw_code rc;

	do {
		rc = read_line(csv, more, err);
	} while (rc == STW_OK && *more && line_blank(csv));
	return rc == STW_OK && *more ? parse_line(csv, err) : rc;
}

static void
names_from_paths(struct csv *csv)
{
	csv->nnames = (int)csv->paths.count;
	csv->names = stw_xalloc((csv->paths.count + 1) * sizeof *csv->names);
	for (size_t i = 0; i < csv->paths.count; i++)
		csv->names[i] = stw_xstrdup(csv->paths.entries[i].key.ptr);
}

/* Columns that nobody named: those of the first lines. Bad lines are told of later. */
static enum stw_code
json_sample(struct csv *csv, struct stw_err *err)
{
	bool more = true;
	enum stw_code rc;

	csv->sampling = true;
	for (int i = 0; more && !csv->lost && i < SAMPLE_ROWS; i++)
		if (json_next(csv, &more, NULL) != STW_OK)
			more = !csv->lost;
	csv->sampling = false;
	rc = csv_text_rewind(&csv->text, err);
	csv->line = 1;
	csv->lost = false;
	if (rc == STW_OK && csv->paths.count == 0)
		return stw_fail(err, STW_INVALID,
		    "%s: there is no JSON object in the first %d lines; one a line is "
		    "wanted, not a list of them",
		    name_of(csv), SAMPLE_ROWS);
	if (rc == STW_OK)
		names_from_paths(csv);
	return rc;
}

static enum stw_code
json_begin(struct csv *csv, const struct csv_format *format, struct stw_err *err)
{
	bool added;

	if (!csv_text_fill(&csv->text) && csv->text.broken == CSV_FINE)
		return stw_fail(
		    err, STW_INVALID, "%s: the file is empty", name_of(csv));
	if (format->names == NULL)
		return json_sample(csv, err);
	for (int i = 0; i < format->nnames; i++) {
		(void)strmap_add(&csv->paths, str_of(format->names[i]), &added);
		if (!added)
			return stw_fail(err, STW_INVALID,
			    "%s: the name %s is there twice", name_of(csv),
			    format->names[i]);
	}
	names_from_paths(csv);
	return STW_OK;
}

/* ---- names ---------------------------------------------------------------------------- */
static enum stw_code
names_check(struct csv *csv, struct stw_err *err)
{
	if (csv->nnames == 0)
		return stw_fail_at(err, STW_INVALID, 1, 0,
		    "%s: the header names no column of data, only what was wrong with "
		    "rejected rows",
		    name_of(csv));
	for (int i = 0; i < csv->nnames; i++) {
		if (csv->names[i][0] == '\0')
			return stw_fail_at(err, STW_INVALID, 1, 0,
			    "%s: column %d of the header has no name", name_of(csv),
			    i + 1);
		for (int k = 0; k < i; k++)
			if (strcmp(csv->names[k], csv->names[i]) == 0)
				return stw_fail_at(err, STW_INVALID, 1, 0,
				    "%s: columns %d and %d of the header are both called %.60s; "
				    "\"names\" in the mapping tells them apart",
				    name_of(csv), k + 1, i + 1, csv->names[i]);
	}
	return STW_OK;
}

static void
names_set(struct csv *csv, const struct csv_format *format)
{
	csv->nnames =
	    format->names != NULL ? format->nnames : csv->nfields - csv->notes;
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

/* Is this the header of a file of rejected rows? Its first columns say what was wrong. */
static int
notes_in_header(const struct csv *csv)
{
	static const char *const notes[] = {CSV_NOTES};

	for (int i = 0; i < (int)STW_ARRAY_LEN(notes); i++)
		if (i >= csv->nfields || !str_eq_c(csv_field(csv, i), notes[i]))
			return 0;
	return (int)STW_ARRAY_LEN(notes);
}

static enum stw_code
header_read(struct csv *csv, const struct csv_format *format, struct stw_err *err)
{
	enum stw_code rc;
	bool more = true;

	if (format->no_header && format->names == NULL)
		return stw_fail(err, STW_INVALID,
		    "%s: a file without a header needs names for its columns",
		    name_of(csv));
	do {
		rc = read_record(csv, &more, err);
		if (rc != STW_OK && !csv->lost && format->no_header) {
			/* A bad first row; csv_next tells of it. */
			csv->line = 1;
			return csv_text_rewind(&csv->text, err);
		}
		if (rc != STW_OK && csv->record.len > 0 && csv->record.data[0] == '{')
			return stw_fail_at(err, STW_INVALID, 1, 0,
			    "%s:1: this is no header but JSON, it seems: \"kind\": \"ndjson\" "
			    "reads one object a line",
			    name_of(csv));
		if (rc != STW_OK)
			return rc;
	} while (more && record_blank(csv));
	if (!more)
		return stw_fail(err, STW_INVALID, "%s: the file is empty%s",
		    name_of(csv), format->no_header ? "" : ", not even a header");
	csv->notes = notes_in_header(csv);
	csv->pending = format->no_header && csv->notes == 0;
	if (!format->no_header && format->names != NULL &&
	    format->nnames != csv->nfields - csv->notes)
		return stw_fail_at(err, STW_INVALID, (int)csv->begun_at, 0,
		    "%s: the header has %d columns, %d names are given", name_of(csv),
		    csv->nfields - csv->notes, format->nnames);
	return STW_OK;
}

/* ---- the interface -------------------------------------------------------------------- */
static enum stw_code
format_set(struct csv *csv, const struct csv_format *format, struct stw_err *err)
{
	csv->delimiter = format->delimiter != 0 ? format->delimiter : ',';
	csv->quoting = format->quote != '\n';
	csv->quote = format->quote != 0 ? format->quote : '"';
	csv->trim = format->trim;
	csv->json = format->json;
	csv->max_record = format->max_record != 0 ? format->max_record : MAX_RECORD;
	csv->max_columns = format->max_columns != 0 ? format->max_columns : MAX_COLUMNS;
	csv->max_rows = format->max_rows;
	csv->fields = stw_xalloc((size_t)csv->max_columns * sizeof *csv->fields);
	if (csv->delimiter == '\n' || csv->delimiter == '\r' ||
	    (unsigned char)csv->delimiter >= 0x80 || csv->delimiter == csv->quote)
		return stw_fail(err, STW_INVALID,
		    "%s: the delimiter must be one ASCII character other than the quote",
		    name_of(csv));
	if (format->nnames > csv->max_columns)
		return stw_fail(err, STW_INVALID, "%s: too many columns", name_of(csv));
	csv->class_of[(unsigned char)csv->delimiter] |= STOPS_PLAIN;
	csv->class_of['\n'] |= STOPS_ANYWHERE;
	csv->class_of['\r'] |= STOPS_ANYWHERE;
	if (csv->quoting)
		csv->class_of[(unsigned char)csv->quote] |= STOPS_QUOTED;
	return STW_OK;
}

static enum stw_code
csv_begin(struct csv_source *source, const struct csv_format *format, struct csv **out,
    struct stw_err *err)
{
	struct csv *csv = stw_xalloc(sizeof *csv);
	enum stw_code rc;

	memset(csv, 0, sizeof *csv);
	csv->line = 1;
	csv->begun_at = 1;
	buf_init(&csv->record);
	buf_init(&csv->json_line);
	strmap_init(&csv->paths);
	rc = csv_text_init(&csv->text, source, format->encoding, err);
	if (rc == STW_OK)
		rc = format_set(csv, format, err);
	if (rc == STW_OK && csv->json)
		rc = json_begin(csv, format, err);
	else if (rc == STW_OK)
		rc = header_read(csv, format, err);
	if (rc == STW_OK && !csv->json) {
		names_set(csv, format);
		rc = names_check(csv, err);
	}
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
	struct csv_source *source;
	enum stw_code rc;

	*out = NULL;
	rc = csv_source_open(path, &source, err);
	return rc == STW_OK ? csv_begin(source, format, out, err) : rc;
}

enum stw_code
csv_open_memory(const char *name, const void *data, size_t len,
    const struct csv_format *format, struct csv **out, struct stw_err *err)
{
	struct csv_source *source;

	*out = NULL;
	csv_source_memory(name, data, len, &source);
	return csv_begin(source, format, out, err);
}

void
csv_close(struct csv *csv)
{
	if (csv == NULL)
		return;
	for (int i = 0; i < csv->nnames; i++)
		free(csv->names[i]);
	free(csv->names);
	free(csv->fields);
	csv_text_fini(&csv->text);
	strmap_fini(&csv->paths);
	buf_fini(&csv->record);
	buf_fini(&csv->json_line);
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

int
csv_notes(const struct csv *csv)
{
	return csv->notes;
}

char
csv_delimiter_guess(const struct csv *csv)
{
	static const char usual[] = ",;\t|";

	if (csv->json || csv->nnames != 1)
		return '\0';
	for (const char *c = usual; *c != '\0'; c++)
		if (*c != csv->delimiter && strchr(csv->names[0], *c) != NULL)
			return *c;
	return '\0';
}

static enum stw_code
fields_check(const struct csv *csv, struct stw_err *err)
{
	int n = csv->nfields - csv->notes;

	if (n == csv->nnames)
		return STW_OK;
	if (n < 0)
		n = 0;
	return stw_fail_at(err, STW_INVALID, (int)csv->begun_at, 0,
	    "%s:%lld: %d field%s where there are %d columns; the last one read is %s",
	    name_of(csv), (long long)csv->begun_at, n, n == 1 ? "" : "s", csv->nnames,
	    csv->names[n == 0            ? 0
		       : n < csv->nnames ? n - 1
					 : csv->nnames - 1]);
}

static enum stw_code
record_next(struct csv *csv, bool *more, struct stw_err *err)
{
	enum stw_code rc;

	if (csv->json)
		return json_next(csv, more, err);
	if (csv->pending) {
		csv->pending = false;
		*more = true;
		return STW_OK;
	}
	do {
		rc = read_record(csv, more, err);
	} while (rc == STW_OK && *more && record_blank(csv));
	return rc;
}

enum stw_code
csv_next(struct csv *csv, bool *more, struct stw_err *err)
{
	enum stw_code rc;

	*more = false;
	if (csv->lost)
		return fail(
		    csv, true, err, "reading cannot go on after the error before");
	rc = record_next(csv, more, err);
	if (rc == STW_OK && !*more)
		return rc;
	csv->rows += rc == STW_OK || !csv->lost;
	if (rc != STW_OK)
		return rc;
	if (csv->max_rows > 0 && csv->rows > csv->max_rows)
		return fail(csv, true, err, "more rows than the limit allows");
	return csv->json ? STW_OK : fields_check(csv, err);
}

bool
csv_can_continue(const struct csv *csv)
{
	return !csv->lost;
}

struct str
csv_field(const struct csv *csv, int column)
{
	const struct span *field;

	column += csv->notes;
	if (column < 0 || column >= csv->nfields)
		return (struct str){"", 0};
	field = &csv->fields[column];
	if (field->len == 0)
		return (struct str){"", 0};
	return (struct str){csv->record.data + field->at, field->len};
}

int64_t
csv_line(const struct csv *csv)
{
	return csv->begun_at;
}

int64_t
csv_last_line(const struct csv *csv)
{
	return csv->ended_line ? csv->line - 1 : csv->line;
}

int64_t
csv_rows(const struct csv *csv)
{
	return csv->rows;
}

int64_t
csv_bytes_read(const struct csv *csv)
{
	return csv_source_offset(csv->text.source);
}

int64_t
csv_bytes_all(const struct csv *csv)
{
	return csv_source_size(csv->text.source);
}
