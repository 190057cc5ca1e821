/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --profile-cpu: a thread that looks at the CPU-time clock of each guest thread, and has one that used up another period take a sample of itself. Waiting
 * costs no CPU time, so it is not seen.
 */
#include "monitor/internal.h"

#include "profile/profile.h"
#include "syscalls/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static uint64_t cpu_time(pid_t tid)
{
	struct timespec ts;

	/* As clock_getcpuclockid(3) and pthread_getcpuclockid(3) make it. */
	if (!tid || clock_gettime((clockid_t)(~(unsigned)tid << 3 | 6), &ts))
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void look(struct thread *th)
{
	uint64_t used = cpu_time(__atomic_load_n(&th->vcpu.tid, __ATOMIC_RELAXED)), periods;

	/* Another thread by this number, or one that is new. */
	if (used < th->sampled_ns)
		th->sampled_ns = 0;
	periods = (used - th->sampled_ns) / PROFILE_PERIOD_NS;
	if (!periods)
		return;
	th->sampled_ns += periods * PROFILE_PERIOD_NS;
	__atomic_fetch_add(&th->samples_due, (uint32_t)periods, __ATOMIC_RELEASE);
	vcpu_nudge(&th->vcpu);
}

static HK_NORETURN void *sample(void *arg)
{
	const struct timespec period = { .tv_nsec = PROFILE_PERIOD_NS };
	struct monitor *m = arg;

	for (;;) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &period, NULL);
		pthread_mutex_lock(&m->threads.lock);
		look(&m->first);
		for (struct thread *th = m->threads.made; th; th = th->next_made)
			look(th);
		pthread_mutex_unlock(&m->threads.lock);
	}
}

/* Short processes have their share, too: they begin anywhere in a period. */
static uint64_t anywhere(void)
{
	return __builtin_ia32_rdtsc() % PROFILE_PERIOD_NS;
}

int sampler_start(struct monitor *m)
{
	pthread_t host;

	if (!m->profile)
		m->profile = profile_create();
	if (!m->profile)
		return -ENOMEM;
	m->first.sampled_ns = cpu_time((pid_t)getpid());
	m->first.sampled_ns -= hk_min(m->first.sampled_ns, anywhere());
	return host_thread(m, sample, m, 0, &host);
}

void sampler_forked(struct thread *th)
{
	struct monitor *m = th->m;

	profile_forked(m->profile);
	th->samples_due = 0;
	th->sampled_ns = 0;
	/* Without the thread there is no profile of this process; it runs as ever. */
	if (m->profile)
		(void)!sampler_start(m);
}

void sampler_take(struct thread *th, const char *what)
{
	uint32_t due = __atomic_exchange_n(&th->samples_due, 0, __ATOMIC_ACQUIRE);

	if (due && th->m->profile)
		profile_take(th->m->profile, &th->vcpu.regs, due, what);
}

const char *sampler_doing(enum vcpu_event event, uint64_t nr)
{
	const struct hk_syscall_info *info = event == VCPU_SYSCALL ? hk_syscall_info(nr) : NULL;

	if (event == VCPU_EXCEPTION || event == VCPU_FORBIDDEN)
		return "page_fault";
	return info ? info->name : NULL;
}

int sampler_open(struct monitor *m, struct hk_err *err)
{
	const char *file = m->opt->profile_file;

	if (!m->opt->profile_cpu)
		return 0;
	m->profile_fd = file ? open(file, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666)
			     : memfd_create("husk-profile", MFD_CLOEXEC);
	if (m->profile_fd >= 0 && !file)
		(void)fcntl(m->profile_fd, F_SETFL, O_APPEND);
	return m->profile_fd < 0 ? hk_err_set(err, -errno, "cannot open %s for --profile-cpu: %s",
					      file ? file : "a file in memory", strerror(errno))
				 : 0;
}

void sampler_write(struct monitor *m, bool last)
{
	if (m->profile)
		profile_write(m->profile, m->proc.mm, m->proc.image.comm, m->profile_fd,
			      last && !m->proc.is_child ? m->trace_fd : -1);
}
