/* SPDX-License-Identifier: MIT */
/*
 * Values that every greenlet has of its own: a short array, the newest key
 * last, searched by the key's address.
 */
#include <gev/local.h>
#include "base/mem.h"
#include "core/greenlet.h"

#define FIRST_ROOM 3u

/* Destructors may set values anew, so many times. */
#define ROUNDS 4

struct value {
	const gev_local_key *key;
	void *value;
};

struct locals {
	struct gev__locals locals;
	uint32_t count;
	uint32_t room;
	struct value values[];
};

static struct locals *of(const gev_greenlet *g)
{
	return g && g->locals ?
		gev__container(g->locals, struct locals, locals) : NULL;
}

static size_t size_of(uint32_t room)
{
	return sizeof(struct locals) + room * sizeof(struct value);
}

static struct value *find(struct locals *l, const gev_local_key *key)
{
	for (uint32_t i = 0; l && i < l->count; i++)
		if (l->values[i].key == key)
			return &l->values[i];
	return NULL;
}

static void destroy_last(struct locals *l)
{
	struct value v = l->values[--l->count];

	if (v.value && v.key->destructor)
		v.key->destructor(v.value);
}

static void end(gev_greenlet *g, bool destroy)
{
	for (int round = 0; destroy && round < ROUNDS; round++)
		for (uint32_t n = of(g)->count; n > 0 && of(g)->count; n--)
			destroy_last(of(g));
	gev__free(of(g), size_of(of(g)->room));
	g->locals = NULL;
}

/* Room for one more.  NULL: no memory. */
static struct locals *grow(gev_greenlet *g)
{
	struct locals *old = of(g);
	uint32_t room = old ? 2 * old->room + 1 : FIRST_ROOM;
	struct locals *l = gev__alloc(size_of(room));

	if (!l)
		return NULL;
	l->locals.end = end;
	l->room = room;
	if (old) {
		l->count = old->count;
		gev__copy(l->values, old->values,
			old->count * sizeof(struct value));
		gev__free(old, size_of(old->room));
	}
	g->locals = &l->locals;
	return l;
}

static int set(gev_greenlet *g, const gev_local_key *key, void *value)
{
	struct locals *l = of(g);
	struct value *v = find(l, key);

	if (v || !value) {
		if (v)
			v->value = value;
		return 0;
	}
	if (!l || l->count == l->room)
		l = grow(g);
	if (!l)
		return -ENOMEM;
	l->values[l->count++] = (struct value){ key, value };
	return 0;
}

int gev_local_key_create(gev_local_key *key, gev_local_destructor *destructor)
{
	if (!key)
		return (int)gev__ret(-EINVAL);
	key->destructor = destructor;
	return 0;
}

int gev_local_set(const gev_local_key *key, void *value)
{
	int r = 0;
	gev_hub *hub = gev__hub_get(&r);
	gev_greenlet *g = gev__greenlet_here();

	if (hub && !key)
		r = -EINVAL;
	else if (hub)
		r = g ? set(g, key, value) : -ENOTSUP;
	return (int)gev__ret(r);
}

void *gev_local_get(const gev_local_key *key)
{
	struct value *v = find(of(gev__greenlet_here()), key);

	return v ? v->value : NULL;
}
