/* SPDX-License-Identifier: MIT */
/*
 * Requests on an io_uring.
 *
 * Each is submitted at once; what the page cache has is then done already, and
 * nobody parks.  For the rest the hub's loop watches the ring.  The kernel uses
 * the caller's own memory, so no wait ends before the request has: if it is to
 * end early, the request is cancelled, and its completion awaited all the same.
 * Nor does a hub end before all its requests have.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/uring.h"
#include "calls/descriptor.h"
#include "core/wait.h"
#include "os/file.h"

#define ENTRIES 256 /* and twice as many completions before any are seen */

struct gev__file_ring {
	struct gev__tenant tenant;
	struct gev_hub *hub;
	unsigned forks;          /* of this process, when it was opened */
	bool tried;
	int error;               /* there is none; 0: threads will do */
	struct gev__uring ring;
	gev_io_watcher watcher;
	struct gev_list pending; /* those whose completion was not seen */
};

/* On the stack of who waits; its address is the tag. */
struct pending {
	struct gev_list node;
	struct gev_waiter *waiter;
	bool done;
	long result;
};

static unsigned forks;

static void complete(struct pending *p, long result)
{
	gev__list_del(&p->node);
	p->done = true;
	p->result = result;
	if (p->waiter)
		gev__wake(p->waiter, 0);
}

/* What is not tagged is of no interest. */
static void reap_seen(struct gev__uring *ring)
{
	struct io_uring_cqe *cqe;

	while ((cqe = gev__uring_cqe(ring))) {
		struct pending *p = (struct pending *)(uintptr_t)cqe->user_data;
		long result = cqe->res;

		gev__uring_seen(ring);
		if (p)
			complete(p, result);
	}
}

static void reap(struct gev__file_ring *f)
{
	reap_seen(&f->ring);
	while (gev__uring_due(&f->ring) &&
		gev__uring_wait(&f->ring, 0, 0) == 0 &&
		gev__uring_cqe(&f->ring))
		reap_seen(&f->ring);
}

/* In the child of a fork the ring is the parent's, and so are its requests. */
static bool is_the_parents(const struct gev__file_ring *f)
{
	return f->forks != forks;
}

static int on_ready(gev_watcher *w, int revents, void *arg)
{
	struct gev__file_ring *f = arg;

	(void)revents;
	if (is_the_parents(f))
		gev_watcher_stop(w);
	else
		reap(f);
	return 0;
}

static void close_ring(struct gev__file_ring *f)
{
	if (gev_watcher_active(&f->watcher.w))
		gev_watcher_stop(&f->watcher.w);
	gev__uring_close(&f->ring);
}

static void cancel(struct gev__file_ring *f, const struct pending *p)
{
	struct io_uring_sqe *sqe = gev__uring_sqe(&f->ring);

	if (!sqe)
		return;
	gev__uring_cancel(sqe, (uintptr_t)p, 0);
	gev__uring_submit(&f->ring);
}

static void hub_ends(struct gev__tenant *tenant)
{
	struct gev__file_ring *f =
		gev__container(tenant, struct gev__file_ring, tenant);
	struct gev_list *node;

	if (f->ring.fd >= 0 && !is_the_parents(f)) {
		gev__list_for_each(node, &f->pending)
			cancel(f, gev__container(node, struct pending, node));
		while (!gev__list_empty(&f->pending)) {
			gev__uring_wait(&f->ring, 1, GEV_FOREVER);
			reap(f);
		}
	}
	close_ring(f);
	gev__list_del(&tenant->node);
	f->hub->files = NULL;
	gev__free(f, sizeof(*f));
}

static void forked(void)
{
	forks++;
}

static void init_once(void)
{
	pthread_atfork(NULL, NULL, forked);
}

static struct gev__file_ring *make(struct gev_hub *hub)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct gev__file_ring *f = gev__alloc(sizeof(*f));

	if (!f)
		return NULL;
	pthread_once(&once, init_once);
	f->hub = hub;
	f->forks = forks;
	f->ring.fd = -1;
	gev__list_init(&f->pending);
	f->tenant.end = hub_ends;
	gev__list_add_tail(&hub->tenants, &f->tenant.node);
	hub->files = f;
	return f;
}

