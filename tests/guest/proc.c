/* SPDX-License-Identifier: Apache-2.0 */
/* /proc as a program sees it: itself, not the monitor. */
#include "t.h"

static char text[1 << 16];

static long slurp(const char *name)
{
	long fd = S(open, name, O_RDONLY), n, all = 0;

	if (fd < 0)
		return t_show("open ", name, fd);
	while ((n = S(read, fd, text + all, sizeof(text) - 1 - (size_t)all)) > 0)
		all += n;
	text[all] = 0;
	MUST(close, fd);
	return n < 0 ? n : all;
}

/* The rest of the line that starts with key. */
static const char *line(const char *key)
{
	static char out[256];
	const char *at = strstr(text, key);

	out[0] = 0;
	if (at)
		snprintf(out, sizeof(out), "%.*s", (int)strcspn(at, "\n"), at);
	return out;
}

static bool mapped(const void *p, const char *perms, const char *name)
{
	unsigned long a, b;
	char flags[8], rest[300];

	for (char *l = text; l && *l; l = strchr(l, '\n') ? strchr(l, '\n') + 1 : NULL) {
		rest[0] = 0;
		if (sscanf(l, "%lx-%lx %7s %*x %*s %*d %299[^\n]", &a, &b, flags, rest) >= 3 && (unsigned long)p >= a &&
		    (unsigned long)p < b)
			return !strcmp(flags, perms) && (!name || strstr(rest, name));
	}
	return false;
}

