/* SPDX-License-Identifier: Apache-2.0 */
/* What calls on processes, limits and time point to. */
#include "trace/flags.h"

#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>

static void timespec_text(struct dec *d, const struct timespec *ts)
{
	dec_printf(d, "{tv_sec=%ld, tv_nsec=%ld}", ts->tv_sec, ts->tv_nsec);
}

static void timeval_text(struct dec *d, const struct timeval *tv)
{
	dec_printf(d, "{tv_sec=%ld, tv_usec=%ld}", tv->tv_sec, tv->tv_usec);
}

bool dec_timespec(struct dec *d, uint64_t a)
{
	struct timespec ts;

	if (!dec_load(a, &ts))
		return false;
	timespec_text(d, &ts);
	return true;
}

bool dec_timeval(struct dec *d, uint64_t a)
{
	struct timeval tv;

	if (!dec_load(a, &tv))
		return false;
	timeval_text(d, &tv);
	return true;
}

bool dec_timezone(struct dec *d, uint64_t a)
{
	struct timezone tz;

	if (!dec_load(a, &tz))
		return false;
	dec_printf(d, "{tz_minuteswest=%d, tz_dsttime=%d}", tz.tz_minuteswest, tz.tz_dsttime);
	return true;
}

bool dec_itimerval(struct dec *d, uint64_t a)
{
	struct itimerval it;

	if (!dec_load(a, &it))
		return false;
	dec_puts(d, "{it_interval=");
	timeval_text(d, &it.it_interval);
	dec_puts(d, ", it_value=");
	timeval_text(d, &it.it_value);
	dec_puts(d, "}");
	return true;
}

bool dec_itimerspec(struct dec *d, uint64_t a)
{
	struct itimerspec it;

	if (!dec_load(a, &it))
		return false;
	dec_puts(d, "{it_interval=");
	timespec_text(d, &it.it_interval);
	dec_puts(d, ", it_value=");
	timespec_text(d, &it.it_value);
	dec_puts(d, "}");
	return true;
}

bool dec_timex(struct dec *d, uint64_t a)
{
	struct timex t;

	if (!dec_load(a, &t))
		return false;
	dec_puts(d, "{modes=");
	dec_bits(d, &names_timex_modes, t.modes);
	dec_printf(d, ", offset=%ld, freq=%ld, maxerror=%ld, esterror=%ld, status=", t.offset, t.freq, t.maxerror,
		   t.esterror);
	dec_bits(d, &names_timex_status, (uint32_t)t.status);
	dec_printf(d, ", constant=%ld, precision=%ld, tolerance=%ld, time=", t.constant, t.precision, t.tolerance);
	timeval_text(d, &t.time);
	dec_printf(d, ", tick=%ld, ppsfreq=%ld, jitter=%ld, shift=%d, stabil=%ld, jitcnt=%ld, calcnt=%ld", t.tick,
		   t.ppsfreq, t.jitter, t.shift, t.stabil, t.jitcnt, t.calcnt);
	dec_printf(d, ", errcnt=%ld, stbcnt=%ld, tai=%d}", t.errcnt, t.stbcnt, t.tai);
	return true;
}

static void rlim(struct dec *d, const char *name, uint64_t v)
{
	dec_puts(d, name);
	if (v == UINT64_MAX)
		dec_puts(d, "RLIM64_INFINITY");
	else if (v > 1024 && v % 1024 == 0)
		dec_printf(d, "%lu*1024", v / 1024);
	else
		dec_printf(d, "%lu", v);
}

bool dec_rlimit(struct dec *d, uint64_t a)
{
	struct rlimit r;

	if (!dec_load(a, &r))
		return false;
	rlim(d, "{rlim_cur=", r.rlim_cur);
	rlim(d, ", rlim_max=", r.rlim_max);
	dec_puts(d, "}");
	return true;
}

bool dec_rusage(struct dec *d, uint64_t a)
{
	struct rusage ru;

	if (!dec_load(a, &ru))
		return false;
	dec_puts(d, "{ru_utime=");
	timeval_text(d, &ru.ru_utime);
	dec_puts(d, ", ru_stime=");
	timeval_text(d, &ru.ru_stime);
	dec_puts(d, ", ...}");
	return true;
}

