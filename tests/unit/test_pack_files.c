/* A pack's files: where they come from, what is refused, and where an error stands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "campaigns/compliance/gate_priv.h"
#include "engine/json_place.h"

/* ---- a directory to write packs into ----------------------------------------------------- */
static char top[64];

static void
top_make(void)
{
	snprintf(top, sizeof top, "/tmp/stw-packs-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
}

static void
top_remove(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", top);
	ck_assert_int_eq(system(command), 0);
}

static const char *
path_of(struct arena *arena, const char *name)
{
	return arena_printf(arena, "%s/%s", top, name);
}

static void
dirs_make(const char *version)
{
	struct arena arena;

	arena_init(&arena);
	(void)mkdir(path_of(&arena, "house"), 0700);
	(void)mkdir(path_of(&arena, arena_printf(&arena, "house/%s", version)), 0700);
	(void)mkdir(
	    path_of(&arena, arena_printf(&arena, "house/%s/calendars", version)), 0700);
	(void)mkdir(
	    path_of(&arena, arena_printf(&arena, "house/%s/terms", version)), 0700);
	arena_fini(&arena);
}

static void
file_put(const char *name, const char *text)
{
	struct arena arena;
	FILE *file;

	arena_init(&arena);
	file = fopen(path_of(&arena, name), "we");
	ck_assert_msg(file != NULL, "%s", name);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
	arena_fini(&arena);
}

static const char document[] =
    "{\"pack\": \"house\", \"version\": \"1.2.0\",\n"
    " \"name\": {\"zh\": \"本行\", \"en\": \"House\"}, \"zone\": \"Asia/Shanghai\",\n"
    " \"calendars\": [{\"name\": \"own\", \"file\": \"calendars/own.csv\",\n"
    "                \"from\": \"2026-01-01\", \"to\": \"2028-01-01\"}],\n"
    " \"terms\": [{\"name\": \"claims\", \"file\": \"terms/claims.txt\"}],\n"
    " \"rules\": [\n"
    "  {\"id\": \"T-1\", \"kind\": \"campaign_state\", \"layer\": \"policy\",\n"
    "   \"effective\": [null, null], \"applies\": \"true\",\n"
    "   \"params\": {\"check\": \"approved\"}, \"gates\": [\"P\"],\n"
    "   \"reason\": \"CAMPAIGN_NOT_APPROVED\", \"outcome\": \"BLOCK\",\n"
    "   \"text\": {\"zh\": \"文\", \"en\": \"text\"},\n"
    "   \"cite\": {\"text\": \"t\", \"source\": \"-\", \"grade\": \"D\", \"checked\": "
    "\"2026-11-23\"}}\n"
    " ]}\n";

static void
pack_put(const char *version, const char *doc)
{
	struct arena arena;

	arena_init(&arena);
	dirs_make(version);
	file_put(arena_printf(&arena, "house/%s/pack.json", version), doc);
	file_put(arena_printf(&arena, "house/%s/SOURCES.md", version), "# Sources\n");
	file_put(arena_printf(&arena, "house/%s/calendars/own.csv", version),
	    "date,kind,name,source\n2026-10-01,holiday,国庆节,law\n");
	file_put(arena_printf(&arena, "house/%s/terms/claims.txt", version),
	    "banned 保本\nallowed 不保本\n");
	file_put(arena_printf(&arena, "house/%s/tests.jsonl", version),
	    "{\"name\": \"all valid\", \"want\": {\"outcome\": \"ALLOW\", \"codes\": []}, "
	    "\"checkpoint\": \"P\"}\n"
	    "{\"name\": \"not approved\", \"checkpoint\": \"P\", \"facts\": {\"campaign\": "
	    "{\"approved\": false}}, \"want\": {\"outcome\": \"BLOCK\", \"codes\": "
	    "[\"CAMPAIGN_NOT_APPROVED\"]}}\n");
	arena_fini(&arena);
}

static const char *
replaced(struct arena *arena, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	ck_assert_msg(at != NULL, "%s", from);
	return arena_printf(
	    arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* ---- tests ------------------------------------------------------------------------------------ */
START_TEST(a_directory_is_a_pack_with_calendars_and_terms)
{
	struct pack_files files, embedded;
	struct arena arena;
	struct stw_err err = {0};
	struct ruleset *rules = NULL;
	struct pack pack;
	char hash[65], other[65];
	int passed = 0;

	arena_init(&arena);
	top_make();
	pack_put("1.2.0", document);
	ck_assert_msg(pack_files_dir(path_of(&arena, "house/1.2.0"), &arena, &files,
			  &err) == STW_OK,
	    "%s", err.text);
	ck_assert_int_eq(files.count, 5);
	ck_assert_str_eq(files.id, "house");
	ck_assert_str_eq(files.items[0].name, "SOURCES.md");
	ck_assert_msg(pack_read_files(&files, &arena, &pack, &err) == STW_OK,
	    "%d:%d %s", err.line, err.column, err.text);
	ck_assert_int_eq(pack.ncalendars, 1);
	ck_assert_int_eq(pack.nterms, 1);
	ck_assert_int_eq(terms_banned_count(pack.terms[0].terms), 1);
	ck_assert_msg(pack_tests_run_files(&files, NULL, NULL, &passed, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_int_eq(passed, 2);

	/* its hash is that of the files, all of them */
	pack_files_hash(&files, hash);
	file_put("house/1.2.0/terms/claims.txt", "banned 保本\nallowed 非保本\n");
	ck_assert_int_eq(
	    pack_files_dir(path_of(&arena, "house/1.2.0"), &arena, &files, &err),
	    STW_OK);
	pack_files_hash(&files, other);
	ck_assert_str_ne(hash, other);

	/* and a hash that was approved lets no other file in */
	struct pack_source source = {
	    {"house", "1.2.0", STW_USEC_NEVER, STW_USEC_MAX}, &files, other};
	ck_assert_int_eq(ruleset_load_sources(&source, 1, &rules, &err), STW_OK);
	ruleset_free(rules);
	source.hash_hex = hash;
	ck_assert_int_eq(ruleset_load_sources(&source, 1, &rules, &err), STW_INVALID);
	ck_assert_ptr_null(rules);
	ck_assert_ptr_nonnull(strstr(err.text, "not those that were approved"));

	ck_assert_int_eq(pack_files_embedded("house", "0.0.9", &arena, &embedded, &err),
	    STW_NOT_FOUND);
	top_remove();
	arena_fini(&arena);
}
END_TEST

static const struct {
	const char *from, *to; /* in the document */
	int line, column;
	const char *want;
} faults[] = {
    {"campaign_state", "campaign_stat", 7, 17, "unknown kind campaign_stat"},
    {"\"check\": \"approved\"", "\"chek\": \"approved\"", 9, 4, "check is missing"},
    {"\"check\": \"approved\"", "\"check\": \"approvd\"", 9, 15, "none of its words"},
    {"\"check\": \"approved\"", "\"check\": \"approved\", \"x\": 1", 9, 36,
	"no parameter x"},
    {"[\"P\"]", "[\"P\", \"Q\"]", 9, 37, "P, D and C"},
    {"CAMPAIGN_NOT_APPROVED", "CAMPAIGN_NOT_APROVED", 10, 4, "unknown reason code"},
    {"\"outcome\"", "\"outcom\"", 10, 39, "unknown key outcom"},
    {"\"D\"", "\"E\"", 12, 41, "grade is V, S, M or D"},
    {"2026-11-23", "2026-11-31", 12, 55, "checked is a date"},
    {"\"layer\": \"policy\"", "\"layer\": \"law\"", 7, 43, "policy only"},
    {"\"from\": \"2026-01-01\"", "\"from\": \"2026-13-01\"", 4, 17, "a date"},
    {"calendars/own.csv", "calendars/other.csv", 3, 32, "no file calendars/other.csv"},
    {"terms/claims.txt", "calendars/own.csv", 5, 31, "in terms/"},
    {"\"zone\": \"Asia/Shanghai\"", "\"zone\": \"Asia/Shanghai\", \"selects\": {}", 2,
	64, "names nobody"},
    {"\"zone\": \"Asia/Shanghai\"",
	"\"zone\": \"Asia/Shanghai\", \"selects\": {\"party\": [\"usa\"]}", 2, 76,
	"US or US-FL"},
    {"\"version\": \"1.2.0\"", "\"version\": \"1.2.1\"", 1, 19,
	"says it is house 1.2.1"},
};

START_TEST(an_error_names_its_line_and_column)
{
	struct pack_files files;
	struct arena arena;
	struct stw_err err = {0};
	struct pack pack;

	arena_init(&arena);
	top_make();
	pack_put("1.2.0", replaced(&arena, document, faults[_i].from, faults[_i].to));
	ck_assert_int_eq(
	    pack_files_dir(path_of(&arena, "house/1.2.0"), &arena, &files, &err),
	    STW_OK);
	ck_assert_int_eq(pack_read_files(&files, &arena, &pack, &err), STW_INVALID);
	ck_assert_msg(strstr(err.text, faults[_i].want) != NULL, "%s", err.text);
	ck_assert_msg(err.line == faults[_i].line && err.column == faults[_i].column,
	    "%s: at %d:%d, not %d:%d", err.text, err.line, err.column, faults[_i].line,
	    faults[_i].column);
	top_remove();
	arena_fini(&arena);
}
END_TEST

START_TEST(an_error_in_an_attachment_names_its_file)
{
	struct pack_files files;
	struct arena arena;
	struct stw_err err = {0};
	struct pack pack;

	arena_init(&arena);
	top_make();
	pack_put("1.2.0", document);
	file_put("house/1.2.0/terms/claims.txt", "banned 保本\nbaned 高收益\n");
	ck_assert_int_eq(
	    pack_files_dir(path_of(&arena, "house/1.2.0"), &arena, &files, &err),
	    STW_OK);
	ck_assert_int_eq(pack_read_files(&files, &arena, &pack, &err), STW_INVALID);
	ck_assert_int_eq(err.line, 2);
	ck_assert_ptr_nonnull(strstr(err.text, "terms/claims.txt"));
	pack_put("1.2.0", document);
	file_put("house/1.2.0/calendars/own.csv",
	    "date,kind\n2026-10-01,holiday\n2026-10-01,holiday\n");
	ck_assert_int_eq(
	    pack_files_dir(path_of(&arena, "house/1.2.0"), &arena, &files, &err),
	    STW_OK);
	ck_assert_int_eq(pack_read_files(&files, &arena, &pack, &err), STW_INVALID);
	ck_assert_int_eq(err.line, 3);
	ck_assert_ptr_nonnull(strstr(err.text, "calendars/own.csv"));
	top_remove();
	arena_fini(&arena);
}
END_TEST

START_TEST(a_directory_that_is_no_pack_is_refused)
{
	struct pack_files files;
	struct arena arena;
	struct stw_err err = {0};

	arena_init(&arena);
	top_make();
	pack_put("1.2.0", document);
	file_put("house/1.2.0/notes.txt", "x");
	ck_assert_int_eq(
	    pack_files_dir(path_of(&arena, "house/1.2.0"), &arena, &files, &err),
	    STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "notes.txt"));
	ck_assert_int_eq(unlink(path_of(&arena, "house/1.2.0/notes.txt")), 0);
	file_put("house/1.2.0/SOURCES.md", "\xff");
	ck_assert_int_eq(
	    pack_files_dir(path_of(&arena, "house/1.2.0"), &arena, &files, &err),
	    STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "UTF-8"));
	ck_assert_int_eq(unlink(path_of(&arena, "house/1.2.0/SOURCES.md")), 0);
	ck_assert_int_eq(
	    pack_files_dir(path_of(&arena, "house/1.2.0"), &arena, &files, &err),
	    STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "SOURCES.md is missing"));
	ck_assert_int_eq(pack_files_dir(path_of(&arena, "house"), &arena, &files, &err),
	    STW_INVALID);
	ck_assert_int_eq(
	    pack_files_dir(path_of(&arena, "no/1.0.0"), &arena, &files, &err),
	    STW_NOT_FOUND);
	top_remove();
	arena_fini(&arena);
}
END_TEST

START_TEST(ids_and_versions)
{
	static const char *const good[] = {"0.0.1", "1.10.0", "999999.0.0"};
	static const char *const bad[] = {"", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.x",
	    "1..0", " 1.0.0", "1000000.0.0"};

	for (size_t i = 0; i < STW_ARRAY_LEN(good); i++)
		ck_assert_msg(pack_version_ok(good[i]), "%s", good[i]);
	for (size_t i = 0; i < STW_ARRAY_LEN(bad); i++)
		ck_assert_msg(!pack_version_ok(bad[i]), "%s", bad[i]);
	ck_assert(pack_id_ok("us-finra3230") && pack_id_ok("cn"));
	ck_assert(!pack_id_ok("") && !pack_id_ok("US") && !pack_id_ok("../cn") &&
		  !pack_id_ok("1cn"));
	ck_assert_int_gt(pack_version_cmp("1.10.0", "1.9.2"), 0);
	ck_assert_int_lt(pack_version_cmp("1.9.2", "1.10.0"), 0);
	ck_assert_int_eq(pack_version_cmp("2.0.0", "2.0.0"), 0);
}
END_TEST

static const struct {
	const char *text;
	struct json_step path[3];
	int steps, line, column;
} places[] = {
    {"{\"a\": 1}", {{"a", 0}}, 1, 1, 2},
    {"\n {\"a\": {\"b\": [1,\n  2]}}", {{"a", 0}, {"b", 0}, {NULL, 1}}, 3, 3, 3},
    {"{\"x\": \"}],{\", \"y\": 2}", {{"y", 0}}, 1, 1, 15},
    {"{\"x\": \"a\\\"b\", \"y\": 2}", {{"y", 0}}, 1, 1, 15},
    {"{\"\xe6\x96\x87\": 1, \"y\": 2}", {{"y", 0}}, 1, 1, 10},
    {"[[], {}, [7]]", {{NULL, 2}, {NULL, 0}}, 2, 1, 11},
    {"{\"a\": {\"b\": 1}}", {{"a", 0}, {"c", 0}}, 2, 1, 2}, /* what would hold it */
    {"[1]", {{NULL, 5}}, 1, 1, 1},
    {"", {{"a", 0}}, 1, 1, 1},
    {"{\"a\"", {{"b", 0}}, 1, 1, 1},
};

START_TEST(a_place_in_a_document)
{
	int line, column;

	json_place(
	    str_of(places[_i].text), places[_i].path, places[_i].steps, &line, &column);
	ck_assert_msg(line == places[_i].line && column == places[_i].column,
	    "%s: %d:%d", places[_i].text, line, column);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pack_files");
	TCase *tc = tcase_create("pack_files");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_directory_is_a_pack_with_calendars_and_terms);
	tcase_add_loop_test(
	    tc, an_error_names_its_line_and_column, 0, (int)STW_ARRAY_LEN(faults));
	tcase_add_test(tc, an_error_in_an_attachment_names_its_file);
	tcase_add_test(tc, a_directory_that_is_no_pack_is_refused);
	tcase_add_test(tc, ids_and_versions);
	tcase_add_loop_test(tc, a_place_in_a_document, 0, (int)STW_ARRAY_LEN(places));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
