/* SPDX-License-Identifier: MIT */
/* How threads come, go, and are made to. */
#include "random.h"
#include <semaphore.h>

static void *have_children(void *arg)
{
	unsigned size = (unsigned)(uintptr_t)arg;
	uint64_t chance = size + 77;
	pthread_t left, right;

	dawdle(&chance);
	if (size < 2)
		return (void *)(uintptr_t)size;
	left = begin(have_children, (void *)(uintptr_t)(size / 2));
	right = begin(have_children, (void *)(uintptr_t)(size - size / 2));
	return (void *)((uintptr_t)finish(right) + (uintptr_t)finish(left));
}

void play_families(struct play *p)
{
	unsigned size = 1 + below(&p->chance, 30);
	pthread_t t = begin(have_children, (void *)(uintptr_t)size);

	must(p, finish(t) == (void *)(uintptr_t)size, "all generations return");
	must(p, pthread_join(pthread_self(), NULL) == EDEADLK,
		"nobody waits for himself");
}

static void *post_later(void *sem)
{
	uint64_t chance = (uintptr_t)sem | 1;

	dawdle(&chance);
	sem_post(sem);
	return NULL;
}

static void *detach_self(void *sem)
{
	pthread_detach(pthread_self());
	return post_later(sem);
}

void play_detached(struct play *p)
{
	int n = 1 + (int)below(&p->chance, 40);
	pthread_attr_t a;
	pthread_t t;
	sem_t done;

	sem_init(&done, 0, 0);
	pthread_attr_init(&a);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < n; i++) {
		if (below(&p->chance, 2))
			must(p, pthread_create(&t, &a, post_later, &done) == 0,
				"a detached thread");
		else
			begin(detach_self, &done);
	}
	for (int i = 0; i < n; i++)
		take(p, &done);
	pthread_attr_destroy(&a);
	pause_ms(1); /* the last may be in sem_post() yet */
}

struct locals {
	pthread_key_t key;
	pthread_once_t once;
	unsigned ended;
};

static __thread struct locals *mine;
static unsigned first_times;

static void first_time(void)
{
	__atomic_fetch_add(&first_times, 1, __ATOMIC_SEQ_CST);
	pause_ms(1);
}

static void end_local(void *value)
{
	(void)value;
	__atomic_fetch_add(&mine->ended, 1, __ATOMIC_SEQ_CST);
}

static intptr_t have_locals(struct worker *w)
{
	struct locals *s = w->shared;

	mine = s;
	pthread_once(&s->once, first_time);
	pthread_setspecific(s->key, w);
	errno = w->number + 1;
	for (int i = 0; i < 20; i++) {
		sched_yield();
		must(w->play, errno == w->number + 1, "errno is one's own");
		must(w->play, mine == s, "so is what is local");
		must(w->play, pthread_getspecific(s->key) == w,
			"and what is specific");
	}
	return 0;
}

void play_locals(struct play *p)
{
	struct locals s = { .once = PTHREAD_ONCE_INIT };
	int n = 1 + (int)below(&p->chance, WORKERS);
	struct worker w[WORKERS];

	pthread_key_create(&s.key, end_local);
	hire(p, w, n, have_locals, &s);
	dismiss(w, n);
	pthread_key_delete(s.key);
	must(p, s.ended == (unsigned)n, "destructors run");
	must(p, s.once != PTHREAD_ONCE_INIT, "it was done once");
}

struct cancelled {
	pthread_mutex_t lock;
	pthread_cond_t never;
	sem_t ready, none;
	int pipe[2];
	unsigned cleaned;
};

static void clean(void *arg)
{
	struct cancelled *c = arg;

	__atomic_fetch_add(&c->cleaned, 1, __ATOMIC_SEQ_CST);
}

static void unlock(void *lock)
{
	pthread_mutex_unlock(lock);
}

static void wait_for_never(struct cancelled *c)
{
	pthread_mutex_lock(&c->lock);
	pthread_cleanup_push(unlock, &c->lock);
	for (;;)
		pthread_cond_wait(&c->never, &c->lock);
	pthread_cleanup_pop(1);
}

