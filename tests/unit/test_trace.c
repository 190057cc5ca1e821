/* SPDX-License-Identifier: Apache-2.0 */
/* trace/: lines as strace prints them, hostile arguments, the filter, JSON, statistics. */
#include "unit.h"

#include "base/compiler.h"
#include "mm/uaccess.h"
#include "syscalls/table.h"
#include "trace/filter.h"
#include "trace/json.h"
#include "trace/stats.h"
#include "trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* Two pages of guest memory and one that nobody may read. */
#define MEM  0x200000000000UL
#define EDGE (MEM + 2 * 4096)

static int out_fd;

static int set_up(void **state)
{
	void *p = mmap((void *)MEM, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		       -1, 0);

	(void)state;
	out_fd = memfd_create("trace", MFD_CLOEXEC);
	return p != (void *)MEM || mprotect((void *)EDGE, 4096, PROT_NONE) || out_fd < 0;
}

static uint64_t put(uint64_t off, const void *data, size_t n)
{
	assert_int_equal(copy_to_guest(GVA(MEM + off), data, n), 0);
	return MEM + off;
}

static uint64_t put_str(uint64_t off, const char *s)
{
	return put(off, s, strlen(s) + 1);
}

/* What was written to out_fd since the last time. */
static char *output(void)
{
	static char buf[1 << 19];
	off_t end = lseek(out_fd, 0, SEEK_CUR);

	assert_in_range(end, 0, sizeof(buf) - 1);
	assert_int_equal(pread(out_fd, buf, (size_t)end, 0), end);
	buf[end] = '\0';
	assert_int_equal(ftruncate(out_fd, 0), 0);
	lseek(out_fd, 0, SEEK_SET);
	return buf;
}

static struct trace *start(struct trace_options opt)
{
	struct hk_err err = { 0 };
	struct trace *t;

	opt.fd = out_fd;
	assert_int_equal(uaccess_init(), 0); /* cmocka puts its own handlers before each test */
	t = trace_create(&opt, &err);
	if (!t)
		fail_msg("%s", err.text);
	return t;
}

static void run(struct trace *t, struct hk_call call, void (*during)(struct hk_call *call), int64_t result)
{
	struct hk_trace_hook *h = trace_hook(t);

	h->enter(h->ctx, &call);
	if (during)
		during(&call);
	h->leave(h->ctx, &call, result);
}

#define CALL(number, ...)                                                                                              \
	(struct hk_call)                                                                                               \
	{                                                                                                              \
		.nr = SYS_##number, .a = { __VA_ARGS__ }                                                               \
	}

/* The line of one call that changes nothing in memory. */
#define expect_line(call, result, line)                                                                                \
	do {                                                                                                           \
		struct trace *t_ = start((struct trace_options){ 0 });                                                 \
		run(t_, call, NULL, result);                                                                           \
		trace_free(t_);                                                                                        \
		assert_string_equal(output(), line "\n");                                                              \
	} while (0)

static void test_lines(void **state)
{
	struct stat st = { .st_mode = S_IFREG | 04644, .st_size = 77 };
	uint64_t path = put_str(0, "/etc/passwd"), obj = put(512, &st, sizeof(st));

	(void)state;
	expect_line(CALL(openat, (uint64_t)AT_FDCWD, path, O_RDONLY | O_CLOEXEC), 3,
		    "openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY|O_CLOEXEC) = 3");
	expect_line(
		CALL(openat, (uint64_t)AT_FDCWD, path, O_WRONLY | O_CREAT, 0600), -ENOENT,
		"openat(AT_FDCWD, \"/etc/passwd\", O_WRONLY|O_CREAT, 0600) = -1 ENOENT (No such file or directory)");
	expect_line(CALL(mmap, 0, 8192, 3, 0x22, (uint64_t)-1, 0), 0x7f0000001000,
		    "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000001000");
	expect_line(CALL(fstat, 3, obj), 0, "fstat(3, {st_mode=S_IFREG|S_ISUID|0644, st_size=77, ...}) = 0");
	expect_line(CALL(fstat, 3, obj), -EBADF,
		    "fstat(3, 0x200000000200)                = -1 EBADF (Bad file descriptor)");
	expect_line(CALL(close, 7), 0, "close(7)                                = 0");
	expect_line(CALL(brk, 0), 0x555500000000, "brk(NULL)                               = 0x555500000000");
	expect_line(CALL(umask, 022), 077, "umask(022)                              = 077");
	expect_line(CALL(kill, (uint64_t)-1, 40), -EPERM,
		    "kill(-1, SIGRT_8)                       = -1 EPERM (Operation not permitted)");
	expect_line(CALL(close, 1UL << 40 | 5), 0, "close(5)                                = 0");
	expect_line(CALL(getpid), -5000, "getpid()                                = -5000");
	expect_line(((struct hk_call){ .nr = 1UL << 40, .a = { 1 } }), -ENOSYS,
		    "syscall_0x10000000000(0x1, 0, 0, 0, 0, 0) = -1 ENOSYS (Function not implemented)");
}

