/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader/script: the `#!` line. Every case is also executed by the kernel this test runs on: the scripts name this
 * program as their interpreter, which then prints its arguments.
 */
#include "unit.h"

#include "loader/script.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define I          "@" /* stands for the interpreter's path */
#define INTERP_LEN 15
#define ECHO       "HK_TEST_ECHO_ARGS"
#define CASES      (sizeof(cases) / sizeof(cases[0]))

struct script_case {
	const char *name, *text;
	size_t len;
	unsigned pad; /* slashes before the interpreter's path, to reach the limit exactly */
	int want;
	const char *arg; /* NULL: none */
};

#define S(text)  text, sizeof(text) - 1
#define S20      "                    "
#define S200     S20 S20 S20 S20 S20 S20 S20 S20 S20 S20
#define FULL(at) ((at)-2 - INTERP_LEN)

/* A directory of our own, with two files in it. */
struct place {
	char dir[14];    /* "/tmp/hkXXXXXX" */
	char interp[16]; /* dir "/i" */
	char script[16]; /* dir "/s" */
};

static const struct script_case cases[] = {
	{ "plain", S("#!" I "\n"), 0, 1, NULL },
	{ "blanks around", S("#! \t " I " \t \n"), 0, 1, NULL },
	{ "argument", S("#!" I " -x\n"), 0, 1, "-x" },
	{ "one argument with blanks", S("#!" I "\t -x  y\tz \n"), 0, 1, "-x  y\tz" },
	{ "carriage return", S("#!" I " -x\r\n"), 0, 1, "-x\r" },
	{ "no newline", S("#!" I), 0, 1, NULL },
	{ "no newline, argument", S("#!" I " -x"), 0, 1, "-x" },
	{ "no newline, blank: an empty argument", S("#!" I " "), 0, 1, "" },
	{ "no newline, blanks: an empty argument", S("#!" I " \t "), 0, 1, "" },
	{ "NUL ends the path", S("#!" I "\0 -x\n"), 0, 1, NULL },
	{ "NUL ends the argument", S("#!" I " -x\0y\n"), 0, 1, "-x" },
	{ "NUL instead of an argument", S("#!" I " \0y\n"), 0, 1, "" },
	{ "NUL first", S("#!\0" I "\n"), 0, 1, NULL },
	{ "nothing behind", S("#!"), 0, 1, NULL },
	{ "second line ignored", S("#!" I " a\n#!/bin/false\n"), 0, 1, "a" },
	{ "no name", S("#!\n"), 0, -ENOEXEC, NULL },
	{ "only blanks", S("#! \t \n"), 0, -ENOEXEC, NULL },
	{ "only blanks up to the limit", S("#!" S200 S200 I "\n"), 0, -ENOEXEC, NULL },
	{ "name ends with the buffer, newline in it", S("#!" I "\n"), FULL(255), 1, NULL },
	{ "name ends with the buffer, newline behind it", S("#!" I "\n"), FULL(256), -ENOEXEC, NULL },
	{ "name ends before the last byte, blank there", S("#!" I " x\n"), FULL(255), 1, NULL },
	{ "name ends before the last byte, end of file", S("#!" I), FULL(255), 1, NULL },
	{ "name fills the buffer, end of file", S("#!" I), FULL(256), -ENOEXEC, NULL },
	{ "name reaches behind the limit", S("#!" I "\n"), FULL(300), -ENOEXEC, NULL },
	{ "argument cut", S("#!" I " abcdef\n"), FULL(250), 1, "abcd" },
	{ "argument cut to a blank", S("#!" I " abc def\n"), FULL(250), 1, "abc" },
	{ "argument just fits", S("#!" I " abcd\n"), FULL(250), 1, "abcd" },
	{ "argument behind the limit", S("#!" I S20 "abc\n"), FULL(250), 1, NULL },
	{ "not a script", S("# !" I "\n"), 0, 0, NULL },
	{ "half a mark", S("#"), 0, 0, NULL },
	{ "empty", S(""), 0, 0, NULL },
};

/* The case's text with the interpreter's path in it; returns its length. */
static size_t expand(const struct script_case *c, const char *interp, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->len; i++) {
		if (c->text[i] != I[0]) {
			out[n++] = c->text[i];
			continue;
		}
		memset(out + n, '/', c->pad);
		n += c->pad;
		memcpy(out + n, interp, INTERP_LEN);
		n += INTERP_LEN;
	}
	return n;
}

