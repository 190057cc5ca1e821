/* SPDX-License-Identifier: Apache-2.0 */
/* Control messages of sockets, by level and type. */
#include "trace/flags.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define TIMESTAMPS 3 /* of SCM_TIMESTAMPING */

void dec_cmsg_type(struct dec *d, const struct cmsghdr *c)
{
	uint32_t type = (uint32_t)c->cmsg_type;

	switch (c->cmsg_level) {
	case SOL_SOCKET:
		dec_enum(d, &names_scm, type);
		break;
	case IPPROTO_IP:
		dec_enum(d, &names_ip, type);
		break;
	case IPPROTO_IPV6:
		dec_enum(d, &names_ipv6, type);
		break;
	case IPPROTO_UDP:
		dec_enum(d, &names_udp, type);
		break;
	default:
		dec_hex(d, type);
	}
}

/* Printers of the data, which is as long as `size` in the table below says, or more. It lies in the trace's own copy, aligned. */

static void p_ints(struct dec *d, const void *data, size_t len)
{
	const int *v = data;

	for (size_t i = 0; i < len / sizeof(int); i++)
		dec_printf(d, "%s%d", i ? ", " : "[", v[i]);
	dec_puts(d, len < sizeof(int) ? "[]" : "]");
}

static void p_int(struct dec *d, const void *data, size_t len)
{
	(void)len;
	p_ints(d, data, sizeof(int));
}

/* IP_TOS is a byte, or an int from who sends it so. */
static void p_bytes(struct dec *d, const void *data, size_t len)
{
	const unsigned char *v = data;

	for (size_t i = 0; i < len; i++)
		dec_printf(d, v[i] ? "%s%#x" : "%s%x", i ? ", " : "[", v[i]);
	dec_puts(d, "]");
}

static void p_ucred(struct dec *d, const void *data, size_t len)
{
	const struct ucred *u = data;

	(void)len;
	dec_printf(d, "{pid=%d, uid=%u, gid=%u}", u->pid, u->uid, u->gid);
}

static void p_timeval(struct dec *d, const void *data, size_t len)
{
	const struct timeval *t = data;

	(void)len;
	dec_printf(d, "{tv_sec=%ld, tv_usec=%ld}", t->tv_sec, t->tv_usec);
}

static void p_timespec(struct dec *d, const void *data, size_t len)
{
	const struct timespec *t = data;

	(void)len;
	dec_printf(d, "{tv_sec=%ld, tv_nsec=%ld}", t->tv_sec, t->tv_nsec);
}

static void p_timestamping(struct dec *d, const void *data, size_t len)
{
	const struct timespec *t = data;

	for (size_t i = 0; i < TIMESTAMPS; i++) {
		dec_puts(d, i ? ", " : "[");
		p_timespec(d, &t[i], len);
	}
	dec_puts(d, "]");
}

static void p_pktinfo(struct dec *d, const void *data, size_t len)
{
	const struct in_pktinfo *i = data;
	char dst[INET_ADDRSTRLEN], addr[INET_ADDRSTRLEN];

	(void)len;
	dec_printf(d, "{ipi_ifindex=%d, ipi_spec_dst=inet_addr(\"%s\"), ipi_addr=inet_addr(\"%s\")}", i->ipi_ifindex,
		   inet_ntop(AF_INET, &i->ipi_spec_dst, dst, sizeof(dst)),
		   inet_ntop(AF_INET, &i->ipi_addr, addr, sizeof(addr)));
}

static void p_pktinfo6(struct dec *d, const void *data, size_t len)
{
	const struct in6_pktinfo *i = data;
	char addr[INET6_ADDRSTRLEN];

	(void)len;
	dec_printf(d, "{inet_pton(AF_INET6, \"%s\", &ipi6_addr), ipi6_ifindex=%u}",
		   inet_ntop(AF_INET6, &i->ipi6_addr, addr, sizeof(addr)), i->ipi6_ifindex);
}

static const struct {
	int level, type;
	size_t size;
	void (*print)(struct dec *d, const void *data, size_t len);
} kinds[] = {
	{ SOL_SOCKET, SCM_RIGHTS, 0, p_ints },
	{ SOL_SOCKET, SCM_CREDENTIALS, sizeof(struct ucred), p_ucred },
	{ SOL_SOCKET, SO_TIMESTAMP, sizeof(struct timeval), p_timeval },
	{ SOL_SOCKET, SO_TIMESTAMPNS, sizeof(struct timespec), p_timespec },
	{ SOL_SOCKET, SO_TIMESTAMPING, TIMESTAMPS * sizeof(struct timespec), p_timestamping },
	{ IPPROTO_IP, IP_PKTINFO, sizeof(struct in_pktinfo), p_pktinfo },
	{ IPPROTO_IP, IP_TTL, sizeof(int), p_int },
	{ IPPROTO_IP, IP_TOS, 1, p_bytes },
	{ IPPROTO_IPV6, IPV6_PKTINFO, sizeof(struct in6_pktinfo), p_pktinfo6 },
	{ IPPROTO_IPV6, IPV6_HOPLIMIT, sizeof(int), p_int },
	{ IPPROTO_IPV6, IPV6_TCLASS, sizeof(int), p_int },
	{ IPPROTO_UDP, UDP_GRO, sizeof(int), p_int },
};

void dec_cmsg_data(struct dec *d, const struct cmsghdr *c, const void *data, size_t len)
{
	dec_puts(d, ", cmsg_data=");
	for (size_t i = 0; i < HK_ARRAY_LEN(kinds); i++) {
		if (kinds[i].level != c->cmsg_level || kinds[i].type != c->cmsg_type || len < kinds[i].size)
			continue;
		kinds[i].print(d, data, len);
		return;
	}
	dec_quote(d->out, data, hk_min(len, d->limit), true);
	dec_puts(d, len > d->limit ? "..." : "");
}
