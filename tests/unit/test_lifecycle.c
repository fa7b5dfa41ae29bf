/* Lifecycle models: what documents are refused, who moves, and when. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/embed.h"
#include "segments/lifecycle.h"
#include "tests/lib/book_world.h"

static struct book *book;
static struct arena arena;
static struct stw_err err;

static void
setup(void)
{
	book = world_new();
	arena_init(&arena);
	err = (struct stw_err){0};
}

static void
teardown(void)
{
	book_free(book);
	arena_fini(&arena);
}

/* ---- documents --------------------------------------------------------------------- */
#define NAME      "\"name\": {\"zh\": \"a\", \"en\": \"a\"}"
#define STAGE(c)  "{\"code\": \"" c "\", " NAME "}"
#define HEAD      "{\"code\": \"m\", " NAME ", "
#define STAGES_AB "\"stages\": [" STAGE("a") ", " STAGE("b") "], "
#define START_A   "\"initial\": [{\"stage\": \"a\", \"reason\": \"new\"}], "
#define MOVE(from, to, when)                                             \
	"{\"from\": \"" from "\", \"to\": \"" to "\", \"when\": \"" when \
	"\", \"reason\": \"r\"}"
#define MOVES(m) "\"transitions\": [" m "]}"
#define PROMISES(p) \
	"\"transitions\": [" MOVE("a", "b", "true") "], \"promises\": [" p "]}"
#define PROMISE(code, stage, more)                                 \
	"{\"code\": \"" code "\", \"stage\": \"" stage "\", " more \
	", \"zh\": \"x\", \"en\": \"x\"}"
#define DWELL "\"max_dwell_days\": 7"

static const struct {
	const char *name, *json, *want;
} bad_documents[] = {
    {"not JSON", "{", "'}'"},
    {"no stages", HEAD "\"stages\": [], " START_A MOVES(""), "stages:"},
    {"a stage twice",
	HEAD "\"stages\": [" STAGE("a") ", " STAGE("a") "], " START_A MOVES(""),
	"stages[1]: stage \"a\" is there twice"},
    {"unknown stage", HEAD STAGES_AB START_A MOVES(MOVE("a", "bb", "true")),
	"transitions[0]: no stage \"bb\"; did you mean \"b\"?"},
    {"unknown initial stage",
	HEAD STAGES_AB
	"\"initial\": [{\"stage\": \"zzz\", \"reason\": \"new\"}], " MOVES(""),
	"initial[0]: no stage \"zzz\""},
    {"to itself", HEAD STAGES_AB START_A MOVES(MOVE("a", "a", "true")),
	"transitions[0]: from and to are both \"a\""},
    {"said twice",
	HEAD STAGES_AB START_A MOVES(
	    MOVE("a", "b", "true") ", " MOVE("a", "b", "true")),
	"transitions[1]: says the same as transitions[0]"},
    {"empty rule", HEAD STAGES_AB START_A MOVES(MOVE("a", "b", " \\n")),
	"transitions[0].when: the rule is empty"},
    {"unknown key", HEAD STAGES_AB START_A "\"more\": 1, " MOVES(""), "more"},
    {"negative stay",
	HEAD STAGES_AB START_A MOVES(
	    "{\"from\": \"a\", \"to\": \"b\", \"when\": \"true\", "
	    "\"after_days\": -1, \"reason\": \"r\"}"),
	"after_days"},
    {"nobody takes the rest",
	HEAD STAGES_AB
	"\"initial\": [{\"stage\": \"a\", \"when\": \"true\", \"reason\": \"r\"}], " MOVES(
	    ""),
	"initial[0]: the last entry takes whoever is left"},
    {"a priority past the limit",
	HEAD STAGES_AB START_A MOVES(
	    "{\"from\": \"a\", \"to\": \"b\", \"when\": \"true\", "
	    "\"priority\": 1001, \"reason\": \"r\"}"),
	"transitions[0]: priority is between 0 and 1000"},
    {"half a reasoning",
	HEAD STAGES_AB START_A MOVES(
	    "{\"from\": \"a\", \"to\": \"b\", \"when\": \"true\", "
	    "\"reason\": \"r\", \"why\": {\"zh\": \"x\"}}"),
	"transitions[0].why: "},
    {"a promise in no stage", HEAD STAGES_AB START_A PROMISES(PROMISE("p", "c", DWELL)),
	"promises[0]: no stage \"c\""},
    {"a promise of both kinds",
	HEAD STAGES_AB START_A PROMISES(
	    PROMISE("p", "a", DWELL ", \"contact_every_days\": 3")),
	"promises[0]: one of max_dwell_days and contact_every_days is wanted"},
    {"a promise of neither kind",
	HEAD STAGES_AB START_A PROMISES(PROMISE("p", "a", "\"tier\": \"t\"")),
	"promises[0]: one of max_dwell_days and contact_every_days is wanted"},
    {"a promise of no days",
	HEAD STAGES_AB START_A PROMISES(PROMISE("p", "a", "\"max_dwell_days\": -1")),
	"promises[0]: days are between 1 and 36500"},
    {"a promise twice",
	HEAD STAGES_AB START_A PROMISES(
	    PROMISE("p", "a", DWELL) ", " PROMISE("p", "b", DWELL)),
	"promises[1]: promise \"p\" is there twice"},
    {"two promises for the same",
	HEAD STAGES_AB START_A PROMISES(
	    PROMISE("p", "a", DWELL) ", " PROMISE("q", "a", DWELL)),
	"promises[1]: stage and tier have a promise of this kind already: promises[0]"},
    {"a promise called as all of them",
	HEAD STAGES_AB START_A PROMISES(PROMISE("promise", "a", DWELL)),
	"the code \"promise\" is taken"},
    {"bad code", "{\"code\": \"M m\", " NAME ", " STAGES_AB START_A MOVES(""), "code:"},
};

