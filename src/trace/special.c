/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments whose meaning hangs on another one: fcntl, ioctl, prctl, arch_prctl, futex, clone, mmap's flags. */
#include "trace/flags.h"

#include <asm/ioctl.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <termios.h>

static bool owner_ex(struct dec *d, uint64_t a)
{
	struct f_owner_ex o;

	if (!dec_load(a, &o))
		return false;
	dec_puts(d, "{type=");
	dec_enum(d, &names_owner_type, (uint32_t)o.type);
	dec_printf(d, ", pid=%d}", o.pid);
	return true;
}

/* What fcntl writes is printed at leave; the rest, and the address if it failed, otherwise. */
static void fcntl_out(struct dec *d, uint64_t v, bool (*fn)(struct dec *d, uint64_t a))
{
	if (!d->leaving)
		return;
	if (d->result < 0)
		dec_addr(d, v);
	else
		dec_object(d, v, fn);
}

static void fcntl_in(struct dec *d, uint64_t v)
{
	switch ((int)d->call->a[1]) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
	case F_SETOWN:
	case F_SETPIPE_SZ:
		dec_printf(d, "%d", (int)v);
		break;
	case F_SETFD:
		dec_bits(d, &names_fdflags, v);
		break;
	case F_SETFL:
		dec_open_flags(d, v);
		break;
	case F_ADD_SEALS:
		dec_bits(d, &names_seals, v);
		break;
	case F_SETSIG:
		dec_signal(d, v);
		break;
	case F_SETLEASE:
		dec_enum(d, &names_lock_type, v);
		break;
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		dec_object(d, v, dec_flock);
		break;
	case F_SETOWN_EX:
		dec_object(d, v, owner_ex);
		break;
	case F_SET_RW_HINT:
	case F_SET_FILE_RW_HINT:
		dec_object(d, v, dec_ulong1);
		break;
	default:
		dec_hex(d, v);
	}
}

void dec_fcntl_arg(struct dec *d, uint64_t v)
{
	switch ((int)d->call->a[1]) {
	case F_GETFD:
	case F_GETFL:
	case F_GETOWN:
	case F_GETSIG:
	case F_GETLEASE:
	case F_GETPIPE_SZ:
	case F_GET_SEALS:
		d->omit = true;
		break;
	case F_GETLK:
	case F_OFD_GETLK:
		fcntl_out(d, v, dec_flock);
		break;
	case F_GETOWN_EX:
		fcntl_out(d, v, owner_ex);
		break;
	case F_GET_RW_HINT:
	case F_GET_FILE_RW_HINT:
		fcntl_out(d, v, dec_ulong1);
		break;
	default:
		if (!d->leaving)
			fcntl_in(d, v);
	}
}

void dec_ioctl_cmd(struct dec *d, uint64_t v)
{
	static const char *const dirs[] = { "_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE" };
	unsigned cmd = (unsigned)v;
	const char *name = dec_name_of(&names_ioctl, cmd);

	if (name)
		dec_puts(d, name);
	else
		dec_printf(d, "_IOC(%s, %#x, %#x, %#x)", dirs[_IOC_DIR(cmd)], _IOC_TYPE(cmd), _IOC_NR(cmd),
			   _IOC_SIZE(cmd));
}

/* The kernel's termios, which is not libc's. */
struct ktermios {
	uint32_t iflag, oflag, cflag, lflag;
	unsigned char line, cc[19];
};

static void termios_flags(struct dec *d, const char *name, const struct dec_names *set, uint32_t v)
{
	dec_puts(d, name);
	dec_bits(d, set, v);
}

