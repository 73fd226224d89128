/* SPDX-License-Identifier: MIT */
/*
 * Greenlets as core/ sees them.
 *
 * One lies behind its coroutine at the top of its stack and goes back to the
 * pool with it when the last reference is dropped; a greenlet that runs, or
 * is to, refers to itself.  Main's is allocated, its coroutine is the root.
 */
#ifndef GEV_CORE_GREENLET_H
#define GEV_CORE_GREENLET_H

#include <gev/greenlet.h>
#include <gev/waiter.h>
#include "core/hub.h"

#define GEV__NAME_SIZE 32
#define GEV__MESSAGE_SIZE 64

/* Waits that may fail at once, in a row, before the others get their turn. */
#define GEV__FRUITLESS_MAX 16

enum gev__phase {
	GEV__MADE,      /* not started yet */
	GEV__STARTED,   /* in the run queue, or a timer will put it there */
	GEV__BEGUN,     /* its function was entered */
	GEV__ENDED,
};

/* Why the next wait is to fail: bits of gev_coro.pending. */
#define GEV__PENDING_KILL 1u
#define GEV__PENDING_THROW 2u
#define GEV__PENDING_TIMEOUT 4u

/* sync/local.c: a greenlet's own values are at their end, destroyed or not. */
struct gev__locals {
	void (*end)(gev_greenlet *g, bool destroy);
};

struct gev_greenlet {
	gev_coro *coro;
	gev_hub *hub;
	gev_fn *fn;
	void *arg;
	intptr_t value;
	int error;                  /* positive; ECANCELED: it was told to end */
	int message_for;            /* the error it explains; 0: whichever */
	uint32_t refs;
	uint8_t phase;              /* enum gev__phase */
	bool unseen;                /* its failure was not yet reported */
	bool notified;              /* it is in the hub's list */
	bool marked;                /* gev_joinall() has seen it */
	uint8_t fruitless;          /* waits in a row that failed at once */
	uint32_t shields;
	long (*call)(struct gev_hub *hub, const long *a); /* patch/: it is in */
	int kill_code;              /* valid if that is pending */
	int throw_code;             /* likewise */
	struct gev_list waiters;    /* who joins it */
	struct gev_list links;      /* struct gev__link */
	struct gev_list notify;     /* in the hub's list of those to notify */
	struct gev_list all;        /* in the hub's list of those that live */
	struct gev__tree *tree;     /* values shared with its kin, or NULL */
	struct gev__locals *locals; /* values of its own, or NULL */
	struct gev_timer_node later; /* gev_start_later() */
	gev_time since;             /* when it parked, by the loop's clock */
	struct gev_waiter waiter;   /* of gev__park_last() */
	uint64_t id;
	char name[GEV__NAME_SIZE];
	char message[GEV__MESSAGE_SIZE];
};

/* Makes one that is not started.  NULL with *error set. */
gev_greenlet *gev__greenlet_make(gev_hub *hub, gev_fn *fn, void *arg,
	const struct gev_spawn_options *options, int *error);

/*
 * Has @c, which was made elsewhere and is to run, be one: @g, whose memory and
 * @c's stack are the caller's.  There is room for it in the run queue.
 */
void gev__greenlet_adopt(gev_greenlet *g, gev_hub *hub, gev_coro *c);

/* Main's greenlet.  NULL: no memory. */
gev_greenlet *gev__greenlet_main(gev_hub *hub);
void gev__greenlet_main_free(gev_greenlet *g);

/* Drops a reference. */
void gev__greenlet_put(gev_greenlet *g);

/* The end of @g, told to all; @error is positive, or 0.  Does not switch. */
void gev__greenlet_end(gev_greenlet *g, intptr_t value, int error);

/* The rest of a greenlet's life, when its TCB is at its end.  Does switch. */
_Noreturn void gev__greenlet_finish(gev_coro *self);

/* Ends one that has not begun. */
void gev__greenlet_cancel(gev_greenlet *g, int code);


/* core/join.c: waits for @g, which is this hub's.  0 or -errno. */
int gev__join(gev_greenlet *g, gev_time timeout);

/* 0, -EINVAL (NULL), -EPERM (of another thread's hub). */
static inline int gev__greenlet_check(const gev_greenlet *g)
{
	if (!g)
		return -EINVAL;
	return g->hub && g->hub == gev__hub_here() ? 0 : -EPERM;
}

/* The running greenlet, or NULL in the hub and in raw coroutines. */
static inline gev_greenlet *gev__greenlet_here(void)
{
	struct gev__thread *t = gev__thread;

	return t ? t->current->greenlet : NULL;
}

/* core/tree.c: what @maker shares with those it makes.  0 or -ENOMEM. */
int gev__tree_share(gev_greenlet *maker, struct gev__tree **tree);
void gev__tree_put(struct gev__tree *tree);

#endif
