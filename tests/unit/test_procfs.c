/* SPDX-License-Identifier: Apache-2.0 */
/*
 * procfs/: who may have what, under whatever spelling. The guest is a fake, its memory, descriptors and the monitor's are real. That a refused name
 * would give something away is checked too, so that no case is empty.
 */
#include "base/output.h"
#include "unit.h"

#include "proc_world.h"
#include "procfs/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Spellings of one's own directory; the name comes behind. */
static const char *const own_dirs[] = {
	"/proc/self/",
	"/proc/thread-self/",
	"/proc/%p/",
	"/proc/self/task/%p/",
	"/proc/%p/task/%p/",
	"//proc/self/" + 1,
	"/proc//self//",
	"/proc/./self/./",
	"/proc/self/../self/",
	"/proc/self/task/../",
	"/proc/self/task/%p/../../",
	"/proc/thread-self/../../",
	"/proc/sys/../self/",
	"/proc/self/root/proc/self/",
	"/proc/thread-self/root/proc/%p/",
	"/proc/%p/task/%p/root/proc/thread-self/",
	"/proc/self/root/proc/self/root/proc/self/",
	"/proc/%c/root/proc/%p/",
	"/proc/%c/task/%c/root/proc/%p/",
};

/* What may not be had there. */
static const char *const secrets[] = { "mem", "pagemap", "stack", "syscall", "clear_refs" };

static const int modes[] = {
	O_RDONLY,
	O_WRONLY,
	O_RDWR,
	O_RDWR | O_TRUNC,
	O_RDONLY | O_NOFOLLOW,
	O_WRONLY | O_CREAT,
	O_RDONLY | O_CLOEXEC | O_NONBLOCK,
};

static void check_refused(struct proc_world *w, const char *path, int flags, int64_t want)
{
	int64_t r = proc_world_open(w, path, flags);

	if (r != want)
		fail_msg("open(\"%s\", %#x) = %ld, not %ld", path, (unsigned)flags, (long)r, (long)want);
}

static void test_secrets(void **state)
{
	struct proc_world *w = *state;
	char path[256];

	for (size_t d = 0; d < HK_ARRAY_LEN(own_dirs); d++)
		for (size_t s = 0; s < HK_ARRAY_LEN(secrets); s++)
			for (size_t m = 0; m < HK_ARRAY_LEN(modes); m++) {
				snprintf(path, sizeof(path), "%s%s", proc_world_path(w, own_dirs[d]), secrets[s]);
				if (access(path, F_OK))
					fail_msg("%s is not there", path);
				w->call.note = NULL;
				check_refused(w, path, modes[m], -EACCES);
				assert_non_null(w->call.note);
			}
}

/* Through a link, a directory's descriptor, the working directory, a descriptor without access: names that say nothing. */
static void test_roundabout(void **state)
{
	struct proc_world *w = *state;
	char link[64], path[128];
	int dir, fd;

	for (size_t s = 0; s < HK_ARRAY_LEN(secrets); s++) {
		snprintf(link, sizeof(link), "%s.link", w->file);
		snprintf(path, sizeof(path), "/proc/self/%s", secrets[s]);
		assert_int_equal(symlink(path, link), 0);
		check_refused(w, link, O_RDONLY, -EACCES);
		check_refused(w, link, O_WRONLY, -EACCES);
		assert_int_equal(unlink(link), 0);

		dir = open("/proc/self", O_RDONLY | O_DIRECTORY);
		fd = openat(dir, secrets[s], O_WRONLY);
		if (fd >= 0) /* the superuser may open all of them */
			assert_int_equal(procfs_fixup_open(&w->task, fd, O_WRONLY), -EACCES);
		assert_int_equal(fcntl(fd, F_GETFD), -1);
		snprintf(link, sizeof(link), "/proc/self/fd/%d/%s", dir, secrets[s]);
		check_refused(w, link, O_WRONLY, -EACCES);
		close(dir);

		fd = (int)proc_world_open(w, path, O_PATH);
		assert_true(fd >= 0);
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		check_refused(w, link, O_WRONLY, -EACCES);
		close(fd);
	}
	dir = open(".", O_PATH);
	assert_int_equal(chdir("/proc"), 0);
	check_refused(w, "/proc/self/cwd/self/mem", O_RDWR, -EACCES);
	assert_int_equal(chdir("/"), 0);
	check_refused(w, "/proc/self/cwd/proc/self/mem", O_RDWR, -EACCES);
	assert_int_equal(fchdir(dir), 0);
	close(dir);
}

