/* SPDX-License-Identifier: MIT */
/*
 * Having the kernel wait for futexes that it may wake itself, or that other
 * processes may: on an io_uring of the hub's (Linux 6.7).
 *
 * An ask outlives its waiter until its completion was seen: it may have been
 * the one that another's wake found in the kernel, after the waiter had been
 * served or had given up.  That wake is passed on.
 */
#include "patch/futex.h"
#include <linux/futex.h>
#include "base/mem.h"
#include "base/uring.h"
#include "calls/descriptor.h"
#include "loop/watch.h"
#include "patch/handlers.h"

#define ENTRIES 64
#define OP_FUTEX_WAIT 51 /* IORING_OP_FUTEX_WAIT, FUTEX2_SIZE_U32 */
#define SIZE_U32 2

struct gev__futex_ring {
	struct gev__tenant tenant;
	gev_hub *hub;
	bool tried;
	bool lost;              /* the ring is the parent's */
	struct gev__uring ring;
	gev_io_watcher watcher;
	struct gev_list asks;
};

/* Its address is the tag. */
struct gev__futex_ask {
	struct gev_list node;
	struct gev__futex_wait *w; /* NULL: gone */
	const uint32_t *word;
	uint32_t bitset;
};

static void drop(struct gev__futex_ask *ask)
{
	if (ask->w)
		ask->w->ask = NULL;
	gev__list_del(&ask->node);
	gev__free(ask, sizeof(*ask));
}

static void complete(struct gev__futex_ask *ask, int result)
{
	bool found = ask->w && gev__futex_found(ask->w);

	if (result == 0 && !found)
		gev__futex_wake(ask->word, 1, ask->bitset, true);
	drop(ask);
}

static void reap(struct gev__futex_ring *f)
{
	struct io_uring_cqe *cqe;

	do {
		while ((cqe = gev__uring_cqe(&f->ring))) {
			struct gev__futex_ask *ask =
				(void *)(uintptr_t)cqe->user_data;
			int result = cqe->res;

			gev__uring_seen(&f->ring);
			if (ask)
				complete(ask, result);
		}
	} while (gev__uring_due(&f->ring) &&
		 gev__uring_wait(&f->ring, 0, 0) == 0 &&
		 gev__uring_cqe(&f->ring));
}

static int on_ready(gev_watcher *w, int revents, void *arg)
{
	struct gev__futex_ring *f = arg;

	(void)revents;
	if (f->lost)
		gev_watcher_stop(w);
	else
		reap(f);
	return 0;
}

static void close_ring(struct gev__futex_ring *f)
{
	if (gev_watcher_active(&f->watcher.w))
		gev_watcher_stop(&f->watcher.w);
	gev__uring_close(&f->ring);
}

static void cancel(struct gev__futex_ring *f, const struct gev__futex_ask *ask)
{
	struct io_uring_sqe *sqe = gev__uring_sqe(&f->ring);

	if (!sqe)
		return;
	gev__uring_cancel(sqe, (uintptr_t)ask, 0);
	gev__uring_submit(&f->ring);
}

static void end_all(struct gev__futex_ring *f)
{
	struct gev_list *node;

	gev__list_for_each(node, &f->asks)
		cancel(f, gev__container(node, struct gev__futex_ask, node));
	while (!gev__list_empty(&f->asks)) {
		gev__uring_wait(&f->ring, 1, GEV_FOREVER);
		reap(f);
	}
}

/* Soon the stacks of who asked are used for other things. */
void gev__futex_ring_forked(gev_hub *hub)
{
	struct gev__futex_ring *f = hub->futexes;

	if (!f)
		return;
	while (!gev__list_empty(&f->asks))
		drop(gev__container(f->asks.next, struct gev__futex_ask,
			node));
	f->lost = true;
}

static void hub_ends(struct gev__tenant *tenant)
{
	struct gev__futex_ring *f =
		gev__container(tenant, struct gev__futex_ring, tenant);

	end_all(f);
	close_ring(f);
	gev__list_del(&tenant->node);
	f->hub->futexes = NULL;
	gev__free(f, sizeof(*f));
}

static struct gev__futex_ring *make(gev_hub *hub)
{
	struct gev__futex_ring *f = gev__alloc(sizeof(*f));

	if (!f)
		return NULL;
	f->hub = hub;
	f->ring.fd = -1;
	gev__list_init(&f->asks);
	f->tenant.end = hub_ends;
	gev__list_add_tail(&hub->tenants, &f->tenant.node);
	hub->futexes = f;
	return f;
}

static int watch(struct gev__futex_ring *f)
{
	if (!gev__uring_can(&f->ring, OP_FUTEX_WAIT))
		return -ENOSYS;
	gev__fd_retire(f->hub, f->ring.fd);
	gev_io_init(&f->watcher, f->hub->loop, f->ring.fd, GEV_READ);
	gev_watcher_set_ref(&f->watcher.w, false);
	return gev__io_start(&f->watcher, on_ready, f);
}

static void open_ring(struct gev__futex_ring *f)
{
	f->tried = true;
	if (gev__uring_open(&f->ring, ENTRIES, IORING_SETUP_COOP_TASKRUN) == 0 &&
		watch(f) < 0)
		gev__uring_close(&f->ring);
}

/* NULL: there is none. */
static struct gev__futex_ring *ring_of(gev_hub *hub)
{
	struct gev__futex_ring *f = hub->futexes ? hub->futexes : make(hub);

	if (!f)
		return NULL;
	if (f->lost) {
		close_ring(f);
		f->lost = f->tried = false;
	}
	if (!f->tried)
		open_ring(f);
	return f->ring.fd < 0 ? NULL : f;
}

int gev__futex_ring_fd(const gev_hub *hub)
{
	return hub->futexes ? hub->futexes->ring.fd : -1;
}

/* False: it is as if it had never been. */
static bool submit(struct gev__futex_ring *f, const struct gev__futex_ask *ask,
	uint32_t value)
{
	struct io_uring_sqe *sqe = gev__uring_sqe(&f->ring);

	if (!sqe)
		return false;
	gev__uring_prep(sqe, OP_FUTEX_WAIT, SIZE_U32, ask->word, 0, value,
		(uintptr_t)ask);
	sqe->addr3 = ask->bitset;
	if (gev__uring_submit(&f->ring) == 0)
		return true;
	gev__zero(sqe, sizeof(*sqe)); /* one that does nothing */
	return false;
}

bool gev__futex_ask(struct gev__futex_wait *w, uint32_t value)
{
	struct gev__futex_ring *f = ring_of(w->hub);
	struct gev__futex_ask *ask = f ? gev__alloc(sizeof(*ask)) : NULL;

	if (!ask)
		return false;
	ask->w = w;
	ask->word = w->word;
	ask->bitset = w->bitset;
	gev__list_add_tail(&f->asks, &ask->node);
	w->ask = ask;
	if (submit(f, ask, value)) {
		reap(f);
		return true;
	}
	drop(ask);
	return false;
}

void gev__futex_unask(struct gev__futex_wait *w)
{
	struct gev__futex_ring *f = w->hub->futexes;
	struct gev__futex_ask *ask = w->ask;

	if (!ask)
		return;
	ask->w = NULL;
	w->ask = NULL;
	cancel(f, ask);
	reap(f);
}
