/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one program for tests/run-guests, with as few processes as can be (under tools/stock-kvm each costs tens of milliseconds).
 *   guest-runner run UID GID KVM-GID SECONDS INPUT DIR RESULTS K=V… -- PROGRAM ARGS…
 *       Run in DIR, made for it and removed again; leave RESULTS/out, err, status (as a shell has it; 124 = out of time) and tree: what
 *       lies in DIR afterwards. UID 0 means: stay who we are.
 *   guest-runner compare A B NAME…
 *       Exit status 0 if A/NAME and B/NAME have the same contents for every NAME, else 1.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "guest-runner: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* FNV-1a: tells two files apart, no more is asked of it. */
static uint64_t hash_file(int dir, const char *name)
{
	static unsigned char buf[65536];
	uint64_t h = 0xcbf29ce484222325;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++)
			h = (h ^ buf[i]) * 0x100000001b3;
	if (fd >= 0)
		close(fd);
	return fd < 0 ? 0 : h;
}

static void describe(FILE *out, int dir, const char *name, const char *path, const struct stat *st)
{
	char target[PATH_MAX] = "";
	bool is_dir = S_ISDIR(st->st_mode);

	if (S_ISLNK(st->st_mode) && readlinkat(dir, name, target, sizeof(target) - 1) < 0)
		strcpy(target, "?");
	fprintf(out, "%s mode %o owner %u:%u links %lu size %ld %s %016lx\n", path, st->st_mode, st->st_uid, st->st_gid,
		is_dir ? 0 : (unsigned long)st->st_nlink, is_dir ? 0 : (long)st->st_size, target,
		S_ISREG(st->st_mode) ? (unsigned long)hash_file(dir, name) : 0);
}

/* List what is below (sorted) and remove it. Deep and long paths are walked by descriptors. */
static void sweep(FILE *out, int parent, const char *name, const char *path)
{
	int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	struct dirent **list;
	int n = dir < 0 ? -1 : scandirat(dir, ".", &list, NULL, alphasort);

	if (n < 0)
		fprintf(out, "%s: %s\n", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *entry = list[i]->d_name;
		struct stat st;
		char *below;

		if (!strcmp(entry, ".") || !strcmp(entry, "..") ||
		    asprintf(&below, "%s%s%s", path, *path ? "/" : "", entry) < 0)
			continue;
		if (fstatat(dir, entry, &st, AT_SYMLINK_NOFOLLOW)) {
			fprintf(out, "%s: %s\n", below, strerror(errno));
		} else {
			describe(out, dir, entry, below, &st);
			if (S_ISDIR(st.st_mode)) {
				fchmodat(dir, entry, 0700, 0);
				sweep(out, dir, entry, below);
			}
			unlinkat(dir, entry, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
		}
		free(below);
		free(list[i]);
	}
	if (dir >= 0)
		close(dir);
}

static int result(const char *results, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", results, name);
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

struct job {
	uid_t uid;
	gid_t gid, kvm;
	unsigned seconds;
	const char *input, *dir, *results;
	char **env, **argv;
};

static _Noreturn void child(const struct job *j)
{
	int in = open(j->input, O_RDONLY), out = result(j->results, "out"), err = result(j->results, "err");

	if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		die("redirect");
	close(in);
	if (setpgid(0, 0) || chdir(j->dir))
		die(j->dir);
	if (j->uid && (setgroups(1, &j->kvm) || setresgid(j->gid, j->gid, j->gid) || setresuid(j->uid, j->uid, j->uid)))
		die("become an ordinary user");
	execve(j->argv[0], j->argv, j->env);
	die(j->argv[0]);
	_exit(2);
}

static volatile sig_atomic_t alarmed;

static void on_alarm(int sig)
{
	(void)sig;
	alarmed = 1;
}

static int run(const struct job *j)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	int status, exit_status;
	FILE *f;
	pid_t pid;

	if ((mkdir(j->results, 0755) && errno != EEXIST) || mkdir(j->dir, 0755) ||
	    (j->uid && chown(j->dir, j->uid, j->gid)))
		die(j->dir);
	sigaction(SIGALRM, &sa, NULL);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		child(j);
	alarm(j->seconds);
	while (waitpid(pid, &status, 0) < 0)
		if (alarmed)
			kill(-pid, SIGKILL), kill(pid, SIGKILL);
	alarm(0);
	kill(-pid, SIGKILL); /* whatever it left running */
	exit_status = alarmed ? 124 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	f = fdopen(result(j->results, "status"), "w");
	if (!f || fprintf(f, "%d\n", exit_status) < 0 || fclose(f))
		die("status");
	f = fdopen(result(j->results, "tree"), "w");
	if (!f)
		die("tree");
	sweep(f, AT_FDCWD, j->dir, "");
	fclose(f);
	if (rmdir(j->dir))
		die(j->dir);
	return 0;
}

static char *load(const char *dir, const char *name, size_t *len)
{
	char path[PATH_MAX], *text;
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		die(path);
	*len = (size_t)st.st_size;
	text = malloc(*len + 1);
	if (!text || read(fd, text, *len) != st.st_size)
		die(path);
	close(fd);
	return text;
}

static int compare(char **argv)
{
	for (char **name = argv + 2; *name; name++) {
		size_t a, b;
		char *x = load(argv[0], *name, &a), *y = load(argv[1], *name, &b);

		if (a != b || (a && memcmp(x, y, a)))
			return 1;
		free(x);
		free(y);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct job j;
	int i;

	if (argc >= 5 && !strcmp(argv[1], "compare"))
		return compare(argv + 2);
	if (argc < 11 || strcmp(argv[1], "run"))
		return fputs("guest-runner: for tests/run-guests; see its source\n", stderr), 2;
	j = (struct job){ (uid_t)atoi(argv[2]),
			  (gid_t)atoi(argv[3]),
			  (gid_t)atoi(argv[4]),
			  (unsigned)atoi(argv[5]),
			  argv[6],
			  argv[7],
			  argv[8],
			  argv + 9,
			  NULL };
	for (i = 9; i < argc && strcmp(argv[i], "--"); i++)
		;
	if (i + 1 >= argc)
		return 2;
	argv[i] = NULL;
	j.argv = argv + i + 1;
	return run(&j);
}
