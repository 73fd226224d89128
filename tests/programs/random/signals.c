/* SPDX-License-Identifier: MIT */
/* Signals that threads send to each other, and to themselves. */
#include "random.h"
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>

#define TIMES 30

static void mask(int how, int signum)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signum);
	pthread_sigmask(how, &set, NULL);
}

static void install(int signum, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_sigaction = fn,
		.sa_flags = flags | SA_SIGINFO };

	sigaction(signum, &sa, NULL);
}

/* Values from 1 on come in their order, each once. */
static intptr_t wait_in_order(struct worker *w)
{
	const struct timespec second = { 30, 0 };
	siginfo_t info;
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, w->play->signum);
	for (int i = 1; i <= TIMES; i++) {
		do
			r = below(&w->chance, 2) ?
				sigwaitinfo(&set, &info) :
				sigtimedwait(&set, &info, &second);
		while (r < 0 && again(w->play, false));
		must(w->play, r == w->play->signum, "a signal comes");
		must(w->play, info.si_value.sival_int == i, "in its order");
		must(w->play, info.si_code == SI_QUEUE &&
				info.si_pid == getpid(),
			"and tells where from");
		dawdle(&w->chance);
	}
	return TIMES;
}

void play_queued(struct play *p)
{
	int n = 1 + (int)below(&p->chance, WORKERS);
	struct worker w[WORKERS];

	hire(p, w, n, wait_in_order, NULL);
	for (int k = 1; k <= TIMES; k++)
		for (int i = 0; i < n; i++) {
			union sigval value = { .sival_int = k };

			must(p, pthread_sigqueue(w[i].thread, p->signum,
				     value) == 0, "a signal is queued");
			if (below(&p->chance, 8) == 0)
				dawdle(&p->chance);
		}
	must(p, dismiss(w, n) == n * TIMES, "all of them");
}

static __thread volatile int got;
static __thread volatile int in_handler;
static __thread struct play *played;

static void on_directed(int signum, siginfo_t *info, void *context)
{
	sigset_t now;

	(void)context;
	pthread_sigmask(SIG_BLOCK, NULL, &now);
	must(played, sigismember(&now, signum) == 1, "it is blocked meanwhile");
	must(played, in_handler++ == 0, "one at a time");
	must(played, info->si_signo == signum, "it is told which");
	if (info->si_value.sival_int % 3 == 0)
		sched_yield();
	got++;
	in_handler--;
}

struct directed {
	sem_t ready, sent;
	int pipe[2];
};

/* In calls that wait, and without. */
static intptr_t be_there(struct worker *w)
{
	struct directed *d = w->shared;
	struct timespec t = { 0, 100000 };
	volatile double x = w->number;

	played = w->play;
	got = 0;
	mask(SIG_UNBLOCK, w->play->signum);
	sem_post(&d->ready);
	while (got < TIMES) {
		switch (below(&w->chance, 4)) {
		case 0:
			nanosleep(&t, NULL);
			break;
		case 1:
			for (int i = 0; i < 5000; i++)
				x = x + 0.5;
			break;
		case 2:
			mask(SIG_BLOCK, w->play->signum);
			sched_yield();
			mask(SIG_UNBLOCK, w->play->signum);
			break;
		default:
			sched_yield();
		}
	}
	return got;
}

void play_directed(struct play *p)
{
	int n = 1 + (int)below(&p->chance, WORKERS);
	struct worker w[WORKERS];
	struct directed d;

	sem_init(&d.ready, 0, 0);
	install(p->signum, on_directed, below(&p->chance, 2) ? SA_RESTART : 0);
	hire(p, w, n, be_there, &d);
	for (int i = 0; i < n; i++)
		take(p, &d.ready);
	for (int k = 0; k < TIMES; k++)
		for (int i = 0; i < n; i++) {
			union sigval value = { .sival_int = k };

			pthread_sigqueue(w[i].thread, p->signum, value);
			if (below(&p->chance, 16) == 0)
				dawdle(&p->chance);
		}
	must(p, dismiss(w, n) == n * TIMES, "each handler runs as often");
}

