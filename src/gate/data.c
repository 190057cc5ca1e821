/* SPDX-License-Identifier: Apache-2.0 */
/* What the gate answers by itself: the thread's ids. */
#include "gate/gate.h"

#include "base/hostcall.h"

void gate_fill_ids(struct gate_data *data)
{
	data->uid = (uint64_t)hk_hostcall_sure(SYS_getuid);
	data->euid = (uint64_t)hk_hostcall_sure(SYS_geteuid);
	data->gid = (uint64_t)hk_hostcall_sure(SYS_getgid);
	data->egid = (uint64_t)hk_hostcall_sure(SYS_getegid);
}

void gate_fill(struct gate_data *data)
{
	data->pid = (uint64_t)hk_hostcall_sure(SYS_getpid);
	data->tid = (uint64_t)hk_hostcall_sure(SYS_gettid);
	gate_fill_ids(data);
	data->ids = 1;
}

bool gate_changes_ids(uint64_t nr)
{
	switch (nr) {
	case SYS_setuid:
	case SYS_setgid:
	case SYS_setreuid:
	case SYS_setregid:
	case SYS_setresuid:
	case SYS_setresgid:
	case SYS_setfsuid:
	case SYS_setfsgid:
	case SYS_setgroups:
	case SYS_capset:
	case SYS_unshare:
	case SYS_setns:
		return true;
	default:
		return false;
	}
}
