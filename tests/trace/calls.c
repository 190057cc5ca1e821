/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes every kind of system call once or more, with good and bad arguments: what strace prints of it and what husk's trace prints must agree.
 * Run in an empty directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#define S(name, ...) syscall(SYS_##name, ##__VA_ARGS__)
#define BAD          ((void *)8)

static char buf[8192];

static int files(void)
{
	struct stat st;
	struct statx sx;
	struct statfs fs;
	struct open_how how = { .flags = O_RDWR | O_CREAT, .mode = 0600, .resolve = RESOLVE_NO_SYMLINKS };
	struct iovec iov[3] = { { "one\n", 4 },
				{ "two and more of it, long enough to be cut by any limit", 54 },
				{ buf, 0 } };
	struct iovec in[2] = { { buf, 3 }, { buf + 100, 60 } };
	int fd, fd2;

	S(open, "f\001\n\"\\\t\3778", O_RDWR | O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC, 0644);
	fd = S(openat, AT_FDCWD, "file", O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0640);
	S(openat, AT_FDCWD, "file", O_WRONLY | O_NONBLOCK | O_DIRECTORY);
	S(openat, AT_FDCWD, ".", O_RDWR | O_TMPFILE | O_DSYNC, 0600);
	S(openat, AT_FDCWD, "nofile", 3 | O_PATH | O_SYNC | O_NOATIME | O_DIRECT | 0x40000000);
	S(openat, -5, "nofile", O_RDONLY);
	S(openat, AT_FDCWD, NULL, O_RDONLY);
	S(openat, AT_FDCWD, BAD, O_RDONLY);
	S(openat2, AT_FDCWD, "file2", &how, sizeof(how));
	how = (struct open_how){ .flags = O_RDONLY };
	S(openat2, AT_FDCWD, "file", &how, sizeof(how));
	S(openat2, AT_FDCWD, "file", BAD, sizeof(how));
	S(creat, "file3", 04755);
	S(write, fd, "hello\n", 6);
	S(write, fd, "\0\1\0012\00039 bytes are more than thirty-two of them", 40);
	S(write, fd, BAD, 4);
	S(write, fd, NULL, 0);
	S(writev, fd, iov, 3);
	S(writev, fd, iov, 0);
	S(writev, fd, BAD, 1);
	S(pwrite64, fd, "xyz", 3, 1L);
	S(lseek, fd, 0L, SEEK_SET);
	S(lseek, fd, -1L, 77);
	S(lseek, fd, 0L, SEEK_HOLE);
	S(lseek, fd, 0L, SEEK_SET);
	S(read, fd, buf, 5);
	S(read, fd, buf, 100);
	S(read, fd, buf, 100);
	S(read, -1, buf, 100);
	S(read, fd, BAD, 1);
	S(pread64, fd, buf, 10, 2L);
	S(lseek, fd, 0L, SEEK_SET);
	S(readv, fd, in, 2);
	S(preadv, fd, in, 2, 4L, 0L);
	S(preadv2, fd, in, 2, -1L, 0L, 1 /* RWF_HIPRI */);
	S(pwritev, fd, iov, 1, 4L, 0L);
	S(pwritev2, fd, iov, 1, 4L, 0L, 0x12);
	S(stat, "file", &st);
	S(lstat, "nofile", &st);
	S(fstat, fd, &st);
	S(stat, "/dev/null", &st);
	S(stat, ".", &st);
	S(newfstatat, fd, "", &st, AT_EMPTY_PATH);
	S(newfstatat, AT_FDCWD, "file", BAD, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
	S(statx, AT_FDCWD, "file", AT_SYMLINK_NOFOLLOW | 0x4000, STATX_BASIC_STATS | STATX_BTIME, &sx);
	S(statx, AT_FDCWD, "/dev/null", 0, STATX_TYPE, &sx);
	S(statx, AT_FDCWD, "nofile", 0, 0, &sx);
	S(statfs, "/proc", &fs);
	S(fstatfs, fd, BAD);
	S(access, "file", F_OK);
	S(access, "file", R_OK | X_OK);
	S(faccessat, AT_FDCWD, "file", W_OK);
	S(faccessat2, AT_FDCWD, "file", R_OK | 8, AT_EACCESS);
	S(dup, fd);
	fd2 = S(dup2, fd, 20);
	S(dup3, fd, 21, O_CLOEXEC);
	S(close_range, 20, 21, 0);
	S(close_range, 20, ~0U, 4);
	S(close, fd2);
	return fd;
}

static void descriptors(int fd)
{
	S(fcntl, fd, F_GETFD);
	S(fcntl, fd, F_SETFD, FD_CLOEXEC);
	S(fcntl, fd, F_GETFD);
	S(fcntl, fd, F_GETFL);
	S(fcntl, fd, F_SETFL, O_APPEND | O_NONBLOCK);
	S(fcntl, fd, F_DUPFD, 30);
	S(fcntl, fd, F_DUPFD_CLOEXEC, 30);
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 2 };
	S(fcntl, fd, F_SETLK, &fl);
	S(fcntl, fd, F_GETLK, &fl);
	S(fcntl, fd, F_OFD_GETLK, &fl);
	fl.l_pid = 0;
	fl.l_type = F_RDLCK;
	S(fcntl, fd, F_OFD_SETLK, &fl);
	S(fcntl, fd, F_SETLKW, BAD);
	S(fcntl, fd, F_SETOWN, 0);
	S(fcntl, fd, F_GETOWN);
	S(fcntl, fd, F_SETSIG, SIGUSR1);
	S(fcntl, fd, F_GETSIG);
	S(fcntl, fd, F_GETPIPE_SZ);
	S(fcntl, fd, F_SETLEASE, F_UNLCK);
	S(fcntl, fd, F_GETLEASE);
	S(fcntl, fd, 7777, 8);
	S(flock, fd, LOCK_EX | LOCK_NB);
	S(flock, fd, LOCK_UN);
	S(flock, fd, 99);
	S(fsync, fd);
	S(fdatasync, fd);
	S(sync_file_range, fd, 0L, 4096L, 7);
	S(syncfs, -1);
	S(fallocate, fd, 0, 0L, 8192L);
	S(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0L, 4096L);
	S(truncate, "file", 100L);
	S(truncate, "file", -1L);
	S(ftruncate, fd, 50L);
	S(fadvise64, fd, 0L, 0L, 2);
	S(readahead, fd, 0L, 10L);
}

