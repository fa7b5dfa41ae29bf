/* Stages and segments in the database: versions, ticks, histories, ledger entries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "segments/book_store.h"
#include "segments/promise_store.h"
#include "segments/tick_store.h"
#include "tests/lib/book_world.h"
#include "tests/lib/cluster.h"

static struct test_db t;
static struct arena arena;
static struct stw_err err;

/* Six customers of 300 days with 5000.00, 10000.00, ... on account and a transaction of
 * yesterday: growing, all of them. */
static const char fixture[] =
    "CREATE FUNCTION b(n int) RETURNS smallint LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT get_byte(sha256(('k' || n)::bytea), 0)::smallint $$;"
    "INSERT INTO customer (bucket, customer_id, ref, opened_on, updated_at) "
    "SELECT b(n), n, 'k' || n, '2026-01-27', '2026-01-01' FROM generate_series(1, 6) AS n;"
    "INSERT INTO holding SELECT b(n), n, 'h', NULL, 'account', n * 500000, 'CNY', NULL, "
    "  NULL, 'open', '2026-01-01' FROM generate_series(1, 6) AS n;"
    "INSERT INTO txn SELECT b(n), n, 't', '2026-11-22', 'deposit', 1, 'CNY', NULL "
    "  FROM generate_series(1, 6) AS n;";

static void
setup(void)
{
	test_db_open(&t);
	test_db_tamper(&t, fixture);
	arena_init(&arena);
	err = (struct stw_err){0};
}

static void
teardown(void)
{
	arena_fini(&arena);
	test_db_close(&t);
}

#define ck_ok(call)                                                             \
	do {                                                                    \
		enum stw_code ck_rc = (call);                                   \
		ck_assert_msg(                                                  \
		    ck_rc == STW_OK, "%s: %s", stw_code_name(ck_rc), err.text); \
	} while (0)

static int64_t
number(const char *sql)
{
	return test_db_number(&t, sql);
}

static int
save(const char *code, const char *rule)
{
	const struct segment_def def = {
	    .code = code, .name_zh = code, .name_en = code, .rule = rule};
	int version = 0;

	ck_ok(segment_store_save(t.db, &def, "ann", WORLD_NOW, &version, &err));
	return version;
}

static void
install_model(void)
{
	bool installed = false;

	ck_ok(lifecycle_store_install(t.db, "setup", WORLD_NOW, &installed, &err));
	ck_assert(installed);
}

/* A tick with a book of its own; the caller finis the result. */
static struct book *
tick(stw_usec now, struct segments_tick_result *result)
{
	struct book *book = NULL;
	struct book_parts parts;

	ck_ok(book_load(t.db, now, NULL, &book, &err));
	parts = book_parts_of(book);
	ck_ok(segments_tick(t.db, &parts, NULL, now, NULL, result, &err));
	return book;
}

static void
tick_once(stw_usec now)
{
	struct segments_tick_result result;
	struct book *book = tick(now, &result);

	segments_tick_fini(&result);
	book_free(book);
}

/* Columns without customers. */
static struct book *
blank_book(void)
{
	struct book *book = NULL;

	ck_ok(book_load_blank(t.db, WORLD_NOW, &book, &err));
	return book;
}

static const struct tick_segment *
found(const struct segments_tick_result *result, const char *code)
{
	for (int i = 0; i < result->nsegments; i++)
		if (strcmp(result->segments[i].code, code) == 0)
			return &result->segments[i];
	ck_abort_msg("no segment %s", code);
	return NULL;
}