static void note_it(struct hk_call *call)
{
	call->note = "one thread only so far";
}

static void test_note(void **state)
{
	struct trace *t = start((struct trace_options){ 0 });

	(void)state;
	run(t, CALL(clone3, 0, 88), note_it, -ENOSYS);
	run(t, CALL(exit_group, 3), NULL, 0);
	trace_exited(t, 3, 0);
	trace_exited(t, 0, SIGSEGV);
	trace_free(t);
	assert_string_equal(output(), "clone3(NULL, 88)                        = -1 ENOSYS (Function not implemented) "
				      "<husk: one thread only so far>\n"
				      "exit_group(3)                           = ?\n"
				      "+++ exited with 3 +++\n+++ killed by SIGSEGV +++\n");
}

static void read_comes(struct hk_call *call)
{
	put(call->a[1] - MEM, "\177ELF\0001\"\\\n", 9);
}

static void test_out_buffer(void **state)
{
	struct trace *t = start((struct trace_options){ .string = 8 });

	(void)state;
	put_str(100, "not yet");
	run(t, CALL(read, 3, MEM + 100, 832), read_comes, 9);
	run(t, CALL(read, 3, MEM + 100, 832), NULL, 0);
	run(t, CALL(read, 3, EDGE - 4, 832), NULL, 9);
	run(t, CALL(read, 3, 0, 832), NULL, -EFAULT);
	trace_free(t);
	assert_string_equal(output(), "read(3, \"\\177ELF\\0001\\\"\\\\\"..., 832)     = 9\n"
				      "read(3, \"\", 832)                        = 0\n"
				      "read(3, 0x200000001ffc, 832)            = 9\n"
				      "read(3, NULL, 832)                      = -1 EFAULT (Bad address)\n");
}

static void overwrite(struct hk_call *call)
{
	(void)call;
	put_str(0, "/changed");
}

/* What a call reads is decoded before it: another thread, or the call itself, may change it. */
static void test_in_at_enter(void **state)
{
	struct trace *t = start((struct trace_options){ 0 });

	(void)state;
	put_str(0, "/first");
	run(t, CALL(chdir, MEM), overwrite, 0);
	trace_free(t);
	assert_string_equal(output(), "chdir(\"/first\")                         = 0\n");
}

static void move_offset(struct hk_call *call)
{
	int64_t off = 832;

	put(call->a[2] - MEM, &off, sizeof(off));
}

static void poll_answers(struct hk_call *call)
{
	struct pollfd p[2] = { { 3, POLLIN, POLLIN | POLLHUP }, { -1, POLLIN, 0 } };

	put(call->a[0] - MEM, p, sizeof(p));
}

static void test_both_ways(void **state)
{
	struct trace *t = start((struct trace_options){ 0 });
	struct pollfd p[2] = { { 3, POLLIN, 0 }, { -1, POLLIN, 0 } };
	struct iovec v[2] = { { (void *)(MEM + 200), 3 }, { (void *)8, 5 } };
	uint64_t fds = put(1024, p, sizeof(p)), iov = put(2048, v, sizeof(v)), zero = 0, off = put(3000, &zero, 8);

	(void)state;
	put_str(200, "abc");
	run(t, CALL(sendfile, 1, 3, off, 4096), move_offset, 832);
	run(t, CALL(poll, fds, 2, 100), poll_answers, 1);
	run(t, CALL(poll, fds, 2, 100), NULL, 0);
	run(t, CALL(writev, 1, iov, 2), NULL, 3);
	run(t, CALL(writev, 1, EDGE - 16, 3), NULL, -EFAULT);
	trace_free(t);
	assert_string_equal(
		output(),
		"sendfile(1, 3, [0] => [832], 4096)      = 832\n"
		"poll([{fd=3, events=POLLIN}, {fd=-1}], 2, 100) = 1 ([{fd=3, revents=POLLIN|POLLHUP}])\n"
		"poll([{fd=3, events=POLLIN}, {fd=-1}], 2, 100) = 0 (Timeout)\n"
		"writev(1, [{iov_base=\"abc\", iov_len=3}, {iov_base=0x8, iov_len=5}], 2) = 3\n"
		"writev(1, [{iov_base=NULL, iov_len=0}, ... /* 0x200000002000 */], 3) = -1 EFAULT (Bad address)\n");
}

