/* SPDX-License-Identifier: Apache-2.0 */
/* A request loop as a key-value server and one client of it have: one question and one answer at a time over a socket pair, between two processes. */
#include "bench/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEYS     1000
#define REQUESTS 20000

static void serve(int fd)
{
	char request[128], answer[128];
	int value[KEYS] = { 0 };
	ssize_t n;

	while ((n = recv(fd, request, sizeof(request) - 1, 0)) > 0) {
		int key, to;

		request[n] = 0;
		if (sscanf(request, "SET key:%d %d", &key, &to) == 2 && key >= 0 && key < KEYS) {
			value[key] = to;
			n = snprintf(answer, sizeof(answer), "+OK\r\n");
		} else if (sscanf(request, "GET key:%d", &key) == 1 && key >= 0 && key < KEYS) {
			n = snprintf(answer, sizeof(answer), ":%d\r\n", value[key]);
		} else {
			n = snprintf(answer, sizeof(answer), "-ERR\r\n");
		}
		if (send(fd, answer, (size_t)n, 0) != n)
			work_die("send");
	}
}

int work_requests(const char *unused)
{
	char request[128], answer[128];
	long sum = 0;
	int fd[2];
	pid_t pid;

	(void)unused;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		work_die("socketpair");
	pid = fork();
	if (pid < 0)
		work_die("fork");
	if (pid == 0) {
		close(fd[0]);
		serve(fd[1]);
		_exit(0);
	}
	close(fd[1]);
	for (int i = 0; i < REQUESTS; i++) {
		int n = i % 2 ? snprintf(request, sizeof(request), "GET key:%d\r\n", i / 2 % KEYS)
			      : snprintf(request, sizeof(request), "SET key:%d %d\r\n", i / 2 % KEYS, i);
		ssize_t got;

		if (send(fd[0], request, (size_t)n, 0) != n || (got = recv(fd[0], answer, sizeof(answer) - 1, 0)) <= 0)
			work_die("request");
		answer[got] = 0;
		sum += answer[0] == ':' ? atol(answer + 1) : 0;
	}
	close(fd[0]);
	waitpid(pid, NULL, 0);
	return sum != (long)(REQUESTS / 2) * (REQUESTS / 2 - 1);
}
