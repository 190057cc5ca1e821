/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads: at once, and one after the other; descriptors beside them.
 * cases: alive few limit
 * cases-real: many */
#include "t.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int here, go;

static void *stay(void *arg)
{
	pthread_mutex_lock(&mutex);
	here++;
	pthread_cond_broadcast(&cond);
	while (!go)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void *touch(void *arg)
{
	return (char *)arg + 1;
}

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 1100; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* n threads at once; the guest's numbers of descriptors are what they were. */
static void alive(int n)
{
	pthread_t *t = calloc((size_t)n, sizeof(*t));
	pthread_attr_t attr;
	long sum = 0, before = MUST(dup, 0);
	int fds;

	S(close, before);
	fds = open_descriptors();
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (long i = 0; i < n; i++)
		if (pthread_create(&t[i], &attr, stay, (void *)i)) {
			printf("thread %ld: BAD!\n", i);
			exit(1);
		}
	pthread_mutex_lock(&mutex);
	while (here < n)
		pthread_cond_wait(&cond, &mutex);
	OK(MUST(dup, 0) == before);
	S(close, before);
	OK(open_descriptors() == fds);
	go = 1;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < n; i++) {
		void *r;

		pthread_join(t[i], &r);
		sum += (long)r;
	}
	printf("%d, sum %ld\n", here, sum);
}

static void one_by_one(int n)
{
	pthread_t t;
	void *r;
	long sum = 0;

	for (long i = 0; i < n; i++) {
		if (pthread_create(&t, NULL, touch, (void *)i)) {
			printf("thread %ld: BAD!\n", i);
			exit(1);
		}
		pthread_join(t, &r);
		sum += (long)r;
	}
	printf("sum %ld\n", sum);
}

/* The descriptor limit is raised and lowered while threads run. */
static void *raise_limit(void *arg)
{
	struct rlimit lim;

	(void)arg;
	getrlimit(RLIMIT_NOFILE, &lim);
	for (int i = 0; i < 40; i++) {
		lim.rlim_cur = 1200 + (rlim_t)i * 50;
		if (setrlimit(RLIMIT_NOFILE, &lim))
			return (void *)1;
	}
	__atomic_store_n(&go, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *use_descriptors(void *arg)
{
	long bad = 0, n = 0;

	while (!__atomic_load_n(&go, __ATOMIC_SEQ_CST)) {
		int fd = open("/dev/null", O_RDWR);

		bad += fd < 0 || fd > 64 || write(fd, "x", 1) != 1;
		close(fd);
		n++;
	}
	return (void *)(arg ? bad : n);
}

static void limit(void)
{
	struct rlimit lim = { 1024, 4096 };
	pthread_t t[3];
	void *r;

	OK(setrlimit(RLIMIT_NOFILE, &lim) == 0);
	pthread_create(&t[0], NULL, use_descriptors, (void *)1);
	pthread_create(&t[1], NULL, use_descriptors, (void *)1);
	pthread_create(&t[2], NULL, raise_limit, NULL);
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], &r);
		OK(r == NULL);
	}
	OK(getrlimit(RLIMIT_NOFILE, &lim) == 0 && lim.rlim_cur == 1200 + 39 * 50);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 99;
	if (!strcmp(argv[1], "alive"))
		alive(1000);
	else if (!strcmp(argv[1], "few"))
		one_by_one(200);
	else if (!strcmp(argv[1], "many"))
		one_by_one(1000);
	else if (!strcmp(argv[1], "limit"))
		limit();
	return t_bads != 0;
}
