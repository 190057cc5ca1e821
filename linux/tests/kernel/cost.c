// SPDX-License-Identifier: GPL-2.0
/* What the calls cost: `make linux-bench`, on the kernel and in husk. Each line is the median of nine rounds, in nanoseconds. */
#include <pthread.h>

#include "kernel.h"

#define ROUNDS 9

static volatile bool stop;
static char text[1 << 20];
static struct prinfo infos[1024];
static char *touched, *untouched;

static void *waits(void *arg)
{
	while (!stop)
		usleep(100000);
	return arg;
}

/* Each call as it is measured; false if it is not there. */
static bool call_getppid(void)
{
	return syscall(SYS_getppid) >= 0;
}

static bool call_none(void)
{
	return syscall(0x3fff) == -1 && errno == ENOSYS;
}

static bool call_make_vcpu(void)
{
	return make_vcpu(0) > 0;
}

static bool call_tree(int most)
{
	int n = most;

	if (get_ptree(infos, &n, getpid()) == 0 && n == most)
		return true;
	if (errno != ENOSYS)
		die("get_ptree: %d of %d", n, most);
	return false;
}

static bool call_tree_1(void)
{
	return call_tree(1);
}

static bool call_tree_100(void)
{
	return call_tree(100);
}

static bool call_pages(const char *start, long pages)
{
	return mapspages((unsigned long)start, (unsigned long)start + pages * PAGE, text, sizeof(text)) > pages;
}

static bool call_pages_1(void)
{
	return call_pages(touched, 1);
}

static bool call_touched(void)
{
	return call_pages(touched, 4096);
}

static bool call_untouched(void)
{
	return call_pages(untouched, 4096);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The clock ticks 250 times a second, hence rounds of at least 0.2 s. */
static void measure(const char *name, bool (*call)(void))
{
	double rounds[ROUNDS];

	if (!call()) {
		printf("%-45s    not served\n", name);
		return;
	}
	for (int i = 0; i < ROUNDS; i++) {
		double start = seconds(), took;
		long calls = 0;

		do {
			for (int j = 0; j < 16; j++)
				call();
			calls += 16;
			took = seconds() - start;
		} while (took < 0.2);
		rounds[i] = took / calls * 1e9;
	}
	qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
	printf("%-45s %12.0f ns\n", name, rounds[ROUNDS / 2]);
	fflush(stdout);
}

int main(void)
{
	pthread_t threads[63];
	pid_t pids[110];

	touched = map(4096 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	untouched = map(4096 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	touch(touched, 0, 4096);
	measure("getppid()", call_getppid);
	measure("a call that is not there", call_none);
	measure("make_vcpu(0), 1 thread", call_make_vcpu);
	for (int i = 0; i < 63; i++)
		pthread_create(&threads[i], NULL, waits, NULL);
	measure("make_vcpu(0), 64 threads", call_make_vcpu);
	stop = true;
	for (int i = 0; i < 63; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 110; i++)
		if (child(NULL, &pids[i]))
			pause();
	measure("get_ptree, 1 process", call_tree_1);
	measure("get_ptree, 100 processes", call_tree_100);
	for (int i = 0; i < 110; i++)
		end(pids[i]);
	measure("mapspages, 1 page", call_pages_1);
	measure("mapspages, 4096 pages, touched", call_touched);
	measure("mapspages, 4096 pages, untouched", call_untouched);
	return 0;
}
