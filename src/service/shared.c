/* SPDX-License-Identifier: Apache-2.0 */
#include "service/shared.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINK "/memfd:" FAMILY_NAME " (deleted)"

int shared_open(pid_t supervisor, int how)
{
	char path[40], is[sizeof(LINK) + 1];
	struct dirent *e;
	DIR *dir;
	int fd = -ENOENT;

	snprintf(path, sizeof(path), "/proc/%d/fd", supervisor);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (fd < 0 && (e = readdir(dir))) {
		ssize_t n =
			isdigit((unsigned char)e->d_name[0]) ? readlinkat(dirfd(dir), e->d_name, is, sizeof(is)) : 0;

		if (n == sizeof(LINK) - 1 && !memcmp(is, LINK, sizeof(LINK) - 1))
			fd = openat(dirfd(dir), e->d_name, how | O_CLOEXEC);
	}
	closedir(dir);
	return fd;
}

/* By read, not mapped: a monitor can cut the file short. */
static int copy(int fd, void *to, size_t size, size_t from)
{
	ssize_t n = pread(fd, to, size, (off_t)from);

	return n < 0 ? -errno : (size_t)n == size ? 0 : -EINVAL;
}

struct family *shared_copy(int fd)
{
	struct family *f = malloc(sizeof(*f));
	int r = f ? copy(fd, f, sizeof(*f), 0) : -ENOMEM;

	/* A husk of another version may have started it. */
	if (r == 0 && (f->magic != FAMILY_MAGIC || f->size != sizeof(*f)))
		r = -EINVAL;
	if (r == 0)
		return f;
	free(f);
	errno = -r;
	return NULL;
}

int shared_copy_log(int fd, struct klog *log)
{
	uint32_t head[2];
	int r = copy(fd, head, sizeof(head), 0);

	if (r == 0 && (head[0] != FAMILY_MAGIC || head[1] != sizeof(struct family)))
		r = -EINVAL;
	return r ?: copy(fd, log, sizeof(*log), offsetof(struct family, log));
}
