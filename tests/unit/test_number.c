/* Caller numbers without a database: states, the purpose matrix, documents, which number a
 * customer sees, health. Scenarios 63, 68, 70, 73, 76, 77, 107, 119, 121 as far as the
 * choice goes; the gate's part is in the packs' own scenarios. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <sodium.h>

#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/ruleset.h"
#include "campaigns/number_choice.h"
#include "campaigns/number_health.h"
#include "campaigns/number_json.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NOW  FACTS_DEFAULT_NOW

static struct arena arena;
static struct stw_err err;
static struct number_matrix matrix;

static void
setup(void)
{
	arena_init(&arena);
	err = (struct stw_err){0};
	ck_assert_msg(
	    number_matrix_builtin(&arena, &matrix, &err) == STW_OK, "%s", err.text);
}

static void
teardown(void)
{
	arena_fini(&arena);
}

/* ---- states -------------------------------------------------------------------------- */
START_TEST(only_a_suspension_takes_one_person)
{
	for (int from = 0; from < NUMBER_STATUSES; from++)
		for (int to = 0; to < NUMBER_STATUSES; to++) {
			enum number_status a = (enum number_status)from,
					   b = (enum number_status)to;
			int persons = number_move_persons(a, b);

			ck_assert((persons == 0) == (number_move_why(a, b) == NULL));
			if (persons == 1)
				ck_assert(b == NUMBER_STOPPED);
			if (a == NUMBER_RECALLED || a == b || b == NUMBER_PLANNED)
				ck_assert_int_eq(persons, 0);
		}
	ck_assert_int_eq(number_move_persons(NUMBER_STOPPED, NUMBER_ACTIVE), 2);
}
END_TEST

/* ---- the matrix ----------------------------------------------------------------------- */
struct matrix_case {
	const char *what, *document, *fault; /* fault NULL: fine */
};
#define DOC(kind, rest)                                                          \
	"{\"number\":\"95500\",\"kind\":\"" kind "\",\"pool\":\"p\",\"holder\":" \
	"\"bank\",\"user_org\":\"bank\"," rest "}"
#define OUT  "\"direction\":\"out\",\"channels\":[\"VOICE\"],"
#define BOTH "\"direction\":\"both\",\"channels\":[\"VOICE\"],"
#define SMS  "\"direction\":\"out\",\"channels\":[\"SMS\"],"
#define ALL3 "\"purposes\":[\"SERVICE\",\"RISK_ALERT\",\"MARKETING\"]"
#define SVC  "\"purposes\":[\"SERVICE\",\"RISK_ALERT\"]"
#define MKT  "\"purposes\":[\"MARKETING\"]"

