/* Dates, instants and durations as SQL. PostgreSQL's own zones are not asked: the offsets
 * of the engine's zone travel as two arrays, so that both read one tz database. */
#include <string.h>

#include "engine/rule_sql_priv.h"

/* Years outside 1 to 9999 are NULL; x is the number of the day. */
#define DAY_WITHIN(x) SQL_WITHIN(x, "-719163", "2932897")
#define DATE_OF(x)    "(DATE '1970-01-01' + " DAY_WITHIN(x) "::integer)"
/* From 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z. */
#define USEC_OF(x) SQL_WITHIN(x, "-62135596800000001", "253402300800000000") "::bigint"
#define DAY_USEC   "86400000000"

/* ---- instants as microseconds --------------------------------------------------------- */
struct sx
sql_usec(struct sql *q, struct sx t)
{
	struct sx out;

	if (!t.native)
		return t;
	if (t.constant) {
		t.native = false;
		return t;
	}
	out = sql_make1(q, RULE_TIMESTAMP,
	    "(CASE WHEN isfinite(#1) THEN (extract(epoch FROM #1) * 1000000)::bigint "
	    "WHEN #1 > 'epoch'::timestamptz THEN 9223372036854775807 WHEN #1 < "
	    "'epoch'::timestamptz THEN -9223372036854775807 END)",
	    t);
	out.native = false;
	return out;
}

static struct sx
usec_made(struct sx x)
{
	x.native = false;
	return x;
}

/* ---- zones ------------------------------------------------------------------------------ */
static struct sx
int_array(struct sql *q, const int64_t *items, size_t count)
{
	struct rule_value *values = arena_array(q->arena, count + 1, sizeof *values);
	struct rule_value list;

	for (size_t i = 0; i < count; i++)
		values[i] = rule_int(items[i]);
	list = rule_list_of(values, count);
	return sql_param(q, RULE_LIST, &list, "bigint[]");
}

/* From 2100 on the changes of a zone repeat every 400 years, as the calendar does; one
 * such cycle travels for all years up to 9999. */
#define CYCLE_FROM INT64_C(4102444800000000)
#define CYCLE      INT64_C(12622780800000000)

/* The zone's wall clock as numeric microseconds. */
static struct sx
wall_clock(struct sql *q, struct sx t, const struct zone *zone, int64_t fixed_usec)
{
	struct sx args[3] = {sql_usec(q, t)};
	struct zone_changes changes;
	bool repeats;

	if (zone == NULL) {
		struct rule_value shift = rule_int(fixed_usec);

		args[1] = sql_param(q, RULE_INT, &shift, "bigint");
		return sql_make(q, RULE_UINT, "(#1::numeric + #2)", args, 2);
	}
	zone_changes(zone, TIMESTAMP_MIN, CYCLE_FROM + CYCLE, q->arena, &changes);
	repeats = changes.count > 0 && changes.at[changes.count - 1] >= CYCLE_FROM;
	args[1] = int_array(q, changes.at, changes.count);
	args[2] = int_array(q, changes.offset_usec, changes.count + 1);
	return sql_make(q, RULE_UINT,
	    repeats
		? "(#1::numeric + (#3)[width_bucket(CASE WHEN #1 >= 4102444800000000 "
		  "THEN 4102444800000000 + (#1 - 4102444800000000) % "
		  "12622780800000000 ELSE #1 END, #2) + 1])"
		: "(#1::numeric + (#3)[width_bucket(#1, #2) + 1])",
	    args, 3);
}

/* The number of a wall clock's day; from long before it, because div() cuts towards 0. */
#define DAY_OF(wall) \
	"(div(" wall " + 200000000 * " DAY_USEC "::numeric, " DAY_USEC ") - 200000000)"

static struct sx
local_clock(struct sql *q, struct sx t)
{
	return wall_clock(q, t, q->binding->zone, 0);
}

/* ---- parts --------------------------------------------------------------------------------- */
struct part {
	const char *name;
	const char *of_day;  /* from a date */
	const char *of_wall; /* from a wall clock moved to long after the year 0 */
};

/* 400 years are one cycle of the calendar; they keep a local day before the year 1, or
 * after 9999, a day of the common era that dates can count. */
