/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for descriptors: poll and select with their variants, epoll, eventfd, timerfd. The host waits. Descriptor numbers inside structures that are the
 * monitor's own must look closed, and the guest could change the structure after a look at it: so the host works on a copy.
 */
#include "syscalls/args.h"
#include "syscalls/pass.h"
#include "syscalls/waitmask.h"

#include "kern/signal.h"
#include "mm/uaccess.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <time.h>

#define SIGSET_BYTES 8

PASS1(sys_epoll_create, SYS_epoll_create)
PASS1(sys_epoll_create1, SYS_epoll_create1)
PASS1(sys_eventfd, SYS_eventfd)
PASS2(sys_eventfd2, SYS_eventfd2)
PASS2(sys_timerfd_create, SYS_timerfd_create)
PASS1_OBJ(sys_timerfd_gettime, SYS_timerfd_gettime, struct itimerspec)

uint64_t wait_mask_host(uint64_t a, uint64_t size, struct wait_mask *m)
{
	m->given = false;
	if (a == 0)
		return 0;
	if (size != SIGSET_BYTES || get_guest(&m->guest, GVA(a)))
		return HOST_BAD_ADDR;
	m->given = true;
	m->host = signal_host_mask(m->guest);
	return (uint64_t)(uintptr_t)&m->host;
}

int64_t wait_mask_done(struct hk_task *t, const struct wait_mask *m, int64_t result)
{
	return m->given ? signal_waited(t, m->guest, result) : result;
}

/* ---- poll ---- */

#define POLL_FEW 64

struct poll_copy {
	struct pollfd *fds; /* few, or allocated */
	uint64_t count;
	struct pollfd few[POLL_FEW];
};

static bool poll_too_many(uint64_t count)
{
	struct rlimit lim;

	return getrlimit(RLIMIT_NOFILE, &lim) || count > lim.rlim_cur;
}

/* A number that is never open, so that the host says POLLNVAL. */
static void poll_hide_ours(const struct fd_guard *g, struct poll_copy *p)
{
	for (uint64_t i = 0; i < p->count; i++)
		if (fd_is_ours(g, p->fds[i].fd))
			p->fds[i].fd = INT_MAX;
}

/* Copy the array; *host is what to pass to the host. 0 or -ENOMEM. */
static int poll_load(struct hk_task *t, struct poll_copy *p, uint64_t a, uint64_t count, uint64_t *host)
{
	p->fds = p->few;
	p->count = count;
	*host = HOST_BAD_ADDR;
	if (count > POLL_FEW) {
		if (poll_too_many(count))
			return 0; /* the host says EINVAL */
		p->fds = malloc(count * sizeof(*p->fds));
		if (!p->fds)
			return -ENOMEM;
	}
	if (copy_from_guest(p->fds, GVA(a), count * sizeof(*p->fds)))
		return 0;
	poll_hide_ours(&t->proc->fds, p);
	*host = (uint64_t)(uintptr_t)p->fds;
	return 0;
}

/* Linux writes nothing but revents, also when a signal ended the wait. */
static int64_t poll_store(struct poll_copy *p, uint64_t a, int64_t r)
{
	if (r >= 0 || r == -EINTR) {
		for (uint64_t i = 0; i < p->count; i++) {
			uint64_t at = a + i * sizeof(struct pollfd) + offsetof(struct pollfd, revents);

			if (put_guest(GVA(at), &p->fds[i].revents)) {
				r = -EFAULT;
				break;
			}
		}
	}
	if (p->fds != p->few)
		free(p->fds);
	return r;
}

int64_t sys_poll(struct hk_task *t, const uint64_t a[6])
{
	uint64_t count = (uint32_t)a[1], host;
	struct poll_copy p;
	int r = poll_load(t, &p, a[0], count, &host);

	return r ? r : poll_store(&p, a[0], hk_hostcall(SYS_poll, host, count, a[2]));
}

int64_t sys_ppoll(struct hk_task *t, const uint64_t a[6])
{
	uint64_t count = (uint32_t)a[1], host, mask;
	struct wait_mask m;
	struct poll_copy p;
	int r = poll_load(t, &p, a[0], count, &host);

	if (r)
		return r;
	mask = wait_mask_host(a[3], a[4], &m);
	return wait_mask_done(
		t, &m,
		poll_store(&p, a[0], hk_hostcall(SYS_ppoll, host, count, host_obj(a[2], struct timespec), mask, a[4])));
}

