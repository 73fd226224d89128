/* SPDX-License-Identifier: MIT */
/*
 * gev/io.h - reading and writing descriptors, in plain blocking style.
 *
 * Each function has the signature, the results and the errors of the POSIX
 * function it is named after; where that would block the thread, this one
 * parks the greenlet.  Beyond POSIX each may fail with
 *
 *   ECANCELED  the greenlet was killed;
 *   ETIMEDOUT  a gev_timeout fired; or a thrown code;
 *   EBUSY      another greenlet is waiting for the same side of the same
 *              descriptor (one reader and one writer at a time are fine);
 *              gev_exception_message(gev_current()) says who;
 *   EBADF      also when the descriptor was closed by gev_close() meanwhile;
 *   EDEADLK    it would have to wait, and was called in a loop callback;
 *   ENOSPC     the system has no more epoll watches to give;
 *   ENOMEM and the other errors of making a hub (gev/base.h).
 *
 * A descriptor that is O_NONBLOCK answers EAGAIN as ever.  Regular files,
 * directories and block devices are read and written directly; gev/file.h has
 * what does not hold up the thread.
 *
 * Descriptors are plain ints, of whatever origin.  What has been used here is
 * to be closed with gev_close() (gev_dup2() and gev_dup3() onto it are fine):
 * that is how greenlets waiting on it and what is known of it are let go of.
 * After close(2) behind the library's back call gev_forget() before the number
 * is used again for something that did not come from gev.
 */
#ifndef GEV_IO_H
#define GEV_IO_H

#include <sys/types.h>
#include <sys/uio.h>
#include <gev/base.h>

GEV_BEGIN_DECLS

/*
 * read(2), write(2), readv(2), writev(2).  A write to a stream or pipe returns
 * when all is written, as the kernel's does.
 */
GEV_API ssize_t gev_read(int fd, void *buf, size_t count);
GEV_API ssize_t gev_write(int fd, const void *buf, size_t count);
GEV_API ssize_t gev_readv(int fd, const struct iovec *iov, int iovcnt);
GEV_API ssize_t gev_writev(int fd, const struct iovec *iov, int iovcnt);

/*
 * gev_close - close(2); who waits on @fd, in this thread or another, fails with
 * EBADF first.
 */
GEV_API int gev_close(int fd);

/* pipe(2), pipe2(2). */
GEV_API int gev_pipe(int fds[2]);
GEV_API int gev_pipe2(int fds[2], int flags);

/*
 * dup(2), dup2(2), dup3(2).  Who waits on the descriptor that is replaced fails
 * with EBADF first.
 */
GEV_API int gev_dup(int fd);
GEV_API int gev_dup2(int oldfd, int newfd);
GEV_API int gev_dup3(int oldfd, int newfd, int flags);

/*
 * gev_fcntl - fcntl(2), so that F_DUPFD and O_NONBLOCK are seen.  The argument
 * is an int or a pointer, as the command wants.
 *
 * F_SETLKW and F_OFD_SETLKW wait as gev_flock() does.  A deadlock of several
 * processes is not found out: there is no EDEADLK for that.
 */
GEV_API int gev_fcntl(int fd, int cmd, ...);

/*
 * gev_ioctl - ioctl(2), so that FIONBIO is seen.  Nothing else waits less than
 * the system's.
 */
GEV_API int gev_ioctl(int fd, unsigned long request, ...);

/*
 * gev_flock - flock(2).  Nothing tells when a lock is free: it is tried again,
 * after 1 ms at first and every 64 ms in the end, and whose turn it is depends
 * on chance.
 */
GEV_API int gev_flock(int fd, int operation);

/*
 * gev_sendfile - sendfile(2).  As the kernel does for blocking descriptors, it
 * returns when @count bytes or the rest of the file were sent; into a pipe goes
 * what it takes.  Reading from the file blocks the thread if it is not cached.
 *
 * splice(2), tee(2): gev_splice(), gev_tee().
 *
 * A socket or terminal is O_NONBLOCK while one of these three is at it, which
 * others that share the open file might see.
 */
GEV_API ssize_t gev_sendfile(int out_fd, int in_fd, off_t *offset,
	size_t count);
GEV_API ssize_t gev_splice(int fd_in, int64_t *off_in, int fd_out,
	int64_t *off_out, size_t size, unsigned flags);
GEV_API ssize_t gev_tee(int fd_in, int fd_out, size_t size, unsigned flags);

/*
 * gev_wait_fd - wait until @fd is ready.  poll(2) for one descriptor.
 *
 * @events is a set of GEV_READ and GEV_WRITE.
 *
 * Waits     at most @timeout.
 * Returns   the set of what is ready; or -1 with errno ETIMEDOUT (for a
 *           @timeout of 0 too), EINVAL,
 *           EBADF, EBUSY, ECANCELED, a thrown code, EDEADLK, ENOMEM.  What can
 *           not be polled (regular files) is always ready.
 */
GEV_API int gev_wait_fd(int fd, int events, gev_time timeout);

/*
 * gev_forget - @fd is not what it was (see above).  Never fails.
 */
GEV_API void gev_forget(int fd);

GEV_END_DECLS

#endif
