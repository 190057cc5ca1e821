/* SPDX-License-Identifier: Apache-2.0 */
/*
 * piper A B C: run the commands with a pipe between each and the next, as a shell does for "A | B | C". A command may have arguments, separated by
 * blanks ("grep -v root"). The exercise of operating-system courses: pipe, fork, dup2, execvp, wait.
 *
 *   cc -o piper examples/lab/piper.c && husk run -- ./piper ps "grep -v PID" "wc -l"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MOST 32

static void fail(const char *what)
{
	perror(what);
	exit(127);
}

/* In a child: become the command. */
static void become(char *command)
{
	char *argv[ARGS_MOST + 1] = { NULL };
	int n = 0;

	for (char *word = strtok(command, " "); word && n < ARGS_MOST; word = strtok(NULL, " "))
		argv[n++] = word;
	if (!n)
		exit(127);
	execvp(argv[0], argv);
	fail(argv[0]);
}

/* Start one command that reads from `in` and, unless it is the last, writes to a new pipe; the pipe's other end is returned. */
static int start(char *command, int in, int is_last)
{
	int ends[2] = { -1, -1 };

	if (!is_last && pipe(ends))
		fail("pipe");
	switch (fork()) {
	case -1:
		fail("fork");
		break;
	case 0:
		if (in != STDIN_FILENO) {
			dup2(in, STDIN_FILENO);
			close(in);
		}
		if (!is_last) {
			dup2(ends[1], STDOUT_FILENO);
			close(ends[0]);
			close(ends[1]);
		}
		become(command);
		break;
	default:
		break;
	}
	if (in != STDIN_FILENO)
		close(in);
	if (!is_last)
		close(ends[1]);
	return ends[0];
}

int main(int argc, char **argv)
{
	int in = STDIN_FILENO, status, worst = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: piper COMMAND…\n");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		in = start(argv[i], in, i == argc - 1);
	while (wait(&status) > 0)
		if (WIFEXITED(status) && WEXITSTATUS(status) > worst)
			worst = WEXITSTATUS(status);
	return worst;
}
