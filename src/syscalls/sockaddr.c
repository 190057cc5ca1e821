/* SPDX-License-Identifier: Apache-2.0 */
/* See sockaddr.h. */
#include "syscalls/sockaddr.h"

#include "mm/uaccess.h"
#include "syscalls/at.h"

#include <errno.h>
#include <string.h>

#define PATH_AT offsetof(struct sockaddr_un, sun_path)

int socket_int(uint64_t fd, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt((int)fd, SOL_SOCKET, option, &value, &len) ? -errno : value;
}

/* A path in an address of AF_UNIX. A name that leads elsewhere than it says (a magic link of /proc) is replaced. */
static int take_path(struct hk_task *t, enum addr_for what, struct addr_in *in)
{
	const char *name = in->copy.un.sun_path;
	struct hk_path p;
	size_t len;
	int r;

	if (in->len <= PATH_AT || in->len > sizeof(in->copy.un) || !*name)
		return 0; /* an abstract name, or the host refuses it */
	in->copy.bytes[in->len] = '\0';
	r = at_name(t, name, what == ADDR_BIND ? PATH_WRITE : 0, &p);
	if (r || strcmp(p.name, name) == 0)
		return r;
	len = strlen(p.name);
	if (len >= sizeof(in->copy.un.sun_path)) /* what magic links lead to is no socket */
		return what == ADDR_BIND ? -EADDRINUSE : -ECONNREFUSED;
	memcpy(in->copy.un.sun_path, p.name, len + 1);
	in->len = PATH_AT + len + 1;
	return 0;
}

static int check(struct hk_task *t, uint64_t fd, enum addr_for what, struct addr_in *in)
{
	enum net_use use = what == ADDR_BIND ? NET_LISTEN : NET_CONNECT;
	const char *why;
	int r;

	/* To send from a socket of IPv6 to AF_UNSPEC is to send to whom it is connected to. */
	if (what == ADDR_SEND && in->len >= sizeof(in->copy.family) && in->copy.family == AF_UNSPEC &&
	    socket_int(fd, SO_DOMAIN) == AF_INET6) {
		in->host = in->len = 0;
		return 0;
	}
	/* The address alone decides: the descriptor could be another socket by the time of the call. */
	r = net_policy_address(&t->proc->net, use, in->copy.bytes, in->len, what != ADDR_CONNECT, &why);
	if (r)
		task_note(t, why);
	return r;
}

int addr_take(struct hk_task *t, uint64_t fd, enum addr_for what, uint64_t addr, uint64_t len, struct addr_in *in)
{
	int r, socket;

	in->host = addr;
	in->len = len;
	if (addr == 0 && what == ADDR_SEND)
		return 0;
	in->host = HOST_BAD_ADDR;
	if ((uint32_t)len > ADDR_BYTES || copy_from_guest(in->copy.bytes, GVA(addr), (uint32_t)len))
		return 0;
	in->len = (uint32_t)len;
	in->host = (uint64_t)(uintptr_t)in->copy.bytes;
	r = check(t, fd, what, in);
	if (r == 0 && in->len >= sizeof(in->copy.family) && in->copy.family == AF_UNIX)
		r = take_path(t, what, in);
	if (r == 0)
		return 0;
	socket = socket_int(fd, SO_TYPE); /* EBADF, ENOTSOCK come first */
	return socket < 0 ? socket : r;
}

struct addr_out addr_out(uint64_t addr, uint64_t lenp)
{
	struct addr_out out = { .host = addr };

	out.bad = get_guest(&out.room, GVA(lenp)) != 0;
	if (out.room > 0)
		out.host = host_addr(addr, hk_min((unsigned)out.room, ADDR_BYTES));
	return out;
}

uint64_t addr_out_len(struct addr_out *out)
{
	return out->bad ? HOST_BAD_ADDR : (uint64_t)(uintptr_t)&out->room;
}
