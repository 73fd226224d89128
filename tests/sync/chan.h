/* SPDX-License-Identifier: MIT */
/* What the tests of channels share: one channel of longs, and who uses it. */
#ifndef TESTS_SYNC_CHAN_H
#define TESTS_SYNC_CHAN_H

#include "../core/core.h"
#include "sync/channel.h"

static T_UNUSED gev_chan *ch;

static T_UNUSED void begin(size_t capacity)
{
	t_virtual();
	ch = gev_chan_new(sizeof(long), capacity);
	t_ok(ch != NULL);
}

static T_UNUSED void finish(void)
{
	settle();
	t_ok(gev__list_empty(&ch->senders));
	t_ok(gev__list_empty(&ch->receivers));
	t_eq(gev_chan_free(ch), 0);
	ch = NULL;
}

static T_UNUSED int put(long value, gev_time timeout)
{
	return gev_chan_send(ch, &value, timeout);
}

/* The value, or -1. */
static T_UNUSED long get(gev_time timeout)
{
	long value = -1;

	return gev_chan_recv(ch, &value, timeout) < 0 ? -1 : value;
}

struct party {
	const char *name;
	long value;
	gev_time timeout;
	int code;
};

static T_UNUSED intptr_t receiver(void *arg)
{
	struct party *p = arg;

	p->value = get(p->timeout);
	p->code = p->value < 0 ? errno : 0;
	t_log("%s %ld, ", p->name, p->value);
	return 0;
}

static T_UNUSED intptr_t sender(void *arg)
{
	struct party *p = arg;

	p->code = put(p->value, p->timeout) < 0 ? errno : 0;
	t_log("%s %d, ", p->name, p->code);
	return 0;
}

#endif
