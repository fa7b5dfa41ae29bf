/*
 * Every row of ../shared/data/phones against what engine/phone.h answers. Debian 12 has
 * libphonenumber 8.12.57, the files are of later releases: each difference is a class in
 * phone_differences.csv, with the exact count of its rows and the reason. A difference
 * that is not there, or has another count, fails, and so does a line there without one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "engine/arena.h"
#include "engine/phone.h"
#include "segments/csv.h"

#define LISTED      "tests/unit/phone_differences.csv"
#define MAX_CLASSES 512

struct class
{
	char name[96]; /* file,column,class */
	int rows, listed;
};
static struct class classes[MAX_CLASSES];
static int nclasses;

static struct class *
class_of(const char *file, const char *column, struct str which)
{
	char name[sizeof classes[0].name];

	(void)snprintf(name, sizeof name, "%s,%s,%.*s", file, column, STR_FMT(which));
	for (int i = 0; i < nclasses; i++)
		if (strcmp(classes[i].name, name) == 0)
			return &classes[i];
	ck_assert_int_lt(nclasses, MAX_CLASSES);
	(void)snprintf(classes[nclasses].name, sizeof name, "%s", name);
	return &classes[nclasses++];
}

static void
differs(const char *file, const char *column, struct str which, bool does)
{
	if (does)
		class_of(file, column, which)->rows++;
}

static struct str
field(const struct csv *csv, const char *column)
{
	int i = csv_find_column(csv, column);

	ck_assert_msg(i >= 0, "no column %s", column);
	return csv_field(csv, i);
}

static char *
text_of(struct str s, char *to, size_t size)
{
	(void)snprintf(to, size, "%.*s", STR_FMT(s));
	return to;
}

/* Calls row for each record; false when the file is not there. */
static bool
each_row(const char *name, int rows, void (*row)(const char *, const struct csv *))
{
	const char *shared = getenv("STEWARD_SHARED");
	const struct csv_format format = {0};
	struct csv *csv;
	struct stw_err err = {0};
	char path[512];
	bool more = true;

	(void)snprintf(path, sizeof path, "%s/data/phones/%s",
	    shared != NULL ? shared : "../shared", name);
	if (access(path, R_OK) != 0) {
		(void)printf("skipped: no %s (set STEWARD_SHARED)\n", path);
		return false;
	}
	nclasses = 0; /* what another test left, where tests do not fork */
	memset(classes, 0, sizeof classes);
	ck_assert_int_eq(csv_open(path, &format, &csv, &err), STW_OK);
	while (csv_next(csv, &more, &err) == STW_OK && more)
		row(name, csv);
	ck_assert_msg(!more, "%s", err.text);
	ck_assert_int_eq(csv_rows(csv), rows);
	csv_close(csv);
	return true;
}

/* What is listed about this file is what was found. */
static void
check_listed(const char *file)
{
	const struct csv_format format = {0};
	struct csv *csv;
	struct stw_err err = {0};
	bool more = true;
	int wrong = 0;

	ck_assert_int_eq(csv_open(LISTED, &format, &csv, &err), STW_OK);
	while (csv_next(csv, &more, &err) == STW_OK && more) {
		char column[32];

		if (!str_eq_c(field(csv, "file"), file))
			continue;
		ck_assert_uint_gt(field(csv, "reason").len, 0);
		class_of(file, text_of(field(csv, "column"), column, sizeof column),
		    field(csv, "class"))
		    ->listed = atoi(field(csv, "rows").ptr);
	}
	ck_assert_msg(!more, "%s", err.text);
	csv_close(csv);
	for (int i = 0; i < nclasses; i++)
		if (classes[i].rows != classes[i].listed) {
			(void)printf("%s: %d rows differ, %d are listed\n",
			    classes[i].name, classes[i].rows, classes[i].listed);
			wrong++;
		}
	(void)fflush(stdout); /* a failed assertion ends the child without it */
	ck_assert_msg(
	    wrong == 0, "%s: %d classes are not as " LISTED " says", file, wrong);
}

/* ---- numbers_half_a.csv ---------------------------------------------------------- */
static bool
zones_equal(const struct phone *phone, struct str want)
{
	const char *names[64];
	int n = phone_zones(phone, names, 64);
	struct buf got;
	bool same;

	buf_init(&got);
	for (int i = 0; i < n && i < 64; i++)
		buf_printf(&got, "%s%s", i > 0 ? " " : "", names[i]);
	if (n == 0)
		buf_add_c(&got, "Etc/Unknown"); /* the list's word for none */
	same = str_eq((struct str){got.data, got.len}, want);
	buf_fini(&got);
	return same;
}

