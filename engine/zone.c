#include "engine/zone.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"

#define ZONE_DIR      "/usr/share/zoneinfo/"
#define ZONE_MAX_FILE (256 * 1024)
#define ZONE_MAX_NAME 64
#define ZONE_BUCKETS  64
#define SEC_DAY       INT64_C(86400)
/* No zone is further from UTC than this (RFC 8536: -25 h to +26 h). */
#define ZONE_MAX_OFFSET (INT64_C(26) * 3600)

/* A yearly change of a POSIX TZ string: Mm.w.d, Jn or n, and a time of day. */
struct zone_change {
	char form; /* 'M', 'J' or '0' */
	int month, week, weekday;
	int day;
	int64_t sec; /* local, may be negative or past the day's end */
};

/* What holds after the last transition of the table. */
struct zone_tail {
	bool present, has_dst;
	int std_sec, dst_sec; /* east of UTC */
	struct zone_change to_dst, to_std;
};

struct zone {
	struct zone *next;
	char name[ZONE_MAX_NAME];
	int count;
	int64_t *at;     /* UTC seconds of the transitions, ascending */
	int *offset_sec; /* in force from at[i] */
	int first_sec;   /* in force before at[0] */
	struct zone_tail tail;
};

/* A stretch of time with one offset; it ends, exclusively, at `end`. */
struct zone_period {
	int offset_sec;
	int64_t end;
};

static const struct zone zone_utc_data = {.name = "UTC"};

static pthread_mutex_t zone_lock = PTHREAD_MUTEX_INITIALIZER;
static struct zone *zone_cache[ZONE_BUCKETS];

static pthread_once_t version_once = PTHREAD_ONCE_INIT;
static char version_text[32] = "unknown";

static int64_t
floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;

	return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

/* ---- POSIX TZ string -------------------------------------------------------- */
static bool
tail_name(const char **at)
{
	const char *s = *at;
	const char *from = s;

	if (*s == '<') {
		s = strchr(s, '>');
		if (s == NULL)
			return false;
		*at = s + 1;
		return true;
	}
	while ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z'))
		s++;
	*at = s;
	return s - from >= 3;
}

static bool
tail_number(const char **at, int max, int *out)
{
	const char *s = *at;
	int value = 0;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		value = value * 10 + (*s - '0');
		if (value > max)
			return false;
	}
	*at = s;
	*out = value;
	return true;
}

/* [+-]hh[:mm[:ss]] */
static bool
tail_time(const char **at, int64_t *out)
{
	int64_t sign = 1;
	int hour, minute = 0, second = 0;

	if (**at == '+' || **at == '-') {
		sign = **at == '-' ? -1 : 1;
		(*at)++;
	}
	if (!tail_number(at, 167, &hour))
		return false;
	if (**at == ':') {
		(*at)++;
		if (!tail_number(at, 59, &minute))
			return false;
		if (**at == ':') {
			(*at)++;
			if (!tail_number(at, 59, &second))
				return false;
		}
	}
	*out = sign * (hour * INT64_C(3600) + minute * 60 + second);
	return true;
}

