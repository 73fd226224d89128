/* SPDX-License-Identifier: MIT */
/*
 * Value and error are one number, as what an internal function returns.  Each
 * waiter is handed it, so that none has to look at the object again.
 */
#include "sync/async_result.h"
#include "sync/rawlink.h"

static int enter(gev_async_result *ar)
{
	return ar ? gev__sync_enter(&ar->hub) : -EINVAL;
}

static bool is_error(intptr_t result)
{
	return result < 0 && result >= -GEV__ERRNO_MAX;
}

void gev_async_result_init(gev_async_result *ar)
{
	*ar = (gev_async_result)GEV_ASYNC_RESULT_INIT;
}

void gev_async_result_fini(gev_async_result *ar)
{
	if (!ar || !gev__sync_leave(&ar->hub))
		return;
	gev__sync_orphan(&ar->waiters, -EINVAL);
	gev__rawlink_drop(&ar->due);
}

static int set(gev_async_result *ar, intptr_t result)
{
	int r = enter(ar);
	struct gev_waiter *w;

	if (r < 0)
		return r;
	if (ar->ready)
		return -EALREADY;
	ar->ready = true;
	ar->result = result;
	while ((w = gev__sync_first(&ar->waiters))) {
		w->value = (void *)result;
		gev__wake(w, 0);
	}
	return 0;
}

int gev_async_result_set(gev_async_result *ar, intptr_t value)
{
	return (int)gev__ret(is_error(value) ? -EINVAL : set(ar, value));
}

int gev_async_result_set_error(gev_async_result *ar, int code)
{
	bool valid = code > 0 && code <= GEV__ERRNO_MAX;

	return (int)gev__ret(valid ? set(ar, -code) : -EINVAL);
}

int gev__async_result_try(gev_async_result *ar, intptr_t *result)
{
	int r = enter(ar);

	if (r == 0 && !ar->ready)
		return -EAGAIN;
	if (r == 0)
		*result = ar->result;
	return r;
}

static int wait_for(gev_async_result *ar, intptr_t *result, gev_time timeout)
{
	struct gev_waiter w = { .what = "async_result", .object = ar };
	int r = gev__async_result_try(ar, result);

	if (r != -EAGAIN)
		return r;
	r = gev__sync_wait(&ar->waiters, &w, timeout);
	*result = (intptr_t)w.value;
	return r;
}

intptr_t gev_async_result_get(gev_async_result *ar, gev_time timeout)
{
	intptr_t result = 0;
	int r = wait_for(ar, &result, timeout);

	return gev__ret(r < 0 ? r : result);
}

intptr_t gev_async_result_get_nowait(gev_async_result *ar)
{
	return gev_async_result_get(ar, 0);
}

int gev_async_result_wait(gev_async_result *ar, gev_time timeout)
{
	intptr_t result = 0;

	return (int)gev__ret(wait_for(ar, &result, timeout));
}

bool gev_async_result_ready(const gev_async_result *ar)
{
	return ar && ar->ready;
}

bool gev_async_result_successful(const gev_async_result *ar)
{
	return ar && ar->ready && !is_error(ar->result);
}

intptr_t gev_async_result_value(const gev_async_result *ar)
{
	return gev_async_result_successful(ar) ? ar->result : 0;
}

int gev_async_result_exception(const gev_async_result *ar)
{
	return ar && is_error(ar->result) ? (int)-ar->result : 0;
}

int gev_async_result_take(gev_greenlet *g, void *ar)
{
	int r = gev__greenlet_check(g);

	if (r == 0)
		r = set(ar, g->error ? -g->error : g->value);
	return (int)gev__ret(r);
}

int gev_async_result_link(gev_greenlet *g, gev_async_result *ar)
{
	int r = enter(ar);

	return r < 0 ? (int)gev__ret(r) :
		       gev_rawlink(g, gev_async_result_take, ar);
}

static int call(void (*fn)(void), void *ar, void *arg)
{
	return ((gev_async_result_fn *)fn)(ar, arg);
}

static struct gev__rawlink link_to(gev_async_result *ar,
	gev_async_result_fn *fn, void *arg)
{
	return (struct gev__rawlink){ .object = ar,
		.waiters = &ar->waiters,
		.due = &ar->due,
		.call = call,
		.fn = (void (*)(void))fn,
		.arg = arg };
}

int gev_async_result_rawlink(gev_async_result *ar, gev_async_result_fn *fn,
	void *arg)
{
	int r = enter(ar);

	if (r == 0) {
		struct gev__rawlink link = link_to(ar, fn, arg);

		r = gev__rawlink_add(&link, ar->ready);
	}
	return (int)gev__ret(r);
}

int gev_async_result_unlink(gev_async_result *ar, gev_async_result_fn *fn,
	void *arg)
{
	int r = ar ? enter(ar) : 0;

	if (ar && r == 0) {
		struct gev__rawlink link = link_to(ar, fn, arg);

		r = gev__rawlink_del(&link);
	}
	return (int)gev__ret(r);
}
