/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals from one process to another, by number, group and descriptor.
 * covers: pidfd_open pidfd_send_signal kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo
 */
#include "t.h"

#include <poll.h>
#include <sys/wait.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static long sleeper(bool own_group)
{
	long pid;

	fflush(stdout);
	pid = S(fork);
	if (pid == 0) {
		if (own_group)
			setpgid(0, 0);
		for (;;)
			S(pause);
	}
	if (own_group)
		setpgid((pid_t)pid, (pid_t)pid);
	return pid;
}

static void ended(const char *how, long pid)
{
	int status = 0;
	long r = S(wait4, pid, &status, 0, 0);

	printf("%s: %s %d\n", how, r == pid && WIFSIGNALED(status) ? "signal" : "?", WTERMSIG(status));
}

static void groups(void)
{
	long a = sleeper(true), b;

	fflush(stdout);
	b = S(fork);
	if (b == 0) {
		setpgid(0, (pid_t)a);
		for (;;)
			S(pause);
	}
	setpgid((pid_t)b, (pid_t)a);
	printf("group: %ld\n", S(kill, -(int)a, SIGTERM));
	ended("first", a);
	ended("second", b);
	printf("no group: %s\n", t_errname(S(kill, -(int)a, 0)));
}

static void zombies(void)
{
	long pid;
	siginfo_t info;

	fflush(stdout);
	pid = S(fork);
	if (pid == 0)
		_exit(0);
	S(waitid, P_PID, pid, &info, WEXITED | WNOWAIT, NULL);
	printf("a zombie: %ld\n", S(kill, pid, SIGKILL));
	S(wait4, pid, NULL, 0, NULL);
	printf("gone: %s\n", t_errname(S(kill, pid, 0)));
}

static void queued(void)
{
	siginfo_t info = { .si_signo = SIGTERM, .si_code = SI_QUEUE };
	long pid = sleeper(false);

	printf("tgkill of a child: %ld\n", S(tgkill, pid, pid, 0));
	printf("tkill of a child: %ld\n", S(tkill, pid, 0));
	printf("queue: %ld\n", S(rt_sigqueueinfo, pid, SIGTERM, &info));
	ended("queued", pid);
	pid = sleeper(false);
	printf("queue to the thread: %ld\n", S(rt_tgsigqueueinfo, pid, pid, SIGUSR1, &info));
	ended("queued", pid);
}

static void descriptors(void)
{
	long pid = sleeper(false), fd = S(pidfd_open, pid, 0);
	struct pollfd p = { .fd = (int)fd, .events = POLLIN };
	siginfo_t info = { 0 };

	OK(fd >= 0);
	printf("close-on-exec: %ld\n", S(fcntl, fd, F_GETFD));
	printf("alive: %ld\n", S(poll, &p, 1, 0));
	T(pidfd_send_signal, fd, 0, NULL, 0);
	T(pidfd_send_signal, fd, SIGKILL, NULL, 1);
	T(pidfd_send_signal, fd, SIGKILL, NULL, 0);
	printf("dead: %ld\n", S(poll, &p, 1, 10000));
	printf("waitid: %ld\n", S(waitid, P_PIDFD, fd, &info, WEXITED, NULL));
	OK(info.si_pid == pid && info.si_status == SIGKILL);
	T(pidfd_send_signal, fd, 0, NULL, 0);
	T(pidfd_send_signal, 0, 0, NULL, 0);
	T(pidfd_open, -1, 0);
	T(pidfd_open, 0, 0);
	printf("no such process: %s\n", t_errname(S(pidfd_open, pid, 0)));
	printf("flags: %s\n", t_errname(S(pidfd_open, getpid(), 1)));
}

MAIN
{
	groups();
	zombies();
	queued();
	descriptors();
	T(kill, 0, 0);
	T(kill, 0, 65);
	printf("bad signal: %s\n", t_errname(S(kill, getpid(), 65)));
}
