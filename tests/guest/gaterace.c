/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that all run the same fresh text while husk replaces its SYSCALL, at every position in a word of eight, with signals arriving; and one that
 * makes the text writable again while the others are in it.
 * covers: getpid gettid mprotect */
#include "t.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#define THREADS 3
#define CALLS   1000
#define ROUNDS  16

static const unsigned char by_mov[] = { 0xb8, 186, 0, 0, 0, 0x0f, 0x05, 0xc3 };
static const unsigned char by_number[] = { 0x89, 0xf8, 0x0f, 0x05, 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff, 0xc3 };

static pthread_barrier_t barrier;
static long (*volatile function)(long);
static unsigned char *text;
static volatile int wrong, signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
	if (function(SYS_gettid) != syscall(SYS_gettid))
		wrong++;
}

static void *caller(void *arg)
{
	long me = syscall(SYS_gettid);
	int first = arg != NULL;
	sigset_t usr1;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	for (int round = 0; round < 2 * ROUNDS; round++) {
		pthread_barrier_wait(&barrier);
		pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
		for (int i = 0; i < CALLS; i++) {
			if (function(SYS_gettid) != me)
				wrong++;
			if (first && i == CALLS - 50) {
				/* The old bytes come back, and go again. */
				mprotect(text, T_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
				mprotect(text, T_PAGE, PROT_READ | PROT_EXEC);
			}
		}
		/* No handler runs while the text is exchanged. */
		pthread_sigmask(SIG_BLOCK, &usr1, NULL);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void new_text(const unsigned char *code, size_t len, unsigned offset)
{
	int fd;

	unlink("text");
	fd = open("text", O_RDWR | O_CREAT, 0700);
	if (text)
		munmap(text, T_PAGE);
	if (pwrite(fd, code, len, offset) != (ssize_t)len || ftruncate(fd, T_PAGE))
		wrong++;
	text = mmap(NULL, T_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	function = (long (*)(long))(void *)(text + offset);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	pthread_t thread[THREADS];
	sigset_t usr1;

	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, caller, (void *)(i == 0 ? 1L : 0L));
	for (unsigned round = 0; round < 2 * ROUNDS; round++) {
		if (round % 2)
			new_text(by_mov, sizeof(by_mov), 16 + round / 2 % 8);
		else
			new_text(by_number, sizeof(by_number), 16 + round / 2 % 8);
		pthread_barrier_wait(&barrier);
		for (int i = 0; i < 10; i++)
			for (int t = 0; t < THREADS; t++)
				pthread_kill(thread[t], SIGUSR1);
		pthread_barrier_wait(&barrier);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	unlink("text");
	OK(wrong == 0);
	OK(signals > ROUNDS);
	return 0;
}
