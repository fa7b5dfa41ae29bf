/* Values as text: the way the language would write them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rule_priv.h"

#define LIST_SHOWN 10 /* further elements become "..." */
#define NEST_SHOWN 6

void
double_format(double d, struct buf *to)
{
	char text[40];

	if (isnan(d) || isinf(d)) {
		buf_add_c(to, isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof text, "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	buf_add_c(to, text);
}

void
duration_format(const struct rule_value *v, struct buf *to)
{
	stw_wide nsec = value_nsec(v);
	stw_wide all = nsec < 0 ? -nsec : nsec;

	unsigned rest = (unsigned)(all % 1000000000);
	int digits = 9;

	buf_printf(to, "%s%lld", nsec < 0 ? "-" : "", (long long)(all / 1000000000));
	if (rest != 0) {
		for (; rest % 10 == 0; rest /= 10)
			digits--;
		buf_printf(to, ".%0*u", digits, rest);
	}
	buf_add_char(to, 's');
}

/* Six digits of a second, nine when there are nanoseconds, none when all are zero. */
void
timestamp_format(const struct rule_value *v, struct buf *to)
{
	char text[STW_USEC_TEXT];
	int64_t usec = v->i % STW_USEC_SEC;

	if (v->nsec == 0) {
		buf_add_c(to, stw_usec_format(v->i, text));
		return;
	}
	usec += usec < 0 ? STW_USEC_SEC : 0;
	(void)stw_usec_format(v->i - usec, text);
	text[strlen(text) - 1] = '\0'; /* the Z */
	buf_printf(to, "%s.%09dZ", text, (int)(usec * NSEC_PER_USEC + v->nsec));
}

void
money_format(int64_t minor, const char *currency, struct buf *to)
{
	uint64_t all = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
	int digits = currency_digits(currency);
	uint64_t unit = 1;

	for (int i = 0; i < digits; i++)
		unit *= 10;
	buf_printf(
	    to, "%s%llu", minor < 0 ? "-" : "", (unsigned long long)(all / unit));
	if (digits > 0)
		buf_printf(to, ".%0*llu", digits, (unsigned long long)(all % unit));
}

static void
print_quoted(struct str s, bool bytes, size_t max, struct buf *to)
{
	size_t shown = s.len > max ? max : s.len;

	while (
	    shown < s.len && shown > 0 && ((unsigned char)s.ptr[shown] & 0xc0) == 0x80)
		shown--;
	buf_add_c(to, bytes ? "b\"" : "\"");
	for (size_t i = 0; i < shown; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c == '"' || c == '\\')
			buf_printf(to, "\\%c", c);
		else if (c == '\n')
			buf_add_c(to, "\\n");
		else if (c == '\t')
			buf_add_c(to, "\\t");
		else if (c == '\r')
			buf_add_c(to, "\\r");
		else if (c < 0x20 || c == 0x7f || (bytes && c > 0x7f))
			buf_printf(to, "\\x%02x", c);
		else
			buf_add_char(to, (char)c);
	}
	buf_add_c(to, shown < s.len ? "\"..." : "\"");
}

static void print_value(
    const struct rule_value *v, size_t max, int nest, struct buf *to);

static void
print_list(const struct rule_list *list, size_t max, int nest, struct buf *to)
{
	buf_add_char(to, '[');
	for (size_t i = 0; i < list->count && i < LIST_SHOWN; i++) {
		struct rule_value item;

		list_get(list, i, &item);
		buf_add_c(to, i > 0 ? ", " : "");
		print_value(&item, max, nest + 1, to);
	}
	if (list->count > LIST_SHOWN)
		buf_printf(to, ", ... (%zu)", list->count);
	buf_add_char(to, ']');
}

static void
print_map(const struct rule_map *map, size_t max, int nest, struct buf *to)
{
	buf_add_char(to, '{');
	for (size_t i = 0; i < map->count && i < LIST_SHOWN; i++) {
		buf_add_c(to, i > 0 ? ", " : "");
		print_value(&map->entries[i].key, max, nest + 1, to);
		buf_add_c(to, ": ");
		print_value(&map->entries[i].value, max, nest + 1, to);
	}
	if (map->count > LIST_SHOWN)
		buf_printf(to, ", ... (%zu)", map->count);
	buf_add_char(to, '}');
}

static void
print_double(double d, struct buf *to)
{
	size_t from = to->len;

	double_format(d, to);
	if (strpbrk(to->data + from, ".eNI") == NULL)
		buf_add_c(to, ".0");
}

static void
print_error(const struct rule_value *v, struct buf *to)
{
	buf_add_c(to, v->error.missing ? "missing" : "error");
	if (v->error.text != NULL)
		buf_printf(to, ": %s", v->error.text);
}

static void
print_value(const struct rule_value *v, size_t max, int nest, struct buf *to)
{
	char text[STW_DAY_TEXT];

	if (nest > NEST_SHOWN) {
		buf_add_c(to, "...");
		return;
	}
	switch (v->kind) {
	case RULE_V_ERROR:
		print_error(v, to);
		break;
	case RULE_V_BOOL:
		buf_add_c(to, v->b ? "true" : "false");
		break;
	case RULE_V_INT:
		buf_printf(to, "%lld", (long long)v->i);
		break;
	case RULE_V_UINT:
		buf_printf(to, "%lluu", (unsigned long long)v->u);
		break;
	case RULE_V_DOUBLE:
		print_double(v->d, to);
		break;
	case RULE_V_STRING:
	case RULE_V_BYTES:
		print_quoted(v->s, v->kind == RULE_V_BYTES, max, to);
		break;
	case RULE_V_NULL:
		buf_add_c(to, "null");
		break;
	case RULE_V_TIMESTAMP:
		buf_add_c(to, "timestamp(\"");
		timestamp_format(v, to);
		buf_add_c(to, "\")");
		break;
	case RULE_V_DURATION:
		buf_add_c(to, "duration(\"");
		duration_format(v, to);
		buf_add_c(to, "\")");
		break;
	case RULE_V_DATE:
		buf_printf(to, "date(\"%s\")", stw_day_format((stw_day)v->i, text));
		break;
	case RULE_V_MONEY:
		buf_add_c(to, "money(\"");
		money_format(v->money.minor, v->money.currency, to);
		buf_printf(to, "\", \"%s\")", v->money.currency);
		break;
	case RULE_V_TYPE:
		buf_add_str(to, v->s);
		break;
	case RULE_V_LIST:
		print_list(&v->list, max, nest, to);
		break;
	case RULE_V_MAP:
		print_map(&v->map, max, nest, to);
		break;
	case RULE_V_OBJECT:
		buf_printf(to, "{row %zu}", v->object.row);
		break;
	case RULE_V_SET:
		buf_printf(to, "segment(\"%s\")", v->set.name);
		break;
	case RULE_V_OPTIONAL:
		buf_add_c(to, v->opt == NULL ? "optional.none(" : "optional.of(");
		if (v->opt != NULL)
			print_value(v->opt, max, nest + 1, to);
		buf_add_char(to, ')');
		break;
	}
}

void
rule_value_print(const struct rule_value *v, struct buf *to)
{
	print_value(v, 200, 0, to);
}

/* ---- errors ------------------------------------------------------------------ */
/* Columns a terminal gives a character: two for East Asian wide ones. */
static int
cell_width(uint32_t cp)
{
	return (cp >= 0x1100 && cp <= 0x115f) || (cp >= 0x2e80 && cp <= 0xa4cf) ||
		       (cp >= 0xac00 && cp <= 0xd7a3) ||
		       (cp >= 0xf900 && cp <= 0xfaff) ||
		       (cp >= 0xfe30 && cp <= 0xfe6f) ||
		       (cp >= 0xff00 && cp <= 0xff60) ||
		       (cp >= 0xffe0 && cp <= 0xffe6) ||
		       (cp >= 0x20000 && cp <= 0x3fffd)
		   ? 2
		   : 1;
}

int
utf8_cells(struct str s)
{
	int cells = 0;

	for (size_t at = 0; at < s.len;)
		cells += cell_width(utf8_next(s, &at));
	return cells;
}

void
rule_error_print(struct str text, const struct stw_err *err, struct buf *to)
{
	struct str line = text;
	const char *newline;
	size_t at = 0;

	if (err->line <= 0) {
		buf_printf(to, "%s\n", err->text);
		return;
	}
	for (int i = 1; i < err->line && line.len > 0; i++) {
		newline = memchr(line.ptr, '\n', line.len);
		at = newline == NULL ? line.len : (size_t)(newline - line.ptr) + 1;
		line = (struct str){line.ptr + at, line.len - at};
	}
	newline = line.len > 0 ? memchr(line.ptr, '\n', line.len) : NULL;
	if (newline != NULL)
		line.len = (size_t)(newline - line.ptr);
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	buf_add_str(to, line);
	buf_add_char(to, '\n');
	at = 0;
	for (int column = 1; column < err->column; column++) {
		uint32_t cp = at < line.len ? utf8_next(line, &at) : ' ';

		buf_add_c(to, cp == '\t' ? "\t" : cell_width(cp) == 2 ? "  " : " ");
	}
	buf_printf(to, "^\n%d:%d: %s\n", err->line, err->column, err->text);
}
