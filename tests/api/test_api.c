/*
 * test_api.c - the real binary, over HTTP: contract, rights, errors, paging, effects.
 */
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>
#include <curl/curl.h>
#include <sodium.h>

#include "api/resources.h"
#include "engine/embed.h"
#include "tests/lib/schema.h"
#include "tests/lib/server_world.h"

#define CUSTOMERS 700

static struct world world;

static char *
token_of(const char *role)
{
	const char *token = world_token(&world, role, NULL);

	ck_assert_msg(token != NULL, "no token for %s", role);
	return strdup(token);
}

/* A new key for each call. */
static const char *
new_key(void)
{
	static char key[64];
	static int n;

	(void)snprintf(key, sizeof key, "test-%d-%d", (int)getpid(), n++);
	return key;
}

static struct reply
get(const char *role, const char *path)
{
	char *token = token_of(role);
	struct reply reply =
	    http(&world, (struct request){.path = path, .token = token});

	free(token);
	return reply;
}

static struct reply
post(const char *role, const char *path, const char *body)
{
	char *token = token_of(role);
	struct reply reply = http(&world, (struct request){.method = "POST",
					      .path = path,
					      .token = token,
					      .body = body,
					      .key = new_key()});

	free(token);
	return reply;
}

static void
ck_status(const struct reply *reply, long status)
{
	ck_assert_msg(reply->status == status, "status %ld, wanted %ld: %.400s",
	    reply->status, status, reply->text);
}

static void
ck_problem(const struct reply *reply, long status, const char *code)
{
	ck_status(reply, status);
	ck_assert_ptr_nonnull(strstr(reply->headers, "application/problem+json"));
	ck_assert_str_eq(reply_text(reply, "code"), code);
	ck_assert_uint_eq(strlen(reply_text(reply, "trace_id")), 32);
	ck_assert_str_ne(reply_text(reply, "title"), "");
	ck_assert_str_ne(reply_text(reply, "detail"), "");
}

/* The agent of a queue that has tasks waiting: a_01 works wealth-remote. */
#define AGENT "a_01"
#define OTHER "a_02"

static struct reply
agent(const char *who, const char *method, const char *path, const char *body,
    const char *key)
{
	char *token = strdup(world_token(&world, "agent", who));
	struct reply reply = http(&world, (struct request){.method = method,
					      .path = path,
					      .token = token,
					      .body = body,
					      .key = key});

	free(token);
	return reply;
}

/* Says where they all are. */
static void
no_task_left(void)
{
	static const char *const states[] = {"planned", "ready", "sending", "queued",
	    "accepted", "in_progress", "done", "no_contact", "recalled", "blocked"};
	char text[400];
	size_t n = 0;

	for (size_t i = 0; i < STW_ARRAY_LEN(states); i++) {
		char sql[200];

		(void)snprintf(sql, sizeof sql,
		    "SELECT count(*) FROM task JOIN queue USING (queue_id) WHERE code = "
		    "'wealth-remote' AND task.state = '%s'",
		    states[i]);
		n += (size_t)snprintf(text + n, sizeof text - n, " %s %lld", states[i],
		    (long long)test_db_number(&world.db, sql));
	}
	ck_abort_msg("no queued task is left:%s", text);
}

/* A task that nobody has yet: id and customer. */
static void
queued_task(char id[40], char customer[80])
{
	struct reply r =
	    agent(AGENT, NULL, "/v1/tasks?state=queued&limit=1", NULL, NULL);

	ck_status(&r, 200);
	if (json_array_size(json_at(r.json, "items")) != 1)
		no_task_left();
	(void)snprintf(id, 40, "%s", reply_text(&r, "items/0/task_id"));
	(void)snprintf(customer, 80, "%s", reply_text(&r, "items/0/customer/ref"));
	reply_free(&r);
}

static struct reply
task_call(const char *who, const char *id, const char *verb, const char *body)
{
	char path[120];

	(void)snprintf(path, sizeof path, "/v1/tasks/%s/%s", id, verb);
	return agent(who, "POST", path, body, new_key());
}

/* ---- the document and the server ------------------------------------------------------ */
static json_t *
document(void)
{
	const struct embed_file *file = embed_find("api/openapi.json");
	json_t *doc = json_loadb(file->data, file->len, JSON_REJECT_DUPLICATES, NULL);

	ck_assert_ptr_nonnull(doc);
	return doc;
}

static const char *
lower(enum api_method method)
{
	static const char *const names[METHODS] = {"get", "post", "put"};

	return names[method];
}

START_TEST(the_table_of_routes_and_the_document_agree)
{
	json_t *doc = document(), *paths = json_object_get(doc, "paths"), *item, *op;
	const char *path, *method;
	int operations = 0;

	for (int i = 0; i < api_route_count; i++) {
		const struct route *r = &api_routes[i];
		unsigned roles = 0;
		json_t *role;
		size_t k;

		op = json_object_get(
		    json_object_get(paths, r->pattern), lower(r->method));
		ck_assert_msg(op != NULL, "%s is not in the document", r->pattern);
		json_array_foreach(json_object_get(op, "x-roles"), k, role)
		{
			roles |= (unsigned)role_parse(str_of(json_string_value(role)));
		}
		ck_assert_msg(roles == r->roles, "%s: other roles", r->pattern);
		ck_assert_msg((json_object_get(op, "requestBody") != NULL) ==
				  ((r->flags & ROUTE_BODY) != 0),
		    "%s: body", r->pattern);
	}
	json_object_foreach(paths, path, item)
	{
		json_object_foreach(item, method, op)
		{
			operations++;
		}
	}
	ck_assert_int_eq(operations, api_route_count);
	json_decref(doc);
}
END_TEST

/* Every operation of the document once, with the answer the document promises. %T task,
 * %C customer, %P contact point, %D decision, %X export, %N caller number, %I import. */
struct step {
	const char *operation;
	const char *role; /* "agent": AGENT */
	const char *path;
	const char *body;
	const char *header;
};
static const struct step steps[] = {
    {"health", NULL, "/healthz", NULL, NULL},
    {"ready", NULL, "/readyz", NULL, NULL},
    {"metrics", "operator", "/metrics", NULL, NULL},
    {"openapi", NULL, "/v1/openapi.json", NULL, NULL},
    {"me", "agent", "/v1/me", NULL, NULL},
    {"overview", "ops", "/v1/overview", NULL, NULL},
    {"customerList", "ops", "/v1/customers?limit=5", NULL, NULL},
    {"customer", "compliance", "/v1/customers/%C", NULL, NULL},
    {"contactList", "agent", "/v1/customers/%C/contact-points", NULL, NULL},
    {"contact", "compliance", "/v1/customers/%C/contact-points/%P", NULL, NULL},
    {"contactState", "ops", "/v1/customers/%C/contact-points/%P/state",
	"{\"state\":\"verified\",\"how\":\"sms_code\",\"evidence\":\"sms-1\"}", NULL},
    {"contactSharers", "compliance", "/v1/customers/%C/contact-points/%P/sharers", NULL,
	NULL},
    {"householdRecord", "ops", "/v1/customers/%C/households",
	"{\"action\":\"declare\",\"household\":\"walked\",\"role\":\"head\"}", NULL},
    {"householdList", "compliance", "/v1/customers/%C/households", NULL, NULL},
    {"consentHistory", "agent", "/v1/customers/%C/consents", NULL, NULL},
    {"customerDecisions", "compliance", "/v1/customers/%C/decisions", NULL, NULL},
    {"eventsStore", "operator", "/v1/events",
	"{\"specversion\":\"1.0\",\"source\":\"/walk\",\"id\":\"1\",\"type\":"
	"\"com.steward.interaction.login\",\"subject\":\"%C\",\"time\":"
	"\"2026-11-23T01:00:00Z\",\"data\":{\"channel\":\"app\"}}",
	NULL},
    {"stages", "ops", "/v1/stages", NULL, NULL},
    {"lifecycleList", "operator", "/v1/lifecycle/models", NULL, NULL},
    {"lifecycleValidate", "ops", "/v1/lifecycle/models:validate", "%m", NULL},
    {"lifecyclePreview", "ops", "/v1/lifecycle/models:preview", "%m", NULL},
    {"lifecycleCreate", "ops", "/v1/lifecycle/models", "%m", NULL},
    {"lifecycleVersion", "compliance", "/v1/lifecycle/models/wealth/versions/2", NULL,
	NULL},
    {"lifecycleVersionValidation", "compliance",
	"/v1/lifecycle/models/wealth/versions/2/validation", NULL, NULL},
    {"lifecycleVersionPreview", "compliance",
	"/v1/lifecycle/models/wealth/versions/2/preview", NULL, NULL},
    {"lifecycleSubmit", "ops", "/v1/lifecycle/models/wealth/versions/2/submit", NULL,
	NULL},
    {"lifecycleReject", "compliance", "/v1/lifecycle/models/wealth/versions/2/reject",
	"{\"why\":\"look at the thresholds again\"}", NULL},
    {"lifecycleSubmit", "ops", "/v1/lifecycle/models/wealth/versions/2/submit", NULL,
	NULL},
    {"lifecycleApprove", "compliance", "/v1/lifecycle/models/wealth/versions/2/approve",
	NULL, NULL},
    {"lifecycleActivate", "ops", "/v1/lifecycle/models/wealth/versions/2/activate",
	NULL, NULL},
    {"promiseList", "operator", "/v1/lifecycle/promises", NULL, NULL},
    {"stageWhy", "compliance", "/v1/customers/%C/stage/why", NULL, NULL},
    {"segmentList", "ops", "/v1/segments", NULL, NULL},
    {"segmentSave", "ops", "/v1/segments/walked",
	"{\"name\":{\"zh\":\"试\",\"en\":\"walked\"},\"rule\":\"customer.risk_rating >= 3\"}",
	NULL},
    {"segment", "ops", "/v1/segments/walked", NULL, NULL},
    {"segmentUpload", "ops", "/v1/segments/walked_list/list",
	"{\"name\":{\"zh\":\"单\",\"en\":\"list\"},\"customers\":[\"%C\"]}", NULL},
    {"segmentOverlap", "ops", "/v1/segments:overlap", NULL, NULL},
    {"segmentDays", "operator", "/v1/segments/high_value/days?days=3", NULL, NULL},
    {"segmentMoves", "compliance", "/v1/segments/high_value/moves?limit=2", NULL, NULL},
    {"traitSave", "ops", "/v1/traits/customer.walked",
	"{\"type\":\"int\",\"sensitivity\":\"ordinary\",\"zh\":\"试\",\"en\":\"walked\","
	"\"rule\":\"customer.tenure_days + 1\"}",
	NULL},
    {"traitLimits", "compliance", "/v1/traits/customer.aum/limits",
	"{\"max_missing_bp\":10000,\"max_drift\":null}", NULL},
    {"traitList", "ops", "/v1/traits", NULL, NULL},
    {"trait", "operator", "/v1/traits/walked", NULL, NULL},
    {"traitAccept", "compliance", "/v1/traits/customer.aum/accept", NULL, NULL},
    {"traitRetire", "ops", "/v1/traits/walked/retire", NULL, NULL},
    {"ruleCheck", "ops", "/v1/rules:check",
	"{\"rule\":\"customer.risk_rating >= 3\",\"count\":true}", NULL},
    {"campaignList", "ops", "/v1/campaigns", NULL, NULL},
    {"campaignValidate", "ops", "/v1/campaigns:validate", "%d", NULL},
    {"campaignCreate", "ops", "/v1/campaigns", "%d", NULL},
    {"campaign", "ops", "/v1/campaigns/walked", NULL, NULL},
    {"campaignReplace", "ops", "/v1/campaigns/walked", "%d", "%e"},
    {"campaignVersion", "compliance", "/v1/campaigns/walked/versions/1", NULL, NULL},
    {"campaignApprove", "compliance", "/v1/campaigns/walked/approve", "{\"version\":1}",
	NULL},
    {"campaignActivate", "ops", "/v1/campaigns/walked/activate", NULL, NULL},
    {"campaignPause", "compliance", "/v1/campaigns/walked/pause", NULL, NULL},
    {"campaignRuns", "ops", "/v1/campaigns/maturing_product/runs", NULL, NULL},
    {"taskList", "agent", "/v1/tasks", NULL, NULL},
    {"taskAccept", "agent", "/v1/tasks/%T/accept", NULL, NULL},
    {"task", "agent", "/v1/tasks/%T", NULL, NULL},
    {"taskRelease", "agent", "/v1/tasks/%T/release", NULL, NULL},
    {"taskAccept", "agent", "/v1/tasks/%T/accept", NULL, NULL},
    {"taskPermit", "agent", "/v1/tasks/%T/permit", NULL, NULL},
    {"taskOutcome", "agent", "/v1/tasks/%T/outcome",
	"{\"disposition\":\"no_answer\",\"note\":\"rang out\"}", NULL},
    {"numberList", "operator", "/v1/numbers", NULL, NULL},
    {"number", "operator", "/v1/numbers/%N", NULL, NULL},
    {"numberSuspend", "operator", "/v1/numbers/%N/suspend", "{\"reason\":\"walk\"}",
	NULL},
    {"numberResume", "compliance", "/v1/numbers/%N/resume", "{\"reason\":\"walk\"}",
	NULL},
    {"decisionList", "compliance", "/v1/decisions?limit=20", NULL, NULL},
    {"decision", "compliance", "/v1/decisions/%D", NULL, NULL},
    {"decisionReplay", "compliance", "/v1/decisions/%D/replay", NULL, NULL},
    {"exportRows", "compliance", "/v1/exports/customers?format=csv&stage=mature", NULL,
	NULL},
    {"exportManifest", "compliance", "/v1/export-manifests/%X", NULL, NULL},
    {"importList", "operator", "/v1/imports", NULL, NULL},
    {"import", "ops", "/v1/imports/%I?limit=5", NULL, NULL},
    {"queueList", "operator", "/v1/queues", NULL, NULL},
    {"ledger", "compliance", "/v1/ledger", NULL, NULL},
    {"consentRecord", "ops", "/v1/customers/%C/consents",
	"{\"action\":\"withdraw\",\"purpose\":\"MARKETING\",\"channel\":\"*\",\"form\":"
	"\"written\"}",
	NULL},
    {"objectionRecord", "compliance", "/v1/customers/%C/objections",
	"{\"kind\":\"do_not_call\"}", NULL},
    {"customerReveal", "compliance", "/v1/customers/%C/reveal",
	"{\"fields\":[\"name\"],\"purpose\":\"complaint\",\"reason\":\"K-1\"}", NULL},
    {"customerErasure", "compliance", "/v1/customers/%C/erasure",
	"{\"reason\":\"subject_request\",\"case\":\"K-2\"}", NULL},
};

