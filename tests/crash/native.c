/* SPDX-License-Identifier: Apache-2.0 */
/*
 * native PLUGIN PROGRAM [ARGS…]: run PROGRAM as an ordinary process, and when a signal is about to kill it ask the back-trace plug-in for its call
 * stack, as husk would. So the plug-in is tested without a VM. Prints one line a frame.
 */
#include "crash/backtrace.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/sysmacros.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAPS_MAX 256

static struct backtrace_map maps[MAPS_MAX];
static uint32_t map_count;

static int read_child(void *ctx, uint64_t addr, uint64_t *value)
{
	errno = 0;
	*value = (uint64_t)ptrace(PTRACE_PEEKDATA, *(pid_t *)ctx, (void *)(uintptr_t)addr, NULL);
	return errno;
}

static int print_frame(void *ctx, const struct backtrace_frame *f)
{
	(void)ctx;
	printf("0x%" PRIx64, f->pc);
	if (f->symbol[0])
		printf(" %s+0x%" PRIx64, f->symbol, f->symbol_offset);
	if (f->file[0])
		printf(" at %s:%d", f->file, f->line);
	printf("%s\n", f->guessed ? " (by frame pointer)" : "");
	return 0;
}

static int read_maps(pid_t pid)
{
	char name[64], line[4096], path[4096], perms[5];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	f = fopen(name, "re");
	if (!f)
		return -1;
	while (map_count < MAPS_MAX && fgets(line, sizeof(line), f)) {
		struct backtrace_map *m = &maps[map_count];
		unsigned major_nr, minor_nr;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %4095[^\n]", &m->start,
			   &m->end, perms, &m->offset, &major_nr, &minor_nr, &m->ino, path) != 8 ||
		    path[0] != '/')
			continue;
		m->ino = 0; /* overlay file systems show another device here than stat(2) does */
		m->exec = perms[2] == 'x';
		m->path = strdup(path);
		map_count++;
	}
	fclose(f);
	return 0;
}

static int trace(pid_t pid, const char *plugin)
{
	struct backtrace_input in = {
		.version = BACKTRACE_VERSION, .maps = maps, .ctx = &pid, .read = read_child, .frame = print_frame
	};
	struct user_regs_struct u;
	backtrace_fn backtrace;
	void *lib = dlopen(plugin, RTLD_NOW);
	int n;

	if (!lib) {
		fprintf(stderr, "native: %s\n", dlerror());
		return 1;
	}
	*(void **)&backtrace = dlsym(lib, BACKTRACE_SYMBOL);
	if (!backtrace || read_maps(pid) || ptrace(PTRACE_GETREGS, pid, NULL, &u))
		return 1;
	in.map_count = map_count;
	memcpy(in.regs,
	       (const uint64_t[]){ u.rax, u.rdx, u.rcx, u.rbx, u.rsi, u.rdi, u.rbp, u.rsp, u.r8, u.r9, u.r10, u.r11,
				   u.r12, u.r13, u.r14, u.r15, u.rip },
	       sizeof(in.regs));
	n = backtrace(&in);
	if (n <= 0)
		fprintf(stderr, "native: the plug-in answered %d\n", n);
	return n > 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	int status, r = 1;
	pid_t pid;

	if (argc < 3)
		return 2;
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execv(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return 1;
	/* The first stop is the exec; the next one is the crash. */
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	if (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		printf("signal %d\n", WSTOPSIG(status));
		r = trace(pid, argv[1]);
	}
	kill(pid, SIGKILL);
	return r;
}
