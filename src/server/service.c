/* SPDX-License-Identifier: MIT */
/* The life of services. */
#include "server/service.h"
#include <fcntl.h>
#include <gev/io.h>
#include <gev/tcp.h>
#include <signal.h>
#include "base/mem.h"

static size_t size_of(int threads)
{
	return sizeof(gev_service) +
	       (size_t)threads * sizeof(struct gev__worker);
}

static int check(const struct gev_server_options *o, int threads,
	unsigned flags)
{
	if (!o || threads <= 0 || o->pool || (flags & ~GEV_HAND_OUT))
		return -EINVAL;
	return (flags & GEV_HAND_OUT) && o->handle_datagram ? -EINVAL : 0;
}

static void init(gev_service *v, const struct gev_server_options *o,
	int threads, unsigned flags)
{
	v->hub = gev_hub_get();
	v->options = *o;
	v->options.address = NULL;
	v->flags = flags;
	v->threads = threads;
	v->unready = threads;
	v->living = threads;
	gev__list_init(&v->signals);
	gev_pool_init(&v->stoppers, GEV_UNLIMITED);
	gev_thread_event_init(&v->ready);
	gev_thread_event_init(&v->ended);
	pthread_mutex_init(&v->lock, NULL);
	for (int i = 0; i < threads; i++) {
		v->workers[i].service = v;
		v->workers[i].listener = -1;
		gev_pool_init(&v->workers[i].stoppers, GEV_UNLIMITED);
	}
}

static int copy_of(int fd)
{
	fd = gev_fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

/* The same socket for all. */
static int share(gev_service *v, int fd)
{
	for (int i = 0; i < v->threads; i++) {
		int copy = copy_of(fd);

		if (copy < 0)
			return copy;
		v->workers[i].listener = copy;
	}
	return 0;
}

/* One for each, all on the port that the first one gets. */
static int open_each(gev_service *v, gev_address *a)
{
	if (v->threads > 1)
		v->options.flags |= GEV_REUSE_PORT;
	for (int i = 0; i < v->threads; i++) {
		int fd = gev__server_bind(a, &v->options);

		if (fd < 0)
			return fd;
		v->workers[i].listener = fd;
		a->port = gev_socket_port(fd);
	}
	return 0;
}

static int open_listeners(gev_service *v, const char *address, int listener)
{
	gev_address a;
	int fd, r;

	if (!address)
		return share(v, listener);
	if (gev_address_parse(&a, address, -1) < 0)
		return -errno;
	if (a.family != AF_UNIX)
		return open_each(v, &a);
	fd = gev__server_bind(&a, &v->options);
	if (fd < 0)
		return fd;
	r = share(v, fd);
	gev_close(fd);
	return r;
}

static int open_acceptor(gev_service *v, const char *address, int listener)
{
	int copy = address ? -1 : copy_of(listener), r;

	if (!address && copy < 0)
		return copy;
	r = gev__hand_out_open(v, address, copy);
	if (r < 0 && copy >= 0)
		gev_close(copy);
	return r;
}

/* One that there will never be. */
static void miss(gev_service *v, struct gev__worker *w)
{
	pthread_mutex_lock(&v->lock);
	if (--v->unready == 0)
		gev_thread_event_set(&v->ready);
	if (--v->living == 0)
		gev_thread_event_set(&v->ended);
	pthread_mutex_unlock(&v->lock);
	if (w->listener >= 0)
		gev_close(w->listener);
}

/* Signals are for the threads that were there before. */
static int start_threads(gev_service *v)
{
	sigset_t all, saved;
	int error = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &saved);
	for (int i = 0; i < v->threads; i++) {
		struct gev__worker *w = &v->workers[i];

		if (error == 0)
			error = pthread_create(&w->thread, NULL,
				gev__worker_run, w);
		w->created = error == 0;
		if (error)
			miss(v, w);
	}
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	return -error;
}

static void miss_all(gev_service *v)
{
	for (int i = 0; i < v->threads; i++)
		miss(v, &v->workers[i]);
}

static int first_error(const gev_service *v)
{
	for (int i = 0; i < v->threads; i++)
		if (v->workers[i].error)
			return v->workers[i].error;
	return v->error;
}

static int start(gev_service *v, const char *address, int listener)
{
	int r = v->flags & GEV_HAND_OUT ?
			open_acceptor(v, address, listener) :
			open_listeners(v, address, listener);

	if (r < 0) {
		miss_all(v);
		return r;
	}
	r = start_threads(v);
	if (r == 0 && gev_thread_event_wait(&v->ready, GEV_FOREVER) < 0)
		r = -errno;
	if (r == 0)
		r = first_error(v);
	if (r == 0 && v->acceptor)
		r = gev__hand_out_start(v);
	return r;
}

