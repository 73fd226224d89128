/* SPDX-License-Identifier: MIT */
/* The raw coroutines of gev/coro.h. */
#include "t.h"
#include <pthread.h>
#include <gev/coro.h>
#include "base/inject.h"
#include "base/sys.h"
#include "switch/switch.h"

static gev_coro *here(void)
{
	return gev_coro_current();
}

static void *up(void *value)
{
	return gev_coro_switch(gev_coro_parent(here()), value);
}

static void *as_pointer(intptr_t n)
{
	return (void *)n;
}

/* Sends back what it gets, plus one, until it gets a zero or an error. */
static void *plus_one(void *value)
{
	while (value)
		value = up(as_pointer((intptr_t)value + 1));
	return as_pointer(-7);
}

static void *identity(void *value)
{
	return value;
}

static void c81_values_both_ways(void)
{
	gev_coro *c = gev_coro_new(plus_one, NULL);

	for (intptr_t i = 1; i < 100; i++)
		t_eq((intptr_t)gev_coro_switch(c, as_pointer(i)), i + 1);
	t_eq((intptr_t)gev_coro_switch(c, NULL), -7);
	t_ok(gev_coro_dead(c));
	t_eq(gev_coro_free(c), 0);
}

static void *try_foreign(void *arg)
{
	gev_coro *foreign = arg;
	gev_coro *mine = gev_coro_new(identity, NULL);

	t_fails(gev_coro_switch(foreign, NULL), EPERM);
	t_fails(gev_coro_throw(foreign, EIO), EPERM);
	t_fails(gev_coro_free(foreign), EPERM);
	t_fails(gev_coro_new(identity, foreign), EPERM);
	t_fails(gev_coro_set_parent(foreign, here()), EPERM);
	t_fails(gev_coro_set_parent(mine, foreign), EPERM);
	t_eq(gev_coro_free(mine), 0);
	return NULL;
}

static void c84_other_threads_coroutine(void)
{
	gev_coro *c = gev_coro_new(plus_one, NULL);
	pthread_t thread;

	gev_coro_switch(c, as_pointer(1));
	pthread_create(&thread, NULL, try_foreign, c);
	pthread_join(thread, NULL);
	t_eq((intptr_t)gev_coro_switch(c, as_pointer(5)), 6);
	t_eq(gev_coro_free(c), 0);
}

static gev_coro *traced[3];

static int number_of(const gev_coro *c)
{
	int i = 0;

	while (i < 2 && traced[i] != c)
		i++;
	return i;
}

static void on_switch(enum gev_coro_event event, gev_coro *origin,
	gev_coro *target, void *arg)
{
	t_ok(here() == target);
	t_ok(!gev_coro_dead(target));
	t_ok(arg == traced);
	t_log("%s%d%d ", event == GEV_CORO_THROW ? "throw" : "switch",
		number_of(origin), number_of(target));
	errno = 0;
}

static void c85_trace_order(void)
{
	gev_coro *c = gev_coro_new(plus_one, NULL);

	traced[0] = here();
	traced[1] = c;
	t_eq(gev_coro_settrace(on_switch, traced), 0);
	gev_coro_switch(c, as_pointer(1));
	errno = ENOENT;
	gev_coro_switch(c, as_pointer(1));
	t_eq(errno, ENOENT);
	gev_coro_throw(c, EIO);
	t_eq(gev_coro_settrace(NULL, NULL), 0);
	t_log_is("switch01 switch10 switch01 switch10 throw01 switch10 ");
	t_eq(gev_coro_free(c), 0);
}

static long resident_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long n = -1;

	while (n < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "VmRSS: %ld", &n);
	fclose(f);
	return n;
}

static void cycles(int n)
{
	for (int i = 0; i < n; i++) {
		gev_coro *c = gev_coro_new(plus_one, NULL);

		gev_coro_switch(c, as_pointer(1));
		gev_coro_free(c);
	}
}

