/* SPDX-License-Identifier: MIT */
/* Threads come, return something, go. */
#include <sys/prctl.h>
#include "program.h"

#define MANY 1000

static void *twice(void *arg)
{
	return (void *)(2 * (intptr_t)arg);
}

static void many(void)
{
	pthread_t t[MANY];
	bool ok = true;

	for (intptr_t i = 0; i < MANY; i++)
		t[i] = begin(twice, (void *)i);
	for (intptr_t i = 0; i < MANY; i++)
		ok &= finish(t[i]) == (void *)(2 * i);
	say(ok, "a thousand threads return their values");
}

static void one_after_the_other(void)
{
	bool ok = true;

	for (intptr_t i = 0; i < 5 * MANY; i++)
		ok &= finish(begin(twice, (void *)i)) == (void *)(2 * i);
	say(ok, "so do five thousand, one at a time");
}

struct identity {
	pthread_t self;
	long tid;
	pid_t pid;
};

static void *identify(void *arg)
{
	struct identity *it = arg;

	it->self = pthread_self();
	it->tid = gettid_raw();
	it->pid = getpid();
	pause_ms(20);
	return NULL;
}

static void identities(void)
{
	struct identity a, b;
	pthread_t ta = begin(identify, &a), tb = begin(identify, &b);

	finish(ta);
	finish(tb);
	say(!pthread_equal(a.self, b.self), "threads differ in pthread_self");
	say(a.tid != b.tid && a.tid != gettid_raw(), "and in gettid");
	say(a.pid == getpid() && b.pid == getpid(), "but not in getpid");
	say(gettid_raw() == getpid(), "main's gettid is the process's id");
}

static volatile int detached_ran;

static void *detached(void *arg)
{
	(void)arg;
	pthread_detach(pthread_self());
	detached_ran = 1;
	return NULL;
}

static void *leave_by_exit(void *arg)
{
	pthread_exit(arg);
}

static void ways_to_end(void)
{
	int x;

	begin(detached, NULL);
	say(await(&detached_ran), "a detached thread runs");
	say(finish(begin(leave_by_exit, &x)) == &x, "pthread_exit's value");
}

static void *sleeper(void *arg)
{
	pause_ms(50);
	return arg;
}

static void joining(void)
{
	struct timespec t;
	pthread_t it = begin(sleeper, NULL);
	void *value;

	say(pthread_tryjoin_np(it, &value) == EBUSY, "tryjoin: still there");
	clock_gettime(CLOCK_REALTIME, &t);
	say(pthread_timedjoin_np(it, &value, &t) == ETIMEDOUT,
		"timedjoin: not in time");
	t.tv_sec += 5;
	say(pthread_timedjoin_np(it, &value, &t) == 0, "timedjoin: in time");
}

static void *look_at_stack(void *arg)
{
	pthread_attr_t attr;
	void *low = NULL;
	size_t size = 0;
	char here;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &low, &size);
	pthread_attr_destroy(&attr);
	*(bool *)arg = &here >= (char *)low && &here < (char *)low + size;
	return NULL;
}

static void stacks(void)
{
	pthread_attr_t attr;
	pthread_t t;
	bool on = false;
	char *own = aligned_alloc(4096, 1 << 17);

	finish(begin(look_at_stack, &on));
	say(on, "a thread is on the stack it is told of");
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, own, 1 << 17);
	on = false;
	say(pthread_create(&t, &attr, look_at_stack, &on) == 0,
		"a stack of the program's own");
	finish(t);
	say(on, "is used");
	free(own);
}

/* One that says again what is so has changed nothing: it can be joined. */
static void *say_it_again(void *arg)
{
	int *at = NULL;

	*(bool *)arg = prctl(PR_GET_TID_ADDRESS, &at) == 0 && at &&
		       *at == gettid_raw() &&
		       prctl(PR_GET_TID_ADDRESS, 8) < 0 && errno == EFAULT &&
		       syscall(SYS_set_tid_address, at) == gettid_raw();
	return NULL;
}

static void ends_of_threads(void)
{
	bool own = false;

	finish(begin(say_it_again, &own));
	say(own, "a thread is told where its end will be seen");
}

static void names(void)
{
	char name[16] = "";

	say(pthread_setname_np(pthread_self(), "renamed") == 0, "a name is set");
	pthread_getname_np(pthread_self(), name, sizeof(name));
	say(!strcmp(name, "renamed"), "and read again");
}

int main(void)
{
	many();
	one_after_the_other();
	identities();
	ways_to_end();
	joining();
	stacks();
	ends_of_threads();
	names();
	return 7;
}
