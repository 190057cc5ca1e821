/* SPDX-License-Identifier: Apache-2.0 */
#include "proc_world.h"

#include "procfs/procfs.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PAGE 4096UL

static int add_slot(void *ctx, gpa_t gpa, uint64_t hva, uint64_t size)
{
	(void)ctx, (void)gpa, (void)hva, (void)size;
	return 0;
}

static const struct pt_ops ops = { .add_slot = add_slot, .max_slots = 64, .gpa_bits = 40 };

static void *wait_for_end(void *arg)
{
	struct proc_world *w = arg;
	char c;

	__atomic_store_n(&w->thread, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	return read(w->stop[0], &c, 1) < 0 ? w : NULL;
}

static uint64_t map(struct proc_world *w, uint64_t at, uint64_t len, int prot, int flags, int fd, uint64_t off,
		    enum vma_kind kind)
{
	const struct mm_map_hint hint = { .kind = kind };
	int64_t r = mm_map(w->process.mm, GVA(at), len, prot, flags | (at ? MAP_FIXED : 0), fd, off, &hint);

	assert_true(r > 0);
	return (uint64_t)r;
}

/* As a program looks: text and data of a file, a heap, shared and anonymous memory, a stack with arguments. Some pages are touched. */
static void make_memory(struct proc_world *w)
{
	static const char args[] = "prog\0-x\0one two\0\0HOME=/root\0A=b";
	struct mm *mm = w->process.mm;
	int fd;

	strcpy(w->file, "/tmp/hkprocXXXXXX");
	fd = mkstemp(w->file);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 64 * PAGE), 0);
	w->text = map(w, 0x2a0000000000, 8 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0, VMA_PLAIN);
	map(w, w->text + 8 * PAGE, 16 * PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 8 * PAGE, VMA_PLAIN);
	map(w, w->text + 24 * PAGE, 8 * PAGE, PROT_READ, MAP_PRIVATE, fd, 24 * PAGE, VMA_PLAIN);
	w->data = map(w, w->text + 32 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 32 * PAGE, VMA_PLAIN);
	w->heap =
		map(w, 0x2a0100000000, 33 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, VMA_HEAP);
	w->shared =
		map(w, 0x300000000000, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0, VMA_PLAIN);
	map(w, 0x310000000000, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, VMA_PLAIN);
	w->stack = map(w, 0x3f0000000000, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0,
		       VMA_STACK);
	close(fd);
	for (unsigned i = 0; i < 10; i++) {
		*(volatile char *)(w->heap + i * PAGE) = 1;
		(void)*(volatile char *)(w->text + 3 * i * PAGE);
	}
	*(volatile char *)w->data = *(volatile char *)w->shared = 1;
	mm->start_code = w->text + 8 * PAGE;
	mm->end_code = w->text + 24 * PAGE - 100;
	mm->start_data = w->data;
	mm->end_data = w->data + PAGE;
	mm->brk_start = w->heap;
	mm->brk = w->heap + 33 * PAGE;
	mm->start_stack = w->stack + 60 * PAGE;
	mm->arg_start = mm->start_stack + 256;
	mm->arg_end = mm->arg_start + 16;
	mm->env_start = mm->arg_end;
	mm->env_end = mm->env_start + sizeof(args) - 16;
	memcpy((char *)mm->arg_start, args, sizeof(args));
}

static void make_image(struct hk_image *im)
{
	struct stat st;
	ssize_t n = readlink("/proc/self/exe", im->exe, sizeof(im->exe) - 1);

	assert_true(n > 0);
	assert_int_equal(stat(im->exe, &st), 0);
	im->exe_dev = st.st_dev;
	im->exe_ino = st.st_ino;
	assert_int_equal(prctl(PR_SET_NAME, "a) R \\\n9"), 0);
	im->auxv[0] = 6;
	im->auxv[1] = 4096;
	im->auxv_words = 4;
}

