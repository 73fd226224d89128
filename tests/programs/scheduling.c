/* SPDX-License-Identifier: MIT */
/* What a thread asks, and tells, of how it is scheduled, by its own id. */
#include <linux/ioprio.h>
#include <sched.h>
#include <sys/resource.h>
#include "program.h"

static bool can_set_affinity(pid_t tid)
{
	cpu_set_t set;

	return sched_getaffinity(tid, sizeof(set), &set) == 0 &&
	       sched_setaffinity(tid, sizeof(set), &set) == 0;
}

static bool can_set_parameters(pid_t tid)
{
	struct sched_param p;

	return sched_getparam(tid, &p) == 0 &&
	       sched_setscheduler(tid, sched_getscheduler(tid), &p) == 0;
}

/* As GLib does for each thread of a pool. */
static bool can_set_attributes(pid_t tid)
{
	uint32_t a[12] = { sizeof(a) }; /* struct sched_attr */

	return syscall(SYS_sched_getattr, tid, a, sizeof(a), 0) == 0 &&
	       syscall(SYS_sched_setattr, tid, a, 0) == 0;
}

static bool can_set_priorities(pid_t tid)
{
	const int nice = getpriority(PRIO_PROCESS, (id_t)tid);
	const long io = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, tid);

	return setpriority(PRIO_PROCESS, (id_t)tid, nice) == 0 && io >= 0 &&
	       syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, tid, io) == 0;
}

static void *ask(void *unused)
{
	const pid_t tid = (pid_t)gettid_raw();
	struct timespec interval;

	say(can_set_affinity(tid), "its processors");
	say(can_set_parameters(tid), "its policy");
	say(can_set_attributes(tid), "its attributes");
	say(can_set_priorities(tid), "its priorities");
	say(sched_rr_get_interval(tid, &interval) == 0, "its interval");
	return unused;
}

int main(void)
{
	ask(NULL);
	finish(begin(ask, NULL));
	return 0;
}
