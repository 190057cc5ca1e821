/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX message queues: order by priority, limits, notification by a signal, errors.
 * covers: mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr */
#include "t.h"

#include <mqueue.h>

static volatile sig_atomic_t notified;

static void on_signal(int sig T_UNUSED, siginfo_t *si, void *ctx T_UNUSED)
{
	notified = si->si_value.sival_int;
}

MAIN
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 16 }, now;
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL,
			       .sigev_signo = SIGUSR1,
			       .sigev_value = { .sival_int = 9 } };
	struct timespec past = { 1, 0 };
	char name[32], buf[16];
	unsigned prio;
	long q;

	snprintf(name, sizeof(name), "husk-test-%d", getpid());
	q = MUST(mq_open, name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attr);
	T(mq_open, name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	T(mq_open, "/with/slashes", O_RDWR, 0, 0);
	T(mq_open, "nothing-there", O_RDWR, 0, 0);
	T_BAD(t_in, mq_open, bad, O_RDWR, 0, 0);
	sigaction(SIGUSR1, &sa, NULL);
	T(mq_notify, q, &ev);
	T(mq_notify, q, &ev);
	T(mq_timedsend, q, "low", 3, 1, 0);
	OK(notified == 9);
	T(mq_timedsend, q, "high", 4, 7, 0);
	T(mq_timedsend, q, "full", 4, 7, 0);
	T(mq_timedsend, q, buf, 17, 7, 0);
	T(mq_getsetattr, q, 0, &now);
	printf("%ld of %ld, %ld bytes, flags %lo\n", now.mq_curmsgs, now.mq_maxmsg, now.mq_msgsize, now.mq_flags);
	T(mq_timedreceive, q, buf, 16, &prio, 0);
	printf("%.4s %u\n", buf, prio);
	T(mq_timedreceive, q, buf, 15, &prio, 0);
	T(mq_timedreceive, q, buf, 16, 0, 0);
	T(mq_timedreceive, q, buf, 16, &prio, 0);
	attr.mq_flags = 0;
	T(mq_getsetattr, q, &attr, &now);
	T(mq_timedreceive, q, buf, 16, &prio, &past);
	T_BAD(t_in, mq_timedsend, q, bad, 4, 0, 0);
	T_BAD(t_in_opt, mq_timedsend, q, buf, 4, 0, bad);
	T_BAD(t_in_opt, mq_notify, q, bad);
	T_BAD(t_out_opt, mq_getsetattr, q, 0, bad);
	ev.sigev_notify = SIGEV_THREAD;
	ev.sigev_signo = -1;
	T_BAD(t_in, mq_notify, q, (ev.sigev_value.sival_ptr = bad, &ev));
	T(mq_notify, q, 0);
	T(mq_notify, -1, &ev);
	T(mq_unlink, name);
	T(mq_unlink, name);
	T_BAD(t_in, mq_unlink, bad);
	T(close, q);
}
