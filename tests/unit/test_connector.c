/* Connector documents: what is refused and where, and the examples they bring along. */
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <jansson.h>

#include "api/connect/connect_answer.h"

static struct arena arena;

static void
setup(void)
{
	arena_init(&arena);
}

static void
teardown(void)
{
	arena_fini(&arena);
}

static struct connector
parsed(const char *text)
{
	struct connector c;
	struct stw_err err = {0};

	ck_assert_msg(connector_parse(str_of(text), &arena, &c, NULL, &err) == STW_OK,
	    "%d:%d %s", err.line, err.column, err.text);
	return c;
}

/* ---- presets ------------------------------------------------------------------------------ */
START_TEST(every_preset_is_sound_and_its_examples_come_out)
{
	struct str name, text;
	size_t at = 0;
	int presets = 0;

	while (connector_preset_next(&at, &name, &text)) {
		struct connect_example_result results[32];
		struct connector c;
		struct stw_err err = {0};
		int passed;

		ck_assert_msg(connector_parse(text, &arena, &c, NULL, &err) == STW_OK,
		    "%.*s: %s", STR_FMT(name), err.text);
		ck_assert(str_eq_c(name, c.name));
		ck_assert_int_gt(c.nexamples, 3);
		passed = connect_examples_run(&c, &arena, results);
		for (int i = 0; i < c.nexamples; i++)
			ck_assert_msg(results[i].passed, "%s: %s: %s", c.name,
			    results[i].name, results[i].en);
		ck_assert_int_eq(passed, c.nexamples);
		presets++;
	}
	ck_assert_int_eq(presets, 7);
}
END_TEST

START_TEST(an_example_that_is_wrong_is_found)
{
	static const char text[] =
	    "{\"connector\":\"x\",\"version\":1,\"names\":{\"zh\":\"x\",\"en\":\"x\"},"
	    "\"auth\":{\"kind\":\"none\"},\"dedupes\":false,"
	    "\"offer\":{\"method\":\"POST\",\"path\":\"/t\",\"content\":\"json\","
	    "\"body\":{\"a\":1},\"answers\":[{\"when\":\"status == 200\",\"verdict\":"
	    "\"accepted\",\"remote_id\":\"body.id\"}]},\"examples\":["
	    "{\"name\":\"v\",\"operation\":\"offer\",\"status\":200,\"verdict\":\"refused\"},"
	    "{\"name\":\"p\",\"operation\":\"offer\",\"path\":\"/u\",\"status\":200,"
	    "\"verdict\":\"accepted\"},"
	    "{\"name\":\"b\",\"operation\":\"offer\",\"body\":{\"a\":2},\"status\":200,"
	    "\"verdict\":\"accepted\"},"
	    "{\"name\":\"r\",\"operation\":\"offer\",\"status\":200,\"answer\":{\"id\":1},"
	    "\"verdict\":\"accepted\",\"remote_id\":\"2\"},"
	    "{\"name\":\"good\",\"operation\":\"offer\",\"body\":{\"a\":1},\"status\":200,"
	    "\"answer\":{\"id\":2},\"verdict\":\"accepted\",\"remote_id\":\"2\"}]}";
	struct connect_example_result results[5];
	struct connector c = parsed(text);

	ck_assert_int_eq(connect_examples_run(&c, &arena, results), 1);
	ck_assert_str_eq(results[0].en, "verdict: expected refused, is accepted");
	ck_assert_str_eq(results[0].zh, "判定：应为 refused，实为 accepted");
	ck_assert_str_eq(results[1].en, "path: expected /u, is /t");
	ck_assert_str_eq(results[2].en, "body: expected {\"a\":2}, is {\"a\":1}");
	ck_assert_str_eq(results[3].en, "remote_id: expected 2, is 1");
	ck_assert(results[4].passed);
}
END_TEST

