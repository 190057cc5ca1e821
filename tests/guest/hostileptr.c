/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every pointer argument of a hundred system calls, in turn: nowhere, at odd places of the address space (where husk keeps its gate and its monitor among them), read
 * only, without access, at the end of a mapping, and one that another thread changes meanwhile. Linux says what comes of it. Each call is made in a child, whose
 * memory it may spoil.
 * cases: files names times net wait memory misc racing
 */
#include "t.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096L

/* Descriptors with fixed numbers. */
enum { FILE_FD = 20, PIPE_IN, PIPE_OUT, SOCK_A, SOCK_B, DGRAM_A, DGRAM_B, EPOLL, TIMER, EVENT, DIR_FD, LISTEN };

/* What an argument is: a number, or one of these. Small numbers stand for themselves. */
#define ZEROS         (1L << 40)  /* a pointer to room that holds zeros */
#define NAME          (2L << 40)  /* … to the name of a file that is there */
#define NEW           (3L << 40)  /* … of one that is not */
#define VECTOR        (4L << 40)  /* … to two iovecs */
#define HEADER        (5L << 40)  /* … to a msghdr */
#define ADDR          (6L << 40)  /* … to a sockaddr, AF_UNIX */
#define LENGTH        (7L << 40)  /* … to an int: 110 */
#define ARGV          (8L << 40)  /* … to an argument vector */
#define POLLS         (9L << 40)  /* … to a pollfd */
#define FUTURE        (10L << 40) /* … to a little time */
#define STACK         (11L << 40) /* … to a stack_t */
#define PROGRAM       (11L << 40) /* … to the name of a file that may be executed and is no program */
#define IS_POINTER(a) ((a) >= ZEROS && (a) <= PROGRAM)

struct call {
	const char *name;
	int nr;
	long a[6];
};

#define C(call, ...)                                                                                                   \
	{                                                                                                              \
#call, SYS_##call,                                                                                     \
		{                                                                                                      \
			__VA_ARGS__                                                                                    \
		}                                                                                                      \
	}

static const struct call files[] = {
	C(read, FILE_FD, ZEROS, 64),
	C(write, FILE_FD, ZEROS, 64),
	C(pread64, FILE_FD, ZEROS, 64, 0),
	C(pwrite64, FILE_FD, ZEROS, 64, 0),
	C(readv, FILE_FD, VECTOR, 2),
	C(writev, FILE_FD, VECTOR, 2),
	C(preadv, FILE_FD, VECTOR, 2, 0, 0),
	C(pwritev, FILE_FD, VECTOR, 2, 0, 0),
	C(preadv2, FILE_FD, VECTOR, 2, 0, 0, 0),
	C(pwritev2, FILE_FD, VECTOR, 2, 0, 0, 0),
	C(vmsplice, PIPE_OUT, VECTOR, 2, SPLICE_F_NONBLOCK),
	C(fstat, FILE_FD, ZEROS),
	C(fstatfs, FILE_FD, ZEROS),
	C(getdents64, DIR_FD, ZEROS, 4096),
	C(getdents, DIR_FD, ZEROS, 4096),
	C(sendfile, PIPE_OUT, FILE_FD, ZEROS, 10),
	C(copy_file_range, FILE_FD, ZEROS, FILE_FD, ZEROS, 4, 0),
	C(splice, FILE_FD, ZEROS, PIPE_OUT, 0, 10, SPLICE_F_NONBLOCK),
	C(pipe, ZEROS),
	C(pipe2, ZEROS, O_CLOEXEC),
	C(fcntl, FILE_FD, F_GETLK, ZEROS),
	C(fcntl, FILE_FD, F_SETLK, ZEROS),
	C(fcntl, FILE_FD, F_OFD_GETLK, ZEROS),
	C(fcntl, FILE_FD, F_GETOWN_EX, ZEROS),
	C(ioctl, PIPE_IN, 0x541b, ZEROS), /* FIONREAD */
	C(ioctl, PIPE_IN, 0x5421, ZEROS), /* FIONBIO */
	C(futimesat, FILE_FD, 0, ZEROS),
	C(fgetxattr, FILE_FD, NAME, ZEROS, 10),
	C(fsetxattr, FILE_FD, NAME, ZEROS, 10, 0),
	C(flistxattr, FILE_FD, ZEROS, 10),
	C(fremovexattr, FILE_FD, NAME),
};

