/* SPDX-License-Identifier: MIT */
/*
 * chat - everybody in one room; telnet is the client.
 *
 *	chat [ADDRESS]			(127.0.0.1:6000)
 *
 * Each guest has two greenlets: the server's, which reads, and one that writes
 * what is in the guest's queue.  So nobody waits for a guest who does not read:
 * when his queue is full he misses lines.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <gev.h>
#include "tools.h"

#define LINES 64 /* that a guest may be behind */

struct guest {
	LIST_ENTRY(guest) link;
	gev_stream *stream;
	gev_queue lines;
	char name[32];
};

static LIST_HEAD(, guest) room;

static void tell(struct guest *g, const char *name, const char *text)
{
	char *line;

	if (asprintf(&line, "%s %s", name, text) < 0)
		return;
	if (gev_queue_put(&g->lines, line, 0) < 0)
		free(line);
}

static void tell_all(const char *name, const char *text)
{
	struct guest *g;

	LIST_FOREACH(g, &room, link)
		tell(g, name, text);
}

/* Flushes when there is nothing more to say. */
static intptr_t write_lines(void *arg)
{
	struct guest *g = arg;
	void *line;
	ssize_t n;

	while (gev_queue_get(&g->lines, &line, GEV_FOREVER) == 0) {
		n = gev_stream_puts(g->stream, line);
		free(line);
		if (n < 0 || (gev_queue_empty(&g->lines) &&
				     gev_stream_flush(g->stream) < 0))
			break;
	}
	return 0;
}

static ssize_t read_line(struct guest *g, char *line, size_t size)
{
	ssize_t n = gev_stream_read_line(g->stream, line, size);

	if (n < 0 && errno == EMSGSIZE)
		n = gev_stream_read(g->stream, line, size - 2);
	if (n > 0) {
		line[n] = '\0';
		strcpy(line + strcspn(line, "\r\n"), "\n");
	}
	return n;
}

static void converse(struct guest *g)
{
	char line[512];

	gev_stream_puts(g->stream, "name? ");
	gev_stream_flush(g->stream);
	if (read_line(g, line, sizeof(line)) <= 0)
		return;
	snprintf(g->name, sizeof(g->name), "%.*s", (int)strlen(line) - 1, line);
	tell_all(g->name, "joins\n");
	LIST_INSERT_HEAD(&room, g, link);
	while (read_line(g, line, sizeof(line)) > 0)
		tell_all(g->name, line);
	LIST_REMOVE(g, link);
	tell_all(g->name, "leaves\n");
}

static void welcome(int fd, const struct sockaddr *peer, socklen_t size,
	void *arg)
{
	struct guest g = { .stream = gev_stream_open(fd, GEV_STREAM_KEEP) };
	gev_greenlet *writer;
	void *line;

	(void)peer, (void)size, (void)arg;
	if (!g.stream)
		return;
	gev_queue_init(&g.lines, LINES);
	writer = gev_spawn(write_lines, &g);
	if (writer)
		converse(&g);
	gev_shield_begin(); /* the writer uses what is on this stack */
	gev_kill(writer, GEV_FOREVER);
	gev_shield_end();
	gev_unref(writer);
	while (gev_queue_get(&g.lines, &line, 0) == 0)
		free(line);
	gev_queue_fini(&g.lines);
	gev_stream_close(g.stream);
}

static const char usage[] =
	"usage: chat [ADDRESS]\n"
	"Let all who connect talk to each other, until SIGTERM.\n\n"
	"  ADDRESS   where to listen (127.0.0.1:6000); port 0: any, see"
	" the first line\n"
	"  --help    this";

int main(int argc, char **argv)
{
	struct gev_server_options options = {
		.address = argc > 1 ? argv[1] : "127.0.0.1:6000",
		.handle = welcome };

	check_arguments(argc, argv, 0, 1, usage);
	serve_until_term(&options, "chatting", 0);
	return 0;
}
