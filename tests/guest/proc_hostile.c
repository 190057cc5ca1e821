/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that wants the monitor's memory through /proc, by every spelling it can think of. Natively the same names open (so each is known to lead
 * where it says); in husk, which the program knows by its addresses, all of them must be refused. What is hidden must not be found.
 */
#include "t.h"

/* musl has no <linux/openat2.h> */
struct open_how {
	uint64_t flags, mode, resolve;
};
#define RESOLVE_NO_MAGICLINKS 2
#define RESOLVE_BENEATH       8
#define RESOLVE_IN_ROOT       16

static char pid_text[16];

/* In husk everything lies below 64 TiB; natively the stack does not. */
static bool in_husk(void)
{
	char local;

	return (unsigned long)&local < 64UL << 40;
}

/* What open gave for something that husk must refuse. */
static bool fine(long r)
{
	char byte;

	if (r >= 0) {
		S(read, r, &byte, 1);
		S(close, r);
	}
	return in_husk() ? r == -EACCES : r >= 0;
}

/* pattern with P for the pid, then the name. */
static const char *spell(const char *pattern, const char *name)
{
	static char path[512];
	size_t n = 0;

	for (; *pattern; pattern++)
		if (*pattern == 'P')
			n += (size_t)sprintf(path + n, "%s", pid_text);
		else
			path[n++] = *pattern;
	strcpy(path + n, name);
	return path;
}

/* EAGAIN: somebody on this machine renamed something meanwhile, and the kernel cannot tell whether it matters. */
static long scoped(long dir, const char *path, struct open_how *how)
{
	long r;

	do
		r = S(openat2, dir, path, how, sizeof(*how));
	while (r == -EAGAIN);
	return r;
}

static void try(const char *how, const char *name, long r)
{
	bool good = fine(r);

	printf("%s %s: %s", how, name, good ? "ok\n" : "BAD! ");
	if (!good)
		printf("%ld\n", r);
	t_bads += !good;
}

static const char *const secrets[] = { "mem", "pagemap" };
#define EACH(s) for (unsigned s = 0; s < sizeof(secrets) / sizeof(secrets[0]); s++)

static void spellings(void)
{
	static const char *const dirs[] = {
		"/proc/self/",
		"/proc/thread-self/",
		"/proc/P/",
		"/proc/self/task/P/",
		"/proc/P/task/P/",
		"//proc//self///",
		"/proc/./self/./",
		"/proc/self/../self/",
		"/proc/self/task/../",
		"/proc/self/task/P/../../",
		"/proc/thread-self/../../",
		"/./../proc/self/",
		"/dev/../proc/self/",
		"/proc/sys/../self/",
		"/proc/sys/kernel/../../self/",
		"/proc/net/../",
		"fds/../",
		"/proc/self/root/proc/self/",
		"/proc/self/root/../proc/P/",
		"/proc/self/root/proc/self/root/proc/thread-self/",
		"/proc/self/cwd/../../../../../../../../../../proc/self/",
		"/proc/self/fd/../",
		"/proc/self/ns/../",
		"/proc/thread-self/cwd/fds/../",
		"/proc/P/task/P/cwd/../../../../../../../../proc/P/",
	};

	for (unsigned d = 0; d < sizeof(dirs) / sizeof(dirs[0]); d++)
		EACH(s)
		{
			const char *path = spell(dirs[d], secrets[s]);

			try(dirs[d], secrets[s], S(open, path, O_RDONLY));
			if (s == 0) {
				try("write", "mem", S(open, path, O_RDWR));
				try("truncate", "mem", S(open, path, O_WRONLY | O_TRUNC | O_CLOEXEC, 0));
				try("no follow", "mem", S(openat, AT_FDCWD, path, O_RDWR | O_NOFOLLOW));
			}
		}
}

/* Names that say nothing: links, directories, the working directory, descriptors that could be opened again. */
static void roundabout(void)
{
	struct open_how how = { .flags = O_RDONLY };
	char link[64];
	long dir, fd, root = MUST(open, "/", O_RDONLY | O_DIRECTORY);

	EACH(s)
	{
		MUST(symlink, spell("/proc/self/", secrets[s]), "link");
		MUST(symlink, "link", "link2");
		try("link", secrets[s], S(open, "link", O_RDONLY));
		try("link to link", secrets[s], S(open, "link2", O_RDONLY));
		MUST(unlink, "link");
		MUST(unlink, "link2");

		MUST(symlink, "/proc/self", "dir");
		MUST(symlink, "dir/task", "dir2");
		try("directory link", secrets[s], S(open, spell("dir/", secrets[s]), O_RDONLY));
		try("directory link", secrets[s], S(open, spell("./dir/../self/", secrets[s]), O_RDONLY));
		try("two links", secrets[s], S(open, spell("dir2/P/", secrets[s]), O_RDONLY));
		try("links and dots", secrets[s], S(open, spell("dir2/../", secrets[s]), O_RDONLY));

		dir = MUST(open, "dir", O_RDONLY | O_DIRECTORY);
		try("openat", secrets[s], S(openat, dir, secrets[s], O_RDONLY));
		try("openat task", secrets[s], S(openat, dir, spell("task/P/", secrets[s]), O_RDONLY));
		sprintf(link, "/proc/self/fd/%ld/", dir);
		try("descriptor's link", secrets[s], S(open, spell(link, secrets[s]), O_RDONLY));
		how.resolve = RESOLVE_BENEATH;
		try("openat2", secrets[s], scoped(dir, secrets[s], &how));
		how.resolve = RESOLVE_IN_ROOT;
		try("openat2 root", secrets[s], scoped(root, spell("../../proc/P/", secrets[s]), &how));
		how.resolve = RESOLVE_NO_MAGICLINKS;
		try("openat2 link", secrets[s], S(openat2, AT_FDCWD, spell("dir/", secrets[s]), &how, sizeof(how)));
		S(close, dir);
		dir = MUST(open, "dir2", O_PATH | O_DIRECTORY);
		try("openat O_PATH", secrets[s], S(openat, dir, spell("P/", secrets[s]), O_RDONLY));
		try("openat ..", secrets[s], S(openat, dir, spell("../", secrets[s]), O_RDONLY));
		S(close, dir);
		MUST(unlink, "dir");
		MUST(unlink, "dir2");

		fd = MUST(open, spell("/proc/self/", secrets[s]), O_PATH);
		sprintf(link, "/proc/self/fd/%ld", fd);
		try("O_PATH again", secrets[s], S(open, link, O_RDONLY));
		sprintf(link, "fds/%ld", fd);
		try("O_PATH by a link", secrets[s], S(open, link, O_RDONLY));
		S(close, fd);
	}
	S(close, root);
}

