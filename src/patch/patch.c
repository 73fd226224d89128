/* SPDX-License-Identifier: MIT */
/*
 * gev_patch_all() from above: find the sites of libc, make a stub for each,
 * write the jumps, and say which calls are live.  Until the last step nothing
 * has changed but the way a call takes.  Where code can't be had so, names are
 * replaced (by_name.h).
 */
#include <gev/patch.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include "base/error.h"
#include "base/mem.h"
#include "base/sys.h"
#include "patch/by_name.h"
#include "patch/code.h"
#include "patch/cpu.h"
#include "patch/dispatch.h"
#include "patch/engine.h"
#include "patch/frames.h"
#include "patch/futex.h"
#include "patch/identity.h"
#include "patch/names.h"
#include "patch/signals.h"

struct gev__engine gev__engine;

/* Else what a child of vfork() closes would be taken for the parent's. */
static bool follows_vfork(const struct gev__sites *sites)
{
	for (size_t i = 0; i < sites->n; i++) {
		const struct gev__site *s = &sites->site[i];

		if (s->refused && gev__patch_follows(s->nr))
			return false;
	}
	return true;
}

static int find(struct gev__engine *e)
{
	struct gev__object libc;
	int r;

	if (e->found)
		return 0;
	e->why = gev__patch_refused();
	if (e->why)
		return -ENOTSUP;
	if (gev__object_libc(&libc) < 0) {
		e->why = "no libc.so.6 in this process";
		return -ENOTSUP;
	}
	r = gev__sites_find(&e->libc, &libc);
	e->why = e->libc.why;
	if (r == 0 && !follows_vfork(&e->libc)) {
		e->why = "libc's clone can't be followed";
		gev__sites_free(&e->libc);
		return -ENOTSUP;
	}
	e->found = r == 0;
	return r;
}

/* Those with a number that nothing answers stay as they are. */
static bool wanted(const struct gev__site *s)
{
	if (s->refused)
		return false;
	return s->nr < 0 || (s->nr < GEV__PATCH_CALLS &&
				    gev__patch_table[s->nr].handler);
}

static size_t count_wanted(const struct gev__sites *sites)
{
	size_t n = 0;

	for (size_t i = 0; i < sites->n; i++)
		n += wanted(&sites->site[i]);
	return n;
}

static void assign(struct gev__sites *sites, uint8_t *to, uint8_t *at)
{
	for (size_t i = 0; i < sites->n; i++) {
		struct gev__site *s = &sites->site[i];

		if (!wanted(s))
			continue;
		memcpy(s->original, (void *)s->window, sizeof(s->original));
		if (s->hop)
			memcpy(s->padding, (void *)s->hop, sizeof(s->padding));
		gev__cpu_stub(to, s, (uintptr_t)at);
		s->stub = at;
		to += GEV__STUB_SIZE;
		at += GEV__STUB_SIZE;
	}
}

static void unassign(struct gev__sites *sites)
{
	for (size_t i = 0; i < sites->n; i++)
		sites->site[i].stub = NULL;
}

static bool have_stubs(const struct gev__sites *sites)
{
	for (size_t i = 0; i < sites->n; i++)
		if (sites->site[i].stub)
			return true;
	return false;
}

static int make_stubs(struct gev__sites *sites)
{
	size_t size = count_wanted(sites) * GEV__STUB_SIZE;
	uint8_t *draft;
	void *at;
	int r;

	if (have_stubs(sites) || !size)
		return 0;
	size = (size + GEV__PAGE - 1) & -(size_t)GEV__PAGE;
	draft = gev__map(size);
	if (!draft)
		return -ENOMEM;
	r = gev__code_room(&sites->object, size, &at);
	if (r == 0) {
		assign(sites, draft, at);
		r = gev__code_make(at, draft, size);
		if (r < 0)
			unassign(sites);
		else
			gev__frames_add(sites);
	}
	gev__unmap(draft, size);
	return r;
}

/* Of futex(2): a wake that went by the table would be lost. */
static bool catches_all(const struct gev__sites *sites, long nr)
{
	for (size_t i = 0; i < sites->n; i++)
		if (sites->site[i].nr == nr && !sites->site[i].patched)
			return false;
	return true;
}

