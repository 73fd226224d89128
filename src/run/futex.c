/* SPDX-License-Identifier: MIT */
/*
 * pthread_join() waits for the word that the kernel clears at a thread's end,
 * and so by a futex that is not private.  Here it is us who clear it: there is
 * nobody else to wait for.
 */
#include <linux/futex.h>
#include "patch/handlers.h"
#include "patch/task.h"
#include "run/call.h"

static bool joins(const long a[6])
{
	const long command = a[1] & ~FUTEX_CLOCK_REALTIME;

	return (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) &&
	       gev__tid_real((uint32_t)a[2]) != (uint32_t)a[2];
}

long gev__run_futex(struct gev__run_call *c)
{
	long a[6];

	if (!gev__run_catches || gev__run_threads == 1 || !joins(c->call.a))
		return GEV__PASS;
	for (int i = 0; i < 6; i++)
		a[i] = c->call.a[i];
	a[1] |= FUTEX_PRIVATE_FLAG;
	return gev__patch_handle(gev__patch_futex, GEV__SAFE, a);
}
