/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that makes random system calls with random arguments, from inside the virtual machine: inside SECONDS [SEED]. Each child makes some hundred with its own
 * seed and may end of it as it likes; what it must not do is end its monitor: status 99 is a sanitizer's report (tests/run-inside says so), 125 husk's own failure.
 * With ONE as a third argument, the child with SEED alone, here and now.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALLS     300
#define POOL      65536
#define REPORT    99
#define HUSK_FAIL 125
#define PATIENCE  100  /* looks, half a millisecond apart: for a child that waits in a call */
#define DEADLINE  1500 /* … then 20 ms: for one that was killed */

struct counts {
	unsigned long calls, children, killed, signals, wrong;
	unsigned per_call[512]; /* that came back without an error */
};

static struct counts *counts;
static char *pool;
static uint64_t state;

static uint64_t rnd(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static unsigned below(unsigned n)
{
	return (unsigned)(rnd() % n);
}

static const uint64_t places[] = { 0,
				   8,
				   4096,
				   1UL << 46,
				   (1UL << 46) - 1,
				   (1UL << 46) - 4096,
				   0x500000000000,
				   0x7f0000000000,
				   0x7f0000001000,
				   0x7f8000000000,
				   0x7ffffffff000,
				   0x800000000000,
				   0xffff800000000000,
				   0xffffffffff600000,
				   -8UL,
				   -1UL,
				   1UL << 63,
				   1UL << 31,
				   1UL << 32,
				   (1UL << 32) - 1 };

static uint64_t address(void)
{
	switch (below(8)) {
	case 0:
		return places[below(sizeof(places) / sizeof(*places))];
	case 1:
		return (uint64_t)(uintptr_t)pool + POOL - below(64); /* its end: behind it there is nothing */
	case 2:
		return (uint64_t)(uintptr_t)&state; /* the stack of this program is no better */
	default:
		return (uint64_t)(uintptr_t)pool + (below(POOL) & ~7U);
	}
}

static uint64_t value(void)
{
	switch (below(12)) {
	case 0:
		return below(40); /* a descriptor, or an operation */
	case 1:
		return 1UL << below(64);
	case 2:
		return rnd();
	case 3:
		return places[below(sizeof(places) / sizeof(*places))];
	case 4:
		return (uint64_t)-1 - below(200);
	case 5:
		return below(1 << 16);
	case 6:
	case 7:
		return below(8);
	default:
		return address();
	}
}

/* Numbers, addresses, names: what a structure may be made of. */
static void fill_pool(void)
{
	uint64_t *p = (uint64_t *)pool;
	static const char *const names[] = { "/tmp/f",
					     "/proc/self/maps",
					     "/proc/self/fd/3",
					     "/dev/null",
					     "/dev/kmsg",
					     "..",
					     "/proc/self/mem",
					     "/dev/ptmx",
					     "/tmp",
					     "x",
					     "",
					     "/proc/self/task/1/../../exe" };

	for (size_t i = 0; i < POOL / 8; i++)
		p[i] = below(3) ? below(3) ? 0 : value() : below(256);
	for (int i = 0; i < 64; i++)
		strcpy(pool + below(POOL - 64), names[below(sizeof(names) / sizeof(*names))]);
}

/* The parent, and whoever else there is, is not to be killed. */
static int sends(long nr)
{
	return nr == SYS_kill || nr == SYS_tkill || nr == SYS_tgkill || nr == SYS_rt_sigqueueinfo ||
	       nr == SYS_rt_tgsigqueueinfo || nr == SYS_pidfd_send_signal;
}

static long choose_call(void)
{
	switch (below(20)) {
	case 0:
		return 0x4800 + below(5);
	case 1:
		return (long)value();
	default:
		return below(464);
	}
}

static void one_call(void)
{
	uint64_t a[6];
	long nr = choose_call(), r;

	for (int i = 0; i < 6; i++)
		a[i] = value();
	if (sends(nr)) {
		a[0] = (uint64_t)getpid();
		/* Stopped, it would be of no more use. */
		if (a[nr == SYS_tgkill ? 2 : 1] == SIGSTOP)
			return;
	}
	/* With a limit of no CPU time, or a signal of its choice for what a descriptor of its own can do, one process may end another: ours. */
	if (nr == SYS_prlimit64)
		a[0] = 0;
	if (nr == SYS_fcntl && (a[1] == F_SETOWN || a[1] == F_SETOWN_EX))
		return;
	if (nr == SYS_exit || nr == SYS_exit_group) {
		if (below(8))
			return;
		a[0] &= 63;
	}
	if (nr == SYS_munmap || nr == SYS_mremap)
		a[0] = below(4) ? (uint64_t)(uintptr_t)pool + below(POOL) / 4096 * 4096 : a[0];
	__atomic_add_fetch(&counts->calls, 1, __ATOMIC_RELAXED);
	r = syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (r >= 0 && (unsigned long)nr < 512)
		__atomic_add_fetch(&counts->per_call[nr], 1, __ATOMIC_RELAXED);
}

static void open_some(void)
{
	int fds[2], flags[] = { O_RDWR | O_CREAT, O_RDONLY };

	for (int i = 0; i < 2; i++)
		if (open("/tmp/f", flags[i], 0666) < 0)
			break;
	if (pipe2(fds, O_NONBLOCK) || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds) ||
	    eventfd(0, EFD_NONBLOCK) < 0)
		return;
	(void)!open("/proc/self", O_RDONLY | O_DIRECTORY);
	(void)!open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	(void)!socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	(void)!epoll_create1(0);
}