static void
number_row(const char *file, const struct csv *csv)
{
	struct str from = field(csv, "source_region");
	char region[8];
	struct phone phone;
	bool ok = phone_parse(field(csv, "input"),
		      text_of(field(csv, "default_region"), region, sizeof region),
		      &phone, NULL) == STW_OK;

	differs(file, "parse", from, ok != str_eq_c(field(csv, "parse"), "ok"));
	if (!ok)
		return;
	differs(file, "possible", from,
	    phone.possible != str_eq_c(field(csv, "possible"), "1"));
	differs(file, "valid", from, phone.valid != str_eq_c(field(csv, "valid"), "1"));
	differs(file, "e164", from, !str_eq_c(field(csv, "e164"), phone.e164));
	differs(file, "extension", from,
	    !str_eq_c(field(csv, "extension"), phone.extension));
	differs(file, "region", from, !str_eq_c(field(csv, "region"), phone.region));
	differs(file, "type", from,
	    !str_eq_c(field(csv, "type"), phone_type_name(phone.type)));
	differs(file, "timezones", from, !zones_equal(&phone, field(csv, "timezones")));
}

START_TEST(numbers)
{
	if (each_row("numbers_half_a.csv", 3318, number_row))
		check_listed("numbers_half_a.csv");
}
END_TEST

/* ---- China ------------------------------------------------------------------------- */
static void
cn_row(const char *file, const struct csv *csv)
{
	struct str national = field(csv, "national");
	struct str prefix = {national.ptr, 3};
	struct phone phone;
	const char *carrier;
	char place[96];

	ck_assert_int_eq(phone_parse(national, "CN", &phone, NULL), STW_OK);
	differs(file, "e164", prefix, !str_eq_c(field(csv, "e164"), phone.e164));
	differs(
	    file, "valid", prefix, phone.valid != str_eq_c(field(csv, "valid"), "1"));
	differs(file, "type", prefix,
	    !str_eq_c(field(csv, "type"), phone_type_name(phone.type)));
	differs(file, "timezone", prefix, !zones_equal(&phone, field(csv, "timezone")));
	phone_place(&phone, "zh", place, sizeof place);
	differs(file, "region_zh", prefix, !str_eq_c(field(csv, "region_zh"), place));
	carrier = phone_carrier(&phone, "zh");
	differs(file, "original_carrier_zh", prefix,
	    !str_eq_c(
		field(csv, "original_carrier_zh"), carrier != NULL ? carrier : ""));
}

START_TEST(cn_mobile_samples)
{
	if (each_row("cn_mobile_samples_a.csv", 600, cn_row))
		check_listed("cn_mobile_samples_a.csv");
}
END_TEST

/* A number of each prefix. A prefix of which longer ones are entries of their own stands
 * for what is left of it; the digits put after it are tried until none of those takes
 * them. */
static void
place_row(const char *file, const struct csv *csv)
{
	struct str prefix = field(csv, "mobile_prefix");
	struct str series = {prefix.ptr, 3};
	struct str want = field(csv, "region_zh");
	bool same = false, any = false;

	for (int i = 0; i < 10 && !same; i++) {
		struct phone phone;
		char text[16], place[96];

		(void)snprintf(text, sizeof text, "%.*s%0*d", STR_FMT(prefix),
		    11 - (int)prefix.len,
		    prefix.len < 7 ? i * (prefix.len == 6 ? 10000 : 100000) : 0);
		if (phone_parse(str_of(text), "CN", &phone, NULL) != STW_OK ||
		    !phone.valid)
			continue;
		any = true;
		phone_place(&phone, "zh", place, sizeof place);
		same = str_eq_c(want, place);
		if (prefix.len >= 7)
			break;
	}
	differs(file, any ? "region_zh" : "valid", series, !same);
}

START_TEST(cn_mobile_places)
{
	if (each_row("cn_mobile_prefix_region.csv.gz", 129819, place_row))
		check_listed("cn_mobile_prefix_region.csv.gz");
}
END_TEST

/* An entry of three digits stands for what begins so: one of its area codes of four is the
 * place. Subscribers have seven or eight digits. */
static void
area_row(const char *file, const struct csv *csv)
{
	struct str area = field(csv, "area_code");
	bool valid = false, same = false;

	for (int next = -1; next < 10 && !same; next++)
		for (int n = 8; n >= 7 && !same; n--) {
			struct phone phone;
			char text[32], digit[2] = {0}, place[96];

			if (next >= 0)
				digit[0] = (char)('0' + next);
			(void)snprintf(text, sizeof text, "%.*s%s%.*s", STR_FMT(area),
			    digit, n, "86570000");
			if (phone_parse(str_of(text), "CN", &phone, NULL) != STW_OK ||
			    !phone.valid)
				continue;
			valid = true;
			phone_place(&phone, "zh", place, sizeof place);
			same = str_eq_c(field(csv, "region_zh"), place);
		}
	differs(file, valid ? "region_zh" : "valid", area, !same);
}

START_TEST(cn_area_places)
{
	if (each_row("cn_area_code_region.csv", 328, area_row))
		check_listed("cn_area_code_region.csv");
}
END_TEST

