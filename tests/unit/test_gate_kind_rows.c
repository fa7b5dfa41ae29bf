/*
 * tests/gate/kinds.jsonl: every kind of rule at its boundaries, in a pack of its own. A row
 * is a facts document (over the fixture) with the rule's "kind", "params" and "codes"
 * (what it may give, the chosen one first), "applies", "layer", the pack's "selects" and
 * "rules" beside it where it needs any, and what it answers: "want" ("ok", "silent" or a
 * code), "from" / "until" (null: not by waiting, without an end), "next" and "outcome" of the
 * whole decision where they matter. Asked at planning, the gate of many has to agree.
 * And: docs/packs.md has a chapter for each kind that names each of its parameters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <jansson.h>

#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/gate_many.h"
#include "campaigns/compliance/gate_priv.h"

#define ROWS "tests/gate/kinds.jsonl"

/* New Year's Day and a Friday off, a Saturday worked; nothing known from 2027-02-01 on. */
static const char calendar[] = "date,kind\n2026-12-25,holiday\n2027-01-01,holiday\n"
			       "2026-10-10,workday_override\n";
static const char terms[] = "banned 保本\nallowed 不保本\nrequired 投资有风险\n";

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

/* ---- one rule in a pack of its own ------------------------------------------------------- */
static json_t *
rule_json(json_t *row)
{
	json_t *rule =
	    json_pack("{s:s, s:s, s:[n, n], s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s, s:s}}",
		"id", "T-1", "layer", "policy", "effective", "applies", "true", "text",
		"zh", "文", "en", "x", "cite", "text", "x", "source", "x", "grade", "D",
		"checked", "2026-11-23");
	json_t *codes = json_object_get(row, "codes");
	const char *first = json_string_value(json_array_get(codes, 0));

	json_object_set(rule, "kind", json_object_get(row, "kind"));
	if (json_object_get(row, "layer") != NULL)
		json_object_set(rule, "layer", json_object_get(row, "layer"));
	if (json_object_get(row, "applies") != NULL)
		json_object_set(rule, "applies", json_object_get(row, "applies"));
	if (json_object_get(row, "params") != NULL)
		json_object_set(rule, "params", json_object_get(row, "params"));
	if (strcmp(json_string_value(json_object_get(row, "kind")), "retention") != 0)
		json_object_set_new(
		    rule, "gates", json_pack("[s, s, s]", "P", "D", "C"));
	if (first != NULL) {
		ck_assert_msg(reason_find(first) != NULL, "%s", first);
		json_object_set(rule, "reason", codes);
		json_object_set_new(rule, "outcome",
		    json_string(gate_outcome_name(reason_find(first)->outcome)));
	}
	return rule;
}

static struct ruleset *
rules_make(json_t *row, const char *name, struct arena *arena)
{
	json_t *rules = json_pack("[o]", rule_json(row));
	json_t *beside = json_object_get(row, "rules"), *one;
	struct pack_files files = {.id = "t", .version = "1.0.0"};
	const struct pack_source source = {
	    {"t", "1.0.0", STW_USEC_NEVER, STW_USEC_MAX}, &files, NULL};
	struct ruleset *out = NULL;
	struct stw_err err = {0};
	json_t *doc;
	char *text;
	size_t i;

	json_array_foreach(beside, i, one)
	{
		json_t *rule = rule_json(one);

		json_object_update(rule, one);
		json_object_del(rule, "codes");
		json_array_append_new(rules, rule);
	}
	doc = json_pack("{s:s, s:s, s:{s:s, s:s}, s:s, s:[{s:s, s:s, s:s, s:s}], "
			"s:[{s:s, s:s}], s:o}",
	    "pack", "t", "version", "1.0.0", "name", "zh", "文", "en", "x", "zone",
	    "Asia/Shanghai", "calendars", "name", "cal", "file", "calendars/cal.csv",
	    "from", "2026-01-01", "to", "2027-02-01", "terms", "name", "claims", "file",
	    "terms/claims.txt", "rules", rules);
	if (json_object_get(row, "selects") != NULL)
		json_object_set(doc, "selects", json_object_get(row, "selects"));
	text = json_dumps(doc, JSON_COMPACT);
	json_decref(doc);
	ck_assert_int_eq(pack_files_add(&files, "pack.json",
			     str_of(arena_strdup(arena, text)), &err),
	    STW_OK);
	free(text);
	ck_assert_int_eq(
	    pack_files_add(&files, "calendars/cal.csv", str_of(calendar), &err),
	    STW_OK);
	ck_assert_int_eq(
	    pack_files_add(&files, "terms/claims.txt", str_of(terms), &err), STW_OK);
	ck_assert_int_eq(
	    pack_files_add(&files, "tests.jsonl", STR_LIT("\n"), &err), STW_OK);
	ck_assert_int_eq(
	    pack_files_add(&files, "SOURCES.md", STR_LIT("x\n"), &err), STW_OK);
	ck_assert_int_eq(pack_files_finish(&files, &err), STW_OK);
	ck_assert_msg(ruleset_load_sources(&source, 1, &out, &err) == STW_OK, "%s: %s",
	    name, err.text);
	return out;
}

