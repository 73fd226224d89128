/* SPDX-License-Identifier: MIT */
/*
 * Whatever allocates, with its n-th allocation failing: it says so, and all is
 * as it was.
 */
#include "../core/memory.h"

static int calls;

/* Links. */

static gev_event event;
static gev_async_result result;

static int event_called(gev_event *e, void *arg)
{
	(void)e;
	(void)arg;
	calls++;
	return 0;
}

static int result_called(gev_async_result *ar, void *arg)
{
	(void)ar;
	(void)arg;
	calls++;
	return 0;
}

static bool link_event(void)
{
	return gev_event_rawlink(&event, event_called, NULL) == 0;
}

static void event_links(void)
{
	calls = 0;
	gev_event_init(&event);
	t_eq(until_it_works(link_event), 1);
	t_eq(gev_event_set(&event), 0);
	settle();
	t_eq(calls, 1);
	t_eq(until_it_works(link_event), 1); /* called at once */
	settle();
	t_eq(calls, 2);
	gev_event_fini(&event);
}

static bool link_result(void)
{
	return gev_async_result_rawlink(&result, result_called, NULL) == 0;
}

static void result_links(void)
{
	calls = 0;
	gev_async_result_init(&result);
	t_eq(until_it_works(link_result), 1);
	t_eq(gev_async_result_set(&result, 1), 0);
	settle();
	t_eq(calls, 1);
	gev_async_result_fini(&result);
}

static gev_greenlet *linked;

static bool link_to_greenlet(void)
{
	return gev_async_result_link(linked, &result) == 0;
}

static void a_result_as_a_link(void)
{
	gev_async_result_init(&result);
	linked = gev_spawn(give, num(6));
	t_ok(until_it_works(link_to_greenlet) > 0);
	t_eq(gev_async_result_get(&result, GEV_FOREVER), 6);
	gev_unref(linked);
	gev_async_result_fini(&result);
}

/* Queues and channels. */

static gev_queue q;
static gev_chan *ch;

static bool put_first(void)
{
	return gev_queue_put(&q, num(1), 0) == 0;
}

static bool put_more(void)
{
	return gev_queue_put(&q, num((intptr_t)gev_queue_qsize(&q) + 1), 0) ==
	       0;
}

/* At every size at which it grows. */
static void queues_grow(enum gev_queue_order order)
{
	struct gev_queue_options options = { .order = order };
	void *item;
	int failed;

	t_eq(gev_queue_init_opt(&q, &options), 0);
	failed = until_it_works(put_first);
	while (gev_queue_qsize(&q) < 1000)
		failed += until_it_works(put_more);
	t_eq(failed, 8); /* 8, 16, ... 1024 */
	t_eq(gev_queue_unfinished(&q), 1000);
	for (intptr_t i = 1; i <= 1000; i++) {
		t_eq(gev_queue_get(&q, &item, 0), 0);
		t_ok(item == num(order == GEV_LIFO ? 1001 - i : i));
	}
	t_ok(gev_queue_empty(&q));
	t_eq(gev_queue_fini(&q), 0);
}

static void fifo_grows(void)
{
	queues_grow(GEV_FIFO);
}

static void lifo_grows(void)
{
	queues_grow(GEV_LIFO);
}

static void priority_grows(void)
{
	queues_grow(GEV_PRIORITY);
}

static bool init_with_items(void)
{
	static void *const items[20];
	struct gev_queue_options options = { .items = items, .count = 20 };

	return gev_queue_init_opt(&q, &options) == 0;
}

static void a_queue_with_items_to_begin_with(void)
{
	t_eq(until_it_works(init_with_items), 3); /* 8, 16, 32 */
	t_eq(gev_queue_qsize(&q), 20);
	t_eq(gev_queue_fini(&q), 0);
}

/* Who waits to get is given the item itself: no room is needed. */
static intptr_t get_one(void *arg)
{
	void *item = NULL;

	(void)arg;
	t_eq(gev_queue_get(&q, &item, GEV_FOREVER), 0);
	return (intptr_t)item;
}

