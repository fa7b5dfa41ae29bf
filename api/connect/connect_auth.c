/*
 * connect_auth.c - the headers that say who is asking, and the call that fetches a token.
 */
#include <string.h>

#include <sodium.h>

#include "api/connect/connect_priv.h"
#include "api/connect/sigv4.h"

#define TOKEN_MAX         8000
#define TOKEN_VALID       (300 * STW_USEC_SEC) /* where the answer does not say */
#define TOKEN_VALID_LAST  STW_USEC_DAY
#define TOKEN_VALID_FIRST (5 * STW_USEC_SEC)

static const char *
basic(const char *user, const char *password, struct arena *arena)
{
	const char *both = arena_printf(arena, "%s:%s", user, password);
	size_t len = strlen(both);
	size_t room = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
	char *text = arena_alloc(arena, room);

	(void)sodium_bin2base64(text, room, (const unsigned char *)both, len,
	    sodium_base64_VARIANT_ORIGINAL);
	return arena_printf(arena, "Authorization: Basic %s", text);
}

static void
webhook(const struct connect_call *call, const struct connect_request *request,
    struct arena *arena, struct header_list *to)
{
	const char *key = call->tasks[0].key;
	struct buf signature;

	buf_init(&signature);
	webhook_sign(call->account->signing, call->account->nsigning, str_of(key),
	    call->at_sec, request->body, &signature);
	header_add(to, arena_printf(arena, "webhook-id: %s", key), false);
	header_add(to,
	    arena_printf(arena, "webhook-timestamp: %lld", (long long)call->at_sec),
	    false);
	header_add(
	    to, arena_printf(arena, "webhook-signature: %s", signature.data), true);
	buf_fini(&signature);
}

/* Host with the port as curl sends it, path and query of a URL. */
static void
url_split(
    const char *url, struct arena *arena, const char **host, struct sigv4_request *out)
{
	const char *from = strstr(url, "://");
	size_t len;

	from = from == NULL ? url : from + 3;
	len = strcspn(from, "/?");
	*host = arena_strndup(arena, from, len);
	from += len;
	len = strcspn(from, "?");
	out->path = arena_strndup(arena, from, len);
	out->query = from[len] == '?' ? from + len + 1 : "";
}

static enum stw_code
aws(const struct connect_call *call, const struct connect_request *request,
    const char *content_type, struct scope *scope, struct arena *arena,
    struct header_list *to, struct stw_err *err)
{
	char *const *secrets = call->account->secrets;
	struct sigv4_request sign = {.method = request->method, .body = request->body};
	struct sigv4_header headers[4];
	char at[SIGV4_TIME];
	struct buf region;
	const char *host;
	bool has;
	enum stw_code rc;

	url_split(request->url, arena, &host, &sign);
	sigv4_time(call->at_sec, at);
	headers[sign.nheaders++] = (struct sigv4_header){"host", host};
	headers[sign.nheaders++] = (struct sigv4_header){"x-amz-date", at};
	if (content_type != NULL)
		headers[sign.nheaders++] =
		    (struct sigv4_header){"content-type", content_type};
	if (secrets[2] != NULL)
		headers[sign.nheaders++] =
		    (struct sigv4_header){"x-amz-security-token", secrets[2]};
	sign.headers = headers;
	buf_init(&region);
	rc = template_text(
	    call->connector->auth.region, scope, ESCAPE_PATH, &region, &has, err);
	if (rc == STW_OK) {
		header_add(to, arena_printf(arena, "X-Amz-Date: %s", at), false);
		if (secrets[2] != NULL)
			header_add(to,
			    arena_printf(arena, "X-Amz-Security-Token: %s", secrets[2]),
			    true);
		header_add(to,
		    arena_printf(arena, "Authorization: %s",
			sigv4_authorization(&sign, secrets[0], secrets[1],
			    region.len > 0 ? region.data : "",
			    call->connector->auth.service, call->at_sec, arena)),
		    true);
	}
	buf_fini(&region);
	return rc;
}

static void
huawei(const struct connect_call *call, const struct connect_request *request,
    const char *content_type, struct arena *arena, struct header_list *to)
{
	struct sigv4_request sign = {.method = request->method, .body = request->body};
	struct sigv4_header headers[3];
	const char *host;

	url_split(request->url, arena, &host, &sign);
	headers[sign.nheaders++] = (struct sigv4_header){
	    "content-length", arena_printf(arena, "%zu", request->body.len)};
	if (content_type != NULL)
		headers[sign.nheaders++] =
		    (struct sigv4_header){"content-type", content_type};
	headers[sign.nheaders++] = (struct sigv4_header){"host", host};
	sign.headers = headers;
	header_add(to,
	    arena_printf(arena, "Authorization: %s",
		huawei_authorization(&sign, call->account->secrets[0],
		    call->account->secrets[1], call->at_sec, arena)),
	    true);
}

