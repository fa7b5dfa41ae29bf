/* Local time against glibc, and the edges of daylight saving time by hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include "engine/zone.h"

static const struct zone *
find(const char *name)
{
	const struct zone *zone = NULL;
	struct stw_err err = {0};

	ck_assert_msg(zone_find(name, &zone, &err) == STW_OK, "%s: %s", name, err.text);
	return zone;
}

static stw_usec
instant(const char *text)
{
	stw_usec at = 0;

	ck_assert_msg(stw_usec_parse(str_of(text), &at) == STW_OK, "%s", text);
	return at;
}

static const char *const glibc_zones[] = {"Asia/Shanghai", "Asia/Urumqi",
    "America/New_York", "America/Phoenix", "America/Sao_Paulo", "Europe/London",
    "Europe/Dublin", "Europe/Paris", "Australia/Lord_Howe", "Pacific/Apia",
    "Pacific/Chatham", "Asia/Kathmandu", "Africa/Casablanca", "Asia/Gaza", "UTC"};

/* 1900 to 2200 in uneven steps of four days, and each second around every change of the offset. */
START_TEST(local_time_is_that_of_glibc)
{
	const char *name = glibc_zones[_i];
	const struct zone *zone = find(name);
	int last = 0;

	setenv("TZ", name, 1);
	tzset();
	for (int64_t sec = -2208988800; sec < INT64_C(7258118400); sec += 340009) {
		time_t t = (time_t)sec;
		struct tm tm;
		struct zone_local l = zone_local(zone, sec * STW_USEC_SEC + 7);
		struct stw_date d = stw_date_of(l.day);

		ck_assert_ptr_nonnull(localtime_r(&t, &tm));
		ck_assert_msg(
		    l.offset_sec == tm.tm_gmtoff && d.year == tm.tm_year + 1900 &&
			d.month == tm.tm_mon + 1 && d.day == tm.tm_mday &&
			l.minute == tm.tm_hour * 60 + tm.tm_min &&
			l.usec ==
			    (tm.tm_hour * INT64_C(3600) + tm.tm_min * 60 + tm.tm_sec) *
				    STW_USEC_SEC +
				7,
		    "%s at %lld: offset %d, glibc %ld", name, (long long)sec,
		    l.offset_sec, tm.tm_gmtoff);
		if (l.offset_sec !=
		    last) { /* search the second of the change: same there */
			int64_t lo = sec - 340009, hi = sec;

			while (hi - lo > 1) {
				int64_t mid = lo + (hi - lo) / 2;

				if (zone_local(zone, mid * STW_USEC_SEC).offset_sec ==
				    l.offset_sec)
					hi = mid;
				else
					lo = mid;
			}
			for (int64_t s = hi - 2; s <= hi + 2; s++) {
				t = (time_t)s;
				localtime_r(&t, &tm);
				ck_assert_int_eq(
				    zone_local(zone, s * STW_USEC_SEC).offset_sec,
				    tm.tm_gmtoff);
			}
			last = l.offset_sec;
		}
		/* an instant goes to local time and back, unless the hour comes twice */
		if (sec % 7 == 0) {
			stw_usec back = zone_instant(zone, l.day, l.usec);
			struct zone_local again = zone_local(zone, back);

			ck_assert_int_eq(again.day, l.day);
			ck_assert_int_eq(again.usec, l.usec);
			ck_assert_int_le(back, sec * STW_USEC_SEC + 7);
		}
	}
}
END_TEST

/* wall clock (day, microsecond of the day) -> the instant it is first shown */
static const struct {
	const char *zone, *day;
	int hour, minute;
	const char *want;
} walls[] = {
    {"Asia/Shanghai", "2026-11-23", 10, 0, "2026-11-23T02:00:00Z"},
    {"Asia/Shanghai", "2026-11-23", 24, 0, "2026-11-23T16:00:00Z"},
    {"America/New_York", "2026-03-08", 1, 59, "2026-03-08T06:59:00Z"},
    {"America/New_York", "2026-03-08", 2, 0, "2026-03-08T07:00:00Z"},
    {"America/New_York", "2026-03-08", 2, 30, "2026-03-08T07:00:00Z"},
    {"America/New_York", "2026-03-08", 3, 0, "2026-03-08T07:00:00Z"},
    {"America/New_York", "2026-03-08", 3, 1, "2026-03-08T07:01:00Z"},
    {"America/New_York", "2026-11-01", 1, 30, "2026-11-01T05:30:00Z"},
    {"America/New_York", "2026-11-01", 2, 0, "2026-11-01T07:00:00Z"},
    {"America/New_York", "2050-03-13", 2, 30, "2050-03-13T07:00:00Z"},
    {"America/Phoenix", "2026-07-01", 8, 0, "2026-07-01T15:00:00Z"},
    {"Europe/London", "2026-03-29", 1, 30, "2026-03-29T01:00:00Z"},
    {"Europe/London", "2026-10-25", 1, 30, "2026-10-25T00:30:00Z"},
    {"Australia/Lord_Howe", "2026-04-05", 1, 45, "2026-04-04T14:45:00Z"},
    {"Australia/Lord_Howe", "2026-10-04", 2, 15, "2026-10-03T15:30:00Z"},
    {"Australia/Lord_Howe", "2026-10-04", 2, 30, "2026-10-03T15:30:00Z"},
    {"Pacific/Apia", "2011-12-30", 12, 0, "2011-12-30T10:00:00Z"}, /* a day left out */
    {"UTC", "1969-12-31", 23, 59, "1969-12-31T23:59:00Z"},
};

