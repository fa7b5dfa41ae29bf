/*
 * test_segments.c - segments, lists and lifecycle models as those who work with them see
 * them: commands and HTTP say the same, and what is refused says why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/api_calls.h"

/* ---- uploaded lists ------------------------------------------------------------------- */
static char *
list_file(const char *text)
{
	static char path[200];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/list.txt", world.dir);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	return path;
}

/* text, one more option, refused?, what is said; %s: a customer's reference */
static const struct {
	const char *text, *option;
	bool refused;
	const char *says;
} uploads[] = {
    {"%s\n", NULL, false, "1 on the list (1 added, 0 taken off"},
    {"\n\r\n  \n%s\n\n", NULL, false, "1 on the list (0 added, 0 taken off"},
    {"%s\n\nnobody\n\n", NULL, true, "list.txt:3:1: 1 of 2 references"},
    {"%s\n\nnobody\n\n", "--skip-unknown", false, "1 unknown skipped"},
    {"", NULL, true, "no reference is in the upload"},
    {" \n\n", NULL, true, "no reference is in the upload"},
    {"nobody\n", "--skip-unknown", true, "none of the 1 references is a customer's"},
    {"%s\n\xd6\xd0\n", NULL, true, "list.txt:2:1: this is not UTF-8"},
    {"%s\n", NULL, false, "1 on the list (0 added, 0 taken off"},
    {"", "--allow-empty", false, "0 on the list (0 added, 1 taken off"},
};

static void
a_customer(char ref[80])
{
	struct reply list = get("ops", "/v1/customers?limit=1");

	(void)snprintf(ref, 80, "%s", reply_text(&list, "items/0/ref"));
	reply_free(&list);
}

START_TEST(a_list_of_a_file_is_taken_or_refused_by_its_lines)
{
	char ref[80], text[200], *out = NULL;

	a_customer(ref);
	for (size_t i = 0; i < STW_ARRAY_LEN(uploads); i++) {
		const char *argv[12] = {"segment", "upload", "by_file", "--zh", "x",
		    "--en", "x", "--by", "ann"};
		const char *at = strstr(uploads[i].text, "%s");
		int status;

		(void)snprintf(text, sizeof text, "%.*s%s%s",
		    at == NULL ? (int)strlen(uploads[i].text)
			       : (int)(at - uploads[i].text),
		    uploads[i].text, at == NULL ? "" : ref, at == NULL ? "" : at + 2);
		argv[9] = list_file(text);
		argv[10] = uploads[i].option;
		status = world_run(&world, &out, argv);
		ck_assert_msg(
		    (status != 0) == uploads[i].refused, "%zu: %d %s", i, status, out);
		ck_assert_msg(strstr(out, uploads[i].says) != NULL, "%zu: %s", i, out);
		free(out);
	}
}
END_TEST

START_TEST(a_list_over_http_is_refused_by_its_place)
{
	char ref[80], body[300];
	struct reply r;

	a_customer(ref);
	(void)snprintf(body, sizeof body,
	    "{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"customers\":[\"%s\",\"nobody\"]}",
	    ref);
	r = post("ops", "/v1/segments/by_http/list", body);
	ck_problem(&r, 400, "INVALID_REQUEST");
	ck_assert_str_eq(reply_text(&r, "errors/0/pointer"), "/customers/1");
	ck_assert_ptr_nonnull(strstr(reply_text(&r, "detail"), "line 2;"));
	ck_assert_ptr_nonnull(strstr(reply_text(&r, "detail_zh"), "第 2 行"));
	reply_free(&r);
	r = post("ops", "/v1/segments/by_http/list",
	    "{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"customers\":[]}");
	ck_problem(&r, 400, "INVALID_REQUEST");
	ck_assert_str_eq(reply_text(&r, "errors/0/pointer"), "/customers");
	reply_free(&r);
	r = post("ops", "/v1/segments/by_http/list",
	    "{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"customers\":[],\"allow_empty\":true}");
	ck_status(&r, 201);
	reply_free(&r);
}
END_TEST

/* ---- rules that cannot be ----------------------------------------------------------------- */
static const struct {
	const char *code, *rule, *says, *says_zh;
} rules[] = {
    {"faulty", "   ", "would match every customer", "会匹配所有客户"},
    {"faulty", "customer.ref in segment(\\\"faulty\\\")",
	"segments use each other in a circle: faulty -> faulty",
	"形成循环：faulty -> faulty"},
    {"faulty", "customer.ref in segment(\\\"nope\\\")", "no segment \"nope\"",
	"没有客群“nope”"},
    {"faulty", "1 + 1", "the rule needs bool", "规则需要 bool"},
    {"faulty", "bucket(customer.ref, \\\"s\\\", 0) < 5",
	"bucket() needs at least one bucket", "bucket() 至少要有一个桶"},
};

