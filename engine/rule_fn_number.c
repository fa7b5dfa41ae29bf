/* Comparison, arithmetic and `in`. Overflow and division by zero fail. */
#include <math.h>

#include "engine/rule_priv.h"

#define BINARY(name)                                            \
	static void name(struct frame *f, const struct node *n, \
	    const struct rule_value *a, struct rule_value *out)

static void
set_bool(struct rule_value *out, bool b)
{
	out->kind = RULE_V_BOOL;
	out->b = b;
}

/* ---- comparison ---------------------------------------------------------------- */
static const char currencies_differ[] = "the amounts are in different currencies";

/* False for the order of NaN. */
static bool
is_order(int order)
{
	return order >= -1;
}

/* Of two timestamps or two durations. */
static int
time_order(const struct rule_value *a, const struct rule_value *b)
{
	if (a->i != b->i)
		return a->i < b->i ? -1 : 1;
	return a->nsec - b->nsec;
}

#define COMPARE(suffix, op)                                                        \
	BINARY(int_##suffix)                                                       \
	{                                                                          \
		(void)f, (void)n;                                                  \
		set_bool(out, a[0].i op a[1].i);                                   \
	}                                                                          \
	BINARY(double_##suffix)                                                    \
	{                                                                          \
		(void)f, (void)n;                                                  \
		set_bool(out, a[0].d op a[1].d);                                   \
	}                                                                          \
	BINARY(time_##suffix)                                                      \
	{                                                                          \
		(void)f, (void)n;                                                  \
		set_bool(out, time_order(&a[0], &a[1]) op 0);                      \
	}                                                                          \
	BINARY(any_##suffix)                                                       \
	{                                                                          \
		int order;                                                         \
                                                                                   \
		(void)f;                                                           \
		if (!value_order(&a[0], &a[1], &order))                            \
			value_fail(out, n,                                         \
			    a[0].kind == RULE_V_MONEY && a[1].kind == RULE_V_MONEY \
				? currencies_differ                                \
				: "no order between these values");                \
		else                                                               \
			set_bool(out, is_order(order) && order op 0);              \
	}

COMPARE(less, <)
COMPARE(less_equal, <=)
COMPARE(greater, >)
COMPARE(greater_equal, >=)

BINARY(int_equal)
{
	(void)f, (void)n;
	set_bool(out, a[0].i == a[1].i);
}

BINARY(int_differ)
{
	(void)f, (void)n;
	set_bool(out, a[0].i != a[1].i);
}

BINARY(time_equal)
{
	(void)f, (void)n;
	set_bool(out, time_order(&a[0], &a[1]) == 0);
}

BINARY(time_differ)
{
	(void)f, (void)n;
	set_bool(out, time_order(&a[0], &a[1]) != 0);
}

BINARY(string_equal)
{
	(void)f, (void)n;
	set_bool(out, str_eq(a[0].s, a[1].s));
}

BINARY(string_differ)
{
	(void)f, (void)n;
	set_bool(out, !str_eq(a[0].s, a[1].s));
}

BINARY(any_equal)
{
	int same = value_equal(&a[0], &a[1]);

	(void)f;
	if (same < 0)
		value_fail(out, n, currencies_differ);
	else
		set_bool(out, same == 1);
}

BINARY(any_differ)
{
	int same = value_equal(&a[0], &a[1]);

	(void)f;
	if (same < 0)
		value_fail(out, n, currencies_differ);
	else
		set_bool(out, same == 0);
}

/* ---- in ------------------------------------------------------------------------ */
BINARY(in_list)
{
	bool failed = false;

	(void)f;
	for (size_t i = 0; i < a[1].list.count; i++) {
		struct rule_value item;
		int same;

		list_get(&a[1].list, i, &item);
		same = value_equal(&a[0], &item);
		if (same == 1) {
			set_bool(out, true);
			return;
		}
		failed |= same < 0;
	}
	if (failed)
		value_fail(out, n, currencies_differ);
	else
		set_bool(out, false);
}

BINARY(in_map)
{
	(void)f, (void)n;
	set_bool(out, map_find(&a[1].map, &a[0]) != NULL);
}

RULE_FN(rule_fn_in_segment)
{
	bool known = false;
	bool inside;

	if (f->ctx == NULL || f->ctx->in_segment == NULL) {
		value_fail(out, n, "segments are not available here");
		return;
	}
	inside = f->ctx->in_segment(f->ctx->host, a[1].set.name, &a[0], &known);
	if (known)
		set_bool(out, inside);
	else
		value_missing(out, n, "the segment is not known here");
}

BINARY(in_any)
{
	if (a[1].kind == RULE_V_LIST)
		in_list(f, n, a, out);
	else if (a[1].kind == RULE_V_MAP)
		in_map(f, n, a, out);
	else if (a[1].kind == RULE_V_SET)
		rule_fn_in_segment(f, n, a, out);
	else
		value_failf(f, out, n, "nothing is in a %s", value_type_name(&a[1]));
}

#define ORDERED(op, suffix)                                                            \
	{op, "ii:b", int_##suffix, 0, NULL}, {op, "dd:b", double_##suffix, 0, NULL},   \
	    {op, "NN:b", any_##suffix, 0, NULL}, {op, "tt:b", time_##suffix, 0, NULL}, \
	    {op, "aa:b", int_##suffix, 0, NULL}, {op, "rr:b", time_##suffix, 0, NULL}, \
	    {op, "mm:b", any_##suffix, 0, NULL}, {op, "ss:b", any_##suffix, 0, NULL},  \
	    {op, "yy:b", any_##suffix, 0, NULL}, {op, "bb:b", any_##suffix, 0, NULL},  \
	{                                                                              \
		op, "**:b", any_##suffix, FN_DYN, NULL                                 \
	}

#define EQUALITY(op, suffix)                                                           \
	{op, "ii:b", int_##suffix, 0, NULL}, {op, "ss:b", string_##suffix, 0, NULL},   \
	    {op, "tt:b", time_##suffix, 0, NULL}, {op, "aa:b", int_##suffix, 0, NULL}, \
	    {op, "rr:b", time_##suffix, 0, NULL}, {op, "NN:b", any_##suffix, 0, NULL}, \
	    {op, "AA:b", any_##suffix, 0, NULL},                                       \
	{                                                                              \
		op, "**:b", any_##suffix, FN_DYN, NULL                                 \
	}

const struct rule_overload rule_fns_compare[] = {
    ORDERED("<", less),
    ORDERED("<=", less_equal),
    ORDERED(">", greater),
    ORDERED(">=", greater_equal),
    EQUALITY("==", equal),
    EQUALITY("!=", differ),
    {"in", "A[A:b", in_list, 0, NULL},
    {"in", "A{AB:b", in_map, 0, NULL},
    {"in", "sS:b", rule_fn_in_segment, FN_CONTEXT, NULL},
    {"in", "iS:b", rule_fn_in_segment, FN_CONTEXT, NULL},
    {"in", "**:b", in_any, FN_DYN | FN_CONTEXT, NULL},
    {0},
};

/* ---- arithmetic ---------------------------------------------------------------- */
static void
set_int(struct rule_value *out, const struct node *n, bool overflow, int64_t i)
{
	if (overflow) {
		value_fail(out, n, "int overflow");
		return;
	}
	out->kind = RULE_V_INT;
	out->i = i;
}

static void
set_uint(struct rule_value *out, const struct node *n, bool overflow, uint64_t u)
{
	if (overflow) {
		value_fail(out, n, "uint overflow");
		return;
	}
	out->kind = RULE_V_UINT;
	out->u = u;
}

static void
set_double(struct rule_value *out, double d)
{
	out->kind = RULE_V_DOUBLE;
	out->d = d;
}

#define ARITHMETIC(suffix, builtin, op)                      \
	BINARY(int_##suffix)                                 \
	{                                                    \
		int64_t r;                                   \
		bool overflow = builtin(a[0].i, a[1].i, &r); \
                                                             \
		(void)f;                                     \
		set_int(out, n, overflow, r);                \
	}                                                    \
	BINARY(uint_##suffix)                                \
	{                                                    \
		uint64_t r;                                  \
		bool overflow = builtin(a[0].u, a[1].u, &r); \
                                                             \
		(void)f;                                     \
		set_uint(out, n, overflow, r);               \
	}                                                    \
	BINARY(double_##suffix)                              \
	{                                                    \
		(void)f, (void)n;                            \
		set_double(out, a[0].d op a[1].d);           \
	}

ARITHMETIC(add, __builtin_add_overflow, +)
ARITHMETIC(subtract, __builtin_sub_overflow, -)
ARITHMETIC(multiply, __builtin_mul_overflow, *)

BINARY(int_divide)
{
	(void)f;
	if (a[1].i == 0)
		value_fail(out, n, "division by zero");
	else
		set_int(out, n, a[0].i == INT64_MIN && a[1].i == -1,
		    a[1].i == -1 ? (int64_t)(0 - (uint64_t)a[0].i) : a[0].i / a[1].i);
}

BINARY(int_modulo)
{
	(void)f;
	if (a[1].i == 0)
		value_fail(out, n, "modulus by zero");
	else
		set_int(out, n, a[0].i == INT64_MIN && a[1].i == -1,
		    a[1].i == -1 ? 0 : a[0].i % a[1].i);
}

BINARY(uint_divide)
{
	(void)f;
	if (a[1].u == 0)
		value_fail(out, n, "division by zero");
	else
		set_uint(out, n, false, a[0].u / a[1].u);
}

BINARY(uint_modulo)
{
	(void)f;
	if (a[1].u == 0)
		value_fail(out, n, "modulus by zero");
	else
		set_uint(out, n, false, a[0].u % a[1].u);
}

BINARY(double_divide)
{
	(void)f, (void)n;
	set_double(out, a[0].d / a[1].d);
}

BINARY(int_negate)
{
	int64_t r;
	bool overflow = __builtin_sub_overflow(0, a[0].i, &r);

	(void)f;
	set_int(out, n, overflow, r);
}

BINARY(double_negate)
{
	(void)f, (void)n;
	set_double(out, -a[0].d);
}

BINARY(not )
{
	(void)f, (void)n;
	set_bool(out, !a[0].b);
}

BINARY(int_abs)
{
	(void)f;
	set_int(out, n, a[0].i == INT64_MIN,
	    a[0].i < 0 ? (int64_t)(0 - (uint64_t)a[0].i) : a[0].i);
}

BINARY(double_abs)
{
	(void)f, (void)n;
	set_double(out, fabs(a[0].d));
}

BINARY(double_floor)
{
	(void)f, (void)n;
	set_double(out, floor(a[0].d));
}

BINARY(double_ceil)
{
	(void)f, (void)n;
	set_double(out, ceil(a[0].d));
}

/* Halves away from zero, as CEL's math.round. */
BINARY(double_round)
{
	(void)f, (void)n;
	set_double(out, round(a[0].d));
}

const struct rule_overload rule_fns_number[] = {
    {"+", "ii:i", int_add, 0, NULL},
    {"+", "uu:u", uint_add, 0, NULL},
    {"+", "dd:d", double_add, 0, NULL},
    {"-", "ii:i", int_subtract, 0, NULL},
    {"-", "uu:u", uint_subtract, 0, NULL},
    {"-", "dd:d", double_subtract, 0, NULL},
    {"*", "ii:i", int_multiply, 0, NULL},
    {"*", "uu:u", uint_multiply, 0, NULL},
    {"*", "dd:d", double_multiply, 0, NULL},
    {"/", "ii:i", int_divide, 0, NULL},
    {"/", "uu:u", uint_divide, 0, NULL},
    {"/", "dd:d", double_divide, 0, NULL},
    {"%", "ii:i", int_modulo, 0, NULL},
    {"%", "uu:u", uint_modulo, 0, NULL},
    {"neg", "i:i", int_negate, 0, NULL},
    {"neg", "d:d", double_negate, 0, NULL},
    {"!", "b:b", not, 0, NULL},
    {"abs", "i:i", int_abs, 0, NULL},
    {"abs", "d:d", double_abs, 0, NULL},
    {"floor", "d:d", double_floor, 0, NULL},
    {"ceil", "d:d", double_ceil, 0, NULL},
    {"round", "d:d", double_round, 0, NULL},
    {0},
};
