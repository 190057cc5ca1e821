/* SPDX-License-Identifier: Apache-2.0 */
/* The code that is measured. It is an ordinary program: nothing here knows whether it runs in husk. */
#include "lab/lab.h"

#include "base/compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <x86intrin.h>

#define SAMPLES    1000
#define SLOW       20       /* of what takes milliseconds */
#define WARM_UP    200      /* calls after which their SYSCALL has been replaced, where it can be */
#define WARM_UP_NS 20000000 /* … and the server is awake */
#define PAGE       4096

static char *pages; /* SAMPLES of them, untouched */
static int fd;

static void m_rdtsc(void)
{
	(void)__rdtsc();
}

static void m_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
}

static void m_timeofday(void)
{
	struct timeval tv;

	gettimeofday(&tv, NULL);
}

static void m_getpid(void)
{
	syscall(SYS_getpid);
}

static void m_lseek(void)
{
	lseek(fd, 0, SEEK_CUR);
}

/* Each time the next page. */
static void m_page(void)
{
	*(volatile char *)pages = 1;
	pages += PAGE;
}

static void m_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		_exit(1);
}

static const struct {
	const char *road, *name;
	void (*fn)(void);
	unsigned samples, batch, warm_up; /* batch: how many make a sample, which is then their mean */
} measures[] = {
	{ "basic", "rdtsc", m_rdtsc, SAMPLES, 16, WARM_UP },
	{ "basic", "clock_gettime", m_clock, SAMPLES, 16, WARM_UP },
	{ "basic", "gettimeofday", m_timeofday, SAMPLES, 16, WARM_UP },
	{ "basic", "page fault", m_page, SAMPLES, 1, 0 },
	{ "basic", "fork, exit and wait", m_fork, SLOW, 1, 1 },
	{ "gate", "call by the gate, getpid", m_getpid, SAMPLES, 16, WARM_UP },
	{ "server", "call by the server, lseek", m_lseek, SAMPLES, 1, WARM_UP },
	{ "exit", "call by an exit, lseek", m_lseek, SAMPLES, 1, WARM_UP },
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* The processor may run instructions past RDTSC early, and later ones before it: fences on both sides. */
static uint64_t ticks(void)
{
	uint64_t t;

	_mm_lfence();
	t = __rdtsc();
	_mm_lfence();
	return t;
}

static void measure(void (*fn)(void), unsigned samples, unsigned batch, unsigned warm_up, double *v)
{
	uint64_t until = warm_up > 1 ? now_ns() + WARM_UP_NS : 0, overhead = ~0UL;

	for (unsigned i = 0; i < warm_up || now_ns() < until; i++)
		fn();
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t t = ticks();

		overhead = hk_min(overhead, ticks() - t);
	}
	for (unsigned i = 0; i < samples; i++) {
		uint64_t t = ticks();

		for (unsigned k = 0; k < batch; k++)
			fn();
		t = ticks() - t;
		v[i] = (double)(t > overhead ? t - overhead : 0) / batch;
	}
}

/* Untouched pages of 4 KiB, whatever the host makes of large ones. */
static bool prepare(void)
{
	pages = mmap(NULL, SAMPLES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return pages != MAP_FAILED && fd >= 0 &&
	       (madvise(pages, SAMPLES * PAGE, MADV_NOHUGEPAGE) == 0 || errno == EINVAL);
}

int lab_work(const char *road)
{
	static double v[SAMPLES];
	bool known = false;

	if (!prepare()) {
		fprintf(stderr, "husk: lab work: cannot prepare: %s\n", strerror(errno));
		return 1;
	}
	for (size_t i = 0; i < HK_ARRAY_LEN(measures); i++) {
		if (strcmp(measures[i].road, road))
			continue;
		known = true;
		measure(measures[i].fn, measures[i].samples, measures[i].batch, measures[i].warm_up, v);
		printf("%s", measures[i].name);
		for (unsigned k = 0; k < measures[i].samples; k++)
			printf("\t%.1f", v[k]);
		putchar('\n');
	}
	return fflush(stdout) || !known;
}