/* 0 or -errno. */
static int open_ring(struct gev__file_ring *f)
{
	int r = gev__uring_open(&f->ring, ENTRIES, 0);

	if (r < 0)
		return r;
	gev__fd_retire(f->hub, f->ring.fd);
	gev_io_init(&f->watcher, f->hub->loop, f->ring.fd, GEV_READ);
	gev_watcher_set_ref(&f->watcher.w, false);
	if (gev_io_start(&f->watcher, on_ready, f) == 0)
		return 0;
	r = -errno;
	gev__uring_close(&f->ring);
	return r;
}

/* Not there, or forbidden; other failures may be gone the next time. */
static bool is_final(int error)
{
	return error == -ENOSYS || error == -EPERM || error == -EINVAL;
}

/* A ring, if there is one, or nothing but that. */
static void try_ring(struct gev__file_ring *f, bool or_fail)
{
	int r = open_ring(f);

	f->tried = r == 0 || is_final(r);
	if (or_fail)
		f->error = is_final(r) ? -ENOSYS : r;
}

static void choose(struct gev__file_ring *f)
{
	const char *wanted = getenv("GEV_FILE");

	f->tried = true;
	f->error = 0;
	if (!wanted || !*wanted || !strcmp(wanted, "auto"))
		try_ring(f, false);
	else if (!strcmp(wanted, "io_uring"))
		try_ring(f, true);
	else if (strcmp(wanted, "thread"))
		f->error = -EINVAL;
}

struct gev__file_ring *gev__file_ring(struct gev_hub *hub, int *error)
{
	struct gev__file_ring *f = hub->files ? hub->files : make(hub);

	*error = -ENOMEM;
	if (!f)
		return NULL;
	if (is_the_parents(f)) {
		f->forks = forks;
		gev__list_init(&f->pending);
		close_ring(f);
		f->tried = false;
	}
	if (!f->tried)
		choose(f);
	*error = f->error;
	return f->ring.fd < 0 ? NULL : f;
}

bool gev__file_ring_can(const struct gev__file_ring *f,
	const struct gev__file_op *op)
{
	return gev__uring_can(&f->ring, op->opcode);
}

/* 0 if it is the kernel's now, or done. */
static int submit(struct gev__file_ring *f, const struct gev__file_request *r,
	struct pending *p)
{
	struct io_uring_sqe *sqe = gev__uring_sqe(&f->ring);

	if (!sqe)
		return -EXFULL;
	r->op->prepare(sqe, r);
	sqe->opcode = r->op->opcode;
	sqe->user_data = (uintptr_t)p;
	if (gev__uring_submit(&f->ring) < 0) {
		gev__zero(sqe, sizeof(*sqe)); /* one that does nothing */
		return -EXFULL;
	}
	gev__list_add_tail(&f->pending, &p->node);
	reap(f);
	return 0;
}

static int park(struct gev__file_ring *f, const struct gev__file_request *r,
	struct pending *p)
{
	struct gev_waiter w = { .what = r->op->name };
	int result;

	p->waiter = &w;
	gev__hold(f->hub);
	result = gev__park(&w, GEV_FOREVER);
	gev__unhold(f->hub);
	p->waiter = NULL;
	return result;
}

/* Whatever strikes the greenlet. */
static void await_end(struct gev__file_ring *f,
	const struct gev__file_request *r, struct pending *p)
{
	gev_greenlet *g = f->hub->thread->current->greenlet;

	if (g)
		g->shields++;
	while (!p->done)
		park(f, r, p);
	if (g)
		g->shields--;
}

/* The request has ended, but who asked for it did not wait for that. */
static void throw_away(const struct gev__file_request *r, long result)
{
	if (r->op->opens && result >= 0)
		gev__sys(SYS_close, result);
	if (r->op->closes && result == -ECANCELED)
		gev__sys(SYS_close, r->fd);
}

long gev__file_ring_do(struct gev__file_ring *f,
	const struct gev__file_request *r)
{
	struct pending p = { .done = false };
	int result = submit(f, r, &p);

	if (result < 0)
		return result;
	if (p.done) {
		gev__spend(f->hub);
		return p.result;
	}
	result = park(f, r, &p);
	if (result == 0)
		return p.result;
	if (!p.done)
		cancel(f, &p);
	await_end(f, r, &p);
	throw_away(r, p.result);
	return result;
}
