/* SPDX-License-Identifier: MIT */
/* Mutexes and rlocks: whose they are. */
#include "battery.h"
#include "sync/sync.h"

static gev_mutex mutex;
static gev_rlock rlock;

static void *make_mutex(void)
{
	gev_mutex_init(&mutex);
	t_eq(gev_mutex_acquire(&mutex, GEV_FOREVER), 0);
	return &mutex;
}

static void drop_mutex(void *m)
{
	gev_mutex_fini(m);
}

static int borrow_mutex(void *m, gev_time timeout)
{
	int r = gev_mutex_acquire(m, timeout);

	return r < 0 ? r : gev_mutex_release(m);
}

static int lend_mutex(void *m)
{
	return gev_mutex_release(m);
}

static bool mutex_has_waiters(void *m)
{
	return gev__sync_first(&((gev_mutex *)m)->waiters) != NULL;
}

static const struct battery of_mutex = {
	.name = "mutex",
	.make = make_mutex,
	.drop = drop_mutex,
	.block = borrow_mutex,
	.unblock = lend_mutex,
	.is_blocked = mutex_has_waiters,
	.fini = drop_mutex,
	.at_once = EAGAIN,
	.ended = EINVAL,
	.owned = true,
	.kept = true,
};

static void *make_rlock(void)
{
	gev_rlock_init(&rlock);
	t_eq(gev_rlock_acquire(&rlock, GEV_FOREVER), 0);
	return &rlock;
}

static void drop_rlock(void *l)
{
	gev_rlock_fini(l);
}

static int borrow_rlock(void *l, gev_time timeout)
{
	int r = gev_rlock_acquire(l, timeout);

	return r < 0 ? r : gev_rlock_release(l);
}

static int lend_rlock(void *l)
{
	return gev_rlock_release(l);
}

static bool rlock_has_waiters(void *l)
{
	return gev__sync_first(&((gev_rlock *)l)->mutex.waiters) != NULL;
}

static const struct battery of_rlock = {
	.name = "rlock",
	.make = make_rlock,
	.drop = drop_rlock,
	.block = borrow_rlock,
	.unblock = lend_rlock,
	.is_blocked = rlock_has_waiters,
	.fini = drop_rlock,
	.at_once = EAGAIN,
	.ended = EINVAL,
	.owned = true,
	.kept = true,
};

static intptr_t try_mutex(void *m)
{
	t_fails(gev_mutex_acquire(m, 0), EAGAIN);
	t_fails(gev_mutex_release(m), EPERM);
	t_log("tried ");
	return 0;
}

static void mutex_is_one_greenlets(void)
{
	gev_mutex m = GEV_MUTEX_INIT;

	t_ok(!gev_mutex_locked(&m));
	t_fails(gev_mutex_release(&m), EPERM);
	t_eq(gev_mutex_acquire(&m, GEV_FOREVER), 0);
	t_ok(gev_mutex_locked(&m));
	t_fails(gev_mutex_acquire(&m, GEV_FOREVER), EDEADLK);
	t_fails(gev_mutex_acquire(&m, 0), EDEADLK);
	t_eq(gev_go(try_mutex, &m), 0);
	settle();
	t_log_is("tried ");
	t_eq(gev_mutex_release(&m), 0);
	t_fails(gev_mutex_release(&m), EPERM);
	t_ok(!gev_mutex_locked(&m));
	gev_mutex_fini(&m);
}

struct turn {
	gev_mutex *mutex;
	const char *name;
};

static intptr_t take_turns(void *arg)
{
	struct turn *t = arg;

	for (int i = 0; i < 3; i++) {
		t_eq(gev_mutex_acquire(t->mutex, GEV_FOREVER), 0);
		t_log("%s ", t->name);
		gev_yield();
		t_eq(gev_mutex_release(t->mutex), 0);
	}
	return 0;
}

static void nobody_barges_in(void)
{
	gev_mutex m = GEV_MUTEX_INIT;
	struct turn a = { &m, "a" }, b = { &m, "b" }, c = { &m, "c" };

	t_eq(gev_go(take_turns, &a), 0);
	t_eq(gev_go(take_turns, &b), 0);
	t_eq(gev_go(take_turns, &c), 0);
	settle();
	t_log_is("a b c a b c a b c ");
	t_ok(!gev_mutex_locked(&m));
	gev_mutex_fini(&m);
}