static const struct call names[] = {
	C(open, NAME, O_RDONLY, 0),
	C(openat, AT_FDCWD, NAME, O_RDONLY, 0),
	C(openat2, AT_FDCWD, NAME, ZEROS, 24),
	C(creat, NEW, 0600),
	C(stat, NAME, ZEROS),
	C(lstat, NAME, ZEROS),
	C(newfstatat, AT_FDCWD, NAME, ZEROS, 0),
	C(statx, AT_FDCWD, NAME, 0, 0xfff, ZEROS),
	C(statfs, NAME, ZEROS),
	C(access, NAME, R_OK),
	C(faccessat, AT_FDCWD, NAME, R_OK),
	C(faccessat2, AT_FDCWD, NAME, R_OK, 0),
	C(chmod, NAME, 0644),
	C(fchmodat, AT_FDCWD, NAME, 0644),
	C(chown, NAME, -1, -1),
	C(lchown, NAME, -1, -1),
	C(fchownat, AT_FDCWD, NAME, -1, -1, 0),
	C(truncate, NAME, 100),
	C(rename, NEW, NAME),
	C(renameat, AT_FDCWD, NEW, AT_FDCWD, NAME),
	C(renameat2, AT_FDCWD, NEW, AT_FDCWD, NAME, 0),
	C(link, NEW, NAME),
	C(linkat, AT_FDCWD, NEW, AT_FDCWD, NAME, 0),
	C(symlink, NAME, NAME),
	C(symlinkat, NAME, AT_FDCWD, NAME),
	C(readlink, NAME, ZEROS, 10),
	C(readlinkat, AT_FDCWD, NAME, ZEROS, 10),
	C(unlink, NEW),
	C(unlinkat, AT_FDCWD, NEW, 0),
	C(mkdir, NAME, 0700),
	C(mkdirat, AT_FDCWD, NAME, 0700),
	C(mknod, NAME, S_IFIFO | 0600, 0),
	C(mknodat, AT_FDCWD, NAME, S_IFIFO | 0600, 0),
	C(rmdir, NEW),
	C(chdir, NAME),
	C(chroot, NAME),
	C(getcwd, ZEROS, 4096),
	C(utime, NAME, ZEROS),
	C(utimes, NAME, ZEROS),
	C(utimensat, AT_FDCWD, NAME, ZEROS, 0),
	C(getxattr, NAME, NAME, ZEROS, 10),
	C(lgetxattr, NAME, NAME, ZEROS, 10),
	C(setxattr, NAME, NAME, ZEROS, 10, 0),
	C(listxattr, NAME, ZEROS, 10),
	C(removexattr, NAME, NAME),
	C(inotify_add_watch, EPOLL, NAME, IN_CREATE),
	C(memfd_create, NAME, 0),
	C(execve, PROGRAM, ARGV, ARGV),
	C(execveat, AT_FDCWD, PROGRAM, ARGV, ARGV, 0),
};

static const struct call times[] = {
	C(clock_gettime, CLOCK_MONOTONIC, ZEROS),
	C(clock_gettime, CLOCK_PROCESS_CPUTIME_ID, ZEROS),
	C(clock_getres, CLOCK_MONOTONIC, ZEROS),
	C(clock_nanosleep, CLOCK_MONOTONIC, 0, ZEROS, ZEROS),
	C(clock_settime, CLOCK_MONOTONIC, ZEROS),
	C(nanosleep, ZEROS, ZEROS),
	C(gettimeofday, ZEROS, ZEROS),
	C(time, ZEROS),
	C(times, ZEROS),
	C(getitimer, ITIMER_REAL, ZEROS),
	C(setitimer, ITIMER_REAL, ZEROS, ZEROS),
	C(timer_create, CLOCK_MONOTONIC, ZEROS, ZEROS),
	C(timer_settime, 0, 0, ZEROS, ZEROS),
	C(timer_gettime, 0, ZEROS),
	C(timerfd_settime, TIMER, 0, ZEROS, ZEROS),
	C(timerfd_gettime, TIMER, ZEROS),
};

