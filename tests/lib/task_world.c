#include "tests/lib/task_world.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "campaigns/plan_store.h"
#include "campaigns/setup_store.h"
#include "segments/book_store.h"
#include "segments/tick_store.h"

struct test_db tw;
struct arena tw_arena;
struct stw_err tw_err;
struct seal_keys *tw_keys;
struct ruleset *tw_rules;

/* Eight customers with a deposit that ends in three days, a mobile and full consent;
 * number 8 shares the phone of number 7, of the same household. */
static const char people[] =
    "CREATE FUNCTION b(n int) RETURNS smallint LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT get_byte(sha256(('k' || n)::bytea), 0)::smallint $$;"
    "INSERT INTO customer (bucket, customer_id, ref, name_mask, dob, zone, province, "
    "    risk_rating, risk_assessed_on, opened_on, updated_at) "
    "SELECT b(n), n, 'k' || n, '王**', '1980-05-05', 'Asia/Shanghai', '上海市', 4, "
    "    '2026-06-01', '2020-01-01', '2026-01-01' FROM generate_series(1, 8) AS n;"
    "INSERT INTO customer_permission SELECT b(n), n, 0 FROM generate_series(1, 8) AS n;"
    "INSERT INTO contact_point (bucket, point_id, customer_id, kind, phone_sealed, "
    "    phone_index, phone_mask, region, zones, is_primary, updated_at) "
    "SELECT b(n), n, n, 'mobile', '\\x00', sha256(('p' || least(n, 7))::bytea), "
    "    '138****000' || n, 'CN', '{Asia/Shanghai}', true, '2026-01-01' "
    "  FROM generate_series(1, 8) AS n;"
    "INSERT INTO holding (bucket, customer_id, holding_ref, kind, amount, currency, "
    "    maturity_on, updated_at) "
    "SELECT b(n), n, 'h', 'deposit', 50000000, 'CNY', '2026-11-26', '2026-01-01' "
    "  FROM generate_series(1, 8) AS n;"
    "INSERT INTO consent_event (bucket, consent_id, customer_id, action, purpose, channel, "
    "    form, notice_version, evidence, evidence_hash, source, actor, effective_at, "
    "    recorded_at) "
    "SELECT b(n), gen_random_uuid(), n, 'grant', 'MARKETING', 'VOICE', 'written', 'v3', "
    "    'e', sha256('e'), 'branch', 'x', '2026-05-01', '2026-05-01' "
    "  FROM generate_series(1, 8) AS n;"
    "INSERT INTO household_member (bucket, customer_id, household_ref, source, state, "
    "    actor, updated_at) "
    "SELECT b(n), n, 'H', 'declared', 'member', 'x', '2026-01-01' "
    "  FROM generate_series(7, 8) AS n;";

int64_t
task_world_number(const char *sql)
{
	return test_db_number(&tw, sql);
}

void
task_world_setup(void)
{
	const struct setup_options options = {.now = NOW,
	    .queue_url = "http://127.0.0.1:9",
	    .queue_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
	struct setup_result result;
	char path[] = "/tmp/stw-tw_keys-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(unlink(path), 0);
	tw_err = (struct stw_err){0};
	arena_init(&tw_arena);
	test_db_open(&tw);
	ck_ok(seal_keys_open(path, true, &tw_keys, &tw_err));
	db_keys_set(tw.db, tw_keys);
	ck_assert_int_eq(unlink(path), 0);
	ck_ok(setup_demo(tw.db, tw_keys, &options, &tw_arena, &result, &tw_err));
	ck_assert_int_eq(result.campaigns, 4);
	test_db_tamper(&tw, people);
	ck_ok(task_rules_load(tw.db, &tw_rules, &tw_err));
}

void
task_world_teardown(void)
{
	ruleset_free(tw_rules);
	seal_keys_close(tw_keys);
	test_db_close(&tw);
	arena_fini(&tw_arena);
}

/* One planning tick; how many tasks are new. */
int64_t
task_world_plan(void)
{
	struct segments_tick_result tick;
	struct plan_result result;
	struct book_parts parts;
	struct book *book;
	int64_t tasks;

	ck_ok(book_load(tw.db, NOW, NULL, &book, &tw_err));
	parts = book_parts_of(book);
	ck_ok(segments_tick(tw.db, &parts, NULL, NOW, NULL, &tick, &tw_err));
	const struct plan_options options = {.now = NOW, .segments = &tick.hosts};
	ck_ok(plan_run(tw.db, &parts, tw_rules, &options, &tw_arena, &result, &tw_err));
	tasks = result.tasks;
	for (int i = 0; i < result.nruns; i++) {
		int64_t sum = 0;

		for (int r = 0; r < result.runs[i].nreasons; r++)
			sum += result.runs[i].reasons[r].count;
		ck_assert_int_eq(sum, result.runs[i].audience);
	}
	segments_tick_fini(&tick);
	book_free(book);
	return tasks;
}

int64_t
task_world_queue_id(void)
{
	return task_world_number(
	    "SELECT queue_id FROM queue WHERE code = 'wealth-remote'");
}

struct task_claim
task_world_claim(int lease_sec)
{
	struct task_claim *claims;
	int count;

	ck_ok(task_claim(tw.db, task_world_queue_id(), TASK_LANE_NEW, "test", 1,
	    lease_sec, NOW, &tw_arena, &claims, &count, &tw_err));
	ck_assert_int_eq(count, 1);
	return claims[0];
}

enum task_gate_result
task_world_gate(struct task_claim *claim, struct task_push *push)
{
	enum task_gate_result result;

	ck_ok(task_gate_dispatch(
	    tw.db, tw_rules, claim, NOW, &tw_arena, &result, push, &tw_err));
	if (result == TASK_GATE_SEND)
		*claim = push->claim;
	return result;
}

bool
task_world_finish(const struct task_claim *claim, enum task_push_result result)
{
	struct task_ending ending = {.claim = *claim,
	    .result = result,
	    .http_status = 202,
	    .retry_at = NOW + STW_USEC_MIN,
	    .left = true};

	ck_ok(task_finish_pushes(tw.db, &ending, 1, NOW, &tw_arena, &tw_err));
	return !ending.stale;
}

/* A task that the queue has. */
struct task_claim
task_world_queued(void)
{
	struct task_claim claim = task_world_claim(30);
	struct task_push push;

	ck_assert_int_eq(task_world_gate(&claim, &push), TASK_GATE_SEND);
	ck_assert(task_world_finish(&claim, TASK_PUSH_ACCEPTED));
	return claim;
}
