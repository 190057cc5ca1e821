/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/threads.h"

#include "kern/task.h"

void task_list_init(struct task_list *l)
{
	pthread_mutex_init(&l->lock, NULL);
	l->first = NULL;
	l->count = 0;
}

void task_list_add(struct task_list *l, struct hk_task *t)
{
	pthread_mutex_lock(&l->lock);
	t->prev = NULL;
	t->next = l->first;
	if (l->first)
		l->first->prev = t;
	l->first = t;
	l->count++;
	pthread_mutex_unlock(&l->lock);
}

void task_list_remove(struct task_list *l, struct hk_task *t)
{
	pthread_mutex_lock(&l->lock);
	if (t->next)
		t->next->prev = t->prev;
	if (t->prev)
		t->prev->next = t->next;
	else
		l->first = t->next;
	t->next = t->prev = NULL;
	l->count--;
	pthread_mutex_unlock(&l->lock);
}

/* The thread of that number, or NULL; the lock is held. */
static struct hk_task *find(struct task_list *l, pid_t tid)
{
	struct hk_task *t;

	for (t = l->first; t && t->tid != tid; t = t->next)
		;
	return t;
}

bool task_list_has(struct task_list *l, pid_t tid)
{
	bool has;

	pthread_mutex_lock(&l->lock);
	has = find(l, tid);
	pthread_mutex_unlock(&l->lock);
	return has;
}

bool task_list_blocked(struct task_list *l, pid_t tid, uint64_t *set)
{
	struct hk_task *t;

	pthread_mutex_lock(&l->lock);
	t = find(l, tid);
	if (t)
		*set = signal_blocked(t);
	pthread_mutex_unlock(&l->lock);
	return t;
}

bool task_list_robust(struct task_list *l, pid_t tid, uint64_t *head)
{
	struct hk_task *t;

	pthread_mutex_lock(&l->lock);
	t = find(l, tid);
	if (t)
		*head = __atomic_load_n(&t->robust_list.v, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&l->lock);
	return t;
}

unsigned task_list_count(struct task_list *l)
{
	unsigned n;

	pthread_mutex_lock(&l->lock);
	n = l->count;
	pthread_mutex_unlock(&l->lock);
	return n;
}