static bool
tail_expect(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static bool
tail_change(const char **at, struct zone_change *out)
{
	out->sec = 2 * 3600;
	if (!tail_expect(at, ','))
		return false;
	if (**at == 'M') {
		(*at)++;
		out->form = 'M';
		if (!tail_number(at, 12, &out->month) || !tail_expect(at, '.') ||
		    !tail_number(at, 5, &out->week) || !tail_expect(at, '.') ||
		    !tail_number(at, 6, &out->weekday) || out->month < 1 ||
		    out->week < 1)
			return false;
	} else {
		out->form = '0';
		if (**at == 'J') {
			(*at)++;
			out->form = 'J';
		}
		if (!tail_number(at, 365, &out->day))
			return false;
	}
	if (**at == '/') {
		(*at)++;
		return tail_time(at, &out->sec);
	}
	return true;
}

static bool
tail_parse(const char *text, struct zone_tail *tail)
{
	const char *at = text;
	int64_t sec;

	if (*at == '\0')
		return true; /* none: the last type of the table holds for ever */
	if (!tail_name(&at) || !tail_time(&at, &sec))
		return false;
	tail->present = true;
	tail->std_sec = (int)-sec; /* POSIX counts west of UTC */
	if (*at == '\0')
		return true;
	if (!tail_name(&at))
		return false;
	tail->has_dst = true;
	tail->dst_sec = tail->std_sec + 3600;
	if (*at != ',' && *at != '\0') {
		if (!tail_time(&at, &sec))
			return false;
		tail->dst_sec = (int)-sec;
	}
	return tail_change(&at, &tail->to_dst) && tail_change(&at, &tail->to_std) &&
	       *at == '\0';
}

/* UTC second of the change in a year, given the offset in force before it. */
static int64_t
change_at(const struct zone_change *c, int year, int offset_before)
{
	stw_day day;

	if (c->form == 'M') {
		stw_day first = stw_day_of((struct stw_date){year, c->month, 1});
		/* POSIX: 0 is Sunday; ours: 0 is Monday */
		int skip = (c->weekday + 6 - stw_weekday(first) + 7) % 7;
		int month_days =
		    c->month == 12
			? 31
			: stw_day_of((struct stw_date){year, c->month + 1, 1}) - first;
		int n = skip + (c->week - 1) * 7;

		while (n >= month_days)
			n -= 7;
		day = first + n;
	} else if (c->form == 'J') { /* 1-365, 29 February never counted */
		stw_day first = stw_day_of((struct stw_date){year, 1, 1});
		bool leap =
		    stw_day_of((struct stw_date){year + 1, 1, 1}) - first == 366;

		day = first + c->day - 1 + (leap && c->day >= 60 ? 1 : 0);
	} else {
		day = stw_day_of((struct stw_date){year, 1, 1}) + c->day;
	}
	return day * SEC_DAY + c->sec - offset_before;
}

static struct zone_period
tail_period(const struct zone_tail *tail, int64_t sec)
{
	struct zone_period best = {tail->std_sec, INT64_MAX};
	int64_t last = INT64_MIN;
	int year;

	if (!tail->has_dst)
		return best;
	year = stw_date_of((stw_day)floor_div(sec, SEC_DAY)).year;
	for (int y = year - 1; y <= year + 1; y++) {
		int64_t dst = change_at(&tail->to_dst, y, tail->std_sec);
		int64_t std = change_at(&tail->to_std, y, tail->dst_sec);

		if (dst <= sec && dst > last) {
			last = dst;
			best.offset_sec = tail->dst_sec;
		} else if (dst > sec && dst < best.end) {
			best.end = dst;
		}
		if (std <= sec && std > last) {
			last = std;
			best.offset_sec = tail->std_sec;
		} else if (std > sec && std < best.end) {
			best.end = std;
		}
	}
	return best;
}

/* ---- TZif (RFC 8536) --------------------------------------------------------- */
static uint32_t
be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t
be64(const unsigned char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

struct tzif_header {
	uint32_t isut, isstd, leap, times, types, chars;
};

#define TZIF_HEADER 44

static bool
tzif_header(const unsigned char *p, size_t len, struct tzif_header *h)
{
	if (len < TZIF_HEADER || memcmp(p, "TZif", 4) != 0)
		return false;
	h->isut = be32(p + 20);
	h->isstd = be32(p + 24);
	h->leap = be32(p + 28);
	h->times = be32(p + 32);
	h->types = be32(p + 36);
	h->chars = be32(p + 40);
	/* bounds every product below: the file itself is bounded */
	return h->isut <= 256 && h->isstd <= 256 && h->leap <= 1024 &&
	       h->times <= 20000 && h->types >= 1 && h->types <= 256 &&
	       h->chars <= 4096;
}

static size_t
tzif_body(const struct tzif_header *h, size_t time_size)
{
	return h->times * time_size + h->times + (size_t)h->types * 6 + h->chars +
	       h->leap * (time_size + 4) + h->isstd + h->isut;
}

/* The 64-bit block of a version 2 or later file, and its footer. */
static bool
tzif_parse(const unsigned char *p, size_t len, struct zone *zone)
{
	struct tzif_header h;
	const unsigned char *times, *index, *types, *footer, *end;
	char text[128];
	size_t skip;
	int first = 0;

	if (!tzif_header(p, len, &h) || p[4] < '2')
		return false;
	skip = TZIF_HEADER + tzif_body(&h, 4);
	if (skip > len || !tzif_header(p + skip, len - skip, &h))
		return false;
	p += skip;
	len -= skip;
	if (h.leap != 0 || TZIF_HEADER + tzif_body(&h, 8) > len)
		return false; /* leap seconds: instants here have none */
	times = p + TZIF_HEADER;
	index = times + (size_t)h.times * 8;
	types = index + h.times;

	for (uint32_t i = 0; i < h.times; i++) {
		if (index[i] >= h.types ||
		    (i > 0 && be64(times + (size_t)i * 8) <=
				  be64(times + (size_t)(i - 1) * 8)))
			return false;
	}
	/* Before the table: the first type that is not daylight saving time. */
	while (first < (int)h.types && types[first * 6 + 4] != 0)
		first++;
	if (first == (int)h.types)
		first = 0;
	zone->first_sec = (int)be32(types + first * 6);

	footer = p + TZIF_HEADER + tzif_body(&h, 8);
	len -= TZIF_HEADER + tzif_body(&h, 8);
	if (len < 2 || footer[0] != '\n')
		return false;
	end = memchr(footer + 1, '\n', len - 1);
	if (end == NULL || (size_t)(end - footer) > sizeof text)
		return false;
	memcpy(text, footer + 1, (size_t)(end - footer) - 1);
	text[end - footer - 1] = '\0';
	if (!tail_parse(text, &zone->tail))
		return false;

	zone->count = (int)h.times;
	zone->at = stw_xalloc((h.times + 1) * sizeof *zone->at);
	zone->offset_sec = stw_xalloc((h.times + 1) * sizeof *zone->offset_sec);
	for (uint32_t i = 0; i < h.times; i++) {
		zone->at[i] = be64(times + (size_t)i * 8);
		zone->offset_sec[i] = (int)be32(types + (size_t)index[i] * 6);
	}
	return true;
}

/* ---- finding ------------------------------------------------------------------ */
static bool
name_is_plain(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= ZONE_MAX_NAME || name[0] == '/' || name[0] == '-' ||
	    strstr(name, "..") != NULL || strstr(name, "//") != NULL ||
	    name[len - 1] == '/')
		return false;
	for (const char *s = name; *s != '\0'; s++) {
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
			(*s >= '0' && *s <= '9') || strchr("/_+-", *s) != NULL))
			return false;
	}
	return true;
}

