/* SPDX-License-Identifier: Apache-2.0 */
/* syscalls/net.c: no descriptor of the monitor's leaves through a control message, and lengths are the guest's own. */
#include "call_world.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

/* In guest memory: a message of one byte with control messages behind it. */
struct letter {
	struct msghdr msg;
	struct iovec iov;
	char data[16];
	_Alignas(8) char control[2048];
};

static struct letter *letter(struct call_world *w)
{
	struct letter *l = (void *)w->mem;

	memset(l, 0, sizeof(*l));
	l->iov = (struct iovec){ l->data, 1 };
	l->msg = (struct msghdr){ .msg_iov = &l->iov, .msg_iovlen = 1 };
	return l;
}

/* Append a control message with these descriptors. */
static void rights(struct letter *l, const int *fds, unsigned count)
{
	struct cmsghdr *c = (void *)(l->control + l->msg.msg_controllen);

	*c = (struct cmsghdr){ CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	l->msg.msg_control = l->control;
	l->msg.msg_controllen += CMSG_SPACE(count * sizeof(int));
}

static void pair(int type, int fd[2])
{
	assert_int_equal(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, fd), 0);
}

static void close_pair(const int fd[2])
{
	close(fd[0]);
	close(fd[1]);
}

static void test_pass_descriptor(void **state)
{
	struct call_world *w = *state;
	struct letter *l = letter(w);
	struct stat_id {
		int fd;
	} got;
	int fd[2];

	pair(SOCK_STREAM, fd);
	rights(l, &w->file, 1);
	assert_int_equal(CALL(w, sendmsg, fd[0], &l->msg, 0), 1);
	l = letter(w);
	l->msg.msg_control = l->control;
	l->msg.msg_controllen = sizeof(l->control);
	assert_int_equal(CALL(w, recvmsg, fd[1], &l->msg, 0), 1);
	assert_int_equal(l->msg.msg_controllen, CMSG_SPACE(sizeof(int)));
	memcpy(&got, CMSG_DATA((struct cmsghdr *)l->control), sizeof(got));
	assert_true(fcntl(got.fd, F_GETFD) >= 0);
	close(got.fd);
	close_pair(fd);
}

static void test_ours_is_not_passed(void **state)
{
	struct call_world *w = *state;
	struct letter *l = letter(w);
	int fd[2], mixed[3] = { w->file, w->file, w->ours };

	pair(SOCK_STREAM, fd);
	rights(l, &w->ours, 1);
	assert_int_equal(CALL(w, sendmsg, fd[0], &l->msg, 0), -EBADF);
	l = letter(w);
	rights(l, mixed, 3);
	assert_int_equal(CALL(w, sendmsg, fd[0], &l->msg, 0), -EBADF);
	l = letter(w);
	rights(l, mixed, 1);
	rights(l, mixed + 2, 1);
	assert_int_equal(CALL(w, sendmsg, fd[0], &l->msg, 0), -EBADF);
	close_pair(fd);
}

/* Whatever the lengths say: the host must never see the monitor's number in a message it accepts. */
static void test_odd_control_lengths(void **state)
{
	struct call_world *w = *state;
	char own[1];
	int fd[2];

	pair(SOCK_STREAM, fd);
	for (unsigned len = 0; len < 80; len++) {
		for (unsigned total = 0; total < 80; total++) {
			struct letter *l = letter(w);
			struct cmsghdr *c = (void *)l->control;
			int64_t r;

			for (unsigned i = 16; i < 80; i += sizeof(int))
				memcpy(l->control + i, &w->ours, sizeof(int));
			*c = (struct cmsghdr){ len, SOL_SOCKET, SCM_RIGHTS };
			l->msg.msg_control = l->control;
			l->msg.msg_controllen = total;
			r = CALL(w, sendmsg, fd[0], &l->msg, 0);
			if (total >= CMSG_LEN(sizeof(int)) && len >= CMSG_LEN(sizeof(int)) && len <= total)
				assert_int_equal(r, -EBADF);
			else
				assert_true(r == 1 || r == -EINVAL);
			if (r == 1)
				assert_int_equal(recv(fd[1], own, 1, 0), 1);
		}
	}
	close_pair(fd);
}

