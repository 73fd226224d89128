/* SPDX-License-Identifier: MIT */
/* Loops that wait by running an ev_loop. */
#include <ev.h>
#include <gev.h>
#include <sys/wait.h>
#include <unistd.h>
#include "t.h"

static struct {
	struct ev_loop *ev;
	int calls;
} program;

/* A hub that runs the program's loop. */
static void begin(void)
{
	t_eq(gev_loop_set_default("libev"), 0);
	program.ev = ev_loop_new(EVFLAG_AUTO);
	program.calls = 0;
	t_eq(gev_libev_use(program.ev), 0);
}

static void end(void)
{
	t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
	t_eq(gev_libev_use(NULL), 0);
	t_eq(gev_loop_set_default(NULL), 0);
	ev_loop_destroy(program.ev);
}

static void start_timer(ev_timer *timer, void *event)
{
	timer->data = event;
	ev_timer_start(program.ev, timer);
}

static void set_event(struct ev_loop *ev, ev_timer *w, int events)
{
	(void)ev;
	(void)events;
	program.calls++;
	if (w->data)
		gev_event_set(w->data);
}

static void try_to_wait(struct ev_loop *ev, ev_timer *w, int events)
{
	(void)ev;
	(void)w;
	(void)events;
	program.calls++;
	t_fails(gev_sleep(GEV_MS(1)), EDEADLK);
}

static void read_byte(struct ev_loop *ev, ev_io *w, int events)
{
	char byte;

	(void)events;
	t_eq(read(w->fd, &byte, 1), 1);
	ev_io_stop(ev, w);
	gev_event_set(w->data);
}

static void loops_have_one_of_their_own(void)
{
	gev_loop *loop;

	t_eq(gev_loop_set_default("libev"), 0);
	loop = gev_loop_new();
	t_str(gev_loop_backend(loop), "libev");
	t_eq(gev_loop_run(loop, 0), 0);
	t_eq(gev_loop_free(loop), 0);
	t_eq(gev_loop_set_default(NULL), 0);
}

static void the_programs_watchers_are_called_while_main_waits(void)
{
	ev_timer timer;

	begin();
	ev_timer_init(&timer, set_event, 0.001, 0);
	start_timer(&timer, NULL);
	t_eq(gev_sleep(GEV_MS(20)), 0);
	t_eq(program.calls, 1);
	end();
}

static void a_callback_of_the_programs_wakes_main(void)
{
	gev_event come = GEV_EVENT_INIT;
	ev_timer timer;

	begin();
	ev_timer_init(&timer, set_event, 0.001, 0);
	start_timer(&timer, &come);
	t_eq(gev_event_wait(&come, GEV_SEC(10)), 0);
	end();
}

static void a_callback_of_the_programs_cannot_wait(void)
{
	ev_timer timer;

	begin();
	ev_timer_init(&timer, try_to_wait, 0.001, 0);
	start_timer(&timer, NULL);
	t_eq(gev_sleep(GEV_MS(20)), 0);
	t_eq(program.calls, 1);
	end();
}

static intptr_t write_later(void *arg)
{
	gev_sleep(GEV_MS(1));
	return gev_write((int)(intptr_t)arg, "x", 1);
}

static void greenlets_and_watchers_talk_to_each_other(void)
{
	gev_event come = GEV_EVENT_INIT;
	int fds[2];
	ev_io io;

	begin();
	t_eq(gev_pipe(fds), 0);
	ev_io_init(&io, read_byte, fds[0], EV_READ);
	io.data = &come;
	ev_io_start(program.ev, &io);
	t_eq(gev_go(write_later, (void *)(intptr_t)fds[1]), 0);
	t_eq(gev_event_wait(&come, GEV_SEC(10)), 0);
	gev_close(fds[0]);
	gev_close(fds[1]);
	end();
}

static void timers_are_not_early(void)
{
	gev_loop *loop;
	gev_time start;

	begin();
	loop = gev_hub_loop(gev_hub_get());
	start = gev_loop_update(loop);
	t_eq(gev_sleep(GEV_MS(3)), 0);
	t_ok(gev_loop_update(loop) - start >= GEV_MS(3));
	end();
}

/* What the child does with libev leaves the parent's alone. */
static void child_and_parent_go_on_after_a_fork(void)
{
	ev_timer timer;
	int status;
	pid_t pid;

	begin();
	t_eq(gev_sleep(0), 0);
	pid = gev_fork();
	if (pid == 0)
		_exit(gev_sleep(GEV_MS(1)) == 0 ? 42 : 1);
	t_eq(waitpid(pid, &status, 0), pid);
	t_ok(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	ev_timer_init(&timer, set_event, 0.001, 0);
	start_timer(&timer, NULL);
	t_eq(gev_sleep(GEV_MS(20)), 0);
	t_eq(program.calls, 1);
	end();
}

/* Without a watcher of the program's nothing can wake main. */
static void a_deadlock_is_found(void)
{
	gev_event never = GEV_EVENT_INIT;

	begin();
	t_fails(gev_event_wait(&never, GEV_FOREVER), EDEADLK);
	end();
}

int main(void)
{
	T_RUN(loops_have_one_of_their_own);
	T_RUN(the_programs_watchers_are_called_while_main_waits);
	T_RUN(a_callback_of_the_programs_wakes_main);
	T_RUN(a_callback_of_the_programs_cannot_wait);
	T_RUN(greenlets_and_watchers_talk_to_each_other);
	T_RUN(timers_are_not_early);
	T_RUN(child_and_parent_go_on_after_a_fork);
	T_RUN(a_deadlock_is_found);
	return t_done();
}
