/* SPDX-License-Identifier: MIT */
/* Read-write locks: many readers or one writer, in order. */
#include <limits.h>
#include "battery.h"
#include "sync/sync.h"

static gev_rwlock lock;

static void *make_read(void)
{
	gev_rwlock_init(&lock);
	t_eq(gev_rwlock_acquire_read(&lock, GEV_FOREVER), 0);
	return &lock;
}

static void *make_written(void)
{
	gev_rwlock_init(&lock);
	t_eq(gev_rwlock_acquire_write(&lock, GEV_FOREVER), 0);
	return &lock;
}

static void drop(void *l)
{
	gev_rwlock_fini(l);
}

static int write_it(void *l, gev_time timeout)
{
	int r = gev_rwlock_acquire_write(l, timeout);

	return r < 0 ? r : gev_rwlock_release(l);
}

static int read_it(void *l, gev_time timeout)
{
	int r = gev_rwlock_acquire_read(l, timeout);

	return r < 0 ? r : gev_rwlock_release(l);
}

static int release(void *l)
{
	return gev_rwlock_release(l);
}

static bool has_waiters(void *l)
{
	return gev__sync_first(&((gev_rwlock *)l)->waiters) != NULL;
}

static const struct battery to_write = {
	.name = "rwlock_write",
	.make = make_read,
	.drop = drop,
	.block = write_it,
	.unblock = release,
	.is_blocked = has_waiters,
	.fini = drop,
	.at_once = EAGAIN,
	.ended = EINVAL,
	.kept = true,
};

static const struct battery to_read = {
	.name = "rwlock_read",
	.make = make_written,
	.drop = drop,
	.block = read_it,
	.unblock = release,
	.is_blocked = has_waiters,
	.fini = drop,
	.at_once = EAGAIN,
	.ended = EINVAL,
	.owned = true,
	.kept = true,
};

/* Greenlets of a name: r... reads, w... writes, both for a while. */
static intptr_t visit(void *arg)
{
	const char *name = arg;
	int r = name[0] == 'r' ? gev_rwlock_acquire_read(&lock, GEV_FOREVER) :
				 gev_rwlock_acquire_write(&lock, GEV_FOREVER);

	t_log("+%s ", name);
	if (r < 0)
		return 0;
	gev_sleep(TICK);
	t_log("-%s ", name);
	t_eq(gev_rwlock_release(&lock), 0);
	return 0;
}

static gev_greenlet *visitor(const char *name)
{
	gev_greenlet *g = gev_spawn(visit, (void *)(intptr_t)name);

	gev_yield();
	return g;
}

static void visited_by(const char *const *names, int n)
{
	t_virtual();
	gev_rwlock_init(&lock);
	for (int i = 0; i < n; i++)
		gev_unref(visitor(names[i]));
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_eq(gev_rwlock_acquire_write(&lock, 0), 0);
	gev_rwlock_fini(&lock);
}

static void readers_read_together(void)
{
	static const char *const names[] = { "r1", "r2", "r3" };

	visited_by(names, 3);
	t_log_is("+r1 +r2 +r3 -r1 -r2 -r3 ");
}

static void writers_write_alone(void)
{
	static const char *const names[] = { "w1", "w2", "r3", "r4", "w5" };

	visited_by(names, 5);
	t_log_is("+w1 -w1 +w2 -w2 +r3 +r4 -r3 -r4 +w5 -w5 ");
}

/* Readers that keep coming don't keep a writer out. */
static void writers_do_not_starve(void)
{
	static const char *const names[] = { "r1", "w2", "r3", "r4" };

	visited_by(names, 4);
	t_log_is("+r1 -r1 +w2 -w2 +r3 +r4 -r3 -r4 ");
}

static intptr_t give_up(void *arg)
{
	(void)arg;
	t_fails(gev_rwlock_acquire_write(&lock, TICK), ETIMEDOUT);
	t_log("!w ");
	return 0;
}

static intptr_t read_at_once(void *arg)
{
	t_eq(gev_rwlock_acquire_read(&lock, GEV_FOREVER), 0);
	t_log("+%s ", (char *)arg);
	return gev_rwlock_release(&lock);
}

static void behind_a_writer(gev_greenlet *writer, bool kill)
{
	gev_yield();
	t_eq(gev_go(read_at_once, "r1"), 0);
	t_eq(gev_go(read_at_once, "r2"), 0);
	settle();
	t_log_is("");
	if (kill)
		t_eq(gev_kill(writer, 0), 0);
	t_eq(gev_sleep(DELAY), 0);
	gev_unref(writer);
	t_ok(!has_waiters(&lock));
	t_eq(gev_rwlock_release(&lock), 0);
	gev_rwlock_fini(&lock);
}

