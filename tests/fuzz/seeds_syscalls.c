/* SPDX-License-Identifier: Apache-2.0 */
/* seeds_syscalls DIR: a seed for each row of the table, with arguments of the right kinds, and programs of several calls. */
#include "syscalls_input.h"

#include "base/compiler.h"
#include "syscalls/table.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

struct seed {
	uint8_t bytes[4096];
	size_t used;
};

static void put(struct seed *s, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes && s->used < sizeof(s->bytes); i++)
		s->bytes[s->used++] = (uint8_t)(v >> (8 * i));
}

/* Memory of small numbers, a pointer into it and a length in turn: some structure fits it. */
static void begin(struct seed *s, unsigned options)
{
	s->used = 0;
	put(s, options, 1);
	put(s, 64, 2);
	for (unsigned i = 0; i < 8; i++) {
		bool pointer = i % 4 == 1;

		put(s, pointer ? INPUT_MARK : i, 1);
		put(s, pointer ? TAG_ARENA : 0, 1);
		put(s, pointer ? 512 * i : 0, 6);
	}
}

static void call(struct seed *s, unsigned selector)
{
	put(s, selector, 2);
}

static void arg(struct seed *s, enum input_tag tag, uint64_t v)
{
	static const unsigned sizes[TAGS] = {
		[TAG_FIT] = 1,  [TAG_SMALL] = 1, [TAG_ARENA] = 2, [TAG_END] = 1,     [TAG_READONLY] = 2,
		[TAG_EDGE] = 2, [TAG_PATH] = 1,  [TAG_FD] = 1,    [TAG_MONITOR] = 1, [TAG_NEGATIVE] = 1,
		[TAG_BITS] = 2, [TAG_WORD] = 4,  [TAG_RAW] = 8
	};

	put(s, tag, 1);
	put(s, v, sizes[tag]);
}

static void fitting(struct seed *s, const struct hk_syscall_info *info, unsigned v)
{
	call(s, info->nr);
	for (unsigned i = 0; i < 6; i++)
		arg(s, i < info->nargs ? TAG_FIT : TAG_SMALL, i < info->nargs ? v + 3 * i : 0);
}

/* Is this kind a pointer to something, not a name? */
static bool is_pointer(enum hk_arg_kind kind)
{
	return kind == HK_ARG_ADDR || (kind >= HK_ARG_INBUF && kind <= HK_ARG_ENVP_IN) || kind >= HK_ARG_STAT_OUT;
}

/* The same with all pointers into the monitor's memory, or only the one at `which`. */
static void into_monitor(struct seed *s, const struct hk_syscall_info *info, unsigned v, int which)
{
	call(s, info->nr);
	for (unsigned i = 0; i < 6; i++) {
		bool pointer = i < info->nargs && is_pointer(info->arg[i].kind) && (which < 0 || (int)i == which);

		arg(s, pointer ? TAG_MONITOR : TAG_FIT, pointer ? 8 : v);
	}
}

static int save(const struct seed *s, const char *dir, const char *name)
{
	char path[4096];
	FILE *f;
	int bad;

	snprintf(path, sizeof(path), "%s/seed-%s", dir, name);
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		return 1;
	}
	bad = fwrite(s->bytes, 1, s->used, f) != s->used;
	return fclose(f) || bad;
}

/* Each row alone: with a first and with a later choice of what fits. */
static int seed_rows(const char *dir)
{
	const struct hk_syscall_info *info;
	int bad = 0;

	for (unsigned i = 0; (info = hk_syscall_at(i)); i++) {
		struct seed s;

		begin(&s, i % 16);
		fitting(&s, info, 8);
		fitting(&s, info, 5 + i % 11);
		bad |= save(&s, dir, info->name);
	}
	return bad;
}

/* For each row with pointers. Other arguments are tried in turn: descriptors of all sorts, small numbers. */
static int seed_monitor(const char *dir)
{
	const struct hk_syscall_info *info;
	int bad = 0;

	for (unsigned i = 0; (info = hk_syscall_at(i)); i++) {
		char name[64];
		struct seed s;
		bool any = false;

		begin(&s, i % 16);
		for (unsigned k = 0; k < info->nargs; k++)
			any |= is_pointer(info->arg[k].kind);
		if (!any || info->refused)
			continue;
		for (unsigned v = 0; v < 20; v++)
			into_monitor(&s, info, v, -1);
		for (unsigned k = 0; k < info->nargs; k++)
			if (is_pointer(info->arg[k].kind))
				into_monitor(&s, info, 8, (int)k);
		snprintf(name, sizeof(name), "%s-monitor", info->name);
		bad |= save(&s, dir, name);
	}
	return bad;
}

static void raw(struct seed *s, unsigned nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	const uint64_t v[] = { a, b, c, d, e, f };

	call(s, nr);
	for (unsigned i = 0; i < 6; i++)
		arg(s, TAG_RAW, v[i]);
}

