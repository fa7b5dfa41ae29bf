/* What dispatch does to tasks in the database: endings of many, heartbeats, lanes, dead
 * letters, and queues that are gone. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "campaigns/consent_store.h"
#include "campaigns/dead_letter_store.h"
#include "campaigns/queue_store.h"
#include "campaigns/queue_turn_store.h"
#include "campaigns/task_unsure_store.h"
#include "tests/lib/cases.h"
#include "tests/lib/task_world.h"

static void
withdraw(struct db *db, int64_t customer_id, struct consent_effect *effect)
{
	char sql[64];
	struct consent_event event = {.id = uuid_new(NOW),
	    .action = "withdraw",
	    .purpose = "MARKETING",
	    .channel = "*",
	    .product_class = "*",
	    .recipient = "bank",
	    .form = "recorded_call",
	    .source = "test",
	    .actor = "a",
	    .effective_at = NOW,
	    .expires_at = STW_USEC_MAX};

	(void)snprintf(sql, sizeof sql, "SELECT b(%d)", (int)customer_id);
	int bucket = (int)task_world_number(sql);
	uuid_set_bucket(&event.id, bucket);
	ck_ok(db_begin(db, &tw_err));
	ck_ok(consent_record(db, bucket, customer_id, &event, NOW, effect, &tw_err));
	ck_ok(db_commit(db, &tw_err));
}

/* Claims n tasks and has the gate allow them. */
static void
sending(int n, struct task_claim *claims)
{
	struct task_push push;

	for (int i = 0; i < n; i++) {
		claims[i] = task_world_claim(30);
		ck_assert_int_eq(task_world_gate(&claims[i], &push), TASK_GATE_SEND);
	}
}

START_TEST(endings_of_many_are_written_together_and_each_by_its_own_lease)
{
	struct task_claim claims[4];
	struct task_ending endings[4];

	ck_assert_int_gt(task_world_plan(), 4);
	sending(4, claims);
	for (int i = 0; i < 4; i++)
		endings[i] = (struct task_ending){.claim = claims[i],
		    .result = (enum task_push_result)i,
		    .http_status = i == 3 ? 0 : 200 + i,
		    .detail = i == 2 ? "no" : NULL,
		    .retry_at = NOW + STW_USEC_MIN,
		    .left = true};
	endings[0].claim.epoch--; /* lost its lease */
	ck_ok(task_finish_pushes(tw.db, endings, 4, NOW, &tw_arena, &tw_err));
	ck_assert(endings[0].stale);
	for (int i = 1; i < 4; i++)
		ck_assert(!endings[i].stale && !endings[i].dead);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE state = 'sending'"), 1);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM task JOIN task_ready r USING (bucket, task_id) "
		"WHERE state = 'ready' AND lane = 1 AND r.lease_until IS NULL AND "
		"r.due_at = '2026-11-23 02:01:00+00'"),
	    1);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE state = 'failed' AND "
			      "dead_why = 'refused'"),
	    1);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE state = 'unknown'"), 1);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM attempt WHERE finished_at IS NOT "
			      "NULL AND finished_real IS NOT NULL"),
	    3);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM attempt WHERE result = 'refused' AND "
		"http_status = 202 AND detail = 'no'"),
	    1);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM ledger_outbox WHERE kind = 'dispatch'"),
	    4);
}
END_TEST

START_TEST(a_heartbeat_keeps_only_what_is_still_held)
{
	struct task_claim claims[3];
	bool held[3];

	ck_assert_int_gt(task_world_plan(), 3);
	sending(3, claims);
	test_db_tamper(&tw, "UPDATE task_ready SET lease_until = now() + interval '1 "
			    "second' WHERE lease_until IS NOT NULL");
	ck_assert(task_world_finish(&claims[1], TASK_PUSH_ACCEPTED));
	claims[2].epoch--;
	ck_ok(task_leases_extend(tw.db, claims, 3, 20, &tw_arena, held, &tw_err));
	ck_assert(held[0] && !held[1] && !held[2]);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task_ready WHERE lease_until > "
			      "now() + interval '15 seconds'"),
	    1);
}
END_TEST

