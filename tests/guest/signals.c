/* SPDX-License-Identifier: Apache-2.0 */
/* Signals without handlers: masks, pending sets, waiting for them, sending them, ignoring them; timers that send them.
 * covers: rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo rt_sigsuspend sigaltstack kill tkill tgkill
 * covers: alarm getitimer setitimer timer_create timer_settime timer_gettime timer_getoverrun timer_delete */
#include "t.h"

#include <sys/time.h>

struct act {
	unsigned long handler, flags, restorer;
	uint64_t mask;
};

struct its {
	struct timespec interval, value;
};

#define BIT(sig) (1UL << ((sig)-1))

static long pid;
static uint64_t set, old;
static int info[32];
static struct timespec zero;

static void masks(void)
{
	set = BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGALRM) | BIT(34) | BIT(SIGKILL) | BIT(SIGSTOP);
	T(rt_sigprocmask, SIG_SETMASK, &set, &old, 8);
	printf("old %lx\n", (unsigned long)old);
	T(rt_sigprocmask, SIG_BLOCK, NULL, &old, 8);
	printf("now %lx\n", (unsigned long)old);
	set = BIT(SIGUSR2);
	T(rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8);
	T(rt_sigprocmask, SIG_BLOCK, &set, &old, 8);
	printf("was %lx\n", (unsigned long)old);
	T(rt_sigprocmask, 9, &set, NULL, 8);
	T(rt_sigprocmask, 9, NULL, NULL, 8);
	T(rt_sigprocmask, SIG_BLOCK, &set, NULL, 4);
	T_BAD(t_in_opt, rt_sigprocmask, SIG_BLOCK, bad, NULL, 8);
	T_BAD(t_out_opt, rt_sigprocmask, SIG_BLOCK, NULL, bad, 8);
}

static void actions(void)
{
	struct act a = { (unsigned long)SIG_IGN, 0, 0, 0 }, b;

	T(rt_sigaction, SIGTERM, &a, &b, 8);
	printf("handler %lx flags %lx mask %lx\n", b.handler, b.flags, (unsigned long)b.mask);
	T(rt_sigaction, SIGTERM, NULL, &b, 8);
	printf("handler %lx flags %lx mask %lx\n", b.handler, b.flags, (unsigned long)b.mask);
	T(kill, pid, SIGTERM);
	T(tkill, pid, SIGTERM);
	T(tgkill, pid, pid, SIGTERM);
	a.handler = 0;
	T(rt_sigaction, SIGTERM, &a, NULL, 8);
	T(rt_sigaction, SIGKILL, &a, NULL, 8);
	T(rt_sigaction, SIGSTOP, &a, NULL, 8);
	T(rt_sigaction, SIGKILL, NULL, &b, 8);
	T(rt_sigaction, 0, &a, NULL, 8);
	T(rt_sigaction, 65, &a, NULL, 8);
	T(rt_sigaction, 64, &a, NULL, 8);
	T(rt_sigaction, -1, NULL, &b, 8);
	T(rt_sigaction, SIGTERM, &a, NULL, 4);
	T_BAD(t_in_opt, rt_sigaction, SIGTERM, bad, NULL, 8);
	T_BAD(t_out_opt, rt_sigaction, SIGTERM, NULL, bad, 8);
	T(kill, pid, SIGCHLD);
	T(kill, pid, SIGWINCH);
	T(kill, pid, SIGURG);
	T(kill, pid, SIGCONT);
}

static void pending(void)
{
	T(kill, pid, SIGUSR1);
	T(kill, pid, SIGUSR1);
	T(tkill, pid, 34);
	T(tkill, pid, 34);
	T(rt_sigpending, &set, 8);
	printf("pending %lx\n", (unsigned long)set);
	T(rt_sigpending, &set, 9);
	T_BAD(t_out, rt_sigpending, bad, 8);
	set = BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(34);
	for (int i = 0; i < 4; i++) {
		long s = T(rt_sigtimedwait, &set, info, &zero, 8);
		if (s > 0)
			printf("signo %d code %d mine %d\n", info[0], info[2], info[4] == (int)pid);
	}
	set = BIT(SIGUSR2);
	struct timespec t = { 0, 10000000 };
	T(rt_sigtimedwait, &set, NULL, &t, 8);
	T(rt_sigtimedwait, &set, NULL, &t, 7);
	t.tv_nsec = -1;
	T(rt_sigtimedwait, &set, NULL, &t, 8);
	T_BAD(t_in, rt_sigtimedwait, bad, NULL, &zero, 8);
	T_BAD(t_in_opt, rt_sigtimedwait, &set, NULL, bad, 8);
	memset(info, 0, sizeof(info));
	info[2] = -1, info[4] = (int)pid, info[6] = 4242;
	T(rt_sigqueueinfo, pid, SIGUSR2, info);
	T(rt_tgsigqueueinfo, pid, pid, SIGUSR1, info);
	set |= BIT(SIGUSR1);
	for (int i = 0; i < 3; i++) {
		long s = T(rt_sigtimedwait, &set, info, &zero, 8);
		if (s > 0)
			printf("signo %d code %d value %d\n", info[0], info[2], info[6]);
	}
	info[2] = 0;
	T(rt_sigqueueinfo, 1, SIGUSR2, info);
	T(rt_sigqueueinfo, pid, 99, info);
	T_BAD(t_in, rt_sigqueueinfo, pid, SIGUSR2, bad);
	T_BAD(t_in, rt_tgsigqueueinfo, pid, pid, SIGUSR2, bad);
}

