/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server: a thread of the monitor that makes system calls for the program's threads while those go on inside the VM, waiting for the answer in their
 * data pages (guest/gate_fast.inc). It polls only while that pays. One a process; it is started when the program makes many calls that it could make.
 */
#ifndef HK_MONITOR_SERVER_H
#define HK_MONITOR_SERVER_H

#include "base/compiler.h"
#include "monitor/monitor.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

#define SERVER_THREADS 64

struct thread;
struct monitor;

/* Who may use a thread's hk_task and vCPU data page just now. */
enum server_owner {
	SERVER_OWNER_MONITOR, /* the thread itself: it is in the monitor */
	SERVER_OWNER_GUEST,   /* nobody: it runs the program */
	SERVER_OWNER_SERVER,  /* the server: it makes a call of this thread's */
};

/* In each struct thread. */
struct server_seat {
	uint32_t owner; /* enum server_owner */
	bool member;
};

struct server {
	enum monitor_io mode;
	bool dear;            /* an exit costs much more than the call */
	bool possible;        /* there is a processor for it */
	pthread_mutex_t lock; /* guards started and the seats' being taken */
	bool started;
	pid_t tid;      /* the server's */
	int first_from; /* the processor of the thread that started it */
	cpu_set_t cpus; /* where the process may run */
	uint32_t awake; /* a futex: 1 while it polls */
	uint32_t stop;  /* it makes no more calls: the threads are no longer alike to the host */
	struct thread *thread[SERVER_THREADS];
	uint32_t seats; /* of which the first so many were used */
	/* When to wake it: exits that it could have saved, since `window_ns`; not before `not_before_ns`. */
	uint64_t window_ns, not_before_ns;
	uint64_t spin; /* looks that a program takes at an answer, on a host where exits are dear */
	unsigned wanted;
	/* Kept by the server thread, read by --stats. */
	uint64_t served, handed_back, late, naps, backoff_ns;
};

/* Before the first thread runs. */
void server_init(struct server *s, enum monitor_io mode, bool dear);
/* In a child of fork: the parent's server is not here. */
void server_forked(struct server *s);
/* A thread begins to run the program, and ends. */
void server_join(struct server *s, struct thread *th);
void server_part(struct server *s, struct thread *th);
/* Around each run of the program: from the first on, the server may use the thread's task; after the second it does not, nor will it. */
void server_let(struct thread *th);
void server_take(struct thread *th);
/* The thread made call nr by an exit. */
void server_saw_exit(struct monitor *m, struct thread *th, uint64_t nr);
/* From now on the threads differ in what the host keeps for each (ids, working directory): no more. */
void server_stop(struct server *s);

#endif
