/* SPDX-License-Identifier: Apache-2.0 */
/* Who am I: process, session, user and group numbers, names, capabilities.
 * covers: getpid getppid gettid getpgid getpgrp getsid setpgid setsid getuid geteuid getgid getegid getresuid getresgid getgroups setgroups setuid setgid
 * covers: setreuid setregid setresuid setresgid setfsuid setfsgid capget capset uname personality getcpu sched_yield */
#include "t.h"

#include <sys/utsname.h>

static void processes(void)
{
	long pid = S(getpid), pg = S(getpgrp), sid = S(getsid, 0);

	OK(pid > 1 && pid == S(gettid) && pid == S(getpid));
	OK(S(getppid) >= 0);
	OK(pg == S(getpgid, 0) && pg == S(getpgid, pid));
	OK(sid == S(getsid, pid));
	T(getpgid, -1);
	T(getpgid, 999999999);
	T(getsid, 999999999);
	T(getsid, -5);
	TQ(setpgid, 0, 0);
	OK(S(getpgrp) == pid);
	T(setpgid, 0, -1);
	T(setpgid, 999999999, 0);
	T(setpgid, -1, 0);
	T(setpgid, 0, 999999999);
	T(setsid);
	T(sched_yield);
}

static void users(void)
{
	uint32_t r[3], list[64];
	long u = S(getuid), g = S(getgid), n;

	OK(u == S(geteuid) && g == S(getegid));
	T(getresuid, r, r + 1, r + 2);
	OK(r[0] == u && r[1] == u && r[2] == u);
	T(getresgid, r, r + 1, r + 2);
	OK(r[0] == g && r[1] == g && r[2] == g);
	T_BAD(t_out, getresuid, bad, r, r);
	T_BAD(t_out, getresuid, r, r, bad);
	T_BAD(t_out, getresgid, r, bad, r);
	t_show("setuid to myself", "", S(setuid, u));
	t_show("setgid to myself", "", S(setgid, g));
	t_show("setreuid", "", S(setreuid, u, -1));
	t_show("setregid", "", S(setregid, -1, g));
	T(setresuid, -1, -1, -1);
	T(setresgid, -1, -1, -1);
	OK(S(setfsuid, -1) == u && S(setfsuid, u) == u);
	OK(S(setfsgid, -1) == g && S(setfsgid, g) == g);
	T(setuid, -1);
	T(setgid, -1);
	n = T(getgroups, 0, NULL);
	OK(S(getgroups, 64, list) == n);
	T(getgroups, -1, list);
	T_BAD(t_out, getgroups, 64, bad);
	t_show("setgroups", "", u ? S(setgroups, 0, NULL) : -EPERM);
	T(setgroups, -1, list);
	T(setgroups, 70000, list);
}

static void caps(void)
{
	struct {
		uint32_t version;
		int32_t pid;
	} h = { 0x20080522, 0 };
	struct {
		uint32_t eff, perm, inh;
	} d[2];

	T(capget, &h, d);
	printf("effective %x permitted %x\n", d[0].eff, d[0].perm);
	t_show("capset to the same", "", S(capset, &h, d));
	d[0].inh = 1, d[0].eff = d[0].perm = 0xffffffff;
	t_show("capset to more", "", S(geteuid) ? S(capset, &h, d) : -EPERM);
	h.pid = -1;
	T(capget, &h, d);
	T(capset, &h, d);
	h.pid = 999999999;
	T(capget, &h, d);
	h.version = 7, h.pid = 0;
	T(capget, &h, d);
	printf("version %x\n", h.version);
	h.version = 7;
	T(capget, &h, NULL);
	T_BAD(t_out, capget, bad, d);
	T_BAD(t_out_opt, capget, &h, bad);
	T_BAD(t_in, capset, &h, bad);
}

static void names(void)
{
	struct utsname u;
	unsigned cpu = ~0U, node = ~0U;

	T(uname, &u);
	printf("%s %s %s %s %s\n", u.sysname, u.nodename, u.release, u.version, u.machine);
	T_BAD(t_out, uname, bad);
	T(getcpu, &cpu, &node, NULL);
	OK(cpu < 4096 && node < 1024);
	T(getcpu, NULL, NULL, NULL);
	T_BAD(t_out_opt, getcpu, bad, NULL, NULL);
	T_BAD(t_out_opt, getcpu, NULL, bad, NULL);
	T(personality, 0xffffffff);
}

MAIN
{
	processes();
	users();
	caps();
	names();
}
