/* SPDX-License-Identifier: Apache-2.0 */
#include "syscalls/kmsg.h"

#include "base/strbuf.h"
#include "kern/family.h"
#include "mm/uaccess.h"
#include "procfs/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define KMSG_PATH  "/dev/kmsg"
#define KMSG_RDEV  makedev(1, 11)
#define WRITE_MOST 976  /* Linux: LOG_LINE_MAX */
#define USER_INFO  0x0c /* facility user, level warning: what a line without <N> has */

/* ---- which descriptors, which names ---- */

/* A device of the host's, or the file that stands for it in a sandbox. */
bool kmsg_is_path(const struct hk_path *p)
{
	const char *base = strrchr(p->name, '/');
	struct stat st, ours;

	if (strcmp(base ? base + 1 : p->name, "kmsg") || fstatat(p->dirfd, p->name, &st, 0))
		return false;
	if (S_ISCHR(st.st_mode))
		return st.st_rdev == KMSG_RDEV;
	return S_ISREG(st.st_mode) && stat(KMSG_PATH, &ours) == 0 && ours.st_dev == st.st_dev &&
	       ours.st_ino == st.st_ino;
}

bool kmsg_is_fd(const struct hk_task *t, uint64_t fd)
{
	char path[40], link[64];
	ssize_t n;

	if (!__atomic_load_n(&t->proc->has_kmsg, __ATOMIC_RELAXED))
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)fd);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return false;
	link[n] = '\0';
	return strcmp(link, "/memfd:proc:" KMSG_PATH " (deleted)") == 0;
}

int64_t kmsg_open(struct hk_task *t, uint64_t flags)
{
	if (!t->proc->family)
		return -ENOENT;
	/* As its mode says, 0644 and root's. */
	if ((flags & O_ACCMODE) != O_RDONLY && geteuid() != 0)
		return -EACCES;
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	__atomic_store_n(&t->proc->has_kmsg, true, __ATOMIC_RELAXED);
	return procfs_empty(KMSG_PATH, (int)flags);
}

/* ---- reading ---- */

static void format(struct hk_strbuf *out, uint64_t number, const struct klog_record *r)
{
	hk_strbuf_printf(out, "%u,%lu,%lu,-;", r->prio, number - 1, r->us);
	for (uint32_t i = 0; i < r->len; i++) {
		unsigned char c = (unsigned char)r->text[i];

		if (c < ' ' || c >= 127 || c == '\\')
			hk_strbuf_printf(out, "\\x%02x", c);
		else
			hk_strbuf_add(out, &r->text[i], 1);
	}
	hk_strbuf_puts(out, "\n");
}

/* The first record behind `at` that is there; waits for one. Its number or -errno. */
static int64_t await(struct klog *log, uint64_t at, bool wait, struct klog_record *record)
{
	for (;;) {
		uint32_t news = __atomic_load_n(&log->news, __ATOMIC_ACQUIRE);
		uint64_t n = klog_next(log, at, record);
		int64_t r;

		if (n)
			return (int64_t)n;
		if (!wait)
			return -EAGAIN;
		r = hk_hostcall(SYS_futex, &log->news, FUTEX_WAIT, news, 0, 0, 0);
		if (r && r != -EAGAIN)
			return r;
	}
}

int64_t kmsg_read(struct hk_task *t, const uint64_t a[6])
{
	int64_t flags = hk_hostcall_sure(SYS_fcntl, a[0], F_GETFL), at = hk_hostcall_sure(SYS_lseek, a[0], 0, SEEK_CUR);
	struct hk_strbuf text = { 0 };
	struct klog_record record;
	int64_t n;

	if (flags < 0 || at < 0 || (flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	n = await(&t->proc->family->log, (uint64_t)at, !(flags & O_NONBLOCK), &record);
	if (n < 0)
		return n;
	/* Some were overwritten before they were read: said once. */
	if (at > 0 && n != at + 1) {
		(void)hk_hostcall_sure(SYS_lseek, a[0], n - 1, SEEK_SET);
		return -EPIPE;
	}
	format(&text, (uint64_t)n, &record);
	if (text.cut)
		n = -ENOMEM;
	else if (text.len > a[2])
		n = -EINVAL;
	else if (copy_to_guest(GVA(a[1]), text.data, text.len))
		n = -EFAULT;
	else
		(void)hk_hostcall_sure(SYS_lseek, a[0], n, SEEK_SET);
	n = n < 0 ? n : (int64_t)text.len;
	hk_strbuf_free(&text);
	return n;
}

int64_t kmsg_lseek(struct hk_task *t, const uint64_t a[6])
{
	struct klog *log = &t->proc->family->log;
	uint64_t to;

	if (a[1])
		return -ESPIPE;
	if (a[2] == SEEK_SET)
		to = 0;
	else if (a[2] == SEEK_END)
		to = __atomic_load_n(&log->last, __ATOMIC_ACQUIRE);
	else if (a[2] == SEEK_DATA)
		to = __atomic_load_n(&log->cleared, __ATOMIC_ACQUIRE);
	else
		return -EINVAL;
	to = hk_min(to, (uint64_t)INT64_MAX);
	return hk_hostcall_sure(SYS_lseek, a[0], to, SEEK_SET) < 0 ? -ESPIPE : 0;
}

/* ---- writing ---- */

/* "<N>" before the text: facility and level; the kernel's own facility is nobody's to take. */
static unsigned take_prio(const char **text)
{
	unsigned prio = USER_INFO, n = 0;
	const char *p = *text;

	if (*p != '<' || p[1] < '0' || p[1] > '9')
		return prio;
	for (p++; *p >= '0' && *p <= '9' && n < 10000; p++)
		n = n * 10 + (unsigned)(*p - '0');
	if (*p != '>')
		return prio;
	*text = p + 1;
	return n >> 3 ? n & 0x7ff : (prio & ~7U) | n;
}

int64_t kmsg_write(struct hk_task *t, const uint64_t a[6])
{
	char text[WRITE_MOST + 1];
	const char *from = text;
	int64_t flags = hk_hostcall_sure(SYS_fcntl, a[0], F_GETFL);
	uint64_t len = a[2];
	unsigned prio;

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (len > WRITE_MOST)
		return -EINVAL;
	if (copy_from_guest(text, GVA(a[1]), len))
		return -EFAULT;
	while (len && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	prio = take_prio(&from);
	klog_say(&t->proc->family->log, prio, from, len - (uint64_t)(from - text));
	return (int64_t)a[2];
}
