/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole programs of system calls through the dispatcher, with a trace, against the real host.
 *
 * Threat model: the guest chooses every number, argument, register and byte of its memory. The monitor must answer with an errno or a result.
 * Input: syscalls_input.h; a program of up to 32 calls. Memory is an arena of the guest's: pages to read and write, filled from the input over and over, with
 * nothing behind; read-only pages; a page of path names. Descriptors are a pool of harmless ones. All is rebuilt for each program.
 * Held to, call by call: results are results or errnos that Linux has; unknown and refused numbers give ENOSYS; no
 * descriptor appears or vanishes but by the calls that make or close some; the monitor's descriptors stay open and
 * what they were; a page of the monitor's, whose address the guest is told, is not written. At the program's end:
 * what that page and the monitor's file hold is not in the guest's memory; read-only pages are unchanged; the VMA tree
 * is sound, its sums are right, and what it says of each mapping's first and last page, and of the page behind it, is
 * what the host does. No sanitizer report, no hang.
 * With HK_FUZZ_TRACE set the trace is shown, to understand an input that fails.
 * The host is protected from all this by jail.c: what would harm it is not done, and the handler sees an error.
 */
#include "fake_cpu.h"
#include "jail.h"
#include "syscalls_input.h"

#include "base/bug.h"
#include "kern/task.h"
#include "mm/internal.h"
#include "mm/uaccess.h"
#include "syscalls/dispatch.h"
#include "syscalls/table.h"
#include "trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <ucontext.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA       0x2a0000000000UL
#define ARENA_BYTES (8 * HK_PAGE_SIZE)
#define RO          (ARENA + ARENA_BYTES + HK_PAGE_SIZE)
#define RO_BYTES    (2 * HK_PAGE_SIZE)
#define PATHS       (RO + RO_BYTES + HK_PAGE_SIZE)
#define PATHS_BYTES (5 * HK_PAGE_SIZE)
#define FILE_LIMIT  (8UL << 20)
#define MEM_LIMIT   (16UL << 20)
#define FDS         64 /* guest descriptors are below */
#define POOL        20
#define OURS        3
#define TICK        (SIGRTMIN + 4)
#define SECRET      32

extern const char uaccess_begin[], uaccess_end[];

static struct world {
	struct hk_process process;
	struct hk_task task;
	struct fake_cpu cpu;
	struct trace *trace;
	int ours[OURS]; /* the monitor's: a memory file with the secret, a socket, the trace's */
	struct stat ours_stat[OURS];
	int pool[POOL];
	int first_fd;
	char *page;          /* the monitor's, with the secret */
	char secret[SECRET]; /* new for each program: libFuzzer would learn it from the comparisons */
	char dir[32];
	unsigned paths;
	uint16_t path_at[64]; /* offsets from PATHS */
	char path_bytes[PATHS_BYTES];
	char ro_bytes[RO_BYTES];
	uint64_t open;                            /* the guest's descriptors, a bit each */
	bool by_server, mapping_changed, guarded; /* the last two by the program that runs */
	timer_t timer;
	struct sigaction theirs[2], uaccess; /* libFuzzer's handlers of SIGSEGV and SIGBUS, and uaccess's */
	bool ready;
} w;

/* ---- once ---- */

static void add_path(const char *s, size_t len)
{
	static size_t used;

	HK_BUG_ON(used + len + 1 > PATHS_BYTES || w.paths == HK_ARRAY_LEN(w.path_at));
	w.path_at[w.paths++] = (uint16_t)used;
	memcpy(w.path_bytes + used, s, len);
	used += len + 1;
}

