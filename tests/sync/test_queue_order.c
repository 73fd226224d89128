/* SPDX-License-Identifier: MIT */
/* In which order items come out, and where they are kept. */
#include "base/inject.h"
#include "base/sys.h"
#include "../sync/queue.h"

static void first_in_first_out(void)
{
	start(0);
	for (int i = 0; i < 1000; i++)
		put_now(i);
	for (int i = 0; i < 500; i++)
		t_eq(get_now(), i);
	for (int i = 1000; i < 3000; i++)
		put_now(i);
	t_eq(gev_queue_qsize(&q), 2500);
	for (int i = 500; i < 3000; i++)
		t_eq(get_now(), i);
	is_empty();
	finish();
}

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static void c64_lowest_first(void)
{
	static int n[] = { 5, 3, 9, 1, 7, 3, 8, 2, 6, 4 };
	static const int sorted[] = { 1, 2, 3, 3, 4, 5, 6, 7, 8, 9 };
	void *items[5], *item;
	struct gev_queue_options options = { .order = GEV_PRIORITY,
		.compare = by_number, .items = items, .count = 5 };

	for (int i = 0; i < 5; i++)
		items[i] = &n[i];
	t_eq(gev_queue_init_opt(&q, &options), 0);
	t_eq(gev_queue_unfinished(&q), 5);
	t_eq(gev_queue_peek(&q, &item, 0), 0);
	t_eq(*(int *)item, 1);
	for (int i = 5; i < 10; i++)
		t_eq(gev_queue_put(&q, &n[i], 0), 0);
	for (int i = 0; i < 10; i++) {
		t_eq(gev_queue_get(&q, &item, 0), 0);
		t_eq(*(int *)item, sorted[i]);
	}
	finish();
}

static void c64_numbers_without_comparison(void)
{
	q = (gev_queue)GEV_PRIORITY_QUEUE_INIT(0, NULL);
	for (intptr_t i = 0; i < 1000; i++)
		put_now(i * 619 % 1000);
	for (int i = 0; i < 1000; i++)
		t_eq(get_now(), i);
	finish();
}

static void c64_newest_first(void)
{
	void *item;

	q = (gev_queue)GEV_LIFO_QUEUE_INIT(3);
	for (int i = 1; i <= 3; i++)
		put_now(i);
	t_eq(gev_go(put, num(4)), 0);
	settle();
	t_eq(gev_queue_peek(&q, &item, 0), 0);
	t_eq((intptr_t)item, 3);
	t_eq(get_now(), 3);
	t_eq(get_now(), 4);
	t_eq(get_now(), 2);
	t_eq(get_now(), 1);
	is_empty();
	settle();
	t_log_is("4> 4. ");
	finish();
}

static void more_to_begin_with_than_it_may_hold(void)
{
	void *items[] = { num(1), num(2), num(3) };
	struct gev_queue_options options = { .max = 2, .items = items,
		.count = 3 };

	t_eq(gev_queue_init_opt(&q, &options), 0);
	t_eq(gev_go(put, num(4)), 0);
	settle();
	t_eq(get_now(), 1);
	t_ok(gev_queue_full(&q));
	settle();
	t_log_is("4> ");
	t_eq(get_now(), 2);
	settle();
	t_log_is("4. ");
	t_eq(get_now(), 3);
	t_eq(get_now(), 4);
	finish();
}

static void no_memory(void)
{
	int n = 0;

	start(0);
	gev__inject = (struct gev__inject){ .nr = SYS_mmap, .error = -ENOMEM,
		.times = -1 };
	while (n < 1000000 && gev_queue_put(&q, num(n), 0) == 0)
		n++;
	t_fails(gev_queue_put(&q, num(n), 0), ENOMEM);
	t_eq(gev_queue_unfinished(&q), n);
	gev__inject = (struct gev__inject){ .nr = -1 };
	put_now(n);
	for (int i = 0; i <= n; i++)
		t_eq(get_now(), i);
	is_empty();
	finish();
}

int main(void)
{
	t_virtual();
	T_RUN(first_in_first_out);
	T_RUN(c64_lowest_first);
	T_RUN(c64_numbers_without_comparison);
	T_RUN(c64_newest_first);
	T_RUN(more_to_begin_with_than_it_may_hold);
	T_RUN(no_memory);
	return t_done();
}
