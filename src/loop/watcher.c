/* SPDX-License-Identifier: MIT */
/*
 * What all watchers have in common: being started and stopped, counted, and
 * called in order.
 *
 * An event only ever queues a watcher (pend).  It is called later, off the
 * queue, so a callback may stop, start or free any watcher: who was stopped is
 * no longer in the queue, and nobody else holds a pointer to it.
 */
#include "loop/watch.h"

struct kind {
	const char *name;
	void (*stop)(gev_watcher *w);
	bool (*ready)(gev_watcher *w);
};

static const struct kind kinds[GEV__KINDS] = {
	[GEV__IO] = { "io", gev__io_stop, gev__io_ready },
	[GEV__TIMER] = { "timer", gev__timer_stop, gev__timer_ready },
	[GEV__SIGNAL] = { "signal", gev__signal_stop, NULL },
	[GEV__CHILD] = { "child", gev__child_stop, gev__child_ready },
	[GEV__ASYNC] = { "async", NULL, gev__async_ready },
	[GEV__STAT] = { "stat", gev__stat_stop, gev__stat_ready },
	[GEV__IDLE] = { "idle", NULL, NULL },
	[GEV__PREPARE] = { "prepare", NULL, NULL },
	[GEV__CHECK] = { "check", NULL, NULL },
	[GEV__FORK] = { "fork", NULL, NULL },
};

void gev__queue_init(struct gev__queue *queue)
{
	for (int i = 0; i < GEV__PRIORITIES; i++)
		gev__list_init(&queue->of[i]);
}

bool gev__queue_empty(const struct gev__queue *queue)
{
	for (int i = 0; queue->used && i < GEV__PRIORITIES; i++)
		if (!gev__list_empty(&queue->of[i]))
			return false;
	return true;
}

static gev_watcher *queued(struct gev_list *node)
{
	return gev__container(node, gev_watcher, pending);
}

/* By priority, and within one by kind. */
static void queue_add(struct gev__queue *queue, gev_watcher *w)
{
	struct gev_list *list = &queue->of[GEV_PRIORITY_MAX - w->priority];
	struct gev_list *at = list->prev;

	while (at != list && queued(at)->kind > w->kind)
		at = at->prev;
	gev__list_insert(&w->pending, at, at->next);
	queue->used = true;
}

static gev_watcher *take_first(struct gev__queue *queue)
{
	for (int i = 0; i < GEV__PRIORITIES; i++) {
		struct gev_list *node = gev__list_pop(&queue->of[i]);

		if (node)
			return queued(node);
	}
	return NULL;
}

static void call(gev_watcher *w)
{
	const struct kind *kind = &kinds[w->kind];
	gev_loop *loop = w->loop;
	gev_watcher_fn *fn = w->fn;
	void *arg = w->arg;
	int revents = w->revents;
	int r;

	w->revents = 0;
	if (kind->ready && !kind->ready(w))
		return;
	r = fn(w, revents, arg);
	if (r < 0)
		gev__loop_error(loop, r, kind->name);
}

void gev__queue_run(struct gev__queue *queue)
{
	gev_watcher *w;

	while (queue->used && (w = take_first(queue)))
		call(w);
	queue->used = false;
}

void gev__queue_drop(struct gev__queue *queue)
{
	gev_watcher *w;

	while ((w = take_first(queue)))
		gev__watcher_end(w);
}

int gev__watcher_init(gev_watcher *w, gev_loop *loop, enum gev__kind kind,
	int problem)
{
	if (!w)
		return -EINVAL;
	if (!loop)
		problem = -EINVAL;
	*w = (gev_watcher){ .loop = problem ? NULL : loop, .kind = kind };
	gev__list_init(&w->link);
	gev__list_init(&w->pending);
	return problem;
}

int gev__watcher_startable(const gev_watcher *w, gev_watcher_fn *fn)
{
	if (!w || !w->loop || !fn)
		return -EINVAL;
	if (!gev__loop_mine(w->loop))
		return -EPERM;
	return w->active ? -EALREADY : 0;
}

void gev__watcher_begin(gev_watcher *w, gev_watcher_fn *fn, void *arg)
{
	w->fn = fn;
	w->arg = arg;
	w->revents = 0;
	w->active = true;
	if (w->kind != GEV__TIMER) /* the heap knows them */
		gev__list_add_tail(&w->loop->watchers[w->kind], &w->link);
	if (!w->noref)
		gev__loop_ref(w->loop);
}

void gev__watcher_end(gev_watcher *w)
{
	if (!w->active)
		return;
	w->active = false;
	w->fn = NULL;
	w->arg = NULL;
	gev__list_del(&w->link);
	gev__list_del(&w->pending);
	if (!w->noref)
		gev__loop_unref(w->loop);
	if (kinds[w->kind].stop)
		kinds[w->kind].stop(w);
}

void gev__watcher_pend(gev_watcher *w)
{
	gev_loop *loop = w->loop;

	if (gev__list_empty(&w->pending))
		queue_add(w->kind == GEV__FORK ? &loop->forked : &loop->pending,
			w);
}

void gev__watchers_pend(gev_loop *loop, enum gev__kind kind)
{
	struct gev_list *node;

	gev__list_for_each(node, &loop->watchers[kind])
		gev__watcher_pend(gev__container(node, gev_watcher, link));
}

/* 0 if the calling thread may change @w. */
static int changeable(const gev_watcher *w)
{
	if (!w || !w->loop)
		return -EINVAL;
	return gev__loop_mine(w->loop) ? 0 : -EPERM;
}

int gev_watcher_stop(gev_watcher *w)
{
	int r = changeable(w);

	if (r == 0)
		gev__watcher_end(w);
	return gev__ret(r);
}

bool gev_watcher_active(const gev_watcher *w)
{
	return w && w->active;
}

bool gev_watcher_pending(const gev_watcher *w)
{
	return w && w->active && !gev__list_empty(&w->pending);
}

int gev_watcher_set_ref(gev_watcher *w, bool ref)
{
	int r = changeable(w);

	if (r < 0)
		return gev__ret(r);
	if (w->active)
		w->loop->refs += ref - !w->noref;
	w->noref = !ref;
	return 0;
}

bool gev_watcher_ref(const gev_watcher *w)
{
	return w && !w->noref;
}

int gev_watcher_set_priority(gev_watcher *w, int priority)
{
	int r = changeable(w);

	if (r < 0)
		return gev__ret(r);
	if (priority < GEV_PRIORITY_MIN || priority > GEV_PRIORITY_MAX)
		return gev__ret(-EINVAL);
	if (w->active)
		return gev__ret(-EBUSY);
	w->priority = priority;
	return 0;
}

int gev_watcher_priority(const gev_watcher *w)
{
	return w ? w->priority : 0;
}