static const struct call net[] = {
	C(bind, SOCK_A, ADDR, 110),
	C(connect, DGRAM_A, ADDR, 110),
	C(accept, LISTEN, ADDR, LENGTH),
	C(accept4, LISTEN, ADDR, LENGTH, 0),
	C(getsockname, SOCK_A, ADDR, LENGTH),
	C(getpeername, SOCK_A, ADDR, LENGTH),
	C(sendto, DGRAM_A, ZEROS, 20, MSG_DONTWAIT, 0, 0),
	C(sendto, DGRAM_A, ZEROS, 20, MSG_DONTWAIT, ADDR, 110),
	C(recvfrom, DGRAM_B, ZEROS, 20, MSG_DONTWAIT, ADDR, LENGTH),
	C(sendmsg, DGRAM_A, HEADER, MSG_DONTWAIT),
	C(recvmsg, DGRAM_B, HEADER, MSG_DONTWAIT),
	C(sendmmsg, DGRAM_A, HEADER, 1, MSG_DONTWAIT),
	C(recvmmsg, DGRAM_B, HEADER, 1, MSG_DONTWAIT, ZEROS),
	C(getsockopt, SOCK_A, SOL_SOCKET, SO_TYPE, ZEROS, LENGTH),
	C(setsockopt, SOCK_A, SOL_SOCKET, SO_RCVTIMEO, ZEROS, 16),
	C(setsockopt, SOCK_A, SOL_SOCKET, SO_SNDBUF, LENGTH, 4),
	C(socketpair, AF_UNIX, SOCK_STREAM, 0, ZEROS),
};

static const struct call waiting[] = {
	C(poll, POLLS, 1, 0),
	C(ppoll, POLLS, 1, ZEROS, ZEROS, 8),
	C(select, 3, ZEROS, ZEROS, ZEROS, FUTURE),
	C(pselect6, 3, ZEROS, ZEROS, ZEROS, FUTURE, 0),
	C(epoll_ctl, EPOLL, EPOLL_CTL_MOD, EVENT, ZEROS),
	C(epoll_wait, EPOLL, ZEROS, 4, 0),
	C(epoll_pwait, EPOLL, ZEROS, 4, 0, ZEROS, 8),
	C(epoll_pwait2, EPOLL, ZEROS, 4, FUTURE, ZEROS, 8),
	C(futex, ZEROS, FUTEX_WAKE, 1),
	C(futex, ZEROS, FUTEX_WAIT, 1, FUTURE),
	C(futex, ZEROS, FUTEX_REQUEUE, 1, 1, ZEROS),
	C(futex, ZEROS, FUTEX_CMP_REQUEUE, 1, 1, ZEROS, 0),
	C(futex, ZEROS, FUTEX_WAKE_OP, 1, 1, ZEROS, 0),
	C(futex, ZEROS, FUTEX_LOCK_PI, 0, FUTURE),
	C(futex, ZEROS, FUTEX_TRYLOCK_PI, 0),
	C(rt_sigtimedwait, ZEROS, ZEROS, FUTURE, 8),
	C(wait4, -1, ZEROS, 0, ZEROS),
	C(waitid, P_ALL, 0, ZEROS, WEXITED, ZEROS),
};

static const struct call memory[] = {
	C(mincore, ZEROS, 4096, ZEROS),  C(madvise, ZEROS, 4096, MADV_NORMAL),
	C(msync, ZEROS, 4096, MS_ASYNC), C(mlock, ZEROS, 4096),
	C(munlock, ZEROS, 4096),         C(getrandom, ZEROS, 16, 0),
};

