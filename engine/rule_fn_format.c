/* "%s has %d".format([...]) and strings.quote(), CEL's strings extension. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rule_priv.h"
#include "engine/rule_text.h"

#define FORMAT_DEPTH     32
#define FORMAT_PRECISION 100 /* digits after the point, at most */

#define FN(name)                                                \
	static void name(struct frame *f, const struct node *n, \
	    const struct rule_value *a, struct rule_value *out)

static void
set_text(
    struct frame *f, const struct node *n, struct buf *text, struct rule_value *out)
{
	char *copy;

	if (text->len > EVAL_STR_MAX) {
		value_fail(out, n, "the text gets too long");
		return;
	}
	copy = frame_alloc(f, n, text->len + 1, 1, out);
	if (copy == NULL)
		return;
	if (text->len > 0)
		memcpy(copy, text->data, text->len);
	*out = rule_string((struct str){copy, text->len});
}

/* ---- %s ------------------------------------------------------------------------------ */
static bool put_value(const struct rule_value *v, int depth, struct buf *to);

static bool
put_list(const struct rule_list *list, int depth, struct buf *to)
{
	buf_add_char(to, '[');
	for (size_t i = 0; i < list->count; i++) {
		struct rule_value item;

		list_get(list, i, &item);
		buf_add_c(to, i > 0 ? ", " : "");
		if (to->len > EVAL_STR_MAX || !put_value(&item, depth + 1, to))
			return false;
	}
	buf_add_char(to, ']');
	return true;
}

struct map_line {
	struct buf key;
	const struct rule_value *value;
};

static int
by_key(const void *a, const void *b)
{
	const struct map_line *x = a, *y = b;

	return str_cmp((struct str){x->key.data, x->key.len},
	    (struct str){y->key.data, y->key.len});
}

/* Entries in the order of their keys' text, so that one map has one text. */
static bool
put_map(const struct rule_map *map, int depth, struct buf *to)
{
	struct map_line *lines = stw_xalloc(map->count * sizeof *lines);
	bool ok = true;

	for (size_t i = 0; i < map->count; i++) {
		buf_init(&lines[i].key);
		lines[i].value = &map->entries[i].value;
		ok &= put_value(&map->entries[i].key, depth + 1, &lines[i].key);
	}
	qsort(lines, map->count, sizeof *lines, by_key);
	buf_add_char(to, '{');
	for (size_t i = 0; i < map->count && ok; i++) {
		buf_add_c(to, i > 0 ? ", " : "");
		buf_add(to, lines[i].key.data, lines[i].key.len);
		buf_add_c(to, ": ");
		ok =
		    to->len <= EVAL_STR_MAX && put_value(lines[i].value, depth + 1, to);
	}
	buf_add_char(to, '}');
	for (size_t i = 0; i < map->count; i++)
		buf_fini(&lines[i].key);
	free(lines);
	return ok;
}

/* False: a value that has no such text. */
static bool
put_value(const struct rule_value *v, int depth, struct buf *to)
{
	if (depth > FORMAT_DEPTH)
		return false;
	switch (v->kind) {
	case RULE_V_LIST:
		return put_list(&v->list, depth, to);
	case RULE_V_MAP:
		return put_map(&v->map, depth, to);
	case RULE_V_BYTES:
		buf_add_str(to, v->s);
		return utf8_valid(v->s);
	case RULE_V_STRING:
	case RULE_V_TYPE:
		buf_add_str(to, v->s);
		return true;
	case RULE_V_BOOL:
	case RULE_V_INT:
	case RULE_V_UINT:
	case RULE_V_DOUBLE:
	case RULE_V_NULL:
	case RULE_V_TIMESTAMP:
	case RULE_V_DURATION:
	case RULE_V_DATE:
	case RULE_V_MONEY:
		rule_value_text(v, to);
		return true;
	case RULE_V_ERROR:
	case RULE_V_OBJECT:
	case RULE_V_SET:
	case RULE_V_OPTIONAL:
		break;
	}
	return false;
}

/* ---- numbers ------------------------------------------------------------------------- */
static bool
is_special(const struct rule_value *v)
{
	return v->kind == RULE_V_DOUBLE && !isfinite(v->d);
}

static bool
put_decimal(const struct rule_value *v, struct buf *to)
{
	if (v->kind != RULE_V_INT && v->kind != RULE_V_UINT && !is_special(v))
		return false;
	rule_value_text(v, to);
	return true;
}

/* %f and %e: digits after the point. */
static bool
put_double(const struct rule_value *v, char clause, int digits, struct buf *to)
{
	if (v->kind != RULE_V_DOUBLE)
		return false;
	if (is_special(v))
		double_format(v->d, to);
	else if (clause == 'f')
		buf_printf(to, "%.*f", digits, v->d);
	else
		buf_printf(to, "%.*e", digits, v->d);
	return true;
}

