#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <jansson.h>

#include "api/push/offer_json.h"
#include "api/push/verdict.h"

static const struct {
	const char *name;
	enum http_fate fate;
	int status;
	enum task_push_result dedupes, cannot; /* by the receiver's ability */
	bool queue_failed;
} cases[] = {
    {"taken", HTTP_ANSWERED, 202, TASK_PUSH_ACCEPTED, TASK_PUSH_ACCEPTED, false},
    {"taken with 200", HTTP_ANSWERED, 200, TASK_PUSH_ACCEPTED, TASK_PUSH_ACCEPTED,
	false},
    {"nobody listens", HTTP_NOT_SENT, 0, TASK_PUSH_RETRY, TASK_PUSH_RETRY, true},
    {"no answer", HTTP_AMBIGUOUS, 0, TASK_PUSH_RETRY, TASK_PUSH_UNKNOWN, true},
    {"its server broke", HTTP_ANSWERED, 500, TASK_PUSH_RETRY, TASK_PUSH_UNKNOWN, true},
    {"a gateway has no answer", HTTP_ANSWERED, 504, TASK_PUSH_RETRY, TASK_PUSH_UNKNOWN,
	true},
    {"a gateway has a bad one", HTTP_ANSWERED, 502, TASK_PUSH_RETRY, TASK_PUSH_UNKNOWN,
	true},
    {"it waited for us", HTTP_ANSWERED, 408, TASK_PUSH_RETRY, TASK_PUSH_UNKNOWN, true},
    {"busy", HTTP_ANSWERED, 503, TASK_PUSH_RETRY, TASK_PUSH_RETRY, true},
    {"too fast", HTTP_ANSWERED, 429, TASK_PUSH_RETRY, TASK_PUSH_RETRY, true},
    {"gone, all of it", HTTP_ANSWERED, 410, TASK_PUSH_RETRY, TASK_PUSH_RETRY, true},
    {"recalled before", HTTP_ANSWERED, 409, TASK_PUSH_REFUSED, TASK_PUSH_REFUSED,
	false},
    {"no such task form", HTTP_ANSWERED, 422, TASK_PUSH_REFUSED, TASK_PUSH_REFUSED,
	false},
    {"wrong secret costs no tasks", HTTP_ANSWERED, 401, TASK_PUSH_RETRY,
	TASK_PUSH_RETRY, true},
    {"wrong path costs no tasks", HTTP_ANSWERED, 404, TASK_PUSH_RETRY, TASK_PUSH_RETRY,
	true},
    {"a redirect is not followed", HTTP_ANSWERED, 302, TASK_PUSH_RETRY, TASK_PUSH_RETRY,
	true},
};

START_TEST(an_answer_decides_about_task_and_queue)
{
	struct http_result r = {.fate = cases[_i].fate, .status = cases[_i].status};
	struct push_verdict yes = push_judge(&r, true), no = push_judge(&r, false);

	ck_assert_msg(yes.result == cases[_i].dedupes, "%s", cases[_i].name);
	ck_assert_msg(no.result == cases[_i].cannot, "%s", cases[_i].name);
	ck_assert_msg(yes.queue_failed == cases[_i].queue_failed, "%s", cases[_i].name);
	ck_assert_msg(no.queue_failed == cases[_i].queue_failed, "%s", cases[_i].name);
	ck_assert_msg(yes.queue_gone == (r.status == 410), "%s", cases[_i].name);
}
END_TEST

START_TEST(waiting_doubles_with_jitter_and_ends_at_five_minutes)
{
	const stw_usec full[] = {1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};

	for (int64_t tries = 0; tries < (int64_t)STW_ARRAY_LEN(full); tries++)
		for (uint32_t random = 0; random < 5000; random += 97) {
			stw_usec w = push_backoff(tries, -1, random);
			stw_usec most = full[tries] * STW_USEC_SEC;

			ck_assert_int_ge(w, most / 2);
			ck_assert_int_le(w, most);
		}
	ck_assert_int_ne(push_backoff(5, -1, 1), push_backoff(5, -1, 2));
	ck_assert_int_le(push_backoff(INT64_MAX, -1, 1023), 300 * STW_USEC_SEC);
}
END_TEST

