/* Instants, durations and days. Calendar questions are asked in the context's zone. */
#include <string.h>

#include "engine/rule_priv.h"

#define FN(name)                                                \
	static void name(struct frame *f, const struct node *n, \
	    const struct rule_value *a, struct rule_value *out)

/* ---- results within their range ------------------------------------------------ */
static void
set_int(struct rule_value *out, int64_t i)
{
	out->kind = RULE_V_INT;
	out->i = i;
}

static void
set_timestamp(struct rule_value *out, const struct node *n, bool bad, int64_t at)
{
	if (bad || at < TIMESTAMP_MIN || at > TIMESTAMP_MAX) {
		value_fail(out, n, "timestamp out of range");
		return;
	}
	*out = rule_timestamp(at);
}

static void
set_duration(struct rule_value *out, const struct node *n, bool bad, int64_t usec)
{
	if (bad || usec > DURATION_MAX || usec < -DURATION_MAX) {
		value_fail(out, n, "duration out of range");
		return;
	}
	*out = rule_duration(usec);
}

static void
set_date(struct rule_value *out, const struct node *n, bool bad, int64_t day)
{
	if (bad || day < TABLE_DAY_MIN || day > TABLE_DAY_MAX) {
		value_fail(out, n, "date out of range");
		return;
	}
	out->kind = RULE_V_DATE;
	out->i = day;
}

/* ---- now, and making instants, durations and days -------------------------------- */
FN(now)
{
	(void)n, (void)a;
	*out = rule_timestamp(f->ctx->now);
}

FN(today)
{
	(void)n, (void)a;
	out->kind = RULE_V_DATE;
	out->i = frame_today(f);
}

static void
units(const struct rule_value *a, int64_t unit, const struct node *n,
    struct rule_value *out)
{
	int64_t usec;
	bool bad = __builtin_mul_overflow(a->i, unit, &usec);

	set_duration(out, n, bad, usec);
}

FN(days)
{
	(void)f;
	units(a, STW_USEC_DAY, n, out);
}

FN(hours)
{
	(void)f;
	units(a, STW_USEC_HOUR, n, out);
}

FN(minutes)
{
	(void)f;
	units(a, STW_USEC_MIN, n, out);
}

/* RFC 3339 with up to nine digits of a second. */
bool
timestamp_parse(struct str s, struct rule_value *out)
{
	const char *point = memchr(s.ptr, '.', s.len);
	char text[STW_USEC_TEXT];
	size_t from, digits = 0, rest;
	int32_t nsec = 0;
	stw_usec at;

	from = point == NULL ? s.len : (size_t)(point - s.ptr) + 1;
	while (from + digits < s.len && s.ptr[from + digits] >= '0' &&
	       s.ptr[from + digits] <= '9')
		digits++;
	if (digits > 9 || s.len >= sizeof text)
		return false;
	if (digits <= 6) {
		if (stw_usec_parse(s, &at) != STW_OK)
			return false;
	} else { /* the microseconds as ever, and what is beyond them */
		for (size_t i = 6; i < 9; i++)
			nsec = nsec * 10 + (i < digits ? s.ptr[from + i] - '0' : 0);
		rest = s.len - from - digits;
		memcpy(text, s.ptr, from + 6);
		memcpy(text + from + 6, s.ptr + from + digits, rest);
		if (stw_usec_parse((struct str){text, from + 6 + rest}, &at) != STW_OK)
			return false;
	}
	if (at < TIMESTAMP_MIN || at > TIMESTAMP_MAX)
		return false;
	*out = rule_timestamp(at);
	out->nsec = nsec;
	return true;
}

FN(timestamp_of_string)
{
	(void)f;
	if (!timestamp_parse(a[0].s, out))
		value_fail(out, n,
		    "not a timestamp; write it as \"2026-11-23T10:00:00+08:00\"");
}

FN(timestamp_of_int)
{
	int64_t usec;
	bool bad = __builtin_mul_overflow(a[0].i, STW_USEC_SEC, &usec);

	(void)f;
	set_timestamp(out, n, bad, usec);
}

FN(timestamp_of_date)
{
	if (f->ctx->zone == NULL)
		set_timestamp(out, n, false, a[0].i * STW_USEC_DAY);
	else
		set_timestamp(
		    out, n, false, zone_instant(f->ctx->zone, (stw_day)a[0].i, 0));
}

