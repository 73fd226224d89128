/* SPDX-License-Identifier: MIT */
#include "choose/choice.h"
#include "calls/descriptor.h"
#include "sync/async_result.h"
#include "sync/channel.h"
#include "sync/event.h"
#include "sync/queue.h"
#include "sync/sem.h"
#include <poll.h>

static const char *const names[] = {
	[GEV_CHOICE_NEVER] = "nothing",
	[GEV_CHOICE_SEND] = "chan send",
	[GEV_CHOICE_RECV] = "chan recv",
	[GEV_CHOICE_PUT] = "queue put",
	[GEV_CHOICE_GET] = "queue get",
	[GEV_CHOICE_EVENT] = "event",
	[GEV_CHOICE_ACQUIRE] = "semaphore",
	[GEV_CHOICE_RESULT] = "async result",
	[GEV_CHOICE_END] = "join",
	[GEV_CHOICE_READ] = "read",
	[GEV_CHOICE_WRITE] = "write",
};

void gev__choice_describe(const gev_choice *c, struct gev__text *text)
{
	gev__text_add(text, names[c->kind]);
	gev__text_char(text, ' ');
	if (gev__choice_is_fd(c)) {
		gev__text_num(text, (uint64_t)(uintptr_t)c->fd);
	} else if (c->kind == GEV_CHOICE_END) {
		gev__text_coro(text, ((gev_greenlet *)c->object)->coro);
	} else if (c->object) {
		gev__text_ptr(text, c->object);
	}
}

static gev_hub **owner_of(const gev_choice *c)
{
	switch (c->kind) {
	case GEV_CHOICE_SEND:
	case GEV_CHOICE_RECV:
		return &((gev_chan *)c->object)->hub;
	case GEV_CHOICE_PUT:
	case GEV_CHOICE_GET:
		return &((gev_queue *)c->object)->hub;
	case GEV_CHOICE_ACQUIRE:
		return &((gev_sem *)c->object)->hub;
	case GEV_CHOICE_RESULT:
		return &((gev_async_result *)c->object)->hub;
	default:
		return &((gev_event *)c->object)->hub;
	}
}

/* Whether there is something to send, if that is what it is about. */
static bool has_element(const gev_choice *c)
{
	return c->kind != GEV_CHOICE_SEND || c->value ||
	       !((gev_chan *)c->object)->size;
}

int gev__choice_check(gev_choice *c)
{
	c->error = 0;
	c->taken = false;
	if (c->kind == GEV_CHOICE_NEVER || gev__choice_is_fd(c))
		return 0;
	if ((unsigned)c->kind > GEV_CHOICE_WRITE || !c->object ||
		!has_element(c))
		return -EINVAL;
	if (c->kind == GEV_CHOICE_END)
		return gev__greenlet_check(c->object);
	return gev__sync_enter(owner_of(c));
}

static int side_of(const gev_choice *c)
{
	return c->kind == GEV_CHOICE_READ ? GEV_READ : GEV_WRITE;
}

/* 0 if it is ready, -EAGAIN, -EBADF. */
static int try_fd(const gev_choice *c)
{
	long r;

	if (c->fd < 0)
		return -EBADF;
	r = gev__fd_poll(c->fd, c->kind == GEV_CHOICE_READ ? POLLIN : POLLOUT);
	if (r < 0)
		return (int)r;
	return r ? 0 : -EAGAIN;
}

int gev__choice_try(gev_choice *c)
{
	intptr_t result;

	switch (c->kind) {
	case GEV_CHOICE_SEND:
		return gev__chan_try_send(c->object, c->value);
	case GEV_CHOICE_RECV:
		return gev__chan_try_recv(c->object, c->value);
	case GEV_CHOICE_PUT:
		return gev__queue_try_put(c->object, c->value);
	case GEV_CHOICE_GET:
		return gev__queue_try_get(c->object, c->value);
	case GEV_CHOICE_EVENT:
		return gev__event_try(c->object);
	case GEV_CHOICE_ACQUIRE:
		return gev__sem_try(c->object);
	case GEV_CHOICE_RESULT:
		return gev__async_result_try(c->object, &result);
	case GEV_CHOICE_END:
		return gev_dead(c->object) ? 0 : -EAGAIN;
	case GEV_CHOICE_READ:
	case GEV_CHOICE_WRITE:
		return try_fd(c);
	default:
		return -EAGAIN;
	}
}

static struct gev_list *waiters_of(const gev_choice *c)
{
	switch (c->kind) {
	case GEV_CHOICE_SEND:
		return &((gev_chan *)c->object)->senders;
	case GEV_CHOICE_RECV:
		return &((gev_chan *)c->object)->receivers;
	case GEV_CHOICE_PUT:
		return &((gev_queue *)c->object)->putters;
	case GEV_CHOICE_GET:
		return &((gev_queue *)c->object)->getters;
	case GEV_CHOICE_EVENT:
		return &((gev_event *)c->object)->waiters;
	case GEV_CHOICE_ACQUIRE:
		return &((gev_sem *)c->object)->waiters;
	case GEV_CHOICE_RESULT:
		return &((gev_async_result *)c->object)->waiters;
	default:
		return &((gev_greenlet *)c->object)->waiters;
	}
}

static int enlist_fd(gev_choice *c, gev_hub *hub)
{
	int r = 0;

	c->waiter.object = (void *)(uintptr_t)c->fd;
	c->record = gev__fd_get(hub, c->fd, &r);
	if (!c->record)
		return r;
	return (int)gev__fd_enlist(hub, c->record, c->fd, side_of(c),
		&c->waiter);
}

int gev__choice_enlist(gev_choice *c, gev_hub *hub)
{
	c->waiter.what = names[c->kind];
	c->waiter.value = c->value;
	if (c->kind == GEV_CHOICE_NEVER)
		return 0;
	if (gev__choice_is_fd(c))
		return enlist_fd(c, hub);
	gev__sync_enqueue(waiters_of(c), &c->waiter);
	return 0;
}

void gev__choice_delist(gev_choice *c)
{
	gev__waiter_unlink(&c->waiter);
	c->waiter.woken = true; /* what is on its way comes too late */
	if (c->record) {
		gev__fd_delist(c->record, &c->waiter);
		gev__fd_next(c->record, side_of(c));
	}
	c->record = NULL;
}

bool gev__choice_complete(gev_choice *c)
{
	struct gev_waiter *w = &c->waiter;

	if (gev__choice_is_fd(c) && w->result == 0) {
		w->result = try_fd(c);
		if (w->result == -EAGAIN) {
			w->woken = false;
			return false;
		}
	}
	if (c->kind == GEV_CHOICE_GET && w->result == 0 && c->value)
		*(void **)c->value = w->value;
	gev__choice_delist(c);
	c->error = -w->result;
	return true;
}
