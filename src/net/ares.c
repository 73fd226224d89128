/* SPDX-License-Identifier: MIT */
/*
 *	asker --> question --> channel --> sockets, watched by the hub's loop
 *	  ^                                         |
 *	  +------ wake <------ answered() <---------+
 *
 * A question lies in memory of its own: a greenlet that is killed leaves it
 * behind, and answered() throws it away.  Watchers of the channel don't count
 * for the loop, who waits does; so nobody waits for a question left behind.
 *
 * c-ares reports failures of ours, a socket that can't be watched, to nobody.
 * They are noted, and all that is asked fails with them as soon as c-ares has
 * returned to us.
 */
#include "net/ares.h"
#include <ares.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "core/wait.h"

struct channel {
	struct gev__ares base;
	gev_hub *hub;
	ares_channel ares;
	struct gev_list sockets;
	gev_timer_watcher timer;
	gev_time due;            /* when it fires */
	gev_time timeout;        /* of a question that is asked first */
	unsigned asked;          /* questions without an answer */
	int failure;             /* errno: see above */
	bool closing;            /* nobody is to be woken any more */
};

struct socket_watch {
	struct gev_list node;
	gev_io_watcher io;
	struct channel *channel;
};

struct question {
	struct channel *channel;
	struct gev_waiter *waiter; /* NULL: left behind */
	bool answered;
	int code;                  /* EAI */
	int error;                 /* errno of EAI_SYSTEM */
	struct gev__answer answer;
};

/* On the stack of who waits. */
struct wait {
	struct gev_waiter waiter;
	const char *name;
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

/* libc's code for what c-ares says. */
static int code_of(int status)
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
		return EAI_SYSTEM; /* with channel.failure */
	case ARES_ESERVFAIL:
	case ARES_EREFUSED:
	case ARES_ENOTIMP:
	case ARES_ECONNREFUSED:
	case ARES_ETIMEOUT:
		return EAI_AGAIN;
	}
	return EAI_FAIL;
}

static void free_question(struct question *q)
{
	gev__answer_fini(&q->answer);
	free(q);
}

/* The last that c-ares does with a question. */
static void answered(struct question *q, int code)
{
	q->channel->asked--;
	q->answered = true;
	q->code = code;
	q->error = q->channel->failure;
	if (!q->waiter || q->channel->closing)
		free_question(q);
	else
		gev__wake(q->waiter, 0);
}

static int read_names(struct gev__answer *answer,
	const struct ares_addrinfo *ai)
{
	const struct ares_addrinfo_cname *cname;
	const char *name = ai->name;
	int r = 0;

	for (cname = ai->cnames; cname; cname = cname->next)
		name = cname->name;
	if (name)
		r = gev__answer_set_name(answer, name);
	for (cname = ai->cnames; r == 0 && cname; cname = cname->next)
		r = gev__answer_add_alias(answer, cname->alias);
	return r;
}

static void on_addresses(void *arg, int status, int timeouts,
	struct ares_addrinfo *ai)
{
	struct question *q = arg;
	int code = code_of(status);

	(void)timeouts;
	if (code == 0)
		code = read_names(&q->answer, ai);
	for (struct ares_addrinfo_node *node = ai ? ai->nodes : NULL;
		code == 0 && node; node = node->ai_next)
		code = gev__answer_add(&q->answer, node->ai_addr);
	if (ai)
		ares_freeaddrinfo(ai);
	answered(q, code);
}

static void on_names(void *arg, int status, int timeouts, struct hostent *host)
{
	struct question *q = arg;
	int code = code_of(status);

	(void)timeouts;
	if (code == 0)
		code = gev__answer_set_name(&q->answer, host->h_name);
	for (char **alias = code ? NULL : host->h_aliases;
		code == 0 && alias && *alias; alias++)
		code = gev__answer_add_alias(&q->answer, *alias);
	answered(q, code);
}

static void stop_timer(struct channel *c)
{
	gev_watcher_stop(&c->timer.w);
}

static void free_channel(struct channel *c)
{
	gev__list_del(&c->base.node);
	if (c->ares)
		ares_destroy(c->ares); /* closes the sockets, we're told */
	stop_timer(c);
	free(c);
}

static int on_timer(gev_watcher *w, int revents, void *arg);

/* c-ares counts whole milliseconds, and must not be found to be early. */
static void start_timer(struct channel *c, gev_time after)
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
static void adjust_timer(struct channel *c)
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

/* After c-ares has been at work.  @c may be gone then. */
static void settle(struct channel *c)
{
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
	struct channel *c = arg;

	(void)w;
	(void)revents;
	ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	settle(c);
	return 0;
}

static int on_io(gev_watcher *w, int revents, void *arg)
{
	struct channel *c = arg;
	int fd = ((gev_io_watcher *)w)->fd;

	ares_process_fd(c->ares, revents & GEV_READ ? fd : ARES_SOCKET_BAD,
		revents & GEV_WRITE ? fd : ARES_SOCKET_BAD);
	settle(c);
	return 0;
}

