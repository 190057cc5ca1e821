/* SPDX-License-Identifier: Apache-2.0 */
/* husk's own system calls, which operating-systems courses add to Linux (include/husk/guest.h). */
#include "kern/family.h"
#include "mm/uaccess.h"
#include "procfs/procfs.h"
#include "syscalls/handlers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- make_vcpu ---- */

struct marked {
	struct {
		pid_t tid;
		unsigned vcpu;
	} thread[FAMILY_SLOTS];
	unsigned count;
};

static void note_thread(pid_t tid, unsigned vcpu, void *ctx)
{
	struct marked *m = ctx;

	if (m->count == FAMILY_SLOTS)
		return;
	m->thread[m->count].tid = tid;
	m->thread[m->count].vcpu = vcpu;
	m->count++;
}

static void log_marked(struct klog *log, pid_t pid, const struct marked *m)
{
	char comm[PROC_COMM_MAX];

	procfs_comm(pid, pid, comm);
	klog_write(log, "make_vcpu: process %d: %u threads, comm %s", (int)pid, m->count, comm);
	for (unsigned i = 0; i < m->count; i++) {
		procfs_comm(pid, m->thread[i].tid, comm);
		klog_write(log, "make_vcpu: thread %d of %d: vcpu %u, comm %s", (int)m->thread[i].tid, (int)pid,
			   m->thread[i].vcpu, comm);
	}
}

/* As sched_setaffinity(2) has it, but for capabilities: root may, and whoever is the same user. */
static bool may_mark(const struct proc_process *p)
{
	uid_t self = geteuid();

	return self == 0 || self == p->uid || self == p->euid;
}

int64_t sys_make_vcpu(struct hk_task *t, const uint64_t a[6])
{
	pid_t pid = (pid_t)a[0];
	struct proc_process process;
	struct marked *m;
	int64_t r;

	if (pid < 0)
		return -EINVAL;
	pid = pid ? pid : getpid();
	r = procfs_process(t, pid, &process);
	if (r)
		return r;
	if (!may_mark(&process))
		return -EPERM;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	r = family_mark(t->proc->family, pid, note_thread, m);
	if (r)
		log_marked(&t->proc->family->log, pid, m);
	free(m);
	return r ? r : -ESRCH;
}

/* ---- get_ptree ---- */

/* struct prinfo of husk/guest.h. */
struct prinfo {
	int32_t parent_pid, pid;
	int64_t state;
	uint32_t uid;
	char comm[16];
	int32_t level;
};

_Static_assert(sizeof(struct prinfo) == 40, "as in husk/guest.h");

/* The bit of the kernel's task states, for a letter of proc(5). */
static int64_t state_bits(char state)
{
	switch (state) {
	case 'S':
		return 1;
	case 'D':
	case 'I':
		return 2;
	case 'T':
		return 4;
	case 't':
		return 8;
	case 'X':
		return 16;
	case 'Z':
		return 32;
	default:
		return 0;
	}
}

static int put_process(gva_t to, const struct proc_process *p)
{
	struct prinfo info = {
		.parent_pid = p->parent, .pid = p->pid, .state = state_bits(p->state), .uid = p->uid, .level = p->level
	};

	memcpy(info.comm, p->comm, sizeof(info.comm));
	return put_guest(to, &info);
}

int64_t sys_get_ptree(struct hk_task *t, const uint64_t a[6])
{
	struct proc_process *tree = NULL;
	int32_t room;
	int n, r = 0;

	if (!a[0] || !a[1])
		return -EINVAL;
	if (get_guest(&room, GVA(a[1])))
		return -EFAULT;
	if (room < 1)
		return -EINVAL;
	n = procfs_tree(t, (pid_t)a[2], &tree);
	if (n < 0)
		return n;
	n = hk_min(n, room);
	for (int i = 0; i < n && r == 0; i++)
		r = put_process(GVA(a[0] + (uint64_t)i * sizeof(struct prinfo)), &tree[i]);
	free(tree);
	return r || put_guest(GVA(a[1]), &n) ? -EFAULT : 0;
}

int64_t sys_get_ptree_dummy(struct hk_task *t, const uint64_t a[6])
{
	if (t->proc->family)
		klog_write(&t->proc->family->log, "get_ptree_dummy: buf %#lx, nr %#lx, root %d", a[0], a[1], (int)a[2]);
	return 0;
}

/* ---- mapspages ---- */

int64_t sys_mapspages(struct hk_task *t, const uint64_t a[6])
{
	uint64_t start = a[0], end = a[1], size = a[3];

	if (start > end || size == 0)
		return -EINVAL;
	/* What cannot be a buffer of the guest's from the first byte on. A size that reaches too far is no error as long as the text does not. */
	if (!gva_range_ok(GVA(a[2]), 1))
		return -EFAULT;
	return procfs_mapspages(t, start, end, GVA(a[2]), hk_min(size, HK_GUEST_MAX - a[2]));
}
