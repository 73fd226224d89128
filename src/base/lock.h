/* SPDX-License-Identifier: MIT */
/*
 * A lock between threads, for the few short stretches that need one.  Holders
 * never wait for anything, so those who wait spin, then give up the processor.
 */
#ifndef GEV_BASE_LOCK_H
#define GEV_BASE_LOCK_H

#include <stdatomic.h>
#include "base/sys.h"

struct gev__lock {
	atomic_int held;
};

static inline void gev__lock(struct gev__lock *lock)
{
	int spins = 0;

	while (atomic_exchange_explicit(&lock->held, 1, memory_order_acquire))
		if (++spins % 64 == 0)
			gev__sys(SYS_sched_yield);
}

static inline void gev__unlock(struct gev__lock *lock)
{
	atomic_store_explicit(&lock->held, 0, memory_order_release);
}

#endif
