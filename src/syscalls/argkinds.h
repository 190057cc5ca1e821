/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of system-call arguments. Included by table.h only. */
#ifndef HK_SYSCALLS_ARGKINDS_H
#define HK_SYSCALLS_ARGKINDS_H

/* FD is checked by the dispatcher (a number of the monitor's own gives EBADF), as is DIRFD, where AT_FDCWD is fine too.
 * INBUF: that many bytes as the next argument says; OUTBUF: as many as the result says. *_IN are read by the call, *_OUT
 * written by it, *_IO both. */
enum hk_arg_kind {
	HK_ARG_NONE,
	HK_ARG_INT,   /* int, decimal */
	HK_ARG_UINT,  /* unsigned int, decimal */
	HK_ARG_LONG,  /* long, decimal */
	HK_ARG_ULONG, /* unsigned long, decimal */
	HK_ARG_HEX,   /* unsigned long, hexadecimal */
	HK_ARG_SIZE,
	HK_ARG_OFF,  /* off_t */
	HK_ARG_ADDR, /* an address that is only passed on; NULL or hexadecimal */
	HK_ARG_FD,
	HK_ARG_DIRFD,
	HK_ARG_PATH,
	HK_ARG_STR,
	HK_ARG_INBUF,
	HK_ARG_OUTBUF,
	HK_ARG_PATHBUF_OUT, /* getcwd, readlink: result bytes of text */
};

#endif
