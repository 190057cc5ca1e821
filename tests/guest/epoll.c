/* SPDX-License-Identifier: Apache-2.0 */
/* covers: epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 */
/* The epoll family: levels, edges, one-shots, every error. */
#include "t.h"

#include <sys/epoll.h>

static struct epoll_event ev[8];

static void got(long n)
{
	for (long i = 0; i < n; i++)
		printf("  events %x data %lx\n", ev[i].events, (unsigned long)ev[i].data.u64);
}

MAIN
{
	int p[2];
	long e = T(epoll_create1, EPOLL_CLOEXEC), e2 = T(epoll_create, 5), f;
	struct epoll_event a = { EPOLLIN, { .u64 = 0xabcdef0123456789 } };
	struct timespec t = { 0, 1000000 };
	uint64_t mask = 0;
	char b[10];

	T(epoll_create1, 1);
	T(epoll_create, 0);
	T(epoll_create, -1);
	T(fcntl, e, F_GETFD);
	MUST(pipe2, p, O_NONBLOCK);
	f = MUST(open, "f", O_RDWR | O_CREAT, 0644);
	T(epoll_ctl, e, EPOLL_CTL_ADD, p[0], &a);
	T(epoll_ctl, e, EPOLL_CTL_ADD, p[0], &a);
	T(epoll_wait, e, ev, 8, 0);
	T(epoll_wait, e, ev, 8, 10);
	T(write, p[1], "xyz", 3);
	got(T(epoll_wait, e, ev, 8, -1));
	got(T(epoll_wait, e, ev, 8, -1));
	a.events = EPOLLIN | EPOLLET;
	T(epoll_ctl, e, EPOLL_CTL_MOD, p[0], &a);
	got(T(epoll_wait, e, ev, 8, 0));
	got(T(epoll_wait, e, ev, 8, 0));
	T(write, p[1], "x", 1);
	got(T(epoll_pwait, e, ev, 8, 0, &mask, 8));
	a.events = EPOLLIN | EPOLLONESHOT;
	T(epoll_ctl, e, EPOLL_CTL_MOD, p[0], &a);
	got(T(epoll_wait, e, ev, 8, 0));
	got(T(epoll_wait, e, ev, 8, 0));
	a = (struct epoll_event){ EPOLLOUT, { .u64 = 2 } };
	T(epoll_ctl, e, EPOLL_CTL_ADD, p[1], &a);
	got(T(epoll_wait, e, ev, 1, 0));
	T(epoll_ctl, e, EPOLL_CTL_ADD, f, &a);
	T(epoll_ctl, e, EPOLL_CTL_ADD, e, &a);
	T(epoll_ctl, e, EPOLL_CTL_ADD, e2, &a);
	T(epoll_ctl, e2, EPOLL_CTL_ADD, e, &a);
	T(epoll_ctl, e, EPOLL_CTL_ADD, 99, &a);
	T(epoll_ctl, 99, EPOLL_CTL_ADD, p[0], &a);
	T(epoll_ctl, p[0], EPOLL_CTL_ADD, p[1], &a);
	T(epoll_ctl, e, EPOLL_CTL_MOD, f, &a);
	T(epoll_ctl, e, EPOLL_CTL_DEL, 0, NULL);
	T(epoll_ctl, e, 99, p[0], &a);
	T(epoll_ctl, e, EPOLL_CTL_DEL, p[1], NULL);
	T_BAD(t_in, epoll_ctl, e, EPOLL_CTL_ADD, p[1], bad);
	T(epoll_wait, e, ev, 0, 0);
	T(epoll_wait, e, ev, -1, 0);
	T(epoll_wait, f, ev, 8, 0);
	T(epoll_wait, 99, ev, 8, 0);
	T(epoll_wait, e, ev, 0x7fffffff, 0);
	a = (struct epoll_event){ EPOLLIN, { .u64 = 3 } };
	T(epoll_ctl, e, EPOLL_CTL_MOD, p[0], &a);
	T_BAD(t_out, epoll_wait, e, bad, 8, 0);
	T(epoll_wait, e, t_edge(12), 1, 0);
	T(epoll_pwait, e, ev, 8, 0, &mask, 7);
	T(epoll_pwait, e, ev, 8, 0, NULL, 0);
	T_BAD(t_in_opt, epoll_pwait, e, ev, 8, 0, bad, 8);
	T(epoll_pwait2, e, ev, 8, &t, NULL, 0);
	T(read, p[0], b, 10);
	T(epoll_pwait2, e, ev, 8, &t, &mask, 8);
	t.tv_nsec = -1;
	T(epoll_pwait2, e, ev, 8, &t, NULL, 0);
	T_BAD(t_in_opt, epoll_pwait2, e, ev, 8, bad, NULL, 0);
	T(close, p[1]);
	got(T(epoll_wait, e, ev, 8, 0));
	T(close, p[0]);
	T(epoll_wait, e, ev, 8, 0);
	T(read, e, b, 1);
	T(write, e, b, 1);
	T(lseek, e, 0, SEEK_SET);
}