#define INTERP "/tmp/hk000000/i"
_Static_assert(sizeof(INTERP) == INTERP_LEN + 1, "as long as the real one");

static void test_cases(void **state)
{
	char text[1024];

	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		const struct script_case *c = &cases[i];
		size_t n = expand(c, INTERP, text);
		char *head = malloc(n + 1); /* exactly as long as the file, for the sanitizer */
		struct script_line line;
		int r;

		assert_non_null(head);
		memcpy(head, text, n);
		r = script_parse(head, n, &line);
		free(head);
		if (r != c->want)
			fail_msg("%s: %d instead of %d", c->name, r, c->want);
		if (r == 1 && (line.has_arg != !!c->arg || strcmp(line.arg, c->arg ? c->arg : "")))
			fail_msg("%s: argument \"%s\" (%d)", c->name, line.arg, line.has_arg);
		if (r == 1 && line.interp[0] && strspn(line.interp, "/") != c->pad + 1)
			fail_msg("%s: interpreter \"%s\"", c->name, line.interp);
		if (r == 1 && line.interp[0])
			assert_string_equal(line.interp + c->pad, INTERP);
	}
}

/* Run the file as a program. errno of the failed start, or 0 and what the interpreter printed. */
static int run(const char *path, char *out, size_t cap, size_t *len)
{
	char *const argv[] = { (char[]){ "script" }, NULL };
	char *const envp[] = { (char[]){ ECHO "=1" }, NULL };
	posix_spawn_file_actions_t fa;
	int pipes[2], r, status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, pipes[1], 1);
	r = posix_spawn(&pid, path, &fa, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&fa);
	close(pipes[1]);
	for (*len = 0; r == 0 && (n = read(pipes[0], out + *len, cap - *len)) > 0; *len += (size_t)n)
		;
	close(pipes[0]);
	if (r == 0) {
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	return r;
}

static void write_file(const char *path, const char *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	close(fd);
}

/* What run() must print for a parsed line: argv[1], argv[2]…, each with its NUL. */
static size_t expected(const struct script_line *line, const char *path, char *out)
{
	size_t n = 0;

	if (line->has_arg)
		n = (size_t)sprintf(out, "%s", line->arg) + 1;
	return n + (size_t)sprintf(out + n, "%s", path) + 1;
}

static void test_as_linux(void **state)
{
	const struct place *p = *state;
	char text[1024], got[1024], want[1024];

	for (size_t i = 0; i < CASES; i++) {
		size_t n = expand(&cases[i], p->interp, text), len;
		struct script_line line;
		int r, error;

		write_file(p->script, text, n);
		error = run(p->script, got, sizeof(got), &len);
		r = script_parse(text, n, &line);
		if (r <= 0 || !line.interp[0]) {
			/* Not a script; or an empty name, which Linux takes for the working directory: no file to
			 * run. */
			if (error != (r <= 0 ? ENOEXEC : EACCES))
				fail_msg("%s: parsed to %d, Linux gives errno %d", cases[i].name, r, error);
			continue;
		}
		if (error || len != expected(&line, p->script, want) || memcmp(got, want, len))
			fail_msg("%s: errno %d, Linux passes \"%.*s\"", cases[i].name, error, (int)len, got);
	}
}

static int set_up(void **state)
{
	static struct place p;
	char self[4096], dir[] = "/tmp/hkXXXXXX";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0 || !mkdtemp(dir))
		return -1;
	self[n] = '\0';
	memcpy(p.dir, dir, sizeof(p.dir));
	snprintf(p.interp, sizeof(p.interp), "%s/i", dir);
	snprintf(p.script, sizeof(p.script), "%s/s", dir);
	*state = &p;
	return symlink(self, p.interp);
}

static int tear_down(void **state)
{
	struct place *p = *state;

	return unlink(p->interp) | unlink(p->script) | rmdir(p->dir);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test_setup_teardown(test_as_linux, set_up, tear_down),
	};

	if (getenv(ECHO)) {
		for (int i = 1; i < argc; i++)
			fwrite(argv[i], 1, strlen(argv[i]) + 1, stdout);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
