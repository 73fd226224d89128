/* SPDX-License-Identifier: MIT */
/*
 *	asker --> question --> channel --> sockets, watched by the hub's loop
 *	  ^                                         |
 *	  +------ wake <------ answered() <---------+
 *
 * A question lies in memory of its own: a greenlet that is killed leaves it
 * behind, and answered() throws it away.  Watchers of the channel don't count
 * for the loop, who waits does; so nobody waits for a question left behind.
 */
#include "net/ares.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "net/ares_channel.h"

struct question {
	struct gev__ares_channel *channel;
	struct gev_waiter *waiter; /* NULL: left behind */
	unsigned parts;            /* two, of a name of either family */
	unsigned answered;         /* parts */
	int code;                  /* EAI, or GEV__SERVFAIL */
	int error;                 /* errno of EAI_SYSTEM */
	struct gev__answer answer;
};

/* On the stack of who waits. */
struct wait {
	struct gev_waiter waiter;
	const char *name;
};

static void free_question(struct question *q)
{
	gev__answer_fini(&q->answer);
	free(q);
}

/* Failures of this machine, not of servers. */
static bool is_ours(int code)
{
	return code == EAI_MEMORY || code == EAI_SYSTEM;
}

static bool is_servers(int code)
{
	return code == EAI_AGAIN || code == GEV__SERVFAIL;
}

/* What libc makes of two answers, @first having come first. */
static int combine(int first, int second)
{
	if (is_ours(first) || is_ours(second))
		return is_ours(first) ? first : second;
	if (first == 0 || second == 0)
		return 0;
	if (is_servers(second))
		return first;
	if (is_servers(first) || first == EAI_NODATA)
		return second;
	return first;
}

/* The last that c-ares does with a question, or with a part of it. */
static void answered(struct question *q, int code)
{
	struct gev__ares_channel *c = q->channel;

	q->code = q->answered ? combine(q->code, code) : code;
	if (++q->answered < q->parts)
		return;
	c->asked--;
	q->error = c->no_socket ? c->no_socket : c->failure;
	if (!q->waiter || c->closing)
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

#define RCODE_SERVFAIL 2

static int code_of(const struct question *q, int status)
{
	if (status == ARES_ECONNREFUSED && q->channel->no_socket)
		return EAI_SYSTEM;
	if (status == ARES_ECONNREFUSED && q->channel->rcode == RCODE_SERVFAIL)
		return GEV__SERVFAIL;
	return gev__ares_code(status);
}

static void on_addresses(void *arg, int status, int timeouts,
	struct ares_addrinfo *ai)
{
	struct question *q = arg;
	int code = code_of(q, status);

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
	int code = code_of(q, status);

	(void)timeouts;
	if (code == 0)
		code = gev__answer_set_name(&q->answer, host->h_name);
	for (char **alias = code ? NULL : host->h_aliases;
		code == 0 && alias && *alias; alias++)
		code = gev__answer_add_alias(&q->answer, *alias);
	answered(q, code);
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

static struct question *new_question(struct gev__ares_channel *c,
	struct wait *wait, unsigned parts)
{
	struct question *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->channel = c;
	q->waiter = &wait->waiter;
	q->parts = parts;
	c->asked++;
	return q;
}

static int fail(int r)
{
	errno = -r;
	return EAI_SYSTEM;
}

/* Adds what was answered. */
static int take(const struct question *q, struct gev__answer *answer)
{
	if (q->code == 0)
		return gev__answer_merge(answer, &q->answer);
	if (q->code == EAI_SYSTEM)
		errno = q->error;
	return q->code;
}

/* Waits for the answer to @q, which has been asked.  Its code. */
static int await(struct question *q, struct wait *wait,
	struct gev__answer *answer)
{
	gev_hub *hub = q->channel->hub;
	int r;

	gev__hold(hub);
	r = gev__park(&wait->waiter, GEV_FOREVER);
	gev__unhold(hub);
	if (q->answered < q->parts) {
		q->waiter = NULL;
		return fail(r);
	}
	r = r < 0 ? fail(r) : take(q, answer);
	free_question(q);
	return r;
}

/* Addresses of one family. */
static void ask(struct question *q, const char *name, int family)
{
	struct ares_addrinfo_hints hints = { .ai_family = family,
		.ai_flags = ARES_AI_NOSORT };

	ares_getaddrinfo(q->channel->ares, name, NULL, &hints, on_addresses, q);
}

int gev__ares_forward(struct gev__ares *ares, const char *name, int family,
	struct gev__answer *answer)
{
	struct gev__ares_channel *c = (struct gev__ares_channel *)ares;
	struct wait wait = { { .what = "resolving", .describe = describe },
		name };
	int r = can_wait(c->hub);
	struct question *q = r < 0 ? NULL :
		new_question(c, &wait, family == AF_UNSPEC ? 2 : 1);

	if (r < 0)
		return fail(r);
	if (!q)
		return EAI_MEMORY;
	if (family != AF_INET6)
		ask(q, name, AF_INET);
	if (family != AF_INET)
		ask(q, name, AF_INET6);
	gev__ares_settle(c);
	return await(q, &wait, answer);
}

int gev__ares_reverse(struct gev__ares *ares, const struct sockaddr *addr,
	struct gev__answer *answer)
{
	struct gev__ares_channel *c = (struct gev__ares_channel *)ares;
	struct wait wait = { { .what = "resolving", .describe = describe },
		"an address" };
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	bool is_in = addr->sa_family == AF_INET;
	int r = can_wait(c->hub);
	struct question *q = r < 0 ? NULL : new_question(c, &wait, 1);

	if (r < 0)
		return fail(r);
	if (!q)
		return EAI_MEMORY;
	ares_gethostbyaddr(c->ares,
		is_in ? (const void *)&in->sin_addr : &in6->sin6_addr,
		is_in ? sizeof(in->sin_addr) : sizeof(in6->sin6_addr),
		addr->sa_family, on_names, q);
	gev__ares_settle(c);
	r = await(q, &wait, answer);
	return r == GEV__SERVFAIL ? EAI_AGAIN : r;
}
