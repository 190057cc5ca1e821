/* SPDX-License-Identifier: Apache-2.0 */
/* See net_policy.h. */
#include "kern/net_policy.h"

#include "base/hostcall.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PORT_ANY_LOW  0
#define PORT_ANY_HIGH 65535
#define IPV4_BITS     32
#define IPV6_BITS     128

static const char no_network[] = "--net none: no network";

/* ---- rules ---- */

/* A decimal number up to most, at *p, which moves behind it; -1 if there is none. */
static int number(const char **p, int most)
{
	int v = 0;

	if (**p < '0' || **p > '9')
		return -1;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		v = v * 10 + (**p - '0');
		if (v > most)
			return -1;
	}
	return v;
}

/* "80", "8000-8100" to the end of the text. */
static bool parse_ports(struct net_rule *r, const char *text)
{
	int low = number(&text, PORT_ANY_HIGH), high = low;

	if (*text == '-') {
		text++;
		high = number(&text, PORT_ANY_HIGH);
	}
	if (low < 1 || high < low || *text)
		return false;
	r->low = (uint16_t)low;
	r->high = (uint16_t)high;
	return true;
}

static bool is_zero(const uint8_t *addr, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (addr[i])
			return false;
	return true;
}

/* "10.0.0.0/8", "fd00::1"; len characters. */
static bool parse_network(struct net_rule *r, enum net_use use, const char *text, size_t len)
{
	char addr[INET6_ADDRSTRLEN + sizeof("/128")], *slash;
	int bits, prefix;

	if (len >= sizeof(addr))
		return false;
	memcpy(addr, text, len);
	addr[len] = '\0';
	slash = strchr(addr, '/');
	if (slash)
		*slash = '\0';
	r->family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(r->family, addr, r->addr) != 1)
		return false;
	bits = prefix = r->family == AF_INET6 ? IPV6_BITS : IPV4_BITS;
	if (slash) {
		const char *p = slash + 1;

		prefix = number(&p, bits);
		if (prefix < 0 || *p)
			return false;
	} else if (use == NET_LISTEN && is_zero(r->addr, (size_t)bits / 8)) {
		prefix = 0;
	}
	r->prefix = (uint8_t)prefix;
	return true;
}

/* Where the address ends and what follows: an address of IPv6 with a port stands in brackets. NULL if it is not so written. */
static const char *split(const char *text, const char **addr, size_t *len)
{
	const char *end;

	if (*text == '[') {
		end = strchr(text, ']');
		*addr = text + 1;
		*len = end ? (size_t)(end - text) - 1 : 0;
		return end && memchr(*addr, ':', *len) ? end + 1 : NULL;
	}
	end = strchr(text, ':');
	if (!end || strchr(end + 1, ':')) /* none, or a bare address of IPv6 */
		end = text + strlen(text);
	*addr = text;
	*len = (size_t)(end - text);
	return end;
}

static bool parse_rule(struct net_rule *r, enum net_use use, const char *text)
{
	const char *addr, *rest;
	size_t len;

	*r = (struct net_rule){ .low = PORT_ANY_LOW, .high = PORT_ANY_HIGH };
	rest = split(text, &addr, &len);
	if (!rest || (len == 0 && !*rest) || (len && !parse_network(r, use, addr, len)))
		return false;
	return !*rest || (*rest == ':' && parse_ports(r, rest + 1));
}

int net_policy_allow(struct net_policy *p, enum net_use use, const char *text)
{
	struct net_rules *list = &p->allow[use];
	struct net_rule r;

	if (!parse_rule(&r, use, text))
		return -EINVAL;
	if (list->count == NET_RULES_MAX)
		return -ENOSPC;
	list->rule[list->count++] = r;
	return 0;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - rest)) == 0;
}

/* ---- the policy ---- */

static bool listed(const struct net_policy *p)
{
	return p->allow[NET_CONNECT].count || p->allow[NET_LISTEN].count;
}

static bool closed(const struct net_policy *p)
{
	return p->mode == NET_NONE && !p->isolated;
}

bool net_policy_open(const struct net_policy *p)
{
	return !closed(p) && !listed(p);
}

/* An address as the rules see it. */
struct endpoint {
	int family;
	uint16_t port;
	uint8_t addr[16];
};

static void set_ipv4(struct endpoint *e, const void *addr)
{
	e->family = AF_INET;
	memcpy(e->addr, addr, sizeof(struct in_addr));
}

/* False if it is too short for the kernel. */
static bool endpoint_of(struct endpoint *e, int family, const void *addr, size_t len)
{
	struct sockaddr_in in = { 0 };
	struct sockaddr_in6 in6 = { 0 };

	memset(e, 0, sizeof(*e));
	if (family == AF_INET) {
		if (len < offsetof(struct sockaddr_in, sin_zero))
			return false;
		memcpy(&in, addr, offsetof(struct sockaddr_in, sin_zero));
		e->port = ntohs(in.sin_port);
		set_ipv4(e, &in.sin_addr);
		return true;
	}
	if (len < offsetof(struct sockaddr_in6, sin6_scope_id))
		return false;
	memcpy(&in6, addr, offsetof(struct sockaddr_in6, sin6_scope_id));
	e->port = ntohs(in6.sin6_port);
	e->family = AF_INET6;
	memcpy(e->addr, &in6.sin6_addr, sizeof(in6.sin6_addr));
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
		set_ipv4(e, in6.sin6_addr.s6_addr + 12);
	return true;
}

