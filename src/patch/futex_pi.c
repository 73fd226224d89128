/* SPDX-License-Identifier: MIT */
/*
 * Locks whose owner is to inherit the priority of who waits (FUTEX_LOCK_PI).
 *
 * The word has the owner's thread id, and a bit that sends him to the kernel to
 * unlock.  The kernel finds him by that id: so among threads of its own such
 * locks are its business.  Greenlets, whose ids it never gave, wait in our table
 * like for any lock, with nobody's priority changed; so do threads, in plain
 * FUTEX_WAIT, while a greenlet is the owner.  The kernel hands a lock over, here
 * it is let go, and who is woken tries to take it: with the bit set, since there
 * may be others.
 */
#include <linux/futex.h>
#include "patch/futex.h"
#include "patch/task.h"

static uint32_t *word_in(const long a[6])
{
	return (uint32_t *)a[0];
}

static uint32_t value_of(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static bool change(uint32_t *word, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(word, &from, to, false,
		__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static uint32_t caller(void)
{
	const struct gev__task *task = gev__task_here();

	return task ? (uint32_t)task->tid : (uint32_t)gev__sys(SYS_gettid);
}

static long real(uint32_t value)
{
	return gev__tid_real(value & FUTEX_TID_MASK);
}

static bool kernel_knows_owner(uint32_t value)
{
	return real(value) == (value & FUTEX_TID_MASK);
}

static long kernel(const long a[6])
{
	return gev__sys(SYS_futex, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* @bits: FUTEX_WAITERS, or 0.  -EAGAIN: *seen is the word that another has. */
static long take(uint32_t *word, uint32_t bits, uint32_t *seen)
{
	const uint32_t self = caller();
	uint32_t value;

	do {
		value = *seen = value_of(word);
		if ((value & FUTEX_TID_MASK) == self)
			return -EDEADLK;
		if (value & FUTEX_TID_MASK)
			return real(value) < 0 ? -ESRCH : -EAGAIN;
	} while (!change(word, value, value | bits | self));
	return 0;
}

/* 0: it is worth another try. */
static long wait(struct gev_hub *hub, const long a[6])
{
	long r = hub ? gev__futex_wait(hub, a, true) : kernel(a);

	if (r == -EAGAIN || (r == -EINTR && !hub))
		return 0;
	return r;
}

static long lock(struct gev_hub *hub, const long a[6])
{
	bool real_time = (a[1] & FUTEX_CMD_MASK) == FUTEX_LOCK_PI;
	long b[6] = { a[0],
		FUTEX_WAIT_BITSET | (a[1] & ~FUTEX_CMD_MASK) |
			(real_time ? FUTEX_CLOCK_REALTIME : 0),
		0, a[3], 0, FUTEX_BITSET_MATCH_ANY };
	uint32_t value, waited = 0;
	long r;

	while ((r = take(word_in(a), waited, &value)) == -EAGAIN) {
		if (!change(word_in(a), value, value | FUTEX_WAITERS))
			continue;
		b[2] = value | FUTEX_WAITERS;
		r = wait(hub, b);
		if (r < 0)
			return r;
		waited = FUTEX_WAITERS;
	}
	return r;
}

/* A thread's by the kernel, as long as it can be. */
long gev__futex_lock_pi(struct gev_hub *hub, const long a[6])
{
	while (!hub && kernel_knows_owner(value_of(word_in(a)))) {
		long r = kernel(a);

		if (r == -EINVAL) /* others wait plainly */
			break;
		if (r != -ESRCH || kernel_knows_owner(value_of(word_in(a))))
			return r;
	}
	return lock(hub, a);
}

long gev__futex_trylock_pi(const long a[6])
{
	uint32_t value;

	return take(word_in(a), 0, &value);
}

long gev__futex_unlock_pi(const long a[6])
{
	uint32_t *word = word_in(a);
	uint32_t value = value_of(word);
	long r = -EINVAL;

	if ((value & FUTEX_TID_MASK) != caller())
		return -EPERM;
	if (!gev__task_here())
		r = kernel(a);
	if (r == 0)
		gev__futex_serve(word, 1, FUTEX_BITSET_MATCH_ANY);
	if (r != -EINVAL)
		return r;
	while (!change(word, value, 0))
		value = value_of(word);
	gev__futex_wake(word, 1, FUTEX_BITSET_MATCH_ANY,
		!(a[1] & FUTEX_PRIVATE_FLAG));
	return 0;
}
