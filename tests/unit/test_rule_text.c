/*
 * Runs tests/rules/<name>.rule against <name>.expect.
 *
 * Both hold cases that begin with a line "### what must be so". In the .rule file the
 * rule follows; "### c2: ..." runs it for the second customer of rule_world, "### c3:
 * ..." for the third, otherwise for the first. In the .expect file stands the value as
 * the language writes it, "missing L:C: ..." or "error L:C: ..." for what is undecided,
 * or the error of the compiler as L:C: text. UPDATE=1 writes the .expect files anew.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/lib/rule_world.h"

#define DIRECTORY "tests/rules"
#define MAX_CASES 2000

struct text_case {
	char file[64];
	char *title, *rule, *expect;
};

static struct text_case cases[MAX_CASES];
static int ncases;

static void
read_file(const char *path, struct buf *to)
{
	FILE *in = fopen(path, "r");
	char chunk[4096];
	size_t n;

	if (in == NULL)
		return;
	while ((n = fread(chunk, 1, sizeof chunk, in)) > 0)
		buf_add(to, chunk, n);
	(void)fclose(in);
}

/* The part after "### " up to the next one; NULL at the end. Titles end their line. */
static char *
next_part(char **at, char **title)
{
	char *start = *at, *end, *body;

	if (start == NULL || strncmp(start, "### ", 4) != 0)
		return NULL;
	*title = start + 4;
	body = strchr(start, '\n');
	if (body == NULL)
		return NULL;
	*body++ = '\0';
	end = strstr(body, "### ");
	*at = end;
	if (end != NULL)
		end[-1] = '\0';
	else if (body[0] != '\0' && body[strlen(body) - 1] == '\n')
		body[strlen(body) - 1] = '\0';
	return body;
}

static void
load_pair(const char *name)
{
	struct buf rules, expects;
	char path[256], *at_rule, *at_expect, *title, *body;

	buf_init(&rules);
	buf_init(&expects);
	(void)snprintf(path, sizeof path, DIRECTORY "/%s.rule", name);
	read_file(path, &rules);
	(void)snprintf(path, sizeof path, DIRECTORY "/%s.expect", name);
	read_file(path, &expects);
	at_rule = rules.data;
	at_expect = expects.data;
	while ((body = next_part(&at_rule, &title)) != NULL && ncases < MAX_CASES) {
		struct text_case *c = &cases[ncases++];
		char *expect_title = NULL;

		(void)snprintf(c->file, sizeof c->file, "%s", name);
		c->title = stw_xstrdup(title);
		c->rule = stw_xstrdup(body);
		body = next_part(&at_expect, &expect_title);
		if (body != NULL && strcmp(expect_title, c->title) == 0)
			c->expect = stw_xstrdup(body);
		else
			c->expect = stw_xstrdup("(no such title in the .expect file)");
	}
	buf_fini(&rules);
	buf_fini(&expects);
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
load_all(void)
{
	struct dirent **entries;
	int n = scandir(DIRECTORY, &entries, NULL, by_name);

	for (int i = 0; i < n; i++) {
		char *dot = strrchr(entries[i]->d_name, '.');

		if (dot != NULL && strcmp(dot, ".rule") == 0) {
			*dot = '\0';
			load_pair(entries[i]->d_name);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static void
run(const struct text_case *c, struct buf *got)
{
	struct rule_world world;
	struct rule_eval_ctx ctx;
	struct stw_err err = {0};
	struct rule_value v;
	struct arena arena;
	struct rule *rule;
	size_t row = 0;

	arena_init(&arena);
	rule_world_init(&world);
	if (c->title[0] == 'c' && c->title[1] >= '1' && c->title[1] <= '3' &&
	    c->title[2] == ':')
		row = (size_t)(c->title[1] - '1');
	if (rule_compile(world.env, str_of(c->rule), NULL, NULL, &arena, &rule, &err) !=
	    STW_OK) {
		buf_printf(got, "%d:%d: %s", err.line, err.column, err.text);
	} else {
		ctx = rule_world_ctx(&world, row, &arena);
		v = rule_eval(rule, &ctx);
		if (v.kind == RULE_V_ERROR)
			buf_printf(got, "%s %d:%d: %s",
			    v.error.missing ? "missing" : "error", v.error.line,
			    v.error.column, v.error.text);
		else
			rule_value_print(&v, got);
	}
	rule_world_fini(&world);
	arena_fini(&arena);
}

START_TEST(a_rule_gives_what_its_expect_file_says)
{
	const struct text_case *c = &cases[_i];
	struct buf got;

	buf_init(&got);
	run(c, &got);
	ck_assert_msg(strcmp(got.data, c->expect) == 0,
	    "%s, \"%s\":\n  rule     %s\n  expected %s\n  got      %s", c->file,
	    c->title, c->rule, c->expect, got.data);
	buf_fini(&got);
}
END_TEST

START_TEST(there_are_cases)
{
	ck_assert_int_gt(ncases, 100);
}
END_TEST

/* For whoever adds cases: writes what came out, to be read before it is kept. */
static void
update(void)
{
	struct buf path;
	FILE *out = NULL;

	buf_init(&path);

	for (int i = 0; i < ncases; i++) {
		struct buf got;

		if (i == 0 || strcmp(cases[i].file, cases[i - 1].file) != 0) {
			if (out != NULL)
				(void)fclose(out);
			buf_clear(&path);
			buf_printf(&path, DIRECTORY "/%s.expect", cases[i].file);
			out = fopen(path.data, "w");
			STW_ASSERT(out != NULL);
		}
		buf_init(&got);
		run(&cases[i], &got);
		(void)fprintf(out, "### %s\n%s\n", cases[i].title, got.data);
		buf_fini(&got);
	}
	if (out != NULL)
		(void)fclose(out);
	buf_fini(&path);
}

int
main(void)
{
	Suite *suite = suite_create("rule_text");
	TCase *tc = tcase_create("cases");
	SRunner *runner;
	int failed;

	load_all();
	if (getenv("UPDATE") != NULL) {
		update();
		return EXIT_SUCCESS;
	}
	tcase_add_test(tc, there_are_cases);
	tcase_add_loop_test(tc, a_rule_gives_what_its_expect_file_says, 0, ncases);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	for (int i = 0; i < ncases; i++) {
		free(cases[i].title);
		free(cases[i].rule);
		free(cases[i].expect);
	}
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
