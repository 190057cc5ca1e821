/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System V semaphores, messages and shared memory, POSIX message queues: the host's, which in a sandbox are those of the sandbox's own namespace. sysvipc(7),
 * mq_overview(7).
 */
#include "syscalls/args.h"
#include "syscalls/handlers.h"
#include "syscalls/pass.h"

#include "mm/uaccess.h"

#include <errno.h>
#include <limits.h>
#include <mqueue.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>

#define SEMS_MOST     65536     /* in a set: the most that a host can be set to */
#define MQ_BYTES_MOST (1 << 24) /* in a message of a queue, likewise */
#define MQ_COOKIE     32        /* what mq_notify reads behind a SIGEV_THREAD's pointer */
#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY 20
#endif
#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY 13
#endif
#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif

/* ---- semaphores ---- */

PASS_FN(sys_semget)
{
	return hk_hostcall(SYS_semget, a[0], a[1], a[2]);
}

static uint64_t sem_ops(const uint64_t a[6])
{
	return host_addr(a[1], hk_min((uint32_t)a[2], SEMS_MOST) * sizeof(struct sembuf));
}

PASS_FN(sys_semop)
{
	return hk_hostcall(SYS_semop, a[0], sem_ops(a), a[2]);
}

PASS_FN(sys_semtimedop)
{
	return hk_hostcall(SYS_semtimedop, a[0], sem_ops(a), a[2], host_obj(a[3], struct timespec));
}

/* GETALL and SETALL: an array as long as the set, by way of a buffer as long as the longest. */
static int64_t sem_all(const uint64_t a[6], int cmd)
{
	unsigned short *values = calloc(SEMS_MOST, sizeof(*values));
	struct semid_ds set;
	int64_t r;

	if (!values)
		return -ENOMEM;
	r = hk_hostcall(SYS_semctl, a[0], 0, IPC_STAT, &set);
	if (r == 0 && cmd == SETALL && copy_from_guest(values, GVA(a[3]), hk_min(set.sem_nsems, SEMS_MOST) * 2))
		r = -EFAULT;
	if (r == 0)
		r = hk_hostcall(SYS_semctl, a[0], a[1], cmd, values);
	if (r == 0 && cmd == GETALL && copy_to_guest(GVA(a[3]), values, hk_min(set.sem_nsems, SEMS_MOST) * 2))
		r = -EFAULT;
	free(values);
	return r;
}

PASS_FN(sys_semctl)
{
	switch ((int)a[2]) {
	case GETALL:
	case SETALL:
		return sem_all(a, (int)a[2]);
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
	case IPC_SET:
		return hk_hostcall(SYS_semctl, a[0], a[1], a[2], host_obj(a[3], struct semid_ds));
	case IPC_INFO:
	case SEM_INFO:
		return hk_hostcall(SYS_semctl, a[0], a[1], a[2], host_obj(a[3], struct seminfo));
	case IPC_RMID:
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
	case SETVAL: /* a number */
		return hk_hostcall(SYS_semctl, a[0], a[1], a[2], a[3]);
	default:
		return -EINVAL;
	}
}

/* ---- messages ---- */

PASS_FN(sys_msgget)
{
	return hk_hostcall(SYS_msgget, a[0], a[1]);
}

PASS_FN(sys_msgsnd)
{
	/* A negative size is the host's to refuse, before it reads the text. */
	uint64_t text = (int64_t)a[2] < 0 ? 0 : hk_min(a[2], INT_MAX);

	return hk_hostcall(SYS_msgsnd, a[0], host_addr(a[1], sizeof(long) + text), a[2], a[3]);
}

/* The host writes as much as the message has: room behind the guest's end is no room. */
PASS_FN(sys_msgrcv)
{
	uint64_t buf = host_addr(a[1], sizeof(long)), size = a[2];

	if ((int64_t)size >= 0 && buf != HOST_BAD_ADDR)
		size = hk_min(size, HK_GUEST_MAX - sizeof(long) - hk_min(buf, HK_GUEST_MAX - sizeof(long)));
	return hk_hostcall(SYS_msgrcv, a[0], buf, size, a[3], a[4]);
}

