/* SPDX-License-Identifier: MIT */
/*
 * answer.h - file_server's side of one connection: read a request, answer it.
 *
 * Functions return 0; or -1 with errno when there is nothing more to be said
 * on this connection.
 */
#ifndef EXAMPLES_ANSWER_H
#define EXAMPLES_ANSWER_H

#include <sys/queue.h>
#include <gev.h>
#include "http.h"

/* What all connections have in common. */
struct service {
	int root;         /* the directory */
	gev_time latency; /* before each answer */
	gev_time timeout; /* for a request to come, and each block to go */
	bool log;         /* a line for each answer */
	bool stopping;    /* answer, then close */
};

struct connection {
	LIST_ENTRY(connection) link;
	const struct service *service;
	gev_greenlet *greenlet;
	bool idle;         /* between two requests: nobody misses it */
	bool keep;         /* another request may follow */
	bool head_only;    /* the request is HEAD */
	char request[100]; /* the request line, for the log */
	struct http_in in;
	struct http_head head;
};

/* read_request - wait for the next request and receive its head. */
int read_request(struct connection *c);

/* answer - do what the request asks for, or say why not. */
int answer(struct connection *c);

/* refuse - say what was wrong with a request read_request() failed to read. */
int refuse(struct connection *c, int error);

/* linger - say that no more will come, and wait a little for the peer's end. */
void linger(struct connection *c);

#endif
