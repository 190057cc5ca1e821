/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a monitor leaves to its successor when its guest executes another program: a memory file whose descriptor survives the host's exec. It holds what the
 * host kernel does not keep for the process. Both sides are the same binary.
 */
#ifndef HK_MONITOR_HANDOVER_H
#define HK_MONITOR_HANDOVER_H

#include "monitor/internal.h"

/* In the successor's environment: the number of that descriptor. */
#define HANDOVER_VARIABLE "HUSK_HANDOVER"

/* The fixed part of the file; behind it the CPUID table, then the strings. */
struct handover {
	int kvm_fd, trace_fd, self_fd, family_fd, loader_fd, library_fd, program_fd, report_fd, svg_fd, profile_fd,
		ending_fd; /* -1: none */
	int slot;
	bool is_child, no_new_privs, has_kmsg;
	bool aslr, patch, observe, classic_numbers, stats, trace, trace_json, trace_rip, trace_where, has_filter,
		profile_cpu;
	int io, trace_time;
	unsigned patch_after, trace_string;
	uint64_t mem, timeout_ns, deadline_ns;
	struct run_limits limits;
	bool files_capped;   /* limits.files is --files', not what the guest has set */
	uint64_t files_soft; /* the guest's RLIMIT_NOFILE; the host's is higher for the successor's start */
	struct inspect_options inspect;
	unsigned inspect_seen;
	struct call_policy policy;
	struct net_policy net;
	uint64_t blocked; /* as the guest knows it; the host has everything blocked */
	uint64_t ignored; /* of the signals that the host may not ignore for us: SIGSEGV, SIGBUS */
	struct rlimit64 rlim[RLIM_NLIMITS];
	uint32_t rlim_own;
	struct vm_facts facts;
	uint64_t cpuid_size;
	uint32_t argc, envc;
};

struct inheritance {
	struct handover fixed;
	const void *cpuid;
	struct monitor_options opt; /* argv and envp are the new program's */
	const char *path;
	char *bytes; /* owns all the strings */
};

/* Put it together and write it: the descriptor (not close-on-exec) or -errno. */
int handover_write(struct monitor *m, const struct handover *h, const struct exec_program *p);
/* Read what descriptor fd holds, and close it. 0 or -errno with a story. */
HK_MUST_CHECK int handover_read(int fd, struct inheritance *in, struct hk_err *err);

#endif