/* ---- models -------------------------------------------------------------------------- */
START_TEST(a_model_has_versions_and_one_is_active)
{
	struct lifecycle_model model;
	struct lifecycle_validation validation;
	struct lifecycle_preview preview;
	struct lifecycle_version *versions;
	const char *document;
	struct book_parts parts;
	struct book *book;
	bool installed;
	int version, n;

	ck_assert_int_eq(
	    lifecycle_store_active(t.db, &arena, &model, &err), STW_NOT_FOUND);
	install_model();
	ck_ok(lifecycle_store_install(t.db, "setup", WORLD_NOW, &installed, &err));
	ck_assert(!installed);
	ck_ok(lifecycle_store_active(t.db, &arena, &model, &err));
	ck_assert_int_eq(model.version, 1);
	ck_assert_int_eq(model.nstages, 8);

	/* The same content, in another layout, is no new version. */
	ck_ok(lifecycle_store_save(
	    t.db, model.document, "ann", WORLD_NOW, &version, &err));
	ck_assert_int_eq(version, 1);

	document =
	    "{\"code\": \"wealth\", \"name\": {\"zh\": \"x\", \"en\": \"x\"}, \"stages\": "
	    "[{\"code\": \"all\", \"name\": {\"zh\": \"x\", \"en\": \"x\"}}], \"initial\": "
	    "[{\"stage\": \"all\", \"reason\": \"r\"}], \"transitions\": []}";
	ck_ok(lifecycle_store_save(
	    t.db, str_of(document), "ann", WORLD_NOW, &version, &err));
	ck_assert_int_eq(version, 2);
	ck_ok(lifecycle_store_active(t.db, &arena, &model, &err));
	ck_assert_int_eq(model.version, 1);
	/* Not without a second person; nor by the person who wrote it. */
	ck_assert_int_eq(
	    lifecycle_store_activate(t.db, "wealth", 2, "bob", WORLD_NOW, &err),
	    STW_CONFLICT);
	ck_assert_msg(strstr(err.text, "is a draft") != NULL, "%s", err.text);
	book = blank_book();
	parts = book_parts_of(book);
	ck_assert_int_eq(lifecycle_store_approve(t.db, "wealth", 2, &parts, "bob",
			     WORLD_NOW, &arena, &preview, &err),
	    STW_CONFLICT);
	ck_ok(lifecycle_store_submit(
	    t.db, "wealth", 2, &parts, "ann", WORLD_NOW, &arena, &validation, &err));
	ck_assert_int_eq(
	    lifecycle_store_activate(t.db, "wealth", 2, "bob", WORLD_NOW, &err),
	    STW_CONFLICT);
	ck_assert_int_eq(lifecycle_store_approve(t.db, "wealth", 2, &parts, "ann",
			     WORLD_NOW, &arena, &preview, &err),
	    STW_CONFLICT);
	ck_assert_msg(strstr(err.text, "somebody else") != NULL, "%s", err.text);
	ck_ok(lifecycle_store_reject(
	    t.db, "wealth", 2, "bob", "one stage is no life", WORLD_NOW, &err));
	ck_assert_int_eq(lifecycle_store_approve(t.db, "wealth", 2, &parts, "bob",
			     WORLD_NOW, &arena, &preview, &err),
	    STW_CONFLICT);
	ck_ok(lifecycle_store_submit(
	    t.db, "wealth", 2, &parts, "ann", WORLD_NOW, &arena, &validation, &err));
	ck_ok(lifecycle_store_approve(
	    t.db, "wealth", 2, &parts, "bob", WORLD_NOW, &arena, &preview, &err));
	book_free(book);
	ck_ok(lifecycle_store_activate(t.db, "wealth", 2, "bob", WORLD_NOW, &err));
	ck_ok(lifecycle_store_activate(t.db, "wealth", 2, "bob", WORLD_NOW, &err));
	ck_ok(lifecycle_store_active(t.db, &arena, &model, &err));
	ck_assert_int_eq(model.version, 2);
	ck_assert_int_eq(
	    lifecycle_store_activate(t.db, "wealth", 9, "bob", WORLD_NOW, &err),
	    STW_NOT_FOUND);

	ck_ok(lifecycle_store_list(t.db, "wealth", &arena, &versions, &n, &err));
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(versions[0].state, LIFECYCLE_ACTIVE);
	ck_assert_str_eq(versions[0].approved_by, "bob");
	ck_assert_int_eq(versions[0].preview_as_of, WORLD_NOW);
	ck_assert_msg(strstr(versions[0].preview, "\"differ\": 0") != NULL, "%s",
	    versions[0].preview);
	ck_assert_ptr_null(versions[0].exempt);
	ck_assert_int_eq(versions[1].state, LIFECYCLE_RETIRED);
	ck_assert_ptr_null(versions[1].approved_by);
	ck_assert_str_eq(versions[1].exempt, "shipped");
	/* Created and activated, each once; the first exempt, the second submitted twice,
	 * rejected and approved; and seven segments retired. */
	ck_assert_int_eq(
	    number("SELECT count(*) FROM ledger_outbox WHERE kind = 'rule_change'"),
	    16);
	/* Its promises went with the first one. */
	ck_assert_int_eq(number("SELECT count(*) FROM promise"), 0);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM segment WHERE state = 'active'"), 0);
	/* In force as shipped is not approved: it comes back when somebody has said yes. */
	ck_assert_int_eq(
	    lifecycle_store_activate(t.db, "wealth", 1, "bob", WORLD_NOW, &err),
	    STW_CONFLICT);
	ck_assert_msg(strstr(err.text, "without an approval") != NULL, "%s", err.text);
	book = blank_book();
	parts = book_parts_of(book);
	ck_assert_int_eq(lifecycle_store_approve(t.db, "wealth", 1, &parts,
			     versions[1].author, WORLD_NOW, &arena, &preview, &err),
	    STW_CONFLICT);
	for (int i = 0; i < 2; i++)
		ck_ok(lifecycle_store_approve(t.db, "wealth", 1, &parts, "cat",
		    WORLD_NOW, &arena, &preview, &err));
	ck_assert_int_eq(lifecycle_store_approve(t.db, "wealth", 1, &parts, "dan",
			     WORLD_NOW, &arena, &preview, &err),
	    STW_CONFLICT);
	book_free(book);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM lifecycle_model WHERE version = 1 "
		   "AND state = 'retired' AND approved_by = 'cat'"),
	    1);
	/* What was approved may come back, with its promises. */
	ck_ok(lifecycle_store_activate(t.db, "wealth", 1, "bob", WORLD_NOW, &err));
	ck_assert_int_eq(number("SELECT count(*) FROM promise"), 6);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM segment WHERE state = 'active' AND "
		   "kind = 'computed'"),
	    7);
}
END_TEST

