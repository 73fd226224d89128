/* SPDX-License-Identifier: MIT */
/*
 * The one lock of what all threads share of names: the options, and the list
 * of resolvers.  A child of fork() finds it free.
 */
#ifndef GEV_NET_LOCK_H
#define GEV_NET_LOCK_H

void gev__net_lock(void);
void gev__net_unlock(void);

#endif