static void test_never_back(void **state)
{
	struct trace *t = start((struct trace_options){ 0 });
	struct hk_trace_hook *h = trace_hook(t);
	struct hk_call call = CALL(pause);

	(void)state;
	h->enter(h->ctx, &call);
	memset(&call, 0xff, sizeof(call));
	trace_free(t);
	assert_string_equal(output(), "pause( <unfinished ...>)                = ?\n");
}

static void test_prefixes(void **state)
{
	struct trace *t =
		start((struct trace_options){ .show_rip = true, .show_where = true, .time = TRACE_TIME_DURATION });
	struct hk_call call = CALL(getpid);
	unsigned hour, min, sec, us, n = 0;

	(void)state;
	call.rip = 0x7f1234567890;
	run(t, call, NULL, 12);
	trace_free(t);
	assert_int_equal(sscanf(output(),
				"[00007f1234567890] getpid()                                = 12 <by exit> <%u.%6u>%n",
				&sec, &us, (int *)&n),
			 2);
	assert_true(n);
	t = start((struct trace_options){ .time = TRACE_TIME_ABSOLUTE | TRACE_TIME_RELATIVE });
	run(t, call, NULL, 12);
	trace_free(t);
	n = 0;
	assert_int_equal(
		sscanf(output(), "%2u:%2u:%2u.%6u      0.000000 getpid()%n", &hour, &min, &sec, &us, (int *)&n), 4);
	assert_true(n);
	t = start((struct trace_options){ .time = TRACE_TIME_SINCE_START });
	run(t, call, NULL, 12);
	trace_free(t);
	n = 0;
	assert_int_equal(sscanf(output(), " %u.%6u getpid()%n", &sec, &us, (int *)&n), 2);
	assert_true(n);
}

static void expect_filter(const char *text, const char *shown, const char *hidden)
{
	struct trace_filter f;
	struct hk_err err = { 0 };

	assert_int_equal(filter_parse(&f, text, &err), 0);
	if (!filter_shows(&f, hk_syscall_by_name(shown)->nr))
		fail_msg("'%s' does not show %s", text ? text : "(none)", shown);
	if (hidden && filter_shows(&f, hk_syscall_by_name(hidden)->nr))
		fail_msg("'%s' shows %s", text, hidden);
}

static void test_filter(void **state)
{
	static const char *const wrong[] = { "nosuchcall", "file,", "", ",", "!", "/(", "file,reed" };
	struct trace_filter f;
	struct hk_err err;
	char word[300];

	(void)state;
	expect_filter(NULL, "read", NULL);
	expect_filter("file", "open", "read");
	expect_filter("file", "inotify_add_watch", "close");
	expect_filter("desc,!mmap", "read", "mmap");
	expect_filter("!mmap", "munmap", "mmap");
	expect_filter("file,write", "write", "read");
	expect_filter("/^sched_", "sched_yield", "read");
	expect_filter("/mmap?/,!/unmap$", "mmap", "munmap");
	expect_filter("%time", "nanosleep", "read");
	expect_filter("time", "time", "nanosleep");
	expect_filter("net", "socketpair", "read");
	expect_filter("?nosuchcall,read", "read", "write");
	expect_filter("all,!all,close", "close", "read");
	for (unsigned i = 0; i < HK_ARRAY_LEN(wrong); i++) {
		err = (struct hk_err){ 0 };
		assert_int_equal(filter_parse(&f, wrong[i], &err), -EINVAL);
		assert_non_null(strstr(err.text, "trace filter"));
	}
	assert_non_null(strstr(err.text, "'reed'"));
	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(filter_parse(&f, word, &err), -EINVAL);
	assert_int_equal(filter_parse(&f, "none", &err), 0);
	assert_false(filter_shows(&f, 5000));
	assert_int_equal(filter_parse(&f, "all", &err), 0);
	assert_true(filter_shows(&f, UINT64_MAX));
}

static void test_filtered_out(void **state)
{
	struct trace *t = start((struct trace_options){ .filter = "write" });

	(void)state;
	run(t, CALL(getpid), NULL, 1);
	run(t, CALL(exit_group), NULL, 1);
	trace_free(t);
	assert_string_equal(output(), "");
}

/* Reads one JSON value; NULL if there is none. Strict about strings, which are what a guest has a say in. */
static const char *json_value(const char *p);

