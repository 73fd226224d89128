/* SPDX-License-Identifier: MIT */
#include "os/file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "base/error.h"
#include "base/sys.h"
#include "base/uring.h"
#include "calls/descriptor.h"
#include "core/wait.h"

#define OP_FTRUNCATE 55 /* Linux 6.9 */

static void prepare(struct io_uring_sqe *sqe, const struct gev__file_request *r,
	const void *addr, unsigned len, uint64_t offset)
{
	gev__uring_prep(sqe, 0, r->fd, addr, len, offset, 0);
	sqe->rw_flags = (int)r->flags;
}

static void prepare_transfer(struct io_uring_sqe *sqe,
	const struct gev__file_request *r)
{
	prepare(sqe, r, r->iov, (unsigned)r->n, (uint64_t)r->offset);
}

static long run_read(const struct gev__file_request *r)
{
	if (r->offset < 0)
		return gev__sys(SYS_readv, r->fd, r->iov, r->n);
	return gev__sys(SYS_preadv, r->fd, r->iov, r->n, r->offset, 0);
}

static long run_write(const struct gev__file_request *r)
{
	if (r->offset < 0)
		return gev__sys(SYS_writev, r->fd, r->iov, r->n);
	return gev__sys(SYS_pwritev, r->fd, r->iov, r->n, r->offset, 0);
}

static void prepare_plain(struct io_uring_sqe *sqe,
	const struct gev__file_request *r)
{
	prepare(sqe, r, NULL, 0, 0);
}

static long run_sync(const struct gev__file_request *r)
{
	return gev__sys(r->flags ? SYS_fdatasync : SYS_fsync, r->fd);
}

static long run_close(const struct gev__file_request *r)
{
	return gev__sys(SYS_close, r->fd);
}

static void prepare_fallocate(struct io_uring_sqe *sqe,
	const struct gev__file_request *r)
{
	prepare(sqe, r, (void *)(uintptr_t)r->length, r->mode,
		(uint64_t)r->offset);
}

static long run_fallocate(const struct gev__file_request *r)
{
	return gev__sys(SYS_fallocate, r->fd, r->mode, r->offset, r->length);
}

static void prepare_ftruncate(struct io_uring_sqe *sqe,
	const struct gev__file_request *r)
{
	prepare(sqe, r, NULL, 0, (uint64_t)r->length);
}

static long run_ftruncate(const struct gev__file_request *r)
{
	return gev__sys(SYS_ftruncate, r->fd, r->length);
}

static void prepare_path(struct io_uring_sqe *sqe,
	const struct gev__file_request *r)
{
	prepare(sqe, r, r->path, r->mode, 0);
}

/* A first try that does not wait would open one end of a FIFO. */
static void prepare_open(struct io_uring_sqe *sqe,
	const struct gev__file_request *r)
{
	prepare_path(sqe, r);
	sqe->flags |= IOSQE_ASYNC;
}

static long run_open(const struct gev__file_request *r)
{
	return gev__sys(SYS_openat, r->fd, r->path, r->flags, r->mode);
}

static long run_unlink(const struct gev__file_request *r)
{
	return gev__sys(SYS_unlinkat, r->fd, r->path, r->flags);
}

static long run_mkdir(const struct gev__file_request *r)
{
	return gev__sys(SYS_mkdirat, r->fd, r->path, r->mode);
}

static void prepare_rename(struct io_uring_sqe *sqe,
	const struct gev__file_request *r)
{
	prepare(sqe, r, r->path, (unsigned)AT_FDCWD, (uintptr_t)r->to);
}

static long run_rename(const struct gev__file_request *r)
{
	return gev__sys(SYS_renameat2, r->fd, r->path, AT_FDCWD, r->to, 0);
}

static void prepare_stat(struct io_uring_sqe *sqe,
	const struct gev__file_request *r)
{
	prepare(sqe, r, r->path, STATX_BASIC_STATS, (uintptr_t)r->statx);
}

static long run_stat(const struct gev__file_request *r)
{
	return gev__sys(SYS_statx, r->fd, r->path, r->flags, STATX_BASIC_STATS,
		r->statx);
}

const struct gev__file_op gev__file_read = { .name = "file read",
	.opcode = IORING_OP_READV, .prepare = prepare_transfer,
	.run = run_read, .reads = true };
const struct gev__file_op gev__file_write = { .name = "file write",
	.opcode = IORING_OP_WRITEV, .prepare = prepare_transfer,
	.run = run_write, .writes = true };
static const struct gev__file_op op_open = { .name = "file open",
	.opcode = IORING_OP_OPENAT, .prepare = prepare_open, .run = run_open,
	.opens = true };
static const struct gev__file_op op_close = { .name = "file close",
	.opcode = IORING_OP_CLOSE, .prepare = prepare_plain, .run = run_close,
	.closes = true };
