/* SPDX-License-Identifier: MIT */
/* What the tests of choices share: one object of each kind, and its news. */
#ifndef TESTS_CHOOSE_CHOOSE_H
#define TESTS_CHOOSE_CHOOSE_H

#include <fcntl.h>
#include <unistd.h>
#include "../core/core.h"
#include "calls/descriptor.h"
#include "sync/channel.h"
#include "sync/sync.h"

struct things {
	gev_chan *to;      /* nobody receives from it yet */
	gev_chan *from;
	gev_queue full;
	gev_queue empty;
	gev_event event;
	gev_sem sem;
	gev_async_result result;
	gev_greenlet *greenlet;
	int pipe[2];       /* the far end is nonblocking and full */
	long sent;
	long received;
	void *item;
};

enum { SEND, RECV, PUT, GET, EVENT, ACQUIRE, RESULT, END, READ, WRITE, KINDS };

static T_UNUSED struct things things;
static T_UNUSED gev_choice choices[KINDS];

/* Two ends of a stream that can be read at neither, and written at none. */
static inline void fill(int fds[2])
{
	char page[4096] = { 0 };

	t_eq(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	while (send(fds[0], page, sizeof(page), MSG_DONTWAIT) > 0)
		;
}

static inline void things_init(void)
{
	t_virtual();
	things = (struct things){ .to = gev_chan_new(sizeof(long), 0),
		.from = gev_chan_new(sizeof(long), 0),
		.full = GEV_QUEUE_INIT(1),
		.empty = GEV_QUEUE_INIT(1),
		.event = GEV_EVENT_INIT,
		.sem = GEV_SEM_INIT(0),
		.result = GEV_ASYNC_RESULT_INIT,
		.greenlet = gev_spawn(sleep_for_ever, NULL),
		.sent = 11,
		.received = -1 };
	t_eq(gev_queue_put(&things.full, num(1), 0), 0);
	fill(things.pipe);
	gev_choice all[KINDS] = {
		[SEND] = GEV_CHOOSE_SEND(things.to, &things.sent),
		[RECV] = GEV_CHOOSE_RECV(things.from, &things.received),
		[PUT] = GEV_CHOOSE_PUT(&things.full, num(22)),
		[GET] = GEV_CHOOSE_GET(&things.empty, &things.item),
		[EVENT] = GEV_CHOOSE_EVENT(&things.event),
		[ACQUIRE] = GEV_CHOOSE_ACQUIRE(&things.sem),
		[RESULT] = GEV_CHOOSE_RESULT(&things.result),
		[END] = GEV_CHOOSE_END(things.greenlet),
		[READ] = GEV_CHOOSE_READ(things.pipe[0]),
		[WRITE] = GEV_CHOOSE_WRITE(things.pipe[0]),
	};
	memcpy(choices, all, sizeof(all));
	settle();
}

/* Nobody is left waiting for anything. */
static inline void no_links(void)
{
	struct gev__fd_rec *rec = gev__fd_peek(gev_hub_get(), things.pipe[0]);

	t_ok(gev__list_empty(&things.to->senders));
	t_ok(gev__list_empty(&things.from->receivers));
	t_ok(!gev__sync_first(&things.full.putters));
	t_ok(!gev__sync_first(&things.empty.getters));
	t_ok(!gev__sync_first(&things.event.waiters));
	t_ok(!gev__sync_first(&things.sem.waiters));
	t_ok(!gev__sync_first(&things.result.waiters));
	t_ok(gev__list_empty(&things.greenlet->waiters));
	t_ok(!rec || (!rec->reader && !rec->writer));
}

static inline void things_fini(void)
{
	no_links();
	end(things.greenlet);
	gev_chan_free(things.to);
	gev_chan_free(things.from);
	gev_queue_fini(&things.full);
	gev_queue_fini(&things.empty);
	gev_close(things.pipe[0]);
	gev_close(things.pipe[1]);
}

static inline void drain(void)
{
	char page[4096];

	while (recv(things.pipe[1], page, sizeof(page), MSG_DONTWAIT) > 0)
		;
}

static T_UNUSED intptr_t send_seven(void *ch)
{
	long n = 7;

	return gev_chan_send(ch, &n, GEV_FOREVER);
}

static T_UNUSED intptr_t receive_one(void *ch)
{
	long n;

	return gev_chan_recv(ch, &n, GEV_FOREVER) < 0 ? -1 : n;
}

/* Makes choice @kind one that can be taken. */
static inline void make_ready(int kind)
{
	void *item;

	switch (kind) {
	case SEND:
		t_eq(gev_go(receive_one, things.to), 0);
		break;
	case RECV:
		t_eq(gev_go(send_seven, things.from), 0);
		break;
	case PUT:
		t_eq(gev_queue_get(&things.full, &item, 0), 0);
		break;
	case GET:
		t_eq(gev_queue_put(&things.empty, num(33), 0), 0);
		break;
	case EVENT:
		t_eq(gev_event_set(&things.event), 0);
		break;
	case ACQUIRE:
		t_eq(gev_sem_release(&things.sem), 0);
		break;
	case RESULT:
		t_eq(gev_async_result_set(&things.result, 44), 0);
		break;
	case END:
		t_eq(gev_kill(things.greenlet, 0), 0);
		break;
	case READ:
		t_eq(write(things.pipe[1], "x", 1), 1);
		break;
	default:
		drain();
	}
}

/* What taking it did; and that it was no other. */
static inline void was_taken(int kind)
{
	for (int i = 0; i < KINDS; i++)
		t_eq(choices[i].taken, i == kind);
	t_eq(choices[kind].error, 0);
	t_eq(things.received, kind == RECV ? 7 : -1);
	t_ok(things.item == (kind == GET ? num(33) : NULL));
	t_eq(gev_sem_value(&things.sem), 0);
	t_eq(gev_queue_qsize(&things.full), 1);
	t_eq(gev_queue_qsize(&things.empty), 0);
}

#endif