static unsigned
name_hash(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h % ZONE_BUCKETS;
}

static enum stw_code
zone_read(const char *name, struct zone **out, struct stw_err *err)
{
	char path[sizeof ZONE_DIR + ZONE_MAX_NAME];
	unsigned char *data = NULL;
	struct zone *zone = NULL;
	enum stw_code rc = STW_OK;
	size_t len;
	FILE *file;

	snprintf(path, sizeof path, ZONE_DIR "%s", name);
	file = fopen(path, "rbe");
	if (file == NULL) {
		if (errno == ENOENT || errno == ENOTDIR)
			return stw_fail(err, STW_NOT_FOUND,
			    "time zone %s: not in the tz database", name);
		return stw_fail(
		    err, STW_TEMPFAIL, "time zone %s: %s", name, strerror(errno));
	}
	data = stw_xalloc(ZONE_MAX_FILE);
	len = fread(data, 1, ZONE_MAX_FILE, file);
	if (ferror(file)) {
		/* a directory such as "Asia" opens, but cannot be read */
		rc = stw_fail(
		    err, STW_NOT_FOUND, "time zone %s: not in the tz database", name);
		goto done;
	}
	zone = stw_xalloc(sizeof *zone);
	memset(zone, 0, sizeof *zone);
	snprintf(zone->name, sizeof zone->name, "%s", name);
	if (len == ZONE_MAX_FILE || !tzif_parse(data, len, zone)) {
		free(zone->at);
		free(zone->offset_sec);
		free(zone);
		rc = stw_fail(err, STW_NOT_FOUND,
		    "time zone %s: its file is not TZif version 2 or later without leap "
		    "seconds",
		    name);
		goto done;
	}
	*out = zone;
done:
	fclose(file);
	free(data);
	return rc;
}

enum stw_code
zone_find(const char *name, const struct zone **out, struct stw_err *err)
{
	struct zone *zone, **bucket;
	enum stw_code rc = STW_OK;

	*out = NULL;
	if (!name_is_plain(name))
		return stw_fail(err, STW_NOT_FOUND, "time zone: not the name of one");
	bucket = &zone_cache[name_hash(name)];
	pthread_mutex_lock(&zone_lock);
	for (zone = *bucket; zone != NULL && strcmp(zone->name, name) != 0;
	     zone = zone->next)
		;
	if (zone == NULL) {
		rc = zone_read(name, &zone, err);
		if (rc == STW_OK) {
			zone->next = *bucket;
			*bucket = zone;
		}
	}
	pthread_mutex_unlock(&zone_lock);
	if (rc == STW_OK)
		*out = zone;
	return rc;
}

