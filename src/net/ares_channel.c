/* SPDX-License-Identifier: MIT */
#include "net/ares_channel.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "net/stamp.h"

struct socket_watch {
	struct gev_list node;
	gev_io_watcher io;
	struct gev__ares_channel *channel;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int library_status;

static void init_library(void)
{
	library_status = ares_library_init(ARES_LIB_INIT_ALL);
}

bool gev__ares_is_there(void)
{
	return true;
}

int gev__ares_code(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return 0;
	case ARES_ENODATA:
		return EAI_NODATA;
	case ARES_ENOTFOUND:
	case ARES_EBADNAME:
		return EAI_NONAME;
	case ARES_ENOMEM:
		return EAI_MEMORY;
	case ARES_ECANCELLED:
		return EAI_SYSTEM; /* with the channel's failure */
	case ARES_ESERVFAIL:
		return GEV__SERVFAIL;
	case ARES_EREFUSED:
	case ARES_ENOTIMP:
	case ARES_ECONNREFUSED:
	case ARES_ETIMEOUT:
		return EAI_AGAIN;
	}
	return EAI_FAIL;
}

static void stop_timer(struct gev__ares_channel *c)
{
	gev_watcher_stop(&c->timer.w);
}

static void free_channel(struct gev__ares_channel *c)
{
	gev__list_del(&c->base.node);
	if (c->ares)
		ares_destroy(c->ares); /* closes the sockets, we're told */
	stop_timer(c);
	free(c);
}

static int on_timer(gev_watcher *w, int revents, void *arg);

/* c-ares counts whole milliseconds, and must not be found to be early. */
static void start_timer(struct gev__ares_channel *c, gev_time after)
{
	stop_timer(c);
	c->due = gev_loop_update(c->hub->loop) + after;
	gev_timer_init(&c->timer, c->hub->loop, after + GEV_MS(1), 0);
	gev_watcher_set_ref(&c->timer.w, false);
	if (gev_timer_start(&c->timer, on_timer, c) < 0)
		c->failure = errno;
}

/*
 * For the first of all timeouts.  c-ares looks at all that is asked to tell
 * which that is, so it is not asked while there is one to come that no later
 * question can precede.
 */
static void adjust_timer(struct gev__ares_channel *c)
{
	bool active = gev_watcher_active(&c->timer.w);
	struct timeval tv;

	if (c->asked == 0)
		stop_timer(c);
	else if (active && c->due > c->hub->loop->now + c->timeout)
		start_timer(c, c->timeout);
	else if (!active && ares_timeout(c->ares, NULL, &tv))
		start_timer(c, GEV_SEC(tv.tv_sec) + GEV_US(tv.tv_usec));
}

void gev__ares_settle(struct gev__ares_channel *c)
{
	c->rcode = 0;
	c->no_socket = 0;
	adjust_timer(c);
	if (c->failure) {
		ares_cancel(c->ares);
		c->failure = 0;
		stop_timer(c);
	}
	if (c->base.retired && c->asked == 0)
		free_channel(c);
}

static int on_timer(gev_watcher *w, int revents, void *arg)
{
	struct gev__ares_channel *c = arg;

	(void)w;
	(void)revents;
	ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	gev__ares_settle(c);
	return 0;
}

static int on_io(gev_watcher *w, int revents, void *arg)
{
	struct gev__ares_channel *c = arg;
	int fd = ((gev_io_watcher *)w)->fd;

	ares_process_fd(c->ares, revents & GEV_READ ? fd : ARES_SOCKET_BAD,
		revents & GEV_WRITE ? fd : ARES_SOCKET_BAD);
	gev__ares_settle(c);
	return 0;
}

static struct socket_watch *watch_of(struct gev__ares_channel *c, int fd)
{
	struct gev_list *node;

	gev__list_for_each(node, &c->sockets) {
		struct socket_watch *s =
			gev__container(node, struct socket_watch, node);

		if (s->io.fd == fd)
			return s;
	}
	return NULL;
}