/* Between the release and the turn of the next, it is the next one's. */
static void handed_over_at_once(void)
{
	gev_mutex m = GEV_MUTEX_INIT;
	struct turn a = { &m, "a" };

	t_eq(gev_mutex_acquire(&m, 0), 0);
	t_eq(gev_go(take_turns, &a), 0);
	gev_yield();
	t_eq(gev_mutex_release(&m), 0);
	t_log_is("");
	t_ok(gev_mutex_locked(&m));
	t_fails(gev_mutex_acquire(&m, 0), EAGAIN);
	t_fails(gev_mutex_release(&m), EPERM);
	settle();
	t_log_is("a a a ");
	gev_mutex_fini(&m);
}

static intptr_t try_rlock(void *l)
{
	t_fails(gev_rlock_acquire(l, 0), EAGAIN);
	t_fails(gev_rlock_release(l), EPERM);
	t_log("tried ");
	return 0;
}

static void others_try(gev_rlock *l)
{
	t_eq(gev_go(try_rlock, l), 0);
	settle();
	t_log_is("tried ");
}

static void c57_rlock_entered_again(void)
{
	gev_rlock l = GEV_RLOCK_INIT;

	t_ok(!gev_rlock_locked(&l));
	t_eq(gev_rlock_acquire(&l, GEV_FOREVER), 0);
	others_try(&l);
	t_eq(gev_rlock_acquire(&l, 0), 0);
	t_eq(gev_rlock_acquire(&l, GEV_FOREVER), 0);
	t_eq(gev_rlock_release(&l), 0);
	t_eq(gev_rlock_release(&l), 0);
	t_ok(gev_rlock_locked(&l));
	others_try(&l);
	t_eq(gev_rlock_release(&l), 0);
	t_ok(!gev_rlock_locked(&l));
	t_fails(gev_rlock_release(&l), EPERM);
	gev_rlock_fini(&l);
}

static intptr_t have_rlock(void *l)
{
	t_eq(gev_rlock_acquire(l, GEV_FOREVER), 0);
	gev_yield();
	t_eq(gev_rlock_acquire(l, GEV_FOREVER), 0);
	t_eq(gev_rlock_release(l), 0);
	t_eq(gev_rlock_release(l), 0);
	t_log("had ");
	return 0;
}

static void c57_foreign_release(void)
{
	gev_rlock l = GEV_RLOCK_INIT;

	t_eq(gev_go(have_rlock, &l), 0);
	t_eq(gev_go(have_rlock, &l), 0);
	gev_yield();
	t_fails(gev_rlock_release(&l), EPERM);
	t_ok(gev_rlock_locked(&l));
	settle();
	t_log_is("had had ");
	t_ok(!gev_rlock_locked(&l));
	gev_rlock_fini(&l);
}

static void entered_too_often(void)
{
	gev_rlock l = GEV_RLOCK_INIT;

	t_eq(gev_rlock_acquire(&l, 0), 0);
	l.depth = ~0u;
	t_fails(gev_rlock_acquire(&l, 0), ERANGE);
	l.depth = 1;
	t_eq(gev_rlock_release(&l), 0);
	gev_rlock_fini(&l);
}

static char report[2048];

static void keep_report(gev_hub *hub, const char *text, void *arg)
{
	(void)hub;
	(void)arg;
	snprintf(report, sizeof(report), "%s", text);
}

static intptr_t keep_mutex(void *m)
{
	t_eq(gev_mutex_acquire(m, GEV_FOREVER), 0);
	return gev_sleep(GEV_FOREVER);
}

static void reported(const void *object, const char *what, const char *who)
{
	char line[256];

	snprintf(line, sizeof(line),
		"greenlet \"main\" waits in %s on %p (held by %s) since", what,
		object, who);
	if (!t_ok(strstr(report, line) != NULL))
		printf("# no %s in\n%s", line, report);
}

