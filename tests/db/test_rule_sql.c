/* Rules as SQL: what the text holds, what is refused by name, what was hard to get right;
 * and that a difference between executors is made small. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/rule_sql.h"
#include "tests/lib/cluster.h"
#include "tests/lib/rule_shrink.h"

static struct chance chance;
static struct world world;
static struct stw_err err;

static void
setup(void)
{
	chance.state = 7;
	world_init(&world, &chance, 300);
}

static void
teardown(void)
{
	world_fini(&world);
}

static enum stw_code
clause(const char *text, struct rule_sql *out)
{
	struct rule *rule;

	ck_assert_msg(rule_compile(world.env, str_of(text), NULL, NULL, &world.arena,
			  &rule, &err) == STW_OK,
	    "%s: %s", text, err.text);
	return rule_sql(rule, &world.sql, 1, &world.arena, out, &err);
}

/* ---- text ------------------------------------------------------------------------------ */
START_TEST(values_travel_as_parameters)
{
	struct rule_sql sql;

	ck_assert_int_eq(clause("r.stage == \"'; DROP TABLE x; --\" && r.n > 4711 && "
				"r.seen < now - days(815) && r.sum > money(\"47.11\")",
			     &sql),
	    STW_OK);
	ck_assert_ptr_null(strstr(sql.text, "DROP"));
	ck_assert_ptr_null(strstr(sql.text, "4711"));
	ck_assert_ptr_null(strstr(sql.text, "815"));
	ck_assert_str_eq(sql.text,
	    "((r.stage = $1::text) AND (r.n::bigint > $2::bigint) AND (r.seen < "
	    "$3::timestamptz) AND (r.sum::bigint > $4::bigint))");
	ck_assert_int_eq(sql.nparams, 4);
	ck_assert_int_eq(sql.params[1].value.i, 4711);
	ck_assert_int_eq(sql.params[2].value.i, world.now - 815 * STW_USEC_DAY);
	ck_assert_int_eq(sql.params[3].value.kind, RULE_V_INT);
}
END_TEST

START_TEST(parameters_count_from_where_the_statement_says)
{
	struct rule_sql sql;
	struct rule *rule;

	ck_assert_int_eq(rule_compile(world.env, STR_LIT("r.n > 1 || r.k in [2, 3]"),
			     NULL, NULL, &world.arena, &rule, &err),
	    STW_OK);
	ck_assert_int_eq(
	    rule_sql(rule, &world.sql, 5, &world.arena, &sql, &err), STW_OK);
	ck_assert_str_eq(sql.text,
	    "((r.n::bigint > $5::bigint) OR ((r.k::bigint = $6::bigint) OR (r.k::bigint = "
	    "$7::bigint)))");
}
END_TEST

START_TEST(only_plain_identifiers_get_into_the_text)
{
	static const char *const bad[] = {"n; DROP TABLE x", "N", "\"n\"", "", "1n"};

	for (size_t i = 0; i < STW_ARRAY_LEN(bad); i++) {
		struct rule_sql sql;

		world.fields[2].column = bad[i];
		ck_assert_int_eq(clause("r.k > 1", &sql), STW_BUG);
	}
}
END_TEST

/* ---- refusals ---------------------------------------------------------------------------- */
static const struct {
	const char *rule;
	int column;
	const char *want;
} refused[] = {
    {"r.flag && r.name.matches(\"a\")", 18,
	"SQL cannot say matches(): PostgreSQL's regular"},
    {"r.items[0].live", 8, "SQL cannot say []: a child table has no order"},
    {"r.items.map(i, i.rate).sum() > 1.0", 24,
	"SQL cannot say sum(): a sum of doubles"},
    {"r.items.map(i, i.rate).max() > 1.0", 24, "SQL cannot say max(): NaN"},
    {"r.moves.first().step == 1", 9,
	"SQL cannot say first(): a child table has no order"},
    {"(r.flag ? r.sum : r.usd) > limit", 9, "SQL cannot say an amount whose currency"},
    {"r.name == \"a\\u0000\"", 11, "SQL cannot say a string with a NUL character"},
    {"r.name.lastIndexOf(\"a\") == 1", 8, "SQL cannot say lastIndexOf(): "},
    {"dyn(r.n) == 1", 1, "SQL cannot say dyn"},
    {"r.seen - r.made > duration(\"1ns\")", 19, "SQL cannot say nanoseconds: "},
    {"[1, 2].exists(i, i == r.n)", 1, "SQL cannot say this list: "},
    {"optional.of(r.n).hasValue()", 18,
	"SQL cannot say hasValue(): only optionals of a"},
    {"r.k > 1 && r.n > 1", 14, "SQL cannot say field n: it is sealed"},
};

