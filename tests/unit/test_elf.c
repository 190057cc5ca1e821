/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader/elf: what is accepted, what the plan says, why the rest is refused. Every hand-made file is also given to
 * the kernel this test runs on: elf_parse must accept what runs there and give the same error where execve returns
 * one.
 */
#include "unit.h"

#include "elf_maker.h"
#include "loader/elf.h"
#include "mm/gva.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

struct memory_file {
	const uint8_t *bytes;
	size_t size;
	int fail_after; /* reads that still succeed; -1 = all */
};

static int memory_read(void *ctx, uint64_t off, void *buf, size_t len)
{
	struct memory_file *m = ctx;

	if (m->fail_after == 0)
		return -EIO;
	if (m->fail_after > 0)
		m->fail_after--;
	if (off > m->size || len > m->size - off)
		return -ENOEXEC;
	memcpy(buf, m->bytes + off, len);
	return 0;
}

static int parse(const struct elf_file *f, struct elf_plan *plan, struct hk_err *err)
{
	struct memory_file m = { f->bytes, f->size, -1 };
	struct elf_source src = { &m, f->size, memory_read };

	return elf_parse(&src, "prog", plan, err);
}

static void make(struct elf_file *f, const struct elf_variant *v)
{
	elf_make(f, v->type);
	v->make(f);
}

static void test_variants(void **state)
{
	static struct elf_file f;
	static struct elf_plan plan;

	(void)state;
	for (size_t i = 0; i < elf_variant_count; i++) {
		const struct elf_variant *v = &elf_variants[i];
		struct hk_err err = { 0 };
		int r;

		make(&f, v);
		r = parse(&f, &plan, &err);
		if (r != v->want || (v->text && !strstr(err.text, v->text)))
			fail_msg("%s: returned %d with \"%s\", wanted %d with \"%s\"", v->name, r, err.text, v->want,
				 v->text ? v->text : "");
		assert_int_equal(err.code, v->want);
		assert_true(r == 0 || strncmp(err.text, "prog: ", 6) == 0);
	}
}

/* What the kernel does with a file: errno of the refused execve, or 0 and the wait status. */
static int run_natively(const struct elf_file *f, int *status)
{
	int fd = memfd_create("elf", MFD_CLOEXEC), ro, error;
	char *const argv[] = { (char[]){ "elf" }, NULL };
	char path[64];
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, f->bytes, f->size), f->size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(ro >= 0);
	close(fd); /* a file open for writing is ETXTBSY */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ro);
	error = posix_spawn(&pid, path, NULL, NULL, argv, argv + 1);
	close(ro);
	if (error == 0)
		assert_int_equal(waitpid(pid, status, 0), pid);
	return error;
}

static void test_as_linux(void **state)
{
	static struct elf_file f;

	(void)state;
	for (size_t i = 0; i < elf_variant_count; i++) {
		const struct elf_variant *v = &elf_variants[i];
		int status = 0, error;
		bool runs;

		if (v->differs)
			continue; /* on purpose: the table says why */
		make(&f, v);
		error = run_natively(&f, &status);
		runs = !error && WIFEXITED(status) && WEXITSTATUS(status) == ELF_FILE_EXIT;
		/* What the kernel kills half-way through execve may be refused or accepted: either way it does not
		 * run. */
		if ((runs && v->want != 0) || (error && v->want != -error) || (!error && !runs && !WIFSIGNALED(status)))
			fail_msg("%s: elf_parse answers %d; Linux: errno %d, wait status 0x%x", v->name, v->want, error,
				 status);
	}
}

/* Programs that must run wherever Linux is new enough to run them: else test_as_linux would compare nothing. */
static void test_maker_makes_programs(void **state)
{
	static struct elf_file f;
	int status = 0;

	(void)state;
	elf_make(&f, ET_EXEC);
	assert_int_equal(run_natively(&f, &status), 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == ELF_FILE_EXIT);
	elf_make(&f, ET_DYN);
	assert_int_equal(run_natively(&f, &status), 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == ELF_FILE_EXIT);
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(*state >> 33);
}

