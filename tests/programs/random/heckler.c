/* SPDX-License-Identifier: MIT */
/* Signals to threads that do other things. */
#include "random.h"
#include <signal.h>

bool heckled, restarting;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct worker *working;
static bool hushed;
static pthread_t heckler;
static uint64_t chance;

static unsigned sent;
static volatile unsigned heard;

static void on_signal(int signum)
{
	const int before = errno;

	(void)signum;
	errno = EDOM;
	__atomic_fetch_add(&heard, 1, __ATOMIC_SEQ_CST);
	errno = before;
}

void enter(struct worker *w)
{
	pthread_mutex_lock(&lock);
	w->thread = pthread_self(); /* who made it may not know yet */
	w->next = working;
	working = w;
	pthread_mutex_unlock(&lock);
}

void leave(struct worker *w)
{
	struct worker **at = &working;

	pthread_mutex_lock(&lock);
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	pthread_mutex_unlock(&lock);
}

static void pick_on_one(void)
{
	struct worker *w = working;

	for (unsigned i = below(&chance, 2 * WORKERS); w && i; i--)
		w = w->next;
	if (!w)
		return;
	pthread_kill(w->thread, SIGUSR1);
	sent++;
}

static void *go_on(void *arg)
{
	bool over = false;

	(void)arg;
	while (!over) {
		pthread_mutex_lock(&lock);
		pick_on_one();
		over = hushed;
		pthread_mutex_unlock(&lock);
		dawdle(&chance);
		if (below(&chance, 4) == 0)
			pause_ms(1);
	}
	return NULL;
}

void heckle(uint64_t with)
{
	struct sigaction sa = { .sa_handler = on_signal };

	chance = with;
	working = NULL;
	heckled = below(&chance, 3);
	restarting = below(&chance, 2);
	hushed = false;
	sa.sa_flags = restarting ? SA_RESTART : 0;
	sigaction(SIGUSR1, &sa, NULL);
	if (heckled)
		heckler = begin(go_on, NULL);
}

void hush(void)
{
	if (!heckled)
		return;
	pthread_mutex_lock(&lock);
	hushed = true;
	pthread_mutex_unlock(&lock);
	finish(heckler);
}