START_TEST(a_document_with_a_fault_is_refused_and_says_where)
{
	struct lifecycle_model model;

	ck_assert_int_eq(
	    lifecycle_parse(str_of(bad_documents[_i].json), &arena, &model, &err),
	    STW_INVALID);
	ck_assert_msg(strstr(err.text, bad_documents[_i].want) != NULL, "%s: %s",
	    bad_documents[_i].name, err.text);
}
END_TEST

START_TEST(a_fault_in_a_rule_has_its_place)
{
	struct lifecycle_model model;

	ck_assert_int_eq(
	    lifecycle_parse(str_of(HEAD STAGES_AB START_A MOVES(
				MOVE("a", "b", "true &&\\n customer.shoe_size > 3"))),
		&arena, &model, &err),
	    STW_OK);
	ck_assert_int_eq(lifecycle_check(&model, book, &err), STW_INVALID);
	ck_assert_int_eq(err.line, 2);
	ck_assert_msg(
	    strstr(err.text, "transitions[0].when: ") == err.text, "%s", err.text);
}
END_TEST

START_TEST(rules_of_stages_cannot_ask_for_segments)
{
	struct lifecycle_model model;

	ck_assert_int_eq(lifecycle_parse(str_of(HEAD STAGES_AB START_A MOVES(MOVE("a",
					     "b", "customer.ref in segment('x')"))),
			     &arena, &model, &err),
	    STW_OK);
	ck_assert_int_eq(lifecycle_check(&model, book, &err), STW_INVALID);
}
END_TEST

START_TEST(the_hash_is_that_of_the_content_and_not_of_the_layout)
{
	struct lifecycle_model a, b, c;

	ck_assert_int_eq(lifecycle_parse(str_of(HEAD STAGES_AB START_A MOVES(
					     MOVE("a", "b", "true"))),
			     &arena, &a, &err),
	    STW_OK);
	ck_assert_int_eq(lifecycle_parse(str_of(HEAD "\n  " START_A STAGES_AB MOVES(
					     MOVE("a", "b", "true"))),
			     &arena, &b, &err),
	    STW_OK);
	ck_assert_int_eq(lifecycle_parse(str_of(HEAD STAGES_AB START_A MOVES(
					     MOVE("a", "b", "false"))),
			     &arena, &c, &err),
	    STW_OK);
	ck_assert_mem_eq(a.hash, b.hash, 32);
	ck_assert_mem_ne(a.hash, c.hash, 32);
}
END_TEST

/* ---- who moves ------------------------------------------------------------------------ */
static void
model_of(const char *json, struct lifecycle_model *model)
{
	ck_assert_msg(lifecycle_parse(str_of(json), &arena, model, &err) == STW_OK,
	    "%s", err.text);
}

/* "a>b:reason" of the first customer; "-": stays. */
static const char *
move_of(const struct lifecycle_model *model, size_t *undecided)
{
	const struct book_parts parts = {.books = {book}, .count = 1};
	struct lifecycle_changes changes;
	const char *text = "-";

	ck_assert_msg(lifecycle_evaluate(
			  &parts, model, WORLD_NOW, NULL, &changes, &err) == STW_OK,
	    "%d:%d: %s", err.line, err.column, err.text);
	ck_assert_uint_le(changes.count, 1);
	if (changes.count == 1) {
		const struct lifecycle_change *c = &changes.items[0];

		text = arena_printf(&arena, "%s>%s:%s",
		    c->from < 0 ? "" : model->stages[c->from].code,
		    model->stages[c->to].code, c->by->reason);
	}
	*undecided = changes.undecided;
	lifecycle_changes_free(&changes);
	return text;
}

