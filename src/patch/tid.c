/* SPDX-License-Identifier: MIT */
/*
 * Thread ids for libc.  They lie above what the kernel gives to anybody
 * (PID_MAX_LIMIT) and within what locks can hold (FUTEX_TID_MASK).  A table
 * has the thread that each stands for, or the next free one.
 *
 * As with the kernel's it is long before one is given again: programs tell
 * threads apart by them that never lived together.
 */
#include <errno.h>
#include "base/lock.h"
#include "base/mem.h"
#include "patch/cancel.h"
#include "patch/task.h"

#define FIRST 4194305
#define ROOM (1 << 24)
#define MARK (1 << 30) /* above any thread's real id */
#define RESTING 32768 /* free slots before one is used again */

static struct gev__lock lock;
static int *table;
static int used;  /* slots that were ever taken */
static int taken;
static int first; /* the negative of a free slot's number and 1; 0: none */
static int last;  /* and of the one that was given back last */

static int *slot_of(int tid)
{
	return &table[tid - FIRST];
}

/* -1: none. */
static int take_slot(void)
{
	int slot = -first - 1;

	if (!table)
		table = gev__map_sparse(ROOM * sizeof(*table));
	if (!table)
		return -1;
	if (used < ROOM && used - taken < RESTING)
		return __atomic_fetch_add(&used, 1, __ATOMIC_RELEASE);
	if (slot >= 0)
		first = table[slot];
	return slot;
}

int gev__tid_take(void)
{
	int slot;

	gev__lock(&lock);
	slot = take_slot();
	if (slot >= 0) {
		taken++;
		table[slot] = (int)gev__sys_raw(SYS_gettid, 0, 0, 0, 0, 0, 0);
	}
	gev__unlock(&lock);
	return slot < 0 ? 0 : FIRST + slot;
}

void gev__tid_give(int tid)
{
	gev__lock(&lock);
	taken--;
	if (__atomic_exchange_n(slot_of(tid), 0, __ATOMIC_ACQ_REL) & MARK)
		gev__cancels--;
	if (first)
		table[-last - 1] = FIRST - tid - 1;
	else
		first = FIRST - tid - 1;
	last = FIRST - tid - 1;
	gev__unlock(&lock);
}

static bool is_ours(long tid)
{
	return tid >= FIRST &&
	       tid - FIRST < __atomic_load_n(&used, __ATOMIC_ACQUIRE);
}

/* Without the lock: signal handlers raise() things. */
long gev__tid_real(long tid)
{
	int real;

	if (!is_ours(tid))
		return tid;
	real = __atomic_load_n(slot_of((int)tid), __ATOMIC_RELAXED);
	return real > 0 ? real & ~MARK : -ESRCH;
}

long gev__tid_mark(long tid)
{
	int real, *slot;

	if (!is_ours(tid))
		return tid;
	slot = slot_of((int)tid);
	real = __atomic_load_n(slot, __ATOMIC_RELAXED);
	do {
		if (real <= 0)
			return -ESRCH;
	} while (!__atomic_compare_exchange_n(slot, &real, real | MARK, false,
		__ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	if (!(real & MARK))
		gev__cancels++;
	return real & ~MARK;
}

void gev__tid_unmark(int tid)
{
	if (__atomic_fetch_and(slot_of(tid), ~MARK, __ATOMIC_ACQ_REL) & MARK)
		gev__cancels--;
}

bool gev__tid_is_marked(int tid)
{
	return __atomic_load_n(slot_of(tid), __ATOMIC_ACQUIRE) & MARK;
}

int gev__tid_count(void)
{
	int n;

	gev__lock(&lock);
	n = taken;
	gev__unlock(&lock);
	return n;
}

void gev__tid_forked(void)
{
	lock = (struct gev__lock){ 0 };
	used = 0;
	taken = 0;
	gev__cancels = 0;
	first = 0;
}