static bool termios(struct dec *d, uint64_t a)
{
	static const char *const tabs[] = { "TAB0", "TAB1", "TAB2", "TAB3" };
	struct ktermios t;

	if (!dec_load(a, &t))
		return false;
	termios_flags(d, "{c_iflag=", &names_termios_i, t.iflag);
	dec_printf(d, ", c_oflag=NL%d|CR%u|%s|BS%d|VT%d|FF%d", !!(t.oflag & NLDLY), (t.oflag & CRDLY) >> 9,
		   tabs[(t.oflag & TABDLY) >> 11], !!(t.oflag & BSDLY), !!(t.oflag & VTDLY), !!(t.oflag & FFDLY));
	dec_more_bits(d, &names_termios_o, t.oflag & ~(unsigned)(NLDLY | CRDLY | TABDLY | BSDLY | VTDLY | FFDLY));
	dec_puts(d, ", c_cflag=");
	dec_enum(d, &names_baud, t.cflag & (CBAUD | CBAUDEX));
	dec_printf(d, "|CS%u", 5 + ((t.cflag & CSIZE) >> 4));
	dec_more_bits(d, &names_termios_c, t.cflag & ~(unsigned)(CBAUD | CBAUDEX | CSIZE));
	termios_flags(d, ", c_lflag=", &names_termios_l, t.lflag);
	dec_puts(d, ", ...}");
	return true;
}

static bool winsize(struct dec *d, uint64_t a)
{
	struct winsize w;

	if (!dec_load(a, &w))
		return false;
	dec_printf(d, "{ws_row=%u, ws_col=%u, ws_xpixel=%u, ws_ypixel=%u}", w.ws_row, w.ws_col, w.ws_xpixel,
		   w.ws_ypixel);
	return true;
}

static bool fs_flags(struct dec *d, uint64_t a)
{
	unsigned v;

	if (!dec_load(a, &v))
		return false;
	dec_puts(d, "[");
	dec_bits(d, &names_fs_flags, v);
	dec_puts(d, "]");
	return true;
}

/* How an ioctl's argument is printed: what it points to, before or after the call; or, without a pointer, the value. */
struct ioctl_kind {
	unsigned cmd;
	enum { IO_NONE, IO_INT, IO_IN, IO_OUT, IO_FLUSH, IO_FLOW } how;
	bool (*fn)(struct dec *d, uint64_t a);
};

static const struct ioctl_kind ioctls[] = {
	{ TCGETS, IO_OUT, termios },
	{ TCSETS, IO_IN, termios },
	{ TCSETSW, IO_IN, termios },
	{ TCSETSF, IO_IN, termios },
	{ TIOCGWINSZ, IO_OUT, winsize },
	{ TIOCSWINSZ, IO_IN, winsize },
	{ TIOCGPGRP, IO_OUT, dec_int1 },
	{ TIOCSPGRP, IO_IN, dec_int1 },
	{ TIOCGSID, IO_OUT, dec_int1 },
	{ TIOCGPTN, IO_OUT, dec_int1 },
	{ TIOCSPTLCK, IO_IN, dec_int1 },
	{ TIOCOUTQ, IO_OUT, dec_int1 },
	{ FIONREAD, IO_OUT, dec_int1 },
	{ FIONBIO, IO_IN, dec_int1 },
	{ FIOASYNC, IO_IN, dec_int1 },
	{ FIGETBSZ, IO_OUT, dec_int1 },
	{ BLKGETSIZE64, IO_OUT, dec_ulong1 },
	{ FS_IOC_GETFLAGS, IO_OUT, fs_flags },
	{ FS_IOC_SETFLAGS, IO_IN, fs_flags },
	{ FIOCLEX, IO_NONE, NULL },
	{ FIONCLEX, IO_NONE, NULL },
	{ TIOCNOTTY, IO_NONE, NULL },
	{ TIOCEXCL, IO_NONE, NULL },
	{ TIOCNXCL, IO_NONE, NULL },
	{ TIOCSCTTY, IO_INT, NULL },
	{ TCSBRK, IO_INT, NULL },
	{ TCSBRKP, IO_INT, NULL },
	{ FICLONE, IO_INT, NULL },
	{ TCFLSH, IO_FLUSH, NULL },
	{ TCXONC, IO_FLOW, NULL },
};

static const struct ioctl_kind *ioctl_kind(unsigned cmd)
{
	for (size_t i = 0; i < HK_ARRAY_LEN(ioctls); i++)
		if (ioctls[i].cmd == cmd)
			return &ioctls[i];
	return NULL;
}

static void ioctl_value(struct dec *d, int how, uint64_t v)
{
	if (how == IO_INT)
		dec_printf(d, "%d", (int)v);
	else
		dec_enum(d, how == IO_FLUSH ? &names_tcflsh : &names_tcxonc, v);
}

