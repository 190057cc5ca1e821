/* SPDX-License-Identifier: Apache-2.0 */
/* What processes cost: a child by fork or posix_spawn, and a program in its place. The best of five batches. */
#include "bench/work.h"

#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAKES 20

extern char **environ;
static char program[PATH_MAX]; /* the smallest: static, does nothing but end */

static void wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		work_die("a child");
}

static void by_fork_once(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	wait_for(pid);
}

static void by_fork_and_exec_once(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	wait_for(pid);
}

static void by_spawn_once(void)
{
	char *argv[] = { program, NULL };
	pid_t pid = -1;

	if (posix_spawn(&pid, program, NULL, NULL, argv, environ))
		work_die(program);
	wait_for(pid);
}

static void by_fork(void)
{
	for (int i = 0; i < MAKES; i++)
		by_fork_once();
}

static void by_fork_and_exec(void)
{
	for (int i = 0; i < MAKES; i++)
		by_fork_and_exec_once();
}

static void by_spawn(void)
{
	for (int i = 0; i < MAKES; i++)
		by_spawn_once();
}

int work_processes(const char *unused)
{
	char *slash;

	(void)unused;
	if (readlink("/proc/self/exe", program, sizeof(program) - sizeof("/nothing")) < 0)
		work_die("/proc/self/exe");
	slash = strrchr(program, '/');
	strcpy(slash ? slash : program, "/nothing");
	work_best("fork, end and wait", by_fork, MAKES);
	work_best("fork, exec a static program and wait", by_fork_and_exec, MAKES);
	work_best("posix_spawn the same and wait", by_spawn, MAKES);
	return 0;
}
