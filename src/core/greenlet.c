/* SPDX-License-Identifier: MIT */
/*
 * The life of a greenlet: made, started, begun, ended.
 */
#include "core/greenlet.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/link.h"
#include "core/timeout.h"
#include "core/wait.h"

static void begin(gev_coro *self);

static inline void init(gev_greenlet *g, gev_hub *hub, gev_coro *c)
{
	g->coro = c;
	g->hub = hub;
	g->value = 0;
	g->error = 0;
	g->refs = 1;
	g->phase = GEV__MADE;
	g->unseen = false;
	g->notified = false;
	g->marked = false;
	g->fruitless = 0;
	g->shields = 0;
	g->call = NULL;
	g->tree = NULL;
	g->locals = NULL;
	gev__list_init(&g->waiters);
	gev__list_init(&g->links);
	g->later.index = 0;
	g->later.link.next = NULL;
	g->id = ++hub->next_id;
	g->name[0] = 0;
	g->message[0] = 0;
	g->message_for = 0;
	gev__list_add_tail(&hub->greenlets, &g->all);
	c->greenlet = g;
}

static gev_coro *make_coro(gev_hub *hub,
	const struct gev_spawn_options *options, int *error)
{
	bool full = gev__identity_on;
	gev_coro *c;

	if (options && options->flags)
		full = full && !(options->flags & GEV_SHARED_TLS);
	*error = gev__runq_reserve(hub);
	if (*error < 0)
		return NULL;
	c = gev__coro_make(hub->thread, options ? options->stack_size : 0, full,
		sizeof(gev_greenlet), begin, error);
	if (!c)
		hub->members--;
	return c;
}

static int check_options(const struct gev_spawn_options *options)
{
	return options && options->flags & ~GEV_SHARED_TLS ? -EINVAL : 0;
}

gev_greenlet *gev__greenlet_make(gev_hub *hub, gev_fn *fn, void *arg,
	const struct gev_spawn_options *options, int *error)
{
	gev_greenlet *maker = hub->thread->current->greenlet;
	struct gev__tree *tree = NULL;
	gev_greenlet *g;
	gev_coro *c;

	*error = fn ? check_options(options) : -EINVAL;
	if (*error == 0 && maker && maker != hub->main)
		*error = gev__tree_share(maker, &tree);
	if (*error < 0)
		return NULL;
	c = make_coro(hub, options, error);
	if (!c) {
		if (tree)
			gev__tree_put(tree);
		return NULL;
	}
	g = (gev_greenlet *)(c + 1);
	init(g, hub, c);
	g->tree = tree;
	c->parent = hub->coro;
	g->fn = fn;
	g->arg = arg;
	if (options && options->name)
		gev__strcut(g->name, options->name, sizeof(g->name));
	if (++hub->stats.living > hub->stats.peak)
		hub->stats.peak = hub->stats.living;
	return g;
}

void gev__greenlet_adopt(gev_greenlet *g, gev_hub *hub, gev_coro *c)
{
	init(g, hub, c);
	g->refs++; /* the caller's: it never goes back to the pool */
	g->phase = GEV__BEGUN;
	c->parent = hub->coro;
	c->state = GEV__CORO_SCHEDULED;
	hub->stats.spawned++;
	if (++hub->stats.living > hub->stats.peak)
		hub->stats.peak = hub->stats.living;
}

gev_greenlet *gev__greenlet_main(gev_hub *hub)
{
	gev_greenlet *g = gev__alloc(sizeof(*g));

	if (!g)
		return NULL;
	init(g, hub, hub->thread->main);
	gev__strcut(g->name, "main", sizeof(g->name));
	g->phase = GEV__BEGUN;
	return g;
}

/* As main does in a child that was forked by another greenlet. */
static bool lies_on_its_stack(const gev_greenlet *g)
{
	return g == (const gev_greenlet *)(g->coro + 1);
}

void gev__greenlet_main_free(gev_greenlet *g)
{
	gev__list_del(&g->all);
	if (g->locals)
		g->locals->end(g, false);
	g->coro->greenlet = NULL;
	g->coro->pending = 0;
	g->hub = NULL;
	g->phase = GEV__ENDED;
	if (!lies_on_its_stack(g))
		gev__free(g, sizeof(*g));
}

