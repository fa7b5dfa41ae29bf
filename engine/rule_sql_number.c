/* Comparison, whole numbers and doubles as SQL. PostgreSQL raises an error where a double
 * overflows or underflows, and holds NaN equal to itself and above all: both are guarded
 * here, so that the results are IEEE 754's, bit for bit. */
#include <math.h>
#include <string.h>

#include "engine/rule_sql_priv.h"

#define UINT_FIT(x) SQL_WITHIN(x, "-1", "18446744073709551616")

/* ---- comparison ---------------------------------------------------------------------- */
static const char *
sql_operator(const char *op)
{
	return strcmp(op, "==") == 0 ? "=" : strcmp(op, "!=") == 0 ? "<>" : op;
}

static const char *
mirrored(const char *op)
{
	static const char *const pairs[][2] = {
	    {"<", ">"}, {"<=", ">="}, {">", "<"}, {">=", "<="}};

	for (size_t i = 0; i < STW_ARRAY_LEN(pairs); i++) {
		if (strcmp(op, pairs[i][0]) == 0)
			return pairs[i][1];
	}
	return op;
}

static const char *
with_operator(struct sql *q, const char *template, const char *op)
{
	const char *parts[] = {"#1", "#2", sql_operator(op)};

	return sql_fill(q, template, parts);
}

static bool
is_number(const struct sx *x)
{
	return sql_known(x) && x->kind == RULE_DOUBLE && !isnan(x->value.d);
}

/* a is no NaN in the known cases below; NaN makes every order false. */
static struct sx
compare_double(struct sql *q, const char *op, struct sx a, struct sx b)
{
	bool above = op[0] == '>';

	if (is_number(&a) && !is_number(&b)) {
		struct sx swap = a;

		a = b;
		b = swap;
		op = mirrored(op);
		above = op[0] == '>';
	}
	if (is_number(&b) && !above)
		return sql_make2(
		    q, RULE_BOOL, with_operator(q, "(#1 #3 #2)", op), a, b);
	if (is_number(&b))
		return sql_make2(q, RULE_BOOL,
		    with_operator(q, "(#1 #3 #2 AND #1 <> 'NaN'::float8)", op), a, b);
	if (strcmp(op, "==") == 0)
		return sql_make2(q, RULE_BOOL,
		    "(CASE WHEN #1 = #2 THEN #1 <> 'NaN'::float8 WHEN #1 <> #2 THEN "
		    "FALSE END)",
		    a, b);
	if (strcmp(op, "!=") == 0)
		return sql_make2(q, RULE_BOOL,
		    "(CASE WHEN #1 = #2 THEN #1 = 'NaN'::float8 WHEN #1 <> #2 THEN "
		    "TRUE END)",
		    a, b);
	return sql_make2(q, RULE_BOOL,
	    with_operator(q,
		above ? "(CASE WHEN #1 #3 #2 THEN #1 <> 'NaN'::float8 WHEN #1 IS NOT "
			"NULL AND #2 IS NOT NULL THEN FALSE END)"
		      : "(CASE WHEN #1 #3 #2 THEN #2 <> 'NaN'::float8 WHEN #1 IS NOT "
			"NULL AND #2 IS NOT NULL THEN FALSE END)",
		op),
	    a, b);
}

/* A whole number against a double: it becomes one, rounded to the nearest. */
static struct sx
compare_mixed(struct sql *q, const char *op, struct sx whole, struct sx real)
{
	return compare_double(
	    q, op, sql_make1(q, RULE_DOUBLE, "#1::float8", whole), real);
}

static bool
is_whole(const struct sx *x)
{
	return x->kind == RULE_INT || x->kind == RULE_UINT;
}

static struct sx
compare_money(struct sql *q, const char *op, const struct sx *a, const struct sx *b)
{
	if (memcmp(a->currency, b->currency, 4) != 0)
		return sql_undecided(RULE_BOOL);
	return sql_make2(q, RULE_BOOL, with_operator(q, "(#1 #3 #2)", op), *a, *b);
}

/* Bytes decide. Equal is equal in any collation, so an index of the column's own stays of
 * use, as long as the sides have one: what is computed may have another. */
static struct sx
compare_text(struct sql *q, const char *op, const struct sx *a, const struct sx *b)
{
	bool equality = op[0] == '=' || op[0] == '!';

	return sql_make2(q, RULE_BOOL,
	    with_operator(q,
		equality && a->simple && b->simple ? "(#1 #3 #2)"
						   : "(#1 #3 #2 COLLATE \"C\")",
		op),
	    *a, *b);
}