static const struct part parts[] = {
    {"year", "extract(year FROM #1)::bigint", NULL},
    {"month", "extract(month FROM #1)::bigint", NULL},
    {"day", "extract(day FROM #1)::bigint", NULL},
    {"weekday", "extract(isodow FROM #1)::bigint", NULL},
    {"getFullYear", "extract(year FROM #1)::bigint", NULL},
    {"getMonth", "(extract(month FROM #1)::bigint - 1)", NULL},
    {"getDate", "extract(day FROM #1)::bigint", NULL},
    {"getDayOfMonth", "(extract(day FROM #1)::bigint - 1)", NULL},
    {"getDayOfWeek", "extract(dow FROM #1)::bigint", NULL},
    {"getDayOfYear", "(extract(doy FROM #1)::bigint - 1)", NULL},
    {"getHours", NULL, "mod(div(#1, 3600000000), 24)::bigint"},
    {"getMinutes", NULL, "mod(div(#1, 60000000), 60)::bigint"},
    {"getSeconds", NULL, "mod(div(#1, 1000000), 60)::bigint"},
    {"getMilliseconds", NULL, "mod(div(#1, 1000), 1000)::bigint"},
};

static const struct part *
part_named(struct str name)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(parts); i++) {
		if (str_eq_c(name, parts[i].name))
			return &parts[i];
	}
	return NULL;
}

static struct sx
part_of_wall(struct sql *q, const struct part *part, struct sx wall)
{
	struct sx day;
	struct sx out;

	if (part->of_wall != NULL)
		return sql_make1(q, RULE_INT, part->of_wall,
		    sql_make1(q, RULE_UINT, "(#1 + 200000000 * " DAY_USEC "::numeric)",
			wall));
	day = sql_make1(q, RULE_DATE,
	    "(DATE '1970-01-01' + " SQL_WITHIN(
		DAY_OF("#1") " + 146097", "-720000", "4000000") "::integer)",
	    wall);
	out = sql_make1(q, RULE_INT, part->of_day, day);
	if (strncmp(part->of_day, "extract(year", 12) == 0)
		out = sql_make1(q, RULE_INT, "(#1 - 400)", out);
	return out;
}

/* "+08:00", "-02:30", "08:00" as microseconds east, as the interpreter reads them. */
static bool
offset_parse(struct str s, int64_t *usec)
{
	size_t at = s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-') ? 1 : 0;
	int v[4], minutes;

	if (s.len - at != 5 || s.ptr[at + 2] != ':')
		return false;
	for (size_t i = 0; i < 4; i++) {
		char c = s.ptr[at + i + (i > 1 ? 1 : 0)];

		if (c < '0' || c > '9')
			return false;
		v[i] = c - '0';
	}
	minutes = (v[0] * 10 + v[1]) * 60 + v[2] * 10 + v[3];
	*usec = (s.ptr[0] == '-' ? -minutes : minutes) * STW_USEC_MIN;
	return minutes < 1440;
}

/* An offset or a zone's name. */
static bool
wall_in(struct sql *q, const struct node *n, const struct sx *args, struct sx *wall)
{
	const struct zone *zone = NULL;
	struct sx name = args[1];
	int64_t shift;

	if (!sql_known(&name) || name.kind != RULE_STRING) {
		(void)sql_refuse_call(q, n, "its zone must be a constant");
		return false;
	}
	if (offset_parse(name.value.s, &shift)) {
		*wall = wall_clock(q, args[0], NULL, shift);
		return true;
	}
	if (zone_find(arena_strndup(q->arena, name.value.s.ptr, name.value.s.len),
		&zone, NULL) != STW_OK) {
		(void)sql_refuse_call(q, n, "there is no such zone");
		return false;
	}
	*wall = wall_clock(q, args[0], zone, 0);
	return true;
}

static bool
part_call(struct sql *q, const struct node *n, const struct sx *args, struct sx *out)
{
	const struct part *part = part_named(n->name);
	struct sx wall;

	if (part == NULL || n->nargs < 1 || n->nargs > 2)
		return false;
	if (args[0].kind == RULE_DATE && n->nargs == 1 && part->of_day != NULL) {
		*out = sql_make1(q, RULE_INT, part->of_day, args[0]);
		return true;
	}
	if (args[0].kind != RULE_TIMESTAMP)
		return false;
	if (n->nargs == 1)
		wall = local_clock(q, args[0]);
	else if (!wall_in(q, n, args, &wall))
		return true;
	*out = part_of_wall(q, part, wall);
	return true;
}

