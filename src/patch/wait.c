/* SPDX-License-Identifier: MIT */
/* Waiting for several descriptors, for time, for children. */
#include "calls/calls.h"
#include "calls/children.h"
#include "patch/handlers.h"

long gev__patch_poll(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_poll((void *)a[0], (unsigned)a[1], (int)a[2]);
}

long gev__patch_ppoll(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_ppoll((void *)a[0], (unsigned)a[1], (void *)a[2],
		(void *)a[3], (size_t)a[4]);
}

long gev__patch_select(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_select((int)a[0], (void *)a[1], (void *)a[2],
		(void *)a[3], (void *)a[4]);
}

long gev__patch_pselect6(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_pselect6((int)a[0], (void *)a[1], (void *)a[2],
		(void *)a[3], (void *)a[4], (void *)a[5]);
}

long gev__patch_epoll_wait(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_epoll_wait((int)a[0], (void *)a[1], (int)a[2],
		(int)a[3]);
}

long gev__patch_epoll_pwait(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_epoll_pwait((int)a[0], (void *)a[1], (int)a[2],
		(int)a[3], (void *)a[4], (size_t)a[5]);
}

long gev__patch_epoll_pwait2(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_epoll_pwait2((int)a[0], (void *)a[1], (int)a[2],
		(void *)a[3], (void *)a[4], (size_t)a[5]);
}

long gev__patch_nanosleep(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_nanosleep((void *)a[0], (void *)a[1]);
}

long gev__patch_clock_nanosleep(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_clock_nanosleep((int)a[0], (int)a[1], (void *)a[2],
		(void *)a[3]);
}

long gev__patch_sched_yield(struct gev_hub *hub, const long a[6])
{
	(void)a;
	gev__breathe(hub);
	return 0;
}

long gev__patch_wait4(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_wait4((int)a[0], (void *)a[1], (int)a[2],
		(void *)a[3]);
}

long gev__patch_waitid(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_waitid((int)a[0], (int)a[1], (void *)a[2], (int)a[3],
		(void *)a[4]);
}