static const char *json_str(const char *p)
{
	if (*p++ != '"')
		return NULL;
	for (; *p != '"'; p++) {
		if (*p < ' ' || *p > '~')
			return NULL;
		if (*p != '\\')
			continue;
		p++;
		if (*p == 'u') {
			for (int i = 0; i < 4; i++)
				if (!strchr("0123456789abcdef", *++p) || !*p)
					return NULL;
		} else if (!*p || !strchr("\"\\/bfnrt", *p)) {
			return NULL;
		}
	}
	return p + 1;
}

static const char *json_list(const char *p, char end, bool keys)
{
	if (*++p == end)
		return p + 1;
	for (;; p++) {
		if (keys) {
			p = json_str(p);
			if (!p || *p++ != ':')
				return NULL;
		}
		p = json_value(p);
		if (!p || *p == end)
			return p ? p + 1 : NULL;
		if (*p != ',')
			return NULL;
	}
}

static const char *json_value(const char *p)
{
	char *end;

	if (*p == '"')
		return json_str(p);
	if (*p == '{' || *p == '[')
		return json_list(p, *p == '{' ? '}' : ']', *p == '{');
	if (!strncmp(p, "null", 4))
		return p + 4;
	(void)!strtod(p, &end);
	return end != p ? end : NULL;
}

static void expect_json(const char *text)
{
	const char *end = json_value(text);

	if (!end || strcmp(end, "\n") != 0)
		fail_msg("no JSON line: %s", text);
}

/* Every call with every kind of hostile argument and result: one line each, never a crash, never more than bounded. */
static void test_hostile(void **state)
{
	static const uint64_t bad[] = { 0,         1,         8,         (uint64_t)-1,       MEM,
					MEM + 1,   EDGE - 1,  EDGE,      HK_GUEST_MAX - 4,   HK_GUEST_MAX,
					1UL << 31, 1UL << 32, 1UL << 63, 0xffff800000000000, 0x7fffffffffffffff };
	static const int64_t results[] = { 0, 1, 4096, 1 << 30, INT64_MAX, INT64_MIN, -EFAULT, -EINTR, -4095, -4096 };
	struct trace *t[2] = { start((struct trace_options){ 0 }),
			       start((struct trace_options){ .json = true, .string = 1 << 20 }) };
	unsigned seed = 1;

	(void)state;
	for (unsigned i = 0; i < 8192; i++)
		((volatile unsigned char *)MEM)[i] = (unsigned char)(i * 7 + i / 256);
	for (unsigned i = 0; hk_syscall_at(i); i++) {
		for (unsigned n = 0; n < 60; n++) {
			struct hk_call call = { .nr = hk_syscall_at(i)->nr };
			char *text;

			for (unsigned k = 0; k < 6; k++) {
				seed = seed * 1103515245 + 12345;
				call.a[k] = seed >> 30 ? bad[(seed >> 16) % HK_ARRAY_LEN(bad)] : seed >> 20 & 0xff;
			}
			run(t[n % 2], call, NULL, results[n % HK_ARRAY_LEN(results)]);
			text = output();
			assert_non_null(strchr(text, '\n'));
			assert_int_equal(strchr(text, '\n') - text, strlen(text) - 1);
			if (n % 2)
				expect_json(text);
		}
	}
	trace_free(t[0]);
	trace_free(t[1]);
}

static void test_json_string(void **state)
{
	struct hk_strbuf b = { 0 };
	char bytes[1024];

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	json_string(&b, bytes, sizeof(bytes));
	assert_ptr_equal(json_str(b.data), b.data + b.len);
	hk_strbuf_reset(&b);
	json_string(&b, "a\"\\\n\0\x7f\xff/", 8);
	assert_string_equal(b.data, "\"a\\\"\\\\\\n\\u0000\\u007f\\u00ff/\"");
	hk_strbuf_free(&b);
}

static void test_json_line(void **state)
{
	struct trace *t = start((struct trace_options){ .json = true });
	siginfo_t si = { .si_signo = SIGSEGV, .si_code = SEGV_MAPERR };
	const char *text, *p;

	(void)state;
	put_str(0, "a\"b\n\xff");
	run(t, CALL(openat, (uint64_t)AT_FDCWD, MEM, O_RDONLY), NULL, -ENOENT);
	text = output();
	expect_json(text);
	p = strstr(text, "\"nr\":257,\"name\":\"openat\",\"args\":[\"AT_FDCWD\",\"\\\"a\\\\\\\"b\\\\n\\\\377\\\"\",\"O_"
			 "RDONLY\"],"
			 "\"ret\":-1,\"errno\":\"ENOENT\",");
	assert_non_null(p);
	assert_non_null(strstr(p, ",\"rip\":\"0x0\",\"served\":\"exit\"}"));
	run(t, CALL(exit_group, 1), NULL, 0);
	text = output();
	expect_json(text);
	assert_non_null(strstr(text, "\"ret\":null"));
	trace_signal(t, &si);
	text = output();
	expect_json(text);
	assert_non_null(strstr(text, "SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL}"));
	trace_free(t);
}