START_TEST(what_was_tried_is_drawn_from_a_lane_of_its_own_by_priority)
{
	struct task_claim *claims, one;
	int count;

	ck_assert_int_gt(task_world_plan(), 4);
	sending(1, &one);
	ck_assert(task_world_finish(&one, TASK_PUSH_RETRY));
	/* Not due yet, and first in order all the same. */
	test_db_tamper(
	    &tw, "UPDATE task_ready SET priority = priority + 5 WHERE lane = 0");
	test_db_tamper(&tw,
	    "UPDATE task_ready SET priority = 1000, due_at = due_at + interval '1 day' "
	    "WHERE task_id = (SELECT min(task_id::text)::uuid FROM task_ready WHERE lane "
	    "= 0)");
	ck_ok(task_claim(tw.db, task_world_queue_id(), TASK_LANE_RETRY, "test", 9, 20,
	    NOW, &tw_arena, &claims, &count, &tw_err));
	ck_assert_int_eq(count, 0);
	ck_ok(task_claim(tw.db, task_world_queue_id(), TASK_LANE_RETRY, "test", 9, 20,
	    NOW + STW_USEC_MIN, &tw_arena, &claims, &count, &tw_err));
	ck_assert_int_eq(count, 1);
	ck_assert_mem_eq(claims[0].task_id.b, one.task_id.b, 16);
	ck_assert_int_eq(claims[0].epoch, one.epoch + 1);
	ck_ok(task_claim(tw.db, task_world_queue_id(), TASK_LANE_NEW, "test", 100, 20,
	    NOW, &tw_arena, &claims, &count, &tw_err));
	ck_assert_int_eq(
	    count, task_world_number(
		       "SELECT count(*) FROM task_ready WHERE lane = 0 AND queue_id = "
		       "(SELECT queue_id FROM queue WHERE code = 'wealth-remote')") -
		       1);
}
END_TEST

/* One task, tried until its queue has no more patience. */
static struct task_claim
dead_letter(void)
{
	struct task_claim claim;
	struct task_ending ending;
	struct task_push push;

	ck_assert_int_gt(task_world_plan(), 0);
	test_db_tamper(&tw, "UPDATE queue SET tries_max = 2");
	sending(1, &claim);
	ck_assert(task_world_finish(&claim, TASK_PUSH_RETRY));
	test_db_tamper(&tw,
	    "UPDATE task_ready SET lane = 0, due_at = '2026-11-23' WHERE "
	    "lane = 1; UPDATE task_ready SET due_at = '2030-01-01' WHERE "
	    "due_at <> '2026-11-23'");
	claim = task_world_claim(30);
	ck_assert_int_eq(task_world_gate(&claim, &push), TASK_GATE_SEND);
	/* Given back unsent is no try. */
	ending = (struct task_ending){
	    .claim = claim, .result = TASK_PUSH_RETRY, .retry_at = NOW};
	ck_ok(task_finish_pushes(tw.db, &ending, 1, NOW, &tw_arena, &tw_err));
	ck_assert(!ending.dead);
	test_db_tamper(&tw,
	    "UPDATE task_ready SET due_at = '2026-11-23' WHERE due_at < "
	    "'2030-01-01'");
	claim = task_world_claim(30);
	ck_assert_int_eq(task_world_gate(&claim, &push), TASK_GATE_SEND);
	ending.claim = claim;
	ending.left = true;
	ending.http_status = 503;
	ck_ok(task_finish_pushes(tw.db, &ending, 1, NOW, &tw_arena, &tw_err));
	ck_assert(ending.dead && !ending.stale);
	return claim;
}