/* By the time it goes, the hub may be another or gone. */
void gev__greenlet_put(gev_greenlet *g)
{
	struct gev__thread *t;

	if (--g->refs > 0)
		return;
	if (g->phase < GEV__ENDED) {
		g->refs = 1;
		gev__greenlet_end(g, 0, ECANCELED);
		gev__greenlet_put(g);
		return;
	}
	t = g->coro->thread;
	if (t->hub && !t->hub->trimmer.w.active)
		gev__trim_later(t->hub);
	g->coro->parent = t->hub ? t->hub->coro : t->main;
	gev__coro_drop(g->coro);
}

/* Reads what the function returned; errno is still as it left it. */
static int error_of(const gev_coro *self, intptr_t *value)
{
	intptr_t v = *value;
	int code;

	if (v >= 0)
		return 0;
	*value = 0;
	if (v < -GEV__ERRNO_MAX)
		return EINVAL;
	code = v == -1 ? *self->thread->errno_at : (int)-v;
	return code > 0 ? code : EPERM;
}

void gev__greenlet_end(gev_greenlet *g, intptr_t value, int error)
{
	gev_hub *hub = g->hub;

	g->phase = GEV__ENDED;
	g->coro->state = GEV__CORO_DEAD;
	g->value = value;
	g->error = error;
	if (g->message_for && g->message_for != error)
		g->message[0] = 0;
	g->unseen = error && error != ECANCELED;
	hub->members--;
	hub->stats.living--;
	gev__list_del(&g->all);
	if (g->tree)
		gev__tree_put(g->tree);
	g->tree = NULL;
	gev__wake_all(&g->waiters, 0);
	if (g->unseen || !gev__list_empty(&g->links))
		gev__greenlet_notify(g);
}

/* It is in the run queue's memory still, hence a member again. */
static void leave_tombstone(gev_greenlet *g, int code)
{
	gev__greenlet_end(g, 0, code);
	g->hub->members++;
}

void gev__greenlet_bury(gev_coro *c)
{
	c->thread->hub->members--;
	gev__greenlet_put(c->greenlet);
}

void gev__greenlet_cancel(gev_greenlet *g, int code)
{
	if (g->phase == GEV__MADE) {
		gev__greenlet_end(g, 0, code);
	} else if (g->later.link.next) {
		gev__timer_disarm(g->hub->loop, &g->later);
		gev__unhold(g->hub);
		gev__greenlet_end(g, 0, code);
		gev__greenlet_put(g);
	} else {
		leave_tombstone(g, code);
	}
}

static inline __attribute__((always_inline)) void finish(gev_greenlet *g)
{
	gev_hub *hub = g->hub;
	gev_coro *next;

	gev__greenlet_end(g, g->value, g->error);
	gev__greenlet_put(g);
	next = gev__runq_pop(hub);
	hub->stats.switches += next != hub->coro;
	gev__coro_jump(hub->thread, next); /* in tail position */
}

void gev__greenlet_finish(gev_coro *self)
{
	finish(self->greenlet);
	__builtin_unreachable();
}

static inline bool has_own_tcb(const gev_coro *c)
{
	return c->tcb != &c->thread->own;
}

/* The bottom of every greenlet's stack. */
static void begin(gev_coro *self)
{
	gev_greenlet *g = self->greenlet;
	intptr_t value;

	g->phase = GEV__BEGUN;
	value = g->fn(g->arg);
	g->error = error_of(self, &value);
	g->value = value;
	if (__builtin_expect(g->locals != NULL, 0))
		g->locals->end(g, true);
	if (self == self->thread->main)
		gev__host_exit(g->error ? 1 : 0);
	if (has_own_tcb(self) && !gev__identity->is_clean())
		gev__identity->leave();
	finish(g);
}

/* It is in the run queue, or a timer will put it there. */
static void start(gev_greenlet *g)
{
	g->phase = GEV__STARTED;
	g->refs++;
	g->hub->stats.spawned++;
	if (!gev__list_empty(&g->hub->spawn_callbacks))
		gev__tell_spawned(g);
}

static int check_start(const gev_greenlet *g)
{
	int r = gev__greenlet_check(g);

	if (r < 0)
		return r;
	return g->phase == GEV__MADE ? 0 : -EALREADY;
}

int gev_start(gev_greenlet *g)
{
	int r = check_start(g);

	if (r < 0)
		return (int)gev__ret(r);
	gev__ready(g->hub, g->coro);
	start(g);
	return 0;
}

static void later_fire(struct gev_timer_node *node)
{
	gev_greenlet *g = gev__container(node, gev_greenlet, later);

	gev__unhold(g->hub);
	g->later.link.next = NULL;
	gev__ready(g->hub, g->coro);
}

