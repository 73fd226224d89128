/* SPDX-License-Identifier: MIT */
#include "net/resolver.h"
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/hub.h"
#include "net/ares.h"
#include "net/hosts.h"
#include "net/lock.h"
#include "net/options.h"
#include "net/search.h"
#include "net/system.h"

/* A hub's, its tenant. */
struct resolver {
	struct gev__tenant tenant;
	struct resolver *next;      /* in the list of all */
	gev_hub *hub;
	pid_t pid;                  /* whose channels these are */
	gev_fork_watcher forked;
	struct gev__options options;
	struct gev__sources sources;
	struct gev__hosts hosts;
	struct gev__stamp resolv_stamp;
	struct gev__resolv resolv;
	struct gev_list channels;   /* the last may be in use, others retire */
};

/* All there are, for leak checkers: they don't see a hub's memory. */
static struct resolver *all;

static struct gev__ares *channel_at(struct gev_list *node)
{
	return gev__container(node, struct gev__ares, node);
}

/* The one in use, if there is one. */
static struct gev__ares *channel_in_use(struct resolver *r)
{
	struct gev_list *last = r->channels.prev;

	if (last == &r->channels || channel_at(last)->retired)
		return NULL;
	return channel_at(last);
}

static void close_channels(struct resolver *r)
{
	while (!gev__list_empty(&r->channels))
		gev__ares_close(channel_at(r->channels.next));
}

static void retire_channel(struct resolver *r)
{
	struct gev__ares *ares = channel_in_use(r);

	if (ares)
		gev__ares_retire(ares);
}

/* The parent's sockets are not the child's to read, nor its askers there. */
static void check_process(struct resolver *r)
{
	pid_t pid = getpid();

	if (r->pid == pid)
		return;
	close_channels(r);
	r->pid = pid;
}

static int on_fork(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	check_process(arg);
	return 0;
}

static void list_it(struct resolver *r)
{
	gev__net_lock();
	r->next = all;
	all = r;
	gev__net_unlock();
}

static void unlist_it(struct resolver *r)
{
	struct resolver **at = &all;

	gev__net_lock();
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	gev__net_unlock();
}

static void hub_ends(struct gev__tenant *tenant)
{
	struct resolver *r = gev__container(tenant, struct resolver, tenant);

	gev__list_del(&tenant->node);
	unlist_it(r);
	gev_watcher_stop(&r->forked.w);
	close_channels(r);
	gev__hosts_fini(&r->hosts);
	gev__options_fini(&r->options);
	free(r);
}

static struct resolver *find(gev_hub *hub)
{
	struct gev_list *node;

	gev__list_for_each(node, &hub->tenants) {
		struct gev__tenant *tenant =
			gev__container(node, struct gev__tenant, node);

		if (tenant->end == hub_ends)
			return gev__container(tenant, struct resolver, tenant);
	}
	return NULL;
}

static struct resolver *make(gev_hub *hub)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->hub = hub;
	r->pid = getpid();
	gev__list_init(&r->channels);
	gev_fork_init(&r->forked, hub->loop);
	gev_watcher_set_ref(&r->forked.w, false);
	gev_fork_start(&r->forked, on_fork, r);
	r->tenant.end = hub_ends;
	gev__list_add(&hub->tenants, &r->tenant.node);
	list_it(r);
	return r;
}

static int refresh(struct resolver *r)
{
	check_process(r);
	if (gev__options_are_stale(&r->options)) {
		int error = gev__options_get(&r->options);

		if (error < 0)
			return gev__eai(error);
		memset(&r->sources.stamp, 0, sizeof(r->sources.stamp));
		memset(&r->resolv_stamp, 0, sizeof(r->resolv_stamp));
		gev__hosts_fini(&r->hosts);
	}
	return gev__eai(gev__sources_read(&r->sources, r->options.nsswitch));
}

/* This hub's, up to date.  0, EAI_MEMORY or EAI_SYSTEM. */
static int get(struct resolver **resolver)
{
	int error = 0;
	gev_hub *hub = gev__hub_get(&error);

	*resolver = hub ? find(hub) : NULL;
	if (!hub)
		return gev__eai(error);
	if (!*resolver)
		*resolver = make(hub);
	return *resolver ? refresh(*resolver) : EAI_MEMORY;
}

static int milliseconds(const struct resolver *r)
{
	if (r->options.timeout)
		return (int)(r->options.timeout / GEV_MS(1)) + 1;
	return r->resolv.timeout * 1000;
}

/* The channel to ask: a new one if resolv.conf has changed. */
static int open_channel(struct resolver *r, struct gev__ares **ares)
{
	const struct gev__options *o = &r->options;
	struct gev__ares_setup setup = { o->resolv_conf, o->nameservers,
		milliseconds(r), o->tries ? o->tries : r->resolv.attempts };
	int error = 0;

	*ares = channel_in_use(r);
	if (*ares)
		return 0;
	*ares = gev__ares_open(r->hub, &setup, &error);
	if (*ares)
		gev__list_add_tail(&r->channels, &(*ares)->node);
	return error;
}

/* 0 or an EAI code. */
static int read_resolv(struct resolver *r)
{
	int error;

	if (!gev__stamp_renew(&r->resolv_stamp, r->options.resolv_conf))
		return 0;
	error = gev__resolv_read(&r->resolv, r->options.resolv_conf);
	if (error < 0)
		r->resolv_stamp.taken = false;
	retire_channel(r);
	return gev__eai(error);
}

