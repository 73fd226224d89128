/* SPDX-License-Identifier: MIT */
#include "patch/stand_in.h"

ssize_t gev__by_name_read(int fd, void *buf, size_t size)
{
	const long a[6] = { fd, (long)buf, (long)size };
	long r = gev__patch_handle(gev__patch_read, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.read(fd, buf, size);
	return gev__ret(r);
}

ssize_t gev__by_name_write(int fd, const void *buf, size_t size)
{
	const long a[6] = { fd, (long)buf, (long)size };
	long r = gev__patch_handle(gev__patch_write, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.write(fd, buf, size);
	return gev__ret(r);
}

ssize_t gev__by_name_readv(int fd, const struct iovec *iov, int n)
{
	const long a[6] = { fd, (long)iov, n };
	long r = gev__patch_handle(gev__patch_readv, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.readv(fd, iov, n);
	return gev__ret(r);
}

ssize_t gev__by_name_writev(int fd, const struct iovec *iov, int n)
{
	const long a[6] = { fd, (long)iov, n };
	long r = gev__patch_handle(gev__patch_writev, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.writev(fd, iov, n);
	return gev__ret(r);
}

ssize_t gev__by_name_recv(int fd, void *buf, size_t size, int flags)
{
	const long a[6] = { fd, (long)buf, (long)size, flags };
	long r = gev__patch_handle(gev__patch_recvfrom, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.recv(fd, buf, size, flags);
	return gev__ret(r);
}

ssize_t gev__by_name_recvfrom(int fd, void *buf, size_t size, int flags,
	__SOCKADDR_ARG addr, socklen_t *addrlen)
{
	const long a[6] = { fd, (long)buf, (long)size, flags,
		(long)addr.__sockaddr__, (long)addrlen };
	long r = gev__patch_handle(gev__patch_recvfrom, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.recvfrom(fd, buf, size, flags, addr,
			addrlen);
	return gev__ret(r);
}

ssize_t gev__by_name_recvmsg(int fd, struct msghdr *msg, int flags)
{
	const long a[6] = { fd, (long)msg, flags };
	long r = gev__patch_handle(gev__patch_recvmsg, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.recvmsg(fd, msg, flags);
	return gev__ret(r);
}

int gev__by_name_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags,
	struct timespec *timeout)
{
	const long a[6] = { fd, (long)msgs, n, flags, (long)timeout };
	long r = gev__patch_handle(gev__patch_recvmmsg, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.recvmmsg(fd, msgs, n, flags, timeout);
	return (int)gev__ret(r);
}

ssize_t gev__by_name_send(int fd, const void *buf, size_t size, int flags)
{
	const long a[6] = { fd, (long)buf, (long)size, flags };
	long r = gev__patch_handle(gev__patch_sendto, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.send(fd, buf, size, flags);
	return gev__ret(r);
}

ssize_t gev__by_name_sendto(int fd, const void *buf, size_t size, int flags,
	__CONST_SOCKADDR_ARG addr, socklen_t addrlen)
{
	const long a[6] = { fd, (long)buf, (long)size, flags,
		(long)addr.__sockaddr__, addrlen };
	long r = gev__patch_handle(gev__patch_sendto, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.sendto(fd, buf, size, flags, addr,
			addrlen);
	return gev__ret(r);
}

ssize_t gev__by_name_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	const long a[6] = { fd, (long)msg, flags };
	long r = gev__patch_handle(gev__patch_sendmsg, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.sendmsg(fd, msg, flags);
	return gev__ret(r);
}

int gev__by_name_sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags)
{
	const long a[6] = { fd, (long)msgs, n, flags };
	long r = gev__patch_handle(gev__patch_sendmmsg, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.sendmmsg(fd, msgs, n, flags);
	return (int)gev__ret(r);
}

ssize_t gev__by_name_sendfile(int out, int in, off_t *offset, size_t count)
{
	const long a[6] = { out, in, (long)offset, (long)count };
	long r = gev__patch_handle(gev__patch_sendfile, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.sendfile(out, in, offset, count);
	return gev__ret(r);
}

ssize_t gev__by_name_splice(int in, off64_t *in_offset, int out,
	off64_t *out_offset, size_t size, unsigned flags)
{
	const long a[6] = { in, (long)in_offset, out, (long)out_offset,
		(long)size, flags };
	long r = gev__patch_handle(gev__patch_splice, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.splice(in, in_offset, out, out_offset,
			size, flags);
	return gev__ret(r);
}

ssize_t gev__by_name_tee(int in, int out, size_t size, unsigned flags)
{
	const long a[6] = { in, out, (long)size, flags };
	long r = gev__patch_handle(gev__patch_tee, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.tee(in, out, size, flags);
	return gev__ret(r);
}

/* Where the buffer is too small libc has its say, and ends the program. */
ssize_t gev__by_name_read_chk(int fd, void *buf, size_t size, size_t room)
{
	if (size > room)
		return gev__original.read_chk(fd, buf, size, room);
	return gev__by_name_read(fd, buf, size);
}

ssize_t gev__by_name_recv_chk(int fd, void *buf, size_t size, size_t room,
	int flags)
{
	if (size > room)
		return gev__original.recv_chk(fd, buf, size, room, flags);
	return gev__by_name_recv(fd, buf, size, flags);
}

ssize_t gev__by_name_recvfrom_chk(int fd, void *buf, size_t size, size_t room,
	int flags, struct sockaddr *addr, socklen_t *addrlen)
{
	if (size > room)
		return gev__original.recvfrom_chk(fd, buf, size, room, flags,
			addr, addrlen);
	return gev__by_name_recvfrom(fd, buf, size, flags,
		(__SOCKADDR_ARG){ addr }, addrlen);
}