static void child(uint64_t seed)
{
	struct rlimit small = { 1 << 24, 1 << 24 };
	unsigned rounds = CALLS;

	state = seed;
	setrlimit(RLIMIT_FSIZE, &small);
	close(0);
	(void)!open("/dev/null", O_RDWR);
	/* Standard error stays: it is where its monitor would cry. */
	dup2(0, 1);
	open_some();
	while (rounds--) {
		if (rounds % 16 == 0)
			fill_pool();
		one_call();
	}
	_exit(0);
}

/* It may have made processes, which may have left its group: whoever is not us goes. */
static void sweep(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void judge(uint64_t seed, int status)
{
	if (WIFSIGNALED(status))
		counts->signals++;
	if (!WIFEXITED(status) || (WEXITSTATUS(status) != REPORT && WEXITSTATUS(status) != HUSK_FAIL))
		return;
	counts->wrong++;
	printf("seed %lu: status %d\n", (unsigned long)seed, WEXITSTATUS(status));
	fflush(stdout);
}

static void run_one(uint64_t seed)
{
	const struct timespec little = { .tv_nsec = 20000000 }, tiny = { .tv_nsec = 500000 };
	int status = 0, waits = 0;
	pid_t pid = fork(), got;

	if (pid < 0)
		return;
	if (pid == 0)
		child(seed);
	counts->children++;
	while ((got = waitpid(pid, &status, WNOHANG)) == 0) {
		nanosleep(waits < 100 ? &tiny : &little, NULL);
		if (++waits == PATIENCE) {
			counts->killed++;
			kill(pid, SIGKILL);
		}
		if (waits > DEADLINE) {
			printf("seed %lu: cannot be killed\n", (unsigned long)seed);
			fflush(stdout);
			counts->wrong++;
			return;
		}
	}
	if (got == pid)
		judge(seed, status);
	sweep();
}

int main(int argc, char **argv)
{
	long seconds = argc > 1 ? atol(argv[1]) : 10;
	uint64_t seed = argc > 2 ? strtoul(argv[2], NULL, 0) : (uint64_t)time(NULL);
	time_t end = time(NULL) + seconds;
	unsigned kinds = 0;

	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pool = mmap(NULL, POOL + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED || pool == MAP_FAILED || munmap(pool + POOL, 4096))
		return 2;
	if (argc > 3)
		child(seed);
	printf("first seed %lu\n", (unsigned long)seed);
	fflush(stdout);
	while (time(NULL) < end)
		run_one(seed++);
	for (int i = 0; i < 512; i++)
		kinds += counts->per_call[i] > 0;
	printf("%lu calls by %lu children, %lu ended by a signal, %lu killed; %u calls succeeded at least once; %lu "
	       "wrong\n",
	       counts->calls, counts->children, counts->signals, counts->killed, kinds, counts->wrong);
	return counts->wrong != 0;
}
