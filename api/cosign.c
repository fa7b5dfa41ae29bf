#include "api/cosign.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "api/push/http.h"
#include "db/witness.h"
#include "engine/arena.h"
#include "engine/log.h"

#define TRIES 3 /* its size may be another one than we thought, and move meanwhile */

struct peer {
	char *url;           /* with /add-checkpoint */
	uint64_t size;       /* of the checkpoint it cosigned last, as far as we know */
	stw_usec rest_until; /* stw_monotonic */
};

struct cosign {
	pthread_mutex_t lock;
	const struct egress *egress;
	struct peer peers[COSIGN_MAX];
	struct note_verifier verifiers[COSIGN_MAX];
	size_t count, quorum;
};

struct reply {
	bool done;
	enum http_fate fate;
	int status;
	struct buf body;
	char detail[160];
};

/* ---- one request ------------------------------------------------------------------------- */
static void
on_reply(void *ctx, const struct http_result *result)
{
	struct reply *reply = ctx;

	reply->done = true;
	reply->fate = result->fate;
	reply->status = result->status;
	buf_clear(&reply->body);
	buf_add_str(&reply->body, result->body);
	(void)snprintf(reply->detail, sizeof reply->detail, "%s",
	    result->detail != NULL ? result->detail : "");
}

static enum stw_code
post(const struct cosign *c, const struct peer *peer, struct str body,
    struct reply *reply, struct stw_err *err)
{
	const struct http_request request = {.url = peer->url,
	    .body = body,
	    .connect_ms = COSIGN_MSEC,
	    .total_ms = COSIGN_MSEC,
	    .done = on_reply,
	    .ctx = reply};
	struct http_client *client;
	enum stw_code rc;

	reply->done = false;
	rc = http_open(c->egress, 1, &client, err);
	if (rc != STW_OK)
		return rc;
	rc = http_send(client, &request, err);
	while (rc == STW_OK && !reply->done)
		rc = http_poll(client, 100, err);
	http_close(client);
	if (rc == STW_OK && reply->fate != HTTP_ANSWERED)
		rc = stw_fail(err, STW_TEMPFAIL, "no answer: %s", reply->detail);
	return rc;
}

/* Its answer to a size that was not its own. */
static bool
read_size(const struct buf *body, uint64_t *out)
{
	char *end;

	if (body->len < 2 || body->len > 20 || body->data[body->len - 1] != '\n' ||
	    body->data[0] < '0' || body->data[0] > '9')
		return false;
	*out = strtoull(body->data, &end, 10);
	return *end == '\n' && *out <= INT64_MAX;
}

/* Only the line by the key that we know; others are ignored, as the protocol wants. */
static bool
take_line(const struct note_verifier *verifier, struct str note, const struct buf *body,
    struct buf *lines)
{
	struct str rest = {body->data, body->len};
	struct stw_err ignored;
	bool taken = false;
	struct buf both;
	struct str text;

	if (!note_is_lines(rest) || !note_text(note, &text))
		return false;
	buf_init(&both);
	while (rest.len > 0 && !taken) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		struct str line = {rest.ptr, (size_t)(end - rest.ptr) + 1};

		buf_clear(&both);
		buf_add_str(&both, text);
		buf_add_char(&both, '\n');
		buf_add_str(&both, line);
		taken = note_open((struct str){both.data, both.len}, verifier, 1, &text,
			    &ignored) == STW_OK;
		if (taken)
			buf_add_str(lines, line);
		else
			(void)note_text(note, &text);
		rest.ptr += line.len;
		rest.len -= line.len;
	}
	buf_fini(&both);
	return taken;
}

static enum stw_code
refused(const struct peer *peer, const struct reply *reply, uint64_t size,
    struct stw_err *err)
{
	uint64_t theirs;

	if (reply->status == 409 && read_size(&reply->body, &theirs) && theirs > size)
		return stw_fail(err, STW_CONFLICT,
		    "%s has cosigned %" PRIu64 " entries and we have %" PRIu64
		    ": our database is an older copy",
		    peer->url, theirs, size);
	return stw_fail(err, STW_CONFLICT, "%s refuses: %d %.100s", peer->url,
	    reply->status, reply->body.len > 0 ? reply->body.data : "");
}

static enum stw_code
ask_peer(struct cosign *c, size_t i, const struct merkle_reader *tree, uint64_t size,
    struct str note, struct buf *lines, struct stw_err *err)
{
	struct peer *peer = &c->peers[i];
	struct reply reply = {0};
	enum stw_code rc = STW_OK;
	struct buf body;

