/* SPDX-License-Identifier: Apache-2.0 */
/* Asynchronous I/O: contexts, requests of every kind, what comes back in their events, cancelling, and the order of the errors.
 * covers: io_setup io_destroy io_submit io_getevents io_pgetevents io_cancel */
#include "t.h"

#include <linux/aio_abi.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <sys/wait.h>

static aio_context_t ctx;
static char data[8192], back[8192];

static struct iocb request(int op, long fd, void *buf, size_t len, long off)
{
	return (struct iocb){ .aio_data = 77,
			      .aio_lio_opcode = (__u16)op,
			      .aio_fildes = (__u32)fd,
			      .aio_buf = (__u64)(uintptr_t)buf,
			      .aio_nbytes = len,
			      .aio_offset = off };
}

/* Submit one, wait for its event, say what is in it. */
static void run(const char *what, struct iocb *cb)
{
	struct io_event e = { 0 };
	long r = S(io_submit, ctx, 1, &cb);

	t_show("io_submit ", what, r);
	if (r != 1)
		return;
	t_show("io_getevents ", what, S(io_getevents, ctx, 1, 1, &e, NULL));
	printf("  data %llu res %lld res2 %lld\n", e.data, e.res, e.res2);
	OK(e.obj == (__u64)(uintptr_t)cb);
}

static void files(void)
{
	long f = MUST(open, "f", O_RDWR | O_CREAT, 0644), r = MUST(open, "f", O_RDONLY), d = MUST(open, ".", O_RDONLY);
	struct iovec vec[2] = { { back, 5 }, { back + 100, 7 } };
	struct iocb cb = request(IOCB_CMD_PWRITE, f, data, sizeof(data), 3);

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)('a' + i % 26);
	run("write", &cb);
	printf("size %ld\n", t_size("f"));
	cb = request(IOCB_CMD_PREAD, r, back, sizeof(back), 3);
	run("read", &cb);
	OK(memcmp(data, back, sizeof(data)) == 0);
	cb = request(IOCB_CMD_PREADV, r, vec, 2, 3);
	run("readv", &cb);
	t_bytes("second part", back + 100, 7);
	cb = request(IOCB_CMD_PREADV, r, vec, 1025, 3);
	run("readv of too many", &cb);
	cb = request(IOCB_CMD_PREADV, r, (void *)1, 2, 3);
	run("readv of nothing", &cb);
	cb = request(IOCB_CMD_FDSYNC, f, NULL, 0, 0);
	run("fdatasync", &cb);
	cb = request(IOCB_CMD_FSYNC, f, data, 0, 0);
	run("fsync with a buffer", &cb);
	cb = request(IOCB_CMD_PWRITE, r, data, 5, 0);
	run("write to what is read-only", &cb);
	cb = request(IOCB_CMD_PREAD, d, back, 5, 0);
	run("read a directory", &cb);
	cb = request(IOCB_CMD_PREAD, r, back, 5, -1);
	run("read before the start", &cb);
	cb = request(IOCB_CMD_PREAD, r, back, SIZE_MAX, 0);
	run("read too much", &cb);
	cb = request(IOCB_CMD_PREAD, -1, back, 5, 0);
	run("no descriptor", &cb);
	cb = request(99, r, back, 5, 0);
	run("no such command", &cb);
	cb = request(IOCB_CMD_PREAD, r, back, 5, 0);
	cb.aio_reserved2 = 1;
	run("reserved", &cb);
	for (const struct t_ptr *p = t_out(); p->name; p++) {
		cb = request(IOCB_CMD_PREAD, r, p->p, 5, 0);
		run(p->name, &cb);
	}
}

static void others(void)
{
	long ev = MUST(eventfd2, 0, EFD_NONBLOCK), f = MUST(open, "f", O_RDWR);
	struct timespec soon = { 0, 1000000 }, late = { 10, 0 };
	struct iocb cb = request(IOCB_CMD_PREAD, f, back, 4, 0), *one = &cb;
	struct io_event e[4];
	uint64_t mask = 0, count = 0;
	struct {
		uint64_t *mask;
		size_t size;
	} arg = { &mask, 8 }, bad = { &mask, 7 };
	int p[2];

	cb.aio_flags = IOCB_FLAG_RESFD;
	cb.aio_resfd = (__u32)ev;
	run("with an eventfd", &cb);
	T(read, ev, &count, 8);
	printf("count %lu\n", (unsigned long)count);
	cb.aio_resfd = (__u32)f;
	run("with another descriptor", &cb);
	cb.aio_resfd = UINT32_MAX;
	run("with none", &cb);
	MUST(pipe, p);
	/* A poll that waits: nothing yet, then the event, then one that is cancelled. */
	cb = request(IOCB_CMD_POLL, p[0], (void *)POLLIN, 0, 0);
	T(io_submit, ctx, 1, &one);
	T(io_getevents, ctx, 0, 4, e, NULL);
	T(io_getevents, ctx, 1, 4, e, &soon);
	T(io_pgetevents, ctx, 1, 4, e, &soon, &bad);
	MUST(write, p[1], "x", 1);
	T(io_pgetevents, ctx, 1, 4, e, NULL, &arg);
	printf("poll: %lld\n", e[0].res);
	MUST(read, p[0], back, 1);
	T(io_submit, ctx, 1, &one);
	T(io_cancel, ctx, &cb, e);
	T(io_getevents, ctx, 1, 4, e, &late);
	OK(e[0].obj == (__u64)(uintptr_t)&cb);
	T(io_cancel, ctx, &cb, e);
	T_BAD(t_in, io_cancel, ctx, bad, e);
}

static void errors(void)
{
	struct iocb cb = request(IOCB_CMD_FDSYNC, 0, NULL, 0, 0), *two[2] = { &cb, (void *)1 };
	struct timespec zero = { 0, 0 }, wrong = { 0, 1000000000 };
	struct io_event e[2];
	aio_context_t other = 0;

	T(io_setup, 0, &other);
	T(io_setup, 1, &ctx);
	T_BAD(t_out, io_setup, 1, bad);
	T(io_setup, 0x40000000, &other);
	T(io_submit, 0, 1, two);
	T(io_submit, ctx, -1, two);
	T(io_submit, ctx, 0, NULL);
	T_BAD(t_in, io_submit, ctx, 1, bad);
	two[0] = (void *)1;
	T(io_submit, ctx, 1, two);
	T(io_getevents, ctx, -1, 1, e, &zero);
	T(io_getevents, ctx, 1, -1, e, &zero);
	T(io_getevents, ctx, 2, 1, e, &zero);
	T(io_getevents, ctx, 0, 0, NULL, &zero);
	T(io_getevents, ctx, 1, 1, e, &wrong);
	T(io_getevents, 0, 1, 1, e, &zero);
	T_BAD(t_in_opt, io_getevents, 0, 1, 1, e, bad);
	T_BAD(t_in_opt, io_pgetevents, ctx, 1, 1, e, &zero, bad);
	T(io_destroy, 0);
	T(io_destroy, ~0UL);
	T(io_destroy, ctx);
	T(io_destroy, ctx);
	T(io_submit, ctx, 0, NULL);
}

/* Its parent's contexts are not a child's. */
static void child(void)
{
	struct io_event e;
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(S(io_getevents, ctx, 0, 1, &e, NULL) == -EINVAL);
	waitpid(pid, &status, 0);
	OK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

MAIN
{
	MUST(io_setup, 8, &ctx);
	OK(*(volatile unsigned *)ctx || true); /* the number is an address, which libaio reads */
	files();
	others();
	child();
	errors();
}