/* Variables by which libc can be told things that c-ares does not know. */
static bool libc_is_told_more(void)
{
	return getenv("RES_OPTIONS") || getenv("LOCALDOMAIN") ||
	       getenv("HOSTALIASES");
}

/* Whether c-ares is as good as libc. */
static bool suits_ares(struct resolver *r)
{
	if (r->options.kind == GEV__RESOLVER_ARES || r->options.nameservers)
		return true;
	return r->sources.plain && r->resolv.plain && !libc_is_told_more();
}

/* 0 if c-ares is to be asked, or who is; or an EAI code. */
static int choose(struct resolver *r)
{
	int e;

	if (r->options.kind == GEV__RESOLVER_BLOCK)
		return GEV__ASK_HERE;
	if (r->options.kind == GEV__RESOLVER_THREAD || !gev__ares_is_there())
		return GEV__ASK_THREAD;
	e = read_resolv(r);
	if (e)
		return e;
	return suits_ares(r) ? 0 : GEV__ASK_THREAD;
}

/* The order to ask in where c-ares is to be asked in any case. */
static const char *order_of(const struct resolver *r)
{
	return r->sources.plain ? r->sources.order : "fb";
}

/* One question: a name, or an address. */
struct query {
	const char *name;
	const struct sockaddr *addr;
	int family;
	int flags;
};

/* Whether addresses of AF_INET will do as well. */
static bool is_mapped(const struct query *q)
{
	return q->family == AF_INET6 && (q->flags & AI_V4MAPPED);
}

static int ask_hosts(struct resolver *r, const struct query *q,
	struct gev__answer *answer)
{
	const char *path = r->options.hosts;

	if (q->addr)
		return gev__hosts_find_addr(&r->hosts, path, q->addr, answer);
	return gev__hosts_find(&r->hosts, path, q->name,
		is_mapped(q) ? AF_UNSPEC : q->family, answer);
}

/* What a search needs. */
struct asker {
	struct resolver *resolver;
	struct gev__answer *answer;
};

/* The channel may be another each time: there are waits in between. */
static int ask_name(void *arg, const char *name, int family)
{
	struct asker *a = arg;
	struct gev__ares *ares;
	int e = open_channel(a->resolver, &ares);

	return e ? e : gev__ares_forward(ares, name, family, a->answer);
}

static int ask_dns(struct resolver *r, const struct query *q,
	struct gev__answer *answer)
{
	struct asker asker = { r, answer };
	struct gev__ares *ares;
	int e;

	if (q->name && is_mapped(q))
		return gev__search_mapped(&r->resolv, q->name,
			q->flags & AI_ALL, ask_name, &asker);
	if (q->name)
		return gev__search(&r->resolv, q->name, q->family, ask_name,
			&asker);
	e = open_channel(r, &ares);
	return e ? e : gev__ares_reverse(ares, q->addr, answer);
}

/* Whether the next source is to be asked. */
static bool is_unknown(int e)
{
	return e == EAI_NONAME || e == EAI_NODATA;
}

static int ask_in_order(struct resolver *r, const char *order,
	const struct query *q, struct gev__answer *answer)
{
	int e = EAI_NONAME;

	for (; *order && is_unknown(e); order++)
		e = *order == 'f' ? ask_hosts(r, q, answer)
				  : ask_dns(r, q, answer);
	return e;
}

static int ask(const struct query *q, struct gev__answer *answer)
{
	struct resolver *r;
	int e = get(&r), libc;

	if (e)
		return e;
	libc = choose(r);
	if (libc < 0)
		return libc;
	if (!libc)
		return ask_in_order(r, order_of(r), q, answer);
	e = r->sources.order[0] == 'f' ? ask_hosts(r, q, answer) : EAI_NONAME;
	return is_unknown(e) ? libc : e;
}

/*
 * AI_ADDRCONFIG: only families that this machine has an address of, other than
 * the loopback's.  Of neither is as good as of both.
 */
static int narrow(int *family)
{
	struct ifaddrs *list, *i;
	bool in = false, in6 = false;

	if (getifaddrs(&list) < 0)
		return 0;
	for (i = list; i; i = i->ifa_next) {
		const union gev__addr *a = (union gev__addr *)i->ifa_addr;

		if (a && a->any.sa_family == AF_INET)
			in |= a->in.sin_addr.s_addr != htonl(INADDR_LOOPBACK);
		if (a && a->any.sa_family == AF_INET6)
			in6 |= !IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
	}
	freeifaddrs(list);
	if (*family == AF_UNSPEC && in != in6)
		*family = in ? AF_INET : AF_INET6;
	return (*family == AF_INET && !in) || (*family == AF_INET6 && !in6)
		       ? EAI_NONAME
		       : 0;
}

int gev__resolver_addresses(const char *name, int family, int flags,
	struct gev__answer *answer)
{
	struct query q = { .name = name, .flags = flags };
	int e = flags & AI_ADDRCONFIG ? narrow(&family) : 0;

	q.family = family;
	if (e == 0 && *name == '\0')
		e = EAI_NONAME;
	if (e == 0)
		e = ask(&q, answer);
	if (e == 0)
		e = gev__answer_filter(answer, family, flags);
	if (e == 0)
		gev__answer_sort(answer);
	return e;
}

int gev__resolver_names(const struct sockaddr *addr,
	struct gev__answer *answer)
{
	struct query q = { .addr = addr };

	return ask(&q, answer);
}
