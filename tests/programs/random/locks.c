/* SPDX-License-Identifier: MIT */
/* Locks of all kinds, and what waits by them. */
#include "random.h"
#include <semaphore.h>

#define TIMES 40

static struct timespec soon(uint64_t *chance)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += below(chance, 2000000);
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

struct counting {
	pthread_mutex_t lock;
	int type;
	long count;
	bool busy;
};

static void lock_somehow(struct worker *w, pthread_mutex_t *lock)
{
	struct timespec end;
	int r = EBUSY;

	switch (below(&w->chance, 3)) {
	case 0:
		while ((r = pthread_mutex_trylock(lock)) == EBUSY)
			pause_ms(0);
		break;
	case 1:
		do {
			end = soon(&w->chance);
			r = pthread_mutex_timedlock(lock, &end);
		} while (r == ETIMEDOUT);
		break;
	default:
		r = pthread_mutex_lock(lock);
	}
	must(w->play, r == 0, "a mutex is had");
}

static void count_once(struct worker *w, struct counting *c)
{
	must(w->play, !c->busy, "a mutex has one owner");
	c->busy = true;
	dawdle(&w->chance);
	c->count++;
	c->busy = false;
}

static intptr_t count(struct worker *w)
{
	struct counting *c = w->shared;
	int r;

	for (int i = 0; i < TIMES; i++) {
		lock_somehow(w, &c->lock);
		r = c->type == PTHREAD_MUTEX_NORMAL ? 0 :
						pthread_mutex_lock(&c->lock);
		if (c->type == PTHREAD_MUTEX_RECURSIVE) {
			must(w->play, r == 0, "it is had once more");
			pthread_mutex_unlock(&c->lock);
		}
		if (c->type == PTHREAD_MUTEX_ERRORCHECK)
			must(w->play, r == EDEADLK, "it is had already");
		count_once(w, c);
		must(w->play, pthread_mutex_unlock(&c->lock) == 0,
			"it is let go");
	}
	return TIMES;
}

void play_counting(struct play *p)
{
	static const int types[] = { PTHREAD_MUTEX_NORMAL,
		PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK };
	struct counting c = { .type = types[below(&p->chance, 3)] };
	int n = 1 + (int)below(&p->chance, WORKERS);
	struct worker w[WORKERS];
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, c.type);
	pthread_mutexattr_setpshared(&a, (int)below(&p->chance, 2));
	if (below(&p->chance, 3) == 0)
		pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	if (below(&p->chance, 3) == 0)
		pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&c.lock, &a);
	hire(p, w, n, count, &c);
	must(p, dismiss(w, n) == c.count, "nothing is lost");
	must(p, pthread_mutex_destroy(&c.lock) == 0, "nobody has the mutex");
}

struct pairs {
	pthread_rwlock_t lock;
	long a, b;
};

static intptr_t pair(struct worker *w)
{
	struct pairs *s = w->shared;
	struct timespec end;
	int r;

	for (int i = 0; i < TIMES; i++) {
		if (below(&w->chance, 3) == 0) {
			pthread_rwlock_wrlock(&s->lock);
			s->a++;
			dawdle(&w->chance);
			s->b++;
			pthread_rwlock_unlock(&s->lock);
			w->result++;
			continue;
		}
		end = soon(&w->chance);
		r = below(&w->chance, 2) ? pthread_rwlock_rdlock(&s->lock) :
			pthread_rwlock_timedrdlock(&s->lock, &end);
		if (r == ETIMEDOUT)
			continue;
		must(w->play, s->a == s->b, "readers see pairs");
		dawdle(&w->chance);
		must(w->play, s->a == s->b, "as long as they look");
		pthread_rwlock_unlock(&s->lock);
	}
	return w->result;
}

void play_pairs(struct play *p)
{
	struct pairs s = { .a = 0 };
	int n = 1 + (int)below(&p->chance, WORKERS);
	struct worker w[WORKERS] = { 0 };
	pthread_rwlockattr_t a;
	long sum;

	pthread_rwlockattr_init(&a);
	pthread_rwlockattr_setkind_np(&a, below(&p->chance, 2) ?
		PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP :
		PTHREAD_RWLOCK_PREFER_READER_NP);
	pthread_rwlockattr_setpshared(&a, (int)below(&p->chance, 2));
	pthread_rwlock_init(&s.lock, &a);
	hire(p, w, n, pair, &s);
	sum = dismiss(w, n);
	must(p, sum == s.a && sum == s.b, "all pairs were written");
}

#define ROOM 4
#define ITEMS 60

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t room, items;
	bool broadcasts;
	int n, left;
	long item[ROOM];
};

static void tell_one(struct queue *q, pthread_cond_t *c)
{
	if (q->broadcasts)
		pthread_cond_broadcast(c);
	else
		pthread_cond_signal(c);
}

static void wait_there(struct worker *w, struct queue *q, pthread_cond_t *c)
{
	struct timespec end = soon(&w->chance);
	int r;

	if (below(&w->chance, 2))
		r = pthread_cond_wait(c, &q->lock);
	else
		r = pthread_cond_timedwait(c, &q->lock, &end);
	must(w->play, r == 0 || r == ETIMEDOUT, "a condition is waited for");
}

static intptr_t put(struct worker *w)
{
	struct queue *q = w->shared;
	intptr_t sum = 0;

	for (long i = 1; i <= ITEMS; i++) {
		pthread_mutex_lock(&q->lock);
		while (q->n == ROOM)
			wait_there(w, q, &q->room);
		q->item[q->n++] = i;
		sum += i;
		tell_one(q, &q->items);
		pthread_mutex_unlock(&q->lock);
		dawdle(&w->chance);
	}
	return sum;
}

