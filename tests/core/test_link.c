/* SPDX-License-Identifier: MIT */
/* Links at the end of a greenlet, callbacks at its start, tree locals. */
#include "core.h"

static int note(gev_greenlet *g, void *name)
{
	t_ok(!g || gev_dead(g));
	t_log("%s ", (const char *)name);
	return 0;
}

static void c16_link_after_death(void)
{
	gev_greenlet *g = gev_spawn(give, NULL);

	gev_join(g, GEV_FOREVER);
	for (int i = 0; i < 3; i++)
		t_eq(gev_link(g, note, "link"), 0);
	t_log_is("");
	settle();
	t_log_is("link link link ");
	t_eq(gev_rawlink(g, note, "raw"), 0);
	settle();
	t_log_is("raw ");
	gev_unref(g);
}

static void linked(gev_greenlet *g)
{
	t_eq(gev_link(g, note, "link"), 0);
	t_eq(gev_link_value(g, note, "value"), 0);
	t_eq(gev_link_exception(g, note, "exception"), 0);
}

static void c17_value_and_exception(void)
{
	gev_greenlet *success = gev_spawn(give, NULL);
	gev_greenlet *failure = gev_spawn(fail_with, num(EIO));
	gev_greenlet *killed = gev_spawn(sleep_for_ever, NULL);
	gev_greenlet *killed_with = gev_spawn(sleep_for_ever, NULL);

	linked(success);
	settle();
	t_log_is("link value ");
	linked(failure);
	settle();
	t_log_is("link exception ");
	linked(killed);
	end(killed);
	settle();
	t_log_is("link value ");
	linked(killed_with);
	gev_kill_with(killed_with, EIO, 0);
	settle();
	t_log_is("link exception ");
	gev_unref(success);
	gev_unref(failure);
	gev_unref(killed_with);
}

static int log_error(gev_hub *hub, const struct gev_error *e, void *arg)
{
	t_ok(hub == gev_hub_get() && arg == &t_log_text);
	t_log("%s:%s:%d ", e->greenlet ? gev_name(e->greenlet) : "-", e->where,
		e->code);
	return -EIO;
}

static void hook(gev_error_fn *fn)
{
	t_eq(gev_hub_set_error_hook(gev_hub_get(), fn, &t_log_text), 0);
}

static int failing(gev_greenlet *g, void *code)
{
	t_ok(gev_dead(g));
	return -(int)(intptr_t)code;
}

static intptr_t hundred(void *arg)
{
	(void)arg;
	return 100;
}

static void c19_failing_link_stops_nobody(void)
{
	struct gev_spawn_options o = { .name = "g" };
	gev_greenlet *g = gev_spawn_opt(hundred, NULL, &o);

	hook(log_error);
	gev_rawlink(g, failing, num(1));
	gev_rawlink(g, note, "raw");
	gev_rawlink(g, failing, num(2));
	gev_rawlink(g, note, "last");
	t_eq(gev_get(g, GEV_FOREVER), 100);
	settle();
	t_log_is("g:link:1 raw g:link:2 last ");
	gev_unref(g);
	hook(NULL);
}

static int count_error(gev_hub *hub, const struct gev_error *e, void *errors)
{
	(void)hub;
	(void)e;
	++*(int *)errors;
	return 0;
}

static void failing_links_in_greenlets(void)
{
	gev_greenlet *g = gev_spawn(give, NULL);
	int errors = 0;

	gev_hub_set_error_hook(gev_hub_get(), count_error, &errors);
	gev_link(g, failing, num(1));
	gev_link(g, note, "link");
	gev_link(g, failing, num(2));
	settle();
	t_log_is("link ");
	t_eq(errors, 2);
	gev_unref(g);
	hook(NULL);
}

static void c21_error_in_the_error_hook(void)
{
	struct gev_spawn_options o = { .name = "g" };
	gev_greenlet *g = gev_spawn_opt(fail_with, num(EPROTO), &o);

	hook(log_error);
	t_fails(gev_get(g, GEV_FOREVER), EPROTO);
	settle();
	t_log_is("g:greenlet:71 ");
	gev_unref(g);
	hook(NULL);
}

static int check_message(gev_hub *hub, const struct gev_error *e, void *arg)
{
	(void)hub;
	(void)arg;
	t_log("%s %d ", e->message, e->code);
	return 0;
}

static intptr_t speak_up(void *arg)
{
	(void)arg;
	return gev_fail(EBADMSG, "garbled");
}

