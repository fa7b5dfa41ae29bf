/* The decision record: canonical, complete, and replayed byte for byte. */
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <jansson.h>

#include "campaigns/compliance/decide_json.h"
#include "campaigns/compliance/gate_priv.h"
#include "campaigns/compliance/record_json.h"

static const struct record_context context = {
    .decision_id = "0190b2f4-7c1a-7d3e-8f00-000000000001",
    .campaign = "maturing_product",
    .campaign_version = 3,
    .segment_why = "到期 \"30\" 天内\n\t\\ \x01",
    .task_id = "0190b2f4-7c1a-7d3e-8f00-000000000002",
    .customer_ref = "C000001",
    .phone_mask = "138****0001"};

static void
record_of(const struct pack_test *t, struct buf *to)
{
	struct record_context ctx = context;

	ctx.checkpoint = t->checkpoint;
	ctx.now = t->now;
	ctx.ttl = t->ttl;
	record_write(&ctx, t->facts, t->decision, to);
}

/* jansson's sorted, compact form of the same document has the same bytes. */
static void
check_canonical(const struct pack_test *t, const struct buf *record)
{
	json_error_t bad;
	json_t *doc =
	    json_loadb(record->data, record->len, JSON_REJECT_DUPLICATES, &bad);
	char *text;

	ck_assert_msg(doc != NULL, "%s: %s", t->name, bad.text);
	text = json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_str_eq(text, record->data);
	free(text);
	json_decref(doc);
}

static void
check_record(void *host, const struct pack_test *t)
{
	int *count = host;
	struct buf record, again;
	struct stw_err err = {0};
	bool same = false;

	(*count)++;
	buf_init(&record);
	buf_init(&again);
	record_of(t, &record);
	check_canonical(t, &record);
	ck_assert_msg(record_replay(t->rules, (struct str){record.data, record.len},
			  &same, &again, &err) == STW_OK,
	    "%s: %s", t->name, err.text);
	ck_assert_str_eq(again.data, record.data);
	ck_assert_msg(same, "%s: replayed with other bytes", t->name);
	buf_fini(&record);
	buf_fini(&again);
}

static void
run_packs(pack_test_seen *seen, void *host)
{
	struct pack_info packs[16];
	int n = ruleset_embedded(packs, (int)STW_ARRAY_LEN(packs)), passed;
	struct stw_err err = {0};

	ck_assert_int_gt(n, 0);
	for (int i = 0; i < n; i++)
		ck_assert_msg(pack_tests_run(packs[i].pack, packs[i].version, seen,
				  host, &passed, &err) == STW_OK,
		    "%s", err.text);
}

START_TEST(every_decision_can_be_replayed_byte_for_byte)
{
	int count = 0;

	run_packs(check_record, &count);
	ck_assert_int_gt(count, 200);
}
END_TEST

/* Changing any one thing of the inputs must show. */
static const struct {
	const char *from, *to;
} changes[] = {
    {"\"now\":\"2026-11-23T02:00:00Z\"", "\"now\":\"2026-11-23T02:00:01Z\""},
    {"\"risk_rating\":3", "\"risk_rating\":2"},
    {"\"codes\":[]", "\"codes\":[\"CONSENT_MISSING\"]"},
    {"\"outcome\":\"ALLOW\"", "\"outcome\":\"BLOCK\""},
    {"\"ttl\":120000000", "\"ttl\":120000001"},
    {"\"expires_at\":null", "\"expires_at\":\"2026-11-23T02:00:00Z\""},
    {"\"checkpoint\":\"C\"", "\"checkpoint\":\"D\""},
    {"\"tzdata\":\"", "\"tzdata\":\"x"},
};

START_TEST(a_record_that_was_altered_does_not_replay)
{
	struct ruleset *rules = NULL;
	struct gate_decision d;
	struct gate_facts f;
	struct record_context ctx = context;
	struct buf record, altered, again;
	struct stw_err err = {0};
	struct arena arena;
	const char *at;
	bool same = true;

	arena_init(&arena);
	buf_init(&record);
	buf_init(&altered);
	buf_init(&again);
	ck_assert_int_eq(ruleset_load_embedded(&rules, &err), STW_OK);
	ck_assert_int_eq(record_read(str_of("{\"base\":\"fixture\"}"), &arena, &f,
			     &ctx.checkpoint, &ctx.now, &ctx.ttl, &err),
	    STW_OK);
	gate_decide(rules, &f, ctx.checkpoint, ctx.now, ctx.ttl, &arena, &d);
	record_write(&ctx, &f, &d, &record);
	at = strstr(record.data, changes[_i].from);
	ck_assert_ptr_nonnull(at);
	buf_add(&altered, record.data, (size_t)(at - record.data));
	buf_add_c(&altered, changes[_i].to);
	buf_add_c(&altered, at + strlen(changes[_i].from));
	ck_assert_msg(record_replay(rules, (struct str){altered.data, altered.len},
			  &same, &again, &err) == STW_OK,
	    "%s", err.text);
	ck_assert(!same);
	buf_fini(&record);
	buf_fini(&altered);
	buf_fini(&again);
	ruleset_free(rules);
	arena_fini(&arena);
}
END_TEST

