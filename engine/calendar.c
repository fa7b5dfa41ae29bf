#include "engine/calendar.h"

#include <string.h>

#define CALENDAR_MAX_DAYS 36600 /* a century */
#define CALENDAR_MAX_COLS 16

struct calendar {
	stw_day from, to;
	unsigned char *classes; /* one a day of the cover */
};

static enum calendar_class
plain_class(stw_day day)
{
	return stw_weekday(day) < 5 ? CALENDAR_WORKDAY : CALENDAR_WEEKEND;
}

/* Cuts a line into fields; "a ""quoted"" field" keeps its quotes doubled, which no date
 * or kind has. Returns how many there are. */
static int
fields_cut(struct str line, struct str out[CALENDAR_MAX_COLS])
{
	size_t at = 0;
	int n = 0;

	while (n < CALENDAR_MAX_COLS) {
		size_t from = at;
		bool quoted = at < line.len && line.ptr[at] == '"';

		if (quoted) {
			from = ++at;
			while (at < line.len &&
			       (line.ptr[at] != '"' ||
				   (at + 1 < line.len && line.ptr[at + 1] == '"')))
				at += line.ptr[at] == '"' ? 2 : 1;
		} else {
			while (at < line.len && line.ptr[at] != ',')
				at++;
		}
		out[n++] = (struct str){line.ptr + from, at - from};
		if (quoted && at < line.len)
			at++;
		if (at >= line.len || line.ptr[at] != ',')
			break;
		at++;
	}
	return n;
}

static struct str
line_next(struct str *rest)
{
	const char *end = memchr(rest->ptr, '\n', rest->len);
	size_t len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
	struct str line = {rest->ptr, len};
	size_t used = len + (end != NULL ? 1 : 0);

	rest->ptr += used;
	rest->len -= used;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

static int
field_named(const struct str *fields, int n, const char *name)
{
	for (int i = 0; i < n; i++) {
		if (str_eq_c(fields[i], name))
			return i;
	}
	return -1;
}

static enum calendar_class
kind_class(struct str kind)
{
	if (str_eq_c(kind, "holiday") || str_eq_c(kind, "in-lieu-holiday"))
		return CALENDAR_HOLIDAY;
	if (str_eq_c(kind, "makeup-workday") || str_eq_c(kind, "workday_override"))
		return CALENDAR_WORKDAY;
	return CALENDAR_NOT_COVERED;
}

static enum stw_code
row_read(struct calendar *c, unsigned char *named, const struct str *fields, int n,
    int date_col, int kind_col, int line, struct stw_err *err)
{
	enum calendar_class class;
	stw_day day;

	if (n <= date_col || n <= kind_col)
		return stw_fail_at(
		    err, STW_INVALID, line, 1, "calendar: fields are missing");
	if (stw_day_parse(fields[date_col], &day) != STW_OK)
		return stw_fail_at(err, STW_INVALID, line, 1,
		    "calendar: %.*s is no date like 2026-10-01",
		    STR_FMT(fields[date_col]));
	if (day < c->from || day >= c->to)
		return stw_fail_at(err, STW_INVALID, line, 1,
		    "calendar: %.*s lies outside the cover", STR_FMT(fields[date_col]));
	class = kind_class(fields[kind_col]);
	if (class == CALENDAR_NOT_COVERED)
		return stw_fail_at(err, STW_INVALID, line, 1,
		    "calendar: unknown kind %.*s", STR_FMT(fields[kind_col]));
	if (named[day - c->from])
		return stw_fail_at(err, STW_INVALID, line, 1,
		    "calendar: %.*s is named twice", STR_FMT(fields[date_col]));
	named[day - c->from] = 1;
	c->classes[day - c->from] = (unsigned char)class;
	return STW_OK;
}

enum stw_code
calendar_read(struct str csv, stw_day from, stw_day to, struct arena *arena,
    struct calendar **out, struct stw_err *err)
{
	struct str fields[CALENDAR_MAX_COLS];
	struct calendar *c;
	unsigned char *named;
	int n, date_col, kind_col;

	*out = NULL;
	if (from >= to || to - from > CALENDAR_MAX_DAYS)
		return stw_fail(
		    err, STW_INVALID, "calendar: covers no day, or a century");
	c = arena_alloc(arena, sizeof *c);
	c->from = from;
	c->to = to;
	c->classes = arena_alloc(arena, (size_t)(to - from));
	named = arena_alloc(arena, (size_t)(to - from));
	for (stw_day day = from; day < to; day++)
		c->classes[day - from] = (unsigned char)plain_class(day);

	n = fields_cut(line_next(&csv), fields);
	date_col = field_named(fields, n, "date");
	kind_col = field_named(fields, n, "kind");
	if (date_col < 0 || kind_col < 0)
		return stw_fail_at(err, STW_INVALID, 1, 1,
		    "calendar: the first line names the columns date and kind");
	for (int line = 2; csv.len > 0; line++) {
		struct str text = line_next(&csv);
		enum stw_code rc;

		if (text.len == 0)
			continue;
		n = fields_cut(text, fields);
		rc = row_read(c, named, fields, n, date_col, kind_col, line, err);
		if (rc != STW_OK)
			return rc;
	}
	*out = c;
	return STW_OK;
}

enum calendar_class
calendar_class(const struct calendar *c, stw_day day)
{
	if (day < c->from || day >= c->to)
		return CALENDAR_NOT_COVERED;
	return (enum calendar_class)c->classes[day - c->from];
}

bool
calendar_is_workday(const struct calendar *c, stw_day day)
{
	return calendar_class(c, day) == CALENDAR_WORKDAY;
}

bool
calendar_add_workdays(const struct calendar *c, stw_day day, int n, stw_day *out)
{
	int step = n < 0 ? -1 : 1;

	while (n != 0) {
		day += step;
		if (day < c->from || day >= c->to)
			return false;
		if (calendar_is_workday(c, day))
			n -= step;
	}
	*out = day;
	return true;
}