/* Also of one that nobody refers to any more. */
static void a_failure_is_reported_with_its_message(void)
{
	hook(check_message);
	t_eq(gev_go(speak_up, NULL), 0);
	end(gev_spawn(sleep_for_ever, NULL));
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_log_is("garbled 74 ");
	hook(NULL);
}

static int in_hub(gev_greenlet *g, void *arg)
{
	(void)arg;
	t_ok(gev_current() == NULL);
	t_fails(gev_yield(), EDEADLK);
	t_fails(gev_join(gev_hub_main(gev_hub_get()), TICK), EDEADLK);
	t_eq(gev_join(g, TICK), 0);
	t_log("raw ");
	return 0;
}

static int in_greenlet(gev_greenlet *g, void *arg)
{
	(void)arg;
	t_ok(gev_current() && gev_current() != g);
	t_eq(gev_yield(), 0);
	t_log("link ");
	return 0;
}

static void where_links_run(void)
{
	gev_greenlet *g = gev_spawn(give, NULL);

	gev_rawlink(g, in_hub, NULL);
	gev_link(g, in_greenlet, NULL);
	settle();
	t_log_is("raw link ");
	gev_unref(g);
}

static int unlink_note(gev_greenlet *g, void *name)
{
	t_eq(gev_unlink(g, note, name), 0);
	t_fails(gev_unlink(g, unlink_note, name), ENOENT);
	return 0;
}

static void link_one_unlinks_link_two(void)
{
	gev_greenlet *g = gev_spawn(give, NULL);

	gev_rawlink(g, unlink_note, "two");
	gev_rawlink(g, note, "two");
	gev_rawlink(g, note, "three");
	settle();
	t_log_is("three ");
	gev_unref(g);
}

static int link_again(gev_greenlet *g, void *arg)
{
	t_log("first ");
	t_eq(gev_rawlink(g, note, arg), 0);
	return 0;
}

static void a_link_made_in_a_link(void)
{
	gev_greenlet *g = gev_spawn(give, NULL);

	gev_rawlink(g, link_again, "third");
	gev_rawlink(g, note, "second");
	settle();
	t_log_is("first second third ");
	gev_unref(g);
}

static void unlink_takes_the_oldest(void)
{
	gev_greenlet *g = gev_spawn(give, NULL);

	gev_rawlink(g, note, "a");
	gev_rawlink(g, note, "b");
	gev_rawlink(g, note, "a");
	t_eq(gev_unlink(g, note, "a"), 0);
	t_fails(gev_unlink(g, note, "c"), ENOENT);
	t_fails(gev_unlink(g, failing, "a"), ENOENT);
	settle();
	t_log_is("b a ");
	t_fails(gev_unlink(g, note, "a"), ENOENT);
	t_eq(gev_unlink(NULL, note, "a"), 0);
	gev_unref(g);
}

static void links_to_nobody(void)
{
	gev_greenlet *g = gev_spawn(give, NULL);

	t_fails(gev_link(NULL, note, ""), EINVAL);
	t_fails(gev_link(g, NULL, NULL), EINVAL);
	t_fails(gev_rawlink(g, NULL, NULL), EINVAL);
	t_fails(gev_link_value(NULL, note, ""), EINVAL);
	t_fails(gev_link_exception(NULL, note, ""), EINVAL);
	end(g);
}

static int started(gev_greenlet *g, void *name)
{
	t_ok(gev_started(g));
	t_log("%s ", (const char *)name);
	return -EIO;
}

static void start_in_every_way(void)
{
	gev_greenlet *g = gev_spawn(give, NULL);
	gev_greenlet *later = gev_spawn_later(0, give, NULL);
	gev_greenlet *made = gev_greenlet_new(give, NULL, NULL);

	gev_start(made);
	gev_go(give, NULL);
	gev_hub_join(GEV_FOREVER);
	gev_unref(g);
	gev_unref(later);
	gev_unref(made);
}

static void c24_spawn_callbacks(void)
{
	t_eq(gev_add_spawn_callback(started, "1"), 0);
	start_in_every_way();
	t_log_is("1 1 1 1 ");
	t_eq(gev_add_spawn_callback(started, "2"), 0);
	gev_go(give, NULL);
	t_log_is("1 2 ");
	t_eq(gev_remove_spawn_callback(started, "1"), 0);
	t_fails(gev_remove_spawn_callback(started, "1"), ENOENT);
	gev_go(give, NULL);
	t_log_is("2 ");
	t_eq(gev_remove_spawn_callback(started, "2"), 0);
	start_in_every_way();
	t_log_is("");
	t_fails(gev_add_spawn_callback(NULL, NULL), EINVAL);
}