static void make_paths(void)
{
	/* clang-format off */
	static const char *const names[] = {
		"", "/", ".", "..", "nothing", "file", "file/", "loop1", "dir/to_file", "dir/../file", "link_to_proc/status",
		"link_to_fd/70", "/proc", "/proc/self", "/proc/self/exe", "/proc/self/cwd",
		"/proc/self/root/proc/self/status", "/proc/self/fd", "/proc/self/fd/64", "/proc/self/fd/65",
		"/proc/self/fd/10", "/proc/self/fdinfo/64", "/proc/self/maps", "/proc/self/smaps", "/proc/self/numa_maps",
		"/proc/self/mem", "/proc/self/pagemap", "/proc/self/comm", "/proc/self/cmdline", "/proc/self/environ",
		"/proc/self/auxv", "/proc/self/stat", "/proc/self/statm", "/proc/self/status", "/proc/self/limits",
		"/proc/self/syscall", "/proc/thread-self/status", "/proc/self/task", "/proc/self/map_files", "/proc/meminfo",
		"/proc/cpuinfo", "/proc/1/status", "/dev/null", "/dev/zero", "/dev/fd/64", "user.name",
		"security.capability", "AT"
	};
	/* clang-format on */
	static char text[5000];
	char own[64];

	for (size_t i = 0; i < HK_ARRAY_LEN(names); i++)
		add_path(names[i], strlen(names[i]));
	add_path(own, (size_t)snprintf(own, sizeof(own), "%s", w.dir));
	add_path(own, (size_t)snprintf(own, sizeof(own), "%s/file", w.dir));
	add_path(own, (size_t)snprintf(own, sizeof(own), "%s/program", w.dir));
	add_path(own, (size_t)snprintf(own, sizeof(own), "%s/link_to_fd/64", w.dir));
	add_path(own, (size_t)snprintf(own, sizeof(own), "/proc/%d/maps", (int)getpid()));
	memset(text, 'x', sizeof(text));
	add_path(text, 256);
	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "./", 2);
	add_path(text, 4095);
	add_path(text, 4096);
}

static void make_files(void)
{
	int dir, fd;

	strcpy(w.dir, access("/dev/shm", W_OK) ? "/tmp/hkfuzzXXXXXX" : "/dev/shm/hkfuzzXXXXXX");
	HK_BUG_ON(!mkdtemp(w.dir));
	dir = open(w.dir, O_RDONLY | O_DIRECTORY);
	HK_BUG_ON(dir < 0);
	fd = openat(dir, "file", O_RDWR | O_CREAT | O_EXCL, 0600);
	HK_BUG_ON(fd < 0 || close(fd));
	fd = openat(dir, "program", O_RDWR | O_CREAT | O_EXCL, 0700);
	HK_BUG_ON(fd < 0 || close(fd));
	HK_BUG_ON(mkdirat(dir, "dir", 0700) || symlinkat("../file", dir, "dir/to_file"));
	HK_BUG_ON(symlinkat("loop2", dir, "loop1") || symlinkat("loop1", dir, "loop2"));
	HK_BUG_ON(symlinkat("/proc/self", dir, "link_to_proc") || symlinkat("/proc/self/fd", dir, "link_to_fd"));
	close(dir);
}

static void remove_files(void)
{
	static const char *const names[] = { "file",  "program",      "dir/to_file", "loop1",
					     "loop2", "link_to_proc", "link_to_fd" };
	int dir = open(w.dir, O_RDONLY | O_DIRECTORY);

	for (size_t i = 0; i < HK_ARRAY_LEN(names); i++)
		unlinkat(dir, names[i], 0);
	unlinkat(dir, "dir", AT_REMOVEDIR);
	rmdir(w.dir);
}

