/* SPDX-License-Identifier: Apache-2.0 */
#include "base/output.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

/* The lock guards the two and the process's limit. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t limit = RLIM_INFINITY;
static unsigned users;

static void set_soft(uint64_t soft)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_FSIZE, &now))
		return;
	now.rlim_cur = soft < now.rlim_max ? soft : now.rlim_max;
	(void)setrlimit(RLIMIT_FSIZE, &now);
}

void hk_output_limit(uint64_t soft)
{
	pthread_mutex_lock(&lock);
	__atomic_store_n(&limit, soft, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&lock);
}

void hk_output_forked(void)
{
	pthread_mutex_init(&lock, NULL);
	if (users)
		set_soft(limit);
	users = 0;
}

void hk_output_begin(void)
{
	pthread_mutex_lock(&lock);
	if (users++ == 0 && limit != RLIM_INFINITY)
		set_soft(RLIM_INFINITY);
	pthread_mutex_unlock(&lock);
}

void hk_output_end(void)
{
	pthread_mutex_lock(&lock);
	if (--users == 0 && limit != RLIM_INFINITY)
		set_soft(limit);
	pthread_mutex_unlock(&lock);
}

/* A pipe that somebody has made non-blocking: a reader that stands still loses the rest. */
static int has_room(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 1000) != 0;
}

int hk_write_all(int fd, const char *data, size_t len)
{
	int r = 0;

	hk_output_begin();
	while (len && r == 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && (errno == EINTR || (errno == EAGAIN && has_room(fd))))
			continue;
		if (n <= 0)
			r = n < 0 ? -errno : -EIO;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	hk_output_end();
	return r;
}
