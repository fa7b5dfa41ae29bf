/* Strings, sampling and money as SQL. */
#include <math.h>
#include <string.h>

#include "engine/rule_sql_priv.h"

/* ---- strings ---------------------------------------------------------------------------- */
/* A place that a CASE has found to be one; the planner works constants out before that. */
#define PLACE(x) "LEAST(GREATEST(" x ", 0), 2147483646)::integer"

/* What trim() takes away, in PostgreSQL's notation of code points. */
#define SPACES                                                                   \
	"U&' \\0009\\000A\\000B\\000C\\000D\\0085\\00A0\\1680\\2000\\2001\\2002" \
	"\\2003\\2004\\2005\\2006\\2007\\2008\\2009\\200A\\2028\\2029\\202F\\205F\\3000'"

/* Types: s string, i int. What is not constant may be written twice. */
struct form {
	const char *name, *args;
	enum rule_kind to;
	const char *text;
};

static const struct form forms[] = {
    {"size", "s", RULE_INT, "char_length(#1)::bigint"},
    {"+", "ss", RULE_STRING, "(#1 || #2)"},
    {"contains", "ss", RULE_BOOL, "(strpos(#1 COLLATE \"C\", #2) > 0)"},
    {"startsWith", "ss", RULE_BOOL, "starts_with(#1 COLLATE \"C\", #2)"},
    {"endsWith", "ss", RULE_BOOL,
	"starts_with(reverse(#1) COLLATE \"C\", reverse(#2))"},
    {"lowerAscii", "s", RULE_STRING,
	"translate(#1, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')"},
    {"upperAscii", "s", RULE_STRING,
	"translate(#1, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')"},
    {"reverse", "s", RULE_STRING, "reverse(#1)"},
    {"trim", "s", RULE_STRING, "btrim(#1, " SPACES ")"},
    {"substring", "si", RULE_STRING,
	"(CASE WHEN #2 BETWEEN 0 AND char_length(#1) THEN substr(#1, " PLACE(
	    "#2") " + 1) END)"},
    {"substring", "sii", RULE_STRING,
	"(CASE WHEN #2 BETWEEN 0 AND #3 AND #3 <= char_length(#1) THEN substr(#1, " PLACE(
	    "#2") " + 1, " PLACE("#3::numeric - #2") ") END)"},
    {"charAt", "si", RULE_STRING,
	"(CASE WHEN #2 BETWEEN 0 AND char_length(#1) THEN substr(#1, " PLACE(
	    "#2") " + 1, 1) END)"},
    {"indexOf", "ss", RULE_INT, "(strpos(#1 COLLATE \"C\", #2) - 1)::bigint"},
    {"bucket", "ssi", RULE_INT,
	"mod(mod(('x' || encode(substr(sha256(convert_to(#2, 'UTF8') || "
	"decode('00', 'hex') || convert_to(#1, 'UTF8')), 1, 8), "
	"'hex'))::bit(64)::bigint::numeric + 18446744073709551616, "
	"18446744073709551616), NULLIF(GREATEST(#3, 0), 0)::numeric)::bigint"},
    {"bucket", "isi", RULE_INT,
	"mod(mod(('x' || encode(substr(sha256(convert_to(#2, 'UTF8') || "
	"decode('00', 'hex') || convert_to(#1::text, 'UTF8')), 1, 8), "
	"'hex'))::bit(64)::bigint::numeric + 18446744073709551616, "
	"18446744073709551616), NULLIF(GREATEST(#3, 0), 0)::numeric)::bigint"},
};

static const char *
signature(const struct sx *args, int nargs, char sig[RULE_MAX_ARGS + 1])
{
	for (int i = 0; i < nargs; i++)
		sig[i] = args[i].kind == RULE_STRING   ? 's'
			 : args[i].kind == RULE_INT    ? 'i'
			 : args[i].kind == RULE_DOUBLE ? 'd'
			 : args[i].kind == RULE_MONEY  ? 'm'
						       : '?';
	sig[nargs] = '\0';
	return sig;
}

