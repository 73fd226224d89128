/* SPDX-License-Identifier: MIT */
/* Signals that wait for a thread, or for any; and who is to have them. */
#include "base/mem.h"
#include "core/wait.h"
#include "run/hub.h"
#include "run/signals.h"

struct gev__run_pending {
	struct gev__run_pending *next;
	bool for_any;           /* thread: it is the process's */
	siginfo_t info;
};

/* Of those below one waits at most. */
#define FIRST_QUEUED 32

struct gev__run_queue gev__run_shared;
unsigned gev__run_waiting;

static void add(struct gev__run_queue *q, const siginfo_t *info, bool for_any)
{
	const uint64_t bit = GEV__SIGBIT(info->si_signo);
	struct gev__run_pending **at = &q->first, *p;

	if (q->set & bit && info->si_signo < FIRST_QUEUED)
		return;
	p = gev__alloc(sizeof(*p));
	if (!p)
		return;
	while (*at)
		at = &(*at)->next;
	p->next = NULL;
	p->for_any = for_any;
	gev__copy(&p->info, info, sizeof(p->info));
	*at = p;
	q->set |= bit;
	gev__run_waiting++;
	gev__run_due = 1;
}

static void remove_at(struct gev__run_pending **at)
{
	struct gev__run_pending *p = *at;

	*at = p->next;
	gev__free(p, sizeof(*p));
	gev__run_waiting--;
}

static bool has(const struct gev__run_queue *q, int signum)
{
	for (const struct gev__run_pending *p = q->first; p; p = p->next)
		if (p->info.si_signo == signum)
			return true;
	return false;
}

/* The lowest number first. */
static bool take(struct gev__run_queue *q, uint64_t set, siginfo_t *info)
{
	struct gev__run_pending **at = &q->first;
	int signum;

	if (!(q->set & set))
		return false;
	signum = __builtin_ctzl(q->set & set) + 1;
	while ((*at)->info.si_signo != signum)
		at = &(*at)->next;
	gev__copy(info, &(*at)->info, sizeof(*info));
	remove_at(at);
	if (!has(q, signum))
		q->set &= ~GEV__SIGBIT(signum);
	return true;
}

bool gev__run_take(struct gev__run_signals *s, uint64_t set, siginfo_t *info)
{
	return take(&s->queue, set, info) || take(&gev__run_shared, set, info);
}

uint64_t gev__run_pending(const struct gev__run_signals *s)
{
	return s->queue.set | gev__run_shared.set;
}

void gev__run_drop(struct gev__run_queue *q, uint64_t set)
{
	struct gev__run_pending **at = &q->first;

	while (*at)
		if (GEV__SIGBIT((*at)->info.si_signo) & set)
			remove_at(at);
		else
			at = &(*at)->next;
	q->set &= ~set;
}

static bool wants(const struct gev__run_signals *s, uint64_t bit)
{
	return !(s->mask & ~s->waits_for & bit);
}

/* As the kernel does: the first thread if it can. */
static struct gev__run_signals *choose(uint64_t bit)
{
	struct gev_list *node;

	gev__list_for_each(node, &gev__run_living) {
		struct gev__run_signals *s =
			gev__container(node, struct gev__run_signals, node);

		if (wants(s, bit))
			return s;
	}
	return NULL;
}

/* Ends the call it waits in, or is about to. */
static void interrupt(const struct gev__run_signals *s)
{
	struct gev_hub *hub = gev__hub_here();
	gev_coro *c = s->coro;

	if (!hub)
		return;
	if (!c)
		c = hub->main->coro;
	if (c->waiter) {
		gev__wake(c->waiter, -EINTR);
	} else if (c != hub->thread->current) {
		c->greenlet->throw_code = EINTR;
		c->pending |= GEV__PENDING_THROW;
	}
}

void gev__run_send(const siginfo_t *info, struct gev__run_signals *to)
{
	const uint64_t bit = GEV__SIGBIT(info->si_signo);
	enum gev__run_fate fate = gev__run_fate(info->si_signo);
	struct gev__run_signals *s = to ? to : choose(bit);

	if (!s) {
		add(&gev__run_shared, info, true);
		return;
	}
	if (!(s->mask & bit) && fate == GEV__IGNORED)
		return;
	if (!(s->mask & bit) && fate == GEV__DEFAULT) {
		gev__run_default(info->si_signo);
		return;
	}
	add(&s->queue, info, !to);
	if (wants(s, bit))
		interrupt(s);
}

static bool take_back(struct gev__run_signals *s, siginfo_t *info)
{
	struct gev__run_pending **at = &s->queue.first;

	while (*at && (!(*at)->for_any ||
			      wants(s, GEV__SIGBIT((*at)->info.si_signo))))
		at = &(*at)->next;
	if (!*at)
		return false;
	gev__copy(info, &(*at)->info, sizeof(*info));
	remove_at(at);
	if (!has(&s->queue, info->si_signo))
		s->queue.set &= ~GEV__SIGBIT(info->si_signo);
	return true;
}

void gev__run_hand_on(struct gev__run_signals *s)
{
	siginfo_t info;

	while (take_back(s, &info))
		gev__run_send(&info, NULL);
}
