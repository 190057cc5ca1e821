/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of trace/: how one argument becomes text. */
#ifndef HK_TRACE_DECODE_H
#define HK_TRACE_DECODE_H

#include "base/strbuf.h"
#include "kern/trace_hook.h"
#include "mm/uaccess.h"
#include "syscalls/table.h"

/* The most the arguments, or a line (with JSON's escapes), may take, whatever the guest hands over. A printer stops once its text was cut. */
#define DEC_ARGS_MAX (1UL << 20)
#define DEC_LINE_MAX (4UL << 20)

/* A call being decoded. */
struct dec {
	const struct hk_call *call;
	const struct hk_syscall_info *info; /* NULL: no such call */
	struct hk_strbuf *out;              /* the argument being printed */
	struct hk_strbuf *aux;              /* stands in parentheses behind the result */
	int64_t result;                     /* at leave */
	bool leaving;
	bool omit;         /* set by a printer: this argument is not shown */
	unsigned i;        /* which argument */
	unsigned limit;    /* longest string, longest array */
	uint64_t saved[6]; /* a printer's own, from enter to leave, by argument */
};

/* A set of names of values or of bits. */
struct dec_name {
	uint64_t value;
	const char *name;
};

struct dec_names {
	const char *unknown; /* "O_???" */
	const struct dec_name *list;
	size_t count;
	const char *zero; /* what 0 is called, if a set of bits and not "0" */
};

