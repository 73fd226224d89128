/* SPDX-License-Identifier: MIT */
/* Value and error are one number, as in async_result.c. */
#include "sync/ticket.h"

enum { OPEN, READY, GONE };

void gev_thread_async_result_init(gev_thread_async_result *ar)
{
	*ar = (gev_thread_async_result)GEV_THREAD_ASYNC_RESULT_INIT;
}

static int state_of(const gev_thread_async_result *ar)
{
	return __atomic_load_n(&ar->state, __ATOMIC_ACQUIRE);
}

static void become(gev_thread_async_result *ar, int state)
{
	__atomic_store_n(&ar->state, state, __ATOMIC_RELEASE);
	gev__ticket_serve_all(&ar->waiters, state == GONE ? -EINVAL : 0);
}

void gev_thread_async_result_fini(gev_thread_async_result *ar)
{
	if (!ar)
		return;
	gev__lock(gev__lock_in(&ar->lock));
	become(ar, GONE);
	gev__unlock(gev__lock_in(&ar->lock));
}

static int set(gev_thread_async_result *ar, intptr_t result)
{
	int r = 0;

	if (!ar)
		return -EINVAL;
	gev__lock(gev__lock_in(&ar->lock));
	if (ar->state != OPEN) {
		r = ar->state == GONE ? -EINVAL : -EALREADY;
	} else {
		ar->result = result;
		become(ar, READY);
	}
	gev__unlock(gev__lock_in(&ar->lock));
	return r;
}

int gev_thread_async_result_set(gev_thread_async_result *ar, intptr_t value)
{
	bool is_error = value < 0 && value >= -GEV__ERRNO_MAX;

	return (int)gev__ret(is_error ? -EINVAL : set(ar, value));
}

int gev_thread_async_result_set_error(gev_thread_async_result *ar, int code)
{
	bool valid = code > 0 && code <= GEV__ERRNO_MAX;

	return (int)gev__ret(valid ? set(ar, -code) : -EINVAL);
}

bool gev_thread_async_result_ready(const gev_thread_async_result *ar)
{
	return ar && state_of(ar) == READY;
}

static int try(const gev_thread_async_result *ar, intptr_t *result)
{
	int state = state_of(ar);

	if (state == GONE)
		return -EINVAL;
	if (state == OPEN)
		return -ETIMEDOUT;
	*result = ar->result;
	return 0;
}

/* Who is woken need not look at the object again. */
static int settle(struct gev__ticket *t, int result)
{
	const gev_thread_async_result *ar = t->waiter.object;

	t->waiter.value = (void *)ar->result;
	return result;
}

static int wait_for(gev_thread_async_result *ar, intptr_t *result,
	gev_time timeout)
{
	struct gev__ticket t;
	int r;

	gev__ticket_init(&t, "thread async_result", ar, &ar->lock, settle);
	gev__lock(t.lock);
	r = try(ar, result);
	if (r != -ETIMEDOUT) {
		gev__unlock(t.lock);
		return r;
	}
	r = gev__ticket_wait(&t, &ar->waiters, timeout);
	*result = (intptr_t)t.waiter.value;
	return r;
}

static int get(gev_thread_async_result *ar, intptr_t *result, gev_time timeout)
{
	int r = ar ? gev__ticket_check(timeout) : -EINVAL;

	if (r == 0)
		r = try(ar, result);
	if (r == -ETIMEDOUT && timeout)
		r = wait_for(ar, result, timeout);
	return r;
}

intptr_t gev_thread_async_result_get(gev_thread_async_result *ar,
	gev_time timeout)
{
	intptr_t result = 0;
	int r = get(ar, &result, timeout);

	return gev__ret(r < 0 ? r : result);
}

int gev_thread_async_result_wait(gev_thread_async_result *ar, gev_time timeout)
{
	intptr_t result = 0;

	return (int)gev__ret(get(ar, &result, timeout));
}
