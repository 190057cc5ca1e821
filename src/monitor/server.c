/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/server.h"

#include "monitor/internal.h"

#include "base/hostcall.h"
#include "syscalls/dispatch.h"

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

/* Looks at the answer before the program takes an exit: on a host with nested paging, and at most where exits are dear (spin_for). */
#define SPIN            100
#define SPIN_MOST       8000
#define PAUSES          64       /* looks that are timed to know what one takes */
#define SPIN_FORCED     20000    /* … with --io server */
#define IDLE_NS         2000000  /* without a call for so long it goes to sleep */
#define WINDOW_NS       10000000 /* so many exits in this time wake it */
#define WANTED          24       /* … and make it the first time: more than the loader of a short program takes */
#define WANTED_DEAR     6        /* … where an exit costs as much as waking the server */
#define LATE_MOST       16 /* answers that did not come in time, without so many times as many that did, and it pauses … */
#define PER_LATE        8
#define PER_LATE_DEAR   2 /* (an answer saves an exit; a late one costs a second) */
#define BACKOFF_NS      10000000
#define BACKOFF_DEAR_NS 1000000
#define BACKOFF_MOST_NS 1000000000UL
#define LOOKS           256 /* rounds between two looks at the clock */

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* ---- serving ---- */

static uint32_t load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static uint64_t relaxed(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static void store(uint32_t *p, uint32_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

static bool swap(uint32_t *p, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(p, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* The program may write its page at any time: each field is read once. */
static void make_call(struct server *s, struct thread *th)
{
	struct gate_data *data = th->vcpu.data;
	volatile const uint64_t *args = data->args;
	struct hk_call call = { .nr = *(volatile const uint64_t *)&data->nr };
	int64_t result;

	for (int i = 0; i < 6; i++)
		call.a[i] = args[i];
	result = load(&s->stop) ? -HK_WOULD_WAIT : hk_dispatch_nowait(&th->task, &call);
	if (result == -HK_WOULD_WAIT) {
		s->handed_back++;
		store(&data->state, GATE_STATE_REFUSED);
		return;
	}
	s->served++;
	data->result = (uint64_t)result;
	store(&data->state, GATE_STATE_DONE);
}

/* Is there a call of this thread's? */
static bool look_at(struct server *s, struct thread *th)
{
	struct gate_data *data = th->vcpu.data;

	if (load(&data->state) != GATE_STATE_REQUEST || !swap(&th->seat.owner, SERVER_OWNER_GUEST, SERVER_OWNER_SERVER))
		return false;
	if (swap(&data->state, GATE_STATE_REQUEST, GATE_STATE_BUSY))
		make_call(s, th);
	store(&th->seat.owner, SERVER_OWNER_GUEST);
	return true;
}

static bool look_around(struct server *s)
{
	bool any = false;

	for (unsigned i = 0; i < SERVER_THREADS; i++) {
		struct thread *th = __atomic_load_n(&s->thread[i], __ATOMIC_ACQUIRE);

		if (th)
			any |= look_at(s, th);
		else if (i >= load(&s->seats))
			break;
	}
	return any;
}

/* ---- waking and sleeping ---- */

static uint64_t spin_of(const struct server *s)
{
	return s->mode == MONITOR_IO_SERVER ? SPIN_FORCED : s->dear ? s->spin : SPIN;
}

static void set_spin(struct server *s, uint64_t spin)
{
	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < s->seats; i++)
		if (s->thread[i])
			s->thread[i]->vcpu.data->spin = spin;
	pthread_mutex_unlock(&s->lock);
}

static uint64_t sum_late(struct server *s)
{
	uint64_t late = 0;

	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < s->seats; i++)
		if (s->thread[i])
			late += *(volatile uint64_t *)&s->thread[i]->vcpu.data->late;
	pthread_mutex_unlock(&s->lock);
	return late;
}

static void nap(struct server *s)
{
	store(&s->awake, 0);
	set_spin(s, 0);
	s->naps++;
	while (!load(&s->awake))
		hk_hostcall_sure(SYS_futex, &s->awake, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
	set_spin(s, spin_of(s));
}

static uint64_t backoff(const struct server *s)
{
	return s->dear ? BACKOFF_DEAR_NS : BACKOFF_NS;
}

/* Are the answers too late, because others have the processor? Then for a while there will be none. */
static bool is_late(struct server *s, uint64_t *served, uint64_t *late, uint64_t at)
{
	uint64_t more_late = sum_late(s) - *late, more = s->served - *served;

	if (more_late < LATE_MOST || s->mode == MONITOR_IO_SERVER)
		return false;
	*late += more_late;
	*served = s->served;
	s->late += more_late;
	if (more > (s->dear ? PER_LATE_DEAR : PER_LATE) * more_late) {
		s->backoff_ns = backoff(s);
		return false;
	}
	__atomic_store_n(&s->not_before_ns, at + s->backoff_ns, __ATOMIC_RELAXED);
	s->backoff_ns = hk_min(s->backoff_ns * 2, BACKOFF_MOST_NS);
	return true;
}

/* Not on the program's processor, where kernels like to put a thread that another one wakes: each would wait for the other's time slice. */
static void keep_apart(const struct server *s, int from)
{
	cpu_set_t set = s->cpus;

	if (from < 0)
		return;
	CPU_CLR(from, &set);
	if (CPU_COUNT(&set))
		sched_setaffinity(s->tid, sizeof(set), &set);
}

static void *server_main(void *arg)
{
	struct server *s = arg;
	uint64_t last = now(), at, served = 0, late = 0;
	bool any = false;

	s->tid = (pid_t)hk_hostcall_sure(SYS_gettid);
	keep_apart(s, s->first_from);
	set_spin(s, spin_of(s));
	for (unsigned round = 0;; round++) {
		if (look_around(s))
			any = true;
		else
			__builtin_ia32_pause();
		if (round % LOOKS)
			continue;
		at = now();
		if (any)
			last = at;
		any = false;
		if (at - last < IDLE_NS && !is_late(s, &served, &late, at))
			continue;
		nap(s);
		last = now();
	}
	return NULL;
}

/* So many looks take as long as an exit: who waits longer loses more than an exit would cost, who waits less gives up too soon. */
static uint64_t spin_for(uint64_t exit_tsc)
{
	uint64_t began = __builtin_ia32_rdtsc(), looks;

	for (int i = 0; i < PAUSES; i++)
		__builtin_ia32_pause();
	looks = exit_tsc * PAUSES / hk_max(__builtin_ia32_rdtsc() - began, 1UL);
	return hk_min(hk_max(looks, (uint64_t)SPIN), (uint64_t)SPIN_MOST);
}

static void start(struct monitor *m, const struct thread *th)
{
	/* No signal of the guest's may land on this thread, but its own faults on guest memory (mm/uaccess.h). */
	const uint64_t faults = 1UL << (SIGSEGV - 1) | 1UL << (SIGBUS - 1);
	struct server *s = &m->server;
	pthread_t host;

	pthread_mutex_lock(&s->lock);
	if (!s->started) {
		s->awake = 1;
		s->first_from = sched_getcpu();
		s->spin = spin_for(th->vcpu.exit_tsc);
		s->started = host_thread(m, server_main, s, faults, &host) == 0;
		s->possible = s->started;
		__atomic_store_n(&m->gate.serving, s->started, __ATOMIC_RELAXED);
		if (s->started)
			pthread_detach(host);
	}
	pthread_mutex_unlock(&s->lock);
}

/* ---- the threads' side ---- */

static bool has_processor(struct server *s)
{
	return sched_getaffinity(0, sizeof(s->cpus), &s->cpus) == 0 && CPU_COUNT(&s->cpus) > 1;
}

void server_init(struct server *s, enum monitor_io mode, bool dear)
{
	*s = (struct server){ .mode = mode, .dear = dear };
	s->backoff_ns = backoff(s);
	pthread_mutex_init(&s->lock, NULL);
	s->possible = (has_processor(s) && mode == MONITOR_IO_AUTO) || mode == MONITOR_IO_SERVER;
}

void server_forked(struct server *s)
{
	bool stopped = s->stop;

	server_init(s, s->mode, s->dear);
	s->stop = stopped;
}

void server_join(struct server *s, struct thread *th)
{
	th->seat = (struct server_seat){ .owner = SERVER_OWNER_MONITOR };
	if (!th->vcpu.data)
		return;
	/* The server may look yet, for the thread that had the vCPU before. */
	store(&th->vcpu.data->state, GATE_STATE_IDLE);
	th->vcpu.data->spin = 0;
	/* A child of vfork has descriptors of its own. */
	if (!s->possible || th->unshare_fs || th->task.proc->fds.borrowed)
		return;
	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < SERVER_THREADS && !th->seat.member; i++)
		if (!s->thread[i]) {
			__atomic_store_n(&s->thread[i], th, __ATOMIC_RELEASE);
			if (s->seats <= i)
				store(&s->seats, i + 1);
			th->seat.member = true;
			th->vcpu.data->spin = load(&s->awake) ? spin_of(s) : 0;
		}
	pthread_mutex_unlock(&s->lock);
}

void server_part(struct server *s, struct thread *th)
{
	if (!th->seat.member)
		return;
	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < s->seats; i++)
		if (s->thread[i] == th)
			__atomic_store_n(&s->thread[i], NULL, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&s->lock);
	th->seat.member = false;
}

void server_let(struct thread *th)
{
	if (th->seat.member)
		store(&th->seat.owner, SERVER_OWNER_GUEST);
}

void server_take(struct thread *th)
{
	if (!th->seat.member)
		return;
	/* A call that is being made for this thread does not wait for anything: it is over soon. */
	for (unsigned n = 0; !swap(&th->seat.owner, SERVER_OWNER_GUEST, SERVER_OWNER_MONITOR); n++)
		if (n < 1000)
			__builtin_ia32_pause();
		else
			sched_yield();
}

/* Threads of the program's that run just now, this one too, leave no processor for the server. */
static bool is_crowded(struct server *s)
{
	int running = 1;

	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < s->seats; i++)
		if (s->thread[i] && load(&s->thread[i]->seat.owner) == SERVER_OWNER_GUEST)
			running++;
	pthread_mutex_unlock(&s->lock);
	return running >= CPU_COUNT(&s->cpus);
}

