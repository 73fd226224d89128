/* SPDX-License-Identifier: MIT */
/*
 * sigwait() and its like: the thread that does it waits for the others' sake on
 * a signalfd, and then takes the signal as ever.
 */
#include <signal.h>
#include <sys/signalfd.h>
#include "calls/calls.h"
#include "calls/descriptor.h"
#include "calls/duration.h"
#include "core/wait.h"
#include "run/call.h"

#define MASK_SIZE 8

static long take(const long a[6])
{
	const struct timespec at_once = { 0, 0 };

	return gev__sys(SYS_rt_sigtimedwait, a[0], a[1], &at_once, a[3]);
}

static long wait(struct gev_hub *hub, const long a[6], int fd, gev_time end)
{
	long r;

	while ((r = take(a)) == -EAGAIN) {
		gev_time left = gev__fd_left(hub, end);

		if (left == 0)
			return -EAGAIN;
		r = gev__call_wait_fd(fd, GEV_READ, left);
		if (r < 0 && r != -ETIMEDOUT)
			return r;
	}
	return r;
}

long gev__run_sigtimedwait(struct gev__run_call *c)
{
	const long *a = c->call.a;
	struct gev_hub *hub = gev__hub_here();
	gev_time timeout;
	long fd, r;

	if (gev__run_threads == 1 || a[3] != MASK_SIZE)
		return GEV__PASS;
	r = gev__duration((const void *)a[2], &timeout);
	if (r < 0)
		return r;
	fd = gev__sys(SYS_signalfd4, -1, a[0], MASK_SIZE,
		SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return GEV__PASS;
	r = wait(hub, a, (int)fd, gev__fd_deadline(hub, timeout));
	gev__call_close((int)fd);
	return r;
}
