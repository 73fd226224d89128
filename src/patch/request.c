/* SPDX-License-Identifier: MIT */
#include "patch/request.h"
#include <string.h>
#include <sys/stat.h>
#include "base/mem.h"

struct gev__request *gev__requests;

static size_t size_of(const char *name)
{
	return sizeof(struct gev__request) + (name ? strlen(name) : 0) + 1;
}

static bool same(const struct gev__request *r, const char *name)
{
	return name ? !r->every && strcmp(r->name, name) == 0 : r->every;
}

struct gev__request *gev__request_find(const char *name)
{
	struct gev__request *r = gev__requests;

	while (r && !same(r, name))
		r = r->next;
	return r;
}

struct gev__request *gev__request_get(const char *name)
{
	struct gev__request *r = gev__request_find(name);

	if (r)
		return r;
	r = gev__alloc(size_of(name));
	if (!r)
		return NULL;
	if (name)
		strcpy(r->name, name);
	r->every = !name;
	r->next = gev__requests;
	gev__requests = r;
	return r;
}

void gev__requests_settle(bool keep)
{
	struct gev__request **at = &gev__requests;

	while (*at) {
		struct gev__request *r = *at;

		if (keep)
			r->before = r->flags;
		else
			r->flags = r->before;
		if (r->flags) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		gev__free(r, size_of(r->name));
	}
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

bool gev__request_means(const char *name, const struct gev__object *o,
	const struct gev__dynamic *d)
{
	bool program = !o->path[0];

	if (!*name || strcmp(name, o->path) == 0)
		return strcmp(name, o->path) == 0;
	if (strchr(name, '/'))
		return same_file(name, program ? "/proc/self/exe" : o->path);
	if (d->soname && strcmp(name, d->soname) == 0)
		return true;
	return gev__object_is(o, name);
}
