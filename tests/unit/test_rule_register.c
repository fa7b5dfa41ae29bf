/*
 * docs/rule-register.md and the packs' SOURCES.md say the same as the packs.
 * REGISTER_WRITE=FILE build/release/tests/unit/test_rule_register writes the register.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "campaigns/compliance/gate_priv.h"
#include "engine/embed.h"

#define REGISTER "docs/rule-register.md"

static const char preface[] =
    "# Rule register\n"
    "\n"
    "Every rule of the packs in the binary and of the gate itself: its id is in every\n"
    "decision record, its text and source are shown with every decision. Made from the\n"
    "packs (`tests/unit/test_rule_register.c` keeps the two alike); change a pack, not\n"
    "this file.\n"
    "\n"
    "Not legal advice. *Binding* rules have a source in law, regulation or industry rules;\n"
    "*house policy* is the bank's own choice and may be changed by it; an *assumption* is\n"
    "binding in intent, but its source was not read. Grades: V read as statute or\n"
    "regulator text, S a secondary source says so, M from memory, D decided here.\n"
    "\n"
    "The hours 09:00 to 21:00 and all caps of `cn` and `house` are house policy: no\n"
    "national statute of mainland China was found that fixes them. `us-regf` and `cn-feeds`\n"
    "are templates: in force only where somebody activates them.\n"
    "\n"
    "| Rule | Pack | Codes | When | Text | 正文 | Source | Status | Grade |\n"
    "|---|---|---|---|---|---|---|---|---|\n";

static const char *
status_of(const struct rule_info *info)
{
	if (strcmp(info->layer, "policy") == 0)
		return "house policy";
	return strcmp(info->grade, "M") == 0 ? "assumption" : "binding";
}

static void
register_make(const struct ruleset *rules, struct buf *to)
{
	const struct rule_info *infos;
	int n = ruleset_rules(rules, &infos);

	buf_add_c(to, preface);
	for (int i = 0; i < n; i++) {
		const struct rule_info *r = &infos[i];

		buf_printf(to, "| %s | %s | ", r->id, r->pack);
		for (const char *s = r->code; *s != '\0'; s++) {
			if (*s == ' ')
				buf_add_c(to, "<br>");
			else
				buf_add_char(to, *s);
		}
		buf_printf(to, " | %s | %s | %s | %s | %s | %s |\n", r->gates,
		    r->text_en, r->text_zh, r->source, status_of(r), r->grade);
	}
}

/* The templates too. */
static void
load_all(struct ruleset **rules)
{
	struct pack_info packs[64];
	struct pack_use uses[64];
	struct stw_err err = {0};
	int n = ruleset_embedded(packs, (int)STW_ARRAY_LEN(packs));

	for (int i = 0; i < n; i++)
		uses[i] = (struct pack_use){
		    packs[i].pack, packs[i].version, STW_USEC_NEVER, STW_USEC_MAX};
	ck_assert_msg(ruleset_load(uses, n, rules, &err) == STW_OK, "%s", err.text);
}

static char *
file_read(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = stw_xalloc(1 << 20);
	size_t len;

	ck_assert_msg(file != NULL, "%s: run from the top of the tree", path);
	len = fread(text, 1, (1 << 20) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

START_TEST(the_register_says_what_the_packs_say)
{
	const char *out = getenv("REGISTER_WRITE");
	struct ruleset *rules = NULL;
	struct buf want;
	char *have;

	buf_init(&want);
	load_all(&rules);
	register_make(rules, &want);
	if (out != NULL) {
		FILE *file = fopen(out, "we");

		ck_assert_ptr_nonnull(file);
		fwrite(want.data, 1, want.len, file);
		fclose(file);
	}
	have = file_read(REGISTER);
	ck_assert_msg(strcmp(have, want.data) == 0,
	    REGISTER " is not what the packs say: REGISTER_WRITE=" REGISTER
		     " with this program writes it anew");
	free(have);
	buf_fini(&want);
	ruleset_free(rules);
}
END_TEST

START_TEST(every_rule_has_its_row_in_the_sources_of_its_pack)
{
	const struct rule_info *infos;
	struct ruleset *rules = NULL;
	struct arena arena;
	int n, rows = 0;

	arena_init(&arena);
	load_all(&rules);
	n = ruleset_rules(rules, &infos);
	for (int i = 0; i < n; i++) {
		const struct rule_info *r = &infos[i];
		const struct embed_file *file;
		const char *row;

		if (strcmp(r->pack, "engine") == 0)
			continue;
		file = embed_find(
		    arena_printf(&arena, "campaigns/compliance/packs/%s/%s/SOURCES.md",
			r->pack, r->pack_version));
		ck_assert_msg(file != NULL, "pack %s has no SOURCES.md", r->pack);
		row = arena_printf(&arena, "\n| %s | %s | %s | %s | ", r->id, r->layer,
		    r->source, r->grade);
		ck_assert_msg(
		    strstr(file->data, row) != NULL, "SOURCES.md: no row%s", row);
		rows++;
	}
	ck_assert_int_gt(rows, 40);
	ruleset_free(rules);
	arena_fini(&arena);
}
END_TEST

/* Hours and caps of mainland China have no statute: nobody may show them as law. */
START_TEST(hours_and_caps_are_shown_as_house_policy)
{
	const struct rule_info *infos;
	struct ruleset *rules = NULL;
	struct stw_err err = {0};
	int n, found = 0;

	ck_assert_msg(ruleset_load_embedded(&rules, &err) == STW_OK, "%s", err.text);
	n = ruleset_rules(rules, &infos);
	for (int i = 0; i < n; i++) {
		const char *kind = infos[i].kind;

		if (strcmp(kind, "time_window") != 0 && strcmp(kind, "freq_cap") != 0)
			continue;
		if (strcmp(infos[i].pack, "cn") != 0 &&
		    strcmp(infos[i].pack, "house") != 0)
			continue; /* Ningxia has a document, other countries have laws */
		ck_assert_msg(strcmp(infos[i].layer, "policy") == 0, "%s", infos[i].id);
		found++;
	}
	ck_assert_int_ge(found, 4);
	ruleset_free(rules);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rule_register");
	TCase *tc = tcase_create("rule_register");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, the_register_says_what_the_packs_say);
	tcase_add_test(tc, every_rule_has_its_row_in_the_sources_of_its_pack);
	tcase_add_test(tc, hours_and_caps_are_shown_as_house_policy);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