START_TEST(a_dead_letter_goes_round_again_when_a_person_says_so)
{
	const struct dead_letter_filter any = {0}, other = {.reason = "refused"};
	struct task_claim claim = dead_letter();
	struct task_recall *recalls;
	struct dead_letter *rows;
	struct task_push push;
	int64_t all, ready, done;
	int count;

	ck_ok(dead_letter_list(
	    tw.db, &any, NULL, NULL, 10, &tw_arena, &rows, &count, &tw_err));
	ck_assert_int_eq(count, 1);
	ck_assert_str_eq(rows[0].reason, "tries");
	ck_assert_str_eq(rows[0].queue, "wealth-remote");
	ck_assert_int_eq(rows[0].last_status, 503);
	ck_assert_int_eq(rows[0].tries, 3);
	ck_assert(rows[0].recall_open);
	/* It may have arrived: first the queue has to give it back. */
	ck_ok(db_begin(tw.db, &tw_err));
	ck_assert_int_eq(dead_letter_requeue(tw.db, &claim.task_id, false, "o_li",
			     "again", NOW, &tw_err),
	    STW_CONFLICT);
	db_rollback(tw.db);
	ck_ok(dead_letter_count(tw.db, &any, NOW, &all, &ready, &tw_err));
	ck_assert_int_eq(all, 1);
	ck_assert_int_eq(ready, 0);
	ck_ok(task_recalls(tw.db, NULL, 0, 10, &tw_arena, &recalls, &count, &tw_err));
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(recalls[0].offer, 0);
	ck_ok(task_recall_finish(tw.db, &recalls[0], true, 404, NOW, &tw_err));
	ck_ok(dead_letter_count(tw.db, &any, NOW, &all, &ready, &tw_err));
	ck_assert_int_eq(ready, 1);
	ck_ok(dead_letter_requeue_all(
	    tw.db, &other, "o_li", "again", NOW, &done, &tw_err));
	ck_assert_int_eq(done, 0);
	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(dead_letter_requeue(
	    tw.db, &claim.task_id, false, "o_li", "again", NOW, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE state = 'planned' AND "
			      "requeued_by = 'o_li' AND offer = 1 AND tries = 0"),
	    1);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM ledger_outbox WHERE kind = 'requeue'"),
	    1);
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM recall"), 0);
	/* The gate is asked again, and its key is another. */
	claim = task_world_claim(30);
	ck_assert_int_eq(task_world_gate(&claim, &push), TASK_GATE_SEND);
	ck_assert_int_eq(push.offer, 1);
	ck_assert(task_world_finish(&claim, TASK_PUSH_ACCEPTED));
	ck_ok(db_begin(tw.db, &tw_err));
	ck_assert_int_eq(dead_letter_requeue(tw.db, &claim.task_id, false, "o_li",
			     "again", NOW, &tw_err),
	    STW_NOT_FOUND);
	db_rollback(tw.db);
}
END_TEST

/* Its queue cannot be told, or is not there any more: a person has looked. */
START_TEST(one_whose_recall_cannot_be_delivered_goes_round_when_a_person_has_looked)
{
	struct dead_letter_filter looked = {.not_held = true},
				  other = {.reason = "refused", .not_held = true};
	struct task_claim claim = dead_letter();
	int64_t all, ready, done;

	ck_ok(dead_letter_count(tw.db, &looked, NOW, &all, &ready, &tw_err));
	ck_assert_int_eq(ready, 1);
	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(dead_letter_requeue_all(
	    tw.db, &other, "o_li", "looked", NOW, &done, &tw_err));
	ck_assert_int_eq(done, 0);
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM recall"), 1);
	ck_ok(dead_letter_requeue(
	    tw.db, &claim.task_id, true, "o_li", "looked", NOW, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE state = 'planned' AND "
			      "requeued_by = 'o_li' AND offer = 1"),
	    1);
	ck_assert_int_eq(task_world_number("SELECT count(*) FROM recall"), 0);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM ledger_outbox WHERE kind = 'recall' AND "
		"convert_from(entry, 'UTF8')::jsonb ->> 'closed_by' = 'o_li'"),
	    1);
}
END_TEST

