/* What is found in a model before it is approved, who would move where, why somebody is
 * where they are, and what was promised to them: on small books. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/embed.h"
#include "segments/lifecycle_cause.h"
#include "segments/lifecycle_preview.h"
#include "segments/lifecycle_state.h"
#include "segments/lifecycle_validate.h"
#include "segments/lifecycle_why.h"
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

/* The book, as it is by now. */
static const struct book_parts *
one(void)
{
	static struct book_parts parts;

	parts = book_parts_of(book);
	return &parts;
}

/* ---- documents --------------------------------------------------------------------- */
#define TEXTS     "{\"zh\": \"x\", \"en\": \"x\"}"
#define WHY       ", \"why\": " TEXTS
#define STAGE(c)  "{\"code\": \"" c "\", \"name\": " TEXTS WHY "}"
#define END(c)    "{\"code\": \"" c "\", \"name\": " TEXTS WHY ", \"end\": true}"
#define HEAD      "{\"code\": \"m\", \"name\": " TEXTS ", "
#define STAGES(s) "\"stages\": [" s "], "
#define START_A   "\"initial\": [{\"stage\": \"a\", \"reason\": \"new\"}], "
#define MOVE(from, to, when, more)                                       \
	"{\"from\": \"" from "\", \"to\": \"" to "\", \"when\": \"" when \
	"\", \"reason\": \"r\"" WHY more "}"
#define AFTER(days) ", \"after_days\": " days
#define PRIO(n)     ", \"priority\": " n
#define MOVES(m)    "\"transitions\": [" m "]}"
#define OLD(days)   "days_since(customer.opened_on) >= " days
#define YOUNG(days) "days_since(customer.opened_on) < " days

static void
model_of(const char *json, struct lifecycle_model *model)
{
	ck_assert_msg(lifecycle_parse(str_of(json), &arena, model, &err) == STW_OK,
	    "%s", err.text);
}

/* Ten customers, opened 0, 10 ... 90 days ago; the first five have been in a for 100 days,
 * the next three in b, the last two have no stage. The eleventh never opened. */
static void
fill(void)
{
	char ref[3] = "c0";

	for (int i = 0; i < 11; i++) {
		size_t row;

		ref[1] = (char)('0' + i);
		row = world_add(book, i < 10 ? ref : "cx", i < 10 ? i * 10 : -1);
		if (i < 8 || i == 10)
			book_set_stage(book, row, str_of(i >= 5 && i < 8 ? "b" : "a"),
			    WORLD_NOW - 100 * STW_USEC_DAY);
	}
}

/* "code path customers" of every finding, a line each, errors first. */
static const char *
findings_of(const struct lifecycle_validation *v)
{
	char *text = arena_strdup(&arena, "");

	for (int i = 0; i < v->nfindings; i++) {
		const struct lifecycle_finding *f = &v->findings[i];

		ck_assert_uint_gt(strlen(f->zh), 20);
		ck_assert_uint_gt(strlen(f->en), 20);
		text = arena_printf(&arena, "%s%s%s %s %lld", text, i > 0 ? "\n" : "",
		    f->severity == LIFECYCLE_ERROR
			? arena_printf(&arena, "!%s", f->code)
			: f->code,
		    f->path, (long long)f->customers);
	}
	return text;
}

