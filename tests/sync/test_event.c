/* SPDX-License-Identifier: MIT */
/* Events: a flag that many wait for, and their links. */
#include "battery.h"
#include "sync/sync.h"

static gev_event event;

static void *make(void)
{
	gev_event_init(&event);
	return &event;
}

static void drop(void *e)
{
	gev_event_fini(e);
}

static int wait_for(void *e, gev_time timeout)
{
	return gev_event_wait(e, timeout);
}

/* Set and cleared at once: who waits goes on, others wait. */
static int pulse(void *e)
{
	return gev_event_set(e) < 0 ? -1 : gev_event_clear(e);
}

static bool has_waiters(void *e)
{
	return gev__sync_first(&((gev_event *)e)->waiters) != NULL;
}

static const struct battery event_wait = {
	.name = "event_wait",
	.make = make,
	.drop = drop,
	.block = wait_for,
	.unblock = pulse,
	.is_blocked = has_waiters,
	.fini = drop,
	.at_once = ETIMEDOUT,
	.ended = EINVAL,
};

/* Issue 771 of gevent's: a link clears the event. */
static int clear_it(gev_event *e, void *arg)
{
	t_log("%s ", (char *)arg);
	return gev_event_clear(e);
}

static void c52_cleared_while_links_are_called(void)
{
	gev_event e = GEV_EVENT_INIT;
	gev_time start;

	t_virtual();
	t_eq(gev_event_rawlink(&e, clear_it, "clear"), 0);
	t_eq(gev_event_set(&e), 0);
	t_eq(gev_event_wait(&e, GEV_FOREVER), 0);
	settle();
	t_log_is("clear ");
	t_ok(!gev_event_is_set(&e));
	start = now();
	t_fails(gev_event_wait(&e, TICK), ETIMEDOUT);
	t_eq(now() - start, TICK);
	gev_event_fini(&e);
}

static void c52_waited_for_twice(void)
{
	gev_event e = GEV_EVENT_INIT;

	t_eq(gev_event_set(&e), 0);
	t_ok(gev_event_is_set(&e));
	t_eq(gev_event_wait(&e, TICK), 0);
	t_eq(gev_event_wait(&e, 0), 0);
	t_eq(gev_event_wait(&e, GEV_FOREVER), 0);
	gev_event_fini(&e);
}

static intptr_t wait_and_log(void *e)
{
	t_eq(gev_event_wait(e, GEV_FOREVER), 0);
	t_log("woken ");
	return 0;
}

static void c52_all_wake_though_cleared_at_once(void)
{
	gev_event e = GEV_EVENT_INIT;
	gev_greenlet *gs[3];

	for (int i = 0; i < 3; i++)
		gs[i] = gev_spawn(wait_and_log, &e);
	settle();
	t_eq(pulse(&e), 0);
	t_ok(!gev_event_is_set(&e));
	t_eq(gev_joinall(gs, 3, GEV_FOREVER), 3);
	t_log_is("woken woken woken ");
	t_fails(gev_event_wait(&e, 0), ETIMEDOUT);
	for (int i = 0; i < 3; i++)
		gev_unref(gs[i]);
	gev_event_fini(&e);
}

static int log_link(gev_event *e, void *arg)
{
	t_ok(gev_current() == NULL);
	t_fails(gev_event_wait(e, 0), ETIMEDOUT);
	t_log("%s ", (char *)arg);
	return -EIO;
}

static void links_are_called_once_and_in_order(void)
{
	gev_event e = GEV_EVENT_INIT;

	t_eq(gev_event_rawlink(&e, log_link, "a"), 0);
	t_eq(gev_event_rawlink(&e, log_link, "b"), 0);
	settle();
	t_log_is("");
	t_eq(pulse(&e), 0);
	t_log_is("");
	settle();
	t_log_is("a b ");
	t_eq(pulse(&e), 0);
	settle();
	t_log_is("");
	gev_event_fini(&e);
}

static void linked_to_one_that_is_set(void)
{
	gev_event e = GEV_EVENT_INIT;

	t_eq(gev_event_set(&e), 0);
	t_eq(gev_event_rawlink(&e, clear_it, "late"), 0);
	t_log_is("");
	settle();
	t_log_is("late ");
	t_ok(!gev_event_is_set(&e));
	gev_event_fini(&e);
}

static char second[] = "second";