static void names(int fd)
{
	int fd2;

	S(mkdir, "dir", 0777);
	S(mkdirat, AT_FDCWD, "dir/sub", 01700);
	S(rename, "file3", "file4");
	S(renameat, AT_FDCWD, "file4", AT_FDCWD, "file5");
	S(renameat2, AT_FDCWD, "file5", AT_FDCWD, "file", RENAME_NOREPLACE);
	S(link, "file5", "link5");
	S(linkat, AT_FDCWD, "file5", AT_FDCWD, "dir/l", AT_SYMLINK_FOLLOW);
	S(symlink, "target", "sym");
	S(symlinkat, "target-that-is-longer-than-thirty-two-characters", AT_FDCWD, "sym2");
	S(readlink, "sym", buf, 100);
	S(readlink, "sym2", buf, 100);
	S(readlinkat, AT_FDCWD, "nosym", buf, 100);
	S(chmod, "file5", 04755);
	S(fchmod, fd, 0);
	S(fchmodat, AT_FDCWD, "file5", 0600);
	S(chown, "file5", -1, -1);
	S(fchown, fd, 0, -1);
	S(lchown, "sym", -1, 0);
	S(fchownat, AT_FDCWD, "", -1, -1, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
	S(umask, 022);
	S(mknod, "fifo", S_IFIFO | 0644, 0);
	S(mknodat, AT_FDCWD, "nodev", S_IFCHR | 0600, 0x103);
	S(mknod, "reg", 0644, 0);
	S(unlink, "link5");
	S(unlinkat, AT_FDCWD, "sym", 0);
	S(unlinkat, AT_FDCWD, "dir", AT_REMOVEDIR);
	S(rmdir, "nodir");
	S(chdir, "dir");
	S(getcwd, buf, sizeof(buf));
	S(getcwd, buf, 2);
	S(chdir, "..");
	S(fchdir, -1);
	fd2 = S(open, ".", O_RDONLY | O_DIRECTORY);
	S(getdents64, fd2, buf, sizeof(buf));
	S(getdents64, fd2, buf, sizeof(buf));
	S(getdents64, fd, buf, sizeof(buf));
	S(lseek, fd2, 0L, SEEK_SET);
	S(getdents, fd2, buf, sizeof(buf));
	S(close, fd2);
}

static void copies(int fd)
{
	loff_t off = 1;
	int fd2;

	S(setxattr, "file5", "user.name", "value", 5L, XATTR_CREATE);
	S(getxattr, "file5", "user.name", buf, 100L);
	S(getxattr, "file5", "user.name", NULL, 0L);
	S(listxattr, "file5", buf, 100L);
	S(fgetxattr, fd, "user.none", buf, 100L);
	S(removexattr, "file5", "user.name");
	S(sendfile, fd, -1, &off, 10);
	fd2 = S(open, "file5", O_WRONLY);
	S(lseek, fd, 0L, SEEK_SET);
	S(sendfile, fd2, fd, &off, 10);
	S(sendfile, fd2, fd, NULL, 10);
	S(copy_file_range, fd, &off, fd2, NULL, 10, 0);
	S(splice, fd, &off, fd2, NULL, 10, 5);
	S(tee, fd, fd2, 10, 1);
	struct timespec ts[2] = { { 1, 2 }, { 0, UTIME_OMIT } };
	S(utimensat, AT_FDCWD, "file5", ts, 0);
	ts[0].tv_nsec = UTIME_NOW;
	S(utimensat, AT_FDCWD, "file5", ts, AT_SYMLINK_NOFOLLOW);
	S(utimensat, fd, NULL, NULL, 0);
	struct timeval tv[2] = { { 1000000000, 2 }, { 0, 0 } };
	S(utimes, "file5", tv);
	S(futimesat, AT_FDCWD, "file5", tv);
	struct utimbuf ut = { 1000000000, 5 };
	S(utime, "file5", &ut);
	S(utime, "file5", NULL);
	fd2 = S(memfd_create, "a name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	S(fcntl, fd2, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
	S(fcntl, fd2, F_GET_SEALS);
	fd2 = S(inotify_init1, IN_NONBLOCK | IN_CLOEXEC);
	S(inotify_add_watch, fd2, ".", IN_CREATE | IN_DELETE | IN_ONLYDIR);
	S(inotify_add_watch, fd2, ".", IN_ALL_EVENTS);
	S(inotify_rm_watch, fd2, 99);
	S(inotify_init);
}

static void memory(void)
{
	char *p = (char *)S(mmap, NULL, 16384L, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);

	S(mmap, p, 4096L, PROT_NONE, MAP_SHARED | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE, -1, 0L);
	S(mmap, NULL, 4096L, PROT_READ | PROT_EXEC | 0x40000000, MAP_PRIVATE, 100, 0x1000L);
	S(mmap, NULL, 4096L, PROT_READ,
	  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_GROWSDOWN | MAP_32BIT | MAP_LOCKED, -1, 0L);
	S(mmap, NULL, 4096L, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, -1, 0L);
	S(mmap, NULL, 0x40000000L, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << 26), -1, 0L);
	S(mmap, NULL, 0L, 0, 0, -1, 0L);
	S(mmap, p, 4096L, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0L);
	S(mprotect, p, 4096L, PROT_READ | PROT_WRITE | PROT_GROWSDOWN);
	S(mprotect, p, 4096L, PROT_READ | PROT_EXEC);
	S(madvise, p, 4096L, MADV_DONTNEED);
	S(madvise, p, 4096L, 9999);
	S(mremap, p, 4096L, 8192L, MREMAP_MAYMOVE);
	S(mremap, p + 4096, 4096L, 4096L, MREMAP_MAYMOVE | MREMAP_FIXED, p + 8192);
	S(mremap, p, 4096L, 4096L, 0);
	S(msync, p + 8192, 4096L, MS_SYNC | MS_INVALIDATE);
	S(mincore, p + 8192, 8192L, buf);
	S(mincore, p + 8192, 8192L, BAD);
	S(mlock, p + 8192, 4096L);
	S(munlock, p + 8192, 4096L);
	S(mlock2, p + 8192, 4096L, 1);
	S(mlockall, 99);
	S(munlockall);
	S(munmap, p, 16384L);
	S(munmap, 1L, 4096L);
	S(brk, NULL);
	S(brk, 8L);
}

static void sockets(int p[2])
{
	char *msg = "a message";
	int sv[2];
	struct sockaddr_un un = { AF_UNIX, "/no/such/socket" };
	socklen_t len = sizeof(un);
	int val = 1;
	S(socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv);
	S(socketpair, AF_UNIX, SOCK_DGRAM, 0, BAD);
	S(sendto, sv[0], msg, 9L, MSG_NOSIGNAL, NULL, 0);
	S(recvfrom, sv[1], buf, 4L, MSG_PEEK | MSG_DONTWAIT, &un, &len);
	S(recvfrom, sv[1], buf, 400L, 0, NULL, NULL);
	struct iovec iov = { msg, 9 };
	char control[64] __attribute__((aligned(8)));
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(8)
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&mh);
	memset(control, 0, sizeof(control));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(8);
	memcpy(CMSG_DATA(c), p, 8);
	S(sendmsg, sv[0], &mh, MSG_DONTWAIT);
	iov.iov_base = buf;
	iov.iov_len = 50;
	mh.msg_controllen = 64;
	S(recvmsg, sv[1], &mh, MSG_CMSG_CLOEXEC);
	S(recvmsg, sv[1], &mh, MSG_DONTWAIT);
	S(recvmsg, sv[1], BAD, MSG_DONTWAIT);
	len = sizeof(un);
	S(getsockname, sv[0], &un, &len);
	len = 1;
	S(getpeername, sv[0], &un, &len);
	S(setsockopt, sv[0], SOL_SOCKET, SO_PASSCRED, &val, 4);
	S(setsockopt, sv[0], SOL_SOCKET, SO_RCVBUF, &val, 4);
	len = 4;
	S(getsockopt, sv[0], SOL_SOCKET, SO_TYPE, &val, &len);
	S(getsockopt, sv[0], SOL_SOCKET, SO_ERROR, &val, &len);
	S(getsockopt, sv[0], SOL_SOCKET, 999, &val, &len);
	S(shutdown, sv[0], SHUT_RDWR);
}

