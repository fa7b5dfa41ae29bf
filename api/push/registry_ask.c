#include "api/push/registry_ask.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "campaigns/registry_query_store.h"
#include "engine/log.h"

#define QUESTIONS_MAX 64
#define IN_FLIGHT     16
#define REST_MS       15000 /* of a registry that failed */
#define REST_MOST_MS  600000
/* Beside a question's own timeout: those behind it wait for a slot. */
#define PATIENCE (8 * STW_USEC_SEC)

enum fate { FATE_UNASKED = 0, FATE_SENT, FATE_ANSWERED, FATE_FAILED };

struct asked {
	struct registry_question *question;
	enum fate fate;
	struct buf body; /* of the request */
	char answer[20], reference[201];
	stw_day listed_on;
	stw_usec retry_after; /* -1: not said */
	struct registry_asker *asker;
};

struct registry_ask {
	struct registry_ask *next;
	struct arena arena;
	struct registry_question *questions;
	struct asked *asked;
	int nquestions, count; /* found; of which we were granted so many */
	int begun;             /* sent, or given up */
	stw_usec until;        /* monotonic: after it nothing is sent */
};

struct registry_asker {
	struct db *db;
	const struct seal_keys *keys;
	struct http_client *client;
	int slots, in_flight;
	struct registry_ask *asks;
};

/* ---- the question ----------------------------------------------------------------------- */
static void
number_hex(const struct registry_question *q, struct buf *to)
{
	unsigned char hash[crypto_auth_hmacsha256_BYTES];
	char hex[2 * sizeof hash + 1];
	const unsigned char *number = (const unsigned char *)q->e164;
	crypto_auth_hmacsha256_state mac;

	STW_ASSERT(sizeof hash == crypto_hash_sha256_BYTES);
	if (strcmp(q->number_form, "hmac_sha256") == 0 && q->secret != NULL) {
		crypto_auth_hmacsha256_init(
		    &mac, (const unsigned char *)q->secret, strlen(q->secret));
		crypto_auth_hmacsha256_update(&mac, number, strlen(q->e164));
		crypto_auth_hmacsha256_final(&mac, hash);
	} else {
		crypto_hash_sha256(hash, number, strlen(q->e164));
	}
	buf_add_c(to, sodium_bin2hex(hex, sizeof hex, hash, sizeof hash));
}

/* Its parts are words, digits and hexadecimal: nothing in them needs escaping. */
static void
question_write(const struct registry_question *q, struct buf *to)
{
	char day[STW_DAY_TEXT];

	buf_printf(to, "{\"registry\":\"%s\",\"number_form\":\"%s\",\"number\":\"",
	    q->registry, q->number_form);
	if (strcmp(q->number_form, "e164") == 0)
		buf_add_c(to, q->e164);
	else
		number_hex(q, to);
	buf_add_c(to, "\"");
	if (strcmp(q->kind, "reassigned") == 0)
		buf_printf(to, ",\"consent_date\":\"%s\"",
		    stw_day_format(q->consent_date, day));
	buf_add_c(to, "}");
}

