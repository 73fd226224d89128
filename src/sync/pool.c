/* SPDX-License-Identifier: MIT */
/*
 * Pools: who belongs to them, and who wants to.
 *
 * A slot is promised before there is a greenlet for it, and becomes a member's
 * when there is.  Whoever gives one up hands it to the first that waits; those
 * in front of it that only want to know of a free slot are told on the way.
 */
#include "sync/pool.h"
#include "base/mem.h"
#include "core/link.h"
#include "core/wait.h"
#include "sync/sync.h"

struct member {
	struct gev_list node; /* in the pool's list */
	struct gev__link link;
	gev_pool *pool;
	gev_greenlet *g;
};

static const char looking[] = "free slot of a pool";

static inline int enter(gev_pool *pool)
{
	return pool ? gev__sync_enter(&pool->hub) : -EINVAL;
}

static bool is_full(const gev_pool *pool)
{
	return pool->count + pool->promised >= pool->size;
}

/* A slot is free now. */
static void hand_over(gev_pool *pool)
{
	struct gev_waiter *w;

	while ((w = gev__sync_first(&pool->comers))) {
		bool takes = w->what != looking;

		gev__wake(w, 0);
		if (!takes)
			continue;
		pool->promised++;
		return;
	}
}

static void break_promise(gev_pool *pool)
{
	pool->promised--;
	hand_over(pool);
}

static int wait_for_slot(gev_pool *pool, const char *what, gev_time timeout)
{
	struct gev_waiter w = { .what = what, .object = pool };
	int r = gev__sync_wait(&pool->comers, &w, timeout);

	return r == 0 ? enter(pool) : r;
}

/* Has a slot promised. */
static int claim(gev_pool *pool, gev_time timeout)
{
	int r = enter(pool);

	if (r < 0)
		return r;
	if (is_full(pool))
		return timeout ? wait_for_slot(pool, "slot of a pool", timeout) :
				 -EAGAIN;
	pool->promised++;
	return 0;
}

static void let_go(struct member *m)
{
	gev__list_del(&m->node);
	gev__link_del(&m->link);
	m->pool->count--;
	gev__greenlet_put(m->g);
	gev__free(m, sizeof(*m));
}

static void leave(struct member *m)
{
	gev_pool *pool = m->pool;

	let_go(m);
	hand_over(pool);
	if (!pool->count)
		gev__sync_wake_all(&pool->joiners, 0);
}

static int member_ended(gev_greenlet *g, void *member)
{
	gev_pool *pool = ((struct member *)member)->pool;

	if (pool->ended)
		pool->ended(pool, g);
	leave(member);
	return 0;
}

/* Who had slots promised is gone as well: the child has but one greenlet. */
static void member_lost(struct gev__link *link)
{
	struct member *m = gev__container(link, struct member, link);

	m->pool->promised = 0;
	let_go(m);
}