/* Change a byte, or eight, of the headers. The code stays: whatever starts, exits. */
static void mutate(struct elf_file *f, uint64_t *random)
{
	static const uint64_t words[] = {
		0,         1,         0xfff,     0x1000,     0x1001,    ELF_FILE_BASE, ELF_FILE_BASE + 0x123,
		1UL << 47, 1UL << 63, INT64_MAX, UINT64_MAX, 1UL << 31, -0x1000UL
	};
	size_t headers = sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr), at = next_random(random) % headers;

	if (next_random(random) % 2)
		f->bytes[at] = (uint8_t)next_random(random);
	else
		memcpy(f->bytes + at / 8 * 8, &words[next_random(random) % HK_ARRAY_LEN(words)], 8);
}

static bool refused_on_purpose(const char *text)
{
	static const char *const reasons[] = {
		"nothing to load", "where nothing may be mapped", "where a guest's memory ends", "address space has",
		"entry point",     "truncated: segment"
	};

	for (size_t i = 0; i < HK_ARRAY_LEN(reasons); i++) {
		if (strstr(text, reasons[i]))
			return true;
	}
	return false;
}

/* The same comparison for files that nobody thought of. HK_TEST_RANDOM=N tries N of them. */
static void test_random_as_linux(void **state)
{
	static struct elf_file f;
	static struct elf_plan plan;
	const char *count = getenv("HK_TEST_RANDOM");
	uint64_t random = 42;

	(void)state;
	for (int i = 0; i < (count ? atoi(count) : 500); i++) {
		int status = 0, error, r;
		struct hk_err err = { 0 };
		bool runs;

		elf_make(&f, i % 2 ? ET_EXEC : ET_DYN);
		elf_add_load(&f, i % 2 ? 0x600000 : 0x200000, 0x3000, 0, 0x800);
		elf_add(&f, PT_GNU_STACK);
		for (uint32_t n = next_random(&random) % 3 + 1; n > 0; n--)
			mutate(&f, &random);
		if (elf_eh(&f)->e_phnum > 73)
			continue; /* here kernels differ */
		r = parse(&f, &plan, &err);
		error = run_natively(&f, &status);
		runs = !error && WIFEXITED(status) && WEXITSTATUS(status) == ELF_FILE_EXIT;
		if (plan.has_interp || (r && refused_on_purpose(err.text)))
			continue;
		if ((runs && r != 0) || (error && r != -error))
			fail_msg("file %d: elf_parse answers %d (%s); Linux: errno %d, wait status 0x%x", i, r,
				 err.text, error, status);
	}
}

static void test_plan_of_a_program(void **state)
{
	static struct elf_file f;
	static struct elf_plan plan;

	(void)state;
	elf_make(&f, ET_EXEC);
	elf_add_load(&f, 0x402e10, 0x5000, 0x10, 0x20)->p_offset = 0xe10;
	elf_ph(&f, 1)->p_align = 0x200000;
	elf_add(&f, PT_GNU_STACK)->p_flags = PF_R | PF_W | PF_X;
	assert_int_equal(parse(&f, &plan, NULL), 0);
	assert_true(plan.fixed && plan.exec_stack && !plan.has_interp && !plan.truncated);
	assert_int_equal(plan.entry, 0x400c00);
	assert_int_equal(plan.low, 0x400000);
	assert_int_equal(plan.high, 0x408000);
	assert_int_equal(plan.align, 0x200000);
	assert_int_equal(plan.phdr, 0x400040);
	assert_int_equal(plan.phnum, 3);
	assert_int_equal(plan.count, 2);
	assert_int_equal(plan.seg[0].prot, PROT_READ | PROT_EXEC);
	assert_int_equal(plan.seg[1].prot, PROT_READ | PROT_WRITE);
	assert_int_equal(plan.seg[1].vaddr, 0x402e10);
	assert_int_equal(plan.seg[1].memsz, 0x5000);
	assert_int_equal(plan.seg[1].offset, 0xe10);
	assert_int_equal(plan.seg[1].filesz, 0x20);
}

static void test_interp(void **state)
{
	static struct elf_file f;
	static struct elf_plan plan;
	static char longest[PATH_MAX];

	(void)state;
	elf_make(&f, ET_DYN);
	elf_add_interp(&f, "/lib64/ld-linux-x86-64.so.2", 28);
	elf_add(&f, PT_INTERP)->p_filesz = 1 << 20; /* the first counts */
	assert_int_equal(parse(&f, &plan, NULL), 0);
	assert_true(plan.has_interp && !plan.fixed);
	assert_string_equal(plan.interp, "/lib64/ld-linux-x86-64.so.2");

	elf_make(&f, ET_DYN);
	elf_add_interp(&f, "/a\0b", 5);
	assert_int_equal(parse(&f, &plan, NULL), 0);
	assert_string_equal(plan.interp, "/a");

	elf_make(&f, ET_DYN);
	memset(longest, 'x', PATH_MAX - 1);
	f.size = 2 * PATH_MAX;
	elf_add_interp(&f, NULL, PATH_MAX)->p_offset = PATH_MAX;
	memcpy(f.bytes + PATH_MAX, longest, PATH_MAX);
	assert_int_equal(parse(&f, &plan, NULL), 0);
	assert_string_equal(plan.interp, longest);
}

