/* SPDX-License-Identifier: MIT */
/*
 * Files on disks.  What the page cache has is read at once, and what it has
 * room for is written so (RWF_NOWAIT): for the rest the kernel is asked to do
 * it while other threads run.
 *
 * Where that form is unknown, short calls are left as they are: such files are
 * the kernel's own tables, or take what is written into memory.  Data that has
 * to reach the disk before the call is over is a request in any case.
 *
 * The kernel makes calls that use a file's position one after the other, but
 * not requests.  So that is seen to here.
 */
#include "run/comm.h"
#include "run/file.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/kcmp.h>
#include <sys/stat.h>
#include "base/mem.h"
#include "base/uring.h"
#include "calls/transfer.h"
#include "core/wait.h"
#include "run/run.h"

#define SMALL (64ul << 10)
#define IOV_LIMIT 1024
#define TRANSFER_MAX 0x7ffff000ul /* the kernel does no more at once */
#define AT_POSITION -1L
#define RWF_KNOWN (RWF_DSYNC | RWF_SYNC | RWF_APPEND)
#define HEEDED (O_DIRECT | O_DSYNC | O_APPEND)

struct transfer {
	struct gev_hub *hub;
	struct gev__fd_rec *rec;
	int fd;
	const struct iovec *iov;
	int n;
	long offset;            /* or AT_POSITION */
	int flags;              /* RWF_* */
	bool writes;
	int mode;               /* of the file: of HEEDED */
	size_t size;
	size_t done;
	bool once;              /* what is done now is all */
};

/* Those who are at a file's position, for others to wait. */
struct holder {
	struct holder *next;
	int fd;
	struct gev_list waiters;
};

static struct holder *holders;

