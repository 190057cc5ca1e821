// SPDX-License-Identifier: GPL-2.0
/* What serves get_ptree() comes and goes: alone, next to another, and while calls are under way. Leaves get_ptree loaded, as it was. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/klog.h>

#include "kernel.h"

#define CALLERS 4
#define ROUNDS  20
#define BURST   16 /* calls on end */

static bool logged(const char *text)
{
	static char log[1 << 18];
	int n = klogctl(3, log, sizeof(log) - 1);

	if (n < 0)
		die("klogctl");
	log[n] = 0;
	return strstr(log, text);
}

static void one_at_a_time(void)
{
	struct prinfo info = { 0 };
	int n = 1;

	CHECK(get_ptree(&info, &n, 1) == 0 && info.pid == 1);
	CHECK(module_load(MODULE_DUMMY) == -1 && errno == EBUSY);
	CHECK(module_unload("get_ptree") == 0);
	FAILS(get_ptree(&info, &n, 1), ENOSYS);
	FAILS(get_ptree(NULL, NULL, -1), ENOSYS);
	CHECK(module_load(MODULE_DUMMY) == 0);
	CHECK(get_ptree((struct prinfo *)0x1234, (int *)0x5678, 9) == 0);
	CHECK(logged("get_ptree_dummy: buf 0x1234, nr 0x5678, root 9"));
	CHECK(module_load(MODULE) == -1 && errno == EBUSY);
	CHECK(module_unload("get_ptree_dummy") == 0);
	CHECK(module_load(MODULE) == 0);
	CHECK(get_ptree(&info, &n, 1) == 0 && info.pid == 1);
}

static atomic_bool stop;
static atomic_long served, missing, wrong;

static void *calls(void *arg)
{
	struct prinfo infos[8];

	double start = seconds();

	for (long i = 1; !stop; i++) {
		int n = 8;

		/* Without a pause as long as this one's turn and those of the others, there would be none in which all callers are outside. */
		if (i % BURST == 0) {
			usleep(CALLERS * (seconds() - start) * 1e6 + 1);
			start = seconds();
		}
		if (get_ptree(infos, &n, 1) == 0 && n >= 1 && infos[0].pid == 1)
			served++;
		else if (errno == ENOSYS)
			missing++;
		else
			wrong++;
	}
	return arg;
}

/* Unloading is refused while the module is in a call, which it is about half of the time; otherwise a call may come at any moment. */
static void under_calls(void)
{
	long refused = 0, unloaded = 0;
	pthread_t threads[CALLERS];

	stop = false;
	for (int i = 0; i < CALLERS; i++)
		if (pthread_create(&threads[i], NULL, calls, NULL))
			die("pthread_create");
	while (unloaded < ROUNDS) {
		if (module_unload("get_ptree") == 0) {
			unloaded++;
			if (module_load(MODULE))
				die("load");
		} else if (errno == EAGAIN) {
			refused++;
		} else {
			die("unload");
		}
	}
	stop = true;
	for (int i = 0; i < CALLERS; i++)
		pthread_join(threads[i], NULL);
	CHECK(unloaded == ROUNDS);
	CHECK(wrong == 0);
	CHECK(served > 0);
	printf("    %ld unloads refused, %ld calls served, %ld without a module\n", refused, (long)served,
	       (long)missing);
}

static struct prinfo *blocked_buffer;

static void *blocked_call(void *arg)
{
	int n = 1;

	*(long *)arg = get_ptree(blocked_buffer, &n, 1);
	return NULL;
}

/* A call that sleeps in its copy to the caller keeps the module, however long that takes. */
static void under_blocked_call(void)
{
	pthread_t thread;
	struct gate gate;
	long result = -1;

	gate_make(&gate, 1);
	blocked_buffer = (struct prinfo *)gate.pages;
	if (pthread_create(&thread, NULL, blocked_call, &result))
		die("pthread_create");
	gate_await(&gate);
	CHECK(module_unload("get_ptree") == -1 && errno == EAGAIN);
	CHECK(result == -1);
	gate_open(&gate);
	pthread_join(thread, NULL);
	CHECK(result == 0 && blocked_buffer->pid == 1);
	gate_drop(&gate);
	CHECK(module_unload("get_ptree") == 0);
	CHECK(module_load(MODULE) == 0);
}

int main(void)
{
	struct usage before;

	one_at_a_time();
	under_blocked_call();
	under_calls();
	before = usage();
	under_calls();
	CHECK(same_usage(before));
	return done("modules");
}