static void test_stack_flag(void **state)
{
	static struct elf_file f;
	static struct elf_plan plan;

	(void)state;
	elf_make(&f, ET_EXEC);
	assert_int_equal(parse(&f, &plan, NULL), 0);
	assert_false(plan.exec_stack); /* absent: x86-64 does not make it executable */
	elf_add(&f, PT_GNU_STACK)->p_flags = PF_R | PF_W | PF_X;
	elf_add(&f, PT_GNU_STACK)->p_flags = PF_R | PF_W; /* the last one counts */
	assert_int_equal(parse(&f, &plan, NULL), 0);
	assert_false(plan.exec_stack);
}

static void test_segment_order(void **state)
{
	static struct elf_file f;
	static struct elf_plan plan;

	(void)state;
	elf_make(&f, ET_EXEC);
	elf_add_load(&f, 0x600000, 0x1000, 0, 0x1000);
	elf_add_load(&f, 0x500000, 0x1000, 0, 0x1000);
	assert_int_equal(parse(&f, &plan, NULL), 0);
	assert_int_equal(plan.seg[1].vaddr, 0x500000);
	assert_int_equal(plan.seg[2].vaddr, 0x600000);
	/* Now the last lies over the page of the one before it: it must be mapped after it, as Linux does. */
	elf_ph(&f, 2)->p_vaddr = 0x5ff000;
	elf_ph(&f, 2)->p_memsz = 0x1001;
	assert_int_equal(parse(&f, &plan, NULL), 0);
	assert_int_equal(plan.seg[1].vaddr, 0x600000);
	assert_int_equal(plan.seg[2].vaddr, 0x5ff000);
	assert_int_equal(plan.low, 0x400000);
	assert_int_equal(plan.high, 0x601000);
}

static void test_phdr_address(void **state)
{
	static struct elf_file f;
	static struct elf_plan plan;

	(void)state;
	elf_make(&f, ET_EXEC);
	elf_ph(&f, 0)->p_offset = 0x1000; /* the segment no longer holds the headers */
	f.size = 0x2000;
	assert_int_equal(parse(&f, &plan, NULL), 0);
	assert_int_equal(plan.phdr, 0);
	/* PT_PHDR is not asked: the segment that holds the table is. */
	elf_add(&f, PT_PHDR)->p_vaddr = 0x1234;
	elf_add_load(&f, 0x700000, 0x1000, 0, 0x1000);
	assert_int_equal(parse(&f, &plan, NULL), 0);
	assert_int_equal(plan.phdr, 0x700040);
}

static void test_truncated_flag(void **state)
{
	static struct elf_file f;
	static struct elf_plan plan;

	(void)state;
	elf_make(&f, ET_EXEC);
	elf_add_load(&f, 0x500000, 0x4000, 0, 0x4000);
	assert_int_equal(parse(&f, &plan, NULL), 0);
	assert_true(plan.truncated);
	/* A page that the file has in part can be cleared behind the data. */
	elf_ph(&f, 1)->p_filesz = 0xfff;
	f.size = 0xd00;
	assert_int_equal(parse(&f, &plan, NULL), 0);
	assert_true(plan.truncated);
}

static void test_alignment(void **state)
{
	static const uint64_t given[] = { 0, 1, 3, 4096, 65536, 1UL << 30, 1UL << 31, 1UL << 63, UINT64_MAX };
	static const uint64_t want[] = { 4096, 4096, 4096, 4096, 65536, 1UL << 30, 1UL << 30, 1UL << 30, 4096 };
	static struct elf_file f;
	static struct elf_plan plan;

	(void)state;
	for (size_t i = 0; i < HK_ARRAY_LEN(given); i++) {
		elf_make(&f, ET_DYN);
		elf_ph(&f, 0)->p_align = given[i];
		assert_int_equal(parse(&f, &plan, NULL), 0);
		assert_int_equal(plan.align, want[i]);
	}
}