static void c86_stable_memory(void)
{
	long before;

	if (GEV__TSAN) {
		t_skip("TSan remembers every fiber there was");
		return;
	}
	cycles(1000);
	before = resident_kib();
	cycles(100000);
	t_ok(resident_kib() - before < 1024);
}

static void starts_as_new(void)
{
	gev_coro *c = gev_coro_new(plus_one, NULL);

	t_ok(!gev_coro_started(c) && !gev_coro_dead(c));
	t_ok(gev_coro_parent(c) == here());
	gev_coro_switch(c, as_pointer(1));
	t_ok(gev_coro_started(c) && !gev_coro_dead(c));
	gev_coro_switch(c, NULL);
	t_ok(!gev_coro_started(c) && gev_coro_dead(c));
	t_eq(gev_coro_free(c), 0);
}

static void root_is_alive(void)
{
	t_ok(here() != NULL);
	t_ok(gev_coro_started(here()) && !gev_coro_dead(here()));
	t_ok(gev_coro_parent(here()) == NULL);
	t_eq(gev_coro_stack_size(here()), 0);
	t_eq(gev_coro_stack_used(here()), 0);
}

static void switch_to_oneself(void)
{
	errno = ENOENT;
	t_eq((intptr_t)gev_coro_switch(here(), as_pointer(3)), 3);
	t_eq(gev_coro_thrown(), 0);
	t_eq(errno, ENOENT);
}

static void throw_at_oneself(void)
{
	t_fails(gev_coro_throw(here(), EIO), EIO);
	t_eq(gev_coro_thrown(), EIO);
	gev_coro_switch(here(), NULL);
	t_eq(gev_coro_thrown(), 0);
}

/* Makes a child of its own, and tells who it is. */
static void *with_child(void *child)
{
	gev_coro **c = child;

	*c = gev_coro_new(plus_one, NULL);
	gev_coro_switch(*c, as_pointer(1));
	return NULL;
}

static void dead_parents_are_skipped(void)
{
	gev_coro *child = NULL;
	gev_coro *parent = gev_coro_new(with_child, NULL);

	gev_coro_switch(parent, &child);
	t_ok(gev_coro_dead(parent));
	t_ok(gev_coro_parent(child) == parent);
	t_eq((intptr_t)gev_coro_switch(child, NULL), -7);
	t_ok(gev_coro_dead(child));
	t_eq(gev_coro_free(child), 0);
	t_eq(gev_coro_free(parent), 0);
}

static void dead_target_means_its_ancestor(void)
{
	gev_coro *c = gev_coro_new(identity, NULL);

	gev_coro_switch(c, NULL);
	t_eq((intptr_t)gev_coro_switch(c, as_pointer(9)), 9);
	t_fails(gev_coro_throw(c, EIO), EIO);
	t_eq(gev_coro_free(c), 0);
}

static void unstarted_parent_is_started(void)
{
	gev_coro *parent = gev_coro_new(plus_one, NULL);
	gev_coro *child = gev_coro_new(identity, parent);

	t_eq((intptr_t)gev_coro_switch(child, as_pointer(4)), 5);
	t_ok(gev_coro_dead(child) && gev_coro_started(parent));
	t_eq(gev_coro_free(child), 0);
	t_eq(gev_coro_free(parent), 0);
}

/* Notes each code that is thrown at it until a plain switch. */
static void *catches(void *value)
{
	(void)value;
	for (;;) {
		void *got = up(NULL);

		if (!gev_coro_thrown())
			return got;
		t_log("%d%s%s ", gev_coro_thrown(),
			errno == gev_coro_thrown() ? "" : "!", got ? "?" : "");
	}
}

