/* SPDX-License-Identifier: Apache-2.0 */
/* Socket options: their names, and their values by syscalls/sockopts.def. */
#include "trace/flags.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define NETLINK_SOL 270 /* SOL_NETLINK, which not every libc names */

enum kind { INT, ERRNO, LINGER, TIMEVAL, UCRED, STRING, MREQ, MREQN, MREQ6, UINTS, DATA };

static const struct {
	int level, option;
	enum kind kind;
} options[] = {
#define SO(nr, name, kind, where)      { SOL_SOCKET, nr, kind },
#define IP(nr, name, kind, where)      { IPPROTO_IP, nr, kind },
#define IPV6(nr, name, kind, where)    { IPPROTO_IPV6, nr, kind },
#define TCP(nr, name, kind, where)     { IPPROTO_TCP, nr, kind },
#define UDP(nr, name, kind, where)     { IPPROTO_UDP, nr, kind },
#define NETLINK(nr, name, kind, where) { NETLINK_SOL, nr, kind },
#include "syscalls/sockopts.def"
#undef SO
#undef IP
#undef IPV6
#undef TCP
#undef UDP
#undef NETLINK
};

static const struct dec_names *names_of(int level)
{
	switch (level) {
	case SOL_SOCKET:
		return &names_so;
	case IPPROTO_IP:
		return &names_ip;
	case IPPROTO_IPV6:
		return &names_ipv6;
	case IPPROTO_TCP:
		return &names_tcp;
	case IPPROTO_UDP:
		return &names_udp;
	case NETLINK_SOL:
		return &names_nl;
	}
	return NULL;
}

void dec_sockopt_name(struct dec *d, uint64_t v)
{
	const struct dec_names *names = names_of((int)d->call->a[1]);

	if (names)
		dec_enum(d, names, (uint32_t)v);
	else
		dec_printf(d, "%u", (unsigned)v);
}

static enum kind kind_of(int level, int option)
{
	for (size_t i = 0; i < HK_ARRAY_LEN(options); i++)
		if (options[i].level == level && options[i].option == option)
			return options[i].kind;
	return DATA;
}

static bool linger(struct dec *d, uint64_t a)
{
	struct linger l;

	if (!dec_load(a, &l))
		return false;
	dec_printf(d, "{l_onoff=%d, l_linger=%d}", l.l_onoff, l.l_linger);
	return true;
}

static bool ucred(struct dec *d, uint64_t a)
{
	struct ucred u;

	if (!dec_load(a, &u))
		return false;
	dec_printf(d, "{pid=%d, uid=%u, gid=%u}", u.pid, u.uid, u.gid);
	return true;
}

static bool mreq(struct dec *d, uint64_t a)
{
	char group[INET_ADDRSTRLEN], interface[INET_ADDRSTRLEN];
	struct ip_mreq m;

	if (!dec_load(a, &m))
		return false;
	dec_printf(d, "{imr_multiaddr=inet_addr(\"%s\"), imr_interface=inet_addr(\"%s\")}",
		   inet_ntop(AF_INET, &m.imr_multiaddr, group, sizeof(group)),
		   inet_ntop(AF_INET, &m.imr_interface, interface, sizeof(interface)));
	return true;
}

static bool mreq6(struct dec *d, uint64_t a)
{
	char group[INET6_ADDRSTRLEN];
	struct ipv6_mreq m;

	if (!dec_load(a, &m))
		return false;
	dec_printf(d, "{inet_pton(AF_INET6, \"%s\", &ipv6mr_multiaddr), ipv6mr_interface=%u}",
		   inet_ntop(AF_INET6, &m.ipv6mr_multiaddr, group, sizeof(group)), m.ipv6mr_interface);
	return true;
}

/* [0], or [ECONNREFUSED]. */
static bool error(struct dec *d, uint64_t a)
{
	const char *name;
	int e;

	if (!dec_load(a, &e))
		return false;
	name = e ? strerrorname_np(e) : NULL;
	if (name)
		dec_printf(d, "[%s]", name);
	else
		dec_printf(d, "[%d]", e);
	return true;
}

static bool uint_elem(struct dec *d, const void *elem)
{
	dec_printf(d, "%u", *(const uint32_t *)elem);
	return true;
}

static const struct {
	size_t size; /* the printer wants so much */
	bool (*print)(struct dec *d, uint64_t a);
	bool whole; /* less is shown as an address, as strace does */
} printers[] = {
	[ERRNO] = { sizeof(int), error, false },
	[LINGER] = { sizeof(struct linger), linger, true },
	[TIMEVAL] = { sizeof(struct timeval), dec_timeval, false },
	[UCRED] = { sizeof(struct ucred), ucred, false },
	[MREQ] = { sizeof(struct ip_mreq), mreq, true },
	[MREQ6] = { sizeof(struct ipv6_mreq), mreq6, true },
	[DATA] = { 0, NULL, false },
};

static bool value(struct dec *d, uint64_t a, uint32_t len)
{
	enum kind kind = kind_of((int)d->call->a[1], (int)d->call->a[2]);

	if (printers[kind].print && len >= printers[kind].size)
		return printers[kind].print(d, a);
	if (printers[kind].whole)
		return false;
	if (kind == UINTS)
		return dec_array(d, a, len / sizeof(uint32_t), sizeof(uint32_t), uint_elem);
	return len == sizeof(int) && kind != STRING ? dec_int1(d, a) : dec_bytes(d, a, len, false);
}

void dec_sockopt_in(struct dec *d, uint64_t v)
{
	if (!v || !value(d, v, (uint32_t)d->call->a[d->i + 1]))
		dec_addr(d, v);
}

void dec_sockopt_out(struct dec *d, uint64_t v)
{
	uint32_t len;

	if (d->result < 0 || !v || !dec_load(d->call->a[d->i + 1], &len) || !value(d, v, len))
		dec_addr(d, v);
}
