/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a program (exec.h): the loader reads and plans, this file opens the files, maps what was planned, and sets the
 * registers. execve(2), elf(5), x86-64 psABI.
 */
#include "kern/exec.h"

#include "kern/rlimit.h"
#include "loader/elf.h"
#include "loader/script.h"
#include "loader/stack.h"
#include "mm/uaccess.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define SCRIPT_DEPTH  5 /* as Linux: a script that names a script … */
#define STACK_DEFAULT (8UL << 20)
#define STACK_MOST    (1UL << 30)  /* what an unlimited stack gets */
#define STACK_AHEAD   (16UL << 10) /* below the first frame: about what a dynamic linker takes */
#define STACK_GUARD   (1UL << 20)
#define ARG_MOST      (6UL << 20) /* strings and vectors: a quarter of the stack, at most this */
#define ARG_LEAST     (128UL << 10)
#define PIE_BASE      (HK_GUEST_MAX / 3 * 2)
#define RANDOM_MMAP   (1UL << 40) /* how far mmap area, PIE and stack are moved at random: 28, 28 and 22 bits of pages */
#define RANDOM_STACK  (16UL << 30)
#define RANDOM_BRK    (32UL << 20)
#define EAGER         (256UL << 10) /* stack and heap that get page-table entries at once */

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

struct program {
	const char *path; /* as it was asked for */
	bool closes;      /* that path will be gone */
	int fd;
	struct stat st;
	char real[PATH_MAX]; /* without symbolic links, as /proc shows it */
};

/* ---- opening ---- */

static int program_read(void *ctx, uint64_t off, void *buf, size_t len)
{
	const struct program *p = ctx;
	ssize_t n;

	if (off > (uint64_t)INT64_MAX - len)
		return -ENOEXEC;
	n = pread(p->fd, buf, len, (off_t)off);
	return n < 0 ? -errno : (size_t)n == len ? 0 : -ENOEXEC;
}

static void find_real_path(struct program *p)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", p->fd);
	n = readlink(link, p->real, sizeof(p->real) - 1);
	if (n > 0)
		p->real[n] = '\0';
	else
		snprintf(p->real, sizeof(p->real), "%s", p->path);
}

/* Is it open for writing somewhere? Only a lease on the file tells; it is given back at once. Who would break it just then sends a signal that by default
 * kills nobody. Not to be found out of another user's file. */
static bool is_being_written(const struct program *p)
{
	bool busy;

	if (p->st.st_uid != geteuid() || fcntl(p->fd, F_SETSIG, SIGURG))
		return false;
	busy = fcntl(p->fd, F_SETLEASE, F_RDLCK) && errno == EAGAIN;
	if (!busy)
		fcntl(p->fd, F_SETLEASE, F_UNLCK);
	return busy;
}

/* What stands at the path may be executed: open it to be read. */
static int program_reopen(struct program *p, struct hk_err *err)
{
	char link[40];
	int fd;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", p->fd);
	fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return hk_err_set(err, -errno, "cannot open %s: %s%s", p->path, strerror(errno),
				  errno == EACCES ? "; husk must be able to read it" : "");
	close(p->fd);
	p->fd = fd;
	if (is_being_written(p))
		return hk_err_set(err, -ETXTBSY, "cannot run %s: it is open for writing", p->path);
	find_real_path(p);
	return 0;
}

/* Open a program or interpreter as execve would: a regular file that may be executed and read. Its descriptor may be there already. */
static int program_open(struct program *p, struct hk_err *err)
{
	if (!*p->path)
		return hk_err_set(err, -EACCES, "the interpreter's name is empty");
	if (p->fd < 0)
		p->fd = open(p->path, O_PATH | O_CLOEXEC);
	if (p->fd < 0 || fstat(p->fd, &p->st))
		return hk_err_set(err, -errno, "cannot open %s: %s", p->path, strerror(errno));
	if (S_ISDIR(p->st.st_mode))
		return hk_err_set(err, -EACCES, "cannot run %s: it is a directory", p->path);
	if (S_ISLNK(p->st.st_mode))
		return hk_err_set(err, -ELOOP, "cannot run %s: it is a symbolic link", p->path);
	if (!S_ISREG(p->st.st_mode))
		return hk_err_set(err, -EACCES, "cannot run %s: it is not a regular file", p->path);
	if (syscall(SYS_faccessat2, p->fd, "", X_OK, AT_EACCESS | AT_EMPTY_PATH))
		return hk_err_set(err, -errno, "cannot run %s: %s; chmod +x makes a file executable", p->path,
				  strerror(errno));
	return program_reopen(p, err);
}

