/*
 * Every scenario of the catalogue has its place: a row of a pack's tests.jsonl with its
 * number, a row of tests/gate/kinds.jsonl named after it, or a line of
 * tests/gate/scenarios.tsv that says which test holds it. What is open is said there too,
 * and printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/compliance/ruleset.h"
#include "engine/arena.h"
#include "engine/embed.h"

#define TABLE   "tests/gate/scenarios.tsv"
#define ROWS    "tests/gate/kinds.jsonl"
#define CATALOG "../shared/compliance.md"
#define MAX_ID  128

/* Section 9: its numbering has gaps. G1 to G10 follow, as 1001 to 1010. */
static const int numbers[] = {1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20, 22, 23,
    25, 26, 28, 29, 31, 32, 34, 35, 37, 38, 40, 41, 43, 44, 46, 47, 49, 50, 52, 53, 55,
    56, 58, 59, 61, 62, 64, 65, 67, 68, 70, 71, 73, 74, 76, 77, 79, 80, 82, 83, 85, 86,
    88, 89, 91, 92, 94, 95, 97, 98, 100, 101, 103, 104, 106, 107, 109, 110, 112, 113,
    115, 116, 118, 119, 121, 122, 124, 125};
#define GALLERY 10

struct places {
	int held[MAX_ID], open[MAX_ID];
	int gallery[GALLERY + 1];
};

static char *
file_read(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t len;

	if (file == NULL)
		return NULL;
	text = stw_xalloc(2 << 20);
	len = fread(text, 1, (2 << 20) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

static void
held(struct places *p, int number)
{
	if (number > 0 && number < MAX_ID)
		p->held[number]++;
}

static void
packs_look(struct places *p)
{
	const struct embed_file *file;
	size_t at = 0;

	while ((file = embed_next("campaigns/compliance/packs/", &at)) != NULL) {
		const char *s = file->data;

		if (strstr(file->name, "/tests.jsonl") == NULL)
			continue;
		while ((s = strstr(s, "\"scenario\": ")) != NULL) {
			s += strlen("\"scenario\": ");
			held(p, atoi(s));
		}
	}
}

/* "name": "43: New York by number" */
static void
rows_look(struct places *p)
{
	char *text = file_read(ROWS);
	const char *s = text;

	ck_assert_msg(text != NULL, ROWS ": run from the top of the tree");
	while ((s = strstr(s, "{\"name\": \"")) != NULL) {
		char *end;
		long number;

		s += strlen("{\"name\": \"");
		number = strtol(s, &end, 10);
		if (end != s && *end == ':')
			held(p, (int)number);
	}
	free(text);
}

static void
line_look(struct places *p, char *line)
{
	char *rest = line;
	const char *id = strsep(&rest, "\t");
	const char *file = strsep(&rest, "\t");
	const char *what = strsep(&rest, "\t");
	bool open = file != NULL && strcmp(file, "open") == 0;
	char *text = NULL;

	ck_assert_msg(what != NULL && rest != NULL, "%s: four columns", id);
	if (!open) {
		text = file_read(file);
		ck_assert_msg(text != NULL, "%s: there is no %s", id, file);
		ck_assert_msg(strstr(text, what) != NULL, "%s: %s does not hold: %s",
		    id, file, what);
	}
	if (id[0] == 'G') {
		ck_assert_int_le(atoi(id + 1), GALLERY);
		p->gallery[atoi(id + 1)] += !open;
	} else if (open) {
		ck_assert_int_lt(atoi(id), MAX_ID);
		p->open[atoi(id)]++;
	} else {
		held(p, atoi(id));
	}
	free(text);
}

static void
table_look(struct places *p)
{
	char *text = file_read(TABLE), *at = text, *line;

	ck_assert_msg(text != NULL, TABLE ": run from the top of the tree");
	while ((line = strsep(&at, "\n")) != NULL) {
		if (line[0] != '#' && line[0] != '\0')
			line_look(p, line);
	}
	free(text);
}

START_TEST(every_scenario_has_its_place)
{
	struct places p = {{0}, {0}, {0}};

	packs_look(&p);
	rows_look(&p);
	table_look(&p);
	for (size_t i = 0; i < STW_ARRAY_LEN(numbers); i++) {
		int n = numbers[i];

		ck_assert_msg(p.held[n] > 0 || p.open[n] > 0,
		    "scenario %d is in no test and not in " TABLE, n);
		if (p.open[n] > 0)
			printf("scenario %d: %s\n", n,
			    p.held[n] > 0 ? "held in part" : "open");
	}
	for (int i = 1; i <= GALLERY; i++)
		ck_assert_msg(p.gallery[i] > 0, "G%d is in no test", i);
}
END_TEST

/* The list above against the catalogue, where that is at hand. */
START_TEST(no_scenario_of_the_catalogue_is_forgotten)
{
	char *text = file_read(CATALOG), *at, *end, *line;
	size_t n = 0;

	if (text == NULL) {
		printf(CATALOG " is not here: the numbers are not compared\n");
		return;
	}
	at = strstr(text, "\n## 9. ");
	ck_assert_ptr_nonnull(at);
	end = strstr(at, "\n## 10. ");
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	while ((line = strsep(&at, "\n")) != NULL) {
		char *dot;
		long number = strtol(line, &dot, 10);

		if (dot == line || *dot != '.')
			continue;
		ck_assert_uint_lt(n, STW_ARRAY_LEN(numbers));
		ck_assert_int_eq(numbers[n], number);
		n++;
	}
	ck_assert_uint_eq(n, STW_ARRAY_LEN(numbers));
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gate_scenarios");
	TCase *tc = tcase_create("gate_scenarios");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, every_scenario_has_its_place);
	tcase_add_test(tc, no_scenario_of_the_catalogue_is_forgotten);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
