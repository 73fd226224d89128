/* SPDX-License-Identifier: MIT */
/* Signal handlers in greenlets. */
#include "os/os.h"
#include <pthread.h>
#include <sys/time.h>

/* Lets what was signalled come, and run as far as it can. */
static void settle(void)
{
	t_eq(gev_idle(), 0);
}

static intptr_t log_it(int signum, void *arg)
{
	t_log("%s%s ", (const char *)arg, sigabbrev_np(signum));
	return 0;
}

static intptr_t sleep_in_it(int signum, void *until)
{
	t_log("begin:%d ", signum == SIGUSR1);
	t_ok(gev_current() != gev_hub_main(gev_hub_get()));
	t_eq(gev_event_wait(until, GEV_FOREVER), 0);
	t_eq(gev_sleep(GEV_US(1)), 0);
	t_log("end ");
	return 0;
}

static void c75_runs_in_a_greenlet_and_may_sleep(void)
{
	gev_event until = GEV_EVENT_INIT;
	gev_handler *h = gev_signal_handler(SIGUSR1, sleep_in_it, &until);

	t_ok(h);
	raise(SIGUSR1);
	t_log_is("");
	settle();
	t_log_is("begin:1 ");
	gev_event_set(&until);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_log_is("end ");
	t_eq(gev_handler_cancel(h), 0);
}

static intptr_t sleep_long(void *arg)
{
	(void)arg;
	return gev_sleep(GEV_SEC(1000));
}

static intptr_t wake(int signum, void *sleeper)
{
	t_eq(signum, SIGALRM);
	return gev_kill(sleeper, GEV_FOREVER);
}

static void c75_an_alarm_while_all_sleep(void)
{
	struct itimerval soon = { .it_value = { .tv_usec = 1000 } };
	gev_greenlet *g = gev_spawn(sleep_long, NULL);
	gev_handler *h = gev_signal_handler(SIGALRM, wake, g);

	t_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_eq(gev_handler_cancel(h), 0);
}

static void c75_cancelled_it_does_not_come(void)
{
	struct sigaction action;
	gev_handler *h;

	signal(SIGUSR1, SIG_IGN);
	h = gev_signal_handler(SIGUSR1, log_it, "");
	raise(SIGUSR1);
	settle();
	t_log_is("USR1 ");
	t_eq(gev_handler_cancel(h), 0);
	raise(SIGUSR1);
	settle();
	t_log_is("");
	t_eq(sigaction(SIGUSR1, NULL, &action), 0);
	t_ok(action.sa_handler == SIG_IGN);
	signal(SIGUSR1, SIG_DFL);
}

static void cancelled_after_the_signal(void)
{
	gev_handler *h = gev_signal_handler(SIGUSR1, log_it, "");
	gev_handler *other = gev_signal_handler(SIGUSR2, log_it, "");

	raise(SIGUSR1);
	t_eq(gev_handler_cancel(h), 0);
	settle();
	t_log_is("");
	t_eq(gev_handler_cancel(other), 0);
}

static gev_handler *first, *second;

static intptr_t cancel_both(int signum, void *arg)
{
	t_eq(gev_handler_cancel(first), 0);
	t_eq(gev_handler_cancel(second), 0);
	return log_it(signum, arg);
}

/* Both greenlets are there by then. */
static void cancelled_by_another_handler_and_itself(void)
{
	first = gev_signal_handler(SIGUSR1, cancel_both, "only ");
	second = gev_signal_handler(SIGUSR1, cancel_both, "only ");
	raise(SIGUSR1);
	settle();
	t_log_is("only USR1 ");
}

static void several_handlers_and_signals(void)
{
	gev_handler *a = gev_signal_handler(SIGUSR1, log_it, "a:");
	gev_handler *b = gev_signal_handler(SIGUSR1, log_it, "b:");
	gev_handler *c = gev_signal_handler(SIGUSR2, log_it, "c:");

	raise(SIGUSR1);
	settle();
	t_log_is("a:USR1 b:USR1 ");
	raise(SIGUSR2);
	settle();
	t_log_is("c:USR2 ");
	t_eq(gev_handler_cancel(a), 0);
	raise(SIGUSR1);
	settle();
	t_log_is("b:USR1 ");
	gev_handler_cancel(b);
	gev_handler_cancel(c);
}

static void one_may_run_twice_at_a_time(void)
{
	gev_event until = GEV_EVENT_INIT;
	gev_handler *h = gev_signal_handler(SIGUSR1, sleep_in_it, &until);

	raise(SIGUSR1);
	raise(SIGUSR1);
	settle();
	t_log_is("begin:1 ");
	raise(SIGUSR1);
	settle();
	t_log_is("begin:1 ");
	t_eq(gev_handler_cancel(h), 0);
	gev_event_set(&until);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_log_is("end end ");
}

