/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for descriptors.
 * covers: poll ppoll select pselect6 */
#include "t.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>

static int p[2];

static void show(const struct pollfd *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		printf("  fd %d events %x revents %x\n", f[i].fd, (unsigned)f[i].events, (unsigned)f[i].revents);
}

static void polls(void)
{
	struct pollfd f[4] = { { p[0], POLLIN, 9 }, { p[1], POLLOUT, 9 }, { -1, POLLIN, 9 }, { 99, POLLIN, 9 } };
	struct timespec t = { 0, 5000000 };
	uint64_t mask = 0;

	T(poll, f, 4, 0);
	show(f, 4);
	T(poll, f, 1, 10);
	show(f, 1);
	T(poll, NULL, 0, 5);
	T(write, p[1], "x", 1);
	T(poll, f, 2, -1);
	show(f, 2);
	T(poll, f, 1 << 30, 0);
	T_BAD(t_out, poll, bad, 1, 0);
	T(ppoll, f, 1, &t, NULL, 0);
	T(ppoll, f, 2, NULL, &mask, 8);
	T(ppoll, f, 2, NULL, &mask, 7);
	f[0].fd = -1;
	T(ppoll, f, 1, &t, &mask, 8);
	printf("left %ld %ld\n", (long)t.tv_sec, t.tv_nsec);
	t.tv_nsec = -1;
	T(ppoll, f, 1, &t, NULL, 0);
	t = (struct timespec){ -1, 0 };
	T(ppoll, f, 1, &t, NULL, 0);
	t = (struct timespec){ 0, 0 };
	T_BAD(t_out, ppoll, bad, 1, &t, NULL, 0);
	T_BAD(t_in_opt, ppoll, f, 1, bad, NULL, 0);
	T_BAD(t_in_opt, ppoll, f, 2, NULL, bad, 8);
	struct pollfd *e = (struct pollfd *)t_edge(8);
	*e = (struct pollfd){ p[0], POLLIN, 0 };
	T(poll, e, 1, 0);
	T(poll, e, 2, 0);
}

static fd_set r, w, x;

static void set(int a, int b, int c)
{
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&x);
	FD_SET(a, &r);
	FD_SET(b, &w);
	FD_SET(c, &x);
}

static void selects(void)
{
	struct timeval t = { 0, 1000 };
	struct timespec s = { 0, 1000000 };
	uint64_t mask = 0;
	struct {
		const void *p;
		size_t n;
	} sig = { &mask, 8 };

	set(p[0], p[1], p[0]);
	T(select, 20, &r, &w, &x, NULL);
	printf("  %d %d %d\n", FD_ISSET(p[0], &r) != 0, FD_ISSET(p[1], &w) != 0, FD_ISSET(p[0], &x) != 0);
	set(p[1], p[0], p[0]);
	T(select, 20, NULL, NULL, &x, &t);
	printf("left %ld %ld\n", (long)t.tv_sec, (long)t.tv_usec);
	T(select, 0, NULL, NULL, NULL, &t);
	set(99, p[1], p[0]);
	T(select, 100, &r, NULL, NULL, &t);
	T(select, -1, NULL, NULL, NULL, &t);
	t.tv_sec = -1;
	T(select, 0, NULL, NULL, NULL, &t);
	t = (struct timeval){ 0, 0 };
	T_BAD(t_out_opt, select, 4, bad, NULL, NULL, &t);
	T_BAD(t_out_opt, select, 4, NULL, NULL, NULL, bad);
	set(p[0], p[1], p[0]);
	T(pselect6, 20, &r, &w, &x, &s, &sig);
	T(pselect6, 20, NULL, NULL, &x, &s, NULL);
	T(pselect6, 0, NULL, NULL, NULL, &s, &sig);
	sig.n = 4;
	T(pselect6, 0, NULL, NULL, NULL, &s, &sig);
	s.tv_nsec = 2000000000;
	T(pselect6, 0, NULL, NULL, NULL, &s, NULL);
	T_BAD(t_in_opt, pselect6, 4, bad, NULL, NULL, NULL, NULL);
	T_BAD(t_in_opt, pselect6, 4, NULL, NULL, NULL, bad, NULL);
	T_BAD(t_in_opt, pselect6, 4, NULL, NULL, NULL, NULL, bad);
}

MAIN
{
	MUST(pipe, p);
	polls();
	selects();
	struct pollfd f[2] = { { p[0], POLLIN, 0 }, { 0, POLLIN, 0 } };
	char b[8];
	MUST(read, p[0], b, 8);
	T(close, p[1]);
	T(poll, f, 2, 1000);
	show(f, 2);
}
