/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait4 and waitid: how children end, stop and go on; who may be waited for; orphans.
 * covers: wait4 waitid
 */
#include "t.h"

#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>

static long child_that(int what)
{
	long pid;

	fflush(stdout);
	pid = S(fork);
	if (pid)
		return pid;
	if (what >= 1000) {
		struct rlimit none = { 0 };

		setrlimit(RLIMIT_CORE, &none);
		S(kill, getpid(), what - 1000);
		for (;;)
			S(pause);
	}
	_exit(what);
}

static void show(const char *what, long r, long pid, int status)
{
	printf("%s: %s, %s %d%s\n", what,
	       r == pid ? "pid"
	       : r < 0  ? t_errname(r)
			: "0",
	       WIFEXITED(status)     ? "exit"
	       : WIFSIGNALED(status) ? "signal"
	       : WIFSTOPPED(status)  ? "stop"
				     : "continue",
	       WIFEXITED(status)     ? WEXITSTATUS(status)
	       : WIFSIGNALED(status) ? WTERMSIG(status)
	       : WIFSTOPPED(status)  ? WSTOPSIG(status)
				     : 0,
	       WIFSIGNALED(status) && WCOREDUMP(status) ? " core" : "");
}

static void ends(void)
{
	static const int ways[] = { 0,
				    1,
				    255,
				    256 + 3,
				    1000 + SIGKILL,
				    1000 + SIGTERM,
				    1000 + SIGSEGV,
				    1000 + SIGABRT,
				    1000 + SIGPIPE,
				    1000 + SIGUSR1,
				    1000 + 34,
				    1000 + 64 };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		long pid = child_that(ways[i]);
		int status = 0;
		long r = S(wait4, i & 1 ? -1 : pid, &status, 0, 0);

		show("end", r, pid, status);
	}
}

/* A processor's exception kills by its signal, too. */
static void faults(void)
{
	for (int way = 0; way < 3; way++) {
		int status = 0;
		long pid, r;

		fflush(stdout);
		pid = S(fork);
		if (pid == 0) {
			struct rlimit none = { 0 };
			int null = open("/dev/null", O_WRONLY);

			setrlimit(RLIMIT_CORE, &none);
			dup2(null, 2); /* husk reports */
			if (way == 0)
				*(volatile int *)8 = 1;
			else if (way == 1)
				__asm__ volatile("ud2");
			else
				__asm__ volatile("xor %%edx, %%edx\n\txor %%eax, %%eax\n\tdiv %%edx" ::: "rax", "rdx");
			_exit(1);
		}
		r = S(wait4, pid, &status, 0, 0);
		show("fault", r, pid, status);
	}
}

static void stops(void)
{
	long pid;
	int status = 0;

	fflush(stdout);
	pid = S(fork);
	if (pid == 0)
		for (;;)
			S(pause);
	show("running", S(wait4, pid, &status, WNOHANG, 0), pid, 0);
	S(kill, pid, SIGSTOP);
	show("stopped", S(wait4, pid, &status, WUNTRACED, 0), pid, status);
	S(kill, pid, SIGCONT);
	show("continued", S(wait4, pid, &status, WCONTINUED, 0), pid, status);
	S(kill, pid, SIGKILL);
	show("killed", S(wait4, pid, &status, 0, 0), pid, status);
}

static void by_id(void)
{
	siginfo_t info = { 0 };
	struct rusage ru;
	long pid = child_that(5);

	T(waitid, P_PID, pid, &info, WEXITED | WNOWAIT, NULL);
	OK(info.si_pid == pid && info.si_code == CLD_EXITED && info.si_status == 5 && info.si_signo == SIGCHLD);
	memset(&info, 0, sizeof(info));
	memset(&ru, 0xff, sizeof(ru));
	T(waitid, P_ALL, 0, &info, WEXITED, &ru);
	OK(info.si_pid == pid && ru.ru_utime.tv_sec >= 0);
	T(waitid, P_ALL, 0, &info, WEXITED, NULL);
	pid = child_that(1000 + SIGKILL);
	T(waitid, P_PGID, 0, &info, WEXITED, NULL);
	OK(info.si_code == CLD_KILLED && info.si_status == SIGKILL);
	T(waitid, P_PID, 1, &info, WEXITED, NULL);
	T(waitid, 9, 1, &info, WEXITED, NULL);
	T(waitid, P_ALL, 0, &info, 0, NULL);
	T(waitid, P_ALL, 0, &info, 0x40000 | WEXITED, NULL);
	T(wait4, -1, NULL, 0, NULL);
	T(wait4, -1, NULL, 0x40, NULL);
	T(wait4, INT_MIN, NULL, 0, NULL);
	for (int i = 0; i < 3; i++)
		child_that(0);
	T_BAD(t_out_opt, wait4, -1, bad, 0, NULL);
}

static void groups(void)
{
	int status = 0;
	long pid;

	fflush(stdout);
	pid = S(fork);
	if (pid == 0) {
		S(setpgid, 0, 0);
		_exit(3);
	}
	while (S(getpgid, pid) != pid)
		S(sched_yield);
	show("not of this group", S(wait4, 0, &status, WNOHANG, 0), pid, 0);
	show("of its own", S(wait4, -pid, &status, 0, 0), pid, status);
}

/* The grandchild of a child that ended comes to the nearest subreaper. */
static void orphans(void)
{
	int p[2], status = 0;
	long me = S(getpid), child, pid = 0, parent = 0;

	MUST(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	MUST(pipe, p);
	fflush(stdout);
	child = S(fork);
	if (child == 0) {
		long mother = S(getpid);

		if (S(fork) == 0) {
			long n[2];

			while (S(getppid) == mother)
				S(sched_yield);
			n[0] = S(getpid);
			n[1] = S(getppid);
			S(write, p[1], n, sizeof(n));
			_exit(33);
		}
		_exit(0);
	}
	show("mother", S(wait4, child, &status, 0, 0), child, status);
	S(read, p[0], &pid, sizeof(pid));
	S(read, p[0], &parent, sizeof(parent));
	OK(parent == me);
	show("orphan", S(wait4, -1, &status, 0, 0), pid, status);
}

/* With SIGCHLD ignored, children leave nothing to wait for. */
static void ignored(void)
{
	struct sigaction act = { .sa_handler = SIG_IGN };

	sigaction(SIGCHLD, &act, NULL);
	child_that(0);
	T(wait4, -1, NULL, 0, NULL);
	act.sa_handler = SIG_DFL;
	sigaction(SIGCHLD, &act, NULL);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void interrupted(void)
{
	struct sigaction act = { .sa_handler = on_alarm };
	long pid;

	sigaction(SIGALRM, &act, NULL);
	fflush(stdout);
	pid = S(fork);
	if (pid == 0)
		for (;;)
			S(pause);
	setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 0, 20000 } }, NULL);
	T(wait4, -1, NULL, 0, NULL);
	S(kill, pid, SIGKILL);
	OK(S(wait4, pid, NULL, 0, NULL) == pid);
}

MAIN
{
	T(wait4, -1, NULL, 0, NULL);
	ends();
	faults();
	stops();
	by_id();
	groups();
	orphans();
	ignored();
	interrupted();
}
