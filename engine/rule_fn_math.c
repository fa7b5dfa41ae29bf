/* CEL's math and encoders extensions: math.greatest(), math.bitAnd(), base64.encode() ... */
#include <math.h>
#include <string.h>

#include <sodium.h>

#include "engine/rule_priv.h"

#define FN(name)                                                \
	static void name(struct frame *f, const struct node *n, \
	    const struct rule_value *a, struct rule_value *out)

static void
set_uint(struct rule_value *out, uint64_t u)
{
	out->kind = RULE_V_UINT;
	out->u = u;
}

/* ---- the largest and the smallest --------------------------------------------------- */
/* wanted 1: the largest. The first of equal ones stays; NaN is neither. */
static void
extreme(const struct node *n, const struct rule_value *items, size_t count, int wanted,
    struct rule_value *out)
{
	const struct rule_value *best = items;
	int order;

	for (size_t i = 0; i < count; i++) {
		if (items[i].kind != RULE_V_INT && items[i].kind != RULE_V_UINT &&
		    items[i].kind != RULE_V_DOUBLE) {
			value_fail(
			    out, n, "only numbers have a largest and a smallest");
			return;
		}
		if (value_order(&items[i], best, &order) && order == wanted)
			best = &items[i];
	}
	*out = *best;
}

static void
extreme_of_list(struct frame *f, const struct node *n, const struct rule_list *list,
    int wanted, struct rule_value *out)
{
	struct rule_value *items;

	if (list->count == 0) {
		value_missing(out, n, "an empty list has no such value");
		return;
	}
	items = frame_alloc(f, n, list->count, sizeof *items, out);
	if (items == NULL)
		return;
	for (size_t i = 0; i < list->count; i++)
		list_get(list, i, &items[i]);
	extreme(n, items, list->count, wanted, out);
}

FN(greatest)
{
	(void)f;
	extreme(n, a, (size_t)n->nargs, 1, out);
}

FN(least)
{
	(void)f;
	extreme(n, a, (size_t)n->nargs, -1, out);
}

FN(greatest_of_list)
{
	extreme_of_list(f, n, &a[0].list, 1, out);
}

FN(least_of_list)
{
	extreme_of_list(f, n, &a[0].list, -1, out);
}

/* ---- one number --------------------------------------------------------------------- */
FN(int_abs)
{
	(void)f;
	if (a[0].i == INT64_MIN)
		value_fail(out, n, "int overflow");
	else
		*out = rule_int(a[0].i < 0 ? -a[0].i : a[0].i);
}

FN(same)
{
	(void)f, (void)n;
	*out = a[0];
}

FN(int_sign)
{
	(void)f, (void)n;
	*out = rule_int(a[0].i > 0 ? 1 : a[0].i < 0 ? -1 : 0);
}

FN(uint_sign)
{
	(void)f, (void)n;
	set_uint(out, a[0].u > 0 ? 1 : 0);
}

FN(double_sign)
{
	(void)f, (void)n;
	*out = rule_double(isnan(a[0].d) ? a[0].d
			   : a[0].d > 0  ? 1.0
			   : a[0].d < 0  ? -1.0
					 : 0.0);
}

#define OF_DOUBLE(name, call, make)        \
	FN(name)                           \
	{                                  \
		(void)f, (void)n;          \
		*out = make(call(a[0].d)); \
	}

OF_DOUBLE(double_abs, fabs, rule_double)
OF_DOUBLE(double_ceil, ceil, rule_double)
OF_DOUBLE(double_floor, floor, rule_double)
OF_DOUBLE(double_round, round, rule_double)
OF_DOUBLE(double_trunc, trunc, rule_double)
OF_DOUBLE(double_sqrt, sqrt, rule_double)
OF_DOUBLE(is_nan, isnan, rule_bool)
OF_DOUBLE(is_inf, isinf, rule_bool)
OF_DOUBLE(is_finite, isfinite, rule_bool)

FN(int_sqrt)
{
	(void)f, (void)n;
	*out = rule_double(sqrt((double)a[0].i));
}

FN(uint_sqrt)
{
	(void)f, (void)n;
	*out = rule_double(sqrt((double)a[0].u));
}

