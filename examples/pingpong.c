/* SPDX-License-Identifier: MIT */
/*
 * pingpong - two coroutines that switch to each other, without a hub.
 *
 * The first example of the greenlet package's documentation.  It prints 12,
 * 56, 34: when test1() returns, control goes to its parent, which is main().
 * Nobody switches back to test2(), so 78 is never printed; gev_coro_free()
 * resumes it one last time, with ECANCELED, for it to clean up.
 */
#include <stdio.h>
#include <gev/coro.h>

static gev_coro *gr1, *gr2;

static void *test1(void *value)
{
	puts("12");
	gev_coro_switch(gr2, NULL);
	puts("34");
	return value;
}

static void *test2(void *value)
{
	puts("56");
	gev_coro_switch(gr1, NULL);
	if (gev_coro_thrown())
		return NULL;
	puts("78");
	return value;
}

int main(void)
{
	gr1 = gev_coro_new(test1, NULL);
	gr2 = gev_coro_new(test2, NULL);
	if (!gr1 || !gr2) {
		perror("pingpong");
		return 1;
	}
	gev_coro_switch(gr1, NULL);
	gev_coro_free(gr1);
	gev_coro_free(gr2);
	return 0;
}
