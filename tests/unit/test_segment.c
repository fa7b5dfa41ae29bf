/* Segments: order of evaluation, faults, membership, and segment("...") for others. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/embed.h"
#include "segments/segment.h"
#include "segments/suggest.h"
#include "tests/lib/book_world.h"

static struct book *book;
static struct arena arena;
static struct stw_err err;

/* Four customers: opened 10, 100 and 1000 days ago, and never. */
static void
setup(void)
{
	book = world_new();
	arena_init(&arena);
	err = (struct stw_err){0};
	(void)world_add(book, "c10", 10);
	(void)world_add(book, "c100", 100);
	(void)world_add(book, "c1000", 1000);
	(void)world_add(book, "none", -1);
	world_derive(book);
}

static void
teardown(void)
{
	book_free(book);
	arena_fini(&arena);
}

#define OLDER(days) "customer.tenure_days > " #days

static struct segment_def
def(const char *code, const char *rule)
{
	return (struct segment_def){
	    .code = code, .name_zh = code, .name_en = code, .rule = rule, .version = 1};
}

/* "0110": which rows are in it. */
static const char *
rows_of(const struct bitmap *map)
{
	char *text = arena_strdup(&arena, "0000");

	for (size_t i = 0; i < 4; i++)
		text[i] = bitmap_get(map, i) ? '1' : '0';
	return text;
}

static const struct {
	const char *name;
	struct segment_def defs[3];
	/* members of each and undecided rows of the first; NULL: it fails */
	const char *members[3], *undecided;
	const char *failure; /* of the first */
} evaluations[] = {
    {"a plain rule", {{.code = "a", .rule = OLDER(50)}}, {"0110"}, "0001", NULL},
    {"uses come first, wherever they stand",
	{{.code = "a", .rule = "!(customer.ref in segment('b'))"},
	    {.code = "b", .rule = "customer.ref in segment('c')"},
	    {.code = "c", .rule = OLDER(500)}},
	{"1101", "0010", "0010"}, "0000", NULL},
    {"true is everybody", {{.code = "a", .rule = "true"}}, {"1111"}, "0000", NULL},
    {"an empty rule is nobody's", {{.code = "a", .rule = " \n\t"}}, {NULL}, NULL,
	"the rule is empty"},
    {"a circle",
	{{.code = "a", .rule = "customer.ref in segment('b')"},
	    {.code = "b", .rule = "customer.ref in segment('a')"},
	    {.code = "c", .rule = "true"}},
	{NULL, NULL, "1111"}, NULL, "a -> b -> a"},
    {"itself", {{.code = "a", .rule = "customer.ref in segment('a')"}}, {NULL}, NULL,
	"a -> a"},
    {"a name mistyped",
	{{.code = "a", .rule = "true && customer.ref in segment('hihg')"},
	    {.code = "high", .rule = "true"}},
	{NULL, "1111"}, NULL, "no segment \"hihg\"; did you mean \"high\"?"},
    {"a fault does not spread",
	{{.code = "a", .rule = "customer.shoe_size > 3"},
	    {.code = "b",
		.rule = "customer.tenure_days > 500 || customer.ref in segment('a')"},
	    {.code = "c", .rule = "true"}},
	{NULL, "0010", "1111"}, NULL, "shoe_size"},
    {"an error for everybody is the rule's fault",
	{{.code = "a", .rule = "int(customer.ref) > 3"},
	    {.code = "b", .rule = "customer.ref in segment('a')"}},
	{NULL, "0000"}, NULL, "not a whole number"},
    {"so is one for all who have a value, the others lacking it",
	{{.code = "a",
	    .rule = "1 / (customer.tenure_days - customer.tenure_days) > 3"}},
	{NULL}, NULL, "division by zero"},
    {"who only lacks a value tells nothing of the rule",
	{{.code = "a", .rule = "customer.age > 3"}}, {"0000"}, "1111", NULL},
    {"an error for some is not",
	{{.code = "a", .rule = "customer.ref == 'c10' || int(customer.ref) > 3"}},
	{"1000"}, "0111", NULL},
    {"not a yes or no", {{.code = "a", .rule = "customer.tenure_days"}}, {NULL}, NULL,
	"bool"},
};

