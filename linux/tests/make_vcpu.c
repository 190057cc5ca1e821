// SPDX-License-Identifier: GPL-2.0
/* make_vcpu(): what it counts, marks and logs, who gets the mark from whom, and errors. */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/klog.h>

#include "lab.h"

#define MOST 64

/* The threads wait here until the test lets them go. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t running;

static void *waits(void *arg)
{
	pthread_barrier_wait(&running);
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

static void start(pthread_t *threads, int count)
{
	pthread_mutex_lock(&gate);
	pthread_barrier_init(&running, NULL, count + 1);
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, waits, NULL))
			die("pthread_create");
	pthread_barrier_wait(&running);
}

/* Threads in /proc, the calling one among them. */
static int listed(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int count = 0;

	if (!dir)
		die("/proc/self/task");
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

/* A thread that has been joined is still listed until the kernel is done with it. */
static void stop(pthread_t *threads, int count)
{
	pthread_mutex_unlock(&gate);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&running);
	for (int i = 0; listed() > 1 && i < 3000; i++)
		usleep(10000);
}

/* How many threads of a process have this mark. */
static int marked(pid_t pid, int mark)
{
	char path[300], line[100], expected[20];
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	snprintf(expected, sizeof(expected), "vcpu: %d\n", mark);
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		die("%s", path);
	while ((entry = readdir(dir))) {
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/husk", pid, entry->d_name);
		file = fopen(path, "r");
		if (!file)
			die("%s", path);
		while (fgets(line, sizeof(line), file))
			count += strcmp(line, expected) == 0;
		fclose(file);
	}
	closedir(dir);
	return count;
}

/* How many lines the kernel's log has that contain both strings. */
static int logged(const char *a, const char *b)
{
	int size = klogctl(10, NULL, 0), count = 0;
	char *text, *line, *rest;

	if (size < 0)
		die("klogctl");
	text = calloc(1, size + 1);
	if (!text || klogctl(3, text, size) < 0)
		die("klogctl");
	for (rest = text; (line = strsep(&rest, "\n"));)
		count += strstr(line, a) && strstr(line, b);
	free(text);
	return count;
}

static void logs(int threads)
{
	char process[100], thread[100], comm[100];

	snprintf(process, sizeof(process), "make_vcpu: process %d: %d threads, comm make_vcpu", getpid(), threads);
	snprintf(thread, sizeof(thread), "make_vcpu: thread ");
	snprintf(comm, sizeof(comm), " of %d: vcpu ", getpid());
	CHECK(logged(process, "") == 1);
	CHECK(logged(thread, comm) == threads);
	snprintf(thread, sizeof(thread), "make_vcpu: thread %d of %d: vcpu ", gettid(), getpid());
	CHECK(logged(thread, ", comm make_vcpu") == 1);
}

/* In a process of its own each, as the mark stays. */
static void counts(int extra)
{
	pthread_t threads[MOST], late;
	pid_t pid;

	if (!child("make_vcpu", &pid)) {
		int status;

		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
		return;
	}
	printf("with %d more threads\n", extra);
	start(threads, extra);
	CHECK(marked(getpid(), 0) == extra + 1);
	CHECK(make_vcpu(0) == extra + 1);
	CHECK(marked(getpid(), 1) == extra + 1);
	logs(extra + 1);
	stop(threads, extra);

	/* Later threads are marked; what has ended does not count. */
	start(&late, 1);
	CHECK(marked(getpid(), 1) == 2);
	CHECK(make_vcpu(getpid()) == 2);
	stop(&late, 1);
	fflush(stdout);
	_exit(lab_failed);
}

/* Another process, known by the pipe that it closes when its threads run. */
static void other(void)
{
	pthread_t threads[3];
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		die("pipe");
	if (child("other", &pid)) {
		start(threads, 3);
		close(ready[0]);
		close(ready[1]);
		pause();
	}
	close(ready[1]);
	CHECK(read(ready[0], &c, 1) == 0);
	close(ready[0]);
	CHECK(make_vcpu(pid) == 4);
	CHECK(marked(pid, 1) == 4);
	CHECK(marked(getpid(), 0) == 1);
	end(pid);
	FAILS(make_vcpu(pid), ESRCH);
}

/* A new process is not marked, and a new program no more; a comm cannot forge a line. */
static void inheritance(char **argv)
{
	char failed[20], process[100];
	int status;
	pid_t pid;

	if (child("make_vcpu", &pid)) {
		CHECK(make_vcpu(0) == 1);
		if (!child("fork", &pid)) {
			CHECK(waitpid(pid, &status, 0) == pid && status == 0);
			CHECK(marked(getpid(), 1) == 1);
			fflush(stdout);
			snprintf(failed, sizeof(failed), "%d", lab_failed);
			execl("/proc/self/exe", argv[0], "after-exec", failed, NULL);
			die("execl");
		}
		CHECK(marked(getpid(), 0) == 1);
		prctl(PR_SET_NAME, "a\nmake_vcpu: b");
		CHECK(make_vcpu(0) == 1);
		snprintf(process, sizeof(process), "make_vcpu: process %d: 1 threads, ", getpid());
		CHECK(logged(process, "comm a\\nmake_vcpu: b") == 1);
		fflush(stdout);
		_exit(lab_failed);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void errors(void)
{
	pid_t zombie, pid;
	int status;

	FAILS(make_vcpu(-1), EINVAL);
	FAILS(make_vcpu(-0x7fffffff - 1), EINVAL);
	FAILS(make_vcpu(0x7fffffff), ESRCH);
	if (child("zombie", &zombie))
		_exit(0);
	CHECK(waitid(P_PID, zombie, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) == 0);
	FAILS(make_vcpu(zombie), ESRCH);
	end(zombie);

	/* Root may mark anybody's, another user only his own. */
	if (getuid() != 0) {
		printf("not root: another user's process is not tried\n");
		return;
	}
	if (child("other", &pid)) {
		if (setuid(65534))
			die("setuid");
		CHECK(make_vcpu(0) == 1);
		FAILS(make_vcpu(getppid()), EPERM);
		fflush(stdout);
		_exit(lab_failed);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	if (child("other", &pid)) {
		if (setuid(65534))
			die("setuid");
		pause();
	}
	CHECK(make_vcpu(pid) == 1);
	end(pid);
}

int main(int argc, char **argv)
{
	if (argc > 2) {
		lab_failed = atoi(argv[2]);
		CHECK(marked(getpid(), 0) == 1);
		return lab_failed;
	}
	counts(0);
	counts(1);
	counts(MOST);
	other();
	inheritance(argv);
	errors();
	return done("make_vcpu");
}
