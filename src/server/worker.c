/* SPDX-License-Identifier: MIT */
/* A thread of a service: a hub and a server. */
#include "server/service.h"
#include <gev/hub.h>
#include <gev/io.h>

static intptr_t stop(void *worker)
{
	struct gev__worker *w = worker;
	gev_time drain = __atomic_load_n(&w->drain, __ATOMIC_RELAXED);

	return gev_server_stop(w->server, drain);
}

/* In the worker's hub. */
static int stop_here(void *worker)
{
	struct gev__worker *w = worker;

	return gev_pool_go(&w->stoppers, stop, w, 0) < 0 ? -errno : 0;
}

int gev__worker_stop(struct gev__worker *w, gev_time drain)
{
	if (!w->hub)
		return 0;
	__atomic_store_n(&w->drain, drain, __ATOMIC_RELAXED);
	return gev_hub_post(w->hub, stop_here, w) < 0 ? -errno : 0;
}

/* From here on it can be told to stop. */
static void report(struct gev__worker *w, int error)
{
	gev_service *v = w->service;

	pthread_mutex_lock(&v->lock);
	w->hub = error ? NULL : gev_hub_get();
	w->error = error;
	if (--v->unready == 0)
		gev_thread_event_set(&v->ready);
	pthread_mutex_unlock(&v->lock);
}

static int begin(struct gev__worker *w)
{
	struct gev_server_options options = w->service->options;

	options.listener = w->listener;
	if (w->service->acceptor) {
		options.handle = gev__hand_out_serve;
		options.arg = w;
		options.max = 0;
		options.address = ":0"; /* which is never bound */
	}
	w->server = gev_server_new(&options);
	if (!w->server)
		return -errno;
	if (w->service->acceptor)
		return 0;
	return gev_server_start(w->server) < 0 ? -errno : 0;
}

/* The last thing it does with the service, which may be freed then. */
static void leave(struct gev__worker *w)
{
	gev_service *v = w->service;

	pthread_mutex_lock(&v->lock);
	if (--v->living == 0)
		gev_thread_event_set(&v->ended);
	pthread_mutex_unlock(&v->lock);
}

/* Who is handed connections waits for other threads: that is no deadlock. */
static int serve(struct gev__worker *w)
{
	gev_hub *hub = gev_hub_get();
	int r;

	gev__hold(hub);
	r = gev__server_await(w->server);
	gev__unhold(hub);
	return r;
}

static void end(struct gev__worker *w, int error)
{
	pthread_mutex_lock(&w->service->lock);
	w->hub = NULL;
	w->error = error;
	if (w->server)
		gev__server_sum(w->server, &w->stats);
	pthread_mutex_unlock(&w->service->lock);
	gev_pool_join(&w->stoppers, GEV_FOREVER);
	if (!w->server && w->listener >= 0)
		gev_close(w->listener);
	gev_server_free(w->server);
	gev_hub_destroy(GEV_DESTROY_LOOP);
}

void *gev__worker_run(void *worker)
{
	struct gev__worker *w = worker;
	int r = begin(w);

	report(w, r);
	end(w, r < 0 ? r : serve(w));
	leave(w);
	return NULL;
}
