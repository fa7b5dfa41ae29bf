#include "tests/lib/feed_world.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <sodium.h>

#include "campaigns/plan_store.h"
#include "campaigns/setup_store.h"
#include "segments/book_store.h"
#include "segments/tick_store.h"

#define PEOPLE 8

struct feed_world fw;

#define ok(call)                                                                   \
	do {                                                                       \
		enum stw_code ok_rc = (call);                                      \
		ck_assert_msg(                                                     \
		    ok_rc == STW_OK, "%s: %s", stw_code_name(ok_rc), fw.err.text); \
	} while (0)

static const char people[] =
    "CREATE FUNCTION b(n int) RETURNS smallint LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT get_byte(sha256(('k' || n)::bytea), 0)::smallint $$;"
    "INSERT INTO customer (bucket, customer_id, ref, name_mask, dob, zone, province, "
    "    risk_rating, risk_assessed_on, opened_on, updated_at) "
    "SELECT b(n), n, 'k' || n, '王**', '1980-05-05', 'Asia/Shanghai', '上海市', 4, "
    "    '2026-06-01', '2020-01-01', '2026-01-01' FROM generate_series(1, 8) AS n;"
    "INSERT INTO customer_permission SELECT b(n), n, 0 FROM generate_series(1, 8) AS n;"
    "INSERT INTO holding (bucket, customer_id, holding_ref, kind, amount, currency, "
    "    maturity_on, updated_at) "
    "SELECT b(n), n, 'h', 'deposit', 50000000, 'CNY', '2026-11-26', '2026-01-01' "
    "  FROM generate_series(1, 8) AS n;"
    "INSERT INTO consent_event (bucket, consent_id, customer_id, action, purpose, channel, "
    "    form, notice_version, evidence, evidence_hash, source, actor, effective_at, "
    "    recorded_at) "
    "SELECT b(n), gen_random_uuid(), n, 'grant', 'MARKETING', 'VOICE', 'written', 'v3', "
    "    'e', sha256('e'), 'branch', 'x', '2026-05-01', '2026-05-01' "
    "  FROM generate_series(1, 8) AS n;";

const char *
feed_world_phone(int n)
{
	return arena_printf(&fw.arena, "+8613800000%03d", n);
}

static const char *
hex(const struct buf *b)
{
	char *to = arena_alloc(&fw.arena, b->len * 2 + 1);

	return sodium_bin2hex(
	    to, b->len * 2 + 1, (const unsigned char *)b->data, b->len);
}

static void
add_phone(int n)
{
	struct str phone = str_of(feed_world_phone(n));
	unsigned char index[SEAL_INDEX_BYTES];
	struct seal_customer key;
	struct buf wrapped, sealed, hashed;

	buf_init(&wrapped);
	buf_init(&sealed);
	buf_init(&hashed);
	seal_customer_new(fw.keys, n, &key, &wrapped);
	seal_text(&key, n, "contact_point.phone", phone, &sealed);
	seal_index(fw.keys, 1, phone, index);
	buf_add(&hashed, index, sizeof index);
	test_db_tamper(&fw.t,
	    arena_printf(&fw.arena,
		"INSERT INTO customer_key VALUES (b(%d), %d, '\\x%s');"
		"INSERT INTO contact_point (bucket, point_id, customer_id, kind, "
		"phone_sealed, phone_index, phone_mask, region, zones, is_primary, "
		"updated_at) VALUES (b(%d), %d, %d, 'mobile', '\\x%s', '\\x%s', "
		"'138****0%03d', 'CN', '{Asia/Shanghai}', true, '2026-01-01')",
		n, n, hex(&wrapped), n, n, n, hex(&sealed), hex(&hashed), n));
	buf_fini(&wrapped);
	buf_fini(&sealed);
	buf_fini(&hashed);
}

