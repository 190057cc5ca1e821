/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to die: each case ends the program by a signal natively and by 128 + that signal in husk, after the same output. A case kill-X dies by
 * a signal that was sent, without a report.
 * cases: null-read null-write null-call low-read write-code write-ro read-none exec-nx exec-stack jump-hole jump-edge divide divide-overflow ud2 int3
 * cases: in out hlt cli sti lgdt mov-cr non-canonical non-canonical-jump sse-align gp-int kernel-read kernel-exec above-read sigbus sigbus-write stack-overflow unmapped
 * cases: text-write rdmsr wbinvd kill-abrt kill-kill kill-term kill-segv kill-usr1 kill-alrm kill-pipe kill-xfsz kill-fsize brk-shrink alignment munmap-self ltr
 * cases-real: iretq into-gate icebp
 * covers: pause
 * stderr: crash */
#include "t.h"

#include <sys/resource.h>
#include <sys/time.h>

static char *map(size_t n, int prot)
{
	return (char *)MUST(mmap, 0, n, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void call(void *p)
{
	((void (*)(void))(uintptr_t)p)();
}

#pragma GCC diagnostic ignored "-Winfinite-recursion"
static __attribute__((noinline)) long overflow(const volatile char *p)
{
	volatile char frame[4096];

	frame[0] = *p;
	return overflow(frame) + frame[0];
}

static volatile char *v;
static const char constant[16] = "constant";

static void memory(const char *c)
{
	if (!strcmp(c, "null-read"))
		(void)*v;
	if (!strcmp(c, "null-write"))
		*v = 1;
	if (!strcmp(c, "null-call"))
		call(NULL);
	if (!strcmp(c, "low-read"))
		v = (char *)0x8000, (void)*v;
	if (!strcmp(c, "write-code"))
		v = (char *)(uintptr_t)&memory, *v = 1;
	if (!strcmp(c, "text-write"))
		v = (char *)(uintptr_t)constant, *v = 1;
	if (!strcmp(c, "write-ro"))
		v = map(4096, PROT_READ), *v = 1;
	if (!strcmp(c, "read-none"))
		v = map(4096, PROT_NONE), (void)*v;
	if (!strcmp(c, "exec-nx"))
		v = map(4096, PROT_READ | PROT_WRITE), *v = (char)0xc3, call((void *)v);
	if (!strcmp(c, "exec-stack")) {
		volatile char code[16] = { (char)0xc3 };
		call((void *)code);
	}
	if (!strcmp(c, "jump-hole"))
		v = map(4096, PROT_READ), MUST(munmap, v, 4096), call((void *)v);
	if (!strcmp(c, "jump-edge")) { /* an instruction that runs over into a page that is not there */
		v = map(8192, PROT_READ | PROT_WRITE | PROT_EXEC);
		v[4094] = (char)0x48, v[4095] = (char)0xb8;
		MUST(munmap, v + 4096, 4096);
		call((void *)(v + 4094));
	}
	if (!strcmp(c, "unmapped"))
		v = map(4096, PROT_READ), (void)*v, MUST(munmap, v, 4096), (void)*v;
	if (!strcmp(c, "munmap-self"))
		S(munmap, (uintptr_t)&memory & -4096L, 4096), call((void *)(uintptr_t)&memory);
	if (!strcmp(c, "brk-shrink")) {
		v = (char *)((S(brk, 0) + 4095) & -4096L);
		MUST(brk, v + 8192);
		v[5000] = 1;
		MUST(brk, v);
		(void)v[5000];
	}
	if (!strcmp(c, "non-canonical"))
		v = (char *)0x8000000000000000, (void)*v;
	if (!strcmp(c, "non-canonical-jump"))
		call((void *)0x8000000000000000);
	if (!strcmp(c, "kernel-read"))
		v = (char *)0xffff888000000000, (void)*v;
	if (!strcmp(c, "kernel-exec"))
		call((void *)0xffffffff81000000);
	if (!strcmp(c, "above-read"))
		v = (char *)0x410000000000, (void)*v;
	if (!strncmp(c, "sigbus", 6)) {
		long f = MUST(open, "f", O_RDWR | O_CREAT, 0600);
		MUST(ftruncate, f, 100);
		v = (char *)MUST(mmap, 0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
		printf("%d\n", v[50]);
		fflush(stdout);
		if (c[6])
			v[4097] = 1;
		else
			(void)v[4097];
	}
	if (!strcmp(c, "stack-overflow"))
		overflow(c);
}

static void instruction(const char *c)
{
	unsigned char pad[32] __attribute__((aligned(16))) = { 0 };
	volatile int zero = 0, one = 1, min = INT_MIN, minus = -1;
	struct {
		unsigned short limit;
		unsigned long base;
	} __attribute__((packed)) gdt = { 0, 0 };

	if (!strcmp(c, "divide"))
		one /= zero;
	if (!strcmp(c, "divide-overflow"))
		one = min / minus;
	if (!strcmp(c, "ud2"))
		__asm__ volatile("ud2");
	if (!strcmp(c, "int3"))
		__asm__ volatile("int3");
	if (!strcmp(c, "icebp"))
		__asm__ volatile(".byte 0xf1");
	if (!strcmp(c, "in"))
		__asm__ volatile("in $0x80, %%al" ::: "al");
	if (!strcmp(c, "out"))
		__asm__ volatile("out %%al, $0x80" ::: "memory");
	if (!strcmp(c, "hlt"))
		__asm__ volatile("hlt");
	if (!strcmp(c, "cli"))
		__asm__ volatile("cli");
	if (!strcmp(c, "sti"))
		__asm__ volatile("sti");
	if (!strcmp(c, "lgdt"))
		__asm__ volatile("lgdt %0" ::"m"(gdt));
	if (!strcmp(c, "ltr"))
		__asm__ volatile("ltr %w0" ::"r"(0));
	if (!strcmp(c, "mov-cr"))
		__asm__ volatile("mov %%cr3, %%rax" ::: "rax");
	if (!strcmp(c, "rdmsr"))
		__asm__ volatile("rdmsr" ::"c"(0x10) : "rax", "rdx");
	if (!strcmp(c, "wbinvd"))
		__asm__ volatile("wbinvd");
	if (!strcmp(c, "gp-int"))
		__asm__ volatile("int $0x42");
	if (!strcmp(c, "iretq")) /* to a selector that does not exist */
		__asm__ volatile("pushq $0\n pushq %%rsp\n pushq $2\n pushq $0x7b\n pushq $0\n iretq" ::: "memory");
	if (!strcmp(c, "into-gate")) /* to code at ring 0 */
		__asm__ volatile("pushq $0x10\n pushq $0\n lretq" ::: "memory");
	if (!strcmp(c, "sse-align"))
		__asm__ volatile("movaps 1(%0), %%xmm0" ::"r"(pad) : "xmm0");
	if (!strcmp(c, "alignment")) /* cmpxchg16b wants 16 bytes */
		__asm__ volatile("lock cmpxchg16b 8(%0)" ::"r"(pad) : "rax", "rdx", "memory");
}

static void signals(const char *c)
{
	static const struct {
		const char *name;
		int sig;
	} kills[] = { { "kill-abrt", SIGABRT }, { "kill-kill", SIGKILL }, { "kill-term", SIGTERM },
		      { "kill-segv", SIGSEGV }, { "kill-usr1", SIGUSR1 }, { "kill-pipe", SIGPIPE },
		      { "kill-xfsz", SIGXFSZ } };
	long pid = S(getpid);

	for (unsigned i = 0; i < sizeof(kills) / sizeof(kills[0]); i++)
		if (!strcmp(c, kills[i].name))
			S(kill, pid, kills[i].sig);
	if (!strcmp(c, "kill-alrm")) {
		struct itimerval it = { { 0, 0 }, { 0, 10000 } };
		MUST(setitimer, ITIMER_REAL, &it, NULL);
		for (;;)
			S(pause);
	}
	if (!strcmp(c, "kill-fsize")) {
		struct rlimit rl = { 100, 100 };
		long f = MUST(open, "f", O_RDWR | O_CREAT, 0600);
		MUST(setrlimit, RLIMIT_FSIZE, &rl);
		S(pwrite64, f, "x", 1, 100);
	}
}

int main(int argc, char **argv)
{
	const char *c = argc > 1 ? argv[1] : "";

	t_begin();
	printf("before %s\n", c);
	memory(c);
	instruction(c);
	signals(c);
	printf("still here\n");
	return 0;
}