struct sx
sql_compare(struct sql *q, const struct node *n, const char *op, const struct sx *a,
    const struct sx *b)
{
	struct sx x = *a, y = *b;

	if ((a->constant && !sql_known(a)) || (b->constant && !sql_known(b)))
		return sql_undecided(RULE_BOOL);
	if (is_whole(a) && b->kind == RULE_DOUBLE)
		return compare_mixed(q, op, *a, *b);
	if (a->kind == RULE_DOUBLE && is_whole(b))
		return compare_mixed(q, mirrored(op), *b, *a);
	if (is_whole(a) && is_whole(b) && a->kind != b->kind)
		return sql_make2(q, RULE_BOOL,
		    with_operator(q, "(#1::numeric #3 #2::numeric)", op), *a, *b);
	if (a->kind != b->kind)
		return sql_refuse_call(q, n, "the two sides have no type in common");
	if (sql_type(a->kind) == NULL)
		return sql_refuse_call(q, n,
		    "values of this type have no column type that means the same");
	if (a->kind == RULE_DOUBLE)
		return compare_double(q, op, *a, *b);
	if (a->kind == RULE_MONEY)
		return compare_money(q, op, a, b);
	if (a->kind == RULE_STRING)
		return compare_text(q, op, a, b);
	if (a->kind == RULE_TIMESTAMP && (!a->native || !b->native)) {
		x = sql_usec(q, *a);
		y = sql_usec(q, *b);
	}
	return sql_make2(q, RULE_BOOL, with_operator(q, "(#1 #3 #2)", op), x, y);
}

/* ---- doubles --------------------------------------------------------------------------- */
/* Finite and so large that a sum of two may overflow (1e290 is below half a unit in the
 * last place of the largest double). */
#define LARGE(x) \
	"abs(" x ") BETWEEN '1e290'::float8 AND '1.7976931348623157e308'::float8"

/* Half of the sum tells whether the whole would leave the range; power() of 2 is exact. */
static const char sum_text[] = "(CASE WHEN " LARGE("#1") " AND " LARGE(
    "#2") " THEN CASE WHEN abs(#1 * 0.5 + #2 * 0.5) >= power(2::float8, 1023)"
	  " THEN #1 * 'Infinity'::float8 ELSE #1 + #2 END"
	  " ELSE #1 + #2 END)";
static const char difference_text[] = "(CASE WHEN " LARGE("#1") " AND " LARGE(
    "#2") " THEN CASE WHEN abs(#1 * 0.5 - #2 * 0.5) >= power(2::float8, 1023)"
	  " THEN #1 * 'Infinity'::float8 ELSE #1 - #2 END"
	  " ELSE #1 - #2 END)";

/* Nothing in the template is worked out before its guards: a constant that the planner
 * sees might overflow in a branch that is never taken. */
static struct sx
guarded(struct sql *q, const char *template, struct sx a, struct sx b)
{
	a.simple = a.simple && !a.constant;
	b.simple = b.simple && !b.constant;
	return sql_make2(q, RULE_DOUBLE, template, a, b);
}

static struct sx
double_sum(struct sql *q, bool minus, struct sx a, struct sx b)
{
	bool small = (sql_known(&a) && fabs(a.value.d) < 1e290) ||
		     (sql_known(&b) && fabs(b.value.d) < 1e290);

	if (small)
		return sql_make2(
		    q, RULE_DOUBLE, minus ? "(#1 - #2)" : "(#1 + #2)", a, b);
	return guarded(q, minus ? difference_text : sum_text, a, b);
}

static double
apply(char op, double x, double c)
{
	return op == '*' ? x * c : x / c;
}

/* Of all finite x >= 0 with x op c infinite the least (large), or with x op c == 0 the
 * greatest; positive doubles are ordered as their bits. -1: there is none. */
static double
threshold(char op, double c, bool large)
{
	uint64_t lo = 0, hi = UINT64_C(0x7fefffffffffffff); /* the largest double */
	double x;

	c = fabs(c);
	memcpy(&x, &hi, sizeof x);
	if (large && !isinf(apply(op, x, c)))
		return -1;
	while (lo < hi) {
		uint64_t mid = large ? lo + (hi - lo) / 2 : lo + (hi - lo + 1) / 2;

		memcpy(&x, &mid, sizeof x);
		if (large) {
			if (isinf(apply(op, x, c)))
				hi = mid;
			else
				lo = mid + 1;
		} else if (apply(op, x, c) == 0.0) {
			lo = mid;
		} else {
			hi = mid - 1;
		}
	}
	memcpy(&x, &lo, sizeof x);
	return x;
}

