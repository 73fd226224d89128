/* SPDX-License-Identifier: MIT */
/* A queue that any thread may put into, and get from. */
#include <pthread.h>
#include <semaphore.h>
#include "base/inject.h"
#include "../core/core.h"

static gev_thread_queue queue;

static void in_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	t_eq(pthread_create(&thread, NULL, fn, arg), 0);
	t_eq(pthread_join(thread, NULL), 0);
}

static void *put_nowait(void *item)
{
	t_eq(gev_thread_queue_put(&queue, item, 0), 0);
	return NULL;
}

/* The number that is next; -1: none, with errno. */
static intptr_t next(gev_time timeout)
{
	void *item;

	if (gev_thread_queue_get(&queue, &item, timeout) < 0)
		return -1;
	return (intptr_t)item;
}

static intptr_t get_and_log(void *name)
{
	intptr_t n = next(GEV_FOREVER);

	t_log("%s%ld ", (char *)name, (long)(n < 0 ? -errno : n));
	return 0;
}

static intptr_t put_and_log(void *item)
{
	int r = gev_thread_queue_put(&queue, item, GEV_FOREVER);

	t_log("%ld:%d ", (long)(intptr_t)item, r < 0 ? errno : 0);
	return 0;
}

static void first_in_first_out(void)
{
	gev_thread_queue_init(&queue, 0);
	for (intptr_t i = 1; i <= 100; i++)
		in_thread(put_nowait, num(i));
	t_eq(gev_thread_queue_qsize(&queue), 100);
	for (intptr_t i = 1; i <= 100; i++)
		t_eq(next(GEV_FOREVER), i);
	t_fails(next(0), EAGAIN);
	t_fails(next(GEV_US(10)), ETIMEDOUT);
	gev_thread_queue_fini(&queue);
}

static void as_much_as_there_is_room_for(void)
{
	queue = (gev_thread_queue)GEV_THREAD_QUEUE_INIT(2);
	put_nowait(num(1));
	put_nowait(num(2));
	t_fails(gev_thread_queue_put(&queue, NULL, 0), EAGAIN);
	t_fails(gev_thread_queue_put(&queue, NULL, GEV_US(10)), ETIMEDOUT);
	t_eq(gev_go(put_and_log, num(3)), 0);
	t_eq(gev_go(put_and_log, num(4)), 0);
	gev_yield();
	t_eq(next(0), 1);
	t_eq(gev_thread_queue_qsize(&queue), 2);
	settle();
	t_log_is("3:0 ");
	t_eq(next(0), 2);
	t_eq(next(0), 3);
	t_eq(next(0), 4);
	settle();
	t_log_is("4:0 ");
	t_eq(gev_thread_queue_get(&queue, NULL, 0) + errno, EAGAIN - 1);
	gev_thread_queue_fini(&queue);
}

static void what_makes_no_sense(void)
{
	gev_thread_queue_init(&queue, 0);
	t_fails(gev_thread_queue_put(NULL, NULL, 0), EINVAL);
	t_fails(gev_thread_queue_get(NULL, NULL, 0), EINVAL);
	t_fails(gev_thread_queue_put(&queue, NULL, -2), EINVAL);
	t_fails(gev_thread_queue_get(&queue, NULL, -2), EINVAL);
	t_fails(gev_thread_queue_shutdown(NULL, false), EINVAL);
	t_eq(gev_thread_queue_qsize(NULL), 0);
	gev_thread_queue_fini(NULL);
	put_nowait(num(1));
	gev_thread_queue_fini(&queue);
	t_eq(gev_thread_queue_qsize(&queue), 0);
	t_fails(gev_thread_queue_put(&queue, NULL, 0), EINVAL);
	t_fails(gev_thread_queue_get(&queue, NULL, 0), EINVAL);
	t_fails(gev_thread_queue_shutdown(&queue, true), EINVAL);
}

/* Two items are on their way when the first getter is killed. */
static void what_was_under_way_stays_in_order(void)
{
	gev_greenlet *gs[3];
	char *names[] = { "a", "b", "c" };

	gev_thread_queue_init(&queue, 0);
	for (int i = 0; i < 3; i++)
		gs[i] = gev_spawn(get_and_log, names[i]);
	gev_yield();
	in_thread(put_nowait, num(1));
	in_thread(put_nowait, num(2));
	t_eq(gev_kill(gs[0], 0), 0);
	t_eq(gev_thread_queue_qsize(&queue), 1); /* c is of this hub */
	settle();
	for (int i = 0; i < 3; i++) {
		t_eq(gev_join(gs[i], GEV_FOREVER), 0);
		gev_unref(gs[i]);
	}
	t_log_is("c1 a-125 b2 ");
	gev_thread_queue_fini(&queue);
}

