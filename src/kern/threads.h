/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of a guest process. Not on the list: the monitor's own threads, which no guest may see or signal. */
#ifndef HK_KERN_THREADS_H
#define HK_KERN_THREADS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct hk_task;

struct task_list {
	pthread_mutex_t lock; /* guards the rest, and next and prev of each; the last to be taken */
	struct hk_task *first;
	unsigned count;
};

void task_list_init(struct task_list *l);
void task_list_add(struct task_list *l, struct hk_task *t);
void task_list_remove(struct task_list *l, struct hk_task *t);

/* Is tid one of them? It may end at any time after. */
bool task_list_has(struct task_list *l, pid_t tid);
/* The signals that the thread has blocked; false if there is none of that number. */
bool task_list_blocked(struct task_list *l, pid_t tid, uint64_t *set);
/* Where its robust list is, the same. */
bool task_list_robust(struct task_list *l, pid_t tid, uint64_t *head);
unsigned task_list_count(struct task_list *l);

#endif
