/* SPDX-License-Identifier: MIT */
/* pthread_cancel(), of greenlets and of the threads they run in. */
#include <gev/hub.h>
#include <gev/sleep.h>
#include <semaphore.h>
#include <unistd.h>
#include "patch/full.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static int pipe_fds[2];
static pthread_t self;
static volatile int cleaned, went_on;

static void clean(void *arg)
{
	(void)arg;
	cleaned++;
	usleep(1); /* it may wait */
}

static void in_read(void)
{
	char c;

	t_eq(read(pipe_fds[0], &c, 1), 0);
}

static void in_sleep(void)
{
	sleep(10);
}

static void in_sem(void)
{
	sem_wait(&sem);
}

static void unlock(void *arg)
{
	pthread_mutex_unlock(arg);
}

static void in_cond(void)
{
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock, &mutex);
	pthread_cond_wait(&cond, &mutex);
	pthread_cleanup_pop(1);
}

static intptr_t wait_in(void *where)
{
	void (*fn)(void) = (void (*)(void))(intptr_t)where;

	self = pthread_self();
	pthread_cleanup_push(clean, NULL);
	fn();
	pthread_cleanup_pop(0);
	went_on++;
	return 0;
}

static intptr_t sleep_a_while(void *arg)
{
	(void)arg;
	t_eq(usleep(20000), 0);
	return 0;
}

static void *cancel(void *arg)
{
	t_eq(pthread_cancel(*(pthread_t *)arg), 0);
	return NULL;
}

static void cancel_here(void)
{
	cancel(&self);
}

static void cancel_in_thread(void)
{
	pthread_t thread;

	t_eq(pthread_create(&thread, NULL, cancel, &self), 0);
	t_eq(pthread_join(thread, NULL), 0);
}

/* Who waits in @fn is cancelled, another who sleeps is not. */
static void cancelled_by(void (*canceller)(void), void (*fn)(void))
{
	gev_greenlet *other = gev_spawn(sleep_a_while, NULL);
	gev_greenlet *g = gev_spawn(wait_in, (void *)(intptr_t)fn);

	cleaned = went_on = 0;
	gev_sleep(GEV_MS(1));
	canceller();
	join(g);
	t_eq(cleaned, 1);
	t_eq(went_on, 0);
	join(other);
}

static void all_cancelled_by(void (*canceller)(void))
{
	if (!patch_full())
		return;
	t_eq(pipe(pipe_fds), 0);
	t_eq(sem_init(&sem, 0, 0), 0);
	cancelled_by(canceller, in_read);
	cancelled_by(canceller, in_sleep);
	cancelled_by(canceller, in_sem);
	cancelled_by(canceller, in_cond);
	t_eq(pthread_mutex_trylock(&mutex), 0);
	t_eq(pthread_mutex_unlock(&mutex), 0);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	t_eq(gev_unpatch_all(), 0);
}

static void a_wait_ends(void)
{
	all_cancelled_by(cancel_here);
}

static void another_thread_may_ask_for_it(void)
{
	all_cancelled_by(cancel_in_thread);
}

/* @fn goes on once after it is cancelled, then it cleans up. */
static void cancelled_after_a_while(gev_fn *fn)
{
	gev_greenlet *g;

	if (!patch_full())
		return;
	cleaned = went_on = 0;
	g = gev_spawn(fn, NULL);
	gev_sleep(GEV_MS(1));
	cancel_here();
	join(g);
	t_eq(cleaned, 1);
	t_eq(went_on, 1);
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t shielded(void *arg)
{
	self = pthread_self();
	pthread_cleanup_push(clean, NULL);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	t_eq(usleep(10000), 0);
	went_on++;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	pthread_testcancel();
	pthread_cleanup_pop(0);
	(void)arg;
	return 1;
}

static void not_before_it_allows_it(void)
{
	cancelled_after_a_while(shielded);
}

/* It waits for what is no call, then in one. */
static intptr_t sleep_twice(void *arg)
{
	int before;

	(void)arg;
	self = pthread_self();
	pthread_cleanup_push(clean, NULL);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before);
	gev_sleep(GEV_MS(5));
	went_on++;
	usleep(1);
	went_on++;
	pthread_cleanup_pop(0);
	return 1;
}

static void else_the_next_call_does_it(void)
{
	cancelled_after_a_while(sleep_twice);
}

/* A thread whose hub has greenlets: its own code is cancelled, in a call. */
static void *with_greenlets(void *arg)
{
	gev_greenlet *g = gev_spawn(sleep_a_while, NULL);

	pthread_cleanup_push(clean, NULL);
	sem_post(arg);
	sleep(10);
	pthread_cleanup_pop(0);
	join(g);
	return NULL;
}

static void a_thread_is_cancelled_itself(void)
{
	pthread_t thread;
	void *value;

	if (!patch_full())
		return;
	cleaned = 0;
	t_eq(sem_init(&sem, 0, 0), 0);
	t_eq(pthread_create(&thread, NULL, with_greenlets, &sem), 0);
	sem_wait(&sem);
	usleep(2000);
	t_eq(pthread_cancel(thread), 0);
	t_eq(pthread_join(thread, &value), 0);
	t_ok(value == PTHREAD_CANCELED);
	t_eq(cleaned, 1);
	gev_unpatch_all();
}

static pthread_t whole_thread;

static intptr_t cancel_the_thread(void *arg)
{
	(void)arg;
	usleep(1000);
	cancel(&whole_thread);
	usleep(10000000);
	return 0;
}

static void *cancelled_by_its_own(void *arg)
{
	whole_thread = pthread_self();
	gev_spawn(cancel_the_thread, NULL);
	pthread_cleanup_push(clean, NULL);
	sleep(10);
	pthread_cleanup_pop(0);
	return arg;
}

static void a_greenlet_may_cancel_its_thread(void)
{
	pthread_t thread;
	void *value;

	if (!patch_full())
		return;
	cleaned = 0;
	t_eq(pthread_create(&thread, NULL, cancelled_by_its_own, NULL), 0);
	t_eq(pthread_join(thread, &value), 0);
	t_ok(value == PTHREAD_CANCELED);
	t_eq(cleaned, 1);
	gev_unpatch_all();
}

int main(void)
{
	T_RUN(a_wait_ends);
	T_RUN(another_thread_may_ask_for_it);
	T_RUN(not_before_it_allows_it);
	T_RUN(else_the_next_call_does_it);
	T_RUN(a_thread_is_cancelled_itself);
	T_RUN(a_greenlet_may_cancel_its_thread);
	return t_done();
}