/* Wherever the file is placed, the entry is a user address: the processor cannot even be sent to another one. */
static void test_dyn_entry(void **state)
{
	static const uint64_t entries[] = { 0,
					    0x500000000000,
					    -(16UL << 40) + HK_GUEST_MIN,
					    -(16UL << 40),
					    1UL << 47,
					    (64UL << 40) - 1,
					    64UL << 40,
					    UINT64_MAX,
					    INT64_MAX };
	static const uint64_t places[] = { HK_MMAP_MIN, HK_GUEST_MAX - HK_PAGE_SIZE };
	static struct elf_file f;
	static struct elf_plan plan;
	int accepted = 0;

	(void)state;
	for (size_t i = 0; i < HK_ARRAY_LEN(entries); i++) {
		elf_make(&f, ET_DYN);
		elf_eh(&f)->e_entry = entries[i];
		if (parse(&f, &plan, NULL) < 0)
			continue;
		accepted++;
		for (size_t j = 0; j < HK_ARRAY_LEN(places); j++) {
			uint64_t entry = plan.entry + places[j] - plan.low;

			assert_true(entry >= HK_GUEST_MIN && entry < 1UL << 47);
		}
	}
	assert_int_equal(accepted, 4); /* 0, 64 KiB - 16 TiB, 64 TiB - 1 and -1 */
}

static void test_source_errors(void **state)
{
	static struct elf_file f;
	static struct elf_plan plan;

	(void)state;
	elf_make(&f, ET_DYN);
	elf_add_interp(&f, "/lib/ld.so", 11);
	for (int ok = 0; ok < 4; ok++) { /* header, program headers, interpreter */
		struct memory_file m = { f.bytes, f.size, ok };
		struct elf_source src = { &m, f.size, memory_read };
		struct hk_err err = { 0 };

		assert_int_equal(elf_parse(&src, "prog", &plan, &err), ok < 3 ? -EIO : 0);
		assert_true(ok == 3 || strstr(err.text, "cannot read"));
	}
}

/* The file shrinks between the look at its size and the read. */
static void test_shrinking_file(void **state)
{
	static struct elf_file f;
	static struct elf_plan plan;
	struct memory_file m = { f.bytes, 100, -1 };
	struct elf_source src = { &m, 4096, memory_read };
	struct hk_err err = { 0 };

	(void)state;
	elf_make(&f, ET_EXEC);
	assert_int_equal(elf_parse(&src, "prog", &plan, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "truncated"));
}

static void test_messages_stay_on_one_line(void **state)
{
	static struct elf_file f;
	static struct elf_plan plan;
	static char name[PATH_MAX];
	struct memory_file m = { f.bytes, 0, -1 };
	struct elf_source src = { &m, 0, memory_read };
	struct hk_err err = { 0 };

	(void)state;
	assert_int_equal(elf_parse(&src, "a\nb\x1b[31m\x7f", &plan, &err), -ENOEXEC);
	assert_string_equal(err.text, "a?b?[31m?: not an ELF file: it is empty");
	memset(name, 'n', sizeof(name) - 1);
	assert_int_equal(elf_parse(&src, name, &plan, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "n: not an ELF file: it is empty"));
	assert_true(strncmp(err.text, "...n", 4) == 0);
	for (size_t i = 0; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa9", 2); /* é: must not be cut in half */
	name[sizeof(name) - 2] = 'x';
	assert_int_equal(elf_parse(&src, name, &plan, &err), -ENOEXEC);
	assert_memory_equal(err.text, "...\xc3", 4);
	assert_int_equal(elf_parse(&src, "prog", &plan, NULL), -ENOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_maker_makes_programs),
		cmocka_unit_test(test_as_linux),
		cmocka_unit_test(test_random_as_linux),
		cmocka_unit_test(test_plan_of_a_program),
		cmocka_unit_test(test_interp),
		cmocka_unit_test(test_stack_flag),
		cmocka_unit_test(test_segment_order),
		cmocka_unit_test(test_phdr_address),
		cmocka_unit_test(test_truncated_flag),
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_dyn_entry),
		cmocka_unit_test(test_source_errors),
		cmocka_unit_test(test_shrinking_file),
		cmocka_unit_test(test_messages_stay_on_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
