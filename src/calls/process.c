/* SPDX-License-Identifier: MIT */
/*
 * Waiting for children.  The kernel is asked without waiting, then waits are
 * for news: of one child's end by a pidfd; of anything else (any child, those
 * of a process group, stops) by SIGCHLD, as also where there is no pidfd.
 *
 * There is one signal watcher for all of a hub's waiters, active while there
 * are any.  It is started before the kernel is asked for the last time, so
 * that no signal comes in between.
 */
#include <gev/wait.h>
#include <fcntl.h>
#include <signal.h>
#include "base/mem.h"
#include "base/signal.h"
#include "base/sys.h"
#include "calls/calls.h"
#include "calls/children.h"
#include "calls/descriptor.h"
#include "loop/watch.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* Linux 5.3 */
#endif
#define WAIT_PIDFD 3 /* waitid(2)'s P_PIDFD, Linux 5.4 */

/* Between two looks at children whose signal would not be heard. */
#define PAUSE GEV_MS(20)

struct gev__children {
	struct gev__tenant tenant;
	struct gev_hub *hub;
	long process;              /* whose they are: not a forked child's */
	struct gev_list waiters;
	struct gev_list watches;
	gev_signal_watcher watcher;
};

/* One wait4 or waitid. */
struct query {
	bool by_wait4;
	int type;
	int id;
	int options;
	int *status;
	siginfo_t *info;
	struct rusage *usage;
};

static void end_children(struct gev__tenant *tenant)
{
	struct gev__children *c =
		gev__container(tenant, struct gev__children, tenant);

	gev__watcher_end(&c->watcher.w);
	gev__wake_all(&c->waiters, -EINVAL);
	while (gev__list_pop(&c->watches))
		;
	gev__list_del(&tenant->node);
	c->hub->children = NULL;
	gev__free(c, sizeof(*c));
}

static struct gev__children *make_children(struct gev_hub *hub)
{
	struct gev__children *c = gev__alloc(sizeof(*c));

	if (!c)
		return NULL;
	c->hub = hub;
	c->process = gev__sys(SYS_getpid);
	gev__list_init(&c->waiters);
	gev__list_init(&c->watches);
	gev_signal_init(&c->watcher, hub->loop, SIGCHLD);
	c->tenant.end = end_children;
	gev__list_add_tail(&hub->tenants, &c->tenant.node);
	hub->children = c;
	return c;
}

/* A forked child has none of its parent's children. */
static struct gev__children *children_of(struct gev_hub *hub)
{
	struct gev__children *c = hub->children;
	long process = gev__sys(SYS_getpid);

	if (!c)
		return make_children(hub);
	if (c->process == process)
		return c;
	c->process = process;
	while (gev__list_pop(&c->watches))
		;
	return c;
}

int gev__child_watch(struct gev_hub *hub, struct gev__child_watch *watch)
{
	struct gev__children *c = children_of(hub);

	if (!c)
		return -ENOMEM;
	gev__list_add_tail(&c->watches, &watch->node);
	return 0;
}

void gev__child_unwatch(struct gev__child_watch *watch)
{
	if (watch->node.next)
		gev__list_del(&watch->node);
}

static void tell(struct gev_hub *hub, int pid, int status)
{
	struct gev_list *node, *save;

	if (!hub || !hub->children)
		return;
	gev__list_for_each_safe(node, save, &children_of(hub)->watches) {
		struct gev__child_watch *watch =
			gev__container(node, struct gev__child_watch, node);

		if (watch->pid != pid)
			continue;
		gev__list_del(node);
		watch->told(watch, status);
	}
}

/* The pid, 0 if there is no news, or -errno. */
static long ask_wait4(const struct query *q)
{
	int status = 0;
	long r = gev__sys(SYS_wait4, q->id, &status, q->options | WNOHANG,
		q->usage);

	if (r > 0 && (WIFEXITED(status) || WIFSIGNALED(status)))
		tell(gev__hub_here(), (int)r, status);
	if (r > 0 && q->status)
		*q->status = status;
	return r;
}

static long ask_waitid(const struct query *q)
{
	siginfo_t local;
	siginfo_t *info = q->info ? q->info : &local;
	long r;

	info->si_pid = 0;
	r = gev__sys(SYS_waitid, q->type, q->id, info, q->options | WNOHANG,
		q->usage);
	if (r < 0)
		return r;
	if (info->si_pid && !(q->options & WNOWAIT) &&
		info->si_code <= CLD_DUMPED)
		tell(gev__hub_here(), info->si_pid, gev__wait_status(info));
	return info->si_pid;
}

