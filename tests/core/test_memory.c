/* SPDX-License-Identifier: MIT */
/* Running out of memory and descriptors, at every point where it may happen. */
#include <pthread.h>
#include <unistd.h>
#include "core.h"
#include "backend.h"
#include "base/inject.h"
#include "base/sys.h"
#include "core/hub.h"

/* In a thread that has no hub yet, and no stacks. */
static void in_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	t_eq(pthread_create(&thread, NULL, fn, arg), 0);
	t_eq(pthread_join(thread, NULL), 0);
}

/* From the call after @after on, @nr fails with @code, for ever. */
static void fail_after(long nr, int code, int after)
{
	gev__inject = (struct gev__inject){ .nr = nr,
		.error = -code,
		.after = after,
		.times = -1 };
}

/* Whether the call that was to fail was made at all. */
static bool failed(void)
{
	bool spent = gev__inject.after == 0 && gev__inject.calls > 0;

	gev__inject.nr = -1;
	return spent;
}

static void works(void)
{
	gev_greenlet *g = gev_spawn(sleep_for, num(TICK));

	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
}

/* In pages. */
static long address_space(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size = -1;

	t_eq(fscanf(f, "%ld", &size), 1);
	fclose(f);
	return size;
}

static int lowest_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static uint64_t living(void)
{
	struct gev_hub_stats s;

	t_eq(gev_hub_get_stats(gev_hub_get(), &s), 0);
	return s.living;
}

/* Tries to make a hub, with the n-th @nr failing, until it succeeds. */
struct attempt {
	long nr;
	int code;
	gev_hub *(*make)(void);
	int failures;
};

static void *make_hub(void *arg)
{
	struct attempt *a = arg;

	for (bool more = true; more; a->failures += more) {
		int fd = lowest_fd();
		gev_hub *hub;

		fail_after(a->nr, a->code, a->failures);
		errno = 0;
		hub = a->make();
		more = failed() && !hub;
		if (!more) {
			t_ok(hub != NULL);
			break;
		}
		t_eq(errno, a->code);
		if (!gev__hub_here()) /* it was not what failed */
			t_eq(lowest_fd(), fd);
	}
	t_virtual();
	works();
	return NULL;
}

static gev_hub *by_get(void)
{
	return gev_hub_get();
}

static gev_hub *by_spawn(void)
{
	gev_greenlet *g = gev_spawn(give, NULL);

	gev_unref(g);
	return g ? gev_hub_get() : NULL;
}

static gev_hub *by_sleep(void)
{
	return gev_sleep(1) == 0 ? gev_hub_get() : NULL;
}

static gev_hub *by_current(void)
{
	return gev_current() ? gev_hub_get() : NULL;
}

static gev_hub *by_timeout(void)
{
	gev_timeout t;

	if (gev_timeout_start(&t, DELAY) < 0)
		return NULL;
	t_ok(!gev_timeout_cancel(&t));
	return gev_hub_get();
}

static gev_hub *by_hub_join(void)
{
	return gev_hub_join(GEV_FOREVER) == 0 ? gev_hub_get() : NULL;
}

/* How many times it failed.  Of a second round nothing is left. */
static int attempts(gev_hub *(*make)(void), long nr, int code)
{
	struct attempt a = { nr, code, make, 0 };
	struct attempt b = a;
	long size;

	in_thread(make_hub, &a);
	size = address_space();
	in_thread(make_hub, &b);
	if (!t_under("qemu")) /* it maps what it likes */
		t_eq(address_space(), size);
	return b.failures;
}

static void hub_without_memory(void)
{
	t_ok(attempts(by_get, SYS_mmap, ENOMEM) >= 3);
	t_ok(attempts(by_spawn, SYS_mmap, ENOMEM) >= 3);
	t_ok(attempts(by_sleep, SYS_mmap, ENOMEM) >= 3);
	t_ok(attempts(by_current, SYS_mmap, ENOMEM) >= 3);
	t_ok(attempts(by_timeout, SYS_mmap, ENOMEM) >= 3);
	t_ok(attempts(by_hub_join, SYS_mmap, ENOMEM) >= 3);
}

