/* SPDX-License-Identifier: MIT */
#include "run/hint.h"
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include "base/text.h"

#define SITE_LEAST 2 /* characters */
#define BYTES_MAX 64

/* Calls that are to be caught from the beginning. */
static bool makes_processes(long nr)
{
	switch (nr) {
#if defined(__x86_64__)
	case SYS_fork:
	case SYS_vfork:
#endif
	case SYS_clone:
	case SYS_clone3:
	case SYS_execve:
	case SYS_execveat:
		return true;
	default:
		return false;
	}
}

static void add_id(struct gev__text *t, const uint8_t *id, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		gev__text_base(t, id[i] >> 4, 16);
		gev__text_base(t, id[i] & 15, 16);
	}
}

static void add_site(struct gev__text *t, uintptr_t last,
	const struct gev__site *s)
{
	gev__text_base(t, s->at - last, 16);
	if (s->at - s->window == GEV__JUMP_SIZE && !s->hop)
		return;
	gev__text_char(t, '+');
	gev__text_base(t, s->at - s->window, 16);
	if (!s->hop)
		return;
	gev__text_char(t, s->hop < s->window ? '-' : '+');
	gev__text_base(t, s->hop < s->window ? s->window - s->hop :
					       s->hop - s->window, 16);
}

/* Unwinders know the return from a signal by its bytes, which stay. */
static bool may_move(const struct gev__site *s)
{
	return !s->refused && s->nr != SYS_rt_sigreturn;
}

static void add_sites(struct gev__text *t, const struct gev__sites *sites,
	char separator, bool few)
{
	uintptr_t last = sites->object.base;

	for (size_t i = 0; i < sites->n; i++) {
		const struct gev__site *s = &sites->site[i];

		if (!may_move(s) || makes_processes(s->nr) != few)
			continue;
		gev__text_char(t, separator);
		add_site(t, last, s);
		separator = ' ';
		last = s->at;
	}
}

bool gev__hint_write(char text[GEV__HINT_SIZE], const struct gev__sites *sites,
	const uint8_t *id, size_t size)
{
	struct gev__text t = gev__text_in(text, GEV__HINT_SIZE);

	add_id(&t, id, size);
	add_sites(&t, sites, ' ', true);
	add_sites(&t, sites, ';', false);
	return gev__text_end(&t) < GEV__HINT_SIZE;
}

static bool is_inside(const struct gev__sites *sites, uintptr_t at)
{
	return gev__object_has_text(&sites->object, at) &&
	       gev__object_has_text(&sites->object, at + BYTES_MAX);
}

static bool read_site(const char **text, const struct gev__sites *sites,
	uintptr_t last, struct gev__site *s)
{
	char *end;

	s->at = last + strtoul(*text, &end, 16);
	s->window = s->at - (*end == '+' ? strtoul(end, &end, 16) :
					   GEV__JUMP_SIZE);
	if (*end == '+' || *end == '-')
		s->hop = s->window + (uintptr_t)strtol(end, &end, 16);
	s->instructions = 1;
	*text = end;
	return strchr(" ;", *end) && is_inside(sites, s->window) &&
	       s->window < s->at && s->at - s->window <= GEV__WINDOW_MAX &&
	       (!s->hop || is_inside(sites, s->hop));
}

/* Up to @end, a character that comes before the next site or is the last. */
static bool read_sites(const char **text, struct gev__sites *sites, char end)
{
	uintptr_t last = sites->object.base;

	while (**text != end) {
		struct gev__site *s = &sites->site[sites->n];

		++*text;
		if (sites->n == sites->room ||
			!read_site(text, sites, last, s))
			return false;
		last = s->at;
		sites->n++;
	}
	return true;
}

const char *gev__hint_begin(const char *text, struct gev__sites *sites,
	const uint8_t *id, size_t size)
{
	char name[2 * BYTES_MAX + 2];
	struct gev__text t = gev__text_in(name, sizeof(name));
	size_t length;

	add_id(&t, id, size);
	length = gev__text_end(&t);
	if (length >= sizeof(name) || strncmp(text, name, length))
		return NULL;
	text += length;
	if (gev__sites_reserve(sites, strlen(text) / SITE_LEAST + 1) < 0 ||
		!strchr(text, ';') || !read_sites(&text, sites, ';'))
		return NULL;
	return text;
}

bool gev__hint_complete(const char *rest, struct gev__sites *sites)
{
	return read_sites(&rest, sites, '\0');
}