static const struct matrix_case cases[] = {
    {"95 serves", DOC("95", BOTH SVC), NULL},
    {"95 by robot", DOC("95", BOTH SVC ",\"robot\":true"), NULL},
    {"95 does not sell", DOC("95", OUT ALL3), "for MARKETING only with approval"},
    {"95 sells with a document", DOC("95", OUT ALL3 ",\"approval\":\"" HASH "\""),
	NULL},
    {"96 names its province", DOC("96", OUT SVC), "NUMBER_REGION_MISMATCH"},
    {"96 in its province", DOC("96", OUT SVC ",\"regions\":[\"北京市\"]"), NULL},
    {"400 answers",
	DOC("400", "\"direction\":\"in\",\"channels\":[\"VOICE\"],"
		   "\"purposes\":[\"SERVICE\"]"),
	NULL},
    {"400 is never sent", DOC("400", OUT "\"purposes\":[\"SERVICE\"]"),
	"NUMBER_DIRECTION_FORBIDDEN"},
    {"400 does not sell",
	DOC("400", "\"direction\":\"in\",\"channels\":[\"VOICE\"]," MKT),
	"not for MARKETING"},
    {"call centres never sell",
	DOC("call_centre",
	    OUT MKT ",\"approval\":\"" HASH "\",\"undertaking\":\"" HASH "\""),
	"not for MARKETING"},
    {"call centres call back under an undertaking", DOC("call_centre", OUT SVC),
	"only with undertaking"},
    {"with it", DOC("call_centre", OUT SVC ",\"undertaking\":\"" HASH "\""), NULL},
    {"call centres have no robots",
	DOC("call_centre", OUT SVC ",\"undertaking\":\"" HASH "\",\"robot\":true"),
	"not for ROBOT"},
    {"own landline sells if registered", DOC("landline", OUT MKT),
	"only with registered_purpose"},
    {"registered", DOC("landline", OUT ALL3 ",\"registered_purpose\":\"营销外呼\""),
	NULL},
    {"staff mobiles do nothing",
	DOC("mobile", OUT "\"purposes\":[\"SERVICE\"],\"approval\":\"" HASH "\""),
	"not for SERVICE"},
    {"a notice port has no marketing (scenario 77)",
	DOC("106x", SMS MKT ",\"port\":\"notice\""), "not for MARKETING"},
    {"a notice port notifies", DOC("106x", SMS SVC ",\"port\":\"notice\""), NULL},
    {"a marketing port", DOC("106x", SMS MKT ",\"port\":\"marketing\""), NULL},
    {"a marketing port does not notify",
	DOC("106x", SMS ALL3 ",\"port\":\"marketing\""), "not for SERVICE"},
    {"106x is for SMS", DOC("106x", OUT SVC ",\"port\":\"notice\""),
	"NUMBER_CHANNEL_MISMATCH"},
    {"106x says which port", DOC("106x", SMS SVC), "port: notice or marketing"},
    {"others have none", DOC("95", OUT SVC ",\"port\":\"notice\""), "for no other"},
    {"10xx and foreign numbers need a document", DOC("intl", OUT SVC),
	"only with approval"},
    {"a complaint reply is service",
	DOC("95", OUT "\"purposes\":[\"COMPLAINT_REPLY\"]"), NULL},
    {"asking for consent is marketing",
	DOC("95", OUT "\"purposes\":[\"CONSENT_REQUEST\"]"), "only with approval"},
    {"no such kind", DOC("96x", OUT SVC), "is none of 95"},
    {"no such purpose", DOC("95", OUT "\"purposes\":[\"SELL\"]"), "'SELL' is unknown"},
    {"a licence has an order",
	DOC("95",
	    OUT SVC ",\"licence_no\":\"L\",\"licence_from\":\"2027-01-01T00:00:00Z\","
		    "\"licence_to\":\"2026-01-01T00:00:00Z\""),
	"ends before it begins"},
    {"a document is named by its hash",
	DOC("95", OUT SVC ",\"approval\":\"letter.pdf\""), "SHA-256 is wanted"},
    {"unknown member", DOC("95", OUT SVC ",\"colour\":\"red\""), "no such member"},
    {"a cap is at least one", DOC("95", OUT SVC ",\"daily_cap\":0"), "/daily_cap"},
    {"not JSON", "{\"number\":", "end of file"},
    {"nothing", "{}", "/number"},
};

START_TEST(the_matrix_decides_what_a_number_may_be)
{
	const struct matrix_case *c = &cases[_i];
	struct number_row n;
	enum stw_code rc = number_document_parse(str_of(c->document), &arena, &n, &err);

	if (rc == STW_OK)
		rc = number_check(&n, &matrix, &err);
	ck_assert_msg(
	    (rc == STW_OK) == (c->fault == NULL), "%s: %s", c->what, err.text);
	if (c->fault != NULL)
		ck_assert_msg(
		    strstr(err.text, c->fault) != NULL, "%s: %s", c->what, err.text);
}
END_TEST

START_TEST(a_document_reads_back_as_it_was_written)
{
	const struct str patch = STR_LIT(
	    "{\"daily_cap\":null,\"purposes\":[\"SERVICE\"],\"licence_no\":\"L-2\"}");
	struct number_row n, again, merged;
	struct buf one, two;

	buf_init(&one);
	buf_init(&two);
	ck_assert_int_eq(
	    number_document_parse(
		STR_LIT(DOC("landline", OUT ALL3
		    ",\"registered_purpose\":\"外呼\",\"regions\":[\"北京市\"],"
		    "\"daily_cap\":80,\"hourly_cap\":20,\"licence_no\":\"L-1\","
		    "\"licence_from\":\"2026-01-01T00:00:00Z\","
		    "\"licence_to\":\"2027-01-01T00:00:00.5Z\",\"lessor\":\"x\","
		    "\"lessee\":\"y\",\"sub_let\":true,\"withheld\":true,"
		    "\"line_type\":\"sip\",\"carrier\":\"电信\"")),
		&arena, &n, &err),
	    STW_OK);
	number_document_write(&n, &one);
	ck_assert_int_eq(number_document_parse(
			     (struct str){one.data, one.len}, &arena, &again, &err),
	    STW_OK);
	number_document_write(&again, &two);
	ck_assert_str_eq(one.data, two.data);
	n.status = "active";
	ck_assert_int_eq(
	    number_document_merge(&n, patch, &arena, &merged, &err), STW_OK);
	ck_assert_int_eq(merged.daily_cap, 0);
	ck_assert_int_eq(merged.hourly_cap, 20);
	ck_assert_uint_eq(merged.npurposes, 1);
	ck_assert_str_eq(merged.licence_no, "L-2");
	ck_assert_int_eq(number_document_merge(&n, STR_LIT("{\"number\":\"95501\"}"),
			     &arena, &merged, &err),
	    STW_INVALID);
	buf_fini(&one);
	buf_fini(&two);
}
END_TEST