static const struct gev__file_op op_sync = { .name = "file sync",
	.opcode = IORING_OP_FSYNC, .prepare = prepare_plain, .run = run_sync };
static const struct gev__file_op op_fallocate = { .name = "file fallocate",
	.opcode = IORING_OP_FALLOCATE, .prepare = prepare_fallocate,
	.run = run_fallocate };
static const struct gev__file_op op_ftruncate = { .name = "file ftruncate",
	.opcode = OP_FTRUNCATE, .prepare = prepare_ftruncate,
	.run = run_ftruncate };
static const struct gev__file_op op_stat = { .name = "file stat",
	.opcode = IORING_OP_STATX, .prepare = prepare_stat, .run = run_stat };
static const struct gev__file_op op_rename = { .name = "file rename",
	.opcode = IORING_OP_RENAMEAT, .prepare = prepare_rename,
	.run = run_rename };
static const struct gev__file_op op_unlink = { .name = "file unlink",
	.opcode = IORING_OP_UNLINKAT, .prepare = prepare_path,
	.run = run_unlink };
static const struct gev__file_op op_mkdir = { .name = "file mkdir",
	.opcode = IORING_OP_MKDIRAT, .prepare = prepare_path,
	.run = run_mkdir };

/* 0, or why the caller can't wait. */
static int may_wait(struct gev_hub *hub, const struct gev__file_op *op)
{
	gev_coro *self = hub->thread->current;

	if (gev__hub_is_current(hub))
		return -EDEADLK;
	if (op->closes || !self->pending)
		return 0;
	gev__rest(hub, self);
	return gev__interrupted(hub, self);
}

/* The ring to use, or NULL.  *error: neither that nor a thread. */
static struct gev__file_ring *choose_ring(struct gev_hub *hub,
	const struct gev__file_op *op, int *error)
{
	struct gev__file_ring *ring;

	*error = may_wait(hub, op);
	if (*error < 0)
		return NULL;
	ring = gev__file_ring(hub, error);
	return ring && gev__file_ring_can(ring, op) ? ring : NULL;
}

static long perform(const struct gev__file_request *r)
{
	int error = 0;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__file_ring *ring =
		hub ? choose_ring(hub, r->op, &error) : NULL;
	long result = -EXFULL;

	if (error < 0)
		return r->op->closes ? r->op->run(r) : error;
	if (ring)
		result = gev__file_ring_do(ring, r);
	return result == -EXFULL ? gev__file_thread_do(r) : result;
}

static long perform_on(const struct gev__file_op *op, int fd, unsigned flags)
{
	struct gev__file_request r = { .op = op, .fd = fd, .flags = flags };

	return perform(&r);
}

static long perform_at(const struct gev__file_op *op, int dir,
	const char *path, unsigned flags, mode_t mode)
{
	struct gev__file_request r = { .op = op, .fd = dir, .path = path,
		.flags = flags, .mode = mode };

	return path ? perform(&r) : -EFAULT;
}

static long transfer(const struct gev__file_op *op, int fd,
	const struct iovec *iov, int n, int64_t offset)
{
	struct gev__file_request r = { .op = op, .fd = fd, .iov = iov, .n = n,
		.offset = offset };

	if (n < 0 || n > IOV_MAX)
		return -EINVAL;
	return n > 0 && !iov ? -EFAULT : perform(&r);
}

/* What has no positions is an error to pread(2), but not to an io_uring. */
static long transfer_at(const struct gev__file_op *op, int fd,
	const struct iovec *iov, int n, off_t offset)
{
	if (offset < 0)
		return -EINVAL;
	if (gev__sys(SYS_lseek, fd, 0, SEEK_CUR) == -ESPIPE)
		return -ESPIPE;
	return transfer(op, fd, iov, n, offset);
}

/* What the number stood for is forgotten; what it stands for now is new. */
static long open_at(int dir, const char *path, int flags, mode_t mode)
{
	long fd = perform_at(&op_open, dir, path,
		(unsigned)flags, mode);

	if (fd >= 0)
		gev__fd_retire(gev__hub_here(), (int)fd);
	return fd;
}

int gev_file_open(const char *path, int flags, mode_t mode)
{
	return gev_file_openat(AT_FDCWD, path, flags, mode);
}

int gev_file_openat(int dir, const char *path, int flags, mode_t mode)
{
	return (int)gev__ret(open_at(dir, path, flags, mode));
}

int gev_file_close(int fd)
{
	gev__fd_retire(gev__hub_here(), fd);
	return (int)gev__ret(perform_on(&op_close, fd, 0));
}

ssize_t gev_file_read(int fd, void *buf, size_t size)
{
	struct iovec iov = { buf, size };

	return gev__ret(transfer(&gev__file_read, fd, &iov, 1, -1));
}

