/* SPDX-License-Identifier: MIT */
#include <gev/patch.h>
#include <errno.h>
#include <sys/syscall.h>
#include "base/text.h"
#include "patch/by_name.h"
#include "patch/dispatch.h"
#include "patch/engine.h"
#include "patch/names.h"

/* What can wait for long, and has no cooperative form. */
static const char blocking[] =
	"fsync, open of a FIFO, pause, sigsuspend, sigtimedwait, msgrcv, "
	"msgsnd, semop, mq_timedreceive, mq_timedsend, io_getevents, "
	"io_uring_enter";

static const struct {
	unsigned flag;
	const char *name;
} groups[] = {
	{ GEV_PATCH_IO, " io" },
	{ GEV_PATCH_SLEEP, " sleep" },
	{ GEV_PATCH_DNS, " dns" },
	{ GEV_PATCH_PROCESS, " process" },
	{ GEV_PATCH_LOCKS, " locks" },
};

/* Locks need all of libc's futex calls. */
static bool is_done(unsigned flag)
{
	return flag != GEV_PATCH_LOCKS || gev__patch_live[SYS_futex];
}

static void add_groups(struct gev__text *t, unsigned flags)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (flags & groups[i].flag && is_done(groups[i].flag))
			gev__text_add(t, groups[i].name);
}

static const char *state(const struct gev__engine *e)
{
	if (!e->flags)
		return gev__requests ? "patched in part" : "not patched";
	return e->by_name ? "patched by name:" : "patched:";
}

static void add_state(struct gev__text *t, const struct gev__engine *e)
{
	gev__text_add(t, state(e));
	add_groups(t, e->flags);
	if (e->why) {
		gev__text_add(t, ": ");
		gev__text_add(t, e->why);
	}
	if (e->flags && e->way) {
		gev__text_add(t, "; code written by ");
		gev__text_add(t, e->way);
	}
	if (e->asked > 1) {
		gev__text_add(t, "; asked for ");
		gev__text_num(t, e->asked);
		gev__text_add(t, " times");
	}
	gev__text_char(t, '\n');
}

/* What gev_patch_object() was asked for. */
static void add_requests(struct gev__text *t)
{
	for (const struct gev__request *r = gev__requests; r; r = r->next) {
		if (r->every)
			continue;
		gev__text_add(t, "by name: ");
		gev__text_add(t, *r->name ? r->name : "the program");
		gev__text_char(t, ':');
		add_groups(t, r->flags & ~GEV_PATCH_LOCKS);
		if (r->flags & GEV_PATCH_DEPS)
			gev__text_add(t, ", and what it needs");
		gev__text_char(t, '\n');
	}
}

static void add_identity(struct gev__text *t, const struct gev__engine *e)
{
	if (!e->flags)
		return;
	if (!e->why_light) {
		gev__text_add(t, "greenlets are threads of their own to libc");
	} else {
		gev__text_add(t, "greenlets are their thread to libc: ");
		gev__text_add(t, e->why_light);
	}
	gev__text_char(t, '\n');
}

static const struct gev__patch_entry *entry_of(long nr)
{
	if (nr < 0 || nr >= GEV__PATCH_CALLS || !gev__patch_table[nr].handler)
		return NULL;
	return &gev__patch_table[nr];
}

static void add_number(struct gev__text *t, long nr)
{
	if (nr < 0) {
		gev__text_add(t, "any call");
	} else if (entry_of(nr)) {
		gev__text_add(t, entry_of(nr)->name);
	} else {
		gev__text_add(t, "call ");
		gev__text_num(t, (uint64_t)nr);
	}
}

static void add_site(struct gev__text *t, const struct gev__object *o,
	const struct gev__site *s, const char *why)
{
	gev__text_add(t, "  ");
	gev__text_ptr(t, (void *)(s->at - o->base));
	gev__text_char(t, ' ');
	add_number(t, s->nr);
	gev__text_add(t, ": left alone, ");
	gev__text_add(t, why);
	gev__text_char(t, '\n');
}

static const char *why_not(const struct gev__site *s)
{
	if (s->refused)
		return s->refused;
	return s->stub ? "there were other threads" : "not patched";
}

/* Those that would have to be patched and are not. */
static void add_sites(struct gev__text *t, const struct gev__sites *sites,
	const char *why)
{
	for (size_t i = 0; i < sites->n; i++) {
		const struct gev__site *s = &sites->site[i];

		if (!s->patched && (s->nr < 0 || entry_of(s->nr)))
			add_site(t, &sites->object, s, why ? why : why_not(s));
	}
}