static const struct {
	const char *name, *json, *want;
} validations[] = {
    {"nothing to say",
	HEAD STAGES(STAGE("a") ", " STAGE("b")) START_A MOVES(MOVE("a", "b", OLD("50"),
	    "") ", " MOVE("b", "a", "customer.deceased && false", "")),
	"meets_nobody transitions[1] 0\nundecided stages[0] 1"},
    {"a stage nobody reaches",
	HEAD STAGES(STAGE("a") ", " STAGE("b"))
	    START_A MOVES(MOVE("b", "a", OLD("80"), "")),
	"!unreachable_stage stages[1] -1\ndead_end stages[0] 8"},
    {"a dead end",
	HEAD STAGES(STAGE("a") ", " STAGE("b"))
	    START_A MOVES(MOVE("a", "b", "has(customer.opened_on)", "")),
	"dead_end stages[1] 3"},
    {"an end on purpose",
	HEAD STAGES(STAGE("a") ", " END("b"))
	    START_A MOVES(MOVE("a", "b", "has(customer.opened_on)", "")),
	""},
    {"an end that leads on",
	HEAD STAGES(STAGE("a") ", " END("b"))
	    START_A MOVES(MOVE("a", "b", "has(customer.opened_on)", "") ", " MOVE(
		"b", "a", "!has(customer.opened_on)", "")),
	"!end_leads_on stages[1] -1"},
    {"shadowed for certain",
	HEAD STAGES(STAGE("a") ", " END("b") ", " END("c")) START_A MOVES(MOVE(
	    "a", "b", " true ", "") ", " MOVE("a", "c", "has(customer.opened_on)", "")),
	"!never_fires transitions[1] -1"},
    {"the same condition, but the first asks for a longer stay",
	HEAD STAGES(STAGE("a") ", " END("b") ", " END("c")) START_A MOVES(
	    MOVE("a", "b", "has(customer.opened_on)", AFTER("200") PRIO("5")) ", " MOVE(
		"a", "c", "has(customer.opened_on)", "")),
	""},
    {"shadowed as far as the data show",
	HEAD STAGES(STAGE("a") ", " END("b") ", " END("c")) START_A MOVES(
	    MOVE("a", "b", OLD("30"), PRIO("5")) ", " MOVE("a", "c", OLD("60"), "")),
	"covered transitions[1] 4\nundecided stages[0] 1"},
    {"the same, the other way round",
	HEAD STAGES(STAGE("a") ", " END("b") ", " END("c")) START_A MOVES(
	    MOVE("a", "b", OLD("30"), "") ", " MOVE("a", "c", OLD("60"), PRIO("5"))),
	"undecided stages[0] 1"},
    {"two that overlap, and only their order decides",
	HEAD STAGES(STAGE("a") ", " END("b") ", " END("c")) START_A MOVES(
	    MOVE("a", "b", OLD("20"), "") ", " MOVE("a", "c", YOUNG("40"), "")),
	"overlap transitions[1] 2\nundecided stages[0] 1"},
    {"two that overlap and were thought about",
	HEAD STAGES(STAGE("a") ", " END("b") ", " END("c")) START_A MOVES(
	    MOVE("a", "b", OLD("20"), PRIO("1")) ", " MOVE("a", "c", YOUNG("40"), "")),
	"undecided stages[0] 1"},
    {"there and back at every tick",
	HEAD STAGES(STAGE("a") ", " STAGE("b")) START_A MOVES(
	    MOVE("a", "b", OLD("20"), "") ", " MOVE("b", "a", YOUNG("60"), "")),
	"!back_and_forth transitions[1] 4\nundecided stages[0] 1"},
    {"there and back, slowly",
	HEAD STAGES(STAGE("a") ", " STAGE("b")) START_A MOVES(MOVE(
	    "a", "b", OLD("20"), "") ", " MOVE("b", "a", YOUNG("60"), AFTER("30"))),
	"back_and_forth transitions[1] 4\nundecided stages[0] 1"},
    {"no answer for anybody",
	HEAD STAGES(STAGE("a") ", " END("b"))
	    START_A MOVES(MOVE("a", "b", "customer.risk_rating > 3", "")),
	"always_undecided transitions[0] 11\nundecided stages[0] 8"},
    {"an error for everybody",
	HEAD STAGES(STAGE("a") ", " END("b")) START_A MOVES(
	    MOVE("a", "b", "1 / (size(customer.ref) - size(customer.ref)) > 3", "")),
	"always_fails transitions[0] 11\nundecided stages[0] 8"},
    {"a stage that is gone",
	HEAD STAGES(STAGE("a") ", " END("z"))
	    START_A MOVES(MOVE("a", "z", "has(customer.opened_on)", "")),
	"stage_gone stages 3"},
};

START_TEST(a_model_is_looked_at_by_itself_and_over_the_book)
{
	struct lifecycle_validation v;
	struct lifecycle_model model;
	const char *got;

	fill();
	model_of(validations[_i].json, &model);
	ck_assert_msg(lifecycle_validate(
			  &model, one(), WORLD_NOW, NULL, &arena, &v, &err) == STW_OK,
	    "%s", err.text);
	got = findings_of(&v);
	ck_assert_msg(strcmp(got, validations[_i].want) == 0, "%s:\n%s",
	    validations[_i].name, got);
	ck_assert_int_eq(v.errors + v.warnings, v.nfindings);
	ck_assert_int_eq(v.customers, 11);
}
END_TEST