FN(date_parse)
{
	stw_day day;

	(void)f;
	if (stw_day_parse(a[0].s, &day) == STW_OK)
		set_date(out, n, false, day);
	else
		value_fail(out, n, "not a date; write it as \"2026-11-23\"");
}

FN(date_of_timestamp)
{
	set_date(out, n, false, frame_day(f, a[0].i));
}

FN(date_of_parts)
{
	struct stw_date d;

	(void)f;
	for (int i = 0; i < 3; i++) {
		if (a[i].i < 1 || a[i].i > 9999) {
			value_fail(out, n, "there is no such date");
			return;
		}
	}
	d = (struct stw_date){(int)a[0].i, (int)a[1].i, (int)a[2].i};
	if (stw_date_valid(d))
		set_date(out, n, false, stw_day_of(d));
	else
		value_fail(out, n, "there is no such date");
}

bool
duration_parse(struct str s, struct rule_value *out)
{
	static const struct {
		char name[3];
		int64_t nsec;
	} unit[] = {{"h", INT64_C(3600000000000)}, {"m", INT64_C(60000000000)},
	    {"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};
	bool negative = s.len > 0 && s.ptr[0] == '-';
	size_t at = negative || (s.len > 0 && s.ptr[0] == '+') ? 1 : 0;
	stw_wide total = 0;

	if (s.len - at == 1 && s.ptr[at] == '0') {
		*out = rule_duration(0);
		return true;
	}
	if (at == s.len)
		return false;
	while (at < s.len) {
		stw_wide digits = 0, scale = 1;
		bool any = false, point = false;
		size_t from, u;

		for (; at < s.len && ((s.ptr[at] >= '0' && s.ptr[at] <= '9') ||
					 (s.ptr[at] == '.' && !point));
		     at++) {
			if (s.ptr[at] == '.') {
				point = true;
				continue;
			}
			any = true;
			if (point && scale >= 1000000000)
				continue;
			digits = digits * 10 + (s.ptr[at] - '0');
			scale *= point ? 10 : 1;
			if (digits > (stw_wide)INT64_MAX * 1000)
				return false;
		}
		from = at;
		while (at < s.len && s.ptr[at] >= 'a' && s.ptr[at] <= 'z')
			at++;
		for (u = 0; u < STW_ARRAY_LEN(unit); u++) {
			if (str_eq_c(
				(struct str){s.ptr + from, at - from}, unit[u].name))
				break;
		}
		if (!any || u == STW_ARRAY_LEN(unit))
			return false;
		total += digits * unit[u].nsec / scale;
		if (total > INT64_MAX)
			return false;
	}
	*out = rule_duration(0);
	value_set_nsec(out, negative ? -total : total);
	return true;
}

FN(duration_of_string)
{
	(void)f;
	if (!duration_parse(a[0].s, out))
		value_fail(out, n, "not a duration; write it as \"1h30m\" or \"90s\"");
}

/* ---- arithmetic ---------------------------------------------------------------- */
#define SUM(name, builtin, set)                         \
	FN(name)                                        \
	{                                               \
		int64_t r;                              \
		bool bad = builtin(a[0].i, a[1].i, &r); \
                                                        \
		(void)f;                                \
		set(out, n, bad, r);                    \
	}

SUM(date_plus, __builtin_add_overflow, set_date)
SUM(date_minus, __builtin_sub_overflow, set_date)

/* Instants and durations count in nanoseconds, in 128 bits: nothing overflows there. */
static void
set_instant(struct rule_value *out, const struct node *n, stw_wide nsec)
{
	if (nsec < (stw_wide)TIMESTAMP_MIN * NSEC_PER_USEC ||
	    nsec >= ((stw_wide)TIMESTAMP_MAX + 1) * NSEC_PER_USEC) {
		value_fail(out, n, "timestamp out of range");
		return;
	}
	*out = rule_timestamp(0);
	value_set_nsec(out, nsec);
}

static void
set_span(struct rule_value *out, const struct node *n, stw_wide nsec)
{
	if (nsec < INT64_MIN || nsec > INT64_MAX) {
		value_fail(out, n, "duration out of range");
		return;
	}
	*out = rule_duration(0);
	value_set_nsec(out, nsec);
}

#define NSEC_SUM(name, op, set)                                      \
	FN(name)                                                     \
	{                                                            \
		(void)f;                                             \
		set(out, n, value_nsec(&a[0]) op value_nsec(&a[1])); \
	}

NSEC_SUM(timestamp_plus, +, set_instant)
NSEC_SUM(timestamp_minus, -, set_instant)
NSEC_SUM(duration_plus, +, set_span)
NSEC_SUM(duration_minus, -, set_span)

/* 64 bits of nanoseconds times 64 bits fit into 128. */
FN(duration_times)
{
	(void)f;
	set_span(out, n, value_nsec(&a[0]) * a[1].i);
}

FN(times_duration)
{
	(void)f;
	set_span(out, n, value_nsec(&a[1]) * a[0].i);
}

FN(duration_negate)
{
	(void)f;
	set_span(out, n, -value_nsec(&a[0]));
}

FN(date_between)
{
	(void)f, (void)n;
	set_int(out, a[0].i - a[1].i);
}

static void
date_shift(int64_t day, const struct rule_value *span, int by, const struct node *n,
    struct rule_value *out)
{
	int64_t usec = span->i;

	if (usec % STW_USEC_DAY != 0 || span->nsec != 0)
		value_fail(out, n, "a date moves by whole days only");
	else
		set_date(out, n, false, day + by * (usec / STW_USEC_DAY));
}

FN(date_plus_duration)
{
	(void)f;
	date_shift(a[0].i, &a[1], 1, n, out);
}

FN(date_minus_duration)
{
	(void)f;
	date_shift(a[0].i, &a[1], -1, n, out);
}

FN(duration_plus_date)
{
	(void)f;
	date_shift(a[1].i, &a[0], 1, n, out);
}

/* Past 120000 months every date is out of range. */
FN(add_months)
{
	(void)f;
	if (a[1].i < -120000 || a[1].i > 120000)
		set_date(out, n, true, 0);
	else {
		struct stw_date d = stw_date_of((stw_day)a[0].i);
		int64_t month = d.year * INT64_C(12) + d.month - 1 + a[1].i;

		if (month < 12 || month > INT64_C(9999) * 12 + 11)
			set_date(out, n, true, 0);
		else
			set_date(out, n, false,
			    stw_day_add_months((stw_day)a[0].i, (int)a[1].i));
	}
}

RULE_FN(rule_fn_days_since_date)
{
	(void)n;
	set_int(out, (int64_t)frame_today(f) - a[0].i);
}

FN(days_since_timestamp)
{
	(void)n;
	set_int(out, (int64_t)frame_today(f) - frame_day(f, a[0].i));
}

RULE_FN(rule_fn_days_until_date)
{
	(void)n;
	set_int(out, a[0].i - (int64_t)frame_today(f));
}

FN(days_until_timestamp)
{
	(void)n;
	set_int(out, (int64_t)frame_day(f, a[0].i) - frame_today(f));
}

FN(age_today)
{
	(void)n;
	set_int(out, stw_age((stw_day)a[0].i, frame_today(f)));
}

FN(age_on)
{
	(void)f, (void)n;
	set_int(out, stw_age((stw_day)a[0].i, (stw_day)a[1].i));
}

/* ---- parts --------------------------------------------------------------------- */
enum part {
	PART_YEAR,
	PART_MONTH,
	PART_DAY,
	PART_WEEKDAY,     /* 1 Monday ... 7 Sunday */
	PART_MONTH0,      /* 0-11, CEL's getMonth */
	PART_DAY0,        /* 0-30 */
	PART_WEEKDAY0,    /* 0 Sunday ... 6 Saturday */
	PART_DAY_OF_YEAR, /* 0-365 */
	PART_HOUR,
	PART_MINUTE,
	PART_SECOND,
	PART_MSEC,
};

static int64_t
part_of(enum part part, stw_day day, int64_t usec)
{
	struct stw_date d = stw_date_of(day);

	switch (part) {
	case PART_YEAR:
		return d.year;
	case PART_MONTH:
		return d.month;
	case PART_DAY:
		return d.day;
	case PART_WEEKDAY:
		return stw_weekday(day) + 1;
	case PART_MONTH0:
		return d.month - 1;
	case PART_DAY0:
		return d.day - 1;
	case PART_WEEKDAY0:
		return (stw_weekday(day) + 1) % 7;
	case PART_DAY_OF_YEAR:
		return day - stw_day_of((struct stw_date){d.year, 1, 1});
	case PART_HOUR:
		return usec / STW_USEC_HOUR;
	case PART_MINUTE:
		return usec / STW_USEC_MIN % 60;
	case PART_SECOND:
		return usec / STW_USEC_SEC % 60;
	case PART_MSEC:
		return usec / 1000 % 1000;
	}
	return 0;
}

/* "+08:00", "-02:30", "08:00": minutes east. */
static bool
offset_parse(struct str s, int *minutes)
{
	size_t at = s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-') ? 1 : 0;
	int v[4];

	if (s.len - at != 5 || s.ptr[at + 2] != ':')
		return false;
	for (int i = 0; i < 4; i++) {
		char c = s.ptr[at + (size_t)i + (i > 1 ? 1 : 0)];

		if (c < '0' || c > '9')
			return false;
		v[i] = c - '0';
	}
	*minutes = (v[0] * 10 + v[1]) * 60 + v[2] * 10 + v[3];
	if (s.ptr[0] == '-')
		*minutes = -*minutes;
	return *minutes > -1440 && *minutes < 1440;
}

static void
day_and_usec(int64_t at, stw_day *day, int64_t *usec)
{
	int64_t d = at / STW_USEC_DAY - (at % STW_USEC_DAY < 0 ? 1 : 0);

	*day = (stw_day)d;
	*usec = at - d * STW_USEC_DAY;
}

static void
part_in_zone(enum part part, const struct node *n, const struct rule_value *a,
    struct rule_value *out)
{
	const struct zone *zone = NULL;
	struct zone_local local;
	char name[64];
	int minutes = 0;
	int64_t usec;
	stw_day day;

	if (offset_parse(a[1].s, &minutes)) {
		day_and_usec(a[0].i + minutes * STW_USEC_MIN, &day, &usec);
		set_int(out, part_of(part, day, usec));
		return;
	}
	if (a[1].s.len >= sizeof name) {
		value_fail(out, n, "unknown time zone");
		return;
	}
	memcpy(name, a[1].s.ptr, a[1].s.len);
	name[a[1].s.len] = '\0';
	if (strlen(name) != a[1].s.len || zone_find(name, &zone, NULL) != STW_OK) {
		value_fail(out, n, "unknown time zone");
		return;
	}
	local = zone_local(zone, a[0].i);
	set_int(out, part_of(part, local.day, local.usec));
}

#define PART(name, part)                                            \
	FN(timestamp_##name)                                        \
	{                                                           \
		struct zone_local local = frame_local(f, a[0].i);   \
                                                                    \
		(void)n;                                            \
		set_int(out, part_of(part, local.day, local.usec)); \
	}                                                           \
	FN(zoned_##name)                                            \
	{                                                           \
		(void)f;                                            \
		part_in_zone(part, n, a, out);                      \
	}

#define DATE_PART(name, part)                                    \
	PART(name, part)                                         \
	FN(date_##name)                                          \
	{                                                        \
		(void)f, (void)n;                                \
		set_int(out, part_of(part, (stw_day)a[0].i, 0)); \
	}

DATE_PART(year, PART_YEAR)
DATE_PART(month, PART_MONTH)
DATE_PART(day, PART_DAY)
DATE_PART(weekday, PART_WEEKDAY)
DATE_PART(month0, PART_MONTH0)
DATE_PART(day0, PART_DAY0)
DATE_PART(weekday0, PART_WEEKDAY0)
DATE_PART(day_of_year, PART_DAY_OF_YEAR)
PART(hour, PART_HOUR)
PART(minute, PART_MINUTE)
PART(second, PART_SECOND)
PART(msec, PART_MSEC)

/* Whole units, cut towards zero. */
static int64_t
whole(const struct rule_value *v, int64_t unit)
{
	return (int64_t)(value_nsec(v) / ((stw_wide)unit * NSEC_PER_USEC));
}

#define DURATION_UNIT(name, unit)                 \
	FN(name)                                  \
	{                                         \
		(void)f, (void)n;                 \
		set_int(out, whole(&a[0], unit)); \
	}

DURATION_UNIT(duration_hours, STW_USEC_HOUR)
DURATION_UNIT(duration_minutes, STW_USEC_MIN)
DURATION_UNIT(duration_seconds, STW_USEC_SEC)

FN(duration_msec)
{
	(void)f, (void)n;
	set_int(out, whole(&a[0], 1000) % 1000);
}

#define TIME_ACCESSOR(text, name)                           \
	{text, ".t:i", timestamp_##name, FN_CONTEXT, NULL}, \
	{                                                   \
		text, ".ts:i", zoned_##name, 0, NULL        \
	}
#define DATE_ACCESSOR(text, name)                  \
	TIME_ACCESSOR(text, name),                 \
	{                                          \
		text, ".a:i", date_##name, 0, NULL \
	}
#define GLOBAL_ACCESSOR(text, name)                                     \
	DATE_ACCESSOR(text, name), {text, "a:i", date_##name, 0, NULL}, \
	{                                                               \
		text, "t:i", timestamp_##name, FN_CONTEXT, NULL         \
	}

const struct rule_overload rule_fns_time[] = {
    {"now", ":t", now, FN_CONTEXT, NULL},
    {"today", ":a", today, FN_CONTEXT, NULL},
    {"days", "i:r", days, 0, NULL},
    {"hours", "i:r", hours, 0, NULL},
    {"minutes", "i:r", minutes, 0, NULL},
    {"timestamp", "s:t", timestamp_of_string, FN_LITERAL, NULL},
    {"timestamp", "i:t", timestamp_of_int, 0, NULL},
    {"timestamp", "a:t", timestamp_of_date, FN_CONTEXT, NULL},
    {"date", "s:a", date_parse, FN_LITERAL, NULL},
    {"date", "t:a", date_of_timestamp, FN_CONTEXT, NULL},
    {"date", "iii:a", date_of_parts, FN_LITERAL, NULL},
    {"duration", "s:r", duration_of_string, FN_LITERAL, NULL},
    {"+", "tr:t", timestamp_plus, 0, NULL},
    {"+", "rt:t", timestamp_plus, 0, NULL},
    {"-", "tr:t", timestamp_minus, 0, NULL},
    {"-", "tt:r", duration_minus, 0, NULL},
    {"+", "rr:r", duration_plus, 0, NULL},
    {"-", "rr:r", duration_minus, 0, NULL},
    {"*", "ri:r", duration_times, 0, NULL},
    {"*", "ir:r", times_duration, 0, NULL},
    {"neg", "r:r", duration_negate, 0, NULL},
    {"+", "ai:a", date_plus, 0, NULL},
    {"+", "ia:a", date_plus, 0, NULL},
    {"-", "ai:a", date_minus, 0, NULL},
    {"-", "aa:i", date_between, 0, NULL},
    {"+", "ar:a", date_plus_duration, 0, NULL},
    {"+", "ra:a", duration_plus_date, 0, NULL},
    {"-", "ar:a", date_minus_duration, 0, NULL},
    {"add_months", "ai:a", add_months, 0, NULL},
    {"days_since", "a:i", rule_fn_days_since_date, FN_CONTEXT, NULL},
    {"days_since", "t:i", days_since_timestamp, FN_CONTEXT, NULL},
    {"days_until", "a:i", rule_fn_days_until_date, FN_CONTEXT, NULL},
    {"days_until", "t:i", days_until_timestamp, FN_CONTEXT, NULL},
    {"age", "a:i", age_today, FN_CONTEXT, NULL},
    {"age", "aa:i", age_on, 0, NULL},
    GLOBAL_ACCESSOR("year", year),
    GLOBAL_ACCESSOR("month", month),
    GLOBAL_ACCESSOR("day", day),
    GLOBAL_ACCESSOR("weekday", weekday),
    DATE_ACCESSOR("getFullYear", year),
    DATE_ACCESSOR("getMonth", month0),
    DATE_ACCESSOR("getDate", day),
    DATE_ACCESSOR("getDayOfMonth", day0),
    DATE_ACCESSOR("getDayOfWeek", weekday0),
    DATE_ACCESSOR("getDayOfYear", day_of_year),
    TIME_ACCESSOR("getHours", hour),
    TIME_ACCESSOR("getMinutes", minute),
    TIME_ACCESSOR("getSeconds", second),
    TIME_ACCESSOR("getMilliseconds", msec),
    {"getHours", ".r:i", duration_hours, 0, NULL},
    {"getMinutes", ".r:i", duration_minutes, 0, NULL},
    {"getSeconds", ".r:i", duration_seconds, 0, NULL},
    {"getMilliseconds", ".r:i", duration_msec, 0, NULL},
    {0},
};
