/*
 * egress.h - which addresses may we open a connection to?
 *
 * Purpose    Guards pushes against being sent where an edited URL, a name server or a
 *            redirect would like them (OWASP API7). It looks at the address after name
 *            resolution, just before connect, so spellings of an address, mapped IPv6
 *            and a name that changes its answer make no difference.
 * Rules      Only what the list names is allowed; an empty list allows nothing. Whatever
 *            the list says, never: link-local (cloud metadata is there), the metadata
 *            addresses outside it, "this network", multicast and broadcast. Loopback is
 *            an ordinary range: the demo names it, a production list does not.
 *            An IPv4 address in IPv6 clothes (mapped, NAT64, 6to4) counts as IPv4.
 * Ownership  All inside the struct.
 * Threads    Read-only after egress_parse: any.
 */
#ifndef STW_API_PUSH_EGRESS_H
#define STW_API_PUSH_EGRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "engine/buf.h"
#include "engine/err.h"

#define EGRESS_MAX 64

struct egress_net {
	unsigned char addr[16]; /* IPv4 as ::ffff:a.b.c.d */
	int bits;               /* 0-128 */
};

struct egress {
	struct egress_net nets[EGRESS_MAX];
	int count;
};

/* CIDR ranges or single addresses separated by commas or spaces:
 * "10.20.0.0/16, 127.0.0.0/8, fd12:3456::/32". INVALID names the part that is wrong. */
enum stw_code egress_parse(
    struct str text, struct egress *out, struct stw_err *err) STW_MUST_USE;

bool egress_allows(
    const struct egress *egress, const struct sockaddr *addr, socklen_t len);

#endif
