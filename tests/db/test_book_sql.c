/* A rule asked of the tables themselves counts as many customers as over the book. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "api/rule_scope.h"
#include "segments/book_sql.h"
#include "segments/trait_store.h"
#include "tests/lib/book_world.h"
#include "tests/lib/cluster.h"

static struct test_db t;
static struct arena arena;
static struct stw_err err;

/* 120 customers; every column is empty for some, n % k decides for whom. */
static const char fixture[] =
    "INSERT INTO customer (bucket, customer_id, ref, gender, dob, province, zone, "
    "  opened_on, closed_on, risk_rating, risk_assessed_on, complaint_open, branch, "
    "  updated_at) "
    "SELECT get_byte(sha256(('k' || n)::bytea), 0), n, 'k' || n, "
    "  CASE n % 3 WHEN 0 THEN 'female' WHEN 1 THEN 'male' END, "
    "  CASE WHEN n % 5 > 0 THEN date '1940-02-29' + n * 211 END, "
    "  CASE WHEN n % 4 > 0 THEN '上海' END, CASE WHEN n % 7 = 0 THEN 'Asia/Tokyo' END, "
    "  CASE WHEN n % 6 > 0 THEN date '2026-11-20' - n * 31 END, "
    "  CASE WHEN n % 11 = 0 THEN date '2026-10-01' END, nullif(n % 6, 0), "
    "  CASE WHEN n % 6 > 1 THEN date '2025-06-01' + n END, n % 13 = 0, "
    "  CASE WHEN n % 3 > 0 THEN 'b' || n % 4 END, '2026-01-01' "
    "FROM generate_series(1, 120) AS n;"
    "INSERT INTO customer_stage SELECT bucket, customer_id, "
    "  CASE WHEN customer_id % 8 = 0 THEN 'other' ELSE 'wealth' END, 1, "
    "  CASE WHEN customer_id % 2 = 0 THEN 'mature' ELSE 'growing' END, "
    "  timestamptz '2026-11-22 16:00Z' - customer_id * interval '7 hours' "
    "FROM customer WHERE customer_id % 9 > 0;"
    "INSERT INTO product VALUES ('P1', '甲', 'one', 'wealth', 2, NULL, NULL, "
    "  '2026-01-01'), ('P2', '乙', 'two', 'deposit', NULL, NULL, NULL, '2026-01-01');"
    "INSERT INTO holding SELECT bucket, customer_id, 'h' || k, "
    "  CASE k WHEN 1 THEN 'P1' WHEN 2 THEN 'P2' WHEN 3 THEN 'P9' END, "
    "  (ARRAY['wealth', 'deposit', 'loan', 'account'])[k], customer_id * 1000 * k, "
    "  'CNY', CASE WHEN k > 1 THEN date '2026-01-01' - k END, "
    "  CASE WHEN k < 3 THEN date '2026-11-10' + (customer_id * k % 60)::integer END, "
    "  CASE WHEN (customer_id + k) % 5 = 0 THEN 'closed' ELSE 'open' END, '2026-01-01' "
    "FROM customer, generate_series(1, 4) AS k WHERE (customer_id * k) % 7 > 1;"
    "INSERT INTO txn SELECT bucket, customer_id, 't' || k, "
    "  timestamptz '2026-11-23 01:00Z' - customer_id * k * interval '13 hours', "
    "  (ARRAY['deposit', 'withdrawal', 'purchase'])[k], (2 - k) * customer_id * 900, "
    "  'CNY', CASE WHEN k > 1 THEN customer_id * 100 END "
    "FROM customer, generate_series(1, 3) AS k WHERE (customer_id + k) % 4 > 0;"
    "INSERT INTO interaction SELECT bucket, customer_id, 'i' || k, "
    "  timestamptz '2026-11-23 01:30Z' - customer_id * k * interval '23 hours', "
    "  (ARRAY['login', 'complaint'])[k], CASE WHEN k = 1 THEN 'APP' END "
    "FROM customer, generate_series(1, 2) AS k WHERE (customer_id + k) % 3 > 0;"
    "INSERT INTO contact_count SELECT bucket, gen_random_uuid(), customer_id, '\\x01', "
    "  'VOICE', (ARRAY['attempt', 'conversation', 'reserved'])[k], "
    "  timestamptz '2026-11-22' - customer_id * k * interval '1 day', "
    "  CASE k WHEN 3 THEN timestamptz '2026-12-01' END "
    "FROM customer, generate_series(1, 3) AS k WHERE (customer_id + k) % 4 = 0;"
    "INSERT INTO segment (code, name_zh, name_en, rule, content_hash, state, author, "
    "  as_of, updated_at) VALUES "
    "('vip', '一', 'one', 'true', sha256('a'), 'active', 'a', '2026-11-01', '2026-11-01'), "
    "('new', '二', 'two', 'true', sha256('b'), 'active', 'a', NULL, '2026-11-01');"
    "INSERT INTO segment_member SELECT bucket, 1, customer_id, '2026-11-01', "
    "  CASE WHEN customer_id % 10 = 0 THEN timestamptz '2026-11-05' END "
    "FROM customer WHERE customer_id % 5 = 0;";

