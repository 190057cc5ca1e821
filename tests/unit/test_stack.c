/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader/stack: the first stack. The strongest test is the last: this program starts itself without address
 * randomisation, and the child builds its own stack again and compares it with the one the kernel made, byte by byte.
 */
#include "unit.h"

#include "loader/stack.h"

#include <elf.h>
#include <errno.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOP      0x3ffffffff000UL
#define LIMIT    (1UL << 20)
#define LONGEST  131072 /* MAX_ARG_STRLEN, NUL included */
#define COMPARE  "HK_TEST_COMPARE_STACK"
#define MAX_ARGS 64

static char *s(const char *literal)
{
	return (char *)(uintptr_t)literal; /* argv is not const for historical reasons */
}

static uint64_t word(const struct stack_image *o, uint64_t a)
{
	uint64_t v;

	assert_true(a >= o->sp && a - o->sp <= o->size - sizeof(v));
	memcpy(&v, o->bytes + (a - o->sp), sizeof(v));
	return v;
}

static const char *str(const struct stack_image *o, uint64_t a)
{
	const char *p = (const char *)o->bytes + (a - o->sp);

	assert_true(a >= o->sp && a - o->sp < o->size);
	assert_non_null(memchr(p, 0, o->size - (a - o->sp)));
	return p;
}

static uint64_t aux(const struct stack_image *o, uint64_t type)
{
	for (unsigned i = 0; i < o->auxv_words; i += 2) {
		if (o->auxv[i] == type)
			return o->auxv[i + 1];
	}
	fail_msg("no auxiliary entry %lu", type);
	return 0;
}

static struct stack_spec spec_of(char *const *argv, char *const *envp)
{
	struct stack_spec spec = {
		.top = TOP,
		.limit = LIMIT,
		.argv = argv,
		.envp = envp,
		.execfn = "/bin/prog",
		.platform = "x86_64",
		.aux = { { AT_PAGESZ, 4096 }, { AT_ENTRY, 0x1234 } },
		.aux_count = 2,
	};

	memcpy(spec.random, "0123456789abcdef", 16);
	return spec;
}

static void test_layout(void **state)
{
	char *const argv[] = { s("prog"), s("-x"), s(""), NULL };
	char *const envp[] = { s("A=1"), s("PATH=/bin"), NULL };
	struct stack_spec spec = spec_of(argv, envp);
	struct stack_image o;
	uint64_t a;

	(void)state;
	assert_int_equal(stack_build(&spec, &o), 0);
	assert_int_equal(o.sp % 16, 0);
	assert_int_equal(o.sp + o.size, TOP);
	assert_int_equal(word(&o, a = o.sp), 3);
	for (int i = 0; i < 3; i++)
		assert_string_equal(str(&o, word(&o, a += 8)), argv[i]);
	assert_int_equal(word(&o, a += 8), 0);
	for (int i = 0; i < 2; i++)
		assert_string_equal(str(&o, word(&o, a += 8)), envp[i]);
	assert_int_equal(word(&o, a += 8), 0);
	assert_int_equal(o.auxv_words, 2 * (2 + 3 + 1));
	for (unsigned i = 0; i < o.auxv_words; i++)
		assert_int_equal(word(&o, a += 8), o.auxv[i]);
	assert_int_equal(o.auxv[o.auxv_words - 2], AT_NULL);
	assert_int_equal(aux(&o, AT_ENTRY), 0x1234);
	assert_string_equal(str(&o, aux(&o, AT_EXECFN)), "/bin/prog");
	assert_string_equal(str(&o, aux(&o, AT_PLATFORM)), "x86_64");
	assert_memory_equal(str(&o, aux(&o, AT_RANDOM)), spec.random, 16);
	/* /proc/self/cmdline and environ are these ranges. */
	assert_int_equal(o.arg_end - o.arg_start, 5 + 3 + 1);
	assert_memory_equal(str(&o, o.arg_start), "prog\0-x\0", 9);
	assert_int_equal(o.env_start, o.arg_end);
	assert_int_equal(o.env_end - o.env_start, 4 + 10);
	assert_memory_equal(str(&o, o.env_start), "A=1\0PATH=/bin", 14);
	/* The file name is last, but for eight zero bytes. */
	assert_int_equal(o.env_end, aux(&o, AT_EXECFN));
	assert_int_equal(aux(&o, AT_EXECFN) + 10 + 8, TOP);
	assert_int_equal(word(&o, TOP - 8), 0);
	free(o.bytes);
}