int proc_world_setup(void **state)
{
	struct proc_world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	*state = w;
	w->task = (struct hk_task){ .proc = &w->process, .tid = (pid_t)syscall(SYS_gettid), .call = &w->call };
	task_list_init(&w->process.tasks);
	task_list_add(&w->process.tasks, &w->task);
	assert_int_equal(fd_guard_init(&w->process.fds), 0);
	w->secret = memfd_create("secret", MFD_CLOEXEC);
	assert_int_equal(write(w->secret, WORLD_SECRET, sizeof(WORLD_SECRET)), sizeof(WORLD_SECRET));
	assert_int_equal(fd_guard_adopt(&w->process.fds, &w->secret), 0);
	assert_int_equal(pipe2(w->stop, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&w->pthread, NULL, wait_for_end, w), 0);
	while (!__atomic_load_n(&w->thread, __ATOMIC_ACQUIRE))
		sched_yield();
	w->child = fork();
	if (w->child == 0) {
		pause();
		_exit(0);
	}
	assert_true(w->child > 0);
	w->process.mm = &w->mm;
	assert_int_equal(mm_init(w->process.mm, &ops, NULL), 0);
	make_memory(w);
	make_image(&w->process.image);
	return 0;
}

/* Joined is not gone: the kernel takes a thread out of its count a moment later, and the next test counts. */
static void wait_until_alone(void)
{
	char *status;
	bool alone;

	do {
		status = proc_world_host("/proc/self/status", NULL);
		alone = strstr(status, "\nThreads:\t1\n") != NULL;
		free(status);
	} while (!alone && sched_yield() == 0);
}

int proc_world_teardown(void **state)
{
	struct proc_world *w = *state;

	assert_int_equal(write(w->stop[1], "", 1), 1);
	assert_int_equal(pthread_join(w->pthread, NULL), 0);
	wait_until_alone();
	assert_int_equal(kill(w->child, SIGKILL), 0);
	assert_int_equal(waitpid(w->child, NULL, 0), w->child);
	close(w->stop[0]);
	close(w->stop[1]);
	unlink(w->file);
	fd_guard_drop(&w->process.fds, &w->secret);
	mm_destroy(w->process.mm);
	free(w);
	return 0;
}

const char *proc_world_path(const struct proc_world *w, const char *pattern)
{
	static char path[PATH_MAX];
	size_t n = 0;

	for (const char *p = pattern; *p; p++) {
		int number = p[0] != '%'   ? -1
			     : p[1] == 'p' ? (int)getpid()
			     : p[1] == 't' ? (int)w->thread
			     : p[1] == 's' ? w->secret
			     : p[1] == 'c' ? (int)w->child
					   : -1;

		if (number < 0) {
			path[n++] = *p;
			continue;
		}
		n += (size_t)snprintf(path + n, sizeof(path) - n, "%d", number);
		p++;
	}
	path[n] = '\0';
	return path;
}

int64_t proc_world_open(struct proc_world *w, const char *path, int flags)
{
	int64_t r = procfs_open(&w->task, path, flags);

	if (r != PROCFS_PASS)
		return r;
	r = open(path, flags, 0600);
	return r < 0 ? -errno : procfs_fixup_open(&w->task, (int)r, flags);
}

static char *read_all(int fd, size_t *len)
{
	size_t n = 0, cap = 1 << 20;
	char *buf = malloc(cap);
	ssize_t got;

	assert_non_null(buf);
	while ((got = read(fd, buf + n, cap - n - 1)) > 0) {
		n += (size_t)got;
		assert_true(n < cap - 1);
	}
	assert_int_equal(got, 0);
	buf[n] = '\0';
	if (len)
		*len = n;
	close(fd);
	return buf;
}

char *proc_world_read(struct proc_world *w, const char *path, size_t *len)
{
	int64_t fd = procfs_open(&w->task, path, O_RDONLY);

	if (fd < 0)
		fail_msg("%s: %ld", path, (long)fd);
	return read_all((int)fd, len);
}

char *proc_world_host(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return read_all(fd, len);
}
