/* SPDX-License-Identifier: MIT */
/*
 * loop_only - a line-echo server on the event loop alone, without a greenlet.
 *
 * Each client has a buffer and one io watcher, which waits either for more
 * input or for room to send what is complete; never for both, so a client that
 * does not read what it gets is not read from.  A timer tells how it is going,
 * and signal watchers end the program: what was received is still sent, and
 * when the last watcher that counts has stopped, gev_loop_run() returns.
 *
 * file_server is the same kind of program with greenlets: compare the two.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>
#include <gev/loop.h>
#include "tools.h"

#define GRACE GEV_SEC(5)

struct client {
	gev_io_watcher io;
	int fd;
	size_t used;     /* bytes in line[] */
	size_t complete; /* those of them that are whole lines, to be sent */
	char line[4096];
	LIST_ENTRY(client) link;
};

static struct {
	gev_loop *loop;
	int listener;
	gev_io_watcher accepting;
	gev_timer_watcher tick, grace;
	gev_signal_watcher term, intr;
	LIST_HEAD(, client) clients;
	long count, lines;
	bool stopping;
} server;

static struct {
	long port, tick;
} options = { 7777, 10000 };

static void drop(struct client *c)
{
	gev_watcher_stop(&c->io.w);
	close(c->fd);
	LIST_REMOVE(c, link);
	free(c);
	server.count--;
}

static int serve(gev_watcher *w, int revents, void *arg);

/* From now on @c waits for @events. */
static int expect(struct client *c, int events)
{
	if (gev_watcher_active(&c->io.w) && c->io.events == events)
		return 0;
	gev_watcher_stop(&c->io.w);
	gev_io_init(&c->io, server.loop, c->fd, events);
	return gev_io_start(&c->io, serve, c);
}

/* Less than 0: @c is done for. */
static int receive(struct client *c)
{
	ssize_t n = recv(c->fd, c->line + c->used, sizeof(c->line) - c->used,
		0);
	char *end;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1;
	c->used += n;
	end = memrchr(c->line, '\n', c->used);
	c->complete = end ? end + 1 - c->line : 0;
	for (size_t i = 0; i < c->complete; i++)
		server.lines += c->line[i] == '\n';
	return c->complete || c->used < sizeof(c->line) ? 0 : -1;
}

static int reply(struct client *c)
{
	ssize_t n = send(c->fd, c->line, c->complete, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	c->used -= n;
	c->complete -= n;
	memmove(c->line, c->line + n, c->used);
	return 0;
}

static int serve(gev_watcher *w, int revents, void *arg)
{
	struct client *c = arg;
	int r = 0;

	(void)w, (void)revents;
	if (c->complete == 0)
		r = receive(c);
	if (r == 0 && c->complete)
		r = reply(c);
	if (r == 0)
		r = expect(c, c->complete ? GEV_WRITE : GEV_READ);
	if (r < 0 || (server.stopping && c->complete == 0))
		drop(c);
	return 0;
}

static int welcome(int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return -1;
	c->fd = fd;
	if (expect(c, GEV_READ) < 0) {
		free(c);
		return -1;
	}
	LIST_INSERT_HEAD(&server.clients, c, link);
	server.count++;
	return 0;
}

/* Out of descriptors: no more are accepted before the next tick. */
static int accept_client(gev_watcher *w, int revents, void *arg)
{
	int fd = accept4(server.listener, NULL, NULL,
		SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)revents, (void)arg;
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		return gev_watcher_stop(w);
	if (fd >= 0 && welcome(fd) < 0)
		close(fd);
	return 0;
}

static int tick(gev_watcher *w, int revents, void *arg)
{
	(void)w, (void)revents, (void)arg;
	printf("%ld clients, %ld lines\n", server.count, server.lines);
	if (!gev_watcher_active(&server.accepting.w))
		gev_io_start(&server.accepting, accept_client, NULL);
	return 0;
}

static int give_up(gev_watcher *w, int revents, void *arg)
{
	(void)w, (void)revents, (void)arg;
	return gev_loop_break(server.loop);
}

static int stop(gev_watcher *w, int revents, void *arg)
{
	struct client *c, *next;

	(void)w, (void)revents, (void)arg;
	if (server.stopping)
		return gev_loop_break(server.loop);
	server.stopping = true;
	gev_watcher_stop(&server.accepting.w);
	gev_watcher_stop(&server.tick.w);
	gev_timer_init(&server.grace, server.loop, GRACE, 0);
	gev_watcher_set_ref(&server.grace.w, false);
	gev_timer_start(&server.grace, give_up, NULL);
	for (c = LIST_FIRST(&server.clients); c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->complete == 0)
			drop(c);
	}
	return 0;
}

static void open_listener(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons(options.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&addr, size) < 0 ||
		listen(fd, SOMAXCONN) < 0 ||
		getsockname(fd, (struct sockaddr *)&addr, &size) < 0)
		die("cannot listen on port %ld: %s", options.port,
			strerror(errno));
	server.listener = fd;
	options.port = ntohs(addr.sin_port);
}

static int watch(void)
{
	gev_time every = GEV_MS(options.tick);

	gev_io_init(&server.accepting, server.loop, server.listener, GEV_READ);
	gev_timer_init(&server.tick, server.loop, every, every);
	gev_signal_init(&server.intr, server.loop, SIGINT);
	gev_signal_init(&server.term, server.loop, SIGTERM);
	if (gev_io_start(&server.accepting, accept_client, NULL) < 0 ||
		gev_timer_start(&server.tick, tick, NULL) < 0 ||
		gev_signal_start(&server.intr, stop, NULL) < 0)
		return -1;
	return gev_signal_start(&server.term, stop, NULL);
}

static void help(void)
{
	puts("usage: loop_only [options]\n"
	     "Send each line back to who sent it, on one thread and its event"
	     " loop.\n"
	     "A line of more than 4095 bytes ends its connection.\n\n"
	     "  --port N    port of 127.0.0.1 to listen on (7777); 0: any, see"
	     " the first line\n"
	     "  --tick MS   how often to tell how it is going (10000)\n"
	     "  --help      this");
	exit(0);
}

static void parse_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "tick", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (c == 'p')
			options.port = number_option("port", optarg, 0, 65535);
		else if (c == 't')
			options.tick = number_option("tick", optarg, 1,
				86400000);
		else if (c == 'h')
			help();
		else
			exit(2);
	if (optind < argc)
		die("what is \"%s\"?  See --help", argv[optind]);
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	raise_descriptor_limit();
	server.loop = gev_loop_new();
	if (!server.loop)
		die("cannot make a loop: %s", strerror(errno));
	open_listener();
	if (watch() < 0)
		die("cannot start: %s", strerror(errno));
	printf("echoing lines on 127.0.0.1, port %ld\n", options.port);
	if (gev_loop_run(server.loop, 0) < 0)
		die("cannot wait for events: %s", strerror(errno));
	while (!LIST_EMPTY(&server.clients))
		drop(LIST_FIRST(&server.clients));
	gev_loop_free(server.loop);
	close(server.listener);
	printf("%ld lines in all\n", server.lines);
	return 0;
}