static void working_directory(void)
{
	long back = MUST(open, ".", O_RDONLY | O_DIRECTORY), dir;

	MUST(chdir, "/proc");
	EACH(s)
	{
		try("cwd /proc", secrets[s], S(open, spell("self/", secrets[s]), O_RDONLY));
		try("cwd link", secrets[s], S(open, spell("self/cwd/P/", secrets[s]), O_RDONLY));
	}
	MUST(chdir, "self/task");
	EACH(s)
	try("cwd task", secrets[s], S(open, spell("P/", secrets[s]), O_RDONLY));
	dir = MUST(open, "/proc/thread-self", O_RDONLY);
	MUST(fchdir, dir);
	EACH(s)
	try("fchdir", secrets[s], S(open, secrets[s], O_RDONLY));
	MUST(fchdir, back);
	S(close, dir);
	S(close, back);
}

/* A descriptor that is not open has no name, and the other way round. */
static void descriptors(void)
{
	unsigned long limits[2];
	char path[64], link[256];
	bool same = true, stranger = false;

	MUST(prlimit64, 0, 7 /* RLIMIT_NOFILE */, 0, limits);
	for (unsigned long i = 0; i < 700; i++) {
		/* the lowest numbers, those around the soft limit, those around the hard one */
		unsigned long n = i < 200 ? i : i < 500 ? limits[0] + i - 350 : limits[1] + i - 600;
		bool open = S(fcntl, n, F_GETFD) >= 0;
		long r;

		if (n > INT_MAX)
			continue;
		sprintf(path, "/proc/self/fd/%lu", n);
		r = S(readlink, path, link, sizeof(link) - 1);
		same = same && (r >= 0) == open;
		link[r > 0 ? r : 0] = 0;
		stranger = stranger || strstr(link, "kvm");
		sprintf(path, "/proc/thread-self/fdinfo/%lu", n);
		same = same && (S(access, path, F_OK) == 0) == open;
		sprintf(path, "fds/%lu", n);
		r = S(open, path, O_PATH);
		same = same && (r >= 0) == open;
		if (r >= 0)
			S(close, r);
	}
	OK(same);
	OK(!stranger);
}

/* The only thread there is: in the list, by number, as a process of its own. */
static void threads(void)
{
	char buf[1024], path[64];
	long d = MUST(open, "/proc/self/task", O_RDONLY | O_DIRECTORY), n, listed = 0, pid = S(getpid);
	bool others = false;

	while ((n = S(getdents64, d, buf, sizeof(buf))) > 0)
		for (long at = 0; at < n; at += *(unsigned short *)(buf + at + 16))
			listed += buf[at + 19] != '.';
	printf("%ld thread\n", listed);
	for (n = pid - 50; n < pid + 50; n++) {
		if (n == pid)
			continue;
		sprintf(path, "/proc/self/task/%ld", n);
		others = others || S(access, path, F_OK) == 0;
		sprintf(path, "/proc/%ld/task/%ld", n, pid);
		others = others || S(access, path, F_OK) == 0;
	}
	OK(!others);
	S(close, d);
}

/* Nothing of the monitor's in what may be read. */
static void contents(void)
{
	static const char *const names[] = { "maps", "smaps", "status", "stat", "comm", "cmdline", "environ" };
	static char text[1 << 18];

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		long fd = MUST(open, spell("/proc/self/", names[i]), O_RDONLY), all = 0, n;

		while ((n = S(read, fd, text + all, sizeof(text) - 1 - (size_t)all)) > 0)
			all += n;
		for (n = 0; n < all; n++)
			text[n] = text[n] ? text[n] : ' ';
		text[all] = 0;
		printf("%s: %s\n", names[i],
		       strstr(text, "husk run") || strstr(text, "/husk\n") || strstr(text, "kvm") ? "BAD!" : "ok");
		S(close, fd);
	}
}

MAIN
{
	sprintf(pid_text, "%ld", S(getpid));
	MUST(symlink, "/proc/self/fd", "fds"); /* as /dev/fd, which not every system has */
	spellings();
	roundabout();
	working_directory();
	descriptors();
	threads();
	contents();
	MUST(unlink, "fds");
}
