/* SPDX-License-Identifier: MIT */
/*
 * Threads that run what would block a hub.
 *
 *	submit --> queue --(worker)--> running --(worker)--> finished --> deliver
 *
 * A job is in one of three lists, under the pool's lock.  The worker moves it
 * on and touches nothing else of it but fn, arg and what they gave; who waits
 * for it is known to the hub's thread only.  So a wait that ends early just
 * forgets the job, and deliver(), in the hub, is where every job is freed.
 *
 * Jobs hold the hub until they are delivered.  A pool that was closed is freed
 * by its last worker, jobs that still ran by those who ran them.
 */
#include "os/threadpool.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include "base/inject.h"
#include "base/mem.h"
#include "sync/sync.h"

#define DEFAULT_MAXSIZE 10
#define DEFAULT_IDLE GEV_SEC(10)

struct gev_threadpool {
	gev_hub *hub;
	struct gev__tenant tenant;
	gev_callback callback;     /* deliver() */
	struct gev_list joiners;
	unsigned unfinished;       /* jobs not delivered yet */
	unsigned forks;            /* of this process, when it began */
	pthread_mutex_t lock;      /* of all below, and of posting callback */
	pthread_cond_t news;       /* for workers that have nothing to do */
	struct gev_list queue;
	struct gev_list running;
	struct gev_list finished;
	int queued;
	int busy;
	int size;
	int maxsize;
	gev_time idle;
	bool closed;
};

/* Who waits in apply(), on his stack. */
struct call {
	struct gev_waiter waiter;
	struct job *job;           /* NULL: it has been freed */
	intptr_t value;
	int error;
};

struct job {
	struct gev_list node;
	gev_fn *fn;
	void *arg;
	gev__drop_fn *drop;        /* called with @arg when it is freed */
	struct call *call;         /* NULL: nobody waits */
	gev_async_result *result;
	bool begun;
	intptr_t value;
	int error;                 /* errno after fn */
};

static unsigned forks;
static int once_failed;
static _Thread_local const gev_threadpool *worker_of;

static struct job *job_at(struct gev_list *node)
{
	return node ? gev__container(node, struct job, node) : NULL;
}

static void drop_arg(gev__drop_fn *drop, void *arg)
{
	if (drop)
		drop(arg);
}

static void free_job(struct job *job)
{
	drop_arg(job->drop, job->arg);
	gev__free(job, sizeof(*job));
}

static void free_pool(gev_threadpool *pool)
{
	pthread_cond_destroy(&pool->news);
	pthread_mutex_destroy(&pool->lock);
	gev__free(pool, sizeof(*pool));
}

/* Tells who waits.  @error: it was not run to its end. */
static void settle(struct job *job, int error)
{
	struct call *call = job->call;
	gev_async_result *result = job->result;

	job->call = NULL;
	job->result = NULL;
	if (call) {
		call->job = NULL;
		if (!error) { /* or its thread is yet to tell */
			call->value = job->value;
			call->error = job->error;
		}
		gev__wake(&call->waiter, -error);
	}
	if (!result)
		return;
	if (!error && job->value < 0)
		error = job->value == -1 ? job->error : (int)-job->value;
	if (error || job->value < 0)
		gev_async_result_set_error(result, error > 0 ? error : EPERM);
	else
		gev_async_result_set(result, job->value);
}

static void finish(gev_threadpool *pool, struct job *job)
{
	gev__unhold(pool->hub);
	pool->unfinished--;
	free_job(job);
}

/* In the hub: some jobs have been run. */
static int deliver(void *arg)
{
	gev_threadpool *pool = arg;
	struct gev_list jobs, *node;

	if (pool->forks != forks)
		return 0;
	pthread_mutex_lock(&pool->lock);
	gev__list_take(&jobs, &pool->finished);
	pthread_mutex_unlock(&pool->lock);
	while ((node = gev__list_pop(&jobs))) {
		settle(job_at(node), 0);
		finish(pool, job_at(node));
	}
	if (pool->unfinished == 0)
		gev__wake_all(&pool->joiners, 0);
	return 0;
}

static void run(struct job *job)
{
	errno = 0;
	job->value = job->fn(job->arg);
	job->error = errno;
}

