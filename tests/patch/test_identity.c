/* SPDX-License-Identifier: MIT */
/* What belongs to a thread belongs to a greenlet. */
#include <gev/greenlet.h>
#include <locale.h>
#include <netdb.h>
#include <signal.h>
#include <unistd.h>
#include "patch/full.h"

static __thread int mine;
static pthread_t selves[N];

static intptr_t keep_mine(void *arg)
{
	int n = (int)(intptr_t)arg + 1;

	selves[n - 1] = pthread_self();
	mine = n;
	errno = n;
	h_errno = n;
	enter();
	usleep(1000);
	leave();
	t_eq(errno, n);
	t_eq(h_errno, n);
	t_eq(mine, n);
	t_ok(pthread_equal(pthread_self(), selves[n - 1]));
	return 0;
}

static void variables_and_handles(void)
{
	if (!patch_full())
		return;
	overlap(keep_mine);
	for (int i = 0; i < N; i++) {
		t_ok(selves[i] != pthread_self());
		for (int k = 0; k < i; k++)
			t_ok(selves[i] != selves[k]);
	}
	t_eq(mine, 0);
}

static intptr_t who(void *arg)
{
	*(pthread_t *)arg = pthread_self();
	return 0;
}

static pthread_t self_of(unsigned flags)
{
	const struct gev_spawn_options options = { .flags = flags };
	pthread_t self = 0;

	join(gev_spawn_opt(who, &self, &options));
	return self;
}

static void shared_by_option(void)
{
	const struct gev_spawn_options wrong = { .flags = 2 };

	t_fails(gev_spawn_opt(who, NULL, &wrong), EINVAL);
	if (!patch_full())
		return;
	t_ok(self_of(0) != pthread_self());
	t_ok(self_of(GEV_SHARED_TLS) == pthread_self());
	t_eq(gev_unpatch_all(), 0);
	t_ok(self_of(0) == pthread_self());
}

static void alone_before_patching(void)
{
	t_ok(self_of(0) == pthread_self());
}

/* Names alone can't have them. */
static void none_by_name(void)
{
	char text[256];

	t_eq(gev_patch_all(GEV_PATCH_ALL | GEV_PATCH_BY_NAME), 0);
	gev_patch_report(text, sizeof(text));
	t_ok(strstr(text, "greenlets are their thread to libc: ") != NULL);
	t_eq(gev_unpatch_all(), 0);
}

/* The next on the same stack has the same TCB, without what was left there. */
static pthread_key_t key;
static int destroyed;
static gev_greenlet *destroying;

static void destroy(void *value)
{
	t_ok(value == &key);
	destroying = gev_current();
	usleep(1000);
	t_ok(destroying == gev_current());
	destroyed++;
}

static intptr_t leave_a_value(void *arg)
{
	(void)arg;
	t_ok(pthread_getspecific(key) == NULL);
	t_eq(pthread_setspecific(key, &key), 0);
	usleep(1000);
	t_ok(pthread_getspecific(key) == &key);
	return 0;
}

