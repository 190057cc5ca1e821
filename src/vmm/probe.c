/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measurements for `husk doctor`. The VM is the one that `husk run` makes, by the same functions; in place of a program there is
 * one page of code: a few instructions each, that end with a system call.
 */
#include "vmm/probe.h"

#include "base/summary.h"
#include "mm/uaccess.h"
#include "vmm/cpuid.h"
#include "vmm/vcpu.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#define ROUNDS    1000
#define PAGES     1024
#define VM_ROUNDS 5
#define SLOT_SIZE (1UL << 30)
#define VECTOR_UD 6

/* The code page, and where its pieces start. Above the two lies memory to touch. */
#define CODE_VA      (HK_MMAP_MIN + 0x10000000UL)
#define TOUCH_VA     (CODE_VA + (64UL << 20))
#define CODE_SYSCALL 0x000
#define CODE_UD      0x100
#define CODE_TOUCH   0x200
#define CODE_AVX     0x300
#define CODE_AVX512  0x400
#define CODE_XGETBV  0x500
#define CODE_SIZE    0x600

/* Never run here: copied into the VM. */
__asm__(".pushsection .rodata\n"
	".local probe_code\n"
	"probe_code:\n"
	"1: syscall\n"
	"jmp 1b\n"
	".org probe_code + 0x100, 0xcc\n"
	"ud2\n"
	".org probe_code + 0x200, 0xcc\n"
	"2: mov %rdi, (%rdi)\n" /* RSI pages from RDI on */
	"add $4096, %rdi\n"
	"dec %rsi\n"
	"jnz 2b\n"
	"syscall\n"
	".org probe_code + 0x300, 0xcc\n"
	"vpxor %ymm1, %ymm1, %ymm1\n"
	"syscall\n"
	".org probe_code + 0x400, 0xcc\n"
	"vpxord %zmm1, %zmm1, %zmm1\n"
	"syscall\n"
	".org probe_code + 0x500, 0xcc\n"
	"xor %ecx, %ecx\n"
	"xgetbv\n"
	"syscall\n"
	".org probe_code + 0x600, 0xcc\n"
	".popsection\n");
extern const uint8_t probe_code[CODE_SIZE];

static const struct {
	int cap;
	bool required;
	const char *name, *what;
} caps[PROBE_CAPS] = {
	{ KVM_CAP_USER_MEMORY, true, "KVM_CAP_USER_MEMORY", "guest memory is the monitor's own" },
	{ KVM_CAP_SYNC_REGS, true, "KVM_CAP_SYNC_REGS", "registers without an ioctl at each exit" },
	{ KVM_CAP_IMMEDIATE_EXIT, true, "KVM_CAP_IMMEDIATE_EXIT", "signals stop the guest without a race" },
	{ KVM_CAP_NR_MEMSLOTS, true, "KVM_CAP_NR_MEMSLOTS", "memory slots; programs that reserve terabytes need many" },
	{ KVM_CAP_EXT_CPUID, true, "KVM_CAP_EXT_CPUID", "CPU features for the guest" },
	{ KVM_CAP_SYNC_MMU, true, "KVM_CAP_SYNC_MMU", "the guest sees every change of the host's mappings" },
	{ KVM_CAP_SET_TSS_ADDR, false, "KVM_CAP_SET_TSS_ADDR", "needed on Intel processors only" },
	{ KVM_CAP_XCRS, false, "KVM_CAP_XCRS", "AVX in the guest" },
	{ KVM_CAP_XSAVE, false, "KVM_CAP_XSAVE", "AVX registers kept over signals and forks" },
	{ KVM_CAP_NR_VCPUS, false, "KVM_CAP_NR_VCPUS", "threads of one program that run well at once" },
	{ KVM_CAP_MAX_VCPUS, false, "KVM_CAP_MAX_VCPUS", "threads of one program at all" },
	{ KVM_CAP_MAX_VCPU_ID, false, "KVM_CAP_MAX_VCPU_ID", "vCPU numbers" },
};

/* ---- time ---- */

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The median, after whoever wants to know all has seen them. Sorts v. */
static double settle(const struct probe_sink *sink, const char *name, double *v, size_t n)
{
	if (sink)
		sink->series(sink->ctx, name, v, n);
	return hk_summarise(v, n).p50;
}

/* ---- the device ---- */

