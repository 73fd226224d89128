/* SPDX-License-Identifier: MIT */
/*
 * An io_uring for files.  No wait ends before its request has, since the kernel
 * uses the memory that the program gave, and no signal ends what is natively
 * a disk's wait either.
 */
#include "base/mem.h"
#include "base/uring.h"
#include "core/wait.h"
#include "loop/watch.h"
#include "run/file.h"

#define ENTRIES 64

static struct {
	bool tried;
	struct gev__uring uring;
	gev_io_watcher watcher;
} ring = { .uring = { .fd = -1 } };

/* On the stack of who waits; its address is the tag. */
struct pending {
	struct gev_waiter *waiter;
	bool done;
	long result;
};

static void complete(struct pending *p, long result)
{
	p->done = true;
	p->result = result;
	if (p->waiter)
		gev__wake(p->waiter, 0);
}

static void reap(void)
{
	struct io_uring_cqe *cqe;

	do {
		while ((cqe = gev__uring_cqe(&ring.uring))) {
			struct pending *p = (void *)(uintptr_t)cqe->user_data;
			long result = cqe->res;

			gev__uring_seen(&ring.uring);
			if (p)
				complete(p, result);
		}
	} while (gev__uring_due(&ring.uring) &&
		 gev__uring_wait(&ring.uring, 0, 0) == 0 &&
		 gev__uring_cqe(&ring.uring));
}

static int on_ready(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	reap();
	return 0;
}

static void close_ring(void)
{
	if (gev_watcher_active(&ring.watcher.w))
		gev_watcher_stop(&ring.watcher.w);
	gev__uring_close(&ring.uring);
}

static void open_ring(struct gev_hub *hub)
{
	ring.tried = true;
	if (gev__uring_open(&ring.uring, ENTRIES, IORING_SETUP_COOP_TASKRUN) <
		0)
		return;
	gev__fd_retire(hub, ring.uring.fd);
	gev_io_init(&ring.watcher, hub->loop, ring.uring.fd, GEV_READ);
	gev_watcher_set_ref(&ring.watcher.w, false);
	if (gev__io_start(&ring.watcher, on_ready, NULL) < 0)
		gev__uring_close(&ring.uring);
}

/* False: it is as if it had never been. */
static bool submit(const struct io_uring_sqe *request, struct pending *p)
{
	struct io_uring_sqe *sqe = gev__uring_sqe(&ring.uring);

	if (!sqe)
		return false;
	gev__copy(sqe, request, sizeof(*sqe));
	sqe->user_data = (uintptr_t)p;
	if (gev__uring_submit(&ring.uring) == 0)
		return true;
	gev__zero(sqe, sizeof(*sqe)); /* one that does nothing */
	return false;
}

static void await(struct pending *p, int fd)
{
	while (!p->done) {
		struct gev_waiter w = { .what = "a file",
			.object = (void *)(uintptr_t)fd,
			.describe = gev__fd_describe, .shielded = true };

		p->waiter = &w;
		gev__park(&w, GEV_FOREVER);
		p->waiter = NULL;
	}
}

long gev__run_request(struct gev_hub *hub, const struct io_uring_sqe *request)
{
	struct pending p = { .done = false };

	if (!ring.tried)
		open_ring(hub);
	if (ring.uring.fd < 0 || !gev__uring_can(&ring.uring, request->opcode) ||
		!submit(request, &p))
		return GEV__PASS;
	reap();
	await(&p, request->fd);
	return p.result;
}

int gev__run_request_fd(void)
{
	return ring.uring.fd;
}

void gev__run_requests_forked(void)
{
	close_ring();
	ring.tried = false;
}
