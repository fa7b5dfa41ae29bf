/*
 * zone.h - local time, the only place where it exists.
 *
 * Purpose    IANA zones from the system's tz database (TZif files), and calendars of
 *            holidays and worked weekends.
 * Units      stw_usec UTC in, local minutes of day and stw_day out.
 * Ownership  zone_find returns a zone that lives as long as the process (cached).
 * Errors     NOT_FOUND for a name the tz database does not have.
 * Threads    Any.
 */
#ifndef STW_ENGINE_ZONE_H
#define STW_ENGINE_ZONE_H

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/time.h"

struct zone;

struct zone_local {
	stw_day day;
	int minute;     /* of the day, 0-1439 */
	stw_usec usec;  /* within the day */
	int offset_sec; /* east of UTC */
};

enum stw_code zone_find(
    const char *name, const struct zone **out, struct stw_err *err) STW_MUST_USE;
const struct zone *zone_utc(void);
const char *zone_name(const struct zone *zone);
struct zone_local zone_local(const struct zone *zone, stw_usec at);
/* Until when the offset of that instant holds at least: STW_USEC_MAX where nothing in the tz
 * database ends it. */
stw_usec zone_offset_until(const struct zone *zone, stw_usec at);
/* The first instant at which the zone's wall clock shows day + usec of day. A wall time
 * that the spring change skips gives the instant of the change; one that the autumn
 * change repeats gives the earlier. */
stw_usec zone_instant(const struct zone *zone, stw_day day, stw_usec usec_of_day);
/* The changes of offset in [from, to): offset_usec[i] holds before at[i], the last one
 * after the last change, so there is one more of them. In the arena. */
struct zone_changes {
	stw_usec *at;
	int64_t *offset_usec; /* east of UTC */
	size_t count;
};
void zone_changes(const struct zone *zone, stw_usec from, stw_usec to,
    struct arena *arena, struct zone_changes *out);
/* Version of the tz database ("2025b"), "unknown" when it does not say. */
const char *zone_tzdata_version(void);

#endif