static void go_live(const struct gev__engine *e, unsigned groups)
{
	if (!catches_all(&e->libc, SYS_futex))
		groups &= ~GEV_PATCH_LOCKS;
	for (int nr = 0; nr < GEV__PATCH_CALLS; nr++) {
		const struct gev__patch_entry *entry = &gev__patch_table[nr];

		if (!entry->handler || !(entry->group & groups) ||
			(e->veto && e->veto(entry->name, e->veto_arg)))
			gev__patch_live[nr] = 0;
		else
			gev__patch_live[nr] = entry->flags & GEV__WHOLE ?
				GEV__LIVE_WHOLE : GEV__LIVE;
	}
	if (gev__patch_live[SYS_rt_sigaction])
		gev__patch_wrap_handlers();
	else
		gev__patch_unwrap_handlers();
	if (gev__patch_live[SYS_futex])
		gev__futex_open(gev__code_threads());
	else
		gev__futex_close();
}

/* For the child: what its parent's other threads wait for is not its own. */
static void forked(void)
{
	gev__futex_forked();
	gev__patch_signals_forked();
}

static int see_forks(struct gev__engine *e)
{
	int r = e->sees_forks ? 0 : pthread_atfork(NULL, NULL, forked);

	e->sees_forks = r == 0;
	return -r;
}

static int patch(struct gev__engine *e, unsigned flags)
{
	int r = find(e);

	if (r == 0)
		r = see_forks(e);
	if (r == 0)
		r = make_stubs(&e->libc);
	if (r == 0)
		r = gev__code_patch(&e->libc, &e->way);
	if (r < 0) {
		if (!e->why)
			e->why = "code can't be written here";
		return r;
	}
	e->flags |= flags;
	go_live(e, e->flags | GEV__PATCH_THREADS);
	e->why_light = gev__identity_start(&e->libc);
	if (gev__patch_live[SYS_futex])
		gev__identity_first();
	return 0;
}

static bool has_another_way(int r)
{
	if (gev__object_static_program())
		return false;
	return r == -ENOTSUP || r == -EACCES || r == -EPERM;
}

/* Code can't be patched for @why, with @error: 0 where names can be. */
static int patch_names(struct gev__engine *e, unsigned flags, int error)
{
	const char *why = e->why;
	int r = gev__by_name_ask(NULL, flags | GEV_PATCH_LATER);

	if (error < 0)
		e->why = why;
	if (r < 0)
		return error < 0 ? error : r;
	e->by_name = true;
	if (!e->flags)
		e->why_light = "libc is patched by name";
	e->flags |= flags;
	return 0;
}

/* What takes ld.so's lock, or calls what names are replaced in. */
void gev__patch_prepare(void)
{
	gev__names_resolve();
	gev__patch_refused();
}

int gev_patch_all(unsigned flags)
{
	unsigned groups = flags & GEV_PATCH_ALL;
	int r = 0;

	if (!groups || flags & ~(GEV_PATCH_ALL | GEV_PATCH_BY_NAME))
		return (int)gev__ret(-EINVAL);
	gev__patch_prepare();
	gev__lock(&gev__engine.lock);
	gev__engine.why = NULL;
	if (!(flags & GEV_PATCH_BY_NAME))
		r = patch(&gev__engine, groups);
	if (flags & GEV_PATCH_BY_NAME || has_another_way(r))
		r = patch_names(&gev__engine, groups, r);
	gev__engine.asked += r == 0;
	gev__unlock(&gev__engine.lock);
	return (int)gev__ret(r);
}

static bool have_jumps(const struct gev__sites *sites)
{
	for (size_t i = 0; i < sites->n; i++)
		if (sites->site[i].patched)
			return true;
	return false;
}

/* The end of threads that only libc knows of has to be caught. */
static int unpatch(struct gev__engine *e)
{
	bool threads = gev__identity_stop();

	go_live(e, threads ? GEV__PATCH_THREADS : 0);
	if (threads || !have_jumps(&e->libc))
		return 0;
	return gev__code_unpatch(&e->libc, &e->way);
}

static int unpatch_names(struct gev__engine *e)
{
	int r = e->by_name ? gev__by_name_withdraw(NULL) : 0;

	if (r == 0)
		e->by_name = false;
	return r;
}

int gev_unpatch_all(void)
{
	struct gev__engine *e = &gev__engine;
	int r, r_names;

	gev__lock(&e->lock);
	e->flags = e->asked = 0;
	r = e->found ? unpatch(e) : 0;
	r_names = unpatch_names(e);
	gev__unlock(&e->lock);
	return (int)gev__ret(r < 0 ? r : r_names);
}

void gev_patch_set_veto(gev_patch_veto_fn *fn, void *arg)
{
	gev__lock(&gev__engine.lock);
	gev__engine.veto = fn;
	gev__engine.veto_arg = arg;
	gev__unlock(&gev__engine.lock);
}

long gev_patch_original(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return gev__ret(gev__sys_raw(number, a[0], a[1], a[2], a[3], a[4],
		a[5]));
}
