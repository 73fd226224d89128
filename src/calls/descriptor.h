/* SPDX-License-Identifier: MIT */
/*
 * What is known of descriptors.
 *
 * Each hub has a table of records, one per descriptor number it has used.  A
 * record holds who waits, what is ready as far as we know, and what kind of
 * thing it is, so that a call that need not wait costs one system call.
 *
 * Numbers are used again.  A process-wide table (number.h) counts the
 * generation of each: whoever closes or replaces a descriptor raises it, and a
 * record of an older generation is made anew when it is next looked up.
 */
#ifndef GEV_CALLS_DESCRIPTOR_H
#define GEV_CALLS_DESCRIPTOR_H

#include "base/sys.h"
#include "calls/number.h"
#include "core/report.h"

enum gev__fd_kind {
	GEV__FD_UNKNOWN,
	GEV__FD_TCP,      /* short reads mean drained */
	GEV__FD_STREAM,   /* any other stream socket */
	GEV__FD_PACKET,   /* any other socket */
	GEV__FD_PIPE,     /* and FIFOs */
	GEV__FD_DEVICE,   /* terminal, eventfd: what else can be polled */
	GEV__FD_FILE,     /* what can't be polled, and never waits */
};

struct gev__fd_rec {
	struct gev__edge edge;      /* first: the loop calls it */
	struct gev_waiter *reader;  /* who waits for each side, or NULL */
	struct gev_waiter *writer;
	struct gev__polled *polled; /* pollers of it, besides (poller.h) */
	struct gev_list turns[2];   /* who waits to be reader, to be writer */
	struct gev__number *number;
	uint32_t rcvtimeo;          /* in ms, 0: none; valid if timeo_known */
	uint32_t sndtimeo;
	uint32_t generation;        /* 0: made anew at the next look */
	uint8_t kind;               /* enum gev__fd_kind */
	uint8_t ready;              /* GEV_READ, GEV_WRITE: worth trying */
	uint8_t asked;              /* edges subscribed to */
	uint8_t requested;          /* sides of which edges wake nobody */
	bool uneven;                /* the end, an error or a mark is ahead */
	bool deaf;                  /* edges are the writer's own doing */
	bool timeo_known;
	bool no_nowait;             /* RWF_NOWAIT does not work on it */
};

#define GEV__FD_SHIFT 6
#define GEV__FD_CHUNK (1 << GEV__FD_SHIFT)
#define GEV__FD_CHUNKS (GEV__FD_MAX / GEV__FD_CHUNK)

struct gev__fdtab {
	struct gev_hub *hub;
	struct gev__tenant tenant; /* ends the requests before their waiters */
	uint32_t id;               /* from 1; never used twice */
	struct gev_list all;       /* in the list of all tables */
	struct gev__fd_rec *chunks[GEV__FD_CHUNKS]; /* mapped sparsely */
};

/* The rest of gev__fd_get(). */
struct gev__fd_rec *gev__fd_look_up(struct gev_hub *hub, int fd, int *error);

/*
 * The record of @fd in @hub's table, its kind known.  NULL with *error -EBADF
 * (negative, or not open), -ENOMEM.
 */
static inline struct gev__fd_rec *gev__fd_get(struct gev_hub *hub, int fd,
	int *error)
{
	struct gev__fdtab *tab = hub->fds;
	struct gev__fd_rec *rec = NULL;

	if (__builtin_expect(tab && (unsigned)fd < GEV__FD_MAX, 1))
		rec = tab->chunks[fd >> GEV__FD_SHIFT];
	if (__builtin_expect(!rec, 0))
		return gev__fd_look_up(hub, fd, error);
	rec += fd & (GEV__FD_CHUNK - 1);
	if (__builtin_expect(rec->kind == GEV__FD_UNKNOWN ||
		    rec->generation != rec->number->generation, 0))
		return gev__fd_look_up(hub, fd, error);
	return rec;
}

/* The same, but NULL if the hub knows nothing of it. */
struct gev__fd_rec *gev__fd_peek(struct gev_hub *hub, int fd);

/*
 * @fd is new: what was known of the number is forgotten, in all hubs.  If it
 * can be allocated, the record has @kind and @nonblock.
 */
void gev__fd_fresh(struct gev_hub *hub, int fd, int kind, bool nonblock);

/*
 * @fd is about to be closed or replaced: all who wait on it fail with -EBADF
 * (in other threads soon), and what is known of it is forgotten.
 */
void gev__fd_retire(struct gev_hub *hub, int fd);

/*
 * How many families of processes there have been that may share descriptors
 * and so O_NONBLOCK: 1, and one more with each fork.  0: nobody counts.
 */
extern uint32_t gev__fd_families;

/* A listener's O_NONBLOCK is ours. */
static inline bool gev__fd_may_be_shared(const struct gev__fd_rec *rec)
{
	return rec->number->made != gev__fd_families && !rec->number->listens;
}

/* Asks the kernel for O_NONBLOCK, since another number may have changed it. */
void gev__fd_read_flags(struct gev__fd_rec *rec, int fd);

