/* SPDX-License-Identifier: MIT */
/* The futex calls that libc itself does not make, or not always. */
#include <linux/futex.h>
#include "program.h"

static unsigned word, other;
static volatile int waiting, woken;

static long futex(unsigned *at, int op, unsigned value, const void *timeout,
	unsigned *second, unsigned third)
{
	return syscall(SYS_futex, at, op, value, timeout, second, third);
}

struct wait {
	int op;
	unsigned bits;
};

static void *wait_on_word(void *arg)
{
	const struct wait *w = arg;
	long r;

	__atomic_fetch_add(&waiting, 1, __ATOMIC_SEQ_CST);
	r = futex(&word, w->op, 0, NULL, NULL, w->bits);
	__atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST);
	return (void *)(r < 0 ? -(intptr_t)errno : (intptr_t)r);
}

static void start(pthread_t *t, int n, struct wait *w)
{
	waiting = woken = 0;
	for (int i = 0; i < n; i++)
		t[i] = begin(wait_on_word, w);
	while (waiting < n)
		pause_ms(1);
	pause_ms(30);
}

static bool all_zero(pthread_t *t, int n)
{
	bool ok = true;

	for (int i = 0; i < n; i++)
		ok &= finish(t[i]) == NULL;
	return ok;
}

static void wakes(int flag)
{
	struct wait w = { FUTEX_WAIT | flag, 0 };
	pthread_t t[5];

	start(t, 5, &w);
	say(futex(&word, FUTEX_WAKE | flag, 2, NULL, NULL, 0) == 2,
		"two are woken");
	pause_ms(20);
	say(woken == 2, "and no more");
	say(futex(&word, FUTEX_WAKE | flag, 100, NULL, NULL, 0) == 3,
		"then the rest");
	say(all_zero(t, 5), "each answers 0");
}

static void bits(void)
{
	struct wait one = { FUTEX_WAIT_BITSET_PRIVATE, 1 };
	struct wait two = { FUTEX_WAIT_BITSET_PRIVATE, 2 };
	pthread_t t[2];

	start(t, 1, &one);
	start(t + 1, 1, &two);
	say(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 4) == 0,
		"bits nobody waits for");
	say(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 2) == 1,
		"bits that one waits for");
	say(finish(t[1]) == NULL, "which is that one");
	futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0);
	finish(t[0]);
	say(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 0) < 0 &&
			errno == EINVAL,
		"no bits at all");
}

static void requeues(void)
{
	struct wait w = { FUTEX_WAIT_PRIVATE, 0 };
	pthread_t t[4];

	start(t, 4, &w);
	say(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &other, 9) <
				0 &&
			errno == EAGAIN,
		"requeue looks at the word");
	say(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &other, 0) ==
			3,
		"one woken, two moved");
	pause_ms(20);
	say(woken == 1, "one goes on");
	say(futex(&other, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 2,
		"those moved wait there");
	say(futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 1,
		"the last where it was");
	say(all_zero(t, 4), "each answers 0");
}

static void wake_op(void)
{
	struct wait w = { FUTEX_WAIT_PRIVATE, 0 };
	pthread_t t[2];

	other = 5;
	start(t, 2, &w);
	say(futex(&other, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &word,
		    FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 0)) == 1,
		"wake-op wakes at the second address");
	say(word == 3, "after its operation");
	futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0);
	say(all_zero(t, 2), "each answers 0");
	word = other = 0;
}

static void *set_word(void *arg)
{
	pause_ms(30);
	*(unsigned *)arg = 1;
	futex(arg, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	return NULL;
}

static void several(void)
{
	struct futex_waitv v[2] = {
		{ .uaddr = (uintptr_t)&word, .flags = FUTEX_32 |
			  FUTEX_PRIVATE_FLAG },
		{ .uaddr = (uintptr_t)&other, .flags = FUTEX_32 |
			  FUTEX_PRIVATE_FLAG },
	};
	pthread_t t = begin(set_word, &other);
	long r = syscall(SYS_futex_waitv, v, 2, 0, NULL, 0);

	say(r == 1 || (r < 0 && errno == EAGAIN), "waitv tells which");
	finish(t);
	other = 0;
}

static void answers(void)
{
	struct timespec t = { 0, 10000000 };

	say(futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0) < 0 && errno == EAGAIN,
		"another value");
	say(futex(&word, FUTEX_WAIT, 0, &t, NULL, 0) < 0 && errno == ETIMEDOUT,
		"no wake in time");
	clock_gettime(CLOCK_MONOTONIC, &t);
	say(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &t, NULL, ~0u) < 0 &&
			errno == ETIMEDOUT,
		"a time that is over");
	say(futex((unsigned *)((char *)&word + 1), FUTEX_WAIT, 0, NULL, NULL,
		    0) < 0 && errno == EINVAL,
		"an odd address");
	say(futex((unsigned *)16, FUTEX_WAIT, 0, NULL, NULL, 0) < 0 &&
			errno == EFAULT,
		"no memory there");
	t.tv_nsec = 1000000000;
	say(futex(&word, FUTEX_WAIT, 0, &t, NULL, 0) < 0 && errno == EINVAL,
		"no such time");
}

int main(void)
{
	wakes(0);
	wakes(FUTEX_PRIVATE_FLAG);
	bits();
	requeues();
	wake_op();
	several();
	answers();
	return 0;
}
