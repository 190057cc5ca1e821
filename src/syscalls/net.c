/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets, as far as a guest has them: pairs of AF_UNIX sockets and sockets it inherited. The host moves the data. Message headers and control messages are
 * copied once; descriptors in them are looked at; options go by an explicit list, because some name addresses or descriptors.
 */
#include "syscalls/args.h"
#include "syscalls/pass.h"

#include "mm/uaccess.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define ADDR_BYTES   sizeof(struct sockaddr_storage)
#define CONTROL_FEW  1024
#define CONTROL_MOST (1u << 20) /* more than net.core.optmem_max ever is: the host would say ENOBUFS */
#define OPTION_MOST  (1u << 18) /* SO_PEERGROUPS with all the groups there can be */

PASS2(sys_shutdown, SYS_shutdown)

/* ---- addresses ---- */

/* The value of an int option of SOL_SOCKET, or -errno. */
static int socket_int(uint64_t fd, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt((int)fd, SOL_SOCKET, option, &value, &len) ? -errno : value;
}

/*
 * A datagram of AF_UNIX with an address goes past the pair to any socket of the host: until sockets have rules, that is refused. The others (streams,
 * inherited sockets) are the host's to answer.
 */
static int address_allowed(struct hk_task *t, uint64_t fd, uint64_t addr, uint64_t len)
{
	if (!addr || !(int)len || socket_int(fd, SO_DOMAIN) != AF_UNIX || socket_int(fd, SO_TYPE) != SOCK_DGRAM)
		return 0;
	task_note(t, "no addresses for sockets yet");
	return -EACCES;
}

/* getsockname and kin: an address, and an int with the room for it that gets its length. */
struct addr_out {
	uint64_t host; /* where the host writes it */
	int room;      /* the host reads and writes this copy */
	bool bad;      /* the int cannot be read */
};

static struct addr_out addr_out(uint64_t addr, uint64_t lenp)
{
	struct addr_out out = { .host = addr };

	out.bad = get_guest(&out.room, GVA(lenp)) != 0;
	if (out.room > 0)
		out.host = host_addr(addr, hk_min((unsigned)out.room, ADDR_BYTES));
	return out;
}

static uint64_t addr_out_len(struct addr_out *out)
{
	return out->bad ? HOST_BAD_ADDR : (uint64_t)(uintptr_t)&out->room;
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

/* ---- plain buffers ---- */

int64_t sys_sendto(struct hk_task *t, const uint64_t a[6])
{
	uint64_t len = a[2], buf = host_span(a[1], &len);
	int r = address_allowed(t, a[0], a[4], a[5]);

	if (r)
		return r;
	return hk_hostcall(SYS_sendto, a[0], buf, len, a[3], host_addr(a[4], hk_min((uint32_t)a[5], ADDR_BYTES)), a[5]);
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

/* ---- messages ---- */

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

/* The header, the vector and the place of the name. 0, or -EFAULT. */
static int message_load(struct message *m, uint64_t a)
{
	m->many = NULL;
	if (get_guest(&m->guest, GVA(a)))
		return -EFAULT;
	m->host = m->guest;
	m->host.msg_iov = host_pointer(host_iov(m->vec, number(m->guest.msg_iov), m->guest.msg_iovlen));
	m->host.msg_name = host_pointer(host_addr(number(m->guest.msg_name), hk_min(m->guest.msg_namelen, ADDR_BYTES)));
	return 0;
}

/* May the guest pass these descriptors? The walk is the kernel's: it stops at the first header that is not whole. */
static int control_check(const struct fd_guard *g, const struct msghdr *msg)
{
	const uint8_t *p = msg->msg_control;
	size_t left = msg->msg_controllen;

	while (left >= sizeof(struct cmsghdr)) {
		struct cmsghdr c;
		size_t step;

		memcpy(&c, p, sizeof(c));
		if (c.cmsg_len < sizeof(c) || c.cmsg_len > left)
			return 0; /* the host says EINVAL */
		if (c.cmsg_level == SOL_SOCKET && c.cmsg_type == SCM_RIGHTS) {
			for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c.cmsg_len; at += sizeof(int)) {
				int fd;

				memcpy(&fd, p + at, sizeof(fd));
				if (fd_check(g, fd))
					return -EBADF;
			}
		}
		step = CMSG_ALIGN(c.cmsg_len);
		if (step > left)
			return 0;
		p += step;
		left -= step;
	}
	return 0;
}

/* Copy the control messages to be sent; what cannot be copied is left to the host to refuse. 0, -ENOBUFS or -EBADF. */
static int control_load(struct hk_task *t, struct message *m)
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
	return control_check(&t->proc->fds, &m->host);
}

