/* SPDX-License-Identifier: MIT */
/*
 * connection_pool - many greenlets share a few connections.
 *
 *	connection_pool ADDRESS [REQUESTS [CONNECTIONS]]
 *
 * The other side answers each line with a line.  The pool is a queue of places:
 * an open connection, or NULL where one is still to be made.  Who takes one out
 * has it to himself, and puts it back; a broken one is replaced, and the
 * request tried once more.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gev.h>
#include "tools.h"

static gev_address target;
static gev_queue places;
static int opened, right, wrong;

static gev_stream *connect_to_target(void)
{
	int fd = gev_tcp_connect(target.host, target.port, GEV_SEC(10));
	gev_stream *s = fd < 0 ? NULL : gev_stream_open(fd, 0);

	if (!s) {
		gev_close(fd);
		return NULL;
	}
	gev_stream_set_timeout(s, GEV_SEC(10));
	opened++;
	return s;
}

/* The answer's length, or -1. */
static ssize_t ask(gev_stream *s, const char *question, char *answer,
	size_t size)
{
	ssize_t n;

	if (!s || gev_stream_puts(s, question) < 0 || gev_stream_flush(s) < 0)
		return -1;
	n = gev_stream_read_line(s, answer, size);
	return n > 0 ? n : -1;
}

static ssize_t ask_pool(const char *question, char *answer, size_t size)
{
	void *place;
	gev_stream *s;
	ssize_t n = -1;

	if (gev_queue_get(&places, &place, GEV_FOREVER) < 0)
		return -1;
	s = place;
	for (int attempt = 0; n < 0 && attempt < 2; attempt++) {
		if (!s)
			s = connect_to_target();
		n = ask(s, question, answer, size);
		if (n < 0) {
			gev_stream_close(s);
			s = NULL;
		}
	}
	gev_queue_put(&places, s, 0);
	return n;
}

static intptr_t request(void *number)
{
	char question[32], answer[64];

	snprintf(question, sizeof(question), "%d\n", (int)(intptr_t)number);
	if (ask_pool(question, answer, sizeof(answer)) > 0 &&
		strcmp(question, answer) == 0)
		right++;
	else
		wrong++;
	return 0;
}

static const char usage[] =
	"usage: connection_pool ADDRESS [REQUESTS [CONNECTIONS]]\n"
	"Send lines to a server that echoes, over few connections.\n\n"
	"  ADDRESS       of the server, as 127.0.0.1:7000\n"
	"  REQUESTS      how many, all at the same time (100)\n"
	"  CONNECTIONS   that they share (4)\n"
	"  --help        this";

int main(int argc, char **argv)
{
	gev_group requests = GEV_GROUP_INIT;
	int n = 100, size = 4;
	void *s;

	check_arguments(argc, argv, 1, 3, usage);
	if (gev_address_parse(&target, argv[1], -1) < 0)
		die("%s: %s", argv[1], strerror(errno));
	if (argc > 2)
		n = (int)number_option("REQUESTS", argv[2], 1, 1000000);
	if (argc > 3)
		size = (int)number_option("CONNECTIONS", argv[3], 1, 1000);
	gev_queue_init(&places, (size_t)size);
	for (int i = 0; i < size; i++)
		gev_queue_put(&places, NULL, 0);

	for (intptr_t i = 0; i < n; i++)
		gev_pool_go(&requests, request, (void *)i, GEV_FOREVER);
	gev_pool_join(&requests, GEV_FOREVER);

	while (gev_queue_get(&places, &s, 0) == 0)
		gev_stream_close(s);
	printf("%d right, %d wrong, %d connections opened\n", right, wrong,
		opened);
	return wrong > 0;
}