/* Who ended with it has no name any more. */
static void reported_ended(const void *m)
{
	char line[256];

	snprintf(line, sizeof(line), "mutex on %p (held by a greenlet that has ended", m);
	t_ok(strstr(report, line) != NULL);
}

static void the_report_names_the_holder(void)
{
	gev_mutex m = GEV_MUTEX_INIT;
	gev_greenlet *g = gev_spawn(keep_mutex, &m);

	t_virtual();
	gev_hub_set_deadlock_hook(gev_hub_get(), keep_report, NULL);
	gev_set_name(g, "keeper");
	gev_yield();
	t_fails(gev_mutex_acquire(&m, GEV_FOREVER), EDEADLK);
	reported(&m, "mutex", "greenlet \"keeper\"");
	end(g);
	t_fails(gev_mutex_acquire(&m, GEV_FOREVER), EDEADLK);
	reported_ended(&m);
	gev_hub_set_deadlock_hook(gev_hub_get(), NULL, NULL);
	gev_mutex_fini(&m);
}

static intptr_t try_it(void *m)
{
	t_fails(gev_mutex_acquire(m, 0), EAGAIN);
	t_fails(gev_mutex_release(m), EPERM);
	t_log("tried ");
	return 0;
}

static intptr_t take_it(void *m)
{
	return gev_mutex_acquire(m, 0);
}

/* Whose memory is used again is not taken for its owner. */
static void a_greenlet_that_ended_as_its_owner(void)
{
	gev_mutex m = GEV_MUTEX_INIT;
	gev_coro *owner = NULL;
	bool met = false;

	for (int i = 0; i < 10; i++) {
		gev_greenlet *g = gev_spawn(i ? try_it : take_it, &m);

		if (i == 0)
			owner = gev_greenlet_coro(g);
		else if (gev_greenlet_coro(g) == owner)
			met = true;
		t_eq(gev_get(g, GEV_FOREVER), 0);
		gev_unref(g);
	}
	t_ok(met);
	t_ok(gev_mutex_locked(&m));
	t_log_is("tried tried tried tried tried tried tried tried tried ");
	gev_mutex_fini(&m);
}

static intptr_t keep_rlock(void *l)
{
	t_eq(gev_rlock_acquire(l, GEV_FOREVER), 0);
	return gev_sleep(GEV_FOREVER);
}

static void so_for_rlocks(void)
{
	gev_rlock l = GEV_RLOCK_INIT;
	gev_greenlet *g = gev_spawn(keep_rlock, &l);

	t_virtual();
	gev_hub_set_deadlock_hook(gev_hub_get(), keep_report, NULL);
	gev_set_name(g, "keeper");
	gev_yield();
	t_fails(gev_rlock_acquire(&l, GEV_FOREVER), EDEADLK);
	reported(&l, "rlock", "greenlet \"keeper\"");
	end(g);
	gev_hub_set_deadlock_hook(gev_hub_get(), NULL, NULL);
	gev_rlock_fini(&l);
}

static void what_makes_no_sense(void)
{
	t_fails(gev_mutex_acquire(NULL, 0), EINVAL);
	t_fails(gev_mutex_release(NULL), EINVAL);
	t_ok(!gev_mutex_locked(NULL));
	gev_mutex_fini(NULL);
	t_fails(gev_rlock_acquire(NULL, 0), EINVAL);
	t_fails(gev_rlock_release(NULL), EINVAL);
	t_ok(!gev_rlock_locked(NULL));
	gev_rlock_fini(NULL);
}

int main(void)
{
	battery_run(&of_mutex);
	battery_run(&of_rlock);
	T_RUN(mutex_is_one_greenlets);
	T_RUN(nobody_barges_in);
	T_RUN(handed_over_at_once);
	T_RUN(c57_rlock_entered_again);
	T_RUN(c57_foreign_release);
	T_RUN(entered_too_often);
	T_RUN(the_report_names_the_holder);
	T_RUN(a_greenlet_that_ended_as_its_owner);
	T_RUN(so_for_rlocks);
	T_RUN(what_makes_no_sense);
	return t_done();
}