static void program_close(struct program *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

/* ---- scripts ---- */

struct args {
	char **v; /* owned array, and the strings marked in owned */
	size_t n;
};

static void args_free(struct args *a)
{
	for (size_t i = 0; a->v && i < a->n; i++)
		free(a->v[i]);
	free(a->v);
}

static int args_copy(struct args *a, char *const *argv)
{
	size_t n = 0;

	while (argv[n])
		n++;
	a->v = calloc(n + 1, sizeof(*a->v));
	if (!a->v)
		return -ENOMEM;
	for (; a->n < n; a->n++) {
		a->v[a->n] = strdup(argv[a->n]);
		if (!a->v[a->n])
			return -ENOMEM;
	}
	return 0;
}

/* argv of a script becomes: interpreter [argument] script-path argv[1]… */
static int args_for_script(struct args *a, const struct script_line *s, const char *path)
{
	const char *head[3] = { s->interp, s->has_arg ? s->arg : path, s->has_arg ? path : NULL };
	size_t extra = s->has_arg ? 3 : 2, rest = a->n ? a->n - 1 : 0;
	char **v = calloc(extra + rest + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < extra; i++) {
		v[i] = strdup(head[i]);
		if (!v[i]) {
			args_free(&(struct args){ .v = v, .n = i });
			return -ENOMEM;
		}
	}
	for (size_t i = 0; i < rest; i++)
		v[extra + i] = a->v[i + 1];
	if (a->n)
		free(a->v[0]);
	free(a->v);
	a->v = v;
	a->n = extra + rest;
	return 0;
}

/* Open the program, and while it is a script its interpreter in its place. path_buf keeps the interpreter's path. The program's own descriptor
 * stays open and is left in *first, unless NULL. */
static int open_through_scripts(struct program *p, struct args *a, int *first, char *path_buf, struct hk_err *err)
{
	for (int depth = 0; depth <= SCRIPT_DEPTH; depth++) {
		struct script_line line;
		char head[SCRIPT_LINE_MAX];
		ssize_t n;
		int r = program_open(p, err);

		if (depth == 0 && first)
			*first = p->fd;
		if (r)
			return depth ? hk_err_wrap(err, "script") : r;
		n = pread(p->fd, head, sizeof(head), 0);
		if (n < 0)
			return hk_err_set(err, -errno, "cannot read %s: %s", p->path, strerror(errno));
		r = script_parse(head, (size_t)n, &line);
		if (r < 0)
			return hk_err_set(err, r, "cannot run %s: its #! line names no interpreter", p->path);
		if (r == 0)
			return 0;
		if (p->closes)
			return hk_err_set(err, -ENOENT, "cannot run %s: its descriptor is close-on-exec", p->path);
		r = args_for_script(a, &line, p->path);
		if (r)
			return hk_err_set(err, r, "cannot run %s: out of memory", p->path);
		if (depth == 0 && first)
			p->fd = -1;
		program_close(p);
		strcpy(path_buf, line.interp);
		p->path = path_buf;
	}
	return hk_err_set(err, -ELOOP, "cannot run %s: scripts name each other as interpreters more than %d deep",
			  p->path, SCRIPT_DEPTH);
}

/* ---- mapping ---- */

static uint64_t random_below(const struct hk_process *proc, uint64_t span)
{
	uint64_t r = 0;

	if (!proc->aslr || getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return 0;
	return hk_align_down(r % span, HK_PAGE_SIZE);
}

static int64_t map(struct mm *mm, uint64_t at, uint64_t len, int prot, int flags, int fd, uint64_t off,
		   const char *path)
{
	const struct mm_map_hint hint = { .path = path, .populate = true };

	return mm_map(mm, GVA(at), len, prot, MAP_PRIVATE | MAP_DENYWRITE | flags, fd, off, &hint);
}

/* One PT_LOAD: file pages, then zeroes. */
static int64_t map_segment(struct mm *mm, const struct program *p, const struct elf_segment *s, uint64_t bias)
{
	uint64_t start = hk_align_down(s->vaddr, HK_PAGE_SIZE), file_end = s->vaddr + s->filesz;
	uint64_t zero = hk_align_up(file_end, HK_PAGE_SIZE), end = hk_align_up(s->vaddr + s->memsz, HK_PAGE_SIZE);
	int64_t r;

	if (s->filesz) {
		r = map(mm, bias + start, zero - start, s->prot, MAP_FIXED, p->fd, s->offset - (s->vaddr - start),
			p->real);
		if (r < 0)
			return r;
		/* The rest of the last page belongs to bss. In a read-only segment it stays as the file has it, as on Linux. */
		if (s->memsz > s->filesz && (s->prot & PROT_WRITE) && file_end < zero &&
		    clear_guest(GVA(bias + file_end), zero - file_end))
			return -ENOEXEC;
	} else {
		zero = start;
	}
	if (end <= zero)
		return 0;
	/* Whole pages of zeroes can be read and written whatever the segment says, as on Linux. */
	r = map(mm, bias + zero, end - zero, PROT_READ | PROT_WRITE | (s->prot & PROT_EXEC), MAP_FIXED | MAP_ANONYMOUS,
		-1, 0, NULL);
	return r < 0 ? r : 0;
}

/* Map a whole plan at `want` (ET_DYN; 0 = anywhere) or where it says; its bias in *bias. */
static int map_plan(struct hk_task *t, const struct program *p, const struct elf_plan *plan, uint64_t want,
		    uint64_t *bias, struct hk_err *err)
{
	struct mm *mm = t->proc->mm;
	uint64_t span = plan->high - plan->low;
	int64_t r;

	*bias = 0;
	if (!plan->fixed) {
		const struct mm_map_hint hint = { .path = NULL };

		/* Reserve all of it, aligned as it asks, so that the segments cannot be torn apart. */
		r = mm_map(mm, GVA(want), span + plan->align - HK_PAGE_SIZE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0, &hint);
		if (r < 0)
			return hk_err_set(err, (int)r, "cannot map %s: no room for its %lu bytes", p->path, span);
		*bias = hk_align_up((uint64_t)r, plan->align) - plan->low;
		mm_unmap(mm, GVA(r), span + plan->align - HK_PAGE_SIZE);
	}
	for (unsigned i = 0; i < plan->count; i++) {
		r = map_segment(mm, p, &plan->seg[i], *bias);
		if (r)
			return hk_err_set(err, (int)r, "cannot map segment %u of %s at %#lx: %s", i, p->path,
					  *bias + plan->seg[i].vaddr, strerror((int)-r));
	}
	return 0;
}

/* Where code and data lie, and the heap begins, for brk and /proc. */
static void note_image(struct hk_process *proc, const struct elf_plan *plan, uint64_t bias)
{
	struct mm *mm = proc->mm;

	mm->start_code = mm->start_data = UINT64_MAX;
	for (unsigned i = 0; i < plan->count; i++) {
		const struct elf_segment *s = &plan->seg[i];
		uint64_t start = bias + s->vaddr, end = start + s->filesz;

		if (s->prot & PROT_EXEC) {
			mm->start_code = hk_min(mm->start_code, start);
			mm->end_code = hk_max(mm->end_code, end);
		}
		mm->start_data = start; /* the last one, as Linux has it */
		mm->end_data = hk_max(mm->end_data, end);
	}
	mm->brk = mm->brk_start = bias + plan->high + random_below(proc, RANDOM_BRK);
}

/* ---- stack and registers ---- */

static uint64_t stack_limit(struct hk_process *proc)
{
	struct rlimit64 rl;

	if (rlimit_get(proc, RLIMIT_STACK, &rl) || rl.rlim_cur == RLIM64_INFINITY)
		return STACK_MOST;
	return hk_align_up(hk_max(hk_min(rl.rlim_cur, STACK_MOST), 2 * ARG_LEAST), HK_PAGE_SIZE);
}

static int map_stack(struct hk_process *proc, uint64_t size, bool exec, struct hk_err *err)
{
	struct mm *mm = proc->mm;
	const struct mm_map_hint hint = { .kind = VMA_STACK };
	int64_t r;

	mm->stack_top = HK_GUEST_MAX - HK_PAGE_SIZE - random_below(proc, RANDOM_STACK);
	r = mm_map(mm, GVA(mm->stack_top - size), size, PROT_READ | PROT_WRITE | (exec ? PROT_EXEC : 0),
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE | MAP_STACK, -1, 0, &hint);
	if (r < 0)
		return hk_err_set(err, (int)r, "cannot map the stack of %lu bytes: %s", size, strerror((int)-r));
	mm->mmap_top = mm->stack_top - size - STACK_GUARD - random_below(proc, RANDOM_MMAP);
	return 0;
}

static void add_aux(struct stack_spec *s, uint64_t type, uint64_t value)
{
	s->aux[s->aux_count++] = (struct stack_aux){ type, value };
}

static void fill_aux(struct stack_spec *s, const struct exec_request *req, const struct elf_plan *plan, uint64_t bias,
		     uint64_t interp_base, uint64_t vdso)
{
	if (vdso)
		add_aux(s, AT_SYSINFO_EHDR, vdso);
	if (req->min_sigstack)
		add_aux(s, AT_MINSIGSTKSZ, req->min_sigstack);
	add_aux(s, AT_HWCAP, req->hwcap);
	add_aux(s, AT_PAGESZ, HK_PAGE_SIZE);
	add_aux(s, AT_CLKTCK, (uint64_t)sysconf(_SC_CLK_TCK));
	add_aux(s, AT_PHDR, plan->phdr ? bias + plan->phdr : 0);
	add_aux(s, AT_PHENT, sizeof(Elf64_Phdr));
	add_aux(s, AT_PHNUM, plan->phnum);
	add_aux(s, AT_BASE, interp_base);
	add_aux(s, AT_FLAGS, 0);
	add_aux(s, AT_ENTRY, bias + plan->entry);
	add_aux(s, AT_UID, getuid());
	add_aux(s, AT_EUID, geteuid());
	add_aux(s, AT_GID, getgid());
	add_aux(s, AT_EGID, getegid());
	add_aux(s, AT_SECURE, 0); /* set-user-ID bits give nothing here */
	/* Placed here as Linux places them; the builder knows the values. */
	add_aux(s, AT_RANDOM, 0);
	add_aux(s, AT_HWCAP2, req->hwcap2);
	add_aux(s, AT_EXECFN, 0);
	add_aux(s, AT_PLATFORM, 0);
}

static uint64_t arg_limit(uint64_t stack_size)
{
	return hk_max(hk_min(stack_size / 4, ARG_MOST), ARG_LEAST);
}

/* Build the first stack and point the registers at it. */
static int start_stack(struct hk_task *t, struct stack_spec *spec, uint64_t size, uint64_t start, struct hk_err *err)
{
	struct mm *mm = t->proc->mm;
	struct hk_image *image = &t->proc->image;
	struct stack_image stack;
	struct hk_regs *regs = t->cpu->ops->regs(t->cpu);
	int r;

	spec->top = mm->stack_top;
	spec->limit = arg_limit(size);
	spec->platform = "x86_64";
	if (getrandom(spec->random, sizeof(spec->random), 0) != (ssize_t)sizeof(spec->random))
		return hk_err_set(err, -EIO, "cannot get random bytes: %s", strerror(errno));
	r = stack_build(spec, &stack);
	if (r)
		return hk_err_set(err, r,
				  r == -E2BIG ? "cannot run %s: arguments and environment are too long"
					      : "cannot run %s: out of memory",
				  spec->execfn);
	r = copy_to_guest(GVA(stack.sp), stack.bytes, stack.size);
	if (r == 0)
		r = pt_map(&mm->pt, hk_align_down(hk_min(stack.sp, mm->stack_top - EAGER), HK_PAGE_SIZE), mm->stack_top,
			   false, false);
	if (r == 0)
		r = pt_map(&mm->pt, hk_align_down(mm->brk_start, HK_PAGE_SIZE),
			   hk_align_up(mm->brk_start + EAGER, HK_PAGE_SIZE), false, false);
	free(stack.bytes);
	if (r)
		return hk_err_set(err, r, "cannot run %s: no memory for its first stack", spec->execfn);
	mm->start_stack = stack.sp;
	mm_ahead_stack(mm, stack.sp - STACK_AHEAD, mm->stack_top);
	mm->arg_start = stack.arg_start;
	mm->arg_end = stack.arg_end;
	mm->env_start = stack.env_start;
	mm->env_end = stack.env_end;
	image->auxv_words = stack.auxv_words < HK_ARRAY_LEN(image->auxv) ? stack.auxv_words : HK_ARRAY_LEN(image->auxv);
	memcpy(image->auxv, stack.auxv, image->auxv_words * sizeof(image->auxv[0]));
	memset(regs, 0, sizeof(*regs));
	regs->rip = start;
	regs->rsp = stack.sp;
	regs->rflags = 0x202;
	return 0;
}

static void name_image(struct hk_process *proc, const struct program *p, const char *invoked)
{
	const char *base = strrchr(invoked, '/');
	struct hk_image *image = &proc->image;

	memcpy(image->exe, p->real, sizeof(image->exe));
	strncpy(image->comm, base ? base + 1 : invoked, sizeof(image->comm) - 1);
	image->exe_dev = p->st.st_dev;
	image->exe_ino = p->st.st_ino;
}

/* Map the program and its interpreter; where to start in *start. */
static int map_image(struct hk_task *t, struct program *p, struct elf_plan *plan, const struct exec_request *req,
		     struct stack_spec *spec, uint64_t *start, struct hk_err *err)
{
	struct hk_process *proc = t->proc;
	struct program ip = { .path = plan->interp, .fd = -1 };
	uint64_t bias, interp_bias = 0, vdso = 0;
	struct elf_plan *iplan;
	struct elf_source src = { .ctx = &ip, .read = program_read };
	int r = map_plan(t, p, plan, plan->fixed ? 0 : PIE_BASE + random_below(proc, RANDOM_MMAP), &bias, err);

	if (r)
		return r;
	if (req->map_vdso && req->map_vdso(proc->mm, &vdso))
		return hk_err_set(err, -ENOMEM, "cannot map the vDSO of %s: out of memory", p->path);
	note_image(proc, plan, bias);
	*start = bias + plan->entry;
	if (!plan->has_interp) {
		fill_aux(spec, req, plan, bias, 0, vdso);
		return 0;
	}
	iplan = malloc(sizeof(*iplan));
	if (!iplan)
		return hk_err_set(err, -ENOMEM, "cannot run %s: out of memory", p->path);
	r = program_open(&ip, err);
	src.size = (uint64_t)ip.st.st_size;
	if (r == 0)
		r = elf_parse(&src, ip.path, iplan, err);
	if (r == -ENOEXEC)
		r = -ELIBBAD;
	if (r == 0)
		r = map_plan(t, &ip, iplan, 0, &interp_bias, err);
	if (r == 0) {
		*start = interp_bias + iplan->entry;
		fill_aux(spec, req, plan, bias, interp_bias, vdso);
	} else {
		hk_err_wrap(err, "%s needs the interpreter %s", p->path, plan->interp);
	}
	program_close(&ip);
	free(iplan);
	return r;
}

static int load(struct hk_task *t, struct program *p, struct args *a, const struct exec_request *req,
		struct elf_plan *plan, struct hk_err *err)
{
	struct elf_source src = { .ctx = p, .read = program_read };
	struct stack_spec spec = { .envp = req->envp, .execfn = req->path };
	uint64_t start = 0, size = stack_limit(t->proc);
	char path_buf[SCRIPT_LINE_MAX];
	int r = open_through_scripts(p, a, NULL, path_buf, err);

	if (r)
		return r;
	src.size = (uint64_t)p->st.st_size;
	r = elf_parse(&src, p->path, plan, err);
	if (r == 0)
		r = map_stack(t->proc, size, plan->exec_stack, err);
	if (r == 0)
		r = map_image(t, p, plan, req, &spec, &start, err);
	spec.argv = a->v;
	if (r == 0)
		r = start_stack(t, &spec, size, start, err);
	if (r == 0)
		name_image(t->proc, p, req->path);
	return r;
}

/* ---- before the old program is given up ---- */

static int check_interpreter(const struct elf_plan *plan, struct hk_err *err)
{
	struct program ip = { .path = plan->interp, .fd = -1 };
	struct elf_plan *iplan HK_FREE = malloc(sizeof(*iplan));
	struct elf_source src = { .ctx = &ip, .read = program_read };
	int r = iplan ? program_open(&ip, err) : -ENOMEM;

	src.size = (uint64_t)ip.st.st_size;
	if (r == 0)
		r = elf_parse(&src, ip.path, iplan, err);
	program_close(&ip);
	return r == -ENOEXEC ? -ELIBBAD : r;
}

static int check_room(struct hk_task *t, const struct args *a, char *const *envp, const char *path)
{
	struct stack_spec spec = { .envp = envp, .execfn = path, .argv = a->v, .platform = "x86_64" };
	struct stack_image stack;
	int r;

	spec.top = HK_GUEST_MAX - HK_PAGE_SIZE;
	spec.limit = arg_limit(stack_limit(t->proc));
	r = stack_build(&spec, &stack);
	if (r == 0)
		free(stack.bytes);
	return r;
}

int exec_check(struct hk_task *t, struct exec_request *req, struct hk_err *err)
{
	struct program p = { .path = req->path, .closes = req->closes, .fd = req->fd };
	struct elf_plan *plan HK_FREE = malloc(sizeof(*plan));
	struct elf_source src = { .ctx = &p, .read = program_read };
	struct args a = { 0 };
	char path_buf[SCRIPT_LINE_MAX];
	int r = plan ? args_copy(&a, req->argv) : -ENOMEM;

	if (r == 0)
		r = check_room(t, &a, req->envp, req->path);
	if (r == 0)
		r = open_through_scripts(&p, &a, &req->fd, path_buf, err);
	if (r == 0)
		r = check_room(t, &a, req->envp, req->path);
	src.size = (uint64_t)p.st.st_size;
	if (r == 0)
		r = elf_parse(&src, p.path, plan, err);
	if (r == 0 && plan->has_interp)
		r = check_interpreter(plan, err);
	if (p.fd != req->fd)
		program_close(&p);
	args_free(&a);
	return r;
}

int exec_load(struct hk_task *t, const struct exec_request *req, struct hk_err *err)
{
	struct program p = { .path = req->path, .fd = req->fd };
	struct elf_plan *plan = malloc(sizeof(*plan));
	struct args a = { 0 };
	int r = -ENOMEM;

	if (plan)
		r = args_copy(&a, req->argv);
	r = r ? hk_err_set(err, r, "cannot run %s: out of memory", req->path) : load(t, &p, &a, req, plan, err);
	program_close(&p);
	args_free(&a);
	free(plan);
	return r;
}
