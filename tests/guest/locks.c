/* SPDX-License-Identifier: Apache-2.0 */
/* Locks between processes: whose they are, what a child inherits, what waits, what ends a wait, what a close gives back.
 * covers: fcntl flock fork wait4 */
#include "t.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/file.h>
#include <sys/wait.h>

static long f;
static int there[2], back[2];

static struct flock lock(short type, long start, long len)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };
}

/* A child does what is asked and its output comes before ours. */
static void child(void (*fn)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		fn();
		fflush(stdout);
		_exit(t_bads != 0);
	}
	waitpid(pid, &status, 0);
	OK(status == 0);
}

static void records_of_the_parent(void)
{
	struct flock l = lock(F_WRLCK, 10, 5);

	T(fcntl, f, F_SETLK, &l);
	l = lock(F_RDLCK, 0, 10);
	T(fcntl, f, F_SETLK, &l);
	l = lock(F_WRLCK, 0, 0);
	T(fcntl, f, F_GETLK, &l);
	printf("%d %ld %ld\n", l.l_type, (long)l.l_start, (long)l.l_len);
	OK(l.l_pid == getppid());
	l = lock(F_WRLCK, 100, 1);
	T(fcntl, f, F_SETLK, &l);
	/* Not its own, so it cannot give them back. */
	l = lock(F_UNLCK, 0, 0);
	T(fcntl, f, F_SETLK, &l);
	l = lock(F_WRLCK, 10, 5);
	T(fcntl, f, F_SETLK, &l);
}

static void file_lock_inherited(void)
{
	long other = MUST(open, "file", O_RDWR);

	T(flock, other, LOCK_EX | LOCK_NB);
	T(flock, f, LOCK_EX | LOCK_NB);
	T(flock, f, LOCK_SH | LOCK_NB);
	T(flock, other, LOCK_SH | LOCK_NB);
	T(flock, f, LOCK_UN);
	T(flock, other, LOCK_EX | LOCK_NB);
}

static void ofd_inherited(void)
{
	struct flock l = lock(F_WRLCK, 0, 10);
	long other = MUST(open, "file", O_RDWR);

	T(fcntl, other, F_OFD_SETLK, &l);
	T(fcntl, f, F_OFD_SETLK, &l);
	T(fcntl, other, F_OFD_GETLK, &l);
	printf("%d %ld %ld %d\n", l.l_type, (long)l.l_start, (long)l.l_len, l.l_pid);
	l = lock(F_WRLCK, 0, 10);
	T(fcntl, f, F_SETLK, &l); /* a record lock is another owner's */
	l = lock(F_UNLCK, 0, 10);
	T(fcntl, f, F_OFD_SETLK, &l);
	l = lock(F_WRLCK, 0, 10);
	T(fcntl, other, F_OFD_SETLK, &l);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void wait_cut_short(void)
{
	struct flock l = lock(F_WRLCK, 10, 5);
	struct sigaction a = { .sa_handler = on_alarm };
	long other;

	sigaction(SIGALRM, &a, NULL);
	alarm(1);
	T(fcntl, f, F_SETLKW, &l);
	alarm(1);
	other = MUST(open, "file", O_RDWR);
	T(flock, other, LOCK_EX);
}

/* Both hold one and want the other's: the second to ask is told. */
static void deadlock(void)
{
	struct flock l = lock(F_WRLCK, 200, 1);
	char c;
	pid_t pid;
	int status;

	MUST(fcntl, f, F_SETLK, &l);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		l = lock(F_WRLCK, 201, 1);
		MUST(fcntl, f, F_SETLK, &l);
		S(write, there[1], "x", 1);
		l = lock(F_WRLCK, 200, 1);
		/* Granted when the other gives up. */
		T(fcntl, f, F_SETLKW, &l);
		fflush(stdout);
		_exit(0);
	}
	S(read, there[0], &c, 1);
	l = lock(F_WRLCK, 201, 1);
	for (int i = 0; i < 100; i++) { /* until the child waits */
		long r;

		usleep(20000);
		r = S(fcntl, f, F_GETLK, &l);
		if (r == 0 && l.l_type == F_WRLCK && l.l_pid == pid)
			break;
	}
	usleep(100000);
	l = lock(F_WRLCK, 201, 1);
	T(fcntl, f, F_SETLKW, &l);
	fflush(stdout); /* what the child says comes behind */
	l = lock(F_UNLCK, 200, 1);
	MUST(fcntl, f, F_SETLK, &l);
	waitpid(pid, &status, 0);
	OK(status == 0);
}

