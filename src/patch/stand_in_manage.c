/* SPDX-License-Identifier: MIT */
#include "patch/stand_in.h"
#include <stdarg.h>

int gev__by_name_socket(int domain, int type, int protocol)
{
	const long a[6] = { domain, type, protocol };
	long r = gev__patch_handle(gev__patch_socket, 0, a);

	if (r == GEV__PASS)
		return gev__original.socket(domain, type, protocol);
	return (int)gev__ret(r);
}

int gev__by_name_socketpair(int domain, int type, int protocol, int fds[2])
{
	const long a[6] = { domain, type, protocol, (long)fds };
	long r = gev__patch_handle(gev__patch_socketpair, 0, a);

	if (r == GEV__PASS)
		return gev__original.socketpair(domain, type, protocol, fds);
	return (int)gev__ret(r);
}

int gev__by_name_setsockopt(int fd, int level, int name, const void *value,
	socklen_t size)
{
	const long a[6] = { fd, level, name, (long)value, size };
	long r = gev__patch_handle(gev__patch_setsockopt, 0, a);

	if (r == GEV__PASS)
		return gev__original.setsockopt(fd, level, name, value, size);
	return (int)gev__ret(r);
}

int gev__by_name_connect(int fd, __CONST_SOCKADDR_ARG addr, socklen_t size)
{
	const long a[6] = { fd, (long)addr.__sockaddr__, size };
	long r = gev__patch_handle(gev__patch_connect, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.connect(fd, addr, size);
	return (int)gev__ret(r);
}

int gev__by_name_accept(int fd, __SOCKADDR_ARG addr, socklen_t *size)
{
	const long a[6] = { fd, (long)addr.__sockaddr__, (long)size };
	long r = gev__patch_handle(gev__patch_accept, GEV__QUEUES, a);

	if (r == GEV__PASS)
		return gev__original.accept(fd, addr, size);
	return (int)gev__ret(r);
}

int gev__by_name_accept4(int fd, __SOCKADDR_ARG addr, socklen_t *size,
	int flags)
{
	const long a[6] = { fd, (long)addr.__sockaddr__, (long)size, flags };
	long r = gev__patch_handle(gev__patch_accept4, GEV__QUEUES, a);

	if (r == GEV__PASS)
		return gev__original.accept4(fd, addr, size, flags);
	return (int)gev__ret(r);
}

int gev__by_name_close(int fd)
{
	const long a[6] = { fd };
	long r = gev__patch_handle(gev__patch_close, 0, a);

	if (r == GEV__PASS)
		return gev__original.close(fd);
	return (int)gev__ret(r);
}

int gev__by_name_close_range(unsigned first, unsigned last, int flags)
{
	const long a[6] = { first, last, flags };
	long r = gev__patch_handle(gev__patch_close_range, 0, a);

	if (r == GEV__PASS)
		return gev__original.close_range(first, last, flags);
	return (int)gev__ret(r);
}

void gev__by_name_closefrom(int first)
{
	const long a[6] = { first > 0 ? first : 0, UINT_MAX };
	long r = gev__patch_handle(gev__patch_close_range, 0, a);

	if (r < 0)
		gev__original.closefrom(first);
}

int gev__by_name_pipe(int fds[2])
{
	const long a[6] = { (long)fds };
	long r = gev__patch_handle(gev__patch_pipe, 0, a);

	if (r == GEV__PASS)
		return gev__original.pipe(fds);
	return (int)gev__ret(r);
}

int gev__by_name_pipe2(int fds[2], int flags)
{
	const long a[6] = { (long)fds, flags };
	long r = gev__patch_handle(gev__patch_pipe2, 0, a);

	if (r == GEV__PASS)
		return gev__original.pipe2(fds, flags);
	return (int)gev__ret(r);
}

int gev__by_name_dup(int fd)
{
	const long a[6] = { fd };
	long r = gev__patch_handle(gev__patch_dup, 0, a);

	if (r == GEV__PASS)
		return gev__original.dup(fd);
	return (int)gev__ret(r);
}

int gev__by_name_dup2(int old_fd, int new_fd)
{
	const long a[6] = { old_fd, new_fd };
	long r = gev__patch_handle(gev__patch_dup2, 0, a);

	if (r == GEV__PASS)
		return gev__original.dup2(old_fd, new_fd);
	return (int)gev__ret(r);
}

int gev__by_name_dup3(int old_fd, int new_fd, int flags)
{
	const long a[6] = { old_fd, new_fd, flags };
	long r = gev__patch_handle(gev__patch_dup3, 0, a);

	if (r == GEV__PASS)
		return gev__original.dup3(old_fd, new_fd, flags);
	return (int)gev__ret(r);
}

int gev__by_name_fcntl(int fd, int cmd, ...)
{
	va_list ap;
	long arg, r;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	r = gev__patch_handle(gev__patch_fcntl, 0,
		(const long[6]){ fd, cmd, arg });
	if (r == GEV__PASS)
		return gev__original.fcntl(fd, cmd, arg);
	return (int)gev__ret(r);
}

int gev__by_name_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	long arg, r;

	va_start(ap, request);
	arg = va_arg(ap, long);
	va_end(ap);
	r = gev__patch_handle(gev__patch_ioctl, 0,
		(const long[6]){ fd, (long)request, arg });
	if (r == GEV__PASS)
		return gev__original.ioctl(fd, request, arg);
	return (int)gev__ret(r);
}

int gev__by_name_flock(int fd, int op)
{
	const long a[6] = { fd, op };
	long r = gev__patch_handle(gev__patch_flock, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.flock(fd, op);
	return (int)gev__ret(r);
}

int gev__by_name_lockf(int fd, int op, off_t size)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_CUR,
		.l_len = size };
	const long a[6] = { fd, F_SETLKW, (long)&range };
	long r = GEV__PASS;

	if (op == F_LOCK)
		r = gev__patch_handle(gev__patch_fcntl, 0, a);
	if (r == GEV__PASS)
		return gev__original.lockf(fd, op, size);
	return (int)gev__ret(r);
}
