/* SPDX-License-Identifier: Apache-2.0 */
/* What processes cost: a child by fork or posix_spawn, and a program in its place. The best of five batches. */
#include "bench/work.h"

#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCHES 5
#define MAKES   20

extern char **environ;
static char program[PATH_MAX]; /* the smallest: static, does nothing but end */

static void wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		work_die("a child");
}

static void by_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	wait_for(pid);
}

static void by_fork_and_exec(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	wait_for(pid);
}

static void by_spawn(void)
{
	char *argv[] = { program, NULL };
	pid_t pid = -1;

	if (posix_spawn(&pid, program, NULL, NULL, argv, environ))
		work_die(program);
	wait_for(pid);
}

static void measure(const char *name, void (*fn)(void))
{
	double best = 1e9;

	fn();
	for (int i = 0; i < BATCHES; i++) {
		double start = work_now(), each;

		for (int k = 0; k < MAKES; k++)
			fn();
		each = (work_now() - start) / MAKES;
		if (each < best)
			best = each;
	}
	work_report(name, "us", best * 1e6);
}

int work_processes(const char *unused)
{
	char *slash;

	(void)unused;
	if (readlink("/proc/self/exe", program, sizeof(program) - sizeof("/nothing")) < 0)
		work_die("/proc/self/exe");
	slash = strrchr(program, '/');
	strcpy(slash ? slash : program, "/nothing");
	measure("fork, end and wait", by_fork);
	measure("fork, exec a static program and wait", by_fork_and_exec);
	measure("posix_spawn the same and wait", by_spawn);
	return 0;
}
