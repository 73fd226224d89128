/* SPDX-License-Identifier: MIT */
/*
 * What a thread asks of the kernel about itself, and what is asked about it by
 * its id: for those that only libc knows of, we answer, or it is asked for the
 * thread they run in.
 */
#include <errno.h>
#include <linux/ioprio.h>
#include <sys/resource.h>
#include "patch/cancel.h"
#include "patch/handlers.h"
#include "patch/task.h"

/* glibc's own, by which setuid() has all threads do the same. */
#define SIGSETXID 33

long gev__patch_exit(struct gev_hub *hub, const long a[6])
{
	struct gev__task *task = gev__task_here();

	(void)hub;
	(void)a;
	if (task)
		gev__task_exit(task);
	return GEV__PASS;
}

long gev__patch_gettid(struct gev_hub *hub, const long a[6])
{
	const struct gev__task *task = gev__task_here();

	(void)hub;
	(void)a;
	return task ? task->tid : GEV__PASS;
}

long gev__patch_set_tid_address(struct gev_hub *hub, const long a[6])
{
	struct gev__task *task = gev__task_here();

	(void)hub;
	if (!task)
		return GEV__PASS;
	task->clear_tid = (int *)a[0];
	return task->tid;
}

long gev__patch_set_robust_list(struct gev_hub *hub, const long a[6])
{
	struct gev__task *task = gev__task_here();

	(void)hub;
	if (!task)
		return GEV__PASS;
	task->robust = (void *)a[0];
	task->robust_size = (size_t)a[1];
	return 0;
}

/* The kernel knows the thread's own.  Without, libc asks it for the CPU. */
long gev__patch_rseq(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	(void)a;
	return gev__task_here() ? 0 : GEV__PASS;
}

/* The call for the thread behind the @n-th argument. */
static long for_real(long nr, const long a[6], int n)
{
	long b[6] = { a[0], a[1], a[2], a[3], a[4], a[5] };

	b[n] = gev__tid_real(a[n]);
	if (b[n] == a[n])
		return GEV__PASS;
	if (b[n] < 0)
		return b[n];
	return gev__sys_raw(nr, b[0], b[1], b[2], b[3], b[4], b[5]);
}

/*
 * The thread that changes its user has done so for all greenlets; if it went
 * on to tell itself, glibc would never see the end of it.
 */
static bool tells_itself(const long a[6])
{
	return a[2] == SIGSETXID &&
	       gev__tid_real(a[1]) == gev__sys_raw(SYS_gettid, 0, 0, 0, 0, 0,
					      0);
}

long gev__patch_tgkill(struct gev_hub *hub, const long a[6])
{
	if (tells_itself(a))
		return -ESRCH;
	if ((int)a[2] == GEV__SIGCANCEL)
		return gev__cancel_send(hub, a[1]);
	return for_real(SYS_tgkill, a, 1);
}

long gev__patch_tkill(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return for_real(SYS_tkill, a, 0);
}

long gev__patch_rt_tgsigqueueinfo(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return for_real(SYS_rt_tgsigqueueinfo, a, 1);
}

long gev__patch_sched_setparam(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return for_real(SYS_sched_setparam, a, 0);
}

long gev__patch_sched_getparam(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return for_real(SYS_sched_getparam, a, 0);
}

long gev__patch_sched_setscheduler(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return for_real(SYS_sched_setscheduler, a, 0);
}

long gev__patch_sched_getscheduler(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return for_real(SYS_sched_getscheduler, a, 0);
}

long gev__patch_sched_setaffinity(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return for_real(SYS_sched_setaffinity, a, 0);
}

long gev__patch_sched_getaffinity(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return for_real(SYS_sched_getaffinity, a, 0);
}

long gev__patch_getpriority(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return a[0] == PRIO_PROCESS ? for_real(SYS_getpriority, a, 1) :
				      GEV__PASS;
}

long gev__patch_setpriority(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return a[0] == PRIO_PROCESS ? for_real(SYS_setpriority, a, 1) :
				      GEV__PASS;
}

long gev__patch_sched_setattr(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return for_real(SYS_sched_setattr, a, 0);
}

long gev__patch_sched_getattr(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return for_real(SYS_sched_getattr, a, 0);
}

long gev__patch_sched_rr_get_interval(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return for_real(SYS_sched_rr_get_interval, a, 0);
}

long gev__patch_ioprio_set(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return a[0] == IOPRIO_WHO_PROCESS ? for_real(SYS_ioprio_set, a, 1) :
					    GEV__PASS;
}

long gev__patch_ioprio_get(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return a[0] == IOPRIO_WHO_PROCESS ? for_real(SYS_ioprio_get, a, 1) :
					    GEV__PASS;
}