START_TEST(segments_are_evaluated_in_the_order_of_use)
{
	struct segment_host host;
	int n = 0;

	while (n < 3 && evaluations[_i].defs[n].code != NULL)
		n++;
	segment_host_init(&host, book, evaluations[_i].defs, n);
	segments_evaluate(&host, WORLD_NOW, NULL);
	for (int i = 0; i < n; i++) {
		const struct segment *s = &host.segments[i];
		const char *want = evaluations[_i].members[i];

		ck_assert_msg(s->evaluated == (want != NULL), "%s: %s: %s",
		    evaluations[_i].name, s->def.code, s->failure.text);
		if (want != NULL)
			ck_assert_str_eq(rows_of(&s->members), want);
	}
	if (evaluations[_i].undecided != NULL)
		ck_assert_str_eq(
		    rows_of(&host.segments[0].undecided), evaluations[_i].undecided);
	if (evaluations[_i].failure != NULL)
		ck_assert_msg(strstr(host.segments[0].failure.text,
				  evaluations[_i].failure) != NULL,
		    "%s", host.segments[0].failure.text);
	segment_host_fini(&host);
}
END_TEST

START_TEST(a_segment_that_fails_keeps_its_last_good_members)
{
	struct segment_def defs[] = {
	    def("a", "customer.gone > 1"), def("b", "customer.ref in segment('a')")};
	struct segment_host host;

	segment_host_init(&host, book, defs, 2);
	bitmap_set(&host.segments[0].members, 1);
	host.segments[0].known = true;
	segments_evaluate(&host, WORLD_NOW, NULL);
	ck_assert(!host.segments[0].evaluated);
	ck_assert_str_eq(rows_of(&host.segments[0].members), "0100");
	ck_assert_str_eq(rows_of(&host.segments[1].members), "0100");
	segment_host_fini(&host);
}
END_TEST

/* Of a few customers nobody knows whether a rule fails for all, unless it did before: members
 * for whom it fails stay until the evaluation of everybody; others do not become any. Who
 * only lacks a value leaves. */
START_TEST(a_patch_keeps_members_for_whom_the_rule_fails)
{
	struct segment_def defs[] = {def("a", "int(customer.ref) > 3"),
	    def("b", "customer.ref in segment('a')"), def("c", OLDER(50))};
	struct segment_host host;

	book->patch = true;
	for (int failing = 0; failing < 2; failing++) {
		segment_host_init(&host, book, defs, 3);
		for (int i = 0; i < 3; i++) {
			bitmap_set(&host.segments[i].members, 1);
			bitmap_set(&host.segments[i].members, 3);
			host.segments[i].known = true;
		}
		host.segments[0].failing = failing == 1;
		segments_evaluate(&host, WORLD_NOW, NULL);
		ck_assert(host.segments[0].evaluated == (failing == 0));
		ck_assert_str_eq(rows_of(&host.segments[0].members), "0101");
		ck_assert_str_eq(rows_of(&host.segments[1].members), "0101");
		ck_assert_str_eq(rows_of(&host.segments[2].members), "0110");
		if (failing == 0)
			ck_assert_str_eq(rows_of(&host.segments[0].undecided), "1010");
		segment_host_fini(&host);
	}
	book->patch = false;
	segment_host_init(&host, book, defs, 1);
	bitmap_set(&host.segments[0].members, 1);
	segments_evaluate(&host, WORLD_NOW, NULL);
	ck_assert(!host.segments[0].evaluated);
	segment_host_fini(&host);
}
END_TEST