static void nobody_wants_what_was_under_way(void)
{
	gev_greenlet *g;

	gev_thread_queue_init(&queue, 0);
	g = gev_spawn(get_and_log, "g");
	gev_yield();
	in_thread(put_nowait, num(1));
	in_thread(put_nowait, num(2));
	t_eq(gev_thread_queue_qsize(&queue), 2);
	end(g);
	t_eq(next(0), 1);
	t_eq(next(0), 2);
	gev_thread_queue_fini(&queue);
}

static void *get_nowait(void *expected)
{
	t_ok(num(next(0)) == expected);
	return NULL;
}

/* A slot is on its way to a greenlet that is killed. */
static void a_slot_is_passed_on(void)
{
	gev_greenlet *g;

	gev_thread_queue_init(&queue, 1);
	put_nowait(num(1));
	g = gev_spawn(put_and_log, num(2));
	t_eq(gev_go(put_and_log, num(3)), 0);
	gev_yield();
	in_thread(get_nowait, num(1));
	t_fails(gev_thread_queue_put(&queue, NULL, 0), EAGAIN);
	end(g);
	settle();
	t_log_is("3:0 2:125 ");
	t_eq(next(0), 3);
	put_nowait(num(4));
	gev_thread_queue_fini(&queue);
}

static void *shut(void *immediate)
{
	t_eq(gev_thread_queue_shutdown(&queue, immediate), 0);
	return NULL;
}

static void what_is_in_it_can_be_got(void)
{
	gev_thread_queue_init(&queue, 2);
	put_nowait(num(1));
	put_nowait(num(2));
	t_eq(gev_go(put_and_log, num(3)), 0);
	gev_yield();
	in_thread(shut, NULL);
	settle();
	t_log_is("3:32 ");
	t_fails(gev_thread_queue_put(&queue, NULL, 0), EPIPE);
	t_eq(next(0), 1);
	t_eq(next(GEV_FOREVER), 2);
	t_fails(next(GEV_FOREVER), EPIPE);
	t_fails(next(0), EPIPE);
	shut(NULL);
	gev_thread_queue_fini(&queue);
}

static void what_is_in_it_is_forgotten(void)
{
	gev_thread_queue_init(&queue, 0);
	put_nowait(num(1));
	in_thread(shut, num(1));
	t_eq(gev_thread_queue_qsize(&queue), 0);
	t_fails(next(GEV_FOREVER), EPIPE);
	gev_thread_queue_fini(&queue);
}

static void waiting_getters_are_told(void)
{
	gev_thread_queue_init(&queue, 0);
	t_eq(gev_go(get_and_log, "a"), 0);
	t_eq(gev_go(get_and_log, "b"), 0);
	gev_yield();
	in_thread(shut, NULL);
	settle();
	t_log_is("a-32 b-32 ");
	gev_thread_queue_fini(&queue);
}

/* An item or a slot is on its way when the queue is shut down. */
static void shut_down_meanwhile(bool immediate, const char *log)
{
	gev_thread_queue_init(&queue, 1);
	t_eq(gev_go(get_and_log, "a"), 0);
	gev_yield();
	in_thread(put_nowait, num(1));
	t_eq(gev_go(put_and_log, num(2)), 0);
	t_eq(gev_go(get_and_log, "b"), 0);
	shut(num(immediate));
	settle();
	t_log_is(log);
	t_eq(gev_thread_queue_qsize(&queue), 0);
	gev_thread_queue_fini(&queue);
}

static void shut_down_with_an_item_under_way(void)
{
	shut_down_meanwhile(false, "2:32 b-32 a1 ");
	shut_down_meanwhile(true, "2:32 b-32 a-32 ");
}

static void shut_down_with_a_slot_under_way(void)
{
	gev_thread_queue_init(&queue, 1);
	put_nowait(num(1));
	t_eq(gev_go(put_and_log, num(2)), 0);
	gev_yield();
	in_thread(get_nowait, num(1));
	shut(NULL);
	t_fails(next(0), EPIPE);
	settle();
	t_log_is("2:32 ");
	gev_thread_queue_fini(&queue);
}

/* Who waits for an item that goes to another is told when it is gone. */
static void the_last_item_is_under_way(void)
{
	gev_greenlet *a, *b;

	for (int kill = 0; kill < 2; kill++) {
		gev_thread_queue_init(&queue, 0);
		a = gev_spawn(get_and_log, "a");
		gev_yield();
		in_thread(put_nowait, num(1));
		shut(NULL);
		t_fails(next(0), EAGAIN);
		b = gev_spawn(get_and_log, "b");
		if (kill)
			t_eq(gev_kill(a, 0), 0);
		t_eq(gev_join(a, GEV_FOREVER), 0);
		t_eq(gev_join(b, GEV_FOREVER), 0);
		gev_unref(a);
		gev_unref(b);
		gev_thread_queue_fini(&queue);
	}
	t_log_is("b-32 a1 b1 a-125 ");
}

