/* SPDX-License-Identifier: MIT */
#include "run/follow.h"
#include "base/mem.h"
#include "run/reach.h"

struct gev__run_told gev__run_told;

/* Where it is made; who has borrowed our memory by vfork() uses it too. */
static struct {
	char *at;
	size_t size;
} room;

/* Pages that are there: pointers, and what they point at. */
#define KNOWN 4
#define NONE 1
static uintptr_t known[KNOWN];
static unsigned oldest;

/* A child may have what we would be told by as it is by default. */
static bool is_there(const void *at)
{
	const uintptr_t page = (uintptr_t)at & -(uintptr_t)GEV__PAGE;

	for (unsigned i = 0; i < KNOWN; i++)
		if (known[i] == page)
			return true;
	if (!gev__run_is_there(at))
		return false;
	known[oldest++ % KNOWN] = page;
	return true;
}

static bool begins(const char *entry, const char *name)
{
	for (; *name; entry++, name++)
		if (!is_there(entry) || *entry != *name)
			return false;
	return true;
}

static size_t length(const char *text)
{
	size_t n = 0;

	while (is_there(text + n) && text[n])
		n++;
	return n;
}

struct found {
	size_t n;               /* entries */
	const char *preload;    /* what else is preloaded, or NULL */
	bool good;
};

/* One that says what is wanted of us is to be as it is. */
static struct found look_at(char **env)
{
	struct found f = { 0, NULL, true };

	for (unsigned i = 0; i < KNOWN; i++)
		known[i] = NONE;
	for (; f.good && env; f.n++) {
		f.good = is_there(&env[f.n]) &&
			 is_there((char *)&env[f.n + 1] - 1);
		if (!f.good || !env[f.n])
			break;
		f.good = is_there(env[f.n]) && !begins(env[f.n], GEV__OPTIONS);
		if (f.good && begins(env[f.n], GEV__PRELOAD))
			f.preload = env[f.n] + sizeof(GEV__PRELOAD) - 1;
	}
	return f;
}

static bool is_preload(const struct found *f, const char *entry)
{
	return f->preload && entry == f->preload - (sizeof(GEV__PRELOAD) - 1);
}

static bool make_room(size_t size)
{
	if (size <= room.size)
		return true;
	if (room.at)
		gev__unmap(room.at, room.size);
	room.at = gev__map(size);
	room.size = room.at ? size : 0;
	return room.at;
}

static char *add(char *to, const char *text, size_t size)
{
	gev__copy(to, text, size);
	return to + size;
}

/* Ours, and what else is to be. */
static void write_preload(char *to, const char *more, size_t size)
{
	const char *ours = gev__run_told.preload;

	to = add(to, ours, length(ours));
	if (size) {
		*to++ = ':';
		to = add(to, more, size);
	}
	*to = '\0';
}

char **gev__run_tell(char **env)
{
	const struct found f = look_at(env);
	const size_t own = (f.n + 4) * sizeof(*env);
	size_t size, n = 0;
	char **to;

	if (!gev__run_told.preload || !f.good)
		return env;
	size = f.preload ? length(f.preload) : 0;
	if (!make_room(own + length(gev__run_told.preload) + size + 2))
		return env;
	to = (char **)room.at;
	write_preload(room.at + own, f.preload, size);
	for (; n < f.n; n++)
		to[n] = is_preload(&f, env[n]) ? room.at + own : env[n];
	if (!f.preload)
		to[n++] = room.at + own;
	to[n++] = (char *)gev__run_told.options;
	if (gev__run_told.hint)
		to[n++] = (char *)gev__run_told.hint;
	to[n] = NULL;
	return to;
}