/* ---- which number ------------------------------------------------------------------------ */
static const char *const voice[] = {"VOICE"}, *const marketing[] = {"MARKETING"},
			 *const north[] = {"Beijing"};

static struct gate_number
lawful(int64_t id)
{
	return (struct gate_number){.present = true,
	    .number_id = id,
	    .kind = "landline",
	    .holder = "bank",
	    .user_org = "bank",
	    .direction = "out",
	    .status = "active",
	    .channels = voice,
	    .nchannels = 1,
	    .purposes = marketing,
	    .npurposes = 1,
	    .has_licence = true,
	    .licence_from = STW_USEC_NEVER,
	    .licence_to = STW_USEC_MAX,
	    .label_at = STW_USEC_NEVER,
	    .callback = GATE_STATE_OK,
	    .identity = GATE_STATE_OK};
}

static struct number_need
need_of(int64_t customer)
{
	return (struct number_need){.customer_id = customer,
	    .channel = "VOICE",
	    .purpose = "MARKETING",
	    .now = NOW};
}

static void
spoil(struct gate_number *n, int how)
{
	static const char *const sms[] = {"SMS"}, *const service[] = {"SERVICE"};

	switch (how) {
	case 0:
		n->status = "suspended";
		break;
	case 1:
		n->user_org = "another";
		break;
	case 2:
		n->lessee = "somebody";
		break;
	case 3:
		n->direction = "in";
		break;
	case 4:
		n->channels = sms;
		break;
	case 5:
		n->purposes = service;
		break;
	case 6:
		n->regions = north;
		n->nregions = 1;
		break;
	case 7:
		n->licence_from = NOW + 1;
		break;
	case 8:
		n->licence_to = NOW;
		break;
	case 9:
		n->has_licence = false;
		break;
	case 10:
		n->daily_cap = (struct gate_optional_int){true, 80};
		n->used_today = 80;
		break;
	case 11:
		n->hourly_cap = (struct gate_optional_int){true, 9};
		n->used_hour = 9;
		break;
	case 12:
		n->label = "spam";
		break;
	case 13:
		n->withheld = true;
		break;
	case 14:
		n->callback = GATE_STATE_FAILED;
		break;
	default:
		n->sublet = true;
		break;
	}
}

static const char *const spoilt[] = {"NUMBER_SUSPENDED", "NUMBER_OWNER_MISMATCH",
    "NUMBER_OWNER_MISMATCH", "NUMBER_DIRECTION_FORBIDDEN", "NUMBER_CHANNEL_MISMATCH",
    "NUMBER_PURPOSE_MISMATCH", "NUMBER_REGION_MISMATCH", "NUMBER_LICENSE_NOT_YET_VALID",
    "NUMBER_LICENSE_EXPIRED", "NUMBER_NOT_REGISTERED", "NUMBER_DAILY_CAP",
    "NUMBER_DAILY_CAP", "NUMBER_LABELED_SPAM", "CLI_WITHHELD", "CLI_NOT_CALLABLE",
    "NUMBER_OWNER_MISMATCH"};

START_TEST(a_number_that_may_not_be_used_says_why)
{
	struct number_need need = need_of(4);
	struct gate_number n = lawful(1);

	ck_assert_ptr_null(number_why_not(&n, &need));
	spoil(&n, _i);
	ck_assert_str_eq(number_why_not(&n, &need), spoilt[_i]);
	/* And is not chosen while another may be (scenario 76). */
	struct gate_number pool[2] = {n, lawful(2)};
	ck_assert_int_eq(number_choose(pool, 2, &need), 1);
	need.seen_id = 1;
	ck_assert_int_eq(number_choose(pool, 2, &need), 1);
}
END_TEST

