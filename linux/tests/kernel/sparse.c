// SPDX-License-Identifier: GPL-2.0
/*
 * mapspages() of mappings that are larger than memory, all of them: 1 TiB with 256 MiB of characters. With signals in the middle, with mappings that change
 * meanwhile, without a lock while it writes, and with as much memory in use afterwards as before.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "kernel.h"

#define SIZE  (1UL << 40)
#define CHARS (SIZE / PAGE)
#define ROOM  (CHARS + 4096)

static char *sparse, *room;

static long all_of_it(void)
{
	return mapspages((unsigned long)sparse, (unsigned long)sparse + SIZE, room, ROOM);
}

/* The few pages that are there stand at their places among 268 million dots. */
static void whole(void)
{
	static const size_t places[] = { 0, 1, 511, 512, 16383, 16384, 1UL << 20, CHARS / 2, CHARS - 16385, CHARS - 1 };
	size_t ones = 0, dots = 0;
	char *chars;
	long n;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		sparse[places[i] * PAGE] = 1;
	n = all_of_it();
	CHECK(n > (long)CHARS && n < (long)ROOM);
	chars = strchr(room, '\n') + 1;
	CHECK(chars[CHARS] == '\n' && chars[CHARS + 1] == 0 && chars + CHARS + 1 == room + n);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		ones += chars[places[i]] == '1';
	CHECK(ones == sizeof(places) / sizeof(places[0]));
	for (char *p = chars; (p = memchr(p, '1', chars + CHARS - p)); p++)
		dots++;
	CHECK(dots == ones);
}

/* Each change keeps the number of pages right: what is unmapped meanwhile is not there. */
static atomic_bool stop;

static void *changes(void *arg)
{
	for (unsigned long i = 0; !stop; i++) {
		char *p = sparse + (i * 7919 % (SIZE >> 21) << 21);

		p[0] = 1;
		mprotect(p, PAGE, PROT_READ);
		madvise(p, 2UL << 20, MADV_DONTNEED);
		mprotect(p, PAGE, PROT_READ | PROT_WRITE);
		if (i % 16 == 0 && mmap(p, 2UL << 20, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != p)
			die("mmap");
	}
	return arg;
}

static void changing(void)
{
	char *rest = room, *line;
	pthread_t thread;
	size_t chars = 0;
	bool lines;
	long n;

	stop = false;
	if (pthread_create(&thread, NULL, changes, NULL))
		die("pthread_create");
	n = all_of_it();
	lines = n > 0 && room[n - 1] == '\n' && room[n] == 0;
	while (lines && (line = strsep(&rest, "\n")) && *line) {
		unsigned long start, end;

		lines = sscanf(line, "%lx-%lx ", &start, &end) == 2 && start < end;
		line = strsep(&rest, "\n");
		if (line) /* else cut there, as there are more lines than room for them */
			chars += strlen(line);
	}
	stop = true;
	pthread_join(thread, NULL);
	CHECK(lines);
	CHECK(chars > 0 && chars <= CHARS);
}

static atomic_int caught;

static void catches(int signal)
{
	(void)signal;
	caught++;
}

static void every(long microseconds)
{
	struct itimerval timer = { { 0, microseconds }, { 0, microseconds } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* With a handler the call ends; with none the signal does not show. */
static void with_signals(void)
{
	struct sigaction action = { .sa_handler = catches, .sa_flags = SA_RESTART };
	long interrupted = 0, complete = 0;
	pid_t pid;

	sigaction(SIGALRM, &action, NULL);
	every(20000);
	for (int i = 0; i < 10; i++) {
		if (all_of_it() == -1)
			interrupted += errno == EINTR;
		else
			complete++;
	}
	every(0);
	CHECK(caught > 0);
	CHECK(interrupted > 0 && interrupted + complete == 10);

	if (child(NULL, &pid)) {
		long n = all_of_it();

		_exit(n > (long)CHARS ? 0 : 1);
	}
	for (int i = 0; i < 5; i++) {
		usleep(30000);
		kill(pid, SIGSTOP);
		kill(pid, SIGCONT);
	}
	CHECK(waitpid(pid, &(int){ 0 }, 0) == pid);
}

/* A signal that kills does so at once: 128 TiB would take minutes otherwise. */
static void killed(void)
{
	double start;
	int status;
	pid_t pid;

	if (child(NULL, &pid)) {
		for (;;)
			all_of_it();
	}
	usleep(200000);
	start = seconds();
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	CHECK(seconds() - start < 10);
}

static void *blocked_call(void *pages)
{
	return (void *)mapspages((unsigned long)sparse, (unsigned long)sparse + 100 * PAGE, pages, PAGE);
}

/* Nobody has to wait for a call that waits for its caller's buffer. */
static void without_lock(void)
{
	struct gate gate;
	pthread_t thread;
	void *result;
	char *p;

	gate_make(&gate, 1);
	if (pthread_create(&thread, NULL, blocked_call, gate.pages))
		die("pthread_create");
	gate_await(&gate);
	p = map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	CHECK(munmap(p, PAGE) == 0);
	gate_open(&gate);
	pthread_join(thread, &result);
	CHECK((long)result > 100 && strlen(gate.pages) == (size_t)result);
	gate_drop(&gate);
}

/* A buffer that ends in the middle of the characters. */
static void half_a_buffer(void)
{
	char *end = room + (8UL << 20);

	mprotect(end, PAGE, PROT_READ);
	FAILS(all_of_it(), EFAULT);
	mprotect(end, PAGE, PROT_READ | PROT_WRITE);
}

/* The mapping in one piece, with nothing in it. */
static void anew(void)
{
	if (sparse)
		munmap(sparse, SIZE);
	sparse = map(SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
	madvise(sparse, SIZE, MADV_NOHUGEPAGE);
}

int main(void)
{
	struct usage before;

	room = map(ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
	anew();
	whole();
	before = usage();
	half_a_buffer();
	changing();
	with_signals();
	killed();
	without_lock();
	anew();
	whole();
	CHECK(same_usage(before));
	return done("sparse");
}