/* A writer that gives up lets those in who waited behind it. */
static void a_writer_that_times_out(void)
{
	t_virtual();
	make_read();
	behind_a_writer(gev_spawn(give_up, NULL), false);
	t_log_is("!w +r1 +r2 ");
}

static void a_writer_that_is_killed(void)
{
	t_virtual();
	make_read();
	behind_a_writer(gev_spawn(visit, "w"), true);
	t_log_is("+w +r1 +r2 ");
}

static intptr_t release_in_vain(void *l)
{
	t_fails(gev_rwlock_release(l), EPERM);
	t_fails(gev_rwlock_acquire_write(l, 0), EAGAIN);
	t_fails(gev_rwlock_acquire_read(l, 0), EAGAIN);
	t_log("tried ");
	return 0;
}

static void only_the_writer_releases(void)
{
	gev_rwlock l = GEV_RWLOCK_INIT;

	t_fails(gev_rwlock_release(&l), EPERM);
	t_eq(gev_rwlock_acquire_write(&l, 0), 0);
	t_fails(gev_rwlock_acquire_write(&l, GEV_FOREVER), EDEADLK);
	t_fails(gev_rwlock_acquire_read(&l, GEV_FOREVER), EDEADLK);
	t_eq(gev_go(release_in_vain, &l), 0);
	settle();
	t_log_is("tried ");
	t_eq(gev_rwlock_release(&l), 0);
	t_fails(gev_rwlock_release(&l), EPERM);
	gev_rwlock_fini(&l);
}

static void as_many_readers_as_can_be_counted(void)
{
	gev_rwlock l = GEV_RWLOCK_INIT;

	t_eq(gev_rwlock_acquire_read(&l, 0), 0);
	l.readers = UINT_MAX;
	t_fails(gev_rwlock_acquire_read(&l, GEV_FOREVER), ERANGE);
	t_fails(gev_rwlock_acquire_read(&l, 0), ERANGE);
	t_fails(gev_rwlock_acquire_write(&l, 0), EAGAIN);
	t_eq(gev_rwlock_release(&l), 0);
	t_eq(gev_rwlock_acquire_read(&l, 0), 0);
	l.readers = 1;
	t_eq(gev_rwlock_release(&l), 0);
	t_fails(gev_rwlock_release(&l), EPERM);
	gev_rwlock_fini(&l);
}

static char report[2048];

static void keep_report(gev_hub *hub, const char *text, void *arg)
{
	(void)hub;
	(void)arg;
	snprintf(report, sizeof(report), "%s", text);
}

static intptr_t keep_it(void *write)
{
	t_eq(write ? gev_rwlock_acquire_write(&lock, 0) :
		     gev_rwlock_acquire_read(&lock, 0), 0);
	return gev_sleep(GEV_FOREVER);
}

static void reported(void *write, const char *how, const char *who)
{
	gev_greenlet *g = gev_spawn(keep_it, write);
	char line[256];

	gev_rwlock_init(&lock);
	gev_set_name(g, "keeper");
	gev_yield();
	t_fails(gev_rwlock_acquire_write(&lock, GEV_FOREVER), EDEADLK);
	snprintf(line, sizeof(line), "waits in rwlock (%s) on %p (held by %s)",
		how, (void *)&lock, who);
	if (!t_ok(strstr(report, line) != NULL))
		printf("# no %s in\n%s", line, report);
	end(g);
	gev_rwlock_fini(&lock);
}

static void the_report_names_the_holder(void)
{
	gev_hub_set_deadlock_hook(gev_hub_get(), keep_report, NULL);
	reported(num(1), "write", "greenlet \"keeper\"");
	reported(num(0), "write", "1 reader");
	gev_hub_set_deadlock_hook(gev_hub_get(), NULL, NULL);
}

static void what_makes_no_sense(void)
{
	t_fails(gev_rwlock_acquire_read(NULL, 0), EINVAL);
	t_fails(gev_rwlock_acquire_write(NULL, 0), EINVAL);
	t_fails(gev_rwlock_release(NULL), EINVAL);
	gev_rwlock_fini(NULL);
}

int main(void)
{
	battery_run(&to_write);
	battery_run(&to_read);
	T_RUN(readers_read_together);
	T_RUN(writers_write_alone);
	T_RUN(writers_do_not_starve);
	T_RUN(a_writer_that_times_out);
	T_RUN(a_writer_that_is_killed);
	T_RUN(only_the_writer_releases);
	T_RUN(as_many_readers_as_can_be_counted);
	T_RUN(the_report_names_the_holder);
	T_RUN(what_makes_no_sense);
	return t_done();
}
