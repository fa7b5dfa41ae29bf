/* Conversions: int(x), string(x), type(x), dyn(x) ... What does not fit fails. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rule_priv.h"

#define FN(name)                                                \
	static void name(struct frame *f, const struct node *n, \
	    const struct rule_value *a, struct rule_value *out)

static void
set_int(struct rule_value *out, int64_t i)
{
	out->kind = RULE_V_INT;
	out->i = i;
}

static void
set_uint(struct rule_value *out, uint64_t u)
{
	out->kind = RULE_V_UINT;
	out->u = u;
}

static void
set_double(struct rule_value *out, double d)
{
	out->kind = RULE_V_DOUBLE;
	out->d = d;
}

static void
set_text(
    struct frame *f, const struct node *n, struct buf *text, struct rule_value *out)
{
	char *copy = frame_alloc(f, n, text->len + 1, 1, out);

	if (copy != NULL) {
		if (text->len > 0)
			memcpy(copy, text->data, text->len);
		out->kind = RULE_V_STRING;
		out->s = (struct str){copy, text->len};
	}
	buf_fini(text);
}

FN(same)
{
	(void)f, (void)n;
	*out = a[0];
}

/* ---- numbers ------------------------------------------------------------------- */
/* Decimal digits with a sign; false: something else, or too large. */
static bool
integer_parse(struct str s, bool *negative, uint64_t *magnitude)
{
	size_t at = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+') ? 1 : 0;

	*negative = at == 1 && s.ptr[0] == '-';
	*magnitude = 0;
	if (at == s.len)
		return false;
	for (; at < s.len; at++) {
		uint64_t digit = (uint64_t)(s.ptr[at] - '0');

		if (s.ptr[at] < '0' || s.ptr[at] > '9' ||
		    __builtin_mul_overflow(*magnitude, 10, magnitude) ||
		    __builtin_add_overflow(*magnitude, digit, magnitude))
			return false;
	}
	return true;
}

FN(int_of_uint)
{
	(void)f;
	if (a[0].u > INT64_MAX)
		value_fail(out, n, "int overflow");
	else
		set_int(out, (int64_t)a[0].u);
}

FN(int_of_double)
{
	(void)f;
	if (!(a[0].d > -9223372036854775808.0 && a[0].d < 9223372036854775808.0))
		value_fail(out, n, "int overflow");
	else
		set_int(out, (int64_t)a[0].d);
}

