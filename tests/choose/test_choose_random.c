/* SPDX-License-Identifier: MIT */
/*
 * Greenlets choose at random among sends, receives, puts, gets and permits,
 * with random timeouts, and some are killed.  Every item that was sent arrives
 * exactly once, whatever happens, and no permit is lost.
 */
#include <stdlib.h>
#include <unistd.h>
#include "../core/core.h"
#include "sync/channel.h"
#include "sync/sync.h"

#define ITEMS 20000
#define WORKERS 12
#define CHANNELS 3
#define QUEUES 2
#define PERMITS 2
#define ARMS 19

static unsigned dice;
static gev_chan *channels[CHANNELS];
static gev_queue queues[QUEUES];
static gev_sem sem;
static intptr_t next_item;
static char sent[ITEMS + 1];
static char received[ITEMS + 1];
static int holders;

static unsigned roll(unsigned n)
{
	dice = dice * 1103515245u + 12345u;
	return (dice >> 16) % n;
}

/* What a worker has in hand while it chooses. */
struct hand {
	gev_choice arms[ARMS];
	intptr_t in[ARMS];
	intptr_t out;
};

static void prepare(struct hand *h, int i)
{
	gev_chan *ch = channels[roll(CHANNELS)];
	gev_queue *q = &queues[roll(QUEUES)];

	switch (roll(6)) {
	case 0:
		h->arms[i] = (gev_choice)GEV_CHOOSE_SEND(ch, &h->out);
		break;
	case 1:
		h->arms[i] = (gev_choice)GEV_CHOOSE_RECV(ch, &h->in[i]);
		break;
	case 2:
		h->arms[i] = (gev_choice)GEV_CHOOSE_PUT(q, num(h->out));
		break;
	case 3:
		h->arms[i] = (gev_choice)GEV_CHOOSE_GET(q, &h->in[i]);
		break;
	case 4:
		h->arms[i] = (gev_choice)GEV_CHOOSE_ACQUIRE(&sem);
		break;
	default:
		h->arms[i] = (gev_choice){ .kind = GEV_CHOICE_NEVER };
	}
}

static void arrived(intptr_t item)
{
	if (t_ok(item > 0 && item <= ITEMS))
		t_eq(received[item]++, 0);
}

static void hold_permit(void)
{
	t_ok(++holders <= PERMITS);
	if (roll(2))
		gev_sleep(GEV_US(roll(9)));
	holders--;
	t_eq(gev_sem_release(&sem), 0);
}

/* Whether the item is gone. */
static bool done(struct hand *h, int i)
{
	t_eq(h->arms[i].error, 0);
	switch (h->arms[i].kind) {
	case GEV_CHOICE_SEND:
	case GEV_CHOICE_PUT:
		sent[h->out] = 1;
		return true;
	case GEV_CHOICE_RECV:
	case GEV_CHOICE_GET:
		arrived(h->in[i]);
		return false;
	default:
		hold_permit();
		return false;
	}
}

static int count_taken(const struct hand *h, int n)
{
	int taken = 0;

	for (int i = 0; i < n; i++)
		taken += h->arms[i].taken;
	return taken;
}

static intptr_t work(void *arg)
{
	struct hand h = { .out = 0 };

	(void)arg;
	while (next_item < ITEMS) {
		int n = 1 + (int)roll(ARMS), i;

		if (!h.out)
			h.out = ++next_item;
		for (i = 0; i < n; i++)
			prepare(&h, i);
		i = gev_choose(h.arms, n, GEV_US(roll(20)));
		t_eq(count_taken(&h, n), i >= 0);
		if (i >= 0 && done(&h, i))
			h.out = 0;
		if (i < 0 && errno == ECANCELED)
			return 0;
	}
	return 0;
}

static void drain(void)
{
	intptr_t item;

	for (int i = 0; i < CHANNELS; i++) {
		while (gev_chan_recv(channels[i], &item, 0) == 0)
			arrived(item);
		t_ok(gev__list_empty(&channels[i]->senders));
		t_ok(gev__list_empty(&channels[i]->receivers));
		gev_chan_free(channels[i]);
	}
	for (int i = 0; i < QUEUES; i++) {
		while (gev_queue_get(&queues[i], (void **)&item, 0) == 0)
			arrived(item);
		t_ok(!gev__sync_first(&queues[i].putters));
		t_ok(!gev__sync_first(&queues[i].getters));
		gev_queue_fini(&queues[i]);
	}
	t_eq(gev_sem_value(&sem), PERMITS);
}

/* Kills one now and then, and has another in its place. */
static void manage(gev_greenlet *workers[WORKERS])
{
	while (next_item < ITEMS) {
		gev_greenlet **g = &workers[roll(WORKERS)];

		gev_sleep(GEV_US(roll(50)));
		t_eq(gev_kill(*g, roll(2) ? GEV_FOREVER : 0), 0);
		gev_unref(*g);
		*g = gev_spawn(work, NULL);
	}
}

static void run(void)
{
	gev_greenlet *workers[WORKERS];

	t_virtual();
	next_item = 0;
	memset(sent, 0, sizeof(sent));
	memset(received, 0, sizeof(received));
	for (int i = 0; i < CHANNELS; i++)
		channels[i] = gev_chan_new(sizeof(intptr_t), (size_t)i);
	for (int i = 0; i < QUEUES; i++)
		gev_queue_init(&queues[i], (size_t)i + 1);
	gev_sem_init(&sem, PERMITS);
	for (int i = 0; i < WORKERS; i++)
		workers[i] = gev_spawn(work, NULL);
	manage(workers);
	t_eq(gev_joinall(workers, WORKERS, GEV_FOREVER), WORKERS);
	for (int i = 0; i < WORKERS; i++)
		gev_unref(workers[i]);
	settle();
	drain();
	t_eq(memcmp(sent, received, sizeof(sent)), 0);
}

static void every_item_arrives_exactly_once(void)
{
	const char *seed = getenv("SEED");

	dice = seed ? (unsigned)atoi(seed) : (unsigned)getpid();
	printf("# SEED=%u\n", dice);
	for (int i = 0; i < 3; i++)
		run();
}

int main(void)
{
	T_RUN(every_item_arrives_exactly_once);
	return t_done();
}