/* a -> b when opened at least 100 days ago, after 10 days; a -> c when 50; b -> c never
 * known for somebody without a date. */
static const char three[] = HEAD "\"stages\": [" STAGE("a") ", " STAGE("b") ", " STAGE(
    "c") "], "
	 "\"initial\": [{\"stage\": \"b\", \"when\": \"days_since(customer.opened_on) > 500\", "
	 "\"reason\": \"old\"}, {\"stage\": \"a\", \"reason\": \"rest\"}], "
	 "\"transitions\": [{\"from\": \"a\", \"to\": \"b\", \"after_days\": 10, \"reason\": "
	 "\"first\", \"when\": \"days_since(customer.opened_on) >= 100\"}, "
	 "{\"from\": [\"a\", \"b\"], \"to\": \"c\", \"reason\": \"second\", \"when\": "
	 "\"days_since(customer.opened_on) >= 50\"}]}";

static const struct {
	const char *name, *stage;
	int tenure; /* -1: unknown */
	int64_t stay_usec;
	const char *want;
	size_t undecided;
} moves[] = {
    {"the first match wins", "a", 100, 10 * STW_USEC_DAY, "a>b:first", 0},
    {"a stay one microsecond short is too short", "a", 100, 10 * STW_USEC_DAY - 1,
	"a>c:second", 0},
    {"the second when the first says no", "a", 99, 30 * STW_USEC_DAY, "a>c:second", 0},
    {"nobody matches", "a", 49, 30 * STW_USEC_DAY, "-", 0},
    {"only transitions from the stage count", "b", 100, 30 * STW_USEC_DAY, "b>c:second",
	0},
    {"the last stage has no way out", "c", 1000, 30 * STW_USEC_DAY, "-", 0},
    {"undecided is not a match", "a", -1, 30 * STW_USEC_DAY, "-", 1},
    {"who moved at this instant stays", "b", 100, 0, "-", 0},
    {"without a stage: the first that matches", NULL, 501, 0, ">b:old", 0},
    {"without a stage: the rest", NULL, 500, 0, ">a:rest", 0},
    {"without a stage and undecided: the rest", NULL, -1, 0, ">a:rest", 0},
    {"a stage the model lost is none", "gone", 501, STW_USEC_DAY, ">b:old", 0},
};

START_TEST(one_transition_a_customer_a_tick)
{
	struct lifecycle_model model;
	size_t undecided;
	const char *got;
	size_t row = world_add(book, "x", moves[_i].tenure);

	if (moves[_i].stage != NULL)
		book_set_stage(book, row, str_of(moves[_i].stage),
		    WORLD_NOW - moves[_i].stay_usec);
	model_of(three, &model);
	got = move_of(&model, &undecided);
	ck_assert_msg(strcmp(got, moves[_i].want) == 0, "%s: %s", moves[_i].name, got);
	ck_assert_uint_eq(undecided, moves[_i].undecided);
}
END_TEST

/* The first rule of each stage fails for whoever's reference is no number; behind it are one
 * that holds for all, and the last of initial. */
static const char failing[] = HEAD "\"stages\": [" STAGE("a") ", " STAGE("b") ", " STAGE(
    "c") "], "
	 "\"initial\": [{\"stage\": \"b\", \"when\": \"int(customer.ref) > 500\", "
	 "\"reason\": \"old\"}, {\"stage\": \"a\", \"reason\": \"rest\"}], "
	 "\"transitions\": [{\"from\": [\"a\", \"b\"], \"to\": \"c\", \"reason\": "
	 "\"known\", \"when\": \"days_since(customer.opened_on) > 100\"}, "
	 "{\"from\": \"a\", \"to\": \"b\", \"reason\": \"fails\", \"when\": "
	 "\"int(customer.ref) > 400\"}, "
	 "{\"from\": \"a\", \"to\": \"c\", \"reason\": \"all\", \"when\": \"true\"}]}";