static void unwatch(struct socket_watch *s)
{
	gev_watcher_stop(&s->io.w);
	gev__list_del(&s->node);
	free(s);
}

static struct socket_watch *new_watch(struct gev__ares_channel *c)
{
	struct socket_watch *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->channel = c;
	gev__list_add_tail(&c->sockets, &s->node);
	return s;
}

static void watch(struct gev__ares_channel *c, struct socket_watch *s, int fd,
	int events)
{
	gev_watcher_stop(&s->io.w);
	gev_io_init(&s->io, c->hub->loop, fd, events);
	gev_watcher_set_ref(&s->io.w, false);
	if (gev_io_start(&s->io, on_io, c) < 0)
		c->failure = errno;
}

/* c-ares tells which of its sockets to look at, and for what. */
static void on_socket_state(void *arg, ares_socket_t fd, int readable,
	int writable)
{
	struct gev__ares_channel *c = arg;
	struct socket_watch *s = watch_of(c, fd);
	int events = (readable ? GEV_READ : 0) | (writable ? GEV_WRITE : 0);

	if (!s && events)
		s = new_watch(c);
	if (!s && events)
		c->failure = ENOMEM;
	if (!s)
		return;
	if (events)
		watch(c, s, fd, events);
	else
		unwatch(s);
}

/*
 * c-ares takes a file that it can't open for one that is not there, and would
 * ask this machine from then on.  0 or an EAI code.
 */
static int check_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return gev__eai(gev__stamp_error(-errno));
	close(fd);
	return 0;
}

static int open_channel(struct gev__ares_channel *c,
	const struct gev__ares_setup *setup)
{
	char resolv_conf[4096];
	struct ares_options options = {
		.timeout = setup->timeout,
		.tries = setup->tries,
		.lookups = (char *)"b",
		.ndomains = 0, /* names are asked for as they are */
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = c,
		.resolvconf_path = resolv_conf,
	};
	int r = check_file(setup->resolv_conf);

	if (r)
		return r;
	strncpy(resolv_conf, setup->resolv_conf, sizeof(resolv_conf) - 1);
	resolv_conf[sizeof(resolv_conf) - 1] = '\0';
	r = ares_init_options(&c->ares, &options,
		ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
			ARES_OPT_DOMAINS | ARES_OPT_SOCK_STATE_CB |
			ARES_OPT_RESOLVCONF);
	if (r != ARES_SUCCESS)
		c->ares = NULL;
	if (r == ARES_SUCCESS)
		gev__ares_watch_codes(c);
	if (r == ARES_SUCCESS && setup->nameservers)
		r = ares_set_servers_ports_csv(c->ares, setup->nameservers);
	return gev__ares_code(r);
}

static struct gev__ares_channel *new_channel(gev_hub *hub, int timeout)
{
	struct gev__ares_channel *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->hub = hub;
	c->timeout = GEV_MS(timeout);
	gev__list_init(&c->base.node);
	gev__list_init(&c->sockets);
	gev_timer_init(&c->timer, hub->loop, 0, 0);
	return c;
}

struct gev__ares *gev__ares_open(gev_hub *hub,
	const struct gev__ares_setup *setup, int *error)
{
	struct gev__ares_channel *c;

	pthread_once(&once, init_library);
	*error = gev__ares_code(library_status);
	if (*error)
		return NULL;
	c = new_channel(hub, setup->timeout);
	*error = c ? open_channel(c, setup) : EAI_MEMORY;
	if (*error == 0)
		return &c->base;
	if (c)
		free_channel(c);
	return NULL;
}

void gev__ares_retire(struct gev__ares *ares)
{
	ares->retired = true;
	gev__ares_settle((struct gev__ares_channel *)ares);
}

void gev__ares_close(struct gev__ares *ares)
{
	struct gev__ares_channel *c = (struct gev__ares_channel *)ares;

	c->closing = true;
	free_channel(c);
}