	buf_init(&body);
	buf_init(&reply.body);
	if (peer->size > size)
		peer->size = 0; /* it tells */
	for (int try = 0; rc == STW_OK && try < TRIES; try++) {
		uint64_t theirs = 0;

		buf_clear(&body);
		rc = witness_request(tree, peer->size, size, note, &body, err);
		if (rc == STW_OK)
			rc = post(
			    c, peer, (struct str){body.data, body.len}, &reply, err);
		if (rc != STW_OK || reply.status == 200)
			break;
		if (reply.status != 409 || !read_size(&reply.body, &theirs) ||
		    theirs > size || theirs == peer->size) {
			rc = refused(peer, &reply, size, err);
			break;
		}
		peer->size = theirs;
	}
	if (rc == STW_OK && reply.status == 200) {
		peer->size = size;
		if (!take_line(&c->verifiers[i], note, &reply.body, lines))
			rc = stw_fail(err, STW_CONFLICT,
			    "%s answers without a signature by %s", peer->url,
			    c->verifiers[i].name);
	} else if (rc == STW_OK) {
		rc = refused(peer, &reply, size, err);
	}
	buf_fini(&body);
	buf_fini(&reply.body);
	return rc;
}

/* ---- all of them --------------------------------------------------------------------------- */
static enum stw_code
ask(void *arg, const struct merkle_reader *tree, uint64_t size, struct str note,
    struct buf *lines, struct stw_err *err)
{
	struct cosign *c = arg;
	size_t awake = 0;

	(void)err;
	(void)pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < c->count; i++)
		if (c->peers[i].rest_until <= stw_monotonic())
			awake++;
	for (size_t i = 0; i < c->count; i++) {
		struct stw_err why;

		if (c->peers[i].rest_until > stw_monotonic() && awake >= c->quorum)
			continue;
		if (ask_peer(c, i, tree, size, note, lines, &why) == STW_OK) {
			c->peers[i].rest_until = 0;
			continue;
		}
		log_err(why.code == STW_CONFLICT ? LOG_ERROR : LOG_WARN,
		    "witness_failed", &why);
		c->peers[i].rest_until =
		    stw_monotonic() + COSIGN_REST_SEC * STW_USEC_SEC;
	}
	(void)pthread_mutex_unlock(&c->lock);
	return STW_OK;
}

/* ---- the setting ----------------------------------------------------------------------------- */
static enum stw_code
add_peer(struct cosign *c, char *text, struct stw_err *err)
{
	char *save = NULL;
	const char *url = strtok_r(text, " \t\n", &save);
	const char *key = strtok_r(NULL, " \t\n", &save);
	struct peer *peer = &c->peers[c->count];
	struct buf full;
	enum stw_code rc;

	if (url == NULL || key == NULL || strtok_r(NULL, " \t\n", &save) != NULL)
		return stw_fail(err, STW_INVALID,
		    "want \"URL VERIFIER-KEY, ...\", at \"%.60s\"",
		    url != NULL ? url : "");
	if (c->count == COSIGN_MAX)
		return stw_fail(err, STW_INVALID, "more than %d witnesses", COSIGN_MAX);
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return stw_fail(err, STW_INVALID, "%.60s is no URL", url);
	rc = note_verifier_parse(str_of(key), &c->verifiers[c->count], err);
	if (rc == STW_OK && c->verifiers[c->count].type != NOTE_COSIGNATURE)
		rc = stw_fail(err, STW_INVALID, "%s: not the key of a witness",
		    c->verifiers[c->count].name);
	if (rc != STW_OK)
		return rc;
	buf_init(&full);
	buf_printf(
	    &full, "%s%sadd-checkpoint", url, url[strlen(url) - 1] == '/' ? "" : "/");
	peer->url = stw_xstrdup(full.data);
	buf_fini(&full);
	c->count++;
	return STW_OK;
}

enum stw_code
cosign_open(const char *text, int64_t quorum, const struct egress *egress,
    struct cosign **out, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	struct cosign *c;
	char *copy, *save = NULL;

	*out = NULL;
	if (text[0] == '\0' && quorum == 0)
		return STW_OK;
	c = stw_xalloc(sizeof *c);
	memset(c, 0, sizeof *c);
	c->egress = egress;
	STW_ASSERT(sodium_init() >= 0);
	STW_ASSERT(pthread_mutex_init(&c->lock, NULL) == 0);
	copy = stw_xstrdup(text);
	for (char *part = strtok_r(copy, ",", &save); rc == STW_OK && part != NULL;
	     part = strtok_r(NULL, ",", &save))
		rc = add_peer(c, part, err);
	free(copy);
	c->quorum = (size_t)quorum;
	if (rc == STW_OK && c->quorum > c->count)
		rc = stw_fail(err, STW_INVALID, "a quorum of %zu with %zu witnesses",
		    c->quorum, c->count);
	if (rc != STW_OK) {
		cosign_close(c);
		return rc;
	}
	*out = c;
	return STW_OK;
}

void
cosign_close(struct cosign *cosign)
{
	if (cosign == NULL)
		return;
	for (size_t i = 0; i < cosign->count; i++)
		free(cosign->peers[i].url);
	(void)pthread_mutex_destroy(&cosign->lock);
	free(cosign);
}

struct ledger_witnesses
cosign_witnesses(struct cosign *cosign)
{
	return (struct ledger_witnesses){.ask = ask,
	    .arg = cosign,
	    .verifiers = cosign->verifiers,
	    .count = cosign->count,
	    .quorum = cosign->quorum};
}