static void destructors_run_at_the_end(void)
{
	gev_greenlet *g;

	if (!patch_full())
		return;
	destroyed = 0;
	t_eq(pthread_key_create(&key, destroy), 0);
	for (int i = 0; i < 3; i++) {
		g = gev_spawn(leave_a_value, NULL);
		t_eq(gev_join(g, GEV_SEC(10)), 0);
		t_ok(destroying == g);
		t_eq(gev_value(g), 0);
		t_eq(destroyed, i + 1);
		gev_unref(g);
	}
	pthread_key_delete(key);
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t leave_a_locale(void *arg)
{
	locale_t old = uselocale(duplocale(LC_GLOBAL_LOCALE));

	(void)arg;
	t_ok(old == LC_GLOBAL_LOCALE);
	return 0;
}

static void locales_do_not_stay(void)
{
	if (!patch_full())
		return;
	run(leave_a_locale, NULL);
	run(leave_a_locale, NULL);
	t_eq(gev_unpatch_all(), 0);
}

static int cleaned;

static void clean(void *arg)
{
	cleaned += arg == &cleaned;
}

static intptr_t exit_early(void *arg)
{
	pthread_cleanup_push(clean, &cleaned);
	usleep(1000);
	pthread_exit(arg);
	pthread_cleanup_pop(0);
	return 1;
}

static void thread_exit_ends_a_greenlet(void)
{
	if (!patch_full())
		return;
	cleaned = 0;
	for (int i = 0; i < 3; i++)
		run(exit_early, NULL);
	t_eq(cleaned, 3);
	t_eq(gev_unpatch_all(), 0);
}

static pthread_mutex_t mutex;

static intptr_t hold_and_wait(void *arg)
{
	(void)arg;
	t_eq(pthread_mutex_lock(&mutex), 0);
	enter();
	usleep(1000);
	leave();
	t_eq(pthread_mutex_unlock(&mutex), 0);
	return 0;
}

static intptr_t find_it_held(void *arg)
{
	t_eq(pthread_mutex_trylock(&mutex), EBUSY);
	t_eq(pthread_mutex_unlock(&mutex), EPERM);
	(void)arg;
	return 0;
}

static void mutex_of_kind(int kind)
{
	pthread_mutexattr_t attr;
	gev_greenlet *g;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, kind);
	pthread_mutex_init(&mutex, &attr);
	g = gev_spawn(hold_and_wait, NULL);
	gev_sleep(0);
	t_eq(inside, 1);
	t_eq(pthread_mutex_trylock(&mutex), EBUSY);
	run(find_it_held, NULL);
	join(g);
	t_eq(pthread_mutex_trylock(&mutex), 0);
	t_eq(pthread_mutex_unlock(&mutex), 0);
	pthread_mutex_destroy(&mutex);
}

static void mutexes_have_owners(void)
{
	if (!patch_full())
		return;
	mutex_of_kind(PTHREAD_MUTEX_RECURSIVE);
	mutex_of_kind(PTHREAD_MUTEX_ERRORCHECK);
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t hold_stdout(void *arg)
{
	(void)arg;
	flockfile(stderr);
	usleep(1000);
	funlockfile(stderr);
	return 0;
}

static void files_have_owners(void)
{
	gev_greenlet *g;

	if (!patch_full())
		return;
	g = gev_spawn(hold_stdout, NULL);
	gev_sleep(0);
	t_ok(ftrylockfile(stderr) != 0);
	join(g);
	t_eq(ftrylockfile(stderr), 0);
	funlockfile(stderr);
	t_eq(gev_unpatch_all(), 0);
}

static volatile sig_atomic_t signals;

static void on_signal(int signum)
{
	(void)signum;
	signals++;
}

static intptr_t signal_oneself(void *arg)
{
	(void)arg;
	t_eq(raise(SIGUSR1), 0);
	t_eq(signals, 1);
	t_eq(pthread_kill(pthread_self(), SIGUSR1), 0);
	t_eq(signals, 2);
	t_ok(gettid() > 4194304);
	return 0;
}

static void signals_find_the_thread(void)
{
	if (!patch_full())
		return;
	signals = 0;
	signal(SIGUSR1, on_signal);
	run(signal_oneself, NULL);
	signal(SIGUSR1, SIG_DFL);
	t_eq(gettid(), getpid());
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t change_user(void *arg)
{
	(void)arg;
	return setuid(getuid());
}

static intptr_t change_scheduling(void *arg)
{
	struct sched_param p;
	int policy;

	(void)arg;
	t_eq(pthread_getschedparam(pthread_self(), &policy, &p), 0);
	t_eq(policy, SCHED_OTHER);
	return 0;
}

static void calls_by_thread_id(void)
{
	if (!patch_full())
		return;
	run(change_user, NULL);
	run(change_scheduling, NULL);
	t_eq(gev_unpatch_all(), 0);
}

int main(void)
{
	T_RUN(alone_before_patching);
	T_RUN(none_by_name);
	T_RUN(variables_and_handles);
	T_RUN(shared_by_option);
	T_RUN(destructors_run_at_the_end);
	T_RUN(locales_do_not_stay);
	T_RUN(thread_exit_ends_a_greenlet);
	T_RUN(mutexes_have_owners);
	T_RUN(files_have_owners);
	T_RUN(signals_find_the_thread);
	T_RUN(calls_by_thread_id);
	return t_done();
}
