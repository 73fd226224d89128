/* SPDX-License-Identifier: MIT */
#include "base/list.h"
#include "t.h"

struct item {
	int n;
	struct gev_list link;
};

static struct item items[4];

static void fill(struct gev_list *list)
{
	gev__list_init(list);
	for (int i = 0; i < 4; i++) {
		items[i].n = i;
		gev__list_add_tail(list, &items[i].link);
	}
}

static void log_list(const struct gev_list *list)
{
	const struct gev_list *node;

	gev__list_for_each(node, list)
		t_log("%d ", gev__container(node, struct item, link)->n);
}

static void tail_keeps_order_and_head_reverses(void)
{
	struct gev_list list;

	fill(&list);
	log_list(&list);
	t_log_is("0 1 2 3 ");
	gev__list_init(&list);
	for (int i = 0; i < 4; i++)
		gev__list_add(&list, &items[i].link);
	log_list(&list);
	t_log_is("3 2 1 0 ");
}

static void deleting_twice_is_harmless(void)
{
	struct gev_list list;

	fill(&list);
	gev__list_del(&items[1].link);
	gev__list_del(&items[1].link);
	t_ok(gev__list_empty(&items[1].link));
	log_list(&list);
	t_log_is("0 2 3 ");
}

static void safe_walk_may_delete_its_node(void)
{
	struct gev_list list, *node, *save;

	fill(&list);
	gev__list_for_each_safe(node, save, &list)
		if (gev__container(node, struct item, link)->n % 2 == 0)
			gev__list_del(node);
	log_list(&list);
	t_log_is("1 3 ");
}

static void pop_takes_the_first(void)
{
	struct gev_list list;

	fill(&list);
	for (int i = 0; i < 4; i++)
		t_ok(gev__list_pop(&list) == &items[i].link);
	t_ok(gev__list_pop(&list) == NULL);
}

static void take_moves_all_and_empties(void)
{
	struct gev_list from, to;

	fill(&from);
	gev__list_take(&to, &from);
	t_ok(gev__list_empty(&from));
	log_list(&to);
	t_log_is("0 1 2 3 ");
	gev__list_take(&to, &from);
	t_ok(gev__list_empty(&to));
}

int main(void)
{
	T_RUN(tail_keeps_order_and_head_reverses);
	T_RUN(deleting_twice_is_harmless);
	T_RUN(safe_walk_may_delete_its_node);
	T_RUN(pop_takes_the_first);
	T_RUN(take_moves_all_and_empties);
	return t_done();
}