static int check_device(struct probe *p, struct hk_err *err)
{
	int fd HK_CLOSE = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		p->device_error = errno;
		return hk_err_set(err, -errno, "cannot open /dev/kvm: %s", strerror(errno));
	}
	p->api_wanted = KVM_API_VERSION;
	p->api_version = ioctl(fd, KVM_GET_API_VERSION, 0);
	if (p->api_version < 0)
		return hk_err_set(err, -errno, "/dev/kvm does not answer like KVM: %s", strerror(errno));
	for (size_t k = 0; k < HK_ARRAY_LEN(caps) && caps[k].name; k++)
		p->cap[p->cap_count++] = (struct probe_cap){ .name = caps[k].name,
							     .required = caps[k].required,
							     .what = caps[k].what,
							     .value = ioctl(fd, KVM_CHECK_EXTENSION, caps[k].cap) };
	return 0;
}

/* Making and unmaking an empty VM and its first vCPUs, and a memory slot: on bare descriptors. The slot needs no memory behind it. */
static int measure_creation(struct probe *p, const struct probe_sink *sink, struct hk_err *err)
{
	double create[PROBE_VMS], vcpu[PROBE_VMS], next[PROBE_VMS], slot[PROBE_VMS], destroy[PROBE_VMS], t[6];
	unsigned rounds = sink && sink->vms ? (unsigned)hk_min(sink->vms, PROBE_VMS) : VM_ROUNDS;
	int kvm HK_CLOSE = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	for (unsigned k = 0; kvm >= 0 && k < rounds; k++) {
		struct kvm_userspace_memory_region r = { .memory_size = SLOT_SIZE, .userspace_addr = HK_MMAP_MIN };
		int vm, first, second, bad, e;

		t[0] = now_us();
		vm = ioctl(kvm, KVM_CREATE_VM, 0);
		t[1] = now_us();
		if (vm < 0)
			return hk_err_set(err, -errno, "cannot create a virtual machine: %s%s", strerror(errno),
					  errno == EBUSY ? "; another hypervisor has the processor's virtualisation"
							 : "");
		first = ioctl(vm, KVM_CREATE_VCPU, 0);
		t[2] = now_us();
		second = ioctl(vm, KVM_CREATE_VCPU, 1);
		t[3] = now_us();
		bad = ioctl(vm, KVM_SET_USER_MEMORY_REGION, &r);
		e = errno;
		t[4] = now_us();
		if (second >= 0)
			close(second);
		if (first >= 0)
			close(first);
		close(vm);
		t[5] = now_us();
		if (first < 0 || second < 0 || bad)
			return hk_err_set(err, -e, "cannot create a virtual machine with two vCPUs and 1 GiB: %s",
					  strerror(e));
		create[k] = t[1] - t[0];
		vcpu[k] = t[2] - t[1];
		next[k] = t[3] - t[2];
		slot[k] = t[4] - t[3];
		destroy[k] = t[5] - t[4];
	}
	if (kvm < 0)
		return hk_err_set(err, -errno, "cannot open /dev/kvm: %s", strerror(errno));
	p->create_vm = settle(sink, "VM creation", create, rounds);
	p->create_vcpu = settle(sink, "vCPU creation, the first", vcpu, rounds);
	p->create_vcpu_next = settle(sink, "vCPU creation, the next", next, rounds);
	p->slot_gib = settle(sink, "memory slot of 1 GiB", slot, rounds);
	p->destroy_vm = settle(sink, "VM destruction", destroy, rounds);
	return 0;
}

/* ---- code in the VM ---- */

struct guest {
	struct vm vm;
	struct mm mm;
	struct vcpu vcpu;
};

static int start_guest(struct guest *g, struct hk_err *err)
{
	const struct mm_map_hint hint = { .populate = true };
	int64_t r = uaccess_init();

	if (r == 0)
		r = vm_open(&g->vm, NULL, -1, err);
	if (r == 0)
		r = mm_init(&g->mm, &g->vm.pt_ops, &g->vm);
	if (r == 0)
		r = vm_install_gate(&g->vm, &g->mm, err);
	if (r == 0)
		r = vcpu_open(&g->vcpu, &g->vm, &g->mm, 0, err);
	if (r)
		return err->code ? (int)r
				 : hk_err_set(err, (int)r, "cannot set up guest memory: %s", strerror((int)-r));
	r = mm_map(&g->mm, GVA(CODE_VA), CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0, &hint);
	if (r >= 0)
		r = mm_map(&g->mm, GVA(TOUCH_VA), PAGES * HK_PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0, &hint);
	if (r >= 0)
		r = copy_to_guest(GVA(CODE_VA), probe_code, CODE_SIZE);
	return r < 0 ? hk_err_set(err, (int)r, "cannot map memory for the guest: %s", strerror((int)-r)) : 0;
}