/* replace() of something; of nothing PostgreSQL would do nothing. */
static bool
replace_call(struct sql *q, const struct node *n, const struct sx *args, struct sx *out)
{
	if (!sql_is(n, "replace", 3))
		return false;
	if (sql_known(&args[1]) && args[1].value.s.len > 0)
		*out = sql_make(
		    q, RULE_STRING, "replace(#1 COLLATE \"C\", #2, #3)", args, 3);
	else
		*out = sql_refuse_call(
		    q, n, "what is replaced must be a constant that is not empty");
	return true;
}

bool
sql_text_call(
    struct sql *q, const struct node *n, const struct sx *args, struct sx *out)
{
	char sig[RULE_MAX_ARGS + 1];

	(void)signature(args, n->nargs, sig);
	if (n->nargs == 0 || (args[0].kind != RULE_STRING && args[0].kind != RULE_INT))
		return false;
	if (replace_call(q, n, args, out))
		return true;
	for (size_t i = 0; i < STW_ARRAY_LEN(forms); i++) {
		if (str_eq_c(n->name, forms[i].name) &&
		    strcmp(sig, forms[i].args) == 0) {
			*out = sql_make(q, forms[i].to, forms[i].text, args, n->nargs);
			return true;
		}
	}
	return false;
}

/* ---- money --------------------------------------------------------------------------------- */
/* #1 is numeric; halves to the even one. */
#define HALF_EVEN(v)                                                          \
	"trunc(" v ") + CASE WHEN abs(" v " - trunc(" v ")) > 0.5 OR (abs(" v \
	" - trunc(" v ")) = 0.5 AND mod(trunc(" v "), 2) <> 0) THEN sign(" v  \
	") ELSE 0 END"

static struct sx
money_made(struct sx made, const struct sx *like)
{
	memcpy(made.currency, like->currency, 4);
	return made;
}

/* A double counts as its shortest decimal, which is what ::text writes. */
static struct sx
times_double(struct sql *q, const struct sx *m, const struct sx *by)
{
	struct sx product, args[] = {*m, *by};

	if (sql_known(by)) {
		struct rule_value digits;
		struct buf text;

		if (!isfinite(by->value.d))
			return money_made(sql_undecided(RULE_MONEY), m);
		buf_init(&text);
		double_format(by->value.d, &text);
		digits = rule_string((struct str){
		    arena_strndup(q->arena, text.data, text.len), text.len});
		buf_fini(&text);
		args[1] = sql_param(q, RULE_UINT, &digits, "numeric");
		product = sql_make(q, RULE_UINT, "(#1::numeric * #2)", args, 2);
	} else {
		product = sql_make(q, RULE_UINT,
		    "(CASE WHEN abs(#2) < 'Infinity'::float8 THEN #1::numeric * "
		    "#2::text::numeric END)",
		    args, 2);
	}
	return money_made(
	    sql_make1(q, RULE_MONEY, SQL_INT(HALF_EVEN("#1")), product), m);
}

/* Halves of a quotient of whole numbers, exactly: the remainder decides. */
static struct sx
over_int(struct sql *q, const struct sx *m, const struct sx *by)
{
	struct sx wide[] = {sql_make1(q, RULE_UINT, "#1::numeric", *m),
	    sql_make1(q, RULE_UINT, "NULLIF(#1, 0)::numeric", *by)};

	return money_made(sql_divide_half_even(q, RULE_MONEY, wide), m);
}

struct sx
sql_divide_half_even(struct sql *q, enum rule_kind kind, const struct sx wide[2])
{
	return sql_make(q, kind,
	    SQL_INT(
		"div(#1, #2) + CASE WHEN abs(mod(#1, #2)) * 2 > abs(#2) OR "
		"(abs(mod(#1, #2)) * 2 = abs(#2) AND mod(div(#1, #2), 2) <> 0) THEN "
		"sign(#1) * sign(#2) ELSE 0 END"),
	    wide, 2);
}

