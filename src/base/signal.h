/* SPDX-License-Identifier: MIT */
/*
 * sigaction(2) without libc, in libc's terms; and what waitid(2) tells.
 */
#ifndef GEV_BASE_SIGNAL_H
#define GEV_BASE_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

/* The kernel's SA_RESTORER.  Elsewhere the vDSO has one. */
#ifdef __x86_64__
#define GEV__SA_RESTORER 0x04000000ul
#else
#define GEV__SA_RESTORER 0ul
#endif

/* What the kernel means by it. */
struct gev__sigaction {
	union {
		void (*handler)(int signum);
		void (*info_handler)(int signum, siginfo_t *info, void *context);
	};
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

/* Whether gev__sigaction() installed it, for gev itself. */
bool gev__is_own_handler(const struct gev__sigaction *action);

/* 0 or -errno.  What @old got may be put back as it is. */
long gev__sigaction(int signum, const struct sigaction *action,
	struct sigaction *old);

/* The status of an ended child as of wait(2). */
int gev__wait_status(const siginfo_t *info);

#endif