START_TEST(a_rule_that_cannot_be_is_refused_with_its_place)
{
	char path[80], body[300];
	struct reply r;

	(void)snprintf(path, sizeof path, "/v1/segments/%s", rules[_i].code);
	(void)snprintf(body, sizeof body,
	    "{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"rule\":\"%s\"}", rules[_i].rule);
	r = post("ops", path, body);
	ck_problem(&r, 400, "INVALID_REQUEST");
	ck_assert_str_eq(reply_text(&r, "errors/0/pointer"), "/rule");
	ck_assert_msg(
	    strstr(reply_text(&r, "detail"), rules[_i].says) != NULL, "%s", r.text);
	ck_assert_msg(strstr(reply_text(&r, "detail_zh"), rules[_i].says_zh) != NULL,
	    "%s", r.text);
	reply_free(&r);
}
END_TEST

/* ---- out of use --------------------------------------------------------------------------- */
static void
save_segment(const char *code, const char *rule)
{
	char path[80], body[200];
	struct reply r;

	(void)snprintf(path, sizeof path, "/v1/segments/%s", code);
	(void)snprintf(body, sizeof body,
	    "{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"rule\":\"%s\"}", rule);
	r = post("ops", path, body);
	ck_status(&r, 201);
	reply_free(&r);
}

static void
refused(const char *path, const char *says, const char *says_zh)
{
	struct reply r = post("ops", path, NULL);

	ck_status(&r, 409);
	ck_assert_msg(strstr(reply_text(&r, "detail"), says) != NULL, "%s", r.text);
	ck_assert_msg(
	    strstr(reply_text(&r, "detail_zh"), says_zh) != NULL, "%s", r.text);
	reply_free(&r);
}

START_TEST(a_segment_is_retired_when_nobody_uses_it)
{
	struct reply r;

	save_segment("to_go", "customer.risk_rating >= 3");
	save_segment("asks", "customer.ref in segment('to_go')");
	refused("/v1/segments/to_go/retire", "used by segment asks", "客群 asks");
	test_db_tamper(&world.db,
	    "CREATE TABLE kept AS SELECT * FROM campaign_version; "
	    "UPDATE campaign_version SET document = jsonb_set(document, '{audience}', "
	    "    '\"customer.ref in segment(\\\"asks\\\")\"') WHERE campaign_id = "
	    "    (SELECT campaign_id FROM campaign WHERE code = 'maturing_product')");
	refused("/v1/segments/asks/retire", "used by campaign maturing_product",
	    "活动 maturing_product");
	test_db_tamper(&world.db,
	    "UPDATE campaign_version v SET document = k.document FROM kept k WHERE "
	    "    k.campaign_id = v.campaign_id AND k.version = v.version; "
	    "DROP TABLE kept");
	refused("/v1/segments/overdue_promise/retire", "lifecycle model", "服务承诺");
	r = post("ops", "/v1/segments/asks/retire", NULL);
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "state"), "retired");
	reply_free(&r);
	r = post("ops", "/v1/segments/to_go/retire", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	r = post("ops", "/v1/segments/none/retire", NULL);
	ck_status(&r, 404);
	reply_free(&r);
}
END_TEST

/* ---- shared numbers -------------------------------------------------------------------- */
START_TEST(who_shares_a_number_is_the_others)
{
	/* The sample's references are C and eight digits. */
	int64_t n = test_db_number(&world.db,
	    "SELECT min(substr(c.ref, 2)::bigint) FROM customer c JOIN contact_point p USING "
	    "(bucket, customer_id) JOIN contact_point o USING (phone_index) WHERE "
	    "o.customer_id <> p.customer_id");
	char path[200], ref[40];
	int64_t sharing = 0;
	struct reply r, others;

	(void)snprintf(ref, sizeof ref, "C%08lld", (long long)n);
	(void)snprintf(path, sizeof path, "/v1/customers/%s/contact-points", ref);
	r = get("ops", path);
	ck_status(&r, 200);
	for (size_t i = 0; i < json_array_size(json_at(r.json, "items")); i++) {
		const json_t *point = json_array_get(json_at(r.json, "items"), i);

		(void)snprintf(path, sizeof path,
		    "/v1/customers/%s/contact-points/%s/sharers", ref,
		    json_string_value(json_object_get(point, "point_id")));
		others = get("ops", path);
		ck_assert_int_eq(
		    json_integer_value(json_object_get(point, "shared_by")),
		    json_integer_value(json_at(others.json, "total")));
		sharing += json_integer_value(json_object_get(point, "shared_by"));
		reply_free(&others);
	}
	ck_assert_int_gt(sharing, 0);
	reply_free(&r);
}
END_TEST

