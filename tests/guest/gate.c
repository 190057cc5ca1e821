/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that are made so often that husk replaces their instructions: the answers stay right, also when they are interrupted, after fork, when the
 * text is changed, moved or unmapped, and when the program uses GS itself. Counts are above every threshold.
 * covers: getpid gettid getuid geteuid getgid getegid getppid setresuid arch_prctl */
#include "t.h"

#include <asm/prctl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#define OFTEN 200

static volatile sig_atomic_t ticks, wrong;
static pid_t self;

/* `mov $nr, %eax; syscall; ret`, `mov %edi, %eax; syscall; nopl (%rax); ret`, and the same with `cmp $-4096, %rax`: functions in text of our own. */
static const unsigned char by_mov[] = { 0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3 };
static const unsigned char by_nop[] = { 0x89, 0xf8, 0x0f, 0x05, 0x0f, 0x1f, 0x00, 0xc3 };
/* `xor %eax, %eax; syscall; cmp $-4096, %rax; ret`, as read(2) is made. */
static const unsigned char by_xor[] = { 0x31, 0xc0, 0x0f, 0x05, 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff, 0xc3 };
static const unsigned char by_number[] = { 0x89, 0xf8, 0x0f, 0x05, 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff, 0xc3 };

static long always(long (*call)(long), long nr)
{
	long first = call(nr);

	for (int i = 0; i < OFTEN; i++)
		if (call(nr) != first)
			return -1;
	return first;
}

/* Every register and flag but RAX, RCX and R11 is the same after the call. */
static int keeps_registers(long (*call)(long))
{
	register unsigned long r8 __asm__("r8") = 8, r9 __asm__("r9") = 9, r10 __asm__("r10") = 10,
				  r12 __asm__("r12") = 12;
	unsigned long di = SYS_getpid, si = 2, dx = 3, bx = 4, flags;

	/* CF PF AF ZF SF OF are set. */
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\t"
			 "pushq $0x8d7\n\t"
			 "popfq\n\t"
			 "call *%[call]\n\t"
			 "pushfq\n\t"
			 "pop %[flags]\n\t"
			 "lea 128(%%rsp), %%rsp"
			 : [flags] "=&a"(flags), "+D"(di), "+S"(si), "+d"(dx), "+b"(bx), "+r"(r8), "+r"(r9), "+r"(r10),
			   "+r"(r12)
			 : [call] "r"(call)
			 : "rcx", "r11", "memory", "cc");
	return di == SYS_getpid && si == 2 && dx == 3 && bx == 4 && r8 == 8 && r9 == 9 && r10 == 10 && r12 == 12 &&
	       (flags & 0x8d5) == 0x8d5;
}

static int always_keeps(long (*call)(long))
{
	for (int i = 0; i < OFTEN; i++)
		if (!keeps_registers(call))
			return 0;
	return 1;
}

#define FUNCTION(name)                                                                                                 \
	static long by_##name(long unused)                                                                             \
	{                                                                                                              \
		(void)unused;                                                                                          \
		return (long)name();                                                                                   \
	}
FUNCTION(getpid)
FUNCTION(getuid)
FUNCTION(geteuid)
FUNCTION(getgid)
FUNCTION(getegid)
FUNCTION(getppid)

static long by_syscall(long nr)
{
	return syscall(nr);
}

static void tick(int sig)
{
	(void)sig;
	ticks++;
	if (getpid() != self)
		wrong++;
}

/* A timer strikes all the while: sooner or later in the middle of the replaced calls. */
static void interrupted(void)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction sa = { .sa_handler = tick };
	long calls = 0;

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (ticks < 100) {
		for (int i = 0; i < 1000; i++)
			if (getpid() != self || syscall(SYS_gettid) != self)
				wrong++;
		calls++;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	OK(wrong == 0 && calls > 0);
}

static void forked(void)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(getpid() != self && getpid() == syscall(SYS_gettid) && getppid() == self ? 7 : 8);
	waitpid(child, &status, 0);
	OK(WEXITSTATUS(status) == 7);
	child = vfork();
	if (child == 0)
		_exit(getpid() != self && getppid() == self ? 7 : 8);
	waitpid(child, &status, 0);
	OK(WEXITSTATUS(status) == 7);
	OK(getpid() == self);
}

static void *text_with(const unsigned char *code, size_t len, void *at)
{
	unsigned char *p =
		mmap(at, T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0);

	memcpy(p, code, len);
	mprotect(p, T_PAGE, PROT_READ | PROT_EXEC);
	return p;
}