static void make_ours(void)
{
	struct rlimit lim;

	HK_BUG_ON(getrlimit(RLIMIT_NOFILE, &lim));
	lim.rlim_cur = FDS;
	HK_BUG_ON(setrlimit(RLIMIT_NOFILE, &lim) || fd_guard_init(&w.process.fds) || w.process.fds.base != FDS);
	HK_BUG_ON(getrlimit(RLIMIT_FSIZE, &lim));
	lim.rlim_cur = FILE_LIMIT;
	HK_BUG_ON(setrlimit(RLIMIT_FSIZE, &lim));
	w.ours[0] = memfd_create("secret", MFD_CLOEXEC);
	HK_BUG_ON(write(w.ours[0], w.secret, SECRET) != SECRET);
	w.ours[1] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	w.ours[2] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	for (int i = 0; i < OURS; i++)
		HK_BUG_ON(fd_guard_adopt(&w.process.fds, &w.ours[i]) || fstat(w.ours[i], &w.ours_stat[i]));
	w.page = mmap(NULL, HK_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	HK_BUG_ON(w.page == MAP_FAILED);
}

/* A fault in uaccess's copy routines is uaccess's; any other is a bug, for libFuzzer to report when the instruction is tried again. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
	uint64_t rip = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	if (rip >= (uint64_t)(uintptr_t)uaccess_begin && rip < (uint64_t)(uintptr_t)uaccess_end)
		w.uaccess.sa_sigaction(sig, info, context);
	else
		sigaction(sig, &w.theirs[sig == SIGBUS], NULL);
}

static void on_tick(int sig)
{
	(void)sig;
}

/* libFuzzer takes SIGSEGV after LLVMFuzzerInitialize: so this belongs to the first input. */
static void make_signals(void)
{
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK };
	struct sigaction tick = { .sa_handler = on_tick };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = TICK };

	HK_BUG_ON(sigaction(SIGSEGV, NULL, &w.theirs[0]) || sigaction(SIGBUS, NULL, &w.theirs[1]));
	HK_BUG_ON(uaccess_init() || sigaction(SIGSEGV, NULL, &w.uaccess));
	HK_BUG_ON(sigaction(SIGSEGV, &act, NULL) || sigaction(SIGBUS, &act, NULL) || sigaction(TICK, &tick, NULL));
	event._sigev_un._tid = gettid();
	HK_BUG_ON(timer_create(CLOCK_MONOTONIC, &event, &w.timer));
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGIO, SIG_IGN);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct jail j = { .shadow_start = 0x7fff7000, .shadow_end = 0x10007fff8000 }; /* AddressSanitizer's */
	char name[64];

	(void)argc, (void)argv;
	make_files();
	atexit(remove_files);
	make_ours();
	make_paths();
	for (size_t i = 0; i < RO_BYTES; i++)
		w.ro_bytes[i] = (char)(i * 7 + i / 256);
	j.first_fd = w.first_fd = dup(0);
	HK_BUG_ON(j.first_fd < 0 || close(j.first_fd));
	snprintf(name, sizeof(name), "%s/file", w.dir);
	HK_BUG_ON(stat(name, &j.writable[0]));
	snprintf(name, sizeof(name), "%s/program", w.dir);
	HK_BUG_ON(stat(name, &j.writable[1]));
	j.memory = w.ours_stat[0];
	jail_enter(&j);
	return 0;
}

/* ---- for each program ---- */

static int open_in(const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", w.dir, name);
	return open(path, flags);
}

static void open_pool(void)
{
	static const char text[] = "some text\n";
	sigset_t usr;
	int n = 0;

	sigemptyset(&usr);
	sigaddset(&usr, SIGUSR1);
	HK_BUG_ON(pipe2(&w.pool[n], O_NONBLOCK));
	n += 2;
	HK_BUG_ON(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, &w.pool[n]));
	n += 2;
	HK_BUG_ON(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, &w.pool[n]));
	n += 2;
	w.pool[n++] = memfd_create("guest", MFD_ALLOW_SEALING);
	w.pool[n++] = open(w.dir, O_RDONLY | O_DIRECTORY);
	w.pool[n++] = open_in("file", O_RDWR | O_TRUNC);
	w.pool[n++] = epoll_create1(0);
	w.pool[n++] = eventfd(1, EFD_NONBLOCK);
	w.pool[n++] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	w.pool[n++] = inotify_init1(IN_NONBLOCK);
	w.pool[n++] = signalfd(-1, &usr, SFD_NONBLOCK);
	w.pool[n++] = open("/dev/null", O_RDWR);
	w.pool[n++] = open("/dev/zero", O_RDONLY);
	w.pool[n++] = open("/proc/self", O_RDONLY | O_DIRECTORY);
	w.pool[n++] = open("/", O_PATH);
	w.pool[n++] = open_in("file", O_RDONLY);
	w.pool[n++] = open_in("file", O_WRONLY | O_APPEND);
	HK_BUG_ON(n != POOL);
	for (int i = 0; i < POOL; i++)
		HK_BUG_ON(w.pool[i] < 0);
	HK_BUG_ON(write(w.pool[6], text, sizeof(text)) < 0 || write(w.pool[8], text, sizeof(text)) < 0);
}

