#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/server.h"

/* Splits "host:port" or "[v6]:port". */
static enum stw_code
split(const char *address, char host[128], char port[8], struct stw_err *err)
{
	const char *colon = strrchr(address, ':');
	size_t len = colon != NULL ? (size_t)(colon - address) : 0;
	char *end;
	unsigned long number;

	if (colon == NULL || len == 0 || len >= 128 || strlen(colon + 1) > 5)
		goto bad;
	number = strtoul(colon + 1, &end, 10);
	if (colon[1] == '\0' || *end != '\0' || number > 65535)
		goto bad;
	if (address[0] == '[' && address[len - 1] == ']') {
		address++;
		len -= 2;
	}
	memcpy(host, address, len);
	host[len] = '\0';
	(void)snprintf(port, 8, "%lu", number);
	return STW_OK;
bad:
	return stw_fail(err, STW_INVALID,
	    "listen: an address and a port like 127.0.0.1:8080 is wanted, not \"%.80s\"",
	    address);
}

static int
bound_port(int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof addr;
	char port[8];

	if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&addr, len, NULL, 0, port, sizeof port,
		NI_NUMERICSERV) != 0)
		return 0;
	return (int)strtol(port, NULL, 10);
}

enum stw_code
listen_open(const char *address, int *fd, int *port, struct stw_err *err)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	char host[128], service[8];
	enum stw_code rc;
	int one = 1, s;

	rc = split(address, host, service, err);
	if (rc != STW_OK)
		return rc;
	if (getaddrinfo(host, service, &hints, &list) != 0)
		return stw_fail(
		    err, STW_INVALID, "listen: there is no address \"%.80s\"", host);
	s = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s >= 0)
		(void)setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (s < 0 || bind(s, list->ai_addr, list->ai_addrlen) != 0 ||
	    listen(s, 512) != 0) {
		rc =
		    errno == EADDRINUSE
			? stw_fail(err, STW_TEMPFAIL,
			      "port %s of %.80s is in use by another process; choose another "
			      "with --listen, or 0 for any free one",
			      service, host)
			: stw_fail(err, errno == EACCES ? STW_DENIED : STW_TEMPFAIL,
			      "cannot listen on %.80s: %s", address, strerror(errno));
		if (s >= 0)
			(void)close(s);
	} else {
		*fd = s;
		*port = bound_port(s);
	}
	freeaddrinfo(list);
	return rc;
}