/* Called with the lock held, as all that follow up to work(). */
static void run_unlocked(gev_threadpool *pool, struct job *job)
{
	job->begun = true;
	gev__list_add_tail(&pool->running, &job->node);
	pool->busy++;
	pthread_mutex_unlock(&pool->lock);
	run(job);
	pthread_mutex_lock(&pool->lock);
	pool->busy--;
	gev__list_del(&job->node);
	if (pool->closed) {
		free_job(job);
		return;
	}
	gev__list_add_tail(&pool->finished, &job->node);
	gev_loop_run_callback_threadsafe(pool->hub->loop, &pool->callback,
		deliver, pool);
}

static struct timespec deadline(gev_time after)
{
	struct timespec t;
	gev_time ns;

	clock_gettime(CLOCK_MONOTONIC, &t);
	ns = t.tv_nsec + after % GEV_SEC(1);
	t.tv_sec += after / GEV_SEC(1) + ns / GEV_SEC(1);
	t.tv_nsec = ns % GEV_SEC(1);
	return t;
}

/* Whether the time is over for which a worker waits. */
static bool await_news(gev_threadpool *pool)
{
	struct timespec end;

	if (pool->idle == GEV_FOREVER) {
		pthread_cond_wait(&pool->news, &pool->lock);
		return false;
	}
	end = deadline(pool->idle);
	return pthread_cond_timedwait(&pool->news, &pool->lock, &end) != 0;
}

/* The next job; NULL: the worker is not needed any more. */
static struct job *next_job(gev_threadpool *pool)
{
	bool expired = false;

	while (!pool->closed && pool->size <= pool->maxsize) {
		struct gev_list *node = gev__list_pop(&pool->queue);

		if (node) {
			pool->queued--;
			return job_at(node);
		}
		if (expired)
			return NULL;
		expired = await_news(pool);
	}
	return NULL;
}

/* The news that woke this worker may have been meant for another. */
static bool leave(gev_threadpool *pool)
{
	pool->size--;
	pthread_cond_signal(&pool->news);
	return pool->closed && pool->size == 0;
}

static void *work(void *arg)
{
	gev_threadpool *pool = arg;
	struct job *job;
	bool last;

	worker_of = pool;
	pthread_mutex_lock(&pool->lock);
	while ((job = next_job(pool)))
		run_unlocked(pool, job);
	last = leave(pool);
	pthread_mutex_unlock(&pool->lock);
	if (last)
		free_pool(pool);
	return NULL;
}

/* A detached thread without signals.  0 or -errno. */
static int start_thread(gev_threadpool *pool)
{
	sigset_t all, saved;
	pthread_t thread;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &saved);
	r = (int)-gev__inject_sys(SYS_clone);
	if (r == 0)
		r = pthread_create(&thread, NULL, work, pool);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	if (r == 0)
		pthread_detach(thread);
	return -r;
}

/* As many threads as there is work for; -errno if there is none at all. */
static int grow(gev_threadpool *pool)
{
	while (pool->queued > pool->size - pool->busy &&
		pool->size < pool->maxsize) {
		int r = start_thread(pool);

		if (r < 0)
			return pool->size ? 0 : r;
		pool->size++;
	}
	return 0;
}

static void withdraw(gev_threadpool *pool, struct job *job)
{
	gev__list_del(&job->node);
	pool->queued--;
}

static int enqueue(gev_threadpool *pool, struct job *job)
{
	int r;

	pthread_mutex_lock(&pool->lock);
	gev__list_add_tail(&pool->queue, &job->node);
	pool->queued++;
	r = grow(pool);
	if (r < 0)
		withdraw(pool, job);
	pthread_cond_signal(&pool->news);
	pthread_mutex_unlock(&pool->lock);
	return r;
}

static struct job *submit(gev_threadpool *pool, gev_fn *fn, void *arg,
	int *error)
{
	struct job *job = gev__alloc(sizeof(*job));

	*error = -ENOMEM;
	if (!job)
		return NULL;
	job->fn = fn;
	job->arg = arg;
	*error = enqueue(pool, job);
	if (*error < 0) {
		gev__free(job, sizeof(*job));
		return NULL;
	}
	pool->unfinished++;
	gev__hold(pool->hub);
	return job;
}

