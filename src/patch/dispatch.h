/* SPDX-License-Identifier: MIT */
/*
 * From a caught system call to what answers it.
 */
#ifndef GEV_PATCH_DISPATCH_H
#define GEV_PATCH_DISPATCH_H

#include <limits.h>
#include <stdbool.h>
#include "core/hub.h"

/* Numbers below this are looked at. */
#define GEV__PATCH_CALLS 512

/* An answer: let the kernel do it. */
#define GEV__PASS LONG_MIN

/* As the assembly lays it out. */
struct gev__patch_call {
	long nr;
	long a[6];
};

/* In two registers. */
struct gev__patch_answer {
	long result;
	long pass;
};

/*
 * The cooperative form of a system call.  @hub is that of the calling thread
 * if a greenlet of it calls, which can wait; else NULL.  Returns what the
 * kernel would, -errno included, or GEV__PASS.
 */
typedef long gev__handler(struct gev_hub *hub, const long a[6]);

/* In use as long as there are threads that only libc knows of. */
#define GEV__PATCH_THREADS (1u << 31)

struct gev__patch_entry {
	const char *name;
	gev__handler *handler;      /* NULL: no such entry */
	unsigned group;             /* GEV_PATCH_* that it belongs to */
	unsigned flags;             /* of these: */
};

enum {
	GEV__WAITS = 1,    /* pointless without a hub */
	GEV__QUEUES = 2,   /* so it is not, but it waits its turn as well */
	GEV__SAFE = 4,     /* for a handler of signals to call, at any time */
	GEV__ANYWHERE = 8, /* even in the midst of a switch */
	GEV__WHOLE = 16,   /* wants all registers: child.c */
};

/* By number; table.c. */
extern const struct gev__patch_entry gev__patch_table[GEV__PATCH_CALLS];

/* Which of them are in use, and how. */
#define GEV__LIVE 1
#define GEV__LIVE_WHOLE 0x80
extern unsigned char gev__patch_live[GEV__PATCH_CALLS];

struct gev__patch_answer gev__patch_dispatch(const struct gev__patch_call *c);

/*
 * The same for who knows the handler and its flags: in a greenlet that can wait
 * its answer, in turn if it waits; elsewhere GEV__PASS.
 */
long gev__patch_handle(gev__handler *handler, unsigned flags, const long a[6]);

/* Whether a greenlet calls, which can wait. */
bool gev__patch_can_wait(void);

/* fuse.c: the calling greenlet fails all the time; it is not to any more. */
void gev__patch_blow_fuse(struct gev_hub *hub, gev__handler *handler);

/* vfork.c: whether the caller is a child that borrows its parent's memory. */
bool gev__patch_in_vfork(void);

/*
 * Nobody tells of a vfork(): from now on the process id is.  And after fork().
 */
void gev__patch_expect_vfork(void);
void gev__patch_forked(void);

/* Whether call @nr makes such children, and has to be caught to know. */
bool gev__patch_follows(long nr);

#endif