static void throw_reaches_the_pending_switch(void)
{
	gev_coro *c = gev_coro_new(catches, NULL);

	gev_coro_switch(c, NULL);
	gev_coro_throw(c, 5);
	gev_coro_throw(c, ECANCELED);
	t_log("%d ", gev_coro_thrown());
	t_eq((intptr_t)gev_coro_switch(c, as_pointer(8)), 8);
	t_log_is("5 125 0 ");
	t_eq(gev_coro_free(c), 0);
}

static void *never(void *value)
{
	t_ok(!"must not run");
	return value;
}

static void throw_into_unstarted(void)
{
	gev_coro *c = gev_coro_new(never, NULL);

	t_fails(gev_coro_throw(c, EIO), EIO);
	t_eq(gev_coro_thrown(), EIO);
	t_ok(gev_coro_dead(c));
	t_eq(gev_coro_free(c), 0);
}

static void throw_into_unstarted_line(void)
{
	gev_coro *parent = gev_coro_new(never, NULL);
	gev_coro *child = gev_coro_new(never, parent);

	t_fails(gev_coro_throw(child, EIO), EIO);
	t_ok(gev_coro_dead(child) && gev_coro_dead(parent));
	t_eq(gev_coro_free(parent), 0);
	t_eq(gev_coro_free(child), 0);
}

static void cancel_is_no_error_to_the_parent(void)
{
	gev_coro *c = gev_coro_new(never, NULL);

	errno = ENOENT;
	t_ok(gev_coro_throw(c, ECANCELED) == NULL);
	t_eq(gev_coro_thrown(), 0);
	t_eq(errno, ENOENT);
	t_ok(gev_coro_dead(c));
	t_ok(gev_coro_throw(c, ECANCELED) == NULL);
	t_eq(gev_coro_thrown(), 0);
	t_eq(gev_coro_free(c), 0);
}

static void free_unwinds_the_suspended(void)
{
	gev_coro *c = gev_coro_new(plus_one, NULL);
	gev_coro *between = gev_coro_new(plus_one, NULL);

	gev_coro_set_parent(c, between);
	gev_coro_switch(between, as_pointer(1));
	gev_coro_switch(c, as_pointer(1)); /* returns by between */
	errno = ENOENT;
	t_eq(gev_coro_free(c), 0);
	t_eq(errno, ENOENT);
	t_ok(gev_coro_started(between));
	t_eq(gev_coro_free(between), 0);
}

static void free_of_new_runs_nothing(void)
{
	t_eq(gev_coro_free(gev_coro_new(never, NULL)), 0);
	t_eq(gev_coro_free(NULL), 0);
}

/* Refuses to end until it is sent a value. */
static void *stubborn(void *value)
{
	do
		value = up(NULL);
	while (!value);
	return value;
}

static void free_fails_if_it_does_not_end(void)
{
	gev_coro *c = gev_coro_new(stubborn, NULL);

	gev_coro_switch(c, NULL);
	t_fails(gev_coro_free(c), EBUSY);
	t_ok(gev_coro_started(c));
	t_eq((intptr_t)gev_coro_switch(c, as_pointer(1)), 1);
	t_eq(gev_coro_free(c), 0);
}

static void *frees(void *victim)
{
	t_fails(gev_coro_free(victim), EBUSY);
	t_fails(gev_coro_free(here()), EBUSY);
	return NULL;
}

static void *frees_its_maker(void *value)
{
	gev_coro *c = gev_coro_new(frees, NULL);

	gev_coro_switch(c, here());
	t_eq(gev_coro_free(c), 0);
	return value;
}

static void free_refuses_who_is_waited_for(void)
{
	gev_coro *c = gev_coro_new(frees_its_maker, NULL);

	gev_coro_switch(c, NULL);
	t_fails(gev_coro_free(here()), EBUSY);
	t_eq(gev_coro_free(c), 0);
}

