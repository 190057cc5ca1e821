/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of /proc/self, each parsed as a program would and held against what the program knows of itself and against each other: maps line by line
 * to the column, smaps and its sum, status, stat, statm, the strings, limits, and the ways to open them. Two readings are compared, so no pages of the gate's
 * may come between them, as they do when a SYSCALL is replaced.
 * husk: --no-patch
 */
#include "t.h"

#include <elf.h>
#include <sys/prctl.h>
#include <sys/resource.h>

extern char **environ;

static char text[1 << 19], other[1 << 19];

static long slurp_into(char *buf, const char *name)
{
	long fd = MUST(open, name, O_RDONLY), n, all = 0;

	while ((n = S(read, fd, buf + all, sizeof(text) - 1 - (size_t)all)) > 0)
		all += n;
	buf[all] = 0;
	MUST(close, fd);
	return all;
}

static long slurp(const char *name)
{
	return slurp_into(text, name);
}

static unsigned long value(const char *where, const char *key)
{
	const char *p = strstr(where, key);

	return p ? strtoul(p + strlen(key), NULL, 10) : ~0UL;
}

/* ---- maps ---- */

struct line {
	unsigned long start, end, offset, ino;
	char perms[5], name[300];
	unsigned major, minor;
};

/* The line at p as a struct; is it written exactly as Linux writes? *next is behind it. */
static bool parse(const char *p, struct line *l, const char **next)
{
	char again[512];
	size_t len = strcspn(p, "\n");
	int n;

	memset(l, 0, sizeof(*l));
	if (sscanf(p, "%lx-%lx %4s %lx %x:%x %lu%n", &l->start, &l->end, l->perms, &l->offset, &l->major, &l->minor,
		   &l->ino, &n) < 7)
		return false;
	n += (int)strspn(p + n, " ");
	if ((size_t)n < len)
		snprintf(l->name, sizeof(l->name), "%.*s", (int)len - n, p + n);
	n = sprintf(again, "%08lx-%08lx %s %08lx %02x:%02x %lu ", l->start, l->end, l->perms, l->offset, l->major,
		    l->minor, l->ino);
	if (l->name[0])
		sprintf(again + n, "%*s%s", n < 72 ? 73 - n : 1, "", l->name);
	*next = p[len] ? p + len + 1 : p + len;
	return strlen(again) == len && !memcmp(again, p, len);
}

static bool find(const void *p, struct line *l)
{
	const char *next;

	for (const char *s = text; *s; s = next)
		if (!parse(s, l, &next))
			return false;
		else if ((unsigned long)p >= l->start && (unsigned long)p < l->end)
			return true;
	return false;
}

static bool is(const void *p, const char *perms, const char *name)
{
	struct line l;

	return find(p, &l) && !strcmp(l.perms, perms) && (!name || !strcmp(l.name, name));
}

