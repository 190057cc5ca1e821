/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_cpu.h"

static struct fake_cpu *fake(struct hk_cpu *c)
{
	return (struct fake_cpu *)((char *)c - offsetof(struct fake_cpu, cpu));
}

static struct hk_regs *regs(struct hk_cpu *c)
{
	return &fake(c)->regs;
}

static int get_fs_gs(struct hk_cpu *c, uint64_t *fs, uint64_t *gs)
{
	*fs = fake(c)->fs;
	*gs = fake(c)->gs;
	return 0;
}

static int set_fs(struct hk_cpu *c, uint64_t base)
{
	fake(c)->fs = base;
	return 0;
}

static int set_gs(struct hk_cpu *c, uint64_t base)
{
	fake(c)->gs = base;
	return 0;
}

static int get_fp_status(struct hk_cpu *c, uint16_t *fcw, uint16_t *fsw, uint32_t *mxcsr)
{
	*fcw = fake(c)->fcw;
	*fsw = fake(c)->fsw;
	*mxcsr = fake(c)->mxcsr;
	return 0;
}

/* There is no such state here: as if it were loaded. */
static int load_state(struct hk_cpu *c, uint64_t area, bool extended)
{
	(void)c;
	(void)area;
	(void)extended;
	return 0;
}

static void kick(struct hk_cpu *c)
{
	fake(c)->kicks++;
}

void fake_cpu_init(struct fake_cpu *c)
{
	static const struct hk_cpu_ops ops = {
		.regs = regs,
		.get_fs_gs = get_fs_gs,
		.set_fs = set_fs,
		.set_gs = set_gs,
		.get_fp_status = get_fp_status,
		.load_state = load_state,
		.kick = kick,
	};

	*c = (struct fake_cpu){ .cpu.ops = &ops, .regs.rflags = 0x202, .fcw = 0x37f, .mxcsr = 0x1f80 };
}
