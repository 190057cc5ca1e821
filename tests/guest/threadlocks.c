/* SPDX-License-Identifier: Apache-2.0 */
/* futex(2) between threads: waking, requeueing, bit sets, vectors; priority inheritance; mutexes whose owner has died.
 * covers: futex futex_waitv set_robust_list get_robust_list
 * cases: futex pi robust robust-main stuck-list */
#include "t.h"

#include <linux/futex.h>
#include <pthread.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

#define N 6

static int word, other, asleep, awake;
static pthread_mutex_t mutex;

struct waitv {
	uint64_t val, uaddr;
	uint32_t flags, pad;
};

static long futex(int *at, int op, int val, const void *timeout, int *at2, unsigned val3)
{
	return S(futex, at, op, val, timeout, at2, val3);
}

static void settle(int *p, int value)
{
	while (__atomic_load_n(p, __ATOMIC_SEQ_CST) != value)
		usleep(100);
	usleep(3000); /* from having said so to being asleep */
}

static void *sleeper(void *arg)
{
	long bits = (long)arg, r;

	__atomic_add_fetch(&asleep, 1, __ATOMIC_SEQ_CST);
	if (bits < 0) {
		struct waitv v[2] = { { 0, (uint64_t)&other, 2, 0 }, { 0, (uint64_t)&word, 2, 0 } };

		r = S(futex_waitv, v, 2, 0, NULL, CLOCK_MONOTONIC);
	} else if (bits) {
		r = futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, (unsigned)bits);
	} else {
		r = futex(&word, FUTEX_WAIT, 0, NULL, NULL, 0);
	}
	__atomic_add_fetch(&awake, 1, __ATOMIC_SEQ_CST);
	return (void *)r;
}

static void begin(pthread_t *t, int n, long bits)
{
	asleep = awake = 0;
	for (int i = 0; i < n; i++)
		pthread_create(&t[i], NULL, sleeper, (void *)bits);
	settle(&asleep, n);
}

static void end(pthread_t *t, int n, long want)
{
	for (int i = 0; i < n; i++) {
		void *r;

		pthread_join(t[i], &r);
		OK((long)r == want);
	}
}

static void futexes(void)
{
	pthread_t t[N];

	begin(t, N, 0);
	OK(futex(&word, FUTEX_WAKE, 2, NULL, NULL, 0) == 2);
	OK(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)2, &other, 1) == -EAGAIN);
	OK(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)2, &other, 0) == 3);
	OK(futex(&other, FUTEX_WAKE, 10, NULL, NULL, 0) == 2);
	OK(futex(&word, FUTEX_WAKE_OP, 5, (void *)5, &other, FUTEX_OP(FUTEX_OP_ADD, 7, FUTEX_OP_CMP_EQ, 0)) == 1);
	OK(other == 7);
	end(t, N, 0);
	other = 0;
	begin(t, 1, 4);
	OK(futex(&word, FUTEX_WAKE_BITSET, 10, NULL, NULL, 3) == 0);
	OK(futex(&word, FUTEX_WAKE_BITSET, 10, NULL, NULL, 12) == 1);
	end(t, 1, 0);
	begin(t, 2, -1);
	OK(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0) == 2);
	end(t, 2, 1);
}