static void maps(void)
{
	struct line l, before = { 0 };
	const char *next;
	bool exact = true, ordered = true;
	unsigned long sum = 0;
	long top = MUST(brk, 0);
	char *m, *stack = (char *)__builtin_frame_address(0);

	m = (char *)MUST(mmap, 0, 5 * T_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(mprotect, m + T_PAGE, T_PAGE, PROT_READ);
	MUST(mprotect, m + 2 * T_PAGE, T_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	MUST(mprotect, m + 3 * T_PAGE, T_PAGE, PROT_READ | PROT_EXEC);
	MUST(brk, top + 3 * T_PAGE);
	slurp("/proc/self/maps");
	for (const char *s = text; *s && exact; s = next, before = l) {
		exact = parse(s, &l, &next);
		ordered = ordered && l.start >= before.end && l.end > l.start && !((l.start | l.end) & (T_PAGE - 1));
		sum += strcmp(l.name, "[vsyscall]") ? l.end - l.start : 0;
	}
	OK(exact);
	OK(ordered);
	slurp_into(other, "/proc/self/status");
	OK(value(other, "VmSize:") == sum >> 10);
	OK(is(m, "---p", "") && is(m + T_PAGE, "r--p", "") && is(m + 2 * T_PAGE, "rwxp", "") &&
	   is(m + 3 * T_PAGE, "r-xp", "") && is(m + 4 * T_PAGE, "---p", ""));
	OK(is(stack, "rw-p", "[stack]"));
	OK(is((char *)MUST(brk, 0) - 1, "rw-p", "[heap]"));
	MUST(munmap, m + 2 * T_PAGE, T_PAGE);
	slurp("/proc/self/maps");
	OK(is(m + T_PAGE, "r--p", "") && !find(m + 2 * T_PAGE, &l) && is(m + 3 * T_PAGE, "r-xp", ""));
	MUST(munmap, m, 5 * T_PAGE);
}

/* Mappings of files and shared memory: name, device, inode, offset; and what becomes of them when the file changes. */
static void file_maps(void)
{
	char want[400], cwd[256];
	struct line l;
	struct stat st;
	long f = MUST(open, "a file", O_RDWR | O_CREAT, 0600);
	char *m, *s;

	MUST(ftruncate, f, 4 * T_PAGE);
	MUST(fstat, f, &st);
	MUST(getcwd, cwd, sizeof(cwd));
	m = (char *)MUST(mmap, 0, 2 * T_PAGE, PROT_READ, MAP_PRIVATE, f, T_PAGE);
	s = (char *)MUST(mmap, 0, T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f, 3 * T_PAGE);
	slurp("/proc/self/maps");
	sprintf(want, "%s/a file", cwd);
	OK(is(m, "r--p", want) && is(s, "rw-s", want));
	OK(find(m + T_PAGE, &l) && l.offset == T_PAGE && l.ino == st.st_ino && l.major == (st.st_dev >> 8 & 0xfff) &&
	   l.minor == (st.st_dev & 0xff));
	OK(find(s, &l) && l.offset == 3 * T_PAGE);
	MUST(rename, "a file", "new\nline");
	slurp("/proc/self/maps");
	sprintf(want, "%s/new\\012line", cwd);
	OK(is(m, "r--p", want));
	MUST(unlink, "new\nline");
	slurp("/proc/self/maps");
	strcat(want, " (deleted)");
	OK(is(m, "r--p", want) && is(s, "rw-s", want));
	MUST(close, f);
	MUST(munmap, m, 2 * T_PAGE);
	MUST(munmap, s, T_PAGE);
	s = (char *)MUST(mmap, 0, T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	f = MUST(memfd_create, "a memory file", 0);
	MUST(ftruncate, f, T_PAGE);
	m = (char *)MUST(mmap, 0, T_PAGE, PROT_READ, MAP_SHARED, f, 0);
	slurp("/proc/self/maps");
	OK(is(s, "rw-s", "/dev/zero (deleted)"));
	OK(is(m, "r--s", "/memfd:a memory file (deleted)"));
	OK(find(s, &l) && l.major == 0 && l.minor == 1 && l.ino);
	MUST(munmap, m, T_PAGE);
	MUST(munmap, s, T_PAGE);
	MUST(close, f);
}

/* ---- smaps ---- */

/* The fields of the mapping at p, as text, or "". */
static const char *fields(const void *p)
{
	static char block[4096];
	struct line l;
	const char *next;

	block[0] = 0;
	for (const char *s = text; *s; s = strchr(s, '\n') + 1)
		if (*s >= '0' && *s <= 'f' && !(*s >= 'A' && *s <= 'Z') && parse(s, &l, &next) &&
		    (unsigned long)p >= l.start && (unsigned long)p < l.end) {
			const char *end = strstr(next, "VmFlags");

			snprintf(block, sizeof(block), "%.*s", (int)(end - next + (long)strcspn(end, "\n")), next);
			break;
		}
	return block;
}

static void smaps(void)
{
	const char *block, *next;
	unsigned long sum = 0, size = 0, count = 0;
	struct line l;
	bool sizes = true, whole = true, bounded = true;
	/* Large enough that husk leaves it alone until it is touched. */
	char *m = (char *)MUST(mmap, 0, 300 * T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(mprotect, m, T_PAGE, PROT_NONE); /* so that it is not merged with what lies below */
	MUST(mprotect, m + 299 * T_PAGE, T_PAGE, PROT_NONE);
	for (unsigned i = 1; i < 8; i++)
		m[i * T_PAGE] = 1;
	slurp_into(other, "/proc/self/maps");
	slurp("/proc/self/smaps");
	for (const char *s = other; *s; s = next, count++) {
		char head[400];

		if (!parse(s, &l, &next))
			break;
		snprintf(head, sizeof(head), "%.*s", (int)(next - s), s);
		whole = whole && strstr(text, head);
		block = fields((void *)l.start);
		sizes = sizes && value(block, "Size:") == (l.end - l.start) >> 10;
		/* a part of what the host sees as one may be off by the rounding of each */
		bounded = bounded && value(block, "Rss:") <= value(block, "Size:") &&
			  value(block, "Pss:") <= value(block, "Rss:") &&
			  labs((long)(value(block, "Shared_Clean:") + value(block, "Shared_Dirty:") +
				      value(block, "Private_Clean:") + value(block, "Private_Dirty:") -
				      value(block, "Rss:"))) < 4;
		size += value(block, "Size:");
		sum += value(block, "Rss:");
	}
	OK(whole);
	OK(sizes);
	OK(bounded);
	OK(count > 5 && size > sum && sum > 100);
	block = fields(m + T_PAGE);
	printf("anonymous: Size %lu Rss %lu Private_Dirty %lu Anonymous %lu Referenced %lu\n", value(block, "Size:"),
	       value(block, "Rss:"), value(block, "Private_Dirty:"), value(block, "Anonymous:"),
	       value(block, "Referenced:"));
	printf("%s\n", strstr(block, "VmFlags"));
	for (const char *s = block; *s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : s + strlen(s))
		printf("%.*s ", (int)strcspn(s, ":"), s);
	printf("\nmain: %.14s\n", strstr(fields((void *)(uintptr_t)&smaps), "VmFlags"));
	block = fields(__builtin_frame_address(0));
	OK(strstr(block, "rd wr mr mw me gd "));
	slurp("/proc/self/smaps_rollup");
	OK(labs((long)(value(text, "\nRss:") - sum)) < 64);
	OK(value(text, "Pss_Anon:") + value(text, "Pss_File:") + value(text, "Pss_Shmem:") - value(text, "\nPss:") + 3 <
	   6);
	for (const char *s = strchr(text, '\n') + 1; *s; s = strchr(s, '\n') + 1)
		printf("%.*s ", (int)strcspn(s, ":"), s);
	OK(!memcmp(strchr(text, '\n') - 8, "[rollup]", 8) && strchr(text, '\n') - text == 81);
	MUST(munmap, m, 300 * T_PAGE);
}

/* ---- status, stat, statm ---- */

static void status(void)
{
	unsigned long rss;

	MUST(prctl, PR_SET_NAME, "a\nb\\c) (d", 0, 0, 0);
	slurp("/proc/self/status");
	printf("%.*s\n", (int)strcspn(text, "\n"), text);
	for (const char *s = text; *s; s = strchr(s, '\n') + 1)
		printf("%.*s ", (int)strcspn(s, ":"), s);
	printf("\n");
	OK(value(text, "\nPid:") == (unsigned long)S(getpid) && value(text, "\nTgid:") == value(text, "\nPid:"));
	OK(value(text, "\nPPid:") == (unsigned long)S(getppid));
	OK(value(text, "\nUid:") == (unsigned long)S(getuid) && value(text, "\nGid:") == (unsigned long)S(getgid));
	rss = value(text, "VmRSS:");
	OK(rss > 0 && rss == value(text, "RssAnon:") + value(text, "RssFile:") + value(text, "RssShmem:"));
	OK(value(text, "VmHWM:") >= rss && value(text, "VmPeak:") >= value(text, "VmSize:") &&
	   value(text, "VmSize:") > rss);
	OK(value(text, "VmStk:") >= 4 && value(text, "VmData:") > 0 && value(text, "VmExe:") > 0);
	printf("Threads %lu VmLck %lu\n", value(text, "Threads:"), value(text, "VmLck:"));
	OK(value(text, "FDSize:") >= 64 && value(text, "FDSize:") <= 1024 &&
	   !(value(text, "FDSize:") & (value(text, "FDSize:") - 1)));
	printf("%.*s\n", (int)(strstr(text, "CapInh") - strstr(text, "SigBlk")), strstr(text, "SigBlk"));
	umask(027);
	slurp("/proc/self/status");
	printf("%.*s\n", (int)strcspn(strstr(text, "Umask"), "\n"), strstr(text, "Umask"));
	umask(022);
}

static void signals(void)
{
	struct {
		unsigned long handler, flags, restorer, mask;
	} act = { .handler = 1 };
	unsigned long mask = 1UL << (SIGUSR2 - 1) | 1UL << (SIGSEGV - 1) | 1UL << 39;

	MUST(rt_sigaction, SIGHUP, &act, 0, 8);
	act.handler = (unsigned long)(uintptr_t)&signals;
	MUST(rt_sigaction, SIGSEGV, &act, 0, 8);
	MUST(rt_sigaction, 40, &act, 0, 8);
	MUST(rt_sigprocmask, SIG_BLOCK, &mask, 0, 8);
	slurp("/proc/self/status");
	printf("%.*s\n", (int)(strstr(text, "CapInh") - strstr(text, "SigBlk")), strstr(text, "SigBlk"));
	act.handler = 0;
	MUST(rt_sigaction, SIGHUP, &act, 0, 8);
	MUST(rt_sigaction, SIGSEGV, &act, 0, 8);
	MUST(rt_sigaction, 40, &act, 0, 8);
	MUST(rt_sigprocmask, SIG_UNBLOCK, &mask, 0, 8);
}

static unsigned long field[64];

static unsigned stat_fields(const char *name)
{
	unsigned n = 3;
	char *save;

	slurp(name);
	for (char *p = strtok_r(strrchr(text, ')') + 1, " \n", &save); p; p = strtok_r(NULL, " \n", &save))
		field[n++] = strtoul(p, NULL, 10);
	return n - 1;
}

static void stat_file(char **argv)
{
	char head[64];
	unsigned long size[7];

	printf("%u fields\n", stat_fields("/proc/self/stat"));
	sprintf(head, "%ld (a\nb\\c) (d) R", S(getpid));
	OK(!strncmp(text, head, strlen(head)));
	OK(field[4] == (unsigned long)S(getppid) && field[5] == (unsigned long)S(getpgid, 0) &&
	   field[6] == (unsigned long)S(getsid, 0));
	printf("threads %lu, exit signal %lu, registers %lu %lu\n", field[20], field[38], field[29], field[30]);
	OK(field[26] <= (unsigned long)(uintptr_t)&stat_file && field[27] > (unsigned long)(uintptr_t)&stat_file);
	OK(field[28] < (unsigned long)argv && field[28] > (unsigned long)__builtin_frame_address(0));
	OK(*(unsigned long *)field[28] == 1); /* argc */
	OK(field[45] < field[46] && field[47] <= (unsigned long)S(brk, 0));
	OK(field[48] == (unsigned long)argv[0] && field[49] == field[48] + strlen(argv[0]) + 1);
	OK(field[50] == (unsigned long)environ[0] && field[50] == field[49] && field[51] > field[50]);
	slurp("/proc/self/statm");
	OK(sscanf(text, "%lu %lu %lu %lu %lu %lu %lu", &size[0], &size[1], &size[2], &size[3], &size[4], &size[5],
		  &size[6]) == 7);
	OK(size[0] * T_PAGE == field[23] && size[1] >= size[2] && size[0] > size[1] && size[4] == 0 && size[6] == 0);
	slurp("/proc/self/status");
	OK(size[3] * 4 == value(text, "VmExe:") && size[5] * 4 == value(text, "VmData:") + value(text, "VmStk:"));
	OK(size[0] * 4 == value(text, "VmSize:"));
	MUST(prctl, PR_SET_NAME, "proc_self", 0, 0, 0);
	stat_fields("/proc/thread-self/stat");
	OK(field[23] == size[0] * T_PAGE);
}

/* What one touches becomes resident, and what one maps counts. */
static void growth(void)
{
	unsigned long before, after, size;
	char *m;

	slurp("/proc/self/status");
	before = value(text, "RssAnon:");
	size = value(text, "VmData:");
	m = (char *)MUST(mmap, 0, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	S(madvise, m, 8 << 20, MADV_NOHUGEPAGE);
	for (unsigned i = 0; i < 4 << 20; i += T_PAGE)
		m[i] = 1;
	slurp("/proc/self/status");
	after = value(text, "RssAnon:");
	OK(labs((long)(after - before) - (4 << 10)) < 600); /* before Linux 6.2 each CPU may owe 64 pages to the sum */
	OK(value(text, "VmData:") - size == 8 << 10);
	MUST(munmap, m, 8 << 20);
	slurp("/proc/self/status");
	OK(value(text, "RssAnon:") < after - (2 << 10) && value(text, "VmData:") == size);
	OK(value(text, "VmPeak:") >= value(text, "VmSize:") + (8 << 10));
}

/* ---- strings and the rest ---- */

static void strings(char **argv)
{
	char **e = environ;
	long n = slurp("/proc/self/cmdline"), fd;
	unsigned long *aux;

	OK(n == (long)strlen(argv[0]) + 1 && !strcmp(text, argv[0]));
	n = slurp("/proc/self/environ");
	OK(n > 0 && !memcmp(text, environ[0], (size_t)n));
	while (*e)
		e++;
	aux = (unsigned long *)(e + 1);
	for (n = 0; aux[n]; n += 2)
		;
	OK(slurp("/proc/self/auxv") == (n + 2) * 8 && !memcmp(text, aux, (size_t)(n + 2) * 8));
	/* as setproctitle does */
	argv[0][0] = 'X';
	slurp("/proc/self/cmdline");
	OK(text[0] == 'X');

	fd = MUST(open, "/proc/self/comm", O_WRONLY);
	T(write, fd, "by hand", 7);
	MUST(close, fd);
	MUST(prctl, PR_GET_NAME, text, 0, 0, 0);
	printf("%s\n", text);
	slurp("/proc/self/comm");
	printf("comm %s", text);
	slurp("/proc/self/status");
	printf("%.*s\n", (int)strcspn(text, "\n"), text);
	MUST(prctl, PR_GET_NAME, text, 0, 0, 0);
	printf("%s\n", text);
	MUST(prctl, PR_SET_NAME, "proc_self", 0, 0, 0);
	slurp("/proc/self/task/../comm");
	printf("comm %s", text);
}

static void limits(void)
{
	static const struct {
		int which;
		const char *name;
		unsigned long soft;
	} set[] = { { RLIMIT_AS, "Max address space", 1UL << 40 }, { RLIMIT_DATA, "Max data size", 1UL << 39 },
		    { RLIMIT_STACK, "Max stack size", 1UL << 20 }, { RLIMIT_NOFILE, "Max open files", 500 },
		    { RLIMIT_CORE, "Max core file size", 0 },      { RLIMIT_FSIZE, "Max file size", 0 } };

	for (unsigned i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
		struct rlimit old, lim;
		const char *line;

		MUST(prlimit64, 0, set[i].which, 0, &old);
		lim = old;
		lim.rlim_cur = set[i].soft;
		MUST(prlimit64, 0, set[i].which, &lim, 0);
		slurp("/proc/self/limits");
		MUST(prlimit64, 0, set[i].which, &old, 0);
		line = strstr(text, set[i].name);
		printf("%.*s\n", (int)strcspn(line, "\n"), line);
	}
}

static void opening(void)
{
	static const char *const names[] = { "maps",    "smaps",   "status", "stat",   "statm",
					     "cmdline", "environ", "auxv",   "limits", "smaps_rollup" };
	char path[64], link[64], buf[64];
	long fd, fd2, n;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		sprintf(path, "/proc/self/%s", names[i]);
		printf("%s ", names[i]);
		TQ(open, path, O_WRONLY);
		T(open, path, O_CREAT | O_EXCL | O_RDWR, 0600);
		T(open, path, O_DIRECTORY);
		T(open, path, O_DIRECT);
		fd = MUST(open, path, O_RDONLY | O_CLOEXEC);
		printf("flags %lo, close-on-exec %ld\n", S(fcntl, fd, F_GETFL), S(fcntl, fd, F_GETFD));
		T(write, fd, "x", 1);
		T(lseek, fd, 3, SEEK_SET);
		n = S(read, fd, buf, 1);
		OK(n == 1 && S(pread64, fd, buf + 1, 1, 3) == 1 && buf[0] == buf[1]);
		sprintf(link, "/proc/self/fd/%ld", fd);
		n = S(readlink, link, buf, sizeof(buf) - 1);
		buf[n > 0 ? n : 0] = 0;
		OK(!strncmp(buf, "/proc/", 6) && atol(buf + 6) == S(getpid) &&
		   !strcmp(strrchr(buf, '/') + 1, names[i]));
		fd2 = MUST(open, link, O_RDONLY);
		OK(S(lseek, fd2, 0, SEEK_CUR) == 0 && S(read, fd2, buf, 1) == 1);
		MUST(close, fd);
		MUST(close, fd2);
		OK(S(access, path, R_OK) == 0);
	}
	for (n = 0; n < 100; n++)
		S(close, 3 + n);
	T(open, "/proc/self/exe", O_RDWR);
	T(open, "/proc/self/exe", O_RDONLY | O_NOFOLLOW);
	T(open, "/proc/self/maps", O_RDONLY);
	T(close, 3);
	T(open, "/proc/self/task/1/maps", O_RDONLY);
	T(open, "/proc/self/task/01/maps", O_RDONLY);
	T(open, "/proc/thread-self/task", O_RDONLY);
}

/* husk replaces instructions that make system calls often, and maps pages for that. Let it do so before sizes are compared. */
static void warm_up(void)
{
	for (int i = 0; i < 40; i++) {
		slurp("/proc/self/statm");
		MUST(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
	}
}

MAIN
{
	warm_up();
	maps();
	file_maps();
	smaps();
	growth();
	status();
	signals();
	stat_file(argv);
	limits();
	opening();
	strings(argv);
}
