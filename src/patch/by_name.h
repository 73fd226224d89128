/* SPDX-License-Identifier: MIT */
/*
 * Patching by name: in the objects that were asked for, the addresses of
 * libc's functions are replaced by those of their stand-ins (names.h).
 *
 * What was asked for is kept as a list (request.h).  After each change of the
 * list, and whenever objects were loaded, every slot of every object is made
 * what the list says (rewrite.c).  To patch, to patch twice, to take back, to
 * catch up with dlopen() are all this one thing.
 */
#ifndef GEV_PATCH_BY_NAME_H
#define GEV_PATCH_BY_NAME_H

#include "patch/dynamic.h"
#include "patch/engine.h"
#include "patch/request.h"

/* An object, and what is to be done to it. */
struct gev__target {
	struct gev__object object;
	struct gev__dynamic dynamic;
	const char *why;            /* it can't be patched, or NULL */
	unsigned flags;             /* GEV_PATCH_* groups, GEV__LOADER */
	const struct gev__request *marked_by; /* with what it needs */
	bool opened;                /* its relro is writable just now */
};

struct gev__targets {
	struct gev__target *at;
	size_t n;
	size_t room;
};

/*
 * Everything below goes with engine.lock held, and names resolved.
 *
 * Asks for the objects of that name to be patched, or for every one, those to
 * come included (NULL); takes it back.  0; or -errno and all is as it was, and
 * engine.why is set: -ENOENT, -ENOTSUP (there is no such object, it can't be
 * patched), -ENOMEM, what mprotect() says.
 */
int gev__by_name_ask(const char *name, unsigned flags);
int gev__by_name_withdraw(const char *name);

/* Makes all slots what is asked for; @asked (or NULL) has to be there. */
int gev__by_name_apply(const struct gev__request *asked);

/* rewrite.c: the part of it that changes memory. */
int gev__rewrite(const struct gev__targets *targets);

/* How many slots of @o are replaced. */
size_t gev__rewritten(const struct gev__object *o);

/* Why @o can't be patched, or NULL. */
const char *gev__by_name_why(const struct gev__object *o);

/* If objects were loaded since: apply.  To be called without the lock. */
void gev__by_name_catch_up(void);

#endif
