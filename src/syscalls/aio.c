/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asynchronous I/O: io_setup, io_submit, io_getevents and relatives. The host does it, on copies of the requests that the guest cannot change any more; in
 * what it reports the copies' addresses are replaced by the guest's own. A context's number is the address of a page, as on Linux, where a library finds no
 * ring that it knows and so makes the calls.
 */
#include "syscalls/args.h"
#include "syscalls/handlers.h"
#include "syscalls/waitmask.h"

#include "mm/uaccess.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define EVENTS_MOST 4096 /* taken by one call */

struct aio_request {
	struct iocb cb; /* the host's copy; first, since the host reports its address */
	uint64_t guest; /* the address of the guest's */
	struct aio_request *next, *prev;
};

struct aio_context {
	struct aio_context *next;
	uint64_t id;                /* as the guest knows it */
	aio_context_t host;         /* as the host does */
	unsigned refs;              /* the list's, and one for each call that is using it */
	struct aio_request *queued; /* whose events the guest has not taken yet */
};

/* ---- contexts ---- */

/* The context of that number, for the caller to use; NULL if there is none. */
static struct aio_context *context_get(struct aio_list *l, uint64_t id)
{
	struct aio_context *c;

	pthread_mutex_lock(&l->lock);
	for (c = l->first; c && c->id != id; c = c->next)
		;
	if (c)
		c->refs++;
	pthread_mutex_unlock(&l->lock);
	return c;
}

/* By the last user the host has forgotten the context and all that was queued. */
static void context_put(struct aio_list *l, struct aio_context *c)
{
	bool last;

	pthread_mutex_lock(&l->lock);
	last = --c->refs == 0;
	pthread_mutex_unlock(&l->lock);
	if (!last)
		return;
	for (struct aio_request *q = c->queued, *next; q; q = next) {
		next = q->next;
		free(q);
	}
	free(c);
}

/* Take the context of that number off the list: the caller has the list's reference. NULL if there is none. */
static struct aio_context *context_take(struct aio_list *l, uint64_t id)
{
	struct aio_context **at, *c;

	pthread_mutex_lock(&l->lock);
	for (at = &l->first; *at && (*at)->id != id; at = &(*at)->next)
		;
	c = *at;
	if (c)
		*at = c->next;
	pthread_mutex_unlock(&l->lock);
	return c;
}

/* A page for the guest to look at. Sets c->id. */
static int64_t make_page(struct hk_task *t, struct aio_context *c)
{
	int64_t r = mm_map(t->proc->mm, GVA(0), HK_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0, NULL);

	if (r < 0)
		return r;
	c->id = (uint64_t)r;
	return 0;
}

int64_t sys_io_setup(struct hk_task *t, const uint64_t a[6])
{
	struct aio_list *l = &t->proc->aio;
	struct aio_context *c;
	uint64_t given;
	int64_t r;

	if (get_guest(&given, GVA(a[1])))
		return -EFAULT;
	if (given)
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->refs = 1;
	r = hk_hostcall(SYS_io_setup, a[0], &c->host);
	if (r == 0) {
		r = make_page(t, c);
		if (r == 0 && put_guest(GVA(a[1]), &c->id)) {
			(void)mm_unmap(t->proc->mm, GVA(c->id), HK_PAGE_SIZE);
			r = -EFAULT;
		}
		if (r)
			hk_hostcall_sure(SYS_io_destroy, c->host);
	}
	if (r) {
		free(c);
		return r;
	}
	pthread_mutex_lock(&l->lock);
	c->next = l->first;
	l->first = c;
	pthread_mutex_unlock(&l->lock);
	return 0;
}

int64_t sys_io_destroy(struct hk_task *t, const uint64_t a[6])
{
	struct aio_context *c = context_take(&t->proc->aio, a[0]);

	if (!c)
		return -EINVAL;
	hk_hostcall_sure(SYS_io_destroy, c->host);
	(void)mm_unmap(t->proc->mm, GVA(c->id), HK_PAGE_SIZE);
	context_put(&t->proc->aio, c);
	return 0;
}

/* ---- requests ---- */

static void enqueue(struct aio_list *l, struct aio_context *c, struct aio_request *q)
{
	pthread_mutex_lock(&l->lock);
	q->prev = NULL;
	q->next = c->queued;
	if (c->queued)
		c->queued->prev = q;
	c->queued = q;
	pthread_mutex_unlock(&l->lock);
}

static void dequeue(struct aio_list *l, struct aio_context *c, struct aio_request *q)
{
	pthread_mutex_lock(&l->lock);
	if (q->next)
		q->next->prev = q->prev;
	if (q->prev)
		q->prev->next = q->next;
	else
		c->queued = q->next;
	pthread_mutex_unlock(&l->lock);
	free(q);
}

/* Make the copied request fit for the host, which is to find the errors: it looks at the descriptors first. */
static void fit_request(const struct fd_guard *g, struct iocb *cb, struct iovec vec[HK_IOV_MAX])
{
	uint64_t len = cb->aio_nbytes;

	if (fd_check(g, (int)cb->aio_fildes))
		cb->aio_fildes = UINT32_MAX;
	if ((cb->aio_flags & IOCB_FLAG_RESFD) && fd_check(g, (int)cb->aio_resfd))
		cb->aio_resfd = UINT32_MAX;
	switch (cb->aio_lio_opcode) {
	case IOCB_CMD_PREAD:
	case IOCB_CMD_PWRITE:
		if ((int64_t)len < 0)
			break; /* EINVAL */
		cb->aio_buf = host_span(cb->aio_buf, &len);
		cb->aio_nbytes = len;
		break;
	case IOCB_CMD_PREADV:
	case IOCB_CMD_PWRITEV:
		cb->aio_buf = host_iov(vec, cb->aio_buf, len);
		break;
	case IOCB_CMD_FSYNC:
	case IOCB_CMD_FDSYNC:
	case IOCB_CMD_POLL: /* a set of events, no address */
		break;
	default:
		cb->aio_buf = HOST_BAD_ADDR; /* whatever a newer host takes it for */
	}
}