/* ---- rows --------------------------------------------------------------------------------- */
struct seen {
	char words[256][64]; /* "kind check yes" */
	int count;
};

static void
seen_note(struct seen *seen, const char *kind, const char *check, bool yes)
{
	char word[64];

	snprintf(word, sizeof word, "%s %s %s", kind, check, yes ? "yes" : "no");
	for (int i = 0; i < seen->count; i++) {
		if (strcmp(seen->words[i], word) == 0)
			return;
	}
	ck_assert_int_lt(seen->count, 256);
	snprintf(seen->words[seen->count++], 64, "%s", word);
}

static bool
seen_has(const struct seen *seen, const char *kind, const char *check, bool yes)
{
	char word[64];

	snprintf(word, sizeof word, "%s %s %s", kind, check, yes ? "yes" : "no");
	for (int i = 0; i < seen->count; i++) {
		if (strcmp(seen->words[i], word) == 0)
			return true;
	}
	return false;
}

/* Not named in the row: not compared. */
static void
instant_check(json_t *row, const char *key, const char *name, stw_usec got)
{
	json_t *want = json_object_get(row, key);
	stw_usec at = STW_USEC_MAX;
	char text[STW_USEC_TEXT];

	if (want == NULL)
		return;
	if (json_is_string(want))
		ck_assert_int_eq(
		    stw_usec_parse(str_of(json_string_value(want)), &at), STW_OK);
	ck_assert_msg(got == at, "%s: %s is %s", name, key,
	    got == STW_USEC_MAX ? "never" : stw_usec_format(got, text));
}

static const struct gate_hit *
hit_find(const struct gate_decision *d, const char *id)
{
	for (int i = 0; i < d->nhits; i++) {
		if (strcmp(d->hits[i].rule_id, id) == 0)
			return &d->hits[i];
	}
	return NULL;
}

static const char *
check_word(json_t *row, const struct gate_kind *kind)
{
	json_t *params = json_object_get(row, "params");

	for (const struct gate_param *p = kind->schema; p->name != NULL; p++) {
		const char *s = json_string_value(json_object_get(params, p->name));

		if (p->type == PARAM_WORD &&
		    p->offset == offsetof(struct gate_params, check))
			return s != NULL ? s : p->words[0];
	}
	return "-";
}

/* Asked at planning, many are decided as one is. */
static void
many_agrees(const struct ruleset *rules, const struct gate_facts *facts, stw_usec now,
    const char *name, struct arena *arena)
{
	struct gate_many *many = gate_many_new(rules, now, 400 * STW_USEC_DAY);
	struct gate_many_answer answer;
	struct gate_decision one, all;

	gate_decide(rules, facts, GATE_PLAN, now, 400 * STW_USEC_DAY, arena, &one);
	gate_many_decide(many, facts, &answer);
	gate_many_decision(many, &answer, arena, &all);
	ck_assert_msg(
	    gate_many_agrees(&one, &all), "%s: many are decided otherwise", name);
	gate_many_free(many);
}