/* The recall was on the wire when somebody looked; the task went round, and is recalled again. */
START_TEST(an_answer_to_a_recall_of_before_is_not_the_next_ones)
{
	struct task_claim claim = dead_letter();
	struct task_recall *old, *next;
	int count;

	ck_ok(task_recalls(tw.db, NULL, 0, 10, &tw_arena, &old, &count, &tw_err));
	ck_assert_int_eq(count, 1);
	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(dead_letter_requeue(
	    tw.db, &claim.task_id, true, "o_li", "looked", NOW, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
	test_db_tamper(&tw,
	    "INSERT INTO recall (bucket, task_id, queue_id, reason, asked_at) SELECT "
	    "bucket, task_id, queue_id, 'again', now() FROM task WHERE offer = 1");
	ck_ok(task_recall_finish(tw.db, &old[0], true, 200, NOW, &tw_err));
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM recall WHERE done_at IS NULL"), 1);
	/* Of the first: that a person closed it. */
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM ledger_outbox WHERE kind = 'recall'"),
	    1);
	ck_ok(task_recalls(tw.db, NULL, 0, 10, &tw_arena, &next, &count, &tw_err));
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(next[0].offer, 1);
	ck_ok(task_recall_finish(tw.db, &next[0], true, 200, NOW, &tw_err));
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM recall WHERE done_at IS NULL"), 0);
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM ledger_outbox WHERE kind = 'recall'"),
	    2);
}
END_TEST