START_TEST(a_wall_time_has_one_first_instant)
{
	const struct zone *zone = find(walls[_i].zone);
	char got[STW_USEC_TEXT];
	stw_day day;

	ck_assert_int_eq(stw_day_parse(str_of(walls[_i].day), &day), STW_OK);
	stw_usec_format(
	    zone_instant(zone, day,
		walls[_i].hour * STW_USEC_HOUR + walls[_i].minute * STW_USEC_MIN),
	    got);
	ck_assert_str_eq(got, walls[_i].want);
}
END_TEST

START_TEST(a_repeated_hour_keeps_its_microseconds)
{
	const struct zone *zone = find("America/New_York");
	stw_usec first = instant("2026-11-01T05:59:59.999999Z");
	struct zone_local a = zone_local(zone, first);
	struct zone_local b = zone_local(zone, first + STW_USEC_HOUR);

	ck_assert_int_eq(a.usec, b.usec);
	ck_assert_int_eq(a.minute, 119);
	ck_assert_int_eq(a.offset_sec, -4 * 3600);
	ck_assert_int_eq(b.offset_sec, -5 * 3600);
	ck_assert_int_eq(zone_instant(zone, b.day, b.usec), first);
}
END_TEST

static const char *const refused[] = {"", "/etc/passwd", "../zoneinfo/UTC",
    "Asia/../UTC", "Asia/Nowhere", "Asia", "Asia/", "tzdata.zi", "right/Asia/Shanghai",
    "a b", "Europe//London",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

/* From an instant to the next entry of the table, to the rule behind it, or without an end. */
START_TEST(an_offset_holds_until_the_clock_is_changed)
{
	static const struct {
		const char *zone, *at, *until;
	} rows[] = {
	    {"Europe/Paris", "2027-10-31T00:59:59.999999Z", "2027-10-31T01:00:00Z"},
	    {"Europe/Paris", "2027-10-31T01:00:00Z", "2028-03-26T01:00:00Z"},
	    {"Europe/Paris", "2060-07-01T00:00:00Z", "2060-10-31T01:00:00Z"},
	    {"Asia/Shanghai", "1991-09-01T00:00:00Z", "1991-09-14T17:00:00Z"},
	    {"Asia/Shanghai", "2026-11-23T00:00:00Z", NULL},
	    {"UTC", "2026-11-23T00:00:00Z", NULL},
	};
	stw_usec at, until = STW_USEC_MAX;

	ck_assert_int_eq(stw_usec_parse(str_of(rows[_i].at), &at), STW_OK);
	if (rows[_i].until != NULL)
		ck_assert_int_eq(
		    stw_usec_parse(str_of(rows[_i].until), &until), STW_OK);
	ck_assert_int_eq(zone_offset_until(find(rows[_i].zone), at), until);
}
END_TEST

START_TEST(what_is_not_a_zone_is_not_found)
{
	const struct zone *zone = zone_utc();
	struct stw_err err = {0};

	ck_assert_int_eq(zone_find(refused[_i], &zone, &err), STW_NOT_FOUND);
	ck_assert_ptr_null(zone);
	ck_assert_uint_gt(strlen(err.text), 0);
}
END_TEST

START_TEST(a_zone_is_read_once)
{
	ck_assert_ptr_eq(find("Europe/Paris"), find("Europe/Paris"));
	ck_assert_str_eq(zone_name(find("Europe/Paris")), "Europe/Paris");
	ck_assert_str_eq(zone_name(zone_utc()), "UTC");
	ck_assert_int_eq(zone_local(zone_utc(), 0).offset_sec, 0);
	ck_assert_int_eq(zone_local(zone_utc(), -1).day, -1);
}
END_TEST

START_TEST(the_tz_database_names_its_version)
{
	const char *v = zone_tzdata_version();

	ck_assert_msg(strlen(v) >= 5 && v[0] == '2', "version '%s'", v);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("zone");
	TCase *tc = tcase_create("zone");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
	    tc, local_time_is_that_of_glibc, 0, (int)STW_ARRAY_LEN(glibc_zones));
	tcase_add_loop_test(
	    tc, a_wall_time_has_one_first_instant, 0, (int)STW_ARRAY_LEN(walls));
	tcase_add_test(tc, a_repeated_hour_keeps_its_microseconds);
	tcase_add_loop_test(tc, an_offset_holds_until_the_clock_is_changed, 0, 6);
	tcase_add_loop_test(
	    tc, what_is_not_a_zone_is_not_found, 0, (int)STW_ARRAY_LEN(refused));
	tcase_add_test(tc, a_zone_is_read_once);
	tcase_add_test(tc, the_tz_database_names_its_version);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