/* ---- what is refused, and where --------------------------------------------------------------- */
#define HEAD                                                         \
	"\"connector\":\"x\",\"version\":1,\"names\":{\"zh\":\"x\"," \
	"\"en\":\"x\"},\"dedupes\":false,"
#define AUTH "\"auth\":{\"kind\":\"none\"},"
#define OFFER(more)                                                 \
	"\"offer\":{\"method\":\"POST\",\"path\":\"\",\"content\":" \
	"\"json\"," more "}"

struct fault_case {
	const char *text, *pointer, *en;
};
static const struct fault_case fault_cases[] = {
    {"{", "", "not JSON"},
    {"[]", "", "must be an object"},
    {"{\"connector\":\"x\",\"connector\":\"x\"}", "", "not JSON: duplicate"},
    {"{" HEAD AUTH OFFER("\"body\":1") ",\"ofer\":1}", "/ofer",
	"unknown key \"ofer\"; known here: $schema, connector"},
    {"{" AUTH OFFER("\"body\":1") "}", "", "\"connector\" is missing"},
    {"{\"connector\":\"X\"}", "/connector", "must be small letters"},
    {"{\"connector\":\"x\",\"version\":0}", "/version", "from 1 to 1000000"},
    {"{\"connector\":\"x\",\"version\":1,\"names\":{\"zh\":\"x\"}}", "/names",
	"\"en\" is missing"},
    {"{" HEAD OFFER("\"body\":1") "}", "", "\"auth\" is missing"},
    {"{" HEAD "\"auth\":{\"kind\":\"magic\"}}", "/auth/kind",
	"must be one of: none, webhook"},
    {"{" HEAD "\"auth\":{\"kind\":\"basic\",\"user\":\"u\"}}", "/auth/user",
	"unknown key \"user\"; known here: kind"},
    {"{" HEAD "\"auth\":{\"kind\":\"oauth2\",\"token_url\":\"/token\"}}",
	"/auth/token_url", "must begin with https://"},
    {"{" HEAD AUTH "\"offer\":{\"method\":\"SEND\",\"path\":\"\"}}", "/offer/method",
	"must be one of: POST"},
    {"{" HEAD AUTH "\"offer\":{\"method\":\"POST\"}}", "/offer", "\"path\" is missing"},
    {"{" HEAD AUTH OFFER("\"body\":\"{{ task.phones }}\"") "}", "/offer/body",
	"phones"},
    {"{" HEAD AUTH OFFER("\"body\":{\"a\":[1,\"{{ config.x }}\"]}") "}",
	"/offer/body/a/1", "x"},
    {"{" HEAD AUTH OFFER("\"body\":\"{{ task.id \"") "}", "/offer/body",
	"{{ without }}"},
    {"{" HEAD AUTH OFFER("\"body\":{\"$each\":1}") "}", "/offer/body",
	"unknown key \"$each\"; known here: $json, $tasks"},
    {"{" HEAD AUTH OFFER("\"body\":{\"$json\":1,\"b\":2}") "}", "/offer/body/$json",
	"alone in its object"},
    {"{" HEAD AUTH OFFER("\"body\":1,\"headers\":{\"Host\":\"x\"}") "}",
	"/offer/headers", "the header \"Host\" is set by Steward"},
    {"{" HEAD AUTH OFFER("\"body\":1,\"headers\":{\"X a\":\"x\"}") "}",
	"/offer/headers", "the header \"X a\""},
    {"{" HEAD AUTH OFFER("\"body\":1,\"answers\":[]") "}", "/offer/answers",
	"must be a list of at least one"},
    {"{" HEAD AUTH OFFER("\"body\":1,\"answers\":[{\"when\":\"status\",\"verdict\":"
			 "\"accepted\"}]") "}",
	"/offer/answers/0/when", "bool"},
    {"{" HEAD AUTH OFFER("\"body\":1,\"answers\":[{\"when\":\"true\",\"verdict\":"
			 "\"absent\"}]") "}",
	"/offer/answers/0/verdict", "must be one of"},
    {"{" HEAD AUTH "\"offer\":{\"method\":\"GET\",\"path\":\"\",\"content\":\"none\","
     "\"body\":1}}",
	"/offer/body", "a request without a body"},
    {"{" HEAD AUTH "\"offer\":{\"method\":\"POST\",\"path\":\"\",\"content\":\"form\","
     "\"body\":{\"a\":{\"b\":1}}}}",
	"/offer/body", "a form is an object"},
    {"{" HEAD AUTH "\"batch\":{\"size\":20,\"pause_ms\":0}," OFFER("\"body\":1") "}",
	"", "batch.size is 20, but the offer's body has no $tasks"},
    {"{" HEAD AUTH "\"batch\":{\"size\":101,\"pause_ms\":0}}", "/batch/size",
	"from 1 to 100"},
    {"{" HEAD AUTH OFFER("\"body\":\"{{ task.phone }}\"") "}", "",
	"say so with \"personal\": [\"phone\"]"},
    {"{" HEAD AUTH "\"personal\":[\"phone\"]," OFFER("\"body\":1") "}", "",
	"no request uses task.phone"},
    {"{" HEAD AUTH "\"personal\":[\"phone\"],\"offer\":{\"method\":\"POST\",\"path\":"
     "\"/{{ task.phone }}\",\"content\":\"json\",\"body\":1}}",
	"/offer", "does not go into a path"},
    {"{" HEAD AUTH "\"recall\":{\"method\":\"POST\",\"path\":\"\",\"content\":\"json\","
     "\"body\":{\"$tasks\":1}}," OFFER("\"body\":1") "}",
	"/recall/body", "$tasks belongs into the body of the offer"},
    {"{" HEAD AUTH OFFER("\"body\":1") ",\"examples\":[{\"name\":\"n\",\"operation\":"
				       "\"recall\",\"status\":200,\"verdict\":"
				       "\"accepted\"}]}",
	"/examples/0", "\"recall\" is missing"},
    {"{" HEAD AUTH "\"settings\":{\"a-b\":{}}}", "/settings/a-b",
	"must be small letters"},
};