static int add_slot(void *ctx, gpa_t gpa, uint64_t hva, uint64_t size)
{
	(void)ctx, (void)gpa, (void)hva, (void)size;
	return 0;
}

static void map(uint64_t at, uint64_t len)
{
	HK_BUG_ON(mm_map(w.process.mm, GVA(at), len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			 -1, 0, NULL) != (int64_t)at);
}

static void make_memory(void)
{
	static const struct pt_ops pt = { .add_slot = add_slot, .max_slots = 64, .gpa_bits = 40 };
	struct mm *mm = w.process.mm = calloc(1, sizeof(*mm));

	HK_BUG_ON(mm_init(mm, &pt, NULL));
	mm->limit = MEM_LIMIT;
	mm->brk_start = mm->brk = 0x2b0000000000;
	map(ARENA, ARENA_BYTES);
	map(RO, RO_BYTES);
	map(PATHS, PATHS_BYTES);
	HK_BUG_ON(copy_to_guest(GVA(RO), w.ro_bytes, RO_BYTES) || copy_to_guest(GVA(PATHS), w.path_bytes, PATHS_BYTES));
	HK_BUG_ON(mm_protect(mm, GVA(RO), RO_BYTES, PROT_READ) || mm_protect(mm, GVA(PATHS), PATHS_BYTES, PROT_READ));
	mm->start_stack = ARENA + ARENA_BYTES - 256;
	mm->arg_start = mm->start_stack;
	mm->arg_end = mm->env_start = mm->arg_start + 64;
	mm->env_end = ARENA + ARENA_BYTES;
}

static void make_secret(void)
{
	HK_BUG_ON(getrandom(w.secret, SECRET, 0) != SECRET || pwrite(w.ours[0], w.secret, SECRET, 0) != SECRET);
	memcpy(w.page, w.secret, SECRET);
}

static void make_process(unsigned options)
{
	struct hk_process *p = &w.process;
	struct stat st;
	struct fd_guard kept = p->fds;

	*p = (struct hk_process){ .cwd_in_proc = options & OPTION_CWD_IN_PROC };
	p->fds = kept; /* its slots point to w.ours, which stay where they are */
	make_memory();
	p->mem_limit = options & OPTION_MEM_LIMIT ? MEM_LIMIT : 0;
	p->net.mode = options & OPTION_CWD_IN_PROC ? NET_HOST : NET_NONE;
	HK_BUG_ON(net_policy_allow(&p->net, NET_CONNECT, "127.0.0.1:1"));
	HK_BUG_ON(net_policy_allow(&p->net, NET_LISTEN, "127.0.0.1"));
	snprintf(p->image.exe, sizeof(p->image.exe), "%s/program", w.dir);
	strcpy(p->image.comm, "program");
	HK_BUG_ON(stat(p->image.exe, &st));
	p->image.exe_dev = st.st_dev;
	p->image.exe_ino = st.st_ino;
	fake_cpu_init(&w.cpu);
	w.cpu.regs.rsp = ARENA + ARENA_BYTES / 2;
	w.task = (struct hk_task){ .proc = p, .cpu = &w.cpu.cpu, .tid = gettid() };
	w.task.signals.xsave_size = options & OPTION_XSAVE ? 832 : 0;
	w.task.signals.xcr0 = 7;
	w.by_server = options & OPTION_SERVER;
	w.mapping_changed = w.guarded = false;
}

static void make_trace(unsigned options)
{
	struct trace_options opt = { .fd = getenv("HK_FUZZ_TRACE") ? 2 : w.ours[2],
				     .json = options & OPTION_JSON,
				     .show_rip = options & OPTION_RIP,
				     .show_where = options & OPTION_RIP,
				     .time = options & OPTION_RIP ? TRACE_TIME_DURATION : TRACE_TIME_NONE,
				     .string = options & OPTION_LONG_STRINGS ? 4096 : 0 };

	w.trace = options & OPTION_NO_TRACE && opt.fd != 2 ? NULL : trace_create(&opt, NULL);
	HK_BUG_ON(!w.trace && !(options & OPTION_NO_TRACE));
	w.process.trace = w.trace ? trace_hook(w.trace) : NULL;
}

/* ---- the input ---- */

struct input {
	const uint8_t *p, *end;
};