/* ---- bits --------------------------------------------------------------------------- */
#define BITS(name, op)                                                            \
	FN(int_##name)                                                            \
	{                                                                         \
		(void)f, (void)n;                                                 \
		*out = rule_int((int64_t)((uint64_t)a[0].i op(uint64_t) a[1].i)); \
	}                                                                         \
	FN(uint_##name)                                                           \
	{                                                                         \
		(void)f, (void)n;                                                 \
		set_uint(out, a[0].u op a[1].u);                                  \
	}

BITS(and, &)
BITS(or, |)
BITS(xor, ^)

FN(int_not)
{
	(void)f, (void)n;
	*out = rule_int(~a[0].i);
}

FN(uint_not)
{
	(void)f, (void)n;
	set_uint(out, ~a[0].u);
}

/* Bits that fall off are gone; zeros come in on either side, for ints too. */
static bool
shift(const struct node *n, uint64_t bits, int64_t by, bool left, uint64_t *to,
    struct rule_value *out)
{
	if (by < 0) {
		value_fail(out, n, "a shift counts from 0");
		return false;
	}
	*to = by > 63 ? 0 : left ? bits << by : bits >> by;
	return true;
}

#define SHIFT(name, left)                                               \
	FN(int_##name)                                                  \
	{                                                               \
		uint64_t to;                                            \
                                                                        \
		(void)f;                                                \
		if (shift(n, (uint64_t)a[0].i, a[1].i, left, &to, out)) \
			*out = rule_int((int64_t)to);                   \
	}                                                               \
	FN(uint_##name)                                                 \
	{                                                               \
		uint64_t to;                                            \
                                                                        \
		(void)f;                                                \
		if (shift(n, a[0].u, a[1].i, left, &to, out))           \
			set_uint(out, to);                              \
	}

SHIFT(shift_left, true)
SHIFT(shift_right, false)

/* ---- base64 -------------------------------------------------------------------------- */
FN(encode)
{
	size_t cap;
	char *text;

	if (a[0].s.len > EVAL_STR_MAX / 2) {
		value_fail(out, n, "the text gets too long");
		return;
	}
	cap = sodium_base64_encoded_len(a[0].s.len, sodium_base64_VARIANT_ORIGINAL);
	text = frame_alloc(f, n, cap, 1, out);
	if (text == NULL)
		return;
	(void)sodium_bin2base64(text, cap, (const unsigned char *)a[0].s.ptr,
	    a[0].s.len, sodium_base64_VARIANT_ORIGINAL);
	*out = rule_string(str_of(text));
}

/* With or without the = at the end. */
FN(decode)
{
	struct str s = a[0].s;
	unsigned char *bytes;
	size_t len;

	while (s.len > 0 && s.ptr[s.len - 1] == '=' && a[0].s.len - s.len < 2)
		s.len--;
	bytes = frame_alloc(f, n, s.len + 1, 1, out);
	if (bytes == NULL)
		return;
	if ((s.len < a[0].s.len && a[0].s.len % 4 != 0) ||
	    sodium_base642bin(bytes, s.len + 1, s.ptr, s.len, NULL, &len, NULL,
		sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0) {
		value_fail(out, n, "not base64");
		return;
	}
	out->kind = RULE_V_BYTES;
	out->s = (struct str){(const char *)bytes, len};
}

#define MOST(name, many, list)                                                   \
	{name, "i:i", many, 0, NULL}, {name, "u:u", many, 0, NULL},              \
	    {name, "d:d", many, 0, NULL}, {name, "ii:i", many, 0, NULL},         \
	    {name, "uu:u", many, 0, NULL}, {name, "dd:d", many, 0, NULL},        \
	    {name, "iii:i", many, 0, NULL}, {name, "uuu:u", many, 0, NULL},      \
	    {name, "ddd:d", many, 0, NULL}, {name, "NN:*", many, 0, NULL},       \
	    {name, "NNN:*", many, 0, NULL}, {name, "NNNN:*", many, 0, NULL},     \
	    {name, "NNNNN:*", many, 0, NULL}, {name, "NNNNNN:*", many, 0, NULL}, \
	    {name, "NNNNNNN:*", many, 0, NULL}, {name, "[i:i", list, 0, NULL},   \
	    {name, "[u:u", list, 0, NULL}, {name, "[d:d", list, 0, NULL},        \
	{                                                                        \
		name, "[*:*", list, FN_DYN, NULL                                 \
	}

const struct rule_overload rule_fns_math[] = {
    MOST("math.greatest", greatest, greatest_of_list),
    MOST("math.least", least, least_of_list),
    {"math.abs", "i:i", int_abs, 0, NULL},
    {"math.abs", "u:u", same, 0, NULL},
    {"math.abs", "d:d", double_abs, 0, NULL},
    {"math.sign", "i:i", int_sign, 0, NULL},
    {"math.sign", "u:u", uint_sign, 0, NULL},
    {"math.sign", "d:d", double_sign, 0, NULL},
    {"math.ceil", "d:d", double_ceil, 0, NULL},
    {"math.floor", "d:d", double_floor, 0, NULL},
    {"math.round", "d:d", double_round, 0, NULL},
    {"math.trunc", "d:d", double_trunc, 0, NULL},
    {"math.sqrt", "d:d", double_sqrt, 0, NULL},
    {"math.sqrt", "i:d", int_sqrt, 0, NULL},
    {"math.sqrt", "u:d", uint_sqrt, 0, NULL},
    {"math.isNaN", "d:b", is_nan, 0, NULL},
    {"math.isInf", "d:b", is_inf, 0, NULL},
    {"math.isFinite", "d:b", is_finite, 0, NULL},
    {"math.bitAnd", "ii:i", int_and, 0, NULL},
    {"math.bitAnd", "uu:u", uint_and, 0, NULL},
    {"math.bitOr", "ii:i", int_or, 0, NULL},
    {"math.bitOr", "uu:u", uint_or, 0, NULL},
    {"math.bitXor", "ii:i", int_xor, 0, NULL},
    {"math.bitXor", "uu:u", uint_xor, 0, NULL},
    {"math.bitNot", "i:i", int_not, 0, NULL},
    {"math.bitNot", "u:u", uint_not, 0, NULL},
    {"math.bitShiftLeft", "ii:i", int_shift_left, 0, NULL},
    {"math.bitShiftLeft", "ui:u", uint_shift_left, 0, NULL},
    {"math.bitShiftRight", "ii:i", int_shift_right, 0, NULL},
    {"math.bitShiftRight", "ui:u", uint_shift_right, 0, NULL},
    {"base64.encode", "y:s", encode, 0, NULL},
    {"base64.decode", "s:y", decode, 0, NULL},
    {0},
};
