/* SPDX-License-Identifier: Apache-2.0 */
/* Socket addresses and messages; control messages are in cmsg.c, options in sockopt.c. */
#include "trace/flags.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

union addr {
	sa_family_t family;
	struct sockaddr sa;
	struct sockaddr_un un;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_nl nl;
	unsigned char bytes[128];
};

static void addr_unix(struct dec *d, const union addr *u, size_t len)
{
	size_t n = len - sizeof(u->family);
	const char *path = u->un.sun_path;

	if (n == 0)
		return;
	dec_puts(d, ", sun_path=");
	if (path[0]) {
		dec_quote(d->out, path, strnlen(path, n), false);
	} else {
		dec_puts(d, "@");
		dec_quote(d->out, path + 1, n - 1, false);
	}
}

static void addr_in6(struct dec *d, const struct sockaddr_in6 *in6)
{
	char text[INET6_ADDRSTRLEN];

	dec_printf(d, ", sin6_port=htons(%u), sin6_flowinfo=htonl(%u), inet_pton(AF_INET6, \"%s\", &sin6_addr)",
		   ntohs(in6->sin6_port), ntohl(in6->sin6_flowinfo),
		   inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text)));
	dec_printf(d, ", sin6_scope_id=%u", in6->sin6_scope_id);
}

/* len is at most the size of *u and at least that of the family. */
static void addr_text(struct dec *d, const union addr *u, size_t len)
{
	char text[INET_ADDRSTRLEN];

	dec_puts(d, "{sa_family=");
	dec_enum(d, &names_af, u->family);
	if (u->family == AF_UNIX) {
		addr_unix(d, u, hk_min(len, sizeof(u->un)));
	} else if (u->family == AF_INET && len >= sizeof(u->in)) {
		dec_printf(d, ", sin_port=htons(%u), sin_addr=inet_addr(\"%s\")", ntohs(u->in.sin_port),
			   inet_ntop(AF_INET, &u->in.sin_addr, text, sizeof(text)));
	} else if (u->family == AF_INET6 && len >= sizeof(u->in6)) {
		addr_in6(d, &u->in6);
	} else if (u->family == AF_NETLINK && len >= sizeof(u->nl)) {
		dec_printf(d, ", nl_pid=%u, nl_groups=%#08x", u->nl.nl_pid, u->nl.nl_groups);
	} else if (len > sizeof(u->family)) {
		dec_puts(d, ", sa_data=");
		dec_quote(d->out, u->bytes + sizeof(u->family), len - sizeof(u->family), false);
	}
	dec_puts(d, "}");
}

static bool sockaddr(struct dec *d, uint64_t a, uint64_t len)
{
	union addr u;

	memset(&u, 0, sizeof(u));
	len = hk_min(len, sizeof(u));
	if (len < sizeof(u.family) || copy_from_guest(&u, GVA(a), len))
		return false;
	addr_text(d, &u, len);
	return true;
}

bool dec_sockaddr_in(struct dec *d, uint64_t a)
{
	return sockaddr(d, a, (uint32_t)d->call->a[d->i + 1]);
}

/* As much as the kernel wrote: the smaller of the room there was and the length it reports. */
bool dec_sockaddr_out(struct dec *d, uint64_t a)
{
	uint32_t len;

	if (!dec_load(d->call->a[d->i + 1], &len))
		return false;
	return sockaddr(d, a, hk_min(len, d->saved[d->i + 1]));
}

/* [room], and [room => length] when the call changed it. */
void dec_socklen(struct dec *d, uint64_t v)
{
	uint32_t len;

	if (!d->leaving) {
		dec_object(d, v, dec_uint1);
		d->saved[d->i] = dec_load(v, &len) ? len : 0;
		return;
	}
	if (d->result < 0 || !dec_load(v, &len) || len == d->saved[d->i] || !d->out->len ||
	    d->out->data[d->out->len - 1] != ']')
		return;
	d->out->len--;
	dec_printf(d, " => %u]", len);
}

static void cmsg_text(struct dec *d, const struct cmsghdr *c, size_t room)
{
	size_t len = hk_min(c->cmsg_len, room);

	dec_printf(d, "{cmsg_len=%zu, cmsg_level=", c->cmsg_len);
	dec_enum(d, &names_sol, (uint32_t)c->cmsg_level);
	dec_puts(d, ", cmsg_type=");
	dec_cmsg_type(d, c);
	if (len > sizeof(*c))
		dec_cmsg_data(d, c, (const unsigned char *)(c + 1), len - sizeof(*c));
	dec_puts(d, "}");
}