void dec_ioctl_arg(struct dec *d, uint64_t v)
{
	const struct ioctl_kind *k = ioctl_kind((unsigned)d->call->a[1]);

	if (k && k->how == IO_NONE) {
		d->omit = true;
	} else if (k && k->how == IO_OUT) {
		fcntl_out(d, v, k->fn);
	} else if (!d->leaving) {
		if (!k)
			dec_hex(d, v);
		else if (k->how == IO_IN)
			dec_object(d, v, k->fn);
		else
			ioctl_value(d, k->how, v);
	}
}

/*
 * prctl's arguments by option, one letter each: d decimal, x hexadecimal, a address, s string, g signal, c capability, D dumpable, m seccomp
 * mode, t TSC mode, v what PR_SET_VMA does; written by the call: S string, i int, G signal, T TSC mode.
 */
struct prctl_kind {
	int option;
	const char *args;
};

static const struct prctl_kind prctls[] = {
	{ PR_SET_NAME, "s" },
	{ PR_GET_NAME, "S" },
	{ PR_SET_PDEATHSIG, "g" },
	{ PR_GET_PDEATHSIG, "G" },
	{ PR_GET_DUMPABLE, "" },
	{ PR_SET_DUMPABLE, "D" },
	{ PR_GET_KEEPCAPS, "" },
	{ PR_SET_KEEPCAPS, "d" },
	{ PR_GET_SECCOMP, "" },
	{ PR_SET_SECCOMP, "ma" },
	{ PR_CAPBSET_READ, "c" },
	{ PR_CAPBSET_DROP, "c" },
	{ PR_GET_TSC, "T" },
	{ PR_SET_TSC, "t" },
	{ PR_GET_SECUREBITS, "" },
	{ PR_GET_TIMERSLACK, "" },
	{ PR_SET_TIMERSLACK, "d" },
	{ PR_GET_TIMING, "" },
	{ PR_SET_CHILD_SUBREAPER, "d" },
	{ PR_GET_CHILD_SUBREAPER, "i" },
	{ PR_SET_NO_NEW_PRIVS, "dxxx" },
	{ PR_GET_NO_NEW_PRIVS, "xxxx" },
	{ PR_GET_TID_ADDRESS, "a" },
	{ PR_SET_THP_DISABLE, "dxxx" },
	{ PR_GET_THP_DISABLE, "xxxx" },
	{ 0x53564d41 /* PR_SET_VMA */, "vxds" },
};

static char prctl_format(int option, unsigned n)
{
	for (size_t i = 0; i < HK_ARRAY_LEN(prctls); i++)
		if (prctls[i].option == option)
			return n < strlen(prctls[i].args) ? prctls[i].args[n] : '\0';
	return 'x';
}

static bool name16(struct dec *d, uint64_t a)
{
	return dec_cstr(d, a, 15);
}

static bool str80(struct dec *d, uint64_t a)
{
	return dec_cstr(d, a, 80);
}

static bool signal1(struct dec *d, uint64_t a)
{
	int v;

	if (!dec_load(a, &v))
		return false;
	dec_puts(d, "[");
	dec_signal(d, (uint32_t)v);
	dec_puts(d, "]");
	return true;
}

static bool tsc1(struct dec *d, uint64_t a)
{
	unsigned v;

	if (!dec_load(a, &v))
		return false;
	dec_puts(d, "[");
	dec_enum(d, &names_tsc, v);
	dec_puts(d, "]");
	return true;
}

static void prctl_in(struct dec *d, char format, uint64_t v)
{
	switch (format) {
	case 'd':
		dec_printf(d, "%lu", v);
		break;
	case 'a':
		dec_addr(d, v);
		break;
	case 's':
		dec_object(d, v, str80);
		break;
	case 'g':
		dec_signal(d, v);
		break;
	case 'c':
		dec_enum(d, &names_cap, v);
		break;
	case 'D':
		dec_enum(d, &names_dumpable, v);
		break;
	case 'm':
		dec_enum(d, &names_seccomp_mode, v);
		break;
	case 't':
		dec_enum(d, &names_tsc, v);
		break;
	case 'v':
		if (v)
			dec_hex(d, v);
		else
			dec_puts(d, "PR_SET_VMA_ANON_NAME");
		break;
	default:
		dec_hex(d, v);
	}
}