bool dec_sysinfo(struct dec *d, uint64_t a)
{
	struct sysinfo si;

	if (!dec_load(a, &si))
		return false;
	dec_printf(d, "{uptime=%ld, loads=[%lu, %lu, %lu], totalram=%lu, freeram=%lu, sharedram=%lu, bufferram=%lu",
		   si.uptime, si.loads[0], si.loads[1], si.loads[2], si.totalram, si.freeram, si.sharedram,
		   si.bufferram);
	dec_printf(d, ", totalswap=%lu, freeswap=%lu, procs=%u, totalhigh=%lu, freehigh=%lu, mem_unit=%u}",
		   si.totalswap, si.freeswap, si.procs, si.totalhigh, si.freehigh, si.mem_unit);
	return true;
}

bool dec_utsname(struct dec *d, uint64_t a)
{
	struct utsname u;

	if (!dec_load(a, &u))
		return false;
	dec_puts(d, "{sysname=");
	dec_quote(d->out, u.sysname, strnlen(u.sysname, sizeof(u.sysname)), false);
	dec_puts(d, ", nodename=");
	dec_quote(d->out, u.nodename, strnlen(u.nodename, sizeof(u.nodename)), false);
	dec_puts(d, ", ...}");
	return true;
}

bool dec_tms(struct dec *d, uint64_t a)
{
	struct tms t;

	if (!dec_load(a, &t))
		return false;
	dec_printf(d, "{tms_utime=%ld, tms_stime=%ld, tms_cutime=%ld, tms_cstime=%ld}", t.tms_utime, t.tms_stime,
		   t.tms_cutime, t.tms_cstime);
	return true;
}

/* [0 1 5]; the size is the argument before, or what the kernel said it wrote. */
bool dec_cpuset(struct dec *d, uint64_t a)
{
	unsigned char set[1024];
	uint64_t n = d->leaving ? (uint64_t)d->result : d->call->a[d->i - 1];
	bool first = true;

	n = hk_min(n, sizeof(set));
	if (copy_from_guest(set, GVA(a), n))
		return false;
	dec_puts(d, "[");
	for (unsigned cpu = 0; cpu < n * 8; cpu++) {
		if (!(set[cpu / 8] & 1 << cpu % 8))
			continue;
		dec_printf(d, first ? "%u" : " %u", cpu);
		first = false;
	}
	dec_puts(d, "]");
	return true;
}

/* SCHED_ATTR_SIZE_VER0 */
struct sched_attr0 {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

bool dec_schedattr(struct dec *d, uint64_t a)
{
	struct sched_attr0 s;
	uint32_t util[2];

	if (!dec_load(a, &s))
		return false;
	dec_printf(d, "{size=%u, sched_policy=", s.size);
	dec_enum(d, &names_sched, s.policy);
	dec_puts(d, ", sched_flags=");
	dec_bits(d, &names_sched_flags, s.flags);
	dec_printf(d, ", sched_nice=%d, sched_priority=%u, sched_runtime=%lu, sched_deadline=%lu, sched_period=%lu",
		   s.nice, s.priority, s.runtime, s.deadline, s.period);
	if (s.size >= sizeof(s) + sizeof(util) && dec_load(a + sizeof(s), &util))
		dec_printf(d, ", sched_util_min=%#x, sched_util_max=%#x", util[0], util[1]);
	dec_puts(d, "}");
	return true;
}

bool dec_caphdr(struct dec *d, uint64_t a)
{
	struct __user_cap_header_struct h;

	if (!dec_load(a, &h))
		return false;
	dec_puts(d, "{version=");
	dec_enum(d, &names_cap_version, h.version);
	dec_printf(d, ", pid=%d}", h.pid);
	return true;
}

static void capset(struct dec *d, const char *name, uint64_t v)
{
	bool first = true;

	dec_puts(d, name);
	for (unsigned i = 0; i < 64; i++) {
		const char *cap = v >> i & 1 ? dec_name_of(&names_cap, i) : NULL;

		if (!(v >> i & 1))
			continue;
		dec_printf(d, "%s1<<", first ? "" : "|");
		if (cap)
			dec_puts(d, cap);
		else
			dec_printf(d, "%u", i);
		first = false;
	}
	if (first)
		dec_puts(d, "0");
}

/* Version 1 has one word of each set, the later ones two. */
bool dec_capdata(struct dec *d, uint64_t a)
{
	struct __user_cap_header_struct h;
	struct __user_cap_data_struct v[2] = { 0 };
	size_t n = !dec_load(d->call->a[0], &h) || h.version == _LINUX_CAPABILITY_VERSION_1 ? 1 : 2;

	if (copy_from_guest(v, GVA(a), n * sizeof(v[0])))
		return false;
	capset(d, "{effective=", v[0].effective | (uint64_t)v[1].effective << 32);
	capset(d, ", permitted=", v[0].permitted | (uint64_t)v[1].permitted << 32);
	capset(d, ", inheritable=", v[0].inheritable | (uint64_t)v[1].inheritable << 32);
	dec_puts(d, "}");
	return true;
}

bool dec_clone_args(struct dec *d, uint64_t a)
{
	struct clone_args c = { 0 };

	if (copy_from_guest(&c, GVA(a), hk_min(sizeof(c), d->call->a[d->i + 1])))
		return false;
	dec_puts(d, "{flags=");
	dec_bits(d, &names_clone, c.flags);
	if (c.flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID))
		dec_printf(d, ", child_tid=%#llx", (unsigned long long)c.child_tid);
	if (c.flags & CLONE_PARENT_SETTID)
		dec_printf(d, ", parent_tid=%#llx", (unsigned long long)c.parent_tid);
	dec_puts(d, ", exit_signal=");
	dec_signal(d, c.exit_signal);
	dec_puts(d, ", stack=");
	dec_addr(d, c.stack);
	dec_puts(d, ", stack_size=");
	dec_hex(d, c.stack_size);
	if (c.flags & CLONE_SETTLS)
		dec_printf(d, ", tls=%#llx", (unsigned long long)c.tls);
	dec_puts(d, "}");
	return true;
}

