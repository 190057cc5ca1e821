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

bool task_list_has(struct task_list *l, pid_t tid)
{
	struct hk_task *t;

	pthread_mutex_lock(&l->lock);
	for (t = l->first; t && t->tid != tid; t = t->next)
		;
	pthread_mutex_unlock(&l->lock);
	return t != NULL;
}

unsigned task_list_count(struct task_list *l)
{
	unsigned n;

	pthread_mutex_lock(&l->lock);
	n = l->count;
	pthread_mutex_unlock(&l->lock);
	return n;
}
