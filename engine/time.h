/*
 * time.h - instants, days and clocks.
 *
 * Units      stw_usec: microseconds since 1970-01-01T00:00:00Z. stw_day: days since
 *            1970-01-01. Both count backwards before it. Intervals are half-open.
 * Purpose    Everything inside is UTC; local time exists only in engine/zone.h. The
 *            clock is always injected: nothing in segments/ or campaigns/ asks the
 *            system what time it is.
 */
#ifndef STW_ENGINE_TIME_H
#define STW_ENGINE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/buf.h"
#include "engine/err.h"

typedef int64_t stw_usec;
typedef int32_t stw_day;

#define STW_USEC_SEC  INT64_C(1000000)
#define STW_USEC_MIN  (60 * STW_USEC_SEC)
#define STW_USEC_HOUR (60 * STW_USEC_MIN)
#define STW_USEC_DAY  (24 * STW_USEC_HOUR)
/* "never ends" / "never": safe to compare, not to add to. */
#define STW_USEC_MAX   INT64_MAX
#define STW_USEC_NEVER (-INT64_MAX)

struct stw_date {
	int year, month, day; /* month 1-12, day 1-31; proleptic Gregorian */
};

/* Valid dates only (year 1..9999); see stw_date_valid. */
stw_day stw_day_of(struct stw_date date);
struct stw_date stw_date_of(stw_day day);
bool stw_date_valid(struct stw_date date);
/* 0 Monday ... 6 Sunday */
int stw_weekday(stw_day day);
/* Adds months; a day past the month's end becomes its last day. */
stw_day stw_day_add_months(stw_day day, int months);
/* Completed years at `on` of somebody born on `born`; 29 February counts as reached on
 * 28 February of other years (a protection begins on the earliest arguable date). */
int stw_age(stw_day born, stw_day on);

/* "2026-11-23"; anything else is INVALID. */
enum stw_code stw_day_parse(struct str text, stw_day *out) STW_MUST_USE;
/* RFC 3339 with up to six fraction digits and an offset or Z. */
enum stw_code stw_usec_parse(struct str s, stw_usec *out) STW_MUST_USE;

#define STW_DAY_TEXT  16
#define STW_USEC_TEXT 40
/* Return `to`. stw_usec_format writes Z, and a fraction only when there is one. */
char *stw_day_format(stw_day day, char to[STW_DAY_TEXT]);
char *stw_usec_format(stw_usec at, char to[STW_USEC_TEXT]);

/* A clock that can be stopped or set. Real: offset 0. Simulated: the stated base plus
 * the monotonic time since clock_set_base. */
struct stw_clock {
	bool simulated;
	stw_usec base;      /* simulated: what it said at mono_base */
	stw_usec mono_base; /* CLOCK_MONOTONIC then */
};

void clock_set_real(struct stw_clock *clock);
void clock_set_base(struct stw_clock *clock, stw_usec base);
stw_usec clock_now(const struct stw_clock *clock);
/* CLOCK_MONOTONIC, for durations. */
stw_usec stw_monotonic(void);

#endif