static void it_does_not_keep_the_loop_running(void)
{
	gev_handler *h = gev_signal_handler(SIGUSR1, log_it, "");

	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_eq(gev_handler_set_ref(h, true), 0);
	t_fails(gev_hub_join(GEV_MS(1)), ETIMEDOUT);
	t_eq(gev_handler_cancel(h), 0);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_fails(gev_handler_set_ref(NULL, true), EINVAL);
}

static intptr_t fail(int signum, void *arg)
{
	(void)signum;
	(void)arg;
	errno = EXDEV;
	return -1;
}

static int on_error(gev_hub *hub, const struct gev_error *error, void *arg)
{
	(void)hub;
	(void)arg;
	t_log("%s:%s ", error->where, strerrorname_np(error->code));
	return 0;
}

static void failures_are_reported(void)
{
	gev_handler *h = gev_signal_handler(SIGUSR1, fail, NULL);

	t_eq(gev_hub_set_error_hook(gev_hub_get(), on_error, NULL), 0);
	raise(SIGUSR1);
	settle();
	t_log_is("greenlet:EXDEV ");
	gev_hub_set_error_hook(gev_hub_get(), NULL, NULL);
	gev_handler_cancel(h);
}

static void *as_a_foreigner(void *h)
{
	t_fails(gev_handler_cancel(h), EPERM);
	t_fails(gev_handler_set_ref(h, true), EPERM);
	return NULL;
}

static void bad_arguments(void)
{
	gev_handler *h = gev_signal_handler(SIGUSR1, log_it, "");
	pthread_t thread;

	t_fails(gev_signal_handler(0, log_it, ""), EINVAL);
	t_fails(gev_signal_handler(-1, log_it, ""), EINVAL);
	t_fails(gev_signal_handler(SIGKILL, log_it, ""), EINVAL);
	t_fails(gev_signal_handler(1000, log_it, ""), EINVAL);
	t_fails(gev_signal_handler(SIGUSR1, NULL, ""), EINVAL);
	t_eq(gev_handler_cancel(NULL), 0);
	t_eq(pthread_create(&thread, NULL, as_a_foreigner, h), 0);
	t_eq(pthread_join(thread, NULL), 0);
	gev_handler_cancel(h);
}

/* Asks for all that have ended, as a server does that forks. */
static intptr_t reap_all(int signum, void *arg)
{
	int status;

	(void)signum;
	(void)arg;
	while (gev_waitpid(-1, &status, WNOHANG) > 0)
		t_log("reaped %d ", WEXITSTATUS(status));
	return 0;
}

static void note_child(pid_t pid, int status, void *arg)
{
	(void)pid;
	(void)arg;
	t_log("watched %d ", WEXITSTATUS(status));
}

static void c74_a_handler_of_sigchld_finds_what_is_watched(void)
{
	gev_handler *h = gev_signal_handler(SIGCHLD, reap_all, NULL);

	if (gev_fork_and_watch(note_child, NULL) == 0)
		_exit(7);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	while (!childless())
		gev_sleep(GEV_US(100));
	t_ok(strstr(t_log_text, "reaped 7 "));
	t_ok(strstr(t_log_text, "watched 7 "));
	t_eq(strlen(t_log_text), strlen("reaped 7 watched 7 "));
	t_log_text[0] = '\0';
	gev_handler_cancel(h);
}

static void the_hub_ends_first(void)
{
	gev_event until = GEV_EVENT_INIT;
	struct sigaction action;

	t_ok(gev_signal_handler(SIGUSR1, sleep_in_it, &until));
	raise(SIGUSR1);
	settle();
	t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
	t_log_is("begin:1 ");
	t_eq(sigaction(SIGUSR1, NULL, &action), 0);
	t_ok(action.sa_handler == SIG_DFL);
}

int main(void)
{
	T_RUN(c75_runs_in_a_greenlet_and_may_sleep);
	T_RUN(c75_an_alarm_while_all_sleep);
	T_RUN(c75_cancelled_it_does_not_come);
	T_RUN(cancelled_after_the_signal);
	T_RUN(cancelled_by_another_handler_and_itself);
	T_RUN(several_handlers_and_signals);
	T_RUN(one_may_run_twice_at_a_time);
	T_RUN(it_does_not_keep_the_loop_running);
	T_RUN(failures_are_reported);
	T_RUN(bad_arguments);
	T_RUN(c74_a_handler_of_sigchld_finds_what_is_watched);
	T_RUN(the_hub_ends_first);
	return t_done();
}