START_TEST(a_model_that_makes_no_sense_stays_a_draft)
{
	const char *document =
	    "{\"code\": \"wealth\", \"name\": {\"zh\": \"x\", \"en\": \"x\"}, \"stages\": "
	    "[{\"code\": \"all\", \"name\": {\"zh\": \"x\", \"en\": \"x\"}}, {\"code\": "
	    "\"island\", \"name\": {\"zh\": \"x\", \"en\": \"x\"}}], \"initial\": "
	    "[{\"stage\": \"all\", \"reason\": \"r\"}], \"transitions\": []}";
	struct lifecycle_validation validation;
	struct book_parts parts;
	struct book *book;
	int version;

	install_model();
	ck_ok(lifecycle_store_save(
	    t.db, str_of(document), "ann", WORLD_NOW, &version, &err));
	book = blank_book();
	parts = book_parts_of(book);
	ck_assert_int_eq(lifecycle_store_submit(t.db, "wealth", version, &parts, "ann",
			     WORLD_NOW, &arena, &validation, &err),
	    STW_CONFLICT);
	book_free(book);
	ck_assert_msg(
	    strstr(err.text, "stages[1]: no way leads") != NULL, "%s", err.text);
	ck_assert_int_eq(validation.errors, 1);
	ck_assert_int_eq(number("SELECT count(*) FROM lifecycle_model WHERE state = "
				"'draft'"),
	    1);
	ck_assert(!db_in_transaction(t.db));
}
END_TEST

/* The words of the CHECK are those of the table in the program. */
START_TEST(the_states_of_a_version_are_those_of_the_schema)
{
	char sql[300];

	for (int s = 1; s < LIFECYCLE_STATES; s++) {
		(void)snprintf(sql, sizeof sql,
		    "SELECT count(*) FROM pg_constraint WHERE conname = "
		    "'lifecycle_model_state_check' AND pg_get_constraintdef(oid) LIKE "
		    "'%%''%s''%%'",
		    lifecycle_state_name((enum lifecycle_state)s));
		ck_assert_msg(number(sql) == 1, "%s", sql);
	}
	ck_assert_int_eq(
	    number("SELECT count(*) FROM pg_constraint, regexp_matches("
		   "pg_get_constraintdef(oid), '''[a-z]+''', 'g') WHERE conname = "
		   "'lifecycle_model_state_check'"),
	    LIFECYCLE_STATES - 1);
}
END_TEST

START_TEST(a_model_with_a_fault_is_not_kept)
{
	const char *document =
	    "{\"code\": \"wealth\", \"name\": {\"zh\": \"x\", \"en\": \"x\"}, \"stages\": "
	    "[{\"code\": \"all\", \"name\": {\"zh\": \"x\", \"en\": \"x\"}}], \"initial\": "
	    "[{\"stage\": \"all\", \"when\": \"customer.shoe > 1\", \"reason\": \"r\"}, "
	    "{\"stage\": \"all\", \"reason\": \"r\"}], \"transitions\": []}";
	int version;

	ck_assert_int_eq(lifecycle_store_save(
			     t.db, str_of(document), "ann", WORLD_NOW, &version, &err),
	    STW_INVALID);
	ck_assert_msg(strstr(err.text, "initial[0].when") != NULL, "%s", err.text);
	ck_assert_int_eq(number("SELECT count(*) FROM lifecycle_model"), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM ledger_outbox"), 0);
	ck_assert(!db_in_transaction(t.db));
}
END_TEST

/* ---- segments -------------------------------------------------------------------------- */
START_TEST(a_changed_rule_is_a_new_version_with_a_ledger_entry)
{
	struct segment_def def = {.code = "rich",
	    .name_zh = "富",
	    .name_en = "rich",
	    .rule = "customer.aum > money('1')"};
	struct segment_info info;
	int version;

	ck_ok(segment_store_save(t.db, &def, "ann", WORLD_NOW, &version, &err));
	ck_assert_int_eq(version, 1);
	ck_ok(segment_store_save(t.db, &def, "ann", WORLD_NOW, &version, &err));
	ck_assert_int_eq(version, 1);
	def.name_en = "wealthy";
	ck_ok(segment_store_save(t.db, &def, "ann", WORLD_NOW, &version, &err));
	ck_assert_int_eq(version, 1);
	ck_assert_int_eq(number("SELECT count(*) FROM ledger_outbox"), 1);
	def.rule = "customer.aum > money('2')";
	ck_ok(segment_store_save(t.db, &def, "bob", WORLD_NOW, &version, &err));
	ck_assert_int_eq(version, 2);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM ledger_outbox WHERE kind = 'rule_change' AND "
		   "bucket = -1 AND convert_from(entry, 'UTF8')::jsonb @> "
		   "'{\"subject\": \"segment\", \"code\": \"rich\", \"version\": 2, "
		   "\"actor\": \"bob\", \"kind\": \"rule_change\"}'"),
	    1);
	ck_ok(segment_store_get(t.db, "rich", &arena, &info, &err));
	ck_assert_str_eq(info.def.name_en, "wealthy");
	ck_assert_int_eq(info.def.version, 2);
	ck_assert_int_eq(info.as_of, STW_USEC_NEVER);
	ck_assert_int_eq(
	    segment_store_get(t.db, "none", &arena, &info, &err), STW_NOT_FOUND);
}
END_TEST

static const struct {
	const char *rule, *want;
} refused[] = {
    {"", "empty"},
    {"customer.shoe > 1", "shoe"},
    {"customer.ref in segment('bse')", "did you mean \"base\""},
    {"customer.ref in segment('user')", "circle"},
};

