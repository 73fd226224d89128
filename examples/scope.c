/* SPDX-License-Identifier: MIT */
/*
 * scope - three greenlets that succeed or fail together.
 *
 *	$ scope
 *	disk: ready
 *	network: no route
 *	index: stopped, Operation canceled
 *	start-up failed: Network is unreachable
 *
 * When the second fails the scope kills the third, which is still at work; the
 * first has long ended.  gev_scope_leave() returns when all of them have, and
 * with the error of the one that failed.  So a service may lie on the stack of
 * the function that starts it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <gev.h>

struct service {
	const char *name;
	gev_time takes;
	int error;
};

static intptr_t start(void *arg)
{
	const struct service *s = arg;

	if (gev_sleep(s->takes) < 0) {
		printf("%s: stopped, %s\n", s->name, strerror(errno));
		return -1;
	}
	if (s->error) {
		printf("%s: no route\n", s->name);
		return -s->error;
	}
	printf("%s: ready\n", s->name);
	return 0;
}

static int start_all(void)
{
	struct service services[] = {
		{ "disk", GEV_MS(10), 0 },
		{ "network", GEV_MS(50), ENETUNREACH },
		{ "index", GEV_SEC(60), 0 },
	};
	gev_scope scope = GEV_SCOPE_INIT;

	for (int i = 0; i < 3; i++)
		if (gev_scope_go(&scope, start, &services[i]) < 0)
			gev_scope_cancel(&scope);
	return gev_scope_leave(&scope);
}

int main(void)
{
	if (start_all() < 0)
		printf("start-up failed: %s\n", strerror(errno));
	return 0;
}
