/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/family.h"

#include "base/output.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#define NS_PER_TICK 10000000UL /* of /proc/<pid>/stat */

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

struct family *family_join(int fd)
{
	struct family *f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return f == MAP_FAILED ? NULL : f;
}

struct family *family_new(unsigned limit, int *fd)
{
	struct family *f = NULL;
	uint64_t nudge = 0;

	while (!nudge)
		if (getrandom(&nudge, sizeof(nudge), 0) < 0)
			return NULL;
	*fd = memfd_create(FAMILY_NAME, MFD_CLOEXEC);
	hk_output_begin();
	if (*fd >= 0 && ftruncate(*fd, sizeof(*f)) == 0)
		f = family_join(*fd);
	hk_output_end();
	if (!f)
		return NULL;
	f->magic = FAMILY_MAGIC;
	f->size = sizeof(*f);
	f->limit = limit;
	f->query.nudge = nudge;
	f->began_ns = now(CLOCK_REALTIME);
	return f;
}

static int32_t tid_of(const struct family_slot *s)
{
	return __atomic_load_n(&s->tid, __ATOMIC_ACQUIRE);
}

static pid_t pid_of(const struct family_slot *s)
{
	return __atomic_load_n(&s->pid, __ATOMIC_RELAXED);
}

/* Is it a process's first thread? */
static bool leads(const struct family_slot *s)
{
	pid_t tid = tid_of(s);

	return tid > 0 && tid == pid_of(s);
}

static uint32_t top_of(const struct family *f)
{
	return (uint32_t)hk_min(__atomic_load_n(&f->top, __ATOMIC_ACQUIRE), FAMILY_SLOTS);
}

void family_release(struct family *f, int slot)
{
	if (slot < 0 || slot >= FAMILY_SLOTS)
		return;
	if (__atomic_exchange_n(&f->slot[slot].tid, 0, __ATOMIC_ACQ_REL))
		__atomic_fetch_sub(&f->count, 1, __ATOMIC_RELAXED);
}

