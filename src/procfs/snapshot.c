/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made-up content as a descriptor: a memory file whose name tells the path it stands for. Its descriptors are the guest's, so while one is being
 * made two numbers are taken: with one left below the limit the open fails with EMFILE, where Linux would have succeeded.
 */
#include "procfs/internal.h"

#include "base/hostcall.h"
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/single_threaded.h>

#define NAME_PREFIX "proc:"
#define LINK_PREFIX "/memfd:" NAME_PREFIX
#define LINK_SUFFIX " (deleted)"

static int read_host(const char *path, struct hk_strbuf *out)
{
	HK_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	HK_FREE char *buf = malloc(1 << 16);
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (!buf)
		return -ENOMEM;
	while ((n = read(fd, buf, 1 << 16)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		hk_strbuf_add(out, buf, (size_t)n);
		if (out->cut)
			return -ENOMEM;
	}
	return 0;
}

struct reading {
	const char *path;
	struct hk_strbuf *out;
	int result;
};

static void *read_apart(void *arg)
{
	struct reading *r = arg;

	r->result = unshare(CLONE_FILES) ? -errno : read_host(r->path, r->out);
	return NULL;
}

/*
 * The file shows what the guest shall not see, and its descriptor is low: where there may be other threads, it is opened in a descriptor table that they
 * do not have.
 */
int proc_host_read(const char *path, struct hk_strbuf *out)
{
	struct reading reading = { path, out, 0 };
	uint64_t all = ~0UL, mask;
	pthread_t helper;
	int r;

	if (__libc_single_threaded)
		return read_host(path, out);
	hk_hostcall_sure(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, 8);
	r = pthread_create(&helper, NULL, read_apart, &reading);
	hk_hostcall_sure(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
	if (r)
		return -r;
	pthread_join(helper, NULL);
	return reading.result;
}

/* A second description of the memory file, with the guest's access mode and position 0, on the first one's number. */
static int reopen(int memfd, int flags)
{
	char link[40];
	int fd, r;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", memfd);
	fd = open(link, flags & (O_ACCMODE | O_NONBLOCK | O_APPEND | O_CLOEXEC));
	if (fd < 0)
		return -errno;
	r = dup3(fd, memfd, flags & O_CLOEXEC) < 0 ? -errno : memfd;
	close(fd);
	return r;
}

int proc_snapshot(const char *path, const struct hk_strbuf *content, int flags)
{
	char name[249]; /* the kernel's bound, NUL included less its own prefix */
	int fd, r;

	snprintf(name, sizeof(name), NAME_PREFIX "%s", path);
	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	r = content->len ? hk_write_all(fd, content->data, content->len) : 0;
	/* the superuser may open a read-only file for writing; a write then fails */
	if (r == 0 &&
	    (fchmod(fd, 0444) || fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)))
		r = -errno;
	if (r == 0)
		r = reopen(fd, flags);
	if (r < 0)
		close(fd);
	return r;
}

int64_t procfs_empty(const char *path, int flags)
{
	char name[64];
	int fd, r;

	snprintf(name, sizeof(name), NAME_PREFIX "%s", path);
	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	r = fchmod(fd, 0600) || fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
		    ? -errno
		    : reopen(fd, flags);
	if (r < 0)
		close(fd);
	return r;
}

bool proc_snapshot_name(char *link)
{
	size_t len = strlen(link), pre = strlen(LINK_PREFIX), suf = strlen(LINK_SUFFIX);

	if (len <= pre + suf || strncmp(link, LINK_PREFIX, pre) != 0 ||
	    (strncmp(link + pre, "/proc", 5) != 0 && strncmp(link + pre, "/dev/kmsg", 9) != 0) ||
	    strcmp(link + len - suf, LINK_SUFFIX) != 0)
		return false;
	len -= pre + suf;
	memmove(link, link + pre, len);
	link[len] = '\0';
	return true;
}
