/* SPDX-License-Identifier: Apache-2.0 */
/* Signal sets, actions, siginfo, alternate stacks; poll, select and epoll. */
#include "trace/flags.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

/* One name as it stands in a set: without SIG. */
static void set_member(struct dec *d, unsigned sig)
{
	const char *name = dec_signal_name(sig);

	if (name)
		dec_puts(d, name);
	else if (sig == 32)
		dec_puts(d, "RTMIN");
	else
		dec_printf(d, "RT_%u", sig - 32);
}

/* A set that is more than two thirds full is shown by what it lacks. */
void dec_sigmask(struct dec *d, uint64_t mask)
{
	bool inverted = __builtin_popcountl(mask) >= 64 * 2 / 3;
	bool first = true;

	dec_puts(d, inverted ? "~[" : "[");
	if (inverted)
		mask = ~mask;
	for (unsigned sig = 1; sig <= 64; sig++) {
		if (!(mask >> (sig - 1) & 1))
			continue;
		if (!first)
			dec_puts(d, " ");
		set_member(d, sig);
		first = false;
	}
	dec_puts(d, "]");
}

/* Every set has 8 bytes: Linux refuses any other size. */
bool dec_sigset(struct dec *d, uint64_t a)
{
	uint64_t mask;

	if (!dec_load(a, &mask))
		return false;
	dec_sigmask(d, mask);
	return true;
}

bool dec_sigset6(struct dec *d, uint64_t a)
{
	uint64_t pair[2];

	if (!dec_load(a, &pair))
		return false;
	dec_puts(d, "{sigmask=");
	dec_object(d, pair[0], dec_sigset);
	dec_printf(d, ", sigsetsize=%lu}", pair[1]);
	return true;
}

/* As the kernel has it, which is not libc's. */
struct ksigaction {
	uint64_t handler, flags, restorer, mask;
};

bool dec_sigaction(struct dec *d, uint64_t a)
{
	struct ksigaction sa;

	if (!dec_load(a, &sa))
		return false;
	dec_puts(d, "{sa_handler=");
	if (sa.handler <= 1)
		dec_puts(d, sa.handler ? "SIG_IGN" : "SIG_DFL");
	else
		dec_hex(d, sa.handler);
	dec_puts(d, ", sa_mask=");
	dec_sigmask(d, sa.mask);
	dec_puts(d, ", sa_flags=");
	dec_bits(d, &names_sa_flags, sa.flags);
	if (sa.flags & 0x04000000) /* SA_RESTORER */
		dec_printf(d, ", sa_restorer=%#lx", sa.restorer);
	dec_puts(d, "}");
	return true;
}

static const struct dec_names *code_names(int sig)
{
	switch (sig) {
	case SIGCHLD:
		return &names_si_code_chld;
	case SIGSEGV:
		return &names_si_code_segv;
	case SIGBUS:
		return &names_si_code_bus;
	case SIGFPE:
		return &names_si_code_fpe;
	case SIGILL:
		return &names_si_code_ill;
	case SIGTRAP:
		return &names_si_code_trap;
	case SIGIO:
		return &names_si_code_poll;
	}
	return &names_si_code;
}

static void siginfo_value(struct dec *d, const siginfo_t *si)
{
	dec_printf(d, ", si_int=%d, si_ptr=", si->si_value.sival_int);
	dec_addr(d, (uint64_t)(uintptr_t)si->si_value.sival_ptr);
}

/* What the kernel itself says about a signal it raised. */
static void si_kernel(struct dec *d, const siginfo_t *si)
{
	switch (si->si_signo) {
	case SIGCHLD:
		dec_printf(d, ", si_pid=%d, si_uid=%u, si_status=", si->si_pid, si->si_uid);
		if (si->si_code == CLD_EXITED)
			dec_printf(d, "%d", si->si_status);
		else
			dec_signal(d, (uint32_t)si->si_status);
		dec_printf(d, ", si_utime=%ld, si_stime=%ld", si->si_utime, si->si_stime);
		break;
	case SIGSEGV:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
	case SIGTRAP:
		dec_puts(d, ", si_addr=");
		dec_addr(d, (uint64_t)(uintptr_t)si->si_addr);
		break;
	case SIGIO:
		dec_printf(d, ", si_band=%ld, si_fd=%d", si->si_band, si->si_fd);
		break;
	default:
		siginfo_value(d, si);
	}
}

