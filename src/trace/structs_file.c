/* SPDX-License-Identifier: Apache-2.0 */
/* What calls on files and memory point to: stat, statx, statfs, directory entries, iovec, file times, locks. */
#include "trace/flags.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <time.h>
#include <utime.h>

void dec_perm(struct dec *d, uint64_t mode)
{
	dec_printf(d, "%#03o", (unsigned)(mode & 07777));
}

void dec_mode(struct dec *d, uint64_t mode)
{
	const char *type = dec_name_of(&names_mode_type, mode & S_IFMT);

	if (type)
		dec_printf(d, "%s|", type);
	for (size_t i = 0; i < names_mode_bits.count; i++)
		if (mode & names_mode_bits.list[i].value)
			dec_printf(d, "%s|", names_mode_bits.list[i].name);
	if (!type && mode & S_IFMT)
		dec_printf(d, "%#o|", (unsigned)(mode & S_IFMT));
	dec_printf(d, "%#03o", (unsigned)(mode & 0777));
}

void dec_open_flags(struct dec *d, uint64_t flags)
{
	dec_puts(d, dec_name_of(&names_open_mode, flags & O_ACCMODE));
	dec_more_bits(d, &names_open, (uint32_t)flags & ~(uint32_t)O_ACCMODE);
}

bool dec_stat(struct dec *d, uint64_t a)
{
	struct stat st;

	if (!dec_load(a, &st))
		return false;
	dec_puts(d, "{st_mode=");
	dec_mode(d, st.st_mode);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		dec_printf(d, ", st_rdev=makedev(%#x, %#x), ...}", major(st.st_rdev), minor(st.st_rdev));
	else
		dec_printf(d, ", st_size=%ld, ...}", st.st_size);
	return true;
}

bool dec_statx(struct dec *d, uint64_t a)
{
	struct statx sx;

	if (!dec_load(a, &sx))
		return false;
	dec_puts(d, "{stx_mask=");
	dec_bits(d, &names_statx_mask, sx.stx_mask);
	dec_puts(d, ", stx_attributes=");
	dec_bits(d, &names_statx_attr, sx.stx_attributes);
	dec_puts(d, ", stx_mode=");
	dec_mode(d, sx.stx_mode);
	dec_printf(d, ", stx_size=%llu, ...}", (unsigned long long)sx.stx_size);
	return true;
}

bool dec_statfs(struct dec *d, uint64_t a)
{
	struct statfs fs;
	unsigned fsid[2];

	if (!dec_load(a, &fs))
		return false;
	__builtin_memcpy(fsid, &fs.f_fsid, sizeof(fsid));
	dec_puts(d, "{f_type=");
	dec_enum(d, &names_fs_magic, (uint64_t)fs.f_type);
	dec_printf(d, ", f_bsize=%ld, f_blocks=%lu, f_bfree=%lu, f_bavail=%lu, f_files=%lu, f_ffree=%lu",
		   (long)fs.f_bsize, fs.f_blocks, fs.f_bfree, fs.f_bavail, fs.f_files, fs.f_ffree);
	dec_printf(d, ", f_fsid={val=[%#x, %#x]}, f_namelen=%ld, f_frsize=%ld, f_flags=", fsid[0], fsid[1],
		   (long)fs.f_namelen, (long)fs.f_frsize);
	dec_bits(d, &names_st_flags, (uint64_t)fs.f_flags);
	dec_puts(d, "}");
	return true;
}

/* Entries are counted, not shown; a guest that puts in others meanwhile only miscounts. */
#define DIRENTS_SCAN 4096

static bool dirents(struct dec *d, uint64_t a)
{
	uint64_t off = 0, end = d->result < 0 ? 0 : (uint64_t)d->result;
	unsigned count = 0;
	uint16_t reclen;

	/* Both layouts: ino, off, reclen. */
	for (; off + 18 <= end && count < DIRENTS_SCAN; count++) {
		if (!dec_load(a + off + 16, &reclen))
			return false;
		if (reclen == 0)
			break;
		off += reclen;
	}
	dec_printf(d, "%#lx /* %u%s entries */", a, count, count == DIRENTS_SCAN ? "+" : "");
	return true;
}

bool dec_dirents(struct dec *d, uint64_t a)
{
	return dirents(d, a);
}

bool dec_dirents64(struct dec *d, uint64_t a)
{
	return dirents(d, a);
}

bool dec_openhow(struct dec *d, uint64_t a)
{
	struct open_how how;

	if (d->call->a[d->i + 1] < sizeof(how) || !dec_load(a, &how))
		return false;
	dec_puts(d, "{flags=");
	dec_open_flags(d, how.flags);
	if (how.mode || how.flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) {
		dec_puts(d, ", mode=");
		dec_perm(d, how.mode);
	}
	dec_puts(d, ", resolve=");
	dec_bits(d, &names_resolve, how.resolve);
	dec_puts(d, "}");
	return true;
}