/* When did the process that has this number now start? 0: there is none. In nanoseconds since boot, rounded down to the tick. */
static uint64_t started(pid_t pid)
{
	char path[40], text[1024];
	const char *p;
	uint64_t ticks = 0;
	ssize_t n;
	int fd HK_CLOSE = -1;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* The 22nd field; the second, in parentheses, may hold anything. */
	p = strrchr(text, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (p)
		ticks = strtoul(p, NULL, 10);
	return ticks * NS_PER_TICK;
}

/* Is the process that the slot was filled for still there, and no other by its number? */
static bool lives(const struct family_slot *s)
{
	uint64_t start = started(pid_of(s));

	return start && start <= __atomic_load_n(&s->since_ns, __ATOMIC_RELAXED) + NS_PER_TICK;
}

/* Free the slots of processes that were killed without a word. */
static void sweep(struct family *f)
{
	for (uint32_t i = 0; i < top_of(f); i++) {
		const struct family_slot *s = &f->slot[i];

		if (tid_of(s) > 0 && !lives(s))
			family_release(f, (int)i);
	}
}

static int take_slot(struct family *f)
{
	for (uint32_t i = 0; i < FAMILY_SLOTS; i++) {
		int32_t free = 0;

		if (!__atomic_compare_exchange_n(&f->slot[i].tid, &free, -1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		/* Somebody may count yet for the process that had it before. */
		__atomic_store_n(&f->slot[i].cpu_ns, 0, __ATOMIC_RELAXED);
		for (uint32_t top = top_of(f); top <= i;)
			if (__atomic_compare_exchange_n(&f->top, &top, i + 1, false, __ATOMIC_ACQ_REL,
							__ATOMIC_RELAXED))
				break;
		return (int)i;
	}
	return -EAGAIN;
}

static bool is_full(const struct family *f)
{
	uint32_t limit = f->limit ? (uint32_t)hk_min(f->limit, FAMILY_SLOTS) : FAMILY_SLOTS;

	return __atomic_load_n(&f->count, __ATOMIC_RELAXED) > limit;
}

int family_claim(struct family *f)
{
	int slot = -EAGAIN;

	__atomic_fetch_add(&f->count, 1, __ATOMIC_RELAXED);
	if (is_full(f))
		sweep(f);
	if (!is_full(f))
		slot = take_slot(f);
	if (slot < 0)
		__atomic_fetch_sub(&f->count, 1, __ATOMIC_RELAXED);
	return slot;
}

static struct family_slot *find(struct family *f, pid_t pid)
{
	for (uint32_t i = 0; i < top_of(f); i++)
		if (tid_of(&f->slot[i]) == pid && pid_of(&f->slot[i]) == pid)
			return &f->slot[i];
	return NULL;
}

static bool is_marked(struct family *f, pid_t pid)
{
	const struct family_slot *s = find(f, pid);

	return s && (__atomic_load_n(&s->marks, __ATOMIC_SEQ_CST) & FAMILY_PROCESS_MARKED);
}

void family_fill(struct family *f, int slot, pid_t pid, pid_t tid, unsigned vcpu)
{
	struct family_slot *s;

	if (slot < 0 || slot >= FAMILY_SLOTS)
		return;
	s = &f->slot[slot];
	/* Somebody may look at the slot yet for the thread that had it before. */
	__atomic_store_n(&s->pid, pid, __ATOMIC_RELAXED);
	__atomic_store_n(&s->vcpu, vcpu, __ATOMIC_RELAXED);
	__atomic_store_n(&s->exits, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&s->marks, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&s->exe[0], '\0', __ATOMIC_RELAXED);
	__atomic_store_n(&s->since_ns, now(CLOCK_BOOTTIME), __ATOMIC_RELAXED);
	__atomic_store_n(&s->tid, tid, __ATOMIC_SEQ_CST);
	/* Who marks the process marks it first and looks for threads then. */
	if (tid != pid && __atomic_load_n(&f->marking, __ATOMIC_SEQ_CST) && is_marked(f, pid))
		__atomic_fetch_or(&s->marks, FAMILY_MARKED, __ATOMIC_RELAXED);
}

void family_name(struct family *f, int slot, pid_t pid)
{
	int32_t unnamed = -1;

	if (slot < 0 || slot >= FAMILY_SLOTS)
		return;
	/* Until the child has its say nobody can find the slot, so these two are nobody's else. */
	if (tid_of(&f->slot[slot]) != unnamed)
		return;
	__atomic_store_n(&f->slot[slot].pid, pid, __ATOMIC_RELAXED);
	__atomic_store_n(&f->slot[slot].since_ns, now(CLOCK_BOOTTIME), __ATOMIC_RELAXED);
	__atomic_compare_exchange_n(&f->slot[slot].tid, &unnamed, pid, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void family_show(struct family *f, int slot, const char *exe)
{
	size_t n = strnlen(exe, sizeof(f->slot[0].exe) - 1);

	if (slot < 0 || slot >= FAMILY_SLOTS)
		return;
	for (size_t i = 0; i < n; i++)
		__atomic_store_n(&f->slot[slot].exe[i], exe[i], __ATOMIC_RELAXED);
	__atomic_store_n(&f->slot[slot].exe[n], '\0', __ATOMIC_RELAXED);
}

void family_forget(struct family *f, pid_t pid, int keep)
{
	for (uint32_t i = 0; i < top_of(f); i++)
		if (tid_of(&f->slot[i]) > 0 && pid_of(&f->slot[i]) == pid && (int)i != keep)
			family_release(f, (int)i);
}

bool family_has(struct family *f, pid_t pid)
{
	const struct family_slot *s = pid > 0 ? find(f, pid) : NULL;

	return s && lives(s);
}

bool family_has_thread(struct family *f, pid_t tid)
{
	for (uint32_t i = 0; i < top_of(f) && tid > 0; i++)
		if (tid_of(&f->slot[i]) == tid)
			return lives(&f->slot[i]);
	return false;
}

int family_each(struct family *f, int (*cb)(pid_t pid, void *ctx), void *ctx)
{
	int r = 0;

	for (uint32_t i = 0; i < top_of(f) && r == 0; i++) {
		const struct family_slot *s = &f->slot[i];

		if (leads(s) && lives(s))
			r = cb(pid_of(s), ctx);
	}
	return r;
}

bool family_exe(struct family *f, pid_t pid, char exe[224])
{
	const struct family_slot *s = find(f, pid);

	if (!s)
		return false;
	/* The slot may become another's meanwhile. */
	for (size_t i = 0; i < sizeof(s->exe); i++)
		exe[i] = __atomic_load_n(&s->exe[i], __ATOMIC_RELAXED);
	exe[sizeof(s->exe) - 1] = '\0';
	return true;
}

const struct family_slot *family_slot_of(const struct family *f, pid_t tid)
{
	for (uint32_t i = 0; i < top_of(f) && tid > 0; i++)
		if (tid_of(&f->slot[i]) == tid)
			return &f->slot[i];
	return NULL;
}

/* ---- CPU time ---- */

void family_count_cpu(struct family *f, int slot)
{
	struct family_slot *s = slot >= 0 && slot < FAMILY_SLOTS ? &f->slot[slot] : NULL;
	struct timespec ts;
	uint64_t used, before;

	/* The CPU-time clock of a process, as clock_getcpuclockid(3) makes it. */
	if (!s || clock_gettime((clockid_t)(~(unsigned)pid_of(s) << 3 | 2), &ts))
		return;
	used = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	before = __atomic_exchange_n(&s->cpu_ns, used, __ATOMIC_RELAXED);
	if (used > before)
		__atomic_fetch_add(&f->cpu_ns, used - before, __ATOMIC_RELAXED);
}

void family_count_all_cpu(struct family *f)
{
	for (uint32_t i = 0; i < top_of(f); i++)
		if (leads(&f->slot[i]))
			family_count_cpu(f, (int)i);
}

/* ---- marks ---- */

void family_end_first(struct family *f, int slot)
{
	if (slot >= 0 && slot < FAMILY_SLOTS)
		__atomic_fetch_or(&f->slot[slot].marks, FAMILY_ENDED, __ATOMIC_RELAXED);
}

unsigned family_mark(struct family *f, pid_t pid, void (*cb)(pid_t tid, unsigned vcpu, void *ctx), void *ctx)
{
	struct family_slot *process = find(f, pid);
	unsigned count = 0;

	if (!process || !lives(process))
		return 0;
	__atomic_store_n(&f->marking, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&process->marks, FAMILY_PROCESS_MARKED, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < top_of(f); i++) {
		struct family_slot *s = &f->slot[i];
		pid_t tid = __atomic_load_n(&s->tid, __ATOMIC_SEQ_CST);

		if (tid <= 0 || pid_of(s) != pid)
			continue;
		if (__atomic_fetch_or(&s->marks, FAMILY_MARKED, __ATOMIC_RELAXED) & FAMILY_ENDED)
			continue;
		cb(tid, __atomic_load_n(&s->vcpu, __ATOMIC_RELAXED), ctx);
		count++;
	}
	return count;
}

void family_unmark(struct family *f, int slot)
{
	if (slot >= 0 && slot < FAMILY_SLOTS)
		__atomic_store_n(&f->slot[slot].marks, 0, __ATOMIC_RELAXED);
}

bool family_marked(struct family *f, pid_t tid)
{
	for (uint32_t i = 0; i < top_of(f) && tid > 0; i++)
		if (tid_of(&f->slot[i]) == tid)
			return __atomic_load_n(&f->slot[i].marks, __ATOMIC_RELAXED) & FAMILY_MARKED;
	return false;
}