/* The monitor's threads and descriptors are not there. */
static void test_hidden(void **state)
{
	static const char *const names[] = {
		"/proc/%t/maps",
		"/proc/%t/mem",
		"/proc/%t/status",
		"/proc/%t",
		"/proc/self/task/%t",
		"/proc/self/task/%t/mem",
		"/proc/self/task/%t/status",
		"/proc/%p/task/%t/comm",
		"/proc/%p/task/%p/task",
		"/proc/self/fd/%s",
		"/proc/self/fdinfo/%s",
		"/proc/thread-self/fd/%s",
		"/proc/%p/task/%p/fd/%s",
		"/proc/self/fd/%s/x",
		"/proc/self/task/%p/../../fd/%s",
		"/proc/self/root/proc/self/fd/%s",
		"/proc/%c/root/proc/%p/fd/%s",
	};
	struct proc_world *w = *state;
	char buf[64], target[PATH_MAX];

	for (size_t i = 0; i < HK_ARRAY_LEN(names); i++) {
		const char *path = proc_world_path(w, names[i]);

		check_refused(w, path, O_RDONLY, -ENOENT);
		check_refused(w, path, O_PATH, -ENOENT);
		check_refused(w, path, O_PATH | O_NOFOLLOW, -ENOENT);
		assert_int_equal(procfs_allow(&w->task, path, false), -ENOENT);
		assert_int_equal(procfs_readlink(&w->task, path, buf, sizeof(buf)), -ENOENT);
		assert_int_equal(procfs_follow(&w->task, path, target, sizeof(target)), -ENOENT);
	}
	assert_int_equal(access(proc_world_path(w, "/proc/self/task/%t"), F_OK), 0);
	assert_int_equal(access(proc_world_path(w, "/proc/self/fd/%s"), F_OK), 0);
}