START_TEST(all_whose_recall_cannot_be_delivered_go_round_together)
{
	struct dead_letter_filter any = {0}, looked = {.not_held = true};
	int64_t done;

	(void)dead_letter();
	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(dead_letter_requeue_all(
	    tw.db, &any, "o_li", "looked", NOW, &done, &tw_err));
	ck_assert_int_eq(done, 0);
	ck_ok(dead_letter_requeue_all(
	    tw.db, &looked, "o_li", "looked", NOW, &done, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
	ck_assert_int_eq(done, 1);
}
END_TEST

START_TEST(a_withdrawal_holds_for_a_requeued_letter)
{
	struct task_claim claim = dead_letter();
	struct consent_effect effect;
	struct task_recall *recalls;
	struct task_push push;
	int count;

	ck_ok(task_recalls(tw.db, NULL, 0, 10, &tw_arena, &recalls, &count, &tw_err));
	ck_ok(task_recall_finish(tw.db, &recalls[0], true, 200, NOW, &tw_err));
	withdraw(tw.db,
	    task_world_number("SELECT customer_id FROM task WHERE state = 'failed'"),
	    &effect);
	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(dead_letter_requeue(
	    tw.db, &claim.task_id, false, "o_li", "again", NOW, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
	claim = task_world_claim(30);
	ck_assert_int_eq(task_world_gate(&claim, &push), TASK_GATE_BLOCKED);
}
END_TEST

START_TEST(nobody_requeues_without_a_name)
{
	struct task_claim claim = dead_letter();

	(void)claim;
	test_db_tamper(&tw, "UPDATE recall SET done_at = now()");
	ck_assert_int_eq(
	    task_world_number(
		"SELECT count(*) FROM task_move WHERE from_state = 'failed'"),
	    1);
	ck_ok(db_begin(tw.db, &tw_err));
	ck_assert_int_eq(db_script(tw.db,
			     "UPDATE task SET state = 'planned', dead_why = NULL WHERE "
			     "state = 'failed'",
			     &tw_err),
	    STW_INVALID);
	db_rollback(tw.db);
}
END_TEST

START_TEST(one_that_was_tried_in_vain_until_its_window_ended_is_a_dead_letter)
{
	struct task_claim claim;
	int64_t expired;

	ck_assert_int_gt(task_world_plan(), 1);
	sending(1, &claim);
	test_db_tamper(&tw, "UPDATE attempt SET sent_real = clock_timestamp()");
	ck_assert(task_world_finish(&claim, TASK_PUSH_RETRY));
	ck_ok(task_expire(
	    tw.db, task_world_queue_id(), NOW + 400 * STW_USEC_DAY, &expired, &tw_err));
	ck_assert_int_gt(expired, 1);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE dead_why = 'window' AND "
			      "state = 'expired'"),
	    1);
}
END_TEST

/* That it left was not written down, nor how it ended. */
START_TEST(one_of_which_no_end_is_known_when_its_window_ends_is_a_dead_letter)
{
	struct task_claim claim;
	int64_t expired;

	ck_assert_int_gt(task_world_plan(), 1);
	sending(1, &claim);
	test_db_tamper(&tw, "SET session_replication_role = replica;"
			    "UPDATE task SET state = 'ready' WHERE state = 'sending'");
	ck_ok(task_expire(
	    tw.db, task_world_queue_id(), NOW + 400 * STW_USEC_DAY, &expired, &tw_err));
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE dead_why = 'window'"),
	    1);
}
END_TEST

/* Its dispatcher died, and it may have arrived: the next one asks, under the same key. */
START_TEST(one_that_was_out_when_its_dispatcher_died_is_the_next_ones_to_ask_after)
{
	struct task_claim claims[2], old;
	struct task_push push;
	struct task_unsure *asked;
	int found;

	ck_assert_int_gt(task_world_plan(), 2);
	sending(1, &old);
	test_db_tamper(&tw,
	    "UPDATE attempt SET sent_real = clock_timestamp() - interval '1 minute'");
	test_db_tamper(&tw, "UPDATE task_ready SET lease_until = now() - interval '1 "
			    "second' WHERE lease_until IS NOT NULL");
	claims[0] = task_world_claim(30);
	ck_assert_mem_eq(claims[0].task_id.b, old.task_id.b, sizeof old.task_id.b);
	claims[1] = task_world_claim(30);
	ck_ok(task_unsure(tw.db, claims, 2, NOW, &tw_arena, &asked, &found, &tw_err));
	ck_assert_int_eq(found, 1);
	ck_assert_mem_eq(asked[0].push.claim.task_id.b, old.task_id.b, 16);
	ck_assert_int_eq(asked[0].push.claim.epoch, claims[0].epoch);
	ck_assert_int_eq(asked[0].push.offer, 0);
	ck_assert_str_eq(asked[0].push.channel, "VOICE");
	ck_assert_uint_eq(strlen(asked[0].push.record_hash_hex), 64);
	ck_assert_int_gt(asked[0].push.number_id, 0);
	/* A minute ago, so what it still does is over. */
	ck_assert_int_ge(asked[0].age, STW_USEC_MIN);
	ck_assert_int_lt(asked[0].age, STW_USEC_MIN + 30 * STW_USEC_SEC);
	claims[0] = asked[0].push.claim;
	/* The dead one's word counts no more; nobody else is to ask as well. */
	ck_assert(!task_world_finish(&old, TASK_PUSH_ACCEPTED));
	ck_ok(task_unsure(tw.db, claims, 2, NOW, &tw_arena, &asked, &found, &tw_err));
	ck_assert_int_eq(found, 0);
	ck_assert(task_world_finish(&claims[0], TASK_PUSH_ACCEPTED));
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task WHERE state = 'queued' AND "
			      "offer = 0 AND lease_epoch = 2"),
	    1);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM attempt WHERE lease_epoch = 2 AND "
			      "result = 'accepted'"),
	    1);
	/* One that only waits is the gate's. */
	ck_assert_int_eq(task_world_gate(&claims[1], &push), TASK_GATE_SEND);
}
END_TEST

/* ---- a crash of the database -------------------------------------------------------- */
/* Claim and gate of `lost` were not on the disk yet: the task is as before them. The triggers
 * know of no crash. */
