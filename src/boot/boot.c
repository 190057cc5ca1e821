/* SPDX-License-Identifier: Apache-2.0 */
/* husk boot: load the image, run the VM, serve its exits until it ends. */
#include "boot/boot.h"

#include "boot/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define STATUS_TIMEOUT 124
#define STATUS_FAILURE 125

static const char *const mode_names[] = {
	[BARE_REAL16] = "real16",
	[BARE_PROT32] = "prot32",
	[BARE_PAGED32] = "paged32",
	[BARE_LONG64] = "long64",
};

int boot_mode_by_name(const char *name, enum bare_mode *mode)
{
	for (size_t i = 0; i < HK_ARRAY_LEN(mode_names); i++)
		if (!strcmp(name, mode_names[i])) {
			*mode = (enum bare_mode)i;
			return 0;
		}
	return -EINVAL;
}

/* ---- the image ---- */

static int open_image(const struct boot_options *o, uint64_t room, uint64_t *size, struct hk_err *err)
{
	struct stat st;
	int fd HK_CLOSE = open(o->image, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st))
		return hk_err_set(err, -errno, "cannot open %s: %s", o->image, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return hk_err_set(err, -EINVAL, "cannot boot %s: it is not a regular file", o->image);
	if (st.st_size == 0)
		return hk_err_set(err, -ENOEXEC, "cannot boot %s: it is empty", o->image);
	if ((uint64_t)st.st_size > room)
		return hk_err_set(err, -E2BIG,
				  "cannot boot %s: its %ld bytes do not fit into the %lu behind %s; see --mem",
				  o->image, (long)st.st_size, room, o->mode == BARE_REAL16 ? "0x7c00" : "0x10000");
	*size = (uint64_t)st.st_size;
	return hk_take_fd(&fd);
}

static int load(struct boot *b, struct hk_err *err)
{
	const struct boot_options *o = b->opt;
	uint64_t at = o->mode == BARE_REAL16 ? HUSK_BOOT_LOAD16 : HUSK_BOOT_LOAD;
	/* Real mode reaches 1 MiB, the last part of which is a PC's firmware. */
	uint64_t end = o->mode == BARE_REAL16 ? hk_min(b->vm.mem_size, 0xa0000) : b->vm.mem_size;
	uint64_t size = 0, done = 0;
	int fd HK_CLOSE = open_image(o, end - at, &size, err);

	if (fd < 0)
		return fd;
	while (done < size) {
		ssize_t n = read(fd, b->vm.mem + at + done, size - done);

		if (n < 0)
			return hk_err_set(err, -errno, "cannot read %s: %s", o->image, strerror(errno));
		if (n == 0)
			return hk_err_set(err, -EIO, "cannot read %s: it has shrunk", o->image);
		done += (uint64_t)n;
	}
	if (size > 4 && !memcmp(b->vm.mem + at, "\177ELF", 4))
		return hk_err_set(
			err, -ENOEXEC,
			"cannot boot %s: it is an ELF file, not a flat binary; make one with objcopy -O binary",
			o->image);
	return 0;
}

/* ---- trace ---- */

static int open_trace(struct boot *b, struct hk_err *err)
{
	const char *file = b->opt->trace_file;

	if (!b->opt->trace)
		return 0;
	b->trace_fd = file ? open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0666) : STDERR_FILENO;
	return b->trace_fd < 0 ? hk_err_set(err, -errno, "cannot open %s for the trace: %s", file, strerror(errno)) : 0;
}

static const char *mode_of(const struct bare_state *s)
{
	if (!(s->cr0 & 1))
		return "real16";
	if (s->long_code && s->efer & 1u << 10)
		return "long64";
	return s->cr0 & 1u << 31 ? (s->wide_code ? "paged32" : "paged16") : s->wide_code ? "prot32" : "prot16";
}

/*
 * One line an exit. The state is that behind the instruction: hosts differ in what they report before it is finished.
 */
static void trace_exit(struct boot *b, const struct bare_exit *e, const struct hk_strbuf *what)
{
	struct bare_state s;
	char how[24];

	if (b->trace_fd < 0 || e->event == BARE_INTERRUPTED)
		return;
	if (e->event == BARE_IO && !b->ended)
		bare_settle(&b->vm);
	if (bare_get_state(&b->vm, &s))
		return;
	if (e->event == BARE_IO)
		snprintf(how, sizeof(how), "%s %#x %ux%u", e->in ? "in" : "out", e->port, e->count, e->size);
	else
		snprintf(how, sizeof(how), "%s", e->event == BARE_HLT ? "hlt" : "failed");
	dprintf(b->trace_fd, "%5lu %-7s cpl %u  %-14s %s\n", b->exits, mode_of(&s), s.cpl, how,
		what->data ? what->data : "");
}

