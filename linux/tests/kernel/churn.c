// SPDX-License-Identifier: GPL-2.0
/*
 * get_ptree() and make_vcpu() while processes and threads come and go by the thousand. A tree must be whole at any moment: nobody twice, each one's parent
 * before it, levels that fit.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "kernel.h"

#define WORKERS 12
#define THREADS 6
#define MOST    4096
#define SECONDS 6
#define MANY    1000 /* processes in a round */

/* What the processes count, together. */
static struct counts {
	atomic_long processes, threads, trees, entries, marks;
	atomic_long torn, wrong;
	atomic_bool stop;
} * counts;

static void *short_thread(void *arg)
{
	if (syscall(SYS_gettid) % 3 == 0)
		make_vcpu(0);
	return arg;
}

/* Children with threads and children of their own, some of which are orphans before they end. */
static void __attribute__((noreturn)) worker(int number)
{
	while (!counts->stop) {
		pid_t pid = fork();

		if (pid == 0) {
			pthread_t threads[THREADS];
			int started = 0;

			if (fork() == 0)
				_exit(0);
			while (started < THREADS && pthread_create(&threads[started], NULL, short_thread, NULL) == 0)
				started++;
			counts->threads += started;
			counts->processes += 2;
			if (number % 2)
				while (started)
					pthread_join(threads[--started], NULL);
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	_exit(0);
}

/* Whether each one but the root has its parent before it, one level up, and no one is there twice. */
static bool whole(const struct prinfo *infos, int n, pid_t root)
{
	static unsigned char level_of[1 << 22];
	bool good = infos[0].pid == root && infos[0].level == 0;

	for (int i = 0; good && i < n; i++) {
		const struct prinfo *p = &infos[i];

		good = p->pid > 0 && !level_of[p->pid] && (i == 0 || level_of[p->parent_pid] == p->level) &&
		       (i == 0 || infos[i - 1].level <= p->level) && memchr(p->comm, 0, sizeof(p->comm)) && p->uid == 0;
		level_of[p->pid] = p->level + 1;
	}
	for (int i = 0; i < n; i++)
		level_of[infos[i].pid] = 0;
	return good;
}

static void __attribute__((noreturn)) looker(pid_t root)
{
	static struct prinfo infos[MOST];

	while (!counts->stop) {
		int n = MOST;

		if (get_ptree(infos, &n, root) != 0) {
			counts->wrong++;
			continue;
		}
		counts->trees++;
		counts->entries += n;
		if (!whole(infos, n, root))
			counts->torn++;
		/* One that may be gone by now, or about to be. */
		for (int i = 0; i < n; i += 7) {
			long marked = make_vcpu(infos[i].pid);

			if (marked >= 1 && marked <= THREADS + 1)
				counts->marks++;
			else if (marked != -1 || errno != ESRCH)
				counts->wrong++;
		}
	}
	_exit(0);
}

static void round_of(double length)
{
	pid_t pids[WORKERS + 2];
	double start = seconds();
	long processes = counts->processes;

	counts->stop = false;
	for (int i = 0; i < WORKERS + 2; i++) {
		fflush(stdout);
		pids[i] = fork();
		if (pids[i] == 0) {
			if (i < WORKERS)
				worker(i);
			looker(i == WORKERS ? 1 : getppid());
		}
		if (pids[i] < 0)
			die("fork");
	}
	/* On a slow kernel it takes longer until enough has happened. */
	while (seconds() < start + length || (counts->processes < processes + MANY && seconds() < start + 40 * length))
		usleep(50000);
	counts->stop = true;
	for (int i = 0; i < WORKERS + 2; i++)
		waitpid(pids[i], NULL, 0);
}

int main(void)
{
	struct usage before;

	counts = (struct counts *)map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
	round_of(SECONDS / 2);
	before = usage();
	round_of(SECONDS);
	CHECK(counts->torn == 0);
	CHECK(counts->wrong == 0);
	CHECK(counts->trees > 10 && counts->entries > counts->trees * 5);
	CHECK(counts->marks > 50);
	CHECK(counts->processes >= 2 * MANY && counts->threads >= 2 * MANY);
	CHECK(same_usage(before));
	printf("    %ld processes, %ld threads; %ld trees of %ld entries, %ld processes marked\n",
	       (long)counts->processes, (long)counts->threads, (long)counts->trees,
	       counts->entries / (counts->trees ? counts->trees : 1), (long)counts->marks);
	return done("churn");
}
