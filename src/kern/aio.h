/* SPDX-License-Identifier: Apache-2.0 */
/* A process's contexts of asynchronous I/O (io_setup(2)); syscalls/aio.c knows what is in them. */
#ifndef HK_KERN_AIO_H
#define HK_KERN_AIO_H

#include <pthread.h>
#include <stddef.h>

struct aio_context;

struct aio_list {
	pthread_mutex_t lock; /* guards the list and what is in the contexts */
	struct aio_context *first;
};

/* At the start; and in a child, which has none of its parent's contexts, whoever held the lock there. */
static inline void aio_list_init(struct aio_list *l)
{
	pthread_mutex_init(&l->lock, NULL);
	l->first = NULL;
}

#endif