/* Two amounts: an error when they are in two currencies. */
static struct sx
two_amounts(struct sql *q, const struct node *n, const struct sx *args)
{
	bool same = memcmp(args[0].currency, args[1].currency, 4) == 0;

	if (n->name.ptr[0] == '/')
		return same ? sql_make(q, RULE_DOUBLE,
				  "(#1::float8 / NULLIF(#2, 0)::float8)", args, 2)
			    : sql_undecided(RULE_DOUBLE);
	if (!same)
		return money_made(sql_undecided(RULE_MONEY), &args[0]);
	return money_made(sql_make(q, RULE_MONEY,
			      n->name.ptr[0] == '+' ? SQL_INT("#1::numeric + #2")
						    : SQL_INT("#1::numeric - #2"),
			      args, 2),
	    &args[0]);
}

static struct sx
in_units(struct sql *q, const struct sx *m)
{
	static const char *const text[] = {
	    "#1::float8", "", "(#1::float8 / 100)", "(#1::float8 / 1000)"};

	return sql_make1(q, RULE_DOUBLE, text[currency_digits(m->currency)], *m);
}

/* money(int) and money(int, "CNY"). */
static bool
money_of_int(struct sql *q, const struct node *n, const struct sx *args, struct sx *out)
{
	static const char *const text[] = {SQL_INT("#1::numeric"), "",
	    SQL_INT("#1::numeric * 100"), SQL_INT("#1::numeric * 1000")};
	char currency[4] = {0};

	memcpy(currency, q->rule->currency, 3);
	if (n->nargs == 2) {
		if (!sql_known(&args[1]) || !currency_valid(args[1].value.s))
			return false;
		memcpy(currency, args[1].value.s.ptr, 3);
	}
	*out = sql_make1(q, RULE_MONEY, text[currency_digits(currency)], args[0]);
	memcpy(out->currency, currency, 4);
	return true;
}

static struct sx
currency_of(struct sql *q, const struct sx *m)
{
	char *code = arena_strndup(q->arena, m->currency, 3);

	return sql_make2(q, RULE_STRING, "(CASE WHEN #1 IS NOT NULL THEN #2 END)", *m,
	    sql_constant(RULE_STRING, rule_string(str_of(code))));
}

bool
sql_money_call(
    struct sql *q, const struct node *n, const struct sx *args, struct sx *out)
{
	char sig[RULE_MAX_ARGS + 1];

	(void)signature(args, n->nargs, sig);
	for (int i = 0; i < n->nargs; i++) {
		if (args[i].kind == RULE_MONEY && args[i].currency[0] == '\0') {
			*out = money_made(sql_undecided(n->type->kind), &args[0]);
			return true; /* an amount that is undecided for every row */
		}
	}
	if (strcmp(sig, "mm") == 0 && n->name.len == 1)
		*out = two_amounts(q, n, args);
	else if (sql_is(n, "*", 2) &&
		 (strcmp(sig, "mi") == 0 || strcmp(sig, "im") == 0))
		*out = money_made(
		    sql_make(q, RULE_MONEY, SQL_INT("#1::numeric * #2"), args, 2),
		    sig[0] == 'm' ? &args[0] : &args[1]);
	else if (sql_is(n, "*", 2) && strcmp(sig, "md") == 0)
		*out = times_double(q, &args[0], &args[1]);
	else if (sql_is(n, "*", 2) && strcmp(sig, "dm") == 0)
		*out = times_double(q, &args[1], &args[0]);
	else if (sql_is(n, "/", 2) && strcmp(sig, "mi") == 0)
		*out = over_int(q, &args[0], &args[1]);
	else if (sql_is(n, "neg", 1) && sig[0] == 'm')
		*out = money_made(
		    sql_make(q, RULE_MONEY, SQL_INT("- #1::numeric"), args, 1), args);
	else if (sql_is(n, "abs", 1) && sig[0] == 'm')
		*out = money_made(
		    sql_make(q, RULE_MONEY, SQL_INT("abs(#1::numeric)"), args, 1),
		    args);
	else if (sql_is(n, "double", 1) && sig[0] == 'm')
		*out = in_units(q, args);
	else if (sql_is(n, "currency", 1) && sig[0] == 'm')
		*out = currency_of(q, args);
	else if (str_eq_c(n->name, "money") && sig[0] == 'i')
		return money_of_int(q, n, args, out);
	else
		return false;
	return true;
}