static const struct call misc[] = {
	C(uname, ZEROS),
	C(sysinfo, ZEROS),
	C(getrlimit, RLIMIT_CORE, ZEROS),
	C(setrlimit, RLIMIT_CORE, ZEROS),
	C(prlimit64, 0, RLIMIT_CORE, ZEROS, ZEROS),
	C(getrusage, RUSAGE_SELF, ZEROS),
	C(getresuid, ZEROS, ZEROS, ZEROS),
	C(getresgid, ZEROS, ZEROS, ZEROS),
	C(getgroups, 64, ZEROS),
	C(getcpu, ZEROS, ZEROS, 0),
	C(sched_getaffinity, 0, 128, ZEROS),
	C(sched_setaffinity, 0, 8, ZEROS),
	C(sched_getparam, 0, ZEROS),
	C(sched_setparam, 0, ZEROS),
	C(sched_rr_get_interval, 0, ZEROS),
	C(rt_sigaction, SIGUSR1, ZEROS, ZEROS, 8),
	C(rt_sigprocmask, SIG_BLOCK, ZEROS, ZEROS, 8),
	C(rt_sigpending, ZEROS, 8),
	C(rt_sigqueueinfo, 1, 0, ZEROS),
	C(signalfd4, -1, ZEROS, 8, 0),
	C(sigaltstack, 0, ZEROS),
	C(prctl, 15, ZEROS),          /* PR_SET_NAME */
	C(prctl, 16, ZEROS),          /* PR_GET_NAME */
	C(arch_prctl, 0x1003, ZEROS), /* ARCH_GET_FS */
	C(get_robust_list, 0, ZEROS, ZEROS),
	C(capget, ZEROS, ZEROS),
};

static char *room, *end_of_room, *read_only, *no_access, *hole, *last_page;

static struct {
	const char *name;
	uintptr_t at;
} hostile[24];

static unsigned hostile_count;

static void add(const char *name, uintptr_t at)
{
	hostile[hostile_count].name = name;
	hostile[hostile_count++].at = at;
}

static char *map(int prot, size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(3);
	return p;
}

static void make_places(void)
{
	room = map(PROT_READ | PROT_WRITE, 16);
	read_only = map(PROT_READ, 4);
	no_access = map(PROT_NONE, 4);
	hole = map(PROT_READ, 8);
	munmap(hole, 8 * PAGE);
	last_page = map(PROT_READ | PROT_WRITE, 2);
	mprotect(last_page + PAGE, PAGE, PROT_NONE);
	end_of_room = last_page + PAGE;
	add("8", 8);
	add("hole", (uintptr_t)hole + PAGE);
	add("no access", (uintptr_t)no_access);
	add("read only", (uintptr_t)read_only);
	add("last byte", (uintptr_t)end_of_room - 1);
	add("last four", (uintptr_t)end_of_room - 4);
	add("odd", (uintptr_t)end_of_room - 7);
	add("64 TiB", 1UL << 46);
	add("80 TiB", 0x500000000000);
	add("the gate", 0x7f0000000000);
	add("its ring", 0x7f8000000000);
	add("top", 0x7ffffffff000);
	add("beyond", 0x800000000000);
	add("kernel", 0xffff800000000000);
	add("vsyscall", 0xffffffffff600000);
	add("wraps", (uintptr_t)-8);
	add("-1", (uintptr_t)-1);
	add("least", 1UL << 63);
	add("null", 0); /* a value of its own: some wait for ever then */
}

static void at_fd(int fd, int number)
{
	if (fd < 0 || dup2(fd, number) < 0)
		exit(4);
	close(fd);
}