START_TEST(a_rule_with_a_fault_changes_nothing)
{
	struct segment_def def = {.code = "base", .name_zh = "x", .name_en = "x"};
	int version;

	(void)save("base", "true");
	(void)save("user", "customer.ref in segment('base')");
	def.rule = refused[_i].rule;
	if (strstr(refused[_i].rule, "bse") != NULL)
		def.code = "third";
	ck_assert_int_eq(
	    segment_store_save(t.db, &def, "ann", WORLD_NOW, &version, &err),
	    STW_INVALID);
	ck_assert_msg(strstr(err.text, refused[_i].want) != NULL, "%s", err.text);
	ck_assert_int_eq(number("SELECT count(*) FROM segment WHERE version = 1"), 2);
	ck_assert(!db_in_transaction(t.db));
}
END_TEST

START_TEST(a_retired_segment_has_no_members_and_cannot_come_back)
{
	const struct segment_def def = {
	    .code = "user", .name_zh = "x", .name_en = "x", .rule = "true"};
	struct segment_info *infos;
	int n, version;

	install_model();
	(void)save("base", "true");
	(void)save("user", "customer.ref in segment('base')");
	tick_once(WORLD_NOW);
	ck_assert_int_eq(
	    segment_store_retire(t.db, "base", "ann", WORLD_NOW, &err), STW_CONFLICT);
	ck_assert_msg(strstr(err.text, "used by segment user") != NULL, "%s", err.text);
	ck_ok(segment_store_retire(t.db, "user", "ann", WORLD_NOW + 1, &err));
	ck_ok(segment_store_retire(t.db, "user", "ann", WORLD_NOW + 1, &err));
	ck_assert_int_eq(
	    number("SELECT count(*) FROM segment_member WHERE left_at IS NULL"), 6);
	ck_assert_int_eq(
	    segment_store_save(t.db, &def, "ann", WORLD_NOW, &version, &err),
	    STW_CONFLICT);
	ck_ok(segment_store_list(t.db, false, &arena, &infos, &n, &err));
	ck_assert_int_eq(n, 1 + 7); /* and those of the promises */
	ck_ok(segment_store_list(t.db, true, &arena, &infos, &n, &err));
	ck_assert_int_eq(n, 2 + 7);
	ck_ok(segment_store_retire(t.db, "base", "ann", WORLD_NOW + 1, &err));
}
END_TEST

START_TEST(what_is_shipped_is_installed_once)
{
	int installed = 0;

	ck_ok(segment_store_install(t.db, "setup", WORLD_NOW, &installed, &err));
	ck_assert_int_ge(installed, 7);
	ck_assert_int_eq(number("SELECT count(*) FROM segment"), installed);
	ck_ok(segment_store_install(t.db, "setup", WORLD_NOW, &installed, &err));
	ck_assert_int_eq(installed, 0);
}
END_TEST

/* ---- ticks ----------------------------------------------------------------------------- */
START_TEST(a_tick_places_everybody_and_repeating_it_changes_nothing)
{
	struct segments_tick_result result;
	struct lifecycle_count *counts;
	struct lifecycle_event *events;
	struct book *book;
	int n;

	install_model();
	(void)save(
	    "rich", "customer.stage == 'growing' && customer.aum > money('10000')");
	book = tick(WORLD_NOW, &result);
	ck_assert_int_eq(result.stage_changes, 6);
	ck_assert_int_eq(result.nflows, 1);
	ck_assert_ptr_null(result.flows[0].from);
	ck_assert_str_eq(result.flows[0].to, "growing");
	ck_assert_int_eq(result.flows[0].customers, 6);
	ck_assert_int_eq(result.nsegments, 1 + 7); /* and those of the promises */
	/* It saw the stages of this very tick. */
	ck_assert_int_eq(found(&result, "rich")->matched, 4);
	ck_assert_int_eq(found(&result, "rich")->entered, 4);
	ck_assert_int_eq(found(&result, "rich")->left, 0);
	ck_assert_str_eq(world_cell(book, "stage", 0), "growing");
	segments_tick_fini(&result);
	book_free(book);
	ck_assert_int_eq(number("SELECT count(*) FROM customer_stage"), 6);
	ck_assert_int_eq(number("SELECT count(*) FROM stage_history"), 6);
	ck_assert_int_eq(number("SELECT count(*) FROM segment_member"), 4);

	book = tick(WORLD_NOW, &result);
	ck_assert_int_eq(result.stage_changes, 0);
	ck_assert_int_eq(found(&result, "rich")->matched, 4);
	ck_assert_int_eq(found(&result, "rich")->entered, 0);
	segments_tick_fini(&result);
	book_free(book);
	ck_assert_int_eq(number("SELECT count(*) FROM stage_history"), 6);
	ck_assert_int_eq(number("SELECT count(*) FROM segment_member"), 4);

	ck_ok(lifecycle_store_counts(t.db, "wealth", &arena, &counts, &n, &err));
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(counts[0].customers, 6);
	ck_ok(lifecycle_store_history(
	    t.db, customer_bucket(STR_LIT("k1")), 1, &arena, &events, &n, &err));
	ck_assert_int_eq(n, 1);
	ck_assert_ptr_null(events[0].from);
	ck_assert_str_eq(events[0].reason, "placed");
	ck_assert_str_eq(events[0].transition, "initial[7]");
	ck_assert_ptr_null(events[0].cause); /* an entry without a rule */
	ck_assert_int_eq(events[0].at, WORLD_NOW);
}
END_TEST

