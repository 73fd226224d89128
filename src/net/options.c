/* SPDX-License-Identifier: MIT */
#include "net/options.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <gev/address.h>
#include "base/error.h"
#include "net/ares.h"
#include "net/lock.h"

#define DNS_PORT 53

static struct gev__options current; /* version 0: not looked for yet */
static atomic_uint version;

void gev__options_fini(struct gev__options *options)
{
	free(options->nameservers);
	free(options->hosts);
	free(options->resolv_conf);
	free(options->nsswitch);
	memset(options, 0, sizeof(*options));
}

/* 0, -ENOMEM. */
static int duplicate(char **copy, const char *s)
{
	*copy = s ? strdup(s) : NULL;
	return *copy || !s ? 0 : -ENOMEM;
}

static int copy_paths(struct gev__options *to, const char *nameservers,
	const char *hosts, const char *resolv_conf, const char *nsswitch)
{
	int r = duplicate(&to->nameservers, nameservers);

	if (r == 0)
		r = duplicate(&to->hosts, hosts ? hosts : "/etc/hosts");
	if (r == 0)
		r = duplicate(&to->resolv_conf,
			resolv_conf ? resolv_conf : "/etc/resolv.conf");
	if (r == 0)
		r = duplicate(&to->nsswitch,
			nsswitch ? nsswitch : "/etc/nsswitch.conf");
	return r;
}

static int find_kind(const char *name, enum gev__resolver_kind *kind)
{
	static const char *const names[] = { "auto", "ares", "thread",
		"block" };
	unsigned i = 0;

	while (name && i < 4 && strcmp(name, names[i]))
		i++;
	if (i == 4)
		return -EINVAL;
	*kind = (enum gev__resolver_kind)i;
	if (*kind == GEV__RESOLVER_ARES && !gev__ares_is_there())
		return -ENOTSUP;
	return 0;
}

/* Whether @list is "1.2.3.4,[::1]:5353" and so on. */
static bool are_nameservers(const char *list)
{
	char *copy = strdup(list), *rest = copy, *one;
	gev_address a;
	bool ok = copy;

	while (ok && (one = strsep(&rest, ",")))
		ok = gev_address_parse(&a, one, DNS_PORT) == 0 &&
		     (a.family == AF_INET || a.family == AF_INET6);
	free(copy);
	return ok;
}

static int check(const gev_resolver_options *o)
{
	if (o->timeout < 0 || o->tries < 0)
		return -EINVAL;
	if (o->nameservers && !are_nameservers(o->nameservers))
		return -EINVAL;
	return 0;
}

/* With the lock held: puts @next in force. */
static void change(struct gev__options *next)
{
	gev__options_fini(&current);
	current = *next;
	current.version = atomic_fetch_add(&version, 1) + 1;
}

static int build(struct gev__options *next, const gev_resolver_options *o)
{
	int r = check(o);

	memset(next, 0, sizeof(*next));
	if (r == 0)
		r = find_kind(o->resolver, &next->kind);
	if (r < 0)
		return r;
	next->timeout = o->timeout;
	next->tries = o->tries;
	r = copy_paths(next, o->nameservers, o->hosts, o->resolv_conf,
		o->nsswitch);
	if (r < 0)
		gev__options_fini(next);
	return r;
}

/* A number of the environment's; 0 if there is none or it makes no sense. */
static double number(const char *name)
{
	const char *s = secure_getenv(name);
	double n = s ? strtod(s, NULL) : 0;

	return n > 0 && n < 1e6 ? n : 0;
}

/* Values that make no sense are as if they were not there; but who asks for
 * a resolver is to have that one or to be told. */
static int build_from_environment(struct gev__options *next)
{
	gev_resolver_options o = {
		.resolver = secure_getenv("GEV_RESOLVER"),
		.nameservers = secure_getenv("GEV_RESOLVER_NAMESERVERS"),
		.timeout = (gev_time)(number("GEV_RESOLVER_TIMEOUT") * 1e9),
		.tries = (int)number("GEV_RESOLVER_TRIES"),
		.hosts = secure_getenv("GEV_RESOLVER_HOSTS"),
	};

	if (o.resolver && !*o.resolver)
		o.resolver = NULL;
	if (o.nameservers && !are_nameservers(o.nameservers))
		o.nameservers = NULL;
	return build(next, &o);
}

static int configure(const gev_resolver_options *options)
{
	struct gev__options next;
	int r = options ? build(&next, options) : build_from_environment(&next);

	if (r < 0)
		return r;
	gev__net_lock();
	change(&next);
	gev__net_unlock();
	return 0;
}

int gev_resolver_configure(const gev_resolver_options *options)
{
	return (int)gev__ret(configure(options));
}

bool gev__options_are_stale(const struct gev__options *options)
{
	return options->version == 0 ||
	       options->version != atomic_load(&version);
}

int gev__options_get(struct gev__options *options)
{
	int r = 0;

	if (atomic_load(&version) == 0)
		r = configure(NULL);
	if (r < 0)
		return r;
	gev__options_fini(options);
	gev__net_lock();
	r = copy_paths(options, current.nameservers, current.hosts,
		current.resolv_conf, current.nsswitch);
	if (r == 0) {
		options->version = current.version;
		options->kind = current.kind;
		options->timeout = current.timeout;
		options->tries = current.tries;
	}
	gev__net_unlock();
	return r;
}
