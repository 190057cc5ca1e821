/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets and signals: calls that wait are interrupted or go on, a write to nobody raises SIGPIPE, urgent data SIGURG, readiness SIGIO.
 * covers: accept recvfrom sendto
 * husk: --net host */
#include "sock.h"

static char buf[65536];
static volatile sig_atomic_t count[65];

static void counted(int sig)
{
	count[sig]++;
}

static void pipes(void)
{
	int fd[2];

	signal(SIGPIPE, counted);
	MUST(socketpair, AF_UNIX, SOCK_STREAM, 0, fd);
	MUST(close, fd[0]);
	T(write, fd[1], "x", 1);
	OK(count[SIGPIPE] == 1);
	T(sendto, fd[1], "x", 1, MSG_NOSIGNAL, NULL, 0);
	OK(count[SIGPIPE] == 1);
	MUST(close, fd[1]);
	tcp_pair(AF_INET, fd);
	MUST(shutdown, fd[0], SHUT_WR);
	T(sendto, fd[0], "x", 1, 0, NULL, 0);
	OK(count[SIGPIPE] == 2);
	MUST(close, fd[0]);
	MUST(close, fd[1]);
	signal(SIGPIPE, SIG_DFL);
}

static void interrupted(void)
{
	struct timeval much = { 5, 0 };
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { 0 };
	struct mmsghdr mm = { 0 };
	int fd[2], pair[2], l;
	union addr u;

	m.msg_iov = mm.msg_hdr.msg_iov = &iov;
	m.msg_iovlen = mm.msg_hdr.msg_iovlen = 1;
	l = listener(AF_INET, 0, &u);
	tcp_pair(AF_INET, fd);
	interrupt(0);
	T(accept, l, NULL, NULL);
	T(recvfrom, fd[0], buf, 1, 0, NULL, NULL);
	T(recvmsg, fd[0], &m, MSG_WAITALL);
	T(recvmmsg, fd[0], &mm, 1, 0, NULL);
	T(read, fd[0], buf, 1);
	/* A full pair of AF_UNIX stays full; TCP makes room for what is under way. */
	MUST(socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
	while (S(sendto, pair[0], buf, 4096, MSG_DONTWAIT, NULL, 0) > 0)
		;
	T(sendto, pair[0], buf, 4096, 0, NULL, 0);
	T(sendmsg, pair[0], &m, 0);
	T(write, pair[0], buf, 4096);
	quiet();
	MUST(close, pair[0]);
	MUST(close, pair[1]);
	interrupt(SA_RESTART); /* with a timeout Linux does not start them again */
	T(setsockopt, fd[0], SOL_SOCKET, SO_RCVTIMEO, &much, sizeof(much));
	T(recvfrom, fd[0], buf, 1, 0, NULL, NULL);
	quiet();
	MUST(close, fd[0]);
	MUST(close, fd[1]);
	MUST(close, l);
}

static int answer_to;

static void answers(int sig)
{
	counted(sig);
	if (count[sig] == 3)
		S(sendto, answer_to, "late", 4, 0, NULL, 0);
}

/* With SA_RESTART the call goes on until the third signal's handler sends what it waits for. */
static void restarted(void)
{
	struct sigaction act = { .sa_handler = answers, .sa_flags = SA_RESTART };
	int fd[2];

	tcp_pair(AF_INET, fd);
	answer_to = fd[1];
	count[SIGALRM] = 0;
	sigaction(SIGALRM, &act, NULL);
	ualarm(20000, 20000);
	T(recvfrom, fd[0], buf, 100, 0, NULL, NULL);
	quiet();
	OK(count[SIGALRM] >= 3);
	MUST(close, fd[0]);
	MUST(close, fd[1]);
}

static void owned(void)
{
	int fd[2];

	signal(SIGURG, counted);
	signal(SIGIO, counted);
	tcp_pair(AF_INET, fd);
	long self = S(getpid);

	MUST(fcntl, fd[0], F_SETOWN, self);
	T(sendto, fd[1], "u", 1, MSG_OOB, NULL, 0);
	WAIT(fd[0], POLLPRI);
	OK(count[SIGURG] == 1);
	T(fcntl, fd[0], F_SETFL, O_ASYNC);
	T(sendto, fd[1], "v", 1, 0, NULL, 0);
	WAIT(fd[0], POLLIN);
	OK(count[SIGIO] >= 1);
	MUST(close, fd[0]);
	MUST(close, fd[1]);
}

MAIN
{
	pipes();
	interrupted();
	restarted();
	owned();
}
