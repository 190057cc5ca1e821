/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers that take structures with pointers, lengths and descriptors in them: poll, select, epoll, sockets, ioctl, futexes, limits, clocks, prctl.
 *
 * Threat model: the guest chooses every argument and every byte of its memory. A handler may fail in any way, but must not crash, nor read past what it
 * copied (sanitizers), nor write to the monitor's memory (a canary, whose address the guest may guess), nor touch the monitor's descriptor.
 * Input: bytes of guest memory first (its length in two bytes), then calls: a byte for which, and for each of six arguments a byte that says what it is
 * (small number, pointer into guest memory, pointer to the canary, edge of the guest's range, a descriptor, raw) and its value.
 * Calls that change the process for good (users, hard limits, schedulers) are left out; what blocks is ended by a timer.
 */
#include "mm/uaccess.h"
#include "syscalls/handlers.h"

#include <asm/sockios.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#define MEM    0x2a0000000000UL
#define PAGES  4
#define CANARY 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int64_t (*handler)(struct hk_task *t, const uint64_t a[6]);

static const handler calls[] = {
	sys_poll,
	sys_ppoll,
	sys_select,
	sys_pselect6,
	sys_epoll_ctl,
	sys_epoll_wait,
	sys_epoll_pwait,
	sys_epoll_pwait2,
	sys_timerfd_settime,
	sys_timerfd_gettime,
	sys_socket,
	sys_connect,
	sys_listen,
	sys_accept,
	sys_accept4,
	sys_sendto,
	sys_recvfrom,
	sys_sendmsg,
	sys_recvmsg,
	sys_sendmmsg,
	sys_recvmmsg,
	sys_getsockname,
	sys_getpeername,
	sys_setsockopt,
	sys_getsockopt,
	sys_ioctl,
	sys_futex,
	sys_futex_waitv,
	sys_getrlimit,
	sys_getrusage,
	sys_times,
	sys_sysinfo,
	sys_uname,
	sys_getcpu,
	sys_getgroups,
	sys_getresuid,
	sys_capget,
	sys_get_robust_list,
	sys_arch_prctl,
	sys_clock_gettime,
	sys_clock_getres,
	sys_clock_settime,
	sys_clock_nanosleep,
	sys_nanosleep,
	sys_settimeofday,
	sys_gettimeofday,
	sys_adjtimex,
	sys_clock_adjtime,
	sys_time,
	sys_sched_getaffinity,
	sys_sched_getattr,
	sys_sched_getparam,
	sys_msync,
	sys_mincore,
	sys_getrandom,
	sys_prctl,
};

static struct world {
	struct hk_process process;
	struct mm mm;
	struct hk_task task;
	struct hk_call call;
	struct hk_cpu cpu;
	int ours;
	uint8_t *canary;
	int fds[12]; /* the guest's */
} w;

static int add_slot(void *ctx, gpa_t gpa, uint64_t hva, uint64_t size)
{
	(void)ctx, (void)gpa, (void)hva, (void)size;
	return 0;
}

static int get_fs_gs(struct hk_cpu *c, uint64_t *fs, uint64_t *gs)
{
	(void)c;
	*fs = *gs = 0;
	return 0;
}

static int set_base(struct hk_cpu *c, uint64_t base)
{
	(void)c, (void)base;
	return 0;
}

static void on_alarm(int sig)
{
	(void)sig;
}

#define MUST(x)                                                                                                        \
	do {                                                                                                           \
		if (!(x)) {                                                                                            \
			fprintf(stderr, "fuzz_calls: %s\n", #x);                                                       \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

static void setup(void)
{
	static const struct pt_ops pt = { .add_slot = add_slot, .max_slots = 64, .gpa_bits = 40 };
	static const struct hk_cpu_ops cpu = { .get_fs_gs = get_fs_gs, .set_fs = set_base, .set_gs = set_base };
	struct sigaction alarm = { .sa_handler = on_alarm };

	MUST(uaccess_init() == 0);
	w.process.mm = &w.mm;
	MUST(mm_init(w.process.mm, &pt, NULL) == 0);
	MUST(fd_guard_init(&w.process.fds) == 0);
	w.ours = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	MUST(fd_guard_adopt(&w.process.fds, &w.ours) == 0);
	w.cpu.ops = &cpu;
	w.task = (struct hk_task){ .proc = &w.process, .cpu = &w.cpu, .tid = getpid(), .call = &w.call };
	MUST(mm_map(w.process.mm, GVA(MEM), PAGES * HK_PAGE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0, NULL) == (int64_t)MEM);
	/* Nothing beyond this host, and there nobody listens. */
	w.process.net.mode = NET_HOST;
	MUST(net_policy_allow(&w.process.net, NET_CONNECT, "127.0.0.1:1") == 0);
	MUST(net_policy_allow(&w.process.net, NET_LISTEN, "127.0.0.1") == 0);
	w.canary = mmap(NULL, CANARY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(w.canary != MAP_FAILED);
	sigaction(SIGALRM, &alarm, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
}

static void open_fds(void)
{
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, &w.fds[0]) == 0);
	MUST(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, &w.fds[2]) == 0);
	w.fds[4] = epoll_create1(0);
	w.fds[5] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	w.fds[6] = eventfd(1, EFD_NONBLOCK);
	w.fds[7] = open("/tmp", O_RDWR | O_TMPFILE, 0600);
	w.fds[8] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	w.fds[9] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	w.fds[10] = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	w.fds[11] = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, 0);
}

struct input {
	const uint8_t *p, *end;
};

static uint64_t take(struct input *in, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes && in->p < in->end; i++)
		v |= (uint64_t)*in->p++ << (8 * i);
	return v;
}

static uint64_t argument(struct input *in)
{
	switch (take(in, 1) % 9) {
	case 0:
		return take(in, 1);
	case 1:
		return MEM + take(in, 2) % (PAGES * HK_PAGE_SIZE);
	case 2:
		return MEM + PAGES * HK_PAGE_SIZE - take(in, 1);
	case 3:
		return (uint64_t)(uintptr_t)w.canary + take(in, 1);
	case 4:
		return HK_GUEST_MAX - take(in, 1);
	case 5:
		return (uint64_t)w.fds[take(in, 1) % HK_ARRAY_LEN(w.fds)];
	case 6:
		return (uint64_t)w.ours;
	case 7:
		return take(in, 4);
	default:
		return take(in, 8);
	}
}

/* Pointers and descriptors in guest memory: every eighth byte that is a marker begins one. */
static void plant(uint8_t *mem, size_t len)
{
	for (size_t i = 0; i + 8 <= len; i += 8) {
		struct input in = { mem + i + 1, mem + i + 8 };
		uint64_t v;

		if (mem[i] != 0xfe)
			continue;
		v = argument(&in);
		memcpy(mem + i, &v, sizeof(v));
	}
}

/* What would change the fuzzer or other processes for good: rights given up, SIGIO to whoever is named, the terminal. */
static bool leave_out(handler fn, const uint64_t a[6])
{
	uint32_t first = (uint32_t)a[0], second = (uint32_t)a[1];

	if (fn == sys_prctl)
		return first == PR_SET_PDEATHSIG || first == PR_CAPBSET_DROP || first == PR_SET_SECUREBITS;
	if (fn == sys_socket) /* an address family of a driver's, loaded for it */
		return first != AF_UNIX && first != AF_INET && first != AF_INET6;
	if (fn == sys_ioctl)
		return first <= 2 || second == FIOSETOWN || second == SIOCSPGRP;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct itimerval soon = { { 0, 2000 }, { 0, 2000 } }, never = { 0 };
	struct input in = { data, data + size };
	uint8_t *mem = (uint8_t *)MEM;
	size_t len;

	if (!w.canary)
		setup();
	MUST(uaccess_init() == 0); /* libFuzzer takes SIGSEGV at its start */
	open_fds();
	memset(w.canary, 0xa5, CANARY);
	memset(mem, 0, PAGES * HK_PAGE_SIZE);
	len = hk_min(take(&in, 2) % (PAGES * HK_PAGE_SIZE), (uint64_t)(in.end - in.p));
	memcpy(mem, in.p, len);
	in.p += len;
	plant(mem, len);
	setitimer(ITIMER_REAL, &soon, NULL);
	for (int n = 0; in.p < in.end && n < 32; n++) {
		handler fn = calls[take(&in, 1) % HK_ARRAY_LEN(calls)];
		uint64_t a[6];

		for (int i = 0; i < 6; i++)
			a[i] = argument(&in);
		/* What the dispatcher does by the table. */
		if (fd_is_ours(&w.process.fds, (int)a[0]) || leave_out(fn, a))
			continue;
		fn(&w.task, a);
		for (int i = 0; i < CANARY; i++)
			MUST(w.canary[i] == 0xa5);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	MUST(fcntl(w.ours, F_GETFD) == FD_CLOEXEC && lseek(w.ours, 0, SEEK_END) == 0);
	close_range(3, (unsigned)w.ours - 1, 0);
	return 0;
}