START_TEST(the_counts_of_stages_transitions_and_pairs)
{
	struct lifecycle_validation v;
	struct lifecycle_model model;

	fill();
	/* b is asked first; c is met by those of 10 to 50 days. */
	model_of(HEAD STAGES(STAGE("a") ", " END("b") ", " END("c"))
		     START_A MOVES(MOVE("a", "c", OLD("10"), AFTER("100")) ", " MOVE(
			 "a", "b", OLD("30"), PRIO("9"))),
	    &model);
	ck_assert_int_eq(model.transitions[0].to, 1);
	ck_assert_str_eq(model.transitions[0].path, "transitions[1]");
	ck_assert_int_eq(
	    lifecycle_validate(&model, one(), WORLD_NOW, NULL, &arena, &v, &err),
	    STW_OK);
	/* a: five, two without a stage, one who never opened. */
	ck_assert_int_eq(v.stages[0].customers, 8);
	ck_assert_int_eq(v.unplaced, 2);
	ck_assert_int_eq(v.stages[0].moving, 6);
	ck_assert_int_eq(v.stages[0].undecided, 1);
	ck_assert_int_eq(v.stages[0].overlapping, 4);
	ck_assert_int_eq(v.transitions[0].meets, 7);
	ck_assert_int_eq(v.transitions[0].ready, 4);
	ck_assert_int_eq(v.transitions[0].fires, 4);
	ck_assert_int_eq(v.transitions[1].meets, 9);
	ck_assert_int_eq(v.transitions[1].ready, 6);
	ck_assert_int_eq(v.transitions[1].fires, 2);
	ck_assert_int_eq(v.transitions[1].undecided, 1);
	ck_assert_int_eq(v.noverlaps, 1);
	ck_assert_int_eq(v.overlaps[0].customers, 4);
	ck_assert_int_eq(v.overlaps[0].first, 0);
}
END_TEST

START_TEST(reasoning_that_is_not_there_is_missed)
{
	struct lifecycle_validation v;
	struct lifecycle_model model;

	model_of("{\"code\": \"m\", \"name\": " TEXTS
		 ", \"stages\": [{\"code\": \"a\", "
		 "\"name\": " TEXTS ", \"end\": true}], " START_A MOVES(""),
	    &model);
	ck_assert_int_eq(
	    lifecycle_validate(&model, one(), WORLD_NOW, NULL, &arena, &v, &err),
	    STW_OK);
	ck_assert_str_eq(findings_of(&v), "no_reasoning stages[0] -1");
}
END_TEST

