/* SPDX-License-Identifier: Apache-2.0 */
/* What programs do with threads: locks of all kinds, conditions, thread-local variables, cancellation, floating-point state, names, priorities. */
#include "t.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define N 8

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_spinlock_t spin;
static pthread_key_t key;
static sem_t sem;
static char order[N + 1], cleaned[64];
static int turn, counted, onces, destroyed, spun, serial;
static __thread int local = 5;

static void run(void *(*fn)(void *), int n)
{
	pthread_t t[N];
	long sum = 0;
	int bad = 0;

	for (long i = 0; i < n; i++)
		bad |= pthread_create(&t[i], NULL, fn, (void *)i);
	for (int i = 0; i < n; i++) {
		void *r;

		bad |= pthread_join(t[i], &r);
		sum += (long)r;
	}
	printf("sum %ld%s\n", sum, bad ? " BAD!" : "");
}

static void *count(void *arg)
{
	for (int i = 0; i < 200; i++) {
		pthread_mutex_lock(&mutex);
		counted++;
		pthread_mutex_unlock(&mutex);
		pthread_spin_lock(&spin);
		spun++;
		pthread_spin_unlock(&spin);
	}
	return arg;
}

/* One after the other, by a condition. */
static void *in_turn(void *arg)
{
	pthread_mutex_lock(&mutex);
	while (turn != (int)(long)arg)
		pthread_cond_wait(&cond, &mutex);
	order[turn++] = '0' + (char)(long)arg;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void do_once(void)
{
	onces++;
}

static void *meet(void *arg)
{
	for (int i = 0; i < 5; i++) {
		pthread_once(&once, do_once);
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			__atomic_add_fetch(&serial, 1, __ATOMIC_SEQ_CST);
	}
	return arg;
}

static void destroy(void *p)
{
	__atomic_add_fetch(&destroyed, (int)(long)p, __ATOMIC_SEQ_CST);
}

static void *locals(void *arg)
{
	static int *seen[N];

	local += (int)(long)arg;
	pthread_setspecific(key, (void *)((long)arg + 1));
	seen[(long)arg] = &local;
	sched_yield();
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < N; i++)
		if (i != (long)arg && seen[i] == &local)
			return (void *)-1000L;
	return (void *)(long)local;
}

static void *read_write(void *arg)
{
	for (int i = 0; i < 20; i++) {
		if ((long)arg % 2)
			pthread_rwlock_wrlock(&rwlock);
		else
			pthread_rwlock_rdlock(&rwlock);
		pthread_rwlock_unlock(&rwlock);
		sem_post(&sem);
	}
	return arg;
}

static void *rounding(void *arg)
{
	double one = 1, three = 3;
	volatile double third = one / three;
	int before = fegetround();

	fesetround((long)arg ? FE_UPWARD : FE_TOWARDZERO);
	return (void *)(long)(before == FE_DOWNWARD && third * 3 < 1);
}

static void cleanup(void *arg)
{
	strcat(cleaned, arg);
}

static void *forever(void *arg)
{
	pthread_cleanup_push(cleanup, "what was begun; ");
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	return arg;
}

static void *reads_forever(void *arg)
{
	char c;

	pthread_cleanup_push(cleanup, "the reader");
	pthread_barrier_wait(&barrier);
	while (read((int)(long)arg, &c, 1) >= 0)
		;
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancellation(void)
{
	pthread_t t;
	int p[2];
	void *r;

	MUST(pipe, p);
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&t, NULL, forever, NULL);
	pthread_barrier_wait(&barrier);
	OK(pthread_cancel(t) == 0);
	OK(pthread_join(t, &r) == 0);
	OK(r == PTHREAD_CANCELED);
	pthread_create(&t, NULL, reads_forever, (void *)(long)p[0]);
	pthread_barrier_wait(&barrier);
	usleep(1000);
	OK(pthread_cancel(t) == 0);
	OK(pthread_join(t, &r) == 0);
	OK(r == PTHREAD_CANCELED);
}

