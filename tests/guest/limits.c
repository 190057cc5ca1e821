/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits and use, system information.
 * covers: getrlimit setrlimit prlimit64 getrusage times sysinfo getpriority setpriority getrandom */
#include "t.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>

static void limits(void)
{
	struct rlimit a, b;

	for (int r = 0; r < 16; r++) {
		T(getrlimit, r, &a);
		T(prlimit64, 0, r, NULL, &b);
		OK(a.rlim_cur == b.rlim_cur && a.rlim_max == b.rlim_max);
		printf("%d: %lx %lx\n", r, (unsigned long)a.rlim_cur, (unsigned long)a.rlim_max);
	}
	T(getrlimit, 16, &a);
	T(getrlimit, -1, &a);
	T(setrlimit, 99, &a);
	T(prlimit64, 0, 99, NULL, &a);
	T(prlimit64, 999999999, 0, NULL, &a);
	T(prlimit64, 0, RLIMIT_CORE, NULL, NULL);
	a = (struct rlimit){ 10, 5 };
	T(setrlimit, RLIMIT_CORE, &a);
	T_BAD(t_out, getrlimit, 0, bad);
	T_BAD(t_in, setrlimit, RLIMIT_CORE, bad);
	T_BAD(t_in_opt, prlimit64, 0, RLIMIT_CORE, bad, NULL);
	T_BAD(t_out_opt, prlimit64, 0, RLIMIT_CORE, NULL, bad);
	a = (struct rlimit){ 0, 0 };
	T(prlimit64, 0, RLIMIT_CORE, &a, &b);
	T(getrlimit, RLIMIT_CORE, &b);
	printf("%lx %lx\n", (unsigned long)b.rlim_cur, (unsigned long)b.rlim_max);
	a = (struct rlimit){ 1, 1 };
	T(setrlimit, RLIMIT_CORE, &a);
}

static void files(void)
{
	struct rlimit a, b;

	MUST(getrlimit, RLIMIT_NOFILE, &a);
	b = (struct rlimit){ 5, a.rlim_max };
	T(setrlimit, RLIMIT_NOFILE, &b);
	T(open, "/dev/null", O_RDONLY);
	T(dup, 0);
	T(dup, 0);
	T(open, "/dev/null", O_RDONLY);
	T(dup2, 0, 5);
	T(dup2, 0, 4);
	T(fcntl, 0, F_DUPFD, 5);
	int p[2];
	T(pipe, p);
	b.rlim_cur = 100;
	T(setrlimit, RLIMIT_NOFILE, &b);
	T(dup2, 0, 99);
	T(dup2, 0, 100);
	b.rlim_cur = 300;
	T(setrlimit, RLIMIT_NOFILE, &b);
	T(dup2, 0, 299);
	T(getrlimit, RLIMIT_NOFILE, &b);
	printf("%ld\n", (long)b.rlim_cur);
	T(close, 299);
	T(close, 99);
	int open = 0;
	for (int i = 0; i < 300; i++)
		open += S(fcntl, i, F_GETFD) >= 0;
	printf("%d open\n", open);
}

static void usage(void)
{
	struct rusage r;
	struct tms t;
	struct sysinfo s;
	volatile unsigned long x = 0;

	while (S(times, NULL) > 0 && x < 30000000)
		for (int i = 0; i < 3000000; i++)
			x++;
	memset(&r, 0xff, sizeof(r));
	T(getrusage, RUSAGE_SELF, &r);
	OK(r.ru_maxrss > 0 && r.ru_utime.tv_usec >= 0 && r.ru_utime.tv_sec + r.ru_stime.tv_sec < 1000);
	T(getrusage, 1, &r);
	T(getrusage, RUSAGE_CHILDREN, &r);
	T(getrusage, 2, &r);
	T(getrusage, -2, &r);
	T_BAD(t_out, getrusage, 0, bad);
	OK(S(times, &t) > 0);
	OK(t.tms_utime >= 0 && t.tms_cutime == 0);
	T_BAD(t_out_opt, times, bad);
	T(sysinfo, &s);
	OK(s.totalram > 0 && s.uptime > 0 && s.procs > 0 && s.mem_unit > 0);
	T_BAD(t_out, sysinfo, bad);
	T(getpriority, 0, 0);
	T(getpriority, 9, 0);
	T(getpriority, 0, 999999999);
	T(setpriority, 0, 0, 5);
	T(getpriority, 0, 0);
	T(setpriority, 0, 0, 100);
	T(getpriority, 0, 0);
	T(setpriority, 9, 0, 5);
	T(setpriority, 0, 999999999, 5);
}

static void chance(void)
{
	unsigned char a[64] = { 0 }, b[64] = { 0 };

	T(getrandom, a, 64, 0);
	T(getrandom, b, 64, 1);
	OK(memcmp(a, b, 64));
	T(getrandom, a, 64, 2);
	T(getrandom, a, 64, 4);
	T(getrandom, a, 64, 6);
	T(getrandom, a, 64, 8);
	T(getrandom, a, 0, 0);
	T(getrandom, t_edge(16), 16, 0);
	T_BAD(t_out, getrandom, bad, 16, 0);
}

MAIN
{
	limits();
	files();
	usage();
	chance();
}
