/*
 * calendar.h - which days are worked: holidays, and weekends worked in exchange (调休).
 *
 * Purpose    A named calendar read from CSV text: a header line naming at least the
 *            columns date and kind, then one row a day that differs from Monday to
 *            Friday. Kinds: holiday, in-lieu-holiday (a weekday off); makeup-workday,
 *            workday_override (a weekend day worked). Other columns are for readers.
 * Units      stw_day. The calendar covers [from, to): outside of it nothing is known,
 *            and asking is answered with CALENDAR_NOT_COVERED.
 * Ownership  The calendar lives in the arena it was read into.
 * Errors     INVALID with the line: a bad date or kind, a day outside the cover, a day
 *            named twice, a holiday column missing.
 * Threads    Immutable after reading: any.
 */
#ifndef STW_ENGINE_CALENDAR_H
#define STW_ENGINE_CALENDAR_H

#include "engine/arena.h"
#include "engine/time.h"

/* NOT_COVERED is zero: a day that nobody looked up is not known to be a workday. */
enum calendar_class {
	CALENDAR_NOT_COVERED = 0,
	CALENDAR_WORKDAY, /* also a weekend day worked in exchange */
	CALENDAR_WEEKEND,
	CALENDAR_HOLIDAY,
};

struct calendar;

enum stw_code calendar_read(struct str csv, stw_day from, stw_day to,
    struct arena *arena, struct calendar **out, struct stw_err *err) STW_MUST_USE;
enum calendar_class calendar_class(const struct calendar *calendar, stw_day day);
/* Only a day known to be one. */
bool calendar_is_workday(const struct calendar *calendar, stw_day day);
/* The n-th workday after `day` (n > 0) or before it (n < 0). False when the way there
 * leaves the cover. */
bool calendar_add_workdays(
    const struct calendar *calendar, stw_day day, int n, stw_day *out);

#endif