static void
crash(void)
{
	test_db_tamper(&tw,
	    "SET session_replication_role = replica;"
	    "CREATE TABLE IF NOT EXISTS was AS SELECT * FROM task;"
	    "DELETE FROM attempt;"
	    "UPDATE task t SET state = w.state, decision_id = w.decision_id, number_id = "
	    "w.number_id, lease_epoch = w.lease_epoch, tries = w.tries FROM was w WHERE "
	    "w.task_id = t.task_id;"
	    "UPDATE task_ready SET lease_epoch = 0, lease_until = NULL, worker = NULL, "
	    "claim_id = NULL WHERE lease_epoch > 0;"
	    "UPDATE task_ready SET due_at = '2030-01-01' WHERE task_id NOT IN (SELECT "
	    "task_id FROM task_ready ORDER BY task_id LIMIT 1)");
}

static bool
may_leave(const struct task_claim *claims, int count, bool *may)
{
	ck_ok(db_begin(tw.db, &tw_err));
	ck_ok(task_push_begin(tw.db, claims, count, &tw_arena, may, &tw_err));
	ck_ok(db_commit(tw.db, &tw_err));
	return may[0];
}

/* Only one task is due; who claims it has epoch 1, before the crash and after it. */
static void
claimed_twice(struct task_claim *lost, bool gated)
{
	struct task_push push;

	ck_assert_int_gt(task_world_plan(), 1);
	crash();
	*lost = task_world_claim(30);
	if (gated)
		ck_assert_int_eq(task_world_gate(lost, &push), TASK_GATE_SEND);
	crash();
}

START_TEST(whose_claim_and_gate_a_crash_took_ends_no_push_of_another)
{
	struct task_claim both[2];
	struct task_push push;
	bool may[2];

	claimed_twice(&both[0], true);
	both[1] = task_world_claim(30);
	ck_assert_mem_eq(both[0].task_id.b, both[1].task_id.b, 16);
	ck_assert_int_eq(both[0].epoch, both[1].epoch);
	ck_assert_int_eq(task_world_gate(&both[1], &push), TASK_GATE_SEND);
	/* Its decision is lost, so it does not leave: neither alone nor beside the other. */
	ck_assert(!may_leave(both, 1, may));
	(void)may_leave(both, 2, may);
	ck_assert(!may[0] && may[1]);
	/* Given back: the push of the other is out, and stays so. */
	ck_assert(!task_world_finish(&both[0], TASK_PUSH_RETRY));
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM task JOIN attempt a USING (bucket, "
			      "task_id) WHERE state = 'sending' AND finished_at IS "
			      "NULL"),
	    1);
	ck_assert(task_world_finish(&both[1], TASK_PUSH_ACCEPTED));
}
END_TEST

START_TEST(whose_claim_a_crash_took_neither_keeps_nor_gates_anothers)
{
	struct task_claim both[2];
	struct task_push push;
	struct task_gated gated[2];
	struct task_unsure *asked;
	bool held[2];
	int found;

	claimed_twice(&both[0], false);
	both[1] = task_world_claim(30);
	ck_assert_int_eq(both[0].epoch, both[1].epoch);
	ck_ok(task_leases_extend(tw.db, both, 2, 20, &tw_arena, held, &tw_err));
	ck_assert(!held[0] && held[1]);
	ck_assert_int_eq(task_world_gate(&both[0], &push), TASK_GATE_GONE);
	ck_ok(
	    task_gate_batch(tw.db, tw_rules, both, 1, NOW, &tw_arena, gated, &tw_err));
	ck_assert(!gated[0].decided);
	ck_assert_int_eq(task_world_gate(&both[1], &push), TASK_GATE_SEND);
	/* Nor asks after what another sent. */
	test_db_tamper(&tw, "SET session_replication_role = replica;"
			    "UPDATE task SET lease_epoch = 0 WHERE state = 'sending'");
	ck_ok(task_unsure(tw.db, both, 1, NOW, &tw_arena, &asked, &found, &tw_err));
	ck_assert_int_eq(found, 0);
}
END_TEST