PASS_FN(sys_msgctl)
{
	switch ((int)a[1]) {
	case IPC_STAT:
	case MSG_STAT:
	case MSG_STAT_ANY:
	case IPC_SET:
		return hk_hostcall(SYS_msgctl, a[0], a[1], host_obj(a[2], struct msqid_ds));
	case IPC_INFO:
	case MSG_INFO:
		return hk_hostcall(SYS_msgctl, a[0], a[1], host_obj(a[2], struct msginfo));
	case IPC_RMID:
		return hk_hostcall(SYS_msgctl, a[0], a[1], 0);
	default:
		return -EINVAL;
	}
}

/* ---- shared memory ---- */

PASS_FN(sys_shmget)
{
	return hk_hostcall(SYS_shmget, a[0], a[1], a[2]);
}

int64_t sys_shmat(struct hk_task *t, const uint64_t a[6])
{
	return mm_shm_attach(t->proc->mm, (int)a[0], GVA(a[1]), (int)a[2]);
}

int64_t sys_shmdt(struct hk_task *t, const uint64_t a[6])
{
	return mm_shm_detach(t->proc->mm, GVA(a[0]));
}

PASS_FN(sys_shmctl)
{
	switch ((int)a[1]) {
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
	case IPC_SET:
		return hk_hostcall(SYS_shmctl, a[0], a[1], host_obj(a[2], struct shmid_ds));
	case IPC_INFO:
		return hk_hostcall(SYS_shmctl, a[0], a[1], host_obj(a[2], struct shminfo));
	case SHM_INFO:
		return hk_hostcall(SYS_shmctl, a[0], a[1], host_obj(a[2], struct shm_info));
	case IPC_RMID:
	case SHM_LOCK:
	case SHM_UNLOCK:
		return hk_hostcall(SYS_shmctl, a[0], a[1], 0);
	default:
		return -EINVAL;
	}
}

/* ---- POSIX message queues ---- */

PASS_FN(sys_mq_open)
{
	char name[PATH_MAX + 2];

	return hk_hostcall(SYS_mq_open, host_str(name, sizeof(name), a[0]), a[1], a[2], host_obj(a[3], struct mq_attr));
}

PASS_FN(sys_mq_unlink)
{
	char name[PATH_MAX + 2];

	return hk_hostcall(SYS_mq_unlink, host_str(name, sizeof(name), a[0]));
}

PASS_FN(sys_mq_timedsend)
{
	return hk_hostcall(SYS_mq_timedsend, a[0], host_addr(a[1], hk_min(a[2], MQ_BYTES_MOST)), a[2], a[3],
			   host_obj(a[4], struct timespec));
}

PASS_FN(sys_mq_timedreceive)
{
	return hk_hostcall(SYS_mq_timedreceive, a[0], host_addr(a[1], hk_min(a[2], MQ_BYTES_MOST)), a[2],
			   host_obj(a[3], unsigned), host_obj(a[4], struct timespec));
}

/* With SIGEV_THREAD, as the C library uses it, the value points to a cookie and the signal is a descriptor. */
int64_t sys_mq_notify(struct hk_task *t, const uint64_t a[6])
{
	struct sigevent event;

	if (a[1] == 0)
		return hk_hostcall(SYS_mq_notify, a[0], 0);
	if (get_guest(&event, GVA(a[1])))
		return -EFAULT;
	if (event.sigev_notify == SIGEV_THREAD) {
		uint64_t cookie = host_addr((uint64_t)(uintptr_t)event.sigev_value.sival_ptr, MQ_COOKIE);

		event.sigev_value.sival_ptr = (void *)(uintptr_t)cookie;
		if (fd_check(&t->proc->fds, event.sigev_signo))
			event.sigev_signo = -1;
	}
	return hk_hostcall(SYS_mq_notify, a[0], &event);
}

PASS_FN(sys_mq_getsetattr)
{
	return hk_hostcall(SYS_mq_getsetattr, a[0], host_obj(a[1], struct mq_attr), host_obj(a[2], struct mq_attr));
}