/* %b %o %x %X of a whole number; 1, 3 or 4 bits a digit. */
static bool
put_bits(const struct rule_value *v, unsigned bits, bool upper, struct buf *to)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	uint64_t rest = v->u;
	char text[65];
	size_t at = sizeof text;

	if (v->kind == RULE_V_BOOL && bits == 1)
		rest = v->b ? 1 : 0;
	else if (v->kind == RULE_V_INT)
		rest = v->i < 0 ? 0 - (uint64_t)v->i : (uint64_t)v->i;
	else if (v->kind != RULE_V_UINT)
		return false;
	do {
		text[--at] = digits[rest & ((UINT64_C(1) << bits) - 1)];
		rest >>= bits;
	} while (rest != 0);
	if (v->kind == RULE_V_INT && v->i < 0)
		buf_add_char(to, '-');
	buf_add(to, text + at, sizeof text - at);
	return true;
}

static bool
put_hex(const struct rule_value *v, bool upper, struct buf *to)
{
	if (v->kind != RULE_V_STRING && v->kind != RULE_V_BYTES)
		return put_bits(v, 4, upper, to);
	for (size_t i = 0; i < v->s.len; i++)
		buf_printf(to, upper ? "%02X" : "%02x", (unsigned char)v->s.ptr[i]);
	return true;
}

static bool
put_clause(const struct rule_value *v, char clause, int digits, struct buf *to)
{
	switch (clause) {
	case 's':
		return put_value(v, 0, to);
	case 'd':
		return put_decimal(v, to);
	case 'f':
	case 'e':
		return put_double(v, clause, digits, to);
	case 'b':
		return put_bits(v, 1, false, to);
	case 'o':
		return put_bits(v, 3, false, to);
	case 'x':
	case 'X':
		return put_hex(v, clause == 'X', to);
	default:
		return false;
	}
}

/* ---- the text round them ------------------------------------------------------------- */
/* "%.3f" from its % on: moves *at behind the clause. False: no such clause. */
static bool
read_clause(struct str s, size_t *at, char *clause, int *digits)
{
	size_t i = *at + 1;

	*digits = 6;
	if (i < s.len && s.ptr[i] == '.') {
		*digits = 0;
		for (i++; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++) {
			*digits = *digits * 10 + (s.ptr[i] - '0');
			if (*digits > FORMAT_PRECISION)
				return false;
		}
	}
	if (i >= s.len || strchr("sdfeboxX", s.ptr[i]) == NULL || s.ptr[i] == '\0')
		return false;
	*clause = s.ptr[i];
	*at = i + 1;
	return true;
}

static void
format_into(struct frame *f, const struct node *n, const struct rule_value *a,
    struct buf *to, struct rule_value *out)
{
	struct str s = a[0].s;
	size_t used = 0;

	for (size_t at = 0; at < s.len && to->len <= EVAL_STR_MAX;) {
		struct rule_value arg;
		char clause;
		int digits;

		if (s.ptr[at] != '%') {
			buf_add_char(to, s.ptr[at++]);
			continue;
		}
		if (at + 1 < s.len && s.ptr[at + 1] == '%') {
			buf_add_char(to, '%');
			at += 2;
			continue;
		}
		if (!read_clause(s, &at, &clause, &digits)) {
			value_fail(
			    out, n, "format() knows %s %d %f %e %b %o %x %X and %%");
			return;
		}
		if (used == a[1].list.count) {
			value_failf(f, out, n,
			    "format() has %zu values; more are needed", used);
			return;
		}
		list_get(&a[1].list, used++, &arg);
		if (!put_clause(&arg, clause, digits, to)) {
			value_failf(f, out, n, "%%%c cannot show %s", clause,
			    value_type_name(&arg));
			return;
		}
	}
	set_text(f, n, to, out);
}

FN(format)
{
	struct buf to;

	buf_init(&to);
	format_into(f, n, a, &to, out);
	buf_fini(&to);
}

/* The string as a literal in double quotes. */
FN(quote)
{
	static const char special[] = "\a\b\f\n\r\t\v\\\"";
	static const char letter[] = "abfnrtv\\\"";
	struct buf to;

	buf_init(&to);
	buf_add_char(&to, '"');
	for (size_t at = 0; at < a[0].s.len;) {
		uint32_t cp = utf8_next(a[0].s, &at);
		const char *hit = cp > 0 && cp < 0x80 ? strchr(special, (int)cp) : NULL;
		char utf8[4];

		if (hit != NULL)
			buf_printf(&to, "\\%c", letter[hit - special]);
		else
			buf_add(&to, utf8, utf8_put(cp, utf8));
	}
	buf_add_char(&to, '"');
	set_text(f, n, &to, out);
	buf_fini(&to);
}

const struct rule_overload rule_fns_format[] = {
    {"format", ".s[*:s", format, 0, NULL},
    {"strings.quote", "s:s", quote, 0, NULL},
    {0},
};
