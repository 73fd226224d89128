/* SPDX-License-Identifier: MIT */
/* What is a thread's own. */
#include <locale.h>
#include <sys/resource.h>
#include "program.h"

#define N 20

static __thread int mine = 5;
static __thread char large[3000];
static pthread_key_t key;
static int destroyed;

static void destroy(void *value)
{
	__atomic_fetch_add(&destroyed, (int)(intptr_t)value, __ATOMIC_SEQ_CST);
}

static void *use(void *arg)
{
	bool ok = mine == 5 && !large[100];

	pthread_setspecific(key, (void *)1);
	for (int i = 0; i < 50; i++) {
		mine = (int)(intptr_t)arg;
		large[100] = (char)(intptr_t)arg;
		errno = mine;
		sched_yield();
		ok &= errno == (int)(intptr_t)arg && mine == errno &&
		      large[100] == (char)mine;
	}
	return (void *)(intptr_t)ok;
}

static void storage(void)
{
	pthread_t t[N];
	bool ok = true;

	pthread_key_create(&key, destroy);
	for (intptr_t i = 0; i < N; i++)
		t[i] = begin(use, (void *)(i + 1));
	for (int i = 0; i < N; i++)
		ok &= finish(t[i]) != NULL;
	say(ok, "__thread and errno are a thread's own");
	say(destroyed == N, "specific data is destroyed with each thread");
}

static void *languages(void *arg)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", NULL);

	(void)arg;
	uselocale(c);
	pause_ms(10);
	return (void *)(intptr_t)(uselocale(NULL) == c);
}

static void *spend(void *arg)
{
	struct timespec t;
	clockid_t clock;
	struct rusage usage;

	(void)arg;
	for (volatile unsigned long i = 0; i < 5000000; i++)
		continue;
	if (pthread_getcpuclockid(pthread_self(), &clock) ||
		clock_gettime(clock, &t))
		return NULL;
	if (t.tv_sec == 0 && t.tv_nsec == 0)
		return NULL;
	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t))
		return NULL;
	return (void *)(intptr_t)(getrusage(RUSAGE_THREAD, &usage) == 0);
}

int main(void)
{
	storage();
	say(finish(begin(languages, NULL)) != NULL, "uselocale");
	say(uselocale(NULL) == LC_GLOBAL_LOCALE, "is not for others");
	say(finish(begin(spend, NULL)) != NULL, "a thread has a CPU clock");
	return 3;
}