static void trace_end(struct boot *b)
{
	if (b->trace_fd >= 0)
		dprintf(b->trace_fd, "%lu exits: %lu out, %lu in, %lu other; status %d\n", b->exits, b->outs, b->ins,
			b->exits - b->outs - b->ins, b->status);
}

static void print_registers(struct boot *b)
{
	struct bare_state s;

	if (!b->opt->regs || bare_get_state(&b->vm, &s))
		return;
	const struct hk_regs *r = &s.regs;

	dprintf(STDERR_FILENO,
		"rax %016lx rbx %016lx rcx %016lx rdx %016lx\nrsi %016lx rdi %016lx rsp %016lx rbp %016lx\n"
		"r8  %016lx r9  %016lx r10 %016lx r11 %016lx\nr12 %016lx r13 %016lx r14 %016lx r15 %016lx\n"
		"rip %016lx rflags %08lx cs %04x (base %lx, cpl %u) ss %04x\n"
		"cr0 %08lx cr2 %lx cr3 %lx cr4 %lx efer %lx: %s\n",
		r->rax, r->rbx, r->rcx, r->rdx, r->rsi, r->rdi, r->rsp, r->rbp, r->r8, r->r9, r->r10, r->r11, r->r12,
		r->r13, r->r14, r->r15, r->rip, r->rflags, s.cs, s.cs_base, s.cpl, s.ss, s.cr0, s.cr2, s.cr3, s.cr4,
		s.efer, mode_of(&s));
}

/* ---- running ---- */

static void *watch(void *arg)
{
	const struct boot_options *o = arg;
	struct timespec left = { .tv_sec = (time_t)(o->timeout_ns / 1000000000),
				 .tv_nsec = (long)(o->timeout_ns % 1000000000) };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
	dprintf(STDERR_FILENO, "husk: %s: ended by --timeout after %.6g s\n", o->image, (double)o->timeout_ns / 1e9);
	_exit(STATUS_TIMEOUT);
}

static int start_watch(const struct boot_options *o, struct hk_err *err)
{
	pthread_t thread;
	int r = o->timeout_ns ? pthread_create(&thread, NULL, watch, (void *)o) : 0;

	return r ? hk_err_set(err, -r, "cannot start the watchdog of --timeout: %s", strerror(r)) : 0;
}

static void loop(struct boot *b, struct hk_err *err)
{
	struct hk_strbuf what = { .max = 8192 };
	struct bare_exit e;

	while (!b->ended) {
		bare_run(&b->vm, &e);
		if (e.event == BARE_INTERRUPTED)
			continue;
		b->exits++;
		hk_strbuf_reset(&what);
		switch (e.event) {
		case BARE_IO:
			boot_port(b, &e, &what);
			break;
		case BARE_HLT:
			b->ended = true;
			break;
		default:
			hk_err_set(err, -EIO, "%s: the guest stopped: %s", b->opt->image, e.text);
			hk_strbuf_puts(&what, e.text);
			b->ended = true;
			b->status = STATUS_FAILURE;
			break;
		}
		trace_exit(b, &e, &what);
	}
	hk_strbuf_free(&what);
}

static int run(struct boot *b, struct hk_err *err)
{
	const struct boot_options *o = b->opt;
	int r = bare_open(&b->vm, o->mode, o->mem ? o->mem : BOOT_MEM_DEFAULT, err);

	if (r == 0)
		r = load(b, err);
	if (r == 0) {
		r = boot_files_init(&b->files, o->dir);
		if (r)
			hk_err_set(err, r, "cannot open the directory %s: %s", o->dir, strerror(-r));
	}
	if (r == 0)
		r = open_trace(b, err);
	if (r == 0)
		r = start_watch(o, err);
	if (r)
		return STATUS_FAILURE;
	if (b->trace_fd >= 0 && b->vm.compatible)
		dprintf(b->trace_fd, "this host's KVM has no 32-bit page tables: 32-bit code under long mode's\n");
	loop(b, err);
	trace_end(b);
	print_registers(b);
	return b->status;
}

int boot_run(const struct boot_options *opt, struct hk_err *err)
{
	struct boot b = { .opt = opt, .trace_fd = -1, .files.dir = -1 };
	int status;

	for (int i = 0; i < HUSK_BOOT_FILES; i++)
		b.files.fd[i] = -1;
	status = run(&b, err);
	boot_files_close(&b.files);
	bare_close(&b.vm);
	return status;
}