/* To connect to no address is to connect to this host. */
static void no_address_is_loopback(struct endpoint *e)
{
	static const uint8_t loopback4[] = { 127, 0, 0, 1 };

	if (e->family == AF_INET && is_zero(e->addr, sizeof(loopback4)))
		memcpy(e->addr, loopback4, sizeof(loopback4));
	else if (e->family == AF_INET6 && is_zero(e->addr, sizeof(e->addr)))
		e->addr[15] = 1;
}

static bool allowed(const struct net_rules *list, const struct endpoint *e)
{
	for (unsigned i = 0; i < list->count; i++) {
		const struct net_rule *r = &list->rule[i];

		if ((r->family == 0 || r->family == e->family) && same_bits(r->addr, e->addr, r->prefix) &&
		    e->port >= r->low && e->port <= r->high)
			return true;
	}
	return false;
}

static int check_endpoint(const struct net_policy *p, enum net_use use, struct endpoint *e, const char **why)
{
	if (closed(p)) {
		*why = no_network;
		return use == NET_CONNECT ? -ENETUNREACH : -EACCES;
	}
	if (use == NET_CONNECT)
		no_address_is_loopback(e);
	else if (e->port == 0)
		return 0; /* as the kernel does for who does not bind; listen asks again */
	if (allowed(&p->allow[use], e))
		return 0;
	*why = use == NET_CONNECT ? "not in --allow-connect" : "not in --allow-listen";
	return -EACCES;
}

/* Abstract names belong to the network namespace; a path is the file system's matter. The kernel may choose a name itself (length of the family alone). */
static int check_unix(const struct net_policy *p, const void *addr, size_t len, const char **why)
{
	const char *path = (const char *)addr + offsetof(struct sockaddr_un, sun_path);

	if (!closed(p) || len <= offsetof(struct sockaddr_un, sun_path) || *path)
		return 0;
	*why = "--net none: abstract names are the host's";
	return -EACCES;
}

int net_policy_address(const struct net_policy *p, enum net_use use, const void *addr, size_t len, bool unspec_is_inet,
		       const char **why)
{
	sa_family_t family;
	struct endpoint e;

	if (net_policy_open(p) || len < sizeof(family))
		return 0;
	memcpy(&family, addr, sizeof(family));
	switch (family) {
	case AF_UNSPEC:
		if (!unspec_is_inet)
			return 0;
		return endpoint_of(&e, AF_INET, addr, len) ? check_endpoint(p, use, &e, why) : 0;
	case AF_INET:
	case AF_INET6:
		return endpoint_of(&e, family, addr, len) ? check_endpoint(p, use, &e, why) : 0;
	case AF_UNIX:
		return check_unix(p, addr, len, why);
	case AF_NETLINK:
		return 0;
	}
	*why = "no addresses of this family where the network is restricted";
	return -EAFNOSUPPORT;
}

int net_policy_listen(const struct net_policy *p, const void *addr, size_t len, const char **why)
{
	sa_family_t family;
	struct endpoint e;

	if (net_policy_open(p) || len < sizeof(family))
		return 0;
	memcpy(&family, addr, sizeof(family));
	if ((family != AF_INET && family != AF_INET6) || !endpoint_of(&e, family, addr, len))
		return 0;
	if (!closed(p) && allowed(&p->allow[NET_LISTEN], &e))
		return 0;
	*why = closed(p) ? no_network : "not in --allow-listen";
	return -EACCES;
}

/* Packets made by hand, and protocols that name addresses in places of their own, pass by every rule. */
static int check_inet(const struct net_policy *p, int type, int protocol, const char **why)
{
	if (type == SOCK_PACKET) {
		*why = "no packet sockets";
		return -EPERM;
	}
	if (net_policy_open(p))
		return 0;
	if (type == SOCK_RAW) {
		*why = "no raw sockets where the network is restricted";
		return -EPERM;
	}
	switch (protocol) {
	case 0:
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 0;
	}
	*why = "only TCP, UDP and ping where the network is restricted";
	return -EPROTONOSUPPORT;
}

int net_policy_socket(const struct net_policy *p, int family, int type, int protocol, const char **why)
{
	switch (family) {
	case AF_UNIX:
		return 0;
	case AF_INET:
	case AF_INET6:
		return check_inet(p, type & 0xf, protocol, why);
	case AF_NETLINK:
		if (protocol == NETLINK_ROUTE)
			return 0;
		*why = "only NETLINK_ROUTE";
		return -EPROTONOSUPPORT;
	}
	if (family < 0 || family >= AF_MAX)
		return 0; /* the kernel has the same error */
	*why = "only AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK";
	return -EAFNOSUPPORT;
}

/* ---- capabilities ---- */

int net_policy_drop_capabilities(const struct net_policy *p)
{
	static const unsigned drop[] = { CAP_NET_ADMIN, CAP_NET_RAW };
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	int64_t r;

	if (p->isolated || net_policy_open(p))
		return 0;
	r = hk_hostcall_sure(SYS_capget, &head, data);
	if (r)
		return (int)r;
	for (size_t i = 0; i < HK_ARRAY_LEN(drop); i++) {
		/* Only who may change the bounding set has any of them to lose by exec. */
		(void)!prctl(PR_CAPBSET_DROP, drop[i], 0, 0, 0);
		data[0].effective &= ~(1U << drop[i]);
		data[0].permitted &= ~(1U << drop[i]);
		data[0].inheritable &= ~(1U << drop[i]);
	}
	return (int)hk_hostcall_sure(SYS_capset, &head, data);
}