START_TEST(what_is_wrong_is_refused_and_the_place_is_told)
{
	const struct fault_case *f = &fault_cases[_i];
	struct connector_fault fault;
	struct connector c;
	struct stw_err err = {0};

	ck_assert_msg(
	    connector_parse(str_of(f->text), &arena, &c, &fault, &err) == STW_INVALID,
	    "%s is taken", f->text);
	ck_assert_msg(strcmp(fault.pointer, f->pointer) == 0, "%s: at %s", f->text,
	    fault.pointer);
	ck_assert_msg(strstr(fault.en, f->en) != NULL, "%s: %s", f->text, fault.en);
	ck_assert_msg(strstr(err.text, fault.en) != NULL, "%s", err.text);
	ck_assert_msg(fault.zh[0] != '\0' && utf8_valid(str_of(fault.zh)) &&
			  strcmp(fault.zh, fault.en) != 0,
	    "%s: %s", f->text, fault.zh);
	ck_assert_int_gt(fault.line, 0);
	ck_assert_int_eq(err.line, fault.line);
	ck_assert_ptr_null(c.name);
}
END_TEST

START_TEST(a_document_that_is_too_long_is_refused_unread)
{
	struct connector c;
	struct stw_err err = {0};
	char *text = arena_alloc(&arena, CONNECTOR_TEXT_MAX + 2);

	memset(text, ' ', CONNECTOR_TEXT_MAX + 1);
	ck_assert_int_eq(connector_parse((struct str){text, CONNECTOR_TEXT_MAX + 1},
			     &arena, &c, NULL, &err),
	    STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "more than 65536 bytes"));
}
END_TEST