static struct sx
double_value(double d)
{
	return sql_constant(RULE_DOUBLE, rule_double(d));
}

/* x * c and x / c: where the result leaves the range of doubles is known beforehand. */
static struct sx
double_scale(struct sql *q, char op, struct sx x, double c)
{
	bool grows = (fabs(c) > 1) == (op == '*');
	const char *plain = op == '*' ? "(#1 * #2)" : "(#1 / #2)";
	struct sx args[] = {x, double_value(c), double_value(0), double_value(0)};
	double edge;

	if (op == '/' && c == 0) {
		args[1] = double_value(copysign(HUGE_VAL, c));
		return sql_make(q, RULE_DOUBLE,
		    "(CASE WHEN #1 = 0 OR #1 = 'NaN'::float8 THEN 'NaN'::float8 ELSE "
		    "#1 * #2 END)",
		    args, 2);
	}
	if (c == 0 || !isfinite(c) || fabs(c) == 1)
		return sql_make(q, RULE_DOUBLE, plain, args, 2);
	edge = threshold(op, c, grows);
	if (edge <= 0)
		return sql_make(q, RULE_DOUBLE, plain, args, 2);
	args[2] = double_value(edge);
	args[3] = double_value(copysign(grows ? HUGE_VAL : 0.0, c));
	return sql_make(q, RULE_DOUBLE,
	    grows       ? op == '*'
			      ? "(CASE WHEN abs(#1) >= #3 THEN #1 * #4 ELSE #1 * #2 END)"
			      : "(CASE WHEN abs(#1) >= #3 THEN #1 * #4 ELSE #1 / #2 END)"
	    : op == '*' ? "(CASE WHEN abs(#1) <= #3 THEN #1 * #4 ELSE #1 * #2 END)"
			: "(CASE WHEN abs(#1) <= #3 THEN #1 * #4 ELSE #1 / #2 END)",
	    args, 4);
}

/* The quotient is scaled to where it is exact up to the rounding that decides whether it
 * becomes infinite, or zero: #1 / #2 / 2^1075 against 2^-51, #1 / #2 * 2^1074 against
 * one half. */
static const char divide_text[] =
    "(CASE WHEN #2 = 0 THEN"
    " CASE WHEN #1 = 0 OR #1 = 'NaN'::float8 THEN 'NaN'::float8"
    " WHEN left(#2::text, 1) = '-' THEN #1 * '-Infinity'::float8"
    " ELSE #1 * 'Infinity'::float8 END"
    " WHEN #1 = 0 OR abs(#1) >= 'Infinity'::float8 OR abs(#2) >= 'Infinity'::float8"
    " THEN #1 / #2"
    " WHEN abs(#2) < 1 THEN"
    " CASE WHEN abs(#2) * power(2::float8, 1023) > abs(#1) THEN #1 / #2"
    " WHEN (abs(#1) * power(2::float8, -538)) / (abs(#2) * power(2::float8, 537))"
    " >= power(2::float8, -51) THEN #1 * (#2 * 'Infinity'::float8)"
    " ELSE #1 / #2 END"
    " WHEN abs(#1) < power(2::float8, -51) THEN"
    " CASE WHEN abs(#1) * power(2::float8, 537) * power(2::float8, 537) / abs(#2) <= 0.5"
    " THEN #1 * (#2 * 0) ELSE #1 / #2 END"
    " ELSE #1 / #2 END)";

static struct sx
double_divide(struct sql *q, struct sx a, struct sx b)
{
	if (sql_known(&b))
		return double_scale(q, '/', a, b.value.d);
	return guarded(q, divide_text, a, b);
}

/* A product becomes infinite when its 2^-1024th rounds to 1 or more, and zero when its
 * 2^1075th is at most 1: x * y below, each exact. Where that rounds to 1, the halves of
 * both factors (Veltkamp's split) tell on which side of 1 it lies. */