static uint64_t take(struct input *in, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes && in->p < in->end; i++)
		v |= (uint64_t)*in->p++ << (8 * i);
	return v;
}

static uint64_t edge(unsigned which, int distance)
{
	static const uint64_t edges[] = { 0,
					  HK_PAGE_SIZE,
					  HK_GUEST_MIN,
					  1UL << 31,
					  1UL << 32,
					  HK_MMAP_MIN,
					  ARENA,
					  RO,
					  RO + RO_BYTES,
					  PATHS + PATHS_BYTES,
					  0x2b0000000000, /* the heap */
					  HK_GUEST_MAX - HK_PAGE_SIZE,
					  HK_GUEST_MAX,
					  (1UL << 47) - HK_PAGE_SIZE,
					  1UL << 47,
					  1UL << 63,
					  0xffff800000000000UL,
					  0xfffffffffffff000UL };

	return edges[which % HK_ARRAY_LEN(edges)] + (uint64_t)(int64_t)distance;
}

static uint64_t descriptor(unsigned which)
{
	static const uint64_t odd[] = { (uint64_t)-1, (uint64_t)AT_FDCWD, 0,           2,        3,
					FDS - 1,      FDS + OURS,         1023,        1024,     1048576,
					0x7fffffff,   0x80000000,         0x100000003, 1UL << 63 };

	which %= POOL + 2 * OURS + HK_ARRAY_LEN(odd);
	if (which < POOL)
		return (uint64_t)w.pool[which];
	which -= POOL;
	if (which < OURS)
		return (uint64_t)w.ours[which];
	which -= OURS;
	if (which < OURS) /* only its low half counts */
		return (uint64_t)w.ours[which] | 0xabcd00000000;
	return odd[which - OURS];
}

/* What the kind of an argument wants, more or less. */
static uint64_t fit(enum hk_arg_kind kind, unsigned v)
{
	switch (kind) {
	case HK_ARG_FD:
	case HK_ARG_DIRFD:
		return descriptor(v);
	case HK_ARG_PATH:
	case HK_ARG_STR:
		return PATHS + w.path_at[v % w.paths];
	case HK_ARG_ADDR:
		return ARENA + (v % 16) * HK_PAGE_SIZE;
	case HK_ARG_SIZE:
		return v & 128 ? (v & 127) * HK_PAGE_SIZE : v;
	case HK_ARG_INT:
	case HK_ARG_UINT:
	case HK_ARG_LONG:
	case HK_ARG_ULONG:
	case HK_ARG_OFF:
	case HK_ARG_MODE:
	case HK_ARG_ID:
	case HK_ARG_SIGNUM:
		return v;
	case HK_ARG_E_ARCH:
		return 0x1001 + v % 4;
	case HK_ARG_E_FCNTL:
		return v & 128 ? 1024 + (v & 15) : v & 63;
	case HK_ARG_IOCTL_CMD:
		return 0x5400 + v;
	default: /* sets of flags and of names begin at one; whatever else there is is a pointer, or depends */
		if (kind >= HK_ARG_E_WHENCE && kind <= HK_ARG_F_WAIT)
			return v < 64 ? v : 1UL << (v & 31);
		return v & 128 ? ARENA + ARENA_BYTES - (v & 127) : ARENA + v * 16;
	}
}

static uint64_t argument(struct input *in, enum hk_arg_kind kind)
{
	unsigned v;

	switch (take(in, 1) % TAGS) {
	case TAG_FIT:
		return fit(kind, (unsigned)take(in, 1));
	case TAG_SMALL:
		return take(in, 1);
	case TAG_ARENA:
		return ARENA + take(in, 2) % ARENA_BYTES;
	case TAG_END:
		return ARENA + ARENA_BYTES - take(in, 1);
	case TAG_READONLY:
		return RO + take(in, 2) % RO_BYTES;
	case TAG_EDGE:
		v = (unsigned)take(in, 1);
		return edge(v, (int8_t)take(in, 1));
	case TAG_PATH:
		return PATHS + w.path_at[take(in, 1) % w.paths];
	case TAG_FD:
		return descriptor((unsigned)take(in, 1));
	case TAG_MONITOR:
		return (uint64_t)(uintptr_t)w.page + take(in, 1);
	case TAG_NEGATIVE:
		return ~take(in, 1);
	case TAG_BITS:
		v = (unsigned)take(in, 1);
		return 1UL << (v & 63) | 1UL << (take(in, 1) & 63);
	case TAG_WORD:
		return take(in, 4);
	default:
		return take(in, 8);
	}
}