/* ---- the schema ---------------------------------------------------------------------------------- */
/* "unknown key "?"; known here: a, b" of the parser, beside the schema's properties. */
static void
keys_same(const char *pointer, const char *document, const json_t *schema)
{
	struct connector_fault fault;
	struct connector c;
	const json_t *properties = json_object_get(schema, "properties");
	const char *at;
	size_t known = 0;

	ck_assert_int_eq(
	    connector_parse(str_of(document), &arena, &c, &fault, NULL), STW_INVALID);
	ck_assert_str_eq(fault.pointer, pointer);
	at = strstr(fault.en, "known here: ");
	ck_assert_msg(at != NULL, "%s: %s", pointer, fault.en);
	for (at += strlen("known here: "); at != NULL;
	     at = strchr(at, ','), at = at == NULL ? NULL : at + 2, known++) {
		const char *key = arena_strndup(&arena, at, strcspn(at, ","));

		ck_assert_msg(json_object_get(properties, key) != NULL,
		    "%s: the schema has no %s", pointer, key);
	}
	ck_assert_msg(json_object_size(properties) == known,
	    "%s: the schema has keys that the parser has not", pointer);
	ck_assert(json_is_false(json_object_get(schema, "additionalProperties")));
}

static const json_t *
schema_at(const json_t *schema, const char *const *steps)
{
	for (; *steps != NULL; steps++)
		schema = json_is_array(schema)
			     ? json_array_get(schema, (size_t)(**steps - '0'))
			     : json_object_get(schema, *steps);
	ck_assert_ptr_nonnull(schema);
	return schema;
}
#define AT(...) schema_at(root, (const char *const[]){"properties", __VA_ARGS__, NULL})

START_TEST(the_schema_knows_the_keys_that_the_parser_knows)
{
	json_t *root = json_load_file("docs/connector.schema.json", 0, NULL);

	ck_assert_ptr_nonnull(root);
	keys_same("/?", "{\"?\":1}", root);
	keys_same("/names/?", "{\"connector\":\"x\",\"version\":1,\"names\":{\"?\":1}}",
	    AT("names"));
	keys_same("/settings/a/?", "{" HEAD "\"settings\":{\"a\":{\"?\":1}}}",
	    AT("settings", "additionalProperties"));
	keys_same("/batch/?", "{" HEAD "\"batch\":{\"?\":1}}", AT("batch"));
	keys_same("/auth/?", "{" HEAD "\"auth\":{\"kind\":\"none\",\"?\":1}}",
	    AT("auth", "oneOf", "0"));
	keys_same("/auth/?", "{" HEAD "\"auth\":{\"kind\":\"oauth2\",\"?\":1}}",
	    AT("auth", "oneOf", "1"));
	keys_same("/auth/?", "{" HEAD "\"auth\":{\"kind\":\"aws-sigv4\",\"?\":1}}",
	    AT("auth", "oneOf", "2"));
	keys_same("/offer/?", "{" HEAD AUTH "\"offer\":{\"?\":1}}", AT("offer"));
	keys_same("/offer/answers/0/?",
	    "{" HEAD AUTH OFFER("\"body\":1,\"answers\":[{\"?\":1}]") "}",
	    AT("offer", "properties", "answers", "items"));
	keys_same("/examples/0/?",
	    "{" HEAD AUTH OFFER("\"body\":1") ",\"examples\":[{\"?\":1}]}",
	    AT("examples", "items"));
	json_decref(root);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("connector");
	TCase *tc = tcase_create("connector");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_preset_is_sound_and_its_examples_come_out);
	tcase_add_test(tc, an_example_that_is_wrong_is_found);
	tcase_add_loop_test(tc, what_is_wrong_is_refused_and_the_place_is_told, 0,
	    STW_ARRAY_LEN(fault_cases));
	tcase_add_test(tc, the_schema_knows_the_keys_that_the_parser_knows);
	tcase_add_test(tc, a_document_that_is_too_long_is_refused_unread);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