static const char underflow_text[] =
    "(SELECT CASE WHEN z3.x * z3.y <> 1 THEN z3.x * z3.y < 1"
    " ELSE z3.xh * z3.yh - 1 + z3.xh * z3.yl + z3.xl * z3.yh + z3.xl * z3.yl <= 0 END"
    " FROM (SELECT z2.x, z2.y, z2.xh, z2.yh, z2.x - z2.xh AS xl, z2.y - z2.yh AS yl"
    " FROM (SELECT z1.x, z1.y, 134217729 * z1.x - (134217729 * z1.x - z1.x) AS xh,"
    " 134217729 * z1.y - (134217729 * z1.y - z1.y) AS yh"
    " FROM (SELECT LEAST(abs(#1), abs(#2)) * power(2::float8, 537)"
    " * power(2::float8, 537) AS x, GREATEST(abs(#1), abs(#2)) * 2 AS y OFFSET 0)"
    " AS z1 OFFSET 0) AS z2 OFFSET 0) AS z3)";
static const char multiply_text[] =
    "(CASE WHEN #1 = 0 OR #2 = 0 OR abs(#1) >= 'Infinity'::float8"
    " OR abs(#2) >= 'Infinity'::float8 THEN #1 * #2"
    " WHEN abs(#1) >= 1 AND abs(#2) >= 1 THEN"
    " CASE WHEN (abs(#1) * power(2::float8, -512)) * (abs(#2) * power(2::float8, -512))"
    " >= 1 THEN #1 * (#2 * 'Infinity'::float8) ELSE #1 * #2 END"
    " WHEN LEAST(abs(#1), abs(#2)) <= power(2::float8, -537)"
    " AND GREATEST(abs(#1), abs(#2)) <= 0.5 THEN"
    " CASE WHEN #3 THEN #1 * (#2 * 0) ELSE #1 * #2 END"
    " ELSE #1 * #2 END)";

static struct sx
double_multiply(struct sql *q, struct sx a, struct sx b)
{
	const char *parts[] = {"#1", "#2", underflow_text};

	return guarded(q, sql_fill(q, multiply_text, parts), a, b);
}

static bool
double_call(struct sql *q, const struct node *n, const struct sx *args, struct sx *out)
{
	const struct sx *a = args, *b = args + 1;

	if (sql_is(n, "+", 2) || sql_is(n, "-", 2))
		*out = double_sum(q, n->name.ptr[0] == '-', *a, *b);
	else if (sql_is(n, "*", 2) && sql_known(b))
		*out = double_scale(q, '*', *a, b->value.d);
	else if (sql_is(n, "*", 2) && sql_known(a))
		*out = double_scale(q, '*', *b, a->value.d);
	else if (sql_is(n, "*", 2))
		*out = double_multiply(q, *a, *b);
	else if (sql_is(n, "/", 2))
		*out = double_divide(q, *a, *b);
	else if (sql_is(n, "neg", 1))
		*out = sql_make1(q, RULE_DOUBLE, "(- #1)", *a);
	else if (sql_is(n, "abs", 1))
		*out = sql_make1(q, RULE_DOUBLE, "abs(#1)", *a);
	else if (sql_is(n, "floor", 1))
		*out = sql_make1(q, RULE_DOUBLE, "floor(#1)", *a);
	else if (sql_is(n, "ceil", 1))
		*out = sql_make1(q, RULE_DOUBLE, "ceil(#1)", *a);
	else if (sql_is(n, "round", 1))
		*out = sql_make1(q, RULE_DOUBLE,
		    "(CASE WHEN abs(#1) < 4503599627370496 AND abs(#1 - trunc(#1)) >= "
		    "0.5 THEN trunc(#1) + sign(#1) ELSE trunc(#1) END)",
		    *a);
	else
		return false;
	return true;
}

/* ---- int and uint ------------------------------------------------------------------------ */
/* What the name of an operator writes over ints, in numeric so that nothing overflows. */
struct form {
	const char *name;
	int nargs;
	const char *int_text, *uint_text;
};

static const struct form forms[] = {
    {"+", 2, SQL_INT("#1::numeric + #2"), UINT_FIT("#1 + #2")},
    {"-", 2, SQL_INT("#1::numeric - #2"), UINT_FIT("#1 - #2")},
    {"*", 2, SQL_INT("#1::numeric * #2"), UINT_FIT("#1 * #2")},
    {"/", 2, SQL_INT("div(#1::numeric, NULLIF(#2, 0)::numeric)"),
	"div(#1, NULLIF(#2, 0))"},
    {"%", 2,
	"(CASE WHEN #2 <> -1 OR #1 > -9223372036854775808 THEN mod(#1::numeric, "
	"NULLIF(#2, 0)::numeric)::bigint END)",
	"mod(#1, NULLIF(#2, 0))"},
    {"neg", 1, SQL_INT("- #1::numeric"), NULL},
    {"abs", 1, SQL_INT("abs(#1::numeric)"), NULL},
};