static unsigned handled[WORKERS * 8]; /* by signal */

static void on_any(int signum, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	__atomic_fetch_add(&handled[signum - SIGRTMIN], 1, __ATOMIC_SEQ_CST);
	if (signum % 2)
		sched_yield();
}

/* The first stays to the end, others leave before. */
static intptr_t take_any(struct worker *w)
{
	const int signum = w->play->signum;
	unsigned left = w->number ? below(&w->chance, 60) : UINT32_MAX;

	mask(SIG_UNBLOCK, signum);
	sem_post(w->shared);
	while (handled[signum - SIGRTMIN] < TIMES && left--) {
		dawdle(&w->chance);
		if (below(&w->chance, 2))
			continue;
		mask(SIG_BLOCK, signum);
		dawdle(&w->chance);
		mask(SIG_UNBLOCK, signum);
	}
	return 0;
}

/* Sent to the process, handled by whoever can. */
void play_any(struct play *p)
{
	int n = 1 + (int)below(&p->chance, WORKERS);
	union sigval value = { .sival_int = 0 };
	struct worker w[WORKERS];
	sem_t ready;

	sem_init(&ready, 0, 0);
	handled[p->signum - SIGRTMIN] = 0;
	install(p->signum, on_any, SA_RESTART);
	hire(p, w, n, take_any, &ready);
	for (int i = 0; i < n; i++)
		take(p, &ready);
	for (int i = 0; i < TIMES; i++) {
		sigqueue(getpid(), p->signum, value);
		if (below(&p->chance, 4) == 0)
			dawdle(&p->chance);
	}
	dismiss(w, n);
	must(p, handled[p->signum - SIGRTMIN] == TIMES, "each is handled once");
}

static __thread volatile int resumed;

static void on_resume(int signum, siginfo_t *info, void *context)
{
	(void)signum;
	(void)info;
	(void)context;
	resumed++;
}

struct suspended {
	sem_t turn[WORKERS];
	int workers;
};

/* Until its signal came, which is blocked at all other times. */
static intptr_t suspend(struct worker *w)
{
	struct suspended *s = w->shared;
	sigset_t now;

	resumed = 0;
	for (int i = 1; i <= TIMES / 3; i++) {
		pthread_sigmask(SIG_BLOCK, NULL, &now);
		must(w->play, sigismember(&now, w->play->signum) == 1,
			"blocked before and after");
		sigdelset(&now, w->play->signum);
		sem_post(&s->turn[w->number]);
		while (resumed < i)
			must(w->play, sigsuspend(&now) < 0 && errno == EINTR,
				"sigsuspend");
		must(w->play, resumed == i, "one handler each time");
	}
	return resumed;
}

void play_suspended(struct play *p)
{
	struct suspended s = { .workers = 1 + (int)below(&p->chance, WORKERS) };
	struct worker w[WORKERS];

	for (int i = 0; i < s.workers; i++)
		sem_init(&s.turn[i], 0, 0);
	install(p->signum, on_resume, 0);
	hire(p, w, s.workers, suspend, &s);
	for (int k = 0; k < TIMES / 3; k++)
		for (int i = 0; i < s.workers; i++) {
			take(p, &s.turn[i]);
			if (below(&p->chance, 3) == 0)
				dawdle(&p->chance);
			pthread_kill(w[i].thread, p->signum);
		}
	dismiss(w, s.workers);
}

static __thread sigjmp_buf out;
static __thread volatile bool may_escape;

static void on_escape(int signum, siginfo_t *info, void *context)
{
	(void)signum;
	(void)info;
	(void)context;
	if (may_escape)
		siglongjmp(out, 1);
}

struct escapes {
	sem_t turn[WORKERS];
	pthread_mutex_t lock;
	int pipe[2];
	void *stacks[WORKERS];
};

#define STACK_SIZE 32768