static unsigned wanted(const struct server *s)
{
	if (s->mode == MONITOR_IO_SERVER)
		return 1;
	return s->dear && s->started ? WANTED_DEAR : WANTED;
}

void server_saw_exit(struct monitor *m, struct thread *th, uint64_t nr)
{
	struct server *s = &m->server;
	uint64_t at;

	if (!s->possible || load(&s->stop) || load(&s->awake) || !th->seat.member || !hk_may_serve(nr))
		return;
	/* Counting need not be exact between threads. */
	at = now();
	if (at - relaxed(&s->window_ns) > WINDOW_NS) {
		__atomic_store_n(&s->window_ns, at, __ATOMIC_RELAXED);
		__atomic_store_n(&s->wanted, 0, __ATOMIC_RELAXED);
	}
	if (__atomic_add_fetch(&s->wanted, 1, __ATOMIC_RELAXED) < wanted(s) || at < relaxed(&s->not_before_ns) ||
	    (s->mode == MONITOR_IO_AUTO && !s->dear && is_crowded(s)))
		return;
	__atomic_store_n(&s->wanted, 0, __ATOMIC_RELAXED);
	if (!s->started) {
		start(m, th);
	} else if (swap(&s->awake, 0, 1)) {
		keep_apart(s, sched_getcpu());
		hk_hostcall_sure(SYS_futex, &s->awake, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
	}
}

void server_stop(struct server *s)
{
	store(&s->stop, 1);
}