/* ---- age and months ---------------------------------------------------------------------------- */
/* Years, months and days as one number; 28 February counts as the 29th where there is
 * none, which is when somebody born on it is a year older. */
static struct sx
age(struct sql *q, struct sx born, struct sx on)
{
	return sql_make2(q, RULE_INT,
	    "((to_char(#2, 'YYYYMMDD')::bigint + CASE WHEN to_char(#2, 'MMDD') = '0228' "
	    "AND to_char(#2 + 1, 'MMDD') = '0301' THEN 1 ELSE 0 END - to_char(#1, "
	    "'YYYYMMDD')::bigint + 100000000) / 10000 - 10000)",
	    born, on);
}

/* 10000 years later, whole cycles of the calendar, so that no sum lies before the days
 * that PostgreSQL counts. */
static struct sx
add_months(struct sql *q, struct sx day, struct sx months)
{
	return sql_make2(q, RULE_DATE,
	    DATE_OF(
		"((#1 + 3652425 + make_interval(months => " SQL_WITHIN("#2", "-120001",
		    "120001") "::integer))::date - DATE '1970-01-01' - 3652425)"),
	    day, months);
}

/* ---- functions of one name ------------------------------------------------------------------------ */
/* Types as in an overload's signature: t timestamp, r duration, a date, i int. */
struct form {
	const char *name, *args;
	enum rule_kind to;
	const char *text;
};

static const struct form forms[] = {
    {"+", "tr", RULE_TIMESTAMP, USEC_OF("#1::numeric + #2")},
    {"+", "rt", RULE_TIMESTAMP, USEC_OF("#1::numeric + #2")},
    {"-", "tr", RULE_TIMESTAMP, USEC_OF("#1::numeric - #2")},
    {"-", "tt", RULE_DURATION, SQL_SPAN("#1::numeric - #2")},
    {"+", "rr", RULE_DURATION, SQL_SPAN("#1::numeric + #2")},
    {"-", "rr", RULE_DURATION, SQL_SPAN("#1::numeric - #2")},
    {"*", "ri", RULE_DURATION, SQL_SPAN("#1::numeric * #2")},
    {"*", "ir", RULE_DURATION, SQL_SPAN("#1::numeric * #2")},
    {"neg", "r", RULE_DURATION, SQL_SPAN("- #1::numeric")},
    {"+", "ai", RULE_DATE, DATE_OF("(#1 - DATE '1970-01-01')::numeric + #2")},
    {"+", "ia", RULE_DATE, DATE_OF("(#2 - DATE '1970-01-01')::numeric + #1")},
    {"-", "ai", RULE_DATE, DATE_OF("(#1 - DATE '1970-01-01')::numeric - #2")},
    {"-", "aa", RULE_INT, "(#1 - #2)::bigint"},
    {"+", "ar", RULE_DATE,
	DATE_OF("(#1 - DATE '1970-01-01')::numeric + CASE WHEN #2 % " DAY_USEC
		" = 0 THEN #2 / " DAY_USEC " END")},
    {"+", "ra", RULE_DATE,
	DATE_OF("(#2 - DATE '1970-01-01')::numeric + CASE WHEN #1 % " DAY_USEC
		" = 0 THEN #1 / " DAY_USEC " END")},
    {"-", "ar", RULE_DATE,
	DATE_OF("(#1 - DATE '1970-01-01')::numeric - CASE WHEN #2 % " DAY_USEC
		" = 0 THEN #2 / " DAY_USEC " END")},
    {"days", "i", RULE_DURATION, SQL_SPAN("#1::numeric * " DAY_USEC)},
    {"hours", "i", RULE_DURATION, SQL_SPAN("#1::numeric * 3600000000")},
    {"minutes", "i", RULE_DURATION, SQL_SPAN("#1::numeric * 60000000")},
    {"timestamp", "i", RULE_TIMESTAMP, USEC_OF("#1::numeric * 1000000")},
    {"int", "t", RULE_INT,
	"(div(#1 + 10000000000000000000::numeric, 1000000) - 10000000000000)::bigint"},
    {"getHours", "r", RULE_INT, "(#1 / 3600000000)"},
    {"getMinutes", "r", RULE_INT, "(#1 / 60000000)"},
    {"getSeconds", "r", RULE_INT, "(#1 / 1000000)"},
    {"getMilliseconds", "r", RULE_INT, "(#1 / 1000 % 1000)"},
};

