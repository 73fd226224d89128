/* SPDX-License-Identifier: MIT */
/* The life of servers. */
#include "server/server.h"
#include <fcntl.h>
#include <gev/io.h>
#include <gev/tcp.h>
#include "base/mem.h"
#include "calls/descriptor.h"

#define MAX_ACCEPT 100
#define LAST_GRACE GEV_SEC(1) /* for handlers that were killed */

static int check(const struct gev_server_options *o)
{
	if (!o || !o->handle == !o->handle_datagram ||
		(o->flags & ~GEV_REUSE_PORT) || (o->max && o->pool))
		return -EINVAL;
	if (o->backlog < 0 || o->max_accept < 0 ||
		(!o->address && o->listener <= 0))
		return -EINVAL;
	return 0;
}

static int configure(gev_server *s, const struct gev_server_options *o)
{
	s->options = *o;
	s->has_address = o->address;
	s->listener = o->address ? -1 : o->listener;
	if (!o->pool)
		s->options.pool = &s->pool;
	if (!o->max_accept)
		s->options.max_accept = MAX_ACCEPT;
	gev_pool_init(&s->pool, o->max ? o->max : GEV_UNLIMITED);
	gev__list_init(&s->tasks);
	gev__list_init(&s->signals);
	gev_countdown_init(&s->busy, 0);
	gev_event_init(&s->stopped);
	s->refs = 1;
	s->options.address = NULL;
	if (!o->address)
		return 0;
	if (gev_address_parse(&s->address, o->address, -1) < 0)
		return -errno;
	return s->address.family == AF_UNIX && o->handle_datagram ? -EINVAL : 0;
}

static int make(const struct gev_server_options *o, gev_server **server)
{
	int r = check(o);
	gev_hub *hub = r == 0 ? gev__hub_get(&r) : NULL;
	gev_server *s = hub ? gev__alloc(sizeof(*s)) : NULL;

	if (!s)
		return r < 0 ? r : -ENOMEM;
	s->hub = hub;
	r = configure(s, o);
	if (r < 0)
		gev__free(s, sizeof(*s));
	else
		*server = s;
	return r;
}

void gev__server_put(gev_server *s)
{
	if (--s->refs)
		return;
	gev_pool_fini(&s->pool);
	gev_countdown_fini(&s->busy);
	gev_event_fini(&s->stopped);
	gev__free(s->buf, GEV__DATAGRAM_MAX);
	gev__free(s, sizeof(*s));
}

int gev__server_bind(const gev_address *a, const struct gev_server_options *o)
{
	int backlog = o->backlog ? o->backlog : -1, fd;

	if (o->handle_datagram)
		fd = gev_udp_bind(a->host, a->port, o->flags);
	else if (a->family == AF_UNIX)
		fd = gev_unix_listen(a->host, backlog);
	else
		fd = gev_tcp_listen_with(a->host, a->port, backlog, o->flags);
	return fd < 0 ? -errno : fd;
}

static int option(int fd, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0)
		return -errno;
	return value;
}

/*
 * What was inherited may be O_NONBLOCK.  A listener stays so in the kernel,
 * since others may be accepting from it just now.
 */
static int check_listener(const gev_server *s, int fd)
{
	bool stream = s->options.handle;
	int error, listens = option(fd, SO_ACCEPTCONN);
	struct gev__fd_rec *rec = gev__fd_get(s->hub, fd, &error);

	if (!rec || listens < 0)
		return rec ? listens : error;
	if (listens != stream)
		return -EINVAL;
	if (!rec->number->nonblock)
		return 0;
	rec->number->listens = stream;
	return gev_fcntl(fd, F_SETFL, 0) < 0 ? -errno : 0;
}

static int open_listener(gev_server *s)
{
	int fd = s->listener, r;

	if (fd < 0 && !s->has_address)
		return -EINVAL;
	if (fd < 0)
		fd = gev__server_bind(&s->address, &s->options);
	if (fd < 0)
		return fd;
	r = check_listener(s, fd);
	if (r == 0)
		s->listener = fd;
	else if (s->has_address)
		gev_close(fd);
	return r;
}

static int start(gev_server *s)
{
	int r;

	if (s->started)
		return -EALREADY;
	r = open_listener(s);
	if (r == 0)
		r = gev__server_accept(s);
	if (r < 0)
		return r;
	s->error = 0;
	s->started = true;
	gev_event_clear(&s->stopped);
	return 0;
}

