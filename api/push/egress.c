#include "api/push/egress.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Never, whatever the list says. */
static const struct {
	const char *addr;
	int bits;
} denied[] = {
    {"::ffff:0.0.0.0", 96 + 8},      /* this network: reaches loopback on Linux */
    {"::ffff:169.254.0.0", 96 + 16}, /* link-local; cloud metadata */
    {"::ffff:100.100.100.200", 128}, /* metadata of Alibaba Cloud */
    {"::ffff:192.0.0.192", 128},     /* metadata of Oracle Cloud */
    {"::ffff:224.0.0.0", 96 + 4},    /* multicast */
    {"::ffff:255.255.255.255", 128}, /* broadcast */
    {"::", 128},                     /* unspecified: reaches loopback */
    {"fe80::", 10},                  /* link-local */
    {"fd00:ec2::254", 128},          /* metadata of AWS */
    {"fd20:ce::254", 128},           /* metadata of Google Cloud */
    {"ff00::", 8},                   /* multicast */
};

static bool
net_has(const unsigned char net[16], int bits, const unsigned char addr[16])
{
	int whole = bits / 8, rest = bits % 8;

	if (memcmp(net, addr, (size_t)whole) != 0)
		return false;
	return rest == 0 || ((net[whole] ^ addr[whole]) >> (8 - rest)) == 0;
}

static void
map_v4(const unsigned char v4[4], unsigned char out[16])
{
	memset(out, 0, 10);
	out[10] = out[11] = 0xff;
	memcpy(out + 12, v4, 4);
}

/* The IPv4 address that an IPv6 address stands for, if it does. */
static void
unwrap(unsigned char addr[16])
{
	static const unsigned char nat64[12] = {0, 0x64, 0xff, 0x9b};
	static const unsigned char zero[12];
	unsigned char v4[4];

	if (memcmp(addr, nat64, sizeof nat64) == 0)
		memcpy(v4, addr + 12, 4);
	else if (addr[0] == 0x20 && addr[1] == 0x02)
		memcpy(v4, addr + 2, 4);
	else if (memcmp(addr, zero, sizeof zero) == 0 &&
		 (addr[12] != 0 || addr[13] != 0))
		memcpy(v4, addr + 12, 4); /* IPv4-compatible; ::1 and :: stay IPv6 */
	else
		return;
	map_v4(v4, addr);
}

static bool
addr_parse(const char *text, unsigned char out[16], bool *is_v4)
{
	unsigned char v4[4];

	*is_v4 = inet_pton(AF_INET, text, v4) == 1;
	if (*is_v4) {
		map_v4(v4, out);
		return true;
	}
	return inet_pton(AF_INET6, text, out) == 1;
}

static bool
net_parse(char *text, struct egress_net *out)
{
	char *slash = strchr(text, '/');
	char *end = NULL;
	long bits = -1;
	bool is_v4;

	if (slash != NULL) {
		*slash = '\0';
		bits = strtol(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end != '\0')
			return false;
	}
	if (!addr_parse(text, out->addr, &is_v4))
		return false;
	if (slash == NULL)
		bits = is_v4 ? 32 : 128;
	if (bits < 0 || bits > (is_v4 ? 32 : 128))
		return false;
	out->bits = (int)bits + (is_v4 ? 96 : 0);
	return true;
}

enum stw_code
egress_parse(struct str text, struct egress *out, struct stw_err *err)
{
	size_t at = 0;

	memset(out, 0, sizeof *out);
	while (at < text.len) {
		char part[80];
		size_t len = 0;

		while (
		    at + len < text.len && strchr(", \t", text.ptr[at + len]) == NULL)
			len++;
		if (len == 0) {
			at++;
			continue;
		}
		if (out->count == EGRESS_MAX)
			return stw_fail(err, STW_INVALID, "egress: more than %d ranges",
			    EGRESS_MAX);
		(void)snprintf(part, sizeof part, "%.*s", (int)len, text.ptr + at);
		if (len >= sizeof part || !net_parse(part, &out->nets[out->count]))
			return stw_fail(err, STW_INVALID,
			    "egress: \"%.*s\" is not a range like 10.20.0.0/16",
			    (int)(len < 60 ? len : 60), text.ptr + at);
		out->count++;
		at += len;
	}
	return STW_OK;
}

bool
egress_allows(const struct egress *egress, const struct sockaddr *addr, socklen_t len)
{
	unsigned char raw[16];

	if (addr->sa_family == AF_INET &&
	    len >= (socklen_t)sizeof(struct sockaddr_in)) {
		struct sockaddr_in in;

		memcpy(&in, addr, sizeof in);
		map_v4((const unsigned char *)&in.sin_addr, raw);
	} else if (addr->sa_family == AF_INET6 &&
		   len >= (socklen_t)sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 in6;

		memcpy(&in6, addr, sizeof in6);
		memcpy(raw, &in6.sin6_addr, sizeof raw);
		unwrap(raw);
	} else {
		return false;
	}
	for (size_t i = 0; i < STW_ARRAY_LEN(denied); i++) {
		unsigned char net[16];

		STW_ASSERT(inet_pton(AF_INET6, denied[i].addr, net) == 1);
		if (net_has(net, denied[i].bits, raw))
			return false;
	}
	for (int i = 0; i < egress->count; i++)
		if (net_has(egress->nets[i].addr, egress->nets[i].bits, raw))
			return true;
	return false;
}