/* Should a link lead past us to a memory file of the monitor's, it is recognised. */
static void test_monitors_file(void **state)
{
	struct proc_world *w = *state;
	char buf[sizeof(WORLD_SECRET)];
	int fd = open(proc_world_path(w, "/proc/self/fd/%s"), O_RDWR);

	assert_int_equal(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	assert_string_equal(buf, WORLD_SECRET);
	assert_int_equal(procfs_fixup_open(&w->task, fd, O_RDWR), -ENOENT);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	fd = memfd_create("the guest's", 0);
	assert_int_equal(procfs_fixup_open(&w->task, fd, O_RDWR), fd);
	close(fd);
}

/* As Linux answers for names that are not there, numbers written otherwise included. */
static void test_absent(void **state)
{
	static const char *const names[] = {
		"/proc/self/nothing",  "/proc/self/task/1",       "/proc/self/task/0%p",   "/proc/self/task/%px",
		"/proc/self/task/+%p", "/proc/self/task/-1",      "/proc/0%p/maps",        "/proc/+%p/mem",
		"/proc/%p%p%p/mem",    "/proc/nothing",           "/proc/self/maps/x/y/z", "/proc/self/fd/0%s",
		"/proc/self/fd/99999", "/proc/self/fdinfo/99999",
	};
	struct proc_world *w = *state;

	for (size_t i = 0; i < HK_ARRAY_LEN(names); i++) {
		const char *path = proc_world_path(w, names[i]);
		int fd = open(path, O_RDONLY);

		assert_int_equal(fd, -1);
		check_refused(w, path, O_RDONLY, -errno);
		assert_int_equal(open(path, O_WRONLY | O_CREAT, 0600), -1);
		check_refused(w, path, O_WRONLY | O_CREAT, -errno);
	}
}

/* A file of a kernel that we do not know is refused; the system's are passed on to be read, never to be written. */
static void test_host_files(void **state)
{
	static const char *const readable[] = {
		"/proc/cpuinfo",        "/proc/version",     "/proc/sys/kernel/osrelease",
		"/proc/uptime",         "/proc/filesystems", "/proc/self/cgroup",
		"/proc/self/mountinfo", "/proc/meminfo",     "/proc/self/oom_score",
		"/proc/1/status",       "/proc/net/dev",     "/proc/self/net/dev"
	};
	static const char *const read_only[] = { "/proc/sys/kernel/hostname",
						 "/proc/sys/vm/drop_caches",
						 "/proc/sysrq-trigger",
						 "/proc/sys/kernel/core_pattern",
						 "/proc/self/uid_map",
						 "/proc/self/attr/current",
						 "/proc/self/root/proc/sys/kernel/hostname",
						 "/proc/self/sched" };
	static const char *const never[] = { "/proc/kcore", "/proc/kmsg", "/proc/kpagecount",
					     "/proc/self/root/proc/kmsg" };
	struct proc_world *w = *state;
	int64_t fd;

	for (size_t i = 0; i < HK_ARRAY_LEN(readable); i++) {
		fd = proc_world_open(w, readable[i], O_RDONLY);
		if (fd < 0)
			fail_msg("%s: %ld", readable[i], (long)fd);
		close((int)fd);
	}
	for (size_t i = 0; i < HK_ARRAY_LEN(read_only); i++)
		if (access(read_only[i], F_OK) == 0) {
			check_refused(w, read_only[i], O_WRONLY, -EACCES);
			check_refused(w, read_only[i], O_RDWR | O_CREAT, -EACCES);
			check_refused(w, read_only[i], O_RDONLY | O_TRUNC, -EACCES);
		}
	for (size_t i = 0; i < HK_ARRAY_LEN(never); i++)
		check_refused(w, never[i], O_RDONLY, access(never[i], F_OK) ? -errno : -EACCES);
}

/* Error by error, our files answer an open as the host's do. */
static void compare_modes(struct proc_world *w)
{
	static const char *const names[] = { "maps",  "smaps",   "smaps_rollup", "status", "stat",
					     "statm", "cmdline", "environ",      "auxv",   "limits" };
	static const int flags[] = { O_RDONLY,
				     O_WRONLY,
				     O_RDWR,
				     O_RDONLY | O_TRUNC,
				     O_WRONLY | O_CREAT,
				     O_CREAT | O_EXCL,
				     O_DIRECTORY,
				     O_RDONLY | O_DIRECT,
				     O_TMPFILE | O_RDWR,
				     O_PATH,
				     O_PATH | O_DIRECTORY,
				     O_NOFOLLOW,
				     O_APPEND | O_WRONLY };
	char path[64];

	for (size_t i = 0; i < HK_ARRAY_LEN(names); i++)
		for (size_t k = 0; k < HK_ARRAY_LEN(flags); k++) {
			int64_t got;
			int fd, want;

			snprintf(path, sizeof(path), "/proc/self/%s", names[i]);
			fd = open(path, flags[k], 0600);
			want = fd < 0 ? -errno : fd;
			if (fd >= 0)
				close(fd);
			got = proc_world_open(w, path, flags[k]);
			if (got != want)
				fail_msg("%s, flags %#x: %ld, natively %d", path, (unsigned)flags[k], (long)got, want);
			if (got < 0)
				continue;
			if (!(flags[k] & O_PATH))
				assert_int_equal(fcntl((int)got, F_GETFL) & (O_ACCMODE | O_APPEND),
						 flags[k] & (O_ACCMODE | O_APPEND));
			assert_true(write((int)got, "x", 1) < 0);
			close((int)got);
		}
}

static void test_modes(void **state)
{
	compare_modes(*state);
}

static void test_modes_unprivileged(void **state)
{
	pid_t pid;
	int status;

	if (geteuid() != 0)
		return; /* test_modes was this test */
	pid = fork();
	if (pid == 0) {
		struct proc_world *w = *state;

		w->task.tid = getpid();
		if (setresuid(65534, 65534, 65534) || prctl(PR_SET_DUMPABLE, 1))
			_exit(2);
		compare_modes(w);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_snapshot(void **state)
{
	struct proc_world *w = *state;
	char link[64], buf[PATH_MAX], first[64], again[64];
	struct rlimit old, none = { 0, 0 };
	int lowest = dup(0), fd, fd2;
	int64_t n;

	close(lowest);
	fd = (int)procfs_open(&w->task, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fd, lowest);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(read(fd, first, sizeof(first)), sizeof(first));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = procfs_readlink(&w->task, link, buf, sizeof(buf));
	assert_true(n > 0);
	buf[n] = '\0';
	assert_string_equal(buf, proc_world_path(w, "/proc/%p/maps"));
	assert_int_equal(procfs_readlink(&w->task, link, buf, 5), 5);

	/* opened again it is a file of its own, from the start */
	fd2 = (int)procfs_open(&w->task, link, O_RDONLY);
	assert_int_equal(fd2, fd + 1);
	assert_int_equal(fcntl(fd2, F_GETFD), 0);
	assert_int_equal(read(fd2, again, sizeof(again)), sizeof(again));
	assert_memory_equal(first, again, sizeof(first));
	close(fd);
	close(fd2);

	/* the guest's limit on file sizes is not on its /proc */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	none.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	hk_output_limit(0);
	fd = (int)procfs_open(&w->task, "/proc/self/maps", O_RDONLY);
	assert_int_equal(fd, lowest);
	close(fd);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(none.rlim_cur, 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	hk_output_limit(old.rlim_cur);
}

static void test_exe(void **state)
{
	static const char *const names[] = { "/proc/self/exe", "/proc/thread-self/exe", "/proc/%p/exe",
					     "/proc/self/root/proc/self/exe" };
	struct proc_world *w = *state;
	struct hk_image *im = &w->process.image;
	char buf[PATH_MAX];
	struct stat st;
	int64_t n;
	int fd;

	for (size_t i = 0; i < HK_ARRAY_LEN(names); i++) {
		const char *path = proc_world_path(w, names[i]);

		n = procfs_readlink(&w->task, path, buf, sizeof(buf));
		assert_int_equal(n, strlen(im->exe));
		assert_memory_equal(buf, im->exe, (size_t)n);
		assert_int_equal(procfs_follow(&w->task, path, buf, sizeof(buf)), 0);
		assert_string_equal(buf, im->exe);
		fd = (int)procfs_open(&w->task, path, O_RDONLY);
		assert_int_equal(fstat(fd, &st), 0);
		assert_true(st.st_ino == im->exe_ino && st.st_dev == im->exe_dev);
		close(fd);
		check_refused(w, path, O_RDWR, -ETXTBSY);
		check_refused(w, path, O_RDONLY | O_NOFOLLOW, -ELOOP);
	}
	/* a program whose file went away */
	strcpy(im->exe, "/nowhere/prog");
	n = procfs_readlink(&w->task, "/proc/self/exe", buf, sizeof(buf));
	buf[n] = '\0';
	assert_string_equal(buf, "/nowhere/prog (deleted)");
	assert_int_equal(procfs_follow(&w->task, "/proc/self/exe", buf, sizeof(buf)), -ENOENT);
	check_refused(w, "/proc/self/exe", O_RDONLY, -ENOENT);
}

static void test_links(void **state)
{
	struct proc_world *w = *state;
	char buf[64], want[64];
	int64_t n = procfs_readlink(&w->task, "/proc/thread-self", buf, sizeof(buf));

	assert_int_equal(n, snprintf(want, sizeof(want), "%d/task/%d", (int)getpid(), (int)getpid()));
	assert_memory_equal(buf, want, (size_t)n);
	assert_int_equal(procfs_readlink(&w->task, "/proc/self", buf, sizeof(buf)), PROCFS_PASS);
	assert_int_equal(procfs_readlink(&w->task, "/proc/self/cwd", buf, sizeof(buf)), PROCFS_PASS);
	assert_int_equal(procfs_readlink(&w->task, "/proc/self/fd/0", buf, sizeof(buf)), PROCFS_PASS);
	assert_int_equal(procfs_readlink(&w->task, "/etc/passwd", buf, sizeof(buf)), PROCFS_PASS);
	assert_int_equal(procfs_allow(&w->task, "/proc/self/map_files/1000-2000", false), -ENOENT);
	assert_int_equal(procfs_allow(&w->task, "/proc/self/mem", false), 0);
	assert_int_equal(procfs_allow(&w->task, "/proc/self/mem", true), -EACCES);
	assert_int_equal(procfs_allow(&w->task, "/proc/self/maps", true), 0);
}

static unsigned list(struct proc_world *w, const char *path, int hidden)
{
	char buf[512], name[16];
	int fd = open(path, O_RDONLY | O_DIRECTORY);
	unsigned count = 0;
	bool seen = false;
	long n;

	assert_true(fd >= 0);
	snprintf(name, sizeof(name), "%d", hidden);
	while ((n = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0) {
		for (long i = 0; i < n; i += ((struct dirent64 *)(void *)(buf + i))->d_reclen)
			seen = seen || strcmp(((struct dirent64 *)(void *)(buf + i))->d_name, name) == 0;
		n = procfs_filter_dirents(&w->task, fd, buf, (size_t)n);
		for (long i = 0; i < n; i += ((struct dirent64 *)(void *)(buf + i))->d_reclen, count++)
			assert_string_not_equal(((struct dirent64 *)(void *)(buf + i))->d_name, name);
	}
	assert_true(seen); /* it was there to be hidden */
	close(fd);
	return count;
}

static void test_listing(void **state)
{
	struct proc_world *w = *state;
	int extra[40];

	for (size_t i = 0; i < HK_ARRAY_LEN(extra); i++)
		extra[i] = dup(0);
	assert_int_equal(list(w, "/proc/self/task", w->thread), 3);
	assert_true(list(w, "/proc/self/fd", w->secret) > HK_ARRAY_LEN(extra) + 2);
	assert_int_equal(list(w, "/proc/self/fd", w->secret), list(w, "/proc/self/fdinfo", w->secret));
	for (size_t i = 0; i < HK_ARRAY_LEN(extra); i++)
		close(extra[i]);
}

/* comm is the host's file, and status shows what was written to it. */
static void test_comm(void **state)
{
	struct proc_world *w = *state;
	char host[16], *text;
	int fd;

	text = proc_world_host("/proc/self/comm", NULL);
	assert_string_equal(text, "a) R \\\n9\n");
	free(text);
	fd = (int)proc_world_open(w, "/proc/self/comm", O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "new name", 8), 8);
	close(fd);
	assert_int_equal(prctl(PR_GET_NAME, host), 0);
	assert_string_equal(host, "new name");
	text = proc_world_host("/proc/thread-self/comm", NULL);
	assert_string_equal(text, "new name\n");
	free(text);
	text = proc_world_read(w, "/proc/self/status", NULL);
	assert_memory_equal(text, "Name:\tnew name\n", 15);
	free(text);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, proc_world_setup, proc_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_secrets),  WORLD_TEST(test_roundabout),
		WORLD_TEST(test_hidden),   WORLD_TEST(test_monitors_file),
		WORLD_TEST(test_absent),   WORLD_TEST(test_host_files),
		WORLD_TEST(test_modes),    WORLD_TEST(test_modes_unprivileged),
		WORLD_TEST(test_snapshot), WORLD_TEST(test_exe),
		WORLD_TEST(test_links),    WORLD_TEST(test_listing),
		WORLD_TEST(test_comm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