/* ---- commits that wait ---------------------------------------------------------------- */
/* What COMMIT of a transaction that ends attempts is told of waiting. */
static void
watch_commits(void)
{
	test_db_tamper(&tw,
	    "CREATE TABLE seen_commit (waits text);"
	    "CREATE FUNCTION see_commit() RETURNS trigger LANGUAGE plpgsql SECURITY "
	    "DEFINER AS $$ BEGIN INSERT INTO public.seen_commit VALUES "
	    "(current_setting('synchronous_commit')); RETURN NULL; END $$;"
	    "CREATE CONSTRAINT TRIGGER seen_commit AFTER UPDATE ON attempt "
	    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "
	    "see_commit()");
}

START_TEST(an_ending_waits_for_the_disk_when_it_asks_for_a_recall)
{
	char sql[200];

	(void)snprintf(
	    sql, sizeof sql, "ALTER DATABASE %s SET synchronous_commit = on", tw.name);
	test_db_tamper(&tw, sql);
	ck_ok(db_reset(tw.db, &tw_err));
	watch_commits();
	(void)dead_letter();
	/* Two endings do not wait; the one that makes a dead letter does. */
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM seen_commit WHERE waits = 'off'"),
	    2);
	ck_assert_int_eq(
	    task_world_number("SELECT count(*) FROM seen_commit WHERE waits = 'on'"),
	    1);
}
END_TEST

static bool
turn(const char *holder, stw_usec hold, stw_usec pace, struct queue_turn *out)
{
	ck_ok(queue_turn_take(
	    tw.db, task_world_queue_id(), holder, hold, pace, out, &tw_err));
	return out->taken;
}

START_TEST(a_queue_with_a_pace_is_one_dispatchers_at_a_time)
{
	struct queue_turn t;

	ck_assert(turn("a", STW_USEC_HOUR, STW_USEC_SEC, &t));
	ck_assert(!turn("b", STW_USEC_HOUR, STW_USEC_SEC, &t));
	ck_assert(t.held);
	ck_assert_int_gt(t.wait, STW_USEC_HOUR / 2);
	ck_assert(turn("a", STW_USEC_HOUR, STW_USEC_SEC, &t));
	/* Given back by one who does not have it: nothing. */
	ck_ok(queue_turn_give(tw.db, task_world_queue_id(), "b", 0, &tw_err));
	ck_assert(!turn("b", STW_USEC_HOUR, STW_USEC_SEC, &t));
	/* Given back, and its pause is still to be waited for. */
	ck_ok(
	    queue_turn_give(tw.db, task_world_queue_id(), "a", STW_USEC_HOUR, &tw_err));
	ck_assert(!turn("b", STW_USEC_HOUR, STW_USEC_SEC, &t));
	ck_assert(!t.held);
	ck_assert(!turn("a", STW_USEC_HOUR, STW_USEC_SEC, &t));
	test_db_tamper(&tw, "UPDATE queue_turn SET free_at = clock_timestamp()");
	ck_assert(turn("b", STW_USEC_HOUR, STW_USEC_SEC, &t));
	/* One that died: another's once it has run out. */
	test_db_tamper(&tw, "UPDATE queue_turn SET free_at = clock_timestamp()");
	ck_assert(turn("a", STW_USEC_HOUR, STW_USEC_SEC, &t));
	ck_assert(!turn("b", STW_USEC_HOUR, STW_USEC_SEC, &t));
}
END_TEST

