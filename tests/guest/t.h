/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every guest program uses. A program prints one line for each call it makes; the same program is run natively and in husk and what it prints
 * must agree byte for byte. Calls are raw (no libc between the program and the kernel), so that every variant of a program prints the same.
 *
 *   T(read, fd, buf, 4)    make the call, print `read(fd, buf, 4) = 4` or `… = EBADF`; the value is the kernel's (-errno on failure)
 *   TQ(getpid)             the same, but a success is printed as `ok`: for values that vary (pids, addresses, times)
 *   S(read, fd, buf, 4)    make the call and print nothing
 *   OK(x > 3)              print `x > 3: ok` or `x > 3: BAD!`, which fails the test, natively too
 *   T_BAD(t_in, …bad…)     T once for each bad address of a set (t_in: not readable; t_out: not writable), which is `bad` in the arguments
 */
#ifndef T_H
#define T_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* musl names some calls by macros. */
#undef pread64
#undef pwrite64
#undef lseek64
#undef fstatfs64
#undef sendfile64
#undef prlimit64

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

#define T_PAGE   4096UL
#define T_UNUSED __attribute__((unused))

/* clang-format cannot make up its mind about lists of X(…). */
/* clang-format off */
#define T_ERRNOS(X) \
	X(EPERM) X(ENOENT) X(ESRCH) X(EINTR) X(EIO) X(ENXIO) X(E2BIG) X(ENOEXEC) X(EBADF) X(ECHILD) \
	X(EAGAIN) X(ENOMEM) X(EACCES) X(EFAULT) X(ENOTBLK) X(EBUSY) X(EEXIST) X(EXDEV) X(ENODEV) X(ENOTDIR) \
	X(EISDIR) X(EINVAL) X(ENFILE) X(EMFILE) X(ENOTTY) X(ETXTBSY) X(EFBIG) X(ENOSPC) X(ESPIPE) X(EROFS) \
	X(EMLINK) X(EPIPE) X(EDOM) X(ERANGE) X(EDEADLK) X(ENAMETOOLONG) X(ENOLCK) X(ENOSYS) X(ENOTEMPTY) \
	X(ELOOP) X(ENODATA) X(ETIME) X(EOVERFLOW) X(EILSEQ) X(ENOTSOCK) X(EDESTADDRREQ) X(EMSGSIZE) \
	X(EPROTOTYPE) X(ENOPROTOOPT) X(EPROTONOSUPPORT) X(ESOCKTNOSUPPORT) X(EOPNOTSUPP) X(EPFNOSUPPORT) \
	X(EAFNOSUPPORT) X(EADDRINUSE) X(EADDRNOTAVAIL) X(ENETDOWN) X(ENETUNREACH) X(ECONNABORTED) \
	X(ECONNRESET) X(ENOBUFS) X(EISCONN) X(ENOTCONN) X(ETIMEDOUT) X(ECONNREFUSED) X(EALREADY) \
	X(EINPROGRESS) X(ESTALE) X(EDQUOT) X(ECANCELED)
/* clang-format on */

static int t_bads;

