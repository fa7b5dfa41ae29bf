/* A facts document that is read decides without a fault, and its record replays byte for
 * byte. */
#include <stdint.h>
#include <stdlib.h>

#include "campaigns/compliance/record_json.h"
#include "campaigns/compliance/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ruleset *
rules_once(void)
{
	static struct ruleset *rules;

	if (rules == NULL && ruleset_load_embedded(&rules, NULL) != STW_OK)
		abort();
	return rules;
}

static void
replay(const struct ruleset *rules, const struct buf *record)
{
	struct buf again;
	bool same = false;

	buf_init(&again);
	if (record_replay(rules, (struct str){record->data, record->len}, &same, &again,
		NULL) != STW_OK ||
	    !same)
		abort();
	buf_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ruleset *rules = rules_once();
	struct record_context ctx = {.decision_id = "d", .customer_ref = "c"};
	struct gate_decision decision;
	struct gate_facts facts;
	struct arena arena;
	struct buf record;

	arena_init(&arena);
	buf_init(&record);
	if (record_read((struct str){(const char *)data, size}, &arena, &facts,
		&ctx.checkpoint, &ctx.now, &ctx.ttl, NULL) == STW_OK) {
		gate_decide(
		    rules, &facts, ctx.checkpoint, ctx.now, ctx.ttl, &arena, &decision);
		record_write(&ctx, &facts, &decision, &record);
		replay(rules, &record);
	}
	buf_fini(&record);
	arena_fini(&arena);
	return 0;
}
