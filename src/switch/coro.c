/* SPDX-License-Identifier: MIT */
/*
 * The raw coroutines of gev/coro.h.
 *
 * A switch leaves its message in the coroutine it goes to: a value, or NULL
 * and a thrown code, which then is that coroutine's errno as well.  So what
 * gev__coro_jump() gives is already what gev_coro_switch() returns, and there
 * is nothing left to do after it.
 */
#include "switch/switch.h"
#include "base/assert.h"
#include "base/error.h"

_Static_assert(sizeof(gev_coro) <= GEV__STACK_BLOCK, "it fits in the block");

/* Field by field: for an assignment of the whole, compilers call memset() or
 * use string instructions, which take longer than all the rest. */
void gev__coro_init(gev_coro *c, struct gev__thread *t)
{
	c->sp = NULL;
	c->saved_errno = 0;
	c->state = GEV__CORO_NEW;
	c->value = NULL;
	c->thrown = 0;
	c->pending = 0;
	c->tcb = &t->own;
	c->waiter = NULL;
	c->greenlet = NULL;
	c->thread = t;
	c->timeouts = NULL;
	c->serial = ++t->serials;
	c->parent = NULL;
	c->reaper = NULL;
	gev__list_init(&c->children);
	gev__list_init(&c->sibling);
	c->fn = NULL;
	c->entry = NULL;
	c->stack = NULL;
}

static inline struct gev__stack *take_stack(struct gev__thread *t, size_t size,
	bool full, int *error)
{
	struct gev__stack_class *class =
		gev__stack_class_of(&t->stacks, size, full);
	struct gev__stack *s;

	if (t->shadow_stack) {
		*error = -ENOTSUP;
		return NULL;
	}
	if (!class) {
		*error = -EINVAL;
		return NULL;
	}
	s = gev__stack_take(class);
	*error = s ? 0 : -ENOMEM;
	if (full && s && __builtin_expect(!s->tcb, 0))
		*error = gev__identity->make(s);
	if (__builtin_expect(*error < 0 && s, 0)) {
		gev__stack_give(s);
		return NULL;
	}
	return s;
}

gev_coro *gev__coro_make(struct gev__thread *t, size_t stack_size, bool full,
	size_t extra, void (*entry)(gev_coro *self), int *error)
{
	struct gev__stack *s;
	gev_coro *c;

	gev__assert(sizeof(*c) + extra <= GEV__STACK_BLOCK);
	s = take_stack(t, stack_size, full, error);
	if (!s)
		return NULL;
	if (s->fiber)
		gev__fiber_reused(s);
	c = gev__stack_block(s);
	gev__coro_init(c, t);
	c->entry = entry;
	c->stack = s;
#if GEV__FIBERS
	entry = gev__fiber_entry;
#endif
	if (full)
		c->tcb = s->tcb;
	c->sp = gev__switch_frame(full ? (void *)s->tcb->top : c, entry, c);
	return c;
}

static void adopt(gev_coro *c, gev_coro *parent)
{
	gev__list_del(&c->sibling);
	gev__list_add_tail(&parent->children, &c->sibling);
	c->parent = parent;
}

void gev__coro_drop(gev_coro *c)
{
	struct gev_list *children = &c->children;

	while (!gev__list_empty(children))
		adopt(gev__container(children->next, gev_coro, sibling),
			c->parent);
	gev__list_del(&c->sibling);
	gev__stack_give(c->stack);
}

void *gev__coro_jump_traced(struct gev__thread *t, gev_coro *from, gev_coro *to)
{
	int saved = *t->errno_at;

	t->trace(to->thrown ? GEV_CORO_THROW : GEV_CORO_SWITCH, from, to,
		t->trace_arg);
	*t->errno_at = saved; /* @to's by now */
	return gev__coro_swap(from, to);
}

/* Whether the raw layer may switch to @c.  To one that core/ schedules it may
 * not, nor start a greenlet. */
static bool resumable(const gev_coro *c)
{
	if (c->state == GEV__CORO_NEW)
		return !c->greenlet;
	return c->state == GEV__CORO_SUSPENDED || c->state == GEV__CORO_RUNNING;
}

static gev_coro *living(gev_coro *c)
{
	while (c->state == GEV__CORO_DEAD)
		c = c->parent;
	return c;
}

/* Whether @c is @ancestor or descends from it. */
static bool descends(const gev_coro *c, const gev_coro *ancestor)
{
	while (c && c != ancestor)
		c = c->parent;
	return c != NULL;
}

/* 0; or EINVAL (NULL), EPERM (of another thread). */
static int foreign(const gev_coro *c)
{
	if (!c)
		return EINVAL;
	return c->thread == gev__thread ? 0 : EPERM;
}

static inline __attribute__((always_inline)) void *pass(gev_coro *to,
	void *value, int code)
{
	struct gev__thread *t = to->thread;

	to->value = value;
	to->thrown = code;
	if (code)
		to->saved_errno = code;
	if (to == t->current)
		return code ? gev__null(code) : value;
	t->current->state = GEV__CORO_SUSPENDED;
	return gev__coro_jump(t, to);
}