/* ---- select ---- */

#define BITS_PER_WORD 64
#define SELECT_FEW    FD_SETSIZE
#define SELECT_MOST   (1u << 20)

struct select_copy {
	unsigned n;            /* descriptors looked at, rounded up to words of the sets */
	uint64_t host[3];      /* what to pass for each set */
	unsigned long *set[3]; /* in few, or allocated as one */
	unsigned long few[3][SELECT_FEW / BITS_PER_WORD];
};

static size_t set_bytes(unsigned n)
{
	return (n + BITS_PER_WORD - 1) / BITS_PER_WORD * sizeof(unsigned long);
}

/* One name of /proc/self/fd; -1 for what is no number. */
static int fd_of_name(const char *name)
{
	int fd = 0;

	for (; *name >= '0' && *name <= '9' && fd < INT_MAX / 10; name++)
		fd = fd * 10 + (*name - '0');
	return *name ? -1 : fd;
}

/* The guest's highest open descriptor, or -errno. */
static int highest_fd(const struct fd_guard *g)
{
	struct dirent64_head {
		uint64_t ino, off;
		unsigned short len;
		unsigned char type;
		char name[];
	};
	_Alignas(8) char buf[4096];
	HK_CLOSE int dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int64_t len;
	int top = 0;

	if (dir < 0)
		return -errno;
	while ((len = syscall(SYS_getdents64, dir, buf, sizeof(buf))) > 0) {
		for (int64_t at = 0; at < len;) {
			const struct dirent64_head *d = (const void *)(buf + at);
			int fd = fd_of_name(d->name);

			if (fd > top && fd != dir && !fd_is_ours(g, fd))
				top = fd;
			at += d->len;
		}
	}
	return len < 0 ? -errno : top;
}

/*
 * Linux looks at no more descriptors than the process's table has room for: 64, then powers of two. Programs rely on it that pass a huge n with a small
 * set. The host's table is larger than the guest's would be, for the monitor's own lie high in it.
 */
static unsigned table_size(const struct fd_guard *g)
{
	int top = highest_fd(g);
	unsigned size = BITS_PER_WORD;

	if (top < 0)
		return SELECT_MOST;
	while (size <= (unsigned)top && size < SELECT_MOST)
		size *= 2;
	return size;
}

static bool names_ours(const struct fd_guard *g, const struct select_copy *s)
{
	for (int fd = fd_guard_next(g, 0); fd >= 0 && (unsigned)fd < s->n; fd = fd_guard_next(g, (unsigned)fd + 1))
		for (int i = 0; i < 3; i++)
			if (s->set[i] && s->set[i][fd / BITS_PER_WORD] >> (fd % BITS_PER_WORD) & 1)
				return true;
	return false;
}

/* Copy the three sets of n descriptors; *many is memory to free later. 0 or -ENOMEM. */
static int select_load(struct select_copy *s, unsigned n, const uint64_t addr[3], unsigned long **many)
{
	size_t bytes = set_bytes(n);

	*many = NULL;
	s->n = n;
	if (n > SELECT_FEW) {
		*many = malloc(3 * bytes);
		if (!*many)
			return -ENOMEM;
	}
	for (int i = 0; i < 3; i++) {
		unsigned long *set = *many ? *many + i * (bytes / sizeof(unsigned long)) : s->few[i];

		s->set[i] = addr[i] && copy_from_guest(set, GVA(addr[i]), bytes) == 0 ? set : NULL;
		s->host[i] = !addr[i] ? 0 : s->set[i] ? (uint64_t)(uintptr_t)set : HOST_BAD_ADDR;
	}
	return 0;
}

static int64_t select_store(const struct select_copy *s, const uint64_t addr[3], int64_t r)
{
	for (int i = 0; i < 3 && r >= 0; i++)
		if (s->set[i] && copy_to_guest(GVA(addr[i]), s->set[i], set_bytes(s->n)))
			r = -EFAULT;
	return r;
}