/* Gives the promised slot to @g. */
static int enrol(gev_pool *pool, gev_greenlet *g)
{
	struct member *m = gev__alloc(sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->pool = pool;
	m->g = gev_ref(g);
	m->link.forked = member_lost;
	gev__link_add(g, &m->link, GEV__LINK_RAW, member_ended, m);
	if (!pool->members.next)
		gev__list_init(&pool->members);
	gev__list_add_tail(&pool->members, &m->node);
	pool->promised--;
	pool->count++;
	return 0;
}

/* Starts a member, which won't get far if the pool is being killed. */
static void start(gev_pool *pool, gev_greenlet *g)
{
	gev_start(g);
	if (pool->killers)
		gev_kill(g, 0);
}

static struct member *find(const gev_pool *pool, const gev_greenlet *g)
{
	struct gev_list *node;

	gev__list_for_each(node, &g->links) {
		struct gev__link *link =
			gev__container(node, struct gev__link, node);
		struct member *m = link->arg;

		if (link->fn == member_ended && m->pool == pool)
			return m;
	}
	return NULL;
}

gev_greenlet *gev__pool_spawn(gev_pool *pool, gev_fn *fn, void *arg,
	gev_time timeout, int *error)
{
	gev_greenlet *g;

	*error = fn ? claim(pool, timeout) : -EINVAL;
	if (*error < 0)
		return NULL;
	g = gev__greenlet_make(pool->hub, fn, arg, NULL, error);
	if (g)
		*error = enrol(pool, g);
	if (*error == 0) {
		start(pool, g);
		return g;
	}
	if (g)
		gev__greenlet_put(g);
	break_promise(pool);
	return NULL;
}

static int add(gev_pool *pool, gev_greenlet *g, gev_time timeout)
{
	int r = gev__greenlet_check(g);

	if (r == 0)
		r = enter(pool);
	if (r < 0 || g->phase == GEV__ENDED)
		return r;
	if (find(pool, g))
		return -EALREADY;
	r = claim(pool, timeout);
	if (r < 0)
		return r;
	if (g->phase != GEV__ENDED)
		r = find(pool, g) ? -EALREADY : enrol(pool, g);
	if (r < 0 || g->phase == GEV__ENDED)
		break_promise(pool);
	return r;
}

static int add_and_start(gev_pool *pool, gev_greenlet *g, gev_time timeout)
{
	int r = gev__greenlet_check(g);

	if (r == 0 && g->phase != GEV__MADE)
		r = -EALREADY;
	if (r == 0)
		r = add(pool, g, timeout);
	if (r == 0 && g->phase != GEV__MADE)
		r = -EALREADY;
	if (r == 0)
		start(pool, g);
	return r;
}

static int discard(gev_pool *pool, gev_greenlet *g)
{
	int r = gev__greenlet_check(g);
	struct member *m;

	if (r == 0)
		r = enter(pool);
	if (r < 0)
		return r;
	m = find(pool, g);
	if (!m)
		return -ENOENT;
	leave(m);
	return 0;
}

int gev__pool_join(gev_pool *pool, gev_time timeout)
{
	struct gev_waiter w = { .what = "pool join", .object = pool };
	int r = enter(pool);

	if (r < 0 || !pool->count)
		return r;
	return gev__sync_wait(&pool->joiners, &w, timeout);
}

void gev__pool_tell(gev_pool *pool)
{
	gev_greenlet *self = gev__greenlet_here();
	bool suicide = self && find(pool, self);
	struct gev_list *node;

	if (!pool->count)
		return;
	gev__list_for_each(node, &pool->members) {
		gev_greenlet *g = gev__container(node, struct member, node)->g;

		if (g != self)
			gev_kill(g, 0);
	}
	if (suicide)
		gev_kill(self, 0);
}

static int kill_all(gev_pool *pool, gev_time timeout)
{
	int r = enter(pool);

	if (r < 0)
		return r;
	gev__pool_tell(pool);
	if (timeout == 0)
		return 0;
	pool->killers++;
	r = gev__pool_join(pool, timeout);
	pool->killers--;
	return r;
}

static int wait_available(gev_pool *pool, gev_time timeout)
{
	int r = enter(pool);

	if (r < 0 || !is_full(pool))
		return r;
	return wait_for_slot(pool, looking, timeout);
}

static int fini(gev_pool *pool)
{
	int r = pool && pool->hub ? enter(pool) : 0;

	if (!pool || r < 0)
		return pool ? r : -EINVAL;
	gev__sync_leave(&pool->hub);
	gev__sync_orphan(&pool->comers, -EINVAL);
	gev__sync_orphan(&pool->joiners, -EINVAL);
	while (pool->count)
		let_go(gev__container(pool->members.next, struct member, node));
	return 0;
}

int gev_pool_init(gev_pool *pool, size_t size)
{
	if (!pool)
		return (int)gev__ret(-EINVAL);
	*pool = (gev_pool)GEV_POOL_INIT(size);
	return 0;
}

int gev_pool_fini(gev_pool *pool)
{
	return (int)gev__ret(fini(pool));
}

gev_greenlet *gev_pool_spawn(gev_pool *pool, gev_fn *fn, void *arg,
	gev_time timeout)
{
	int r;
	gev_greenlet *g = gev__pool_spawn(pool, fn, arg, timeout, &r);

	return g ? g : gev__null(-r);
}

int gev_pool_go(gev_pool *pool, gev_fn *fn, void *arg, gev_time timeout)
{
	gev_greenlet *g = gev_pool_spawn(pool, fn, arg, timeout);

	if (!g)
		return -1;
	gev__greenlet_put(g);
	return 0;
}

int gev_pool_add(gev_pool *pool, gev_greenlet *g, gev_time timeout)
{
	return (int)gev__ret(add(pool, g, timeout));
}

int gev_pool_start(gev_pool *pool, gev_greenlet *g, gev_time timeout)
{
	return (int)gev__ret(add_and_start(pool, g, timeout));
}

int gev_pool_discard(gev_pool *pool, gev_greenlet *g)
{
	return (int)gev__ret(discard(pool, g));
}

bool gev_pool_contains(const gev_pool *pool, const gev_greenlet *g)
{
	return pool && g && find(pool, g);
}

size_t gev_pool_count(const gev_pool *pool)
{
	return pool ? pool->count : 0;
}

size_t gev_pool_free_count(const gev_pool *pool)
{
	if (!pool || is_full(pool))
		return 0;
	if (pool->size == GEV_UNLIMITED)
		return GEV_UNLIMITED;
	return pool->size - pool->count - pool->promised;
}

bool gev_pool_full(const gev_pool *pool)
{
	return pool && is_full(pool);
}

int gev_pool_wait_available(gev_pool *pool, gev_time timeout)
{
	return (int)gev__ret(wait_available(pool, timeout));
}

int gev_pool_join(gev_pool *pool, gev_time timeout)
{
	return (int)gev__ret(gev__pool_join(pool, timeout));
}

int gev_pool_kill(gev_pool *pool, gev_time timeout)
{
	return (int)gev__ret(kill_all(pool, timeout));
}

intptr_t gev_pool_apply(gev_pool *pool, gev_fn *fn, void *arg)
{
	gev_greenlet *self = gev__greenlet_here(), *g;
	intptr_t value;

	if (pool && fn && self && find(pool, self)) {
		value = fn(arg);
		return value == -1 ? -1 : gev__ret(value);
	}
	g = gev_pool_spawn(pool, fn, arg, GEV_FOREVER);
	if (!g)
		return -1;
	value = gev_get(g, GEV_FOREVER);
	gev__greenlet_put(g);
	return value;
}
