/* SPDX-License-Identifier: Apache-2.0 */
/* Start a program natively, in husk or in the peer, and time it from outside. */
#include "bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

double run_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t join(const struct system *s, const char *const *argv, char **words, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(s->prefix) / sizeof(s->prefix[0]) && s->prefix[i]; i++)
		words[n++] = (char *)(uintptr_t)s->prefix[i];
	for (size_t i = 0; argv[i] && n < cap - 1; i++)
		words[n++] = (char *)(uintptr_t)argv[i];
	words[n] = NULL;
	return n;
}

static void close_two(int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

int run_spawn(const struct system *s, const char *const *argv, bool pipes, struct child *c)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err;
	posix_spawn_file_actions_t actions;
	char *words[32];

	join(s, argv, words, sizeof(words) / sizeof(words[0]));
	if (pipes && (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))) {
		err = errno;
		close_two(in);
		return -err;
	}
	posix_spawn_file_actions_init(&actions);
	if (pipes) {
		posix_spawn_file_actions_adddup2(&actions, in[0], 0);
		posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	} else {
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	}
	err = posix_spawnp(&c->pid, words[0], &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err) {
		close_two(in);
		close_two(out);
		return -err;
	}
	if (pipes) {
		close(in[0]);
		close(out[1]);
	}
	c->in = in[1];
	c->out = out[0];
	return 0;
}

int run_wait(struct child *c)
{
	int status;

	if (c->in >= 0)
		close(c->in);
	if (c->out >= 0)
		close(c->out);
	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void run_failed(struct system *s, const char *const *argv, int status)
{
	if (!s->failed)
		fprintf(stderr, "bench: %s: %s %s failed: %s %d\n", s->name, argv[0], argv[1] ? argv[1] : "",
			status < 0 ? strerror(-status) : "status", status);
	s->failed = true;
}

double run_time(struct system *s, const char *const *argv)
{
	struct child c;
	double start = run_now();
	int status = run_spawn(s, argv, false, &c);

	if (!status)
		status = run_wait(&c);
	double took = run_now() - start;
	if (!status)
		return took;
	run_failed(s, argv, status);
	return NAN;
}

int run_output(struct system *s, const char *const *argv, char *out, size_t cap)
{
	struct child c;
	size_t have = 0;
	ssize_t n;
	int status = run_spawn(s, argv, true, &c);

	if (!status) {
		close(c.in);
		c.in = -1;
		while ((n = read(c.out, out + have, cap - 1 - have)) > 0 && have < cap - 1)
			have += (size_t)n;
		status = run_wait(&c);
	}
	out[have] = 0;
	if (status)
		run_failed(s, argv, status);
	return status;
}
