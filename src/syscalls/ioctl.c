/* SPDX-License-Identifier: Apache-2.0 */
/* ioctl by an explicit list (ioctl_list.def): what an argument means is known only by the request, so what is not listed cannot be passed on safely. */
#include "syscalls/args.h"
#include "syscalls/handlers.h"

#include "mm/uaccess.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/if.h>
#include <linux/random.h>
#include <linux/sockios.h>
#include <linux/termios.h>
#include <string.h>

int ioctl(int fd, unsigned long request, ...); /* <sys/ioctl.h> does not go with <asm/termbits.h> */

struct fs_label {
	char text[FSLABEL_MAX];
};

/* One request: `object` bytes behind the argument, or a function. */
struct ioctl_row {
	uint32_t request;
	uint32_t object; /* 0: the argument is a number */
	int64_t (*own)(struct hk_task *t, const uint64_t a[6]);
};

static int64_t pass(const uint64_t a[6], uint64_t arg)
{
	return hk_hostcall(SYS_ioctl, a[0], a[1], arg);
}

/* Typing into the terminal of those outside: refused as Linux refuses it with dev.tty.legacy_tiocsti=0 (EIO there; EPERM is what programs know). */
static int64_t refuse_sti(struct hk_task *t, const uint64_t a[6])
{
	struct termios tio;

	if (ioctl((int)a[0], TCGETS, &tio))
		return -errno;
	task_note(t, "a guest may not type into its terminal");
	return -EPERM;
}

static int64_t clone_file(struct hk_task *t, const uint64_t a[6])
{
	return fd_check(&t->proc->fds, (int)a[2]) ? -EBADF : pass(a, a[2]);
}

static int64_t clone_range(struct hk_task *t, const uint64_t a[6])
{
	struct file_clone_range arg;

	if (get_guest(&arg, GVA(a[2])))
		return pass(a, HOST_BAD_ADDR);
	if (fd_check(&t->proc->fds, (int)arg.src_fd))
		return -EBADF;
	return hk_hostcall(SYS_ioctl, a[0], a[1], &arg);
}

/* A header and dest_count elements, a page at most as in Linux; each element gets its own result. */
static int64_t dedupe_range(struct hk_task *t, const uint64_t a[6])
{
	_Alignas(8) uint8_t buf[HK_PAGE_SIZE];
	struct file_dedupe_range *arg = (void *)buf;
	uint16_t count;
	size_t size;
	int64_t r;

	if (copy_from_guest(&count, GVA(a[2] + offsetof(struct file_dedupe_range, dest_count)), sizeof(count)))
		return pass(a, HOST_BAD_ADDR);
	size = sizeof(*arg) + count * sizeof(arg->info[0]);
	if (size > sizeof(buf))
		return -ENOMEM;
	if (copy_from_guest(buf, GVA(a[2]), size))
		return pass(a, HOST_BAD_ADDR);
	arg->dest_count = count;
	for (unsigned i = 0; i < count; i++)
		if (fd_check(&t->proc->fds, (int)arg->info[i].dest_fd))
			arg->info[i].dest_fd = -1; /* the host says EBADF in the element */
	r = hk_hostcall(SYS_ioctl, a[0], a[1], arg);
	for (unsigned i = 0; i < count && r >= 0; i++) {
		uint64_t at = a[2] + offsetof(struct file_dedupe_range, info) + i * sizeof(arg->info[0]) +
			      offsetof(struct file_dedupe_range_info, bytes_deduped);

		/* bytes_deduped and status lie side by side and are all that the call writes. */
		if (copy_to_guest(GVA(at), &arg->info[i].bytes_deduped, sizeof(uint64_t) + sizeof(int32_t)))
			r = -EFAULT;
	}
	return r;
}

#define EXTENTS_AT_ONCE 64

/* A header and room for as many extents as it says. More than EXTENTS_AT_ONCE are not given at once: the last one then lacks FIEMAP_EXTENT_LAST, as always
 * when the caller's room is short. */
static int64_t fiemap(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	_Alignas(8) uint8_t buf[sizeof(struct fiemap) + EXTENTS_AT_ONCE * sizeof(struct fiemap_extent)];
	struct fiemap *map = (void *)buf;
	uint32_t room;
	int64_t r;

	if (copy_from_guest(map, GVA(a[2]), sizeof(*map)))
		return pass(a, HOST_BAD_ADDR);
	room = map->fm_extent_count;
	map->fm_extent_count = (uint32_t)hk_min(room, EXTENTS_AT_ONCE);
	r = hk_hostcall(SYS_ioctl, a[0], a[1], map);
	map->fm_extent_count = room;
	if (r == 0 && room &&
	    copy_to_guest(GVA(a[2] + sizeof(*map)), map->fm_extents,
			  hk_min(map->fm_mapped_extents, EXTENTS_AT_ONCE) * sizeof(struct fiemap_extent)))
		return -EFAULT;
	/* Linux writes the header after a failure too: the flags it does not know are told there. */
	return copy_to_guest(GVA(a[2]), map, sizeof(*map)) ? -EFAULT : r;
}

/* A header with a length and a pointer to so much room, or NULL to ask for the length. */
static int64_t interface_list(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	struct ifconf conf;
	int64_t r;

	if (get_guest(&conf, GVA(a[2])))
		return pass(a, HOST_BAD_ADDR);
	if (conf.ifc_buf && conf.ifc_len > 0)
		conf.ifc_buf = (char *)(uintptr_t)host_addr((uint64_t)(uintptr_t)conf.ifc_buf,
							    (unsigned)conf.ifc_len); /* for the host only */
	r = hk_hostcall(SYS_ioctl, a[0], a[1], &conf);
	if (r == 0 && put_guest(GVA(a[2] + offsetof(struct ifconf, ifc_len)), &conf.ifc_len))
		return -EFAULT;
	return r;
}

static const struct ioctl_row rows[] = {
#define IOCTL_NUM(req)       { .request = (uint32_t)(req) },
#define IOCTL_PTR(req, type) { .request = (uint32_t)(req), .object = sizeof(type) },
#define IOCTL_OWN(req, fn)   { .request = (uint32_t)(req), .own = fn },
#include "syscalls/ioctl_list.def"
#undef IOCTL_NUM
#undef IOCTL_PTR
#undef IOCTL_OWN
};

static const struct ioctl_row *find(uint32_t request)
{
	for (size_t i = 0; i < HK_ARRAY_LEN(rows); i++)
		if (rows[i].request == request)
			return &rows[i];
	return NULL;
}

/* ENOTTY, but EBADF if there is no such descriptor: or it is only a name (O_PATH). */
static int64_t unknown(struct hk_task *t, const uint64_t a[6])
{
	int flags = fcntl((int)a[0], F_GETFL);

	if (flags < 0 || flags & O_PATH)
		return -EBADF;
	task_note(t, "no such request in the list of ioctls");
	return -ENOTTY;
}

int64_t sys_ioctl(struct hk_task *t, const uint64_t a[6])
{
	const struct ioctl_row *row = find((uint32_t)a[1]);

	if (!row)
		return unknown(t, a);
	if (row->own)
		return row->own(t, a);
	return pass(a, row->object ? host_addr(a[2], row->object) : a[2]);
}