FN(int_of_string)
{
	uint64_t magnitude;
	bool negative;

	(void)f;
	if (!integer_parse(a[0].s, &negative, &magnitude) ||
	    magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
		value_fail(out, n, "not a whole number");
	else
		set_int(out, negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude);
}

FN(int_of_timestamp)
{
	int64_t sec = a[0].i / STW_USEC_SEC;

	(void)f, (void)n;
	set_int(out, a[0].i % STW_USEC_SEC < 0 ? sec - 1 : sec);
}

FN(uint_of_int)
{
	(void)f;
	if (a[0].i < 0)
		value_fail(out, n, "uint overflow");
	else
		set_uint(out, (uint64_t)a[0].i);
}

FN(uint_of_double)
{
	(void)f;
	if (!(a[0].d > -1.0 && a[0].d < 18446744073709551616.0))
		value_fail(out, n, "uint overflow");
	else
		set_uint(out, (uint64_t)a[0].d);
}

FN(uint_of_string)
{
	uint64_t magnitude;
	bool negative;

	(void)f;
	if (!integer_parse(a[0].s, &negative, &magnitude) || negative)
		value_fail(out, n, "not a whole number");
	else
		set_uint(out, magnitude);
}

FN(double_of_int)
{
	(void)f, (void)n;
	set_double(out, (double)a[0].i);
}

FN(double_of_uint)
{
	(void)f, (void)n;
	set_double(out, (double)a[0].u);
}

FN(double_of_string)
{
	static const char allowed[] = "0123456789+-.eE";
	char text[64];
	char *end;
	double d;

	(void)f;
	if (str_eq_c(a[0].s, "NaN") || str_eq_c(a[0].s, "Infinity") ||
	    str_eq_c(a[0].s, "-Infinity")) {
		d = a[0].s.ptr[0] == 'N' ? (double)NAN : (double)INFINITY;
		set_double(out, a[0].s.ptr[0] == '-' ? -d : d);
		return;
	}
	if (a[0].s.len == 0 || a[0].s.len >= sizeof text) {
		value_fail(out, n, "not a number");
		return;
	}
	memcpy(text, a[0].s.ptr, a[0].s.len);
	text[a[0].s.len] = '\0';
	d = strtod(text, &end);
	if (strspn(text, allowed) != a[0].s.len || *end != '\0' || end == text)
		value_fail(out, n, "not a number");
	else
		set_double(out, d);
}

/* In whole units: money("12.30") gives 12.3. */
FN(double_of_money)
{
	double unit = 1;

	(void)f, (void)n;
	for (int i = currency_digits(a[0].money.currency); i > 0; i--)
		unit *= 10;
	set_double(out, (double)a[0].money.minor / unit);
}

FN(bool_of_string)
{
	static const char *const words[][2] = {{"true", "false"}, {"TRUE", "FALSE"},
	    {"True", "False"}, {"t", "f"}, {"1", "0"}};

	(void)f;
	for (size_t i = 0; i < STW_ARRAY_LEN(words); i++) {
		for (int no = 0; no < 2; no++) {
			if (str_eq_c(a[0].s, words[i][no])) {
				*out = rule_bool(no == 0);
				return;
			}
		}
	}
	value_fail(out, n, "not a truth value; write \"true\" or \"false\"");
}

/* ---- text ---------------------------------------------------------------------- */
FN(string_of_int)
{
	struct buf text;

	buf_init(&text);
	buf_printf(&text, "%lld", (long long)a[0].i);
	set_text(f, n, &text, out);
}

FN(string_of_uint)
{
	struct buf text;

	buf_init(&text);
	buf_printf(&text, "%llu", (unsigned long long)a[0].u);
	set_text(f, n, &text, out);
}

FN(string_of_double)
{
	struct buf text;

	buf_init(&text);
	double_format(a[0].d, &text);
	set_text(f, n, &text, out);
}

FN(string_of_bool)
{
	(void)f, (void)n;
	*out = rule_string(str_of(a[0].b ? "true" : "false"));
}

FN(string_of_bytes)
{
	(void)f;
	if (!utf8_valid(a[0].s)) {
		value_fail(out, n, "the bytes are not UTF-8");
		return;
	}
	*out = rule_string(a[0].s);
}

FN(string_of_timestamp)
{
	struct buf to;

	buf_init(&to);
	timestamp_format(&a[0], &to);
	set_text(f, n, &to, out);
}

FN(string_of_duration)
{
	struct buf text;

	buf_init(&text);
	duration_format(&a[0], &text);
	set_text(f, n, &text, out);
}

FN(string_of_date)
{
	char text[STW_DAY_TEXT];
	struct buf to;

	buf_init(&to);
	buf_add_c(&to, stw_day_format((stw_day)a[0].i, text));
	set_text(f, n, &to, out);
}

/* "1234.56 CNY" */
FN(string_of_money)
{
	struct buf text;

	buf_init(&text);
	money_format(a[0].money.minor, a[0].money.currency, &text);
	buf_printf(&text, " %s", a[0].money.currency);
	set_text(f, n, &text, out);
}

FN(bytes_of_string)
{
	(void)f, (void)n;
	out->kind = RULE_V_BYTES;
	out->s = a[0].s;
}

/* What type() calls it, the names of CEL's specification. */
static const char *
value_type_value(const struct rule_value *v)
{
	if (v->kind == RULE_V_NULL)
		return "null_type";
	if (v->kind == RULE_V_TIMESTAMP)
		return "google.protobuf.Timestamp";
	if (v->kind == RULE_V_DURATION)
		return "google.protobuf.Duration";
	if (v->kind == RULE_V_OPTIONAL)
		return "optional_type";
	return value_type_name(v);
}

FN(type_of)
{
	(void)f, (void)n;
	out->kind = RULE_V_TYPE;
	out->s = str_of(value_type_value(&a[0]));
}

const struct rule_overload rule_fns_convert[] = {
    {"int", "i:i", same, 0, NULL},
    {"int", "u:i", int_of_uint, 0, NULL},
    {"int", "d:i", int_of_double, 0, NULL},
    {"int", "s:i", int_of_string, 0, NULL},
    {"int", "t:i", int_of_timestamp, 0, NULL},
    {"uint", "u:u", same, 0, NULL},
    {"uint", "i:u", uint_of_int, 0, NULL},
    {"uint", "d:u", uint_of_double, 0, NULL},
    {"uint", "s:u", uint_of_string, 0, NULL},
    {"double", "d:d", same, 0, NULL},
    {"double", "i:d", double_of_int, 0, NULL},
    {"double", "u:d", double_of_uint, 0, NULL},
    {"double", "s:d", double_of_string, 0, NULL},
    {"double", "m:d", double_of_money, 0, NULL},
    {"bool", "b:b", same, 0, NULL},
    {"bool", "s:b", bool_of_string, 0, NULL},
    {"string", "s:s", same, 0, NULL},
    {"string", "i:s", string_of_int, 0, NULL},
    {"string", "u:s", string_of_uint, 0, NULL},
    {"string", "d:s", string_of_double, 0, NULL},
    {"string", "b:s", string_of_bool, 0, NULL},
    {"string", "y:s", string_of_bytes, 0, NULL},
    {"string", "t:s", string_of_timestamp, 0, NULL},
    {"string", "r:s", string_of_duration, 0, NULL},
    {"string", "a:s", string_of_date, 0, NULL},
    {"string", "m:s", string_of_money, 0, NULL},
    {"bytes", "y:y", same, 0, NULL},
    {"bytes", "s:y", bytes_of_string, 0, NULL},
    {"timestamp", "t:t", same, 0, NULL},
    {"duration", "r:r", same, 0, NULL},
    {"date", "a:a", same, 0, NULL},
    {"money", "m:m", same, 0, NULL},
    {"type", "*:T", type_of, 0, NULL},
    {"dyn", "*:*", same, 0, NULL},
    {0},
};
