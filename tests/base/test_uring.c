/* SPDX-License-Identifier: MIT */
#include "base/inject.h"
#include "base/uring.h"
#include "t.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct gev__uring ring;

/* False: the kernel does not give one, and the case is skipped. */
static bool set_up(unsigned entries, unsigned flags)
{
	int r = gev__uring_open(&ring, entries, flags);

	if (r == 0)
		return true;
	t_ok(r == -ENOSYS || r == -EPERM || (flags && r == -EINVAL));
	t_skip("the kernel refuses an io_uring");
	return false;
}

static void nop(uint64_t tag)
{
	struct io_uring_sqe *sqe = gev__uring_sqe(&ring);

	t_ok(sqe);
	gev__uring_prep(sqe, IORING_OP_NOP, -1, NULL, 0, 0, tag);
}

/* The result of the next completion, which must be there and be of @tag. */
static int take(uint64_t tag)
{
	struct io_uring_cqe *c = gev__uring_cqe(&ring);
	int r;

	if (!t_ok(c))
		return -ENODATA;
	t_eq(c->user_data, tag);
	r = c->res;
	gev__uring_seen(&ring);
	return r;
}

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void what_is_submitted_is_completed(void)
{
	if (!set_up(4, 0))
		return;
	nop(1);
	nop(2);
	t_eq(gev__uring_waiting(&ring), 2);
	t_ok(!gev__uring_cqe(&ring));
	t_eq(gev__uring_wait(&ring, 2, GEV_FOREVER), 0);
	t_eq(gev__uring_waiting(&ring), 0);
	t_eq(take(1), 0);
	t_eq(take(2), 0);
	t_ok(!gev__uring_cqe(&ring));
	gev__uring_close(&ring);
}

static void a_full_queue_is_submitted_first(void)
{
	if (!set_up(4, 0))
		return;
	for (int i = 0; i < 4; i++)
		nop((uint64_t)i);
	t_ok(!gev__uring_sqe(&ring));
	t_eq(gev__uring_submit(&ring), 0);
	for (int i = 4; i < 8; i++)
		nop((uint64_t)i);
	t_eq(gev__uring_wait(&ring, 8, GEV_FOREVER), 0);
	for (int i = 0; i < 8; i++)
		t_eq(take((uint64_t)i), 0);
	gev__uring_close(&ring);
}

/* The counters run past 2^32 in a long life; here they only wrap the ring. */
static void entries_are_used_again(void)
{
	if (!set_up(2, 0))
		return;
	for (uint64_t i = 0; i < 1000; i++) {
		nop(i);
		t_eq(gev__uring_wait(&ring, 1, GEV_FOREVER), 0);
		t_eq(take(i), 0);
	}
	gev__uring_close(&ring);
}

static void more_completions_than_room_are_not_lost(void)
{
	int seen = 0;

	if (!set_up(4, 0))
		return;
	for (int i = 0; i < 64; i++) {
		while (!gev__uring_sqe(&ring))
			t_eq(gev__uring_submit(&ring), 0);
	}
	t_eq(gev__uring_submit(&ring), 0);
	t_ok(gev__uring_due(&ring));
	while (seen < 64 && gev__uring_wait(&ring, 1, GEV_FOREVER) == 0)
		for (; gev__uring_cqe(&ring); seen++)
			gev__uring_seen(&ring);
	t_eq(seen, 64);
	t_ok(!gev__uring_due(&ring));
	gev__uring_close(&ring);
}

static void a_wait_ends_in_time(void)
{
	if (!set_up(4, 0))
		return;
	t_eq(gev__uring_wait(&ring, 1, GEV_US(100)), 0);
	t_eq(gev__uring_wait(&ring, 1, 0), 0);
	t_ok(!gev__uring_cqe(&ring));
	nop(1);
	t_eq(gev__uring_wait(&ring, 2, GEV_US(100)), 0);
	t_eq(take(1), 0);
	gev__uring_close(&ring);
}

static void reading_and_writing_a_file(void)
{
	FILE *f = tmpfile();
	char buf[8] = "";
	int fd = fileno(f);

	if (!set_up(4, 0))
		return;
	gev__uring_write(gev__uring_sqe(&ring), fd, "world", 5, 6, 1);
	t_eq(gev__uring_wait(&ring, 1, GEV_FOREVER), 0);
	t_eq(take(1), 5);
	gev__uring_read(gev__uring_sqe(&ring), fd, buf, 8, 8, 2);
	t_eq(gev__uring_wait(&ring, 1, GEV_FOREVER), 0);
	t_eq(take(2), 3);
	t_str(buf, "rld");
	gev__uring_read(gev__uring_sqe(&ring), -1, buf, 8, 0, 3);
	t_eq(gev__uring_wait(&ring, 1, GEV_FOREVER), 0);
	t_eq(take(3), -EBADF);
	gev__uring_close(&ring);
	fclose(f);
}

static void cancel_what_does_not_happen(void)
{
	int fd = eventfd(0, 0);

	if (!set_up(4, 0))
		return;
	gev__uring_poll(gev__uring_sqe(&ring), fd, POLLIN, 1);
	t_eq(gev__uring_wait(&ring, 0, 0), 0);
	t_ok(!gev__uring_cqe(&ring));
	gev__uring_cancel(gev__uring_sqe(&ring), 1, 2);
	t_eq(gev__uring_wait(&ring, 1, GEV_FOREVER), 0);
	t_eq(take(1), -ECANCELED);
	gev__uring_cancel(gev__uring_sqe(&ring), 1, 2);
	t_eq(gev__uring_wait(&ring, 1, GEV_FOREVER), 0);
	t_eq(take(2), -ENOENT);
	gev__uring_close(&ring);
	close(fd);
}

