/* SPDX-License-Identifier: MIT */
/*
 * As in glibc's res_nsearch(), down to the code that is left in the end: that
 * of the name as it is, if it was asked for first.
 */
#include "net/search.h"
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "net/ares.h"

#define MAX_NAME 1024

struct search {
	const struct gev__resolv *resolv;
	const char *name;
	int family;
	gev__search_fn *ask;
	void *arg;
	bool as_is;              /* the name itself has been asked for */
	bool no_data;            /* what the domains have said */
	bool failed;
};

static int count_dots(const char *name)
{
	int n = 0;

	for (; *name; name++)
		n += *name == '.';
	return n;
}

static bool ends_in_dot(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && name[length - 1] == '.';
}

/* Whether to go on with the next domain after @code. */
static bool goes_on(int code)
{
	return code == EAI_NODATA || code == EAI_NONAME ||
	       code == GEV__SERVFAIL;
}

/* Whether nothing else is to be asked at all. */
static bool is_final(int code)
{
	return code == 0 || code == EAI_MEMORY || code == EAI_SYSTEM;
}

static int ask_as_is(struct search *s)
{
	s->as_is = true;
	return s->ask(s->arg, s->name, s->family);
}

static int ask_in_domain(struct search *s, const char *domain)
{
	char full[MAX_NAME];
	int size, code;

	domain += *domain == '.';
	s->as_is |= *domain == '\0';
	size = snprintf(full, sizeof(full), "%s.%s", s->name, domain);
	if (size >= (int)sizeof(full))
		return EAI_FAIL;
	code = s->ask(s->arg, full, s->family);
	s->no_data |= code == EAI_NODATA;
	s->failed |= code == GEV__SERVFAIL;
	return code;
}

static int ask_in_domains(struct search *s)
{
	char domain[GEV__DOMAIN_SIZE];
	int code = EAI_NONAME;

	for (unsigned i = 0; goes_on(code); i++) {
		if (!gev__resolv_domain(s->resolv, i, domain))
			break;
		code = ask_in_domain(s, domain);
	}
	return code;
}

/* What is left where the name as it is was not the first. */
static int last_code(const struct search *s, int code)
{
	if (s->no_data)
		return EAI_NODATA;
	return s->failed ? GEV__SERVFAIL : code;
}

static int search(struct search *s)
{
	bool full = ends_in_dot(s->name);
	bool first = full || count_dots(s->name) >= s->resolv->ndots;
	int code = EAI_NONAME, as_is = first ? ask_as_is(s) : 0;

	if (first && (full || is_final(as_is)))
		return as_is;
	code = ask_in_domains(s);
	if (is_final(code))
		return code;
	if (!s->as_is)
		code = ask_as_is(s);
	if (is_final(code))
		return code;
	return first ? as_is : last_code(s, code);
}

int gev__search(const struct gev__resolv *resolv, const char *name, int family,
	gev__search_fn *ask, void *arg)
{
	struct search s = { .resolv = resolv, .name = name, .family = family,
		.ask = ask, .arg = arg };
	int code = search(&s);

	return code == GEV__SERVFAIL ? EAI_AGAIN : code;
}

static bool is_of_a_name(int code)
{
	return code == EAI_NODATA || code == EAI_AGAIN;
}

/* What getaddrinfo() makes of both families' codes where nothing is found. */
static int combine(int a, int b)
{
	if (a == b)
		return a;
	return is_of_a_name(a) && is_of_a_name(b) ? EAI_NODATA : EAI_NONAME;
}

int gev__search_mapped(const struct gev__resolv *resolv, const char *name,
	bool all, gev__search_fn *ask, void *arg)
{
	int e6 = gev__search(resolv, name, AF_INET6, ask, arg), e;

	if (is_final(e6) && !(e6 == 0 && all))
		return e6;
	e = gev__search(resolv, name, AF_INET, ask, arg);
	if (is_final(e))
		return e;
	return e6 == 0 ? 0 : combine(e6, e);
}
