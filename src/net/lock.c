/* SPDX-License-Identifier: MIT */
#include "net/lock.h"
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

/* Without memory for that, a child may hang: nothing is to be done about it. */
static void init(void)
{
	pthread_atfork(before_fork, after_fork, after_fork);
}

void gev__net_lock(void)
{
	pthread_once(&once, init);
	pthread_mutex_lock(&lock);
}

void gev__net_unlock(void)
{
	pthread_mutex_unlock(&lock);
}
