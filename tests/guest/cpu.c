/* SPDX-License-Identifier: Apache-2.0 */
/* The processor as a program sees it: SSE, x87 and AVX state over system calls and faults, CPUID, time-stamp counter, FS and GS, thread-local data. */
#include "t.h"

#include <fenv.h>
#include <math.h>

static __thread int tls_zero;
static __thread int tls_set = 42;
static __thread char tls_big[5000];

static void leave(void)
{
	char *p = (char *)MUST(mmap, 0, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p[5000] = 1;
	MUST(getppid);
}

static void sse(void)
{
	unsigned char in[256], out[256];
	unsigned mx, mx2 = 0;
	unsigned short cw, cw2;

	for (int i = 0; i < 256; i++)
		in[i] = (unsigned char)(i * 7);
	char *p = (char *)MUST(mmap, 0, T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__asm__ volatile("movups (%0), %%xmm0\n movups 16(%0), %%xmm1\n movups 112(%0), %%xmm7\n movups 128(%0), "
			 "%%xmm8\n movups 240(%0), %%xmm15\n"
			 "movb $1, (%2)\n"
			 "mov $39, %%eax\n syscall\n"
			 "movups %%xmm0, (%1)\n movups %%xmm1, 16(%1)\n movups %%xmm7, 112(%1)\n movups %%xmm8, "
			 "128(%1)\n movups %%xmm15, 240(%1)\n"
			 :
			 : "r"(in), "r"(out), "r"(p)
			 : "rax", "rcx", "r11", "memory", "xmm0", "xmm1", "xmm7", "xmm8", "xmm15");
	OK(!memcmp(in, out, 32) && !memcmp(in + 112, out + 112, 32) && !memcmp(in + 240, out + 240, 16));
	__asm__ volatile("stmxcsr %0" : "=m"(mx));
	printf("mxcsr %x\n", mx & ~0x3fU);
	mx |= 0x6000;
	__asm__ volatile("ldmxcsr %0" ::"m"(mx));
	leave();
	__asm__ volatile("stmxcsr %0" : "=m"(mx2));
	OK((mx2 & 0x6000) == 0x6000);
	mx &= ~0x6000U;
	__asm__ volatile("ldmxcsr %0" ::"m"(mx));
	__asm__ volatile("fnstcw %0" : "=m"(cw));
	printf("x87 control %x\n", cw);
	cw = 0x27f;
	__asm__ volatile("fldcw %0" ::"m"(cw));
	leave();
	__asm__ volatile("fnstcw %0" : "=m"(cw2));
	OK(cw2 == 0x27f);
	__asm__ volatile("fninit");
	volatile double d = 2;
	volatile long double l = 3;
	leave();
	printf("%.17g %.20Lg %.17g\n", sqrt(d), l / 7, sin(d));
}

static void cpuid(unsigned leaf, unsigned sub, unsigned r[4])
{
	__asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "0"(leaf), "2"(sub));
}

__attribute__((target("avx"))) static void avx(void)
{
	unsigned char in[64], out[64];

	for (int i = 0; i < 64; i++)
		in[i] = (unsigned char)(i * 5 + 1);
	memset(out, 0, sizeof(out));
	char *p = (char *)MUST(mmap, 0, T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__asm__ volatile("vmovups (%0), %%ymm3\n vmovups 32(%0), %%ymm12\n"
			 "movb $1, (%2)\n mov $110, %%eax\n syscall\n"
			 "vmovups %%ymm3, (%1)\n vmovups %%ymm12, 32(%1)\n vzeroupper\n"
			 :
			 : "r"(in), "r"(out), "r"(p)
			 : "rax", "rcx", "r11", "memory", "xmm3", "xmm12");
	OK(!memcmp(in, out, 64));
}

static void identify(void)
{
	unsigned r[4], lo, hi;
	unsigned long a, b;

	cpuid(0, 0, r);
	OK(r[0] >= 1);
	cpuid(1, 0, r);
	OK((r[3] & 1U << 26) && (r[3] & 1U << 4)); /* SSE2, TSC */
	bool osxsave = r[2] & 1U << 27, has_avx = r[2] & 1U << 28;
	if (osxsave) {
		__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
		OK((lo & 3) == 3);
		if (has_avx && (lo & 6) == 6)
			avx();
	}
	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	a = (unsigned long)hi << 32 | lo;
	leave();
	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	b = (unsigned long)hi << 32 | lo;
	OK(b > a);
	/* What CPUID says exists can be used. */
	cpuid(1, 0, r);
	if (r[2] & 1U << 23) {
		unsigned long n = 0;
		__asm__("popcnt %1, %0" : "=r"(n) : "r"(0xf0f0UL));
		OK(n == 8);
	}
	if (r[2] & 1U << 30) {
		unsigned long n = 0;
		unsigned char ok = 0;
		for (int i = 0; i < 100 && !ok; i++)
			__asm__ volatile("rdrand %0; setc %1" : "=r"(n), "=qm"(ok));
		OK(ok == 1);
	}
}

static void segments(void)
{
	extern char **environ;
	unsigned long *aux, hwcap2 = 0, fs, gs, gs2, data = 0x77;
	char **e = environ;

	while (*e)
		e++;
	for (aux = (unsigned long *)(e + 1); *aux; aux += 2)
		if (*aux == 26)
			hwcap2 = aux[1];
	printf("fsgsbase %s\n", hwcap2 & 2 ? "yes" : "no");
	if (!(hwcap2 & 2))
		return;
	MUST(arch_prctl, 0x1003, &fs);
	__asm__ volatile("rdfsbase %0" : "=r"(gs));
	OK(fs == gs);
	__asm__ volatile("wrgsbase %0" ::"r"(&data));
	leave();
	__asm__ volatile("rdgsbase %0" : "=r"(gs));
	OK(gs == (unsigned long)&data);
	MUST(arch_prctl, 0x1004, &gs2);
	OK(gs2 == gs);
	__asm__ volatile("mov %%gs:0, %0" : "=r"(gs));
	OK(gs == 0x77);
	__asm__ volatile("wrfsbase %0" ::"r"(fs));
	leave();
	OK(tls_set == 43);
}

static void tls(void)
{
	OK(tls_zero == 0 && tls_set == 42 && tls_big[4999] == 0);
	tls_set++;
	tls_big[4999] = 7;
	leave();
	OK(tls_set == 43 && tls_big[4999] == 7);
}

static void selectors(void)
{
	unsigned short cs, ss, ds, es, fs, gs;

	__asm__("mov %%cs, %0\n mov %%ss, %1\n mov %%ds, %2\n mov %%es, %3\n mov %%fs, %4\n mov %%gs, %5"
		: "=r"(cs), "=r"(ss), "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
	printf("cpl %d ss %d ds %x es %x fs %x gs %x\n", cs & 3, ss & 3, ds, es, fs, gs);
}

MAIN
{
	sse();
	tls();
	identify();
	segments();
	selectors();
}
