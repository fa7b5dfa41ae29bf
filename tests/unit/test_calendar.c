/* Workdays, holidays and weekends worked in exchange. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/calendar.h"

/* The National Day weeks of 2025, by the State Council's notice of 2024-11-12. */
static const char october[] = "date,kind,name,source\n"
			      "2025-09-28,workday_override,国庆调休,notice\n"
			      "2025-10-01,holiday,国庆节,notice\r\n"
			      "2025-10-02,holiday,国庆节,notice\n"
			      "2025-10-03,holiday,国庆节,notice\n"
			      "\n"
			      "2025-10-06,holiday,\"中秋, 国庆\",notice\n"
			      "2025-10-07,holiday,国庆节,notice\n"
			      "2025-10-08,in-lieu-holiday,国庆节,notice\n"
			      "2025-10-11,makeup-workday,国庆调休,notice";

static stw_day
day_of(const char *text)
{
	stw_day day = 0;

	ck_assert_msg(stw_day_parse(str_of(text), &day) == STW_OK, "%s", text);
	return day;
}

static struct calendar *
calendar_2025(struct arena *arena)
{
	struct calendar *c = NULL;
	struct stw_err err = {0};

	ck_assert_msg(calendar_read(str_of(october), day_of("2025-09-01"),
			  day_of("2025-11-01"), arena, &c, &err) == STW_OK,
	    "%d: %s", err.line, err.text);
	return c;
}

static const struct {
	const char *day;
	enum calendar_class want;
} days[] = {
    {"2025-08-31", CALENDAR_NOT_COVERED},
    {"2025-09-01", CALENDAR_WORKDAY},
    {"2025-09-27", CALENDAR_WEEKEND},
    {"2025-09-28", CALENDAR_WORKDAY},
    {"2025-09-30", CALENDAR_WORKDAY},
    {"2025-10-01", CALENDAR_HOLIDAY},
    {"2025-10-04", CALENDAR_WEEKEND},
    {"2025-10-06", CALENDAR_HOLIDAY},
    {"2025-10-08", CALENDAR_HOLIDAY},
    {"2025-10-09", CALENDAR_WORKDAY},
    {"2025-10-11", CALENDAR_WORKDAY},
    {"2025-10-12", CALENDAR_WEEKEND},
    {"2025-10-31", CALENDAR_WORKDAY},
    {"2025-11-01", CALENDAR_NOT_COVERED},
};

START_TEST(a_day_has_its_class)
{
	struct arena arena;
	struct calendar *c;

	arena_init(&arena);
	c = calendar_2025(&arena);
	ck_assert_msg(calendar_class(c, day_of(days[_i].day)) == days[_i].want,
	    "%s: %d", days[_i].day, (int)calendar_class(c, day_of(days[_i].day)));
	ck_assert_int_eq(calendar_is_workday(c, day_of(days[_i].day)),
	    days[_i].want == CALENDAR_WORKDAY);
	arena_fini(&arena);
}
END_TEST

static const struct {
	const char *from;
	int n;
	const char *want; /* NULL: leaves the cover */
} steps[] = {
    {"2025-09-30", 0, "2025-09-30"},
    {"2025-09-30", 1, "2025-10-09"},
    {"2025-09-30", 3, "2025-10-11"},
    {"2025-10-09", -1, "2025-09-30"},
    {"2025-10-13", -3, "2025-10-09"},
    {"2025-09-26", 1, "2025-09-28"},
    {"2025-10-31", 1, NULL},
    {"2025-09-01", -1, NULL},
    {"2025-09-02", -1, "2025-09-01"},
};

START_TEST(workdays_are_counted_over_holidays_and_worked_weekends)
{
	struct arena arena;
	stw_day got = 0;
	bool ok;

	arena_init(&arena);
	ok = calendar_add_workdays(
	    calendar_2025(&arena), day_of(steps[_i].from), steps[_i].n, &got);
	ck_assert_int_eq(ok, steps[_i].want != NULL);
	if (ok)
		ck_assert_int_eq(got, day_of(steps[_i].want));
	arena_fini(&arena);
}
END_TEST

static const struct {
	const char *csv;
	int line;
	const char *want;
} faults[] = {
    {"", 1, "names the columns"},
    {"day,kind\n", 1, "names the columns"},
    {"date,kind\n2025-10-32,holiday\n", 2, "no date"},
    {"date,kind\n2025-10-01,feast\n", 2, "unknown kind feast"},
    {"date,kind\n2025-10-01,holiday\n2025-10-01,holiday\n", 3, "twice"},
    {"date,kind\n\n2025-11-01,holiday\n", 3, "outside"},
    {"name,date,kind\nx,2025-10-01\n", 2, "missing"},
};

START_TEST(a_faulty_calendar_is_refused_with_its_line)
{
	struct arena arena;
	struct calendar *c;
	struct stw_err err = {0};

	arena_init(&arena);
	ck_assert_int_eq(calendar_read(str_of(faults[_i].csv), day_of("2025-09-01"),
			     day_of("2025-11-01"), &arena, &c, &err),
	    STW_INVALID);
	ck_assert_ptr_null(c);
	ck_assert_int_eq(err.line, faults[_i].line);
	ck_assert_msg(strstr(err.text, faults[_i].want) != NULL, "%s", err.text);
	arena_fini(&arena);
}
END_TEST

/* A table of holidays 2004 to 2026, where it lies beside the project. */
START_TEST(a_real_calendar_agrees)
{
	static const char path[] = "../shared/data/holidays/cn_days_2004_2026.csv";
	FILE *file = fopen(path, "re");
	struct arena arena;
	struct calendar *c = NULL;
	struct stw_err err = {0};
	static char text[256 * 1024];
	size_t len;

	if (file == NULL) {
		printf("%s is not here: not compared\n", path);
		return;
	}
	len = fread(text, 1, sizeof text, file);
	fclose(file);
	arena_init(&arena);
	ck_assert_msg(calendar_read((struct str){text, len}, day_of("2004-01-01"),
			  day_of("2027-01-01"), &arena, &c, &err) == STW_OK,
	    "line %d: %s", err.line, err.text);
	for (size_t i = 1; i + 1 < STW_ARRAY_LEN(days); i++) {
		bool off = days[i].want != CALENDAR_WORKDAY;

		ck_assert_msg(calendar_is_workday(c, day_of(days[i].day)) != off, "%s",
		    days[i].day);
	}
	ck_assert_int_eq(calendar_class(c, day_of("2027-01-01")), CALENDAR_NOT_COVERED);
	arena_fini(&arena);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("calendar");
	TCase *tc = tcase_create("calendar");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, a_day_has_its_class, 0, (int)STW_ARRAY_LEN(days));
	tcase_add_loop_test(tc, workdays_are_counted_over_holidays_and_worked_weekends,
	    0, (int)STW_ARRAY_LEN(steps));
	tcase_add_loop_test(tc, a_faulty_calendar_is_refused_with_its_line, 0,
	    (int)STW_ARRAY_LEN(faults));
	tcase_add_test(tc, a_real_calendar_agrees);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