void dec_prctl_arg(struct dec *d, uint64_t v)
{
	char format = prctl_format((int)d->call->a[0], d->i - 1);

	switch (format) {
	case '\0':
		d->omit = true;
		break;
	case 'S':
		fcntl_out(d, v, name16);
		break;
	case 'i':
		fcntl_out(d, v, dec_int1);
		break;
	case 'G':
		fcntl_out(d, v, signal1);
		break;
	case 'T':
		fcntl_out(d, v, tsc1);
		break;
	default:
		if (!d->leaving)
			prctl_in(d, format, v);
	}
}

void dec_arch_arg(struct dec *d, uint64_t v)
{
	uint64_t code = d->call->a[0];

	if (code == 0x1003 || code == 0x1004) /* ARCH_GET_FS, ARCH_GET_GS */
		fcntl_out(d, v, dec_addr1);
	else if (!d->leaving)
		dec_hex(d, v);
}

/* Which of val, timeout (or, as a number, val2), uaddr2 and val3 an operation has. */
enum { FX_VAL = 1, FX_TIMEOUT = 2, FX_VAL2 = 4, FX_ADDR2 = 8, FX_VAL3 = 16, FX_UNKNOWN = 32 };

static unsigned futex_args(uint64_t op)
{
	switch (op & 0x7f) {
	case FUTEX_WAKE:
	case FUTEX_FD:
		return FX_VAL;
	case FUTEX_WAIT:
		return FX_VAL | FX_TIMEOUT;
	case FUTEX_REQUEUE:
		return FX_VAL | FX_VAL2 | FX_ADDR2;
	case FUTEX_CMP_REQUEUE:
	case FUTEX_CMP_REQUEUE_PI:
	case FUTEX_WAKE_OP:
		return FX_VAL | FX_VAL2 | FX_ADDR2 | FX_VAL3;
	case FUTEX_LOCK_PI:
	case 13: /* FUTEX_LOCK_PI2 */
		return FX_TIMEOUT;
	case FUTEX_UNLOCK_PI:
	case FUTEX_TRYLOCK_PI:
		return 0;
	case FUTEX_WAIT_BITSET:
		return FX_VAL | FX_TIMEOUT | FX_VAL3;
	case FUTEX_WAKE_BITSET:
		return FX_VAL | FX_VAL3;
	case FUTEX_WAIT_REQUEUE_PI:
		return FX_VAL | FX_TIMEOUT | FX_ADDR2;
	}
	return FX_VAL | FX_VAL2 | FX_ADDR2 | FX_VAL3 | FX_UNKNOWN;
}

