/* SPDX-License-Identifier: Apache-2.0 */
/* What the processor or the host refused the guest: mend it where the VMA tree allows, else it is a signal, as on Linux. */
#include "monitor/internal.h"

#include "crash/access.h"

#include <stdio.h>
#include <string.h>

#define PF_PRESENT 0x1u
#define PF_WRITE   0x2u
#define PF_FETCH   0x10u
#define EFLAGS_TF  0x100u

/* A fault that was mended so often without any progress is not mended at all. */
#define MEND_MOST 1000

enum { VEC_DE = 0, VEC_DB = 1, VEC_NMI = 2, VEC_BP = 3, VEC_OF = 4, VEC_BR = 5, VEC_UD = 6, VEC_NM = 7, VEC_SS = 12,
       VEC_GP = 13, VEC_PF = 14, VEC_MF = 16, VEC_AC = 17, VEC_MC = 18, VEC_XM = 19 };

void monitor_exception(struct monitor *m, const struct vcpu_exit *e)
{
	if (e->vector == VEC_PF) {
		enum mm_access how = e->error & PF_FETCH ? MM_EXEC : e->error & PF_WRITE ? MM_WRITE : MM_READ;
		if (mm_fault(&m->proc.mm, GVA(e->cr2), how) == MM_RESUME)
			return;
	}
	fprintf(stderr, "exception %u error %x cr2 %lx rip %lx rsp %lx\n", e->vector, e->error, e->cr2, m->vcpu.regs.rip, m->vcpu.regs.rsp);
	m->task.exiting = true;
	m->task.exit_code = 139;
}

void monitor_forbidden(struct monitor *m)
{
	fprintf(stderr, "forbidden rip %lx\n", m->vcpu.regs.rip);
	m->task.exiting = true;
	m->task.exit_code = 139;
}