START_TEST(a_customer_moves_leaves_and_comes_back)
{
	static const struct {
		const char *sql; /* before the tick */
		int day;
		const char *to; /* NULL: nobody moves */
		int64_t members, rows;
	} steps[] = {
	    {"SELECT 1", 0, "growing", 3, 3},
	    {"UPDATE holding SET amount = 100000 WHERE customer_id = 6; "
	     "INSERT INTO txn VALUES (b(6), 6, 't2', '2026-11-22', 'withdrawal', -2900000, "
	     "  'CNY', NULL)",
		1, "at_risk", 2, 3},
	    {"SELECT 1", 2, NULL, 2, 3},
	    {"UPDATE holding SET amount = 3000000 WHERE customer_id = 6; "
	     "DELETE FROM txn WHERE txn_ref = 't2'",
		16, "growing", 3, 4},
	};
	struct segments_tick_result result;
	struct segment_membership *stays;
	struct lifecycle_event *events;
	struct segment_info info;
	int n;

	install_model();
	(void)save(
	    "calm", "customer.stage != 'at_risk' && customer.aum > money('15000')");
	for (size_t i = 0; i < STW_ARRAY_LEN(steps); i++) {
		stw_usec now = WORLD_NOW + steps[i].day * STW_USEC_DAY;
		struct book *book;

		test_db_tamper(&t, steps[i].sql);
		book = tick(now, &result);
		ck_assert_msg(
		    (result.nflows == 0) == (steps[i].to == NULL), "step %zu", i);
		if (steps[i].to != NULL)
			ck_assert_str_eq(result.flows[0].to, steps[i].to);
		ck_assert_int_eq(found(&result, "calm")->matched, steps[i].members);
		segments_tick_fini(&result);
		book_free(book);
		ck_assert_int_eq(
		    number("SELECT count(*) FROM segment_member"), steps[i].rows);
		ck_assert_int_eq(
		    number("SELECT count(*) FROM segment_member WHERE left_at IS NULL"),
		    steps[i].members);
	}
	ck_ok(lifecycle_store_history(
	    t.db, customer_bucket(STR_LIT("k6")), 6, &arena, &events, &n, &err));
	ck_assert_int_eq(n, 3);
	ck_assert_str_eq(events[0].reason, "balance_recovered");
	ck_assert_int_eq(events[0].version, 1);
	ck_assert_str_eq(events[0].transition, "transitions[7]");
	ck_assert_str_eq(events[0].cause,
	    "customer.aum = money(\"30000.00\", \"CNY\"), customer.aum_90d_ago = "
	    "money(\"29999.99\", \"CNY\")");
	ck_ok(segment_store_memberships(
	    t.db, customer_bucket(STR_LIT("k6")), 6, &arena, &stays, &n, &err));
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(stays[0].left_at, STW_USEC_MAX);
	ck_assert_int_eq(stays[1].left_at, WORLD_NOW + STW_USEC_DAY);
	ck_ok(segment_store_get(t.db, "calm", &arena, &info, &err));
	ck_assert_int_eq(info.matched, 3);
	ck_assert_int_eq(info.entered, 1);
	ck_assert_int_eq(info.as_of, WORLD_NOW + 16 * STW_USEC_DAY);
}
END_TEST

/* Over what a process kept of the memberships. */
static void
tick_kept(struct member_image *image, stw_usec now, int64_t entered, int64_t left)
{
	struct segments_tick_result result;
	struct book_parts parts;
	struct book *book;

	ck_ok(book_load(t.db, now, NULL, &book, &err));
	parts = book_parts_of(book);
	ck_ok(segments_tick(t.db, &parts, image, now, NULL, &result, &err));
	ck_assert_int_eq(found(&result, "calm")->entered, entered);
	ck_assert_int_eq(found(&result, "calm")->left, left);
	segments_tick_fini(&result);
	book_free(book);
}

START_TEST(what_somebody_else_does_to_memberships_is_seen_by_the_next_tick)
{
	static const struct {
		const char *sql;
		int64_t entered, left;
	} steps[] = {
	    {"SELECT 1", 6, 0},
	    {"SELECT 1", 0, 0},
	    {"UPDATE segment_member SET left_at = now() WHERE customer_id IN (2, 5)", 2,
		0},
	    {"DELETE FROM segment_member WHERE customer_id = 3", 1, 0},
	    {"UPDATE customer SET tier = 'odd' WHERE customer_id IN (1, 4)", 0, 2},
	    {"INSERT INTO segment_member SELECT b(1), segment_id, 1, '2026-11-22' FROM "
	     "segment WHERE code = 'calm'",
		0, 1},
	    {"INSERT INTO segment_member SELECT b(77), segment_id, 77, '2026-11-22' FROM "
	     "segment WHERE code = 'calm'",
		0, 1},
	    {"TRUNCATE segment_member", 4, 0},
	    {"DELETE FROM customer WHERE customer_id = 6", 0, 1},
	};
	struct member_image image;

	install_model();
	(void)save("calm", "!has(customer.tier) || customer.tier != 'odd'");
	member_image_init(&image);
	for (size_t i = 0; i < STW_ARRAY_LEN(steps); i++) {
		stw_usec now = WORLD_NOW + (stw_usec)i * STW_USEC_SEC;

		test_db_tamper(&t, steps[i].sql);
		tick_kept(&image, now, steps[i].entered, steps[i].left);
		tick_kept(&image, now + 1, 0, 0);
	}
	member_image_fini(&image);
}
END_TEST

