/* Results on their way in: text format, decoded at the getter. A column of another type
 * than the getter's is a mistake in the program, so it stops there. */
#include <stdlib.h>
#include <string.h>

#include "db/db_priv.h"

int
db_rows_count(const struct db_rows *rows)
{
	return rows == NULL ? 0 : PQntuples(rows->res);
}

int
db_rows_columns(const struct db_rows *rows)
{
	return rows == NULL ? 0 : PQnfields(rows->res);
}

void
db_rows_free(struct db_rows *rows)
{
	if (rows == NULL)
		return;
	PQclear(rows->res);
	free(rows);
}

static void
check_place(const struct db_rows *rows, int row, int col)
{
	STW_ASSERT(row >= 0 && row < PQntuples(rows->res));
	STW_ASSERT(col >= 0 && col < PQnfields(rows->res));
}

bool
db_is_null(const struct db_rows *rows, int row, int col)
{
	check_place(rows, row, col);
	return PQgetisnull(rows->res, row, col) == 1;
}

struct str
db_get_str(const struct db_rows *rows, int row, int col)
{
	check_place(rows, row, col);
	return (struct str){
	    PQgetvalue(rows->res, row, col), (size_t)PQgetlength(rows->res, row, col)};
}

int64_t
db_get_i64(const struct db_rows *rows, int row, int col)
{
	struct str s = db_get_str(rows, row, col);
	char *end;
	long long v;

	if (s.len == 0)
		return 0;
	v = strtoll(s.ptr, &end, 10);
	STW_ASSERT(end == s.ptr + s.len);
	return v;
}

double
db_get_f64(const struct db_rows *rows, int row, int col)
{
	struct str s = db_get_str(rows, row, col);
	char *end;
	double v;

	if (s.len == 0)
		return 0;
	v = strtod(s.ptr, &end);
	STW_ASSERT(end == s.ptr + s.len);
	return v;
}

bool
db_get_bool(const struct db_rows *rows, int row, int col)
{
	struct str s = db_get_str(rows, row, col);

	if (s.len == 0)
		return false;
	STW_ASSERT(s.len == 1 && (s.ptr[0] == 't' || s.ptr[0] == 'f'));
	return s.ptr[0] == 't';
}

/* Digits up to a byte that is none; at least one. */
static const char *
read_digits(const char *at, int64_t *out)
{
	int64_t v = 0;

	STW_ASSERT(*at >= '0' && *at <= '9');
	for (; *at >= '0' && *at <= '9'; at++)
		v = v * 10 + (*at - '0');
	*out = v;
	return at;
}

static const char *
read_day(const char *at, stw_day *out)
{
	int64_t year, month, day;

	at = read_digits(at, &year);
	STW_ASSERT(*at == '-');
	at = read_digits(at + 1, &month);
	STW_ASSERT(*at == '-');
	at = read_digits(at + 1, &day);
	*out = stw_day_of((struct stw_date){(int)year, (int)month, (int)day});
	return at;
}

/* "2026-11-23 10:00:00.5+00": the session's zone is UTC and its DateStyle ISO. */
stw_usec
db_get_usec(const struct db_rows *rows, int row, int col)
{
	struct str s = db_get_str(rows, row, col);
	int64_t hour, minute, second;
	int64_t fraction = 0;
	const char *at;
	stw_day day;

	if (s.len == 0)
		return 0;
	if (str_eq_c(s, "infinity"))
		return STW_USEC_MAX;
	if (str_eq_c(s, "-infinity"))
		return STW_USEC_NEVER;
	at = read_day(s.ptr, &day);
	STW_ASSERT(*at == ' ');
	at = read_digits(at + 1, &hour);
	STW_ASSERT(*at == ':');
	at = read_digits(at + 1, &minute);
	STW_ASSERT(*at == ':');
	at = read_digits(at + 1, &second);
	if (*at == '.') {
		int64_t unit = 100000;

		for (at++; *at >= '0' && *at <= '9'; at++, unit /= 10)
			fraction += (*at - '0') * unit;
	}
	STW_ASSERT(*at == '\0' || strcmp(at, "+00") == 0);
	return (int64_t)day * STW_USEC_DAY + hour * STW_USEC_HOUR +
	       minute * STW_USEC_MIN + second * STW_USEC_SEC + fraction;
}

stw_day
db_get_day(const struct db_rows *rows, int row, int col)
{
	struct str s = db_get_str(rows, row, col);
	const char *at;
	stw_day day;

	if (s.len == 0)
		return 0;
	if (str_eq_c(s, "infinity"))
		return INT32_MAX;
	if (str_eq_c(s, "-infinity"))
		return INT32_MIN;
	at = read_day(s.ptr, &day);
	STW_ASSERT(*at == '\0');
	return day;
}

const char *
db_get_text(const struct db_rows *rows, int row, int col, struct arena *arena)
{
	struct str s = db_get_str(rows, row, col);

	if (db_is_null(rows, row, col))
		return NULL;
	return arena_strndup(arena, s.ptr, s.len);
}

static unsigned char
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned char)(c - '0');
	STW_ASSERT(c >= 'a' && c <= 'f');
	return (unsigned char)(c - 'a' + 10);
}

struct str
db_get_bytes(const struct db_rows *rows, int row, int col, struct arena *arena)
{
	struct str s = db_get_str(rows, row, col);
	unsigned char *data;
	size_t len;

	if (db_is_null(rows, row, col))
		return (struct str){"", 0};
	STW_ASSERT(s.len >= 2 && s.len % 2 == 0 && s.ptr[0] == '\\' && s.ptr[1] == 'x');
	len = (s.len - 2) / 2;
	data = arena_alloc(arena, len + 1);
	for (size_t i = 0; i < len; i++)
		data[i] = (unsigned char)(hex_digit(s.ptr[2 + i * 2]) << 4 |
					  hex_digit(s.ptr[3 + i * 2]));
	return (struct str){(const char *)data, len};
}

/* One element of "{a,"b \"c\"",NULL}"; at is past it afterwards. */
static const char *
read_element(const char **at, struct arena *arena)
{
	const char *from = *at;
	const char *end;
	size_t len = 0;
	char *text;

	if (*from != '"') {
		len = strcspn(from, ",{}");
		STW_ASSERT(from[len] == ',' || from[len] == '}');
		*at = from + len;
		if (len == 4 && memcmp(from, "NULL", 4) == 0)
			return NULL;
		return arena_strndup(arena, from, len);
	}
	for (end = ++from; *end != '"'; end++) {
		if (*end == '\\')
			end++;
		STW_ASSERT(*end != '\0');
	}
	*at = end + 1;
	text = arena_alloc(arena, (size_t)(end - from) + 1);
	for (; from < end; from++) {
		if (*from == '\\')
			from++;
		text[len++] = *from;
	}
	return text;
}

const char **
db_get_texts(
    const struct db_rows *rows, int row, int col, size_t *count, struct arena *arena)
{
	struct str s = db_get_str(rows, row, col);
	const char *at = s.ptr;
	size_t cap = 1;
	size_t n = 0;
	const char **items;

	*count = 0;
	for (size_t i = 0; i < s.len; i++)
		cap += s.ptr[i] == ',';
	items = arena_array(arena, cap, sizeof *items);
	if (s.len == 0 || str_eq_c(s, "{}"))
		return items;
	STW_ASSERT(*at == '{');
	do {
		at++;
		STW_ASSERT(n < cap);
		items[n++] = read_element(&at, arena);
	} while (*at == ',');
	STW_ASSERT(*at == '}' && at[1] == '\0');
	*count = n;
	return items;
}