START_TEST(the_wealth_model_is_found_to_be_sound)
{
	const struct embed_file *file = embed_find("segments/models/wealth.json");
	struct lifecycle_validation v;
	struct lifecycle_model model;
	struct buf json;

	ck_assert_ptr_nonnull(file);
	world_derive(book); /* no customers: what the document alone tells */
	ck_assert_int_eq(
	    lifecycle_parse((struct str){file->data, file->len}, &arena, &model, &err),
	    STW_OK);
	ck_assert_msg(lifecycle_validate(
			  &model, one(), WORLD_NOW, NULL, &arena, &v, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_str_eq(findings_of(&v), "");
	buf_init(&json);
	lifecycle_validation_json(&model, &v, &json);
	ck_assert_ptr_nonnull(strstr(json.data, "\"ok\":true"));
	buf_fini(&json);
}
END_TEST

START_TEST(a_rule_with_a_fault_has_its_place)
{
	struct lifecycle_validation v;
	struct lifecycle_model model;

	model_of(HEAD STAGES(STAGE("a") ", " END("b"))
		     START_A MOVES(MOVE("a", "b", "customer.shoe > 1", "")),
	    &model);
	ck_assert_int_eq(
	    lifecycle_validate(&model, one(), WORLD_NOW, NULL, &arena, &v, &err),
	    STW_INVALID);
	ck_assert_msg(
	    strstr(err.text, "transitions[0].when: ") == err.text, "%s", err.text);
}
END_TEST

/* ---- preview ------------------------------------------------------------------------- */
static const char *
cells_of(const struct lifecycle_model *now_model,
    const struct lifecycle_model *new_model, const struct lifecycle_preview *p)
{
	char *text = arena_strdup(&arena, "");

	for (int i = 0; i < p->ncells; i++) {
		const struct lifecycle_cell *c = &p->cells[i];
		const char *from = "-";

		if (now_model != NULL && c->from >= 0)
			from = now_model->stages[c->from].code;

		text = arena_printf(&arena, "%s%s%s%s%s %lld%s%s", text,
		    i > 0 ? ", " : "", from, c->same ? "=" : ">",
		    new_model->stages[c->to].code, (long long)c->customers,
		    c->nsamples > 0 ? " " : "", c->nsamples > 0 ? c->samples[0] : "");
	}
	return text;
}

START_TEST(a_preview_says_who_would_be_elsewhere)
{
	struct lifecycle_model in_force, model;
	struct lifecycle_preview p;

	fill();
	model_of(HEAD STAGES(STAGE("a") ", " STAGE("b"))
		     START_A MOVES(MOVE("a", "b", OLD("40"), "")),
	    &in_force);
	model_of(HEAD STAGES(STAGE("a") ", " STAGE("b")) START_A MOVES(MOVE(
		     "a", "b", OLD("20"), "") ", " MOVE("b", "a", YOUNG("60"), "")),
	    &model);
	ck_assert_int_eq(lifecycle_preview(&in_force, &model, one(), WORLD_NOW, NULL,
			     &arena, &p, &err),
	    STW_OK);
	/* In force: c4 goes to b. New: c2, c3 and c4 go to b, c5 comes back to a. Who has no
	 * stage is placed in a by both. */
	ck_assert_str_eq(
	    cells_of(&in_force, &model, &p), "a=a 5, a>b 2 ****, b>a 1 ****, b=b 3");
	ck_assert_int_eq(p.customers, 11);
	ck_assert_int_eq(p.differ, 3);
	ck_assert_int_eq(p.moves_now, 1 + 2);
	ck_assert_int_eq(p.moves_new, 4 + 2);
	ck_assert_int_eq(p.undecided_now, 1);
	ck_assert_int_eq(p.undecided_new, 1);
}
END_TEST

/* Who came today cannot leave for 30 days under either model; the second asks for less. */
START_TEST(a_preview_looks_past_the_minimum_stay)
{
	struct lifecycle_model in_force, model;
	struct lifecycle_preview p;
	size_t row = world_add(book, "C00005125", 50);

	book_set_stage(book, row, STR_LIT("a"), WORLD_NOW);
	model_of(HEAD STAGES(STAGE("a") ", " STAGE("b"))
		     START_A MOVES(MOVE("a", "b", OLD("60"), AFTER("30"))),
	    &in_force);
	model_of(HEAD STAGES(STAGE("a") ", " STAGE("b"))
		     START_A MOVES(MOVE("a", "b", OLD("40"), AFTER("30"))),
	    &model);
	ck_assert_int_eq(lifecycle_preview(&in_force, &model, one(), WORLD_NOW, NULL,
			     &arena, &p, &err),
	    STW_OK);
	ck_assert_int_eq(p.differ, 0);
	ck_assert_int_eq(p.differ_later, 1);
	ck_assert_int_eq(p.ncells, 2);
	ck_assert_int_eq(p.cells[0].customers, 1);
	ck_assert_int_eq(p.cells[0].later, 0);
	ck_assert_int_eq(p.cells[1].later, 1);
	ck_assert_str_eq(p.cells[1].samples[0], "C****125");
}
END_TEST

START_TEST(a_preview_right_after_a_tick_looks_at_everybody)
{
	struct lifecycle_model in_force, model;
	struct lifecycle_preview p;
	size_t row = world_add(book, "x", 50);

	book_set_stage(book, row, STR_LIT("gone"), WORLD_NOW);
	model_of(HEAD STAGES(STAGE("gone")) "\"initial\": [{\"stage\": \"gone\", "
					    "\"reason\": \"r\"}], " MOVES(""),
	    &in_force);
	model_of(HEAD STAGES(STAGE("a")) START_A MOVES(""), &model);
	ck_assert_int_eq(lifecycle_preview(&in_force, &model, one(), WORLD_NOW, NULL,
			     &arena, &p, &err),
	    STW_OK);
	ck_assert_str_eq(cells_of(&in_force, &model, &p), "gone>a 1 ****");
}
END_TEST

START_TEST(without_a_model_in_force_everybody_is_placed)
{
	struct lifecycle_model model;
	struct lifecycle_preview p;
	struct buf json;

	fill();
	model_of(HEAD STAGES(STAGE("a") ", " STAGE("b"))
		     START_A MOVES(MOVE("a", "b", OLD("40"), "")),
	    &model);
	ck_assert_int_eq(
	    lifecycle_preview(NULL, &model, one(), WORLD_NOW, NULL, &arena, &p, &err),
	    STW_OK);
	ck_assert_str_eq(cells_of(NULL, &model, &p), "->a 11 ****");
	ck_assert_int_eq(p.cells[0].nsamples, LIFECYCLE_PREVIEW_SAMPLES);
	buf_init(&json);
	lifecycle_preview_json(NULL, &model, &p, false, &json);
	ck_assert_ptr_nonnull(strstr(json.data, "\"samples\":[]"));
	ck_assert_ptr_nonnull(strstr(json.data, "\"customers\":11"));
	buf_fini(&json);
}
END_TEST

static const struct {
	const char *ref, *want;
} masks[] = {
    {"C00005125", "C****125"},
    {"12345", "1****345"},
    {"1234", "****"},
    {"", "****"},
    {"客户张三李四", "客****三李四"},
};

START_TEST(references_are_masked)
{
	ck_assert_str_eq(ref_mask(str_of(masks[_i].ref), &arena), masks[_i].want);
}
END_TEST

/* ---- why ---------------------------------------------------------------------------- */
START_TEST(why_shows_every_way_out_with_its_values)
{
	struct lifecycle_model model;
	struct lifecycle_why why;
	size_t row = world_add(book, "x", 70);
	struct buf json;

	book_set_stage(book, row, STR_LIT("a"), WORLD_NOW - 20 * STW_USEC_DAY);
	model_of(HEAD STAGES(STAGE("a") ", " STAGE("b") ", " STAGE("c"))
		     START_A MOVES(MOVE("a", "b", OLD("60"), AFTER("30")) ", " MOVE("a",
			 "c", "customer.risk_rating > 3",
			 "") ", " MOVE("b", "a", "true", "") ", " MOVE("a", "c",
			 OLD("65"), "") ", " MOVE("a", "b", OLD("61"), "")),
	    &model);
	ck_assert_msg(
	    lifecycle_why(&model, book, row, WORLD_NOW, &arena, &why, &err) == STW_OK,
	    "%s", err.text);
	ck_assert_int_eq(why.stage, 0);
	ck_assert_int_eq(why.nentries, 4);
	/* Holds, but the stay is ten days short. */
	ck_assert_int_eq(why.entries[0].answer, LIFECYCLE_YES);
	ck_assert(!why.entries[0].ready && !why.entries[0].fires);
	ck_assert_int_eq(why.entries[0].ready_at, WORLD_NOW + 10 * STW_USEC_DAY);
	ck_assert_int_eq(why.entries[1].answer, LIFECYCLE_UNDECIDED);
	ck_assert(why.entries[2].fires);
	ck_assert_int_eq(why.entries[3].answer, LIFECYCLE_YES);
	ck_assert(!why.entries[3].fires); /* the one before is first */
	buf_init(&json);
	lifecycle_why_json(&model, &why, &json);
	ck_assert_msg(strstr(json.data, "\"text\":\"days_since(customer.opened_on)\","
					"\"value\":\"70\"") != NULL,
	    "%s", json.data);
	buf_fini(&json);
}
END_TEST

START_TEST(the_cause_is_each_field_once_in_the_order_of_the_rule)
{
	struct lifecycle_cause cause;
	struct buf text;
	size_t row = world_add(book, "x", 70);

	cause = lifecycle_cause_find(book,
	    "customer.deceased || 'customer.ref' == customer.tier || customer.deceased "
	    "|| holdings.exists(h, h.open) || has(customer.opened_on)");
	buf_init(&text);
	lifecycle_cause_print(&cause, book, row, &arena, &text);
	ck_assert_str_eq(text.data, "customer.deceased = false, customer.tier = none, "
				    "customer.opened_on = date(\"2026-09-14\")");
	buf_clear(&text);
	cause = lifecycle_cause_find(book, NULL);
	lifecycle_cause_print(&cause, book, row, &arena, &text);
	ck_assert_uint_eq(text.len, 0);
	buf_fini(&text);
}
END_TEST

/* ---- promises ------------------------------------------------------------------------ */
#define PROMISES                                                                  \
	", \"promises\": ["                                                       \
	"{\"code\": \"any\", \"stage\": \"a\", \"contact_every_days\": 30, "      \
	"\"zh\": \"x\", \"en\": \"x\"}, "                                         \
	"{\"code\": \"gold\", \"stage\": \"a\", \"tier\": \"gold\", "             \
	"\"contact_every_days\": 10, \"zh\": \"x\", \"en\": \"x\"}, "             \
	"{\"code\": \"stay\", \"stage\": \"a\", \"max_dwell_days\": 60, \"zh\": " \
	"\"x\", \"en\": \"x\"}]}"

static const struct {
	const char *name, *stage, *tier;
	int stay;            /* -1: not known since when */
	const char *contact; /* kind; NULL: none */
	int days_ago;
	const char *overdue; /* codes */
	int due_in;          /* of the first that holds; INT32_MIN: none holds */
	bool undecided;
} promised[] = {
    {"in time", "a", NULL, 29, NULL, 0, "", 1, false},
    {"due is overdue", "a", NULL, 30, NULL, 0, "any", 0, false},
    {"a conversation counts", "a", NULL, 40, "conversation", 29, "", 1, false},
    {"a message counts", "a", NULL, 40, "message", 29, "", 1, false},
    {"one that is too long ago", "a", NULL, 40, "conversation", 30, "any", 0, false},
    {"an attempt does not count", "a", NULL, 40, "attempt", 1, "any", -10, false},
    {"a contact from before the stage", "a", NULL, 20, "conversation", 25, "", 10,
	false},
    {"the tier's own promise comes first", "a", "gold", 15, NULL, 0, "gold", -5, false},
    {"another tier has that of all", "a", "silver", 15, NULL, 0, "", 15, false},
    {"both kinds", "a", NULL, 60, NULL, 0, "any stay", -30, false},
    {"in another stage", "b", NULL, 90, NULL, 0, "", INT32_MIN, false},
    {"nobody knows since when", "a", NULL, -1, NULL, 0, "", INT32_MIN, true},
};

/* "any stay": the codes of those overdue. */
static const char *
overdue_of(const struct promise_results *results, size_t row)
{
	char *text = arena_strdup(&arena, "");

	for (int i = 0; i < results->model->npromises; i++)
		if (bitmap_get(&results->items[i].overdue, row))
			text = arena_printf(&arena, "%s%s%s", text,
			    text[0] != '\0' ? " " : "",
			    results->model->promises[i].code);
	return text;
}

START_TEST(a_promise_is_kept_or_overdue)
{
	struct promise_results results;
	struct promise_state *states;
	struct lifecycle_model model;
	size_t row = world_add(book, "x", 300);
	const char *got;
	int n;

	if (promised[_i].tier != NULL)
		table_set_string(
		    book->customers, BOOK_TIER, row, str_of(promised[_i].tier));
	table_set_string(book->customers, BOOK_STAGE, row, str_of(promised[_i].stage));
	if (promised[_i].stay >= 0)
		table_set_int(book->customers, BOOK_STAGE_SINCE, row,
		    WORLD_NOW - promised[_i].stay * STW_USEC_DAY);
	if (promised[_i].contact != NULL)
		world_contact(book, promised[_i].contact, NULL, promised[_i].days_ago);
	model_of(HEAD STAGES(STAGE("a") ", " STAGE("b")) START_A
	    "\"transitions\": [" MOVE("a", "b", "true", "") "]" PROMISES,
	    &model);
	ck_assert_msg(
	    promises_evaluate(&model, book, WORLD_NOW, &results, &err) == STW_OK,
	    "%d:%d %s", err.line, err.column, err.text);
	got = overdue_of(&results, row);
	ck_assert_msg(
	    strcmp(got, promised[_i].overdue) == 0, "%s: %s", promised[_i].name, got);
	ck_assert_int_eq(bitmap_get(&results.any, row), got[0] != '\0');
	ck_assert_int_eq(bitmap_get(&results.undecided, row), promised[_i].undecided);
	promise_results_fini(&results);

	/* For one customer the same is told without the rules. */
	promise_states(&model, book, row, WORLD_NOW, &arena, &states, &n);
	got = arena_strdup(&arena, "");
	for (int i = 0; i < n; i++)
		if (states[i].overdue)
			got = arena_printf(&arena, "%s%s%s", got,
			    got[0] != '\0' ? " " : "", states[i].promise->code);
	ck_assert_msg(
	    strcmp(got, promised[_i].overdue) == 0, "%s: %s", promised[_i].name, got);
	if (promised[_i].due_in == INT32_MIN)
		ck_assert(n == 0 || states[0].due_at == STW_USEC_NEVER);
	else
		ck_assert_int_eq(
		    states[0].due_at, WORLD_NOW + promised[_i].due_in * STW_USEC_DAY);
}
END_TEST

START_TEST(a_model_without_promises_has_nobody_overdue)
{
	struct promise_results results;
	struct lifecycle_model model;

	fill();
	model_of(HEAD STAGES(STAGE("a")) START_A MOVES(""), &model);
	ck_assert_int_eq(
	    promises_evaluate(&model, book, WORLD_NOW, &results, &err), STW_OK);
	ck_assert_uint_eq(bitmap_count(&results.any), 0);
	promise_results_fini(&results);
}
END_TEST

/* ---- states ------------------------------------------------------------------------------ */
START_TEST(a_version_comes_into_force_only_through_approval)
{
	for (int from = LIFECYCLE_NONE; from < LIFECYCLE_STATES; from++) {
		ck_assert_int_eq(lifecycle_state_may_move(
				     (enum lifecycle_state)from, LIFECYCLE_APPROVED),
		    from == LIFECYCLE_SUBMITTED);
		ck_assert_int_eq(lifecycle_state_may_move(
				     (enum lifecycle_state)from, LIFECYCLE_ACTIVE),
		    from == LIFECYCLE_APPROVED || from == LIFECYCLE_RETIRED);
		ck_assert_int_eq(lifecycle_state_parse(str_of(
				     lifecycle_state_name((enum lifecycle_state)from))),
		    from);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lifecycle_review");
	TCase *tc = tcase_create("lifecycle_review");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_model_is_looked_at_by_itself_and_over_the_book, 0,
	    (int)STW_ARRAY_LEN(validations));
	tcase_add_test(tc, the_counts_of_stages_transitions_and_pairs);
	tcase_add_test(tc, reasoning_that_is_not_there_is_missed);
	tcase_add_test(tc, the_wealth_model_is_found_to_be_sound);
	tcase_add_test(tc, a_rule_with_a_fault_has_its_place);
	tcase_add_test(tc, a_preview_says_who_would_be_elsewhere);
	tcase_add_test(tc, a_preview_looks_past_the_minimum_stay);
	tcase_add_test(tc, a_preview_right_after_a_tick_looks_at_everybody);
	tcase_add_test(tc, without_a_model_in_force_everybody_is_placed);
	tcase_add_loop_test(tc, references_are_masked, 0, (int)STW_ARRAY_LEN(masks));
	tcase_add_test(tc, why_shows_every_way_out_with_its_values);
	tcase_add_test(tc, the_cause_is_each_field_once_in_the_order_of_the_rule);
	tcase_add_loop_test(
	    tc, a_promise_is_kept_or_overdue, 0, (int)STW_ARRAY_LEN(promised));
	tcase_add_test(tc, a_model_without_promises_has_nobody_overdue);
	tcase_add_test(tc, a_version_comes_into_force_only_through_approval);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
