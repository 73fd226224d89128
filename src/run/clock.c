/* SPDX-License-Identifier: MIT */
/*
 * The CPU clock of a thread (pthread_getcpuclockid(3)): its number is made of
 * the thread's id, and what it tells is what all threads together have taken.
 */
#include <errno.h>
#include "patch/task.h"
#include "run/call.h"

/* As the kernel has it (linux/posix-timers_types.h). */
#define THREAD_BIT 4
#define KIND_BITS 7
#define ID_SHIFT 3

/* clock_gettime() and clock_getres(). */
long gev__run_clock(struct gev__run_call *c)
{
	const int clock = (int)c->call.a[0];
	const int tid = ~(clock >> ID_SHIFT);
	long real;

	if (clock >= 0 || !(clock & THREAD_BIT))
		return GEV__PASS;
	real = gev__tid_real(tid);
	if (real == tid)
		return GEV__PASS;
	if (real < 0)
		return -EINVAL;
	return gev__sys(c->call.nr,
		~real * (KIND_BITS + 1) + (clock & KIND_BITS), c->call.a[1]);
}