START_TEST(a_customer_keeps_the_number)
{
	enum { POOL = 8, CUSTOMERS = 2000 };
	struct gate_number pool[POOL];
	int users[POOL] = {0}, moved = 0;

	for (int i = 0; i < POOL; i++)
		pool[i] = lawful(100 + i);
	for (int64_t c = 1; c <= CUSTOMERS; c++) {
		struct number_need need = need_of(c);
		int own = number_choose(pool, POOL, &need), other;

		users[own]++;
		ck_assert_int_eq(number_choose(pool, POOL, &need), own);
		/* Another number goes out of use: nobody else moves. Back: all come back. */
		spoil(&pool[3], 0);
		other = number_choose(pool, POOL, &need);
		ck_assert((own == 3) == (other != own));
		pool[3] = lawful(103);
		ck_assert_int_eq(number_choose(pool, POOL, &need), own);
		/* The pool's last number leaves it altogether. */
		other = number_choose(pool, POOL - 1, &need);
		ck_assert((own == POOL - 1) == (other != own));
		moved += other != own;
		/* What was seen last outweighs the order. */
		need.seen_id = 100 + (own + 1) % POOL;
		ck_assert_int_eq(number_choose(pool, POOL, &need), (own + 1) % POOL);
	}
	ck_assert_int_gt(moved, 0);
	for (int i = 0; i < POOL; i++) /* 250 each, give or take */
		ck_assert_msg(users[i] > 180 && users[i] < 320, "%d", users[i]);
	ck_assert_int_eq(number_choose(NULL, 0, &(struct number_need){0}), -1);
	for (int i = 0; i < POOL; i++)
		spoil(&pool[i], i);
	/* None is lawful: the customer's own, so that the gate says why. */
	struct number_need need = need_of(7);
	need.seen_id = 105;
	ck_assert_int_eq(number_choose(pool, POOL, &need), 5);
}
END_TEST

/* ---- no number gets round a cap on the person ----------------------------------------------- */
static uint64_t seed = 1;

static uint32_t
random_below(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % n;
}

static bool
is_person_cap(const char *code)
{
	return strncmp(code, "FREQ_CAP", 8) == 0 || strcmp(code, "MIN_INTERVAL") == 0;
}

/* For a random history of the person: whether a frequency rule speaks is the same for
 * every number of the pool, fresh or used, and the number that would be chosen is the same
 * whatever the history. */
START_TEST(no_number_gets_round_a_cap_on_the_person)
{
	struct ruleset *rules;
	struct gate_facts facts;
	enum gate_checkpoint checkpoint;
	stw_usec now, ttl;
	int capped = 0, free_ = 0;

	ck_assert_int_eq(ruleset_load_embedded(&rules, &err), STW_OK);
	for (int round = 0; round < 3000; round++) {
		struct gate_count counts[6];
		struct gate_number pool[4];
		struct arena work;
		bool first = false;
		int chosen = -1;

		arena_init(&work);
		ck_assert_int_eq(facts_document_read(STR_LIT("{}"), FACTS_FIXTURE,
				     &work, &facts, &checkpoint, &now, &ttl, &err),
		    STW_OK);
		facts.ncounts = (int)random_below(7);
		for (int i = 0; i < facts.ncounts; i++)
			counts[i] = (struct gate_count){.kind = random_below(3) == 0
								    ? GATE_CONVERSATION
								    : GATE_ATTEMPT,
			    .at = now -
				  (stw_usec)random_below(9 * 24 * 60) * STW_USEC_MIN,
			    .channel = "VOICE",
			    .this_number = random_below(2) == 0,
			    .this_person = true,
			    .expires_at = STW_USEC_MAX};
		facts.counts = counts;
		for (int i = 0; i < 4; i++) {
			pool[i] = facts.number;
			pool[i].number_id = 1 + i;
			pool[i].daily_cap = (struct gate_optional_int){true, 80};
			pool[i].used_today = i == 0 ? 0 : (int64_t)random_below(70);
		}
		for (int i = 0; i < 4; i++) {
			struct gate_decision d;
			bool cap = false;

			facts.number = pool[i];
			gate_decide(rules, &facts, checkpoint, now, ttl, &work, &d);
			for (int c = 0; c < d.ncodes; c++)
				cap = cap || is_person_cap(d.codes[c]);
			if (i == 0)
				first = cap;
			ck_assert_msg(cap == first, "number %d of round %d", i, round);
			if (cap)
				ck_assert(!d.allowed);
		}
		for (int i = 0; i < 2; i++) {
			struct number_need need = need_of(facts.party.customer_id);
			int at = number_choose(pool, 4, &need);

			ck_assert(i == 0 || at == chosen);
			chosen = at;
			facts.ncounts = 0;
		}
		*(first ? &capped : &free_) += 1;
		arena_fini(&work);
	}
	ck_assert_msg(capped > 300 && free_ > 300, "%d of 3000 capped", capped);
	ruleset_free(rules);
}
END_TEST