/* select and pselect6 differ in what comes behind the sets. */
static int64_t do_select(struct hk_task *t, int64_t nr, const uint64_t a[6], uint64_t timeout, uint64_t mask)
{
	const struct fd_guard *g = &t->proc->fds;
	const uint64_t *addr = &a[1];
	struct select_copy s;
	unsigned long *many;
	unsigned n = (unsigned)a[0];
	int64_t r;

	if ((int)n < 0) /* the host says EINVAL, after its look at the rest */
		return hk_hostcall(nr, a[0], 0, 0, 0, timeout, mask);
	if (n > SELECT_FEW)
		n = (unsigned)hk_min(n, table_size(g));
	r = select_load(&s, n, addr, &many);
	if (r)
		return r;
	r = names_ours(g, &s) ? -EBADF : hk_hostcall(nr, n, s.host[0], s.host[1], s.host[2], timeout, mask);
	if (r == -EBADF && n > BITS_PER_WORD) {
		/* Perhaps a bit beyond the end of the guest's own table, which Linux would not have seen. */
		unsigned size = table_size(g);

		if (size < n) {
			s.n = size;
			r = names_ours(g, &s) ? -EBADF
					      : hk_hostcall(nr, size, s.host[0], s.host[1], s.host[2], timeout, mask);
		}
	}
	r = select_store(&s, addr, r);
	free(many);
	return r;
}

int64_t sys_select(struct hk_task *t, const uint64_t a[6])
{
	return do_select(t, SYS_select, a, host_obj(a[4], struct timeval), 0);
}

/* The last argument points to a pointer to the mask and the mask's size. */
int64_t sys_pselect6(struct hk_task *t, const uint64_t a[6])
{
	struct {
		uint64_t mask, size;
	} arg;
	uint64_t last = (uint64_t)(uintptr_t)&arg;
	struct wait_mask m = { .given = false };

	if (a[5] == 0)
		last = 0;
	else if (get_guest(&arg, GVA(a[5])))
		last = HOST_BAD_ADDR;
	else
		arg.mask = wait_mask_host(arg.mask, arg.size, &m);
	return wait_mask_done(t, &m, do_select(t, SYS_pselect6, a, host_obj(a[4], struct timespec), last));
}

/* ---- epoll and timerfd ---- */

int64_t sys_epoll_ctl(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_epoll_ctl, a[0], a[1], a[2], host_obj(a[3], struct epoll_event));
}

/* The host fills the guest's array; one that reaches beyond the guest's end counts as long as it is within. */
static uint64_t host_events(uint64_t a, uint64_t *max)
{
	uint64_t room = a < HK_GUEST_MAX ? (HK_GUEST_MAX - a) / sizeof(struct epoll_event) : 0;

	if ((int)*max <= 0 || (int)*max > (int)(INT_MAX / sizeof(struct epoll_event)))
		return a; /* EINVAL before anything is written */
	if (room == 0)
		return HOST_BAD_ADDR;
	*max = hk_min((uint32_t)*max, room);
	return a;
}

int64_t sys_epoll_wait(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	uint64_t max = a[2], events = host_events(a[1], &max);

	return hk_hostcall(SYS_epoll_wait, a[0], events, max, a[3]);
}

int64_t sys_epoll_pwait(struct hk_task *t, const uint64_t a[6])
{
	uint64_t max = a[2], events = host_events(a[1], &max), mask;
	struct wait_mask m;

	mask = wait_mask_host(a[4], a[5], &m);
	return wait_mask_done(t, &m, hk_hostcall(SYS_epoll_pwait, a[0], events, max, a[3], mask, a[5]));
}

int64_t sys_epoll_pwait2(struct hk_task *t, const uint64_t a[6])
{
	uint64_t max = a[2], events = host_events(a[1], &max), mask;
	struct wait_mask m;

	mask = wait_mask_host(a[4], a[5], &m);
	return wait_mask_done(
		t, &m, hk_hostcall(SYS_epoll_pwait2, a[0], events, max, host_obj(a[3], struct timespec), mask, a[5]));
}

int64_t sys_timerfd_settime(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_timerfd_settime, a[0], a[1], host_obj(a[2], struct itimerspec),
			   host_obj(a[3], struct itimerspec));
}
