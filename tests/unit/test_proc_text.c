/* SPDX-License-Identifier: Apache-2.0 */
/*
 * procfs/: what the made-up files say. The host's own files of this test process are the pattern: the same lines in the same order with the
 * same columns; the numbers are checked against what the fake guest really mapped and touched.
 */
#include "unit.h"

#include "kern/rlimit.h"
#include "mm/uaccess.h"
#include "proc_world.h"
#include "procfs/hostmaps.h"
#include "procfs/procfs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL

/* The line that begins with prefix, cut at its end, or NULL. text is taken apart. */
static char *line_of(char *text, const char *prefix)
{
	char *p = text;

	while (p && strncmp(p, prefix, strlen(prefix)) != 0) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	if (p)
		p[strcspn(p, "\n")] = '\0';
	return p;
}

static void at(char buf[20], uint64_t addr)
{
	snprintf(buf, 20, "%08lx-", addr);
}

/* The line of maps for the mapping at addr. */
static const char *maps_line(struct proc_world *w, uint64_t addr)
{
	static char line[512];
	char *text = proc_world_read(w, "/proc/self/maps", NULL), start[20], *p;

	at(start, addr);
	p = line_of(text, start);
	assert_non_null(p);
	snprintf(line, sizeof(line), "%s", p);
	free(text);
	return line;
}

static void test_maps(void **state)
{
	struct proc_world *w = *state;
	char *text = proc_world_read(w, "/proc/self/maps", NULL);
	char *host = proc_world_host("/proc/self/maps", NULL), start[20], *h;
	const char *line;
	unsigned lines = 0;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, w->process.mm->vmas.count);
	free(text);

	/* a mapping that the host has alike: the same line */
	at(start, w->data);
	h = line_of(host, start);
	assert_non_null(h);
	assert_string_equal(maps_line(w, w->data), h);
	assert_int_equal(strcspn(h, "/"), 73);
	free(host);

	line = maps_line(w, w->text + 8 * PAGE);
	assert_non_null(strstr(line, " r-xp 00008000 "));
	assert_string_equal(line + 73, w->file);
	line = maps_line(w, w->heap);
	assert_non_null(strstr(line, " rw-p 00000000 00:00 0    "));
	assert_string_equal(line + 73, "[heap]");
	assert_string_equal(maps_line(w, w->stack) + 73, "[stack]");
	line = maps_line(w, w->shared);
	assert_non_null(strstr(line, " rw-s 00000000 00:01 "));
	assert_string_equal(line + 73, "/dev/zero (deleted)");
	line = maps_line(w, 0x310000000000);
	assert_non_null(strstr(line, " ---p 00000000 00:00 0 "));
	assert_int_equal(line[strlen(line) - 1], ' ');
}

/* Names follow the file: renamed, removed, with a newline in it. */
static void test_names(void **state)
{
	struct proc_world *w = *state;
	char name[64], want[64];

	snprintf(name, sizeof(name), "%s.a\nb\\", w->file);
	assert_int_equal(rename(w->file, name), 0);
	snprintf(want, sizeof(want), "%s.a\\012b\\", w->file);
	assert_string_equal(maps_line(w, w->text) + 73, want);
	assert_int_equal(unlink(name), 0);
	snprintf(want, sizeof(want), "%s.a\\012b\\ (deleted)", w->file);
	assert_string_equal(maps_line(w, w->text + 8 * PAGE) + 73, want);
}