/* Text from a file, so that it was never writable. */
static void *text_of_file(const unsigned char *code, size_t len)
{
	char name[] = "text";
	int fd;
	void *p;

	unlink(name);
	fd = open(name, O_RDWR | O_CREAT, 0700);
	if (write(fd, code, len) != (ssize_t)len || ftruncate(fd, T_PAGE))
		return NULL;
	p = mmap(NULL, T_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	return p;
}

static int on_disk_is(const unsigned char *code, size_t len)
{
	unsigned char buf[64];
	int fd = open("text", O_RDONLY);
	int same = read(fd, buf, len) == (ssize_t)len && !memcmp(buf, code, len);

	close(fd);
	return same;
}

static void changed_text(void)
{
	unsigned char *made = text_with(by_mov, sizeof(by_mov), NULL), *p = text_of_file(by_mov, sizeof(by_mov));
	long (*call)(long) = (long (*)(long))(void *)p;

	OK(always((long (*)(long))(void *)made, 0) == self);
	OK(!memcmp(made, by_mov, sizeof(by_mov))); /* what the program wrote itself is not touched */
	OK(always(call, 0) == self && on_disk_is(by_mov, sizeof(by_mov)));
	OK(always_keeps(call));
	void *q = text_of_file(by_nop, sizeof(by_nop));
	OK(always_keeps((long (*)(long))q) && munmap(q, T_PAGE) == 0);
	/* Made writable, it is as it was; changed, the new code runs. */
	mprotect(p, T_PAGE, PROT_READ | PROT_WRITE);
	OK(!memcmp(p, by_mov, sizeof(by_mov)));
	p[1] = 110;
	mprotect(p, T_PAGE, PROT_READ | PROT_EXEC);
	OK(always(call, 0) == getppid());
	munmap(p, T_PAGE);

	/* Moved, and other code where it was. */
	p = text_of_file(by_number, sizeof(by_number));
	call = (long (*)(long))(void *)p;
	OK(always(call, SYS_getpid) == self && always(call, SYS_getuid) == (long)getuid() &&
	   always(call, SYS_getppid) == getppid());
	void *moved = mremap(p, T_PAGE, T_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, made);
	OK(moved == made && always((long (*)(long))moved, SYS_gettid) == self);
	OK(!memcmp(moved, by_number, sizeof(by_number)) || always((long (*)(long))moved, SYS_getpid) == self);
	text_with(by_mov, sizeof(by_mov), p);
	OK(always(call, 0) == self);
	/* The page's changes are dropped: back to the file. */
	OK(madvise(moved, T_PAGE, MADV_DONTNEED) == 0 && always((long (*)(long))moved, SYS_getpid) == self);
	OK(on_disk_is(by_number, sizeof(by_number)));
	unlink("text");
}

/* Does that call, made in the middle of a function, give that result? */
static long enter_at(char *at, long nr, long a, void *b, long c)
{
	long r;

	__asm__ volatile("call *%[at]"
			 : "=a"(r)
			 : [at] "r"(at), "0"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory", "cc");
	return r;
}

/* The place four megabytes on, where the jump of the SYSCALL itself would lead, is not free. */
static void by_the_xor(void)
{
	char *at = (char *)0x120000000000, *in_the_way = at + 0x3d4000, buf[8];
	long zero = open("/dev/zero", O_RDONLY), got = 0, none = 0, pids = 0;
	void *p = text_of_file(by_xor, sizeof(by_xor));

	OK(mremap(p, T_PAGE, T_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at);
	OK(mmap(in_the_way, 2 * T_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == in_the_way);
	for (int i = 0; i < OFTEN; i++) {
		memset(buf, 'x', sizeof(buf));
		got += enter_at(at, 77, zero, buf, 5) == 5 && !memcmp(buf, "\0\0\0\0\0xxx", 8);
		none += enter_at(at, 1, -1, buf, 5) == -EBADF;
		/* The SYSCALL alone, for whoever jumps there. */
		pids += enter_at(at + 2, SYS_getpid, 0, NULL, 0) == self;
	}
	printf("%ld reads, %ld refused, %ld others\n", got, none, pids);
	OK(on_disk_is(by_xor, sizeof(by_xor)));
	mprotect(at, T_PAGE, PROT_READ | PROT_WRITE);
	OK(!memcmp(at, by_xor, sizeof(by_xor)));
	munmap(at, T_PAGE);
	munmap(in_the_way, 2 * T_PAGE);
	unlink("text");
}

static void own_gs(void)
{
	static unsigned long area[512];
	unsigned long base = 1;

	OK(syscall(SYS_arch_prctl, ARCH_GET_GS, &base) == 0 && base == 0);
	OK(syscall(SYS_arch_prctl, ARCH_SET_GS, area) == 0);
	OK(always(by_syscall, SYS_getpid) == self && getpid() == self);
	OK(syscall(SYS_arch_prctl, ARCH_GET_GS, &base) == 0 && base == (unsigned long)area);
	for (int i = 0; i < 512; i++)
		wrong += area[i] != 0;
	OK(wrong == 0);
	OK(syscall(SYS_arch_prctl, ARCH_SET_GS, 0) == 0);
	OK(syscall(SYS_arch_prctl, ARCH_GET_GS, &base) == 0 && base == 0);
	OK(always(by_syscall, SYS_getpid) == self);
}

int main(void)
{
	self = getpid();
	OK(always(by_getpid, 0) == self);
	OK(always(by_syscall, SYS_gettid) == self);
	OK(always(by_getuid, 0) == always(by_geteuid, 0));
	OK(always(by_getgid, 0) == always(by_getegid, 0));
	OK(always(by_getppid, 0) == getppid());
	OK(setresuid(-1, -1, -1) == 0 && getuid() == geteuid());
	forked();
	interrupted();
	changed_text();
	by_the_xor();
	own_gs();
	return 0;
}
