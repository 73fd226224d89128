/* SPDX-License-Identifier: MIT */
/*
 * Locks that lend their owner the priority of who waits (PTHREAD_PRIO_INHERIT).
 *
 * The word is the owner's id, which the kernel would look for among its own.
 * All threads here have one priority, so nothing is to be lent, and the rest is
 * a lock as any: who waits sets a bit, and sets it again when it has the lock,
 * since there may be others.  Whoever comes meanwhile may be first.
 */
#include "run/pi.h"
#include <errno.h>
#include <linux/futex.h>
#include "patch/futex.h"
#include "patch/handlers.h"
#include "patch/task.h"

static uint32_t my_id(void)
{
	const struct gev__task *task = gev__task_here();

	return (uint32_t)(task ? task->tid : gev__sys(SYS_gettid));
}

static bool change(uint32_t *word, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(word, &from, to, false,
		__ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* An owner that died is told of by a bit, which stays. */
static bool take(uint32_t *word, uint32_t seen, uint32_t me, bool waited)
{
	const uint32_t bits = waited ? FUTEX_WAITERS : seen & FUTEX_WAITERS;

	return change(word, seen, (seen & FUTEX_OWNER_DIED) | bits | me);
}

/*
 * The call by which to wait for it.  Without an end it is the one that nothing
 * interrupts (patch/futex.c).
 */
static long wait(const long a[6], uint32_t seen)
{
	const long command = a[1] & FUTEX_CMD_MASK;
	const long clock = command == FUTEX_LOCK_PI ?
				   FUTEX_CLOCK_REALTIME :
				   a[1] & FUTEX_CLOCK_REALTIME;
	const long private = a[1] & FUTEX_PRIVATE_FLAG;
	const long b[6] = { a[0],
		a[3] ? FUTEX_WAIT_BITSET | clock | private :
		       FUTEX_WAIT | private,
		(long)seen, a[3], 0, FUTEX_BITSET_MATCH_ANY };

	return gev__patch_handle(gev__patch_futex, false, b);
}

static long lock(const long a[6], bool waits)
{
	uint32_t *word = (uint32_t *)a[0];
	const uint32_t me = my_id();
	bool waited = false;
	long r = 0;

	while (r == 0 || r == -EAGAIN || r == -EINTR) {
		uint32_t seen = __atomic_load_n(word, __ATOMIC_RELAXED);
		uint32_t owner = seen & FUTEX_TID_MASK;

		if (owner == me)
			return -EDEADLK;
		if (!owner && take(word, seen, me, waited))
			return 0;
		if (owner && !waits)
			return -EAGAIN;
		if (!owner || !change(word, seen, seen | FUTEX_WAITERS))
			continue;
		r = wait(a, seen | FUTEX_WAITERS);
		waited = true;
	}
	return r;
}

static long unlock(const long a[6])
{
	uint32_t *word = (uint32_t *)a[0];

	if ((__atomic_load_n(word, __ATOMIC_RELAXED) & FUTEX_TID_MASK) !=
		my_id())
		return -EPERM;
	__atomic_store_n(word, 0, __ATOMIC_RELEASE);
	gev__futex_wake(word, 1, FUTEX_BITSET_MATCH_ANY,
		!(a[1] & FUTEX_PRIVATE_FLAG));
	return 0;
}

long gev__run_pi(const long a[6])
{
	switch (a[1] & FUTEX_CMD_MASK) {
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return lock(a, true);
	case FUTEX_TRYLOCK_PI:
		return lock(a, false);
	case FUTEX_UNLOCK_PI:
		return unlock(a);
	default:
		return GEV__PASS;
	}
}
