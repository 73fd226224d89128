/* SPDX-License-Identifier: MIT */
#include "run/hint.h"
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include "base/text.h"

#define SITES_MAX 32
#define BYTES_MAX 64

bool gev__hint_concerns(long nr)
{
	switch (nr) {
#if defined(__x86_64__)
	case SYS_fork:
	case SYS_vfork:
#endif
	case SYS_clone:
	case SYS_clone3:
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

static void add_site(struct gev__text *t, const struct gev__sites *sites,
	const struct gev__site *s)
{
	gev__text_char(t, ' ');
	gev__text_base(t, s->at - sites->object.base, 16);
	gev__text_char(t, '+');
	gev__text_base(t, s->at - s->window, 16);
	if (!s->hop)
		return;
	gev__text_char(t, s->hop < s->window ? '-' : '+');
	gev__text_base(t, s->hop < s->window ? s->window - s->hop :
					       s->hop - s->window, 16);
}

bool gev__hint_write(char text[GEV__HINT_SIZE], const struct gev__sites *sites,
	const uint8_t *id, size_t size)
{
	struct gev__text t = gev__text_in(text, GEV__HINT_SIZE);

	add_id(&t, id, size);
	for (size_t i = 0; i < sites->n; i++)
		if (!sites->site[i].refused &&
			gev__hint_concerns(sites->site[i].nr))
			add_site(&t, sites, &sites->site[i]);
	return gev__text_end(&t) < GEV__HINT_SIZE;
}

static bool is_inside(const struct gev__sites *sites, uintptr_t at)
{
	return gev__object_has_text(&sites->object, at) &&
	       gev__object_has_text(&sites->object, at + BYTES_MAX);
}

static bool read_site(const char **text, const struct gev__sites *sites,
	struct gev__site *s)
{
	char *end;

	s->at = sites->object.base + strtoul(*text, &end, 16);
	if (*end != '+')
		return false;
	s->window = s->at - strtoul(end, &end, 16);
	if (*end == '+' || *end == '-')
		s->hop = s->window + (uintptr_t)strtol(end, &end, 16);
	*text = end;
	s->instructions = 1;
	return (*end == ' ' || !*end) && is_inside(sites, s->window) &&
	       s->window < s->at && s->at - s->window <= GEV__WINDOW_MAX &&
	       (!s->hop || is_inside(sites, s->hop));
}

bool gev__hint_read(const char *text, struct gev__sites *sites,
	const uint8_t *id, size_t size)
{
	char name[2 * BYTES_MAX + 2];
	struct gev__text t = gev__text_in(name, sizeof(name));
	size_t length;

	add_id(&t, id, size);
	length = gev__text_end(&t);
	if (length >= sizeof(name) || strncmp(text, name, length))
		return false;
	if (gev__sites_reserve(sites, SITES_MAX) < 0)
		return false;
	for (text += length; *text == ' ' && sites->n < SITES_MAX; sites->n++) {
		text++;
		if (!read_site(&text, sites, &sites->site[sites->n]))
			return false;
	}
	return !*text;
}
