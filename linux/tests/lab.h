/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the three system calls use. Their output is the same wherever the calls are right: no process ids, no addresses, no times.
 *   CHECK(sum == 7)                      prints "ok sum == 7", or "BAD sum == 7 …" with the line, and counts
 *   FAILS(get_ptree(NULL, &n, 1), EINVAL)   the same for a call that must return -1 with that errno
 *   return done("ptree");                prints "ptree: N passed, N failed"
 */
#ifndef LAB_H
#define LAB_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <husk/guest.h>

#define PAGE 4096UL

static int lab_passed, lab_failed;

/* What was printed is seen even if the program is killed. */
static void __attribute__((constructor)) lab_lines(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}

static inline bool lab_check(bool good, const char *what, const char *file, int line)
{
	if (good)
		printf("ok %s\n", what);
	else
		printf("BAD %s (%s:%d)\n", what, file, line);
	*(good ? &lab_passed : &lab_failed) += 1;
	return good;
}

static inline bool lab_fails(long result, int error, const char *what, const char *name, const char *file, int line)
{
	bool good = result == -1 && errno == error;

	if (good)
		printf("ok %s = %s\n", what, name);
	else
		printf("BAD %s = %ld, %s, not %s (%s:%d)\n", what, result, result == -1 ? strerror(errno) : "no error",
		       name, file, line);
	*(good ? &lab_passed : &lab_failed) += 1;
	return good;
}

#define CHECK(x)        lab_check(x, #x, __FILE__, __LINE__)
#define FAILS(x, error) lab_fails(x, error, #x, #error, __FILE__, __LINE__)

/* Ends the program: what has to work for the test to make sense did not. */
static inline void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("BAD cannot go on: ");
	vprintf(format, args);
	printf(" (%s)\n", strerror(errno));
	exit(2);
}

static inline int done(const char *name)
{
	printf("%s: %d passed, %d failed\n", name, lab_passed, lab_failed);
	return lab_failed || !lab_passed;
}

static inline char *map(size_t size, int protection, int flags)
{
	char *p = mmap(NULL, size, protection, flags, -1, 0);

	if (p == MAP_FAILED)
		die("mmap of %zu bytes", size);
	return p;
}

static inline void touch(volatile char *pages, int first, int count)
{
	for (int i = first; i < first + count; i++)
		pages[i * PAGE] = 1;
}

/*
 * Forks a process with this name; `true` in the child, which counts its own checks. What is printed is printed once: nothing may be left in
 * stdio's buffer.
 */
static inline bool child(const char *name, pid_t *pid)
{
	fflush(stdout);
	*pid = fork();
	if (*pid < 0)
		die("fork");
	if (*pid)
		return false;
	lab_passed = lab_failed = 0;
	prctl(PR_SET_PDEATHSIG, 9);
	if (name)
		prctl(PR_SET_NAME, name);
	return true;
}

static inline void end(pid_t pid)
{
	kill(pid, 9);
	if (waitpid(pid, NULL, 0) != pid)
		die("waitpid");
}

#endif