START_TEST(who_asks_for_a_segment_that_never_was_evaluated_is_undecided)
{
	struct segment_def defs[] = {
	    def("a", "customer.gone > 1"), def("b", "!(customer.ref in segment('a'))")};
	struct segment_host host;

	segment_host_init(&host, book, defs, 2);
	segments_evaluate(&host, WORLD_NOW, NULL);
	ck_assert_str_eq(rows_of(&host.segments[1].members), "0000");
	ck_assert_str_eq(rows_of(&host.segments[1].undecided), "1111");
	segment_host_fini(&host);
}
END_TEST

START_TEST(the_place_of_an_unknown_segment_is_told)
{
	struct segment_def one =
	    def("a", "true\n && customer.ref in segment(\"nope\")");
	struct segment_host host;

	segment_host_init(&host, book, NULL, 0);
	ck_assert_int_eq(segment_check(&host, &one, &err), STW_INVALID);
	ck_assert_int_eq(err.line, 2);
	ck_assert_int_eq(err.column, 29);
	segment_host_fini(&host);
}
END_TEST

START_TEST(a_new_rule_that_closes_a_circle_is_refused)
{
	struct segment_def defs[] = {
	    def("a", "true"), def("b", "customer.ref in segment('a')")};
	struct segment_def bad = def("a", "customer.ref in segment('b')");
	struct segment_def good = def("a", "false");
	struct segment_host host;

	segment_host_init(&host, book, defs, 2);
	ck_assert_int_eq(segment_check(&host, &good, &err), STW_OK);
	ck_assert_int_eq(segment_check(&host, &bad, &err), STW_INVALID);
	ck_assert_msg(strstr(err.text, "a -> b -> a") != NULL, "%s", err.text);
	ck_assert_str_eq(segment_user(&host, "a"), "b");
	ck_assert_ptr_null(segment_user(&host, "b"));
	segment_host_fini(&host);
}
END_TEST

/* The interpreter and the columns ask the same host. */
START_TEST(a_rule_of_others_sees_the_members)
{
	struct segment_def defs[] = {def("old", OLDER(50))};
	struct segment_host host;
	struct rule_columns_ctx columns;
	struct bitmap matched = {0};
	const struct rule_env *env;
	struct rule *rule;

	segment_host_init(&host, book, defs, 1);
	segments_evaluate(&host, WORLD_NOW, NULL);
	env = book_env(book, &arena, segment_known, &host);
	ck_assert_int_eq(rule_compile(env, STR_LIT("customer.ref in segment('new')"),
			     NULL, NULL, &arena, &rule, &err),
	    STW_INVALID);
	ck_assert_msg(
	    rule_compile(env, STR_LIT("!(customer.ref in segment('old'))"),
		rule_type_basic(RULE_BOOL), NULL, &arena, &rule, &err) == STW_OK,
	    "%s", err.text);
	columns = segment_columns_ctx(&host, WORLD_NOW);
	ck_assert_int_eq(
	    rule_columns_bool(rule, &columns, &matched, NULL, &err), STW_OK);
	ck_assert_str_eq(rows_of(&matched), "1001");
	for (size_t row = 0; row < 4; row++) {
		struct rule_eval_ctx one =
		    segment_eval_ctx(&host, row, WORLD_NOW, &arena);

		ck_assert_int_eq(
		    rule_eval_bool(rule, &one, NULL), bitmap_get(&matched, row));
	}
	bitmap_fini(&matched);
	segment_host_fini(&host);
}
END_TEST

/* ---- documents ------------------------------------------------------------------------- */
static const struct {
	const char *json, *want; /* NULL: fine */
} documents[] = {
    {"{\"code\": \"a_1\", \"name\": {\"zh\": \"甲\", \"en\": \"a\"}, \"rule\": \"true\"}",
	NULL},
    {"{\"code\": \"A\", \"name\": {\"zh\": \"甲\", \"en\": \"a\"}, \"rule\": \"true\"}",
	"code"},
    {"{\"code\": \"a\", \"name\": {\"zh\": \"\", \"en\": \"a\"}, \"rule\": \"true\"}",
	"name.zh"},
    {"{\"code\": \"a\", \"name\": {\"zh\": \"甲\"}, \"rule\": \"true\"}", "en"},
    {"{\"code\": \"a\", \"name\": {\"zh\": \"甲\", \"en\": \"a\"}}", "rule"},
    {"{\"code\": \"a\", \"name\": {\"zh\": \"甲\", \"en\": \"a\"}, \"rule\": \"true\", \"x\": 1}",
	"x"},
    {"[1]", "object"},
    {"{", "'}'"},
};