static void make_descriptors(void)
{
	struct epoll_event ready = { .events = EPOLLIN };
	int fds[2];

	at_fd(open("file", O_RDWR | O_CREAT | O_TRUNC, 0755), FILE_FD);
	if (ftruncate(FILE_FD, 8192) || pipe2(fds, O_NONBLOCK) || write(fds[1], "twelve bytes", 12) != 12)
		exit(4);
	at_fd(fds[0], PIPE_IN);
	at_fd(fds[1], PIPE_OUT);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds))
		exit(4);
	at_fd(fds[0], SOCK_A);
	at_fd(fds[1], SOCK_B);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds))
		exit(4);
	at_fd(fds[0], DGRAM_A);
	at_fd(fds[1], DGRAM_B);
	if (write(DGRAM_A, "a message for the other side", 28) != 28)
		exit(4);
	at_fd(epoll_create1(0), EPOLL);
	at_fd(timerfd_create(CLOCK_MONOTONIC, 0), TIMER);
	at_fd(eventfd(1, EFD_NONBLOCK), EVENT);
	if (epoll_ctl(EPOLL, EPOLL_CTL_ADD, EVENT, &ready))
		exit(4);
	at_fd(open(".", O_RDONLY | O_DIRECTORY), DIR_FD);
	at_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), LISTEN);
}

/* Each pointer argument has a piece of the room. */
static long good(long what, int i)
{
	char *p = room + i * 2 * PAGE;
	struct iovec *v = (struct iovec *)p;
	struct msghdr *h = (struct msghdr *)p;

	switch (what) {
	case NAME:
		strcpy(p, "file");
		break;
	case PROGRAM:
		strcpy(p, "program");
		break;
	case NEW:
		strcpy(p, "no-such-file");
		break;
	case VECTOR:
		v[0] = v[1] = (struct iovec){ p + 512, 16 };
		break;
	case HEADER:
		*h = (struct msghdr){ .msg_iov = (struct iovec *)(p + 512), .msg_iovlen = 1 };
		h->msg_iov[0] = (struct iovec){ p + 1024, 16 };
		break;
	case ADDR:
		((struct sockaddr *)p)->sa_family = AF_UNIX;
		strcpy(p + 2, "no-such-socket");
		break;
	case LENGTH:
		*(int *)p = 110;
		break;
	case POLLS:
		*(struct pollfd *)p = (struct pollfd){ EVENT, POLLIN, 0 };
		break;
	case FUTURE:
		((struct timespec *)p)->tv_nsec = 1000; /* 1 ms to select */
		break;
	case ARGV:
	case ZEROS:
		break;
	default:
		return what;
	}
	return (long)p;
}

static const char *outcome(long r)
{
	static char text[32];

	if (r == -1)
		snprintf(text, sizeof(text), "E%d", errno);
	/* A descriptor or a number of bytes; what it is exactly is other tests' to say. */
	if (r != -1)
		snprintf(text, sizeof(text), "%s", r ? "done" : "0");
	return text;
}

/* The call, with pointer i at hostile place k, or as it should be with i = -1. */
static void make_call(const struct call *c, int i, unsigned k)
{
	long a[6];
	long r;

	for (int j = 0; j < 6; j++)
		a[j] = j == i ? (long)hostile[k].at : IS_POINTER(c->a[j]) ? good(c->a[j], j) : c->a[j];
	if (c->nr == SYS_wait4 || c->nr == SYS_waitid) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
	}
	errno = 0;
	r = syscall(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	printf(" %s", outcome(r));
	fflush(stdout);
}

/* In a child, whose memory and descriptors they may spoil. */
static void make_calls(const struct call *c, int i)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		make_descriptors();
		alarm(60);
		for (unsigned k = 0; k < (i < 0 ? 1 : hostile_count); k++)
			/* With no time given, they wait for ever. */
			if (i < 0 || c->a[i] != FUTURE || hostile[k].at)
				make_call(c, i, k);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		printf(" lost");
	else if (WIFSIGNALED(status))
		printf(" signal %d", WTERMSIG(status));
	printf("\n");
}

