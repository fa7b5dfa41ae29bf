/* Money: int64 minor units and a currency; every division rounds halves to even. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rule_priv.h"

/* ---- exact arithmetic ---------------------------------------------------------- */
bool
wide_fits(stw_wide v, int64_t *out)
{
	*out = (int64_t)v;
	return v >= INT64_MIN && v <= INT64_MAX;
}

stw_wide
divide_half_even(stw_wide n, stw_wide d)
{
	stw_wide q = n / d, r = n % d;
	bool negative = (n < 0) != (d < 0);

	if (r < 0)
		r = -r;
	if (d < 0)
		d = -d;
	/* 2r against d, without the doubling that could overflow. */
	if (r > d - r || (r == d - r && (q & 1) != 0))
		q += negative ? -1 : 1;
	return q;
}

/* The factors people write, 0.7 or 1.05: a decimal of at most 15 digits that reads back as
 * d is the one that printing d gives, and it is found without printing. */
static bool
decimal_of_short(double d, struct decimal *out)
{
	static const double scales[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

	for (int places = 0; places < (int)STW_ARRAY_LEN(scales); places++) {
		double scale = scales[places];
		double whole = round(d * scale);

		if (!(fabs(whole) < 1e15))
			return false;
		if (whole / scale != d)
			continue;
		*out = (struct decimal){.digits = (int64_t)whole, .exp10 = -places};
		while (out->digits != 0 && out->digits % 10 == 0) {
			out->digits /= 10;
			out->exp10++;
		}
		return true;
	}
	return false;
}

bool
decimal_of(double d, struct decimal *out)
{
	char digits[32];
	size_t used = 0;
	struct buf text;
	bool negative;

	if (!isfinite(d))
		return false;
	if (decimal_of_short(d, out))
		return true;
	*out = (struct decimal){0};
	buf_init(&text);
	double_format(d, &text);
	negative = text.data[0] == '-';
	for (size_t i = negative ? 1 : 0, point = SIZE_MAX; i < text.len; i++) {
		char c = text.data[i];

		if (c == 'e') {
			out->exp10 += (int)strtol(text.data + i + 1, NULL, 10);
			break;
		}
		if (c == '.') {
			point = i;
			continue;
		}
		digits[used++] = c;
		if (point != SIZE_MAX)
			out->exp10--;
	}
	for (; used > 1 && digits[used - 1] == '0'; used--)
		out->exp10++;
	for (size_t i = 0; i < used; i++)
		out->digits = out->digits * 10 + (digits[i] - '0');
	if (negative)
		out->digits = -out->digits;
	buf_fini(&text);
	return true;
}

/* The common case in 64 bits, where dividing is far cheaper. */
static int64_t
divide_half_even_64(int64_t n, int64_t d)
{
	int64_t q = n / d, r = n % d;

	if (r < 0)
		r = -r;
	if (r > d - r || (r == d - r && (q & 1) != 0))
		q += n < 0 ? -1 : 1;
	return q;
}

/* |minor * digits| < 2^63 * 10^17 < 2^120, so 38 places to the right leave nothing. */
bool
money_scale(int64_t minor, struct decimal by, int64_t *out)
{
	stw_wide v = (stw_wide)minor * by.digits;
	stw_wide unit = 1;
	int64_t small_unit = 1;

	if (v == 0 || by.exp10 < -37) {
		*out = 0;
		return true;
	}
	for (int e = by.exp10; e > 0; e--) {
		v *= 10;
		if (v < INT64_MIN || v > INT64_MAX)
			return false;
	}
	if (by.exp10 > -19 && v > INT64_MIN && v <= INT64_MAX) {
		for (int e = by.exp10; e < 0; e++)
			small_unit *= 10;
		*out = divide_half_even_64((int64_t)v, small_unit);
		return true;
	}
	for (int e = by.exp10; e < 0; e++)
		unit *= 10;
	return wide_fits(divide_half_even(v, unit), out);
}

bool
money_divide(int64_t minor, int64_t by, int64_t *out)
{
	return wide_fits(divide_half_even(minor, by), out);
}

/* ---- currencies ---------------------------------------------------------------- */
int
currency_digits(const char *currency)
{
	static const char none[] =
	    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV "
	    "XAF XOF XPF";
	static const char three[] = "BHD IQD JOD KWD LYD OMR TND";

	if (strstr(none, currency) != NULL)
		return 0;
	return strstr(three, currency) != NULL ? 3 : 2;
}

bool
currency_valid(struct str code)
{
	if (code.len != 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (code.ptr[i] < 'A' || code.ptr[i] > 'Z')
			return false;
	}
	return true;
}

bool
money_parse(struct str text, const char *currency, int64_t *minor)
{
	int places = currency_digits(currency);
	bool negative = text.len > 0 && text.ptr[0] == '-';
	size_t at = negative || (text.len > 0 && text.ptr[0] == '+') ? 1 : 0;
	int after = -1; /* digits after the point */
	stw_wide v = 0;
	bool any = false;

	for (; at < text.len; at++) {
		char c = text.ptr[at];

		if (c == '.' && after < 0 && any) {
			after = 0;
			continue;
		}
		if (c < '0' || c > '9')
			return false;
		any = true;
		if (after >= places) { /* further places must be zeros */
			if (c != '0')
				return false;
			continue;
		}
		v = v * 10 + (c - '0');
		if (v > (stw_wide)INT64_MAX + 1)
			return false;
		if (after >= 0)
			after++;
	}
	if (!any || after == 0)
		return false;
	for (after = after < 0 ? 0 : after; after < places; after++)
		v *= 10;
	return wide_fits(negative ? -v : v, minor);
}

/* ---- functions ----------------------------------------------------------------- */
#define FN(name)                                                \
	static void name(struct frame *f, const struct node *n, \
	    const struct rule_value *a, struct rule_value *out)

static const char overflow_text[] = "money overflow";

static void
set_money(struct rule_value *out, const struct node *n, bool ok, int64_t minor,
    const char *currency)
{
	if (!ok) {
		value_fail(out, n, overflow_text);
		return;
	}
	out->kind = RULE_V_MONEY;
	out->money.minor = minor;
	memcpy(out->money.currency, currency, 4);
}

static bool
same_currency(const struct rule_value *a, struct frame *f, const struct node *n,
    struct rule_value *out)
{
	if (memcmp(a[0].money.currency, a[1].money.currency, 4) == 0)
		return true;
	value_failf(f, out, n, "the amounts are in different currencies (%s and %s)",
	    a[0].money.currency, a[1].money.currency);
	return false;
}

FN(money_add)
{
	int64_t r;
	bool bad = __builtin_add_overflow(a[0].money.minor, a[1].money.minor, &r);

	if (same_currency(a, f, n, out))
		set_money(out, n, !bad, r, a[0].money.currency);
}

FN(money_subtract)
{
	int64_t r;
	bool bad = __builtin_sub_overflow(a[0].money.minor, a[1].money.minor, &r);

	if (same_currency(a, f, n, out))
		set_money(out, n, !bad, r, a[0].money.currency);
}

FN(money_negate)
{
	int64_t r;
	bool bad = __builtin_sub_overflow(0, a[0].money.minor, &r);

	(void)f;
	set_money(out, n, !bad, r, a[0].money.currency);
}

static void
times_int(const struct rule_value *m, int64_t by, const struct node *n,
    struct rule_value *out)
{
	int64_t r;
	bool bad = __builtin_mul_overflow(m->money.minor, by, &r);

	set_money(out, n, !bad, r, m->money.currency);
}

static void
times_double(
    const struct rule_value *m, double by, const struct node *n, struct rule_value *out)
{
	struct decimal factor;
	int64_t r = 0;

	bool ok;

	if (!decimal_of(by, &factor)) {
		value_fail(out, n, "money times a number that is not finite");
		return;
	}
	ok = money_scale(m->money.minor, factor, &r);
	set_money(out, n, ok, r, m->money.currency);
}

FN(money_times_int)
{
	(void)f;
	times_int(&a[0], a[1].i, n, out);
}

FN(int_times_money)
{
	(void)f;
	times_int(&a[1], a[0].i, n, out);
}

FN(money_times_double)
{
	(void)f;
	times_double(&a[0], a[1].d, n, out);
}

FN(double_times_money)
{
	(void)f;
	times_double(&a[1], a[0].d, n, out);
}

FN(money_over_int)
{
	int64_t r = 0;

	bool ok;

	(void)f;
	if (a[1].i == 0) {
		value_fail(out, n, "division by zero");
		return;
	}
	ok = money_divide(a[0].money.minor, a[1].i, &r);
	set_money(out, n, ok, r, a[0].money.currency);
}

FN(money_over_money)
{
	if (!same_currency(a, f, n, out))
		return;
	if (a[1].money.minor == 0) {
		value_fail(out, n, "division by zero");
		return;
	}
	out->kind = RULE_V_DOUBLE;
	out->d = (double)a[0].money.minor / (double)a[1].money.minor;
}

/* money(x) and money(x, "CNY") of text, whole units and doubles. */
static void
money_make(struct frame *f, const struct node *n, const struct rule_value *x,
    const char *currency, struct rule_value *out)
{
	struct decimal d = {0};
	int64_t minor = 0;
	int64_t unit = 1;
	bool ok;

	for (int i = currency_digits(currency); i > 0; i--)
		unit *= 10;
	if (x->kind == RULE_V_STRING) {
		if (money_parse(x->s, currency, &minor))
			set_money(out, n, true, minor, currency);
		else
			value_failf(f, out, n,
			    "not an amount of %s; write it as \"1234%s\"%s", currency,
			    unit == 1     ? ""
			    : unit == 100 ? ".56"
					  : ".567",
			    slip_amount(f->arena, x->s));
		return;
	}
	if (x->kind == RULE_V_INT)
		ok = !__builtin_mul_overflow(x->i, unit, &minor);
	else
		ok = decimal_of(x->d, &d) && money_scale(unit, d, &minor);
	set_money(out, n, ok, minor, currency);
}

FN(money_default)
{
	money_make(f, n, &a[0], f->rule->currency, out);
}

FN(money_in)
{
	char currency[4] = {0};

	if (!currency_valid(a[1].s)) {
		value_fail(
		    out, n, "a currency is three capital letters, such as \"CNY\"");
		return;
	}
	memcpy(currency, a[1].s.ptr, 3);
	money_make(f, n, &a[0], currency, out);
}

FN(money_currency)
{
	char *text = frame_alloc(f, n, 4, 1, out);

	if (text == NULL)
		return;
	memcpy(text, a[0].money.currency, 4);
	out->kind = RULE_V_STRING;
	out->s = (struct str){text, 3};
}

FN(money_abs)
{
	if (a[0].money.minor < 0)
		money_negate(f, n, a, out);
	else
		*out = a[0];
}

const struct rule_overload rule_fns_money[] = {
    {"+", "mm:m", money_add, 0, NULL},
    {"-", "mm:m", money_subtract, 0, NULL},
    {"neg", "m:m", money_negate, 0, NULL},
    {"*", "mi:m", money_times_int, 0, NULL},
    {"*", "im:m", int_times_money, 0, NULL},
    {"*", "md:m", money_times_double, 0, NULL},
    {"*", "dm:m", double_times_money, 0, NULL},
    {"/", "mi:m", money_over_int, 0, NULL},
    {"/", "mm:d", money_over_money, 0, NULL},
    {"money", "s:m", money_default, FN_LITERAL, NULL},
    {"money", "i:m", money_default, FN_LITERAL, NULL},
    {"money", "d:m", money_default, FN_LITERAL, NULL},
    {"money", "ss:m", money_in, FN_LITERAL, NULL},
    {"money", "is:m", money_in, FN_LITERAL, NULL},
    {"money", "ds:m", money_in, FN_LITERAL, NULL},
    {"currency", ".m:s", money_currency, 0, NULL},
    {"abs", "m:m", money_abs, 0, NULL},
    {0},
};
