/* SPDX-License-Identifier: MIT */
/*
 * Cooperative system calls: the kernel's own signatures, returning -errno.
 *
 * Where the kernel would block the thread, these park the calling greenlet.
 * The public gev_recv() and its kin (public.c) are these plus the errno.
 */
#ifndef GEV_CALLS_CALLS_H
#define GEV_CALLS_CALLS_H

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <gev/base.h>

/* transfer.c */
long gev__call_read(int fd, void *buf, size_t size);
long gev__call_write(int fd, const void *buf, size_t size);
long gev__call_writeall(int fd, const void *buf, size_t size, size_t *sent);
long gev__call_readv(int fd, const struct iovec *iov, int n);
long gev__call_writev(int fd, const struct iovec *iov, int n);
long gev__call_recvfrom(int fd, void *buf, size_t size, int flags,
	struct sockaddr *addr, socklen_t *addrlen);
long gev__call_recvmsg(int fd, struct msghdr *msg, int flags);
long gev__call_sendto(int fd, const void *buf, size_t size, int flags,
	const struct sockaddr *addr, socklen_t addrlen);
long gev__call_sendmsg(int fd, const struct msghdr *msg, int flags);
long gev__call_sendall(int fd, const void *buf, size_t size, int flags,
	gev_time timeout, size_t *sent);

/* connect.c */
long gev__call_socket(int domain, int type, int protocol);
long gev__call_socketpair(int domain, int type, int protocol, int fds[2]);
long gev__call_connect(int fd, const struct sockaddr *addr, socklen_t size);
long gev__call_accept4(int fd, struct sockaddr *addr, socklen_t *size,
	int flags);
long gev__call_setsockopt(int fd, int level, int name, const void *value,
	socklen_t size);

/* manage.c */
long gev__call_close(int fd);
long gev__call_close_range(unsigned first, unsigned last, unsigned flags);
long gev__call_pipe2(int fds[2], int flags);
long gev__call_dup(int fd);
long gev__call_dup2(int oldfd, int newfd);
long gev__call_dup3(int oldfd, int newfd, int flags);
long gev__call_fcntl(int fd, int cmd, unsigned long arg);
long gev__call_ioctl(int fd, unsigned long request, unsigned long arg);
long gev__call_wait_fd(int fd, int events, gev_time timeout);

/* batch.c */
long gev__call_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags,
	struct timespec *timeout);
long gev__call_sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags);

/* splice.c */
long gev__call_sendfile(int out, int in, off_t *offset, size_t count);
long gev__call_splice(int in, int64_t *in_offset, int out, int64_t *out_offset,
	size_t size, unsigned flags);
long gev__call_tee(int in, int out, size_t size, unsigned flags);

/* lock.c; @cmd is F_SETLKW or F_OFD_SETLKW. */
long gev__call_flock(int fd, int op);
long gev__call_setlkw(int fd, int cmd, struct flock *range);

/* nanosleep.c; @left is written if the wait failed. */
long gev__call_nanosleep(const struct timespec *t, struct timespec *left);
long gev__call_clock_nanosleep(int clock, int flags, const struct timespec *t,
	struct timespec *left);

/*
 * poll.c, select.c, epoll_wait.c.  Masks are the kernel's, of 8 bytes; what is
 * left of a timespec or timeval is written back.
 */
struct gev__mask_arg {
	const uint64_t *mask;
	size_t size;
};

long gev__call_poll(struct pollfd *fds, unsigned n, int ms);
long gev__call_ppoll(struct pollfd *fds, unsigned n, struct timespec *timeout,
	const uint64_t *mask, size_t size);
long gev__call_select(int n, fd_set *in, fd_set *out, fd_set *except,
	struct timeval *timeout);
/* Of @n descriptors. */
int gev__select_looked_at(int n);
long gev__call_pselect6(int n, fd_set *in, fd_set *out, fd_set *except,
	struct timespec *timeout, const struct gev__mask_arg *m);
long gev__call_epoll_wait(int epfd, struct epoll_event *events, int max,
	int ms);
long gev__call_epoll_pwait(int epfd, struct epoll_event *events, int max,
	int ms, const uint64_t *mask, size_t size);
long gev__call_epoll_pwait2(int epfd, struct epoll_event *events, int max,
	const struct timespec *timeout, const uint64_t *mask, size_t size);

#endif