#define CROWD \
	1500 /* differences enough for several connections, where there are cores */

static int64_t
members_of(const char *code)
{
	return number(arena_printf(&arena,
	    "SELECT count(*) FROM segment_member JOIN segment USING (segment_id) "
	    "WHERE code = '%s' AND left_at IS NULL",
	    code));
}

/* Evaluates over the image; what the statement does happens before the differences are
 * written. *calm: who entered and left that one. */
static void
write_after(struct member_image *image, stw_usec now, const char *sql,
    struct segment_moves *calm)
{
	struct segment_moves moves[8];
	struct segment_hosts hosts;
	struct book_parts parts;
	struct book *book;

	ck_ok(book_load(t.db, now, NULL, &book, &err));
	parts = book_parts_of(book);
	ck_ok(segment_store_hosts(t.db, &parts, image, &arena, &hosts, &err));
	segments_evaluate_parts(&hosts, now, NULL);
	test_db_tamper(&t, sql);
	ck_ok(member_store_write(t.db, image, &hosts, now, NULL, moves, &err));
	for (int i = 0; i < hosts.items[0].count; i++)
		if (strcmp(hosts.items[0].segments[i].def.code, "calm") == 0)
			*calm = moves[i];
	segment_hosts_fini(&hosts);
	book_free(book);
}

START_TEST(many_differences_are_written_once_whoever_writes_meanwhile)
{
	struct segment_moves calm = {0};
	struct member_image image;

	test_db_tamper(
	    &t, arena_printf(&arena,
		    "INSERT INTO customer (bucket, customer_id, ref, "
		    "opened_on, updated_at) SELECT b(n), n, 'k' || n, "
		    "'2026-01-27', '2026-01-01' FROM generate_series(7, %d) AS n",
		    CROWD));
	(void)save("calm", "!has(customer.tier) || customer.tier != 'odd'");
	(void)save("odd", "has(customer.tier) && customer.tier == 'odd'");
	member_image_init(&image);
	write_after(&image, WORLD_NOW, "SELECT 1", &calm);
	ck_assert_int_eq(calm.entered, CROWD);
	ck_assert_int_eq(members_of("calm"), CROWD);
	/* Everybody changes sides; in every bucket somebody else was there first. */
	test_db_tamper(&t, "UPDATE customer SET tier = 'odd'");
	write_after(&image, WORLD_NOW + 1,
	    "UPDATE segment_member SET left_at = now() WHERE customer_id % 3 = 0",
	    &calm);
	ck_assert_int_eq(calm.left, CROWD - CROWD / 3);
	ck_assert_int_eq(members_of("calm"), 0);
	ck_assert_int_eq(members_of("odd"), CROWD);
	/* The image is what the database has. */
	write_after(&image, WORLD_NOW + 2, "SELECT 1", &calm);
	ck_assert_int_eq(calm.entered + calm.left, 0);
	ck_assert_int_eq(number("SELECT count(*) FROM segment_member"), 2 * CROWD);
	member_image_fini(&image);
}
END_TEST

START_TEST(a_tick_cut_in_the_middle_is_finished_by_the_next)
{
	/* As if the process had died after two buckets of each kind. */
	static const char cut[] = "ALTER TABLE stage_history DISABLE TRIGGER ALL;"
				  "DELETE FROM stage_history WHERE customer_id > 2;"
				  "ALTER TABLE stage_history ENABLE TRIGGER ALL;"
				  "DELETE FROM customer_stage WHERE customer_id > 2;"
				  "DELETE FROM segment_member WHERE customer_id > 2;"
				  "UPDATE segment SET as_of = NULL";
	struct segments_tick_result result;
	struct book *book;

	install_model();
	(void)save("everybody", "has(customer.stage)");
	tick_once(WORLD_NOW);
	test_db_tamper(&t, cut);
	book = tick(WORLD_NOW, &result);
	ck_assert_int_eq(result.stage_changes, 4);
	ck_assert_int_eq(found(&result, "everybody")->entered, 4);
	segments_tick_fini(&result);
	book_free(book);
	ck_assert_int_eq(number("SELECT count(*) FROM stage_history"), 6);
	ck_assert_int_eq(number("SELECT count(*) FROM segment_member"), 6);
}
END_TEST

START_TEST(a_book_that_is_out_of_date_writes_no_stage)
{
	struct segments_tick_result result;
	struct book *old, *book;
	struct book_parts parts;

	install_model();
	ck_ok(book_load(t.db, WORLD_NOW, NULL, &old, &err));
	parts = book_parts_of(old);
	tick_once(WORLD_NOW);
	ck_assert_int_eq(
	    segments_tick(t.db, &parts, NULL, WORLD_NOW + 1, NULL, &result, &err),
	    STW_CONFLICT);
	ck_assert(!db_in_transaction(t.db));
	ck_assert_int_eq(number("SELECT count(*) FROM stage_history"), 6);
	book_free(old);
	book = tick(WORLD_NOW + 1, &result);
	segments_tick_fini(&result);
	book_free(book);
}
END_TEST

