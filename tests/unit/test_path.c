/* SPDX-License-Identifier: Apache-2.0 */
/* kern/path.c and syscalls/args.c: paths are copied once and known for leading into /proc; pointers are made fit for the host. */
#include "unit.h"

#include "kern/path.h"
#include "mm/uaccess.h"
#include "syscalls/args.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Guest memory: two pages where a guest's are, the second without access. */
static char *const guest = (char *)0x200000000000;

static struct hk_process process;
static struct hk_task task = { .proc = &process };
static struct hk_path path;

static int setup(void **state)
{
	void *p = mmap(guest, 3 * HK_PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	(void)state;
	assert_ptr_equal(p, guest);
	assert_int_equal(mprotect(guest + 2 * HK_PAGE_SIZE, HK_PAGE_SIZE, PROT_NONE), 0);
	return 0;
}

static int get(int dirfd, const char *name, unsigned how)
{
	strcpy(guest, name);
	return path_get(&task, dirfd, GVA(guest), how, &path);
}

/* "/proc/%d/…" with our pid. */
static const char *own(const char *tail)
{
	static char buf[PATH_MAX];

	snprintf(buf, sizeof(buf), "/proc/%d%s", (int)getpid(), tail);
	return buf;
}

static void test_plain_names(void **state)
{
	static const char *const names[] = {
		"a",    "/etc/passwd",     "proc",         "./proc",      "/procx", "/tmp/proc/self", "/tmp/proc",
		"../x", "/usr/lib/procps", "/proc.x/maps", "x/../../proc"
	};

	(void)state;
	assert_int_equal(chdir("/usr/lib"), 0);
	for (size_t i = 0; i < HK_ARRAY_LEN(names); i++) {
		assert_int_equal(get(AT_FDCWD, names[i], 0), 0);
		assert_string_equal(path.name, names[i]);
		assert_int_equal(path.dirfd, AT_FDCWD);
		assert_string_equal(path.proc, "");
	}
}

static void test_names_of_proc(void **state)
{
	static const char *const cases[][2] = {
		{ "/proc", "/proc" },
		{ "/proc/", "/proc" },
		{ "//proc//self/./maps", "/proc/self/maps" },
		{ "/./proc/self/maps", "/proc/self/maps" },
		{ "/tmp/../proc/self/maps", "/proc/self/maps" },
		{ "/../../proc/cpuinfo", "/proc/cpuinfo" },
		{ "/proc/../proc/cpuinfo", "/proc/cpuinfo" },
		{ "/proc/self/root/proc/self/root/proc/stat", "/proc/stat" },
		{ "/proc/self/root", "/proc/self/root" },
		{ "/proc/self/root/etc/passwd", "" },
		{ "/proc/..", "" },
		{ "/proc/../etc", "" },
	};

	(void)state;
	for (size_t i = 0; i < HK_ARRAY_LEN(cases); i++) {
		assert_int_equal(get(AT_FDCWD, cases[i][0], 0), 0);
		assert_string_equal(path.proc, cases[i][1]);
		assert_string_equal(path.name, cases[i][0]);
	}
	assert_int_equal(get(AT_FDCWD, "/proc/self/fd/../maps", 0), 0);
	assert_string_equal(path.proc, own("/maps"));
}

static void test_relative_names(void **state)
{
	int fd = open("/proc/self", O_PATH | O_DIRECTORY), root = open("/", O_PATH | O_DIRECTORY);

	(void)state;
	assert_true(fd >= 0 && root >= 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(get(AT_FDCWD, "proc/self/maps", 0), 0);
	assert_string_equal(path.proc, "/proc/self/maps");
	assert_int_equal(chdir("/usr/lib"), 0);
	assert_int_equal(get(AT_FDCWD, "../../proc/self/maps", 0), 0);
	assert_string_equal(path.proc, "/proc/self/maps");
	assert_int_equal(get(root, "proc/uptime", 0), 0);
	assert_string_equal(path.proc, "/proc/uptime");
	assert_int_equal(get(fd, "maps", 0), 0);
	assert_string_equal(path.proc, own("/maps"));
	assert_int_equal(get(fd, "../../etc/passwd", 0), 0);
	assert_string_equal(path.proc, "");
	/* an absolute name does not care about the descriptor */
	assert_int_equal(get(fd, "/etc/passwd", 0), 0);
	assert_string_equal(path.proc, "");
	assert_int_equal(chdir("/proc/self"), 0);
	process.cwd_in_proc = true;
	assert_int_equal(get(AT_FDCWD, "maps", 0), 0);
	assert_string_equal(path.proc, own("/maps"));
	process.cwd_in_proc = false;
	assert_int_equal(chdir("/"), 0);
	close(fd);
	close(root);
}

/* cmocka takes the signals of faults for itself before every test: take them back. */
static void expect_faults(void)
{
	assert_int_equal(uaccess_init(), 0);
}

/* The host fails for the same name with the same error. */
static void host_agrees(int r)
{
	assert_int_equal(hk_hostcall(SYS_openat, path.dirfd, path.name, O_RDONLY, 0), r);
}

static void test_bad_names(void **state)
{
	char *end = guest + 2 * HK_PAGE_SIZE;
	static const uint64_t bad[] = { 0, 1, 0xffff, HK_GUEST_MAX, HK_GUEST_MAX - 1, 1UL << 63, ~0UL };

	(void)state;
	expect_faults();
	assert_int_equal(get(AT_FDCWD, "", 0), -ENOENT);
	host_agrees(-ENOENT);
	assert_int_equal(get(AT_FDCWD, "", PATH_EMPTY_OK), 0);
	for (size_t i = 0; i < HK_ARRAY_LEN(bad); i++) {
		assert_int_equal(path_get(&task, AT_FDCWD, GVA(bad[i]), 0, &path), -EFAULT);
		host_agrees(-EFAULT);
	}
	assert_int_equal(path_get(&task, AT_FDCWD, GVA(0), PATH_NULL_OK, &path), 0);
	assert_null(path.name);
	memcpy(end - 5, "/proc", 5);
	assert_int_equal(path_get(&task, AT_FDCWD, GVA(end - 5), 0, &path), -EFAULT);
	host_agrees(-EFAULT);
	memcpy(end - 5, "/etc", 5);
	assert_int_equal(path_get(&task, AT_FDCWD, GVA(end - 5), 0, &path), 0);
	assert_string_equal(path.name, "/etc");
	/* 4095 characters are a name, 4096 are not */
	memset(guest, '/', PATH_MAX);
	guest[PATH_MAX - 1] = '\0';
	assert_int_equal(path_get(&task, AT_FDCWD, GVA(guest), 0, &path), 0);
	assert_int_equal(strlen(path.name), PATH_MAX - 1);
	assert_true(path.must_be_dir);
	guest[PATH_MAX - 1] = '/';
	guest[PATH_MAX] = '\0';
	assert_int_equal(path_get(&task, AT_FDCWD, GVA(guest), 0, &path), -ENAMETOOLONG);
	host_agrees(-ENAMETOOLONG);
}

static void test_our_descriptors(void **state)
{
	static const char *const forms[] = { "/proc/self/fd/%d", "/proc/thread-self/fdinfo/%d",
					     "//proc/./self/fd/%d/etc", "/proc/self/task/self/fd/%d",
					     "/proc/self/root/proc/self/fd/%d" };
	int fd = open("/", O_PATH | O_DIRECTORY);
	char name[100];

	(void)state;
	assert_int_equal(fd_guard_init(&process.fds), 0);
	assert_int_equal(fd_guard_adopt(&process.fds, &fd), 0);
	assert_int_equal(get(fd, "etc", 0), -EBADF);
	assert_int_equal(get(AT_FDCWD, "etc", 0), 0);
	for (size_t i = 0; i < HK_ARRAY_LEN(forms); i++) {
		snprintf(name, sizeof(name), forms[i], fd);
		assert_int_equal(get(AT_FDCWD, name, 0), -ENOENT);
		host_agrees(-ENOENT);
		snprintf(name, sizeof(name), forms[i], fd + 1);
		assert_int_equal(get(AT_FDCWD, name, 0), 0);
	}
	snprintf(name, sizeof(name), "/proc/%d/fd/%d", (int)getpid(), fd);
	assert_int_equal(get(AT_FDCWD, name, 0), -ENOENT);
	snprintf(name, sizeof(name), "/proc/1/fd/%d", fd);
	assert_int_equal(get(AT_FDCWD, name, 0), 0);
	fd_guard_drop(&process.fds, &fd);
}

/* Links into /proc that the name does not show. */
static void test_follow_links(void **state)
{
	char dir[] = "/tmp/husk-path-XXXXXX", name[PATH_MAX];

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(symlink("/proc/self/fd", "fds"), 0);
	assert_int_equal(symlink("fds/../x", "up"), 0);
	assert_int_equal(symlink("../../../../proc/self", "rel"), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(symlink("/etc", "plain"), 0);
	assert_int_equal(get(AT_FDCWD, "fds/7", 0), 0);
	assert_int_equal(path_follow_links(&task, &path, 0), 0);
	assert_string_equal(path.proc, "/proc/self/fd/7");
	snprintf(name, sizeof(name), "%s/./rel/maps", dir);
	assert_int_equal(get(AT_FDCWD, name, 0), 0);
	assert_int_equal(path_follow_links(&task, &path, 0), 0);
	assert_string_equal(path.proc, "/proc/self/maps");
	assert_int_equal(get(AT_FDCWD, "fds", 0), 0);
	assert_int_equal(path_follow_links(&task, &path, PATH_NOFOLLOW), 0);
	assert_string_equal(path.proc, "");
	assert_int_equal(path_follow_links(&task, &path, 0), 0);
	assert_string_equal(path.proc, "/proc/self/fd");
	assert_int_equal(get(AT_FDCWD, "up", 0), 0);
	assert_int_equal(path_follow_links(&task, &path, 0), 0);
	assert_string_equal(path.proc, "/proc/self/x");
	assert_int_equal(get(AT_FDCWD, "loop", 0), 0);
	assert_int_equal(path_follow_links(&task, &path, 0), 0);
	assert_string_equal(path.proc, "");
	assert_int_equal(get(AT_FDCWD, "plain/passwd", 0), 0);
	assert_int_equal(path_follow_links(&task, &path, 0), 0);
	assert_string_equal(path.proc, "");
	assert_int_equal(get(AT_FDCWD, "/dev/stdin", 0), 0);
	assert_int_equal(path_follow_links(&task, &path, 0), 0);
	assert_string_equal(path.proc, "/proc/self/fd/0");
	unlink("fds"), unlink("up"), unlink("rel"), unlink("loop"), unlink("plain");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void test_addresses(void **state)
{
	uint64_t len;

	(void)state;
	assert_int_equal(host_addr(0, 100), 0);
	assert_int_equal(host_addr(HK_GUEST_MAX - 8, 8), HK_GUEST_MAX - 8);
	assert_int_equal(host_addr(HK_GUEST_MAX - 8, 9), HOST_BAD_ADDR);
	assert_int_equal(host_addr(HK_GUEST_MAX, 1), HOST_BAD_ADDR);
	assert_int_equal(host_addr(~0UL, 2), HOST_BAD_ADDR);
	assert_int_equal(host_addr(0x10000, ~0UL), HOST_BAD_ADDR);
	assert_int_equal(host_addr(~0UL, 0), ~0UL);
	len = 10;
	assert_int_equal(host_span(HK_GUEST_MAX - 4, &len), HK_GUEST_MAX - 4);
	assert_int_equal(len, 4);
	len = 1UL << 40; /* Linux cuts what it does not refuse */
	assert_int_equal(host_span(0x10000, &len), 0x10000);
	assert_int_equal(len, HK_MAX_RW_COUNT);
	len = ~0UL;
	assert_int_equal(host_span(0x10000, &len), HOST_BAD_ADDR);
	assert_int_equal(len, ~0UL);
	len = 1;
	assert_int_equal(host_span(HK_GUEST_MAX, &len), HOST_UNMAPPED);
	assert_int_equal(host_span(LINUX_TASK_SIZE - 1, &len), HOST_UNMAPPED);
	assert_int_equal(host_span(LINUX_TASK_SIZE, &len), HOST_BAD_ADDR);
	assert_int_equal(host_span(1UL << 63, &len), HOST_BAD_ADDR);
	len = 0;
	assert_int_equal(host_span(HK_GUEST_MAX, &len), HK_GUEST_MAX);
}

static void test_vectors(void **state)
{
	static struct iovec vec[HK_IOV_MAX];
	struct iovec *v = (struct iovec *)guest;
	uint64_t at = (uint64_t)(uintptr_t)v;

	(void)state;
	expect_faults();
	v[0] = (struct iovec){ guest, 10 };
	v[1] = (struct iovec){ (void *)HK_GUEST_MAX, 10 };
	v[2] = (struct iovec){ (void *)HK_GUEST_MAX, 0 };
	assert_int_equal(host_iov(vec, at, 3), (uintptr_t)vec);
	assert_ptr_equal(vec[0].iov_base, guest);
	assert_int_equal((uintptr_t)vec[1].iov_base, HOST_UNMAPPED);
	assert_ptr_equal(vec[2].iov_base, HK_GUEST_MAX);
	/* behind what is cut at the guest's end nothing is transferred, but what Linux refuses it still sees */
	v[0] = (struct iovec){ (void *)(HK_GUEST_MAX - 4), 10 };
	v[1] = (struct iovec){ guest, 10 };
	v[2] = (struct iovec){ (void *)(1UL << 63), 10 };
	host_iov(vec, at, 3);
	assert_int_equal((uintptr_t)vec[0].iov_base, HK_GUEST_MAX - 4);
	assert_int_equal(vec[0].iov_len, 4);
	assert_int_equal((uintptr_t)vec[1].iov_base, HOST_UNMAPPED);
	assert_int_equal((uintptr_t)vec[2].iov_base, HOST_BAD_ADDR);
	/* a negative length stays one, for the host to refuse */
	v[0] = (struct iovec){ guest, 1UL << 63 };
	host_iov(vec, at, 1);
	assert_int_equal(vec[0].iov_len, 1UL << 63);
	assert_int_equal(host_iov(vec, at, HK_IOV_MAX + 1), HOST_BAD_ADDR);
	assert_int_equal(host_iov(vec, 8, 1), HOST_BAD_ADDR);
	assert_int_equal(host_iov(vec, 8, 0), (uintptr_t)vec);
}

static void test_strings(void **state)
{
	char buf[8];

	(void)state;
	expect_faults();
	strcpy(guest, "1234567");
	assert_int_equal(host_str(buf, sizeof(buf), (uint64_t)(uintptr_t)guest), (uintptr_t)buf);
	assert_string_equal(buf, "1234567");
	strcpy(guest, "123456789");
	assert_int_equal(host_str(buf, sizeof(buf), (uint64_t)(uintptr_t)guest), (uintptr_t)buf);
	assert_string_equal(buf, "1234567");
	assert_int_equal(host_str(buf, sizeof(buf), 0), 0);
	assert_int_equal(host_str(buf, sizeof(buf), 1), HOST_BAD_ADDR);
	assert_int_equal(host_str(buf, sizeof(buf), HK_GUEST_MAX), HOST_BAD_ADDR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_names),     cmocka_unit_test(test_names_of_proc),
		cmocka_unit_test(test_relative_names),  cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_our_descriptors), cmocka_unit_test(test_follow_links),
		cmocka_unit_test(test_addresses),       cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_strings),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
