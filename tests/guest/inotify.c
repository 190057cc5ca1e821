/* SPDX-License-Identifier: Apache-2.0 */
/* Watching files: each kind of event once, errors.
 * covers: inotify_init inotify_init1 inotify_add_watch inotify_rm_watch */
#include "t.h"

#include <sys/inotify.h>
#include <sys/ioctl.h>

static void drain(long fd)
{
	static char buf[8192] __attribute__((aligned(8)));
	long n;

	while ((n = S(read, fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			struct inotify_event *e = (struct inotify_event *)(buf + at);

			printf("  event wd %d mask %x cookie %s name %s\n", e->wd, e->mask, e->cookie ? "yes" : "no",
			       e->len ? e->name : "");
			at += (long)sizeof(*e) + e->len;
		}
	}
	t_show("end", "", n);
}

MAIN
{
	long i = T(inotify_init1, IN_NONBLOCK | IN_CLOEXEC), j = T(inotify_init), f;
	int queued = 0;
	char small[8];

	T(inotify_init1, 1);
	T(fcntl, i, F_GETFD);
	T(fcntl, i, F_GETFL);
	MUST(mkdir, "d", 0755);
	t_file("f", "x");
	T(inotify_add_watch, i, "d", IN_ALL_EVENTS);
	T(inotify_add_watch, i, "f", IN_MODIFY | IN_ONESHOT);
	T(inotify_add_watch, i, "d", IN_ALL_EVENTS);
	t_file("d/new", "1");
	T(ioctl, i, FIONREAD, &queued);
	OK(queued > 0);
	T(read, i, small, sizeof(small));
	drain(i);
	MUST(rename, "d/new", "d/newer");
	MUST(chmod, "d/newer", 0600);
	MUST(mkdir, "d/sub", 0755);
	MUST(rmdir, "d/sub");
	MUST(unlink, "d/newer");
	drain(i);
	f = MUST(open, "f", O_RDWR);
	MUST(write, f, "abc", 3);
	MUST(write, f, "abc", 3);
	drain(i);
	T(inotify_add_watch, i, "f", 0);
	T(inotify_add_watch, i, "none", IN_MODIFY);
	T(inotify_add_watch, i, "f", IN_ONLYDIR | IN_MODIFY);
	T(inotify_add_watch, i, "d", IN_MASK_CREATE | IN_MODIFY);
	T(inotify_add_watch, i, "d", IN_MASK_CREATE | IN_MASK_ADD | IN_MODIFY);
	T(inotify_add_watch, f, "d", IN_MODIFY);
	T(inotify_add_watch, 99, "d", IN_MODIFY);
	T_BAD(t_in, inotify_add_watch, i, bad, IN_MODIFY);
	T(inotify_rm_watch, i, 1);
	T(inotify_rm_watch, i, 1);
	T(inotify_rm_watch, f, 1);
	T(inotify_rm_watch, 99, 1);
	drain(i);
	T(inotify_add_watch, i, "d", IN_DELETE_SELF);
	MUST(rmdir, "d");
	drain(i);
	T(close, j);
}