void dec_siginfo_local(struct dec *d, const siginfo_t *si)
{
	const char *code = dec_name_of(&names_si_code, (uint32_t)si->si_code);

	dec_puts(d, "{si_signo=");
	dec_signal(d, (uint32_t)si->si_signo);
	dec_puts(d, ", si_code=");
	if (code)
		dec_puts(d, code);
	else
		dec_enum(d, code_names(si->si_signo), (uint32_t)si->si_code);
	if (si->si_code == SI_TIMER) {
		dec_printf(d, ", si_timerid=%d, si_overrun=%d", si->si_timerid, si->si_overrun);
		siginfo_value(d, si);
	} else if (si->si_code <= 0) {
		dec_printf(d, ", si_pid=%d, si_uid=%u", si->si_pid, si->si_uid);
		if (si->si_code != SI_USER && si->si_code != SI_TKILL)
			siginfo_value(d, si);
	} else if (si->si_code != SI_KERNEL) {
		si_kernel(d, si);
	}
	dec_puts(d, "}");
}

bool dec_siginfo(struct dec *d, uint64_t a)
{
	siginfo_t si;

	if (!dec_load(a, &si))
		return false;
	dec_siginfo_local(d, &si);
	return true;
}

bool dec_stack(struct dec *d, uint64_t a)
{
	stack_t st;

	if (!dec_load(a, &st))
		return false;
	dec_puts(d, "{ss_sp=");
	dec_addr(d, (uint64_t)(uintptr_t)st.ss_sp);
	dec_puts(d, ", ss_flags=");
	dec_bits(d, &names_ss_flags, (uint32_t)st.ss_flags);
	dec_printf(d, ", ss_size=%zu}", st.ss_size);
	return true;
}

bool dec_sigevent(struct dec *d, uint64_t a)
{
	struct sigevent se;

	if (!dec_load(a, &se))
		return false;
	dec_printf(d, "{sigev_value={sival_int=%d, sival_ptr=", se.sigev_value.sival_int);
	dec_addr(d, (uint64_t)(uintptr_t)se.sigev_value.sival_ptr);
	dec_puts(d, "}, sigev_signo=");
	dec_signal(d, (uint32_t)se.sigev_signo);
	dec_puts(d, ", sigev_notify=");
	dec_enum(d, &names_sigev_notify, (uint32_t)se.sigev_notify);
	if (se.sigev_notify == SIGEV_THREAD_ID)
		dec_printf(d, ", sigev_notify_thread_id=%d", *(const int *)&se._sigev_un);
	dec_puts(d, "}");
	return true;
}

/* Print to what stands behind the result; "," if something stands there. */
static struct hk_strbuf *to_aux(struct dec *d)
{
	struct hk_strbuf *out = d->out;

	d->out = d->aux;
	if (d->aux->len)
		dec_puts(d, ", ");
	return out;
}

static bool pollfd_in(struct dec *d, const void *elem)
{
	const struct pollfd *p = elem;

	dec_printf(d, "{fd=%d", p->fd);
	if (p->fd >= 0) {
		dec_puts(d, ", events=");
		dec_bits(d, &names_poll_events, (uint16_t)p->events);
	}
	dec_puts(d, "}");
	return true;
}

static bool pollfd_out(struct dec *d, const void *elem)
{
	const struct pollfd *p = elem;

	if (!p->revents)
		return false;
	dec_printf(d, "{fd=%d, revents=", p->fd);
	dec_bits(d, &names_poll_events, (uint16_t)p->revents);
	dec_puts(d, "}");
	return true;
}

