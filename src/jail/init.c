/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two small processes around a sandbox. Process 1 inside reaps what is orphaned and ends with the guest's first process, which takes everything else in the
 * namespace with it. The supervisor outside is what the caller started: it hands signals on and gives back the exit status. Neither runs guest code.
 */
#include "jail/internal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define EXIT_TIMEOUT      124
#define EXIT_FAILURE_OURS 125
/* How long the supervisor waits for the monitor's own end at --timeout. */
#define GRACE_NS 500000000UL

static int status_of(int wait_status)
{
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

/* Reap all that has ended. True when `first` has, *status then being its. */
static bool reap(pid_t first, int *status)
{
	bool over = false;
	int s;
	pid_t pid;

	while ((pid = waitpid(-1, &s, WNOHANG)) > 0)
		if (pid == first && !WIFSTOPPED(s)) {
			*status = s;
			over = true;
		}
	return over;
}

void init_run(pid_t first)
{
	siginfo_t info;
	sigset_t all;
	int status = 0;

	sigfillset(&all);
	while (!reap(first, &status)) {
		int sig = sigwaitinfo(&all, &info);

		/* Only what the supervisor sends, who has no number in here: a guest has no business with process 1, and the
		 * terminal tells everyone itself. */
		if (sig > 0 && sig != SIGCHLD && info.si_code <= 0 && info.si_pid == 0)
			kill(first, sig);
	}
	_exit(status_of(status));
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* The next signal, or -1 when the deadline (0: none) has passed. */
static int next_signal(const sigset_t *set, siginfo_t *info, uint64_t deadline)
{
	for (;;) {
		struct timespec left;
		uint64_t now = deadline ? now_ns() : 0;
		int sig;

		if (deadline && now >= deadline)
			return -1;
		left.tv_sec = (time_t)((deadline - now) / 1000000000);
		left.tv_nsec = (long)((deadline - now) % 1000000000);
		sig = sigtimedwait(set, info, deadline ? &left : NULL);
		if (sig > 0)
			return sig;
	}
}

/* What the terminal sends, it sends to all in the foreground; but that it is gone is told the session's leader alone, which this process may be. */
static bool is_for_guest(int sig, const siginfo_t *info)
{
	return sig != SIGCHLD && (info->si_code <= 0 || sig == SIGHUP);
}

int supervise(pid_t init, const struct jail_options *o)
{
	uint64_t deadline = o->timeout_ns ? now_ns() + o->timeout_ns + GRACE_NS : 0;
	bool timed_out = false;
	siginfo_t info;
	sigset_t set;
	int status;

	sigfillset(&set);
	/* Job control is the terminal's: it stops and continues this process as it does the guest's. */
	for (size_t i = 0; i < 4; i++)
		sigdelset(&set, (const int[]){ SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT }[i]);
	for (;;) {
		pid_t r = waitpid(init, &status, WNOHANG);
		int sig;

		if (r == init || (r < 0 && errno != EINTR))
			break;
		sig = next_signal(&set, &info, deadline);
		if (sig < 0) {
			timed_out = true;
			deadline = 0;
			kill(init, SIGKILL);
		} else if (is_for_guest(sig, &info)) {
			kill(init, sig);
		}
	}
	if (timed_out) {
		dprintf(STDERR_FILENO, "husk: ended by --timeout after %.6g s\n", (double)o->timeout_ns / 1e9);
		return EXIT_TIMEOUT;
	}
	if (WIFSIGNALED(status)) {
		dprintf(STDERR_FILENO, "husk: the sandbox was killed from outside (%s)\n", strsignal(WTERMSIG(status)));
		return EXIT_FAILURE_OURS;
	}
	return WEXITSTATUS(status);
}
