/* SPDX-License-Identifier: MIT */
#include <sys/prctl.h>
#include "base/mem.h"
#include "base/sys.h"
#include "switch/overflow.h"
#include "switch/switch.h"

_Thread_local struct gev__thread *gev__thread;

const struct gev__identity *gev__identity;
bool gev__identity_on;
bool gev__tls_settable;

/*
 * A CPU that keeps a second stack of return addresses would take a switch for
 * an attack.
 */
static bool shadow_stack(void)
{
#if defined(__x86_64__)
	unsigned long features = 0;
	long error = gev__sys(SYS_arch_prctl, 0x5005 /* ARCH_SHSTK_STATUS */,
		&features);

	return !error && (features & 1 /* ARCH_SHSTK_SHSTK */);
#elif defined(__aarch64__)
	unsigned long mode = 0;
	long error = gev__sys(SYS_prctl, 74 /* PR_GET_SHADOW_STACK_STATUS */,
		&mode);

	return !error && (mode & 1 /* PR_SHADOW_STACK_ENABLE */);
#else
	return false;
#endif
}

struct gev__thread *gev__thread_get(void)
{
	struct gev__thread *t = gev__thread;

	if (t)
		return t;
	t = gev__map(sizeof(*t));
	if (!t)
		return NULL;
	if (gev__host_attach() < 0) {
		gev__unmap(t, sizeof(*t));
		return NULL;
	}
	t->own = (struct gev__tcb){ .tls = gev__tls(),
		.errno_at = gev__host_errno() };
	t->tcb = &t->own;
	t->errno_at = t->own.errno_at;
	t->current = &t->root;
	t->main = &t->root;
	t->shadow_stack = shadow_stack();
	gev__coro_init(&t->root, t);
	t->root.state = GEV__CORO_RUNNING;
	gev__stack_pool_init(&t->stacks);
#if GEV__FIBERS
	gev__fiber_root(t);
#endif
	gev__overflow_watch(t);
	gev__thread = t;
	return t;
}

void gev__thread_free(void)
{
	struct gev__thread *t = gev__thread;

	if (!t)
		return;
	gev__overflow_unwatch(t);
	gev__stack_pool_fini(&t->stacks);
	gev__thread = NULL;
	gev__unmap(t, sizeof(*t));
}
