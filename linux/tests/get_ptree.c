// SPDX-License-Identifier: GPL-2.0
/* get_ptree(): order, levels, states and the other fields of a known tree, what does not fit, and errors. */
#include <pthread.h>
#include <signal.h>

#include "lab.h"

#define MOST 64

static struct prinfo tree[MOST + 1];

/* The tree below `root`, as "name level parent's name" separated by commas. */
static const char *shape(pid_t root, int room)
{
	static char text[2000];
	size_t used = 0;
	int n = room;

	memset(tree, 0xaa, sizeof(tree));
	if (get_ptree(tree, &n, root) != 0)
		return strerror(errno);
	if (n < 1 || n > room)
		return "a number that cannot be";
	text[0] = 0;
	for (int i = 0; i < n; i++) {
		const char *parent = "-";

		for (int j = 0; j < i; j++)
			if (tree[j].pid == tree[i].parent_pid)
				parent = tree[j].comm;
		used += snprintf(text + used, sizeof(text) - used, "%s%s %d %s", i ? ", " : "", tree[i].comm,
				 tree[i].level, parent);
	}
	return text;
}

static bool is(const char *got, const char *expected)
{
	if (strcmp(got, expected) == 0)
		return true;
	printf("    %s\n    not %s\n", got, expected);
	return false;
}

/* The pipe on which a child says that its part of the tree stands; a process with children has one of its own, and its parent's as `outer`. */
static int ready[2], outer;

static void has_children(void)
{
	outer = ready[1];
	if (pipe(ready))
		die("pipe");
}

static void await(void)
{
	char c;

	if (read(ready[0], &c, 1) != 1)
		die("read");
}

static void say(int end)
{
	if (write(end, "", 1) != 1)
		die("write");
}

static void __attribute__((noreturn)) stands(int end)
{
	say(end);
	for (;;)
		pause();
}

/* A child without children. */
static pid_t leaf(const char *name)
{
	pid_t pid;

	if (child(name, &pid))
		stands(ready[1]);
	await();
	return pid;
}

/* A child that has this one itself. */
static void branch(const char *name, const char *grandchild)
{
	pid_t pid;

	if (child(name, &pid)) {
		has_children();
		leaf(grandchild);
		stands(outer);
	}
	await();
}

/* The state in which a process is found before long: it takes a moment to get there. */
static long state_of(pid_t pid, long expected)
{
	for (int i = 0; i < 500; i++) {
		int n = 1;

		if (get_ptree(tree, &n, pid) != 0)
			return -errno;
		if (tree[0].state == expected)
			break;
		usleep(10000);
	}
	return tree[0].state;
}

/* Runs until it is ended. */
static pid_t spinner(void)
{
	pid_t pid;

	if (child("spins", &pid))
		for (;;)
			;
	return pid;
}

/* root: a (a1 (a2), a3), b, c (c1) */
static void order(void)
{
	pid_t root, pid;

	if (child("root", &root)) {
		has_children();
		if (child("a", &pid)) {
			has_children();
			branch("a1", "a2");
			leaf("a3");
			stands(outer);
		}
		await();
		leaf("b");
		branch("c", "c1");
		stands(outer);
	}
	await();
	CHECK(is(shape(root, MOST), "root 0 -, a 1 root, b 1 root, c 1 root, a1 2 a, a3 2 a, c1 2 c, a2 3 a1"));
	CHECK(tree[0].pid == root && tree[0].parent_pid == getpid());
	CHECK(tree[0].uid == getuid() && tree[7].uid == getuid());
	CHECK(is(shape(root, 1), "root 0 -"));
	CHECK(is(shape(root, 3), "root 0 -, a 1 root, b 1 root"));
	CHECK(is(shape(root, 5), "root 0 -, a 1 root, b 1 root, c 1 root, a1 2 a"));
	CHECK(((unsigned char *)&tree[5])[0] == 0xaa);
	CHECK(is(shape(tree[1].pid, MOST), "a 0 -, a1 1 a, a3 1 a, a2 2 a1"));
	for (int i = 3; i > 0; i--)
		kill(tree[i].pid, SIGKILL);
	kill(root, SIGKILL);
	end(root);
}