static int64_t send_one(struct hk_task *t, uint64_t fd, uint64_t msg, uint64_t flags)
{
	struct message m;
	int64_t r;

	if (message_load(&m, msg))
		return hk_hostcall(SYS_sendmsg, fd, HOST_BAD_ADDR, flags);
	r = address_allowed(t, fd, number(m.guest.msg_name), m.guest.msg_namelen);
	if (r == 0)
		r = control_load(t, &m);
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

/* ---- options ---- */

/* Options of which the value is plain data. Left out: filters and programs (they hold addresses or descriptors), TCP_ZEROCOPY_RECEIVE and TCP_REPAIR*. */
static const struct {
	int level, option;
} options[] = {
	{ SOL_SOCKET, SO_DEBUG },       { SOL_SOCKET, SO_REUSEADDR },   { SOL_SOCKET, SO_TYPE },
	{ SOL_SOCKET, SO_ERROR },       { SOL_SOCKET, SO_DONTROUTE },   { SOL_SOCKET, SO_BROADCAST },
	{ SOL_SOCKET, SO_SNDBUF },      { SOL_SOCKET, SO_RCVBUF },      { SOL_SOCKET, SO_SNDBUFFORCE },
	{ SOL_SOCKET, SO_RCVBUFFORCE }, { SOL_SOCKET, SO_KEEPALIVE },   { SOL_SOCKET, SO_OOBINLINE },
	{ SOL_SOCKET, SO_NO_CHECK },    { SOL_SOCKET, SO_PRIORITY },    { SOL_SOCKET, SO_LINGER },
	{ SOL_SOCKET, SO_REUSEPORT },   { SOL_SOCKET, SO_PASSCRED },    { SOL_SOCKET, SO_PEERCRED },
	{ SOL_SOCKET, SO_RCVLOWAT },    { SOL_SOCKET, SO_SNDLOWAT },    { SOL_SOCKET, SO_RCVTIMEO },
	{ SOL_SOCKET, SO_SNDTIMEO },    { SOL_SOCKET, SO_TIMESTAMP },   { SOL_SOCKET, SO_TIMESTAMPNS },
	{ SOL_SOCKET, SO_ACCEPTCONN },  { SOL_SOCKET, SO_PEERSEC },     { SOL_SOCKET, SO_PASSSEC },
	{ SOL_SOCKET, SO_PROTOCOL },    { SOL_SOCKET, SO_DOMAIN },      { SOL_SOCKET, SO_RXQ_OVFL },
	{ SOL_SOCKET, SO_PEEK_OFF },    { SOL_SOCKET, SO_COOKIE },      { SOL_SOCKET, SO_PEERGROUPS },
	{ IPPROTO_TCP, TCP_NODELAY },   { IPPROTO_TCP, TCP_MAXSEG },    { IPPROTO_TCP, TCP_CORK },
	{ IPPROTO_TCP, TCP_KEEPIDLE },  { IPPROTO_TCP, TCP_KEEPINTVL }, { IPPROTO_TCP, TCP_KEEPCNT },
	{ IPPROTO_TCP, TCP_INFO },      { IPPROTO_TCP, TCP_QUICKACK },  { IPPROTO_TCP, TCP_USER_TIMEOUT },
	{ IPPROTO_IP, IP_TOS },         { IPPROTO_IP, IP_TTL },         { IPPROTO_IP, IP_PKTINFO },
	{ IPPROTO_IPV6, IPV6_V6ONLY },  { IPPROTO_IPV6, IPV6_TCLASS },  { IPPROTO_IPV6, IPV6_RECVPKTINFO },
};

/* 0, or what the call returns for an option that is not on the list. */
static int64_t option_check(struct hk_task *t, uint64_t fd, int level, int option)
{
	int domain;

	for (size_t i = 0; i < HK_ARRAY_LEN(options); i++)
		if (options[i].level == level && options[i].option == option)
			return 0;
	domain = socket_int(fd, SO_DOMAIN); /* EBADF, ENOTSOCK come first */
	if (domain < 0)
		return domain;
	task_note(t, "no such option in the list of socket options");
	/* Sockets of AF_UNIX have no options of any level but their own. */
	return domain == AF_UNIX && level != SOL_SOCKET ? -EOPNOTSUPP : -ENOPROTOOPT;
}

int64_t sys_setsockopt(struct hk_task *t, const uint64_t a[6])
{
	uint64_t len = hk_min((uint32_t)a[4], OPTION_MOST);
	int64_t r = option_check(t, a[0], (int)a[1], (int)a[2]);

	return r ? r : hk_hostcall(SYS_setsockopt, a[0], a[1], a[2], host_addr(a[3], len), a[4]);
}

int64_t sys_getsockopt(struct hk_task *t, const uint64_t a[6])
{
	int64_t r = option_check(t, a[0], (int)a[1], (int)a[2]);
	uint64_t lenp;
	int len;

	if (r)
		return r;
	lenp = get_guest(&len, GVA(a[4])) ? HOST_BAD_ADDR : (uint64_t)(uintptr_t)&len;
	r = hk_hostcall(SYS_getsockopt, a[0], a[1], a[2],
			lenp == HOST_BAD_ADDR || len < 0 ? a[3] : host_addr(a[3], hk_min((unsigned)len, OPTION_MOST)),
			lenp);
	/* Some options tell the room they need with ERANGE. */
	if ((r == 0 || r == -ERANGE) && put_guest(GVA(a[4]), &len))
		return -EFAULT;
	return r;
}