static void
carrier_row(const char *file, const struct csv *csv)
{
	struct str prefix = field(csv, "mobile_prefix");
	struct phone phone = {.valid = true, .country_code = 86, .type = PHONE_MOBILE};
	const char *carrier;

	(void)snprintf(phone.national, sizeof phone.national, "%.*s", STR_FMT(prefix));
	carrier = phone_carrier(&phone, "zh");
	differs(file, "carrier_zh", prefix,
	    !str_eq_c(field(csv, "carrier_zh"), carrier != NULL ? carrier : ""));
	/* Every operator has a name in English. */
	carrier = phone_carrier(&phone, "en");
	ck_assert_msg(carrier != NULL && strncmp(carrier, "China ", 6) == 0, "%.*s",
	    STR_FMT(prefix));
}

START_TEST(cn_carriers)
{
	if (each_row("cn_mobile_prefix_carrier.csv", 64, carrier_row))
		check_listed("cn_mobile_prefix_carrier.csv");
}
END_TEST

/* ---- short codes ------------------------------------------------------------------- */
/* Calls check for each number of a pattern: digits and [sets], then any digits up to the
 * length. */
static void
each_short(const char *pattern, char *digits, size_t at, size_t len,
    void (*check)(const char *digits, const void *user), const void *user)
{
	char set[16] = "0123456789";

	if (at == len) {
		digits[at] = '\0';
		check(digits, user);
		return;
	}
	if (*pattern == '[') {
		size_t n = 0;

		for (pattern++; *pattern != ']'; pattern++)
			if (*pattern == '-')
				for (char c = (char)(set[n - 1] + 1); c <= pattern[1];
				     c++)
					set[n++] = c;
			else if (n == 0 || set[n - 1] != *pattern)
				set[n++] = *pattern;
		set[n] = '\0';
		pattern++;
	} else if (*pattern != '\0') {
		set[0] = *pattern++;
		set[1] = '\0';
	}
	for (const char *c = set; *c != '\0'; c++) {
		digits[at] = *c;
		each_short(pattern, digits, at + 1, len, check, user);
	}
}

static const char *current_file;

static void
short_check(const char *digits, const void *user)
{
	static const char *const costs[] = {
	    "", "TOLL_FREE", "STANDARD_RATE", "PREMIUM_RATE"};
	const struct csv *csv = user;
	struct str region = field(csv, "region"), prefix = field(csv, "prefix");
	char text[4];
	struct phone_short s =
	    phone_short_find(str_of(digits), text_of(region, text, sizeof text));

	differs(current_file, "valid", prefix, !s.valid);
	differs(current_file, "type", prefix,
	    s.emergency != str_eq_c(field(csv, "type"), "EMERGENCY"));
	differs(current_file, "tariff", prefix,
	    !str_eq_c(field(csv, "tariff"), costs[s.cost]));
}

static void
short_row(const char *file, const struct csv *csv)
{
	char pattern[32], digits[16];
	struct str lengths = field(csv, "length");

	current_file = file;
	(void)text_of(field(csv, "prefix"), pattern, sizeof pattern);
	for (size_t i = 0; i < lengths.len; i++)
		if (lengths.ptr[i] != ',')
			each_short(pattern, digits, 0, (size_t)(lengths.ptr[i] - '0'),
			    short_check, csv);
}

START_TEST(cn_shortcodes)
{
	if (each_row("cn_shortcodes.csv", 16, short_row))
		check_listed("cn_shortcodes.csv");
}
END_TEST

/* ---- zones by prefix ----------------------------------------------------------------- */
static void
zone_row(const char *file, const struct csv *csv)
{
	struct str prefix = field(csv, "prefix");
	struct phone phone = {.valid = true, .geographic = true};

	(void)snprintf(phone.e164, sizeof phone.e164, "+%.*s", STR_FMT(prefix));
	differs(
	    file, "timezones", prefix, !zones_equal(&phone, field(csv, "timezones")));
}

START_TEST(zones_of_prefixes)
{
	if (each_row("tz_prefix.csv", 3295, zone_row))
		check_listed("tz_prefix.csv");
}
END_TEST

static void
nanp_row(const char *file, const struct csv *csv)
{
	struct str prefix = field(csv, "prefix"), area = field(csv, "area_code");

	zone_row(file, csv);
	/* The area code is what follows the 1. */
	differs(file, "area_code", prefix,
	    prefix.len > 1 && !str_eq(area, (struct str){prefix.ptr + 1,
						prefix.len < 4 ? prefix.len - 1 : 3}));
}

START_TEST(zones_of_north_american_areas)
{
	if (each_row("nanp_area_timezones.csv", 2045, nanp_row))
		check_listed("nanp_area_timezones.csv");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("phone_data");
	TCase *tc = tcase_create("phone_data");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, numbers);
	tcase_add_test(tc, cn_mobile_samples);
	tcase_add_test(tc, cn_mobile_places);
	tcase_add_test(tc, cn_area_places);
	tcase_add_test(tc, cn_carriers);
	tcase_add_test(tc, cn_shortcodes);
	tcase_add_test(tc, zones_of_prefixes);
	tcase_add_test(tc, zones_of_north_american_areas);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