static uint64_t number(unsigned selector)
{
	static const uint64_t odd[] = { (uint64_t)-1,  (uint64_t)-2,   511,           512,        513,
					4095,          4096,           4097,          0x7fffffff, 1UL << 31,
					1UL << 32,     1UL << 32 | 39, 1UL << 40 | 1, 1UL << 62,  1UL << 63,
					1UL << 63 | 1, 0x40000000,     0x40000001 };

	return selector < SELECT_ODD ? selector : odd[(selector - SELECT_ODD) % HK_ARRAY_LEN(odd)];
}

/* The input's memory, with marked words made arguments, over and over. */
static void fill_arena(struct input *in)
{
	static uint8_t bytes[ARENA_BYTES];
	uint8_t *to = (uint8_t *)ARENA; /* nothing has happened to it yet */
	size_t len = hk_min(take(in, 2) % ARENA_BYTES, (uint64_t)(in->end - in->p)), period = hk_align_up(len, 8);

	if (len == 0)
		return;
	memset(bytes, 0, period);
	memcpy(bytes, in->p, len);
	in->p += len;
	for (size_t i = 0; i < period; i += 8) {
		struct input word = { bytes + i + 1, bytes + i + 8 };
		uint64_t v;

		if (bytes[i] != INPUT_MARK)
			continue;
		v = argument(&word, HK_ARG_IOVEC_IN);
		memcpy(bytes + i, &v, sizeof(v));
	}
	for (size_t i = 0; i < ARENA_BYTES; i += period)
		memcpy(to + i, bytes, hk_min(period, ARENA_BYTES - i));
}

/* ---- what must hold ---- */

/*
 * Which of the guest's descriptors are open, a bit each. One poll tells of all but those that are only a name
 * (O_PATH): a new one has the lowest free number, or the result's.
 */
static uint64_t open_fds(int64_t result)
{
	struct pollfd p[FDS];
	uint64_t open = 0;
	unsigned n = 0, free = 0;

	for (int fd = w.first_fd; fd < FDS; fd++)
		p[n++] = (struct pollfd){ .fd = fd };
	HK_BUG_ON(poll(p, n, 0) < 0);
	for (unsigned i = 0; i < n; i++) {
		uint64_t bit = 1UL << p[i].fd;

		if (!(p[i].revents & POLLNVAL))
			open |= bit;
		else if ((w.open & bit || free++ < 2 || p[i].fd == result) && fcntl(p[i].fd, F_GETFD) >= 0)
			open |= bit;
	}
	return open;
}

static void check_ours(void)
{
	static const char zeroes[HK_PAGE_SIZE];
	char text[SECRET];
	struct stat st;

	for (int i = 0; i < OURS; i++) {
		HK_BUG_ON(!fd_is_ours(&w.process.fds, w.ours[i]));
		HK_BUG_ON(fcntl(w.ours[i], F_GETFD) != FD_CLOEXEC || fstat(w.ours[i], &st));
		HK_BUG_ON(st.st_ino != w.ours_stat[i].st_ino || st.st_dev != w.ours_stat[i].st_dev);
		HK_BUG_ON(st.st_size != w.ours_stat[i].st_size || st.st_mode != w.ours_stat[i].st_mode);
	}
	HK_BUG_ON(pread(w.ours[0], text, SECRET, 0) != SECRET || memcmp(text, w.secret, SECRET));
	HK_BUG_ON(lseek(w.ours[0], 0, SEEK_CUR) != SECRET);
	HK_BUG_ON(memcmp(w.page, w.secret, SECRET) || memcmp(w.page + SECRET, zeroes, HK_PAGE_SIZE - SECRET));
}

