/* SPDX-License-Identifier: MIT */
#include "patch/by_name.h"
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include "base/mem.h"
#include "patch/names.h"

/* How many objects had been loaded when the slots were last looked at. */
static _Atomic unsigned long long looked_at;

struct job {
	const struct gev__request *asked;
	struct gev__targets targets;
};

static const struct {
	const char *begin;
	const char *why;
} off_limits[] = {
	{ "libc.so", "libc's calls to itself have no names" },
	{ "linux-vdso", "it is the kernel's" },
	{ "libasan.so", "it intercepts libc on its own" },
	{ "libhwasan.so", "it intercepts libc on its own" },
	{ "liblsan.so", "it intercepts libc on its own" },
	{ "libtsan.so", "it intercepts libc on its own" },
	{ "libubsan.so", "it intercepts libc on its own" },
};

static const char *refused(const struct gev__object *o)
{
	const char *slash = strrchr(o->path, '/');
	const char *base = slash ? slash + 1 : o->path;

	if (*base && gev__object_has_text(o, (uintptr_t)gev_patch_object))
		return "it is gev itself";
	if (gev__object_is_loader(o))
		return "it is the loader";
	for (size_t i = 0; i < sizeof(off_limits) / sizeof(*off_limits); i++)
		if (strncmp(base, off_limits[i].begin,
			    strlen(off_limits[i].begin)) == 0)
			return off_limits[i].why;
	return NULL;
}

static const char *why_not(const struct gev__object *o,
	const struct gev__dynamic *d)
{
	const char *why = refused(o);

	if (why || d->why)
		return why ? why : d->why;
	if (!*o->path && !gev__dynamic_needs(d, 0))
		return "linked statically";
	return NULL;
}

const char *gev__by_name_why(const struct gev__object *o)
{
	struct gev__dynamic d;

	gev__dynamic_read(&d, o);
	return why_not(o, &d);
}

static int grow(struct gev__targets *t)
{
	size_t room = t->room ? 2 * t->room : 32;
	struct gev__target *more = gev__map(room * sizeof(*more));

	if (!more)
		return -ENOMEM;
	gev__copy(more, t->at, t->n * sizeof(*more));
	if (t->room)
		gev__unmap(t->at, t->room * sizeof(*t->at));
	t->at = more;
	t->room = room;
	return 0;
}

static int add(const struct gev__object *o, void *arg)
{
	struct gev__targets *all = arg;
	struct gev__target *t;

	if (all->n == all->room && grow(all) < 0)
		return -ENOMEM;
	t = &all->at[all->n++];
	t->object = *o;
	gev__dynamic_read(&t->dynamic, o);
	t->why = why_not(o, &t->dynamic);
	return 0;
}

static void forget(struct gev__targets *t)
{
	if (t->room)
		gev__unmap(t->at, t->room * sizeof(*t->at));
}

static bool means(const struct gev__request *r, const struct gev__target *t)
{
	return r->every ||
	       gev__request_means(r->name, &t->object, &t->dynamic);
}

static void mark_needed(const struct gev__targets *all,
	const struct gev__request *r, const char *needed);

static void mark(const struct gev__targets *all, struct gev__target *t,
	const struct gev__request *r)
{
	const char *needed;

	t->flags |= r->flags & GEV_PATCH_ALL;
	if (!(r->flags & GEV_PATCH_DEPS) || t->marked_by == r)
		return;
	t->marked_by = r;
	for (size_t i = 0; (needed = gev__dynamic_needs(&t->dynamic, i)); i++)
		mark_needed(all, r, needed);
}

static void mark_needed(const struct gev__targets *all,
	const struct gev__request *r, const char *needed)
{
	for (size_t i = 0; i < all->n; i++) {
		struct gev__target *t = &all->at[i];

		if (!t->why &&
			gev__request_means(needed, &t->object, &t->dynamic))
			mark(all, t, r);
	}
}

static void mark_all(const struct gev__targets *all)
{
	unsigned loader = 0;

	for (struct gev__request *r = gev__requests; r; r = r->next) {
		if (r->flags & GEV_PATCH_LATER)
			loader = GEV__LOADER;
		for (size_t i = 0; i < all->n; i++)
			if (!all->at[i].why && means(r, &all->at[i]))
				mark(all, &all->at[i], r);
	}
	for (size_t i = 0; i < all->n; i++)
		all->at[i].flags |= loader;
}

/* Whether what is asked for can be had. */
static int check(const struct job *job)
{
	int r = job->asked->flags & GEV_PATCH_LATER ? 0 : -ENOENT;
	const char *why = NULL;

	for (size_t i = 0; i < job->targets.n; i++) {
		const struct gev__target *t = &job->targets.at[i];

		if (!means(job->asked, t))
			continue;
		if (!t->why)
			return 0;
		why = t->why;
		r = -ENOTSUP;
	}
	gev__engine.why = r == -ENOENT ? "no such object" : why;
	return r;
}

static int work(void *arg)
{
	struct job *job = arg;
	int r = gev__objects_each(add, &job->targets);

	if (r == 0 && job->asked)
		r = check(job);
	if (r < 0)
		return r;
	mark_all(&job->targets);
	looked_at = gev__objects_loaded();
	r = gev__rewrite(&job->targets);
	if (r < 0)
		gev__engine.why = "addresses can't be written here";
	return r;
}

int gev__by_name_apply(const struct gev__request *asked)
{
	struct job job = { .asked = asked };
	int r = gev__objects_hold(work, &job);

	forget(&job.targets);
	return r;
}

void gev__by_name_catch_up(void)
{
	if (looked_at == gev__objects_loaded())
		return;
	gev__lock(&gev__engine.lock);
	gev__by_name_apply(NULL);
	gev__unlock(&gev__engine.lock);
}

int gev__by_name_ask(const char *name, unsigned flags)
{
	const struct gev__engine *e = &gev__engine;
	struct gev__request *request = gev__request_get(name);
	int r;

	if (!request)
		return -ENOMEM;
	request->flags |= flags;
	gev__names_veto(e->veto, e->veto_arg);
	r = gev__by_name_apply(request);
	gev__requests_settle(r == 0);
	return r;
}

struct withdrawal {
	const char *name;
	struct gev__targets targets;
	bool any;
};

static void withdraw_for(struct withdrawal *w, const struct gev__target *t)
{
	for (struct gev__request *r = gev__requests; r; r = r->next) {
		if (r->every || !means(r, t))
			continue;
		r->flags = 0;
		w->any = true;
	}
}

/* Whatever it was called, if that is the same object. */
static int withdraw(void *arg)
{
	struct withdrawal *w = arg;
	struct gev__request *request = gev__request_find(w->name);
	int r = gev__objects_each(add, &w->targets);

	if (r < 0)
		return r;
	if (request) {
		request->flags = 0;
		w->any = true;
	}
	for (size_t i = 0; w->name && i < w->targets.n; i++) {
		struct gev__target *t = &w->targets.at[i];

		if (gev__request_means(w->name, &t->object, &t->dynamic))
			withdraw_for(w, t);
	}
	return w->any ? 0 : -ENOENT;
}

int gev__by_name_withdraw(const char *name)
{
	struct withdrawal w = { .name = name };
	int r = gev__objects_hold(withdraw, &w);

	forget(&w.targets);
	if (r == 0)
		r = gev__by_name_apply(NULL);
	gev__requests_settle(r == 0);
	return r;
}
