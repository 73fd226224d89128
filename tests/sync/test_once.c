/* SPDX-License-Identifier: MIT */
/* What is done once, while the others wait. */
#include "battery.h"
#include "sync/sync.h"

static gev_once once;
static int calls;

static void begin(void)
{
	t_virtual();
	gev_once_init(&once);
	calls = 0;
}

static int do_it(void *arg)
{
	(void)arg;
	calls++;
	return gev_sleep(TICK);
}

static intptr_t call_it(void *name)
{
	int r = gev_once_call(&once, do_it, NULL);

	t_log("%s%d ", (char *)name, r < 0 ? errno : 0);
	return 0;
}

static gev_greenlet *caller(const char *name)
{
	gev_greenlet *g = gev_spawn(call_it, (void *)(intptr_t)name);

	gev_yield();
	return g;
}

static void forget(gev_greenlet *g)
{
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
}

static void the_others_wait_until_it_is_done(void)
{
	gev_greenlet *a, *b, *c;

	begin();
	a = caller("a");
	b = caller("b");
	c = caller("c");
	t_log_is("");
	forget(a);
	forget(b);
	forget(c);
	t_log_is("a0 b0 c0 ");
	t_eq(gev_once_call(&once, do_it, NULL), 0);
	t_eq(calls, 1);
}

static int fail(void *arg)
{
	errno = (int)(intptr_t)arg;
	return -1;
}

static void what_failed_is_tried_again(void)
{
	begin();
	t_fails(gev_once_call(&once, fail, num(EPROTO)), EPROTO);
	t_fails(gev_once_call(&once, fail, num(EIO)), EIO);
	t_eq(gev_once_call(&once, do_it, NULL), 0);
	t_eq(gev_once_call(&once, fail, num(EIO)), 0);
	t_eq(calls, 1);
}

/* The one that is killed at it leaves it to the first who waits. */
static void killed_at_it(void)
{
	gev_greenlet *a, *b, *c;

	begin();
	a = caller("a");
	b = caller("b");
	c = caller("c");
	t_eq(gev_kill(a, 0), 0);
	forget(a);
	forget(b);
	forget(c);
	t_log_is("a125 b0 c0 ");
	t_eq(calls, 2);
}

/* Between the failure of one and the turn of the next, it is the next one's. */
static void nobody_comes_between(void)
{
	gev_greenlet *a, *b;

	begin();
	a = caller("a");
	b = caller("b");
	t_eq(gev_kill(a, 0), 0);
	gev_yield();
	t_log_is("a125 ");
	t_eq(gev_once_call(&once, do_it, NULL), 0);
	t_eq(calls, 2);
	forget(a);
	forget(b);
}

static void killed_while_waiting_for_it(void)
{
	gev_greenlet *a, *b, *c;

	begin();
	a = caller("a");
	b = caller("b");
	c = caller("c");
	t_eq(gev_throw(b, EPROTO), 0);
	t_eq(gev_kill(a, 0), 0);
	forget(b);
	forget(a);
	forget(c);
	t_log_is("b71 a125 c0 ");
	t_ok(!gev__sync_first(&once.waiters));
}

/* Left to one that is killed before its turn: it fails at it, as it should. */
static void killed_when_it_is_its_turn(void)
{
	gev_greenlet *a, *b, *c;

	begin();
	a = caller("a");
	b = caller("b");
	c = caller("c");
	t_eq(gev_kill(a, GEV_FOREVER), 0);
	t_eq(gev_kill(b, 0), 0);
	forget(b);
	forget(c);
	gev_unref(a);
	t_log_is("a125 b125 c0 ");
	t_ok(once.done);
}

static int call_again(void *arg)
{
	t_fails(gev_once_call(&once, do_it, arg), EDEADLK);
	return 0;
}

static void called_by_itself(void)
{
	begin();
	t_eq(gev_once_call(&once, call_again, NULL), 0);
	t_eq(calls, 0);
}

static int call_in_callback(void *code)
{
	if (code)
		t_fails(gev_once_call(&once, do_it, NULL),
			(int)(intptr_t)code);
	else
		t_eq(gev_once_call(&once, do_it, NULL), 0);
	t_log("called ");
	return 0;
}

static void in_a_callback(int code)
{
	gev_callback cb = GEV_CALLBACK_INIT;

	t_eq(gev_loop_run_callback(gev_hub_loop(gev_hub_get()), &cb,
		     call_in_callback, num(code)), 0);
	gev_yield();
	gev_yield();
	t_log_is("called ");
}

static void callbacks_do_not_wait_for_it(void)
{
	gev_greenlet *a;

	begin();
	a = caller("a");
	in_a_callback(EDEADLK);
	forget(a);
	t_log_is("a0 ");
	in_a_callback(0);
}

static void taken_down_meanwhile(void)
{
	gev_greenlet *a, *b;

	begin();
	a = caller("a");
	b = caller("b");
	gev_once_fini(&once);
	forget(b);
	t_log_is("b22 ");
	forget(a);
	t_log_is("a0 ");
	t_fails(gev_once_call(&once, do_it, NULL), EINVAL);
}

static void *from_afar(void *arg)
{
	gev_once_fini(&once);
	t_fails(gev_once_call(&once, do_it, NULL), EPERM);
	return arg;
}

static void once_in_a_thread(void)
{
	begin();
	t_eq(gev_once_call(&once, do_it, NULL), 0);
	in_thread(from_afar, NULL);
	t_eq(gev_once_call(&once, do_it, NULL), 0);
}

static void what_makes_no_sense(void)
{
	begin();
	t_fails(gev_once_call(NULL, do_it, NULL), EINVAL);
	t_fails(gev_once_call(&once, NULL, NULL), EINVAL);
	gev_once_fini(NULL);
}

int main(void)
{
	T_RUN(the_others_wait_until_it_is_done);
	T_RUN(what_failed_is_tried_again);
	T_RUN(killed_at_it);
	T_RUN(nobody_comes_between);
	T_RUN(killed_while_waiting_for_it);
	T_RUN(killed_when_it_is_its_turn);
	T_RUN(called_by_itself);
	T_RUN(callbacks_do_not_wait_for_it);
	T_RUN(taken_down_meanwhile);
	T_RUN(once_in_a_thread);
	T_RUN(what_makes_no_sense);
	return t_done();
}