static void all_of(const struct call *calls, size_t n)
{
	for (size_t c = 0; c < n; c++) {
		printf("%s: as it should be", calls[c].name);
		make_calls(&calls[c], -1);
		for (int i = 0; i < 6; i++) {
			if (!IS_POINTER(calls[c].a[i]))
				continue;
			printf("%s, argument %d:", calls[c].name, i);
			make_calls(&calls[c], i);
		}
	}
}

/* ---- memory that changes during the call ---- */

static volatile int over;

/* Turns whatever lies there into something else and back, as fast as it can. */
static void *flip(void *arg)
{
	volatile uintptr_t *word = arg;
	uintptr_t was = *word;

	while (!over) {
		for (unsigned k = 0; k < hostile_count; k++)
			*word = hostile[k].at;
		*word = was;
	}
	return NULL;
}

static void race(const char *what, const struct call *c, int i, size_t offset)
{
	pthread_t other;
	long a[6];
	unsigned rounds = 3000;

	for (int j = 0; j < 6; j++)
		a[j] = IS_POINTER(c->a[j]) ? good(c->a[j], j) : c->a[j];
	over = 0;
	if (pthread_create(&other, NULL, flip, (char *)a[i] + offset))
		exit(5);
	while (rounds--)
		syscall(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	over = 1;
	pthread_join(other, NULL);
	printf("%s: outlived it\n", what);
}

static void racing(void)
{
	static const struct call vector = C(preadv, FILE_FD, VECTOR, 2, 0, 0), name = C(stat, NAME, ZEROS),
				 header = C(sendmsg, DGRAM_A, HEADER, MSG_DONTWAIT),
				 receive = C(recvmsg, DGRAM_B, HEADER, MSG_DONTWAIT),
				 action = C(rt_sigaction, SIGUSR1, ZEROS, 0, 8),
				 address = C(connect, DGRAM_A, ADDR, 110), polls = C(poll, POLLS, 1, 0),
				 how = C(openat2, AT_FDCWD, NAME, ZEROS, 24), argv = C(execve, NEW, ARGV, ARGV),
				 lock = C(fcntl, FILE_FD, F_SETLK, ZEROS), stack = C(sigaltstack, ZEROS, 0),
				 event = C(epoll_ctl, EPOLL, EPOLL_CTL_MOD, EVENT, ZEROS);

	make_descriptors();
	race("an iovec's address", &vector, 1, 0);
	race("an iovec's length", &vector, 1, 8);
	race("a name", &name, 0, 0);
	race("a message's vector", &header, 1, offsetof(struct msghdr, msg_iov));
	race("its length", &header, 1, offsetof(struct msghdr, msg_iovlen));
	race("its control data", &header, 1, offsetof(struct msghdr, msg_control));
	race("its control data's length", &header, 1, offsetof(struct msghdr, msg_controllen));
	race("a received message's name", &receive, 1, offsetof(struct msghdr, msg_name));
	race("a signal's action", &action, 1, 0);
	race("an address", &address, 1, 0);
	race("what is polled", &polls, 0, 0);
	race("how to open", &how, 2, 0);
	race("arguments of a program", &argv, 1, 0);
	race("a lock", &lock, 2, 0);
	race("a signal stack", &stack, 0, 0);
	race("an event", &event, 3, 0);
}

#define ALL_OF(calls) all_of(calls, sizeof(calls) / sizeof(*(calls)))

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	make_places();
	close(open("program", O_WRONLY | O_CREAT | O_TRUNC, 0755));
	if (!strcmp(what, "files"))
		ALL_OF(files);
	else if (!strcmp(what, "names"))
		ALL_OF(names);
	else if (!strcmp(what, "times"))
		ALL_OF(times);
	else if (!strcmp(what, "net"))
		ALL_OF(net);
	else if (!strcmp(what, "wait"))
		ALL_OF(waiting);
	else if (!strcmp(what, "memory"))
		ALL_OF(memory);
	else if (!strcmp(what, "misc"))
		ALL_OF(misc);
	else if (!strcmp(what, "racing"))
		racing();
	unlink("file");
	unlink("program");
	return 0;
}