static void who_waits_to_get_needs_no_room(void)
{
	gev_greenlet *g;

	t_eq(gev_queue_init(&q, 0), 0);
	g = gev_spawn(get_one, NULL);
	settle();
	t_eq(until_it_works(put_first), 0);
	t_eq(gev_get(g, GEV_FOREVER), 1);
	gev_unref(g);
	t_eq(gev_queue_fini(&q), 0);
}

static intptr_t peek_one(void *arg)
{
	void *item = NULL;

	(void)arg;
	t_eq(gev_queue_peek(&q, &item, GEV_FOREVER), 0);
	return (intptr_t)item;
}

/* There is no item for who peeks until there is room for it. */
static void who_peeks_is_not_told_of_what_failed(void)
{
	gev_greenlet *g;

	t_eq(gev_queue_init(&q, 0), 0);
	g = gev_spawn(peek_one, NULL);
	settle();
	t_eq(until_it_works(put_first), 1);
	t_eq(gev_get(g, GEV_FOREVER), 1);
	t_eq(gev_queue_qsize(&q), 1);
	gev_unref(g);
	t_eq(gev_queue_fini(&q), 0);
}

static bool new_channel(void)
{
	ch = gev_chan_new(sizeof(long), 3);
	return ch;
}

static void channels(void)
{
	t_eq(until_it_works(new_channel), 1);
	t_eq(gev_chan_cap(ch), 3);
	t_eq(gev_chan_free(ch), 0);
}

/* Pools. */

static gev_pool pool;
static gev_greenlet *stray;

static bool add_to_pool(void)
{
	return gev_pool_add(&pool, stray, 0) == 0;
}

static bool start_in_pool(void)
{
	return gev_pool_start(&pool, stray, 0) == 0;
}

static bool go_in_pool(void)
{
	return gev_pool_go(&pool, give, num(1), 0) == 0;
}

static void pool_is_empty(void)
{
	t_eq(gev_pool_count(&pool), 0);
	t_eq(gev_pool_free_count(&pool), 1);
}

static void pools_take_in(void)
{
	t_eq(gev_pool_init(&pool, 1), 0);
	t_ok(until_it_works(go_in_pool) > 0);
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
	pool_is_empty();
	stray = gev_spawn(give, num(2));
	t_eq(until_it_works(add_to_pool), 1);
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
	gev_unref(stray);
	pool_is_empty();
	stray = gev_greenlet_new(give, num(3), NULL);
	t_eq(until_it_works(start_in_pool), 1);
	t_eq(gev_get(stray, GEV_FOREVER), 3);
	gev_unref(stray);
	settle();
	pool_is_empty();
	t_eq(gev_pool_fini(&pool), 0);
}

static gev_sem slots_tried;

static intptr_t add_when_there_is_a_slot(void *arg)
{
	int r;

	(void)arg;
	r = gev_pool_go(&pool, give, num(1), GEV_FOREVER);
	t_log("%s ", r < 0 ? strerror(errno) : "added");
	gev_sem_release(&slots_tried);
	return 0;
}

/* A slot that was promised is handed on by who can't make use of it. */
static void a_promised_slot_goes_to_the_next(void)
{
	t_eq(gev_pool_init(&pool, 1), 0);
	gev_sem_init(&slots_tried, 0);
	t_eq(gev_pool_go(&pool, sleep_for, num(TICK), 0), 0);
	t_eq(gev_go(add_when_there_is_a_slot, NULL), 0);
	t_eq(gev_go(add_when_there_is_a_slot, NULL), 0);
	settle();
	gev__inject = (struct gev__inject){ .nr = GEV__INJECT_ALLOC,
		.error = -ENOMEM,
		.times = 1 };
	for (int i = 0; i < 2; i++)
		t_eq(gev_sem_acquire(&slots_tried, GEV_FOREVER), 0);
	gev__inject.nr = -1;
	t_log_is("Cannot allocate memory added ");
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
	pool_is_empty();
	t_eq(gev_pool_fini(&pool), 0);
}