void
feed_world_open(void)
{
	const struct setup_options options = {.now = TASK_NOW,
	    .queue_url = "http://127.0.0.1:9",
	    .queue_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
	struct setup_result result;
	char path[] = "/tmp/stw-keys-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(unlink(path), 0);
	fw.err = (struct stw_err){0};
	fw.rules = NULL;
	arena_init(&fw.arena);
	test_db_open(&fw.t);
	ok(seal_keys_open(path, true, &fw.keys, &fw.err));
	db_keys_set(fw.t.db, fw.keys);
	ck_assert_int_eq(unlink(path), 0);
	ok(setup_demo(fw.t.db, fw.keys, &options, &fw.arena, &result, &fw.err));
	test_db_tamper(&fw.t, people);
	for (int n = 1; n <= PEOPLE; n++)
		add_phone(n);
	feed_world_rules();
}

void
feed_world_close(void)
{
	ruleset_free(fw.rules);
	seal_keys_close(fw.keys);
	test_db_close(&fw.t);
	arena_fini(&fw.arena);
}

void
feed_world_rules(void)
{
	ruleset_free(fw.rules);
	fw.rules = NULL;
	ok(task_rules_load(fw.t.db, &fw.rules, &fw.err));
}

int64_t
feed_world_number(const char *sql)
{
	return test_db_number(&fw.t, sql);
}

int64_t
feed_world_plan(void)
{
	struct segments_tick_result tick;
	struct plan_result result;
	struct book_parts parts;
	struct book *book;

	ok(book_load(fw.t.db, TASK_NOW, NULL, &book, &fw.err));
	parts = book_parts_of(book);
	ok(segments_tick(fw.t.db, &parts, NULL, TASK_NOW, NULL, &tick, &fw.err));
	const struct plan_options options = {.now = TASK_NOW, .segments = &tick.hosts};
	ok(plan_run(fw.t.db, &parts, fw.rules, &options, &fw.arena, &result, &fw.err));
	segments_tick_fini(&tick);
	book_free(book);
	return result.tasks;
}

struct task_claim
feed_world_claim(void)
{
	struct task_claim *claims;
	int count;

	ok(task_claim(fw.t.db,
	    feed_world_number(
		"SELECT queue_id FROM queue WHERE code = 'wealth-remote'"),
	    TASK_LANE_NEW, "test", 1, 30, TASK_NOW, &fw.arena, &claims, &count,
	    &fw.err));
	ck_assert_int_eq(count, 1);
	return claims[0];
}

enum task_gate_result
feed_world_gate(struct task_claim *claim)
{
	enum task_gate_result result;
	struct task_push push;

	ok(task_gate_dispatch(
	    fw.t.db, fw.rules, claim, TASK_NOW, &fw.arena, &result, &push, &fw.err));
	if (result == TASK_GATE_SEND)
		*claim = push.claim;
	return result;
}

struct task_claim
feed_world_accepted(void)
{
	struct task_claim claim = feed_world_claim();
	struct task_ending ending = {
	    .result = TASK_PUSH_ACCEPTED, .http_status = 202, .left = true};

	ck_assert_int_eq(feed_world_gate(&claim), TASK_GATE_SEND);
	ending.claim = claim;
	ok(task_finish_pushes(fw.t.db, &ending, 1, TASK_NOW, &fw.arena, &fw.err));
	ok(db_begin(fw.t.db, &fw.err));
	ok(task_accept(fw.t.db, &claim.task_id, "a_01", TASK_NOW, &fw.err));
	ok(db_commit(fw.t.db, &fw.err));
	return claim;
}

void
feed_world_ask(
    const struct uuid *task, const struct task_desk *desk, struct task_permit *out)
{
	ok(db_begin(fw.t.db, &fw.err));
	ok(task_permit_desk(
	    fw.t.db, fw.rules, task, desk, TASK_NOW, &fw.arena, out, &fw.err));
	db_rollback(fw.t.db);
}

bool
task_permit_says(const struct task_permit *permit, const char *code)
{
	for (int i = 0; i < permit->decision.ncodes; i++)
		if (strcmp(permit->decision.codes[i], code) == 0)
			return true;
	return false;
}
