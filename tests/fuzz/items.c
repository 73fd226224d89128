/* SPDX-License-Identifier: MIT */
/*
 * What is done to channels and queues ("pipes").  Items are numbered in the
 * order in which they were offered.  What was sent arrives once, or is still
 * there in the end; what was not does not; and who receives twice from a pipe
 * that keeps order gets the older item first.
 */
#include "actor.h"
#include <string.h>

#define CHANNELS 3
#define QUEUES (PIPES - CHANNELS)
#define LIFO (CHANNELS + 2) /* the first that does not keep order */

struct item {
	unsigned pipe;
	bool sent, received;
};

static gev_chan *channels[CHANNELS];
static gev_queue queues[QUEUES];
static struct item items[BYTES + 1];
static intptr_t offered;
static intptr_t latest[PIPES]; /* that was received */
static bool closed[PIPES];
static size_t inside[PIPES]; /* sent, and not received */
static size_t undone[PIPES]; /* sent, and not task_done() */
static size_t forgotten;     /* by a shutdown */

static bool is_channel(unsigned p)
{
	return p < CHANNELS;
}

static gev_queue *queue(unsigned p)
{
	return &queues[p - CHANNELS];
}

/* At most one for each byte of the script, so there is room. */
static intptr_t new_item(unsigned p)
{
	items[++offered] = (struct item){.pipe = p};
	return offered;
}

static void sent(intptr_t n)
{
	items[n].sent = true;
	inside[items[n].pipe]++;
	undone[items[n].pipe]++;
}

static bool exists(unsigned p, intptr_t n)
{
	return must(n > 0 && n <= offered) && must(items[n].pipe == p);
}

static void received(struct actor *self, unsigned p, intptr_t n)
{
	if (!exists(p, n))
		return;
	must(!items[n].received);
	items[n].received = true;
	inside[p]--;
	if (p < LIFO)
		must(n > self->last[p]);
	self->last[p] = n;
	if (latest[p] < n)
		latest[p] = n;
}

static int epipe(unsigned p)
{
	return closed[p] ? EPIPE : 0;
}

static void act_send(struct actor *self)
{
	unsigned p = below(PIPES);
	gev_time limit = wait_begins(self);
	intptr_t n = new_item(p);
	int r = is_channel(p) ? gev_chan_send(channels[p], &n, limit)
			      : gev_queue_put(queue(p), (void *)n, limit);

	if (wait_ends(self, r, epipe(p)) == 0)
		sent(n);
}

static int receive(unsigned p, intptr_t *n, gev_time limit)
{
	void *item = NULL;
	int r;

	if (is_channel(p))
		return gev_chan_recv(channels[p], n, limit);
	r = gev_queue_get(queue(p), &item, limit);
	*n = (intptr_t)item;
	return r;
}

static void act_receive(struct actor *self)
{
	unsigned p = below(PIPES);
	gev_time limit = wait_begins(self);
	intptr_t n = 0;
	int r = receive(p, &n, limit);

	if (wait_ends(self, r, epipe(p)) == 0)
		received(self, p, n);
}

static void act_peek(struct actor *self)
{
	unsigned p = CHANNELS + below(QUEUES);
	gev_time limit = wait_begins(self);
	void *item = NULL;
	int r = gev_queue_peek(queue(p), &item, limit);

	if (wait_ends(self, r, epipe(p)) == 0)
		exists(p, (intptr_t)item);
}

static void act_task_done(struct actor *self)
{
	unsigned p = CHANNELS + below(QUEUES);

	(void)self;
	if (gev_queue_unfinished(queue(p)) == 0) {
		must(gev_queue_task_done(queue(p)) < 0 && errno == EINVAL);
	} else {
		must(gev_queue_task_done(queue(p)) == 0);
		undone[p]--;
	}
}

static void act_queue_join(struct actor *self)
{
	gev_queue *q = &queues[below(QUEUES)];
	gev_time limit = wait_begins(self);

	wait_ends(self, gev_queue_join(q, limit), 0);
}