static void states(void)
{
	pid_t sleeping = leaf("sleeps"), stopped = leaf("stops"), running = spinner(), zombie;

	CHECK(state_of(sleeping, 1) == 1);
	kill(stopped, SIGSTOP);
	CHECK(state_of(stopped, 4) == 4);
	CHECK(state_of(running, 0) == 0);
	if (child("zombie", &zombie))
		_exit(0);
	CHECK(state_of(zombie, 32) == 32);
	CHECK(is(shape(zombie, MOST), "zombie 0 -"));
	CHECK(state_of(getpid(), 0) == 0);
	end(sleeping);
	end(stopped);
	end(running);
	end(zombie);
	FAILS(get_ptree(tree, &(int){ 1 }, zombie), ESRCH);
}

static pid_t thread_id;

static void *forks(void *arg)
{
	thread_id = gettid();
	leaf("first");
	say(ready[1]);
	pause();
	return arg;
}

/* A process in which a second thread has created "first". */
static void has_thread(void)
{
	pthread_t thread;

	has_children();
	if (pthread_create(&thread, NULL, forks, NULL))
		die("pthread_create");
	await();
}

/* Threads do not show; what they create does, in the order in which it was created, whichever thread it was. */
static void threads(void)
{
	pid_t pid;
	int status;

	if (child("threads", &pid)) {
		has_thread();
		usleep(50000);
		leaf("second");
		stands(outer);
	}
	await();
	CHECK(is(shape(pid, MOST), "threads 0 -, first 1 threads, second 1 threads"));
	kill(tree[1].pid, SIGKILL);
	kill(tree[2].pid, SIGKILL);
	end(pid);

	if (child("threads", &pid)) {
		has_thread();
		FAILS(get_ptree(tree, &(int){ 1 }, thread_id), ESRCH);
		fflush(stdout);
		_exit(lab_failed);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void errors(void)
{
	struct prinfo *edge =
		(struct prinfo *)(map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS) + PAGE) - 1;
	struct prinfo *read_only = (struct prinfo *)map(PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS);
	pid_t pid = leaf("leaf");
	int n = MOST;

	munmap(edge + 1, PAGE);
	FAILS(get_ptree(NULL, &n, 1), EINVAL);
	FAILS(get_ptree(tree, NULL, 1), EINVAL);
	FAILS(get_ptree(NULL, NULL, 1), EINVAL);
	n = 0;
	FAILS(get_ptree(tree, &n, 1), EINVAL);
	n = -1;
	FAILS(get_ptree(tree, &n, 1), EINVAL);
	n = 0;
	FAILS(get_ptree(tree, &n, -1), EINVAL);
	FAILS(get_ptree(tree, (int *)8, 1), EFAULT);
	n = MOST;
	FAILS(get_ptree((struct prinfo *)8, &n, getpid()), EFAULT);
	FAILS(get_ptree(read_only, &n, getpid()), EFAULT);
	n = 1;
	CHECK(get_ptree(edge, &n, getpid()) == 0 && n == 1 && edge->pid == getpid());
	n = 2;
	FAILS(get_ptree(edge, &n, getpid()), EFAULT);
	FAILS(get_ptree(tree, &n, 0), ESRCH);
	FAILS(get_ptree(tree, &n, -1), ESRCH);
	FAILS(get_ptree(tree, &n, 0x7fffffff), ESRCH);
	n = 0x7fffffff;
	CHECK(get_ptree(tree, &n, getpid()) == 0 && n == 2 && tree[1].pid == pid);
	end(pid);
}

int main(void)
{
	prctl(PR_SET_NAME, "get_ptree");
	if (pipe(ready))
		die("pipe");
	order();
	states();
	threads();
	errors();
	return done("get_ptree");
}