START_TEST(what_the_queue_asks_for_is_the_least_up_to_an_hour)
{
	ck_assert_int_eq(push_backoff(1, 90 * STW_USEC_SEC, 5), 90 * STW_USEC_SEC);
	ck_assert_int_eq(push_backoff(1, 100 * STW_USEC_HOUR, 5), STW_USEC_HOUR);
	ck_assert_int_ge(push_backoff(9, STW_USEC_SEC, 0), 128 * STW_USEC_SEC);
}
END_TEST

/* ---- bodies -------------------------------------------------------------------------- */
#define ID "0192f0c1-2b3c-7d4e-8f90-112233445566"

static struct task_push
sample_push(void)
{
	return (struct task_push){
	    .claim = {.epoch = 91},
	    .task_id = ID,
	    .campaign = "maturing",
	    .campaign_version = 4,
	    .step = "call",
	    .occurrence = "2026-11",
	    .customer_ref = "c17",
	    .phone_mask = "138****5678",
	    .channel = "VOICE",
	    .handler = "agent",
	    .purpose = "MARKETING",
	    .script = "maturing",
	    .script_version = 2,
	    .number = "95000",
	    .number_id = 12,
	    .priority = 720,
	    .not_before = 0,
	    .not_after = 60 * STW_USEC_SEC,
	    .decision_id = "d",
	    .record_hash_hex = "ab",
	    .valid_until = 30 * STW_USEC_SEC,
	};
}

START_TEST(an_offer_is_a_cloud_event_whose_id_is_its_key)
{
	struct task_push push = sample_push();
	char key[WEBHOOK_ID_MAX + 1];
	struct buf body;
	json_t *event, *data;

	for (int offer = 0; offer < 2; offer++) {
		push.offer = offer;
		buf_init(&body);
		offer_key(&push, key);
		ck_assert_str_eq(key, offer == 0 ? ID : ID ".1");
		offer_write(&push, "wealth", STW_USEC_SEC, &body);
		event = json_loads(body.data, JSON_REJECT_DUPLICATES, NULL);
		ck_assert_ptr_nonnull(event);
		ck_assert_str_eq(json_string_value(json_object_get(event, "id")), key);
		ck_assert_str_eq(
		    json_string_value(json_object_get(event, "specversion")), "1.0");
		ck_assert_str_eq(json_string_value(json_object_get(event, "source")),
		    "/queues/wealth");
		ck_assert_str_eq(
		    json_string_value(json_object_get(event, "expirytime")),
		    "1970-01-01T00:01:00Z");
		data = json_object_get(event, "data");
		ck_assert_str_eq(
		    json_string_value(json_object_get(data, "task_id")), ID);
		ck_assert_int_eq((int)json_integer_value(json_object_get(
				     json_object_get(data, "lease"), "fence")),
		    91);
		ck_assert(json_is_null(json_object_get(data, "product")));
		ck_assert_uint_lt(body.len, 8 * 1024);
		json_decref(event);
		buf_fini(&body);
	}
}
END_TEST

START_TEST(a_recall_has_a_key_of_its_own)
{
	struct task_recall recall = {.reason = "withdrawal"};
	char key[WEBHOOK_ID_MAX + 1];
	struct buf body;
	json_t *event;

	ck_assert_int_eq(uuid_parse(STR_LIT(ID), &recall.task_id), STW_OK);
	recall.offer = 2;
	recall_key(&recall, key);
	ck_assert_str_eq(key, ID ".2.recall");
	recall.offer = 0;
	recall_key(&recall, key);
	ck_assert_str_eq(key, ID ".recall");
	buf_init(&body);
	recall_write(&recall, "wealth", STW_USEC_SEC, &body);
	event = json_loads(body.data, 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(event, "type")),
	    "cn.steward.task.recalled.v1");
	ck_assert_str_eq(json_string_value(
			     json_object_get(json_object_get(event, "data"), "reason")),
	    "withdrawal");
	json_decref(event);
	buf_fini(&body);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("push_verdict");
	TCase *tc = tcase_create("push_verdict");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, an_answer_decides_about_task_and_queue, 0, STW_ARRAY_LEN(cases));
	tcase_add_test(tc, waiting_doubles_with_jitter_and_ends_at_five_minutes);
	tcase_add_test(tc, what_the_queue_asks_for_is_the_least_up_to_an_hour);
	tcase_add_test(tc, an_offer_is_a_cloud_event_whose_id_is_its_key);
	tcase_add_test(tc, a_recall_has_a_key_of_its_own);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
