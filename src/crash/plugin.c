/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/plugin.h"

#include "base/compiler.h"
#include "crash/backtrace.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The plug-in lies beside the program while it is being developed, and in ../lib/husk when it is installed. */
void *plugin_open(char *why, size_t size)
{
	static const char *const where[] = { "/" BACKTRACE_FILE, "/../lib/husk/" BACKTRACE_FILE };
	char dir[PATH_MAX], path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	char *slash;

	snprintf(why, size, "cannot tell where husk itself is");
	if (n <= 0)
		return NULL;
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	for (size_t k = 0; k < HK_ARRAY_LEN(where); k++) {
		void *lib;

		snprintf(path, sizeof(path), "%s%s", dir, where[k]);
		if (access(path, R_OK))
			continue;
		lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		if (!lib)
			snprintf(why, size, "%s", dlerror());
		return lib;
	}
	snprintf(why, size, BACKTRACE_FILE " is not installed (looked beside husk and in ../lib/husk)");
	return NULL;
}

void plugin_limits(unsigned seconds)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	sigset_t none;

	/* If memory runs out, let it be this process that goes. */
	if (fd >= 0) {
		ssize_t n = write(fd, "1000", 4);

		(void)n;
		close(fd);
	}
	signal(SIGALRM, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(seconds);
}