/* Mappings beside, over and out of each other. */
static int seed_memory(const char *dir)
{
	const uint64_t at = 0x2c0000000000, page = 4096;
	struct seed s;

	begin(&s, OPTION_JSON);
	raw(&s, SYS_mmap, at, 8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1UL, 0);
	raw(&s, SYS_mprotect, at + page, page, PROT_READ, 0, 0, 0);
	raw(&s, SYS_mprotect, at + 4 * page, page, PROT_NONE, 0, 0, 0);
	raw(&s, SYS_munmap, at + 2 * page, page, 0, 0, 0, 0);
	raw(&s, SYS_mremap, at + 5 * page, 3 * page, 6 * page, MREMAP_MAYMOVE, 0, 0);
	raw(&s, SYS_mremap, at, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, at + 16 * page, 0);
	raw(&s, SYS_madvise, at + page, page, MADV_DONTNEED, 0, 0, 0);
	raw(&s, SYS_mlock, at + page, 2 * page, 0, 0, 0, 0);
	raw(&s, SYS_mlockall, MCL_CURRENT | MCL_FUTURE, 0, 0, 0, 0, 0);
	raw(&s, SYS_brk, 0x2b0000003000, 0, 0, 0, 0, 0);
	raw(&s, SYS_brk, 0x2b0000001000, 0, 0, 0, 0, 0);
	raw(&s, SYS_mmap, 0, 1UL << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1UL, 0);
	return save(&s, dir, "+memory");
}

/* A handler, its signal, its return; on an alternate stack, too. */
static int seed_signals(const char *dir)
{
	struct seed s;

	for (unsigned xsave = 0; xsave < 2; xsave++) {
		begin(&s, xsave ? OPTION_XSAVE : 0);
		call(&s, SYS_rt_sigaction);
		arg(&s, TAG_SMALL, 10);
		arg(&s, TAG_ARENA, 8);
		arg(&s, TAG_ARENA, 1024);
		arg(&s, TAG_SMALL, 8);
		arg(&s, TAG_SMALL, 0);
		arg(&s, TAG_SMALL, 0);
		call(&s, SYS_sigaltstack);
		for (unsigned i = 0; i < 6; i++)
			arg(&s, TAG_ARENA, 8 + i * 512);
		raw(&s, SELECT_SIGNAL, 9, 0, 5, 1, SYS_read, 0);
		raw(&s, SELECT_FAULT, 9, 1, 0x1000, 0, 0, 0);
		raw(&s, SYS_rt_sigreturn, 0, 0, 0, 0, 0, 0);
		call(&s, SELECT_REGS);
		for (unsigned i = 0; i < 6; i++)
			arg(&s, TAG_ARENA, 8192 + i * 8);
		raw(&s, SYS_rt_sigreturn, 0, 0, 0, 0, 0, 0);
		raw(&s, SELECT_SIGNAL, 9, 0, 5, 0, 0, 0);
		if (save(&s, dir, xsave ? "+signals-xsave" : "+signals"))
			return 1;
	}
	return 0;
}

/* An address of loopback where the fitting pointers of the second argument lead, and the life of a socket. */
static int seed_sockets(const char *dir)
{
	const uint64_t at = 0x2a0000000000, inet = 0x0100007f01000002; /* 127.0.0.1, port 1 */
	struct seed s;

	for (unsigned net = 0; net < 2; net++) {
		s.used = 0;
		put(&s, net ? OPTION_CWD_IN_PROC : 0, 1);
		put(&s, 128, 2);
		put(&s, inet, 8);
		put(&s, 0, 8);
		for (unsigned i = 0; i < 14; i++)
			put(&s, 16, 8); /* lengths */
		raw(&s, SYS_socket, AF_INET, SOCK_STREAM, 0, 0, 0, 0);
		raw(&s, SYS_socket, AF_INET, SOCK_DGRAM, 0, 0, 0, 0);
		for (unsigned fd = 20; fd < 30; fd++) {
			raw(&s, SYS_connect, fd, at, 16, 0, 0, 0);
			raw(&s, SYS_bind, fd, at, 16, 0, 0, 0);
			raw(&s, SYS_listen, fd, 5, 0, 0, 0, 0);
		}
		if (save(&s, dir, net ? "+sockets" : "+sockets-none"))
			return 1;
	}
	return 0;
}

/* Numbers that are no calls. */
static int seed_numbers(const char *dir)
{
	struct seed s;

	begin(&s, 0);
	for (unsigned i = 0; i < 20; i++)
		raw(&s, SELECT_ODD + i, 0, 0, 0, 0, 0, 0);
	raw(&s, SELECT_TOUCH, 0x2a0000000000, 1, 0, 0, 0, 0);
	return save(&s, dir, "+numbers");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	return seed_rows(argv[1]) || seed_monitor(argv[1]) || seed_memory(argv[1]) || seed_signals(argv[1]) ||
	       seed_sockets(argv[1]) || seed_numbers(argv[1]);
}
