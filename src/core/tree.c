/* SPDX-License-Identifier: MIT */
/*
 * Values shared by a tree of greenlets: a counted list that a greenlet shares
 * with those it makes.  It is there from the first child on, so that all of
 * them see what any of them sets later.
 */
#include "core/greenlet.h"
#include <gev/link.h>
#include "base/mem.h"

struct gev__tree {
	uint32_t refs;
	struct gev_list values;
};

struct value {
	struct gev_list node;
	const void *key;
	void *value;
};

/* The running greenlet, if it may have a tree. */
static gev_greenlet *owner(void)
{
	gev_greenlet *g = gev__greenlet_here();

	return g && g != g->hub->main ? g : NULL;
}

static struct gev__tree *tree_of(gev_greenlet *g)
{
	if (!g->tree) {
		g->tree = gev__alloc(sizeof(*g->tree));
		if (!g->tree)
			return NULL;
		g->tree->refs = 1;
		gev__list_init(&g->tree->values);
	}
	return g->tree;
}

int gev__tree_share(gev_greenlet *maker, struct gev__tree **tree)
{
	*tree = tree_of(maker);
	if (!*tree)
		return -ENOMEM;
	(*tree)->refs++;
	return 0;
}

void gev__tree_put(struct gev__tree *tree)
{
	struct gev_list *node;

	if (--tree->refs > 0)
		return;
	while ((node = gev__list_pop(&tree->values)))
		gev__free(gev__container(node, struct value, node),
			sizeof(struct value));
	gev__free(tree, sizeof(*tree));
}

static struct value *find(const gev_greenlet *g, const void *key)
{
	struct gev_list *node;

	if (!g || !g->tree)
		return NULL;
	gev__list_for_each(node, &g->tree->values)
		if (gev__container(node, struct value, node)->key == key)
			return gev__container(node, struct value, node);
	return NULL;
}

static int set(gev_greenlet *g, const void *key, void *value)
{
	struct value *v = find(g, key);

	if (v && !value) {
		gev__list_del(&v->node);
		gev__free(v, sizeof(*v));
		return 0;
	}
	if (!value)
		return 0;
	if (!v) {
		if (!tree_of(g))
			return -ENOMEM;
		v = gev__alloc(sizeof(*v));
		if (!v)
			return -ENOMEM;
		v->key = key;
		gev__list_add_tail(&g->tree->values, &v->node);
	}
	v->value = value;
	return 0;
}

int gev_tree_set(const void *key, void *value)
{
	gev_greenlet *g = owner();

	return (int)gev__ret(g ? set(g, key, value) : -ENOTSUP);
}

void *gev_tree_get(const void *key)
{
	struct value *v = find(owner(), key);

	return v ? v->value : NULL;
}