/* ---- health -------------------------------------------------------------------------------- */
static const struct health_policy policy[HEALTH_METRICS] = {
    [HEALTH_ANSWER] = {24, 50, 500, 800, 24, true},
    [HEALTH_COMPLAINT] = {168, 100, 100, 50, 72, false},
    [HEALTH_LABEL] = {168, 2, 5000, 0, 72, false},
};

static const struct health_case {
	const char *what;
	struct health_rate rates[HEALTH_METRICS];
	bool suspend, may_return;
	enum health_metric metric;
} health[] = {
    {"nothing known", {{0, 0}, {0, 0}, {0, 0}}, false, true, HEALTH_ANSWER},
    {"too little to tell", {{49, 0}, {99, 99}, {1, 1}}, false, true, HEALTH_ANSWER},
    {"at the limit it stays", {{100, 5}, {100, 0}, {0, 0}}, false, false,
	HEALTH_ANSWER},
    {"below it goes", {{1000, 49}, {0, 0}, {0, 0}}, true, false, HEALTH_ANSWER},
    {"between the limits neither", {{100, 7}, {0, 0}, {0, 0}}, false, false,
	HEALTH_ANSWER},
    {"healthy again", {{100, 8}, {100, 0}, {0, 0}}, false, true, HEALTH_ANSWER},
    {"complaints", {{500, 200}, {500, 6}, {0, 0}}, true, false, HEALTH_COMPLAINT},
    {"one in a hundred stays", {{500, 200}, {500, 5}, {0, 0}}, false, false,
	HEALTH_COMPLAINT},
    {"two of three vendors", {{500, 200}, {500, 0}, {3, 2}}, true, false, HEALTH_LABEL},
    {"one of two stays, and does not return", {{500, 200}, {500, 0}, {2, 1}}, false,
	false, HEALTH_LABEL},
    {"a worse one is not hidden by a mild one", {{100, 1}, {500, 4}, {2, 1}}, true,
	false, HEALTH_ANSWER},
};

START_TEST(health_suspends_and_lets_return_with_room_between)
{
	const struct health_case *c = &health[_i];
	struct health_finding f;

	health_judge(policy, c->rates, &f);
	ck_assert_msg(f.suspend == c->suspend, "%s", c->what);
	ck_assert_msg(f.may_return == c->may_return, "%s", c->what);
	if (c->suspend)
		ck_assert_msg(f.metric == c->metric, "%s", c->what);
}
END_TEST

/* Whatever the rates: never both, and what lets return would not suspend. */
START_TEST(a_number_does_not_come_and_go)
{
	for (int i = 0; i < 20000; i++) {
		struct health_rate rates[HEALTH_METRICS];
		struct health_finding f;

		for (int m = 0; m < HEALTH_METRICS; m++) {
			rates[m].of = (int64_t)random_below(400);
			rates[m].part =
			    (int64_t)random_below((uint32_t)rates[m].of + 1);
		}
		health_judge(policy, rates, &f);
		ck_assert(!(f.suspend && f.may_return));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("number");
	TCase *tc = tcase_create("number");
	SRunner *runner;
	int failed;

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, only_a_suspension_takes_one_person);
	tcase_add_loop_test(
	    tc, the_matrix_decides_what_a_number_may_be, 0, (int)STW_ARRAY_LEN(cases));
	tcase_add_test(tc, a_document_reads_back_as_it_was_written);
	tcase_add_loop_test(
	    tc, a_number_that_may_not_be_used_says_why, 0, (int)STW_ARRAY_LEN(spoilt));
	tcase_add_test(tc, a_customer_keeps_the_number);
	tcase_add_test(tc, no_number_gets_round_a_cap_on_the_person);
	tcase_add_loop_test(tc, health_suspends_and_lets_return_with_room_between, 0,
	    (int)STW_ARRAY_LEN(health));
	tcase_add_test(tc, a_number_does_not_come_and_go);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