static void compute(void)
{
	int before;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before);
	for (volatile unsigned i = 0;; i++)
		;
}

static void be_deaf(void)
{
	int before;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	pause_ms(2);
	pthread_setcancelstate(before, NULL);
	for (;;) {
		pthread_testcancel();
		sched_yield();
	}
}

static void wait_somehow(struct worker *w, struct cancelled *c)
{
	char byte;

	for (;;) {
		switch (w->number % 6) {
		case 0:
			wait_for_never(c);
			break;
		case 1:
			sem_wait(&c->none);
			break;
		case 2:
			if (read(c->pipe[0], &byte, 1) >= 0)
				must(w->play, false, "nothing is read");
			break;
		case 3:
			pause_ms(1000);
			break;
		case 4:
			compute();
			break;
		default:
			be_deaf();
		}
	}
}

static void *wait_to_end(void *arg)
{
	struct worker *w = arg;
	struct cancelled *c = w->shared;

	pthread_cleanup_push(clean, c);
	sem_post(&c->ready);
	if (w->chance % 2)
		dawdle(&w->chance);
	wait_somehow(w, c);
	pthread_cleanup_pop(0);
	return NULL;
}

/* They are not heckled: nobody could tell when they leave. */
void play_cancelled(struct play *p)
{
	struct cancelled c = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.never = PTHREAD_COND_INITIALIZER };
	int n = 1 + (int)below(&p->chance, WORKERS);
	struct worker w[WORKERS];

	sem_init(&c.ready, 0, 0);
	sem_init(&c.none, 0, 0);
	must(p, pipe(c.pipe) == 0, "a pipe");
	for (int i = 0; i < n; i++) {
		w[i] = (struct worker){ .play = p, .shared = &c,
			.number = (int)below(&p->chance, 6),
			.chance = p->chance };
		w[i].thread = begin(wait_to_end, &w[i]);
	}
	for (int i = 0; i < n; i++)
		take(p, &c.ready);
	dawdle(&p->chance);
	for (int i = 0; i < n; i++)
		must(p, pthread_cancel(w[i].thread) == 0, "it is cancelled");
	for (int i = 0; i < n; i++)
		must(p, finish(w[i].thread) == PTHREAD_CANCELED,
			"and so it ends");
	must(p, c.cleaned == (unsigned)n, "after it was cleaned up");
	must(p, pthread_mutex_trylock(&c.lock) == 0, "and unlocked");
	close(c.pipe[0]);
	close(c.pipe[1]);
}

static void *answer_cancel(void *arg)
{
	struct play *p = arg;
	sem_t never;

	sem_init(&never, 0, 0);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	must(p, pthread_cancel(pthread_self()) == 0, "it cancels itself");
	pause_ms(0);
	pthread_testcancel();
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	pthread_testcancel();
	must(p, false, "it does not come here");
	return NULL;
}

void play_interrupted(struct play *p)
{
	must(p, finish(begin(answer_cancel, p)) == PTHREAD_CANCELED,
		"a thread cancels itself, a while later");
}

#define LENGTH 1024
#define PASSES 200

static double sum_up(unsigned seed)
{
	double a[LENGTH], sum = 0;

	for (int i = 0; i < LENGTH; i++)
		a[i] = i % 17 + seed;
	for (int k = 0; k < PASSES; k++)
		for (int i = 0; i < LENGTH; i++) {
			a[i] = a[i] * 0.5 + i % 3;
			sum += a[i];
		}
	return sum;
}

static intptr_t compute_often(struct worker *w)
{
	double first = sum_up((unsigned)w->number);

	for (int i = 0; i < 8; i++) {
		must(w->play, sum_up((unsigned)w->number) == first,
			"it comes to the same");
		dawdle(&w->chance);
	}
	return 0;
}

void play_computing(struct play *p)
{
	int n = 1 + (int)below(&p->chance, 4);
	struct worker w[WORKERS];

	hire(p, w, n, compute_often, NULL);
	dismiss(w, n);
}