/* A fed trait of each type, and a derived one that speaks of them. */
static const char feds[] =
    "INSERT INTO trait (name, type, sensitivity, name_zh, name_en, content_hash, state, "
    "  author, updated_at, source, currency) "
    "SELECT 'fed_' || kind, kind, 'ordinary', 'x', 'x', '\\x01', 'active', 'x', "
    "  '2026-01-01', 'feed', CASE kind WHEN 'money' THEN 'CNY' END "
    "FROM unnest(ARRAY['bool', 'int', 'double', 'string', 'date', 'timestamp', 'money']) "
    "  AS kind;"
    "INSERT INTO trait (name, type, sensitivity, name_zh, name_en, rule, content_hash, "
    "  state, author, updated_at) VALUES ('of_fed', 'bool', 'ordinary', 'x', 'x', "
    "  'customer.fed_int > 3 && customer.fed_money < customer.aum', '\\x01', 'active', "
    "  'x', '2026-01-01');"
    "INSERT INTO trait_value (bucket, customer_id, trait_id, whole, real, text, day, at) "
    "SELECT bucket, customer_id, trait_id, "
    "  CASE type WHEN 'bool' THEN customer_id % 2 WHEN 'int' THEN customer_id % 7 "
    "    WHEN 'money' THEN customer_id * 900 END, "
    "  CASE type WHEN 'double' THEN (customer_id % 10) / 10.0 END, "
    "  CASE type WHEN 'string' THEN chr(97 + (customer_id % 4)::integer) END, "
    "  CASE type WHEN 'date' THEN date '2026-01-01' + (customer_id * 5)::integer END, "
    "  CASE type WHEN 'timestamp' THEN timestamptz '2026-11-22' - customer_id * "
    "    interval '9 hours' END "
    "FROM customer, trait WHERE source = 'feed' AND (customer_id + trait_id) % 5 > 0;";

static void
setup(void)
{
	test_db_open(&t);
	test_db_tamper(&t, fixture);
	test_db_tamper(&t, feds);
	arena_init(&arena);
}

static void
teardown(void)
{
	arena_fini(&arena);
	test_db_close(&t);
}

#define ck_ok(call)                                             \
	do {                                                    \
		enum stw_code ck_rc = (call);                   \
		ck_assert_msg(ck_rc == STW_OK, "%s", err.text); \
	} while (0)

struct asked {
	struct rule_scope scope;
	struct rule_sql_binding binding;
	int differ; /* rules of which some customers are in and some are not */
};

