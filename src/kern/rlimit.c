/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits: the host's, and the guest's own for memory. */
#include "kern/rlimit.h"

#include "base/output.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>

static bool is_memory(unsigned resource)
{
	return resource == RLIMIT_AS || resource == RLIMIT_DATA || resource == RLIMIT_STACK;
}

bool rlimit_is_hosts(unsigned resource)
{
	return !is_memory(resource) && resource != RLIMIT_NOFILE && resource != RLIMIT_FSIZE;
}

/* CAP_SYS_RESOURCE is effective (that of a user namespace does not count in Linux, but these bind the guest only.) */
bool rlimit_may_raise(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &head, data) == 0 &&
	       data[CAP_TO_INDEX(CAP_SYS_RESOURCE)].effective & CAP_TO_MASK(CAP_SYS_RESOURCE);
}

static int get_locked(struct hk_process *p, unsigned resource, struct rlimit64 *out)
{
	if (resource < RLIM_NLIMITS && p->rlim_own & 1u << resource) {
		*out = p->rlim[resource];
		return 0;
	}
	return syscall(SYS_prlimit64, 0, resource, NULL, out) ? -errno : 0;
}

int rlimit_get(struct hk_process *p, unsigned resource, struct rlimit64 *out)
{
	int r;

	if (resource == RLIMIT_NOFILE)
		return fd_guard_get_limit(&p->fds, out);
	pthread_mutex_lock(&p->mm->lock);
	r = get_locked(p, resource, out);
	pthread_mutex_unlock(&p->mm->lock);
	return r;
}

static int set_memory(struct hk_process *p, unsigned resource, const struct rlimit64 *lim)
{
	struct rlimit64 old;
	int r;

	if (lim->rlim_cur > lim->rlim_max)
		return -EINVAL;
	pthread_mutex_lock(&p->mm->lock);
	r = get_locked(p, resource, &old);
	if (r == 0 && lim->rlim_max > old.rlim_max && !rlimit_may_raise())
		r = -EPERM;
	if (r == 0) {
		p->rlim[resource] = *lim;
		p->rlim_own |= 1u << resource;
		if (resource == RLIMIT_AS)
			p->mm->rlim_as = lim->rlim_cur;
		else if (resource == RLIMIT_DATA)
			p->mm->rlim_data = lim->rlim_cur;
	}
	pthread_mutex_unlock(&p->mm->lock);
	return r;
}

/* The hard limit is the guest's own: up to the host's, the monitor writes what it must. */
static int set_fsize(struct hk_process *p, const struct rlimit64 *lim)
{
	struct rlimit64 old, host;
	int r;

	if (lim->rlim_cur > lim->rlim_max)
		return -EINVAL;
	pthread_mutex_lock(&p->mm->lock);
	r = get_locked(p, RLIMIT_FSIZE, &old);
	if (r == 0 && lim->rlim_max > old.rlim_max && !rlimit_may_raise())
		r = -EPERM;
	if (r == 0 && syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &host))
		r = -errno;
	if (r == 0) {
		host.rlim_cur = lim->rlim_cur;
		host.rlim_max = hk_max(host.rlim_max, lim->rlim_cur);
		r = syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, &host, NULL) ? -errno : 0;
	}
	if (r == 0) {
		p->rlim[RLIMIT_FSIZE] = *lim;
		p->rlim_own |= 1u << RLIMIT_FSIZE;
		hk_output_limit(lim->rlim_cur);
	}
	pthread_mutex_unlock(&p->mm->lock);
	return r;
}

void rlimit_tell_output(struct hk_process *p)
{
	struct rlimit64 lim;

	if (rlimit_get(p, RLIMIT_FSIZE, &lim) == 0)
		hk_output_limit(lim.rlim_cur);
}

int rlimit_set(struct hk_process *p, unsigned resource, const struct rlimit64 *lim)
{
	if (is_memory(resource))
		return set_memory(p, resource, lim);
	if (resource == RLIMIT_NOFILE)
		return fd_guard_set_limit(&p->fds, lim);
	if (resource == RLIMIT_FSIZE)
		return set_fsize(p, lim);
	return syscall(SYS_prlimit64, 0, resource, lim, NULL) ? -errno : 0;
}