/* *left: the bytes of data there are from here on. */
static void iov_elem(struct dec *d, const struct iovec *v, uint64_t *left)
{
	uint64_t base = (uint64_t)(uintptr_t)v->iov_base;
	uint64_t n = hk_min(v->iov_len, *left);

	dec_puts(d, "{iov_base=");
	if (!base || !dec_bytes(d, base, n, false))
		dec_addr(d, base);
	dec_printf(d, ", iov_len=%lu}", v->iov_len);
	*left -= n;
}

bool dec_iovecs(struct dec *d, uint64_t a, uint64_t count, uint64_t left)
{
	struct iovec v;

	if (count == 0) {
		dec_puts(d, "[]");
		return true;
	}
	if (!dec_load(a, &v))
		return false;
	dec_puts(d, "[");
	for (uint64_t i = 0; i < count && !d->out->cut; i++) {
		if (i)
			dec_puts(d, ", ");
		if (i == d->limit) {
			dec_puts(d, "...");
			break;
		}
		if (i && !dec_load(a + i * sizeof(v), &v)) {
			dec_printf(d, "... /* %#lx */", a + i * sizeof(v));
			break;
		}
		iov_elem(d, &v, &left);
	}
	dec_puts(d, "]");
	return true;
}

bool dec_iovec(struct dec *d, uint64_t a)
{
	return dec_iovecs(d, a, d->call->a[d->i + 1], d->leaving ? (uint64_t)d->result : UINT64_MAX);
}

/* The date as a comment, as strace does; UTC, because the monitor must not open /etc/localtime among the guest's descriptors. */
static void date_comment(struct dec *d, int64_t sec, long sub, int digits)
{
	struct tm tm;
	time_t t = sec;
	char text[64];

	if (!gmtime_r(&t, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		return;
	if (sub)
		dec_printf(d, " /* %s.%0*ld+0000 */", text, digits, sub);
	else
		dec_printf(d, " /* %s+0000 */", text);
}

static bool utime_ts(struct dec *d, const void *elem)
{
	const struct timespec *ts = elem;

	if (ts->tv_nsec == UTIME_NOW) {
		dec_puts(d, "UTIME_NOW");
	} else if (ts->tv_nsec == UTIME_OMIT) {
		dec_puts(d, "UTIME_OMIT");
	} else {
		dec_printf(d, "{tv_sec=%ld, tv_nsec=%ld}", ts->tv_sec, ts->tv_nsec);
		if (ts->tv_sec > 0 && ts->tv_nsec >= 0 && ts->tv_nsec < 1000000000)
			date_comment(d, ts->tv_sec, ts->tv_nsec, 9);
	}
	return true;
}

bool dec_utimes(struct dec *d, uint64_t a)
{
	return dec_array(d, a, 2, sizeof(struct timespec), utime_ts);
}

static bool utime_tv(struct dec *d, const void *elem)
{
	const struct timeval *tv = elem;

	dec_printf(d, "{tv_sec=%ld, tv_usec=%ld}", tv->tv_sec, tv->tv_usec);
	if (tv->tv_sec > 0 && tv->tv_usec >= 0 && tv->tv_usec < 1000000)
		date_comment(d, tv->tv_sec, tv->tv_usec, 6);
	return true;
}

bool dec_timeval2(struct dec *d, uint64_t a)
{
	return dec_array(d, a, 2, sizeof(struct timeval), utime_tv);
}

bool dec_utimbuf(struct dec *d, uint64_t a)
{
	struct utimbuf u;

	if (!dec_load(a, &u))
		return false;
	dec_printf(d, "{actime=%ld", u.actime);
	date_comment(d, u.actime, 0, 0);
	dec_printf(d, ", modtime=%ld", u.modtime);
	date_comment(d, u.modtime, 0, 0);
	dec_puts(d, "}");
	return true;
}

bool dec_flock(struct dec *d, uint64_t a)
{
	struct flock fl;

	if (!dec_load(a, &fl))
		return false;
	dec_puts(d, "{l_type=");
	dec_enum(d, &names_lock_type, (uint16_t)fl.l_type);
	dec_puts(d, ", l_whence=");
	dec_enum(d, &names_whence, (uint16_t)fl.l_whence);
	dec_printf(d, ", l_start=%ld, l_len=%ld", fl.l_start, fl.l_len);
	if (d->leaving)
		dec_printf(d, ", l_pid=%d", fl.l_pid);
	dec_puts(d, "}");
	return true;
}
