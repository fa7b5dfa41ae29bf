/*
 * docs/gate-facts.schema.json says the same as the table the parser reads by.
 * SCHEMA_WRITE=FILE build/release/tests/unit/test_facts_schema writes it.
 * And what the table promises: names in byte order, every fact read back as written,
 * and a fact that is left out never makes a contact allowed that was not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <jansson.h>

#include "campaigns/compliance/facts_priv.h"
#include "campaigns/compliance/gate_priv.h"
#include "campaigns/compliance/record_json.h"

#define SCHEMA "docs/gate-facts.schema.json"

/* ---- the schema ------------------------------------------------------------------------ */
static json_t *
words_schema(const char *const *words)
{
	json_t *list = json_array();

	for (; *words != NULL; words++)
		json_array_append_new(list, json_string(*words));
	return json_pack("{s:o}", "enum", list);
}

static json_t *
list_of(json_t *item)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", item);
}

static json_t *
or_null(const char *type)
{
	return json_pack("{s:[s, s]}", "type", type, "null");
}

static json_t *record_schema(const struct facts_record *rec);

static json_t *
instant_schema(enum facts_type type)
{
	json_t *words = type == F_LAST ? json_pack("[s]", "unknown")
				       : json_pack("[s, s]", "always", "never");

	return json_pack("{s:[{s:s, s:s}, {s:o}, {s:s}]}", "anyOf", "type", "string",
	    "format", "date-time", "enum", words, "type", "null");
}

static json_t *
type_schema(const struct facts_field *f)
{
	switch (f->type) {
	case F_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case F_INT:
	case F_I64:
		return json_pack("{s:s}", "type", "integer");
	case F_TEXT:
		return json_pack("{s:s}", "type", "string");
	case F_TEXT_OPT:
		return or_null("string");
	case F_UNTIL:
	case F_SINCE:
	case F_LAST:
	case F_PRIOR:
		return instant_schema(f->type);
	case F_DAY: {
		json_t *day = or_null("string");

		json_object_set_new(day, "format", json_string("date"));
		return day;
	}
	case F_OPT_INT:
		return or_null("integer");
	case F_STRINGS:
	case F_ZONES:
		return list_of(json_pack("{s:s}", "type", "string"));
	case F_INTS:
		return list_of(json_pack("{s:s}", "type", "integer"));
	case F_SOURCES:
	case F_WEEKDAYS:
		return list_of(words_schema(f->words));
	case F_HASH:
		return json_pack(
		    "{s:s, s:s}", "type", "string", "pattern", "^[0-9a-fA-F]{64}$");
	case F_WORD:
		return words_schema(f->words);
	case F_OBJECT:
		return record_schema(f->record);
	case F_OPTIONAL:
		return json_pack("{s:[o, {s:s}]}", "anyOf", record_schema(f->record),
		    "type", "null");
	case F_LIST:
		return list_of(record_schema(f->record));
	}
	return NULL;
}

static bool
needs_anything(const struct facts_record *rec)
{
	for (size_t i = 0; i < rec->nfields; i++) {
		if (rec->fields[i].required ||
		    (rec->fields[i].type == F_OBJECT &&
			needs_anything(rec->fields[i].record)))
			return true;
	}
	return false;
}

static json_t *
record_schema(const struct facts_record *rec)
{
	json_t *properties = json_object(), *required = json_array();

	for (size_t i = 0; i < rec->nfields; i++) {
		const struct facts_field *f = &rec->fields[i];
		json_t *one = type_schema(f);

		json_object_set_new(one, "description", json_string(f->doc));
		json_object_set_new(properties, f->name, one);
		if (f->required || (f->type == F_OBJECT && needs_anything(f->record)))
			json_array_append_new(required, json_string(f->name));
	}
	return json_pack("{s:s, s:b, s:o, s:o}", "type", "object",
	    "additionalProperties", 0, "required", required, "properties", properties);
}

