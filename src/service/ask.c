/* SPDX-License-Identifier: Apache-2.0 */
#include "service/ask.h"

#include "service/registry.h"
#include "service/shared.h"
#include "service/tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS     500000
#define PATIENCE    10000 /* looks for an answer, or for more of one */
#define ANSWER_MOST (64UL << 20)

struct asked {
	struct sandbox_task task;
	pid_t supervisor;
};

/* ---- whom ---- */

static bool find_in(const struct sandbox *s, pid_t tid, struct asked *out)
{
	struct sandbox_task *list = NULL;
	int n = tasks_below(s->init, &list);
	bool found = false;

	for (int i = 0; i < n && !found; i++) {
		if (list[i].tid != tid)
			continue;
		*out = (struct asked){ .task = list[i], .supervisor = s->supervisor };
		found = true;
	}
	free(list);
	return found;
}

static int find(pid_t tid, struct asked *out, struct hk_err *err)
{
	struct sandbox *list = NULL;
	int n = registry_list(&list, err);
	bool found = false;

	for (int i = 0; i < n && !found; i++)
		found = find_in(&list[i], tid, out);
	free(list);
	if (n < 0)
		return n;
	return found ? 0 : hk_err_set(err, -ESRCH, "no sandbox of yours has a process or thread %d; see husk ps", tid);
}

/* ---- the file ---- */

#define AT(field) (offsetof(struct family, query) + offsetof(struct query, field))

static int get(int fd, void *to, size_t n, size_t from)
{
	return pread(fd, to, n, (off_t)from) == (ssize_t)n ? 0 : -EIO;
}

static int put(int fd, const void *data, size_t n, size_t to)
{
	return pwrite(fd, data, n, (off_t)to) == (ssize_t)n ? 0 : -EIO;
}

static int set_state(int fd, uint32_t state)
{
	return put(fd, &state, sizeof(state), AT(state));
}

/* Who asked before may have been killed, and a thread be waiting for it: it sees this, then goes on. */
static int leave_off(int fd)
{
	const struct timespec looks = { .tv_nsec = 4L * LOOK_NS };
	uint32_t state;

	if (get(fd, &state, sizeof(state), AT(state)))
		return -EIO;
	if (state == QUERY_NONE)
		return 0;
	if (set_state(fd, QUERY_NONE))
		return -EIO;
	clock_nanosleep(CLOCK_MONOTONIC, 0, &looks, NULL);
	return 0;
}

static int nudge(const struct asked *who, uint64_t value)
{
	siginfo_t info = { .si_signo = SIGBUS, .si_code = SI_QUEUE };

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_ptr = (void *)(uintptr_t)value;
	return syscall(SYS_rt_tgsigqueueinfo, who->task.pid, who->task.tid, SIGBUS, &info) ? -errno : 0;
}

static int open_query(const struct asked *who, uint64_t *value)
{
	uint32_t head[2];
	int fd = shared_open(who->supervisor, O_RDWR), r;

	if (fd < 0)
		return fd;
	r = get(fd, head, sizeof(head), 0) ?: get(fd, value, sizeof(*value), AT(nudge));
	if (r == 0 && (head[0] != FAMILY_MAGIC || head[1] != sizeof(struct family)))
		r = -EPROTO;
	/* Until who asked before us has its answer. */
	if (r == 0 && flock(fd, LOCK_EX))
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* ---- the answer ---- */

static void print(const char *text, size_t n, FILE *to)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		/* The C1 controls, too, as UTF-8 has them. */
		if ((c < ' ' && c != '\n' && c != '\t') || c == 127 ||
		    (c >= 0x80 && c < 0xa0 && (!i || (unsigned char)text[i - 1] == 0xc2)))
			c = '?';
		putc(c, to);
	}
}

/* The state once it is a part of the answer; or -errno. */
static int await_part(int fd)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };
	uint32_t state;

	for (int i = 0; i < PATIENCE; i++) {
		if (get(fd, &state, sizeof(state), AT(state)))
			return -EIO;
		if (state == QUERY_PARTS || state == QUERY_LAST)
			return (int)state;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &look, NULL);
	}
	return -ETIMEDOUT;
}

static int receive(int fd, FILE *to)
{
	char *part = malloc(QUERY_PART);
	size_t total = 0;
	uint32_t len;
	int state = 0, r = part ? 0 : -ENOMEM;

	while (r == 0 && state != QUERY_LAST) {
		state = await_part(fd);
		r = state < 0 ? state : get(fd, &len, sizeof(len), AT(len));
		if (r == 0 && (len > QUERY_PART || (total += len) > ANSWER_MOST))
			r = -EPROTO;
		if (r == 0)
			r = get(fd, part, len, AT(part));
		if (r)
			break;
		print(part, len, to);
		r = set_state(fd, QUERY_TAKEN);
	}
	free(part);
	return r;
}

int ask_thread(pid_t tid, const struct query_ask *ask, FILE *to, struct hk_err *err)
{
	struct asked who;
	uint64_t value;
	int fd, r = find(tid, &who, err);

	if (r)
		return r;
	fd = open_query(&who, &value);
	if (fd < 0)
		return hk_err_set(err, fd, "cannot ask the sandbox of %d: %s", tid, strerror(-fd));
	r = leave_off(fd) ?: put(fd, ask, sizeof(*ask), AT(ask));
	r = r ?: put(fd, &who.task.inside_tid, sizeof(int32_t), AT(tid));
	r = r ?: set_state(fd, QUERY_ASKED);
	r = r ?: nudge(&who, value);
	r = r ?: receive(fd, to);
	(void)set_state(fd, QUERY_NONE);
	close(fd);
	if (r == -ETIMEDOUT)
		return hk_err_set(err, r,
				  "thread %d does not answer: it has ended, waits for a child of vfork, or is none of "
				  "the program's",
				  tid);
	return r ? hk_err_set(err, r, "cannot ask thread %d: %s", tid, strerror(-r)) : 0;
}