/* ---- the answer --------------------------------------------------------------------------- */
static bool
answer_word(const char *word, const char *kind)
{
	static const char *const words[] = {
	    "listed", "not_listed", "reassigned", "not_reassigned", "no_data"};
	size_t from = strcmp(kind, "do_not_call") == 0 ? 0 : 2;
	size_t to = from == 0 ? 2 : STW_ARRAY_LEN(words);

	for (size_t i = from; word != NULL && i < to; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static bool
short_text(const json_t *v, char *to, size_t size)
{
	size_t len = json_string_length(v);

	to[0] = '\0';
	if (v == NULL || json_is_null(v))
		return true;
	if (!json_is_string(v) || len == 0 || len >= size ||
	    strlen(json_string_value(v)) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)json_string_value(v)[i] < 0x20)
			return false;
	memcpy(to, json_string_value(v), len + 1);
	return true;
}

static bool
answer_read(struct str body, const char *kind, struct asked *to)
{
	json_t *root = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
	const char *day = json_string_value(json_object_get(root, "listed_on"));
	bool ok = json_is_object(root) &&
		  short_text(
		      json_object_get(root, "answer"), to->answer, sizeof to->answer) &&
		  answer_word(to->answer, kind) &&
		  short_text(json_object_get(root, "version"), to->reference,
		      sizeof to->reference);

	to->listed_on = REGISTRY_NO_DAY;
	if (ok && day != NULL)
		ok = stw_day_parse(str_of(day), &to->listed_on) == STW_OK;
	json_decref(root);
	return ok;
}

static void
on_done(void *ctx, const struct http_result *result)
{
	struct asked *a = ctx;

	a->asker->in_flight--;
	a->retry_after = result->retry_after;
	a->fate = result->fate == HTTP_ANSWERED && result->status == 200 &&
			  answer_read(result->body, a->question->kind, a)
		      ? FATE_ANSWERED
		      : FATE_FAILED;
	if (a->fate == FATE_FAILED)
		log_event(LOG_WARN, "registry_failed",
		    "registry=%s status=%d text=\"%s\"", a->question->registry,
		    result->fate == HTTP_ANSWERED ? result->status : 0, result->detail);
}

/* ---- asking ---------------------------------------------------------------------------------- */
static void
send_one(struct registry_asker *asker, struct asked *a, struct arena *arena)
{
	const struct registry_question *q = a->question;
	const char *headers[] = {
	    "Content-Type: application/json", "Accept: application/json", NULL, NULL};
	struct http_request request = {.url = q->url,
	    .headers = headers,
	    .connect_ms = q->timeout_ms,
	    .total_ms = q->timeout_ms,
	    .done = on_done,
	    .ctx = a};
	struct stw_err err = {0};

	if (q->secret != NULL && strcmp(q->number_form, "hmac_sha256") != 0)
		headers[2] = arena_printf(arena, "Authorization: Bearer %s", q->secret);
	question_write(q, &a->body);
	request.body = (struct str){a->body.data, a->body.len};
	a->retry_after = -1;
	a->fate = FATE_SENT;
	if (http_send(asker->client, &request, &err) == STW_OK) {
		asker->in_flight++;
		return;
	}
	a->fate = FATE_FAILED;
	log_err(LOG_WARN, "registry_send", &err);
}

/* What was granted leaves as slots get free; what has waited too long stays unasked. */
void
registry_asker_work(struct registry_asker *asker)
{
	for (struct registry_ask *ask = asker->asks; ask != NULL; ask = ask->next)
		while (ask->begun < ask->count) {
			if (stw_monotonic() >= ask->until) {
				ask->begun = ask->count;
				break;
			}
			if (asker->in_flight >= asker->slots)
				break;
			send_one(asker, &ask->asked[ask->begun++], &ask->arena);
		}
}

bool
registry_ask_is_over(const struct registry_ask *ask)
{
	if (ask->begun < ask->count)
		return false;
	for (int i = 0; i < ask->count; i++)
		if (ask->asked[i].fate == FATE_SENT)
			return false;
	return true;
}

/* Of each registry's questions as many as it has room for; the others move behind. */
static int
take_room(
    struct db *db, struct registry_question *questions, int count, struct asked *asked)
{
	int n = 0;

	for (int i = 0; i < count;) {
		struct stw_err err = {0};
		int same = i, granted = 0;

		while (same < count &&
		       strcmp(questions[same].registry, questions[i].registry) == 0)
			same++;
		if (registry_query_take(
			db, questions[i].registry, same - i, &granted, &err) != STW_OK)
			log_err(LOG_WARN, "registry_take", &err);
		for (int k = i; k < i + granted && k < same; k++)
			asked[n++].question = &questions[k];
		i = same;
	}
	return n;
}

/* ---- writing down ------------------------------------------------------------------------------ */
static void
store_answer(
    struct db *db, const struct seal_keys *keys, const struct asked *a, stw_usec now)
{
	const struct registry_answer answer = {.registry = a->question->registry,
	    .number = str_of(a->question->e164),
	    .answer = a->answer,
	    .listed_on = a->listed_on,
	    .consent_date = strcmp(a->question->kind, "reassigned") == 0
				? a->question->consent_date
				: REGISTRY_NO_DAY,
	    .reference = a->reference[0] == '\0' ? NULL : a->reference,
	    .obtained_at = now};
	struct stw_err err = {0};

	if (registry_answered(db, keys, &answer, now, &err) != STW_OK)
		log_err(LOG_ERROR, "registry_answer", &err);
}

static void
store_silence(struct db *db, const struct asked *a, stw_usec now)
{
	int64_t rest = a->retry_after < 0 ? REST_MS : a->retry_after / 1000;
	struct stw_err err = {0};

	if (rest > REST_MOST_MS)
		rest = REST_MOST_MS;
	if (registry_silent(db, a->question->registry, rest, now, &err) != STW_OK)
		log_err(LOG_ERROR, "registry_silence", &err);
}

static void
write_down(struct db *db, const struct seal_keys *keys, const struct asked *asked,
    int count, stw_usec now)
{
	const char *silent = "";

	for (int i = 0; i < count; i++)
		if (asked[i].fate == FATE_ANSWERED)
			store_answer(db, keys, &asked[i], now);
	/* One that failed for one number has not earned trust by answering for another. */
	for (int i = 0; i < count; i++)
		if (asked[i].fate == FATE_FAILED &&
		    strcmp(silent, asked[i].question->registry) != 0) {
			store_silence(db, &asked[i], now);
			silent = asked[i].question->registry;
		}
}

/* ---- from outside ------------------------------------------------------------------------------ */
static void
ask_free(struct registry_ask *ask)
{
	for (int i = 0; i < ask->count; i++) {
		if (ask->asked[i].body.len > 0)
			sodium_memzero(ask->asked[i].body.data, ask->asked[i].body.len);
		buf_fini(&ask->asked[i].body);
	}
	registry_question_wipe(ask->questions, ask->nquestions);
	arena_fini(&ask->arena);
	free(ask);
}

struct registry_asker *
registry_asker_new(
    struct db *db, const struct seal_keys *keys, struct http_client *client, int slots)
{
	struct registry_asker *asker = stw_xalloc(sizeof *asker);

	*asker = (struct registry_asker){
	    .db = db, .keys = keys, .client = client, .slots = slots};
	return asker;
}

void
registry_asker_free(struct registry_asker *asker)
{
	if (asker == NULL)
		return;
	while (asker->asks != NULL) {
		struct registry_ask *next = asker->asks->next;

		ask_free(asker->asks);
		asker->asks = next;
	}
	free(asker);
}

/* What is to be asked and may be; NULL: nothing. */
static struct registry_ask *
ask_find(struct db *db, const struct seal_keys *keys, const struct uuid *tasks,
    size_t ntasks, const char *agent, stw_usec now)
{
	struct registry_ask *ask = stw_xalloc(sizeof *ask);
	struct stw_err err = {0};

	STW_ASSERT(!db_in_transaction(db));
	arena_init(&ask->arena);
	if (registry_questions(db, keys, tasks, ntasks, agent, QUESTIONS_MAX, now,
		&ask->arena, &ask->questions, &ask->nquestions, &err) != STW_OK)
		log_err(LOG_WARN, "registry_questions", &err);
	ask->asked =
	    arena_array(&ask->arena, (size_t)ask->nquestions, sizeof *ask->asked);
	if (ask->nquestions > 0)
		ask->count = take_room(db, ask->questions, ask->nquestions, ask->asked);
	for (int i = 0; i < ask->count; i++)
		buf_init(&ask->asked[i].body);
	if (ask->count > 0)
		return ask;
	ask_free(ask);
	return NULL;
}

static void
ask_start(struct registry_asker *asker, struct registry_ask *ask)
{
	for (int i = 0; i < ask->count; i++)
		ask->asked[i].asker = asker;
	ask->until = stw_monotonic() + PATIENCE;
	ask->next = asker->asks;
	asker->asks = ask;
	registry_asker_work(asker);
}

struct registry_ask *
registry_ask_begin(struct registry_asker *asker, const struct uuid *tasks,
    size_t ntasks, const char *agent, stw_usec now)
{
	struct registry_ask *ask =
	    ask_find(asker->db, asker->keys, tasks, ntasks, agent, now);

	if (ask != NULL)
		ask_start(asker, ask);
	return ask;
}

void
registry_ask_end(struct registry_asker *asker, struct registry_ask *ask, stw_usec now)
{
	struct registry_ask **at = &asker->asks;

	while (*at != ask)
		at = &(*at)->next;
	*at = ask->next;
	write_down(asker->db, asker->keys, ask->asked, ask->count, now);
	ask_free(ask);
}

static void
ask_and_wait(struct registry_asker *asker, struct registry_ask *ask, stw_usec now)
{
	struct stw_err err = {0};
	enum stw_code rc = STW_OK;

	ask_start(asker, ask);
	while (rc == STW_OK && !registry_ask_is_over(ask)) {
		rc = http_poll(asker->client, 50, &err);
		registry_asker_work(asker);
	}
	if (rc != STW_OK)
		log_err(LOG_WARN, "registry_poll", &err);
	registry_ask_end(asker, ask, now);
}

void
registry_ask(struct db *db, const struct seal_keys *keys, const struct egress *egress,
    const struct uuid *tasks, size_t ntasks, const char *agent, stw_usec now)
{
	struct registry_ask *ask = ask_find(db, keys, tasks, ntasks, agent, now);
	struct registry_asker *asker;
	struct http_client *client;
	struct stw_err err = {0};

	if (ask == NULL)
		return;
	if (http_open(egress, IN_FLIGHT, &client, &err) != STW_OK) {
		log_err(LOG_WARN, "registry_client", &err);
		ask_free(ask);
		return;
	}
	asker = registry_asker_new(db, keys, client, IN_FLIGHT);
	ask_and_wait(asker, ask, now);
	http_close(client);
	registry_asker_free(asker);
}