static void test_control_that_cannot_be_read(void **state)
{
	struct call_world *w = *state;
	struct letter *l = letter(w);
	int fd[2];

	pair(SOCK_STREAM, fd);
	l->msg.msg_control = w->end - 8;
	l->msg.msg_controllen = 32;
	assert_int_equal(CALL(w, sendmsg, fd[0], &l->msg, 0), -EFAULT);
	l->msg.msg_control = w; /* the monitor's memory */
	assert_int_equal(CALL(w, sendmsg, fd[0], &l->msg, 0), -EFAULT);
	l->msg.msg_controllen = 1UL << 40;
	assert_int_equal(CALL(w, sendmsg, fd[0], &l->msg, 0), -ENOBUFS);
	assert_int_equal(CALL(w, sendmsg, w->file, &l->msg, 0), -ENOTSOCK);
	assert_int_equal(CALL(w, sendmsg, fd[0], w->end - 8, 0), -EFAULT);
	l->msg.msg_controllen = 0;
	l->msg.msg_iovlen = 1025;
	assert_int_equal(CALL(w, sendmsg, fd[0], &l->msg, 0), -EMSGSIZE);
	close_pair(fd);
}

/* What comes in is never written outside the guest. */
static void test_receive_into_the_monitor(void **state)
{
	struct call_world *w = *state;
	struct letter *l = letter(w);
	char own[64] = "untouched";
	int fd[2];

	pair(SOCK_SEQPACKET, fd);
	rights(l, &w->file, 1);
	assert_int_equal(CALL(w, sendmsg, fd[0], &l->msg, 0), 1);
	l = letter(w);
	l->msg.msg_control = own;
	l->msg.msg_controllen = sizeof(own);
	assert_int_equal(CALL(w, recvmsg, fd[1], &l->msg, 0), 1);
	assert_true(l->msg.msg_flags & MSG_CTRUNC);
	assert_string_equal(own, "untouched");
	assert_int_equal(send(fd[0], "abc", 3, 0), 3);
	l = letter(w);
	l->iov.iov_base = own;
	assert_int_equal(CALL(w, recvmsg, fd[1], &l->msg, 0), -EFAULT);
	assert_int_equal(send(fd[0], "abc", 3, 0), 3);
	assert_int_equal(CALL(w, recvfrom, fd[1], own, 3, 0, 0, 0), -EFAULT);
	assert_string_equal(own, "untouched");
	close_pair(fd);
}

static void test_names(void **state)
{
	struct call_world *w = *state;
	int *len = (int *)w->mem;
	int fd[2];

	pair(SOCK_STREAM, fd);
	*len = 100;
	assert_int_equal(CALL(w, getsockname, fd[0], w->mem + 64, len), 0);
	assert_int_equal(*len, sizeof(sa_family_t));
	assert_int_equal(((struct sockaddr *)(w->mem + 64))->sa_family, AF_UNIX);
	*len = 1;
	assert_int_equal(CALL(w, getpeername, fd[0], w->end - 1, len), 0);
	assert_int_equal(*len, sizeof(sa_family_t));
	*len = -1;
	assert_int_equal(CALL(w, getpeername, fd[0], w->mem + 64, len), -EINVAL);
	*len = 100;
	assert_int_equal(CALL(w, getsockname, fd[0], w, len), -EFAULT);
	assert_int_equal(CALL(w, getsockname, fd[0], w->mem, w->end), -EFAULT);
	assert_int_equal(CALL(w, getsockname, w->file, w->mem, w->end), -ENOTSOCK);
	close_pair(fd);
}

