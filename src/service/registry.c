/* SPDX-License-Identifier: Apache-2.0 */
#include "service/registry.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

bool registry_name_ok(const char *name)
{
	size_t n = strlen(name);

	/* A number is the id of a sandbox without a name. */
	if (!isalpha((unsigned char)name[0]) || n >= SANDBOX_ID_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
			return false;
	return true;
}

/* /tmp is everybody's: what lies there under our name may be another's, and is then refused by who opens it. */
static int directory_path(char path[PATH_MAX])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int n;

	if (geteuid() == 0) {
		n = snprintf(path, PATH_MAX, "/run/husk");
	} else if (runtime && runtime[0] == '/') {
		n = snprintf(path, PATH_MAX, "%s/husk", runtime);
	} else {
		snprintf(path, PATH_MAX, "/run/user/%u", geteuid());
		n = snprintf(path, PATH_MAX, access(path, W_OK) ? "/tmp/husk-%u" : "/run/user/%u/husk", geteuid());
	}
	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* The directory, locked: who adds, lists or takes away is alone with it. */
static int open_directory(struct hk_err *err)
{
	char path[PATH_MAX];
	struct stat st;
	int r = directory_path(path), dir;

	if (r)
		return hk_err_set(err, r, "the path of the list of sandboxes is too long; see XDG_RUNTIME_DIR");
	if (mkdir(path, 0700) && errno != EEXIST)
		return hk_err_set(err, -errno, "cannot make %s for the list of sandboxes: %s", path, strerror(errno));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return hk_err_set(err, -errno, "cannot open %s, the list of sandboxes: %s", path, strerror(errno));
	if (fstat(dir, &st) || st.st_uid != geteuid() || st.st_mode & 077) {
		close(dir);
		return hk_err_set(err, -EPERM,
				  "%s is not yours alone (mode 0700); take it away, or set XDG_RUNTIME_DIR", path);
	}
	if (flock(dir, LOCK_EX)) {
		r = hk_err_set(err, -errno, "cannot lock %s: %s", path, strerror(errno));
		close(dir);
		return r;
	}
	return dir;
}

/* The file of a sandbox that lives, or -ENOENT; one of a dead sandbox is taken away. Under the directory's lock. */
static int open_live(int dir, const char *id)
{
	int fd = openat(dir, id, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK)
		return fd;
	close(fd);
	unlinkat(dir, id, 0);
	return -ENOENT;
}

int registry_name_free(const char *name, struct hk_err *err)
{
	HK_CLOSE int dir = open_directory(err);
	int fd = dir < 0 ? dir : open_live(dir, name);

	if (dir < 0)
		return dir;
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return hk_err_set(err, fd, "--name %s: %s", name, strerror(-fd));
	close(fd);
	return hk_err_set(err, -EEXIST, "--name %s: a sandbox of that name runs already; see husk ps", name);
}

/* The command line, without what would move a terminal's cursor. */
static void join(char *const *argv, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; argv[i] && n + 1 < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i ? " " : "", argv[i]);
	for (char *p = out; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

static int write_entry(struct registration *r, pid_t init)
{
	char command[sizeof(((struct sandbox *)0)->command)] = "";
	int fd;

	if (r->name)
		snprintf(r->id, sizeof(r->id), "%s", r->name);
	else
		snprintf(r->id, sizeof(r->id), "%d", getpid());
	fd = open_live(r->dir, r->id);
	if (fd >= 0) {
		close(fd);
		return -EEXIST;
	}
	r->file = openat(r->dir, r->id, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (r->file < 0)
		return -errno;
	join(r->argv, command, sizeof(command));
	if (flock(r->file, LOCK_EX) || dprintf(r->file, "%d %d\n%s\n", getpid(), init, command) < 0)
		return -errno;
	return 0;
}

static int write_pidfile(struct registration *r, struct hk_err *err)
{
	HK_CLOSE int fd = open(r->pidfile, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || dprintf(fd, "%d\n", getpid()) < 0)
		return hk_err_set(err, -errno, "--pidfile %s: %s", r->pidfile, strerror(errno));
	r->pidfile_made = true;
	return 0;
}

int registry_enter(struct registration *r, pid_t init, struct hk_err *err)
{
	int e;

	r->file = -1;
	r->dir = open_directory(r->name ? err : NULL);
	if (r->dir < 0 && r->name)
		return r->dir;
	e = r->dir < 0 ? 0 : write_entry(r, init);
	if (e && r->name)
		e = hk_err_set(err, e, "--name %s: %s", r->name,
			       e == -EEXIST ? "a sandbox of that name runs already; see husk ps" : strerror(-e));
	if (r->dir >= 0)
		flock(r->dir, LOCK_UN);
	if ((e && r->name) || (r->pidfile && (e = write_pidfile(r, err)))) {
		registry_leave(r, -1);
		return e;
	}
	return 0;
}

void registry_leave(struct registration *r, int status)
{
	if (r->pidfile_made)
		unlink(r->pidfile);
	if (r->file >= 0) {
		/* Who waits holds the file open. */
		if (status >= 0)
			dprintf(r->file, "status %d\n", status);
		unlinkat(r->dir, r->id, 0);
		close(r->file);
	}
	if (r->dir >= 0)
		close(r->dir);
	r->pidfile_made = false;
	r->dir = r->file = -1;
}

/* Into *s from the file of a sandbox that lives. 0 or -errno. */
static int read_entry(int dir, const char *id, struct sandbox *s)
{
	HK_CLOSE int fd = open_live(dir, id);
	char text[sizeof(s->command) + 64];
	ssize_t n;
	int at = 0;

	if (fd < 0)
		return fd;
	n = pread(fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	if (sscanf(text, "%d %d%n", &s->supervisor, &s->init, &at) != 2 || !at || text[at] != '\n')
		return -EINVAL;
	snprintf(s->id, sizeof(s->id), "%s", id);
	snprintf(s->command, sizeof(s->command), "%.*s", (int)strcspn(text + at + 1, "\n"), text + at + 1);
	return 0;
}

static int by_id(const void *a, const void *b)
{
	return strverscmp(((const struct sandbox *)a)->id, ((const struct sandbox *)b)->id);
}

int registry_list(struct sandbox **list, struct hk_err *err)
{
	int dir = open_directory(err), count = 0, r = 0;
	DIR *d = dir < 0 ? NULL : fdopendir(dir);
	struct dirent *e;

	*list = NULL;
	if (dir < 0)
		return dir;
	if (!d) {
		close(dir);
		return hk_err_set(err, -ENOMEM, "out of memory");
	}
	while (r == 0 && (e = readdir(d))) {
		struct sandbox s, *more;

		if (e->d_name[0] == '.' || strlen(e->d_name) >= SANDBOX_ID_MAX || read_entry(dir, e->d_name, &s))
			continue;
		more = reallocarray(*list, (size_t)count + 1, sizeof(s));
		if (more) {
			more[count++] = s;
			*list = more;
		} else {
			r = hk_err_set(err, -ENOMEM, "out of memory");
		}
	}
	closedir(d);
	if (r) {
		free(*list);
		*list = NULL;
		return r;
	}
	if (count)
		qsort(*list, (size_t)count, sizeof(**list), by_id);
	return count;
}

int registry_status(int file)
{
	char text[sizeof(((struct sandbox *)0)->command) + 96], *at;
	ssize_t n = pread(file, text, sizeof(text) - 1, 0);
	int status;

	text[n > 0 ? n : 0] = '\0';
	/* The third line: the second has no line feed of its own. */
	at = strchr(text, '\n');
	at = at ? strchr(at + 1, '\n') : NULL;
	return at && sscanf(at + 1, "status %d\n", &status) == 1 ? status : -ESRCH;
}

int registry_open(const char *id, struct sandbox *s, struct hk_err *err)
{
	int file, fd = registry_await(id, s, &file, err);

	if (fd >= 0)
		close(file);
	return fd;
}

int registry_await(const char *id, struct sandbox *s, int *file, struct hk_err *err)
{
	HK_CLOSE int dir = open_directory(err);
	int fd;

	if (dir < 0)
		return dir;
	if (strchr(id, '/') || id[0] == '.' || strlen(id) >= SANDBOX_ID_MAX || read_entry(dir, id, s))
		return hk_err_set(err, -ESRCH, "no sandbox %s runs; see husk ps", id);
	fd = (int)syscall(SYS_pidfd_open, s->supervisor, 0);
	if (fd < 0)
		return hk_err_set(err, -errno, "sandbox %s: %s", id, strerror(errno));
	/* Its lock is still held: what was opened under that number is the supervisor, and no process that came after it. */
	*file = open_live(dir, id);
	if (*file >= 0)
		return fd;
	close(fd);
	return hk_err_set(err, -ESRCH, "no sandbox %s runs; see husk ps", id);
}