struct walk {
	char task[40], customer[80], point[24], decision[40], number[24], etag[80],
	    run[40];
	char export[40];
	char *campaign; /* a document with the code "walked" */
	char *model;    /* the model in force, with another threshold */
};

/* The document of the lifecycle model in force, mature from another amount on. */
static char *
other_model(const char *amount)
{
	struct reply r = get("ops", "/v1/lifecycle/models/wealth/versions/1");
	json_t *moves = json_at(r.json, "document/transitions"), *one;
	char when[120], *text;
	size_t i;

	(void)snprintf(when, sizeof when,
	    "customer.tenure_days >= 730 && customer.aum >= money(\"%s\")", amount);
	json_array_foreach(moves, i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "reason")),
			"settled") == 0)
			(void)json_object_set_new(one, "when", json_string(when));
	}
	text = json_dumps(json_at(r.json, "document"), 0);
	reply_free(&r);
	return text;
}

static const char *
fill(const struct walk *walk, const char *pattern)
{
	static char texts[2][32768];
	static int at;
	char *to = texts[at = 1 - at];
	size_t n = 0;

	if (pattern == NULL)
		return NULL;
	for (; *pattern != '\0'; pattern++) {
		const char *value = NULL;

		if (pattern[0] == '%')
			value = pattern[1] == 'T'   ? walk->task
				: pattern[1] == 'C' ? walk->customer
				: pattern[1] == 'P' ? walk->point
				: pattern[1] == 'X' ? walk->export
				: pattern[1] == 'D' ? walk->decision
				: pattern[1] == 'N' ? walk->number
				: pattern[1] == 'd' ? walk->campaign
				: pattern[1] == 'm' ? walk->model
				: pattern[1] == 'I' ? walk->run
				: pattern[1] == 'e' ? walk->etag
						    : NULL;
		if (value == NULL) {
			to[n++] = *pattern;
			continue;
		}
		n += (size_t)snprintf(to + n, sizeof texts[0] - n, "%s", value);
		pattern++;
	}
	to[n] = '\0';
	return to;
}

static void
walk_begin(struct walk *walk)
{
	struct reply r;
	json_t *doc;

	queued_task(walk->task, walk->customer);
	/* Accepted is what was looked at, which planning does. */
	test_db_tamper(&world.db,
	    "INSERT INTO trait_check (of_table, name, checked_at, total, missing) "
	    "VALUES ('customer', 'aum', now(), 1, 0) ON CONFLICT DO NOTHING");
	r = get("ops", fill(walk, "/v1/customers/%C/contact-points"));
	(void)snprintf(
	    walk->point, sizeof walk->point, "%s", reply_text(&r, "items/0/point_id"));
	reply_free(&r);
	r = get("operator", "/v1/imports?limit=1");
	(void)snprintf(
	    walk->run, sizeof walk->run, "%s", reply_text(&r, "items/0/run_id"));
	reply_free(&r);
	r = get("compliance", "/v1/decisions?limit=1&outcome=BLOCK");
	(void)snprintf(walk->decision, sizeof walk->decision, "%s",
	    reply_text(&r, "items/0/decision_id"));
	reply_free(&r);
	r = get("operator", "/v1/numbers");
	(void)snprintf(walk->number, sizeof walk->number, "%s",
	    reply_text(&r, "items/0/number_id"));
	reply_free(&r);
	r = get("ops", "/v1/campaigns/maturing_product");
	doc = json_at(r.json, "document");
	(void)json_object_set_new(doc, "code", json_string("walked"));
	walk->campaign = json_dumps(doc, 0);
	reply_free(&r);
	walk->model = other_model("300000");
}

static json_t *
find_operation(json_t *doc, const char *id, const char **method)
{
	const char *path;
	json_t *item, *op;

	json_object_foreach(json_object_get(doc, "paths"), path, item)
	{
		json_object_foreach(item, *method, op)
		{
			if (strcmp(
				json_string_value(json_object_get(op, "operationId")),
				id) == 0)
				return op;
		}
	}
	return NULL;
}

/* The success that the document names, and its schema. */
static void
ck_answer(json_t *doc, json_t *op, const struct step *step, const struct reply *reply)
{
	json_t *responses = json_object_get(op, "responses");
	json_t *response = NULL, *schema;
	char fault[300];
	const char *status = "";

	json_object_foreach(responses, status, response)
	{
		if (status[0] == '2')
			break;
	}
	ck_assert_msg(reply->status == strtol(status, NULL, 10), "%s: %ld: %.500s",
	    step->operation, reply->status, reply->text);
	schema = json_at(response, "content");
	schema = json_object_get(json_object_get(schema, "application/json"), "schema");
	if (schema == NULL)
		return;
	ck_assert_msg(reply->json != NULL, "%s: no JSON", step->operation);
	ck_assert_msg(schema_matches(doc, schema, reply->json, fault, sizeof fault),
	    "%s: %s\n%.600s", step->operation, fault, reply->text);
}

/* Eleven digits that begin with 1 and stand alone are a mobile number. */
static void
ck_no_phone(const struct step *step, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		size_t n = strspn(p, "0123456789");

		if (n == 11 && p[0] == '1' && (p == text || !isalnum(p[-1])) &&
		    !isalnum(p[n]))
			ck_abort_msg(
			    "%s: a telephone number: %.11s", step->operation, p);
		p += n > 0 ? n - 1 : 0;
	}
}

/* The 36 characters of a header that is an id. */
static void
header_value(const struct reply *reply, const char *name, char to[40])
{
	const char *at = strcasestr(reply->headers, name);

	ck_assert_msg(at != NULL, "no header %s", name);
	(void)snprintf(to, 40, "%.36s", at + strlen(name) + 2);
}