static void self(const char *arg0)
{
	char exe[512] = "", buf[512] = "", mine[64];
	const char *base = strrchr(arg0, '/') + 1;
	long n, pid = S(getpid);

	n = S(readlink, "/proc/self/exe", exe, sizeof(exe) - 1);
	OK(n > 0 && !strcmp(strrchr(exe, '/') + 1, base));
	T(readlink, "/proc/self/exe", exe, 1);
	snprintf(mine, sizeof(mine), "/proc/%ld/exe", pid);
	n = S(readlink, mine, buf, sizeof(buf) - 1);
	OK(n > 0 && !strcmp(strrchr(buf, '/') + 1, base));
	struct stat a, b;
	OK(S(stat, "/proc/self/exe", &a) == 0 && S(stat, arg0, &b) == 0 && a.st_ino == b.st_ino);
	n = S(readlink, "/proc/self", buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = 0;
	OK(atol(buf) == pid);
	n = S(readlink, "/proc/self/cwd", buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = 0;
	char cwd[512];
	MUST(getcwd, cwd, sizeof(cwd));
	OK(!strcmp(buf, cwd));
	slurp("/proc/self/comm");
	printf("comm %s", text);
	n = slurp("/proc/self/cmdline");
	printf("cmdline %ld\n", n - (long)strlen(arg0));
	OK(!strcmp(text, arg0));
	n = slurp("/proc/self/environ");
	t_bytes("environ", text, n);
	slurp("/proc/self/stat");
	long spid = 0, ppid = 0;
	char comm[64], state;
	OK(sscanf(text, "%ld (%63[^)]) %c %ld", &spid, comm, &state, &ppid) == 4);
	OK(spid == pid && state == 'R' && ppid == S(getppid));
	printf("comm %s\n", comm);
	slurp("/proc/self/status");
	printf("%s\n%s\n", line("Name:"), line("Uid:"));
	printf("%s\n%s\n", line("Gid:"), line("Threads:"));
	printf("%s\n", line("State:"));
	slurp("/proc/self/limits");
	printf("%s\n%s\n", line("Max stack size"), line("Max open files"));
	slurp("/proc/self/auxv");
	OK(*(unsigned long *)text != 0);
	slurp("/proc/self/statm");
	OK(atol(text) > 0);
	OK(slurp("/proc/self/mounts") > 0);
	OK(slurp("/proc/self/io") != 0);
	OK(slurp("/proc/self/oom_score_adj") > 0);
}

static void maps(void)
{
	static char data = 1, bss;
	char local, *heap = (char *)S(brk, 0),
		    *m = (char *)MUST(mmap, 0, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long f = MUST(open, "mapped-file", O_RDWR | O_CREAT, 0600);

	MUST(ftruncate, f, 4096);
	char *s = (char *)MUST(mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	MUST(brk, heap + 4096);
	slurp("/proc/self/maps");
	OK(mapped((void *)(uintptr_t)&maps, "r-xp", "proc"));
	OK(mapped(&data, "rw-p", NULL) && mapped(&bss, "rw-p", NULL));
	OK(mapped(&local, "rw-p", "[stack]"));
	OK(mapped(heap, "rw-p", "[heap]"));
	OK(mapped(m, "r-xp", NULL));
	OK(mapped(s, "rw-s", "mapped-file"));
	OK(!strstr(text, "husk") && !strstr(text, "kvm"));
	OK(slurp("/proc/self/smaps") > 0 && strstr(text, "Rss:"));
}

static void fds(void)
{
	char buf[4096], link[256];
	long d = MUST(open, "/proc/self/fd", O_RDONLY), n, count = 0, f = MUST(open, "mapped-file", O_RDWR);
	long at = 0;

	while ((n = S(getdents64, d, buf, sizeof(buf))) > 0) {
		for (at = 0; at < n; at += *(unsigned short *)(buf + at + 16))
			count += buf[at + 19] != '.';
	}
	printf("%ld descriptors\n", count);
	snprintf(link, sizeof(link), "/proc/self/fd/%ld", f);
	n = S(readlink, link, buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = 0;
	OK(n > 0 && strstr(buf, "/mapped-file"));
	TQ(open, link, O_RDONLY);
	T(readlink, "/proc/self/fd/999", buf, 100);
	T(open, "/proc/self/fd/999", O_RDONLY);
	snprintf(link, sizeof(link), "/dev/fd/%ld", f);
	TQ(open, link, O_RDONLY);
	T(open, "/dev/stdin", O_RDONLY);
	TQ(open, "/proc/self/fdinfo/0", O_RDONLY);
}

static void machine(void)
{
	OK(slurp("/proc/cpuinfo") > 0 && strstr(text, "flags"));
	OK(slurp("/proc/meminfo") > 0 && strstr(text, "MemTotal:"));
	OK(slurp("/proc/uptime") > 0 && atof(text) > 0);
	OK(slurp("/proc/version") > 0);
	OK(slurp("/proc/stat") > 0 && !strncmp(text, "cpu ", 4));
	OK(slurp("/proc/loadavg") > 0);
	OK(slurp("/proc/filesystems") > 0 && strstr(text, "proc"));
	OK(slurp("/proc/sys/kernel/ostype") > 0 && !strcmp(text, "Linux\n"));
	OK(slurp("/proc/sys/kernel/osrelease") > 0);
	OK(slurp("/proc/sys/vm/overcommit_memory") > 0);
	T(open, "/proc/self/nothing", O_RDONLY);
	T(open, "/proc/nothing", O_RDONLY);
	T(open, "/proc/999999999/stat", O_RDONLY);
	T(open, "/proc/self/stat", O_WRONLY | O_CREAT | O_EXCL, 0600);
	T(mkdir, "/proc/x", 0755);
	T(unlink, "/proc/self/stat");
	T(access, "/proc/self/maps", R_OK);
	struct stat st;
	T(stat, "/proc/self/maps", &st);
	printf("mode %o\n", st.st_mode);
	T(open, "/proc/self/maps", O_RDONLY | O_DIRECTORY);
	T(chdir, "/proc/self");
	OK(slurp("stat") > 0 && atol(text) == S(getpid));
	OK(slurp("../self/comm") > 0);
}

MAIN
{
	self(argv[0]);
	maps();
	fds();
	machine();
}