START_TEST(a_failing_segment_keeps_its_members_and_says_why)
{
	struct segments_tick_result result;
	struct segment_info info;
	struct book *book;

	install_model();
	(void)save("frail", "customer.aum > money('15000')");
	(void)save("user", "!(customer.ref in segment('frail'))");
	tick_once(WORLD_NOW);
	/* A trait that is gone, say. */
	test_db_tamper(
	    &t, "UPDATE segment SET rule = 'customer.gone' WHERE code = 'frail'");
	book = tick(WORLD_NOW + STW_USEC_DAY, &result);
	ck_assert_ptr_nonnull(found(&result, "frail")->failure);
	ck_assert_ptr_null(found(&result, "user")->failure);
	ck_assert_int_eq(found(&result, "frail")->matched, 3);
	ck_assert_int_eq(found(&result, "user")->matched, 3);
	segments_tick_fini(&result);
	book_free(book);
	ck_ok(segment_store_get(t.db, "frail", &arena, &info, &err));
	ck_assert_int_eq(info.as_of, WORLD_NOW);
	ck_assert_int_eq(info.failed_at, WORLD_NOW + STW_USEC_DAY);
	ck_assert_msg(strstr(info.failure, "1:") == info.failure, "%s", info.failure);
	ck_assert_int_eq(info.matched, 3);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM segment_member WHERE left_at IS NULL"), 6);
	(void)save("frail", "customer.aum > money('20000')");
	tick_once(WORLD_NOW + 2 * STW_USEC_DAY);
	ck_ok(segment_store_get(t.db, "frail", &arena, &info, &err));
	ck_assert_int_eq(info.failed_at, STW_USEC_NEVER);
	ck_assert_int_eq(info.left, 1);
}
END_TEST

/* Every customer's answer is an error: nobody leaves, and it is told. */
START_TEST(a_rule_that_fails_for_everybody_keeps_its_members_and_says_why)
{
	struct segments_tick_result result;
	struct segment_info info;
	struct book *book;

	install_model();
	(void)save("frail", "customer.aum > money('15000')");
	tick_once(WORLD_NOW);
	test_db_tamper(&t,
	    "UPDATE segment SET rule = 'int(customer.ref) > 1' WHERE code = 'frail'");
	book = tick(WORLD_NOW + STW_USEC_DAY, &result);
	ck_assert_ptr_nonnull(found(&result, "frail")->failure);
	ck_assert_int_eq(found(&result, "frail")->matched, 3);
	ck_assert_int_eq(found(&result, "frail")->left, 0);
	segments_tick_fini(&result);
	book_free(book);
	ck_ok(segment_store_get(t.db, "frail", &arena, &info, &err));
	ck_assert_int_eq(info.as_of, WORLD_NOW);
	ck_assert_int_eq(info.failed_at, WORLD_NOW + STW_USEC_DAY);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM segment_member WHERE left_at IS NULL"), 3);
}
END_TEST

static void
failure_is(const struct segments_tick_result *result, stw_usec at)
{
	struct lifecycle_failure failure;

	ck_ok(lifecycle_store_failure(
	    t.db, result->model.code, result->model.version, &arena, &failure, &err));
	ck_assert_pstr_eq(failure.text, result->stage_failure);
	ck_assert_int_eq(failure.at, at);
}

START_TEST(a_stage_rule_that_fails_for_everybody_moves_nobody_and_says_why)
{
	const stw_usec later = WORLD_NOW + 400 * STW_USEC_DAY;
	struct segments_tick_result result;
	struct book *book;
	int64_t moved;

	install_model();
	tick_once(WORLD_NOW);
	moved = number("SELECT count(*) FROM stage_history");
	test_db_tamper(&t,
	    "CREATE TABLE kept AS SELECT document FROM lifecycle_model; "
	    "UPDATE lifecycle_model SET document = jsonb_set(document, '{transitions}', "
	    "(SELECT jsonb_agg(e || jsonb_build_object('when', 'int(customer.ref) > ' || n)) "
	    "FROM jsonb_array_elements(document -> 'transitions') WITH ORDINALITY AS t (e, "
	    "n)))");
	book = tick(later, &result);
	ck_assert_ptr_nonnull(result.stage_failure);
	ck_assert_msg(strncmp(result.stage_failure, "transitions[", 12) == 0, "%s",
	    result.stage_failure);
	failure_is(&result, later);
	segments_tick_fini(&result);
	book_free(book);
	ck_assert_int_eq(number("SELECT count(*) FROM stage_history"), moved);
	test_db_tamper(
	    &t, "UPDATE lifecycle_model SET document = kept.document FROM kept");
	book = tick(later, &result);
	ck_assert_ptr_null(result.stage_failure);
	failure_is(&result, STW_USEC_NEVER);
	segments_tick_fini(&result);
	book_free(book);
	ck_assert_int_gt(number("SELECT count(*) FROM stage_history"), moved);
}
END_TEST

START_TEST(a_member_who_is_no_customer_any_more_leaves)
{
	struct segments_tick_result result;
	struct book *book;

	install_model();
	(void)save("everybody", "true");
	tick_once(WORLD_NOW);
	test_db_tamper(&t, "DELETE FROM customer WHERE customer_id = 3");
	book = tick(WORLD_NOW + 1, &result);
	ck_assert_int_eq(found(&result, "everybody")->matched, 5);
	ck_assert_int_eq(found(&result, "everybody")->left, 1);
	segments_tick_fini(&result);
	book_free(book);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM segment_member WHERE left_at IS NULL"), 5);
}
END_TEST

