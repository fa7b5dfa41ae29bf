/* The HTTP client against a server that misbehaves on request. */
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <check.h>
#include <curl/curl.h>

#include "api/push/http.h"

enum manner {
	ANSWER,       /* sends text and closes */
	KEEP,         /* sends text and waits for the next request */
	HANG,         /* reads, says nothing */
	RESET,        /* reads, then resets the connection */
	CLOSE_SECOND, /* answers the first request of a connection, drops the second */
	ENDLESS_BODY,
	ENDLESS_HEADER,
	TRICKLE, /* one byte of body every 100 ms */
};

struct server {
	enum manner manner;
	const char *text;
	int fd, port;
	atomic_int requests, connections;
	atomic_bool stop;
	pthread_t thread;
};

static struct server server;
static struct egress egress;
static struct http_client *client;

static bool
read_request(int fd)
{
	char buf[8192];
	size_t len = 0;

	while (len < sizeof buf - 1) {
		ssize_t n = recv(fd, buf + len, sizeof buf - 1 - len, 0);

		if (n <= 0)
			return false;
		len += (size_t)n;
		buf[len] = '\0';
		/* All test bodies are "{}". */
		if (strstr(buf, "\r\n\r\n") != NULL && buf[len - 1] == '}')
			return true;
	}
	return false;
}

