#include "engine/time.h"

#include <stdio.h>
#include <time.h>

static const int month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static bool
leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in_month(int year, int month)
{
	return month == 2 && leap_year(year) ? 29 : month_days[month - 1];
}

bool
stw_date_valid(struct stw_date d)
{
	return d.year >= 1 && d.year <= 9999 && d.month >= 1 && d.month <= 12 &&
	       d.day >= 1 && d.day <= days_in_month(d.year, d.month);
}

/* Counts from 1 March, so that the leap day is the last of its year; eras of 400 years. */
stw_day
stw_day_of(struct stw_date d)
{
	int y = d.month <= 2 ? d.year - 1 : d.year;
	int era = (y >= 0 ? y : y - 399) / 400;
	int yoe = y - era * 400;
	int mp = (d.month + 9) % 12;
	int doy = (153 * mp + 2) / 5 + d.day - 1;
	int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

struct stw_date
stw_date_of(stw_day day)
{
	int z = day + 719468;
	int era = (z >= 0 ? z : z - 146096) / 146097;
	int doe = z - era * 146097;
	int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int mp = (5 * doy + 2) / 153;
	struct stw_date d;

	d.day = doy - (153 * mp + 2) / 5 + 1;
	d.month = mp < 10 ? mp + 3 : mp - 9;
	d.year = yoe + era * 400 + (d.month <= 2 ? 1 : 0);
	return d;
}

int
stw_weekday(stw_day day)
{
	int r = (int)((day + 3) % 7); /* 1970-01-01 was a Thursday */

	return r < 0 ? r + 7 : r;
}

stw_day
stw_day_add_months(stw_day day, int months)
{
	struct stw_date d = stw_date_of(day);
	int m = d.year * 12 + (d.month - 1) + months;
	int last;

	d.year = m / 12;
	d.month = m % 12 + 1;
	last = days_in_month(d.year, d.month);
	if (d.day > last)
		d.day = last;
	return stw_day_of(d);
}

int
stw_age(stw_day born, stw_day on)
{
	struct stw_date b = stw_date_of(born);
	struct stw_date n = stw_date_of(on);
	int last = days_in_month(n.year, b.month);
	int birthday = b.day > last ? last : b.day;
	int years = n.year - b.year;

	if (n.month < b.month || (n.month == b.month && n.day < birthday))
		years--;
	return years;
}

/* Reads exactly n digits at *at; -1 when there are fewer. */
static int
digits(struct str s, size_t *at, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (*at >= s.len || s.ptr[*at] < '0' || s.ptr[*at] > '9')
			return -1;
		value = value * 10 + (s.ptr[(*at)++] - '0');
	}
	return value;
}

static bool
take(struct str s, size_t *at, char c)
{
	if (*at >= s.len || s.ptr[*at] != c)
		return false;
	(*at)++;
	return true;
}

static bool
date_take(struct str s, size_t *at, stw_day *out)
{
	struct stw_date d;

	d.year = digits(s, at, 4);
	if (d.year < 0 || !take(s, at, '-'))
		return false;
	d.month = digits(s, at, 2);
	if (d.month < 0 || !take(s, at, '-'))
		return false;
	d.day = digits(s, at, 2);
	if (d.day < 0 || !stw_date_valid(d))
		return false;
	*out = stw_day_of(d);
	return true;
}

enum stw_code
stw_day_parse(struct str text, stw_day *out)
{
	size_t at = 0;

	return date_take(text, &at, out) && at == text.len ? STW_OK : STW_INVALID;
}

static bool
fraction_take(struct str s, size_t *at, int *usec)
{
	int n = 0;

	*usec = 0;
	if (!take(s, at, '.'))
		return true;
	while (*at < s.len && s.ptr[*at] >= '0' && s.ptr[*at] <= '9') {
		if (n == 6)
			return false;
		*usec = *usec * 10 + (s.ptr[(*at)++] - '0');
		n++;
	}
	if (n == 0)
		return false;
	for (; n < 6; n++)
		*usec *= 10;
	return true;
}

static bool
offset_take(struct str s, size_t *at, int *minutes)
{
	bool minus;
	int h, m;

	*minutes = 0;
	if (take(s, at, 'Z') || take(s, at, 'z'))
		return true;
	minus = take(s, at, '-');
	if (!minus && !take(s, at, '+'))
		return false;
	h = digits(s, at, 2);
	if (h < 0 || h > 23 || !take(s, at, ':'))
		return false;
	m = digits(s, at, 2);
	if (m < 0 || m > 59)
		return false;
	*minutes = (h * 60 + m) * (minus ? -1 : 1);
	return true;
}

enum stw_code
stw_usec_parse(struct str s, stw_usec *out)
{
	size_t at = 0;
	stw_day day;
	int h, m, sec, usec, off;

	if (!date_take(s, &at, &day) || (!take(s, &at, 'T') && !take(s, &at, 't')))
		return STW_INVALID;
	h = digits(s, &at, 2);
	if (h < 0 || h > 23 || !take(s, &at, ':'))
		return STW_INVALID;
	m = digits(s, &at, 2);
	if (m < 0 || m > 59 || !take(s, &at, ':'))
		return STW_INVALID;
	sec = digits(s, &at, 2);
	if (sec < 0 || sec > 59 || !fraction_take(s, &at, &usec) ||
	    !offset_take(s, &at, &off) || at != s.len)
		return STW_INVALID;
	*out = day * STW_USEC_DAY + h * STW_USEC_HOUR + (m - off) * STW_USEC_MIN +
	       sec * STW_USEC_SEC + usec;
	return STW_OK;
}

char *
stw_day_format(stw_day day, char to[STW_DAY_TEXT])
{
	struct stw_date d = stw_date_of(day);

	(void)snprintf(to, STW_DAY_TEXT, "%04d-%02d-%02d", d.year, d.month, d.day);
	return to;
}

char *
stw_usec_format(stw_usec at, char to[STW_USEC_TEXT])
{
	int64_t day = at / STW_USEC_DAY;
	int64_t rest = at % STW_USEC_DAY;
	struct stw_date d;
	int n;

	if (rest < 0) {
		rest += STW_USEC_DAY;
		day--;
	}
	d = stw_date_of((stw_day)day);
	n = snprintf(to, STW_USEC_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", d.year,
	    d.month, d.day, (int)(rest / STW_USEC_HOUR),
	    (int)(rest / STW_USEC_MIN % 60), (int)(rest / STW_USEC_SEC % 60));
	if (n < 0 || n > STW_USEC_TEXT - 10)
		n = 0;
	if (rest % STW_USEC_SEC != 0)
		n += snprintf(to + n, (size_t)(STW_USEC_TEXT - n), ".%06d",
		    (int)(rest % STW_USEC_SEC));
	(void)snprintf(to + n, (size_t)(STW_USEC_TEXT - n), "Z");
	return to;
}

static stw_usec
read_clock(clockid_t id)
{
	struct timespec ts;

	STW_ASSERT(clock_gettime(id, &ts) == 0);
	return (stw_usec)ts.tv_sec * STW_USEC_SEC + ts.tv_nsec / 1000;
}

stw_usec
stw_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void
clock_set_real(struct stw_clock *clock)
{
	*clock = (struct stw_clock){0};
}

void
clock_set_base(struct stw_clock *clock, stw_usec base)
{
	clock->simulated = true;
	clock->base = base;
	clock->mono_base = stw_monotonic();
}

stw_usec
clock_now(const struct stw_clock *clock)
{
	if (!clock->simulated)
		return read_clock(CLOCK_REALTIME);
	return clock->base + (stw_monotonic() - clock->mono_base);
}
