/* SPDX-License-Identifier: Apache-2.0 */
#include "call_world.h"

#include "mm/uaccess.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/mman.h>

static int add_slot(void *ctx, gpa_t gpa, uint64_t hva, uint64_t size)
{
	(void)ctx, (void)gpa, (void)hva, (void)size;
	return 0;
}

static const struct pt_ops pt_fake = { .add_slot = add_slot, .max_slots = 64, .gpa_bits = 40 };

static struct call_world *world_of(struct hk_cpu *c)
{
	return (struct call_world *)((char *)c - offsetof(struct call_world, cpu));
}

static int get_fs_gs(struct hk_cpu *c, uint64_t *fs, uint64_t *gs)
{
	*fs = world_of(c)->fs;
	*gs = world_of(c)->gs;
	return 0;
}

static int set_fs(struct hk_cpu *c, uint64_t base)
{
	world_of(c)->fs = base;
	return 0;
}

static int set_gs(struct hk_cpu *c, uint64_t base)
{
	world_of(c)->gs = base;
	return 0;
}

static const struct hk_cpu_ops cpu_fake = { .get_fs_gs = get_fs_gs, .set_fs = set_fs, .set_gs = set_gs };

static int open_temporary(void)
{
	int fd = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

void call_world_ready(void)
{
	assert_int_equal(uaccess_init(), 0);
}

int call_world_setup(void **state)
{
	struct call_world *w = calloc(1, sizeof(*w));
	int64_t r;

	assert_non_null(w);
	*state = w;
	call_world_ready();
	w->process.mm = &w->mm;
	assert_int_equal(mm_init(w->process.mm, &pt_fake, NULL), 0);
	assert_int_equal(fd_guard_init(&w->process.fds), 0);
	w->ours = open_temporary();
	assert_int_equal(fd_guard_adopt(&w->process.fds, &w->ours), 0);
	w->file = open_temporary();
	w->cpu.ops = &cpu_fake;
	w->task = (struct hk_task){ .proc = &w->process, .cpu = &w->cpu, .tid = getpid(), .call = &w->call };
	task_list_init(&w->process.tasks);
	task_list_add(&w->process.tasks, &w->task);
	r = mm_map(w->process.mm, GVA(0x2a0000000000), CALL_MEM, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0, NULL);
	assert_true(r > 0);
	w->mem = (char *)r;
	w->end = w->mem + CALL_MEM;
	return 0;
}

int call_world_teardown(void **state)
{
	struct call_world *w = *state;

	fd_guard_drop(&w->process.fds, &w->ours);
	close(w->file);
	mm_destroy(w->process.mm);
	free(w);
	return 0;
}
