/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threat: a guest that makes any call with any arguments while other threads of it change the memory they point to, in front of the trace decoder.
 * Input: a byte of options, 2 of the call's number, 8 of the result, then for each of 6 arguments a byte that says what its 8 bytes are (a number, a
 * small one, a place in guest memory, a place near its end), then memory as it is before the call, and after a byte 0xff as it is after it.
 * Held to: exactly one line of printable ASCII a call, bounded; with JSON, no bare control character, quote or backslash.
 */
#include "base/bug.h"
#include "mm/uaccess.h"
#include "syscalls/table.h"
#include "trace/trace.h"

#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEM   0x200000000000UL
#define BYTES (2 * 4096UL)
#define LINE  (512UL << 10)

struct input {
	const uint8_t *p;
	size_t left;
};

static uint64_t number(struct input *in, size_t bytes)
{
	uint64_t v = 0;
	size_t n = hk_min(bytes, in->left);

	memcpy(&v, in->p, n);
	in->p += n;
	in->left -= n;
	return v;
}

static uint64_t argument(struct input *in)
{
	unsigned how = (unsigned)number(in, 1);
	uint64_t v = number(in, how & 4 ? 2 : 8);

	switch (how & 3) {
	case 0:
		return v;
	case 1:
		return v & 63;
	case 2:
		return MEM + v % BYTES;
	}
	return MEM + BYTES - v % 128;
}

/* Fill memory, the rest with zeroes; the end of memory gets the end of the bytes, so that what reaches over the edge has contents too. */
static void fill(const uint8_t *p, size_t n)
{
	HK_BUG_ON(clear_guest(GVA(MEM), BYTES));
	HK_BUG_ON(copy_to_guest(GVA(MEM), p, hk_min(n, BYTES)));
	if (n >= 128)
		HK_BUG_ON(copy_to_guest(GVA(MEM + BYTES - 128), p + n - 128, 128));
}

static int output_fd(void)
{
	static int fd = -1; /* libFuzzer has no room for a context */
	void *p;

	if (fd >= 0)
		return fd;
	p = mmap((void *)MEM, BYTES + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		 -1, 0);
	HK_BUG_ON(p != (void *)MEM || mprotect((void *)(MEM + BYTES), 4096, PROT_NONE) || uaccess_init());
	fd = memfd_create("trace", MFD_CLOEXEC);
	HK_BUG_ON(fd < 0);
	return fd;
}

static void check_line(int fd, bool json)
{
	static char line[LINE];
	ssize_t n = pread(fd, line, sizeof(line), 0);

	HK_BUG_ON(n <= 0 || n == (ssize_t)sizeof(line) || line[n - 1] != '\n');
	for (ssize_t i = 0; i < n - 1; i++)
		HK_BUG_ON(line[i] < ' ' || line[i] > '~');
	HK_BUG_ON(json && (line[0] != '{' || line[n - 2] != '}'));
	HK_BUG_ON(ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned limits[] = { 0, 1, 33, 4096 };
	struct input in = { data, size };
	unsigned options = (unsigned)number(&in, 1);
	struct trace_options opt = { .fd = output_fd(),
				     .json = options & 1,
				     .show_rip = options & 2,
				     .show_where = options & 4,
				     .time = options >> 3 & 7,
				     .string = limits[options >> 6] };
	struct trace *t = trace_create(&opt, NULL);
	struct hk_call call = { .nr = number(&in, 2) % 600 };
	int64_t result = (int64_t)number(&in, 8);
	const uint8_t *after;

	HK_BUG_ON(!t);
	for (unsigned i = 0; i < 6; i++)
		call.a[i] = argument(&in);
	after = memchr(in.p, 0xff, in.left);
	fill(in.p, after ? (size_t)(after - in.p) : in.left);
	trace_hook(t)->enter(trace_hook(t)->ctx, &call);
	if (after)
		fill(after + 1, in.left - (size_t)(after + 1 - in.p));
	trace_hook(t)->leave(trace_hook(t)->ctx, &call, result);
	trace_free(t);
	check_line(opt.fd, opt.json);
	return 0;
}