static int close_server(gev_server *s)
{
	int fd = s->listener;
	int r = gev__server_cease(s);

	s->listener = -1;
	if (fd >= 0)
		gev_close(fd);
	return r;
}

/* Waits until all handlers have ended; kills them when the time is over. */
static int drain(gev_server *s, gev_time timeout)
{
	if (gev_countdown_wait(&s->busy, timeout) == 0)
		return 0;
	gev__tasks_kill(s);
	if (errno != ETIMEDOUT)
		return -errno;
	return gev_countdown_wait(&s->busy, LAST_GRACE) < 0 ? -errno : 0;
}

static int stop(gev_server *s, gev_time timeout)
{
	int r, error;

	if (timeout < GEV_FOREVER)
		return -EINVAL;
	s->refs++;
	error = s->options.handle ? close_server(s) : gev__server_cease(s);
	r = drain(s, timeout);
	close_server(s); /* handlers of datagrams have answered */
	s->started = false;
	gev_event_set(&s->stopped);
	gev__server_put(s);
	return error < 0 ? error : r;
}

/* The caller is told to end: this is done in spite of it. */
static void stop_at_once(gev_server *s)
{
	gev_shield_begin();
	stop(s, 0);
	gev_shield_end();
}

int gev__server_await(gev_server *s)
{
	int r;

	s->refs++;
	if (gev_event_wait(&s->stopped, GEV_FOREVER) < 0) {
		r = -errno;
		stop_at_once(s);
	} else {
		r = s->error;
	}
	gev__server_put(s);
	return r;
}

static int serve_forever(gev_server *s)
{
	int r = s->started ? 0 : start(s);

	return r < 0 ? r : gev__server_await(s);
}

static void add(uint64_t *sum, const uint64_t *stat)
{
	*sum += __atomic_load_n(stat, __ATOMIC_RELAXED);
}

void gev__server_sum(const gev_server *s, struct gev_server_stats *sum)
{
	add(&sum->accepted, &s->stats.accepted);
	add(&sum->failed, &s->stats.failed);
	add(&sum->handlers, &s->stats.handlers);
	add(&sum->peak, &s->stats.peak);
}

gev_server *gev_server_new(const struct gev_server_options *options)
{
	gev_server *s = NULL;
	int r = make(options, &s);

	return r < 0 ? gev__null(-r) : s;
}

int gev_server_free(gev_server *s)
{
	int r = s ? gev__server_check(s) : 0;

	if (!s || r < 0)
		return (int)gev__ret(r);
	stop_at_once(s);
	gev__signals_forget(&s->signals);
	gev__server_put(s);
	return 0;
}

int gev_server_start(gev_server *s)
{
	int r = gev__server_check(s);

	return (int)gev__ret(r < 0 ? r : start(s));
}

int gev_server_stop_accepting(gev_server *s)
{
	int r = gev__server_check(s);

	if (r == 0 && s->listener < 0)
		r = -EBADF;
	return (int)gev__ret(r < 0 ? r : gev__server_cease(s));
}

int gev_server_start_accepting(gev_server *s)
{
	int r = gev__server_check(s);

	return (int)gev__ret(r < 0 ? r : gev__server_accept(s));
}

int gev_server_close(gev_server *s)
{
	int r = gev__server_check(s);

	return (int)gev__ret(r < 0 ? r : close_server(s));
}

int gev_server_stop(gev_server *s, gev_time drain_for)
{
	int r = gev__server_check(s);

	return (int)gev__ret(r < 0 ? r : stop(s, drain_for));
}

int gev_server_serve_forever(gev_server *s)
{
	int r = gev__server_check(s);

	return (int)gev__ret(r < 0 ? r : serve_forever(s));
}

int gev_server_listener(const gev_server *s)
{
	return s ? s->listener : -1;
}

int gev_server_port(const gev_server *s)
{
	return s ? gev_socket_port(s->listener) : (int)gev__ret(-EINVAL);
}

size_t gev_server_address(const gev_server *s, char *buf, size_t size)
{
	struct sockaddr_storage addr;
	socklen_t length = sizeof(addr);

	if (!s || getsockname(s->listener, (struct sockaddr *)&addr,
			  &length) < 0) {
		if (size > 0)
			*buf = '\0';
		return 0;
	}
	return gev_address_format((struct sockaddr *)&addr, length, buf, size);
}

int gev_server_get_stats(const gev_server *s, struct gev_server_stats *stats)
{
	int r = gev__server_check(s);

	if (r < 0 || !stats)
		return (int)gev__ret(r < 0 ? r : -EINVAL);
	*stats = s->stats;
	return 0;
}