static void children_of_the_freed_get_its_parent(void)
{
	gev_coro *parent = gev_coro_new(never, NULL);
	gev_coro *first = gev_coro_new(identity, parent);
	gev_coro *second = gev_coro_new(identity, parent);

	t_eq(gev_coro_free(first), 0);
	t_eq(gev_coro_free(parent), 0);
	t_ok(gev_coro_parent(second) == here());
	t_eq((intptr_t)gev_coro_switch(second, as_pointer(2)), 2);
	t_eq(gev_coro_free(second), 0);
}

static void set_parent(void)
{
	gev_coro *a = gev_coro_new(plus_one, NULL);
	gev_coro *b = gev_coro_new(identity, a);
	gev_coro *c = gev_coro_new(identity, b);

	t_fails(gev_coro_set_parent(a, c), EINVAL);
	t_fails(gev_coro_set_parent(a, a), EINVAL);
	t_fails(gev_coro_set_parent(here(), a), EINVAL);
	t_eq(gev_coro_set_parent(c, here()), 0);
	t_ok(gev_coro_parent(c) == here());
	t_eq((intptr_t)gev_coro_switch(c, as_pointer(3)), 3);
	t_eq(gev_coro_free(a), 0);
	t_eq(gev_coro_free(b), 0);
	t_eq(gev_coro_free(c), 0);
}

static void *own_errno(void *value)
{
	t_eq(errno, 0);
	errno = ERANGE;
	up(value);
	t_eq(errno, ERANGE);
	return value;
}

static void errno_belongs_to_the_coroutine(void)
{
	gev_coro *c = gev_coro_new(own_errno, NULL);

	errno = ENOENT;
	gev_coro_switch(c, NULL);
	t_eq(errno, ENOENT);
	errno = EXDEV;
	gev_coro_switch(c, NULL);
	t_eq(errno, EXDEV);
	t_eq(gev_coro_free(c), 0);
}

/* As many values over a switch as there are callee-saved registers. */
static void *keeps(void *value)
{
	volatile long n[5];
	volatile double d[8];

	for (int i = 0; i < 8; i++)
		d[i] = n[i % 5] = (intptr_t)value * (i + 1);
	long a = n[0], b = n[1], c = n[2], e = n[3], f = n[4];
	double p = d[0], q = d[1], r = d[2], s = d[3];
	double t = d[4], u = d[5], v = d[6], w = d[7];

	up(NULL);
	t_ok(a == n[0] && b == n[1] && c == n[2] && e == n[3] && f == n[4]);
	t_ok(p == d[0] && q == d[1] && r == d[2] && s == d[3]);
	t_ok(t == d[4] && u == d[5] && v == d[6] && w == d[7]);
	return NULL;
}

static void registers_survive(void)
{
	gev_coro *a = gev_coro_new(keeps, NULL);
	gev_coro *b = gev_coro_new(keeps, NULL);

	gev_coro_switch(a, as_pointer(3));
	gev_coro_switch(b, as_pointer(1000));
	gev_coro_switch(a, NULL);
	gev_coro_switch(b, NULL);
	t_eq(gev_coro_free(a), 0);
	t_eq(gev_coro_free(b), 0);
}

/* What core/ does to one that it parks. */
static void scheduled_is_not_ours(void)
{
	gev_coro *c = gev_coro_new(plus_one, NULL);
	gev_coro *child = gev_coro_new(never, c);

	gev_coro_switch(c, as_pointer(1));
	c->state = GEV__CORO_SCHEDULED;
	t_fails(gev_coro_switch(c, NULL), EBUSY);
	t_fails(gev_coro_throw(c, EIO), EBUSY);
	t_fails(gev_coro_throw(child, EIO), EBUSY);
	t_ok(!gev_coro_dead(child));
	t_fails(gev_coro_free(c), EBUSY);
	c->state = GEV__CORO_SUSPENDED;
	t_eq(gev_coro_free(child), 0);
	t_eq(gev_coro_free(c), 0);
}

