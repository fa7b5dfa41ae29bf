/*
 * Compiles any text as a rule over rule_world. What compiles is evaluated, explained,
 * printed, and run over the whole table, which must agree with the interpreter. What
 * parses is laid out: that keeps its tree, and a second time changes nothing. Every error
 * has its place and its Chinese text.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/rule_columns.h"
#include "engine/rule_messages.h"
#include "engine/rule_source.h"
#include "engine/rule_text.h"
#include "tests/lib/rule_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MESSAGE_WHOLE 300 /* longer ones may have been cut in the middle of a hint */

static void
in_chinese(const char *text)
{
	struct buf zh;

	buf_init(&zh);
	STW_ASSERT(rule_message_zh(str_of(text), &zh) || strlen(text) > MESSAGE_WHOLE);
	STW_ASSERT(zh.len > 0);
	buf_fini(&zh);
}

static void
one_row(struct rule_world *world, const struct rule *rule, size_t row, bool explain)
{
	struct rule_explanation explanation;
	struct rule_eval_ctx ctx;
	struct rule_value v;
	struct arena arena;
	struct buf text;

	arena_init(&arena);
	buf_init(&text);
	ctx = rule_world_ctx(world, row, &arena);
	v = rule_eval(rule, &ctx);
	rule_value_print(&v, &text);
	rule_value_text(&v, &text);
	if (explain && v.kind == RULE_V_ERROR && v.error.text != NULL)
		in_chinese(v.error.text);
	if (explain) {
		rule_explain(rule, &ctx, &explanation);
		rule_explanation_print(&explanation, 60, &text);
		STW_ASSERT(explanation.result.kind == v.kind);
	}
	buf_fini(&text);
	arena_fini(&arena);
}

static void
whole_table(struct rule_world *world, const struct rule *rule)
{
	const struct rule_binding bindings[] = {
	    {.slot = WORLD_CUSTOMER, .self = true, .child = -1},
	    {.slot = WORLD_LIMIT, .child = -1, .constant = world->vars[WORLD_LIMIT]},
	    {.slot = WORLD_TAGS, .child = -1, .constant = world->vars[WORLD_TAGS]},
	};
	struct rule_columns_ctx ctx = {
	    .table = world->customers,
	    .bindings = bindings,
	    .nbindings = 3,
	    .now = world->now,
	    .zone = world->zone,
	    .in_segment = rule_world_in_segment,
	};
	struct bitmap matched = {0}, undecided = {0};
	struct arena arena;

	if (rule_columns_bool(rule, &ctx, &matched, &undecided, NULL) != STW_OK)
		return;
	arena_init(&arena);
	for (size_t row = 0; row < world->customers->rows; row++) {
		struct rule_eval_ctx eval = rule_world_ctx(world, row, &arena);
		bool unknown;

		STW_ASSERT(
		    rule_eval_bool(rule, &eval, &unknown) == bitmap_get(&matched, row));
		STW_ASSERT(unknown == bitmap_get(&undecided, row));
	}
	arena_fini(&arena);
	bitmap_fini(&matched);
	bitmap_fini(&undecided);
}

static void
lay_out(struct str text)
{
	struct stw_err err = {0};
	struct buf once, twice;
	enum stw_code rc;

	buf_init(&once);
	buf_init(&twice);
	rc = rule_source_format(text, NULL, &once, &err);
	STW_ASSERT(rc == STW_OK || rc == STW_INVALID);
	if (rc == STW_OK) {
		STW_ASSERT(rule_source_format((struct str){once.data, once.len}, NULL,
			       &twice, &err) == STW_OK);
		STW_ASSERT(once.len == twice.len &&
			   memcmp(once.data, twice.data, once.len) == 0);
	}
	buf_fini(&once);
	buf_fini(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rule_world world;
	static bool ready;
	struct str text = {(const char *)data, size};
	struct stw_err err = {0};
	struct arena arena;
	struct rule *rule;

	if (!ready)
		rule_world_init(&world);
	ready = true;
	lay_out(text);
	arena_init(&arena);
	if (rule_compile(world.env, text, NULL, NULL, &arena, &rule, &err) != STW_OK) {
		struct buf message;

		STW_ASSERT(err.line >= 1 && err.column >= 1 && err.text[0] != '\0');
		in_chinese(err.text);
		buf_init(&message);
		rule_error_print(text, &err, &message);
		buf_fini(&message);
	} else {
		for (size_t row = 0; row < world.customers->rows; row++)
			one_row(&world, rule, row, row == 0);
		whole_table(&world, rule);
	}
	arena_fini(&arena);
	return 0;
}