/* Not until it is cancelled does the peer see that the descriptor is closed. */
static void a_request_keeps_the_file_open(void)
{
	int fds[2];
	char c;

	if (!set_up(4, GEV__URING_DEFER))
		return;
	t_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	gev__uring_poll(gev__uring_sqe(&ring), fds[0], POLLIN, 1);
	t_eq(gev__uring_wait(&ring, 0, 0), 0);
	close(fds[0]);
	t_fails(read(fds[1], &c, 1), EAGAIN);
	gev__uring_cancel(gev__uring_sqe(&ring), 1, 2);
	t_eq(gev__uring_wait(&ring, 0, 0), 0);
	t_eq(take(1), -ECANCELED);
	t_eq(read(fds[1], &c, 1), 0);
	gev__uring_close(&ring);
	close(fds[1]);
}

static void the_descriptor_is_readable_while_there_are_any(void)
{
	if (!set_up(4, 0))
		return;
	t_ok(!is_readable(ring.fd));
	nop(1);
	t_eq(gev__uring_submit(&ring), 0);
	t_ok(is_readable(ring.fd));
	t_eq(take(1), 0);
	t_ok(!is_readable(ring.fd));
	t_ok(fcntl(ring.fd, F_GETFD) & FD_CLOEXEC);
	gev__uring_close(&ring);
}

static void deferred_completions_are_made_in_waiting(void)
{
	int fd = eventfd(0, 0);

	if (!set_up(4, GEV__URING_DEFER))
		return;
	gev__uring_poll(gev__uring_sqe(&ring), fd, POLLIN, 1);
	t_eq(gev__uring_wait(&ring, 0, 0), 0);
	t_ok(!gev__uring_due(&ring));
	t_eq(eventfd_write(fd, 1), 0);
	t_ok(gev__uring_due(&ring));
	t_ok(is_readable(ring.fd));
	t_ok(!gev__uring_cqe(&ring));
	t_eq(gev__uring_wait(&ring, 0, 0), 0);
	t_eq(take(1), POLLIN);
	t_ok(!gev__uring_due(&ring));
	t_ok(!is_readable(ring.fd));
	gev__uring_close(&ring);
	close(fd);
}

static void what_the_kernel_can(void)
{
	if (!set_up(4, 0))
		return;
	t_ok(gev__uring_can(&ring, IORING_OP_NOP));
	t_ok(gev__uring_can(&ring, IORING_OP_ASYNC_CANCEL));
	t_ok(!gev__uring_can(&ring, 127));
	t_ok(!gev__uring_can(&ring, 1000));
	gev__uring_close(&ring);
	gev__inject = (struct gev__inject){ .nr = SYS_io_uring_register,
		.error = -EINVAL, .times = 1 };
	t_ok(set_up(4, 0));
	t_ok(!gev__uring_can(&ring, IORING_OP_NOP));
	gev__uring_close(&ring);
}

static void the_child_of_a_fork_closes_its_copy(void)
{
	int fd = eventfd(0, 0), status = -1;

	if (!set_up(4, 0))
		return;
	gev__uring_poll(gev__uring_sqe(&ring), fd, POLLIN, 1);
	t_eq(gev__uring_submit(&ring), 0);
	if (fork() == 0) {
		gev__uring_close(&ring);
		t_ok(set_up(4, 0));
		nop(2);
		t_eq(gev__uring_wait(&ring, 1, GEV_FOREVER), 0);
		t_eq(take(2), 0);
		gev__uring_close(&ring);
		_exit(t_failures != 0);
	}
	t_ok(wait(&status) > 0);
	t_eq(status, 0);
	t_ok(!gev__uring_cqe(&ring));
	t_eq(eventfd_write(fd, 1), 0);
	t_eq(gev__uring_wait(&ring, 1, GEV_FOREVER), 0);
	t_eq(take(1), POLLIN);
	gev__uring_close(&ring);
	close(fd);
}

static void a_refusal_leaves_nothing_behind(void)
{
	static const struct {
		long nr;
		int error;
	} cases[] = { { SYS_io_uring_setup, ENOSYS },
		{ SYS_io_uring_setup, EPERM }, { SYS_io_uring_setup, EMFILE },
		{ SYS_mmap, ENOMEM } };
	int before = dup(0);

	close(before);
	if (!set_up(4, 0))
		return;
	gev__uring_close(&ring);
	for (int i = 0; i < 4; i++) {
		gev__inject = (struct gev__inject){ .nr = cases[i].nr,
			.error = -cases[i].error, .times = 1 };
		t_eq(gev__uring_open(&ring, 4, 0), -cases[i].error);
		t_eq(ring.fd, -1);
		gev__uring_close(&ring);
	}
	t_eq(gev__uring_open(&ring, 4, 1U << 31), -EINVAL);
	t_eq(gev__uring_open(&ring, 0, 0), -EINVAL);
	t_eq(dup(0), before);
	close(before);
}

int main(void)
{
	T_RUN(what_is_submitted_is_completed);
	T_RUN(a_full_queue_is_submitted_first);
	T_RUN(entries_are_used_again);
	T_RUN(more_completions_than_room_are_not_lost);
	T_RUN(a_wait_ends_in_time);
	T_RUN(reading_and_writing_a_file);
	T_RUN(cancel_what_does_not_happen);
	T_RUN(a_request_keeps_the_file_open);
	T_RUN(the_descriptor_is_readable_while_there_are_any);
	T_RUN(deferred_completions_are_made_in_waiting);
	T_RUN(what_the_kernel_can);
	T_RUN(the_child_of_a_fork_closes_its_copy);
	T_RUN(a_refusal_leaves_nothing_behind);
	return t_done();
}