/* What is passed on is the copy that was looked at, under every policy. */
static void test_addresses(void **state)
{
	struct call_world *w = *state;
	struct sockaddr_un *to = (void *)w->mem;
	struct sockaddr_in *in = (void *)(w->mem + 256);
	int fd[2], x = (int)CALL(w, socket, AF_INET, SOCK_DGRAM, 0);

	assert_true(x >= 0);
	*to = (struct sockaddr_un){ AF_UNIX, "/run/no/such/place" };
	*in = (struct sockaddr_in){ .sin_family = AF_INET,
				    .sin_port = htons(9),
				    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	pair(SOCK_DGRAM, fd);
	assert_int_equal(CALL(w, sendto, fd[0], w->mem, 1, 0, to, sizeof(*to)), -ENOENT);
	assert_int_equal(CALL(w, sendto, fd[0], w->mem, 1, 0, 0, 0), 1);
	assert_int_equal(CALL(w, sendto, x, w->mem, 1, 0, in, sizeof(*in)), -ENETUNREACH);
	assert_non_null(w->call.note);
	assert_int_equal(CALL(w, connect, x, in, sizeof(*in)), -ENETUNREACH);
	assert_int_equal(CALL(w, connect, w->file, in, sizeof(*in)), -ENOTSOCK);
	assert_int_equal(CALL(w, bind, 9999, in, sizeof(*in)), -EBADF);
	assert_int_equal(CALL(w, connect, x, w, sizeof(*in)), -EFAULT);
	assert_int_equal(CALL(w, connect, x, w->end - 4, sizeof(*in)), -EFAULT);
	assert_int_equal(CALL(w, connect, x, in, 129), -EINVAL);
	w->process.net.mode = NET_HOST;
	assert_int_equal(CALL(w, sendto, x, w->mem, 1, 0, in, sizeof(*in)), 1);
	assert_int_equal(CALL(w, socket, AF_PACKET, SOCK_RAW, 0), -EAFNOSUPPORT);
	close(x);
	close_pair(fd);
}

/* The monitor's descriptor behind a path of /proc is not there. */
static void test_path_of_ours(void **state)
{
	struct call_world *w = *state;
	struct sockaddr_un *to = (void *)w->mem;
	int x = (int)CALL(w, socket, AF_UNIX, SOCK_STREAM, 0);

	to->sun_family = AF_UNIX;
	snprintf(to->sun_path, sizeof(to->sun_path), "/proc/self/fd/%d", w->ours);
	assert_int_equal(CALL(w, connect, x, to, sizeof(*to)), -ENOENT);
	snprintf(to->sun_path, sizeof(to->sun_path), "/proc/self/fd/%d", w->file);
	assert_int_equal(CALL(w, connect, x, to, sizeof(*to)), -ECONNREFUSED);
	close(x);
}

static void test_listen_and_accept(void **state)
{
	struct call_world *w = *state;
	struct sockaddr_in *in = (void *)w->mem;
	int *len = (int *)(w->mem + 256);
	int l, c, a;

	w->process.net.mode = NET_HOST;
	assert_int_equal(net_policy_allow(&w->process.net, NET_LISTEN, "127.0.0.1"), 0);
	assert_int_equal(net_policy_allow(&w->process.net, NET_CONNECT, "127.0.0.0/8"), 0);
	l = (int)CALL(w, socket, AF_INET, SOCK_STREAM, 0);
	assert_int_equal(CALL(w, listen, l, 1), -EACCES); /* it would be at every address */
	*in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	assert_int_equal(CALL(w, bind, l, in, sizeof(*in)), 0);
	assert_int_equal(CALL(w, listen, l, 1), 0);
	*len = sizeof(*in);
	assert_int_equal(CALL(w, getsockname, l, in, len), 0);
	c = (int)CALL(w, socket, AF_INET, SOCK_STREAM, 0);
	assert_int_equal(CALL(w, connect, c, in, sizeof(*in)), 0);
	a = (int)CALL(w, accept4, l, in, len, SOCK_CLOEXEC);
	assert_true(a >= 0);
	assert_int_equal(fcntl(a, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fd_guard_next(&w->process.fds, (unsigned)w->ours + 1), -1); /* nothing of ours is left */
	close(a);
	close(c);
	close(l);
}

/* Control messages where the network is restricted: those that name addresses go nowhere. */
static void test_restricted_controls(void **state)
{
	struct call_world *w = *state;
	struct letter *l = letter(w);
	struct cmsghdr *c = (void *)l->control;
	int fd[2], x = (int)CALL(w, socket, AF_INET, SOCK_DGRAM, 0);

	*c = (struct cmsghdr){ CMSG_LEN(8), IPPROTO_IP, IP_RETOPTS };
	l->msg.msg_control = l->control;
	l->msg.msg_controllen = CMSG_SPACE(8);
	assert_int_equal(CALL(w, sendmsg, x, &l->msg, 0), -EPERM);
	assert_non_null(w->call.note);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = 99;
	assert_int_equal(CALL(w, sendmsg, x, &l->msg, 0), -EPERM);
	pair(SOCK_DGRAM, fd);
	assert_int_equal(CALL(w, sendmsg, fd[0], &l->msg, 0), -EPERM);
	c->cmsg_level = IPPROTO_IP; /* which AF_UNIX passes over */
	assert_int_equal(CALL(w, sendmsg, fd[0], &l->msg, 0), 1);
	close_pair(fd);
	close(x);
}

static void test_options(void **state)
{
	struct call_world *w = *state;
	int *value = (int *)w->mem, *len = value + 1;
	int fd[2];

	pair(SOCK_STREAM, fd);
	*len = 4;
	assert_int_equal(CALL(w, getsockopt, fd[0], SOL_SOCKET, SO_TYPE, value, len), 0);
	assert_int_equal(*value, SOCK_STREAM);
	*len = 2;
	*value = -1;
	assert_int_equal(CALL(w, getsockopt, fd[0], SOL_SOCKET, SO_TYPE, value, len), 0);
	assert_int_equal(*value, (int)0xffff0000 | SOCK_STREAM);
	*len = -1;
	assert_int_equal(CALL(w, getsockopt, fd[0], SOL_SOCKET, SO_TYPE, value, len), -EINVAL);
	*len = 4;
	assert_int_equal(CALL(w, getsockopt, fd[0], SOL_SOCKET, SO_TYPE, w, len), -EFAULT);
	assert_int_equal(CALL(w, getsockopt, fd[0], SOL_SOCKET, SO_TYPE, value, w->end), -EFAULT);
	assert_int_equal(CALL(w, getsockopt, w->file, SOL_SOCKET, SO_TYPE, value, len), -ENOTSOCK);
	*value = 1;
	assert_int_equal(CALL(w, setsockopt, fd[0], SOL_SOCKET, SO_PASSCRED, value, 4), 0);
	assert_int_equal(CALL(w, setsockopt, fd[0], SOL_SOCKET, SO_PASSCRED, w->end - 2, 4), -EFAULT);
	/* A filter holds an address. */
	assert_int_equal(CALL(w, setsockopt, fd[0], SOL_SOCKET, SO_ATTACH_FILTER, value, 16), -ENOPROTOOPT);
	assert_int_equal(CALL(w, setsockopt, fd[0], 6, 1, value, 4), -EOPNOTSUPP);
	assert_int_equal(CALL(w, setsockopt, 9999, SOL_SOCKET, SO_ATTACH_FILTER, value, 16), -EBADF);
	close_pair(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, call_world_setup, call_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pass_descriptor),
		TEST(test_ours_is_not_passed),
		TEST(test_odd_control_lengths),
		TEST(test_control_that_cannot_be_read),
		TEST(test_receive_into_the_monitor),
		TEST(test_names),
		TEST(test_addresses),
		TEST(test_path_of_ours),
		TEST(test_listen_and_accept),
		TEST(test_restricted_controls),
		TEST(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