static bool is_same_file(int one, int other)
{
	struct stat a, b;

	return gev__sys(SYS_fstat, one, &a) == 0 &&
	       gev__sys(SYS_fstat, other, &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

/* Whether one is a copy of the other, so that they have one position. */
static bool is_copy(int one, int other)
{
	const long self = gev__sys(SYS_getpid);

	return is_same_file(one, other) &&
	       gev__sys(SYS_kcmp, self, self, KCMP_FILE, one, other) <= 0;
}

static struct holder *holder_of(int fd)
{
	struct holder *h = holders;

	while (h && h->fd != fd && !is_copy(h->fd, fd))
		h = h->next;
	return h;
}

static void take_position(struct holder *self, int fd)
{
	struct holder *h;

	while ((h = holder_of(fd))) {
		struct gev_waiter w = { .what = "a file's position",
			.object = (void *)(uintptr_t)fd,
			.describe = gev__fd_describe, .shielded = true };

		gev__list_add_tail(&h->waiters, &w.link);
		gev__park(&w, GEV_FOREVER);
	}
	self->fd = fd;
	gev__list_init(&self->waiters);
	self->next = holders;
	holders = self;
}

static void give_position(struct holder *self)
{
	struct holder **at = &holders;

	while (*at != self)
		at = &(*at)->next;
	*at = self->next;
	gev__wake_all(&self->waiters, 0);
}

void gev__run_positions_forked(void)
{
	holders = NULL;
}

/* Nothing of it is done from memory. */
static bool is_for_the_disk(const struct transfer *t)
{
	return t->mode & O_DIRECT ||
	       (t->writes && (t->mode & O_DSYNC || t->flags & RWF_KNOWN));
}

static long make(const struct transfer *t, const struct iovec *iov, int n,
	int flags)
{
	return gev__sys(t->writes ? SYS_pwritev2 : SYS_preadv2, t->fd, iov, n,
		t->offset, 0L, flags);
}

/* Without an io_uring others have to wait. */
static long ask(const struct transfer *t, const struct iovec *iov, int n,
	long offset)
{
	struct io_uring_sqe sqe;
	long r;

	gev__zero(&sqe, sizeof(sqe));
	gev__uring_prep(&sqe, t->writes ? IORING_OP_WRITEV : IORING_OP_READV,
		t->fd, iov, (unsigned)n, (uint64_t)offset, 0);
	sqe.rw_flags = t->flags;
	if (t->writes && !(t->mode & O_DIRECT))
		sqe.flags = IOSQE_ASYNC;
	r = gev__run_request(t->hub, &sqe);
	return r == GEV__PASS ? make(t, iov, n, t->flags) : r;
}

static bool appends(const struct transfer *t)
{
	return t->writes && t->mode & O_APPEND;
}

/* A request that the device ends by itself leaves the position as it was. */
static long request(const struct transfer *t, const struct iovec *iov, int n)
{
	long position, r;

	if (t->offset != AT_POSITION || appends(t))
		return ask(t, iov, n, t->offset);
	position = gev__sys(SYS_lseek, t->fd, 0L, SEEK_CUR);
	if (position < 0)
		return ask(t, iov, n, AT_POSITION);
	r = ask(t, iov, n, position);
	if (r > 0)
		gev__sys(SYS_lseek, t->fd, position + r, SEEK_SET);
	return r;
}

/* Who appends is not to be cut in two, with others in between. */
static long try(const struct transfer *t, const struct iovec *iov, int n)
{
	long r;

	if (appends(t) || (t->writes && t->rec->no_nowait))
		return -EOPNOTSUPP;
	r = make(t, iov, n, RWF_NOWAIT);
	if (t->writes && r == -EOPNOTSUPP)
		t->rec->no_nowait = true;
	return r;
}

static long do_piece(struct transfer *t, const struct iovec *iov, int n)
{
	long r;

	t->once = true;
	if (is_for_the_disk(t))
		return request(t, iov, n);
	r = try(t, iov, n);
	if (r == -EOPNOTSUPP && !(t->writes && t->size >= SMALL))
		return make(t, iov, n, t->flags);
	t->once = false;
	return r == -EAGAIN || r == -EOPNOTSUPP ? request(t, iov, n) : r;
}

/* As much as there is, as the kernel does it with files. */
static long transfer(struct transfer *t)
{
	struct iovec window[GEV__WINDOW];
	long r = do_piece(t, t->iov, t->n);

	while (r > 0) {
		t->done += (size_t)r;
		if (t->once || t->done >= t->size)
			break;
		if (t->offset != AT_POSITION)
			t->offset += r;
		r = do_piece(t, window, gev__iov_piece(window, t->iov, t->n,
				t->done, t->size));
	}
	if (r == -ENOSYS) /* in a sandbox: a call without flags may do */
		r = GEV__PASS;
	return t->done ? (long)t->done : r;
}

/* 0 or -EBADF.  Most have none of these, and that is remembered. */
static long read_mode(struct transfer *t)
{
	struct gev__number *number = t->rec->number;
	long mode;

	if (number->plain && !number->copied)
		return 0;
	mode = gev__sys(SYS_fcntl, t->fd, F_GETFL);
	if (mode < 0)
		return mode;
	t->mode = (int)mode & HEEDED;
	number->plain = !t->mode;
	return 0;
}

/* It comes down to the call as it is. */
static bool is_left_alone(const struct transfer *t)
{
	return t->writes && t->rec->no_nowait && t->size < SMALL &&
	       !is_for_the_disk(t) && !holder_of(t->fd);
}

/* NULL: it is none. */
static struct gev__fd_rec *file(struct gev_hub *hub, int fd)
{
	int error;
	struct gev__fd_rec *rec = gev__fd_get(hub, fd, &error);

	return rec && rec->kind == GEV__FD_FILE ? rec : NULL;
}

static long begin(struct transfer *t)
{
	struct holder self;
	long r;

	t->hub = gev__hub_here();
	t->rec = file(t->hub, t->fd);
	if (!gev__run_options.file_offload || !t->rec ||
		t->n <= 0 || t->n > IOV_LIMIT || t->flags & ~RWF_KNOWN)
		return GEV__PASS;
	t->size = gev__iov_size(t->iov, t->n);
	if (!t->size || t->size > TRANSFER_MAX || read_mode(t) < 0 ||
		is_left_alone(t))
		return GEV__PASS;
	if (t->offset != AT_POSITION)
		return transfer(t);
	take_position(&self, t->fd);
	r = transfer(t);
	give_position(&self);
	return r;
}

static long one(const long a[6], bool writes, long offset)
{
	struct iovec iov = { (void *)a[1], (size_t)a[2] };
	struct transfer t = { .fd = (int)a[0], .iov = &iov, .n = 1,
		.offset = offset, .writes = writes };

	return begin(&t);
}

static long vector(const long a[6], bool writes, long offset, int flags)
{
	struct transfer t = { .fd = (int)a[0], .iov = (const void *)a[1],
		.n = (int)a[2], .offset = offset, .flags = flags,
		.writes = writes };

	return begin(&t);
}

long gev__run_read(struct gev__run_call *c)
{
	return one(c->call.a, false, AT_POSITION);
}

long gev__run_write(struct gev__run_call *c)
{
	if (gev__run_comm_files)
		gev__run_comm_write((int)c->call.a[0]);
	return one(c->call.a, true, AT_POSITION);
}

long gev__run_readv(struct gev__run_call *c)
{
	return vector(c->call.a, false, AT_POSITION, 0);
}

long gev__run_writev(struct gev__run_call *c)
{
	return vector(c->call.a, true, AT_POSITION, 0);
}

/* An offset of -1 is wrong in those without flags. */
long gev__run_pread(struct gev__run_call *c)
{
	const long *a = c->call.a;

	return a[3] < 0 ? GEV__PASS : one(a, false, a[3]);
}

long gev__run_pwrite(struct gev__run_call *c)
{
	const long *a = c->call.a;

	return a[3] < 0 ? GEV__PASS : one(a, true, a[3]);
}

long gev__run_preadv(struct gev__run_call *c)
{
	const long *a = c->call.a;

	return a[3] < 0 ? GEV__PASS : vector(a, false, a[3], 0);
}

long gev__run_pwritev(struct gev__run_call *c)
{
	const long *a = c->call.a;

	return a[3] < 0 ? GEV__PASS : vector(a, true, a[3], 0);
}

long gev__run_preadv2(struct gev__run_call *c)
{
	const long *a = c->call.a;

	return a[3] < AT_POSITION ? GEV__PASS :
				    vector(a, false, a[3], (int)a[5]);
}

long gev__run_pwritev2(struct gev__run_call *c)
{
	const long *a = c->call.a;

	return a[3] < AT_POSITION ? GEV__PASS :
				    vector(a, true, a[3], (int)a[5]);
}

static long sync_file(const long a[6], unsigned flags)
{
	struct gev_hub *hub = gev__hub_here();
	struct io_uring_sqe sqe;

	if (!gev__run_options.file_offload || !file(hub, (int)a[0]))
		return GEV__PASS;
	gev__zero(&sqe, sizeof(sqe));
	gev__uring_prep(&sqe, IORING_OP_FSYNC, (int)a[0], NULL, 0, 0, 0);
	sqe.fsync_flags = flags;
	return gev__run_request(hub, &sqe);
}

long gev__run_fsync(struct gev__run_call *c)
{
	return sync_file(c->call.a, 0);
}

long gev__run_fdatasync(struct gev__run_call *c)
{
	return sync_file(c->call.a, IORING_FSYNC_DATASYNC);
}

long gev__run_lseek(struct gev__run_call *c)
{
	struct holder self;

	if (holder_of((int)c->call.a[0])) {
		take_position(&self, (int)c->call.a[0]);
		give_position(&self);
	}
	return GEV__PASS;
}
