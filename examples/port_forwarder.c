/* SPDX-License-Identifier: MIT */
/*
 * port_forwarder - pass connections on to somewhere else.
 *
 *	port_forwarder 127.0.0.1:8080 example.org:80
 *
 * A connection is two greenlets, one for each direction, in a scope: they end
 * together, and if one fails the other is told to.  The end of one direction is
 * passed on too, so that half-closed connections work.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <gev.h>
#include "tools.h"

struct direction {
	int from, to;
};

static intptr_t copy(void *arg)
{
	const struct direction *d = arg;
	char buf[16384];
	ssize_t n;

	while ((n = gev_recv(d->from, buf, sizeof(buf), 0)) > 0)
		if (gev_sendall(d->to, buf, (size_t)n, MSG_NOSIGNAL,
			    GEV_FOREVER, NULL) < 0)
			return -1;
	return n < 0 ? -1 : gev_shutdown(d->to, SHUT_WR);
}

static void forward(int fd, const struct sockaddr *peer, socklen_t size,
	void *arg)
{
	const gev_address *target = arg;
	int other = gev_tcp_connect(target->host, target->port, GEV_SEC(10));
	struct direction there = { fd, other }, back = { other, fd };
	gev_scope scope = GEV_SCOPE_INIT;

	(void)peer, (void)size;
	if (other < 0) {
		fprintf(stderr, "port_forwarder: cannot connect to %s: %s\n",
			target->host, strerror(errno));
		return;
	}
	gev_scope_go(&scope, copy, &there);
	gev_scope_go(&scope, copy, &back);
	gev_scope_leave(&scope);
	gev_close(other);
}

static const char usage[] =
	"usage: port_forwarder LISTEN TARGET\n"
	"Pass connections to one address on to another, until SIGTERM.\n\n"
	"  LISTEN   where to listen, as 127.0.0.1:8080; port 0: any, see the"
	" first line\n"
	"  TARGET   where to connect to, as example.org:80\n"
	"  --help   this";

int main(int argc, char **argv)
{
	gev_address target;
	struct gev_server_options options = { .handle = forward,
		.arg = &target };
	char address[128];
	gev_server *server;

	check_arguments(argc, argv, 2, 2, usage);
	if (gev_address_parse(&target, argv[2], -1) < 0)
		die("%s: %s", argv[2], strerror(errno));
	options.address = argv[1];
	server = gev_server_new(&options);
	if (!server || gev_server_start(server) < 0)
		die("cannot listen on %s: %s", argv[1], strerror(errno));
	if (gev_server_stop_on(server, SIGTERM, GEV_SEC(10)) < 0)
		die("cannot watch for SIGTERM: %s", strerror(errno));
	gev_server_address(server, address, sizeof(address));
	printf("forwarding %s to %s\n", address, argv[2]);
	fflush(stdout);

	if (gev_server_serve_forever(server) < 0)
		die("cannot go on: %s", strerror(errno));
	gev_server_free(server);
	return 0;
}