ssize_t gev_file_write(int fd, const void *buf, size_t size)
{
	struct iovec iov = { (void *)buf, size };

	return gev__ret(transfer(&gev__file_write, fd, &iov, 1, -1));
}

ssize_t gev_file_pread(int fd, void *buf, size_t size, off_t offset)
{
	struct iovec iov = { buf, size };

	return gev_file_preadv(fd, &iov, 1, offset);
}

ssize_t gev_file_pwrite(int fd, const void *buf, size_t size, off_t offset)
{
	struct iovec iov = { (void *)buf, size };

	return gev_file_pwritev(fd, &iov, 1, offset);
}

ssize_t gev_file_preadv(int fd, const struct iovec *iov, int iovcnt,
	off_t offset)
{
	return gev__ret(transfer_at(&gev__file_read, fd, iov, iovcnt, offset));
}

ssize_t gev_file_pwritev(int fd, const struct iovec *iov, int iovcnt,
	off_t offset)
{
	return gev__ret(transfer_at(&gev__file_write, fd, iov, iovcnt, offset));
}

int gev_file_fsync(int fd)
{
	return (int)gev__ret(perform_on(&op_sync, fd, 0));
}

int gev_file_fdatasync(int fd)
{
	return (int)gev__ret(perform_on(&op_sync, fd, IORING_FSYNC_DATASYNC));
}

int gev_file_fallocate(int fd, int mode, off_t offset, off_t size)
{
	struct gev__file_request r = { .op = &op_fallocate, .fd = fd,
		.mode = (unsigned)mode, .offset = offset, .length = size };

	return (int)gev__ret(perform(&r));
}

int gev_file_ftruncate(int fd, off_t size)
{
	struct gev__file_request r = { .op = &op_ftruncate, .fd = fd,
		.length = size };

	return (int)gev__ret(size < 0 ? -EINVAL : perform(&r));
}

static struct timespec time_of(const struct statx_timestamp *t)
{
	return (struct timespec){ t->tv_sec, t->tv_nsec };
}

static void convert(const struct statx *x, struct stat *st)
{
	*st = (struct stat){
		.st_dev = makedev(x->stx_dev_major, x->stx_dev_minor),
		.st_ino = x->stx_ino,
		.st_mode = x->stx_mode,
		.st_nlink = x->stx_nlink,
		.st_uid = x->stx_uid,
		.st_gid = x->stx_gid,
		.st_rdev = makedev(x->stx_rdev_major, x->stx_rdev_minor),
		.st_size = (off_t)x->stx_size,
		.st_blksize = (blksize_t)x->stx_blksize,
		.st_blocks = (blkcnt_t)x->stx_blocks,
		.st_atim = time_of(&x->stx_atime),
		.st_mtim = time_of(&x->stx_mtime),
		.st_ctim = time_of(&x->stx_ctime),
	};
}

static int stat_at(int fd, const char *path, unsigned flags, struct stat *st)
{
	struct statx x;
	struct gev__file_request r = { .op = &op_stat, .fd = fd, .path = path,
		.flags = flags, .statx = &x };
	long result = path && st ? perform(&r) : -EFAULT;

	if (result == 0)
		convert(&x, st);
	return (int)gev__ret(result);
}

int gev_file_stat(const char *path, struct stat *st)
{
	return stat_at(AT_FDCWD, path, 0, st);
}

int gev_file_lstat(const char *path, struct stat *st)
{
	return stat_at(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, st);
}

int gev_file_fstat(int fd, struct stat *st)
{
	return fd < 0 ? (int)gev__ret(-EBADF) :
			stat_at(fd, "", AT_EMPTY_PATH, st);
}

int gev_file_rename(const char *from, const char *to)
{
	struct gev__file_request r = { .op = &op_rename, .fd = AT_FDCWD,
		.path = from, .to = to };

	return (int)gev__ret(from && to ? perform(&r) : -EFAULT);
}

int gev_file_unlink(const char *path)
{
	return (int)gev__ret(perform_at(&op_unlink, AT_FDCWD, path, 0, 0));
}

int gev_file_mkdir(const char *path, mode_t mode)
{
	return (int)gev__ret(perform_at(&op_mkdir, AT_FDCWD, path, 0, mode));
}

int gev_file_rmdir(const char *path)
{
	return (int)gev__ret(perform_at(&op_unlink, AT_FDCWD, path,
		AT_REMOVEDIR, 0));
}

const char *gev_file_engine(void)
{
	int error = 0;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__file_ring *ring = hub ? gev__file_ring(hub, &error) : NULL;

	if (error < 0)
		return gev__null(-error);
	return ring ? "io_uring" : "thread";
}
