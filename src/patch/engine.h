/* SPDX-License-Identifier: MIT */
/* What has been done to the process; held by one lock. */
#ifndef GEV_PATCH_ENGINE_H
#define GEV_PATCH_ENGINE_H

#include <gev/patch.h>
#include "base/lock.h"
#include "patch/site.h"

struct gev__engine {
	struct gev__lock lock;
	struct gev__sites libc;     /* found once */
	bool found;
	bool sees_forks;
	bool by_name;               /* names of every object are replaced */
	unsigned flags;             /* in force */
	unsigned asked;             /* how often they were asked for */
	const char *why;            /* it last failed, or NULL */
	const char *why_light;      /* greenlets have no TCB, or NULL */
	const char *way;            /* how code was written, or NULL */
	gev_patch_veto_fn *veto;
	void *veto_arg;
};

extern struct gev__engine gev__engine;

/* To be called before the lock is taken. */
void gev__patch_prepare(void);

/* refuse.c: why this process is not to be patched at all, or NULL. */
const char *gev__patch_refused(void);

/* The same, if it need not be searched. */
const char *gev__process_refused(void);

#endif