static long ask(const struct query *q)
{
	return q->by_wait4 ? ask_wait4(q) : ask_waitid(q);
}

/* A pidfd that is ours; -EINVAL where none would tell. */
static long open_pidfd(const struct query *q)
{
	if (q->options & (WSTOPPED | WCONTINUED | __WALL | __WCLONE))
		return -EINVAL;
	if (q->type == P_PID)
		return gev__sys(SYS_pidfd_open, q->id, 0);
	if (q->type == WAIT_PIDFD)
		return gev__sys(SYS_fcntl, q->id, F_DUPFD_CLOEXEC, 0);
	return -EINVAL;
}

/* Asks once more: before, the pid may not have been the pidfd's. */
static long await_pidfd(struct gev_hub *hub, const struct query *q, int fd)
{
	int error;
	struct gev__fd_rec *rec;
	bool expired;
	long r;

	gev__fd_fresh(hub, fd, GEV__FD_DEVICE, false);
	rec = gev__fd_get(hub, fd, &error);
	if (!rec)
		return error;
	while ((r = ask(q)) == 0) {
		r = gev__fd_wait(hub, rec, fd, GEV_READ, GEV_FOREVER, &expired,
			"wait for a child");
		if (r < 0)
			return r;
	}
	return r;
}

static int on_sigchld(gev_watcher *w, int revents, void *arg)
{
	struct gev__children *c = arg;

	(void)revents;
	gev__watcher_end(w);
	gev__wake_all(&c->waiters, 0);
	return 0;
}

/* Whether this thread would not hear of it. */
static bool is_unheard(const struct query *q)
{
	uint64_t blocked = 0;

	gev__sys(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked,
		sizeof(blocked));
	return (q->options & (__WALL | __WCLONE)) ||
	       (blocked >> (SIGCHLD - 1) & 1);
}

static long park(struct gev__children *c, const struct query *q)
{
	struct gev_waiter w = { .what = "wait for children" };
	gev_time pause = is_unheard(q) ? PAUSE : GEV_FOREVER;
	long r;

	gev__list_add_tail(&c->waiters, &w.link);
	gev__hold(c->hub);
	r = gev__park(&w, pause);
	gev__unhold(c->hub);
	return w.expired ? 0 : r;
}

static long await_signal(struct gev_hub *hub, const struct query *q)
{
	struct gev__children *c = children_of(hub);
	long r = c ? 0 : -ENOMEM;

	while (r == 0) {
		if (!c->watcher.w.active)
			r = gev__signal_start(&c->watcher, on_sigchld, c);
		if (r == 0)
			r = ask(q);
		if (r == 0)
			r = park(c, q);
		else
			break;
	}
	if (c && gev__list_empty(&c->waiters))
		gev__watcher_end(&c->watcher.w);
	return r;
}

static long await_news(const struct query *q)
{
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	long fd, r;

	if (!hub)
		return error;
	fd = open_pidfd(q);
	if (fd < 0)
		return await_signal(hub, q);
	r = await_pidfd(hub, q, (int)fd);
	gev__call_close((int)fd);
	return r;
}

static long answer(const struct query *q)
{
	long r = ask(q);

	return r == 0 && !(q->options & WNOHANG) ? await_news(q) : r;
}

long gev__call_wait4(int pid, int *status, int options, struct rusage *usage)
{
	struct query q = { .by_wait4 = true,
		.type = pid > 0 ? P_PID : P_ALL,
		.id = pid,
		.options = options,
		.status = status,
		.usage = usage };

	return answer(&q);
}

long gev__call_waitid(int type, int id, siginfo_t *info, int options,
	struct rusage *usage)
{
	struct query q = { .type = type,
		.id = id,
		.options = options,
		.info = info,
		.usage = usage };
	long flags;
	long r;

	/* The kernel takes O_NONBLOCK of a pidfd for WNOHANG, almost. */
	flags = type == WAIT_PIDFD ? gev__sys(SYS_fcntl, id, F_GETFL) : 0;
	if (flags > 0 && flags & O_NONBLOCK)
		return gev__sys(SYS_waitid, type, id, info, options, usage);
	r = answer(&q);
	return r < 0 ? r : 0;
}

pid_t gev_wait(int *status)
{
	return gev_waitpid(-1, status, 0);
}

pid_t gev_waitpid(pid_t pid, int *status, int options)
{
	return gev_wait4(pid, status, options, NULL);
}

pid_t gev_wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	return (pid_t)gev__ret(gev__call_wait4(pid, status, options, usage));
}

int gev_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	return (int)gev__ret(
		gev__call_waitid((int)type, (int)id, info, options, NULL));
}