static inline long t_sys(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static T_UNUSED const char *t_errname(long r)
{
	static char other[32];

#define X(e)                                                                                                           \
	if (r == -e)                                                                                                   \
		return #e;
	T_ERRNOS(X)
#undef X
	snprintf(other, sizeof(other), "errno %ld", -r);
	return other;
}

static T_UNUSED long t_show(const char *call, const char *what, long r)
{
	if (r < 0 && r > -4096)
		printf("%s%s = %s\n", call, what, t_errname(r));
	else
		printf("%s%s = %ld\n", call, what, r);
	return r;
}

static T_UNUSED long t_show_quiet(const char *call, long r)
{
	if (r < 0 && r > -4096)
		printf("%s = %s\n", call, t_errname(r));
	else
		printf("%s = ok\n", call);
	return r;
}

#define T_C(x)                                     ((long)(x))
#define T_S0(nr)                                   t_sys(nr, 0, 0, 0, 0, 0, 0)
#define T_S1(nr, a)                                t_sys(nr, T_C(a), 0, 0, 0, 0, 0)
#define T_S2(nr, a, b)                             t_sys(nr, T_C(a), T_C(b), 0, 0, 0, 0)
#define T_S3(nr, a, b, c)                          t_sys(nr, T_C(a), T_C(b), T_C(c), 0, 0, 0)
#define T_S4(nr, a, b, c, d)                       t_sys(nr, T_C(a), T_C(b), T_C(c), T_C(d), 0, 0)
#define T_S5(nr, a, b, c, d, e)                    t_sys(nr, T_C(a), T_C(b), T_C(c), T_C(d), T_C(e), 0)
#define T_S6(nr, a, b, c, d, e, f)                 t_sys(nr, T_C(a), T_C(b), T_C(c), T_C(d), T_C(e), T_C(f))
#define T_PICK(_0, _1, _2, _3, _4, _5, _6, n, ...) n
#define T_SYS(...)                                 T_PICK(__VA_ARGS__, T_S6, T_S5, T_S4, T_S3, T_S2, T_S1, T_S0, )(__VA_ARGS__)
#define S(name, ...)                               T_SYS(SYS_##name, ##__VA_ARGS__)
#define T(name, ...)                               t_show(#name "(" #__VA_ARGS__ ")", "", S(name, ##__VA_ARGS__))
#define TQ(name, ...)                              t_show_quiet(#name "(" #__VA_ARGS__ ")", S(name, ##__VA_ARGS__))
#define OK(cond)                                   t_ok(#cond, (cond))
#define T_BAD(set, call, ...)                                                                                          \
	for (const struct t_ptr *tp_ = set(); tp_->name; tp_++) {                                                      \
		char *bad T_UNUSED = tp_->p;                                                                           \
		t_show(#call "(" #__VA_ARGS__ ") bad=", tp_->name, S(call, ##__VA_ARGS__));                            \
	}

static T_UNUSED bool t_ok(const char *what, bool good)
{
	printf("%s: %s\n", what, good ? "ok" : "BAD!");
	t_bads += !good;
	return good;
}

/* For helper steps that must work: says what failed and ends the program. */
static T_UNUSED long t_must(const char *what, long r)
{
	if (r < 0 && r > -4096) {
		printf("%s: %s: BAD!\n", what, t_errname(r));
		fflush(stdout);
		_exit(3);
	}
	return r;
}

#define MUST(name, ...) t_must(#name "(" #__VA_ARGS__ ")", S(name, ##__VA_ARGS__))

/* Two pages, the second without access: the address of n bytes that end with the first. Filled with 'a'. */
static T_UNUSED char *t_edge(size_t n)
{
	char *p = (char *)MUST(mmap, 0, 2 * T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 'a', T_PAGE);
	MUST(mprotect, p + T_PAGE, T_PAGE, PROT_NONE);
	return p + T_PAGE - n;
}

struct t_ptr {
	const char *name;
	char *p;
};

static T_UNUSED struct t_ptr *t_set(void)
{
	static struct t_ptr set[12];
	static char *hole, *none, *ro, *last;
	unsigned n = 0;

	if (!hole) {
		hole = (char *)MUST(mmap, 0, T_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		none = t_edge(0);
		ro = (char *)MUST(mmap, 0, T_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	last = t_edge(1);
	set[n++] = (struct t_ptr){ "null", NULL };
	set[n++] = (struct t_ptr){ "one", (char *)1 };
	set[n++] = (struct t_ptr){ "no-access", hole };
	set[n++] = (struct t_ptr){ "after-page", none };
	set[n++] = (struct t_ptr){ "straddle", last };
	set[n++] = (struct t_ptr){ "above-64TiB", (char *)0x400000001000 };
	set[n++] = (struct t_ptr){ "non-canonical", (char *)0x8000000000000000 };
	set[n++] = (struct t_ptr){ "kernel", (char *)0xffff888000001000 };
	set[n++] = (struct t_ptr){ "top", (char *)0xfffffffffffffff8 };
	set[n] = (struct t_ptr){ "read-only", ro };
	set[n + 1] = (struct t_ptr){ NULL, NULL };
	return set;
}

/* Addresses that cannot be written: all of them. */
static T_UNUSED const struct t_ptr *t_out(void)
{
	return t_set();
}

/* Addresses that cannot be read: the read-only page is left out. */
static T_UNUSED const struct t_ptr *t_in(void)
{
	struct t_ptr *set = t_set();
	unsigned n = 0;

	while (strcmp(set[n].name, "read-only"))
		n++;
	set[n].name = NULL;
	return set;
}

/* The same without NULL, for pointers that may be absent. */
static T_UNUSED const struct t_ptr *t_in_opt(void)
{
	return t_in() + 1;
}

static T_UNUSED const struct t_ptr *t_out_opt(void)
{
	return t_out() + 1;
}

/* A file with these contents, mode 0644. */
static T_UNUSED void t_file(const char *name, const char *text)
{
	long fd = MUST(open, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	MUST(write, fd, text, strlen(text));
	MUST(close, fd);
}

/* The size of a file, or -errno. */
static T_UNUSED long t_size(const char *name)
{
	struct stat st;
	long r = S(stat, name, &st);

	return r < 0 ? r : (long)st.st_size;
}

static T_UNUSED long t_mode(const char *name)
{
	struct stat st;
	long r = S(lstat, name, &st);

	return r < 0 ? r : (long)st.st_mode;
}

/* Bytes so that a reader sees what they are: text as it is, the rest as \xNN. */
static T_UNUSED void t_bytes(const char *what, const void *p, long n)
{
	const unsigned char *c = p;

	printf("%s: \"", what);
	for (long i = 0; i < n; i++)
		printf(c[i] >= ' ' && c[i] < 127 ? "%c" : "\\x%02x", c[i]);
	printf("\"\n");
}

/* "a/a/…" or "aaa…" of n characters. */
static T_UNUSED char *t_name(size_t n)
{
	char *s = malloc(n + 1);

	memset(s, 'n', n);
	s[n] = 0;
	return s;
}

static T_UNUSED char *t_long_path(size_t n)
{
	char *s = t_name(n);

	for (size_t i = 1; i < n; i += 2)
		s[i - 1] = '.', s[i] = '/';
	return s;
}

/* Line by line, so that what was printed before a crash is seen. */
static T_UNUSED void t_begin(void)
{
	static char buf[4096];

	setvbuf(stdout, buf, _IOLBF, sizeof(buf));
	umask(022);
}

static T_UNUSED int t_end(void)
{
	fflush(stdout);
	return t_bads ? 1 : 0;
}

#define MAIN                                                                                                           \
	static void test(int argc, char **argv);                                                                       \
	int main(int argc, char **argv)                                                                                \
	{                                                                                                              \
		t_begin();                                                                                             \
		test(argc, argv);                                                                                      \
		return t_end();                                                                                        \
	}                                                                                                              \
	static void test(int argc T_UNUSED, char **argv T_UNUSED)

#endif
