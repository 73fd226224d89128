/* SPDX-License-Identifier: MIT */
#ifndef GEV_CORE_LINK_H
#define GEV_CORE_LINK_H

#include "core/greenlet.h"

enum gev__link_kind {
	GEV__LINK_RAW,       /* called in the hub */
	GEV__LINK_SPAWN,     /* called in a greenlet of its own */
	GEV__LINK_VALUE,     /* likewise, if it was successful */
	GEV__LINK_EXCEPTION, /* likewise, if it failed */
};

struct gev__link {
	struct gev_list node;
	gev_greenlet_fn *fn;
	void *arg;
	gev_greenlet *greenlet;
	void (*forked)(struct gev__link *link); /* its greenlet isn't in a child */
	uint8_t kind;        /* enum gev__link_kind */
	bool owned;          /* allocated here, not the caller's memory */
};

/* Links in the caller's memory, which is zeroed before; it does not fail. */
void gev__link_add(gev_greenlet *g, struct gev__link *link, int kind,
	gev_greenlet_fn *fn, void *arg);

/* Harmless where it was not added, or has been called. */
void gev__link_del(struct gev__link *link);

/* One that was taken off its greenlet's list. */
void gev__link_free(struct gev__link *link);

/* Keeps a dead greenlet until the hub has run its links. */
void gev__greenlet_notify(gev_greenlet *g);

/* The spawn callbacks of @g's hub. */
void gev__tell_spawned(gev_greenlet *g);
void gev__spawn_callbacks_free(gev_hub *hub);

#endif