static void tcp(void)
{
	struct sockaddr_in in = { AF_INET, 0, { htonl(INADDR_LOOPBACK) }, { 0 } };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t len = sizeof(in);
	struct linger l = { 1, 5 };
	int fd = S(socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP), c, a, v = 1;

	S(setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &v, 4);
	S(setsockopt, fd, IPPROTO_TCP, TCP_CONGESTION, "no-such", 7);
	S(setsockopt, fd, SOL_SOCKET, SO_LINGER, &l, 8);
	S(setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2);
	S(bind, fd, &in, 16);
	S(listen, fd, 5);
	S(accept, fd, NULL, NULL);
	S(getsockname, fd, &in, &len);
	c = S(socket, AF_INET, SOCK_STREAM, IPPROTO_IP);
	S(connect, c, &in, 16);
	len = sizeof(in6);
	a = S(accept4, fd, &in6, &len, SOCK_CLOEXEC);
	len = 4;
	S(getsockopt, a, SOL_SOCKET, SO_ERROR, &v, &len);
	S(getsockopt, a, IPPROTO_TCP, TCP_NODELAY, &v, &len);
	len = 100;
	S(getsockopt, a, SOL_SOCKET, SO_BINDTODEVICE, buf, &len);
	S(shutdown, a, SHUT_WR);
	S(close, a);
	S(close, c);
	S(close, fd);
	in.sin_port = htons(1);
	c = S(socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	S(connect, c, &in, 16);
	len = 4;
	S(getsockopt, c, SOL_SOCKET, SO_ERROR, &v, &len);
	S(close, c);
	c = S(socket, AF_INET6, SOCK_STREAM, 0);
	in6.sin6_port = htons(1);
	S(connect, c, &in6, 28);
	S(setsockopt, c, IPPROTO_IPV6, IPV6_V6ONLY, &v, 4);
	S(setsockopt, c, 12345, 6, &v, 4);
	S(close, c);
}

static void udp(void)
{
	struct sockaddr_in in = { AF_INET, 0, { htonl(INADDR_LOOPBACK) }, { 0 } };
	struct ip_mreqn mreq = { { htonl(0xe0000107) }, { htonl(INADDR_LOOPBACK) }, 0 };
	struct ipv6_mreq mreq6 = { .ipv6mr_multiaddr = { { { 0xff, 1, [15] = 7 } } } };
	socklen_t len = sizeof(in);
	int fd = S(socket, AF_INET, SOCK_DGRAM, IPPROTO_UDP), v = 1;
	struct iovec iov = { buf, 100 };
	char control[200] __attribute__((aligned(8))) = { 0 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	S(bind, fd, &in, 16);
	S(getsockname, fd, &in, &len);
	S(setsockopt, fd, IPPROTO_IP, IP_PKTINFO, &v, 4);
	S(setsockopt, fd, IPPROTO_IP, IP_RECVTTL, &v, 4);
	S(setsockopt, fd, IPPROTO_IP, IP_RECVTOS, &v, 1);
	S(setsockopt, fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, 8);
	S(setsockopt, fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mreq, 12);
	S(setsockopt, fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mreq, 4);
	S(setsockopt, fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &mreq6, 20);
	S(setsockopt, fd, IPPROTO_UDP, UDP_SEGMENT, &v, 4);
	S(setsockopt, fd, IPPROTO_IP, 4444, &v, 4);
	S(setsockopt, fd, SOL_SOCKET, SO_TIMESTAMP, &v, 4);
	S(sendto, fd, "x", 1, MSG_CONFIRM, &in, 16);
	mh.msg_control = control;
	mh.msg_controllen = sizeof(control);
	S(recvmsg, fd, &mh, 0);
	S(setsockopt, fd, SOL_SOCKET, SO_TIMESTAMPNS, &v, 4);
	mh.msg_name = &in;
	mh.msg_namelen = 16;
	mh.msg_controllen = CMSG_SPACE(4);
	c = CMSG_FIRSTHDR(&mh);
	memset(control, 0, sizeof(control));
	*c = (struct cmsghdr){ CMSG_LEN(4), IPPROTO_IP, IP_TTL };
	control[16] = 9;
	iov.iov_len = 1;
	S(sendmsg, fd, &mh, 0);
	mh.msg_controllen = sizeof(control);
	S(recvmsg, fd, &mh, MSG_TRUNC);
	S(close, fd);
	fd = S(socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	S(setsockopt, fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &v, 4);
	len = 20;
	S(getsockopt, fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, buf, &len);
	S(bind, fd, "\20\0\0\0\0\0\0\0\0\0\0\0", 12);
	S(close, fd);
}

static void poller(void)
{
	int p[2], ep, efd, tfd;
	struct pollfd pf[3];
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET | EPOLLRDHUP, .data.u64 = 0x1234567890 }, evs[4];
	fd_set in, out;
	sigset_t mask;
	struct itimerspec its = { { 1, 2 }, { 3, 4 } };

	S(pipe, p);
	S(pipe2, p, O_CLOEXEC | O_NONBLOCK);
	S(pipe2, BAD, 0);
	S(fcntl, p[0], F_SETPIPE_SZ, 8192);
	S(fcntl, p[0], F_GETPIPE_SZ);
	pf[0] = (struct pollfd){ p[0], POLLIN | POLLPRI, 0 };
	pf[1] = (struct pollfd){ -1, POLLIN, 0 };
	pf[2] = (struct pollfd){ p[1], POLLOUT, 0 };
	S(poll, pf, 3, 0);
	S(poll, pf, 1, 0);
	S(poll, NULL, 0, 0);
	S(poll, BAD, 1, 0);
	struct timespec ts = { 0, 1000 }, rem;
	S(write, p[1], "ab", 2);
	ts.tv_nsec = 0;
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGRTMIN);
	S(ppoll, pf, 3, NULL, &mask, 8);
	S(ppoll, pf, 3, &ts, NULL, 8);
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(p[0], &in);
	FD_SET(p[1], &out);
	FD_SET(p[0], &out);
	struct timeval tv = { 0, 0 };
	S(select, 40, &in, &out, NULL, &tv);
	S(select, 0, NULL, NULL, NULL, &tv);
	S(select, 40, &in, NULL, BAD, NULL);
	struct {
		void *m;
		size_t n;
	} ss = { &mask, 8 };
	S(pselect6, 40, &in, &out, NULL, &ts, &ss);
	S(pselect6, 0, NULL, NULL, NULL, &ts, NULL);
	S(epoll_create, 1);
	ep = S(epoll_create1, EPOLL_CLOEXEC);
	S(epoll_ctl, ep, EPOLL_CTL_ADD, p[0], &ev);
	S(epoll_ctl, ep, EPOLL_CTL_MOD, p[1], &ev);
	S(epoll_ctl, ep, 99, p[1], BAD);
	S(epoll_wait, ep, evs, 4, 0);
	S(epoll_pwait, ep, evs, 4, 0, &mask, 8);
	S(epoll_pwait2, ep, evs, 4, &ts, NULL, 8);
	S(epoll_wait, ep, evs, 0, 0);
	S(epoll_ctl, ep, EPOLL_CTL_DEL, p[0], NULL);
	efd = S(eventfd2, 5, EFD_CLOEXEC | EFD_SEMAPHORE);
	S(eventfd, 5);
	S(read, efd, buf, 8);
	tfd = S(timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	S(timerfd_settime, tfd, 0, &its, NULL);
	S(timerfd_settime, tfd, TFD_TIMER_ABSTIME, &its, BAD);
	S(timerfd_gettime, -1, &its);
	S(signalfd4, -1, &mask, 8, SFD_CLOEXEC);
	S(signalfd, -1, &mask, 8);
	S(nanosleep, &ts, &rem);
	S(nanosleep, &ts, NULL);
	S(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	S(clock_nanosleep, CLOCK_REALTIME, 0, &ts, &rem);

	sockets(p);
	tcp();
	udp();
}

static void times_and_ids(void)
{
	struct timespec ts;
	struct timezone tz;
	struct itimerval itv = { { 0, 0 }, { 100, 5 } };
	struct rlimit rl = { 1024, RLIM_INFINITY };
	struct rusage ru;
	struct utsname un;
	struct timex tx = { 0 };
	struct __user_cap_header_struct ch = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct cd[2];
	int timer;
	unsigned a, b, c;
	struct sched_param sp = { 0 };
	cpu_set_t cpus;
	gid_t gids[64];

	S(clock_gettime, CLOCK_MONOTONIC, NULL);
	S(clock_gettime, 99, &ts);
	S(clock_gettime, -6, BAD);
	S(clock_getres, CLOCK_REALTIME_COARSE, &ts);
	S(clock_settime, CLOCK_MONOTONIC, &ts);
	S(gettimeofday, NULL, &tz);
	S(gettimeofday, BAD, NULL);
	S(setitimer, ITIMER_REAL, &itv, NULL);
	itv.it_value.tv_sec = 0;
	itv.it_value.tv_usec = 0;
	S(setitimer, ITIMER_VIRTUAL, &itv, &itv);
	S(getitimer, ITIMER_PROF, &itv);
	S(alarm, 100);
	S(alarm, 0);
	S(time, BAD);
	S(adjtimex, BAD);
	S(clock_adjtime, CLOCK_MONOTONIC, &tx);
	struct sigevent se = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 7 };
	S(timer_create, CLOCK_MONOTONIC, &se, &timer);
	S(timer_create, CLOCK_REALTIME, NULL, &timer);
	struct itimerspec its = { { 0, 0 }, { 0, 0 } };
	S(timer_settime, 0L, TIMER_ABSTIME, &its, &its);
	S(timer_gettime, 0L, &its);
	S(timer_getoverrun, 0L);
	S(timer_delete, 99L);
	S(getrlimit, RLIMIT_CORE, &rl);
	S(getrlimit, 99, &rl);
	S(prlimit64, 0, RLIMIT_STACK, NULL, &rl);
	rl.rlim_cur = 1000;
	rl.rlim_max = 10240;
	S(setrlimit, RLIMIT_SIGPENDING, &rl);
	S(getrusage, RUSAGE_SELF, BAD);
	S(getrusage, 77, &ru);
	S(uname, &un);
	S(uname, BAD);
	S(getpid);
	S(getuid);
	S(getresuid, &a, &b, &c);
	S(setresuid, -1, -1, -1);
	S(setreuid, -1, -1);
	S(setfsuid, -1);
	S(getgroups, 64, gids);
	S(getgroups, 0, NULL);
	S(setgroups, 100000L, BAD);
	S(capget, &ch, cd);
	S(capget, &ch, NULL);
	S(capset, &ch, BAD);
	S(getpriority, PRIO_PROCESS, 0);
	S(setpriority, PRIO_PGRP, -7, 5);
	S(sched_getparam, 0, &sp);
	S(sched_setparam, 0, &sp);
	S(sched_getscheduler, 0);
	S(sched_setscheduler, 0, SCHED_BATCH, &sp);
	S(sched_getscheduler, 0);
	S(sched_setscheduler, 0, SCHED_OTHER | 0x40000000, &sp);
	S(sched_get_priority_max, SCHED_FIFO);
	S(sched_rr_get_interval, 0, BAD);
	S(sched_getaffinity, 0, sizeof(cpus), &cpus);
	S(sched_setaffinity, 0, sizeof(cpus), &cpus);
	S(sched_getaffinity, 0, 1L, &cpus);
	char attr[64] = { 0 };
	S(sched_getattr, 0, attr, 48, 0);
	S(sched_setattr, 0, attr, 0);
	S(getcpu, BAD, NULL, NULL);
	S(personality, 0xffffffff);
	S(personality, 0x0400000);
	S(personality, 0xffffffff);
	S(getrandom, buf, 40L, 1 | 0x100);
	S(getsid, -1);
	S(getpgid, 0x7fffffff);
}

static void prctls(void)
{
	struct timeval tv;
	unsigned a, b;

	S(prctl, PR_SET_NAME, "a name");
	S(prctl, PR_GET_NAME, buf);
	S(prctl, PR_SET_PDEATHSIG, SIGTERM);
	S(prctl, PR_GET_PDEATHSIG, &a);
	S(prctl, PR_GET_DUMPABLE);
	S(prctl, PR_SET_DUMPABLE, 1);
	S(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	S(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	S(prctl, PR_CAPBSET_READ, 7);
	S(prctl, PR_GET_TIMERSLACK);
	S(prctl, PR_SET_TIMERSLACK, 50000);
	S(prctl, PR_GET_KEEPCAPS);
	S(prctl, PR_SET_KEEPCAPS, 0);
	S(prctl, PR_GET_TSC, &a);
	S(prctl, PR_GET_SECCOMP);
	S(prctl, PR_SET_THP_DISABLE, 0, 0, 0, 0);
	S(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0);
	S(prctl, PR_SET_CHILD_SUBREAPER, 0);
	S(prctl, PR_GET_CHILD_SUBREAPER, &a);
	S(prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x1000, 0x1000, "name");
	S(prctl, 12345, 1, 2, 3, 4);
	S(arch_prctl, 0x1003, &tv);
	S(arch_prctl, 0x3001, 8);
	S(arch_prctl, 0x1002, -1L);
	S(set_tid_address, &a);
	S(set_robust_list, &a, 1);
	S(get_robust_list, -1, &a, &b);
}

static void handler(int sig)
{
	(void)sig;
}

static void signals(void)
{
	struct ksa {
		void *h;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} sa = { (void *)handler, 0x10000000 | 0x04000000, (void *)0x401000, 5 }, old;
	sigset_t set;
	struct timespec ts = { 0, 0 };
	stack_t st = { buf, 0, sizeof(buf) }, ost;
	siginfo_t si = { 0 };

	S(rt_sigaction, SIGUSR1, &sa, NULL, 8);
	sa.h = SIG_IGN;
	sa.flags = 4;
	S(rt_sigaction, SIGUSR2, &sa, &old, 8);
	S(rt_sigaction, 33, NULL, &old, 8);
	S(rt_sigaction, SIGKILL, &sa, NULL, 8);
	S(rt_sigaction, 99, BAD, NULL, 8);
	sigfillset(&set);
	S(rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
	sigemptyset(&set);
	S(rt_sigprocmask, SIG_SETMASK, &set, &set, 8);
	S(rt_sigprocmask, SIG_SETMASK, NULL, &set, 8);
	S(rt_sigprocmask, 99, BAD, NULL, 8);
	sigaddset(&set, SIGUSR2);
	S(rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
	S(rt_sigpending, &set, 8);
	S(rt_sigtimedwait, &set, &si, &ts, 8);
	S(rt_sigtimedwait, &set, NULL, BAD, 8);
	S(sigaltstack, &st, &ost);
	S(sigaltstack, NULL, &ost);
	st.ss_flags = SS_DISABLE;
	S(sigaltstack, &st, NULL);
	S(kill, -1000000, SIGTERM);
	S(tkill, -1, SIGRTMIN + 3);
	S(tgkill, 0x7fffffff, 0x7fffffff, 0);
	si.si_signo = SIGUSR2;
	si.si_code = SI_QUEUE;
	si.si_value.sival_int = 9;
	S(rt_sigqueueinfo, 0x7fffffff, SIGUSR2, &si);
	uint32_t word = 0;
	S(futex, &word, FUTEX_WAKE_PRIVATE, 1);
	S(futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL);
	S(futex, &word, FUTEX_WAIT, 1, &ts);
	S(futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME, 1, &ts, NULL,
	  FUTEX_BITSET_MATCH_ANY);
	S(futex, &word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 3);
	S(futex, &word, FUTEX_REQUEUE, 1, 2, &word);
	S(futex, &word, FUTEX_CMP_REQUEUE_PRIVATE, 1, 2, &word, 0);
	S(futex, &word, FUTEX_WAKE_OP, 1, 2, &word, 0x1234567);
	S(futex, &word, FUTEX_UNLOCK_PI_PRIVATE);
	S(futex, &word, 77, 1, 2, 3, 4);
}

static void ioctls(void)
{
	struct {
		unsigned v[16];
	} t;
	struct winsize ws = { 24, 80, 0, 0 };
	int pt, n = 1;

	pt = S(openat, AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY);
	S(ioctl, pt, TCGETS, &t);
	S(ioctl, pt, TCSETS, &t);
	S(ioctl, pt, TCSETSW, BAD);
	S(ioctl, pt, TIOCSWINSZ, &ws);
	S(ioctl, pt, TIOCGWINSZ, &ws);
	S(ioctl, pt, TIOCGPTN, &n);
	n = 0;
	S(ioctl, pt, TIOCSPTLCK, &n);
	S(ioctl, pt, FIONREAD, &n);
	S(ioctl, pt, FIONBIO, &n);
	S(ioctl, pt, FIOCLEX);
	S(ioctl, pt, TIOCGPGRP, &n);
	S(ioctl, pt, TIOCSPGRP, &n);
	S(ioctl, pt, TIOCSCTTY, 0);
	S(ioctl, pt, TIOCNOTTY);
	S(ioctl, pt, TIOCGSID, &n);
	S(ioctl, pt, TCFLSH, 2);
	S(ioctl, pt, TCXONC, 1);
	S(ioctl, pt, TCSBRK, 1);
	S(ioctl, pt, FICLONE, 3);
	S(ioctl, pt, 0x12345678, 1);
	S(ioctl, -1, 0x5499, 1);
	S(ioctl, -1, FS_IOC_GETFLAGS, &n);
	S(ioctl, 1, TCGETS, &t);
}

int main(void)
{
	struct sysinfo si;

	int fd = files();

	descriptors(fd);
	names(fd);
	copies(fd);
	memory();
	poller();
	times_and_ids();
	prctls();
	signals();
	ioctls();
	S(socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 99);
	S(socket, AF_NETLINK, SOCK_RAW, 0);
	S(connect, -1, &(struct sockaddr_un){ AF_UNIX, "/s" }, 5);
	S(bind, -1, "\2\0\0\120\177\0\0\1\0\0\0\0\0\0\0\0", 16);
	S(bind, -1, "\12\0\0\120\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0", 28);
	S(bind, -1, "\20\0\0\0\1\0\0\0\0\0\0\1", 12);
	S(bind, -1, "\1\0\0abc", 6);
	S(bind, -1, "\1\0", 2);
	S(bind, -1, "\143\0xyz", 5);
	S(bind, -1, BAD, 5);
	int sv[2];
	struct iovec iov[2] = { { "first", 5 }, { "second message", 14 } };
	struct mmsghdr mm[2] = { { .msg_hdr = { .msg_iov = &iov[0], .msg_iovlen = 1 } },
				 { .msg_hdr = { .msg_iov = &iov[1], .msg_iovlen = 1 } } };
	struct timespec none = { 0, 0 };
	S(socketpair, AF_UNIX, SOCK_DGRAM, 0, sv);
	S(sendmmsg, sv[0], mm, 2, MSG_DONTWAIT);
	iov[0] = iov[1] = (struct iovec){ buf, 100 };
	S(recvmmsg, sv[1], mm, 2, MSG_DONTWAIT, &none);
	S(recvmmsg, sv[1], mm, 2, MSG_DONTWAIT, NULL);
	S(sendmmsg, sv[0], BAD, 2, 0);
	struct {
		uint64_t val, addr;
		uint32_t flags, zero;
	} fw = { 1, (uint64_t)(uintptr_t)&si, 0x82, 0 };
	S(futex_waitv, &fw, 1, 0, NULL, CLOCK_MONOTONIC);
	S(ioprio_get, 1, 0);
	S(ioprio_set, 1, 0, 2 << 13 | 4);
	S(ioprio_get, 1, 0);
	S(ioprio_set, 9, 0, 7 << 13 | 9);
	S(sysinfo, &si);
	S(times, BAD);
	syscall(500, 1, 2, 3, 4, 5, 6);
	S(exit_group, 300);
	return 0;
}
