/* SPDX-License-Identifier: Apache-2.0 */
/* ioctl(2) on files, pipes and a pseudo-terminal of our own.
 * covers: ioctl */
#include "t.h"

#include <poll.h>
#include <sys/ioctl.h>

struct ktermios { /* the kernel's struct termios */
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line, cc[19];
};

static void files(void)
{
	long f = MUST(open, "f", O_RDWR | O_CREAT, 0644), d = MUST(open, ".", O_RDONLY);
	int n = -1, p[2], on = 1;
	struct ktermios t;
	struct winsize w;

	MUST(write, f, "0123456789", 10);
	MUST(lseek, f, 3, SEEK_SET);
	T(ioctl, f, FIONREAD, &n);
	printf("%d\n", n);
	T(ioctl, f, FIOCLEX);
	T(fcntl, f, F_GETFD);
	T(ioctl, f, FIONCLEX);
	T(fcntl, f, F_GETFD);
	T(ioctl, f, FIONBIO, &on);
	T(fcntl, f, F_GETFL);
	on = 0;
	T(ioctl, f, FIONBIO, &on);
	T(fcntl, f, F_GETFL);
	T(ioctl, f, TCGETS, &t);
	T(ioctl, f, TIOCGWINSZ, &w);
	T(ioctl, f, TIOCGPGRP, &n);
	T(ioctl, 0, TCGETS, &t);
	T(ioctl, 1, TCGETS, &t);
	T(ioctl, d, TCGETS, &t);
	T(ioctl, 99, TCGETS, &t);
	T(ioctl, -1, FIONREAD, &n);
	T(ioctl, f, 0x12345678, &n);
	T(ioctl, f, 0, 0);
	T(ioctl, f, 1L << 32 | FIONREAD, &n);
	MUST(pipe, p);
	MUST(write, p[1], "abc", 3);
	T(ioctl, p[0], FIONREAD, &n);
	printf("%d\n", n);
	T(ioctl, p[0], TCGETS, &t);
	T_BAD(t_out, ioctl, f, FIONREAD, bad);
	T_BAD(t_out, ioctl, p[0], FIONREAD, bad);
	T_BAD(t_in, ioctl, f, FIONBIO, bad);
}

/* The line discipline works beside us: wait until there is something to read. */
static void arrived(long fd)
{
	struct pollfd f = { (int)fd, POLLIN, 0 };

	if (S(poll, &f, 1, 5000) != 1)
		printf("BAD! nothing arrived\n");
}

static void pty(void)
{
	long m = S(open, "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK), s;
	struct winsize w = { 24, 80, 0, 0 }, v;
	struct ktermios t, u;
	int n = -1, zero = 0;
	char name[32], b[100];

	if (!OK(m >= 0))
		return;
	T(ioctl, m, TIOCSPTLCK, &zero);
	TQ(ioctl, m, TIOCGPTN, &n);
	snprintf(name, sizeof(name), "/dev/pts/%d", n);
	s = MUST(open, name, O_RDWR | O_NOCTTY);
	T(ioctl, m, TIOCSWINSZ, &w);
	T(ioctl, s, TIOCGWINSZ, &v);
	printf("%d x %d\n", v.ws_row, v.ws_col);
	T(ioctl, s, TCGETS, &t);
	printf("%x %x %x %x line %d cc", t.iflag, t.oflag, t.cflag, t.lflag, t.line);
	for (int i = 0; i < 19; i++)
		printf(" %d", t.cc[i]);
	printf("\n");
	T(write, s, "line\n", 5);
	long got = 0;
	/* "line" and "\r\n" may arrive one after the other. */
	for (long r = 0; got < 6 && r >= 0; got += r > 0 ? r : 0) {
		arrived(m);
		r = S(read, m, b + got, sizeof(b) - (size_t)got);
	}
	t_bytes("master", b, got);
	T(write, m, "typed\n", 6);
	arrived(s);
	T(ioctl, s, FIONREAD, &n);
	printf("%d\n", n);
	got = T(read, s, b, sizeof(b));
	t_bytes("slave", b, got);
	u = t;
	u.lflag &= ~(8U | 2U);
	T(ioctl, s, TCSETS, &u);
	T(ioctl, s, TCSETSW, &u);
	T(ioctl, s, TCSETSF, &u);
	T(ioctl, s, TCGETS, &t);
	OK(t.lflag == u.lflag);
	T(ioctl, s, TCSBRK, 1);
	T(ioctl, s, TCFLSH, 2);
	T(ioctl, s, TCFLSH, 9);
	T(ioctl, s, TCXONC, 1);
	T(ioctl, s, TIOCOUTQ, &n);
	T(ioctl, s, TIOCGPGRP, &n);
	T(ioctl, s, TIOCGSID, &n);
	T_BAD(t_out, ioctl, s, TCGETS, bad);
	T_BAD(t_in, ioctl, s, TCSETS, bad);
	T_BAD(t_out, ioctl, s, TIOCGWINSZ, bad);
	T_BAD(t_in, ioctl, s, TIOCSWINSZ, bad);
}

MAIN
{
	files();
	pty();
}
