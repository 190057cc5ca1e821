/* SPDX-License-Identifier: Apache-2.0 */
/* A table of descriptors that is full, and one that is small: what needs no number of its own goes on.
 * covers: prlimit64 dup clone fork execve vfork
 * cases: soft hard tiny */
#include "t.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void *thread(void *arg)
{
	return (char *)arg + 1;
}

static void show_limit(void)
{
	struct rlimit l;

	getrlimit(RLIMIT_NOFILE, &l);
	printf("soft %ld\n", (long)l.rlim_cur);
	OK(l.rlim_cur <= l.rlim_max);
}

static void fill(void)
{
	long n = 0, r;

	while ((r = S(dup, 0)) >= 0)
		n++;
	t_show("dup", " at the end", r);
	printf("%ld more\n", n);
}

static void children(char *self)
{
	char *argv[] = { self, "again", NULL };
	int status = -1;
	pthread_t t;
	void *r = NULL;
	pid_t pid;

	OK(pthread_create(&t, NULL, thread, (void *)41) == 0 && pthread_join(t, &r) == 0 && r == (void *)42);
	T(dup, 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(S(dup, 0) == -EMFILE ? 5 : 6);
	OK(waitpid(pid, &status, 0) == pid);
	printf("fork %x\n", status);
	fflush(stdout);
	pid = vfork();
	if (pid == 0) {
		execv(self, argv);
		_exit(9);
	}
	OK(waitpid(pid, &status, 0) == pid);
	printf("vfork and exec %x\n", status);
	fflush(stdout);
	execv(self, argv);
	perror("execv");
}

int main(int argc, char **argv)
{
	struct rlimit l = { 40, 0 };

	if (argc < 2)
		return 99;
	if (!strcmp(argv[1], "again")) {
		show_limit();
		T(dup, 0);
		printf("again\n");
		return 3;
	}
	getrlimit(RLIMIT_NOFILE, &l);
	l.rlim_cur = 40;
	if (strcmp(argv[1], "soft"))
		l.rlim_max = !strcmp(argv[1], "tiny") ? 12 : 40;
	l.rlim_cur = l.rlim_max < 40 ? l.rlim_max : 40;
	OK(setrlimit(RLIMIT_NOFILE, &l) == 0);
	l.rlim_cur = l.rlim_max = 1 << 30;
	T(prlimit64, 0, RLIMIT_NOFILE, &l, NULL);
	show_limit();
	if (strcmp(argv[1], "tiny"))
		fill();
	/* The loader of a dynamic program needs one to start it again. */
	for (int fd = 9; fd < 40; fd += 7)
		close(fd);
	if (strcmp(argv[1], "tiny"))
		fill();
	close(7);
	children(argv[0]);
	return 1;
}