START_TEST(every_operation_answers_as_the_document_says)
{
	json_t *doc = document(), *seen = json_object();
	struct walk walk = {0};

	walk_begin(&walk);
	for (size_t i = 0; i < STW_ARRAY_LEN(steps); i++) {
		const struct step *s = &steps[i];
		char *token = NULL, upper[8] = {0};
		const char *method;
		json_t *op = find_operation(doc, s->operation, &method);
		struct reply r;

		ck_assert_msg(op != NULL, "%s is not in the document", s->operation);
		(void)json_object_set_new(seen, s->operation, json_true());
		if (s->role != NULL)
			token = strcmp(s->role, "agent") == 0
				    ? strdup(world_token(&world, "agent", AGENT))
				    : token_of(s->role);
		for (size_t k = 0; k < 7 && method[k] != '\0'; k++)
			upper[k] = (char)toupper(method[k]);
		r = http(&world, (struct request){.method = upper,
				     .path = fill(&walk, s->path),
				     .token = token,
				     .body = fill(&walk, s->body),
				     .header = s->header != NULL ? walk.etag : NULL,
				     .key = new_key()});
		ck_answer(doc, op, s, &r);
		ck_no_phone(s, r.text);
		if (strcmp(s->operation, "campaign") == 0)
			(void)snprintf(walk.etag, sizeof walk.etag,
			    "If-Match: \"%.64s\"", reply_text(&r, "hash"));
		if (strcmp(s->operation, "exportRows") == 0)
			header_value(&r, "X-Export-Id", walk.export);
		reply_free(&r);
		free(token);
	}
	ck_assert_int_eq((int)json_object_size(seen), api_route_count);
	free(walk.campaign);
	free(walk.model);
	json_decref(seen);
	json_decref(doc);
}
END_TEST

/* ---- who may what ------------------------------------------------------------------------- */
/* The pattern with 1 for every parameter. */
static char *
concrete(const char *pattern)
{
	char *path = calloc(1, strlen(pattern) + 1);
	size_t n = 0;

	for (; *pattern != '\0'; pattern++) {
		path[n++] = *pattern == '{' ? '1' : *pattern;
		if (*pattern == '{')
			pattern += strcspn(pattern, "}");
	}
	return path;
}

START_TEST(without_a_token_only_public_routes_answer)
{
	const struct route *r = &api_routes[_i];
	char *path = concrete(r->pattern);
	struct reply reply = http(
	    &world, (struct request){.method = method_name(r->method), .path = path});

	if ((r->flags & ROUTE_PUBLIC) != 0) {
		ck_status(&reply, 200);
	} else {
		ck_problem(&reply, 401, "UNAUTHENTICATED");
		ck_assert_ptr_nonnull(
		    strstr(reply.headers, "WWW-Authenticate: Bearer"));
	}
	reply_free(&reply);
	free(path);
}
END_TEST

START_TEST(a_role_that_is_not_listed_is_refused_and_it_is_on_record)
{
	static const char *const roles[] = {
	    "ops", "agent", "compliance", "operator", "admin"};
	const struct route *r = &api_routes[_i];
	char *path = concrete(r->pattern), sql[200];

	for (size_t i = 0; i < STW_ARRAY_LEN(roles) && r->roles != 0; i++) {
		char *token;
		struct reply reply;
		int64_t before;

		if ((r->roles & (unsigned)role_parse(str_of(roles[i]))) != 0)
			continue;
		(void)snprintf(sql, sizeof sql,
		    "SELECT count(*) FROM access_event a WHERE verdict = 'denied' AND role = "
		    "'%s' AND what = '%s %s'",
		    roles[i], method_name(r->method), r->pattern);
		before = test_db_number(&world.db, sql);
		token = token_of(roles[i]);
		reply = http(&world, (struct request){.method = method_name(r->method),
					 .path = path,
					 .token = token,
					 .body = "{}",
					 .key = new_key()});
		ck_problem(&reply, 403, "FORBIDDEN");
		ck_assert_int_eq(test_db_number(&world.db, sql), before + 1);
		reply_free(&reply);
		free(token);
	}
	free(path);
}
END_TEST

START_TEST(a_refusal_is_an_entry_of_the_ledger)
{
	static const char sql[] =
	    "SELECT (SELECT count(*) FROM ledger_outbox WHERE kind = 'access') + "
	    "(SELECT count(*) FROM ledger_leaf WHERE kind = 'access')";
	int64_t before = test_db_number(&world.db, sql);
	struct reply r = get("operator", "/v1/decisions");

	ck_problem(&r, 403, "FORBIDDEN");
	ck_assert_int_eq(test_db_number(&world.db, sql), before + 1);
	reply_free(&r);
}
END_TEST

static const char *const bad_tokens[] = {"", "x", "0123456789ab.",
    "0123456789ab.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "0123456789ab'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};

START_TEST(a_wrong_token_is_401_whatever_is_wrong_with_it)
{
	struct reply r =
	    http(&world, (struct request){.path = "/v1/me", .token = bad_tokens[_i]});

	ck_problem(&r, 401, "UNAUTHENTICATED");
	reply_free(&r);
}
END_TEST

START_TEST(one_wrong_letter_in_the_secret_is_401)
{
	char *token = token_of("ops");
	size_t last = strlen(token) - 10;
	struct reply r;

	token[last] = token[last] == 'x' ? 'y' : 'x';
	r = http(&world, (struct request){.path = "/v1/me", .token = token});
	ck_problem(&r, 401, "UNAUTHENTICATED");
	reply_free(&r);
	free(token);
}
END_TEST

START_TEST(a_revoked_token_is_refused_at_once)
{
	char *token, key_id[13];
	struct reply r;

	ck_assert_int_eq(world_run(&world, &token,
			     (const char *const[]){"token", "create", "--role", "ops",
				 "--subject", "someone", NULL}),
	    0);
	token[strcspn(token, "\n")] = '\0';
	r = http(&world, (struct request){.path = "/v1/me", .token = token});
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "subject"), "someone");
	reply_free(&r);
	(void)snprintf(key_id, sizeof key_id, "%.12s", token);
	ck_assert_int_eq(world_run(&world, NULL,
			     (const char *const[]){"token", "revoke", key_id, NULL}),
	    0);
	r = http(&world, (struct request){.path = "/v1/me", .token = token});
	ck_problem(&r, 401, "UNAUTHENTICATED");
	reply_free(&r);
	free(token);
}
END_TEST

START_TEST(a_token_that_has_run_out_is_refused)
{
	char *token = token_of("operator"), sql[160];
	struct reply r;

	(void)snprintf(sql, sizeof sql,
	    "UPDATE api_key SET expires_at = now() WHERE key_id = '%.12s'", token);
	test_db_tamper(&world.db, sql);
	r = http(&world, (struct request){.path = "/v1/me", .token = token});
	ck_problem(&r, 401, "UNAUTHENTICATED");
	reply_free(&r);
	(void)snprintf(sql, sizeof sql,
	    "UPDATE api_key SET expires_at = now() + interval '1 hour' WHERE key_id = "
	    "'%.12s'",
	    token);
	test_db_tamper(&world.db, sql);
	r = http(&world, (struct request){.path = "/v1/me", .token = token});
	ck_status(&r, 200);
	reply_free(&r);
	(void)snprintf(sql, sizeof sql,
	    "UPDATE api_key SET expires_at = NULL WHERE key_id = '%.12s'", token);
	test_db_tamper(&world.db, sql);
	free(token);
}
END_TEST

START_TEST(an_agent_sees_no_customer_without_an_open_task)
{
	struct reply list = get("ops", "/v1/customers?limit=500"), r;
	json_t *row;
	size_t i;
	int refused = 0;

	json_array_foreach(json_at(list.json, "items"), i, row)
	{
		char path[120];

		(void)snprintf(path, sizeof path, "/v1/customers/%s",
		    json_string_value(json_object_get(row, "ref")));
		r = agent(AGENT, NULL, path, NULL, NULL);
		ck_assert_msg(r.status == 200 || r.status == 403, "%ld", r.status);
		refused += r.status == 403;
		reply_free(&r);
		if (i == 30)
			break;
	}
	ck_assert_int_gt(refused, 0);
	r = agent(AGENT, NULL, "/v1/customers/nobody", NULL, NULL);
	ck_problem(&r, 403, "FORBIDDEN");
	reply_free(&r);
	reply_free(&list);
}
END_TEST

START_TEST(tasks_of_another_queue_do_not_exist_for_an_agent)
{
	char id[40], customer[80], path[80];
	struct reply r;

	queued_task(id, customer);
	(void)snprintf(path, sizeof path, "/v1/tasks/%s", id);
	r = agent("bot_01", NULL, path, NULL, NULL);
	ck_problem(&r, 404, "NOT_FOUND");
	reply_free(&r);
	r = task_call("bot_01", id, "accept", NULL);
	ck_problem(&r, 404, "NOT_FOUND");
	reply_free(&r);
	r = agent("bot_01", NULL, "/v1/tasks?queue=wealth-remote", NULL, NULL);
	ck_status(&r, 200);
	for (size_t i = 0; i < json_array_size(json_at(r.json, "items")); i++)
		ck_assert_str_eq(
		    json_string_value(
			json_at(json_array_get(json_at(r.json, "items"), i), "queue")),
		    "welcome-robot");
	reply_free(&r);
}
END_TEST

/* ---- data that is not good enough -------------------------------------------------------- */
static void
limit_age(const char *body)
{
	struct reply r = post("compliance", "/v1/traits/transactions.at/limits", body);

	ck_status(&r, 200);
	reply_free(&r);
}

START_TEST(a_campaign_on_stale_data_is_held_back)
{
	static const char *const plan[] = {"plan", NULL};
	char *out = NULL;
	struct reply r;

	limit_age("{\"max_age_hours\":1}");
	ck_assert_int_eq(world_run(&world, &out, plan), 0);
	ck_assert_msg(strstr(out, "HELD BACK: transactions.at") != NULL, "%s", out);
	free(out);
	r = get("ops", "/v1/campaigns/falling_balance/runs?limit=1");
	ck_assert_str_eq(reply_text(&r, "items/0/held/code"), "STALE");
	ck_assert_str_eq(reply_text(&r, "items/0/held/trait"), "transactions.at");
	ck_assert_int_eq(json_integer_value(json_at(r.json, "items/0/audience")), 0);
	reply_free(&r);
	r = get("ops", "/v1/traits/transactions.at");
	ck_assert_str_eq(reply_text(&r, "quality/breach/code"), "STALE");
	reply_free(&r);
	/* Another campaign does not rest on it, and goes on. */
	r = get("ops", "/v1/campaigns/onboarding_welcome/runs?limit=1");
	ck_assert(json_is_null(json_at(r.json, "items/0/held")));
	ck_assert_int_gt(json_integer_value(json_at(r.json, "items/0/audience")), 0);
	reply_free(&r);
	limit_age("{}");
	ck_assert_int_eq(world_run(&world, NULL, plan), 0);
	r = get("ops", "/v1/campaigns/falling_balance/runs?limit=1");
	ck_assert(json_is_null(json_at(r.json, "items/0/held")));
	reply_free(&r);
}
END_TEST