START_TEST(a_document_is_read_strictly)
{
	struct segment_def got;
	enum stw_code rc =
	    segment_parse(str_of(documents[_i].json), &arena, &got, &err);

	if (documents[_i].want == NULL) {
		ck_assert_msg(rc == STW_OK, "%s", err.text);
		ck_assert_str_eq(got.code, "a_1");
		ck_assert_str_eq(got.rule, "true");
	} else {
		ck_assert_int_eq(rc, STW_INVALID);
		ck_assert_msg(
		    strstr(err.text, documents[_i].want) != NULL, "%s", err.text);
	}
}
END_TEST

START_TEST(every_segment_of_the_binary_evaluates)
{
	struct segment_def defs[64];
	const struct embed_file *file;
	struct segment_host host;
	size_t at = 0;
	int n = 0;

	while ((file = embed_next("segments/documents/", &at)) != NULL) {
		ck_assert_int_lt(n, 64);
		ck_assert_msg(segment_parse((struct str){file->data, file->len}, &arena,
				  &defs[n++], &err) == STW_OK,
		    "%s: %s", file->name, err.text);
	}
	ck_assert_int_ge(n, 7);
	segment_host_init(&host, book, defs, n);
	segments_evaluate(&host, WORLD_NOW, NULL);
	for (int i = 0; i < n; i++)
		ck_assert_msg(host.segments[i].evaluated, "%s: %s",
		    host.segments[i].def.code, host.segments[i].failure.text);
	ck_assert_str_eq(
	    rows_of(&segment_host_find(&host, STR_LIT("new_customers"))->members),
	    "1000");
	ck_assert_str_eq(
	    rows_of(&segment_host_find(&host, STR_LIT("callable"))->members), "1111");
	ck_assert_str_eq(
	    rows_of(&segment_host_find(&host, STR_LIT("elderly"))->undecided), "1111");
	segment_host_fini(&host);
}
END_TEST

static const struct {
	const char *wanted, *want;
} suggestions[] = {
    {"hihg_value", "high_value"},
    {"high_valu", "high_value"},
    {"elderley", "elderly"},
    {"xyz", NULL},
    {"", NULL},
    {"something_else_entirely", NULL},
};

START_TEST(the_nearest_name_is_suggested)
{
	static const char *const names[] = {"elderly", "high_value", "new_customers"};

	ck_assert_pstr_eq(name_suggest(str_of(suggestions[_i].wanted), names, 3),
	    suggestions[_i].want);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("segment");
	TCase *tc = tcase_create("segment");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, segments_are_evaluated_in_the_order_of_use, 0,
	    (int)STW_ARRAY_LEN(evaluations));
	tcase_add_test(tc, a_segment_that_fails_keeps_its_last_good_members);
	tcase_add_test(tc, a_patch_keeps_members_for_whom_the_rule_fails);
	tcase_add_test(
	    tc, who_asks_for_a_segment_that_never_was_evaluated_is_undecided);
	tcase_add_test(tc, the_place_of_an_unknown_segment_is_told);
	tcase_add_test(tc, a_new_rule_that_closes_a_circle_is_refused);
	tcase_add_test(tc, a_rule_of_others_sees_the_members);
	tcase_add_loop_test(
	    tc, a_document_is_read_strictly, 0, (int)STW_ARRAY_LEN(documents));
	tcase_add_test(tc, every_segment_of_the_binary_evaluates);
	tcase_add_loop_test(
	    tc, the_nearest_name_is_suggested, 0, (int)STW_ARRAY_LEN(suggestions));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