/* ---- the shipped model ----------------------------------------------------------------- */
START_TEST(what_was_shipped_says_so_and_can_be_approved_where_it_is)
{
	static const char *const again[] = {
	    "lifecycle", "activate", "wealth", "--version", "1", "--by", "ann", NULL};
	static const char *const approve[] = {
	    "lifecycle", "approve", "wealth", "--version", "1", "--by", "bob", NULL};
	struct reply r;
	char *out = NULL;

	ck_assert_int_eq(world_run(&world, &out, again), 0);
	ck_assert_msg(strstr(out, "was in force already: nothing was changed") != NULL,
	    "%s", out);
	ck_assert_msg(strstr(out, "shipped, not approved") != NULL, "%s", out);
	free(out);
	ck_assert_int_eq(world_run(&world, &out, approve), 0);
	ck_assert_msg(strstr(out, "approved by bob") != NULL, "%s", out);
	free(out);
	r = get("ops", "/v1/lifecycle/models/wealth/versions/1");
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "state"), "active");
	ck_assert_str_eq(reply_text(&r, "approved_by"), "bob");
	ck_assert_str_eq(reply_text(&r, "exempt"), "shipped");
	reply_free(&r);
}
END_TEST

/* ---- documents and names with slips ------------------------------------------------------- */
static const struct {
	const char *args[5], *says;
} slips[] = {
    {{"lifecycle", "list", "nope"}, "there is no lifecycle model nope"},
    {{"lifecycle", "validate", "slip.json"}, "model: there is no member \"colour\""},
    {{"lifecycle", "validate", "short.json"},
	"model: the member \"stages\" is missing"},
    {{"export", "customers", "--stage=matur", "--by=ann", "--out=/dev/null"},
	"did you mean 'mature'?"},
};

START_TEST(a_slip_is_told_in_words_of_the_document)
{
	char path[200], *out = NULL;
	const char *argv[6] = {NULL};
	FILE *file;

	memcpy(argv, slips[_i].args, sizeof slips[_i].args);
	if (strstr(argv[2], ".json") != NULL) {
		(void)snprintf(path, sizeof path, "%s/%s", world.dir, argv[2]);
		file = fopen(path, "w");
		ck_assert_ptr_nonnull(file);
		ck_assert_int_ge(
		    fputs(strcmp(argv[2], "slip.json") == 0
			      ? "{\"code\":\"w\",\"name\":{\"zh\":\"x\",\"en\":\"x\"},"
				"\"stages\":[],\"initial\":[],\"transitions\":[],"
				"\"colour\":1}"
			      : "{\"code\":\"w\",\"name\":{\"zh\":\"x\",\"en\":\"x\"}}",
			file),
		    0);
		ck_assert_int_eq(fclose(file), 0);
		argv[2] = path;
	}
	ck_assert_int_ne(world_run(&world, &out, argv), 0);
	ck_assert_msg(strstr(out, slips[_i].says) != NULL, "%s", out);
	free(out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("segments");
	TCase *tc = tcase_create("segments");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_list_of_a_file_is_taken_or_refused_by_its_lines);
	tcase_add_test(tc, a_list_over_http_is_refused_by_its_place);
	tcase_add_loop_test(tc, a_rule_that_cannot_be_is_refused_with_its_place, 0,
	    (int)STW_ARRAY_LEN(rules));
	tcase_add_test(tc, a_segment_is_retired_when_nobody_uses_it);
	tcase_add_test(tc, who_shares_a_number_is_the_others);
	tcase_add_test(tc, what_was_shipped_says_so_and_can_be_approved_where_it_is);
	tcase_add_loop_test(
	    tc, a_slip_is_told_in_words_of_the_document, 0, (int)STW_ARRAY_LEN(slips));
	suite_add_tcase(suite, tc);
	return api_test_main(suite);
}
