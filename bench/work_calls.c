/* SPDX-License-Identifier: Apache-2.0 */
/* What one system call costs, for two dozen of them: the mean of a batch of at least 20 ms, the best of five batches. */
#include "bench/work.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct env {
	int zero, null, file, epoll, scratch, pipe[2];
	char path[4096];
	char buf[4096], large[65536];
};

static long c_getpid(struct env *e)
{
	(void)e;
	return syscall(SYS_getpid);
}

static long c_getuid(struct env *e)
{
	(void)e;
	return syscall(SYS_getuid);
}

static long c_read(struct env *e)
{
	return syscall(SYS_read, e->zero, e->buf, 1);
}

static long c_write(struct env *e)
{
	return syscall(SYS_write, e->null, e->buf, 1);
}

static long c_clock(struct env *e)
{
	return syscall(SYS_clock_gettime, CLOCK_MONOTONIC, e->buf);
}

static long c_clock_libc(struct env *e)
{
	return clock_gettime(CLOCK_MONOTONIC, (struct timespec *)(void *)e->buf);
}

static long c_fstat(struct env *e)
{
	return syscall(SYS_fstat, e->file, e->buf);
}

static long c_stat(struct env *e)
{
	return syscall(SYS_stat, e->path, e->buf);
}

static long c_open_close(struct env *e)
{
	long fd = syscall(SYS_openat, AT_FDCWD, e->path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? fd : syscall(SYS_close, fd);
}

static long c_lseek(struct env *e)
{
	return syscall(SYS_lseek, e->file, 100, SEEK_SET);
}

static long c_mmap(struct env *e)
{
	long at = syscall(SYS_mmap, NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)e;
	return at == -1 ? at : syscall(SYS_munmap, at, 65536);
}

static long c_epoll(struct env *e)
{
	return syscall(SYS_epoll_wait, e->epoll, e->buf, 8, 0);
}

static long c_getppid(struct env *e)
{
	(void)e;
	return syscall(SYS_getppid);
}

static long c_gettimeofday(struct env *e)
{
	return gettimeofday((struct timeval *)(void *)e->buf, NULL);
}

static long c_read_64k(struct env *e)
{
	return syscall(SYS_read, e->zero, e->large, sizeof(e->large));
}

static long c_write_64k(struct env *e)
{
	return syscall(SYS_write, e->null, e->large, sizeof(e->large));
}

static long c_pwrite(struct env *e)
{
	return syscall(SYS_pwrite64, e->scratch, e->buf, 4096, 8192);
}

static long c_pipe(struct env *e)
{
	long r = syscall(SYS_write, e->pipe[1], e->buf, 1);

	return r < 0 ? r : syscall(SYS_read, e->pipe[0], e->buf, 1);
}

static long c_touch(struct env *e)
{
	char *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)e;
	if (at == MAP_FAILED)
		return -1;
	*(volatile char *)at = 1;
	return munmap(at, 4096);
}

static long c_futex_wake(struct env *e)
{
	return syscall(SYS_futex, e->buf, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static long c_pread(struct env *e)
{
	return syscall(SYS_pread64, e->file, e->buf, 4096, 8192);
}

static const struct call {
	const char *name;
	long (*fn)(struct env *e);
} calls[] = {
	{ "getpid", c_getpid },
	{ "getuid", c_getuid },
	{ "getppid", c_getppid },
	{ "clock_gettime", c_clock },
	{ "clock_gettime by libc", c_clock_libc },
	{ "gettimeofday by libc", c_gettimeofday },
	{ "lseek", c_lseek },
	{ "read 1 byte of /dev/zero", c_read },
	{ "write 1 byte to /dev/null", c_write },
	{ "pread 4 KiB, cached", c_pread },
	{ "read 64 KiB of /dev/zero", c_read_64k },
	{ "write 64 KiB to /dev/null", c_write_64k },
	{ "pwrite 4 KiB", c_pwrite },
	{ "pipe, 1 byte in and out", c_pipe },
	{ "fstat", c_fstat },
	{ "stat", c_stat },
	{ "openat + close", c_open_close },
	{ "mmap + munmap 64 KiB", c_mmap },
	{ "mmap + touch + munmap 4 KiB", c_touch },
	{ "epoll_wait, one ready", c_epoll },
	{ "futex wake, nobody waits", c_futex_wake },
};

static double batch(const struct call *c, struct env *e, uint64_t n)
{
	double start = work_now();

	for (uint64_t i = 0; i < n; i++)
		if (c->fn(e) < 0)
			work_die(c->name);
	return work_now() - start;
}

static void measure(const struct call *c, struct env *e)
{
	uint64_t n = 16;
	double best = 1e9;

	while (batch(c, e, n) < 0.02)
		n *= 2;
	for (int i = 0; i < 5; i++) {
		double t = batch(c, e, n);

		if (t < best)
			best = t;
	}
	work_report(c->name, "ns", best / (double)n * 1e9);
}

int work_calls(const char *dir)
{
	static struct env e; /* too large for a stack frame */
	struct epoll_event ready = { .events = EPOLLIN };
	int event = eventfd(1, 0);

	snprintf(e.path, sizeof(e.path), "%s/data", dir);
	e.zero = open("/dev/zero", O_RDONLY);
	e.null = open("/dev/null", O_WRONLY);
	e.file = open(e.path, O_RDONLY);
	e.epoll = epoll_create1(0);
	e.scratch = memfd_create("scratch", 0);
	if (e.scratch < 0 || pipe(e.pipe) || e.zero < 0 || e.null < 0 || e.file < 0 ||
	    epoll_ctl(e.epoll, EPOLL_CTL_ADD, event, &ready))
		work_die("calls: cannot prepare");
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		measure(&calls[i], &e);
	return 0;
}