static int kill_at_once(gev_greenlet *g, void *arg)
{
	(void)arg;
	t_eq(gev_kill(g, 0), 0);
	t_ok(gev_dead(g));
	return 0;
}

static void a_spawn_callback_may_kill(void)
{
	gev_greenlet *g, *later;

	gev_add_spawn_callback(kill_at_once, NULL);
	g = gev_spawn(hundred, NULL);
	later = gev_spawn_later(TICK, hundred, NULL);
	gev_go(hundred, NULL);
	gev_remove_spawn_callback(kill_at_once, NULL);
	settle();
	t_fails(gev_get(g, 0), ECANCELED);
	t_fails(gev_get(later, 0), ECANCELED);
	gev_unref(g);
	gev_unref(later);
}

static int remove_both(gev_greenlet *g, void *arg)
{
	(void)g;
	gev_remove_spawn_callback(remove_both, arg);
	gev_remove_spawn_callback(started, arg);
	return 0;
}

static void a_spawn_callback_may_remove_others(void)
{
	gev_add_spawn_callback(remove_both, "gone");
	gev_add_spawn_callback(started, "gone");
	gev_add_spawn_callback(started, "stays");
	gev_go(give, NULL);
	gev_go(give, NULL);
	t_log_is("stays stays ");
	t_eq(gev_remove_spawn_callback(started, "stays"), 0);
	settle();
}

static int key, other_key;

static intptr_t child(void *arg)
{
	t_ok(gev_tree_get(&key) == arg);
	t_eq(gev_tree_set(&key, "child's"), 0);
	return 0;
}

static intptr_t parent(void *arg)
{
	gev_greenlet *g;

	t_ok(gev_tree_get(&key) == NULL);
	g = gev_spawn(child, arg);
	t_eq(gev_tree_set(&key, arg), 0);
	gev_yield();
	t_str(gev_tree_get(&key), "child's");
	t_ok(gev_tree_get(&other_key) == NULL);
	gev_unref(g);
	gev_sleep(TICK);
	return gev_tree_set(&key, NULL);
}

static void c23_spawn_tree_locals(void)
{
	gev_greenlet *gs[] = { gev_spawn(parent, "a"), gev_spawn(parent, "b") };

	t_virtual();
	t_fails(gev_tree_set(&key, "main's"), ENOTSUP);
	t_ok(gev_tree_get(&key) == NULL);
	t_eq(gev_joinall(gs, 2, GEV_FOREVER), 2);
	t_eq(gev_get(gs[0], 0), 0);
	gev_unref(gs[0]);
	gev_unref(gs[1]);
}

static void c25_leaving_a_block(void)
{
	gev_greenlet *g = gev_spawn(sleep_for, num(DELAY));

	t_virtual();
	t_eq(gev_leave(g, 0), 0);
	t_eq(gev_get(g, 0), 0);
	gev_unref(g);
	g = gev_spawn(sleep_for_ever, NULL);
	gev_yield();
	t_eq(gev_leave(g, EPROTO), 0);
	t_ok(gev_dead(g));
	t_fails(gev_get(g, 0), EPROTO);
	t_eq(gev_leave(g, EPROTO), 0);
	t_fails(gev_leave(g, -1), EINVAL);
	gev_unref(g);
}

int main(void)
{
	T_RUN(c16_link_after_death);
	T_RUN(c17_value_and_exception);
	T_RUN(c19_failing_link_stops_nobody);
	T_RUN(failing_links_in_greenlets);
	T_RUN(c21_error_in_the_error_hook);
	T_RUN(a_failure_is_reported_with_its_message);
	T_RUN(where_links_run);
	T_RUN(link_one_unlinks_link_two);
	T_RUN(a_link_made_in_a_link);
	T_RUN(unlink_takes_the_oldest);
	T_RUN(links_to_nobody);
	T_RUN(c24_spawn_callbacks);
	T_RUN(a_spawn_callback_may_kill);
	T_RUN(a_spawn_callback_may_remove_others);
	T_RUN(c23_spawn_tree_locals);
	T_RUN(c25_leaving_a_block);
	return t_done();
}
