/* SPDX-License-Identifier: MIT */
/*
 * file_server - serve a directory over HTTP/1.1, one greenlet per connection.
 *
 * serve() reads like a server for one client: read a request, answer it, again
 * until one side has had enough.  That there are thousands of them on one
 * thread shows nowhere in it.
 *
 * What strangers may do is bounded: a request has to arrive, and each block of
 * an answer to leave, within a time limit; a head has a largest size; no path
 * leads out of the directory (directory.h).
 *
 * On SIGTERM or SIGINT no more connections are accepted, those that wait for a
 * request are closed, and answers under way are given a few seconds to finish.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gev.h>
#include "answer.h"
#include "directory.h"
#include "tools.h"
#include "url.h"

#define GRACE GEV_SEC(5)

static struct {
	const char *root;
	const char *address;
	const char *port;
} options = { ".", "127.0.0.1", "8080" };

static struct service service = { .timeout = GEV_SEC(30), .log = true };

static struct {
	long count, limit; /* connections there are, and may be */
	gev_waiter *room;  /* the acceptor, waiting for one to end */
	gev_greenlet *acceptor;
	gev_signal_watcher term, intr;
	LIST_HEAD(, connection) connections;
} server;

static void converse(struct connection *c)
{
	int r;

	do {
		r = read_request(c);
		r = r == 0 ? answer(c) : refuse(c, errno);
		if (r < 0)
			return;
	} while (c->keep);
	linger(c);
}

static intptr_t serve(void *fd)
{
	struct connection c;

	c.service = &service;
	c.greenlet = gev_current();
	http_in_init(&c.in, (intptr_t)fd);
	LIST_INSERT_HEAD(&server.connections, &c, link);
	converse(&c);
	LIST_REMOVE(&c, link);
	gev_close(c.in.fd);
	server.count--;
	if (server.room)
		gev_waiter_wake(server.room, NULL);
	return 0;
}

/* A connection may need a second descriptor, for the file. */
static int wait_for_room(void)
{
	gev_waiter room = GEV_WAITER_INIT("room for a connection");
	static bool told;
	int r;

	if (server.count < server.limit)
		return 0;
	if (!told)
		fprintf(stderr, "file_server: at the limit of descriptors with"
			" %ld connections; others wait\n", server.count);
	told = true;
	server.room = &room;
	r = gev_waiter_get(&room, NULL, GEV_FOREVER);
	server.room = NULL;
	return r;
}

static intptr_t accept_connections(void *listener)
{
	int fd, one = 1;

	while (!service.stopping) {
		if (wait_for_room() < 0)
			continue;
		fd = gev_accept4((intptr_t)listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) {
			gev_sleep(GEV_MS(10)); /* whatever it is may pass */
			continue;
		}
		gev_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (gev_go(serve, (void *)(intptr_t)fd) == 0)
			server.count++;
		else
			gev_close(fd);
	}
	return 0;
}

static int stop(gev_watcher *w, int revents, void *arg)
{
	struct connection *c;

	(void)w, (void)revents, (void)arg;
	service.stopping = true;
	gev_watcher_stop(&server.term.w);
	gev_watcher_stop(&server.intr.w);
	gev_kill(server.acceptor, 0);
	LIST_FOREACH(c, &server.connections, link)
		if (c->idle)
			gev_kill(c->greenlet, 0);
	return 0;
}

static void watch_signals(gev_loop *loop)
{
	gev_signal_init(&server.term, loop, SIGTERM);
	gev_signal_init(&server.intr, loop, SIGINT);
	if (gev_signal_start(&server.term, stop, NULL) < 0 ||
		gev_signal_start(&server.intr, stop, NULL) < 0)
		die("cannot watch for signals: %s", strerror(errno));
}

static int open_listener(void)
{
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr);
	const char *wrong = url_address(options.address, options.port, &addr,
		&size);
	int fd, one = 1;

	if (wrong)
		die("%s", wrong);
	fd = gev_socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	gev_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, size) < 0 ||
		listen(fd, SOMAXCONN) < 0)
		die("cannot listen on %s, port %s: %s", options.address,
			options.port, strerror(errno));
	return fd;
}

static void announce(int listener)
{
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr);
	char host[64], port[8];

	getsockname(listener, (struct sockaddr *)&addr, &size);
	getnameinfo((struct sockaddr *)&addr, size, host, sizeof(host), port,
		sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	printf(addr.ss_family == AF_INET6 ? "serving %s at http://[%s]:%s/\n"
					  : "serving %s at http://%s:%s/\n",
		options.root, host, port);
	fflush(stdout);
}

static void help(void)
{
	puts("usage: file_server [options]\n"
	     "Serve a directory over HTTP/1.1 (GET and HEAD), all of it on one"
	     " thread.\n\n"
	     "  --root DIR       what to serve (.)\n"
	     "  --bind ADDR      numeric address to listen on (127.0.0.1)\n"
	     "  --port N         port to listen on (8080); 0: any, see the"
	     " first line\n"
	     "  --latency MS     wait before each answer, as if far away (0)\n"
	     "  --timeout SEC    for a request to arrive, and each block to"
	     " leave (30)\n"
	     "  --quiet          no line per request\n"
	     "  --help           this");
	exit(0);
}

static void parse_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "bind", required_argument, NULL, 'b' },
		{ "port", required_argument, NULL, 'p' },
		{ "latency", required_argument, NULL, 'l' },
		{ "timeout", required_argument, NULL, 't' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (c == 'r')
			options.root = optarg;
		else if (c == 'b')
			options.address = optarg;
		else if (c == 'p')
			options.port = optarg;
		else if (c == 'l')
			service.latency = GEV_MS(number_option("latency",
				optarg, 0, 3600000));
		else if (c == 't')
			service.timeout = GEV_SEC(number_option("timeout",
				optarg, 1, 86400));
		else if (c == 'q')
			service.log = false;
		else if (c == 'h')
			help();
		else
			exit(2);
	if (optind < argc)
		die("what is \"%s\"?  See --help", argv[optind]);
}

/* Better to find out now that the kernel can't keep paths beneath it. */
static int open_root(void)
{
	int root = open(options.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int probe = root < 0 ? -1 : open_beneath(root, "/");

	if (probe < 0)
		die("cannot serve %s: %s%s", options.root, strerror(errno),
			errno == ENOSYS ? " (openat2 is from Linux 5.6)" : "");
	close(probe);
	return root;
}

/* Some are the server's own. */
static long choose_limit(void)
{
	long descriptors = raise_descriptor_limit();
	long limit = (descriptors - 16) / 2;

	if (limit < 1)
		die("cannot serve anybody: there may be only %ld descriptors"
			" (ulimit -n)", descriptors);
	return limit;
}

int main(int argc, char **argv)
{
	int listener;

	parse_options(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	server.limit = choose_limit();
	service.root = open_root();
	listener = open_listener();
	server.acceptor = gev_spawn(accept_connections,
		(void *)(intptr_t)listener);
	if (!server.acceptor)
		die("cannot start: %s", strerror(errno));
	watch_signals(gev_hub_loop(gev_hub_get()));
	announce(listener);

	if (gev_join(server.acceptor, GEV_FOREVER) < 0)
		die("cannot go on: %s", strerror(errno));
	gev_close(listener);
	gev_hub_join(GRACE);
	return 0;
}
