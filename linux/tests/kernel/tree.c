// SPDX-License-Identifier: GPL-2.0
/* get_ptree() where Linux has more than a tree of forks: adopted children, other users, PID namespaces, a buffer that is larger than the system. */
#include <sched.h>

#include "kernel.h"

#define MOST 4096

static struct prinfo infos[MOST];

static int take(pid_t root)
{
	int n = MOST;

	if (get_ptree(infos, &n, root) != 0)
		die("get_ptree");
	return n;
}

static pid_t sleeper(const char *name)
{
	pid_t pid;

	if (child(name, &pid))
		for (;;)
			pause();
	usleep(50000);
	return pid;
}

/* A grandchild adopted late still stands before a child that is younger. */
static void adoption(void)
{
	int status, pipes[2], n;
	pid_t middle, grandchild, young;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (pipe(pipes))
		die("pipe");
	if (child("middle", &middle)) {
		grandchild = fork();
		if (grandchild == 0)
			for (;;)
				pause();
		if (write(pipes[1], &grandchild, sizeof(grandchild)) != sizeof(grandchild))
			die("write");
		pause();
	}
	if (read(pipes[0], &grandchild, sizeof(grandchild)) != sizeof(grandchild))
		die("read");
	usleep(50000);
	young = sleeper("young");
	n = take(getpid());
	CHECK(n == 4 && infos[1].pid == middle && infos[2].pid == young && infos[3].pid == grandchild &&
	      infos[3].level == 2);
	kill(middle, SIGKILL);
	CHECK(waitpid(middle, &status, 0) == middle);
	n = take(getpid());
	CHECK(n == 3 && infos[1].pid == grandchild && infos[2].pid == young && infos[1].parent_pid == getpid() &&
	      infos[1].level == 1);
	end(grandchild);
	end(young);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void users(void)
{
	pid_t pid;

	if (child("nobody", &pid)) {
		if (setuid(65534))
			_exit(1);
		for (;;)
			pause();
	}
	for (int i = 0; i < 100; i++) {
		if (take(pid) != 1 || infos[0].uid == 65534)
			break;
		usleep(20000);
	}
	CHECK(infos[0].uid == 65534 && infos[0].parent_pid == getpid());
	end(pid);
}

/* In a namespace of its own a process has a number of its own, and no parent; whoever is not in it does not exist. */
static void namespaces(void)
{
	int status, n;
	pid_t pid;

	fflush(stdout);
	pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		die("clone");
	if (pid == 0) {
		pid_t inner = sleeper("inner");
		bool good = take(1) == 2 && infos[0].pid == 1 && infos[0].parent_pid == 0 && infos[1].pid == inner &&
			    infos[1].parent_pid == 1;

		n = 1;
		_exit(good && get_ptree(infos, &n, inner + 1) == -1 && errno == ESRCH && make_vcpu(1) == 1 &&
				      make_vcpu(inner) == 1
			      ? 0
			      : 1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* All there is, kernel threads too. */
static void everything(void)
{
	int n = take(2), threads = n;

	CHECK(n > 10 && infos[0].parent_pid == 0 && strcmp(infos[0].comm, "kthreadd") == 0);
	n = take(1);
	CHECK(n >= 3 && infos[0].parent_pid == 0 && n + threads < MOST);
}

int main(void)
{
	adoption();
	users();
	namespaces();
	everything();
	return done("tree");
}
