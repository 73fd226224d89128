/* SPDX-License-Identifier: MIT */
/*
 * gev/file.h - files, without holding up the other greenlets.
 *
 * Regular files are always ready, so no event loop can wait for them: gev_read()
 * and gev_write() act on them at once, and a slow disk then holds up the thread.
 * These hand each request to an io_uring of the hub's own, and where the kernel
 * has none, or forbids it, to the hub's threads (gev_offload()), while the
 * calling greenlet waits.  GEV_FILE=thread or GEV_FILE=io_uring in the
 * environment decides otherwise.  Each function has the signature, the results
 * and the errors of the POSIX function it is named after, and beyond those
 *
 *   ECANCELED  the greenlet was killed;
 *   ETIMEDOUT  a gev_timeout fired; or a thrown code;
 *   EDEADLK    it was called in a loop callback;
 *   EAGAIN     no thread could be started;
 *   ENOSYS     GEV_FILE=io_uring, but there is none;
 *   EINVAL     GEV_FILE is none of these, nor "auto";
 *   ENOMEM and the other errors of making a hub (gev/base.h).
 *
 * After one of the first two it is not known what was done of the request; it
 * has an end, though, when the function returns: an io_uring that uses the
 * caller's memory is told to cancel, and waited for.  Threads have copies of
 * all they use, at the price of the copying, and are not waited for.
 *
 * Mirrors gevent.fileobject.
 */
#ifndef GEV_FILE_H
#define GEV_FILE_H

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <gev/base.h>
#include <gev/stream.h>

GEV_BEGIN_DECLS

/* open(2), openat(2); @mode counts if a file is made. */
GEV_API int gev_file_open(const char *path, int flags, mode_t mode);
GEV_API int gev_file_openat(int dir, const char *path, int flags, mode_t mode);

/* close(2), in any case: what fails is the wait; in loop callbacks at once. */
GEV_API int gev_file_close(int fd);

/* read(2), write(2): at the file's own position, which moves on. */
GEV_API ssize_t gev_file_read(int fd, void *buf, size_t size);
GEV_API ssize_t gev_file_write(int fd, const void *buf, size_t size);

/* pread(2), pwrite(2), preadv(2), pwritev(2): at @offset. */
GEV_API ssize_t gev_file_pread(int fd, void *buf, size_t size, off_t offset);
GEV_API ssize_t gev_file_pwrite(int fd, const void *buf, size_t size,
	off_t offset);
GEV_API ssize_t gev_file_preadv(int fd, const struct iovec *iov, int iovcnt,
	off_t offset);
GEV_API ssize_t gev_file_pwritev(int fd, const struct iovec *iov, int iovcnt,
	off_t offset);

/* fsync(2), fdatasync(2), fallocate(2), ftruncate(2). */
GEV_API int gev_file_fsync(int fd);
GEV_API int gev_file_fdatasync(int fd);
GEV_API int gev_file_fallocate(int fd, int mode, off_t offset, off_t size);
GEV_API int gev_file_ftruncate(int fd, off_t size);

/* stat(2), lstat(2), fstat(2). */
GEV_API int gev_file_stat(const char *path, struct stat *st);
GEV_API int gev_file_lstat(const char *path, struct stat *st);
GEV_API int gev_file_fstat(int fd, struct stat *st);

/* rename(2), unlink(2), mkdir(2), rmdir(2). */
GEV_API int gev_file_rename(const char *from, const char *to);
GEV_API int gev_file_unlink(const char *path);
GEV_API int gev_file_mkdir(const char *path, mode_t mode);
GEV_API int gev_file_rmdir(const char *path);

/*
 * gev_file_read_all - all there is in a file.
 *
 * Returns   the contents, and their size in @size (unless NULL); or NULL with
 *           errno as gev_file_open() and gev_file_read(), EINVAL (NULL).
 * Memory    from malloc(3), ended by a NUL that does not count; the caller's.
 */
GEV_API char *gev_file_read_all(const char *path, size_t *size);

/*
 * gev_file_write_all - a file with these contents, in place of what it had.
 *
 * Returns   0; or -1 with errno as gev_file_open() and gev_file_write(); the
 *           file may then be there, and be incomplete.
 */
GEV_API int gev_file_write_all(const char *path, const void *data, size_t size,
	mode_t mode);

/*
 * gev_file_stream - a stream (gev/stream.h) on the file @fd, at its position.
 *
 * @flags are 0 or GEV_STREAM_KEEP.
 *
 * Returns   a new stream; or NULL with errno EINVAL, EBADF, ENOMEM.
 * Memory    freed by gev_stream_close(), which closes @fd too.
 */
GEV_API gev_stream *gev_file_stream(int fd, unsigned flags);

/*
 * gev_file_engine - who serves the calling thread: "io_uring" or "thread".
 *
 * Returns   a static string; or NULL with errno ENOSYS and those of making a
 *           hub.
 */
GEV_API const char *gev_file_engine(void);

GEV_END_DECLS

#endif