START_TEST(a_queue_that_is_gone_is_closed_with_an_incident_until_opened)
{
	struct queue_health health = {.worker = "w",
				.concurrency = 3,
				.dead_for = STW_USEC_MIN,
				.last_error = "no",
				.last_ok_at = STW_USEC_NEVER,
				.last_failed_at = NOW},
			    *rows;
	struct queue_row *queues;
	int count;

	ck_ok(queue_gone(tw.db, task_world_queue_id(), "wealth-remote", NOW, &tw_err));
	ck_ok(queue_gone(tw.db, task_world_queue_id(), "wealth-remote", NOW, &tw_err));
	ck_assert_int_eq(task_world_number(
			     "SELECT count(*) FROM incident WHERE code = 'QUEUE_GONE'"),
	    1);
	ck_ok(queue_targets(
	    tw.db, NULL, "wealth-remote", &tw_arena, &queues, &count, &tw_err));
	ck_assert_int_eq(count, 1);
	ck_assert_str_eq(queues[0].state, "disabled");
	ck_assert_str_eq(queues[0].state_by, "dispatch");
	/* A put changes no state. */
	queues[0].hours_from = 540;
	queues[0].hours_to = 1080;
	queues[0].rate = 20;
	queues[0].rate_sec = 60;
	ck_ok(queue_put(tw.db, tw_keys, &queues[0], "o_li", NOW, &tw_err));
	ck_ok(queue_set_state(
	    tw.db, task_world_queue_id(), "open", "o_li", "new server", NOW, &tw_err));
	ck_assert_int_eq(queue_set_state(tw.db, task_world_queue_id(), "open", "o_li",
			     "x", NOW, &tw_err),
	    STW_CONFLICT);
	ck_ok(queue_targets(
	    tw.db, tw_keys, "wealth-remote", &tw_arena, &queues, &count, &tw_err));
	ck_assert_str_eq(queues[0].state, "open");
	ck_assert_int_eq(queues[0].hours_to, 1080);
	ck_assert_int_eq(queues[0].rate_sec, 60);
	ck_assert_str_eq(queues[0].secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
	ck_ok(queue_gone(tw.db, task_world_queue_id(), "wealth-remote",
	    NOW + STW_USEC_MIN, &tw_err));
	ck_assert_int_eq(task_world_number(
			     "SELECT count(*) FROM incident WHERE code = 'QUEUE_GONE'"),
	    2);
	health.queue_id = task_world_queue_id();
	ck_ok(queue_health_put(tw.db, &health, &tw_err));
	health.accepted = 7;
	ck_ok(queue_health_put(tw.db, &health, &tw_err));
	ck_ok(queue_health_list(tw.db, NULL, &tw_arena, &rows, &count, &tw_err));
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(rows[0].accepted, 7);
	ck_assert_str_eq(rows[0].queue, "wealth-remote");
	ck_assert(rows[0].dead_until > rows[0].seen_at);
	ck_assert(rows[0].last_ok_at == STW_USEC_NEVER);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dispatch_store");
	SRunner *runner;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	test_cluster_start();
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    endings_of_many_are_written_together_and_each_by_its_own_lease, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    a_heartbeat_keeps_only_what_is_still_held, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    what_was_tried_is_drawn_from_a_lane_of_its_own_by_priority, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    a_dead_letter_goes_round_again_when_a_person_says_so, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    one_whose_recall_cannot_be_delivered_goes_round_when_a_person_has_looked, 0,
	    1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    all_whose_recall_cannot_be_delivered_go_round_together, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    a_withdrawal_holds_for_a_requeued_letter, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    nobody_requeues_without_a_name, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    one_that_was_tried_in_vain_until_its_window_ended_is_a_dead_letter, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    one_that_was_out_when_its_dispatcher_died_is_the_next_ones_to_ask_after, 0,
	    1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    an_answer_to_a_recall_of_before_is_not_the_next_ones, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    one_of_which_no_end_is_known_when_its_window_ends_is_a_dead_letter, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    whose_claim_and_gate_a_crash_took_ends_no_push_of_another, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    whose_claim_a_crash_took_neither_keeps_nor_gates_anothers, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    an_ending_waits_for_the_disk_when_it_asks_for_a_recall, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    a_queue_with_a_pace_is_one_dispatchers_at_a_time, 0, 1);
	CASE_ADD(suite, task_world_setup, task_world_teardown, 60,
	    a_queue_that_is_gone_is_closed_with_an_incident_until_opened, 0, 1);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