/* document -> part of the message */
static const struct {
	const char *document, *want;
} refused[] = {
    {"", "document"},
    {"[]", "object"},
    {"{\"fact\":{}}", "unknown key fact"},
    {"{\"facts\":{\"partie\":{}}}", "unknown key partie"},
    {"{\"facts\":{\"party\":{\"age\":3}}}", "unknown key age"},
    {"{\"facts\":{\"party\":{\"dob\":\"1980-13-01\"}}}", "party.dob"},
    {"{\"facts\":{\"party\":{\"dob\":1980}}}", "party.dob"},
    {"{\"facts\":{\"party\":{\"deceased\":\"yes\"}}}", "party.deceased"},
    {"{\"facts\":{\"party\":{\"zones\":[\"Asia/Nowhere\"]}}}", "party.zones"},
    {"{\"facts\":{\"party\":{\"risk_rating\":3.5}}}", "party.risk_rating"},
    {"{\"facts\":{\"number\":{\"channels\":\"VOICE\"}}}", "number.channels"},
    {"{\"facts\":{\"consents\":{}}}", "consents: has to be a list"},
    {"{\"facts\":{\"consents\":[{\"action\":\"maybe\"}]}}", "consents[0].action"},
    {"{\"facts\":{\"counts\":[{\"at\":\"yesterday\"}]}}", "counts[0].at"},
    {"{\"facts\":{\"point\":{\"phone_index\":\"12\"}}}", "point.phone_index"},
    {"{\"facts\":{\"point\":{\"sharers\":99999999999}}}", "point.sharers"},
    {"{\"facts\":{\"purpose\":null}}", "facts.purpose"},
    {"{\"facts\":[]}", "facts: has to be an object"},
    {"{\"facts\":{},\"facts\":{}}", "document"},
    {"{\"checkpoint\":\"X\"}", "checkpoint"},
    {"{\"now\":\"2026-11-23\"}", "now"},
    {"{\"now\":1}", "now"},
    {"{\"ttl\":0}", "ttl"},
};

START_TEST(a_faulty_document_is_refused_with_its_key)
{
	enum gate_checkpoint checkpoint;
	struct gate_facts facts;
	struct stw_err err = {0};
	struct arena arena;
	stw_usec now, ttl;

	arena_init(&arena);
	ck_assert_int_eq(record_read(str_of(refused[_i].document), &arena, &facts,
			     &checkpoint, &now, &ttl, &err),
	    STW_INVALID);
	ck_assert_msg(strstr(err.text, refused[_i].want) != NULL, "%s: %s",
	    refused[_i].document, err.text);
	arena_fini(&arena);
}
END_TEST

START_TEST(the_answer_for_a_person_names_reasons_and_sources)
{
	struct ruleset *rules = NULL;
	struct stw_err err = {0};
	struct buf out;
	bool allowed = true;
	json_t *doc, *reason;

	buf_init(&out);
	ck_assert_int_eq(ruleset_load_embedded(&rules, &err), STW_OK);
	ck_assert_int_eq(
	    decide_json(rules,
		STR_LIT(
		    "{\"base\":\"fixture\",\"facts\":{\"consents\":[],\"objections\":[{}]}}"),
		NULL, &out, &allowed, &err),
	    STW_OK);
	ck_assert(!allowed);
	doc = json_loadb(out.data, out.len, 0, NULL);
	ck_assert_ptr_nonnull(doc);
	ck_assert_str_eq(json_string_value(json_object_get(doc, "outcome")), "BLOCK");
	ck_assert_uint_eq(json_array_size(json_object_get(doc, "reasons")), 2);
	reason = json_array_get(json_object_get(doc, "reasons"), 1);
	ck_assert_str_eq(
	    json_string_value(json_object_get(reason, "code")), "DNC_INTERNAL");
	ck_assert_str_eq(json_string_value(json_object_get(reason, "zh")),
	    reason_text("DNC_INTERNAL", "zh-CN"));
	reason = json_array_get(json_object_get(doc, "rules"), 1);
	ck_assert_str_eq(json_string_value(json_object_get(reason, "rule")), "CN-10");
	ck_assert_ptr_nonnull(
	    strstr(json_string_value(json_object_get(reason, "source")), "第29条"));
	json_decref(doc);
	buf_clear(&out);
	ck_assert_int_eq(decide_json(rules, STR_LIT("{\"base\":\"fixture\"}"), NULL,
			     &out, &allowed, &err),
	    STW_OK);
	ck_assert(allowed);
	ck_assert_int_eq(
	    decide_json(rules, STR_LIT("{\"x\":1}"), NULL, &out, &allowed, &err),
	    STW_INVALID);
	buf_fini(&out);
	ruleset_free(rules);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gate_record");
	TCase *tc = tcase_create("gate_record");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_decision_can_be_replayed_byte_for_byte);
	tcase_add_loop_test(tc, a_record_that_was_altered_does_not_replay, 0,
	    (int)STW_ARRAY_LEN(changes));
	tcase_add_loop_test(tc, a_faulty_document_is_refused_with_its_key, 0,
	    (int)STW_ARRAY_LEN(refused));
	tcase_add_test(tc, the_answer_for_a_person_names_reasons_and_sources);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
