/* SPDX-License-Identifier: MIT */
/*
 * What is done to semaphores, mutexes, conditions, events and results.  There
 * are never more holders than permits, who waited has what it waited for, and
 * in the end everything is free again.
 */
#include "actor.h"
#include <stddef.h>

static gev_sem sems[SEMS];
static const unsigned permits[SEMS] = {1, 3};
static unsigned held[SEMS];

static gev_mutex mutex;
static struct actor *owner;
static gev_cond cond;

static gev_rlock rlock;
static struct actor *rlock_owner;

static gev_rwlock rwlock;
static struct actor *writer;
static unsigned readers;

static gev_event event;
static int event_links;
static gev_countdown countdown;
static int count;
static gev_async_result result;
static intptr_t value;

gev_sem *lock_sem(unsigned i)
{
	return &sems[i];
}

gev_event *lock_event(void)
{
	return &event;
}

gev_async_result *lock_result(void)
{
	return &result;
}

void permit_taken(struct actor *self, unsigned i)
{
	self->permits[i]++;
	held[i]++;
	must(gev_sem_value(&sems[i]) + held[i] <= permits[i]);
}

static void permit_given(struct actor *self, unsigned i)
{
	self->permits[i]--;
	held[i]--;
	must(gev_sem_release(&sems[i]) == 0);
}

static void act_sem_acquire(struct actor *self)
{
	unsigned i = below(SEMS);
	gev_time limit = wait_begins(self);

	if (wait_ends(self, gev_sem_acquire(&sems[i], limit), 0) == 0)
		permit_taken(self, i);
}

static void act_sem_release(struct actor *self)
{
	unsigned i = below(SEMS);

	if (self->permits[i])
		permit_given(self, i);
	else if (gev_sem_value(&sems[i]) == permits[i])
		must(gev_sem_release(&sems[i]) < 0 && errno == ERANGE);
}

static void act_mutex_acquire(struct actor *self)
{
	gev_time limit = wait_begins(self);
	int r = gev_mutex_acquire(&mutex, limit);

	if (wait_ends(self, r, owner == self ? EDEADLK : 0) == 0) {
		must(!owner);
		owner = self;
	}
}

static void act_mutex_release(struct actor *self)
{
	if (owner == self) {
		owner = NULL;
		must(gev_mutex_release(&mutex) == 0);
	} else {
		must(gev_mutex_release(&mutex) < 0 && errno == EPERM);
	}
}

static void cond_wait_ends(struct actor *self, int r)
{
	call_ends(self, r, 0);
	self->acquires_again = false;
	must(!owner);
	owner = self;
}

static void act_cond_wait(struct actor *self)
{
	gev_time limit = wait_begins(self);

	if (owner == self) {
		owner = NULL;
		self->acquires_again = true;
		cond_wait_ends(self, gev_cond_wait(&cond, &mutex, limit));
	} else {
		must(gev_cond_wait(&cond, &mutex, limit) < 0);
		must(errno == EPERM);
		self->waiting = false;
	}
}

static void act_cond_notify(struct actor *self)
{
	unsigned n = below(4);

	(void)self;
	must((n == 3 ? gev_cond_notify_all(&cond)
		     : gev_cond_notify(&cond, (int)n)) == 0);
}

static void act_rlock_acquire(struct actor *self)
{
	gev_time limit = wait_begins(self);

	if (wait_ends(self, gev_rlock_acquire(&rlock, limit), 0) == 0) {
		must(!rlock_owner || rlock_owner == self);
		rlock_owner = self;
		self->depth++;
	}
}

static void act_rlock_release(struct actor *self)
{
	if (!self->depth) {
		must(gev_rlock_release(&rlock) < 0 && errno == EPERM);
		return;
	}
	if (--self->depth == 0)
		rlock_owner = NULL;
	must(gev_rlock_release(&rlock) == 0);
}

static void act_read(struct actor *self)
{
	gev_time limit = wait_begins(self);
	int r = gev_rwlock_acquire_read(&rwlock, limit);

	if (wait_ends(self, r, writer == self ? EDEADLK : 0) == 0) {
		must(!writer);
		self->reads++;
		readers++;
	}
}

static void act_write(struct actor *self)
{
	gev_time limit = wait_begins(self);
	int r = gev_rwlock_acquire_write(&rwlock, limit);

	if (wait_ends(self, r, writer == self ? EDEADLK : 0) == 0) {
		must(!writer && !readers);
		writer = self;
	}
}

static void act_rwlock_release(struct actor *self)
{
	if (writer == self) {
		writer = NULL;
	} else if (self->reads) {
		self->reads--;
		readers--;
	} else {
		return;
	}
	must(gev_rwlock_release(&rwlock) == 0);
}