/* One thread waits, the other gives back. */
static void *give_back(void *arg)
{
	struct flock l = lock(F_UNLCK, 300, 1);

	usleep(100000);
	S(fcntl, *(long *)arg, F_OFD_SETLK, &l);
	return NULL;
}

static void a_thread_waits(void)
{
	struct flock l = lock(F_WRLCK, 300, 1);
	long other = MUST(open, "file", O_RDWR);
	pthread_t t;

	T(fcntl, f, F_OFD_SETLK, &l);
	pthread_create(&t, NULL, give_back, &f);
	T(fcntl, other, F_OFD_SETLKW, &l);
	pthread_join(t, NULL);
	S(close, other);
}

static void close_gives_back(void)
{
	struct flock l = lock(F_WRLCK, 10, 5);

	/* Any descriptor of the file that the owner closes takes its record locks along. */
	T(fcntl, f, F_SETLK, &l);
}

/* Two processes count under a lock, 200 times each, in a file. */
static void count(void)
{
	long fd = MUST(open, "count", O_RDWR | O_CREAT, 0600);

	for (int i = 0; i < 200; i++) {
		struct flock l = lock(F_WRLCK, 0, 0);
		long n = 0;

		S(fcntl, fd, F_SETLKW, &l);
		S(pread64, fd, &n, sizeof(n), 0);
		n++;
		S(pwrite64, fd, &n, sizeof(n), 0);
		l.l_type = F_UNLCK;
		S(fcntl, fd, F_SETLK, &l);
	}
	S(close, fd);
}

/* A mutex and a semaphore in shared memory do the same. */
static void count_in_memory(void)
{
	struct {
		pthread_mutex_t lock;
		sem_t ready;
		long n;
	} *m = mmap(NULL, T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attr;
	pid_t pid[3];
	int status;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&m->lock, &attr);
	sem_init(&m->ready, 1, 0);
	fflush(stdout);
	for (int i = 0; i < 3; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			sem_wait(&m->ready);
			for (int k = 0; k < 2000; k++) {
				pthread_mutex_lock(&m->lock);
				m->n++;
				pthread_mutex_unlock(&m->lock);
			}
			_exit(0);
		}
	}
	for (int i = 0; i < 3; i++)
		sem_post(&m->ready);
	for (int i = 0; i < 3; i++)
		waitpid(pid[i], &status, 0);
	printf("%ld\n", m->n);
}

MAIN
{
	struct flock l = lock(F_WRLCK, 10, 5);
	long n = 0, other;
	int status;
	pid_t pid;

	f = MUST(open, "file", O_RDWR | O_CREAT, 0600);
	if (pipe(there) || pipe(back))
		exit(3);
	T(fcntl, f, F_SETLK, &l);
	child(records_of_the_parent);
	T(flock, f, LOCK_EX | LOCK_NB);
	child(wait_cut_short);
	child(file_lock_inherited);
	T(flock, f, LOCK_UN);
	l = lock(F_WRLCK, 0, 10);
	T(fcntl, f, F_OFD_SETLK, &l);
	child(ofd_inherited);
	other = MUST(open, "file", O_RDONLY);
	S(close, other);
	child(close_gives_back);
	deadlock();
	a_thread_waits();
	pid = fork();
	count();
	if (pid == 0)
		_exit(0);
	waitpid(pid, &status, 0);
	other = MUST(open, "count", O_RDONLY);
	S(pread64, other, &n, sizeof(n), 0);
	printf("%ld\n", n);
	count_in_memory();
}
