/* SPDX-License-Identifier: MIT */
/*
 * One hub accepts for all threads.  It is a server with a handler that passes
 * the connection on, one at a time, so that no more than one waits for a place
 * when all threads are full.
 */
#include "server/service.h"
#include <gev/hub.h>
#include <gev/io.h>
#include <string.h>
#include "base/mem.h"

/* On its way to a thread. */
struct parcel {
	struct gev__worker *worker;
	int fd;
	socklen_t size;
	struct sockaddr_storage peer;
};

static void done(struct gev__worker *w)
{
	__atomic_fetch_sub(&w->load, 1, __ATOMIC_RELAXED);
	if (w->service->options.max)
		gev_thread_sem_release(&w->service->places);
}

void gev__hand_out_serve(int fd, const struct sockaddr *peer, socklen_t size,
	void *worker)
{
	struct gev__worker *w = worker;
	const struct gev_server_options *o = &w->service->options;

	o->handle(fd, peer, size, o->arg);
	done(w);
}

/* In the worker's hub, whose pool is never full. */
static int receive(void *arg)
{
	struct parcel p = *(struct parcel *)arg;

	gev__free(arg, sizeof(p));
	if (gev_server_adopt(p.worker->server, p.fd,
		    (struct sockaddr *)&p.peer, p.size) == 0)
		return 0;
	gev_close(p.fd);
	done(p.worker);
	return -errno;
}

static struct gev__worker *least_loaded(gev_service *v)
{
	struct gev__worker *best = NULL;
	int load, least = INT32_MAX;

	for (int i = 0; i < v->threads; i++) {
		load = __atomic_load_n(&v->workers[i].load, __ATOMIC_RELAXED);
		if (v->workers[i].hub && load < least) {
			least = load;
			best = &v->workers[i];
		}
	}
	return best;
}

/* 0: it is no longer ours; or -errno. */
static int post(gev_service *v, struct parcel *p)
{
	int r = -EPIPE;

	pthread_mutex_lock(&v->lock);
	p->worker = least_loaded(v);
	if (p->worker) {
		__atomic_fetch_add(&p->worker->load, 1, __ATOMIC_RELAXED);
		r = gev_hub_post(p->worker->hub, receive, p) < 0 ? -errno : 0;
		if (r < 0)
			__atomic_fetch_sub(&p->worker->load, 1,
				__ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&v->lock);
	return r;
}

static void hand_out(int fd, const struct sockaddr *peer, socklen_t size,
	void *service)
{
	gev_service *v = service;
	struct parcel *p;

	if (v->options.max && gev_thread_sem_acquire(&v->places,
				      GEV_FOREVER) < 0)
		return;
	p = gev__alloc(sizeof(*p));
	if (p) {
		p->fd = fd;
		p->size = size;
		memcpy(&p->peer, peer, size);
		gev_forget(fd); /* so that it is not closed here */
		if (post(v, p) == 0)
			return;
		gev__free(p, sizeof(*p));
		gev_close(fd);
	}
	if (v->options.max)
		gev_thread_sem_release(&v->places);
}

static void stop_workers(gev_service *v)
{
	pthread_mutex_lock(&v->lock);
	for (int i = 0; i < v->threads; i++)
		gev__worker_stop(&v->workers[i], v->drain);
	pthread_mutex_unlock(&v->lock);
}

/* When nothing is accepted any more the threads stop too. */
static intptr_t keep(void *service)
{
	gev_service *v = service;

	if (gev_server_serve_forever(v->acceptor) < 0)
		v->error = -errno;
	stop_workers(v);
	return 0;
}

int gev__hand_out_open(gev_service *v, const char *address, int listener)
{
	struct gev_server_options options = v->options;

	options.address = address;
	options.listener = listener;
	options.handle = hand_out;
	options.arg = v;
	options.max = 1;
	if (v->options.max > UINT32_MAX / (size_t)v->threads)
		return -EINVAL;
	gev_thread_sem_init(&v->places,
		(unsigned)(v->options.max * (size_t)v->threads));
	v->acceptor = gev_server_new(&options);
	return v->acceptor ? 0 : -errno;
}

int gev__hand_out_start(gev_service *v)
{
	if (gev_server_start(v->acceptor) < 0)
		return -errno;
	v->keeper = gev_spawn(keep, v);
	return v->keeper ? 0 : -errno;
}

static intptr_t stop(void *service)
{
	return gev_server_stop(((gev_service *)service)->acceptor, 0);
}

/* In the acceptor's hub. */
static int stop_here(void *service)
{
	gev_service *v = service;

	pthread_mutex_lock(&v->lock);
	v->posts--;
	pthread_mutex_unlock(&v->lock);
	return gev_pool_go(&v->stoppers, stop, v, 0) < 0 ? -errno : 0;
}

int gev__hand_out_stop(gev_service *v)
{
	if (gev_hub_post(v->hub, stop_here, v) < 0)
		return -errno;
	v->posts++;
	return 0;
}

static int posts(gev_service *v)
{
	int n;

	pthread_mutex_lock(&v->lock);
	n = v->posts;
	pthread_mutex_unlock(&v->lock);
	return n;
}

void gev__hand_out_end(gev_service *v)
{
	while (posts(v) > 0 && gev_yield() == 0)
		;
	gev_pool_join(&v->stoppers, GEV_FOREVER);
	if (v->keeper)
		gev_join(v->keeper, GEV_FOREVER);
	gev_unref(v->keeper);
	gev_server_free(v->acceptor);
	gev_thread_sem_fini(&v->places);
}