static struct socket_watch *watch_of(struct channel *c, int fd)
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

static struct socket_watch *new_watch(struct channel *c)
{
	struct socket_watch *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->channel = c;
	gev__list_add_tail(&c->sockets, &s->node);
	return s;
}

static void watch(struct channel *c, struct socket_watch *s, int fd, int events)
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
	struct channel *c = arg;
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

static int open_channel(struct channel *c, const struct gev__ares_setup *setup)
{
	char resolv_conf[4096];
	struct ares_options options = {
		.timeout = setup->timeout,
		.tries = setup->tries,
		.lookups = (char *)"b",
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = c,
		.resolvconf_path = resolv_conf,
	};
	int r;

	strncpy(resolv_conf, setup->resolv_conf, sizeof(resolv_conf) - 1);
	resolv_conf[sizeof(resolv_conf) - 1] = '\0';
	r = ares_init_options(&c->ares, &options,
		ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
			ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF);
	if (r != ARES_SUCCESS)
		c->ares = NULL;
	if (r == ARES_SUCCESS && setup->nameservers)
		r = ares_set_servers_ports_csv(c->ares, setup->nameservers);
	return code_of(r);
}

static struct channel *new_channel(gev_hub *hub, int timeout)
{
	struct channel *c = calloc(1, sizeof(*c));

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
	struct channel *c;

	pthread_once(&once, init_library);
	*error = code_of(library_status);
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
	settle((struct channel *)ares);
}

void gev__ares_close(struct gev__ares *ares)
{
	struct channel *c = (struct channel *)ares;

	c->closing = true;
	free_channel(c);
}

static void describe(const struct gev_waiter *w, void *text)
{
	gev__text_add(text, " ");
	gev__text_add(text, gev__container(w, struct wait, waiter)->name);
}

/* Whether the caller can wait: 0 or what it has to fail with. */
static int can_wait(gev_hub *hub)
{
	gev_coro *self = hub->thread->current;

	if (gev__hub_is_current(hub))
		return -EDEADLK;
	gev__rest(hub, self);
	return gev__interrupted(hub, self);
}

static struct question *new_question(struct channel *c, struct wait *wait)
{
	struct question *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->channel = c;
	q->waiter = &wait->waiter;
	c->asked++;
	return q;
}

static int fail(int r)
{
	errno = -r;
	return EAI_SYSTEM;
}

/* Takes over what was answered. */
static int take(struct question *q, struct gev__answer *answer)
{
	*answer = q->answer;
	memset(&q->answer, 0, sizeof(q->answer));
	if (q->code == EAI_SYSTEM)
		errno = q->error;
	return q->code;
}

/* Waits for the answer to @q, which has been asked.  An EAI code. */
static int await(struct question *q, struct wait *wait,
	struct gev__answer *answer)
{
	gev_hub *hub = q->channel->hub;
	int r;

	gev__hold(hub);
	r = gev__park(&wait->waiter, GEV_FOREVER);
	gev__unhold(hub);
	if (!q->answered) {
		q->waiter = NULL;
		return fail(r);
	}
	r = r < 0 ? fail(r) : take(q, answer);
	free_question(q);
	return r;
}

int gev__ares_forward(struct gev__ares *ares, const char *name, int family,
	struct gev__answer *answer)
{
	struct channel *c = (struct channel *)ares;
	struct wait wait = { { .what = "resolving", .describe = describe },
		name };
	struct ares_addrinfo_hints hints = { .ai_family = family,
		.ai_flags = ARES_AI_NOSORT };
	int r = can_wait(c->hub);
	struct question *q = r < 0 ? NULL : new_question(c, &wait);

	if (r < 0)
		return fail(r);
	if (!q)
		return EAI_MEMORY;
	ares_getaddrinfo(c->ares, name, NULL, &hints, on_addresses, q);
	settle(c);
	return await(q, &wait, answer);
}

int gev__ares_reverse(struct gev__ares *ares, const struct sockaddr *addr,
	struct gev__answer *answer)
{
	struct channel *c = (struct channel *)ares;
	struct wait wait = { { .what = "resolving", .describe = describe },
		"an address" };
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	bool is_in = addr->sa_family == AF_INET;
	int r = can_wait(c->hub);
	struct question *q = r < 0 ? NULL : new_question(c, &wait);

	if (r < 0)
		return fail(r);
	if (!q)
		return EAI_MEMORY;
	ares_gethostbyaddr(c->ares,
		is_in ? (const void *)&in->sin_addr : &in6->sin6_addr,
		is_in ? sizeof(in->sin_addr) : sizeof(in6->sin6_addr),
		addr->sa_family, on_names, q);
	settle(c);
	return await(q, &wait, answer);
}
