/* SPDX-License-Identifier: MIT */
/*
 * The loop itself: what an iteration is, and how long it waits.
 *
 * In the order of reading: gev__loop_run() at first, then watcher.c for how
 * events become calls, io.c and epoll.c for descriptors, timer.c, callback.c
 * and async.c; the other kinds of watchers are made of these.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/sys.h"
#include "loop/backend.h"
#include "loop/watch.h"

/* So many events of descriptors nobody knows, and the poller is remade. */
#define STRAYS_MAX 32

/*
 * In the child of a fork the one thread is known by the id it had: loops have
 * it, and thread-local memory; but not all that memory, if its TCB changes.
 */
static struct {
	int id;
	int before;
} survivor;

static int this_thread(void)
{
	static __thread int id;

	if (id == 0)
		id = gev__sys(SYS_gettid);
	if (id == survivor.id)
		id = survivor.before;
	return id;
}

bool gev__loop_mine(const gev_loop *loop)
{
	return loop->owner == this_thread();
}

void gev__loop_clock(gev_loop *loop)
{
	if (!loop->is_virtual)
		loop->now = gev__clock() + loop->offset;
}

void gev__loop_error(gev_loop *loop, int code, const char *where)
{
	if (loop->error_fn)
		loop->error_fn(loop, -code, where, loop->error_arg);
}

/* Something is to be called, be there events or not. */
static bool is_busy(const gev_loop *loop)
{
	return loop->turn_due || gev__callbacks_waiting(loop) ||
	       !gev__queue_empty(&loop->pending) ||
	       !gev__list_empty(&loop->expired);
}

static bool is_alive(const gev_loop *loop)
{
	return loop->refs > 0 || loop->turn_due || gev__callbacks_waiting(loop);
}

static gev_time time_to_wait(gev_loop *loop)
{
	const struct gev_timer_node *first = gev__heap_first(&loop->timers);

	if (is_busy(loop) || !gev__list_empty(&loop->watchers[GEV__IDLE]))
		return 0;
	if (!first)
		return GEV_FOREVER;
	gev__loop_clock(loop);
	return first->due > loop->now ? first->due - loop->now : 0;
}

/* A new poller, and a new eventfd if somebody closed that too. */
static int renew(gev_loop *loop)
{
	int r = gev__io_remake(loop);

	if (r < 0 || loop->fds[loop->wake_fd].registered)
		return r;
	gev__edge_drop(loop, loop->wake_fd);
	return gev__wakeup_open(loop);
}

static int wait(gev_loop *loop, gev_time timeout)
{
	int r = loop->poll_fd < 0 ? renew(loop) : 0;

	if (r < 0)
		return r;
	r = loop->backend->wait(loop, timeout);
	if (r < 0)
		loop->poll_fd = -1; /* whosever it is now, it's not ours */
	if (r < 0 || loop->strays > STRAYS_MAX)
		renew(loop);
	return r;
}

/* Virtual time passes only when there is nothing else to do. */
static int wait_virtually(gev_loop *loop, gev_time timeout)
{
	int r = wait(loop, 0);

	if (r == 0)
		loop->now += timeout;
	return r;
}

static int poll(gev_loop *loop, unsigned flags)
{
	gev_time timeout = 0;
	int r;

	if (loop->refs > 0 && !loop->broken && !(flags & GEV_RUN_NOWAIT))
		timeout = time_to_wait(loop);
	if (loop->is_virtual && timeout > 0)
		r = wait_virtually(loop, timeout);
	else
		r = wait(loop, timeout);
	gev__loop_clock(loop);
	return r < 0 ? r : 0;
}

static void run_watchers(gev_loop *loop, enum gev__kind kind)
{
	if (gev__list_empty(&loop->watchers[kind]))
		return;
	gev__watchers_pend(loop, kind);
	gev__queue_run(&loop->pending);
}

static int iterate(gev_loop *loop, unsigned flags)
{
	int r;

	loop->iterations++;
	if (gev__callbacks_waiting(loop))
		gev__callbacks_run(loop);
	if (loop->turn_due)
		loop->turn(loop->turn_arg);
	run_watchers(loop, GEV__PREPARE);
	r = poll(loop, flags);
	gev__timers_collect(loop);
	if (!is_busy(loop))
		gev__watchers_pend(loop, GEV__IDLE);
	gev__queue_run(&loop->pending);
	gev__timers_fire(loop);
	run_watchers(loop, GEV__CHECK);
	return r;
}

int gev__loop_run(gev_loop *loop, unsigned flags)
{
	bool once = flags & (GEV_RUN_ONCE | GEV_RUN_NOWAIT);
	int r;

	loop->running = true;
	loop->broken = false;
	do {
		r = iterate(loop, flags);
	} while (r == 0 && is_alive(loop) && !loop->broken && !once);
	loop->running = false;
	if (r < 0)
		return r;
	return loop->broken || is_alive(loop);
}

static int open_parts(gev_loop *loop)
{
	int r = gev__io_open(loop);

	return r < 0 ? r : gev__wakeup_open(loop);
}

