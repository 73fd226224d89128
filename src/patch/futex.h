/* SPDX-License-Identifier: MIT */
/*
 * Futexes of greenlets: who waits, and where the kernel has to wait as well.
 */
#ifndef GEV_PATCH_FUTEX_H
#define GEV_PATCH_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>
#include "core/wait.h"

#define GEV__LOCK_PI2 13 /* FUTEX_LOCK_PI2, Linux 5.14 */

struct gev__futex_bucket;
struct gev__futex_ask;

/* A greenlet that waits; on its stack. */
struct gev__futex_wait {
	struct gev_waiter waiter;
	struct gev_list node;        /* in its bucket, under that one's lock */
	struct gev_callback callback;
	struct gev_hub *hub;
	const uint32_t *word;
	uint32_t bitset;
	struct gev__futex_bucket *_Atomic bucket;
	struct gev__futex_ask *ask;  /* the kernel waits for it too, or NULL */
	struct gev_waiter *all;      /* futex_waitv.c: woken with it, or NULL */
	bool shared;                 /* others than this process may wake it */
	bool served;                 /* taken out of the bucket, to be woken */
	bool here;                   /* by its own thread, with the lock */
};

/* futex_table.c.  All but the word, the bitset, whether it is shared, and the hub. */
void gev__futex_init(struct gev__futex_wait *w);

/*
 * Joins those who wait, if the word is @value.  0, -EAGAIN; or GEV__PASS: the
 * table is closed.
 */
long gev__futex_join(struct gev__futex_wait *w, uint32_t value);

/* gev__park() of one that has joined; by its end it has left, served or not. */
int gev__futex_park(struct gev__futex_wait *w, gev_time timeout);

/* Its own thread wakes it, unless it was served before: then false. */
bool gev__futex_found(struct gev__futex_wait *w);

/* Wakes up to @n of those who wait; how many. */
long gev__futex_serve(const uint32_t *word, long n, uint32_t bitset);

/* futex.c: in the kernel too. */
long gev__futex_wake(const uint32_t *word, long n, uint32_t bitset,
	bool shared);

/*
 * futex.c: what futex(2) with FUTEX_WAIT_BITSET and @a does in a greenlet; with
 * @firm it is not interrupted.
 */
long gev__futex_wait(struct gev_hub *hub, const long a[6], bool firm);

/* futex_pi.c: what it does with these; without @hub, in whoever can't park. */
long gev__futex_lock_pi(struct gev_hub *hub, const long a[6]);
long gev__futex_trylock_pi(const long a[6]);
long gev__futex_unlock_pi(const long a[6]);

/*
 * Wakes the first @wake who wait at @from and sends the next @move to @to, if
 * there is no @value, or it is still there: else -EAGAIN.  How many were woken
 * and moved.
 */
struct gev__futex_moved {
	long woken;
	long moved;
};
long gev__futex_move(const uint32_t *from, const uint32_t *to, long wake,
	long move, const uint32_t *value, struct gev__futex_moved *moved);

/*
 * From now on nobody waits here, and those who do try again in the kernel; or
 * they do, and there are other threads or not.
 */
void gev__futex_close(void);
void gev__futex_open(bool threads);

/*
 * There are other threads, or signal handlers, or were: somebody unknown can
 * wake us.
 */
extern atomic_bool gev__futex_strangers;

/* In the child of a fork. */
void gev__futex_forked(void);

/*
 * futex_ring.c: has the kernel wait as well, for a word that other processes
 * or the kernel itself may use, and @w woken when it says so.  False: it can't.
 */
bool gev__futex_ask(struct gev__futex_wait *w, uint32_t value);

/* @w does not wait any more. */
void gev__futex_unask(struct gev__futex_wait *w);

/* The ring's descriptor, or -1. */
int gev__futex_ring_fd(const gev_hub *hub);

/* In the child of a fork the ring is the parent's, and so are those who asked. */
void gev__futex_ring_forked(gev_hub *hub);

#endif