START_TEST(what_sql_cannot_say_is_refused_by_name)
{
	struct rule_sql sql;

	if (strstr(refused[_i].want, "sealed") != NULL)
		world.fields[2] = (struct rule_sql_field){.refused = "it is sealed"};
	ck_assert_int_eq(clause(refused[_i].rule, &sql), STW_INVALID);
	ck_assert_msg(strstr(err.text, refused[_i].want) == err.text, "%s: %s",
	    refused[_i].rule, err.text);
	ck_assert_int_eq(err.line, 1);
	ck_assert_msg(err.column == refused[_i].column, "%s: column %d",
	    refused[_i].rule, err.column);
}
END_TEST

START_TEST(a_clock_outside_the_years_of_dates_is_refused)
{
	struct rule_sql sql;

	world.sql.now = INT64_C(253402300800000000);
	ck_assert_int_eq(clause("r.flag", &sql), STW_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "years 1 to 9999"));
}
END_TEST

/* ---- what was hard ------------------------------------------------------------------------- */
/* Each went wrong once, or would with the obvious translation. */
static const char *const hard[] = {
    "false && 1 / 0 > 1",
    "true || 1 / r.n > 1",
    "r.n / r.k > 0",
    "r.n % r.k == 0",
    "r.n % -1 == 0",
    "r.n * r.k > 0",
    "r.n + r.k > 0",
    "-(r.n) < 0",
    "abs(r.k) > 0",
    "r.x == r.y",
    "r.x != r.y",
    "r.x < r.y",
    "r.x >= r.y",
    "r.x <= 0.0",
    "r.x > 0.5",
    "r.n < 9007199254740993.0",
    "r.n == 9223372036854775807.0",
    "r.n < r.x",
    "r.x >= r.n",
    "r.x + r.y > 0.0",
    "r.x * r.y == 0.0",
    "1.0 / (r.x * r.y) < 0.0",
    "r.x * r.y > 1e308",
    "r.x - r.y == 0.0",
    "r.x / r.y > 1.0",
    "1.0 / (r.x / r.y) < 0.0",
    "r.x * 1e-300 == 0.0",
    "1.0 / (r.x * 1e-300) < 0.0",
    "r.x / 1e300 == 0.0",
    "r.x * 1e300 > 1e308",
    "1e-320 / r.x > 0.0",
    "r.x / 0.0 > 1.0",
    "round(r.x) == 0.0",
    "1.0 / round(r.x) < 0.0",
    "int(r.x) == 3",
    "r.name < r.stage",
    "r.name.size() == 1",
    "r.name.contains(\"%\")",
    "r.name.startsWith(\"_\")",
    "r.name.endsWith(r.stage)",
    "r.name.substring(0, 9223372036854775807) == \"\"",
    "r.name.charAt(r.n) == \"a\"",
    "r.name.trim() == \"x\"",
    "bucket(r.name, \"s\", 7) < 3",
    "bucket(r.n, \"s\", r.k) == 0",
    "r.born + r.n > r.due",
    "add_months(r.born, r.n) < r.due",
    "add_months(r.born, -120000) < r.due",
    "age(r.born) > 20",
    "age(r.born, r.due) < 3",
    "days_since(r.made) > 0",
    "days_until(r.made) == 1",
    "date(r.made) > r.due",
    "r.made.getHours(\"Europe/London\") == 1",
    "r.made.getFullYear() < 2",
    "r.made.getDate(\"-05:30\") == 1",
    "r.seen - r.made > days(30)",
    "r.seen + (r.seen - r.made) > now",
    "timestamp(r.n) > now",
    "0.5 * r.sum == money(\"0.02\")",
    "r.sum * r.x > limit",
    "r.sum / r.n > limit",
    "r.sum / 3 == money(\"1.25\")",
    "r.usd > r.sum",
    "r.usd == r.sum",
    "r.sum / r.old > 1.0",
    "r.sum in [money(\"1\", \"USD\"), r.old]",
    "r.n in [r.k, 3]",
    "r.n in []",
    "r.items.exists(i, r.flag)",
    "r.items.all(i, i.live)",
    "r.items.exists_one(i, i.live)",
    "r.items.filter(i, i.live).exists(j, j.units > 1)",
    "r.items.filter(i, i.live).map(i, i.units).filter(u, u > 1).size() == 1",
    "r.items.map(i, i.units).sum() > 3",
    "r.items.map(i, i.units).avg() > 1.5",
    "r.moves.map(m, m.worth).avg() > limit",
    "r.moves.map(m, m.kind).max() >= \"a\"",
    "r.name in r.moves.map(m, m.kind)",
    "r.ref in segment(\"even\")",
    "r.name in segment(\"even\")",
    "has(r.n) ? r.n > 1 : r.k > 1",
    "r.?n.or(r.?k).orValue(7) == 7",
    "r.?x.hasValue()",
    "cel.bind(v, r.n + 1, v > v - 1)",
    "r.moves.map(m, m.at - r.seen).sum() > days(1)",
    "list.exists(i, i.worth > limit)",
};

