#include "api/push/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "engine/arena.h"

#define USER_AGENT "steward"

struct http_slot {
	struct http_client *client;
	CURL *easy;
	struct curl_slist *headers;
	struct buf body;
	size_t header_bytes;
	bool refused; /* by the egress list */
	bool busy;
	char detail[CURL_ERROR_SIZE];
	void (*done)(void *ctx, const struct http_result *result);
	void *ctx;
};

struct http_client {
	CURLM *multi;
	const struct egress *egress;
	struct http_slot *slots;
	int nslots, in_flight;
};

enum stw_code
http_open(const struct egress *egress, int max_in_flight, struct http_client **out,
    struct stw_err *err)
{
	struct http_client *client = stw_xalloc(sizeof *client);

	*out = NULL;
	STW_ASSERT(max_in_flight > 0);
	client->egress = egress;
	client->nslots = max_in_flight;
	client->slots = stw_xalloc((size_t)max_in_flight * sizeof *client->slots);
	client->multi = curl_multi_init();
	if (client->multi == NULL) {
		free(client->slots);
		free(client);
		return stw_fail(err, STW_TEMPFAIL, "http: curl has no memory");
	}
	(void)curl_multi_setopt(
	    client->multi, CURLMOPT_MAXCONNECTS, (long)max_in_flight);
	for (int i = 0; i < max_in_flight; i++) {
		client->slots[i].client = client;
		buf_init(&client->slots[i].body);
	}
	*out = client;
	return STW_OK;
}

static void
slot_release(struct http_slot *slot)
{
	curl_slist_free_all(slot->headers);
	slot->headers = NULL;
	buf_clear(&slot->body);
	slot->busy = false;
	slot->client->in_flight--;
}

void
http_close(struct http_client *client)
{
	if (client == NULL)
		return;
	for (int i = 0; i < client->nslots; i++) {
		struct http_slot *slot = &client->slots[i];

		if (slot->busy) {
			(void)curl_multi_remove_handle(client->multi, slot->easy);
			slot_release(slot);
		}
		curl_easy_cleanup(slot->easy);
		buf_fini(&slot->body);
	}
	(void)curl_multi_cleanup(client->multi);
	free(client->slots);
	free(client);
}

int
http_in_flight(const struct http_client *client)
{
	return client->in_flight;
}

int
http_free_slots(const struct http_client *client)
{
	return client->nslots - client->in_flight;
}

/* ---- what curl calls ----------------------------------------------------------- */
static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_slot *slot = arg;
	size_t len = size * n;
	size_t room = HTTP_BODY_MAX - slot->body.len;

	buf_add(&slot->body, data, len < room ? len : room);
	return len <= room ? len : 0;
}

static size_t
on_header(char *data, size_t size, size_t n, void *arg)
{
	struct http_slot *slot = arg;

	(void)data;
	slot->header_bytes += size * n;
	return slot->header_bytes <= HTTP_HEADER_MAX ? size * n : 0;
}

/* After name resolution and before connect: the one place that cannot be talked round. */
static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct http_slot *slot = arg;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    !egress_allows(
		slot->client->egress, &addr->addr, (socklen_t)addr->addrlen)) {
		slot->refused = true;
		return CURL_SOCKET_BAD;
	}
	slot->refused = false;
	return socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
}

/* ---- sending -------------------------------------------------------------------- */
static struct http_slot *
slot_find(struct http_client *client)
{
	for (int i = 0; i < client->nslots; i++)
		if (!client->slots[i].busy)
			return &client->slots[i];
	return NULL;
}

static bool
headers_add(struct http_slot *slot, const char *header)
{
	struct curl_slist *more = curl_slist_append(slot->headers, header);

	if (more == NULL)
		return false;
	slot->headers = more;
	return true;
}

#define SET(option, value)                                                 \
	do {                                                               \
		if (curl_easy_setopt(easy, (option), (value)) != CURLE_OK) \
			return false;                                      \
	} while (0)

static bool
set_blob(CURL *easy, CURLoption option, struct str text)
{
	struct curl_blob blob = {.data = (void *)(uintptr_t)text.ptr,
	    .len = text.len,
	    .flags = CURL_BLOB_COPY};

	return curl_easy_setopt(easy, option, &blob) == CURLE_OK;
}

static bool
tls_fill(CURL *easy, const struct http_tls *tls)
{
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (tls == NULL)
		return true;
	if (tls->ca.ptr != NULL) {
		/* These alone: without this those of the system's directory count too. */
		SET(CURLOPT_CAINFO, NULL);
		SET(CURLOPT_CAPATH, NULL);
		if (!set_blob(easy, CURLOPT_CAINFO_BLOB, tls->ca))
			return false;
	}
	return tls->cert.ptr == NULL ||
	       (set_blob(easy, CURLOPT_SSLCERT_BLOB, tls->cert) &&
		   set_blob(easy, CURLOPT_SSLKEY_BLOB, tls->key));
}