static int unlink_second(gev_event *e, void *arg)
{
	t_fails(gev_event_unlink(e, unlink_second, arg), ENOENT);
	t_eq(gev_event_unlink(e, log_link, second), 0);
	t_log("%s ", (char *)arg);
	return 0;
}

static void a_link_takes_back_the_next(void)
{
	gev_event e = GEV_EVENT_INIT;

	t_eq(gev_event_rawlink(&e, unlink_second, "first"), 0);
	t_eq(gev_event_rawlink(&e, log_link, second), 0);
	t_eq(gev_event_rawlink(&e, clear_it, "third"), 0);
	t_eq(gev_event_set(&e), 0);
	settle();
	t_log_is("first third ");
	gev_event_fini(&e);
}

static void unlinked(void)
{
	gev_event e = GEV_EVENT_INIT;

	t_fails(gev_event_unlink(&e, log_link, &e), ENOENT);
	t_eq(gev_event_rawlink(&e, log_link, &e), 0);
	t_fails(gev_event_unlink(&e, log_link, NULL), ENOENT);
	t_fails(gev_event_unlink(&e, clear_it, &e), ENOENT);
	t_eq(gev_event_unlink(&e, log_link, &e), 0);
	t_fails(gev_event_unlink(&e, log_link, &e), ENOENT);
	t_eq(gev_event_unlink(NULL, log_link, &e), 0);
	t_eq(gev_event_set(&e), 0);
	settle();
	t_log_is("");
	gev_event_fini(&e);
}

static void taken_down_with_links(void)
{
	gev_event e = GEV_EVENT_INIT;

	t_eq(gev_event_rawlink(&e, log_link, "due"), 0);
	t_eq(pulse(&e), 0);
	t_eq(gev_event_rawlink(&e, log_link, "waits"), 0);
	gev_event_fini(&e);
	settle();
	t_log_is("");
	t_fails(gev_event_rawlink(&e, log_link, "gone"), EINVAL);
	t_fails(gev_event_unlink(&e, log_link, "due"), EINVAL);
	t_fails(gev_event_set(&e), EINVAL);
	t_fails(gev_event_clear(&e), EINVAL);
	gev_event_fini(&e);
}

static int log_error(gev_hub *hub, const struct gev_error *error, void *arg)
{
	t_ok(hub == gev_hub_get() && arg == &event && !error->greenlet);
	t_log("%s:%d ", error->where, error->code);
	return 0;
}

static void a_failing_link_stops_no_other(void)
{
	gev_event e = GEV_EVENT_INIT;

	gev_hub_set_error_hook(gev_hub_get(), log_error, &event);
	t_eq(gev_event_rawlink(&e, log_link, "fails"), 0);
	t_eq(gev_event_rawlink(&e, clear_it, "works"), 0);
	t_eq(pulse(&e), 0);
	settle();
	t_log_is("fails link:5 works ");
	gev_hub_set_error_hook(gev_hub_get(), NULL, NULL);
	gev_event_fini(&e);
}

static void made_again(void)
{
	gev_event e = GEV_EVENT_INIT;

	t_eq(gev_event_set(&e), 0);
	gev_event_fini(&e);
	gev_event_init(&e);
	t_ok(!gev_event_is_set(&e));
	t_fails(gev_event_wait(&e, 0), ETIMEDOUT);
	gev_event_fini(&e);
}

static void what_makes_no_sense(void)
{
	gev_event e = GEV_EVENT_INIT;

	t_fails(gev_event_set(NULL), EINVAL);
	t_fails(gev_event_clear(NULL), EINVAL);
	t_fails(gev_event_wait(NULL, 0), EINVAL);
	t_fails(gev_event_rawlink(NULL, log_link, NULL), EINVAL);
	t_fails(gev_event_rawlink(&e, NULL, NULL), EINVAL);
	t_ok(!gev_event_is_set(NULL));
	gev_event_fini(NULL);
	gev_event_fini(&e);
}

int main(void)
{
	battery_run(&event_wait);
	T_RUN(c52_cleared_while_links_are_called);
	T_RUN(c52_waited_for_twice);
	T_RUN(c52_all_wake_though_cleared_at_once);
	T_RUN(links_are_called_once_and_in_order);
	T_RUN(linked_to_one_that_is_set);
	T_RUN(a_link_takes_back_the_next);
	T_RUN(unlinked);
	T_RUN(taken_down_with_links);
	T_RUN(a_failing_link_stops_no_other);
	T_RUN(made_again);
	T_RUN(what_makes_no_sense);
	return t_done();
}
