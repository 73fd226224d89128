/* SPDX-License-Identifier: MIT */
/* Signals for one thread: those sent to its id, and those of its timers. */
#include <errno.h>
#include <time.h>
#include "base/mem.h"
#include "patch/task.h"
#include "run/signals.h"

/* A timer that signals a thread. */
struct timer {
	struct timer *next;
	int id;
	int tid;
};

static struct timer *timers;

struct gev__run_signals *gev__run_find(long tid)
{
	struct gev_list *node;

	gev__list_for_each(node, &gev__run_living) {
		struct gev__run_signals *s =
			gev__container(node, struct gev__run_signals, node);

		if (s->tid == tid)
			return s;
	}
	return NULL;
}

/* What has no handler and is not blocked is done by the kernel. */
static long send(const siginfo_t *info, long tid)
{
	struct gev__run_signals *s = gev__run_find(tid);

	if (!s)
		return gev__tid_real(tid) == tid ? GEV__PASS : -ESRCH;
	if (info->si_signo < 0 || info->si_signo > GEV__SIGNALS)
		return -EINVAL;
	if (info->si_signo == SIGKILL || info->si_signo == SIGSTOP ||
		info->si_signo == SIGSYS)
		return gev__sys(SYS_tgkill, gev__sys(SYS_getpid),
			gev__sys(SYS_gettid), info->si_signo);
	if (info->si_signo)
		gev__run_send(info, s);
	return 0;
}

static long kill_thread(long tid, long signum)
{
	siginfo_t info;

	gev__zero(&info, sizeof(info));
	info.si_signo = (int)signum;
	info.si_code = SI_TKILL;
	info.si_pid = (pid_t)gev__sys(SYS_getpid);
	info.si_uid = (uid_t)gev__sys(SYS_getuid);
	return send(&info, (int)tid);
}

long gev__run_tkill(struct gev__run_call *c)
{
	if (!gev__run_catches)
		return GEV__PASS;
	return kill_thread(c->call.a[0], c->call.a[1]);
}

static bool is_us(long pid)
{
	return (int)pid == gev__sys(SYS_getpid);
}

long gev__run_tgkill(struct gev__run_call *c)
{
	if (!gev__run_catches || !is_us(c->call.a[0]))
		return GEV__PASS;
	return kill_thread(c->call.a[1], c->call.a[2]);
}

long gev__run_tgsigqueue(struct gev__run_call *c)
{
	siginfo_t info;

	if (!gev__run_catches || !is_us(c->call.a[0]))
		return GEV__PASS;
	gev__copy(&info, (const void *)c->call.a[3], sizeof(info));
	info.si_signo = (int)c->call.a[2];
	return send(&info, (int)c->call.a[1]);
}

struct gev__run_signals *gev__run_timer_owner(const siginfo_t *info)
{
	if (info->si_code != SI_TIMER)
		return NULL;
	for (const struct timer *t = timers; t; t = t->next)
		if (t->id == info->si_timerid)
			return gev__run_find(t->tid);
	return NULL;
}

static void note(int id, int tid)
{
	struct timer *t = gev__alloc(sizeof(*t));

	if (!t)
		return;
	t->id = id;
	t->tid = tid;
	t->next = timers;
	timers = t;
}

/* The kernel signals the one that it knows, and we that which is meant. */
long gev__run_timer_create(struct gev__run_call *c)
{
	const struct sigevent *wanted = (const void *)c->call.a[1];
	struct sigevent e;
	int *id = (void *)c->call.a[2];
	long r;

	if (!gev__run_catches || !wanted ||
		wanted->sigev_notify != SIGEV_THREAD_ID ||
		!gev__run_find(wanted->_sigev_un._tid))
		return GEV__PASS;
	gev__copy(&e, wanted, sizeof(e));
	e._sigev_un._tid = (int)gev__sys(SYS_gettid);
	gev__run_hook(e.sigev_signo);
	r = gev__sys(SYS_timer_create, c->call.a[0], &e, id);
	if (r == 0)
		note(*id, wanted->_sigev_un._tid);
	return r;
}

long gev__run_timer_delete(struct gev__run_call *c)
{
	const int id = (int)c->call.a[0];

	for (struct timer **at = &timers; *at; at = &(*at)->next) {
		struct timer *t = *at;

		if (t->id != id)
			continue;
		*at = t->next;
		gev__free(t, sizeof(*t));
		break;
	}
	return GEV__PASS;
}
