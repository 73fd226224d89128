/* SPDX-License-Identifier: MIT */
#include "os/process.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include "base/error.h"
#include "base/sys.h"
#include "calls/calls.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424 /* Linux 5.1 */
#endif

int gev__process_enter(gev_process *p)
{
	if (!p)
		return -EINVAL;
	return p->hub && p->hub == gev__hub_here() ? 0 : -EPERM;
}

static bool has_ended(const gev_process *p)
{
	return gev_event_is_set(&p->ended);
}

static void close_fds(gev_process *p)
{
	for (int i = 0; i < 3; i++)
		gev__process_close_fd(p, i);
}

static void destroy(gev_process *p)
{
	if (p->hub)
		gev_watcher_stop(&p->child.w);
	gev__child_unwatch(&p->watch);
	gev__list_del(&p->tenant.node);
	gev_event_fini(&p->ended);
	free(p->text[0].data);
	free(p->text[1].data);
	free(p);
}

/* The child was reaped.  @status -1: not by us. */
static void settle(gev_process *p, int status)
{
	if (p->freed) {
		destroy(p);
		return;
	}
	p->status = status;
	gev_watcher_stop(&p->child.w);
	gev__child_unwatch(&p->watch);
	gev_event_set(&p->ended);
}

static int on_child(gev_watcher *w, int revents, void *arg)
{
	gev_process *p = arg;

	(void)w;
	(void)revents;
	settle(p, p->child.rpid ? p->child.rstatus : -1);
	return 0;
}

static void told(struct gev__child_watch *watch, int status)
{
	settle(gev__container(watch, gev_process, watch), status);
}

/* The object outlives the hub, unless nobody has it. */
static void hub_ends(struct gev__tenant *tenant)
{
	gev_process *p = gev__container(tenant, gev_process, tenant);

	if (p->freed) {
		destroy(p);
		return;
	}
	gev_watcher_stop(&p->child.w);
	gev__child_unwatch(&p->watch);
	gev__list_del(&tenant->node);
	gev_event_fini(&p->ended);
	p->hub = NULL;
}

static gev_process *make(gev_hub *hub, int *error)
{
	gev_process *p = calloc(1, sizeof(*p));

	*error = -ENOMEM;
	if (!p)
		return NULL;
	p->hub = hub;
	p->fds[0] = p->fds[1] = p->fds[2] = -1;
	p->tenant.end = hub_ends;
	gev__list_add_tail(&hub->tenants, &p->tenant.node);
	p->watch.told = told;
	*error = gev__child_watch(hub, &p->watch);
	if (*error == 0)
		return p;
	destroy(p);
	return NULL;
}

/* A child that can't be watched is ended. */
static int watch(gev_process *p)
{
	int r;

	p->watch.pid = p->pid;
	gev_child_init(&p->child, p->hub->loop, p->pid);
	if (gev_child_start(&p->child, on_child, p) == 0)
		return 0;
	r = -errno;
	gev__sys(SYS_kill, p->pid, SIGKILL);
	gev__sys(SYS_wait4, p->pid, NULL, 0, NULL);
	return r;
}

static gev_process *spawn(char *const argv[],
	const struct gev_process_options *options, int *error)
{
	static const struct gev_process_options defaults;
	gev_hub *hub = gev__hub_get(error);
	gev_process *p = hub ? make(hub, error) : NULL;
	int r;

	if (!p)
		return NULL;
	r = gev__process_exec(p, argv, options ? options : &defaults);
	if (r > 0) {
		p->pid = r;
		r = watch(p);
	}
	if (r == 0)
		return p;
	close_fds(p);
	destroy(p);
	*error = r;
	return NULL;
}

gev_process *gev_process_spawn(char *const argv[],
	const struct gev_process_options *options)
{
	int r = 0;
	gev_process *p = spawn(argv, options, &r);

	return p ? p : gev__null(-r);
}

int gev_process_free(gev_process *p)
{
	if (!p)
		return 0;
	if (p->hub && p->hub != gev__hub_here())
		return (int)gev__ret(-EPERM);
	close_fds(p);
	if (!p->hub || has_ended(p)) {
		destroy(p);
		return 0;
	}
	p->freed = true;
	gev_event_fini(&p->ended);
	gev_watcher_set_ref(&p->child.w, false);
	return 0;
}

pid_t gev_process_pid(const gev_process *p)
{
	return p ? p->pid : (pid_t)gev__ret(-EINVAL);
}

/* 0 if our end of that pipe is there. */
static int check_fd(gev_process *p, int which)
{
	int r = gev__process_enter(p);

	if (r == 0 && (which < 0 || which > 2 || p->fds[which] < 0))
		r = -EBADF;
	return r;
}

int gev__process_close_fd(gev_process *p, int which)
{
	int fd = p->fds[which];

	p->fds[which] = -1;
	return fd < 0 ? -EBADF : (int)gev__call_close(fd);
}

int gev_process_fd(gev_process *p, int which)
{
	int r = check_fd(p, which);

	return r < 0 ? (int)gev__ret(r) : p->fds[which];
}

int gev_process_take_fd(gev_process *p, int which)
{
	int fd = gev_process_fd(p, which);

	if (fd >= 0)
		p->fds[which] = -1;
	return fd;
}

int gev_process_close_fd(gev_process *p, int which)
{
	int r = check_fd(p, which);

	return (int)gev__ret(r < 0 ? r : gev__process_close_fd(p, which));
}

/* Reaps it if it has ended: that is told to its watch. */
static void look(gev_process *p)
{
	if (gev__call_wait4(p->pid, NULL, WNOHANG, NULL) == -ECHILD)
		settle(p, -1);
}

int gev__process_wait(gev_process *p, gev_time timeout)
{
	if (timeout < GEV_FOREVER)
		return -EINVAL;
	if (!has_ended(p))
		look(p);
	if (gev_event_wait(&p->ended, timeout) < 0)
		return -errno;
	return p->status < 0 ? -ECHILD : 0;
}

int gev_process_wait(gev_process *p, int *status, gev_time timeout)
{
	int r = gev__process_enter(p);

	if (r == 0)
		r = gev__process_wait(p, timeout);
	if (r == 0 && status)
		*status = p->status;
	return (int)gev__ret(r);
}

gev_event *gev_process_event(gev_process *p)
{
	int r = gev__process_enter(p);

	return r < 0 ? gev__null(-r) : &p->ended;
}

/* Without a pidfd: it is not reaped, so the number is its own. */
static long send_signal(gev_process *p, int signum)
{
	int fd = p->child.pidfd;

	if (!has_ended(p))
		look(p);
	if (has_ended(p))
		return -ESRCH;
	if (fd < 0)
		return gev__sys(SYS_kill, p->pid, signum);
	return gev__sys(SYS_pidfd_send_signal, fd, signum, NULL, 0);
}

int gev_process_signal(gev_process *p, int signum)
{
	int r = gev__process_enter(p);

	return (int)gev__ret(r < 0 ? r : send_signal(p, signum));
}

int gev_process_terminate(gev_process *p)
{
	return gev_process_signal(p, SIGTERM);
}

int gev_process_kill(gev_process *p)
{
	return gev_process_signal(p, SIGKILL);
}