static void *pi_worker(void *arg)
{
	for (int i = 0; i < 200; i++) {
		pthread_mutex_lock(&mutex);
		++*(int *)arg;
		if (i % 50 == 0)
			usleep(500);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void pi(void)
{
	struct timespec past = { 1, 0 };
	pthread_mutexattr_t a;
	pthread_t t[N];
	int n = 0;

	pthread_mutexattr_init(&a);
	OK(pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT) == 0);
	OK(pthread_mutex_init(&mutex, &a) == 0);
	for (int i = 0; i < N; i++)
		pthread_create(&t[i], NULL, pi_worker, &n);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	printf("counted %d\n", n);
	pthread_mutex_lock(&mutex);
	OK(pthread_mutex_timedlock(&mutex, &past) != 0);
	pthread_mutex_unlock(&mutex);
	word = 0;
	OK(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
	OK(word == S(gettid));
	OK(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == -EDEADLK);
	OK(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0);
	OK(word == 0);
	OK(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == -EPERM);
}

static void *dies(void *arg)
{
	pthread_mutex_lock(&mutex);
	__atomic_store_n(&asleep, 1, __ATOMIC_SEQ_CST);
	if (arg)
		usleep(50000);
	return NULL;
}

static void make_robust(bool inherit)
{
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	if (inherit)
		pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	OK(pthread_mutex_init(&mutex, &a) == 0);
}

static void robust(void)
{
	for (int inherit = 0; inherit < 2; inherit++) {
		pthread_t t;

		make_robust(inherit);
		pthread_create(&t, NULL, dies, NULL);
		pthread_join(t, NULL);
		OK(pthread_mutex_lock(&mutex) == EOWNERDEAD);
		OK(pthread_mutex_consistent(&mutex) == 0);
		OK(pthread_mutex_unlock(&mutex) == 0);
		/* and one that is waited for when its owner dies */
		asleep = 0;
		pthread_create(&t, NULL, dies, (void *)1);
		while (!__atomic_load_n(&asleep, __ATOMIC_SEQ_CST))
			usleep(100);
		OK(pthread_mutex_lock(&mutex) == EOWNERDEAD);
		OK(pthread_mutex_unlock(&mutex) == 0);
		OK(pthread_mutex_lock(&mutex) == ENOTRECOVERABLE);
		pthread_join(t, NULL);
	}
}

static void *heir(void *arg)
{
	usleep(10000);
	OK(pthread_mutex_lock(&mutex) == EOWNERDEAD);
	fflush(stdout);
	S(exit_group, arg ? 1 : 0);
	return NULL;
}

static void robust_main(void)
{
	pthread_t t;

	make_robust(false);
	pthread_mutex_lock(&mutex);
	pthread_create(&t, NULL, heir, NULL);
	pthread_exit(NULL);
}

/* A list that leads in a circle, or nowhere, ends the thread all the same. */
static void *stuck(void *arg)
{
	static struct robust_list circle = { &circle };
	static struct robust_list_head head;

	head.list.next = arg ? (void *)8 : &circle;
	head.list_op_pending = arg ? (void *)16 : NULL;
	S(set_robust_list, &head, sizeof(head));
	__atomic_store_n(&asleep, (int)S(gettid), __ATOMIC_SEQ_CST);
	S(exit, 0); /* behind the library's back: nobody can join it */
	return NULL;
}

static void *asked(void *arg)
{
	struct robust_list_head *head = NULL;
	size_t len = 0;

	S(get_robust_list, (long)arg, &head, &len);
	OK(head && len == sizeof(*head));
	return NULL;
}

static void stuck_list(void)
{
	pthread_t t;

	for (long i = 0; i < 2; i++) {
		asleep = 0;
		pthread_create(&t, NULL, stuck, (void *)i);
		while (!__atomic_load_n(&asleep, __ATOMIC_SEQ_CST) || S(tgkill, getpid(), asleep, 0) == 0)
			usleep(100);
	}
	static struct robust_list_head mine = { .list = { &mine.list } };

	S(set_robust_list, &mine, sizeof(mine));
	pthread_create(&t, NULL, asked, (void *)S(gettid));
	pthread_join(t, NULL);
	puts("gone");
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	if (!strcmp(how, "futex"))
		futexes();
	else if (!strcmp(how, "pi"))
		pi();
	else if (!strcmp(how, "robust"))
		robust();
	else if (!strcmp(how, "robust-main"))
		robust_main();
	else if (!strcmp(how, "stuck-list"))
		stuck_list();
	return t_bads != 0;
}
