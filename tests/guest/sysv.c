/* SPDX-License-Identifier: Apache-2.0 */
/* System V semaphores, messages and shared memory, between a process and its child; what they refuse.
 * covers: semget semop semtimedop semctl msgget msgsnd msgrcv msgctl shmget shmat shmdt shmctl */
#include "t.h"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>

static void semaphores(void)
{
	long id = MUST(semget, IPC_PRIVATE, 3, 0600);
	unsigned short all[3] = { 4, 5, 6 };
	struct sembuf up = { 0, 2, 0 }, down = { 1, -9, IPC_NOWAIT }, wait = { 2, -7, 0 };
	struct timespec soon = { 0, 1000000 };
	struct semid_ds set;
	pid_t pid;

	T(semctl, id, 0, SETALL, all);
	T(semop, id, &up, 1);
	T(semctl, id, 0, GETVAL, 0);
	T(semop, id, &down, 1);
	T(semtimedop, id, &wait, 1, &soon);
	T(semctl, id, 1, SETVAL, 77);
	T(semctl, id, 0, GETALL, all);
	printf("%d %d %d\n", all[0], all[1], all[2]);
	T(semctl, id, 0, IPC_STAT, &set);
	printf("%lu, mode %o\n", (unsigned long)set.sem_nsems, set.sem_perm.mode & 0777);
	pid = fork();
	if (pid == 0) {
		struct sembuf one = { 2, 1, 0 };

		_exit(S(semop, id, &one, 1) != 0);
	}
	T(semop, id, &wait, 1);
	waitpid(pid, NULL, 0);
	T_BAD(t_in, semop, id, bad, 1);
	T_BAD(t_in, semctl, id, 0, SETALL, bad);
	T_BAD(t_out, semctl, id, 0, GETALL, bad);
	T_BAD(t_out, semctl, id, 0, IPC_STAT, bad);
	T(semop, id, &up, 0);
	T(semop, id, &up, 1000000);
	T(semctl, id, 9, GETVAL, 0);
	T(semctl, id, 0, 999, 0);
	T(semctl, id, 0, IPC_RMID, 0);
	T(semctl, id, 0, GETALL, all);
	T(semget, IPC_PRIVATE, -1, 0600);
}

static void messages(void)
{
	long id = MUST(msgget, IPC_PRIVATE, 0600);
	struct {
		long type;
		char text[32];
	} m = { 3, "to be sent" }, got = { 0 };
	struct msqid_ds queue;

	T(msgsnd, id, &m, 11, 0);
	m.type = 5;
	T(msgsnd, id, &m, 5, 0);
	T(msgrcv, id, &got, 32, 5, 0);
	printf("%ld %.5s\n", got.type, got.text);
	T(msgrcv, id, &got, 4, 0, 0);
	T(msgrcv, id, &got, 4, 0, MSG_NOERROR);
	T(msgrcv, id, &got, 32, 0, IPC_NOWAIT);
	T(msgctl, id, IPC_STAT, &queue);
	printf("%lu left\n", (unsigned long)queue.msg_qnum);
	m.type = 0;
	T(msgsnd, id, &m, 5, 0);
	m.type = 1;
	T(msgsnd, id, &m, -1, 0);
	T(msgrcv, id, &got, -1, 0, 0);
	T_BAD(t_in, msgsnd, id, bad, 5, 0);
	T_BAD(t_out, msgctl, id, IPC_STAT, bad);
	T(msgctl, id, 999, &queue);
	T(msgctl, id, IPC_RMID, 0);
	T(msgsnd, id, &m, 5, 0);
}

static void memory(void)
{
	long id = MUST(shmget, IPC_PRIVATE, 3 * T_PAGE + 5, 0600);
	char *p = (char *)MUST(shmat, id, 0, 0), *ro = (char *)MUST(shmat, id, 0, SHM_RDONLY), *there;
	struct shmid_ds seg;
	int status;
	pid_t pid;

	strcpy(p, "seen twice");
	puts(ro);
	p[4 * T_PAGE - 1] = 'e';
	OK(ro[4 * T_PAGE - 1] == 'e');
	T(mprotect, ro, T_PAGE, PROT_READ | PROT_WRITE);
	pid = fork();
	if (pid == 0) {
		strcpy(p + T_PAGE, "from a child");
		_exit(S(shmdt, p) != 0);
	}
	waitpid(pid, &status, 0);
	printf("%d %s\n", status, ro + T_PAGE);
	T(shmctl, id, IPC_STAT, &seg);
	printf("%lu bytes, %lu attached\n", (unsigned long)seg.shm_segsz, (unsigned long)seg.shm_nattch);
	there = (char *)MUST(mmap, 0, 8 * T_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	T(shmat, id, there, 0);
	T(shmat, id, there + 5, SHM_REMAP);
	T(shmat, id, 0, SHM_REMAP);
	OK(S(shmat, id, there + T_PAGE + 5, SHM_REMAP | SHM_RND) == (long)(there + T_PAGE));
	puts(there + T_PAGE);
	T(munmap, there + 2 * T_PAGE, T_PAGE);
	T(shmdt, there + 2 * T_PAGE);
	T(shmdt, there + T_PAGE);
	T(shmdt, there + T_PAGE);
	T(shmdt, p);
	T(shmdt, ro + T_PAGE);
	T(shmctl, id, IPC_RMID, 0);
	puts(ro); /* lives on while it is attached */
	T(shmdt, ro);
	T(shmat, id, 0, 0);
	T(shmat, -1, 0, 0);
	T(shmdt, 0);
	T(shmdt, 0xffff888000001000);
	T_BAD(t_out, shmctl, 0, IPC_INFO, bad);
	T(shmctl, 0, 999, 0);
}

MAIN
{
	semaphores();
	messages();
	memory();
}
