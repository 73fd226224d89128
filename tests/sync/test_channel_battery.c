/* SPDX-License-Identifier: MIT */
/* The battery for sending and receiving, with and without a buffer. */
#include "battery.h"
#include "sync/channel.h"

static void *make(size_t capacity)
{
	gev_chan *made = gev_chan_new(sizeof(long), capacity);

	t_ok(made != NULL);
	return made;
}

static void *make_rendezvous(void)
{
	return make(0);
}

static void *make_empty(void)
{
	return make(1);
}

static int put_one(void *object, gev_time timeout)
{
	long n = 42;

	return gev_chan_send(object, &n, timeout);
}

static void *make_full(void)
{
	void *made = make(1);

	t_eq(put_one(made, 0), 0);
	return made;
}

static void drop(void *object)
{
	t_eq(gev_chan_free(object), 0);
}

static int get_one(void *object, gev_time timeout)
{
	long n = 0;
	int r = gev_chan_recv(object, &n, timeout);

	t_eq(n, r == 0 ? 42 : 0);
	return r;
}

static int put_now(void *object)
{
	return put_one(object, 0);
}

static int get_now(void *object)
{
	return get_one(object, 0);
}

static bool is_blocked(void *object)
{
	gev_chan *c = object;

	return !gev__list_empty(&c->senders) || !gev__list_empty(&c->receivers);
}

static void fini(void *object)
{
	gev_chan_close(object);
}

/* Closed: what is left in it can be received, but nobody may send. */
static const struct battery batteries[] = {
	{ "rendezvous_recv", make_rendezvous, drop, get_one, put_now,
		is_blocked, fini, EAGAIN, EPIPE, false, false, false },
	{ "rendezvous_send", make_rendezvous, drop, put_one, get_now,
		is_blocked, fini, EAGAIN, EPIPE, false, false, false },
	{ "buffered_recv", make_empty, drop, get_one, put_now, is_blocked,
		fini, EAGAIN, EPIPE, false, true, false },
	{ "buffered_send", make_full, drop, put_one, get_now, is_blocked, fini,
		EAGAIN, EPIPE, false, true, false },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(batteries) / sizeof(*batteries); i++)
		battery_run(&batteries[i]);
	return t_done();
}
