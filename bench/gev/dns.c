/* SPDX-License-Identifier: MIT */
/* 10,000 names through 100 greenlets: ns for each; with "cpu", of CPU. */
#include <gev.h>
#include "bench.h"

#define NAMES 10000
#define GREENLETS 100

static int next;

static intptr_t ask(void *arg)
{
	struct addrinfo hints = { .ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	char name[32];

	while (next < NAMES) {
		snprintf(name, sizeof(name), "n%d.bench.test", next++);
		bench_need(gev_getaddrinfo(name, "80", &hints, &list) == 0,
			"gev_getaddrinfo");
		gev_freeaddrinfo(list);
	}
	return (intptr_t)arg;
}

static double once(clockid_t clock)
{
	gev_greenlet *g[GREENLETS];
	double start = bench_ns(clock);

	next = 0;
	for (int i = 0; i < GREENLETS; i++)
		g[i] = gev_spawn(ask, NULL);
	for (int i = 0; i < GREENLETS; i++) {
		gev_join(g[i], GEV_FOREVER);
		gev_unref(g[i]);
	}
	return (bench_ns(clock) - start) / NAMES;
}

int main(int argc, char **argv)
{
	clockid_t clock = argc > 2 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
	char server[32];
	gev_resolver_options options = { .resolver = "ares",
		.nameservers = server };

	bench_need(argc > 1, "usage: gev-dns PORT [cpu]");
	snprintf(server, sizeof(server), "127.0.0.1:%s", argv[1]);
	bench_need(gev_resolver_configure(&options) == 0, "c-ares");
	once(clock);
	printf("%.0f\n", once(clock));
	return 0;
}
