/* SPDX-License-Identifier: MIT */
/*
 * Circular doubly linked lists of embedded nodes.  A node that is in no list
 * points to itself, so taking it out twice is harmless.
 */
#ifndef GEV_BASE_LIST_H
#define GEV_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <gev/base.h>

#define gev__container(ptr, type, member)                                      \
	((type *)((char *)(ptr)-offsetof(type, member)))

#define gev__list_for_each(node, list)                                         \
	for (node = (list)->next; node != (list); node = node->next)

/* @node may be taken out meanwhile, its successor @save may not. */
#define gev__list_for_each_safe(node, save, list)                              \
	for (node = (list)->next, save = node->next; node != (list);           \
		node = save, save = node->next)

static inline void gev__list_init(struct gev_list *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool gev__list_empty(const struct gev_list *list)
{
	return list->next == list;
}

static inline void gev__list_insert(struct gev_list *node,
	struct gev_list *prev, struct gev_list *next)
{
	node->next = next;
	node->prev = prev;
	prev->next = node;
	next->prev = node;
}

static inline void gev__list_add(struct gev_list *list, struct gev_list *node)
{
	gev__list_insert(node, list, list->next);
}

static inline void gev__list_add_tail(struct gev_list *list,
	struct gev_list *node)
{
	gev__list_insert(node, list->prev, list);
}

static inline void gev__list_del(struct gev_list *node)
{
	node->next->prev = node->prev;
	node->prev->next = node->next;
	gev__list_init(node);
}

/* The first node, taken out; NULL if there is none. */
static inline struct gev_list *gev__list_pop(struct gev_list *list)
{
	struct gev_list *node = list->next;

	if (node == list)
		return NULL;
	gev__list_del(node);
	return node;
}

/* Moves all of @from, in order, to the empty or uninitialised @to. */
static inline void gev__list_take(struct gev_list *to, struct gev_list *from)
{
	if (gev__list_empty(from)) {
		gev__list_init(to);
		return;
	}
	*to = *from;
	to->next->prev = to;
	to->prev->next = to;
	gev__list_init(from);
}

#endif