static int stop(gev_service *v, gev_time drain)
{
	int r = 0;

	if (!v || drain < GEV_FOREVER)
		return -EINVAL;
	pthread_mutex_lock(&v->lock);
	v->drain = drain;
	if (v->keeper)
		r = gev__hand_out_stop(v);
	for (int i = 0; r == 0 && !v->keeper && i < v->threads; i++)
		r = gev__worker_stop(&v->workers[i], drain);
	pthread_mutex_unlock(&v->lock);
	return r;
}

static void end(gev_service *v)
{
	gev_shield_begin();
	gev_thread_event_wait(&v->ready, GEV_FOREVER);
	while (stop(v, 0) < 0)
		gev_sleep(GEV_MS(10));
	gev_thread_event_wait(&v->ended, GEV_FOREVER);
	for (int i = 0; i < v->threads; i++)
		if (v->workers[i].created)
			pthread_join(v->workers[i].thread, NULL);
	gev__hand_out_end(v);
	gev_shield_end();
	gev__signals_forget(&v->signals);
	pthread_mutex_destroy(&v->lock);
	gev__free(v, size_of(v->threads));
}

gev_service *gev_service_start(const struct gev_server_options *options,
	int threads, unsigned flags)
{
	int r = check(options, threads, flags);
	gev_hub *hub = r == 0 ? gev__hub_get(&r) : NULL;
	gev_service *v = hub ? gev__alloc(size_of(threads)) : NULL;

	if (!v)
		return gev__null(r < 0 ? -r : ENOMEM);
	init(v, options, threads, flags);
	r = start(v, options->address, options->listener);
	if (r < 0) {
		end(v);
		return gev__null(-r);
	}
	if (!options->address)
		gev_close(options->listener);
	return v;
}

int gev_service_stop(gev_service *v, gev_time drain)
{
	return (int)gev__ret(stop(v, drain));
}

static int stop_now(void *service, gev_time drain)
{
	return stop(service, drain);
}

static int check_thread(const gev_service *v)
{
	return v->hub == gev__hub_here() ? 0 : -EPERM;
}

int gev_service_stop_on(gev_service *v, int signum, gev_time drain)
{
	int r = v ? check_thread(v) : -EINVAL;

	if (r == 0)
		r = gev__signals_add(&v->signals, v->hub, signum, drain,
			stop_now, v);
	return (int)gev__ret(r);
}

int gev_service_wait(gev_service *v, gev_time timeout)
{
	if (!v)
		return (int)gev__ret(-EINVAL);
	if (gev_thread_event_wait(&v->ended, timeout) < 0)
		return -1;
	return (int)gev__ret(first_error(v));
}

int gev_service_free(gev_service *v)
{
	int r = v ? check_thread(v) : 0;

	if (v && r == 0 && gev__hub_is_current(v->hub))
		r = -EDEADLK;
	if (v && r == 0)
		end(v);
	return (int)gev__ret(r);
}

int gev_service_listeners(const gev_service *v, int *fds, int max)
{
	int n = v ? v->threads : 0;

	if (v && v->acceptor) {
		if (max > 0)
			*fds = gev_server_listener(v->acceptor);
		return 1;
	}
	for (int i = 0; i < n && i < max; i++)
		fds[i] = v->workers[i].listener;
	return n;
}

int gev_service_port(const gev_service *v)
{
	int fd = -1;

	if (gev_service_listeners(v, &fd, 1) == 0)
		return (int)gev__ret(-EINVAL);
	return gev_socket_port(fd);
}

int gev_service_get_stats(const gev_service *v, struct gev_server_stats *stats)
{
	pthread_mutex_t *lock = v ? (pthread_mutex_t *)&v->lock : NULL;

	if (!v || !stats)
		return (int)gev__ret(-EINVAL);
	*stats = (struct gev_server_stats){ 0 };
	pthread_mutex_lock(lock);
	for (int i = 0; i < v->threads; i++) {
		const struct gev__worker *w = &v->workers[i];

		if (w->hub) {
			gev__server_sum(w->server, stats);
			continue;
		}
		stats->accepted += w->stats.accepted;
		stats->failed += w->stats.failed;
		stats->handlers += w->stats.handlers;
		stats->peak += w->stats.peak;
	}
	pthread_mutex_unlock(lock);
	return 0;
}

int gev_serve(const struct gev_server_options *options, int threads,
	gev_time drain)
{
	gev_service *v = gev_service_start(options, threads, 0);
	int r;

	if (!v)
		return -1;
	if (gev_service_stop_on(v, SIGTERM, drain) < 0 ||
		gev_service_stop_on(v, SIGINT, drain) < 0)
		r = -errno;
	else
		r = gev_service_wait(v, GEV_FOREVER) < 0 ? -errno : 0;
	gev_service_free(v);
	return (int)gev__ret(r);
}