/* 0, or what io_submit returns if it is the first. */
static int64_t submit_one(struct hk_task *t, struct aio_context *c, uint64_t at)
{
	const uint32_t key = 0; /* KIOCB_KEY */
	struct aio_list *l = &t->proc->aio;
	struct aio_request *q = malloc(sizeof(*q));
	struct iovec vec[HK_IOV_MAX];
	int64_t r;

	if (!q)
		return -EAGAIN;
	if (get_guest(&q->cb, GVA(at)) || put_guest(GVA(at + offsetof(struct iocb, aio_key)), &key)) {
		free(q);
		return -EFAULT;
	}
	q->guest = at;
	fit_request(&t->proc->fds, &q->cb, vec);
	enqueue(l, c, q);
	r = hk_hostcall(SYS_io_submit, c->host, 1, &(struct iocb *){ &q->cb });
	if (r == 1)
		return 0; /* another thread may have taken its event, and freed q, by now */
	dequeue(l, c, q);
	return r ? r : -EAGAIN;
}

int64_t sys_io_submit(struct hk_task *t, const uint64_t a[6])
{
	struct aio_context *c = context_get(&t->proc->aio, a[0]);
	int64_t done = 0, r = 0;

	if (!c)
		return -EINVAL;
	if ((int64_t)a[1] < 0)
		r = -EINVAL;
	for (; r == 0 && done < (int64_t)a[1]; done += r == 0) {
		uint64_t at;

		r = get_guest(&at, GVA(a[2] + (uint64_t)done * sizeof(at)));
		if (r == 0)
			r = submit_one(t, c, at);
	}
	context_put(&t->proc->aio, c);
	return done ? done : r;
}

int64_t sys_io_cancel(struct hk_task *t, const uint64_t a[6])
{
	struct aio_list *l = &t->proc->aio;
	struct aio_context *c;
	struct aio_request *q;
	struct io_event event;
	uint32_t key;
	int64_t r = -EINVAL;

	if (get_guest(&key, GVA(a[1] + offsetof(struct iocb, aio_key))))
		return -EFAULT;
	c = key ? NULL : context_get(l, a[0]);
	if (!c)
		return -EINVAL;
	pthread_mutex_lock(&l->lock); /* nobody frees it meanwhile */
	for (q = c->queued; q && q->guest != a[1]; q = q->next)
		;
	if (q)
		r = hk_hostcall(SYS_io_cancel, c->host, &q->cb, &event);
	pthread_mutex_unlock(&l->lock);
	context_put(l, c);
	return r;
}

/* ---- events ---- */

/* Give `n` of the host's events to the guest. n or -EFAULT. */
static int64_t hand_over(struct aio_list *l, struct aio_context *c, struct io_event *events, int64_t n, uint64_t to)
{
	for (int64_t i = 0; i < n; i++) {
		struct aio_request *q = (struct aio_request *)(uintptr_t)events[i].obj;

		events[i].obj = q->guest;
		dequeue(l, c, q);
	}
	return n > 0 && copy_to_guest(GVA(to), events, (size_t)n * sizeof(*events)) ? -EFAULT : n;
}

/* `last`: io_pgetevents' sixth argument as the host may have it. */
static int64_t take_events(struct hk_task *t, int64_t nr, const uint64_t a[6], uint64_t last)
{
	struct aio_list *l = &t->proc->aio;
	struct aio_context *c = context_get(l, a[0]);
	uint64_t least = a[1], most = a[2], timeout = host_obj(a[4], struct timespec);
	struct io_event *events = NULL;
	int64_t r;

	/* What the host refuses needs no room: no such context, a negative number, more wanted than there is room for. */
	if (c && (int64_t)most > 0 && least <= most) {
		most = hk_min(most, EVENTS_MOST);
		least = hk_min(least, most);
		events = malloc(most * sizeof(*events));
		if (!events) {
			context_put(l, c);
			return -ENOMEM;
		}
	}
	r = hk_hostcall(nr, c ? c->host : 0, least, most, events, timeout, last);
	if (c) {
		r = hand_over(l, c, events, r, a[3]);
		context_put(l, c);
	}
	free(events);
	return r;
}

int64_t sys_io_getevents(struct hk_task *t, const uint64_t a[6])
{
	return take_events(t, SYS_io_getevents, a, 0);
}

/* The last argument points to a pointer to the mask and the mask's size. */
int64_t sys_io_pgetevents(struct hk_task *t, const uint64_t a[6])
{
	struct {
		uint64_t mask, size;
	} arg;
	uint64_t last = (uint64_t)(uintptr_t)&arg;
	struct wait_mask m = { .given = false };

	if (a[5] == 0)
		last = 0;
	else if (get_guest(&arg, GVA(a[5])))
		last = HOST_BAD_ADDR;
	else
		arg.mask = wait_mask_host(arg.mask, arg.size, &m);
	return wait_mask_done(t, &m, take_events(t, SYS_io_pgetevents, a, last));
}
