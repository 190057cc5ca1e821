/* SPDX-License-Identifier: Apache-2.0 */
/* truncate(2) and ftruncate(2): shrink, grow with zeros, holes, and all their errors.
 * covers: truncate ftruncate */
#include "t.h"

#include <sys/resource.h>

static char buf[8192];

static void use(void)
{
	long f = MUST(open, "f", O_RDWR | O_CREAT, 0644);

	MUST(write, f, "0123456789", 10);
	T(truncate, "f", 4);
	T(truncate, "f", 8);
	long n = T(pread64, f, buf, sizeof(buf), 0);
	t_bytes("zero-filled", buf, n);
	T(lseek, f, 0, SEEK_CUR);
	T(write, f, "end", 3);
	T(ftruncate, f, 0);
	OK(t_size("f") == 0);
	T(ftruncate, f, 5000);
	memset(buf, 1, sizeof(buf));
	n = T(pread64, f, buf, sizeof(buf), 0);
	bool zero = true;
	for (long i = 0; i < n; i++)
		zero = zero && !buf[i];
	OK(zero);
	T(ftruncate, f, 1L << 30);
	struct stat st;
	MUST(fstat, f, &st);
	printf("size %ld\n", (long)st.st_size);
	OK(st.st_blocks < 100);
	T(truncate, "f", 4097);
	T(truncate, "f", 3);
	MUST(fstat, f, &st);
	time_t before = st.st_mtim.tv_sec;
	OK(before > 1000000000);
	char *m = (char *)MUST(mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	m[2] = 'M', m[100] = 'X';
	T(ftruncate, f, 200);
	n = S(pread64, f, buf, 200, 0);
	printf("behind the old end: %d\n", buf[100]);
	OK(m[2] == 'M');
	T(truncate, "f", 7);
	OK(m[2] == 'M' && m[8] == 0);
	T(symlink, "f", "link");
	T(truncate, "link", 6);
	OK(t_size("f") == 6);
	T(chmod, "f", 06755);
	T(truncate, "f", 5);
	printf("mode %lo\n", t_mode("f"));
}

static void errors(void)
{
	long f = MUST(open, "f", O_RDWR), r = MUST(open, "f", O_RDONLY), d = MUST(open, ".", O_RDONLY),
	     p = MUST(open, "f", O_PATH);
	int pp[2];

	MUST(pipe, pp);
	T(truncate, "f", -1);
	T(truncate, "f", LONG_MIN);
	T(ftruncate, f, -1);
	T(ftruncate, f, LONG_MIN);
	T(ftruncate, r, 1);
	T(ftruncate, r, -1);
	T(ftruncate, p, 1);
	T(ftruncate, d, 1);
	T(ftruncate, pp[0], 1);
	T(ftruncate, pp[1], 1);
	T(ftruncate, -1, 1);
	T(ftruncate, 99, 1);
	T(ftruncate, 99, -1);
	T(ftruncate, 1000000, 1);
	T(truncate, ".", 1);
	T(truncate, "/", 1);
	T(truncate, "nothing", 1);
	T(truncate, "", 1);
	T(truncate, "f/x", 1);
	T(truncate, "nodir/x", 1);
	T(symlink, "loop2", "loop1");
	T(symlink, "loop1", "loop2");
	T(truncate, "loop1", 1);
	T(truncate, t_name(256), 1);
	t_show("truncate a path of 4096", "", S(truncate, t_long_path(4096), 1));
	T_BAD(t_in, truncate, bad, 1);
	T_BAD(t_in, truncate, bad, -1);
	T(mknod, "fifo", S_IFIFO | 0644, 0);
	T(truncate, "fifo", 0);
	T(truncate, "/dev/null", 0);
	T(truncate, "/proc/self/stat", 0);
	T(truncate, "f", LONG_MAX);
	T(ftruncate, f, LONG_MAX);
	T(truncate, "f", 9);
}

/* EFBIG with RLIMIT_FSIZE, with SIGXFSZ ignored (its default ends the program: fault.c). */
static void limit(void)
{
	struct rlimit rl = { 1000, RLIM_INFINITY };
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} ign = { (void *)1, 0, NULL, 0 };
	long f = MUST(open, "big", O_RDWR | O_CREAT, 0644);

	if (T(rt_sigaction, SIGXFSZ, &ign, NULL, 8) < 0)
		return;
	T(setrlimit, RLIMIT_FSIZE, &rl);
	T(ftruncate, f, 1000);
	T(ftruncate, f, 1001);
	T(truncate, "big", 1001);
	T(truncate, "big", 10);
	T(pwrite64, f, buf, 100, 950);
	T(pwrite64, f, buf, 100, 1000);
	OK(t_size("big") == 1000);
}

/* ETXTBSY: the program that runs. */
static void busy(char *self)
{
	T(truncate, self, 0);
	t_show("open the program for writing", "", S(open, self, O_WRONLY));
	printf("program still there: %s\n", t_size(self) > 0 ? "yes" : "no");
}

MAIN
{
	use();
	errors();
	limit();
	busy("/proc/self/exe");
}
