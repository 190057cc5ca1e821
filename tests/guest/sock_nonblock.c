/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets and pipes that do not wait, by every call that moves bytes: nothing there, room for a part, the other end gone. Often enough that the calls go by
 * the server, too.
 * covers: read write readv writev recvfrom sendto recvmsg sendmsg sendfile */
#include "sock.h"
#include "t.h"

#include <sys/sendfile.h>
#include <sys/uio.h>

#define ROUNDS 40

static char big[1 << 20];
static volatile int pipes;

static void on_pipe(int sig)
{
	(void)sig;
	pipes++;
}

static long do_readv(long fd, char *p, size_t n)
{
	struct iovec v[2] = { { p, n / 2 }, { p + n / 2, n - n / 2 } };

	return S(readv, fd, v, 2);
}

static long do_writev(long fd, char *p, size_t n)
{
	struct iovec v[2] = { { p, n / 2 }, { p + n / 2, n - n / 2 } };

	return S(writev, fd, v, 2);
}

static long do_recvmsg(long fd, char *p, size_t n)
{
	struct iovec v = { p, n };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	return S(recvmsg, fd, &m, 0);
}

static long do_sendmsg(long fd, char *p, size_t n)
{
	struct iovec v = { p, n };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	return S(sendmsg, fd, &m, 0);
}

static long do_read(long fd, char *p, size_t n)
{
	return S(read, fd, p, n);
}

static long do_write(long fd, char *p, size_t n)
{
	return S(write, fd, p, n);
}

static long do_recv(long fd, char *p, size_t n)
{
	return S(recvfrom, fd, p, n, 0, NULL, NULL);
}

static long do_send(long fd, char *p, size_t n)
{
	return S(sendto, fd, p, n, 0, NULL, 0);
}

static const struct way {
	const char *name;
	long (*in)(long fd, char *p, size_t n), (*out)(long fd, char *p, size_t n);
	bool sockets_only;
} ways[] = {
	{ "read, write", do_read, do_write, false },
	{ "readv, writev", do_readv, do_writev, false },
	{ "recvfrom, sendto", do_recv, do_send, true },
	{ "recvmsg, sendmsg", do_recvmsg, do_sendmsg, true },
};

/* All that goes in comes out, in its order; EAGAIN at both ends. */
static void fill_and_drain(const struct way *w, long in, long out)
{
	char piece[777];
	long sent = 0, got = 0, r, parts = 0;
	bool right = true;

	while ((r = w->out(out, big + sent % 251, 70000)) > 0) {
		sent += r;
		parts += r < 70000;
	}
	t_show(w->name, ": full", r);
	while ((r = w->in(in, piece, sizeof(piece))) > 0) {
		for (long i = 0; i < r; i++)
			right &= piece[i] == (char)((got + i) % 251);
		got += r;
	}
	t_show(w->name, ": empty", r);
	OK(sent == got && sent > 4096 && right);
	(void)parts;
}

static void messages(const struct way *w, long in, long out)
{
	char piece[64];
	long sum = 0, again = 0, good = 0;

	for (int i = 0; i < ROUNDS; i++) {
		again += w->in(in, piece, sizeof(piece)) == -EAGAIN;
		sum += w->out(out, big, 10);
		sum += w->out(out, big + 10, 10);
		good += w->in(in, piece, sizeof(piece)) == 20 && !memcmp(piece, big, 20);
	}
	printf("%s: %ld sent, %ld times nothing, %ld good\n", w->name, sum, again, good);
}

static void gone(const struct way *w, long fd)
{
	long epipe = 0;

	pipes = 0;
	for (int i = 0; i < ROUNDS; i++)
		epipe += w->out(fd, big, 10) == -EPIPE;
	printf("%s: %ld EPIPE, %d signals\n", w->name, epipe, pipes);
}

static void by_sendfile(long in, long out, long file)
{
	static char back[40000];
	long good = 0, r, total = 0;
	off_t at;

	for (int i = 0; i < ROUNDS; i++) {
		at = i * 100;
		r = S(sendfile, out, file, &at, 1000);
		good += r == 1000 && at == i * 100 + 1000 && S(read, in, back, sizeof(back)) == 1000 &&
			!memcmp(back, big + i * 100 % 251, 1000);
	}
	printf("sendfile: %ld good\n", good);
	at = 99500;
	r = S(sendfile, out, file, &at, 1000);
	printf("sendfile at the end: %ld, %ld\n", r, (long)at);
	r = S(sendfile, out, file, &at, 1000);
	printf("sendfile behind it: %ld, %ld\n", r, (long)at);
	r = S(sendfile, out, file, &at, 0);
	printf("sendfile of nothing: %ld\n", r);
	at = -5;
	t_show("sendfile", " from before", S(sendfile, out, file, &at, 10));
	t_show("sendfile", " bad", S(sendfile, out, file, 1, 10));
	S(lseek, file, 0, SEEK_SET);
	S(sendfile, out, file, NULL, 300);
	printf("its own place: %ld\n", S(lseek, file, 0, SEEK_CUR));
	while (S(read, in, back, sizeof(back)) > 0)
		;
	at = 0;
	while ((r = S(sendfile, out, file, &at, 5000)) > 0) {
		total += r;
		if (at >= 90000)
			at = 0;
	}
	t_show("sendfile", ": full", r);
	while ((r = S(read, in, back, sizeof(back))) > 0)
		total -= r;
	OK(total == 0);
}

static void all(const char *name, long in, long out, bool sockets, long file)
{
	printf("---- %s\n", name);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (ways[i].sockets_only && !sockets)
			continue;
		messages(&ways[i], in, out);
		fill_and_drain(&ways[i], in, out);
	}
	if (sockets)
		by_sendfile(in, out, file);
	S(close, in);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!ways[i].sockets_only || sockets)
			gone(&ways[i], out);
	if (sockets) {
		off_t at = 0;

		pipes = 0;
		t_show("sendfile", " to nobody", S(sendfile, out, file, &at, 10));
		printf("%d signals, at %ld\n", pipes, (long)at);
	}
	S(close, out);
}

MAIN
{
	int fd[2];
	long file;

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i % 251);
	signal(SIGPIPE, on_pipe);
	file = MUST(open, "file", O_RDWR | O_CREAT, 0600);
	S(write, file, big, 100000);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd))
		exit(3);
	all("AF_UNIX", fd[0], fd[1], true, file);
	if (pipe2(fd, O_NONBLOCK))
		exit(3);
	all("a pipe", fd[0], fd[1], false, file);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		exit(3);
	/* These wait; a flag of the call says not to. */
	OK(S(recvfrom, fd[0], big, 10, MSG_DONTWAIT, NULL, NULL) == -EAGAIN);
	for (int i = 0; i < ROUNDS; i++)
		if (S(sendto, fd[1], big, 10, MSG_DONTWAIT, NULL, 0) != 10)
			OK(false);
	printf("%ld\n", S(recvfrom, fd[0], big, 1000, MSG_WAITALL | MSG_DONTWAIT, NULL, NULL));
}
