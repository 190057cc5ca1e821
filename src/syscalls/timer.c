/* SPDX-License-Identifier: Apache-2.0 */
/* Timers that send signals: the host's own, since its signals are the guest's. timerfd is in poll.c's neighbourhood, not here. */
#include "kern/signal.h"
#include "syscalls/args.h"
#include "syscalls/handlers.h"
#include "syscalls/pass.h"

#include <signal.h>
#include <sys/time.h>

PASS1(sys_alarm, SYS_alarm)
PASS1(sys_timer_getoverrun, SYS_timer_getoverrun)
PASS1(sys_timer_delete, SYS_timer_delete)

PASS_FN(sys_getitimer)
{
	return hk_hostcall(SYS_getitimer, a[0], host_obj(a[1], struct itimerval));
}

PASS_FN(sys_setitimer)
{
	return hk_hostcall(SYS_setitimer, a[0], host_obj(a[1], struct itimerval), host_obj(a[2], struct itimerval));
}

PASS_FN(sys_timer_create)
{
	return hk_hostcall(SYS_timer_create, a[0], host_obj(a[1], struct sigevent), host_obj(a[2], int));
}

PASS_FN(sys_timer_settime)
{
	return hk_hostcall(SYS_timer_settime, a[0], a[1], host_obj(a[2], struct itimerspec),
			   host_obj(a[3], struct itimerspec));
}

PASS_FN(sys_timer_gettime)
{
	return hk_hostcall(SYS_timer_gettime, a[0], host_obj(a[1], struct itimerspec));
}