static char *
schema_make(void)
{
	json_t *o = json_pack("{s:s, s:s, s:s}", "$schema",
	    "https://json-schema.org/draft/2020-12/schema", "title",
	    "The facts of one contact", "description",
	    "What the compliance gate asks about. Made from "
	    "campaigns/compliance/facts_table.c. What may be left out has the value that "
	    "denies; see docs/compliance.md.");
	char *text;

	json_object_update_new(o, record_schema(&facts_record));
	text = json_dumps(o, JSON_INDENT(1));
	json_decref(o);
	ck_assert_ptr_nonnull(text);
	return text;
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

START_TEST(the_schema_says_what_the_parser_reads)
{
	const char *out = getenv("SCHEMA_WRITE");
	char *want = schema_make(), *have;
	size_t len = strlen(want);

	if (out != NULL) {
		FILE *file = fopen(out, "we");

		ck_assert_ptr_nonnull(file);
		fprintf(file, "%s\n", want);
		fclose(file);
	}
	have = file_read(SCHEMA);
	ck_assert_msg(strncmp(have, want, len) == 0 && strcmp(have + len, "\n") == 0,
	    SCHEMA " is not what the parser reads: SCHEMA_WRITE=" SCHEMA
		   " with this program writes it anew");
	free(have);
	free(want);
}
END_TEST

/* ---- the table --------------------------------------------------------------------------- */
static void
order_check(const struct facts_record *rec)
{
	for (size_t i = 0; i < rec->nfields; i++) {
		const struct facts_field *f = &rec->fields[i];
		size_t len = strlen(f->doc);

		ck_assert_msg(i == 0 || strcmp(rec->fields[i - 1].name, f->name) < 0,
		    "%s", f->name);
		ck_assert_msg(len > 3 && f->doc[len - 1] == '.', "%s", f->name);
		if (f->record != NULL)
			order_check(f->record);
	}
}

START_TEST(names_stand_in_byte_order_and_have_a_sentence)
{
	order_check(&facts_record);
}
END_TEST

static void
facts_parse(const char *doc, struct arena *arena, struct gate_facts *facts)
{
	enum gate_checkpoint checkpoint;
	struct stw_err err = {0};
	stw_usec now, ttl;

	ck_assert_msg(facts_document_read(str_of(doc), FACTS_CLOSED, arena, facts,
			  &checkpoint, &now, &ttl, &err) == STW_OK,
	    "%d:%d %s", err.line, err.column, err.text);
}

/* Every member has a value that no base has, so a row that reads into the wrong place
 * shows. */
static const char *const other_texts[] = {"b", "c"};

static void value_other(const struct facts_field *f, int seed, struct buf *to);

static void
record_other(const struct facts_record *rec, int seed, struct buf *to)
{
	buf_add_char(to, '{');
	for (size_t i = 0; i < rec->nfields; i++) {
		buf_printf(to, "%s\"%s\":", i > 0 ? "," : "", rec->fields[i].name);
		value_other(&rec->fields[i], seed + (int)i, to);
	}
	buf_add_char(to, '}');
}

static void
value_other(const struct facts_field *f, int seed, struct buf *to)
{
	switch (f->type) {
	case F_BOOL:
		buf_add_c(to, seed % 2 == 0 ? "true" : "false");
		break;
	case F_INT:
	case F_I64:
	case F_OPT_INT:
		buf_printf(
		    to, "%d", strcmp(f->name, "end") == 0 ? 1400 : 1000 + seed % 300);
		break;
	case F_TEXT:
	case F_TEXT_OPT:
		buf_printf(to, "\"%s%d\"", f->name, seed);
		break;
	case F_UNTIL:
	case F_SINCE:
	case F_LAST:
	case F_PRIOR:
		buf_printf(
		    to, "\"2026-01-%02dT00:00:%02dZ\"", 1 + seed % 28, seed % 60);
		break;
	case F_DAY:
		buf_printf(to, "\"2026-02-%02d\"", 1 + seed % 28);
		break;
	case F_STRINGS:
		buf_printf(
		    to, "[\"%s\",\"%s%d\"]", other_texts[0], other_texts[1], seed);
		break;
	case F_INTS:
		buf_printf(to, "[%d,0]", seed);
		break;
	case F_ZONES:
		buf_add_c(to, "[\"Europe/Paris\",\"Asia/Tokyo\"]");
		break;
	case F_SOURCES:
		buf_add_c(to, "[\"verified\",\"address\"]");
		break;
	case F_WEEKDAYS:
		buf_add_c(to, "[\"tue\",\"sun\"]");
		break;
	case F_HASH:
		for (int i = 0; i < 64; i++)
			buf_add_char(to, i == 0 ? '"' : 'a');
		buf_add_c(to, "b\"");
		break;
	case F_WORD:
		buf_printf(to, "\"%s\"", f->words[1]);
		break;
	case F_OBJECT:
	case F_OPTIONAL:
		record_other(f->record, seed * 3 + 1, to);
		break;
	case F_LIST:
		buf_add_char(to, '[');
		record_other(f->record, seed + 7, to);
		buf_add_char(to, ',');
		record_other(f->record, seed + 8, to);
		buf_add_char(to, ']');
		break;
	}
}

START_TEST(every_fact_is_read_back_as_written)
{
	struct gate_facts facts;
	struct buf doc, out;
	struct arena arena;

	arena_init(&arena);
	buf_init(&doc);
	buf_init(&out);
	buf_add_c(&doc, "{\"facts\":");
	record_other(&facts_record, 0, &doc);
	buf_add_char(&doc, '}');
	facts_parse(doc.data, &arena, &facts);
	buf_add_c(&out, "{\"facts\":");
	facts_to_json(&facts, &out);
	buf_add_char(&out, '}');
	ck_assert_str_eq(out.data, doc.data);
	buf_fini(&doc);
	buf_fini(&out);
	arena_fini(&arena);
}
END_TEST

/* ---- what is left out denies ---------------------------------------------------------------- */
struct leave_out {
	const struct pack_test *test;
	int refused, read;
};

static void
decide_without(struct leave_out *lo, json_t *facts, const char *what)
{
	const struct pack_test *t = lo->test;
	json_t *doc = json_pack("{s:O}", "facts", facts);
	char *text = json_dumps(doc, JSON_COMPACT);
	enum gate_checkpoint checkpoint;
	struct gate_decision d;
	struct gate_facts f;
	struct arena arena;
	stw_usec now, ttl;

	arena_init(&arena);
	if (facts_document_read(str_of(text), FACTS_CLOSED, &arena, &f, &checkpoint,
		&now, &ttl, NULL) != STW_OK) {
		lo->refused++;
	} else {
		lo->read++;
		gate_decide(t->rules, &f, t->checkpoint, t->now, t->ttl, &arena, &d);
		ck_assert_msg(!d.allowed || t->decision->allowed,
		    "%s: allowed without %s", t->name, what);
	}
	arena_fini(&arena);
	free(text);
	json_decref(doc);
}

/* Each member of each object, one at a time. */
static void
leave_out_each(struct leave_out *lo, json_t *facts, json_t *obj)
{
	const char *key;
	json_t *v, *keys = json_array();
	size_t i;

	json_object_foreach(obj, key, v) json_array_append_new(keys, json_string(key));
	json_array_foreach(keys, i, v)
	{
		const char *name = json_string_value(v);
		json_t *value = json_incref(json_object_get(obj, name));

		json_object_del(obj, name);
		decide_without(lo, facts, name);
		json_object_set(obj, name, value);
		if (json_is_object(value))
			leave_out_each(lo, facts, value);
		for (size_t k = 0; k < json_array_size(value); k++) {
			if (json_is_object(json_array_get(value, k)))
				leave_out_each(lo, facts, json_array_get(value, k));
		}
		json_decref(value);
	}
	json_decref(keys);
}

static void
leave_out(void *host, const struct pack_test *test)
{
	struct leave_out *lo = host;
	struct buf out;
	json_t *facts;

	lo->test = test;
	buf_init(&out);
	facts_to_json(test->facts, &out);
	facts = json_loadb(out.data, out.len, 0, NULL);
	ck_assert_ptr_nonnull(facts);
	leave_out_each(lo, facts, facts);
	json_decref(facts);
	buf_fini(&out);
}

START_TEST(a_fact_left_out_never_allows_what_was_refused)
{
	struct leave_out lo = {NULL, 0, 0};
	struct pack_info packs[16];
	int n = ruleset_embedded(packs, (int)STW_ARRAY_LEN(packs)), passed;
	struct stw_err err = {0};

	for (int i = 0; i < n; i++)
		ck_assert_msg(pack_tests_run(packs[i].pack, packs[i].version, leave_out,
				  &lo, &passed, &err) == STW_OK,
		    "%s", err.text);
	ck_assert_int_gt(lo.refused, 1000);
	ck_assert_int_gt(lo.read, 5000);
}
END_TEST

START_TEST(of_nothing_everything_is_asked_for)
{
	enum gate_checkpoint checkpoint;
	struct gate_facts facts;
	struct stw_err err = {0};
	struct arena arena;
	stw_usec now, ttl;

	arena_init(&arena);
	ck_assert_int_eq(facts_document_read(STR_LIT("{\"facts\":{}}"), FACTS_CLOSED,
			     &arena, &facts, &checkpoint, &now, &ttl, &err),
	    STW_INVALID);
	ck_assert_msg(
	    strstr(err.text, "caller_org is missing") != NULL, "%s", err.text);
	arena_fini(&arena);
}
END_TEST

/* ---- where ------------------------------------------------------------------------------------ */
static const struct {
	const char *document, *path;
	int line, column;
} places[] = {
    {"{\"facts\":{\"party\":{\"dob\":1980}}}", "facts.party.dob", 1, 20},
    {"{\n  \"facts\": {\n    \"counts\": [{}, {\"at\": 7}]}}", "facts.counts[1].at", 3,
	21},
    {"{\"facts\":{\"party\":{\"province\":\"\\\"},{新疆\", \"dob\":\n7}}}",
	"facts.party.dob", 1, 42},
    {"{\"facts\":{\"party\":{\"province\":\"新疆\",\"dob\":7}}}", "facts.party.dob", 1,
	36},
    {"{\"facts\":{\"party\":\n{\"age\":3}}}", "facts.party.age: unknown key age", 2, 2},
    {"{\"facts\":{\"party\":{\"zones\":[\"UTC\",\n \"Asia/Nowhere\"]}}}",
	"facts.party.zones[1]", 2, 2},
    {"{\"facts\":{},\n\"checkpoint\": 3}", "checkpoint", 2, 1},
    {"{\"facts\":{\"handler\":\"cat\"}}", "agent, robot", 1, 11},
    {"{\"facts\":{\"events\":[{\"at\":null},{\"kind\":\"x\",\"at\":[1,[2],{\"a\":3}]}]}}",
	"facts.events[1].at", 1, 45},
};

START_TEST(an_error_says_where)
{
	enum gate_checkpoint checkpoint;
	struct gate_facts facts;
	struct stw_err err = {0};
	struct arena arena;
	stw_usec now, ttl;

	arena_init(&arena);
	ck_assert_int_eq(facts_document_read(str_of(places[_i].document), FACTS_FIXTURE,
			     &arena, &facts, &checkpoint, &now, &ttl, &err),
	    STW_INVALID);
	ck_assert_msg(strstr(err.text, places[_i].path) != NULL, "%s", err.text);
	ck_assert_msg(err.line == places[_i].line && err.column == places[_i].column,
	    "%s: at %d:%d", err.text, err.line, err.column);
	arena_fini(&arena);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("facts_schema");
	TCase *tc = tcase_create("facts_schema");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, the_schema_says_what_the_parser_reads);
	tcase_add_test(tc, names_stand_in_byte_order_and_have_a_sentence);
	tcase_add_test(tc, every_fact_is_read_back_as_written);
	tcase_add_test(tc, a_fact_left_out_never_allows_what_was_refused);
	tcase_add_test(tc, of_nothing_everything_is_asked_for);
	tcase_add_loop_test(tc, an_error_says_where, 0, (int)STW_ARRAY_LEN(places));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