static void test_no_arguments(void **state)
{
	char *const none[] = { NULL };
	struct stack_spec spec = spec_of(none, none);
	struct stack_image o;

	(void)state;
	assert_int_equal(stack_build(&spec, &o), 0);
	assert_int_equal(word(&o, o.sp), 1);
	assert_string_equal(str(&o, word(&o, o.sp + 8)), "");
	assert_int_equal(word(&o, o.sp + 16), 0);
	assert_int_equal(word(&o, o.sp + 24), 0);
	assert_int_equal(o.arg_end - o.arg_start, 1);
	assert_int_equal(o.env_end, o.env_start);
	free(o.bytes);
}

static void test_aux_places(void **state)
{
	char *const none[] = { NULL };
	struct stack_spec spec = spec_of(none, none);
	struct stack_image o;

	(void)state;
	spec.aux[0].type = AT_EXECFN;
	spec.aux[1].type = AT_RANDOM;
	assert_int_equal(stack_build(&spec, &o), 0);
	assert_int_equal(o.auxv_words, 2 * (2 + 1 + 1));
	assert_int_equal(o.auxv[0], AT_EXECFN);
	assert_string_equal(str(&o, o.auxv[1]), "/bin/prog");
	assert_int_equal(o.auxv[2], AT_RANDOM);
	assert_memory_equal(str(&o, o.auxv[3]), spec.random, 16);
	assert_int_equal(o.auxv[4], AT_PLATFORM);
	free(o.bytes);

	spec.aux_count = STACK_AUXV_MAX;
	for (unsigned i = 0; i < STACK_AUXV_MAX; i++)
		spec.aux[i] = (struct stack_aux){ 1000 + i, i };
	assert_int_equal(stack_build(&spec, &o), 0);
	assert_int_equal(o.auxv_words, 2 * (STACK_AUXV_MAX + 4));
	free(o.bytes);
}

static void test_longest_string(void **state)
{
	char *big = malloc(LONGEST + 1);
	char *const argv[] = { big, NULL }, *const none[] = { NULL };
	struct stack_spec spec = spec_of(argv, none);
	struct stack_image o;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', LONGEST);
	big[LONGEST] = '\0';
	assert_int_equal(stack_build(&spec, &o), -E2BIG);
	spec.argv = none;
	spec.envp = argv;
	assert_int_equal(stack_build(&spec, &o), -E2BIG);
	spec.envp = none;
	spec.execfn = big;
	assert_int_equal(stack_build(&spec, &o), -E2BIG);
	big[LONGEST - 1] = '\0';
	assert_int_equal(stack_build(&spec, &o), 0);
	free(o.bytes);
	spec.argv = argv;
	spec.envp = argv;
	assert_int_equal(stack_build(&spec, &o), 0);
	assert_int_equal(o.arg_end - o.arg_start, LONGEST);
	free(o.bytes);
	free(big);
}

static void test_limit(void **state)
{
	char *const argv[] = { s("prog"), s("a"), NULL };
	char *const envp[] = { s("A=1"), NULL };
	struct stack_spec spec = spec_of(argv, envp);
	struct stack_image o;
	/* Linux counts the strings and one pointer for each argument and variable. */
	uint64_t need = 5 + 2 + 4 + 10 + 3 * 8;

	(void)state;
	spec.limit = need;
	assert_int_equal(stack_build(&spec, &o), 0);
	free(o.bytes);
	for (spec.limit = 0; spec.limit < need; spec.limit++) {
		assert_int_equal(stack_build(&spec, &o), -E2BIG);
		assert_null(o.bytes);
	}
	spec.limit = UINT64_MAX;
	assert_int_equal(stack_build(&spec, &o), 0);
	free(o.bytes);
	spec.top = 0x10000;
	assert_int_equal(stack_build(&spec, &o), -E2BIG); /* no room below */
	spec.top = 0;
	assert_int_equal(stack_build(&spec, &o), -E2BIG);
}

