/* SPDX-License-Identifier: Apache-2.0 */
#include "service/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ALL    (DETACH_LISTED | DETACH_LOADED)
#define FAILED 4
#define LOOK   100000000 /* ns: so often it is seen that the other has ended without a word */

struct detach_page {
	uint32_t steps; /* a futex */
	int status;     /* these two are written before FAILED */
	char why[sizeof(((struct hk_err *)0)->text)];
};

static int open_output(const char *output, struct hk_err *err)
{
	int fd = output ? open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)
			: open("/dev/null", O_WRONLY | O_CLOEXEC);

	return fd < 0 ? hk_err_set(err, -errno, "--output %s: %s", output ? output : "/dev/null", strerror(errno)) : fd;
}

/* No terminal, nobody's input, and that output. */
static int leave_caller(int output)
{
	HK_CLOSE int in = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return setsid() < 0 || in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
			       dup2(output, STDERR_FILENO) < 0
		       ? -errno
		       : 0;
}

int detach_fork(struct detachment *d, const char *output, struct hk_err *err)
{
	HK_CLOSE int fd = open_output(output, err);
	int r;

	if (fd < 0)
		return fd;
	d->page = mmap(NULL, sizeof(*d->page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (d->page == MAP_FAILED) {
		d->page = NULL;
		return hk_err_set(err, -ENOMEM, "out of memory");
	}
	d->pid = fork();
	if (d->pid < 0)
		return hk_err_set(err, -errno, "cannot start a process: %s", strerror(errno));
	if (d->pid)
		return 1;
	r = leave_caller(fd);
	if (r) {
		hk_err_set(err, r, "cannot leave the terminal: %s", strerror(-r));
		detach_failed(d, 125, err->text);
		_exit(125);
	}
	return 0;
}

static void add(struct detachment *d, uint32_t step)
{
	__atomic_fetch_or(&d->page->steps, step, __ATOMIC_RELEASE);
	syscall(SYS_futex, &d->page->steps, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void detach_reached(struct detachment *d, enum detach_step step)
{
	if (!d->page)
		return;
	add(d, step);
	if (step == DETACH_LOADED) {
		munmap(d->page, sizeof(*d->page));
		d->page = NULL;
	}
}

void detach_failed(struct detachment *d, int status, const char *why)
{
	if (!d->page || (__atomic_load_n(&d->page->steps, __ATOMIC_ACQUIRE) & FAILED))
		return;
	d->page->status = status;
	strncpy(d->page->why, why, sizeof(d->page->why) - 1);
	add(d, FAILED);
}

int detach_await(struct detachment *d, struct hk_err *err)
{
	const struct timespec look = { .tv_nsec = LOOK };
	bool over = false;
	uint32_t steps;

	for (;;) {
		steps = __atomic_load_n(&d->page->steps, __ATOMIC_ACQUIRE);
		if (steps & FAILED || (steps & ALL) == ALL || over)
			break;
		syscall(SYS_futex, &d->page->steps, FUTEX_WAIT, steps, &look, NULL, 0);
		over = waitpid(d->pid, NULL, WNOHANG) != 0;
	}
	if (steps & FAILED) {
		hk_err_set(err, -ECANCELED, "%s", d->page->why);
		return d->page->status;
	}
	if ((steps & ALL) == ALL)
		return 0;
	hk_err_set(err, -ECANCELED, "the sandbox ended before its program began; --output FILE keeps what it said");
	return 125;
}