static bool
slot_fill(struct http_slot *slot, const struct http_request *request)
{
	CURL *easy = slot->easy;

	/* Without this curl asks for "100 Continue" first and waits a second for it. */
	if (!headers_add(slot, "Expect:"))
		return false;
	for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
		if (!headers_add(slot, request->headers[i]))
			return false;
	SET(CURLOPT_URL, request->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	if (!tls_fill(easy, request->tls))
		return false;
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_USERAGENT, USER_AGENT);
	SET(CURLOPT_HTTPHEADER, slot->headers);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms);
	/* The total limit is also the limit for a body that trickles: a low-speed limit
	 * would cut short the queue that thinks before it answers. */
	SET(CURLOPT_TIMEOUT_MS, (long)request->total_ms);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_TCP_NODELAY, 1L);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, slot);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, slot);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(CURLOPT_OPENSOCKETDATA, slot);
	SET(CURLOPT_ERRORBUFFER, slot->detail);
	SET(CURLOPT_PRIVATE, slot);
	if (request->body.ptr != NULL) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDS, request->body.ptr);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
	}
	if (request->method != NULL)
		SET(CURLOPT_CUSTOMREQUEST, request->method);
	if (request->once) {
		SET(CURLOPT_FRESH_CONNECT, 1L);
		SET(CURLOPT_FORBID_REUSE, 1L);
	}
	return true;
}
#undef SET

enum stw_code
http_send(
    struct http_client *client, const struct http_request *request, struct stw_err *err)
{
	struct http_slot *slot = slot_find(client);

	if (slot == NULL)
		return stw_fail(err, STW_TEMPFAIL, "http: all %d slots are in flight",
		    client->nslots);
	if (slot->easy == NULL)
		slot->easy = curl_easy_init();
	if (slot->easy == NULL)
		return stw_fail(err, STW_TEMPFAIL, "http: curl has no memory");
	curl_easy_reset(slot->easy);
	slot->busy = true;
	client->in_flight++;
	slot->done = request->done;
	slot->ctx = request->ctx;
	slot->header_bytes = 0;
	slot->refused = false;
	slot->detail[0] = '\0';
	if (!slot_fill(slot, request) ||
	    curl_multi_add_handle(client->multi, slot->easy) != CURLM_OK) {
		slot_release(slot);
		return stw_fail(err, STW_INVALID, "http: curl refuses the request");
	}
	return STW_OK;
}

/* ---- what came of it ----------------------------------------------------------- */
/* Bytes of the request that have left; curl counts the head and the body apart. */
static bool
was_sent(CURL *easy)
{
	curl_off_t body = 0;
	long head = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &head);
	(void)curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &body);
	return head > 0 || body > 0;
}

/* A status line that was read counts, even if what follows it broke off or ran past a
 * limit: the receiver has said what it did. */
static void
slot_result(struct http_slot *slot, CURLcode code, struct http_result *out)
{
	curl_off_t retry = 0, took = 0;
	long status = 0;

	memset(out, 0, sizeof *out);
	(void)curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(slot->easy, CURLINFO_RETRY_AFTER, &retry);
	(void)curl_easy_getinfo(slot->easy, CURLINFO_TOTAL_TIME_T, &took);
	out->retry_after = retry > 0 ? (stw_usec)retry * STW_USEC_SEC : -1;
	out->took = took;
	out->body = (struct str){slot->body.data, slot->body.len};
	out->detail = "";
	if (status >= 200) {
		out->fate = HTTP_ANSWERED;
		out->status = (int)status;
	} else {
		out->fate = was_sent(slot->easy) ? HTTP_AMBIGUOUS : HTTP_NOT_SENT;
	}
	if (slot->refused && out->fate == HTTP_NOT_SENT)
		out->detail = "address not allowed by the setting egress";
	else if (code != CURLE_OK)
		out->detail =
		    slot->detail[0] != '\0' ? slot->detail : curl_easy_strerror(code);
}

static int
finish_ended(struct http_client *client)
{
	int ended = 0, left;
	CURLMsg *msg;

	while ((msg = curl_multi_info_read(client->multi, &left)) != NULL) {
		struct http_slot *slot = NULL;
		struct http_result result;
		CURLcode code = msg->data.result;
		struct buf body;

		if (msg->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &slot);
		STW_ASSERT(slot != NULL);
		slot_result(slot, code, &result);
		(void)curl_multi_remove_handle(client->multi, slot->easy);
		/* The slot is free before done is called, so that done may send; the body
		 * and the words are kept aside until it returns. */
		body = slot->body;
		buf_init(&slot->body);
		if (result.detail == slot->detail) {
			char *words = stw_xstrdup(slot->detail);

			result.detail = words;
			slot_release(slot);
			slot->done(slot->ctx, &result);
			free(words);
		} else {
			slot_release(slot);
			slot->done(slot->ctx, &result);
		}
		buf_fini(&body);
		ended++;
	}
	return ended;
}

enum stw_code
http_start(struct http_client *client, struct stw_err *err)
{
	CURLMcode rc;
	int running;

	rc = curl_multi_perform(client->multi, &running);
	if (rc != CURLM_OK)
		return stw_fail(err, STW_TEMPFAIL, "http: %s", curl_multi_strerror(rc));
	return STW_OK;
}

enum stw_code
http_poll(struct http_client *client, int wait_ms, struct stw_err *err)
{
	CURLMcode rc;
	int running;

	rc = curl_multi_perform(client->multi, &running);
	if (rc == CURLM_OK && finish_ended(client) > 0)
		return STW_OK;
	if (rc == CURLM_OK && wait_ms > 0)
		rc = curl_multi_poll(client->multi, NULL, 0, wait_ms, NULL);
	if (rc == CURLM_OK)
		rc = curl_multi_perform(client->multi, &running);
	if (rc != CURLM_OK)
		return stw_fail(err, STW_TEMPFAIL, "http: %s", curl_multi_strerror(rc));
	(void)finish_ended(client);
	return STW_OK;
}

void
http_wake(struct http_client *client)
{
	(void)curl_multi_wakeup(client->multi);
}