static void *take_down(void *arg)
{
	gev_thread_queue_fini(&queue);
	return arg;
}

static void another_thread_takes_it_down(void)
{
	gev_thread_queue_init(&queue, 1);
	t_eq(gev_go(get_and_log, "a"), 0);
	t_eq(gev_go(get_and_log, "b"), 0);
	gev_yield();
	in_thread(put_nowait, num(1));
	in_thread(take_down, NULL);
	settle();
	t_log_is("a-22 b-22 ");
	gev_thread_queue_init(&queue, 1);
	put_nowait(num(1));
	t_eq(gev_go(put_and_log, num(2)), 0);
	gev_yield();
	in_thread(take_down, NULL);
	settle();
	t_log_is("2:22 ");
}

/* Whenever the ring is to grow there is no memory at first. */
static void without_memory(void)
{
	int failed = 0;

	gev_thread_queue_init(&queue, 0);
	for (intptr_t i = 1; i <= 1000; i++) {
		size_t room = queue.items.room;
		int r;

		gev__inject = (struct gev__inject){ .nr = GEV__INJECT_ALLOC,
			.error = -ENOMEM,
			.times = 1 };
		r = gev_thread_queue_put(&queue, num(i), 0);
		gev__inject.nr = -1;
		if (r == 0)
			continue;
		t_eq(errno, ENOMEM);
		t_eq(queue.items.room, room);
		t_eq(gev_thread_queue_qsize(&queue), i - 1);
		put_nowait(num(i));
		failed++;
	}
	t_ok(failed > 3);
	for (intptr_t i = 1; i <= 1000; i++)
		t_eq(next(0), i);
	t_fails(next(0), EAGAIN);
	gev_thread_queue_fini(&queue);
}

static sem_t has_begun, may_end;

static void *end_with_two_getters(void *arg)
{
	gev_go(get_and_log, "x");
	gev_go(get_and_log, "y");
	gev_yield();
	sem_post(&has_begun);
	sem_wait(&may_end);
	return arg;
}

static void a_hub_ends_with_items_under_way(void)
{
	pthread_t thread;

	gev_thread_queue_init(&queue, 0);
	sem_init(&has_begun, 0, 0);
	sem_init(&may_end, 0, 0);
	pthread_create(&thread, NULL, end_with_two_getters, NULL);
	sem_wait(&has_begun);
	for (intptr_t i = 1; i <= 3; i++)
		put_nowait(num(i));
	t_eq(next(0), 1); /* a third that is nobody's */
	sem_post(&may_end);
	t_eq(pthread_join(thread, NULL), 0);
	t_eq(next(0), 2);
	t_eq(next(0), 3);
	t_log_is("");
	gev_thread_queue_fini(&queue);
}

#define PAIRS 2000

/* Where all are of one hub those who get and put wake each other in turn. */
static intptr_t get_many(void *arg)
{
	for (int i = 0; i < PAIRS; i++)
		t_ok(next(GEV_FOREVER) >= 0);
	return (intptr_t)arg;
}

static intptr_t put_many(void *arg)
{
	for (int i = 0; i < PAIRS; i++)
		t_eq(gev_thread_queue_put(&queue, arg, GEV_FOREVER), 0);
	return 0;
}

static void within_one_hub(void)
{
	gev_greenlet *gs[6];

	gev_thread_queue_init(&queue, 1);
	for (int i = 0; i < 6; i++)
		gs[i] = gev_spawn(i % 2 ? put_many : get_many, num(i));
	t_eq(gev_joinall(gs, 6, GEV_FOREVER), 6);
	for (int i = 0; i < 6; i++)
		gev_unref(gs[i]);
	t_eq(gev_thread_queue_qsize(&queue), 0);
	gev_thread_queue_fini(&queue);
}

int main(void)
{
	T_RUN(first_in_first_out);
	T_RUN(as_much_as_there_is_room_for);
	T_RUN(what_makes_no_sense);
	T_RUN(what_was_under_way_stays_in_order);
	T_RUN(nobody_wants_what_was_under_way);
	T_RUN(a_slot_is_passed_on);
	T_RUN(what_is_in_it_can_be_got);
	T_RUN(what_is_in_it_is_forgotten);
	T_RUN(waiting_getters_are_told);
	T_RUN(shut_down_with_an_item_under_way);
	T_RUN(shut_down_with_a_slot_under_way);
	T_RUN(the_last_item_is_under_way);
	T_RUN(another_thread_takes_it_down);
	T_RUN(without_memory);
	T_RUN(a_hub_ends_with_items_under_way);
	T_RUN(within_one_hub);
	return t_done();
}
