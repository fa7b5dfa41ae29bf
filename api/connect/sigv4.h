/*
 * sigv4.h - signing a request for AWS, Signature Version 4, and for Huawei's AK/SK.
 *
 * Purpose    The Authorization header over method, path, query, headers and body.
 * Rules      AWS General Reference, "Create a signed AWS API request"; paths are encoded
 *            twice, as all services but S3 want them.
 * Units      at_sec: seconds since 1970.
 * Ownership  In the arena.
 */
#ifndef STW_API_CONNECT_SIGV4_H
#define STW_API_CONNECT_SIGV4_H

#include <stdint.h>

#include "engine/arena.h"
#include "engine/buf.h"

struct sigv4_header {
	const char *name, *value; /* name in lower case */
};

struct sigv4_request {
	const char *method;
	const char *path;  /* percent-encoded, as sent; "" is "/" */
	const char *query; /* without "?"; "" none */
	/* Those that are signed, in any order; host and x-amz-date have to be among them. */
	const struct sigv4_header *headers;
	int nheaders;
	struct str body;
};

#define SIGV4_TIME 17 /* "20150830T123600Z" and NUL */
void sigv4_time(int64_t at_sec, char to[SIGV4_TIME]);

/* "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=..." */
const char *sigv4_authorization(const struct sigv4_request *request, const char *key_id,
    const char *secret, const char *region, const char *service, int64_t at_sec,
    struct arena *arena);

/* "auth-v2/<key id>/<time>/<signed headers>/<signature>" */
const char *huawei_authorization(const struct sigv4_request *request,
    const char *key_id, const char *secret, int64_t at_sec, struct arena *arena);

#endif