static intptr_t get(struct worker *w)
{
	struct queue *q = w->shared;
	intptr_t sum = 0;

	pthread_mutex_lock(&q->lock);
	while (q->left) {
		if (q->n == 0) {
			wait_there(w, q, &q->items);
			continue;
		}
		sum -= q->item[--q->n];
		if (--q->left == 0)
			pthread_cond_broadcast(&q->items);
		tell_one(q, &q->room);
	}
	pthread_mutex_unlock(&q->lock);
	return sum;
}

void play_queue(struct play *p)
{
	struct queue q = { .lock = PTHREAD_MUTEX_INITIALIZER };
	int n = 1 + (int)below(&p->chance, WORKERS / 2);
	int m = 1 + (int)below(&p->chance, WORKERS / 2);
	struct worker in[WORKERS / 2], out[WORKERS / 2];
	pthread_condattr_t a;

	pthread_condattr_init(&a);
	pthread_condattr_setpshared(&a, (int)below(&p->chance, 2));
	pthread_cond_init(&q.room, &a);
	pthread_cond_init(&q.items, &a);
	q.broadcasts = below(&p->chance, 2);
	q.left = n * ITEMS;
	hire(p, in, n, put, &q);
	hire(p, out, m, get, &q);
	must(p, dismiss(in, n) + dismiss(out, m) == 0,
		"what was put is got, once");
	must(p, pthread_cond_destroy(&q.room) == 0 &&
			pthread_cond_destroy(&q.items) == 0,
		"nobody waits");
}

struct rounds {
	pthread_barrier_t barrier;
	int workers, rounds;
	unsigned began[16];
	unsigned serial;
};

static intptr_t go_round(struct worker *w)
{
	struct rounds *s = w->shared;

	for (int i = 0; i < s->rounds; i++) {
		dawdle(&w->chance);
		__atomic_fetch_add(&s->began[i], 1, __ATOMIC_SEQ_CST);
		if (pthread_barrier_wait(&s->barrier) != 0)
			__atomic_fetch_add(&s->serial, 1, __ATOMIC_SEQ_CST);
		must(w->play, s->began[i] == (unsigned)s->workers,
			"nobody passes before all are there");
	}
	return 0;
}

void play_rounds(struct play *p)
{
	struct rounds s = { .workers = 1 + (int)below(&p->chance, WORKERS),
		.rounds = 1 + (int)below(&p->chance, 16) };
	struct worker w[WORKERS];
	pthread_barrierattr_t a;

	pthread_barrierattr_init(&a);
	pthread_barrierattr_setpshared(&a, (int)below(&p->chance, 2));
	pthread_barrier_init(&s.barrier, &a, (unsigned)s.workers);
	hire(p, w, s.workers, go_round, &s);
	dismiss(w, s.workers);
	pthread_barrier_destroy(&s.barrier);
	must(p, s.serial == (unsigned)s.rounds, "one is told, each time");
}

struct permits {
	sem_t sem;
	unsigned have, most;
	pthread_spinlock_t lock;
	long count;
};

static intptr_t use_permits(struct worker *w)
{
	struct permits *s = w->shared;
	struct timespec end;
	unsigned have;

	for (int i = 0; i < TIMES; i++) {
		end = soon(&w->chance);
		if (below(&w->chance, 2)) {
			take(w->play, &s->sem);
		} else if (sem_timedwait(&s->sem, &end) < 0) {
			must(w->play, errno == ETIMEDOUT ||
				(heckled && errno == EINTR), "sem_timedwait");
			continue;
		}
		have = __atomic_add_fetch(&s->have, 1, __ATOMIC_SEQ_CST);
		must(w->play, have <= s->most, "there are no more permits");
		pthread_spin_lock(&s->lock);
		s->count++;
		pthread_spin_unlock(&s->lock);
		w->result++;
		dawdle(&w->chance);
		__atomic_fetch_sub(&s->have, 1, __ATOMIC_SEQ_CST);
		sem_post(&s->sem);
	}
	return w->result;
}

void play_permits(struct play *p)
{
	struct permits s = { .most = 1 + below(&p->chance, 3) };
	int n = 1 + (int)below(&p->chance, WORKERS), value = -1;
	struct worker w[WORKERS] = { 0 };

	sem_init(&s.sem, (int)below(&p->chance, 2), s.most);
	pthread_spin_init(&s.lock, 0);
	hire(p, w, n, use_permits, &s);
	must(p, dismiss(w, n) == s.count, "each permit is used once");
	sem_getvalue(&s.sem, &value);
	must(p, value == (int)s.most, "all permits are back");
}

static intptr_t leave_it_locked(struct worker *w)
{
	pthread_mutex_t *lock = w->shared;
	int r = pthread_mutex_lock(lock);

	must(w->play, r == 0 || r == EOWNERDEAD, "it is inherited");
	if (r == EOWNERDEAD)
		pthread_mutex_consistent(lock);
	dawdle(&w->chance);
	return r == EOWNERDEAD;
}

/* A robust mutex that each of its owners dies with. */
void play_inherited(struct play *p)
{
	int n = 1 + (int)below(&p->chance, WORKERS);
	struct worker w[WORKERS];
	pthread_mutexattr_t a;
	pthread_mutex_t lock;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&a, (int)below(&p->chance, 2));
	if (below(&p->chance, 2))
		pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&lock, &a);
	hire(p, w, n, leave_it_locked, &lock);
	must(p, dismiss(w, n) == n - 1, "by all but the first");
	must(p, pthread_mutex_lock(&lock) == EOWNERDEAD, "and by the last");
	pthread_mutex_consistent(&lock);
	pthread_mutex_unlock(&lock);
	pthread_mutex_destroy(&lock);
}
