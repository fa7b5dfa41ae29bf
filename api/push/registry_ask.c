#include "api/push/registry_ask.h"

#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "api/push/http.h"
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
static enum stw_code
send_one(struct http_client *client, struct asked *a, struct arena *arena,
    struct stw_err *err)
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
	enum stw_code rc;

	if (q->secret != NULL && strcmp(q->number_form, "hmac_sha256") != 0)
		headers[2] = arena_printf(arena, "Authorization: Bearer %s", q->secret);
	question_write(q, &a->body);
	request.body = (struct str){a->body.data, a->body.len};
	a->fate = FATE_SENT;
	rc = http_send(client, &request, err);
	if (rc != STW_OK)
		a->fate = FATE_FAILED;
	return rc;
}

/* Sends what was granted, as slots get free, and waits until each has its end. */
static void
ask_all(struct http_client *client, struct asked *asked, int count, struct arena *arena)
{
	stw_usec until = stw_monotonic() + PATIENCE;
	struct stw_err err = {0};
	enum stw_code rc = STW_OK;
	int next = 0;

	while (rc == STW_OK && (next < count || http_in_flight(client) > 0)) {
		while (next < count && http_free_slots(client) > 0 &&
		       stw_monotonic() < until) {
			if (send_one(client, &asked[next], arena, &err) != STW_OK)
				log_err(LOG_WARN, "registry_send", &err);
			next++;
		}
		if (http_in_flight(client) > 0)
			rc = http_poll(client, 50, &err);
		else if (stw_monotonic() >= until)
			break;
	}
	if (rc != STW_OK)
		log_err(LOG_WARN, "registry_poll", &err);
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

void
registry_ask(struct db *db, const struct seal_keys *keys, const struct egress *egress,
    const struct uuid *tasks, size_t ntasks, const char *agent, stw_usec now)
{
	struct registry_question *questions;
	struct http_client *client = NULL;
	struct asked *asked;
	struct stw_err err = {0};
	struct arena arena;
	int count, n = 0;

	STW_ASSERT(!db_in_transaction(db));
	arena_init(&arena);
	if (registry_questions(db, keys, tasks, ntasks, agent, QUESTIONS_MAX, now,
		&arena, &questions, &count, &err) != STW_OK)
		log_err(LOG_WARN, "registry_questions", &err);
	asked = arena_array(&arena, (size_t)count, sizeof *asked);
	if (count > 0)
		n = take_room(db, questions, count, asked);
	for (int i = 0; i < n; i++)
		buf_init(&asked[i].body);
	if (n > 0 && http_open(egress, IN_FLIGHT, &client, &err) != STW_OK)
		log_err(LOG_WARN, "registry_client", &err);
	if (client != NULL) {
		ask_all(client, asked, n, &arena);
		http_close(client);
		write_down(db, keys, asked, n, now);
	}
	for (int i = 0; i < n; i++) {
		if (asked[i].body.len > 0)
			sodium_memzero(asked[i].body.data, asked[i].body.len);
		buf_fini(&asked[i].body);
	}
	registry_question_wipe(questions, count);
	arena_fini(&arena);
}