/* 256 buffers of 64 KiB, whose text would be 32 MiB: soon left out, not printed, not copied to the end. */
static void test_too_long(void **state)
{
	struct iovec v[256];
	char *big = mmap((void *)(MEM + 0x100000), 1 << 16, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	struct trace *t = start((struct trace_options){ .string = 65536 });
	struct trace *j = start((struct trace_options){ .string = 65536, .json = true });
	const char *text;

	(void)state;
	assert_ptr_equal(big, (void *)(MEM + 0x100000));
	for (unsigned i = 0; i < HK_ARRAY_LEN(v); i++)
		v[i] = (struct iovec){ big, 1 << 16 };
	put(0, v, sizeof(v));
	run(t, CALL(writev, 1, MEM, 256), NULL, 256 << 16);
	assert_non_null(strstr(output(), "too long"));
	run(j, CALL(writev, 1, MEM, 256), NULL, 256 << 16);
	text = output();
	expect_json(text);
	assert_non_null(strstr(text, "too long"));
	run(t, CALL(write, 1, MEM + 0x100000, 1 << 16), NULL, 1 << 16);
	assert_int_equal(strlen(output()), strlen("write(1, \"\", 65536) = 65536\n") + (2 << 16));
	trace_free(t);
	trace_free(j);
	munmap(big, 1 << 16);
}

static void test_stats(void **state)
{
	static const struct stats_row rows[] = { { "exits", "io", 12, NULL }, { "memory", "peak", 4096, "KiB" } };
	struct trace *t = start((struct trace_options){ .filter = "none" });
	static uint64_t shared[4096];
	struct stats *s = stats_create(shared, sizeof(shared));
	struct trace_pair pair;
	struct hk_call call = CALL(read);
	const char *text, *line;
	unsigned long calls, exits, errors;

	(void)state;
	trace_pair_init(&pair, trace_hook(t), stats_hook(s));
	for (int i = 0; i < 5; i++) {
		pair.hook.enter(pair.hook.ctx, &call);
		call.served = i == 3 ? "server" : NULL;
		pair.hook.leave(pair.hook.ctx, &call, i < 2 ? -EBADF : 1);
	}
	call.nr = UINT64_MAX;
	pair.hook.enter(pair.hook.ctx, &call);
	pair.hook.leave(pair.hook.ctx, &call, -ENOSYS);
	assert_int_equal(stats_print(s, out_fd, false, rows, 2), 0);
	text = output();
	line = strstr(text, "read\n");
	assert_non_null(line);
	assert_int_equal(sscanf(line - 30, "%lu %lu %lu", &calls, &exits, &errors), 3);
	assert_int_equal(calls, 5);
	assert_int_equal(exits, 4);
	assert_int_equal(errors, 2);
	assert_non_null(strstr(text, "        6         5         3 total\n"));
	assert_non_null(strstr(text, "(unknown)"));
	assert_non_null(strstr(text, "\nexits\n                12 io\n\nmemory\n              4096 KiB  peak\n"));
	assert_int_equal(stats_print(s, out_fd, true, rows, 2), 0);
	text = output();
	expect_json(text);
	assert_non_null(strstr(text, "\"exits\":{\"io\":12},\"memory\":{\"peak\":4096}}"));
	assert_int_equal(stats_print(s, out_fd, true, NULL, 0), 0);
	expect_json(output());
	assert_int_equal(stats_print(s, -1, true, NULL, 0), -EBADF);
	stats_free(s);
	trace_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),       cmocka_unit_test(test_note),
		cmocka_unit_test(test_out_buffer),  cmocka_unit_test(test_in_at_enter),
		cmocka_unit_test(test_both_ways),   cmocka_unit_test(test_never_back),
		cmocka_unit_test(test_prefixes),    cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_filter),      cmocka_unit_test(test_filtered_out),
		cmocka_unit_test(test_json_string), cmocka_unit_test(test_json_line),
		cmocka_unit_test(test_too_long),    cmocka_unit_test(test_stats),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
