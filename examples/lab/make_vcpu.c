/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_vcpu [N]: creates N threads (2), marks all of this process with make_vcpu() and prints what the kernel's log says of it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>

#include <husk/guest.h>

#define THREADS_MAX 1000
#define LOG_SIZE    10 /* syslog(2)'s actions */
#define LOG_READ    3

/* Held by main until the log is printed, so that no thread ends before. */
static pthread_mutex_t open_end = PTHREAD_MUTEX_INITIALIZER;

static void *thread(void *arg)
{
	pthread_mutex_lock(&open_end);
	pthread_mutex_unlock(&open_end);
	return arg;
}

/* The lines of the log that name both make_vcpu and this process. */
static int print_log(void)
{
	int size = klogctl(LOG_SIZE, NULL, 0);
	char *text = size < 0 ? NULL : calloc(1, size + 1), *rest = text, *line, process[32], member[32];

	if (!text || klogctl(LOG_READ, text, size) < 0) {
		fprintf(stderr, "make_vcpu: the kernel's log: %s\n", strerror(errno));
		free(text);
		return 1;
	}
	snprintf(process, sizeof(process), " process %d:", getpid());
	snprintf(member, sizeof(member), " of %d:", getpid());
	while ((line = strsep(&rest, "\n"))) {
		char *tag = strstr(line, "make_vcpu: ");

		if (tag && (strstr(tag, process) || strstr(tag, member)))
			puts(tag);
	}
	free(text);
	return 0;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 2;
	pthread_t threads[THREADS_MAX];
	long marked;
	int status;

	if (count < 0 || count > THREADS_MAX) {
		fprintf(stderr, "usage: make_vcpu [THREADS], at most %d\n", THREADS_MAX);
		return 2;
	}
	pthread_mutex_lock(&open_end);
	for (int i = 0; i < count; i++) {
		int error = pthread_create(&threads[i], NULL, thread, NULL);

		if (error) {
			fprintf(stderr, "make_vcpu: thread %d: %s\n", i, strerror(error));
			return 1;
		}
	}
	marked = make_vcpu(0);
	if (marked < 0) {
		perror("make_vcpu");
		return 1;
	}
	printf("%ld threads are virtual processors now\n", marked);
	status = print_log();
	pthread_mutex_unlock(&open_end);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return status;
}