static const struct {
	const char *name, *ref, *stage;
	int tenure;
	bool patch;        /* a few customers, of whom it is not known */
	const char *other; /* another customer's reference; NULL: there is none */
	const char *want;
} fails[] = {
    {"fails for all: no stage rather than the last", "x", NULL, 1, false, "y", "-"},
    {"fails for all: stays", "x", "a", 1, false, "y", "-"},
    {"what is before it in the order moves", "x", "a", 101, false, "y", "a>c:known"},
    {"who does not meet it moves", "x", "b", 101, false, "y", "b>c:known"},
    {"fails for one: the next is asked", "x", "a", 1, false, "7", "a>c:all"},
    {"fails for one: the last takes", "x", NULL, 1, false, "7", ">a:rest"},
    {"an answer", "401", "a", 1, false, "y", "a>b:fails"},
    {"a few: stays", "x", "a", 1, true, "7", "-"},
    {"a few: no stage", "x", NULL, 1, true, "7", "-"},
    {"a few, an answer", "1", "a", 1, true, "y", "a>c:all"},
};

/* Only the first moves, if anybody does: the other one has just moved. */
START_TEST(who_meets_a_rule_that_fails_for_all_stays)
{
	struct lifecycle_model model;
	size_t undecided, row = world_add(book, fails[_i].ref, fails[_i].tenure);
	const char *got;

	if (fails[_i].stage != NULL)
		book_set_stage(
		    book, row, str_of(fails[_i].stage), WORLD_NOW - 30 * STW_USEC_DAY);
	row = world_add(book, fails[_i].other, 1);
	book_set_stage(book, row, STR_LIT("c"), WORLD_NOW);
	model_of(failing, &model);
	book->patch = fails[_i].patch;
	got = move_of(&model, &undecided);
	book->patch = false;
	ck_assert_msg(strcmp(got, fails[_i].want) == 0, "%s: %s", fails[_i].name, got);
	ck_assert_uint_eq(undecided, got[0] == '-');
}
END_TEST

/* One part that answers is enough; and a part where it fails for all is not everybody. */
START_TEST(a_rule_fails_for_all_parts_or_for_none)
{
	struct book *second = world_new();
	struct book_parts parts = {.books = {book, second}, .count = 2};
	struct lifecycle_changes changes[BOOK_PARTS_MAX];
	struct lifecycle_model model;

	book_set_stage(
	    book, world_add(book, "x", 1), STR_LIT("a"), WORLD_NOW - 30 * STW_USEC_DAY);
	model_of(failing, &model);
	for (int answers = 0; answers < 2; answers++) {
		book_set_stage(second, world_add(second, answers == 0 ? "y" : "7", 1),
		    STR_LIT("a"), WORLD_NOW - 30 * STW_USEC_DAY);
		ck_assert_int_eq(
		    lifecycle_evaluate(&parts, &model, WORLD_NOW, NULL, changes, &err),
		    STW_OK);
		ck_assert_uint_eq(changes[0].count, (size_t)answers);
		ck_assert_uint_eq(changes[1].count, answers == 0 ? 0 : 2);
		ck_assert_int_eq(lifecycle_fault(changes, 2, &err), answers == 0);
		for (int p = 0; p < 2; p++)
			lifecycle_changes_free(&changes[p]);
	}
	book_free(second);
}
END_TEST

START_TEST(changes_come_in_the_order_of_rows)
{
	struct lifecycle_changes changes;
	struct lifecycle_model model;
	struct book_parts parts;
	char ref[16];

	for (int i = 0; i < 300; i++) {
		if (i >= BOOK_BUCKETS)
			break;
		ref[0] = (char)('A' + i % 26);
		ref[1] = (char)('0' + i / 26);
		ref[2] = '\0';
		(void)world_add(book, ref, i * 4);
	}
	model_of(three, &model);
	parts = (struct book_parts){.books = {book}, .count = 1};
	ck_assert_int_eq(
	    lifecycle_evaluate(&parts, &model, WORLD_NOW, NULL, &changes, &err),
	    STW_OK);
	ck_assert_uint_eq(changes.count, book->customers->rows);
	for (size_t i = 0; i < changes.count; i++) {
		ck_assert_uint_eq(changes.items[i].row, i);
		ck_assert_int_eq(changes.items[i].from, -1);
		ck_assert_int_eq(changes.items[i].to, i * 4 > 500 ? 1 : 0);
	}
	lifecycle_changes_free(&changes);
}
END_TEST

