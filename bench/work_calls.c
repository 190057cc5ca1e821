/* SPDX-License-Identifier: Apache-2.0 */
/* What one system call costs, for a dozen of them: the mean of a batch of at least 20 ms, the best of five batches. */
#include "bench/work.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct env {
	int zero, null, file, epoll;
	char path[4096];
	char buf[4096];
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
	{ "clock_gettime", c_clock },
	{ "clock_gettime by libc", c_clock_libc },
	{ "lseek", c_lseek },
	{ "read 1 byte of /dev/zero", c_read },
	{ "write 1 byte to /dev/null", c_write },
	{ "pread 4 KiB, cached", c_pread },
	{ "fstat", c_fstat },
	{ "stat", c_stat },
	{ "openat + close", c_open_close },
	{ "mmap + munmap 64 KiB", c_mmap },
	{ "epoll_wait, one ready", c_epoll },
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
	if (e.zero < 0 || e.null < 0 || e.file < 0 || epoll_ctl(e.epoll, EPOLL_CTL_ADD, event, &ready))
		work_die("calls: cannot prepare");
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		measure(&calls[i], &e);
	return 0;
}