/* Where the host has no such mapping (the file's bytes were copied), the tree's own knowledge is shown. */
static void test_names_without_host(void **state)
{
	struct proc_world *w = *state;
	struct vma *v = vma_find(&w->process.mm->vmas, w->text);
	char want[128];

	assert_ptr_equal(mmap((void *)w->text, 36 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
			 (void *)w->text);
	snprintf(want, sizeof(want), "%08lx-%08lx r--p 00000000 %02x:%02x %lu ", v->start, v->end,
		 (unsigned)(v->file->dev >> 8 & 0xfff), (unsigned)(v->file->dev & 0xff), v->file->ino);
	assert_memory_equal(maps_line(w, w->text), want, strlen(want));
	assert_string_equal(maps_line(w, w->text) + 73, w->file);
}

/* The shape of a text: digits become 0, runs of blanks one. */
static char *shape(const char *text, const char *from, const char *to)
{
	const char *p = strstr(text, from), *end;
	char *out = malloc(strlen(text) + 1), *o = out;

	assert_non_null(p);
	end = to ? strstr(p, to) : NULL;
	for (; *p && p != end; p++)
		if (isdigit((unsigned char)*p) || *p == ' ') {
			char c = *p == ' ' ? ' ' : '0';

			if (o == out || o[-1] != c)
				*o++ = c;
		} else {
			*o++ = *p;
		}
	*o = '\0';
	return out;
}

static uint64_t kb(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	assert_non_null(p);
	return strtoull(p + strlen(key), NULL, 10);
}

/* The block of smaps for the mapping at addr, in a malloc'ed copy. */
static char *smaps_block(const char *text, uint64_t addr)
{
	char start[20], *copy, *end;
	const char *p;

	at(start, addr);
	p = strstr(text, start);
	assert_non_null(p);
	copy = strdup(p);
	end = strstr(copy, "VmFlags");
	assert_non_null(end);
	end[strcspn(end, "\n") + 1] = '\0';
	return copy;
}

static void test_smaps(void **state)
{
	struct proc_world *w = *state;
	char *text = proc_world_read(w, "/proc/self/smaps", NULL), *host = proc_world_host("/proc/self/smaps", NULL);
	char *ours = smaps_block(text, w->data), *theirs = smaps_block(host, w->data);
	uint64_t rss = 0;

	assert_string_equal(ours, theirs); /* this mapping the host has exactly so, and it does not change */
	free(ours);
	free(theirs);

	/* text is one mapping to the host and three to the guest: what is resident is shared out, nothing lost */
	theirs = smaps_block(host, w->text);
	assert_int_equal(kb(theirs, "Size:"), 32 * 4);
	for (unsigned i = 0; i < 3; i++) {
		static const unsigned first[] = { 0, 8, 24 }, pages[] = { 8, 16, 8 };

		ours = smaps_block(text, w->text + first[i] * PAGE);
		assert_int_equal(kb(ours, "Size:"), pages[i] * 4);
		assert_int_equal(kb(ours, "KernelPageSize:"), 4);
		assert_true(kb(ours, "Rss:") <= pages[i] * 4);
		rss += kb(ours, "Rss:");
		assert_int_equal(strstr(ours, "VmFlags: rd ex ") != NULL, i == 1);
		free(ours);
	}
	assert_int_equal(rss, kb(theirs, "Rss:"));
	assert_true(rss > 0);
	free(theirs);

	ours = smaps_block(text, w->heap);
	assert_int_equal(kb(ours, "Rss:"), 40);
	assert_int_equal(kb(ours, "Private_Dirty:"), 40);
	assert_int_equal(kb(ours, "Anonymous:"), 40);
	free(ours);
	ours = smaps_block(text, w->stack);
	assert_non_null(strstr(ours, "VmFlags: rd wr mr mw me gd "));
	assert_int_equal(kb(ours, "Rss:"), 4);
	free(ours);
	free(text);
	free(host);
}

static void test_rollup(void **state)
{
	struct proc_world *w = *state;
	char *text = proc_world_read(w, "/proc/self/smaps_rollup", NULL),
	     *host = proc_world_host("/proc/self/smaps_rollup", NULL);
	char *smaps = proc_world_read(w, "/proc/self/smaps", NULL);
	char *a = shape(text, "Rss:", NULL), *b = shape(host, "Rss:", NULL), want[80];
	uint64_t sum = 0;
	int n = snprintf(want, sizeof(want), "%08lx-%08lx ---p 00000000 00:00 0 ", w->text, w->stack + 64 * PAGE);

	assert_string_equal(a, b);
	assert_memory_equal(text, want, n);
	assert_memory_equal(text + 73, "[rollup]\n", 9);
	for (const char *p = smaps; (p = strstr(p, "\nRss:")); p++)
		sum += strtoull(p + 5, NULL, 10);
	assert_int_equal(kb(text, "Rss:"), sum);
	assert_int_equal(kb(text, "Pss_Anon:") + kb(text, "Pss_File:") + kb(text, "Pss_Shmem:"), kb(text, "Pss:"));
	assert_int_equal(kb(text, "Pss_Shmem:"), 4);
	free(a);
	free(b);
	free(text);
	free(host);
	free(smaps);
}

/* What the kernel would have made for the descriptors that are not the monitor's. */
static unsigned fd_table_size(const struct proc_world *w)
{
	unsigned size = 64;

	for (int fd = 64; fd < w->process.fds.base; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			size = fd < 256 ? 256 : (unsigned)fd >= size ? 2 * size : size;
	return size;
}

static void test_status(void **state)
{
	struct proc_world *w = *state;
	/* The host's first: ours is read with the help of a thread, which the kernel counts for a moment. */
	char *host = proc_world_host("/proc/self/status", NULL), *text = proc_world_read(w, "/proc/self/status", NULL);
	char *a = shape(text, "\nUmask", NULL), *b = shape(host, "\nUmask", NULL);
	char *save_a, *save_b, *la = strtok_r(a, "\n", &save_a), *lb = strtok_r(b, "\n", &save_b);

	assert_memory_equal(text, "Name:\ta) R \\\\\\n9\nUmask:", 23);
	for (; la && lb; la = strtok_r(NULL, "\n", &save_a), lb = strtok_r(NULL, "\n", &save_b)) {
		assert_int_equal(strcspn(la, ":"), strcspn(lb, ":"));
		assert_memory_equal(la, lb, strcspn(la, ":"));
	}
	assert_true(!la && !lb);
	assert_int_equal(kb(text, "VmSize:"), w->process.mm->vmas.bytes >> 10);
	assert_true(kb(text, "VmPeak:") >= kb(text, "VmSize:"));
	assert_true(kb(text, "VmHWM:") >= kb(text, "VmRSS:"));
	assert_int_equal(kb(text, "RssAnon:"), 40 + 4 + 4); /* heap, data, stack */
	assert_int_equal(kb(text, "RssShmem:"), 4);
	assert_int_equal(kb(text, "VmRSS:"), kb(text, "RssAnon:") + kb(text, "RssFile:") + kb(text, "RssShmem:"));
	assert_int_equal(kb(text, "VmData:"), (4 + 33) * 4);
	assert_int_equal(kb(text, "VmStk:"), 64 * 4);
	assert_int_equal(kb(text, "VmExe:"), 16 * 4);
	assert_int_equal(kb(text, "VmLib:"), 0);
	assert_int_equal(kb(text, "Threads:"), 1);
	assert_int_equal(kb(host, "Threads:"), 2);
	assert_int_equal(kb(text, "FDSize:"), fd_table_size(w));
	assert_non_null(strstr(text, "\nVmSize:\t     "));
	free(a);
	free(b);
	free(text);
	free(host);
}

static void test_stat(void **state)
{
	struct proc_world *w = *state;
	const struct mm *mm = w->process.mm;
	char *text = proc_world_read(w, "/proc/self/stat", NULL), *host = proc_world_host("/proc/self/stat", NULL),
	     head[40];
	uint64_t v[60] = { 0 }, hv[60] = { 0 };
	unsigned n = 3, hn = 3;
	char *save;

	snprintf(head, sizeof(head), "%d (a) R \\\n9) R ", (int)getpid());
	assert_memory_equal(text, head, strlen(head));
	for (char *p = strtok_r(strrchr(text, ')') + 1, " \n", &save); p; p = strtok_r(NULL, " \n", &save))
		v[n++] = strtoull(p, NULL, 10);
	for (char *p = strtok_r(strrchr(host, ')') + 1, " \n", &save); p; p = strtok_r(NULL, " \n", &save))
		hv[hn++] = strtoull(p, NULL, 10);
	assert_int_equal(n, 53);
	assert_int_equal(hn, 53);
	assert_int_equal(v[4], getppid());
	assert_int_equal(v[5], hv[5]);
	assert_int_equal(v[20], 1);
	assert_int_equal(v[22], hv[22]);
	assert_int_equal(v[23], mm->vmas.bytes);
	assert_true(v[24] >= 13 && v[24] < hv[24]);
	assert_int_equal(v[26], mm->start_code);
	assert_int_equal(v[27], mm->end_code);
	assert_int_equal(v[28], mm->start_stack);
	assert_true(v[29] == 0 && v[30] == 0);
	assert_int_equal(v[38], hv[38]);
	assert_int_equal(v[45], mm->start_data);
	assert_int_equal(v[46], mm->end_data);
	assert_int_equal(v[47], mm->brk_start);
	assert_int_equal(v[48], mm->arg_start);
	assert_int_equal(v[49], mm->arg_end);
	assert_int_equal(v[50], mm->env_start);
	assert_int_equal(v[51], mm->env_end);
	free(text);
	free(host);
}

static void test_statm(void **state)
{
	struct proc_world *w = *state;
	char *text = proc_world_read(w, "/proc/self/statm", NULL),
	     *status = proc_world_read(w, "/proc/self/status", NULL), want[128];

	snprintf(want, sizeof(want), "%lu %lu %lu 16 0 %u 0\n", w->process.mm->vmas.bytes / PAGE,
		 kb(status, "VmRSS:") / 4, (kb(status, "RssFile:") + kb(status, "RssShmem:")) / 4, 4 + 33 + 64);
	assert_string_equal(text, want);
	free(text);
	free(status);
}

static void check_text(struct proc_world *w, const char *path, const char *want, size_t want_len)
{
	size_t len;
	char *text = proc_world_read(w, path, &len);

	assert_int_equal(len, want_len);
	assert_memory_equal(text, want, len);
	free(text);
}

static void test_strings(void **state)
{
	struct proc_world *w = *state;
	struct mm *mm = w->process.mm;
	uint64_t auxv[4] = { 6, 4096, 0, 0 };

	assert_int_equal(uaccess_init(), 0); /* here: cmocka has its own handlers before each test */
	check_text(w, "/proc/self/cmdline", "prog\0-x\0one two\0", 16);
	check_text(w, "/proc/self/environ", "\0HOME=/root\0A=b\0", mm->env_end - mm->env_start);
	check_text(w, "/proc/self/auxv", (const char *)auxv, sizeof(auxv));
	/* setproctitle(3): the last byte is no longer 0; the string ends in the environment */
	memcpy((char *)mm->arg_start, "a title as long as ", 19);
	check_text(w, "/proc/self/cmdline", "a title as long as ME=/root", 28);
	mm->env_start++;
	check_text(w, "/proc/self/cmdline", "a title as long ", 16);
	/* a guest that lies about its memory, or took it away, gets what there is */
	mm->arg_end = mm->arg_start + 4 * PAGE + 512;
	check_text(w, "/proc/self/cmdline", (char *)mm->arg_start, w->stack + 64 * PAGE - mm->arg_start);
	mm->arg_start = 4096;
	check_text(w, "/proc/self/cmdline", "", 0);
	mm->arg_start = HK_GUEST_MAX - 1;
	mm->arg_end = UINT64_MAX;
	check_text(w, "/proc/self/cmdline", "", 0);
	mm->env_start = 0x310000000000;
	mm->env_end = mm->env_start + 64;
	check_text(w, "/proc/self/environ", "", 0);
	mm->env_end = mm->env_start - 1;
	check_text(w, "/proc/self/environ", "", 0);
}

static void test_limits(void **state)
{
	struct proc_world *w = *state;
	size_t len;
	char *host = proc_world_host("/proc/self/limits", &len), *line, *text;

	check_text(w, "/proc/self/limits", host, len);
	assert_int_equal(rlimit_set(&w->process, RLIMIT_AS, &(struct rlimit64){ 123456789, RLIM64_INFINITY }), 0);
	assert_int_equal(rlimit_set(&w->process, RLIMIT_STACK, &(struct rlimit64){ 4096, 8192 }), 0);
	text = proc_world_read(w, "/proc/self/limits", NULL);
	assert_int_equal(strlen(text), len);
	assert_non_null(
		strstr(text, "\nMax stack size            4096                 8192                 bytes     \n"));
	line = line_of(text, "Max address space");
	assert_string_equal(line, "Max address space         123456789            unlimited            bytes     ");
	free(text);
	free(host);
}

static void test_signals(void **state)
{
	struct proc_world *w = *state;
	char *text;

	w->process.actions.act[1].handler = 1;
	w->process.actions.act[11].handler = 0x1000;
	w->process.actions.act[64].handler = 0x1000;
	w->task.signals.blocked = 1UL << 9 | 1UL << 40;
	text = proc_world_read(w, "/proc/self/status", NULL);
	assert_non_null(
		strstr(text, "\nSigBlk:\t0000010000000200\nSigIgn:\t0000000000000001\nSigCgt:\t8000000000000400\n"));
	free(text);
	text = proc_world_read(w, "/proc/self/stat", NULL);
	assert_non_null(strstr(text, " 512 1 1024 "));
	free(text);
}

static void test_meminfo(void **state)
{
	struct proc_world *w = *state;
	char *text, *host = proc_world_host("/proc/meminfo", NULL), *a, *b;

	assert_int_equal(procfs_open(&w->task, "/proc/meminfo", O_RDONLY), PROCFS_PASS);
	w->process.mem_limit = 64 << 20;
	text = proc_world_read(w, "/proc/meminfo", NULL);
	a = shape(text, "MemTotal", NULL);
	b = shape(host, "MemTotal", NULL);
	assert_string_equal(a, b);
	assert_int_equal(kb(text, "MemTotal:"), 64 << 10);
	assert_int_equal(kb(text, "MemFree:"), (64 << 10) - (w->process.mm->committed >> 10));
	assert_true(w->process.mm->committed > 0);
	assert_int_equal(kb(text, "SwapTotal:"), 0);
	assert_int_equal(kb(text, "Hugepagesize:"), kb(host, "Hugepagesize:"));
	assert_int_equal(strcspn(text, "\n"), strcspn(host, "\n"));
	free(a);
	free(b);
	free(text);
	free(host);
}

static bool has_flag(const char *text, const char *flag)
{
	const char *p = strstr(text, "\nflags");
	size_t n = strlen(flag);

	assert_non_null(p);
	for (p += 6; *p != '\n'; p += strcspn(p, " \n"), p += *p == ' ')
		if (strncmp(p, flag, n) == 0 && (p[n] == ' ' || p[n] == '\n'))
			return true;
	return false;
}

/* Of the flags only those stay that the VM's processor has; everything else is the host's to the byte. */
static void test_cpuinfo(void **state)
{
	struct proc_world *w = *state;
	struct hk_image *im = &w->process.image;
	char *text, *host = proc_world_host("/proc/cpuinfo", NULL), *a, *b;
	const char *some[] = { "avx", "avx2", "xsave", "fsgsbase", "fma", "sse2", "fpu" };

	w->task.signals.xcr0 = 3;
	w->task.signals.xsave_size = 576;
	text = proc_world_read(w, "/proc/cpuinfo", NULL);
	assert_false(has_flag(text, "avx") || has_flag(text, "avx2") || has_flag(text, "fma") ||
		     has_flag(text, "fsgsbase"));
	assert_null(strstr(strstr(text, "\nflags"), " avx"));
	assert_int_equal(has_flag(text, "xsave"), has_flag(host, "xsave"));
	assert_true(has_flag(text, "sse2") && has_flag(text, "fpu") && has_flag(text, "lm"));
	a = strstr(text, "\nflags");
	b = strstr(host, "\nflags");
	assert_int_equal(a - text, b - host);
	free(text);

	w->task.signals.xsave_size = 0;
	text = proc_world_read(w, "/proc/cpuinfo", NULL);
	assert_false(has_flag(text, "xsave") || has_flag(text, "xsaveopt") || has_flag(text, "avx"));
	free(text);

	w->task.signals.xcr0 = 0x602e7;
	w->task.signals.xsave_size = 4096;
	im->auxv[0] = 26; /* AT_HWCAP2 */
	im->auxv[1] = 2;
	text = proc_world_read(w, "/proc/cpuinfo", NULL);
	for (size_t i = 0; i < HK_ARRAY_LEN(some); i++)
		assert_int_equal(has_flag(text, some[i]), has_flag(host, some[i]));
	a = strstr(text, "\nflags") + 1;
	b = strstr(host, "\nflags") + 1;
	if (!has_flag(host, "pku")) {
		assert_int_equal(strcspn(a, "\n"), strcspn(b, "\n"));
		assert_memory_equal(a, b, strcspn(a, "\n"));
	}
	free(text);
	free(host);
}

static void test_numa(void **state)
{
	struct proc_world *w = *state;
	char *text, start[20], *line;

	if (access("/proc/self/numa_maps", F_OK)) {
		assert_int_equal(procfs_open(&w->task, "/proc/self/numa_maps", O_RDONLY), -ENOENT);
		return;
	}
	text = proc_world_read(w, "/proc/self/numa_maps", NULL);
	snprintf(start, sizeof(start), "%lx ", w->heap);
	line = strstr(text, start);
	assert_non_null(line);
	assert_memory_equal(line + strlen(start), "default heap anon=10 dirty=10 ", 30);
	for (char *p = text; *p; p = strchr(p, '\n') + 1)
		assert_true(strtoull(p, NULL, 16) < HK_GUEST_MAX);
	free(text);
}

/* Many mappings: the parts of a block that the host merged are shared out in one pass, and nothing is lost. */
static void test_many(void **state)
{
	struct proc_world *w = *state;
	uint64_t base = 0x320000000000, n = 4000;
	char *text, *p;
	size_t len;
	uint64_t rss = 0;
	int64_t fd;

	assert_int_equal(mm_map(w->process.mm, GVA(base), n * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				-1, 0, NULL),
			 base);
	for (uint64_t i = 0; i < n; i += 2)
		assert_int_equal(mm_protect(w->process.mm, GVA(base + i * PAGE), PAGE, PROT_READ | PROT_EXEC), 0);
	for (uint64_t i = 0; i < n; i += 4)
		(void)*(volatile char *)(base + i * PAGE);
	fd = procfs_open(&w->task, "/proc/self/smaps", O_RDONLY);
	assert_true(fd >= 0);
	len = (size_t)lseek((int)fd, 0, SEEK_END);
	text = malloc(len + 1);
	assert_int_equal(pread((int)fd, text, len, 0), len);
	close((int)fd);
	text[len] = '\0';
	p = strstr(text, "320000000000-");
	assert_non_null(p);
	for (uint64_t i = 0; i < n; i++) {
		char start[20];

		at(start, base + i * PAGE);
		p = strstr(p, start);
		assert_non_null(p);
		rss += kb(p, "Rss:");
	}
	/* the zero page does not count as resident: only the sum must agree with the host's */
	free(text);
	text = proc_world_host("/proc/self/smaps", NULL);
	assert_int_equal(rss, kb(strstr(text, "320000000000-"), "Rss:"));
	free(text);
}

static void test_parse_hostile(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n\n",
		"Rss: 1 kB\n",
		"10000-9000 r--p 00000000 00:00 0 \nRss: 1 kB\n",
		"10000-20000 r--p",
		"10000-20000 r--p 00000000 00:00 0",
		"10000-20000 r--p 00000000 00:00 0 \nRss:\nRss:: x\nVmFlags:\n: 3\n",
		"zzz\n10000-20000 r--p 0 0:0 0 x\nA: 1\nB: 2\n20000-30000 r--p 0 0:0 0 y\nB: 2\nA: 1\n",
	};

	(void)state;
	for (size_t i = 0; i < HK_ARRAY_LEN(texts); i++) {
		struct hostmaps h = { .pagemap = -1 };

		hk_strbuf_puts(&h.text, texts[i]);
		assert_int_equal(hostmaps_parse(&h), 0);
		assert_int_equal(h.count, i < 5 ? 0 : i == 7 ? 2 : 1);
		hostmaps_free(&h);
	}
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, proc_world_setup, proc_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_maps),
		WORLD_TEST(test_names),
		WORLD_TEST(test_names_without_host),
		WORLD_TEST(test_smaps),
		WORLD_TEST(test_rollup),
		WORLD_TEST(test_status),
		WORLD_TEST(test_stat),
		WORLD_TEST(test_statm),
		WORLD_TEST(test_strings),
		WORLD_TEST(test_limits),
		WORLD_TEST(test_signals),
		WORLD_TEST(test_meminfo),
		WORLD_TEST(test_cpuinfo),
		WORLD_TEST(test_numa),
		WORLD_TEST(test_many),
		cmocka_unit_test(test_parse_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
