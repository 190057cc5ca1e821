/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages: a header, a vector of buffers, an address, control messages. Headers and control messages are copied once; what a control message names
 * (descriptors, addresses) is looked at in the copy, which is what the host gets. Data and what comes in go straight from and to guest memory.
 */
#include "syscalls/handlers.h"
#include "syscalls/sockaddr.h"

#include "mm/uaccess.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONTROL_FEW  1024
#define CONTROL_MOST (1u << 20) /* more than net.core.optmem_max ever is: the host would say ENOBUFS */

/* A message header with what it points to. */
struct message {
	struct msghdr guest; /* as the guest wrote it */
	struct msghdr host;  /* for the host */
	struct iovec vec[HK_IOV_MAX];
	void *many; /* a large control buffer */
	_Alignas(struct cmsghdr) uint8_t few[CONTROL_FEW];
};

static uint64_t number(const void *guest_pointer)
{
	return (uint64_t)(uintptr_t)guest_pointer;
}

static void *host_pointer(uint64_t a)
{
	return (void *)(uintptr_t)a; /* for the host only */
}

/* The header and the vector. 0, or -EFAULT. */
static int message_load(struct message *m, uint64_t a)
{
	m->many = NULL;
	if (get_guest(&m->guest, GVA(a)))
		return -EFAULT;
	m->host = m->guest;
	m->host.msg_iov = host_pointer(host_iov(m->vec, number(m->guest.msg_iov), m->guest.msg_iovlen));
	return 0;
}

/* Where a message to be sent goes to. */
static int name_load(struct hk_task *t, uint64_t fd, struct message *m, struct addr_in *to)
{
	/* As Linux: a name without length is none, one that is too long is cut. */
	uint64_t name = m->guest.msg_namelen ? number(m->guest.msg_name) : 0;
	uint64_t len = (int)m->guest.msg_namelen < 0 ? m->guest.msg_namelen : hk_min(m->guest.msg_namelen, ADDR_BYTES);
	int r = addr_take(t, fd, ADDR_SEND, name, len, to);

	m->host.msg_name = host_pointer(to->host);
	m->host.msg_namelen = (socklen_t)to->len;
	return r;
}

/* Control messages that may be sent where the network is restricted: others name addresses (IP_RETOPTS, routing headers), or might. */
static const struct {
	int level, type;
} plain_controls[] = {
	{ SOL_SOCKET, SCM_RIGHTS },
	{ SOL_SOCKET, SCM_CREDENTIALS },
	{ SOL_SOCKET, SO_TIMESTAMPING },
	{ SOL_SOCKET, SCM_TXTIME },
	{ SOL_SOCKET, SO_PRIORITY },
	{ IPPROTO_IP, IP_PKTINFO },
	{ IPPROTO_IP, IP_TTL },
	{ IPPROTO_IP, IP_TOS },
	{ IPPROTO_IPV6, IPV6_PKTINFO },
	{ IPPROTO_IPV6, IPV6_HOPLIMIT },
	{ IPPROTO_IPV6, IPV6_TCLASS },
	{ IPPROTO_IPV6, IPV6_DONTFRAG },
	{ IPPROTO_IPV6, IPV6_2292PKTINFO },
	{ IPPROTO_IPV6, IPV6_2292HOPLIMIT },
	{ IPPROTO_UDP, UDP_SEGMENT },
};

static bool is_plain(const struct cmsghdr *c)
{
	for (size_t i = 0; i < HK_ARRAY_LEN(plain_controls); i++)
		if (plain_controls[i].level == c->cmsg_level && plain_controls[i].type == c->cmsg_type)
			return true;
	return false;
}

/* One whole control message, at p in the copy. */
static int control_one(struct hk_task *t, uint64_t fd, const struct cmsghdr *c, uint8_t *p)
{
	static const int nobody = INT_MAX; /* a level that no protocol has: passed over */

	if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
			int passed;

			memcpy(&passed, p + at, sizeof(passed));
			if (fd_check(&t->proc->fds, passed))
				return -EBADF;
		}
	}
	if (net_policy_open(&t->proc->net) || is_plain(c))
		return 0;
	memcpy(p + offsetof(struct cmsghdr, cmsg_level), &nobody, sizeof(nobody));
	if (c->cmsg_level != SOL_SOCKET && socket_int(fd, SO_DOMAIN) == AF_UNIX)
		return 0; /* which passes over other levels itself */
	task_note(t, "no such control message where the network is restricted");
	return -EPERM;
}

/* May the guest send these control messages? The walk is the kernel's: it stops at the first header that is not whole. */
static int control_check(struct hk_task *t, uint64_t fd, struct msghdr *msg)
{
	uint8_t *p = msg->msg_control;
	size_t left = msg->msg_controllen;

	while (left >= sizeof(struct cmsghdr)) {
		struct cmsghdr c;
		size_t step;
		int r;

		memcpy(&c, p, sizeof(c));
		if (c.cmsg_len < sizeof(c) || c.cmsg_len > left)
			return 0; /* the host says EINVAL */
		r = control_one(t, fd, &c, p);
		if (r)
			return r;
		step = CMSG_ALIGN(c.cmsg_len);
		if (step > left)
			return 0;
		p += step;
		left -= step;
	}
	return 0;
}

/* Copy the control messages to be sent; what cannot be copied is left to the host to refuse. 0 or -errno. */
static int control_load(struct hk_task *t, uint64_t fd, struct message *m)
{
	size_t len = m->guest.msg_controllen;
	void *control = m->few;

	if (len == 0)
		return 0;
	m->host.msg_control = host_pointer(HOST_BAD_ADDR);
	if (len > CONTROL_MOST)
		return 0;
	if (len > sizeof(m->few))
		control = m->many = malloc(len);
	if (!control)
		return -ENOBUFS;
	if (copy_from_guest(control, GVA(number(m->guest.msg_control)), len))
		return 0;
	m->host.msg_control = control;
	return control_check(t, fd, &m->host);
}

