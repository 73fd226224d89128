/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a descriptor: one reader and one writer, woken by edges.
 */
#include "calls/descriptor.h"
#include "core/wait.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

/* To the kernel's own precision; what is longer than 49 days is for ever. */
static uint32_t read_timeo(int fd, int option)
{
	struct timeval tv = { 0 };
	socklen_t size = sizeof(tv);

	gev__sys(SYS_getsockopt, fd, SOL_SOCKET, option, &tv, &size);
	if (tv.tv_sec >= UINT32_MAX / 1000)
		return 0;
	return (uint32_t)(tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000);
}

gev_time gev__fd_timeo(struct gev__fd_rec *rec, int fd, int side)
{
	uint32_t ms;

	if (!rec->timeo_known || rec->number->shared || rec->number->copied) {
		rec->rcvtimeo = read_timeo(fd, SO_RCVTIMEO);
		rec->sndtimeo = read_timeo(fd, SO_SNDTIMEO);
		rec->timeo_known = true;
	}
	ms = side == GEV_READ ? rec->rcvtimeo : rec->sndtimeo;
	return ms ? GEV_MS(ms) : GEV_FOREVER;
}

gev_time gev__fd_deadline(struct gev_hub *hub, gev_time timeout)
{
	gev_time now;

	if (timeout == GEV_FOREVER)
		return GEV_FOREVER;
	now = gev_loop_update(hub->loop);
	return timeout > INT64_MAX - now ? GEV_FOREVER : now + timeout;
}

gev_time gev__fd_left(struct gev_hub *hub, gev_time deadline)
{
	gev_time now;

	if (deadline == GEV_FOREVER)
		return GEV_FOREVER;
	now = gev_loop_update(hub->loop);
	return deadline > now ? deadline - now : 0;
}

long gev__fd_poll(int fd, int events)
{
	struct pollfd p = { .fd = fd, .events = (short)events };
	struct timespec zero = { 0 };
	long r;

	do
		r = gev__sys(SYS_ppoll, &p, 1, &zero, NULL, 0);
	while (r == -EINTR);
	if (r <= 0)
		return r;
	return p.revents & POLLNVAL ? -EBADF : p.revents;
}

long gev__fd_unblock(int fd)
{
	long flags = gev__sys(SYS_fcntl, fd, F_GETFL);

	if (flags >= 0)
		gev__sys(SYS_fcntl, fd, F_SETFL, flags | O_NONBLOCK);
	return flags;
}

void gev__fd_reblock(int fd, long flags)
{
	gev__sys(SYS_fcntl, fd, F_SETFL, flags);
}

long gev__fd_unblocked(long nr, int fd, const void *arg, long size)
{
	long flags = gev__fd_unblock(fd);
	long r;

	if (flags < 0)
		return flags;
	r = gev__sys(nr, fd, arg, size);
	gev__fd_reblock(fd, flags);
	return r;
}

void gev__fd_describe(const struct gev_waiter *w, void *text)
{
	gev__text_add(text, "on descriptor ");
	gev__text_num(text, (uint64_t)(uintptr_t)w->object);
}

/* Says in the caller's message who is in the way. */
static long busy(struct gev_hub *hub, const struct gev_waiter *w)
{
	gev_greenlet *g = hub->thread->current->greenlet;
	struct gev__text t;

	if (!g)
		return -EBUSY;
	t = gev__text_in(g->message, sizeof(g->message));
	g->message_for = EBUSY;
	gev__fd_describe(w, &t);
	gev__text_add(&t, " already waits ");
	if (w->coro)
		gev__text_coro(&t, w->coro);
	else
		gev__text_add(&t, "a choice");
	gev__text_end(&t);
	return -EBUSY;
}

/* The first time the kernel tells the state. */
long gev__fd_ask(struct gev_hub *hub, struct gev__fd_rec *rec, int fd, int side)
{
	int events = rec->asked | side;
	int r;

	if (events == rec->asked)
		return 0;
	r = gev__edge_add(hub->loop, fd, &rec->edge, events);
	if (r == 0)
		rec->asked = (uint8_t)events;
	else if (r == -EPERM)
		rec->kind = GEV__FD_FILE;
	return r;
}

/* Not inline: GCC 12 would not see that whoever does it always delists. */
__attribute__((noinline)) long gev__fd_occupy(struct gev_hub *hub,
	struct gev__fd_rec *rec, int side, struct gev_waiter *w)
{
	if ((side & GEV_READ) && rec->reader)
		return busy(hub, rec->reader);
	if ((side & GEV_WRITE) && rec->writer)
		return busy(hub, rec->writer);
	if (side & GEV_READ)
		rec->reader = w;
	if (side & GEV_WRITE)
		rec->writer = w;
	return 0;
}

long gev__fd_enlist(struct gev_hub *hub, struct gev__fd_rec *rec, int fd,
	int side, struct gev_waiter *w)
{
	long r = gev__fd_occupy(hub, rec, side, w);

	if (r < 0)
		return r;
	r = gev__fd_ask(hub, rec, fd, side);
	if (r < 0)
		gev__fd_delist(rec, w);
	return r;
}

void gev__fd_delist(struct gev__fd_rec *rec, const struct gev_waiter *w)
{
	if (rec->reader == w)
		rec->reader = NULL;
	if (rec->writer == w)
		rec->writer = NULL;
}

/*
 * The kernel lets any number wait for the same; libc's calls know nothing of
 * the one reader and one writer that there are here.
 */
static bool takes_turns(const struct gev_hub *hub)
{
	const gev_greenlet *self = hub->thread->current->greenlet;

	return self && self->call;
}

static void queue_up(struct gev__fd_rec *rec, int side, struct gev_waiter *w)
{
	struct gev_list *turns = &rec->turns[side == GEV_WRITE];

	if (!turns->next)
		gev__list_init(turns);
	gev__list_add_tail(turns, &w->link);
}

void gev__fd_wake_next(struct gev__fd_rec *rec, int side)
{
	struct gev_list *turns = &rec->turns[side == GEV_WRITE];

	if (!gev__list_empty(turns))
		gev__wake(gev__container(turns->next, struct gev_waiter, link),
			0);
}

int (*gev__fd_successor)(const gev_coro *c, int fd);

long gev__fd_follow(struct gev_hub *hub, int *fd, struct gev__fd_rec **rec)
{
	int number = gev__fd_successor ?
		gev__fd_successor(hub->thread->current, *fd) : -EBADF;
	int error = number;
	struct gev__fd_rec *there = NULL;

	if (number >= 0)
		there = gev__fd_get(hub, number, &error);
	if (!there)
		return error;
	*fd = number;
	*rec = there;
	return 0;
}

long gev__fd_wait(struct gev_hub *hub, struct gev__fd_rec *rec, int fd,
	int side, gev_time timeout, bool *expired, const char *what)
{
	struct gev_waiter w = { .what = what,
		.object = (void *)(uintptr_t)fd,
		.describe = gev__fd_describe };
	uint32_t generation = rec->generation;
	long r;

	r = gev__fd_enlist(hub, rec, fd, side, &w);
	if (r == -EBUSY && takes_turns(hub)) {
		queue_up(rec, side, &w);
		r = 0;
	}
	if (r < 0)
		return r;
	gev__hold(hub);
	r = gev__park(&w, timeout);
	gev__unhold(hub);
	gev__fd_delist(rec, &w);
	if ((r == 0 || w.expired) && gev__fd_was_closed(rec, generation))
		return -EBADF;
	*expired = w.expired;
	return r;
}
