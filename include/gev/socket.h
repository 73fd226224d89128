/* SPDX-License-Identifier: MIT */
/*
 * gev/socket.h - sockets, in plain blocking style.
 *
 * What gev/io.h says of its functions holds for these.  SO_RCVTIMEO and
 * SO_SNDTIMEO are honoured (EAGAIN, or EINPROGRESS for gev_connect(), as the
 * kernel answers); set them before the first wait, or with gev_setsockopt().
 *
 * Flags are the kernel's and mean what they do there.  Of those that have to do
 * with waiting:
 *
 *   MSG_DONTWAIT    never waits: EAGAIN.
 *   MSG_WAITALL     receives until the buffer is full; less means that a wait
 *                   failed after that much, the end, a control message or
 *                   out-of-band data.  Nothing with MSG_PEEK, or on packets.
 *   MSG_PEEK        waits for data and leaves it there.
 *   MSG_OOB         receives out-of-band data if there is any (gev_poll() tells
 *   MSG_ERRQUEUE    by POLLPRI), or a queued error (POLLERR), and never waits.
 *   MSG_TRUNC       on packets: the result is what the size was.
 *   MSG_WAITFORONE  of gev_recvmmsg(): waits for the first message only.
 *   MSG_NOSIGNAL    EPIPE without SIGPIPE.
 */
#ifndef GEV_SOCKET_H
#define GEV_SOCKET_H

#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <gev/base.h>

GEV_BEGIN_DECLS

/* socket(2), socketpair(2), shutdown(2), setsockopt(2). */
GEV_API int gev_socket(int domain, int type, int protocol);
GEV_API int gev_socketpair(int domain, int type, int protocol, int fds[2]);
GEV_API int gev_shutdown(int fd, int how);
GEV_API int gev_setsockopt(int fd, int level, int name, const void *value,
	socklen_t size);

/* connect(2).  A wait that fails leaves the attempt going, as in POSIX. */
GEV_API int gev_connect(int fd, const struct sockaddr *addr, socklen_t size);

/*
 * accept(2), accept4(2).  The listener is made O_NONBLOCK in the kernel (other
 * processes may share it); what gev_fcntl() shows does not change.
 */
GEV_API int gev_accept(int fd, struct sockaddr *addr, socklen_t *size);
GEV_API int gev_accept4(int fd, struct sockaddr *addr, socklen_t *size,
	int flags);

/*
 * recv(2), recvfrom(2), recvmsg(2).  MSG_WAITALL does nothing with MSG_PEEK.
 */
GEV_API ssize_t gev_recv(int fd, void *buf, size_t size, int flags);
GEV_API ssize_t gev_recvfrom(int fd, void *buf, size_t size, int flags,
	struct sockaddr *addr, socklen_t *addrlen);
GEV_API ssize_t gev_recvmsg(int fd, struct msghdr *msg, int flags);

/*
 * send(2), sendto(2), sendmsg(2).  On a stream all of it is sent, as the kernel
 * does for a blocking socket: a short count means that a wait failed or the
 * peer went away after that much.
 */
GEV_API ssize_t gev_send(int fd, const void *buf, size_t size, int flags);
GEV_API ssize_t gev_sendto(int fd, const void *buf, size_t size, int flags,
	const struct sockaddr *addr, socklen_t addrlen);
GEV_API ssize_t gev_sendmsg(int fd, const struct msghdr *msg, int flags);

/*
 * recvmmsg(2), sendmmsg(2): @n messages in one go.  As in the kernel a
 * @timeout is looked at whenever a message has come, so it does not end the
 * wait for one, and a wait that fails after some messages gives their number.
 */
struct mmsghdr;
GEV_API int gev_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags,
	struct timespec *timeout);
GEV_API int gev_sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags);

/*
 * gev_sendall - send all of @buf, or fail.  gevent's socket.sendall().
 *
 * Nothing is sent, and nothing waited for, if @size is 0.
 *
 * Waits     at most @timeout for all of it.
 * Returns   0; or -1 with errno ETIMEDOUT or as for gev_send(); how much was
 *           sent is then in @sent (unless NULL).
 */
GEV_API int gev_sendall(int fd, const void *buf, size_t size, int flags,
	gev_time timeout, size_t *sent);

GEV_END_DECLS

#endif