enum stw_code
auth_headers(const struct connect_call *call, const struct connect_request *request,
    const char *content_type, struct scope *scope, struct arena *arena,
    struct header_list *to, struct stw_err *err)
{
	char *const *secrets = call->account->secrets;
	const char *token = secrets[0];

	switch (call->connector->auth.kind) {
	case CONNECTOR_AUTH_NONE:
		return STW_OK;
	case CONNECTOR_AUTH_WEBHOOK:
		webhook(call, request, arena, to);
		return STW_OK;
	case CONNECTOR_AUTH_BASIC:
		header_add(to, basic(secrets[0], secrets[1], arena), true);
		return STW_OK;
	case CONNECTOR_AUTH_OAUTH2:
		token = call->account->token;
		if (token == NULL)
			return stw_fail(
			    err, STW_INVALID, "queue %s: no token yet", call->queue);
		break;
	case CONNECTOR_AUTH_BEARER:
		break;
	case CONNECTOR_AUTH_AWS:
		return aws(call, request, content_type, scope, arena, to, err);
	case CONNECTOR_AUTH_HUAWEI:
		huawei(call, request, content_type, arena, to);
		return STW_OK;
	}
	header_add(to, arena_printf(arena, "Authorization: Bearer %s", token), true);
	return STW_OK;
}

/* ---- tokens --------------------------------------------------------------------------------- */
enum stw_code
connect_token_make(const struct connect_call *call, struct arena *arena,
    struct connect_request *out, struct stw_err *err)
{
	const struct connector_auth *auth = &call->connector->auth;
	char *const *secrets = call->account->secrets;
	struct header_list list = {
	    .lines = arena_array(arena, 4, sizeof(const char *)),
	    .secret = arena_array(arena, 4, sizeof(bool)),
	    .room = 3,
	};
	struct buf url, body;
	struct scope scope;
	bool has;
	enum stw_code rc;

	STW_ASSERT(auth->kind == CONNECTOR_AUTH_OAUTH2);
	memset(out, 0, sizeof *out);
	scope_init(&scope, call, &call->tasks[0], arena);
	buf_init(&url);
	buf_init(&body);
	rc = template_text(auth->token_url, &scope, ESCAPE_NONE, &url, &has, err);
	buf_add_c(&body, "grant_type=client_credentials");
	if (auth->scope != NULL) {
		buf_add_c(&body, "&scope=");
		percent_encode(str_of(auth->scope), &body);
	}
	if (auth->client_in_body) {
		buf_add_c(&body, "&client_id=");
		percent_encode(str_of(secrets[0]), &body);
		buf_add_c(&body, "&client_secret=");
		percent_encode(str_of(secrets[1]), &body);
	}
	header_add(&list, "Content-Type: application/x-www-form-urlencoded", false);
	header_add(&list, "Accept: application/json", false);
	if (!auth->client_in_body)
		header_add(&list, basic(secrets[0], secrets[1], arena), true);
	if (rc == STW_OK && strncmp(url.len > 0 ? url.data : "", "http", 4) != 0)
		rc = stw_fail(err, STW_INVALID,
		    "/auth/token_url: must be an address with https://");
	out->method = "POST";
	out->headers = list.lines;
	out->secret = list.secret;
	if (rc == STW_OK) {
		out->url = arena_strndup(arena, url.data, url.len);
		out->body =
		    (struct str){arena_strndup(arena, body.data, body.len), body.len};
	}
	sodium_memzero(body.data, body.len);
	buf_fini(&url);
	buf_fini(&body);
	return rc;
}

static bool
token_ok(const char *token)
{
	size_t len = token == NULL ? 0 : strlen(token);

	for (const char *c = token; c != NULL && *c != '\0'; c++)
		if (*c <= 0x20 || *c > 0x7e)
			return false;
	return len > 0 && len <= TOKEN_MAX;
}

enum stw_code
connect_token_read(int status, struct str body, struct arena *arena, const char **token,
    stw_usec *valid, struct stw_err *err)
{
	json_t *json = body.len == 0 ? NULL : json_loadb(body.ptr, body.len, 0, NULL);
	const char *text = json_string_value(json_object_get(json, "access_token"));
	const json_t *expires = json_object_get(json, "expires_in");
	json_int_t seconds = json_integer_value(expires);
	enum stw_code rc = STW_OK;

	*token = NULL;
	if (status < 200 || status > 299 || !token_ok(text)) {
		rc = stw_fail(err, STW_TEMPFAIL,
		    "the token endpoint answered %d without a usable token", status);
	} else {
		*token = arena_strdup(arena, text);
		*valid = TOKEN_VALID;
		if (seconds > 0)
			*valid = seconds > TOKEN_VALID_LAST / STW_USEC_SEC
				     ? TOKEN_VALID_LAST
				     : (stw_usec)seconds * STW_USEC_SEC;
		/* A fifth before its end at the latest: requests take their time. */
		*valid -= *valid / 5;
		if (*valid < TOKEN_VALID_FIRST)
			*valid = TOKEN_VALID_FIRST;
	}
	json_decref(json);
	return rc;
}
