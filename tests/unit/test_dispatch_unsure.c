/* An offer whose answer was lost waits to be asked after, but not for ever; and whose secret
 * goes where. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "api/connect/connector.h"
#include "api/push/dispatch_priv.h"
#include "campaigns/task_unsure_store.h"

static struct dispatch d;
static struct job job;
static struct queue_row row;
static struct arena arena;
static struct stw_err err;

/* All that was claimed was out when a dispatcher died, so long ago. */
static stw_usec unsure_age;

enum stw_code
task_unsure(struct db *db, const struct task_claim *claims, int count, stw_usec now,
    struct arena *in, struct task_unsure **out, int *found, struct stw_err *e)
{
	(void)db;
	(void)now;
	(void)e;
	*out = arena_array(in, (size_t)count, sizeof **out);
	for (int i = 0; i < count; i++)
		(*out)[i] = (struct task_unsure){
		    .push = {.claim = claims[i], .task_id = "t", .campaign = "c"},
		    .age = unsure_age};
	*found = count;
	return STW_OK;
}

/* One job that waits to ask a target whose token is not there. */
static void
begin(void)
{
	struct str document;

	arena_init(&arena);
	ck_assert_int_eq(connector_preset("genesys-cloud", &document, &err), STW_OK);
	row = (struct queue_row){.code = "q",
	    .connector = "genesys-cloud",
	    .document = arena_strndup(&arena, document.ptr, document.len),
	    .url = "https://a.example",
	    .connector_settings =
		"{\"login_url\":\"https://login.example\",\"type_id\":"
		"\"11111111-1111-4111-8111-111111111111\",\"queue_id\":"
		"\"22222222-2222-4222-8222-222222222222\"}",
	    .secret = "{\"client_id\":\"c\",\"client_secret\":\"s\"}"};
	job = (struct job){.state = JOB_UNSURE,
	    .dispatch = &d,
	    .op = CONNECTOR_STATUS,
	    .result = TASK_PUSH_RETRY};
	ck_assert_msg(
	    push_target_load(&row, &job.target, &err) == STW_OK, "%s", err.text);
	d = (struct dispatch){.jobs = &job, .njobs = 1};
}

static void
end(void)
{
	push_target_release(job.target);
	arena_fini(&arena);
}

START_TEST(a_token_is_waited_for_to_ask_with)
{
	job.ask_at = stw_monotonic() - 30 * STW_USEC_SEC;
	statuses_ask(&d);
	ck_assert_int_eq(job.state, JOB_UNSURE);
}
END_TEST

START_TEST(without_a_token_for_a_minute_nobody_will_know)
{
	job.ask_at = stw_monotonic() - 61 * STW_USEC_SEC;
	statuses_ask(&d);
	ck_assert_int_eq(job.state, JOB_SETTLE);
	ck_assert_int_eq(job.result, TASK_PUSH_UNKNOWN);
}
END_TEST

/* How old it is, and how long is waited until it is asked after: the target has ten seconds,
 * and five more are for what it does after them. */
static const struct {
	stw_usec age, least;
} ages[] = {{0, 15 * STW_USEC_SEC}, {12 * STW_USEC_SEC, 3 * STW_USEC_SEC},
    {20 * STW_USEC_SEC, 0}};

START_TEST(a_slow_target_is_asked_when_it_has_had_its_time)
{
	char code[] = "q";
	struct push_queue q = {.code = code, .timeout_ms = 10000, .target = job.target};
	struct task_claim claim = {.epoch = 2};
	int count = 1;
	stw_usec before;

	job.target->connector.ops[CONNECTOR_STATUS].needs_remote_id = false;
	ck_assert_ptr_nonnull(job.target->connector.ops[CONNECTOR_STATUS].method);
	job = (struct job){.state = JOB_FREE, .dispatch = &d};
	arena_init(&d.arena);
	arena_init(&job.arena);
	buf_init(&job.body);
	unsure_age = ages[_i].age;
	before = stw_monotonic();
	ck_assert_int_eq(
	    claims_unsure(&d, &q, &claim, &count, before + LEASE, &err), STW_OK);
	ck_assert_int_eq(count, 0);
	ck_assert_int_eq(job.state, JOB_UNSURE);
	ck_assert_int_ge(job.ask_at, before + ages[_i].least);
	ck_assert_int_lt(job.ask_at, before + ages[_i].least + 2 * STW_USEC_SEC);
	buf_fini(&job.body);
	arena_fini(&job.arena);
	arena_fini(&d.arena);
	push_target_release(job.target);
	job.target = q.target;
}
END_TEST

/* Of the row of before: what is changed, and may its secret stay? */
static const struct {
	const char *url, *connector, *settings;
	enum stw_code code;
} moves[] = {
    {"https://a.example", "x", "{\"a\":1,\"b\":2}", STW_OK},
    {"https://a.example", "x", "{\"b\":2,\"a\":1}", STW_OK},
    {"https://b.example", "x", "{\"a\":1,\"b\":2}", STW_INVALID},
    {"https://a.example", "y", "{\"a\":1,\"b\":2}", STW_INVALID},
    {"https://a.example", "x", "{\"a\":1,\"b\":3}", STW_INVALID},
    {"https://b.example", NULL, "{}",
	STW_OK}, /* a signature proves nothing to another */
};

START_TEST(a_secret_that_is_kept_goes_nowhere_else)
{
	struct queue_row known = {.url = "https://a.example",
	    .connector = "x",
	    .connector_settings = "{\"a\":1,\"b\":2}",
	    .secret = "s"};
	struct queue_row next = {.url = moves[_i].url,
	    .connector = moves[_i].connector,
	    .connector_settings = moves[_i].settings};

	ck_assert_int_eq(push_queue_secret_stays(&next, &known, &err), moves[_i].code);
	known.secret = NULL;
	ck_assert_int_eq(push_queue_secret_stays(&next, &known, &err), STW_OK);
	/* What was Steward's own protocol has a secret of another kind. */
	known.secret = "s";
	known.connector = NULL;
	ck_assert_int_eq(push_queue_secret_stays(&next, &known, &err),
	    next.connector == NULL ? STW_OK : STW_INVALID);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dispatch_unsure");
	TCase *tc = tcase_create("unsure");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, a_token_is_waited_for_to_ask_with);
	tcase_add_test(tc, without_a_token_for_a_minute_nobody_will_know);
	tcase_add_loop_test(tc, a_slow_target_is_asked_when_it_has_had_its_time, 0,
	    (int)STW_ARRAY_LEN(ages));
	tcase_add_loop_test(
	    tc, a_secret_that_is_kept_goes_nowhere_else, 0, (int)STW_ARRAY_LEN(moves));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