static void
row_run(json_t *row, struct str line, struct seen *seen)
{
	const char *name = json_string_value(json_object_get(row, "name"));
	const char *want = json_string_value(json_object_get(row, "want"));
	const char *outcome = json_string_value(json_object_get(row, "outcome"));
	const char *kind = json_string_value(json_object_get(row, "kind"));
	enum gate_checkpoint checkpoint;
	const struct gate_hit *hit;
	struct gate_decision d;
	struct gate_facts facts;
	struct ruleset *rules;
	struct stw_err err = {0};
	struct arena arena;
	stw_usec now, ttl;

	ck_assert_msg(
	    name != NULL && kind != NULL && want != NULL, "%.*s", 60, line.ptr);
	ck_assert_ptr_nonnull(gate_kind_find(kind));
	arena_init(&arena);
	rules = rules_make(row, name, &arena);
	ck_assert_msg(facts_document_read(line, FACTS_FIXTURE, &arena, &facts,
			  &checkpoint, &now, &ttl, &err) == STW_OK,
	    "%s: %s", name, err.text);
	gate_decide(rules, &facts, checkpoint, now, 400 * STW_USEC_DAY, &arena, &d);
	hit = hit_find(&d, "T-1");
	if (strcmp(want, "silent") == 0) {
		ck_assert_msg(hit == NULL, "%s: it answers", name);
	} else {
		ck_assert_msg(hit != NULL, "%s: it does not answer", name);
		ck_assert_msg(hit->ok == (strcmp(want, "ok") == 0), "%s: %s", name,
		    hit->ok ? "yes" : hit->code);
		if (!hit->ok)
			ck_assert_msg(
			    strcmp(hit->code, want) == 0, "%s: %s", name, hit->code);
		instant_check(row, "from", name, hit->allowed_from);
		instant_check(row, "until", name, hit->allowed_until);
		seen_note(seen, kind, check_word(row, gate_kind_find(kind)), hit->ok);
	}
	instant_check(row, "next", name, d.next_allowed_at);
	if (outcome != NULL)
		ck_assert_msg(strcmp(outcome, gate_decision_name(&d)) == 0, "%s: %s",
		    name, d.primary != NULL ? d.primary : "allowed");
	many_agrees(rules, &facts, now, name, &arena);
	ruleset_free(rules);
	arena_fini(&arena);
}

static int
rows_run(struct seen *seen)
{
	char *text = file_read(ROWS), *at = text, *eol;
	int n = 0;

	for (; (eol = strchr(at, '\n')) != NULL; at = eol + 1) {
		json_error_t bad;
		json_t *row;

		if (eol == at)
			continue;
		row = json_loadb(at, (size_t)(eol - at), JSON_REJECT_DUPLICATES, &bad);
		ck_assert_msg(row != NULL, "line %d: %s", n + 1, bad.text);
		row_run(row, (struct str){at, (size_t)(eol - at)}, seen);
		json_decref(row);
		n++;
	}
	free(text);
	return n;
}

/* Each kind, and each thing it can check, has a row that is content and one that is not. */
START_TEST(every_kind_is_right_at_its_boundaries)
{
	struct seen *seen = stw_xalloc(sizeof *seen);
	const struct gate_kind *kinds;
	int n = gate_kinds(&kinds);

	memset(seen, 0, sizeof *seen);
	ck_assert_int_gt(rows_run(seen), 100);
	for (int i = 0; i < n; i++) {
		const struct gate_kind *k = &kinds[i];
		static const char *const one[] = {"-", NULL};
		const char *const *words = one;

		if (k->eval == NULL)
			continue;
		for (const struct gate_param *p = k->schema; p->name != NULL; p++) {
			if (p->type == PARAM_WORD &&
			    p->offset == offsetof(struct gate_params, check))
				words = p->words;
		}
		for (; *words != NULL; words++) {
			ck_assert_msg(seen_has(seen, k->name, *words, true),
			    "%s %s: no row in which it is content", k->name, *words);
			ck_assert_msg(seen_has(seen, k->name, *words, false),
			    "%s %s: no row in which it objects", k->name, *words);
		}
	}
	free(seen);
}
END_TEST

START_TEST(every_kind_and_parameter_is_documented)
{
	char *doc = file_read("docs/packs.md");
	const struct gate_kind *kinds;
	int n = gate_kinds(&kinds);

	for (int i = 0; i < n; i++) {
		char head[64], param[64];
		char *chapter, *end, *text;

		snprintf(head, sizeof head, "\n### %s\n", kinds[i].name);
		chapter = strstr(doc, head);
		ck_assert_msg(
		    chapter != NULL, "docs/packs.md: no chapter for %s", kinds[i].name);
		end = strstr(chapter + 1, "\n### ");
		text = end != NULL ? strndup(chapter, (size_t)(end - chapter))
				   : strdup(chapter);
		for (const struct gate_param *p = kinds[i].schema; p->name != NULL;
		     p++) {
			snprintf(param, sizeof param, "`%s`", p->name);
			ck_assert_msg(
			    strstr(text, param) != NULL || strcmp(p->name, "zone") == 0,
			    "docs/packs.md: %s: %s is not explained", kinds[i].name,
			    p->name);
		}
		free(text);
	}
	free(doc);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gate_kind_rows");
	TCase *tc = tcase_create("gate_kind_rows");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_kind_is_right_at_its_boundaries);
	tcase_add_test(tc, every_kind_and_parameter_is_documented);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