static int up_to_three(void *source, void **arg)
{
	intptr_t *n = source;

	*arg = num(++*n);
	return *n <= 3;
}

/* The sum of what came, and the error that ended it. */
static bool map_three(void)
{
	struct gev_imap_result r;
	intptr_t n = 0, sum = 0;
	gev_imap *it = gev_imap_new(&pool, give, up_to_three, &n, 0);
	int got = -1, error;

	while (it && (got = gev_imap_next(it, &r, GEV_FOREVER)) > 0)
		sum += r.value;
	error = errno;
	gev__inject.times = 0;
	t_eq(gev_imap_free(it), 0);
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
	t_eq(gev_pool_free_count(&pool), 2);
	t_ok(got < 0 || sum == 6);
	errno = error;
	return got == 0;
}

static void imap_says_what_it_lacked(void)
{
	t_eq(gev_pool_init(&pool, 2), 0);
	t_ok(until_it_works(map_three) >= 5);
	t_eq(gev_pool_fini(&pool), 0);
}

static bool map_array(void)
{
	void *const args[] = { num(1), num(2), num(3) };
	intptr_t values[3] = { 0 };
	int r = gev_pool_map(&pool, give, args, values, 3), error = errno;

	t_ok(r < 0 || (values[0] == 1 && values[1] == 2 && values[2] == 3));
	t_eq(gev_pool_join(&pool, GEV_FOREVER), 0);
	errno = error;
	return r == 0;
}

static void map_says_what_it_lacked(void)
{
	t_eq(gev_pool_init(&pool, 2), 0);
	t_ok(until_it_works(map_array) >= 5);
	t_eq(gev_pool_fini(&pool), 0);
}

static gev_scope scope;

static bool go_in_scope(void)
{
	return gev_scope_go(&scope, give, num(1)) == 0;
}

/* Who could not be started has not failed: the scope goes on. */
static void scopes(void)
{
	t_eq(gev_scope_init(&scope), 0);
	t_ok(until_it_works(go_in_scope) > 0);
	t_eq(gev_scope_error(&scope), 0);
	t_eq(gev_scope_leave(&scope), 0);
}

/* Values of greenlets. */

static gev_local_key keys[10];
static int used;

static bool set_next(void)
{
	return gev_local_set(&keys[used], &keys[used]) == 0;
}

static intptr_t set_many(void *arg)
{
	int failed = 0;

	(void)arg;
	for (used = 0; used < 10; used++) {
		failed += until_it_works(set_next);
		for (int i = 0; i <= used; i++)
			t_ok(gev_local_get(&keys[i]) == &keys[i]);
	}
	t_eq(failed, 3); /* 3, 7, 15 */
	return 0;
}

static bool set_in_tree(void)
{
	return gev_tree_set(&keys[0], num(9)) == 0;
}

static intptr_t set_tree(void *arg)
{
	(void)arg;
	t_ok(until_it_works(set_in_tree) > 0);
	t_ok(gev_tree_get(&keys[0]) == num(9));
	return 0;
}

static void in_a_greenlet(gev_fn *fn)
{
	gev_greenlet *g = gev_spawn(fn, NULL);

	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
}

static void locals(void)
{
	in_a_greenlet(set_many);
}

static void tree_values(void)
{
	in_a_greenlet(set_tree);
}

int main(void)
{
	t_virtual();
	T_RUN(event_links);
	T_RUN(result_links);
	T_RUN(a_result_as_a_link);
	T_RUN(fifo_grows);
	T_RUN(lifo_grows);
	T_RUN(priority_grows);
	T_RUN(a_queue_with_items_to_begin_with);
	T_RUN(who_waits_to_get_needs_no_room);
	T_RUN(who_peeks_is_not_told_of_what_failed);
	T_RUN(channels);
	T_RUN(pools_take_in);
	T_RUN(a_promised_slot_goes_to_the_next);
	T_RUN(imap_says_what_it_lacked);
	T_RUN(map_says_what_it_lacked);
	T_RUN(scopes);
	T_RUN(locals);
	T_RUN(tree_values);
	return t_done();
}
