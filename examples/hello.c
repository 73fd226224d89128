/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <gev.h>

static intptr_t count(void *name)
{
	for (int i = 1; i <= 3; i++) {
		printf("%s %d\n", (char *)name, i);
		gev_sleep(GEV_MS(100));
	}
	return 0;
}

int main(void)
{
	char tick[] = "tick", tock[] = "tock";
	gev_greenlet *g[] = { gev_spawn(count, tick), gev_spawn(count, tock) };

	gev_joinall(g, 2, GEV_FOREVER);
	gev_unref(g[0]);
	gev_unref(g[1]);
	return 0;
}