void dec_pollfds(struct dec *d, uint64_t v)
{
	uint64_t count = (uint32_t)d->call->a[d->i + 1];
	struct hk_strbuf *out;

	if (!d->leaving) {
		if (!v || !dec_array(d, v, count, sizeof(struct pollfd), pollfd_in))
			dec_addr(d, v);
		return;
	}
	if (d->result < 0)
		return;
	out = to_aux(d);
	if (d->result == 0)
		dec_puts(d, "Timeout");
	else if (!dec_array(d, v, count, sizeof(struct pollfd), pollfd_out))
		dec_addr(d, v);
	d->out = out;
}

/* A process has no more descriptors than this without an effort; the rest is not shown. */
#define FDSET_BITS 4096

static bool fdset(struct dec *d, uint64_t a, bool *empty)
{
	unsigned long set[FDSET_BITS / 64] = { 0 };
	int nfds = (int)d->call->a[0];
	unsigned n = nfds < 0 ? 0 : (unsigned)hk_min((unsigned)nfds, FDSET_BITS);

	*empty = true;
	if (copy_from_guest(set, GVA(a), (n + 63) / 64 * 8))
		return false;
	dec_puts(d, "[");
	for (unsigned fd = 0; fd < n; fd++) {
		if (!(set[fd / 64] >> fd % 64 & 1))
			continue;
		dec_printf(d, *empty ? "%u" : " %u", fd);
		*empty = false;
	}
	dec_puts(d, "]");
	return true;
}

void dec_fdset(struct dec *d, uint64_t v)
{
	static const char *const names[] = { "", "in ", "out ", "except " };
	struct hk_strbuf *out;
	size_t before;
	bool empty;

	if (!d->leaving) {
		if (!v || !fdset(d, v, &empty))
			dec_addr(d, v);
		return;
	}
	if (d->result < 0 || d->i > 3)
		return;
	if (d->result == 0) {
		if (d->i == 1)
			hk_strbuf_puts(d->aux, "Timeout");
		return;
	}
	if (!v)
		return;
	before = d->aux->len;
	out = to_aux(d);
	dec_puts(d, names[d->i]);
	if ((!fdset(d, v, &empty) || empty) && d->aux->data)
		d->aux->data[d->aux->len = before] = '\0';
	d->out = out;
}

/* At enter the timeout, at leave what is left of it. */
static void left(struct dec *d, uint64_t v, bool (*fn)(struct dec *d, uint64_t a))
{
	struct hk_strbuf *out;

	if (!d->leaving) {
		dec_object(d, v, fn);
		return;
	}
	if (d->result <= 0 || !v)
		return;
	out = to_aux(d);
	dec_puts(d, "left ");
	dec_object(d, v, fn);
	d->out = out;
}

void dec_timeval_left(struct dec *d, uint64_t v)
{
	left(d, v, dec_timeval);
}

void dec_timespec_left(struct dec *d, uint64_t v)
{
	left(d, v, dec_timespec);
}

static bool epoll_elem(struct dec *d, const void *elem)
{
	struct epoll_event e;

	memcpy(&e, elem, sizeof(e));
	dec_puts(d, "{events=");
	dec_bits(d, &names_epoll_events, e.events);
	dec_printf(d, ", data={u32=%u, u64=%lu}}", e.data.u32, e.data.u64);
	return true;
}

bool dec_epoll_event(struct dec *d, uint64_t a)
{
	struct epoll_event e;

	if ((int)d->call->a[1] == EPOLL_CTL_DEL || !dec_load(a, &e))
		return false;
	return epoll_elem(d, &e);
}

bool dec_epoll_events(struct dec *d, uint64_t a)
{
	return dec_array(d, a, (uint64_t)d->result, sizeof(struct epoll_event), epoll_elem);
}

/* A file offset that the call moves on: [0] => [832]. */
void dec_off_io(struct dec *d, uint64_t v)
{
	int64_t off;

	if (!d->leaving) {
		if (!v || !dec_load(v, &off)) {
			dec_addr(d, v);
			return;
		}
		dec_printf(d, "[%ld]", off);
		d->saved[d->i] = (uint64_t)off;
	} else if (v && d->result >= 0 && dec_load(v, &off) && off != (int64_t)d->saved[d->i]) {
		dec_printf(d, " => [%ld]", off);
	}
}