static int64_t send_one(struct hk_task *t, uint64_t fd, uint64_t msg, uint64_t flags)
{
	struct message m;
	struct addr_in to;
	int64_t r;

	if (message_load(&m, msg))
		return hk_hostcall(SYS_sendmsg, fd, HOST_BAD_ADDR, flags);
	r = name_load(t, fd, &m, &to);
	if (r == 0)
		r = control_load(t, fd, &m);
	if (r == 0)
		r = hk_hostcall(SYS_sendmsg, fd, &m.host, flags);
	free(m.many);
	return r;
}

int64_t sys_sendmsg(struct hk_task *t, const uint64_t a[6])
{
	return send_one(t, a[0], a[1], a[2]);
}

/* Descriptors and addresses that come in go straight to the guest's buffers; of the header Linux changes three fields. */
static int64_t receive_one(uint64_t fd, uint64_t msg, uint64_t flags, int *got)
{
	struct message m;
	uint64_t control;
	int64_t r;

	if (message_load(&m, msg))
		return hk_hostcall(SYS_recvmsg, fd, HOST_BAD_ADDR, flags);
	m.host.msg_name = host_pointer(host_addr(number(m.guest.msg_name), hk_min(m.guest.msg_namelen, ADDR_BYTES)));
	control = number(m.guest.msg_control);
	if (control < HK_GUEST_MAX)
		m.host.msg_controllen = hk_min(m.guest.msg_controllen, HK_GUEST_MAX - control);
	else
		m.host.msg_control = host_pointer(HOST_BAD_ADDR);
	r = hk_hostcall(SYS_recvmsg, fd, &m.host, flags);
	if (r < 0)
		return r;
	*got = m.host.msg_flags;
	if ((m.guest.msg_name && put_guest(GVA(msg + offsetof(struct msghdr, msg_namelen)), &m.host.msg_namelen)) ||
	    put_guest(GVA(msg + offsetof(struct msghdr, msg_controllen)), &m.host.msg_controllen) ||
	    put_guest(GVA(msg + offsetof(struct msghdr, msg_flags)), &m.host.msg_flags))
		return -EFAULT;
	return r;
}

int64_t sys_recvmsg(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	int got;

	return receive_one(a[0], a[1], a[2], &got);
}

/* Linux makes the calls for several messages as a row of calls for one, too. */

static int64_t put_length(uint64_t msg, int64_t r)
{
	unsigned len = (unsigned)r;

	return r < 0 ? r : put_guest(GVA(msg + offsetof(struct mmsghdr, msg_len)), &len);
}

int64_t sys_sendmmsg(struct hk_task *t, const uint64_t a[6])
{
	uint64_t count = hk_min((uint32_t)a[2], HK_IOV_MAX), sent;
	int64_t r = socket_int(a[0], SO_TYPE);

	for (sent = 0; sent < count && r >= 0; sent++) {
		uint64_t msg = a[1] + sent * sizeof(struct mmsghdr);

		r = put_length(msg, send_one(t, a[0], msg, a[3]));
		if (r < 0)
			break;
	}
	return sent || r >= 0 ? (int64_t)sent : r;
}

#define NS_PER_SEC 1000000000L

static bool time_left(const struct timespec *end, struct timespec *left)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left->tv_sec = end->tv_sec - now.tv_sec;
	left->tv_nsec = end->tv_nsec - now.tv_nsec;
	if (left->tv_nsec < 0) {
		left->tv_sec--;
		left->tv_nsec += NS_PER_SEC;
	}
	if (left->tv_sec < 0)
		*left = (struct timespec){ 0 };
	return left->tv_sec || left->tv_nsec;
}

/* When the time is over: 0, -EFAULT or -EINVAL. */
static int end_time(uint64_t timeout, struct timespec *end)
{
	struct timespec now, ts;

	if (get_guest(&ts, GVA(timeout)))
		return -EFAULT;
	if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= NS_PER_SEC)
		return -EINVAL;
	clock_gettime(CLOCK_MONOTONIC, &now);
	end->tv_nsec = now.tv_nsec + ts.tv_nsec;
	if (__builtin_add_overflow(now.tv_sec, ts.tv_sec + end->tv_nsec / NS_PER_SEC, &end->tv_sec))
		end->tv_sec = INT64_MAX;
	end->tv_nsec %= NS_PER_SEC;
	return 0;
}

/* The timeout is looked at between messages only, as Linux does (recvmmsg(2), BUGS). Unlike there, the error that ends a row is not kept for the next call. */
int64_t sys_recvmmsg(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	struct timespec end = { 0 }, left = { 0 };
	uint64_t count = (uint32_t)a[2], flags = a[3], received = 0;
	int64_t r = a[4] ? end_time(a[4], &end) : 0;
	int got = 0;

	if (r == 0)
		r = socket_int(a[0], SO_TYPE);
	while (received < count && r >= 0 && !(got & MSG_OOB)) {
		uint64_t msg = a[1] + received * sizeof(struct mmsghdr);

		r = put_length(msg, receive_one(a[0], msg, flags & ~(uint64_t)MSG_WAITFORONE, &got));
		if (r < 0)
			break;
		received++;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (a[4] && !time_left(&end, &left))
			break;
	}
	if (!received)
		return r < 0 ? r : 0;
	return a[4] && put_guest(GVA(a[4]), &left) ? -EFAULT : (int64_t)received;
}