/* ---- the model of the binary ------------------------------------------------------------ */
static const struct {
	const char *name, *stage; /* NULL: none yet */
	int tenure;               /* -1: unknown */
	bool deceased;
	int64_t hold_fen;
	int64_t moved_fen;
	int moved_days_ago; /* < 0: no transaction */
	int stay_days;
	const char *want;
} wealth[] = {
    {"no account", NULL, -1, false, 0, 0, -1, 0, ">prospect:no_account"},
    {"fresh", NULL, 10, false, 100, 100, 9, 0, ">onboarding:opened_recently"},
    {"ordinary", NULL, 300, false, 5000000, 100, 9, 0, ">growing:placed"},
    {"well-off", NULL, 731, false, 20000000, 100, 9, 0, ">mature:settled"},
    {"leaving", NULL, 731, false, 20000000, -20000000, 9, 0, ">at_risk:balance_fell"},
    {"asleep", NULL, 731, false, 20000000, -1, 200, 0, ">dormant:inactive_180d"},
    {"gone", NULL, 731, false, 0, -1, 400, 0, ">lost:nothing_left"},
    {"dead", NULL, 731, true, 20000000, 1, 9, 0, ">lost:account_closed"},
    {"opens an account", "prospect", 0, false, 0, 0, -1, 1,
	"prospect>onboarding:opened_account"},
    {"ninety days", "onboarding", 90, false, 5000000, 100, 9, 1,
	"onboarding>growing:onboarded"},
    {"rich enough", "growing", 730, false, 20000000, 100, 9, 30,
	"growing>mature:settled"},
    {"rich enough, too soon", "growing", 730, false, 20000000, 100, 9, 29, "-"},
    {"falls", "mature", 1000, false, 6900000, -3100000, 9, 1,
	"mature>at_risk:balance_fell"},
    {"falls, not enough", "mature", 1000, false, 15000000, -6000000, 9, 1, "-"},
    {"recovers", "at_risk", 1000, false, 9000000, -1000000, 9, 14,
	"at_risk>growing:balance_recovered"},
    {"goes to sleep", "growing", 1000, false, 5000000, 1, 181, 1,
	"growing>dormant:inactive_180d"},
    {"wakes up", "dormant", 1000, false, 5000000, 1, 30, 1,
	"dormant>win_back:active_again"},
    {"comes back", "lost", 1000, false, 5000000, 1, 30, 1, "lost>win_back:came_back"},
    {"stays back", "win_back", 1000, false, 5000000, 1, 9, 30,
	"win_back>growing:won_back"},
    {"dies", "win_back", 1000, true, 5000000, 1, 9, 1, "win_back>lost:account_closed"},
};

START_TEST(the_wealth_model_moves)
{
	const struct embed_file *file = embed_find("segments/models/wealth.json");
	struct lifecycle_model model;
	size_t row, undecided;
	const char *got;

	ck_assert_ptr_nonnull(file);
	row = world_add(book, "x", wealth[_i].tenure);
	table_set_int(book->customers, BOOK_DECEASED, row, wealth[_i].deceased);
	if (wealth[_i].hold_fen > 0)
		world_hold(book, "account", wealth[_i].hold_fen, WORLD_NO_MATURITY);
	if (wealth[_i].moved_days_ago >= 0)
		world_move(
		    book, "transfer", wealth[_i].moved_fen, wealth[_i].moved_days_ago);
	if (wealth[_i].stage != NULL)
		book_set_stage(book, row, str_of(wealth[_i].stage),
		    WORLD_NOW - wealth[_i].stay_days * STW_USEC_DAY);
	world_derive(book);
	ck_assert_int_eq(
	    lifecycle_parse((struct str){file->data, file->len}, &arena, &model, &err),
	    STW_OK);
	got = move_of(&model, &undecided);
	ck_assert_msg(
	    strcmp(got, wealth[_i].want) == 0, "%s: %s", wealth[_i].name, got);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lifecycle");
	TCase *tc = tcase_create("lifecycle");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_document_with_a_fault_is_refused_and_says_where, 0,
	    (int)STW_ARRAY_LEN(bad_documents));
	tcase_add_test(tc, a_fault_in_a_rule_has_its_place);
	tcase_add_test(tc, rules_of_stages_cannot_ask_for_segments);
	tcase_add_test(tc, the_hash_is_that_of_the_content_and_not_of_the_layout);
	tcase_add_loop_test(
	    tc, one_transition_a_customer_a_tick, 0, (int)STW_ARRAY_LEN(moves));
	tcase_add_loop_test(tc, who_meets_a_rule_that_fails_for_all_stays, 0,
	    (int)STW_ARRAY_LEN(fails));
	tcase_add_test(tc, a_rule_fails_for_all_parts_or_for_none);
	tcase_add_test(tc, changes_come_in_the_order_of_rows);
	tcase_add_loop_test(tc, the_wealth_model_moves, 0, (int)STW_ARRAY_LEN(wealth));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