static void hub_without_descriptors(void)
{
	long opening = opening_call();

	if (opening < 0)
		return;
	t_eq(attempts(by_get, opening, EMFILE), 1);
	t_eq(attempts(by_get, SYS_eventfd2, ENFILE), 1);
	t_eq(attempts(by_spawn, opening, EMFILE), 1);
	t_eq(attempts(by_sleep, SYS_eventfd2, EMFILE), 1);
}

/* A sleep is no help where no hub can be made. */
static void *sleep_without_hub(void *arg)
{
	fail_after(*(long *)arg, EMFILE, 0);
	t_fails(gev_sleep(TICK), EMFILE);
	t_fails(gev_idle(), EMFILE);
	t_fails(gev_go(give, NULL), EMFILE);
	t_fails(gev_hub_get(), EMFILE);
	t_eq(gev_yield(), 0);
	failed();
	return arg;
}

static void no_hub_to_be_had(void)
{
	long opening = opening_call();

	if (opening >= 0)
		in_thread(sleep_without_hub, &opening);
}

#define MANY 2000

static gev_greenlet *gs[MANY];

/* Makes greenlets until one can't be made; how many there are. */
static int spawn_many(gev_greenlet *(*make)(void))
{
	int n = 0;

	while (n < MANY && (gs[n] = make()))
		n++;
	return n;
}

static void drop_many(int n)
{
	t_eq(gev_killall(gs, n, GEV_FOREVER), 0);
	for (int i = 0; i < n; i++)
		gev_unref(gs[i]);
}

static gev_greenlet *spawned(void)
{
	return gev_spawn(give, num(1));
}

static gev_greenlet *spawned_later(void)
{
	return gev_spawn_later(TICK, give, num(1));
}

static gev_greenlet *with_large_stack(void)
{
	struct gev_spawn_options o = { .stack_size = 4 << 20 };

	return gev_spawn_opt(give, num(1), &o);
}

/* The n-th mapping fails, for every n that is needed. */
static void spawn_fails(gev_greenlet *(*make)(void))
{
	for (int after = 0;; after++) {
		bool spent;
		int n;

		fail_after(SYS_mmap, ENOMEM, after);
		errno = 0;
		n = spawn_many(make);
		spent = failed();
		if (n < MANY)
			t_eq(errno, ENOMEM);
		t_eq(living(), n);
		t_eq(gev_joinall(gs, n, GEV_FOREVER), n);
		drop_many(n);
		works();
		if (!spent)
			return;
	}
}

static void *all_spawns_fail(void *arg)
{
	t_virtual();
	spawn_fails(spawned);
	spawn_fails(spawned_later);
	spawn_fails(with_large_stack);
	return arg;
}

static void spawn_without_memory(void)
{
	in_thread(all_spawns_fail, NULL);
}

static void joinall_without_memory(void)
{
	t_virtual();
	t_eq(spawn_many(spawned), MANY);
	fail_after(SYS_mmap, ENOMEM, 0);
	t_fails(gev_joinall(gs, MANY, GEV_FOREVER), ENOMEM);
	t_ok(failed());
	t_eq(gev_joinall(gs, MANY, GEV_FOREVER), MANY);
	t_eq(gev_value(gs[MANY - 1]), 1);
	fail_after(SYS_mmap, ENOMEM, 0);
	t_fails(gev_killall(gs, MANY, GEV_FOREVER), ENOMEM);
	t_ok(failed());
	drop_many(MANY);
}

static int note(gev_greenlet *g, void *count)
{
	(void)g;
	++*(int *)count;
	return 0;
}

/* Adds until there is no memory; how many it took. */
static int add_until_full(int (*add)(void *arg), void *arg)
{
	int n = 0;

	fail_after(SYS_mmap, ENOMEM, 0);
	while (n < 100000 && add(arg) == 0)
		n++;
	t_eq(errno, ENOMEM);
	t_ok(failed());
	return n;
}

static int calls;

