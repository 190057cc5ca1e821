/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces and identity. Three processes come of one: the caller stays outside as supervisor; its child has the new namespaces, makes the root
 * and is process 1 there; that one's child becomes the monitor. With CAP_SYS_ADMIN no user namespace is needed for the others, and the guest gets
 * an ordinary user's number; without, a user namespace gives the right to make them, and holds that one user only. namespaces(7), user_namespaces(7).
 */
#include "jail/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define NOBODY 65534

/* What each namespace is for. */
static const struct space {
	unsigned long flag;
	const char *name, *why;
} spaces[] = {
	{ CLONE_NEWNS, "mount", "a root of its own" },
	{ CLONE_NEWPID, "pid", "no process outside can be seen, signalled or traced" },
	{ CLONE_NEWIPC, "ipc", "no shared memory, semaphores or queues of others" },
	{ CLONE_NEWUTS, "uts", "a host name of its own" },
	{ CLONE_NEWCGROUP, "cgroup", "the host's groups are not shown" },
	{ CLONE_NEWNET, "net", "no network but a private loopback" },
};

static bool has_capability(unsigned cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &head, data) == 0 && data[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap);
}

static unsigned long wanted_spaces(const struct jail_options *o, const struct jail *j)
{
	unsigned long flags = j->user_ns ? CLONE_NEWUSER : 0;

	for (size_t i = 0; i < HK_ARRAY_LEN(spaces); i++)
		if (spaces[i].flag != CLONE_NEWNET || !o->net_host)
			flags |= spaces[i].flag;
	return flags;
}

/* Who the guest is, and by which right the walls are made. */
static void choose_identity(const struct jail_options *o, struct jail *j)
{
	j->user_ns = !has_capability(CAP_SYS_ADMIN) || !has_capability(CAP_SETUID) || !has_capability(CAP_SETGID);
	j->uid = o->has_user ? o->uid : getuid();
	j->gid = o->has_user ? o->gid : getgid();
	if (!o->has_user && !j->user_ns && getuid() == 0) {
		j->uid = j->gid = NOBODY;
		j->as_nobody = true;
	}
}

static int write_file(const char *path, const char *text)
{
	HK_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t n = strlen(text);

	return fd >= 0 && write(fd, text, n) == (ssize_t)n ? 0 : -errno;
}

/* One user and one group exist in the user namespace: the caller, under the number that he asked for. */
static int map_user(const struct jail *j, uid_t uid, gid_t gid, struct hk_err *err)
{
	char users[64], groups[64];
	int r;

	snprintf(users, sizeof(users), "%u %u 1", j->uid, uid);
	snprintf(groups, sizeof(groups), "%u %u 1", j->gid, gid);
	r = write_file("/proc/self/uid_map", users);
	if (r == 0)
		r = write_file("/proc/self/setgroups", "deny");
	if (r == 0)
		r = write_file("/proc/self/gid_map", groups);
	return r ? hk_err_set(err, r, "cannot map the user into the sandbox: %s", strerror(-r)) : 0;
}

static void loopback_up(void)
{
	HK_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	/* Without it the guest only lacks 127.0.0.1. */
	if (fd >= 0)
		(void)!ioctl(fd, SIOCSIFFLAGS, &ifr);
}

/* From here on the guest's user. No capability can come back; those in force go with the cage. */
static int become(const struct jail *j, struct hk_err *err)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return hk_err_set(err, -errno, "cannot drop capabilities: %s", strerror(errno));
	if (j->user_ns)
		return 0;
	if (setgroups(0, NULL) || setresgid(j->gid, j->gid, j->gid) || setresuid(j->uid, j->uid, j->uid))
		return hk_err_set(err, -errno, "cannot become user %u: %s", j->uid, strerror(errno));
	/* Lost by the change, but what the guest sees of itself in /proc is to be its own. */
	prctl(PR_SET_DUMPABLE, 1);
	return 0;
}