/* Where control goes when @c has ended. */
static gev_coro *heir(const gev_coro *c)
{
	if (c->reaper)
		return c->reaper;
	for (gev_coro *p = c->parent; p; p = p->parent)
		if (resumable(p))
			return p;
	return c->thread->scheduler;
}

static void run(gev_coro *self)
{
	gev_coro *to;
	void *value = self->fn(self->value);

	self->state = GEV__CORO_DEAD;
	to = heir(self);
	to->value = value;
	to->thrown = 0;
	gev__coro_jump(self->thread, to);
}

gev_coro *gev_coro_new(gev_coro_fn *fn, gev_coro *parent)
{
	return gev_coro_new_sized(fn, parent, 0);
}

gev_coro *gev_coro_new_sized(gev_coro_fn *fn, gev_coro *parent,
	size_t stack_size)
{
	struct gev__thread *t = gev__thread_get();
	int error;
	gev_coro *c;

	if (!fn)
		return gev__null(EINVAL);
	if (!t)
		return gev__null(ENOMEM);
	if (!parent)
		parent = t->current;
	if (parent->thread != t)
		return gev__null(EPERM);
	c = gev__coro_make(t, stack_size, false, 0, run, &error);
	if (!c)
		return gev__null(-error);
	c->fn = fn;
	adopt(c, parent);
	return c;
}

void *gev_coro_switch(gev_coro *c, void *value)
{
	int error = foreign(c);

	if (error)
		return gev__null(error);
	c = living(c);
	if (!resumable(c))
		return gev__null(EBUSY);
	return pass(c, value, 0);
}

/*
 * Who gets a *code that is thrown at @c.  What has not begun or has ended
 * hands it on to its parent; an ECANCELED it swallows.
 */
static gev_coro *catcher(gev_coro *c, int *code)
{
	while (*code && (c->state == GEV__CORO_DEAD ||
			(c->state == GEV__CORO_NEW && !c->greenlet))) {
		if (*code == ECANCELED)
			*code = 0;
		c = c->parent;
	}
	return living(c);
}

void *gev_coro_throw(gev_coro *c, int code)
{
	int error = code > 0 ? foreign(c) : EINVAL;
	gev_coro *to;

	if (error)
		return gev__null(error);
	to = catcher(c, &code);
	if (!resumable(to))
		return gev__null(EBUSY);
	for (; c != to; c = c->parent)
		c->state = GEV__CORO_DEAD;
	return pass(to, NULL, code);
}

int gev_coro_thrown(void)
{
	return gev__thread ? gev__thread->current->thrown : 0;
}

gev_coro *gev_coro_current(void)
{
	struct gev__thread *t = gev__thread_get();

	return t ? t->current : gev__null(ENOMEM);
}

gev_coro *gev_coro_parent(const gev_coro *c)
{
	return c ? c->parent : NULL;
}

int gev_coro_set_parent(gev_coro *c, gev_coro *parent)
{
	int error = foreign(c);

	if (!error)
		error = foreign(parent);
	if (!error && (!c->parent || descends(parent, c)))
		error = EINVAL;
	if (!error)
		adopt(c, parent);
	return gev__ret(-error);
}

bool gev_coro_started(const gev_coro *c)
{
	return c && c->state != GEV__CORO_NEW && c->state != GEV__CORO_DEAD;
}

bool gev_coro_dead(const gev_coro *c)
{
	return c && c->state == GEV__CORO_DEAD;
}

/* Lets a suspended one end, and come back here. */
static void unwind(gev_coro *c)
{
	c->reaper = c->thread->current;
	pass(c, NULL, ECANCELED);
	c->reaper = NULL;
}

int gev_coro_free(gev_coro *c)
{
	if (!c)
		return 0;
	if (foreign(c))
		return gev__ret(-EPERM);
	if (!c->stack || c->greenlet || descends(c->thread->current, c))
		return gev__ret(-EBUSY);
	if (c->state == GEV__CORO_SUSPENDED && !c->reaper)
		unwind(c);
	if (c->state != GEV__CORO_NEW && c->state != GEV__CORO_DEAD)
		return gev__ret(-EBUSY);
	gev__coro_drop(c);
	return 0;
}

int gev_coro_settrace(gev_coro_trace_fn *fn, void *arg)
{
	struct gev__thread *t = gev__thread_get();

	if (!t)
		return gev__ret(-ENOMEM);
	t->trace = fn;
	t->trace_arg = arg;
	return 0;
}

size_t gev_coro_stack_used(const gev_coro *c)
{
	return c && c->stack ? gev__stack_used(c->stack) : 0;
}

size_t gev_coro_stack_size(const gev_coro *c)
{
	return c && c->stack ? (size_t)((const char *)c - c->stack->low) : 0;
}