bool gev__is_later(const struct gev_timer_node *node)
{
	return node->fire == later_fire;
}

static int start_later(gev_greenlet *g, gev_time delay)
{
	int r = check_start(g);

	if (r < 0)
		return r;
	if (delay < 0)
		return -EINVAL;
	gev__list_init(&g->later.link);
	g->later.fire = later_fire;
	r = gev__timer_arm(g->hub->loop, &g->later, delay);
	if (r < 0) {
		g->later.link.next = NULL;
		return r;
	}
	gev__hold(g->hub);
	start(g);
	return 0;
}

int gev_start_later(gev_greenlet *g, gev_time delay)
{
	return (int)gev__ret(start_later(g, delay));
}

gev_greenlet *gev_greenlet_new(gev_fn *fn, void *arg,
	const struct gev_spawn_options *options)
{
	int r = 0;
	gev_hub *hub = gev__hub_get(&r);
	gev_greenlet *g = NULL;

	if (hub)
		g = gev__greenlet_make(hub, fn, arg, options, &r);
	return g ? g : gev__null(-r);
}

gev_greenlet *gev_spawn_opt(gev_fn *fn, void *arg,
	const struct gev_spawn_options *options)
{
	gev_greenlet *g = gev_greenlet_new(fn, arg, options);

	if (!g)
		return NULL;
	gev__ready(g->hub, g->coro);
	start(g);
	return g;
}

gev_greenlet *gev_spawn(gev_fn *fn, void *arg)
{
	return gev_spawn_opt(fn, arg, NULL);
}

gev_greenlet *gev_spawn_later(gev_time delay, gev_fn *fn, void *arg)
{
	gev_greenlet *g = gev_greenlet_new(fn, arg, NULL);
	int r;

	if (!g)
		return NULL;
	r = start_later(g, delay);
	if (r == 0)
		return g;
	gev__greenlet_put(g);
	return gev__null(-r);
}

int gev_go(gev_fn *fn, void *arg)
{
	gev_greenlet *g = gev_spawn_opt(fn, arg, NULL);

	if (!g)
		return -1;
	gev__greenlet_put(g);
	return 0;
}

gev_greenlet *gev_ref(gev_greenlet *g)
{
	if (g)
		g->refs++;
	return g;
}

void gev_unref(gev_greenlet *g)
{
	if (g)
		gev__greenlet_put(g);
}

gev_greenlet *gev_current(void)
{
	int r = 0;
	gev_hub *hub = gev__hub_get(&r);

	return hub ? hub->thread->current->greenlet : gev__null(-r);
}

intptr_t gev_fail(int code, const char *message)
{
	gev_greenlet *g = gev__greenlet_here();

	if (g && message) {
		gev__strcut(g->message, message, sizeof(g->message));
		g->message_for = 0;
	}
	return gev__ret(code > 0 ? -code : -EINVAL);
}

bool gev_started(const gev_greenlet *g)
{
	return g && (g->phase == GEV__STARTED || g->phase == GEV__BEGUN);
}

bool gev_dead(const gev_greenlet *g)
{
	return g && g->phase == GEV__ENDED;
}

bool gev_ready(const gev_greenlet *g)
{
	return gev_dead(g);
}

bool gev_successful(const gev_greenlet *g)
{
	return gev_dead(g) && !gev_exception(g);
}

intptr_t gev_value(const gev_greenlet *g)
{
	return g ? g->value : 0;
}

int gev_exception(const gev_greenlet *g)
{
	return g && g->error != ECANCELED ? g->error : 0;
}

const char *gev_exception_message(const gev_greenlet *g)
{
	return g ? g->message : "";
}

const char *gev_name(const gev_greenlet *g)
{
	if (!g)
		return "";
	if (!g->name[0]) {
		gev_greenlet *named = (gev_greenlet *)g;
		struct gev__text t = gev__text_in(named->name,
			sizeof(named->name));

		gev__text_add(&t, "greenlet-");
		gev__text_num(&t, g->id);
		gev__text_end(&t);
	}
	return g->name;
}

int gev_set_name(gev_greenlet *g, const char *name)
{
	if (!g || !name)
		return (int)gev__ret(-EINVAL);
	gev__strcut(g->name, name, sizeof(g->name));
	return 0;
}

uint64_t gev_id(const gev_greenlet *g)
{
	return g ? g->id : 0;
}

gev_coro *gev_greenlet_coro(gev_greenlet *g)
{
	return g ? g->coro : NULL;
}