const struct zone *
zone_utc(void)
{
	return &zone_utc_data;
}

const char *
zone_name(const struct zone *zone)
{
	return zone->name;
}

/* ---- local time ----------------------------------------------------------------- */
static struct zone_period
zone_period(const struct zone *zone, int64_t sec)
{
	int lo = 0, hi = zone->count; /* first transition after sec */
	struct zone_period p;

	while (lo < hi) {
		int mid = lo + (hi - lo) / 2;

		if (zone->at[mid] <= sec)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == zone->count && zone->tail.present)
		return tail_period(&zone->tail, sec);
	p.offset_sec = lo == 0 ? zone->first_sec : zone->offset_sec[lo - 1];
	p.end = lo == zone->count ? INT64_MAX : zone->at[lo];
	return p;
}

struct zone_local
zone_local(const struct zone *zone, stw_usec at)
{
	int64_t sec = floor_div(at, STW_USEC_SEC);
	struct zone_local local;

	local.offset_sec = zone_period(zone, sec).offset_sec;
	local.day = (stw_day)floor_div(sec + local.offset_sec, SEC_DAY);
	local.usec = (sec + local.offset_sec - local.day * SEC_DAY) * STW_USEC_SEC +
		     (at - sec * STW_USEC_SEC);
	local.minute = (int)(local.usec / STW_USEC_MIN);
	return local;
}

stw_usec
zone_offset_until(const struct zone *zone, stw_usec at)
{
	int64_t end = zone_period(zone, floor_div(at, STW_USEC_SEC)).end;

	return end > STW_USEC_MAX / STW_USEC_SEC ? STW_USEC_MAX : end * STW_USEC_SEC;
}

/* Twice over the periods: to count them and to keep those whose offset is another. */
void
zone_changes(const struct zone *zone, stw_usec from, stw_usec to, struct arena *arena,
    struct zone_changes *out)
{
	int64_t first = floor_div(from, STW_USEC_SEC);
	int64_t last = floor_div(to - 1, STW_USEC_SEC);
	size_t periods = 1;
	int64_t sec;

	for (sec = first; (sec = zone_period(zone, sec).end) <= last;)
		periods++;
	*out = (struct zone_changes){.at = arena_array(arena, periods, sizeof *out->at),
	    .offset_usec = arena_array(arena, periods, sizeof *out->offset_usec)};
	out->offset_usec[0] = zone_period(zone, first).offset_sec * STW_USEC_SEC;
	for (sec = first; (sec = zone_period(zone, sec).end) <= last;) {
		int64_t offset = zone_period(zone, sec).offset_sec * STW_USEC_SEC;

		if (offset == out->offset_usec[out->count])
			continue;
		out->at[out->count++] = sec * STW_USEC_SEC;
		out->offset_usec[out->count] = offset;
	}
}

/* Walks the periods around the wall time in order; the first that reaches it has it, or
 * begins after a gap that skipped it. */
stw_usec
zone_instant(const struct zone *zone, stw_day day, stw_usec usec_of_day)
{
	int64_t whole = floor_div(usec_of_day, STW_USEC_SEC);
	stw_usec rest = usec_of_day - whole * STW_USEC_SEC;
	int64_t wall = day * SEC_DAY + whole;
	int64_t from = wall - ZONE_MAX_OFFSET;
	struct zone_period p = zone_period(zone, from);

	while (wall - p.offset_sec >= p.end) {
		from = p.end;
		p = zone_period(zone, from);
	}
	if (wall - p.offset_sec < from)
		return from * STW_USEC_SEC;
	return (wall - p.offset_sec) * STW_USEC_SEC + rest;
}

/* ---- version ----------------------------------------------------------------------- */
static bool
version_from(const char *path, const char *prefix)
{
	char line[64];
	FILE *file = fopen(path, "re");
	size_t skip = strlen(prefix);
	bool found = false;

	if (file == NULL)
		return false;
	if (fgets(line, sizeof line, file) != NULL &&
	    strncmp(line, prefix, skip) == 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[skip] != '\0' && strlen(line + skip) < sizeof version_text) {
			memcpy(version_text, line + skip, strlen(line + skip) + 1);
			found = true;
		}
	}
	fclose(file);
	return found;
}

static void
version_read(void)
{
	if (!version_from(ZONE_DIR "+VERSION", ""))
		(void)version_from(ZONE_DIR "tzdata.zi", "# version ");
}

const char *
zone_tzdata_version(void)
{
	pthread_once(&version_once, version_read);
	return version_text;
}
