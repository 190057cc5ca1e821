/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execve, execveat: the path opened, the strings copied. What the file is and whether it may be run is kern/exec.h's business; the new program is started by
 * monitor/, behind kern/spawn.h.
 */
#include "syscalls/at.h"
#include "syscalls/handlers.h"
#include "syscalls/openexec.h"

#include "base/strbuf.h"
#include "mm/uaccess.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STRING_MOST (32 * HK_PAGE_SIZE) /* MAX_ARG_STRLEN, the NUL included */
#define BYTES_MOST                                                                                                     \
	(6UL << 20) /* of all strings and pointers together: three quarters of the kernel's own stack limit */

/* argv and envp: the pointers in one growing array, the strings in another. */
struct strings {
	struct hk_strbuf bytes;
	size_t *at; /* where each string starts in bytes; NONE ends an array */
	size_t n, cap;
};

#define NONE SIZE_MAX

static void strings_free(struct strings *s)
{
	hk_strbuf_free(&s->bytes);
	free(s->at);
}

static int strings_add(struct strings *s, size_t at)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64, *p = realloc(s->at, cap * sizeof(*p));

		if (!p)
			return -ENOMEM;
		s->at = p;
		s->cap = cap;
	}
	s->at[s->n++] = at;
	return 0;
}

static int copy_string(struct strings *s, uint64_t from, char *buf)
{
	size_t at = s->bytes.len;
	ssize_t n = guest_str(buf, GVA(from), STRING_MOST);

	if (n < 0)
		return n == -ENAMETOOLONG ? -E2BIG : (int)n;
	hk_strbuf_add(&s->bytes, buf, (size_t)n + 1);
	if (s->bytes.len + s->n * sizeof(uint64_t) > BYTES_MOST)
		return -E2BIG;
	return s->bytes.cut ? -ENOMEM : strings_add(s, at);
}

/* The NULL-terminated array at guest address a; NULL is an empty one, as for Linux, and an empty argv becomes one of an empty string. */
static int copy_strings(struct strings *s, uint64_t a, bool some)
{
	size_t before = s->n;
	char *buf HK_FREE = malloc(STRING_MOST);
	int r = buf ? 0 : -ENOMEM;

	for (uint64_t p; r == 0 && a; a += sizeof(p)) {
		r = get_guest(&p, GVA(a));
		if (r || !p)
			break;
		r = copy_string(s, p, buf);
	}
	if (r == 0 && some && s->n == before) {
		r = strings_add(s, s->bytes.len);
		hk_strbuf_add(&s->bytes, "", 1);
	}
	return r ? r : strings_add(s, NONE);
}

/* All of it in one malloc'ed block, the arrays first. */
static void *pack(const struct strings *s, struct exec_program *p)
{
	char **v = malloc(s->n * sizeof(*v) + s->bytes.len), *bytes = (char *)(v + s->n);
	size_t i = 0;

	if (!v)
		return NULL;
	memcpy(bytes, s->bytes.data, s->bytes.len);
	for (; i < s->n; i++)
		v[i] = s->at[i] == NONE ? NULL : bytes + s->at[i];
	for (i = 0; v[i]; i++)
		;
	p->argv = v;
	p->envp = v + i + 1;
	return v;
}

/* How the program is to be called: its name, or the descriptor that it is found by. */
static void called(char out[PATH_MAX + 32], int dirfd, const char *name)
{
	if (name[0] == '/' || dirfd == AT_FDCWD)
		strcpy(out, name);
	else if (name[0])
		sprintf(out, "/dev/fd/%d/%s", dirfd, name);
	else
		sprintf(out, "/dev/fd/%d", dirfd);
}

static int64_t open_program(struct hk_task *t, uint64_t dirfd, uint64_t name_at, const char *name, int flags)
{
	char link[40];

	if (name[0])
		return open_for_exec(t, dirfd, name_at, flags & AT_SYMLINK_NOFOLLOW);
	if (!(flags & AT_EMPTY_PATH))
		return -ENOENT;
	if ((int)dirfd == AT_FDCWD)
		return -EACCES; /* a directory */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", (int)dirfd);
	if (hk_hostcall_sure(SYS_fcntl, dirfd, F_GETFD) < 0)
		return -EBADF;
	return hk_hostcall_sure(SYS_openat, AT_FDCWD, link, O_PATH | O_CLOEXEC, 0);
}

static int copy_program(uint64_t argv, uint64_t envp, struct exec_program *p, void **block)
{
	struct strings s = { 0 };
	int r = copy_strings(&s, argv, true);

	if (r == 0)
		r = copy_strings(&s, envp, false);
	if (r == 0 && !(*block = pack(&s, p)))
		r = -ENOMEM;
	strings_free(&s);
	return r;
}

/* As Linux: the program is opened first, then its arguments are looked at. */
static int64_t exec_opened(struct hk_task *t, uint64_t dirfd, const char *name, const uint64_t a[3], int fd)
{
	char path[PATH_MAX + 32];
	struct exec_program program = { .path = path, .fd = fd };
	int64_t r = copy_program(a[1], a[2], &program, &t->leftover);

	if (r) {
		close(fd);
		return r;
	}
	called(path, (int)dirfd, name);
	program.closes = strncmp(path, name, PATH_MAX) && hk_hostcall_sure(SYS_fcntl, dirfd, F_GETFD) > 0;
	return t->proc->spawn->exec(t, &program);
}

static int64_t do_exec(struct hk_task *t, uint64_t dirfd, const uint64_t a[3], int flags)
{
	char name[PATH_MAX];
	int64_t r = guest_str(name, GVA(a[0]), sizeof(name));

	if (!t->proc->spawn || !t->proc->spawn->exec) {
		task_note(t, "no new programs here");
		return -ENOSYS;
	}
	/* An exec needs no number of a descriptor; ours, its successor and that one's libraries do. */
	fd_guard_room(&t->proc->fds);
	if (r >= 0)
		r = open_program(t, dirfd, a[0], name, flags);
	if (r >= 0)
		r = exec_opened(t, dirfd, name, a, (int)r);
	fd_guard_room_end(&t->proc->fds);
	free(t->leftover);
	t->leftover = NULL;
	return r;
}

int64_t sys_execve(struct hk_task *t, const uint64_t a[6])
{
	return do_exec(t, (uint64_t)AT_FDCWD, a, 0);
}

int64_t sys_execveat(struct hk_task *t, const uint64_t a[6])
{
	int flags = (int)a[4];

	if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	return do_exec(t, a[0], a + 1, flags);
}