/* Are these new descriptors what the call says it made? */
static bool makes_fds(uint64_t nr, const struct hk_call *call, int64_t result, uint64_t made)
{
	switch (nr) {
	case SYS_open:
	case SYS_openat:
	case SYS_openat2:
	case SYS_creat:
	case SYS_dup:
	case SYS_dup2:
	case SYS_dup3:
	case SYS_eventfd:
	case SYS_eventfd2:
	case SYS_epoll_create:
	case SYS_epoll_create1:
	case SYS_timerfd_create:
	case SYS_signalfd:
	case SYS_signalfd4:
	case SYS_inotify_init:
	case SYS_inotify_init1:
	case SYS_memfd_create:
	case SYS_socket:
	case SYS_accept:
	case SYS_accept4:
		return result >= 0 && result < FDS && made == 1UL << result;
	case SYS_fcntl:
		return ((int)call->a[1] == F_DUPFD || (int)call->a[1] == F_DUPFD_CLOEXEC) && result >= 0 &&
		       result < FDS && made == 1UL << result;
	case SYS_pipe:
	case SYS_pipe2:
	case SYS_socketpair:
		return result == 0 && __builtin_popcountl(made) == 2;
	case SYS_recvmsg:
	case SYS_recvmmsg:
		return true;
	}
	return false;
}

static void check_call(const struct hk_call *call, int64_t result)
{
	const struct hk_syscall_info *info = hk_syscall_info(call->nr);
	uint64_t after = open_fds(result), made = after & ~w.open, gone = w.open & ~after;

	HK_BUG_ON(result < -EHWPOISON && result != -HK_ERESTARTSYS && result != -HK_ERESTARTNOINTR);
	HK_BUG_ON((!info || info->refused) && result != -ENOSYS);
	HK_BUG_ON(gone && call->nr != SYS_close && call->nr != SYS_close_range);
	HK_BUG_ON(made && !makes_fds(call->nr, call, result, made));
	HK_BUG_ON(w.task.call);
	w.open = after;
	/* What fails may have been done in part. */
	if (info && info->class == HK_CLASS_MEMORY)
		w.mapping_changed = true;
}

struct walk {
	uint64_t end, bytes, count;
};

static bool in_shadow(uint64_t a)
{
	return a >= 0x7fff7000 && a < 0x10007fff8000;
}

static int check_vma(const struct vma *v, void *ctx)
{
	struct walk *walk = ctx;

	HK_BUG_ON(v->start >= v->end || v->start < HK_GUEST_MIN || v->end > HK_GUEST_MAX || v->start < walk->end);
	HK_BUG_ON((v->start | v->end) & HK_PAGE_MASK);
	if (!w.guarded && !(v->flags & VMA_GROWSDOWN)) {
		const uint64_t ends[] = { v->start, v->end - 1 };

		for (int i = 0; i < 2; i++) {
			/* SIGBUS is behind the end of a file */
			HK_BUG_ON((uaccess_probe(GVA(ends[i]), false) == SIGSEGV) != !v->prot);
			HK_BUG_ON((uaccess_probe(GVA(ends[i]), true) == SIGSEGV) != !(v->prot & PROT_WRITE));
		}
	}
	if (walk->end && walk->end < v->start && !in_shadow(walk->end))
		HK_BUG_ON(uaccess_probe(GVA(walk->end), false) != SIGSEGV);
	walk->end = v->end;
	walk->bytes += v->end - v->start;
	walk->count++;
	return 0;
}

static void check_memory(void)
{
	struct mm *mm = w.process.mm;
	struct walk walk = { 0 };
	struct mm_charge charge;

	if (!w.mapping_changed) {
		HK_BUG_ON(memcmp((const char *)RO, w.ro_bytes, RO_BYTES));
		HK_BUG_ON(memcmp((const char *)PATHS, w.path_bytes, PATHS_BYTES));
		HK_BUG_ON(memmem((const char *)ARENA, ARENA_BYTES, w.secret, SECRET));
	}
	mm_walk(mm, check_vma, &walk);
	HK_BUG_ON(walk.bytes != mm->vmas.bytes || walk.count != mm->vmas.count);
	charge = mm_charged(mm, HK_GUEST_MIN, HK_GUEST_MAX);
	HK_BUG_ON(charge.committed != mm->committed || charge.data != mm->data);
	HK_BUG_ON(mm->limit && mm->committed > mm->limit);
}

/* ---- running ---- */

