/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data in and out of open files: read and write and their variants, positions, space, syncing, copying between descriptors. The host moves the bytes straight
 * to and from guest memory.
 */
#include "syscalls/args.h"
#include "syscalls/handlers.h"
#include "syscalls/kmsg.h"

#include <sys/types.h>

int64_t sys_read(struct hk_task *t, const uint64_t a[6])
{
	uint64_t len = a[2], buf = host_span(a[1], &len);

	if (kmsg_is_fd(t, a[0]))
		return kmsg_read(t, a);
	return hk_hostcall(SYS_read, a[0], buf, len);
}

int64_t sys_write(struct hk_task *t, const uint64_t a[6])
{
	uint64_t len = a[2], buf = host_span(a[1], &len);

	if (kmsg_is_fd(t, a[0]))
		return kmsg_write(t, a);
	return hk_hostcall(SYS_write, a[0], buf, len);
}

int64_t sys_pread64(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	uint64_t len = a[2], buf = host_span(a[1], &len);

	return hk_hostcall(SYS_pread64, a[0], buf, len, a[3]);
}

int64_t sys_pwrite64(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	uint64_t len = a[2], buf = host_span(a[1], &len);

	return hk_hostcall(SYS_pwrite64, a[0], buf, len, a[3]);
}

int64_t sys_readv(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return vector_call(SYS_readv, a);
}

int64_t sys_writev(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return vector_call(SYS_writev, a);
}

int64_t sys_preadv(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return vector_call(SYS_preadv, a);
}

int64_t sys_pwritev(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return vector_call(SYS_pwritev, a);
}

int64_t sys_preadv2(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return vector_call(SYS_preadv2, a);
}

int64_t sys_pwritev2(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return vector_call(SYS_pwritev2, a);
}

int64_t sys_vmsplice(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return vector_call(SYS_vmsplice, a);
}

int64_t sys_lseek(struct hk_task *t, const uint64_t a[6])
{
	if (kmsg_is_fd(t, a[0]))
		return kmsg_lseek(t, a);
	return hk_hostcall(SYS_lseek, a[0], a[1], a[2]);
}

int64_t sys_sync(struct hk_task *t HK_UNUSED, const uint64_t a[6] HK_UNUSED)
{
	return hk_hostcall(SYS_sync);
}

int64_t sys_syncfs(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_syncfs, a[0]);
}

int64_t sys_fsync(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_fsync, a[0]);
}

int64_t sys_fdatasync(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_fdatasync, a[0]);
}

int64_t sys_sync_file_range(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_sync_file_range, a[0], a[1], a[2], a[3]);
}

int64_t sys_fallocate(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_fallocate, a[0], a[1], a[2], a[3]);
}

int64_t sys_fadvise64(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_fadvise64, a[0], a[1], a[2], a[3]);
}

int64_t sys_readahead(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_readahead, a[0], a[1], a[2]);
}

int64_t sys_sendfile(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_sendfile, a[0], a[1], host_obj(a[2], loff_t), a[3]);
}

int64_t sys_copy_file_range(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	uint64_t in = host_obj(a[1], loff_t), out = host_obj(a[3], loff_t);

	return hk_hostcall(SYS_copy_file_range, a[0], in, a[2], out, a[4], a[5]);
}

int64_t sys_splice(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	uint64_t in = host_obj(a[1], loff_t), out = host_obj(a[3], loff_t);

	return hk_hostcall(SYS_splice, a[0], in, a[2], out, a[4], a[5]);
}

int64_t sys_tee(struct hk_task *t HK_UNUSED, const uint64_t a[6])
{
	return hk_hostcall(SYS_tee, a[0], a[1], a[2], a[3]);
}
