/*
 * test_offer.c - what is pushed to queues is what the OpenAPI document says under webhooks.
 */
#include <stdlib.h>

#include <check.h>

#include "api/push/offer_json.h"
#include "engine/embed.h"
#include "tests/lib/schema.h"

static json_t *doc;

static json_t *
hook_schema(const char *hook)
{
	json_t *schema = NULL;

	ck_assert_int_eq(json_unpack(doc, "{s:{s:{s:{s:{s:{s:{s:o}}}}}}}", "webhooks",
			     hook, "post", "requestBody", "content",
			     "application/cloudevents+json", "schema", &schema),
	    0);
	return schema;
}

static void
setup(void)
{
	const struct embed_file *file = embed_find("api/openapi.json");

	doc = json_loadb(file->data, file->len, 0, NULL);
	ck_assert_ptr_nonnull(doc);
}

static void
teardown(void)
{
	json_decref(doc);
}

/* The body as an object, after it was found to be as the document says. */
static json_t *
checked(const char *hook, const struct buf *body)
{
	json_t *event = json_loadb(body->data, body->len, 0, NULL);
	char fault[300] = "";

	ck_assert_ptr_nonnull(event);
	ck_assert_msg(
	    schema_matches(doc, hook_schema(hook), event, fault, sizeof fault), "%s",
	    fault);
	return event;
}

static struct task_push
an_offer(void)
{
	return (struct task_push){
	    .claim = {.bucket = 7, .epoch = 3},
	    .task_id = "01930000-0000-7000-8000-000000000001",
	    .campaign = "maturity",
	    .campaign_version = 2,
	    .step = "call",
	    .occurrence = "2026-11",
	    .customer_ref = "C00000001",
	    .phone_mask = "138****5678",
	    .channel = "voice",
	    .handler = "agent",
	    .purpose = "MARKETING",
	    .product = "FUND1",
	    .script = "maturity-zh",
	    .script_version = 4,
	    .number = "+8695588",
	    .number_id = 12,
	    .priority = 5,
	    .not_before = 1764000000000000,
	    .not_after = 1764090000000000,
	    .decision_id = "01930000-0000-7000-8000-000000000002",
	    .record_hash_hex = "00",
	    .valid_until = 1764050000000000,
	};
}

START_TEST(an_offer_is_as_the_document_says)
{
	struct task_push push = an_offer();
	struct buf body;
	json_t *event;

	buf_init(&body);
	offer_write(&push, "wealth", 1764000000000000, &body);
	event = checked("task.offered", &body);
	ck_assert_str_eq(json_string_value(json_object_get(event, "id")), push.task_id);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(
		json_object_get(json_object_get(event, "data"), "lease"), "fence")),
	    3);
	json_decref(event);
	buf_fini(&body);
}
END_TEST

/* No product, no end, given back once. */
START_TEST(an_offer_may_lack_what_is_optional)
{
	struct task_push push = an_offer();
	struct buf body;
	json_t *event;

	push.product = NULL;
	push.not_after = STW_USEC_MAX;
	push.offer = 2;
	buf_init(&body);
	offer_write(&push, "wealth", 1764000000000000, &body);
	event = checked("task.offered", &body);
	ck_assert_str_eq(json_string_value(json_object_get(event, "id")),
	    "01930000-0000-7000-8000-000000000001.2");
	ck_assert_ptr_null(json_object_get(event, "expirytime"));
	json_decref(event);
	buf_fini(&body);
}
END_TEST

START_TEST(a_recall_is_as_the_document_says)
{
	struct task_recall recall = {.reason = "CONSENT_WITHDRAWN"};
	struct buf body;

	buf_init(&body);
	recall_write(&recall, "wealth", 1764000000000000, &body);
	json_decref(checked("task.recalled", &body));
	buf_fini(&body);
}
END_TEST

/* A member that the document does not know, or one that is missing, is found. */
START_TEST(another_body_is_seen)
{
	struct task_push push = an_offer();
	struct buf body;
	json_t *event, *data;
	char fault[300];

	buf_init(&body);
	offer_write(&push, "wealth", 1764000000000000, &body);
	event = json_loadb(body.data, body.len, 0, NULL);
	data = json_object_get(event, "data");
	ck_assert_int_eq(json_object_set_new(data, "phone", json_string("1")), 0);
	ck_assert(!schema_matches(
	    doc, hook_schema("task.offered"), event, fault, sizeof fault));
	ck_assert_int_eq(json_object_del(data, "phone"), 0);
	ck_assert_int_eq(json_object_del(data, "lease"), 0);
	ck_assert(!schema_matches(
	    doc, hook_schema("task.offered"), event, fault, sizeof fault));
	json_decref(event);
	buf_fini(&body);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("offer");
	TCase *tc = tcase_create("offer");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_offer_is_as_the_document_says);
	tcase_add_test(tc, an_offer_may_lack_what_is_optional);
	tcase_add_test(tc, a_recall_is_as_the_document_says);
	tcase_add_test(tc, another_body_is_seen);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