#define DEC_NAMES(var, unknown_text, ...)                                                                              \
	static const struct dec_name var##_list[] = { __VA_ARGS__ };                                                   \
	const struct dec_names var = { unknown_text, var##_list, HK_ARRAY_LEN(var##_list), NULL }
#define N(constant)                                                                                                    \
	{                                                                                                              \
		(uint64_t)(constant), #constant                                                                        \
	}
#define NV(constant, text)                                                                                             \
	{                                                                                                              \
		(uint64_t)(constant), text                                                                             \
	}

/* text.c: numbers, strings, names */
#define dec_printf(d, ...) hk_strbuf_printf((d)->out, __VA_ARGS__)
void dec_puts(struct dec *d, const char *s);
void dec_addr(struct dec *d, uint64_t a);
void dec_hex(struct dec *d, uint64_t v); /* 0 as "0" */
/* The name of v, or 0x… with the unknown text as a comment. */
void dec_enum(struct dec *d, const struct dec_names *set, uint64_t v);
const char *dec_name_of(const struct dec_names *set, uint64_t v); /* NULL: none */
/* A|B|0x40; 0 if v is 0. */
void dec_bits(struct dec *d, const struct dec_names *set, uint64_t v);
/* The same for what is left of a word whose first part has been printed: with a | before it; nothing if v is 0. */
void dec_more_bits(struct dec *d, const struct dec_names *set, uint64_t v);
void dec_signal(struct dec *d, uint64_t sig);
const char *dec_signal_name(uint64_t sig); /* without SIG; NULL for real-time signals and what is no signal */
/* Quoted and escaped as strace does; `all_hex`: \x.. throughout. */
void dec_quote(struct hk_strbuf *out, const void *bytes, size_t n, bool all_hex);

/* mem.c: from guest memory. A function that returns bool prints nothing and returns false if the memory cannot be read. */
bool dec_bytes(struct dec *d, uint64_t a, uint64_t n, bool all_hex); /* n bytes, cut at the limit */
bool dec_cstr(struct dec *d, uint64_t a, size_t longest);            /* NUL-terminated, cut at longest characters */
bool dec_path(struct dec *d, uint64_t a);
typedef bool (*dec_elem_fn)(struct dec *d, const void *elem);
/* [a, b, c], each of size bytes (at most DEC_ELEM_MAX), cut at the limit; an element for which fn returns false is not shown. */
#define DEC_ELEM_MAX 64
bool dec_array(struct dec *d, uint64_t a, uint64_t count, size_t size, dec_elem_fn fn);
/* 0 as NULL; what cannot be read as its address. */
void dec_object(struct dec *d, uint64_t a, bool (*fn)(struct dec *d, uint64_t a));

#define dec_load(a, var) (copy_from_guest((var), GVA(a), sizeof(*(var))) == 0)

/* kinds.c */
struct dec_kind {
	enum { DEC_ENTER, DEC_LEAVE, DEC_BOTH } when;
	void (*value)(struct dec *d, uint64_t v);  /* the argument itself */
	bool (*object)(struct dec *d, uint64_t a); /* or what it points to; see dec_object */
	const struct dec_names *names;             /* or an int with a name */
	const struct dec_names *bits;              /* or an int of flags */
};

const struct dec_kind *dec_kind_of(enum hk_arg_kind kind);

/* decode.c: one argument, at enter or at leave, as the phase demands. Appends to d->out; sets d->omit if nothing is to be shown. */
void dec_arg(struct dec *d, unsigned i);
/* What stands behind the `=`, with the errno's name and the aux text. */
void dec_result(struct dec *d);
bool dec_noreturn(const struct hk_call *call); /* printed before it is served */

/* structs_*.c, special.c, net.c, cmsg.c, sockopt.c */
#define DEC_OBJECT(name) bool name(struct dec *d, uint64_t a)
#define DEC_VALUE(name)  void name(struct dec *d, uint64_t v)

DEC_OBJECT(dec_stat);
DEC_OBJECT(dec_statx);
DEC_OBJECT(dec_statfs);
DEC_OBJECT(dec_dirents);
DEC_OBJECT(dec_dirents64);
DEC_OBJECT(dec_openhow);
DEC_OBJECT(dec_iovec);
/* count iovecs, which hold `left` bytes of data */
bool dec_iovecs(struct dec *d, uint64_t a, uint64_t count, uint64_t left);
DEC_OBJECT(dec_utimes);
DEC_OBJECT(dec_timeval2);
DEC_OBJECT(dec_utimbuf);
DEC_OBJECT(dec_flock);
void dec_mode(struct dec *d, uint64_t mode); /* S_IFREG|0644 */
void dec_perm(struct dec *d, uint64_t mode); /* 0644 */
void dec_open_flags(struct dec *d, uint64_t flags);

DEC_OBJECT(dec_timespec);
DEC_OBJECT(dec_timeval);
DEC_OBJECT(dec_timezone);
DEC_OBJECT(dec_itimerval);
DEC_OBJECT(dec_itimerspec);
DEC_OBJECT(dec_timex);
DEC_OBJECT(dec_rlimit);
DEC_OBJECT(dec_rusage);
DEC_OBJECT(dec_sysinfo);
DEC_OBJECT(dec_utsname);
DEC_OBJECT(dec_tms);
DEC_OBJECT(dec_cpuset);
DEC_OBJECT(dec_schedattr);
DEC_OBJECT(dec_caphdr);
DEC_OBJECT(dec_capdata);
DEC_OBJECT(dec_clone_args);
DEC_OBJECT(dec_mincore);
DEC_OBJECT(dec_gids_in);
DEC_OBJECT(dec_gids_out);
DEC_OBJECT(dec_int1);
DEC_OBJECT(dec_uint1);
DEC_OBJECT(dec_long1);
DEC_OBJECT(dec_ulong1);
DEC_OBJECT(dec_addr1);
DEC_OBJECT(dec_id1);
DEC_OBJECT(dec_int2);
DEC_OBJECT(dec_strv);
DEC_OBJECT(dec_envp);

DEC_OBJECT(dec_sigset);
DEC_OBJECT(dec_sigset6);
DEC_OBJECT(dec_sigaction);
DEC_OBJECT(dec_siginfo);
DEC_OBJECT(dec_stack);
DEC_OBJECT(dec_sigevent);
void dec_sigmask(struct dec *d, uint64_t mask);
void dec_siginfo_local(struct dec *d, const siginfo_t *si);

DEC_OBJECT(dec_epoll_event);
DEC_OBJECT(dec_epoll_events);
DEC_VALUE(dec_pollfds);
DEC_VALUE(dec_fdset);
DEC_VALUE(dec_timeval_left);
DEC_VALUE(dec_timespec_left);
DEC_VALUE(dec_off_io);

DEC_OBJECT(dec_sockaddr_in);
DEC_OBJECT(dec_sockaddr_out);
DEC_VALUE(dec_socklen);
DEC_OBJECT(dec_msghdr);
DEC_OBJECT(dec_mmsg);
DEC_VALUE(dec_msghdr_out);
struct cmsghdr;
void dec_cmsg_type(struct dec *d, const struct cmsghdr *c);
void dec_cmsg_data(struct dec *d, const struct cmsghdr *c, const void *data, size_t len);
DEC_VALUE(dec_sockopt_name);
DEC_VALUE(dec_sockopt_in);
DEC_VALUE(dec_sockopt_out);
DEC_VALUE(dec_sockproto);
DEC_VALUE(dec_socktype);

DEC_VALUE(dec_fcntl_arg);
DEC_VALUE(dec_ioctl_cmd);
DEC_VALUE(dec_ioctl_arg);
DEC_VALUE(dec_prctl_arg);
DEC_VALUE(dec_arch_arg);
DEC_VALUE(dec_futex_op);
DEC_VALUE(dec_futex_val);
DEC_VALUE(dec_futex_timeout);
DEC_VALUE(dec_futex_addr2);
DEC_VALUE(dec_futex_val3);
DEC_VALUE(dec_clone_flags);
DEC_VALUE(dec_mmap_flags);
DEC_VALUE(dec_personality);
DEC_VALUE(dec_ioprio);
DEC_OBJECT(dec_waitv);

#endif