static int add_link(void *g)
{
	return gev_rawlink(g, note, &calls);
}

static int add_callback(void *arg)
{
	(void)arg;
	return gev_add_spawn_callback(note, &calls);
}

static int post_note(void *arg)
{
	(void)arg;
	calls++;
	return 0;
}

static int add_post(void *arg)
{
	return gev_hub_post(gev_hub_get(), post_note, arg);
}

static void small_things_without_memory(void)
{
	gev_greenlet *g = gev_spawn(give, NULL);
	int n = add_until_full(add_link, g);

	calls = 0;
	gev_join(g, GEV_FOREVER);
	settle();
	t_eq(calls, n);
	gev_unref(g);
	n = add_until_full(add_post, NULL);
	calls = 0;
	settle();
	t_eq(calls, n);
	n = add_until_full(add_callback, NULL);
	calls = 0;
	gev_go(give, NULL);
	t_eq(calls, n);
	while (n-- > 0)
		t_eq(gev_remove_spawn_callback(note, &calls), 0);
	works();
}

static char keys[100000];

static int add_value(void *next)
{
	return gev_tree_set(&keys[(*(int *)next)++], next);
}

static intptr_t fill_tree(void *arg)
{
	int next = 0, n = add_until_full(add_value, &next);

	(void)arg;
	for (int i = 0; i < n; i++)
		t_ok(gev_tree_get(&keys[i]) == &next);
	t_ok(gev_tree_get(&keys[n]) == NULL);
	return 0;
}

static void tree_without_memory(void)
{
	gev_greenlet *g = gev_spawn(fill_tree, NULL);

	t_eq(gev_get(g, GEV_FOREVER), 0);
	gev_unref(g);
	works();
}

/* So many timers that the heap has to grow, which it can't. */
static void *too_many_timers(void *arg)
{
	static gev_timeout ts[MANY];
	gev_greenlet *late = gev_greenlet_new(give, num(2), NULL);
	int n = 0;

	t_virtual();
	works();
	fail_after(SYS_mremap, ENOMEM, 0);
	while (n < MANY && gev_timeout_start(&ts[n], GEV_SEC(n + 1)) == 0)
		n++;
	if (!t_ok(n < MANY))
		n = MANY;
	t_eq(errno, ENOMEM);
	t_fails(gev_sleep(TICK), ENOMEM);
	t_fails(gev_start_later(late, TICK), ENOMEM);
	t_fails(gev_spawn_later(TICK, give, NULL), ENOMEM);
	t_ok(failed());
	for (int i = 0; i < n; i++)
		t_ok(!gev_timeout_cancel(&ts[i]));
	t_eq(gev_start(late), 0);
	t_eq(gev_kill(late, 0), 0);
	t_ok(gev_dead(late));
	gev_unref(late);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	works();
	t_fails(gev_sleep(GEV_FOREVER), EDEADLK);
	return arg;
}

static void timers_without_memory(void)
{
	in_thread(too_many_timers, NULL);
}

static void report_only(gev_hub *hub, const char *report, void *reports)
{
	(void)hub;
	t_ok(strstr(report, "deadlock") != NULL);
	++*(int *)reports;
}

static void report_without_memory(void)
{
	int reports = 0;

	gev_hub_set_deadlock_hook(gev_hub_get(), report_only, &reports);
	fail_after(SYS_mmap, ENOMEM, 0);
	t_fails(gev_sleep(GEV_FOREVER), EDEADLK);
	t_ok(failed());
	t_eq(reports, 1);
	gev_hub_set_deadlock_hook(gev_hub_get(), NULL, NULL);
}

int main(void)
{
	T_RUN(hub_without_memory);
	T_RUN(hub_without_descriptors);
	T_RUN(no_hub_to_be_had);
	T_RUN(spawn_without_memory);
	T_RUN(joinall_without_memory);
	T_RUN(small_things_without_memory);
	T_RUN(tree_without_memory);
	T_RUN(timers_without_memory);
	T_RUN(report_without_memory);
	return t_done();
}