static struct rule *
compiled(const char *text)
{
	struct rule *rule;

	ck_assert_msg(rule_compile(world.env, str_of(text), rule_type_basic(RULE_BOOL),
			  NULL, &world.arena, &rule, &err) == STW_OK,
	    "%s: %s", text, err.text);
	return rule;
}

/* Every zone and two clocks over the same few hundred rows. */
START_TEST(hard_rules_mean_the_same_in_sql)
{
	static const char *const zones[] = {
	    NULL, "Asia/Shanghai", "Europe/London", "America/New_York"};
	struct rule *rules[STW_ARRAY_LEN(hard)];
	char *a[STW_ARRAY_LEN(hard)], *b[STW_ARRAY_LEN(hard)];
	struct executor sql;
	struct postgres pg;
	struct test_db db;

	test_db_open_empty(&db);
	postgres_init(&pg, db.db);
	sql = postgres_executor(&pg);
	sql.load(sql.host, &world);
	world.zone = NULL;
	if (zones[_i] != NULL)
		ck_assert_int_eq(zone_find(zones[_i], &world.zone, &err), STW_OK);
	world.sql.zone = world.zone;
	for (size_t i = 0; i < STW_ARRAY_LEN(hard); i++)
		rules[i] = compiled(hard[i]);
	interpreter.run(NULL, &world, rules, (int)STW_ARRAY_LEN(hard), &world.arena, a);
	sql.run(sql.host, &world, rules, (int)STW_ARRAY_LEN(hard), &world.arena, b);
	for (size_t i = 0; i < STW_ARRAY_LEN(hard); i++) {
		ck_assert_msg(b[i] != NULL, "%s: refused", hard[i]);
		for (size_t row = 0; row < world.table->rows; row++)
			ck_assert_msg(a[i][row] == b[i][row],
			    "%s: row %zu: interpreter %c, PostgreSQL %c", hard[i], row,
			    a[i][row], b[i][row]);
	}
	test_db_close(&db);
}
END_TEST

/* ---- shrinking --------------------------------------------------------------------------------- */
/* Takes what is undecided for false wherever a rule speaks of size(). */
static void
wrong_run(void *host, struct world *w, struct rule *const *rules, int count,
    struct arena *arena, char **answers)
{
	interpreter.run(host, w, rules, count, arena, answers);
	for (int i = 0; i < count; i++) {
		if (strstr(rule_text(rules[i]).ptr, ".size()") == NULL)
			continue;
		for (size_t row = 0; row < w->table->rows; row++) {
			if (answers[i][row] == '?')
				answers[i][row] = '0';
		}
	}
}

START_TEST(a_difference_is_shrunk_to_what_matters)
{
	struct meaning m = {.count = 2,
	    .executors = {interpreter, {.name = "wrong", .run = wrong_run}}};
	struct buf report;
	int rounds = 0;
	const char *rule, *end, *line;
	int cells = 0;

	buf_init(&report);
	chance.state = 200 + (uint64_t)_i;
	while (meaning_round(&m, &chance, 60, 40, 2, &report))
		ck_assert_int_lt(rounds++, 50);
	ck_assert_ptr_nonnull(strstr(report.data, "interpreter  undecided"));
	ck_assert_ptr_nonnull(strstr(report.data, "wrong        false"));
	rule = strchr(report.data, '\n') + 3;
	end = strchr(rule, '\n');
	ck_assert_msg(end - rule < 110, "%s", report.data);
	ck_assert(memmem(rule, (size_t)(end - rule), ".size()", 7) != NULL);
	for (line = end; line != NULL; line = strchr(line + 1, '\n'))
		cells += strncmp(line + 1, "  r.", 4) == 0;
	/* The reference, two counts of children, and hardly anything else. */
	ck_assert_msg(cells <= 6, "%s", report.data);
	buf_fini(&report);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rule_sql");
	TCase *text = tcase_create("text"), *same = tcase_create("same");
	SRunner *runner;
	int failed;

	test_cluster_start();
	tcase_add_checked_fixture(text, setup, teardown);
	tcase_add_test(text, values_travel_as_parameters);
	tcase_add_test(text, parameters_count_from_where_the_statement_says);
	tcase_add_test(text, only_plain_identifiers_get_into_the_text);
	tcase_add_loop_test(text, what_sql_cannot_say_is_refused_by_name, 0,
	    (int)STW_ARRAY_LEN(refused));
	tcase_add_test(text, a_clock_outside_the_years_of_dates_is_refused);
	tcase_add_checked_fixture(same, setup, teardown);
	tcase_set_timeout(same, 120);
	tcase_add_loop_test(same, hard_rules_mean_the_same_in_sql, 0, 4);
	tcase_add_loop_test(same, a_difference_is_shrunk_to_what_matters, 0, 5);
	suite_add_tcase(s, text);
	suite_add_tcase(s, same);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
