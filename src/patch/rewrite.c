/* SPDX-License-Identifier: MIT */
/*
 * The slots of all objects, made what is wanted of them.
 *
 * First a list is drawn up of those that are replaced or are to be, with what
 * they held before.  Then what ld.so has made read-only is opened, as a whole
 * or not at all, each slot is written at once, and it is closed again.  Other
 * threads may call through a slot at any time: they get one or the other.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "base/mem.h"
#include "base/sys.h"
#include "patch/by_name.h"
#include "patch/dispatch.h"
#include "patch/names.h"

struct entry {
	uintptr_t *at;
	uintptr_t before;           /* what the program had there */
	uintptr_t value;            /* what it is to hold */
};

struct list {
	struct entry *entry;
	size_t n;
	size_t room;
	size_t next;                /* where the last search ended */
};

/* Those that are replaced; of objects that are gone too, until the next time. */
static struct list current;

struct survey {
	struct gev__target *target;
	struct list list;
};

static void drop(struct list *l)
{
	if (l->room)
		gev__unmap(l->entry, l->room * sizeof(*l->entry));
	*l = (struct list){ 0 };
}

static int grow(struct list *l)
{
	size_t room = l->room ? 2 * l->room : 256;
	struct entry *more = gev__map(room * sizeof(*more));

	if (!more)
		return -ENOMEM;
	gev__copy(more, l->entry, l->n * sizeof(*more));
	if (l->room)
		gev__unmap(l->entry, l->room * sizeof(*l->entry));
	l->entry = more;
	l->room = room;
	return 0;
}

/* Objects come in the same order as the last time, so it is the next one. */
static const struct entry *find(struct list *l, const uintptr_t *at)
{
	for (size_t i = 0; i < l->n; i++) {
		size_t k = (l->next + i) % l->n;

		if (l->entry[k].at == at) {
			l->next = k + 1;
			return &l->entry[k];
		}
	}
	return NULL;
}

/*
 * Whether what the slot holds may be replaced: the function itself, or code of
 * the object that will look for it at the first call.  Anything else is the
 * program's own choice.
 */
static bool replaceable(const struct gev__slot *slot,
	const struct gev__name *name, const struct gev__object *o)
{
	if (gev__name_is(name, *slot->at))
		return true;
	return slot->called && gev__object_has(o, *slot->at);
}

/* False: the slot stays as it is. */
static bool decide(const struct gev__slot *slot, const struct gev__name *name,
	const struct gev__target *t, struct entry *e)
{
	bool wanted = name->groups & t->flags && !gev__name_vetoed(name);
	bool replaced = *slot->at == (uintptr_t)name->stand_in;
	const struct entry *known = replaced ? find(&current, slot->at) : NULL;

	e->at = slot->at;
	e->before = known ? known->before : *slot->at;
	e->value = wanted ? (uintptr_t)name->stand_in : e->before;
	if (replaced)
		return known != NULL;
	return wanted && replaceable(slot, name, &t->object);
}

static bool in_relro(const struct gev__object *o, const uintptr_t *at)
{
	return (uintptr_t)at >= o->relro.start && (uintptr_t)at < o->relro.end;
}

static bool makes_vfork_children(const char *name)
{
	return strcmp(name, "vfork") == 0 || strcmp(name, "__vfork") == 0 ||
	       strcmp(name, "clone") == 0;
}

static int survey_slot(const struct gev__slot *slot, void *arg)
{
	const struct gev__name *name = gev__name_find(slot->name);
	struct survey *s = arg;
	struct list *l = &s->list;
	struct entry e;

	if (s->target->flags && makes_vfork_children(slot->name))
		gev__patch_expect_vfork();
	if (!name || !gev__object_writable(&s->target->object,
			     (uintptr_t)slot->at))
		return 0;
	if (!decide(slot, name, s->target, &e))
		return 0;
	if (l->n == l->room && grow(l) < 0)
		return -ENOMEM;
	l->entry[l->n++] = e;
	if (e.value != *e.at && in_relro(&s->target->object, e.at))
		s->target->opened = true;
	return 0;
}

static long protect(const struct gev__target *t, int protection)
{
	const struct gev__extent *relro = &t->object.relro;

	return gev__sys(SYS_mprotect, relro->start, relro->end - relro->start,
		protection);
}

/* Of the first @n objects. */
static void close_up(const struct gev__targets *targets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (targets->at[i].opened)
			protect(&targets->at[i], PROT_READ);
}

static int open_up(const struct gev__targets *targets)
{
	for (size_t i = 0; i < targets->n; i++) {
		long r = 0;

		if (targets->at[i].opened)
			r = protect(&targets->at[i], PROT_READ | PROT_WRITE);
		if (r < 0) {
			close_up(targets, i);
			return (int)r;
		}
	}
	return 0;
}

static void write_all(const struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (*l->entry[i].at != l->entry[i].value)
			__atomic_store_n(l->entry[i].at, l->entry[i].value,
				__ATOMIC_RELEASE);
}

int gev__rewrite(const struct gev__targets *targets)
{
	struct survey s = { .target = NULL };
	int r = 0;

	for (size_t i = 0; r == 0 && i < targets->n; i++) {
		s.target = &targets->at[i];
		if (!s.target->why)
			r = gev__dynamic_slots(&s.target->dynamic,
				&s.target->object, survey_slot, &s);
	}
	if (r == 0)
		r = open_up(targets);
	if (r < 0) {
		drop(&s.list);
		return r;
	}
	write_all(&s.list);
	close_up(targets, targets->n);
	drop(&current);
	current = s.list;
	return 0;
}

size_t gev__rewritten(const struct gev__object *o)
{
	size_t n = 0;

	for (size_t i = 0; i < current.n; i++)
		n += current.entry[i].value != current.entry[i].before &&
		     gev__object_has(o, (uintptr_t)current.entry[i].at);
	return n;
}
