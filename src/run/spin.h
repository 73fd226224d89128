/* SPDX-License-Identifier: MIT */
/* Threads that wait for others by going round in a small loop. */
#ifndef GEV_RUN_SPIN_H
#define GEV_RUN_SPIN_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/*
 * Whether the thread of that @serial number spins, by how a tick found it @now;
 * all threads have made so many @calls.  The code is there to be read.
 */
bool gev__run_spins(uint64_t serial, const mcontext_t *now, unsigned calls);

#endif
