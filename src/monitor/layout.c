/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the guest's range free of our own things? The kernel puts a PIE, its heap, stack and mappings above 64 TiB, unless the legacy
 * layout is in force (unlimited stack, or a personality); then husk starts itself once more with a better one.
 */
#include "monitor/monitor.h"

#include "mm/gva.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define AGAIN "HUSK_LAYOUT_RETRIED"

static bool high(const void *p)
{
	return (uint64_t)(uintptr_t)p >= HK_GUEST_MAX;
}

/* One address of each kind that the kernel places. */
static bool layout_fits(void)
{
	unsigned long vdso = getauxval(AT_SYSINFO_EHDR);
	void *heap = sbrk(0), *map = mmap(NULL, HK_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool fits;

	if (map == MAP_FAILED)
		return false;
	munmap(map, HK_PAGE_SIZE);
	fits = high((void *)(uintptr_t)layout_fits) && high(&heap) && high(heap) && high(map);
	return fits && (!vdso || high((void *)(uintptr_t)vdso));
}

int monitor_check_layout(char *const *argv, struct hk_err *err)
{
	struct rlimit rl;

	if (layout_fits())
		return 0;
	if (!getenv(AGAIN)) {
		int now = personality(0xffffffff);

		/* An unlimited stack means the legacy layout; the guest is told the limit that husk itself got. */
		if (getrlimit(RLIMIT_STACK, &rl) == 0 && rl.rlim_cur == RLIM_INFINITY) {
			rl.rlim_cur = 1UL << 30;
			setrlimit(RLIMIT_STACK, &rl);
		}
		personality((unsigned long)now &
			    ~(unsigned long)(ADDR_COMPAT_LAYOUT | ADDR_LIMIT_3GB | ADDR_LIMIT_32BIT));
		setenv(AGAIN, "1", 1);
		/* By a descriptor: the only way that the cage allows to who has gone through an execve already. */
		syscall(SYS_execveat, open("/proc/self/exe", O_PATH | O_CLOEXEC), "", argv, environ, AT_EMPTY_PATH);
	}
	return hk_err_set(err, -ENOMEM,
			  "the monitor's own memory lies in the guest's range (below 64 TiB); "
			  "run husk without ulimit -s unlimited and setarch -L");
}