/* O_NONBLOCK as the program sees it. */
static inline bool gev__fd_nonblock(struct gev__fd_rec *rec, int fd)
{
	struct gev__number *number = rec->number;

	if (__builtin_expect(number->copied && !number->listens, 0))
		gev__fd_read_flags(rec, fd);
	return number->nonblock;
}

/* What kind a socket is. */
int gev__fd_kind_of(int domain, int type, int protocol);

/*
 * wait.c: waits until @side of @fd is ready, or may be.  A call that is patched
 * waits for its turn if another has it.  0; -ETIMEDOUT with *expired
 * set if @timeout was over; -EBUSY, -EBADF, -EPERM (it can't be polled: it is
 * a file from now on) and what gev__park() returns.
 */
long gev__fd_wait(struct gev_hub *hub, struct gev__fd_rec *rec, int fd,
	int side, gev_time timeout, bool *expired, const char *what);

/*
 * What it is made of: subscribes to edges of @side.  0, -EPERM (it can't be
 * polled: it is a file from now on), or what else the kernel answers.
 */
long gev__fd_ask(struct gev_hub *hub, struct gev__fd_rec *rec, int fd,
	int side);

/*
 * That and the rest, for who waits for other things as well and holds the hub
 * meanwhile: @w is woken when @side may be ready.  0, -EBUSY, -EPERM or what
 * the kernel answers.
 */
long gev__fd_enlist(struct gev_hub *hub, struct gev__fd_rec *rec, int fd,
	int side, struct gev_waiter *w);
/* Without the edges: the other part.  0 or -EBUSY. */
long gev__fd_occupy(struct gev_hub *hub, struct gev__fd_rec *rec, int side,
	struct gev_waiter *w);
void gev__fd_delist(struct gev__fd_rec *rec, const struct gev_waiter *w);

/* The rest of gev__fd_next(). */
void gev__fd_wake_next(struct gev__fd_rec *rec, int side);

/* A call is done with @side: the next that waits for its turn has it. */
static inline void gev__fd_next(struct gev__fd_rec *rec, int side)
{
	if (__builtin_expect(rec->turns[side == GEV_WRITE].next != NULL, 0))
		gev__fd_wake_next(rec, side);
}

/*
 * NULL, or where Linux's ways are wanted by which a call that waits goes on
 * when its descriptor is closed: the number by which the call that @c makes has
 * what @fd was, or -EBADF.
 */
extern int (*gev__fd_successor)(const gev_coro *c, int fd);

/* The same for *fd, whose record is *rec then.  0 or -errno. */
long gev__fd_follow(struct gev_hub *hub, int *fd, struct gev__fd_rec **rec);

/* .describe of waiters whose .object is the number. */
void gev__fd_describe(const struct gev_waiter *w, void *text);

/* Whether it was closed since it had @generation, whatever it is now. */
static inline bool gev__fd_was_closed(const struct gev__fd_rec *rec,
	uint32_t generation)
{
	return rec->generation != generation ||
	       rec->number->generation != generation;
}

/* SO_RCVTIMEO or SO_SNDTIMEO of a socket. */
gev_time gev__fd_timeo(struct gev__fd_rec *rec, int fd, int side);

/* poll(2) without waiting: which of @events (POLLIN...) there are; -EBADF. */
long gev__fd_poll(int fd, int events);

/*
 * Makes @fd O_NONBLOCK for a moment, in which others that share the open file
 * see it so: the flags it had, or -errno.  And back.
 */
long gev__fd_unblock(int fd);
void gev__fd_reblock(int fd, long flags);

/* One system call in between. */
long gev__fd_unblocked(long nr, int fd, const void *arg, long size);

/*
 * What nothing announces is tried again after a pause: the first one, and the
 * one after @pause.  So it is noticed late by a sixteenth of the time that it
 * took, at the most.
 */
#define GEV__PAUSE (GEV_MS(1) / 16)
#define GEV__PAUSE_MAX GEV_MS(10)

static inline gev_time gev__longer_pause(gev_time pause)
{
	return pause < GEV__PAUSE_MAX ? pause + pause / 16 : pause;
}

/* When @timeout from now is over.  GEV_FOREVER stays what it is. */
gev_time gev__fd_deadline(struct gev_hub *hub, gev_time timeout);
/* How long that is from now. */
gev_time gev__fd_left(struct gev_hub *hub, gev_time deadline);

static inline bool gev__fd_is_socket(const struct gev__fd_rec *rec)
{
	return rec->kind >= GEV__FD_TCP && rec->kind <= GEV__FD_PACKET;
}

/* A call went through without waiting: after many of those others run. */
static inline void gev__spend(struct gev_hub *hub)
{
	if (__builtin_expect(--hub->budget > 0, 1))
		return;
	hub->budget = GEV__BUDGET;
	if (!gev__hub_is_current(hub) && hub->thread->current->greenlet)
		gev__breathe(hub);
}

#endif