static void wait_to_escape(struct worker *w, struct escapes *e)
{
	char byte;

	sem_post(&e->turn[w->number]);
	may_escape = true;
	mask(SIG_UNBLOCK, w->play->signum);
	for (;;)
		if (below(&w->chance, 2))
			must(w->play, read(e->pipe[0], &byte, 1) < 0,
				"nothing is read");
		else
			pause_ms(100);
}

static intptr_t escape(struct worker *w)
{
	struct escapes *e = w->shared;
	stack_t stack = { .ss_sp = e->stacks[w->number],
		.ss_size = STACK_SIZE };
	volatile int times = 0;

	if (stack.ss_sp)
		sigaltstack(&stack, NULL);
	while (times < TIMES / 3) {
		if (sigsetjmp(out, 1) == 0)
			wait_to_escape(w, e);
		may_escape = false;
		times++;
	}
	stack.ss_flags = SS_DISABLE;
	must(w->play, sigaltstack(&stack, NULL) == 0, "the stack was left");
	return times;
}

void play_escapes(struct play *p)
{
	int n = 1 + (int)below(&p->chance, WORKERS);
	struct worker w[WORKERS];
	struct escapes e = { .lock = PTHREAD_MUTEX_INITIALIZER };

	must(p, pipe(e.pipe) == 0, "a pipe");
	for (int i = 0; i < n; i++) {
		sem_init(&e.turn[i], 0, 0);
		if (below(&p->chance, 2))
			e.stacks[i] = malloc(STACK_SIZE);
	}
	install(p->signum, on_escape, SA_ONSTACK);
	hire(p, w, n, escape, &e);
	for (int k = 0; k < TIMES / 3; k++)
		for (int i = 0; i < n; i++) {
			take(p, &e.turn[i]);
			if (below(&p->chance, 3) == 0)
				dawdle(&p->chance);
			pthread_kill(w[i].thread, p->signum);
		}
	must(p, dismiss(w, n) == n * (TIMES / 3), "all get out");
	for (int i = 0; i < n; i++)
		free(e.stacks[i]);
	close(e.pipe[0]);
	close(e.pipe[1]);
}

static void on_time(union sigval value)
{
	sem_post(value.sival_ptr);
}

static __thread volatile int ticks;

static void on_tick(int signum, siginfo_t *info, void *context)
{
	(void)signum;
	(void)context;
	ticks += info->si_code == SI_TIMER;
}

static intptr_t wait_for_tick(struct worker *w)
{
	const struct itimerspec soon = { { 0, 0 },
		{ 0, 1 + below(&w->chance, 3000000) } };
	struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = w->play->signum };
	timer_t timer;

	ticks = 0;
	e._sigev_un._tid = (int)gettid_raw();
	mask(SIG_UNBLOCK, w->play->signum);
	must(w->play, timer_create(CLOCK_MONOTONIC, &e, &timer) == 0,
		"a timer of its own");
	timer_settime(timer, 0, &soon, NULL);
	while (!ticks)
		dawdle(&w->chance);
	timer_delete(timer);
	return ticks;
}

void play_timers(struct play *p)
{
	int n = 1 + (int)below(&p->chance, 4);
	struct worker w[WORKERS];
	struct itimerspec soon = { { 0, 0 },
		{ 0, 1 + below(&p->chance, 3000000) } };
	struct sigevent e = { .sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = on_time };
	timer_t timer;
	sem_t fired;

	sem_init(&fired, 0, 0);
	install(p->signum, on_tick, 0);
	hire(p, w, n, wait_for_tick, NULL);
	e.sigev_value.sival_ptr = &fired;
	must(p, timer_create(CLOCK_MONOTONIC, &e, &timer) == 0, "a timer");
	timer_settime(timer, 0, &soon, NULL);
	take(p, &fired);
	timer_delete(timer);
	must(p, dismiss(w, n) == n, "each is told once");
	pause_ms(1); /* who told may be in sem_post() yet */
}