static void
ask_both(struct asked *a, const char *text)
{
	struct rule_count columns;
	struct db_rows *rows;
	struct rule_sql sql;
	struct rule *rule;
	enum stw_code rc;

	rc = rule_compile(a->scope.env, str_of(text), rule_type_basic(RULE_BOOL), NULL,
	    &arena, &rule, &err);
	ck_assert_msg(rc == STW_OK, "%s: %s", text, err.text);
	rc = rule_sql(rule, &a->binding, 1, &arena, &sql, &err);
	ck_assert_msg(rc == STW_OK, "%s: %s", text, err.text);
	rc = db_query_rule(t.db, DB_Q_RULE_COUNT, &sql, &rows, &err);
	ck_assert_msg(rc == STW_OK, "%s: %s\n%s", text, err.text, sql.text);
	ck_ok(rule_scope_count(&a->scope, rule, WORLD_NOW, &columns, &err));
	ck_assert_int_eq(db_get_i64(rows, 0, 0), columns.customers);
	ck_assert_msg(db_get_i64(rows, 0, 1) == columns.matched &&
			  db_get_i64(rows, 0, 2) == columns.undecided,
	    "%s: PostgreSQL %ld and %ld undecided, columns %ld and %ld", text,
	    (long)db_get_i64(rows, 0, 1), (long)db_get_i64(rows, 0, 2),
	    (long)columns.matched, (long)columns.undecided);
	a->differ += columns.matched > 0 && columns.matched < columns.customers;
	db_rows_free(rows);
}

/* A question of its type about a field. */
static const char *
question(const struct column *col, const char *of)
{
	static const char *const forms[] = {
	    [COL_BOOL] = "%s.%s",
	    [COL_INT] = "%s.%s > 2",
	    [COL_DOUBLE] = "%s.%s > 0.5",
	    [COL_STRING] = "%s.%s >= \"b\"",
	    [COL_DATE] = "%s.%s > today - 300",
	    [COL_TIMESTAMP] = "%s.%s > now - days(20)",
	    [COL_MONEY] = "%s.%s > money(\"500\")",
	};
	struct buf text;
	const char *made;

	buf_init(&text);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buf_printf(&text, forms[col->type], of, col->name);
#pragma GCC diagnostic pop
	made = arena_strdup(&arena, text.data);
	buf_fini(&text);
	return made;
}

static void
open_scope(struct asked *a)
{
	struct trait_catalogue catalogue;

	*a = (struct asked){0};
	ck_ok(rule_scope_open(t.db, false, WORLD_NOW, &arena, &a->scope, &err));
	ck_ok(trait_store_catalogue(t.db, &arena, &catalogue, &err));
	ck_ok(book_sql_binding(a->scope.host, a->scope.env, &catalogue, WORLD_NOW,
	    &arena, &a->binding, &err));
}

START_TEST(every_field_and_trait_counts_the_same)
{
	struct asked a;
	const struct table *customers;

	open_scope(&a);
	customers = a.scope.book->customers;
	for (int c = 0; c < customers->ncols; c++)
		ask_both(&a, question(&customers->cols[c], "customer"));
	for (int k = 0; k < customers->nchildren; k++) {
		const struct table *child = customers->children[k].table;

		for (int c = 0; c < child->ncols; c++)
			ask_both(&a, arena_printf(&arena, "customer.%s.exists(e, %s)",
					 customers->children[k].name,
					 question(&child->cols[c], "e")));
	}
	ck_assert_int_gt(a.differ, 30);
	rule_scope_fini(&a.scope);
}
END_TEST

START_TEST(segments_and_whole_rules_count_the_same)
{
	static const char *const rules[] = {
	    "customer in segment(\"vip\")",
	    "!(customer in segment(\"vip\")) && customer.aum > money(\"100\")",
	    "customer in segment(\"new\")", /* never evaluated: undecided */
	    "customer.stage == \"mature\" && customer.aum < 0.7 * customer.aum_90d_ago",
	    "bucket(customer, \"autumn\", 100) < 50",
	    "has(customer.next_maturity_on) && customer.next_maturity_on < today + 7",
	    "holdings.filter(h, h.open).map(h, h.amount).max() > money(\"300\")",
	};
	struct asked a;

	open_scope(&a);
	for (size_t i = 0; i < STW_ARRAY_LEN(rules); i++)
		ask_both(&a, rules[i]);
	ck_assert_int_ge(a.differ, 5);
	rule_scope_fini(&a.scope);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("book_sql");
	TCase *tc = tcase_create("counts");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, every_field_and_trait_counts_the_same);
	tcase_add_test(tc, segments_and_whole_rules_count_the_same);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