/* --- against the kernel's own --- */

/* Number n (from 1) of /proc/self/stat; the fields behind the name have no blanks. */
static uint64_t stat_field(int n)
{
	char buf[2048], *p;
	FILE *f = fopen("/proc/self/stat", "re");
	size_t len;

	if (!f)
		return 0;
	len = fread(buf, 1, sizeof(buf) - 1, f);
	fclose(f);
	buf[len] = '\0';
	p = strrchr(buf, ')');
	for (n -= 2; p && n > 0; n--)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

static uint64_t stack_end(void)
{
	char line[512];
	unsigned long from, to = 0;
	FILE *f = fopen("/proc/self/maps", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (strstr(line, "[stack]") && sscanf(line, "%lx-%lx", &from, &to) == 2)
			break;
	}
	if (f)
		fclose(f);
	return to;
}

static int differ(const char *what, uint64_t ours, uint64_t kernels)
{
	if (ours != kernels)
		printf("%s: 0x%lx, the kernel says 0x%lx\n", what, ours, kernels);
	return ours != kernels;
}

/* In the child: build the stack this process was started with again. argv[-1] is argc's word. */
static int compare_own_stack(char **argv, char **envp)
{
	struct stack_spec spec = { .limit = LIMIT, .argv = argv, .envp = envp, .platform = "x86_64" };
	const uint64_t *auxv;
	struct stack_image o;
	char **p = envp;
	int bad = 0;

	spec.top = stack_end();
	spec.execfn = (const char *)getauxval(AT_EXECFN);
	memcpy(spec.random, (const void *)getauxval(AT_RANDOM), 16);
	while (*p)
		p++;
	auxv = (const uint64_t *)(p + 1);
	for (; auxv[0] != AT_NULL; auxv += 2)
		spec.aux[spec.aux_count++] = (struct stack_aux){ auxv[0], auxv[1] };
	if (stack_build(&spec, &o) != 0)
		return 2;
	bad |= differ("sp", o.sp, (uint64_t)(argv - 1));
	bad |= differ("arg_start", o.arg_start, stat_field(48));
	bad |= differ("arg_end", o.arg_end, stat_field(49));
	bad |= differ("env_start", o.env_start, stat_field(50));
	bad |= differ("env_end", o.env_end, stat_field(51));
	for (uint64_t i = 0; !bad && i < o.size; i++)
		bad |= differ("a byte of the stack", o.bytes[i], ((const uint8_t *)(argv - 1))[i]);
	free(o.bytes);
	return bad;
}

static void run_and_compare(char *const *argv, char *const *envp)
{
	posix_spawnattr_t attr;
	int status, old = personality(0xffffffff);
	pid_t pid;

	assert_true(old >= 0 && personality((unsigned)old | ADDR_NO_RANDOMIZE) >= 0);
	assert_int_equal(posix_spawnattr_init(&attr), 0);
	assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, &attr, argv, envp), 0);
	posix_spawnattr_destroy(&attr);
	personality((unsigned)old);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_as_linux(void **state)
{
	char *const env1[] = { s(COMPARE "=1"), NULL };
	char *const env2[] = { s("A=b"), s(COMPARE "=1"), s(""), s("LONG=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), NULL };
	char *many[MAX_ARGS + 1] = { 0 };

	(void)state;
	run_and_compare((char *[]){ NULL }, env1);
	run_and_compare((char *[]){ s("a"), NULL }, env1);
	for (int i = 0; i < MAX_ARGS; i++) {
		many[i] = s(&"argument"[i % 9]);
		run_and_compare(many, i % 2 ? env1 : env2);
	}
}

int main(int argc, char **argv, char **envp)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),     cmocka_unit_test(test_no_arguments),
		cmocka_unit_test(test_aux_places), cmocka_unit_test(test_longest_string),
		cmocka_unit_test(test_limit),      cmocka_unit_test(test_as_linux),
	};

	(void)argc;
	if (getenv(COMPARE))
		return compare_own_stack(argv, envp);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