/* Nobody waits for it any more; if it has not begun, it never will. */
static void give_up(gev_threadpool *pool, struct job *job)
{
	bool begun;

	job->call = NULL;
	pthread_mutex_lock(&pool->lock);
	begun = job->begun;
	if (!begun)
		withdraw(pool, job);
	pthread_mutex_unlock(&pool->lock);
	if (begun)
		return;
	finish(pool, job);
	if (pool->unfinished == 0)
		gev__wake_all(&pool->joiners, 0);
}

static void init_threads(gev_threadpool *pool)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->news, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&pool->lock, NULL);
	gev__list_init(&pool->joiners);
	gev__list_init(&pool->queue);
	gev__list_init(&pool->running);
	gev__list_init(&pool->finished);
	pool->unfinished = 0;
	pool->queued = 0;
	pool->busy = 0;
	pool->size = 0;
	pool->forks = forks;
}

/* First of all: in the child of a fork there are neither threads nor jobs. */
static void look_around(gev_threadpool *pool)
{
	if (pool->forks == forks)
		return;
	gev_callback_stop(&pool->callback);
	init_threads(pool);
}

static int enter(gev_threadpool *pool)
{
	if (!pool)
		return -EINVAL;
	if (pool->hub != gev__hub_here())
		return -EPERM;
	look_around(pool);
	return 0;
}

static void settle_all(struct gev_list *jobs)
{
	struct gev_list *node;

	gev__list_for_each(node, jobs)
		settle(job_at(node), EINVAL);
}

static void finish_all(gev_threadpool *pool, struct gev_list *jobs)
{
	struct gev_list *node;

	while ((node = gev__list_pop(jobs)))
		finish(pool, job_at(node));
}

/* From here on workers find nothing, and post nothing. */
static void close_pool(gev_threadpool *pool)
{
	bool last;

	gev__list_del(&pool->tenant.node);
	if (pool->hub->threadpool == pool)
		pool->hub->threadpool = NULL;
	pthread_mutex_lock(&pool->lock);
	pool->closed = true;
	gev_callback_stop(&pool->callback);
	settle_all(&pool->finished);
	settle_all(&pool->running);
	settle_all(&pool->queue);
	finish_all(pool, &pool->finished);
	finish_all(pool, &pool->queue);
	for (; pool->unfinished; pool->unfinished--)
		gev__unhold(pool->hub);
	gev__wake_all(&pool->joiners, -EINVAL);
	last = pool->size == 0;
	pthread_cond_broadcast(&pool->news);
	pthread_mutex_unlock(&pool->lock);
	if (last)
		free_pool(pool);
}

static void hub_ends(struct gev__tenant *tenant)
{
	gev_threadpool *pool =
		gev__container(tenant, gev_threadpool, tenant);

	look_around(pool);
	close_pool(pool);
}

static void forked(void)
{
	forks++;
}

static void init_once(void)
{
	once_failed = pthread_atfork(NULL, NULL, forked);
}

static gev_threadpool *make(int maxsize, int *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	gev_hub *hub = gev__hub_get(error);
	gev_threadpool *pool;

	if (!hub)
		return NULL;
	pthread_once(&once, init_once);
	pool = once_failed ? NULL : gev__alloc(sizeof(*pool));
	*error = -ENOMEM;
	if (!pool)
		return NULL;
	pool->hub = hub;
	pool->maxsize = maxsize;
	pool->idle = DEFAULT_IDLE;
	pool->callback.loop = hub->loop;
	gev__list_init(&pool->callback.link);
	init_threads(pool);
	pool->tenant.end = hub_ends;
	gev__list_add_tail(&hub->tenants, &pool->tenant.node);
	return pool;
}

gev_threadpool *gev_threadpool_new(int maxsize)
{
	int r = -EINVAL;
	gev_threadpool *pool = maxsize > 0 ? make(maxsize, &r) : NULL;

	return pool ? pool : gev__null(-r);
}

int gev_threadpool_free(gev_threadpool *pool)
{
	int r = pool ? enter(pool) : 0;

	if (pool && r == 0)
		close_pool(pool);
	return (int)gev__ret(r);
}

/* Whether the caller can wait: 0 or what it has to fail with. */
static int can_wait(gev_hub *hub)
{
	gev_coro *self = hub->thread->current;

	if (gev__hub_is_current(hub))
		return -EDEADLK;
	gev__rest(hub, self);
	return gev__interrupted(hub, self);
}

