/* SPDX-License-Identifier: Apache-2.0 */
/* prctl(2), arch_prctl(2) and the thread's own registers at the kernel.
 * covers: prctl arch_prctl set_tid_address set_robust_list get_robust_list */
#include "t.h"

#include <sys/prctl.h>

static void names(void)
{
	char n[16];

	T(prctl, PR_GET_NAME, n);
	printf("name %s\n", n);
	T(prctl, PR_SET_NAME, "a-name-that-is-much-too-long");
	T(prctl, PR_GET_NAME, n);
	printf("name %s\n", n);
	T_BAD(t_in, prctl, PR_SET_NAME, bad);
	T_BAD(t_out, prctl, PR_GET_NAME, bad);
}

static void flags(void)
{
	int sig = -1, sub = -1;

	T(prctl, PR_GET_DUMPABLE);
	T(prctl, PR_SET_DUMPABLE, 0);
	T(prctl, PR_GET_DUMPABLE);
	T(prctl, PR_SET_DUMPABLE, 2);
	T(prctl, PR_SET_DUMPABLE, 1);
	T(prctl, PR_GET_KEEPCAPS);
	T(prctl, PR_SET_KEEPCAPS, 1);
	T(prctl, PR_GET_KEEPCAPS);
	T(prctl, PR_SET_KEEPCAPS, 2);
	T(prctl, PR_SET_KEEPCAPS, 0);
	T(prctl, PR_GET_PDEATHSIG, &sig);
	printf("sig %d\n", sig);
	T(prctl, PR_SET_PDEATHSIG, 15);
	T(prctl, PR_GET_PDEATHSIG, &sig);
	printf("sig %d\n", sig);
	T(prctl, PR_SET_PDEATHSIG, 0);
	T(prctl, PR_SET_PDEATHSIG, 65);
	T_BAD(t_out, prctl, PR_GET_PDEATHSIG, bad);
	T(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	T(prctl, PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0);
	T(prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
	T(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	T(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	T(prctl, PR_GET_CHILD_SUBREAPER, &sub);
	printf("sub %d\n", sub);
	T(prctl, PR_GET_TIMERSLACK);
	T(prctl, PR_SET_TIMERSLACK, 1000);
	T(prctl, PR_GET_TIMERSLACK);
	T(prctl, PR_GET_TIMING);
	T(prctl, PR_SET_TIMING, 0);
	T(prctl, PR_SET_TIMING, 1);
	T(prctl, PR_CAPBSET_READ, 999);
	T(prctl, PR_GET_SECUREBITS);
	T(prctl, 99999);
	T(prctl, -1);
	T(prctl, PR_GET_ENDIAN, &sub);
}

static void arch(void)
{
	unsigned long fs = 0, gs = 1, x[2] = { 0x1122334455667788, 0 }, v;

	T(arch_prctl, 0x1003, &fs);
	OK(fs != 0);
	T(arch_prctl, 0x1004, &gs);
	printf("gs %lx\n", gs);
	T(arch_prctl, 0x1001, x);
	__asm__ volatile("mov %%gs:0, %0" : "=r"(v));
	printf("through gs %lx\n", v);
	T(arch_prctl, 0x1004, &gs);
	OK(gs == (unsigned long)x);
	/* It stays over system calls and faults. */
	MUST(getpid);
	char *p = (char *)MUST(mmap, 0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p[99999] = 1;
	__asm__ volatile("mov %%gs:0, %0" : "=r"(v));
	OK(v == x[0]);
	T(arch_prctl, 0x1001, 0x8000000000000000);
	T(arch_prctl, 0x1002, 0xffff800000000000);
	T(arch_prctl, 0x1001, 0);
	t_show("set fs to the same", "", S(arch_prctl, 0x1002, fs));
	T_BAD(t_out, arch_prctl, 0x1003, bad);
	T_BAD(t_out, arch_prctl, 0x1004, bad);
	T(arch_prctl, 0x9999, 0);
	T(arch_prctl, 0, 0);
	T(arch_prctl, 0x1011, 0);
}

static void thread(void)
{
	static int tid;
	struct {
		void *next, *prev;
		long off;
	} head = { &head, 0, 0 };
	void *got = NULL;
	size_t len = 0;

	OK(S(set_tid_address, &tid) == S(gettid));
	OK(S(set_tid_address, (void *)0xffff888000000000) == S(gettid));
	T(set_robust_list, &head, 24);
	T(set_robust_list, &head, 23);
	T(get_robust_list, 0, &got, &len);
	OK(got == &head && len == 24);
	T(get_robust_list, 999999999, &got, &len);
	T_BAD(t_out, get_robust_list, 0, bad, &len);
	T_BAD(t_out, get_robust_list, 0, &got, bad);
	T(set_robust_list, NULL, 24);
}

MAIN
{
	names();
	flags();
	arch();
	thread();
}
