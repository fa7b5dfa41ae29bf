#include "tests/lib/registry_stub.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <check.h>

static struct {
	pthread_t thread;
	int listener, status;
	char url[64], extra[200], body[70000], request[4096];
	void (*watch)(void);
	atomic_int asked;
} stub;

/* Until the body that Content-Length tells of is there. */
static void
read_request(int fd)
{
	size_t have = 0;
	ssize_t got = 1;

	while (got > 0 && have < sizeof stub.request - 1) {
		const char *body, *length;

		got = read(fd, stub.request + have, sizeof stub.request - 1 - have);
		have += got > 0 ? (size_t)got : 0;
		stub.request[have] = '\0';
		body = strstr(stub.request, "\r\n\r\n");
		length = strstr(stub.request, "Content-Length: ");
		if (body != NULL && length != NULL &&
		    strlen(body + 4) >= strtoul(length + 16, NULL, 10))
			return;
	}
}

static void
answer(int fd)
{
	static char text[sizeof stub.body + 400];
	int n = snprintf(text, sizeof text,
	    "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n%s",
	    stub.status, strlen(stub.body), stub.extra, stub.body);

	for (int at = 0; at < n;) {
		ssize_t put = send(fd, text + at, (size_t)(n - at), MSG_NOSIGNAL);

		if (put <= 0)
			break;
		at += (int)put;
	}
}

static void *
stub_main(void *arg)
{
	(void)arg;
	for (;;) {
		int fd = accept(stub.listener, NULL, NULL);
		char rest[64];

		if (fd < 0)
			return NULL;
		read_request(fd);
		if (stub.request[0] != '\0')
			atomic_fetch_add(&stub.asked, 1);
		if (stub.watch != NULL)
			stub.watch();
		if (stub.status != 0)
			answer(fd);
		else
			while (read(fd, rest, sizeof rest) > 0) {
			}
		(void)close(fd);
	}
}

void
registry_stub_start(const char **url)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof at;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	stub.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(stub.listener, 0);
	ck_assert_int_eq(bind(stub.listener, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(stub.listener, 64), 0);
	ck_assert_int_eq(getsockname(stub.listener, (struct sockaddr *)&at, &len), 0);
	(void)snprintf(stub.url, sizeof stub.url, "http://127.0.0.1:%d/lookup",
	    ntohs(at.sin_port));
	atomic_store(&stub.asked, 0);
	stub.watch = NULL;
	registry_stub_set(200, "", "{\"answer\":\"not_listed\"}");
	ck_assert_int_eq(pthread_create(&stub.thread, NULL, stub_main, NULL), 0);
	*url = stub.url;
}

void
registry_stub_stop(void)
{
	(void)shutdown(stub.listener, SHUT_RDWR);
	(void)pthread_join(stub.thread, NULL);
	(void)close(stub.listener);
}

void
registry_stub_set(int status, const char *extra, const char *body)
{
	stub.status = status;
	(void)snprintf(stub.extra, sizeof stub.extra, "%s", extra);
	(void)snprintf(stub.body, sizeof stub.body, "%s", body);
}

void
registry_stub_watch(void (*watch)(void))
{
	stub.watch = watch;
}

int
registry_stub_asked(void)
{
	return atomic_load(&stub.asked);
}

const char *
registry_stub_request(void)
{
	return stub.request;
}
