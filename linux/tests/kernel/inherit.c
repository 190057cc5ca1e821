// SPDX-License-Identifier: GPL-2.0
/* Of a process that creates threads all the time, make_vcpu() from outside misses none: one that is being created just then is marked, too. */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

#include "kernel.h"

#define ROUNDS   60
#define CREATORS 3
#define BATCH    4

static atomic_long *batches; /* that the process has created */

static void *short_thread(void *arg)
{
	usleep(1);
	return arg;
}

static void *creator(void *arg)
{
	pthread_t threads[BATCH];

	for (;;) {
		for (int i = 0; i < BATCH; i++)
			if (pthread_create(&threads[i], NULL, short_thread, NULL))
				_exit(1);
		for (int i = 0; i < BATCH; i++)
			pthread_join(threads[i], NULL);
		++*batches;
	}
	return arg;
}

static long looked_at;

/* How many threads of a process are not marked; one that ends meanwhile does not count. */
static int unmarked(pid_t pid)
{
	char path[300], line[100];
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		die("%s", path);
	while ((entry = readdir(dir))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/task/%s/husk", pid, entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
		if (!file)
			continue;
		if (fgets(line, sizeof(line), file)) {
			looked_at++;
			count += strcmp(line, "vcpu: 1\n") != 0;
		}
		fclose(file);
	}
	closedir(dir);
	return count;
}

int main(void)
{
	int missed = 0, refused = 0;

	batches = (atomic_long *)map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t thread;
		pid_t pid;

		*batches = 0;
		if (child("creates", &pid)) {
			for (int i = 1; i < CREATORS; i++)
				pthread_create(&thread, NULL, creator, NULL);
			creator(NULL);
		}
		for (int i = 0; *batches < CREATORS && i < 1000; i++)
			usleep(10000);
		refused += make_vcpu(pid) < 1;
		missed += unmarked(pid);
		end(pid);
	}
	CHECK(refused == 0);
	CHECK(missed == 0);
	CHECK(looked_at >= ROUNDS * CREATORS);
	return done("inherit");
}