/* Control data is only shown up to this many bytes. */
#define CONTROL_MAX 1024

static bool control(struct dec *d, uint64_t a, uint64_t len)
{
	_Alignas(8) unsigned char buf[CONTROL_MAX + sizeof(struct cmsghdr)] = { 0 };
	uint64_t n = hk_min(len, CONTROL_MAX), off = 0;

	if (copy_from_guest(buf, GVA(a), n))
		return false;
	dec_puts(d, "[");
	while (off + sizeof(struct cmsghdr) <= n) {
		const struct cmsghdr *c = (const struct cmsghdr *)(buf + off);

		if (c->cmsg_len < sizeof(*c))
			break;
		dec_puts(d, off ? ", " : "");
		cmsg_text(d, c, n - off);
		if (c->cmsg_len > n - off)
			break;
		off += hk_align_up(c->cmsg_len, 8);
	}
	dec_puts(d, len > CONTROL_MAX ? ", ...]" : "]");
	return true;
}

static void msghdr_text(struct dec *d, const struct msghdr *m, uint64_t name_room, uint64_t data)
{
	uint64_t name = (uint64_t)(uintptr_t)m->msg_name, iov = (uint64_t)(uintptr_t)m->msg_iov;
	uint64_t ctl = (uint64_t)(uintptr_t)m->msg_control;

	dec_puts(d, "{msg_name=");
	if (!name || !sockaddr(d, name, hk_min(m->msg_namelen, name_room)))
		dec_addr(d, name);
	if (name_room != UINT64_MAX && name_room != m->msg_namelen)
		dec_printf(d, ", msg_namelen=%lu => %u", name_room, m->msg_namelen);
	else
		dec_printf(d, ", msg_namelen=%u", m->msg_namelen);
	dec_puts(d, ", msg_iov=");
	if (!iov || !dec_iovecs(d, iov, m->msg_iovlen, data))
		dec_addr(d, iov);
	dec_printf(d, ", msg_iovlen=%zu", m->msg_iovlen);
	if (ctl && m->msg_controllen) {
		dec_puts(d, ", msg_control=");
		if (!control(d, ctl, m->msg_controllen))
			dec_addr(d, ctl);
	}
	dec_printf(d, ", msg_controllen=%zu, msg_flags=", m->msg_controllen);
	dec_bits(d, &names_msg, (uint32_t)m->msg_flags);
	dec_puts(d, "}");
}

bool dec_msghdr(struct dec *d, uint64_t a)
{
	struct msghdr m;

	if (!dec_load(a, &m))
		return false;
	msghdr_text(d, &m, UINT64_MAX, UINT64_MAX);
	return true;
}

/* So many as the call got through, each with the length that the call wrote. */
static bool mmsg_elem(struct dec *d, const void *elem)
{
	const struct mmsghdr *m = elem;

	dec_puts(d, "{msg_hdr=");
	msghdr_text(d, &m->msg_hdr, UINT64_MAX, m->msg_len);
	dec_printf(d, ", msg_len=%u}", m->msg_len);
	return true;
}

bool dec_mmsg(struct dec *d, uint64_t a)
{
	return dec_array(d, a, (uint64_t)d->result, sizeof(struct mmsghdr), mmsg_elem);
}

void dec_msghdr_out(struct dec *d, uint64_t v)
{
	struct msghdr m;

	if (!d->leaving) {
		d->saved[d->i] = dec_load(v, &m) ? m.msg_namelen : 0;
	} else if (!v || !dec_load(v, &m)) {
		dec_addr(d, v);
	} else if (d->result < 0) {
		dec_printf(d, "{msg_namelen=%u}", m.msg_namelen);
	} else {
		msghdr_text(d, &m, d->saved[d->i], (uint64_t)d->result);
	}
}

void dec_socktype(struct dec *d, uint64_t v)
{
	dec_enum(d, &names_socktype, v & 0xf);
	dec_more_bits(d, &names_socktype_flags, (uint32_t)v & ~0xfu);
}

void dec_sockproto(struct dec *d, uint64_t v)
{
	switch ((int)d->call->a[0]) {
	case AF_INET:
	case AF_INET6:
		dec_enum(d, &names_ipproto, (uint32_t)v);
		break;
	case AF_NETLINK:
		dec_enum(d, &names_netlink, (uint32_t)v);
		break;
	default:
		dec_printf(d, "%d", (int)v);
	}
}