void dec_futex_op(struct dec *d, uint64_t v)
{
	unsigned op = (unsigned)v;
	const char *name = dec_name_of(&names_futex, op & 0x7f);

	if (!name) {
		dec_printf(d, "%#x /* FUTEX_??? */", op);
		return;
	}
	dec_printf(d, "%s%s", name, op & FUTEX_PRIVATE_FLAG ? "_PRIVATE" : "");
	if (op & FUTEX_CLOCK_REALTIME)
		dec_puts(d, "|FUTEX_CLOCK_REALTIME");
	op &= ~(0x7fu | FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
	if (op)
		dec_printf(d, "|%#x", op);
}

void dec_futex_val(struct dec *d, uint64_t v)
{
	if (futex_args(d->call->a[1]) & FX_VAL)
		dec_printf(d, "%u", (unsigned)v);
	else
		d->omit = true;
}

void dec_futex_timeout(struct dec *d, uint64_t v)
{
	unsigned args = futex_args(d->call->a[1]);

	if (args & FX_UNKNOWN)
		dec_hex(d, v);
	else if (args & FX_TIMEOUT)
		dec_object(d, v, dec_timespec);
	else if (args & FX_VAL2)
		dec_printf(d, "%u", (unsigned)v);
	else
		d->omit = true;
}

void dec_futex_addr2(struct dec *d, uint64_t v)
{
	if (futex_args(d->call->a[1]) & FX_ADDR2)
		dec_addr(d, v);
	else
		d->omit = true;
}

static void wake_op(struct dec *d, unsigned v)
{
	unsigned op = v >> 28 & 7;

	if (v >> 31)
		dec_puts(d, "FUTEX_OP_OPARG_SHIFT<<28|");
	dec_enum(d, &names_futex_op, op);
	dec_printf(d, "<<28|%#x<<12|", v >> 12 & 0xfff);
	dec_enum(d, &names_futex_cmp, v >> 24 & 0xf);
	dec_printf(d, "<<24|%#x", v & 0xfff);
}

void dec_futex_val3(struct dec *d, uint64_t v)
{
	unsigned args = futex_args(d->call->a[1]);
	unsigned op = d->call->a[1] & 0x7f;

	if (!(args & FX_VAL3))
		d->omit = true;
	else if (op == FUTEX_WAKE_OP)
		wake_op(d, (unsigned)v);
	else if (op == FUTEX_CMP_REQUEUE || op == FUTEX_CMP_REQUEUE_PI)
		dec_printf(d, "%u", (unsigned)v);
	else if ((uint32_t)v == 0xffffffff && (op == FUTEX_WAIT_BITSET || op == FUTEX_WAKE_BITSET))
		dec_puts(d, "FUTEX_BITSET_MATCH_ANY");
	else
		dec_hex(d, (uint32_t)v);
}

static bool waitv_elem(struct dec *d, const void *elem)
{
	const struct futex_waitv *w = elem;

	dec_printf(d, "{val=%#llx, uaddr=%#llx, flags=%s", (unsigned long long)w->val, (unsigned long long)w->uaddr,
		   (w->flags & 3) == FUTEX_32 ? "FUTEX_32" : "0");
	if (w->flags & FUTEX_PRIVATE_FLAG)
		dec_puts(d, "|FUTEX_PRIVATE_FLAG");
	if (w->flags & ~(FUTEX_32 | FUTEX_PRIVATE_FLAG))
		dec_printf(d, "|%#x", w->flags & ~(FUTEX_32 | FUTEX_PRIVATE_FLAG));
	dec_puts(d, "}");
	return true;
}

bool dec_waitv(struct dec *d, uint64_t a)
{
	return dec_array(d, a, (uint32_t)d->call->a[1], sizeof(struct futex_waitv), waitv_elem);
}

/* All of clone's arguments, in strace's order. */
void dec_clone_flags(struct dec *d, uint64_t v)
{
	const uint64_t *a = d->call->a;

	dec_puts(d, "child_stack=");
	dec_addr(d, a[1]);
	dec_puts(d, ", flags=");
	if (v & ~0xffUL) {
		dec_bits(d, &names_clone, v & ~0xffUL);
		dec_puts(d, v & 0xff ? "|" : "");
	}
	if (v & 0xff || !v)
		dec_signal(d, v & 0xff);
	if (v & CLONE_PARENT_SETTID)
		dec_printf(d, ", parent_tid=%#lx", a[2]);
	if (v & CLONE_SETTLS)
		dec_printf(d, ", tls=%#lx", a[4]);
	if (v & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID))
		dec_printf(d, ", child_tidptr=%#lx", a[3]);
}

void dec_mmap_flags(struct dec *d, uint64_t v)
{
	uint32_t flags = (uint32_t)v, huge = 0;

	if (flags & MAP_HUGETLB) {
		huge = flags >> 26;
		flags &= (1u << 26) - 1;
	}
	dec_enum(d, &names_map_type, flags & MAP_TYPE);
	dec_more_bits(d, &names_map, flags & ~(uint32_t)MAP_TYPE);
	if (huge)
		dec_printf(d, "|%u<<MAP_HUGE_SHIFT", huge);
}

void dec_ioprio(struct dec *d, uint64_t v)
{
	dec_puts(d, "IOPRIO_PRIO_VALUE(");
	dec_enum(d, &names_ioprio_class, (uint32_t)v >> 13);
	dec_printf(d, ", %u)", (unsigned)v & 0x1fff);
}

void dec_personality(struct dec *d, uint64_t v)
{
	uint32_t p = (uint32_t)v;

	if (p == 0xffffffff) {
		dec_puts(d, "0xffffffff");
		return;
	}
	dec_enum(d, &names_persona_type, p & PER_MASK);
	dec_more_bits(d, &names_persona, p & ~(uint32_t)PER_MASK);
}
