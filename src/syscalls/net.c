/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets: made, bound, connected, listened on and accepted from; plain buffers through them. The host moves the data, straight from and to guest memory;
 * which addresses a guest may name is for kern/net_policy.h to say.
 */
#include "syscalls/pass.h"
#include "syscalls/sockaddr.h"

#include "mm/uaccess.h"

#include <errno.h>

PASS2(sys_shutdown, SYS_shutdown)

int64_t sys_socket(struct hk_task *t, const uint64_t a[6])
{
	const char *why;
	int r = net_policy_socket(&t->proc->net, (int)a[0], (int)a[1], (int)a[2], &why);

	if (r) {
		task_note(t, why);
		return r;
	}
	return hk_hostcall(SYS_socket, a[0], a[1], a[2]);
}

/* Of the other families Linux makes pairs only in TIPC, which reaches outside; for IPv4 and IPv6 the host has the right error. */
int64_t sys_socketpair(struct hk_task *t, const uint64_t a[6])
{
	int family = (int)a[0];

	if (family > AF_UNIX && family < AF_MAX && family != AF_INET && family != AF_INET6) {
		task_note(t, "only pairs of AF_UNIX");
		return -EAFNOSUPPORT;
	}
	return hk_hostcall(SYS_socketpair, a[0], a[1], a[2], host_addr(a[3], 2 * sizeof(int)));
}

static int64_t with_address(struct hk_task *t, int64_t nr, enum addr_for what, const uint64_t a[6])
{
	struct addr_in in;
	int r = addr_take(t, a[0], what, a[1], a[2], &in);

	return r ? r : hk_hostcall(nr, a[0], in.host, in.len);
}

int64_t sys_bind(struct hk_task *t, const uint64_t a[6])
{
	return with_address(t, SYS_bind, ADDR_BIND, a);
}

int64_t sys_connect(struct hk_task *t, const uint64_t a[6])
{
	return with_address(t, SYS_connect, ADDR_CONNECT, a);
}

/* May the socket be listened on where it is bound, or would be? */
static int listen_allowed(struct hk_task *t, int fd)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);
	const char *why;
	int r;

	if (getsockname(fd, (struct sockaddr *)&addr, &len))
		return -errno;
	r = net_policy_listen(&t->proc->net, &addr, len, &why);
	if (r)
		task_note(t, why);
	return r;
}

int64_t sys_listen(struct hk_task *t, const uint64_t a[6])
{
	struct fd_guard *g = &t->proc->fds;
	int64_t r;
	int fd;

	if (net_policy_open(&t->proc->net))
		return hk_hostcall(SYS_listen, a[0], a[1]);
	/* Out of the guest's reach: what is looked at is what listens. */
	r = fd_guard_dup(g, (int)a[0], &fd);
	if (r)
		return r;
	r = listen_allowed(t, fd);
	if (r == 0)
		r = hk_hostcall_sure(SYS_listen, fd, a[1]);
	fd_guard_drop(g, &fd);
	return r;
}

/* accept takes no flags; the two are one call in Linux. */
static int64_t do_accept(const uint64_t a[6], uint64_t flags)
{
	struct addr_out out;
	int64_t fd;

	if (a[1] == 0)
		return hk_hostcall(SYS_accept4, a[0], 0, 0, flags);
	out = addr_out(a[1], a[2]);
	fd = hk_hostcall(SYS_accept4, a[0], out.host, addr_out_len(&out), flags);
	if (fd < 0 || put_guest(GVA(a[2]), &out.room) == 0)
		return fd;
	close((int)fd);
	return -EFAULT;
}

int64_t sys_accept(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return do_accept(a, 0);
}

int64_t sys_accept4(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return do_accept(a, a[3]);
}

static int64_t get_name(int64_t nr, const uint64_t a[6])
{
	struct addr_out out = addr_out(a[1], a[2]);
	int64_t r = hk_hostcall(nr, a[0], out.host, addr_out_len(&out));

	return r == 0 ? put_guest(GVA(a[2]), &out.room) : r;
}

int64_t sys_getsockname(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return get_name(SYS_getsockname, a);
}

int64_t sys_getpeername(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return get_name(SYS_getpeername, a);
}

int64_t sys_sendto(struct hk_task *t, const uint64_t a[6])
{
	uint64_t len = a[2], buf = host_span(a[1], &len);
	struct addr_in to;
	int r = addr_take(t, a[0], ADDR_SEND, a[4], a[5], &to);

	return r ? r : hk_hostcall(SYS_sendto, a[0], buf, len, a[3], to.host, to.len);
}

int64_t sys_recvfrom(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	uint64_t len = a[2], buf = host_span(a[1], &len);
	struct addr_out out;
	int64_t r;

	/* Without an address the length is not looked at. */
	if (a[4] == 0)
		return hk_hostcall(SYS_recvfrom, a[0], buf, len, a[3], 0, 0);
	out = addr_out(a[4], a[5]);
	r = hk_hostcall(SYS_recvfrom, a[0], buf, len, a[3], out.host, addr_out_len(&out));
	if (r < 0)
		return r;
	return put_guest(GVA(a[5]), &out.room) ? -EFAULT : r;
}
