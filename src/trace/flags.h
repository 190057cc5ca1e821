/* SPDX-License-Identifier: Apache-2.0 */
/* The names of flags and constants, in strace's order of printing. */
#ifndef HK_TRACE_FLAGS_H
#define HK_TRACE_FLAGS_H

#include "trace/decode.h"

/* clang-format off */
#define DEC_NAME_SETS(X) \
	X(open_mode) X(open) X(access) X(at) X(at_eaccess) X(at_sync) X(unlinkat) X(rename) X(statx_mask) \
	X(statx_attr) X(xattr) X(resolve) X(mode_type) X(mode_bits) X(fs_magic) X(st_flags) X(prot) X(map_type) \
	X(map) X(mremap) X(msync) X(mcl) X(mlock2) X(memfd) X(falloc) X(sync_range) X(splice) X(rwf) X(flock) \
	X(pipe) X(dup3) X(eventfd) X(epoll) X(timerfd) X(timerfd_set) X(timer) X(signalfd) X(inotify) X(inotify_init) \
	X(close_range) X(grnd) X(clone) X(wait) X(whence) X(clock) X(itimer) X(rlimit) X(rusage) X(sighow) X(sched) \
	X(sched_flags) X(prio) X(madvise) X(fadvise) X(fcntl) X(lock_type) X(fdflags) X(seals) X(epoll_ctl) X(arch) \
	X(prctl) X(membarrier) X(persona_type) X(persona) X(poll_events) X(epoll_events) X(sa_flags) X(ss_flags) \
	X(sigev_notify) X(si_code) X(si_code_chld) X(si_code_segv) X(si_code_bus) X(si_code_fpe) X(si_code_ill) \
	X(si_code_trap) X(si_code_poll) X(cap) X(cap_version) X(timex_modes) X(timex_status) X(timex_state) \
	X(futex) X(futex_op) X(futex_cmp) X(af) X(socktype) X(socktype_flags) X(ipproto) X(netlink) X(msg) X(shut) \
	X(sol) X(so) X(ip) X(ipv6) X(tcp) X(udp) X(nl) X(scm) X(ioctl) X(termios_i) X(termios_o) X(termios_c) X(termios_l) X(baud) X(dumpable) X(tsc) \
	X(seccomp_mode) X(tcflsh) X(tcxonc) X(owner_type) X(ioprio_who) X(ioprio_class) X(fs_flags)
/* clang-format on */

#define X(name) extern const struct dec_names names_##name;
DEC_NAME_SETS(X)
#undef X

#endif