static char
letter(enum rule_kind kind)
{
	return kind == RULE_TIMESTAMP  ? 't'
	       : kind == RULE_DURATION ? 'r'
	       : kind == RULE_DATE     ? 'a'
	       : kind == RULE_INT      ? 'i'
				       : '?';
}

static bool
form_call(struct sql *q, const struct node *n, const struct sx *args, struct sx *out)
{
	char sig[RULE_MAX_ARGS + 1] = {0};
	struct sx made[RULE_MAX_ARGS];

	for (int i = 0; i < n->nargs; i++)
		sig[i] = letter(args[i].kind);
	for (size_t i = 0; i < STW_ARRAY_LEN(forms); i++) {
		if (!str_eq_c(n->name, forms[i].name) ||
		    strcmp(sig, forms[i].args) != 0)
			continue;
		for (int a = 0; a < n->nargs; a++)
			made[a] = sql_usec(q, args[a]);
		*out =
		    usec_made(sql_make(q, forms[i].to, forms[i].text, made, n->nargs));
		return true;
	}
	return false;
}

/* ---- today ---------------------------------------------------------------------------------------------- */
static stw_day
today(const struct sql *q)
{
	const struct zone *zone =
	    q->binding->zone == NULL ? zone_utc() : q->binding->zone;

	return zone_local(zone, q->binding->now).day;
}

static bool
today_call(struct sql *q, const struct node *n, const struct sx *args, struct sx *out)
{
	bool since = sql_is(n, "days_since", 1);
	struct sx now;

	if (!since && !sql_is(n, "days_until", 1))
		return false;
	if (args[0].kind == RULE_DATE) {
		now = sql_constant(RULE_DATE, rule_date(today(q)));
		*out = sql_make2(q, RULE_INT,
		    since ? "(#2 - #1)::bigint" : "(#1 - #2)::bigint", args[0], now);
		return true;
	}
	/* Numbers, because a local day may lie just outside the years of dates. */
	now = sql_constant(RULE_INT, rule_int(today(q)));
	*out = sql_make2(q, RULE_INT,
	    since ? "(#2 - " DAY_OF("#1") ")::bigint"
		  : "(" DAY_OF("#1") " - #2)::bigint",
	    local_clock(q, args[0]), now);
	return true;
}

bool
sql_time_call(
    struct sql *q, const struct node *n, const struct sx *args, struct sx *out)
{
	const struct zone *zone = q->binding->zone;

	if (n->nargs == 0)
		return false;
	if (form_call(q, n, args, out) || part_call(q, n, args, out))
		return true;
	if (args[0].kind != RULE_DATE && args[0].kind != RULE_TIMESTAMP)
		return false;
	if (today_call(q, n, args, out))
		return true;
	if (sql_is(n, "date", 1))
		*out = sql_make1(
		    q, RULE_DATE, DATE_OF(DAY_OF("#1")), local_clock(q, args[0]));
	else if (sql_is(n, "age", 1))
		*out = age(q, args[0], sql_constant(RULE_DATE, rule_date(today(q))));
	else if (sql_is(n, "age", 2))
		*out = age(q, args[0], args[1]);
	else if (sql_is(n, "add_months", 2))
		*out = add_months(q, args[0], args[1]);
	else if (sql_is(n, "timestamp", 1) && (zone == NULL || zone == zone_utc()))
		*out = usec_made(sql_make1(q, RULE_TIMESTAMP,
		    "((#1 - DATE '1970-01-01')::bigint * " DAY_USEC ")", args[0]));
	else if (sql_is(n, "timestamp", 1))
		*out = sql_refuse_call(q, n,
		    "a day's first instant in a zone with changes has no exact "
		    "counterpart");
	else
		return false;
	return true;
}
