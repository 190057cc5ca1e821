/* SPDX-License-Identifier: Apache-2.0 */
/* What the gate answers by itself: the thread's ids. And which calls concern what it answers. */
#include "gate/gate.h"

#include "base/hostcall.h"

void gate_fill_ids(struct gate_data *data)
{
	data->uid = (uint64_t)hk_hostcall_sure(SYS_getuid);
	data->euid = (uint64_t)hk_hostcall_sure(SYS_geteuid);
	data->gid = (uint64_t)hk_hostcall_sure(SYS_getgid);
	data->egid = (uint64_t)hk_hostcall_sure(SYS_getegid);
}

/* What the gate does with which number. */
static void fill_table(const struct gate *g, struct gate_data *data)
{
	static const struct {
		uint16_t nr, offset;
	} answers[] = {
		{ SYS_getpid, GATE_DATA_PID },   { SYS_gettid, GATE_DATA_TID }, { SYS_getuid, GATE_DATA_UID },
		{ SYS_geteuid, GATE_DATA_EUID }, { SYS_getgid, GATE_DATA_GID }, { SYS_getegid, GATE_DATA_EGID },
	};

	for (unsigned nr = 0; nr < GATE_DATA_CALLS; nr++)
		data->table[nr] = g->serve[nr] ? GATE_SERVE : 0;
	for (size_t i = 0; i < HK_ARRAY_LEN(answers); i++)
		data->table[answers[i].nr] = (uint8_t)(answers[i].offset / 8 + GATE_WORD);
}

void gate_fill(const struct gate *g, struct gate_data *data)
{
	fill_table(g, data);
	data->pid = (uint64_t)hk_hostcall_sure(SYS_getpid);
	data->tid = (uint64_t)hk_hostcall_sure(SYS_gettid);
	gate_fill_ids(data);
	data->ids = 1;
	data->masks = g->masks;
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

bool gate_sends_signals(uint64_t nr)
{
	switch (nr) {
	case SYS_kill:
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_rt_sigqueueinfo:
	case SYS_rt_tgsigqueueinfo:
	case SYS_pidfd_send_signal:
		return true;
	default:
		return false;
	}
}