/* As the run loop does. */
static void system_call(uint64_t nr, const uint64_t a[6])
{
	struct hk_call call = { .nr = nr, .a = { a[0], a[1], a[2], a[3], a[4], a[5] }, .rip = w.cpu.regs.rip };
	int64_t result = w.by_server ? hk_dispatch_nowait(&w.task, &call) : -HK_WOULD_WAIT;

	if (result == -HK_WOULD_WAIT)
		result = hk_dispatch(&w.task, &call);
	check_call(&call, result);
	if (nr == SYS_madvise && (int)a[2] >= 102 /* MADV_GUARD_INSTALL and newer ones */)
		w.guarded = true;
	if (w.task.regs_replaced) {
		w.task.regs_replaced = false;
	} else if (result == -HK_ERESTARTSYS || result == -HK_ERESTARTNOINTR) {
		w.task.signals.restart = true;
		w.task.signals.not_made = result == -HK_ERESTARTNOINTR;
		w.task.signals.restart_nr = nr;
	} else {
		w.cpu.regs.rax = (uint64_t)result;
	}
}

static void set_regs(const uint64_t a[6])
{
	w.cpu.regs =
		(struct hk_regs){ .rsp = a[0], .rip = a[1], .rflags = a[2], .rax = a[3], .rcx = a[4], .rdx = a[5] };
}

static void catch_signal(const uint64_t a[6])
{
	struct signal_state *s = &w.task.signals;
	siginfo_t info = { .si_signo = (int)(a[0] % SIGNAL_COUNT) + 1, .si_code = (int)a[1] };

	info.si_value.sival_ptr = (void *)(uintptr_t)a[2];
	if ((info.si_signo == SIGSEGV || info.si_signo == SIGBUS) && a[3] & 1) {
		s->sent[info.si_signo == SIGBUS].info = info;
		s->sent[info.si_signo == SIGBUS].pending = 1;
	} else if (s->caught_count < SIGNAL_CAUGHT_MAX) {
		s->caught[s->caught_count++] = (struct signal_caught){ info.si_signo, info };
	}
}

static void run(struct input *in)
{
	for (unsigned n = 0; n < INPUT_CALLS && in->p < in->end && !w.task.exiting; n++) {
		unsigned selector = (unsigned)take(in, 2) % SELECTORS;
		uint64_t nr = number(selector), a[6];
		const struct hk_syscall_info *info = selector < SELECT_REGS ? hk_syscall_info(nr) : NULL;

		for (unsigned i = 0; i < 6; i++)
			a[i] = argument(in, info && i < info->nargs ? info->arg[i].kind : HK_ARG_NONE);
		if (selector == SELECT_REGS)
			set_regs(a);
		else if (selector == SELECT_SIGNAL)
			catch_signal(a);
		else if (selector == SELECT_FAULT)
			(void)!signal_fault(&w.task, (int)(a[0] % SIGNAL_COUNT) + 1, (int)a[1], a[2]);
		else if (selector == SELECT_TOUCH)
			(void)!mm_fault(w.process.mm, GVA(a[0]), (enum mm_access)(1 << a[1] % 3));
		else
			system_call(nr, a);
		if (!w.task.exiting && !(selector == SELECT_SIGNAL && a[4] & 1))
			signal_deliver(&w.task);
		check_ours();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct itimerspec soon = { { 0, 3000000 }, { 0, 3000000 } }, never = { 0 };
	struct input in = { data, data + size };
	unsigned options = (unsigned)take(&in, 1);

	if (!w.ready)
		make_signals();
	w.ready = true;
	open_pool();
	make_secret();
	make_process(options);
	make_trace(options);
	fill_arena(&in);
	w.open = UINT64_MAX; /* look at each */
	w.open = open_fds(-1);
	HK_BUG_ON(timer_settime(w.timer, 0, &soon, NULL));
	run(&in);
	HK_BUG_ON(timer_settime(w.timer, 0, &never, NULL));
	check_memory();
	w.process.trace = NULL;
	trace_free(w.trace);
	mm_destroy(w.process.mm);
	free(w.process.mm);
	HK_BUG_ON(close_range((unsigned)w.first_fd, FDS - 1, 0));
	return 0;
}