/* What is emptied at once is done, though no more than was not. */
static void shut_down(unsigned p, bool at_once)
{
	size_t lost = at_once ? gev_queue_qsize(queue(p)) : 0;
	size_t left = gev_queue_unfinished(queue(p));

	must(gev_queue_shutdown(queue(p), at_once) == 0);
	forgotten += lost;
	inside[p] -= lost;
	undone[p] -= lost < left ? lost : left;
}

/* Seldom, as little can happen afterwards. */
static void act_close(struct actor *self)
{
	unsigned n = below(256), p = n % PIPES;

	(void)self;
	if (n < 224)
		return;
	if (is_channel(p))
		must(gev_chan_close(channels[p]) == (closed[p] ? -1 : 0));
	else
		shut_down(p, below(2));
	closed[p] = true;
}

void pipe_choice(gev_choice *c, struct arm *arm, bool send)
{
	unsigned p = arm->of = below(PIPES);

	arm->n = send ? new_item(p) : 0;
	if (is_channel(p) && send)
		*c = (gev_choice)GEV_CHOOSE_SEND(channels[p], &arm->n);
	else if (is_channel(p))
		*c = (gev_choice)GEV_CHOOSE_RECV(channels[p], &arm->n);
	else if (send)
		*c = (gev_choice)GEV_CHOOSE_PUT(queue(p), arm->n);
	else
		*c = (gev_choice)GEV_CHOOSE_GET(queue(p), &arm->n);
}

void pipe_taken(struct actor *self, const gev_choice *c, const struct arm *arm)
{
	if (c->error)
		must((c->error == EPIPE && closed[arm->of]) ||
			(c->error == ENOMEM && starved()));
	else if (c->kind == GEV_CHOICE_SEND || c->kind == GEV_CHOICE_PUT)
		sent(arm->n);
	else
		received(self, arm->of, arm->n);
}

static void init(void)
{
	offered = 0;
	forgotten = 0;
	memset(latest, 0, sizeof(latest));
	memset(closed, 0, sizeof(closed));
	memset(inside, 0, sizeof(inside));
	memset(undone, 0, sizeof(undone));
	for (size_t i = 0; i < CHANNELS; i++)
		must((channels[i] = gev_chan_new(sizeof(intptr_t), i)) != NULL);
	queues[0] = (gev_queue)GEV_QUEUE_INIT(0);
	queues[1] = (gev_queue)GEV_QUEUE_INIT(2);
	queues[2] = (gev_queue)GEV_LIFO_QUEUE_INIT(2);
	queues[3] = (gev_queue)GEV_PRIORITY_QUEUE_INIT(3, NULL);
}

/* Takes what is left, all of it newer than what was received. */
static void drain(unsigned p)
{
	struct actor nobody = {0};
	intptr_t n;

	if (!is_channel(p))
		must(gev_queue_unfinished(queue(p)) == undone[p]);
	memcpy(nobody.last, latest, sizeof(latest));
	while (receive(p, &n, 0) == 0)
		received(&nobody, p, n);
	must(errno == (closed[p] ? EPIPE : EAGAIN));
	must(inside[p] == 0);
}

static void fini(void)
{
	size_t lost = 0;

	for (unsigned p = 0; p < PIPES; p++)
		drain(p);
	for (intptr_t n = 1; n <= offered; n++) {
		must(items[n].sent || !items[n].received);
		lost += items[n].sent && !items[n].received;
	}
	must(lost == forgotten);
	for (int i = 0; i < CHANNELS; i++)
		must(gev_chan_free(channels[i]) == 0);
	for (int i = 0; i < QUEUES; i++)
		must(gev_queue_fini(&queues[i]) == 0);
}

static act_fn *const fns[] = {act_send, act_send, act_receive, act_receive,
	act_peek, act_task_done, act_queue_join, act_close};

const struct acts item_acts = {
	.fns = fns, .n = ACTS_N(fns), .init = init, .fini = fini};