static void scheduled_parents_are_skipped(void)
{
	gev_coro *parked = gev_coro_new(plus_one, NULL);
	gev_coro *child = gev_coro_new(identity, parked);

	gev_coro_switch(parked, as_pointer(1));
	parked->state = GEV__CORO_SCHEDULED;
	t_eq((intptr_t)gev_coro_switch(child, as_pointer(6)), 6);
	parked->state = GEV__CORO_SUSPENDED;
	t_eq(gev_coro_free(child), 0);
	t_eq(gev_coro_free(parked), 0);
}

static void bad_input(void)
{
	t_fails(gev_coro_new(NULL, NULL), EINVAL);
	t_fails(gev_coro_new_sized(identity, NULL, 1), EINVAL);
	t_fails(gev_coro_new_sized(identity, NULL, (16 << 10) - 1), EINVAL);
	t_fails(gev_coro_new_sized(identity, NULL, (1 << 30) + 1), EINVAL);
	t_fails(gev_coro_new_sized(identity, NULL, SIZE_MAX), EINVAL);
	t_fails(gev_coro_switch(NULL, NULL), EINVAL);
	t_fails(gev_coro_throw(NULL, EIO), EINVAL);
	t_fails(gev_coro_throw(here(), 0), EINVAL);
	t_fails(gev_coro_throw(here(), -EIO), EINVAL);
	t_fails(gev_coro_set_parent(NULL, here()), EINVAL);
	t_fails(gev_coro_set_parent(here(), NULL), EINVAL);
	t_ok(!gev_coro_started(NULL) && !gev_coro_dead(NULL));
	t_ok(gev_coro_parent(NULL) == NULL);
	t_eq(gev_coro_stack_used(NULL) + gev_coro_stack_size(NULL), 0);
}

static void shadow_stacks_are_refused(void)
{
	gev__thread_get()->shadow_stack = true;
	t_fails(gev_coro_new(identity, NULL), ENOTSUP);
	gev__thread_get()->shadow_stack = false;
}

static void *without_memory(void *arg)
{
	(void)arg;
	gev__inject = (struct gev__inject){ SYS_mmap, -ENOMEM, 0, -1, 0 };
	t_fails(gev_coro_current(), ENOMEM);
	t_fails(gev_coro_new(identity, NULL), ENOMEM);
	t_fails(gev_coro_settrace(NULL, NULL), ENOMEM);
	t_eq(gev_coro_thrown(), 0);
	gev__inject.nr = -1;
	t_ok(gev_coro_current() != NULL);
	return NULL;
}

static void root_without_memory(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, without_memory, NULL);
	pthread_join(thread, NULL);
}

int main(void)
{
	T_RUN(c81_values_both_ways);
	T_RUN(c84_other_threads_coroutine);
	T_RUN(c85_trace_order);
	T_RUN(c86_stable_memory);
	T_RUN(starts_as_new);
	T_RUN(root_is_alive);
	T_RUN(switch_to_oneself);
	T_RUN(throw_at_oneself);
	T_RUN(dead_parents_are_skipped);
	T_RUN(dead_target_means_its_ancestor);
	T_RUN(unstarted_parent_is_started);
	T_RUN(throw_reaches_the_pending_switch);
	T_RUN(throw_into_unstarted);
	T_RUN(throw_into_unstarted_line);
	T_RUN(cancel_is_no_error_to_the_parent);
	T_RUN(free_unwinds_the_suspended);
	T_RUN(free_of_new_runs_nothing);
	T_RUN(free_fails_if_it_does_not_end);
	T_RUN(free_refuses_who_is_waited_for);
	T_RUN(children_of_the_freed_get_its_parent);
	T_RUN(set_parent);
	T_RUN(errno_belongs_to_the_coroutine);
	T_RUN(registers_survive);
	T_RUN(scheduled_is_not_ours);
	T_RUN(scheduled_parents_are_skipped);
	T_RUN(bad_input);
	T_RUN(shadow_stacks_are_refused);
	T_RUN(root_without_memory);
	return t_done();
}