/* Run from offset `at` of the code page to the next event that is the guest's own. */
static enum vcpu_event run_code(struct guest *g, uint64_t at, struct vcpu_exit *e)
{
	g->vcpu.regs.rip = CODE_VA + at;
	for (unsigned k = 0; k < PAGES + 16; k++) {
		vcpu_run(&g->vcpu, e);
		if (e->event == VCPU_EXCEPTION && e->vector == 14 &&
		    mm_fault(&g->mm, GVA(e->cr2), e->error & 2 ? MM_WRITE : MM_READ) == MM_RESUME)
			continue;
		if (e->event != VCPU_KICKED)
			break;
	}
	return e->event;
}

static int unexpected(const struct vcpu_exit *e, const char *what, struct hk_err *err)
{
	return hk_err_set(err, -EIO, "a VM starts, but %s in it ended as event %d, vector %u, address %#lx %s", what,
			  e->event, e->vector, e->cr2, e->event == VCPU_BROKEN ? e->text : "");
}

static int measure_exits(struct guest *g, struct probe *p, const struct probe_sink *sink, struct hk_err *err)
{
	double *t HK_FREE = calloc(ROUNDS, sizeof(*t));
	struct vcpu_exit e;

	if (!t)
		return hk_err_set(err, -ENOMEM, "out of memory");
	if (run_code(g, CODE_SYSCALL, &e) != VCPU_SYSCALL)
		return unexpected(&e, "a system call", err);
	for (int k = 0; k < ROUNDS; k++) {
		double start = now_us();

		vcpu_run(&g->vcpu, &e);
		t[k] = now_us() - start;
		if (e.event != VCPU_SYSCALL)
			return unexpected(&e, "a system call", err);
	}
	p->exit_syscall = settle(sink, "exit by SYSCALL", t, ROUNDS);
	for (int k = 0; k < ROUNDS; k++) {
		double start;

		g->vcpu.regs.rip = CODE_VA + CODE_UD;
		start = now_us();
		vcpu_run(&g->vcpu, &e);
		t[k] = now_us() - start;
		if (e.event != VCPU_EXCEPTION || e.vector != VECTOR_UD)
			return unexpected(&e, "an illegal instruction", err);
	}
	p->exit_exception = settle(sink, "exit by an exception", t, ROUNDS);
	return 0;
}

static int measure_touch(struct guest *g, struct probe *p, struct hk_err *err)
{
	struct vcpu_exit e;
	double start;

	g->vcpu.regs.rdi = TOUCH_VA;
	g->vcpu.regs.rsi = PAGES;
	start = now_us();
	if (run_code(g, CODE_TOUCH, &e) != VCPU_SYSCALL)
		return unexpected(&e, "writing to memory", err);
	p->new_page = (now_us() - start) / PAGES;
	return 0;
}

/* Does the code at `at` reach its system call? It ends with #UD where the processor does not have the instruction. */
static bool works(struct guest *g, uint64_t at)
{
	struct vcpu_exit e;

	return run_code(g, at, &e) == VCPU_SYSCALL;
}

static int measure_guest(struct probe *p, const struct probe_sink *sink, struct hk_err *err)
{
	struct guest *g HK_FREE = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return hk_err_set(err, -ENOMEM, "out of memory");
	r = start_guest(g, err);
	if (r == 0)
		r = measure_exits(g, p, sink, err);
	if (r == 0)
		r = measure_touch(g, p, err);
	if (r)
		return r; /* the process is about to end: what was made goes with it */
	p->runs = true;
	p->syscall = g->vm.facts.syscall;
	p->fsgsbase = g->vm.facts.fsgsbase;
	p->gpa_bits = g->vm.pt_ops.gpa_bits;
	p->xsave = works(g, CODE_XGETBV);
	p->avx = works(g, CODE_AVX);
	p->avx512 = works(g, CODE_AVX512);
	vcpu_close(&g->vcpu);
	mm_destroy(&g->mm);
	vm_close(&g->vm);
	return 0;
}

int probe_host(struct probe *p, const struct probe_sink *sink, struct hk_err *err)
{
	int r;

	memset(p, 0, sizeof(*p));
	p->create_vm = p->create_vcpu = p->create_vcpu_next = p->destroy_vm = -1;
	p->exit_syscall = p->exit_exception = p->new_page = p->slot_gib = -1;
	r = check_device(p, err);
	if (r == 0)
		r = measure_creation(p, sink, err);
	if (r == 0)
		r = measure_guest(p, sink, err);
	return r;
}
