/* SPDX-License-Identifier: MIT */
/* Threads that are cancelled. */
#include <semaphore.h>
#include "program.h"

static int pipe_fds[2];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static volatile int ready, cleaned;

static void clean(void *arg)
{
	(void)arg;
	cleaned++;
}

static void *in_read(void *arg)
{
	char c;

	(void)arg;
	pthread_cleanup_push(clean, NULL);
	ready = 1;
	if (read(pipe_fds[0], &c, 1))
		cleaned += 100;
	pthread_cleanup_pop(0);
	return NULL;
}

static void *in_sleep(void *arg)
{
	(void)arg;
	pthread_cleanup_push(clean, NULL);
	ready = 1;
	sleep(10);
	pthread_cleanup_pop(0);
	return NULL;
}

static void unlock(void *arg)
{
	clean(NULL);
	pthread_mutex_unlock(arg);
}

static void *in_cond(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock, &mutex);
	ready = 1;
	for (;;)
		pthread_cond_wait(&cond, &mutex);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *in_sem(void *arg)
{
	(void)arg;
	pthread_cleanup_push(clean, NULL);
	ready = 1;
	sem_wait(&sem);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *in_join(void *arg)
{
	pthread_cleanup_push(clean, NULL);
	ready = 1;
	pthread_join(*(pthread_t *)arg, NULL);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *in_loop(void *arg)
{
	(void)arg;
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	pthread_cleanup_push(clean, NULL);
	ready = 1;
	for (;;)
		;
	pthread_cleanup_pop(0);
	return NULL;
}

static void *shielded(void *arg)
{
	(void)arg;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cleanup_push(clean, NULL);
	ready = 1;
	pause_ms(50);
	cleaned += 10;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	pthread_testcancel();
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancel(void *(*fn)(void *), void *arg, int expected,
	const char *what)
{
	pthread_t t;

	ready = cleaned = 0;
	t = begin(fn, arg);
	await(&ready);
	pause_ms(20);
	pthread_cancel(t);
	say(finish(t) == PTHREAD_CANCELED && cleaned == expected, what);
}

static volatile int done;

static void *wait_till_done(void *arg)
{
	(void)arg;
	await(&done);
	return NULL;
}

int main(void)
{
	pthread_t other;

	say(pipe(pipe_fds) == 0, "a pipe");
	sem_init(&sem, 0, 0);
	other = begin(wait_till_done, NULL);
	cancel(in_read, NULL, 1, "in a read");
	cancel(in_sleep, NULL, 1, "in a sleep");
	cancel(in_cond, NULL, 1, "in a condition's wait");
	say(pthread_mutex_trylock(&mutex) == 0, "whose mutex is free again");
	cancel(in_sem, NULL, 1, "in a semaphore's wait");
	cancel(in_join, &other, 1, "in a join");
	cancel(in_loop, NULL, 1, "while computing");
	cancel(shielded, NULL, 11, "not before it allows it");
	done = 1;
	finish(other);
	return 0;
}