static intptr_t run_at_once(gev_fn *fn, void *arg, gev__drop_fn *drop)
{
	intptr_t value = fn(arg);

	drop_arg(drop, arg);
	return value;
}

/* Runs @fn on a worker; 0 if it has come to its end. */
static int apply(gev_threadpool *pool, gev_fn *fn, void *arg,
	gev__drop_fn *drop, struct call *call)
{
	int r = fn ? enter(pool) : -EINVAL;

	if (r == 0)
		r = can_wait(pool->hub);
	if (r == 0)
		call->job = submit(pool, fn, arg, &r);
	if (!call->job) {
		drop_arg(drop, arg);
		return r;
	}
	call->job->drop = drop;
	call->job->call = call;
	r = gev__park(&call->waiter, GEV_FOREVER);
	if (call->job)
		give_up(pool, call->job);
	return r;
}

static intptr_t apply_and_wait(gev_threadpool *pool, gev_fn *fn, void *arg,
	gev__drop_fn *drop)
{
	struct call call = { .waiter = { .what = "threadpool",
				     .object = pool } };
	int r;

	if (pool && fn && worker_of == pool)
		return run_at_once(fn, arg, drop);
	r = apply(pool, fn, arg, drop, &call);
	if (r < 0)
		return gev__ret(r);
	if (call.error)
		errno = call.error;
	return call.value;
}

intptr_t gev_threadpool_apply(gev_threadpool *pool, gev_fn *fn, void *arg)
{
	return apply_and_wait(pool, fn, arg, NULL);
}

intptr_t gev__offload(gev_fn *fn, void *arg, gev__drop_fn *drop)
{
	int r = 0;
	gev_hub *hub;

	if (worker_of && fn)
		return run_at_once(fn, arg, drop);
	hub = gev__hub_get(&r);
	if (hub && !hub->threadpool)
		hub->threadpool = make(DEFAULT_MAXSIZE, &r);
	if (!hub || !hub->threadpool) {
		drop_arg(drop, arg);
		return gev__ret(r);
	}
	return apply_and_wait(hub->threadpool, fn, arg, drop);
}

intptr_t gev_offload(gev_fn *fn, void *arg)
{
	return gev__offload(fn, arg, NULL);
}

int gev_threadpool_spawn(gev_threadpool *pool, gev_fn *fn, void *arg,
	gev_async_result *result)
{
	int r = fn ? enter(pool) : -EINVAL;
	struct job *job = r < 0 ? NULL : submit(pool, fn, arg, &r);

	if (job)
		job->result = result;
	return (int)gev__ret(r);
}

int gev_threadpool_join(gev_threadpool *pool, gev_time timeout)
{
	struct gev_waiter w = { .what = "threadpool", .object = pool };
	int r = enter(pool);

	if (r == 0 && pool->unfinished)
		r = gev__sync_wait(&pool->joiners, &w, timeout);
	return (int)gev__ret(r);
}

int gev_threadpool_size(gev_threadpool *pool)
{
	int r = enter(pool);

	if (r < 0)
		return (int)gev__ret(r);
	pthread_mutex_lock(&pool->lock);
	r = pool->size;
	pthread_mutex_unlock(&pool->lock);
	return r;
}

int gev_threadpool_maxsize(gev_threadpool *pool)
{
	int r = enter(pool);

	return r < 0 ? (int)gev__ret(r) : pool->maxsize;
}

int gev_threadpool_set_maxsize(gev_threadpool *pool, int maxsize)
{
	int r = maxsize > 0 ? enter(pool) : -EINVAL;

	if (r < 0)
		return (int)gev__ret(r);
	pthread_mutex_lock(&pool->lock);
	pool->maxsize = maxsize;
	grow(pool);
	pthread_cond_broadcast(&pool->news);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}

int gev_threadpool_set_idle(gev_threadpool *pool, gev_time idle)
{
	int r = idle >= GEV_FOREVER ? enter(pool) : -EINVAL;

	if (r < 0)
		return (int)gev__ret(r);
	pthread_mutex_lock(&pool->lock);
	pool->idle = idle;
	pthread_cond_broadcast(&pool->news);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}
