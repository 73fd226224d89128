/* SPDX-License-Identifier: MIT */
/*
 * Makes a fast server slow: a process between it and its clients, which hands
 * on at once what they say, and what it answers a while later.
 */
#ifndef TESTS_MATRIX_PROXY_H
#define TESTS_MATRIX_PROXY_H

#include "matrix/server.h"

struct proxy {
	int port;
	pid_t pid;
};

/*
 * Between clients and @s.  Answers come @ms late; to who said @never, anywhere
 * in what he sent, they come no more.  NULL, or why not.
 */
const char *proxy_start(struct proxy *p, const struct server *s, int ms,
	const char *never);
void proxy_stop(struct proxy *p);

#endif
