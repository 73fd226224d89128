/* SPDX-License-Identifier: MIT */
/*
 * The hub and its run queue: where switch/ and loop/ meet.
 *
 *	wake --> tail [ ring of coroutines ] head --> switch in
 *
 * The hub is a coroutine that runs the loop.  Whoever parks goes straight to
 * the head of the run queue; the hub itself gets its turn when the queue is
 * empty or the slice is used up.  It then polls for events, and goes on with
 * the queue when the loop comes round to it (gev__drain).
 *
 * The five invariants of DESIGN.md are asserted here and in wait.h.
 */
#ifndef GEV_CORE_HUB_H
#define GEV_CORE_HUB_H

#include <gev/hub.h>
#include <gev/link.h>
#include "base/assert.h"
#include "base/error.h"
#include "base/list.h"
#include "loop/loop.h"
#include "switch/switch.h"

/*
 * Power-of-two ring.  Who was killed before he began stays in it, dead, until
 * his turn comes: a tombstone.
 */
struct gev__runq {
	gev_coro **ring;
	uint32_t room;
	uint32_t mask;      /* room - 1 */
	uint32_t head;      /* runs on without end, as does tail */
	uint32_t tail;
};

/* A raw coroutine that is parked; on its stack, in the hub's list. */
struct gev__stray {
	struct gev_list node;
	gev_coro *coro;
};

/* What ends with the hub, whoever it belongs to; in the hub's list. */
struct gev__tenant {
	struct gev_list node;
	void (*end)(struct gev__tenant *tenant); /* takes it out, wakes waiters */
};

struct gev_hub {
	struct gev__thread *thread;
	gev_loop *loop;
	gev_coro *coro;             /* runs the loop */
	gev_greenlet *main;
	struct gev__runq runq;
	uint32_t slice;             /* switches left before the hub's turn */
	uint32_t slice_max;         /* adapted to how long they take */
	uint32_t members;           /* who may be in the ring at the same time */
	long held;                  /* of the loop's refs, those of core/ and calls/ */
	uint32_t budget;            /* I/O calls left before the caller yields */
	gev_callback notify;        /* runs links and reports failures */
	struct gev_list notified;   /* dead greenlets that wait for that */
	struct gev_list greenlets;  /* all that live, main first */
	struct gev_list joiners;    /* waiters of gev_hub_join() */
	struct gev_list idlers;     /* those of gev_idle() */
	gev_idle_watcher idle;      /* active while there are any */
	struct gev_list due;        /* timeouts to fail somebody's next wait */
	struct gev_list spawn_callbacks;
	uint32_t telling;           /* of them that are under way */
	bool begun;                 /* its coroutine has run */
	bool quitting;              /* gev_hub_destroy() waits for its coroutine */
	uint8_t abandoning;         /* why gev__abandon() is at it, or 0 */
	struct gev_list strays;     /* raw coroutines that are parked */
	gev_error_fn *error_fn;
	void *error_arg;
	gev_deadlock_fn *deadlock_fn;
	void *deadlock_arg;
	struct gev_hub_stats stats;
	uint64_t next_id;
	gev_time drained;           /* when the slice began */
	gev_timer_watcher trimmer;  /* gives back stacks, a while later */
	struct gev__fdtab *fds;     /* calls/: what is known of descriptors */
	void (*fds_free)(struct gev__fdtab *fds);
	struct gev_list tenants;
	struct gev__children *children; /* calls/: a tenant, or NULL */
	struct gev_threadpool *threadpool; /* os/: likewise */
	struct gev__file_ring *files; /* os/: likewise */
	struct gev__futex_ring *futexes; /* patch/: likewise */
	gev_callback interrupt;     /* patch/: a handler was told meanwhile */
	bool interrupted;           /* one ran while main was in a call */
	bool cut_short;             /* one without SA_RESTART */
	bool cancelled;             /* patch/cancel.c: main is, not knowing it */
	bool cancelling;            /* who runs tells itself that it is */
};

/* Greenlets are left where they are: in a forked child, or at the hub's end. */
enum { GEV__FORKED = 1, GEV__DESTROYED };

/* Switches between two polls: at first, at the least, at the most. */
#define GEV__SLICE_MIN 16u
#define GEV__SLICE_MAX 1024u

/* I/O calls a greenlet makes without waiting before it has to yield. */
#define GEV__BUDGET 32u

/* The calling thread's hub, made if there is none.  NULL with *error set. */
struct gev_hub *gev__hub_make(int *error);

static inline struct gev_hub *gev__hub_get(int *error)
{
	struct gev__thread *t = gev__thread;

	if (__builtin_expect(t && t->hub, 1))
		return t->hub;
	return gev__hub_make(error);
}

/* The calling thread's hub; NULL if it has none. */
static inline struct gev_hub *gev__hub_here(void)
{
	struct gev__thread *t = gev__thread;

	return t ? t->hub : NULL;
}

/*
 * In a callback of the loop, where nothing can wait; and in a raw coroutine
 * that such a callback switched to.
 */
static inline bool gev__hub_is_current(const struct gev_hub *hub)
{
	return hub->thread->current == hub->coro ||
	       hub->coro->state == GEV__CORO_SUSPENDED;
}