static size_t count_patched(const struct gev__sites *sites)
{
	size_t n = 0;

	for (size_t i = 0; i < sites->n; i++)
		n += sites->site[i].patched;
	return n;
}

/* Else there is no need to tell what is left alone: all is. */
static bool code_is_patched(const struct gev__engine *e)
{
	return e->flags && count_patched(&e->libc) > 0;
}

static void add_sums(struct gev__text *t, const struct gev__sites *sites)
{
	gev__text_num(t, sites->n);
	gev__text_add(t, " system calls, ");
	gev__text_num(t, count_patched(sites));
	gev__text_add(t, " patched\n");
}

static void add_other(struct gev__text *t, const struct gev__object *o)
{
	bool ours = gev__object_has_text(o, (uintptr_t)gev_patch_report);
	bool loader = gev__object_is_loader(o);
	struct gev__sites sites = { .why = gev__patch_refused() };

	if (sites.why || gev__sites_find(&sites, o) < 0) {
		gev__text_add(t, sites.why ? sites.why : "no memory");
		gev__text_char(t, '\n');
		return;
	}
	add_sums(t, &sites);
	if (loader)
		gev__text_add(t, "  left alone: it holds its lock meanwhile\n");
	else if (ours)
		gev__text_add(t, "  left alone: gev itself\n");
	else if (code_is_patched(&gev__engine))
		add_sites(t, &sites, "only libc is patched");
	gev__sites_free(&sites);
}

/* Besides its code; every object's if none of that is patched. */
static void add_names(struct gev__text *t, const struct gev__object *o)
{
	size_t n = gev__rewritten(o);

	if (!n && !gev__engine.by_name)
		return;
	gev__text_add(t, "  by name: ");
	if (gev__by_name_why(o)) {
		gev__text_add(t, "left alone, ");
		gev__text_add(t, gev__by_name_why(o));
	} else {
		gev__text_num(t, n);
		gev__text_add(t, " addresses replaced");
	}
	gev__text_char(t, '\n');
}

static int add_object(const struct gev__object *o, void *text)
{
	const struct gev__engine *e = &gev__engine;
	struct gev__text *t = text;

	gev__text_add(t, o->name[0] ? o->name : "the program");
	gev__text_add(t, ": ");
	if (e->found && o->base == e->libc.object.base) {
		add_sums(t, &e->libc);
		if (code_is_patched(e))
			add_sites(t, &e->libc, NULL);
	} else {
		add_other(t, o);
	}
	add_names(t, o);
	return 0;
}

/* In whatever is called by the program; not where libc calls itself. */
static void add_functions(struct gev__text *t, unsigned flags)
{
	gev__text_add(t, "greenlets wait, by name, in:");
	for (size_t i = 0; i < gev__names_count; i++) {
		const struct gev__name *name = &gev__names[i];

		if (name->groups == GEV_PATCH_ALL || !(name->groups & flags) ||
			gev__name_vetoed(name) || name->name[0] == '_')
			continue;
		gev__text_char(t, ' ');
		gev__text_add(t, name->name);
	}
	gev__text_add(t, "\nthe thread waits in: locks, and where libc calls "
			 "itself: stdio, popen, pclose, system\n");
}

/* Not what is only followed. */
static bool waits(int nr)
{
	unsigned group = gev__patch_table[nr].group;

	return gev__patch_live[nr] && group != GEV_PATCH_ALL &&
	       !(group & GEV__PATCH_THREADS);
}

static void add_calls(struct gev__text *t)
{
	gev__text_add(t, "greenlets wait in:");
	for (int nr = 0; nr < GEV__PATCH_CALLS; nr++) {
		if (!waits(nr))
			continue;
		gev__text_char(t, ' ');
		gev__text_add(t, gev__patch_table[nr].name);
	}
	gev__text_add(t, "\nthe thread waits in: ");
	if (!gev__patch_live[SYS_futex])
		gev__text_add(t, "futex, ");
	gev__text_add(t, blocking);
	gev__text_char(t, '\n');
}

static unsigned flags_by_name(void)
{
	unsigned flags = 0;

	for (const struct gev__request *r = gev__requests; r; r = r->next)
		flags |= r->flags;
	return flags;
}

size_t gev_patch_report(char *buf, size_t size)
{
	struct gev__text t = gev__text_in(buf, size);

	gev__patch_prepare();
	gev__lock(&gev__engine.lock);
	add_state(&t, &gev__engine);
	add_requests(&t);
	add_identity(&t, &gev__engine);
	gev__objects_each(add_object, &t);
	add_calls(&t);
	if (gev__requests)
		add_functions(&t, flags_by_name());
	gev__unlock(&gev__engine.lock);
	return gev__text_end(&t);
}