static bool
whole_call(struct sql *q, const struct node *n, const struct sx *args, struct sx *out)
{
	bool is_uint = args[0].kind == RULE_UINT;

	for (size_t i = 0; i < STW_ARRAY_LEN(forms); i++) {
		const char *text = is_uint ? forms[i].uint_text : forms[i].int_text;

		if (!sql_is(n, forms[i].name, forms[i].nargs) || text == NULL)
			continue;
		*out = sql_make(q, args[0].kind, text, args, n->nargs);
		return true;
	}
	return false;
}

/* ---- conversions --------------------------------------------------------------------------- */
struct conversion {
	const char *name;
	enum rule_kind from, to;
	const char *text;
};

#define DOUBLE_WITHIN(x)                                                              \
	"trunc(NULLIF(NULLIF(LEAST(GREATEST(" x ", (-9223372036854775808)::float8), " \
	"9223372036854775808::float8), (-9223372036854775808)::float8), "             \
	"9223372036854775808::float8))::bigint"

static const struct conversion conversions[] = {
    {"int", RULE_INT, RULE_INT, "#1"},
    {"int", RULE_UINT, RULE_INT, SQL_INT("#1")},
    {"int", RULE_DOUBLE, RULE_INT, DOUBLE_WITHIN("#1")},
    {"uint", RULE_UINT, RULE_UINT, "#1"},
    {"uint", RULE_INT, RULE_UINT, UINT_FIT("#1::numeric")},
    {"double", RULE_DOUBLE, RULE_DOUBLE, "#1"},
    {"double", RULE_INT, RULE_DOUBLE, "#1::float8"},
    {"double", RULE_UINT, RULE_DOUBLE, "#1::float8"},
    {"bool", RULE_BOOL, RULE_BOOL, "#1"},
    {"string", RULE_STRING, RULE_STRING, "#1"},
    {"string", RULE_INT, RULE_STRING, "#1::text"},
    {"string", RULE_BOOL, RULE_STRING, "#1::text"},
    {"string", RULE_DATE, RULE_STRING, "to_char(#1, 'YYYY-MM-DD')"},
    {"date", RULE_DATE, RULE_DATE, "#1"},
    {"timestamp", RULE_TIMESTAMP, RULE_TIMESTAMP, "#1"},
    {"duration", RULE_DURATION, RULE_DURATION, "#1"},
    {"money", RULE_MONEY, RULE_MONEY, "#1"},
};

static bool
convert(struct sql *q, const struct node *n, const struct sx *args, struct sx *out)
{
	if (n->nargs != 1)
		return false;
	for (size_t i = 0; i < STW_ARRAY_LEN(conversions); i++) {
		const struct conversion *c = &conversions[i];

		if (c->from != args[0].kind || !str_eq_c(n->name, c->name))
			continue;
		*out = strcmp(c->text, "#1") == 0
			   ? args[0]
			   : sql_make1(q, c->to, c->text, args[0]);
		return true;
	}
	return false;
}

bool
sql_number_call(
    struct sql *q, const struct node *n, const struct sx *args, struct sx *out)
{
	static const char *const compares[] = {"<", "<=", ">", ">=", "==", "!="};

	for (size_t i = 0; i < STW_ARRAY_LEN(compares); i++) {
		if (sql_is(n, compares[i], 2)) {
			*out = sql_compare(q, n, compares[i], &args[0], &args[1]);
			return true;
		}
	}
	if (n->nargs == 0)
		return false;
	if (convert(q, n, args, out))
		return true;
	if (sql_is(n, "!", 1)) {
		*out = sql_make1(q, RULE_BOOL, "(NOT #1)", args[0]);
		return true;
	}
	if (n->nargs == 2 && args[0].kind != args[1].kind)
		return false;
	if (args[0].kind == RULE_DOUBLE)
		return double_call(q, n, args, out);
	if (args[0].kind == RULE_INT || args[0].kind == RULE_UINT)
		return whole_call(q, n, args, out);
	return false;
}