/* Nothing that the caller had open goes inside but what is meant to. */
static void close_others(const int *keep, size_t keeps)
{
	unsigned from = 3;

	for (;;) {
		unsigned next = ~0u;

		for (size_t i = 0; i < keeps; i++)
			if (keep[i] >= 0 && (unsigned)keep[i] >= from && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (next > from)
			(void)!syscall(SYS_close_range, from, next - 1, 0);
		if (next == ~0u)
			return;
		from = next + 1;
	}
}

/* ---- process 1 ---- */

struct caller {
	uid_t uid;
	gid_t gid;
	sigset_t mask;
	int alive[2]; /* a pipe whose other end closes with the supervisor */
};

/* Dies with the supervisor, also if that is gone already. */
static int die_with(const struct caller *c)
{
	struct pollfd gone = { .fd = c->alive[0] };

	return prctl(PR_SET_PDEATHSIG, SIGKILL) || (poll(&gone, 1, 0) == 1 && gone.revents & POLLHUP) ? -ESRCH : 0;
}

/* Process 1 holds nothing open, cannot be looked into by the guest's user, and dies with the supervisor. */
static HK_NORETURN void become_init(const struct jail *j, const struct caller *c, pid_t first)
{
	struct hk_err err;

	/* A change of the user forgets whom to die with. */
	if (become(j, &err) || die_with(c))
		_exit(125);
	(void)!syscall(SYS_close_range, 0, ~0u, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0);
	init_run(first);
}

static int no_spaces(int error, const struct jail *j, struct hk_err *err)
{
	const char *advice = error == ENOSPC || error == EUSERS ? "raise /proc/sys/user/max_*_namespaces"
			     : j->user_ns ? "this host does not let you make user namespaces; see husk doctor"
					  : "see husk doctor";

	return hk_err_set(
		err, -error,
		"cannot make the sandbox: %s; %s, or run with --unconfined, with your own rights to everything",
		strerror(error), advice);
}

struct making {
	struct view *view;
	struct hk_err err;
	int result;
};

static void *make_root(void *arg)
{
	struct making *m = arg;

	m->result = view_enter(m->view, &m->err);
	return NULL;
}

/*
 * The root and the network, at the same time: a network namespace takes the kernel as long as all mounts together. Threads share the root and the working
 * directory; a network namespace is a thread's own, so it is this one that makes it.
 */
static int make_walls(const struct jail_options *o, const struct jail *j, struct view *v, struct hk_err *err)
{
	struct making m = { .view = v };
	pthread_t thread;
	bool apart = !o->net_host && pthread_create(&thread, NULL, make_root, &m) == 0;
	int e = 0;

	if (!o->net_host) {
		e = unshare(CLONE_NEWNET) ? errno : 0;
		if (e == 0)
			loopback_up();
	}
	if (apart)
		pthread_join(thread, NULL);
	else
		make_root(&m);
	if (m.result)
		*err = m.err;
	return e ? no_spaces(e, j, err) : m.result;
}

/* In the new namespaces: make the root, then split into process 1 and the one that goes on. */
static int inside(const struct jail_options *o, struct jail *j, const struct caller *c, struct view *v,
		  struct hk_err *err)
{
	const char *name = o->hostname ? o->hostname : "husk";
	pid_t first;
	int r;

	close(c->alive[1]);
	if (die_with(c))
		return hk_err_set(err, -ESRCH, "husk was ended while it started");
	if (j->user_ns) {
		r = map_user(j, c->uid, c->gid, err);
		if (r)
			return r;
	}
	r = make_walls(o, j, v, err);
	if (r)
		return r;
	j->loader_fd = v->loader;
	j->library_fd = v->libraries;
	if (sethostname(name, strlen(name)))
		return hk_err_set(err, -errno, "--hostname %s: %s", name, strerror(errno));
	first = fork();
	if (first < 0)
		return hk_err_set(err, -errno, "cannot start a process in the sandbox: %s", strerror(errno));
	if (first)
		become_init(j, c, first);
	close(c->alive[0]);
	sigprocmask(SIG_SETMASK, &c->mask, NULL);
	return become(j, err);
}

/* The supervisor's whole life. 1 or -errno. */
static int watch(pid_t init, const struct jail_options *o, int *status, struct hk_err *err)
{
	int r = o->watch ? o->watch->begun(o->watch->arg, init, err) : 0;

	if (r) {
		kill(init, SIGKILL);
		waitpid(init, NULL, 0);
		return r;
	}
	*status = supervise(init, o);
	if (o->watch)
		o->watch->over(o->watch->arg, *status);
	return 1;
}

int jail_enter(const struct jail_options *o, struct jail *j, const int *keep, size_t keeps, int *status,
	       struct hk_err *err)
{
	struct caller c = { .uid = geteuid(), .gid = getegid() };
	struct view *v;
	sigset_t all;
	long pid;

	*j = (struct jail){ .loader_fd = -1, .library_fd = -1, .uid = c.uid, .gid = c.gid };
	if (o->unconfined)
		return 0;
	choose_identity(o, j);
	close_others(keep, keeps);
	v = malloc(sizeof(*v));
	if (!v || pipe2(c.alive, O_CLOEXEC))
		return hk_err_set(err, -ENOMEM, "out of memory or descriptors");
	view_init(v, o, j->uid, j->gid);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &c.mask);
	/* Not fork(): the namespaces come with the child, all but the network's, and the caller stays outside of all of them. */
	pid = syscall(SYS_clone, (wanted_spaces(o, j) & ~(unsigned long)CLONE_NEWNET) | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		int r = inside(o, j, &c, v, err);

		free(v);
		j->inside = true;
		return r;
	}
	free(v);
	if (pid < 0) {
		int e = errno;

		sigprocmask(SIG_SETMASK, &c.mask, NULL);
		return no_spaces(e, j, err);
	}
	/* The caller's pipes are the guest's to close. */
	const int stays[] = { c.alive[1], keeps ? keep[0] : -1 };

	close_others(stays, HK_ARRAY_LEN(stays));
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	return watch((pid_t)pid, o, status, err);
}

int jail_try(bool *user_ns)
{
	const struct jail_options o = { 0 };
	struct jail j = { 0 };
	int status, error = 0;
	long pid;

	choose_identity(&o, &j);
	*user_ns = j.user_ns;
	if (syscall(SYS_mount_setattr, -1, "", 0, NULL, 0) && errno == ENOSYS)
		return -ENOSYS;
	pid = syscall(SYS_clone, wanted_spaces(&o, &j) | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		_exit(view_try());
	if (pid < 0)
		return -errno;
	if (waitpid((pid_t)pid, &status, 0) == pid && WIFEXITED(status))
		error = WEXITSTATUS(status);
	return -error;
}

void jail_show(const struct jail_options *o, FILE *out)
{
	struct view *v = malloc(sizeof(*v));
	struct jail j = { 0 };

	if (!v)
		return;
	choose_identity(o, &j);
	view_init(v, o, j.uid, j.gid);
	fprintf(out, "user: %u, group: %u%s\n", j.uid, j.gid,
		j.user_ns     ? ", alone in a user namespace"
		: j.as_nobody ? " (root started husk; --user chooses another)"
			      : "");
	fprintf(out, "namespaces:\n");
	for (size_t i = 0; i < HK_ARRAY_LEN(spaces); i++)
		if (wanted_spaces(o, &j) & spaces[i].flag)
			fprintf(out, "  %-12s %s\n", spaces[i].name, spaces[i].why);
	view_show(v, out);
	free(v);
}
