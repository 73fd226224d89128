/* SPDX-License-Identifier: MIT */
/*
 * The edge: gev/io.h, gev/socket.h and gev/sleep.h are calls plus the errno.
 */
#include <gev/io.h>
#include <gev/sleep.h>
#include <gev/socket.h>
#include <stdarg.h>
#include "base/error.h"
#include "calls/calls.h"
#include "calls/descriptor.h"

ssize_t gev_read(int fd, void *buf, size_t count)
{
	return gev__ret(gev__call_read(fd, buf, count));
}

ssize_t gev_write(int fd, const void *buf, size_t count)
{
	return gev__ret(gev__call_write(fd, buf, count));
}

ssize_t gev_readv(int fd, const struct iovec *iov, int iovcnt)
{
	return gev__ret(gev__call_readv(fd, iov, iovcnt));
}

ssize_t gev_writev(int fd, const struct iovec *iov, int iovcnt)
{
	return gev__ret(gev__call_writev(fd, iov, iovcnt));
}

int gev_close(int fd)
{
	return (int)gev__ret(gev__call_close(fd));
}

int gev_pipe(int fds[2])
{
	return (int)gev__ret(gev__call_pipe2(fds, 0));
}

int gev_pipe2(int fds[2], int flags)
{
	return (int)gev__ret(gev__call_pipe2(fds, flags));
}

int gev_dup(int fd)
{
	return (int)gev__ret(gev__call_dup(fd));
}

int gev_dup2(int oldfd, int newfd)
{
	return (int)gev__ret(gev__call_dup2(oldfd, newfd));
}

int gev_dup3(int oldfd, int newfd, int flags)
{
	return (int)gev__ret(gev__call_dup3(oldfd, newfd, flags));
}

int gev_fcntl(int fd, int cmd, ...)
{
	va_list ap;
	unsigned long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, unsigned long);
	va_end(ap);
	return (int)gev__ret(gev__call_fcntl(fd, cmd, arg));
}

int gev_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	unsigned long arg;

	va_start(ap, request);
	arg = va_arg(ap, unsigned long);
	va_end(ap);
	return (int)gev__ret(gev__call_ioctl(fd, request, arg));
}

int gev_flock(int fd, int operation)
{
	return (int)gev__ret(gev__call_flock(fd, operation));
}

ssize_t gev_sendfile(int out_fd, int in_fd, off_t *offset, size_t count)
{
	return gev__ret(gev__call_sendfile(out_fd, in_fd, offset, count));
}

ssize_t gev_splice(int fd_in, int64_t *off_in, int fd_out, int64_t *off_out,
	size_t size, unsigned flags)
{
	return gev__ret(gev__call_splice(fd_in, off_in, fd_out, off_out, size,
		flags));
}

ssize_t gev_tee(int fd_in, int fd_out, size_t size, unsigned flags)
{
	return gev__ret(gev__call_tee(fd_in, fd_out, size, flags));
}

int gev_wait_fd(int fd, int events, gev_time timeout)
{
	return (int)gev__ret(gev__call_wait_fd(fd, events, timeout));
}

void gev_forget(int fd)
{
	gev__fd_retire(gev__hub_here(), fd);
}

int gev_socket(int domain, int type, int protocol)
{
	return (int)gev__ret(gev__call_socket(domain, type, protocol));
}

int gev_socketpair(int domain, int type, int protocol, int fds[2])
{
	return (int)gev__ret(gev__call_socketpair(domain, type, protocol, fds));
}

int gev_shutdown(int fd, int how)
{
	return (int)gev__ret(gev__sys(SYS_shutdown, fd, how));
}

int gev_setsockopt(int fd, int level, int name, const void *value,
	socklen_t size)
{
	return (int)gev__ret(
		gev__call_setsockopt(fd, level, name, value, size));
}

int gev_connect(int fd, const struct sockaddr *addr, socklen_t size)
{
	return (int)gev__ret(gev__call_connect(fd, addr, size));
}

int gev_accept(int fd, struct sockaddr *addr, socklen_t *size)
{
	return gev_accept4(fd, addr, size, 0);
}

int gev_accept4(int fd, struct sockaddr *addr, socklen_t *size, int flags)
{
	return (int)gev__ret(gev__call_accept4(fd, addr, size, flags));
}

ssize_t gev_recv(int fd, void *buf, size_t size, int flags)
{
	return gev_recvfrom(fd, buf, size, flags, NULL, NULL);
}

ssize_t gev_recvfrom(int fd, void *buf, size_t size, int flags,
	struct sockaddr *addr, socklen_t *addrlen)
{
	return gev__ret(
		gev__call_recvfrom(fd, buf, size, flags, addr, addrlen));
}

ssize_t gev_recvmsg(int fd, struct msghdr *msg, int flags)
{
	return gev__ret(gev__call_recvmsg(fd, msg, flags));
}

ssize_t gev_send(int fd, const void *buf, size_t size, int flags)
{
	return gev_sendto(fd, buf, size, flags, NULL, 0);
}

ssize_t gev_sendto(int fd, const void *buf, size_t size, int flags,
	const struct sockaddr *addr, socklen_t addrlen)
{
	return gev__ret(
		gev__call_sendto(fd, buf, size, flags, addr, addrlen));
}

ssize_t gev_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return gev__ret(gev__call_sendmsg(fd, msg, flags));
}

int gev_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags,
	struct timespec *timeout)
{
	return (int)gev__ret(gev__call_recvmmsg(fd, msgs, n, flags, timeout));
}

int gev_sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags)
{
	return (int)gev__ret(gev__call_sendmmsg(fd, msgs, n, flags));
}

int gev_sendall(int fd, const void *buf, size_t size, int flags,
	gev_time timeout, size_t *sent)
{
	return (int)gev__ret(
		gev__call_sendall(fd, buf, size, flags, timeout, sent));
}

int gev_nanosleep(const struct timespec *duration, struct timespec *left)
{
	return (int)gev__ret(gev__call_nanosleep(duration, left));
}

int gev_clock_nanosleep(int clock, int flags, const struct timespec *time,
	struct timespec *left)
{
	return (int)-gev__call_clock_nanosleep(clock, flags, time, left);
}