static bool byte_elem(struct dec *d, const void *elem)
{
	dec_printf(d, "%d", *(const unsigned char *)elem & 1);
	return true;
}

bool dec_mincore(struct dec *d, uint64_t a)
{
	uint64_t len = d->call->a[1];

	return dec_array(d, a, len / HK_PAGE_SIZE + !!(len % HK_PAGE_SIZE), 1, byte_elem);
}

static bool int_elem(struct dec *d, const void *elem)
{
	dec_printf(d, "%d", *(const int *)elem);
	return true;
}

bool dec_gids_in(struct dec *d, uint64_t a)
{
	if (d->call->a[0] > 65536) /* NGROUPS_MAX: the call refuses it unread */
		return false;
	return dec_array(d, a, d->call->a[0], sizeof(gid_t), int_elem);
}

bool dec_gids_out(struct dec *d, uint64_t a)
{
	return dec_array(d, a, (uint64_t)d->result, sizeof(gid_t), int_elem);
}

bool dec_int1(struct dec *d, uint64_t a)
{
	return dec_array(d, a, 1, sizeof(int), int_elem);
}

bool dec_int2(struct dec *d, uint64_t a)
{
	return dec_array(d, a, 2, sizeof(int), int_elem);
}

bool dec_uint1(struct dec *d, uint64_t a)
{
	unsigned v;

	if (!dec_load(a, &v))
		return false;
	dec_printf(d, "[%u]", v);
	return true;
}

bool dec_long1(struct dec *d, uint64_t a)
{
	long v;

	if (!dec_load(a, &v))
		return false;
	dec_printf(d, "[%ld]", v);
	return true;
}

bool dec_ulong1(struct dec *d, uint64_t a)
{
	unsigned long v;

	if (!dec_load(a, &v))
		return false;
	dec_printf(d, "[%lu]", v);
	return true;
}

bool dec_addr1(struct dec *d, uint64_t a)
{
	uint64_t v;

	if (!dec_load(a, &v))
		return false;
	dec_puts(d, "[");
	dec_addr(d, v);
	dec_puts(d, "]");
	return true;
}

bool dec_id1(struct dec *d, uint64_t a)
{
	return dec_uint1(d, a);
}

/* Strings of an argv: whole ones up to the limit of strings, as many as the limit of elements. */
bool dec_strv(struct dec *d, uint64_t a)
{
	uint64_t p;

	if (!dec_load(a, &p))
		return false;
	dec_puts(d, "[");
	for (unsigned i = 0; p && !d->out->cut; i++) {
		dec_puts(d, i ? ", " : "");
		if (i == d->limit) {
			dec_puts(d, "...");
			break;
		}
		if (!dec_cstr(d, p, d->limit))
			dec_addr(d, p);
		if (!dec_load(a + (i + 1) * sizeof(p), &p)) {
			dec_printf(d, ", ... /* %#lx */", a + (i + 1) * sizeof(p));
			break;
		}
	}
	dec_puts(d, "]");
	return true;
}

bool dec_envp(struct dec *d, uint64_t a)
{
	unsigned n = 0;
	uint64_t p;

	do {
		if (!dec_load(a + n * sizeof(p), &p))
			return false;
	} while (p && ++n < 4096);
	dec_printf(d, "%#lx /* %u var%s */", a, n, n == 1 ? "" : "s");
	return true;
}