static void sending(void)
{
	T(kill, pid, 0);
	T(kill, pid, 65);
	T(kill, pid, -1);
	T(kill, 999999999, 0);
	T(kill, 999999999, SIGUSR1);
	T(tkill, 0, 0);
	T(tkill, -1, 0);
	T(tkill, 999999999, 0);
	T(tkill, pid, 65);
	T(tgkill, pid, 999999999, 0);
	T(tgkill, 999999999, pid, 0);
	T(tgkill, -1, pid, 0);
	T(tgkill, pid, 0, 0);
	T(tgkill, pid, pid, 0);
}

static void altstack(void)
{
	static char stack[65536];
	struct {
		void *sp;
		int flags, pad;
		size_t size;
	} s = { stack, 0, 0, sizeof(stack) }, o;

	T(sigaltstack, NULL, &o);
	printf("flags %d size %zu\n", o.flags, o.size);
	T(sigaltstack, &s, NULL);
	T(sigaltstack, NULL, &o);
	OK(o.sp == stack && o.size == sizeof(stack) && o.flags == 0);
	s.size = 100;
	T(sigaltstack, &s, NULL);
	s.size = sizeof(stack), s.flags = 99;
	T(sigaltstack, &s, NULL);
	s.flags = 2;
	T(sigaltstack, &s, NULL);
	T_BAD(t_in_opt, sigaltstack, bad, NULL);
	T_BAD(t_out_opt, sigaltstack, NULL, bad);
}

static void timers(void)
{
	struct itimerval it = { { 0, 0 }, { 100, 0 } }, o;
	struct its ts = { { 0, 0 }, { 0, 5000000 } }, to;
	struct {
		union sigval value;
		int signo, notify;
		char pad[48];
	} ev = { .signo = 34, .notify = 0 };
	int timer = -1;

	T(alarm, 0);
	T(alarm, 50);
	T(getitimer, 0, &o);
	OK(o.it_value.tv_sec == 49 || o.it_value.tv_sec == 50);
	T(setitimer, 0, &it, &o);
	OK(S(alarm, 0) == 100);
	T(getitimer, 1, &o);
	T(getitimer, 3, &o);
	T(setitimer, 3, &it, NULL);
	it.it_value.tv_usec = 1000000;
	T(setitimer, 0, &it, NULL);
	T_BAD(t_out, getitimer, 0, bad);
	T_BAD(t_in_opt, setitimer, 0, bad, NULL);
	it = (struct itimerval){ { 0, 0 }, { 0, 1000 } };
	T(setitimer, 0, &it, NULL);
	set = BIT(SIGALRM);
	T(rt_sigtimedwait, &set, NULL, NULL, 8);
	ev.value.sival_int = 77;
	T(timer_create, 1, &ev, &timer);
	T(timer_gettime, timer, &to);
	T(timer_settime, timer, 0, &ts, &to);
	set = BIT(34);
	T(rt_sigtimedwait, &set, info, NULL, 8);
	printf("signo %d code %d value %d\n", info[0], info[2], info[6]);
	T(timer_getoverrun, timer);
	ts.value.tv_nsec = -1;
	T(timer_settime, timer, 0, &ts, NULL);
	T(timer_settime, 999, 0, &ts, NULL);
	T(timer_gettime, 999, &to);
	T(timer_getoverrun, 999);
	T_BAD(t_in, timer_settime, timer, 0, bad, NULL);
	T_BAD(t_out, timer_gettime, timer, bad);
	T(timer_delete, timer);
	T(timer_delete, timer);
	T(timer_create, 99, &ev, &timer);
	ev.signo = 99;
	T(timer_create, 1, &ev, &timer);
	T_BAD(t_in_opt, timer_create, 1, bad, &timer);
	T_BAD(t_out, timer_create, 1, NULL, bad);
}

MAIN
{
	pid = S(getpid);
	masks();
	actions();
	pending();
	sending();
	altstack();
	timers();
	T(rt_sigsuspend, &set, 7);
	T_BAD(t_in, rt_sigsuspend, bad, 8);
}
