/* SPDX-License-Identifier: MIT */
/* guest.h - greenlets for a program with a loop of its own: an echo server. */
#ifndef EXAMPLES_GUEST_H
#define EXAMPLES_GUEST_H

/* Starts it on a port that is free, and says which. */
void guest_start(void);

/* Ends it.  Returns how many bytes it echoed. */
long guest_stop(void);

#endif
