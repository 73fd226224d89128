/* SPDX-License-Identifier: MIT */
/*
 * gev/os.h - other ways to read and write descriptors.
 *
 * gev_read() and gev_write() are what one mostly wants.  These are for what is
 * O_NONBLOCK and shared with code that wants it to be, and for devices that
 * block though they claim to be ready.  Mirrors gevent.os.
 */
#ifndef GEV_OS_H
#define GEV_OS_H

#include <sys/types.h>
#include <gev/base.h>

GEV_BEGIN_DECLS

/*
 * gev_make_nonblocking - set O_NONBLOCK.
 *
 * Returns   1; 0, it was set already; or -1 with errno EBADF.
 */
GEV_API int gev_make_nonblocking(int fd);

/*
 * gev_nb_read, gev_nb_write - read(2) and write(2), waiting for EAGAIN to pass.
 *
 * Waits     until the descriptor is ready, O_NONBLOCK or not.
 * Returns   as gev_read() and gev_write(), but never EAGAIN nor EINTR; a
 *           count may be less than what was asked for.
 */
GEV_API ssize_t gev_nb_read(int fd, void *buf, size_t size);
GEV_API ssize_t gev_nb_write(int fd, const void *buf, size_t size);

/*
 * gev_tp_read, gev_tp_write - read(2) and write(2) on a thread of the hub's.
 *
 * Waits     until that is done.
 * Returns   as the namesakes; or -1 with errno as gev_offload().  After
 *           ECANCELED and the like it may still be done, without the
 *           caller's memory.
 */
GEV_API ssize_t gev_tp_read(int fd, void *buf, size_t size);
GEV_API ssize_t gev_tp_write(int fd, const void *buf, size_t size);

GEV_END_DECLS

#endif