/* Somebody is in a stage for longer than promised, or was not talked to. */
START_TEST(overdue_promises_are_a_segment_that_rules_may_ask_for)
{
	struct segments_tick_result result;
	struct promise_row *promises;
	struct segment_info info;
	struct book *book;
	int n;

	install_model();
	(void)save("chase", "customer.ref in segment('overdue_promise') && "
			    "customer.aum > money('1')");
	test_db_tamper(&t,
	    "INSERT INTO customer_stage SELECT b(n), n, 'wealth', 1, 'win_back', "
	    "'2026-11-23T02:00:00Z'::timestamptz - n * interval '7 days' "
	    "FROM generate_series(1, 3) AS n;"
	    "INSERT INTO contact_count VALUES (b(3), gen_random_uuid(), 3, 'x', 'VOICE', "
	    "'conversation', '2026-11-22T02:00:00Z', NULL)");
	book = tick(WORLD_NOW, &result);
	/* One is within 14 days, one is not; the third was talked to yesterday. */
	ck_assert_int_eq(result.overdue, 1);
	ck_assert_int_eq(found(&result, "overdue_promise")->matched, 1);
	ck_assert_int_eq(found(&result, "overdue_win_back_contact")->matched, 1);
	ck_assert_int_eq(found(&result, "overdue_mature_contact")->matched, 0);
	ck_assert_int_eq(found(&result, "chase")->matched, 1);
	ck_assert_int_eq(found(&result, "chase")->entered, 1);
	segments_tick_fini(&result);
	book_free(book);
	ck_assert_int_eq(
	    number("SELECT m.customer_id FROM segment_member AS m JOIN segment USING "
		   "(segment_id) WHERE code = 'overdue_promise' AND left_at IS NULL"),
	    2);
	ck_ok(promise_store_list(t.db, "wealth", &arena, &promises, &n, &err));
	ck_assert_int_eq(n, 6);
	ck_assert_str_eq(promises[5].code, "win_back_contact");
	ck_assert_int_eq(promises[5].covered, 3);
	ck_assert_int_eq(promises[5].overdue, 1);
	ck_assert_int_eq(promises[5].undecided, 0);
	ck_assert_int_eq(promises[5].as_of, WORLD_NOW);

	/* No rule can be put in its place, and nothing else can take its name. */
	{
		const struct segment_def def = {.code = "overdue_promise",
		    .name_zh = "x",
		    .name_en = "x",
		    .rule = "true"};

		ck_assert_int_eq(
		    segment_store_save(t.db, &def, "ann", WORLD_NOW, &n, &err),
		    STW_CONFLICT);
	}
	ck_ok(segment_store_get(t.db, "overdue_promise", &arena, &info, &err));
	ck_assert_int_eq(info.def.kind, SEGMENT_COMPUTED);
	ck_assert_int_eq(info.matched, 1);
}
END_TEST

START_TEST(planning_without_a_tick_finds_the_stored_members)
{
	struct segment_host host;
	struct book *book = NULL;

	install_model();
	(void)save("rich", "customer.aum > money('15000')");
	tick_once(WORLD_NOW);
	(void)save("fresh", "true");
	ck_ok(book_load(t.db, WORLD_NOW, NULL, &book, &err));
	ck_ok(segment_store_host(t.db, book, &arena, &host, &err));
	ck_assert_uint_eq(bitmap_count(segment_rows(&host, "rich")), 3);
	/* Not evaluated yet: not known, which is not the same as nobody. */
	ck_assert_ptr_null(segment_rows(&host, "fresh"));
	ck_assert(segment_known(&host, STR_LIT("fresh")));
	segment_host_fini(&host);
	book_free(book);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("segment_store");
	TCase *tc = tcase_create("segment_store");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_model_has_versions_and_one_is_active);
	tcase_add_test(tc, a_model_that_makes_no_sense_stays_a_draft);
	tcase_add_test(tc, the_states_of_a_version_are_those_of_the_schema);
	tcase_add_test(tc, a_model_with_a_fault_is_not_kept);
	tcase_add_test(tc, a_changed_rule_is_a_new_version_with_a_ledger_entry);
	tcase_add_loop_test(
	    tc, a_rule_with_a_fault_changes_nothing, 0, (int)STW_ARRAY_LEN(refused));
	tcase_add_test(tc, a_retired_segment_has_no_members_and_cannot_come_back);
	tcase_add_test(tc, what_is_shipped_is_installed_once);
	tcase_add_test(tc, a_tick_places_everybody_and_repeating_it_changes_nothing);
	tcase_add_test(tc, a_customer_moves_leaves_and_comes_back);
	tcase_add_test(
	    tc, what_somebody_else_does_to_memberships_is_seen_by_the_next_tick);
	tcase_add_test(tc, many_differences_are_written_once_whoever_writes_meanwhile);
	tcase_add_test(tc, a_tick_cut_in_the_middle_is_finished_by_the_next);
	tcase_add_test(tc, a_book_that_is_out_of_date_writes_no_stage);
	tcase_add_test(tc, a_failing_segment_keeps_its_members_and_says_why);
	tcase_add_test(
	    tc, a_rule_that_fails_for_everybody_keeps_its_members_and_says_why);
	tcase_add_test(
	    tc, a_stage_rule_that_fails_for_everybody_moves_nobody_and_says_why);
	tcase_add_test(tc, a_member_who_is_no_customer_any_more_leaves);
	tcase_add_test(tc, overdue_promises_are_a_segment_that_rules_may_ask_for);
	tcase_add_test(tc, planning_without_a_tick_finds_the_stored_members);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