static bool
say(int fd, const char *text)
{
	return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

static void
flood(int fd, const char *head, const char *piece, int pause_us)
{
	(void)say(fd, head);
	while (!atomic_load(&server.stop) && say(fd, piece))
		if (pause_us > 0)
			(void)usleep((useconds_t)pause_us);
}

static void
serve_one(int fd)
{
	struct linger now = {1, 0};
	int in_connection = 0;

	while (read_request(fd)) {
		atomic_fetch_add(&server.requests, 1);
		in_connection++;
		switch (server.manner) {
		case ANSWER:
			(void)say(fd, server.text);
			return;
		case KEEP:
			(void)say(fd, server.text);
			break;
		case HANG:
			while (!atomic_load(&server.stop))
				(void)usleep(10000);
			return;
		case RESET:
			(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
			return;
		case CLOSE_SECOND:
			if (in_connection > 1)
				return;
			(void)say(fd, server.text);
			break;
		case ENDLESS_BODY:
			flood(fd, "HTTP/1.1 200 OK\r\n\r\n",
			    "0123456789abcdef0123456789abcdef", 0);
			return;
		case ENDLESS_HEADER:
			flood(fd, "HTTP/1.1 200 OK\r\n",
			    "X-More: 0123456789abcdef0123456789\r\n", 0);
			return;
		case TRICKLE:
			flood(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
			    "x", 100000);
			return;
		}
	}
}

static void *
connection_main(void *arg)
{
	int fd = (int)(intptr_t)arg;

	serve_one(fd);
	(void)close(fd);
	return NULL;
}

static void *
server_main(void *arg)
{
	(void)arg;
	while (!atomic_load(&server.stop)) {
		int fd = accept(server.fd, NULL, NULL);
		pthread_t thread;

		if (fd < 0)
			break;
		atomic_fetch_add(&server.connections, 1);
		if (pthread_create(
			&thread, NULL, connection_main, (void *)(intptr_t)fd) == 0)
			(void)pthread_detach(thread);
	}
	return NULL;
}

static void
begin(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof addr;

	memset(&server, 0, sizeof server);
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(server.fd, (struct sockaddr *)&addr, sizeof addr), 0);
	ck_assert_int_eq(listen(server.fd, 64), 0);
	ck_assert_int_eq(getsockname(server.fd, (struct sockaddr *)&addr, &len), 0);
	server.port = ntohs(addr.sin_port);
	ck_assert_int_eq(pthread_create(&server.thread, NULL, server_main, NULL), 0);
	ck_assert_int_eq(egress_parse(STR_LIT("127.0.0.0/8"), &egress, NULL), STW_OK);
	ck_assert_int_eq(http_open(&egress, 8, &client, NULL), STW_OK);
}

static void
end(void)
{
	http_close(client);
	atomic_store(&server.stop, true);
	(void)shutdown(server.fd, SHUT_RDWR);
	ck_assert_int_eq(pthread_join(server.thread, NULL), 0);
	(void)close(server.fd);
	(void)usleep(30000); /* the connections' threads see stop */
}

struct got {
	bool done;
	struct http_result result;
	size_t body_len;
};

static void
on_done(void *ctx, const struct http_result *result)
{
	struct got *got = ctx;

	got->done = true;
	got->result = *result;
	got->body_len = result->body.len;
}

static struct got
post(const char *url, int total_ms, bool once)
{
	struct got got = {0};
	struct http_request request = {.url = url,
	    .body = STR_LIT("{}"),
	    .connect_ms = total_ms,
	    .total_ms = total_ms,
	    .once = once,
	    .done = on_done,
	    .ctx = &got};
	struct stw_err err = {0};

	ck_assert_msg(http_send(client, &request, &err) == STW_OK, "%s", err.text);
	while (!got.done)
		ck_assert_int_eq(http_poll(client, 50, NULL), STW_OK);
	ck_assert_int_eq(http_in_flight(client), 0);
	return got;
}

static const char *
url_here(void)
{
	static char url[64];

	(void)snprintf(url, sizeof url, "http://127.0.0.1:%d/tasks", server.port);
	return url;
}

#define OK_ANSWER "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}"

static const struct {
	const char *name;
	enum manner manner;
	const char *text;
	enum http_fate fate;
	int status;
	stw_usec retry_after;
} cases[] = {
    {"an answer", ANSWER, OK_ANSWER, HTTP_ANSWERED, 202, -1},
    {"asks for time", ANSWER,
	"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
	HTTP_ANSWERED, 503, 7 * STW_USEC_SEC},
    {"a redirect is an answer, not a way", ANSWER,
	"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
	HTTP_ANSWERED, 302, -1},
    {"silence", HANG, NULL, HTTP_AMBIGUOUS, 0, -1},
    {"a reset after the request", RESET, NULL, HTTP_AMBIGUOUS, 0, -1},
    {"half a status line", ANSWER, "HTTP/1.1 2", HTTP_AMBIGUOUS, 0, -1},
    {"something that is not HTTP", ANSWER, "220 mail ready\r\n", HTTP_AMBIGUOUS, 0, -1},
    {"a status and a body cut short", ANSWER,
	"HTTP/1.1 202 Accepted\r\nContent-Length: 200\r\n\r\n{", HTTP_ANSWERED, 202,
	-1},
    {"a body without end", ENDLESS_BODY, NULL, HTTP_ANSWERED, 200, -1},
    {"a body that trickles", TRICKLE, NULL, HTTP_ANSWERED, 200, -1},
    {"headers without end", ENDLESS_HEADER, NULL, HTTP_ANSWERED, 200, -1},
    {"only an interim answer", ANSWER, "HTTP/1.1 102 Processing\r\n\r\n",
	HTTP_AMBIGUOUS, 0, -1},
};

START_TEST(every_request_ends_with_a_fate)
{
	stw_usec began = stw_monotonic();
	struct got got;

	server.manner = cases[_i].manner;
	server.text = cases[_i].text;
	got = post(url_here(), 600, false);
	ck_assert_msg(got.result.fate == cases[_i].fate, "%s: fate %d, %s",
	    cases[_i].name, (int)got.result.fate, got.result.detail);
	ck_assert_msg(got.result.status == cases[_i].status, "%s: status %d",
	    cases[_i].name, got.result.status);
	ck_assert_msg(
	    got.result.retry_after == cases[_i].retry_after, "%s", cases[_i].name);
	ck_assert_uint_le(got.body_len, HTTP_BODY_MAX);
	ck_assert_int_eq(atomic_load(&server.requests), 1);
	ck_assert_int_lt(stw_monotonic() - began, 3 * STW_USEC_SEC);
}
END_TEST

START_TEST(where_nobody_listens_nothing_was_sent)
{
	struct got got = post("http://127.0.0.1:1/tasks", 600, false);

	ck_assert_int_eq(got.result.fate, HTTP_NOT_SENT);
}
END_TEST

START_TEST(a_name_that_does_not_resolve_was_not_sent_to)
{
	struct got got = post("http://queue.invalid/tasks", 3000, false);

	ck_assert_int_eq(got.result.fate, HTTP_NOT_SENT);
}
END_TEST

/* Spellings of this machine and of the metadata address. */
static const char *const denied[] = {"127.0.0.1", "127.1", "0x7f.1", "2130706433",
    "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "user:pw@127.0.0.1", "017700000001"};

START_TEST(no_spelling_of_a_denied_address_is_connected_to)
{
	char url[100];
	struct got got;

	ck_assert_int_eq(egress_parse(STR_LIT("10.0.0.0/8"), &egress, NULL), STW_OK);
	(void)snprintf(url, sizeof url, "http://%s:%d/", denied[_i], server.port);
	got = post(url, 600, false);
	ck_assert_int_eq(got.result.fate, HTTP_NOT_SENT);
	ck_assert_int_eq(atomic_load(&server.connections), 0);
}
END_TEST

START_TEST(a_proxy_of_the_environment_is_not_used)
{
	struct got got;

	ck_assert_int_eq(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	ck_assert_int_eq(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
	server.text = OK_ANSWER;
	got = post(url_here(), 600, false);
	ck_assert_int_eq(got.result.status, 202);
}
END_TEST

START_TEST(other_protocols_are_not_spoken)
{
	struct got got = post("file:///etc/hostname", 600, false);

	ck_assert_int_eq(got.result.fate, HTTP_NOT_SENT);
	ck_assert_uint_eq(got.body_len, 0);
}
END_TEST

START_TEST(connections_are_kept)
{
	server.manner = KEEP;
	server.text = OK_ANSWER;
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(post(url_here(), 2000, false).result.status, 202);
	ck_assert_int_eq(atomic_load(&server.connections), 1);
	ck_assert_int_eq(atomic_load(&server.requests), 5);
}
END_TEST

/* curl sends again by itself when a kept connection is closed before an answer; to a
 * receiver that cannot deduplicate that must not happen. */
START_TEST(a_request_sent_once_is_sent_once)
{
	server.manner = CLOSE_SECOND;
	server.text = OK_ANSWER;
	for (int i = 1; i <= 4; i++) {
		ck_assert_int_eq(post(url_here(), 2000, true).result.status, 202);
		ck_assert_int_eq(atomic_load(&server.requests), i);
	}
	ck_assert_int_eq(atomic_load(&server.connections), 4);
}
END_TEST

START_TEST(slots_are_bounded)
{
	struct got got[9] = {0};
	struct http_request request = {.url = url_here(),
	    .body = STR_LIT("{}"),
	    .connect_ms = 300,
	    .total_ms = 300,
	    .done = on_done};
	struct stw_err err;

	server.manner = HANG;
	for (int i = 0; i < 8; i++) {
		request.ctx = &got[i];
		ck_assert_int_eq(http_send(client, &request, &err), STW_OK);
	}
	ck_assert_int_eq(http_free_slots(client), 0);
	request.ctx = &got[8];
	ck_assert_int_eq(http_send(client, &request, &err), STW_TEMPFAIL);
	while (http_in_flight(client) > 0)
		ck_assert_int_eq(http_poll(client, 50, NULL), STW_OK);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(got[i].result.fate, HTTP_AMBIGUOUS);
	ck_assert(!got[8].done);
	ck_assert_int_eq(http_free_slots(client), 8);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("http");
	TCase *tc = tcase_create("http");
	SRunner *runner;
	int failed;

	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return EXIT_FAILURE;
	tcase_set_timeout(tc, 20);
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_loop_test(
	    tc, every_request_ends_with_a_fate, 0, STW_ARRAY_LEN(cases));
	tcase_add_test(tc, where_nobody_listens_nothing_was_sent);
	tcase_add_test(tc, a_name_that_does_not_resolve_was_not_sent_to);
	tcase_add_loop_test(tc, no_spelling_of_a_denied_address_is_connected_to, 0,
	    STW_ARRAY_LEN(denied));
	tcase_add_test(tc, a_proxy_of_the_environment_is_not_used);
	tcase_add_test(tc, other_protocols_are_not_spoken);
	tcase_add_test(tc, connections_are_kept);
	tcase_add_test(tc, a_request_sent_once_is_sent_once);
	tcase_add_test(tc, slots_are_bounded);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
