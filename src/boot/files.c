/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's files: regular files below --dir, and nothing else of the host's. The host kernel keeps the paths inside (RESOLVE_BENEATH). */
#include "boot/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

_Static_assert(HUSK_BOOT_WRONLY == O_WRONLY && HUSK_BOOT_RDWR == O_RDWR && HUSK_BOOT_CREAT == O_CREAT &&
		       HUSK_BOOT_TRUNC == O_TRUNC && HUSK_BOOT_APPEND == O_APPEND,
	       "the flags are Linux's");

#define FLAGS (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND)

int boot_files_init(struct boot_files *f, const char *dir)
{
	for (int i = 0; i < HUSK_BOOT_FILES; i++)
		f->fd[i] = -1;
	f->dir = -1;
	if (!dir)
		return 0;
	f->dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return f->dir < 0 ? -errno : 0;
}

void boot_files_close(struct boot_files *f)
{
	for (int i = 0; i < HUSK_BOOT_FILES; i++)
		if (f->fd[i] >= 0)
			close(f->fd[i]);
	if (f->dir >= 0)
		close(f->dir);
}

/* The guest's string, at most `size` bytes with its NUL. */
static int get_string(struct boot *b, const struct bare_state *s, uint64_t va, char *out, size_t size)
{
	for (size_t n = 0; n < size;) {
		uint64_t len = size - n;
		const uint8_t *p = boot_chunk(&b->vm, s, va + n, false, &len);
		const uint8_t *end;

		if (!p)
			return -EFAULT;
		end = memchr(p, 0, len);
		memcpy(out + n, p, end ? (size_t)(end - p) + 1 : len);
		if (end)
			return 0;
		n += len;
	}
	return -ENAMETOOLONG;
}

static int open_beneath(const struct boot_files *f, const char *path, uint32_t flags)
{
	struct open_how how = { .flags = (flags & FLAGS) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
				.mode = flags & O_CREAT ? 0666 : 0,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	struct stat st;
	int fd;

	if (f->dir < 0)
		return -EACCES;
	if (flags & ~(uint32_t)FLAGS || (flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	do
		fd = (int)syscall(SYS_openat2, f->dir, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN); /* others rename below --dir */
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EACCES; /* a pipe or a device could make the monitor wait, or do more than store bytes */
	}
	return fd;
}

static int op_open(struct boot *b, const struct bare_state *s, const struct husk_boot_file *c, struct hk_strbuf *what)
{
	char path[PATH_MAX];
	int i = 0, r = get_string(b, s, c->a, path, sizeof(path));

	if (r)
		return r;
	hk_strbuf_printf(what, "open \"%.200s\" flags %#x", path, c->b);
	while (i < HUSK_BOOT_FILES && b->files.fd[i] >= 0)
		i++;
	if (i == HUSK_BOOT_FILES)
		return -EMFILE;
	r = open_beneath(&b->files, path, c->b);
	if (r < 0)
		return r;
	b->files.fd[i] = r;
	return i;
}

static int file_of(const struct boot *b, uint32_t fd)
{
	return fd < HUSK_BOOT_FILES && b->files.fd[fd] >= 0 ? b->files.fd[fd] : -EBADF;
}

/* Page by page, straight into or out of the guest's memory. A fault or an error after some bytes is reported as those bytes, as Linux does. */
static int op_transfer(struct boot *b, const struct bare_state *s, const struct husk_boot_file *c, bool read_it)
{
	uint32_t left = (uint32_t)hk_min(c->c, HUSK_BOOT_TRANSFER_MAX);
	int fd = file_of(b, c->a), done = 0;

	if (fd < 0)
		return fd;
	while (left) {
		uint64_t len = left;
		uint8_t *p = boot_chunk(&b->vm, s, (uint64_t)c->b + (uint32_t)done, read_it, &len);
		ssize_t n;

		if (!p)
			return done ? done : -EFAULT;
		n = read_it ? read(fd, p, len) : write(fd, p, len);
		if (n < 0)
			return done ? done : -errno;
		done += (int)n;
		left -= (uint32_t)n;
		if ((uint64_t)n < len)
			break;
	}
	return done;
}

static int op_close(struct boot *b, const struct husk_boot_file *c)
{
	int fd = file_of(b, c->a);

	if (fd < 0)
		return fd;
	b->files.fd[c->a] = -1;
	return close(fd) ? -errno : 0;
}

int boot_file_call(struct boot *b, const struct bare_state *s, uint64_t va, struct hk_strbuf *what)
{
	static const char *const names[] = { "open", "read", "write", "close" };
	struct husk_boot_file c;
	int r = boot_copy_in(&b->vm, s, &c, va, sizeof(c));

	if (r)
		return r;
	switch (c.op) {
	case HUSK_BOOT_OPEN:
		r = op_open(b, s, &c, what);
		break;
	case HUSK_BOOT_READ:
	case HUSK_BOOT_WRITE:
		hk_strbuf_printf(what, "%s %u address %#x %u bytes", names[c.op], c.a, c.b, c.c);
		r = op_transfer(b, s, &c, c.op == HUSK_BOOT_READ);
		break;
	case HUSK_BOOT_CLOSE:
		hk_strbuf_printf(what, "close %u", c.a);
		r = op_close(b, &c);
		break;
	default:
		hk_strbuf_printf(what, "file operation %u", c.op);
		r = -ENOSYS;
		break;
	}
	hk_strbuf_printf(what, " = %d", r);
	c.result = r;
	return boot_copy_out(&b->vm, s, va + offsetof(struct husk_boot_file, result), &c.result, sizeof(c.result));
}
