/* SPDX-License-Identifier: MIT */
/* Calls that wait for signals, or have a mask of their own while they wait. */
#include <errno.h>
#include <sys/signalfd.h>
#include "base/host.h"
#include "calls/calls.h"
#include "calls/descriptor.h"
#include "calls/duration.h"
#include "core/wait.h"
#include "patch/handlers.h"
#include "run/hub.h"
#include "run/signals.h"

/* Until a handler is to run. */
static long wait_for_handler(const struct gev__run_signals *s)
{
	while (!gev__run_deliverable(s)) {
		struct gev_waiter w = { .what = "a signal", .shielded = true };

		gev__run_distribute();
		if (!gev__run_deliverable(s))
			gev__park(&w, GEV_FOREVER);
	}
	return -EINTR;
}

long gev__run_pause(struct gev__run_call *c)
{
	(void)c;
	if (!gev__run_catches || !gev__run_hub())
		return GEV__PASS;
	return wait_for_handler(gev__run_signals_here());
}

static void suspend(struct gev__run_signals *s, uint64_t mask)
{
	s->before = s->mask;
	s->suspended = true;
	gev__run_mask_set(s, mask);
	gev__run_mask_apply();
	gev__run_distribute();
}

long gev__run_sigsuspend(struct gev__run_call *c)
{
	const uint64_t *mask = (const void *)c->call.a[0];
	struct gev__run_signals *s = gev__run_signals_here();

	if (!gev__run_catches || c->call.a[1] != GEV__MASK_SIZE ||
		!gev__run_hub())
		return GEV__PASS;
	suspend(s, *mask);
	return wait_for_handler(s);
}

/* The handler behind the call sees to the mask, if there is to be one. */
static void resume(struct gev__run_signals *s, long r)
{
	if (r == -EINTR && gev__run_deliverable(s))
		return;
	s->suspended = false;
	gev__run_mask_set(s, s->before);
	gev__run_mask_apply();
}

long gev__run_masked(struct gev__run_call *c, const uint64_t *mask,
	gev__run_handler *call)
{
	struct gev__run_signals *s = gev__run_signals_here();
	gev_coro *self = gev__hub_here()->thread->current;
	long r;

	suspend(s, *mask);
	if (gev__run_deliverable(s)) {
		self->greenlet->throw_code = EINTR;
		self->pending |= GEV__PENDING_THROW;
	}
	r = call(c);
	self->pending &= (uint8_t)~GEV__PENDING_THROW;
	resume(s, r);
	return r;
}

/* The number of the argument that is the mask, or knows where it is. */
static int mask_of(long nr)
{
	switch (nr) {
	case SYS_ppoll:
		return 3;
	case SYS_pselect6:
		return 5;
	default:
		return 4;
	}
}

static long without_mask(struct gev__run_call *c)
{
	const struct gev__patch_entry *entry = &gev__patch_table[c->call.nr];
	long a[6];

	for (int i = 0; i < 6; i++)
		a[i] = i == mask_of(c->call.nr) ? 0 : c->call.a[i];
	return gev__patch_handle(entry->handler, entry->flags, a);
}

static long masked(struct gev__run_call *c)
{
	const int at = mask_of(c->call.nr);
	const uint64_t *mask = (const void *)c->call.a[at];

	if (!gev__run_catches || !mask || c->call.a[at + 1] != GEV__MASK_SIZE ||
		!gev__patch_can_wait())
		return GEV__PASS;
	return gev__run_masked(c, mask, without_mask);
}

long gev__run_ppoll(struct gev__run_call *c)
{
	return masked(c);
}

long gev__run_epoll_pwait(struct gev__run_call *c)
{
	return masked(c);
}

long gev__run_pselect6(struct gev__run_call *c)
{
	const struct {
		const uint64_t *mask;
		size_t size;
	} *arg = (const void *)c->call.a[5];

	if (!gev__run_catches || !arg || !arg->mask ||
		arg->size != GEV__MASK_SIZE || !gev__patch_can_wait())
		return GEV__PASS;
	return gev__run_masked(c, arg->mask, without_mask);
}

long gev__run_sigpending(struct gev__run_call *c)
{
	const struct gev__run_signals *s = gev__run_signals_here();
	uint64_t *to = (void *)c->call.a[0];
	uint64_t kernels = 0;

	if (!gev__run_catches || c->call.a[1] != GEV__MASK_SIZE)
		return GEV__PASS;
	gev__sys(SYS_rt_sigpending, &kernels, GEV__MASK_SIZE);
	*to = (gev__run_pending(s) | kernels) & s->mask;
	return 0;
}

/* From where it is pending: with us, or with the kernel. */
static long take(struct gev__run_signals *s, uint64_t set, siginfo_t *to)
{
	const struct timespec at_once = { 0, 0 };
	siginfo_t info;

	gev__run_distribute();
	if (!gev__run_take(s, set, &info))
		return gev__sys(SYS_rt_sigtimedwait, &set, to, &at_once,
			GEV__MASK_SIZE);
	if (to)
		*to = info;
	return info.si_signo;
}

static long rest(gev_time left)
{
	struct gev_waiter w = { .what = "a signal" };
	bool last = left != GEV_FOREVER && left < GEV__PAUSE_MAX;
	long r = gev__park(&w, last ? left : GEV__PAUSE_MAX);

	return w.expired ? 0 : r;
}

/*
 * What nobody lets through stays with the kernel, which tells by @fd.  Where
 * there is none, or no more as the program closes all numbers, it is looked for
 * now and then.
 */
static long wait(struct gev__run_signals *s, uint64_t set, siginfo_t *to,
	int *fd, gev_time end)
{
	struct gev_hub *hub = gev__hub_here();
	long r;

	while ((r = take(s, set, to)) == -EAGAIN) {
		gev_time left = gev__fd_left(hub, end);

		if (gev__run_deliverable(s))
			return -EINTR;
		if (left == 0)
			return -EAGAIN;
		r = *fd < 0 ? rest(left) :
			      gev__call_wait_fd(*fd, GEV_READ, left);
		if (r == -EBADF)
			*fd = -1;
		else if (r < 0 && r != -ETIMEDOUT && r != -EINTR)
			return r;
	}
	return r;
}

long gev__run_sigtimedwait(struct gev__run_call *c)
{
	struct gev__run_signals *s = gev__run_signals_here();
	struct gev_hub *hub = gev__run_catches ? gev__run_hub() : NULL;
	const long *a = c->call.a;
	gev_time timeout;
	uint64_t set;
	int fd;
	long r;

	if (!hub || a[3] != GEV__MASK_SIZE)
		return GEV__PASS;
	r = gev__duration((const void *)a[2], &timeout);
	if (r < 0)
		return r;
	set = *(const uint64_t *)a[0] & ~GEV__SIGBIT(SIGSYS);
	fd = (int)gev__sys(SYS_signalfd4, -1, &set, GEV__MASK_SIZE,
		SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd >= 0)
		fd = gev__host_fd(fd);
	s->waits_for = set;
	r = wait(s, set, (void *)a[1], &fd, gev__fd_deadline(hub, timeout));
	s->waits_for = 0;
	gev__run_hand_on(s);
	if (fd >= 0)
		gev__call_close(fd);
	return r;
}