/* calls/: what a child of fork() has to do with its tables, if there are any. */
extern void (*gev__fds_forked)(struct gev_hub *hub);

/* To the error hook, if there is one.  @code is negative. */
void gev__hub_error(struct gev_hub *hub, gev_greenlet *g, int code,
	const char *where);

/* Moves the ring to a larger one.  0 or -ENOMEM. */
int gev__runq_grow(struct gev_hub *hub);
void gev__runq_free(struct gev__runq *q);

/* Room in the ring for one more coroutine, which hub->members counts from now
 * on.  0 or -ENOMEM. */
static inline int gev__runq_reserve(struct gev_hub *hub)
{
	if (__builtin_expect(hub->members >= hub->runq.room, 0)) {
		int r = gev__runq_grow(hub);

		if (r < 0)
			return r;
	}
	hub->members++;
	return 0;
}

/* core/greenlet.c: drops a greenlet whose tombstone was come upon. */
void gev__greenlet_bury(gev_coro *c);

/* A stack went back to the pool: to be looked at before long. */
void gev__trim_later(struct gev_hub *hub);

/* Stops watching for idleness if nobody waits for it any more. */
void gev__idle_unwatch(struct gev_hub *hub);

/* The loop has come round: goes on with the run queue. */
void gev__drain(void *hub);

/* A queue longer than this does not stay in the processor's cache. */
#define GEV__RUNQ_LONG 64u

#define GEV__CACHE_LINE 64
/* What lies on the stack from the switch up to who made a call that waits. */
#define GEV__FRAMES 1280

/*
 * Has the memory that the coroutines further on will need under way: first
 * what a switch reads of them, later their stacks, and what libc and we have
 * around the thread pointer.  To be inlined by force: GCC takes a function that
 * only prefetches for one without effect, and drops the call.
 */
static inline __attribute__((always_inline)) void gev__runq_prefetch(
	const struct gev__runq *q)
{
	const gev_coro *c = q->ring[(q->head + 4) & q->mask];
	const char *sp = c->sp;
	const char *end = sp + GEV__FRAMES;

	if ((const char *)c > sp && (const char *)c < end)
		end = (const char *)c; /* at the stack's top */
	__builtin_prefetch(q->ring[(q->head + 12) & q->mask]);
	__builtin_prefetch(q->ring[(q->head + 8) & q->mask]->tcb);
	__builtin_prefetch((const void *)c->tcb->tls);
	__builtin_prefetch(c->tcb->errno_at);
	for (; sp < end; sp += GEV__CACHE_LINE)
		__builtin_prefetch(sp);
}

/* The next to run: the head of the run queue, or the hub. */
static inline gev_coro *gev__runq_pop(struct gev_hub *hub)
{
	struct gev__runq *q = &hub->runq;

	if (__builtin_expect(hub->slice == 0, 0))
		return hub->coro;
	while (q->head != q->tail) {
		gev_coro *c = q->ring[q->head++ & q->mask];

		if (__builtin_expect(c->state == GEV__CORO_DEAD, 0)) {
			gev__greenlet_bury(c);
			continue;
		}
		hub->slice--;
		if (q->tail - q->head > GEV__RUNQ_LONG)
			gev__runq_prefetch(q);
		return c;
	}
	return hub->coro;
}

static inline void gev__runq_push(struct gev_hub *hub, gev_coro *c)
{
	struct gev__runq *q = &hub->runq;

	gev__assert(q->tail - q->head < q->room);
	q->ring[q->tail++ & q->mask] = c;
}

/* @c can run: to the tail of the run queue, and the hub will see to it. */
static inline void gev__ready(struct gev_hub *hub, gev_coro *c)
{
	gev__runq_push(hub, c);
	hub->loop->turn_due = true;
}

/* All of leaving the current coroutine for @next but the jump. */
static inline __attribute__((always_inline)) void gev__step_aside(
	struct gev_hub *hub, gev_coro *next)
{
	gev_coro *self = hub->thread->current;

	gev__assert(self != hub->coro && self != next);
	hub->stats.switches += next != hub->coro;
	self->state = GEV__CORO_SCHEDULED;
}

/* Leaves the current coroutine; comes back when somebody made it ready. */
static inline __attribute__((always_inline)) void gev__leave(
	struct gev_hub *hub)
{
	gev_coro *next = gev__runq_pop(hub);

	gev__step_aside(hub, next);
	gev__coro_call(hub->thread, next);
}

/* Lets all others run and the hub poll, then goes on. */
static inline void gev__breathe(struct gev_hub *hub)
{
	gev__ready(hub, hub->thread->current);
	gev__step_aside(hub, hub->coro);
	gev__coro_call(hub->thread, hub->coro);
}

/* Something core/ or calls/ wait for keeps the loop running. */
static inline void gev__hold(struct gev_hub *hub)
{
	hub->held++;
	gev__loop_ref(hub->loop);
}

static inline void gev__unhold(struct gev_hub *hub)
{
	hub->held--;
	gev__loop_unref(hub->loop);
}

/* What the host calls; see base/host.h. */
void gev__thread_exit(void);
void gev__forked(void);

#endif