/* ---- requests that are wrong ---------------------------------------------------------------- */
struct wrong {
	const char *method, *path, *body, *header;
	long status;
	const char *code;
};
static const struct wrong wrongs[] = {
    {"GET", "/v1/nothing", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/", NULL, "Accept: application/json", 302, NULL},
    {"DELETE", "/v1/me", NULL, NULL, 405, "METHOD_NOT_ALLOWED"},
    {"PUT", "/v1/segments", "{}", NULL, 405, "METHOD_NOT_ALLOWED"},
    {"GET", "/v1/me", NULL, "Accept: text/html", 406, "NOT_ACCEPTABLE"},
    {"GET", "/v1/customers/%zz", NULL, NULL, 400, "INVALID_PATH"},
    {"GET", "/v1/customers/nobody", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/decisions/nope", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/decisions/00000000-0000-7000-8000-000000000000", NULL, NULL, 404,
	"NOT_FOUND"},
    {"GET", "/v1/tasks/00000000-0000-7000-8000-000000000000", NULL, NULL, 404,
	"NOT_FOUND"},
    {"GET", "/v1/numbers/999999", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/numbers/x", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/segments/none", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/segments/none/days", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/segments/none/moves", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/segments/elderly/days?days=0", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/segments/elderly/moves?from=x", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/segments/elderly/moves?cursor=AAAA", NULL, NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/l/list", "{\"name\":{\"zh\":\"x\",\"en\":\"x\"}}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/l/list", "{\"customers\":[]}", NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/segments/l/list",
	"{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"customers\":[\"nobody\"]}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/l/list",
	"{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"customers\":[7]}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/l/list",
	"{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"customers\":[],\"mode\":\"x\"}", NULL,
	400, "INVALID_REQUEST"},
    {"POST", "/v1/segments/elderly/list",
	"{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"customers\":[]}", NULL, 409,
	"CONFLICT"},
    {"GET", "/v1/campaigns/none", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/campaigns/none/runs", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/campaigns/maturing_product/versions/99", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/campaigns/maturing_product/versions/x", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/customers?limit=0", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/customers?limit=501", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/customers?limit=x", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/customers?cursor=AAAA", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/decisions?from=yesterday", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/tasks", NULL, NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/tasks?queue=wealth-remote&state=done", NULL, NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/x", "{}", "Content-Type: text/plain", 415,
	"UNSUPPORTED_MEDIA_TYPE"},
    {"POST", "/v1/segments/x", "{\"a\":", NULL, 400, "INVALID_JSON"},
    {"POST", "/v1/segments/x", "[1]", NULL, 400, "INVALID_JSON"},
    {"POST", "/v1/segments/x", "{\"rule\":1,\"rule\":2}", NULL, 400, "INVALID_JSON"},
    {"POST", "/v1/segments/x", "{\"rule\":\"true\",\"colour\":\"red\"}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/x", "{\"rule\":\"true\"}", NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/segments/X",
	"{\"rule\":\"true\",\"name\":{\"zh\":\"x\",\"en\":\"x\"}}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/segments/x",
	"{\"rule\":\"customer.agge > 3\",\"name\":{\"zh\":\"x\",\"en\":\"x\"}}", NULL,
	400, "INVALID_REQUEST"},
    {"POST", "/v1/campaigns", "{\"code\":\"x\"}", NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/campaigns", "{\"code\":\"maturing_product\"}", NULL, 409,
	"CAMPAIGN_EXISTS"},
    {"POST", "/v1/campaigns/none/activate", NULL, NULL, 404, "NOT_FOUND"},
    {"PUT", "/v1/campaigns/maturing_product", "{\"code\":\"maturing_product\"}", NULL,
	428, "PRECONDITION_REQUIRED"},
    {"PUT", "/v1/campaigns/maturing_product", "{\"code\":\"maturing_product\"}",
	"If-Match: \"0123\"", 412, "PRECONDITION_FAILED"},
    {"PUT", "/v1/campaigns/maturing_product", "{\"code\":\"another\"}",
	"If-Match: \"0123\"", 400, "INVALID_REQUEST"},
    {"POST", "/v1/numbers/999999/suspend", "{\"reason\":\"x\"}", NULL, 404,
	"NOT_FOUND"},
    {"POST", "/v1/numbers/1/suspend", "{}", NULL, 400, "INVALID_REQUEST"},
    {"GET", "/v1/traits/nix", NULL, NULL, 404, "NOT_FOUND"},
    {"GET", "/v1/traits?retired=maybe", NULL, NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/traits/holdings.x", "{}", NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/traits/x", "{}", NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/traits/aum",
	"{\"type\":\"int\",\"sensitivity\":\"ordinary\",\"zh\":\"x\",\"en\":\"x\",\"rule\":"
	"\"1\"}",
	NULL, 400, "INVALID_REQUEST"},
    {"POST", "/v1/traits/none/retire", NULL, NULL, 404, "NOT_FOUND"},
    {"POST", "/v1/traits/nix/limits", "{}", NULL, 404, "NOT_FOUND"},
    {"POST", "/v1/traits/aum/limits", "{\"max_drift\":-1}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/traits/aum/limits", "{\"max_missing_bp\":10001}", NULL, 400,
	"INVALID_REQUEST"},
    {"POST", "/v1/traits/customer.dob/accept", NULL, NULL, 404, "NOT_FOUND"},
};

START_TEST(a_wrong_request_gets_its_own_answer)
{
	const struct wrong *w = &wrongs[_i];
	char *token = token_of("admin");
	struct reply r = http(&world, (struct request){.method = w->method,
					  .path = w->path,
					  .token = token,
					  .body = w->body,
					  .header = w->header,
					  .key = new_key()});

	if (w->code != NULL)
		ck_problem(&r, w->status, w->code);
	else
		ck_status(&r, w->status);
	if (r.status == 405)
		ck_assert_ptr_nonnull(strstr(r.headers, "Allow: GET"));
	reply_free(&r);
	free(token);
}
END_TEST

START_TEST(a_fault_in_a_rule_has_line_column_and_pointer)
{
	struct reply r = post("ops", "/v1/segments/faulty",
	    "{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"rule\":\"true &&\\n  customer.agge > "
	    "3\"}");

	ck_problem(&r, 400, "INVALID_REQUEST");
	ck_assert_str_eq(reply_text(&r, "errors/0/pointer"), "/rule");
	ck_assert_int_eq(json_integer_value(json_at(r.json, "errors/0/line")), 2);
	ck_assert_int_gt(json_integer_value(json_at(r.json, "errors/0/column")), 1);
	ck_assert_ptr_nonnull(strstr(reply_text(&r, "detail_zh"), "没有字段 'agge'"));
	ck_assert_str_eq(
	    reply_text(&r, "errors/0/detail_zh"), reply_text(&r, "detail_zh"));
	reply_free(&r);
	r = post(
	    "ops", "/v1/rules:check", "{\"rule\":\"true &&\\n  customer.agge > 3\"}");
	ck_status(&r, 200);
	ck_assert(json_is_false(json_at(r.json, "ok")));
	ck_assert_int_eq(json_integer_value(json_at(r.json, "error/line")), 2);
	ck_assert_str_eq(json_string_value(json_at(r.json, "error/detail")),
	    "no field 'agge' in Customer; did you mean 'age'?");
	ck_assert_str_eq(json_string_value(json_at(r.json, "error/detail_zh")),
	    "Customer 没有字段 'agge'；是不是 'age'？");
	reply_free(&r);
}
END_TEST

START_TEST(a_body_past_the_limit_is_413)
{
	size_t size = ((size_t)1 << 20) + 1;
	char *body = malloc(size + 1);
	struct reply r;

	memset(body, ' ', size);
	body[size] = '\0';
	r = post("ops", "/v1/rules:check", body);
	ck_problem(&r, 413, "TOO_LARGE");
	reply_free(&r);
	free(body);
}
END_TEST

START_TEST(head_answers_as_get_without_a_body)
{
	char *token = token_of("ops");
	struct reply r = http(&world,
	    (struct request){.method = "HEAD", .path = "/v1/me", .token = token});

	ck_status(&r, 200);
	ck_assert_str_eq(r.text, "");
	ck_assert_ptr_nonnull(strstr(r.headers, "Content-Type: application/json"));
	reply_free(&r);
	free(token);
}
END_TEST

START_TEST(problems_speak_the_language_asked_for_and_keep_the_trace)
{
	struct reply r =
	    http(&world, (struct request){.path = "/v1/me",
			     .header = "Accept-Language: zh-CN, en;q=0.5"});

	ck_assert_str_eq(reply_text(&r, "title"), "需要有效的令牌");
	reply_free(&r);
	r = http(&world,
	    (struct request){.path = "/v1/me",
		.header = "traceparent: "
			  "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"});
	ck_assert_str_eq(
	    reply_text(&r, "trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
	ck_assert_str_eq(reply_text(&r, "title"), "A valid token is needed");
	reply_free(&r);
}
END_TEST

/* ---- pages -------------------------------------------------------------------------------------- */
/* Walks a list to its end; how many rows, each key once. */
static int
walk_pages(const char *role, const char *path, const char *key)
{
	json_t *seen = json_object(), *row;
	char url[800];
	int rows = 0;
	size_t i;

	(void)snprintf(url, sizeof url, "%s", path);
	for (;;) {
		struct reply r = get(role, url);
		const char *next;

		ck_status(&r, 200);
		json_array_foreach(json_at(r.json, "items"), i, row)
		{
			const char *id = json_string_value(json_object_get(row, key));

			ck_assert_msg(
			    json_object_get(seen, id) == NULL, "%s came twice", id);
			(void)json_object_set_new(seen, id, json_true());
			rows++;
		}
		next = json_string_value(json_at(r.json, "next_cursor"));
		if (next == NULL) {
			reply_free(&r);
			break;
		}
		(void)snprintf(url, sizeof url, "%s&cursor=%s", path, next);
		reply_free(&r);
	}
	json_decref(seen);
	return rows;
}

START_TEST(pages_hold_every_row_exactly_once)
{
	int64_t blocked = test_db_number(
	    &world.db, "SELECT count(*) FROM decision WHERE outcome = 'BLOCK'");

	ck_assert_int_eq(walk_pages("ops", "/v1/customers?limit=77", "ref"), CUSTOMERS);
	ck_assert_int_eq(walk_pages("compliance",
			     "/v1/decisions?limit=17&outcome=BLOCK", "decision_id"),
	    blocked);
	ck_assert_int_gt(blocked, 17);
}
END_TEST

START_TEST(a_cursor_works_only_with_its_own_filter)
{
	struct reply r = get("ops", "/v1/customers?limit=5"), again;
	char url[400];

	(void)snprintf(url, sizeof url, "/v1/customers?limit=5&stage=mature&cursor=%s",
	    reply_text(&r, "next_cursor"));
	again = get("ops", url);
	ck_problem(&again, 400, "INVALID_REQUEST");
	reply_free(&again);
	reply_free(&r);
}
END_TEST

START_TEST(filters_of_the_log_hold_for_every_row)
{
	struct reply r =
	    get("compliance", "/v1/decisions?limit=200&code=CONSENT_MISSING&gate=P");
	json_t *row, *code;
	size_t i, k;

	ck_assert_uint_gt(json_array_size(json_at(r.json, "items")), 0);
	json_array_foreach(json_at(r.json, "items"), i, row)
	{
		bool found = false;

		json_array_foreach(json_object_get(row, "codes"), k, code)
		{
			found = found ||
				strcmp(json_string_value(code), "CONSENT_MISSING") == 0;
		}
		ck_assert(found);
		ck_assert_str_eq(json_string_value(json_object_get(row, "gate")), "P");
	}
	reply_free(&r);
	r = get("compliance", "/v1/decisions?to=2020-01-01T00:00:00Z");
	ck_assert_uint_eq(json_array_size(json_at(r.json, "items")), 0);
	ck_assert(json_is_null(json_at(r.json, "next_cursor")));
	reply_free(&r);
}
END_TEST

/* ---- keys -------------------------------------------------------------------------------------- */
START_TEST(a_change_without_a_key_is_refused)
{
	char *token = token_of("ops");
	struct reply r = http(&world, (struct request){.method = "POST",
					  .path = "/v1/segments/keyless",
					  .token = token,
					  .body = "{}"});

	ck_problem(&r, 400, "IDEMPOTENCY_KEY_MISSING");
	reply_free(&r);
	free(token);
}
END_TEST

START_TEST(the_same_key_gives_the_first_answer_and_no_second_effect)
{
	static const char body[] =
	    "{\"action\":\"grant\",\"purpose\":\"SURVEY\",\"channel\":"
	    "\"VOICE\",\"form\":\"app\",\"evidence\":\"e-1\"}";
	static const char other[] =
	    "{\"action\":\"grant\",\"purpose\":\"SURVEY\",\"channel\":"
	    "\"SMS\",\"form\":\"app\",\"evidence\":\"e-1\"}";
	static const char sql[] =
	    "SELECT count(*) FROM consent_event WHERE purpose = 'SURVEY'";
	struct reply list = get("ops", "/v1/customers?limit=1"), first, second, third;
	char *token = token_of("ops"), path[160], key[64];
	struct request request;
	int64_t before = test_db_number(&world.db, sql);

	(void)snprintf(path, sizeof path, "/v1/customers/%s/consents",
	    reply_text(&list, "items/0/ref"));
	(void)snprintf(key, sizeof key, "%s", new_key());
	request = (struct request){
	    .method = "POST", .path = path, .token = token, .body = body, .key = key};
	first = http(&world, request);
	second = http(&world, request);
	ck_status(&first, 201);
	ck_status(&second, 201);
	ck_assert_str_eq(first.text, second.text);
	ck_assert_int_eq(test_db_number(&world.db, sql), before + 1);
	request.body = other;
	third = http(&world, request);
	ck_problem(&third, 422, "IDEMPOTENCY_KEY_REUSED");
	ck_assert_int_eq(test_db_number(&world.db, sql), before + 1);
	reply_free(&first);
	reply_free(&second);
	reply_free(&third);
	reply_free(&list);
	free(token);
}
END_TEST

START_TEST(a_key_whose_request_failed_may_be_used_again)
{
	char *token = token_of("ops");
	struct request request = {.method = "POST",
	    .path = "/v1/segments/second_try",
	    .token = token,
	    .body = "{}",
	    .key = "used-after-a-fault"};
	struct reply r = http(&world, request);

	ck_problem(&r, 400, "INVALID_REQUEST");
	reply_free(&r);
	request.body = "{\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"rule\":\"true\"}";
	r = http(&world, request);
	ck_status(&r, 201);
	reply_free(&r);
	free(token);
}
END_TEST

#define AT_ONCE 8

struct racer {
	struct request request;
	struct reply reply;
};

static void *
race(void *arg)
{
	struct racer *r = arg;

	r->reply = http(&world, r->request);
	return NULL;
}

static void
race_all(struct racer racers[AT_ONCE])
{
	pthread_t threads[AT_ONCE];

	for (int i = 0; i < AT_ONCE; i++)
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	for (int i = 0; i < AT_ONCE; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

START_TEST(one_key_sent_by_many_at_once_has_one_effect)
{
	static const char sql[] =
	    "SELECT count(*) FROM consent_event WHERE evidence = 'raced'";
	struct reply list = get("ops", "/v1/customers?limit=1");
	char *token = token_of("ops"), path[160], key[64];
	struct racer racers[AT_ONCE] = {0};
	const char *answer = NULL;

	(void)snprintf(path, sizeof path, "/v1/customers/%s/consents",
	    reply_text(&list, "items/0/ref"));
	(void)snprintf(key, sizeof key, "%s", new_key());
	for (int i = 0; i < AT_ONCE; i++)
		racers[i].request = (struct request){.method = "POST",
		    .path = path,
		    .token = token,
		    .body = "{\"action\":\"grant\",\"purpose\":\"SURVEY\",\"channel\":"
			    "\"SMS\",\"form\":\"app\",\"evidence\":\"raced\"}",
		    .key = key};
	race_all(racers);
	for (int i = 0; i < AT_ONCE; i++) {
		const struct reply *r = &racers[i].reply;

		if (r->status == 409) {
			ck_assert_str_eq(
			    reply_text(r, "code"), "IDEMPOTENCY_IN_PROGRESS");
			continue;
		}
		ck_status(r, 201);
		if (answer != NULL)
			ck_assert_str_eq(r->text, answer);
		answer = r->text;
	}
	ck_assert_ptr_nonnull(answer);
	ck_assert_int_eq(test_db_number(&world.db, sql), 1);
	for (int i = 0; i < AT_ONCE; i++)
		reply_free(&racers[i].reply);
	reply_free(&list);
	free(token);
}
END_TEST

/* ---- events in ---------------------------------------------------------------------------- */
#define EVENT_TYPE "\"type\":\"com.steward.interaction.login\","
#define EVENT_HEAD "{\"specversion\":\"1.0\",\"source\":\"/core\","
#define EVENT_BODY EVENT_TYPE "\"subject\":\"x\",\"time\":\"2026-11-23T01:00:00Z\""
#define BATCH      "Content-Type: application/cloudevents-batch+json"
#define ONE        "Content-Type: application/cloudevents+json"

static struct reply
post_events(const char *header, const char *body)
{
	char *token = token_of("operator");
	struct reply reply = http(&world, (struct request){.method = "POST",
					      .path = "/v1/events",
					      .token = token,
					      .body = body,
					      .header = header});

	free(token);
	return reply;
}

static int64_t
interactions(void)
{
	return test_db_number(&world.db, "SELECT count(*) FROM interaction");
}

/* what is sent, the member that the problem points to, what it says */
static const struct event_case {
	const char *header;
	const char *body;
	long status;
	const char *pointer;
	const char *says;
} event_cases[] = {
    {ONE, "[]", 400, "", "one event is wanted"},
    {BATCH, "{}", 400, "", "an array"},
    {BATCH, "[1]", 400, "", "an event is an object"},
    {BATCH, "[", 400, "", "1:1"},
    {"Content-Type: text/plain", "{}", 415, NULL, "application/json"},
    {ONE, "{}", 400, "/specversion", "is missing"},
    {ONE, "{\"specversion\":\"0.3\"}", 400, "/specversion", "1.0 is wanted"},
    {ONE, "{\"specversion\":1.0}", 400, "/specversion", "a text is wanted"},
    {ONE, "{\"specversion\":\"1.0\",\"id\":\"1\"}", 400, "/source", "is missing"},
    {ONE, EVENT_HEAD EVENT_BODY "}", 400, "/id", "is missing"},
    {ONE, EVENT_HEAD "\"id\":\"\"," EVENT_BODY "}", 400, "/id", "is empty"},
    {ONE, EVENT_HEAD "\"id\":\"a\\u0001\"," EVENT_BODY "}", 400, "/id", "control"},
    {ONE, EVENT_HEAD "\"id\":\"1\"," EVENT_TYPE "\"time\":\"2026-11-23T01:00:00Z\"}",
	400, "/subject", "is missing"},
    {ONE, EVENT_HEAD "\"id\":\"1\"," EVENT_TYPE "\"subject\":\"x\"}", 400, "/time",
	"is missing"},
    {ONE,
	EVENT_HEAD "\"id\":\"1\"," EVENT_TYPE
		   "\"subject\":\"x\",\"time\":\"yesterday\"}",
	400, "/time", "an instant"},
    {ONE,
	EVENT_HEAD "\"id\":\"1\"," EVENT_TYPE
		   "\"subject\":\"x\",\"time\":\"2026-11-24T00:00:00Z\"}",
	400, "/time", "in the future"},
    {ONE, EVENT_HEAD "\"id\":\"1\",\"type\":\"org.example.login\",\"subject\":\"x\"}",
	400, "/type", "com.steward.interaction.KIND"},
    {ONE,
	EVENT_HEAD "\"id\":\"1\",\"type\":\"com.steward.interaction.Log in\","
		   "\"subject\":\"x\"}",
	400, "/type", "KIND of a-z"},
    {ONE, EVENT_HEAD "\"id\":\"1\"," EVENT_BODY ",\"data\":{\"chanel\":\"app\"}}", 400,
	"/data", "channel or nothing"},
    {ONE, EVENT_HEAD "\"id\":\"1\"," EVENT_BODY ",\"data\":{\"channel\":\"APP 1\"}}",
	400, "/data/channel", "a word"},
    {ONE, EVENT_HEAD "\"id\":\"1\"," EVENT_BODY ",\"data_base64\":\"eA==\"}", 400,
	"/data_base64", "as JSON"},
    {ONE, EVENT_HEAD "\"id\":\"1\"," EVENT_BODY ",\"datacontenttype\":\"text/xml\"}",
	400, "/datacontenttype", "application/json"},
    {BATCH, "[" EVENT_HEAD "\"id\":\"1\"," EVENT_BODY "}," EVENT_HEAD EVENT_BODY "}]",
	400, "/1/id", "is missing"},
};

START_TEST(an_event_with_a_fault_refuses_the_request_and_names_the_place)
{
	const struct event_case *c = &event_cases[_i];
	int64_t before = interactions();
	struct reply r = post_events(c->header, c->body);

	ck_problem(&r, c->status,
	    c->status == 415            ? "UNSUPPORTED_MEDIA_TYPE"
	    : strcmp(c->body, "[") == 0 ? "INVALID_JSON"
					: "INVALID_EVENT");
	if (c->pointer != NULL)
		ck_assert_str_eq(reply_text(&r, "errors/0/pointer"), c->pointer);
	ck_assert_msg(strstr(reply_text(&r, "detail"), c->says) != NULL, "%s",
	    reply_text(&r, "detail"));
	ck_assert_int_eq(interactions(), before);
	reply_free(&r);
}
END_TEST

static void
ck_fates(const struct reply *r, int stored, int duplicates, int rejected)
{
	ck_status(r, 200);
	ck_assert_int_eq(json_integer_value(json_at(r->json, "stored")), stored);
	ck_assert_int_eq(
	    json_integer_value(json_at(r->json, "duplicates")), duplicates);
	ck_assert_uint_eq(
	    json_array_size(json_at(r->json, "rejected")), (size_t)rejected);
}

START_TEST(events_of_known_customers_are_stored_once_and_others_named)
{
	int64_t before = interactions();
	struct reply list = get("ops", "/v1/customers?limit=2"), r;
	char body[3000];

	(void)snprintf(body, sizeof body,
	    "[" EVENT_HEAD "\"id\":\"b1\"," EVENT_TYPE
	    "\"subject\":\"%s\",\"time\":\"2026-11-23T01:00:00Z\"}," EVENT_HEAD
	    "\"id\":\"b2\"," EVENT_BODY "}," EVENT_HEAD "\"id\":\"b3\"," EVENT_TYPE
	    "\"subject\":\"%s\",\"time\":\"2026-11-23T09:00:00+08:00\",\"data\":"
	    "{\"channel\":\"app\"},\"traceparent\":\"x\"}]",
	    reply_text(&list, "items/0/ref"), reply_text(&list, "items/1/ref"));
	r = post_events(BATCH, body);
	ck_fates(&r, 2, 0, 1);
	ck_assert_int_eq(json_integer_value(json_at(r.json, "rejected/0/index")), 1);
	ck_assert_str_eq(reply_text(&r, "rejected/0/id"), "b2");
	ck_assert_str_eq(reply_text(&r, "rejected/0/code"), "CUSTOMER_UNKNOWN");
	ck_assert_int_eq(interactions(), before + 2);
	reply_free(&r);
	r = post_events(BATCH, body);
	ck_fates(&r, 0, 2, 1);
	reply_free(&r);
	/* The same event told otherwise. */
	memcpy(strstr(body, "T01:00"), "T00:59", 6);
	r = post_events(BATCH, body);
	ck_fates(&r, 0, 1, 2);
	ck_assert_str_eq(reply_text(&r, "rejected/0/id"), "b1");
	ck_assert_str_eq(reply_text(&r, "rejected/0/code"), "EVENT_CONFLICT");
	reply_free(&r);
	reply_free(&list);
	ck_assert_int_eq(interactions(), before + 2);
}
END_TEST

START_TEST(a_thousand_events_are_taken_and_one_more_is_not)
{
	char *body = NULL;
	struct reply r;
	size_t len = 0;

	for (int count = 1000; count <= 1001; count++) {
		FILE *out = open_memstream(&body, &len);

		for (int i = 0; i < count; i++)
			(void)fprintf(out,
			    "%s" EVENT_HEAD "\"id\":\"%d\"," EVENT_BODY "}",
			    i == 0 ? "[" : ",", i);
		(void)fprintf(out, "]");
		(void)fclose(out);
		r = post_events(BATCH, body);
		if (count == 1000)
			ck_fates(&r, 0, 0, 1000);
		else
			ck_problem(&r, 413, "TOO_LARGE");
		reply_free(&r);
		free(body);
	}
}
END_TEST

/* ---- work -------------------------------------------------------------------------------------- */
START_TEST(a_task_belongs_to_the_first_agent_who_takes_it)
{
	char id[40], customer[80];
	struct reply r;

	queued_task(id, customer);
	r = task_call(AGENT, id, "accept", NULL);
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "agent"), AGENT);
	ck_assert(json_is_true(json_at(r.json, "mine")));
	reply_free(&r);
	r = task_call(OTHER, id, "accept", NULL);
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	r = task_call(OTHER, id, "permit", NULL);
	ck_assert_int_ge(r.status, 400);
	reply_free(&r);
	r = task_call(AGENT, id, "release", NULL);
	ck_status(&r, 200);
	ck_assert_str_eq(reply_text(&r, "state"), "queued");
	reply_free(&r);
}
END_TEST

START_TEST(of_many_who_reach_for_a_task_one_gets_it)
{
	char id[40], customer[80], path[120], keys[AT_ONCE][40];
	char *tokens[2] = {strdup(world_token(&world, "agent", AGENT)), NULL};
	struct racer racers[AT_ONCE] = {0};
	struct reply task;
	int got = 0;

	tokens[1] = strdup(world_token(&world, "agent", OTHER));
	queued_task(id, customer);
	(void)snprintf(path, sizeof path, "/v1/tasks/%s/accept", id);
	for (int i = 0; i < AT_ONCE; i++) {
		(void)snprintf(keys[i], sizeof keys[i], "race-%d", i);
		racers[i].request = (struct request){.method = "POST",
		    .path = path,
		    .token = tokens[i % 2],
		    .key = keys[i]};
	}
	race_all(racers);
	for (int i = 0; i < AT_ONCE; i++) {
		got += racers[i].reply.status == 200;
		if (racers[i].reply.status != 200)
			ck_problem(&racers[i].reply, 409, "CONFLICT");
	}
	ck_assert_int_eq(got, 1);
	(void)snprintf(path, sizeof path, "/v1/tasks/%s", id);
	task = agent(AGENT, NULL, path, NULL, NULL);
	for (int i = 0; i < AT_ONCE; i++) {
		if (racers[i].reply.status == 200)
			ck_assert_str_eq(reply_text(&racers[i].reply, "agent"),
			    reply_text(&task, "agent"));
		reply_free(&racers[i].reply);
	}
	reply_free(&task);
	free(tokens[0]);
	free(tokens[1]);
}
END_TEST

START_TEST(a_call_goes_from_accept_over_permit_to_outcome)
{
	char id[40], customer[80];
	struct reply r;

	queued_task(id, customer);
	r = task_call(AGENT, id, "accept", NULL);
	ck_status(&r, 200);
	ck_assert_str_ne(reply_text(&r, "script_body"), "");
	reply_free(&r);
	r = task_call(AGENT, id, "permit", NULL);
	ck_status(&r, 200);
	ck_assert_msg(json_is_true(json_at(r.json, "granted")), "%s", r.text);
	ck_assert_str_ne(reply_text(&r, "number"), "");
	ck_assert_int_gt(json_integer_value(json_at(r.json, "valid_seconds")), 0);
	reply_free(&r);
	r = task_call(AGENT, id, "outcome", "{\"disposition\":\"call_back\"}");
	ck_problem(&r, 400, "INVALID_REQUEST");
	ck_assert_str_eq(reply_text(&r, "errors/0/pointer"), "/callback_at");
	reply_free(&r);
	r = task_call(AGENT, id, "outcome", "{\"disposition\":\"interested\"}");
	ck_status(&r, 201);
	ck_assert_str_eq(reply_text(&r, "task/state"), "done");
	reply_free(&r);
	r = task_call(AGENT, id, "outcome", "{\"disposition\":\"declined\"}");
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
}
END_TEST

START_TEST(after_a_withdrawal_no_permit_is_granted)
{
	char id[40], customer[80], path[160];
	struct reply r;

	queued_task(id, customer);
	r = task_call(AGENT, id, "accept", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	(void)snprintf(path, sizeof path, "/v1/customers/%s/consents", customer);
	r = agent(AGENT, "POST", path,
	    "{\"action\":\"withdraw\",\"purpose\":\"MARKETING\",\"channel\":\"VOICE\","
	    "\"form\":\"recorded_call\"}",
	    new_key());
	ck_status(&r, 201);
	ck_assert_int_ge(json_integer_value(json_at(r.json, "recalled")), 1);
	reply_free(&r);
	r = task_call(AGENT, id, "permit", NULL);
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	(void)snprintf(path, sizeof path, "/v1/tasks/%s", id);
	r = agent(AGENT, NULL, path, NULL, NULL);
	ck_assert_str_eq(reply_text(&r, "state"), "recalled");
	reply_free(&r);
}
END_TEST

START_TEST(a_suspended_number_grants_no_permit)
{
	char id[40], customer[80], path[80];
	struct reply numbers = get("operator", "/v1/numbers"), r;
	json_t *number;
	size_t i;

	queued_task(id, customer);
	r = task_call(AGENT, id, "accept", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	json_array_foreach(json_at(numbers.json, "items"), i, number)
	{
		(void)snprintf(path, sizeof path, "/v1/numbers/%s/suspend",
		    json_string_value(json_object_get(number, "number_id")));
		r = post("compliance", path, "{\"reason\":\"too many complaints\"}");
		ck_status(&r, 200);
		ck_assert_str_eq(reply_text(&r, "status"), "suspended");
		reply_free(&r);
	}
	r = task_call(AGENT, id, "permit", NULL);
	ck_status(&r, 200);
	ck_assert(json_is_false(json_at(r.json, "granted")));
	ck_assert_ptr_nonnull(strstr(r.text, "NUMBER_SUSPENDED"));
	reply_free(&r);
	json_array_foreach(json_at(numbers.json, "items"), i, number)
	{
		(void)snprintf(path, sizeof path, "/v1/numbers/%s/resume",
		    json_string_value(json_object_get(number, "number_id")));
		r = post("compliance", path, "{\"reason\":\"looked into\"}");
		ck_status(&r, 200);
		reply_free(&r);
	}
	reply_free(&numbers);
}
END_TEST

START_TEST(an_author_cannot_approve_the_own_campaign)
{
	struct reply r = get("ops", "/v1/campaigns/maturing_product");
	json_t *doc = json_at(r.json, "document");
	char *text;

	(void)json_object_set_new(doc, "code", json_string("own_work"));
	text = json_dumps(doc, 0);
	reply_free(&r);
	r = post("ops", "/v1/campaigns", text);
	ck_status(&r, 201);
	ck_assert_ptr_nonnull(strstr(r.headers, reply_text(&r, "hash")));
	reply_free(&r);
	r = post("ops", "/v1/campaigns/own_work/approve", "{\"version\":1}");
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	r = post("ops", "/v1/campaigns/own_work/activate", NULL);
	ck_problem(&r, 409, "CONFLICT");
	reply_free(&r);
	free(text);
}
END_TEST

/* Draft, submitted, approved by another person, in force: none can be left out. */
START_TEST(a_lifecycle_model_needs_a_second_person)
{
	char *text = other_model("350000"), path[120];
	struct reply r = post("ops", "/v1/lifecycle/models", text);
	int version;

	ck_status(&r, 201);
	version = (int)json_integer_value(json_at(r.json, "version"));
	ck_assert_str_eq(reply_text(&r, "state"), "draft");
	reply_free(&r);
#define MOVE(role, verb, status)                                               \
	do {                                                                   \
		(void)snprintf(path, sizeof path,                              \
		    "/v1/lifecycle/models/wealth/versions/%d/" verb, version); \
		r = post(role, path, NULL);                                    \
		ck_status(&r, status);                                         \
	} while (0)
	MOVE("ops", "activate", 409);
	reply_free(&r);
	MOVE("compliance", "approve", 409);
	reply_free(&r);
	MOVE("ops", "submit", 200);
	reply_free(&r);
	MOVE("ops", "approve", 409); /* who wrote it */
	ck_assert_ptr_nonnull(strstr(reply_text(&r, "detail"), "somebody else"));
	reply_free(&r);
	MOVE("ops", "activate", 409);
	reply_free(&r);
	MOVE("compliance", "approve", 200);
	ck_assert_str_eq(reply_text(&r, "state"), "approved");
	ck_assert_int_eq(
	    json_integer_value(json_at(r.json, "preview/customers")), CUSTOMERS);
	reply_free(&r);
	MOVE("compliance", "approve", 200); /* whoever did not hear the answer */
	reply_free(&r);
	MOVE("ops", "activate", 200);
	ck_assert_str_eq(reply_text(&r, "state"), "active");
	reply_free(&r);
#undef MOVE
	free(text);
}
END_TEST

static const struct {
	const char *body, *path, *says;
	int line;
} bad_models[] = {
    {"{\"code\": \"wealth\"}", "model", "name", 0},
    {"{\"code\":\"m\",\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"stages\":[{\"code\":\"a\","
     "\"name\":{\"zh\":\"x\",\"en\":\"x\"}}],\"initial\":[{\"stage\":\"b\",\"reason\":"
     "\"r\"}],\"transitions\":[]}",
	"initial[0]", "no stage \"b\"; did you mean \"a\"?", 0},
    {"{\"code\":\"m\",\"name\":{\"zh\":\"x\",\"en\":\"x\"},\"stages\":[{\"code\":\"a\","
     "\"name\":{\"zh\":\"x\",\"en\":\"x\"}}],\"initial\":[{\"stage\":\"a\",\"when\":"
     "\"customer.agee > 3\",\"reason\":\"r\"},{\"stage\":\"a\",\"reason\":\"r\"}],"
     "\"transitions\":[]}",
	"initial[0].when", "age", 1},
};

START_TEST(a_fault_in_a_model_has_its_place)
{
	struct reply r =
	    post("ops", "/v1/lifecycle/models:validate", bad_models[_i].body);

	ck_status(&r, 200);
	ck_assert(json_is_false(json_at(r.json, "ok")));
	ck_assert_str_eq(reply_text(&r, "error/path"), bad_models[_i].path);
	ck_assert_int_eq(
	    json_integer_value(json_at(r.json, "error/line")), bad_models[_i].line);
	ck_assert_msg(
	    strstr(reply_text(&r, "error/detail"), bad_models[_i].says) != NULL, "%s",
	    r.text);
	reply_free(&r);
	/* Kept it is not. */
	r = post("ops", "/v1/lifecycle/models", bad_models[_i].body);
	ck_status(&r, 400);
	reply_free(&r);
}
END_TEST

/* The command line shows the same, in the terminal's language. */
START_TEST(the_command_line_shows_a_model_and_a_customer)
{
	char file[200], ref[80], *out, *text = other_model("250000");
	const char *validate[] = {"lifecycle", "validate", file, NULL};
	const char *preview[] = {"lifecycle", "preview", file, NULL};
	const char *why[] = {"stage", "why", ref, NULL};
	const char *promises[] = {"lifecycle", "promises", NULL};
	struct reply r = get("compliance", "/v1/customers?stage=mature&limit=1");
	FILE *to;

	(void)snprintf(ref, sizeof ref, "%s", reply_text(&r, "items/0/ref"));
	reply_free(&r);
	(void)snprintf(file, sizeof file, "%s/model.json", world.dir);
	to = fopen(file, "we");
	ck_assert_ptr_nonnull(to);
	ck_assert_int_gt(fputs(text, to), 0);
	ck_assert_int_eq(fclose(to), 0);
	free(text);
	ck_assert_int_eq(world_run(&world, &out, validate), 0);
	ck_assert_msg(strstr(out, "model wealth: 0 errors") != NULL, "%s", out);
	ck_assert_msg(strstr(out, "growing") != NULL, "%s", out);
	free(out);
	ck_assert_int_eq(world_run(&world, &out, preview), 0);
	ck_assert_msg(strstr(out, "would be in another stage") != NULL, "%s", out);
	free(out);
	ck_assert_int_eq(world_run(&world, &out, why), 0);
	ck_assert_msg(
	    strstr(out, "mature -> growing  below_mature") != NULL, "%s", out);
	ck_assert_msg(strstr(out, "customer.aum = money(") != NULL, "%s", out);
	free(out);
	ck_assert_int_eq(world_run(&world, &out, promises), 0);
	ck_assert_msg(strstr(out, "mature_contact_private") != NULL, "%s", out);
	free(out);
}
END_TEST

START_TEST(decisions_replay_to_the_same_bytes)
{
	struct reply list = get("compliance", "/v1/decisions?limit=40"), r;
	json_t *row;
	size_t i;

	json_array_foreach(json_at(list.json, "items"), i, row)
	{
		char path[100];

		(void)snprintf(path, sizeof path, "/v1/decisions/%s/replay",
		    json_string_value(json_object_get(row, "decision_id")));
		r = post("compliance", path, NULL);
		ck_status(&r, 200);
		ck_assert_msg(json_is_true(json_at(r.json, "identical")), "%s", r.text);
		reply_free(&r);
	}
	reply_free(&list);
}
END_TEST

/* ---- exports ------------------------------------------------------------------------------ */
static int
lines_of(const char *text)
{
	int n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

START_TEST(an_export_holds_every_row_once_and_its_manifest_says_so)
{
	struct reply r = get("ops", "/v1/exports/customers"), m;
	unsigned char hash[crypto_hash_sha256_BYTES];
	char path[120], id[40], hex[sizeof hash * 2 + 1];
	json_t *row;

	ck_status(&r, 200);
	ck_assert_int_eq(lines_of(r.text), CUSTOMERS);
	row = json_loads(r.text, JSON_DISABLE_EOF_CHECK, NULL);
	ck_assert_ptr_nonnull(json_object_get(row, "ref"));
	ck_assert_ptr_null(json_object_get(row, "name"));
	json_decref(row);
	header_value(&r, "X-Export-Id", id);
	(void)snprintf(path, sizeof path, "/v1/export-manifests/%s", id);
	m = get("compliance", path);
	ck_status(&m, 200);
	ck_assert_int_eq(json_integer_value(json_at(m.json, "rows")), CUSTOMERS);
	ck_assert(json_is_true(json_at(m.json, "complete")));
	crypto_hash_sha256(hash, (const unsigned char *)r.text, strlen(r.text));
	(void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	ck_assert_str_eq(reply_text(&m, "sha256"), hex);
	reply_free(&r);
	reply_free(&m);
	/* One statement: the sequencer may move it from one table to the other. */
	ck_assert_int_gt(
	    test_db_number(&world.db,
		"SELECT (SELECT count(*) FROM ledger_leaf WHERE kind = 'export') + "
		"(SELECT count(*) FROM ledger_outbox WHERE kind = 'export')"),
	    0);
}
END_TEST

static const struct {
	const char *role, *path;
	long status;
} exports_refused[] = {{"agent", "/v1/exports/customers", 403},
    {"operator", "/v1/exports/customers", 403}, {"ops", "/v1/exports/passwords", 404},
    {"ops", "/v1/exports/members", 400}, {"ops", "/v1/exports/tasks?stage=mature", 400},
    {"ops", "/v1/exports/customers?from=2026-01-01T00:00:00Z", 400},
    {"ops", "/v1/exports/tasks?format=xlsx", 400},
    {"ops", "/v1/export-manifests/00000000-0000-0000-0000-000000000000", 404}};

START_TEST(an_export_that_cannot_be_is_refused_before_it_begins)
{
	struct reply r = get(exports_refused[_i].role, exports_refused[_i].path);

	ck_status(&r, exports_refused[_i].status);
	reply_free(&r);
}
END_TEST

START_TEST(the_overview_adds_up)
{
	struct reply r = get("ops", "/v1/overview");
	json_t *by_fate = json_at(r.json, "funnel/by_fate"), *n;
	json_int_t sum = 0, stages = 0;
	const char *fate;
	size_t i;

	json_object_foreach(by_fate, fate, n)
	{
		sum += json_integer_value(n);
	}
	ck_assert_int_eq(sum, json_integer_value(json_at(r.json, "funnel/audience")));
	ck_assert_int_gt(sum, 0);
	ck_assert(json_is_true(json_at(r.json, "funnel/adds_up")));
	json_array_foreach(json_at(r.json, "stages/items"), i, n)
	{
		stages += json_integer_value(json_object_get(n, "customers"));
	}
	stages += json_integer_value(json_at(r.json, "stages/unplaced"));
	ck_assert_int_eq(stages, CUSTOMERS);
	reply_free(&r);
}
END_TEST

START_TEST(the_ledger_is_whole_after_all_this)
{
	char *out;
	int rc =
	    world_run(&world, &out, (const char *const[]){"ledger", "verify", NULL});

	ck_assert_msg(rc == 0, "%s", out);
	free(out);
}
END_TEST

/* ---- the console ----------------------------------------------------------------------------- */
START_TEST(the_root_leads_to_the_console_with_a_strict_policy)
{
	struct reply r = http(&world, (struct request){.path = "/"});

	ck_status(&r, 302);
	ck_assert_ptr_nonnull(strstr(r.headers, "Location: /console/"));
	reply_free(&r);
	r = http(&world, (struct request){.path = "/console/no.such.file.js"});
	ck_problem(&r, 404, "NOT_FOUND");
	reply_free(&r);
	r = http(&world, (struct request){.path = "/console/../../etc/passwd"});
	ck_assert_int_ne(r.status, 500);
	ck_assert_ptr_null(strstr(r.text, "root:"));
	reply_free(&r);
	if (embed_find("api/console/index.html") == NULL)
		return;
	r = http(&world, (struct request){.path = "/console/log"});
	ck_status(&r, 200);
	ck_assert_ptr_nonnull(strstr(r.headers, "default-src 'none'"));
	ck_assert_ptr_nonnull(strstr(r.headers, "text/html"));
	reply_free(&r);
}
END_TEST

/* ---- the process ----------------------------------------------------------------------------- */
struct refusal {
	const char *argv[8];
	int status;
	const char *says;
};
static const struct refusal refusals[] = {
    {{"serve", "--listen", "PORT", NULL}, 75, "is in use by another process"},
    {{"serve", "--listen", "nowhere", NULL}, 2, "an address and a port"},
    {{"report", "--database", "host=/nonexistent user=x dbname=x", NULL}, 75,
	"no database"},
    {{"serve", "--token-key", "OPEN", NULL}, 2, "mode"},
    {{"report", "--clock", "noon", NULL}, 2, "clock is an instant"},
    {{"report", "--zone", "Mars/Olympus", NULL}, 3, "Mars/Olympus"},
    {{"hlep", NULL}, 2, "there is no command \"hlep\"; did you mean \"help\"?"},
    {{"rule", "chek", "true", NULL}, 2, "did you mean \"check\"?"},
    {{"rule", "check", "customer.nme == 1", NULL}, 2, "1:"},
    {{"rule", "check", NULL}, 2, "usage: steward rule"},
    {{"import", "/nonexistent", NULL}, 3, "is not a directory"},
    {{"token", "create", "--role", "king", "--subject", "x", NULL}, 2, "--role is ops"},
    {{"campaign", "activate", "none", "--by", "x", NULL}, 3, "none"},
    {{"slot", "drop", "none", NULL}, 3, "no replication slot none"},
    {{"consent", "grant", "nobody", "--purpose", "MARKETING", "--channel", "VOICE"}, 2,
	"are needed"},
};

START_TEST(a_command_that_cannot_work_says_why_once)
{
	const struct refusal *r = &refusals[_i];
	const char *argv[9] = {0};
	char open_key[200], address[40], *out, *first;
	int rc;

	(void)snprintf(open_key, sizeof open_key, "%s/open-key", world.dir);
	(void)snprintf(address, sizeof address, "%s", strstr(world.api, "//") + 2);
	for (size_t i = 0; i < 8 && r->argv[i] != NULL; i++) {
		argv[i] = r->argv[i];
		if (strcmp(argv[i], "PORT") == 0)
			argv[i] = address;
		if (strcmp(argv[i], "OPEN") == 0) {
			FILE *file = fopen(open_key, "we");

			ck_assert_int_eq(fclose(file), 0);
			ck_assert_int_eq(chmod(open_key, 0644), 0);
			argv[i] = open_key;
		}
	}
	rc = world_run(&world, &out, argv);
	ck_assert_msg(rc == r->status, "exit %d: %s", rc, out);
	ck_assert_msg(strstr(out, r->says) != NULL, "%s", out);
	first = strstr(out, "steward: ");
	ck_assert_msg(
	    first != NULL && strstr(first + 1, "steward: ") == NULL, "%s", out);
	free(out);
}
END_TEST

START_TEST(a_clock_behind_the_record_decides_nothing)
{
	char *out;
	int rc;

	/* The real clock, with a record from its future. */
	test_db_tamper(&world.db,
	    "INSERT INTO access_event VALUES (gen_random_uuid(), now() + interval '9 days', "
	    "'test', 'ops', 'future', 'allowed', NULL)");
	rc =
	    world_run(&world, &out, (const char *const[]){"plan", "--clock", "", NULL});
	ck_assert_msg(rc == 2, "exit %d: %s", rc, out);
	ck_assert_ptr_nonnull(strstr(out, "the clock says"));
	free(out);
}
END_TEST

START_TEST(sigterm_ends_the_server_cleanly)
{
	char path[200];
	pid_t pid;

	(void)snprintf(path, sizeof path, "%s/second.port", world.dir);
	pid = world_spawn(&world, "second",
	    (const char *const[]){"serve", "--listen", "127.0.0.1:0", "--port-file",
		path, "--dispatch", "false", NULL});
	for (int i = 0; i < 300 && access(path, F_OK) != 0; i++)
		(void)usleep(50000);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(world_end(pid), 0);
}
END_TEST

static Suite *
api_suite(void)
{
	Suite *suite = suite_create("api");
	TCase *tc = tcase_create("contract");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, the_table_of_routes_and_the_document_agree);
	tcase_add_test(tc, every_operation_answers_as_the_document_says);
	tcase_add_test(tc, an_export_holds_every_row_once_and_its_manifest_says_so);
	tcase_add_loop_test(tc, an_export_that_cannot_be_is_refused_before_it_begins, 0,
	    (int)STW_ARRAY_LEN(exports_refused));
	tcase_add_test(tc, the_overview_adds_up);
	tcase_add_test(tc, decisions_replay_to_the_same_bytes);
	suite_add_tcase(suite, tc);
	tc = tcase_create("rights");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
	    tc, without_a_token_only_public_routes_answer, 0, api_route_count);
	tcase_add_loop_test(tc,
	    a_role_that_is_not_listed_is_refused_and_it_is_on_record, 0,
	    api_route_count);
	tcase_add_test(tc, a_refusal_is_an_entry_of_the_ledger);
	tcase_add_loop_test(tc, a_wrong_token_is_401_whatever_is_wrong_with_it, 0,
	    (int)STW_ARRAY_LEN(bad_tokens));
	tcase_add_test(tc, one_wrong_letter_in_the_secret_is_401);
	tcase_add_test(tc, a_revoked_token_is_refused_at_once);
	tcase_add_test(tc, a_token_that_has_run_out_is_refused);
	tcase_add_test(tc, an_agent_sees_no_customer_without_an_open_task);
	tcase_add_test(tc, tasks_of_another_queue_do_not_exist_for_an_agent);
	suite_add_tcase(suite, tc);
	tc = tcase_create("requests");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_campaign_on_stale_data_is_held_back);
	tcase_add_loop_test(
	    tc, a_wrong_request_gets_its_own_answer, 0, (int)STW_ARRAY_LEN(wrongs));
	tcase_add_test(tc, a_fault_in_a_rule_has_line_column_and_pointer);
	tcase_add_test(tc, a_body_past_the_limit_is_413);
	tcase_add_test(tc, head_answers_as_get_without_a_body);
	tcase_add_test(tc, problems_speak_the_language_asked_for_and_keep_the_trace);
	tcase_add_test(tc, pages_hold_every_row_exactly_once);
	tcase_add_test(tc, a_cursor_works_only_with_its_own_filter);
	tcase_add_test(tc, filters_of_the_log_hold_for_every_row);
	tcase_add_test(tc, a_change_without_a_key_is_refused);
	tcase_add_test(tc, the_same_key_gives_the_first_answer_and_no_second_effect);
	tcase_add_test(tc, one_key_sent_by_many_at_once_has_one_effect);
	tcase_add_test(tc, a_key_whose_request_failed_may_be_used_again);
	tcase_add_loop_test(tc,
	    an_event_with_a_fault_refuses_the_request_and_names_the_place, 0,
	    (int)STW_ARRAY_LEN(event_cases));
	tcase_add_test(tc, events_of_known_customers_are_stored_once_and_others_named);
	tcase_add_test(tc, a_thousand_events_are_taken_and_one_more_is_not);
	suite_add_tcase(suite, tc);
	tc = tcase_create("work");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_task_belongs_to_the_first_agent_who_takes_it);
	tcase_add_test(tc, of_many_who_reach_for_a_task_one_gets_it);
	tcase_add_test(tc, a_call_goes_from_accept_over_permit_to_outcome);
	tcase_add_test(tc, after_a_withdrawal_no_permit_is_granted);
	tcase_add_test(tc, a_suspended_number_grants_no_permit);
	tcase_add_test(tc, an_author_cannot_approve_the_own_campaign);
	tcase_add_test(tc, a_lifecycle_model_needs_a_second_person);
	tcase_add_loop_test(
	    tc, a_fault_in_a_model_has_its_place, 0, (int)STW_ARRAY_LEN(bad_models));
	tcase_add_test(tc, the_command_line_shows_a_model_and_a_customer);
	tcase_add_test(tc, the_root_leads_to_the_console_with_a_strict_policy);
	tcase_add_loop_test(tc, a_command_that_cannot_work_says_why_once, 0,
	    (int)STW_ARRAY_LEN(refusals));
	tcase_add_test(tc, a_clock_behind_the_record_decides_nothing);
	tcase_add_test(tc, sigterm_ends_the_server_cleanly);
	tcase_add_test(tc, the_ledger_is_whole_after_all_this);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	SRunner *runner;
	int failed;

	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	test_cluster_start();
	world_start(&world, CUSTOMERS);
	runner = srunner_create(api_suite());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	world_stop(&world);
	curl_global_cleanup();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