static void act_event_wait(struct actor *self)
{
	gev_time limit = wait_begins(self);

	wait_ends(self, gev_event_wait(&event, limit), 0);
}

static void act_event_change(struct actor *self)
{
	bool set = below(2);

	(void)self;
	must((set ? gev_event_set : gev_event_clear)(&event) == 0);
	must(gev_event_is_set(&event) == set);
}

static int event_link_called(gev_event *e, void *arg)
{
	must(e == &event && arg == &event_links);
	event_links--;
	return 0;
}

static void act_event_link(struct actor *self)
{
	(void)self;
	if (below(3)) {
		event_links += allocates(gev_event_rawlink(&event,
			event_link_called, &event_links));
	} else if (gev_event_unlink(&event, event_link_called, &event_links) ==
		   0) {
		event_links--;
	}
}

static void act_countdown_add(struct actor *self)
{
	int n = (int)below(5) - 2;

	(void)self;
	if (count + n < 0) {
		must(gev_countdown_add(&countdown, n) < 0 && errno == EINVAL);
	} else {
		must(gev_countdown_add(&countdown, n) == 0);
		count += n;
	}
	must(gev_countdown_count(&countdown) == count);
}

static void act_countdown_wait(struct actor *self)
{
	gev_time limit = wait_begins(self);

	wait_ends(self, gev_countdown_wait(&countdown, limit), 0);
}

static void act_result_set(struct actor *self)
{
	intptr_t v = 1 + (intptr_t)below(100);

	(void)self;
	if (value) {
		must(gev_async_result_set(&result, v) < 0);
		must(errno == EALREADY);
	} else {
		must(gev_async_result_set(&result, v) == 0);
		value = v;
	}
}

static void act_result_get(struct actor *self)
{
	gev_time limit = wait_begins(self);
	intptr_t v = gev_async_result_get(&result, limit);

	if (wait_ends(self, v < 0 ? -1 : 0, 0) == 0)
		must(v == value && v);
}

static void leave(struct actor *self)
{
	for (unsigned i = 0; i < SEMS; i++)
		while (self->permits[i])
			permit_given(self, i);
	if (owner == self)
		act_mutex_release(self);
	while (self->depth)
		act_rlock_release(self);
	while (self->reads || writer == self)
		act_rwlock_release(self);
}

static void init(void)
{
	for (int i = 0; i < SEMS; i++) {
		gev_sem_init_bounded(&sems[i], permits[i]);
		held[i] = 0;
	}
	gev_mutex_init(&mutex);
	gev_cond_init(&cond);
	gev_rlock_init(&rlock);
	gev_rwlock_init(&rwlock);
	gev_event_init(&event);
	gev_countdown_init(&countdown, 0);
	gev_async_result_init(&result);
	owner = rlock_owner = writer = NULL;
	readers = 0;
	event_links = count = 0;
	value = 0;
}

static void all_is_free(void)
{
	for (int i = 0; i < SEMS; i++) {
		must(held[i] == 0);
		must(gev_sem_value(&sems[i]) == permits[i]);
	}
	must(!gev_mutex_locked(&mutex));
	must(!gev_rlock_locked(&rlock));
	must(gev_rwlock_acquire_write(&rwlock, 0) == 0);
	must(gev_rwlock_release(&rwlock) == 0);
}

static void links_are_called(void)
{
	must(gev_event_set(&event) == 0);
	must(gev_idle() == 0);
	must(event_links == 0);
	must(gev_event_unlink(&event, event_link_called, &event_links) < 0);
}

static void fini(void)
{
	all_is_free();
	links_are_called();
	for (int i = 0; i < SEMS; i++)
		gev_sem_fini(&sems[i]);
	gev_mutex_fini(&mutex);
	gev_cond_fini(&cond);
	gev_rlock_fini(&rlock);
	gev_rwlock_fini(&rwlock);
	gev_event_fini(&event);
	gev_countdown_fini(&countdown);
	gev_async_result_fini(&result);
}

static act_fn *const fns[] = {act_sem_acquire, act_sem_release,
	act_mutex_acquire, act_mutex_release, act_cond_wait, act_cond_notify,
	act_rlock_acquire, act_rlock_release, act_read, act_write,
	act_rwlock_release, act_event_wait, act_event_change, act_event_link,
	act_countdown_add, act_countdown_wait, act_result_set, act_result_get};

const struct acts lock_acts = {.fns = fns,
	.n = ACTS_N(fns),
	.init = init,
	.leave = leave,
	.fini = fini};