static void *named(void *arg)
{
	char name[16], file[64] = "", path[64];
	long fd;

	prctl(PR_GET_NAME, name);
	OK(strcmp(name, "parent") == 0);
	prctl(PR_SET_NAME, "child");
	snprintf(path, sizeof(path), "/proc/self/task/%ld/comm", S(gettid));
	fd = MUST(open, path, O_RDWR);
	OK(S(read, fd, file, sizeof(file)) == 6);
	printf("%s", file);
	OK(S(write, fd, "written", 7) == 7);
	S(close, fd);
	prctl(PR_GET_NAME, name);
	printf("%s\n", name);
	return arg;
}

static void *numbered(void *arg)
{
	long pid = S(getpid), tid = S(gettid);
	char path[64];
	struct stat st;

	(void)arg;
	OK(tid != pid);
	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/stat", pid, tid);
	OK(stat(path, &st) == 0);
	OK(S(tgkill, pid, tid, 0) == 0);
	OK(S(sched_getscheduler, tid) == 0);
	OK(S(sched_getaffinity, tid, sizeof(path), path) > 0);
	return (void *)tid;
}

static void *late(void *arg)
{
	sem_wait(&sem);
	return arg;
}

static void timed(void)
{
	struct timespec t;
	pthread_t th;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 10000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	OK(pthread_cond_timedwait(&cond, &mutex, &t) == ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
	sem_init(&sem, 0, 0);
	pthread_create(&th, NULL, late, NULL);
	clock_gettime(CLOCK_REALTIME, &t);
	OK(sem_timedwait(&sem, &t) == -1 && errno == ETIMEDOUT);
	sem_post(&sem);
	OK(pthread_join(th, NULL) == 0);
}

static void *detached(void *arg)
{
	pthread_detach(pthread_self());
	sem_post(arg);
	return NULL;
}

static volatile int spinning, enough;

static void *spinner(void *arg)
{
	spinning = 1;
	while (!enough)
		;
	return arg;
}

/* The child does not wait for its parent's threads, which may never make a call. */
static void vfork_beside(void)
{
	struct rlimit lim;
	pthread_t t;
	int status = -1;
	pid_t pid;

	getrlimit(RLIMIT_NOFILE, &lim);
	lim.rlim_cur--;
	pthread_create(&t, NULL, spinner, NULL);
	while (!spinning)
		usleep(1000);
	pid = vfork();
	if (pid == 0)
		_exit(setrlimit(RLIMIT_NOFILE, &lim) != 0);
	OK(waitpid(pid, &status, 0) == pid && status == 0);
	enough = 1;
	pthread_join(t, NULL);
}

MAIN
{
	pthread_t t;
	void *tid;

	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	pthread_key_create(&key, destroy);
	sem_init(&sem, 0, 0);
	run(count, N);
	printf("counted %d %d\n", counted, spun);
	run(in_turn, N);
	printf("order %s\n", order);
	pthread_barrier_init(&barrier, NULL, N);
	run(meet, N);
	printf("once %d, serial %d\n", onces, serial);
	run(locals, N);
	printf("local %d, destroyed %d\n", local, destroyed);
	run(read_write, N);
	for (int i = 0; i < 20 * N; i++)
		sem_wait(&sem);
	OK(sem_trywait(&sem) == -1 && errno == EAGAIN);
	fesetround(FE_DOWNWARD);
	run(rounding, 2);
	OK(fegetround() == FE_DOWNWARD);
	fesetround(FE_TONEAREST);
	cancellation();
	printf("cleaned up: %s\n", cleaned);
	prctl(PR_SET_NAME, "parent");
	run(named, 1);
	pthread_create(&t, NULL, numbered, NULL);
	pthread_join(t, &tid);
	for (int i = 0; i < 1000 && S(tgkill, getpid(), (long)tid, 0) == 0; i++)
		usleep(1000); /* joined, but not quite gone */
	OK(S(tgkill, getpid(), (long)tid, 0) == -ESRCH);
	timed();
	sem_init(&sem, 0, 0);
	for (int i = 0; i < N; i++) {
		pthread_create(&t, NULL, detached, &sem);
		sem_wait(&sem);
	}
	vfork_beside();
}