gev_loop *gev__loop_make(int *error)
{
	gev_loop *loop = gev__alloc(sizeof(*loop));
	int r;

	*error = ENOMEM;
	if (!loop)
		return NULL;
	loop->owner = this_thread();
	loop->poll_fd = -1;
	loop->wake_fd = -1;
	loop->inotify = -1;
	for (int i = 0; i < GEV__KINDS; i++)
		gev__list_init(&loop->watchers[i]);
	gev__queue_init(&loop->pending);
	gev__queue_init(&loop->forked);
	gev__list_init(&loop->expired);
	gev__list_init(&loop->callbacks);
	gev__list_init(&loop->mark);
	gev__loop_clock(loop);
	r = open_parts(loop);
	if (r == 0)
		return loop;
	*error = -r;
	gev__loop_drop(loop);
	return NULL;
}

static void stop_all(gev_loop *loop)
{
	gev__queue_drop(&loop->pending);
	gev__timers_stop(loop);
	for (int i = 0; i < GEV__KINDS; i++) {
		struct gev_list *list = &loop->watchers[i];

		while (!gev__list_empty(list))
			gev__watcher_end(gev__container(list->next, gev_watcher,
				link));
	}
}

void gev__loop_drop(gev_loop *loop)
{
	stop_all(loop);
	gev__callbacks_drop(loop);
	gev__stats_close(loop);
	gev__wakeup_close(loop);
	gev__io_close(loop);
	gev__heap_fini(&loop->timers);
	gev__free(loop, sizeof(*loop));
}

int gev__loop_forked(gev_loop *loop)
{
	int r;

	survivor.id = gev__sys(SYS_gettid);
	survivor.before = loop->owner;
	loop->backend->close(loop); /* before anything of it is made use of */
	gev__wakeup_close(loop);
	gev__signals_forked();
	gev__stats_close(loop);
	r = gev__io_remake(loop);
	if (r == 0)
		r = gev__wakeup_open(loop);
	gev__watchers_pend(loop, GEV__STAT); /* they watch their paths anew */
	gev__watchers_pend(loop, GEV__FORK);
	gev__queue_run(&loop->forked);
	return r;
}

/* 0 if the calling thread may change @loop. */
static int changeable(const gev_loop *loop)
{
	if (!loop)
		return -EINVAL;
	return gev__loop_mine(loop) ? 0 : -EPERM;
}

gev_loop *gev_loop_new(void)
{
	int error;
	gev_loop *loop = gev__loop_make(&error);

	return loop ? loop : gev__null(error);
}

int gev_loop_free(gev_loop *loop)
{
	if (!loop)
		return 0;
	if (!gev__loop_mine(loop))
		return gev__ret(-EPERM);
	if (loop->running || loop->owned)
		return gev__ret(-EBUSY);
	gev__loop_drop(loop);
	return 0;
}

int gev_loop_run(gev_loop *loop, unsigned flags)
{
	int r = changeable(loop);

	if (r == 0 && flags & ~(GEV_RUN_ONCE | GEV_RUN_NOWAIT))
		r = -EINVAL;
	if (r == 0 && (loop->running || loop->owned))
		r = -EBUSY;
	if (r == 0)
		r = gev__loop_run(loop, flags);
	return r < 0 ? gev__ret(r) : is_alive(loop);
}

int gev_loop_break(gev_loop *loop)
{
	int r = changeable(loop);

	if (r == 0)
		loop->broken = true;
	return gev__ret(r);
}

gev_time gev_loop_now(const gev_loop *loop)
{
	return loop ? loop->now : 0;
}

gev_time gev_loop_update(gev_loop *loop)
{
	if (loop && gev__loop_mine(loop))
		gev__loop_clock(loop);
	return gev_loop_now(loop);
}

int gev_loop_set_virtual(gev_loop *loop, bool on)
{
	int r = changeable(loop);

	if (r < 0)
		return gev__ret(r);
	gev__loop_clock(loop);
	loop->is_virtual = on;
	loop->offset = loop->now - gev__clock();
	return 0;
}

int gev_loop_fd(const gev_loop *loop)
{
	if (!loop || loop->poll_fd < 0)
		return gev__ret(-EINVAL);
	if (!loop->backend->descriptor)
		return loop->poll_fd;
	return gev__ret(loop->backend->descriptor((gev_loop *)loop));
}

gev_time gev_loop_next(gev_loop *loop)
{
	if (!loop || !gev__loop_mine(loop))
		return GEV_FOREVER;
	gev__io_flush(loop, false);
	return time_to_wait(loop);
}

int gev_loop_set_error_hook(gev_loop *loop, gev_loop_error_fn *fn, void *arg)
{
	int r = changeable(loop);

	if (r == 0 && loop->owned)
		r = -EBUSY;
	if (r < 0)
		return gev__ret(r);
	loop->error_fn = fn;
	loop->error_arg = arg;
	return 0;
}

int gev_loop_forked(gev_loop *loop)
{
	if (!loop)
		return gev__ret(-EINVAL);
	gev__mem_forked();
	return gev__ret(gev__loop_forked(loop));
}
